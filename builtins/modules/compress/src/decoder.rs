//! What the decompressors for `_compression`'s reader have in common: they keep input that they could not use yet.

use crate::Locked;
use crate::output::{NoMemory, Output, append};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{self as vm};

/// What a step of a stream came to.
pub(crate) struct Step {
    /// Bytes of the input that were used.
    pub(crate) used: usize,
    /// Bytes that were written.
    pub(crate) wrote: usize,
    /// Whether the stream has ended.
    pub(crate) ended: bool,
    /// Whether output may be left although all input was used.
    pub(crate) more: bool,
}

/// A decompressing stream.
pub(crate) trait Stream: Send {
    /// Why it failed.
    type Error: Send;
    /// Decodes some.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Self::Error>;
    /// Raises the exception for an error.
    fn raise(cx: &mut Ctx, e: Self::Error) -> Raised;
    /// The message of the EOFError after the end of the stream.
    const AT_END: &'static str;
    /// Whether an object that has failed may not be used again.
    const FAILS_FOR_GOOD: bool;
}

/// Why decoding failed.
enum Failure<E> {
    Memory,
    AtEnd,
    Broken,
    Stream(E),
}

impl<E> From<NoMemory> for Failure<E> {
    fn from(_: NoMemory) -> Self {
        Failure::Memory
    }
}

/// A decompressor's state.
pub(crate) struct Decoder<S> {
    /// The stream.
    pub(crate) stream: S,
    pending: Vec<u8>,
    /// Input behind the end of the stream.
    pub(crate) unused: Vec<u8>,
    /// Whether the stream has ended.
    pub(crate) eof: bool,
    /// Whether new input is needed for more output.
    pub(crate) needs_input: bool,
    broken: bool,
}

impl<S: Stream> Decoder<S> {
    /// At the start of a stream.
    pub(crate) fn new(stream: S) -> Locked<Decoder<S>> {
        Locked::new(Decoder {
            stream,
            pending: Vec::new(),
            unused: Vec::new(),
            eof: false,
            needs_input: true,
            broken: false,
        })
    }

    fn decode(&mut self, data: &[u8], limit: Option<usize>) -> Result<Output, Failure<S::Error>> {
        if self.eof {
            return Err(Failure::AtEnd);
        }
        if self.broken {
            return Err(Failure::Broken);
        }
        let mut out = Output::new(limit);
        let joined;
        let input = if self.pending.is_empty() {
            data
        } else {
            append(&mut self.pending, data)?;
            joined = std::mem::take(&mut self.pending);
            &joined[..]
        };
        let mut at = 0;
        let mut more = false;
        loop {
            let room = out.room()?;
            if room.is_empty() {
                break;
            }
            let step = match self.stream.step(&input[at..], room) {
                Ok(s) => s,
                Err(e) => {
                    self.broken = S::FAILS_FOR_GOOD;
                    self.needs_input &= !self.broken;
                    return Err(Failure::Stream(e));
                }
            };
            out.wrote(step.wrote);
            at += step.used;
            more = step.more;
            if step.ended {
                self.eof = true;
                break;
            }
            if out.is_full() || (at >= input.len() && !out.room_used_up()) {
                break;
            }
            if step.used == 0 && step.wrote == 0 {
                break;
            }
        }
        let rest = &input[at.min(input.len())..];
        if self.eof {
            self.needs_input = false;
            append(&mut self.unused, rest)?;
        } else {
            self.needs_input = rest.is_empty() && !(more && out.is_full());
            append(&mut self.pending, rest)?;
        }
        Ok(out)
    }
}

/// `decompress(data, max_length)`
pub(crate) fn decompress<S: Stream>(
    cx: &mut Ctx,
    this: Value,
    decoder: &Locked<Decoder<S>>,
    data: Value,
    max_length: Value,
) -> PyResult {
    let limit = vm::index_i64(cx, max_length, Ty::OverflowError)?;
    let data = vm::bytes_like(cx, data)?;
    let r = decoder.with(cx, |d| d.decode(&data, usize::try_from(limit).ok()))?;
    vm::keep_alive(this);
    match r {
        Ok(out) => cx.bytes(out.bytes()),
        Err(Failure::Memory) => Err(cx.no_memory()),
        Err(Failure::AtEnd) => Err(cx.raise_str(Ty::EOFError, S::AT_END)),
        Err(Failure::Broken) => Err(cx.value_error("Decompressor is unusable after a previous error")),
        Err(Failure::Stream(e)) => Err(S::raise(cx, e)),
    }
}
