//! Conversions: from and to binary integers and floats; hashes; ratios.

use super::dec::{Dec, DecRef, Kind, length};
use super::mul::mul;
use super::words::{self, BASE, Words};
use super::{Res, Stop, Work, mul};
use num_bigint::{BigInt, BigUint, Sign};

/// Most bits of an integer that a conversion makes.
const MAX_BITS: i64 = 1 << 33;

/// A coefficient from binary words, the lowest first.
pub fn from_binary(n: &[u64], work: &mut Work) -> Res<Words> {
    // Powers 2^(64 * 16 * 2^i) join pieces of 16 words.
    const PIECE: usize = 16;
    let mut parts: Vec<Words> = Vec::new();
    for piece in n.chunks(PIECE) {
        let mut w = Words::new();
        for b in piece.iter().rev() {
            // w * 2^64 + b, by two halves of 32 bits.
            for half in [b >> 32, b & 0xffff_ffff] {
                let top = words::mul_word(&mut w, 1 << 32, half);
                if top != 0 {
                    w.push(top)?;
                }
            }
        }
        parts.push(w);
    }
    let mut power = mul::pow(&[1 << 32], 2 * PIECE as u64, work)?;
    while parts.len() > 1 {
        let mut joined = Vec::new();
        joined.try_reserve_exact(parts.len() / 2 + 1).map_err(|_| Stop::Memory)?;
        let mut it = parts.into_iter();
        while let Some(low) = it.next() {
            joined.push(match it.next() {
                Some(high) => words::add(&mul(&high, &power, work)?, &low)?,
                None => low,
            });
        }
        parts = joined;
        if parts.len() > 1 {
            power = mul::square(&power, work)?;
        }
    }
    let mut r = parts.pop().unwrap_or_default();
    r.trim();
    Ok(r)
}

/// An integer as a number.
pub fn from_int(n: &BigInt, work: &mut Work) -> Res<Dec> {
    let digits = n.magnitude().to_u64_digits();
    Ok(Dec::finite(n.sign() == Sign::Minus, from_binary(&digits, work)?, 0))
}

/// A small integer as a number.
#[inline]
pub fn from_i64(n: i64) -> Dec {
    Dec::of(n < 0, n.unsigned_abs(), 0)
}

/// A coefficient as a binary integer.
pub fn to_binary(w: &[u64], work: &mut Work) -> Res<BigUint> {
    if w.len() <= 16 {
        let mut r = BigUint::default();
        for x in w.iter().rev() {
            r = r * BASE + *x;
        }
        return Ok(r);
    }
    work.step(w.len() * w.len())?;
    let half = w.len() / 2;
    let (low, high) = w.split_at(half);
    let power = base_power(half, work)?;
    let high = to_binary(high, work)?;
    Ok(high * power + to_binary(low, work)?)
}

fn base_power(n: usize, work: &mut Work) -> Res<BigUint> {
    work.step(n * n / 8)?;
    Ok(match n {
        0 => BigUint::from(1u32),
        1 => BigUint::from(BASE),
        n => {
            let h = base_power(n / 2, work)?;
            let r = &h * &h;
            if n % 2 == 1 { r * BASE } else { r }
        }
    })
}

fn ten_power(n: i64, work: &mut Work) -> Res<BigUint> {
    if n > MAX_BITS / 4 {
        return Err(Stop::Memory);
    }
    to_binary(&words::pow10(length(n))?, work)
}

/// A finite number without its fraction, as a binary integer.
pub fn to_int(x: DecRef<'_>, work: &mut Work) -> Res<BigInt> {
    let sign = if x.neg { Sign::Minus } else { Sign::Plus };
    let n = if x.coef.is_empty() {
        BigUint::default()
    } else if x.exp >= 0 {
        if x.exp.saturating_add(x.digits()) > MAX_BITS / 4 {
            return Err(Stop::Memory);
        }
        to_binary(&words::shift_left(x.coef, length(x.exp))?, work)?
    } else {
        to_binary(&words::shift_right(x.coef, length(-x.exp))?, work)?
    };
    Ok(BigInt::from_biguint(sign, n))
}

/// A finite number without its fraction, if it is small.
pub fn to_small_int(x: DecRef<'_>) -> Option<i64> {
    let n = match x.exp {
        0..=18 if x.coef.len() <= 1 => {
            x.coef.first().copied().unwrap_or(0).checked_mul(words::POW10[x.exp as usize])?
        }
        i64::MIN..0 => {
            let k = length(x.exp.checked_neg()?);
            let r = if k < 38 {
                words::small(x.coef)? / words::POW10_WIDE[k]
            } else {
                words::small(x.coef).map(|_| 0)?
            };
            u64::try_from(r).ok()?
        }
        _ => return None,
    };
    let n = i64::try_from(n).ok()?;
    Some(if x.neg { -n } else { n })
}

/// Numerator and denominator of a finite number in lowest terms.
pub fn ratio(x: DecRef<'_>, work: &mut Work) -> Res<(BigInt, BigInt)> {
    let zeros = if x.coef.is_empty() { 0 } else { words::trailing_zeros(x.coef) as i64 };
    let exp = if x.coef.is_empty() { 0 } else { x.exp.saturating_add(zeros) };
    if exp >= 0 {
        return Ok((to_int(x, work)?, BigInt::from(1)));
    }
    let sign = if x.neg { Sign::Minus } else { Sign::Plus };
    let mut coef = words::shift_right(x.coef, length(zeros))?;
    // A coefficient without a zero at its end shares either fives with 10^-exp, or twos.
    let fives = factors_of_five(&coef, exp.unsigned_abs(), work)?;
    if fives > 0 {
        // n / 5^k = n 2^k / 10^k
        let twice = mul(&coef, &mul::pow(&[2], fives, work)?, work)?;
        coef = words::shift_right(&twice, length(fives as i64))?;
    }
    let n = to_binary(&coef, work)?;
    let twos = n.trailing_zeros().unwrap_or(0).min(exp.unsigned_abs());
    let d = (ten_power(-exp - fives as i64, work)? << fives) >> twos;
    Ok((BigInt::from_biguint(sign, n >> twos), BigInt::from(d)))
}

/// How often 5 divides a coefficient without zeros at its end, at most `most` times.
fn factors_of_five(coef: &[u64], most: u64, work: &mut Work) -> Res<u64> {
    if words::digit_at(coef, 0) != 5 {
        return Ok(0);
    }
    // It is odd: n 2^k ends in as many zeros as n has factors, up to k.
    let mut k = 32;
    loop {
        k = most.min(k);
        let n = words::trailing_zeros(&mul(coef, &mul::pow(&[2], k, work)?, work)?) as u64;
        if n < k || k == most {
            return Ok(n.min(k));
        }
        k *= 8;
    }
}

/// The number that a float is exactly.
pub fn from_f64(f: f64, work: &mut Work) -> Res<Dec> {
    let neg = f.is_sign_negative();
    if f.is_nan() {
        return Ok(Dec { neg, ..Dec::nan() });
    }
    if f.is_infinite() {
        return Ok(Dec::infinity(neg));
    }
    let bits = f.to_bits();
    let (e, m) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
    let (m, e) = if e == 0 { (m, -1074) } else { (m | 1 << 52, e - 1075) };
    if m == 0 {
        return Ok(Dec::of(neg, 0, 0));
    }
    let zeros = m.trailing_zeros().min(e.min(0).unsigned_abs() as u32);
    let (m, e) = (m >> zeros, e + i64::from(zeros));
    let factor = mul::pow(&[if e < 0 { 5 } else { 2 }], e.unsigned_abs(), work)?;
    Ok(Dec::finite(neg, mul(&Words::of_u64(m), &factor, work)?, e.min(0)))
}

/// Digits that tell a float from its neighbours, and what is halfway: 767 at most.
const DECISIVE: usize = 800;

/// The float nearest to a finite number.
pub fn to_f64(x: DecRef<'_>) -> Res<f64> {
    let (mut text, mut exp) = (super::text::digits_of(x.coef)?, x.exp);
    if text.len() > DECISIVE {
        // Of the others matters only whether there are any.
        let more = text[DECISIVE..].iter().any(|b| *b != b'0');
        exp += (text.len() - DECISIVE) as i64;
        text.truncate(DECISIVE);
        if more {
            text.push(b'1');
            exp -= 1;
        }
    }
    text.extend_from_slice(format!("e{exp}").as_bytes());
    let f: f64 = std::str::from_utf8(&text).ok().and_then(|t| t.parse().ok()).unwrap_or(0.0);
    Ok(if x.neg { -f } else { f })
}

/// The modulus of Python's hashes.
const HASH: u64 = (1 << 61) - 1;

fn hash_mul(a: u64, b: u64) -> u64 {
    let p = u128::from(a) * u128::from(b);
    let r = (p & u128::from(HASH)) as u64 + (p >> 61) as u64;
    if r >= HASH { r - HASH } else { r }
}

fn hash_pow(mut a: u64, mut n: u64) -> u64 {
    let mut r = 1;
    while n != 0 {
        if n & 1 != 0 {
            r = hash_mul(r, a);
        }
        a = hash_mul(a, a);
        n >>= 1;
    }
    r
}

/// Python's hash of a number that is no NaN, equal to that of an equal int, float or Fraction.
pub fn hash(x: DecRef<'_>) -> i64 {
    let h = if x.kind == Kind::Infinite {
        314_159
    } else {
        // 10 and its inverse modulo 2^61 - 1.
        const INVERSE: u64 = 2_075_258_708_292_324_556;
        let base = BASE % HASH;
        let coef = x.coef.iter().rev().fold(0, |acc, w| {
            let r = hash_mul(acc, base) + w % HASH;
            if r >= HASH { r - HASH } else { r }
        });
        let ten = if x.exp < 0 { INVERSE } else { 10 };
        hash_mul(coef, hash_pow(ten, x.exp.unsigned_abs())) as i64
    };
    match if x.neg { -h } else { h } {
        -1 => -2,
        h => h,
    }
}
