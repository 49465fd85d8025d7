//! Iterators by index: over lists (both ways), tuples, and anything that has `__getitem__` alone.
//!
//! All share one layout. A list's reverse iterator keeps the number of items that it has still to give as its index.

use super::common::*;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::{ListObj, MethodDef, SeqIterObj, TupleObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Ctx, PyResult, Root, Ty, Value};
use protopy_vm::{TypeSpec, get_item, len, methods};
use std::sync::atomic::Ordering;

macro_rules! iter_type {
    ($name:ident, $ty:ident, $text:literal, $next:ident, $methods:ident) => {
        /// The type of one kind of iterator.
        pub static $name: TypeSpec = TypeSpec {
            ty: Some(Ty::$ty),
            name: $text,
            layout: Layout::SeqIter,
            slots: SlotSpec { iter: Some(iter_self), iternext: Some($next), ..SlotSpec::NONE },
            methods: $methods,
            ..TypeSpec::BASE
        };

        static $methods: &[MethodDef] = methods![
            /// Estimate how many items are left.
            "__length_hint__(self, /)" => hint;
            /// Return the arguments that make an iterator at the same place.
            "__reduce__(self, /)" => iter_reduce;
            /// Move to a position.
            "__setstate__(self, object, /)" => setstate;
        ];
    };
}

iter_type!(LIST_ITER, ListIter, "list_iterator", list_next, LIST_ITER_METHODS);
iter_type!(LIST_REV_ITER, ListRevIter, "list_reverseiterator", list_rev_next, LIST_REV_METHODS);
iter_type!(TUPLE_ITER, TupleIter, "tuple_iterator", tuple_next, TUPLE_ITER_METHODS);
iter_type!(SEQ_ITER, SeqIter, "iterator", seq_next, SEQ_ITER_METHODS);

#[inline]
fn state(cx: &mut Ctx, v: Value) -> PyResult<&'static SeqIterObj> {
    Ok(receiver!(cx, v, SeqIterObj::of, "iterator"))
}

fn list_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = state(cx, this)?;
    let Some(l) = it.seq.get().and_then(ListObj::of) else { return Ok(None) };
    let i = it.index.load(Ordering::Relaxed);
    match l.get(i) {
        Some(v) => {
            it.index.store(i + 1, Ordering::Relaxed);
            Ok(Some(v))
        }
        None => {
            cx.store_empty(this, &it.seq);
            Ok(None)
        }
    }
}

fn list_rev_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = state(cx, this)?;
    let Some(l) = it.seq.get().and_then(ListObj::of) else { return Ok(None) };
    let found = it.index.load(Ordering::Relaxed).checked_sub(1).and_then(|i| Some((i, l.get(i)?)));
    match found {
        Some((i, v)) => {
            it.index.store(i, Ordering::Relaxed);
            Ok(Some(v))
        }
        None => {
            cx.store_empty(this, &it.seq);
            Ok(None)
        }
    }
}

fn tuple_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = state(cx, this)?;
    let Some(t) = it.seq.get().and_then(TupleObj::of) else { return Ok(None) };
    let i = it.index.load(Ordering::Relaxed);
    match t.items().get(i) {
        Some(v) => {
            it.index.store(i + 1, Ordering::Relaxed);
            Ok(Some(*v))
        }
        None => {
            cx.store_empty(this, &it.seq);
            Ok(None)
        }
    }
}

fn seq_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = state(cx, this)?;
    let Some(seq) = it.seq.get() else { return Ok(None) };
    let i = it.index.load(Ordering::Relaxed);
    if i >= i64::MAX as usize {
        return Err(cx.raise_str(Ty::OverflowError, "iter index too large"));
    }
    let k = cx.int_usize(i);
    match get_item(cx, seq, k) {
        Ok(v) => {
            it.index.store(i + 1, Ordering::Relaxed);
            Ok(Some(v))
        }
        Err(r) => {
            let exc = cx.take_raised(r);
            if !cx.is_instance(exc, Ty::IndexError) && !cx.is_instance(exc, Ty::StopIteration) {
                return Err(cx.set_raised(exc));
            }
            cx.store_empty(this, &it.seq);
            Ok(None)
        }
    }
}

fn hint(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let it = state(cx, this)?;
    let Some(seq) = it.seq.get() else { return Ok(Value::small(0)) };
    if cx.type_of(seq).slots.len.address() == 0 {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let (i, n) = (it.index.load(Ordering::Relaxed), len(cx, seq)?);
    let left =
        if cx.is_exact(this, Ty::ListRevIter) { if i <= n { i } else { 0 } } else { n.saturating_sub(i) };
    Ok(cx.int_usize(left))
}

fn iter_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let it = state(cx, this)?;
    let i = it.index.load(Ordering::Relaxed);
    let reverse = cx.is_exact(this, Ty::ListRevIter);
    match it.seq.get() {
        Some(seq) if reverse => {
            let f = builtin(cx, "reversed")?;
            match i.checked_sub(1) {
                Some(last) => {
                    let last = cx.int_usize(last);
                    reduce(cx, f, &[seq], Some(last))
                }
                None => {
                    let nothing = cx.list(&[])?;
                    reduce(cx, f, &[nothing], None)
                }
            }
        }
        Some(seq) => {
            let i = cx.int_usize(i);
            reduce_iter(cx, seq, Some(i))
        }
        None if reverse || cx.is_exact(this, Ty::ListIter) => {
            let f = builtin(cx, if reverse { "reversed" } else { "iter" })?;
            let nothing = cx.list(&[])?;
            reduce(cx, f, &[nothing], None)
        }
        None => {
            let nothing = cx.root(Root::EmptyTuple);
            reduce_iter(cx, nothing, None)
        }
    }
}

fn setstate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let i = ssize(cx, arg(args, 1))?;
    let it = state(cx, this)?;
    let Some(seq) = it.seq.get() else { return Ok(Value::NONE) };
    let n = match (ListObj::of(seq), TupleObj::of(seq)) {
        _ if cx.is_exact(this, Ty::SeqIter) => i64::MAX as usize,
        (Some(l), _) => l.len(),
        (_, Some(t)) => t.items().len(),
        _ => i64::MAX as usize,
    };
    let at = if cx.is_exact(this, Ty::ListRevIter) { i.saturating_add(1) } else { i };
    it.index.store((at.max(0) as usize).min(n), Ordering::Relaxed);
    Ok(Value::NONE)
}
