//! `_bz2`: bzip2, as libbz2-rs implements it.
#![allow(unsafe_code)]

use crate::decoder::{self, Decompressor, Step, Stream};
use crate::encoder::{self, Encoder, Sink};
use crate::{c_int, no_pickle};
use libbz2_rs_sys as b;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, Ctx, Layout, NativeLayout, PyResult, Raised, Ty, TypeObj, Value};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, GetSetDef, ModuleSpec, TypeSpec, getsets, methods};
use std::ffi::{c_char, c_int as int, c_uint};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec { name: "_bz2", doc: "", functions: &[], init: Some(init) };

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let t = create_type(cx, &COMPRESSOR)?;
    vm::set_attr_str(cx, module, "BZ2Compressor", t)?;
    let t = create_type(cx, &DECOMPRESSOR)?;
    vm::set_attr_str(cx, module, "BZ2Decompressor", t)
}

const RUN: int = 0;
const FINISH: int = 2;
const OK: int = 0;
const RUN_OK: int = 1;
const FLUSH_OK: int = 2;
const FINISH_OK: int = 3;
const STREAM_END: int = 4;

/// Raises the exception for one of the library's codes.
#[cold]
fn raise(cx: &mut Ctx, code: int) -> Raised {
    match code {
        -1 => {
            let msg = "Internal error - Invalid sequence of commands sent to libbzip2";
            cx.raise_str(Ty::RuntimeError, msg)
        }
        -2 => cx.value_error("Internal error - invalid parameters passed to libbzip2"),
        -3 => cx.no_memory(),
        -4 | -5 => cx.raise_str(Ty::OSError, "Invalid data stream"),
        -6 => cx.raise_str(Ty::OSError, "Unknown I/O error"),
        -7 => {
            let msg = "Compressed file ended before the logical end-of-stream was detected";
            cx.raise_str(Ty::EOFError, msg)
        }
        c => cx.raise_str(Ty::OSError, &format!("Unrecognized error from libbzip2: {c}")),
    }
}

/// A stream's state: it must not move, since the library points back at it.
struct Raw(Box<b::bz_stream>);

// SAFETY: the library's state belongs to the stream alone and knows nothing of threads.
unsafe impl Send for Raw {}

impl Raw {
    fn new() -> Raw {
        Raw(Box::new(b::bz_stream {
            next_in: std::ptr::null(),
            avail_in: 0,
            total_in_lo32: 0,
            total_in_hi32: 0,
            next_out: std::ptr::null_mut(),
            avail_out: 0,
            total_out_lo32: 0,
            total_out_hi32: 0,
            state: std::ptr::null_mut(),
            bzalloc: None,
            bzfree: None,
            opaque: std::ptr::null_mut(),
        }))
    }

    /// Runs `f` with input and output set: bytes used, bytes written, code.
    fn run(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        f: impl FnOnce(*mut b::bz_stream) -> int,
    ) -> (usize, usize, int) {
        let s = &mut *self.0;
        let (ni, no) = (input.len().min(u32::MAX as usize), output.len().min(u32::MAX as usize));
        s.next_in = input.as_ptr().cast::<c_char>();
        s.avail_in = ni as c_uint;
        s.next_out = output.as_mut_ptr().cast::<c_char>();
        s.avail_out = no as c_uint;
        let code = f(s);
        let r = (ni - s.avail_in as usize, no - s.avail_out as usize, code);
        s.next_in = std::ptr::null();
        s.avail_in = 0;
        s.next_out = std::ptr::null_mut();
        s.avail_out = 0;
        r
    }
}

// ---------------------------------------------------------------------------------------------------- compressor

struct Compress(Raw);

impl Compress {
    fn new(level: int) -> Result<Compress, int> {
        let mut raw = Raw::new();
        // SAFETY: the stream is a fresh one.
        match unsafe { b::BZ2_bzCompressInit(&mut *raw.0, level, 0, 0) } {
            OK => Ok(Compress(raw)),
            code => Err(code),
        }
    }

    fn run(&mut self, input: &[u8], output: &mut [u8], action: int) -> (usize, usize, int) {
        // SAFETY: the stream is initialised, its buffers are set.
        self.0.run(input, output, |s| unsafe { b::BZ2_bzCompress(s, action) })
    }
}

impl Drop for Compress {
    fn drop(&mut self) {
        // SAFETY: the stream is initialised and not used again.
        unsafe { b::BZ2_bzCompressEnd(&mut *self.0.0) };
    }
}

impl Sink for Compress {
    type Error = int;
    const NAME: &'static str = "BZ2Compressor";
    // The library takes nothing for granted: running without input is an error to it.
    const DRAINS: bool = false;

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, int> {
        let (used, wrote, code) = self.run(input, output, if last { FINISH } else { RUN });
        match code {
            OK | RUN_OK | FLUSH_OK | FINISH_OK | STREAM_END => {
                Ok(Step { used, wrote, ended: code == STREAM_END, more: false })
            }
            code => Err(code),
        }
    }

    fn raise(cx: &mut Ctx, e: int) -> Raised {
        raise(cx, e)
    }
}

static COMPRESSOR: TypeSpec = TypeSpec {
    name: "BZ2Compressor",
    module: "_bz2",
    layout: Layout::Native,
    vt: Some(<Encoder<Compress> as NativeLayout>::VT),
    slots: SlotSpec { new: Some(compressor_new), ..SlotSpec::NONE },
    methods: COMPRESSOR_METHODS,
    doc: "Create a compressor object for compressing data incrementally.\n\n  compresslevel\n    Compression level, as a number between 1 and 9.",
    sig: Some("(compresslevel=9, /)"),
    ..TypeSpec::BASE
};

static COMPRESSOR_METHODS: &[MethodDef] = methods![
    /// Compresses data; some of the result may come later.
    "compress(self, data, /)" => encoder::compress::<Compress>;
    /// Ends the stream: what is still to come.
    "flush(self, /)" => encoder::flush::<Compress>;
    /// Raises TypeError.
    "__reduce_ex__(self, protocol, /)" => |cx, a| no_pickle(cx, a[0]);
];

fn compressor_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    if args.names().is_some() {
        return Err(cx.type_error("BZ2Compressor() takes no keyword arguments"));
    }
    let level = match args.pos() {
        [] => 9,
        [v] => c_int(cx, *v)?,
        more => {
            let msg = format!("BZ2Compressor expected at most 1 argument, got {}", more.len());
            return Err(cx.type_error(&msg));
        }
    };
    if !(1..=9).contains(&level) {
        return Err(cx.value_error("compresslevel must be between 1 and 9"));
    }
    let c = match Compress::new(level) {
        Ok(c) => c,
        Err(code) => return Err(raise(cx, code)),
    };
    cx.external_bytes(400_000 + 800_000 * level as isize);
    Ok(encoder::make(cx, ty, c))
}

// ---------------------------------------------------------------------------------------------------- decompressor

struct Decompress(Raw);

impl Decompress {
    fn new() -> Result<Decompress, int> {
        let mut raw = Raw::new();
        // SAFETY: the stream is a fresh one.
        match unsafe { b::BZ2_bzDecompressInit(&mut *raw.0, 0, 0) } {
            OK => Ok(Decompress(raw)),
            code => Err(code),
        }
    }
}

impl Drop for Decompress {
    fn drop(&mut self) {
        // SAFETY: the stream is initialised and not used again.
        unsafe { b::BZ2_bzDecompressEnd(&mut *self.0.0) };
    }
}

impl Stream for Decompress {
    type Error = int;
    const NAME: &'static str = "BZ2Decompressor";
    const AT_END: &'static str = "End of stream already reached";
    const FAILS_FOR_GOOD: bool = true;

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, int> {
        // SAFETY: the stream is initialised, its buffers are set.
        let (used, wrote, code) = self.0.run(input, output, |s| unsafe { b::BZ2_bzDecompress(s) });
        match code {
            OK | STREAM_END => Ok(Step { used, wrote, ended: code == STREAM_END, more: false }),
            code => Err(code),
        }
    }

    fn raise(cx: &mut Ctx, e: int) -> Raised {
        raise(cx, e)
    }
}

static DECOMPRESSOR: TypeSpec = TypeSpec {
    name: "BZ2Decompressor",
    module: "_bz2",
    layout: Layout::Native,
    vt: Some(<Decompressor<Decompress> as NativeLayout>::VT),
    slots: SlotSpec { new: Some(decompressor_new), ..SlotSpec::NONE },
    methods: DECOMPRESSOR_METHODS,
    getsets: DECOMPRESSOR_GETSETS,
    doc: "Create a decompressor object for decompressing data incrementally.",
    sig: Some("()"),
    ..TypeSpec::BASE
};

static DECOMPRESSOR_METHODS: &[MethodDef] = methods![
    /// Decompresses data, to at most `max_length` bytes if that is not negative.
    "decompress(self, /, data, max_length=-1)" => decoder::decompress::<Decompress>;
    /// Raises TypeError.
    "__reduce_ex__(self, protocol, /)" => |cx, a| no_pickle(cx, a[0]);
];

static DECOMPRESSOR_GETSETS: &[GetSetDef] = getsets![
    /// Whether the end of the stream was reached.
    member "eof" => decoder::eof::<Decompress>;
    /// Data behind the end of the stream.
    member "unused_data" => decoder::unused_data::<Decompress>;
    /// Whether more input is needed before there can be more output.
    member "needs_input" => decoder::needs_input::<Decompress>;
];

fn decompressor_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    if !args.is_empty() {
        let what = if args.names().is_some() { "keyword" } else { "positional" };
        return Err(cx.type_error(&format!("BZ2Decompressor() takes no {what} arguments")));
    }
    let d = match Decompress::new() {
        Ok(d) => d,
        Err(code) => return Err(raise(cx, code)),
    };
    cx.external_bytes(64_000);
    Ok(decoder::make(cx, ty, d))
}
