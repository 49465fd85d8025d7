//! Python's numeric hashes: reduction modulo the Mersenne prime `2**61 - 1`, the same for equal numbers of
//! every type. A hash is never -1.

use num_bigint::BigInt;
use num_traits::Signed;

use crate::float::bits::decompose;

/// The prime that numbers are reduced by.
pub const MODULUS: u64 = (1 << 61) - 1;
/// The hash of positive infinity.
pub const INF: i64 = 314_159;
/// The multiplier of the imaginary part's hash.
pub const IMAG: u64 = 1_000_003;

/// -1 is reserved for errors in C: such a hash is -2.
#[inline]
fn avoid_minus_one(hash: i64) -> i64 {
    if hash == -1 { -2 } else { hash }
}

/// `hash(n)` of a machine word.
#[inline]
pub fn hash_i64(n: i64) -> i64 {
    let reduced = (n.unsigned_abs() % MODULUS) as i64;
    avoid_minus_one(if n < 0 { -reduced } else { reduced })
}

/// `hash(n)`.
pub fn hash_int(n: &BigInt) -> i64 {
    // Horner's rule on 32-bit digits: multiplying by 2**32 is a rotation modulo 2**61 - 1.
    let (_, digits) = n.to_u32_digits();
    let mut hash = 0u64;
    for digit in digits.iter().rev() {
        hash = rotate(hash, 32) + u64::from(*digit);
        if hash >= MODULUS {
            hash -= MODULUS;
        }
    }
    let hash = hash as i64;
    avoid_minus_one(if n.is_negative() { -hash } else { hash })
}

/// `n * 2**by` modulo the prime, for `n` below it and `by < 61`.
#[inline]
fn rotate(n: u64, by: u32) -> u64 {
    (n << by & MODULUS) | n >> (61 - by)
}

/// `hash(x)`; `None` for NaN, whose hash is that of its object's identity.
#[inline]
pub fn hash_f64(x: f64) -> Option<i64> {
    let whole = x as i64;
    if whole as f64 == x && whole != i64::MAX {
        return Some(hash_i64(whole));
    }
    if x.is_nan() {
        return None;
    }
    if x.is_infinite() {
        return Some(if x > 0.0 { INF } else { -INF });
    }
    let (m, e) = decompose(x.abs());
    let hash = rotate(m, e.rem_euclid(61) as u32) as i64;
    Some(avoid_minus_one(if x < 0.0 { -hash } else { hash }))
}

/// `hash(complex)` from the hashes of its parts.
#[inline]
pub fn hash_complex(re: i64, im: i64) -> i64 {
    avoid_minus_one((re as u64).wrapping_add(IMAG.wrapping_mul(im as u64)) as i64)
}
