//! `property`

use protopy_vm::attr::{attribute_error, lookup_attr, set_attr};
use protopy_vm::call::{call, call_def};
use protopy_vm::declare::{GetSetDef, TypeSpec};
use protopy_vm::names::{N, name};
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, NativeLayout, PyResult, Slot, Ty, TypeObj, Value};
use protopy_vm::types::descr::{Property, is_abstract, property_get, property_name, property_set};
use protopy_vm::{getsets, methods};
use std::sync::atomic::Ordering;

/// The type.
pub static PROPERTY: TypeSpec = TypeSpec {
    ty: Some(Ty::Property),
    name: "property",
    layout: Layout::Native,
    vt: Some(<Property as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(new),
        init: Some(init),
        descr_get: Some(property_get),
        descr_set: Some(property_set),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Property attribute.\n\n  fget\n    function to be used for getting an attribute value\n  fset\n    function to \
          be used for setting an attribute value\n  fdel\n    function to be used for deleting an attribute\n  doc\n    \
          docstring\n\nAs a decorator it makes a read-only attribute of a method; its methods setter and deleter add the \
          rest.",
    sig: Some("(fget=None, fset=None, fdel=None, doc=None)"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Descriptor to obtain a copy of the property with a different getter.
    "getter(self, object, /)" => getter;
    /// Descriptor to obtain a copy of the property with a different setter.
    "setter(self, object, /)" => setter;
    /// Descriptor to obtain a copy of the property with a different deleter.
    "deleter(self, object, /)" => deleter;
    /// Method to set name of a property.
    raw "__set_name__(self, owner, name, /)" => set_name;
];

static CONSTRUCTOR: &[MethodDef] = methods![
    "property(self, fget=None, fset=None, fdel=None, doc=None)" => bound_init;
];

static GETSETS: &[GetSetDef] = getsets![
    member "fget" => fget;
    member "fset" => fset;
    member "fdel" => fdel;
    member "__doc__" => get_doc, set_doc;
    "__name__" => get_name, put_name;
    "__isabstractmethod__" => get_abstract;
];

fn this_property(cx: &mut Ctx, v: Value) -> PyResult<&'static Property> {
    v.native::<Property>().ok_or_else(|| cx.type_error("a property is required"))
}

fn new(cx: &mut Ctx, ty: Value, _: Args<'_>) -> PyResult {
    match TypeObj::of(ty) {
        Some(t) => Ok(cx.new_native(t, Property::default())),
        None => Err(cx.type_error("a type is required")),
    }
}

fn init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    call_def(cx, &CONSTRUCTOR[0], Some(this), args).map(|_| ())
}

fn put(cx: &mut Ctx, this: Value, slot: &Slot, v: Value) {
    match v.not_none() {
        Some(v) => cx.store(this, slot, v),
        None => cx.store_empty(this, slot),
    }
}

fn bound_init(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = args[0];
    let p = this_property(cx, this)?;
    put(cx, this, &p.get, args[1]);
    put(cx, this, &p.set, args[2]);
    put(cx, this, &p.del, args[3]);
    cx.store_empty(this, &p.doc);
    cx.store_empty(this, &p.name);
    let mut doc = args[4].not_none();
    let mut from_getter = false;
    if doc.is_none()
        && let Some(f) = p.get.get()
    {
        let n = name(cx, N::Doc);
        doc = lookup_attr(cx, f, n)?.and_then(Value::not_none);
        from_getter = doc.is_some();
    }
    p.getter_doc.store(from_getter, Ordering::Relaxed);
    if std::ptr::eq(cx.type_of(this), cx.ty(Ty::Property)) {
        if let Some(d) = doc {
            cx.store(this, &p.doc, d);
        }
        return Ok(Value::NONE);
    }
    // A subclass has a documentation of its own, so the instance needs an attribute that comes before it.
    let n = name(cx, N::Doc);
    if let Err(r) = set_attr(cx, this, n, Some(doc.unwrap_or(Value::NONE))) {
        let exc = cx.take_raised(r);
        if from_getter || !cx.is_instance(exc, Ty::AttributeError) {
            return Err(cx.set_raised(exc));
        }
    }
    Ok(Value::NONE)
}

/// A copy of a property with one function exchanged.
fn copy(cx: &mut Ctx, this: Value, which: usize, f: Value) -> PyResult {
    let p = this_property(cx, this)?;
    let mut parts = [p.get.get_or_none(), p.set.get_or_none(), p.del.get_or_none()];
    if !f.is_none()
        && let Some(part) = parts.get_mut(which)
    {
        *part = f;
    }
    let doc = if p.has_getter_doc() && !parts[0].is_none() { Value::NONE } else { p.doc.get_or_none() };
    let ty = cx.type_of(this).value();
    let made = call(cx, ty, &[parts[0], parts[1], parts[2], doc])?;
    if let (Some(q), Some(n)) = (made.native::<Property>(), p.name.get()) {
        cx.store(made, &q.name, n);
    }
    Ok(made)
}

fn getter(cx: &mut Ctx, args: &[Value]) -> PyResult {
    copy(cx, args[0], 0, args[1])
}

fn setter(cx: &mut Ctx, args: &[Value]) -> PyResult {
    copy(cx, args[0], 1, args[1])
}

fn deleter(cx: &mut Ctx, args: &[Value]) -> PyResult {
    copy(cx, args[0], 2, args[1])
}

fn set_name(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let p = this_property(cx, this)?;
    match args.pos() {
        [_, n] if args.nkw() == 0 => {
            cx.store(this, &p.name, *n);
            Ok(Value::NONE)
        }
        other => {
            let msg = format!("__set_name__() takes 2 positional arguments but {} were given", other.len());
            Err(cx.type_error(&msg))
        }
    }
}

fn fget(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(this_property(cx, this)?.get.get_or_none())
}

fn fset(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(this_property(cx, this)?.set.get_or_none())
}

fn fdel(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(this_property(cx, this)?.del.get_or_none())
}

fn get_doc(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(this_property(cx, this)?.doc.get_or_none())
}

fn set_doc(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let p = this_property(cx, this)?;
    match v {
        Some(v) => cx.store(this, &p.doc, v),
        None => cx.store_empty(this, &p.doc),
    }
    Ok(())
}

fn get_name(cx: &mut Ctx, this: Value) -> PyResult {
    let p = this_property(cx, this)?;
    match property_name(cx, p)? {
        Some(n) => Ok(n),
        None => {
            let n = name(cx, N::Name);
            Err(attribute_error(cx, "'property' object has no attribute '__name__'", this, n))
        }
    }
}

fn put_name(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let p = this_property(cx, this)?;
    match v {
        Some(v) => cx.store(this, &p.name, v),
        None => cx.store_empty(this, &p.name),
    }
    Ok(())
}

fn get_abstract(cx: &mut Ctx, this: Value) -> PyResult {
    let p = this_property(cx, this)?;
    for f in [&p.get, &p.set, &p.del] {
        if let Some(f) = f.get()
            && is_abstract(cx, f)?
        {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}
