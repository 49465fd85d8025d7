//! What the decompressors for `_compression`'s reader have in common: they keep input that they could not use yet.

use crate::Locked;
use crate::output::{NoMemory, Output, append};
use protopy_vm::protocore::{Ctx, Payload, PyResult, Raised, Tracer, Ty, TypeObj, Value};
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
pub(crate) trait Stream: Send + 'static {
    /// The name of the Python type.
    const NAME: &'static str;
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
    stream: S,
    pending: Vec<u8>,
    /// Input behind the end of the stream.
    unused: Vec<u8>,
    /// Whether the stream has ended.
    eof: bool,
    /// Whether new input is needed for more output.
    needs_input: bool,
    broken: bool,
}

impl<S: Stream> Decoder<S> {
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

/// A decompressor.
pub(crate) struct Decompressor<S>(Locked<Decoder<S>>);

impl<S: Stream> Payload for Decompressor<S> {
    const NAME: &'static str = S::NAME;

    fn trace(&self, _: &mut Tracer) {}
}

/// A decompressor object of type `ty` at the start of a stream.
pub(crate) fn make<S: Stream>(cx: &mut Ctx, ty: &TypeObj, stream: S) -> Value {
    let (pending, unused) = (Vec::new(), Vec::new());
    let decoder = Decoder { stream, pending, unused, eof: false, needs_input: true, broken: false };
    cx.new_native(ty, Decompressor(Locked::new(decoder)))
}

fn this<S: Stream>(cx: &mut Ctx, v: Value) -> PyResult<&'static Locked<Decoder<S>>> {
    match v.native::<Decompressor<S>>() {
        Some(d) => Ok(&d.0),
        None => Err(cx.type_error("not a decompressor")),
    }
}

/// `decompress(data, max_length)`
pub(crate) fn decompress<S: Stream>(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let decoder = this::<S>(cx, a[0])?;
    let limit = vm::index_i64(cx, a[2], Ty::OverflowError)?;
    let data = vm::bytes_like(cx, a[1])?;
    let r = decoder.with(cx, |d| d.decode(&data, usize::try_from(limit).ok()))?;
    vm::keep_alive(a[0]);
    match r {
        Ok(out) => cx.bytes(out.bytes()),
        Err(Failure::Memory) => Err(cx.no_memory()),
        Err(Failure::AtEnd) => Err(cx.raise_str(Ty::EOFError, S::AT_END)),
        Err(Failure::Broken) => Err(cx.value_error("Decompressor is unusable after a previous error")),
        Err(Failure::Stream(e)) => Err(S::raise(cx, e)),
    }
}

/// A look at the stream.
pub(crate) fn look<S: Stream, R>(cx: &mut Ctx, v: Value, f: impl FnOnce(&mut S) -> R) -> PyResult<R> {
    this::<S>(cx, v)?.look(cx, |d| f(&mut d.stream))
}

/// `eof`
pub(crate) fn eof<S: Stream>(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(Value::bool(this::<S>(cx, v)?.look(cx, |d| d.eof)?))
}

/// `needs_input`
pub(crate) fn needs_input<S: Stream>(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(Value::bool(this::<S>(cx, v)?.look(cx, |d| d.needs_input)?))
}

/// `unused_data`
pub(crate) fn unused_data<S: Stream>(cx: &mut Ctx, v: Value) -> PyResult {
    let data = this::<S>(cx, v)?.look(cx, |d| d.unused.clone())?;
    cx.bytes(&data)
}
