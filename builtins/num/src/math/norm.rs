//! Euclidean norms of any dimension, accurate to within about one ulp.
//!
//! The coordinates are scaled by a power of two to below one, their squares formed exactly as pairs of
//! doubles and summed with the errors kept apart. One Newton step with the exact square of the root then
//! removes the error of the root itself.

use super::floats::frexp;

/// `a * b` as a rounded product and its error.
#[inline]
pub(super) fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// `a + b` as a rounded sum and its error, for `|a| >= |b|`.
#[inline]
fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, (a - sum) + b)
}

/// `math.hypot(*coordinates)`.
pub fn hypot(coordinates: &[f64]) -> f64 {
    norm(coordinates.iter().copied())
}

/// `math.dist(p, q)` of points of one dimension.
pub fn dist(p: &[f64], q: &[f64]) -> f64 {
    norm(p.iter().zip(q).map(|(a, b)| a - b))
}

/// The norm of a sequence that can be walked twice.
fn norm(coordinates: impl Iterator<Item = f64> + Clone) -> f64 {
    let (mut max, mut nan, mut count) = (0f64, false, 0usize);
    for x in coordinates.clone() {
        nan |= x.is_nan();
        max = max.max(x.abs());
        count += 1;
    }
    if max.is_infinite() {
        max
    } else if nan {
        f64::NAN
    } else if max == 0.0 || count <= 1 {
        max
    } else if max < f64::MIN_POSITIVE {
        // The scale of a subnormal would overflow.
        f64::MIN_POSITIVE * scaled_norm(coordinates.map(|x| x / f64::MIN_POSITIVE), max / f64::MIN_POSITIVE)
    } else {
        scaled_norm(coordinates, max)
    }
}

/// The norm when the largest magnitude is a normal number.
fn scaled_norm(coordinates: impl Iterator<Item = f64>, max: f64) -> f64 {
    let exponent = frexp(max).1;
    // 2**-exponent, in two steps where one would leave the range.
    let scale = 2f64.powi(-exponent / 2) * 2f64.powi(-exponent - -exponent / 2);
    // The sum starts at one, above every square, so that the fast sum applies.
    let (mut sum, mut product_errors, mut sum_errors) = (1.0, 0.0, 0.0);
    let mut add = |square: (f64, f64)| {
        let (next, error) = fast_two_sum(sum, square.0);
        sum = next;
        product_errors += square.1;
        sum_errors += error;
        sum - 1.0 + (product_errors + sum_errors)
    };
    let total = coordinates.map(|x| x * scale).fold(0.0, |_, x| add(two_product(x, x)));
    let root = total.sqrt();
    let residue = add(two_product(-root, root));
    (root + residue / (2.0 * root)) / scale
}
