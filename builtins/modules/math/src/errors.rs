//! Errors and conversions that the modules share.

use protocore::layouts::IntRef;
use protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_num::math::MathError;
use protopy_vm::protocore;

/// Raises what a function of `math` or `cmath` says of its argument.
#[cold]
pub fn math_error(cx: &mut Ctx, e: MathError, x: f64) -> Raised {
    match e {
        MathError::Domain => cx.value_error("math domain error"),
        MathError::Expected(what) => {
            let msg = format!("expected {what}, got {}", protopy_num::float::repr(x));
            cx.value_error(&msg)
        }
        MathError::Range => cx.raise_str(Ty::OverflowError, "math range error"),
    }
}

/// A float result or its error.
#[inline]
pub fn float_result(cx: &mut Ctx, r: Result<f64, MathError>, x: f64) -> PyResult {
    match r {
        Ok(r) => Ok(cx.float(r)),
        Err(e) => Err(math_error(cx, e, x)),
    }
}

/// `operator.index(v)`: the object, which keeps the value alive, and the value.
#[inline]
pub fn index_ref(cx: &mut Ctx, v: Value) -> PyResult<(Value, IntRef)> {
    let n = protopy_vm::index(cx, v)?;
    Ok((n, IntRef::of(n).unwrap_or(IntRef::Small(0))))
}

/// A float argument with a default for an omitted one.
pub fn float_or(cx: &mut Ctx, v: Value, default: f64) -> PyResult<f64> {
    match v.bound() {
        Some(v) => protopy_vm::float_of(cx, v),
        None => Ok(default),
    }
}
