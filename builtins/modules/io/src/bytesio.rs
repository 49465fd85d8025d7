//! `BytesIO`: a stream in memory.
//!
//! The content is the `bytes` object that the stream was made of until something changes it, else a vector. While
//! a buffer is exported the vector may change neither size nor place; what writes within it does so in place.

use crate::bases::STREAM;
use crate::lock::Locked;
use crate::util::*;
use protopy_vm::exports::still_exported;
use protopy_vm::protocore::buffer::Buffer;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, ListObj, MethodDef, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{
    GetSetDef, TypeSpec, bytes_like, call, call_def, getsets, instance_dict, iter, methods, next,
    writable_buffer,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The content.
#[derive(Default)]
struct Data {
    bytes: Vec<u8>,
    pos: usize,
}

/// A stream in memory.
pub struct BytesIo {
    /// The object that holds the content as long as nothing changed it; empty: the vector does.
    shared: Slot,
    data: Locked<Data>,
    closed: AtomicBool,
    exports: AtomicUsize,
}

impl Payload for BytesIo {
    const NAME: &'static str = "BytesIO";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.shared);
    }
}

/// `BytesIO`
pub static BYTES_IO: TypeSpec = TypeSpec {
    name: "BytesIO",
    module: "_io",
    layout: Layout::Native,
    vt: Some(<BytesIo as NativeLayout>::VT),
    flags: STREAM,
    slots: SlotSpec {
        new: Some(bytesio_new),
        init: Some(bytesio_init),
        iter: Some(bytesio_iter),
        iternext: Some(bytesio_next),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A buffered binary stream whose content is in memory.",
    sig: Some("(initial_bytes=b'')"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// True: a stream in memory can be read.
    "readable(self, /)" => |cx, a| open(cx, a[0]).map(|_| Value::TRUE);
    /// True: the position can be moved.
    "seekable(self, /)" => |cx, a| open(cx, a[0]).map(|_| Value::TRUE);
    /// True: a stream in memory can be written to.
    "writable(self, /)" => |cx, a| open(cx, a[0]).map(|_| Value::TRUE);
    /// Gives the memory back.
    "close(self, /)" => close;
    /// Does nothing.
    "flush(self, /)" => |cx, a| open(cx, a[0]).map(|_| Value::NONE);
    /// False: it is no terminal.
    "isatty(self, /)" => |cx, a| open(cx, a[0]).map(|_| Value::FALSE);
    /// The position.
    "tell(self, /)" => tell;
    /// Writes bytes; answers how many.
    "write(self, b, /)" => write;
    /// Writes the items of an iterable.
    "writelines(self, lines, /)" => writelines;
    /// Reads up to size bytes.
    "read1(self, size=-1, /)" => read;
    /// Reads into a buffer; answers how many bytes.
    "readinto(self, buffer, /)" => readinto;
    /// Reads a line, or as much of it as size allows.
    "readline(self, size=-1, /)" => readline;
    /// A list of lines; their total length may be limited by a hint.
    "readlines(self, size=None, /)" => readlines;
    /// Reads up to size bytes, or all.
    "read(self, size=-1, /)" => read;
    /// A writable view of the content; while it exists the size cannot change.
    "getbuffer(self, /)" => getbuffer;
    /// The whole content.
    "getvalue(self, /)" => getvalue;
    /// Moves the position and answers it.
    "seek(self, pos, whence=0, /)" => seek;
    /// Cuts the content, by default at the position.
    "truncate(self, size=None, /)" => truncate;
    "__getstate__(self, /)" => getstate;
    "__setstate__(self, state, /)" => setstate;
    "__sizeof__(self, /)" => sizeof;
];

static GETSETS: &[GetSetDef] = getsets![
    /// Whether the stream is closed.
    "closed" => |cx, v| of(cx, v).map(|b| Value::bool(b.closed.load(Ordering::Acquire)));
];

fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static BytesIo> {
    match v.native::<BytesIo>() {
        Some(b) => Ok(b),
        None => Err(bad_receiver(cx, v, "BytesIO")),
    }
}

#[inline]
fn open(cx: &mut Ctx, v: Value) -> PyResult<&'static BytesIo> {
    let b = of(cx, v)?;
    if b.closed.load(Ordering::Acquire) { Err(closed_file(cx)) } else { Ok(b) }
}

fn bytesio_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    let b = BytesIo {
        shared: Slot::empty(),
        data: Locked::new(Data::default()),
        closed: AtomicBool::new(false),
        exports: AtomicUsize::new(0),
    };
    let v = cx.new_native(t, b);
    // A subclass may do something in its `close`.
    if !t.has(type_flags::IMMUTABLE) {
        cx.register_finalizer(v);
    }
    Ok(v)
}

static INIT: &[MethodDef] = methods![
    "BytesIO(self, initial_bytes=b'')" => init_bound;
];

fn bytesio_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    call_def(cx, &INIT[0], Some(this), args).map(|_| ())
}

fn init_bound(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = of(cx, a[0])?;
    let initial = a[1].not_none();
    check_exports(cx, b)?;
    b.data.with(cx, a[0], |cx, d| {
        *d = Data::default();
        cx.store_empty(a[0], &b.shared);
        let Some(v) = initial else { return Ok(()) };
        if cx.is_exact(v, Ty::Bytes) {
            cx.store(a[0], &b.shared, v);
        } else {
            d.bytes = bytes_like(cx, v)?.to_owned_vec();
        }
        Ok(())
    })?;
    Ok(Value::NONE)
}

#[cold]
fn exported(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::BufferError, "Existing exports of data: object cannot be re-sized")
}

/// Raises BufferError if views exist, after looking whether they still do.
fn check_exports(cx: &mut Ctx, b: &BytesIo) -> PyResult<()> {
    let own = |e: Value| source(e).is_some_and(|(_, of)| std::ptr::eq(of, b));
    let count = || b.exports.load(Ordering::Acquire);
    if still_exported(cx, &count, &own) { Err(exported(cx)) } else { Ok(()) }
}

/// The content as a slice.
fn view<'a>(b: &BytesIo, d: &'a Data) -> &'a [u8] {
    match b.shared.get().and_then(BytesObj::of) {
        Some(s) => s.bytes(),
        None => &d.bytes,
    }
}

/// Makes the vector hold the content.
fn unshare(cx: &mut Ctx, this: Value, b: &BytesIo, d: &mut Data) -> PyResult<()> {
    if let Some(s) = b.shared.get().and_then(BytesObj::of) {
        d.bytes.clear();
        crate::fileio::reserve(cx, &mut d.bytes, s.bytes().len())?;
        d.bytes.extend_from_slice(s.bytes());
        cx.store_empty(this, &b.shared);
    }
    Ok(())
}

fn close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = of(cx, a[0])?;
    check_exports(cx, b)?;
    b.data.with(cx, a[0], |cx, d| {
        b.closed.store(true, Ordering::Release);
        cx.store_empty(a[0], &b.shared);
        *d = Data::default();
        Ok(())
    })?;
    Ok(Value::NONE)
}

fn tell(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = open(cx, a[0])?;
    b.data.with(cx, a[0], |cx, d| Ok(cx.int_usize(d.pos)))
}

// ---------------------------------------------------------------------------------------------------- writing

fn put(cx: &mut Ctx, this: Value, b: &BytesIo, data: &[u8]) -> PyResult<()> {
    if data.is_empty() {
        return Ok(());
    }
    b.data.with(cx, this, |cx, d| {
        unshare(cx, this, b, d)?;
        let Some(end) = d.pos.checked_add(data.len()).filter(|e| isize::try_from(*e).is_ok()) else {
            return Err(cx.raise_str(Ty::OverflowError, "new buffer size too large"));
        };
        let len = d.bytes.len();
        if end > len {
            if b.exports.load(Ordering::Acquire) > 0 {
                return Err(exported(cx));
            }
            if d.bytes.try_reserve(end - len).is_err() {
                return Err(cx.no_memory());
            }
            if d.pos > len {
                d.bytes.resize(d.pos, 0);
            }
        }
        let over = data.len().min(d.bytes.len() - d.pos);
        d.bytes[d.pos..d.pos + over].copy_from_slice(&data[..over]);
        d.bytes.extend_from_slice(&data[over..]);
        d.pos = end;
        Ok(())
    })
}

fn write(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = open(cx, a[0])?;
    let data = bytes_like(cx, a[1])?;
    if b.closed.load(Ordering::Acquire) {
        return Err(closed_file(cx));
    }
    if !data.is_empty() {
        check_exports(cx, b)?;
    }
    put(cx, a[0], b, &data)?;
    Ok(cx.int_usize(data.len()))
}

fn writelines(cx: &mut Ctx, a: &[Value]) -> PyResult {
    open(cx, a[0])?;
    let it = iter(cx, a[1])?;
    while let Some(line) = next(cx, it)? {
        write(cx, &[a[0], line])?;
    }
    Ok(Value::NONE)
}

fn truncate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    open(cx, a[0])?;
    let size = match a[1].not_none() {
        None => None,
        Some(_) => {
            let n = ssize(cx, a[1])?;
            match usize::try_from(n) {
                Ok(n) => Some(n),
                Err(_) => return Err(cx.value_error(&format!("negative size value {n}"))),
            }
        }
    };
    // An `__index__` may have closed the stream, or made a view.
    let b = open(cx, a[0])?;
    check_exports(cx, b)?;
    b.data.with(cx, a[0], |cx, d| {
        let size = size.unwrap_or(d.pos);
        if size < view(b, d).len() {
            unshare(cx, a[0], b, d)?;
            d.bytes.truncate(size);
        }
        Ok(cx.int_usize(size))
    })
}

// ---------------------------------------------------------------------------------------------------- reading

/// Takes the next `n` bytes as an object.
fn take(cx: &mut Ctx, b: &BytesIo, d: &mut Data, n: usize) -> PyResult {
    let all = view(b, d);
    let start = d.pos.min(all.len());
    let end = start.saturating_add(n).min(all.len());
    let v = match b.shared.get() {
        Some(s) if start == 0 && end == all.len() => s,
        _ => cx.bytes(&all[start..end])?,
    };
    d.pos += end - start;
    Ok(v)
}

fn read(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = open(cx, a[0])?;
    let n = usize::try_from(opt_size(cx, a[1])?).unwrap_or(usize::MAX);
    b.data.with(cx, a[0], |cx, d| take(cx, b, d, n))
}

/// Length of the next line, at most `limit`.
fn line_len(b: &BytesIo, d: &Data, limit: usize) -> usize {
    let all = view(b, d);
    let rest = &all[d.pos.min(all.len())..];
    let rest = &rest[..rest.len().min(limit)];
    memchr::memchr(b'\n', rest).map_or(rest.len(), |i| i + 1)
}

fn next_line(cx: &mut Ctx, this: Value, limit: usize) -> PyResult {
    let b = open(cx, this)?;
    b.data.with(cx, this, |cx, d| {
        let n = line_len(b, d, limit);
        take(cx, b, d, n)
    })
}

fn readline(cx: &mut Ctx, a: &[Value]) -> PyResult {
    open(cx, a[0])?;
    let limit = usize::try_from(opt_size(cx, a[1])?).unwrap_or(usize::MAX);
    next_line(cx, a[0], limit)
}

fn is_empty(line: Value) -> bool {
    BytesObj::of(line).is_some_and(|b| b.bytes().is_empty())
}

fn readlines(cx: &mut Ctx, a: &[Value]) -> PyResult {
    open(cx, a[0])?;
    let hint = usize::try_from(opt_size(cx, a[1])?).ok().filter(|h| *h > 0);
    let out = cx.list(&[])?;
    let Some(list) = ListObj::of(out) else { return Ok(out) };
    let mut total = 0usize;
    loop {
        let line = next_line(cx, a[0], usize::MAX)?;
        if is_empty(line) {
            return Ok(out);
        }
        cx.list_append(list, line)?;
        total += BytesObj::of(line).map_or(0, |b| b.bytes().len());
        if hint.is_some_and(|h| total >= h) {
            return Ok(out);
        }
    }
}

fn bytesio_iter(cx: &mut Ctx, this: Value) -> PyResult {
    open(cx, this).map(|_| this)
}

fn bytesio_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let line = next_line(cx, this, usize::MAX)?;
    Ok(if is_empty(line) { None } else { Some(line) })
}

fn readinto(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let room = writable_buffer(cx, a[1], "readinto() argument")?;
    let b = open(cx, a[0])?;
    let size = room.len;
    let n = b.data.with(cx, a[0], |_, d| {
        let all = view(b, d);
        let start = d.pos.min(all.len());
        let n = size.min(all.len() - start);
        // The target may be a view of this very stream: copy out first.
        let part = all[start..start + n].to_vec();
        room.write_at(0, &part);
        d.pos += n;
        Ok(n)
    })?;
    room.release(cx);
    Ok(cx.int_usize(n))
}

fn getvalue(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = open(cx, a[0])?;
    b.data.with(cx, a[0], |cx, d| match b.shared.get() {
        Some(s) => Ok(s),
        None => cx.bytes(&d.bytes),
    })
}

fn seek(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = of(cx, a[0])?;
    let pos = ssize(cx, a[1])?;
    let whence = int_or(cx, a[2], 0)?;
    open(cx, a[0])?;
    if pos < 0 && whence == 0 {
        return Err(cx.value_error(&format!("negative seek value {pos}")));
    }
    b.data.with(cx, a[0], |cx, d| {
        let base = match whence {
            0 => 0,
            1 => d.pos,
            2 => view(b, d).len(),
            w => {
                let msg = format!("invalid whence ({w}, should be 0, 1 or 2)");
                return Err(cx.value_error(&msg));
            }
        };
        let Some(at) = i64::try_from(base).ok().and_then(|b| b.checked_add(pos)) else {
            return Err(cx.raise_str(Ty::OverflowError, "new position too large"));
        };
        d.pos = usize::try_from(at).unwrap_or(0);
        Ok(cx.int_usize(d.pos))
    })
}

// ---------------------------------------------------------------------------------------------------- pickling

fn getstate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let value = getvalue(cx, a)?;
    let pos = tell(cx, a)?;
    let dict = attributes(cx, a[0])?;
    cx.tuple_of(None, &[value, pos, dict])
}

/// A copy of a stream's `__dict__`, None if there is nothing in it.
pub fn attributes(cx: &mut Ctx, v: Value) -> PyResult {
    if protopy_vm::instance_attrs(cx, v).is_empty() {
        return Ok(Value::NONE);
    }
    match instance_dict(cx, v)? {
        Some(d) => protopy_vm::call_method(cx, d, "copy", &[]),
        None => Ok(Value::NONE),
    }
}

/// Restores attributes from a pickled `__dict__`.
pub fn restore_attributes(cx: &mut Ctx, this: Value, dict: Value) -> PyResult<()> {
    if dict.is_none() {
        return Ok(());
    }
    if !cx.is_instance(dict, Ty::Dict) {
        let msg =
            format!("third item of state should be a dict, got a {}", protopy_vm::ops::tp_name(cx, dict));
        return Err(cx.type_error(&msg));
    }
    if let Some(own) = instance_dict(cx, this)? {
        protopy_vm::call_method(cx, own, "update", &[dict])?;
    }
    Ok(())
}

fn setstate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = of(cx, a[0])?;
    let Some([value, pos, dict, ..]) = TupleObj::of(a[1]).map(|t| t.items()) else {
        let msg = format!(
            "{}.__setstate__ argument should be 3-tuple, got {}",
            shown_class(cx, a[0]),
            protopy_vm::ops::tp_name(cx, a[1])
        );
        return Err(cx.type_error(&msg));
    };
    check_exports(cx, b)?;
    open(cx, a[0])?;
    init_bound(cx, &[a[0], *value])?;
    let Some(n) = IntRef::of(*pos) else {
        let msg =
            format!("second item of state must be an integer, not {}", protopy_vm::ops::tp_name(cx, *pos));
        return Err(cx.type_error(&msg));
    };
    let Some(n) = n.to_i64() else {
        return Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t"));
    };
    let Ok(n) = usize::try_from(n) else {
        return Err(cx.value_error("position value cannot be negative"));
    };
    b.data.with(cx, a[0], |_, d| {
        d.pos = n;
        Ok(())
    })?;
    restore_attributes(cx, a[0], *dict)?;
    Ok(Value::NONE)
}

fn sizeof(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = of(cx, a[0])?;
    let base = cx.type_of(a[0]).basic_size as usize;
    b.data.with(cx, a[0], |cx, d| {
        let n = view(b, d).len();
        Ok(cx.int_usize(base + if n == 0 { 0 } else { n + 33 }))
    })
}

// ---------------------------------------------------------------------------------------------------- views

/// The exporter of a stream's memory, which `getbuffer` makes a memoryview of.
pub struct BytesIoBuffer {
    source: Slot,
}

impl Payload for BytesIoBuffer {
    const NAME: &'static str = "_BytesIOBuffer";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.source);
    }
}

/// `_BytesIOBuffer`
pub static BYTES_IO_BUFFER: TypeSpec = TypeSpec {
    name: "_BytesIOBuffer",
    module: "_io",
    layout: Layout::Native,
    vt: Some(<BytesIoBuffer as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { buffer: Some(export), ..SlotSpec::NONE },
    ..TypeSpec::BASE
};

fn source(v: Value) -> Option<(Value, &'static BytesIo)> {
    let s = v.native::<BytesIoBuffer>()?.source.get()?;
    Some((s, s.native::<BytesIo>()?))
}

fn end_export(v: Value) {
    if let Some((_, b)) = source(v) {
        b.exports.fetch_sub(1, Ordering::AcqRel);
    }
}

fn export(cx: &mut Ctx, v: Value, _writable: bool) -> PyResult<Buffer> {
    let Some((this, b)) = source(v) else { return Err(cx.type_error("a stream is required")) };
    open(cx, this)?;
    b.data.with(cx, this, |cx, d| {
        unshare(cx, this, b, d)?;
        b.exports.fetch_add(1, Ordering::AcqRel);
        Ok(Buffer::bytes(v, d.bytes.as_mut_ptr(), d.bytes.len(), false, Some(end_export)))
    })
}

fn getbuffer(cx: &mut Ctx, a: &[Value]) -> PyResult {
    open(cx, a[0])?;
    let Some(class) = cx.space().state::<IoState>().bytes_buffer.get().and_then(TypeObj::of) else {
        return Err(uninitialized(cx));
    };
    let exporter = cx.new_native(class, BytesIoBuffer { source: Slot::new(a[0]) });
    let view = cx.ty(Ty::MemoryView).value();
    call(cx, view, &[exporter])
}
