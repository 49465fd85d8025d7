//! Tokens dressed as `_tokenize.TokenizerIter` hands them out: columns in code points, the text of the line, and the
//! differences between the two settings of `extra_tokens`.

use std::ops::Range;

use crate::lexer::{LexError, LexErrorKind, Lexer, Options, ReadLine};
use crate::token::{self, Token};

/// A position: 1-based line, 0-based column in code points (-1 where Python has none).
pub type Position = (usize, isize);

/// One item of the iteration. Texts are ranges of [`TokenIter::text`], so that a caller can share the string of a line
/// among the tokens on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IterToken {
    /// Token type.
    pub kind: u8,
    /// The token's text.
    pub string: Range<usize>,
    /// Its beginning.
    pub start: Position,
    /// Its end.
    pub end: Position,
    /// The physical line or lines it is on.
    pub line: Range<usize>,
}

/// Which exception to raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IterError {
    /// `SyntaxError`
    Syntax,
    /// `IndentationError`
    Indentation,
    /// `TabError`
    Tab,
}

/// The error that ends an iteration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenizeError {
    /// The exception's class.
    pub kind: IterError,
    /// Its message.
    pub msg: String,
    /// `(lineno, offset, text, end)`; none for the plain "unexpected EOF in multi-line statement". `end` is
    /// `(end_lineno, end_offset)`, which some errors leave `None`.
    pub place: Option<ErrorPlace>,
}

/// Where a [`TokenizeError`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorPlace {
    /// 1-based line.
    pub lineno: usize,
    /// 1-based column.
    pub offset: usize,
    /// The line, without its newline.
    pub text: String,
    /// `(end_lineno, end_offset)`.
    pub end: Option<(usize, usize)>,
}

/// Counts columns forward along a line, so that asking for each token's column stays linear.
#[derive(Default)]
struct Columns {
    line_start: usize,
    at: usize,
    column: isize,
}

impl Columns {
    fn of(&mut self, text: &str, line_start: usize, at: usize) -> isize {
        if self.line_start != line_start || at < self.at {
            *self = Self { line_start, at: line_start, column: 0 };
        }
        self.column += code_points(text, self.at, at).cast_signed();
        self.at = at;
        self.column
    }
}

/// The number of code points that start between two byte offsets.
pub(crate) fn code_points(text: &str, from: usize, to: usize) -> usize {
    let bytes = text.as_bytes().get(from..to).unwrap_or_default();
    bytes.iter().filter(|&&b| b & 0xc0 != 0x80).count()
}

/// `_tokenize.TokenizerIter`.
pub struct TokenIter<'a> {
    lexer: Lexer<'a>,
    extra: bool,
    columns: Columns,
    last_line_no: usize,
    last_line: Range<usize>,
}

impl<'a> TokenIter<'a> {
    /// Iterates over the lines that `read` returns (`None`, or an empty one, ends them). `read` must not fail: remember an
    /// exception, return `None`, and look for it before believing the iteration's end or error.
    pub fn from_lines(read: ReadLine<'a>, extra_tokens: bool) -> Self {
        let options = Options { extra_tokens, type_comments: false };
        Self::new(Lexer::from_lines(read, options), extra_tokens)
    }

    /// Iterates over a complete text.
    pub fn from_text(text: &'a str, extra_tokens: bool) -> Self {
        Self::new(Lexer::from_text(text, Options { extra_tokens, type_comments: false }), extra_tokens)
    }

    fn new(lexer: Lexer<'a>, extra: bool) -> Self {
        Self { lexer, extra, columns: Columns::default(), last_line_no: 0, last_line: 0..0 }
    }

    /// The text that ranges point into: everything read so far.
    pub fn text(&self) -> &str {
        self.lexer.text()
    }

    /// The next token, `Ok(None)` after the last.
    pub fn next_token(&mut self) -> Result<Option<IterToken>, TokenizeError> {
        match self.lexer.next_token() {
            Ok(None) => Ok(None),
            // An empty text has, without extra tokens, not even an end.
            Ok(Some(t)) if t.kind == token::ENDMARKER && self.lexer.line_no == 0 && !self.extra => Ok(None),
            Ok(Some(t)) => Ok(Some(if self.extra { self.dress_extra(t) } else { self.dress(t) })),
            Err(error) => Err(self.error(&error)),
        }
    }

    fn line_of(&mut self, t: &Token) -> Range<usize> {
        let from = match t.kind {
            token::STRING | token::FSTRING_MIDDLE | token::TSTRING_MIDDLE => t.line_start,
            _ => t.end_line_start,
        };
        let no = self.lexer.line_no;
        if no != self.last_line_no {
            let end = self.lexer.visible_line_end();
            self.last_line = if self.lexer.at_eof() { end..end } else { from..end };
        }
        self.last_line_no = t.line;
        self.last_line.clone()
    }

    fn positions(&mut self, t: &Token) -> (Position, Position) {
        let text = self.lexer.text();
        let start = self.columns.of(text, t.line_start, t.start);
        let end = self.columns.of(text, t.end_line_start, t.end);
        ((t.line, start), (t.end_line, end))
    }

    fn dress_extra(&mut self, t: Token) -> IterToken {
        let trailing = t.kind == token::ENDMARKER || (t.kind == token::DEDENT && self.lexer.at_eof());
        if trailing {
            let place = (self.lexer.line_no + 1, 0);
            let here = t.end..t.end;
            return IterToken { kind: t.kind, string: here.clone(), start: place, end: place, line: here };
        }
        let line = self.line_of(&t);
        let (start, end) = self.positions(&t);
        let kind = if t.kind > token::DEDENT && t.kind < token::OP { token::OP } else { t.kind };
        let mut string = t.start..t.end;
        if matches!(kind, token::NEWLINE | token::NL) && self.lexer.implicit_newline {
            string = t.start..t.end - 1;
        }
        IterToken { kind, string, start, end, line }
    }

    fn dress(&mut self, t: Token) -> IterToken {
        let line = self.line_of(&t);
        let string = t.start..t.end;
        if matches!(t.kind, token::INDENT | token::DEDENT | token::ENDMARKER) {
            let place = (t.line, -1);
            return IterToken { kind: t.kind, string: t.end..t.end, start: place, end: place, line };
        }
        let (start, end) = self.positions(&t);
        IterToken { kind: t.kind, string, start, end, line }
    }

    fn error(&self, error: &LexError) -> TokenizeError {
        let text = self.lexer.text();
        let kind = match error.kind {
            LexErrorKind::Eof => {
                return TokenizeError {
                    kind: IterError::Syntax,
                    msg: error.message.to_string(),
                    place: None,
                };
            }
            LexErrorKind::Dedent | LexErrorKind::TooDeep => IterError::Indentation,
            LexErrorKind::TabSpace => IterError::Tab,
            LexErrorKind::Syntax | LexErrorKind::LineContinuation => IterError::Syntax,
        };
        let rest = text.get(error.line_start..).unwrap_or_default();
        let line = rest.split(['\n', '\0']).next().unwrap_or_default();
        let column = |at: usize| code_points(text, error.line_start, at) + error.shift;
        let (offset, end) = match error.kind {
            LexErrorKind::Syntax => (column(error.start), Some((error.line, column(error.end)))),
            _ => (line.chars().count() + 1, None),
        };
        let place = ErrorPlace { lineno: error.line, offset, text: line.to_owned(), end };
        TokenizeError { kind, msg: error.message.to_string(), place: Some(place) }
    }
}
