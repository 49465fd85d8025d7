//! Logarithms of integers that no double holds.

use num_bigint::BigInt;

use super::{MathError, log, log2, log10};
use crate::int;

/// `log(n)` from that of its significand, `n` being about `m * 2**e`.
fn big_log(n: &BigInt, f: impl Fn(f64) -> Result<f64, MathError>) -> Result<f64, MathError> {
    if let Some(x) = int::to_f64(n) {
        return f(x);
    }
    let (m, e) = int::frexp(n);
    Ok(f(m)? + f(2.0)? * e as f64)
}

/// `math.log(n)`.
pub fn log_big(n: &BigInt) -> Result<f64, MathError> {
    big_log(n, log)
}

/// `math.log2(n)`.
pub fn log2_big(n: &BigInt) -> Result<f64, MathError> {
    big_log(n, log2)
}

/// `math.log10(n)`.
pub fn log10_big(n: &BigInt) -> Result<f64, MathError> {
    big_log(n, log10)
}
