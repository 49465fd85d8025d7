//! Tuple, list, set and dict displays.
//!
//! Small ones are built from registers in a row; large ones, and those with unpacking, grow piece by piece so
//! that a frame stays small.

use super::expr::foldable_leaf;
use super::{Compiler, Op, Reg};
use crate::error::Res;
use protopy_bytecode::Const;
use ruff_python_ast::*;
use ruff_text_size::TextRange;

/// Most items that are built from registers in a row.
const MAX_ROW: usize = 64;

impl<'a> Compiler<'a> {
    pub fn display(&mut self, e: &'a Expr, dst: Reg) -> Res {
        match e {
            Expr::Tuple(t) => {
                if let Some(c) = self.constant(e) {
                    self.set_pos(t.range);
                    self.load_const(dst, c);
                    return Ok(());
                }
                if in_row(&t.elts) {
                    return self.build_row(Op::BuildTuple, &t.elts, dst, t.range);
                }
                let list = self.scratch_for(dst);
                self.build_list_into(&t.elts, list, t.range)?;
                self.emit(Op::ListToTuple, dst, list, 0);
                Ok(())
            }
            Expr::List(l) => {
                if in_row(&l.elts) && (l.elts.len() < 3 || self.constant_container(e).is_none()) {
                    return self.build_row(Op::BuildList, &l.elts, dst, l.range);
                }
                let list = self.scratch_for(dst);
                self.build_list_into(&l.elts, list, l.range)?;
                self.move_reg(dst, list);
                Ok(())
            }
            Expr::Set(s) => self.set_display(e, s, dst),
            Expr::Dict(d) => self.dict_display(d, dst),
            _ => Ok(()),
        }
    }

    fn build_row(&mut self, op: Op, elts: &'a [Expr], dst: Reg, range: TextRange) -> Res {
        let first = self.mark() as Reg;
        for e in elts {
            self.in_temp(e)?;
        }
        self.set_pos(range);
        self.emit(op, dst, first, elts.len() as u16);
        Ok(())
    }

    /// A new list of `elts`, starred ones unpacked, in temporary `list`.
    pub fn build_list_into(&mut self, elts: &'a [Expr], list: Reg, range: TextRange) -> Res {
        if elts.len() > 2
            && let Some(c) = self.constant_elements(elts)
        {
            self.set_pos(range);
            self.emit(Op::BuildList, list, list, 0);
            let m = self.mark();
            let t = self.temp();
            self.load_const(t, Const::Tuple(c.into()));
            self.emit(Op::ListExtend, list, t, 0);
            self.reset(m);
            return Ok(());
        }
        self.extend_list(elts, list, range, false)
    }

    /// Adds `elts` to the list in temporary `list`, which is made first unless it has `begun`.
    pub fn extend_list(&mut self, elts: &'a [Expr], list: Reg, range: TextRange, begun: bool) -> Res {
        let mut rest = elts;
        let mut begun = begun;
        while !rest.is_empty() || !begun {
            let m = self.mark();
            if let Some(Expr::Starred(s)) = rest.first()
                && begun
            {
                let r = self.any(&s.value)?;
                self.set_pos(range);
                self.emit(Op::ListExtend, list, r, 0);
                rest = &rest[1..];
                self.reset(m);
                continue;
            }
            let run = rest.iter().take_while(|e| !e.is_starred_expr()).take(MAX_ROW).count();
            let first = m as Reg;
            for e in &rest[..run] {
                self.in_temp(e)?;
            }
            self.set_pos(range);
            match (begun, run) {
                (false, _) => {
                    let first = if run == 0 { list } else { first };
                    self.emit(Op::BuildList, list, first, run as u16);
                }
                (true, 1) => self.emit(Op::ListAppend, list, first, 0),
                (true, _) => {
                    let t = self.temp();
                    self.emit(Op::BuildTuple, t, first, run as u16);
                    self.emit(Op::ListExtend, list, t, 0);
                }
            }
            begun = true;
            rest = &rest[run..];
            self.reset(m);
        }
        Ok(())
    }

    fn constant_elements(&mut self, elts: &[Expr]) -> Option<Vec<Const>> {
        if !elts.iter().all(foldable_leaf) {
            return None;
        }
        elts.iter().map(|e| self.constant(e)).collect()
    }

    fn set_display(&mut self, e: &'a Expr, s: &'a ExprSet, dst: Reg) -> Res {
        if s.elts.len() >= 3
            && let Some(c) = self.constant_container(e)
        {
            let out = self.scratch_for(dst);
            self.set_pos(s.range);
            self.emit(Op::BuildSet, out, out, 0);
            let t = self.temp();
            self.load_const(t, c);
            self.emit(Op::SetUpdate, out, t, 0);
            self.move_reg(dst, out);
            return Ok(());
        }
        if in_row(&s.elts) {
            return self.build_row(Op::BuildSet, &s.elts, dst, s.range);
        }
        let out = self.scratch_for(dst);
        self.set_pos(s.range);
        self.emit(Op::BuildSet, out, out, 0);
        for e in &s.elts {
            let m = self.mark();
            match e {
                Expr::Starred(st) => {
                    let r = self.any(&st.value)?;
                    self.set_pos(s.range);
                    self.emit(Op::SetUpdate, out, r, 0);
                }
                _ => {
                    let r = self.any(e)?;
                    self.set_pos(s.range);
                    self.emit(Op::SetAdd, out, r, 0);
                }
            }
            self.reset(m);
        }
        self.move_reg(dst, out);
        Ok(())
    }

    fn dict_display(&mut self, d: &'a ExprDict, dst: Reg) -> Res {
        if d.items.len() <= MAX_ROW / 2 && d.items.iter().all(|i| i.key.is_some()) {
            let first = self.mark() as Reg;
            for item in &d.items {
                if let Some(key) = &item.key {
                    self.in_temp(key)?;
                }
                self.in_temp(&item.value)?;
            }
            self.set_pos(d.range);
            let first = if d.items.is_empty() { dst } else { first };
            self.emit(Op::BuildMap, dst, first, d.items.len() as u16);
            return Ok(());
        }
        let out = self.scratch_for(dst);
        // What comes before the first unpacking is built from registers in a row.
        let run = d.items.iter().take_while(|i| i.key.is_some()).take(MAX_ROW / 2).count();
        let m = self.mark();
        for item in &d.items[..run] {
            if let Some(key) = &item.key {
                self.in_temp(key)?;
            }
            self.in_temp(&item.value)?;
        }
        self.set_pos(d.range);
        self.emit(Op::BuildMap, out, if run == 0 { out } else { m as Reg }, run as u16);
        self.reset(m);
        for item in &d.items[run..] {
            let m = self.mark();
            match &item.key {
                None => {
                    let r = self.any(&item.value)?;
                    self.set_pos(d.range);
                    self.emit(Op::DictUpdate, out, r, 0);
                }
                Some(key) => {
                    let k = self.any_before(key, &[&item.value])?;
                    let v = self.any(&item.value)?;
                    self.set_pos(d.range);
                    self.emit(Op::MapAdd, out, k, v);
                }
            }
            self.reset(m);
        }
        self.move_reg(dst, out);
        Ok(())
    }
}

fn in_row(elts: &[Expr]) -> bool {
    elts.len() <= MAX_ROW && !elts.iter().any(Expr::is_starred_expr)
}
