//! Items of a memoryview: native single-character formats, to and from objects.

use protopy_vm::protocore::layouts::{BytesObj, IntRef};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{float_of, index, is_true};

/// A native single-character format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Code(pub(super) u8);

/// The format's character without a leading `@`, if it is a native one.
pub(super) fn native_code(format: &str) -> Option<Code> {
    let f = format.strip_prefix('@').unwrap_or(format).as_bytes();
    match f {
        [
            c @ (b'c' | b'b' | b'B' | b'?' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q' | b'n'
            | b'N' | b'e' | b'f' | b'd' | b'P'),
        ] => Some(Code(*c)),
        _ => None,
    }
}

impl Code {
    /// Bytes of an item.
    pub(super) const fn size(self) -> usize {
        match self.0 {
            b'c' | b'b' | b'B' | b'?' => 1,
            b'h' | b'H' | b'e' => 2,
            b'i' | b'I' | b'f' => 4,
            _ => 8,
        }
    }

    /// Whether items are single bytes.
    pub(super) const fn is_byte(self) -> bool {
        matches!(self.0, b'c' | b'b' | b'B')
    }

    fn signed(self) -> bool {
        matches!(self.0, b'b' | b'h' | b'i' | b'l' | b'q' | b'n')
    }
}

/// An item's bytes, the first [`Code::size`] of eight.
pub(super) type Raw = [u8; 8];

fn unsigned(raw: &Raw, size: usize) -> u64 {
    match size {
        1 => u64::from(raw[0]),
        2 => u64::from(u16::from_ne_bytes([raw[0], raw[1]])),
        4 => u64::from(u32::from_ne_bytes([raw[0], raw[1], raw[2], raw[3]])),
        _ => u64::from_ne_bytes(*raw),
    }
}

fn widen(n: u64, size: usize) -> i64 {
    match size {
        1 => i64::from(n as u8 as i8),
        2 => i64::from(n as u16 as i16),
        4 => i64::from(n as u32 as i32),
        _ => n as i64,
    }
}

/// A half-precision float's value.
pub(super) fn half_to_f64(bits: u16) -> f64 {
    let sign = if bits & 0x8000 != 0 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 31);
    let fraction = f64::from(bits & 0x3FF);
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN.copysign(sign),
        e => sign * (1.0 + fraction / 1024.0) * 2f64.powi(e - 15),
    }
}

/// The nearest half-precision float, ties to even; `None` if it is too large.
pub(super) fn f64_to_half(x: f64) -> Option<u16> {
    let sign = if x.is_sign_negative() { 0x8000u16 } else { 0 };
    if x.is_nan() {
        return Some(sign | 0x7E00);
    }
    let a = x.abs();
    if a.is_infinite() {
        return Some(sign | 0x7C00);
    }
    let round = |v: f64| v.round_ties_even();
    if a < 2f64.powi(-14) {
        // Subnormal; a round up to 1024 is the smallest normal number, whose bits follow.
        return Some(sign | round(a * 2f64.powi(24)) as u16);
    }
    let mut exponent = 0;
    while a >= 2f64.powi(exponent + 1) && exponent < 16 {
        exponent += 1;
    }
    while a < 2f64.powi(exponent) {
        exponent -= 1;
    }
    let mut fraction = round((a / 2f64.powi(exponent) - 1.0) * 1024.0) as u16;
    if fraction == 1024 {
        fraction = 0;
        exponent += 1;
    }
    if exponent > 15 {
        return None;
    }
    Some(sign | ((exponent + 15) as u16) << 10 | fraction)
}

/// The object of an item.
pub(super) fn unpack(cx: &mut Ctx, code: Code, raw: &Raw) -> PyResult {
    let bits = unsigned(raw, code.size());
    Ok(match code.0 {
        b'B' => Value::small(i64::from(raw[0])),
        b'c' => return cx.bytes(&raw[..1]),
        b'?' => Value::bool(raw[0] != 0),
        b'd' => cx.float(f64::from_bits(bits)),
        b'f' => cx.float(f64::from(f32::from_bits(bits as u32))),
        b'e' => cx.float(half_to_f64(bits as u16)),
        _ if code.signed() => cx.int(widen(bits, code.size())),
        _ => cx.int_u64(bits),
    })
}

/// An item as a float or an integer, for comparison without objects.
pub(super) fn number(code: Code, raw: &Raw) -> Result<i128, f64> {
    let bits = unsigned(raw, code.size());
    match code.0 {
        b'd' => Err(f64::from_bits(bits)),
        b'f' => Err(f64::from(f32::from_bits(bits as u32))),
        b'e' => Err(half_to_f64(bits as u16)),
        b'?' => Ok(i128::from(raw[0] != 0)),
        _ if code.signed() => Ok(i128::from(widen(bits, code.size()))),
        _ => Ok(i128::from(bits)),
    }
}

#[cold]
fn bad_type(cx: &mut Ctx, code: Code) -> Raised {
    let msg = format!("memoryview: invalid type for format '{}'", char::from(code.0));
    cx.type_error(&msg)
}

#[cold]
fn bad_value(cx: &mut Ctx, code: Code) -> Raised {
    let msg = format!("memoryview: invalid value for format '{}'", char::from(code.0));
    cx.value_error(&msg)
}

/// Turns a TypeError into the one that names the format.
fn retype<T>(cx: &mut Ctx, r: PyResult<T>, code: Code) -> PyResult<T> {
    match r {
        Ok(v) => Ok(v),
        Err(r) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::TypeError) { Err(bad_type(cx, code)) } else { Err(cx.set_raised(e)) }
        }
    }
}

fn pack_float(cx: &mut Ctx, code: Code, v: Value) -> PyResult<Raw> {
    let got = float_of(cx, v);
    let x = retype(cx, got, code)?;
    let mut raw = [0; 8];
    match code.0 {
        b'd' => raw = x.to_ne_bytes(),
        b'f' => raw[..4].copy_from_slice(&(x as f32).to_ne_bytes()),
        _ => match f64_to_half(x) {
            Some(h) => raw[..2].copy_from_slice(&h.to_ne_bytes()),
            None => return Err(bad_value(cx, code)),
        },
    }
    Ok(raw)
}

/// The bytes of an object as an item.
pub(super) fn pack(cx: &mut Ctx, code: Code, v: Value) -> PyResult<Raw> {
    match code.0 {
        b'd' | b'f' | b'e' => return pack_float(cx, code, v),
        b'?' => return Ok([u8::from(is_true(cx, v)?), 0, 0, 0, 0, 0, 0, 0]),
        b'c' => {
            return match BytesObj::of(v).map(|b| b.bytes()) {
                Some([b]) => Ok([*b, 0, 0, 0, 0, 0, 0, 0]),
                Some(_) => Err(bad_value(cx, code)),
                None => Err(bad_type(cx, code)),
            };
        }
        _ => {}
    }
    let got = index(cx, v);
    let i = retype(cx, got, code)?;
    let n: Option<i128> = match IntRef::of(i) {
        Some(IntRef::Small(n)) => Some(i128::from(n)),
        Some(IntRef::Big(b)) => i128::try_from(b).ok(),
        None => None,
    };
    let bits = u32::try_from(code.size() * 8).unwrap_or(64);
    let (low, high) = match code {
        // An address may be given as a negative number, too.
        Code(b'P') => (-(1i128 << 63), (1i128 << 64) - 1),
        c if c.signed() => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        _ => (0, (1i128 << bits) - 1),
    };
    let Some(n) = n.filter(|n| (low..=high).contains(n)) else { return Err(bad_value(cx, code)) };
    let mut raw = [0; 8];
    match code.size() {
        1 => raw[0] = n as u8,
        2 => raw[..2].copy_from_slice(&(n as u16).to_ne_bytes()),
        4 => raw[..4].copy_from_slice(&(n as u32).to_ne_bytes()),
        _ => raw = (n as u64).to_ne_bytes(),
    }
    Ok(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_trip() {
        for bits in 0..=u16::MAX {
            let x = half_to_f64(bits);
            if !x.is_nan() {
                assert_eq!(f64_to_half(x), Some(bits), "{bits:#x}");
            }
        }
        assert_eq!(f64_to_half(65519.99), Some(0x7BFF));
        assert_eq!(f64_to_half(65520.0), None);
        assert_eq!(f64_to_half(5.960464477539063e-08 / 2.0), Some(0));
    }
}
