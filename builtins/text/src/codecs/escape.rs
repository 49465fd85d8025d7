//! The escapes of string literals as codecs: unicode_escape, raw_unicode_escape, and the bytes
//! escapes.
//!
//! A backslash before a character that means nothing stays; the first such place is told, since
//! callers warn of it.

use super::{Decoding, OnDecode};
use crate::repr::{push_bytes_body, push_escape, push_hex};
use crate::unicode::{Named, lookup};
use crate::{StrBuf, StrRef};

/// The first escape that earns a `DeprecationWarning`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidEscape {
    /// Index of the character after the backslash.
    pub position: usize,
    /// Value of an octal escape past 0o377: "invalid octal escape sequence". Else it is the
    /// character that is invalid after a backslash.
    pub octal: Option<u32>,
}

/// Bytes with a simple escape.
fn simple(b: u8) -> Option<u8> {
    Some(match b {
        b'\\' | b'\'' | b'"' => b,
        b'a' => 7,
        b'b' => 8,
        b't' => 9,
        b'n' => 10,
        b'v' => 11,
        b'f' => 12,
        b'r' => 13,
        _ => return None,
    })
}

/// Value and length of up to three octal digits.
fn octal(bytes: &[u8]) -> Option<(u32, usize)> {
    let digits = bytes.iter().take(3).take_while(|b| (b'0'..=b'7').contains(b));
    let (value, len) = digits.fold((0, 0), |(v, n), b| (v * 8 + u32::from(b - b'0'), n + 1));
    (len > 0).then_some((value, len))
}

/// Why an escape cannot be decoded, and where its reading stopped.
enum Stop {
    Bad(usize, &'static str),
    Incomplete(usize, &'static str),
}

fn hex(bytes: &[u8], at: usize, digits: usize, reason: &'static str) -> Result<(u32, usize), Stop> {
    let mut value = 0u32;
    for i in at..at + digits {
        match bytes.get(i).map(|&b| char::from(b).to_digit(16)) {
            Some(Some(d)) => value = (value << 4) | d,
            Some(None) => return Err(Stop::Bad(i, reason)),
            None => return Err(Stop::Incomplete(i, reason)),
        }
    }
    Ok((value, at + digits))
}

fn named(bytes: &[u8], at: usize) -> Result<(u32, usize), Stop> {
    let malformed = "malformed \\N character escape";
    match bytes.get(at) {
        None => return Err(Stop::Incomplete(at, malformed)),
        Some(b'{') => {}
        Some(_) => return Err(Stop::Bad(at, malformed)),
    }
    let rest = bytes.get(at + 1..).unwrap_or(&[]);
    let Some(len) = rest.iter().position(|&b| b == b'}') else {
        return Err(Stop::Incomplete(bytes.len(), malformed));
    };
    if len == 0 {
        return Err(Stop::Bad(at + 1, malformed));
    }
    let end = at + 1 + len + 1;
    match rest.get(..len).and_then(|b| std::str::from_utf8(b).ok()).and_then(lookup) {
        Some(Named::Char(c)) => Ok((c, end)),
        _ => Err(Stop::Bad(end, "unknown Unicode character name")),
    }
}

/// An escape that stands for a code point, `letter` at `at - 1` having been read.
fn coded(bytes: &[u8], letter: u8, at: usize) -> Option<Result<(u32, usize), Stop>> {
    Some(match letter {
        b'x' => hex(bytes, at, 2, "truncated \\xXX escape"),
        b'u' => hex(bytes, at, 4, "truncated \\uXXXX escape"),
        b'U' => match hex(bytes, at, 8, "truncated \\UXXXXXXXX escape") {
            Ok((c, end)) if c > 0x10_FFFF => Err(Stop::Bad(end, "illegal Unicode character")),
            other => other,
        },
        b'N' => named(bytes, at),
        _ => return None,
    })
}

/// Text, bytes consumed, and the first invalid escape.
type Unescaped = (StrBuf, usize, Option<InvalidEscape>);

/// Decodes the escapes of a string literal in Latin-1 bytes.
pub fn decode_unicode_escape<E>(input: &[u8], last: bool, on_error: OnDecode<'_, E>) -> Result<Unescaped, E> {
    let mut d = Decoding::new(input, on_error);
    let mut invalid: Option<InvalidEscape> = None;
    let mut at = 0;
    while let Some(rest) = d.input.get(at..).filter(|r| !r.is_empty()) {
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        if plain > 0 {
            d.out.push_latin1(&rest[..plain]);
            at += plain;
            continue;
        }
        let Some(&letter) = rest.get(1) else {
            if !last {
                break;
            }
            at = d.fail(at, at + 1, "\\ at end of string")?;
            continue;
        };
        if letter == b'\n' {
            at += 2;
        } else if let Some(b) = simple(letter) {
            d.out.push(u32::from(b));
            at += 2;
        } else if let Some((value, len)) = octal(&rest[1..]) {
            if value > 0o377 && invalid.is_none() {
                invalid = Some(InvalidEscape { position: at + 1, octal: Some(value) });
            }
            d.out.push(value);
            at += 1 + len;
        } else {
            match coded(&d.input, letter, at + 2) {
                None => {
                    invalid = invalid.or(Some(InvalidEscape { position: at + 1, octal: None }));
                    d.out.push_latin1(&[b'\\', letter]);
                    at += 2;
                }
                Some(Ok((c, end))) => {
                    d.out.push(c);
                    at = end;
                }
                Some(Err(Stop::Incomplete(..))) if !last => break,
                Some(Err(Stop::Bad(end, reason) | Stop::Incomplete(end, reason))) => {
                    at = d.fail(at, end, reason)?;
                }
            }
        }
    }
    let (text, consumed) = d.finish(at);
    Ok((text, consumed, invalid))
}

/// Decodes Latin-1 bytes in which only `\u` and `\U` are escapes.
pub fn decode_raw_unicode_escape<E>(
    input: &[u8],
    last: bool,
    on_error: OnDecode<'_, E>,
) -> Result<(StrBuf, usize), E> {
    let mut d = Decoding::new(input, on_error);
    let mut at = 0;
    while let Some(&b) = d.input.get(at) {
        let next = d.input.get(at + 1).copied();
        let read = match (b, next) {
            (b'\\', None) if !last => break,
            (b'\\', Some(b'u')) => hex(&d.input, at + 2, 4, "truncated \\uXXXX escape"),
            (b'\\', Some(b'U')) => match hex(&d.input, at + 2, 8, "truncated \\UXXXXXXXX escape") {
                Ok((c, end)) if c > 0x10_FFFF => Err(Stop::Bad(end, "\\Uxxxxxxxx out of range")),
                other => other,
            },
            (b'\\', Some(other)) => {
                d.out.push_latin1(&[b'\\', other]);
                at += 2;
                continue;
            }
            _ => {
                d.out.push(u32::from(b));
                at += 1;
                continue;
            }
        };
        match read {
            Ok((c, end)) => {
                d.out.push(c);
                at = end;
            }
            Err(Stop::Incomplete(..)) if !last => break,
            Err(Stop::Bad(end, reason) | Stop::Incomplete(end, reason)) => at = d.fail(at, end, reason)?,
        }
    }
    Ok(d.finish(at))
}

/// Encodes as the body of a string literal, quotes left alone.
pub fn encode_unicode_escape(text: StrRef<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match c {
            0x09 => out.extend_from_slice(b"\\t"),
            0x0A => out.extend_from_slice(b"\\n"),
            0x0D => out.extend_from_slice(b"\\r"),
            0x5C => out.extend_from_slice(b"\\\\"),
            0x20..0x7F => out.push(c as u8),
            _ => push_escape(&mut out, c),
        }
    }
    out
}

/// Encodes to Latin-1 with `\u` and `\U` for the rest.
pub fn encode_raw_unicode_escape(text: StrRef<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u8::try_from(c) {
            Ok(b) => out.push(b),
            Err(_) if c < 0x1_0000 => {
                out.extend_from_slice(b"\\u");
                push_hex(&mut out, c, 4);
            }
            Err(_) => {
                out.extend_from_slice(b"\\U");
                push_hex(&mut out, c, 8);
            }
        }
    }
    out
}

/// What becomes of a bad `\x` in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscapeErrors {
    /// [`EscapeProblem::InvalidHex`].
    Strict,
    /// A question mark.
    Replace,
    /// Nothing.
    Ignore,
}

/// Why bytes with escapes cannot be decoded; both are a `ValueError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscapeProblem {
    /// "Trailing \ in string".
    TrailingBackslash,
    /// "invalid \x escape at position N".
    InvalidHex(usize),
}

/// Decodes the escapes of a bytes literal.
pub fn decode_escape(
    input: &[u8],
    errors: EscapeErrors,
) -> Result<(Vec<u8>, Option<InvalidEscape>), EscapeProblem> {
    let mut out = Vec::with_capacity(input.len());
    let mut invalid: Option<InvalidEscape> = None;
    let mut at = 0;
    while let Some(rest) = input.get(at..).filter(|r| !r.is_empty()) {
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        if plain > 0 {
            out.extend_from_slice(&rest[..plain]);
            at += plain;
            continue;
        }
        let Some(&letter) = rest.get(1) else { return Err(EscapeProblem::TrailingBackslash) };
        if letter == b'\n' {
            at += 2;
        } else if let Some(b) = simple(letter) {
            out.push(b);
            at += 2;
        } else if let Some((value, len)) = octal(&rest[1..]) {
            if value > 0o377 && invalid.is_none() {
                invalid = Some(InvalidEscape { position: at + 1, octal: Some(value) });
            }
            out.push((value & 0xFF) as u8);
            at += 1 + len;
        } else if letter == b'x' {
            at = match hex(input, at + 2, 2, "") {
                Ok((value, end)) => {
                    out.push(value as u8);
                    end
                }
                Err(Stop::Bad(end, _) | Stop::Incomplete(end, _)) => {
                    match errors {
                        EscapeErrors::Strict => return Err(EscapeProblem::InvalidHex(at)),
                        EscapeErrors::Replace => out.push(b'?'),
                        EscapeErrors::Ignore => {}
                    }
                    end
                }
            };
        } else {
            invalid = invalid.or(Some(InvalidEscape { position: at + 1, octal: None }));
            out.extend_from_slice(&[b'\\', letter]);
            at += 2;
        }
    }
    Ok((out, invalid))
}

/// Encodes as the body of a bytes literal in single quotes.
pub fn encode_escape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    push_bytes_body(&mut out, bytes, b'\'');
    out
}
