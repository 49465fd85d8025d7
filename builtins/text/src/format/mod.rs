//! Formatting: the specification mini-language applied to text and numbers, and `%` formatting.
//!
//! Every number goes through one layout: sign, prefix, padding, grouped digits, point and rest.
//! Integers come as digits in the wanted base, so that this crate knows no big integer.

mod float;
mod percent;
mod quick;
mod spec;
pub mod template;

pub use float::{complex_repr, float_repr, format_float, format_float_with};
pub use percent::{
    Amount, Directive, PercentError, PercentParser, Piece, percent_float, percent_int, percent_str,
};
pub use quick::{QuickSpec, QuickText, quick_float, quick_int};
pub use spec::{Align, FormatSpec, Grouping};

use crate::{StrBuf, StrRef};

/// Why a value cannot be formatted, with the message.
#[derive(Clone, Debug)]
pub enum FormatError {
    /// A `ValueError`.
    Value(StrBuf),
    /// A `MemoryError`: width or precision ask for too much.
    Memory,
}

impl FormatError {
    pub(crate) fn value(text: &str) -> Self {
        FormatError::Value(StrBuf::from(text))
    }
}

/// Refuses what memory cannot hold before it is built, padding and digits at four bytes each.
fn check_room(width: Option<usize>, precision: Option<usize>) -> Result<(), FormatError> {
    let wanted = width.unwrap_or(0).saturating_add(precision.unwrap_or(0));
    if wanted < 1 << 20 || Vec::<u32>::new().try_reserve(wanted.saturating_mul(2)).is_ok() {
        return Ok(());
    }
    Err(FormatError::Memory)
}

/// Separators of the `n` presentation type.
#[derive(Clone, Copy, Debug)]
pub struct NumberLocale<'a> {
    /// Between integer part and fraction.
    pub decimal_point: StrRef<'a>,
    /// Between groups of digits.
    pub thousands_sep: StrRef<'a>,
    /// Sizes of the groups from the right as `localeconv` tells them: the last one repeats, 127
    /// ends the grouping.
    pub grouping: &'a [u8],
}

/// The C locale: a point and no grouping.
pub const C_LOCALE: NumberLocale<'static> =
    NumberLocale { decimal_point: StrRef::Latin1(b"."), thousands_sep: StrRef::Latin1(b""), grouping: &[] };

/// What the presentation type of an integer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    /// Digits in that base, for [`format_int`].
    Digits(u32),
    /// The character of that code point, for [`format_char`].
    Char,
    /// Conversion to float, for [`format_float_spec`].
    Float,
}

/// What the presentation type of `spec` asks of an integer.
pub fn int_kind(spec: &FormatSpec) -> Result<IntKind, FormatError> {
    Ok(match spec.code() {
        None | Some(b'd' | b'n') => IntKind::Digits(10),
        Some(b'b') => IntKind::Digits(2),
        Some(b'o') => IntKind::Digits(8),
        Some(b'x' | b'X') => IntKind::Digits(16),
        Some(b'c') => IntKind::Char,
        Some(b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'%') => IntKind::Float,
        Some(_) => return Err(spec.unknown_code()),
    })
}

/// A number taken apart.
struct Number<'a> {
    negative: bool,
    prefix: &'a str,
    /// Integer digits, or "inf" and "nan".
    digits: &'a [u8],
    /// Whether a decimal point follows.
    point: bool,
    /// What follows the point: fraction digits, exponent, percent sign.
    rest: &'a [u8],
}

/// Groups of digits from the right: `None` at the end of a grouping that does not repeat.
fn group_size(sizes: &[u8], at: usize) -> Option<usize> {
    let size = sizes.get(at).or_else(|| sizes.last()).copied()?;
    (size != 0 && size != 127).then_some(usize::from(size))
}

/// Digits with separators, zero-padded to `min_width` characters in all.
fn push_grouped(out: &mut StrBuf, digits: &[u8], min_width: usize, sizes: &[u8], sep: StrRef<'_>) {
    if sizes.is_empty() || sep.is_empty() {
        out.push_n(u32::from(b'0'), min_width.saturating_sub(digits.len()));
        return out.push_latin1(digits);
    }
    // Sizes of the groups, the rightmost first, zeros included.
    let mut groups = Vec::new();
    let (mut digits_left, mut width_left) = (digits.len(), min_width);
    loop {
        let most = digits_left.max(width_left).max(1);
        let size = group_size(sizes, groups.len()).map_or(most, |n| n.min(most));
        groups.push(size);
        digits_left = digits_left.saturating_sub(size);
        width_left = width_left.saturating_sub(size);
        if digits_left == 0 && width_left == 0 {
            break;
        }
        width_left = width_left.saturating_sub(sep.len());
    }
    let total: usize = groups.iter().sum();
    let mut zeros = total.saturating_sub(digits.len());
    let mut rest = digits;
    for (i, &size) in groups.iter().rev().enumerate() {
        if i > 0 {
            out.push_ref(sep);
        }
        let pad = zeros.min(size);
        out.push_n(u32::from(b'0'), pad);
        zeros -= pad;
        let (now, later) = rest.split_at((size - pad).min(rest.len()));
        out.push_latin1(now);
        rest = later;
    }
}

/// Fraction digits in groups of three from the point, then whatever follows them.
fn push_fraction(out: &mut StrBuf, rest: &[u8], separator: Option<u8>) {
    let Some(separator) = separator else { return out.push_latin1(rest) };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at(digits);
    for (i, group) in digits.chunks(3).enumerate() {
        if i > 0 {
            out.push(u32::from(separator));
        }
        out.push_latin1(group);
    }
    out.push_latin1(rest);
}

fn fraction_len(rest: &[u8], separator: Option<u8>) -> usize {
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    rest.len() + if separator.is_some() { digits.saturating_sub(1) / 3 } else { 0 }
}

fn sign_char(sign: Option<u8>, negative: bool) -> Option<u8> {
    match sign {
        _ if negative => Some(b'-'),
        Some(c @ (b'+' | b' ')) => Some(c),
        _ => None,
    }
}

/// Pads `body` to the width of the specification.
fn pad(spec: &FormatSpec, body: StrRef<'_>) -> StrBuf {
    let space = spec.width.unwrap_or(0).saturating_sub(body.len());
    let before = match spec.align {
        Align::Left => 0,
        Align::Right | Align::AfterSign => space,
        Align::Center => space / 2,
    };
    let mut out = StrBuf::with_capacity(body.len());
    out.push_n(spec.fill, before);
    out.push_ref(body);
    out.push_n(spec.fill, space - before);
    out
}

fn layout(spec: &FormatSpec, n: &Number<'_>, locale: &NumberLocale<'_>) -> StrBuf {
    let local = spec.code() == Some(b'n');
    let by_four = matches!(spec.code(), Some(b'b' | b'o' | b'x' | b'X'));
    let comma = [spec.grouping.char().unwrap_or(b',')];
    let (sep, sizes): (StrRef<'_>, &[u8]) = match spec.grouping {
        Grouping::None if local => (locale.thousands_sep, locale.grouping),
        Grouping::None => (StrRef::Latin1(b""), &[]),
        _ => (StrRef::Latin1(&comma), if by_four { &[4] } else { &[3] }),
    };
    let point = if local { locale.decimal_point } else { StrRef::Latin1(b".") };
    let sign = sign_char(spec.sign, n.negative);
    let fraction = spec.fraction_grouping.char();
    let around = usize::from(sign.is_some())
        + n.prefix.len()
        + if n.point { point.len() } else { 0 }
        + fraction_len(n.rest, fraction);
    let width = spec.width.unwrap_or(0);
    let inner = spec.align == Align::AfterSign;
    let zeros = inner && spec.fill == u32::from(b'0');
    let mut digits = StrBuf::with_capacity(n.digits.len());
    let min_width = if zeros { width.saturating_sub(around) } else { 0 };
    if n.digits.is_empty() {
        digits.push_n(u32::from(b'0'), min_width);
    } else {
        push_grouped(&mut digits, n.digits, min_width, sizes, sep);
    }
    let mut out = StrBuf::with_capacity(around + digits.len());
    if let Some(c) = sign {
        out.push(u32::from(c));
    }
    out.push_str(n.prefix);
    if inner && !zeros {
        out.push_n(spec.fill, width.saturating_sub(around + digits.len()));
    }
    out.push_ref(digits.as_ref());
    if n.point {
        out.push_ref(point);
    }
    push_fraction(&mut out, n.rest, fraction);
    if inner { out } else { pad(spec, out.as_ref()) }
}

/// `str.__format__`.
pub fn format_str(spec: &FormatSpec, s: StrRef<'_>) -> Result<StrBuf, FormatError> {
    if !matches!(spec.code(), None | Some(b's')) {
        return Err(spec.unknown_code());
    }
    check_room(spec.width, None)?;
    let refuse = |text| Err(FormatError::value(text));
    match spec.sign {
        Some(b' ') => return refuse("Space not allowed in string format specifier"),
        Some(_) => return refuse("Sign not allowed in string format specifier"),
        None => {}
    }
    if spec.no_negative_zero {
        return refuse("Negative zero coercion (z) not allowed in string format specifier");
    }
    if spec.alternate {
        return refuse("Alternate form (#) not allowed in string format specifier");
    }
    if spec.align == Align::AfterSign {
        return refuse("'=' alignment not allowed in string format specifier");
    }
    Ok(pad(spec, s.slice(0, spec.precision.unwrap_or(usize::MAX))))
}

fn check_int(spec: &FormatSpec) -> Result<(), FormatError> {
    check_room(spec.width, None)?;
    if spec.precision.is_some() {
        return Err(FormatError::value("Precision not allowed in integer format specifier"));
    }
    if spec.no_negative_zero {
        let text = "Negative zero coercion (z) not allowed in integer format specifier";
        return Err(FormatError::value(text));
    }
    Ok(())
}

/// `int.__format__` with type `c`; the caller has checked the range of `c`.
pub fn format_char(spec: &FormatSpec, c: u32) -> Result<StrBuf, FormatError> {
    check_int(spec)?;
    if spec.sign.is_some() {
        return Err(FormatError::value("Sign not allowed with integer format specifier 'c'"));
    }
    if spec.alternate {
        let text = "Alternate form (#) not allowed with integer format specifier 'c'";
        return Err(FormatError::value(text));
    }
    let mut one = StrBuf::new();
    one.push(c);
    Ok(pad(spec, one.as_ref()))
}

/// `int.__format__`, of the lower-case digits of the absolute value in the base that
/// [`int_kind`] told.
pub fn format_int(
    spec: &FormatSpec,
    negative: bool,
    digits: &str,
    locale: &NumberLocale<'_>,
) -> Result<StrBuf, FormatError> {
    check_int(spec)?;
    let upper = spec.code() == Some(b'X');
    let prefix = match spec.code() {
        Some(b'b') if spec.alternate => "0b",
        Some(b'o') if spec.alternate => "0o",
        Some(b'x') if spec.alternate => "0x",
        Some(b'X') if spec.alternate => "0X",
        _ => "",
    };
    let raised;
    let digits = if upper {
        raised = digits.to_ascii_uppercase();
        raised.as_bytes()
    } else {
        digits.as_bytes()
    };
    Ok(layout(spec, &Number { negative, prefix, digits, point: false, rest: b"" }, locale))
}

/// The text of a float under the specification, sign included, before layout.
fn float_text(spec: &FormatSpec, x: f64, dot_zero: bool) -> Result<String, FormatError> {
    if spec.precision.is_some_and(|p| i32::try_from(p).is_err()) {
        return Err(FormatError::value("precision too big"));
    }
    check_room(spec.width, spec.precision)?;
    let (code, precision) = match (spec.code(), spec.precision) {
        (None, None) => (b'r', 0),
        (None, Some(p)) => (b'g', p),
        (Some(b'n'), p) => (b'g', p.unwrap_or(6)),
        (Some(b'%'), p) => (b'f', p.unwrap_or(6)),
        (Some(c), p) => (c, p.unwrap_or(6)),
    };
    let percent = spec.code() == Some(b'%');
    let x = if percent { x * 100.0 } else { x };
    let dot_zero = dot_zero && spec.kind.is_none();
    let mut text = format_float_with(x, code, precision, spec.alternate, dot_zero);
    if percent {
        text.push('%');
    }
    let nonzero = |b: u8| (b'1'..=b'9').contains(&b) || b == b'i';
    let mantissa = text.split(['e', 'E']).next().unwrap_or("").to_ascii_lowercase();
    if spec.no_negative_zero && text.starts_with('-') && !mantissa.bytes().any(nonzero) {
        text.remove(0);
    }
    Ok(text)
}

fn float_parts(text: &str) -> Number<'_> {
    let bytes = text.as_bytes();
    let (negative, bytes) = match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, bytes),
    };
    let count = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at(count);
    let (point, rest) = match rest.split_first() {
        Some((b'.', rest)) => (true, rest),
        _ => (false, rest),
    };
    Number { negative, prefix: "", digits, point, rest }
}

/// `float.__format__`.
pub fn format_float_spec(
    spec: &FormatSpec,
    x: f64,
    locale: &NumberLocale<'_>,
) -> Result<StrBuf, FormatError> {
    if !matches!(spec.code(), None | Some(b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'n' | b'%')) {
        return Err(spec.unknown_code());
    }
    let text = float_text(spec, x, true)?;
    Ok(layout(spec, &float_parts(&text), locale))
}

/// `complex.__format__`.
pub fn format_complex_spec(
    spec: &FormatSpec,
    re: f64,
    im: f64,
    locale: &NumberLocale<'_>,
) -> Result<StrBuf, FormatError> {
    if !matches!(spec.code(), None | Some(b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'n')) {
        return Err(spec.unknown_code());
    }
    if spec.fill == u32::from(b'0') {
        return Err(FormatError::value("Zero padding is not allowed in complex format specifier"));
    }
    if spec.align == Align::AfterSign {
        return Err(FormatError::value("'=' alignment flag is not allowed in complex format specifier"));
    }
    let bare = spec.kind.is_none();
    let skip_real = bare && re == 0.0 && !re.is_sign_negative();
    check_room(spec.width, spec.precision)?;
    let mut part = FormatSpec { align: Align::Left, width: None, ..spec.clone() };
    let mut body = StrBuf::new();
    if bare && !skip_real {
        body.push(u32::from(b'('));
    }
    if !skip_real {
        let text = float_text(&part, re, false)?;
        body.push_ref(layout(&part, &float_parts(&text), locale).as_ref());
        part.sign = Some(b'+');
    }
    let text = float_text(&part, im, false)?;
    body.push_ref(layout(&part, &float_parts(&text), locale).as_ref());
    body.push(u32::from(b'j'));
    if bare && !skip_real {
        body.push(u32::from(b')'));
    }
    Ok(pad(spec, body.as_ref()))
}
