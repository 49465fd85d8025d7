//! Reading text.

use super::write::{flush_pending, not_bytes};
use super::*;
use crate::buffered::{self, Buffered};
use crate::newline::Ending;
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::Ty;
use protopy_vm::protocore::layouts::BytesObj;
use protopy_vm::{bytes_like, call_method, has_buffer};

/// Characters of the decoded text that have not been handed out yet, at most `n`; they count as handed out then.
fn take(cx: &mut Ctx, me: &TextIo, n: usize) -> PyResult<Option<Value>> {
    let Some((s, used)) = me.decoded() else { return Ok(None) };
    let end = used.saturating_add(n).min(s.len());
    if end == used {
        return Ok(None);
    }
    me.used.store(end, Ordering::Relaxed);
    if used == 0 && end == s.len() {
        return Ok(Some(s.value()));
    }
    cx.str_from(s.str_ref().slice(used, end)).map(Some)
}

/// A chunk of input: from a plain buffered stream as bytes of ours, else as an object.
enum Chunk {
    Bytes(Vec<u8>),
    Object(Value),
}

fn next_input(cx: &mut Ctx, me: &TextIo, size: usize) -> PyResult<Chunk> {
    let buffer = me.buffer(cx)?;
    let read1 = me.has(HAS_READ1);
    if read1
        && buffer.native::<Buffered>().is_some_and(Buffered::reads)
        && has_own_method(cx, buffer, "read1")
    {
        let mut out = Vec::new();
        crate::fileio::reserve(cx, &mut out, size)?;
        buffered::read1_into(cx, buffer, size, &mut out)?;
        return Ok(Chunk::Bytes(out));
    }
    let n = cx.int_usize(size);
    let method = if read1 { "read1" } else { "read" };
    let v = call_method(cx, buffer, method, &[n])?;
    if !has_buffer(cx, v) {
        return Err(not_bytes(cx, v, method));
    }
    Ok(Chunk::Object(v))
}

/// Reads and decodes a chunk; false at the end. `hint` is the number of characters that are wanted.
fn read_chunk(cx: &mut Ctx, this: Value, me: &TextIo, hint: usize) -> PyResult<bool> {
    if !me.reads() {
        return Err(unsupported(cx, "not readable"));
    }
    let state = if me.has(TELLING) { Some(me.decoder_state(cx)?) } else { None };
    // A float that is too large becomes the largest number.
    let bytes = (me.ratio().max(1.0) * hint as f64) as usize;
    let size = me.chunk.load(Ordering::Relaxed).max(bytes).min(isize::MAX as usize);
    let chunk = next_input(cx, me, size)?;
    let (n, text, input) = match chunk {
        Chunk::Bytes(b) => {
            let text = me.decode(cx, &b, b.is_empty())?;
            (b.len(), text, b)
        }
        Chunk::Object(v) => {
            let b = bytes_like(cx, v)?.to_owned_vec();
            let text = me.decode_value(cx, v, b.is_empty())?;
            (b.len(), text, b)
        }
    };
    let chars = StrObj::of(text).map_or(0, StrObj::len);
    me.set_decoded(cx, this, Some(text));
    me.set_ratio(if chars > 0 { n as f64 / chars as f64 } else { 0.0 });
    if let Some((held, flags)) = state {
        let mut all = BytesObj::of(held).map_or_else(Vec::new, |b| b.bytes().to_vec());
        all.extend_from_slice(&input);
        let all = cx.bytes(&all)?;
        let snapshot = cx.tuple_of(None, &[flags, all])?;
        cx.store(this, &me.snapshot, snapshot);
    }
    Ok(n > 0 || chars > 0)
}

/// As `read_chunk`, again after EINTR.
fn more(cx: &mut Ctx, this: Value, me: &TextIo, hint: usize) -> PyResult<bool> {
    loop {
        match read_chunk(cx, this, me, hint) {
            Ok(b) => return Ok(b),
            Err(r) => {
                let e = cx.take_raised(r);
                if !is_eintr(cx, e) {
                    return Err(cx.set_raised(e));
                }
                cx.safepoint()?;
            }
        }
    }
}

pub(super) fn read(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let this = a[0];
    let n = opt_size(cx, a[1])?;
    let me = of(cx, this)?;
    me.buffer(cx)?;
    check_not_closed(cx, this, me)?;
    if !me.reads() {
        return Err(unsupported(cx, "not readable"));
    }
    me.lock.with(cx, |cx| {
        flush_pending(cx, me)?;
        match usize::try_from(n) {
            Ok(n) => read_some(cx, this, me, n),
            Err(_) => read_all(cx, this, me),
        }
    })
}

fn read_all(cx: &mut Ctx, this: Value, me: &TextIo) -> PyResult {
    let buffer = me.buffer(cx)?;
    let plain =
        buffer.native::<Buffered>().is_some_and(Buffered::reads) && has_own_method(cx, buffer, "read");
    let text = if plain {
        let mut out = Vec::new();
        if !buffered::read_all_into(cx, buffer, &mut out)? {
            return Err(cx.raise_str(Ty::BlockingIOError, "Read returned None."));
        }
        me.decode(cx, &out, true)?
    } else {
        let v = call_method(cx, buffer, "read", &[])?;
        if v.is_none() {
            return Err(cx.raise_str(Ty::BlockingIOError, "Read returned None."));
        }
        me.decode_value(cx, v, true)?
    };
    let before = take(cx, me, usize::MAX)?;
    me.set_decoded(cx, this, None);
    if !me.snapshot.is_empty() {
        cx.store_empty(this, &me.snapshot);
    }
    match (before.and_then(StrObj::of), StrObj::of(text)) {
        (Some(a), Some(b)) => cx.str_concat(a, b),
        _ => Ok(text),
    }
}

fn read_some(cx: &mut Ctx, this: Value, me: &TextIo, n: usize) -> PyResult {
    let first = take(cx, me, n)?;
    let got = first.and_then(StrObj::of).map_or(0, StrObj::len);
    if got == n {
        return Ok(first.unwrap_or_else(|| cx.str("")));
    }
    let mut out = StrBuf::new();
    if let Some(s) = first.and_then(StrObj::of) {
        out.push_ref(s.str_ref());
    }
    let mut got = got;
    while got < n {
        if !more(cx, this, me, n - got)? {
            break;
        }
        if let Some(part) = take(cx, me, n - got)?
            && let Some(s) = StrObj::of(part)
        {
            if got == 0 && s.len() == n {
                return Ok(part);
            }
            out.push_ref(s.str_ref());
            got += s.len();
        }
    }
    cx.str_buf(out)
}

// ---------------------------------------------------------------------------------------------------- lines

pub(super) fn readline(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let limit = if a[1].is_unbound() { -1 } else { ssize(cx, a[1])? };
    line(cx, a[0], usize::try_from(limit).unwrap_or(usize::MAX))
}

/// The next line, at most `limit` characters of it.
pub(super) fn line(cx: &mut Ctx, this: Value, limit: usize) -> PyResult {
    let me = of(cx, this)?;
    me.buffer(cx)?;
    check_not_closed(cx, this, me)?;
    me.lock.with(cx, |cx| {
        flush_pending(cx, me)?;
        next_line(cx, this, me, limit)
    })
}

fn next_line(cx: &mut Ctx, this: Value, me: &TextIo, limit: usize) -> PyResult {
    let ending = me.lines().ending;
    // The usual case: the line is in the decoded text.
    if let Some((s, used)) = me.decoded() {
        let rest = s.str_ref().slice(used, s.len());
        if let Some(n) = ending.after_first(rest) {
            let n = n.min(limit);
            me.used.store(used + n, Ordering::Relaxed);
            return cx.str_from(rest.slice(0, n));
        }
    }
    long_line(cx, this, me, limit, ending)
}

/// A line that goes on in the next chunk.
fn long_line(cx: &mut Ctx, this: Value, me: &TextIo, limit: usize, ending: Ending) -> PyResult {
    let mut out = StrBuf::new();
    loop {
        if me.decoded().is_none_or(|(s, used)| used == s.len()) {
            let mut open = true;
            while open && me.decoded().is_none_or(|(s, used)| used == s.len()) {
                open = more(cx, this, me, 0)?;
            }
            if !open {
                me.set_decoded(cx, this, None);
                cx.store_empty(this, &me.snapshot);
                break;
            }
        }
        let Some((s, used)) = me.decoded() else { break };
        let rest = s.str_ref().slice(used, s.len());
        let found = end_of_line(&out, rest, ending);
        let n = found.unwrap_or(rest.len()).min(limit - out.len());
        if !out.try_reserve(n) {
            return Err(cx.no_memory());
        }
        out.push_ref(rest.slice(0, n));
        me.used.store(used + n, Ordering::Relaxed);
        if found.is_some() || out.len() >= limit {
            break;
        }
    }
    cx.str_buf(out)
}

/// Where the line ends in a piece that follows `before`; the ending may have begun there.
fn end_of_line(before: &StrBuf, rest: StrRef<'_>, ending: Ending) -> Option<usize> {
    let open_cr =
        ending == Ending::CrLf && !before.is_empty() && before.as_ref().get(before.len() - 1) == Some(13);
    if open_cr && rest.get(0) == Some(10) {
        return Some(1);
    }
    ending.after_first(rest)
}

pub(super) fn next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let me = of(cx, this)?;
    me.buffer(cx)?;
    if me.has(TELLING) {
        me.put(TELLING, false);
    }
    let v = if is_builtin_class(cx, this) {
        line(cx, this, usize::MAX)?
    } else {
        let v = call_method(cx, this, "readline", &[])?;
        if StrObj::of(v).is_none() {
            let msg = format!(
                "readline() should have returned a str object, not '{}'",
                protopy_vm::ops::tp_name(cx, v)
            );
            return Err(cx.raise_str(Ty::OSError, &msg));
        }
        v
    };
    if StrObj::of(v).is_some_and(StrObj::is_empty) {
        cx.store_empty(this, &me.snapshot);
        me.put(TELLING, me.has(SEEKABLE));
        return Ok(None);
    }
    Ok(Some(v))
}
