//! Products of natural numbers: by rows, by Karatsuba's method, or by transforms.

use super::ntt;
use super::words::{BASE, BY_BASE, Words, add_to, mul_word, sub_from, trim, zeroed};
use super::{Res, Work};

/// Words from which on Karatsuba's method is used.
const KARATSUBA: usize = 40;
/// Words from which on transforms are used.
const NTT: usize = 1200;

/// `r += a * w`, `r` being longer than `a` by at least the carry's place.
#[inline]
fn add_mul_word(r: &mut [u64], a: &[u64], w: u64) {
    let mut carry = 0u64;
    let (low, high) = r.split_at_mut(a.len());
    for (x, y) in low.iter_mut().zip(a) {
        // (B - 1)^2 + 2 (B - 1) = B^2 - 1
        (carry, *x) = BY_BASE.div_rem(u128::from(w) * u128::from(*y) + u128::from(*x) + u128::from(carry));
    }
    if carry != 0 {
        add_to(high, &[carry]);
    }
}

/// `r = a * b` by rows; `r` is zero and has room for both lengths.
pub fn rows(r: &mut [u64], a: &[u64], b: &[u64]) {
    for (i, w) in b.iter().enumerate() {
        if *w != 0 {
            add_mul_word(&mut r[i..], a, *w);
        }
    }
}

/// `r = a * b` for equal lengths; `r` is zero and has room for both.
fn karatsuba(r: &mut [u64], a: &[u64], b: &[u64], work: &mut Work) -> Res<()> {
    let n = a.len();
    if n < KARATSUBA {
        work.step(n * n / 4)?;
        rows(r, a, b);
        return Ok(());
    }
    let h = n.div_ceil(2);
    let ((a0, a1), (b0, b1)) = (a.split_at(h), b.split_at(h));
    // (a0 + a1)(b0 + b1) - a0 b0 - a1 b1; the sums may have one word more.
    let sum = |x: &[u64], y: &[u64]| -> Res<Vec<u64>> {
        let mut s = zeroed(h + 1)?;
        s[..h].copy_from_slice(x);
        add_to(&mut s, y);
        Ok(s)
    };
    let (sa, sb) = (sum(a0, a1)?, sum(b0, b1)?);
    let mut mid = zeroed(2 * h + 2)?;
    karatsuba(&mut mid, &sa, &sb, work)?;
    {
        let (low, high) = r.split_at_mut(2 * h);
        karatsuba(low, a0, b0, work)?;
        karatsuba(&mut high[..2 * (n - h)], a1, b1, work)?;
    }
    sub_from(&mut mid, trim(&r[..2 * h]));
    sub_from(&mut mid, trim(&r[2 * h..2 * n]));
    add_to(&mut r[h..], trim(&mid));
    Ok(())
}

/// Product of two numbers of which `b` is the shorter, but long enough for more than rows.
fn long(a: &[u64], b: &[u64], work: &mut Work) -> Res<Words> {
    if b.len() >= NTT && a.len() < 4 * b.len() {
        return ntt::mul(a, b, work);
    }
    if a.len() == b.len() {
        let mut r = zeroed(a.len() + b.len())?;
        karatsuba(&mut r, a, b, work)?;
        return Ok(Words::of_vec(r));
    }
    // Pieces of the longer one that are as long as the shorter.
    let mut r = zeroed(a.len() + b.len())?;
    for (i, piece) in a.chunks(b.len()).enumerate() {
        let p = mul(trim(piece), b, work)?;
        add_to(&mut r[i * b.len()..], &p);
    }
    Ok(Words::of_vec(r))
}

/// `a * b`, trimmed, of trimmed numbers.
pub fn mul(a: &[u64], b: &[u64], work: &mut Work) -> Res<Words> {
    let (a, b) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    match b {
        [] => return Ok(Words::new()),
        [w] => {
            let mut r = Words::copy(a)?;
            let top = mul_word(&mut r, *w, 0);
            if top != 0 {
                r.push(top)?;
            }
            return Ok(r);
        }
        _ => {}
    }
    if b.len() >= KARATSUBA {
        return long(a, b, work);
    }
    work.step(a.len() * b.len() / 4)?;
    let mut r = Words::zeros(a.len() + b.len())?;
    rows(&mut r, a, b);
    r.trim();
    Ok(r)
}

/// `a * a`
pub fn square(a: &[u64], work: &mut Work) -> Res<Words> {
    mul(a, a, work)
}

/// `a^n`
pub fn pow(a: &[u64], n: u64, work: &mut Work) -> Res<Words> {
    let mut r = Words::of_u64(1);
    for i in (0..64 - n.leading_zeros()).rev() {
        r = square(&r, work)?;
        if n >> i & 1 != 0 {
            r = mul(&r, a, work)?;
        }
    }
    Ok(r)
}

const _: () = assert!(BASE > u64::MAX / 2);
