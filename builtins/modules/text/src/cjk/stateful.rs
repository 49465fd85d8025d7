//! `MultibyteIncrementalEncoder` and its kin: codecs that take a text in parts, and streams over them.

use super::Types;
use super::coder::State;
use super::run::Codec;
use protopy_text::StrBuf;
use protopy_vm::codec::{raise_decode, raise_encode, unicode_error};
use protopy_vm::protocore::layouts::{BytesObj, IntRef, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, getsets, methods};

/// Characters that an encoder, and bytes that a decoder may keep for later.
const MAX_CHARS: usize = 2;
const MAX_BYTES: usize = 8;

/// Between two parts of a text.
#[derive(Clone, Default)]
struct Between {
    state: State,
    /// Bytes that were not decoded yet; characters that were not encoded yet as UTF-8.
    pending: Vec<u8>,
}

/// An object of one of the four types.
struct Stateful {
    codec: Slot,
    errors: Slot,
    stream: Slot,
    between: Guarded<Between>,
}

impl Payload for Stateful {
    const NAME: &'static str = "MultibyteStateful";

    fn trace(&self, t: &mut Tracer) {
        for s in [&self.codec, &self.errors, &self.stream] {
            t.slot(s);
        }
    }
}

macro_rules! spec {
    ($name:literal, $new:expr, $methods:expr, $getsets:expr) => {
        TypeSpec {
            name: $name,
            module: "_multibytecodec",
            layout: Layout::Native,
            vt: Some(<Stateful as NativeLayout>::VT),
            flags: type_flags::BASETYPE,
            slots: SlotSpec { new: Some($new), init: Some(|_, _, _| Ok(())), ..SlotSpec::NONE },
            methods: $methods,
            getsets: $getsets,
            ..TypeSpec::BASE
        }
    };
}

pub(super) static ENCODER: TypeSpec =
    spec!("MultibyteIncrementalEncoder", encoder_new, ENCODER_METHODS, GETSETS);
pub(super) static DECODER: TypeSpec =
    spec!("MultibyteIncrementalDecoder", decoder_new, DECODER_METHODS, GETSETS);
pub(super) static READER: TypeSpec =
    spec!("MultibyteStreamReader", reader_new, READER_METHODS, STREAM_GETSETS);
pub(super) static WRITER: TypeSpec =
    spec!("MultibyteStreamWriter", writer_new, WRITER_METHODS, STREAM_GETSETS);

static NEW: &[MethodDef] = methods![
    /// A new encoder.
    "IncrementalEncoder(type, /, errors=<unrepresentable>)" => |cx, a| make(cx, a[0], Value::NONE, a[1], "IncrementalEncoder");
    /// A new decoder.
    "IncrementalDecoder(type, /, errors=<unrepresentable>)" => |cx, a| make(cx, a[0], Value::NONE, a[1], "IncrementalDecoder");
    /// A new reader.
    "StreamReader(type, /, stream, errors=<unrepresentable>)" => |cx, a| make(cx, a[0], a[1], a[2], "StreamReader");
    /// A new writer.
    "StreamWriter(type, /, stream, errors=<unrepresentable>)" => |cx, a| make(cx, a[0], a[1], a[2], "StreamWriter");
];

fn encoder_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    vm::call_def(cx, &NEW[0], Some(ty), args)
}

fn decoder_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    vm::call_def(cx, &NEW[1], Some(ty), args)
}

fn reader_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    vm::call_def(cx, &NEW[2], Some(ty), args)
}

fn writer_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    vm::call_def(cx, &NEW[3], Some(ty), args)
}

fn make(cx: &mut Ctx, ty: Value, stream: Value, errors: Value, what: &str) -> PyResult {
    let errors = match errors.bound() {
        Some(e) => e,
        None => cx.str("strict"),
    };
    if StrObj::of(errors).is_none() {
        let place = if what.starts_with('S') { 2 } else { 1 };
        let msg = format!("{what}() argument {place} must be str, not {}", vm::tp_name(cx, errors));
        return Err(cx.type_error(&msg));
    }
    let codec = vm::get_attr_str(cx, ty, "codec")?;
    let Some(c) = codec.native::<Codec>() else {
        return Err(cx.type_error("codec is unexpected type"));
    };
    let between = Between { state: c.coder.start(), pending: Vec::new() };
    let Some(t) = TypeObj::of(ty) else { return Err(cx.type_error("not a type")) };
    let (codec, errors, stream) = (Slot::new(codec), Slot::new(errors), Slot::new(stream));
    Ok(cx.new_native(t, Stateful { codec, errors, stream, between: Guarded::new(between) }))
}

fn this(cx: &mut Ctx, v: Value) -> PyResult<(&'static Stateful, &'static Codec, String)> {
    let found = v.native::<Stateful>().and_then(|s| {
        let codec = s.codec.get()?.native::<Codec>()?;
        Some((s, codec, StrObj::of(s.errors.get()?)?.to_string_lossy()))
    });
    found.ok_or_else(|| cx.type_error("not a codec object"))
}

// ---------------------------------------------------------------------------------------------------- attributes

static GETSETS: &[GetSetDef] = getsets![
    /// how to treat errors
    "errors" => |cx, v| errors(cx, v), set_errors;
];

static STREAM_GETSETS: &[GetSetDef] = getsets![
    /// how to treat errors
    "errors" => |cx, v| errors(cx, v), set_errors;
    /// The stream behind.
    member "stream" => |cx, v| stream(cx, v);
];

fn errors(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.0.errors.get_or_none())
}

fn stream(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.0.stream.get_or_none())
}

fn set_errors(cx: &mut Ctx, v: Value, errors: Option<Value>) -> PyResult<()> {
    let s = this(cx, v)?.0;
    match errors {
        None => Err(cx.raise_str(Ty::AttributeError, "cannot delete attribute")),
        Some(e) if StrObj::of(e).is_none() => Err(cx.type_error("errors must be a string")),
        Some(e) => {
            cx.store(v, &s.errors, e);
            Ok(())
        }
    }
}

// ---------------------------------------------------------------------------------------------------- encoder

static ENCODER_METHODS: &[MethodDef] = methods![
    /// Encodes a part of a text; `final` says that it is the last one.
    "encode(self, /, input, final=False)" => |cx, a| {
        let last = vm::is_true(cx, a[2])?;
        encode_part(cx, a[0], a[1], last)
    };
    /// The state as an int.
    "getstate(self, /)" => |cx, a| {
        let b = this(cx, a[0])?.0.between.with(|b| b.clone());
        let mut bytes = vec![b.pending.len() as u8];
        bytes.extend_from_slice(&b.pending);
        bytes.extend_from_slice(&b.state);
        int_of(cx, &bytes)
    };
    /// Takes a state of getstate().
    "setstate(self, state, /)" => |cx, a| {
        let (s, codec, _) = this(cx, a[0])?;
        if IntRef::of(a[1]).is_none() {
            let msg = format!("setstate() argument must be int, not {}", vm::tp_name(cx, a[1]));
            return Err(cx.type_error(&msg));
        }
        let bytes = bytes_of(cx, a[1], 1 + MAX_CHARS * 4 + 8)?;
        let n = usize::from(bytes.first().copied().unwrap_or(0));
        let Some((pending, rest)) = bytes.get(1..).and_then(|b| b.split_at_checked(n)).filter(|_| n <= MAX_CHARS * 4)
        else {
            let e = cx.str("pending buffer too large");
            let t = cx.ty(Ty::UnicodeError).value();
            return Err(vm::raise_class(cx, t, &[e]));
        };
        if let Err(e) = std::str::from_utf8(pending) {
            return Err(raise_decode(cx, "utf-8", pending, e.valid_up_to(), n, "invalid start byte"));
        }
        let mut state = codec.coder.start();
        state.iter_mut().zip(rest).for_each(|(to, b)| *to = *b);
        let pending = pending.to_vec();
        s.between.with(|b| *b = Between { state, pending });
        Ok(Value::NONE)
    };
    /// Forgets what came before.
    "reset(self, /)" => |cx, a| {
        let (s, codec, _) = this(cx, a[0])?;
        s.between.with(|b| *b = Between { state: codec.coder.start(), pending: Vec::new() });
        Ok(Value::NONE)
    };
];

/// Little-endian bytes as an int.
fn int_of(cx: &mut Ctx, bytes: &[u8]) -> PyResult {
    let (int, bytes, order) = (cx.ty(Ty::Int).value(), cx.bytes(bytes)?, cx.str("little"));
    vm::call_method(cx, int, "from_bytes", &[bytes, order])
}

/// An int as so many little-endian bytes; OverflowError.
fn bytes_of(cx: &mut Ctx, v: Value, n: usize) -> PyResult<Vec<u8>> {
    let (int, n, order) = (cx.ty(Ty::Int).value(), cx.int_usize(n), cx.str("little"));
    let bytes = vm::call_method(cx, int, "to_bytes", &[v, n, order])?;
    Ok(BytesObj::of(bytes).map_or_else(Vec::new, |b| b.bytes().to_vec()))
}

/// Encodes what was kept and a part of a text.
fn encode_part(cx: &mut Ctx, v: Value, input: Value, last: bool) -> PyResult {
    let (s, codec, errors) = this(cx, v)?;
    let mut text = if StrObj::of(input).is_some() { input } else { vm::str(cx, input)? };
    let Between { mut state, pending } = s.between.with(|b| b.clone());
    if !pending.is_empty() {
        let mut all = StrBuf::new();
        all.push_str(&String::from_utf8_lossy(&pending));
        if let Some(t) = StrObj::of(text) {
            all.push_ref(t.str_ref());
        }
        text = cx.str_buf(all)?;
    }
    let (out, used) = codec.encode(cx, text, &errors, &mut state, last)?;
    let rest = StrObj::of(text).map_or_else(Vec::new, |t| t.str_ref().chars().skip(used).collect());
    if rest.len() > MAX_CHARS {
        let all = used + rest.len();
        return Err(raise_encode(cx, codec.name, text, used, all, "pending buffer overflow"));
    }
    // Only characters that begin a pair are kept: no surrogates.
    let pending = rest.iter().filter_map(|c| char::from_u32(*c)).collect::<String>().into_bytes();
    s.between.with(|b| *b = Between { state, pending });
    cx.bytes(&out)
}

// ---------------------------------------------------------------------------------------------------- decoder

static DECODER_METHODS: &[MethodDef] = methods![
    /// Decodes a part of a text; `final` says that it is the last one.
    "decode(self, /, input, final=False)" => |cx, a| {
        let last = vm::is_true(cx, a[2])?;
        let data = vm::bytes_like(cx, a[1])?;
        decode_part(cx, a[0], &data, last)
    };
    /// What is kept for later, and the state as an int.
    "getstate(self, /)" => |cx, a| {
        let b = this(cx, a[0])?.0.between.with(|b| b.clone());
        let (pending, state) = (cx.bytes(&b.pending)?, int_of(cx, &b.state)?);
        cx.tuple_of(None, &[pending, state])
    };
    /// Takes a state of getstate().
    "setstate(self, state, /)" => |cx, a| {
        let (s, codec, _) = this(cx, a[0])?;
        let Some(t) = TupleObj::of(a[1]) else {
            let msg = format!("setstate() argument must be tuple, not {}", vm::tp_name(cx, a[1]));
            return Err(cx.type_error(&msg));
        };
        let (pending, number) = match t.items() {
            [b, n] if IntRef::of(*n).is_some() => (*b, *n),
            _ => return Err(cx.type_error("setstate(): illegal state argument")),
        };
        let Some(pending) = BytesObj::of(pending) else {
            return Err(cx.type_error("setstate(): illegal state argument"));
        };
        let bytes = bytes_of(cx, number, 8)?;
        let pending = pending.bytes().to_vec();
        if pending.len() > MAX_BYTES {
            let n = pending.len();
            return Err(raise_decode(cx, codec.name, &pending, 0, n, "pending buffer too large"));
        }
        let mut state = State::default();
        state.iter_mut().zip(&bytes).for_each(|(to, b)| *to = *b);
        s.between.with(|b| *b = Between { state, pending });
        Ok(Value::NONE)
    };
    /// Forgets what came before.
    "reset(self, /)" => |cx, a| reset_decoder(cx, a[0]);
];

fn reset_decoder(cx: &mut Ctx, v: Value) -> PyResult {
    let (s, codec, _) = this(cx, v)?;
    s.between.with(|b| {
        codec.coder.reset(&mut b.state);
        b.pending = Vec::new();
    });
    Ok(Value::NONE)
}

/// Decodes what was kept and some bytes.
fn decode_part(cx: &mut Ctx, v: Value, data: &[u8], last: bool) -> PyResult {
    let (s, codec, errors) = this(cx, v)?;
    let Between { mut state, pending } = s.between.with(|b| b.clone());
    let joined;
    let input = if pending.is_empty() {
        data
    } else {
        joined = [&pending[..], data].concat();
        &joined
    };
    let (out, used) = codec.decode(cx, input, &errors, &mut state, last)?;
    let pending = input[used..].to_vec();
    if pending.len() > MAX_BYTES {
        let object = cx.bytes(input)?;
        let (n, t, why) = (input.len(), Ty::UnicodeDecodeError, "pending buffer overflow");
        let e = unicode_error(cx, t, codec.name, object, used, n, why);
        return Err(cx.set_raised(e));
    }
    s.between.with(|b| *b = Between { state, pending });
    cx.str_buf(out)
}

// ---------------------------------------------------------------------------------------------------- streams

static READER_METHODS: &[MethodDef] = methods![
    /// Reads and decodes.
    "read(self, sizeobj=None, /)" => |cx, a| read(cx, a[0], "read", a[1]);
    /// Reads and decodes a line.
    "readline(self, sizeobj=None, /)" => |cx, a| read(cx, a[0], "readline", a[1]);
    /// Reads and decodes lines.
    "readlines(self, sizehintobj=None, /)" => |cx, a| {
        let text = read(cx, a[0], "read", a[1])?;
        vm::call_method(cx, text, "splitlines", &[Value::TRUE])
    };
    /// Forgets what came before.
    "reset(self, /)" => |cx, a| reset_decoder(cx, a[0]);
];

fn read(cx: &mut Ctx, v: Value, method: &str, size: Value) -> PyResult {
    let mut size = match size.not_none() {
        None => -1,
        Some(n) if IntRef::of(n).is_some() => vm::index_i64(cx, n, Ty::OverflowError)?,
        Some(_) => return Err(cx.type_error("arg 1 must be an integer")),
    };
    let stream = stream(cx, v)?;
    loop {
        let n = cx.int(size);
        let args: &[Value] = if size < 0 { &[] } else { &[n] };
        let data = vm::call_method(cx, stream, method, args)?;
        let Some(bytes) = BytesObj::of(data) else {
            let name = cx.type_name(data);
            let msg = format!("stream function returned a non-bytes object ({name})");
            return Err(cx.type_error(&msg));
        };
        let last = bytes.bytes().is_empty() || size < 0;
        let text = decode_part(cx, v, bytes.bytes(), last)?;
        let got_text = StrObj::of(text).is_some_and(|t| !t.is_empty());
        let ended = bytes.bytes().is_empty();
        vm::keep_alive(data);
        if size < 0 || got_text || ended {
            return Ok(text);
        }
        // A part of a unit: what is still missing of it.
        size = 1;
    }
}

static WRITER_METHODS: &[MethodDef] = methods![
    /// Encodes and writes a str.
    "write(self, strobj, /)" => |cx, a| write(cx, a[0], a[1]);
    /// Encodes and writes the items of a sequence.
    "writelines(self, lines, /)" => |cx, a| {
        if !vm::groups::is_sequence(cx, a[1]) {
            return Err(cx.type_error("arg must be a sequence object"));
        }
        let mut i = 0;
        while i < vm::len(cx, a[1])? {
            let n = cx.int_usize(i);
            let line = vm::get_item(cx, a[1], n)?;
            write(cx, a[0], line)?;
            i += 1;
        }
        Ok(Value::NONE)
    };
    /// Writes what was kept.
    "reset(self, /)" => |cx, a| {
        let s = this(cx, a[0])?.0;
        if s.between.with(|b| b.pending.is_empty()) {
            return Ok(Value::NONE);
        }
        let nothing = cx.str("");
        let bytes = encode_part(cx, a[0], nothing, true)?;
        if BytesObj::of(bytes).is_some_and(|b| !b.bytes().is_empty()) {
            let stream = stream(cx, a[0])?;
            vm::call_method(cx, stream, "write", &[bytes])?;
        }
        Ok(Value::NONE)
    };
];

fn write(cx: &mut Ctx, v: Value, text: Value) -> PyResult {
    let bytes = encode_part(cx, v, text, false)?;
    let stream = stream(cx, v)?;
    vm::call_method(cx, stream, "write", &[bytes])?;
    Ok(Value::NONE)
}

/// A type, and the slot that keeps it.
pub(super) type Kept = (&'static TypeSpec, fn(&Types) -> &Slot);

/// The four types in the order of [`Types::stateful`].
pub(super) fn specs() -> [Kept; 4] {
    [
        (&ENCODER, |t| &t.stateful[0]),
        (&DECODER, |t| &t.stateful[1]),
        (&READER, |t| &t.stateful[2]),
        (&WRITER, |t| &t.stateful[3]),
    ]
}
