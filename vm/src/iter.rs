//! Iteration.

use crate::attr::type_lookup;
use crate::call::call;
use crate::errors::catch;
use crate::names::{N, name};
use crate::roots::ValueVec;
use protocore::layouts::{ListObj, StrObj, TupleObj};
use protocore::list::Stride;
use protocore::{Ctx, PyResult, Root, Ty, Value};
use std::ops::ControlFlow;

/// `iter(v)`.
pub fn iter(cx: &mut Ctx, v: Value) -> PyResult {
    let ty = cx.type_of(v);
    if let Some(f) = ty.slots.iter.get() {
        let it = f(cx, v)?;
        if cx.type_of(it).slots.iternext.address() == 0 {
            let msg = format!("iter() returned non-iterator of type '{}'", crate::ops::tp_name(cx, it));
            return Err(cx.type_error(&msg));
        }
        return Ok(it);
    }
    let n = name(cx, N::GetItem);
    let none_iter = {
        let n = name(cx, N::Iter);
        type_lookup(cx, ty, n).is_some_and(Value::is_none)
    };
    if !none_iter && ty.slots.getitem.address() != 0 && type_lookup(cx, ty, n).is_some() && !is_mapping(cx, v)
    {
        return Ok(cx.seq_iter(Ty::SeqIter, v, 0));
    }
    let msg = format!("'{}' object is not iterable", crate::ops::tp_name(cx, v));
    Err(cx.type_error(&msg))
}

fn is_mapping(cx: &Ctx, v: Value) -> bool {
    protocore::dict::DictObj::of(v).is_some() || cx.is_exact(v, Ty::MappingProxy) || cx.is_exact(v, Ty::Union)
}

/// `next(it)`; `None` when exhausted. The argument is an iterator. A safepoint, so that a loop over an endless iterator can be
/// interrupted, and does not keep the collector waiting.
#[inline]
pub fn next(cx: &mut Ctx, it: Value) -> PyResult<Option<Value>> {
    cx.safepoint()?;
    match cx.type_of(it).slots.iternext.get() {
        Some(f) => match f(cx, it) {
            Err(r) => stopped(cx, r),
            ok => ok,
        },
        None => {
            let msg = format!("'{}' object is not an iterator", crate::ops::tp_name(cx, it));
            Err(cx.type_error(&msg))
        }
    }
}

/// A StopIteration with a value is the end, too.
#[cold]
fn stopped(cx: &mut Ctx, r: protocore::Raised) -> PyResult<Option<Value>> {
    catch(cx, Err(r), Ty::StopIteration)
}

/// Runs `f` on every item of an iterable until it breaks.
pub fn for_each(
    cx: &mut Ctx,
    iterable: Value,
    mut f: impl FnMut(&mut Ctx, Value) -> PyResult<ControlFlow<()>>,
) -> PyResult<()> {
    if cx.is_exact(iterable, Ty::List)
        && let Some(l) = ListObj::of(iterable)
    {
        let mut i = 0;
        while let Some(v) = l.get(i) {
            cx.safepoint()?;
            if f(cx, v)?.is_break() {
                return Ok(());
            }
            i += 1;
        }
        return Ok(());
    }
    if cx.is_exact(iterable, Ty::Tuple)
        && let Some(t) = TupleObj::of(iterable)
    {
        for v in t.items() {
            cx.safepoint()?;
            if f(cx, *v)?.is_break() {
                break;
            }
        }
        crate::roots::keep_alive(iterable);
        return Ok(());
    }
    if cx.is_exact(iterable, Ty::Str)
        && let Some(s) = StrObj::of(iterable)
    {
        let text = s.str_ref();
        for i in 0..text.len() {
            cx.safepoint()?;
            let c = cx.char(text.get(i).unwrap_or(0));
            if f(cx, c)?.is_break() {
                break;
            }
        }
        crate::roots::keep_alive(iterable);
        return Ok(());
    }
    let it = iter(cx, iterable)?;
    while let Some(v) = next(cx, it)? {
        if f(cx, v)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// All items of an iterable.
pub fn to_vec(cx: &mut Ctx, iterable: Value) -> PyResult<ValueVec> {
    if cx.is_exact(iterable, Ty::List)
        && let Some(l) = ListObj::of(iterable)
    {
        return Ok(ValueVec::from_list(cx.list_gather(l, Stride::all)?));
    }
    if cx.is_exact(iterable, Ty::Tuple)
        && let Some(t) = TupleObj::of(iterable)
    {
        let v = ValueVec::from_slice(cx, t.items());
        crate::roots::keep_alive(iterable);
        return v;
    }
    let mut v = ValueVec::new(cx);
    for_each(cx, iterable, |cx, x| {
        v.push(cx, x)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(v)
}

/// As [`to_vec`]; a value that is not iterable raises TypeError with the given message.
pub fn to_vec_or(cx: &mut Ctx, iterable: Value, msg: &str) -> PyResult<ValueVec> {
    let ty = cx.type_of(iterable);
    if ty.slots.iter.address() == 0 && ty.slots.getitem.address() == 0 {
        return Err(cx.type_error(msg));
    }
    to_vec(cx, iterable)
}

/// Whether `v` can be iterated over, judged by its type.
pub fn is_iterable(cx: &Ctx, v: Value) -> bool {
    let ty = cx.type_of(v);
    ty.slots.iter.address() != 0 || ty.slots.getitem.address() != 0
}

/// `types.GenericAlias(origin, args)`.
pub fn generic_alias(cx: &mut Ctx, origin: Value, args: Value) -> PyResult {
    let ty = cx.ty(Ty::GenericAlias).value();
    call(cx, ty, &[origin, args])
}

/// Turns the `StopIteration` of an `Err` into `None`.
pub fn stop_to_none(cx: &mut Ctx, r: PyResult) -> PyResult<Option<Value>> {
    catch(cx, r, Ty::StopIteration)
}

/// The empty tuple.
pub fn empty_tuple(cx: &Ctx) -> Value {
    cx.root(Root::EmptyTuple)
}
