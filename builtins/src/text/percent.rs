//! `%` formatting of `str`, and what `bytes` shares of it: the arguments, and the conversions of numbers.

use super::object::exact;
use num_bigint::{BigInt, Sign};
use protopy_num::int::{format_decimal, format_radix};
use protopy_text::format::{
    Amount, Directive, FormatError, PercentError, PercentParser, Piece, QuickSpec, percent_float,
    percent_int, percent_str, quick_float, quick_int,
};
use protopy_text::repr::escape_non_ascii;
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::layouts::{FloatObj, IntRef, StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{call, full_type_name, get_item, index};
use std::sync::atomic::Ordering;

/// What `%` formats: a tuple's items one after the other, or one value; and the mapping that keys look up.
pub(crate) struct PercentArgs {
    items: &'static [Value],
    single: [Value; 1],
    is_tuple: bool,
    at: usize,
    mapping: Option<Value>,
}

impl PercentArgs {
    /// The right operand's arguments. `text` tells values that can be indexed but count as plain ones.
    pub(crate) fn new(cx: &Ctx, v: Value, text: bool) -> PercentArgs {
        let tuple = TupleObj::of(v);
        let mapping = tuple.is_none() && !text && cx.type_of(v).slots.getitem.address() != 0;
        PercentArgs {
            items: tuple.map_or(&[], |t| t.items()),
            single: [v],
            is_tuple: tuple.is_some(),
            at: 0,
            mapping: mapping.then_some(v),
        }
    }

    /// The next argument; TypeError.
    pub(crate) fn next(&mut self, cx: &mut Ctx) -> PyResult {
        let all = if self.is_tuple { self.items } else { &self.single[..] };
        match all.get(self.at) {
            Some(v) => {
                self.at += 1;
                Ok(*v)
            }
            None => Err(cx.type_error("not enough arguments for format string")),
        }
    }

    /// Makes the value of a key the only argument.
    pub(crate) fn take_key(&mut self, cx: &mut Ctx, key: Value) -> PyResult<()> {
        let Some(m) = self.mapping else { return Err(cx.type_error("format requires a mapping")) };
        self.single = [get_item(cx, m, key)?];
        self.is_tuple = false;
        self.at = 0;
        Ok(())
    }

    /// Whether a key may be looked up; TypeError.
    pub(crate) fn check_mapping(&self, cx: &mut Ctx) -> PyResult<()> {
        if self.mapping.is_some() { Ok(()) } else { Err(cx.type_error("format requires a mapping")) }
    }

    /// Whether arguments are left over.
    pub(crate) fn left_over(&self) -> bool {
        let n = if self.is_tuple { self.items.len() } else { 1 };
        self.mapping.is_none() && self.at < n
    }

    /// Replaces the stars of a directive by arguments.
    pub(crate) fn stars(&mut self, cx: &mut Ctx, d: &mut Directive) -> PyResult<()> {
        if d.width == Amount::Star {
            let n = self.star(cx, isize::MIN as i64, isize::MAX as i64, "ssize_t")?;
            if n == isize::MIN as i64 {
                return Err(cx.raise_str(Ty::OverflowError, "width too big"));
            }
            d.left |= n < 0;
            d.width = Amount::Value(usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX));
        }
        if d.precision == Amount::Star {
            let n = self.star(cx, i64::from(i32::MIN), i64::from(i32::MAX), "int")?;
            d.precision = Amount::Value(usize::try_from(n).unwrap_or(0));
        }
        Ok(())
    }

    fn star(&mut self, cx: &mut Ctx, low: i64, high: i64, c_type: &str) -> PyResult<i64> {
        let v = self.next(cx)?;
        let Some(n) = IntRef::of(v) else { return Err(cx.type_error("* wants int")) };
        match n.to_i64().filter(|n| (low..=high).contains(n)) {
            Some(n) => Ok(n),
            None => {
                let msg = format!("Python int too large to convert to C {c_type}");
                Err(cx.raise_str(Ty::OverflowError, &msg))
            }
        }
    }
}

/// Raises ValueError for a malformed format.
#[cold]
pub(crate) fn malformed(cx: &mut Ctx, e: PercentError) -> Raised {
    cx.value_error(e.0)
}

/// Raises "unsupported format character".
#[cold]
pub(crate) fn unsupported(cx: &mut Ctx, d: &Directive) -> Raised {
    let c = d.conversion;
    let shown = char::from_u32(c).filter(|_| (31..=126).contains(&c)).unwrap_or('?');
    let msg = format!("unsupported format character '{shown}' (0x{c:x}) at index {}", d.index);
    cx.value_error(&msg)
}

/// Whether a conversion is one of numbers, and whether of floats.
pub(crate) fn number_kind(c: u32) -> Option<bool> {
    match char::from_u32(c)? {
        'd' | 'i' | 'u' | 'o' | 'x' | 'X' => Some(false),
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => Some(true),
        _ => None,
    }
}

/// `%e`, `%f`, `%g` of a float.
pub(crate) fn float(cx: &mut Ctx, d: &Directive, x: f64) -> PyResult<StrBuf> {
    match percent_float(d, x) {
        Ok(b) => Ok(b),
        Err(e) => Err(super::format::format_error(cx, e)),
    }
}

fn is_number(cx: &Ctx, v: Value) -> bool {
    let s = &cx.type_of(v).slots;
    s.index.address() != 0
        || s.int.address() != 0
        || s.float.address() != 0
        || FloatObj::of(v).is_some()
        || cx.is_instance(v, Ty::Complex)
}

/// `%d`, `%x` and their like: the argument as an int, or the TypeError that names the conversion.
fn int_arg(cx: &mut Ctx, d: &Directive, v: Value) -> PyResult {
    if IntRef::of(v).is_some() {
        return Ok(v);
    }
    let c = char::from_u32(d.conversion).unwrap_or('d');
    let based = matches!(c, 'x' | 'X' | 'o');
    if is_number(cx, v) {
        let got = if based {
            index(cx, v)
        } else {
            let int = cx.ty(Ty::Int).value();
            call(cx, int, &[v])
        };
        match got {
            Ok(i) => return Ok(i),
            Err(r) => {
                let e = cx.take_raised(r);
                if !cx.is_instance(e, Ty::TypeError) {
                    return Err(cx.set_raised(e));
                }
            }
        }
    }
    let want = if based { "an integer" } else { "a real number" };
    let msg = format!("%{c} format: {want} is required, not {}", protopy_vm::ops::tp_name(cx, v));
    Err(cx.type_error(&msg))
}

/// The digits of the absolute value of an int; ValueError past the limit of decimal digits.
fn digits(cx: &mut Ctx, n: IntRef, base: u32) -> PyResult<(bool, String)> {
    match n {
        IntRef::Small(n) => {
            let a = n.unsigned_abs();
            let text = match base {
                8 => format!("{a:o}"),
                16 => format!("{a:x}"),
                _ => a.to_string(),
            };
            Ok((n < 0, text))
        }
        IntRef::Big(b) => {
            let a = BigInt::from(b.magnitude().clone());
            let negative = b.sign() == Sign::Minus;
            if base != 10 {
                return Ok((negative, format_radix(&a, base, false)));
            }
            let max = cx.space().int_max_str_digits.load(Ordering::Relaxed);
            match format_decimal(&a, usize::try_from(max).unwrap_or(0)) {
                Ok(t) => Ok((negative, t)),
                Err(_) => {
                    let msg = format!(
                        "Exceeds the limit ({max} digits) for integer string conversion; use \
                         sys.set_int_max_str_digits() to increase the limit"
                    );
                    Err(cx.value_error(&msg))
                }
            }
        }
    }
}

/// `%d`, `%i`, `%u`, `%o`, `%x`, `%X`.
pub(crate) fn int(cx: &mut Ctx, d: &Directive, v: Value) -> PyResult<StrBuf> {
    let i = int_arg(cx, d, v)?;
    let base = match char::from_u32(d.conversion) {
        Some('o') => 8,
        Some('x' | 'X') => 16,
        _ => 10,
    };
    let (negative, text) = digits(cx, IntRef::of(i).unwrap_or(IntRef::Small(0)), base)?;
    let plain = !d.plus
        && !d.blank
        && !d.alternate
        && d.width == Amount::None
        && d.precision == Amount::None
        && d.conversion != u32::from(b'X');
    if plain {
        let mut out = StrBuf::with_capacity(text.len() + 1);
        if negative {
            out.push(0x2D);
        }
        out.push_latin1(text.as_bytes());
        return Ok(out);
    }
    match percent_int(d, negative, &text) {
        Ok(b) => Ok(b),
        Err(e) => Err(super::format::format_error(cx, e)),
    }
}

fn char_arg(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    if let Some(s) = StrObj::of(v) {
        return match (s.len(), s.str_ref().get(0)) {
            (1, Some(c)) => Ok(c),
            (n, _) => {
                let msg = format!("%c requires an int or a unicode character, not a string of length {n}");
                Err(cx.type_error(&msg))
            }
        };
    }
    if IntRef::of(v).is_none() && cx.type_of(v).slots.index.address() == 0 {
        let shown = full_type_name(cx, v);
        let msg = format!("%c requires an int or a unicode character, not {shown}");
        return Err(cx.type_error(&msg));
    }
    let i = index(cx, v)?;
    match IntRef::of(i).and_then(IntRef::to_i64).and_then(|n| u32::try_from(n).ok()) {
        Some(c) if c <= 0x10_FFFF => Ok(c),
        _ => Err(cx.raise_str(Ty::OverflowError, "%c arg not in range(0x110000)")),
    }
}

/// Appends a text under a directive.
fn push_text(cx: &mut Ctx, out: &mut StrBuf, d: &Directive, s: StrRef<'_>) -> PyResult<()> {
    if d.width == Amount::None && d.precision == Amount::None {
        out.push_ref(s);
        return Ok(());
    }
    match percent_str(d, s) {
        Ok(b) => {
            out.push_ref(b.as_ref());
            Ok(())
        }
        Err(FormatError::Memory) => Err(cx.no_memory()),
        Err(e) => Err(super::format::format_error(cx, e)),
    }
}

fn convert(cx: &mut Ctx, out: &mut StrBuf, d: &Directive, v: Value) -> PyResult<()> {
    if let Some(is_float) = number_kind(d.conversion) {
        let quick = match (is_float, v.as_small(), FloatObj::of(v)) {
            (false, Some(n), _) => QuickSpec::of(d).and_then(|s| quick_int(n, s)),
            (true, _, Some(x)) => QuickSpec::of(d).and_then(|s| quick_float(x, s)),
            _ => None,
        };
        if let Some(text) = quick {
            out.push_latin1(text.as_bytes());
            return Ok(());
        }
        let b = if is_float {
            let x = protopy_vm::float_of(cx, v)?;
            float(cx, d, x)?
        } else {
            int(cx, d, v)?
        };
        out.push_ref(b.as_ref());
        return Ok(());
    }
    let text = match char::from_u32(d.conversion) {
        Some('s') => protopy_vm::str(cx, v)?,
        Some('r') => protopy_vm::repr(cx, v)?,
        Some('a') => {
            let r = protopy_vm::repr(cx, v)?;
            let Some(s) = StrObj::of(r) else { return Ok(()) };
            let escaped = escape_non_ascii(s.str_ref());
            return push_text(cx, out, d, escaped.as_ref());
        }
        Some('c') => {
            let c = char_arg(cx, v)?;
            return push_text(cx, out, d, StrRef::Ucs4(&[c]));
        }
        _ => return Err(unsupported(cx, d)),
    };
    match StrObj::of(text) {
        Some(s) => push_text(cx, out, d, s.str_ref()),
        None => Ok(()),
    }
}

/// `format % args`
pub(super) fn modulo(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some(s) = StrObj::of(a) else { return Ok(Value::NOT_IMPLEMENTED) };
    let text = s.str_ref();
    if s.as_ascii() == Some("%s") {
        // What is a str already is not copied.
        let only = TupleObj::of(b).map_or(Some(b), |t| if let [v] = t.items() { Some(*v) } else { None });
        if let Some(v) = only.filter(|v| cx.is_exact(*v, Ty::Str)) {
            return Ok(v);
        }
    }
    let mut args = PercentArgs::new(cx, b, StrObj::of(b).is_some());
    let mut out = StrBuf::with_capacity(text.len() + 16);
    let mut plain = true;
    for piece in PercentParser::new(text) {
        let mut d = match piece {
            Ok(Piece::Literal(from, to)) => {
                out.push_ref(text.slice(from, to));
                continue;
            }
            Ok(Piece::Percent) => {
                plain = false;
                out.push(0x25);
                continue;
            }
            Ok(Piece::Directive(d)) => d,
            Err(e) => return Err(malformed(cx, e)),
        };
        plain = false;
        if let Some((from, to)) = d.key {
            args.check_mapping(cx)?;
            let key = cx.str_from(text.slice(from, to))?;
            args.take_key(cx, key)?;
        }
        args.stars(cx, &mut d)?;
        let v = args.next(cx)?;
        convert(cx, &mut out, &d, v)?;
    }
    if args.left_over() {
        return Err(cx.type_error("not all arguments converted during string formatting"));
    }
    if plain { exact(cx, a) } else { cx.str_buf(out) }
}
