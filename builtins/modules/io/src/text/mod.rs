//! `TextIOWrapper`: text on a binary stream.
//!
//! **Writing.** Encoded text is collected in `pending` and given to the buffer when there is a chunk of it, or the stream is
//! line-buffered and a line ended. ASCII text for UTF-8, Latin-1 or ASCII is copied there at once.
//!
//! **Reading.** A chunk of bytes is decoded into `decoded`, of which the first `used` characters have been handed out.
//! UTF-8, Latin-1 and ASCII are decoded here, every other encoding by its incremental decoder.
//!
//! **Positions.** For `tell`, the decoder's state and the bytes of the chunk (`snapshot`) are kept: a position is that of the
//! chunk, the state, and how many characters to skip after it (`seek.rs`).
//!
//! An operation holds the stream's lock, which its owner may take again: a signal handler may print in the middle of a
//! `print`. What must be consistent between two steps is in slots and atomics; `pending` has a lock of its own for the copy.

mod api;
mod codec;
mod init;
mod read;
mod seek;
mod write;

pub use api::TEXT_IO_WRAPPER;
pub use init::{set_up, unregistered};

use crate::fileio::FileIo;
use crate::lock::Recursive;
use crate::newline::{Mode, Newlines};
use crate::util::*;
use codec::Charset;
use protopy_vm::protocore::layouts::StrObj;
use protopy_vm::protocore::{Ctx, Guarded, Payload, PyResult, Raised, Slot, Tracer, Value};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};

const OK: u32 = 1;
const DETACHED: u32 = 2;
const LINE_BUFFERING: u32 = 4;
const WRITE_THROUGH: u32 = 8;
const SEEKABLE: u32 = 16;
const TELLING: u32 = 32;
const HAS_READ1: u32 = 64;
const FINALIZING: u32 = 128;
/// The stream can be written to, read from.
const WRITES: u32 = 256;
const READS: u32 = 512;

/// Characters that are decoded at a time, and bytes that wait at most.
const CHUNK: usize = 8192;

/// A decoder that is part of the stream.
#[derive(Clone, Copy, Default)]
struct NativeDecoder {
    /// The first bytes of a character whose end has not been read.
    rest: [u8; 4],
    len: usize,
    lines: Newlines,
}

/// A text stream.
pub struct TextIo {
    lock: Recursive,
    bits: AtomicU32,
    buffer: Slot,
    /// The raw file below, if buffer and file are of this module's classes.
    raw: Slot,
    encoding: Slot,
    errors: Slot,
    /// Incremental encoder and decoder of encodings that are not native.
    encoder: Slot,
    decoder: Slot,
    /// The native encoding as a number, 0 for another one.
    charset: AtomicU8,
    /// Number of the newline mode.
    lines: AtomicU8,
    native: Guarded<NativeDecoder>,
    pending: Guarded<Vec<u8>>,
    /// Whether `pending` is not empty.
    waits: AtomicBool,
    decoded: Slot,
    used: AtomicUsize,
    /// Flags of the decoder and bytes of the chunk, as a tuple.
    snapshot: Slot,
    /// Bytes a character, as the bits of a float.
    ratio: AtomicU64,
    chunk: AtomicUsize,
}

impl Payload for TextIo {
    const NAME: &'static str = "TextIOWrapper";

    fn trace(&self, t: &mut Tracer) {
        for s in [
            &self.buffer,
            &self.raw,
            &self.encoding,
            &self.errors,
            &self.encoder,
            &self.decoder,
            &self.decoded,
            &self.snapshot,
        ] {
            t.slot(s);
        }
    }
}

impl TextIo {
    fn fresh() -> TextIo {
        TextIo {
            lock: Recursive::default(),
            bits: AtomicU32::new(0),
            buffer: Slot::empty(),
            raw: Slot::empty(),
            encoding: Slot::empty(),
            errors: Slot::empty(),
            encoder: Slot::empty(),
            decoder: Slot::empty(),
            charset: AtomicU8::new(0),
            lines: AtomicU8::new(0),
            native: Guarded::default(),
            pending: Guarded::default(),
            waits: AtomicBool::new(false),
            decoded: Slot::empty(),
            used: AtomicUsize::new(0),
            snapshot: Slot::empty(),
            ratio: AtomicU64::new(0),
            chunk: AtomicUsize::new(CHUNK),
        }
    }

    #[inline]
    fn has(&self, bit: u32) -> bool {
        self.bits.load(Ordering::Relaxed) & bit != 0
    }

    fn put(&self, bit: u32, on: bool) {
        if on {
            self.bits.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.bits.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    #[inline]
    fn charset(&self) -> Option<Charset> {
        Charset::numbered(self.charset.load(Ordering::Relaxed))
    }

    #[inline]
    fn lines(&self) -> Mode {
        Mode::numbered(self.lines.load(Ordering::Relaxed))
    }

    fn ratio(&self) -> f64 {
        f64::from_bits(self.ratio.load(Ordering::Relaxed))
    }

    fn set_ratio(&self, r: f64) {
        self.ratio.store(r.to_bits(), Ordering::Relaxed);
    }

    /// The decoded text and the position in it.
    fn decoded(&self) -> Option<(&'static StrObj, usize)> {
        let s = self.decoded.get().and_then(StrObj::of)?;
        Some((s, self.used.load(Ordering::Relaxed).min(s.len())))
    }

    fn set_decoded(&self, cx: &mut Ctx, this: Value, text: Option<Value>) {
        match text {
            Some(t) => cx.store(this, &self.decoded, t),
            None => cx.store_empty(this, &self.decoded),
        }
        self.used.store(0, Ordering::Relaxed);
    }

    /// The stream below; ValueError if there is none.
    #[inline]
    fn buffer(&self, cx: &mut Ctx) -> PyResult {
        let bits = self.bits.load(Ordering::Acquire);
        if bits & (OK | DETACHED) == OK
            && let Some(b) = self.buffer.get()
        {
            return Ok(b);
        }
        Err(not_attached(cx, bits))
    }
}

#[cold]
fn not_attached(cx: &mut Ctx, bits: u32) -> Raised {
    if bits & DETACHED != 0 {
        return cx.value_error("underlying buffer has been detached");
    }
    uninitialized(cx)
}

/// The payload of a text stream.
#[inline]
fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static TextIo> {
    match v.native::<TextIo>() {
        Some(t) => Ok(t),
        None => Err(bad_receiver(cx, v, "TextIOWrapper")),
    }
}

/// Raises ValueError if the stream is closed.
#[inline]
fn check_not_closed(cx: &mut Ctx, this: Value, me: &TextIo) -> PyResult<()> {
    if is_builtin_class(cx, this) {
        if let Some(f) = me.raw.get().and_then(|r| r.native::<FileIo>()) {
            return if f.fd() < 0 { Err(closed_file(cx)) } else { Ok(()) };
        }
        let buffer = me.buffer(cx)?;
        return check_closed(cx, buffer);
    }
    check_closed(cx, this)
}
