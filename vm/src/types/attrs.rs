//! Attributes of type objects: `type.__getattribute__`, `type.__setattr__`, and what the computed attributes share.

use super::update::set_type_attr;
use crate::attr::{no_attribute, type_lookup};
use crate::names::{N, name};
use protocore::dict::DictObj;
use protocore::layouts::StrObj;
use protocore::types::type_flags;
use protocore::{Ctx, PyResult, Raised, TypeObj, Value};

/// `type.__getattribute__`; the name is interned. The metaclass's data descriptors come first, then the attributes of the
/// class and its bases, then what else the metaclass has.
pub fn type_get_attr(cx: &mut Ctx, this: Value, n: Value) -> PyResult {
    let Some(t) = TypeObj::of(this) else { return crate::attr::generic_get_attr(cx, this, n) };
    let meta = cx.type_of(this);
    let of_meta = type_lookup(cx, meta, n);
    let mut meta_get = None;
    if let Some(a) = of_meta {
        let at = cx.type_of(a);
        meta_get = at.slots.descr_get.get();
        if let Some(get) = meta_get
            && at.slots.descr_set.address() != 0
        {
            return get(cx, a, Some(this), meta.value());
        }
    }
    if let Some(a) = type_lookup(cx, t, n) {
        return match cx.type_of(a).slots.descr_get.get() {
            Some(get) => get(cx, a, None, this),
            None => Ok(a),
        };
    }
    match (of_meta, meta_get) {
        (Some(a), Some(get)) => get(cx, a, Some(this), meta.value()),
        (Some(a), None) => Ok(a),
        (None, _) => Err(no_attribute(cx, this, n)),
    }
}

/// Whether attributes of a class cannot be set.
pub fn is_immutable(t: &TypeObj) -> bool {
    !t.has(type_flags::HEAP) || t.has(type_flags::IMMUTABLE)
}

/// `type.__setattr__` and `__delattr__`; the name is interned.
pub fn type_set_attr(cx: &mut Ctx, this: Value, n: Value, v: Option<Value>) -> PyResult<()> {
    let Some(t) = TypeObj::of(this) else { return crate::attr::generic_set_attr(cx, this, n, v) };
    if is_immutable(t) {
        return Err(immutable(cx, t, n, "set"));
    }
    let meta = cx.type_of(this);
    if let Some(a) = type_lookup(cx, meta, n)
        && let Some(set) = cx.type_of(a).slots.descr_set.get()
    {
        return set(cx, a, this, v);
    }
    if set_type_attr(cx, t, n, v)? { Ok(()) } else { Err(no_attribute(cx, this, n)) }
}

/// Raises "cannot set 'x' attribute of immutable type 'T'".
#[cold]
pub fn immutable(cx: &mut Ctx, t: &TypeObj, n: Value, verb: &str) -> Raised {
    let shown = StrObj::of(n).map_or_else(String::new, StrObj::to_string_lossy);
    let of = crate::ops::type_tp_name(cx, t);
    let msg = format!("cannot {verb} '{shown}' attribute of immutable type '{of}'");
    cx.type_error(&msg)
}

/// The value given to a computed attribute of a class; TypeError if the class is immutable or it is a deletion.
pub fn settable(cx: &mut Ctx, t: &TypeObj, n: N, v: Option<Value>) -> PyResult {
    let n = name(cx, n);
    if is_immutable(t) {
        return Err(immutable(cx, t, n, "set"));
    }
    match v {
        Some(v) => Ok(v),
        None => Err(immutable(cx, t, n, "delete")),
    }
}

/// An attribute in the class's own namespace.
pub fn own_attr(cx: &Ctx, t: &TypeObj, n: Value) -> Option<Value> {
    t.dict.get().and_then(DictObj::of).and_then(|d| cx.dict_get_str(d, n))
}

/// `__module__` of a class; None if there is none.
pub fn type_module(cx: &mut Ctx, t: &TypeObj) -> Option<Value> {
    let n = name(cx, N::Module);
    match own_attr(cx, t, n) {
        Some(m) if t.has(type_flags::HEAP) || StrObj::of(m).is_some() => Some(m),
        None if t.has(type_flags::HEAP) => None,
        // The namespace of `function` has a descriptor of that name.
        _ => Some(cx.intern_str("builtins")),
    }
}

/// `module.qualname` of a class, without the module if that is `builtins` or no str.
pub fn full_name(cx: &mut Ctx, t: &TypeObj) -> String {
    let q = t.qualname.get().and_then(StrObj::of).map_or_else(String::new, StrObj::to_string_lossy);
    match type_module(cx, t).and_then(StrObj::of) {
        Some(m) if !m.eq_str("builtins") => format!("{}.{q}", m.to_string_lossy()),
        _ => q,
    }
}
