//! `repr` and `ascii` of `str` and `bytes`.

use crate::unicode::is_printable;
use crate::{StrBuf, StrRef};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The quote that `repr` takes: the double one only if that saves escaping a single one.
fn quote_for(single: bool, double: bool) -> u8 {
    if single && !double { b'"' } else { b'\'' }
}

/// Appends the lower-case hexadecimal digits of `c`, `digits` of them.
pub(crate) fn push_hex(out: &mut Vec<u8>, c: u32, digits: u32) {
    for i in (0..digits).rev() {
        out.push(HEX[(c >> (4 * i) & 15) as usize]);
    }
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
    let has = |q: u8| s.chars().any(|c| c == u32::from(q));
    let quote = u32::from(quote_for(has(b'\''), has(b'"')));
    let mut out = StrBuf::with_capacity_like(s);
    out.push(quote);
    let mut escape = Vec::with_capacity(10);
    for c in s.chars() {
        if c == quote {
            out.push_latin1(&[b'\\', c as u8]);
        } else if let Some(letter) = short_escape(c) {
            out.push_latin1(&[b'\\', letter]);
        } else if plain(c) {
            out.push(c);
        } else {
            escape.clear();
            push_escape(&mut escape, c);
            out.push_latin1(&escape);
        }
    }
    out.push(quote);
    out.into_narrowest()
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
