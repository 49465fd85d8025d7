//! The exceptions of codecs: making them, reading their fields, and the registered error handlers.
//!
//! Fields of `UnicodeDecodeError` and its kin: 0 encoding, 1 object, 2 start, 3 end, 4 reason.

use super::registry;
use crate::call::call;
use crate::dicts::{dict_get, dict_set};
use crate::errors::new_exc;
use crate::ops::{callable, index_i64};
use crate::roots::keep_alive;
use protocore::dict::DictObj;
use protocore::layouts::{BytesObj, ExcObj, IntRef, MethodDef, StrObj, TupleObj};
use protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_text::StrBuf;
use protopy_text::codecs::{
    CodecError, DecodeReplacement, EncodeOutput, EncodeReplacement, Standard, SurrogateCodec,
};

/// What a Unicode error is about.
pub struct UnicodeFields {
    /// Name of the encoding; empty for a UnicodeTranslateError.
    pub encoding: String,
    /// bytes, or str.
    pub object: Value,
    /// First bad position, within the object.
    pub start: usize,
    /// Position after the last bad one, within the object.
    pub end: usize,
}

fn fill(e: Value, fields: [Value; 5]) {
    if let Some(x) = ExcObj::of(e) {
        for (slot, v) in x.fields.iter().zip(fields) {
            slot.init(Some(v));
        }
    }
}

fn positions(cx: &mut Ctx, start: usize, end: usize) -> (Value, Value) {
    (cx.int_usize(start), cx.int_usize(end))
}

/// A UnicodeDecodeError or UnicodeEncodeError (`t`) about part of `object`.
pub fn unicode_error(
    cx: &mut Ctx,
    t: Ty,
    encoding: &str,
    object: Value,
    start: usize,
    end: usize,
    reason: &str,
) -> Value {
    let encoding = cx.str(encoding);
    let (start, end) = positions(cx, start, end);
    let reason = cx.str(reason);
    let e = new_exc(cx, t, &[encoding, object, start, end, reason]);
    fill(e, [encoding, object, start, end, reason]);
    e
}

/// A UnicodeTranslateError.
pub fn translate_error(cx: &mut Ctx, object: Value, start: usize, end: usize, reason: &str) -> Value {
    let (start, end) = positions(cx, start, end);
    let reason = cx.str(reason);
    let e = new_exc(cx, Ty::UnicodeTranslateError, &[object, start, end, reason]);
    fill(e, [Value::NONE, object, start, end, reason]);
    e
}

/// Raises a UnicodeDecodeError.
#[cold]
pub fn raise_decode(
    cx: &mut Ctx,
    encoding: &str,
    input: &[u8],
    start: usize,
    end: usize,
    reason: &str,
) -> Raised {
    let object = match cx.bytes(input) {
        Ok(v) => v,
        Err(r) => return r,
    };
    let e = unicode_error(cx, Ty::UnicodeDecodeError, encoding, object, start, end, reason);
    cx.set_raised(e)
}

/// Raises a UnicodeEncodeError.
#[cold]
pub fn raise_encode(
    cx: &mut Ctx,
    encoding: &str,
    object: Value,
    start: usize,
    end: usize,
    reason: &str,
) -> Raised {
    let e = unicode_error(cx, Ty::UnicodeEncodeError, encoding, object, start, end, reason);
    cx.set_raised(e)
}

fn attribute_missing(cx: &mut Ctx, t: &str, field: &str, kind: &str) -> Raised {
    let msg = format!("{t} '{field}' attribute must be a {kind}");
    cx.type_error(&msg)
}

/// The fields of a Unicode error, positions brought into the object's range.
pub fn unicode_fields(cx: &mut Ctx, exc: Value) -> PyResult<UnicodeFields> {
    let Some(x) = ExcObj::of(exc) else { return Err(cx.type_error("codec must pass exception instance")) };
    let name = if cx.is_instance(exc, Ty::UnicodeDecodeError) {
        "UnicodeDecodeError"
    } else if cx.is_instance(exc, Ty::UnicodeEncodeError) {
        "UnicodeEncodeError"
    } else {
        "UnicodeTranslateError"
    };
    let object = x.fields[1].get_or_none();
    let len = match (StrObj::of(object), BytesObj::of(object)) {
        (Some(s), _) if name != "UnicodeDecodeError" => s.len(),
        (_, Some(b)) if name == "UnicodeDecodeError" => b.bytes().len(),
        _ => {
            if x.fields[1].is_empty() {
                let msg = format!("{name} 'object' attribute is not set");
                return Err(cx.type_error(&msg));
            }
            let kind = if name == "UnicodeDecodeError" { "bytes" } else { "string" };
            return Err(attribute_missing(cx, name, "object", kind));
        }
    };
    let encoding = match StrObj::of(x.fields[0].get_or_none()) {
        Some(s) => s.to_string_lossy(),
        None => String::new(),
    };
    let number = |i: usize| match IntRef::of(x.fields[i].get_or_none()) {
        Some(n) => n.to_i64().unwrap_or(if n.signum() < 0 { i64::MIN } else { i64::MAX }),
        None => 0,
    };
    let clamp = |n: i64, low: usize, high: usize| usize::try_from(n).unwrap_or(0).max(low).min(high);
    let start = clamp(number(2), 0, len.saturating_sub(1));
    let end = clamp(number(3), 1, len.max(1)).min(len.max(start));
    Ok(UnicodeFields { encoding, object, start, end })
}

// ---------------------------------------------------------------------------------------------------- handlers

/// The handler registered under a name; LookupError.
pub fn lookup_error(cx: &mut Ctx, name: &str) -> PyResult {
    let r = registry(cx)?;
    let key = cx.str(name);
    let found = match DictObj::of(r.handlers) {
        Some(d) => dict_get(cx, d, key)?,
        None => None,
    };
    match found {
        Some(f) => Ok(f),
        None => {
            let msg = format!("unknown error handler name '{name}'");
            Err(cx.raise_str(Ty::LookupError, &msg))
        }
    }
}

/// Registers a handler.
pub fn register_error(cx: &mut Ctx, name: &str, f: Value) -> PyResult<()> {
    if !callable(cx, f) {
        return Err(cx.type_error("handler must be callable"));
    }
    let r = registry(cx)?;
    let key = cx.str(name);
    match DictObj::of(r.handlers) {
        Some(d) => dict_set(cx, d, key, f),
        None => Ok(()),
    }
}

/// Unregisters a handler; whether there was one. The standard ones cannot go.
pub fn unregister_error(cx: &mut Ctx, name: &str) -> PyResult<bool> {
    if Standard::from_name(name).is_some() {
        let msg = format!("cannot un-register built-in error handler '{name}'");
        return Err(cx.value_error(&msg));
    }
    let r = registry(cx)?;
    let key = cx.str(name);
    match DictObj::of(r.handlers) {
        Some(d) => Ok(crate::dicts::dict_del(cx, d, key)?.is_some()),
        None => Ok(false),
    }
}

/// The two items of what a handler answered.
fn answer(v: Value, ok: impl Fn(Value) -> bool) -> Option<(Value, Value)> {
    match TupleObj::of(v).map(|t| t.items()) {
        Some([a, b]) if ok(*a) && IntRef::of(*b).is_some() => Some((*a, *b)),
        _ => None,
    }
}

/// A position that a handler answered, negative ones from the end; IndexError.
fn resume_at(cx: &mut Ctx, pos: Value, len: usize) -> PyResult<usize> {
    let n = index_i64(cx, pos, Ty::OverflowError)?;
    let at = if n < 0 { i64::try_from(len).unwrap_or(i64::MAX).saturating_add(n) } else { n };
    match usize::try_from(at) {
        Ok(at) if at <= len => Ok(at),
        _ => {
            let shown = if n < 0 { at } else { n };
            let msg = format!("position {shown} from error handler out of bounds");
            Err(cx.raise_str(Ty::IndexError, &msg))
        }
    }
}

/// A handler by name, resolved at the first error.
struct Handler<'a> {
    name: &'a str,
    standard: Option<Standard>,
    function: Option<Value>,
    /// The exception, made at the first error and updated at the next ones.
    exc: Option<Value>,
}

impl<'a> Handler<'a> {
    fn new(name: &'a str) -> Self {
        Handler { name, standard: Standard::from_name(name), function: None, exc: None }
    }

    fn function(&mut self, cx: &mut Ctx) -> PyResult {
        match self.function {
            Some(f) => Ok(f),
            None => {
                let f = lookup_error(cx, self.name)?;
                self.function = Some(f);
                Ok(f)
            }
        }
    }

    /// Renews the exception's range, or makes the exception.
    fn exception(
        &mut self,
        cx: &mut Ctx,
        e: CodecError,
        make: impl FnOnce(&mut Ctx) -> PyResult,
    ) -> PyResult {
        let Some(exc) = self.exc else {
            let exc = make(cx)?;
            self.exc = Some(exc);
            return Ok(exc);
        };
        let (start, end) = positions(cx, e.start, e.end);
        let reason = cx.str(e.reason);
        if let Some(x) = ExcObj::of(exc) {
            for (i, v) in [(2, start), (3, end), (4, reason)] {
                cx.store(exc, &x.fields[i], v);
            }
        }
        Ok(exc)
    }
}

/// Error handling of one decoding.
pub struct DecodeErrors<'a> {
    encoding: &'a str,
    handler: Handler<'a>,
}

impl<'a> DecodeErrors<'a> {
    /// For an encoding and the name of the handler.
    pub fn new(encoding: &'a str, errors: &'a str) -> Self {
        DecodeErrors { encoding, handler: Handler::new(errors) }
    }

    /// Answers the decoder, or raises.
    #[cold]
    pub fn handle(&mut self, cx: &mut Ctx, e: CodecError, input: &[u8]) -> PyResult<DecodeReplacement> {
        cx.breathe();
        if let Some(s) = self.handler.standard {
            if matches!(s, Standard::XmlCharRefReplace | Standard::NameReplace) {
                return Err(wrong_exception(cx, "UnicodeDecodeError"));
            }
            return match s.decode(e, input, SurrogateCodec::from_name(self.encoding)) {
                Some(r) => Ok(r),
                None => Err(raise_decode(cx, self.encoding, input, e.start, e.end, e.reason)),
            };
        }
        let f = self.handler.function(cx)?;
        let encoding = self.encoding;
        let exc = self.handler.exception(cx, e, |cx| {
            let object = cx.bytes(input)?;
            Ok(unicode_error(cx, Ty::UnicodeDecodeError, encoding, object, e.start, e.end, e.reason))
        })?;
        let r = call(cx, f, &[exc])?;
        let Some((text, pos)) = answer(r, |v| StrObj::of(v).is_some()) else {
            return Err(cx.type_error("decoding error handler must return (str, int) tuple"));
        };
        let object = ExcObj::of(exc).map_or(Value::NONE, |x| x.fields[1].get_or_none());
        let Some(now) = BytesObj::of(object) else {
            return Err(cx.type_error("exception attribute object must be bytes"));
        };
        let resume = resume_at(cx, pos, now.bytes().len())?;
        let changed = now.bytes() != input;
        let text = StrObj::of(text).map_or_else(StrBuf::new, |s| StrBuf::from_ref(s.str_ref()));
        keep_alive(r);
        Ok(DecodeReplacement { text, resume, input: changed.then(|| now.bytes().to_vec()) })
    }
}

/// Error handling of one encoding.
pub struct EncodeErrors<'a> {
    encoding: &'a str,
    text: Value,
    handler: Handler<'a>,
}

impl<'a> EncodeErrors<'a> {
    /// For an encoding, the str being encoded and the name of the handler.
    pub fn new(encoding: &'a str, text: Value, errors: &'a str) -> Self {
        EncodeErrors { encoding, text, handler: Handler::new(errors) }
    }

    /// Answers the encoder, or raises.
    #[cold]
    pub fn handle(&mut self, cx: &mut Ctx, e: CodecError) -> PyResult<EncodeReplacement> {
        cx.breathe();
        let (encoding, text) = (self.encoding, self.text);
        let Some(s) = StrObj::of(text) else { return Err(cx.type_error("an encoder wants a str")) };
        if e.fatal {
            return Err(raise_encode(cx, encoding, text, e.start, e.end, e.reason));
        }
        if let Some(standard) = self.handler.standard {
            if let Some(r) = standard.encode(e, s.str_ref(), SurrogateCodec::from_name(encoding)) {
                return Ok(r);
            }
            let mut start = e.start;
            if standard == Standard::SurrogateEscape {
                // What it can escape is no part of the error.
                let bad = s.str_ref().slice(e.start, e.end);
                start += bad.chars().take_while(|c| (0xDC80..=0xDCFF).contains(c)).count();
            }
            return Err(raise_encode(cx, encoding, text, start, e.end, e.reason));
        }
        let f = self.handler.function(cx)?;
        let exc = self.handler.exception(cx, e, |cx| {
            Ok(unicode_error(cx, Ty::UnicodeEncodeError, encoding, text, e.start, e.end, e.reason))
        })?;
        let r = call(cx, f, &[exc])?;
        let is_text = |v| StrObj::of(v).is_some() || BytesObj::of(v).is_some();
        let Some((out, pos)) = answer(r, is_text) else {
            return Err(cx.type_error("encoding error handler must return (str/bytes, int) tuple"));
        };
        let resume = resume_at(cx, pos, s.len())?;
        let output = match (StrObj::of(out), BytesObj::of(out)) {
            (Some(t), _) => EncodeOutput::Text(StrBuf::from_ref(t.str_ref())),
            (_, Some(b)) => EncodeOutput::Bytes(b.bytes().to_vec()),
            _ => EncodeOutput::Bytes(Vec::new()),
        };
        keep_alive(r);
        Ok(EncodeReplacement { output, resume })
    }
}

/// Error handling of one translation.
pub struct TranslateErrors<'a> {
    text: Value,
    handler: Handler<'a>,
}

impl<'a> TranslateErrors<'a> {
    /// For the str being translated and the name of the handler.
    pub fn new(text: Value, errors: &'a str) -> Self {
        TranslateErrors { text, handler: Handler::new(errors) }
    }

    /// The replacement and where to go on, or raises.
    #[cold]
    pub fn handle(&mut self, cx: &mut Ctx, e: CodecError) -> PyResult<(StrBuf, usize)> {
        let text = self.text;
        let Some(s) = StrObj::of(text) else { return Err(cx.type_error("a translation wants a str")) };
        if let Some(standard) = self.handler.standard {
            return match standard.translate(e, s.str_ref()) {
                Some(r) => Ok(r),
                None => {
                    let exc = translate_error(cx, text, e.start, e.end, e.reason);
                    Err(cx.set_raised(exc))
                }
            };
        }
        let f = self.handler.function(cx)?;
        let exc =
            self.handler.exception(cx, e, |cx| Ok(translate_error(cx, text, e.start, e.end, e.reason)))?;
        let r = call(cx, f, &[exc])?;
        let Some((out, pos)) = answer(r, |v| StrObj::of(v).is_some()) else {
            return Err(cx.type_error("translating error handler must return (str, int) tuple"));
        };
        let resume = resume_at(cx, pos, s.len())?;
        let out = StrObj::of(out).map_or_else(StrBuf::new, |s| StrBuf::from_ref(s.str_ref()));
        Ok((out, resume))
    }
}

// ---------------------------------------------------------------------------------------------------- the standard ones as functions

fn wrong_exception(cx: &mut Ctx, name: &str) -> Raised {
    let msg = format!("don't know how to handle {name} in error callback");
    cx.type_error(&msg)
}

fn strict_errors(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let exc = args[0];
    if ExcObj::of(exc).is_some() {
        return Err(cx.set_raised(exc));
    }
    Err(cx.type_error("codec must pass exception instance"))
}

/// Runs a standard handler on an exception object, as Python code may.
fn standard_handler(cx: &mut Ctx, exc: Value, s: Standard) -> PyResult {
    let decode = cx.is_instance(exc, Ty::UnicodeDecodeError);
    let encode = cx.is_instance(exc, Ty::UnicodeEncodeError);
    let translate = cx.is_instance(exc, Ty::UnicodeTranslateError);
    let applies = match s {
        Standard::Strict => false,
        Standard::Ignore | Standard::Replace | Standard::BackslashReplace => decode || encode || translate,
        Standard::XmlCharRefReplace | Standard::NameReplace => encode,
        Standard::SurrogateEscape | Standard::SurrogatePass => decode || encode,
    };
    if !applies {
        let name = cx.type_name(exc);
        return Err(wrong_exception(cx, &name));
    }
    let f = unicode_fields(cx, exc)?;
    let e = CodecError { start: f.start, end: f.end, reason: "", fatal: false };
    let codec = SurrogateCodec::from_name(&f.encoding);
    let (out, resume) = if decode {
        let input = BytesObj::of(f.object).map_or(&[][..], |b| b.bytes());
        match s.decode(e, input, codec) {
            Some(r) => (cx.str_buf(r.text)?, r.resume),
            None => return Err(cx.set_raised(exc)),
        }
    } else {
        let Some(text) = StrObj::of(f.object) else { return Err(cx.set_raised(exc)) };
        let answered = if translate {
            s.translate(e, text.str_ref()).map(|(t, at)| (EncodeOutput::Text(t), at))
        } else {
            s.encode(e, text.str_ref(), codec).map(|r| (r.output, r.resume))
        };
        match answered {
            Some((EncodeOutput::Text(t), at)) => (cx.str_buf(t)?, at),
            Some((EncodeOutput::Bytes(b), at)) => (cx.bytes(&b)?, at),
            None => return Err(cx.set_raised(exc)),
        }
    };
    keep_alive(f.object);
    let at = cx.int_usize(resume);
    cx.tuple_of(None, &[out, at])
}

macro_rules! standard {
    ($($name:ident = $which:ident;)*) => {
        $(fn $name(cx: &mut Ctx, args: &[Value]) -> PyResult {
            standard_handler(cx, args[0], Standard::$which)
        })*
    };
}

standard! {
    ignore_errors = Ignore;
    replace_errors = Replace;
    xmlcharrefreplace_errors = XmlCharRefReplace;
    backslashreplace_errors = BackslashReplace;
    namereplace_errors = NameReplace;
    surrogatepass = SurrogatePass;
    surrogateescape = SurrogateEscape;
}

/// The standard handlers in the order of [`HANDLER_NAMES`].
pub(super) static HANDLERS: &[MethodDef] = crate::methods![functions:
    /// Implements the 'strict' error handling, which raises a UnicodeError on coding errors.
    "strict_errors(exception, /)" => strict_errors;
    /// Implements the 'ignore' error handling, which ignores malformed data and continues.
    "ignore_errors(exception, /)" => ignore_errors;
    /// Implements the 'replace' error handling, which replaces malformed data with a replacement marker.
    "replace_errors(exception, /)" => replace_errors;
    /// Implements the 'xmlcharrefreplace' error handling, which replaces an unencodable character with the
    /// appropriate XML character reference.
    "xmlcharrefreplace_errors(exception, /)" => xmlcharrefreplace_errors;
    /// Implements the 'backslashreplace' error handling, which replaces malformed data with a backslashed
    /// escape sequence.
    "backslashreplace_errors(exception, /)" => backslashreplace_errors;
    /// Implements the 'namereplace' error handling, which replaces an unencodable character with a \N{...}
    /// escape sequence.
    "namereplace_errors(exception, /)" => namereplace_errors;
    /// Codes surrogates as if they were characters.
    "surrogatepass(exception, /)" => surrogatepass;
    /// Carries undecodable bytes through as lone surrogates.
    "surrogateescape(exception, /)" => surrogateescape;
];

/// Names of [`HANDLERS`].
pub(super) const HANDLER_NAMES: &[&str] = &[
    "strict",
    "ignore",
    "replace",
    "xmlcharrefreplace",
    "backslashreplace",
    "namereplace",
    "surrogatepass",
    "surrogateescape",
];
