//! Natural numbers as words of 19 decimal digits, the lowest first.
//!
//! The base 10^19 is the largest power of ten below 2^64 and has its top bit set, so that it divides two words by multiplication
//! with a reciprocal and no normalisation. A slice of words is *trimmed* if its last word is not 0; zero is the empty slice.

use super::{Res, Stop};
use std::ops::{Deref, DerefMut};

/// The base.
pub const BASE: u64 = 10_000_000_000_000_000_000;
/// Decimal digits of a word.
pub const DIGITS: usize = 19;
/// Most words that a number may have: 1 GiB of them.
const MAX_WORDS: usize = 1 << 27;

/// Powers of ten.
pub static POW10: [u64; 20] = {
    let mut t = [1u64; 20];
    let mut i = 1;
    while i < 20 {
        t[i] = t[i - 1] * 10;
        i += 1;
    }
    t
};

/// Powers of ten of two words.
pub static POW10_WIDE: [u128; 39] = {
    let mut t = [1u128; 39];
    let mut i = 1;
    while i < 39 {
        t[i] = t[i - 1] * 10;
        i += 1;
    }
    t
};

/// A divisor of one word with its reciprocal.
#[derive(Clone, Copy)]
pub struct Divisor {
    d: u64,
    shift: u32,
    recip: u64,
}

impl Divisor {
    /// `d` is not 0.
    pub const fn new(d: u64) -> Divisor {
        let shift = d.leading_zeros();
        let d = d << shift;
        Divisor { d, shift, recip: (u128::MAX / d as u128) as u64 }
    }

    /// Quotient and remainder; the quotient must fit in a word.
    #[inline(always)]
    pub fn div_rem(self, n: u128) -> (u64, u64) {
        let n = n << self.shift;
        let (hi, lo) = ((n >> 64) as u64, n as u64);
        let q = (u128::from(self.recip) * u128::from(hi)).wrapping_add(n);
        let mut q1 = ((q >> 64) as u64).wrapping_add(1);
        let mut r = lo.wrapping_sub(q1.wrapping_mul(self.d));
        if r > q as u64 {
            q1 = q1.wrapping_sub(1);
            r = r.wrapping_add(self.d);
        }
        if r >= self.d {
            q1 += 1;
            r -= self.d;
        }
        (q1, r >> self.shift)
    }
}

/// Division by the base.
pub const BY_BASE: Divisor = Divisor::new(BASE);

/// Division by powers of ten up to 10^19.
pub static BY_POW10: [Divisor; 20] = {
    let mut t = [Divisor::new(1); 20];
    let mut i = 0;
    while i < 20 {
        t[i] = Divisor::new(POW10[i]);
        i += 1;
    }
    t
};

/// Number of decimal digits of a word; 0 for 0.
#[inline(always)]
pub fn word_digits(w: u64) -> usize {
    let guess = ((64 - w.leading_zeros()) as usize * 1233) >> 12;
    guess + usize::from(guess < 20 && w >= POW10[guess])
}

/// Number of decimal digits of a trimmed number; 0 for 0.
#[inline(always)]
pub fn digits(w: &[u64]) -> usize {
    match w.last() {
        Some(top) => (w.len() - 1) * DIGITS + word_digits(*top),
        None => 0,
    }
}

/// Without leading zero words.
#[inline(always)]
pub fn trim(mut w: &[u64]) -> &[u64] {
    while let [rest @ .., 0] = w {
        w = rest;
    }
    w
}

const INLINE: usize = 6;

/// A buffer of words; up to six need no allocation.
#[derive(Default, Debug)]
pub struct Words {
    len: usize,
    inline: [u64; INLINE],
    big: Vec<u64>,
}

impl Words {
    /// Zero.
    pub const fn new() -> Words {
        Words { len: 0, inline: [0; INLINE], big: Vec::new() }
    }

    /// `n` words of 0.
    #[inline]
    pub fn zeros(n: usize) -> Res<Words> {
        if n <= INLINE {
            return Ok(Words { len: n, inline: [0; INLINE], big: Vec::new() });
        }
        let mut big = room(n)?;
        big.resize(n, 0);
        Ok(Words { len: 0, inline: [0; INLINE], big })
    }

    /// A copy.
    #[inline]
    pub fn copy(w: &[u64]) -> Res<Words> {
        if w.len() <= INLINE {
            let mut r = Words::new();
            r.len = w.len();
            r.inline[..w.len()].copy_from_slice(w);
            return Ok(r);
        }
        let mut big = room(w.len())?;
        big.extend_from_slice(w);
        Ok(Words { len: 0, inline: [0; INLINE], big })
    }

    /// A number below 10^38.
    #[inline(always)]
    pub fn of_u128(n: u128) -> Words {
        let (hi, lo) = split(n);
        let len = if hi != 0 { 2 } else { usize::from(lo != 0) };
        Words { len, inline: [lo, hi, 0, 0, 0, 0], big: Vec::new() }
    }

    /// One word, which may be any.
    pub fn of_u64(n: u64) -> Words {
        Words::of_u128(u128::from(n))
    }

    /// From a vector.
    pub fn of_vec(v: Vec<u64>) -> Words {
        let mut r = if v.len() <= INLINE {
            let mut r = Words::new();
            r.len = v.len();
            r.inline[..v.len()].copy_from_slice(&v);
            r
        } else {
            Words { len: 0, inline: [0; INLINE], big: v }
        };
        r.trim();
        r
    }

    /// The words as a vector.
    pub fn into_vec(self) -> Vec<u64> {
        if self.big.is_empty() { self.to_vec() } else { self.big }
    }

    /// Removes leading zero words.
    #[inline]
    pub fn trim(&mut self) {
        let n = trim(self).len();
        self.truncate(n);
    }

    /// Shortens to `n` words.
    #[inline]
    pub fn truncate(&mut self, n: usize) {
        if self.big.is_empty() {
            self.len = self.len.min(n);
        } else if n <= INLINE {
            let mut inline = [0; INLINE];
            inline[..n].copy_from_slice(&self.big[..n]);
            *self = Words { len: n, inline, big: Vec::new() };
        } else {
            self.big.truncate(n);
        }
    }

    /// Adds a leading word.
    pub fn push(&mut self, w: u64) -> Res<()> {
        if !self.big.is_empty() {
            self.big.try_reserve(1).map_err(|_| Stop::Memory)?;
            self.big.push(w);
        } else if self.len < INLINE {
            self.inline[self.len] = w;
            self.len += 1;
        } else {
            let mut big = room(INLINE + 8)?;
            big.extend_from_slice(&self.inline);
            big.push(w);
            *self = Words { len: 0, inline: [0; INLINE], big };
        }
        Ok(())
    }
}

impl Deref for Words {
    type Target = [u64];

    #[inline(always)]
    fn deref(&self) -> &[u64] {
        if self.big.is_empty() { &self.inline[..self.len] } else { &self.big }
    }
}

impl DerefMut for Words {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u64] {
        if self.big.is_empty() { &mut self.inline[..self.len] } else { &mut self.big }
    }
}

/// An empty vector with room for `n` words.
pub fn room(n: usize) -> Res<Vec<u64>> {
    let mut v = Vec::new();
    if n > MAX_WORDS || v.try_reserve_exact(n).is_err() {
        return Err(Stop::Memory);
    }
    Ok(v)
}

/// `n` words of 0 on the heap.
pub fn zeroed(n: usize) -> Res<Vec<u64>> {
    let mut v = room(n)?;
    v.resize(n, 0);
    Ok(v)
}

/// The words of both, one after the other.
pub fn joined(a: &[u64], b: &[u64]) -> Res<Vec<u64>> {
    let mut v = room(a.len() + b.len())?;
    v.extend_from_slice(a);
    v.extend_from_slice(b);
    Ok(v)
}

/// High and low word of a number below 10^38.
#[inline(always)]
pub fn split(n: u128) -> (u64, u64) {
    if n < BASE as u128 { (0, n as u64) } else { BY_BASE.div_rem(n) }
}

/// The number, if it has at most two words.
#[inline(always)]
pub fn small(w: &[u64]) -> Option<u128> {
    match w {
        [] => Some(0),
        [a] => Some(u128::from(*a)),
        [a, b] => Some(u128::from(*b) * u128::from(BASE) + u128::from(*a)),
        _ => None,
    }
}

/// Order of trimmed numbers.
pub fn compare(a: &[u64], b: &[u64]) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// `a += b`, `b` being no longer; answers the carry.
#[inline]
pub fn add_to(a: &mut [u64], b: &[u64]) -> bool {
    let mut carry = 0u64;
    let (low, high) = a.split_at_mut(b.len());
    for (x, y) in low.iter_mut().zip(b) {
        // Both are below the base, so x + y + 1 may exceed 2^64: compare with what is missing to the base.
        let y = y + carry;
        let (s, over) = x.overflowing_sub(BASE - y);
        *x = if over { x.wrapping_add(y) } else { s };
        carry = u64::from(!over);
    }
    for x in high {
        if carry == 0 {
            return false;
        }
        if *x == BASE - 1 {
            *x = 0;
        } else {
            *x += 1;
            carry = 0;
        }
    }
    carry != 0
}

/// `a -= b`, `b` being no longer; answers the borrow.
#[inline]
pub fn sub_from(a: &mut [u64], b: &[u64]) -> bool {
    let mut borrow = 0u64;
    let (low, high) = a.split_at_mut(b.len());
    for (x, y) in low.iter_mut().zip(b) {
        let (s, over) = x.overflowing_sub(y + borrow);
        *x = if over { s.wrapping_add(BASE) } else { s };
        borrow = u64::from(over);
    }
    for x in high {
        if borrow == 0 {
            return false;
        }
        if *x == 0 {
            *x = BASE - 1;
        } else {
            *x -= 1;
            borrow = 0;
        }
    }
    borrow != 0
}

/// `a + b`
pub fn add(a: &[u64], b: &[u64]) -> Res<Words> {
    let (a, b) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let mut r = Words::copy(a)?;
    if add_to(&mut r, b) {
        r.push(1)?;
    }
    Ok(r)
}

/// `a - b`, trimmed; `a` must not be less.
pub fn sub(a: &[u64], b: &[u64]) -> Res<Words> {
    let mut r = Words::copy(a)?;
    sub_from(&mut r, b);
    r.trim();
    Ok(r)
}

/// `a + n` in place.
pub fn add_word(a: &mut Words, n: u64) -> Res<()> {
    if a.is_empty() {
        return if n == 0 { Ok(()) } else { a.push(n) };
    }
    if add_to(a, &[n]) { a.push(1) } else { Ok(()) }
}

/// `a = a * n + c`; answers the carry.
#[inline]
pub fn mul_word(a: &mut [u64], n: u64, c: u64) -> u64 {
    let mut carry = c;
    for x in a {
        (carry, *x) = BY_BASE.div_rem(u128::from(*x) * u128::from(n) + u128::from(carry));
    }
    carry
}

/// `a = a / n`; answers the remainder. `n` must not be above the base.
pub fn div_word(a: &mut [u64], n: u64) -> u64 {
    let d = Divisor::new(n);
    let mut rem = 0u64;
    for x in a.iter_mut().rev() {
        (*x, rem) = d.div_rem(u128::from(rem) * u128::from(BASE) + u128::from(*x));
    }
    rem
}

/// `a * 10^k`
pub fn shift_left(a: &[u64], k: usize) -> Res<Words> {
    let a = trim(a);
    if a.is_empty() {
        return Ok(Words::new());
    }
    let (q, r) = (k / DIGITS, k % DIGITS);
    let mut out = Words::zeros(a.len().checked_add(q + usize::from(r != 0)).ok_or(Stop::Memory)?)?;
    out[q..q + a.len()].copy_from_slice(a);
    if r != 0 {
        let n = q + a.len();
        let top = mul_word(&mut out[q..n], POW10[r], 0);
        out[n] = top;
        out.trim();
    }
    Ok(out)
}

/// What was dropped from a number, in units of its last place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    /// Nothing.
    Zero,
    /// Less than a half.
    Low,
    /// A half.
    Half,
    /// More than a half.
    High,
}

/// What the lowest `k` digits are, in units of 10^k.
pub fn rest(a: &[u64], k: usize) -> Rest {
    let a = trim(a);
    if k == 0 || a.is_empty() {
        return Rest::Zero;
    }
    let (q, r) = ((k - 1) / DIGITS, (k - 1) % DIGITS);
    let Some(w) = a.get(q) else { return Rest::Low };
    // The digit of weight 10^(k-1), and what is below it.
    let (above, below) = BY_POW10[r].div_rem(u128::from(*w));
    let digit = BY_POW10[1].div_rem(u128::from(above)).1;
    match digit {
        0..5 if digit == 0 && below == 0 && a[..q].iter().all(|w| *w == 0) => Rest::Zero,
        0..5 => Rest::Low,
        5 if below == 0 && a[..q].iter().all(|w| *w == 0) => Rest::Half,
        _ => Rest::High,
    }
}

/// `a / 10^k`, without its fraction.
pub fn shift_right(a: &[u64], k: usize) -> Res<Words> {
    let (q, r) = (k / DIGITS, k % DIGITS);
    let Some(a) = a.get(q..) else { return Ok(Words::new()) };
    let mut out = Words::copy(a)?;
    shift_right_in_word(&mut out, r);
    out.trim();
    Ok(out)
}

/// `a /= 10^r`, `r` below 19.
pub fn shift_right_in_word(a: &mut [u64], r: usize) {
    if r == 0 {
        return;
    }
    let (d, m) = (BY_POW10[r], POW10[DIGITS - r]);
    let mut above = 0;
    for w in a.iter_mut().rev() {
        let (hi, lo) = d.div_rem(u128::from(*w));
        *w = above * m + hi;
        above = lo;
    }
}

/// The lowest `k` digits.
pub fn low_digits(a: &[u64], k: usize) -> Res<Words> {
    let (q, r) = (k / DIGITS, k % DIGITS);
    if q >= a.len() {
        let mut w = Words::copy(a)?;
        w.trim();
        return Ok(w);
    }
    let mut w = Words::copy(&a[..q + usize::from(r != 0)])?;
    if r != 0 {
        w[q] = BY_POW10[r].div_rem(u128::from(a[q])).1;
    }
    w.trim();
    Ok(w)
}

/// Number of trailing zeros of a trimmed number that is not 0.
pub fn trailing_zeros(a: &[u64]) -> usize {
    let Some(i) = a.iter().position(|w| *w != 0) else { return 0 };
    let (mut w, mut n) = (a[i], 0);
    for step in [16, 8, 4, 2, 1] {
        let (q, r) = BY_POW10[step].div_rem(u128::from(w));
        if r == 0 {
            w = q;
            n += step;
        }
    }
    i * DIGITS + n
}

/// The digit of weight 10^k.
pub fn digit_at(a: &[u64], k: usize) -> u64 {
    match a.get(k / DIGITS) {
        Some(w) => w / POW10[k % DIGITS] % 10,
        None => 0,
    }
}

/// Whether the number is 10^k.
pub fn is_pow10(a: &[u64]) -> bool {
    let n = digits(a);
    n > 0 && trailing_zeros(a) + 1 == n && digit_at(a, n - 1) == 1
}

/// 10^k
pub fn pow10(k: usize) -> Res<Words> {
    shift_left(&[1], k)
}
