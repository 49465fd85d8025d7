//! `math.factorial`, `math.perm` and `math.comb`.
//!
//! Products are balanced trees, so that the multiplications at the top are of equal sizes and
//! Karatsuba's and Toom's methods get to work.

use num_bigint::{BigInt, BigUint};
use num_traits::{One, ToPrimitive, Zero};

use super::Int;

/// Largest `n` with `n!` in an `i64`.
const SMALL_FACTORIALS: [i64; 21] = {
    let mut table = [1i64; 21];
    let mut n = 1;
    while n < 21 {
        table[n] = table[n - 1] * n as i64;
        n += 1;
    }
    table
};

/// `math.factorial(n)`.
pub fn factorial(n: u64) -> Int {
    if let Some(&small) = usize::try_from(n).ok().and_then(|n| SMALL_FACTORIALS.get(n)) {
        return Int::Small(small);
    }
    // n! is 2**(n - ones(n)) times the odd parts of n!, (n/2)!, (n/4)! ...
    let mut odd_part = BigUint::one();
    let mut inner = BigUint::one();
    let mut done = 1u64;
    for level in (0..64 - n.leading_zeros()).rev() {
        let upto = n >> level;
        inner *= odd_product(done + 1, upto);
        done = upto.max(done);
        odd_part *= &inner;
    }
    let twos = n - u64::from(n.count_ones());
    Int::Big(BigInt::from(odd_part << twos))
}

/// The product of the odd numbers in `lo..=hi`.
fn odd_product(lo: u64, hi: u64) -> BigUint {
    let lo = lo | 1;
    if lo > hi {
        return BigUint::one();
    }
    let count = (hi - lo) / 2 + 1;
    if count <= 8 {
        return (0..count).fold(BigUint::one(), |acc, i| acc * (lo + 2 * i));
    }
    let mid = lo + (count / 2) * 2;
    odd_product(lo, mid - 1) * odd_product(mid, hi)
}

/// The product of `lo..=hi`.
fn range_product(lo: u64, hi: u64) -> BigUint {
    if lo > hi {
        return BigUint::one();
    }
    if hi - lo < 8 {
        return (lo..=hi).fold(BigUint::one(), |acc, i| acc * i);
    }
    let mid = lo + (hi - lo) / 2;
    range_product(lo, mid) * range_product(mid + 1, hi)
}

/// The product of the `k` numbers up to `n`, for an `n` past the machine word.
fn falling_product(n: &BigUint, k: u64) -> BigUint {
    if k <= 4 {
        return (0..k).fold(BigUint::one(), |acc, i| acc * (n - i));
    }
    let half = k / 2;
    falling_product(n, half) * falling_product(&(n - half), k - half)
}

/// `math.perm(n, k)`: `n * (n-1) * ...`, `k` factors.
pub fn perm(n: &BigUint, k: u64) -> BigUint {
    if n < &BigUint::from(k) {
        return BigUint::zero();
    }
    match n.to_u64() {
        Some(n) if k > 0 => range_product(n - k + 1, n),
        Some(_) => BigUint::one(),
        None => falling_product(n, k),
    }
}

/// `math.comb(n, k)`.
pub fn comb(n: &BigUint, k: &BigUint) -> Result<BigUint, super::SizeError> {
    if n < k {
        return Ok(BigUint::zero());
    }
    let k = (n - k).min(k.clone());
    let k = k.to_u64().ok_or(super::SizeError::OutOfMemory)?;
    if let Some(small) = n.to_u64().and_then(|n| comb_u64(n, k)) {
        return Ok(BigUint::from(small));
    }
    Ok(perm(n, k) / factorial(k).into_big().into_parts().1)
}

/// `comb` in machine arithmetic, each partial product being itself a binomial coefficient.
fn comb_u64(n: u64, k: u64) -> Option<u128> {
    if k > 64 {
        return None;
    }
    let mut acc = 1u128;
    for i in 0..k {
        acc = acc.checked_mul(u128::from(n - i))? / u128::from(i + 1);
    }
    Some(acc)
}
