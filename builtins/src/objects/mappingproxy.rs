//! `mappingproxy`

use protopy_vm::call::{call_def, call_method};
use protopy_vm::declare::TypeSpec;
use protopy_vm::methods;
use protopy_vm::ops::{self, BinOp};
use protopy_vm::protocore::layouts::{ListObj, MethodDef, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, Layout, NativeLayout, PyResult, Slot, Ty, TypeObj, Value};
use protopy_vm::types::MappingProxy;

/// The type.
pub static MAPPING_PROXY: TypeSpec = TypeSpec {
    ty: Some(Ty::MappingProxy),
    name: "mappingproxy",
    layout: Layout::Native,
    vt: Some(<MappingProxy as NativeLayout>::VT),
    flags: type_flags::MAPPING,
    slots: SlotSpec {
        new: Some(new),
        repr: Some(repr),
        str: Some(str),
        hash: Some(hash),
        compare: Some(compare),
        iter: Some(iter),
        or: Some(or),
        ior: Some(ior),
        len: Some(len),
        getitem: Some(get_item),
        contains: Some(contains),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    doc: "Read-only proxy of a mapping.",
    sig: Some("(mapping)"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Return the value for key if key is in the mapping, else default.
    "get(self, key, default=None, /)" => get;
    /// D.keys() -> a set-like object providing a view on D's keys
    "keys(self, /)" => keys;
    /// D.values() -> an object providing a view on D's values
    "values(self, /)" => values;
    /// D.items() -> a set-like object providing a view on D's items
    "items(self, /)" => items;
    /// D.copy() -> a shallow copy of D
    "copy(self, /)" => copy;
    /// mappingproxy objects are generic over two types, signifying (respectively) the types of their keys and values
    class "__class_getitem__(cls, object, /)" => class_getitem;
    /// D.__reversed__() -> reverse iterator
    "__reversed__(self, /)" => reversed;
];

static CONSTRUCTOR: &[MethodDef] = methods![
    "mappingproxy(type, mapping)" => bound_new;
];

fn new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    call_def(cx, &CONSTRUCTOR[0], Some(ty), args)
}

fn bound_new(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let m = args[1];
    let mapping = cx.type_of(m).slots.getitem.address() != 0;
    if !mapping || ListObj::of(m).is_some() || TupleObj::of(m).is_some() {
        let msg =
            format!("mappingproxy() argument must be a mapping, not {}", protopy_vm::ops::tp_name(cx, m));
        return Err(cx.type_error(&msg));
    }
    match TypeObj::of(args[0]) {
        Some(t) => Ok(cx.new_native(t, MappingProxy { mapping: Slot::new(m) })),
        None => Err(cx.type_error("a type is required")),
    }
}

/// The mapping behind a proxy; any other value itself.
fn inner(v: Value) -> Value {
    v.native::<MappingProxy>().and_then(|p| p.mapping.get()).unwrap_or(v)
}

fn repr(cx: &mut Ctx, this: Value) -> PyResult {
    let t = ops::repr_text(cx, inner(this))?;
    Ok(cx.str(&format!("mappingproxy({t})")))
}

fn str(cx: &mut Ctx, this: Value) -> PyResult {
    ops::str(cx, inner(this))
}

fn hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    ops::hash(cx, inner(this))
}

fn compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    ops::compare(cx, inner(a), b, op)
}

fn iter(cx: &mut Ctx, this: Value) -> PyResult {
    protopy_vm::iter::iter(cx, inner(this))
}

fn or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    ops::binary_op(cx, BinOp::Or, inner(a), inner(b))
}

fn ior(cx: &mut Ctx, this: Value, _: Value) -> PyResult {
    let msg = format!("'|=' is not supported by {}; use '|' instead", protopy_vm::ops::tp_name(cx, this));
    Err(cx.type_error(&msg))
}

fn len(cx: &mut Ctx, this: Value) -> PyResult<usize> {
    ops::len(cx, inner(this))
}

fn get_item(cx: &mut Ctx, this: Value, key: Value) -> PyResult {
    ops::get_item(cx, inner(this), key)
}

fn contains(cx: &mut Ctx, this: Value, key: Value) -> PyResult<bool> {
    ops::contains(cx, inner(this), key)
}

fn get(cx: &mut Ctx, args: &[Value]) -> PyResult {
    call_method(cx, inner(args[0]), "get", &[args[1], args[2]])
}

fn keys(cx: &mut Ctx, args: &[Value]) -> PyResult {
    call_method(cx, inner(args[0]), "keys", &[])
}

fn values(cx: &mut Ctx, args: &[Value]) -> PyResult {
    call_method(cx, inner(args[0]), "values", &[])
}

fn items(cx: &mut Ctx, args: &[Value]) -> PyResult {
    call_method(cx, inner(args[0]), "items", &[])
}

fn copy(cx: &mut Ctx, args: &[Value]) -> PyResult {
    call_method(cx, inner(args[0]), "copy", &[])
}

fn reversed(cx: &mut Ctx, args: &[Value]) -> PyResult {
    call_method(cx, inner(args[0]), "__reversed__", &[])
}

fn class_getitem(cx: &mut Ctx, args: &[Value]) -> PyResult {
    protopy_vm::iter::generic_alias(cx, args[0], args[1])
}
