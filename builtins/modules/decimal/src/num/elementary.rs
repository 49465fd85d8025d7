//! Exponential function and logarithms, correctly rounded.
//!
//! The work is done on fixed-point numbers: words with a fraction of `n` words. A function computes with digits to spare; if what it
//! may be wrong by matters to the rounding, it is computed again with more of them. No result of these functions is halfway between
//! two numbers, or exact, but for those that are looked for first.

use super::arith::add_exact;
use super::dec::{Dec, DecRef, Rounding, Settings, Status, finish, flags, length, nan_result, sticky};
use super::div::div_rem;
use super::mul::{mul, square};
use super::words::{self, BASE, DIGITS, Words, add, add_to, compare, div_word, mul_word, sub_from};
use super::{Res, Work};

/// An approximation: coefficient and exponent, its relative error less than was asked for.
pub struct Approx {
    /// Whether it is negative.
    pub neg: bool,
    /// Coefficient.
    pub coef: Words,
    /// Exponent.
    pub exp: i64,
}

/// The fraction of the logarithm of 10, the highest words first.
const LN10: [u64; 11] = [
    3_025_850_929_940_456_840,
    1_799_145_468_436_420_760,
    1_101_488_628_772_976_033,
    3_279_009_675_726_096_773,
    5_248_023_599_720_508_959,
    8_298_341_967_784_042_286,
    2_486_334_095_254_650_828,
    675_666_628_736_909_878,
    1_689_482_907_208_325_554,
    6_808_437_998_948_262_331,
    9_852_839_350_530_896_537,
];

/// `a * b` for fixed-point numbers with a fraction of `n` words.
fn times(a: &[u64], b: &[u64], n: usize, work: &mut Work) -> Res<Words> {
    let p = mul(a, b, work)?;
    Words::copy(p.get(n..).unwrap_or(&[]))
}

/// The logarithm of 10 with a fraction of `n` words, truncated or less by a unit.
pub fn ln10(n: usize, work: &mut Work) -> Res<Words> {
    if n <= LN10.len() {
        let mut w = Words::zeros(n + 1)?;
        w[n] = 2;
        w[..n].iter_mut().rev().zip(LN10).for_each(|(x, y)| *x = y);
        return Ok(w);
    }
    // What cannot end in a result is not begun.
    drop(words::room(n.saturating_mul(2))?);
    // 46 artanh(1/31) + 34 artanh(1/49) + 20 artanh(1/161)
    let m = n + 1;
    let mut sum = Words::new();
    for (factor, k) in [(46, 31), (34, 49), (20, 161)] {
        let mut a = artanh(k, m, work)?;
        let top = mul_word(&mut a, factor, 0);
        if top != 0 {
            a.push(top)?;
        }
        sum = add(&sum, &a)?;
    }
    Words::copy(&sum[1..])
}

/// The inverse hyperbolic tangent of 1/k, by binary splitting of its series.
fn artanh(k: u64, n: usize, work: &mut Work) -> Res<Words> {
    let digits = (n * DIGITS) as f64;
    let terms = (digits / (2.0 * (k as f64).log10())) as u64 + 2;
    let (b, q, t) = split(k, 0, terms, work)?;
    let den = mul(&b, &q, work)?;
    let mut num = t;
    let top = mul_word(&mut num, k, 0);
    if top != 0 {
        num.push(top)?;
    }
    let num = words::shift_left(&num, n * DIGITS)?;
    Ok(div_rem(&num, &den, work)?.0)
}

/// The terms from `from` to `to` of the sum of 1 / ((2 i + 1) k^(2 (i + 1 - from))): as t / (b q).
fn split(k: u64, from: u64, to: u64, work: &mut Work) -> Res<(Words, Words, Words)> {
    if to - from == 1 {
        return Ok((Words::of_u64(2 * from + 1), Words::of_u64(k * k), Words::of_u64(1)));
    }
    let mid = from.midpoint(to);
    let (b1, q1, t1) = split(k, from, mid, work)?;
    let (b2, q2, t2) = split(k, mid, to, work)?;
    let t = add(&mul(&mul(&b2, &q2, work)?, &t1, work)?, &mul(&b1, &t2, work)?)?;
    Ok((mul(&b1, &b2, work)?, mul(&q1, &q2, work)?, t))
}

/// e^r for a fixed-point number below 3 with a fraction of `n` words; off by two units at most.
fn exp_fixed(r: &[u64], n: usize, work: &mut Work) -> Res<Words> {
    // The argument is halved `s` times, and the result squared as often, which costs `s` bits and some.
    let bits = n * 64;
    let s = ((bits as f64).sqrt() * 0.75) as usize + 2;
    let guard = s / 56 + 1;
    let m = n + guard;
    let mut x = Words::zeros(r.len() + guard)?;
    x[guard..].copy_from_slice(r);
    let mut left = s;
    while left > 0 {
        let step = left.min(62);
        div_word(&mut x, 1 << step);
        left -= step;
    }
    x.trim();
    let mut sum = Words::zeros(m + 1)?;
    sum[m] = 1;
    add_to(&mut sum, &x);
    let mut term = Words::copy(&x)?;
    for i in 2.. {
        term = times(&term, &x, m, work)?;
        div_word(&mut term, i);
        term.trim();
        if term.is_empty() {
            break;
        }
        add_to(&mut sum, &term);
    }
    for _ in 0..s {
        let p = square(&sum, work)?;
        sum = Words::copy(&p[m..])?;
    }
    Words::copy(&sum[guard..])
}

/// |x| as a fixed-point number with a fraction of `n` words, truncated.
fn fixed(x: DecRef<'_>, n: usize) -> Res<Words> {
    let by = x.exp + (n * DIGITS) as i64;
    if by >= 0 { words::shift_left(x.coef, length(by)) } else { words::shift_right(x.coef, length(-by)) }
}

/// e^x for a finite number below 10^19, to `p` digits.
pub fn exp_approx(x: DecRef<'_>, p: usize, work: &mut Work) -> Res<Approx> {
    // A word more than the digits need for the multiple of ln 10 that is taken away.
    let n = (p + 8) / DIGITS + 2;
    let l = ln10(n, work)?;
    let (q, mut r) = div_rem(&fixed(x, n)?, &l, work)?;
    let mut k = i64::try_from(words::small(&q).unwrap_or(0)).unwrap_or(i64::MAX / 4);
    if x.neg {
        k = -k;
        if !r.is_empty() {
            r = words::sub(&l, &r)?;
            k -= 1;
        }
    }
    let n1 = n - 1;
    let coef = exp_fixed(r.get(1..).unwrap_or(&[]), n1, work)?;
    Ok(Approx { neg: false, coef, exp: k - (n1 * DIGITS) as i64 })
}

/// The logarithm of a finite number that is positive and not 1, to `p` digits.
pub fn ln_approx(x: DecRef<'_>, p: usize, work: &mut Work) -> Res<Approx> {
    let e = x.adjusted();
    // Near 1 the first digits of the result are zeros.
    let lost = if e == 0 || e == -1 {
        let one = DecRef { neg: true, ..DecRef::ONE };
        let d = add_exact(x, one, &Settings::MAX)?;
        length(-d.view().adjusted().min(0))
    } else {
        0
    };
    let want = p + lost + 4;
    let n = want / DIGITS + 2;
    let mantissa = DecRef { exp: x.exp - e, ..x };
    let m = fixed(mantissa, n)?;
    let y = ln_fixed(&m, n, want, work)?;
    // e ln 10 + y; the error of ln 10 grows by `e`, so it has a word more.
    let mut r = {
        let mut w = ln10(n + 1, work)?;
        let top = mul_word(&mut w, e.unsigned_abs(), 0);
        if top != 0 {
            w.push(top)?;
        }
        Words::copy(&w[1..])?
    };
    let mut neg = e < 0;
    if !neg {
        r = add(&r, &y)?;
    } else if compare(words::trim(&r), &y).is_ge() {
        sub_from(&mut r, &y);
    } else {
        neg = false;
        r.trim();
        r = words::sub(&y, &r)?;
    }
    r.trim();
    Ok(Approx { neg, coef: r, exp: -((n * DIGITS) as i64) })
}

/// The logarithm of a fixed-point number from 1 to 10, to `want` digits behind the point, by Halley's method from a float.
fn ln_fixed(m: &[u64], n: usize, want: usize, work: &mut Work) -> Res<Words> {
    let top = |i: usize| n.checked_sub(i).and_then(|j| m.get(j)).copied().unwrap_or(0) as f64;
    let start = (top(0) + top(1) / BASE as f64).ln().max(0.0);
    // Digits that each step makes of a third.
    let mut steps = Vec::new();
    let mut d = want;
    while d > 42 {
        steps.push(d);
        d = d / 3 + 3;
    }
    steps.push(d);
    // The start with a fraction of one word.
    let mut y = Words::copy(&[(start.fract() * 1e19) as u64, start as u64])?;
    y[0] = y[0].min(BASE - 1);
    let mut have = 1;
    for d in steps.into_iter().rev() {
        let w = (d / DIGITS + 2).min(n);
        let mut wide = Words::zeros(y.len() + w - have.min(w))?;
        let at = w - have.min(w);
        wide[at..].copy_from_slice(&y);
        (y, have) = (wide, w);
        let e = exp_fixed(&y, w, work)?;
        let target = &m[n - w..];
        let (t, e) = (words::trim(target), words::trim(&e));
        let up = compare(t, e).is_ge();
        let diff = if up { words::sub(t, e)? } else { words::sub(e, t)? };
        let num = words::shift_left(&add(&diff, &diff)?, w * DIGITS)?;
        let step = div_rem(&num, &add(t, e)?, work)?.0;
        y.trim();
        if up {
            y = add(&y, &step)?;
        } else if compare(&y, &step).is_ge() {
            y = words::sub(&y, &step)?;
        } else {
            y = Words::new();
        }
    }
    // The last step was made with the whole fraction or nearly so.
    if have < n {
        let mut wide = Words::zeros(y.len() + n - have)?;
        wide[n - have..].copy_from_slice(&y);
        y = wide;
    }
    y.trim();
    Ok(y)
}

/// Rounds what `f` approximates to the digits it is asked for. `limit` is the number of attempts, after which the nearest number
/// with fewer digits is taken for the result.
pub fn round_surely(
    s: &Settings,
    st: &mut Status,
    limit: u32,
    work: &mut Work,
    mut f: impl FnMut(usize, &mut Work) -> Res<Approx>,
) -> Res<Dec> {
    let mut p = length(s.prec).saturating_add(6);
    for attempt in 1.. {
        let a = f(p, work)?;
        // p + 2 digits: the error is less than 1,000 units of the last.
        let extra = words::digits(&a.coef) as i64 - (p as i64 + 2);
        let (coef, exp) = if extra > 0 {
            (words::shift_right(&a.coef, length(extra))?, a.exp + extra)
        } else {
            (words::shift_left(&a.coef, length(-extra))?, a.exp + extra)
        };
        if attempt > limit {
            let mut r = Dec::finite(a.neg, coef, exp);
            super::dec::round_off(&mut r, 5, Rounding::HalfEven)?;
            *st |= flags::INEXACT | flags::ROUNDED;
            return finish(r, s, st);
        }
        let rounded = |mut c: Words, st: &mut Status| -> Res<Dec> {
            sticky(&mut c)?;
            finish(Dec::finite(a.neg, c, exp), s, st)
        };
        let (mut low_st, mut high_st) = (0, 0);
        let low = rounded(words::sub(&coef, &[2000])?, &mut low_st)?;
        let high = rounded(add(&coef, &[2000])?, &mut high_st)?;
        if low_st == high_st && low.kind == high.kind && low.exp == high.exp && *low.coef == *high.coef {
            *st |= low_st;
            return Ok(low);
        }
        p = p.saturating_add(p / 2 + 10);
    }
    Ok(Dec::nan())
}

/// A number just above or below 1.
pub fn near_one(above: bool, s: &Settings, st: &mut Status) -> Res<Dec> {
    let mut c = words::pow10(length(s.prec + 1))?;
    if above {
        words::add_word(&mut c, 1)?;
    } else {
        sub_from(&mut c, &[1]);
        c.trim();
    }
    finish(Dec::finite(false, c, -(s.prec + 1)), s, st)
}

/// A number beyond all exponents, or below.
pub fn beyond(neg: bool, large: bool, s: &Settings, st: &mut Status) -> Res<Dec> {
    let exp = if large { 4_000_000_000_000_000_000 } else { -4_000_000_000_000_000_000 };
    finish(Dec::of(neg, 1, exp), s, st)
}

/// e^x, rounded half-even.
pub fn exp(x: DecRef<'_>, s: &Settings, st: &mut Status, work: &mut Work) -> Res<Dec> {
    if let Some(r) = nan_result(x, None, s, st)? {
        return Ok(r);
    }
    let s = &Settings { rounding: Rounding::HalfEven, ..*s };
    if x.is_infinite() {
        return Ok(if x.neg { Dec::of(false, 0, 0) } else { Dec::infinity(false) });
    }
    if x.is_zero() {
        return Ok(Dec::of(false, 1, 0));
    }
    if x.adjusted() >= 19 {
        return beyond(false, !x.neg, s, st);
    }
    if x.adjusted() < -(s.prec + 1) {
        return near_one(!x.neg, s, st);
    }
    round_surely(s, st, u32::MAX, work, |p, work| exp_approx(x, p, work))
}

/// What logarithms answer without computing; a number that is positive otherwise.
fn log_special(x: DecRef<'_>, s: &Settings, st: &mut Status) -> Res<Option<Dec>> {
    if let Some(r) = nan_result(x, None, s, st)? {
        return Ok(Some(r));
    }
    Ok(if x.is_zero() {
        Some(Dec::infinity(true))
    } else if x.neg {
        Some(Dec::invalid(flags::INVALID_OPERATION, st))
    } else if x.is_infinite() {
        Some(Dec::infinity(false))
    } else {
        None
    })
}

/// Whether the number is 1.
pub fn is_one(x: DecRef<'_>) -> bool {
    x.is_finite() && x.adjusted() == 0 && words::is_pow10(x.coef)
}

/// The natural logarithm, rounded half-even.
pub fn ln(x: DecRef<'_>, s: &Settings, st: &mut Status, work: &mut Work) -> Res<Dec> {
    if let Some(r) = log_special(x, s, st)? {
        return Ok(r);
    }
    if is_one(x) {
        return Ok(Dec::of(false, 0, 0));
    }
    let s = &Settings { rounding: Rounding::HalfEven, ..*s };
    round_surely(s, st, u32::MAX, work, |p, work| ln_approx(x, p, work))
}

/// The logarithm to the base 10, rounded half-even.
pub fn log10(x: DecRef<'_>, s: &Settings, st: &mut Status, work: &mut Work) -> Res<Dec> {
    if let Some(r) = log_special(x, s, st)? {
        return Ok(r);
    }
    let s = &Settings { rounding: Rounding::HalfEven, ..*s };
    if words::is_pow10(x.coef) {
        let e = x.adjusted();
        return finish(Dec::of(e < 0, e.unsigned_abs(), 0), s, st);
    }
    round_surely(s, st, u32::MAX, work, |p, work| {
        let l = ln_approx(x, p + 2, work)?;
        let n = (p + 2) / DIGITS + 2;
        let t = ln10(n, work)?;
        let want = (n + 1) * DIGITS + words::digits(&t);
        let shift = want.saturating_sub(words::digits(&l.coef));
        let num = words::shift_left(&l.coef, shift)?;
        let (coef, _) = div_rem(&num, &t, work)?;
        Ok(Approx { neg: l.neg, coef, exp: l.exp - shift as i64 + (n * DIGITS) as i64 })
    })
}
