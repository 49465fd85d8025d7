//! Between integers and doubles, always correctly rounded or exact.

use std::cmp::Ordering;

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::{Int, divide};
use crate::float::bits::{decompose, scale};

/// A double that is no integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatToIntError {
    /// `OverflowError`: cannot convert float infinity to integer
    Infinite,
    /// `ValueError`: cannot convert float NaN to integer
    Nan,
}

/// Why `a / b` has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrueDivError {
    /// `ZeroDivisionError`: division by zero
    ZeroDivision,
    /// `OverflowError`: integer division result too large for a float
    Overflow,
}

/// `float(n)`, rounded half to even; `None` when it overflows.
pub fn to_f64(n: &BigInt) -> Option<f64> {
    let x = n.to_f64()?;
    x.is_finite().then_some(x)
}

/// `(m, e)` with `n` about `m * 2**e` and `0.5 <= |m| < 1`, `m` correctly rounded; `(0, 0)` for zero.
pub fn frexp(n: &BigInt) -> (f64, u64) {
    let bits = n.bits();
    if bits == 0 {
        return (0.0, 0);
    }
    // Sixty-four leading bits with a sticky last bit round as the whole number would.
    let top = if bits <= 64 {
        n.magnitude().to_u64().unwrap_or(0) << (64 - bits)
    } else {
        let shift = bits - 64;
        let top = (n.magnitude() >> shift).to_u64().unwrap_or(0);
        top | u64::from(n.magnitude().trailing_zeros().is_some_and(|zeros| zeros < shift))
    };
    let mut m = top as f64 * 2f64.powi(-64);
    let mut e = bits;
    if m == 1.0 {
        m = 0.5;
        e += 1;
    }
    (if n.is_negative() { -m } else { m }, e)
}

/// A finite double that is integral, as an integer.
fn integral(x: f64) -> Int {
    if x.abs() < 9.2e18 {
        return Int::Small(x as i64);
    }
    let (m, e) = decompose(x.abs());
    let magnitude = BigUint::from(m) << e.max(0) as u64;
    Int::from(BigInt::from_biguint(if x < 0.0 { Sign::Minus } else { Sign::Plus }, magnitude))
}

/// Applies a rounding function and converts.
fn rounded(x: f64, round: impl Fn(f64) -> f64) -> Result<Int, FloatToIntError> {
    if x.is_nan() {
        Err(FloatToIntError::Nan)
    } else if x.is_infinite() {
        Err(FloatToIntError::Infinite)
    } else {
        Ok(integral(round(x)))
    }
}

/// `int(x)`, `math.trunc(x)`.
pub fn trunc_f64(x: f64) -> Result<Int, FloatToIntError> {
    rounded(x, f64::trunc)
}

/// `math.floor(x)`.
pub fn floor_f64(x: f64) -> Result<Int, FloatToIntError> {
    rounded(x, f64::floor)
}

/// `math.ceil(x)`.
pub fn ceil_f64(x: f64) -> Result<Int, FloatToIntError> {
    rounded(x, f64::ceil)
}

/// `round(x)`: half to even.
pub fn round_f64(x: f64) -> Result<Int, FloatToIntError> {
    rounded(x, f64::round_ties_even)
}

/// `float.as_integer_ratio()`.
pub fn as_integer_ratio(x: f64) -> Result<(Int, Int), FloatToIntError> {
    if !x.is_finite() || x == x.trunc() {
        return trunc_f64(x).map(|n| (n, Int::Small(1)));
    }
    let (m, e) = decompose(x.abs());
    // Not integral, so the exponent stays negative once the trailing zeros are gone.
    let zeros = m.trailing_zeros();
    let m = (m >> zeros) as i64;
    let e = -(e + zeros as i32);
    let denominator = match u32::try_from(e) {
        Ok(e) if e < 63 => Int::Small(1 << e),
        _ => Int::Big(BigInt::one() << e),
    };
    Ok((Int::Small(if x < 0.0 { -m } else { m }), denominator))
}

/// `a / b`; `None` when `b` is zero.
#[inline]
pub fn true_div_i64(a: i64, b: i64) -> Option<f64> {
    const EXACT: u64 = 1 << 53;
    if b == 0 {
        return None;
    }
    if a.unsigned_abs() <= EXACT && b.unsigned_abs() <= EXACT {
        return Some(a as f64 / b as f64);
    }
    true_div(&BigInt::from(a), &BigInt::from(b)).ok()
}

/// `a / b`, correctly rounded half to even, subnormal results included.
pub fn true_div(a: &BigInt, b: &BigInt) -> Result<f64, TrueDivError> {
    if b.is_zero() {
        return Err(TrueDivError::ZeroDivision);
    }
    let negative = a.is_negative() != b.is_negative();
    if a.is_zero() {
        return Ok(if negative { -0.0 } else { 0.0 });
    }
    // The quotient lies in 2**(scale-1) .. 2**(scale+1).
    let magnitude = i128::from(a.bits()) - i128::from(b.bits());
    if magnitude > 1024 {
        return Err(TrueDivError::Overflow);
    }
    if magnitude < -1080 {
        return Ok(if negative { -0.0 } else { 0.0 });
    }
    // A quotient of 62 or 63 bits whose last bit is sticky.
    let shift = 62 - magnitude as i64;
    let (num, den) = (a.magnitude(), b.magnitude());
    let (q, more) = if shift >= 0 {
        divide::div(&(num << shift as u64), den)
    } else {
        divide::div(num, &(den << shift.unsigned_abs()))
    };
    let q = q.to_u64().unwrap_or(u64::MAX) | u64::from(more);
    let x = scale(q, -(shift as i32));
    if x.is_infinite() {
        return Err(TrueDivError::Overflow);
    }
    Ok(if negative { -x } else { x })
}

/// `n` against `x`, exactly; `None` when `x` is NaN.
pub fn cmp_i64_f64(n: i64, x: f64) -> Option<Ordering> {
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    if x.is_nan() {
        None
    } else if x >= TWO_63 {
        Some(Ordering::Less)
    } else if x < -TWO_63 {
        Some(Ordering::Greater)
    } else {
        let whole = x.trunc();
        // Truncation went towards zero: what it cut off decides a tie.
        Some(n.cmp(&(whole as i64)).then(whole.partial_cmp(&x)?))
    }
}

/// `n` against `x`, exactly; `None` when `x` is NaN.
pub fn cmp_f64(n: &BigInt, x: f64) -> Option<Ordering> {
    if let Some(small) = n.to_i64() {
        return cmp_i64_f64(small, x);
    }
    if x.is_nan() {
        return None;
    }
    let sign = if n.is_negative() { Ordering::Less } else { Ordering::Greater };
    if x.is_infinite() {
        return Some(if x > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    if n.is_negative() != (x < 0.0) || n.bits() > 1024 {
        return Some(sign);
    }
    // Past the machine word the double has no fraction, or is the smaller in magnitude.
    Some(match integral(x.trunc()) {
        Int::Small(_) => sign,
        Int::Big(whole) => n.cmp(&whole),
    })
}

/// `round(n, -digits)`: the multiple of `10**digits` nearest to `n`, half to even.
pub fn round_to_power_of_ten(n: &BigInt, digits: u64) -> BigInt {
    // 10**digits > 2 * |n| rounds to zero without being made: log2(10) > 3.
    if digits.saturating_mul(3) > n.bits() + 1 {
        return BigInt::zero();
    }
    let unit = BigUint::from(10u8).pow(u32::try_from(digits).unwrap_or(u32::MAX));
    let (q, r) = n.magnitude().div_rem(&unit);
    let up = match (&r << 1u8).cmp(&unit) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => q.is_odd(),
    };
    let rounded = n.magnitude() - r + if up { unit } else { BigUint::zero() };
    BigInt::from_biguint(n.sign(), rounded)
}
