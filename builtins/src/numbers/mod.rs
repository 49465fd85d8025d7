//! Numbers: `int`, `bool`, `float`, `complex`, and the types of the constants `None`, `...` and `NotImplemented`.
//!
//! What the operations compute lives in `protopy-num`, which knows no objects; here are their slots, methods and messages.

pub mod boolean;
pub mod common;
pub mod complex;
pub mod float;
pub mod int;
pub mod singletons;

use protocore::{Ctx, PyResult};
use protopy_vm::types::create_type;
use protopy_vm::{TypeSpec, protocore};

/// The types of this family, bases first.
static TYPES: &[&TypeSpec] = &[
    &int::INT,
    &boolean::BOOL,
    &float::FLOAT,
    &complex::COMPLEX,
    &singletons::NONE,
    &singletons::ELLIPSIS,
    &singletons::NOT_IMPLEMENTED,
];

/// Creates the types.
pub fn init(cx: &mut Ctx) -> PyResult<()> {
    for spec in TYPES {
        create_type(cx, spec)?;
    }
    Ok(())
}
