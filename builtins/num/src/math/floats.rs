//! Functions that take doubles apart or step through them.

use super::MathError;
use crate::libm_sys;

/// The bits of a double other than the sign.
const MAGNITUDE: u64 = i64::MAX as u64;

/// `math.copysign(x, y)`.
#[inline]
pub fn copysign(x: f64, y: f64) -> f64 {
    x.copysign(y)
}

/// `math.fmod(x, y)`.
pub fn fmod(x: f64, y: f64) -> Result<f64, MathError> {
    let r = x % y;
    if r.is_nan() && !x.is_nan() && !y.is_nan() { Err(MathError::Domain) } else { Ok(r) }
}

/// `math.remainder(x, y)`.
pub fn remainder(x: f64, y: f64) -> Result<f64, MathError> {
    let r = libm_sys::remainder(x, y);
    if r.is_nan() && !x.is_nan() && !y.is_nan() { Err(MathError::Domain) } else { Ok(r) }
}

/// `math.fma(x, y, z)`; the messages are "invalid operation in fma" and "overflow in fma".
pub fn fma(x: f64, y: f64, z: f64) -> Result<f64, MathError> {
    let r = x.mul_add(y, z);
    if r.is_nan() && !x.is_nan() && !y.is_nan() && !z.is_nan() {
        Err(MathError::Domain)
    } else if r.is_infinite() && x.is_finite() && y.is_finite() && z.is_finite() {
        Err(MathError::Range)
    } else {
        Ok(r)
    }
}

/// `math.frexp(x)`.
pub fn frexp(x: f64) -> (f64, i32) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    // A subnormal is brought into range first.
    let (x, bias) = if x.abs() < f64::MIN_POSITIVE { (x * 2f64.powi(54), 54) } else { (x, 0) };
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32 - 1022;
    (f64::from_bits(bits & !(0x7ff << 52) | 0x3fe << 52), exponent - bias)
}

/// `math.ldexp(x, exp)`; a caller saturates an exponent that is no `i64`.
pub fn ldexp(x: f64, exp: i64) -> Result<f64, MathError> {
    if x == 0.0 || !x.is_finite() {
        return Ok(x);
    }
    let r = libm_sys::ldexp(x, exp.clamp(-5000, 5000) as i32);
    if r.is_infinite() { Err(MathError::Range) } else { Ok(r) }
}

/// `math.modf(x)`: the fraction and the integral part.
pub fn modf(x: f64) -> (f64, f64) {
    if x.is_infinite() {
        return (0f64.copysign(x), x);
    }
    let whole = x.trunc();
    ((x - whole).copysign(x), whole)
}

/// `math.nextafter(x, y)`.
pub fn nextafter(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        x + y
    } else if x == y {
        y
    } else if x < y {
        x.next_up()
    } else {
        x.next_down()
    }
}

/// `math.nextafter(x, y, steps=steps)`; a caller saturates a count that is no `u64`.
pub fn nextafter_steps(x: f64, y: f64, steps: u64) -> f64 {
    if steps == 0 || x.is_nan() {
        return x;
    }
    if y.is_nan() || x == y {
        return y;
    }
    let (sign_x, from) = (x.to_bits() & !MAGNITUDE, x.to_bits() & MAGNITUDE);
    let (sign_y, to) = (y.to_bits() & !MAGNITUDE, y.to_bits() & MAGNITUDE);
    if sign_x == sign_y {
        let distance = from.abs_diff(to).min(steps);
        let magnitude = if from > to { from - distance } else { from + distance };
        return f64::from_bits(sign_x | magnitude);
    }
    // On the way through zero both zeros are one point.
    if from + to <= steps {
        y
    } else if from < steps {
        f64::from_bits(sign_y | (steps - from))
    } else {
        f64::from_bits(sign_x | (from - steps))
    }
}

/// `math.ulp(x)`.
pub fn ulp(x: f64) -> f64 {
    let x = x.abs();
    if !x.is_finite() {
        return x;
    }
    let next = x.next_up();
    if next.is_infinite() { x - x.next_down() } else { next - x }
}

/// `math.isclose(a, b)`; negative tolerances are the caller's error.
pub fn isclose(a: f64, b: f64, rel_tol: f64, abs_tol: f64) -> bool {
    if a == b {
        return true;
    }
    if a.is_infinite() || b.is_infinite() {
        return false;
    }
    let difference = (b - a).abs();
    difference <= (rel_tol * b).abs() || difference <= (rel_tol * a).abs() || difference <= abs_tol
}
