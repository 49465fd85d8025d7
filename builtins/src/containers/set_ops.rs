//! Set algebra: what the methods and operators of sets, frozensets and set-like dict views do.
//!
//! Operands that are sets or exact dicts are gone through by their entries, whose hashes are known; anything else is iterated over.
//! Results are made privately and then handed out; an operation that changes a set is a series of atomic additions
//! or removals.

use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{dict_look, dict_pop_hash, hash, hash_element, iter, next, set_add_hash};
use std::sync::atomic::Ordering;

/// A new, empty set of a known type.
pub fn new_set(cx: &mut Ctx, t: Ty) -> PyResult<(Value, &'static DictObj)> {
    let ty = cx.ty(t);
    let v = cx.new_dict_of(ty);
    match DictObj::of_set(v) {
        Some(s) => Ok((v, s)),
        None => Err(super::common::bad_receiver(cx, "set", v)),
    }
}

/// `set` or `frozenset`: the builtin type of the object's layout.
pub fn base_type(cx: &Ctx, v: Value) -> Ty {
    if cx.is_instance(v, Ty::FrozenSet) { Ty::FrozenSet } else { Ty::Set }
}

/// A copy of a set as set or frozenset. MemoryError.
pub fn copy_set(cx: &mut Ctx, src: &DictObj, t: Ty) -> PyResult<(Value, &'static DictObj)> {
    let (v, s) = new_set(cx, t)?;
    match cx.dict_copy_into(src, s) {
        Some(()) => Ok((v, s)),
        None => Err(cx.no_memory()),
    }
}

/// Whether an element is in a set.
#[inline]
pub fn has_hash(cx: &mut Ctx, s: &DictObj, x: Value, h: i64) -> PyResult<bool> {
    Ok(dict_look(cx, s, x, h)?.found.is_some())
}

/// The entries of a set or exact dict, whose hashes need not be computed.
pub fn hashed(cx: &Ctx, v: Value) -> Option<&'static DictObj> {
    match DictObj::of_set(v) {
        Some(s) => Some(s),
        None if cx.is_exact(v, Ty::Dict) => DictObj::of(v),
        None => None,
    }
}

/// Runs `f` on element and hash of everything in `other`, until it answers `false`; whether it never did.
pub fn each(
    cx: &mut Ctx,
    other: Value,
    hash_of: fn(&mut Ctx, Value) -> PyResult<i64>,
    mut f: impl FnMut(&mut Ctx, Value, i64) -> PyResult<bool>,
) -> PyResult<bool> {
    if let Some(s) = hashed(cx, other) {
        let mut at = 0;
        while let Some((i, h, k, _)) = s.next_from(at) {
            if !f(cx, k, h)? {
                return Ok(false);
            }
            cx.breathe();
            at = i + 1;
        }
        return Ok(true);
    }
    let it = iter(cx, other)?;
    while let Some(x) = next(cx, it)? {
        let h = hash_of(cx, x)?;
        if !f(cx, x, h)? {
            return Ok(false);
        }
        cx.safepoint()?;
    }
    Ok(true)
}

/// `s.update(other)`
pub fn update(cx: &mut Ctx, s: &DictObj, other: Value) -> PyResult<()> {
    if let Some(o) = DictObj::of_set(other) {
        if std::ptr::eq(o, s) || o.is_empty() {
            return Ok(());
        }
        let room = s.table().map_or(0, |t| t.usable as usize - t.len());
        if o.len() > room && cx.dict_grow(s, o.len()).is_none() {
            return Err(cx.no_memory());
        }
    }
    each(cx, other, hash_element, |cx, x, h| {
        set_add_hash(cx, s, x, h)?;
        Ok(true)
    })?;
    Ok(())
}

/// `s & other` as a new set of type `t`.
pub fn intersection(cx: &mut Ctx, this: Value, other: Value, t: Ty) -> PyResult {
    let s = super::common::receiver!(cx, this, DictObj::of_set, "set");
    if this.is(other) {
        return Ok(copy_set(cx, s, t)?.0);
    }
    let (made, result) = new_set(cx, t)?;
    // Of two sets the smaller one is gone through.
    let (through, within) = match DictObj::of_set(other) {
        Some(o) if o.len() > s.len() => (this, o),
        _ => (other, s),
    };
    each(cx, through, hash, |cx, x, h| {
        if has_hash(cx, within, x, h)? {
            set_add_hash(cx, result, x, h)?;
        }
        Ok(true)
    })?;
    Ok(made)
}

/// `s - other` as a new set of type `t`.
pub fn difference(cx: &mut Ctx, s: &DictObj, other: Value, t: Ty) -> PyResult {
    let by_entry = hashed(cx, other).filter(|o| s.len() / 4 <= o.len());
    let Some(o) = by_entry else {
        let (made, result) = copy_set(cx, s, t)?;
        difference_update(cx, result, other)?;
        return Ok(made);
    };
    let (made, result) = new_set(cx, t)?;
    let mut at = 0;
    while let Some((i, h, x, _)) = s.next_from(at) {
        if !has_hash(cx, o, x, h)? {
            set_add_hash(cx, result, x, h)?;
        }
        cx.breathe();
        at = i + 1;
    }
    Ok(made)
}

/// `s -= other`
pub fn difference_update(cx: &mut Ctx, s: &DictObj, other: Value) -> PyResult<()> {
    if DictObj::of_set(other).is_some_and(|o| std::ptr::eq(o, s)) {
        cx.dict_clear(s);
        return Ok(());
    }
    if s.is_empty() && hashed(cx, other).is_some() {
        return Ok(());
    }
    each(cx, other, hash_element, |cx, x, h| {
        dict_pop_hash(cx, s, x, h)?;
        Ok(true)
    })?;
    Ok(())
}

/// `s ^= other`
pub fn symmetric_difference_update(cx: &mut Ctx, s: &DictObj, other: Value) -> PyResult<()> {
    if DictObj::of_set(other).is_some_and(|o| std::ptr::eq(o, s)) {
        cx.dict_clear(s);
        return Ok(());
    }
    let other = if hashed(cx, other).is_some() {
        other
    } else {
        // An element that an iterable gives twice counts once.
        let (v, o) = new_set(cx, Ty::Set)?;
        update(cx, o, other)?;
        v
    };
    each(cx, other, hash_element, |cx, x, h| {
        if dict_pop_hash(cx, s, x, h)?.is_none() {
            set_add_hash(cx, s, x, h)?;
        }
        Ok(true)
    })?;
    Ok(())
}

/// Makes `s` hold what the set `from`, which nobody else knows, holds.
pub fn take_over(cx: &mut Ctx, s: &DictObj, from: &DictObj) -> PyResult<()> {
    cx.dict_clear(s);
    if !cx.single_threaded() {
        return update(cx, s, from.value());
    }
    // A table has one owner, also when that is garbage.
    if let Some(t) = from.table.swap_raw(None) {
        cx.store(s.value(), &s.table, t);
        s.used.store(from.used.swap(0, Ordering::Relaxed), Ordering::Release);
    }
    Ok(())
}

/// Whether every element of `a` is in `b`.
pub fn is_subset(cx: &mut Ctx, a: &DictObj, b: &DictObj) -> PyResult<bool> {
    if a.len() > b.len() {
        return Ok(false);
    }
    let mut at = 0;
    while let Some((i, h, x, _)) = a.next_from(at) {
        if !has_hash(cx, b, x, h)? {
            return Ok(false);
        }
        cx.breathe();
        at = i + 1;
    }
    Ok(true)
}

/// Whether two sets have the same elements.
pub fn sets_equal(cx: &mut Ctx, a: &DictObj, b: &DictObj) -> PyResult<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    let (h, g) = (a.hash.load(Ordering::Relaxed), b.hash.load(Ordering::Relaxed));
    if h != 0 && g != 0 && h != g {
        return Ok(false);
    }
    is_subset(cx, a, b)
}

/// Whether a set and an iterable have no element in common.
pub fn is_disjoint(cx: &mut Ctx, this: Value, other: Value) -> PyResult<bool> {
    let s = super::common::receiver!(cx, this, DictObj::of_set, "set");
    let (through, within) = match DictObj::of_set(other) {
        Some(o) if o.len() > s.len() => (this, o),
        _ => (other, s),
    };
    each(cx, through, hash_element, |cx, x, h| Ok(!has_hash(cx, within, x, h)?))
}

/// The hash of a set's elements, in whatever order they stand.
pub fn frozen_hash(s: &DictObj) -> i64 {
    let cached = s.hash.load(Ordering::Relaxed);
    if cached != 0 {
        return cached;
    }
    let shuffle = |h: u64| ((h ^ 89_869_747) ^ (h << 16)).wrapping_mul(3_644_798_167);
    let (mut acc, mut n, mut at) = (0u64, 0u64, 0);
    while let Some((i, h, ..)) = s.next_from(at) {
        acc ^= shuffle(h as u64);
        n += 1;
        at = i + 1;
    }
    acc ^= n.wrapping_add(1).wrapping_mul(1_927_868_237);
    acc ^= (acc >> 11) ^ (acc >> 25);
    acc = acc.wrapping_mul(69_069).wrapping_add(907_133_923);
    match acc as i64 {
        -1 => 590_923_713,
        h => h,
    }
}
