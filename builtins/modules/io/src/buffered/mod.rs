//! `BufferedReader`, `BufferedWriter` and `BufferedRandom`.
//!
//! One piece of memory serves reading and writing. Positions in it are relative to its start:
//!
//! ```text
//!     0 …… write_pos …… pos …… read_end …… size        raw_pos: where the raw stream is
//! ```
//!
//! 1. `read_end` is there while bytes were read ahead: those up to it are the file's. `write_end` is there while
//!    bytes from `write_pos` to `write_end` wait to be written.
//! 2. The logical position is `pos`; the raw stream's differs from it by `raw_pos - pos` while either end is there.
//! 3. A change from writing to reading writes what waits and moves the raw stream to the logical position.
//!
//! All of it is behind the stream's lock (`crate::lock`). The raw stream is called with the lock held: another thread waits,
//! the same thread gets a RuntimeError. A plain `FileIO` is read and written to directly, without a call in Python's sense.

mod api;
mod read;
mod write;

pub use api::{BUFFERED_RANDOM, BUFFERED_READER, BUFFERED_WRITER, unregistered};
pub use read::{peek_bytes, read_all_into, read1_into};
pub use write::{flush_stream, write_bytes};

use crate::fileio::{self, FileIo};
use crate::lock::Locked;
use crate::util::*;
use protopy_vm::protocore::{Ctx, Payload, PyResult, Raised, Slot, Tracer, Ty, Value};
use protopy_vm::{bytes_like, call, call_method, index_i64};
use std::sync::atomic::{AtomicBool, Ordering};

/// Which of the three classes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `BufferedReader`
    Reader,
    /// `BufferedWriter`
    Writer,
    /// `BufferedRandom`
    Random,
}

impl Kind {
    fn reads(self) -> bool {
        self != Kind::Writer
    }

    fn writes(self) -> bool {
        self != Kind::Reader
    }
}

/// The state behind the lock.
#[derive(Default)]
pub struct Buf {
    mem: Vec<u8>,
    size: usize,
    pos: usize,
    raw_pos: i64,
    read_end: Option<usize>,
    write_pos: usize,
    write_end: Option<usize>,
    /// Position of the raw stream, if it is known.
    abs_pos: Option<i64>,
    /// The memory was given back: the stream is closed.
    gone: bool,
}

fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Buf {
    /// Bytes that can be read without the raw stream.
    #[inline]
    fn ahead(&self) -> usize {
        self.read_end.map_or(0, |e| e.saturating_sub(self.pos))
    }

    /// How far the raw stream is in front of the logical position.
    fn raw_offset(&self) -> i64 {
        if (self.read_end.is_some() || self.write_end.is_some()) && self.raw_pos >= 0 {
            self.raw_pos - signed(self.pos)
        } else {
            0
        }
    }

    fn forget_read(&mut self) {
        self.read_end = None;
    }

    fn forget_write(&mut self) {
        self.write_pos = 0;
        self.write_end = None;
    }

    /// Moves the position; what is behind it and not known yet counts as read.
    fn move_to(&mut self, pos: usize) {
        self.pos = pos;
        if let Some(e) = &mut self.read_end
            && *e < pos
        {
            *e = pos;
        }
    }

    /// The memory, made when it is first needed; MemoryError.
    fn memory(&mut self, cx: &mut Ctx) -> PyResult<&mut [u8]> {
        if self.mem.len() < self.size {
            let more = self.size - self.mem.len();
            fileio::reserve(cx, &mut self.mem, more)?;
            self.mem.resize(self.size, 0);
        }
        Ok(&mut self.mem)
    }

    fn slice(&self, from: usize, to: usize) -> &[u8] {
        self.mem.get(from..to).unwrap_or(&[])
    }
}

/// A buffered stream.
pub struct Buffered {
    kind: Kind,
    raw: Slot,
    ok: AtomicBool,
    detached: AtomicBool,
    finalizing: AtomicBool,
    buf: Locked<Buf>,
}

impl Payload for Buffered {
    const NAME: &'static str = "Buffered";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.raw);
    }
}

#[cold]
fn not_ready(cx: &mut Ctx, me: &Buffered) -> Raised {
    if me.detached.load(Ordering::Acquire) {
        return cx.value_error("raw stream has been detached");
    }
    uninitialized(cx)
}

impl Buffered {
    fn fresh(kind: Kind) -> Buffered {
        Buffered {
            kind,
            raw: Slot::empty(),
            ok: AtomicBool::new(false),
            detached: AtomicBool::new(false),
            finalizing: AtomicBool::new(false),
            buf: Locked::new(Buf::default()),
        }
    }

    /// Whether the class reads.
    pub fn reads(&self) -> bool {
        self.kind.reads()
    }

    /// Whether the class writes.
    pub fn writes(&self) -> bool {
        self.kind.writes()
    }

    /// The raw stream; ValueError if there is none.
    #[inline]
    pub fn raw(&self, cx: &mut Ctx) -> PyResult {
        if self.ok.load(Ordering::Acquire)
            && let Some(r) = self.raw.get()
        {
            return Ok(r);
        }
        Err(not_ready(cx, self))
    }

    /// The raw file, if it is a FileIO whose method of this name is its own.
    fn plain_raw(&self, cx: &mut Ctx, method: &str) -> PyResult<Option<&'static FileIo>> {
        let raw = self.raw(cx)?;
        match raw.native::<FileIo>() {
            Some(f) if has_own_method(cx, raw, method) => Ok(Some(f)),
            _ => Ok(None),
        }
    }

    /// Whether the raw stream is closed.
    fn raw_closed(&self, cx: &mut Ctx) -> PyResult<bool> {
        let raw = self.raw(cx)?;
        if let Some(f) = raw.native::<FileIo>()
            && is_builtin_class(cx, raw)
        {
            return Ok(f.fd() < 0);
        }
        is_closed(cx, raw)
    }
}

/// The payload of a buffered stream.
#[inline]
pub fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static Buffered> {
    match v.native::<Buffered>() {
        Some(b) => Ok(b),
        None => Err(bad_receiver(cx, v, "_Buffered")),
    }
}

/// Raises ValueError if the stream is closed and nothing is left that was read ahead.
fn check_open(cx: &mut Ctx, me: &Buffered, b: &Buf, msg: &str) -> PyResult<()> {
    if b.ahead() == 0 && (b.gone || me.raw_closed(cx)?) {
        return Err(cx.value_error(msg));
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- the raw stream

/// A raw stream's answer as a position.
fn position(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let n = offset(cx, v, Ty::ValueError)?;
    if n < 0 {
        let msg = format!("Raw stream returned invalid position {n}");
        return Err(cx.raise_str(Ty::OSError, &msg));
    }
    Ok(n)
}

fn raw_tell(cx: &mut Ctx, me: &Buffered, b: &mut Buf) -> PyResult<i64> {
    b.abs_pos = None;
    let n = match me.plain_raw(cx, "tell")? {
        Some(f) => fileio::seek(cx, f, 0, libc::SEEK_CUR)?,
        None => {
            let raw = me.raw(cx)?;
            let v = call_method(cx, raw, "tell", &[])?;
            position(cx, v)?
        }
    };
    b.abs_pos = Some(n);
    Ok(n)
}

fn raw_seek(cx: &mut Ctx, me: &Buffered, b: &mut Buf, target: i64, whence: i32) -> PyResult<i64> {
    b.abs_pos = None;
    let n = match me.plain_raw(cx, "seek")? {
        Some(f) => fileio::seek(cx, f, target, whence)?,
        None => {
            let raw = me.raw(cx)?;
            let t = cx.int(target);
            let v = call_method(cx, raw, "seek", &[t, Value::small(i64::from(whence))])?;
            position(cx, v)?
        }
    };
    b.abs_pos = Some(n);
    Ok(n)
}

/// Writes what waits, and moves the raw stream to the logical position.
fn flush_and_rewind(cx: &mut Ctx, me: &Buffered, b: &mut Buf) -> PyResult<()> {
    write::flush(cx, me, b)?;
    if me.kind.reads() {
        // Where the raw stream cannot seek, nothing was read ahead by mistake.
        let by = b.raw_offset();
        let moved = raw_seek(cx, me, b, -by, 1);
        b.forget_read();
        moved?;
    }
    Ok(())
}

/// Reads once from the raw stream into memory; `None` if it would block.
fn raw_readinto(cx: &mut Ctx, me: &Buffered, out: &mut [u8]) -> PyResult<Option<usize>> {
    if let Some(f) = me.plain_raw(cx, "readinto")? {
        return fileio::read_slice(cx, f, out);
    }
    let raw = me.raw(cx)?;
    let class = cx.ty(Ty::ByteArray).value();
    let size = cx.int_usize(out.len());
    let array = call(cx, class, &[size])?;
    let view = cx.ty(Ty::MemoryView).value();
    let view = call(cx, view, &[array])?;
    let r = call_eintr(cx, raw, "readinto", &[view])?;
    if r.is_none() {
        return Ok(None);
    }
    let n = match index_i64(cx, r, Ty::ValueError) {
        Ok(n) => n,
        Err(r) => {
            let cause = cx.take_raised(r);
            let r = cx.raise_str(Ty::OSError, "raw readinto() failed");
            return Err(protopy_vm::raise_with_cause(cx, r, cause));
        }
    };
    let got = bytes_like(cx, array)?;
    match usize::try_from(n).ok().filter(|n| *n <= out.len()).and_then(|n| got.get(..n)) {
        Some(part) => {
            out[..part.len()].copy_from_slice(part);
            Ok(Some(part.len()))
        }
        None => {
            let msg = format!(
                "raw readinto() returned invalid length {n} (should have been between 0 and {})",
                out.len()
            );
            Err(cx.raise_str(Ty::OSError, &msg))
        }
    }
}

/// Writes once to the raw stream; `None` if it would block.
fn raw_write(cx: &mut Ctx, me: &Buffered, abs_pos: &mut Option<i64>, data: &[u8]) -> PyResult<Option<usize>> {
    let n = match me.plain_raw(cx, "write")? {
        Some(f) => fileio::write_slice(cx, f, data)?,
        None => {
            let raw = me.raw(cx)?;
            let v = cx.bytes(data)?;
            let r = call_eintr(cx, raw, "write", &[v])?;
            if r.is_none() { None } else { Some(written(cx, r, data.len())?) }
        }
    };
    if let (Some(n), Some(at)) = (n, abs_pos.as_mut()) {
        *at = at.saturating_add(signed(n));
    }
    Ok(n)
}

fn written(cx: &mut Ctx, r: Value, max: usize) -> PyResult<usize> {
    let n = index_i64(cx, r, Ty::ValueError)?;
    match usize::try_from(n) {
        Ok(n) if n <= max => Ok(n),
        _ => {
            let msg =
                format!("raw write() returned invalid length {n} (should have been between 0 and {max})");
            Err(cx.raise_str(Ty::OSError, &msg))
        }
    }
}
