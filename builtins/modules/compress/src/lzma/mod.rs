//! `_lzma`: xz, by liblzma.
#![allow(unsafe_code)]

mod filters;

use crate::decoder::{self, Decompressor, Step, Stream};
use crate::encoder::{self, Encoder, Sink};
use crate::{c_int, no_pickle};
use filters::{chain_of, preset_options, unsigned, unsigned_32};
use liblzma_sys as l;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::{create_type, create_type_with_base};
use protopy_vm::{self as vm, GetSetDef, ModuleSpec, TypeSpec, bind_arguments, getsets, methods};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_lzma",
    doc: "",
    functions: methods![functions:
        /// Whether an integrity check is supported.
        "is_check_supported(check_id, /)" => |cx, a| {
            let id = c_int(cx, a[0])?;
            // SAFETY: takes any number.
            Ok(Value::bool(unsafe { l::lzma_check_is_supported(id as l::lzma_check) } != 0))
        };
        /// The properties of a filter as bytes.
        "_encode_filter_properties(filter, /)" => filters::encode_properties;
        /// A filter of its properties.
        "_decode_filter_properties(filter_id, encoded_props, /)" => filters::decode_properties;
    ],
    init: Some(init),
};

#[derive(Default)]
struct State {
    error: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.error);
    }
}

static ERROR: TypeSpec = TypeSpec {
    name: "LZMAError",
    module: "_lzma",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    doc: "Call to liblzma failed.",
    ..TypeSpec::BASE
};

const FORMAT_AUTO: i32 = 0;
const FORMAT_XZ: i32 = 1;
const FORMAT_ALONE: i32 = 2;
const FORMAT_RAW: i32 = 3;
/// The check of a stream that was not read yet.
const CHECK_UNKNOWN: u32 = 16;

const CONSTANTS: &[(&str, u64)] = &[
    ("FORMAT_AUTO", FORMAT_AUTO as u64),
    ("FORMAT_XZ", FORMAT_XZ as u64),
    ("FORMAT_ALONE", FORMAT_ALONE as u64),
    ("FORMAT_RAW", FORMAT_RAW as u64),
    ("CHECK_NONE", l::LZMA_CHECK_NONE as u64),
    ("CHECK_CRC32", l::LZMA_CHECK_CRC32 as u64),
    ("CHECK_CRC64", l::LZMA_CHECK_CRC64 as u64),
    ("CHECK_SHA256", l::LZMA_CHECK_SHA256 as u64),
    ("CHECK_ID_MAX", 15),
    ("CHECK_UNKNOWN", CHECK_UNKNOWN as u64),
    ("FILTER_LZMA1", l::LZMA_FILTER_LZMA1),
    ("FILTER_LZMA2", l::LZMA_FILTER_LZMA2),
    ("FILTER_DELTA", l::LZMA_FILTER_DELTA),
    ("FILTER_X86", l::LZMA_FILTER_X86),
    ("FILTER_POWERPC", l::LZMA_FILTER_POWERPC),
    ("FILTER_IA64", l::LZMA_FILTER_IA64),
    ("FILTER_ARM", l::LZMA_FILTER_ARM),
    ("FILTER_ARMTHUMB", l::LZMA_FILTER_ARMTHUMB),
    ("FILTER_SPARC", l::LZMA_FILTER_SPARC),
    ("MF_HC3", l::LZMA_MF_HC3 as u64),
    ("MF_HC4", l::LZMA_MF_HC4 as u64),
    ("MF_BT2", l::LZMA_MF_BT2 as u64),
    ("MF_BT3", l::LZMA_MF_BT3 as u64),
    ("MF_BT4", l::LZMA_MF_BT4 as u64),
    ("MODE_FAST", l::LZMA_MODE_FAST as u64),
    ("MODE_NORMAL", l::LZMA_MODE_NORMAL as u64),
    ("PRESET_DEFAULT", l::LZMA_PRESET_DEFAULT as u64),
    ("PRESET_EXTREME", l::LZMA_PRESET_EXTREME as u64),
];

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let state = cx.space().state::<State>();
    let t = match state.error.get() {
        Some(t) => t,
        None => {
            let base = cx.ty(Ty::Exception).value();
            create_type_with_base(cx, &ERROR, base)?
        }
    };
    state.error.init(Some(t));
    vm::set_attr_str(cx, module, "LZMAError", t)?;
    let t = create_type(cx, &COMPRESSOR)?;
    vm::set_attr_str(cx, module, "LZMACompressor", t)?;
    let t = create_type(cx, &DECOMPRESSOR)?;
    vm::set_attr_str(cx, module, "LZMADecompressor", t)?;
    for (n, v) in CONSTANTS {
        let v = cx.int_u64(*v);
        vm::set_attr_str(cx, module, n, v)?;
    }
    Ok(())
}

/// Raises LZMAError.
#[cold]
fn lzma_error(cx: &mut Ctx, msg: &str) -> Raised {
    let t = cx.space().state::<State>().error.get_or_none();
    let m = cx.str(msg);
    vm::raise_class(cx, t, &[m])
}

/// Raises the exception for a code that stands for an error.
fn check(cx: &mut Ctx, code: l::lzma_ret) -> PyResult<()> {
    let msg = match code {
        l::LZMA_OK | l::LZMA_STREAM_END | l::LZMA_NO_CHECK | l::LZMA_GET_CHECK => return Ok(()),
        l::LZMA_UNSUPPORTED_CHECK => "Unsupported integrity check",
        l::LZMA_MEM_ERROR => return Err(cx.no_memory()),
        l::LZMA_MEMLIMIT_ERROR => "Memory usage limit exceeded",
        l::LZMA_FORMAT_ERROR => "Input format not supported by decoder",
        l::LZMA_OPTIONS_ERROR => "Invalid or unsupported options",
        l::LZMA_DATA_ERROR => "Corrupt input data",
        l::LZMA_BUF_ERROR => "Insufficient buffer space",
        l::LZMA_PROG_ERROR => "Internal error",
        other => return Err(lzma_error(cx, &format!("Unrecognized error from liblzma: {other}"))),
    };
    Err(lzma_error(cx, msg))
}

/// Raises the exception for a code.
#[cold]
fn raise(cx: &mut Ctx, code: l::lzma_ret) -> Raised {
    match check(cx, code) {
        Err(r) => r,
        Ok(()) => lzma_error(cx, "Internal error"),
    }
}

/// A stream's state.
struct Raw(Box<l::lzma_stream>);

// SAFETY: the library's state belongs to the stream alone and knows nothing of threads.
unsafe impl Send for Raw {}

impl Raw {
    fn new() -> Raw {
        // SAFETY: zero is a valid value of each field; it is how the library wants a stream to start.
        Raw(Box::new(unsafe { std::mem::zeroed() }))
    }

    /// Bytes used, bytes written, code.
    fn run(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        action: l::lzma_action,
    ) -> (usize, usize, l::lzma_ret) {
        let s = &mut *self.0;
        s.next_in = input.as_ptr();
        s.avail_in = input.len();
        s.next_out = output.as_mut_ptr();
        s.avail_out = output.len();
        // SAFETY: the stream is initialised, its buffers are set.
        let code = unsafe { l::lzma_code(s, action) };
        let r = (input.len() - s.avail_in, output.len() - s.avail_out, code);
        s.next_in = std::ptr::null();
        s.avail_in = 0;
        s.next_out = std::ptr::null_mut();
        s.avail_out = 0;
        r
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: the stream is initialised or zero, and not used again.
        unsafe { l::lzma_end(&mut *self.0) };
    }
}

// ---------------------------------------------------------------------------------------------------- compressor

struct Compress(Raw);

impl Sink for Compress {
    type Error = l::lzma_ret;
    const NAME: &'static str = "LZMACompressor";
    const DRAINS: bool = true;

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, l::lzma_ret> {
        let (used, wrote, code) = self.0.run(input, output, if last { l::LZMA_FINISH } else { l::LZMA_RUN });
        match code {
            l::LZMA_OK | l::LZMA_GET_CHECK | l::LZMA_NO_CHECK | l::LZMA_STREAM_END => {}
            // There was nothing to do.
            l::LZMA_BUF_ERROR if input.is_empty() && wrote < output.len() => {}
            code => return Err(code),
        }
        Ok(Step { used, wrote, ended: code == l::LZMA_STREAM_END, more: false })
    }

    fn raise(cx: &mut Ctx, code: l::lzma_ret) -> Raised {
        raise(cx, code)
    }
}

static COMPRESSOR: TypeSpec = TypeSpec {
    name: "LZMACompressor",
    module: "_lzma",
    layout: Layout::Native,
    vt: Some(<Encoder<Compress> as NativeLayout>::VT),
    slots: SlotSpec { new: Some(compressor_new), ..SlotSpec::NONE },
    methods: COMPRESSOR_METHODS,
    doc: "LZMACompressor(format=FORMAT_XZ, check=-1, preset=None, filters=None)\n\nCreate a compressor object for compressing data incrementally.",
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
    let a = bind_arguments(cx, "LZMACompressor", &["format", "check", "preset", "filters"], args)?;
    let format = a[0].bound().map_or(Ok(FORMAT_XZ), |v| c_int(cx, v))?;
    let integrity = a[1].bound().map_or(Ok(-1), |v| c_int(cx, v))?;
    let (preset, filters) = (a[2].not_none(), a[3].not_none());
    if preset.is_some() && filters.is_some() {
        return Err(cx.value_error("Cannot specify both preset and filter chain"));
    }
    let preset = preset.map_or(Ok(l::LZMA_PRESET_DEFAULT), |v| unsigned_32(cx, v))?;
    if format != FORMAT_XZ && integrity != -1 && integrity != 0 {
        return Err(cx.value_error("Integrity checks are only supported by FORMAT_XZ"));
    }
    let mut raw = Raw::new();
    let s = &mut *raw.0;
    let code = match format {
        FORMAT_XZ => {
            let id = if integrity == -1 { l::LZMA_CHECK_CRC64 } else { integrity as l::lzma_check };
            match filters {
                // SAFETY: the stream is a fresh one; the chain lives until the call returns.
                Some(f) => chain_of(cx, f)?.with_raw(|f| unsafe { l::lzma_stream_encoder(s, f, id) }),
                // SAFETY: the stream is a fresh one.
                None => unsafe { l::lzma_easy_encoder(s, preset, id) },
            }
        }
        FORMAT_ALONE => match filters {
            None => {
                let o = preset_options(cx, preset)?;
                // SAFETY: the stream is a fresh one, the options live until the call returns.
                unsafe { l::lzma_alone_encoder(s, &*o) }
            }
            Some(f) => {
                let mut chain = chain_of(cx, f)?;
                let Some(o) = chain.only_lzma1() else {
                    let msg = "Invalid filter chain for FORMAT_ALONE - must be a single LZMA1 filter";
                    return Err(cx.value_error(msg));
                };
                // SAFETY: as above.
                unsafe { l::lzma_alone_encoder(s, o) }
            }
        },
        FORMAT_RAW => match filters {
            // SAFETY: the stream is a fresh one; the chain lives until the call returns.
            Some(f) => chain_of(cx, f)?.with_raw(|f| unsafe { l::lzma_raw_encoder(s, f) }),
            None => return Err(cx.value_error("Must specify filters for FORMAT_RAW")),
        },
        other => return Err(cx.value_error(&format!("Invalid container format: {other}"))),
    };
    check(cx, code)?;
    // SAFETY: asks for a number only.
    let bytes = unsafe { l::lzma_easy_encoder_memusage(preset) };
    cx.external_bytes(isize::try_from(bytes).unwrap_or(0));
    Ok(encoder::make(cx, ty, Compress(raw)))
}

// ---------------------------------------------------------------------------------------------------- decompressor

struct Decompress {
    raw: Raw,
    check: l::lzma_check,
}

impl Stream for Decompress {
    type Error = l::lzma_ret;
    const NAME: &'static str = "LZMADecompressor";
    const AT_END: &'static str = "Already at end of stream";
    const FAILS_FOR_GOOD: bool = false;

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, l::lzma_ret> {
        let (mut used, mut wrote, mut code) = self.raw.run(input, output, l::LZMA_RUN);
        while matches!(code, l::LZMA_GET_CHECK | l::LZMA_NO_CHECK) {
            // SAFETY: the decoder has just told that it knows the check.
            self.check = unsafe { l::lzma_get_check(&*self.raw.0) };
            let (u, w, c) = self.raw.run(&input[used..], &mut output[wrote..], l::LZMA_RUN);
            (used, wrote, code) = (used + u, wrote + w, c);
        }
        let idle = code == l::LZMA_BUF_ERROR && used == input.len() && wrote < output.len();
        match code {
            l::LZMA_OK | l::LZMA_STREAM_END => {}
            _ if idle => {}
            code => return Err(code),
        }
        let full = used == input.len() && wrote == output.len();
        Ok(Step { used, wrote, ended: code == l::LZMA_STREAM_END, more: full })
    }

    fn raise(cx: &mut Ctx, code: l::lzma_ret) -> Raised {
        raise(cx, code)
    }
}

static DECOMPRESSOR: TypeSpec = TypeSpec {
    name: "LZMADecompressor",
    module: "_lzma",
    layout: Layout::Native,
    vt: Some(<Decompressor<Decompress> as NativeLayout>::VT),
    slots: SlotSpec { new: Some(decompressor_new), ..SlotSpec::NONE },
    methods: DECOMPRESSOR_METHODS,
    getsets: DECOMPRESSOR_GETSETS,
    doc: "Create a decompressor object for decompressing data incrementally.",
    sig: Some("(format=FORMAT_AUTO, memlimit=None, filters=None)"),
    ..TypeSpec::BASE
};

static DECOMPRESSOR_METHODS: &[MethodDef] = methods![
    /// Decompresses data, to at most `max_length` bytes if that is not negative.
    "decompress(self, /, data, max_length=-1)" => decoder::decompress::<Decompress>;
    /// Raises TypeError.
    "__reduce_ex__(self, protocol, /)" => |cx, a| no_pickle(cx, a[0]);
];

static DECOMPRESSOR_GETSETS: &[GetSetDef] = getsets![
    /// The integrity check of the stream; CHECK_UNKNOWN before it is known.
    member "check" => |cx, v| {
        let c = decoder::look::<Decompress, _>(cx, v, |s| s.check)?;
        Ok(cx.int(i64::from(c)))
    };
    /// Whether the end of the stream was reached.
    member "eof" => decoder::eof::<Decompress>;
    /// Whether more input is needed before there can be more output.
    member "needs_input" => decoder::needs_input::<Decompress>;
    /// Data behind the end of the stream.
    member "unused_data" => decoder::unused_data::<Decompress>;
];

fn decompressor_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    let a = bind_arguments(cx, "LZMADecompressor", &["format", "memlimit", "filters"], args)?;
    let format = a[0].bound().map_or(Ok(FORMAT_AUTO), |v| c_int(cx, v))?;
    let limit = match a[1].not_none() {
        Some(_) if format == FORMAT_RAW => {
            return Err(cx.value_error("Cannot specify memory limit with FORMAT_RAW"));
        }
        Some(v) => unsigned(cx, v)?,
        None => u64::MAX,
    };
    let filters = a[2].not_none();
    if format == FORMAT_RAW && filters.is_none() {
        return Err(cx.value_error("Must specify filters for FORMAT_RAW"));
    }
    if format != FORMAT_RAW && filters.is_some() {
        return Err(cx.value_error("Cannot specify filters except with FORMAT_RAW"));
    }
    let mut raw = Raw::new();
    let s = &mut *raw.0;
    let flags = l::LZMA_TELL_ANY_CHECK | l::LZMA_TELL_NO_CHECK;
    let (code, known) = match (format, filters) {
        // SAFETY: the stream is a fresh one, here and below.
        (FORMAT_XZ, _) => (unsafe { l::lzma_stream_decoder(s, limit, flags) }, CHECK_UNKNOWN),
        // SAFETY: as above.
        (FORMAT_AUTO, _) => (unsafe { l::lzma_auto_decoder(s, limit, flags) }, CHECK_UNKNOWN),
        // SAFETY: as above.
        (FORMAT_ALONE, _) => (unsafe { l::lzma_alone_decoder(s, limit) }, l::LZMA_CHECK_NONE),
        (FORMAT_RAW, Some(f)) => {
            let mut chain = chain_of(cx, f)?;
            // SAFETY: as above; the chain lives until the call returns.
            (chain.with_raw(|f| unsafe { l::lzma_raw_decoder(s, f) }), l::LZMA_CHECK_NONE)
        }
        (other, _) => return Err(cx.value_error(&format!("Invalid container format: {other}"))),
    };
    check(cx, code)?;
    cx.external_bytes(64 * 1024);
    Ok(decoder::make(cx, ty, Decompress { raw, check: known }))
}
