//! The replacement-field syntax of `str.format`: literal text, fields, and field names.

use super::FormatError;
use crate::StrRef;
use crate::unicode::to_decimal;

/// A literal and the field after it; all positions are indices into the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Literal text before the field, its last brace counted once if it was doubled.
    pub literal: (usize, usize),
    /// The field, if the template goes on with one.
    pub field: Option<Field>,
}

/// A replacement field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field name.
    pub name: (usize, usize),
    /// The character after `!`.
    pub conversion: Option<u32>,
    /// The specification after `:`.
    pub spec: (usize, usize),
    /// Whether the specification holds fields itself.
    pub nested: bool,
}

/// Iterator over the segments of a template.
#[derive(Clone, Debug)]
pub struct TemplateParser<'a> {
    s: StrRef<'a>,
    at: usize,
    end: usize,
}

const OPEN: u32 = 0x7B;
const CLOSE: u32 = 0x7D;

impl<'a> TemplateParser<'a> {
    /// A parser of the whole of `s`.
    pub fn new(s: StrRef<'a>) -> Self {
        TemplateParser { s, at: 0, end: s.len() }
    }

    fn fail(text: &str) -> FormatError {
        FormatError::value(text)
    }

    fn segment(&mut self) -> Result<Segment, FormatError> {
        let start = self.at;
        while self.at < self.end {
            let c = self.s.get(self.at).unwrap_or(0);
            self.at += 1;
            if c != OPEN && c != CLOSE {
                continue;
            }
            let next = self.s.get(self.at);
            if next == Some(c) {
                // A doubled brace ends the literal after its first half.
                let literal = (start, self.at);
                self.at += 1;
                return Ok(Segment { literal, field: None });
            }
            if c == CLOSE {
                return Err(Self::fail("Single '}' encountered in format string"));
            }
            if next.is_none() {
                return Err(Self::fail("Single '{' encountered in format string"));
            }
            let literal = (start, self.at - 1);
            return Ok(Segment { literal, field: Some(self.field()?) });
        }
        Ok(Segment { literal: (start, self.end), field: None })
    }

    fn field(&mut self) -> Result<Field, FormatError> {
        let start = self.at;
        let mut brackets = false;
        let mut stop = None;
        while self.at < self.end {
            let c = self.s.get(self.at).unwrap_or(0);
            self.at += 1;
            match char::from_u32(c) {
                Some('{') if !brackets => return Err(Self::fail("unexpected '{' in field name")),
                Some('[') => brackets = true,
                Some(']') => brackets = false,
                Some('}' | ':' | '!') if !brackets => {
                    stop = Some(c);
                    break;
                }
                _ => {}
            }
        }
        let Some(stop) = stop else { return Err(Self::fail("expected '}' before end of string")) };
        let name = (start, self.at - 1);
        let mut field = Field { name, conversion: None, spec: (self.at, self.at), nested: false };
        if stop == CLOSE {
            return Ok(field);
        }
        if stop == u32::from(b'!') && !self.conversion(&mut field)? {
            return Ok(field);
        }
        self.spec(&mut field)?;
        Ok(field)
    }

    /// The conversion after `!`; whether a specification follows.
    fn conversion(&mut self, field: &mut Field) -> Result<bool, FormatError> {
        let missing = "end of string while looking for conversion specifier";
        let c = self.s.get(self.at).ok_or_else(|| Self::fail(missing))?;
        self.at += 1;
        field.conversion = Some(c);
        let Some(after) = self.s.get(self.at) else {
            return Err(Self::fail("unmatched '{' in format spec"));
        };
        self.at += 1;
        field.spec = (self.at, self.at);
        match after {
            CLOSE => Ok(false),
            0x3A => Ok(true),
            _ => Err(Self::fail("expected ':' after conversion specifier")),
        }
    }

    fn spec(&mut self, field: &mut Field) -> Result<(), FormatError> {
        let start = self.at;
        let mut depth = 1usize;
        while self.at < self.end {
            let c = self.s.get(self.at).unwrap_or(0);
            self.at += 1;
            if c == OPEN {
                field.nested = true;
                depth += 1;
            } else if c == CLOSE {
                depth -= 1;
                if depth == 0 {
                    field.spec = (start, self.at - 1);
                    return Ok(());
                }
            }
        }
        Err(Self::fail("unmatched '{' in format spec"))
    }
}

impl Iterator for TemplateParser<'_> {
    type Item = Result<Segment, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let segment = self.segment();
        if segment.is_err() {
            self.at = self.end;
        }
        Some(segment)
    }
}

/// A step of a field name after its first part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// `.name`, from one index to the other.
    Attribute(usize, usize),
    /// `[number]`.
    Index(usize),
    /// `[text]`.
    Key(usize, usize),
}

/// A decimal number, `None` for other text.
pub fn field_number(s: StrRef<'_>) -> Result<Option<usize>, FormatError> {
    let mut value: Option<usize> = None;
    for c in s.chars() {
        let Some(digit) = to_decimal(c) else { return Ok(None) };
        let next = value.unwrap_or(0).checked_mul(10).and_then(|v| v.checked_add(usize::from(digit)));
        match next.filter(|&v| isize::try_from(v).is_ok()) {
            Some(v) => value = Some(v),
            None => return Err(FormatError::value("Too many decimal digits in format string")),
        }
    }
    Ok(value)
}

/// Iterator over the steps of a field name; see [`split_field_name`].
#[derive(Clone, Debug)]
pub struct Steps<'a> {
    s: StrRef<'a>,
    at: usize,
}

/// The end of the first part of a field name, and the steps after it.
pub fn split_field_name(s: StrRef<'_>) -> (usize, Steps<'_>) {
    let stop = |c: u32| c == u32::from(b'.') || c == u32::from(b'[');
    let first = s.chars().position(stop).unwrap_or(s.len());
    (first, Steps { s, at: first })
}

impl Steps<'_> {
    fn step(&mut self, opening: u32) -> Result<Step, FormatError> {
        let start = self.at + 1;
        let rest = self.s.slice(start, self.s.len());
        if opening == u32::from(b'.') {
            let stop = |c: u32| c == u32::from(b'.') || c == u32::from(b'[');
            let len = rest.chars().position(stop).unwrap_or(rest.len());
            self.at = start + len;
            return match len {
                0 => Err(FormatError::value("Empty attribute in format string")),
                _ => Ok(Step::Attribute(start, self.at)),
            };
        }
        if opening != u32::from(b'[') {
            return Err(FormatError::value("Only '.' or '[' may follow ']' in format field specifier"));
        }
        let Some(len) = rest.chars().position(|c| c == u32::from(b']')) else {
            return Err(FormatError::value("Missing ']' in format string"));
        };
        self.at = start + len + 1;
        if len == 0 {
            return Err(FormatError::value("Empty attribute in format string"));
        }
        Ok(match field_number(rest.slice(0, len))? {
            Some(number) => Step::Index(number),
            None => Step::Key(start, start + len),
        })
    }
}

impl Iterator for Steps<'_> {
    type Item = Result<Step, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        let opening = self.s.get(self.at)?;
        let step = self.step(opening);
        if step.is_err() {
            self.at = self.s.len();
        }
        Some(step)
    }
}
