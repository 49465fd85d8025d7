//! Assignment, augmented assignment and deletion.

use super::expr::{inplace_op, small_int};
use super::{Compiler, Op, Reg, Var};
use crate::error::{Fault, Res};
use crate::names::Sym;
use ruff_python_ast::*;
use ruff_text_size::Ranged;

/// Longest tuple that is assigned to a tuple without being built.
const MAX_PARALLEL: usize = 32;

impl<'a> Compiler<'a> {
    /// Binds `sym` to `R[src]`.
    pub fn store_sym(&mut self, sym: Sym, src: Reg) {
        match self.resolve(sym) {
            Var::Local(r) => {
                self.move_reg(r, src);
                self.u.bound.add(r);
            }
            Var::Deref(r) | Var::ClassDeref(r) | Var::DictDeref(r) => self.emit(Op::StoreDeref, r, src, 0),
            Var::Global | Var::DictGlobal => {
                let n = self.name_index(sym);
                self.emit_x(Op::StoreGlobal, src, n);
            }
            Var::Name => {
                let n = self.name_index(sym);
                self.emit_x(Op::StoreName, src, n);
            }
        }
    }

    /// Binds the name `name` to `R[src]`.
    pub fn store_name(&mut self, name: &str, src: Reg) {
        let sym = self.mangled(name);
        self.store_sym(sym, src);
    }

    /// Unbinds a name.
    pub fn delete_sym(&mut self, sym: Sym) {
        match self.resolve(sym) {
            Var::Local(r) => {
                self.emit(Op::DeleteLocal, r, 0, 0);
                self.u.bound.remove(r);
            }
            Var::Deref(r) | Var::ClassDeref(r) | Var::DictDeref(r) => self.emit(Op::DeleteDeref, r, 0, 0),
            Var::Global | Var::DictGlobal => {
                let n = self.name_index(sym);
                self.emit_x(Op::DeleteGlobal, 0, n);
            }
            Var::Name => {
                let n = self.name_index(sym);
                self.emit_x(Op::DeleteName, 0, n);
            }
        }
    }

    /// The register in which a target wants its value, if it is a plain local.
    pub fn target_reg(&mut self, target: &Expr) -> Option<Reg> {
        match target {
            Expr::Name(n) => self.local_reg(n).map(|l| l.1),
            _ => None,
        }
    }

    /// Assigns `R[src]` to a target.
    pub fn store(&mut self, target: &'a Expr, src: Reg) -> Res {
        let m = self.mark();
        match target {
            Expr::Name(n) => {
                self.set_pos(n.range);
                self.store_name(&n.id, src);
            }
            Expr::Attribute(a) => {
                let object = self.any(&a.value)?;
                self.attr_pos(a);
                self.store_attr(object, &a.attr.id, src);
            }
            Expr::Subscript(s) => {
                let object = self.any_before(&s.value, &[&s.slice])?;
                if let Some(base) = self.slice_bounds(&s.slice)? {
                    self.set_pos(s.range);
                    self.emit(Op::SetSlice, object, base, src);
                } else {
                    let index = self.index(&s.slice)?;
                    self.set_pos(s.range);
                    self.emit(Op::SetItem, object, index, src);
                }
            }
            Expr::Tuple(t) => self.nested(|c| c.unpack(&t.elts, src, target))?,
            Expr::List(l) => self.nested(|c| c.unpack(&l.elts, src, target))?,
            Expr::Starred(s) => {
                return Err(Fault::syntax("starred assignment target must be in a list or tuple", s.range));
            }
            _ => return Err(Fault::syntax("cannot assign to expression", target.range())),
        }
        self.reset(m);
        Ok(())
    }

    pub fn store_attr(&mut self, object: Reg, name: &str, src: Reg) {
        let sym = self.mangled(name);
        match u16::try_from(self.name_index(sym)) {
            Ok(n) => self.emit(Op::StoreAttr, object, src, n),
            Err(_) => {
                let m = self.mark();
                let t = self.temp();
                let text = self.table.names.get_rc(sym);
                self.load_str(t, &text);
                self.emit(Op::StoreAttrDyn, object, src, t);
                self.reset(m);
            }
        }
    }

    /// Unpacks `R[src]` into targets.
    fn unpack(&mut self, elts: &'a [Expr], src: Reg, whole: &Expr) -> Res {
        let star = elts.iter().position(Expr::is_starred_expr);
        let base = match self.locals_in_row(elts) {
            Some(base) => base,
            None => self.temps(elts.len().max(1) as u32),
        };
        self.set_pos(whole.range());
        match star {
            None => self.emit(Op::UnpackSequence, base, src, elts.len() as u16),
            Some(before) => {
                let after = elts.len() - before - 1;
                if before > 255 || after > 255 {
                    return Err(Fault::syntax(
                        "too many expressions in star-unpacking assignment",
                        whole.range(),
                    ));
                }
                self.emit(Op::UnpackEx, base, src, (before | after << 8) as u16);
            }
        }
        for (i, e) in elts.iter().enumerate() {
            let target = match e {
                Expr::Starred(s) => &*s.value,
                other => other,
            };
            self.store(target, base + i as Reg)?;
        }
        Ok(())
    }

    /// The first register of targets that are distinct locals in registers that follow each other.
    fn locals_in_row(&mut self, elts: &[Expr]) -> Option<Reg> {
        let first = self.row_target(elts.first()?)?;
        for (i, e) in elts.iter().enumerate().skip(1) {
            if self.row_target(e)? != first.checked_add(i as Reg)? {
                return None;
            }
        }
        Some(first)
    }

    fn row_target(&mut self, e: &Expr) -> Option<Reg> {
        match e {
            Expr::Starred(s) => self.target_reg(&s.value),
            _ => self.target_reg(e),
        }
    }

    pub fn assign(&mut self, s: &'a StmtAssign) -> Res {
        let m = self.mark();
        if let [target] = s.targets.as_slice() {
            if let Some(r) = self.target_reg(target) {
                self.to(&s.value, r)?;
                self.u.bound.add(r);
                self.reset(m);
                return Ok(());
            }
            if self.parallel(target, &s.value)? {
                self.reset(m);
                return Ok(());
            }
        }
        // The value goes into the first target's register, if nothing rebinds that meanwhile.
        let first = s.targets.first().and_then(|t| match t {
            Expr::Name(n) => self.local_reg(n),
            _ => None,
        });
        let value = match first {
            Some((sym, r)) if !self.is_walrus_target(sym) => {
                self.to(&s.value, r)?;
                self.u.bound.add(r);
                r
            }
            _ => {
                let later: Vec<&Expr> = s.targets.iter().collect();
                self.any_before(&s.value, &later)?
            }
        };
        // A target may rebind the local that holds the value; the new value is the same, unless it unpacks.
        let value =
            if self.is_named(value) && s.targets.iter().skip(usize::from(first.is_some())).any(unpacks) {
                let t = self.temp();
                self.move_reg(t, value);
                t
            } else {
                value
            };
        for target in &s.targets {
            self.store(target, value)?;
        }
        self.reset(m);
        Ok(())
    }

    /// `a, b = x, y` without a tuple. False if it is not of that form.
    fn parallel(&mut self, target: &'a Expr, value: &'a Expr) -> Res<bool> {
        let (Some(targets), Some(values)) = (elements(target), elements(value)) else { return Ok(false) };
        if targets.len() != values.len()
            || targets.is_empty()
            || targets.len() > MAX_PARALLEL
            || targets.iter().chain(values).any(Expr::is_starred_expr)
            || targets.iter().any(|t| !simple_target(t))
            || (targets.len() > 3 && self.constant(value).is_some())
        {
            return Ok(false);
        }
        let mut regs = Vec::with_capacity(values.len());
        for (i, v) in values.iter().enumerate() {
            let later: Vec<&Expr> = values[i + 1..].iter().chain(targets).collect();
            let r = self.any_before(v, &later)?;
            regs.push(r);
        }
        for i in 0..regs.len() {
            // An earlier target that is this very local would be stored before it is read.
            if self.is_named(regs[i]) && targets[..i].iter().any(|t| self.target_reg(t) == Some(regs[i])) {
                let t = self.temp();
                self.set_pos(values[i].range());
                self.move_reg(t, regs[i]);
                regs[i] = t;
            }
        }
        for (t, r) in targets.iter().zip(regs) {
            self.store(t, r)?;
        }
        Ok(true)
    }

    pub fn aug_assign(&mut self, s: &'a StmtAugAssign) -> Res {
        let m = self.mark();
        match &*s.target {
            Expr::Name(n) => {
                let sym = self.mangled(&n.id);
                if let Var::Local(r) = self.resolve(sym) {
                    self.set_pos(n.range);
                    self.check_bound(r);
                    let old = if self.is_walrus_target(sym) && self.has_walrus_effect(&s.value) {
                        let t = self.temp();
                        self.move_reg(t, r);
                        t
                    } else {
                        r
                    };
                    self.inplace(s, old, r)?;
                    self.u.bound.add(r);
                } else {
                    let t = self.temp();
                    self.set_pos(n.range);
                    self.load_sym(sym, t);
                    self.inplace(s, t, t)?;
                    self.set_pos(n.range);
                    self.store_sym(sym, t);
                }
            }
            Expr::Attribute(a) => {
                let object = self.any_before(&a.value, &[&s.value])?;
                let t = self.temp();
                self.attr_pos(a);
                self.load_attr(t, object, &a.attr.id);
                self.inplace(s, t, t)?;
                self.attr_pos(a);
                self.store_attr(object, &a.attr.id, t);
            }
            Expr::Subscript(sub) => {
                let object = self.any_before(&sub.value, &[&sub.slice, &s.value])?;
                let t = self.temp();
                if let Some(base) = self.slice_bounds(&sub.slice)? {
                    self.set_pos(sub.range);
                    self.emit(Op::GetSlice, t, object, base);
                    self.inplace(s, t, t)?;
                    self.set_pos(sub.range);
                    self.emit(Op::SetSlice, object, base, t);
                } else {
                    let index = self.any_before(&sub.slice, &[&s.value])?;
                    self.set_pos(sub.range);
                    self.emit(Op::GetItem, t, object, index);
                    self.inplace(s, t, t)?;
                    self.set_pos(sub.range);
                    self.emit(Op::SetItem, object, index, t);
                }
            }
            _ => return Err(Fault::syntax("illegal expression for augmented assignment", s.range)),
        }
        self.reset(m);
        Ok(())
    }

    /// `dst = old op= value`.
    fn inplace(&mut self, s: &'a StmtAugAssign, old: Reg, dst: Reg) -> Res {
        if let Some(n) = small_int(&s.value)
            && matches!(s.op, Operator::Add | Operator::Sub)
        {
            self.set_pos(s.range);
            let op = if s.op == Operator::Add { Op::IAddInt } else { Op::ISubInt };
            self.emit(op, dst, old, n as u16);
            return Ok(());
        }
        let m = self.mark();
        let r = self.any(&s.value)?;
        self.set_pos(s.range);
        self.emit(inplace_op(s.op), dst, old, r);
        self.reset(m);
        Ok(())
    }

    pub fn delete(&mut self, target: &'a Expr) -> Res {
        let m = self.mark();
        match target {
            Expr::Name(n) => {
                self.set_pos(n.range);
                let sym = self.mangled(&n.id);
                self.delete_sym(sym);
            }
            Expr::Attribute(a) => {
                let object = self.any(&a.value)?;
                self.attr_pos(a);
                let sym = self.mangled(&a.attr.id);
                let n = self.name_index(sym);
                self.emit_x(Op::DeleteAttr, object, n);
            }
            Expr::Subscript(s) => {
                let object = self.any_before(&s.value, &[&s.slice])?;
                let index = self.index(&s.slice)?;
                self.set_pos(s.range);
                self.emit(Op::DelItem, object, index, 0);
            }
            Expr::Tuple(t) => t.elts.iter().try_for_each(|e| self.nested(|c| c.delete(e)))?,
            Expr::List(l) => l.elts.iter().try_for_each(|e| self.nested(|c| c.delete(e)))?,
            _ => return Err(Fault::syntax("cannot delete expression", target.range())),
        }
        self.reset(m);
        Ok(())
    }
}

fn elements(e: &Expr) -> Option<&[Expr]> {
    match e {
        Expr::Tuple(t) => Some(&t.elts),
        _ => None,
    }
}

fn unpacks(e: &Expr) -> bool {
    matches!(e, Expr::Tuple(_) | Expr::List(_))
}

fn simple_target(e: &Expr) -> bool {
    matches!(e, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_))
}
