//! A double as significand and exponent, and back with one rounding.

/// `(m, e)` with `x == m * 2**e` and `m < 2**53`, for a finite `x >= 0`.
#[inline]
pub(crate) fn decompose(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) }
}

/// `m * 2**e` rounded half to even once, subnormals included; infinite on overflow.
///
/// A caller that has cut bits off passes them as a sticky lowest bit of a wide `m`.
pub(crate) fn scale(m: u64, e: i32) -> f64 {
    if m == 0 {
        return 0.0;
    }
    let bits = 64 - m.leading_zeros() as i32;
    if bits + e > 1024 {
        return f64::INFINITY;
    }
    if bits + e < -1080 {
        return 0.0;
    }
    // Drop what neither 53 bits nor the subnormal grid can hold; the rest is exact.
    let drop = (bits - 53).max(-1074 - e).clamp(0, 64) as u32;
    let kept = m.checked_shr(drop).unwrap_or(0);
    let cut = if drop == 0 { 0 } else { (m as u128) << (128 - drop) };
    let up = cut > 1 << 127 || (cut == 1 << 127 && kept & 1 == 1);
    let kept = (kept + u64::from(up)) as f64;
    let e = e + drop as i32;
    // Two exact factors reach every exponent without an intermediate underflow.
    if e < -1000 {
        kept * 2f64.powi(-537) * 2f64.powi(e + 537)
    } else if e > 900 {
        kept * 2f64.powi(900) * 2f64.powi(e - 900)
    } else {
        kept * 2f64.powi(e)
    }
}
