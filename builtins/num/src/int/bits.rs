//! Bit counts and the two's-complement bit operations.

use num_bigint::BigInt;

/// `int.bit_length()`.
pub fn bit_length(n: &BigInt) -> u64 {
    n.bits()
}

/// `int.bit_length()` of a machine word.
#[inline]
pub fn bit_length_i64(n: i64) -> u32 {
    64 - n.unsigned_abs().leading_zeros()
}

/// `int.bit_count()`: the ones of the magnitude.
pub fn bit_count(n: &BigInt) -> u64 {
    n.magnitude().count_ones()
}

/// `int.bit_count()` of a machine word.
#[inline]
pub fn bit_count_i64(n: i64) -> u32 {
    n.unsigned_abs().count_ones()
}

/// `a & b`, as if both had infinitely many sign bits.
pub fn bit_and(a: &BigInt, b: &BigInt) -> BigInt {
    a & b
}

/// `a | b`, as if both had infinitely many sign bits.
pub fn bit_or(a: &BigInt, b: &BigInt) -> BigInt {
    a | b
}

/// `a ^ b`, as if both had infinitely many sign bits.
pub fn bit_xor(a: &BigInt, b: &BigInt) -> BigInt {
    a ^ b
}

/// `~a`.
pub fn bit_not(a: &BigInt) -> BigInt {
    !a
}
