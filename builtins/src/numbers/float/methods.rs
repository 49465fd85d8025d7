//! The constructor and the methods of `float`, its text and its formatting.

use super::arith::{exact, receiver};
use crate::numbers::common::{
    Separators, bad_literal, bytes_like, float_to_int_error, format_error, format_spec_arg, int_value,
    literal_text, positional, rounded, str_arg, subclass, through_class,
};
use protocore::layouts::{FloatObj, MethodDef, StrObj};
use protocore::{Args, Ctx, PyResult, Ty, Value};
use protopy_num::float::{self, FromHexError, RoundOverflow};
use protopy_num::int::{self, FloatToIntError};
use protopy_text::StrRef;
use protopy_text::format::{Align, FormatSpec, QuickSpec, format_float_spec, quick_float};
use protopy_vm::{GetSetDef, getsets, keep_alive, methods, protocore};

pub(super) static METHODS: &[MethodDef] = methods![
    /// A float of a real number; unlike the class itself it takes no text.
    class "from_number(cls, number, /)" => from_number;
    /// The number itself, since its imaginary part is zero.
    "conjugate(self, /)" => conjugate;
    /// The number without its fraction, as an int.
    "__trunc__(self, /)" => trunc;
    /// The largest int that is not above the number.
    "__floor__(self, /)" => floor;
    /// The smallest int that is not below the number.
    "__ceil__(self, /)" => ceil;
    /// The nearest int, of two equally near ones the even one; with ndigits, the nearest float of so many digits after the point.
    "__round__(self, ndigits=None, /)" => round;
    /// The pair of ints with a positive denominator, in lowest terms, whose ratio is exactly the number.
    ///
    /// >>> (2.75).as_integer_ratio()
    /// (11, 4)
    /// >>> (-0.5).as_integer_ratio()
    /// (-1, 2)
    "as_integer_ratio(self, /)" => as_integer_ratio;
    /// The float that a hexadecimal literal stands for, such as '0x1.8p3' for 12.0.
    ///
    /// >>> float.fromhex('0x1.8p3')
    /// 12.0
    /// >>> float.fromhex('-0x.4')
    /// -0.25
    class "fromhex(cls, string, /)" => fromhex;
    /// The number as a hexadecimal literal, which keeps every bit.
    ///
    /// >>> (12.0).hex()
    /// '0x1.8000000000000p+3'
    /// >>> (-0.25).hex()
    /// '-0x1.0000000000000p-2'
    "hex(self, /)" => hex;
    /// Whether the number has no fraction.
    "is_integer(self, /)" => is_integer;
    /// Arguments for __new__ that make an equal number.
    "__getnewargs__(self, /)" => getnewargs;
    /// How the machine stores floats: for tests.
    class "__getformat__(cls, typestr, /)" => getformat;
    /// The number as text in the format that the specification asks for.
    "__format__(self, format_spec, /)" => format;
];

pub(super) static GETSETS: &[GetSetDef] = getsets![
    /// The number itself.
    "real" => exact;
    /// Zero.
    "imag" => zero;
];

// ---------------------------------------------------------------------------------------------------- construction

/// `float.__new__`
pub fn float_new(cx: &mut Ctx, cls: Value, args: Args<'_>) -> PyResult {
    // A subclass with an `__init__` of its own may be given keyword arguments for that.
    let init = |t: &protocore::TypeObj| t.slots.init.address();
    let for_init = subclass(cx, cls, Ty::Float).is_some_and(|c| init(c) != init(cx.ty(Ty::Float)));
    let args = if for_init { Args::positional(args.pos()) } else { args };
    let x = match positional(cx, "float", args, 1)? {
        [x, ..] => float_from(cx, *x)?,
        [] => cx.float(0.0),
    };
    match subclass(cx, cls, Ty::Float) {
        Some(ty) => {
            let x = receiver(cx, x)?;
            Ok(cx.float_subclass(ty, x))
        }
        None => Ok(x),
    }
}

/// `float(x)`: an exact float of a number, of text or of a bytes-like object.
pub fn float_from(cx: &mut Ctx, x: Value) -> PyResult {
    if x.is_imm_float() || cx.is_exact(x, Ty::Float) {
        return Ok(x);
    }
    if let Some(n) = x.as_small() {
        return Ok(cx.float(n as f64));
    }
    if cx.is_exact(x, Ty::Str)
        && let Some(s) = StrObj::of(x)
    {
        return from_str(cx, s);
    }
    let slots = &cx.type_of(x).slots;
    if let Some(f) = slots.float.get() {
        let r = f(cx, x)?;
        return checked_float(cx, x, r);
    }
    if slots.index.address() != 0 {
        let n = protopy_vm::index(cx, x)?;
        let f = protopy_vm::int_to_f64(cx, n)?;
        return Ok(cx.float(f));
    }
    if FloatObj::of(x).is_some() {
        return exact(cx, x);
    }
    if let Some(s) = StrObj::of(x) {
        return from_str(cx, s);
    }
    if let Some(b) = bytes_like(cx, x)? {
        let parsed = float::parse_float(b.bytes());
        keep_alive(b.value());
        return match parsed {
            Some(f) => Ok(cx.float(f)),
            None => Err(bad_literal(cx, "could not convert string to float: ", x, usize::MAX)),
        };
    }
    let msg = format!(
        "float() argument must be a string or a real number, not '{}'",
        protopy_vm::ops::tp_name(cx, x)
    );
    Err(cx.type_error(&msg))
}

/// What `__float__` answered, as an exact float.
fn checked_float(cx: &mut Ctx, x: Value, r: Value) -> PyResult {
    if r.is_imm_float() || cx.is_exact(r, Ty::Float) {
        return Ok(r);
    }
    let (of, got) = (protopy_vm::ops::tp_name(cx, x), protopy_vm::ops::tp_name(cx, r));
    if FloatObj::of(r).is_none() {
        return Err(cx.type_error(&format!("{of}.__float__ returned non-float (type {got})")));
    }
    let msg = format!(
        "{of}.__float__ returned non-float (type {got}).  The ability to return an instance of a strict subclass of \
         float is deprecated, and may be removed in a future version of Python."
    );
    protopy_vm::warn(cx, Ty::DeprecationWarning, &msg, 1)?;
    exact(cx, r)
}

fn from_str(cx: &mut Ctx, s: &'static StrObj) -> PyResult {
    match float::parse_float(&literal_text(s)) {
        Some(x) => Ok(cx.float(x)),
        None => Err(bad_literal(cx, "could not convert string to float: ", s.value(), usize::MAX)),
    }
}

fn from_number(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = if cx.is_exact(args[1], Ty::Float) {
        args[1]
    } else {
        let x = protopy_vm::float_of(cx, args[1])?;
        cx.float(x)
    };
    through_class(cx, args[0], Ty::Float, x)
}

fn fromhex(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let Some(s) = StrObj::of(args[1]) else {
        return Err(cx.type_error("bad argument type for built-in operation"));
    };
    let parsed = match s.as_ascii() {
        Some(a) => float::from_hex(a.as_bytes()),
        None => Err(FromHexError::Invalid),
    };
    match parsed {
        Ok(x) => {
            let x = cx.float(x);
            through_class(cx, args[0], Ty::Float, x)
        }
        Err(FromHexError::Invalid) => Err(cx.value_error("invalid hexadecimal floating-point string")),
        Err(FromHexError::TooLarge) => {
            Err(cx.raise_str(Ty::OverflowError, "hexadecimal value too large to represent as a float"))
        }
    }
}

// ---------------------------------------------------------------------------------------------------- methods

fn zero(cx: &mut Ctx, _: Value) -> PyResult {
    Ok(cx.float(0.0))
}

fn conjugate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    exact(cx, args[0])
}

fn getnewargs(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = exact(cx, args[0])?;
    cx.tuple_of(None, &[x])
}

fn trunc(cx: &mut Ctx, args: &[Value]) -> PyResult {
    float_int(cx, args[0])
}

/// `int(x)`
pub fn float_int(cx: &mut Ctx, v: Value) -> PyResult {
    let x = receiver(cx, v)?;
    rounded(cx, int::trunc_f64(x))
}

fn floor(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = receiver(cx, args[0])?;
    rounded(cx, int::floor_f64(x))
}

fn ceil(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = receiver(cx, args[0])?;
    rounded(cx, int::ceil_f64(x))
}

fn round(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = receiver(cx, args[0])?;
    if args[1].is_none() {
        return rounded(cx, int::round_f64(x));
    }
    let ndigits = protopy_vm::index_clamped(cx, args[1])?;
    match float::round(x, ndigits) {
        Ok(r) => Ok(cx.float(r)),
        Err(RoundOverflow) => Err(cx.raise_str(Ty::OverflowError, "rounded value too large to represent")),
    }
}

fn is_integer(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = receiver(cx, args[0])?;
    Ok(Value::bool(float::is_integer(x)))
}

fn as_integer_ratio(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = receiver(cx, args[0])?;
    match int::as_integer_ratio(x) {
        Ok((n, d)) => {
            let pair = [int_value(cx, n), int_value(cx, d)];
            cx.tuple_of(None, &pair)
        }
        Err(FloatToIntError::Infinite) => {
            Err(cx.raise_str(Ty::OverflowError, "cannot convert Infinity to integer ratio"))
        }
        Err(FloatToIntError::Nan) => Err(cx.value_error("cannot convert NaN to integer ratio")),
    }
}

fn hex(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let x = receiver(cx, args[0])?;
    Ok(cx.str(&float::to_hex(x)))
}

fn getformat(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = str_arg(cx, "__getformat__() argument", args[1])?;
    if !s.eq_str("double") && !s.eq_str("float") {
        return Err(cx.value_error("__getformat__() argument 1 must be 'double' or 'float'"));
    }
    let order = if cfg!(target_endian = "big") { "IEEE, big-endian" } else { "IEEE, little-endian" };
    Ok(cx.str(order))
}

/// Raises for a float without an integer value, or answers it; for `range`, `chr` and the like.
pub fn integral(cx: &mut Ctx, x: f64) -> PyResult {
    match int::trunc_f64(x) {
        Ok(n) => Ok(int_value(cx, n)),
        Err(e) => Err(float_to_int_error(cx, e)),
    }
}

// ---------------------------------------------------------------------------------------------------- text

/// `repr(x)`
pub fn float_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let x = receiver(cx, v)?;
    let text = repr_text(x);
    cx.str_from(StrRef::Latin1(text.as_bytes()))
}

/// The shortest text that reads back as `x`.
///
/// The quick writer takes the upper of two equally near decimals where Python takes the even one. A tie needs a number
/// of at least 0.1 to be a multiple of 2**-19 that has more digits than a short integral number, so all others go
/// the quick way.
pub fn repr_text(x: f64) -> String {
    let size = x.abs();
    let no_tie =
        if size == size.trunc() { size < 1e15 } else { size >= 0.1 && (size * 524_288.0).fract() != 0.0 };
    if no_tie { float::repr(x) } else { protopy_text::format::float_repr(x) }
}

fn format(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = args[0];
    let text = format_spec_arg(cx, args[1])?;
    if text.is_empty() {
        return if cx.is_exact(this, Ty::Float) { float_repr(cx, this) } else { protopy_vm::str(cx, this) };
    }
    if let (Some(x), StrRef::Latin1(spec)) = (FloatObj::of(this), text)
        && let Some(quick) = QuickSpec::parse(spec).and_then(|s| quick_float(x, s))
    {
        return cx.str_from(StrRef::Latin1(quick.as_bytes()));
    }
    let type_name = cx.type_name(this);
    let spec = match FormatSpec::parse(text, Align::Right, 0, &type_name) {
        Ok(spec) => spec,
        Err(e) => return Err(format_error(cx, e)),
    };
    keep_alive(args[1]);
    let x = receiver(cx, this)?;
    let separators = Separators::of(cx, &spec)?;
    match format_float_spec(&spec, x, &Separators::locale(&separators)) {
        Ok(text) => cx.str_buf(text),
        Err(e) => Err(format_error(cx, e)),
    }
}
