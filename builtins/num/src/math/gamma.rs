//! The gamma function and its logarithm, by Lanczos' approximation.
//!
//! With `g` and the rational function that Boost publishes for 53 bits,
//! `gamma(x) = L(x) * ((x + g - 1/2) / e) ** (x - 1/2)`, `L` including the factor `exp(-g)`. The error of
//! the rounded sum `x + g - 1/2` is amplified by the power, so it is computed and corrected for to first
//! order. Negative arguments go through the reflection formula, with a sine that is exact about zeros.

use std::f64::consts::PI;

use super::MathError;

/// Lanczos' parameter.
#[allow(clippy::excessive_precision)]
const G: f64 = 6.024_680_040_776_729_583_740_234_375;

/// The numerator of Lanczos' sum, by ascending powers.
#[rustfmt::skip]
#[allow(clippy::excessive_precision)]
const NUMERATOR: [f64; 13] = [
    23531376880.41075968857200767445,
    42919803642.64909876895789904700,
    35711959237.35566804944018545155,
    17921034426.03720969991975575446,
    6039542586.352028005064291644307,
    1439720407.311721673663223072795,
    248874557.8620541565114603864132,
    31426415.58540019438061423162832,
    2876370.628935372441225409051621,
    186056.2653952234950402949897160,
    8071.672002365816210638002902272,
    210.8242777515793458725097339207,
    2.506628274631000270164908177134,
];

/// The denominator: `x (x+1) ... (x+11)`.
const DENOMINATOR: [f64; 13] = [
    0.0,
    39916800.0,
    120543840.0,
    150917976.0,
    105258076.0,
    45995730.0,
    13339535.0,
    2637558.0,
    357423.0,
    32670.0,
    1925.0,
    66.0,
    1.0,
];

/// `(n-1)!` while it is an exact double.
const FACTORIALS: [f64; 23] = {
    let mut table = [1.0; 23];
    let mut n = 1;
    while n < 23 {
        table[n] = table[n - 1] * n as f64;
        n += 1;
    }
    table
};

/// What an argument at a pole is answered with.
const POLE: MathError = MathError::Expected("a noninteger or positive integer");

/// Lanczos' sum for a positive `x`.
fn lanczos_sum(x: f64) -> f64 {
    let horner = |num_den: (f64, f64), (a, b): (&f64, &f64)| {
        if x < 5.0 { (num_den.0 * x + a, num_den.1 * x + b) } else { (num_den.0 / x + a, num_den.1 / x + b) }
    };
    let terms = NUMERATOR.iter().zip(&DENOMINATOR);
    // Large arguments take the polynomials in 1/x, so that nothing overflows.
    let (num, den) =
        if x < 5.0 { terms.rev().fold((0.0, 0.0), horner) } else { terms.fold((0.0, 0.0), horner) };
    num / den
}

/// `sin(pi * x)` for a finite `x`, exact in the reduction of the argument.
fn sin_pi(x: f64) -> f64 {
    let y = x.abs() % 2.0;
    let r = match (2.0 * y).round() as u8 {
        0 => (PI * y).sin(),
        1 => (PI * (y - 0.5)).cos(),
        2 => (PI * (1.0 - y)).sin(),
        3 => -(PI * (y - 1.5)).cos(),
        _ => (PI * (y - 2.0)).sin(),
    };
    1f64.copysign(x) * r
}

/// `math.gamma(x)`.
pub fn gamma(x: f64) -> Result<f64, MathError> {
    if !x.is_finite() {
        return if x == f64::NEG_INFINITY { Err(POLE) } else { Ok(x) };
    }
    if x == x.floor() {
        if x <= 0.0 {
            return Err(POLE);
        }
        if let Some(&factorial) = FACTORIALS.get(x as usize - 1) {
            return Ok(factorial);
        }
    }
    let magnitude = x.abs();
    if magnitude < 1e-20 {
        let r = 1.0 / x;
        return if r.is_infinite() { Err(MathError::Range) } else { Ok(r) };
    }
    // 171.624 is the last argument whose value is finite; below -184 all values round to zero.
    if magnitude > 200.0 {
        return if x < 0.0 { Ok(0.0 / sin_pi(x)) } else { Err(MathError::Range) };
    }
    let r = gamma_lanczos(x, magnitude);
    if r.is_infinite() { Err(MathError::Range) } else { Ok(r) }
}

/// The approximation itself, and the reflection of negative arguments.
fn gamma_lanczos(x: f64, magnitude: f64) -> f64 {
    let y = magnitude + (G - 0.5);
    // The rounding error of y, found by undoing the sum from its larger part.
    let error = if magnitude > G - 0.5 { (y - magnitude) - (G - 0.5) } else { (y - (G - 0.5)) - magnitude };
    let correction = error * G / y;
    // The power is split where it would overflow on its own.
    let half = y.powf(magnitude / 2.0 - 0.25);
    let whole = y.powf(magnitude - 0.5);
    if x < 0.0 {
        let r = -PI / sin_pi(magnitude) / magnitude * y.exp() / lanczos_sum(magnitude);
        let r = r - correction * r;
        if magnitude < 140.0 { r / whole } else { r / half / half }
    } else {
        let r = lanczos_sum(magnitude) / y.exp();
        let r = r + correction * r;
        if magnitude < 140.0 { r * whole } else { r * half * half }
    }
}

/// `math.lgamma(x)`.
pub fn lgamma(x: f64) -> Result<f64, MathError> {
    if !x.is_finite() {
        return Ok(x.abs());
    }
    if x == x.floor() && x <= 2.0 {
        return if x <= 0.0 { Err(POLE) } else { Ok(0.0) };
    }
    let magnitude = x.abs();
    if magnitude < 1e-20 {
        return Ok(-magnitude.ln());
    }
    let mut r = lanczos_sum(magnitude).ln() - G;
    r += (magnitude - 0.5) * ((magnitude + G - 0.5).ln() - 1.0);
    if x < 0.0 {
        const LN_PI: f64 = 1.144_729_885_849_400_2;
        r = LN_PI - sin_pi(magnitude).abs().ln() - magnitude.ln() - r;
    }
    if r.is_infinite() { Err(MathError::Range) } else { Ok(r) }
}
