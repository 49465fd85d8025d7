//! `%` formatting: the directives of a format string, and the conversions over ready pieces.
//!
//! The parser yields literals and directives one after the other, so that the caller converts an
//! argument before a later mistake of the format string is told, as `str % args` does.

use super::float::format_float;
use super::{FormatError, check_room};
use crate::{StrBuf, StrRef};

/// A width or precision in a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Not given.
    None,
    /// `*`: the next argument.
    Star,
    /// A number.
    Value(usize),
}

impl Amount {
    pub(super) fn value(self) -> Option<usize> {
        match self {
            Amount::Value(v) => Some(v),
            _ => None,
        }
    }
}

/// One directive. The caller replaces [`Amount::Star`]: a negative width sets `left`, a negative
/// precision counts as 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Start and end of the mapping key between the parentheses.
    pub key: Option<(usize, usize)>,
    /// `-`.
    pub left: bool,
    /// `+`.
    pub plus: bool,
    /// Space.
    pub blank: bool,
    /// `#`.
    pub alternate: bool,
    /// `0`.
    pub zero: bool,
    /// Minimum width.
    pub width: Amount,
    /// Precision.
    pub precision: Amount,
    /// The conversion character.
    pub conversion: u32,
    /// Its index in the format string.
    pub index: usize,
}

/// Part of a format string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text from one index to the other.
    Literal(usize, usize),
    /// `%%`.
    Percent,
    /// A conversion.
    Directive(Directive),
}

/// A `ValueError` of the parser: its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PercentError(pub &'static str);

/// Iterator over the pieces of a format string.
#[derive(Clone, Debug)]
pub struct PercentParser<'a> {
    s: StrRef<'a>,
    at: usize,
}

impl<'a> PercentParser<'a> {
    /// A parser at the start of `s`.
    pub fn new(s: StrRef<'a>) -> Self {
        PercentParser { s, at: 0 }
    }

    /// The pieces read so far end here.
    pub fn position(&self) -> usize {
        self.at
    }

    fn next_char(&mut self) -> Result<u32, PercentError> {
        let c = self.s.get(self.at).ok_or(PercentError("incomplete format"))?;
        self.at += 1;
        Ok(c)
    }

    fn key(&mut self) -> Result<Option<(usize, usize)>, PercentError> {
        if self.s.get(self.at) != Some(u32::from(b'(')) {
            return Ok(None);
        }
        let start = self.at + 1;
        let mut depth = 0usize;
        for (i, c) in self.s.slice(start, self.s.len()).chars().enumerate() {
            match c {
                0x28 => depth += 1,
                0x29 if depth == 0 => {
                    self.at = start + i + 1;
                    return Ok(Some((start, start + i)));
                }
                0x29 => depth -= 1,
                _ => {}
            }
        }
        Err(PercentError("incomplete format key"))
    }

    fn amount(
        &mut self,
        first: u32,
        limit: usize,
        too_big: &'static str,
    ) -> Result<(Amount, u32), PercentError> {
        if first == u32::from(b'*') {
            return Ok((Amount::Star, self.next_char()?));
        }
        let (mut value, mut c) = (None, first);
        while let Some(digit) = char::from_u32(c).and_then(|c| c.to_digit(10)) {
            let v = value.unwrap_or(0usize).saturating_mul(10).saturating_add(digit as usize);
            if v > limit {
                return Err(PercentError(too_big));
            }
            value = Some(v);
            c = self.next_char()?;
        }
        Ok((value.map_or(Amount::None, Amount::Value), c))
    }

    fn directive(&mut self) -> Result<Piece, PercentError> {
        if self.s.get(self.at) == Some(u32::from(b'%')) {
            self.at += 1;
            return Ok(Piece::Percent);
        }
        let key = self.key()?;
        let (mut left, mut plus, mut blank, mut alternate, mut zero) = (false, false, false, false, false);
        let mut c = self.next_char()?;
        loop {
            match c {
                0x2D => left = true,
                0x2B => plus = true,
                0x20 => blank = true,
                0x23 => alternate = true,
                0x30 => zero = true,
                _ => break,
            }
            c = self.next_char()?;
        }
        let (width, next) = self.amount(c, isize::MAX as usize, "width too big")?;
        c = next;
        let mut precision = Amount::None;
        if c == u32::from(b'.') {
            c = self.next_char()?;
            (precision, c) = self.amount(c, i32::MAX as usize, "precision too big")?;
            if precision == Amount::None {
                precision = Amount::Value(0);
            }
        }
        if matches!(c, 0x68 | 0x6C | 0x4C) {
            c = self.next_char()?;
        }
        let index = self.at - 1;
        Ok(Piece::Directive(Directive {
            key,
            left,
            plus,
            blank,
            alternate,
            zero,
            width,
            precision,
            conversion: c,
            index,
        }))
    }
}

impl Iterator for PercentParser<'_> {
    type Item = Result<Piece, PercentError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let rest = self.s.slice(start, self.s.len());
        let literal = rest.chars().position(|c| c == u32::from(b'%')).unwrap_or(rest.len());
        if literal > 0 {
            self.at = start + literal;
            return Some(Ok(Piece::Literal(start, self.at)));
        }
        if rest.is_empty() {
            return None;
        }
        self.at += 1;
        let piece = self.directive();
        if piece.is_err() {
            self.at = self.s.len();
        }
        Some(piece)
    }
}

/// Pads a signed and prefixed number: zeros go between `head` and `digits`, blanks outside.
fn pad_number(d: &Directive, head: &str, digits: &str) -> StrBuf {
    let len = head.len() + digits.len();
    let space = d.width.value().unwrap_or(0).saturating_sub(len);
    let zero = d.zero && !d.left;
    let mut out = StrBuf::with_capacity(len);
    if !d.left && !zero {
        out.push_n(u32::from(b' '), space);
    }
    out.push_str(head);
    if zero {
        out.push_n(u32::from(b'0'), space);
    }
    out.push_str(digits);
    if d.left {
        out.push_n(u32::from(b' '), space);
    }
    out
}

fn sign(d: &Directive, negative: bool) -> &'static str {
    match (negative, d.plus, d.blank) {
        (true, _, _) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

/// `%d %i %u %o %x %X`, of the lower-case digits of the absolute value in the base it asks for.
pub fn percent_int(d: &Directive, negative: bool, digits: &str) -> Result<StrBuf, FormatError> {
    check_room(d.width.value(), d.precision.value())?;
    let mut body = String::new();
    let missing = d.precision.value().unwrap_or(0).saturating_sub(digits.len());
    body.extend(std::iter::repeat_n('0', missing));
    body.push_str(digits);
    let prefix = match char::from_u32(d.conversion) {
        Some('o') if d.alternate => "0o",
        Some('x') if d.alternate => "0x",
        Some('X') if d.alternate => "0X",
        _ => "",
    };
    if d.conversion == u32::from(b'X') {
        body.make_ascii_uppercase();
    }
    Ok(pad_number(d, &format!("{}{prefix}", sign(d, negative)), &body))
}

/// `%e %E %f %F %g %G`.
pub fn percent_float(d: &Directive, x: f64) -> Result<StrBuf, FormatError> {
    check_room(d.width.value(), d.precision.value())?;
    let code = u8::try_from(d.conversion).unwrap_or(b'g');
    let text = format_float(x, code, d.precision.value().unwrap_or(6), d.alternate);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.as_str()),
    };
    Ok(pad_number(d, sign(d, negative), digits))
}

/// `%s %r %a` (cut to the precision) and `%c`.
pub fn percent_str(d: &Directive, s: StrRef<'_>) -> Result<StrBuf, FormatError> {
    check_room(d.width.value(), None)?;
    let limit = match char::from_u32(d.conversion) {
        Some('c') => None,
        _ => d.precision.value(),
    };
    let s = s.slice(0, limit.unwrap_or(usize::MAX));
    let space = d.width.value().unwrap_or(0).saturating_sub(s.len());
    let mut out = StrBuf::with_capacity_like(s);
    if !d.left {
        out.push_n(u32::from(b' '), space);
    }
    out.push_ref(s);
    if d.left {
        out.push_n(u32::from(b' '), space);
    }
    Ok(out)
}
