//! Writing text.

use super::codec::{encode_native, encode_python};
use super::*;
use crate::buffered::{self, Buffered};
use protopy_vm::protocore::Ty;
use protopy_vm::{call_method, full_type_name};

/// Whether a text contains a character (below 256).
fn contains(s: &StrObj, c: u8) -> bool {
    match s.str_ref() {
        protopy_text::StrRef::Latin1(b) => memchr::memchr(c, b).is_some(),
        protopy_text::StrRef::Ucs2(b) => b.contains(&u16::from(c)),
        protopy_text::StrRef::Ucs4(b) => b.contains(&u32::from(c)),
    }
}

/// The text with `\n` replaced.
fn translated(cx: &mut Ctx, s: &StrObj, newline: &str) -> PyResult {
    let mut out = protopy_text::StrBuf::with_capacity_like(s.str_ref());
    for c in s.str_ref().chars() {
        if c == 10 { out.push_str(newline) } else { out.push(c) }
    }
    cx.str_buf(out)
}

/// The same for an instance of a subclass, whose method may do anything to the stream.
fn replaced(cx: &mut Ctx, this: Value, me: &TextIo, text: Value, newline: &str) -> PyResult {
    let (from, to) = (cx.intern_str("\n"), cx.intern_str(newline));
    let v = call_method(cx, text, "replace", &[from, to])?;
    if StrObj::of(v).is_none() {
        let msg = format!("replace() should return a str, not '{}'", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    check_writable(cx, this, me)?;
    Ok(v)
}

fn check_writable(cx: &mut Ctx, this: Value, me: &TextIo) -> PyResult<()> {
    me.buffer(cx)?;
    check_not_closed(cx, this, me)?;
    if me.has(WRITES) { Ok(()) } else { Err(unsupported(cx, "not writable")) }
}

pub(super) fn write(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (this, text) = (a[0], a[1]);
    let Some(s) = StrObj::of(text) else {
        let msg = format!("write() argument must be str, not {}", full_type_name(cx, text));
        return Err(cx.type_error(&msg));
    };
    let me = of(cx, this)?;
    check_writable(cx, this, me)?;
    me.lock.with(cx, |cx| put(cx, this, me, s))?;
    Ok(cx.int_usize(s.len()))
}

fn put(cx: &mut Ctx, this: Value, me: &TextIo, s: &'static StrObj) -> PyResult<()> {
    let line_buffering = me.has(LINE_BUFFERING);
    let newline = me.lines().write;
    let has_lf = (newline.is_some() || line_buffering) && contains(s, b'\n');
    let text = match newline {
        Some(nl) if has_lf && cx.is_exact(s.value(), Ty::Str) => translated(cx, s, nl)?,
        Some(nl) if has_lf => replaced(cx, this, me, s.value(), nl)?,
        _ => s.value(),
    };
    let flush = line_buffering && (has_lf || contains(s, b'\r'));
    let chunk = me.chunk.load(Ordering::Relaxed);
    let ascii = StrObj::of(text).and_then(StrObj::as_ascii);
    let waiting = match (me.charset(), ascii) {
        (Some(_), Some(t)) => append(cx, me, chunk, t.as_bytes())?,
        (Some(c), None) => {
            let mut out = Vec::new();
            encode_native(cx, me, c, text, &mut out)?;
            append(cx, me, chunk, &out)?
        }
        (None, _) => {
            let Some(e) = me.encoder.get() else { return Err(unsupported(cx, "not writable")) };
            let mut out = Vec::new();
            encode_python(cx, e, text, &mut out)?;
            append(cx, me, chunk, &out)?
        }
    };
    protopy_vm::keep_alive(text);
    if waiting >= chunk || flush || me.has(WRITE_THROUGH) {
        flush_pending(cx, me)?;
    }
    if flush {
        flush_buffer(cx, me)?;
    }
    // What was read ahead does not fit the position any more.
    if !me.snapshot.is_empty() {
        me.set_decoded(cx, this, None);
        cx.store_empty(this, &me.snapshot);
    }
    if me.reads() {
        me.reset_decoder(cx)?;
    }
    Ok(())
}

/// Adds bytes to those that wait; how many do. Before many bytes come, the others are written.
fn append(cx: &mut Ctx, me: &TextIo, chunk: usize, bytes: &[u8]) -> PyResult<usize> {
    while bytes.len() >= chunk && me.waits.load(Ordering::Relaxed) {
        flush_pending(cx, me)?;
    }
    let added = me.pending.with(|p| {
        if p.try_reserve(bytes.len()).is_err() {
            return None;
        }
        p.extend_from_slice(bytes);
        me.waits.store(true, Ordering::Relaxed);
        Some(p.len())
    });
    match added {
        Some(n) => Ok(n),
        None => Err(cx.no_memory()),
    }
}

/// The stream below, if it is a buffered one whose method is its own.
fn plain_buffer(cx: &mut Ctx, me: &TextIo, method: &str) -> PyResult<Option<Value>> {
    let b = me.buffer(cx)?;
    let plain = b.native::<Buffered>().is_some() && has_own_method(cx, b, method);
    Ok(plain.then_some(b))
}

/// Gives what waits to the stream below.
#[inline]
pub(super) fn flush_pending(cx: &mut Ctx, me: &TextIo) -> PyResult<()> {
    if me.waits.load(Ordering::Relaxed) { write_pending(cx, me) } else { Ok(()) }
}

fn write_pending(cx: &mut Ctx, me: &TextIo) -> PyResult<()> {
    let bytes = me.pending.with(|p| {
        me.waits.store(false, Ordering::Relaxed);
        std::mem::take(p)
    });
    if bytes.is_empty() {
        return Ok(());
    }
    match plain_buffer(cx, me, "write")? {
        Some(b) if is_writer(b) => {
            buffered::write_bytes(cx, b, &bytes)?;
            // The memory serves again.
            let mut bytes = bytes;
            if bytes.capacity() <= 4 * CHUNK {
                bytes.clear();
                me.pending.with(|p| {
                    if p.capacity() == 0 {
                        *p = bytes;
                    }
                });
            }
            Ok(())
        }
        _ => {
            let b = me.buffer(cx)?;
            let v = cx.bytes(&bytes)?;
            call_eintr(cx, b, "write", &[v]).map(|_| ())
        }
    }
}

fn is_writer(b: Value) -> bool {
    b.native::<Buffered>().is_some_and(Buffered::writes)
}

/// Flushes the stream below.
pub(super) fn flush_buffer(cx: &mut Ctx, me: &TextIo) -> PyResult<()> {
    match plain_buffer(cx, me, "flush")? {
        Some(b) if is_writer(b) => buffered::flush_stream(cx, b),
        _ => {
            let b = me.buffer(cx)?;
            call_method(cx, b, "flush", &[]).map(|_| ())
        }
    }
}

pub(super) fn flush(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    me.buffer(cx)?;
    check_not_closed(cx, a[0], me)?;
    me.lock.with(cx, |cx| {
        me.put(TELLING, me.has(SEEKABLE));
        flush_pending(cx, me)?;
        flush_buffer(cx, me)
    })?;
    Ok(Value::NONE)
}

/// As `flush` on any stream: by the method.
pub(super) fn flush_method(cx: &mut Ctx, this: Value) -> PyResult<()> {
    if has_own_method(cx, this, "flush") {
        return flush(cx, &[this]).map(|_| ());
    }
    call_method(cx, this, "flush", &[]).map(|_| ())
}

/// Raises TypeError unless a stream answered bytes.
pub(super) fn not_bytes(cx: &mut Ctx, v: Value, method: &str) -> Raised {
    let msg = format!(
        "underlying {method}() should have returned a bytes-like object, not '{}'",
        protopy_vm::ops::tp_name(cx, v)
    );
    cx.raise_str(Ty::TypeError, &msg)
}
