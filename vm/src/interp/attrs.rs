//! Inline caches of globals, attributes and methods.
//!
//! # Layout
//!
//! `LoadAttr`: word 1 is shape << 32 | byte offset of the slot in the object. `StoreAttr`: word 1 is a *paired key* of the shape and that
//! offset; for a store that adds the attribute word 2 is the next shape, else 0. `LoadMethod`: word 1 is a paired key of the shape
//! and the version of the class, word 2 the function.
//! `LoadGlobal`: word 1 is keys version of the globals << 32 | entry, where entry `ABSENT` says "not there, see word 2"; word 2 is
//! keys version of the builtins << 32 | entry. Each of these words carries the version that makes it valid.
//!
//! [`protocore::pairing`] tells why a pair of words may be read without a lock. Word 2 needs no tracing: the class of that
//! version still holds the function.
//!
//! A slot cache is valid as long as the class has no data descriptor of that name. Adding one to a class whose
//! shapes know the name flushes all caches ([`crate::caches`]).

use super::frame::{Frame, Pc};
use crate::attr::{get_attr, instance_attr, is_plain_method, read_slot, set_attr, type_lookup};
use protocore::dict::{DictObj, DictTable, Find, Probe};
use protocore::layouts::{FrameOwner, ModuleObj};
use protocore::pairing;
use protocore::types::type_flags;
use protocore::{Ctx, Header, PyResult, ShapeId, Slot, Ty, TypeObj, Value};
use protopy_bytecode::Instr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Entry number that says "not in the globals".
const ABSENT: u64 = 0xffff_ffff;

fn cache_word(pc: Pc, i: usize) -> &'static AtomicU64 {
    // SAFETY: cache words follow the instruction, in code that lives while it runs.
    unsafe { &*pc.add(i) }
}

/// Publishes a pair under the key of `shape` and `low`.
fn publish(cx: &Ctx, pc: Pc, shape: ShapeId, low: u32, value: u64) {
    pairing::publish(cache_word(pc, 1), cache_word(pc, 2), shape.0, low, value, !cx.single_threaded());
}

/// The pair of a site whose key names `shape`: the low half of word 1, and word 2.
#[inline(always)]
fn paired(pc: Pc, shape: ShapeId) -> Option<(u32, u64)> {
    pairing::read(cache_word(pc, 1), cache_word(pc, 2), shape.0)
}

/// The entry of a dict whose keys have the cached version.
#[inline(always)]
fn versioned(d: Value, c: u64) -> Option<Value> {
    // SAFETY: the slot of a function's namespace holds a dict; its table is loaded before the version is compared (see `dict`).
    unsafe {
        let d = &*d.ptr::<DictObj>();
        let t = DictTable::of(d.table.get()?);
        if u64::from(d.version.load(Ordering::Acquire)) != c >> 32 {
            return None;
        }
        t.entries().get((c & 0xffff_ffff) as usize)?.value.get()
    }
}

/// A global or builtin by cache.
#[inline(always)]
pub(super) fn cached_global(owner: &FrameOwner, c1: u64, c2: u64) -> Option<Value> {
    if c1 & ABSENT == ABSENT {
        // SAFETY: as in `versioned`.
        let g = unsafe { &*owner.globals.get()?.ptr::<DictObj>() };
        if c1 == ABSENT || u64::from(g.version.load(Ordering::Acquire)) != c1 >> 32 {
            return None;
        }
        return versioned(owner.builtins.get()?, c2);
    }
    if c1 == 0 {
        return None;
    }
    versioned(owner.globals.get()?, c1)
}

fn entry_of(cx: &Ctx, d: &DictObj, name: Value) -> Option<(usize, Value)> {
    let t = d.table()?;
    let hash = cx.str_hash(name);
    let mut probe = Probe::new(hash);
    loop {
        match t.find(name, hash, probe) {
            Find::Found(i) => return Some((i, t.entries().get(i)?.value.get()?)),
            Find::Missing => return None,
            Find::Ask { probe: p, .. } => probe = p,
        }
    }
}

/// Looks a global up, filling the caches of the instruction at `pc`; `None` if there is none of that name.
pub fn global(cx: &mut Ctx, owner: &FrameOwner, name: Value, pc: Pc) -> PyResult<Option<Value>> {
    let (Some(gv), Some(bv)) = (owner.globals.get(), owner.builtins.get()) else { return Ok(None) };
    let Some(g) = DictObj::of(gv) else { return Ok(None) };
    let gver = u64::from(cx.dict_version(g));
    if let Some((i, v)) = entry_of(cx, g, name) {
        if gver != 0 && (i as u64) < ABSENT && g.version.load(Ordering::Acquire) as u64 == gver {
            cache_word(pc, 1).store(gver << 32 | i as u64, Ordering::Release);
        }
        return Ok(Some(v));
    }
    if !cx.is_exact(gv, protocore::Ty::Dict) {
        // A subclass of dict as globals: its `__getitem__` and `__missing__` count.
        let r = crate::ops::get_item(cx, gv, name);
        if let Some(v) = crate::errors::catch(cx, r, protocore::Ty::KeyError)? {
            return Ok(Some(v));
        }
    }
    let Some(b) = DictObj::of(bv) else {
        return match crate::ops::get_item(cx, bv, name) {
            Ok(v) => Ok(Some(v)),
            Err(r) => crate::errors::catch::<Value>(cx, Err(r), protocore::Ty::KeyError),
        };
    };
    let bver = u64::from(cx.dict_version(b));
    let Some((i, v)) = entry_of(cx, b, name) else { return Ok(None) };
    if gver != 0 && bver != 0 && (i as u64) < ABSENT {
        cache_word(pc, 2).store(bver << 32 | i as u64, Ordering::Release);
        cache_word(pc, 1).store(gver << 32 | ABSENT, Ordering::Release);
    }
    Ok(Some(v))
}

fn name_at(f: Frame, i: usize) -> Value {
    f.code().rt.names.get(i).copied().unwrap_or(Value::NONE)
}

/// Byte offset of an inline attribute slot.
fn slot_offset(ty: &TypeObj, i: u32) -> Option<u32> {
    (i < ty.inline_cap).then(|| ty.attr_base + 8 * (i + 1))
}

/// `LoadAttr` beyond the cache hit.
pub fn load_attr(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let pc = cx.pc;
    let obj = f.get(usize::from(w.b()));
    let name = name_at(f, usize::from(w.c()));
    let v = load_attr_value(cx, obj, name, pc)?;
    f.set(usize::from(w.a()), v);
    Ok(())
}

fn load_attr_value(cx: &mut Ctx, obj: Value, name: Value, pc: Pc) -> PyResult {
    // Shape and class from one look: another thread may change both.
    let Some(id) = obj.header().map(Header::shape) else { return get_attr(cx, obj, name) };
    let ty = cx.shape(id).class();
    if !ty.has(type_flags::GENERIC_GETATTR) {
        return get_attr(cx, obj, name);
    }
    if ty.has(type_flags::DICT)
        && ty.attr_base != 0
        && !cx.shape(id).is_dict_mode()
        && let Some(i) = cx.shape_find(id, name)
        && !type_lookup(cx, ty, name).is_some_and(|a| crate::attr::is_data_descriptor(cx, a))
    {
        if let Some(off) = slot_offset(ty, i) {
            cache_word(pc, 1).store(u64::from(id.0) << 32 | u64::from(off), Ordering::Relaxed);
        }
        if let Some(v) = read_slot(obj, ty, i) {
            return Ok(v);
        }
    }
    if let Some(m) = ModuleObj::of(obj)
        && let Some(d) = m.dict.get().and_then(DictObj::of)
        && let Some(v) = cx.dict_get_str(d, name)
        && type_lookup(cx, ty, name).is_none()
    {
        return Ok(v);
    }
    if let Some(off) = member_offset(cx, ty, name) {
        // A `__slots__` member: the same cache, for an object whose slot is filled.
        cache_word(pc, 1).store(u64::from(id.0) << 32 | u64::from(off), Ordering::Relaxed);
    }
    get_attr(cx, obj, name)
}

/// Offset of the slot that a member descriptor of the class reads.
fn member_offset(cx: &mut Ctx, ty: &TypeObj, name: Value) -> Option<u32> {
    let attr = type_lookup(cx, ty, name)?;
    let i = crate::types::member_slot(attr)?;
    slot_offset(ty, i)
}

/// `StoreAttr` by cache while other threads may change the same object: its lock is taken, so that neither an attribute that another
/// thread adds nor a move of the object to dict mode comes between the shape and the slot.
fn store_attr_shared(cx: &mut Ctx, obj: Value, v: Value, pc: Pc) -> bool {
    let Some(h) = obj.header() else { return false };
    let shape = h.shape();
    let Some((offset, next)) = paired(pc, shape) else { return false };
    let _g = h.lock(cx.single_threaded());
    if h.shape() != shape {
        return false;
    }
    // SAFETY: an object of the key's shape, or of the next one, has a slot at the offset.
    let slot = unsafe { &*obj.ptr::<u8>().add(offset as usize).cast::<Slot>() };
    cx.store(obj, slot, v);
    if next != 0 {
        h.set_shape(ShapeId(next as u32));
    }
    true
}

/// `StoreAttr` beyond the cache hit of a process with one thread.
pub fn store_attr(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let pc = cx.pc;
    let obj = f.get(usize::from(w.a()));
    let v = f.get(usize::from(w.b()));
    if store_attr_shared(cx, obj, v, pc) {
        return Ok(());
    }
    let name = name_at(f, usize::from(w.c()));
    // Shape and class from one look: another thread may change both.
    let Some(id) = obj.header().map(Header::shape) else { return set_attr(cx, obj, name, Some(v)) };
    let ty = cx.shape(id).class();
    let version = ty.version.load(Ordering::Acquire);
    if ty.has(type_flags::GENERIC_SETATTR)
        && ty.has(type_flags::DICT)
        && ty.attr_base != 0
        && !cx.shape(id).is_dict_mode()
        && !type_lookup(cx, ty, name).is_some_and(|a| crate::attr::is_data_descriptor(cx, a))
    {
        crate::attr::set_instance_attr(cx, obj, name, v)?;
        // A class that changed meanwhile may have flushed the caches already.
        if version != 0 && ty.version.load(Ordering::Acquire) == version {
            cache_store(cx, obj, ty, id, name, pc);
        }
        return Ok(());
    }
    if ty.has(type_flags::GENERIC_SETATTR)
        && let Some(off) = member_offset(cx, ty, name)
    {
        publish(cx, pc, id, off, 0);
    }
    set_attr(cx, obj, name, Some(v))
}

/// Fills the cache of a site that has set attribute `name` of an object that had the shape `id`.
fn cache_store(cx: &mut Ctx, obj: Value, ty: &TypeObj, id: ShapeId, name: Value, pc: Pc) {
    if let Some(i) = cx.shape_find(id, name) {
        if let Some(off) = slot_offset(ty, i) {
            publish(cx, pc, id, off, 0);
        }
        return;
    }
    let Some(after) = obj.header().map(Header::shape) else { return };
    let shape = cx.shape(after);
    if shape.parent == id
        && shape.key.get().is_some_and(|k| k.is(name))
        && let Some(off) = slot_offset(ty, shape.slot_count - 1)
    {
        publish(cx, pc, id, off, u64::from(after.0));
    }
}

/// The shape by which a `LoadMethod` site caches an object's method: small integers have that of large ones.
#[inline(always)]
fn method_shape(obj: Value) -> Option<ShapeId> {
    match obj.header() {
        Some(h) => Some(h.shape()),
        None if obj.is_small() => Some(Ty::Int.shape()),
        None => None,
    }
}

/// The function of a `LoadMethod` site by cache.
#[inline(always)]
pub(super) fn cached_method(cx: &Ctx, obj: Value, pc: Pc) -> Option<Value> {
    let id = method_shape(obj)?;
    let (cached, c2) = paired(pc, id)?;
    if cx.shape(id).version.load(Ordering::Acquire) != cached {
        return None;
    }
    // SAFETY: the pair was published together; the class of this version holds the function.
    unsafe { Value::from_slot(c2) }
}

/// `LoadMethod` beyond the cache hit.
pub fn load_method_op(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let pc = cx.pc;
    let obj = f.get(usize::from(w.b()));
    let name = name_at(f, usize::from(w.c()));
    let (func, this) = load_method_value(cx, obj, name, pc)?;
    f.set(usize::from(w.a()), func);
    f.set(usize::from(w.a()) + super::HEADER, this);
    Ok(())
}

fn load_method_value(cx: &mut Ctx, obj: Value, name: Value, pc: Pc) -> PyResult<(Value, Value)> {
    let ty = cx.type_of(obj);
    if !ty.has(type_flags::GENERIC_GETATTR) {
        return get_attr(cx, obj, name).map(|v| (v, Value::UNBOUND));
    }
    if let Some(m) = ModuleObj::of(obj)
        && let Some(d) = m.dict.get().and_then(DictObj::of)
        && let Some(v) = cx.dict_get_str(d, name)
        && type_lookup(cx, ty, name).is_none()
    {
        return Ok((v, Value::UNBOUND));
    }
    if let Some(attr) = type_lookup(cx, ty, name)
        && is_plain_method(cx, attr)
        && instance_attr(cx, obj, name).is_none()
    {
        cache_method(cx, obj, ty, attr, pc);
        return Ok((attr, obj));
    }
    get_attr(cx, obj, name).map(|v| (v, Value::UNBOUND))
}

fn cache_method(cx: &Ctx, obj: Value, ty: &TypeObj, attr: Value, pc: Pc) {
    let Some(id) = method_shape(obj) else { return };
    let shape = cx.shape(id);
    let version = shape.version.load(Ordering::Acquire);
    // In dict mode the shape does not tell which attributes the object has.
    if version == 0 || version != ty.version.load(Ordering::Acquire) || (shape.is_dict_mode()) {
        return;
    }
    publish(cx, pc, id, version, attr.bits());
}

/// A new instance of a plain class.
pub fn new_instance(cx: &mut Ctx, ty: &TypeObj) -> Value {
    let v = cx.new_object(ty);
    if ty.has(type_flags::HAS_DEL) {
        cx.register_finalizer(v);
    }
    v
}

/// Reads a slot reference, for callers that hold the object.
pub fn slot_value(s: &Slot) -> Option<Value> {
    s.get()
}
