//! What CPython's compiler proper reports, as opposed to its parser and its symbol table.
//!
//! One walk over the tree in the order of code generation, dead code included, so that the first error is the one
//! that CPython reports; warnings are collected on the way. Code generation itself then has nothing to refuse.

mod finally;
mod literals;
mod pattern;
mod warn;

use crate::depth::guarded;
use crate::error::{Fault, Res, Warning, WarningKind};
use crate::future::Future;
use crate::locations::Locations;
use crate::symtable::{Part, ScopeId, Table};
use crate::{Mode, Options};
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

pub(crate) use finally::before_symtable;
pub(crate) use literals::{huge_integer, token_warnings};

/// Most statements nested in one function that need a clean-up each.
const MAX_BLOCKS: u32 = 21;

/// Deepest nesting of replacement fields in format specifications.
const MAX_SPEC_NESTING: u32 = 3;

/// A block statement around the point of the walk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Loop,
    ExceptStar,
    Other,
}

/// What kind of code is walked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Module,
    Class,
    Function,
    AsyncFunction,
    Lambda,
    /// Generator expression.
    Comprehension,
    /// Annotations, type parameters and the like.
    Lazy,
}

pub(super) struct Checker<'a> {
    locations: &'a Locations,
    options: &'a Options,
    table: &'a Table,
    /// Whether the statement of the module is one of those that may import from `__future__`.
    early: bool,
    warnings: &'a mut Vec<Warning>,
    context: Context,
    scope: ScopeId,
    blocks: Vec<Block>,
    depth: u32,
}

/// Checks a tree whose symbol table is built.
pub(crate) fn run(
    tree: &Mod,
    locations: &Locations,
    options: &Options,
    table: &Table,
    future: &Future,
    warnings: &mut Vec<Warning>,
) -> Res {
    let mut c = Checker {
        locations,
        options,
        table,
        early: false,
        warnings,
        context: Context::Module,
        scope: 0,
        blocks: Vec::new(),
        depth: 0,
    };
    match tree {
        Mod::Module(m) => m.body.iter().enumerate().try_for_each(|(i, s)| {
            c.early = i < future.statements;
            c.stmt(s)
        }),
        Mod::Expression(e) => c.expr(&e.body),
    }
}

impl Checker<'_> {
    fn warn(&mut self, message: impl Into<String>, range: TextRange) {
        let p = self.locations.position(range);
        self.warnings.push(Warning {
            category: WarningKind::Syntax,
            message: message.into(),
            line: p.line,
            end_line: p.end_line,
            col: p.col,
            end_col: p.end_col,
        });
    }

    fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> Res<T>) -> Res<T> {
        self.depth += 1;
        let result = guarded(self.depth, || f(self));
        self.depth -= 1;
        result
    }

    fn within<T>(&mut self, block: Block, range: TextRange, f: impl FnOnce(&mut Self) -> Res<T>) -> Res<T> {
        if self.blocks.len() as u32 >= MAX_BLOCKS {
            return Err(Fault::syntax("too many statically nested blocks", range));
        }
        self.blocks.push(block);
        let result = f(self);
        self.blocks.pop();
        result
    }

    /// Walks code of another context.
    fn inside<T>(
        &mut self,
        context: Context,
        scope: Option<ScopeId>,
        f: impl FnOnce(&mut Self) -> Res<T>,
    ) -> Res<T> {
        let old = std::mem::replace(&mut self.context, context);
        let blocks = std::mem::take(&mut self.blocks);
        let scope = scope.unwrap_or(self.scope);
        let old_scope = std::mem::replace(&mut self.scope, scope);
        let result = f(self);
        self.context = old;
        self.blocks = blocks;
        self.scope = old_scope;
        result
    }

    fn body(&mut self, body: &[Stmt]) -> Res {
        body.iter().try_for_each(|s| self.stmt(s))
    }

    fn stmt(&mut self, s: &Stmt) -> Res {
        self.nested(|c| c.stmt_inner(s))
    }

    fn stmt_inner(&mut self, s: &Stmt) -> Res {
        match s {
            Stmt::FunctionDef(s) => self.function_def(s),
            Stmt::ClassDef(s) => self.class_def(s),
            Stmt::TypeAlias(s) => {
                let scope = self.table.lookup(s, Part::Value);
                self.type_params(s.type_params.as_deref())?;
                self.inside(Context::Lazy, scope, |c| c.expr(&s.value))
            }
            Stmt::Return(s) => self.return_stmt(s),
            Stmt::Delete(s) => self.exprs(&s.targets),
            Stmt::Assign(s) => {
                self.expr(&s.value)?;
                s.targets.iter().try_for_each(|t| self.target(t))
            }
            Stmt::AugAssign(s) => {
                self.expr(&s.target)?;
                self.expr(&s.value)
            }
            Stmt::AnnAssign(s) => {
                if let Some(v) = &s.value {
                    self.expr(v)?;
                }
                self.target(&s.target)?;
                if matches!(self.context, Context::Module | Context::Class) {
                    self.inside(Context::Lazy, None, |c| c.annotation(&s.annotation))?;
                }
                Ok(())
            }
            Stmt::For(s) => {
                self.expr(&s.iter)?;
                self.within(Block::Loop, s.range, |c| {
                    c.target(&s.target)?;
                    c.body(&s.body)
                })?;
                self.body(&s.orelse)
            }
            Stmt::While(s) => {
                self.within(Block::Loop, s.range, |c| {
                    c.expr(&s.test)?;
                    c.body(&s.body)
                })?;
                self.body(&s.orelse)
            }
            Stmt::If(s) => {
                self.expr(&s.test)?;
                self.body(&s.body)?;
                for clause in &s.elif_else_clauses {
                    self.opt_expr(clause.test.as_ref())?;
                    self.body(&clause.body)?;
                }
                Ok(())
            }
            Stmt::With(s) => self.with_items(&s.items, s),
            Stmt::Match(s) => self.match_stmt(s),
            Stmt::Raise(s) => {
                self.opt_expr(s.exc.as_deref())?;
                self.opt_expr(s.cause.as_deref())
            }
            Stmt::Try(s) => self.try_stmt(s),
            Stmt::Assert(s) => {
                if let Expr::Tuple(t) = &*s.test
                    && !t.elts.is_empty()
                {
                    self.warn("assertion is always true, perhaps remove parentheses?", s.range);
                }
                if self.options.optimize > 0 {
                    return Ok(());
                }
                self.expr(&s.test)?;
                self.opt_expr(s.msg.as_deref())
            }
            Stmt::ImportFrom(s) => self.import_from(s),
            Stmt::Expr(s) => self.expr(&s.value),
            Stmt::Break(s) => self.loop_exit(s.range, "'break' outside loop"),
            Stmt::Continue(s) => self.loop_exit(s.range, "'continue' not properly in loop"),
            _ => Ok(()),
        }
    }

    fn import_from(&mut self, s: &StmtImportFrom) -> Res {
        let future = s.level == 0 && s.module.as_ref().is_some_and(|m| m.id.as_str() == "__future__");
        if !future || self.options.mode == Mode::Eval {
            return Ok(());
        }
        if self.early && self.depth == 1 {
            return Ok(());
        }
        Err(Fault::syntax("from __future__ imports must occur at the beginning of the file", s.range))
    }

    fn return_stmt(&mut self, s: &StmtReturn) -> Res {
        if !self.function_like() {
            return Err(Fault::syntax("'return' outside function", s.range));
        }
        let scope = self.table.scope(self.scope);
        if s.value.is_some() && self.context == Context::AsyncFunction && scope.generator {
            return Err(Fault::syntax("'return' with value in async generator", s.range));
        }
        self.opt_expr(s.value.as_deref())?;
        if self.blocks.contains(&Block::ExceptStar) {
            let line = |r: TextRange| self.locations.position(r).line;
            let constant =
                s.value.as_ref().filter(|v| v.is_literal_expr() && line(v.range()) == line(s.range));
            return Err(except_star(constant.map_or(s.range, |v| v.range())));
        }
        Ok(())
    }

    fn loop_exit(&mut self, range: TextRange, msg: &str) -> Res {
        for b in self.blocks.iter().rev() {
            match b {
                Block::Loop => return Ok(()),
                Block::ExceptStar => return Err(except_star(range)),
                Block::Other => {}
            }
        }
        Err(Fault::syntax(msg, range))
    }

    fn function_like(&self) -> bool {
        !matches!(self.context, Context::Module | Context::Class)
    }

    fn with_items(&mut self, items: &[WithItem], s: &StmtWith) -> Res {
        let Some((item, rest)) = items.split_first() else { return self.body(&s.body) };
        self.expr(&item.context_expr)?;
        self.within(Block::Other, item.context_expr.range(), |c| {
            if let Some(target) = &item.optional_vars {
                c.target(target)?;
            }
            c.nested(|c| c.with_items(rest, s))
        })
    }

    fn try_stmt(&mut self, s: &StmtTry) -> Res {
        if s.finalbody.is_empty() {
            return self.try_handlers(s);
        }
        self.within(Block::Other, s.range, |c| {
            if s.handlers.is_empty() { c.body(&s.body) } else { c.try_handlers(s) }
        })?;
        self.within(Block::Other, s.range, |c| c.body(&s.finalbody))
    }

    fn try_handlers(&mut self, s: &StmtTry) -> Res {
        self.within(Block::Other, s.range, |c| c.body(&s.body))?;
        let n = s.handlers.len();
        for (i, ExceptHandler::ExceptHandler(h)) in s.handlers.iter().enumerate() {
            if h.type_.is_none() && i + 1 < n {
                return Err(Fault::syntax("default 'except:' must be last", h.range));
            }
            let kind = if s.is_star { Block::ExceptStar } else { Block::Other };
            self.within(kind, h.range, |c| {
                c.opt_expr(h.type_.as_deref())?;
                c.within(Block::Other, h.range, |c| c.body(&h.body))
            })?;
        }
        self.body(&s.orelse)
    }

    fn function_def(&mut self, s: &StmtFunctionDef) -> Res {
        for d in &s.decorator_list {
            self.expr(&d.expression)?;
        }
        self.defaults(&s.parameters)?;
        self.type_params(s.type_params.as_deref())?;
        let annotations = self.table.lookup(s, Part::Annotations);
        self.inside(Context::Lazy, annotations, |c| {
            for p in s.parameters.iter() {
                if let Some(a) = p.annotation() {
                    c.annotation(a)?;
                }
            }
            s.returns.as_ref().map_or(Ok(()), |r| c.annotation(r))
        })?;
        let context = if s.is_async { Context::AsyncFunction } else { Context::Function };
        let scope = self.table.lookup(s, Part::Body);
        self.inside(context, scope, |c| c.body(&s.body))
    }

    fn annotation(&mut self, e: &Expr) -> Res {
        match e {
            Expr::Starred(s) => self.expr(&s.value),
            _ => self.expr(e),
        }
    }

    fn defaults(&mut self, p: &Parameters) -> Res {
        for a in p.posonlyargs.iter().chain(&p.args) {
            self.opt_expr(a.default())?;
        }
        for a in &p.kwonlyargs {
            self.opt_expr(a.default())?;
        }
        Ok(())
    }

    fn type_params(&mut self, tp: Option<&TypeParams>) -> Res {
        for p in tp.iter().flat_map(|t| t.type_params.iter()) {
            let (bound, default) = match p {
                TypeParam::TypeVar(t) => (t.bound.as_deref(), t.default.as_deref()),
                TypeParam::TypeVarTuple(t) => (None, t.default.as_deref()),
                TypeParam::ParamSpec(t) => (None, t.default.as_deref()),
            };
            for (value, part) in [(bound, Part::Bound), (default, Part::Default)] {
                if let Some(value) = value {
                    let scope = self.table.lookup(p, part);
                    self.inside(Context::Lazy, scope, |c| c.annotation(value))?;
                }
            }
        }
        Ok(())
    }

    fn class_def(&mut self, s: &StmtClassDef) -> Res {
        for d in &s.decorator_list {
            self.expr(&d.expression)?;
        }
        self.type_params(s.type_params.as_deref())?;
        let scope = self.table.lookup(s, Part::Body);
        self.inside(Context::Class, scope, |c| c.body(&s.body))?;
        let Some(args) = &s.arguments else { return Ok(()) };
        if s.type_params.is_some() {
            let scope = self.table.lookup(s, Part::TypeParams);
            return self.inside(Context::Lazy, scope, |c| c.arguments(args));
        }
        self.arguments(args)
    }

    fn exprs(&mut self, list: &[Expr]) -> Res {
        list.iter().try_for_each(|e| self.expr(e))
    }

    fn opt_expr(&mut self, e: Option<&Expr>) -> Res {
        e.map_or(Ok(()), |e| self.expr(e))
    }

    /// An assignment target.
    fn target(&mut self, e: &Expr) -> Res {
        match e {
            Expr::Tuple(t) => self.nested(|c| c.unpack(&t.elts, t.range)),
            Expr::List(l) => self.nested(|c| c.unpack(&l.elts, l.range)),
            Expr::Starred(s) => {
                Err(Fault::syntax("starred assignment target must be in a list or tuple", s.range))
            }
            _ => self.expr(e),
        }
    }

    fn unpack(&mut self, elts: &[Expr], range: TextRange) -> Res {
        let mut starred = false;
        for (i, e) in elts.iter().enumerate() {
            if !e.is_starred_expr() {
                continue;
            }
            if starred {
                return Err(Fault::syntax("multiple starred expressions in assignment", range));
            }
            if i >= 256 || elts.len() - i > 256 {
                return Err(Fault::syntax("too many expressions in star-unpacking assignment", range));
            }
            starred = true;
        }
        elts.iter().try_for_each(|e| match e {
            Expr::Starred(s) => self.target(&s.value),
            _ => self.target(e),
        })
    }

    fn expr(&mut self, e: &Expr) -> Res {
        match e {
            Expr::Name(_)
            | Expr::NumberLiteral(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => Ok(()),
            _ => self.nested(|c| c.expr_inner(e)),
        }
    }

    fn expr_inner(&mut self, e: &Expr) -> Res {
        match e {
            Expr::BoolOp(e) => self.exprs(&e.values),
            Expr::Named(e) => self.expr(&e.value),
            Expr::BinOp(e) => {
                self.expr(&e.left)?;
                self.expr(&e.right)
            }
            Expr::UnaryOp(e) => self.expr(&e.operand),
            Expr::Lambda(l) => {
                if let Some(p) = &l.parameters {
                    self.defaults(p)?;
                }
                let scope = self.table.lookup(l, Part::Body);
                self.inside(Context::Lambda, scope, |c| c.expr(&l.body))
            }
            Expr::If(e) => {
                self.expr(&e.test)?;
                self.expr(&e.body)?;
                self.expr(&e.orelse)
            }
            Expr::Dict(e) => e.items.iter().try_for_each(|i| {
                self.opt_expr(i.key.as_ref())?;
                self.expr(&i.value)
            }),
            Expr::Set(e) => self.display(&e.elts),
            Expr::Tuple(e) => self.display(&e.elts),
            Expr::List(e) => self.display(&e.elts),
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.comprehension(e)
            }
            Expr::Await(e) => self.expr(&e.value),
            Expr::Yield(y) => {
                if !self.function_like() {
                    return Err(Fault::syntax("'yield' outside function", y.range));
                }
                self.opt_expr(y.value.as_deref())
            }
            Expr::YieldFrom(y) => {
                if !self.function_like() {
                    return Err(Fault::syntax("'yield from' outside function", y.range));
                }
                if self.context == Context::AsyncFunction {
                    return Err(Fault::syntax("'yield from' inside async function", y.range));
                }
                self.expr(&y.value)
            }
            Expr::Compare(c) => {
                self.check_compare(c);
                self.expr(&c.left)?;
                self.exprs(&c.comparators)
            }
            Expr::Call(c) => {
                self.check_callee(&c.func);
                self.expr(&c.func)?;
                self.arguments(&c.arguments)
            }
            Expr::FString(f) => f.value.iter().try_for_each(|p| match p {
                FStringPart::FString(f) => self.interpolated(&f.elements, "f", 1),
                FStringPart::Literal(_) => Ok(()),
            }),
            Expr::TString(t) => t.value.iter().try_for_each(|p| self.interpolated(&p.elements, "t", 1)),
            Expr::Attribute(a) => self.expr(&a.value),
            Expr::Subscript(s) => {
                if s.ctx == ExprContext::Load {
                    self.check_subscript(s);
                }
                self.expr(&s.value)?;
                self.expr(&s.slice)
            }
            Expr::Starred(s) => Err(Fault::syntax("can't use starred expression here", s.range)),
            Expr::Slice(s) => {
                self.opt_expr(s.lower.as_deref())?;
                self.opt_expr(s.upper.as_deref())?;
                self.opt_expr(s.step.as_deref())
            }
            _ => Ok(()),
        }
    }

    /// Elements of a display or arguments of a call, which may be starred.
    fn display(&mut self, elts: &[Expr]) -> Res {
        elts.iter().try_for_each(|e| match e {
            Expr::Starred(s) => self.expr(&s.value),
            _ => self.expr(e),
        })
    }

    fn interpolated(&mut self, elements: &InterpolatedStringElements, prefix: &str, level: u32) -> Res {
        for e in elements.iter() {
            let InterpolatedStringElement::Interpolation(i) = e else { continue };
            if level > MAX_SPEC_NESTING {
                let before = i.range.start().checked_sub(1.into()).unwrap_or_default();
                let msg = format!("{prefix}-string: expressions nested too deeply");
                return Err(Fault::syntax(msg, TextRange::empty(before)));
            }
            self.expr(&i.expression)?;
            if let Some(spec) = &i.format_spec {
                self.nested(|c| c.interpolated(&spec.elements, prefix, level + 1))?;
            }
        }
        Ok(())
    }

    fn arguments(&mut self, args: &Arguments) -> Res {
        let mut seen = rustc_hash::FxHashSet::default();
        for k in &args.keywords {
            if let Some(name) = &k.arg
                && !seen.insert(name.id.as_str())
            {
                return Err(Fault::syntax(format!("keyword argument repeated: {}", name.id), k.range));
            }
        }
        self.display(&args.args)?;
        args.keywords.iter().try_for_each(|k| self.expr(&k.value))
    }

    fn comprehension(&mut self, e: &Expr) -> Res {
        let (generators, scope, first, second): (&[Comprehension], _, &Expr, Option<&Expr>) = match e {
            Expr::ListComp(c) => (&c.generators, self.table.lookup(c, Part::Body), &c.elt, None),
            Expr::SetComp(c) => (&c.generators, self.table.lookup(c, Part::Body), &c.elt, None),
            Expr::Generator(c) => (&c.generators, self.table.lookup(c, Part::Body), &c.elt, None),
            Expr::DictComp(c) => {
                let key = c.key.as_deref();
                (
                    &c.generators,
                    self.table.lookup(c, Part::Body),
                    key.unwrap_or(&c.value),
                    key.map(|_| &*c.value),
                )
            }
            _ => return Ok(()),
        };
        if let Some(outermost) = generators.first() {
            self.expr(&outermost.iter)?;
        }
        let Some(id) = scope else { return Ok(()) };
        let entry = self.table.scope(id);
        let inlined = entry.comp_inlined;
        let context = if inlined { self.context } else { Context::Comprehension };
        let walk = |c: &mut Self| {
            for (i, g) in generators.iter().enumerate() {
                if i > 0 {
                    c.expr(&g.iter)?;
                }
                c.target(&g.target)?;
                c.exprs(&g.ifs)?;
            }
            c.expr(first)?;
            c.opt_expr(second)
        };
        if inlined { walk(self) } else { self.inside(context, Some(id), walk) }
    }
}

fn except_star(range: TextRange) -> Fault {
    Fault::syntax("'break', 'continue' and 'return' cannot appear in an except* block", range)
}
