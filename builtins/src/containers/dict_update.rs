//! Filling dicts: `dict(…)`, `update`, `|=`, `fromkeys`.

use super::dict::dict_iter;
use super::list_build::{list_from, list_from_iter};
use protopy_vm::names::{N, name};
use protopy_vm::protocore::dict::{DictObj, DictTable};
use protopy_vm::protocore::layouts::ListObj;
use protopy_vm::protocore::types::UnaryFn;
use protopy_vm::protocore::{Args, Ctx, PyResult, Raised, Ty, TypeObj, Value};
use protopy_vm::{
    call, call_method, dict_set, dict_set_hash, get_item, hash_key, is_iterable, iter, keep_alive,
    lookup_attr, next, set_item,
};

/// Room for so many more entries, where that is worth a new table. MemoryError.
fn reserve(cx: &mut Ctx, d: &DictObj, extra: usize) -> PyResult<()> {
    let free = d.table().map_or(0, |t| t.usable as usize - t.len());
    if extra <= 5 || free >= extra || cx.dict_grow(d, extra).is_some() {
        return Ok(());
    }
    Err(cx.no_memory())
}

/// The arguments of `dict(…)` and `update(…)`: at most one mapping or iterable, then keywords.
pub fn update_args(cx: &mut Ctx, d: &DictObj, what: &str, args: Args<'_>) -> PyResult<()> {
    super::common::arity(cx, what, args, 0, 1)?;
    if let Some(other) = args.pos().first() {
        merge_arg(cx, d, *other)?;
    }
    for (k, v) in args.kw() {
        dict_set(cx, d, k, v)?;
    }
    Ok(())
}

/// Adds what a mapping (something with `keys`) or an iterable of pairs holds.
pub fn merge_arg(cx: &mut Ctx, d: &DictObj, other: Value) -> PyResult<()> {
    if cx.is_exact(other, Ty::Dict) {
        return merge_mapping(cx, d, other);
    }
    let n = name(cx, N::Keys);
    match lookup_attr(cx, other, n)? {
        Some(_) => merge_mapping(cx, d, other),
        None => merge_pairs(cx, d, other),
    }
}

/// Adds the items of a mapping.
pub fn merge_mapping(cx: &mut Ctx, d: &DictObj, other: Value) -> PyResult<()> {
    if let Some(src) = DictObj::of(other)
        && cx.type_of(other).slots.iter.get().is_some_and(|f| std::ptr::fn_addr_eq(f, dict_iter as UnaryFn))
    {
        return merge_dict(cx, d, src);
    }
    let keys = call_method(cx, other, "keys", &[])?;
    if !is_iterable(cx, keys) {
        let msg = format!(
            "{}.keys() returned a non-iterable (type {})",
            protopy_vm::ops::tp_name(cx, other),
            protopy_vm::ops::tp_name(cx, keys)
        );
        return Err(cx.type_error(&msg));
    }
    let keys = list_from(cx, keys)?;
    let mut i = 0;
    while let Some(k) = ListObj::of(keys).and_then(|l| l.get(i)) {
        let v = get_item(cx, other, k)?;
        dict_set(cx, d, k, v)?;
        i += 1;
    }
    Ok(())
}

fn merge_dict(cx: &mut Ctx, d: &DictObj, src: &DictObj) -> PyResult<()> {
    if std::ptr::eq(d, src) || src.is_empty() {
        return Ok(());
    }
    if d.table().is_none() && cx.single_threaded() {
        // Clearing renews the version of the keys, which copying does not.
        cx.dict_clear(d);
        return match cx.dict_copy_into(src, d) {
            Some(()) => Ok(()),
            None => Err(cx.no_memory()),
        };
    }
    // Other threads see all of the update at once, unless Python code has to compare keys.
    let given = src;
    let src = cx.dict_private(given)?;
    if cx.dict_adopt(d, src) {
        return Ok(());
    }
    let n = src.len();
    reserve(cx, d, n)?;
    let Some(t) = src.table() else { return Ok(()) };
    let mut i = cx.dict_merge_known(d, src, 0);
    while i < t.len() {
        if let Some((h, k, v)) = t.live(i) {
            dict_set_hash(cx, d, k, h, v)?;
        }
        // The comparison of keys has changed it, or another thread has meanwhile.
        if given.len() != n {
            return Err(cx.raise_str(Ty::RuntimeError, "dict mutated during update"));
        }
        i = cx.dict_merge_known(d, src, i + 1);
    }
    keep_alive(Value::from_ref(t));
    keep_alive(src.value());
    Ok(())
}

/// Adds the pairs that an iterable gives.
pub fn merge_pairs(cx: &mut Ctx, d: &DictObj, other: Value) -> PyResult<()> {
    let it = iter(cx, other)?;
    let mut i = 0;
    while let Some(pair) = next(cx, it)? {
        let items = match pair_items(cx, pair) {
            Ok(items) => items,
            Err(r) => return Err(with_note(cx, r, i)),
        };
        match ListObj::of(items).map(|l| (l.len(), l.get(0), l.get(1))) {
            Some((2, Some(k), Some(v))) => dict_set(cx, d, k, v)?,
            found => {
                let n = found.map_or(0, |(n, ..)| n);
                let msg = format!("dictionary update sequence element #{i} has length {n}; 2 is required");
                return Err(cx.value_error(&msg));
            }
        }
        i += 1;
    }
    Ok(())
}

/// The items of what should be a pair, as a list.
fn pair_items(cx: &mut Ctx, pair: Value) -> PyResult {
    if cx.is_exact(pair, Ty::List) {
        return Ok(pair);
    }
    if let Some(t) = protopy_vm::protocore::layouts::TupleObj::of(pair)
        && cx.is_exact(pair, Ty::Tuple)
    {
        let l = cx.list(t.items());
        keep_alive(pair);
        return l;
    }
    if !is_iterable(cx, pair) {
        return Err(cx.type_error("object is not iterable"));
    }
    let it = iter(cx, pair)?;
    list_from_iter(cx, it)
}

/// Notes on a TypeError which element was no pair.
#[cold]
fn with_note(cx: &mut Ctx, r: Raised, i: usize) -> Raised {
    let exc = cx.take_raised(r);
    if cx.is_instance(exc, Ty::TypeError) {
        let note = cx.str(&format!("Cannot convert dictionary update sequence element #{i} to a sequence"));
        if let Err(r) = call_method(cx, exc, "add_note", &[note]) {
            return r;
        }
    }
    cx.set_raised(exc)
}

/// `cls.fromkeys(iterable, value)`
pub fn fromkeys(cx: &mut Ctx, cls: Value, iterable: Value, value: Value) -> PyResult {
    let exact = TypeObj::of(cls).is_some_and(|t| std::ptr::eq(t, cx.ty(Ty::Dict)));
    let made = if exact { cx.dict() } else { call(cx, cls, &[])? };
    let plain = if cx.is_exact(made, Ty::Dict) { DictObj::of(made) } else { None };
    if let Some(d) = plain
        && let Some(t) = hashed_keys(cx, iterable)
    {
        reserve(cx, d, t.len())?;
        for i in 0..t.len() {
            if let Some((h, k, _)) = t.live(i) {
                dict_set_hash(cx, d, k, h, value)?;
            }
            cx.breathe();
        }
        keep_alive(Value::from_ref(t));
        return Ok(made);
    }
    let it = iter(cx, iterable)?;
    while let Some(k) = next(cx, it)? {
        match plain {
            Some(d) => {
                let h = hash_key(cx, k)?;
                dict_set_hash(cx, d, k, h, value)?;
            }
            None => set_item(cx, made, k, Some(value))?,
        }
        cx.safepoint()?;
    }
    Ok(made)
}

/// The table of an exact dict, set or frozenset, whose keys carry their hashes.
fn hashed_keys(cx: &Ctx, v: Value) -> Option<&'static DictTable> {
    if cx.is_exact(v, Ty::Dict) {
        DictObj::of(v)?.table()
    } else if cx.is_exact(v, Ty::Set) || cx.is_exact(v, Ty::FrozenSet) {
        DictObj::of_set(v)?.table()
    } else {
        None
    }
}
