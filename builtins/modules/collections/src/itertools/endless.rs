//! `count`, `cycle`, `repeat`.

use super::{advance, bind, class, exactly, iterator, this};
use protopy_vm::ops::BinOp;
use protopy_vm::protocore::layouts::{FloatObj, IntRef};
use protopy_vm::protocore::{Args, Ctx, Payload, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::{self as vm, methods};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

/// `count`: the next number and the step.
pub(super) struct Count {
    next: Slot,
    step: Slot,
}

impl Payload for Count {
    const NAME: &'static str = "count";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.next);
        t.slot(&self.step);
    }
}

iterator!(COUNT, "count", "Numbers from a start on, by a step.", "(start=0, step=1)", Count, count_new, count_next, repr: count_repr);

fn is_number(cx: &Ctx, v: Value) -> bool {
    let s = &cx.type_of(v).slots;
    IntRef::of(v).is_some()
        || FloatObj::of(v).is_some()
        || s.index.address() != 0
        || s.float.address() != 0
        || s.int.address() != 0
        || cx.is_instance(v, Ty::Complex)
}

fn count_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [start, step] = bind(cx, "count", ["start", "step"], 0, args)?;
    let start = start.bound().unwrap_or(Value::small(0));
    let step = step.bound().unwrap_or(Value::small(1));
    if !is_number(cx, start) || !is_number(cx, step) {
        return Err(cx.type_error("a number is required"));
    }
    let t = class(cx, ty)?;
    Ok(cx.new_native(t, Count { next: Slot::new(start), step: Slot::new(step) }))
}

fn count_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let c = this::<Count>(cx, v)?;
    let step = c.step.get_or_none();
    loop {
        let now = c.next.get_or_none();
        let next = vm::binary_op(cx, BinOp::Add, now, step)?;
        // Threads that share the counter get different numbers.
        if cx.store_if(v, &c.next, now, next) {
            return Ok(Some(now));
        }
    }
}

fn count_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let c = this::<Count>(cx, v)?;
    let (now, step) = (c.next.get_or_none(), c.step.get_or_none());
    let n = vm::repr_text(cx, now)?;
    let name = cx.type_name(v);
    let text = if step.as_small() == Some(1) {
        format!("{name}({n})")
    } else {
        let s = vm::repr_text(cx, step)?;
        format!("{name}({n}, {s})")
    };
    Ok(cx.str(&text))
}

/// `cycle`: the iterator while it lasts, and what it gave.
pub(super) struct Cycle {
    it: Slot,
    saved: Slot,
    at: AtomicUsize,
}

impl Payload for Cycle {
    const NAME: &'static str = "cycle";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.it);
        t.slot(&self.saved);
    }
}

iterator!(
    CYCLE,
    "cycle",
    "The items of an iterable over and over.",
    "(iterable, /)",
    Cycle,
    cycle_new,
    cycle_next
);

fn cycle_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [iterable] = exactly(cx, "cycle", ty, args)?;
    let it = vm::iter(cx, iterable)?;
    let saved = cx.list(&[])?;
    let t = class(cx, ty)?;
    Ok(cx.new_native(t, Cycle { it: Slot::new(it), saved: Slot::new(saved), at: AtomicUsize::new(0) }))
}

fn cycle_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let c = this::<Cycle>(cx, v)?;
    let Some(saved) = c.saved.get().and_then(protopy_vm::protocore::layouts::ListObj::of) else {
        return Ok(None);
    };
    if let Some(x) = advance(cx, v, &c.it)? {
        cx.list_append(saved, x)?;
        return Ok(Some(x));
    }
    let n = saved.len();
    if n == 0 {
        return Ok(None);
    }
    let i = c.at.load(Ordering::Relaxed) % n;
    c.at.store((i + 1) % n, Ordering::Relaxed);
    Ok(saved.get(i))
}

/// `repeat`: the object and how often it is still given; below zero: forever.
pub(super) struct Repeat {
    item: Slot,
    left: AtomicI64,
}

impl Payload for Repeat {
    const NAME: &'static str = "repeat";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.item);
    }
}

iterator!(REPEAT, "repeat", "An object over and over, or a number of times.", "(object, times=<unrepresentable>)", Repeat, repeat_new, repeat_next, repr: repeat_repr; methods methods![
    /// How often the object is still given.
    "__length_hint__(self, /)" => repeat_hint;
]);

fn repeat_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [item, times] = bind(cx, "repeat", ["object", "times"], 1, args)?;
    let left = match times.bound() {
        Some(n) => vm::index_i64(cx, n, Ty::OverflowError)?.max(0),
        None => -1,
    };
    let t = class(cx, ty)?;
    Ok(cx.new_native(t, Repeat { item: Slot::new(item), left: AtomicI64::new(left) }))
}

fn repeat_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let r = this::<Repeat>(cx, v)?;
    let left = r.left.load(Ordering::Relaxed);
    if left == 0 {
        return Ok(None);
    }
    if left > 0 {
        r.left.store(left - 1, Ordering::Relaxed);
    }
    Ok(r.item.get())
}

fn repeat_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let r = this::<Repeat>(cx, v)?;
    let item = r.item.get_or_none();
    let shown = vm::repr_text(cx, item)?;
    let name = cx.type_name(v);
    let left = r.left.load(Ordering::Relaxed);
    let text = if left < 0 { format!("{name}({shown})") } else { format!("{name}({shown}, {left})") };
    Ok(cx.str(&text))
}

fn repeat_hint(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let left = this::<Repeat>(cx, a[0])?.left.load(Ordering::Relaxed);
    if left < 0 { Err(cx.type_error("len() of unsized object")) } else { Ok(cx.int(left)) }
}
