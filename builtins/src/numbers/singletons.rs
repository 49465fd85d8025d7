//! The types of `None`, `...` and `NotImplemented`.

use protocore::layouts::MethodDef;
use protocore::types::SlotSpec;
use protocore::{Args, CmpOp, Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::{TypeSpec, methods, protocore};

/// `type(None)`
pub static NONE: TypeSpec = TypeSpec {
    ty: Some(Ty::NoneType),
    name: "NoneType",
    layout: Layout::Object,
    slots: SlotSpec {
        new: Some(none_new),
        repr: Some(none_repr),
        hash: Some(none_hash),
        compare: Some(none_compare),
        bool: Some(none_bool),
        ..SlotSpec::NONE
    },
    doc: "The type of None, its only instance.",
    sig: Some("()"),
    ..TypeSpec::BASE
};

/// `type(...)`
pub static ELLIPSIS: TypeSpec = TypeSpec {
    ty: Some(Ty::Ellipsis),
    name: "ellipsis",
    layout: Layout::Object,
    slots: SlotSpec { new: Some(ellipsis_new), repr: Some(ellipsis_repr), ..SlotSpec::NONE },
    methods: ELLIPSIS_METHODS,
    doc: "The type of Ellipsis, its only instance.",
    sig: Some("()"),
    ..TypeSpec::BASE
};

/// `type(NotImplemented)`
pub static NOT_IMPLEMENTED: TypeSpec = TypeSpec {
    ty: Some(Ty::NotImplementedType),
    name: "NotImplementedType",
    layout: Layout::Object,
    slots: SlotSpec {
        new: Some(not_implemented_new),
        repr: Some(not_implemented_repr),
        bool: Some(not_implemented_bool),
        ..SlotSpec::NONE
    },
    methods: NOT_IMPLEMENTED_METHODS,
    doc: "The type of NotImplemented, its only instance.",
    sig: Some("()"),
    ..TypeSpec::BASE
};

static ELLIPSIS_METHODS: &[MethodDef] = methods![
    /// The name under which pickle finds the object.
    "__reduce__(self, /)" => ellipsis_reduce;
];

static NOT_IMPLEMENTED_METHODS: &[MethodDef] = methods![
    /// The name under which pickle finds the object.
    "__reduce__(self, /)" => not_implemented_reduce;
];

/// The instance, for a constructor that takes nothing.
fn only(cx: &mut Ctx, name: &str, args: Args<'_>, v: Value) -> PyResult {
    if args.is_empty() { Ok(v) } else { Err(cx.type_error(&format!("{name} takes no arguments"))) }
}

fn none_new(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    only(cx, "NoneType", args, Value::NONE)
}

fn none_repr(cx: &mut Ctx, _: Value) -> PyResult {
    Ok(cx.intern_str("None"))
}

fn none_hash(_: &mut Ctx, _: Value) -> PyResult<i64> {
    // CPython's constant, so that sets with None in them have the same order from run to run.
    Ok(0xfca8_6420)
}

fn none_compare(_: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    Ok(match op {
        CmpOp::Eq if a.is(b) => Value::TRUE,
        CmpOp::Ne if a.is(b) => Value::FALSE,
        _ => Value::NOT_IMPLEMENTED,
    })
}

fn none_bool(_: &mut Ctx, _: Value) -> PyResult<bool> {
    Ok(false)
}

fn ellipsis_new(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    only(cx, "EllipsisType", args, Value::ELLIPSIS)
}

fn ellipsis_repr(cx: &mut Ctx, _: Value) -> PyResult {
    Ok(cx.intern_str("Ellipsis"))
}

fn ellipsis_reduce(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(cx.intern_str("Ellipsis"))
}

fn not_implemented_new(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    only(cx, "NotImplementedType", args, Value::NOT_IMPLEMENTED)
}

fn not_implemented_repr(cx: &mut Ctx, _: Value) -> PyResult {
    Ok(cx.intern_str("NotImplemented"))
}

fn not_implemented_reduce(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(cx.intern_str("NotImplemented"))
}

fn not_implemented_bool(cx: &mut Ctx, _: Value) -> PyResult<bool> {
    Err(cx.type_error("NotImplemented should not be used in a boolean context"))
}
