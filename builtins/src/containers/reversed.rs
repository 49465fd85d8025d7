//! `reversed`: the type's own iterator goes down a sequence by index; objects with `__reversed__` give their own.

use super::common::*;
use protopy_vm::names::{N, name};
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, NativeLayout, Payload, PyResult, Root, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{TypeSpec, call, get_item, len, lookup_special_name, methods, type_lookup};
use std::sync::atomic::{AtomicUsize, Ordering};

/// State of the iterator.
pub struct Reversed {
    /// The sequence, empty when exhausted.
    seq: Slot,
    /// Items still to give: one more than the next index.
    left: AtomicUsize,
}

impl Payload for Reversed {
    const NAME: &'static str = "reversed";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.seq);
    }
}

/// The type.
pub static REVERSED: TypeSpec = TypeSpec {
    ty: Some(Ty::Reversed),
    name: "reversed",
    layout: Layout::Native,
    vt: Some(Reversed::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(reversed_new),
        iter: Some(iter_self),
        iternext: Some(reversed_next),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    doc: "An iterator over the items of a sequence from the last to the first.",
    sig: Some("(sequence, /)"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Estimate how many items are left.
    "__length_hint__(self, /)" => hint;
    /// Return the arguments that make an iterator at the same place.
    "__reduce__(self, /)" => reversed_reduce;
    /// Move to an index.
    "__setstate__(self, object, /)" => setstate;
];

fn reversed_new(cx: &mut Ctx, cls: Value, args: Args<'_>) -> PyResult {
    let ty = class_of(cx, cls)?;
    no_keywords_unless_init(cx, "reversed", ty, Ty::Reversed, args)?;
    arity(cx, "reversed", args, 1, 1)?;
    new_reversed(cx, ty, arg(args.pos(), 0))
}

/// `reversed(seq)`
pub fn new_reversed(cx: &mut Ctx, ty: &TypeObj, seq: Value) -> PyResult {
    let n = name(cx, N::Reversed);
    let class = cx.type_of(seq);
    let special = type_lookup(cx, class, n);
    let refused = special.is_some_and(Value::is_none);
    if special.is_some()
        && !refused
        && let Some(m) = lookup_special_name(cx, seq, n)?
    {
        return call(cx, m, &[]);
    }
    let slots = &class.slots;
    let mapping = class.has(type_flags::MAPPING);
    if refused || mapping || slots.getitem.address() == 0 || slots.len.address() == 0 {
        let shown = cx.type_name(seq);
        return Err(if !refused && !mapping && slots.getitem.address() != 0 {
            cx.type_error(&format!("object of type '{shown}' has no len()"))
        } else {
            cx.type_error(&format!("'{shown}' object is not reversible"))
        });
    }
    let left = len(cx, seq)?;
    Ok(cx.new_native(ty, Reversed { seq: Slot::new(seq), left: AtomicUsize::new(left) }))
}

fn state(cx: &mut Ctx, v: Value) -> PyResult<&'static Reversed> {
    Ok(receiver!(cx, v, Value::native::<Reversed>, "reversed"))
}

fn reversed_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = state(cx, this)?;
    let Some(seq) = it.seq.get() else { return Ok(None) };
    if let Some(i) = it.left.load(Ordering::Relaxed).checked_sub(1) {
        let k = cx.int_usize(i);
        match get_item(cx, seq, k) {
            Ok(v) => {
                it.left.store(i, Ordering::Relaxed);
                return Ok(Some(v));
            }
            Err(r) => {
                let exc = cx.take_raised(r);
                if !cx.is_instance(exc, Ty::IndexError) && !cx.is_instance(exc, Ty::StopIteration) {
                    return Err(cx.set_raised(exc));
                }
            }
        }
    }
    it.left.store(0, Ordering::Relaxed);
    cx.store_empty(this, &it.seq);
    Ok(None)
}

fn hint(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let it = state(cx, arg(args, 0))?;
    let Some(seq) = it.seq.get() else { return Ok(Value::small(0)) };
    let n = len(cx, seq)?;
    let left = it.left.load(Ordering::Relaxed);
    Ok(cx.int_usize(if left <= n { left } else { 0 }))
}

fn reversed_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let it = state(cx, this)?;
    let class = cx.type_of(this).value();
    match (it.seq.get(), it.left.load(Ordering::Relaxed).checked_sub(1)) {
        (Some(seq), Some(i)) => {
            let i = cx.int_usize(i);
            reduce(cx, class, &[seq], Some(i))
        }
        _ => {
            let nothing = cx.root(Root::EmptyTuple);
            reduce(cx, class, &[nothing], None)
        }
    }
}

fn setstate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let it = state(cx, arg(args, 0))?;
    let i = ssize(cx, arg(args, 1))?;
    if let Some(seq) = it.seq.get() {
        let n = len(cx, seq)?;
        it.left.store((i.saturating_add(1).max(0) as usize).min(n), Ordering::Relaxed);
    }
    Ok(Value::NONE)
}
