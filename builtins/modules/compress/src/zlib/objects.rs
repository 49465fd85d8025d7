//! `zlib.Compress`, `zlib.Decompress` and `zlib._ZlibDecompressor`.

use super::stream::{Deflate, Inflate, ZError};
use super::{State, error};
use crate::decoder::{self, Decompressor, Step, Stream};
use crate::output::{NoMemory, Output, append};
use crate::{Locked, c_int, no_pickle};
use libz_rs_sys as z;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, bind_arguments, getsets, methods};

/// Bytes that a stream keeps, roughly: what the collector is told.
const DEFLATE_BYTES: isize = 270_000;
const INFLATE_BYTES: isize = 48_000;

/// Why a call of an object failed.
enum Failure {
    Memory,
    Stream(ZError),
    Ended,
}

impl From<NoMemory> for Failure {
    fn from(_: NoMemory) -> Self {
        Failure::Memory
    }
}

fn raise(cx: &mut Ctx, f: Failure, doing: &str) -> Raised {
    match f {
        Failure::Memory => cx.no_memory(),
        Failure::Stream(e) => error(cx, e, doing),
        Failure::Ended => error(cx, ZError { code: z::Z_STREAM_ERROR, text: None }, doing),
    }
}

fn type_of(cx: &mut Ctx, slot: impl Fn(&State) -> &Slot) -> PyResult<&'static TypeObj> {
    let state = cx.space().state::<State>();
    match slot(&state).get().and_then(TypeObj::of) {
        Some(t) => Ok(t),
        None => Err(cx.type_error("zlib is not initialised")),
    }
}

// ---------------------------------------------------------------------------------------------------- Compress

/// A compressor; the stream goes when it has ended.
pub(super) struct Compress(Locked<Option<Deflate>>);

impl Payload for Compress {
    const NAME: &'static str = "Compress";

    fn trace(&self, _: &mut Tracer) {}
}

pub(super) static COMPRESS: TypeSpec = TypeSpec {
    name: "Compress",
    module: "zlib",
    layout: Layout::Native,
    vt: Some(<Compress as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec::NONE,
    methods: COMPRESS_METHODS,
    ..TypeSpec::BASE
};

static COMPRESS_METHODS: &[MethodDef] = methods![
    /// Compresses data; some of the result may come later.
    "compress(self, data, /)" => compress;
    /// What is still to come; by default the stream ends.
    "flush(self, mode=4, /)" => compress_flush;
    /// A copy of the compressor.
    "copy(self, /)" => |cx, a| compress_copy(cx, a[0]);
    /// A copy of the compressor.
    "__copy__(self, /)" => |cx, a| compress_copy(cx, a[0]);
    /// A copy of the compressor.
    "__deepcopy__(self, memo, /)" => |cx, a| compress_copy(cx, a[0]);
    /// Raises TypeError.
    "__reduce_ex__(self, protocol, /)" => |cx, a| no_pickle(cx, a[0]);
];

fn compressor(cx: &mut Ctx, v: Value) -> PyResult<&'static Compress> {
    match v.native::<Compress>() {
        Some(c) => Ok(c),
        None => Err(cx.type_error("not a compressor")),
    }
}

/// `compressobj(level, method, wbits, memLevel, strategy, zdict)`
pub(super) fn compressobj(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let mut n = [0; 5];
    for (n, v) in n.iter_mut().zip(a) {
        *n = c_int(cx, *v)?;
    }
    let dict = match a[5].bound() {
        Some(d) => Some(vm::bytes_like(cx, d)?),
        None => None,
    };
    let [level, method, wbits, mem, strategy] = n;
    let mut d = match Deflate::new(level, method, wbits, mem, strategy) {
        Ok(d) => d,
        Err(e) if e.code == z::Z_MEM_ERROR => return Err(cx.no_memory()),
        Err(e) if e.code == z::Z_STREAM_ERROR => {
            return Err(cx.value_error("Invalid initialization option"));
        }
        Err(e) => return Err(error(cx, e, "while creating compression object")),
    };
    if let Some(dict) = dict {
        match d.set_dictionary(&dict) {
            z::Z_OK => {}
            z::Z_STREAM_ERROR => return Err(cx.value_error("Invalid dictionary")),
            _ => return Err(cx.value_error("deflateSetDictionary()")),
        }
    }
    cx.external_bytes(DEFLATE_BYTES);
    let t = type_of(cx, |s| &s.compress)?;
    Ok(cx.new_native(t, Compress(Locked::new(Some(d)))))
}

/// Runs a compressor over all input.
fn deflate(d: &mut Option<Deflate>, mut input: &[u8], flush: i32) -> Result<Output, Failure> {
    let Some(s) = d else { return Err(Failure::Ended) };
    let mut out = Output::new(None);
    loop {
        let last = input.len() <= u32::MAX as usize;
        let mode = if last { flush } else { z::Z_NO_FLUSH };
        let r = s.run(input, out.room()?, mode);
        out.wrote(r.wrote);
        input = &input[r.used..];
        match r.code {
            z::Z_STREAM_END => {
                *d = None;
                return Ok(out);
            }
            z::Z_OK | z::Z_BUF_ERROR => {}
            code => return Err(Failure::Stream(s.error(code))),
        }
        if input.is_empty() && !out.room_used_up() {
            return Ok(out);
        }
    }
}

fn compress(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = compressor(cx, a[0])?;
    let data = vm::bytes_like(cx, a[1])?;
    match c.0.with(cx, |d| deflate(d, &data, z::Z_NO_FLUSH))? {
        Ok(out) => cx.bytes(out.bytes()),
        Err(f) => Err(raise(cx, f, "while compressing data")),
    }
}

fn compress_flush(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = compressor(cx, a[0])?;
    let mode = c_int(cx, a[1])?;
    if mode == z::Z_NO_FLUSH {
        return cx.bytes(b"");
    }
    match c.0.with(cx, |d| deflate(d, &[], mode))? {
        Ok(out) => cx.bytes(out.bytes()),
        Err(f) => Err(raise(cx, f, "while flushing")),
    }
}

fn compress_copy(cx: &mut Ctx, v: Value) -> PyResult {
    let c = compressor(cx, v)?;
    let copied = c.0.with(cx, |d| d.as_mut().map(Deflate::try_clone))?;
    let d = stream_copy(cx, copied)?;
    cx.external_bytes(DEFLATE_BYTES);
    let t = type_of(cx, |s| &s.compress)?;
    Ok(cx.new_native(t, Compress(Locked::new(Some(d)))))
}

fn stream_copy<T>(cx: &mut Ctx, copied: Option<Result<T, ZError>>) -> PyResult<T> {
    match copied {
        Some(Ok(d)) => Ok(d),
        Some(Err(e)) if e.code == z::Z_MEM_ERROR => Err(cx.no_memory()),
        Some(Err(e)) if e.code != z::Z_STREAM_ERROR => Err(error(cx, e, "while copying compression object")),
        _ => Err(cx.value_error("Inconsistent stream state")),
    }
}

// ---------------------------------------------------------------------------------------------------- Decompress

/// What a decompressor does not share with another thread meanwhile.
pub(super) struct Inflating {
    stream: Option<Inflate>,
    dictionary: Option<Vec<u8>>,
    unused: Vec<u8>,
    tail: Vec<u8>,
    eof: bool,
}

/// A decompressor.
pub(super) struct Decompress(Locked<Inflating>);

impl Payload for Decompress {
    const NAME: &'static str = "Decompress";

    fn trace(&self, _: &mut Tracer) {}
}

pub(super) static DECOMPRESS: TypeSpec = TypeSpec {
    name: "Decompress",
    module: "zlib",
    layout: Layout::Native,
    vt: Some(<Decompress as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec::NONE,
    methods: DECOMPRESS_METHODS,
    getsets: DECOMPRESS_GETSETS,
    ..TypeSpec::BASE
};

static DECOMPRESS_METHODS: &[MethodDef] = methods![
    /// Decompresses data, to at most `max_length` bytes if that is not 0.
    ///
    /// Input that was not used then is in `unconsumed_tail`.
    "decompress(self, data, /, max_length=0)" => decompress_some;
    /// What is still to come.
    "flush(self, length=16384, /)" => decompress_flush;
    /// A copy of the decompressor.
    "copy(self, /)" => |cx, a| decompress_copy(cx, a[0]);
    /// A copy of the decompressor.
    "__copy__(self, /)" => |cx, a| decompress_copy(cx, a[0]);
    /// A copy of the decompressor.
    "__deepcopy__(self, memo, /)" => |cx, a| decompress_copy(cx, a[0]);
    /// Raises TypeError.
    "__reduce_ex__(self, protocol, /)" => |cx, a| no_pickle(cx, a[0]);
];

static DECOMPRESS_GETSETS: &[GetSetDef] = getsets![
    /// Data behind the end of the stream.
    member "unused_data" => |cx, v| {
        let data = decompressor(cx, v)?.0.look(cx, |d| d.unused.clone())?;
        cx.bytes(&data)
    };
    /// Input that was not used because the output has its length.
    member "unconsumed_tail" => |cx, v| {
        let data = decompressor(cx, v)?.0.look(cx, |d| d.tail.clone())?;
        cx.bytes(&data)
    };
    /// Whether the end of the stream was reached.
    member "eof" => |cx, v| Ok(Value::bool(decompressor(cx, v)?.0.look(cx, |d| d.eof)?));
];

fn decompressor(cx: &mut Ctx, v: Value) -> PyResult<&'static Decompress> {
    match v.native::<Decompress>() {
        Some(d) => Ok(d),
        None => Err(cx.type_error("not a decompressor")),
    }
}

/// `decompressobj(wbits, zdict)`
pub(super) fn decompressobj(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let wbits = c_int(cx, a[0])?;
    let dictionary = match a[1].bound() {
        Some(d) if vm::has_buffer(cx, d) => Some(vm::bytes_like(cx, d)?.to_owned_vec()),
        Some(_) => return Err(cx.type_error("zdict argument must support the buffer protocol")),
        None => None,
    };
    let stream = new_inflate(cx, wbits, dictionary.as_deref())?;
    let t = type_of(cx, |s| &s.decompress)?;
    let d = Inflating { stream: Some(stream), dictionary, unused: Vec::new(), tail: Vec::new(), eof: false };
    Ok(cx.new_native(t, Decompress(Locked::new(d))))
}

/// A decompressing stream for an object. A raw stream gets its dictionary at once.
fn new_inflate(cx: &mut Ctx, wbits: i32, dictionary: Option<&[u8]>) -> PyResult<Inflate> {
    let mut stream = match Inflate::new(wbits) {
        Ok(s) => s,
        Err(e) if e.code == z::Z_MEM_ERROR => return Err(cx.no_memory()),
        Err(e) if e.code == z::Z_STREAM_ERROR => {
            return Err(cx.value_error("Invalid initialization option"));
        }
        Err(e) => return Err(error(cx, e, "while creating decompression object")),
    };
    if let (Some(d), true) = (dictionary, wbits < 0) {
        let code = stream.set_dictionary(d);
        if code != z::Z_OK {
            let e = stream.error(code);
            return Err(error(cx, e, "while setting zdict"));
        }
    }
    cx.external_bytes(INFLATE_BYTES);
    Ok(stream)
}

/// Why decompression failed.
enum Bad {
    Memory,
    Data(ZError),
    Dictionary(ZError),
}

impl From<NoMemory> for Bad {
    fn from(_: NoMemory) -> Self {
        Bad::Memory
    }
}

impl Inflating {
    /// Decompresses; what is left of the input is kept. `finish`: the stream goes when it has ended.
    fn inflate(&mut self, data: &[u8], mut out: Output, finish: bool) -> Result<Output, Bad> {
        let Some(stream) = &mut self.stream else { return Ok(out) };
        let flush = if finish { z::Z_FINISH } else { z::Z_SYNC_FLUSH };
        let mut at = 0;
        let mut code;
        loop {
            let room = out.room()?;
            if room.is_empty() {
                code = z::Z_OK;
                break;
            }
            let r = stream.run(&data[at..], room, flush);
            out.wrote(r.wrote);
            at += r.used;
            code = r.code;
            match (code, &self.dictionary) {
                (z::Z_NEED_DICT, Some(d)) => {
                    let set = stream.set_dictionary(d);
                    if set != z::Z_OK {
                        return Err(Bad::Dictionary(stream.error(set)));
                    }
                    continue;
                }
                (z::Z_OK | z::Z_BUF_ERROR, _) => {}
                _ => break,
            }
            let stuck = r.used == 0 && r.wrote == 0;
            if out.is_full() || stuck || (at >= data.len() && !out.room_used_up()) {
                break;
            }
        }
        let failed = !matches!(code, z::Z_OK | z::Z_BUF_ERROR | z::Z_STREAM_END);
        let error = stream.error(code);
        let rest = &data[at.min(data.len())..];
        if code == z::Z_STREAM_END {
            self.eof = true;
            self.tail.clear();
            append(&mut self.unused, rest)?;
        } else {
            let mut tail = Vec::new();
            append(&mut tail, rest)?;
            self.tail = tail;
        }
        if code == z::Z_STREAM_END && finish {
            self.stream = None;
        }
        if failed { Err(Bad::Data(error)) } else { Ok(out) }
    }
}

fn finish_inflate(cx: &mut Ctx, r: Result<Output, Bad>) -> PyResult {
    match r {
        Ok(out) => cx.bytes(out.bytes()),
        Err(Bad::Memory) => Err(cx.no_memory()),
        Err(Bad::Data(e)) => Err(error(cx, e, "while decompressing data")),
        Err(Bad::Dictionary(e)) => Err(error(cx, e, "while setting zdict")),
    }
}

fn decompress_some(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let this = decompressor(cx, a[0])?;
    let data = vm::bytes_like(cx, a[1])?;
    let limit = match vm::index_i64(cx, a[2], Ty::OverflowError)? {
        n if n < 0 => return Err(cx.value_error("max_length must be non-negative")),
        0 => None,
        n => usize::try_from(n).ok(),
    };
    let r = this.0.with(cx, |d| {
        if d.stream.is_none() {
            return Err(Bad::Data(ZError { code: z::Z_STREAM_ERROR, text: None }));
        }
        d.inflate(&data, Output::new(limit), false)
    })?;
    finish_inflate(cx, r)
}

fn decompress_flush(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let this = decompressor(cx, a[0])?;
    let length = vm::index_i64(cx, a[1], Ty::OverflowError)?;
    let Some(length) = usize::try_from(length).ok().filter(|n| *n > 0) else {
        return Err(cx.value_error("length must be greater than zero"));
    };
    let r = this.0.with(cx, |d| {
        let data = std::mem::take(&mut d.tail);
        d.inflate(&data, Output::with_room(length), true)
    })?;
    finish_inflate(cx, r)
}

fn decompress_copy(cx: &mut Ctx, v: Value) -> PyResult {
    let this = decompressor(cx, v)?;
    let copied = this.0.with(cx, |d| {
        let stream = d.stream.as_mut()?.try_clone();
        Some(stream.map(|s| Inflating {
            stream: Some(s),
            dictionary: d.dictionary.clone(),
            unused: d.unused.clone(),
            tail: d.tail.clone(),
            eof: d.eof,
        }))
    })?;
    let d = stream_copy(cx, copied)?;
    cx.external_bytes(INFLATE_BYTES);
    let t = type_of(cx, |s| &s.decompress)?;
    Ok(cx.new_native(t, Decompress(Locked::new(d))))
}

// ---------------------------------------------------------------------------------------------------- _ZlibDecompressor

/// A stream that sets its dictionary when it is asked for.
pub(super) struct WithDictionary {
    stream: Inflate,
    dictionary: Option<Vec<u8>>,
}

impl Stream for WithDictionary {
    /// The error and whether it is about the dictionary.
    type Error = (ZError, bool);
    const NAME: &'static str = "_ZlibDecompressor";
    const AT_END: &'static str = "End of stream already reached";
    const FAILS_FOR_GOOD: bool = false;

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Self::Error> {
        let mut r = self.stream.run(input, output, z::Z_SYNC_FLUSH);
        if let (z::Z_NEED_DICT, Some(d)) = (r.code, &self.dictionary) {
            let set = self.stream.set_dictionary(d);
            if set != z::Z_OK {
                return Err((self.stream.error(set), true));
            }
            let again = self.stream.run(&input[r.used..], &mut output[r.wrote..], z::Z_SYNC_FLUSH);
            r.used += again.used;
            r.wrote += again.wrote;
            r.code = again.code;
        }
        match r.code {
            z::Z_OK | z::Z_BUF_ERROR | z::Z_STREAM_END => {
                Ok(Step { used: r.used, wrote: r.wrote, ended: r.code == z::Z_STREAM_END, more: false })
            }
            code => Err((self.stream.error(code), false)),
        }
    }

    fn raise(cx: &mut Ctx, (e, dictionary): Self::Error) -> Raised {
        error(cx, e, if dictionary { "while setting zdict" } else { "while decompressing data" })
    }
}

pub(super) static ZLIB_DECOMPRESSOR: TypeSpec = TypeSpec {
    name: "_ZlibDecompressor",
    module: "zlib",
    layout: Layout::Native,
    vt: Some(<Decompressor<WithDictionary> as NativeLayout>::VT),
    slots: SlotSpec { new: Some(decoder_new), ..SlotSpec::NONE },
    methods: DECODER_METHODS,
    getsets: DECODER_GETSETS,
    doc: "Create a decompressor object for decompressing data incrementally.",
    sig: Some("(wbits=15, zdict=b'')"),
    ..TypeSpec::BASE
};

static DECODER_METHODS: &[MethodDef] = methods![
    /// Decompresses data, to at most `max_length` bytes if that is not negative.
    "decompress(self, /, data, max_length=-1)" => decoder::decompress::<WithDictionary>;
    /// Raises TypeError.
    "__reduce_ex__(self, protocol, /)" => |cx, a| no_pickle(cx, a[0]);
];

static DECODER_GETSETS: &[GetSetDef] = getsets![
    /// Whether the end of the stream was reached.
    member "eof" => decoder::eof::<WithDictionary>;
    /// Data behind the end of the stream.
    member "unused_data" => decoder::unused_data::<WithDictionary>;
    /// Whether more input is needed before there can be more output.
    member "needs_input" => decoder::needs_input::<WithDictionary>;
];

fn decoder_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let given = bind_arguments(cx, "_ZlibDecompressor", &["wbits", "zdict"], args)?;
    let wbits = match given[0].bound() {
        Some(v) => c_int(cx, v)?,
        None => 15,
    };
    let dictionary = match given[1].bound() {
        Some(d) if vm::has_buffer(cx, d) => Some(vm::bytes_like(cx, d)?.to_owned_vec()),
        Some(_) => return Err(cx.type_error("zdict argument must support the buffer protocol")),
        None => None,
    };
    let stream = new_inflate(cx, wbits, dictionary.as_deref())?;
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    Ok(decoder::make(cx, t, WithDictionary { stream, dictionary }))
}
