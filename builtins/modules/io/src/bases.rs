//! The abstract bases: `_IOBase`, `_RawIOBase`, `_BufferedIOBase`, `_TextIOBase`.
//!
//! Whether a stream without a state of its own is closed is the presence of the attribute `__IOBase_closed`.

use crate::util::*;
use protopy_vm::protocore::layouts::{BytesObj, ListObj, MethodDef};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Ty, TypeObj, Value};
use protopy_vm::types::classes::{get_dict, set_dict};
use protopy_vm::{
    GetSetDef, TypeSpec, bytes_like, call, call_method, get_attr_str, getsets, is_true, iter, len,
    lookup_attr_str, methods, next, set_attr_str, writable_buffer,
};

/// Flags of all stream classes: as in CPython they are heap types that cannot be changed.
pub const STREAM: u64 =
    type_flags::BASETYPE | type_flags::DICT | type_flags::WEAKREF | type_flags::HEAP | type_flags::IMMUTABLE;

const CLOSED: &str = "__IOBase_closed";

/// `_IOBase`
pub static IO_BASE: TypeSpec = TypeSpec {
    name: "_IOBase",
    module: "_io",
    flags: STREAM,
    slots: SlotSpec {
        new: Some(base_new),
        del: Some(base_del),
        iter: Some(base_iter),
        iternext: Some(base_next),
        ..SlotSpec::NONE
    },
    methods: IO_METHODS,
    getsets: IO_GETSETS,
    doc: "The abstract base class of all streams. It reads and writes nothing itself; its methods support or refuse what every stream may be asked for.",
    ..TypeSpec::BASE
};

static IO_METHODS: &[MethodDef] = methods![
    /// Moves the position of the stream.
    "seek(self, offset, whence=0, /)" => |cx, _| Err(unsupported(cx, "seek"));
    /// The position of the stream.
    "tell(self, /)" => |cx, a| call_method(cx, a[0], "seek", &[Value::small(0), Value::small(1)]);
    /// Changes the size of the file.
    "truncate(self, size=None, /)" => |cx, _| Err(unsupported(cx, "truncate"));
    /// Writes what is buffered, if anything.
    "flush(self, /)" => base_flush;
    /// Flushes and closes the stream. Once closed, it cannot be used any more.
    "close(self, /)" => base_close;
    /// Whether the position can be moved.
    "seekable(self, /)" => |_, _| Ok(Value::FALSE);
    /// Whether the stream can be read.
    "readable(self, /)" => |_, _| Ok(Value::FALSE);
    /// Whether the stream can be written to.
    "writable(self, /)" => |_, _| Ok(Value::FALSE);
    "_checkClosed(self, /)" => |cx, a| check_closed(cx, a[0]).map(|()| Value::NONE);
    "_checkSeekable(self, /)" => |cx, a| check_able(cx, a[0], "seekable");
    "_checkReadable(self, /)" => |cx, a| check_able(cx, a[0], "readable");
    "_checkWritable(self, /)" => |cx, a| check_able(cx, a[0], "writable");
    /// The descriptor below the stream.
    "fileno(self, /)" => |cx, _| Err(unsupported(cx, "fileno"));
    /// Whether the stream is a terminal.
    "isatty(self, /)" => |cx, a| check_closed(cx, a[0]).map(|()| Value::FALSE);
    "__enter__(self, /)" => |cx, a| check_closed(cx, a[0]).map(|()| a[0]);
    "__exit__(self, /, *args)" => |cx, a| call_method(cx, a[0], "close", &[]);
    /// Reads a line, or as much of it as size allows.
    "readline(self, size=-1, /)" => base_readline;
    /// A list of lines; their total length may be limited by a hint.
    "readlines(self, hint=-1, /)" => base_readlines;
    /// Writes lines one by one. No separators are added.
    "writelines(self, lines, /)" => base_writelines;
];

static IO_GETSETS: &[GetSetDef] = getsets![
    "__dict__" => get_dict, set_dict;
    "closed" => |cx, v| Ok(Value::bool(base_is_closed(cx, v)?));
];

fn base_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    if t.layout != Layout::Object {
        let msg = format!("cannot create '{}' instances", protopy_vm::type_text(t));
        return Err(cx.type_error(&msg));
    }
    let v = cx.new_object(t);
    cx.register_finalizer(v);
    Ok(v)
}

/// Closes a stream that nobody refers to any more.
pub fn base_del(cx: &mut Ctx, this: Value) -> PyResult<()> {
    let closed = match is_closed(cx, this) {
        Ok(c) => c,
        Err(r) => {
            // Such a stream is not known to be open.
            cx.take_raised(r);
            return Ok(());
        }
    };
    if closed {
        return Ok(());
    }
    if let Err(r) = set_attr_str(cx, this, "_finalizing", Value::TRUE) {
        cx.take_raised(r);
    }
    if let Err(r) = call_method(cx, this, "close", &[]) {
        let exc = cx.take_raised(r);
        let shown = match protopy_vm::repr_text(cx, this) {
            Ok(t) => t,
            Err(r) => {
                cx.take_raised(r);
                format!("<{}>", cx.type_name(this))
            }
        };
        let msg = format!("Exception ignored while finalizing file {shown}");
        protopy_vm::unraisable(cx, exc, Some(&msg), Value::NONE);
    }
    Ok(())
}

fn base_is_closed(cx: &mut Ctx, v: Value) -> PyResult<bool> {
    Ok(lookup_attr_str(cx, v, CLOSED)?.is_some())
}

fn base_flush(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if base_is_closed(cx, a[0])? { Err(closed_file(cx)) } else { Ok(Value::NONE) }
}

/// `_IOBase.close`
pub fn base_close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let this = a[0];
    if base_is_closed(cx, this)? {
        return Ok(Value::NONE);
    }
    let flushed = call_method(cx, this, "flush", &[]);
    chain(cx, flushed, |cx| set_attr_str(cx, this, CLOSED, Value::TRUE))?;
    Ok(Value::NONE)
}

fn base_iter(cx: &mut Ctx, this: Value) -> PyResult {
    check_closed(cx, this)?;
    Ok(this)
}

fn base_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let line = call_method(cx, this, "readline", &[])?;
    Ok(if len(cx, line)? == 0 { None } else { Some(line) })
}

fn must_be_bytes(cx: &mut Ctx, v: Value, method: &str) -> PyResult<&'static [u8]> {
    match BytesObj::of(v) {
        Some(b) => Ok(b.bytes()),
        None => {
            let msg = format!(
                "{method}() should have returned a bytes object, not '{}'",
                protopy_vm::ops::tp_name(cx, v)
            );
            Err(cx.raise_str(Ty::OSError, &msg))
        }
    }
}

/// How many bytes `readline` asks for: up to the end of the line if the stream can look ahead, else one.
fn line_ahead(cx: &mut Ctx, peek: Option<Value>, left: usize) -> PyResult<usize> {
    let Some(peek) = peek else { return Ok(1) };
    let seen = call(cx, peek, &[Value::small(1)])?;
    let b = must_be_bytes(cx, seen, "peek")?;
    let b = &b[..b.len().min(left)];
    let n = match memchr::memchr(b'\n', b) {
        Some(i) => i + 1,
        None => b.len(),
    };
    protopy_vm::keep_alive(seen);
    Ok(n.max(1))
}

fn base_readline(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let limit = usize::try_from(opt_size(cx, a[1])?).unwrap_or(usize::MAX);
    let peek = lookup_attr_str(cx, a[0], "peek")?;
    let mut line = Vec::new();
    while line.len() < limit {
        let n = line_ahead(cx, peek, limit - line.len())?;
        let n = cx.int_usize(n);
        let part = call_eintr(cx, a[0], "read", &[n])?;
        let b = must_be_bytes(cx, part, "read")?;
        if b.is_empty() {
            break;
        }
        line.extend_from_slice(b);
        if line.ends_with(b"\n") {
            break;
        }
    }
    cx.bytes(&line)
}

fn base_readlines(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let hint = usize::try_from(opt_size(cx, a[1])?).ok().filter(|h| *h > 0);
    let out = cx.list(&[])?;
    let Some(list) = ListObj::of(out) else { return Ok(out) };
    let it = iter(cx, a[0])?;
    let mut total = 0usize;
    while let Some(line) = next(cx, it)? {
        cx.list_append(list, line)?;
        if let Some(h) = hint {
            total = total.saturating_add(len(cx, line)?);
            if total > h {
                break;
            }
        }
    }
    Ok(out)
}

fn base_writelines(cx: &mut Ctx, a: &[Value]) -> PyResult {
    check_closed(cx, a[0])?;
    let it = iter(cx, a[1])?;
    while let Some(line) = next(cx, it)? {
        call_eintr(cx, a[0], "write", &[line])?;
    }
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- raw

/// `_RawIOBase`
pub static RAW_BASE: TypeSpec = TypeSpec {
    name: "_RawIOBase",
    module: "_io",
    flags: STREAM,
    methods: RAW_METHODS,
    doc: "Base class of raw streams.",
    ..TypeSpec::BASE
};

static RAW_METHODS: &[MethodDef] = methods![
    "read(self, size=-1, /)" => raw_read;
    /// Reads until the end, by several calls of read.
    "readall(self, /)" => raw_readall;
    "readinto(self, buffer, /)" => not_implemented;
    "write(self, b, /)" => not_implemented;
];

fn not_implemented(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let e = protopy_vm::new_exc(cx, Ty::NotImplementedError, &[]);
    Err(cx.set_raised(e))
}

fn raw_read(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = if a[1].is_unbound() { -1 } else { ssize(cx, a[1])? };
    if n < 0 {
        return call_method(cx, a[0], "readall", &[]);
    }
    let size = cx.int(n);
    let class = cx.ty(Ty::ByteArray).value();
    let array = call(cx, class, &[size])?;
    let got = call_method(cx, a[0], "readinto", &[array])?;
    if got.is_none() {
        return Ok(got);
    }
    let got = protopy_vm::index_i64(cx, got, Ty::ValueError)?;
    let b = bytes_like(cx, array)?;
    let part = usize::try_from(got).ok().and_then(|n| b.get(..n));
    match part {
        Some(part) => cx.bytes(part),
        None => {
            let msg = format!("readinto returned {got} outside buffer size {}", b.len());
            Err(cx.value_error(&msg))
        }
    }
}

fn raw_readall(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let mut all = Vec::new();
    let size = cx.int_usize(DEFAULT_BUFFER_SIZE);
    loop {
        let part = call_eintr(cx, a[0], "read", &[size])?;
        if part.is_none() {
            if all.is_empty() {
                return Ok(part);
            }
            break;
        }
        let Some(b) = BytesObj::of(part) else { return Err(cx.type_error("read() should return bytes")) };
        if b.bytes().is_empty() {
            break;
        }
        all.extend_from_slice(b.bytes());
    }
    cx.bytes(&all)
}

// ---------------------------------------------------------------------------------------------------- buffered

/// `_BufferedIOBase`
pub static BUFFERED_BASE: TypeSpec = TypeSpec {
    name: "_BufferedIOBase",
    module: "_io",
    flags: STREAM,
    methods: BUFFERED_METHODS,
    doc: "Base class of buffered streams. Their read reads as much as is asked for, unless the stream ends or would block.",
    ..TypeSpec::BASE
};

static BUFFERED_METHODS: &[MethodDef] = methods![
    /// Separates the raw stream from the buffer and returns it.
    "detach(self, /)" => |cx, _| Err(unsupported(cx, "detach"));
    /// Reads size bytes, or all.
    "read(self, size=-1, /)" => |cx, _| Err(unsupported(cx, "read"));
    /// Reads up to size bytes with at most one read of the raw stream.
    "read1(self, size=-1, /)" => |cx, _| Err(unsupported(cx, "read1"));
    "readinto(self, buffer, /)" => |cx, a| read_into(cx, a, "read");
    "readinto1(self, buffer, /)" => |cx, a| read_into(cx, a, "read1");
    /// Writes bytes; answers how many.
    "write(self, b, /)" => |cx, _| Err(unsupported(cx, "write"));
];

fn read_into(cx: &mut Ctx, a: &[Value], method: &str) -> PyResult {
    let what = if method == "read1" { "readinto1() argument" } else { "readinto() argument" };
    let room = writable_buffer(cx, a[1], what)?;
    let size = room.len;
    let n = cx.int_usize(size);
    let data = call_method(cx, a[0], method, &[n])?;
    let Some(b) = BytesObj::of(data) else { return Err(cx.type_error("read() should return bytes")) };
    let b = b.bytes();
    if b.len() > size {
        let msg = format!("read() returned too much data: {size} bytes requested, {} returned", b.len());
        return Err(cx.value_error(&msg));
    }
    let n = room.write_at(0, b);
    room.release(cx);
    protopy_vm::keep_alive(data);
    Ok(cx.int_usize(n))
}

// ---------------------------------------------------------------------------------------------------- text

/// `_TextIOBase`
pub static TEXT_BASE: TypeSpec = TypeSpec {
    name: "_TextIOBase",
    module: "_io",
    flags: STREAM,
    methods: TEXT_METHODS,
    getsets: TEXT_GETSETS,
    doc: "Base class of text streams: characters and lines.",
    ..TypeSpec::BASE
};

static TEXT_METHODS: &[MethodDef] = methods![
    /// Separates the buffer below from the text stream and returns it.
    "detach(self, /)" => |cx, _| Err(unsupported(cx, "detach"));
    /// Reads size characters, or all.
    "read(self, size=-1, /)" => |cx, _| Err(unsupported(cx, "read"));
    /// Reads a line; an empty string at the end.
    "readline(self, size=-1, /)" => |cx, _| Err(unsupported(cx, "readline"));
    /// Writes a string; answers how many characters.
    "write(self, s, /)" => |cx, _| Err(unsupported(cx, "write"));
];

static TEXT_GETSETS: &[GetSetDef] = getsets![
    /// The encoding; subclasses override it.
    "encoding" => |_, _| Ok(Value::NONE);
    /// The line endings seen so far.
    "newlines" => |_, _| Ok(Value::NONE);
    /// The error handler; subclasses override it.
    "errors" => |_, _| Ok(Value::NONE);
];

/// The truth of what a predicate of another stream answers.
pub fn ask(cx: &mut Ctx, v: Value, method: &str) -> PyResult<bool> {
    let r = call_method(cx, v, method, &[])?;
    is_true(cx, r)
}

/// Forwards a method without arguments.
pub fn forward(cx: &mut Ctx, to: Value, method: &str) -> PyResult {
    call_method(cx, to, method, &[])
}

/// Forwards an attribute.
pub fn forward_attr(cx: &mut Ctx, to: Value, n: &str) -> PyResult {
    get_attr_str(cx, to, n)
}
