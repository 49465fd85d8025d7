//! Numbers from text and to text.

use super::Res;
use super::dec::{Dec, DecRef, Kind, Settings, Status, finish, flags, length};
use super::words::{self, DIGITS, Words};

/// Digits as a coefficient. Every byte is an ASCII digit.
pub fn coefficient(parts: [&[u8]; 2]) -> Res<Words> {
    // Leading zeros need no room.
    let mut parts = parts;
    for part in &mut parts {
        let zeros = part.iter().take_while(|b| **b == b'0').count();
        *part = &part[zeros..];
        if !part.is_empty() {
            break;
        }
    }
    let n = parts[0].len() + parts[1].len();
    let mut out = Words::zeros(n.div_ceil(DIGITS))?;
    let mut left = n;
    let mut digits = parts[0].iter().chain(parts[1]);
    for w in out.iter_mut().rev() {
        let take = (left - 1) % DIGITS + 1;
        left -= take;
        *w = digits.by_ref().take(take).fold(0, |acc, b| acc * 10 + u64::from(b - b'0'));
    }
    Ok(out)
}

/// What text says, before rounding; `None` if it is no number. The exponent is limited to about 5 * 10^18.
pub fn parse(text: &[u8]) -> Res<Option<Dec>> {
    let (neg, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let digits = |t: &[u8]| t.iter().take_while(|b| b.is_ascii_digit()).count();
    let n = digits(rest);
    let (int, mut rest) = rest.split_at(n);
    let mut frac: &[u8] = &[];
    if let [b'.', after @ ..] = rest {
        let n = digits(after);
        (frac, rest) = after.split_at(n);
    }
    if int.is_empty() && frac.is_empty() {
        if n == 0 && rest.len() < text.len() && text.contains(&b'.') {
            return Ok(None);
        }
        return special(neg, rest);
    }
    let mut exp = 0i64;
    if let [b'e' | b'E', after @ ..] = rest {
        let (eneg, after) = match after {
            [b'-', r @ ..] => (true, r),
            [b'+', r @ ..] => (false, r),
            r => (false, r),
        };
        if after.is_empty() || digits(after) != after.len() {
            return Ok(None);
        }
        exp = after.iter().fold(0i64, |acc, b| {
            acc.saturating_mul(10).saturating_add(i64::from(b - b'0')).min(4_900_000_000_000_000_000)
        });
        if eneg {
            exp = -exp;
        }
        rest = &[];
    }
    if !rest.is_empty() {
        return Ok(None);
    }
    let coef = coefficient([int, frac])?;
    Ok(Some(Dec::finite(neg, coef, exp - frac.len() as i64)))
}

/// Infinities and NaNs.
fn special(neg: bool, text: &[u8]) -> Res<Option<Dec>> {
    let lower = |t: &[u8], what: &[u8]| t.eq_ignore_ascii_case(what);
    if lower(text, b"inf") || lower(text, b"infinity") {
        return Ok(Some(Dec::infinity(neg)));
    }
    let (kind, payload) = match text {
        [a, b, c, rest @ ..] if lower(&[*a, *b, *c], b"nan") => (Kind::Quiet, rest),
        [a, b, c, d, rest @ ..] if lower(&[*a, *b, *c, *d], b"snan") => (Kind::Signaling, rest),
        _ => return Ok(None),
    };
    if !payload.iter().all(u8::is_ascii_digit) {
        return Ok(None);
    }
    Ok(Some(Dec { neg, kind, exp: 0, coef: coefficient([payload, &[]])? }))
}

/// A parsed number for a context: rounded, or an error of syntax.
pub fn in_context(parsed: Option<Dec>, s: &Settings, st: &mut Status) -> Res<Dec> {
    let Some(x) = parsed else { return Ok(Dec::invalid(flags::CONVERSION_SYNTAX, st)) };
    match x.kind {
        Kind::Finite => finish(x, s, st),
        Kind::Infinite => Ok(x),
        _ if words::digits(&x.coef) as i64 > s.prec - i64::from(s.clamp) => {
            Ok(Dec::invalid(flags::CONVERSION_SYNTAX, st))
        }
        _ => Ok(x),
    }
}

/// A number as it is, which must be within the limits of all contexts.
pub fn exactly(parsed: Option<Dec>, st: &mut Status) -> Res<Dec> {
    let mut local = 0;
    let r = in_context(parsed, &Settings::MAX, &mut local)?;
    if local & (flags::INEXACT | flags::ROUNDED | flags::CLAMPED) != 0 {
        return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
    }
    *st |= local & flags::INVALID;
    Ok(r)
}

/// Appends a word's digits, `n` of them.
fn push_word(out: &mut Vec<u8>, mut w: u64, n: usize) {
    let mut buf = [b'0'; DIGITS];
    for b in buf[DIGITS - n..].iter_mut().rev() {
        let q = w / 10;
        *b = b'0' + (w - q * 10) as u8;
        w = q;
    }
    out.extend_from_slice(&buf[DIGITS - n..]);
}

/// Appends the digits of a trimmed coefficient; `0` for zero.
pub fn push_digits(out: &mut Vec<u8>, coef: &[u64]) -> Res<()> {
    let n = words::digits(coef).max(1);
    out.try_reserve(n).map_err(|_| super::Stop::Memory)?;
    match coef {
        [] => out.push(b'0'),
        [low @ .., top] => {
            push_word(out, *top, words::word_digits(*top));
            low.iter().rev().for_each(|w| push_word(out, *w, DIGITS));
        }
    }
    Ok(())
}

/// A coefficient's digits.
pub fn digits_of(coef: &[u64]) -> Res<Vec<u8>> {
    let mut out = Vec::new();
    push_digits(&mut out, coef)?;
    Ok(out)
}

/// The scientific (or engineering) form.
pub fn to_text(x: DecRef<'_>, capitals: bool, engineering: bool) -> Res<Vec<u8>> {
    let mut out = Vec::new();
    // Digits, a sign, a point and zeros, an exponent.
    out.try_reserve_exact(words::digits(x.coef) + 48).map_err(|_| super::Stop::Memory)?;
    if x.neg {
        out.push(b'-');
    }
    match x.kind {
        Kind::Finite => {}
        Kind::Infinite => out.extend_from_slice(b"Infinity"),
        Kind::Quiet | Kind::Signaling => {
            out.extend_from_slice(if x.kind == Kind::Quiet { b"NaN" } else { b"sNaN" });
            if !x.coef.is_empty() {
                push_digits(&mut out, x.coef)?;
            }
        }
    }
    if x.kind != Kind::Finite {
        return Ok(out);
    }
    let first = out.len();
    push_digits(&mut out, x.coef)?;
    if x.exp == 0 {
        return Ok(out);
    }
    let n = (out.len() - first) as i64;
    let left = x.exp + n;
    // Digits before the point.
    let point = if x.exp <= 0 && left > -6 {
        left
    } else if !engineering {
        1
    } else if x.coef.is_empty() {
        (left + 1).rem_euclid(3) - 1
    } else {
        (left - 1).rem_euclid(3) + 1
    };
    place_point(&mut out, first, point)?;
    if left != point {
        let e = left - point;
        out.push(if capitals { b'E' } else { b'e' });
        out.extend_from_slice(format!("{e:+}").as_bytes());
    }
    Ok(out)
}

/// Puts a point behind `point` digits of those from `first` on, with zeros where there are none.
fn place_point(out: &mut Vec<u8>, first: usize, point: i64) -> Res<()> {
    let n = (out.len() - first) as i64;
    if point <= 0 {
        let zeros = length(-point);
        out.splice(first..first, b"0.".iter().copied().chain(std::iter::repeat_n(b'0', zeros)));
    } else if point >= n {
        out.extend(std::iter::repeat_n(b'0', length(point - n)));
    } else {
        out.insert(first + length(point), b'.');
    }
    Ok(())
}

/// The word that a few digits make.
pub fn word_of(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |acc, d| acc * 10 + u64::from(*d))
}

/// A coefficient from digits as numbers 0 to 9, the first the highest.
pub fn from_digits(digits: &[u8]) -> Res<Words> {
    let zeros = digits.iter().take_while(|d| **d == 0).count();
    let digits = &digits[zeros..];
    let mut out = Words::zeros(digits.len().div_ceil(DIGITS))?;
    for (w, piece) in out.iter_mut().zip(digits.rchunks(DIGITS)) {
        *w = word_of(piece);
    }
    Ok(out)
}
