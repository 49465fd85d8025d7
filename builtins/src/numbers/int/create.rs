//! `int(x)` and `int(text, base)`.

use super::arith::exact;
use crate::numbers::common::{
    bad_literal, bytes_like, int_value, literal_text, max_str_digits, named, subclass,
};
use protocore::layouts::{BytesObj, FloatObj, IntRef, StrObj};
use protocore::{Args, Ctx, PyResult, Raised, Ty, Value};
use protopy_num::int::{ParseIntError, parse_int_ascii};
use protopy_vm::{keep_alive, protocore};

/// `int.__new__`
pub fn int_new(cx: &mut Ctx, cls: Value, args: Args<'_>) -> PyResult {
    let (x, base) = match (args.pos(), args.nkw()) {
        ([x], 0) => (Some(*x), None),
        (all, 0) if all.len() > 2 => {
            let n = all.len();
            let msg = if cls.is(cx.ty(Ty::Int).value()) {
                format!("int expected at most 2 arguments, got {n}")
            } else {
                format!("int() takes at most 2 arguments ({n} given)")
            };
            return Err(cx.type_error(&msg));
        }
        _ => {
            let [x, base] = named(cx, "int", ["", "base"], args)?;
            (x, base)
        }
    };
    let n = match (x, base) {
        (Some(x), None) => int_from(cx, x)?,
        (Some(x), Some(base)) => int_with_base(cx, x, base)?,
        (None, None) => Value::small(0),
        (None, Some(_)) => return Err(cx.type_error("int() missing string argument")),
    };
    match (subclass(cx, cls, Ty::Int), IntRef::of(n)) {
        (Some(ty), Some(r)) => {
            let made = cx.int_subclass(ty, r);
            keep_alive(n);
            Ok(made)
        }
        _ => Ok(n),
    }
}

/// `int(x)`: an exact int of a number, of text or of a bytes-like object.
pub fn int_from(cx: &mut Ctx, x: Value) -> PyResult {
    if x.is_small() || cx.is_exact(x, Ty::Int) {
        return Ok(x);
    }
    if cx.is_exact(x, Ty::Float)
        && let Some(f) = FloatObj::of(x)
    {
        return crate::numbers::common::rounded(cx, protopy_num::int::trunc_f64(f));
    }
    if cx.is_exact(x, Ty::Str)
        && let Some(s) = StrObj::of(x)
    {
        return from_str(cx, s, 10);
    }
    let slots = &cx.type_of(x).slots;
    if let Some(f) = slots.int.get() {
        let r = f(cx, x)?;
        return checked_int(cx, r);
    }
    if slots.index.address() != 0 {
        return protopy_vm::index(cx, x);
    }
    if let Some(s) = StrObj::of(x) {
        return from_str(cx, s, 10);
    }
    if let Some(b) = bytes_like(cx, x)? {
        return from_bytes(cx, b, 10);
    }
    let msg = format!(
        "int() argument must be a string, a bytes-like object or a real number, not '{}'",
        protopy_vm::ops::tp_name(cx, x)
    );
    Err(cx.type_error(&msg))
}

/// What `__int__` answered, as an exact int.
fn checked_int(cx: &mut Ctx, r: Value) -> PyResult {
    if r.is_small() || cx.is_exact(r, Ty::Int) {
        return Ok(r);
    }
    if IntRef::of(r).is_none() {
        let msg = format!("__int__ returned non-int (type {})", protopy_vm::ops::tp_name(cx, r));
        return Err(cx.type_error(&msg));
    }
    let msg = format!(
        "__int__ returned non-int (type {}).  The ability to return an instance of a strict subclass of int is \
         deprecated, and may be removed in a future version of Python.",
        protopy_vm::ops::tp_name(cx, r)
    );
    protopy_vm::warn(cx, Ty::DeprecationWarning, &msg, 1)?;
    exact(cx, r)
}

fn int_with_base(cx: &mut Ctx, x: Value, base: Value) -> PyResult {
    let base = protopy_vm::index_clamped(cx, base)?;
    let base = match u32::try_from(base) {
        Ok(b) if b == 0 || (2..=36).contains(&b) => b,
        _ => return Err(cx.value_error("int() base must be >= 2 and <= 36, or 0")),
    };
    if let Some(s) = StrObj::of(x) {
        return from_str(cx, s, base);
    }
    let bytes = BytesObj::of(x).is_some() || cx.is_instance(x, Ty::ByteArray);
    match if bytes { bytes_like(cx, x)? } else { None } {
        Some(b) => from_bytes(cx, b, base),
        None => Err(cx.type_error("int() can't convert non-string with explicit base")),
    }
}

/// `int(text, base)`
pub fn from_str(cx: &mut Ctx, s: &'static StrObj, base: u32) -> PyResult {
    let limit = max_str_digits(cx);
    let parsed = parse_int_ascii(&literal_text(s), base, limit);
    match parsed {
        Ok(n) => Ok(int_value(cx, n)),
        Err(e) => Err(parse_error(cx, e, s.value(), base)),
    }
}

fn from_bytes(cx: &mut Ctx, b: &'static BytesObj, base: u32) -> PyResult {
    let limit = max_str_digits(cx);
    match parse_int_ascii(b.bytes(), base, limit) {
        Ok(n) => Ok(int_value(cx, n)),
        Err(e) => Err(parse_error(cx, e, b.value(), base)),
    }
}

#[cold]
fn parse_error(cx: &mut Ctx, e: ParseIntError, text: Value, base: u32) -> Raised {
    match e {
        ParseIntError::Invalid => {
            let start = format!("invalid literal for int() with base {base}: ");
            bad_literal(cx, &start, text, 200)
        }
        ParseIntError::TooManyDigits { digits } => {
            let msg = format!(
                "Exceeds the limit ({} digits) for integer string conversion: value has {digits} digits; use \
                 sys.set_int_max_str_digits() to increase the limit",
                max_str_digits(cx)
            );
            cx.value_error(&msg)
        }
    }
}
