//! Types of type annotations: generic aliases, unions, type parameters, type aliases, and the module `_typing`.

pub mod alias;
pub mod alias_type;
mod args;
pub mod lazy;
pub mod module;
pub mod params;
pub mod subst;
pub mod union;
pub mod util;

pub use module::MODULE;

use protocore::{Ctx, PyResult, Ty};

/// Completes the known types that are defined here.
pub fn init_types(cx: &mut Ctx) -> PyResult<()> {
    use protocore::types::type_flags::READY;
    if cx.ty(Ty::GenericAlias).has(READY) {
        return Ok(());
    }
    alias::init(cx)?;
    union::init(cx)?;
    module::init_types(cx)
}
