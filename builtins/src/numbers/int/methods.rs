//! The methods of `int`, its text and its formatting.

use super::arith::{exact, receiver};
use crate::numbers::common::{
    Separators, big, format_error, format_spec_arg, int_too_large, int_value, max_str_digits, str_arg,
    through_class,
};
use num_bigint::{BigInt, Sign};
use protocore::layouts::{BytesObj, IntRef, MethodDef, StrObj};
use protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_num::int::{self, DecimalBuf, Endian, ToBytesError};
use protopy_text::StrRef;
use protopy_text::format::{
    Align, FormatSpec, IntKind, QuickSpec, format_char, format_float_spec, format_int, int_kind, quick_int,
};
use protopy_vm::{GetSetDef, getsets, keep_alive, methods, protocore};

pub(super) static METHODS: &[MethodDef] = methods![
    /// Answers the number itself, since its imaginary part is zero.
    "conjugate(self, /)" => conjugate;
    /// The number of bits that the magnitude takes in binary: 6 for 37, 0 for 0.
    ///
    /// >>> (37).bit_length()
    /// 6
    /// >>> (-8).bit_length()
    /// 4
    "bit_length(self, /)" => bit_length;
    /// The number of ones in the binary form of the magnitude.
    ///
    /// >>> (37).bit_count()
    /// 3
    /// >>> (-8).bit_count()
    /// 1
    "bit_count(self, /)" => bit_count;
    /// The number as a bytes object of the given length.
    ///
    /// The byte order is 'big' (the default) or 'little'. Unless signed is true, negative numbers are refused;
    /// if it is, they are written in two's complement. A number that does not fit raises OverflowError.
    "to_bytes(self, /, length=1, byteorder='big', *, signed=False)" => to_bytes;
    /// The number that bytes stand for; the opposite of to_bytes.
    ///
    /// The argument is a bytes-like object or an iterable of numbers from 0 to 255.
    class "from_bytes(cls, /, bytes, byteorder='big', *, signed=False)" => from_bytes;
    /// The number as a fraction: the pair (n, 1).
    ///
    /// >>> (-7).as_integer_ratio()
    /// (-7, 1)
    "as_integer_ratio(self, /)" => as_integer_ratio;
    /// Always True, as for a float without a fraction.
    "is_integer(self, /)" => is_integer;
    /// The number itself.
    "__trunc__(self, /)" => conjugate;
    /// The number itself.
    "__floor__(self, /)" => conjugate;
    /// The number itself.
    "__ceil__(self, /)" => conjugate;
    /// The number rounded to a power of ten, half to even, if ndigits is negative; otherwise the number itself.
    "__round__(self, ndigits=None, /)" => round;
    /// Arguments for __new__ that make an equal number.
    "__getnewargs__(self, /)" => getnewargs;
    /// The number as text in the format that the specification asks for.
    "__format__(self, format_spec, /)" => format;
    /// The size in memory in bytes, counted as CPython lays integers out.
    "__sizeof__(self, /)" => size_of;
];

pub(super) static GETSETS: &[GetSetDef] = getsets![
    /// The number itself.
    "real" => exact;
    /// Zero.
    "imag" => zero;
    /// The number itself, over a denominator of one.
    "numerator" => exact;
    /// One.
    "denominator" => one;
];

fn zero(_: &mut Ctx, _: Value) -> PyResult {
    Ok(Value::small(0))
}

fn one(_: &mut Ctx, _: Value) -> PyResult {
    Ok(Value::small(1))
}

fn conjugate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    exact(cx, args[0])
}

fn bit_length(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Ok(match receiver!(cx, args[0]) {
        IntRef::Small(n) => Value::small(i64::from(int::bit_length_i64(n))),
        IntRef::Big(b) => cx.int_u64(int::bit_length(b)),
    })
}

fn bit_count(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Ok(match receiver!(cx, args[0]) {
        IntRef::Small(n) => Value::small(i64::from(int::bit_count_i64(n))),
        IntRef::Big(b) => cx.int_u64(int::bit_count(b)),
    })
}

fn as_integer_ratio(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let n = exact(cx, args[0])?;
    cx.tuple_of(None, &[n, Value::small(1)])
}

fn is_integer(_: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(Value::TRUE)
}

fn getnewargs(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let n = exact(cx, args[0])?;
    cx.tuple_of(None, &[n])
}

fn size_of(cx: &mut Ctx, args: &[Value]) -> PyResult {
    // The fixed part, and digits of 30 bits, at least one of them, in 4 bytes each.
    let bits = match receiver!(cx, args[0]) {
        IntRef::Small(n) => u64::from(int::bit_length_i64(n)),
        IntRef::Big(b) => b.bits(),
    };
    let fixed = u64::from(cx.type_of(args[0]).basic_size);
    Ok(cx.int_u64(fixed + 4 * bits.div_ceil(30).max(1)))
}

fn round(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let (this, ndigits) = (args[0], args[1]);
    if ndigits.is_none() {
        return exact(cx, this);
    }
    let digits = protopy_vm::index_clamped(cx, ndigits)?;
    if digits >= 0 {
        return exact(cx, this);
    }
    let r = int::round_to_power_of_ten(&big(receiver!(cx, this)), digits.unsigned_abs());
    Ok(cx.bigint(r))
}

// ---------------------------------------------------------------------------------------------------- bytes

/// The argument `byteorder`; unbound means the default.
fn byte_order(cx: &mut Ctx, fname: &str, v: Value) -> PyResult<Option<Endian>> {
    let Some(v) = v.bound() else { return Ok(Some(Endian::Big)) };
    let s = str_arg(cx, &format!("{fname}() argument 'byteorder'"), v)?;
    Ok(if s.eq_str("big") {
        Some(Endian::Big)
    } else if s.eq_str("little") {
        Some(Endian::Little)
    } else {
        None
    })
}

#[cold]
fn bad_order(cx: &mut Ctx) -> Raised {
    cx.value_error("byteorder must be either 'little' or 'big'")
}

fn to_bytes(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let length = protopy_vm::index(cx, args[1])?;
    let Some(length) = IntRef::of(length).and_then(IntRef::to_i64) else {
        return Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t"));
    };
    let order = byte_order(cx, "to_bytes", args[2])?;
    let signed = protopy_vm::is_true(cx, args[3])?;
    let Some(order) = order else { return Err(bad_order(cx)) };
    let Ok(length) = usize::try_from(length) else {
        return Err(cx.value_error("length argument must be non-negative"));
    };
    // A bytes object has a header of 32 bytes and a terminator in CPython.
    if length > isize::MAX as usize - 33 {
        return Err(cx.raise_str(Ty::OverflowError, "byte string is too large"));
    }
    let made = match receiver!(cx, args[0]) {
        IntRef::Small(n) => int::to_bytes_i64(n, length, order, signed),
        IntRef::Big(b) => int::to_bytes(b, length, order, signed),
    };
    match made {
        Ok(bytes) => cx.bytes(&bytes),
        Err(ToBytesError::Negative) => {
            Err(cx.raise_str(Ty::OverflowError, "can't convert negative int to unsigned"))
        }
        Err(ToBytesError::TooBig) => Err(cx.raise_str(Ty::OverflowError, "int too big to convert")),
        Err(ToBytesError::OutOfMemory) => Err(cx.no_memory()),
    }
}

fn from_bytes(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let order = byte_order(cx, "from_bytes", args[2])?;
    let signed = protopy_vm::is_true(cx, args[3])?;
    let Some(order) = order else { return Err(bad_order(cx)) };
    let bytes = content_bytes(cx, args[1])?;
    let n = match BytesObj::of(bytes) {
        Some(b) => int::from_bytes(b.bytes(), order, signed),
        None => return Err(cannot_convert(cx, args[1])),
    };
    keep_alive(bytes);
    let n = int_value(cx, n);
    through_class(cx, args[0], Ty::Int, n)
}

#[cold]
fn cannot_convert(cx: &mut Ctx, v: Value) -> Raised {
    let msg = format!("cannot convert '{}' object to bytes", protopy_vm::ops::tp_name(cx, v));
    cx.type_error(&msg)
}

/// `bytes(v)` for what has bytes as its content: neither text nor a length.
fn content_bytes(cx: &mut Ctx, v: Value) -> PyResult {
    if cx.is_exact(v, Ty::Bytes) {
        return Ok(v);
    }
    let own = protopy_vm::lookup_special(cx, v, "__bytes__")?.is_some();
    let buffer = cx.type_of(v).slots.buffer.address() != 0;
    let number = cx.type_of(v).slots.index.address() != 0;
    let iterable = !number && StrObj::of(v).is_none() && protopy_vm::is_iterable(cx, v);
    if !(own || buffer || iterable) {
        return Err(cannot_convert(cx, v));
    }
    let bytes = cx.ty(Ty::Bytes).value();
    protopy_vm::call(cx, bytes, &[v])
}

// ---------------------------------------------------------------------------------------------------- text

#[cold]
fn too_many_digits(cx: &mut Ctx) -> Raised {
    let msg = format!(
        "Exceeds the limit ({} digits) for integer string conversion; use sys.set_int_max_str_digits() to \
         increase the limit",
        max_str_digits(cx)
    );
    cx.value_error(&msg)
}

/// `repr(n)`
pub fn int_repr(cx: &mut Ctx, v: Value) -> PyResult {
    match receiver!(cx, v) {
        IntRef::Small(n) => {
            let mut buf = DecimalBuf::new();
            Ok(cx.str(int::format_i64(n, &mut buf)))
        }
        IntRef::Big(b) => {
            let text = decimal(cx, b)?;
            keep_alive(v);
            cx.str_from(StrRef::Latin1(text.as_bytes()))
        }
    }
}

/// The decimal text of a big integer, within the limit.
pub fn decimal(cx: &mut Ctx, n: &BigInt) -> PyResult<String> {
    match int::format_decimal(n, max_str_digits(cx)) {
        Ok(text) => Ok(text),
        Err(int::TooManyDigits) => Err(too_many_digits(cx)),
    }
}

fn format(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = args[0];
    let text = format_spec_arg(cx, args[1])?;
    if text.is_empty() {
        return if this.is_small() || cx.is_exact(this, Ty::Int) {
            int_repr(cx, this)
        } else {
            protopy_vm::str(cx, this)
        };
    }
    if let (Some(n), StrRef::Latin1(spec)) = (this.as_small(), text)
        && let Some(quick) = QuickSpec::parse(spec).and_then(|s| quick_int(n, s))
    {
        return cx.str_from(StrRef::Latin1(quick.as_bytes()));
    }
    let type_name = cx.type_name(this);
    let spec = match FormatSpec::parse(text, Align::Right, b'd', &type_name) {
        Ok(spec) => spec,
        Err(e) => return Err(format_error(cx, e)),
    };
    keep_alive(args[1]);
    format_with(cx, this, &spec)
}

/// The number under a parsed specification.
pub fn format_with(cx: &mut Ctx, this: Value, spec: &FormatSpec) -> PyResult {
    let n = receiver!(cx, this);
    let formatted = match int_kind(spec) {
        Ok(IntKind::Digits(base)) => {
            let digits = magnitude_digits(cx, n, base)?;
            let separators = Separators::of(cx, spec)?;
            format_int(spec, n.signum() < 0, &digits, &Separators::locale(&separators))
        }
        Ok(IntKind::Char) => {
            let Some(c) = n.to_i64() else {
                return Err(match format_char(spec, 0) {
                    Ok(_) => cx.raise_str(Ty::OverflowError, "Python int too large to convert to C long"),
                    Err(e) => format_error(cx, e),
                });
            };
            match u32::try_from(c) {
                Ok(c) if c < 0x11_0000 => format_char(spec, c),
                // What else is wrong with the specification comes first.
                _ => match format_char(spec, 0) {
                    Ok(_) => return Err(cx.raise_str(Ty::OverflowError, "%c arg not in range(0x110000)")),
                    Err(e) => Err(e),
                },
            }
        }
        Ok(IntKind::Float) => {
            let x = match n {
                IntRef::Small(n) => n as f64,
                IntRef::Big(b) => match int::to_f64(b) {
                    Some(x) => x,
                    None => return Err(int_too_large(cx)),
                },
            };
            let separators = Separators::of(cx, spec)?;
            format_float_spec(spec, x, &Separators::locale(&separators))
        }
        Err(e) => Err(e),
    };
    keep_alive(this);
    match formatted {
        Ok(text) => cx.str_buf(text),
        Err(e) => Err(format_error(cx, e)),
    }
}

/// The digits of the magnitude in lower case, without prefix.
fn magnitude_digits(cx: &mut Ctx, n: IntRef, base: u32) -> PyResult<String> {
    let text = match n {
        IntRef::Small(n) if base == 10 => int::format_i64(n, &mut DecimalBuf::new()).to_owned(),
        IntRef::Small(n) => int::format_radix_i64(n, base, false),
        IntRef::Big(b) if base == 10 => decimal(cx, b)?,
        IntRef::Big(b) => int::format_radix(b, base, false),
    };
    Ok(match text.strip_prefix('-') {
        Some(magnitude) => magnitude.to_owned(),
        None => text,
    })
}

/// The text of an integer in base 2, 8 or 16 with its prefix: `bin`, `oct`, `hex`.
pub fn radix_text(n: IntRef, base: u32) -> String {
    match n {
        IntRef::Small(n) => int::format_radix_i64(n, base, true),
        IntRef::Big(b) => int::format_radix(b, base, true),
    }
}

/// Whether a number is negative; for callers that lay digits out themselves.
pub fn is_negative(n: IntRef) -> bool {
    match n {
        IntRef::Small(n) => n < 0,
        IntRef::Big(b) => b.sign() == Sign::Minus,
    }
}
