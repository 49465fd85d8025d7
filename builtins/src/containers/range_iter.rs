//! Iterators over ranges: `range_iterator` for immediate ints, `longrange_iterator` for all others.

use super::common::*;
use super::range::make_range;
use num_bigint::BigInt;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::{IntRef, MethodDef, RangeIterObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Ctx, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::{TypeSpec, index, methods};
use std::sync::atomic::Ordering;

/// The type of iterators over small numbers.
pub static RANGE_ITER: TypeSpec = TypeSpec {
    ty: Some(Ty::RangeIter),
    name: "range_iterator",
    layout: Layout::RangeIter,
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(range_iter_next), ..SlotSpec::NONE },
    methods: SMALL_METHODS,
    ..TypeSpec::BASE
};

/// The type of iterators over numbers of any size.
pub static LONG_RANGE_ITER: TypeSpec = TypeSpec {
    ty: Some(Ty::LongRangeIter),
    name: "longrange_iterator",
    layout: Layout::Native,
    vt: Some(LongRangeIter::VT),
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(long_next), ..SlotSpec::NONE },
    methods: LONG_METHODS,
    ..TypeSpec::BASE
};

static SMALL_METHODS: &[MethodDef] = methods![
    /// Return how many numbers are left.
    "__length_hint__(self, /)" => small_hint;
    /// Return the arguments that make an iterator over the numbers that are left.
    "__reduce__(self, /)" => small_reduce;
    /// Skip so many numbers.
    "__setstate__(self, object, /)" => small_setstate;
];

static LONG_METHODS: &[MethodDef] = methods![
    /// Return how many numbers are left.
    "__length_hint__(self, /)" => long_hint;
    /// Return the arguments that make an iterator over the numbers that are left.
    "__reduce__(self, /)" => long_reduce;
    /// Skip so many numbers.
    "__setstate__(self, object, /)" => long_setstate;
];

/// State of an iterator over numbers of any size: three ints.
pub struct LongRangeIter {
    next: Slot,
    step: Slot,
    left: Slot,
}

impl Payload for LongRangeIter {
    const NAME: &'static str = "longrange_iterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.next);
        t.slot(&self.step);
        t.slot(&self.left);
    }
}

/// An iterator over `len` numbers.
pub fn iter_numbers(cx: &mut Ctx, start: Value, step: Value, len: Value) -> Value {
    if let (Some(a), Some(s), Some(n)) = (start.as_small(), step.as_small(), len.as_small()) {
        let last = i128::from(a) + i128::from(n.max(1) - 1) * i128::from(s);
        if i64::try_from(last).ok().and_then(Value::try_small).is_some() {
            return cx.range_iter(a, s, n);
        }
    }
    let ty = cx.ty(Ty::LongRangeIter);
    let state = LongRangeIter { next: Slot::new(start), step: Slot::new(step), left: Slot::new(len) };
    cx.new_native(ty, state)
}

#[inline]
fn small(cx: &mut Ctx, v: Value) -> PyResult<&'static RangeIterObj> {
    Ok(receiver!(cx, v, RangeIterObj::of, "range_iterator"))
}

fn range_iter_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = small(cx, this)?;
    // Threads that share the iterator get each number once.
    let taken = if cx.single_threaded() {
        let left = it.left.load(Ordering::Relaxed);
        it.left.store(left.saturating_sub(1).max(0), Ordering::Relaxed);
        left
    } else {
        let less = |n: i64| (n > 0).then(|| n - 1);
        it.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).unwrap_or(0)
    };
    Ok((taken > 0).then(|| cx.int(it.at(taken))))
}

fn small_hint(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let it = small(cx, arg(args, 0))?;
    Ok(cx.int(it.left.load(Ordering::Relaxed).max(0)))
}

fn small_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let it = small(cx, arg(args, 0))?;
    let left = it.left.load(Ordering::Relaxed).max(0);
    let next = it.at(left);
    let stop = BigInt::from(i128::from(next) + i128::from(left) * i128::from(it.step));
    let (a, b, s) = (cx.int(next), cx.bigint(stop), cx.int(it.step));
    let r = make_range(cx, a, b, s);
    reduce_iter(cx, r, Some(Value::NONE))
}

fn small_setstate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let it = small(cx, arg(args, 0))?;
    let left = it.left.load(Ordering::Relaxed).max(0);
    let n = ssize(cx, arg(args, 1))?.clamp(0, left);
    it.left.store(left - n, Ordering::Relaxed);
    Ok(Value::NONE)
}

fn long(cx: &mut Ctx, v: Value) -> PyResult<&'static LongRangeIter> {
    Ok(receiver!(cx, v, Value::native::<LongRangeIter>, "longrange_iterator"))
}

fn number(s: &Slot) -> BigInt {
    IntRef::of(s.get_or_none()).map_or_else(BigInt::default, IntRef::to_big)
}

/// Moves on by `n` numbers of the `left` ones.
fn skip(cx: &mut Ctx, this: Value, it: &LongRangeIter, left: BigInt, n: &BigInt) {
    let next = number(&it.next) + n * number(&it.step);
    let (next, left) = (cx.bigint(next), cx.bigint(left - n));
    cx.store(this, &it.left, left);
    cx.store(this, &it.next, next);
}

fn long_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = long(cx, this)?;
    let left = it.left.get_or_none();
    if left.as_small() == Some(0) {
        return Ok(None);
    }
    let now = it.next.get_or_none();
    skip(cx, this, it, number(&it.left), &BigInt::from(1));
    Ok(Some(now))
}

fn long_hint(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Ok(long(cx, arg(args, 0))?.left.get_or_none())
}

fn long_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let it = long(cx, arg(args, 0))?;
    let stop = number(&it.next) + number(&it.left) * number(&it.step);
    let stop = cx.bigint(stop);
    let r = make_range(cx, it.next.get_or_none(), stop, it.step.get_or_none());
    reduce_iter(cx, r, Some(Value::NONE))
}

fn long_setstate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let it = long(cx, this)?;
    let n = index(cx, arg(args, 1))?;
    let left = number(&it.left);
    let n = IntRef::of(n).map_or_else(BigInt::default, IntRef::to_big);
    let n = n.clamp(BigInt::default(), left.clone());
    skip(cx, this, it, left, &n);
    Ok(Value::NONE)
}
