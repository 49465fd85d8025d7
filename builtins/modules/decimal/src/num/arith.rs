//! The operations of arithmetic: sums, products, quotients, remainders, roots.

use super::dec::{
    Dec, DecRef, Kind, Rounding, Settings, Status, finish, fits, flags, length, nan_result, sticky,
};
use super::words::{self, POW10_WIDE, Words};
use super::{Res, Work, div, mul};

/// `a + b`, or `a - b` if `minus`.
#[inline]
pub fn add(a: DecRef<'_>, b: DecRef<'_>, minus: bool, s: &Settings, st: &mut Status) -> Res<Dec> {
    if a.kind == Kind::Finite
        && b.kind == Kind::Finite
        && let (Some(x), Some(y)) = (words::small(a.coef), words::small(b.coef))
        && let Some(r) = add_small(a, b, x, y, b.neg ^ minus, s)
    {
        return Ok(r);
    }
    add_slow(a, b, minus, s, st)
}

/// The sum of short numbers that needs no rounding.
#[inline]
fn add_small(a: DecRef<'_>, b: DecRef<'_>, x: u128, y: u128, bneg: bool, s: &Settings) -> Option<Dec> {
    let (x, y, exp) = if a.exp == b.exp {
        (x, y, a.exp)
    } else if a.exp > b.exp {
        (scale(x, a.coef, a.exp - b.exp)?, y, b.exp)
    } else {
        (x, scale(y, b.coef, b.exp - a.exp)?, a.exp)
    };
    if a.neg == bneg {
        return fits(a.neg, x + y, exp, s);
    }
    if x > y { fits(a.neg, x - y, exp, s) } else { fits(bneg, y - x, exp, s) }
}

/// `x * 10^by` if that has at most 38 digits.
#[inline]
fn scale(x: u128, coef: &[u64], by: i64) -> Option<u128> {
    if by >= 38 - words::digits(coef) as i64 {
        return None;
    }
    Some(x * POW10_WIDE[by as usize])
}

fn add_slow(a: DecRef<'_>, b: DecRef<'_>, minus: bool, s: &Settings, st: &mut Status) -> Res<Dec> {
    if let Some(r) = nan_result(a, Some(b), s, st)? {
        return Ok(r);
    }
    let b = b.with_sign(b.neg ^ minus);
    match (a.is_infinite(), b.is_infinite()) {
        (true, true) if a.neg != b.neg => return Ok(Dec::invalid(flags::INVALID_OPERATION, st)),
        (true, _) => return Ok(Dec::infinity(a.neg)),
        (_, true) => return Ok(Dec::infinity(b.neg)),
        _ => {}
    }
    finish(add_exact(a, b, s)?, s, st)
}

/// The sum of finite numbers before rounding: exact, or such that it rounds as the sum does.
pub fn add_exact(a: DecRef<'_>, b: DecRef<'_>, s: &Settings) -> Res<Dec> {
    let exp = a.exp.min(b.exp);
    let zero_sign = if a.neg == b.neg { a.neg } else { s.rounding == Rounding::Floor };
    match (a.coef.is_empty(), b.coef.is_empty()) {
        (true, true) => return Ok(Dec::finite(zero_sign, Words::new(), exp)),
        (true, false) => return padded(b, exp, s),
        (false, true) => return padded(a, exp, s),
        _ => {}
    }
    let (hi, lo) = if a.exp >= b.exp { (a, b) } else { (b, a) };
    let mut low_coef = lo.coef;
    let mut low_exp = lo.exp;
    // A number that lies below all digits of the result and the digits to round only matters as being there.
    let edge = hi.exp + (hi.digits() - s.prec - 2).min(-1);
    if lo.adjusted() < edge {
        low_coef = &[1];
        low_exp = edge;
    }
    let high = words::shift_left(hi.coef, length(hi.exp - low_exp))?;
    let (coef, neg) = if hi.neg == lo.neg {
        (words::add(&high, low_coef)?, hi.neg)
    } else {
        match words::compare(&high, low_coef) {
            std::cmp::Ordering::Equal => (Words::new(), s.rounding == Rounding::Floor),
            std::cmp::Ordering::Greater => (words::sub(&high, low_coef)?, hi.neg),
            std::cmp::Ordering::Less => (words::sub(low_coef, &high)?, lo.neg),
        }
    };
    Ok(Dec::finite(neg, coef, low_exp))
}

/// A number with zeros appended down to an exponent, as far as rounding would notice.
fn padded(x: DecRef<'_>, exp: i64, s: &Settings) -> Res<Dec> {
    let exp = exp.max(x.exp - s.prec - 1);
    if exp >= x.exp {
        return x.owned();
    }
    Ok(Dec::finite(x.neg, words::shift_left(x.coef, length(x.exp - exp))?, exp))
}

/// `a * b`
#[inline]
pub fn mul(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status, work: &mut Work) -> Res<Dec> {
    if a.kind == Kind::Finite
        && b.kind == Kind::Finite
        && let ([x], [y]) = (a.coef, b.coef)
        && let Some(r) = fits(a.neg ^ b.neg, u128::from(*x) * u128::from(*y), a.exp + b.exp, s)
    {
        return Ok(r);
    }
    mul_slow(a, b, s, st, work)
}

fn mul_slow(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status, work: &mut Work) -> Res<Dec> {
    if let Some(r) = nan_result(a, Some(b), s, st)? {
        return Ok(r);
    }
    let neg = a.neg ^ b.neg;
    if a.is_infinite() || b.is_infinite() {
        if a.is_zero() || b.is_zero() {
            return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
        }
        return Ok(Dec::infinity(neg));
    }
    let coef = mul::mul(a.coef, b.coef, work)?;
    finish(Dec::finite(neg, coef, a.exp + b.exp), s, st)
}

/// `a * b + c`, rounded once.
pub fn fma(
    a: DecRef<'_>,
    b: DecRef<'_>,
    c: DecRef<'_>,
    s: &Settings,
    st: &mut Status,
    work: &mut Work,
) -> Res<Dec> {
    // A product that is invalid comes before the third operand's NaN, a NaN among the factors too.
    if a.is_infinite() && b.is_zero() || a.is_zero() && b.is_infinite() {
        return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
    }
    let signaling = [a, b, c].into_iter().find(|x| x.kind == Kind::Signaling);
    if let Some(x) = signaling {
        *st |= flags::INVALID_OPERATION;
        return super::dec::quiet(x, s);
    }
    if let Some(x) = [a, b].into_iter().find(|x| x.is_nan()) {
        return super::dec::quiet(x, s);
    }
    if a.is_infinite() || b.is_infinite() {
        if a.is_zero() || b.is_zero() {
            return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
        }
        let product = Dec::infinity(a.neg ^ b.neg);
        return add(product.view(), c, false, s, st);
    }
    let coef = mul::mul(a.coef, b.coef, work)?;
    let product = Dec::finite(a.neg ^ b.neg, coef, a.exp + b.exp);
    add(product.view(), c, false, s, st)
}

/// `a / b`
pub fn divide(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status, work: &mut Work) -> Res<Dec> {
    if let Some(r) = nan_result(a, Some(b), s, st)? {
        return Ok(r);
    }
    let neg = a.neg ^ b.neg;
    match (a.is_infinite(), b.is_infinite()) {
        (true, true) => return Ok(Dec::invalid(flags::INVALID_OPERATION, st)),
        (true, false) => return Ok(Dec::infinity(neg)),
        (false, true) => {
            *st |= flags::CLAMPED;
            return Ok(Dec::finite(neg, Words::new(), s.etiny()));
        }
        _ => {}
    }
    if b.coef.is_empty() {
        if a.coef.is_empty() {
            return Ok(Dec::invalid(flags::DIVISION_UNDEFINED, st));
        }
        *st |= flags::DIVISION_BY_ZERO;
        return Ok(Dec::infinity(neg));
    }
    let ideal = a.exp - b.exp;
    if a.coef.is_empty() {
        return finish(Dec::finite(neg, Words::new(), ideal), s, st);
    }
    // With a precision beyond all need, look for an exact quotient first: a power of ten that has all twos and fives of the divisor.
    let enough = b.digits() * 4 + 1;
    let full = b.digits() - a.digits() + s.prec + 1;
    if full > enough.saturating_mul(4) {
        let (q, r) = quotient(a, b, enough, work)?;
        if r {
            return finish(unpad(neg, q, ideal - enough, ideal)?, s, st);
        }
    }
    let (mut q, exact) = quotient(a, b, full, work)?;
    if exact {
        return finish(unpad(neg, q, ideal - full, ideal)?, s, st);
    }
    sticky(&mut q)?;
    finish(Dec::finite(neg, q, ideal - full), s, st)
}

/// `a * 10^shift / b` without its fraction, and whether there is none. The numbers' exponents do not matter.
fn quotient(a: DecRef<'_>, b: DecRef<'_>, shift: i64, work: &mut Work) -> Res<(Words, bool)> {
    let (num, den);
    let (n, d) = if shift >= 0 {
        num = words::shift_left(a.coef, length(shift))?;
        (&*num, b.coef)
    } else {
        den = words::shift_left(b.coef, length(-shift))?;
        (a.coef, &*den)
    };
    let (q, r) = div::div_rem(n, d, work)?;
    Ok((q, r.is_empty()))
}

/// A number without those trailing zeros that take its exponent no further than `ideal`.
pub fn unpad(neg: bool, coef: Words, exp: i64, ideal: i64) -> Res<Dec> {
    if exp >= ideal || coef.is_empty() {
        return Ok(Dec::finite(neg, coef, exp));
    }
    let n = (words::trailing_zeros(&coef) as i64).min(ideal - exp);
    if n == 0 {
        return Ok(Dec::finite(neg, coef, exp));
    }
    Ok(Dec::finite(neg, words::shift_right(&coef, length(n))?, exp + n))
}

/// Quotient and remainder of finite numbers, `b` not 0: `None` if the quotient has more digits than the precision.
fn int_division(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, work: &mut Work) -> Res<Option<(Dec, Dec)>> {
    let neg = a.neg ^ b.neg;
    let exp = a.exp.min(b.exp);
    if a.coef.is_empty() || a.adjusted() < b.adjusted() {
        let r = padded_to(a, exp, s)?;
        return Ok(Some((Dec::finite(neg, Words::new(), 0), r)));
    }
    if a.adjusted() - b.adjusted() > s.prec {
        return Ok(None);
    }
    let (x, y) =
        (words::shift_left(a.coef, length(a.exp - exp))?, words::shift_left(b.coef, length(b.exp - exp))?);
    let (q, r) = div::div_rem(&x, &y, work)?;
    if words::digits(&q) as i64 > s.prec {
        return Ok(None);
    }
    Ok(Some((Dec::finite(neg, q, 0), Dec::finite(a.neg, r, exp))))
}

/// The dividend as remainder: with the smaller exponent, as far as rounding would notice.
fn padded_to(a: DecRef<'_>, exp: i64, s: &Settings) -> Res<Dec> {
    if a.coef.is_empty() {
        return Ok(Dec::finite(a.neg, Words::new(), exp));
    }
    padded(a, exp, s)
}

/// Both results of a division by integers.
pub fn divmod(
    a: DecRef<'_>,
    b: DecRef<'_>,
    s: &Settings,
    st: &mut Status,
    work: &mut Work,
) -> Res<(Dec, Dec)> {
    if let Some(r) = nan_result(a, Some(b), s, st)? {
        let other = r.view().owned()?;
        return Ok((r, other));
    }
    let neg = a.neg ^ b.neg;
    let invalid = |why: u32, st: &mut Status| Ok((Dec::invalid(why, st), Dec::nan()));
    if a.is_infinite() {
        if b.is_infinite() {
            return invalid(flags::INVALID_OPERATION, st);
        }
        return Ok((Dec::infinity(neg), Dec::invalid(flags::INVALID_OPERATION, st)));
    }
    if b.is_infinite() {
        let r = finish(a.owned()?, s, st)?;
        return Ok((Dec::finite(neg, Words::new(), 0), r));
    }
    if b.coef.is_empty() {
        if a.coef.is_empty() {
            return invalid(flags::DIVISION_UNDEFINED, st);
        }
        *st |= flags::DIVISION_BY_ZERO | flags::INVALID_OPERATION;
        return Ok((Dec::infinity(neg), Dec::nan()));
    }
    match int_division(a, b, s, work)? {
        Some((q, r)) => {
            let q = finish(q, s, st)?;
            Ok((q, finish(r, s, st)?))
        }
        None => invalid(flags::DIVISION_IMPOSSIBLE, st),
    }
}

/// The integer part of `a / b`.
pub fn divide_int(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status, work: &mut Work) -> Res<Dec> {
    if let Some(r) = nan_result(a, Some(b), s, st)? {
        return Ok(r);
    }
    let neg = a.neg ^ b.neg;
    if a.is_infinite() {
        if b.is_infinite() {
            return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
        }
        return Ok(Dec::infinity(neg));
    }
    if b.is_infinite() {
        return Ok(Dec::finite(neg, Words::new(), 0));
    }
    if b.coef.is_empty() {
        if a.coef.is_empty() {
            return Ok(Dec::invalid(flags::DIVISION_UNDEFINED, st));
        }
        *st |= flags::DIVISION_BY_ZERO;
        return Ok(Dec::infinity(neg));
    }
    match int_division(a, b, s, work)? {
        Some((q, _)) => finish(q, s, st),
        None => Ok(Dec::invalid(flags::DIVISION_IMPOSSIBLE, st)),
    }
}

/// The remainder of [`divide_int`], with the sign of `a`.
pub fn remainder(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status, work: &mut Work) -> Res<Dec> {
    if let Some(r) = remainder_special(a, b, s, st)? {
        return Ok(r);
    }
    match int_division(a, b, s, work)? {
        Some((_, r)) => finish(r, s, st),
        None => Ok(Dec::invalid(flags::DIVISION_IMPOSSIBLE, st)),
    }
}

fn remainder_special(a: DecRef<'_>, b: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Option<Dec>> {
    if let Some(r) = nan_result(a, Some(b), s, st)? {
        return Ok(Some(r));
    }
    if a.is_infinite() {
        return Ok(Some(Dec::invalid(flags::INVALID_OPERATION, st)));
    }
    if b.is_infinite() {
        return finish(a.owned()?, s, st).map(Some);
    }
    if b.coef.is_empty() {
        let why = if a.coef.is_empty() { flags::DIVISION_UNDEFINED } else { flags::INVALID_OPERATION };
        return Ok(Some(Dec::invalid(why, st)));
    }
    Ok(None)
}

/// `a - b * n`, `n` being the integer nearest to `a / b`, the even one of two.
pub fn remainder_near(
    a: DecRef<'_>,
    b: DecRef<'_>,
    s: &Settings,
    st: &mut Status,
    work: &mut Work,
) -> Res<Dec> {
    if let Some(r) = remainder_special(a, b, s, st)? {
        return Ok(r);
    }
    let exp = a.exp.min(b.exp);
    if a.coef.is_empty() {
        return finish(Dec::finite(a.neg, Words::new(), exp), s, st);
    }
    let gap = a.adjusted() - b.adjusted();
    if gap > s.prec {
        return Ok(Dec::invalid(flags::DIVISION_IMPOSSIBLE, st));
    }
    if gap <= -2 {
        return finish(padded(a, exp, s)?, s, st);
    }
    let (x, y) =
        (words::shift_left(a.coef, length(a.exp - exp))?, words::shift_left(b.coef, length(b.exp - exp))?);
    let (mut q, mut r) = div::div_rem(&x, &y, work)?;
    let mut neg = a.neg;
    let odd = q.first().is_some_and(|w| w % 2 == 1);
    let twice = words::add(&r, &r)?;
    let order = words::compare(&twice, &y);
    if order.is_gt() || order.is_eq() && odd {
        r = words::sub(&y, &r)?;
        neg = !neg;
        words::add_word(&mut q, 1)?;
    }
    if words::digits(&q) as i64 > s.prec {
        return Ok(Dec::invalid(flags::DIVISION_IMPOSSIBLE, st));
    }
    if r.is_empty() {
        neg = a.neg;
    }
    finish(Dec::finite(neg, r, exp), s, st)
}

/// The square root, rounded half-even.
pub fn sqrt(a: DecRef<'_>, s: &Settings, st: &mut Status, work: &mut Work) -> Res<Dec> {
    if let Some(r) = nan_result(a, None, s, st)? {
        return Ok(r);
    }
    let ideal = a.exp.div_euclid(2);
    let s = &Settings { rounding: Rounding::HalfEven, ..*s };
    if a.is_zero() {
        return finish(Dec::finite(a.neg, Words::new(), ideal), s, st);
    }
    if a.neg {
        return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
    }
    if a.is_infinite() {
        return Ok(Dec::infinity(false));
    }
    let odd = a.exp.rem_euclid(2);
    let len = (a.digits() + odd + 1) / 2;
    let shift = s.prec + 1 - len;
    if shift > 4 * a.digits() + 16 {
        // With digits beyond all need the root may be exact without them.
        let n = words::shift_left(a.coef, length(odd))?;
        let (r, exact) = div::sqrt(&n, work)?;
        if exact {
            return finish(Dec::finite(false, r, ideal), s, st);
        }
    }
    let (mut r, exact) = if shift >= 0 {
        let n = words::shift_left(a.coef, length(shift.saturating_mul(2) + odd))?;
        div::sqrt(&n, work)?
    } else {
        let drop = length(-2 * shift - odd);
        let n = words::shift_right(a.coef, drop)?;
        let whole = words::rest(a.coef, drop) == words::Rest::Zero;
        let (r, exact) = div::sqrt(&n, work)?;
        (r, exact && whole)
    };
    let exp = ideal - shift;
    if exact {
        return finish(unpad_or_pad(r, exp, ideal)?, s, st);
    }
    sticky(&mut r)?;
    finish(Dec::finite(false, r, exp), s, st)
}

/// An exact root with the ideal exponent as far as its digits allow.
fn unpad_or_pad(r: Words, exp: i64, ideal: i64) -> Res<Dec> {
    if exp > ideal {
        return Ok(Dec::finite(false, words::shift_left(&r, length(exp - ideal))?, ideal));
    }
    unpad(false, r, exp, ideal)
}
