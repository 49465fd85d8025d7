//! The class, and what is neither reading nor writing.

use super::*;
use crate::bases::{STREAM, forward, forward_attr};
use crate::newline::NewlineDecoder;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Layout, NativeLayout, Ty};
use protopy_vm::{
    GetSetDef, TypeSpec, call_method, get_attr_str, getsets, index_i64, methods, repr_text, str_text,
};

/// `TextIOWrapper`
pub static TEXT_IO_WRAPPER: TypeSpec = TypeSpec {
    name: "TextIOWrapper",
    module: "_io",
    layout: Layout::Native,
    vt: Some(<TextIo as NativeLayout>::VT),
    flags: STREAM,
    slots: SlotSpec {
        new: Some(init::text_new),
        init: Some(init::text_init),
        repr: Some(text_repr),
        iternext: Some(read::next),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Characters and lines on a buffered binary stream, in an encoding, with a policy for errors and one for newlines.",
    sig: Some(
        "(buffer, encoding=None, errors=None, newline=None,\n              line_buffering=False, write_through=False)",
    ),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    "detach(self, /)" => detach;
    /// Changes encoding, error handler, newline treatment or buffering.
    "reconfigure(self, /, *, encoding=None, errors=None, newline=<unset>, line_buffering=None, write_through=None)" => init::reconfigure;
    "write(self, text, /)" => write::write;
    "read(self, size=-1, /)" => read::read;
    "readline(self, size=-1, /)" => read::readline;
    "flush(self, /)" => write::flush;
    "close(self, /)" => close;
    "fileno(self, /)" => |cx, a| to_buffer(cx, a, "fileno");
    "seekable(self, /)" => |cx, a| to_buffer(cx, a, "seekable");
    "readable(self, /)" => |cx, a| to_buffer(cx, a, "readable");
    "writable(self, /)" => |cx, a| to_buffer(cx, a, "writable");
    "isatty(self, /)" => |cx, a| to_buffer(cx, a, "isatty");
    /// Moves to a position that tell answered, or to the start or the end.
    "seek(self, cookie, whence=0, /)" => seek::seek;
    /// A position for seek.
    "tell(self, /)" => seek::tell;
    "truncate(self, pos=None, /)" => seek::truncate;
    "__getstate__(self, /)" => cannot_pickle;
];

static GETSETS: &[GetSetDef] = getsets![
    member "encoding" => |cx, v| of(cx, v).map(|t| t.encoding.get_or_none());
    member "line_buffering" => |cx, v| of(cx, v).map(|t| Value::bool(t.has(LINE_BUFFERING)));
    member "write_through" => |cx, v| of(cx, v).map(|t| Value::bool(t.has(WRITE_THROUGH)));
    member "_finalizing" =>
        |cx, v| of(cx, v).map(|t| Value::bool(t.has(FINALIZING))),
        |cx, v, on| {
            let on = bool_member(cx, on)?;
            of(cx, v).map(|t| t.put(FINALIZING, on))
        };
    "name" => |cx, v| buffer_attr(cx, v, "name");
    "closed" => closed;
    "newlines" => newlines;
    "errors" => errors;
    "_CHUNK_SIZE" => chunk_size, set_chunk_size;
    "buffer" => |cx, v| buffer_of(cx, v);
];

fn buffer_of(cx: &mut Ctx, v: Value) -> PyResult {
    let me = of(cx, v)?;
    me.buffer(cx)
}

fn to_buffer(cx: &mut Ctx, a: &[Value], method: &str) -> PyResult {
    let b = buffer_of(cx, a[0])?;
    forward(cx, b, method)
}

fn buffer_attr(cx: &mut Ctx, v: Value, n: &str) -> PyResult {
    let b = buffer_of(cx, v)?;
    forward_attr(cx, b, n)
}

/// A stream that was never set up is closed.
fn closed(cx: &mut Ctx, v: Value) -> PyResult {
    if !of(cx, v)?.has(OK | DETACHED) {
        return Ok(Value::TRUE);
    }
    buffer_attr(cx, v, "closed")
}

fn newlines(cx: &mut Ctx, v: Value) -> PyResult {
    let me = of(cx, v)?;
    me.buffer(cx)?;
    if !me.reads() {
        return Ok(Value::NONE);
    }
    match me.decoder.get() {
        Some(d) if d.native::<NewlineDecoder>().is_some() => get_attr_str(cx, d, "newlines"),
        Some(_) => Ok(Value::NONE),
        None => {
            let s = me.native.with(|n| n.lines);
            s.value(cx)
        }
    }
}

fn errors(cx: &mut Ctx, v: Value) -> PyResult {
    let me = of(cx, v)?;
    if !me.has(OK) && !me.has(DETACHED) {
        return Err(uninitialized(cx));
    }
    Ok(me.errors.get_or_none())
}

fn chunk_size(cx: &mut Ctx, v: Value) -> PyResult {
    let me = of(cx, v)?;
    me.buffer(cx)?;
    let n = me.chunk.load(Ordering::Relaxed);
    Ok(cx.int_usize(n))
}

fn set_chunk_size(cx: &mut Ctx, v: Value, n: Option<Value>) -> PyResult<()> {
    let me = of(cx, v)?;
    me.buffer(cx)?;
    let Some(n) = n else {
        let msg = format!("attribute '_CHUNK_SIZE' of '{}' objects cannot be deleted", shown_class(cx, v));
        return Err(cx.raise_str(Ty::AttributeError, &msg));
    };
    let n = index_i64(cx, n, Ty::ValueError)?;
    match usize::try_from(n).ok().filter(|n| *n > 0) {
        Some(n) => {
            me.chunk.store(n, Ordering::Relaxed);
            Ok(())
        }
        None => Err(cx.value_error("a strictly positive integer is required")),
    }
}

fn text_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let me = of(cx, this)?;
    if !me.has(OK) && !me.has(DETACHED) {
        return Err(uninitialized(cx));
    }
    let class = shown_class(cx, this);
    let text = guarded_repr(cx, this, |cx| {
        let mut out = format!("<{class}");
        for n in ["name", "mode"] {
            if let Some(v) = attr_for_repr(cx, this, n)? {
                out.push_str(&format!(" {n}={}", repr_text(cx, v)?));
            }
        }
        let encoding = me.encoding.get_or_none();
        out.push_str(&format!(" encoding={}>", repr_text(cx, encoding)?));
        Ok(out)
    })?;
    // Names may hold what UTF-8 cannot: `repr` has escaped it.
    let v = cx.str(&text);
    str_text(cx, v).map(|_| v)
}

fn close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let this = a[0];
    let me = of(cx, this)?;
    let buffer = me.buffer(cx)?;
    if is_closed(cx, this)? {
        return Ok(Value::NONE);
    }
    if me.has(DETACHED) {
        // Asking the buffer may have done that.
        return Ok(Value::NONE);
    }
    if me.has(FINALIZING)
        && let Err(r) = call_method(cx, buffer, "_dealloc_warn", &[this])
    {
        cx.take_raised(r);
    }
    let flushed = call_method(cx, this, "flush", &[]);
    chain(cx, flushed, |cx| call_method(cx, buffer, "close", &[]))
}

fn detach(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    me.buffer(cx)?;
    call_method(cx, a[0], "flush", &[])?;
    let buffer = me.buffer(cx)?;
    me.put(DETACHED, true);
    cx.store_empty(a[0], &me.buffer);
    cx.store_empty(a[0], &me.raw);
    // It may have been made without a finalizer of its own.
    cx.register_finalizer(buffer);
    Ok(buffer)
}
