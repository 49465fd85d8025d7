//! Powers, logarithms, trigonometric and hyperbolic functions.

use super::MathError;
use crate::libm_sys;

/// What `math` answers.
type MathResult = Result<f64, MathError>;

/// A result that is NaN though the argument was not is a domain error.
#[inline]
fn within(x: f64, r: f64, expected: &'static str) -> MathResult {
    if r.is_nan() && !x.is_nan() { Err(MathError::Expected(expected)) } else { Ok(r) }
}

/// A result that is infinite though the argument was finite has overflowed.
#[inline]
fn no_overflow(x: f64, r: f64) -> MathResult {
    if r.is_infinite() && x.is_finite() { Err(MathError::Range) } else { Ok(r) }
}

/// Functions that always have a value.
macro_rules! total {
    ($($(#[$doc:meta])* $name:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(x: f64) -> f64 {
            $f(x)
        }
    )*};
}

total! {
    /// `math.atan(x)`.
    atan = f64::atan;
    /// `math.asinh(x)`.
    asinh = libm_sys::asinh;
    /// `math.tanh(x)`.
    tanh = f64::tanh;
    /// `math.cbrt(x)`.
    cbrt = f64::cbrt;
    /// `math.erf(x)`.
    erf = libm_sys::erf;
    /// `math.erfc(x)`.
    erfc = libm_sys::erfc;
}

/// Functions of a part of the line.
macro_rules! partial {
    ($($(#[$doc:meta])* $name:ident = $f:expr, $expected:literal;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(x: f64) -> MathResult {
            within(x, $f(x), $expected)
        }
    )*};
}

partial! {
    /// `math.sqrt(x)`.
    sqrt = f64::sqrt, "a nonnegative input";
    /// `math.sin(x)`.
    sin = f64::sin, "a finite input";
    /// `math.cos(x)`.
    cos = f64::cos, "a finite input";
    /// `math.tan(x)`.
    tan = f64::tan, "a finite input";
    /// `math.asin(x)`.
    asin = f64::asin, "a number in range from -1 up to 1";
    /// `math.acos(x)`.
    acos = f64::acos, "a number in range from -1 up to 1";
    /// `math.acosh(x)`.
    acosh = libm_sys::acosh, "argument value not less than 1";
}

/// Functions that overflow.
macro_rules! overflowing {
    ($($(#[$doc:meta])* $name:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(x: f64) -> MathResult {
            no_overflow(x, $f(x))
        }
    )*};
}

overflowing! {
    /// `math.exp(x)`.
    exp = f64::exp;
    /// `math.exp2(x)`.
    exp2 = f64::exp2;
    /// `math.expm1(x)`.
    expm1 = f64::exp_m1;
    /// `math.sinh(x)`.
    sinh = f64::sinh;
    /// `math.cosh(x)`.
    cosh = f64::cosh;
}

/// A logarithm of a positive number; for an integer argument `math` leaves the "got" part out.
#[inline]
fn logarithm(x: f64, f: impl Fn(f64) -> f64) -> MathResult {
    if x <= 0.0 { Err(MathError::Expected("a positive input")) } else { Ok(f(x)) }
}

/// `math.log(x)`.
#[inline]
pub fn log(x: f64) -> MathResult {
    logarithm(x, f64::ln)
}

/// `math.log2(x)`.
#[inline]
pub fn log2(x: f64) -> MathResult {
    logarithm(x, f64::log2)
}

/// `math.log10(x)`.
#[inline]
pub fn log10(x: f64) -> MathResult {
    logarithm(x, f64::log10)
}

/// `math.log1p(x)`.
#[inline]
pub fn log1p(x: f64) -> MathResult {
    if x <= -1.0 { Err(MathError::Expected("argument value > -1")) } else { Ok(x.ln_1p()) }
}

/// `math.atanh(x)`.
#[inline]
pub fn atanh(x: f64) -> MathResult {
    if x.abs() >= 1.0 {
        return Err(MathError::Expected("a number between -1 and 1"));
    }
    Ok(libm_sys::atanh(x))
}

/// `math.atan2(y, x)`.
#[inline]
pub fn atan2(y: f64, x: f64) -> f64 {
    y.atan2(x)
}

/// `math.pow(x, y)`.
#[inline]
pub fn pow(x: f64, y: f64) -> MathResult {
    let r = x.powf(y);
    if !r.is_finite() && x.is_finite() && y.is_finite() {
        // Zero to a negative power is a pole; all other infinities have overflowed.
        return Err(if r.is_nan() || x == 0.0 { MathError::Domain } else { MathError::Range });
    }
    Ok(r)
}

/// `math.degrees(x)`.
#[inline]
pub fn degrees(x: f64) -> f64 {
    x * (180.0 / std::f64::consts::PI)
}

/// `math.radians(x)`.
#[inline]
pub fn radians(x: f64) -> f64 {
    x * (std::f64::consts::PI / 180.0)
}
