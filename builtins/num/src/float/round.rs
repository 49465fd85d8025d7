//! `round(x, ndigits)`, correctly rounded: the result is the double nearest to the decimal that the exact
//! value of `x` rounds to, half to even.
//!
//! Three ways, cheapest first. With `m * 2**e` the exact value and up to 22 digits, `m * 10**n` fits 128
//! bits, is rounded as an integer, and one division of exact doubles gives the answer. Else the exact
//! decimal expansion is written out and read back. Negative `ndigits` round an integer.

use std::fmt::Write;

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};

use super::bits::decompose;

/// `OverflowError`: rounded value too large to represent
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundOverflow;

/// The powers of ten that are exact doubles.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// `round(x, ndigits)`; NaN and infinities stay. A caller clamps an `ndigits` that is no `i64`.
pub fn round(x: f64, ndigits: i64) -> Result<f64, RoundOverflow> {
    if !x.is_finite() || x == 0.0 {
        return Ok(x);
    }
    let magnitude = if ndigits < 0 {
        round_left(x.abs(), ndigits.unsigned_abs()).ok_or(RoundOverflow)?
    } else {
        round_right(x.abs(), ndigits.unsigned_abs())
    };
    Ok(magnitude.copysign(x))
}

/// Rounds to `digits` digits right of the point.
fn round_right(x: f64, digits: u64) -> f64 {
    let (m, e) = decompose(x);
    // No double has more than 1074 fractional digits.
    if e >= 0 || digits > 1074 {
        return x;
    }
    let shift = e.unsigned_abs();
    if digits <= 22
        && let Some(rounded) = round_exact(m, shift, digits as usize)
    {
        return rounded;
    }
    let mut text = String::with_capacity(48 + digits as usize);
    match write!(text, "{x:.*}", digits as usize) {
        Ok(()) => text.parse().unwrap_or(x),
        Err(_) => x,
    }
}

/// `m * 2**-shift` to `digits` digits in 128-bit arithmetic; `None` when the quotient would not be exact.
#[inline]
fn round_exact(m: u64, shift: u32, digits: usize) -> Option<f64> {
    let power = EXACT_POWERS.get(digits)?;
    let scaled = u128::from(m) * (*power as u128);
    // Fewer than 2**127 parts of a unit of 2**127 or more are less than half.
    if shift > 127 {
        return Some(0.0);
    }
    let q = scaled >> shift;
    let rest = scaled & ((1u128 << shift) - 1);
    let half = 1u128 << (shift - 1);
    let q = q + u128::from(rest > half || (rest == half && q & 1 == 1));
    (q < 1 << 53).then(|| q as f64 / power)
}

/// Rounds to a multiple of `10**digits`; `None` when that overflows.
fn round_left(x: f64, digits: u64) -> Option<f64> {
    if digits > 309 {
        return Some(0.0);
    }
    let (m, e) = decompose(x);
    let whole = x.trunc();
    let n = if e >= 0 { BigUint::from(m) << e.unsigned_abs() } else { BigUint::from(whole as u64) };
    let unit = BigUint::from(10u8).pow(digits as u32);
    let (q, r) = n.div_rem(&unit);
    let twice = r << 1u8;
    let up = twice > unit || (twice == unit && (whole != x || q.is_odd()));
    let rounded = (q + u8::from(up)) * unit;
    if rounded.is_zero() {
        return Some(0.0);
    }
    BigInt::from(rounded).to_f64().filter(|x| x.is_finite())
}
