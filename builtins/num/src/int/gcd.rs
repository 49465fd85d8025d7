//! Greatest common divisor by Lehmer's algorithm.
//!
//! Euclid's quotients are mostly determined by the leading 62 bits of the operands. A run of steps on
//! those bits is collected in a 2x2 matrix of machine words and applied to the whole numbers at once, so
//! that a pass over the limbs removes about 30 bits instead of one.

use num_bigint::{BigInt, BigUint};
use num_traits::{ToPrimitive, Zero};

use super::text::from_limbs;

/// `math.gcd(a, b)` of machine words.
pub fn gcd_i64(a: i64, b: i64) -> u64 {
    gcd_u64(a.unsigned_abs(), b.unsigned_abs())
}

/// Binary gcd.
fn gcd_u64(mut a: u64, mut b: u64) -> u64 {
    if a == 0 || b == 0 {
        return a | b;
    }
    let shift = (a | b).trailing_zeros();
    a >>= a.trailing_zeros();
    while b != 0 {
        b >>= b.trailing_zeros();
        (a, b) = (a.min(b), a.abs_diff(b));
    }
    a << shift
}

/// `math.gcd(a, b)`.
pub fn gcd(a: &BigInt, b: &BigInt) -> BigInt {
    let (a, b) = (a.magnitude(), b.magnitude());
    let (a, b) = if a >= b { (a, b) } else { (b, a) };
    if b.is_zero() {
        return BigInt::from(a.clone());
    }
    if let Some(b) = b.to_u64() {
        let a = (a % b).to_u64().unwrap_or(0);
        return BigInt::from(gcd_u64(a, b));
    }
    let rem = a % b;
    BigInt::from(lehmer(b.to_u64_digits(), rem.to_u64_digits()))
}

/// `math.lcm(a, b)`.
pub fn lcm(a: &BigInt, b: &BigInt) -> BigInt {
    if a.is_zero() || b.is_zero() {
        return BigInt::zero();
    }
    let quotient = a.magnitude() / gcd(a, b).magnitude();
    BigInt::from(quotient * b.magnitude())
}

/// Removes leading zero limbs.
fn trim(n: &mut Vec<u64>) {
    while n.last() == Some(&0) {
        n.pop();
    }
}

/// The gcd of `a >= b`.
fn lehmer(mut a: Vec<u64>, mut b: Vec<u64>) -> BigUint {
    trim(&mut a);
    trim(&mut b);
    while b.len() > 1 {
        let matrix = leading_steps(&a, &b);
        if matrix[1] == 0 {
            let rem = from_limbs(&a) % from_limbs(&b);
            a = b;
            b = rem.to_u64_digits();
            continue;
        }
        apply(matrix, &mut a, &mut b);
        trim(&mut a);
        trim(&mut b);
    }
    match b.first() {
        None => from_limbs(&a),
        Some(&b) => {
            let a = (from_limbs(&a) % b).to_u64().unwrap_or(0);
            BigUint::from(gcd_u64(a, b))
        }
    }
}

/// The bits of `n` from `shift` on; fewer than 64 of them are expected.
fn bits_from(n: &[u64], shift: usize) -> i64 {
    let (limb, bit) = (shift / 64, shift % 64);
    let low = n.get(limb).copied().unwrap_or(0);
    let high = n.get(limb + 1).copied().unwrap_or(0);
    ((u128::from(high) << 64 | u128::from(low)) >> bit) as i64
}

/// The matrix `[a0, a1, b0, b1]` of the Euclidean steps that the leading 62 bits decide.
fn leading_steps(a: &[u64], b: &[u64]) -> [i64; 4] {
    let top = a.last().copied().unwrap_or(0);
    let bits = a.len() * 64 - top.leading_zeros() as usize;
    let shift = bits - 62;
    let (mut x, mut y) = (bits_from(a, shift), bits_from(b, shift));
    let [mut a0, mut a1, mut b0, mut b1] = [1i64, 0, 0, 1];
    // The true quotient lies between the two that the extreme completions of the bits give.
    while y + b0 != 0 && y + b1 != 0 {
        let q = (x + a0) / (y + b0);
        if q != (x + a1) / (y + b1) {
            break;
        }
        (a0, b0) = (b0, a0 - q * b0);
        (a1, b1) = (b1, a1 - q * b1);
        (x, y) = (y, x - q * y);
    }
    [a0, a1, b0, b1]
}

/// Replaces `(a, b)` by the matrix times it; both results are non-negative and no longer than `a`.
fn apply([a0, a1, b0, b1]: [i64; 4], a: &mut [u64], b: &mut Vec<u64>) {
    b.resize(a.len(), 0);
    let (mut carry_a, mut carry_b) = (0i128, 0i128);
    // Each row has entries of opposite signs below 2**62, so the sums stay below 2**127.
    for (x, y) in a.iter_mut().zip(b.iter_mut()) {
        let (xi, yi) = (i128::from(*x), i128::from(*y));
        carry_a += i128::from(a0) * xi + i128::from(a1) * yi;
        carry_b += i128::from(b0) * xi + i128::from(b1) * yi;
        *x = carry_a as u64;
        *y = carry_b as u64;
        carry_a >>= 64;
        carry_b >>= 64;
    }
}
