//! Native modules: math, cmath, _random.

use protopy_vm::ModuleSpec;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[];
