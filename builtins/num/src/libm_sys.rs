//! The platform's C mathematics library, where the standard library has no method that calls it.
//!
//! CPython calls the same functions, so results agree bit for bit on one machine. `f64::asinh` and its
//! like are the standard library's own formulas, and `erf` is not stable there.
#![allow(unsafe_code)]

mod c {
    // SAFETY: the signatures are those of C99's <math.h>, which every supported platform's C library
    // provides and the standard library links.
    unsafe extern "C" {
        pub safe fn asinh(x: f64) -> f64;
        pub safe fn acosh(x: f64) -> f64;
        pub safe fn atanh(x: f64) -> f64;
        pub safe fn erf(x: f64) -> f64;
        pub safe fn erfc(x: f64) -> f64;
        pub safe fn ldexp(x: f64, exp: i32) -> f64;
        pub safe fn remainder(x: f64, y: f64) -> f64;
    }
}

pub(crate) use c::{acosh, asinh, atanh, erf, erfc, ldexp, remainder};
