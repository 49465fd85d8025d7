//! Classes and instances: `callable`, `isinstance`, `issubclass`, and special methods called by name.

use crate::attr::{bind_descriptor, get_attr, lookup_attr, lookup_special_name, type_lookup};
use crate::call::call;
use crate::names::{N, name};
use crate::ops::is_true;
use protocore::layouts::TupleObj;
use protocore::types::type_flags;
use protocore::{Ctx, PyResult, Slot, Ty, TypeObj, Value};

/// `callable(v)`.
pub fn callable(cx: &Ctx, v: Value) -> bool {
    cx.type_of(v).slots.call.address() != 0
}

/// `isinstance(v, cls)`.
pub fn is_instance(cx: &mut Ctx, v: Value, cls: Value) -> PyResult<bool> {
    if std::ptr::eq(cx.type_of(v), cls.ptr::<TypeObj>()) {
        return Ok(true);
    }
    if let Some(t) = TypeObj::of(cls)
        && std::ptr::eq(cx.type_of(cls), cx.ty(Ty::Type))
    {
        return real_is_instance(cx, v, t);
    }
    let cls = union_members(cx, cls)?;
    if let Some(t) = TupleObj::of(cls)
        && cx.type_of(cls).is_subtype(cx.ty(Ty::Tuple).value())
    {
        cx.check_native_stack(" in __instancecheck__")?;
        for c in t.items() {
            if is_instance(cx, v, *c)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let n = name(cx, N::InstanceCheck);
    if let Some(m) = lookup_special_name(cx, cls, n)? {
        cx.check_native_stack(" in __instancecheck__")?;
        let r = call(cx, m, &[v])?;
        return is_true(cx, r);
    }
    recursive_is_instance(cx, v, cls)
}

/// The members of a union as a tuple; other values as they are.
fn union_members(cx: &mut Ctx, cls: Value) -> PyResult {
    if cx.is_exact(cls, Ty::Union) { get_attr_n(cx, cls, N::Args_) } else { Ok(cls) }
}

/// `type.__instancecheck__`: by the real type, then by `__class__`.
pub fn real_is_instance(cx: &mut Ctx, v: Value, t: &TypeObj) -> PyResult<bool> {
    let ty = cx.type_of(v);
    if ty.is_subtype(t.value()) {
        return Ok(true);
    }
    if ty.has(type_flags::GENERIC_GETATTR) && !ty.has(type_flags::HEAP) {
        return Ok(false);
    }
    let n = name(cx, N::Class);
    match lookup_attr(cx, v, n)? {
        Some(c) if !c.is(ty.value()) => Ok(TypeObj::of(c).is_some_and(|c| c.is_subtype(t.value()))),
        _ => Ok(false),
    }
}

/// The check against something that is no type but has `__bases__`.
pub fn recursive_is_instance(cx: &mut Ctx, v: Value, cls: Value) -> PyResult<bool> {
    if let Some(t) = TypeObj::of(cls) {
        return real_is_instance(cx, v, t);
    }
    check_class(cx, cls, "isinstance() arg 2 must be a type, a tuple of types, or a union")?;
    let n = name(cx, N::Class);
    match lookup_attr(cx, v, n)? {
        Some(c) => abstract_is_subclass(cx, c, cls),
        None => Ok(false),
    }
}

fn check_class(cx: &mut Ctx, cls: Value, msg: &str) -> PyResult<()> {
    if abstract_bases(cx, cls)?.is_none() { Err(cx.type_error(msg)) } else { Ok(()) }
}

fn abstract_bases(cx: &mut Ctx, cls: Value) -> PyResult<Option<Value>> {
    let n = name(cx, N::Bases);
    Ok(lookup_attr(cx, cls, n)?.filter(|b| TupleObj::of(*b).is_some()))
}

fn abstract_is_subclass(cx: &mut Ctx, derived: Value, cls: Value) -> PyResult<bool> {
    cx.check_native_stack(" in __subclasscheck__")?;
    let mut derived = derived;
    loop {
        if derived.is(cls) {
            return Ok(true);
        }
        let Some(bases) = abstract_bases(cx, derived)?.and_then(TupleObj::of) else { return Ok(false) };
        match bases.items() {
            [] => return Ok(false),
            [one] => derived = *one,
            many => {
                for b in many {
                    if abstract_is_subclass(cx, *b, cls)? {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
        }
    }
}

/// `issubclass(c, cls)`.
pub fn is_subclass(cx: &mut Ctx, c: Value, cls: Value) -> PyResult<bool> {
    if TypeObj::of(cls).is_some() && std::ptr::eq(cx.type_of(cls), cx.ty(Ty::Type)) {
        if c.is(cls) {
            return Ok(true);
        }
        return recursive_is_subclass(cx, c, cls);
    }
    let cls = union_members(cx, cls)?;
    if let Some(t) = TupleObj::of(cls) {
        cx.check_native_stack(" in __subclasscheck__")?;
        for k in t.items() {
            if is_subclass(cx, c, *k)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let n = name(cx, N::SubclassCheck);
    if let Some(m) = lookup_special_name(cx, cls, n)? {
        cx.check_native_stack(" in __subclasscheck__")?;
        let r = call(cx, m, &[c])?;
        return is_true(cx, r);
    }
    recursive_is_subclass(cx, c, cls)
}

/// `type.__subclasscheck__`.
pub fn recursive_is_subclass(cx: &mut Ctx, c: Value, cls: Value) -> PyResult<bool> {
    if let (Some(a), Some(_)) = (TypeObj::of(c), TypeObj::of(cls)) {
        return Ok(a.is_subtype(cls));
    }
    check_class(cx, c, "issubclass() arg 1 must be a class")?;
    check_class(cx, cls, "issubclass() arg 2 must be a class, a tuple of classes, or a union")?;
    abstract_is_subclass(cx, c, cls)
}

/// The value of a slot bound as attribute of `obj`, for getters of optional fields.
pub fn slot_or_none(s: &Slot) -> Value {
    s.get_or_none()
}

/// Binds a class attribute found by name; used where CPython calls a special method of the type.
pub fn call_special(cx: &mut Ctx, obj: Value, n: N, args: &[Value]) -> PyResult<Option<Value>> {
    let nm = name(cx, n);
    let ty = cx.type_of(obj);
    match type_lookup(cx, ty, nm) {
        Some(attr) => {
            let m = bind_descriptor(cx, attr, Some(obj), ty)?;
            call(cx, m, args).map(Some)
        }
        None => Ok(None),
    }
}

/// `getattr(obj, N)`.
pub fn get_attr_n(cx: &mut Ctx, obj: Value, n: N) -> PyResult {
    let nm = name(cx, n);
    get_attr(cx, obj, nm)
}

/// Whether a value's type has `__getitem__`.
pub fn type_lookup_getitem(cx: &Ctx, v: Value) -> bool {
    cx.type_of(v).slots.getitem.address() != 0
}
