//! Python's `complex` below the object model.
//!
//! Products and quotients follow Annex G of C23: a result of two NaNs is computed again when an operand was
//! infinite, so that infinities survive. Operations with a real operand do not invent an imaginary
//! zero for it.

use std::ops::{Add, Mul, Neg, Sub};

use crate::float::{float_prefix, push_repr, remove_underscores};
use crate::int::strip_ascii_space;

/// A complex number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Complex {
    /// The real part.
    pub re: f64,
    /// The imaginary part.
    pub im: f64,
}

impl Complex {
    /// `re + im*j`.
    #[inline]
    pub const fn new(re: f64, im: f64) -> Complex {
        Complex { re, im }
    }

    /// Both parts are finite.
    #[inline]
    pub fn is_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }

    /// `self.conjugate()`.
    #[inline]
    pub fn conjugate(self) -> Complex {
        Complex::new(self.re, -self.im)
    }

    /// The number times `i`.
    #[inline]
    pub(crate) fn times_i(self) -> Complex {
        Complex::new(-self.im, self.re)
    }

    /// The number divided by `i`.
    #[inline]
    pub(crate) fn over_i(self) -> Complex {
        Complex::new(self.im, -self.re)
    }
}

impl Add for Complex {
    type Output = Complex;
    #[inline]
    fn add(self, other: Complex) -> Complex {
        Complex::new(self.re + other.re, self.im + other.im)
    }
}

impl Add<f64> for Complex {
    type Output = Complex;
    #[inline]
    fn add(self, real: f64) -> Complex {
        Complex::new(self.re + real, self.im)
    }
}

impl Sub for Complex {
    type Output = Complex;
    #[inline]
    fn sub(self, other: Complex) -> Complex {
        Complex::new(self.re - other.re, self.im - other.im)
    }
}

impl Sub<f64> for Complex {
    type Output = Complex;
    #[inline]
    fn sub(self, real: f64) -> Complex {
        Complex::new(self.re - real, self.im)
    }
}

impl Sub<Complex> for f64 {
    type Output = Complex;
    #[inline]
    fn sub(self, other: Complex) -> Complex {
        Complex::new(self - other.re, -other.im)
    }
}

impl Neg for Complex {
    type Output = Complex;
    #[inline]
    fn neg(self) -> Complex {
        Complex::new(-self.re, -self.im)
    }
}

impl Mul<f64> for Complex {
    type Output = Complex;
    #[inline]
    fn mul(self, real: f64) -> Complex {
        Complex::new(self.re * real, self.im * real)
    }
}

impl Mul for Complex {
    type Output = Complex;
    #[inline]
    fn mul(self, other: Complex) -> Complex {
        let product = plain_product(self, other);
        if product.re.is_nan() && product.im.is_nan() {
            return recover_product(self, other).unwrap_or(product);
        }
        product
    }
}

/// The product by the definition.
#[inline]
fn plain_product(a: Complex, b: Complex) -> Complex {
    Complex::new(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
}

/// An infinite number as a corner or edge of the unit box, its direction.
fn box_infinity(z: Complex) -> Complex {
    let part = |x: f64| f64::from(u8::from(x.is_infinite())).copysign(x);
    Complex::new(part(z.re), part(z.im))
}

/// NaN parts replaced by signed zeros.
fn zero_nans(z: Complex) -> Complex {
    let part = |x: f64| if x.is_nan() { 0f64.copysign(x) } else { x };
    Complex::new(part(z.re), part(z.im))
}

/// An infinite product that came out as two NaNs; `None` when NaN is right.
#[cold]
fn recover_product(a: Complex, b: Complex) -> Option<Complex> {
    let infinite = |z: Complex| z.re.is_infinite() || z.im.is_infinite();
    let (mut x, mut y) = (a, b);
    if infinite(a) {
        (x, y) = (box_infinity(x), zero_nans(y));
    }
    if infinite(b) {
        (x, y) = (zero_nans(x), box_infinity(y));
    }
    if !infinite(a) && !infinite(b) {
        let overflown = [a.re * b.re, a.im * b.im, a.re * b.im, a.im * b.re];
        if !overflown.iter().any(|p| p.is_infinite()) {
            return None;
        }
        (x, y) = (zero_nans(x), zero_nans(y));
    }
    let p = plain_product(x, y);
    Some(Complex::new(f64::INFINITY * p.re, f64::INFINITY * p.im))
}

/// `ZeroDivisionError`: division by zero
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZeroDivision;

/// `a / b`.
pub fn div(a: Complex, b: Complex) -> Result<Complex, ZeroDivision> {
    if b.re == 0.0 && b.im == 0.0 {
        return Err(ZeroDivision);
    }
    Ok(quotient(a, b))
}

/// `a / b` with a real divisor.
pub fn div_real(a: Complex, b: f64) -> Result<Complex, ZeroDivision> {
    if b == 0.0 {
        return Err(ZeroDivision);
    }
    Ok(Complex::new(a.re / b, a.im / b))
}

/// `a / b` with a real dividend.
pub fn real_div(a: f64, b: Complex) -> Result<Complex, ZeroDivision> {
    if b.re == 0.0 && b.im == 0.0 {
        return Err(ZeroDivision);
    }
    // Smith's method, as in `quotient`, without the dividend's imaginary part.
    let q = if b.re.abs() >= b.im.abs() {
        let ratio = b.im / b.re;
        let scale = b.re + b.im * ratio;
        Complex::new(a / scale, (-a * ratio) / scale)
    } else if b.im.abs() >= b.re.abs() {
        let ratio = b.re / b.im;
        let scale = b.re * ratio + b.im;
        Complex::new((a * ratio) / scale, -a / scale)
    } else {
        Complex::new(f64::NAN, f64::NAN)
    };
    if q.re.is_nan() && q.im.is_nan() && a.is_finite() && (b.re.is_infinite() || b.im.is_infinite()) {
        let d = box_infinity(b);
        return Ok(Complex::new(0.0 * (a * d.re), 0.0 * (-a * d.im)));
    }
    Ok(q)
}

/// Smith's quotient: both parts of the divisor are scaled by the larger.
pub(crate) fn quotient(a: Complex, b: Complex) -> Complex {
    let q = if b.re.abs() >= b.im.abs() {
        let ratio = b.im / b.re;
        let scale = b.re + b.im * ratio;
        Complex::new((a.re + a.im * ratio) / scale, (a.im - a.re * ratio) / scale)
    } else if b.im.abs() >= b.re.abs() {
        let ratio = b.re / b.im;
        let scale = b.re * ratio + b.im;
        Complex::new((a.re * ratio + a.im) / scale, (a.im * ratio - a.re) / scale)
    } else {
        Complex::new(f64::NAN, f64::NAN)
    };
    if q.re.is_nan() && q.im.is_nan() { recover_quotient(a, b).unwrap_or(q) } else { q }
}

/// An infinite or zero quotient that came out as two NaNs; `None` when NaN is right.
#[cold]
fn recover_quotient(a: Complex, b: Complex) -> Option<Complex> {
    let infinite = |z: Complex| z.re.is_infinite() || z.im.is_infinite();
    let (factor, n, d) = if infinite(a) && b.is_finite() {
        (f64::INFINITY, box_infinity(a), b)
    } else if infinite(b) && a.is_finite() {
        (0.0, a, box_infinity(b))
    } else {
        return None;
    };
    Some(Complex::new(factor * (n.re * d.re + n.im * d.im), factor * (n.im * d.re - n.re * d.im)))
}

/// `abs(z)`; `None` is `OverflowError`: absolute value too large.
pub fn abs(z: Complex) -> Option<f64> {
    let r = z.re.hypot(z.im);
    (r.is_finite() || !z.is_finite()).then_some(r)
}

/// Why a complex power has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComplexPowError {
    /// `ZeroDivisionError`: zero to a negative or complex power
    ZeroDivision,
    /// `OverflowError`: complex exponentiation
    Overflow,
}

/// `a ** b`.
pub fn pow(a: Complex, b: Complex) -> Result<Complex, ComplexPowError> {
    let power = if b.im == 0.0 && b.re == b.re.floor() && b.re.abs() <= 100.0 {
        pow_int(a, b.re as i32)?
    } else {
        pow_polar(a, b)?
    };
    // CPython looks for infinities only: a NaN is an answer.
    if power.re.is_infinite() || power.im.is_infinite() {
        return Err(ComplexPowError::Overflow);
    }
    Ok(power)
}

/// Small integral exponents, by squaring.
fn pow_int(a: Complex, exp: i32) -> Result<Complex, ComplexPowError> {
    let mut left = exp.unsigned_abs();
    let mut acc = Complex::new(1.0, 0.0);
    let mut square = a;
    while left > 0 {
        if left & 1 == 1 {
            acc = acc * square;
        }
        left >>= 1;
        if left > 0 {
            square = square * square;
        }
    }
    if exp >= 0 {
        return Ok(acc);
    }
    div(Complex::new(1.0, 0.0), acc).map_err(|ZeroDivision| ComplexPowError::ZeroDivision)
}

/// All other exponents, in polar coordinates.
fn pow_polar(a: Complex, b: Complex) -> Result<Complex, ComplexPowError> {
    if a.re == 0.0 && a.im == 0.0 {
        if b.im != 0.0 || b.re < 0.0 {
            return Err(ComplexPowError::ZeroDivision);
        }
        return Ok(Complex::new(0.0, 0.0));
    }
    let modulus = a.re.hypot(a.im);
    let angle = a.im.atan2(a.re);
    let mut length = modulus.powf(b.re);
    let mut phase = angle * b.re;
    if b.im != 0.0 {
        length *= (-angle * b.im).exp();
        phase += b.im * modulus.ln();
    }
    // C's cosine calls an infinite angle a domain error, which CPython words as a zero base.
    if phase.is_infinite() {
        return Err(ComplexPowError::ZeroDivision);
    }
    Ok(Complex::new(length * phase.cos(), length * phase.sin()))
}

/// Why text is no complex literal; both are `ValueError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseComplexError {
    /// complex() arg is a malformed string
    Malformed,
    /// could not convert string to complex: ... (misplaced underscores)
    Underscores,
}

/// `complex(text)` of ASCII text; other text goes through [`crate::int::ascii_number`] first.
pub fn parse(text: &[u8]) -> Result<Complex, ParseComplexError> {
    let s = remove_underscores(strip_ascii_space(text)).ok_or(ParseComplexError::Underscores)?;
    let inner = match &*s {
        [b'(', inner @ .., b')'] => strip_ascii_space(inner),
        _ => &s,
    };
    parse_parts(inner).ok_or(ParseComplexError::Malformed)
}

/// `REAL`, `IMAGj` or `REAL±IMAGj`; a lone sign counts as one before `j`.
fn parse_parts(s: &[u8]) -> Option<Complex> {
    let Some((first, rest)) = float_prefix(s) else {
        return imaginary_unit(s).map(|im| Complex::new(0.0, im));
    };
    match rest {
        [] => Some(Complex::new(first, 0.0)),
        [b'j' | b'J'] => Some(Complex::new(0.0, first)),
        [b'+' | b'-', ..] => {
            let im = match float_prefix(rest) {
                Some((im, [b'j' | b'J'])) => im,
                Some(_) => return None,
                None => imaginary_unit(rest)?,
            };
            Some(Complex::new(first, im))
        }
        _ => None,
    }
}

/// `j`, `+j` or `-j`.
fn imaginary_unit(s: &[u8]) -> Option<f64> {
    match s {
        [b'j' | b'J'] | [b'+', b'j' | b'J'] => Some(1.0),
        [b'-', b'j' | b'J'] => Some(-1.0),
        _ => None,
    }
}

/// `repr(z)`.
pub fn repr(z: Complex) -> String {
    let mut out = String::with_capacity(32);
    let pure = z.re == 0.0 && z.re.is_sign_positive();
    if !pure {
        out.push('(');
        push_repr(z.re, false, &mut out);
        if z.im.is_nan() || z.im.is_sign_positive() {
            out.push('+');
        }
    }
    push_repr(z.im, false, &mut out);
    out.push_str(if pure { "j" } else { "j)" });
    out
}
