//! Encoding and decoding for text streams.

use super::*;
use crate::newline::{decoded_text, state_bytes};
use protopy_text::codecs::{decode_ascii, decode_utf8, encode_ascii, encode_latin1, encode_utf8};
use protopy_text::{StrBuf, StrRef};
use protopy_vm::codec::{DecodeErrors, EncodeErrors, normalize_encoding};
use protopy_vm::protocore::layouts::{BytesObj, IntRef, TupleObj};
use protopy_vm::{call_method, keep_alive, keep_alive as keep};

/// An encoding that text streams know themselves. ASCII is one byte a character in all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Charset {
    /// UTF-8
    Utf8,
    /// ISO 8859-1
    Latin1,
    /// ASCII
    Ascii,
}

impl Charset {
    /// The native encoding of a name.
    pub fn of(name: &str) -> Option<Charset> {
        if name.len() > 32 {
            return None;
        }
        Some(match normalize_encoding(name).as_str() {
            "utf_8" | "utf8" => Charset::Utf8,
            "latin_1" | "latin1" | "iso_8859_1" | "iso8859_1" => Charset::Latin1,
            "ascii" | "us_ascii" => Charset::Ascii,
            _ => return None,
        })
    }

    /// The encoding as a number, never 0.
    pub fn number(self) -> u8 {
        match self {
            Charset::Utf8 => 1,
            Charset::Latin1 => 2,
            Charset::Ascii => 3,
        }
    }

    /// The encoding of a number.
    #[inline]
    pub fn numbered(n: u8) -> Option<Charset> {
        match n {
            1 => Some(Charset::Utf8),
            2 => Some(Charset::Latin1),
            3 => Some(Charset::Ascii),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Charset::Utf8 => "utf-8",
            Charset::Latin1 => "latin-1",
            Charset::Ascii => "ascii",
        }
    }
}

/// The error handler's name as text; "strict" needs no copy.
fn errors_name(me: &TextIo) -> String {
    match me.errors.get().and_then(StrObj::of) {
        Some(s) => s.to_string_lossy(),
        None => "strict".to_owned(),
    }
}

/// Appends text in a native encoding.
pub(super) fn encode_native(
    cx: &mut Ctx,
    me: &TextIo,
    charset: Charset,
    text: Value,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    let Some(s) = StrObj::of(text) else { return Ok(()) };
    let view = s.str_ref();
    if charset == Charset::Latin1
        && let StrRef::Latin1(b) = view
    {
        out.extend_from_slice(b);
        return Ok(());
    }
    let errors = errors_name(me);
    let mut h = EncodeErrors::new(charset.name(), text, &errors);
    let bytes = match charset {
        Charset::Utf8 => encode_utf8(view, &mut |e| h.handle(cx, e))?,
        Charset::Latin1 => encode_latin1(view, &mut |e| h.handle(cx, e))?,
        Charset::Ascii => encode_ascii(view, &mut |e| h.handle(cx, e))?,
    };
    keep(text);
    out.extend_from_slice(&bytes);
    Ok(())
}

/// Encodes by an incremental encoder.
pub(super) fn encode_python(cx: &mut Ctx, encoder: Value, text: Value, out: &mut Vec<u8>) -> PyResult<()> {
    let v = call_method(cx, encoder, "encode", &[text])?;
    let Some(b) = BytesObj::of(v) else {
        let msg = format!("encoder should return a bytes object, not '{}'", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    out.extend_from_slice(b.bytes());
    keep_alive(v);
    Ok(())
}

/// A decoder's state: what it holds back, and its flags.
pub(super) type DecoderState = (Value, Value);

impl TextIo {
    /// Whether the stream can be read.
    #[inline]
    pub(super) fn reads(&self) -> bool {
        self.has(READS)
    }

    /// Decodes bytes.
    pub(super) fn decode(&self, cx: &mut Ctx, input: &[u8], last: bool) -> PyResult {
        match (self.charset(), self.decoder.get()) {
            (Some(c), None) => self.decode_native(cx, c, input, last),
            (_, Some(d)) => {
                let b = cx.bytes(input)?;
                decode_python(cx, d, b, last)
            }
            (None, None) => Err(unsupported(cx, "not readable")),
        }
    }

    /// Decodes a bytes-like object.
    pub(super) fn decode_value(&self, cx: &mut Ctx, input: Value, last: bool) -> PyResult {
        match self.decoder.get() {
            Some(d) => decode_python(cx, d, input, last),
            None => {
                let b = protopy_vm::bytes_like(cx, input)?;
                self.decode(cx, &b, last)
            }
        }
    }

    fn decode_native(&self, cx: &mut Ctx, charset: Charset, input: &[u8], last: bool) -> PyResult {
        let mut state = self.native.with(|n| *n);
        let universal = self.lines().universal;
        let plain = state.len == 0 && !state.lines.pending_cr;
        if plain && (charset == Charset::Latin1 || input.is_ascii()) {
            let view = StrRef::Latin1(input);
            let changed = if universal { state.lines.feed(view, last) } else { None };
            self.native.with(|n| *n = state);
            return match changed {
                None => cx.str_from(view),
                Some(t) => cx.str_buf(t),
            };
        }
        let mut whole = Vec::new();
        let bytes = if state.len == 0 {
            input
        } else {
            whole.extend_from_slice(&state.rest[..state.len]);
            whole.extend_from_slice(input);
            &whole
        };
        let (text, used) = self.decode_bytes(cx, charset, bytes, last)?;
        let rest = bytes.get(used..).unwrap_or(&[]);
        state.len = rest.len().min(4);
        state.rest = [0; 4];
        state.rest[..state.len].copy_from_slice(&rest[..state.len]);
        let text = match universal.then(|| state.lines.feed(text.as_ref(), last)).flatten() {
            Some(t) => t,
            None => text,
        };
        self.native.with(|n| *n = state);
        cx.str_buf(text)
    }

    fn decode_bytes(
        &self,
        cx: &mut Ctx,
        charset: Charset,
        b: &[u8],
        last: bool,
    ) -> PyResult<(StrBuf, usize)> {
        let errors = errors_name(self);
        let mut h = DecodeErrors::new(charset.name(), &errors);
        match charset {
            Charset::Utf8 => decode_utf8(b, last, &mut |e, i| h.handle(cx, e, i)),
            Charset::Ascii => decode_ascii(b, &mut |e, i| h.handle(cx, e, i)),
            Charset::Latin1 => Ok((StrBuf::from_ref(StrRef::Latin1(b)), b.len())),
        }
    }

    /// The decoder's state.
    pub(super) fn decoder_state(&self, cx: &mut Ctx) -> PyResult<DecoderState> {
        match self.decoder.get() {
            Some(d) => {
                let s = call_method(cx, d, "getstate", &[])?;
                state_bytes(cx, s)
            }
            None => {
                let s = self.native.with(|n| *n);
                let b = cx.bytes(&s.rest[..s.len])?;
                Ok((b, Value::small(i64::from(s.lines.pending_cr))))
            }
        }
    }

    /// Sets the decoder's state.
    pub(super) fn set_decoder_state(&self, cx: &mut Ctx, (held, flags): DecoderState) -> PyResult<()> {
        match self.decoder.get() {
            Some(d) => {
                let s = cx.tuple_of(None, &[held, flags])?;
                call_method(cx, d, "setstate", &[s]).map(|_| ())
            }
            None => {
                let cr = IntRef::of(flags).and_then(IntRef::to_i64).is_some_and(|n| n & 1 != 0);
                let b = BytesObj::of(held).map_or(&[][..], |b| b.bytes());
                self.native.with(|n| {
                    n.len = b.len().min(4);
                    n.rest[..n.len].copy_from_slice(&b[..n.len]);
                    n.lines.pending_cr = cr;
                });
                Ok(())
            }
        }
    }

    /// Puts the decoder into its first state.
    pub(super) fn reset_decoder(&self, cx: &mut Ctx) -> PyResult<()> {
        match self.decoder.get() {
            Some(d) => call_method(cx, d, "reset", &[]).map(|_| ()),
            None => {
                self.native.with(|n| {
                    n.len = 0;
                    n.lines.reset();
                });
                Ok(())
            }
        }
    }

    /// Puts the encoder into the state of the start of a stream, or of a later place.
    pub(super) fn place_encoder(&self, cx: &mut Ctx, at_start: bool) -> PyResult<()> {
        let Some(e) = self.encoder.get() else { return Ok(()) };
        if at_start {
            call_method(cx, e, "reset", &[]).map(|_| ())
        } else {
            call_method(cx, e, "setstate", &[Value::small(0)]).map(|_| ())
        }
    }
}

fn decode_python(cx: &mut Ctx, decoder: Value, input: Value, last: bool) -> PyResult {
    let v = call_method(cx, decoder, "decode", &[input, Value::bool(last)])?;
    decoded_text(cx, v)?;
    Ok(v)
}

/// The parts of a snapshot: the decoder's flags and the bytes that follow.
pub(super) fn snapshot_parts(v: Value) -> Option<(Value, Value)> {
    match TupleObj::of(v)?.items() {
        [flags, input] => Some((*flags, *input)),
        _ => None,
    }
}
