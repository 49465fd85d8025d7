//! Attributes: look-up on types through the method cache, instance attributes through shapes, and the generic
//! `__getattribute__` and `__setattr__`.
//!
//! The order of `object.__getattribute__` is: data descriptor of the type, instance attribute, other
//! descriptor of the type, plain attribute of the type.

use crate::names::{N, name};
use crate::types::descr::{attr_descr_of, get_checked, set_checked};
use protocore::ctx::METHOD_CACHE;
use protocore::dict::DictObj;
use protocore::header::ShapeId;
use protocore::layouts::{FunctionObj, StrObj, TupleObj, ValuesObj, str_flags};
use protocore::types::type_flags;
use protocore::{Ctx, Held, PyResult, Raised, Slot, Ty, TypeObj, Value};
use std::sync::atomic::Ordering;

/// Attributes beyond which an object moves to dict mode.
const MAX_SHAPE_SLOTS: u32 = 512;

/// Looks an interned name up along a type's MRO, without descriptors.
#[inline]
pub fn type_lookup(cx: &mut Ctx, ty: &TypeObj, name: Value) -> Option<Value> {
    let version = ty.version.load(Ordering::Acquire);
    if version == 0 {
        return type_lookup_slow(cx, ty, name);
    }
    let at = (version as usize).wrapping_mul(0x9e37) ^ (name.bits() >> 4) as usize;
    let at = at & (METHOD_CACHE - 1);
    let e = cx.method_cache[at];
    if e.version == version && e.name == name.bits() {
        return e.value.bound();
    }
    let found = type_lookup_slow(cx, ty, name);
    let entry = &mut cx.method_cache[at];
    entry.version = version;
    entry.name = name.bits();
    entry.value = found.unwrap_or(Value::UNBOUND);
    found
}

fn type_lookup_slow(cx: &mut Ctx, ty: &TypeObj, name: Value) -> Option<Value> {
    let hash = cx.str_hash(name);
    let own = |t: &TypeObj| t.dict.get().and_then(DictObj::of).and_then(|d| d.get_str(name, hash));
    match ty.mro.get().and_then(TupleObj::of) {
        Some(mro) => mro.items().iter().filter_map(|t| TypeObj::of(*t)).find_map(own),
        None => own(ty),
    }
}

/// As [`type_lookup`], also telling the class it was found on.
pub fn type_lookup_where(cx: &mut Ctx, ty: &TypeObj, name: Value) -> Option<(Value, &'static TypeObj)> {
    let hash = cx.str_hash(name);
    let mro = ty.mro.get().and_then(TupleObj::of)?;
    mro.items()
        .iter()
        .filter_map(|t| TypeObj::of(*t))
        .find_map(|t| Some((t.dict.get().and_then(DictObj::of)?.get_str(name, hash)?, t)))
}

/// The interned form of an attribute name; TypeError if it is no string.
#[inline]
pub fn attr_name(cx: &mut Ctx, n: Value) -> PyResult {
    match StrObj::of(n) {
        Some(s) if s.header.flags() & str_flags::INTERNED != 0 => Ok(n),
        Some(_) => Ok(cx.intern(n)),
        None => {
            let msg = format!("attribute name must be string, not '{}'", crate::ops::tp_name(cx, n));
            Err(cx.type_error(&msg))
        }
    }
}

/// `getattr(obj, name)`.
#[inline]
pub fn get_attr(cx: &mut Ctx, obj: Value, name: Value) -> PyResult {
    let name = attr_name(cx, name)?;
    let ty = cx.type_of(obj);
    let r = match ty.slots.getattro.get() {
        Some(f) => f(cx, obj, name),
        None => generic_get_attr(cx, obj, name),
    };
    match r {
        Err(r) => Err(with_attribute(cx, r, obj, name)),
        ok => ok,
    }
}

/// Tells an AttributeError on its way what was looked up, unless it knows.
#[cold]
fn with_attribute(cx: &mut Ctx, r: Raised, obj: Value, name: Value) -> Raised {
    let e = cx.take_raised(r);
    if cx.is_instance(e, Ty::AttributeError)
        && let Some(x) = protocore::layouts::ExcObj::of(e)
        && x.fields[0].is_empty()
        && x.fields[1].is_empty()
    {
        cx.store(e, &x.fields[0], name);
        cx.store(e, &x.fields[1], obj);
    }
    cx.set_raised(e)
}

/// `getattr(obj, name)` with the name as text.
pub fn get_attr_str(cx: &mut Ctx, obj: Value, name: &str) -> PyResult {
    let n = cx.intern_str(name);
    get_attr(cx, obj, n)
}

/// `getattr(obj, name)`, `None` if that raises AttributeError.
pub fn lookup_attr(cx: &mut Ctx, obj: Value, n: Value) -> PyResult<Option<Value>> {
    let n = attr_name(cx, n)?;
    let ty = cx.type_of(obj);
    let found = if ty.has(type_flags::GENERIC_GETATTR) {
        generic_lookup(cx, obj, n)
    } else {
        get_attr(cx, obj, n).map(Some)
    };
    match found {
        Ok(v) => Ok(v),
        Err(r) => {
            let exc = cx.take_raised(r);
            if cx.is_instance(exc, Ty::AttributeError) { Ok(None) } else { Err(cx.set_raised(exc)) }
        }
    }
}

/// As [`lookup_attr`] with the name as text.
pub fn lookup_attr_str(cx: &mut Ctx, obj: Value, n: &str) -> PyResult<Option<Value>> {
    let n = cx.intern_str(n);
    lookup_attr(cx, obj, n)
}

/// `setattr(obj, name, value)`, or `delattr` for `None`.
#[inline]
pub fn set_attr(cx: &mut Ctx, obj: Value, name: Value, value: Option<Value>) -> PyResult<()> {
    let name = attr_name(cx, name)?;
    let ty = cx.type_of(obj);
    match ty.slots.setattro.get() {
        Some(f) => f(cx, obj, name, value),
        None => generic_set_attr(cx, obj, name, value),
    }
}

/// As [`set_attr`] with the name as text.
pub fn set_attr_str(cx: &mut Ctx, obj: Value, name: &str, value: Value) -> PyResult<()> {
    let n = cx.intern_str(name);
    set_attr(cx, obj, n, Some(value))
}

/// A special method of the object's type, bound to the object; `None` if the type has none.
pub fn lookup_special(cx: &mut Ctx, obj: Value, name: &str) -> PyResult<Option<Value>> {
    let n = cx.intern_str(name);
    lookup_special_name(cx, obj, n)
}

/// As [`lookup_special`] with an interned name.
pub fn lookup_special_name(cx: &mut Ctx, obj: Value, n: Value) -> PyResult<Option<Value>> {
    let ty = cx.type_of(obj);
    match type_lookup(cx, ty, n) {
        Some(attr) => bind_descriptor(cx, attr, Some(obj), ty).map(Some),
        None => Ok(None),
    }
}

/// Calls a descriptor's `__get__`, or answers the attribute itself.
pub fn bind_descriptor(cx: &mut Ctx, attr: Value, obj: Option<Value>, ty: &TypeObj) -> PyResult {
    let at = cx.type_of(attr);
    match at.slots.descr_get.get() {
        Some(get) => get(cx, attr, obj, ty.value()),
        None => Ok(attr),
    }
}

/// Whether a class attribute takes precedence over instance attributes.
#[inline]
pub fn is_data_descriptor(cx: &Ctx, attr: Value) -> bool {
    attr.is_heap() && cx.type_of(attr).slots.descr_set.address() != 0
}

/// `object.__getattribute__`; the name is interned.
pub fn generic_get_attr(cx: &mut Ctx, obj: Value, name: Value) -> PyResult {
    match generic_lookup(cx, obj, name)? {
        Some(v) => Ok(v),
        None => Err(no_attribute(cx, obj, name)),
    }
}

/// `object.__getattribute__` with `None` instead of AttributeError for a missing attribute.
pub fn generic_lookup(cx: &mut Ctx, obj: Value, name: Value) -> PyResult<Option<Value>> {
    let ty = cx.type_of(obj);
    let attr = type_lookup(cx, ty, name);
    let mut getter = None;
    if let Some(attr) = attr {
        let at = cx.type_of(attr);
        getter = at.slots.descr_get.get();
        if let Some(get) = getter
            && at.slots.descr_set.address() != 0
        {
            return match attr_descr_of(attr, ty) {
                Some(d) => get_checked(cx, d, obj),
                None => get(cx, attr, Some(obj), ty.value()),
            }
            .map(Some);
        }
    }
    if let Some(v) = instance_attr(cx, obj, name) {
        return Ok(Some(v));
    }
    match (attr, getter) {
        (Some(attr), Some(get)) => get(cx, attr, Some(obj), ty.value()).map(Some),
        (attr, _) => Ok(attr),
    }
}

/// Raises "'T' object has no attribute 'x'" with `name` and `obj` set.
#[cold]
pub fn no_attribute(cx: &mut Ctx, obj: Value, name: Value) -> Raised {
    let n = StrObj::of(name).map_or_else(String::new, StrObj::to_string_lossy);
    let msg = match TypeObj::of(obj) {
        Some(t) => {
            let shown = if t.has(type_flags::HEAP) || t.has(type_flags::EXCEPTION) {
                crate::errors::type_text(t)
            } else {
                crate::types::attrs::full_name(cx, t)
            };
            format!("type object '{shown}' has no attribute '{n}'")
        }
        None => format!("'{}' object has no attribute '{n}'", crate::ops::tp_name(cx, obj)),
    };
    attribute_error(cx, &msg, obj, name)
}

/// Raises AttributeError with `name` and `obj` set.
#[cold]
pub fn attribute_error(cx: &mut Ctx, msg: &str, obj: Value, name: Value) -> Raised {
    let m = cx.str(msg);
    let ty = cx.ty(Ty::AttributeError);
    let e = cx.new_exception(ty, &[m]);
    if let Some(x) = protocore::layouts::ExcObj::of(e) {
        x.fields[0].init(Some(name));
        x.fields[1].init(Some(obj));
    }
    cx.set_raised(e)
}

// ---------------------------------------------------------------------------------------------------- instance slots

/// The slot words of an object: overflow word, then inline slots.
#[inline(always)]
fn area(obj: Value, ty: &TypeObj) -> &'static [Slot] {
    protocore::construct::attr_area(obj, ty.attr_base, ty.inline_cap as usize + 1)
}

/// Reads attribute slot `i` of an object of type `ty`.
#[inline]
pub fn read_slot(obj: Value, ty: &TypeObj, i: u32) -> Option<Value> {
    if ty.attr_base == 0 {
        return None;
    }
    let a = area(obj, ty);
    if i < ty.inline_cap {
        return a.get(i as usize + 1)?.get();
    }
    let store = a.first()?.get().and_then(ValuesObj::of)?;
    store.slots().get((i - ty.inline_cap) as usize + 1)?.get()
}

/// Writes (or empties) attribute slot `i`, which the object's shape already has.
pub fn write_slot(cx: &mut Ctx, obj: Value, ty: &TypeObj, i: u32, v: Option<Value>) -> bool {
    if ty.attr_base == 0 {
        return false;
    }
    let a = area(obj, ty);
    let (owner, slot) = if i < ty.inline_cap {
        (obj, a.get(i as usize + 1))
    } else {
        match a.first().and_then(Slot::get).and_then(ValuesObj::of) {
            Some(store) => (store.value(), store.slots().get((i - ty.inline_cap) as usize + 1)),
            None => return false,
        }
    };
    match (slot, v) {
        (Some(s), Some(v)) => cx.store(owner, s, v),
        (Some(s), None) => cx.store_empty(owner, s),
        (None, _) => return false,
    }
    true
}

/// The attribute dict of an object in dict mode.
#[inline]
fn mode_dict(obj: Value, ty: &TypeObj) -> Option<&'static DictObj> {
    area(obj, ty).first()?.get().and_then(ValuesObj::of)?.slots().first()?.get().and_then(DictObj::of)
}

/// An instance attribute by interned name, without descriptors.
#[inline]
pub fn instance_attr(cx: &mut Ctx, obj: Value, name: Value) -> Option<Value> {
    let h = obj.header()?;
    let id = h.shape();
    let shape = cx.shape(id);
    let ty = shape.class();
    if ty.attr_base == 0 || !ty.has(type_flags::DICT) {
        return None;
    }
    if shape.is_dict_mode() {
        let hash = cx.str_hash(name);
        return mode_dict(obj, ty)?.get_str(name, hash);
    }
    let i = cx.shape_find(id, name)?;
    read_slot(obj, ty, i)
}

/// `object.__setattr__` and `__delattr__`; the name is interned.
pub fn generic_set_attr(cx: &mut Ctx, obj: Value, name: Value, value: Option<Value>) -> PyResult<()> {
    let ty = cx.type_of(obj);
    let attr = type_lookup(cx, ty, name);
    if let Some(attr) = attr
        && let Some(set) = cx.type_of(attr).slots.descr_set.get()
    {
        return match attr_descr_of(attr, ty) {
            Some(d) => set_checked(cx, d, obj, value),
            None => set(cx, attr, obj, value),
        };
    }
    if ty.has(type_flags::DICT) && ty.attr_base != 0 && obj.is_heap() {
        let done = match value {
            Some(v) => set_instance_attr(cx, obj, name, v)?,
            None => del_instance_attr(cx, obj, name)?,
        };
        return if done { Ok(()) } else { Err(no_attribute(cx, obj, name)) };
    }
    let n = StrObj::of(name).map_or_else(String::new, StrObj::to_string_lossy);
    let t = crate::ops::tp_name(cx, obj);
    let msg = match attr {
        Some(_) => format!("'{t}' object attribute '{n}' is read-only"),
        // A class with a `__setattr__` of its own may have more to offer than a dict.
        None if value.is_none() || ty.has(type_flags::DICT) || !ty.has(type_flags::GENERIC_SETATTR) => {
            format!("'{t}' object has no attribute '{n}'")
        }
        None => format!("'{t}' object has no attribute '{n}' and no __dict__ for setting new attributes"),
    };
    Err(attribute_error(cx, &msg, obj, name))
}

/// Sets an instance attribute, without descriptors. `false` only if the object cannot have any.
pub fn set_instance_attr(cx: &mut Ctx, obj: Value, name: Value, v: Value) -> PyResult<bool> {
    loop {
        let Some(h) = obj.header() else { return Ok(false) };
        let id = h.shape();
        let shape = cx.shape(id);
        let ty = shape.class();
        if ty.attr_base == 0 {
            return Ok(false);
        }
        if shape.is_dict_mode() {
            let Some(d) = mode_dict(obj, ty) else { return Ok(false) };
            return match cx.dict_set_str(d, name, v) {
                Some(()) => Ok(true),
                None => Err(cx.no_memory()),
            };
        }
        if let Some(i) = cx.shape_find(id, name) {
            if set_slot(cx, obj, ty, id, i, v) {
                return Ok(true);
            }
            if h.shape() == id {
                return Ok(false);
            }
            continue;
        }
        if shape.slot_count >= MAX_SHAPE_SLOTS {
            to_dict_mode(cx, obj)?;
            continue;
        }
        let Some(next) = cx.shape_with(id, name) else {
            to_dict_mode(cx, obj)?;
            continue;
        };
        if shape.slot_count >= ty.inline_cap {
            reserve_overflow(cx, obj, ty, (shape.slot_count - ty.inline_cap) as usize + 2)?;
        }
        if add_slot(cx, obj, ty, id, next, shape.slot_count, v) {
            return Ok(true);
        }
    }
}

/// Writes slot `i` of an object that still has the shape `id`. The lock keeps the slot from being copied (to a dict, or to more storage)
/// at the same time.
fn set_slot(cx: &mut Ctx, obj: Value, ty: &TypeObj, id: ShapeId, i: u32, v: Value) -> bool {
    let Some(h) = obj.header() else { return false };
    let _g = h.lock(cx.single_threaded());
    h.shape() == id && write_slot(cx, obj, ty, i, Some(v))
}

/// Publishes one more attribute: value first, then the shape. `false` if another thread was faster.
fn add_slot(cx: &mut Ctx, obj: Value, ty: &TypeObj, from: ShapeId, to: ShapeId, i: u32, v: Value) -> bool {
    let Some(h) = obj.header() else { return false };
    let single = cx.single_threaded();
    let _g = h.lock(single);
    if h.shape() != from || !write_slot(cx, obj, ty, i, Some(v)) {
        return false;
    }
    h.set_shape(to);
    true
}

/// Makes the overflow storage hold at least `words` words.
fn reserve_overflow(cx: &mut Ctx, obj: Value, ty: &TypeObj, words: usize) -> PyResult<&'static ValuesObj> {
    loop {
        let a = area(obj, ty);
        let Some(word) = a.first() else { return Err(cx.no_memory()) };
        let old = word.get();
        if let Some(s) = old.and_then(ValuesObj::of)
            && s.cap >= words
        {
            return Ok(s);
        }
        let cap = words.max(4).next_power_of_two();
        let Some(fresh) = cx.new_values(cap) else { return Err(cx.no_memory()) };
        let Some(h) = obj.header() else { return Err(cx.no_memory()) };
        let _g = h.lock(cx.single_threaded());
        if word.get() != old {
            continue;
        }
        if let Some(old) = old.and_then(ValuesObj::of) {
            for (to, from) in fresh.slots().iter().zip(old.slots()) {
                to.init(from.get());
            }
        }
        cx.store(obj, word, fresh.value());
        return Ok(fresh);
    }
}

/// Moves an object's attributes into a dict, which is its `__dict__` from then on.
pub fn to_dict_mode(cx: &mut Ctx, obj: Value) -> PyResult {
    loop {
        let Some(h) = obj.header() else { return Err(cx.no_memory()) };
        let id = h.shape();
        let shape = cx.shape(id);
        let ty = shape.class();
        if shape.is_dict_mode() {
            if let Some(d) = mode_dict(obj, ty) {
                return Ok(d.value());
            }
            return Err(cx.no_memory());
        }
        let dict = match protocore::layouts::ModuleObj::of(obj).and_then(|m| m.dict.get()) {
            Some(namespace) => namespace,
            None => cx.dict(),
        };
        let Some(d) = DictObj::of(dict) else { return Err(cx.no_memory()) };
        let mut copied = Vec::new();
        for (n, i) in shape_names(cx, id) {
            let v = read_slot(obj, ty, i);
            copied.push((i, v));
            if let Some(v) = v
                && cx.dict_set_str(d, n, v).is_none()
            {
                return Err(cx.no_memory());
            }
        }
        if install_dict(cx, obj, ty, id, dict, &copied)? {
            return Ok(dict);
        }
    }
}

/// Publishes `dict` as the attributes of an object that had shape `from` and in its slots what was `copied`. `false` if it is
/// not so any more.
fn install_dict(
    cx: &mut Ctx,
    obj: Value,
    ty: &TypeObj,
    from: ShapeId,
    dict: Value,
    copied: &[(u32, Option<Value>)],
) -> PyResult<bool> {
    let target = dict_shape(cx, ty)?;
    let store = reserve_overflow(cx, obj, ty, 1)?;
    let Some(h) = obj.header() else { return Ok(false) };
    let _g = h.lock(cx.single_threaded());
    if h.shape() != from || copied.iter().any(|(i, v)| read_slot(obj, ty, *i) != *v) {
        return Ok(false);
    }
    // The storage may have been exchanged since it was reserved; the current one has index 0 too.
    let store = area(obj, ty).first().and_then(Slot::get).and_then(ValuesObj::of).unwrap_or(store);
    let Some(first) = store.slots().first() else { return Ok(false) };
    cx.store(store.value(), first, dict);
    h.set_shape(target);
    Ok(true)
}

/// The shape of a class's objects in dict mode.
pub fn dict_shape(cx: &mut Ctx, ty: &TypeObj) -> PyResult<ShapeId> {
    let known = ty.dict_shape.load(Ordering::Acquire);
    if known != 0 {
        return Ok(ShapeId(known));
    }
    let slots = cx.shape(ty.root_shape()).slot_count;
    let Some(fresh) = cx.new_root_shape(ty.value(), slots, protocore::shape::DICT_MODE) else {
        return Err(cx.no_memory());
    };
    let _ = ty.dict_shape.compare_exchange(0, fresh.0, Ordering::AcqRel, Ordering::Acquire);
    Ok(ShapeId(ty.dict_shape.load(Ordering::Acquire)))
}

/// Names and slots of a shape's attributes.
pub fn shape_names(cx: &Ctx, id: ShapeId) -> Vec<(Value, u32)> {
    let s = cx.shape(id);
    let keys = s.keys(&|id| cx.shape(id));
    keys.names.iter().enumerate().map(|(i, n)| (*n, keys.first + i as u32)).collect()
}

/// Deletes an instance attribute; whether it was there.
pub fn del_instance_attr(cx: &mut Ctx, obj: Value, name: Value) -> PyResult<bool> {
    let Some(h) = obj.header() else { return Ok(false) };
    let id = h.shape();
    let shape = cx.shape(id);
    if !shape.is_dict_mode() {
        if cx.shape_find(id, name).is_none() {
            return Ok(false);
        }
        to_dict_mode(cx, obj)?;
    }
    let ty = cx.type_of(obj);
    Ok(mode_dict(obj, ty).is_some_and(|d| cx.dict_del_str(d, name).is_some()))
}

/// The `__dict__` of an instance, made on demand; `None` if its class gives it none.
pub fn instance_dict(cx: &mut Ctx, obj: Value) -> PyResult<Option<Value>> {
    let ty = cx.type_of(obj);
    if !obj.is_heap() || ty.attr_base == 0 || !ty.has(type_flags::DICT) {
        return Ok(None);
    }
    if TypeObj::of(obj).is_some() {
        // A class keeps its attributes in its namespace, also if a base of its metaclass gives instances a dict.
        return Ok(None);
    }
    to_dict_mode(cx, obj).map(Some)
}

/// Instance attributes as pairs, without making a dict: name, value.
pub fn instance_attrs(cx: &mut Ctx, obj: Value) -> Held<(Value, Value)> {
    let Some(h) = obj.header() else { return Held::new() };
    let id = h.shape();
    let shape = cx.shape(id);
    let ty = shape.class();
    if ty.attr_base == 0 || !ty.has(type_flags::DICT) {
        return Held::new();
    }
    if shape.is_dict_mode() {
        return mode_dict(obj, ty)
            .map(|d| d.snapshot().iter().map(|(_, k, v)| (*k, *v)).collect())
            .unwrap_or_default();
    }
    shape_names(cx, id).into_iter().filter_map(|(n, i)| Some((n, read_slot(obj, ty, i)?))).collect()
}

/// Sets `obj.__dict__`.
pub fn set_instance_dict(cx: &mut Ctx, obj: Value, dict: Value) -> PyResult<()> {
    if DictObj::of(dict).is_none() {
        let msg = format!("__dict__ must be set to a dictionary, not a '{}'", crate::ops::tp_name(cx, dict));
        return Err(cx.type_error(&msg));
    }
    if TypeObj::of(obj).is_some() {
        let msg =
            format!("this __dict__ descriptor does not support '{}' objects", crate::ops::tp_name(cx, obj));
        return Err(cx.type_error(&msg));
    }
    to_dict_mode(cx, obj)?;
    let ty = cx.type_of(obj);
    let Some(h) = obj.header() else { return Ok(()) };
    let _g = h.lock(cx.single_threaded());
    if let Some(s) = area(obj, ty).first().and_then(Slot::get).and_then(ValuesObj::of)
        && let Some(first) = s.slots().first()
    {
        cx.store(s.value(), first, dict);
    }
    Ok(())
}

/// Whether a value is a function of Python code that binds as a method without further ado.
#[inline]
pub fn is_plain_method(cx: &Ctx, attr: Value) -> bool {
    FunctionObj::of(attr).is_some() || (attr.is_heap() && cx.type_of(attr).has(type_flags::METHOD_DESCRIPTOR))
}

/// Looks `n` up for a call: the function and whether the object is to be passed first.
pub fn load_method(cx: &mut Ctx, obj: Value, n: Value) -> PyResult<(Value, bool)> {
    let ty = cx.type_of(obj);
    if ty.has(type_flags::GENERIC_GETATTR)
        && let Some(attr) = type_lookup(cx, ty, n)
        && is_plain_method(cx, attr)
        && instance_attr(cx, obj, n).is_none()
    {
        return Ok((attr, true));
    }
    get_attr(cx, obj, n).map(|v| (v, false))
}

/// The name of a class attribute slot table entry, for diagnostics.
pub fn class_name(cx: &Ctx, obj: Value) -> Value {
    cx.type_of(obj).name.get_or(name(cx, N::Empty))
}
