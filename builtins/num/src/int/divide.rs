//! Division of magnitudes.
//!
//! `num_bigint` divides long numbers recursively, which pays when both the divisor and the quotient are long. A quotient of a
//! few words is found from as many leading words and a few more, and one multiplication tells whether it is exact.

use num_bigint::BigUint;
use num_integer::Integer;

/// Bits of a divisor from which a short quotient is found here.
const LONG: u64 = 64 * 64;

/// Most bits of a short quotient.
const SHORT: u64 = 32 * 64;

/// Leading bits of the divisor beyond those of the quotient that the estimate uses.
const SPARE: u64 = 64;

/// The quotient, and the product of quotient and divisor; `None` unless the divisor is long and the quotient short.
///
/// Let `a = a1 * 2**s + a0` and `b = b1 * 2**s + b0` with `a0`, `b0` below `2**s`. The estimate `a1 // b1` is not below `a // b`, since
/// `a / b < (a1 + 1) / b1`; and it exceeds `a1 / (b1 + 1)`, which is not above `a / b`, by less than `(a1 / b1) / b1` and the
/// rounding. `b1` has more bits than the quotient, so it is too large by at most one.
fn short_quotient(a: &BigUint, b: &BigUint) -> Option<(BigUint, BigUint)> {
    let beyond = a.bits().checked_sub(b.bits())?;
    if b.bits() < LONG || beyond > SHORT {
        return None;
    }
    let shift = b.bits().checked_sub(beyond + 1 + SPARE)?;
    let mut quotient = (a >> shift) / (b >> shift);
    let mut product = &quotient * b;
    if product > *a {
        quotient -= 1u32;
        product -= b;
    }
    Some((quotient, product))
}

/// Quotient and remainder of `a` by `b`, which is not zero.
pub(super) fn div_rem(a: &BigUint, b: &BigUint) -> (BigUint, BigUint) {
    match short_quotient(a, b) {
        Some((quotient, product)) => (quotient, a - product),
        None => a.div_rem(b),
    }
}

/// The quotient of `a` by `b`, which is not zero, and whether there is a remainder.
pub(super) fn div(a: &BigUint, b: &BigUint) -> (BigUint, bool) {
    match short_quotient(a, b) {
        Some((quotient, product)) => (quotient, product != *a),
        None => {
            let (quotient, remainder) = a.div_rem(b);
            (quotient, remainder != BigUint::ZERO)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of so many bits that look random.
    fn numbers(bits: u64) -> impl Iterator<Item = BigUint> {
        let mut state = bits | 1;
        std::iter::repeat_with(move || {
            let mut n = BigUint::ZERO;
            while n.bits() < bits {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                n = (n << 32u8) + (state >> 32);
            }
            let more = n.bits() - bits;
            n >> more
        })
    }

    #[test]
    fn short_quotients_are_those_of_the_recursive_division() {
        let mut short = 0;
        for beyond in [0, 1, 63, 64, 65, 700, 2047, 2048, 2049] {
            for (a, b) in numbers(5000 + beyond).zip(numbers(5000)).take(40) {
                short += usize::from(short_quotient(&a, &b).is_some());
                assert_eq!(div_rem(&a, &b), a.div_rem(&b));
                let (quotient, more) = div(&a, &b);
                assert_eq!((quotient, more), (&a / &b, &a % &b != BigUint::ZERO));
            }
        }
        assert_eq!(short, 8 * 40);
    }

    #[test]
    fn estimates_that_are_too_large_are_corrected() {
        let one = BigUint::from(1u32);
        for beyond in [0u64, 1, 64, 300] {
            for b in
                [(&one << 5000u32) - 1u32, (&one << 5000u32) + 1u32, numbers(5001).next().unwrap_or_default()]
            {
                let q = (&one << beyond) + 1u32;
                for a in [&q * &b, &q * &b - 1u32, &q * &b + 1u32, &q * &b + &b - 1u32] {
                    assert_eq!(div_rem(&a, &b), a.div_rem(&b));
                }
            }
        }
    }
}
