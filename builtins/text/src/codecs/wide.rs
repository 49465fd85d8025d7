//! UTF-16 and UTF-32, with a byte-order mark or in a given order.

use super::{Decoding, Encoding, OnDecode, OnEncode, is_surrogate};
use crate::{StrBuf, StrRef};

/// Order of the bytes of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// Little-endian, no mark.
    Little,
    /// Big-endian, no mark.
    Big,
    /// The machine's; decoders obey a mark, encoders write one.
    Native,
}

impl ByteOrder {
    /// From the number that the `codecs` functions take: negative, zero or positive.
    pub fn from_number(n: i64) -> Self {
        match n {
            0 => ByteOrder::Native,
            1.. => ByteOrder::Big,
            _ => ByteOrder::Little,
        }
    }

    /// The number that the `codecs` functions tell.
    pub fn number(self) -> i32 {
        match self {
            ByteOrder::Little => -1,
            ByteOrder::Native => 0,
            ByteOrder::Big => 1,
        }
    }

    fn is_big(self) -> bool {
        match self {
            ByteOrder::Big => true,
            ByteOrder::Little => false,
            ByteOrder::Native => cfg!(target_endian = "big"),
        }
    }
}

fn unit16(bytes: &[u8], at: usize, big: bool) -> Option<u32> {
    let pair: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(u32::from(if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }))
}

fn unit32(bytes: &[u8], at: usize, big: bool) -> Option<u32> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
}

/// The order that a mark at the start tells, and the length of the mark.
fn mark(order: ByteOrder, first_as_little: Option<u32>, big_mark: u32, len: usize) -> (ByteOrder, usize) {
    match first_as_little {
        Some(0xFEFF) if order == ByteOrder::Native => (ByteOrder::Little, len),
        Some(c) if order == ByteOrder::Native && c == big_mark => (ByteOrder::Big, len),
        _ => (order, 0),
    }
}

/// Decodes UTF-16; answers the text, the bytes consumed, and the order for what follows, which is
/// still native if there was no mark.
pub fn decode_utf16<E>(
    input: &[u8],
    order: ByteOrder,
    last: bool,
    on_error: OnDecode<'_, E>,
) -> Result<(StrBuf, usize, ByteOrder), E> {
    let (order, mut at) = mark(order, unit16(input, 0, false), 0xFFFE, 2);
    let big = order.is_big();
    let mut d = Decoding::new(input, on_error);
    let units = input.get(at..).unwrap_or(&[]).chunks_exact(2);
    let units =
        units.map(|p| p.try_into().map_or(0, if big { u16::from_be_bytes } else { u16::from_le_bytes }));
    let mut plain = Vec::with_capacity(input.len() / 2);
    plain.extend(units.take_while(|u| !is_surrogate(u32::from(*u))));
    at += 2 * plain.len();
    d.out = StrBuf::Ucs2(plain);
    loop {
        let len = d.input.len();
        let Some(unit) = unit16(&d.input, at, big) else {
            if at >= len || !last {
                break;
            }
            at = d.fail(at, len, "truncated data")?;
            continue;
        };
        if !is_surrogate(unit) {
            d.out.push(unit);
            at += 2;
        } else if unit >= 0xDC00 {
            at = d.fail(at, at + 2, "illegal encoding")?;
        } else {
            match unit16(&d.input, at + 2, big) {
                Some(low @ 0xDC00..0xE000) => {
                    d.out.push(0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
                    at += 4;
                }
                Some(_) => at = d.fail(at, at + 2, "illegal UTF-16 surrogate")?,
                None if !last => break,
                None => at = d.fail(at, len, "unexpected end of data")?,
            }
        }
    }
    let (text, consumed) = d.finish(at);
    Ok((text, consumed, order))
}

/// Decodes UTF-32; answers as [`decode_utf16`] does.
pub fn decode_utf32<E>(
    input: &[u8],
    order: ByteOrder,
    last: bool,
    on_error: OnDecode<'_, E>,
) -> Result<(StrBuf, usize, ByteOrder), E> {
    let (order, mut at) = mark(order, unit32(input, 0, false), 0xFFFE_0000, 4);
    let big = order.is_big();
    let mut d = Decoding::new(input, on_error);
    loop {
        let len = d.input.len();
        match unit32(&d.input, at, big) {
            None if at >= len || !last => break,
            None => at = d.fail(at, len, "truncated data")?,
            Some(c) if is_surrogate(c) => {
                at = d.fail(at, at + 4, "code point in surrogate code point range(0xd800, 0xe000)")?;
            }
            Some(c) if c > 0x10_FFFF => at = d.fail(at, at + 4, "code point not in range(0x110000)")?,
            Some(c) => {
                d.out.push(c);
                at += 4;
            }
        }
    }
    let (text, consumed) = d.finish(at);
    Ok((text, consumed, order))
}

fn put16(out: &mut Vec<u8>, unit: u32, big: bool) {
    let unit = unit as u16;
    out.extend_from_slice(&if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
}

fn put32(out: &mut Vec<u8>, c: u32, big: bool) {
    out.extend_from_slice(&if big { c.to_be_bytes() } else { c.to_le_bytes() });
}

/// Appends one code point, surrogates included, in UTF-16.
pub(super) fn push_utf16(out: &mut Vec<u8>, c: u32, big: bool) {
    match c.checked_sub(0x1_0000) {
        None => put16(out, c, big),
        Some(c) => {
            put16(out, 0xD800 + (c >> 10), big);
            put16(out, 0xDC00 + (c & 0x3FF), big);
        }
    }
}

/// Appends code points of the basic plane, no surrogates, in UTF-16; their number.
fn put_units<U: Copy + Into<u16>>(out: &mut Vec<u8>, units: &[U], big: bool) -> usize {
    let start = out.len();
    out.resize(start + 2 * units.len(), 0);
    let pairs = out.get_mut(start..).unwrap_or_default().chunks_exact_mut(2);
    for (to, &u) in pairs.zip(units) {
        let u: u16 = u.into();
        to.copy_from_slice(&if big { u.to_be_bytes() } else { u.to_le_bytes() });
    }
    units.len()
}

fn encode<E>(
    text: StrRef<'_>,
    order: ByteOrder,
    unit: usize,
    on_error: OnEncode<'_, E>,
) -> Result<Vec<u8>, E> {
    let big = order.is_big();
    let put = |out: &mut Vec<u8>, c: u32| {
        if unit == 2 { push_utf16(out, c, big) } else { put32(out, c, big) }
    };
    let mut e = Encoding::new(text, (text.len() + 1) * unit, on_error);
    if order == ByteOrder::Native {
        put(&mut e.out, 0xFEFF);
    }
    let mut at = match text {
        StrRef::Latin1(b) if unit == 2 => put_units(&mut e.out, b, big),
        StrRef::Ucs2(u) if unit == 2 => {
            let plain = u.iter().position(|u| is_surrogate(u32::from(*u))).unwrap_or(u.len());
            put_units(&mut e.out, u.get(..plain).unwrap_or(&[]), big)
        }
        _ => 0,
    };
    while let Some(c) = text.get(at) {
        if !is_surrogate(c) {
            put(&mut e.out, c);
            at += 1;
            continue;
        }
        at = e.fail(at, at + 1, "surrogates not allowed", unit, &mut |out, c| {
            put(out, c);
            Ok(c < 0x80)
        })?;
    }
    Ok(e.out)
}

/// Encodes to UTF-16; native order begins with a mark.
pub fn encode_utf16<E>(text: StrRef<'_>, order: ByteOrder, on_error: OnEncode<'_, E>) -> Result<Vec<u8>, E> {
    encode(text, order, 2, on_error)
}

/// Encodes to UTF-32; native order begins with a mark.
pub fn encode_utf32<E>(text: StrRef<'_>, order: ByteOrder, on_error: OnEncode<'_, E>) -> Result<Vec<u8>, E> {
    encode(text, order, 4, on_error)
}
