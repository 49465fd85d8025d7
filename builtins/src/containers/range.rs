//! `range`.
//!
//! The numbers of a range may be of any size. Where start, step and length are immediate ints, and they nearly always are, everything
//! is done in machine arithmetic (`Small`, with 128-bit intermediate results); the other half of each function is for the rest.

use super::common::*;
use super::range_iter::iter_numbers;
use super::slice::{big_indices, plain_bounds};
use num_bigint::{BigInt, Sign};
use num_traits::ToPrimitive;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::{IntRef, MethodDef, RangeObj, SliceObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Args, CmpOp, Ctx, PyResult, Ty, Value};
use protopy_vm::{
    GetSetDef, TypeSpec, eq, getsets, hash, index, iter, methods, next, repr_text, slice_adjust,
};

/// The type.
pub static RANGE: TypeSpec = TypeSpec {
    ty: Some(Ty::Range),
    name: "range",
    layout: Layout::Range,
    flags: type_flags::SEQUENCE,
    slots: SlotSpec {
        new: Some(range_new),
        repr: Some(range_repr),
        hash: Some(range_hash),
        compare: Some(range_compare),
        iter: Some(range_iter),
        len: Some(range_len),
        bool: Some(range_bool),
        getitem: Some(range_getitem),
        contains: Some(range_contains),
        ..SlotSpec::NONE
    },
    methods: RANGE_METHODS,
    getsets: RANGE_MEMBERS,
    doc: "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\nThe integers from start (0 by default) up to, \
          but not including, stop, in steps of step.",
    ..TypeSpec::BASE
};

static RANGE_METHODS: &[MethodDef] = methods![
    /// Return an iterator from the last number to the first.
    "__reversed__(self, /)" => range_reversed;
    /// Return the arguments from which a pickle makes the range again.
    "__reduce__(self, /)" => range_reduce;
    /// Return how often the number occurs.
    "count(self, object, /)" => range_count;
    /// Return the position of the number.
    ///
    /// Raises ValueError if it is not there.
    "index(self, object, /)" => range_index;
];

static RANGE_MEMBERS: &[GetSetDef] = getsets![
    member "start" => |cx, v| Ok(range(cx, v)?.start.get_or_none());
    member "stop" => |cx, v| Ok(range(cx, v)?.stop.get_or_none());
    member "step" => |cx, v| Ok(range(cx, v)?.step.get_or_none());
];

#[inline]
fn range(cx: &mut Ctx, v: Value) -> PyResult<&'static RangeObj> {
    Ok(receiver!(cx, v, RangeObj::of, "range"))
}

/// A range whose start, step and length are immediate ints.
#[derive(Clone, Copy)]
struct Small {
    start: i64,
    step: i64,
    len: i64,
}

impl Small {
    fn of(r: &RangeObj) -> Option<Small> {
        Some(Small {
            start: r.start.get()?.as_small()?,
            step: r.step.get()?.as_small()?,
            len: r.length.get()?.as_small()?,
        })
    }

    fn at(self, i: i64) -> i128 {
        i128::from(self.start) + i128::from(i) * i128::from(self.step)
    }

    /// The position of a number.
    fn find(self, x: i64) -> Option<i64> {
        let d = i128::from(x) - i128::from(self.start);
        let step = i128::from(self.step);
        if step == 0 || d % step != 0 {
            return None;
        }
        let i = d / step;
        if i >= 0 && i < i128::from(self.len) { i64::try_from(i).ok() } else { None }
    }
}

/// An int of 128 bits.
fn wide(cx: &mut Ctx, n: i128) -> Value {
    match i64::try_from(n) {
        Ok(n) => cx.int(n),
        Err(_) => cx.bigint(BigInt::from(n)),
    }
}

/// The number behind a slot of a range.
fn big(v: Value) -> BigInt {
    IntRef::of(v).map_or_else(BigInt::default, IntRef::to_big)
}

/// Number of numbers from `start` in steps of `step` before `stop`.
fn count_between(start: &BigInt, stop: &BigInt, step: &BigInt) -> BigInt {
    let (low, high, by) = match step.sign() {
        Sign::Minus => (stop, start, -step),
        _ => (start, stop, step.clone()),
    };
    if low >= high { BigInt::default() } else { (high - low - 1) / by + 1 }
}

/// `range(start, stop, step)` of exact ints, step not 0.
pub fn make_range(cx: &mut Ctx, start: Value, stop: Value, step: Value) -> Value {
    let length = match (start.as_small(), stop.as_small(), step.as_small()) {
        (Some(a), Some(b), Some(s)) => {
            // Differences of immediate ints fit 64 bits.
            let n = match s {
                1.. if a < b => (b - a - 1) / s + 1,
                ..=-1 if a > b => (a - b - 1) / -s + 1,
                _ => 0,
            };
            cx.int(n)
        }
        _ => {
            let n = count_between(&big(start), &big(stop), &big(step));
            cx.bigint(n)
        }
    };
    cx.range(start, stop, step, length)
}

fn range_new(cx: &mut Ctx, _cls: Value, args: Args<'_>) -> PyResult {
    no_keywords(cx, "range", args)?;
    arity(cx, "range", args, 1, 3)?;
    let (start, stop, step) = match args.pos() {
        [stop] => (Value::small(0), index(cx, *stop)?, Value::small(1)),
        [start, stop] => (index(cx, *start)?, index(cx, *stop)?, Value::small(1)),
        [start, stop, step, ..] => {
            let (start, stop) = (index(cx, *start)?, index(cx, *stop)?);
            let step = index(cx, *step)?;
            if step.as_small() == Some(0) {
                return Err(cx.value_error("range() arg 3 must not be zero"));
            }
            (start, stop, step)
        }
        [] => return Ok(Value::NONE),
    };
    Ok(make_range(cx, start, stop, step))
}

fn range_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let r = range(cx, this)?;
    let step = r.step.get_or_none();
    let (a, b) = (repr_text(cx, r.start.get_or_none())?, repr_text(cx, r.stop.get_or_none())?);
    let text = if step.as_small() == Some(1) {
        format!("range({a}, {b})")
    } else {
        format!("range({a}, {b}, {})", repr_text(cx, step)?)
    };
    Ok(cx.str(&text))
}

fn range_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let r = range(cx, this)?;
    let n = r.length.get_or_none();
    // What tells ranges of that length apart.
    let parts = match n.as_small() {
        Some(0) => [n, Value::NONE, Value::NONE],
        Some(1) => [n, r.start.get_or_none(), Value::NONE],
        _ => [n, r.start.get_or_none(), r.step.get_or_none()],
    };
    let mut lanes = Lanes::new();
    for v in parts {
        lanes.add(hash(cx, v)?);
    }
    Ok(lanes.finish(3))
}

fn range_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (RangeObj::of(a), RangeObj::of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let n = x.length.get_or_none();
    let same = eq(cx, n, y.length.get_or_none())?
        && (n.as_small() == Some(0)
            || eq(cx, x.start.get_or_none(), y.start.get_or_none())?
                && (n.as_small() == Some(1) || eq(cx, x.step.get_or_none(), y.step.get_or_none())?));
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

fn range_iter(cx: &mut Ctx, this: Value) -> PyResult {
    let r = range(cx, this)?;
    let (start, step, len) = (r.start.get_or_none(), r.step.get_or_none(), r.length.get_or_none());
    Ok(iter_numbers(cx, start, step, len))
}

fn range_len(cx: &mut Ctx, this: Value) -> PyResult<usize> {
    let r = range(cx, this)?;
    match IntRef::of(r.length.get_or_none()).and_then(IntRef::to_i64) {
        Some(n) => Ok(n as usize),
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t")),
    }
}

fn range_bool(cx: &mut Ctx, this: Value) -> PyResult<bool> {
    Ok(range(cx, this)?.length.get_or_none().as_small() != Some(0))
}

// ---------------------------------------------------------------------------------------------------- items

fn range_getitem(cx: &mut Ctx, this: Value, k: Value) -> PyResult {
    let r = range(cx, this)?;
    if let (Some(i), Some(s)) = (k.as_small(), Small::of(r)) {
        let i = if i < 0 { i + s.len } else { i };
        if i >= 0 && i < s.len {
            return Ok(wide(cx, s.at(i)));
        }
        return Err(cx.raise_str(Ty::IndexError, "range object index out of range"));
    }
    if let Some(s) = SliceObj::of(k) {
        return range_slice(cx, r, s);
    }
    if !has_index(cx, k) {
        let msg =
            format!("range indices must be integers or slices, not {}", protopy_vm::ops::tp_name(cx, k));
        return Err(cx.type_error(&msg));
    }
    let i = index(cx, k)?;
    let (mut i, n) = (big(i), big(r.length.get_or_none()));
    if i.sign() == Sign::Minus {
        i += &n;
    }
    if i.sign() == Sign::Minus || i >= n {
        return Err(cx.raise_str(Ty::IndexError, "range object index out of range"));
    }
    let x = big_at(r, &i);
    Ok(cx.bigint(x))
}

fn big_at(r: &RangeObj, i: &BigInt) -> BigInt {
    big(r.start.get_or_none()) + i * big(r.step.get_or_none())
}

fn range_slice(cx: &mut Ctx, r: &RangeObj, s: &SliceObj) -> PyResult {
    let (start, stop, step) = match (Small::of(r), plain_bounds(s)) {
        (Some(own), Some(bounds)) => {
            let at = slice_adjust(own.len as usize, bounds);
            let step = i128::from(own.step) * i128::from(at.step);
            (wide(cx, own.at(at.start)), wide(cx, own.at(at.stop)), wide(cx, step))
        }
        _ => {
            let n = big(r.length.get_or_none());
            let (i, j, by) = big_indices(cx, s, &n)?;
            let step = big(r.step.get_or_none()) * by;
            let (a, b) = (big_at(r, &i), big_at(r, &j));
            (cx.bigint(a), cx.bigint(b), cx.bigint(step))
        }
    };
    Ok(make_range(cx, start, stop, step))
}

/// The position of an exact int or bool; the outer `None` for other values.
fn find_int(cx: &Ctx, r: &RangeObj, x: Value) -> Option<Option<Value>> {
    if !(x.is_small() || x.is_bool() || cx.is_exact(x, Ty::Int)) {
        return None;
    }
    let i = IntRef::of(x)?;
    if let (Some(s), IntRef::Small(n)) = (Small::of(r), i) {
        return Some(s.find(n).map(Value::small));
    }
    let d = i.to_big() - big(r.start.get_or_none());
    let step = big(r.step.get_or_none());
    if step.sign() == Sign::NoSign || (&d % &step).sign() != Sign::NoSign {
        return Some(None);
    }
    let at = d / step;
    if at.sign() == Sign::Minus || at >= big(r.length.get_or_none()) {
        return Some(None);
    }
    // The position is answered as far as it is immediate; `range_index` computes a larger one again.
    Some(Some(at.to_i64().and_then(Value::try_small).unwrap_or(Value::UNBOUND)))
}

fn range_contains(cx: &mut Ctx, this: Value, x: Value) -> PyResult<bool> {
    let r = range(cx, this)?;
    if let Some(found) = find_int(cx, r, x) {
        return Ok(found.is_some());
    }
    let it = range_iter(cx, this)?;
    while let Some(v) = next(cx, it)? {
        if eq(cx, v, x)? {
            return Ok(true);
        }
        cx.safepoint()?;
    }
    Ok(false)
}

fn range_count(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let r = range(cx, this)?;
    if let Some(found) = find_int(cx, r, arg(args, 1)) {
        return Ok(Value::small(i64::from(found.is_some())));
    }
    let mut n = 0;
    let it = iter(cx, this)?;
    while let Some(v) = next(cx, it)? {
        n += i64::from(eq(cx, v, arg(args, 1))?);
        cx.safepoint()?;
    }
    Ok(cx.int(n))
}

fn range_index(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let r = range(cx, this)?;
    let x = arg(args, 1);
    match find_int(cx, r, x) {
        Some(Some(i)) if i.is_unbound() => {
            let at = (big(x) - big(r.start.get_or_none())) / big(r.step.get_or_none());
            return Ok(cx.bigint(at));
        }
        Some(Some(i)) => return Ok(i),
        Some(None) => return Err(cx.value_error("range.index(x): x not in range")),
        None => {}
    }
    let mut i = 0;
    let it = iter(cx, this)?;
    while let Some(v) = next(cx, it)? {
        if eq(cx, v, x)? {
            return Ok(cx.int(i));
        }
        i += 1;
        cx.safepoint()?;
    }
    Err(cx.value_error("sequence.index(x): x not in sequence"))
}

fn range_reversed(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let r = range(cx, arg(args, 0))?;
    let len = r.length.get_or_none();
    let (start, step) = match Small::of(r) {
        Some(s) => (wide(cx, s.at(s.len - 1)), wide(cx, -i128::from(s.step))),
        None => {
            let last = big_at(r, &(big(len) - 1));
            let step = -big(r.step.get_or_none());
            (cx.bigint(last), cx.bigint(step))
        }
    };
    Ok(iter_numbers(cx, start, step, len))
}

fn range_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let r = range(cx, arg(args, 0))?;
    let class = cx.ty(Ty::Range).value();
    let parts = [r.start.get_or_none(), r.stop.get_or_none(), r.step.get_or_none()];
    reduce(cx, class, &parts, None)
}
