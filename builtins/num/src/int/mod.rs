//! Python's `int` below the object model.
//!
//! Arbitrary-size values are `num_bigint::BigInt`; operations that a small integer meets often have a
//! second form on `i64` that answers `None` (or [`Int::Big`]) when the result leaves the machine word.
//! Nothing here raises: each way to fail is an enum that the caller words as an exception.

mod arith;
mod bits;
mod bytes;
mod combinatorics;
mod convert;
mod divide;
mod gcd;
mod roots;
mod text;

pub use arith::{MAX_BITS, shift_count, shl, shl_i64, shr, shr_i64};
pub use arith::{
    ModPowError, SizeError, floor_div, floor_div_i64, floor_divmod, floor_divmod_i64, floor_mod,
    floor_mod_i64, mod_pow, mod_pow_i64, pow, pow_i64,
};
pub use bits::{bit_and, bit_count, bit_count_i64, bit_length, bit_length_i64, bit_not, bit_or, bit_xor};
pub use bytes::{Endian, ToBytesError, from_bytes, to_bytes, to_bytes_i64};
pub use combinatorics::{comb, factorial, perm};
pub use convert::{
    FloatToIntError, TrueDivError, as_integer_ratio, ceil_f64, cmp_f64, cmp_i64_f64, floor_f64, frexp,
    round_f64, round_to_power_of_ten, to_f64, true_div, true_div_i64, trunc_f64,
};
pub use gcd::{gcd, gcd_i64, lcm};
pub use roots::{isqrt, isqrt_u64};
pub use text::{
    DEFAULT_MAX_STR_DIGITS, DecimalBuf, ParseIntError, TooManyDigits, ascii_number, format_decimal,
    format_i64, format_radix, format_radix_i64, is_ascii_space, parse_int, parse_int_ascii,
    strip_ascii_space,
};

use num_bigint::BigInt;
use num_traits::ToPrimitive;

/// A result that is a machine word whenever it fits one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Int {
    /// Fits an `i64`.
    Small(i64),
    /// Does not fit an `i64`.
    Big(BigInt),
}

impl Int {
    /// The value as a `BigInt`, allocating when it was small.
    pub fn into_big(self) -> BigInt {
        match self {
            Int::Small(n) => BigInt::from(n),
            Int::Big(n) => n,
        }
    }
}

impl From<i64> for Int {
    fn from(n: i64) -> Int {
        Int::Small(n)
    }
}

impl From<u64> for Int {
    fn from(n: u64) -> Int {
        i64::try_from(n).map_or_else(|_| Int::Big(BigInt::from(n)), Int::Small)
    }
}

impl From<i128> for Int {
    fn from(n: i128) -> Int {
        i64::try_from(n).map_or_else(|_| Int::Big(BigInt::from(n)), Int::Small)
    }
}

impl From<BigInt> for Int {
    fn from(n: BigInt) -> Int {
        match n.to_i64() {
            Some(small) => Int::Small(small),
            None => Int::Big(n),
        }
    }
}
