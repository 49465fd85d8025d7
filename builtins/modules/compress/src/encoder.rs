//! What the compressors of `_bz2` and `_lzma` have in common.

use crate::Locked;
use crate::decoder::Step;
use crate::output::{NoMemory, Output};
use protopy_vm::protocore::{Ctx, Payload, PyResult, Raised, Tracer, TypeObj, Value};
use protopy_vm::{self as vm};

/// A compressing stream.
pub(crate) trait Sink: Send + 'static {
    /// Why it failed.
    type Error: Send;
    /// The name of the Python type.
    const NAME: &'static str;
    /// Whether a step without input may give output, so that it is worth one.
    const DRAINS: bool;
    /// Encodes some; `last` says that no input comes behind this.
    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Self::Error>;
    /// Raises the exception for an error.
    fn raise(cx: &mut Ctx, e: Self::Error) -> Raised;
}

/// A compressor; without a stream after `flush`.
pub(crate) struct Encoder<S>(Locked<Option<S>>);

impl<S: Sink> Payload for Encoder<S> {
    const NAME: &'static str = S::NAME;

    fn trace(&self, _: &mut Tracer) {}
}

enum Failure<E> {
    Memory,
    Flushed,
    Stream(E),
}

impl<E> From<NoMemory> for Failure<E> {
    fn from(_: NoMemory) -> Self {
        Failure::Memory
    }
}

/// A compressor object of type `ty`.
pub(crate) fn make<S: Sink>(cx: &mut Ctx, ty: &TypeObj, stream: S) -> Value {
    cx.new_native(ty, Encoder(Locked::new(Some(stream))))
}

fn drive<S: Sink>(stream: &mut S, mut input: &[u8], last: bool) -> Result<Output, Failure<S::Error>> {
    let mut out = Output::new(None);
    let mut ran = false;
    loop {
        if !last && input.is_empty() && (!S::DRAINS || (ran && !out.room_used_up())) {
            return Ok(out);
        }
        let step = stream.step(input, out.room()?, last).map_err(Failure::Stream)?;
        out.wrote(step.wrote);
        input = &input[step.used..];
        ran = true;
        if step.ended {
            return Ok(out);
        }
    }
}

fn run<S: Sink>(cx: &mut Ctx, v: Value, data: Option<&[u8]>, flushed: &str) -> PyResult {
    let Some(e) = v.native::<Encoder<S>>() else { return Err(cx.type_error("not a compressor")) };
    let r = e.0.with(cx, |s| match data {
        Some(d) => s.as_mut().ok_or(Failure::Flushed).and_then(|s| drive(s, d, false)),
        None => s.take().ok_or(Failure::Flushed).and_then(|mut s| drive(&mut s, &[], true)),
    })?;
    match r {
        Ok(out) => cx.bytes(out.bytes()),
        Err(Failure::Memory) => Err(cx.no_memory()),
        Err(Failure::Flushed) => Err(cx.value_error(flushed)),
        Err(Failure::Stream(e)) => Err(S::raise(cx, e)),
    }
}

/// `compress(data)`
pub(crate) fn compress<S: Sink>(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = vm::bytes_like(cx, a[1])?;
    run::<S>(cx, a[0], Some(&data), "Compressor has been flushed")
}

/// `flush()`
pub(crate) fn flush<S: Sink>(cx: &mut Ctx, a: &[Value]) -> PyResult {
    run::<S>(cx, a[0], None, "Repeated call to flush()")
}
