//! Division, powers and shifts with Python's signs.
//!
//! Division floors, so the remainder takes the divisor's sign. Results whose size is known beforehand
//! to exceed [`MAX_BITS`] are refused: an allocation of that size would end the process.

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::{Int, divide};

/// The largest result, in bits, that a power or a shift produces (1 GiB).
pub const MAX_BITS: u64 = 1 << 33;

/// The size in bits past which CPython says "too many digits in integer".
const REPRESENTABLE_BITS: u64 = i64::MAX as u64 - 1;

/// A result that is too large to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeError {
    /// `OverflowError`: too many digits in integer.
    TooManyDigits,
    /// `MemoryError`.
    OutOfMemory,
}

/// Checks a size in bits against the limits.
fn check_bits(bits: u128) -> Result<(), SizeError> {
    if bits > u128::from(REPRESENTABLE_BITS) {
        Err(SizeError::TooManyDigits)
    } else if bits > u128::from(MAX_BITS) {
        Err(SizeError::OutOfMemory)
    } else {
        Ok(())
    }
}

/// `a // b`; `None` when `b` is zero or the result leaves `i64`.
#[inline]
pub fn floor_div_i64(a: i64, b: i64) -> Option<i64> {
    let q = a.checked_div(b)?;
    Some(if (a ^ b) < 0 && q.wrapping_mul(b) != a { q - 1 } else { q })
}

/// `a % b`; `None` when `b` is zero.
#[inline]
pub fn floor_mod_i64(a: i64, b: i64) -> Option<i64> {
    if b == 0 {
        return None;
    }
    let r = a.wrapping_rem(b);
    Some(if r != 0 && (r ^ b) < 0 { r + b } else { r })
}

/// `divmod(a, b)`; `None` when `b` is zero or the quotient leaves `i64`.
#[inline]
pub fn floor_divmod_i64(a: i64, b: i64) -> Option<(i64, i64)> {
    Some((floor_div_i64(a, b)?, floor_mod_i64(a, b)?))
}

/// `a // b`; `None` when `b` is zero.
pub fn floor_div(a: &BigInt, b: &BigInt) -> Option<BigInt> {
    if b.is_zero() {
        return None;
    }
    let (quotient, more) = divide::div(a.magnitude(), b.magnitude());
    if a.is_negative() == b.is_negative() {
        return Some(quotient.into());
    }
    Some(-BigInt::from(if more { quotient + 1u32 } else { quotient }))
}

/// `a % b`; `None` when `b` is zero.
pub fn floor_mod(a: &BigInt, b: &BigInt) -> Option<BigInt> {
    if b.is_zero() {
        return None;
    }
    let Some(small) = b.magnitude().to_u64() else {
        return Some(floor_divmod(a, b)?.1);
    };
    let rem = (a.magnitude() % small).to_u64().unwrap_or(0);
    let rem = if rem != 0 && a.is_negative() != b.is_negative() { small - rem } else { rem };
    let magnitude = BigInt::from(rem);
    Some(if b.is_negative() { -magnitude } else { magnitude })
}

/// `divmod(a, b)`; `None` when `b` is zero.
pub fn floor_divmod(a: &BigInt, b: &BigInt) -> Option<(BigInt, BigInt)> {
    if b.is_zero() {
        return None;
    }
    let (quotient, remainder) = divide::div_rem(a.magnitude(), b.magnitude());
    let opposite = a.is_negative() != b.is_negative();
    let (quotient, remainder) = match opposite && !remainder.is_zero() {
        true => (quotient + 1u32, b.magnitude() - remainder),
        false => (quotient, remainder),
    };
    let signed =
        |n: BigUint, minus: bool| BigInt::from_biguint(if minus { Sign::Minus } else { Sign::Plus }, n);
    Some((signed(quotient, opposite), signed(remainder, b.is_negative())))
}

/// `base ** exp` for a non-negative exponent.
pub fn pow(base: &BigInt, exp: &BigUint) -> Result<BigInt, SizeError> {
    let magnitude = base.magnitude();
    let sign = if base.is_negative() && exp.is_odd() { Sign::Minus } else { Sign::Plus };
    if exp.is_zero() {
        return Ok(BigInt::one());
    }
    if magnitude.is_zero() {
        return Ok(BigInt::zero());
    }
    if magnitude.is_one() {
        return Ok(BigInt::from_biguint(sign, magnitude.clone()));
    }
    let exp = exp.to_u64().ok_or(SizeError::TooManyDigits)?;
    // A magnitude of n bits is at least 2**(n-1), which bounds the power from below.
    check_bits(u128::from(magnitude.bits() - 1) * u128::from(exp))?;
    // The power of two in the base is shifted in at the end.
    let twos = magnitude.trailing_zeros().unwrap_or(0);
    let odd = magnitude >> twos;
    let power = if odd.is_one() { odd } else { pow_by_squaring(&odd, exp) };
    let power = if twos == 0 { power } else { power << (twos * exp) };
    Ok(BigInt::from_biguint(sign, power))
}

/// Left-to-right binary exponentiation: its multiplications are by the small base, not by a growing one.
fn pow_by_squaring(base: &BigUint, exp: u64) -> BigUint {
    let mut acc = base.clone();
    let top = 63 - exp.leading_zeros().min(63);
    for bit in (0..top).rev() {
        acc = &acc * &acc;
        if exp >> bit & 1 == 1 {
            acc *= base;
        }
    }
    acc
}

/// `base ** exp` on machine words.
pub fn pow_i64(base: i64, exp: u64) -> Result<Int, SizeError> {
    let small = u32::try_from(exp).ok().and_then(|exp| base.checked_pow(exp));
    match small {
        Some(power) => Ok(Int::Small(power)),
        None => pow(&BigInt::from(base), &BigUint::from(exp)).map(Int::from),
    }
}

/// Why three-argument `pow` has no answer; both are `ValueError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModPowError {
    /// pow() 3rd argument cannot be 0
    ZeroModulus,
    /// base is not invertible for the given modulus
    NotInvertible,
}

/// `pow(base, exp, modulus)`: the result has the modulus' sign, a negative exponent inverts.
pub fn mod_pow(base: &BigInt, exp: &BigInt, modulus: &BigInt) -> Result<BigInt, ModPowError> {
    let m = modulus.magnitude();
    if m.is_zero() {
        return Err(ModPowError::ZeroModulus);
    }
    if m.is_one() {
        return Ok(BigInt::zero());
    }
    let mut b = base.magnitude() % m;
    if base.is_negative() && !b.is_zero() {
        b = m - b;
    }
    if exp.is_negative() {
        b = b.modinv(m).ok_or(ModPowError::NotInvertible)?;
    }
    let r = if exp.is_zero() { BigUint::one() } else { b.modpow(exp.magnitude(), m) };
    let r = BigInt::from(r);
    Ok(if modulus.is_negative() && !r.is_zero() { r + modulus } else { r })
}

/// `pow(base, exp, modulus)` on machine words.
pub fn mod_pow_i64(base: i64, exp: i64, modulus: i64) -> Result<i64, ModPowError> {
    let m = modulus.unsigned_abs();
    if m == 0 {
        return Err(ModPowError::ZeroModulus);
    }
    if m == 1 {
        return Ok(0);
    }
    let mut b = base.unsigned_abs() % m;
    if base < 0 && b != 0 {
        b = m - b;
    }
    if exp < 0 {
        b = inverse_u64(b, m).ok_or(ModPowError::NotInvertible)?;
    }
    let exp = exp.unsigned_abs();
    let r = if m <= 1 << 32 { mod_pow_u32(b, exp, m) } else { mod_pow_u64(b, exp, m) };
    // `r < m <= 2**63`, and only a negative modulus can have the magnitude 2**63.
    let r = i128::from(r) - if modulus < 0 && r != 0 { i128::from(m) } else { 0 };
    Ok(r as i64)
}

/// Modular power whose products fit 64 bits.
fn mod_pow_u32(mut b: u64, mut exp: u64, m: u64) -> u64 {
    let mut acc = 1 % m;
    while exp > 0 {
        if exp & 1 == 1 {
            acc = acc * b % m;
        }
        b = b * b % m;
        exp >>= 1;
    }
    acc
}

/// Modular power whose products need 128 bits.
fn mod_pow_u64(mut b: u64, mut exp: u64, m: u64) -> u64 {
    let mul = |x: u64, y: u64| (u128::from(x) * u128::from(y) % u128::from(m)) as u64;
    let mut acc = 1 % m;
    while exp > 0 {
        if exp & 1 == 1 {
            acc = mul(acc, b);
        }
        b = mul(b, b);
        exp >>= 1;
    }
    acc
}

/// The inverse of `a` modulo `m > 1`, by the extended Euclidean algorithm.
fn inverse_u64(a: u64, m: u64) -> Option<u64> {
    let (mut r0, mut r1) = (i128::from(m), i128::from(a));
    let (mut t0, mut t1) = (0i128, 1i128);
    while r1 != 0 {
        let q = r0 / r1;
        (r0, r1) = (r1, r0 - q * r1);
        (t0, t1) = (t1, t0 - q * t1);
    }
    (r0 == 1).then(|| t0.rem_euclid(i128::from(m)) as u64)
}

/// A shift count: `None` when negative, saturated when it does not fit.
pub fn shift_count(count: &BigInt) -> Option<u64> {
    if count.is_negative() {
        return None;
    }
    Some(count.to_u64().unwrap_or(u64::MAX))
}

/// `a << count`.
pub fn shl(a: &BigInt, count: u64) -> Result<BigInt, SizeError> {
    if a.is_zero() {
        return Ok(BigInt::zero());
    }
    check_bits(u128::from(a.bits()) + u128::from(count))?;
    Ok(a << count)
}

/// `a << count` on a machine word.
#[inline]
pub fn shl_i64(a: i64, count: u64) -> Result<Int, SizeError> {
    if count < 64 {
        let shifted = a << count;
        if shifted >> count == a {
            return Ok(Int::Small(shifted));
        }
    }
    shl(&BigInt::from(a), count).map(Int::from)
}

/// `a >> count`, which floors.
pub fn shr(a: &BigInt, count: u64) -> BigInt {
    if count >= a.bits() {
        return if a.is_negative() { -BigInt::one() } else { BigInt::zero() };
    }
    a >> count
}

/// `a >> count` on a machine word.
#[inline]
pub fn shr_i64(a: i64, count: u64) -> i64 {
    a >> count.min(63)
}
