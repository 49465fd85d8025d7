//! `staticmethod` and `classmethod`

use protopy_vm::attr::{get_attr, instance_attr, set_instance_attr};
use protopy_vm::declare::{GetSetDef, TypeSpec};
use protopy_vm::names::{N, name};
use protopy_vm::ops;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, NativeLayout, PyResult, Ty, TypeObj, Value};
use protopy_vm::types::classes::{get_dict, set_dict};
use protopy_vm::types::descr::{
    ClassMethod, StaticMethod, classmethod_get, is_abstract, staticmethod_call, staticmethod_get,
    wrapped_callable, wraps,
};
use protopy_vm::{getsets, methods};

/// `staticmethod`
pub static STATICMETHOD: TypeSpec = TypeSpec {
    ty: Some(Ty::StaticMethod),
    name: "staticmethod",
    layout: Layout::Native,
    vt: Some(<StaticMethod as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::DICT,
    slots: SlotSpec {
        new: Some(static_new),
        init: Some(static_init),
        repr: Some(static_repr),
        call: Some(staticmethod_call),
        descr_get: Some(staticmethod_get),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Convert a function to be a static method.\n\nA static method does not receive an implicit first argument. It \
          can be called on the class (C.f()) or on an instance (C().f()).",
    sig: Some("(function, /)"),
    ..TypeSpec::BASE
};

/// `classmethod`
pub static CLASSMETHOD: TypeSpec = TypeSpec {
    ty: Some(Ty::ClassMethod),
    name: "classmethod",
    layout: Layout::Native,
    vt: Some(<ClassMethod as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::DICT,
    slots: SlotSpec {
        new: Some(class_new),
        init: Some(class_init),
        repr: Some(class_repr),
        descr_get: Some(classmethod_get),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Convert a function to be a class method.\n\nA class method receives the class as its first argument, as an \
          instance method receives the instance.",
    sig: Some("(function, /)"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

static GETSETS: &[GetSetDef] = getsets![
    member "__func__" => get_func;
    member "__wrapped__" => get_func;
    "__isabstractmethod__" => get_abstract;
    "__dict__" => get_dict, set_dict;
    "__annotations__" => get_annotations, set_annotations;
    "__annotate__" => get_annotate, set_annotate;
];

fn class_getitem(cx: &mut Ctx, args: &[Value]) -> PyResult {
    protopy_vm::iter::generic_alias(cx, args[0], args[1])
}

fn type_arg(cx: &mut Ctx, v: Value) -> PyResult<&'static TypeObj> {
    TypeObj::of(v).ok_or_else(|| cx.type_error("a type is required"))
}

fn static_new(cx: &mut Ctx, ty: Value, _: Args<'_>) -> PyResult {
    let t = type_arg(cx, ty)?;
    Ok(cx.new_native(t, StaticMethod::default()))
}

fn class_new(cx: &mut Ctx, ty: Value, _: Args<'_>) -> PyResult {
    let t = type_arg(cx, ty)?;
    Ok(cx.new_native(t, ClassMethod::default()))
}

/// The one argument of the constructors.
fn one(cx: &mut Ctx, what: &str, args: Args<'_>) -> PyResult {
    if args.nkw() != 0 {
        return Err(cx.type_error(&format!("{what}() takes no keyword arguments")));
    }
    match args.pos() {
        [f] => Ok(*f),
        other => {
            let msg = format!("{what} expected 1 argument, got {}", other.len());
            Err(cx.type_error(&msg))
        }
    }
}

fn static_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let f = one(cx, "staticmethod", args)?;
    if let Some(s) = this.native::<StaticMethod>() {
        cx.store(this, &s.callable, f);
    }
    wraps(cx, this, f)
}

fn class_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let f = one(cx, "classmethod", args)?;
    if let Some(c) = this.native::<ClassMethod>() {
        cx.store(this, &c.callable, f);
    }
    wraps(cx, this, f)
}

fn func(this: Value) -> Value {
    wrapped_callable(this).unwrap_or(Value::NONE)
}

fn static_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let f = ops::repr_text(cx, func(this))?;
    Ok(cx.str(&format!("<staticmethod({f})>")))
}

fn class_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let f = ops::repr_text(cx, func(this))?;
    Ok(cx.str(&format!("<classmethod({f})>")))
}

fn get_func(_: &mut Ctx, this: Value) -> PyResult {
    Ok(func(this))
}

fn get_abstract(cx: &mut Ctx, this: Value) -> PyResult {
    match wrapped_callable(this) {
        Some(f) => Ok(Value::bool(is_abstract(cx, f)?)),
        None => Ok(Value::FALSE),
    }
}

/// An attribute that is the function's until it is set here.
fn wrapped_attr(cx: &mut Ctx, this: Value, n: N) -> PyResult {
    let n = name(cx, n);
    if let Some(v) = instance_attr(cx, this, n) {
        return Ok(v);
    }
    let v = get_attr(cx, func(this), n)?;
    set_instance_attr(cx, this, n, v)?;
    Ok(v)
}

fn set_wrapped(cx: &mut Ctx, this: Value, n: N, v: Option<Value>) -> PyResult<()> {
    let n = name(cx, n);
    match v {
        Some(v) => {
            set_instance_attr(cx, this, n, v)?;
        }
        None => {
            if !protopy_vm::attr::del_instance_attr(cx, this, n)? {
                return Err(cx.raise(Ty::AttributeError, n));
            }
        }
    }
    Ok(())
}

fn get_annotations(cx: &mut Ctx, this: Value) -> PyResult {
    wrapped_attr(cx, this, N::Annotations)
}

fn set_annotations(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    set_wrapped(cx, this, N::Annotations, v)
}

fn get_annotate(cx: &mut Ctx, this: Value) -> PyResult {
    wrapped_attr(cx, this, N::Annotate)
}

fn set_annotate(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    set_wrapped(cx, this, N::Annotate, v)
}
