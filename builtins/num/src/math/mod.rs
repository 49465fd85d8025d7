//! The `math` module on doubles.
//!
//! Elementary functions are the platform's C library, as CPython's are; what surrounds them decides which
//! NaN or infinity is an error. [`MathError`] says which exception that is.

mod bigint;
mod elementary;
mod floats;
mod gamma;
mod norm;
mod sums;

pub use bigint::{log_big, log2_big, log10_big};
pub use elementary::{
    acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, cos, cosh, degrees, erf, erfc, exp, exp2, expm1, log,
    log1p, log2, log10, pow, radians, sin, sinh, sqrt, tan, tanh,
};
pub use floats::{
    copysign, fma, fmod, frexp, isclose, ldexp, modf, nextafter, nextafter_steps, remainder, ulp,
};
pub use gamma::{gamma, lgamma};
pub use norm::{dist, hypot};
pub use sums::{Fsum, FsumError, SumProd, fsum};

/// Why a function of `math` or `cmath` has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MathError {
    /// `ValueError`: math domain error
    Domain,
    /// `ValueError`: expected THIS, got ARGUMENT (the argument as a float's repr)
    Expected(&'static str),
    /// `OverflowError`: math range error
    Range,
}
