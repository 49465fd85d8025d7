//! Quotients of natural numbers: by words, by rows (Knuth's algorithm D), or recursively (Burnikel and Ziegler).

use super::mul::mul;
use super::words::{
    BASE, DIGITS, Divisor, Rest, Words, add, add_to, compare, digits, div_word, joined, mul_word, rest,
    shift_left, shift_right, sub_from, trim, zeroed,
};
use super::{Res, Stop, Work};

/// Words of a divisor from which on the recursive method is used.
const RECURSIVE: usize = 80;

/// Divides `u` by `v` in place: the quotient's words are put into `q`, the remainder stays in the low words of `u`. The top word of
/// `v`, which has two words at least, is half the base or more; `u` is longer by `q.len()` words and its top is less than `v`.
fn rows(u: &mut [u64], v: &[u64], q: &mut [u64]) {
    let n = v.len();
    let (v1, v2) = (v[n - 1], v[n - 2]);
    let by = Divisor::new(v1);
    for j in (0..q.len()).rev() {
        let (u0, u1, u2) = (u[j + n], u[j + n - 1], u[j + n - 2]);
        let top = u128::from(u0) * u128::from(BASE) + u128::from(u1);
        let (mut guess, mut r) = if u0 >= v1 {
            (BASE - 1, top - u128::from(BASE - 1) * u128::from(v1))
        } else {
            let (g, r) = by.div_rem(top);
            (g, u128::from(r))
        };
        while r < u128::from(BASE)
            && u128::from(guess) * u128::from(v2) > r * u128::from(BASE) + u128::from(u2)
        {
            guess -= 1;
            r += u128::from(v1);
        }
        if sub_mul(&mut u[j..j + n + 1], v, guess) {
            guess -= 1;
            add_to(&mut u[j..j + n + 1], v);
        }
        q[j] = guess;
    }
}

/// `u -= v * w`, `u` being one word longer; answers the borrow.
#[inline]
fn sub_mul(u: &mut [u64], v: &[u64], w: u64) -> bool {
    let mut carry = 0u64;
    let (low, high) = u.split_at_mut(v.len());
    for (x, y) in low.iter_mut().zip(v) {
        let (hi, lo) = super::words::BY_BASE.div_rem(u128::from(w) * u128::from(*y) + u128::from(carry));
        let (s, over) = x.overflowing_sub(lo);
        *x = if over { s.wrapping_add(BASE) } else { s };
        carry = hi + u64::from(over);
    }
    sub_from(high, &[carry])
}

/// `a` (below `b * BASE^n`) by `b` of `n` words, its top half the base or more: quotient of `n` words, remainder of `n` words.
fn two_by_one(a: &[u64], b: &[u64], work: &mut Work) -> Res<(Vec<u64>, Vec<u64>)> {
    let n = b.len();
    if !n.is_multiple_of(2) || n < RECURSIVE {
        work.step(n * n / 4)?;
        let mut u = zeroed(2 * n + 1)?;
        u[..a.len()].copy_from_slice(a);
        let mut q = zeroed(n + 1)?;
        rows(&mut u, b, &mut q);
        q.truncate(n);
        u.truncate(n);
        return Ok((q, u));
    }
    let h = n / 2;
    let (q1, r1) = three_by_two(&a[h..], b, work)?;
    let rest = joined(&a[..h], &r1)?;
    let (q, r) = three_by_two(&rest, b, work)?;
    Ok((joined(&q, &q1)?, r))
}

/// `a` of three halves by `b` of two: a quotient of one half, a remainder of two.
fn three_by_two(a: &[u64], b: &[u64], work: &mut Work) -> Res<(Vec<u64>, Vec<u64>)> {
    let h = b.len() / 2;
    let (b0, b1) = b.split_at(h);
    let (mut q, r1) = if compare(trim(&a[2 * h..]), trim(b1)).is_lt() {
        two_by_one(&a[h..], b1, work)?
    } else {
        // The quotient is BASE^h - 1 or a little less; the remainder then is a1 - b1 BASE^h + b1.
        let mut r = joined(&a[h..], &[0])?;
        sub_from(&mut r[h..], b1);
        add_to(&mut r, b1);
        let mut q = zeroed(h)?;
        q.fill(BASE - 1);
        (q, r)
    };
    let mut r = zeroed(2 * h + 2)?;
    r[..h].copy_from_slice(&a[..h]);
    let take = r1.len().min(h + 2);
    r[h..h + take].copy_from_slice(&r1[..take]);
    let d = mul(trim(&q), trim(b0), work)?;
    let mut negative = sub_from(&mut r, &d);
    while negative {
        sub_from(&mut q, &[1]);
        negative = !add_to(&mut r, b);
    }
    r.truncate(2 * h);
    Ok((q, r))
}

/// Quotient and remainder by blocks of the divisor's length.
fn blocks(a: &[u64], b: &[u64], work: &mut Work) -> Res<(Words, Words)> {
    // The length is a small odd-free multiple: halves go on being whole until they are short.
    let mut pieces = 1;
    while b.len().div_ceil(pieces) >= RECURSIVE {
        pieces *= 2;
    }
    let n = b.len().div_ceil(pieces) * pieces;
    let pad = n - b.len();
    let mut den = zeroed(n)?;
    den[pad..].copy_from_slice(b);
    let f = BASE / (b[b.len() - 1] + 1);
    mul_word(&mut den, f, 0);
    let mut num = zeroed(a.len() + pad + 1)?;
    num[pad..pad + a.len()].copy_from_slice(a);
    mul_word(&mut num, f, 0);
    let count = num.len().div_ceil(n);
    let missing = (count * n).saturating_sub(num.len());
    num.try_reserve_exact(missing).map_err(|_| Stop::Memory)?;
    num.resize(count * n, 0);
    let mut q = zeroed(count * n)?;
    let mut r = zeroed(n)?;
    for i in (0..count).rev() {
        let part = joined(&num[i * n..(i + 1) * n], &r)?;
        let (qi, ri) = two_by_one(&part, &den, work)?;
        q[i * n..i * n + qi.len()].copy_from_slice(&qi);
        r = ri;
    }
    div_word(&mut r, f);
    Ok((Words::of_vec(q), Words::copy(trim(&r[pad..]))?))
}

/// Quotient and remainder of trimmed numbers; `b` is not 0.
pub fn div_rem(a: &[u64], b: &[u64], work: &mut Work) -> Res<(Words, Words)> {
    if compare(a, b).is_lt() {
        return Ok((Words::new(), Words::copy(a)?));
    }
    if let [w] = b {
        let mut q = Words::copy(a)?;
        let r = div_word(&mut q, *w);
        q.trim();
        return Ok((q, Words::of_u64(r)));
    }
    if b.len() >= RECURSIVE && a.len() - b.len() >= RECURSIVE / 2 {
        return blocks(a, b, work);
    }
    work.step((a.len() - b.len() + 1) * b.len() / 4)?;
    let f = BASE / (b[b.len() - 1] + 1);
    let mut u = Words::zeros(a.len() + 1)?;
    u[..a.len()].copy_from_slice(a);
    let mut q = Words::zeros(a.len() + 1 - b.len())?;
    if f == 1 {
        rows(&mut u, b, &mut q);
    } else {
        mul_word(&mut u, f, 0);
        let mut v = Words::copy(b)?;
        mul_word(&mut v, f, 0);
        rows(&mut u, &v, &mut q);
        u.truncate(b.len());
        div_word(&mut u, f);
    }
    u.truncate(b.len());
    u.trim();
    q.trim();
    Ok((q, u))
}

/// Square root without its fraction, and whether it is exact.
pub fn sqrt(a: &[u64], work: &mut Work) -> Res<(Words, bool)> {
    if a.is_empty() {
        return Ok((Words::new(), true));
    }
    // An even number of words, the top one at least a quarter of the base: `a` times squares.
    let d = digits(a);
    let pad = (d.div_ceil(2 * DIGITS) * 2 * DIGITS - d) & !1;
    let mut n = shift_left(a, pad)?;
    let f = match n[n.len() - 1] {
        t if t >= BASE / 4 => 1,
        t if t >= BASE / 16 => 2,
        t if t >= BASE / 36 => 4,
        _ => 6,
    };
    mul_word(&mut n, f * f, 0);
    let (mut s, r) = root(&n, work)?;
    let mut exact = r.is_empty();
    exact &= div_word(&mut s, f) == 0;
    s.trim();
    exact &= rest(&s, pad / 2) == Rest::Zero;
    Ok((shift_right(&s, pad / 2)?, exact))
}

/// Zimmermann's recursion: root and remainder of a number of an even number of words whose top is a quarter of the base or more.
fn root(n: &[u64], work: &mut Work) -> Res<(Words, Words)> {
    if n.len() == 2 {
        let v = u128::from(n[1]) * u128::from(BASE) + u128::from(n[0]);
        let s = v.isqrt();
        return Ok((Words::of_u128(s), Words::of_u128(v - s * s)));
    }
    let b = n.len() / 4;
    let (low, high) = n.split_at(2 * b);
    let (s1, r1) = root(high, work)?;
    let mut num = Words::zeros(b + r1.len())?;
    num[..b].copy_from_slice(&low[b..]);
    num[b..].copy_from_slice(&r1);
    num.trim();
    let two = add(&s1, &s1)?;
    let (q, u) = div_rem(&num, &two, work)?;
    let mut s = Words::zeros(b + s1.len())?;
    s[b..].copy_from_slice(&s1);
    let mut s = add(&s, &q)?;
    s.trim();
    let mut r = Words::zeros(b + u.len())?;
    r[..b].copy_from_slice(&low[..b]);
    r[b..].copy_from_slice(&u);
    r.trim();
    let q2 = mul(&q, &q, work)?;
    if compare(&r, &q2).is_ge() {
        sub_from(&mut r, &q2);
        r.trim();
        return Ok((s, r));
    }
    // One too much: r + 2 s - 1 - q^2 is the remainder then.
    let twice = add(&s, &s)?;
    let mut r = add(&r, &twice)?;
    sub_from(&mut r, &[1]);
    r.trim();
    sub_from(&mut r, &q2);
    r.trim();
    sub_from(&mut s, &[1]);
    s.trim();
    Ok((s, r))
}
