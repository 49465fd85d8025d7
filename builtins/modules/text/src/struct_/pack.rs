//! Packing and unpacking of values by a parsed format.

use super::format::{Field, Format, Kind};
use super::struct_error;
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use protopy_vm::protocore::layouts::{BytesObj, IntRef};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{self as vm, ValueVec};

/// Writes the low bytes of a number.
#[inline]
fn put(out: &mut [u8], big: bool, n: u64) {
    let bytes = n.to_le_bytes();
    let size = out.len().min(8);
    out[..size].copy_from_slice(&bytes[..size]);
    if big {
        out[..size].reverse();
    }
}

/// Reads an unsigned number of up to 8 bytes.
#[inline]
fn get(b: &[u8], big: bool) -> u64 {
    let mut bytes = [0; 8];
    let size = b.len().min(8);
    bytes[..size].copy_from_slice(&b[..size]);
    if big {
        bytes[..size].reverse();
    }
    u64::from_le_bytes(bytes)
}

/// A float as a half of 16 bits, rounded to even; `None` if it is too large.
pub(crate) fn to_half(x: f64) -> Option<u16> {
    let sign = u16::from(x.is_sign_negative()) << 15;
    if x.is_nan() {
        // Quiet, with the top bits of the payload.
        let payload = (x.to_bits() >> 42) as u16 & 0x1ff;
        return Some(sign | 0x7e00 | payload);
    }
    let a = x.abs();
    if a.is_infinite() {
        return Some(sign | 0x7c00);
    }
    // Units of the last place: 2^-24 for subnormals, 2^(e-10) else. Division by a power of two is exact.
    let exp = ((a.to_bits() >> 52) as i32 - 1023).max(-14);
    let units = (a / 2f64.powi(exp - 10)).round_ties_even() as u32;
    if a < 2f64.powi(-14) {
        return Some(sign | units as u16);
    }
    // A carry out of the mantissa raises the exponent by itself.
    let bits = (((exp + 15) as u32) << 10) + (units - 1024);
    if bits >= 0x7c00 { None } else { Some(sign | bits as u16) }
}

/// A half of 16 bits as a float.
pub(crate) fn from_half(h: u16) -> f64 {
    let mantissa = f64::from(h & 0x3ff);
    let a = match (h >> 10) & 0x1f {
        0 => mantissa * 2f64.powi(-24),
        0x1f if h & 0x3ff == 0 => f64::INFINITY,
        0x1f => f64::from_bits(0x7ff0_0000_0000_0000 | u64::from(h & 0x3ff) << 42 | 1 << 51),
        e => (1024.0 + mantissa) * 2f64.powi(i32::from(e) - 25),
    };
    if h & 0x8000 == 0 { a } else { -a }
}

fn too_large(cx: &mut Ctx, code: char) -> Raised {
    let msg = format!("float too large to pack with {code} format");
    cx.raise_str(Ty::OverflowError, &msg)
}

fn put_float(cx: &mut Ctx, out: &mut [u8], big: bool, x: f64) -> PyResult<()> {
    let bits = match out.len() {
        2 => match to_half(x) {
            Some(h) => u64::from(h),
            None => return Err(too_large(cx, 'e')),
        },
        4 => {
            let f = x as f32;
            if f.is_infinite() && x.is_finite() {
                return Err(too_large(cx, 'f'));
            }
            u64::from(f.to_bits())
        }
        _ => x.to_bits(),
    };
    put(out, big, bits);
    Ok(())
}

fn get_float(b: &[u8], big: bool) -> f64 {
    let bits = get(b, big);
    match b.len() {
        2 => from_half(bits as u16),
        4 => f64::from(f32::from_bits(bits as u32)),
        _ => f64::from_bits(bits),
    }
}

#[cold]
fn out_of_range(cx: &mut Ctx, f: &Field) -> Raised {
    let bits = f.size as u32 * 8;
    let (low, high) = match f.kind {
        Kind::Signed => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        _ => (0, (1i128 << bits) - 1),
    };
    struct_error(cx, &format!("'{}' format requires {low} <= number <= {high}", char::from(f.code)))
}

/// The integer to pack: an int or what has `__index__`.
fn integer(cx: &mut Ctx, v: Value) -> PyResult {
    if IntRef::of(v).is_some() {
        return Ok(v);
    }
    if cx.type_of(v).slots.index.address() != 0 {
        return vm::index(cx, v);
    }
    Err(struct_error(cx, "required argument is not an integer"))
}

/// The bits of an integer if it fits.
fn integer_bits(n: IntRef, f: &Field) -> Option<u64> {
    let bits = f.size as u32 * 8;
    match (n, f.kind) {
        (IntRef::Small(n), Kind::Signed) => {
            (bits == 64 || (n >= -(1i64 << (bits - 1)) && n < 1i64 << (bits - 1))).then_some(n as u64)
        }
        (IntRef::Small(n), Kind::Unsigned) => {
            let u = u64::try_from(n).ok()?;
            (bits == 64 || u < 1u64 << bits).then_some(u)
        }
        (IntRef::Small(n), _) => Some(n as u64),
        (IntRef::Big(b), Kind::Signed) => b.to_i64().filter(|_| bits == 64).map(|n| n as u64),
        (IntRef::Big(b), Kind::Unsigned) => b.to_u64().filter(|_| bits == 64),
        (IntRef::Big(b), _) => b.to_u64().or_else(|| b.to_i64().map(|n| n as u64)),
    }
}

fn put_integer(cx: &mut Ctx, out: &mut [u8], f: &Field, big: bool, v: Value) -> PyResult<()> {
    let v = integer(cx, v)?;
    let bits = IntRef::of(v).and_then(|n| integer_bits(n, f));
    vm::keep_alive(v);
    match bits {
        Some(bits) => put(out, big, bits),
        None if f.kind == Kind::Pointer => return Err(struct_error(cx, "int too large to convert")),
        None => return Err(out_of_range(cx, f)),
    }
    Ok(())
}

/// Replaces whatever a conversion raised.
fn or_struct_error<T>(cx: &mut Ctx, r: PyResult<T>, msg: &str) -> PyResult<T> {
    match r {
        Ok(x) => Ok(x),
        Err(e) => {
            cx.take_raised(e);
            Err(struct_error(cx, msg))
        }
    }
}

fn put_bytes(cx: &mut Ctx, out: &mut [u8], f: &Field, v: Value) -> PyResult<()> {
    if !cx.is_instance(v, Ty::Bytes) && !cx.is_instance(v, Ty::ByteArray) {
        let msg = format!("argument for '{}' must be a bytes object", char::from(f.code));
        return Err(struct_error(cx, &msg));
    }
    let b = vm::bytes_like(cx, v)?;
    let out = match (f.kind, out.split_first_mut()) {
        (Kind::Pascal, Some((len, rest))) => {
            *len = u8::try_from(b.len().min(rest.len())).unwrap_or(255);
            rest
        }
        (_, Some(_)) => out,
        (_, None) => return Ok(()),
    };
    let n = b.len().min(out.len());
    out[..n].copy_from_slice(&b[..n]);
    Ok(())
}

fn put_value(cx: &mut Ctx, out: &mut [u8], f: &Field, big: bool, v: Value) -> PyResult<()> {
    match f.kind {
        Kind::Signed | Kind::Unsigned | Kind::Pointer => put_integer(cx, out, f, big, v)?,
        Kind::Bool => out[0] = u8::from(vm::is_true(cx, v)?),
        Kind::Float => {
            let x = vm::float_of(cx, v);
            let x = or_struct_error(cx, x, "required argument is not a float")?;
            put_float(cx, out, big, x)?;
        }
        Kind::Complex => {
            let z = vm::complex_of(cx, v);
            let (re, im) = or_struct_error(cx, z, "required argument is not a complex")?;
            let (first, second) = out.split_at_mut(f.size / 2);
            put_float(cx, first, big, re)?;
            put_float(cx, second, big, im)?;
        }
        Kind::Char => match BytesObj::of(v).map(BytesObj::bytes) {
            Some(&[b]) => out[0] = b,
            _ => return Err(struct_error(cx, "char format requires a bytes object of length 1")),
        },
        Kind::Bytes | Kind::Pascal => put_bytes(cx, out, f, v)?,
    }
    Ok(())
}

/// The packed values, of which there are as many as the format wants.
pub(crate) fn pack(cx: &mut Ctx, f: &Format, values: &[Value]) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    if out.try_reserve_exact(f.size).is_err() {
        return Err(cx.no_memory());
    }
    out.resize(f.size, 0);
    let mut values = values.iter();
    for field in &f.fields {
        for i in 0..field.count {
            let at = field.offset + i * field.size;
            let (Some(place), Some(v)) = (out.get_mut(at..at + field.size), values.next()) else { break };
            put_value(cx, place, field, f.big, *v)?;
        }
    }
    Ok(out)
}

fn get_value(cx: &mut Ctx, b: &[u8], f: &Field, big: bool) -> PyResult {
    Ok(match f.kind {
        Kind::Signed => {
            let shift = 64 - f.size as u32 * 8;
            cx.int((get(b, big) << shift).cast_signed() >> shift)
        }
        Kind::Unsigned | Kind::Pointer => match get(b, big) {
            n if n < 1 << 62 => cx.int(n.cast_signed()),
            n => cx.bigint(BigInt::from(n)),
        },
        Kind::Bool => Value::bool(b.iter().any(|b| *b != 0)),
        Kind::Float => cx.float(get_float(b, big)),
        Kind::Complex => {
            let (re, im) = b.split_at(f.size / 2);
            cx.complex(get_float(re, big), get_float(im, big))
        }
        Kind::Char | Kind::Bytes => cx.bytes(b)?,
        Kind::Pascal => match b.split_first() {
            Some((n, rest)) => cx.bytes(&rest[..rest.len().min(usize::from(*n))])?,
            None => cx.bytes(b)?,
        },
    })
}

/// The values in as many bytes as the format takes, as a tuple.
pub(crate) fn unpack(cx: &mut Ctx, f: &Format, b: &[u8]) -> PyResult {
    const FEW: usize = 8;
    if f.values <= FEW {
        let mut few = [Value::NONE; FEW];
        let mut n = 0;
        unpack_each(cx, f, b, |_, v| {
            few[n] = v;
            n += 1;
            Ok(())
        })?;
        return cx.tuple_of(None, &few[..n]);
    }
    let mut values = ValueVec::new(cx);
    unpack_each(cx, f, b, |cx, v| values.push(cx, v))?;
    values.into_tuple(cx)
}

fn unpack_each(
    cx: &mut Ctx,
    f: &Format,
    b: &[u8],
    mut each: impl FnMut(&mut Ctx, Value) -> PyResult<()>,
) -> PyResult<()> {
    for field in &f.fields {
        for i in 0..field.count {
            let at = field.offset + i * field.size;
            let Some(place) = b.get(at..at + field.size) else { break };
            let v = get_value(cx, place, field, f.big)?;
            each(cx, v)?;
            cx.breathe();
        }
    }
    Ok(())
}
