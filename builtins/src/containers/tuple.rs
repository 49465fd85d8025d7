//! `tuple`.

use super::common::*;
use super::list::times;
use super::list_build::list_from;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::{ListObj, MethodDef, SliceObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, PyResult, Ty, TypeObj, Value};
use protopy_vm::{TypeSpec, eq, hash, keep_alive, methods, slice_adjust, slice_unpack};

/// The type.
pub static TUPLE: TypeSpec = TypeSpec {
    ty: Some(Ty::Tuple),
    name: "tuple",
    layout: Layout::Tuple,
    flags: type_flags::BASETYPE | type_flags::SEQUENCE | type_flags::MATCH_SELF,
    slots: SlotSpec {
        new: Some(tuple_new),
        repr: Some(tuple_repr),
        hash: Some(tuple_hash),
        compare: Some(tuple_compare),
        iter: Some(tuple_iter),
        len: Some(tuple_len),
        getitem: Some(tuple_getitem),
        contains: Some(tuple_contains),
        sq_concat: Some(tuple_concat),
        sq_repeat: Some(tuple_repeat),
        ..SlotSpec::NONE
    },
    methods: TUPLE_METHODS,
    doc: "An immutable sequence.\n\nWithout an argument the tuple is empty; otherwise it holds the items of the iterable. A \
          tuple given as argument is returned itself.",
    sig: Some("(iterable=(), /)"),
    ..TypeSpec::BASE
};

static TUPLE_METHODS: &[MethodDef] = methods![
    /// Return how many items equal the value.
    "count(self, value, /)" => tuple_count;
    /// Return the first position of the value.
    ///
    /// Raises ValueError if it is not there.
    "index(self, value, start=0, stop=sys.maxsize, /)" => tuple_index;
    /// Return the arguments from which a pickle makes the tuple again.
    "__getnewargs__(self, /)" => tuple_getnewargs;
    /// Return a generic alias of tuple for the given item types.
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

#[inline]
fn tuple(cx: &mut Ctx, v: Value) -> PyResult<&'static TupleObj> {
    Ok(receiver!(cx, v, TupleObj::of, "tuple"))
}

/// `None` for exactly tuple, as `tuple_of` wants it.
fn subtype<'a>(cx: &Ctx, ty: &'a TypeObj) -> Option<&'a TypeObj> {
    if std::ptr::eq(ty, cx.ty(Ty::Tuple)) { None } else { Some(ty) }
}

fn tuple_new(cx: &mut Ctx, cls: Value, args: Args<'_>) -> PyResult {
    let ty = class_of(cx, cls)?;
    no_keywords_unless_init(cx, "tuple", ty, Ty::Tuple, args)?;
    arity(cx, "tuple", args, 0, 1)?;
    let sub = subtype(cx, ty);
    let Some(&iterable) = args.pos().first() else { return cx.tuple_of(sub, &[]) };
    tuple_from(cx, iterable, sub)
}

/// A tuple of an iterable's items, of the given subclass if there is one.
pub fn tuple_from(cx: &mut Ctx, iterable: Value, sub: Option<&TypeObj>) -> PyResult {
    if cx.is_exact(iterable, Ty::Tuple)
        && let Some(t) = TupleObj::of(iterable)
    {
        if sub.is_none() {
            return Ok(iterable);
        }
        let r = cx.tuple_of(sub, t.items());
        keep_alive(iterable);
        return r;
    }
    if cx.is_exact(iterable, Ty::List)
        && let Some(l) = ListObj::of(iterable)
    {
        return cx.list_to_tuple(l, sub);
    }
    let made = list_from(cx, iterable)?;
    match ListObj::of(made) {
        Some(l) => cx.list_to_tuple(l, sub),
        None => Ok(made),
    }
}

fn tuple_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let t = tuple(cx, this)?;
    let close = match t.items() {
        [] => return Ok(cx.str("()")),
        [_] => ",)",
        _ => ")",
    };
    let r = guarded_repr(cx, this, "(...)", |cx| {
        let mut items = t.items().iter();
        repr_items(cx, "(", close, || items.next().copied())
    });
    keep_alive(this);
    r
}

fn tuple_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let t = tuple(cx, this)?;
    cx.check_native_stack(" while hashing a tuple")?;
    let mut lanes = Lanes::new();
    for (i, v) in t.items().iter().enumerate() {
        if i % 16 == 0 {
            cx.breathe();
        }
        lanes.add(hash(cx, *v)?);
    }
    keep_alive(this);
    Ok(lanes.finish(t.items().len()))
}

fn tuple_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (TupleObj::of(a), TupleObj::of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    let (p, q) = (x.items(), y.items());
    let n = p.len().min(q.len());
    let mut i = 0;
    while i < n {
        if i % 16 == 0 {
            cx.breathe();
        }
        if !eq(cx, p[i], q[i])? {
            break;
        }
        i += 1;
    }
    let r = if i == n {
        Ok(Value::bool(op.holds(p.len().cmp(&q.len()))))
    } else {
        match op {
            CmpOp::Eq => Ok(Value::FALSE),
            CmpOp::Ne => Ok(Value::TRUE),
            _ => protopy_vm::compare(cx, p[i], q[i], op),
        }
    };
    keep_alive(a);
    keep_alive(b);
    r
}

fn tuple_iter(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(cx.seq_iter(Ty::TupleIter, this, 0))
}

fn tuple_len(cx: &mut Ctx, this: Value) -> PyResult<usize> {
    Ok(tuple(cx, this)?.items().len())
}

fn tuple_contains(cx: &mut Ctx, this: Value, x: Value) -> PyResult<bool> {
    for v in tuple(cx, this)?.items() {
        if eq(cx, *v, x)? {
            return Ok(true);
        }
    }
    keep_alive(this);
    Ok(false)
}

/// `t[k]`
pub fn tuple_getitem(cx: &mut Ctx, this: Value, k: Value) -> PyResult {
    let t = tuple(cx, this)?;
    let items = t.items();
    if let Some(s) = SliceObj::of(k) {
        let bounds = slice_unpack(cx, s)?;
        let r = slice_adjust(items.len(), bounds);
        if r.count == items.len() && r.step == 1 && cx.is_exact(this, Ty::Tuple) {
            return Ok(this);
        }
        let start = r.start.max(0) as usize;
        let made = if r.step == 1 {
            cx.tuple_of(None, items.get(start..start + r.count).unwrap_or(&[]))
        } else {
            let at =
                |k: usize| items.get(start.wrapping_add_signed((k as i64).wrapping_mul(r.step) as isize));
            let picked: Vec<Value> = (0..r.count).filter_map(at).copied().collect();
            cx.tuple_of(None, &picked)
        };
        keep_alive(this);
        return made;
    }
    let i = match k.as_small() {
        Some(i) => i,
        None if has_index(cx, k) => subscript(cx, k)?,
        None => {
            let msg =
                format!("tuple indices must be integers or slices, not {}", protopy_vm::ops::tp_name(cx, k));
            return Err(cx.type_error(&msg));
        }
    };
    match position(i, items.len()).and_then(|i| items.get(i)) {
        Some(v) => Ok(*v),
        None => Err(cx.raise_str(Ty::IndexError, "tuple index out of range")),
    }
}

fn tuple_concat(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let x = tuple(cx, a)?;
    let Some(y) = TupleObj::of(b) else {
        let msg =
            format!("can only concatenate tuple (not \"{}\") to tuple", protopy_vm::ops::tp_name(cx, b));
        return Err(cx.type_error(&msg));
    };
    if x.items().is_empty() && cx.is_exact(b, Ty::Tuple) {
        return Ok(b);
    }
    if y.items().is_empty() && cx.is_exact(a, Ty::Tuple) {
        return Ok(a);
    }
    let all = [x.items(), y.items()].concat();
    let r = cx.tuple_of(None, &all);
    keep_alive(a);
    keep_alive(b);
    r
}

fn tuple_repeat(cx: &mut Ctx, this: Value, n: Value) -> PyResult {
    let t = tuple(cx, this)?;
    let n = times(cx, n)?;
    let items = t.items();
    if (n == 1 || items.is_empty()) && cx.is_exact(this, Ty::Tuple) {
        return Ok(this);
    }
    let mut all = Vec::new();
    let enough = items.len().checked_mul(n).is_some_and(|want| all.try_reserve_exact(want).is_ok());
    if !enough {
        return Err(cx.no_memory());
    }
    for _ in 0..n {
        all.extend_from_slice(items);
    }
    let r = cx.tuple_of(None, &all);
    keep_alive(this);
    r
}

fn tuple_count(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let x = arg(args, 1);
    let mut n = 0;
    for v in tuple(cx, this)?.items() {
        n += i64::from(eq(cx, *v, x)?);
    }
    keep_alive(this);
    Ok(Value::small(n))
}

fn tuple_index(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let x = arg(args, 1);
    let items = tuple(cx, this)?.items();
    let start = search_bound(cx, arg(args, 2), 0)?;
    let stop = search_bound(cx, arg(args, 3), i64::MAX)?;
    let (start, stop) = (from_end(start, items.len()), from_end(stop, items.len()));
    for (i, v) in items.iter().enumerate().take(stop).skip(start) {
        if eq(cx, *v, x)? {
            return Ok(cx.int_usize(i));
        }
    }
    keep_alive(this);
    Err(cx.value_error("tuple.index(x): x not in tuple"))
}

fn tuple_getnewargs(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let t = tuple(cx, arg(args, 0))?;
    let plain = cx.tuple_of(None, t.items())?;
    keep_alive(arg(args, 0));
    cx.tuple_of(None, &[plain])
}
