//! Statements.

use super::{Compiler, Op, Reg};
use crate::error::{Fault, Res};
use protopy_bytecode::{CommonConst, Const, Intrinsic1, Position};
use ruff_python_ast::*;
use ruff_text_size::Ranged;

impl<'a> Compiler<'a> {
    pub fn body(&mut self, body: &'a [Stmt]) -> Res {
        for stmt in body {
            self.stmt(stmt)?;
        }
        Ok(())
    }

    pub fn stmt(&mut self, stmt: &'a Stmt) -> Res {
        if !self.u.reachable && !self.has_annotations(stmt) {
            return Ok(());
        }
        let m = self.mark();
        let result = self.nested(|c| c.stmt_inner(stmt));
        self.reset(m);
        result
    }

    /// Whether a statement that cannot be reached must be walked all the same, for its annotations.
    fn has_annotations(&self, stmt: &Stmt) -> bool {
        let compound = matches!(
            stmt,
            Stmt::AnnAssign(_)
                | Stmt::If(_)
                | Stmt::For(_)
                | Stmt::While(_)
                | Stmt::With(_)
                | Stmt::Try(_)
                | Stmt::Match(_)
        );
        compound && !self.u.optimized && self.table.scope(self.u.scope).annotation_block.is_some()
    }

    fn stmt_inner(&mut self, stmt: &'a Stmt) -> Res {
        match stmt {
            Stmt::FunctionDef(s) => self.function_def(s),
            Stmt::ClassDef(s) => self.class_def(s),
            Stmt::TypeAlias(s) => self.type_alias(s),
            Stmt::Return(s) => self.return_stmt(s),
            Stmt::Delete(s) => s.targets.iter().try_for_each(|t| self.delete(t)),
            Stmt::Assign(s) => self.assign(s),
            Stmt::AugAssign(s) => self.aug_assign(s),
            Stmt::AnnAssign(s) => self.ann_assign(s),
            Stmt::For(s) => self.conditionally(|c| c.for_stmt(s)),
            Stmt::While(s) => self.conditionally(|c| c.while_stmt(s)),
            Stmt::If(s) => self.conditionally(|c| c.if_stmt(s)),
            Stmt::With(s) => self.conditionally(|c| c.with_stmt(s)),
            Stmt::Match(s) => self.conditionally(|c| c.match_stmt(s)),
            Stmt::Raise(s) => self.raise(s),
            Stmt::Try(s) => self.conditionally(|c| c.try_stmt(s)),
            Stmt::Assert(s) => self.assert(s),
            Stmt::Import(s) => self.import(s),
            Stmt::ImportFrom(s) => self.import_from(s),
            Stmt::Expr(s) => self.expr_stmt(s),
            Stmt::Break(s) => {
                self.set_pos(s.range);
                self.leave_loop(true)
            }
            Stmt::Continue(s) => {
                self.set_pos(s.range);
                self.leave_loop(false)
            }
            Stmt::Pass(s) => {
                self.line_marker(s.range);
                Ok(())
            }
            Stmt::Global(_) | Stmt::Nonlocal(_) => Ok(()),
            Stmt::IpyEscapeCommand(s) => Err(Fault::syntax("invalid syntax", s.range)),
        }
    }

    fn conditionally(&mut self, f: impl FnOnce(&mut Self) -> Res) -> Res {
        self.u.conditional += 1;
        let result = f(self);
        self.u.conditional -= 1;
        result
    }

    /// Returns None at the end of a body.
    pub fn implicit_return(&mut self) {
        if self.u.reachable {
            // Its line is that of whatever leads here, as is found out in the end.
            self.no_pos();
            self.emit(Op::ReturnNone, 0, 0, 0);
            self.u.reachable = false;
        }
    }

    fn expr_stmt(&mut self, s: &'a StmtExpr) -> Res {
        if self.interactive() {
            let r = self.any(&s.value)?;
            let t = self.temp();
            self.set_pos(s.range);
            self.emit(Op::CallIntrinsic1, t, r, Intrinsic1::Print as u16);
            return Ok(());
        }
        if s.value.is_literal_expr() {
            self.line_marker(s.range);
            return Ok(());
        }
        let before = self.u.asm.len();
        self.effect(&s.value)?;
        if self.u.asm.len() == before {
            // A variable that is known to be bound.
            self.line_marker(s.range);
        }
        Ok(())
    }

    fn return_stmt(&mut self, s: &'a StmtReturn) -> Res {
        let m = self.mark();
        let unwinds = self.u.blocks.iter().any(|b| !matches!(b, super::Block::Loop { .. }));
        match s.value.as_deref().filter(|v| !v.is_none_literal_expr()) {
            None => {
                self.set_pos(s.range);
                let pos = self.u.pos;
                if unwinds {
                    self.line_marker(s.range);
                }
                self.unwind(0, |c| {
                    // After what ran on the way out, the statement is no line of its own any more.
                    c.u.pos = if unwinds { Position::default() } else { pos };
                    c.emit(Op::ReturnNone, 0, 0, 0);
                })?;
            }
            Some(v) => {
                let r = if unwinds { self.in_temp(v)? } else { self.any(v)? };
                self.set_pos(s.range);
                let pos = self.u.pos;
                if unwinds {
                    self.line_marker(s.range);
                }
                self.unwind(0, |c| {
                    c.u.pos = if unwinds { Position::default() } else { pos };
                    c.emit(Op::Return, r, 0, 0);
                })?;
            }
        }
        self.u.reachable = false;
        self.reset(m);
        Ok(())
    }

    fn raise(&mut self, s: &'a StmtRaise) -> Res {
        match (&s.exc, &s.cause) {
            (None, _) => {
                self.set_pos(s.range);
                self.emit(Op::RaiseBare, 0, 0, 0);
            }
            (Some(exc), None) => {
                let r = self.any(exc)?;
                self.set_pos(s.range);
                self.emit(Op::Raise, r, 0, 0);
            }
            (Some(exc), Some(cause)) => {
                let r = self.any_before(exc, &[cause])?;
                let c = self.any(cause)?;
                self.set_pos(s.range);
                self.emit(Op::RaiseFrom, r, c, 0);
            }
        }
        self.u.reachable = false;
        Ok(())
    }

    fn assert(&mut self, s: &'a StmtAssert) -> Res {
        if self.options.optimize > 0 {
            return Ok(());
        }
        let end = self.new_label();
        self.cond(&s.test, true, end)?;
        let m = self.mark();
        self.set_pos(s.test.range());
        let t = self.temp();
        self.emit(Op::LoadCommon, t, CommonConst::AssertionError as u16, 0);
        if let Some(msg) = &s.msg {
            self.temps(u32::from(protopy_bytecode::CALL_HEADER) - 1);
            self.in_temp(msg)?;
            self.set_pos(s.test.range());
            self.emit(Op::Call, t, 1, 0);
        }
        self.emit(Op::Raise, t, 0, 0);
        self.u.reachable = false;
        self.reset(m);
        self.bind(end);
        Ok(())
    }

    fn if_stmt(&mut self, s: &'a StmtIf) -> Res {
        let end = self.new_label();
        let mut next = self.new_label();
        if super::expr::foldable_leaf(&s.test) {
            self.line_marker(s.test.range());
        }
        self.cond(&s.test, false, next)?;
        self.body(&s.body)?;
        for clause in &s.elif_else_clauses {
            self.no_pos();
            self.jump(end);
            self.bind(next);
            next = self.new_label();
            if let Some(test) = &clause.test {
                self.cond(test, false, next)?;
            }
            self.body(&clause.body)?;
        }
        self.bind(next);
        self.bind(end);
        Ok(())
    }

    // ---- imports

    fn import(&mut self, s: &'a StmtImport) -> Res {
        for alias in &s.names {
            let m = self.mark();
            self.set_pos(s.range);
            let base = self.temps(3);
            self.load_none(base);
            self.load_const(base + 1, Const::Int(0));
            let sym = self.sym(&alias.name.id);
            let n = self.name_index16(sym);
            self.emit(Op::ImportName, base + 2, base, n);
            let full = alias.name.id.as_str();
            match &alias.asname {
                Some(asname) => {
                    // `import a.b as c` binds the submodule, reached through its parents.
                    let t = base + 2;
                    for part in full.split('.').skip(1) {
                        let sym = self.sym(part);
                        let n = self.name_index16(sym);
                        self.emit(Op::ImportFrom, t, t, n);
                    }
                    self.store_name(&asname.id, t);
                }
                None => {
                    let first = full.split('.').next().unwrap_or(full);
                    self.store_name(first, base + 2);
                }
            }
            self.reset(m);
        }
        Ok(())
    }

    fn import_from(&mut self, s: &'a StmtImportFrom) -> Res {
        self.set_pos(s.range);
        let base = self.temps(3);
        let names = s.names.iter().map(|a| Const::Str(a.name.id.as_str().into())).collect();
        self.load_const(base, Const::Tuple(names));
        self.load_const(base + 1, Const::Int(i64::from(s.level)));
        let module = s.module.as_ref().map_or("", |m| m.id.as_str());
        let sym = self.sym(module);
        let n = self.name_index16(sym);
        let module: Reg = base + 2;
        self.emit(Op::ImportName, module, base, n);
        for alias in &s.names {
            if alias.name.id.as_str() == "*" {
                self.emit(Op::CallIntrinsic1, base, module, Intrinsic1::ImportStar as u16);
                continue;
            }
            let m = self.mark();
            self.set_pos(s.range);
            let target = alias.asname.as_ref().unwrap_or(&alias.name);
            let sym = self.sym(&alias.name.id);
            let n = self.name_index16(sym);
            let t = self.temp();
            self.emit(Op::ImportFrom, t, module, n);
            self.store_name(&target.id, t);
            self.reset(m);
        }
        Ok(())
    }
}
