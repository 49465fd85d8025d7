//! Expressions: evaluation to a wanted register, to any register, or for effect.

use super::{Compiler, Op, Reg, Var};
use crate::error::{Fault, Res};
use crate::fold;
use crate::names::Sym;
use protopy_bytecode::Const;
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

impl<'a> Compiler<'a> {
    /// The value of an expression that is a constant.
    pub fn constant(&mut self, e: &Expr) -> Option<Const> {
        match e {
            Expr::NumberLiteral(n) => self.number(n),
            Expr::StringLiteral(s) => Some(self.string_const(s)),
            Expr::BytesLiteral(b) => Some(Const::Bytes(b.value.bytes().collect())),
            Expr::BooleanLiteral(b) => Some(if b.value { Const::True } else { Const::False }),
            Expr::NoneLiteral(_) => Some(Const::None),
            Expr::EllipsisLiteral(_) => Some(Const::Ellipsis),
            Expr::IpyEscapeCommand(i) => self.locations.constant(i.range).cloned(),
            Expr::Name(n) if n.id.as_str() == "__debug__" => {
                Some(if self.options.optimize == 0 { Const::True } else { Const::False })
            }
            Expr::UnaryOp(u) => {
                let operand = self.constant(&u.operand)?;
                fold::unary(u.op, &operand)
            }
            Expr::BinOp(b) if foldable_leaf(&b.left) => self.constant_binop(b),
            Expr::Tuple(t) => {
                if !t.elts.iter().all(foldable_leaf) {
                    return None;
                }
                let items: Option<Vec<Const>> = t.elts.iter().map(|e| self.constant(e)).collect();
                Some(Const::Tuple(items?.into()))
            }
            Expr::Subscript(s) if foldable_leaf(&s.value) && foldable_leaf(&s.slice) => {
                let (object, index) = (self.constant(&s.value)?, self.constant(&s.slice)?);
                fold::subscript(&object, &index)
            }
            Expr::FString(f) => self.constant_fstring(f),
            _ => None,
        }
    }

    fn constant_binop(&mut self, b: &ExprBinOp) -> Option<Const> {
        let mut spine = vec![b];
        let mut left = &*b.left;
        while let Expr::BinOp(inner) = left {
            spine.push(inner);
            left = &inner.left;
        }
        let mut value = self.constant(left)?;
        for b in spine.into_iter().rev() {
            let right = self.constant(&b.right)?;
            value = fold::binary(b.op, &value, &right)?;
        }
        Some(value)
    }

    fn number(&mut self, n: &ExprNumberLiteral) -> Option<Const> {
        match &n.value {
            Number::Int(int) => match int.as_u64() {
                Some(small) => Some(fold::int_const(&num_bigint::BigInt::from(small))),
                None => crate::literals::big_int(&int.to_string()),
            },
            Number::Float(f) => Some(Const::Float(*f)),
            Number::Complex { real, imag } => Some(Const::Complex(*real, *imag)),
        }
    }

    /// Evaluates `e` to some register: a local variable's own, or a new temporary.
    pub fn any(&mut self, e: &'a Expr) -> Res<Reg> {
        match e {
            Expr::Name(n) => {
                if let Some((_, r)) = self.local_reg(n) {
                    self.set_pos(n.range);
                    self.check_bound(r);
                    return Ok(r);
                }
            }
            Expr::Named(n) => {
                if let Expr::Name(target) = &*n.target
                    && let Some((_, r)) = self.local_reg(target)
                {
                    self.to(&n.value, r)?;
                    self.u.bound.add(r);
                    return Ok(r);
                }
            }
            _ => {}
        }
        let t = self.temp();
        self.to(e, t)?;
        Ok(t)
    }

    /// As [`any`](Self::any), for a value used after `later` was evaluated.
    pub fn any_before(&mut self, e: &'a Expr, later: &[&Expr]) -> Res<Reg> {
        let target = match e {
            Expr::Name(n) => Some(n),
            Expr::Named(n) => n.target.as_name_expr(),
            _ => None,
        };
        let r = self.any(e)?;
        if let Some(n) = target
            && self.is_named(r)
            && later.iter().any(|l| self.has_walrus_effect(l))
        {
            let sym = self.mangled(&n.id);
            if self.is_walrus_target(sym) {
                let t = self.temp();
                self.move_reg(t, r);
                return Ok(t);
            }
        }
        Ok(r)
    }

    /// Raises if local `r` is unbound, unless it cannot be.
    pub fn check_bound(&mut self, r: Reg) {
        if self.is_named(r) && !self.u.bound.has(r) {
            self.emit(Op::CheckBound, r, 0, 0);
            self.u.bound.add(r);
        }
    }

    /// Evaluates `e` into a fresh temporary.
    pub fn in_temp(&mut self, e: &'a Expr) -> Res<Reg> {
        let t = self.temp();
        self.to(e, t)?;
        Ok(t)
    }

    /// Evaluates `e` for its effects.
    pub fn effect(&mut self, e: &'a Expr) -> Res {
        let m = self.mark();
        match e {
            Expr::NumberLiteral(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => {}
            Expr::BoolOp(b) => self.effect_bool(b)?,
            Expr::If(i) => {
                let (orelse, end) = (self.new_label(), self.new_label());
                self.cond(&i.test, false, orelse)?;
                self.effect(&i.body)?;
                self.jump(end);
                self.bind(orelse);
                self.effect(&i.orelse)?;
                self.bind(end);
            }
            _ => {
                self.any(e)?;
            }
        }
        self.reset(m);
        Ok(())
    }

    fn effect_bool(&mut self, b: &'a ExprBoolOp) -> Res {
        let end = self.new_label();
        let Some((last, first)) = b.values.split_last() else { return Ok(()) };
        for v in first {
            self.cond(v, b.op == BoolOp::Or, end)?;
        }
        self.effect(last)?;
        self.bind(end);
        Ok(())
    }

    /// Evaluates `e` into register `dst`.
    pub fn to(&mut self, e: &'a Expr, dst: Reg) -> Res {
        match e {
            Expr::Name(n) if n.id.as_str() != "__debug__" => {
                self.set_pos(n.range);
                let sym = self.mangled(&n.id);
                self.load_sym(sym, dst);
                Ok(())
            }
            Expr::NumberLiteral(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_)
            | Expr::Name(_) => {
                self.set_pos(e.range());
                match self.constant(e) {
                    Some(c) => self.load_const(dst, c),
                    None => return Err(Fault::syntax("invalid integer literal", e.range())),
                }
                Ok(())
            }
            _ => {
                let m = self.mark();
                let result = self.nested(|c| c.compound(e, dst));
                self.reset(m);
                result
            }
        }
    }

    fn compound(&mut self, e: &'a Expr, dst: Reg) -> Res {
        match e {
            Expr::UnaryOp(u) => self.unary(u, dst),
            Expr::BinOp(b) => self.binop(b, dst),
            Expr::BoolOp(b) => self.bool_value(b, dst),
            Expr::Compare(c) => self.compare_value(c, dst),
            Expr::Named(n) => self.named(n, dst),
            Expr::If(i) => self.if_value(i, dst),
            Expr::Call(c) => self.call(c, dst),
            Expr::Attribute(a) => self.attribute(a, dst),
            Expr::Subscript(s) => self.subscript(s, dst),
            Expr::Tuple(_) | Expr::List(_) | Expr::Set(_) | Expr::Dict(_) => self.display(e, dst),
            Expr::Lambda(l) => self.lambda(l, dst),
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.comprehension(e, dst)
            }
            Expr::Await(a) => self.await_expr(a, dst),
            Expr::Yield(y) => self.yield_expr(y, dst),
            Expr::YieldFrom(y) => self.yield_from(y, dst),
            Expr::FString(f) => self.fstring(f, dst),
            Expr::TString(t) => self.tstring(t, dst),
            Expr::Slice(s) => self.slice(s, dst),
            Expr::Starred(s) => Err(Fault::syntax("can't use starred expression here", s.range)),
            _ => Err(Fault::syntax("invalid syntax", e.range())),
        }
    }

    /// Loads the name `sym` into `dst`.
    pub fn load_sym(&mut self, sym: Sym, dst: Reg) {
        match self.resolve(sym) {
            Var::Local(r) => {
                self.check_bound(r);
                self.move_reg(dst, r);
            }
            Var::Deref(r) => self.emit(Op::LoadDeref, dst, r, 0),
            Var::ClassDeref(r) => {
                let n = self.name_index16(sym);
                self.emit(Op::LoadClassDeref, dst, r, n);
            }
            Var::DictDeref(r) => {
                let m = self.mark();
                let d = self.load_classdict();
                let n = self.name_index16(sym);
                let s = self.scratch_for(dst);
                self.emit(Op::Move, s, r, 0);
                self.emit(Op::LoadFromDictOrDeref, s, d, n);
                self.move_reg(dst, s);
                self.reset(m);
            }
            Var::DictGlobal => {
                let m = self.mark();
                let d = self.load_classdict();
                let n = self.name_index16(sym);
                self.emit(Op::LoadFromDictOrGlobals, dst, d, n);
                self.reset(m);
            }
            Var::Global => {
                let n = self.name_index(sym);
                self.emit_x(Op::LoadGlobal, dst, n);
            }
            Var::Name => {
                let n = self.name_index(sym);
                self.emit_x(Op::LoadName, dst, n);
            }
        }
    }

    fn load_classdict(&mut self) -> Reg {
        let t = self.temp();
        let sym = self.sym("__classdict__");
        self.load_sym(sym, t);
        t
    }

    fn unary(&mut self, u: &'a ExprUnaryOp, dst: Reg) -> Res {
        if let Some(c) = fold_unary(self, u) {
            self.set_pos(u.range);
            self.load_const(dst, c);
            return Ok(());
        }
        if u.op == UnaryOp::Not
            && let Expr::Compare(c) = &*u.operand
            && let ([op], [right]) = (&*c.ops, &*c.comparators)
            && let Some(op) = negated(*op)
        {
            return self.compare_one(&c.left, op, right, u.range, dst);
        }
        let r = self.any(&u.operand)?;
        let op = match u.op {
            UnaryOp::Not => Op::Not,
            UnaryOp::Invert => Op::Invert,
            UnaryOp::UAdd => Op::Pos,
            UnaryOp::USub => Op::Neg,
        };
        self.set_pos(u.range);
        self.emit(op, dst, r, 0);
        Ok(())
    }

    /// A chain of binary operators that leans to the left, from its innermost operand outwards.
    fn binop(&mut self, b: &'a ExprBinOp, dst: Reg) -> Res {
        let mut spine = vec![b];
        let mut left = &*b.left;
        while let Expr::BinOp(inner) = left {
            spine.push(inner);
            left = &inner.left;
        }
        let mut at = spine.len();
        let mut folded = if foldable_leaf(left) { self.constant(left) } else { None };
        while at > 0
            && let Some(value) = &folded
        {
            let Some(right) = (if foldable_leaf(&spine[at - 1].right) {
                self.constant(&spine[at - 1].right)
            } else {
                None
            }) else {
                break;
            };
            match fold::binary(spine[at - 1].op, value, &right) {
                Some(c) => folded = Some(c),
                None => break,
            }
            at -= 1;
        }
        let s = self.scratch_for(dst);
        let mut acc = match folded {
            Some(c) if at == 0 => {
                self.set_pos(b.range);
                self.load_const(dst, c);
                return Ok(());
            }
            Some(c) => {
                let range = spine.get(at).map_or(left.range(), |b| b.range);
                self.set_pos(range);
                self.load_const(s, c);
                s
            }
            None => self.any_into(left, s, &[&spine[at - 1].right])?,
        };
        for i in (0..at).rev() {
            let out = if i == 0 { dst } else { s };
            let m = self.mark();
            self.binary_step(spine[i], acc, out)?;
            self.reset(m);
            acc = out;
        }
        Ok(())
    }

    /// As [`any_before`](Self::any_before), with `s` as the temporary to use.
    pub fn any_into(&mut self, e: &'a Expr, s: Reg, later: &[&Expr]) -> Res<Reg> {
        if matches!(e, Expr::Name(_) | Expr::Named(_)) {
            return self.any_before(e, later);
        }
        self.to(e, s)?;
        Ok(s)
    }

    fn binary_step(&mut self, b: &'a ExprBinOp, left: Reg, out: Reg) -> Res {
        if let Some(n) = small_int(&b.right)
            && matches!(b.op, Operator::Add | Operator::Sub)
        {
            self.set_pos(b.range);
            let op = if b.op == Operator::Add { Op::AddInt } else { Op::SubInt };
            self.emit(op, out, left, n as u16);
            return Ok(());
        }
        let right = self.any(&b.right)?;
        self.set_pos(b.range);
        self.emit(binary_op(b.op), out, left, right);
        Ok(())
    }

    fn named(&mut self, n: &'a ExprNamed, dst: Reg) -> Res {
        let Expr::Name(target) = &*n.target else { return Err(Fault::syntax("invalid syntax", n.range)) };
        if let Some((_, r)) = self.local_reg(target) {
            self.to(&n.value, r)?;
            self.u.bound.add(r);
            self.set_pos(n.range);
            self.move_reg(dst, r);
            return Ok(());
        }
        let s = self.scratch_for(dst);
        self.to(&n.value, s)?;
        self.set_pos(target.range);
        let sym = self.mangled(&target.id);
        self.store_sym(sym, s);
        self.move_reg(dst, s);
        Ok(())
    }

    fn if_value(&mut self, i: &'a ExprIf, dst: Reg) -> Res {
        let (orelse, end) = (self.new_label(), self.new_label());
        self.cond(&i.test, false, orelse)?;
        self.to(&i.body, dst)?;
        self.jump(end);
        self.bind(orelse);
        self.to(&i.orelse, dst)?;
        self.bind(end);
        Ok(())
    }

    fn attribute(&mut self, a: &'a ExprAttribute, dst: Reg) -> Res {
        // A chain of attributes is a loop: no recursion in `a.b.c.d`.
        let mut spine = vec![a];
        let mut value = &*a.value;
        while let Expr::Attribute(inner) = value {
            if self.is_zero_arg_super(&inner.value) {
                break;
            }
            spine.push(inner);
            value = &inner.value;
        }
        if let Some(innermost) = spine.last()
            && self.is_zero_arg_super(&innermost.value)
        {
            let innermost = spine.pop().unwrap_or(a);
            let out = if spine.is_empty() { dst } else { self.scratch_for(dst) };
            self.super_attribute(innermost, out, false)?;
            return self.attribute_chain(&spine, out, dst);
        }
        let s = self.scratch_for(dst);
        let object = self.any_into(value, s, &[])?;
        self.attribute_chain(&spine, object, dst)
    }

    fn attribute_chain(&mut self, spine: &[&'a ExprAttribute], object: Reg, dst: Reg) -> Res {
        let mut object = object;
        let s = if spine.len() > 1 { self.scratch_for(dst) } else { dst };
        for (i, a) in spine.iter().enumerate().rev() {
            let out = if i == 0 { dst } else { s };
            self.attr_pos(a);
            self.load_attr(out, object, &a.attr.id);
            object = out;
        }
        Ok(())
    }

    /// `out = object.name`.
    pub fn load_attr(&mut self, out: Reg, object: Reg, name: &str) {
        let sym = self.mangled(name);
        match u16::try_from(self.name_index(sym)) {
            Ok(n) => self.emit(Op::LoadAttr, out, object, n),
            Err(_) => {
                let m = self.mark();
                let t = self.temp();
                let text = self.table.names.get_rc(sym);
                self.load_str(t, &text);
                self.emit(Op::LoadAttrDyn, out, object, t);
                self.reset(m);
            }
        }
    }

    /// Position of an attribute: its name's line, if the object spans others.
    pub fn attr_pos(&mut self, a: &ExprAttribute) {
        self.u.pos = self.attr_position(a, a.range);
    }

    pub fn attr_position(&self, a: &ExprAttribute, whole: TextRange) -> protopy_bytecode::Position {
        let mut p = self.position(whole);
        let attr = self.position(a.range);
        if p.line != attr.end_line {
            p.line = attr.end_line;
            let len = a.attr.id.chars().count() as u32;
            p.col = attr.end_col.saturating_sub(len);
            p.end_col = attr.end_col;
            p.end_line = p.end_line.max(p.line);
            if whole == a.range {
                p.end_line = p.line;
            }
        }
        p
    }

    fn subscript(&mut self, sub: &'a ExprSubscript, dst: Reg) -> Res {
        if let (true, true) = (foldable_leaf(&sub.value), foldable_leaf(&sub.slice))
            && let (Some(object), Some(index)) = (self.constant(&sub.value), self.constant(&sub.slice))
            && let Some(c) = fold::subscript(&object, &index)
        {
            self.set_pos(sub.range);
            self.load_const(dst, c);
            return Ok(());
        }
        let mut spine = vec![sub];
        let mut value = &*sub.value;
        while let Expr::Subscript(inner) = value {
            spine.push(inner);
            value = &inner.value;
        }
        let s = self.scratch_for(dst);
        let mut object = self.any_into(value, s, &[&spine[spine.len() - 1].slice])?;
        for (i, sub) in spine.iter().enumerate().rev() {
            let out = if i == 0 { dst } else { s };
            let m = self.mark();
            self.get_item(sub, object, out)?;
            self.reset(m);
            object = out;
        }
        Ok(())
    }

    fn get_item(&mut self, sub: &'a ExprSubscript, object: Reg, out: Reg) -> Res {
        if let Some(base) = self.slice_bounds(&sub.slice)? {
            self.set_pos(sub.range);
            self.emit(Op::GetSlice, out, object, base);
            return Ok(());
        }
        let index = self.index(&sub.slice)?;
        self.set_pos(sub.range);
        self.emit(Op::GetItem, out, object, index);
        Ok(())
    }

    /// The register of a subscript's index.
    pub fn index(&mut self, e: &'a Expr) -> Res<Reg> {
        self.any(e)
    }

    /// Evaluates a slice of two parts into two registers in a row, unless it is a constant or no slice.
    pub fn slice_bounds(&mut self, e: &'a Expr) -> Res<Option<Reg>> {
        let Expr::Slice(s) = e else { return Ok(None) };
        if s.step.is_some() || self.constant_slice(s).is_some() {
            return Ok(None);
        }
        let base = self.temps(2);
        for (i, part) in [&s.lower, &s.upper].into_iter().enumerate() {
            match part {
                Some(e) => self.to(e, base + i as Reg)?,
                None => {
                    self.set_pos(s.range);
                    self.load_none(base + i as Reg);
                }
            }
        }
        Ok(Some(base))
    }

    fn constant_slice(&mut self, s: &ExprSlice) -> Option<Const> {
        let mut parts = [Const::None, Const::None, Const::None];
        for (part, slot) in [&s.lower, &s.upper, &s.step].into_iter().zip(&mut parts) {
            if let Some(e) = part {
                if !foldable_leaf(e) {
                    return None;
                }
                *slot = self.constant(e)?;
            }
        }
        Some(Const::Slice(Box::new(parts)))
    }

    fn slice(&mut self, s: &'a ExprSlice, dst: Reg) -> Res {
        if let Some(c) = self.constant_slice(s) {
            self.set_pos(s.range);
            self.load_const(dst, c);
            return Ok(());
        }
        let n = if s.step.is_some() { 3 } else { 2 };
        let base = self.temps(n);
        for (i, part) in [&s.lower, &s.upper, &s.step].into_iter().take(n as usize).enumerate() {
            match part {
                Some(e) => self.to(e, base + i as Reg)?,
                None => {
                    self.set_pos(s.range);
                    self.load_none(base + i as Reg);
                }
            }
        }
        self.set_pos(s.range);
        self.emit(Op::BuildSlice, dst, base, n as u16);
        Ok(())
    }

    // ---- generators and coroutines

    fn yield_expr(&mut self, y: &'a ExprYield, dst: Reg) -> Res {
        let m = self.mark();
        let r = match &y.value {
            Some(v) => self.any(v)?,
            None => {
                let t = self.temp();
                self.set_pos(y.range);
                self.load_none(t);
                t
            }
        };
        self.set_pos(y.range);
        self.emit_yield(dst, r, m);
        Ok(())
    }

    /// Yields `r`; the value sent goes to `dst`. Temporaries from `mark` on were for the value alone: a suspended generator does not keep
    /// what it has yielded.
    pub fn emit_yield(&mut self, dst: Reg, r: Reg, mark: u32) {
        let mut r = r;
        if self.u.is_generator && self.u.is_coroutine {
            let t = self.temp();
            self.emit(Op::CallIntrinsic1, t, r, protopy_bytecode::Intrinsic1::AsyncGenWrap as u16);
            r = t;
        }
        let mut top = mark.min(u32::from(u16::MAX)) as u16;
        if top == dst + 1 && !self.is_named(dst) {
            top = dst;
        }
        self.emit(Op::Yield, dst, r, top);
    }

    fn yield_from(&mut self, y: &'a ExprYieldFrom, dst: Reg) -> Res {
        let r = self.any(&y.value)?;
        let base = self.temps(2);
        self.set_pos(y.range);
        self.emit(Op::GetYieldFromIter, base, r, 0);
        self.load_none(base + 1);
        self.emit(Op::YieldFrom, dst, base, base + 1);
        Ok(())
    }

    fn await_expr(&mut self, a: &'a ExprAwait, dst: Reg) -> Res {
        let r = self.any(&a.value)?;
        self.set_pos(a.range);
        self.emit_await(dst, r, 0);
        Ok(())
    }

    /// Awaits the awaitable `r`; `who` is the operand of `GetAwaitable`.
    pub fn emit_await(&mut self, dst: Reg, r: Reg, who: u16) {
        let m = self.mark();
        let base = self.temps(2);
        self.emit(Op::GetAwaitable, base, r, who);
        self.load_none(base + 1);
        self.emit(Op::YieldFrom, dst, base, base + 1);
        self.reset(m);
    }
}

fn fold_unary(c: &mut Compiler<'_>, u: &ExprUnaryOp) -> Option<Const> {
    if !foldable_leaf(&u.operand) {
        return None;
    }
    let operand = c.constant(&u.operand)?;
    fold::unary(u.op, &operand)
}

/// Whether the leftmost leaf of an expression is a literal: cheap test before folding.
pub(crate) fn foldable_leaf(e: &Expr) -> bool {
    let mut e = e;
    loop {
        match e {
            Expr::BinOp(b) => e = &b.left,
            Expr::UnaryOp(u) => e = &u.operand,
            Expr::Subscript(s) => e = &s.value,
            Expr::NumberLiteral(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_)
            | Expr::Tuple(_) => return true,
            Expr::Name(n) => return n.id.as_str() == "__debug__",
            _ => return false,
        }
    }
}

/// The value of an int literal that fits an operand.
pub(crate) fn small_int(e: &Expr) -> Option<i16> {
    match e {
        Expr::NumberLiteral(n) => match &n.value {
            Number::Int(i) => i.as_u64().and_then(|n| i16::try_from(n).ok()),
            _ => None,
        },
        Expr::UnaryOp(u) if u.op == UnaryOp::USub && u.operand.is_number_literal_expr() => {
            small_int(&u.operand).map(|n| -n)
        }
        _ => None,
    }
}

fn negated(op: CmpOp) -> Option<CmpOp> {
    match op {
        CmpOp::Is => Some(CmpOp::IsNot),
        CmpOp::IsNot => Some(CmpOp::Is),
        CmpOp::In => Some(CmpOp::NotIn),
        CmpOp::NotIn => Some(CmpOp::In),
        _ => None,
    }
}

pub(crate) fn binary_op(op: Operator) -> Op {
    match op {
        Operator::Add => Op::Add,
        Operator::Sub => Op::Sub,
        Operator::Mult => Op::Mul,
        Operator::MatMult => Op::MatMul,
        Operator::Div => Op::TrueDiv,
        Operator::Mod => Op::Mod,
        Operator::Pow => Op::Pow,
        Operator::LShift => Op::LShift,
        Operator::RShift => Op::RShift,
        Operator::BitOr => Op::Or,
        Operator::BitXor => Op::Xor,
        Operator::BitAnd => Op::And,
        Operator::FloorDiv => Op::FloorDiv,
    }
}

pub(crate) fn inplace_op(op: Operator) -> Op {
    match op {
        Operator::Add => Op::IAdd,
        Operator::Sub => Op::ISub,
        Operator::Mult => Op::IMul,
        Operator::MatMult => Op::IMatMul,
        Operator::Div => Op::ITrueDiv,
        Operator::Mod => Op::IMod,
        Operator::Pow => Op::IPow,
        Operator::LShift => Op::ILShift,
        Operator::RShift => Op::IRShift,
        Operator::BitOr => Op::IOr,
        Operator::BitXor => Op::IXor,
        Operator::BitAnd => Op::IAnd,
        Operator::FloorDiv => Op::IFloorDiv,
    }
}
