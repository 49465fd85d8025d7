//! Decoders from bytes and encoders to bytes, with the error handling of PEP 293.
//!
//! A codec that meets what it cannot convert calls a handler with the range and the reason, exactly
//! those of CPython's `UnicodeDecodeError` and `UnicodeEncodeError`. The handler raises (`Err`) or
//! tells a replacement and the position to go on from; it may even exchange the input. What the
//! standard handlers do is in [`Standard`]; a caller adds its registered ones.
//!
//! Decoders take `last`: if it is false, an incomplete sequence at the end is left unconsumed.

mod escape;
mod handlers;
mod single;
mod utf7;
mod utf8;
mod wide;

pub use escape::{
    EscapeErrors, EscapeProblem, InvalidEscape, decode_escape, decode_raw_unicode_escape,
    decode_unicode_escape, encode_escape, encode_raw_unicode_escape, encode_unicode_escape,
};
pub use handlers::{Standard, SurrogateCodec};
pub use single::{
    CharmapBytes, CharmapText, EncodingMap, decode_ascii, decode_charmap, decode_charmap_table,
    decode_latin1, encode_ascii, encode_charmap, encode_latin1,
};
pub use utf7::{decode_utf7, encode_utf7};
pub use utf8::{decode_utf8, encode_utf8, to_utf8};
pub use wide::{ByteOrder, decode_utf16, decode_utf32, encode_utf16, encode_utf32};

use std::borrow::Cow;

use crate::{StrBuf, StrRef};

/// A range that cannot be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecError {
    /// First bad position of the input.
    pub start: usize,
    /// Position after the last bad one.
    pub end: usize,
    /// Why, as CPython words it.
    pub reason: &'static str,
    /// The replacement could not be encoded either: the handler must return the error that
    /// "strict" raises.
    pub fatal: bool,
}

/// What a handler of a decoder answers.
#[derive(Clone, Debug)]
pub struct DecodeReplacement {
    /// Text in place of the range.
    pub text: StrBuf,
    /// Where to go on, at most the length of the input.
    pub resume: usize,
    /// Input to go on with, if the handler exchanged it.
    pub input: Option<Vec<u8>>,
}

/// What stands in place of a range that cannot be encoded.
#[derive(Clone, Debug)]
pub enum EncodeOutput {
    /// Text that the codec encodes.
    Text(StrBuf),
    /// Bytes that are taken as they are.
    Bytes(Vec<u8>),
}

/// What a handler of an encoder answers.
#[derive(Clone, Debug)]
pub struct EncodeReplacement {
    /// In place of the range.
    pub output: EncodeOutput,
    /// Where to go on, at most the length of the input.
    pub resume: usize,
}

/// Error handler of a decoder; the second argument is the input.
pub type OnDecode<'h, E> = &'h mut dyn FnMut(CodecError, &[u8]) -> Result<DecodeReplacement, E>;

/// Error handler of an encoder.
pub type OnEncode<'h, E> = &'h mut dyn FnMut(CodecError) -> Result<EncodeReplacement, E>;

/// State common to the decoders.
struct Decoding<'a, 'h, E> {
    input: Cow<'a, [u8]>,
    out: StrBuf,
    on_error: OnDecode<'h, E>,
}

impl<'a, 'h, E> Decoding<'a, 'h, E> {
    fn new(input: &'a [u8], on_error: OnDecode<'h, E>) -> Self {
        Decoding { input: Cow::Borrowed(input), out: StrBuf::with_capacity(input.len()), on_error }
    }

    /// Hands a bad range to the handler; answers where to go on.
    #[cold]
    fn fail(&mut self, start: usize, end: usize, reason: &'static str) -> Result<usize, E> {
        let error = CodecError { start, end, reason, fatal: false };
        let replacement = (self.on_error)(error, &self.input)?;
        self.out.push_ref(replacement.text.as_ref());
        if let Some(input) = replacement.input {
            self.input = Cow::Owned(input);
        }
        Ok(replacement.resume.min(self.input.len()))
    }

    fn finish(self, consumed: usize) -> (StrBuf, usize) {
        (self.out.into_narrowest(), consumed)
    }
}

/// Encodes a code point of a replacement; false if the codec has none for it.
type PutChar<'p, E> = &'p mut dyn FnMut(&mut Vec<u8>, u32) -> Result<bool, E>;

/// State common to the encoders.
struct Encoding<'a, 'h, E> {
    text: StrRef<'a>,
    out: Vec<u8>,
    on_error: OnEncode<'h, E>,
}

impl<'a, 'h, E> Encoding<'a, 'h, E> {
    fn new(text: StrRef<'a>, capacity: usize, on_error: OnEncode<'h, E>) -> Self {
        Encoding { text, out: Vec::with_capacity(capacity), on_error }
    }

    /// Hands a bad range to the handler; answers where to go on. `put` encodes a code point of a
    /// replacement or refuses; bytes must be whole units.
    #[cold]
    fn fail(
        &mut self,
        start: usize,
        end: usize,
        reason: &'static str,
        unit: usize,
        put: PutChar<'_, E>,
    ) -> Result<usize, E> {
        let error = CodecError { start, end, reason, fatal: false };
        let replacement = (self.on_error)(error)?;
        let mut good = true;
        match replacement.output {
            EncodeOutput::Bytes(bytes) => {
                good = bytes.len() % unit == 0;
                self.out.extend_from_slice(&bytes);
            }
            EncodeOutput::Text(text) => {
                for c in text.as_ref().chars() {
                    good = good && put(&mut self.out, c)?;
                }
            }
        }
        if !good {
            (self.on_error)(CodecError { fatal: true, ..error })?;
        }
        Ok(replacement.resume.min(self.text.len()))
    }
}

fn is_surrogate(c: u32) -> bool {
    (0xD800..0xE000).contains(&c)
}
