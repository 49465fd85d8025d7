//! Functions of `math` on floats.

use crate::errors::{float_or, float_result, math_error};
use num_bigint::{BigInt, Sign};
use protocore::layouts::{FloatObj, IntRef};
use protocore::{Ctx, PyResult, Ty, Value};
use protopy_num::Int;
use protopy_num::int::{self, FloatToIntError};
use protopy_num::math::{self, MathError};
use protopy_vm::int_value;
use protopy_vm::names::N;
use protopy_vm::{call_special, float_of, keep_alive, protocore};

/// Functions of one float that always have a value.
macro_rules! total {
    ($($name:ident = $f:expr;)*) => {$(
        pub(crate) fn $name(cx: &mut Ctx, args: &[Value]) -> PyResult {
            let x = float_of(cx, args[0])?;
            Ok(cx.float($f(x)))
        }
    )*};
}

total! {
    asinh = math::asinh;
    atan = math::atan;
    cbrt = math::cbrt;
    degrees = math::degrees;
    erf = math::erf;
    erfc = math::erfc;
    fabs = f64::abs;
    radians = math::radians;
    tanh = math::tanh;
    ulp = math::ulp;
}

/// Functions of one float that may have no value.
macro_rules! partial {
    ($($name:ident;)*) => {$(
        pub(crate) fn $name(cx: &mut Ctx, args: &[Value]) -> PyResult {
            let x = float_of(cx, args[0])?;
            float_result(cx, math::$name(x), x)
        }
    )*};
}

partial! {
    acos; acosh; asin; atanh; cos; cosh; exp; exp2; expm1; gamma; lgamma; log1p; sin; sinh; sqrt; tan;
}

/// Functions of two floats that may have no value.
macro_rules! binary {
    ($($name:ident;)*) => {$(
        pub(crate) fn $name(cx: &mut Ctx, args: &[Value]) -> PyResult {
            let x = float_of(cx, args[0])?;
            let y = float_of(cx, args[1])?;
            float_result(cx, math::$name(x, y), x)
        }
    )*};
}

binary! {
    fmod; pow; remainder;
}

/// Questions about one float.
macro_rules! tests {
    ($($name:ident = $f:path;)*) => {$(
        pub(crate) fn $name(cx: &mut Ctx, args: &[Value]) -> PyResult {
            let x = float_of(cx, args[0])?;
            Ok(Value::bool($f(x)))
        }
    )*};
}

tests! {
    isfinite = f64::is_finite;
    isinf = f64::is_infinite;
    isnan = f64::is_nan;
}

pub(crate) fn atan2(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let y = float_of(cx, args[0])?;
    let x = float_of(cx, args[1])?;
    Ok(cx.float(math::atan2(y, x)))
}

pub(crate) fn copysign(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = float_of(cx, args[0])?;
    let y = float_of(cx, args[1])?;
    Ok(cx.float(math::copysign(x, y)))
}

pub(crate) fn fma(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = float_of(cx, args[0])?;
    let y = float_of(cx, args[1])?;
    let z = float_of(cx, args[2])?;
    match math::fma(x, y, z) {
        Ok(r) => Ok(cx.float(r)),
        Err(MathError::Range) => Err(cx.raise_str(Ty::OverflowError, "overflow in fma")),
        Err(_) => Err(cx.value_error("invalid operation in fma")),
    }
}

pub(crate) fn frexp(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = float_of(cx, args[0])?;
    let (m, e) = math::frexp(x);
    let pair = [cx.float(m), Value::small(i64::from(e))];
    cx.tuple_of(None, &pair)
}

pub(crate) fn ldexp(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = float_of(cx, args[0])?;
    let exp = match IntRef::of(args[1]) {
        Some(IntRef::Small(n)) => n,
        Some(IntRef::Big(b)) if b.sign() == Sign::Minus => i64::MIN,
        Some(IntRef::Big(_)) => i64::MAX,
        None => return Err(cx.type_error("Expected an int as second argument to ldexp.")),
    };
    float_result(cx, math::ldexp(x, exp), x)
}

pub(crate) fn modf(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = float_of(cx, args[0])?;
    let (fraction, whole) = math::modf(x);
    let pair = [cx.float(fraction), cx.float(whole)];
    cx.tuple_of(None, &pair)
}

pub(crate) fn nextafter(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = float_of(cx, args[0])?;
    let y = float_of(cx, args[1])?;
    if args[2].is_none() {
        return Ok(cx.float(math::nextafter(x, y)));
    }
    let steps = protopy_vm::index(cx, args[2])?;
    let steps = match IntRef::of(steps) {
        Some(n) if n.signum() < 0 => return Err(cx.value_error("steps must be a non-negative integer")),
        Some(IntRef::Small(n)) => n.unsigned_abs(),
        _ => u64::MAX,
    };
    Ok(cx.float(math::nextafter_steps(x, y, steps)))
}

pub(crate) fn isclose(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let a = float_of(cx, args[0])?;
    let b = float_of(cx, args[1])?;
    let rel_tol = float_or(cx, args[2], 1e-9)?;
    let abs_tol = float_or(cx, args[3], 0.0)?;
    if rel_tol < 0.0 || abs_tol < 0.0 {
        return Err(cx.value_error("tolerances must be non-negative"));
    }
    Ok(Value::bool(math::isclose(a, b, rel_tol, abs_tol)))
}

// ---------------------------------------------------------------------------------------------------- logarithms

type OnFloat = fn(f64) -> Result<f64, MathError>;
type OnBig = fn(&BigInt) -> Result<f64, MathError>;

/// A logarithm of a number; integers may be larger than any float.
#[inline]
fn logarithm(cx: &mut Ctx, v: Value, on_float: OnFloat, on_big: OnBig) -> PyResult<f64> {
    let (x, r) = match IntRef::of(v) {
        Some(n) if n.signum() <= 0 => return Err(cx.value_error("expected a positive input")),
        Some(IntRef::Small(n)) => (n as f64, on_float(n as f64)),
        Some(IntRef::Big(b)) => {
            let r = on_big(b);
            keep_alive(v);
            (f64::INFINITY, r)
        }
        None => {
            let x = float_of(cx, v)?;
            (x, on_float(x))
        }
    };
    match r {
        Ok(r) => Ok(r),
        Err(e) => Err(math_error(cx, e, x)),
    }
}

pub(crate) fn log(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = logarithm(cx, args[0], math::log, math::log_big)?;
    let Some(base) = args[1].bound() else { return Ok(cx.float(x)) };
    let base = logarithm(cx, base, math::log, math::log_big)?;
    if base == 0.0 {
        return Err(cx.raise_str(Ty::ZeroDivisionError, "division by zero"));
    }
    Ok(cx.float(x / base))
}

pub(crate) fn log2(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = logarithm(cx, args[0], math::log2, math::log2_big)?;
    Ok(cx.float(x))
}

pub(crate) fn log10(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = logarithm(cx, args[0], math::log10, math::log10_big)?;
    Ok(cx.float(x))
}

// ---------------------------------------------------------------------------------------------------- to integers

/// A rounded float as an int object.
fn rounded(cx: &mut Ctx, r: Result<Int, FloatToIntError>) -> PyResult {
    match r {
        Ok(n) => Ok(int_value(cx, n)),
        Err(FloatToIntError::Infinite) => {
            Err(cx.raise_str(Ty::OverflowError, "cannot convert float infinity to integer"))
        }
        Err(FloatToIntError::Nan) => Err(cx.value_error("cannot convert float NaN to integer")),
    }
}

/// Rounds an exact float at once, all else by its special method if it has one.
#[inline]
fn round_by(cx: &mut Ctx, v: Value, method: N, f: fn(f64) -> Result<Int, FloatToIntError>) -> PyResult {
    if v.is_small() {
        return Ok(v);
    }
    let x = match FloatObj::of(v) {
        Some(x) if cx.is_exact(v, Ty::Float) => x,
        _ => {
            if let Some(r) = call_special(cx, v, method, &[])? {
                return Ok(r);
            }
            float_of(cx, v)?
        }
    };
    rounded(cx, f(x))
}

pub(crate) fn floor(cx: &mut Ctx, args: &[Value]) -> PyResult {
    round_by(cx, args[0], N::Floor, int::floor_f64)
}

pub(crate) fn ceil(cx: &mut Ctx, args: &[Value]) -> PyResult {
    round_by(cx, args[0], N::Ceil, int::ceil_f64)
}

pub(crate) fn trunc(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let v = args[0];
    if v.is_small() {
        return Ok(v);
    }
    if cx.is_exact(v, Ty::Float)
        && let Some(x) = FloatObj::of(v)
    {
        return rounded(cx, int::trunc_f64(x));
    }
    match call_special(cx, v, N::Trunc, &[])? {
        Some(r) => Ok(r),
        None => {
            let msg = format!("type {} doesn't define __trunc__ method", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}
