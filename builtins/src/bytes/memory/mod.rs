//! `memoryview`.

mod index;
mod item;
mod methods;
mod view;

use protopy_vm::protocore::{Ctx, PyResult};
use protopy_vm::types::create_type;

/// Makes the types.
pub(super) fn init(cx: &mut Ctx) -> PyResult<()> {
    view::init(cx)?;
    create_type(cx, &methods::MEMORYVIEW)?;
    create_type(cx, &methods::MEMORY_ITER)?;
    Ok(())
}
