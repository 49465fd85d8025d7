//! What follows from a change of a class's namespace: slots, flags, versions.
//!
//! The namespace is changed first, without the lock; then, under the space's lock of class changes, slots and
//! flags of the class and its subclasses are computed anew from the namespaces as they are now, and all get fresh versions. Two
//! threads that change one class may interleave in the first step; the last one to compute sees both changes.

use super::create::{dependents, new_function_type};
use super::descr::member_slot;
use super::generic as g;
use super::hooks::TypeHooks;
use super::slotdefs::{D, DUNDERS, Dunder, dname};
use super::slotid::{ALL_SLOTS, SlotFn, SlotId, slot_address, slot_get, slot_set};
use super::wrappers::WrapperDescr;
use crate::attr::{generic_get_attr, generic_set_attr};
use protocore::dict::DictObj;
use protocore::layouts::{StrObj, TupleObj};
use protocore::types::{DelFn, GetAttrFn, SetAttrFn, type_flags};
use protocore::{Ctx, PyResult, TypeObj, Value};
use std::sync::atomic::Ordering;

/// The hash slot of unhashable types.
pub fn hash_not_implemented(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    Err(crate::ops::unhashable(cx, this))
}

/// Looks a name up along the MRO without the method cache.
fn find(cx: &Ctx, t: &TypeObj, n: Value) -> Option<Value> {
    let hash = cx.str_hash(n);
    let mro = t.mro.get().and_then(TupleObj::of)?;
    mro.items()
        .iter()
        .filter_map(|c| TypeObj::of(*c))
        .find_map(|c| c.dict.get().and_then(DictObj::of)?.get_str(n, hash))
}

/// What a name found on a class means for a slot.
enum Meaning {
    Native(SlotFn),
    Generic,
    Nothing,
}

fn meaning(t: &TypeObj, def: &'static Dunder, found: Value) -> Meaning {
    if def.id == D::New {
        return match new_function_type(found) {
            Some(owner) => slot_get(&owner.slots, SlotId::new).map_or(Meaning::Nothing, Meaning::Native),
            None => Meaning::Generic,
        };
    }
    if def.id == D::Hash && found.is_none() {
        return Meaning::Native(SlotFn::HashFn(hash_not_implemented));
    }
    let generic = if def.generic.is_some() { Meaning::Generic } else { Meaning::Nothing };
    let Some(w) = found.native::<WrapperDescr>() else { return generic };
    if w.def.name != def.name || !t.is_subtype(w.owner.get_or_none()) {
        return generic;
    }
    if std::ptr::eq(w.def, def) {
        Meaning::Native(w.func)
    } else {
        // The wrapper stands for the other slot of this name (`__add__`: number or sequence).
        Meaning::Nothing
    }
}

/// The function that a class should have in a slot.
fn slot_value(cx: &Ctx, t: &TypeObj, id: SlotId) -> Option<SlotFn> {
    let mut native: Option<SlotFn> = None;
    let mut generic: Option<SlotFn> = None;
    let mut mixed = false;
    for def in DUNDERS.iter().filter(|d| d.slot == id) {
        let n = dname(cx, def.id);
        let Some(found) = find(cx, t, n) else { continue };
        match meaning(t, def, found) {
            Meaning::Native(f) => match native {
                Some(g) if g.address() != f.address() => {
                    mixed = true;
                    generic = generic.or(def.generic);
                }
                _ => native = Some(f),
            },
            Meaning::Generic => {
                mixed = true;
                generic = generic.or(def.generic);
            }
            Meaning::Nothing => {}
        }
    }
    if mixed { generic } else { native }
}

/// Computes all slots of a class from its namespaces.
pub fn recompute(cx: &Ctx, t: &TypeObj) {
    for id in ALL_SLOTS {
        slot_set(&t.slots, *id, slot_value(cx, t, *id));
    }
}

/// Computes the slots of a class under construction that has one base: those of the base, but for names of its own.
pub(crate) fn recompute_from_base(cx: &Ctx, t: &TypeObj, base: &TypeObj) {
    t.slots.copy_all(&base.slots);
    let Some(d) = t.dict.get().and_then(DictObj::of) else { return };
    for def in DUNDERS {
        let n = dname(cx, def.id);
        if d.get_str(n, cx.str_hash(n)).is_some() {
            slot_set(&t.slots, def.slot, slot_value(cx, t, def.slot));
        }
    }
}

/// Takes over the flags that instances of subclasses share.
pub(crate) fn inherit_flags(t: &TypeObj, base: &TypeObj) {
    const ALWAYS: u64 = type_flags::WEAKREF
        | type_flags::DICT
        | type_flags::MATCH_SELF
        | type_flags::TYPE_SUBCLASS
        | type_flags::EXCEPTION;
    let theirs = base.flags.load(Ordering::Acquire);
    t.set_flag(theirs & ALWAYS, true);
    const PATTERN: u64 = type_flags::SEQUENCE | type_flags::MAPPING;
    if !t.has(PATTERN) {
        t.set_flag(theirs & PATTERN, true);
    }
}

/// Sets the flags that say something about slots.
pub(crate) fn refresh_flags(t: &TypeObj) {
    let get = t.slots.getattro.address() == generic_get_attr as GetAttrFn as usize;
    let set = t.slots.setattro.address() == generic_set_attr as SetAttrFn as usize;
    let del = t.slots.del.address() == g::slot_del as DelFn as usize;
    t.set_flag(type_flags::GENERIC_GETATTR, get);
    t.set_flag(type_flags::GENERIC_SETATTR, set);
    t.set_flag(type_flags::HAS_DEL, del);
}

fn fresh_version(cx: &Ctx, t: &TypeObj) {
    let v = cx.next_version();
    t.version.store(v, Ordering::Release);
    let mut id = t.first_shape.load(Ordering::Acquire);
    while id != 0 {
        let s = cx.shape(protocore::header::ShapeId(id));
        s.version.store(v, Ordering::Release);
        id = s.next_in_class.load(Ordering::Acquire);
    }
}

/// Runs `f` on a class and all that depend on it, each once.
fn for_family(cx: &Ctx, t: &'static TypeObj, f: &mut dyn FnMut(&'static TypeObj)) {
    let mut todo = vec![t];
    let mut seen = std::collections::HashSet::new();
    while let Some(t) = todo.pop() {
        if seen.insert(t.value().bits()) {
            f(t);
            todo.extend(dependents(cx, t));
        }
    }
}

/// Gives a class and its subclasses new versions: attribute look-ups on them may have other results from now on.
pub fn type_modified(cx: &mut Ctx, t: &'static TypeObj) {
    let hooks = cx.space().state::<TypeHooks>();
    let _g = hooks.lock.lock().unwrap_or_else(|e| e.into_inner());
    for_family(cx, t, &mut |t| fresh_version(cx, t));
}

/// Whether a name fills slots.
fn slots_of(cx: &Ctx, n: Value) -> Vec<SlotId> {
    let special = StrObj::of(n).and_then(StrObj::as_ascii).is_some_and(|s| s.starts_with("__"));
    if !special {
        return Vec::new();
    }
    let mut v: Vec<SlotId> = Vec::new();
    for d in DUNDERS {
        if dname(cx, d.id).is(n) && !v.contains(&d.slot) {
            v.push(d.slot);
        }
    }
    v
}

/// Sets (deletes, for `None`) an attribute in a class's namespace, whatever the class; whether a deleted one was there.
/// Slots, flags and versions follow. The name is interned.
pub fn set_type_attr(cx: &mut Ctx, t: &'static TypeObj, n: Value, v: Option<Value>) -> PyResult<bool> {
    let Some(d) = t.dict.get().and_then(DictObj::of) else { return Ok(false) };
    let before = find(cx, t, n);
    match v {
        Some(v) => {
            if cx.dict_set_str(d, n, v).is_none() {
                return Err(cx.no_memory());
            }
        }
        None => {
            if cx.dict_del_str(d, n).is_none() {
                return Ok(false);
            }
        }
    }
    attr_changed(cx, t, n, before, v);
    Ok(true)
}

/// What follows from a change of attribute `n`, which an instance saw as `before`.
fn attr_changed(cx: &mut Ctx, t: &'static TypeObj, n: Value, before: Option<Value>, v: Option<Value>) {
    let ids = slots_of(cx, n);
    let hides = v.is_some_and(|v| crate::attr::is_data_descriptor(cx, v)) && shapes_have(cx, t, n);
    // Inline caches read `__slots__` members by shape alone, too.
    let mut access_changed = before.and_then(member_slot).is_some();
    {
        let hooks = cx.space().state::<TypeHooks>();
        let _g = hooks.lock.lock().unwrap_or_else(|e| e.into_inner());
        for_family(cx, t, &mut |t| {
            for id in &ids {
                let f = slot_value(cx, t, *id);
                let before = slot_address(&t.slots, *id);
                slot_set(&t.slots, *id, f);
                if matches!(id, SlotId::getattro | SlotId::setattro | SlotId::descr_set | SlotId::descr_get) {
                    access_changed |= before != slot_address(&t.slots, *id);
                }
            }
            if !ids.is_empty() {
                refresh_flags(t);
            }
            fresh_version(cx, t);
        });
    }
    if hides || access_changed {
        crate::caches::flush_all(cx);
    }
}

/// Whether instances of a class or its subclasses may have an attribute of this name.
fn shapes_have(cx: &Ctx, t: &'static TypeObj, n: Value) -> bool {
    let mut found = false;
    for_family(cx, t, &mut |t| {
        let mut id = t.first_shape.load(Ordering::Acquire);
        while id != 0 && !found {
            let s = cx.shape(protocore::header::ShapeId(id));
            found = s.key.get().is_some_and(|k| k.is(n)) || s.is_dict_mode();
            id = s.next_in_class.load(Ordering::Acquire);
        }
    });
    found
}

/// Recomputes slots, flags and versions of a class and all subclasses (after a change of MRO).
pub(crate) fn recompute_family(cx: &mut Ctx, t: &'static TypeObj) {
    {
        let hooks = cx.space().state::<TypeHooks>();
        let _g = hooks.lock.lock().unwrap_or_else(|e| e.into_inner());
        for_family(cx, t, &mut |t| {
            if t.has(type_flags::HEAP) {
                recompute(cx, t);
                refresh_flags(t);
            }
            fresh_version(cx, t);
        });
    }
    crate::caches::flush_all(cx);
}
