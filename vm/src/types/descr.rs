//! The descriptors that classes are made of, and `mappingproxy`: contents and behaviour. Their method tables are in `builtins`.

use crate::attr::lookup_attr;
use crate::call::{call, call_args};
use crate::declare::GetSetDef;
use crate::names::{N, name};
use protocore::construct::attr_area;
use protocore::layouts::{StrObj, TupleObj};
use protocore::{Args, Ctx, Payload, PyResult, Raised, Slot, Ty, TypeObj, Value};
use std::sync::atomic::{AtomicBool, Ordering};

macro_rules! payload {
    ($ty:ident, $name:literal, $($field:ident),*) => {
        impl Payload for $ty {
            const NAME: &'static str = $name;
            fn trace(&self, t: &mut protocore::Tracer) {
                $(t.slot(&self.$field);)*
            }
        }
    };
}

// ---------------------------------------------------------------------------------------------------- getset, member

/// What a `getset_descriptor` or `member_descriptor` reads.
#[derive(Clone, Copy)]
pub enum Access {
    /// Native functions.
    Native(&'static GetSetDef),
    /// An inline attribute slot (`__slots__`).
    Inline(u32),
    /// An item of a tuple.
    Item(usize),
    /// The attribute of that name in the instance itself.
    Attribute,
}

/// `getset_descriptor` and `member_descriptor`.
pub struct AttrDescr {
    /// `__objclass__`
    pub owner: Slot,
    /// `__name__` (interned str).
    pub name: Slot,
    /// What is read.
    pub access: Access,
}
payload!(AttrDescr, "attribute descriptor", owner, name);

/// A descriptor for a row of a builtin type's computed attributes.
pub fn new_getset(cx: &mut Ctx, owner: Value, def: &'static GetSetDef) -> Value {
    let n = cx.intern_str(def.name);
    let ty = cx.ty(if def.member { Ty::MemberDescriptor } else { Ty::GetSetDescriptor });
    cx.new_native(ty, AttrDescr { owner: Slot::new(owner), name: Slot::new(n), access: Access::Native(def) })
}

/// A descriptor for an entry of `__slots__`.
pub(crate) fn new_slot_member(cx: &mut Ctx, owner: Value, n: Value, index: u32) -> Value {
    new_member(cx, owner, n, Access::Inline(index))
}

/// A `member_descriptor`.
pub(crate) fn new_member(cx: &mut Ctx, owner: Value, n: Value, access: Access) -> Value {
    let ty = cx.ty(Ty::MemberDescriptor);
    cx.new_native(ty, AttrDescr { owner: Slot::new(owner), name: Slot::new(n), access })
}

/// For inline caches: owner and inline slot of a `__slots__` member.
#[inline]
pub fn slot_member(descr: Value) -> Option<(&'static TypeObj, u32)> {
    let d = descr.native::<AttrDescr>()?;
    match d.access {
        Access::Inline(i) => Some((TypeObj::of(d.owner.get()?)?, i)),
        _ => None,
    }
}

/// The inline slot of a `__slots__` member.
#[inline]
pub fn member_slot(descr: Value) -> Option<u32> {
    slot_member(descr).map(|(_, i)| i)
}

impl AttrDescr {
    /// `__name__` as text.
    pub fn name_text(&self) -> String {
        self.name.get().and_then(StrObj::of).map_or_else(String::new, StrObj::to_string_lossy)
    }

    /// Name of `__objclass__`, as messages have it.
    pub fn owner_text(&self, cx: &mut Ctx) -> String {
        crate::ops::owner_tp_name(cx, &self.owner)
    }

    fn check(&self, cx: &mut Ctx, obj: Value) -> PyResult<()> {
        if cx.type_of(obj).is_subtype(self.owner.get_or_none()) {
            return Ok(());
        }
        let msg = format!(
            "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
            self.name_text(),
            self.owner_text(cx),
            crate::ops::tp_name(cx, obj)
        );
        Err(cx.type_error(&msg))
    }
}

/// The word of inline slot `i`, if the object has that many.
fn inline_slot(cx: &Ctx, obj: Value, i: u32) -> Option<&'static Slot> {
    let ty = cx.type_of(obj);
    if ty.attr_base == 0 || i >= ty.inline_cap {
        return None;
    }
    attr_area(obj, ty.attr_base, ty.inline_cap as usize + 1).get(i as usize + 1)
}

/// `__get__` of getset and member descriptors.
pub fn attr_descr_get(cx: &mut Ctx, this: Value, obj: Option<Value>, _owner: Value) -> PyResult {
    let (Some(obj), Some(d)) = (obj, this.native::<AttrDescr>()) else { return Ok(this) };
    d.check(cx, obj)?;
    get_checked(cx, d, obj)
}

/// The descriptor if it was found in the namespaces of `ty`'s classes and belongs to one of them. For access by name: an object of type `ty`
/// that another thread gives another class meanwhile has one of the same layout, whose own descriptor of that name does the same.
pub(crate) fn attr_descr_of(attr: Value, ty: &TypeObj) -> Option<&'static AttrDescr> {
    attr.native::<AttrDescr>().filter(|d| ty.is_subtype(d.owner.get_or_none()))
}

/// [`attr_descr_get`] for an object that the descriptor applies to.
pub(crate) fn get_checked(cx: &mut Ctx, d: &AttrDescr, obj: Value) -> PyResult {
    match d.access {
        Access::Native(def) => (def.get)(cx, obj),
        Access::Item(_) | Access::Attribute => field(cx, d, obj),
        Access::Inline(i) => match inline_slot(cx, obj, i).and_then(Slot::get) {
            Some(v) => Ok(v),
            None => {
                let name = d.name.get_or_none();
                let ty = cx.type_of(obj);
                let mut shown = super::attrs::full_name(cx, ty);
                if let Some(q) = shown.strip_prefix("__main__.") {
                    shown = q.to_owned();
                }
                let n = StrObj::of(name).map_or_else(String::new, StrObj::to_string_lossy);
                let msg = format!("'{shown}' object has no attribute '{n}'");
                Err(crate::attr::attribute_error(cx, &msg, obj, name))
            }
        },
    }
}

/// A field of a named tuple of the runtime.
fn field(cx: &mut Ctx, d: &AttrDescr, obj: Value) -> PyResult {
    let n = d.name.get_or_none();
    let found = match d.access {
        Access::Item(i) => TupleObj::of(obj).and_then(|t| t.items().get(i).copied()),
        _ => crate::attr::instance_attr(cx, obj, n),
    };
    match found {
        Some(v) => Ok(v),
        None => Err(crate::attr::no_attribute(cx, obj, n)),
    }
}

/// `__set__` and `__delete__` of getset and member descriptors.
pub fn attr_descr_set(cx: &mut Ctx, this: Value, obj: Value, v: Option<Value>) -> PyResult<()> {
    let Some(d) = this.native::<AttrDescr>() else {
        return Err(cx.type_error("not an attribute descriptor"));
    };
    d.check(cx, obj)?;
    set_checked(cx, d, obj, v)
}

/// [`attr_descr_set`] for an object that the descriptor applies to.
pub(crate) fn set_checked(cx: &mut Ctx, d: &AttrDescr, obj: Value, v: Option<Value>) -> PyResult<()> {
    match d.access {
        Access::Native(def) => match def.set {
            Some(set) => set(cx, obj, v),
            None if def.member => Err(cx.raise_str(Ty::AttributeError, "readonly attribute")),
            None => {
                let msg = format!(
                    "attribute '{}' of '{}' objects is not writable",
                    d.name_text(),
                    d.owner_text(cx)
                );
                Err(cx.raise_str(Ty::AttributeError, &msg))
            }
        },
        Access::Item(_) | Access::Attribute => Err(cx.raise_str(Ty::AttributeError, "readonly attribute")),
        Access::Inline(i) => {
            let n = d.name.get_or_none();
            let Some(slot) = inline_slot(cx, obj, i) else { return Err(cx.raise(Ty::AttributeError, n)) };
            match v {
                Some(v) => cx.store(obj, slot, v),
                None if slot.is_empty() => return Err(cx.raise(Ty::AttributeError, n)),
                None => cx.store_empty(obj, slot),
            }
            Ok(())
        }
    }
}

// ---------------------------------------------------------------------------------------------------- staticmethod, classmethod

/// `staticmethod`
#[derive(Default)]
pub struct StaticMethod {
    /// `__func__`
    pub callable: Slot,
}
payload!(StaticMethod, "staticmethod", callable);

/// `classmethod`
#[derive(Default)]
pub struct ClassMethod {
    /// `__func__`
    pub callable: Slot,
}
payload!(ClassMethod, "classmethod", callable);

/// A new `staticmethod`.
pub fn staticmethod(cx: &mut Ctx, f: Value) -> Value {
    let ty = cx.ty(Ty::StaticMethod);
    cx.new_native(ty, StaticMethod { callable: Slot::new(f) })
}

/// A new `classmethod`.
pub fn classmethod(cx: &mut Ctx, f: Value) -> Value {
    let ty = cx.ty(Ty::ClassMethod);
    cx.new_native(ty, ClassMethod { callable: Slot::new(f) })
}

/// The function in a `staticmethod` or `classmethod`.
pub fn wrapped_callable(v: Value) -> Option<Value> {
    match v.native::<StaticMethod>() {
        Some(s) => s.callable.get(),
        None => v.native::<ClassMethod>().and_then(|c| c.callable.get()),
    }
}

/// `staticmethod.__get__`
pub fn staticmethod_get(cx: &mut Ctx, this: Value, _obj: Option<Value>, _owner: Value) -> PyResult {
    match this.native::<StaticMethod>().and_then(|s| s.callable.get()) {
        Some(f) => Ok(f),
        None => Err(uninitialized(cx, "staticmethod")),
    }
}

/// `staticmethod.__call__`
pub fn staticmethod_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    match this.native::<StaticMethod>().and_then(|s| s.callable.get()) {
        Some(f) => call_args(cx, f, args),
        None => Err(uninitialized(cx, "staticmethod")),
    }
}

/// `classmethod.__get__`
pub fn classmethod_get(cx: &mut Ctx, this: Value, obj: Option<Value>, owner: Value) -> PyResult {
    let Some(f) = this.native::<ClassMethod>().and_then(|c| c.callable.get()) else {
        return Err(uninitialized(cx, "classmethod"));
    };
    let class = match (owner.not_none(), obj) {
        (Some(t), _) => t,
        (None, Some(o)) => cx.type_of(o).value(),
        (None, None) => owner,
    };
    Ok(cx.bound_method(f, class))
}

#[cold]
fn uninitialized(cx: &mut Ctx, what: &str) -> Raised {
    let msg = format!("uninitialized {what} object");
    cx.raise_str(Ty::RuntimeError, &msg)
}

// ---------------------------------------------------------------------------------------------------- property

/// `property`
#[derive(Default)]
pub struct Property {
    /// `fget`
    pub get: Slot,
    /// `fset`
    pub set: Slot,
    /// `fdel`
    pub del: Slot,
    /// `__doc__`
    pub doc: Slot,
    /// `__name__` as `__set_name__` gave it.
    pub name: Slot,
    /// Whether `__doc__` comes from the getter.
    pub getter_doc: AtomicBool,
}
payload!(Property, "property", get, set, del, doc, name);

/// The name of a property: the one that was set, else its getter's.
pub fn property_name(cx: &mut Ctx, p: &Property) -> PyResult<Option<Value>> {
    if let Some(n) = p.name.get() {
        return Ok(Some(n));
    }
    match p.get.get().and_then(Value::not_none) {
        Some(f) => {
            let n = name(cx, N::Name);
            lookup_attr(cx, f, n)
        }
        None => Ok(None),
    }
}

/// Raises "property 'x' of 'C' object has no getter" (setter, deleter).
#[cold]
fn no_accessor(cx: &mut Ctx, p: &Property, obj: Value, what: &str) -> Raised {
    let n = match property_name(cx, p) {
        Ok(n) => n,
        Err(r) => return r,
    };
    let q = crate::names::name(cx, N::Qualname);
    let ty = cx.type_of(obj).value();
    let qual = match lookup_attr(cx, ty, q) {
        Ok(v) => v.and_then(StrObj::of).map(StrObj::to_string_lossy),
        Err(r) => return r,
    };
    let n = match n {
        Some(n) => match crate::ops::repr_text(cx, n) {
            Ok(t) => Some(t),
            Err(r) => return r,
        },
        None => None,
    };
    let msg = match (n, qual) {
        (Some(n), Some(q)) => format!("property {n} of '{q}' object has no {what}"),
        (None, Some(q)) => format!("property of '{q}' object has no {what}"),
        _ => format!("property has no {what}"),
    };
    cx.raise_str(Ty::AttributeError, &msg)
}

/// `property.__get__`
pub fn property_get(cx: &mut Ctx, this: Value, obj: Option<Value>, _owner: Value) -> PyResult {
    let (Some(obj), Some(p)) = (obj, this.native::<Property>()) else { return Ok(this) };
    match p.get.get().and_then(Value::not_none) {
        Some(f) => call(cx, f, &[obj]),
        None => Err(no_accessor(cx, p, obj, "getter")),
    }
}

/// `property.__set__` and `__delete__`
pub fn property_set(cx: &mut Ctx, this: Value, obj: Value, v: Option<Value>) -> PyResult<()> {
    let Some(p) = this.native::<Property>() else { return Err(cx.type_error("not a property")) };
    let (f, what) = if v.is_some() { (&p.set, "setter") } else { (&p.del, "deleter") };
    let Some(f) = f.get().and_then(Value::not_none) else { return Err(no_accessor(cx, p, obj, what)) };
    match v {
        Some(v) => call(cx, f, &[obj, v])?,
        None => call(cx, f, &[obj])?,
    };
    Ok(())
}

impl Property {
    /// Whether `__doc__` is the getter's.
    pub fn has_getter_doc(&self) -> bool {
        self.getter_doc.load(Ordering::Relaxed)
    }
}

// ---------------------------------------------------------------------------------------------------- mappingproxy

/// `mappingproxy`
pub struct MappingProxy {
    /// The mapping.
    pub mapping: Slot,
}
payload!(MappingProxy, "mappingproxy", mapping);

/// A read-only view of a mapping.
pub fn mapping_proxy(cx: &mut Ctx, mapping: Value) -> Value {
    let ty = cx.ty(Ty::MappingProxy);
    cx.new_native(ty, MappingProxy { mapping: Slot::new(mapping) })
}

// ---------------------------------------------------------------------------------------------------- shared

/// Whether an object says that it is abstract (`__isabstractmethod__`).
pub fn is_abstract(cx: &mut Ctx, v: Value) -> PyResult<bool> {
    let n = name(cx, N::IsAbstract);
    match lookup_attr(cx, v, n)? {
        Some(r) => crate::ops::is_true(cx, r),
        None => Ok(false),
    }
}

/// Copies `__module__`, `__name__`, `__qualname__` and `__doc__` of a function to its wrapper, as `functools.wraps` would.
pub fn wraps(cx: &mut Ctx, wrapper: Value, f: Value) -> PyResult<()> {
    for n in [N::Module, N::Name, N::Qualname, N::Doc] {
        let n = name(cx, n);
        if let Some(v) = lookup_attr(cx, f, n)? {
            crate::attr::set_instance_attr(cx, wrapper, n, v)?;
        }
    }
    Ok(())
}
