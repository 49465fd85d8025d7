//! First pass of the symbol table: blocks and how they use names.

use super::{BlockKind, CompKind, Key, Part, Scope, ScopeId, SymMap, Table, TableOptions, flag::*};
use crate::depth::{MAX_DEPTH, guarded};
use crate::error::{ErrorKind, Fault, Res};
use crate::locations::Locations;
use crate::names::{Names, Sym, mangle};
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

/// Names with a meaning for the table.
pub(super) struct Known {
    pub class: Sym,
    pub classdict: Sym,
    pub conditional: Sym,
    pub format: Sym,
}

/// The walker that opens blocks and notes names.
pub(super) struct Builder<'a> {
    pub table: Table,
    pub locations: &'a Locations,
    pub options: TableOptions,
    pub current: ScopeId,
    /// Name of the class whose private names are mangled.
    pub private: Option<Sym>,
    pub depth: u32,
    pub known: Known,
    /// Range of a generator expression without parentheses of its own: that of the call's.
    pub bare_generator: Option<TextRange>,
}

impl<'a> Builder<'a> {
    /// Walks a tree.
    pub fn run(tree: &Mod, locations: &'a Locations, options: TableOptions) -> Res<Table> {
        let mut names = Names::default();
        let known = Known {
            class: names.intern("__class__"),
            classdict: names.intern("__classdict__"),
            conditional: names.intern("__conditional_annotations__"),
            format: names.intern(".format"),
        };
        let table = Table {
            scopes: Vec::new(),
            names,
            by_key: FxHashMap::default(),
            future_annotations: options.future_annotations,
        };
        let mut b = Builder {
            table,
            locations,
            options,
            current: 0,
            private: None,
            depth: 0,
            known,
            bare_generator: None,
        };
        let range = TextRange::default();
        b.table.scopes.push(new_scope(BlockKind::Module, "top".into(), 0, None, range));
        match tree {
            Mod::Module(m) => b.body(&m.body)?,
            Mod::Expression(e) => b.expr(&e.body)?,
        }
        Ok(b.table)
    }

    pub fn cur(&mut self) -> &mut Scope {
        &mut self.table.scopes[self.current]
    }

    pub fn line_of(&self, range: TextRange) -> u32 {
        self.locations.position(range).line
    }

    /// Opens a block and makes it current; the answer is the block to return to.
    pub fn enter(&mut self, key: Option<Key>, kind: BlockKind, name: String, range: TextRange) -> ScopeId {
        let line = self.line_of(range);
        let parent = self.current;
        let mut scope = new_scope(kind, name, line, Some(parent), range);
        let outer = &self.table.scopes[parent];
        scope.nested = outer.nested || !matches!(outer.kind, BlockKind::Module | BlockKind::Class);
        scope.private = self.private;
        scope.comp_iter_expr = outer.comp_iter_expr;
        if kind != BlockKind::Class {
            scope.mangled_names = outer.mangled_names.clone();
        }
        if kind == BlockKind::Function && outer.kind == BlockKind::Class {
            scope.method = true;
        }
        let id = self.table.scopes.len();
        self.table.scopes.push(scope);
        // Annotations that stay strings are walked, for their errors, but belong to nobody.
        if kind != BlockKind::Annotation || !self.options.future_annotations {
            self.table.scopes[parent].children.push(id);
        }
        if let Some(key) = key {
            self.table.by_key.insert(key, id);
        }
        self.current = id;
        if matches!(kind, BlockKind::Annotation | BlockKind::TypeVariable | BlockKind::TypeAlias) {
            self.table.scopes[id].symbols.set(self.known.format, DEF_PARAM | USE);
            self.table.scopes[id].varnames.push(self.known.format);
        }
        parent
    }

    pub fn leave(&mut self, parent: ScopeId) {
        self.current = parent;
    }

    /// `name` as this block spells it.
    pub fn mangled(&mut self, name: &str) -> Sym {
        let plain = self.table.names.intern(name);
        let Some(private) = self.private else { return plain };
        let scope = &self.table.scopes[self.current];
        if scope.mangled_names.as_ref().is_some_and(|m| !m.contains(&plain)) {
            return plain;
        }
        match mangle(self.table.names.get(private), name) {
            Some(m) => self.table.names.intern(&m),
            None => plain,
        }
    }

    pub fn check_name(&self, name: &str, range: TextRange, ctx: ExprContext) -> Res {
        if name == "__debug__" {
            match ctx {
                ExprContext::Store => return Err(Fault::syntax("cannot assign to __debug__", range)),
                ExprContext::Del => return Err(Fault::syntax("cannot delete __debug__", range)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Notes a use of `name` in the current block.
    pub fn add_def(&mut self, name: &str, flags: u32, range: TextRange) -> Res {
        if flags & (DEF_PARAM | DEF_LOCAL | DEF_IMPORT) != 0 {
            self.check_name(name, range, ExprContext::Store)?;
        }
        let sym = self.mangled(name);
        self.add_sym(sym, flags, range, self.current)
    }

    pub fn add_sym(&mut self, sym: Sym, flags: u32, range: TextRange, id: ScopeId) -> Res {
        let scope = &mut self.table.scopes[id];
        let old = scope.symbols.get(sym).unwrap_or(0);
        let mut new = old | flags;
        if old & flags & DEF_PARAM != 0 {
            let msg = format!("duplicate argument '{}' in function definition", self.table.names.get(sym));
            return Err(Fault::syntax(msg, range));
        }
        if old & flags & DEF_TYPE_PARAM != 0 {
            let msg = format!("duplicate type parameter '{}'", self.table.names.get(sym));
            return Err(Fault::syntax(msg, range));
        }
        if scope.comp_iter_target {
            if new & (DEF_GLOBAL | DEF_NONLOCAL) != 0 {
                let name = self.table.names.get(sym);
                let msg =
                    format!("comprehension inner loop cannot rebind assignment expression target '{name}'");
                return Err(Fault::syntax(msg, range));
            }
            new |= DEF_COMP_ITER;
        }
        scope.symbols.set(sym, new);
        if flags & DEF_PARAM != 0 {
            scope.varnames.push(sym);
        }
        if flags & DEF_GLOBAL != 0 {
            let module = &mut self.table.scopes[0];
            let flags = module.symbols.get(sym).unwrap_or(0) | flags;
            module.symbols.set(sym, flags);
        }
        Ok(())
    }

    pub fn nested<T>(&mut self, range: TextRange, f: impl FnOnce(&mut Self) -> Res<T>) -> Res<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault {
                kind: ErrorKind::Recursion,
                msg: "maximum recursion depth exceeded during compilation".to_owned(),
                range,
            });
        }
        let result = guarded(self.depth, || f(self));
        self.depth -= 1;
        result
    }

    pub fn body(&mut self, body: &[Stmt]) -> Res {
        for stmt in body {
            self.stmt(stmt)?;
        }
        Ok(())
    }

    pub fn stmt(&mut self, stmt: &Stmt) -> Res {
        self.nested(stmt.range(), |b| b.stmt_inner(stmt))
    }

    fn conditional(&mut self, f: impl FnOnce(&mut Self) -> Res) -> Res {
        let old = std::mem::replace(&mut self.cur().in_conditional_block, true);
        let result = f(self);
        self.cur().in_conditional_block = old;
        result
    }

    fn stmt_inner(&mut self, stmt: &Stmt) -> Res {
        match stmt {
            Stmt::FunctionDef(s) => self.function_def(s),
            Stmt::ClassDef(s) => self.class_def(s),
            Stmt::TypeAlias(s) => self.type_alias(s),
            Stmt::Return(s) => self.opt_expr(s.value.as_deref()),
            Stmt::Delete(s) => {
                for target in &s.targets {
                    self.note_deleted(target);
                }
                self.exprs(&s.targets)
            }
            Stmt::Assign(s) => {
                self.exprs(&s.targets)?;
                self.expr(&s.value)
            }
            Stmt::AugAssign(s) => {
                self.expr(&s.target)?;
                if let Expr::Name(n) = &*s.target {
                    // The target is read as well; the node only says that it is stored.
                    let sym = self.mangled(&n.id);
                    let id = self.current;
                    let flags = self.table.scopes[id].symbols.get(sym).unwrap_or(0);
                    self.table.scopes[id].symbols.set(sym, flags);
                }
                self.expr(&s.value)
            }
            Stmt::AnnAssign(s) => self.ann_assign(s),
            Stmt::For(s) => {
                if s.is_async {
                    self.async_statement("'async for' outside async function", s.range)?;
                }
                self.expr(&s.target)?;
                self.expr(&s.iter)?;
                self.conditional(|b| {
                    b.body(&s.body)?;
                    b.body(&s.orelse)
                })
            }
            Stmt::While(s) => {
                self.expr(&s.test)?;
                self.conditional(|b| {
                    b.body(&s.body)?;
                    b.body(&s.orelse)
                })
            }
            Stmt::If(s) => self.conditional(|b| {
                b.expr(&s.test)?;
                b.body(&s.body)?;
                for clause in &s.elif_else_clauses {
                    b.opt_expr(clause.test.as_ref())?;
                    b.body(&clause.body)?;
                }
                Ok(())
            }),
            Stmt::With(s) => {
                if s.is_async {
                    self.async_statement("'async with' outside async function", s.range)?;
                }
                self.conditional(|b| {
                    for item in &s.items {
                        b.expr(&item.context_expr)?;
                        b.opt_expr(item.optional_vars.as_deref())?;
                    }
                    b.body(&s.body)
                })
            }
            Stmt::Match(s) => {
                self.expr(&s.subject)?;
                self.conditional(|b| {
                    for case in &s.cases {
                        b.pattern(&case.pattern)?;
                        b.opt_expr(case.guard.as_deref())?;
                        b.body(&case.body)?;
                    }
                    Ok(())
                })
            }
            Stmt::Raise(s) => {
                self.opt_expr(s.exc.as_deref())?;
                self.opt_expr(s.cause.as_deref())
            }
            Stmt::Try(s) => self.conditional(|b| {
                b.body(&s.body)?;
                for ExceptHandler::ExceptHandler(h) in &s.handlers {
                    b.opt_expr(h.type_.as_deref())?;
                    if let Some(name) = &h.name {
                        b.add_def(&name.id, DEF_LOCAL, h.range)?;
                        let sym = b.mangled(&name.id);
                        b.cur().deleted.insert(sym);
                    }
                    b.body(&h.body)?;
                }
                b.body(&s.orelse)?;
                b.body(&s.finalbody)
            }),
            Stmt::Assert(s) => {
                self.expr(&s.test)?;
                self.opt_expr(s.msg.as_deref())
            }
            Stmt::Import(s) => {
                for alias in &s.names {
                    self.import_alias(alias, true)?;
                }
                Ok(())
            }
            Stmt::ImportFrom(s) => {
                for alias in &s.names {
                    self.import_alias(alias, false)?;
                }
                Ok(())
            }
            Stmt::Global(s) => self.directive(&s.names, DEF_GLOBAL, "global", s.range),
            Stmt::Nonlocal(s) => self.directive(&s.names, DEF_NONLOCAL, "nonlocal", s.range),
            Stmt::Expr(s) => self.expr(&s.value),
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::IpyEscapeCommand(_) => Ok(()),
        }
    }

    fn note_deleted(&mut self, target: &Expr) {
        match target {
            Expr::Name(n) => {
                let sym = self.mangled(&n.id);
                self.cur().deleted.insert(sym);
            }
            Expr::Tuple(t) => t.elts.iter().for_each(|e| self.note_deleted(e)),
            Expr::List(l) => l.elts.iter().for_each(|e| self.note_deleted(e)),
            _ => {}
        }
    }

    fn async_statement(&mut self, msg: &str, range: TextRange) -> Res {
        if self.top_level_await_here() {
            self.cur().coroutine = true;
            return Ok(());
        }
        if !self.cur().is_async_def {
            return Err(Fault::syntax(msg, range));
        }
        Ok(())
    }

    pub fn top_level_await_here(&self) -> bool {
        self.options.top_level_await && self.table.scopes[self.current].kind == BlockKind::Module
    }

    fn import_alias(&mut self, alias: &Alias, dotted: bool) -> Res {
        if alias.asname.is_none() && alias.name.id.as_str() == "*" {
            if self.cur().kind != BlockKind::Module {
                return Err(Fault::syntax("import * only allowed at module level", alias.range));
            }
            return Ok(());
        }
        let name = alias.asname.as_ref().unwrap_or(&alias.name).id.as_str();
        let name =
            if dotted && alias.asname.is_none() { name.split('.').next().unwrap_or(name) } else { name };
        self.add_def(name, DEF_IMPORT, alias.range)
    }

    fn directive(&mut self, names: &[Identifier], def: u32, word: &str, range: TextRange) -> Res {
        for name in names {
            let sym = self.mangled(&name.id);
            let old = self.cur().symbols.get(sym).unwrap_or(0);
            if old & (DEF_PARAM | DEF_LOCAL | USE | DEF_ANNOT) != 0 {
                let n = name.id.as_str();
                let msg = if old & DEF_PARAM != 0 {
                    format!("name '{n}' is parameter and {word}")
                } else if old & USE != 0 {
                    format!("name '{n}' is used prior to {word} declaration")
                } else if old & DEF_ANNOT != 0 {
                    format!("annotated name '{n}' can't be {word}")
                } else {
                    format!("name '{n}' is assigned to before {word} declaration")
                };
                return Err(Fault::syntax(msg, range));
            }
            self.add_def(&name.id, def, range)?;
            self.cur().directives.push((sym, range));
        }
        Ok(())
    }

    fn function_def(&mut self, s: &StmtFunctionDef) -> Res {
        let range = self.locations.definition(s.range, &s.decorator_list);
        self.add_def(&s.name.id, DEF_LOCAL, range)?;
        self.defaults(&s.parameters)?;
        for d in &s.decorator_list {
            self.expr(&d.expression)?;
        }
        let mut outer = None;
        if let Some(tp) = &s.type_params {
            let (defaults, kwdefaults) = has_defaults(&s.parameters);
            outer = Some(self.enter_type_params(
                Key::of(s, Part::TypeParams),
                &s.name.id,
                defaults,
                kwdefaults,
                false,
                tp,
            )?);
        }
        self.annotations(s, range)?;
        let parent =
            self.enter(Some(Key::of(s, Part::Body)), BlockKind::Function, s.name.id.to_string(), range);
        self.cur().is_async_def = s.is_async;
        self.cur().coroutine = s.is_async;
        self.parameters(&s.parameters)?;
        self.body(&s.body)?;
        self.leave(parent);
        if let Some(outer) = outer {
            self.leave(outer);
        }
        Ok(())
    }

    fn class_def(&mut self, s: &StmtClassDef) -> Res {
        let range = self.locations.definition(s.range, &s.decorator_list);
        self.add_def(&s.name.id, DEF_LOCAL, range)?;
        for d in &s.decorator_list {
            self.expr(&d.expression)?;
        }
        let old_private = self.private;
        let mut outer = None;
        if let Some(tp) = &s.type_params {
            let name = self.table.names.intern(&s.name.id);
            let private = self.private.replace(name);
            let r = self.enter_type_params(Key::of(s, Part::TypeParams), &s.name.id, false, false, true, tp);
            if r.is_err() {
                self.private = private;
            }
            outer = Some(r?);
        }
        if let Some(args) = &s.arguments {
            self.arguments(args)?;
        }
        let parent = self.enter(Some(Key::of(s, Part::Body)), BlockKind::Class, s.name.id.to_string(), range);
        let name = self.table.names.intern(&s.name.id);
        self.private = Some(name);
        self.cur().private = Some(name);
        if s.type_params.is_some() {
            self.add_def("__type_params__", DEF_LOCAL, range)?;
            self.add_def(".type_params", USE, range)?;
        }
        self.body(&s.body)?;
        self.leave(parent);
        self.private = old_private;
        if let Some(outer) = outer {
            self.leave(outer);
        }
        Ok(())
    }

    fn type_alias(&mut self, s: &StmtTypeAlias) -> Res {
        let name = match &*s.name {
            Expr::Name(n) => n.id.as_str(),
            _ => "",
        };
        self.expr(&s.name)?;
        let in_class = self.cur().kind == BlockKind::Class;
        let mut outer = None;
        if let Some(tp) = &s.type_params {
            outer =
                Some(self.enter_type_params(Key::of(s, Part::TypeParams), name, false, false, false, tp)?);
        }
        let sees_class = in_class || self.cur().can_see_class_scope;
        let parent =
            self.enter(Some(Key::of(s, Part::Value)), BlockKind::TypeAlias, name.to_owned(), s.range);
        if sees_class {
            self.see_class(s.range)?;
        }
        self.expr(&s.value)?;
        self.leave(parent);
        if let Some(outer) = outer {
            self.leave(outer);
        }
        Ok(())
    }

    /// Lets the current annotation scope look names up in the class namespace.
    pub fn see_class(&mut self, range: TextRange) -> Res {
        self.cur().can_see_class_scope = true;
        let sym = self.known.classdict;
        self.add_sym(sym, USE, range, self.current)
    }

    fn enter_type_params(
        &mut self,
        key: Key,
        name: &str,
        defaults: bool,
        kwdefaults: bool,
        is_class: bool,
        tp: &TypeParams,
    ) -> Res<ScopeId> {
        let in_class = self.cur().kind == BlockKind::Class;
        let parent = self.enter(Some(key), BlockKind::TypeParameters, name.to_owned(), tp.range);
        // The block's line is that of the definition, which its parent statement tells.
        if in_class {
            self.see_class(tp.range)?;
        }
        if is_class {
            let names = tp.type_params.iter().map(|p| self.table.names.intern(&p.name().id)).collect();
            self.cur().mangled_names = Some(names);
            let sym = self.table.names.intern(".type_params");
            self.add_sym(sym, DEF_LOCAL | USE, tp.range, self.current)?;
            let sym = self.table.names.intern(".generic_base");
            self.add_sym(sym, DEF_LOCAL | USE, tp.range, self.current)?;
        }
        if defaults {
            self.add_def(".defaults", DEF_PARAM, tp.range)?;
        }
        if kwdefaults {
            self.add_def(".kwdefaults", DEF_PARAM, tp.range)?;
        }
        let mut seen_default = false;
        for param in &tp.type_params {
            self.type_param(param, &mut seen_default)?;
        }
        Ok(parent)
    }

    fn type_param(&mut self, param: &TypeParam, seen_default: &mut bool) -> Res {
        let (name, bound, default) = match param {
            TypeParam::TypeVar(t) => (&t.name, t.bound.as_deref(), t.default.as_deref()),
            TypeParam::TypeVarTuple(t) => (&t.name, None, t.default.as_deref()),
            TypeParam::ParamSpec(t) => (&t.name, None, t.default.as_deref()),
        };
        if default.is_some() {
            *seen_default = true;
        } else if *seen_default {
            let msg = format!("non-default type parameter '{}' follows default type parameter", name.id);
            return Err(Fault::syntax(msg, param.range()));
        }
        if name.id.as_str() == "__classdict__" {
            let msg = format!("reserved name '{}' cannot be used for type parameter", name.id);
            return Err(Fault::syntax(msg, param.range()));
        }
        self.add_def(&name.id, DEF_TYPE_PARAM | DEF_LOCAL, param.range())?;
        if let Some(bound) = bound {
            let info = if bound.is_tuple_expr() { "a TypeVar constraint" } else { "a TypeVar bound" };
            self.type_variable(Key::of(param, Part::Bound), &name.id, bound, info)?;
        }
        if let Some(default) = default {
            let info = match param {
                TypeParam::TypeVar(_) => "a TypeVar default",
                TypeParam::TypeVarTuple(_) => "a TypeVarTuple default",
                TypeParam::ParamSpec(_) => "a ParamSpec default",
            };
            self.type_variable(Key::of(param, Part::Default), &name.id, default, info)?;
        }
        Ok(())
    }

    fn type_variable(&mut self, key: Key, name: &str, value: &Expr, info: &'static str) -> Res {
        let sees_class = self.cur().can_see_class_scope;
        let parent = self.enter(Some(key), BlockKind::TypeVariable, name.to_owned(), value.range());
        self.cur().scope_info = info;
        if sees_class {
            self.see_class(value.range())?;
        }
        self.expr(value)?;
        self.leave(parent);
        Ok(())
    }

    /// The annotations of a function: a block of their own.
    fn annotations(&mut self, s: &StmtFunctionDef, range: TextRange) -> Res {
        let sees_class = self.cur().can_see_class_scope || self.cur().kind == BlockKind::Class;
        let parent = self.enter(
            Some(Key::of(s, Part::Annotations)),
            BlockKind::Annotation,
            "__annotate__".into(),
            range,
        );
        if sees_class {
            self.see_class(range)?;
        }
        let p = &s.parameters;
        for param in p.posonlyargs.iter().chain(&p.args) {
            self.annotation(param.parameter.annotation())?;
        }
        self.annotation(p.vararg.as_ref().and_then(|v| v.annotation()))?;
        self.annotation(p.kwarg.as_ref().and_then(|v| v.annotation()))?;
        for param in &p.kwonlyargs {
            self.annotation(param.parameter.annotation())?;
        }
        self.annotation(s.returns.as_deref())?;
        self.leave(parent);
        Ok(())
    }

    fn annotation(&mut self, annotation: Option<&Expr>) -> Res {
        let Some(annotation) = annotation else { return Ok(()) };
        self.cur().annotations_used = true;
        self.expr(annotation)
    }

    fn ann_assign(&mut self, s: &StmtAnnAssign) -> Res {
        if let Expr::Name(n) = &*s.target {
            let sym = self.mangled(&n.id);
            let old = self.cur().symbols.get(sym).unwrap_or(0);
            if old & (DEF_GLOBAL | DEF_NONLOCAL) != 0 && self.current != 0 && s.simple {
                let word = if old & DEF_GLOBAL != 0 { "global" } else { "nonlocal" };
                return Err(Fault::syntax(format!("annotated name '{}' can't be {word}", n.id), s.range));
            }
            if s.simple {
                self.add_def(&n.id, DEF_ANNOT | DEF_LOCAL, n.range)?;
            } else if s.value.is_some() {
                self.add_def(&n.id, DEF_LOCAL, n.range)?;
            }
        } else {
            self.expr(&s.target)?;
        }
        self.variable_annotation(s)?;
        self.opt_expr(s.value.as_deref())
    }

    fn variable_annotation(&mut self, s: &StmtAnnAssign) -> Res {
        let unevaluated = !matches!(self.cur().kind, BlockKind::Module | BlockKind::Class);
        let (kind, conditional) = (self.cur().kind, self.cur().in_conditional_block);
        let partial = kind == BlockKind::Module || (kind == BlockKind::Class && conditional);
        if partial && !self.cur().has_conditional_annotations {
            self.cur().has_conditional_annotations = true;
            let sym = self.known.conditional;
            self.add_sym(sym, USE, s.range, self.current)?;
        }
        let parent = match self.cur().annotation_block {
            Some(block) => std::mem::replace(&mut self.current, block),
            None => {
                let is_class = kind == BlockKind::Class;
                let parent =
                    self.enter(None, BlockKind::Annotation, "__annotate__".into(), s.annotation.range());
                let block = self.current;
                self.table.scopes[parent].annotation_block = Some(block);
                if is_class {
                    self.see_class(s.range)?;
                }
                parent
            }
        };
        if kind == BlockKind::Class && partial {
            let sym = self.known.conditional;
            self.add_sym(sym, USE, s.range, self.current)?;
        }
        self.cur().in_unevaluated_annotation = unevaluated;
        self.cur().annotations_used |= !unevaluated;
        let result = self.expr(&s.annotation);
        self.cur().in_unevaluated_annotation = false;
        self.current = parent;
        result
    }

    pub fn defaults(&mut self, p: &Parameters) -> Res {
        for param in p.posonlyargs.iter().chain(&p.args) {
            self.opt_expr(param.default())?;
        }
        for param in &p.kwonlyargs {
            self.opt_expr(param.default())?;
        }
        Ok(())
    }

    pub fn parameters(&mut self, p: &Parameters) -> Res {
        for param in p.posonlyargs.iter().chain(&p.args).chain(&p.kwonlyargs) {
            self.add_def(&param.parameter.name.id, DEF_PARAM, param.parameter.range)?;
        }
        for param in p.vararg.iter().chain(&p.kwarg) {
            let range = self.locations.parameter(param);
            self.add_def(&param.name.id, DEF_PARAM, range)?;
        }
        let first = p.posonlyargs.iter().chain(&p.args).next();
        if let Some(first) = first {
            let sym = self.mangled(&first.parameter.name.id);
            self.cur().first_param = Some(sym);
        }
        Ok(())
    }
}

fn has_defaults(p: &Parameters) -> (bool, bool) {
    (
        p.posonlyargs.iter().chain(&p.args).any(|a| a.default.is_some()),
        p.kwonlyargs.iter().any(|a| a.default.is_some()),
    )
}

fn new_scope(kind: BlockKind, name: String, lineno: u32, parent: Option<ScopeId>, range: TextRange) -> Scope {
    Scope {
        kind,
        name,
        lineno,
        parent,
        children: Vec::new(),
        inlined: Vec::new(),
        symbols: SymMap::default(),
        scopes: FxHashMap::default(),
        varnames: Vec::new(),
        directives: Vec::new(),
        nested: false,
        generator: false,
        coroutine: false,
        comprehension: CompKind::No,
        is_async_def: false,
        comp_inlined: false,
        needs_class_closure: false,
        needs_classdict: false,
        can_see_class_scope: false,
        has_conditional_annotations: false,
        annotations_used: false,
        annotation_block: None,
        method: false,
        mangled_names: None,
        private: None,
        in_conditional_block: false,
        in_unevaluated_annotation: false,
        comp_iter_target: false,
        comp_iter_expr: 0,
        scope_info: "",
        walrus: FxHashSet::default(),
        deleted: FxHashSet::default(),
        static_attributes: Vec::new(),
        static_attribute_set: FxHashSet::default(),
        first_param: None,
        merged: FxHashSet::default(),
        range,
    }
}
