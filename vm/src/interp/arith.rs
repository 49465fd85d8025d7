//! Handlers of arithmetic, of truth, and of comparisons, alone and fused with a jump.

#![allow(non_snake_case, clippy::missing_safety_doc)]

use super::state::out_of_line;
use super::{Next, S, slow};
use crate::ops::BinOp;
use protocore::{CmpOp, Value};

#[inline(always)]
fn both_small(a: Value, b: Value) -> bool {
    a.bits() & b.bits() & 1 == 1
}

#[inline(always)]
fn both_float(a: Value, b: Value) -> bool {
    a.is_imm_float() && b.is_imm_float()
}

#[inline(always)]
fn small_add(a: Value, b: Value) -> Option<Value> {
    let sum = (a.bits() as i64).checked_add((b.bits() as i64) - 1)?;
    // SAFETY: tag arithmetic: (2x+1) + (2y+1) - 1 = 2(x+y)+1.
    Some(unsafe { Value::from_bits(sum as u64) })
}

#[inline(always)]
fn small_sub(a: Value, b: Value) -> Option<Value> {
    let d = (a.bits() as i64).checked_sub(b.bits() as i64 - 1)?;
    // SAFETY: (2x+1) - (2y+1) + 1 = 2(x-y)+1.
    Some(unsafe { Value::from_bits(d as u64) })
}

#[inline(always)]
fn small_mul(a: Value, b: Value) -> Option<Value> {
    let p = (a.bits() as i64 - 1).checked_mul(b.bits() as i64 >> 1)?;
    // SAFETY: 2x * y + 1.
    Some(unsafe { Value::from_bits(p as u64 | 1) })
}

macro_rules! arith {
    ($($name:ident, $small:path, $fop:tt, $slow:path, $caches:literal;)*) => {
        $(
            #[inline(always)]
            pub(super) unsafe fn $name(s: S) -> Next {
                // SAFETY: see `S`.
                unsafe {
                    let (a, b) = (s.r(s.w.b()), s.r(s.w.c()));
                    if both_small(a, b) {
                        if let Some(v) = $small(a, b) {
                            s.set(s.w.a(), v);
                            return s.next($caches);
                        }
                    } else if both_float(a, b)
                        && let (Some(x), Some(y)) = (a.as_imm_float(), b.as_imm_float())
                        && let Some(v) = Value::try_float(x $fop y)
                    {
                        s.set(s.w.a(), v);
                        return s.next($caches);
                    }
                    s.cold(|s| out_of_line(s, $slow, $caches))
                }
            }
        )*
    };
}

arith! {
    Add, small_add, +, slow::add, 1;
    Sub, small_sub, -, slow::sub, 1;
    Mul, small_mul, *, slow::mul, 1;
    IAdd, small_add, +, slow::iadd, 1;
    ISub, small_sub, -, slow::isub, 1;
    IMul, small_mul, *, slow::imul, 1;
}

macro_rules! true_div {
    ($($name:ident, $slow:path;)*) => {
        $(
            #[inline(always)]
            pub(super) unsafe fn $name(s: S) -> Next {
                // SAFETY: see `S`.
                unsafe {
                    let (a, b) = (s.r(s.w.b()), s.r(s.w.c()));
                    if both_float(a, b)
                        && let (Some(x), Some(y)) = (a.as_imm_float(), b.as_imm_float())
                        && let Some(v) = Value::try_float(x / y)
                    {
                        s.set(s.w.a(), v);
                        return s.next(0);
                    }
                    s.cold(|s| out_of_line(s, $slow, 0))
                }
            }
        )*
    };
}

true_div! {
    TrueDiv, slow::true_div;
    ITrueDiv, slow::itrue_div;
}

macro_rules! int_ops {
    ($($name:ident, $slow:path, |$x:ident, $y:ident| $body:expr;)*) => {
        $(
            #[inline(always)]
            pub(super) unsafe fn $name(s: S) -> Next {
                // SAFETY: see `S`.
                unsafe {
                    let (a, b) = (s.r(s.w.b()), s.r(s.w.c()));
                    if both_small(a, b) {
                        let ($x, $y) = (a.bits() as i64 >> 1, b.bits() as i64 >> 1);
                        let v: Option<Value> = $body;
                        if let Some(v) = v {
                            s.set(s.w.a(), v);
                            return s.next(0);
                        }
                    }
                    s.cold(|s| out_of_line(s, $slow, 0))
                }
            }
        )*
    };
}

#[inline(always)]
fn floor_div(x: i64, y: i64) -> Option<Value> {
    if y == 0 || y == -1 {
        return None;
    }
    let q = x / y;
    Some(Value::small(if (x % y != 0) && ((x < 0) != (y < 0)) { q - 1 } else { q }))
}

#[inline(always)]
fn floor_mod(x: i64, y: i64) -> Option<Value> {
    if y == 0 || y == -1 {
        return None;
    }
    let r = x % y;
    Some(Value::small(if r != 0 && ((r < 0) != (y < 0)) { r + y } else { r }))
}

int_ops! {
    FloorDiv, slow::floor_div, |x, y| floor_div(x, y);
    Mod, slow::modulo, |x, y| floor_mod(x, y);
    And, slow::and, |x, y| Some(Value::small(x & y));
    Or, slow::or, |x, y| Some(Value::small(x | y));
    Xor, slow::xor, |x, y| Some(Value::small(x ^ y));
    IFloorDiv, slow::ifloor_div, |x, y| floor_div(x, y);
    IMod, slow::imodulo, |x, y| floor_mod(x, y);
    IAnd, slow::iand, |x, y| Some(Value::small(x & y));
    IOr, slow::ior, |x, y| Some(Value::small(x | y));
    IXor, slow::ixor, |x, y| Some(Value::small(x ^ y));
}

macro_rules! immediate {
    ($($name:ident, $small:path, $fop:tt, $slow:path, $op:expr;)*) => {
        $(
            #[inline(always)]
            pub(super) unsafe fn $name(s: S) -> Next {
                // SAFETY: see `S`.
                unsafe {
                    let a = s.r(s.w.b());
                    let imm = i64::from(s.w.c() as i16);
                    if a.is_small() {
                        if let Some(v) = $small(a, Value::small(imm)) {
                            s.set(s.w.a(), v);
                            return s.next(0);
                        }
                    } else if let Some(x) = a.as_imm_float()
                        && let Some(v) = Value::try_float(x $fop imm as f64)
                    {
                        s.set(s.w.a(), v);
                        return s.next(0);
                    }
                    s.cold(|s| {
                        s.save();
                        let imm = Value::small(i64::from(s.w.c() as i16));
                        let r = $slow(s.cx(), $op, s.r(s.w.b()), imm);
                        s.put(s.w.a(), r, 0)
                    })
                }
            }
        )*
    };
}

immediate! {
    AddInt, small_add, +, slow::binary, BinOp::Add;
    SubInt, small_sub, -, slow::binary, BinOp::Sub;
    IAddInt, small_add, +, slow::inplace, BinOp::Add;
    ISubInt, small_sub, -, slow::inplace, BinOp::Sub;
}

#[inline(always)]
pub(super) unsafe fn Neg(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let a = s.r(s.w.b());
        if let Some(v) = a.as_small().and_then(|n| Value::try_small(-n)) {
            s.set(s.w.a(), v);
            return s.next(0);
        }
        if let Some(v) = a.as_imm_float().and_then(|f| Value::try_float(-f)) {
            s.set(s.w.a(), v);
            return s.next(0);
        }
        s.cold(|s| out_of_line(s, slow::neg, 0))
    }
}

/// Truth where it needs no code: small ints, booleans, None.
#[inline(always)]
pub(super) fn known_truth(v: Value) -> Option<bool> {
    if v.is_bool() {
        Some(v.is(Value::TRUE))
    } else if v.is_small() {
        Some(v.bits() != 1)
    } else if v.is_none() {
        Some(false)
    } else {
        None
    }
}

#[inline(always)]
pub(super) unsafe fn Not(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        match known_truth(s.r(s.w.b())) {
            Some(t) => {
                s.set(s.w.a(), Value::bool(!t));
                s.next(0)
            }
            None => s.cold(|s| out_of_line(s, slow::not, 0)),
        }
    }
}

#[inline(always)]
pub(super) unsafe fn ToBool(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        match known_truth(s.r(s.w.b())) {
            Some(t) => {
                s.set(s.w.a(), Value::bool(t));
                s.next(0)
            }
            None => s.cold(|s| out_of_line(s, slow::to_bool, 0)),
        }
    }
}

#[inline(always)]
fn int_cmp(a: i64, b: i64, op: CmpOp) -> bool {
    match op {
        CmpOp::Lt => a < b,
        CmpOp::Le => a <= b,
        CmpOp::Eq => a == b,
        CmpOp::Ne => a != b,
        CmpOp::Gt => a > b,
        CmpOp::Ge => a >= b,
    }
}

#[inline(always)]
fn float_cmp(a: f64, b: f64, op: CmpOp) -> bool {
    match op {
        CmpOp::Lt => a < b,
        CmpOp::Le => a <= b,
        CmpOp::Eq => a == b,
        CmpOp::Ne => a != b,
        CmpOp::Gt => a > b,
        CmpOp::Ge => a >= b,
    }
}

/// Comparison where it needs no code.
#[inline(always)]
fn known_cmp(a: Value, b: Value, op: CmpOp) -> Option<bool> {
    if both_small(a, b) {
        // Equal tags: the order of the words is the order of the numbers.
        return Some(int_cmp(a.bits() as i64, b.bits() as i64, op));
    }
    if both_float(a, b)
        && let (Some(x), Some(y)) = (a.as_imm_float(), b.as_imm_float())
    {
        return Some(float_cmp(x, y, op));
    }
    None
}

macro_rules! comparisons {
    ($($name:ident, $jump_if:ident, $jump_unless:ident, $int_if:ident, $int_unless:ident, $op:expr;)*) => {
        $(
            #[inline(always)]
            pub(super) unsafe fn $name(s: S) -> Next {
                // SAFETY: see `S`.
                unsafe {
                    let (a, b) = (s.r(s.w.b()), s.r(s.w.c()));
                    if let Some(t) = known_cmp(a, b, $op) {
                        s.set(s.w.a(), Value::bool(t));
                        return s.next(0);
                    }
                    s.cold(|s| {
                        s.save();
                        let r = slow::compare(s.cx(), s.r(s.w.b()), s.r(s.w.c()), $op);
                        s.put(s.w.a(), r, 0)
                    })
                }
            }

            #[inline(always)]
            pub(super) unsafe fn $jump_if(s: S) -> Next {
                // SAFETY: see `S`.
                unsafe { compare_jump::<{ $op as u8 }, true, false>(s) }
            }

            #[inline(always)]
            pub(super) unsafe fn $jump_unless(s: S) -> Next {
                // SAFETY: see `S`.
                unsafe { compare_jump::<{ $op as u8 }, false, false>(s) }
            }

            #[inline(always)]
            pub(super) unsafe fn $int_if(s: S) -> Next {
                // SAFETY: see `S`.
                unsafe { compare_jump::<{ $op as u8 }, true, true>(s) }
            }

            #[inline(always)]
            pub(super) unsafe fn $int_unless(s: S) -> Next {
                // SAFETY: see `S`.
                unsafe { compare_jump::<{ $op as u8 }, false, true>(s) }
            }
        )*
    };
}

/// The comparison whose number is a constant parameter.
#[inline(always)]
const fn cmp_op(op: u8) -> CmpOp {
    const OPS: [CmpOp; 6] = [CmpOp::Lt, CmpOp::Le, CmpOp::Eq, CmpOp::Ne, CmpOp::Gt, CmpOp::Ge];
    OPS[op as usize]
}

const _: () = {
    let mut i = 0;
    while i < 6 {
        assert!(cmp_op(i) as u8 == i);
        i += 1;
    }
};

/// What a fused comparison compares: two registers, or one and an immediate.
#[inline(always)]
unsafe fn compared<const IMMEDIATE: bool>(s: S) -> (Value, Value) {
    // SAFETY: see `S`.
    unsafe {
        let b = if IMMEDIATE { Value::small(i64::from(s.w.b() as i16)) } else { s.r(s.w.b()) };
        (s.r(s.w.a()), b)
    }
}

/// Jumps if the comparison has the outcome `SENSE`.
#[inline(always)]
unsafe fn compare_jump<const OP: u8, const SENSE: bool, const IMMEDIATE: bool>(s: S) -> Next {
    // SAFETY: see `S`.
    unsafe {
        let (a, b) = compared::<IMMEDIATE>(s);
        match known_cmp(a, b, cmp_op(OP)) {
            Some(t) if t == SENSE => s.jump(0, isize::from(s.w.c() as i16)),
            Some(_) => s.next(0),
            None => s.cold(|s| {
                s.save();
                let (a, b) = compared::<IMMEDIATE>(s);
                match slow::compare_truth(s.cx(), a, b, cmp_op(OP)) {
                    Ok(t) if t == SENSE => s.jump(0, isize::from(s.w.c() as i16)),
                    Ok(_) => s.next(0),
                    Err(_) => s.raise(),
                }
            }),
        }
    }
}

comparisons! {
    Lt, JumpIfLt, JumpUnlessLt, JumpIfLtInt, JumpUnlessLtInt, CmpOp::Lt;
    Le, JumpIfLe, JumpUnlessLe, JumpIfLeInt, JumpUnlessLeInt, CmpOp::Le;
    Eq, JumpIfEq, JumpUnlessEq, JumpIfEqInt, JumpUnlessEqInt, CmpOp::Eq;
    Ne, JumpIfNe, JumpUnlessNe, JumpIfNeInt, JumpUnlessNeInt, CmpOp::Ne;
    Gt, JumpIfGt, JumpUnlessGt, JumpIfGtInt, JumpUnlessGtInt, CmpOp::Gt;
    Ge, JumpIfGe, JumpUnlessGe, JumpIfGeInt, JumpUnlessGeInt, CmpOp::Ge;
}
