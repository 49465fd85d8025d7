//! The iterator over an array.

use super::{Array, Types, value_at};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::{self as vm, TypeSpec, methods};
use std::sync::atomic::{AtomicUsize, Ordering};

/// An iterator over an array; without one when exhausted.
struct Iter {
    array: Slot,
    at: AtomicUsize,
}

impl Payload for Iter {
    const NAME: &'static str = "arrayiterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.array);
    }
}

pub(super) static ITER: TypeSpec = TypeSpec {
    name: "arrayiterator",
    module: "array",
    layout: Layout::Native,
    vt: Some(<Iter as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(|_, v| Ok(v)), iternext: Some(iter_next), ..SlotSpec::NONE },
    methods: methods![
        /// Helps pickle.
        "__reduce__(self, /)" => iter_reduce;
        /// Helps pickle.
        "__setstate__(self, state, /)" => |cx, a| {
            let n = vm::index_clamped(cx, a[1])?;
            if let Some(it) = a[0].native::<Iter>() {
                it.at.store(usize::try_from(n).unwrap_or(0), Ordering::Relaxed);
            }
            Ok(Value::NONE)
        };
    ],
    ..TypeSpec::BASE
};

pub(super) fn array_iter(cx: &mut Ctx, v: Value) -> PyResult {
    match cx.space().state::<Types>().iter.get().and_then(TypeObj::of) {
        Some(t) => Ok(cx.new_native(t, Iter { array: Slot::new(v), at: AtomicUsize::new(0) })),
        None => Err(cx.raise_str(Ty::SystemError, "the module array is not initialised")),
    }
}

fn iter_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let Some(it) = v.native::<Iter>() else { return Ok(None) };
    let Some(a) = it.array.get().and_then(|a| a.native::<Array>()) else { return Ok(None) };
    let at = it.at.load(Ordering::Relaxed);
    match value_at(cx, a, at)? {
        Some(x) => {
            it.at.store(at + 1, Ordering::Relaxed);
            Ok(Some(x))
        }
        None => {
            cx.store_empty(v, &it.array);
            Ok(None)
        }
    }
}

fn iter_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let iter = vm::import_attr(cx, "builtins", "iter")?;
    let Some(it) = a[0].native::<Iter>() else { return Err(cx.type_error("not an iterator")) };
    match it.array.get() {
        Some(array) => {
            let args = cx.tuple(&[array]);
            let at = cx.int_usize(it.at.load(Ordering::Relaxed));
            cx.tuple_of(None, &[iter, args, at])
        }
        None => {
            let empty = cx.tuple(&[]);
            let args = cx.tuple(&[empty]);
            cx.tuple_of(None, &[iter, args])
        }
    }
}
