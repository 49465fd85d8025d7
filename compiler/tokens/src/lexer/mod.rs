//! The tokenizer proper: physical lines in, raw tokens out.
//!
//! One [`Lexer`] serves three users that differ in what they want to see: the parser's view (no comments, no blank
//! lines), `tokenize`'s view (`extra_tokens`) and the checks of [`crate::syntax_errors`]. It pulls a line at a time, so that a
//! caller may feed it from `readline`; whatever has been read stays in one buffer, which tokens point into.
//!
//! Invariants:
//! 1. Every line in the buffer ends in `\n`; where the input had none, the one added is marked `implicit_newline`.
//! 2. `pos` is between `line_start` and `line_end`; at `line_end` the next byte asks the input for another line.
//! 3. Work is linear: each byte is looked at a constant number of times, and columns are left to the consumer.
//! 4. No recursion: f-strings keep a stack of [`Interpolated`] records, brackets a stack of their own.
//!
//! A record of an open f-string remembers at which bracket level each of its replacement fields began. That answers, with one
//! comparison each, the three questions the grammar asks: whether a `:` starts a format specification, whether a `}`
//! ends the field, and whether a stray closing bracket belongs to the string or to the expression.

mod layout;
mod number;
mod strings;

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::token::{self, Token};
use crate::unicode;

/// Brackets may nest this deep.
pub const MAX_LEVEL: usize = 200;
/// Indentation may nest this deep, the outermost level included.
pub const MAX_INDENT: usize = 100;
/// F-strings may nest this deep.
pub const MAX_FSTRING_LEVEL: usize = 150;
/// Replacement fields within the format specifications of one another.
const MAX_FIELD_NESTING: usize = 3;

/// What to produce.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Comments and blank lines are tokens, and what only a parser would refuse passes.
    pub extra_tokens: bool,
    /// `# type:` comments become `TYPE_COMMENT` and `TYPE_IGNORE`.
    pub type_comments: bool,
}

/// Why no further token can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexErrorKind {
    /// The tokenizer words and places the error itself.
    Syntax,
    /// The text ended inside brackets or after a backslash.
    Eof,
    /// A dedent to a column that no enclosing block has.
    Dedent,
    /// Tabs and spaces that compare differently under different tab sizes.
    TabSpace,
    /// More than [`MAX_INDENT`] levels of indentation.
    TooDeep,
    /// Something follows a backslash on its line.
    LineContinuation,
}

/// An error of the tokenizer. `start` and `end` are byte offsets whose column, counted in code points from `line_start`, is the
/// 1-based offset that Python reports (that is, they point one past the character meant).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LexError {
    /// What went wrong.
    pub kind: LexErrorKind,
    /// The message.
    pub message: Cow<'static, str>,
    /// 1-based line.
    pub line: usize,
    /// Offset at which that line starts.
    pub line_start: usize,
    /// See above.
    pub start: usize,
    /// See above.
    pub end: usize,
    /// Added to both columns; 1 where an offset cannot point past its character.
    pub shift: usize,
}

/// An f-string or t-string that is open.
#[derive(Clone, Debug)]
pub(crate) struct Interpolated {
    letter: char,
    raw: bool,
    quote: u8,
    quote_size: usize,
    start: usize,
    line: usize,
    line_start: usize,
    /// The bracket level inside of each open replacement field.
    fields: Vec<usize>,
    /// Literal text is being read (as against an expression).
    literal: bool,
    in_format_spec: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bracket {
    pub(crate) open: u8,
    pub(crate) line: usize,
    pub(crate) line_start: usize,
    pub(crate) at: usize,
}

/// Where lines come from.
pub type ReadLine<'a> = Box<dyn FnMut() -> Option<String> + 'a>;

/// The tokenizer. See the module's essay.
pub struct Lexer<'a> {
    pub(crate) buf: Cow<'a, str>,
    read: Option<ReadLine<'a>>,
    options: Options,
    pub(crate) pos: usize,
    pub(crate) line_start: usize,
    pub(crate) line_end: usize,
    pub(crate) line_no: usize,
    /// The current line's `\n` was not in the input.
    pub(crate) implicit_newline: bool,
    /// The last line of a complete text lacks its `\n`.
    text_lacks_newline: bool,
    /// A backslash at the end of such a text continues nothing: the added newline does not count.
    pub(crate) bare_end: bool,
    eof: bool,
    at_line_begin: bool,
    blank_line: bool,
    continued: bool,
    /// Column and alternative column (tabs count 8 and 1) of each open block.
    indents: Vec<(usize, usize)>,
    pending: isize,
    pub(crate) brackets: Vec<Bracket>,
    pub(crate) strings: Vec<Interpolated>,
    queued: VecDeque<Token>,
    start: usize,
    start_line: usize,
    start_line_start: usize,
    failed: Option<Box<LexError>>,
    finished: bool,
}

pub(crate) type LexResult<T> = Result<T, Box<LexError>>;

impl<'a> Lexer<'a> {
    /// A lexer over a complete text, whose newlines are already `\n`.
    pub fn from_text(text: &'a str, options: Options) -> Self {
        let lacks = !text.is_empty() && !text.ends_with('\n');
        let buf = if lacks { Cow::Owned([text, "\n"].concat()) } else { Cow::Borrowed(text) };
        let mut lexer = Self::new(buf, None, options);
        lexer.text_lacks_newline = lacks;
        lexer
    }

    /// A lexer that asks `read` for each line; `None` or an empty line is the end.
    pub fn from_lines(read: ReadLine<'a>, options: Options) -> Self {
        Self::new(Cow::Owned(String::new()), Some(read), options)
    }

    fn new(buf: Cow<'a, str>, read: Option<ReadLine<'a>>, options: Options) -> Self {
        Self {
            buf,
            read,
            options,
            pos: 0,
            line_start: 0,
            line_end: 0,
            line_no: 0,
            implicit_newline: false,
            text_lacks_newline: false,
            bare_end: false,
            eof: false,
            at_line_begin: true,
            blank_line: false,
            continued: false,
            indents: Vec::new(),
            pending: 0,
            brackets: Vec::new(),
            strings: Vec::new(),
            queued: VecDeque::new(),
            start: 0,
            start_line: 0,
            start_line_start: 0,
            failed: None,
            finished: false,
        }
    }

    /// Everything read so far; the offsets of tokens and errors point into it.
    pub fn text(&self) -> &str {
        &self.buf
    }

    /// An error has ended the tokens.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// The text has been read to its end.
    pub fn at_eof(&self) -> bool {
        self.eof
    }

    /// The position is at the newline that the text lacks at its end.
    pub(crate) fn at_added_newline(&self) -> bool {
        self.text_lacks_newline && self.pos + 1 == self.buf.len()
    }

    /// The end of the current line's text, the added newline excluded.
    pub(crate) fn visible_line_end(&self) -> usize {
        self.line_end - usize::from(self.implicit_newline && self.line_end > self.line_start)
    }

    /// The next token; after `ENDMARKER` there is none. An error repeats for ever.
    pub fn next_token(&mut self) -> LexResult<Option<Token>> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if let Some(token) = self.queued.pop_front() {
            return Ok(Some(token));
        }
        if self.finished {
            return Ok(None);
        }
        match self.scan() {
            Ok(token) => {
                self.finished = token.kind == token::ENDMARKER;
                Ok(Some(token))
            }
            Err(error) => {
                self.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    fn scan(&mut self) -> LexResult<Token> {
        match self.strings.last() {
            Some(open) if open.literal => self.literal_text(),
            _ => self.normal(),
        }
    }

    /// The byte at the position; 0 at the end of the text.
    #[inline]
    fn peek(&mut self) -> LexResult<u8> {
        if self.pos == self.line_end && !self.next_line()? {
            return Ok(0);
        }
        Ok(self.byte(self.pos))
    }

    #[inline]
    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.buf.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// The byte after the one at the position, on the same line.
    #[inline]
    fn peek_second(&self) -> u8 {
        if self.pos + 1 < self.line_end { self.byte(self.pos + 1) } else { 0 }
    }

    /// Makes the following line current. False at the end of the input.
    fn next_line(&mut self) -> LexResult<bool> {
        if self.eof {
            return Ok(false);
        }
        let begin = self.line_end;
        if let Some(read) = &mut self.read {
            let line = read().unwrap_or_default();
            if line.is_empty() {
                self.eof = true;
                return Ok(false);
            }
            let buf = self.buf.to_mut();
            buf.push_str(&line);
            self.implicit_newline = !line.ends_with('\n');
            if self.implicit_newline {
                buf.push('\n');
            }
            self.line_end = buf.len();
        } else {
            let rest = self.buf.as_bytes().get(begin..).unwrap_or_default();
            let Some(length) = rest.iter().position(|&b| b == b'\n') else {
                self.eof = true;
                return Ok(false);
            };
            self.line_end = begin + length + 1;
            self.implicit_newline = self.text_lacks_newline && self.line_end == self.buf.len();
        }
        self.line_start = begin;
        self.pos = begin;
        self.line_no += 1;
        self.refuse_null()
    }

    fn refuse_null(&mut self) -> LexResult<bool> {
        let line = self.buf.as_bytes().get(self.line_start..self.line_end).unwrap_or_default();
        if line.contains(&0) {
            let at = self.line_start;
            return Err(self.error_at("source code cannot contain null bytes", at, at));
        }
        Ok(true)
    }

    fn begin(&mut self) {
        self.start = self.pos;
        self.start_line = self.line_no;
        self.start_line_start = self.line_start;
    }

    /// The token from `start` to the position.
    fn make(&self, kind: u8) -> Token {
        self.make_until(kind, self.pos)
    }

    fn make_until(&self, kind: u8, end: usize) -> Token {
        Token {
            kind,
            start: self.start,
            end,
            line: self.start_line,
            end_line: self.line_no,
            line_start: self.start_line_start,
            end_line_start: self.line_start,
            level: u32::try_from(self.brackets.len()).unwrap_or(u32::MAX),
        }
    }

    /// An error at the position.
    fn error(&self, message: impl Into<Cow<'static, str>>) -> Box<LexError> {
        self.error_at(message, self.pos, self.pos)
    }

    fn error_at(&self, message: impl Into<Cow<'static, str>>, start: usize, end: usize) -> Box<LexError> {
        self.error_of(LexErrorKind::Syntax, message, start, end)
    }

    fn error_of(
        &self,
        kind: LexErrorKind,
        message: impl Into<Cow<'static, str>>,
        start: usize,
        end: usize,
    ) -> Box<LexError> {
        let (line, line_start) = (self.line_no, self.line_start);
        Box::new(LexError { kind, message: message.into(), line, line_start, start, end, shift: 0 })
    }

    /// An error that points at the first character of the token begun at `start`.
    fn error_at_start_of(
        &self,
        message: impl Into<Cow<'static, str>>,
        start: (usize, usize, usize),
    ) -> Box<LexError> {
        let (at, line, line_start) = start;
        let message = message.into();
        Box::new(LexError {
            kind: LexErrorKind::Syntax,
            message,
            line,
            line_start,
            start: at,
            end: at,
            shift: 1,
        })
    }

    /// A token of the ordinary mode: everything but the literal text of an f-string.
    fn normal(&mut self) -> LexResult<Token> {
        loop {
            if self.at_line_begin {
                self.at_line_begin = false;
                self.blank_line = self.measure_indentation()?;
            }
            if let Some(token) = self.pending_indentation() {
                return Ok(token);
            }
            while matches!(self.peek()?, b' ' | b'\t' | 0x0c) {
                self.pos += 1;
            }
            self.begin();
            let mut c = self.peek()?;
            self.begin();
            if c == b'#' {
                if let Some(token) = self.comment() {
                    return Ok(token);
                }
                c = self.peek()?;
            }
            if c == 0 && self.eof {
                return self.end_of_text();
            }
            if c == b'\n' || (c == b'\r' && self.peek_second() == b'\n') {
                match self.line_end_token() {
                    Some(token) => return Ok(token),
                    None => continue,
                }
            }
            self.continued = false;
            if c == b'\\' {
                self.continuation()?;
                self.continued = true;
                continue;
            }
            return self.lexeme(c);
        }
    }

    /// A comment at the position. A token only if asked for; the newline stays.
    fn comment(&mut self) -> Option<Token> {
        let line = self.buf.as_bytes().get(self.pos..self.line_end).unwrap_or_default();
        let extra = self.options.extra_tokens;
        let length = line.iter().position(|&b| b == b'\n' || b == b'\r').unwrap_or(line.len());
        self.pos += length;
        if extra {
            return Some(self.make(token::COMMENT));
        }
        if self.options.type_comments { self.type_comment() } else { None }
    }

    /// `# type: ...`, where such comments are wanted.
    fn type_comment(&mut self) -> Option<Token> {
        let text = self.buf.get(self.start..self.pos)?;
        let body = text.strip_prefix('#')?.trim_start_matches([' ', '\t']);
        let body = body.strip_prefix("type: ")?;
        let body = body.trim_start_matches([' ', '\t']);
        let ignore = body.strip_prefix("ignore").is_some_and(|rest| {
            !rest.chars().next().is_some_and(|c| c.is_ascii_alphanumeric() || !c.is_ascii())
        });
        let body_start = self.pos - body.len();
        if ignore {
            self.start = body_start + "ignore".len();
            let token = self.make(token::TYPE_IGNORE);
            self.begin();
            if self.blank_line {
                self.pos = (self.pos + 1).min(self.line_end);
                self.at_line_begin = true;
            }
            return Some(token);
        }
        self.start = body_start;
        Some(self.make(token::TYPE_COMMENT))
    }

    /// The newline at the position: a token, or nothing if nobody wants to see it.
    fn line_end_token(&mut self) -> Option<Token> {
        let newline = if self.byte(self.pos) == b'\r' { self.pos + 1 } else { self.pos };
        self.pos = newline + 1;
        self.at_line_begin = true;
        let extra = self.options.extra_tokens;
        if self.blank_line || !self.brackets.is_empty() {
            return extra.then(|| self.make(token::NL));
        }
        self.continued = false;
        Some(if extra { self.make(token::NEWLINE) } else { self.make_until(token::NEWLINE, newline) })
    }

    fn end_of_text(&mut self) -> LexResult<Token> {
        if !self.brackets.is_empty() || self.continued {
            return Err(self.unexpected_eof());
        }
        Ok(self.make(token::ENDMARKER))
    }

    fn unexpected_eof(&self) -> Box<LexError> {
        self.error_of(LexErrorKind::Eof, "unexpected EOF in multi-line statement", self.pos, self.pos)
    }

    /// Steps over a backslash and the newline that must follow it.
    fn continuation(&mut self) -> LexResult<()> {
        self.pos += 1;
        if self.byte(self.pos) == b'\r' {
            self.pos += 1;
        }
        let bare = self.bare_end && self.at_added_newline();
        if bare || self.pos >= self.line_end || self.byte(self.pos) != b'\n' {
            let width = if bare { 0 } else { 1 }
                * self.buf.get(self.pos..).and_then(|s| s.chars().next()).map_or(0, char::len_utf8);
            let at = self.pos + width;
            let message = "unexpected character after line continuation character";
            return Err(self.error_of(LexErrorKind::LineContinuation, message, at, at));
        }
        self.pos += 1;
        if self.peek()? == 0 && self.eof {
            return Err(self.unexpected_eof());
        }
        Ok(())
    }

    /// The token that starts with `c`, which is no space and no newline.
    fn lexeme(&mut self, c: u8) -> LexResult<Token> {
        match c {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 128.. => self.name(c),
            b'0'..=b'9' => self.number(),
            b'.' if self.peek_second().is_ascii_digit() => self.number(),
            b'"' | b'\'' => self.string(),
            _ => self.punctuation(c),
        }
    }

    fn name(&mut self, first: u8) -> LexResult<Token> {
        if first < 128
            && let Some(token) = self.prefixed_string()?
        {
            return Ok(token);
        }
        let line = self.buf.as_bytes().get(self.start..self.line_end).unwrap_or_default();
        let length = line
            .iter()
            .position(|&b| !(b.is_ascii_alphanumeric() || b == b'_' || b >= 128))
            .unwrap_or(line.len());
        self.pos = self.start + length;
        if !self.options.extra_tokens && !line.get(..length).unwrap_or_default().is_ascii() {
            self.verify_identifier()?;
        }
        Ok(self.make(token::NAME))
    }

    fn verify_identifier(&mut self) -> LexResult<()> {
        let text = self.buf.get(self.start..self.pos).unwrap_or_default();
        let Some((offset, c)) = unicode::first_non_identifier(text) else { return Ok(()) };
        self.pos = self.start + offset + c.len_utf8();
        Err(if unicode::is_printable(c) {
            self.error(format!("invalid character '{c}' (U+{:04X})", u32::from(c)))
        } else {
            self.error(format!("invalid non-printable character U+{:04X}", u32::from(c)))
        })
    }

    fn punctuation(&mut self, c: u8) -> LexResult<Token> {
        if c == b'\r' {
            // A lone carriage return swallows what follows it, and makes the line count for a parser.
            self.blank_line &= self.options.extra_tokens;
            let after = self.buf.get(self.pos + 1..).and_then(|s| s.chars().next());
            self.pos += 1 + after.map_or(0, char::len_utf8);
            return Ok(self.make(token::OP));
        }
        if c == b':' && self.starts_format_spec() {
            self.pos += 1;
            return Ok(self.make(token::COLON));
        }
        let rest = self.buf.as_bytes().get(self.pos..self.line_end).unwrap_or_default();
        let (kind, length) = token::operator(rest);
        if kind == token::OP && !(c == b' ' || c.is_ascii_graphic()) {
            self.pos += 1;
            return Err(self.error(format!("invalid non-printable character U+{c:04X}")));
        }
        self.pos += length;
        match c {
            b'(' | b'[' | b'{' => self.open_bracket(c)?,
            b')' | b']' | b'}' => self.close_bracket(c)?,
            _ => {}
        }
        Ok(self.make(kind))
    }

    fn starts_format_spec(&mut self) -> bool {
        let level = self.brackets.len();
        match self.strings.last_mut() {
            Some(open) if open.fields.last() == Some(&level) => {
                open.literal = true;
                open.in_format_spec = true;
                true
            }
            _ => false,
        }
    }

    fn open_bracket(&mut self, c: u8) -> LexResult<()> {
        if self.brackets.len() >= MAX_LEVEL {
            return Err(self.error("too many nested parentheses"));
        }
        let (line, line_start) = (self.line_no, self.line_start);
        self.brackets.push(Bracket { open: c, line, line_start, at: self.pos - 1 });
        Ok(())
    }

    fn close_bracket(&mut self, c: u8) -> LexResult<()> {
        let level = self.brackets.len();
        let strict = !self.options.extra_tokens;
        let field = self.strings.last().and_then(|open| open.fields.last().copied());
        if let Some(open) = self.strings.last()
            && open.fields.is_empty()
            && c == b'}'
        {
            return Err(self.error(format!("{}-string: single '}}' is not allowed", open.letter)));
        }
        if level == 0 && strict {
            return Err(self.error(format!("unmatched '{}'", char::from(c))));
        }
        if let Some(bracket) = self.brackets.pop() {
            let matches = matches!((bracket.open, c), (b'(', b')') | (b'[', b']') | (b'{', b'}'));
            if !matches && field == Some(level) {
                let letter = self.strings.last().map_or('f', |open| open.letter);
                return Err(self.error(format!("{letter}-string: unmatched '{}'", char::from(c))));
            }
            if !matches && strict {
                return Err(self.mismatch(bracket, c));
            }
        }
        if c == b'}'
            && field == Some(level)
            && let Some(open) = self.strings.last_mut()
        {
            open.fields.pop();
            open.literal = true;
            open.in_format_spec = !open.fields.is_empty();
        }
        Ok(())
    }

    fn mismatch(&self, bracket: Bracket, c: u8) -> Box<LexError> {
        let (close, open) = (char::from(c), char::from(bracket.open));
        let base = format!("closing parenthesis '{close}' does not match opening parenthesis '{open}'");
        self.error(if bracket.line == self.line_no {
            base
        } else {
            format!("{base} on line {}", bracket.line)
        })
    }
}
