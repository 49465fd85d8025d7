//! The operator slots of `float`.
//!
//! As in `int`, the case of two immediate floats comes first. An int operand is converted, which may raise OverflowError;
//! comparison with ints is exact and converts nothing.

use crate::numbers::common::{bad_receiver, compare_int_float, division_by_zero, real_operand};
use protocore::layouts::{FloatObj, IntRef};
use protocore::{CmpOp, Ctx, PyResult, Raised, Ty, Value};
use protopy_num::complex::{self, Complex, ComplexPowError};
use protopy_num::float::{self, PowError};
use protopy_vm::protocore;

/// Both operands as floats; `None` if one is no real number.
#[inline]
fn operands(cx: &mut Ctx, a: Value, b: Value) -> PyResult<Option<(f64, f64)>> {
    if let (Some(x), Some(y)) = (FloatObj::of(a), FloatObj::of(b)) {
        return Ok(Some((x, y)));
    }
    let Some(x) = real_operand(cx, a)? else { return Ok(None) };
    let Some(y) = real_operand(cx, b)? else { return Ok(None) };
    Ok(Some((x, y)))
}

/// Operators that always have a result.
macro_rules! total {
    ($($(#[$doc:meta])* $name:ident, $slow:ident = $op:tt;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
            match (a.as_imm_float(), b.as_imm_float()) {
                (Some(x), Some(y)) => Ok(cx.float(x $op y)),
                _ => $slow(cx, a, b),
            }
        }

        #[inline(never)]
        fn $slow(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
            match operands(cx, a, b)? {
                Some((x, y)) => Ok(cx.float(x $op y)),
                None => Ok(Value::NOT_IMPLEMENTED),
            }
        }
    )*};
}

total! {
    /// `a + b`
    float_add, add_slow = +;
    /// `a - b`
    float_sub, sub_slow = -;
    /// `a * b`
    float_mul, mul_slow = *;
}

/// `a / b`
#[inline]
pub fn float_truediv(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    // Zero is never an immediate.
    if let (Some(x), Some(y)) = (a.as_imm_float(), b.as_imm_float()) {
        return Ok(cx.float(x / y));
    }
    match operands(cx, a, b)? {
        Some((_, 0.0)) => Err(division_by_zero(cx)),
        Some((x, y)) => Ok(cx.float(x / y)),
        None => Ok(Value::NOT_IMPLEMENTED),
    }
}

/// Operators of floor division; `None` is a division by zero.
macro_rules! floored {
    ($($(#[$doc:meta])* $name:ident = $f:path;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
            let Some((x, y)) = operands(cx, a, b)? else { return Ok(Value::NOT_IMPLEMENTED) };
            match $f(x, y) {
                Some(r) => Ok(cx.float(r)),
                None => Err(division_by_zero(cx)),
            }
        }
    )*};
}

floored! {
    /// `a // b`
    float_floordiv = float::floor_div;
    /// `a % b`
    float_mod = float::floor_mod;
}

/// `divmod(a, b)`
pub fn float_divmod(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, y)) = operands(cx, a, b)? else { return Ok(Value::NOT_IMPLEMENTED) };
    match float::floor_divmod(x, y) {
        Some((q, r)) => {
            let pair = [cx.float(q), cx.float(r)];
            cx.tuple_of(None, &pair)
        }
        None => Err(division_by_zero(cx)),
    }
}

/// `pow(a, b, c)`
pub fn float_pow(cx: &mut Ctx, a: Value, b: Value, c: Value) -> PyResult {
    if !c.is_none() {
        return Err(cx.type_error("pow() 3rd argument not allowed unless all arguments are integers"));
    }
    match operands(cx, a, b)? {
        Some((x, y)) => power(cx, x, y),
        None => Ok(Value::NOT_IMPLEMENTED),
    }
}

/// `x ** y`, a complex number for a fractional power of a negative one.
pub fn power(cx: &mut Ctx, x: f64, y: f64) -> PyResult {
    match float::pow(x, y) {
        Ok(r) => Ok(cx.float(r)),
        Err(PowError::ZeroDivision) => Err(cx.raise_str(Ty::ZeroDivisionError, "zero to a negative power")),
        Err(PowError::Overflow) => Err(out_of_range(cx)),
        Err(PowError::Complex) => match complex::pow(Complex::new(x, 0.0), Complex::new(y, 0.0)) {
            Ok(z) => Ok(cx.complex(z.re, z.im)),
            Err(e) => Err(complex_power_error(cx, e)),
        },
    }
}

/// Raises what is wrong with a complex power.
#[cold]
pub fn complex_power_error(cx: &mut Ctx, e: ComplexPowError) -> Raised {
    match e {
        ComplexPowError::ZeroDivision => {
            cx.raise_str(Ty::ZeroDivisionError, "zero to a negative or complex power")
        }
        ComplexPowError::Overflow => cx.raise_str(Ty::OverflowError, "complex exponentiation"),
    }
}

/// The OverflowError of C's `ERANGE`, with number and text.
#[cold]
fn out_of_range(cx: &mut Ctx) -> Raised {
    let text = cx.str("Numerical result out of range");
    let ty = cx.ty(Ty::OverflowError);
    let e = cx.new_exception(ty, &[Value::small(34), text]);
    cx.set_raised(e)
}

/// The value of a float's own operand.
#[inline]
pub fn receiver(cx: &mut Ctx, v: Value) -> PyResult<f64> {
    match FloatObj::of(v) {
        Some(x) => Ok(x),
        None => Err(bad_receiver(cx, Ty::Float, v)),
    }
}

/// `-a`
#[inline]
pub fn float_neg(cx: &mut Ctx, a: Value) -> PyResult {
    let x = receiver(cx, a)?;
    Ok(cx.float(-x))
}

/// `abs(a)`
#[inline]
pub fn float_abs(cx: &mut Ctx, a: Value) -> PyResult {
    let x = receiver(cx, a)?;
    Ok(cx.float(x.abs()))
}

/// The number as an exact float: `+a`, `float(a)`, `a.real` and the like.
#[inline]
pub fn exact(cx: &mut Ctx, a: Value) -> PyResult {
    if a.is_imm_float() || cx.is_exact(a, Ty::Float) {
        return Ok(a);
    }
    let x = receiver(cx, a)?;
    Ok(cx.float(x))
}

/// `bool(a)`
pub fn float_bool(cx: &mut Ctx, a: Value) -> PyResult<bool> {
    Ok(receiver(cx, a)? != 0.0)
}

/// `hash(a)`; that of a NaN is its object's.
pub fn float_hash(cx: &mut Ctx, a: Value) -> PyResult<i64> {
    let x = receiver(cx, a)?;
    Ok(protopy_num::hash::hash_f64(x).unwrap_or_else(|| protopy_vm::hash_pointer(a)))
}

/// Comparison with a float or an int.
#[inline]
pub fn float_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let x = receiver(cx, a)?;
    let order = if let Some(y) = FloatObj::of(b) {
        x.partial_cmp(&y)
    } else if let Some(n) = IntRef::of(b) {
        compare_int_float(n, x).map(std::cmp::Ordering::reverse)
    } else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    // A NaN is unequal to everything and in no order with it.
    Ok(Value::bool(order.map_or(op == CmpOp::Ne, |o| op.holds(o))))
}
