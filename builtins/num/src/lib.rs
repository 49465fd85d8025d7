//! Numbers below the object model.
//!
//! What Python's `int`, `float`, `complex`, `math`, `cmath` and `random` compute, as functions of plain
//! Rust values: no objects, no exceptions. Each way to fail is an enum whose variants name the exception
//! and, where there is just one, its message.

pub mod cmath;
pub mod complex;
pub mod float;
pub mod hash;
pub mod int;
mod libm_sys;
pub mod math;
pub mod mt19937;
pub mod siphash13;

pub use complex::Complex;
pub use int::Int;
