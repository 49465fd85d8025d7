//! First pass of the symbol table: expressions, comprehensions and patterns.

use super::build::Builder;
use super::{BlockKind, CompKind, Key, Part, ScopeId, flag::*};
use crate::error::{Fault, Res};
use crate::names::Sym;
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

impl Builder<'_> {
    pub fn exprs(&mut self, list: &[Expr]) -> Res {
        list.iter().try_for_each(|e| self.expr(e))
    }

    pub fn opt_expr(&mut self, e: Option<&Expr>) -> Res {
        e.map_or(Ok(()), |e| self.expr(e))
    }

    pub fn expr(&mut self, e: &Expr) -> Res {
        match e {
            Expr::Name(n) => self.name(n),
            Expr::NumberLiteral(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => Ok(()),
            _ => self.nested(e.range(), |b| b.expr_inner(e)),
        }
    }

    fn expr_inner(&mut self, e: &Expr) -> Res {
        match e {
            Expr::BoolOp(e) => self.exprs(&e.values),
            Expr::Named(e) => self.named(e),
            Expr::BinOp(e) => {
                self.expr(&e.left)?;
                self.expr(&e.right)
            }
            Expr::UnaryOp(e) => self.expr(&e.operand),
            Expr::Lambda(e) => self.lambda(e),
            Expr::If(e) => {
                self.expr(&e.test)?;
                self.expr(&e.body)?;
                self.expr(&e.orelse)
            }
            Expr::Dict(e) => {
                for item in &e.items {
                    self.opt_expr(item.key.as_ref())?;
                }
                e.items.iter().try_for_each(|item| self.expr(&item.value))
            }
            Expr::Set(e) => self.exprs(&e.elts),
            Expr::ListComp(c) => self.comprehension(
                Key::of(c, Part::Body),
                CompKind::List,
                &c.generators,
                &c.elt,
                None,
                c.range,
            ),
            Expr::SetComp(c) => self.comprehension(
                Key::of(c, Part::Body),
                CompKind::Set,
                &c.generators,
                &c.elt,
                None,
                c.range,
            ),
            Expr::DictComp(c) => {
                let (first, second) = match &c.key {
                    Some(key) => (&**key, Some(&*c.value)),
                    None => (&*c.value, None),
                };
                self.comprehension(
                    Key::of(c, Part::Body),
                    CompKind::Dict,
                    &c.generators,
                    first,
                    second,
                    c.range,
                )
            }
            Expr::Generator(c) => {
                let range = self.bare_generator.take().filter(|_| !c.parenthesized).unwrap_or(c.range);
                self.comprehension(
                    Key::of(c, Part::Body),
                    CompKind::Generator,
                    &c.generators,
                    &c.elt,
                    None,
                    range,
                )
            }
            Expr::Await(e) => self.await_expr(e),
            Expr::Yield(y) => {
                self.not_in_annotation("yield expression", y.range)?;
                self.opt_expr(y.value.as_deref())?;
                self.yielding(y.range)
            }
            Expr::YieldFrom(y) => {
                self.not_in_annotation("yield expression", y.range)?;
                self.expr(&y.value)?;
                self.yielding(y.range)
            }
            Expr::Compare(e) => {
                self.expr(&e.left)?;
                self.exprs(&e.comparators)
            }
            Expr::Call(e) => {
                self.expr(&e.func)?;
                self.arguments(&e.arguments)
            }
            Expr::FString(e) => {
                for part in &e.value {
                    if let FStringPart::FString(f) = part {
                        self.interpolated(&f.elements)?;
                    }
                }
                Ok(())
            }
            Expr::TString(e) => {
                for part in &e.value {
                    self.interpolated(&part.elements)?;
                }
                Ok(())
            }
            Expr::Attribute(e) => self.attribute(e),
            Expr::Subscript(e) => {
                self.expr(&e.value)?;
                self.expr(&e.slice)
            }
            Expr::Starred(e) => self.expr(&e.value),
            Expr::List(e) => self.exprs(&e.elts),
            Expr::Tuple(e) => self.exprs(&e.elts),
            Expr::Slice(e) => {
                self.opt_expr(e.lower.as_deref())?;
                self.opt_expr(e.upper.as_deref())?;
                self.opt_expr(e.step.as_deref())
            }
            _ => Ok(()),
        }
    }

    fn name(&mut self, n: &ExprName) -> Res {
        if self.cur().in_unevaluated_annotation {
            return Ok(());
        }
        self.check_name(&n.id, n.range, n.ctx)?;
        let flags = if n.ctx == ExprContext::Load { USE } else { DEF_LOCAL };
        self.add_def(&n.id, flags, n.range)?;
        let function_like = !matches!(self.cur().kind, BlockKind::Module | BlockKind::Class);
        if n.ctx == ExprContext::Load && function_like && n.id.as_str() == "super" {
            let sym = self.known.class;
            self.add_sym(sym, USE, n.range, self.current)?;
        }
        Ok(())
    }

    fn attribute(&mut self, e: &ExprAttribute) -> Res {
        self.check_name(&e.attr.id, e.range, e.ctx)?;
        if e.ctx == ExprContext::Store
            && let Expr::Name(n) = &*e.value
        {
            self.static_attribute(&n.id, &e.attr.id);
        }
        self.expr(&e.value)
    }

    /// Records an attribute stored through `self` in a method, or in a function nested in one.
    fn static_attribute(&mut self, object: &str, attr: &str) {
        if object != "self" {
            return;
        }
        let mut id = self.current;
        let mut inside_function = false;
        loop {
            let scope = &self.table.scopes[id];
            match scope.kind {
                BlockKind::Class if inside_function => break,
                BlockKind::Class | BlockKind::Module => return,
                BlockKind::Function => inside_function = true,
                _ => {}
            }
            let Some(parent) = scope.parent else { return };
            id = parent;
        }
        let sym = self.table.names.intern(attr);
        let scope = &mut self.table.scopes[id];
        if scope.static_attribute_set.insert(sym) {
            scope.static_attributes.push(sym);
        }
    }

    fn interpolated(&mut self, elements: &InterpolatedStringElements) -> Res {
        for element in elements.iter() {
            if let InterpolatedStringElement::Interpolation(i) = element {
                self.expr(&i.expression)?;
                if let Some(spec) = &i.format_spec {
                    self.nested(i.range, |b| b.interpolated(&spec.elements))?;
                }
            }
        }
        Ok(())
    }

    pub fn arguments(&mut self, args: &Arguments) -> Res {
        self.bare_generator = bare_generator(args);
        self.exprs(&args.args)?;
        self.bare_generator = None;
        for k in &args.keywords {
            if let Some(name) = &k.arg {
                self.check_name(&name.id, k.range, ExprContext::Store)?;
            }
        }
        args.keywords.iter().try_for_each(|k| self.expr(&k.value))
    }

    fn lambda(&mut self, e: &ExprLambda) -> Res {
        if let Some(p) = &e.parameters {
            self.defaults(p)?;
        }
        let parent = self.enter(Some(Key::of(e, Part::Body)), BlockKind::Function, "lambda".into(), e.range);
        if let Some(p) = &e.parameters {
            self.parameters(p)?;
        }
        self.expr(&e.body)?;
        self.leave(parent);
        Ok(())
    }

    fn await_expr(&mut self, e: &ExprAwait) -> Res {
        self.not_in_annotation("await expression", e.range)?;
        if !self.top_level_await_here() {
            let scope = self.cur();
            let function_like = !matches!(scope.kind, BlockKind::Module | BlockKind::Class);
            if !function_like {
                return Err(Fault::syntax("'await' outside function", e.range));
            }
            if !scope.is_async_def && scope.comprehension == CompKind::No {
                return Err(Fault::syntax("'await' outside async function", e.range));
            }
        }
        self.expr(&e.value)?;
        self.cur().coroutine = true;
        Ok(())
    }

    fn yielding(&mut self, range: TextRange) -> Res {
        let scope = self.cur();
        let place = match scope.comprehension {
            CompKind::No => {
                scope.generator = true;
                return Ok(());
            }
            CompKind::List => "list comprehension",
            CompKind::Set => "set comprehension",
            CompKind::Dict => "dict comprehension",
            CompKind::Generator => "generator expression",
        };
        Err(Fault::syntax(format!("'yield' inside {place}"), range))
    }

    fn not_in_annotation(&mut self, what: &str, range: TextRange) -> Res {
        let scope = self.cur();
        let place = match scope.kind {
            BlockKind::Annotation => "an annotation",
            BlockKind::TypeVariable => scope.scope_info,
            BlockKind::TypeAlias => "a type alias",
            BlockKind::TypeParameters => "the definition of a generic",
            _ => return Ok(()),
        };
        Err(Fault::syntax(format!("{what} cannot be used within {place}"), range))
    }

    fn named(&mut self, e: &ExprNamed) -> Res {
        self.not_in_annotation("named expression", e.range)?;
        if self.cur().comp_iter_expr > 0 {
            let msg = "assignment expression cannot be used in a comprehension iterable expression";
            return Err(Fault::syntax(msg, e.range));
        }
        if let Expr::Name(n) = &*e.target {
            if self.cur().comprehension != CompKind::No {
                self.extend_named_scope(n)?;
            } else {
                let sym = self.mangled(&n.id);
                self.cur().walrus.insert(sym);
            }
        }
        self.expr(&e.value)?;
        self.expr(&e.target)
    }

    /// Binds the target of an assignment expression in the block around the comprehensions.
    fn extend_named_scope(&mut self, n: &ExprName) -> Res {
        let sym = self.mangled(&n.id);
        let mut id = self.current;
        loop {
            let scope = &self.table.scopes[id];
            let msg = match scope.kind {
                BlockKind::Function if scope.comprehension != CompKind::No => {
                    let flags = scope.symbols.get(sym).unwrap_or(0);
                    if flags & DEF_COMP_ITER != 0 && flags & (DEF_LOCAL | DEF_GLOBAL) != 0 {
                        let name = &n.id;
                        let msg =
                            format!("assignment expression cannot rebind comprehension iteration variable '{name}'");
                        return Err(Fault::syntax(msg, n.range));
                    }
                    match scope.parent {
                        Some(parent) => id = parent,
                        None => return Ok(()),
                    }
                    continue;
                }
                BlockKind::Function => return self.bind_named(id, sym, n.range, false),
                BlockKind::Module => return self.bind_named(id, sym, n.range, true),
                BlockKind::Class => {
                    "assignment expression within a comprehension cannot be used in a class body".to_owned()
                }
                BlockKind::TypeParameters => {
                    "assignment expression within a comprehension cannot be used within the definition of a generic"
                        .to_owned()
                }
                BlockKind::TypeAlias => {
                    "assignment expression within a comprehension cannot be used in a type alias".to_owned()
                }
                BlockKind::TypeVariable => {
                    format!("assignment expression within a comprehension cannot be used in {}", scope.scope_info)
                }
                BlockKind::Annotation => match scope.parent {
                    Some(parent) => {
                        id = parent;
                        continue;
                    }
                    None => return Ok(()),
                },
            };
            return Err(Fault::syntax(msg, n.range));
        }
    }

    fn bind_named(&mut self, id: ScopeId, sym: Sym, range: TextRange, module: bool) -> Res {
        let flags = self.table.scopes[id].symbols.get(sym).unwrap_or(0);
        let here = if module || flags & DEF_GLOBAL != 0 { DEF_GLOBAL } else { DEF_NONLOCAL };
        self.add_sym(sym, here, range, self.current)?;
        let current = self.current;
        self.table.scopes[current].directives.push((sym, range));
        let there = if module { DEF_GLOBAL } else { DEF_LOCAL };
        self.table.scopes[id].walrus.insert(sym);
        // Comprehensions in between see the name rebound as well.
        let mut between = current;
        while between != id {
            self.table.scopes[between].walrus.insert(sym);
            match self.table.scopes[between].parent {
                Some(p) => between = p,
                None => break,
            }
        }
        let saved = std::mem::replace(&mut self.table.scopes[id].comp_iter_target, false);
        let result = self.add_sym(sym, there, range, id);
        self.table.scopes[id].comp_iter_target = saved;
        result
    }

    #[allow(clippy::too_many_arguments)]
    fn comprehension(
        &mut self,
        key: Key,
        kind: CompKind,
        generators: &[Comprehension],
        elt: &Expr,
        value: Option<&Expr>,
        range: TextRange,
    ) -> Res {
        let Some((outermost, rest)) = generators.split_first() else { return Ok(()) };
        self.cur().comp_iter_expr += 1;
        let result = self.expr(&outermost.iter);
        self.cur().comp_iter_expr -= 1;
        result?;
        let name = match kind {
            CompKind::List => "listcomp",
            CompKind::Set => "setcomp",
            CompKind::Dict => "dictcomp",
            _ => "genexpr",
        };
        let unevaluated = self.cur().in_unevaluated_annotation;
        let parent = self.enter(Some(key), BlockKind::Function, name.into(), range);
        self.cur().in_unevaluated_annotation = unevaluated;
        if outermost.is_async {
            self.cur().coroutine = true;
        }
        self.cur().comprehension = kind;
        self.add_def(".0", DEF_PARAM, range)?;
        self.comp_target(&outermost.target)?;
        self.exprs(&outermost.ifs)?;
        for g in rest {
            self.comp_target(&g.target)?;
            self.cur().comp_iter_expr += 1;
            let result = self.expr(&g.iter);
            self.cur().comp_iter_expr -= 1;
            result?;
            self.exprs(&g.ifs)?;
            if g.is_async {
                self.cur().coroutine = true;
            }
        }
        self.opt_expr(value)?;
        self.expr(elt)?;
        self.cur().generator = kind == CompKind::Generator;
        let is_async = self.cur().coroutine && kind != CompKind::Generator;
        self.leave(parent);
        if is_async {
            let here = self.cur();
            let may_await = here.is_async_def || here.comprehension != CompKind::No;
            if !may_await && !self.top_level_await_here() {
                let msg = "asynchronous comprehension outside of an asynchronous function";
                return Err(Fault::syntax(msg, range));
            }
            self.cur().coroutine = true;
        }
        Ok(())
    }

    fn comp_target(&mut self, target: &Expr) -> Res {
        self.cur().comp_iter_target = true;
        let result = self.expr(target);
        self.cur().comp_iter_target = false;
        result
    }

    pub fn pattern(&mut self, p: &Pattern) -> Res {
        self.nested(p.range(), |b| b.pattern_inner(p))
    }

    fn pattern_inner(&mut self, p: &Pattern) -> Res {
        match p {
            Pattern::MatchValue(p) => self.expr(&p.value),
            Pattern::MatchSingleton(_) => Ok(()),
            Pattern::MatchSequence(p) => p.patterns.iter().try_for_each(|p| self.pattern(p)),
            Pattern::MatchMapping(p) => {
                self.exprs(&p.keys)?;
                p.patterns.iter().try_for_each(|p| self.pattern(p))?;
                self.capture(p.rest.as_ref(), p.range)
            }
            Pattern::MatchClass(p) => {
                self.expr(&p.cls)?;
                p.arguments.patterns.iter().try_for_each(|p| self.pattern(p))?;
                for k in &p.arguments.keywords {
                    self.check_name(&k.attr.id, k.pattern.range(), ExprContext::Store)?;
                }
                p.arguments.keywords.iter().try_for_each(|k| self.pattern(&k.pattern))
            }
            Pattern::MatchStar(p) => self.capture(p.name.as_ref(), p.range),
            Pattern::MatchAs(p) => {
                if let Some(inner) = &p.pattern {
                    self.pattern(inner)?;
                }
                self.capture(p.name.as_ref(), p.range)
            }
            Pattern::MatchOr(p) => p.patterns.iter().try_for_each(|p| self.pattern(p)),
        }
    }

    fn capture(&mut self, name: Option<&Identifier>, range: TextRange) -> Res {
        match name {
            Some(name) => self.add_def(&name.id, DEF_LOCAL, range),
            None => Ok(()),
        }
    }
}

/// The range of the only argument if it is a generator expression without parentheses: that of the call's.
pub(crate) fn bare_generator(args: &Arguments) -> Option<TextRange> {
    match (&*args.args, args.keywords.is_empty()) {
        ([Expr::Generator(g)], true) if !g.parenthesized => Some(args.range),
        _ => None,
    }
}
