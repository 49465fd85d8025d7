//! Division and powers with Python's conventions.

/// Why `x ** y` is no float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowError {
    /// `ZeroDivisionError`: zero to a negative power
    ZeroDivision,
    /// `OverflowError`: (34, 'Numerical result out of range')
    Overflow,
    /// A negative base with a fractional exponent: the answer is complex.
    Complex,
}

/// `x % y`, which has the sign of `y`; `None` when `y` is zero.
#[inline]
pub fn floor_mod(x: f64, y: f64) -> Option<f64> {
    if y == 0.0 {
        return None;
    }
    let r = x % y;
    Some(if r == 0.0 {
        0f64.copysign(y)
    } else if (r < 0.0) != (y < 0.0) {
        r + y
    } else {
        r
    })
}

/// `x // y`; `None` when `y` is zero.
#[inline]
pub fn floor_div(x: f64, y: f64) -> Option<f64> {
    floor_divmod(x, y).map(|(q, _)| q)
}

/// `divmod(x, y)`; `None` when `y` is zero.
#[inline]
pub fn floor_divmod(x: f64, y: f64) -> Option<(f64, f64)> {
    if y == 0.0 {
        return None;
    }
    let mut r = x % y;
    // x - r is a multiple of y up to rounding, so the quotient is almost integral.
    let mut q = (x - r) / y;
    if r == 0.0 {
        r = 0f64.copysign(y);
    } else if (r < 0.0) != (y < 0.0) {
        r += y;
        q -= 1.0;
    }
    let q = if q == 0.0 {
        0f64.copysign(x / y)
    } else {
        let floor = q.floor();
        if q - floor > 0.5 { floor + 1.0 } else { floor }
    };
    Some((q, r))
}

/// `x ** y`.
#[inline]
pub fn pow(x: f64, y: f64) -> Result<f64, PowError> {
    if x == 0.0 && y < 0.0 && y.is_finite() {
        return Err(PowError::ZeroDivision);
    }
    if x < 0.0 && x.is_finite() && y.is_finite() && y != y.floor() {
        return Err(PowError::Complex);
    }
    let power = x.powf(y);
    if power.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(PowError::Overflow);
    }
    Ok(power)
}

/// `float.is_integer()`.
#[inline]
pub fn is_integer(x: f64) -> bool {
    x.is_finite() && x == x.trunc()
}
