//! `str`, its iterators, and the template strings of PEP 750.
//!
//! A str is immutable and laid out in its cell (`protocore::layouts::StrObj`): one, two or four bytes a code point, the
//! narrowest that holds all of them, so that equality of two strings is equality of width and memory. Searching,
//! casing and number formatting are in `protopy-text`, which knows no object; this module binds arguments to them and makes
//! objects of their answers. Methods that change nothing answer the receiver itself if it is an exact str.

pub(crate) mod args;
pub(crate) mod find;
pub(crate) mod format;
mod methods;
pub(crate) mod object;
pub(crate) mod percent;
mod template;
mod translate;

pub(crate) use methods::centre_left;

pub use format::format_error;

use protopy_vm::TypeSpec;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::types::create_type;

static STR: TypeSpec = TypeSpec {
    ty: Some(Ty::Str),
    name: "str",
    layout: Layout::Str,
    flags: type_flags::BASETYPE | type_flags::MATCH_SELF,
    slots: SlotSpec {
        new: Some(object::new),
        repr: Some(object::repr),
        str: Some(object::to_str),
        hash: Some(object::hash),
        compare: Some(object::compare),
        iter: Some(object::iter),
        len: Some(object::len),
        getitem: Some(object::getitem),
        contains: Some(object::contains),
        sq_concat: Some(object::concat),
        sq_repeat: Some(object::repeat),
        modulo: Some(percent::modulo),
        ..SlotSpec::NONE
    },
    methods: methods::METHODS,
    doc: "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\nMake a str of an object: the result of its \
          __str__ (or __repr__) method, or, if encoding or errors is given, the text that the bytes of the object \
          stand for. encoding is 'utf-8' and errors is 'strict' by default.",
    ..TypeSpec::BASE
};

fn iter_self(_cx: &mut Ctx, v: Value) -> PyResult {
    Ok(v)
}

const ITER_SLOTS: SlotSpec =
    SlotSpec { iter: Some(iter_self), iternext: Some(object::iter_next), ..SlotSpec::NONE };

static STR_ITER: TypeSpec = TypeSpec {
    ty: Some(Ty::StrIter),
    name: "str_iterator",
    layout: Layout::SeqIter,
    flags: type_flags::NO_NEW,
    slots: ITER_SLOTS,
    methods: object::ITER_METHODS,
    ..TypeSpec::BASE
};

static STR_ASCII_ITER: TypeSpec = TypeSpec {
    ty: Some(Ty::StrAsciiIter),
    name: "str_ascii_iterator",
    layout: Layout::SeqIter,
    flags: type_flags::NO_NEW,
    slots: ITER_SLOTS,
    methods: object::ITER_METHODS,
    ..TypeSpec::BASE
};

/// Makes the types of this module.
pub fn init(cx: &mut Ctx) -> PyResult<()> {
    for spec in [&STR, &STR_ITER, &STR_ASCII_ITER] {
        create_type(cx, spec)?;
    }
    template::init(cx)
}
