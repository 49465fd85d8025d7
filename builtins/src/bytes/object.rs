//! The type `bytes`.

use super::common::{self, Bytes, Kind, Source, byte_of, collect, source, zero_bytes, zeros};
use super::hex::from_hex;
use super::table::byte_methods;
use crate::text::object::{pick, repeated, resolve_index, with_finalizer};
use protopy_text::repr::repr_bytes;
use protopy_vm::protocore::buffer::Buffer;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, MethodDef, SeqIterObj, SliceObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, Layout, PyResult, Root, Ty, TypeObj, Value};
use protopy_vm::{TypeSpec, call, call_def, index_i64, lookup_special, methods, slice_adjust, slice_unpack};
use std::sync::atomic::Ordering;

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static BytesObj> {
    match BytesObj::of(v) {
        Some(b) => Ok(b),
        None => {
            let msg = format!("a bytes object is required, not '{}'", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

static NEW: &[MethodDef] = methods![functions:
    /// bytes
    "bytes(cls, source=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)" => new_bound;
];

fn new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    match NEW.first() {
        Some(def) => call_def(cx, def, Some(class), args),
        None => Ok(Value::NONE),
    }
}

fn new_bound(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let &[class, object, encoding, errors] = args else { return Ok(Value::NONE) };
    let made = match source(cx, "bytes", object, encoding, errors)? {
        Source::Empty => cx.root(Root::EmptyBytes),
        Source::Text(v) => v,
        Source::Object(v) => from_object(cx, v)?,
        Source::Zeros(n) => {
            let z = zero_bytes(cx, n)?;
            cx.bytes(&z)?
        }
    };
    if class.is(cx.ty(Ty::Bytes).value()) {
        return Ok(made);
    }
    match (TypeObj::of(class), BytesObj::of(made)) {
        (Some(t), Some(b)) => {
            let v = cx.bytes_of(Some(t), b.bytes())?;
            Ok(with_finalizer(cx, t, v))
        }
        _ => Ok(made),
    }
}

/// `bytes(v)` of what is no str.
fn from_object(cx: &mut Ctx, v: Value) -> PyResult {
    if cx.is_exact(v, Ty::Bytes) {
        return Ok(v);
    }
    if let Some(m) = lookup_special(cx, v, "__bytes__")? {
        let r = call(cx, m, &[])?;
        if BytesObj::of(r).is_none() {
            let msg = format!("__bytes__ returned non-bytes (type {})", protopy_vm::ops::tp_name(cx, r));
            return Err(cx.type_error(&msg));
        }
        return Ok(r);
    }
    if let Some(Source::Zeros(n)) = zeros(cx, v)? {
        let z = zero_bytes(cx, n)?;
        return cx.bytes(&z);
    }
    let b = collect(cx, v, "bytes", "bytes must be in range(0, 256)")?;
    cx.bytes(&b)
}

fn repr(cx: &mut Ctx, v: Value) -> PyResult {
    let b = this(cx, v)?.bytes();
    let text = cx.computing(b.len(), || repr_bytes(b));
    Ok(cx.str(&text))
}

fn hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let b = this(cx, v)?;
    match b.hash.load(Ordering::Relaxed) {
        0 => {
            let h = cx.hash_many_bytes(b.bytes());
            b.hash.store(h, Ordering::Relaxed);
            Ok(h)
        }
        h => Ok(h),
    }
}

fn compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (BytesObj::of(a), BytesObj::of(b)) else {
        protopy_vm::ops::bytes_compared(cx, "bytes", b, op, true)?;
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let (x, y) = (x.bytes(), y.bytes());
    Ok(Value::bool(match op {
        CmpOp::Eq => x == y,
        CmpOp::Ne => x != y,
        _ => op.holds(x.cmp(y)),
    }))
}

fn len(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    Ok(this(cx, v)?.bytes().len())
}

fn getitem(cx: &mut Ctx, v: Value, key: Value) -> PyResult {
    let b = this(cx, v)?.bytes();
    if let Some(s) = SliceObj::of(key) {
        let raw = slice_unpack(cx, s)?;
        let r = slice_adjust(b.len(), raw);
        if r.step == 1 {
            let start = usize::try_from(r.start).unwrap_or(0);
            if r.count == b.len() {
                return Bytes::same(cx, v);
            }
            return cx.bytes(b.get(start..start + r.count).unwrap_or(&[]));
        }
        let picked = cx.computing(r.count, || pick(b, r));
        return cx.bytes(&picked);
    }
    let i = match key.as_small() {
        Some(i) => i,
        None if IntRef::of(key).is_some() || cx.type_of(key).slots.index.address() != 0 => {
            index_i64(cx, key, Ty::IndexError)?
        }
        None => {
            let msg =
                format!("byte indices must be integers or slices, not {}", protopy_vm::ops::tp_name(cx, key));
            return Err(cx.type_error(&msg));
        }
    };
    match resolve_index(i, b.len()).and_then(|i| b.get(i)) {
        Some(b) => Ok(Value::small(i64::from(*b))),
        None => Err(cx.raise_str(Ty::IndexError, "index out of range")),
    }
}

fn repeat(cx: &mut Ctx, v: Value, n: Value) -> PyResult {
    let b = this(cx, v)?.bytes();
    let n = index_i64(cx, n, Ty::OverflowError)?;
    if n == 1 {
        return Bytes::same(cx, v);
    }
    let Some(n) = usize::try_from(n).ok().filter(|n| *n > 0 && !b.is_empty()) else {
        return Ok(cx.root(Root::EmptyBytes));
    };
    if b.len().checked_mul(n).is_none_or(|t| isize::try_from(t).is_err()) {
        return Err(cx.raise_str(Ty::OverflowError, "repeated bytes are too long"));
    }
    match cx.computing(b.len().saturating_mul(n), || repeated(b, n)) {
        Some(all) => cx.bytes(&all),
        None => Err(cx.no_memory()),
    }
}

fn iter(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(cx.seq_iter(Ty::BytesIter, v, 0))
}

fn modulo(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if BytesObj::of(a).is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    super::percent::modulo::<Bytes>(cx, a, b)
}

fn export(cx: &mut Ctx, v: Value, writable: bool) -> PyResult<Buffer> {
    let b = this(cx, v)?.bytes();
    if writable {
        return Err(cx.raise_str(Ty::BufferError, "Object is not writable."));
    }
    Ok(Buffer::bytes(v, b.as_ptr().cast_mut(), b.len(), true, None))
}

/// Next byte of an iterator over bytes.
pub(super) fn iter_next(cx: &mut Ctx, it: Value) -> PyResult<Option<Value>> {
    let Some(o) = SeqIterObj::of(it) else { return Ok(None) };
    let Some(seq) = o.seq.get() else { return Ok(None) };
    let i = o.index.load(Ordering::Relaxed);
    let b = match BytesObj::of(seq) {
        Some(b) => b.bytes().get(i).copied(),
        None => super::storage::get(cx, seq, i),
    };
    match b {
        Some(b) => {
            o.index.store(i + 1, Ordering::Relaxed);
            Ok(Some(Value::small(i64::from(b))))
        }
        None => {
            cx.store_empty(it, &o.seq);
            Ok(None)
        }
    }
}

fn fromhex(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let b = from_hex(cx, args[1])?;
    let made = cx.bytes(&b)?;
    if args[0].is(cx.ty(Ty::Bytes).value()) { Ok(made) } else { call(cx, args[0], &[made]) }
}

fn getnewargs(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let b = this(cx, args[0])?;
    let copy = cx.bytes(b.bytes())?;
    cx.tuple_of(None, &[copy])
}

fn dunder_bytes(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Bytes::same(cx, args[0])
}

fn sizeof(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let n = this(cx, args[0])?.bytes().len();
    let base = (cx.type_of(args[0]).basic_size as usize).max(size_of::<BytesObj>());
    Ok(cx.int_usize(base + n))
}

static METHODS: &[MethodDef] = byte_methods![Bytes;
    /// Create a bytes object from a string of hexadecimal numbers.
    ///
    /// Spaces between two numbers are accepted.
    /// Example: bytes.fromhex('B9 01EF') -> b'\\xb9\\x01\\xef'.
    class "fromhex(cls, string, /)" => fromhex;
    "__getnewargs__(self, /)" => getnewargs;
    /// Convert this value to exact type bytes.
    "__bytes__(self, /)" => dunder_bytes;
    /// Return the size of the bytes in memory, in bytes.
    "__sizeof__(self, /)" => sizeof;
];

pub(super) static BYTES: TypeSpec = TypeSpec {
    ty: Some(Ty::Bytes),
    name: "bytes",
    layout: Layout::Bytes,
    flags: type_flags::BASETYPE | type_flags::MATCH_SELF,
    slots: SlotSpec {
        new: Some(new),
        repr: Some(repr),
        hash: Some(hash),
        compare: Some(compare),
        iter: Some(iter),
        len: Some(len),
        getitem: Some(getitem),
        contains: Some(common::contains::<Bytes>),
        sq_concat: Some(common::concat::<Bytes>),
        sq_repeat: Some(repeat),
        modulo: Some(modulo),
        buffer: Some(export),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    doc: "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> immutable copy \
          of bytes_or_buffer\nbytes(int) -> bytes object of size given by the parameter initialized with null bytes\nbytes() -> \
          empty bytes object\n\nAn immutable sequence of integers in range(256).",
    ..TypeSpec::BASE
};

/// A byte out of an int, for other modules of this crate.
pub(super) fn byte(cx: &mut Ctx, v: Value) -> PyResult<u8> {
    byte_of(cx, v, common::BYTE_RANGE)
}
