//! Powers: of numbers, and modulo an integer.

use super::arith::divide;
use super::dec::{Dec, DecRef, Settings, Status, finish, flags, length, nan_result};
use super::div::div_rem;
use super::elementary::{beyond, exp_approx, is_one, ln_approx, near_one, round_surely};
use super::mul::{mul, pow, square};
use super::words::{self, Words};
use super::{Res, Work, dec};

/// Attempts at a power that may be exact without being looked for.
const ATTEMPTS: u32 = 3;

/// `x ** y`
pub fn power(x: DecRef<'_>, y: DecRef<'_>, s: &Settings, st: &mut Status, work: &mut Work) -> Res<Dec> {
    if let Some(r) = nan_result(x, Some(y), s, st)? {
        return Ok(r);
    }
    if y.is_zero() {
        if x.is_zero() {
            return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
        }
        return Ok(Dec::of(false, 1, 0));
    }
    let integer = y.is_integer();
    let mut neg = false;
    if x.neg {
        if integer {
            neg = y.is_odd();
        } else if !x.is_zero() {
            return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
        }
    }
    let x = x.with_sign(false);
    if x.is_zero() || x.is_infinite() {
        return Ok(if x.is_zero() == y.neg { Dec::infinity(neg) } else { Dec::of(neg, 0, 0) });
    }
    if is_one(x) {
        return power_of_one(x, y, neg, integer, s, st);
    }
    if y.is_infinite() {
        let large = x.adjusted() >= 0;
        return Ok(if large != y.neg { Dec::infinity(neg) } else { Dec::of(neg, 0, 0) });
    }
    if integer && let Some(r) = exact_power(x, y, neg, s, st, work)? {
        return Ok(r);
    }
    let r = real_power(x, y, s, st, work, neg)?;
    Ok(r)
}

/// Powers of 1, with as many zeros behind the point as they should have.
fn power_of_one(
    x: DecRef<'_>,
    y: DecRef<'_>,
    neg: bool,
    integer: bool,
    s: &Settings,
    st: &mut Status,
) -> Res<Dec> {
    let most = s.prec - 1;
    let zeros = if !integer {
        *st |= flags::INEXACT | flags::ROUNDED;
        most
    } else if y.neg {
        0
    } else {
        let n = super::convert::to_small_int(y).unwrap_or(i64::MAX);
        let wanted = x.exp.saturating_neg().saturating_mul(n);
        if wanted > most {
            *st |= flags::ROUNDED;
        }
        wanted.clamp(0, most)
    };
    finish(Dec::finite(neg, words::pow10(length(zeros))?, -zeros), s, st)
}

/// The power by an integer, if its digits are not many more than the precision.
fn exact_power(
    x: DecRef<'_>,
    y: DecRef<'_>,
    neg: bool,
    s: &Settings,
    st: &mut Status,
    work: &mut Work,
) -> Res<Option<Dec>> {
    let Some(n) = super::convert::to_small_int(y) else { return Ok(None) };
    let count = n.unsigned_abs();
    let zeros = words::trailing_zeros(x.coef);
    let coef = words::shift_right(x.coef, zeros)?;
    let one = *coef == [1];
    let room = s.prec.saturating_mul(4).saturating_add(150).min(1 << 40);
    let size = (words::digits(&coef) as u64).saturating_mul(count);
    if !one && size > room as u64 {
        return Ok(None);
    }
    let Some(exp) = (x.exp + zeros as i64).checked_mul(n).filter(|e| e.unsigned_abs() < 1 << 62) else {
        return Ok(None);
    };
    let p = pow(&coef, if one { 1 } else { count }, work)?;
    if n < 0 {
        let den = Dec::finite(neg, p, -exp);
        return divide(DecRef::ONE, den.view(), s, st, work).map(Some);
    }
    // Zeros that the factors bring along, as far as there is room.
    let digits = words::digits(&p) as i64;
    let ideal = x.exp.checked_mul(n);
    let wanted = ideal.map_or(i64::MAX, |i| exp - i);
    let pad = wanted.min((s.prec - digits).max(0));
    if pad < wanted {
        *st |= flags::ROUNDED;
    }
    let r = Dec::finite(neg, words::shift_left(&p, length(pad))?, exp - pad);
    finish(r, s, st).map(Some)
}

/// The power of a positive number that is not 1, through its logarithm.
fn real_power(
    x: DecRef<'_>,
    y: DecRef<'_>,
    s: &Settings,
    st: &mut Status,
    work: &mut Work,
    neg: bool,
) -> Res<Dec> {
    // A first look at the size of y ln x.
    let l = ln_approx(x, 20, work)?;
    let size = l.exp + words::digits(&l.coef) as i64 + y.adjusted();
    let up = l.neg == y.neg;
    if size > 21 {
        *st |= flags::INEXACT | flags::ROUNDED;
        return beyond(neg, up, s, st);
    }
    if size < -(s.prec + 3) {
        let mut r = near_one(up, s, st)?;
        r.neg = neg;
        return Ok(r);
    }
    let sign = Settings { rounding: if neg { mirrored(s) } else { s.rounding }, ..*s };
    let mut far = None;
    let mut local = 0;
    let mut r = round_surely(&sign, &mut local, ATTEMPTS, work, |p, work| {
        // The error of the logarithm is multiplied by up to 10^21.
        let l = ln_approx(x, p + 24, work)?;
        let coef = mul(&l.coef, y.coef, work)?;
        let t = Dec::finite(!up, coef, l.exp + y.exp);
        if t.view().adjusted() >= 19 {
            far = Some(up);
            return Ok(super::elementary::Approx { neg: false, coef: words::pow10(p + 1)?, exp: 0 });
        }
        exp_approx(t.view(), p + 1, work)
    })?;
    if let Some(up) = far {
        return beyond(neg, up, s, st);
    }
    *st |= local | flags::INEXACT | flags::ROUNDED;
    r.neg = neg;
    Ok(r)
}

/// The rounding of an absolute value that rounds its negative as the context says.
fn mirrored(s: &Settings) -> dec::Rounding {
    match s.rounding {
        dec::Rounding::Ceiling => dec::Rounding::Floor,
        dec::Rounding::Floor => dec::Rounding::Ceiling,
        r => r,
    }
}

/// `x ** y % m` for integers.
pub fn power_mod(
    x: DecRef<'_>,
    y: DecRef<'_>,
    m: DecRef<'_>,
    s: &Settings,
    st: &mut Status,
    work: &mut Work,
) -> Res<Dec> {
    let all = [x, y, m];
    if let Some(n) = all.into_iter().find(|n| n.kind == dec::Kind::Signaling) {
        *st |= flags::INVALID_OPERATION;
        return dec::quiet(n, s);
    }
    if let Some(n) = all.into_iter().find(|n| n.is_nan()) {
        return dec::quiet(n, s);
    }
    let invalid = !x.is_integer()
        || !y.is_integer()
        || !m.is_integer()
        || y.neg && !y.is_zero()
        || m.is_zero()
        || m.adjusted() >= s.prec
        || x.is_zero() && y.is_zero();
    if invalid {
        return Ok(Dec::invalid(flags::INVALID_OPERATION, st));
    }
    let neg = x.neg && y.is_odd();
    let modulus = integer(m)?;
    let mut base = residue(x, &modulus, work)?;
    let reduce = |w: Words, work: &mut Work| -> Res<Words> { Ok(div_rem(&w, &modulus, work)?.1) };
    let tenth = |b: &Words, work: &mut Work| -> Res<Words> {
        let b2 = reduce(square(b, work)?, work)?;
        let b4 = reduce(square(&b2, work)?, work)?;
        let b8 = reduce(square(&b4, work)?, work)?;
        reduce(mul(&b8, &b2, work)?, work)
    };
    let exponent = if y.exp < 0 { words::shift_right(y.coef, length(-y.exp))? } else { Words::copy(y.coef)? };
    for _ in 0..y.exp.max(0) {
        work.step(16)?;
        base = tenth(&base, work)?;
    }
    let mut r = reduce(Words::of_u64(1), work)?;
    for i in (0..words::digits(&exponent)).rev() {
        r = tenth(&r, work)?;
        for _ in 0..words::digit_at(&exponent, i) {
            r = reduce(mul(&r, &base, work)?, work)?;
        }
    }
    // It has fewer digits than the modulus, and no exponent: nothing to round.
    Ok(Dec::finite(neg, r, 0))
}

/// The absolute value of an integer as a coefficient.
fn integer(x: DecRef<'_>) -> Res<Words> {
    if x.exp >= 0 {
        words::shift_left(x.coef, length(x.exp))
    } else {
        words::shift_right(x.coef, length(-x.exp))
    }
}

/// The absolute value of an integer modulo another one.
fn residue(x: DecRef<'_>, modulus: &[u64], work: &mut Work) -> Res<Words> {
    if x.exp <= 0 {
        return Ok(div_rem(&integer(x)?, modulus, work)?.1);
    }
    let mut r = div_rem(x.coef, modulus, work)?.1;
    // 10^exp modulo the modulus, by squares.
    let mut ten = div_rem(&Words::of_u64(10), modulus, work)?.1;
    let mut n = x.exp.unsigned_abs();
    while n != 0 {
        if n & 1 != 0 {
            r = div_rem(&mul(&r, &ten, work)?, modulus, work)?.1;
        }
        ten = div_rem(&square(&ten, work)?, modulus, work)?.1;
        n >>= 1;
    }
    Ok(r)
}
