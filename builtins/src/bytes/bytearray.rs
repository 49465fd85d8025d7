//! The type `bytearray`; its memory is in [`super::storage`].

use super::common::{self, Array, Kind, Source, cannot_concat, collect, source, zero_bytes, zeros};
use super::hex::from_hex;
use super::object::byte;
use super::storage::{self, ByteArray, array_from, lend, look, replace, snapshot, snapshot_range};
use super::table::byte_methods;
use crate::text::args::ssize;
use crate::text::object::{pick, repeated, resolve_index, with_finalizer};
use protopy_text::repr::push_bytes_body;
use protopy_text::{StrBuf, StrRef};
use protopy_vm::buffers::{bytes_like, has_buffer};
use protopy_vm::protocore::layouts::{IntRef, MethodDef, SliceObj, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, Layout, NativeLayout, PyResult, Raised, Ty, TypeObj, Value};
use protopy_vm::{
    SliceRange, TypeSpec, call, call_def, index_i64, instance_dict, methods, slice_adjust, slice_unpack,
};

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static ByteArray> {
    match ByteArray::of(v) {
        Some(a) => Ok(a),
        None => {
            let msg = format!("a bytearray object is required, not '{}'", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn new(cx: &mut Ctx, class: Value, _args: Args<'_>) -> PyResult {
    match TypeObj::of(class) {
        Some(t) => {
            let v = storage::new_array(cx, t);
            Ok(with_finalizer(cx, t, v))
        }
        None => Err(cx.type_error("bytearray.__new__(X): X is not a type object")),
    }
}

static INIT: &[MethodDef] = methods![functions:
    /// bytearray
    "bytearray(self, source=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)" => init_bound;
];

fn init(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult<()> {
    match INIT.first() {
        Some(def) => call_def(cx, def, Some(v), args).map(|_| ()),
        None => Ok(()),
    }
}

fn init_bound(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let &[v, object, encoding, errors] = args else { return Ok(Value::NONE) };
    let a = this(cx, v)?;
    if a.len() > 0 {
        replace(cx, v, 0, usize::MAX, &[])?;
    }
    let b = match source(cx, "bytearray", object, encoding, errors)? {
        Source::Empty => return Ok(Value::NONE),
        Source::Text(b) => bytes_like(cx, b)?.to_owned_vec(),
        Source::Zeros(n) => zero_bytes(cx, n)?,
        Source::Object(o) => match zeros(cx, o)? {
            Some(Source::Zeros(n)) => zero_bytes(cx, n)?,
            // The bytes appear one by one, as the iterable gives them.
            _ if !has_buffer(cx, o) && StrObj::of(o).is_none() && protopy_vm::is_iterable(cx, o) => {
                let done = protopy_vm::for_each(cx, o, |cx, x| {
                    let b = common::byte_of(cx, x, common::BYTE_RANGE)?;
                    replace(cx, v, usize::MAX, 0, &[b])?;
                    Ok(std::ops::ControlFlow::Continue(()))
                });
                let Err(r) = done else { return Ok(Value::NONE) };
                // Nothing is left of a failure.
                let e = cx.take_raised(r);
                replace(cx, v, 0, usize::MAX, &[])?;
                return Err(cx.set_raised(e));
            }
            _ => collect(cx, o, "bytearray", common::BYTE_RANGE)?,
        },
    };
    replace(cx, v, 0, usize::MAX, &b)?;
    Ok(Value::NONE)
}

fn repr(cx: &mut Ctx, v: Value) -> PyResult {
    let b = lend(cx, v)?;
    let name = cx.type_name(v);
    let double = b.contains(&b'\'') && !b.contains(&b'"');
    let mut body = Vec::with_capacity(b.len() + 4);
    // An apostrophe is escaped whatever the quote.
    push_bytes_body(&mut body, &b, b'\'');
    let quote = if double { b'"' } else { b'\'' };
    let mut out = StrBuf::from(name.as_str());
    out.push_latin1(&[b'(', b'b', quote]);
    out.push_latin1(&body);
    out.push_latin1(&[quote, b')']);
    cx.str_buf(out)
}

fn compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    if !has_buffer(cx, b) || !has_buffer(cx, a) {
        protopy_vm::ops::bytes_compared(cx, "bytearray", b, op, false)?;
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let equality = matches!(op, CmpOp::Eq | CmpOp::Ne);
    if let (true, Some(x), Some(y)) = (equality, ByteArray::of(a), ByteArray::of(b))
        && x.len() != y.len()
    {
        return Ok(Value::bool(op == CmpOp::Ne));
    }
    let y = bytes_like(cx, b)?;
    let compared = |x: &[u8]| match op {
        CmpOp::Eq => *x == *y,
        CmpOp::Ne => *x != *y,
        _ => op.holds(x.cmp(&y)),
    };
    if ByteArray::of(a).is_some() {
        return Ok(Value::bool(look(cx, a, compared)));
    }
    let x = bytes_like(cx, a)?;
    Ok(Value::bool(compared(&x)))
}

fn len(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    Ok(this(cx, v)?.len())
}

fn key_index(cx: &mut Ctx, key: Value) -> PyResult<i64> {
    match key.as_small() {
        Some(i) => Ok(i),
        None if IntRef::of(key).is_some() || cx.type_of(key).slots.index.address() != 0 => {
            index_i64(cx, key, Ty::IndexError)
        }
        None => {
            let msg = format!(
                "bytearray indices must be integers or slices, not {}",
                protopy_vm::ops::tp_name(cx, key)
            );
            Err(cx.type_error(&msg))
        }
    }
}

#[cold]
fn out_of_range(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::IndexError, "bytearray index out of range")
}

fn getitem(cx: &mut Ctx, v: Value, key: Value) -> PyResult {
    let a = this(cx, v)?;
    if let Some(s) = SliceObj::of(key) {
        let raw = slice_unpack(cx, s)?;
        let r = slice_adjust(a.len(), raw);
        if r.step == 1 {
            let part = snapshot_range(cx, v, usize::try_from(r.start).unwrap_or(0), r.count)?;
            return array_from(cx, &part);
        }
        let all = snapshot(cx, v)?;
        return array_from(cx, &pick(&all, r));
    }
    let i = key_index(cx, key)?;
    match resolve_index(i, a.len()).and_then(|i| storage::get(cx, v, i)) {
        Some(b) => Ok(Value::small(i64::from(b))),
        None => Err(out_of_range(cx)),
    }
}

fn setitem(cx: &mut Ctx, v: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let a = this(cx, v)?;
    if let Some(s) = SliceObj::of(key) {
        let raw = slice_unpack(cx, s)?;
        return set_slice(cx, v, a, raw, item);
    }
    let i = key_index(cx, key)?;
    let Some(item) = item else {
        return match resolve_index(i, a.len()) {
            Some(at) => replace(cx, v, at, 1, &[]),
            None => Err(out_of_range(cx)),
        };
    };
    let b = byte(cx, item)?;
    match resolve_index(i, a.len()) {
        Some(at) if storage::set(cx, v, at, b) => Ok(()),
        _ => Err(out_of_range(cx)),
    }
}

fn set_slice(
    cx: &mut Ctx,
    v: Value,
    a: &ByteArray,
    raw: (i64, i64, i64),
    item: Option<Value>,
) -> PyResult<()> {
    let new = match item {
        None => None,
        Some(x) => Some(assignable(cx, x)?),
    };
    let r = slice_adjust(a.len(), raw);
    if r.step == 1 {
        let start = usize::try_from(r.start).unwrap_or(0);
        return replace(cx, v, start, r.count, new.as_deref().unwrap_or(&[]));
    }
    match new {
        None => delete_extended(cx, v, a, r),
        Some(new) if new.is_empty() && r.count > 0 => delete_extended(cx, v, a, r),
        Some(new) if new.len() == r.count => {
            storage::modify(cx, v, |b| {
                let mut i = r.start;
                for x in &new {
                    if let Some(slot) = usize::try_from(i).ok().and_then(|i| b.get_mut(i)) {
                        *slot = *x;
                    }
                    i = i.saturating_add(r.step);
                }
            });
            Ok(())
        }
        Some(new) => {
            let msg = format!(
                "attempt to assign bytes of size {} to extended slice of size {}",
                new.len(),
                r.count
            );
            Err(cx.value_error(&msg))
        }
    }
}

/// The bytes that may be assigned to a slice.
fn assignable(cx: &mut Ctx, v: Value) -> PyResult<Vec<u8>> {
    if has_buffer(cx, v) {
        return protopy_vm::buffers::buffer_to_vec(cx, v);
    }
    let s = &cx.type_of(v).slots;
    let number = s.index.address() != 0 || s.int.address() != 0 || s.float.address() != 0;
    if number || StrObj::of(v).is_some() {
        let msg = "can assign only bytes, buffers, or iterables of ints in range(0, 256)";
        return Err(cx.type_error(msg));
    }
    collect(cx, v, "bytearray", common::BYTE_RANGE)
}

fn delete_extended(cx: &mut Ctx, v: Value, a: &ByteArray, r: SliceRange) -> PyResult<()> {
    if r.count == 0 {
        return Ok(());
    }
    storage::check_exports(cx, v, a)?;
    let all = snapshot(cx, v)?;
    let mut gone = vec![false; all.len()];
    let mut i = r.start;
    for _ in 0..r.count {
        if let Some(g) = usize::try_from(i).ok().and_then(|i| gone.get_mut(i)) {
            *g = true;
        }
        i = i.saturating_add(r.step);
    }
    let rest: Vec<u8> = all.iter().zip(&gone).filter(|(_, g)| !**g).map(|(b, _)| *b).collect();
    replace(cx, v, 0, usize::MAX, &rest)
}

fn repeat(cx: &mut Ctx, v: Value, n: Value) -> PyResult {
    let b = lend(cx, v)?;
    let n = usize::try_from(index_i64(cx, n, Ty::OverflowError)?).unwrap_or(0);
    if n == 0 || b.is_empty() {
        return array_from(cx, &[]);
    }
    match repeated(&b, n) {
        Some(all) => array_from(cx, &all),
        None => Err(cx.no_memory()),
    }
}

fn iconcat(cx: &mut Ctx, v: Value, x: Value) -> PyResult {
    if !has_buffer(cx, x) {
        return Err(cannot_concat::<Array>(cx, v, x));
    }
    let b = bytes_like(cx, x)?;
    append_all(cx, v, &b)?;
    Ok(v)
}

fn append_all(cx: &mut Ctx, v: Value, b: &[u8]) -> PyResult<()> {
    // The end is looked up under the lock: a position past it is brought into range.
    if b.is_empty() { Ok(()) } else { replace(cx, v, usize::MAX, 0, b) }
}

fn irepeat(cx: &mut Ctx, v: Value, n: Value) -> PyResult {
    let n = usize::try_from(index_i64(cx, n, Ty::OverflowError)?).unwrap_or(0);
    if n == 1 {
        return Ok(v);
    }
    let b = snapshot(cx, v)?;
    let all = if n == 0 || b.is_empty() { Some(Vec::new()) } else { repeated(&b, n) };
    match all {
        Some(all) => replace(cx, v, 0, usize::MAX, &all)?,
        None => return Err(cx.no_memory()),
    }
    Ok(v)
}

fn iter(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(cx.seq_iter(Ty::ByteArrayIter, v, 0))
}

fn modulo(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if ByteArray::of(a).is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    super::percent::modulo::<Array>(cx, a, b)
}

// ---------------------------------------------------------------------------------------------------- methods

fn append(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let b = byte(cx, args[1])?;
    replace(cx, args[0], usize::MAX, 0, &[b])?;
    Ok(Value::NONE)
}

fn clear(cx: &mut Ctx, args: &[Value]) -> PyResult {
    replace(cx, args[0], 0, usize::MAX, &[])?;
    Ok(Value::NONE)
}

fn copy(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Array::same(cx, args[0])
}

fn extend(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = args[1];
    let b = if has_buffer(cx, x) {
        // The data goes to what was the end before `__buffer__` ran.
        let end = this(cx, args[0])?.len();
        let b = protopy_vm::buffers::buffer_to_vec(cx, x)?;
        if !b.is_empty() {
            let end = if ByteArray::of(x).is_some() || cx.is_exact(x, Ty::Bytes) { usize::MAX } else { end };
            replace(cx, args[0], end, 0, &b)?;
        }
        return Ok(Value::NONE);
    } else if StrObj::of(x).is_some() {
        let msg = format!("expected iterable of integers; got: '{}'", protopy_vm::ops::tp_name(cx, x));
        return Err(cx.type_error(&msg));
    } else if !protopy_vm::is_iterable(cx, x) {
        let msg = format!("can't extend bytearray with {}", protopy_vm::ops::tp_name(cx, x));
        return Err(cx.type_error(&msg));
    } else {
        // The hint is not needed, but its errors count.
        protopy_vm::length_hint(cx, x, 0)?;
        collect(cx, x, "bytearray", common::BYTE_RANGE)?
    };
    append_all(cx, args[0], &b)?;
    Ok(Value::NONE)
}

fn insert(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let i = ssize(cx, args[1])?;
    let b = byte(cx, args[2])?;
    let n = i64::try_from(this(cx, args[0])?.len()).unwrap_or(i64::MAX);
    let at = if i < 0 { i.saturating_add(n).max(0) } else { i.min(n) };
    replace(cx, args[0], usize::try_from(at).unwrap_or(0), 0, &[b])?;
    Ok(Value::NONE)
}

fn pop(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let i = ssize(cx, args[1])?;
    if this(cx, args[0])?.len() == 0 {
        return Err(cx.raise_str(Ty::IndexError, "pop from empty bytearray"));
    }
    match storage::take(cx, args[0], i)? {
        Some(b) => Ok(Value::small(i64::from(b))),
        None => Err(cx.raise_str(Ty::IndexError, "pop index out of range")),
    }
}

fn remove(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let b = byte(cx, args[1])?;
    let at = storage::modify(cx, args[0], |all| all.iter().position(|x| *x == b)).flatten();
    match at {
        Some(at) => replace(cx, args[0], at, 1, &[]).map(|()| Value::NONE),
        None => Err(cx.value_error("value not found in bytearray")),
    }
}

fn resize(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let n = ssize(cx, args[1])?;
    let Ok(n) = usize::try_from(n) else {
        let msg = format!("Can only resize to positive sizes, got {n}");
        return Err(cx.value_error(&msg));
    };
    let now = this(cx, args[0])?.len();
    if n < now {
        replace(cx, args[0], n, now - n, &[])?;
    } else if n > now {
        let more = zero_bytes(cx, n - now)?;
        append_all(cx, args[0], &more)?;
    }
    Ok(Value::NONE)
}

fn reverse(cx: &mut Ctx, args: &[Value]) -> PyResult {
    storage::modify(cx, args[0], <[u8]>::reverse);
    Ok(Value::NONE)
}

fn fromhex(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let b = from_hex(cx, args[1])?;
    let made = array_from(cx, &b)?;
    if args[0].is(cx.ty(Ty::ByteArray).value()) { Ok(made) } else { call(cx, args[0], &[made]) }
}

fn alloc(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let cap = this(cx, args[0])?.capacity();
    Ok(cx.int_usize(if cap == 0 { 0 } else { cap + 1 }))
}

fn sizeof(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let cap = this(cx, args[0])?.capacity();
    let base = cx.type_of(args[0]).basic_size as usize;
    Ok(cx.int_usize(base + if cap == 0 { 0 } else { cap + 16 }))
}

/// The pickled form: as text of Latin-1 for old protocols, as bytes from protocol 3 on.
fn reduced(cx: &mut Ctx, v: Value, protocol: i64) -> PyResult {
    let class = cx.type_of(v).value();
    let b = snapshot(cx, v)?;
    let args = if protocol >= 3 {
        let bytes = cx.bytes(&b)?;
        if b.is_empty() { cx.tuple_of(None, &[])? } else { cx.tuple_of(None, &[bytes])? }
    } else if b.is_empty() {
        cx.tuple_of(None, &[])?
    } else {
        let text = cx.str_from(StrRef::Latin1(&b))?;
        let encoding = cx.str("latin-1");
        cx.tuple_of(None, &[text, encoding])?
    };
    let state = instance_state(cx, v)?;
    cx.tuple_of(None, &[class, args, state])
}

fn instance_state(cx: &mut Ctx, v: Value) -> PyResult {
    if cx.is_exact(v, Ty::ByteArray) {
        return Ok(Value::NONE);
    }
    match protopy_vm::lookup_attr_str(cx, v, "__getstate__")? {
        Some(f) => call(cx, f, &[]),
        None => Ok(instance_dict(cx, v)?.unwrap_or(Value::NONE)),
    }
}

fn reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    reduced(cx, args[0], 2)
}

fn reduce_ex(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let protocol = ssize(cx, args[1])?;
    reduced(cx, args[0], protocol)
}

static METHODS: &[MethodDef] = byte_methods![Array;
    /// Append a single item to the end of the bytearray.
    ///
    ///   item
    ///     The item to be appended.
    "append(self, item, /)" => append;
    /// Remove all items from the bytearray.
    "clear(self, /)" => clear;
    /// Return a copy of the bytearray.
    "copy(self, /)" => copy;
    /// Append all the items from the iterator or sequence to the bytearray.
    "extend(self, iterable_of_ints, /)" => extend;
    /// Create a bytearray object from a string of hexadecimal numbers.
    ///
    /// Spaces between two numbers are accepted.
    /// Example: bytearray.fromhex('B9 01EF') -> bytearray(b'\\xb9\\x01\\xef')
    class "fromhex(cls, string, /)" => fromhex;
    /// Insert a single item into the bytearray before the given index.
    "insert(self, index, item, /)" => insert;
    /// Remove and return a single item from the bytearray, the last one if no index is given.
    ///
    /// IndexError is raised if there is none.
    "pop(self, index=-1, /)" => pop;
    /// Remove the first occurrence of a value in the bytearray.
    "remove(self, value, /)" => remove;
    /// Resize the internal buffer of bytearray to size. New bytes are zero.
    "resize(self, size, /)" => resize;
    /// Reverse the order of the values in the bytearray in place.
    "reverse(self, /)" => reverse;
    /// Return the number of bytes actually allocated.
    "__alloc__(self, /)" => alloc;
    /// Return state information for pickling.
    "__reduce__(self, /)" => reduce;
    /// Return state information for pickling.
    "__reduce_ex__(self, proto=0, /)" => reduce_ex;
    /// Returns the size of the bytearray object in memory, in bytes.
    "__sizeof__(self, /)" => sizeof;
];

pub(super) static BYTEARRAY: TypeSpec = TypeSpec {
    ty: Some(Ty::ByteArray),
    name: "bytearray",
    layout: Layout::Native,
    vt: Some(<ByteArray as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::MATCH_SELF,
    slots: SlotSpec {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        compare: Some(compare),
        iter: Some(iter),
        len: Some(len),
        getitem: Some(getitem),
        setitem: Some(setitem),
        contains: Some(common::contains::<Array>),
        sq_concat: Some(common::concat::<Array>),
        sq_repeat: Some(repeat),
        sq_iconcat: Some(iconcat),
        sq_irepeat: Some(irepeat),
        modulo: Some(modulo),
        buffer: Some(storage::export),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    doc: "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\nbytearray(bytes_or_buffer) -> \
          mutable copy of bytes_or_buffer\nbytearray(int) -> bytes array of size given by the parameter initialized with null \
          bytes\nbytearray() -> empty bytes array\n\nA mutable sequence of integers in range(256).",
    ..TypeSpec::BASE
};
