//! Filling lists from iterables.
//!
//! Lists, tuples, ranges, dicts, sets and dict views are copied without an iterator, at one moment as far as other threads are
//! concerned; everything else is iterated over. As in CPython the iterable is asked for a length hint, whose errors count.

use super::dict_views::{DictView, ViewKind};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, ListObj, RangeObj, StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{iter, keep_alive, length_hint, next};

/// A new list of an iterable's items.
pub fn list_from(cx: &mut Ctx, iterable: Value) -> PyResult {
    let ty = cx.ty(Ty::List);
    let v = cx.new_list(ty);
    if let Some(l) = ListObj::of(v) {
        extend(cx, l, iterable)?;
    }
    Ok(v)
}

/// A new list of the items that an iterator has left.
pub fn list_from_iter(cx: &mut Ctx, it: Value) -> PyResult {
    let ty = cx.ty(Ty::List);
    let v = cx.new_list(ty);
    if let Some(l) = ListObj::of(v) {
        while let Some(x) = next(cx, it)? {
            cx.list_append(l, x)?;
        }
    }
    Ok(v)
}

/// `l.extend(iterable)`.
pub fn extend(cx: &mut Ctx, l: &ListObj, iterable: Value) -> PyResult<()> {
    if cx.is_exact(iterable, Ty::List)
        && let Some(src) = ListObj::of(iterable)
    {
        return cx.list_extend_list(l, src);
    }
    if cx.is_exact(iterable, Ty::Tuple)
        && let Some(t) = TupleObj::of(iterable)
    {
        let r = cx.list_extend(l, t.items());
        keep_alive(iterable);
        return r;
    }
    if let Some(r) = RangeObj::of(iterable)
        && let Some(done) = extend_range(cx, l, r)
    {
        return done;
    }
    if cx.is_exact(iterable, Ty::Dict)
        && let Some(d) = DictObj::of(iterable)
    {
        return extend_table(cx, l, d, ViewKind::Keys);
    }
    if (cx.is_exact(iterable, Ty::Set) || cx.is_exact(iterable, Ty::FrozenSet))
        && let Some(s) = DictObj::of_set(iterable)
    {
        return extend_table(cx, l, s, ViewKind::Keys);
    }
    if let Some(v) = iterable.native::<DictView>()
        && let Some(d) = v.dict.get().filter(|d| cx.is_exact(*d, Ty::Dict)).and_then(DictObj::of)
    {
        return extend_table(cx, l, d, v.kind);
    }
    if let Some(s) = StrObj::of(iterable).filter(|_| cx.is_exact(iterable, Ty::Str)) {
        return extend_chars(cx, l, s);
    }
    if let Some(b) = BytesObj::of(iterable).filter(|_| cx.is_exact(iterable, Ty::Bytes)) {
        let bytes = b.bytes();
        return fill(cx, l, bytes.len(), |_, i| {
            bytes.get(i).map_or(Value::NONE, |b| Value::small(i64::from(*b)))
        });
    }
    extend_iter(cx, l, iterable)
}

fn extend_chars(cx: &mut Ctx, l: &ListObj, s: &StrObj) -> PyResult<()> {
    let text = s.str_ref();
    let r = fill(cx, l, text.len(), |cx, i| cx.char(text.get(i).unwrap_or(0)));
    keep_alive(s.value());
    r
}

/// Items that are appended at a time.
const STEP: usize = 64;

/// Appends `n` items. They are made in steps between which other threads may stop this one; if there are others, who may see the list, they
/// come together in a list of their own first.
fn fill(cx: &mut Ctx, l: &ListObj, n: usize, item: impl Fn(&mut Ctx, usize) -> Value) -> PyResult<()> {
    if cx.single_threaded() || n <= STEP {
        return fill_in_steps(cx, l, n, item);
    }
    let ty = cx.ty(Ty::List);
    let own = cx.new_list(ty);
    let Some(items) = ListObj::of(own) else { return Ok(()) };
    fill_in_steps(cx, items, n, item)?;
    cx.list_extend_list(l, items)
}

fn fill_in_steps(
    cx: &mut Ctx,
    l: &ListObj,
    n: usize,
    item: impl Fn(&mut Ctx, usize) -> Value,
) -> PyResult<()> {
    let Some(want) = l.len().checked_add(n) else { return Err(cx.no_memory()) };
    cx.list_reserve(l, want)?;
    let mut at = 0;
    while at < n {
        let mut some = [Value::NONE; STEP];
        let count = some.len().min(n - at);
        for (k, v) in some.iter_mut().enumerate().take(count) {
            *v = item(cx, at + k);
        }
        cx.list_extend(l, some.get(..count).unwrap_or(&[]))?;
        at += count;
        cx.safepoint()?;
    }
    Ok(())
}

/// A range of small numbers; `None` for another.
fn extend_range(cx: &mut Ctx, l: &ListObj, r: &RangeObj) -> Option<PyResult<()>> {
    let small = |v: Option<Value>| match IntRef::of(v?)? {
        IntRef::Small(n) => Some(n),
        IntRef::Big(_) => None,
    };
    let (start, step, n) = (small(r.start.get())?, small(r.step.get())?, small(r.length.get())?);
    if n > 0 {
        let last = (n - 1).checked_mul(step).and_then(|d| d.checked_add(start))?;
        Value::try_small(start).and(Value::try_small(last))?;
    }
    Some(fill_range(cx, l, start, step, n as usize))
}

fn fill_range(cx: &mut Ctx, l: &ListObj, start: i64, step: i64, n: usize) -> PyResult<()> {
    fill(cx, l, n, |_, i| Value::small(start.wrapping_add(step.wrapping_mul(i as i64))))
}

/// The keys, values or items of a dict, or a set's items.
fn extend_table(cx: &mut Ctx, l: &ListObj, d: &DictObj, what: ViewKind) -> PyResult<()> {
    let Some(want) = l.len().checked_add(d.len()) else { return Err(cx.no_memory()) };
    cx.list_reserve(l, want)?;
    let Some(t) = d.table() else { return Ok(()) };
    for i in 0..t.len() {
        let Some((_, k, v)) = t.live(i) else { continue };
        let x = match what {
            ViewKind::Keys => k,
            ViewKind::Values => v,
            ViewKind::Items => cx.pair(k, v),
        };
        cx.list_append(l, x)?;
    }
    keep_alive(Value::from_ref(t));
    Ok(())
}

fn extend_iter(cx: &mut Ctx, l: &ListObj, iterable: Value) -> PyResult<()> {
    let it = iter(cx, iterable)?;
    let hint = length_hint(cx, iterable, 8)?;
    if let Some(want) = l.len().checked_add(hint).filter(|n| *n <= i64::MAX as usize)
        && hint > 8
    {
        cx.list_reserve(l, want)?;
    }
    while let Some(v) = next(cx, it)? {
        cx.list_append(l, v)?;
        cx.safepoint()?;
    }
    Ok(())
}
