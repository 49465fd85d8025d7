//! Dict and set operations whose hash or equality may run Python code.
//!
//! The table is never locked while Python code runs: a look-up that called `__eq__` checks that the table and the entry
//! are still the ones it saw, and starts again otherwise.

use crate::errors::raise_key_error;
use crate::ops::{eq, full_type_name, hash, str_text};
use protocore::dict::{DictObj, DictTable, Find, Probe, Refused};
use protocore::{Ctx, PyResult, Raised, Ty, Value};
use std::sync::atomic::Ordering;

/// Hash of a key of a dict; a TypeError says that it was to be one.
#[inline]
pub fn hash_key(cx: &mut Ctx, key: Value) -> PyResult<i64> {
    match hash(cx, key) {
        Ok(h) => Ok(h),
        Err(r) => Err(unhashable_as(cx, r, key, "a dict key")),
    }
}

/// Hash of an element of a set; a TypeError says that it was to be one.
#[inline]
pub fn hash_element(cx: &mut Ctx, key: Value) -> PyResult<i64> {
    match hash(cx, key) {
        Ok(h) => Ok(h),
        Err(r) => Err(unhashable_as(cx, r, key, "a set element")),
    }
}

#[cold]
fn unhashable_as(cx: &mut Ctx, r: Raised, key: Value, what: &str) -> Raised {
    let exc = cx.take_raised(r);
    if !cx.is_exact(exc, Ty::TypeError) {
        return cx.set_raised(exc);
    }
    let text = match str_text(cx, exc) {
        Ok(t) => t,
        Err(r) => return r,
    };
    let name = full_type_name(cx, key);
    cx.type_error(&format!("cannot use '{name}' as {what} ({text})"))
}

/// Where a key was found.
#[derive(Clone, Copy)]
pub struct Found {
    /// The table it was found in.
    pub table: &'static DictTable,
    /// Entry number.
    pub entry: usize,
}

/// Outcome of a look-up: the table looked at and its length then, and the entry.
pub struct Look {
    table: Option<&'static DictTable>,
    seen: usize,
    /// The entry, if the key is there.
    pub found: Option<Found>,
}

/// Looks a key up.
#[inline]
pub fn dict_look(cx: &mut Ctx, d: &DictObj, key: Value, hash: i64) -> PyResult<Look> {
    'again: loop {
        let table = d.table();
        let Some(t) = table else { return Ok(Look { table, seen: 0, found: None }) };
        let seen = t.len();
        let mut probe = Probe::new(hash);
        loop {
            match t.find(key, hash, probe) {
                Find::Found(entry) => {
                    return Ok(Look { table, seen, found: Some(Found { table: t, entry }) });
                }
                Find::Missing => return Ok(Look { table, seen, found: None }),
                Find::Ask { entry, key: candidate, probe: p } => {
                    let same = eq(cx, candidate, key)?;
                    let still = d.table().is_some_and(|now| std::ptr::eq(now, t))
                        && t.live(entry).is_some_and(|(_, k, _)| k.is(candidate));
                    if !still {
                        continue 'again;
                    }
                    if same {
                        return Ok(Look { table, seen, found: Some(Found { table: t, entry }) });
                    }
                    probe = p;
                }
            }
        }
    }
}

/// `d.get(key)` with a known hash.
#[inline]
pub fn dict_get_hash(cx: &mut Ctx, d: &DictObj, key: Value, hash: i64) -> PyResult<Option<Value>> {
    loop {
        match dict_look(cx, d, key, hash)?.found {
            None => return Ok(None),
            Some(f) => {
                if let Some(v) = f.table.entries().get(f.entry).and_then(|e| e.value.get()) {
                    return Ok(Some(v));
                }
            }
        }
    }
}

/// `d.get(key)`.
#[inline]
pub fn dict_get(cx: &mut Ctx, d: &DictObj, key: Value) -> PyResult<Option<Value>> {
    let h = hash_key(cx, key)?;
    dict_get_hash(cx, d, key, h)
}

/// `key in d`.
pub fn dict_contains(cx: &mut Ctx, d: &DictObj, key: Value) -> PyResult<bool> {
    let h = hash_key(cx, key)?;
    Ok(dict_look(cx, d, key, h)?.found.is_some())
}

/// `d[key] = value` with a known hash; the old value.
pub fn dict_set_hash(
    cx: &mut Ctx,
    d: &DictObj,
    key: Value,
    hash: i64,
    value: Value,
) -> PyResult<Option<Value>> {
    loop {
        let look = dict_look(cx, d, key, hash)?;
        let changes = d.changes.load(Ordering::Acquire);
        let r = match look.found {
            Some(f) => cx.dict_replace(d, f.table, f.entry, value).map(Some),
            None => cx.dict_append(d, look.table, look.seen, hash, key, value).map(|()| None),
        };
        match r {
            Ok(old) => return Ok(old),
            Err(Refused::Changed) => {}
            Err(Refused::Full) => {
                if grow_and_append(cx, d, changes, hash, key, value)? {
                    return Ok(None);
                }
            }
        }
    }
}

/// Makes room and appends a key that was just found missing in a full table, without comparing keys again; whether it did.
/// `changes` is the dict's count of changes after that look-up: growth adds one, anything more says that another thread has been
/// there and the key has to be looked up again.
#[cold]
fn grow_and_append(
    cx: &mut Ctx,
    d: &DictObj,
    changes: u32,
    hash: i64,
    key: Value,
    value: Value,
) -> PyResult<bool> {
    if cx.dict_grow(d, 1).is_none() {
        return Err(cx.no_memory());
    }
    let table = d.table();
    let seen = table.map_or(0, DictTable::len);
    Ok(d.changes.load(Ordering::Acquire) == changes.wrapping_add(1)
        && cx.dict_append(d, table, seen, hash, key, value).is_ok())
}

/// `d[key] = value`.
#[inline]
pub fn dict_set(cx: &mut Ctx, d: &DictObj, key: Value, value: Value) -> PyResult<()> {
    let h = hash_key(cx, key)?;
    dict_set_hash(cx, d, key, h, value).map(|_| ())
}

/// `d.setdefault(key, value)` with a known hash: the value in the dict and whether it was inserted.
pub fn dict_setdefault(
    cx: &mut Ctx,
    d: &DictObj,
    key: Value,
    hash: i64,
    value: Value,
) -> PyResult<(Value, bool)> {
    loop {
        let look = dict_look(cx, d, key, hash)?;
        if let Some(f) = look.found {
            if let Some(v) = f.table.entries().get(f.entry).and_then(|e| e.value.get()) {
                return Ok((v, false));
            }
            continue;
        }
        let changes = d.changes.load(Ordering::Acquire);
        match cx.dict_append(d, look.table, look.seen, hash, key, value) {
            Ok(()) => return Ok((value, true)),
            Err(Refused::Changed) => {}
            Err(Refused::Full) => {
                if grow_and_append(cx, d, changes, hash, key, value)? {
                    return Ok((value, true));
                }
            }
        }
    }
}

/// Removes a key with a known hash; the key and value that were there.
pub fn dict_pop_hash(cx: &mut Ctx, d: &DictObj, key: Value, hash: i64) -> PyResult<Option<(Value, Value)>> {
    loop {
        let Some(f) = dict_look(cx, d, key, hash)?.found else { return Ok(None) };
        if let Ok(pair) = cx.dict_remove(d, f.table, f.entry) {
            return Ok(Some(pair));
        }
    }
}

/// Removes a key; its value if it was there.
pub fn dict_del(cx: &mut Ctx, d: &DictObj, key: Value) -> PyResult<Option<Value>> {
    let h = hash_key(cx, key)?;
    Ok(dict_pop_hash(cx, d, key, h)?.map(|(_, v)| v))
}

/// `d[key]`; KeyError.
pub fn dict_item(cx: &mut Ctx, d: &DictObj, key: Value) -> PyResult {
    match dict_get(cx, d, key)? {
        Some(v) => Ok(v),
        None => Err(raise_key_error(cx, key)),
    }
}

/// Adds to a set; whether it was new.
pub fn set_add(cx: &mut Ctx, s: &DictObj, key: Value) -> PyResult<bool> {
    let h = hash_element(cx, key)?;
    set_add_hash(cx, s, key, h)
}

/// As [`set_add`] with a known hash.
pub fn set_add_hash(cx: &mut Ctx, s: &DictObj, key: Value, hash: i64) -> PyResult<bool> {
    Ok(dict_setdefault(cx, s, key, hash, Value::TRUE)?.1)
}

/// Membership in a set.
pub fn set_contains(cx: &mut Ctx, s: &DictObj, key: Value) -> PyResult<bool> {
    let h = hash_element(cx, key)?;
    Ok(dict_look(cx, s, key, h)?.found.is_some())
}

/// Removes from a set; whether it was there.
pub fn set_discard(cx: &mut Ctx, s: &DictObj, key: Value) -> PyResult<bool> {
    let h = hash_element(cx, key)?;
    Ok(dict_pop_hash(cx, s, key, h)?.is_some())
}
