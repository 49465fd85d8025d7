//! The classes, and what is neither reading nor writing.

use super::*;
use crate::bases::{STREAM, forward, forward_attr};
use protopy_vm::protocore::layouts::{BytesObj, MethodDef};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, Layout, NativeLayout, TypeObj};
use protopy_vm::{GetSetDef, TypeSpec, call_def, getsets, methods, repr_text};

macro_rules! class {
    ($kind:ident, $name:literal, $methods:ident, $new:ident, $next:expr, $doc:literal) => {
        TypeSpec {
            name: $name,
            module: "_io",
            layout: Layout::Native,
            vt: Some(<Buffered as NativeLayout>::VT),
            flags: STREAM,
            slots: SlotSpec {
                new: Some($new),
                init: Some(init),
                repr: Some(buffered_repr),
                iternext: $next,
                ..SlotSpec::NONE
            },
            methods: $methods,
            getsets: GETSETS,
            doc: $doc,
            sig: Some("(raw, buffer_size=DEFAULT_BUFFER_SIZE)"),
            ..TypeSpec::BASE
        }
    };
}

/// `BufferedReader`
pub static BUFFERED_READER: TypeSpec = class!(
    Reader,
    "BufferedReader",
    READER,
    new_reader,
    Some(next_line),
    "A buffer for reading from a raw stream."
);

/// `BufferedWriter`
pub static BUFFERED_WRITER: TypeSpec =
    class!(Writer, "BufferedWriter", WRITER, new_writer, None, "A buffer for writing to a raw stream.");

/// `BufferedRandom`
pub static BUFFERED_RANDOM: TypeSpec = class!(
    Random,
    "BufferedRandom",
    RANDOM,
    new_random,
    Some(next_line),
    "A buffer for reading from and writing to a raw stream that can seek."
);

static READER: &[MethodDef] = methods![
    "detach(self, /)" => detach;
    "flush(self, /)" => raw_flush;
    "close(self, /)" => close;
    "seekable(self, /)" => |cx, a| to_raw(cx, a, "seekable");
    "readable(self, /)" => |cx, a| to_raw(cx, a, "readable");
    "fileno(self, /)" => |cx, a| to_raw(cx, a, "fileno");
    "isatty(self, /)" => |cx, a| to_raw(cx, a, "isatty");
    "_dealloc_warn(self, source, /)" => dealloc_warn;
    /// Reads size bytes, or all.
    "read(self, size=-1, /)" => read::read;
    /// Looks at what comes next without moving the position.
    "peek(self, size=0, /)" => peek;
    /// Reads up to size bytes with at most one read of the raw stream.
    "read1(self, size=-1, /)" => read::read1;
    "readinto(self, buffer, /)" => read::readinto;
    "readinto1(self, buffer, /)" => read::readinto1;
    "readline(self, size=-1, /)" => read::readline;
    "seek(self, target, whence=0, /)" => seek;
    "tell(self, /)" => tell;
    "truncate(self, pos=None, /)" => truncate;
    "__sizeof__(self, /)" => sizeof;
    "__getstate__(self, /)" => cannot_pickle;
];

static WRITER: &[MethodDef] = methods![
    "close(self, /)" => close;
    "detach(self, /)" => detach;
    "seekable(self, /)" => |cx, a| to_raw(cx, a, "seekable");
    "writable(self, /)" => |cx, a| to_raw(cx, a, "writable");
    "fileno(self, /)" => |cx, a| to_raw(cx, a, "fileno");
    "isatty(self, /)" => |cx, a| to_raw(cx, a, "isatty");
    "_dealloc_warn(self, source, /)" => dealloc_warn;
    /// Writes bytes; answers how many.
    "write(self, buffer, /)" => write::write;
    "truncate(self, pos=None, /)" => truncate;
    "flush(self, /)" => flush;
    "seek(self, target, whence=0, /)" => seek;
    "tell(self, /)" => tell;
    "__sizeof__(self, /)" => sizeof;
    "__getstate__(self, /)" => cannot_pickle;
];

static RANDOM: &[MethodDef] = methods![
    "close(self, /)" => close;
    "detach(self, /)" => detach;
    "seekable(self, /)" => |cx, a| to_raw(cx, a, "seekable");
    "readable(self, /)" => |cx, a| to_raw(cx, a, "readable");
    "writable(self, /)" => |cx, a| to_raw(cx, a, "writable");
    "fileno(self, /)" => |cx, a| to_raw(cx, a, "fileno");
    "isatty(self, /)" => |cx, a| to_raw(cx, a, "isatty");
    "_dealloc_warn(self, source, /)" => dealloc_warn;
    "flush(self, /)" => flush;
    "seek(self, target, whence=0, /)" => seek;
    "tell(self, /)" => tell;
    "truncate(self, pos=None, /)" => truncate;
    /// Reads size bytes, or all.
    "read(self, size=-1, /)" => read::read;
    /// Reads up to size bytes with at most one read of the raw stream.
    "read1(self, size=-1, /)" => read::read1;
    "readinto(self, buffer, /)" => read::readinto;
    "readinto1(self, buffer, /)" => read::readinto1;
    "readline(self, size=-1, /)" => read::readline;
    /// Looks at what comes next without moving the position.
    "peek(self, size=0, /)" => peek;
    /// Writes bytes; answers how many.
    "write(self, buffer, /)" => write::write;
    "__sizeof__(self, /)" => sizeof;
    "__getstate__(self, /)" => cannot_pickle;
];

static GETSETS: &[GetSetDef] = getsets![
    member "raw" => |cx, v| of(cx, v).map(|b| b.raw.get_or_none());
    member "_finalizing" =>
        |cx, v| of(cx, v).map(|b| Value::bool(b.finalizing.load(Ordering::Relaxed))),
        |cx, v, on| {
            let on = bool_member(cx, on)?;
            of(cx, v).map(|b| b.finalizing.store(on, Ordering::Relaxed))
        };
    "closed" => |cx, v| raw_attr(cx, v, "closed");
    "name" => |cx, v| raw_attr(cx, v, "name");
    "mode" => |cx, v| raw_attr(cx, v, "mode");
];

// ---------------------------------------------------------------------------------------------------- making

fn new_of(cx: &mut Ctx, class: Value, kind: Kind) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    let v = cx.new_native(t, Buffered::fresh(kind));
    cx.register_finalizer(v);
    Ok(v)
}

fn new_reader(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    new_of(cx, class, Kind::Reader)
}

fn new_writer(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    new_of(cx, class, Kind::Writer)
}

fn new_random(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    new_of(cx, class, Kind::Random)
}

static INIT: &[MethodDef] = methods![
    "BufferedReader(self, raw, buffer_size=<default>)" => init_bound;
    "BufferedWriter(self, raw, buffer_size=<default>)" => init_bound;
    "BufferedRandom(self, raw, buffer_size=<default>)" => init_bound;
];

fn init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let def = match of(cx, this)?.kind {
        Kind::Reader => &INIT[0],
        Kind::Writer => &INIT[1],
        Kind::Random => &INIT[2],
    };
    call_def(cx, def, Some(this), args).map(|_| ())
}

fn init_bound(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let size = match a[2].bound() {
        Some(n) => ssize(cx, n)?,
        None => signed(DEFAULT_BUFFER_SIZE),
    };
    set_up(cx, a[0], a[1], size)?;
    Ok(Value::NONE)
}

/// Initialises a stream (again).
fn set_up(cx: &mut Ctx, this: Value, raw: Value, size: i64) -> PyResult<()> {
    let me = of(cx, this)?;
    me.ok.store(false, Ordering::Release);
    me.detached.store(false, Ordering::Release);
    match me.kind {
        Kind::Reader => drop(check_able(cx, raw, "readable")?),
        Kind::Writer => drop(check_able(cx, raw, "writable")?),
        Kind::Random => {
            check_able(cx, raw, "seekable")?;
            check_able(cx, raw, "readable")?;
            check_able(cx, raw, "writable")?;
        }
    }
    cx.store(this, &me.raw, raw);
    let Some(size) = usize::try_from(size).ok().filter(|n| *n > 0) else {
        return Err(cx.value_error("buffer size must be strictly positive"));
    };
    if isize::try_from(size).is_err() {
        return Err(cx.no_memory());
    }
    me.buf.with(cx, this, |cx, b| {
        *b = Buf { size, ..Buf::default() };
        me.ok.store(true, Ordering::Release);
        if let Err(r) = raw_tell(cx, me, b) {
            // A stream that cannot tell is no reason to fail.
            cx.take_raised(r);
        }
        Ok(())
    })
}

/// A buffered stream without finalizer, for a text stream that closes it.
pub fn unregistered(cx: &mut Ctx, class: &TypeObj, kind: Kind, raw: Value, size: i64) -> PyResult {
    let v = cx.new_native(class, Buffered::fresh(kind));
    set_up(cx, v, raw, size)?;
    Ok(v)
}

// ---------------------------------------------------------------------------------------------------- forwarded

fn to_raw(cx: &mut Ctx, a: &[Value], method: &str) -> PyResult {
    let raw = of(cx, a[0])?.raw(cx)?;
    forward(cx, raw, method)
}

fn raw_attr(cx: &mut Ctx, this: Value, n: &str) -> PyResult {
    let raw = of(cx, this)?.raw(cx)?;
    forward_attr(cx, raw, n)
}

fn raw_flush(cx: &mut Ctx, a: &[Value]) -> PyResult {
    to_raw(cx, a, "flush")
}

fn flush(cx: &mut Ctx, a: &[Value]) -> PyResult {
    flush_stream(cx, a[0]).map(|()| Value::NONE)
}

fn peek(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if !a[1].is_unbound() {
        ssize(cx, a[1])?;
    }
    peek_bytes(cx, a)
}

fn dealloc_warn(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    if let Ok(raw) = me.raw(cx).map_err(|r| cx.take_raised(r))
        && let Err(r) = call_method(cx, raw, "_dealloc_warn", &[a[1]])
    {
        cx.take_raised(r);
    }
    Ok(Value::NONE)
}

fn sizeof(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    let base = cx.type_of(a[0]).basic_size as usize;
    me.buf.with(cx, a[0], |cx, b| Ok(cx.int_usize(base + if b.gone { 0 } else { b.size })))
}

fn buffered_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let class = shown_class(cx, this);
    let text = match attr_for_repr(cx, this, "name")? {
        None => format!("<{class}>"),
        Some(n) => {
            let shown = guarded_repr(cx, this, |cx| repr_text(cx, n))?;
            format!("<{class} name={shown}>")
        }
    };
    Ok(cx.str(&text))
}

fn next_line(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let v = if is_builtin_class(cx, this) {
        read::line(cx, this, usize::MAX)?
    } else {
        let me = of(cx, this)?;
        me.raw(cx)?;
        call_method(cx, this, "readline", &[])?
    };
    match BytesObj::of(v) {
        Some(b) if b.bytes().is_empty() => Ok(None),
        Some(_) => Ok(Some(v)),
        None => {
            let msg = format!(
                "readline() should have returned a bytes object, not '{}'",
                protopy_vm::ops::tp_name(cx, v)
            );
            Err(cx.raise_str(Ty::OSError, &msg))
        }
    }
}

// ---------------------------------------------------------------------------------------------------- closing

fn close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let this = a[0];
    let me = of(cx, this)?;
    me.raw(cx)?;
    if me.buf.with(cx, this, |cx, _| me.raw_closed(cx))? {
        return Ok(Value::NONE);
    }
    if me.finalizing.load(Ordering::Relaxed) {
        dealloc_warn(cx, &[this, this])?;
    }
    // The lock is free meanwhile: a `flush` written in Python takes it.
    let flushed = call_method(cx, this, "flush", &[]);
    chain(cx, flushed, |cx| {
        me.buf.with(cx, this, |cx, b| {
            let raw = me.raw(cx)?;
            let r = call_method(cx, raw, "close", &[]);
            b.mem = Vec::new();
            b.gone = true;
            b.pos = 0;
            b.read_end = b.read_end.map(|_| 0);
            b.forget_write();
            r
        })
    })
}

fn detach(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    me.raw(cx)?;
    call_method(cx, a[0], "flush", &[])?;
    let raw = me.raw(cx)?;
    me.detached.store(true, Ordering::Release);
    me.ok.store(false, Ordering::Release);
    cx.store_empty(a[0], &me.raw);
    // It may have been made without a finalizer of its own.
    cx.register_finalizer(raw);
    Ok(raw)
}

// ---------------------------------------------------------------------------------------------------- position

fn tell(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    me.raw(cx)?;
    me.buf.with(cx, a[0], |cx, b| {
        let at = raw_tell(cx, me, b)? - b.raw_offset();
        Ok(cx.int(at.max(0)))
    })
}

fn seek(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    let whence = int_or(cx, a[2], 0)?;
    me.raw(cx)?;
    let known = [libc::SEEK_SET, libc::SEEK_CUR, libc::SEEK_END, libc::SEEK_DATA, libc::SEEK_HOLE];
    if !known.contains(&whence) {
        return Err(cx.value_error(&format!("whence value {whence} unsupported")));
    }
    me.buf.with(cx, a[0], |cx, b| check_open(cx, me, b, "seek of closed file"))?;
    let raw = me.raw(cx)?;
    if me.plain_raw(cx, "seekable")?.is_none_or(|f| f.fd() < 0) {
        check_able(cx, raw, "seekable")?;
    } else if !me.plain_raw(cx, "seekable")?.is_some_and(|f| fileio::is_seekable(cx, f)) {
        return Err(unsupported(cx, "File or stream is not seekable."));
    }
    let target = offset(cx, a[1], Ty::ValueError)?;
    me.buf.with(cx, a[0], |cx, b| {
        let at = match seek_inside(cx, me, b, target, whence)? {
            Some(at) => at,
            None => seek_raw(cx, me, b, target, whence)?,
        };
        Ok(cx.int(at))
    })
}

/// Moves within what was read ahead, if the target is there.
fn seek_inside(cx: &mut Ctx, me: &Buffered, b: &mut Buf, target: i64, whence: i32) -> PyResult<Option<i64>> {
    if !me.kind.reads() || !(whence == 0 || whence == 1) {
        return Ok(None);
    }
    let raw = match b.abs_pos {
        Some(at) => at,
        None => raw_tell(cx, me, b)?,
    };
    let ahead = signed(b.ahead());
    if ahead == 0 {
        return Ok(None);
    }
    let now = raw - b.raw_offset();
    let by = if whence == 0 { target.saturating_sub(now) } else { target };
    if by < -signed(b.pos) || by > ahead {
        return Ok(None);
    }
    b.pos = usize::try_from(signed(b.pos) + by).unwrap_or(0);
    Ok(Some((now + by).max(0)))
}

fn seek_raw(cx: &mut Ctx, me: &Buffered, b: &mut Buf, target: i64, whence: i32) -> PyResult<i64> {
    if me.kind.writes() {
        write::flush(cx, me, b)?;
    }
    let target = if whence == 1 { target.saturating_sub(b.raw_offset()) } else { target };
    let at = raw_seek(cx, me, b, target, whence)?;
    b.raw_pos = -1;
    if me.kind.reads() {
        b.forget_read();
    }
    Ok(at)
}

fn truncate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    me.raw(cx)?;
    me.buf.with(cx, a[0], |cx, b| {
        check_open(cx, me, b, "truncate of closed file")?;
        if !me.kind.writes() {
            return Err(unsupported(cx, "truncate"));
        }
        flush_and_rewind(cx, me, b)?;
        let raw = me.raw(cx)?;
        let r = call_method(cx, raw, "truncate", &[a[1]])?;
        if let Err(r) = raw_tell(cx, me, b) {
            cx.take_raised(r);
        }
        Ok(r)
    })
}
