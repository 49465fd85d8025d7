//! The module `cmath`.

use crate::errors::{float_or, math_error};
use protocore::layouts::MethodDef;
use protocore::{Ctx, PyResult, Value};
use protopy_num::Complex;
use protopy_num::cmath::{self, CmathResult};
use protopy_num::math::MathError;
use protopy_vm::{ModuleSpec, complex_of, float_of, methods, protocore, set_attr_str};
use std::f64::consts;

/// `cmath`
pub static CMATH: ModuleSpec = ModuleSpec {
    name: "cmath",
    doc: "Mathematical functions of complex numbers.",
    functions: FUNCTIONS,
    init: Some(init),
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    for (name, x) in [
        ("pi", consts::PI),
        ("e", consts::E),
        ("tau", consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ] {
        let x = cx.float(x);
        set_attr_str(cx, module, name, x)?;
    }
    for (name, im) in [("infj", f64::INFINITY), ("nanj", f64::NAN)] {
        let z = cx.complex(0.0, im);
        set_attr_str(cx, module, name, z)?;
    }
    Ok(())
}

static FUNCTIONS: &[MethodDef] = methods![functions:
    /// The arc cosine of z.
    "acos(z, /)" => acos;
    /// The inverse hyperbolic cosine of z.
    "acosh(z, /)" => acosh;
    /// The arc sine of z.
    "asin(z, /)" => asin;
    /// The inverse hyperbolic sine of z.
    "asinh(z, /)" => asinh;
    /// The arc tangent of z.
    "atan(z, /)" => atan;
    /// The inverse hyperbolic tangent of z.
    "atanh(z, /)" => atanh;
    /// The cosine of z.
    "cos(z, /)" => cos;
    /// The hyperbolic cosine of z.
    "cosh(z, /)" => cosh;
    /// e to the power of z.
    "exp(z, /)" => exp;
    /// Whether two numbers are nearly equal.
    ///
    /// They are if they differ by no more than rel_tol times the larger magnitude, or by no more than abs_tol.
    "isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)" => isclose;
    /// Whether both parts are neither infinite nor NaN.
    "isfinite(z, /)" => isfinite;
    /// Whether a part is infinite.
    "isinf(z, /)" => isinf;
    /// Whether a part is NaN.
    "isnan(z, /)" => isnan;
    /// The logarithm of z, natural unless a base is given.
    "log(z, base=<unrepresentable>, /)" => log;
    /// The logarithm of z in base 10.
    "log10(z, /)" => log10;
    /// The argument of z: its angle in radians, from -pi to pi.
    "phase(z, /)" => phase;
    /// The polar coordinates of z: magnitude and angle.
    "polar(z, /)" => polar;
    /// The number with the polar coordinates r and phi.
    "rect(r, phi, /)" => rect;
    /// The sine of z.
    "sin(z, /)" => sin;
    /// The hyperbolic sine of z.
    "sinh(z, /)" => sinh;
    /// The square root of z with a real part that is not negative.
    "sqrt(z, /)" => sqrt;
    /// The tangent of z.
    "tan(z, /)" => tan;
    /// The hyperbolic tangent of z.
    "tanh(z, /)" => tanh;
];

#[inline]
fn arg(cx: &mut Ctx, v: Value) -> PyResult<Complex> {
    complex_of(cx, v).map(|(re, im)| Complex::new(re, im))
}

fn result(cx: &mut Ctx, r: CmathResult) -> PyResult {
    match r {
        Ok(z) => Ok(cx.complex(z.re, z.im)),
        Err(MathError::Expected(_)) => Err(math_error(cx, MathError::Domain, 0.0)),
        Err(e) => Err(math_error(cx, e, 0.0)),
    }
}

/// Functions of one complex number.
macro_rules! functions {
    ($($name:ident;)*) => {$(
        fn $name(cx: &mut Ctx, args: &[Value]) -> PyResult {
            let z = arg(cx, args[0])?;
            result(cx, cmath::$name(z))
        }
    )*};
}

functions! {
    acos; acosh; asin; asinh; atan; atanh; cos; cosh; exp; log10; sin; sinh; sqrt; tan; tanh;
}

fn log(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let z = arg(cx, args[0])?;
    match args[1].bound() {
        None => result(cx, cmath::log(z)),
        Some(base) => {
            let base = arg(cx, base)?;
            result(cx, cmath::log_base(z, base))
        }
    }
}

fn isclose(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let a = arg(cx, args[0])?;
    let b = arg(cx, args[1])?;
    let rel_tol = float_or(cx, args[2], 1e-9)?;
    let abs_tol = float_or(cx, args[3], 0.0)?;
    if rel_tol < 0.0 || abs_tol < 0.0 {
        return Err(cx.value_error("tolerances must be non-negative"));
    }
    Ok(Value::bool(cmath::isclose(a, b, rel_tol, abs_tol)))
}

fn isfinite(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let z = arg(cx, args[0])?;
    Ok(Value::bool(z.is_finite()))
}

fn isinf(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let z = arg(cx, args[0])?;
    Ok(Value::bool(z.re.is_infinite() || z.im.is_infinite()))
}

fn isnan(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let z = arg(cx, args[0])?;
    Ok(Value::bool(z.re.is_nan() || z.im.is_nan()))
}

fn phase(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let z = arg(cx, args[0])?;
    Ok(cx.float(cmath::phase(z)))
}

fn polar(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let z = arg(cx, args[0])?;
    match cmath::polar(z) {
        Ok((r, phi)) => {
            let pair = [cx.float(r), cx.float(phi)];
            cx.tuple_of(None, &pair)
        }
        Err(e) => Err(math_error(cx, e, z.re)),
    }
}

fn rect(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let r = float_of(cx, args[0])?;
    let phi = float_of(cx, args[1])?;
    result(cx, cmath::rect(r, phi))
}
