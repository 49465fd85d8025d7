//! The error handlers that every Python knows.

use std::borrow::Cow;

use super::utf8::surrogate_bytes;
use super::wide::push_utf16;
use super::{CodecError, DecodeReplacement, EncodeOutput, EncodeReplacement, is_surrogate};
use crate::repr::{push_escape, push_hex};
use crate::unicode::push_name;
use crate::{StrBuf, StrRef};

/// How "surrogatepass" writes a surrogate, which depends on the encoding's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SurrogateCodec {
    /// Three bytes.
    Utf8,
    /// Two bytes; whether the big one comes first.
    Utf16 {
        /// Big-endian.
        big: bool,
    },
    /// Four bytes; whether the big one comes first.
    Utf32 {
        /// Big-endian.
        big: bool,
    },
}

impl SurrogateCodec {
    /// The codec of an encoding's name: "utf-8", "UTF16", "utf_32_be"; native order by default.
    pub fn from_name(name: &str) -> Option<Self> {
        let name: Cow<'_, str> = name.to_ascii_lowercase().replace('_', "-").into();
        let rest = name.strip_prefix("utf")?;
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        let native = cfg!(target_endian = "big");
        let order = |rest: &str| match rest {
            "" => Some(native),
            "-be" | "be" => Some(true),
            "-le" | "le" => Some(false),
            _ => None,
        };
        if rest == "8" {
            Some(SurrogateCodec::Utf8)
        } else if let Some(rest) = rest.strip_prefix("16") {
            order(rest).map(|big| SurrogateCodec::Utf16 { big })
        } else {
            order(rest.strip_prefix("32")?).map(|big| SurrogateCodec::Utf32 { big })
        }
    }

    fn push(self, out: &mut Vec<u8>, c: u32) {
        match self {
            SurrogateCodec::Utf8 => out.extend_from_slice(&surrogate_bytes(c)),
            SurrogateCodec::Utf16 { big } => push_utf16(out, c, big),
            SurrogateCodec::Utf32 { big: true } => out.extend_from_slice(&c.to_be_bytes()),
            SurrogateCodec::Utf32 { big: false } => out.extend_from_slice(&c.to_le_bytes()),
        }
    }

    /// The surrogate at the start of `bytes`, and its length.
    fn read(self, bytes: &[u8]) -> Option<(u32, usize)> {
        let (c, len) = match (self, bytes) {
            (SurrogateCodec::Utf8, &[a @ 0xE0..0xF0, b @ 0x80..0xC0, c @ 0x80..0xC0, ..]) => {
                let wide = |b: u8, mask: u8| u32::from(b & mask);
                (wide(a, 15) << 12 | wide(b, 63) << 6 | wide(c, 63), 3)
            }
            (SurrogateCodec::Utf16 { big: true }, &[a, b, ..]) => (u32::from(u16::from_be_bytes([a, b])), 2),
            (SurrogateCodec::Utf16 { big: false }, &[a, b, ..]) => (u32::from(u16::from_le_bytes([a, b])), 2),
            (SurrogateCodec::Utf32 { big: true }, &[a, b, c, d, ..]) => (u32::from_be_bytes([a, b, c, d]), 4),
            (SurrogateCodec::Utf32 { big: false }, &[a, b, c, d, ..]) => {
                (u32::from_le_bytes([a, b, c, d]), 4)
            }
            _ => return None,
        };
        is_surrogate(c).then_some((c, len))
    }
}

/// A standard error handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// Raises.
    Strict,
    /// Leaves the range out.
    Ignore,
    /// U+FFFD or a question mark.
    Replace,
    /// Escapes as in literals.
    BackslashReplace,
    /// `&#NNN;`, encoding only.
    XmlCharRefReplace,
    /// `\N{...}`, encoding only.
    NameReplace,
    /// Undecodable bytes become U+DC80..U+DCFF and back.
    SurrogateEscape,
    /// Surrogates are coded as if they were characters.
    SurrogatePass,
}

impl Standard {
    /// The handler of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "strict" => Standard::Strict,
            "ignore" => Standard::Ignore,
            "replace" => Standard::Replace,
            "backslashreplace" => Standard::BackslashReplace,
            "xmlcharrefreplace" => Standard::XmlCharRefReplace,
            "namereplace" => Standard::NameReplace,
            "surrogateescape" => Standard::SurrogateEscape,
            "surrogatepass" => Standard::SurrogatePass,
            _ => return None,
        })
    }

    /// Answers a decoder; `None` means raise the error. The handlers for encoding only answer
    /// `None` too: a caller tells them apart first to raise "don't know how to handle".
    pub fn decode(
        self,
        e: CodecError,
        input: &[u8],
        codec: Option<SurrogateCodec>,
    ) -> Option<DecodeReplacement> {
        let bad = input.get(e.start..e.end.min(input.len())).unwrap_or(&[]);
        let mut text = StrBuf::new();
        let mut resume = e.end;
        match self {
            Standard::Ignore => {}
            Standard::Replace => text.push(0xFFFD),
            Standard::BackslashReplace => {
                let mut out = Vec::with_capacity(4 * bad.len());
                bad.iter().for_each(|&b| push_escape(&mut out, u32::from(b)));
                text.push_latin1(&out);
            }
            Standard::SurrogateEscape => {
                for &b in bad.iter().take(4).take_while(|b| !b.is_ascii()) {
                    text.push(0xDC00 + u32::from(b));
                }
                if text.is_empty() {
                    return None;
                }
                resume = e.start + text.len();
            }
            Standard::SurrogatePass => {
                let (c, len) = codec?.read(input.get(e.start..)?)?;
                text.push(c);
                resume = e.start + len;
            }
            Standard::Strict | Standard::XmlCharRefReplace | Standard::NameReplace => return None,
        }
        Some(DecodeReplacement { text, resume, input: None })
    }

    /// Answers an encoder of `text`; `None` means raise the error.
    pub fn encode(
        self,
        e: CodecError,
        text: StrRef<'_>,
        codec: Option<SurrogateCodec>,
    ) -> Option<EncodeReplacement> {
        if e.fatal {
            return None;
        }
        let bad = text.slice(e.start, e.end);
        let mut out = Vec::new();
        match self {
            Standard::Strict => return None,
            Standard::Ignore => {}
            Standard::Replace => out.resize(bad.len(), b'?'),
            Standard::BackslashReplace => bad.chars().for_each(|c| push_escape(&mut out, c)),
            Standard::XmlCharRefReplace => {
                bad.chars().for_each(|c| out.extend_from_slice(format!("&#{c};").as_bytes()));
            }
            Standard::NameReplace => bad.chars().for_each(|c| push_named(&mut out, c)),
            Standard::SurrogateEscape => {
                for c in bad.chars() {
                    out.push(
                        c.checked_sub(0xDC00).and_then(|b| u8::try_from(b).ok()).filter(|b| *b >= 0x80)?,
                    );
                }
                return Some(EncodeReplacement { output: EncodeOutput::Bytes(out), resume: e.end });
            }
            Standard::SurrogatePass => {
                let codec = codec?;
                for c in bad.chars() {
                    if !is_surrogate(c) {
                        return None;
                    }
                    codec.push(&mut out, c);
                }
                return Some(EncodeReplacement { output: EncodeOutput::Bytes(out), resume: e.end });
            }
        }
        Some(EncodeReplacement { output: EncodeOutput::Text(StrBuf::Latin1(out)), resume: e.end })
    }

    /// Answers a `UnicodeTranslateError`: "ignore", "replace" and the escapes; `None` means raise.
    pub fn translate(self, e: CodecError, text: StrRef<'_>) -> Option<(StrBuf, usize)> {
        if self == Standard::Replace {
            let mut out = StrBuf::new();
            out.push_n(0xFFFD, text.slice(e.start, e.end).len());
            return Some((out, e.end));
        }
        match self.encode(e, text, None)?.output {
            EncodeOutput::Text(out) => Some((out, e.end)),
            EncodeOutput::Bytes(_) => None,
        }
    }
}

fn push_named(out: &mut Vec<u8>, c: u32) {
    let mut name = String::new();
    if push_name(c, &mut name) {
        out.extend_from_slice(format!("\\N{{{name}}}").as_bytes());
    } else if c < 0x100 {
        out.extend_from_slice(b"\\x");
        push_hex(out, c, 2);
    } else {
        push_escape(out, c);
    }
}
