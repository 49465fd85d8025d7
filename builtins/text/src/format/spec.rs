//! The format-specification mini-language: parsing.

use super::FormatError;
use crate::{StrBuf, StrRef};

/// Where the padding goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// `<`: after the text.
    Left,
    /// `>`: before the text.
    Right,
    /// `^`: around the text.
    Center,
    /// `=`: between sign and digits.
    AfterSign,
}

/// What separates groups of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Nothing.
    None,
    /// `,` every three digits.
    Comma,
    /// `_` every three digits, four in bases 2, 8 and 16.
    Underscore,
}

impl Grouping {
    fn of(c: u32) -> Option<Self> {
        match c {
            0x2C => Some(Grouping::Comma),
            0x5F => Some(Grouping::Underscore),
            _ => None,
        }
    }

    pub(super) fn char(self) -> Option<u8> {
        match self {
            Grouping::None => None,
            Grouping::Comma => Some(b','),
            Grouping::Underscore => Some(b'_'),
        }
    }
}

/// A parsed format specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatSpec {
    /// Padding character.
    pub fill: u32,
    /// Alignment, the default one of the type if none was given.
    pub align: Align,
    /// `+`, `-` or space, if given.
    pub sign: Option<u8>,
    /// `z`: a negative zero loses its sign.
    pub no_negative_zero: bool,
    /// `#`.
    pub alternate: bool,
    /// Minimum width.
    pub width: Option<usize>,
    /// Grouping of the integer part.
    pub grouping: Grouping,
    /// Precision.
    pub precision: Option<usize>,
    /// Grouping of the fraction.
    pub fraction_grouping: Grouping,
    /// Presentation type, a code point, if given.
    pub kind: Option<u32>,
    /// Name of the formatted object's type, for messages.
    pub type_name: String,
}

fn align_of(c: Option<u32>) -> Option<Align> {
    match char::from_u32(c?)? {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '^' => Some(Align::Center),
        '=' => Some(Align::AfterSign),
        _ => None,
    }
}

/// Reader over the specification.
struct Cursor<'a> {
    s: StrRef<'a>,
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u32> {
        self.s.get(self.at)
    }

    fn eat(&mut self, c: u8) -> bool {
        let found = self.peek() == Some(u32::from(c));
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> Result<Option<usize>, FormatError> {
        let mut value: Option<usize> = None;
        while let Some(digit) = self.peek().and_then(crate::unicode::to_decimal) {
            let next = value.unwrap_or(0).checked_mul(10).and_then(|v| v.checked_add(usize::from(digit)));
            match next.filter(|&v| isize::try_from(v).is_ok()) {
                Some(v) => value = Some(v),
                None => return Err(FormatError::value("Too many decimal digits in format string")),
            }
            self.at += 1;
        }
        Ok(value)
    }
}

const BOTH: &str = "Cannot specify both ',' and '_'.";

/// A separator, refusing the other one after it.
fn grouping(cur: &mut Cursor<'_>) -> Result<Grouping, FormatError> {
    let Some(first) = cur.peek().and_then(Grouping::of) else { return Ok(Grouping::None) };
    cur.at += 1;
    match cur.peek().and_then(Grouping::of) {
        Some(second) if second != first => Err(FormatError::value(BOTH)),
        _ => Ok(first),
    }
}

fn cannot_group(separator: u8, kind: u32) -> FormatError {
    let separator = char::from(separator);
    let shown = show_code(kind);
    FormatError::Value(StrBuf::from(format!("Cannot specify '{separator}' with '{shown}'.").as_str()))
}

/// A presentation type in a message: itself if it is visible ASCII.
fn show_code(kind: u32) -> String {
    match char::from_u32(kind) {
        Some(c) if kind > 32 && kind < 128 => String::from(c),
        _ => format!("\\x{kind:x}"),
    }
}

fn check_grouping(spec: &FormatSpec, default_kind: u8) -> Result<(), FormatError> {
    let code = spec.kind.unwrap_or(u32::from(default_kind));
    let kind = char::from_u32(code).unwrap_or('?');
    if let Some(separator) = spec.grouping.char() {
        let based = separator == b'_' && "boxX".contains(kind);
        if !(based || "\0defgEGF%".contains(kind)) {
            return Err(cannot_group(separator, code));
        }
    }
    match spec.fraction_grouping.char() {
        Some(separator) if kind == 'n' => Err(cannot_group(separator, code)),
        _ => Ok(()),
    }
}

impl FormatSpec {
    /// Parses `spec` for an object of type `type_name` that aligns as `align` by default and whose
    /// presentation type is then `default_kind`: `s` of text, `d` of an integer, else 0.
    pub fn parse(
        spec: StrRef<'_>,
        align: Align,
        default_kind: u8,
        type_name: &str,
    ) -> Result<Self, FormatError> {
        let mut cur = Cursor { s: spec, at: 0 };
        let mut out = FormatSpec {
            fill: u32::from(b' '),
            align,
            sign: None,
            no_negative_zero: false,
            alternate: false,
            width: None,
            grouping: Grouping::None,
            precision: None,
            fraction_grouping: Grouping::None,
            kind: None,
            type_name: String::from(type_name),
        };
        let filled = out.parse_align(&mut cur);
        if let Some(c @ (0x20 | 0x2B | 0x2D)) = cur.peek() {
            out.sign = Some(c as u8);
            cur.at += 1;
        }
        out.no_negative_zero = cur.eat(b'z');
        out.alternate = cur.eat(b'#');
        if !filled.0 && cur.eat(b'0') {
            out.fill = u32::from(b'0');
            if !filled.1 && align == Align::Right {
                out.align = Align::AfterSign;
            }
        }
        out.width = cur.number()?;
        out.grouping = grouping(&mut cur)?;
        if cur.eat(b'.') {
            out.precision = cur.number()?;
            out.fraction_grouping = grouping(&mut cur)?;
            if out.precision.is_none() && out.fraction_grouping == Grouping::None {
                return Err(FormatError::value("Format specifier missing precision"));
            }
        }
        out.kind = cur.peek();
        if spec.len() > cur.at + 1 {
            return Err(out.invalid(spec));
        }
        check_grouping(&out, default_kind)?;
        Ok(out)
    }

    /// Fill and alignment; whether each was given.
    fn parse_align(&mut self, cur: &mut Cursor<'_>) -> (bool, bool) {
        if let (Some(fill), Some(align)) = (cur.peek(), align_of(cur.s.get(1))) {
            (self.fill, self.align, cur.at) = (fill, align, 2);
            return (true, true);
        }
        if let Some(align) = align_of(cur.peek()) {
            (self.align, cur.at) = (align, 1);
            return (false, true);
        }
        (false, false)
    }

    fn invalid(&self, spec: StrRef<'_>) -> FormatError {
        let mut text = StrBuf::from("Invalid format specifier '");
        text.push_ref(spec);
        text.push_str("' for object of type '");
        text.push_str(&self.type_name);
        text.push_str("'");
        FormatError::Value(text)
    }

    /// "Unknown format code 'q' for object of type 'int'".
    pub fn unknown_code(&self) -> FormatError {
        let shown = show_code(self.kind.unwrap_or(0));
        let text = format!("Unknown format code '{shown}' for object of type '{}'", self.type_name);
        FormatError::Value(StrBuf::from(text.as_str()))
    }

    /// The presentation type if it is ASCII; `None` if there is none, 0 for another character.
    pub(super) fn code(&self) -> Option<u8> {
        self.kind.map(|k| u8::try_from(k).ok().filter(u8::is_ascii).unwrap_or(0))
    }
}
