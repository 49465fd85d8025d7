//! `getset_descriptor`, `member_descriptor`, `wrapper_descriptor`, `method-wrapper`

use protopy_vm::declare::{GetSetDef, TypeSpec};
use protopy_vm::names::{N, name};
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{CmpOp, Ctx, Layout, NativeLayout, PyResult, Root, Ty, Value};
use protopy_vm::types::descr::{Access, AttrDescr, attr_descr_get, attr_descr_set};
use protopy_vm::types::wrappers::{
    MethodWrapper, WrapperDescr, method_wrapper_call, method_wrapper_hash, owner_name, wrapper_call,
    wrapper_get,
};
use protopy_vm::{getsets, methods};

/// `getset_descriptor`
pub static GETSET: TypeSpec = TypeSpec {
    ty: Some(Ty::GetSetDescriptor),
    name: "getset_descriptor",
    layout: Layout::Native,
    vt: Some(<AttrDescr as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: ATTR_SLOTS,
    getsets: ATTR_GETSETS,
    ..TypeSpec::BASE
};

/// `member_descriptor`
pub static MEMBER: TypeSpec = TypeSpec {
    ty: Some(Ty::MemberDescriptor),
    name: "member_descriptor",
    layout: Layout::Native,
    vt: Some(<AttrDescr as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: ATTR_SLOTS,
    methods: MEMBER_METHODS,
    getsets: ATTR_GETSETS,
    ..TypeSpec::BASE
};

const ATTR_SLOTS: SlotSpec = SlotSpec {
    repr: Some(attr_repr),
    descr_get: Some(attr_descr_get),
    descr_set: Some(attr_descr_set),
    ..SlotSpec::NONE
};

static MEMBER_METHODS: &[MethodDef] = methods![
    "__reduce__(self, /)" => attr_reduce;
];

static ATTR_GETSETS: &[GetSetDef] = getsets![
    member "__objclass__" => attr_owner;
    member "__name__" => attr_name;
    "__doc__" => attr_doc;
    "__qualname__" => attr_qualname;
];

/// `wrapper_descriptor`
pub static WRAPPER: TypeSpec = TypeSpec {
    ty: Some(Ty::WrapperDescriptor),
    name: "wrapper_descriptor",
    layout: Layout::Native,
    vt: Some(<WrapperDescr as NativeLayout>::VT),
    flags: type_flags::NO_NEW | type_flags::METHOD_DESCRIPTOR,
    slots: SlotSpec {
        repr: Some(wrapper_repr),
        call: Some(wrapper_call),
        descr_get: Some(wrapper_get),
        ..SlotSpec::NONE
    },
    methods: WRAPPER_METHODS,
    getsets: WRAPPER_GETSETS,
    ..TypeSpec::BASE
};

static WRAPPER_METHODS: &[MethodDef] = methods![
    "__reduce__(self, /)" => wrapper_reduce;
];

static WRAPPER_GETSETS: &[GetSetDef] = getsets![
    member "__objclass__" => wrapper_owner;
    member "__name__" => wrapper_name;
    "__doc__" => wrapper_doc;
    "__qualname__" => wrapper_qualname;
    "__text_signature__" => wrapper_signature;
];

/// `method-wrapper`
pub static METHOD_WRAPPER: TypeSpec = TypeSpec {
    ty: Some(Ty::MethodWrapper),
    name: "method-wrapper",
    layout: Layout::Native,
    vt: Some(<MethodWrapper as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec {
        repr: Some(bound_repr),
        hash: Some(method_wrapper_hash),
        compare: Some(bound_compare),
        call: Some(method_wrapper_call),
        ..SlotSpec::NONE
    },
    methods: BOUND_METHODS,
    getsets: BOUND_GETSETS,
    ..TypeSpec::BASE
};

static BOUND_METHODS: &[MethodDef] = methods![
    "__reduce__(self, /)" => bound_reduce;
];

static BOUND_GETSETS: &[GetSetDef] = getsets![
    member "__self__" => bound_self;
    "__objclass__" => bound_owner;
    "__name__" => bound_name;
    "__qualname__" => bound_qualname;
    "__doc__" => bound_doc;
    "__text_signature__" => bound_signature;
];

// ---------------------------------------------------------------------------------------------------- shared

/// `getattr` as the module `builtins` has it.
fn builtin_getattr(cx: &mut Ctx) -> PyResult {
    let n = cx.intern_str("getattr");
    match protopy_vm::roots::dict_of(cx.root(Root::Builtins)).and_then(|d| cx.dict_get_str(d, n)) {
        Some(f) => Ok(f),
        None => Err(cx.raise(Ty::AttributeError, n)),
    }
}

/// `(getattr, (obj, name))`
fn reduce_attr(cx: &mut Ctx, obj: Value, n: Value) -> PyResult {
    let f = builtin_getattr(cx)?;
    let args = cx.tuple_of(None, &[obj, n])?;
    cx.tuple_of(None, &[f, args])
}

/// Qualified name of an attribute of a class.
fn qualified(cx: &mut Ctx, owner: Value, n: &str) -> PyResult {
    let q = name(cx, N::Qualname);
    let q = protopy_vm::attr::get_attr(cx, owner, q)?;
    let Some(q) = StrObj::of(q) else {
        return Err(cx.type_error("<descriptor>.__objclass__.__qualname__ is not a unicode object"));
    };
    let text = format!("{}.{n}", q.to_string_lossy());
    Ok(cx.str(&text))
}

fn text_or_none(cx: &mut Ctx, s: &str) -> PyResult {
    Ok(if s.trim().is_empty() { Value::NONE } else { cx.str(s.trim()) })
}

// ---------------------------------------------------------------------------------------------------- getset, member

fn attr(cx: &mut Ctx, this: Value) -> PyResult<&'static AttrDescr> {
    this.native::<AttrDescr>().ok_or_else(|| cx.type_error("an attribute descriptor is required"))
}

fn attr_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let d = attr(cx, this)?;
    let kind = if cx.is_exact(this, Ty::MemberDescriptor) { "member" } else { "attribute" };
    let text = format!("<{kind} '{}' of '{}' objects>", d.name_text(), d.owner_text(cx));
    Ok(cx.str(&text))
}

fn attr_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let d = attr(cx, args[0])?;
    reduce_attr(cx, d.owner.get_or_none(), d.name.get_or_none())
}

fn attr_owner(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(attr(cx, this)?.owner.get_or_none())
}

fn attr_name(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(attr(cx, this)?.name.get_or_none())
}

fn attr_doc(cx: &mut Ctx, this: Value) -> PyResult {
    match attr(cx, this)?.access {
        Access::Native(def) => text_or_none(cx, def.doc),
        _ => Ok(Value::NONE),
    }
}

fn attr_qualname(cx: &mut Ctx, this: Value) -> PyResult {
    let d = attr(cx, this)?;
    qualified(cx, d.owner.get_or_none(), &d.name_text())
}

// ---------------------------------------------------------------------------------------------------- slot wrappers

fn wrapper(cx: &mut Ctx, this: Value) -> PyResult<&'static WrapperDescr> {
    this.native::<WrapperDescr>().ok_or_else(|| cx.type_error("a slot wrapper is required"))
}

fn wrapper_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let w = wrapper(cx, this)?;
    let text = format!("<slot wrapper '{}' of '{}' objects>", w.def.name, owner_name(cx, w));
    Ok(cx.str(&text))
}

fn wrapper_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let w = wrapper(cx, args[0])?;
    let n = cx.intern_str(w.def.name);
    reduce_attr(cx, w.owner.get_or_none(), n)
}

fn wrapper_owner(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(wrapper(cx, this)?.owner.get_or_none())
}

fn wrapper_name(cx: &mut Ctx, this: Value) -> PyResult {
    let w = wrapper(cx, this)?;
    Ok(cx.intern_str(w.def.name))
}

fn wrapper_doc(cx: &mut Ctx, this: Value) -> PyResult {
    let w = wrapper(cx, this)?;
    text_or_none(cx, w.def.doc)
}

fn wrapper_qualname(cx: &mut Ctx, this: Value) -> PyResult {
    let w = wrapper(cx, this)?;
    qualified(cx, w.owner.get_or_none(), w.def.name)
}

fn wrapper_signature(cx: &mut Ctx, this: Value) -> PyResult {
    let w = wrapper(cx, this)?;
    text_or_none(cx, w.def.sig)
}

// ---------------------------------------------------------------------------------------------------- bound wrappers

/// The wrapper and the object of a bound one.
fn bound(cx: &mut Ctx, this: Value) -> PyResult<(Value, Value)> {
    match this.native::<MethodWrapper>() {
        Some(m) => Ok((m.wrapper.get_or_none(), m.this.get_or_none())),
        None => Err(cx.type_error("a method-wrapper is required")),
    }
}

fn bound_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let (w, obj) = bound(cx, this)?;
    let w = wrapper(cx, w)?;
    let text =
        format!("<method-wrapper '{}' of {} object at {:#x}>", w.def.name, cx.type_name(obj), obj.bits());
    Ok(cx.str(&text))
}

fn bound_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let equal = match (a.native::<MethodWrapper>(), b.native::<MethodWrapper>()) {
        (Some(_), Some(_)) => bound(cx, a)? == bound(cx, b)?,
        _ => return Ok(Value::NOT_IMPLEMENTED),
    };
    match op {
        CmpOp::Eq => Ok(Value::bool(equal)),
        CmpOp::Ne => Ok(Value::bool(!equal)),
        _ => Ok(Value::NOT_IMPLEMENTED),
    }
}

fn bound_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let (w, obj) = bound(cx, args[0])?;
    let w = wrapper(cx, w)?;
    let n = cx.intern_str(w.def.name);
    reduce_attr(cx, obj, n)
}

fn bound_self(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(bound(cx, this)?.1)
}

fn bound_owner(cx: &mut Ctx, this: Value) -> PyResult {
    let (w, _) = bound(cx, this)?;
    wrapper_owner(cx, w)
}

fn bound_name(cx: &mut Ctx, this: Value) -> PyResult {
    let (w, _) = bound(cx, this)?;
    wrapper_name(cx, w)
}

fn bound_qualname(cx: &mut Ctx, this: Value) -> PyResult {
    let (w, _) = bound(cx, this)?;
    wrapper_qualname(cx, w)
}

fn bound_doc(cx: &mut Ctx, this: Value) -> PyResult {
    let (w, _) = bound(cx, this)?;
    wrapper_doc(cx, w)
}

fn bound_signature(cx: &mut Ctx, this: Value) -> PyResult {
    let (w, _) = bound(cx, this)?;
    wrapper_signature(cx, w)
}
