//! Text encodings: the native ones, the codec registry, and error handlers.
//!
//! `str.encode` and `bytes.decode` know UTF-8, UTF-16, UTF-32, Latin-1 and ASCII natively, under the spellings that
//! CPython short-cuts, too. Every other name goes through the registry: search functions that Python code registers
//! (the package `encodings` first), whose answers are cached. The registry of a space is the tuple in `Root::Codecs`.

mod errors;
mod fs;

pub use errors::*;
pub use fs::*;

use crate::attr::{lookup_attr_str, type_lookup};
use crate::call::{call, call_method, import};
use crate::dicts::{dict_get, dict_set};
use crate::errors::warn;
use crate::ops::callable;
use protocore::dict::DictObj;
use protocore::layouts::{BytesObj, ListObj, StrObj, TupleObj};
use protocore::{Ctx, Held, PyResult, Raised, Root, Ty, Value};
use protopy_text::StrRef;
use protopy_text::codecs::{
    ByteOrder, Standard, decode_ascii, decode_utf8, decode_utf16, decode_utf32, encode_ascii, encode_latin1,
    encode_utf8, encode_utf16, encode_utf32,
};
use std::sync::atomic::Ordering;

/// The registry's parts.
#[derive(Clone, Copy)]
pub struct Registry {
    /// Search functions (list).
    pub search: Value,
    /// Codecs by normalised name (dict).
    pub cache: Value,
    /// Error handlers by name (dict).
    pub handlers: Value,
}

fn registry_parts(t: Value) -> Option<Registry> {
    match TupleObj::of(t)?.items() {
        [search, cache, handlers] => Some(Registry { search: *search, cache: *cache, handlers: *handlers }),
        _ => None,
    }
}

/// The space's registry, made when it is first asked for.
pub fn registry(cx: &mut Ctx) -> PyResult<Registry> {
    if let Some(r) = registry_parts(cx.root(Root::Codecs)) {
        return Ok(r);
    }
    let search = cx.list(&[])?;
    let cache = cx.dict();
    let handlers = cx.dict();
    if let Some(d) = DictObj::of(handlers) {
        for (name, def) in HANDLER_NAMES.iter().zip(HANDLERS) {
            let f = cx.native_fn(Ty::NativeFn, def, None, None, None);
            let key = cx.intern_str(name);
            dict_set(cx, d, key, f)?;
        }
    }
    let all = cx.tuple_of(None, &[search, cache, handlers])?;
    cx.space().set_root(Root::Codecs, all);
    Ok(Registry { search, cache, handlers })
}

/// A name as search functions get it: ASCII letters lowered, what is neither letter, digit nor point becomes one underscore
/// between such.
pub fn normalize_encoding(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut gap = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '.' {
            if gap && !out.is_empty() {
                out.push('_');
            }
            gap = false;
            out.push(c.to_ascii_lowercase());
        } else {
            gap = true;
        }
    }
    out
}

/// Imports the package `encodings`, which registers its search function, if nobody has yet. Where there is no import
/// system there are the native encodings alone.
fn import_encodings(cx: &mut Ctx) -> PyResult<()> {
    if cx.root(Root::Importlib).is_none() {
        return Ok(());
    }
    let key = cx.intern_str("encodings");
    let known = DictObj::of(cx.root(Root::Modules)).is_some_and(|d| cx.dict_get_str(d, key).is_some());
    if !known {
        import(cx, "encodings")?;
    }
    Ok(())
}

/// Registers a search function.
pub fn codec_register(cx: &mut Ctx, f: Value) -> PyResult<()> {
    if !callable(cx, f) {
        return Err(cx.type_error("argument must be callable"));
    }
    // Its search function comes first; without it the native encodings still work.
    if let Err(r) = import_encodings(cx) {
        cx.take_raised(r);
    }
    let r = registry(cx)?;
    match ListObj::of(r.search) {
        Some(l) => cx.list_append(l, f),
        None => Ok(()),
    }
}

/// Removes a search function and forgets what was found.
pub fn codec_unregister(cx: &mut Ctx, f: Value) -> PyResult<()> {
    let r = registry(cx)?;
    if let Some(l) = ListObj::of(r.search) {
        let all = l.snapshot();
        if let Some(i) = all.iter().position(|x| x.is(f)) {
            let all: Held<Value> = all.iter().enumerate().filter(|(k, _)| *k != i).map(|(_, v)| *v).collect();
            cx.list_replace(l, &all)?;
            let cache = cx.dict();
            let all = cx.tuple_of(None, &[r.search, cache, r.handlers])?;
            cx.space().set_root(Root::Codecs, all);
        }
    }
    Ok(())
}

#[cold]
fn unknown_encoding(cx: &mut Ctx, name: &str) -> Raised {
    let msg = format!("unknown encoding: {name}");
    cx.raise_str(Ty::LookupError, &msg)
}

/// `codecs.lookup(name)`: a tuple of encoder, decoder, stream reader and stream writer; LookupError.
pub fn codec_lookup(cx: &mut Ctx, name: &str) -> PyResult {
    if name.contains('\0') {
        return Err(cx.value_error("embedded null character"));
    }
    import_encodings(cx)?;
    let r = registry(cx)?;
    let key = normalize_encoding(name);
    let key = cx.intern_str(&key);
    let Some(cache) = DictObj::of(r.cache) else { return Err(unknown_encoding(cx, name)) };
    if let Some(found) = dict_get(cx, cache, key)? {
        return Ok(found);
    }
    let Some(search) = ListObj::of(r.search) else { return Err(unknown_encoding(cx, name)) };
    let mut i = 0;
    while let Some(f) = search.get(i) {
        let found = call(cx, f, &[key])?;
        i += 1;
        if found.is_none() {
            continue;
        }
        if TupleObj::of(found).is_none_or(|t| t.items().len() != 4) {
            return Err(cx.type_error("codec search functions must return 4-tuples"));
        }
        dict_set(cx, cache, key, found)?;
        return Ok(found);
    }
    Err(unknown_encoding(cx, name))
}

/// Item `i` of a looked-up codec.
pub fn codec_item(codec: Value, i: usize) -> Value {
    TupleObj::of(codec).and_then(|t| t.items().get(i).copied()).unwrap_or(Value::NONE)
}

/// Which way a codec is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Text to bytes.
    Encode,
    /// Bytes to text.
    Decode,
}

impl Direction {
    fn verb(self) -> &'static str {
        match self {
            Direction::Encode => "encoding",
            Direction::Decode => "decoding",
        }
    }

    fn agent(self) -> &'static str {
        match self {
            Direction::Encode => "encoder",
            Direction::Decode => "decoder",
        }
    }
}

/// Runs a codec on any object; the result may be any object, too.
fn run_codec(
    cx: &mut Ctx,
    codec: Value,
    direction: Direction,
    object: Value,
    name: &str,
    errors: Option<&str>,
) -> PyResult {
    let f = codec_item(codec, usize::from(direction == Direction::Decode));
    let done = match errors {
        Some(e) => {
            let e = cx.str(e);
            call(cx, f, &[object, e])
        }
        None => call(cx, f, &[object]),
    };
    let r = match done {
        Ok(r) => r,
        Err(r) => {
            let e = cx.take_raised(r);
            let note = format!("{} with '{name}' codec failed", direction.verb());
            let note = cx.str(&note);
            if let Err(r) = call_method(cx, e, "add_note", &[note]) {
                cx.take_raised(r);
            }
            return Err(cx.set_raised(e));
        }
    };
    match TupleObj::of(r).map(|t| t.items()) {
        Some([result, _]) => Ok(*result),
        _ => {
            let agent = direction.agent();
            let msg = format!("{agent} must return a tuple (object, integer)");
            Err(cx.type_error(&msg))
        }
    }
}

/// `codecs.encode` and `codecs.decode`: any codec, any object.
pub fn codec_run(
    cx: &mut Ctx,
    object: Value,
    name: &str,
    errors: Option<&str>,
    direction: Direction,
) -> PyResult {
    let codec = codec_lookup(cx, name)?;
    run_codec(cx, codec, direction, object, name, errors)
}

/// A codec by name that is one between text and bytes; LookupError for others, advising `advice`.
pub fn lookup_text_codec(cx: &mut Ctx, name: &str, advice: &str) -> PyResult {
    let codec = codec_lookup(cx, name)?;
    if !cx.is_exact(codec, Ty::Tuple)
        && let Some(flag) = lookup_attr_str(cx, codec, "_is_text_encoding")?
        && !crate::ops::is_true(cx, flag)?
    {
        let msg = format!("'{name}' is not a text encoding; use {advice} to handle arbitrary codecs");
        return Err(cx.raise_str(Ty::LookupError, &msg));
    }
    Ok(codec)
}

// ---------------------------------------------------------------------------------------------------- native encodings

/// An encoding that needs no registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum NativeEncoding {
    Utf8,
    Utf16,
    Utf32,
    Latin1,
    Ascii,
}

fn native_encoding(name: &str) -> Option<NativeEncoding> {
    if name == "utf-8" {
        return Some(NativeEncoding::Utf8);
    }
    // The longest spelling has 10 characters; more may only be separators.
    if name.len() > 32 {
        return None;
    }
    Some(match normalize_encoding(name).as_str() {
        "utf_8" | "utf8" => NativeEncoding::Utf8,
        "utf_16" | "utf16" => NativeEncoding::Utf16,
        "utf_32" | "utf32" => NativeEncoding::Utf32,
        "latin_1" | "latin1" | "iso_8859_1" | "iso8859_1" => NativeEncoding::Latin1,
        "ascii" | "us_ascii" => NativeEncoding::Ascii,
        _ => return None,
    })
}

/// What a decoder of UTF-16 or UTF-32 is called in errors: the byte order is the given one, the mark's, or the machine's.
pub fn wide_decoder_name(input: &[u8], bits: u32, order: ByteOrder) -> &'static str {
    let native = if cfg!(target_endian = "big") { ByteOrder::Big } else { ByteOrder::Little };
    let order = match (order, bits, input) {
        (ByteOrder::Native, 16, [0xFF, 0xFE, ..]) => ByteOrder::Little,
        (ByteOrder::Native, 16, [0xFE, 0xFF, ..]) => ByteOrder::Big,
        (ByteOrder::Native, 32, [0xFF, 0xFE, 0, 0, ..]) => ByteOrder::Little,
        (ByteOrder::Native, 32, [0, 0, 0xFE, 0xFF, ..]) => ByteOrder::Big,
        (ByteOrder::Native, ..) => native,
        (given, ..) => given,
    };
    match (bits, order) {
        (16, ByteOrder::Big) => "utf-16-be",
        (16, _) => "utf-16-le",
        (_, ByteOrder::Big) => "utf-32-be",
        _ => "utf-32-le",
    }
}

/// Runs a codec on so many items beside other threads, which need not wait for it; `None` if it meets an error, which a handler has to see, or
/// if it is not worth while.
pub fn apart<T>(cx: &mut Ctx, items: usize, f: impl FnOnce() -> Result<T, ()>) -> Option<T> {
    if cx.computes_apart(items) { cx.computing(items, f).ok() } else { None }
}

/// Decodes UTF-8, "strict" by default.
pub fn decode_utf8_value(cx: &mut Ctx, b: &[u8], errors: &str) -> PyResult {
    if cx.computing(b.len(), || b.is_ascii()) {
        return cx.str_from(StrRef::Latin1(b));
    }
    if let Some((text, _)) = apart(cx, b.len(), || decode_utf8(b, true, &mut |_, _| Err(()))) {
        return cx.str_buf(text);
    }
    let mut handler = DecodeErrors::new("utf-8", errors);
    let (text, _) = decode_utf8(b, true, &mut |e, input| handler.handle(cx, e, input))?;
    cx.str_buf(text)
}

/// `bytes.decode(encoding, errors)`.
pub fn decode(cx: &mut Ctx, b: &[u8], encoding: &str, errors: &str) -> PyResult {
    decode_opt(cx, b, encoding, Some(errors))
}

/// In development mode the names of encoding and error handler are looked up even if they turn out not to be needed.
#[inline]
fn check_names(cx: &mut Ctx, encoding: &str, errors: Option<&str>) -> PyResult<()> {
    if cx.space().dev_mode.load(Ordering::Relaxed) && !cx.root(Root::Importlib).is_none() {
        if native_encoding(encoding).is_none() {
            codec_lookup(cx, encoding)?;
        }
        if let Some(e) = errors.filter(|e| Standard::from_name(e).is_none()) {
            lookup_error(cx, e)?;
        }
    }
    Ok(())
}

/// As [`decode`]; without `errors` a Python codec gets none either.
pub fn decode_opt(cx: &mut Ctx, b: &[u8], encoding: &str, errors: Option<&str>) -> PyResult {
    check_names(cx, encoding, errors)?;
    let strict = errors.unwrap_or("strict");
    let Some(native) = native_encoding(encoding) else {
        return decode_by_registry(cx, b, encoding, errors);
    };
    let text = match native {
        NativeEncoding::Utf8 => return decode_utf8_value(cx, b, strict),
        NativeEncoding::Latin1 => return cx.str_from(StrRef::Latin1(b)),
        NativeEncoding::Ascii => {
            if cx.computing(b.len(), || b.is_ascii()) {
                return cx.str_from(StrRef::Latin1(b));
            }
            let mut h = DecodeErrors::new("ascii", strict);
            decode_ascii(b, &mut |e, i| h.handle(cx, e, i))?.0
        }
        NativeEncoding::Utf16 => {
            let mut h = DecodeErrors::new(wide_decoder_name(b, 16, ByteOrder::Native), strict);
            match apart(cx, b.len(), || decode_utf16(b, ByteOrder::Native, true, &mut |_, _| Err(()))) {
                Some((text, ..)) => text,
                None => decode_utf16(b, ByteOrder::Native, true, &mut |e, i| h.handle(cx, e, i))?.0,
            }
        }
        NativeEncoding::Utf32 => {
            let mut h = DecodeErrors::new(wide_decoder_name(b, 32, ByteOrder::Native), strict);
            match apart(cx, b.len(), || decode_utf32(b, ByteOrder::Native, true, &mut |_, _| Err(()))) {
                Some((text, ..)) => text,
                None => decode_utf32(b, ByteOrder::Native, true, &mut |e, i| h.handle(cx, e, i))?.0,
            }
        }
    };
    cx.str_buf(text)
}

fn decode_by_registry(cx: &mut Ctx, b: &[u8], encoding: &str, errors: Option<&str>) -> PyResult {
    let codec = lookup_text_codec(cx, encoding, "codecs.decode()")?;
    let input = cx.bytes(b)?;
    let r = run_codec(cx, codec, Direction::Decode, input, encoding, errors)?;
    if StrObj::of(r).is_some() {
        return Ok(r);
    }
    let msg = format!(
        "'{encoding}' decoder returned '{}' instead of 'str'; use codecs.decode() to decode to arbitrary types",
        crate::ops::tp_name(cx, r)
    );
    Err(cx.type_error(&msg))
}

/// `str.encode(encoding, errors)`: a bytes object.
pub fn encode(cx: &mut Ctx, s: Value, encoding: &str, errors: &str) -> PyResult {
    encode_opt(cx, s, encoding, Some(errors))
}

/// As [`encode`]; without `errors` a Python codec gets none either.
pub fn encode_opt(cx: &mut Ctx, s: Value, encoding: &str, errors: Option<&str>) -> PyResult {
    check_names(cx, encoding, errors)?;
    let Some(native) = native_encoding(encoding) else {
        return encode_by_registry(cx, s, encoding, errors);
    };
    let Some(o) = StrObj::of(s) else {
        let msg = format!("encode() argument must be str, not {}", crate::ops::tp_name(cx, s));
        return Err(cx.type_error(&msg));
    };
    let strict = errors.unwrap_or("strict");
    let ascii_compatible =
        matches!(native, NativeEncoding::Utf8 | NativeEncoding::Latin1 | NativeEncoding::Ascii);
    if ascii_compatible && let Some(a) = o.as_ascii() {
        return cx.bytes(a.as_bytes());
    }
    let name = match native {
        NativeEncoding::Utf8 => "utf-8",
        NativeEncoding::Utf16 => "utf-16",
        NativeEncoding::Utf32 => "utf-32",
        NativeEncoding::Latin1 => "latin-1",
        NativeEncoding::Ascii => "ascii",
    };
    let text = o.str_ref();
    let plain = apart(cx, text.len(), || match native {
        NativeEncoding::Utf8 => encode_utf8(text, &mut |_| Err(())),
        NativeEncoding::Latin1 => encode_latin1(text, &mut |_| Err(())),
        NativeEncoding::Ascii => encode_ascii(text, &mut |_| Err(())),
        NativeEncoding::Utf16 => encode_utf16(text, ByteOrder::Native, &mut |_| Err(())),
        NativeEncoding::Utf32 => encode_utf32(text, ByteOrder::Native, &mut |_| Err(())),
    });
    if let Some(out) = plain {
        return cx.bytes(&out);
    }
    let mut h = EncodeErrors::new(name, s, strict);
    let out = match native {
        NativeEncoding::Utf8 => encode_utf8(text, &mut |e| h.handle(cx, e))?,
        NativeEncoding::Latin1 => match text {
            StrRef::Latin1(b) => return cx.bytes(b),
            _ => encode_latin1(text, &mut |e| h.handle(cx, e))?,
        },
        NativeEncoding::Ascii => encode_ascii(text, &mut |e| h.handle(cx, e))?,
        NativeEncoding::Utf16 => encode_utf16(text, ByteOrder::Native, &mut |e| h.handle(cx, e))?,
        NativeEncoding::Utf32 => encode_utf32(text, ByteOrder::Native, &mut |e| h.handle(cx, e))?,
    };
    crate::roots::keep_alive(s);
    cx.bytes(&out)
}

fn encode_by_registry(cx: &mut Ctx, s: Value, encoding: &str, errors: Option<&str>) -> PyResult {
    let codec = lookup_text_codec(cx, encoding, "codecs.encode()")?;
    let r = run_codec(cx, codec, Direction::Encode, s, encoding, errors)?;
    if BytesObj::of(r).is_some() {
        return Ok(r);
    }
    if cx.is_instance(r, Ty::ByteArray) {
        let msg = format!(
            "encoder {encoding} returned bytearray instead of bytes; use codecs.encode() to encode to arbitrary types"
        );
        warn(cx, Ty::RuntimeWarning, &msg, 1)?;
        let b = crate::buffers::bytes_like(cx, r)?;
        return cx.bytes(&b);
    }
    let msg = format!(
        "'{encoding}' encoder returned '{}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types",
        crate::ops::tp_name(cx, r)
    );
    Err(cx.type_error(&msg))
}

/// Whether a type defines a special method itself or by inheritance, without binding it.
pub fn type_has(cx: &mut Ctx, v: Value, method: &str) -> bool {
    let n = cx.intern_str(method);
    let ty = cx.type_of(v);
    type_lookup(cx, ty, n).is_some()
}
