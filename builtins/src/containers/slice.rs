//! `slice`, and resolving slices against lengths of any size.

use super::common::*;
use num_bigint::{BigInt, Sign};
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::{IntRef, MethodDef, SliceObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, CmpOp, Ctx, PyResult, Ty, Value};
use protopy_vm::{GetSetDef, TypeSpec, compare, getsets, hash, index, index_big, methods, slice_adjust};

/// The type.
pub static SLICE: TypeSpec = TypeSpec {
    ty: Some(Ty::Slice),
    name: "slice",
    layout: Layout::Slice,
    slots: SlotSpec {
        new: Some(slice_new),
        repr: Some(slice_repr),
        hash: Some(slice_hash),
        compare: Some(slice_compare),
        ..SlotSpec::NONE
    },
    methods: SLICE_METHODS,
    getsets: SLICE_MEMBERS,
    doc: "slice(stop)\nslice(start, stop[, step])\n\nMakes what stands between the brackets of a[start:stop:step].",
    ..TypeSpec::BASE
};

static SLICE_METHODS: &[MethodDef] = methods![
    /// S.indices(len) -> (start, stop, stride)
    ///
    /// Resolve the slice for a sequence of that length: the first index, the index to stop before, and the step.
    "indices(self, object, /)" => slice_indices;
    /// Return the arguments from which a pickle makes the slice again.
    "__reduce__(self, /)" => slice_reduce;
];

static SLICE_MEMBERS: &[GetSetDef] = getsets![
    member "start" => |cx, v| Ok(slice(cx, v)?.start.get_or_none());
    member "stop" => |cx, v| Ok(slice(cx, v)?.stop.get_or_none());
    member "step" => |cx, v| Ok(slice(cx, v)?.step.get_or_none());
];

#[inline]
fn slice(cx: &mut Ctx, v: Value) -> PyResult<&'static SliceObj> {
    Ok(receiver!(cx, v, SliceObj::of, "slice"))
}

fn parts(s: &SliceObj) -> [Value; 3] {
    [s.start.get_or_none(), s.stop.get_or_none(), s.step.get_or_none()]
}

fn slice_new(cx: &mut Ctx, _cls: Value, args: Args<'_>) -> PyResult {
    no_keywords(cx, "slice", args)?;
    arity(cx, "slice", args, 1, 3)?;
    Ok(match args.pos() {
        [stop] => cx.slice(Value::NONE, *stop, Value::NONE),
        [start, stop] => cx.slice(*start, *stop, Value::NONE),
        [start, stop, step] => cx.slice(*start, *stop, *step),
        _ => Value::NONE,
    })
}

fn slice_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let parts = parts(slice(cx, this)?);
    let mut items = parts.iter();
    repr_items(cx, "slice(", ")", || items.next().copied())
}

fn slice_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let mut lanes = Lanes::new();
    for v in parts(slice(cx, this)?) {
        lanes.add(hash(cx, v)?);
    }
    Ok(lanes.finish_plain())
}

fn slice_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (SliceObj::of(a), SliceObj::of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    if a.is(b) {
        return Ok(Value::bool(matches!(op, CmpOp::Eq | CmpOp::Le | CmpOp::Ge)));
    }
    let (p, q) = (cx.tuple(&parts(x)), cx.tuple(&parts(y)));
    compare(cx, p, q, op)
}

fn slice_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = slice(cx, arg(args, 0))?;
    let class = cx.ty(Ty::Slice).value();
    reduce(cx, class, &parts(s), None)
}

/// Whether a bound or step is omitted or an immediate int.
fn is_plain(v: Value) -> bool {
    v.is_none() || v.is_small()
}

/// The slice as immediate ints, where all of it are such: start, stop, step; step not 0.
pub fn plain_bounds(s: &SliceObj) -> Option<(i64, i64, i64)> {
    let [start, stop, step] = parts(s);
    if !(is_plain(start) && is_plain(stop) && is_plain(step)) {
        return None;
    }
    let step = step.as_small().unwrap_or(1);
    if step == 0 {
        return None;
    }
    let (low, high) = if step < 0 { (i64::MAX, i64::MIN) } else { (0, i64::MAX) };
    Some((start.as_small().unwrap_or(low), stop.as_small().unwrap_or(high), step))
}

fn slice_index(cx: &mut Ctx, v: Value) -> PyResult<BigInt> {
    if !has_index(cx, v) {
        return Err(cx.type_error("slice indices must be integers or None or have an __index__ method"));
    }
    index_big(cx, v)
}

/// Start, stop and step for a sequence of `len` items, without clamping to the machine's integers.
pub fn big_indices(cx: &mut Ctx, s: &SliceObj, len: &BigInt) -> PyResult<(BigInt, BigInt, BigInt)> {
    let [start, stop, step] = parts(s);
    let step = if step.is_none() { BigInt::from(1) } else { slice_index(cx, step)? };
    if step.sign() == Sign::NoSign {
        return Err(cx.value_error("slice step cannot be zero"));
    }
    let down = step.sign() == Sign::Minus;
    let low = BigInt::from(if down { -1 } else { 0 });
    let high = if down { len - 1 } else { len.clone() };
    let mut fix = |v: Value, default: &BigInt| -> PyResult<BigInt> {
        if v.is_none() {
            return Ok(default.clone());
        }
        let i = slice_index(cx, v)?;
        Ok(if i.sign() == Sign::Minus { (i + len).max(low.clone()) } else { i.min(high.clone()) })
    };
    let start = fix(start, if down { &high } else { &low })?;
    let stop = fix(stop, if down { &low } else { &high })?;
    Ok((start, stop, step))
}

fn slice_indices(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = slice(cx, arg(args, 0))?;
    let len = index(cx, arg(args, 1))?;
    if IntRef::of(len).is_some_and(|n| n.signum() < 0) {
        return Err(cx.value_error("length should not be negative"));
    }
    if let (Some(n), Some(bounds)) = (len.as_small(), plain_bounds(s)) {
        let r = slice_adjust(n as usize, bounds);
        let all = [cx.int(r.start), cx.int(r.stop), cx.int(r.step)];
        return cx.tuple_of(None, &all);
    }
    let len = IntRef::of(len).map_or_else(BigInt::default, IntRef::to_big);
    let (start, stop, step) = big_indices(cx, s, &len)?;
    let all = [cx.bigint(start), cx.bigint(stop), cx.bigint(step)];
    cx.tuple_of(None, &all)
}
