//! `bytes`, `bytearray`, `memoryview` and their iterators.
//!
//! bytes are laid out in their cell and never change. A bytearray's memory is a cell of its own ([`storage`]); a memoryview
//! looks at the memory of any object that exports a buffer and pins it. The methods that bytes and bytearray share are
//! generic functions in [`common`].

mod bytearray;
pub(crate) mod common;
pub mod hex;
mod memory;
mod object;
mod percent;
pub(crate) mod storage;
mod table;

use protopy_vm::TypeSpec;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::types::create_type;

/// A new bytearray object.
pub fn new_bytearray(cx: &mut Ctx, b: &[u8]) -> PyResult {
    storage::array_from(cx, b)
}

fn iter_self(_cx: &mut Ctx, v: Value) -> PyResult {
    Ok(v)
}

static BYTES_ITER: TypeSpec = TypeSpec {
    ty: Some(Ty::BytesIter),
    name: "bytes_iterator",
    layout: Layout::SeqIter,
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(object::iter_next), ..SlotSpec::NONE },
    methods: crate::text::object::ITER_METHODS,
    ..TypeSpec::BASE
};

static BYTEARRAY_ITER: TypeSpec = TypeSpec {
    ty: Some(Ty::ByteArrayIter),
    name: "bytearray_iterator",
    layout: Layout::SeqIter,
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(object::iter_next), ..SlotSpec::NONE },
    methods: crate::text::object::ITER_METHODS,
    ..TypeSpec::BASE
};

/// Makes the types of this module.
pub fn init(cx: &mut Ctx) -> PyResult<()> {
    for spec in [&object::BYTES, &bytearray::BYTEARRAY, &BYTES_ITER, &BYTEARRAY_ITER] {
        create_type(cx, spec)?;
    }
    memory::init(cx)
}
