//! What the number types share: constructor arguments, text of literals, formatting, and conversion of results.

use num_bigint::{BigInt, Sign};
use protocore::layouts::{BytesObj, FloatObj, IntRef, ListObj, StrObj};
use protocore::{Args, Ctx, PyResult, Raised, Ty, TypeObj, Value};
use protopy_num::Int;
use protopy_num::int::{FloatToIntError, SizeError};
use protopy_text::StrRef;
use protopy_text::format::{C_LOCALE, FormatError, FormatSpec, NumberLocale};
use protopy_text::unicode::to_decimal;
use protopy_vm::keep_alive;
use protopy_vm::protocore;
pub use protopy_vm::{big, int_value};
use std::borrow::Cow;
use std::sync::atomic::Ordering;

// ---------------------------------------------------------------------------------------------------- arguments

/// The arguments of a constructor that takes up to `max` positional ones and no keywords.
pub fn positional<'a>(cx: &mut Ctx, name: &str, args: Args<'a>, max: usize) -> PyResult<&'a [Value]> {
    let given = args.pos();
    if args.nkw() > 0 {
        return Err(cx.type_error(&format!("{name}() takes no keyword arguments")));
    }
    if given.len() > max {
        let s = if max == 1 { "" } else { "s" };
        let msg = format!("{name} expected at most {max} argument{s}, got {}", given.len());
        return Err(cx.type_error(&msg));
    }
    Ok(given)
}

/// The arguments of a constructor with the parameters `names`, of which those that are empty cannot be given by name.
pub fn named<const N: usize>(
    cx: &mut Ctx,
    fname: &str,
    names: [&str; N],
    args: Args<'_>,
) -> PyResult<[Option<Value>; N]> {
    let mut out = [None; N];
    let total = args.all().len();
    if total > N {
        let msg = format!("{fname}() takes at most {N} arguments ({total} given)");
        return Err(cx.type_error(&msg));
    }
    let given = args.pos();
    for (to, from) in out.iter_mut().zip(given) {
        *to = Some(*from);
    }
    for (n, v) in args.kw() {
        let text = StrObj::of(n).map_or_else(String::new, StrObj::to_string_lossy);
        let Some(i) = names.iter().position(|p| !p.is_empty() && *p == text) else {
            return Err(cx.type_error(&format!("{fname}() got an unexpected keyword argument '{text}'")));
        };
        match out.get_mut(i) {
            Some(slot @ None) => *slot = Some(v),
            _ => {
                let msg = format!("argument for {fname}() given by name ('{text}') and position ({})", i + 1);
                return Err(cx.type_error(&msg));
            }
        }
    }
    Ok(out)
}

/// The class that `__new__` was called with, if it is another one than the known type.
#[inline]
pub fn subclass(cx: &Ctx, cls: Value, t: Ty) -> Option<&'static TypeObj> {
    TypeObj::of(cls).filter(|c| !std::ptr::eq(*c, cx.ty(t)))
}

/// The result of an alternative constructor: `value` itself for the known type, else what the subclass makes of it.
pub fn through_class(cx: &mut Ctx, cls: Value, t: Ty, value: Value) -> PyResult {
    match subclass(cx, cls, t) {
        Some(c) => protopy_vm::call(cx, c.value(), &[value]),
        None => Ok(value),
    }
}

/// Raises the TypeError of a method called on something else than its type's instances.
#[cold]
pub fn bad_receiver(cx: &mut Ctx, t: Ty, v: Value) -> Raised {
    let msg = format!(
        "descriptor requires a '{}' object but received a '{}'",
        t.name(),
        protopy_vm::ops::tp_name(cx, v)
    );
    cx.type_error(&msg)
}

// ---------------------------------------------------------------------------------------------------- integers

/// `sys.get_int_max_str_digits()`; 0 is no limit.
pub fn max_str_digits(cx: &Ctx) -> usize {
    usize::try_from(cx.space().int_max_str_digits.load(Ordering::Relaxed)).unwrap_or(0)
}

/// Raises the error of a power or shift that is too large.
#[cold]
pub fn size_error(cx: &mut Ctx, e: SizeError) -> Raised {
    match e {
        SizeError::TooManyDigits => cx.raise_str(Ty::OverflowError, "too many digits in integer"),
        SizeError::OutOfMemory => cx.no_memory(),
    }
}

/// Raises ZeroDivisionError.
#[cold]
pub fn division_by_zero(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::ZeroDivisionError, "division by zero")
}

/// Raises the error of a float that is no integer.
#[cold]
pub fn float_to_int_error(cx: &mut Ctx, e: FloatToIntError) -> Raised {
    match e {
        FloatToIntError::Infinite => {
            cx.raise_str(Ty::OverflowError, "cannot convert float infinity to integer")
        }
        FloatToIntError::Nan => cx.value_error("cannot convert float NaN to integer"),
    }
}

/// A rounded float as an int object.
#[inline]
pub fn rounded(cx: &mut Ctx, r: Result<Int, FloatToIntError>) -> PyResult {
    match r {
        Ok(n) => Ok(int_value(cx, n)),
        Err(e) => Err(float_to_int_error(cx, e)),
    }
}

// ---------------------------------------------------------------------------------------------------- literals

/// The text of a numeric literal in ASCII, without a copy if it is that already.
pub fn literal_text(s: &StrObj) -> Cow<'static, [u8]> {
    match s.as_ascii() {
        Some(a) => Cow::Borrowed(a.as_bytes()),
        None => {
            Cow::Owned(protopy_num::int::ascii_number(s.str_ref().chars(), |c| to_decimal(c).map(u32::from)))
        }
    }
}

/// The bytes object with the content of a bytes-like object; `None` if the object is none.
pub fn bytes_like(cx: &mut Ctx, v: Value) -> PyResult<Option<&'static BytesObj>> {
    if let Some(b) = BytesObj::of(v) {
        return Ok(Some(b));
    }
    if cx.type_of(v).slots.buffer.address() == 0 {
        return Ok(None);
    }
    let bytes = cx.ty(Ty::Bytes).value();
    let made = protopy_vm::call(cx, bytes, &[v])?;
    Ok(BytesObj::of(made))
}

/// Raises ValueError with a message that ends in a value's repr, cut to `limit` characters.
#[cold]
pub fn bad_literal(cx: &mut Ctx, start: &str, v: Value, limit: usize) -> Raised {
    let shown = match protopy_vm::repr(cx, v) {
        Ok(r) => r,
        Err(r) => return r,
    };
    let mut msg = protopy_text::StrBuf::from(start);
    if let Some(s) = StrObj::of(shown) {
        msg.push_ref(s.str_ref().slice(0, limit.min(s.len())));
    }
    keep_alive(shown);
    match cx.str_buf(msg) {
        Ok(m) => cx.raise(Ty::ValueError, m),
        Err(r) => r,
    }
}

// ---------------------------------------------------------------------------------------------------- formatting

/// Raises what a format specification did wrong.
#[cold]
pub fn format_error(cx: &mut Ctx, e: FormatError) -> Raised {
    match e {
        FormatError::Value(text) => match cx.str_buf(text) {
            Ok(m) => cx.raise(Ty::ValueError, m),
            Err(r) => r,
        },
        FormatError::Memory => cx.no_memory(),
    }
}

/// The format specification that `__format__` was given; TypeError if it is no str.
pub fn format_spec_arg(cx: &mut Ctx, v: Value) -> PyResult<StrRef<'static>> {
    str_arg(cx, "__format__() argument", v).map(StrObj::str_ref)
}

/// An argument that has to be a str; `what` names it in the TypeError.
pub fn str_arg(cx: &mut Ctx, what: &str, v: Value) -> PyResult<&'static StrObj> {
    match StrObj::of(v) {
        Some(s) => Ok(s),
        None => {
            let shown = if v.is_none() { "None".to_owned() } else { protopy_vm::ops::tp_name(cx, v) };
            let msg = format!("{what} must be str, not {shown}");
            Err(cx.type_error(&msg))
        }
    }
}

/// Separators of the current locale.
pub struct Separators {
    point: Value,
    thousands: Value,
    grouping: Vec<u8>,
}

impl Separators {
    /// The separators for the presentation type `n`; `None`, which means those of the C locale, for all others.
    pub fn of(cx: &mut Ctx, spec: &FormatSpec) -> PyResult<Option<Separators>> {
        if spec.kind != Some(u32::from(b'n')) {
            return Ok(None);
        }
        let conv =
            protopy_vm::import_attr(cx, "_locale", "localeconv").and_then(|f| protopy_vm::call(cx, f, &[]));
        let Some(conv) = protopy_vm::catch(cx, conv, Ty::ImportError)? else { return Ok(None) };
        let mut field = |name: &str| -> PyResult {
            let key = cx.intern_str(name);
            protopy_vm::get_item(cx, conv, key)
        };
        let (point, thousands) = (field("decimal_point")?, field("thousands_sep")?);
        let grouping = match ListObj::of(field("grouping")?) {
            Some(l) => l.snapshot().into_iter().filter_map(|v| u8::try_from(v.as_small()?).ok()).collect(),
            None => Vec::new(),
        };
        Ok(Some(Separators { point, thousands, grouping }))
    }

    /// As the formatter wants them.
    pub fn locale(this: &Option<Separators>) -> NumberLocale<'_> {
        let Some(s) = this else { return C_LOCALE };
        let text = |v, default| StrObj::of(v).map_or(default, StrObj::str_ref);
        NumberLocale {
            decimal_point: text(s.point, C_LOCALE.decimal_point),
            thousands_sep: text(s.thousands, C_LOCALE.thousands_sep),
            grouping: &s.grouping,
        }
    }
}

// ---------------------------------------------------------------------------------------------------- operands

/// An operand of mixed arithmetic as a float; `None` for what is neither float nor int, OverflowError for a large int.
#[inline]
pub fn real_operand(cx: &mut Ctx, v: Value) -> PyResult<Option<f64>> {
    if let Some(x) = FloatObj::of(v) {
        return Ok(Some(x));
    }
    match IntRef::of(v) {
        Some(IntRef::Small(n)) => Ok(Some(n as f64)),
        Some(IntRef::Big(b)) => match protopy_num::int::to_f64(b) {
            Some(x) => Ok(Some(x)),
            None => Err(int_too_large(cx)),
        },
        None => Ok(None),
    }
}

/// Raises the OverflowError of an int that no float holds.
#[cold]
pub fn int_too_large(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::OverflowError, "int too large to convert to float")
}

/// Whether an integer equals a float, exactly.
pub fn int_equals_float(n: IntRef, x: f64) -> bool {
    compare_int_float(n, x) == Some(std::cmp::Ordering::Equal)
}

/// An integer against a float, exactly; `None` for NaN.
#[inline]
pub fn compare_int_float(n: IntRef, x: f64) -> Option<std::cmp::Ordering> {
    match n {
        IntRef::Small(n) => protopy_num::int::cmp_i64_f64(n, x),
        IntRef::Big(b) => protopy_num::int::cmp_f64(b, x),
    }
}

/// Two integers compared.
#[inline]
pub fn compare_ints(a: IntRef, b: IntRef) -> std::cmp::Ordering {
    use std::cmp::Ordering::{Greater, Less};
    let beyond = |b: &BigInt| if b.sign() == Sign::Minus { Less } else { Greater };
    match (a, b) {
        (IntRef::Small(x), IntRef::Small(y)) => x.cmp(&y),
        (IntRef::Big(x), IntRef::Big(y)) => x.cmp(y),
        (IntRef::Big(x), IntRef::Small(y)) => match IntRef::Big(x).to_i64() {
            Some(x) => x.cmp(&y),
            None => beyond(x),
        },
        (IntRef::Small(x), IntRef::Big(y)) => match IntRef::Big(y).to_i64() {
            Some(y) => x.cmp(&y),
            None => beyond(y).reverse(),
        },
    }
}
