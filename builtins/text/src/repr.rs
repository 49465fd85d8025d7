//! `repr` and `ascii` of `str` and `bytes`.

use crate::search;
use crate::unicode::is_printable;
use crate::{StrBuf, StrRef};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The quote that `repr` takes: the double one only if that saves escaping a single one.
fn quote_for(single: bool, double: bool) -> u8 {
    if single && !double { b'"' } else { b'\'' }
}

/// Appends the lower-case hexadecimal digits of `c`, `digits` of them.
pub(crate) fn push_hex(out: &mut Vec<u8>, c: u32, digits: u32) {
    let all: [u8; 8] = std::array::from_fn(|i| HEX[(c >> (28 - 4 * i) & 15) as usize]);
    out.extend_from_slice(all.get(8usize.saturating_sub(digits as usize)..).unwrap_or(&all));
}

/// Appends `\xNN`, `\uNNNN` or `\UNNNNNNNN`, the shortest that holds `c`.
pub(crate) fn push_escape(out: &mut Vec<u8>, c: u32) {
    let (letter, digits) = match c {
        0..0x100 => (b'x', 2),
        0x100..0x1_0000 => (b'u', 4),
        _ => (b'U', 8),
    };
    out.extend_from_slice(&[b'\\', letter]);
    push_hex(out, c, digits);
}

/// The escapes that have a letter; `None` for what has none.
fn short_escape(c: u32) -> Option<u8> {
    match c {
        0x09 => Some(b't'),
        0x0A => Some(b'n'),
        0x0D => Some(b'r'),
        0x5C => Some(b'\\'),
        _ => None,
    }
}

fn is_plain_byte(c: u8) -> bool {
    (0x20..0x7F).contains(&c) && c != b'\\' && c != b'\''
}

fn quoted(s: StrRef<'_>, plain: impl Fn(u32) -> bool) -> StrBuf {
    if let StrRef::Latin1(b) = s
        && b.iter().all(|&c| is_plain_byte(c))
    {
        let mut v = Vec::with_capacity(b.len() + 2);
        v.push(b'\'');
        v.extend_from_slice(b);
        v.push(b'\'');
        return StrBuf::Latin1(v);
    }
    let has = |q: u8| search::find_char(s, u32::from(q)).is_some();
    let quote = quote_for(has(b'\''), has(b'"'));
    match s {
        StrRef::Latin1(units) => StrBuf::Latin1(body(units, quote, plain)),
        StrRef::Ucs2(units) => StrBuf::Ucs2(body(units, quote, plain)),
        StrRef::Ucs4(units) => StrBuf::Ucs4(body(units, quote, plain)),
    }
    .into_narrowest()
}

/// The literal of units of one width: escapes are ASCII.
fn body<U: Copy + From<u8> + Into<u32>>(units: &[U], quote: u8, plain: impl Fn(u32) -> bool) -> Vec<U> {
    let mut out = Vec::with_capacity(units.len() + 2);
    out.push(U::from(quote));
    let mut escape = Vec::with_capacity(10);
    for &u in units {
        let c: u32 = u.into();
        if (0x20..0x7F).contains(&c) && c != u32::from(quote) && c != 0x5C {
            out.push(u);
        } else if c == u32::from(quote) {
            out.extend([U::from(b'\\'), u]);
        } else if let Some(letter) = short_escape(c) {
            out.extend([U::from(b'\\'), U::from(letter)]);
        } else if plain(c) {
            out.push(u);
        } else {
            escape.clear();
            push_escape(&mut escape, c);
            out.extend(escape.iter().map(|b| U::from(*b)));
        }
    }
    out.push(U::from(quote));
    out
}

/// `repr` of a `str`.
pub fn repr_str(s: StrRef<'_>) -> StrBuf {
    quoted(s, |c| (0x20..0x7F).contains(&c) || (c >= 0x80 && is_printable(c)))
}

/// `ascii` of a `str`.
pub fn ascii_str(s: StrRef<'_>) -> StrBuf {
    quoted(s, |c| (0x20..0x7F).contains(&c))
}

/// `ascii` of an object whose `repr` is `s`: what is not ASCII becomes an escape.
pub fn escape_non_ascii(s: StrRef<'_>) -> StrBuf {
    if let StrRef::Latin1(b) = s
        && b.is_ascii()
    {
        return StrBuf::Latin1(b.to_vec());
    }
    let mut out = Vec::with_capacity(s.len() + 16);
    for c in s.chars() {
        match u8::try_from(c) {
            Ok(b) if b.is_ascii() => out.push(b),
            _ => push_escape(&mut out, c),
        }
    }
    StrBuf::Latin1(out)
}

/// Appends the body of a bytes literal, escaping `quote` too.
pub fn push_bytes_body(out: &mut Vec<u8>, bytes: &[u8], quote: u8) {
    for &c in bytes {
        match short_escape(u32::from(c)) {
            Some(letter) => out.extend_from_slice(&[b'\\', letter]),
            None if c == quote => out.extend_from_slice(&[b'\\', c]),
            None if (0x20..0x7F).contains(&c) => out.push(c),
            None => push_escape(out, u32::from(c)),
        }
    }
}

/// `repr` of a `bytes`; it is ASCII.
pub fn repr_bytes(bytes: &[u8]) -> String {
    let quote = quote_for(bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut out = Vec::with_capacity(bytes.len() + 3);
    out.extend_from_slice(&[b'b', quote]);
    push_bytes_body(&mut out, bytes, quote);
    out.push(quote);
    out.iter().map(|&b| char::from(b)).collect()
}
