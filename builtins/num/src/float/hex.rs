//! `float.fromhex` and `float.hex`.

use super::bits::scale;
use crate::int::strip_ascii_space;

/// Why a hexadecimal literal has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromHexError {
    /// `ValueError`: invalid hexadecimal floating-point string
    Invalid,
    /// `OverflowError`: hexadecimal value too large to represent as a float
    TooLarge,
}

/// `x.hex()`.
pub fn to_hex(x: f64) -> String {
    if !x.is_finite() {
        return super::repr(x);
    }
    let sign = if x.is_sign_negative() { "-" } else { "" };
    let bits = x.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    if x == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let (lead, exponent) = match (bits >> 52 & 0x7ff) as i32 {
        0 => (0, -1022),
        biased => (1, biased - 1023),
    };
    format!("{sign}0x{lead}.{fraction:013x}p{exponent:+}")
}

/// `float.fromhex(text)` of ASCII text (or UTF-8: anything else is invalid anyway).
pub fn from_hex(text: &[u8]) -> Result<f64, FromHexError> {
    let s = strip_ascii_space(text);
    let (negative, s) = match s {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, s),
    };
    let magnitude = if s.eq_ignore_ascii_case(b"inf") || s.eq_ignore_ascii_case(b"infinity") {
        f64::INFINITY
    } else if s.eq_ignore_ascii_case(b"nan") {
        f64::NAN
    } else {
        finite_hex(s)?
    };
    Ok(if negative { -magnitude } else { magnitude })
}

/// The digits of a hexadecimal literal read so far.
#[derive(Default)]
struct Significand {
    /// The leading bits, the lowest of them sticky once digits were cut off.
    bits: u64,
    /// Powers of two to be applied: for digits cut off, less those behind the point.
    exponent: i64,
    /// Digits seen.
    count: usize,
}

impl Significand {
    /// Appends one digit.
    fn push(&mut self, digit: u64, fraction: bool) {
        self.count += 1;
        if self.bits >> 60 == 0 {
            self.bits = self.bits << 4 | digit;
            self.exponent -= if fraction { 4 } else { 0 };
        } else {
            self.bits |= u64::from(digit != 0);
            self.exponent += if fraction { 0 } else { 4 };
        }
    }

    /// Appends all leading digits of `s`, and returns what follows them.
    fn take<'a>(&mut self, mut s: &'a [u8], fraction: bool) -> &'a [u8] {
        while let [first, rest @ ..] = s
            && let Some(digit) = char::from(*first).to_digit(16)
        {
            self.push(u64::from(digit), fraction);
            s = rest;
        }
        s
    }
}

/// An unsigned finite literal: `0x` and the binary exponent are optional.
fn finite_hex(s: &[u8]) -> Result<f64, FromHexError> {
    let s = match s {
        [b'0', b'x' | b'X', rest @ ..] => rest,
        _ => s,
    };
    let mut digits = Significand::default();
    let mut s = digits.take(s, false);
    if let [b'.', rest @ ..] = s {
        s = digits.take(rest, true);
    }
    if digits.count == 0 {
        return Err(FromHexError::Invalid);
    }
    let mut exponent = 0i64;
    if let [b'p' | b'P', rest @ ..] = s {
        (exponent, s) = binary_exponent(rest).ok_or(FromHexError::Invalid)?;
    }
    let exponent = exponent.saturating_add(digits.exponent).clamp(-1 << 24, 1 << 24);
    let x = scale(digits.bits, exponent as i32);
    if x.is_infinite() {
        return Err(FromHexError::TooLarge);
    }
    if s.is_empty() { Ok(x) } else { Err(FromHexError::Invalid) }
}

/// A decimal exponent with an optional sign, saturated, and what follows it.
fn binary_exponent(s: &[u8]) -> Option<(i64, &[u8])> {
    let (negative, mut s) = match s {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, s),
    };
    if !s.first()?.is_ascii_digit() {
        return None;
    }
    let mut n = 0i64;
    while let [first @ b'0'..=b'9', rest @ ..] = s {
        n = n.saturating_mul(10).saturating_add(i64::from(first - b'0'));
        s = rest;
    }
    Some((if negative { -n } else { n }, s))
}
