//! The `cmath` module.
//!
//! Each function has three ranges. An argument with a part that is not finite is looked up in
//! [`special`]. One so large that an intermediate would overflow takes an asymptotic form. The rest uses
//! Kahan's formulas ("Branch cuts for complex elementary functions", 1987), which keep the sign of zero on
//! the cuts. Circular functions are the hyperbolic ones turned by a right angle, which costs nothing.

mod special;

use std::f64::consts::{E, FRAC_PI_2, LN_2, LN_10};

use crate::complex::{self, Complex};
use crate::libm_sys;
use crate::math::MathError;
use special::look_up;

/// What `cmath` answers.
pub type CmathResult = Result<Complex, MathError>;

/// Beyond this a sum of two products of parts overflows.
const LARGE: f64 = f64::MAX / 4.0;
/// About the square root of [`LARGE`].
const SQRT_LARGE: f64 = 6.703_903_964_971_298e153;
/// The logarithm of [`LARGE`]: the last argument of `cosh` in range.
const LOG_LARGE: f64 = 708.396_418_532_264_1;
/// The square root of the least normal number.
const SQRT_MIN: f64 = 1.491_668_146_240_041_3e-154;

/// The result from a table.
fn from_table(table: &special::Table, z: Complex) -> CmathResult {
    look_up(table, z).ok_or(MathError::Domain)
}

/// A result with an infinite part from a finite argument has overflowed.
fn no_overflow(r: Complex) -> CmathResult {
    if r.re.is_infinite() || r.im.is_infinite() { Err(MathError::Range) } else { Ok(r) }
}

/// A part exceeds [`LARGE`].
fn is_large(z: Complex) -> bool {
    z.re.abs() > LARGE || z.im.abs() > LARGE
}

/// `log(2 * |z|)` for a large `z`.
fn log_twice_abs(z: Complex) -> f64 {
    (z.re / 2.0).hypot(z.im / 2.0).ln() + LN_2 * 2.0
}

/// `cmath.sqrt(z)`.
pub fn sqrt(z: Complex) -> CmathResult {
    if !z.is_finite() {
        return from_table(&special::SQRT, z);
    }
    Ok(sqrt_finite(z))
}

/// The root of a finite number, scaled so that neither `|z|` nor the sum with it leaves the range.
fn sqrt_finite(z: Complex) -> Complex {
    if z.re == 0.0 && z.im == 0.0 {
        return Complex::new(0.0, z.im);
    }
    let (x, y) = (z.re.abs(), z.im.abs());
    let s = if x < f64::MIN_POSITIVE && y < f64::MIN_POSITIVE {
        let (x, y) = (x * 2f64.powi(53), y * 2f64.powi(53));
        (x + x.hypot(y)).sqrt() * 2f64.powi(-27)
    } else {
        let x = x / 8.0;
        2.0 * (x + x.hypot(y / 8.0)).sqrt()
    };
    let d = y / (2.0 * s);
    if z.re >= 0.0 { Complex::new(s, d.copysign(z.im)) } else { Complex::new(d, s.copysign(z.im)) }
}

/// `cmath.acos(z)`.
pub fn acos(z: Complex) -> CmathResult {
    if !z.is_finite() {
        return from_table(&special::ACOS, z);
    }
    if is_large(z) {
        let im = log_twice_abs(z).copysign(-z.im);
        return Ok(Complex::new(z.im.abs().atan2(z.re), im));
    }
    let s1 = sqrt_finite(Complex::new(1.0 - z.re, -z.im));
    let s2 = sqrt_finite(Complex::new(1.0 + z.re, z.im));
    Ok(Complex::new(2.0 * s1.re.atan2(s2.re), libm_sys::asinh(s2.re * s1.im - s2.im * s1.re)))
}

/// `cmath.acosh(z)`.
pub fn acosh(z: Complex) -> CmathResult {
    if !z.is_finite() {
        return from_table(&special::ACOSH, z);
    }
    if is_large(z) {
        return Ok(Complex::new(log_twice_abs(z), z.im.atan2(z.re)));
    }
    let s1 = sqrt_finite(Complex::new(z.re - 1.0, z.im));
    let s2 = sqrt_finite(Complex::new(z.re + 1.0, z.im));
    Ok(Complex::new(libm_sys::asinh(s1.re * s2.re + s1.im * s2.im), 2.0 * s1.im.atan2(s2.re)))
}

/// `cmath.asin(z)`.
pub fn asin(z: Complex) -> CmathResult {
    asinh(z.times_i()).map(Complex::over_i)
}

/// `cmath.asinh(z)`.
pub fn asinh(z: Complex) -> CmathResult {
    if !z.is_finite() {
        return from_table(&special::ASINH, z);
    }
    if is_large(z) {
        return Ok(Complex::new(log_twice_abs(z).copysign(z.re), z.im.atan2(z.re.abs())));
    }
    let s1 = sqrt_finite(Complex::new(1.0 + z.im, -z.re));
    let s2 = sqrt_finite(Complex::new(1.0 - z.im, z.re));
    Ok(Complex::new(
        libm_sys::asinh(s1.re * s2.im - s2.re * s1.im),
        z.im.atan2(s1.re * s2.re - s1.im * s2.im),
    ))
}

/// `cmath.atan(z)`.
pub fn atan(z: Complex) -> CmathResult {
    atanh(z.times_i()).map(Complex::over_i)
}

/// `cmath.atanh(z)`.
pub fn atanh(z: Complex) -> CmathResult {
    if !z.is_finite() {
        return from_table(&special::ATANH, z);
    }
    // An odd function: only the right half plane is left.
    if z.re < 0.0 || (z.re == 0.0 && z.re.is_sign_negative()) {
        return atanh_right(-z).map(|r| -r);
    }
    atanh_right(z)
}

/// [`atanh`] for a finite argument with a non-negative real part.
fn atanh_right(z: Complex) -> CmathResult {
    let y = z.im.abs();
    if z.re > SQRT_LARGE || y > SQRT_LARGE {
        // atanh(z) is 1/z +- i*pi/2 to working precision.
        let h = (z.re / 2.0).hypot(z.im / 2.0);
        return Ok(Complex::new(z.re / 4.0 / h / h, -FRAC_PI_2.copysign(-z.im)));
    }
    if z.re == 1.0 && y < SQRT_MIN {
        if y == 0.0 {
            return Err(MathError::Domain);
        }
        return Ok(Complex::new(
            -(y.sqrt() / y.hypot(2.0).sqrt()).ln(),
            (2f64.atan2(-y) / 2.0).copysign(z.im),
        ));
    }
    let gap = 1.0 - z.re;
    Ok(Complex::new(
        (4.0 * z.re / (gap * gap + y * y)).ln_1p() / 4.0,
        -(-2.0 * z.im).atan2(gap * (1.0 + z.re) - y * y) / 2.0,
    ))
}

/// `cmath.cos(z)`.
pub fn cos(z: Complex) -> CmathResult {
    cosh(z.times_i())
}

/// An infinite real part over a finite non-zero imaginary one: the direction decides the signs.
fn is_directed(z: Complex) -> bool {
    z.re.is_infinite() && z.im.is_finite() && z.im != 0.0
}

/// The argument one closer to zero, for results that a factor of `e` brings into range.
fn one_less(x: f64) -> f64 {
    x - 1f64.copysign(x)
}

/// `cmath.cosh(z)`.
pub fn cosh(z: Complex) -> CmathResult {
    let (sin, cos) = (z.im.sin(), z.im.cos());
    if is_directed(z) {
        let im = f64::INFINITY.copysign(sin);
        let im = if z.re > 0.0 { im } else { -im };
        return Ok(Complex::new(f64::INFINITY.copysign(cos), im));
    }
    if !z.is_finite() {
        return from_table(&special::COSH, z);
    }
    no_overflow(if z.re.abs() > LOG_LARGE {
        let x = one_less(z.re);
        Complex::new(cos * x.cosh() * E, sin * x.sinh() * E)
    } else {
        Complex::new(cos * z.re.cosh(), sin * z.re.sinh())
    })
}

/// `cmath.exp(z)`.
pub fn exp(z: Complex) -> CmathResult {
    let (sin, cos) = (z.im.sin(), z.im.cos());
    if is_directed(z) {
        let length = if z.re > 0.0 { f64::INFINITY } else { 0.0 };
        return Ok(Complex::new(length.copysign(cos), length.copysign(sin)));
    }
    if !z.is_finite() {
        return from_table(&special::EXP, z);
    }
    no_overflow(if z.re > LOG_LARGE {
        let length = (z.re - 1.0).exp();
        Complex::new(length * cos * E, length * sin * E)
    } else {
        let length = z.re.exp();
        Complex::new(length * cos, length * sin)
    })
}

/// `cmath.log(z)`.
pub fn log(z: Complex) -> CmathResult {
    if !z.is_finite() {
        return from_table(&special::LOG, z);
    }
    let (x, y) = (z.re.abs(), z.im.abs());
    let re = if x > LARGE || y > LARGE {
        (x / 2.0).hypot(y / 2.0).ln() + LN_2
    } else if x < f64::MIN_POSITIVE && y < f64::MIN_POSITIVE {
        if x == 0.0 && y == 0.0 {
            return Err(MathError::Domain);
        }
        let scale = 2f64.powi(53);
        (x * scale).hypot(y * scale).ln() - 53.0 * LN_2
    } else {
        let h = x.hypot(y);
        if (0.71..=1.73).contains(&h) {
            // Near the unit circle |z|**2 - 1 is formed without cancellation.
            let (large, small) = if x > y { (x, y) } else { (y, x) };
            ((large - 1.0) * (large + 1.0) + small * small).ln_1p() / 2.0
        } else {
            h.ln()
        }
    };
    Ok(Complex::new(re, z.im.atan2(z.re)))
}

/// `cmath.log(z, base)`. Here the logarithm of zero is no error but infinite, as in CPython.
pub fn log_base(z: Complex, base: Complex) -> CmathResult {
    let zero = z.re == 0.0 && z.im == 0.0;
    let z = if zero { Complex::new(f64::NEG_INFINITY, z.im.atan2(z.re)) } else { log(z)? };
    let base = log(base)?;
    if base.re == 0.0 && base.im == 0.0 {
        return Err(MathError::Domain);
    }
    Ok(complex::quotient(z, base))
}

/// `cmath.log10(z)`.
pub fn log10(z: Complex) -> CmathResult {
    log(z).map(|r| Complex::new(r.re / LN_10, r.im / LN_10))
}

/// `cmath.sin(z)`.
pub fn sin(z: Complex) -> CmathResult {
    sinh(z.times_i()).map(Complex::over_i)
}

/// `cmath.sinh(z)`.
pub fn sinh(z: Complex) -> CmathResult {
    let (sin, cos) = (z.im.sin(), z.im.cos());
    if is_directed(z) {
        let re = f64::INFINITY.copysign(cos);
        let re = if z.re > 0.0 { re } else { -re };
        return Ok(Complex::new(re, f64::INFINITY.copysign(sin)));
    }
    if !z.is_finite() {
        return from_table(&special::SINH, z);
    }
    no_overflow(if z.re.abs() > LOG_LARGE {
        let x = one_less(z.re);
        Complex::new(cos * x.sinh() * E, sin * x.cosh() * E)
    } else {
        Complex::new(cos * z.re.sinh(), sin * z.re.cosh())
    })
}

/// `cmath.tan(z)`.
pub fn tan(z: Complex) -> CmathResult {
    tanh(z.times_i()).map(Complex::over_i)
}

/// `cmath.tanh(z)`.
pub fn tanh(z: Complex) -> CmathResult {
    if is_directed(z) {
        let im = 0f64.copysign(2.0 * z.im.sin() * z.im.cos());
        return Ok(Complex::new(1f64.copysign(z.re), im));
    }
    if !z.is_finite() {
        return from_table(&special::TANH, z);
    }
    if z.re.abs() > LOG_LARGE {
        let im = 4.0 * z.im.sin() * z.im.cos() * (-2.0 * z.re.abs()).exp();
        return Ok(Complex::new(1f64.copysign(z.re), im));
    }
    let (tx, ty) = (z.re.tanh(), z.im.tan());
    let sech = 1.0 / z.re.cosh();
    let product = tx * ty;
    let denominator = 1.0 + product * product;
    Ok(Complex::new(tx * (1.0 + ty * ty) / denominator, (ty / denominator) * sech * sech))
}

/// `cmath.phase(z)`.
pub fn phase(z: Complex) -> f64 {
    z.im.atan2(z.re)
}

/// `cmath.polar(z)`.
pub fn polar(z: Complex) -> Result<(f64, f64), MathError> {
    let r = complex::abs(z).ok_or(MathError::Range)?;
    Ok((r, phase(z)))
}

/// `cmath.rect(r, phi)`.
pub fn rect(r: f64, phi: f64) -> CmathResult {
    let z = Complex::new(r, phi);
    if is_directed(z) {
        let directed = Complex::new(f64::INFINITY.copysign(phi.cos()), f64::INFINITY.copysign(phi.sin()));
        return Ok(if r > 0.0 { directed } else { -directed });
    }
    if !z.is_finite() {
        return from_table(&special::RECT, z);
    }
    if phi == 0.0 {
        // The cosine and sine are exact, but a negative zero angle should keep its sign.
        return Ok(Complex::new(r, r * phi));
    }
    Ok(Complex::new(r * phi.cos(), r * phi.sin()))
}

/// `cmath.isclose(a, b)`; negative tolerances are the caller's error.
pub fn isclose(a: Complex, b: Complex, rel_tol: f64, abs_tol: f64) -> bool {
    if a == b {
        return true;
    }
    let infinite = |z: Complex| z.re.is_infinite() || z.im.is_infinite();
    if infinite(a) || infinite(b) {
        return false;
    }
    let size = |z: Complex| z.re.hypot(z.im);
    let difference = size(a - b);
    difference <= rel_tol * size(b) || difference <= rel_tol * size(a) || difference <= abs_tol
}
