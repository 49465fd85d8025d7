//! Conditions as jumps, and comparisons and boolean operators as values.

use super::expr::{foldable_leaf, small_int};
use super::{Compiler, Label, Op, Reg};
use crate::error::Res;
use crate::fold;
use protopy_bytecode::Const;
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

impl<'a> Compiler<'a> {
    /// Jumps to `to` if the truth of `e` is `when`; else falls through.
    pub fn cond(&mut self, e: &'a Expr, when: bool, to: Label) -> Res {
        match e {
            Expr::UnaryOp(u) if u.op == UnaryOp::Not => {
                return self.nested(|c| c.cond(&u.operand, !when, to));
            }
            Expr::BoolOp(b) => return self.nested(|c| c.cond_bool(b, when, to)),
            Expr::Compare(c) => {
                let m = self.mark();
                let result = self.nested(|s| s.cond_compare(c, when, to));
                self.reset(m);
                return result;
            }
            Expr::If(i) => return self.nested(|c| c.cond_if(i, when, to)),
            _ => {}
        }
        if foldable_leaf(e)
            && let Some(c) = self.constant(e)
        {
            if fold::truth(&c) == when {
                self.set_pos(e.range());
                self.jump(to);
            }
            return Ok(());
        }
        let m = self.mark();
        let r = self.any(e)?;
        self.set_pos(e.range());
        self.emit_jump(if when { Op::JumpIfTrue } else { Op::JumpIfFalse }, r, 0, to);
        self.reset(m);
        Ok(())
    }

    fn cond_bool(&mut self, b: &'a ExprBoolOp, when: bool, to: Label) -> Res {
        let Some((last, first)) = b.values.split_last() else { return Ok(()) };
        // `or` is true as soon as one is, `and` false as soon as one is.
        let short = b.op == BoolOp::Or;
        if short == when {
            for v in first {
                self.cond(v, when, to)?;
            }
            return self.cond(last, when, to);
        }
        let skip = self.new_label();
        for v in first {
            self.cond(v, short, skip)?;
        }
        self.cond(last, when, to)?;
        self.bind(skip);
        Ok(())
    }

    fn cond_if(&mut self, i: &'a ExprIf, when: bool, to: Label) -> Res {
        let (orelse, end) = (self.new_label(), self.new_label());
        self.cond(&i.test, false, orelse)?;
        self.cond(&i.body, when, to)?;
        self.jump(end);
        self.bind(orelse);
        self.cond(&i.orelse, when, to)?;
        self.bind(end);
        Ok(())
    }

    fn cond_compare(&mut self, c: &'a ExprCompare, when: bool, to: Label) -> Res {
        if let ([op], [right]) = (&*c.ops, &*c.comparators) {
            return self.cond_one(&c.left, *op, right, c.range, when, to);
        }
        // Every comparison but the last fails the chain.
        let fail = if when { self.new_label() } else { to };
        let n = c.ops.len();
        let mut operands = Operands::new(self, c);
        let mut left = operands.next(self, &c.left, 0)?;
        for (i, (op, right)) in c.ops.iter().zip(&*c.comparators).enumerate() {
            let r = operands.next(self, right, i + 1)?;
            self.set_pos(c.range);
            if i + 1 < n {
                self.jump_compare(*op, left, r, false, fail);
            } else {
                self.jump_compare(*op, left, r, when, to);
            }
            left = r;
        }
        if when {
            self.bind(fail);
        }
        Ok(())
    }

    fn cond_one(
        &mut self,
        left: &'a Expr,
        op: CmpOp,
        right: &'a Expr,
        range: TextRange,
        when: bool,
        to: Label,
    ) -> Res {
        if matches!(op, CmpOp::Is | CmpOp::IsNot) && right.is_none_literal_expr() {
            let r = self.any(left)?;
            self.set_pos(range);
            let none = (op == CmpOp::Is) == when;
            self.emit_jump(if none { Op::JumpIfNone } else { Op::JumpIfNotNone }, r, 0, to);
            return Ok(());
        }
        if let (Some(n), Some(jump)) = (small_int(right), int_jump(op, when)) {
            let r = self.any(left)?;
            self.set_pos(range);
            self.emit_jump(jump, r, n as u16, to);
            return Ok(());
        }
        let l = self.any_before(left, &[right])?;
        let r = self.comparand(op, right)?;
        self.set_pos(range);
        self.jump_compare(op, l, r, when, to);
        Ok(())
    }

    /// The right side of a comparison; a display of constants to search in is a constant.
    fn comparand(&mut self, op: CmpOp, e: &'a Expr) -> Res<Reg> {
        if matches!(op, CmpOp::In | CmpOp::NotIn)
            && let Some(c) = self.constant_container(e)
        {
            let t = self.temp();
            self.set_pos(e.range());
            self.load_const(t, c);
            return Ok(t);
        }
        self.any(e)
    }

    /// A list or set display of constants as a tuple or frozen set.
    pub fn constant_container(&mut self, e: &Expr) -> Option<Const> {
        let (elts, set) = match e {
            Expr::List(l) => (&l.elts, false),
            Expr::Set(s) => (&s.elts, true),
            _ => return None,
        };
        if !elts.iter().all(foldable_leaf) {
            return None;
        }
        let items: Option<Vec<Const>> = elts.iter().map(|e| self.constant(e)).collect();
        let items = items?.into();
        Some(if set { Const::FrozenSet(items) } else { Const::Tuple(items) })
    }

    fn jump_compare(&mut self, op: CmpOp, l: Reg, r: Reg, when: bool, to: Label) {
        use Op::*;
        let jump = match (op, when) {
            (CmpOp::Lt, true) => JumpIfLt,
            (CmpOp::LtE, true) => JumpIfLe,
            (CmpOp::Eq, true) => JumpIfEq,
            (CmpOp::NotEq, true) => JumpIfNe,
            (CmpOp::Gt, true) => JumpIfGt,
            (CmpOp::GtE, true) => JumpIfGe,
            (CmpOp::Lt, false) => JumpUnlessLt,
            (CmpOp::LtE, false) => JumpUnlessLe,
            (CmpOp::Eq, false) => JumpUnlessEq,
            (CmpOp::NotEq, false) => JumpUnlessNe,
            (CmpOp::Gt, false) => JumpUnlessGt,
            (CmpOp::GtE, false) => JumpUnlessGe,
            (CmpOp::Is, true) | (CmpOp::IsNot, false) => JumpIfIs,
            (CmpOp::Is, false) | (CmpOp::IsNot, true) => JumpIfIsNot,
            (CmpOp::In | CmpOp::NotIn, _) => {
                let m = self.mark();
                let t = self.temp();
                self.emit(compare_op(op), t, l, r);
                self.emit_jump(if when { JumpIfTrue } else { JumpIfFalse }, t, 0, to);
                self.reset(m);
                return;
            }
        };
        self.emit_jump(jump, l, r, to);
    }

    /// `dst = left op right`.
    pub fn compare_one(
        &mut self,
        left: &'a Expr,
        op: CmpOp,
        right: &'a Expr,
        range: TextRange,
        dst: Reg,
    ) -> Res {
        let s = self.scratch_for(dst);
        let l = self.any_into(left, s, &[right])?;
        let r = self.comparand(op, right)?;
        self.set_pos(range);
        self.emit(compare_op(op), dst, l, r);
        Ok(())
    }

    pub fn compare_value(&mut self, c: &'a ExprCompare, dst: Reg) -> Res {
        if let ([op], [right]) = (&*c.ops, &*c.comparators) {
            return self.compare_one(&c.left, *op, right, c.range, dst);
        }
        let out = self.scratch_for(dst);
        let end = self.new_label();
        let n = c.ops.len();
        let mut operands = Operands::new(self, c);
        let mut left = operands.next(self, &c.left, 0)?;
        for (i, (op, right)) in c.ops.iter().zip(&*c.comparators).enumerate() {
            let r = if i + 1 < n { operands.next(self, right, i + 1)? } else { self.comparand(*op, right)? };
            self.set_pos(c.range);
            self.emit(compare_op(*op), out, left, r);
            if i + 1 < n {
                self.emit_jump(Op::JumpIfFalse, out, 0, end);
            }
            left = r;
        }
        self.bind(end);
        self.move_reg(dst, out);
        Ok(())
    }

    pub fn bool_value(&mut self, b: &'a ExprBoolOp, dst: Reg) -> Res {
        let Some((last, first)) = b.values.split_last() else { return Ok(()) };
        let out = self.scratch_for(dst);
        let end = self.new_label();
        let short = b.op == BoolOp::Or;
        for v in first {
            self.value_or_jump(v, out, b.range, short, end)?;
        }
        self.to(last, out)?;
        self.bind(end);
        self.move_reg(dst, out);
        Ok(())
    }

    /// Evaluates `e` into temporary `out` and jumps to `to` if its truth is `when`. The truth of each value is
    /// asked for once, also where `and` and `or` nest.
    fn value_or_jump(&mut self, e: &'a Expr, out: Reg, range: TextRange, when: bool, to: Label) -> Res {
        if let Expr::BoolOp(b) = e {
            return self.nested(|c| c.nested_value_or_jump(b, out, when, to));
        }
        if foldable_leaf(e)
            && let Some(c) = self.constant(e)
        {
            if fold::truth(&c) == when {
                self.set_pos(e.range());
                self.load_const(out, c);
                self.jump(to);
            }
            return Ok(());
        }
        self.to(e, out)?;
        self.set_pos(range);
        self.emit_jump(if when { Op::JumpIfTrue } else { Op::JumpIfFalse }, out, 0, to);
        Ok(())
    }

    fn nested_value_or_jump(&mut self, b: &'a ExprBoolOp, out: Reg, when: bool, to: Label) -> Res {
        let Some((last, first)) = b.values.split_last() else { return Ok(()) };
        let short = b.op == BoolOp::Or;
        let skip = self.new_label();
        for v in first {
            self.value_or_jump(v, out, b.range, short, if short == when { to } else { skip })?;
        }
        self.value_or_jump(last, out, b.range, when, to)?;
        self.bind(skip);
        Ok(())
    }
}

/// The registers of the operands of a chain of comparisons.
struct Operands<'a> {
    /// The last operand that may assign to a variable, and its place among those on the right.
    assigns: Option<(usize, &'a Expr)>,
    /// The two registers that the operands of a long chain take turns in, and the temporaries used by then.
    turns: Option<(Reg, u32)>,
}

impl<'a> Operands<'a> {
    /// The longest chain whose operands get a register each.
    const MAX_OWN: usize = 50;

    fn new(compiler: &mut Compiler<'a>, c: &'a ExprCompare) -> Operands<'a> {
        let assigns = c.comparators.iter().enumerate().rfind(|(_, e)| compiler.has_walrus_effect(e));
        let turns = (c.ops.len() > Operands::MAX_OWN).then(|| compiler.temps(2));
        Operands { assigns, turns: turns.map(|t| (t, compiler.mark())) }
    }

    /// Evaluates operand `i` of the chain. It stays until the one after the next is evaluated.
    fn next(&mut self, compiler: &mut Compiler<'a>, e: &'a Expr, i: usize) -> Res<Reg> {
        let Some((first, mark)) = self.turns else {
            return match self.assigns.filter(|a| a.0 >= i) {
                Some((_, later)) => compiler.any_before(e, &[later]),
                None => compiler.any(e),
            };
        };
        compiler.reset(mark);
        let r = first + (i % 2) as Reg;
        compiler.to(e, r)?;
        compiler.reset(mark);
        Ok(r)
    }
}

pub(crate) fn compare_op(op: CmpOp) -> Op {
    match op {
        CmpOp::Eq => Op::Eq,
        CmpOp::NotEq => Op::Ne,
        CmpOp::Lt => Op::Lt,
        CmpOp::LtE => Op::Le,
        CmpOp::Gt => Op::Gt,
        CmpOp::GtE => Op::Ge,
        CmpOp::Is => Op::Is,
        CmpOp::IsNot => Op::IsNot,
        CmpOp::In => Op::In,
        CmpOp::NotIn => Op::NotIn,
    }
}

fn int_jump(op: CmpOp, when: bool) -> Option<Op> {
    use Op::*;
    Some(match (op, when) {
        (CmpOp::Lt, true) => JumpIfLtInt,
        (CmpOp::LtE, true) => JumpIfLeInt,
        (CmpOp::Eq, true) => JumpIfEqInt,
        (CmpOp::NotEq, true) => JumpIfNeInt,
        (CmpOp::Gt, true) => JumpIfGtInt,
        (CmpOp::GtE, true) => JumpIfGeInt,
        (CmpOp::Lt, false) => JumpUnlessLtInt,
        (CmpOp::LtE, false) => JumpUnlessLeInt,
        (CmpOp::Eq, false) => JumpUnlessEqInt,
        (CmpOp::NotEq, false) => JumpUnlessNeInt,
        (CmpOp::Gt, false) => JumpUnlessGtInt,
        (CmpOp::GtE, false) => JumpUnlessGeInt,
        _ => return None,
    })
}
