//! UTF-8. The standard library validates and finds the maximal bad prefixes that Unicode, and
//! CPython with it, reports.

use super::{Decoding, Encoding, OnDecode, OnEncode, is_surrogate};
use crate::{StrBuf, StrRef};

/// Decodes UTF-8; answers the text and how many bytes were consumed.
pub fn decode_utf8<E>(input: &[u8], last: bool, on_error: OnDecode<'_, E>) -> Result<(StrBuf, usize), E> {
    if input.is_ascii() {
        return Ok((StrBuf::Latin1(input.to_vec()), input.len()));
    }
    let mut d = Decoding::new(input, on_error);
    d.out = StrBuf::new();
    let mut at = 0;
    loop {
        let rest = d.input.get(at..).unwrap_or(&[]);
        let (valid, error) = match std::str::from_utf8(rest) {
            Ok(text) => {
                d.out.push_str(text);
                break;
            }
            Err(e) => (e.valid_up_to(), e.error_len()),
        };
        if let Some(text) = rest.get(..valid).and_then(|b| std::str::from_utf8(b).ok()) {
            d.out.push_str(text);
        }
        let start = at + valid;
        let lead = rest.get(valid).copied().unwrap_or(0);
        at = match error {
            None if !last => return Ok(d.finish(start)),
            None => {
                let end = d.input.len();
                d.fail(start, end, "unexpected end of data")?
            }
            // Half of an encoded surrogate waits for the other half, for "surrogatepass".
            Some(_) if !last && matches!(rest.get(valid..), Some([0xED, 0xA0..0xC0])) => {
                return Ok(d.finish(start));
            }
            Some(len) => {
                let begins = (0xC2..=0xF4).contains(&lead);
                let reason = if begins { "invalid continuation byte" } else { "invalid start byte" };
                d.fail(start, start + len, reason)?
            }
        };
    }
    let consumed = d.input.len();
    Ok(d.finish(consumed))
}

#[inline]
fn push(out: &mut Vec<u8>, c: u32) {
    match char::from_u32(c) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(&surrogate_bytes(c)),
    }
}

/// The three bytes that "surrogatepass" writes for a surrogate.
pub(super) fn surrogate_bytes(c: u32) -> [u8; 3] {
    [0xE0 | (c >> 12 & 0xF) as u8, 0x80 | (c >> 6 & 0x3F) as u8, 0x80 | (c & 0x3F) as u8]
}

/// UTF-8 with surrogates refused: the position of the first one is the error.
pub fn to_utf8(text: StrRef<'_>) -> Result<Vec<u8>, usize> {
    match text {
        StrRef::Latin1(b) if b.is_ascii() => Ok(b.to_vec()),
        StrRef::Latin1(b) => encode_units(b),
        StrRef::Ucs2(u) => encode_units(u),
        StrRef::Ucs4(u) => encode_units(u),
    }
}

/// [`to_utf8`] for units of one width. The size is counted first: the loop that writes never grows its buffer.
fn encode_units<U: Copy + Into<u32>>(units: &[U]) -> Result<Vec<u8>, usize> {
    let extra = |u: &U| {
        let c: u32 = (*u).into();
        usize::from(c >= 0x80) + usize::from(c >= 0x800) + usize::from(c >= 0x1_0000)
    };
    let mut out = Vec::with_capacity(units.len() + units.iter().map(extra).sum::<usize>());
    let tail = |c: u32, shift: u32| 0x80 | (c >> shift & 0x3F) as u8;
    let mut i = 0;
    while i < units.len() {
        // Runs of ASCII go eight at a time.
        while let Some(run) = units.get(i..i + 8)
            && run.iter().fold(0, |all, &u| all | u.into()) < 0x80
        {
            out.extend(run.iter().map(|&u| -> u8 { u.into() as u8 }));
            i += 8;
        }
        let Some(&u) = units.get(i) else { break };
        let c: u32 = u.into();
        match c {
            0..0x80 => out.push(c as u8),
            0x80..0x800 => out.extend_from_slice(&[0xC0 | (c >> 6) as u8, tail(c, 0)]),
            0x800..0x1_0000 if is_surrogate(c) => return Err(i),
            0x800..0x1_0000 => out.extend_from_slice(&[0xE0 | (c >> 12) as u8, tail(c, 6), tail(c, 0)]),
            _ => {
                out.extend_from_slice(&[0xF0 | (c >> 18 & 7) as u8, tail(c, 12), tail(c, 6), tail(c, 0)]);
            }
        }
        i += 1;
    }
    Ok(out)
}

/// Encodes to UTF-8.
pub fn encode_utf8<E>(text: StrRef<'_>, on_error: OnEncode<'_, E>) -> Result<Vec<u8>, E> {
    let first = match to_utf8(text) {
        Ok(out) => return Ok(out),
        Err(first) => first,
    };
    let mut e = Encoding::new(text, text.len() * 2, on_error);
    text.slice(0, first).chars().for_each(|c| push(&mut e.out, c));
    let mut at = first;
    while let Some(c) = text.get(at) {
        if !is_surrogate(c) {
            push(&mut e.out, c);
            at += 1;
            continue;
        }
        let run = text.slice(at, text.len()).chars().take_while(|&c| is_surrogate(c)).count();
        at = e.fail(at, at + run, "surrogates not allowed", 1, &mut |out, c| {
            push(out, c);
            Ok(c < 0x80)
        })?;
    }
    Ok(e.out)
}
