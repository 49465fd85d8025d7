//! `super`

use protopy_vm::declare::{GetSetDef, TypeSpec};
use protopy_vm::errors::type_text;
use protopy_vm::getsets;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, NativeLayout, PyResult, Ty, TypeObj, Value};
use protopy_vm::types::super_::{Super, super_descr_get, super_get_attr, super_init};

/// The type.
pub static SUPER: TypeSpec = TypeSpec {
    ty: Some(Ty::Super),
    name: "super",
    layout: Layout::Native,
    vt: Some(<Super as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(new),
        init: Some(super_init),
        repr: Some(repr),
        getattro: Some(super_get_attr),
        descr_get: Some(super_descr_get),
        ..SlotSpec::NONE
    },
    getsets: GETSETS,
    doc: "super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\nsuper(type, obj) \
          -> bound super object; requires isinstance(obj, type)\nsuper(type, type2) -> bound super object; requires \
          issubclass(type2, type)\n\nLooks attributes up in the classes that follow type in the method resolution order.",
    ..TypeSpec::BASE
};

static GETSETS: &[GetSetDef] = getsets![
    /// the class invoking super()
    member "__thisclass__" => this_class;
    /// the instance invoking super(); may be None
    member "__self__" => this_object;
    /// the type of the instance invoking super(); may be None
    member "__self_class__" => self_class;
];

fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static Super> {
    v.native::<Super>().ok_or_else(|| cx.type_error("a super object is required"))
}

fn new(cx: &mut Ctx, ty: Value, _: Args<'_>) -> PyResult {
    match TypeObj::of(ty) {
        Some(t) => Ok(cx.new_native(t, Super::default())),
        None => Err(cx.type_error("a type is required")),
    }
}

fn repr(cx: &mut Ctx, this: Value) -> PyResult {
    let s = of(cx, this)?;
    let class = s.this_class.get().and_then(TypeObj::of).map_or_else(|| "NULL".to_owned(), type_text);
    let text = match s.self_class.get().and_then(TypeObj::of) {
        Some(t) => format!("<super: <class '{class}'>, <{} object>>", type_text(t)),
        None => format!("<super: <class '{class}'>, NULL>"),
    };
    Ok(cx.str(&text))
}

fn this_class(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.this_class.get_or_none())
}

fn this_object(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.this.get_or_none())
}

fn self_class(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.self_class.get_or_none())
}
