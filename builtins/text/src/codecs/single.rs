//! Codecs of one byte a character: ASCII, Latin-1 and those defined by a table.

use std::collections::HashMap;

use super::{Decoding, Encoding, OnDecode, OnEncode};
use crate::{StrBuf, StrRef};

const UNDEFINED: &str = "character maps to <undefined>";

/// Decodes Latin-1, which cannot fail.
pub fn decode_latin1(input: &[u8]) -> StrBuf {
    StrBuf::Latin1(input.to_vec())
}

/// Decodes ASCII; answers the text and the bytes consumed.
pub fn decode_ascii<E>(input: &[u8], on_error: OnDecode<'_, E>) -> Result<(StrBuf, usize), E> {
    if input.is_ascii() {
        return Ok((StrBuf::Latin1(input.to_vec()), input.len()));
    }
    let mut d = Decoding::new(input, on_error);
    let mut at = 0;
    while let Some(&b) = d.input.get(at) {
        if b.is_ascii() {
            d.out.push(u32::from(b));
            at += 1;
        } else {
            at = d.fail(at, at + 1, "ordinal not in range(128)")?;
        }
    }
    Ok(d.finish(at))
}

fn encode_below<E>(
    text: StrRef<'_>,
    limit: u32,
    reason: &'static str,
    on_error: OnEncode<'_, E>,
) -> Result<Vec<u8>, E> {
    let mut e = Encoding::new(text, text.len(), on_error);
    let mut at = 0;
    while let Some(c) = text.get(at) {
        if c < limit {
            e.out.push(c as u8);
            at += 1;
            continue;
        }
        let run = text.slice(at, text.len()).chars().take_while(|&c| c >= limit).count();
        at = e.fail(at, at + run, reason, 1, &mut |out, c| {
            out.push(c as u8);
            Ok(c < limit)
        })?;
    }
    Ok(e.out)
}

/// Encodes to ASCII.
pub fn encode_ascii<E>(text: StrRef<'_>, on_error: OnEncode<'_, E>) -> Result<Vec<u8>, E> {
    match text {
        StrRef::Latin1(b) if b.is_ascii() => Ok(b.to_vec()),
        _ => encode_below(text, 0x80, "ordinal not in range(128)", on_error),
    }
}

/// Encodes to Latin-1.
pub fn encode_latin1<E>(text: StrRef<'_>, on_error: OnEncode<'_, E>) -> Result<Vec<u8>, E> {
    match text {
        StrRef::Latin1(b) => Ok(b.to_vec()),
        _ => encode_below(text, 0x100, "ordinal not in range(256)", on_error),
    }
}

/// What a byte stands for in a character map.
#[derive(Clone, Debug)]
pub enum CharmapText {
    /// Nothing: an error.
    Undefined,
    /// A code point.
    Char(u32),
    /// A string.
    Text(StrBuf),
}

/// Decodes by a string of up to 256 code points; 0xFFFE marks an undefined byte.
pub fn decode_charmap_table<E>(
    input: &[u8],
    table: StrRef<'_>,
    on_error: OnDecode<'_, E>,
) -> Result<(StrBuf, usize), E> {
    // A table without a hole, or an input that meets none, is looked up without asking.
    let known: Vec<u32> = table.chars().take(256).map(|c| if c == 0xFFFE { u32::MAX } else { c }).collect();
    let widest = known.iter().copied().filter(|c| *c != u32::MAX).max().unwrap_or(0);
    if let Ok(known) = <[u32; 256]>::try_from(known)
        && widest < 0x1_0000
        && input.iter().all(|b| known[usize::from(*b)] != u32::MAX)
    {
        let text = input.iter().map(|b| known[usize::from(*b)] as u16).collect();
        return Ok((StrBuf::Ucs2(text).into_narrowest(), input.len()));
    }
    decode_charmap(
        input,
        &mut |b| {
            Ok(match table.get(usize::from(b)) {
                None | Some(0xFFFE) => CharmapText::Undefined,
                Some(c) => CharmapText::Char(c),
            })
        },
        on_error,
    )
}

/// Decodes by a lookup, which may raise.
pub fn decode_charmap<E>(
    input: &[u8],
    lookup: &mut dyn FnMut(u8) -> Result<CharmapText, E>,
    on_error: OnDecode<'_, E>,
) -> Result<(StrBuf, usize), E> {
    let mut d = Decoding::new(input, on_error);
    let mut at = 0;
    while let Some(&b) = d.input.get(at) {
        match lookup(b)? {
            CharmapText::Undefined => {
                at = d.fail(at, at + 1, UNDEFINED)?;
                continue;
            }
            CharmapText::Char(c) => d.out.push(c),
            CharmapText::Text(t) => d.out.push_ref(t.as_ref()),
        }
        at += 1;
    }
    Ok(d.finish(at))
}

/// What a code point encodes to in a character map.
#[derive(Clone, Debug)]
pub enum CharmapBytes {
    /// Nothing: an error.
    Undefined,
    /// One byte.
    Byte(u8),
    /// Any bytes.
    Bytes(Vec<u8>),
}

impl CharmapBytes {
    fn put(self, out: &mut Vec<u8>) -> bool {
        match self {
            CharmapBytes::Undefined => return false,
            CharmapBytes::Byte(b) => out.push(b),
            CharmapBytes::Bytes(b) => out.extend_from_slice(&b),
        }
        true
    }
}

/// Encodes by a lookup, which may raise.
pub fn encode_charmap<E>(
    text: StrRef<'_>,
    lookup: &mut dyn FnMut(u32) -> Result<CharmapBytes, E>,
    on_error: OnEncode<'_, E>,
) -> Result<Vec<u8>, E> {
    let mut e = Encoding::new(text, text.len(), on_error);
    let mut at = 0;
    while let Some(c) = text.get(at) {
        if lookup(c)?.put(&mut e.out) {
            at += 1;
            continue;
        }
        let mut end = at + 1;
        while let Some(c) = text.get(end) {
            if !matches!(lookup(c)?, CharmapBytes::Undefined) {
                break;
            }
            end += 1;
        }
        at = e.fail(at, end, UNDEFINED, 1, &mut |out, c| Ok(lookup(c)?.put(out)))?;
    }
    Ok(e.out)
}

/// The inverse of a decoding table, as `codecs.charmap_build` makes it.
#[derive(Clone, Debug)]
pub struct EncodingMap {
    latin: [Option<u8>; 256],
    rest: HashMap<u32, u8>,
}

impl EncodingMap {
    /// From a string of up to 256 code points; 0xFFFE marks an undefined byte, unless the table is
    /// one of which CPython makes a dictionary: not beginning with NUL, or with another NUL or a
    /// code point past the basic plane.
    pub fn from_table(table: StrRef<'_>) -> Self {
        let starts = table.get(0) == Some(0);
        let dict = !starts || table.chars().take(256).skip(1).any(|c| c == 0 || c > 0xFFFF);
        let mut map = EncodingMap { latin: [None; 256], rest: HashMap::new() };
        for (byte, c) in (0..=255u8).zip(table.chars()) {
            match usize::try_from(c).ok().and_then(|c| map.latin.get_mut(c)) {
                Some(slot) => *slot = Some(byte),
                None if c == 0xFFFE && !dict => {}
                None => {
                    map.rest.insert(c, byte);
                }
            }
        }
        map
    }

    /// What `c` encodes to, for [`encode_charmap`].
    #[inline]
    pub fn get(&self, c: u32) -> CharmapBytes {
        let byte = match u8::try_from(c) {
            Ok(c) => self.latin[usize::from(c)],
            Err(_) => self.rest.get(&c).copied(),
        };
        byte.map_or(CharmapBytes::Undefined, CharmapBytes::Byte)
    }
}
