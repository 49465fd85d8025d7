//! Native module: `_decimal`, numbers with decimal digits of any precision.
//!
//! [`num`] is the arithmetic, which knows no Python object; the other modules are the types `Decimal` and `Context` over it.

mod context;
mod context_methods;
mod create;
mod decimal;
mod format;
mod methods;
mod module;
pub mod num;
mod object;
mod signals;

use protopy_vm::ModuleSpec;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[&module::MODULE];
