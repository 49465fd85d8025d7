//! Writing through the buffer.

use super::*;
use protopy_vm::protocore::layouts::ExcObj;

/// Writes what waits.
pub(super) fn flush(cx: &mut Ctx, me: &Buffered, b: &mut Buf) -> PyResult<()> {
    let Some(end) = b.write_end.filter(|e| *e != b.write_pos) else {
        b.forget_write();
        return Ok(());
    };
    // First back to where the bytes belong.
    let back = b.raw_offset() + signed(b.pos) - signed(b.write_pos);
    if back != 0 {
        raw_seek(cx, me, b, -back, 1)?;
        b.raw_pos -= back;
    }
    while b.write_pos < end {
        let mut abs = b.abs_pos;
        let n = raw_write(cx, me, &mut abs, b.mem.get(b.write_pos..end).unwrap_or(&[]))?;
        b.abs_pos = abs;
        let Some(n) = n else {
            return Err(blocking_error(cx, "write could not complete without blocking", 0));
        };
        b.write_pos += n;
        b.raw_pos = signed(b.write_pos);
        // A signal may have cut the write short.
        cx.safepoint()?;
    }
    b.forget_write();
    Ok(())
}

/// Whether an exception is a BlockingIOError that tells how much was written.
fn is_blocking(cx: &Ctx, exc: Value) -> bool {
    cx.is_instance(exc, Ty::BlockingIOError) && ExcObj::of(exc).is_some_and(|x| !x.fields[4].is_empty())
}

/// `write` for a native caller.
pub fn write_bytes(cx: &mut Ctx, this: Value, data: &[u8]) -> PyResult<usize> {
    let me = of(cx, this)?;
    me.raw(cx)?;
    me.buf.with(cx, this, |cx, b| {
        if b.gone || me.raw_closed(cx)? {
            return Err(cx.value_error("write to closed file"));
        }
        put(cx, me, b, data)
    })
}

pub(super) fn write(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = bytes_like(cx, a[1])?;
    let n = write_bytes(cx, a[0], &data)?;
    Ok(cx.int_usize(n))
}

fn put(cx: &mut Ctx, me: &Buffered, b: &mut Buf, data: &[u8]) -> PyResult<usize> {
    if b.read_end.is_none() && b.write_end.is_none() {
        (b.pos, b.raw_pos) = (0, 0);
    }
    let n = data.len();
    if n <= b.size.saturating_sub(b.pos) && n < b.size {
        let pos = b.pos;
        b.memory(cx)?[pos..pos + n].copy_from_slice(data);
        if b.write_end.is_none() || b.write_pos > pos {
            b.write_pos = pos;
        }
        b.move_to(pos + n);
        b.write_end = Some(b.write_end.map_or(b.pos, |e| e.max(b.pos)));
        return Ok(n);
    }
    if let Err(r) = flush(cx, me, b) {
        let exc = cx.take_raised(r);
        if !is_blocking(cx, exc) {
            return Err(cx.set_raised(exc));
        }
        return put_behind(cx, me, b, data);
    }
    let by = b.raw_offset();
    if by != 0 {
        raw_seek(cx, me, b, -by, 1)?;
        b.raw_pos -= by;
    }
    put_past(cx, me, b, data)
}

/// Puts as much as possible behind what waits and cannot be written now; BlockingIOError if not all fits.
fn put_behind(cx: &mut Ctx, me: &Buffered, b: &mut Buf, data: &[u8]) -> PyResult<usize> {
    if me.kind.reads() {
        b.forget_read();
    }
    let from = b.write_pos;
    let end = b.write_end.unwrap_or(from).saturating_sub(from);
    b.memory(cx)?.copy_within(from..from + end, 0);
    b.raw_pos -= signed(from);
    b.pos = b.pos.saturating_sub(from);
    b.write_pos = 0;
    let n = data.len().min(b.size - end);
    b.memory(cx)?[end..end + n].copy_from_slice(&data[..n]);
    b.write_end = Some(end + n);
    b.pos += n;
    if n == data.len() {
        return Ok(n);
    }
    Err(blocking_error(cx, "write could not complete without blocking", n))
}

/// With nothing waiting: writes all but the last bufferful past the buffer.
fn put_past(cx: &mut Ctx, me: &Buffered, b: &mut Buf, data: &[u8]) -> PyResult<usize> {
    let mut done = 0;
    while data.len() - done > b.size {
        let mut abs = b.abs_pos;
        let n = raw_write(cx, me, &mut abs, &data[done..])?;
        b.abs_pos = abs;
        match n {
            Some(n) => done += n,
            None => {
                let size = b.size;
                b.memory(cx)?.copy_from_slice(&data[done..done + size]);
                b.raw_pos = 0;
                b.write_pos = 0;
                b.move_to(size);
                b.write_end = Some(size);
                return Err(blocking_error(cx, "write could not complete without blocking", done + size));
            }
        }
        cx.safepoint()?;
    }
    if me.kind.reads() {
        b.forget_read();
    }
    let rest = &data[done..];
    if !rest.is_empty() {
        b.memory(cx)?[..rest.len()].copy_from_slice(rest);
    }
    b.write_pos = 0;
    b.write_end = Some(rest.len());
    b.move_to(rest.len());
    b.raw_pos = 0;
    Ok(data.len())
}

/// `flush` for a native caller.
pub fn flush_stream(cx: &mut Ctx, this: Value) -> PyResult<()> {
    let me = of(cx, this)?;
    me.raw(cx)?;
    me.buf.with(cx, this, |cx, b| {
        check_open(cx, me, b, "flush of closed file")?;
        flush_and_rewind(cx, me, b)
    })
}
