//! `%` formatting of bytes and bytearray (PEP 461).

use super::common::Kind;
use crate::text::percent::{PercentArgs, float, int, malformed, number_kind, unsupported};
use protopy_text::format::{Amount, Directive, PercentError, PercentParser, Piece};
use protopy_text::repr::escape_non_ascii;
use protopy_text::{StrBuf, StrRef};
use protopy_vm::buffers::{buffer_to_vec, has_buffer};
use protopy_vm::protocore::layouts::{BytesObj, FloatObj, IntRef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{call, full_type_name, index, lookup_special};

fn bad_char(cx: &mut Ctx, what: &str) -> Raised {
    let msg = format!("%c requires an integer in range(256) or a single byte, not {what}");
    cx.type_error(&msg)
}

fn char_arg(cx: &mut Ctx, v: Value) -> PyResult<u8> {
    let bytes = match BytesObj::of(v) {
        Some(b) => Some((b.bytes().len(), b.bytes().first().copied())),
        None => super::storage::ByteArray::of(v).map(|a| (a.len(), super::storage::get(cx, v, 0))),
    };
    if let Some((n, first)) = bytes {
        return match (n, first) {
            (1, Some(b)) => Ok(b),
            _ => {
                let what = format!("a {} object of length {n}", protopy_vm::ops::tp_name(cx, v));
                Err(bad_char(cx, &what))
            }
        };
    }
    if IntRef::of(v).is_none() && cx.type_of(v).slots.index.address() == 0 {
        let what = full_type_name(cx, v);
        return Err(bad_char(cx, &what));
    }
    let i = index(cx, v)?;
    match IntRef::of(i).and_then(IntRef::to_i64).and_then(|n| u8::try_from(n).ok()) {
        Some(b) => Ok(b),
        None => Err(cx.raise_str(Ty::OverflowError, "%c arg not in range(256)")),
    }
}

/// `%b` and `%s`: a buffer, or the answer of `__bytes__`.
fn bytes_arg(cx: &mut Ctx, v: Value) -> PyResult<Vec<u8>> {
    if let Some(b) = BytesObj::of(v) {
        return Ok(b.bytes().to_vec());
    }
    if let Some(m) = lookup_special(cx, v, "__bytes__")? {
        let r = call(cx, m, &[])?;
        return match BytesObj::of(r) {
            Some(b) => Ok(b.bytes().to_vec()),
            None => {
                let msg = format!("__bytes__ returned non-bytes (type {})", protopy_vm::ops::tp_name(cx, r));
                Err(cx.type_error(&msg))
            }
        };
    }
    if has_buffer(cx, v) {
        return buffer_to_vec(cx, v);
    }
    let msg = format!(
        "%b requires a bytes-like object, or an object that implements __bytes__, not '{}'",
        protopy_vm::ops::tp_name(cx, v)
    );
    Err(cx.type_error(&msg))
}

fn push_ascii(out: &mut Vec<u8>, b: &StrBuf) {
    if let StrBuf::Latin1(v) = b {
        out.extend_from_slice(v);
    }
}

/// Appends bytes under a directive: cut to the precision, padded with spaces.
fn push_padded(cx: &mut Ctx, out: &mut Vec<u8>, d: &Directive, b: &[u8], cut: bool) -> PyResult<()> {
    let n = match d.precision {
        Amount::Value(p) if cut => b.len().min(p),
        _ => b.len(),
    };
    let b = b.get(..n).unwrap_or(b);
    let width = match d.width {
        Amount::Value(w) => w,
        _ => 0,
    };
    let space = width.saturating_sub(n);
    if space.checked_add(n).is_none_or(|n| out.try_reserve(n).is_err()) {
        return Err(cx.no_memory());
    }
    let left = if d.left { 0 } else { space };
    out.resize(out.len() + left, b' ');
    out.extend_from_slice(b);
    out.resize(out.len() + (space - left), b' ');
    Ok(())
}

fn float_arg(cx: &mut Ctx, v: Value) -> PyResult<f64> {
    if let Some(x) = FloatObj::of(v) {
        return Ok(x);
    }
    match protopy_vm::float_of(cx, v) {
        Ok(x) => Ok(x),
        Err(r) => {
            let e = cx.take_raised(r);
            if !cx.is_instance(e, Ty::TypeError) {
                return Err(cx.set_raised(e));
            }
            let msg = format!("float argument required, not {}", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn convert(cx: &mut Ctx, out: &mut Vec<u8>, d: &Directive, v: Value) -> PyResult<()> {
    if let Some(is_float) = number_kind(d.conversion) {
        let b = if is_float {
            let x = float_arg(cx, v)?;
            float(cx, d, x)?
        } else {
            int(cx, d, v)?
        };
        push_ascii(out, &b);
        return Ok(());
    }
    match char::from_u32(d.conversion) {
        Some('s' | 'b') => {
            let b = bytes_arg(cx, v)?;
            push_padded(cx, out, d, &b, true)
        }
        Some('r' | 'a') => {
            let r = protopy_vm::repr(cx, v)?;
            let Some(s) = StrObj::of(r) else { return Ok(()) };
            match escape_non_ascii(s.str_ref()) {
                StrBuf::Latin1(b) => push_padded(cx, out, d, &b, true),
                _ => Ok(()),
            }
        }
        Some('c') => {
            let b = char_arg(cx, v)?;
            push_padded(cx, out, d, &[b], false)
        }
        // What is no ASCII cannot even be shown in the message.
        _ if d.conversion >= 0x80 => {
            Err(cx.raise_str(Ty::OverflowError, "character argument not in range(0x110000)"))
        }
        _ => Err(unsupported(cx, d)),
    }
}

/// `format % args`
pub(crate) fn modulo<K: Kind>(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let format = K::read(cx, a)?.to_owned_vec();
    let hold = K::hold(a);
    let text = StrRef::Latin1(&format);
    let plain =
        BytesObj::of(b).is_some() || super::storage::ByteArray::of(b).is_some() || StrObj::of(b).is_some();
    let mut args = PercentArgs::new(cx, b, plain);
    let mut out = Vec::with_capacity(format.len() + 16);
    for piece in PercentParser::new(text) {
        let mut d = match piece {
            Ok(Piece::Literal(from, to)) => {
                out.extend_from_slice(format.get(from..to).unwrap_or(&[]));
                continue;
            }
            Ok(Piece::Percent) => {
                out.push(b'%');
                continue;
            }
            Ok(Piece::Directive(d)) => d,
            Err(PercentError("precision too big")) => return Err(cx.value_error("prec too big")),
            Err(e) => return Err(malformed(cx, e)),
        };
        if let Some((from, to)) = d.key {
            args.check_mapping(cx)?;
            let key = cx.bytes(format.get(from..to).unwrap_or(&[]))?;
            args.take_key(cx, key)?;
        }
        args.stars(cx, &mut d)?;
        let v = args.next(cx)?;
        convert(cx, &mut out, &d, v)?;
    }
    if args.left_over() {
        return Err(cx.type_error("not all arguments converted during bytes formatting"));
    }
    drop(hold);
    K::make(cx, &out)
}
