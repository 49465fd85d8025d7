//! String literals, f-strings and t-strings.

use super::{Interpolated, LexResult, Lexer, MAX_FIELD_NESTING, MAX_FSTRING_LEVEL};
use crate::token::{self, Token};

/// The letters seen before a quote, each at most once.
#[derive(Default)]
struct Prefix {
    b: bool,
    u: bool,
    r: bool,
    f: bool,
    t: bool,
}

impl Prefix {
    /// Takes a letter; false if it cannot be part of a prefix.
    fn take(&mut self, c: u8) -> bool {
        let slot = match c.to_ascii_lowercase() {
            b'b' => &mut self.b,
            b'u' => &mut self.u,
            b'r' => &mut self.r,
            b'f' => &mut self.f,
            b't' => &mut self.t,
            _ => return false,
        };
        !std::mem::replace(slot, true)
    }

    fn incompatible(&self) -> Option<(char, char)> {
        let pairs = [
            (self.u && self.b, 'u', 'b'),
            (self.u && self.r, 'u', 'r'),
            (self.u && self.f, 'u', 'f'),
            (self.u && self.t, 'u', 't'),
            (self.b && self.f, 'b', 'f'),
            (self.b && self.t, 'b', 't'),
            (self.f && self.t, 'f', 't'),
        ];
        pairs.into_iter().find(|p| p.0).map(|p| (p.1, p.2))
    }
}

impl Lexer<'_> {
    /// A literal whose prefix starts at the position, if the letters there are one.
    pub(super) fn prefixed_string(&mut self) -> LexResult<Option<Token>> {
        let mut prefix = Prefix::default();
        let mut at = self.pos;
        loop {
            let c = self.byte(at);
            if c == b'"' || c == b'\'' {
                break;
            }
            if !prefix.take(c) {
                return Ok(None);
            }
            at += 1;
        }
        if let Some((one, other)) = prefix.incompatible() {
            let mut error =
                self.error_at(format!("'{one}' and '{other}' prefixes are incompatible"), self.start, at);
            error.shift = 1;
            return Err(error);
        }
        self.pos = at;
        if prefix.f || prefix.t {
            return self.open_interpolated(if prefix.f { 'f' } else { 't' }, prefix.r).map(Some);
        }
        self.string().map(Some)
    }

    /// The number of quotes that open a literal here: 1 or 3.
    fn quote_size(&self, quote: u8) -> usize {
        if self.byte(self.pos + 1) == quote && self.byte(self.pos + 2) == quote { 3 } else { 1 }
    }

    /// A literal whose opening quote is at the position.
    pub(super) fn string(&mut self) -> LexResult<Token> {
        let quote = self.byte(self.pos);
        let size = self.quote_size(quote);
        self.pos += size;
        let mut closing = 0;
        let mut escaped_quote = false;
        while closing < size {
            let c = self.peek()?;
            if (c == 0 && self.eof) || (size == 1 && c == b'\n') {
                return Err(self.unterminated_string(quote, size, escaped_quote));
            }
            self.pos += 1;
            if c == quote {
                closing += 1;
                continue;
            }
            closing = 0;
            if c == b'\\' {
                let next = self.peek()?;
                escaped_quote |= next == quote;
                if next == b'\r' {
                    self.pos += 1;
                    self.peek()?;
                }
                if !self.eof {
                    self.pos += 1;
                }
            }
        }
        Ok(self.make(token::STRING))
    }

    fn unterminated_string(&self, quote: u8, size: usize, escaped_quote: bool) -> Box<super::LexError> {
        let place = (self.start, self.start_line, self.start_line_start);
        if let Some(open) = self.strings.last()
            && open.quote == quote
            && open.quote_size == size
        {
            return self.error_at_start_of(format!("{}-string: expecting '}}'", open.letter), place);
        }
        let line = self.line_no;
        let message = if size == 3 {
            format!("unterminated triple-quoted string literal (detected at line {line})")
        } else if escaped_quote {
            format!(
                "unterminated string literal (detected at line {line}); perhaps you escaped the end quote?"
            )
        } else {
            format!("unterminated string literal (detected at line {line})")
        };
        self.error_at_start_of(message, place)
    }

    fn open_interpolated(&mut self, letter: char, raw: bool) -> LexResult<Token> {
        let quote = self.byte(self.pos);
        let quote_size = self.quote_size(quote);
        self.pos += quote_size;
        if self.strings.len() + 1 >= MAX_FSTRING_LEVEL {
            return Err(self.error("too many nested f-strings or t-strings"));
        }
        self.strings.push(Interpolated {
            letter,
            raw,
            quote,
            quote_size,
            start: self.start,
            line: self.start_line,
            line_start: self.start_line_start,
            fields: Vec::new(),
            literal: true,
            in_format_spec: false,
        });
        Ok(self.make(if letter == 'f' { token::FSTRING_START } else { token::TSTRING_START }))
    }

    /// A token while literal text is being read: the closing quotes, the text, or the `{` or `}` after it.
    pub(super) fn literal_text(&mut self) -> LexResult<Token> {
        let Some(open) = self.strings.last().cloned_head() else { return self.normal() };
        self.begin();
        let c = self.peek()?;
        self.begin();
        if c == b'{' && self.peek_second() != b'{' {
            self.enter_field()?;
            return self.normal();
        }
        if self.at_closing_quotes(&open) {
            self.pos += open.size;
            self.strings.pop();
            return Ok(self.make(if open.letter == 'f' { token::FSTRING_END } else { token::TSTRING_END }));
        }
        let kind = if open.letter == 'f' { token::FSTRING_MIDDLE } else { token::TSTRING_MIDDLE };
        let mut named_escape = false;
        loop {
            let c = self.peek()?;
            if (c == 0 && self.eof) || (open.size == 1 && c == b'\n') {
                return Err(self.unterminated_interpolated(&open));
            }
            if c == open.quote && self.at_closing_quotes(&open) {
                return Ok(self.make(kind));
            }
            match c {
                b'{' if !open.spec && self.peek_second() == b'{' => {
                    self.pos += 2;
                    return Ok(self.make_until(kind, self.pos - 1));
                }
                b'{' => {
                    let token = self.make(kind);
                    self.enter_field()?;
                    return Ok(token);
                }
                b'}' if named_escape => {
                    self.pos += 1;
                    return Ok(self.make(kind));
                }
                b'}' if !open.in_field && self.peek_second() == b'}' => {
                    self.pos += 2;
                    return Ok(self.make_until(kind, self.pos - 1));
                }
                b'}' => {
                    let token = self.make(kind);
                    if let Some(top) = self.strings.last_mut() {
                        top.literal = false;
                    }
                    return Ok(token);
                }
                b'\\' => named_escape |= self.literal_escape(open.raw)?,
                _ => self.pos += 1,
            }
        }
    }

    /// Steps over a backslash and what it escapes; true for the opening of `\N{`.
    fn literal_escape(&mut self, raw: bool) -> LexResult<bool> {
        self.pos += 1;
        let mut next = self.peek()?;
        if next == b'\r' {
            self.pos += 1;
            next = self.peek()?;
        }
        if matches!(next, b'{' | b'}') || (next == 0 && self.eof) {
            return Ok(false);
        }
        self.pos += 1;
        if !raw && next == b'N' && self.peek()? == b'{' {
            self.pos += 1;
            return Ok(true);
        }
        Ok(false)
    }

    /// Turns to the expression of a replacement field; its `{` is at the position.
    fn enter_field(&mut self) -> LexResult<()> {
        let inside = self.brackets.len() + 1;
        let Some(open) = self.strings.last_mut() else { return Ok(()) };
        if open.fields.len() >= MAX_FIELD_NESTING {
            let message = format!("{}-string: expressions nested too deeply", open.letter);
            return Err(self.error(message));
        }
        open.fields.push(inside);
        open.literal = false;
        Ok(())
    }

    fn at_closing_quotes(&self, open: &Head) -> bool {
        let rest = self.buf.as_bytes().get(self.pos..).unwrap_or_default();
        rest.len() >= open.size && rest.iter().take(open.size).all(|&b| b == open.quote)
    }

    fn unterminated_interpolated(&self, open: &Head) -> Box<super::LexError> {
        let letter = open.letter;
        if open.spec && !self.eof {
            return self.error(format!(
                "{letter}-string: newlines are not allowed in format specifiers for single quoted {letter}-strings"
            ))
            .one_on();
        }
        let line = self.line_no;
        let triple = if open.size == 3 { "triple-quoted " } else { "" };
        let message = format!("unterminated {triple}{letter}-string literal (detected at line {line})");
        self.error_at_start_of(message, open.place)
    }
}

impl super::LexError {
    fn one_on(mut self: Box<Self>) -> Box<Self> {
        self.shift = 1;
        self
    }
}

/// What the scan of literal text needs to know of its string, copied out so that the scan may borrow the lexer.
struct Head {
    letter: char,
    raw: bool,
    quote: u8,
    size: usize,
    spec: bool,
    in_field: bool,
    place: (usize, usize, usize),
}

trait ClonedHead {
    fn cloned_head(self) -> Option<Head>;
}

impl ClonedHead for Option<&Interpolated> {
    fn cloned_head(self) -> Option<Head> {
        self.map(|open| Head {
            letter: open.letter,
            raw: open.raw,
            quote: open.quote,
            size: open.quote_size,
            spec: open.in_format_spec,
            in_field: !open.fields.is_empty(),
            place: (open.start, open.line, open.line_start),
        })
    }
}
