//! Types of type annotations: generic aliases, unions, type parameters, and the modules `_typing` and `_types`.

pub mod alias;
pub mod subst;
pub mod union;
pub mod util;

use protocore::{Ctx, PyResult, Ty};

/// Completes the known types that are defined here.
pub fn init_types(cx: &mut Ctx) -> PyResult<()> {
    use protocore::types::type_flags::READY;
    if cx.ty(Ty::GenericAlias).has(READY) {
        return Ok(());
    }
    alias::init(cx)?;
    union::init(cx)
}
