//! Integer square root.
//!
//! Large operands use Zimmermann's Karatsuba square root: the root of the upper half gives, by one
//! division, the lower half of the root, and a correction of at most one. Each level halves the operand,
//! so the cost is that of the topmost division.

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

/// `math.isqrt(n)` of a machine word.
#[inline]
pub fn isqrt_u64(n: u64) -> u64 {
    n.isqrt()
}

/// `math.isqrt(n)`; `None` when `n` is negative.
pub fn isqrt(n: &BigInt) -> Option<BigInt> {
    if n.is_negative() {
        return None;
    }
    let n = n.magnitude();
    if let Some(small) = n.to_u128() {
        return Some(BigInt::from(small.isqrt()));
    }
    // An even shift that sets one of the two top bits of a size divisible by four.
    let bits = n.bits();
    let size = bits.div_ceil(4) * 4;
    let shift = (size - bits) & !1;
    let (root, _) = sqrt_rem(n << shift);
    Some(BigInt::from(root >> (shift / 2)))
}

/// The root and remainder of `n`, one of whose two top bits (of a size divisible by four) is set.
fn sqrt_rem(n: BigUint) -> (BigUint, BigUint) {
    if let Some(small) = n.to_u128() {
        let root = small.isqrt();
        return (BigUint::from(root), BigUint::from(small - root * root));
    }
    let quarter = n.bits().div_ceil(4);
    // The upper half has to be normalized as well: its size must be divisible by four.
    if quarter % 2 == 1 {
        return sqrt_rem_padded(n);
    }
    let high = &n >> (2 * quarter);
    let middle = bit_field(&n, quarter, quarter);
    let low = bit_field(&n, 0, quarter);
    let (root_high, rem_high) = sqrt_rem(high);
    let (q, u) = ((rem_high << quarter) + middle).div_rem(&(&root_high << 1u8));
    let mut root = (root_high << quarter) + &q;
    let mut rem = BigInt::from((u << quarter) + low) - BigInt::from(&q * &q);
    if rem.is_negative() {
        rem += BigInt::from(&root << 1u8) - BigInt::one();
        root -= 1u8;
    }
    (root, rem.into_parts().1)
}

/// [`sqrt_rem`] of an operand that needs four bits more to split evenly.
fn sqrt_rem_padded(n: BigUint) -> (BigUint, BigUint) {
    let (root, _) = sqrt_rem(&n << 4u8);
    let root = root >> 2u8;
    let rem = &n - &root * &root;
    (root, rem)
}

/// The `len` bits of `n` from bit `start` on.
fn bit_field(n: &BigUint, start: u64, len: u64) -> BigUint {
    let shifted = n >> start;
    if shifted.is_zero() {
        return shifted;
    }
    let mask = (BigUint::one() << len) - 1u8;
    shifted & mask
}
