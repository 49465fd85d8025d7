//! Annotations: `__annotate__` functions, and the bodies of modules and classes that have them.
//!
//! Annotations are lazy. Those of a function are compiled to a function `__annotate__(format)` that makes the
//! dict; those of a module or class are collected while the body is generated and become one such function of
//! it. Where a body may be left half-way or an annotation stands in a conditional block, executing the statement
//! adds its number to the set `__conditional_annotations__`, and `__annotate__` looks there.

use super::function::Attrs;
use super::{Compiler, Deferred, Op, Reg, UnitKind, Var};
use crate::error::Res;
use crate::symtable::{Part, ScopeId, flag};
use protopy_bytecode::{CodeData, CommonConst, Const, Position};
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

/// Formats up to this number are computed by the code itself: VALUE and VALUE_WITH_FAKE_GLOBALS.
const LAST_SUPPORTED_FORMAT: u16 = 2;

impl<'a> Compiler<'a> {
    /// The body of a module or the statements of a class, annotations included.
    pub fn module_body(&mut self, body: &'a [Stmt]) -> Res {
        self.annotated_body(body, true)
    }

    pub fn annotated_body(&mut self, body: &'a [Stmt], is_module: bool) -> Res {
        let block = self.table.scope(self.u.scope).annotation_block;
        let annotated =
            self.table.scope(self.u.scope).symbols.entries.iter().any(|e| e.1 & flag::DEF_ANNOT != 0);
        let block = block.filter(|_| annotated);
        let mut placeholder = None;
        if block.is_some() && self.future_annotations {
            self.emit(Op::SetupAnnotations, 0, 0, 0);
        } else if block.is_some() && is_module {
            // The function's code is known only in the end; the module has `__annotate__` from the beginning.
            let t = self.temp();
            placeholder = Some(self.u.asm.here());
            self.emit_x(Op::MakeFunction, t, 0);
            self.store_name("__annotate__", t);
            self.emit(Op::BuildSet, t, t, 0);
            self.store_name("__conditional_annotations__", t);
            self.reset(u32::from(t));
        }
        let mut rest = body;
        if !(is_module && matches!(self.options.mode, crate::Mode::Single))
            && let Some(doc) = self.docstring(body)
        {
            rest = &body[1..];
            if let Some(doc) = doc {
                let t = self.temp();
                if let Some(first) = body.first() {
                    self.set_pos(first.range());
                }
                self.load_const(t, doc);
                self.store_name("__doc__", t);
                self.reset(u32::from(t));
            }
        }
        self.body(rest)?;
        let (Some(block), false) = (block, self.future_annotations) else { return Ok(()) };
        let deferred = std::mem::take(&mut self.u.deferred);
        let pos = self.u.pos;
        if is_module {
            let line = body.first().map_or(1, |s| self.position(s.range()).line);
            let code = self.annotate_code(block, &deferred, line)?;
            let k = self.code_const(code);
            if let Some(at) = placeholder {
                self.u.asm.patch_bx(at, k);
            }
        } else if self.u.reachable && !deferred.is_empty() {
            let line = self.u.first_line;
            let code = self.annotate_code(block, &deferred, line)?;
            let t = self.temp();
            self.make_function(code, &Attrs::default(), t)?;
            self.store_name("__annotate_func__", t);
            self.reset(u32::from(t));
        }
        self.u.pos = pos;
        Ok(())
    }

    fn enter_annotate(&mut self, scope: ScopeId, line: u32) {
        self.enter_unit(scope, UnitKind::Annotate, "__annotate__", TextRange::default());
        self.u.first_line = line;
        self.u.pos = Position { line, end_line: line, col: 0, end_col: 0 };
        self.u.argcount = 1;
        self.u.posonly = 1;
        self.prologue();
        self.check_format();
    }

    /// Raises NotImplementedError for formats that the caller must emulate.
    pub fn check_format(&mut self) {
        let ok = self.new_label();
        self.emit_jump(Op::JumpUnlessGtInt, 0, LAST_SUPPORTED_FORMAT, ok);
        let t = self.temp();
        self.emit(Op::LoadCommon, t, CommonConst::NotImplementedError as u16, 0);
        self.emit(Op::Raise, t, 0, 0);
        self.u.reachable = false;
        self.reset(u32::from(t));
        self.bind(ok);
    }

    fn annotate_code(&mut self, scope: ScopeId, deferred: &[Deferred<'a>], line: u32) -> Res<CodeData> {
        self.enter_annotate(scope, line);
        let map = self.temp();
        self.emit(Op::BuildMap, map, map, 0);
        for d in deferred {
            let m = self.mark();
            let skip = self.new_label();
            if let Some(index) = d.index {
                self.set_pos(d.stmt.range);
                let t = self.temps(2);
                self.load_const(t, Const::Int(index));
                let sym = self.sym("__conditional_annotations__");
                self.load_sym(sym, t + 1);
                self.emit(Op::In, t, t, t + 1);
                self.emit_jump(Op::JumpIfFalse, t, 0, skip);
            }
            let value = self.annotation_value(&d.stmt.annotation)?;
            let key = self.temp();
            if let Expr::Name(n) = &*d.stmt.target {
                let sym = self.mangled(&n.id);
                let text = self.table.names.get_rc(sym);
                self.load_str(key, &text);
            }
            self.set_pos(d.stmt.range);
            self.emit(Op::MapAdd, map, key, value);
            self.bind(skip);
            self.reset(m);
        }
        self.emit(Op::Return, map, 0, 0);
        self.u.reachable = false;
        self.leave_unit()
    }

    /// The value of an annotation, or its text under `from __future__ import annotations`.
    fn annotation_value(&mut self, e: &'a Expr) -> Res<Reg> {
        if self.future_annotations {
            let t = self.temp();
            self.set_pos(e.range());
            self.load_str(t, &crate::unparse::expression(e, self.locations));
            return Ok(t);
        }
        if let Expr::Starred(s) = e {
            let t = self.temp();
            let r = self.any(&s.value)?;
            self.set_pos(s.range);
            self.emit(Op::UnpackSequence, t, r, 1);
            return Ok(t);
        }
        self.any(e)
    }

    /// The `__annotate__` function of a function definition, if it has annotations.
    pub fn annotate_of_function(&mut self, s: &'a StmtFunctionDef, range: TextRange) -> Res<Option<Reg>> {
        let scope = self.scope_of(s, Part::Annotations)?;
        if !self.table.scope(scope).annotations_used {
            return Ok(None);
        }
        let line = self.position(range).line;
        let p = &s.parameters;
        let mut list: Vec<(&'a str, &'a Expr)> = Vec::new();
        let named = |a: &'a Parameter| a.annotation().map(|e| (a.name.id.as_str(), e));
        list.extend(p.posonlyargs.iter().chain(&p.args).filter_map(|a| named(&a.parameter)));
        list.extend(p.vararg.iter().filter_map(|a| named(a)));
        list.extend(p.kwonlyargs.iter().filter_map(|a| named(&a.parameter)));
        list.extend(p.kwarg.iter().filter_map(|a| named(a)));
        list.extend(s.returns.iter().map(|e| ("return", &**e)));
        self.enter_annotate(scope, line);
        self.u.qualname = format!("{}.__annotate__", self.qualified_name(&s.name.id, true));
        let map = self.temp();
        if list.len() <= 30 {
            let first = self.mark() as Reg;
            for (name, e) in &list {
                let key = self.temp();
                self.annotation_key(name, e.range(), key);
                let slot = self.temp();
                let m = self.mark();
                if self.future_annotations || e.is_starred_expr() {
                    let r = self.annotation_value(e)?;
                    self.move_reg(slot, r);
                } else {
                    self.to(e, slot)?;
                }
                self.reset(m);
            }
            self.set_pos(range);
            self.emit(Op::BuildMap, map, first, list.len() as u16);
        } else {
            self.emit(Op::BuildMap, map, map, 0);
            for (name, e) in &list {
                let m = self.mark();
                let key = self.temp();
                self.annotation_key(name, e.range(), key);
                let r = self.annotation_value(e)?;
                self.emit(Op::MapAdd, map, key, r);
                self.reset(m);
            }
        }
        self.emit(Op::Return, map, 0, 0);
        self.u.reachable = false;
        let code = self.leave_unit()?;
        self.set_pos(range);
        let t = self.temp();
        self.make_function(code, &Attrs::default(), t)?;
        Ok(Some(t))
    }

    fn annotation_key(&mut self, name: &str, range: TextRange, key: Reg) {
        let sym = self.mangled(name);
        let text = self.table.names.get_rc(sym);
        self.set_pos(range);
        self.load_str(key, &text);
    }

    pub fn ann_assign(&mut self, s: &'a StmtAnnAssign) -> Res {
        if let Some(v) = &s.value {
            match self.target_reg(&s.target) {
                Some(r) => {
                    self.to(v, r)?;
                    self.u.bound.add(r);
                }
                None => {
                    let r = self.any_before(v, &[&s.target])?;
                    self.store(&s.target, r)?;
                }
            }
        }
        match &*s.target {
            Expr::Name(_) if s.simple && !self.u.optimized => self.note_annotation(s)?,
            Expr::Attribute(a) if s.value.is_none() => self.effect(&a.value)?,
            Expr::Subscript(sub) if s.value.is_none() => {
                self.effect(&sub.value)?;
                self.effect(&sub.slice)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// An annotation of a module or class variable.
    fn note_annotation(&mut self, s: &'a StmtAnnAssign) -> Res {
        let Expr::Name(n) = &*s.target else { return Ok(()) };
        let m = self.mark();
        if self.future_annotations {
            let t = self.temps(3);
            self.set_pos(s.range);
            self.load_str(t, &crate::unparse::expression(&s.annotation, self.locations));
            let sym = self.sym("__annotations__");
            self.load_sym(sym, t + 1);
            let sym = self.mangled(&n.id);
            let text = self.table.names.get_rc(sym);
            self.load_str(t + 2, &text);
            self.emit(Op::SetItem, t + 1, t + 2, t);
            self.reset(m);
            return Ok(());
        }
        let known = self.u.deferred_at.get(&std::ptr::from_ref(s));
        if let Some(known) = known.and_then(|at| self.u.deferred.get(*at)) {
            // A `finally` body is generated more than once.
            if let Some(index) = known.index {
                self.mark_annotation(s, index);
            }
            return Ok(());
        }
        let conditional = self.u.kind == UnitKind::Module || self.u.conditional > 0;
        let index = conditional.then(|| {
            self.u.next_conditional += 1;
            self.u.next_conditional - 1
        });
        self.u.deferred_at.insert(s, self.u.deferred.len());
        self.u.deferred.push(Deferred { stmt: s, index });
        if let Some(index) = index {
            self.mark_annotation(s, index);
        }
        self.reset(m);
        Ok(())
    }

    fn mark_annotation(&mut self, s: &StmtAnnAssign, index: i64) {
        let m = self.mark();
        let t = self.temps(2);
        self.set_pos(s.annotation.range());
        match self.magic_cell("__conditional_annotations__") {
            Some(cell) => self.emit(Op::LoadDeref, t, cell, 0),
            None => {
                let sym = self.sym("__conditional_annotations__");
                match self.resolve(sym) {
                    Var::Local(r) => self.move_reg(t, r),
                    _ => self.load_sym(sym, t),
                }
            }
        }
        self.load_const(t + 1, Const::Int(index));
        self.emit(Op::SetAdd, t, t + 1, 0);
        self.reset(m);
    }
}
