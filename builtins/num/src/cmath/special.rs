//! What the functions of `cmath` answer when an argument is not finite (C23, Annex G).
//!
//! Rows are the class of the real part, columns that of the imaginary part, in the order minus infinity,
//! negative, minus zero, zero, positive, infinity, NaN. Cells that depend on more than the class, and
//! finite ones, are never looked up. The tables were made by evaluating the functions class by class.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use crate::complex::Complex;

/// A row or column.
fn class(x: f64) -> usize {
    if x.is_nan() {
        6
    } else if x.is_infinite() {
        if x < 0.0 { 0 } else { 5 }
    } else if x == 0.0 {
        if x.is_sign_negative() { 2 } else { 3 }
    } else if x < 0.0 {
        1
    } else {
        4
    }
}

/// Seven classes by seven; `None` is a domain error.
pub(super) type Table = [[Option<Complex>; 7]; 7];

/// The cell for an argument.
pub(super) fn look_up(table: &Table, z: Complex) -> Option<Complex> {
    table[class(z.re)][class(z.im)]
}

/// A cell with a value.
const fn some(re: f64, im: f64) -> Option<Complex> {
    Some(Complex::new(re, im))
}

/// A cell that is a domain error.
const DOMAIN: Option<Complex> = None;
/// A cell that is never looked up.
const UNUSED: Option<Complex> = None;
/// Infinity.
const INF: f64 = f64::INFINITY;
/// Not a number.
const NAN: f64 = f64::NAN;
/// Three quarters of pi.
const PI_3_4: f64 = 3.0 * FRAC_PI_4;

/// `cmath.acos`.
#[rustfmt::skip]
pub(super) static ACOS: Table = [
    [some(PI_3_4, INF), some(PI, INF), some(PI, INF), some(PI, -INF),
     some(PI, -INF), some(PI_3_4, -INF), some(NAN, INF)],
    [some(FRAC_PI_2, INF), UNUSED, UNUSED, UNUSED, UNUSED, some(FRAC_PI_2, -INF), some(NAN, NAN)],
    [some(FRAC_PI_2, INF), UNUSED, UNUSED, UNUSED, UNUSED, some(FRAC_PI_2, -INF), some(FRAC_PI_2, NAN)],
    [some(FRAC_PI_2, INF), UNUSED, UNUSED, UNUSED, UNUSED, some(FRAC_PI_2, -INF), some(FRAC_PI_2, NAN)],
    [some(FRAC_PI_2, INF), UNUSED, UNUSED, UNUSED, UNUSED, some(FRAC_PI_2, -INF), some(NAN, NAN)],
    [some(FRAC_PI_4, INF), some(0.0, INF), some(0.0, INF), some(0.0, -INF),
     some(0.0, -INF), some(FRAC_PI_4, -INF), some(NAN, INF)],
    [some(NAN, INF), some(NAN, NAN), some(NAN, NAN), some(NAN, NAN),
     some(NAN, NAN), some(NAN, -INF), some(NAN, NAN)],
];

/// `cmath.acosh`.
#[rustfmt::skip]
pub(super) static ACOSH: Table = [
    [some(INF, -PI_3_4), some(INF, -PI), some(INF, -PI), some(INF, PI),
     some(INF, PI), some(INF, PI_3_4), some(INF, NAN)],
    [some(INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, FRAC_PI_2), some(NAN, NAN)],
    [some(INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, FRAC_PI_2), some(NAN, FRAC_PI_2)],
    [some(INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, FRAC_PI_2), some(NAN, FRAC_PI_2)],
    [some(INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, FRAC_PI_2), some(NAN, NAN)],
    [some(INF, -FRAC_PI_4), some(INF, -0.0), some(INF, -0.0), some(INF, 0.0),
     some(INF, 0.0), some(INF, FRAC_PI_4), some(INF, NAN)],
    [some(INF, NAN), some(NAN, NAN), some(NAN, NAN), some(NAN, NAN),
     some(NAN, NAN), some(INF, NAN), some(NAN, NAN)],
];

/// `cmath.asinh`.
#[rustfmt::skip]
pub(super) static ASINH: Table = [
    [some(-INF, -FRAC_PI_4), some(-INF, -0.0), some(-INF, -0.0), some(-INF, 0.0),
     some(-INF, 0.0), some(-INF, FRAC_PI_4), some(-INF, NAN)],
    [some(-INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(-INF, FRAC_PI_2), some(NAN, NAN)],
    [some(-INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(-INF, FRAC_PI_2), some(NAN, NAN)],
    [some(INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, FRAC_PI_2), some(NAN, NAN)],
    [some(INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, FRAC_PI_2), some(NAN, NAN)],
    [some(INF, -FRAC_PI_4), some(INF, -0.0), some(INF, -0.0), some(INF, 0.0),
     some(INF, 0.0), some(INF, FRAC_PI_4), some(INF, NAN)],
    [some(INF, NAN), some(NAN, NAN), some(NAN, -0.0), some(NAN, 0.0),
     some(NAN, NAN), some(INF, NAN), some(NAN, NAN)],
];

/// `cmath.atanh`.
#[rustfmt::skip]
pub(super) static ATANH: Table = [
    [some(-0.0, -FRAC_PI_2), some(-0.0, -FRAC_PI_2), some(-0.0, -FRAC_PI_2), some(-0.0, FRAC_PI_2),
     some(-0.0, FRAC_PI_2), some(-0.0, FRAC_PI_2), some(-0.0, NAN)],
    [some(-0.0, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(-0.0, FRAC_PI_2), some(NAN, NAN)],
    [some(-0.0, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(-0.0, FRAC_PI_2), some(-0.0, NAN)],
    [some(0.0, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(0.0, FRAC_PI_2), some(0.0, NAN)],
    [some(0.0, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(0.0, FRAC_PI_2), some(NAN, NAN)],
    [some(0.0, -FRAC_PI_2), some(0.0, -FRAC_PI_2), some(0.0, -FRAC_PI_2), some(0.0, FRAC_PI_2),
     some(0.0, FRAC_PI_2), some(0.0, FRAC_PI_2), some(0.0, NAN)],
    [some(0.0, -FRAC_PI_2), some(NAN, NAN), some(NAN, NAN), some(NAN, NAN),
     some(NAN, NAN), some(0.0, FRAC_PI_2), some(NAN, NAN)],
];

/// `cmath.cosh`.
#[rustfmt::skip]
pub(super) static COSH: Table = [
    [DOMAIN, UNUSED, some(INF, 0.0), some(INF, -0.0), UNUSED, DOMAIN, some(INF, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, 0.0)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, 0.0)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [DOMAIN, UNUSED, some(INF, -0.0), some(INF, 0.0), UNUSED, DOMAIN, some(INF, NAN)],
    [some(NAN, NAN), some(NAN, NAN), some(NAN, 0.0), some(NAN, 0.0),
     some(NAN, NAN), some(NAN, NAN), some(NAN, NAN)],
];

/// `cmath.sinh`.
#[rustfmt::skip]
pub(super) static SINH: Table = [
    [DOMAIN, UNUSED, some(-INF, -0.0), some(-INF, 0.0), UNUSED, DOMAIN, some(INF, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(0.0, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(0.0, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [DOMAIN, UNUSED, some(INF, -0.0), some(INF, 0.0), UNUSED, DOMAIN, some(INF, NAN)],
    [some(NAN, NAN), some(NAN, NAN), some(NAN, -0.0), some(NAN, 0.0),
     some(NAN, NAN), some(NAN, NAN), some(NAN, NAN)],
];

/// `cmath.tanh`.
#[rustfmt::skip]
pub(super) static TANH: Table = [
    [some(-1.0, 0.0), UNUSED, some(-1.0, -0.0), some(-1.0, 0.0), UNUSED, some(-1.0, 0.0), some(-1.0, 0.0)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(-0.0, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(0.0, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [some(1.0, 0.0), UNUSED, some(1.0, -0.0), some(1.0, 0.0), UNUSED, some(1.0, 0.0), some(1.0, 0.0)],
    [some(NAN, NAN), some(NAN, NAN), some(NAN, -0.0), some(NAN, 0.0),
     some(NAN, NAN), some(NAN, NAN), some(NAN, NAN)],
];

/// `cmath.exp`.
#[rustfmt::skip]
pub(super) static EXP: Table = [
    [some(0.0, 0.0), UNUSED, some(0.0, -0.0), some(0.0, 0.0), UNUSED, some(0.0, 0.0), some(0.0, 0.0)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [DOMAIN, UNUSED, some(INF, -0.0), some(INF, 0.0), UNUSED, DOMAIN, some(INF, NAN)],
    [some(NAN, NAN), some(NAN, NAN), some(NAN, -0.0), some(NAN, 0.0),
     some(NAN, NAN), some(NAN, NAN), some(NAN, NAN)],
];

/// `cmath.log`.
#[rustfmt::skip]
pub(super) static LOG: Table = [
    [some(INF, -PI_3_4), some(INF, -PI), some(INF, -PI), some(INF, PI),
     some(INF, PI), some(INF, PI_3_4), some(INF, NAN)],
    [some(INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, FRAC_PI_2), some(NAN, NAN)],
    [some(INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, FRAC_PI_2), some(NAN, NAN)],
    [some(INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, FRAC_PI_2), some(NAN, NAN)],
    [some(INF, -FRAC_PI_2), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, FRAC_PI_2), some(NAN, NAN)],
    [some(INF, -FRAC_PI_4), some(INF, -0.0), some(INF, -0.0), some(INF, 0.0),
     some(INF, 0.0), some(INF, FRAC_PI_4), some(INF, NAN)],
    [some(INF, NAN), some(NAN, NAN), some(NAN, NAN), some(NAN, NAN),
     some(NAN, NAN), some(INF, NAN), some(NAN, NAN)],
];

/// `cmath.sqrt`.
#[rustfmt::skip]
pub(super) static SQRT: Table = [
    [some(INF, -INF), some(0.0, -INF), some(0.0, -INF), some(0.0, INF),
     some(0.0, INF), some(INF, INF), some(NAN, INF)],
    [some(INF, -INF), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, INF), some(NAN, NAN)],
    [some(INF, -INF), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, INF), some(NAN, NAN)],
    [some(INF, -INF), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, INF), some(NAN, NAN)],
    [some(INF, -INF), UNUSED, UNUSED, UNUSED, UNUSED, some(INF, INF), some(NAN, NAN)],
    [some(INF, -INF), some(INF, -0.0), some(INF, -0.0), some(INF, 0.0),
     some(INF, 0.0), some(INF, INF), some(INF, NAN)],
    [some(INF, -INF), some(NAN, NAN), some(NAN, NAN), some(NAN, NAN),
     some(NAN, NAN), some(INF, INF), some(NAN, NAN)],
];

/// `cmath.rect`.
#[rustfmt::skip]
pub(super) static RECT: Table = [
    [DOMAIN, UNUSED, some(-INF, 0.0), some(-INF, -0.0), UNUSED, DOMAIN, some(INF, NAN)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [some(0.0, 0.0), UNUSED, UNUSED, UNUSED, UNUSED, some(0.0, 0.0), some(0.0, 0.0)],
    [some(0.0, 0.0), UNUSED, UNUSED, UNUSED, UNUSED, some(0.0, 0.0), some(0.0, 0.0)],
    [DOMAIN, UNUSED, UNUSED, UNUSED, UNUSED, DOMAIN, some(NAN, NAN)],
    [DOMAIN, UNUSED, some(INF, -0.0), some(INF, 0.0), UNUSED, DOMAIN, some(INF, NAN)],
    [some(NAN, NAN), some(NAN, NAN), some(NAN, 0.0), some(NAN, 0.0),
     some(NAN, NAN), some(NAN, NAN), some(NAN, NAN)],
];
