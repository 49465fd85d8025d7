//! Native modules: math, cmath, _random, _statistics.
//!
//! The mathematics is in `protopy-num`; here are arguments, results and messages.

mod cmath;
mod errors;
mod integers;
mod math;
mod random;
mod reals;
mod statistics;
mod sums;

use protopy_vm::ModuleSpec;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[&math::MATH, &cmath::CMATH, &random::RANDOM, &statistics::STATISTICS];
