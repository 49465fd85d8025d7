//! Inline caches of globals, attributes and methods.
//!
//! # Layout
//!
//! `LoadAttr`, `StoreAttr`: word 1 is shape << 32 | byte offset of the slot in the object; for a store that adds the
//! attribute word 2 is the next shape. `LoadMethod`: word 1 is shape << 32 | version of the class, word 2 the function.
//! `LoadGlobal`: word 1 is keys version of the globals << 32 | entry, where entry `ABSENT` says "not there, see word 2"; word 2 is
//! keys version of the builtins << 32 | entry.
//!
//! # Why two words may be read without a lock
//!
//! Word 1 determines word 2: for one site, a shape (and version) has one next shape or one function. A writer clears word 1, writes word 2,
//! writes word 1; a reader takes word 1, word 2, and word 1 again. So a pair that it accepts belongs together, and word
//! 2 needs no tracing: the class of that version still holds the function.
//!
//! A slot cache is valid as long as the class has no data descriptor of that name. Adding one to a class whose
//! shapes know the name flushes all caches ([`crate::caches`]).

use super::frame::{Frame, Pc};
use crate::attr::{get_attr, instance_attr, is_plain_method, read_slot, set_attr, type_lookup};
use protocore::dict::{DictObj, DictTable, Find, Probe};
use protocore::layouts::{FrameOwner, ModuleObj};
use protocore::types::type_flags;
use protocore::{Ctx, Header, PyResult, Slot, TypeObj, Value};
use protopy_bytecode::Instr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Entry number that says "not in the globals".
const ABSENT: u64 = 0xffff_ffff;

fn cache_word(pc: Pc, i: usize) -> &'static AtomicU64 {
    // SAFETY: cache words follow the instruction, in code that lives while it runs.
    unsafe { &*pc.add(i) }
}

fn publish(pc: Pc, w1: u64, w2: u64) {
    cache_word(pc, 1).store(0, Ordering::Release);
    cache_word(pc, 2).store(w2, Ordering::Release);
    cache_word(pc, 1).store(w1, Ordering::Release);
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
        publish(pc, gver << 32 | ABSENT, bver << 32 | i as u64);
    }
    Ok(Some(v))
}

fn name_at(f: Frame, i: usize) -> Value {
    f.code().rt.names.get(i).copied().unwrap_or(Value::NONE)
}

/// Byte offset of an inline attribute slot.
fn slot_offset(ty: &TypeObj, i: u32) -> Option<u64> {
    (i < ty.inline_cap).then(|| u64::from(ty.attr_base) + 8 * (u64::from(i) + 1))
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
    let ty = cx.type_of(obj);
    if !ty.has(type_flags::GENERIC_GETATTR) || !obj.is_heap() {
        return get_attr(cx, obj, name);
    }
    if let Some(h) = obj.header()
        && ty.has(type_flags::DICT)
        && ty.attr_base != 0
        && !cx.shape(h.shape()).is_dict_mode()
    {
        let id = h.shape();
        if let Some(i) = cx.shape_find(id, name) {
            let shadowed = type_lookup(cx, ty, name).is_some_and(|a| crate::attr::is_data_descriptor(cx, a));
            if !shadowed {
                if let Some(off) = slot_offset(ty, i) {
                    cache_word(pc, 1).store(u64::from(id.0) << 32 | off, Ordering::Relaxed);
                }
                if let Some(v) = read_slot(obj, ty, i) {
                    return Ok(v);
                }
            }
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
        if let Some(h) = obj.header() {
            cache_word(pc, 1).store(u64::from(h.shape().0) << 32 | off, Ordering::Relaxed);
        }
    }
    get_attr(cx, obj, name)
}

/// Offset of the slot that a member descriptor of the class reads.
fn member_offset(cx: &mut Ctx, ty: &TypeObj, name: Value) -> Option<u64> {
    let attr = type_lookup(cx, ty, name)?;
    let i = crate::types::member_slot(attr)?;
    slot_offset(ty, i)
}

/// `StoreAttr` beyond the cache hit.
pub fn store_attr(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let pc = cx.pc;
    let obj = f.get(usize::from(w.a()));
    let v = f.get(usize::from(w.b()));
    let name = name_at(f, usize::from(w.c()));
    let ty = cx.type_of(obj);
    let before = obj.header().map(Header::shape);
    if ty.has(type_flags::GENERIC_SETATTR)
        && ty.has(type_flags::DICT)
        && ty.attr_base != 0
        && let Some(id) = before
        && !cx.shape(id).is_dict_mode()
        && !type_lookup(cx, ty, name).is_some_and(|a| crate::attr::is_data_descriptor(cx, a))
    {
        crate::attr::set_instance_attr(cx, obj, name, v)?;
        let after = obj.header().map(Header::shape);
        if let Some(after) = after
            && let Some(i) = cx.shape_find(after, name)
            && let Some(off) = slot_offset(ty, i)
        {
            if after == id {
                publish(pc, u64::from(id.0) << 32 | off, 0);
            } else if cx.shape(after).parent == id {
                publish(pc, u64::from(id.0) << 32 | off, u64::from(after.0));
            }
        }
        return Ok(());
    }
    if ty.has(type_flags::GENERIC_SETATTR)
        && let Some(off) = member_offset(cx, ty, name)
        && let Some(id) = before
    {
        publish(pc, u64::from(id.0) << 32 | off, 0);
    }
    set_attr(cx, obj, name, Some(v))
}

/// The function of a `LoadMethod` site by cache.
#[inline(always)]
pub(super) fn cached_method(cx: &Ctx, obj: Value, pc: Pc) -> Option<Value> {
    let h = obj.header()?;
    let c1 = cache_word(pc, 1).load(Ordering::Acquire);
    let id = h.shape();
    if u64::from(id.0) != c1 >> 32 {
        return None;
    }
    let version = cx.shape(id).version.load(Ordering::Acquire);
    if u64::from(version) != c1 & 0xffff_ffff {
        return None;
    }
    let c2 = cache_word(pc, 2).load(Ordering::Acquire);
    if cache_word(pc, 1).load(Ordering::Acquire) != c1 {
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
    let Some(h) = obj.header() else { return };
    let id = h.shape();
    let shape = cx.shape(id);
    let version = shape.version.load(Ordering::Acquire);
    // In dict mode the shape does not tell which attributes the object has.
    if version == 0 || version != ty.version.load(Ordering::Acquire) || (shape.is_dict_mode()) {
        return;
    }
    publish(pc, u64::from(id.0) << 32 | u64::from(version), attr.bits());
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
