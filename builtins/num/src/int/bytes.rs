//! `int.to_bytes` and `int.from_bytes`.

use num_bigint::{BigInt, BigUint, Sign};
use num_traits::Signed;

use super::Int;

/// Byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endian {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// Why an integer has no such bytes; the first two are `OverflowError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToBytesError {
    /// can't convert negative int to unsigned
    Negative,
    /// int too big to convert
    TooBig,
    /// `MemoryError`.
    OutOfMemory,
}

/// `n.to_bytes(length, endian, signed=signed)`.
pub fn to_bytes(n: &BigInt, length: usize, endian: Endian, signed: bool) -> Result<Vec<u8>, ToBytesError> {
    if n.is_negative() && !signed {
        return Err(ToBytesError::Negative);
    }
    // The bits that the magnitude may use: -2**k needs no more than 2**k - 1 does.
    let bits = match n.sign() {
        Sign::Minus if n.magnitude().trailing_zeros() == Some(n.bits() - 1) => n.bits(),
        Sign::Minus | Sign::Plus if signed => n.bits() + 1,
        _ => n.bits(),
    };
    if bits.div_ceil(8) > length as u64 {
        return Err(ToBytesError::TooBig);
    }
    let mut out = Vec::new();
    out.try_reserve_exact(length).map_err(|_| ToBytesError::OutOfMemory)?;
    out.extend(n.iter_u64_digits().flat_map(u64::to_le_bytes));
    out.resize(length, 0);
    if n.is_negative() {
        negate(&mut out);
    }
    if endian == Endian::Big {
        out.reverse();
    }
    Ok(out)
}

/// `n.to_bytes(length, endian, signed=signed)` of a machine word.
pub fn to_bytes_i64(n: i64, length: usize, endian: Endian, signed: bool) -> Result<Vec<u8>, ToBytesError> {
    if n < 0 && !signed {
        return Err(ToBytesError::Negative);
    }
    let magnitude_bits = 64 - (if n < 0 { !n } else { n }).leading_zeros();
    let sign_bit = u32::from(signed && n != 0);
    if (magnitude_bits + sign_bit).div_ceil(8) as usize > length {
        return Err(ToBytesError::TooBig);
    }
    let mut out = Vec::new();
    out.try_reserve_exact(length).map_err(|_| ToBytesError::OutOfMemory)?;
    out.extend_from_slice(&n.to_le_bytes()[..length.min(8)]);
    out.resize(length, if n < 0 { 0xff } else { 0 });
    if endian == Endian::Big {
        out.reverse();
    }
    Ok(out)
}

/// Two's-complement negation of little-endian bytes.
fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes {
        let (negated, overflow) = (!*byte).overflowing_add(u8::from(carry));
        *byte = negated;
        carry = overflow;
    }
}

/// `int.from_bytes(bytes, endian, signed=signed)`.
pub fn from_bytes(bytes: &[u8], endian: Endian, signed: bool) -> Int {
    let top = match endian {
        Endian::Little => bytes.last(),
        Endian::Big => bytes.first(),
    };
    let negative = signed && top.is_some_and(|byte| byte & 0x80 != 0);
    if bytes.len() <= 8 {
        let mut word = [if negative { 0xff } else { 0u8 }; 8];
        match endian {
            Endian::Little => word[..bytes.len()].copy_from_slice(bytes),
            Endian::Big => {
                for (to, from) in word.iter_mut().zip(bytes.iter().rev()) {
                    *to = *from;
                }
            }
        }
        let unsigned = u64::from_le_bytes(word);
        return if signed { Int::Small(unsigned as i64) } else { Int::from(unsigned) };
    }
    Int::from(match (endian, signed) {
        (Endian::Little, true) => BigInt::from_signed_bytes_le(bytes),
        (Endian::Big, true) => BigInt::from_signed_bytes_be(bytes),
        (Endian::Little, false) => BigInt::from(BigUint::from_bytes_le(bytes)),
        (Endian::Big, false) => BigInt::from(BigUint::from_bytes_be(bytes)),
    })
}
