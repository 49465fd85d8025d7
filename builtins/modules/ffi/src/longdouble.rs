//! C's `long double` from and to `f64`: 80 bits of the x87, or 128 bits by IEEE 754.

/// Bytes that a `long double` takes.
pub(crate) const SIZE: usize = 16;

/// Sign, exponent with bias 16383, and the significand with its leading one at bit 63; zero and infinite as flags.
struct Parts {
    negative: bool,
    exponent: u16,
    significand: u64,
}

fn split(f: f64) -> Parts {
    let bits = f.to_bits();
    let negative = bits >> 63 != 0;
    let exponent = (bits >> 52 & 0x7ff) as u16;
    let fraction = bits & ((1 << 52) - 1);
    match (exponent, fraction) {
        (0, 0) => Parts { negative, exponent: 0, significand: 0 },
        (0, m) => {
            // Subnormal: the number is m * 2^-1074.
            let up = m.leading_zeros() as u16;
            Parts { negative, exponent: 16383 + 63 - 1074 - up, significand: m << up }
        }
        (0x7ff, m) => Parts { negative, exponent: 0x7fff, significand: 1 << 63 | m << 11 },
        (e, m) => Parts { negative, exponent: e + 15360, significand: 1 << 63 | m << 11 },
    }
}

fn join(p: &Parts) -> f64 {
    let size = if p.exponent == 0x7fff {
        if p.significand << 1 == 0 { f64::INFINITY } else { f64::NAN }
    } else if p.significand == 0 {
        0.0
    } else {
        scale(p.significand as f64, i32::from(p.exponent) - 16383 - 63)
    };
    if p.negative { -size } else { size }
}

/// `f * 2^e`, in steps that neither overflow nor underflow early.
fn scale(mut f: f64, mut e: i32) -> f64 {
    while e < -1000 && f != 0.0 {
        f *= 2f64.powi(-1000);
        e += 1000;
    }
    while e > 1000 && f.is_finite() {
        f *= 2f64.powi(1000);
        e -= 1000;
    }
    f * 2f64.powi(e.clamp(-1000, 1000))
}

/// The bytes in memory.
#[cfg(target_arch = "x86_64")]
pub(crate) fn from_f64(f: f64) -> [u8; SIZE] {
    let p = split(f);
    let mut out = [0; SIZE];
    out[..8].copy_from_slice(&p.significand.to_le_bytes());
    out[8..10].copy_from_slice(&(p.exponent | u16::from(p.negative) << 15).to_le_bytes());
    out
}

/// The number in memory, rounded.
#[cfg(target_arch = "x86_64")]
pub(crate) fn to_f64(b: [u8; SIZE]) -> f64 {
    let n = u128::from_le_bytes(b);
    join(&Parts { negative: n >> 79 & 1 != 0, exponent: (n >> 64 & 0x7fff) as u16, significand: n as u64 })
}

/// The bytes in memory.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn from_f64(f: f64) -> [u8; SIZE] {
    let p = split(f);
    let fraction = u128::from(p.significand << 1) << 48;
    let n = u128::from(p.negative) << 127 | u128::from(p.exponent) << 112 | fraction;
    n.to_ne_bytes()
}

/// The number in memory; what does not fit 64 bits of significand is folded into the last one, so that rounding is right.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn to_f64(b: [u8; SIZE]) -> f64 {
    let n = u128::from_ne_bytes(b);
    let exponent = (n >> 112 & 0x7fff) as u16;
    let fraction = n << 16;
    let sticky = u64::from(fraction << 63 != 0);
    let lead = u64::from(exponent != 0 || fraction != 0) << 63;
    let significand = lead | (fraction >> 65) as u64 | sticky;
    join(&Parts { negative: n >> 127 != 0, exponent, significand })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for f in
            [0.0, -0.0, 1.0, -1.5, 1e300, 1e-300, 5e-324, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, 0.1]
        {
            assert_eq!(to_f64(from_f64(f)).to_bits(), f.to_bits(), "{f}");
        }
        assert!(to_f64(from_f64(f64::NAN)).is_nan());
    }
}
