//! Builtin functions over iterables: `all`, `any`, `iter`, `max`, `min`, `next`, `sorted`, `sum`.

use super::call_iter::new_call_iter;
use super::common::*;
use super::list_build::list_from;
use super::sort::sort_list;
use num_traits::ToPrimitive;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::{ComplexObj, FloatObj, IntRef, ListObj, MethodDef, StrObj};
use protopy_vm::protocore::{Args, CmpOp, Ctx, PyResult, Ty, Value};
use protopy_vm::types::next_or_return;
use protopy_vm::{
    BinOp, binary_op, call, callable, compare_bool, for_each, int_to_f64, is_true, iter, methods, next,
    raise_stop_iteration,
};
use std::ops::ControlFlow;

/// The functions.
pub static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Return whether every item of the iterable is true.
    "all(iterable, /)" => all;
    /// Return whether some item of the iterable is true.
    "any(iterable, /)" => any;
    /// iter(iterable) -> iterator
    /// iter(callable, sentinel) -> iterator
    ///
    /// Return an iterator over the iterable's items, or over what the callable answers until that is the sentinel.
    raw "iter(object, sentinel=<unrepresentable>, /)" => iter_fn;
    /// max(iterable, *[, default=obj, key=func]) -> value
    /// max(arg1, arg2, *args, *[, key=func]) -> value
    ///
    /// Return the largest item of the iterable, or the largest of the arguments.
    raw "max(*args, key=None, default=<unrepresentable>)" => max;
    /// min(iterable, *[, default=obj, key=func]) -> value
    /// min(arg1, arg2, *args, *[, key=func]) -> value
    ///
    /// Return the smallest item of the iterable, or the smallest of the arguments.
    raw "min(*args, key=None, default=<unrepresentable>)" => min;
    /// next(iterator[, default]) -> item
    ///
    /// Return the iterator's next item; when there is none, the default if it is given.
    raw "next(iterator, default=<unrepresentable>, /)" => next_fn;
    /// Return a new list of the iterable's items in ascending order.
    ///
    /// A key function may say what items are ordered by; reverse=True gives descending order.
    raw "sorted(iterable, /, *, key=None, reverse=False)" => sorted;
    /// Return the sum of the start value and the iterable's numbers.
    ///
    /// For sequences other than numbers there are better ways: join() for strings, itertools.chain() for lists.
    "sum(iterable, /, start=0)" => sum;
];

fn all(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let mut r = true;
    for_each(cx, arg(args, 0), |cx, v| {
        r = is_true(cx, v)?;
        Ok(if r { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(Value::bool(r))
}

fn any(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let mut r = false;
    for_each(cx, arg(args, 0), |cx, v| {
        r = is_true(cx, v)?;
        Ok(if r { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(Value::bool(r))
}

fn iter_fn(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    no_keywords(cx, "iter", args)?;
    arity(cx, "iter", args, 1, 2)?;
    match args.pos() {
        [f, sentinel] if callable(cx, *f) => Ok(new_call_iter(cx, *f, *sentinel)),
        [_, _] => Err(cx.type_error("iter(v, w): v must be callable")),
        pos => iter(cx, arg(pos, 0)),
    }
}

fn next_fn(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    no_keywords(cx, "next", args)?;
    arity(cx, "next", args, 1, 2)?;
    let it = arg(args.pos(), 0);
    let default = args.pos().get(1).copied();
    if cx.type_of(it).slots.iternext.address() == 0 {
        let msg = format!("'{}' object is not an iterator", protopy_vm::ops::tp_name(cx, it));
        return Err(cx.type_error(&msg));
    }
    if let Some(default) = default {
        return Ok(next(cx, it)?.unwrap_or(default));
    }
    match next_or_return(cx, it)? {
        Ok(v) => Ok(v),
        Err(value) => Err(raise_stop_iteration(cx, value)),
    }
}

// ---------------------------------------------------------------------------------------------------- order

fn sorted(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    arity(cx, "sorted", args, 1, 1)?;
    let made = list_from(cx, arg(args.pos(), 0))?;
    let (mut key, mut reverse) = (None, false);
    for (k, v) in args.kw() {
        match StrObj::of(k) {
            Some(s) if s.eq_str("key") => key = v.not_none(),
            Some(s) if s.eq_str("reverse") => reverse = is_true(cx, v)?,
            s => return Err(unexpected(cx, "sort", s)),
        }
    }
    if let Some(l) = ListObj::of(made) {
        sort_list(cx, l, key, reverse)?;
    }
    Ok(made)
}

#[cold]
fn unexpected(cx: &mut Ctx, what: &str, k: Option<&StrObj>) -> protopy_vm::protocore::Raised {
    let k = k.map_or_else(String::new, StrObj::to_string_lossy);
    cx.type_error(&format!("{what}() got an unexpected keyword argument '{k}'"))
}

fn max(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    extreme(cx, "max", CmpOp::Gt, args)
}

fn min(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    extreme(cx, "min", CmpOp::Lt, args)
}

/// The best item so far, and its key.
struct Best {
    key: Option<Value>,
    op: CmpOp,
    found: Option<(Value, Value)>,
}

impl Best {
    fn offer(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let k = match self.key {
            Some(f) => call(cx, f, &[v])?,
            None => v,
        };
        let better = match self.found {
            Some((_, best)) => compare_bool(cx, k, best, self.op)?,
            None => true,
        };
        if better {
            self.found = Some((v, k));
        }
        Ok(())
    }
}

fn extreme(cx: &mut Ctx, what: &str, op: CmpOp, args: Args<'_>) -> PyResult {
    let pos = args.pos();
    if pos.is_empty() {
        return Err(cx.type_error(&format!("{what} expected at least 1 argument, got 0")));
    }
    let (mut key, mut default) = (None, None);
    for (k, v) in args.kw() {
        match StrObj::of(k) {
            Some(s) if s.eq_str("key") => key = v.not_none(),
            Some(s) if s.eq_str("default") => default = Some(v),
            s => return Err(unexpected(cx, what, s)),
        }
    }
    let mut best = Best { key, op, found: None };
    if pos.len() > 1 {
        if default.is_some() {
            let msg = format!("Cannot specify a default for {what}() with multiple positional arguments");
            return Err(cx.type_error(&msg));
        }
        for v in pos {
            best.offer(cx, *v)?;
        }
    } else {
        for_each(cx, arg(pos, 0), |cx, v| {
            best.offer(cx, v)?;
            Ok(ControlFlow::Continue(()))
        })?;
    }
    match (best.found, default) {
        (Some((v, _)), _) | (None, Some(v)) => Ok(v),
        (None, None) => Err(cx.value_error(&format!("{what}() iterable argument is empty"))),
    }
}

// ---------------------------------------------------------------------------------------------------- sum

/// A running sum with the error of rounding kept apart (Neumaier).
#[derive(Clone, Copy)]
struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    fn new(sum: f64) -> Self {
        Compensated { sum, lost: 0.0 }
    }

    fn add(&mut self, x: f64) {
        let t = self.sum + x;
        self.lost += if self.sum.abs() >= x.abs() { (self.sum - t) + x } else { (x - t) + self.sum };
        self.sum = t;
    }

    fn value(self) -> f64 {
        // A sum that has overflowed stays what it is.
        if self.lost != 0.0 && self.lost.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

/// A sum in the form that its items so far allow.
enum Sum {
    Int(i64),
    Float(Compensated),
    Complex(Compensated, Compensated),
    Any(Value),
}

fn exact_complex(cx: &Ctx, v: Value) -> Option<(f64, f64)> {
    if v.layout() == Layout::Complex && cx.is_exact(v, Ty::Complex) {
        ComplexObj::of(v).map(|c| (c.re, c.im))
    } else {
        None
    }
}

fn exact_float(cx: &Ctx, v: Value) -> Option<f64> {
    if v.is_imm_float() || (v.layout() == Layout::Float && cx.is_exact(v, Ty::Float)) {
        FloatObj::of(v)
    } else {
        None
    }
}

impl Sum {
    fn of(cx: &Ctx, v: Value) -> Sum {
        if let Some(n) = v.as_small() {
            Sum::Int(n)
        } else if let Some(f) = exact_float(cx, v) {
            Sum::Float(Compensated::new(f))
        } else if let Some((re, im)) = exact_complex(cx, v) {
            Sum::Complex(Compensated::new(re), Compensated::new(im))
        } else {
            Sum::Any(v)
        }
    }

    fn value(self, cx: &mut Ctx) -> Value {
        match self {
            Sum::Int(n) => cx.int(n),
            Sum::Float(s) => cx.float(s.value()),
            Sum::Complex(re, im) => cx.complex(re.value(), im.value()),
            Sum::Any(v) => v,
        }
    }

    /// Adds a number without leaving the form, if that is possible.
    fn add_in_place(&mut self, cx: &mut Ctx, v: Value) -> PyResult<bool> {
        match self {
            Sum::Int(n) => {
                let x = if v.is_bool() { Some(i64::from(v.is(Value::TRUE))) } else { v.as_small() };
                if let Some(s) = x.and_then(|x| n.checked_add(x)) {
                    *n = s;
                    return Ok(true);
                }
            }
            Sum::Float(s) => {
                if let Some(x) = exact_float(cx, v) {
                    s.add(x);
                    return Ok(true);
                }
                if let Some(x) = int_as_float(cx, v)? {
                    s.add(x);
                    return Ok(true);
                }
            }
            Sum::Complex(re, im) => {
                if let Some((x, y)) = exact_complex(cx, v) {
                    re.add(x);
                    im.add(y);
                    return Ok(true);
                }
                if let Some(x) = int_as_float(cx, v)? {
                    re.add(x);
                    return Ok(true);
                }
                if let Some(x) = exact_float(cx, v) {
                    re.add(x);
                    return Ok(true);
                }
            }
            Sum::Any(_) => {}
        }
        Ok(false)
    }
}

/// An int (subclasses and bool included) as a float; those too large are left to the operator.
fn int_as_float(cx: &mut Ctx, v: Value) -> PyResult<Option<f64>> {
    match IntRef::of(v) {
        Some(IntRef::Small(n)) => Ok(Some(n as f64)),
        Some(IntRef::Big(b)) if b.to_f64().is_some_and(f64::is_finite) => int_to_f64(cx, v).map(Some),
        _ => Ok(None),
    }
}

fn sum(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let start = arg(args, 1);
    let refused = [
        (Ty::Str, "strings [use ''.join(seq) instead]"),
        (Ty::Bytes, "bytes [use b''.join(seq) instead]"),
        (Ty::ByteArray, "bytearray [use b''.join(seq) instead]"),
    ];
    for (t, text) in refused {
        if start.is_heap() && cx.is_instance(start, t) {
            return Err(cx.type_error(&format!("sum() can't sum {text}")));
        }
    }
    let mut total = Sum::of(cx, start);
    for_each(cx, arg(args, 0), |cx, v| {
        if !total.add_in_place(cx, v)? {
            let so_far = std::mem::replace(&mut total, Sum::Int(0)).value(cx);
            let next = binary_op(cx, BinOp::Add, so_far, v)?;
            total = Sum::of(cx, next);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(total.value(cx))
}
