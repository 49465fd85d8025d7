//! Products of very long numbers by number-theoretic transforms.
//!
//! The words are the coefficients of polynomials; their product's coefficients, below n * 10^38, are found modulo three primes of 63
//! bits and put together by the Chinese remainder theorem. Each prime has 2^36-th roots of unity.

use super::words::{BASE, BY_BASE, Divisor, Words, zeroed};
use super::{Res, Work};

/// Primes and generators of their multiplicative groups.
const PRIMES: [(u64, u64); 3] =
    [(0x7fff_ff50_0000_0001, 5), (0x7fff_fe10_0000_0001, 5), (0x7fff_fe00_0000_0001, 7)];

#[derive(Clone, Copy)]
struct Field {
    p: u64,
    by: Divisor,
}

impl Field {
    const fn new(p: u64) -> Field {
        Field { p, by: Divisor::new(p) }
    }

    fn mul(self, a: u64, b: u64) -> u64 {
        self.by.div_rem(u128::from(a) * u128::from(b)).1
    }

    fn pow(self, mut a: u64, mut n: u64) -> u64 {
        let mut r = 1;
        while n != 0 {
            if n & 1 != 0 {
                r = self.mul(r, a);
            }
            a = self.mul(a, a);
            n >>= 1;
        }
        r
    }

    fn inverse(self, a: u64) -> u64 {
        self.pow(a, self.p - 2)
    }

    /// `w * 2^64 / p`, which makes multiplication by `w` cheap.
    fn companion(self, w: u64) -> u64 {
        self.by.div_rem(u128::from(w) << 64).0
    }

    #[inline(always)]
    fn mul_by(self, x: u64, (w, c): (u64, u64)) -> u64 {
        let q = ((u128::from(x) * u128::from(c)) >> 64) as u64;
        let r = x.wrapping_mul(w).wrapping_sub(q.wrapping_mul(self.p));
        if r >= self.p { r - self.p } else { r }
    }

    #[inline(always)]
    fn add(self, a: u64, b: u64) -> u64 {
        let s = a + b;
        if s >= self.p { s - self.p } else { s }
    }

    #[inline(always)]
    fn sub(self, a: u64, b: u64) -> u64 {
        if a >= b { a - b } else { a + self.p - b }
    }
}

/// Powers of a root of unity with their companions: for halves of 1, 2, 4, … words, one after the other.
struct Roots(Vec<(u64, u64)>);

impl Roots {
    fn new(f: Field, root: u64, n: usize) -> Res<Roots> {
        let mut t: Vec<(u64, u64)> = Vec::new();
        t.try_reserve_exact(n).map_err(|_| super::Stop::Memory)?;
        t.resize(n, (0, 0));
        let half = n / 2;
        let mut w = 1;
        let step = (root, f.companion(root));
        for i in 0..half {
            t[half - 1 + i] = (w, f.companion(w));
            w = f.mul_by(w, step);
        }
        let mut m = half / 2;
        while m > 0 {
            for i in 0..m {
                t[m - 1 + i] = t[2 * m - 1 + 2 * i];
            }
            m /= 2;
        }
        Ok(Roots(t))
    }

    fn level(&self, half: usize) -> &[(u64, u64)] {
        &self.0[half - 1..2 * half - 1]
    }
}

/// From coefficients to values, in an order of its own.
fn forward(f: Field, a: &mut [u64], roots: &Roots, work: &mut Work) -> Res<()> {
    let half = a.len() / 2;
    if half == 0 {
        return Ok(());
    }
    work.step(half)?;
    let (lo, hi) = a.split_at_mut(half);
    for ((x, y), w) in lo.iter_mut().zip(hi.iter_mut()).zip(roots.level(half)) {
        let (u, v) = (*x, *y);
        *x = f.add(u, v);
        *y = f.mul_by(f.sub(u, v), *w);
    }
    forward(f, lo, roots, work)?;
    forward(f, hi, roots, work)
}

/// From values in that order to coefficients times the length.
fn backward(f: Field, a: &mut [u64], roots: &Roots, work: &mut Work) -> Res<()> {
    let half = a.len() / 2;
    if half == 0 {
        return Ok(());
    }
    work.step(half)?;
    let (lo, hi) = a.split_at_mut(half);
    backward(f, lo, roots, work)?;
    backward(f, hi, roots, work)?;
    for ((x, y), w) in lo.iter_mut().zip(hi.iter_mut()).zip(roots.level(half)) {
        let (u, v) = (*x, f.mul_by(*y, *w));
        *x = f.add(u, v);
        *y = f.sub(u, v);
    }
    Ok(())
}

/// The cyclic product modulo one prime.
fn product(i: usize, a: &[u64], b: &[u64], n: usize, work: &mut Work) -> Res<Vec<u64>> {
    let (p, g) = PRIMES[i];
    let f = Field::new(p);
    let root = f.pow(g, (p - 1) / n as u64);
    let load = |src: &[u64]| -> Res<Vec<u64>> {
        let mut v = zeroed(n)?;
        for (x, w) in v.iter_mut().zip(src) {
            // Two subtractions suffice: a word is below 2 p.
            *x = if *w >= p { *w - p } else { *w };
            if *x >= p {
                *x -= p;
            }
        }
        Ok(v)
    };
    let roots = Roots::new(f, root, n)?;
    let mut x = load(a)?;
    forward(f, &mut x, &roots, work)?;
    if std::ptr::eq(a, b) {
        x.iter_mut().for_each(|u| *u = f.mul(*u, *u));
    } else {
        let mut y = load(b)?;
        forward(f, &mut y, &roots, work)?;
        x.iter_mut().zip(&y).for_each(|(u, v)| *u = f.mul(*u, *v));
    }
    drop(roots);
    let roots = Roots::new(f, f.inverse(root), n)?;
    backward(f, &mut x, &roots, work)?;
    let scale = f.inverse(n as u64);
    let scale = (scale, f.companion(scale));
    x.iter_mut().for_each(|u| *u = f.mul_by(*u, scale));
    Ok(x)
}

/// `a * b`
pub fn mul(a: &[u64], b: &[u64], work: &mut Work) -> Res<Words> {
    let len = a.len() + b.len();
    let n = len.next_power_of_two();
    let r0 = product(0, a, b, n, work)?;
    let r1 = product(1, a, b, n, work)?;
    let r2 = product(2, a, b, n, work)?;
    let [f0, f1, f2] = PRIMES.map(|(p, _)| Field::new(p));
    let inv01 = f1.inverse(f0.p % f1.p);
    let p01 = u128::from(f0.p) * u128::from(f1.p);
    let inv012 = f2.inverse((p01 % u128::from(f2.p)) as u64);
    let (inv01, inv012) = ((inv01, f1.companion(inv01)), (inv012, f2.companion(inv012)));
    let p0_in_2 = f0.p % f2.p;
    let p0_in_2 = (p0_in_2, f2.companion(p0_in_2));
    let reduce = |x: u64, p: u64| if x >= p { x - p } else { x };
    let mut out = zeroed(len)?;
    let mut carry = 0u128;
    for (i, o) in out.iter_mut().enumerate() {
        let x0 = r0[i];
        let x1 = f1.mul_by(f1.sub(r1[i], reduce(x0, f1.p)), inv01);
        let t = f2.sub(f2.sub(r2[i], reduce(x0, f2.p)), f2.mul_by(reduce(x1, f2.p), p0_in_2));
        let x2 = f2.mul_by(t, inv012);
        // x0 + x1 p0 + x2 p0 p1 + carry, in 192 bits.
        let low = u128::from(x1) * u128::from(f0.p) + u128::from(x0);
        let a = u128::from(x2) * (p01 & u128::from(u64::MAX));
        let b = u128::from(x2) * (p01 >> 64);
        let (s, c1) = low.overflowing_add(a);
        let (s, c2) = s.overflowing_add(b << 64);
        let (s, c3) = s.overflowing_add(carry);
        let top = (b >> 64) as u64 + u64::from(c1) + u64::from(c2) + u64::from(c3);
        let (q1, r) = BY_BASE.div_rem((u128::from(top) << 64) | (s >> 64));
        let (q0, r) = BY_BASE.div_rem((u128::from(r) << 64) | (s & u128::from(u64::MAX)));
        carry = (u128::from(q1) << 64) | u128::from(q0);
        *o = r;
        debug_assert!(r < BASE);
    }
    Ok(Words::of_vec(out))
}
