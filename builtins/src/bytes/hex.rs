//! Hexadecimal text of bytes and back.

use protopy_text::{StrBuf, StrRef};
use protopy_vm::buffers::{bytes_like, has_buffer};
use protopy_vm::protocore::layouts::{BytesObj, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Value};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The digits of each byte.
const PAIRS: [[u8; 2]; 256] = {
    let mut all = [[0; 2]; 256];
    let mut i = 0;
    while i < 256 {
        all[i] = [DIGITS[i >> 4], DIGITS[i & 15]];
        i += 1;
    }
    all
};

/// The value of each byte as a digit, 16 for one that is none.
const VALUES: [u8; 256] = {
    let mut all = [16; 256];
    let mut i = 0;
    while i < 16 {
        all[DIGITS[i] as usize] = i as u8;
        all[DIGITS[i].to_ascii_uppercase() as usize] = i as u8;
        i += 1;
    }
    all
};

/// A separator and the size of the groups it separates: from the right if positive, from the left if negative.
#[derive(Clone, Copy)]
pub struct HexSeparator {
    byte: u8,
    group: i32,
}

/// The arguments `sep` and `bytes_per_sep` of `hex`.
pub fn hex_separator(cx: &mut Ctx, sep: Value, group: Value) -> PyResult<Option<HexSeparator>> {
    let group = if group.is_unbound() { 1 } else { crate::text::args::c_int(cx, group)? };
    let Some(sep) = sep.bound() else { return Ok(None) };
    if protopy_vm::len(cx, sep)? != 1 {
        return Err(cx.value_error("sep must be length 1."));
    }
    let c = match (StrObj::of(sep), BytesObj::of(sep)) {
        (Some(s), _) => s.str_ref().get(0),
        (_, Some(b)) => b.bytes().first().map(|b| u32::from(*b)),
        _ => return Err(cx.type_error("sep must be str or bytes.")),
    };
    match c.and_then(|c| u8::try_from(c).ok()).filter(u8::is_ascii) {
        Some(byte) => Ok((group != 0).then_some(HexSeparator { byte, group })),
        None => Err(cx.value_error("sep must be ASCII.")),
    }
}

/// The hexadecimal digits of bytes, as a str.
pub fn hex_of(cx: &mut Ctx, b: &[u8], sep: Option<HexSeparator>) -> PyResult {
    let Some(room) = b.len().checked_mul(3) else { return Err(cx.no_memory()) };
    let mut out = Vec::new();
    if out.try_reserve_exact(room).is_err() {
        return Err(cx.no_memory());
    }
    if sep.is_none() {
        cx.computing(b.len(), || {
            out.resize(2 * b.len(), 0);
            for (to, byte) in out.chunks_exact_mut(2).zip(b) {
                to.copy_from_slice(&PAIRS[usize::from(*byte)]);
            }
        });
        return cx.str_buf(StrBuf::Latin1(out));
    }
    cx.computing(b.len(), || {
        for (i, byte) in b.iter().enumerate() {
            if let Some(s) = sep
                && i > 0
            {
                let size = s.group.unsigned_abs() as usize;
                let from = if s.group < 0 { i } else { b.len() - i };
                if from % size == 0 {
                    out.push(s.byte);
                }
            }
            out.push(DIGITS[usize::from(byte >> 4)]);
            out.push(DIGITS[usize::from(byte & 15)]);
        }
    });
    cx.str_buf(StrBuf::Latin1(out))
}

#[cold]
fn bad_digit(cx: &mut Ctx, at: usize) -> Raised {
    let msg = format!("non-hexadecimal number found in fromhex() arg at position {at}");
    cx.value_error(&msg)
}

/// The bytes that a str or bytes-like object of hexadecimal digits tells; white space between bytes is skipped.
pub fn from_hex(cx: &mut Ctx, v: Value) -> PyResult<Vec<u8>> {
    if let Some(s) = StrObj::of(v) {
        return parse(cx, s.str_ref());
    }
    if !has_buffer(cx, v) {
        let msg =
            format!("fromhex() argument must be str or bytes-like, not {}", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    let b = bytes_like(cx, v)?;
    parse(cx, StrRef::Latin1(&b))
}

/// What keeps a text from being bytes.
enum Bad {
    /// No digit at a position.
    Digit(usize),
    /// The last byte has one digit.
    Odd,
}

fn parse(cx: &mut Ctx, s: StrRef<'_>) -> PyResult<Vec<u8>> {
    cx.computing(s.len(), || digits(s)).map_err(|bad| match bad {
        Bad::Digit(at) => bad_digit(cx, at),
        Bad::Odd => cx.value_error("fromhex() arg must contain an even number of hexadecimal digits"),
    })
}

fn digits(s: StrRef<'_>) -> Result<Vec<u8>, Bad> {
    let digit = |i: usize| s.get(i).and_then(char::from_u32).and_then(|c| c.to_digit(16));
    let mut out = Vec::with_capacity(s.len() / 2);
    let mut i = 0;
    loop {
        if let StrRef::Latin1(text) = s {
            let pairs = text.get(i..).unwrap_or(&[]).chunks_exact(2);
            let values = pairs.map(|p| (VALUES[usize::from(p[0])], VALUES[usize::from(p[1])]));
            let before = out.len();
            out.extend(values.take_while(|(a, b)| (a | b) < 16).map(|(a, b)| a << 4 | b));
            i += 2 * (out.len() - before);
        }
        while s.get(i).is_some_and(|c| matches!(c, 0x20 | 9..=13)) {
            i += 1;
        }
        if i >= s.len() {
            return Ok(out);
        }
        let Some(high) = digit(i) else { return Err(Bad::Digit(i)) };
        let Some(low) = digit(i + 1) else {
            return Err(if i + 1 >= s.len() { Bad::Odd } else { Bad::Digit(i + 1) });
        };
        out.push((high << 4 | low) as u8);
        i += 2;
    }
}
