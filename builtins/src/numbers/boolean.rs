//! `bool`.

use super::common::positional;
use super::int::{int_and, int_invert, int_or, int_xor};
use protocore::types::{BinaryFn, SlotSpec, type_flags};
use protocore::{Args, Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::{TypeSpec, protocore};

/// `bool`
pub static BOOL: TypeSpec = TypeSpec {
    ty: Some(Ty::Bool),
    name: "bool",
    base: Some(Ty::Int),
    layout: Layout::Int,
    flags: type_flags::MATCH_SELF,
    slots: SlotSpec {
        new: Some(bool_new),
        repr: Some(bool_repr),
        invert: Some(bool_invert),
        and: Some(bool_and),
        or: Some(bool_or),
        xor: Some(bool_xor),
        ..SlotSpec::NONE
    },
    doc: "True or False: whether the argument counts as true. The two are the only instances, and the class\ncannot \
          be subclassed. It is a subclass of int, where False is 0 and True is 1.",
    sig: Some("(object=False, /)"),
    ..TypeSpec::BASE
};

fn bool_new(cx: &mut Ctx, _cls: Value, args: Args<'_>) -> PyResult {
    match positional(cx, "bool", args, 1)? {
        [v, ..] => protopy_vm::is_true(cx, *v).map(Value::bool),
        [] => Ok(Value::FALSE),
    }
}

fn bool_repr(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(cx.intern_str(if v.is(Value::TRUE) { "True" } else { "False" }))
}

/// The logical operation on two bools, else that of int.
#[inline]
fn logical(
    cx: &mut Ctx,
    a: Value,
    b: Value,
    on_bools: impl FnOnce(bool, bool) -> bool,
    on_ints: BinaryFn,
) -> PyResult {
    if a.is_bool() && b.is_bool() {
        return Ok(Value::bool(on_bools(a.is(Value::TRUE), b.is(Value::TRUE))));
    }
    on_ints(cx, a, b)
}

fn bool_and(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    logical(cx, a, b, |x, y| x & y, int_and)
}

fn bool_or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    logical(cx, a, b, |x, y| x | y, int_or)
}

fn bool_xor(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    logical(cx, a, b, |x, y| x ^ y, int_xor)
}

fn bool_invert(cx: &mut Ctx, v: Value) -> PyResult {
    protopy_vm::warn(
        cx,
        Ty::DeprecationWarning,
        "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns the bitwise \
         inversion of the underlying int object and is usually not what you expect from negating a bool. Use the \
         'not' operator for boolean negation or ~int(x) if you really want the bitwise inversion of the underlying \
         int.",
        1,
    )?;
    int_invert(cx, v)
}
