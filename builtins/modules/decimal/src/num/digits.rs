//! Operations on digits and exponents: logical operations, shifts, rotation, `scaleb`, `logb`.

use super::Res;
use super::dec::{Dec, DecRef, Settings, Status, finish, flags, length, nan_result};
use super::words::{self, DIGITS, POW10, Words};

/// A logical operation on digits 0 and 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Logic {
    And,
    Or,
    Xor,
}

/// Whether all digits are 0 or 1 and the exponent and sign are 0.
fn is_logical(a: DecRef<'_>) -> bool {
    a.is_finite()
        && !a.neg
        && a.exp == 0
        && a.coef.iter().all(|w| {
            let mut w = *w;
            while w != 0 {
                if w % 10 > 1 {
                    return false;
                }
                w /= 10;
            }
            true
        })
}

/// A logical operation.
pub fn logical(a: DecRef<'_>, b: DecRef<'_>, op: Logic, s: &Settings, st: &mut Status) -> Res<Dec> {
    if !is_logical(a) || !is_logical(b) {
        return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
    }
    let mut r = Words::zeros(a.coef.len().max(b.coef.len()))?;
    for (i, w) in r.iter_mut().enumerate() {
        let at = |c: &[u64]| c.get(i).copied().unwrap_or(0);
        *w = by_digits(at(a.coef), at(b.coef), op);
    }
    // Digits beyond the precision do not count.
    Ok(Dec::finite(false, words::low_digits(&r, length(s.prec))?, 0))
}

fn by_digits(mut x: u64, mut y: u64, op: Logic) -> u64 {
    let (mut r, mut unit) = (0, 1);
    for _ in 0..DIGITS {
        let (p, q) = (x % 10, y % 10);
        r += unit
            * match op {
                Logic::And => p & q,
                Logic::Or => p | q,
                Logic::Xor => p ^ q,
            };
        (x, y, unit) = (x / 10, y / 10, unit.wrapping_mul(10));
    }
    r
}

/// `logical_invert`
pub fn invert(a: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Dec> {
    if !is_logical(a) {
        return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
    }
    let n = length(s.prec);
    let (q, r) = (n / DIGITS, n % DIGITS);
    let ones = POW10[DIGITS - 1] / 9 * 10 + 1;
    let mut w = Words::zeros(q + usize::from(r != 0))?;
    w[..q].fill(ones);
    if r != 0 {
        w[q] = ones % POW10[r];
    }
    for (x, y) in w.iter_mut().zip(a.coef) {
        *x = by_digits(*x, *y, Logic::Xor);
    }
    Ok(Dec::finite(false, words::low_digits(&w, n)?, 0))
}

/// The operand of a shift: an integer within the precision.
fn count(b: DecRef<'_>, limit: i64) -> Option<i64> {
    if !b.is_finite() || b.exp != 0 || b.digits() > 18 {
        return None;
    }
    let n = b.coef.first().map_or(0, |w| *w as i64);
    (n <= limit).then_some(if b.neg { -n } else { n })
}

/// `shift`: digits moved to the left (or right), those beyond the precision dropped.
pub fn shift(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Dec> {
    if let Some(r) = nan_result(a, Some(b), s, st)? {
        return Ok(r);
    }
    let Some(n) = count(b, s.prec) else { return Ok(Dec::invalid(flags::INVALID_OPERATION, st)) };
    if a.is_infinite() {
        return a.owned();
    }
    let kept = words::low_digits(a.coef, length(s.prec))?;
    let coef = if n < 0 {
        words::shift_right(&kept, length(-n))?
    } else {
        let low = words::low_digits(&kept, length(s.prec - n))?;
        words::shift_left(&low, length(n))?
    };
    Ok(Dec::finite(a.neg, coef, a.exp))
}

/// `rotate`: digits moved to the left (or right), those that leave the precision entering at the other end.
pub fn rotate(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Dec> {
    if let Some(r) = nan_result(a, Some(b), s, st)? {
        return Ok(r);
    }
    let Some(n) = count(b, s.prec) else { return Ok(Dec::invalid(flags::INVALID_OPERATION, st)) };
    if a.is_infinite() {
        return a.owned();
    }
    let kept = words::low_digits(a.coef, length(s.prec))?;
    let n = if n < 0 { s.prec + n } else { n };
    let high = words::shift_right(&kept, length(s.prec - n))?;
    let low = words::low_digits(&kept, length(s.prec - n))?;
    let coef = words::add(&words::shift_left(&low, length(n))?, &high)?;
    Ok(Dec::finite(a.neg, coef, a.exp))
}

/// `scaleb`: the exponent plus an integer.
pub fn scaleb(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Dec> {
    if let Some(r) = nan_result(a, Some(b), s, st)? {
        return Ok(r);
    }
    let limit = (s.emax + s.prec).saturating_mul(2);
    let n = if b.is_finite() && b.exp == 0 && b.coef.len() <= 1 {
        let n = b.coef.first().copied().unwrap_or(0);
        i64::try_from(n).ok().filter(|n| *n <= limit).map(|n| if b.neg { -n } else { n })
    } else {
        None
    };
    let Some(n) = n else { return Ok(Dec::invalid(flags::INVALID_OPERATION, st)) };
    if a.is_infinite() {
        return a.owned();
    }
    let mut r = a.owned()?;
    r.exp += n;
    finish(r, s, st)
}

/// `logb`: the adjusted exponent.
pub fn logb(a: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Dec> {
    if let Some(r) = nan_result(a, None, s, st)? {
        return Ok(r);
    }
    if a.is_infinite() {
        return Ok(Dec::infinity(false));
    }
    if a.is_zero() {
        *st |= flags::DIVISION_BY_ZERO;
        return Ok(Dec::infinity(true));
    }
    let e = a.adjusted();
    finish(Dec::of(e < 0, e.unsigned_abs(), 0), s, st)
}

/// `number_class`
pub fn class(a: DecRef<'_>, s: &Settings) -> &'static str {
    use super::dec::Kind;
    let (pos, neg) = match a.kind {
        Kind::Signaling => return "sNaN",
        Kind::Quiet => return "NaN",
        Kind::Infinite => ("+Infinity", "-Infinity"),
        Kind::Finite if a.coef.is_empty() => ("+Zero", "-Zero"),
        Kind::Finite if a.adjusted() < s.emin => ("+Subnormal", "-Subnormal"),
        Kind::Finite => ("+Normal", "-Normal"),
    };
    if a.neg { neg } else { pos }
}
