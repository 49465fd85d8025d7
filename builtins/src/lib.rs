//! The builtin types and functions, the modules `builtins` and `sys`, and the start of an interpreter.

pub mod bytes;
pub mod containers;
pub mod core_fns;
pub mod exceptions;
pub mod functions;
pub mod numbers;
pub mod objects;
pub mod startup;
pub mod support;
pub mod sysmod;
pub mod text;

use protopy_vm::protocore::{Ctx, PyResult};

/// Completes the builtin types, bases before what derives from them.
pub fn init_types(cx: &mut Ctx) -> PyResult<()> {
    objects::create_object_types(cx)?;
    functions::init(cx)?;
    exceptions::init(cx)?;
    numbers::init(cx)?;
    containers::init(cx)?;
    text::init(cx)?;
    bytes::init(cx)?;
    Ok(())
}
