//! The operator slots of `int`.
//!
//! Each starts with the case of two immediate integers, which allocates nothing unless the result is too large for an
//! immediate, and leaves everything else to a function that is not inlined. No slot allocates an object between
//! looking at its operands and making its result, so borrowed big integers stay valid.

use crate::numbers::common::{big, compare_ints, division_by_zero, int_too_large, int_value, size_error};
use crate::numbers::float;
use num_bigint::{BigInt, Sign};
use protocore::layouts::IntRef;
use protocore::{CmpOp, Ctx, PyResult, Raised, Ty, Value};
use protopy_num::int::{self, MAX_BITS, ModPowError, TrueDivError};
use protopy_vm::protocore;

/// Both operands as integers, or the answer `NotImplemented`.
macro_rules! operands {
    ($a:expr, $b:expr) => {
        match (IntRef::of($a), IntRef::of($b)) {
            (Some(x), Some(y)) => (x, y),
            _ => return Ok(Value::NOT_IMPLEMENTED),
        }
    };
}

/// Bits of two operands together from which on a multiplication and what is harder are long.
const LONG: u64 = 1 << 16;

/// Computes with the big integers `all`, which may take long: collections of other threads do not wait for it then.
fn compute<R>(cx: &mut Ctx, all: [Value; 3], f: impl FnOnce() -> R) -> R {
    let bits = |v: &Value| match IntRef::of(*v) {
        Some(IntRef::Big(n)) => n.bits(),
        // An exponent or a factor: the power may be large.
        Some(IntRef::Small(n)) => n.unsigned_abs().min(LONG),
        None => 0,
    };
    if all.iter().map(bits).fold(0, u64::saturating_add) < LONG {
        return f();
    }
    let r = cx.blocking(f);
    all.into_iter().for_each(protopy_vm::keep_alive);
    r
}

/// `a + b`
#[inline]
pub fn int_add(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    match (a.as_small(), b.as_small()) {
        // Immediates have 63 bits: the sum fits 64.
        (Some(x), Some(y)) => Ok(cx.int(x + y)),
        _ => add_slow(cx, a, b),
    }
}

#[inline(never)]
fn add_slow(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let r = match operands!(a, b) {
        (IntRef::Small(x), IntRef::Small(y)) => match x.checked_add(y) {
            Some(n) => return Ok(cx.int(n)),
            None => BigInt::from(i128::from(x) + i128::from(y)),
        },
        (IntRef::Big(x), IntRef::Small(y)) => x + y,
        (IntRef::Small(x), IntRef::Big(y)) => y + x,
        (IntRef::Big(x), IntRef::Big(y)) => x + y,
    };
    Ok(cx.bigint(r))
}

/// `a - b`
#[inline]
pub fn int_sub(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    match (a.as_small(), b.as_small()) {
        (Some(x), Some(y)) => Ok(cx.int(x - y)),
        _ => sub_slow(cx, a, b),
    }
}

#[inline(never)]
fn sub_slow(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let r = match operands!(a, b) {
        (IntRef::Small(x), IntRef::Small(y)) => match x.checked_sub(y) {
            Some(n) => return Ok(cx.int(n)),
            None => BigInt::from(i128::from(x) - i128::from(y)),
        },
        (IntRef::Big(x), IntRef::Small(y)) => x - y,
        (IntRef::Small(x), IntRef::Big(y)) => x - y,
        (IntRef::Big(x), IntRef::Big(y)) => x - y,
    };
    Ok(cx.bigint(r))
}

/// `a * b`
#[inline]
pub fn int_mul(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if let (Some(x), Some(y)) = (a.as_small(), b.as_small())
        && let Some(n) = x.checked_mul(y)
    {
        return Ok(cx.int(n));
    }
    mul_slow(cx, a, b)
}

#[inline(never)]
fn mul_slow(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let r = match operands!(a, b) {
        (IntRef::Small(x), IntRef::Small(y)) => match x.checked_mul(y) {
            Some(n) => return Ok(cx.int(n)),
            None => BigInt::from(i128::from(x) * i128::from(y)),
        },
        (IntRef::Big(x), IntRef::Small(y)) => x * y,
        (IntRef::Small(x), IntRef::Big(y)) => y * x,
        (IntRef::Big(x), IntRef::Big(y)) => {
            if x.bits().saturating_add(y.bits()) > MAX_BITS {
                return Err(cx.no_memory());
            }
            compute(cx, [a, b, Value::NONE], || x * y)
        }
    };
    Ok(cx.bigint(r))
}

/// `a // b`
#[inline]
pub fn int_floordiv(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if let (Some(x), Some(y)) = (a.as_small(), b.as_small())
        && let Some(q) = int::floor_div_i64(x, y)
    {
        return Ok(cx.int(q));
    }
    let (x, y) = operands!(a, b);
    match compute(cx, [a, b, Value::NONE], || int::floor_div(&big(x), &big(y))) {
        Some(q) => Ok(cx.bigint(q)),
        None => Err(division_by_zero(cx)),
    }
}

/// `a % b`
#[inline]
pub fn int_mod(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if let (Some(x), Some(y)) = (a.as_small(), b.as_small())
        && let Some(r) = int::floor_mod_i64(x, y)
    {
        return Ok(cx.int(r));
    }
    let (x, y) = operands!(a, b);
    match compute(cx, [a, b, Value::NONE], || int::floor_mod(&big(x), &big(y))) {
        Some(r) => Ok(cx.bigint(r)),
        None => Err(division_by_zero(cx)),
    }
}

/// `divmod(a, b)`
pub fn int_divmod(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (x, y) = operands!(a, b);
    if let (IntRef::Small(x), IntRef::Small(y)) = (x, y)
        && let Some((q, r)) = int::floor_divmod_i64(x, y)
    {
        let pair = [cx.int(q), cx.int(r)];
        return cx.tuple_of(None, &pair);
    }
    match compute(cx, [a, b, Value::NONE], || int::floor_divmod(&big(x), &big(y))) {
        Some((q, r)) => {
            let pair = [cx.bigint(q), cx.bigint(r)];
            cx.tuple_of(None, &pair)
        }
        None => Err(division_by_zero(cx)),
    }
}

/// `a / b`
#[inline]
pub fn int_truediv(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if let (Some(x), Some(y)) = (a.as_small(), b.as_small())
        && let Some(q) = int::true_div_i64(x, y)
    {
        return Ok(cx.float(q));
    }
    let (x, y) = operands!(a, b);
    match int::true_div(&big(x), &big(y)) {
        Ok(q) => Ok(cx.float(q)),
        Err(TrueDivError::ZeroDivision) => Err(division_by_zero(cx)),
        Err(TrueDivError::Overflow) => {
            Err(cx.raise_str(Ty::OverflowError, "integer division result too large for a float"))
        }
    }
}

/// `pow(a, b, c)`
pub fn int_pow(cx: &mut Ctx, a: Value, b: Value, c: Value) -> PyResult {
    let (x, y) = operands!(a, b);
    if !c.is_none() {
        let Some(z) = IntRef::of(c) else { return Ok(Value::NOT_IMPLEMENTED) };
        let all = [a, b, c];
        return modular_power(cx, all, (x, y, z));
    }
    if y.signum() < 0 {
        let as_float = |n: IntRef| match n {
            IntRef::Small(n) => Some(n as f64),
            IntRef::Big(b) => int::to_f64(b),
        };
        return match (as_float(x), as_float(y)) {
            (Some(x), Some(y)) => float::power(cx, x, y),
            _ => Err(int_too_large(cx)),
        };
    }
    let power = match (x, y) {
        (IntRef::Small(x), IntRef::Small(y)) if y < 4096 => int::pow_i64(x, y.unsigned_abs()),
        (IntRef::Small(x), IntRef::Small(y)) => {
            compute(cx, [Value::small(LONG as i64), a, b], || int::pow_i64(x, y.unsigned_abs()))
        }
        _ => compute(cx, [a, b, Value::NONE], || int::pow(&big(x), big(y).magnitude()).map(Into::into)),
    };
    match power {
        Ok(n) => Ok(int_value(cx, n)),
        Err(e) => Err(size_error(cx, e)),
    }
}

fn modular_power(cx: &mut Ctx, all: [Value; 3], (x, y, z): (IntRef, IntRef, IntRef)) -> PyResult {
    let power = match (x, y, z) {
        (IntRef::Small(x), IntRef::Small(y), IntRef::Small(z)) => int::mod_pow_i64(x, y, z).map(Into::into),
        _ => compute(cx, all, || int::mod_pow(&big(x), &big(y), &big(z)).map(Into::into)),
    };
    match power {
        Ok(n) => Ok(int_value(cx, n)),
        Err(ModPowError::ZeroModulus) => Err(cx.value_error("pow() 3rd argument cannot be 0")),
        Err(ModPowError::NotInvertible) => {
            Err(cx.value_error("base is not invertible for the given modulus"))
        }
    }
}

#[cold]
fn negative_shift(cx: &mut Ctx) -> Raised {
    cx.value_error("negative shift count")
}

/// A shift count, `None` if it is negative.
#[inline]
fn shift_count(n: IntRef) -> Option<u64> {
    match n {
        IntRef::Small(n) => u64::try_from(n).ok(),
        IntRef::Big(b) => int::shift_count(b),
    }
}

/// `a << b`
#[inline]
pub fn int_lshift(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (x, y) = operands!(a, b);
    let Some(count) = shift_count(y) else { return Err(negative_shift(cx)) };
    let shifted = match x {
        IntRef::Small(0) => return Ok(Value::small(0)),
        IntRef::Small(x) => int::shl_i64(x, count),
        IntRef::Big(x) => int::shl(x, count).map(Into::into),
    };
    match shifted {
        Ok(n) => Ok(int_value(cx, n)),
        Err(e) => Err(size_error(cx, e)),
    }
}

/// `a >> b`
#[inline]
pub fn int_rshift(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (x, y) = operands!(a, b);
    let Some(count) = shift_count(y) else { return Err(negative_shift(cx)) };
    Ok(match x {
        IntRef::Small(x) => cx.int(int::shr_i64(x, count)),
        IntRef::Big(x) => cx.bigint(int::shr(x, count)),
    })
}

/// Bit operations: on machine words as the hardware does, on big integers as if sign bits went on forever.
macro_rules! bitwise {
    ($($(#[$doc:meta])* $name:ident = $op:tt, $on_big:path;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
            match operands!(a, b) {
                (IntRef::Small(x), IntRef::Small(y)) => Ok(cx.int(x $op y)),
                (x, y) => {
                    let r = $on_big(&big(x), &big(y));
                    Ok(cx.bigint(r))
                }
            }
        }
    )*};
}

bitwise! {
    /// `a & b`
    int_and = &, int::bit_and;
    /// `a | b`
    int_or = |, int::bit_or;
    /// `a ^ b`
    int_xor = ^, int::bit_xor;
}

/// The value of an int's own operand.
macro_rules! receiver {
    ($cx:ident, $v:expr) => {
        match IntRef::of($v) {
            Some(n) => n,
            None => return Err($crate::numbers::common::bad_receiver($cx, Ty::Int, $v)),
        }
    };
}
pub(super) use receiver;

/// `-a`
#[inline]
pub fn int_neg(cx: &mut Ctx, a: Value) -> PyResult {
    Ok(match receiver!(cx, a) {
        IntRef::Small(n) => match n.checked_neg() {
            Some(n) => cx.int(n),
            None => cx.bigint(-BigInt::from(n)),
        },
        IntRef::Big(b) => cx.bigint(-b),
    })
}

/// `abs(a)`
#[inline]
pub fn int_abs(cx: &mut Ctx, a: Value) -> PyResult {
    match receiver!(cx, a) {
        IntRef::Small(n) if n < 0 => int_neg(cx, a),
        IntRef::Big(b) if b.sign() == Sign::Minus => int_neg(cx, a),
        _ => exact(cx, a),
    }
}

/// `~a`
#[inline]
pub fn int_invert(cx: &mut Ctx, a: Value) -> PyResult {
    Ok(match receiver!(cx, a) {
        IntRef::Small(n) => cx.int(!n),
        IntRef::Big(b) => cx.bigint(int::bit_not(b)),
    })
}

/// The number as an exact int: `+a`, `int(a)`, `a.real` and the like.
#[inline]
pub fn exact(cx: &mut Ctx, a: Value) -> PyResult {
    if a.is_small() || cx.is_exact(a, Ty::Int) {
        return Ok(a);
    }
    Ok(match receiver!(cx, a) {
        IntRef::Small(n) => cx.int(n),
        IntRef::Big(b) => cx.bigint(b.clone()),
    })
}

/// `float(a)`
pub fn int_float(cx: &mut Ctx, a: Value) -> PyResult {
    match receiver!(cx, a) {
        IntRef::Small(n) => Ok(cx.float(n as f64)),
        IntRef::Big(b) => match int::to_f64(b) {
            Some(x) => Ok(cx.float(x)),
            None => Err(int_too_large(cx)),
        },
    }
}

/// `bool(a)`
pub fn int_bool(cx: &mut Ctx, a: Value) -> PyResult<bool> {
    Ok(receiver!(cx, a).signum() != 0)
}

/// `hash(a)`
pub fn int_hash(cx: &mut Ctx, a: Value) -> PyResult<i64> {
    Ok(match receiver!(cx, a) {
        IntRef::Small(n) => protopy_num::hash::hash_i64(n),
        IntRef::Big(b) => protopy_num::hash::hash_int(b),
    })
}

/// Comparison with another int.
#[inline]
pub fn int_compare(_cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (x, y) = operands!(a, b);
    Ok(Value::bool(op.holds(compare_ints(x, y))))
}
