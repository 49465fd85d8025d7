//! Reading through the buffer.

use super::*;
use crate::sys;
use protopy_vm::protocore::layouts::BytesObj;
use protopy_vm::{keep_alive, lookup_attr_str, writable_buffer};

/// Fills the free end of the memory by one read; `None` if it would block, 0 at the end.
fn fill(cx: &mut Ctx, me: &Buffered, b: &mut Buf) -> PyResult<Option<usize>> {
    let start = b.read_end.unwrap_or(0);
    b.memory(cx)?;
    let n = raw_readinto(cx, me, b.mem.get_mut(start..).unwrap_or(&mut []))?;
    if let Some(n) = n.filter(|n| *n > 0) {
        b.read_end = Some(start + n);
        b.raw_pos = signed(start + n);
        advance(b, n);
    }
    Ok(n)
}

fn advance(b: &mut Buf, n: usize) {
    if let Some(at) = b.abs_pos.as_mut() {
        *at = at.saturating_add(signed(n));
    }
}

/// One read of the raw stream past the buffer, appended to `out`.
fn read_past(
    cx: &mut Ctx,
    me: &Buffered,
    b: &mut Buf,
    out: &mut Vec<u8>,
    want: usize,
) -> PyResult<Option<usize>> {
    let n = match me.plain_raw(cx, "readinto")? {
        Some(f) => {
            // Memory grows with what really comes, not with what was asked for.
            let room = want.min(out.len().clamp(1 << 20, 64 << 20));
            fileio::reserve(cx, out, room)?;
            fileio::read_vec(cx, f, out, room)?
        }
        None => {
            let from = out.len();
            fileio::reserve(cx, out, want)?;
            out.resize(from + want, 0);
            let r = raw_readinto(cx, me, &mut out[from..]);
            out.truncate(from + r.as_ref().ok().copied().flatten().unwrap_or(0));
            r?
        }
    };
    advance(b, n.unwrap_or(0));
    Ok(n)
}

/// Takes the next `n` bytes of those read ahead.
#[inline]
fn take_ahead(cx: &mut Ctx, b: &mut Buf, n: usize) -> PyResult {
    let v = cx.bytes(b.slice(b.pos, b.pos + n))?;
    b.pos += n;
    Ok(v)
}

fn before_read(cx: &mut Ctx, me: &Buffered, b: &mut Buf) -> PyResult<()> {
    if me.kind.writes() { flush_and_rewind(cx, me, b) } else { Ok(()) }
}

pub(super) fn read(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    me.raw(cx)?;
    let n = opt_size(cx, a[1])?;
    if n < -1 {
        return Err(cx.value_error("read length must be non-negative or -1"));
    }
    me.buf.with(cx, a[0], |cx, b| {
        check_open(cx, me, b, "read of closed file")?;
        match usize::try_from(n) {
            Ok(n) if n <= b.ahead() => take_ahead(cx, b, n),
            Ok(n) => read_some(cx, me, b, n),
            Err(_) => read_all(cx, me, b),
        }
    })
}

/// Reads exactly `n` bytes unless the stream ends or would block; the raw stream is asked for whole buffers first.
fn read_some(cx: &mut Ctx, me: &Buffered, b: &mut Buf, n: usize) -> PyResult {
    let mut out = Vec::new();
    let ahead = b.ahead();
    fileio::reserve(cx, &mut out, n.min(1 << 16).max(ahead))?;
    out.extend_from_slice(b.slice(b.pos, b.pos + ahead));
    b.pos += ahead;
    before_read(cx, me, b)?;
    b.forget_read();
    let mut left = n - ahead;
    let end = |cx: &mut Ctx, out: &[u8], got: Option<usize>| match got {
        None if out.is_empty() => Ok(Value::NONE),
        _ => cx.bytes(out),
    };
    loop {
        let blocks = left - left % b.size.max(1);
        if blocks == 0 {
            break;
        }
        let got = read_past(cx, me, b, &mut out, blocks)?;
        match got {
            None | Some(0) => return end(cx, &out, got),
            Some(k) => left -= k.min(left),
        }
    }
    (b.pos, b.raw_pos, b.read_end) = (0, 0, Some(0));
    // Once enough has come, nothing more is read: that might wait for ever.
    while left > 0 && b.read_end.is_some_and(|e| e < b.size) {
        let got = fill(cx, me, b)?;
        let k = match got {
            None | Some(0) => return end(cx, &out, got),
            Some(k) => k.min(left),
        };
        out.extend_from_slice(b.slice(b.pos, b.pos + k));
        b.pos += k;
        left -= k;
    }
    cx.bytes(&out)
}

/// Reads until the end; None if nothing was there and the stream would block.
fn read_all(cx: &mut Ctx, me: &Buffered, b: &mut Buf) -> PyResult {
    let mut out = b.slice(b.pos, b.pos + b.ahead()).to_vec();
    b.pos += out.len();
    before_read(cx, me, b)?;
    b.forget_read();
    if read_rest(cx, me, b, &mut out)? { cx.bytes(&out) } else { Ok(Value::NONE) }
}

/// Appends what the raw stream still has; false if there is nothing at all yet and it would block.
fn read_rest(cx: &mut Ctx, me: &Buffered, b: &mut Buf, out: &mut Vec<u8>) -> PyResult<bool> {
    if let Some(f) = me.plain_raw(cx, "readall")? {
        b.abs_pos = None;
        let had = !out.is_empty();
        return Ok(fileio::read_to_end(cx, f, out)? || had);
    }
    let raw = me.raw(cx)?;
    if let Some(readall) = lookup_attr_str(cx, raw, "readall")? {
        let all = call(cx, readall, &[])?;
        b.abs_pos = None;
        if all.is_none() {
            return Ok(!out.is_empty());
        }
        let Some(bytes) = BytesObj::of(all) else {
            return Err(cx.type_error("readall() should return bytes"));
        };
        out.extend_from_slice(bytes.bytes());
        return Ok(true);
    }
    loop {
        let part = call_eintr(cx, raw, "read", &[])?;
        if part.is_none() {
            return Ok(!out.is_empty());
        }
        let Some(bytes) = BytesObj::of(part) else { return Err(cx.type_error("read() should return bytes")) };
        if bytes.bytes().is_empty() {
            return Ok(true);
        }
        out.extend_from_slice(bytes.bytes());
        advance(b, bytes.bytes().len());
        keep_alive(part);
    }
}

/// Appends the rest of a stream for a native caller; false if it would block.
pub fn read_all_into(cx: &mut Ctx, this: Value, out: &mut Vec<u8>) -> PyResult<bool> {
    let me = of(cx, this)?;
    me.raw(cx)?;
    me.buf.with(cx, this, |cx, b| {
        check_open(cx, me, b, "read of closed file")?;
        out.extend_from_slice(b.slice(b.pos, b.pos + b.ahead()));
        b.pos += b.ahead();
        before_read(cx, me, b)?;
        b.forget_read();
        read_rest(cx, me, b, out)
    })
}

/// Appends up to `n` bytes with at most one read of the raw stream.
fn read_once(cx: &mut Ctx, me: &Buffered, b: &mut Buf, n: usize, out: &mut Vec<u8>) -> PyResult<()> {
    let ahead = b.ahead().min(n);
    if ahead > 0 {
        out.extend_from_slice(b.slice(b.pos, b.pos + ahead));
        b.pos += ahead;
        return Ok(());
    }
    before_read(cx, me, b)?;
    b.forget_read();
    read_past(cx, me, b, out, n).map(|_| ())
}

/// `read1` for a native caller.
pub fn read1_into(cx: &mut Ctx, this: Value, n: usize, out: &mut Vec<u8>) -> PyResult<()> {
    let me = of(cx, this)?;
    me.raw(cx)?;
    me.buf.with(cx, this, |cx, b| {
        check_open(cx, me, b, "read of closed file")?;
        if n == 0 { Ok(()) } else { read_once(cx, me, b, n, out) }
    })
}

pub(super) fn read1(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    me.raw(cx)?;
    let n = if a[1].is_unbound() { -1 } else { ssize(cx, a[1])? };
    me.buf.with(cx, a[0], |cx, b| {
        check_open(cx, me, b, "read of closed file")?;
        let n = usize::try_from(n).unwrap_or(b.size);
        let ahead = b.ahead().min(n);
        if ahead > 0 || n == 0 {
            return take_ahead(cx, b, ahead);
        }
        let mut out = Vec::new();
        read_once(cx, me, b, n, &mut out)?;
        cx.bytes(&out)
    })
}

/// `peek` for a native caller: what is there after at most one read.
pub fn peek_bytes(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let me = of(cx, a[0])?;
    me.raw(cx)?;
    me.buf.with(cx, a[0], |cx, b| {
        check_open(cx, me, b, "peek of closed file")?;
        before_read(cx, me, b)?;
        if b.ahead() == 0 {
            b.forget_read();
            fill(cx, me, b)?;
            b.pos = 0;
        }
        cx.bytes(b.slice(b.pos, b.pos + b.ahead()))
    })
}

// ---------------------------------------------------------------------------------------------------- into buffers

pub(super) fn readinto(cx: &mut Ctx, a: &[Value]) -> PyResult {
    read_into(cx, a, false)
}

pub(super) fn readinto1(cx: &mut Ctx, a: &[Value]) -> PyResult {
    read_into(cx, a, true)
}

fn read_into(cx: &mut Ctx, a: &[Value], once: bool) -> PyResult {
    let what = if once { "readinto1() argument" } else { "readinto() argument" };
    let room = writable_buffer(cx, a[1], what)?;
    let me = of(cx, a[0])?;
    me.raw(cx)?;
    let size = room.len;
    let got = me.buf.with(cx, a[0], |cx, b| {
        check_open(cx, me, b, "readinto of closed file")?;
        let mut done = b.ahead().min(size);
        room.write_at(0, b.slice(b.pos, b.pos + done));
        b.pos += done;
        if done == size {
            return Ok(Some(done));
        }
        before_read(cx, me, b)?;
        b.forget_read();
        b.pos = 0;
        while done < size {
            let left = size - done;
            let n = if left > b.size {
                let n = read_direct(cx, me, &room, done)?;
                advance(b, n.unwrap_or(0));
                n
            } else if once && done > 0 {
                Some(0)
            } else {
                let n = fill(cx, me, b)?.map(|n| n.min(left));
                if let Some(n) = n {
                    room.write_at(done, b.slice(b.pos, b.pos + n));
                    b.pos += n;
                }
                n
            };
            match n {
                None if done == 0 => return Ok(None),
                None | Some(0) => break,
                Some(n) => done += n,
            }
            if once {
                break;
            }
        }
        Ok(Some(done))
    })?;
    room.release(cx);
    Ok(match got {
        Some(n) => cx.int_usize(n),
        None => Value::NONE,
    })
}

/// One read of the raw stream straight into the caller's memory from `at` on.
fn read_direct(
    cx: &mut Ctx,
    me: &Buffered,
    room: &protopy_vm::BufferGuard,
    at: usize,
) -> PyResult<Option<usize>> {
    if let Some(f) = me.plain_raw(cx, "readinto")? {
        let memory = sys::Pinned::from(room, at);
        return fileio::read_pinned(cx, f, memory);
    }
    let mut part = vec![0; room.len - at];
    let n = raw_readinto(cx, me, &mut part)?;
    room.write_at(at, &part[..n.unwrap_or(0)]);
    Ok(n)
}

// ---------------------------------------------------------------------------------------------------- lines

pub(super) fn readline(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let limit = opt_size(cx, a[1])?;
    line(cx, a[0], usize::try_from(limit).unwrap_or(usize::MAX))
}

/// The next line, at most `limit` bytes of it.
pub(super) fn line(cx: &mut Ctx, this: Value, limit: usize) -> PyResult {
    let me = of(cx, this)?;
    me.raw(cx)?;
    me.buf.with(cx, this, |cx, b| {
        check_open(cx, me, b, "readline of closed file")?;
        let ahead = b.ahead().min(limit);
        if let Some(i) = memchr::memchr(b'\n', b.slice(b.pos, b.pos + ahead)) {
            return take_ahead(cx, b, i + 1);
        }
        if ahead == limit {
            return take_ahead(cx, b, limit);
        }
        long_line(cx, me, b, limit)
    })
}

fn long_line(cx: &mut Ctx, me: &Buffered, b: &mut Buf, limit: usize) -> PyResult {
    let mut out = b.slice(b.pos, b.pos + b.ahead()).to_vec();
    b.pos += out.len();
    before_read(cx, me, b)?;
    loop {
        b.forget_read();
        let Some(n) = fill(cx, me, b)?.filter(|n| *n > 0) else { break };
        b.pos = 0;
        let n = n.min(limit - out.len());
        let part = b.slice(0, n);
        if let Some(i) = memchr::memchr(b'\n', part) {
            out.extend_from_slice(&part[..=i]);
            b.pos = i + 1;
            break;
        }
        if out.try_reserve(n).is_err() {
            return Err(cx.no_memory());
        }
        out.extend_from_slice(b.slice(0, n));
        b.pos = n;
        if out.len() == limit {
            break;
        }
    }
    cx.bytes(&out)
}
