//! `iter(callable, sentinel)`: an iterator that calls until it gets the sentinel.

use super::common::*;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Ctx, NativeLayout, Payload, PyResult, Root, Slot, Tracer, Ty, Value};
use protopy_vm::{TypeSpec, call, catch, eq, methods};

/// State of the iterator.
pub struct CallIter {
    /// What is called, empty when exhausted.
    callable: Slot,
    sentinel: Slot,
}

impl Payload for CallIter {
    const NAME: &'static str = "callable_iterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.callable);
        t.slot(&self.sentinel);
    }
}

/// The type.
pub static CALL_ITER: TypeSpec = TypeSpec {
    ty: Some(Ty::CallIter),
    name: "callable_iterator",
    layout: Layout::Native,
    vt: Some(CallIter::VT),
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(call_next), ..SlotSpec::NONE },
    methods: CALL_METHODS,
    ..TypeSpec::BASE
};

static CALL_METHODS: &[MethodDef] = methods![
    /// Return the arguments that make such an iterator again.
    "__reduce__(self, /)" => call_reduce;
];

/// An iterator over what calls answer, until that is the sentinel.
pub fn new_call_iter(cx: &mut Ctx, callable: Value, sentinel: Value) -> Value {
    let ty = cx.ty(Ty::CallIter);
    cx.new_native(ty, CallIter { callable: Slot::new(callable), sentinel: Slot::new(sentinel) })
}

fn call_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = receiver!(cx, this, Value::native::<CallIter>, "callable_iterator");
    let Some(f) = it.callable.get() else { return Ok(None) };
    let r = call(cx, f, &[]);
    if let Some(v) = catch(cx, r, Ty::StopIteration)? {
        // The call itself may have exhausted this iterator.
        let Some(sentinel) = it.sentinel.get() else { return Ok(None) };
        if !eq(cx, sentinel, v)? {
            return Ok(Some(v));
        }
    }
    cx.store_empty(this, &it.callable);
    cx.store_empty(this, &it.sentinel);
    Ok(None)
}

fn call_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let it = receiver!(cx, arg(args, 0), Value::native::<CallIter>, "callable_iterator");
    match (it.callable.get(), it.sentinel.get()) {
        (Some(f), Some(s)) => {
            let iter = builtin(cx, "iter")?;
            reduce(cx, iter, &[f, s], None)
        }
        _ => {
            let nothing = cx.root(Root::EmptyTuple);
            reduce_iter(cx, nothing, None)
        }
    }
}
