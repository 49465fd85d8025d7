//! Floats from decimal text, and `repr`.

use std::borrow::Cow;
use std::fmt::Write;

use crate::int::strip_ascii_space;

/// `float(text)` of ASCII text or of bytes; `None` when it is no literal. Text with other characters
/// goes through [`crate::int::ascii_number`] first.
pub fn parse_float(text: &[u8]) -> Option<f64> {
    let s = remove_underscores(strip_ascii_space(text))?;
    std::str::from_utf8(&s).ok()?.parse().ok()
}

/// The literal without its underscores; `None` when one does not stand between two digits.
pub(crate) fn remove_underscores(s: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !s.contains(&b'_') {
        return Some(Cow::Borrowed(s));
    }
    let digit = |i: Option<usize>| i.and_then(|i| s.get(i)).is_some_and(u8::is_ascii_digit);
    let mut out = Vec::with_capacity(s.len());
    for (i, &byte) in s.iter().enumerate() {
        if byte != b'_' {
            out.push(byte);
        } else if !digit(i.checked_sub(1)) || !digit(Some(i + 1)) {
            return None;
        }
    }
    Some(Cow::Owned(out))
}

/// The longest float literal that `s` begins with, sign included, and what follows it.
pub(crate) fn float_prefix(s: &[u8]) -> Option<(f64, &[u8])> {
    let unsigned = match s {
        [b'+' | b'-', rest @ ..] => rest,
        _ => s,
    };
    let length = special_length(unsigned).or_else(|| decimal_length(unsigned))?;
    let (literal, rest) = s.split_at(s.len() - unsigned.len() + length);
    Some((std::str::from_utf8(literal).ok()?.parse().ok()?, rest))
}

/// The length of `inf`, `infinity` or `nan` in any case.
fn special_length(s: &[u8]) -> Option<usize> {
    [&b"infinity"[..], b"inf", b"nan"]
        .iter()
        .find(|name| s.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)))
        .map(|name| name.len())
}

/// The length of a decimal literal; an exponent without digits is left out.
fn decimal_length(s: &[u8]) -> Option<usize> {
    let run = |from: usize| s.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let whole = run(0);
    let mut end = whole;
    let mut fraction = 0;
    if s.get(end) == Some(&b'.') {
        fraction = run(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(s.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(s.get(end + 1), Some(b'+' | b'-')));
        let digits = run(end + 1 + sign);
        if digits > 0 {
            end += 1 + sign + digits;
        }
    }
    Some(end)
}

/// `repr(x)`: the shortest digits that read back as `x`.
pub fn repr(x: f64) -> String {
    let mut out = String::with_capacity(24);
    push_repr(x, true, &mut out);
    out
}

/// Appends `repr(x)`; `point_zero` asks for the `.0` of an integral value, which `complex` leaves out.
pub fn push_repr(x: f64, point_zero: bool, out: &mut String) {
    if x.is_nan() {
        out.push_str("nan");
        return;
    }
    if x.is_sign_negative() {
        out.push('-');
    }
    let x = x.abs();
    if x.is_infinite() {
        out.push_str("inf");
        return;
    }
    // Between 1e-4 and 1e16 Rust's shortest positional form is Python's.
    if x == 0.0 || (1e-4..1e16).contains(&x) {
        // Writing to a `String` cannot fail.
        let _ = write!(out, "{x}");
        if point_zero && x == x.trunc() {
            out.push_str(".0");
        }
        return;
    }
    let start = out.len();
    let _ = write!(out, "{x:e}");
    let Some(at) = out[start..].find('e') else {
        return;
    };
    // Python's exponent has a sign and two digits at least.
    let exponent: i32 = out[start + at + 1..].parse().unwrap_or(0);
    out.truncate(start + at + 1);
    let _ = write!(out, "{exponent:+03}");
}
