//! `_codecs`: the codec registry and the native codecs as functions.
//!
//! Encoders answer (bytes, length of the input), decoders (str, number of bytes consumed).

use protopy_text::codecs::{
    ByteOrder, CharmapBytes, CharmapText, CodecError, DecodeReplacement, EncodeReplacement, EncodingMap,
    EscapeErrors, EscapeProblem, InvalidEscape, decode_ascii, decode_charmap, decode_charmap_table,
    decode_escape, decode_raw_unicode_escape, decode_unicode_escape, decode_utf7, decode_utf8, decode_utf16,
    decode_utf32, encode_ascii, encode_charmap, encode_escape, encode_latin1, encode_raw_unicode_escape,
    encode_unicode_escape, encode_utf7, encode_utf8, encode_utf16, encode_utf32,
};
use protopy_text::{StrBuf, StrRef};
use protopy_vm::buffers::{BytesLike, bytes_like};
use protopy_vm::codec::{
    self, DecodeErrors, Direction, EncodeErrors, codec_lookup, codec_register, codec_run, codec_unregister,
};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, MethodDef, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{
    Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::create_type;
use protopy_vm::{ModuleSpec, TypeSpec, dict_set, get_item, index, is_true, keep_alive, methods, warn};
use std::cell::RefCell;

// ---------------------------------------------------------------------------------------------------- arguments

fn text(cx: &mut Ctx, v: Value, s: &StrObj) -> PyResult<String> {
    let t = match s.to_utf8() {
        Some(t) => t,
        None => {
            let at = s.str_ref().chars().position(|c| (0xD800..0xE000).contains(&c)).unwrap_or(0);
            return Err(codec::raise_encode(cx, "utf-8", v, at, at + 1, "surrogates not allowed"));
        }
    };
    if t.contains('\0') {
        return Err(cx.value_error("embedded null character"));
    }
    Ok(t)
}

/// A str argument that is a name; `which` words the TypeError ("argument", "argument 'encoding'").
fn name_arg(cx: &mut Ctx, v: Value, func: &str, which: &str) -> PyResult<String> {
    match StrObj::of(v) {
        Some(s) => text(cx, v, s),
        None => {
            let msg = format!("{func}() {which} must be str, not {}", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

/// The argument `errors` of a codec function: "strict" if it is None.
fn errors_arg(cx: &mut Ctx, v: Value, func: &str) -> PyResult<String> {
    if v.is_none() || v.is_unbound() {
        return Ok("strict".to_owned());
    }
    match StrObj::of(v) {
        Some(s) => text(cx, v, s),
        None => {
            let msg =
                format!("{func}() argument 2 must be str or None, not {}", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn str_arg(cx: &mut Ctx, v: Value, func: &str) -> PyResult<&'static StrObj> {
    match StrObj::of(v) {
        Some(s) => Ok(s),
        None => {
            let msg = format!("{func}() argument 1 must be str, not {}", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

/// Bytes, or a str taken as its UTF-8.
fn text_or_bytes(cx: &mut Ctx, v: Value) -> PyResult<BytesLike> {
    if StrObj::of(v).is_none() {
        return bytes_like(cx, v);
    }
    let b = codec::encode(cx, v, "utf-8", "strict")?;
    bytes_like(cx, b)
}

fn byte_order(cx: &mut Ctx, v: Value) -> PyResult<ByteOrder> {
    let i = index(cx, v)?;
    match IntRef::of(i).and_then(IntRef::to_i64).filter(|n| i32::try_from(*n).is_ok()) {
        Some(n) => Ok(ByteOrder::from_number(n)),
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
    }
}

fn pair(cx: &mut Ctx, v: Value, n: usize) -> PyResult {
    let n = cx.int_usize(n);
    cx.tuple_of(None, &[v, n])
}

fn decoded(cx: &mut Ctx, (text, consumed): (StrBuf, usize)) -> PyResult {
    let v = cx.str_buf(text)?;
    pair(cx, v, consumed)
}

fn encoded(cx: &mut Ctx, out: &[u8], of: &StrObj) -> PyResult {
    let v = cx.bytes(out)?;
    pair(cx, v, of.len())
}

// ---------------------------------------------------------------------------------------------------- registry

fn register(cx: &mut Ctx, args: &[Value]) -> PyResult {
    codec_register(cx, args[0])?;
    Ok(Value::NONE)
}

fn unregister(cx: &mut Ctx, args: &[Value]) -> PyResult {
    codec_unregister(cx, args[0])?;
    Ok(Value::NONE)
}

fn lookup(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let name = name_arg(cx, args[0], "lookup", "argument")?;
    codec_lookup(cx, &name)
}

fn run(cx: &mut Ctx, args: &[Value], func: &str, direction: Direction) -> PyResult {
    let encoding = match args[1].bound() {
        Some(v) => name_arg(cx, v, func, "argument 'encoding'")?,
        None => "utf-8".to_owned(),
    };
    let errors = match args[2].bound() {
        Some(v) => Some(name_arg(cx, v, func, "argument 'errors'")?),
        None => None,
    };
    codec_run(cx, args[0], &encoding, errors.as_deref(), direction)
}

fn encode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    run(cx, args, "encode", Direction::Encode)
}

fn decode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    run(cx, args, "decode", Direction::Decode)
}

fn register_error(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let name = name_arg(cx, args[0], "register_error", "argument 1")?;
    codec::register_error(cx, &name, args[1])?;
    Ok(Value::NONE)
}

fn unregister_error(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let name = name_arg(cx, args[0], "_unregister_error", "argument")?;
    Ok(Value::bool(codec::unregister_error(cx, &name)?))
}

fn lookup_error(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let name = name_arg(cx, args[0], "lookup_error", "argument")?;
    codec::lookup_error(cx, &name)
}

// ---------------------------------------------------------------------------------------------------- encoders

/// What an encoder or decoder answers: `None` for an error without exception, of an attempt that another follows.
type Attempt<T> = Result<T, Option<Raised>>;

type EncodeFn = fn(StrRef<'_>, &mut dyn FnMut(CodecError) -> Attempt<EncodeReplacement>) -> Attempt<Vec<u8>>;

/// The exception of an attempt that was the last one.
fn raised<T>(cx: &mut Ctx, made: Attempt<T>) -> PyResult<T> {
    made.map_err(|r| r.unwrap_or_else(|| cx.no_memory()))
}

fn encode_with(cx: &mut Ctx, args: &[Value], func: &str, name: &str, f: EncodeFn) -> PyResult {
    let s = str_arg(cx, args[0], func)?;
    let errors = errors_arg(cx, args[1], func)?;
    let mut h = EncodeErrors::new(name, args[0], &errors);
    let text = s.str_ref();
    let out = match codec::apart(cx, text.len(), || f(text, &mut |_| Err(None)).map_err(|_| ())) {
        Some(out) => out,
        None => {
            let made = f(text, &mut |e| h.handle(cx, e).map_err(Some));
            raised(cx, made)?
        }
    };
    encoded(cx, &out, s)
}

/// Encoders that cannot fail.
fn encode_plain(cx: &mut Ctx, args: &[Value], func: &str, f: fn(StrRef<'_>) -> Vec<u8>) -> PyResult {
    let s = str_arg(cx, args[0], func)?;
    errors_arg(cx, args[1], func)?;
    let out = cx.computing(s.len(), || f(s.str_ref()));
    encoded(cx, &out, s)
}

macro_rules! encoders {
    ($($name:ident, $codec:literal, $f:expr;)*) => {
        $(fn $name(cx: &mut Ctx, args: &[Value]) -> PyResult {
            encode_with(cx, args, stringify!($name), $codec, $f)
        })*
    };
}

encoders! {
    utf_8_encode, "utf-8", |s, e| encode_utf8(s, e);
    ascii_encode, "ascii", |s, e| encode_ascii(s, e);
    latin_1_encode, "latin-1", |s, e| encode_latin1(s, e);
    utf_16_le_encode, "utf-16-le", |s, e| encode_utf16(s, ByteOrder::Little, e);
    utf_16_be_encode, "utf-16-be", |s, e| encode_utf16(s, ByteOrder::Big, e);
    utf_32_le_encode, "utf-32-le", |s, e| encode_utf32(s, ByteOrder::Little, e);
    utf_32_be_encode, "utf-32-be", |s, e| encode_utf32(s, ByteOrder::Big, e);
}

fn utf_16_encode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let f: EncodeFn = match byte_order(cx, args[2])? {
        ByteOrder::Little => return utf_16_le_encode(cx, args),
        ByteOrder::Big => return utf_16_be_encode(cx, args),
        ByteOrder::Native => |s, e| encode_utf16(s, ByteOrder::Native, e),
    };
    encode_with(cx, args, "utf_16_encode", "utf-16", f)
}

fn utf_32_encode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let f: EncodeFn = match byte_order(cx, args[2])? {
        ByteOrder::Little => return utf_32_le_encode(cx, args),
        ByteOrder::Big => return utf_32_be_encode(cx, args),
        ByteOrder::Native => |s, e| encode_utf32(s, ByteOrder::Native, e),
    };
    encode_with(cx, args, "utf_32_encode", "utf-32", f)
}

fn utf_7_encode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    encode_plain(cx, args, "utf_7_encode", encode_utf7)
}

fn unicode_escape_encode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    encode_plain(cx, args, "unicode_escape_encode", encode_unicode_escape)
}

fn raw_unicode_escape_encode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    encode_plain(cx, args, "raw_unicode_escape_encode", encode_raw_unicode_escape)
}

fn escape_encode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let Some(b) = BytesObj::of(args[0]) else {
        let msg = format!(
            "escape_encode() argument 1 must be bytes, not {}",
            protopy_vm::ops::tp_name(cx, args[0])
        );
        return Err(cx.type_error(&msg));
    };
    errors_arg(cx, args[1], "escape_encode")?;
    let out = cx.computing(b.bytes().len(), || encode_escape(b.bytes()));
    let v = cx.bytes(&out)?;
    pair(cx, v, b.bytes().len())
}

fn readbuffer_encode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let b = text_or_bytes(cx, args[0])?;
    errors_arg(cx, args[1], "readbuffer_encode")?;
    let v = cx.bytes(&b)?;
    pair(cx, v, b.len())
}

// ---------------------------------------------------------------------------------------------------- decoders

type DecodeFn = fn(
    &[u8],
    bool,
    &mut dyn FnMut(CodecError, &[u8]) -> Attempt<DecodeReplacement>,
) -> Attempt<(StrBuf, usize)>;

fn decode_with(cx: &mut Ctx, args: &[Value], func: &str, name: &str, f: DecodeFn) -> PyResult {
    let b = bytes_like(cx, args[0])?;
    let errors = errors_arg(cx, args[1], func)?;
    let last = match args.get(2) {
        Some(v) => is_true(cx, *v)?,
        None => true,
    };
    let mut h = DecodeErrors::new(name, &errors);
    if let Some(r) = codec::apart(cx, b.len(), || f(&b, last, &mut |_, _| Err(None)).map_err(|_| ())) {
        return decoded(cx, r);
    }
    let r = f(&b, last, &mut |e, input| h.handle(cx, e, input).map_err(Some));
    let r = raised(cx, r)?;
    decoded(cx, r)
}

macro_rules! decoders {
    ($($name:ident, $codec:literal, $f:expr;)*) => {
        $(fn $name(cx: &mut Ctx, args: &[Value]) -> PyResult {
            decode_with(cx, args, stringify!($name), $codec, $f)
        })*
    };
}

decoders! {
    utf_8_decode, "utf-8", |b, last, e| decode_utf8(b, last, e);
    utf_7_decode, "utf-7", |b, last, e| decode_utf7(b, last, e);
    ascii_decode, "ascii", |b, _, e| decode_ascii(b, e);
    utf_16_le_decode, "utf-16-le", |b, last, e| decode_utf16(b, ByteOrder::Little, last, e).map(|(s, n, _)| (s, n));
    utf_16_be_decode, "utf-16-be", |b, last, e| decode_utf16(b, ByteOrder::Big, last, e).map(|(s, n, _)| (s, n));
    utf_32_le_decode, "utf-32-le", |b, last, e| decode_utf32(b, ByteOrder::Little, last, e).map(|(s, n, _)| (s, n));
    utf_32_be_decode, "utf-32-be", |b, last, e| decode_utf32(b, ByteOrder::Big, last, e).map(|(s, n, _)| (s, n));
}

fn latin_1_decode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let b = bytes_like(cx, args[0])?;
    errors_arg(cx, args[1], "latin_1_decode")?;
    let v = cx.str_from(StrRef::Latin1(&b))?;
    pair(cx, v, b.len())
}

fn ex_decode(cx: &mut Ctx, args: &[Value], bits: u32) -> PyResult {
    let func = if bits == 16 { "utf_16_ex_decode" } else { "utf_32_ex_decode" };
    let b = bytes_like(cx, args[0])?;
    let errors = errors_arg(cx, args[1], func)?;
    let order = byte_order(cx, args[2])?;
    let last = is_true(cx, args[3])?;
    let mut h = DecodeErrors::new(codec::wide_decoder_name(&b, bits, order), &errors);
    let mut handle = |e: CodecError, input: &[u8]| h.handle(cx, e, input);
    let (text, consumed, order) = if bits == 16 {
        decode_utf16(&b, order, last, &mut handle)?
    } else {
        decode_utf32(&b, order, last, &mut handle)?
    };
    let v = cx.str_buf(text)?;
    let n = cx.int_usize(consumed);
    let order = cx.int(i64::from(order.number()));
    cx.tuple_of(None, &[v, n, order])
}

/// Decoders that obey a mark.
fn marked_decode(cx: &mut Ctx, args: &[Value], bits: u32) -> PyResult {
    let func = if bits == 16 { "utf_16_decode" } else { "utf_32_decode" };
    let b = bytes_like(cx, args[0])?;
    let errors = errors_arg(cx, args[1], func)?;
    let last = is_true(cx, args[2])?;
    let order = ByteOrder::Native;
    let mut h = DecodeErrors::new(codec::wide_decoder_name(&b, bits, order), &errors);
    let mut handle = |e: CodecError, input: &[u8]| h.handle(cx, e, input);
    let (text, consumed, _) = if bits == 16 {
        decode_utf16(&b, order, last, &mut handle)?
    } else {
        decode_utf32(&b, order, last, &mut handle)?
    };
    decoded(cx, (text, consumed))
}

fn utf_16_decode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    marked_decode(cx, args, 16)
}

fn utf_32_decode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    marked_decode(cx, args, 32)
}

fn utf_16_ex_decode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    ex_decode(cx, args, 16)
}

fn utf_32_ex_decode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    ex_decode(cx, args, 32)
}

/// Warns of the first invalid escape.
fn warn_escape(cx: &mut Ctx, input: &[u8], bad: Option<InvalidEscape>, prefix: &str) -> PyResult<()> {
    let Some(bad) = bad else { return Ok(()) };
    let msg = match bad.octal {
        Some(n) => format!(
            "{prefix}\"\\{n:o}\" is an invalid octal escape sequence. Such sequences will not work in the future. "
        ),
        None => {
            let c = input.get(bad.position).map_or('?', |b| char::from(*b));
            format!(
                "{prefix}\"\\{c}\" is an invalid escape sequence. Such sequences will not work in the future. "
            )
        }
    };
    warn(cx, Ty::DeprecationWarning, &msg, 1)
}

fn unicode_escape_decode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let b = text_or_bytes(cx, args[0])?;
    let errors = errors_arg(cx, args[1], "unicode_escape_decode")?;
    let last = is_true(cx, args[2])?;
    let mut h = DecodeErrors::new("unicodeescape", &errors);
    let (text, mut consumed, bad) = decode_unicode_escape(&b, last, &mut |e, i| h.handle(cx, e, i))?;
    if last {
        // All of it, even if a handler exchanged the input.
        consumed = b.len();
    }
    warn_escape(cx, &b, bad, "")?;
    decoded(cx, (text, consumed))
}

fn raw_unicode_escape_decode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let b = text_or_bytes(cx, args[0])?;
    let errors = errors_arg(cx, args[1], "raw_unicode_escape_decode")?;
    let last = is_true(cx, args[2])?;
    let mut h = DecodeErrors::new("rawunicodeescape", &errors);
    let r = decode_raw_unicode_escape(&b, last, &mut |e, i| h.handle(cx, e, i))?;
    decoded(cx, r)
}

fn escape_decode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let b = text_or_bytes(cx, args[0])?;
    let name = errors_arg(cx, args[1], "escape_decode")?;
    let errors = match name.as_str() {
        "replace" => EscapeErrors::Replace,
        "ignore" => EscapeErrors::Ignore,
        _ => EscapeErrors::Strict,
    };
    let (out, bad) = match decode_escape(&b, errors) {
        Ok(r) => r,
        Err(EscapeProblem::TrailingBackslash) => return Err(cx.value_error("Trailing \\ in string")),
        Err(EscapeProblem::InvalidHex(_)) if name != "strict" => {
            let msg = format!("decoding error; unknown error handling code: {name}");
            return Err(cx.value_error(&msg));
        }
        Err(EscapeProblem::InvalidHex(at)) => {
            let msg = format!("invalid \\x escape at position {at}");
            return Err(cx.value_error(&msg));
        }
    };
    warn_escape(cx, &b, bad, "b")?;
    let v = cx.bytes(&out)?;
    pair(cx, v, b.len())
}

// ---------------------------------------------------------------------------------------------------- character maps

/// What `charmap_build` answers for the usual tables.
struct MapObject(EncodingMap);

impl Payload for MapObject {
    const NAME: &'static str = "EncodingMap";

    fn trace(&self, _t: &mut Tracer) {}
}

/// The type of maps.
struct MapType(Slot);

impl Default for MapType {
    fn default() -> Self {
        MapType(Slot::empty())
    }
}

impl SpaceState for MapType {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.0);
    }
}

fn map_size(cx: &mut Ctx, _args: &[Value]) -> PyResult {
    Ok(cx.int_usize(size_of::<EncodingMap>()))
}

static ENCODING_MAP: TypeSpec = TypeSpec {
    name: "EncodingMap",
    layout: Layout::Native,
    vt: Some(<MapObject as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    methods: methods![
        /// Return the size (in bytes) of this object.
        "size(self, /)" => map_size;
    ],
    ..TypeSpec::BASE
};

fn charmap_build(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let Some(s) = StrObj::of(args[0]) else {
        let msg =
            format!("charmap_build() argument must be str, not {}", protopy_vm::ops::tp_name(cx, args[0]));
        return Err(cx.type_error(&msg));
    };
    let table = s.str_ref();
    let unusual = table.get(0) != Some(0) || table.chars().take(256).skip(1).any(|c| c == 0 || c > 0xFFFF);
    if !unusual && let Some(ty) = cx.space().state::<MapType>().0.get().and_then(TypeObj::of) {
        return Ok(cx.new_native(ty, MapObject(EncodingMap::from_table(table))));
    }
    let dict = cx.dict();
    if let Some(d) = DictObj::of(dict) {
        for (i, c) in table.chars().take(256).enumerate() {
            let byte = cx.int_usize(i);
            dict_set(cx, d, Value::small(i64::from(c)), byte)?;
        }
    }
    Ok(dict)
}

/// `mapping[key]`; `None` for a LookupError.
fn mapped(cx: &mut Ctx, mapping: Value, key: u32) -> PyResult<Option<Value>> {
    match get_item(cx, mapping, Value::small(i64::from(key))) {
        Ok(v) => Ok(Some(v)),
        Err(r) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::LookupError) { Ok(None) } else { Err(cx.set_raised(e)) }
        }
    }
}

fn char_of(cx: &mut Ctx, mapping: Value, byte: u8) -> PyResult<CharmapText> {
    let Some(v) = mapped(cx, mapping, u32::from(byte))?.filter(|v| !v.is_none()) else {
        return Ok(CharmapText::Undefined);
    };
    if let Some(i) = IntRef::of(v) {
        return match i.to_i64().and_then(|n| u32::try_from(n).ok()).filter(|c| *c <= 0x10_FFFF) {
            Some(0xFFFE) => Ok(CharmapText::Undefined),
            Some(c) => Ok(CharmapText::Char(c)),
            None => Err(cx.type_error("character mapping must be in range(0x110000)")),
        };
    }
    match StrObj::of(v) {
        Some(s) if s.len() == 1 && s.str_ref().get(0) == Some(0xFFFE) => Ok(CharmapText::Undefined),
        Some(s) => Ok(CharmapText::Text(StrBuf::from_ref(s.str_ref()))),
        None => Err(cx.type_error("character mapping must return integer, None or str")),
    }
}

fn charmap_decode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let mapping = args[2];
    if mapping.is_none() {
        return latin_1_decode(cx, args);
    }
    let b = bytes_like(cx, args[0])?;
    let errors = errors_arg(cx, args[1], "charmap_decode")?;
    let mut h = DecodeErrors::new("charmap", &errors);
    if cx.is_exact(mapping, Ty::Str)
        && let Some(table) = StrObj::of(mapping)
    {
        let (n, table) = (b.len(), table.str_ref());
        let r = match codec::apart(cx, n, || decode_charmap_table(&b, table, &mut |_, _| Err(()))) {
            Some(r) => r,
            None => decode_charmap_table(&b, table, &mut |e, i| h.handle(cx, e, i))?,
        };
        keep_alive(mapping);
        return decoded(cx, r);
    }
    // Look-up and handler both need the thread; they never run inside of each other.
    let shared = RefCell::new(cx);
    let r = decode_charmap(&b, &mut |byte| char_of(&mut shared.borrow_mut(), mapping, byte), &mut |e, i| {
        h.handle(&mut shared.borrow_mut(), e, i)
    });
    let cx = shared.into_inner();
    decoded(cx, r?)
}

fn bytes_of(cx: &mut Ctx, mapping: Value, c: u32) -> PyResult<CharmapBytes> {
    let Some(v) = mapped(cx, mapping, c)?.filter(|v| !v.is_none()) else {
        return Ok(CharmapBytes::Undefined);
    };
    if let Some(i) = IntRef::of(v) {
        return match i.to_i64().and_then(|n| u8::try_from(n).ok()) {
            Some(b) => Ok(CharmapBytes::Byte(b)),
            None => Err(cx.type_error("character mapping must be in range(256)")),
        };
    }
    match BytesObj::of(v) {
        Some(b) => Ok(CharmapBytes::Bytes(b.bytes().to_vec())),
        None => {
            let msg = format!(
                "character mapping must return integer, bytes or None, not {}",
                protopy_vm::ops::tp_name(cx, v)
            );
            Err(cx.type_error(&msg))
        }
    }
}

fn charmap_encode(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let mapping = args[2];
    if mapping.is_none() {
        return latin_1_encode(cx, args);
    }
    let s = str_arg(cx, args[0], "charmap_encode")?;
    let errors = errors_arg(cx, args[1], "charmap_encode")?;
    let mut h = EncodeErrors::new("charmap", args[0], &errors);
    if let Some(map) = mapping.native::<MapObject>() {
        let (text_owner, s) = (s, s.str_ref());
        let plain = || encode_charmap(s, &mut |c| Ok(map.0.get(c)), &mut |_| Err(()));
        let out = match codec::apart(cx, s.len(), plain) {
            Some(out) => out,
            None => encode_charmap(s, &mut |c| Ok(map.0.get(c)), &mut |e| h.handle(cx, e))?,
        };
        keep_alive(mapping);
        return encoded(cx, &out, text_owner);
    }
    let shared = RefCell::new(cx);
    let r = encode_charmap(s.str_ref(), &mut |c| bytes_of(&mut shared.borrow_mut(), mapping, c), &mut |e| {
        h.handle(&mut shared.borrow_mut(), e)
    });
    let cx = shared.into_inner();
    encoded(cx, &r?, s)
}

// ---------------------------------------------------------------------------------------------------- the module

fn init(cx: &mut Ctx, _module: Value) -> PyResult<()> {
    let t = create_type(cx, &ENCODING_MAP)?;
    cx.space().state::<MapType>().0.init(Some(t));
    Ok(())
}

static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Register a codec search function.
    ///
    /// Search functions are expected to take one argument, the encoding name in all lower case letters, and either return
    /// None, or a tuple of functions (encoder, decoder, stream_reader, stream_writer) (or a CodecInfo object).
    "register(search_function, /)" => register;
    /// Unregister a codec search function and clear the registry's cache.
    ///
    /// If the search function is not registered, do nothing.
    "unregister(search_function, /)" => unregister;
    /// Looks up a codec tuple in the Python codec registry and returns a CodecInfo object.
    "lookup(encoding, /)" => lookup;
    /// Encodes obj using the codec registered for encoding.
    ///
    /// The default encoding is 'utf-8'. errors may be given to set a different error handling scheme than 'strict', with which
    /// encoding errors raise a ValueError.
    "encode(obj, encoding='utf-8', errors='strict')" => encode;
    /// Decodes obj using the codec registered for encoding.
    ///
    /// The default encoding is 'utf-8'. errors may be given to set a different error handling scheme than 'strict', with which
    /// decoding errors raise a ValueError.
    "decode(obj, encoding='utf-8', errors='strict')" => decode;
    /// Register the specified error handler under the name errors.
    ///
    /// handler must be a callable object that will be called with an exception instance with information about the
    /// location of the error, and must return a (replacement, new position) tuple.
    "register_error(errors, handler, /)" => register_error;
    /// Un-register the specified error handler for the error handling `errors'.
    ///
    /// Only custom handlers can be un-registered. An exception is raised if the error handler is a built-in one (e.g.,
    /// 'strict'). Returns whether there was such a handler.
    "_unregister_error(errors, /)" => unregister_error;
    /// Return the error handler for the specified error handling name, or raise a LookupError if there is none.
    "lookup_error(name, /)" => lookup_error;
    "escape_decode(data, errors=None, /)" => escape_decode;
    "escape_encode(data, errors=None, /)" => escape_encode;
    "utf_8_decode(data, errors=None, final=False, /)" => utf_8_decode;
    "utf_8_encode(str, errors=None, /)" => utf_8_encode;
    "utf_7_decode(data, errors=None, final=False, /)" => utf_7_decode;
    "utf_7_encode(str, errors=None, /)" => utf_7_encode;
    "utf_16_decode(data, errors=None, final=False, /)" => utf_16_decode;
    "utf_16_le_decode(data, errors=None, final=False, /)" => utf_16_le_decode;
    "utf_16_be_decode(data, errors=None, final=False, /)" => utf_16_be_decode;
    "utf_16_ex_decode(data, errors=None, byteorder=0, final=False, /)" => utf_16_ex_decode;
    "utf_16_encode(str, errors=None, byteorder=0, /)" => utf_16_encode;
    "utf_16_le_encode(str, errors=None, /)" => utf_16_le_encode;
    "utf_16_be_encode(str, errors=None, /)" => utf_16_be_encode;
    "utf_32_decode(data, errors=None, final=False, /)" => utf_32_decode;
    "utf_32_le_decode(data, errors=None, final=False, /)" => utf_32_le_decode;
    "utf_32_be_decode(data, errors=None, final=False, /)" => utf_32_be_decode;
    "utf_32_ex_decode(data, errors=None, byteorder=0, final=False, /)" => utf_32_ex_decode;
    "utf_32_encode(str, errors=None, byteorder=0, /)" => utf_32_encode;
    "utf_32_le_encode(str, errors=None, /)" => utf_32_le_encode;
    "utf_32_be_encode(str, errors=None, /)" => utf_32_be_encode;
    "unicode_escape_decode(data, errors=None, final=True, /)" => unicode_escape_decode;
    "unicode_escape_encode(str, errors=None, /)" => unicode_escape_encode;
    "raw_unicode_escape_decode(data, errors=None, final=True, /)" => raw_unicode_escape_decode;
    "raw_unicode_escape_encode(str, errors=None, /)" => raw_unicode_escape_encode;
    "latin_1_decode(data, errors=None, /)" => latin_1_decode;
    "latin_1_encode(str, errors=None, /)" => latin_1_encode;
    "ascii_decode(data, errors=None, /)" => ascii_decode;
    "ascii_encode(str, errors=None, /)" => ascii_encode;
    "charmap_decode(data, errors=None, mapping=None, /)" => charmap_decode;
    "charmap_encode(str, errors=None, mapping=None, /)" => charmap_encode;
    "charmap_build(map, /)" => charmap_build;
    "readbuffer_encode(data, errors=None, /)" => readbuffer_encode;
];

/// The module `_codecs`.
pub static MODULE: ModuleSpec =
    ModuleSpec { name: "_codecs", doc: "", functions: FUNCTIONS, init: Some(init) };
