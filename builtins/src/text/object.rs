//! The slots of `str`: construction, comparison, indexing, concatenation, iteration.

use super::args::{opt_text_arg, this_str};
use protopy_text::repr::repr_str;
use protopy_text::search;
use protopy_text::{StrBuf, StrRef};
use protopy_vm::buffers::{bytes_like, has_buffer};
use protopy_vm::codec::decode_opt;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{IntRef, MethodDef, SeqIterObj, SliceObj, StrObj};
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Args, CmpOp, Ctx, PyResult, Root, Ty, TypeObj, Value};
use protopy_vm::{SliceRange, call_def, index_i64, methods, slice_adjust, slice_unpack};
use std::sync::atomic::Ordering;

/// A str of the same content as `v`: `v` itself unless it is an instance of a subclass.
#[inline]
pub(crate) fn exact(cx: &mut Ctx, v: Value) -> PyResult {
    match StrObj::of(v) {
        Some(s) if !cx.is_exact(v, Ty::Str) => cx.str_from(s.str_ref()),
        _ => Ok(v),
    }
}

static NEW: &[MethodDef] = methods![functions:
    /// str
    "str(cls, object=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)" => new_bound;
];

/// `str.__new__`
pub(super) fn new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    if args.names().is_none()
        && let [one] = args.pos()
        && class.is(cx.ty(Ty::Str).value())
    {
        return protopy_vm::str(cx, *one);
    }
    let given = args.pos().len();
    if given > 3 && class.is(cx.ty(Ty::Str).value()) {
        let msg = format!("str expected at most 3 arguments, got {given}");
        return Err(cx.type_error(&msg));
    }
    let all = args.all().len();
    if all > 3 {
        let msg = format!("str() takes at most 3 arguments ({all} given)");
        return Err(cx.type_error(&msg));
    }
    match NEW.first() {
        Some(def) => call_def(cx, def, Some(class), args),
        None => Ok(Value::NONE),
    }
}

/// Registers a new instance of a class that has `__del__`.
pub(crate) fn with_finalizer(cx: &mut Ctx, t: &TypeObj, v: Value) -> Value {
    if t.has(type_flags::HAS_DEL) {
        cx.register_finalizer(v);
    }
    v
}

fn new_bound(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let &[class, object, encoding, errors] = args else { return Ok(Value::NONE) };
    let made = make(cx, object, encoding, errors)?;
    if class.is(cx.ty(Ty::Str).value()) {
        return Ok(made);
    }
    match (TypeObj::of(class), StrObj::of(made)) {
        (Some(t), Some(s)) => {
            let v = cx.str_subclass(t, s.str_ref())?;
            Ok(with_finalizer(cx, t, v))
        }
        _ => Ok(made),
    }
}

fn make(cx: &mut Ctx, object: Value, encoding: Value, errors: Value) -> PyResult {
    let encoding = opt_text_arg(cx, encoding, "str", "encoding")?;
    let errors = opt_text_arg(cx, errors, "str", "errors")?;
    let Some(object) = object.bound() else { return Ok(cx.root(Root::EmptyStr)) };
    if encoding.is_none() && errors.is_none() {
        return protopy_vm::str(cx, object);
    }
    if StrObj::of(object).is_some() {
        return Err(cx.type_error("decoding str is not supported"));
    }
    if !has_buffer(cx, object) {
        let msg = format!(
            "decoding to str: need a bytes-like object, {} found",
            protopy_vm::ops::tp_name(cx, object)
        );
        return Err(cx.type_error(&msg));
    }
    let b = bytes_like(cx, object)?;
    decode_opt(cx, &b, encoding.as_deref().unwrap_or("utf-8"), errors.as_deref())
}

/// `repr(s)`
pub(super) fn repr(cx: &mut Ctx, v: Value) -> PyResult {
    let s = this_str(cx, v)?.str_ref();
    let text = cx.computing(s.len(), || repr_str(s));
    cx.str_buf(text)
}

/// `str(s)`
pub(super) fn to_str(cx: &mut Ctx, v: Value) -> PyResult {
    exact(cx, v)
}

/// `hash(s)`
pub(super) fn hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    Ok(cx.str_hash(v))
}

/// Comparison of two strs.
pub(super) fn compare(_cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (StrObj::of(a), StrObj::of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    let r = match op {
        CmpOp::Eq => x.same(y),
        CmpOp::Ne => !x.same(y),
        _ => op.holds(search::compare(x.str_ref(), y.str_ref())),
    };
    Ok(Value::bool(r))
}

/// `len(s)`
pub(super) fn len(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    Ok(this_str(cx, v)?.len())
}

/// `x in s`
pub(super) fn contains(cx: &mut Ctx, v: Value, x: Value) -> PyResult<bool> {
    let s = this_str(cx, v)?;
    let Some(x) = StrObj::of(x) else {
        let msg =
            format!("'in <string>' requires string as left operand, not {}", protopy_vm::ops::tp_name(cx, x));
        return Err(cx.type_error(&msg));
    };
    let (hay, needle) = (s.str_ref(), x.str_ref());
    Ok(cx.computing(hay.len(), || match needle.len() {
        1 => needle.get(0).is_some_and(|c| search::find_char(hay, c).is_some()),
        _ => search::contains(hay, needle),
    }))
}

/// The index that a key names in `len` items, counted from the end if negative.
#[inline]
pub(crate) fn resolve_index(i: i64, len: usize) -> Option<usize> {
    let i = if i < 0 { i.checked_add(i64::try_from(len).ok()?)? } else { i };
    usize::try_from(i).ok().filter(|i| *i < len)
}

/// `s[key]`
pub(super) fn getitem(cx: &mut Ctx, v: Value, key: Value) -> PyResult {
    let s = this_str(cx, v)?;
    if let Some(sl) = SliceObj::of(key) {
        let raw = slice_unpack(cx, sl)?;
        return slice(cx, v, s, slice_adjust(s.len(), raw));
    }
    let i = match key.as_small() {
        Some(i) => i,
        None if IntRef::of(key).is_some() || cx.type_of(key).slots.index.address() != 0 => {
            index_i64(cx, key, Ty::IndexError)?
        }
        None => {
            let msg = format!("string indices must be integers, not '{}'", protopy_vm::ops::tp_name(cx, key));
            return Err(cx.type_error(&msg));
        }
    };
    match resolve_index(i, s.len()).and_then(|i| s.str_ref().get(i)) {
        Some(c) => Ok(cx.char(c)),
        None => Err(cx.raise_str(Ty::IndexError, "string index out of range")),
    }
}

fn slice(cx: &mut Ctx, v: Value, s: &StrObj, r: SliceRange) -> PyResult {
    let text = s.str_ref();
    let (Ok(start), n) = (usize::try_from(r.start), r.count) else { return Ok(cx.root(Root::EmptyStr)) };
    if n == 0 {
        return Ok(cx.root(Root::EmptyStr));
    }
    if r.step == 1 {
        return if n == s.len() { exact(cx, v) } else { cx.str_from(text.slice(start, start + n)) };
    }
    let picked = cx.computing(n, || match text {
        StrRef::Latin1(b) => StrBuf::Latin1(pick(b, r)),
        StrRef::Ucs2(b) => StrBuf::Ucs2(pick(b, r)),
        StrRef::Ucs4(b) => StrBuf::Ucs4(pick(b, r)),
    });
    cx.str_buf(picked)
}

/// The items that a resolved slice names.
pub(crate) fn pick<T: Copy>(items: &[T], r: SliceRange) -> Vec<T> {
    if let (Ok(start), Ok(step)) = (usize::try_from(r.start), usize::try_from(r.step))
        && step > 0
    {
        return items.get(start..).unwrap_or(&[]).iter().step_by(step).take(r.count).copied().collect();
    }
    if let (Ok(start), -1) = (usize::try_from(r.start), r.step)
        && let Some(all) = start.checked_add(1).and_then(|end| items.get(..end))
    {
        return all.iter().rev().take(r.count).copied().collect();
    }
    let mut out = Vec::with_capacity(r.count);
    let mut i = r.start;
    for _ in 0..r.count {
        if let Some(x) = usize::try_from(i).ok().and_then(|i| items.get(i)) {
            out.push(*x);
        }
        i = i.saturating_add(r.step);
    }
    out
}

/// `a + b`
pub(super) fn concat(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let x = this_str(cx, a)?;
    let Some(y) = StrObj::of(b) else {
        let msg = format!("can only concatenate str (not \"{}\") to str", protopy_vm::ops::tp_name(cx, b));
        return Err(cx.type_error(&msg));
    };
    if x.is_empty() {
        return exact(cx, b);
    }
    if y.is_empty() {
        return exact(cx, a);
    }
    cx.str_concat(x, y)
}

/// `n` copies of the items one after the other; `None` if there is no memory.
pub(crate) fn repeated<T: Copy>(items: &[T], n: usize) -> Option<Vec<T>> {
    let total = items.len().checked_mul(n)?;
    let mut out: Vec<T> = Vec::new();
    out.try_reserve_exact(total).ok()?;
    if let [one] = items {
        out.resize(total, *one);
        return Some(out);
    }
    out.extend_from_slice(items);
    while out.len() < total {
        let more = out.len().min(total - out.len());
        out.extend_from_within(..more);
    }
    Some(out)
}

/// `s * n`
pub(super) fn repeat(cx: &mut Ctx, v: Value, n: Value) -> PyResult {
    let s = this_str(cx, v)?;
    let n = index_i64(cx, n, Ty::OverflowError)?;
    if n == 1 {
        return exact(cx, v);
    }
    let Some(n) = usize::try_from(n).ok().filter(|n| *n > 0 && !s.is_empty()) else {
        return Ok(cx.root(Root::EmptyStr));
    };
    if s.len().checked_mul(n).is_none_or(|t| isize::try_from(t).is_err()) {
        return Err(cx.raise_str(Ty::OverflowError, "repeated string is too long"));
    }
    let made = cx.computing(s.len().saturating_mul(n), || match s.str_ref() {
        StrRef::Latin1(b) => repeated(b, n).map(StrBuf::Latin1),
        StrRef::Ucs2(b) => repeated(b, n).map(StrBuf::Ucs2),
        StrRef::Ucs4(b) => repeated(b, n).map(StrBuf::Ucs4),
    });
    match made {
        Some(b) => cx.str_buf(b),
        None => Err(cx.no_memory()),
    }
}

/// `iter(s)`
pub(super) fn iter(cx: &mut Ctx, v: Value) -> PyResult {
    let t = if this_str(cx, v)?.is_ascii() { Ty::StrAsciiIter } else { Ty::StrIter };
    Ok(cx.seq_iter(t, v, 0))
}

// ---------------------------------------------------------------------------------------------------- iterators

/// Next character of a str iterator.
pub(super) fn iter_next(cx: &mut Ctx, it: Value) -> PyResult<Option<Value>> {
    let Some(o) = SeqIterObj::of(it) else { return Ok(None) };
    let Some(seq) = o.seq.get() else { return Ok(None) };
    let i = o.index.load(Ordering::Relaxed);
    if let Some(c) = StrObj::of(seq).and_then(|s| s.str_ref().get(i)) {
        o.index.store(i + 1, Ordering::Relaxed);
        return Ok(Some(cx.char(c)));
    }
    cx.store_empty(it, &o.seq);
    Ok(None)
}

/// Length of what a sequence iterator iterates over.
fn seq_len(cx: &mut Ctx, o: &SeqIterObj) -> PyResult<usize> {
    match o.seq.get() {
        Some(seq) => protopy_vm::len(cx, seq),
        None => Ok(0),
    }
}

fn length_hint(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let Some(o) = SeqIterObj::of(args[0]) else { return Ok(Value::small(0)) };
    let n = seq_len(cx, o)?;
    Ok(cx.int_usize(n.saturating_sub(o.index.load(Ordering::Relaxed))))
}

/// The builtin function `iter`.
pub(crate) fn builtin_iter(cx: &mut Ctx) -> Value {
    let n = cx.intern_str("iter");
    DictObj::of(cx.root(Root::Builtins)).and_then(|d| cx.dict_get_str(d, n)).unwrap_or(Value::NONE)
}

fn reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let f = builtin_iter(cx);
    let Some(o) = SeqIterObj::of(args[0]) else { return Ok(Value::NONE) };
    let is_text = cx.is_exact(args[0], Ty::StrIter) || cx.is_exact(args[0], Ty::StrAsciiIter);
    match o.seq.get() {
        Some(seq) => {
            let i = cx.int_usize(o.index.load(Ordering::Relaxed));
            let a = cx.tuple_of(None, &[seq])?;
            cx.tuple_of(None, &[f, a, i])
        }
        None => {
            let empty = cx.root(if is_text { Root::EmptyStr } else { Root::EmptyTuple });
            let a = cx.tuple_of(None, &[empty])?;
            cx.tuple_of(None, &[f, a])
        }
    }
}

fn setstate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let i = super::args::ssize(cx, args[1])?;
    if let Some(o) = SeqIterObj::of(args[0])
        && !o.seq.is_empty()
    {
        let n = seq_len(cx, o)?;
        o.index.store(usize::try_from(i).unwrap_or(0).min(n), Ordering::Relaxed);
    }
    Ok(Value::NONE)
}

/// Methods of the iterators that are laid out as [`SeqIterObj`].
pub(crate) static ITER_METHODS: &[MethodDef] = methods![
    /// Return an estimate of the number of remaining items.
    "__length_hint__(self, /)" => length_hint;
    /// Return state information for pickling.
    "__reduce__(self, /)" => reduce;
    /// Set state information for unpickling.
    "__setstate__(self, state, /)" => setstate;
];
