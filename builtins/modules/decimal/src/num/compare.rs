//! Comparisons: by value, in the total order, the extremes of two numbers, neighbours.

use super::Res;
use super::arith::add_exact;
use super::dec::{
    Dec, DecRef, Kind, Rounding, Settings, Status, finish, flags, largest, length, nan_result, round_off,
};
use super::words::{self, POW10_WIDE, Words};
use std::cmp::Ordering;

/// Order of finite numbers or infinities by value.
pub fn order(a: DecRef<'_>, b: DecRef<'_>) -> Ordering {
    let sign = |x: DecRef<'_>| match (x.is_zero(), x.neg) {
        (true, _) => 0,
        (_, true) => -1,
        _ => 1,
    };
    let (sa, sb) = (sign(a), sign(b));
    if sa != sb || sa == 0 {
        return sa.cmp(&sb);
    }
    let o = order_abs(a, b);
    if sa < 0 { o.reverse() } else { o }
}

/// Order of the absolute values of finite numbers or infinities.
pub fn order_abs(a: DecRef<'_>, b: DecRef<'_>) -> Ordering {
    match (a.is_infinite(), b.is_infinite()) {
        (true, true) => return Ordering::Equal,
        (true, _) => return Ordering::Greater,
        (_, true) => return Ordering::Less,
        _ => {}
    }
    if a.exp == b.exp {
        return words::compare(a.coef, b.coef);
    }
    if a.coef.is_empty() || b.coef.is_empty() {
        return a.coef.len().cmp(&b.coef.len());
    }
    let by_size = a.adjusted().cmp(&b.adjusted());
    if by_size.is_ne() {
        return by_size;
    }
    if a.exp > b.exp {
        shifted(a.coef, b.coef, a.exp - b.exp)
    } else {
        shifted(b.coef, a.coef, b.exp - a.exp).reverse()
    }
}

/// Order of `a * 10^by` and `b`, which have the same number of digits.
fn shifted(a: &[u64], b: &[u64], by: i64) -> Ordering {
    if by < 38
        && let (Some(x), Some(y)) = (words::small(a), words::small(b))
    {
        return (x * POW10_WIDE[by as usize]).cmp(&y);
    }
    // Word by word from the top, without a copy: the digits of `a`, moved, against those of `b`.
    let by = length(by);
    let (q, r) = (by / words::DIGITS, by % words::DIGITS);
    for i in (0..b.len()).rev() {
        let at = |j: Option<usize>| j.and_then(|j| a.get(j)).copied().unwrap_or(0);
        let x = if r == 0 {
            at(i.checked_sub(q))
        } else {
            let (hi, lo) = (at(i.checked_sub(q)), at(i.checked_sub(q + 1)));
            let low = lo / words::POW10[words::DIGITS - r];
            let high = u128::from(hi) * u128::from(words::POW10[r]) % u128::from(words::BASE);
            high as u64 + low
        };
        match x.cmp(&b[i]) {
            Ordering::Equal => {}
            o => return o,
        }
    }
    Ordering::Equal
}

/// The order as a number.
fn answer(o: Ordering) -> Dec {
    Dec::of(o.is_lt(), u64::from(o.is_ne()), 0)
}

/// `compare`: -1, 0 or 1, or a NaN.
pub fn compare(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Dec> {
    match nan_result(a, Some(b), s, st)? {
        Some(r) => Ok(r),
        None => Ok(answer(order(a, b))),
    }
}

/// `compare_signal`: every NaN is an invalid operation.
pub fn compare_signal(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Dec> {
    if a.is_nan() || b.is_nan() {
        *st |= flags::INVALID_OPERATION;
    }
    compare(a, b, s, st)
}

/// `compare_total`: the order of representations.
pub fn total(a: DecRef<'_>, b: DecRef<'_>) -> Ordering {
    if a.neg != b.neg {
        return if a.neg { Ordering::Less } else { Ordering::Greater };
    }
    let o = total_abs(a, b);
    if a.neg { o.reverse() } else { o }
}

/// `compare_total_mag`: the order of representations without their signs.
pub fn total_abs(a: DecRef<'_>, b: DecRef<'_>) -> Ordering {
    let rank = |x: DecRef<'_>| match x.kind {
        Kind::Finite => 0,
        Kind::Infinite => 1,
        Kind::Signaling => 2,
        Kind::Quiet => 3,
    };
    match rank(a).cmp(&rank(b)) {
        Ordering::Equal => {}
        o => return o,
    }
    match a.kind {
        Kind::Finite => order_abs(a, b).then(a.exp.cmp(&b.exp)),
        Kind::Infinite => Ordering::Equal,
        _ => words::compare(a.coef, b.coef),
    }
}

/// The order of representations as a number.
pub fn total_answer(a: DecRef<'_>, b: DecRef<'_>, magnitude: bool) -> Dec {
    answer(if magnitude { total_abs(a, b) } else { total(a, b) })
}

/// The larger (or smaller) of two numbers, by value or absolute value; a quiet NaN gives way to a number.
pub fn extreme(
    a: DecRef<'_>,
    b: DecRef<'_>,
    max: bool,
    magnitude: bool,
    s: &Settings,
    st: &mut Status,
) -> Res<Dec> {
    if a.is_nan() || b.is_nan() {
        if a.kind == Kind::Quiet && !b.is_nan() {
            return rounded(b, s, st);
        }
        if b.kind == Kind::Quiet && !a.is_nan() {
            return rounded(a, s, st);
        }
        return match nan_result(a, Some(b), s, st)? {
            Some(r) => Ok(r),
            None => Ok(Dec::nan()),
        };
    }
    let mut o = if magnitude { order_abs(a, b) } else { order(a, b) };
    if o.is_eq() {
        o = total(a, b);
    }
    rounded(if o.is_ge() == max { a } else { b }, s, st)
}

/// The number rounded to a context, which must not be a NaN.
pub fn rounded(a: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Dec> {
    if a.is_finite() { finish(a.owned()?, s, st) } else { a.owned() }
}

/// The nearest number above (or below) that the context can hold.
pub fn next(a: DecRef<'_>, up: bool, s: &Settings, st: &mut Status) -> Res<Dec> {
    if let Some(r) = nan_result(a, None, s, st)? {
        return Ok(r);
    }
    if a.is_infinite() {
        return if a.neg == up { largest(a.neg, s) } else { a.owned() };
    }
    let s = Settings { rounding: if up { Rounding::Ceiling } else { Rounding::Floor }, ..*s };
    let mut quiet = 0;
    let fixed = finish(a.owned()?, &s, &mut quiet)?;
    if fixed.kind != Kind::Finite || order(fixed.view(), a).is_ne() {
        return Ok(fixed);
    }
    // One place below the last that the context has.
    let step = Dec::of(!up, 1, s.etiny() - 1);
    finish(add_exact(a, step.view(), &s)?, &s, &mut quiet)
}

/// The neighbour of `a` in the direction of `b`.
pub fn next_toward(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Dec> {
    if let Some(r) = nan_result(a, Some(b), s, st)? {
        return Ok(r);
    }
    let up = match order(a, b) {
        Ordering::Equal => return a.with_sign(b.neg).owned(),
        o => o.is_lt(),
    };
    let r = next(a, up, s, st)?;
    if r.kind == Kind::Infinite {
        *st |= flags::OVERFLOW | flags::INEXACT | flags::ROUNDED;
    } else if r.view().adjusted() < s.emin {
        *st |= flags::UNDERFLOW | flags::SUBNORMAL | flags::INEXACT | flags::ROUNDED;
        if r.view().is_zero() {
            *st |= flags::CLAMPED;
        }
    }
    Ok(r)
}

/// `reduce` or `normalize`: without trailing zeros.
pub fn normalize(a: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Dec> {
    if let Some(r) = nan_result(a, None, s, st)? {
        return Ok(r);
    }
    if a.is_infinite() {
        return a.owned();
    }
    let mut r = finish(a.owned()?, s, st)?;
    if r.kind != Kind::Finite {
        return Ok(r);
    }
    if r.coef.is_empty() {
        r.exp = 0;
        return Ok(r);
    }
    let top = if s.clamp { s.etop() } else { s.emax };
    let n = (words::trailing_zeros(&r.coef) as i64).min(top - r.exp);
    if n > 0 {
        round_off(&mut r, n, Rounding::Down)?;
    }
    Ok(r)
}

/// `quantize(a, exp of b)`
pub fn quantize(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Dec> {
    if let Some(r) = nan_result(a, Some(b), s, st)? {
        return Ok(r);
    }
    if a.is_infinite() || b.is_infinite() {
        if a.is_infinite() && b.is_infinite() {
            return a.owned();
        }
        return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
    }
    if b.exp > s.emax || b.exp < s.etiny() {
        return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
    }
    if a.coef.is_empty() {
        return finish(Dec::finite(a.neg, Words::new(), b.exp), s, st);
    }
    let adjusted = a.adjusted();
    if adjusted > s.emax || adjusted - b.exp + 1 > s.prec {
        return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
    }
    let mut local = 0;
    let r = rescale(a, b.exp, s.rounding, &mut local)?;
    let d = r.view();
    if !r.coef.is_empty() && d.adjusted() > s.emax || d.digits() > s.prec {
        return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
    }
    if !r.coef.is_empty() && d.adjusted() < s.emin {
        local |= flags::SUBNORMAL;
    }
    let clamped = s.clamp && r.exp > s.etop();
    *st |= local;
    if clamped { finish(r, s, st) } else { Ok(r) }
}

/// A finite number with another exponent; ROUNDED and INEXACT as it happens.
pub fn rescale(a: DecRef<'_>, exp: i64, rounding: Rounding, st: &mut Status) -> Res<Dec> {
    if a.coef.is_empty() {
        return Ok(Dec::finite(a.neg, Words::new(), exp));
    }
    if exp <= a.exp {
        return Ok(Dec::finite(a.neg, words::shift_left(a.coef, length(a.exp - exp))?, exp));
    }
    let mut r = a.owned()?;
    *st |= flags::ROUNDED;
    if round_off(&mut r, exp - a.exp, rounding)? {
        *st |= flags::INEXACT;
    }
    Ok(r)
}

/// How `to_integral` treats the flags.
pub fn to_integral(a: DecRef<'_>, exact: bool, s: &Settings, st: &mut Status) -> Res<Dec> {
    if let Some(r) = nan_result(a, None, s, st)? {
        return Ok(r);
    }
    if a.is_infinite() || a.exp >= 0 {
        return a.owned();
    }
    if a.coef.is_empty() {
        return Ok(Dec::finite(a.neg, Words::new(), 0));
    }
    let mut local = 0;
    let r = rescale(a, 0, s.rounding, &mut local)?;
    if exact {
        *st |= local;
    }
    Ok(r)
}
