//! The machinery under the recogniser: lazy tokens, backtracking, nodes, memoisation and the wording of places.
//!
//! The recogniser is a recursive-descent parser that backtracks as a PEG does. It runs twice. The first pass accepts the
//! language and nothing else, and its only result is how far it got; the second has the rules for particular
//! mistakes switched on (`hints`), and the first of them that applies is the diagnosis. Running both over lazily read
//! tokens reproduces what a program's author sees from CPython, including which of two mistakes is reported.
//!
//! Invariants:
//! 1. A rule that answers `Ok(None)` may leave `mark` anywhere; who tries another alternative restores it first.
//! 2. `Err` is a verdict: it propagates to the top untouched.
//! 3. Every rule that can recurse without a bracket in between goes through [`Parser::deeper`].
//! 4. The rules that several alternatives start with are memoised, so that both passes are linear.

use std::collections::HashMap;

use super::{Kind, SyntaxErr};
use crate::iter::code_points;
use crate::lexer::{LexError, LexErrorKind, Lexer, Options};
use crate::token::{self, Token};

/// `Ok(None)` is "does not match here", `Err` the diagnosis.
pub(super) type R<T> = Result<Option<T>, Box<SyntaxErr>>;

/// Takes the match out of an `R`, or leaves the rule as unmatched.
macro_rules! need {
    ($e:expr) => {
        match $e? {
            Some(value) => value,
            None => return Ok(None),
        }
    };
}
pub(super) use need;

/// Keywords, in the order that gives each its token kind.
pub(super) const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

macro_rules! keyword_kinds {
    ($($name:ident = $n:literal)*) => { $(pub(in crate::syntax_errors) const $name: u8 = 100 + $n;)* };
}

/// Token kinds of keywords, beyond those of `token`.
pub(super) mod kw {
    keyword_kinds! {
        FALSE = 0 NONE = 1 TRUE = 2 AND = 3 AS = 4 ASSERT = 5 ASYNC = 6 AWAIT = 7 BREAK = 8 CLASS = 9 CONTINUE = 10
        DEF = 11 DEL = 12 ELIF = 13 ELSE = 14 EXCEPT = 15 FINALLY = 16 FOR = 17 FROM = 18 GLOBAL = 19 IF = 20
        IMPORT = 21 IN = 22 IS = 23 LAMBDA = 24 NONLOCAL = 25 NOT = 26 OR = 27 PASS = 28 RAISE = 29 RETURN = 30 TRY = 31
        WHILE = 32 WITH = 33 YIELD = 34
    }
}

/// What an expression is, as far as errors care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum K {
    Name,
    True,
    False,
    None,
    Ellipsis,
    Literal,
    FString,
    TString,
    Attribute,
    Subscript,
    Call,
    Tuple,
    List,
    Set,
    Dict,
    ListComp,
    SetComp,
    DictComp,
    GenExp,
    Starred,
    Await,
    Operation,
    Compare,
    /// A comparison whose first operator is `in`.
    CompareIn,
    IfExp,
    Lambda,
    Yield,
    Named,
}

impl K {
    /// The name that errors give it.
    pub(super) fn describe(self) -> &'static str {
        match self {
            K::Name => "name",
            K::True => "True",
            K::False => "False",
            K::None => "None",
            K::Ellipsis => "ellipsis",
            K::Literal => "literal",
            K::FString => "f-string expression",
            K::TString => "t-string expression",
            K::Attribute => "attribute",
            K::Subscript => "subscript",
            K::Call => "function call",
            K::Tuple => "tuple",
            K::List => "list",
            K::Set => "set display",
            K::Dict => "dict literal",
            K::ListComp => "list comprehension",
            K::SetComp => "set comprehension",
            K::DictComp => "dict comprehension",
            K::GenExp => "generator expression",
            K::Starred => "starred",
            K::Await => "await expression",
            K::Operation => "expression",
            K::Compare | K::CompareIn => "comparison",
            K::IfExp => "conditional expression",
            K::Lambda => "lambda",
            K::Yield => "yield expression",
            K::Named => "named expression",
        }
    }
}

/// An expression: its kind, its tokens, and for those that can be targets its elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) kind: K,
    /// First token.
    pub(super) first: usize,
    /// One past the last token.
    pub(super) end: usize,
    /// Elements of a tuple or list, operand of a star, left operand of a comparison: a range of `kids`.
    pub(super) kids: (usize, usize),
}

/// A rule whose results are remembered.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Rule {
    Expression,
    Disjunction,
    BitwiseOr,
    Primary,
    NamedExpression,
    StarExpressions,
    ForIfClauses,
    Args,
}

type Memo = HashMap<(Rule, usize, bool), (Option<Node>, usize)>;

/// Recursion that no bracket bounds stops here; brackets add at most [`crate::lexer::MAX_LEVEL`].
const MAX_DEPTH: usize = 1_200;

/// Two calls of [`Parser::deeper`] never have more stack than this between them.
const STACK_RED_ZONE: usize = 192 << 10;
const STACK_SEGMENT: usize = 2 << 20;

pub(super) struct Parser<'s> {
    pub(super) lexer: Lexer<'s>,
    tokens: Vec<Token>,
    pub(super) mark: usize,
    /// The rules for particular mistakes are on.
    pub(super) hints: bool,
    /// This is the second pass, whether or not the hints are on just now.
    pub(super) second_pass: bool,
    /// Braces keep the hints as they are (see `dict_or_set`).
    pub(super) quiet_braces: bool,
    pub(super) kids: Vec<Node>,
    memo: Memo,
    depth: usize,
    /// A mistake that CPython's parser lets pass and its compiler reports.
    pub(super) late: Option<Box<SyntaxErr>>,
}

impl<'s> Parser<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self {
            lexer: Lexer::from_text(source, Options::default()),
            tokens: Vec::new(),
            mark: 0,
            hints: false,
            second_pass: false,
            quiet_braces: false,
            kids: Vec::new(),
            memo: Memo::new(),
            depth: 0,
            late: None,
        }
    }

    /// Prepares for the second pass.
    pub(super) fn rewind(&mut self) {
        self.mark = 0;
        self.depth = 0;
        self.hints = true;
        self.second_pass = true;
        self.memo.clear();
        self.kids.clear();
    }

    /// Makes sure that the token at `index` has been read.
    fn fetch(&mut self, index: usize) -> Result<(), Box<SyntaxErr>> {
        while self.tokens.len() <= index {
            match self.lexer.next_token() {
                Ok(Some(mut token)) => {
                    if token.kind == token::NAME {
                        let text = self.lexer.text().get(token.start..token.end).unwrap_or_default();
                        if let Ok(n) = KEYWORDS.binary_search(&text) {
                            token.kind = u8::try_from(100 + n).unwrap_or(token::NAME);
                        }
                    }
                    self.tokens.push(token);
                }
                Ok(None) => match self.tokens.last().copied() {
                    Some(last) => self.tokens.push(last),
                    None => return Err(self.error_here("invalid syntax")),
                },
                Err(error) => return Err(self.lex_error(&error)),
            }
        }
        Ok(())
    }

    /// The kind of the token at the mark.
    pub(super) fn kind(&mut self) -> Result<u8, Box<SyntaxErr>> {
        self.kind_at(self.mark)
    }

    pub(super) fn kind_at(&mut self, index: usize) -> Result<u8, Box<SyntaxErr>> {
        self.fetch(index)?;
        Ok(self.token(index).kind)
    }

    /// A token that has been read.
    pub(super) fn token(&self, index: usize) -> Token {
        let nothing = Token {
            kind: token::ENDMARKER,
            start: 0,
            end: 0,
            line: 1,
            end_line: 1,
            line_start: 0,
            end_line_start: 0,
            level: 0,
        };
        self.tokens.get(index).copied().unwrap_or(nothing)
    }

    /// Index of the last token read.
    pub(super) fn last_read(&self) -> usize {
        self.tokens.len().saturating_sub(1)
    }

    pub(super) fn token_text(&self, index: usize) -> &str {
        let token = self.token(index);
        self.lexer.text().get(token.start..token.end).unwrap_or_default()
    }

    /// Takes the token at the mark if it is of this kind.
    pub(super) fn accept(&mut self, kind: u8) -> Result<bool, Box<SyntaxErr>> {
        let found = self.kind()? == kind;
        if found {
            self.mark += 1;
        }
        Ok(found)
    }

    /// [`Self::accept`] for rules: the token's index.
    pub(super) fn expect(&mut self, kind: u8) -> R<usize> {
        Ok(if self.accept(kind)? { Some(self.mark - 1) } else { None })
    }

    /// A token without which the program cannot be right, whatever else it may be.
    pub(super) fn demand(&mut self, kind: u8, shown: &str) -> Result<(), Box<SyntaxErr>> {
        if self.accept(kind)? {
            return Ok(());
        }
        Err(self.error_at_token(self.mark, format!("expected '{shown}'")))
    }

    /// Whether the token at the mark is this soft keyword.
    pub(super) fn at_soft(&mut self, word: &str) -> Result<bool, Box<SyntaxErr>> {
        Ok(self.kind()? == token::NAME && self.token_text(self.mark) == word)
    }

    /// Whether the token at the mark is one of these.
    pub(super) fn at_any(&mut self, kinds: &[u8]) -> Result<bool, Box<SyntaxErr>> {
        let kind = self.kind()?;
        Ok(kinds.contains(&kind))
    }

    pub(super) fn node(&self, kind: K, first: usize) -> Node {
        Node { kind, first, end: self.mark, kids: (0, 0) }
    }

    pub(super) fn node_with(&mut self, kind: K, first: usize, kids: &[Node]) -> Node {
        let begin = self.kids.len();
        self.kids.extend_from_slice(kids);
        Node { kind, first, end: self.mark, kids: (begin, self.kids.len()) }
    }

    pub(super) fn kids_of(&self, node: Node) -> &[Node] {
        self.kids.get(node.kids.0..node.kids.1).unwrap_or_default()
    }

    /// Runs a rule; unmatched, the mark is where it was.
    pub(super) fn attempt<T>(&mut self, rule: impl FnOnce(&mut Self) -> R<T>) -> R<T> {
        let mark = self.mark;
        let found = rule(self)?;
        if found.is_none() {
            self.mark = mark;
        }
        Ok(found)
    }

    /// Runs a rule without moving.
    pub(super) fn look<T>(&mut self, rule: impl FnOnce(&mut Self) -> R<T>) -> R<T> {
        let mark = self.mark;
        let found = rule(self)?;
        self.mark = mark;
        Ok(found)
    }

    /// Runs a rule with the hints off.
    pub(super) fn plainly<T>(&mut self, rule: impl FnOnce(&mut Self) -> R<T>) -> R<T> {
        let hints = std::mem::replace(&mut self.hints, false);
        let found = rule(self);
        self.hints = hints;
        found
    }

    /// Runs a rule with the hints on and without the results of earlier visits. Not within another such run, which bounds the
    /// work to twice that of one.
    pub(super) fn afresh<T>(&mut self, rule: impl FnOnce(&mut Self) -> R<T>) -> R<T> {
        if std::mem::replace(&mut self.quiet_braces, true) {
            return Ok(None);
        }
        let memo = std::mem::take(&mut self.memo);
        let found = rule(self);
        self.memo = memo;
        self.quiet_braces = false;
        found
    }

    pub(super) fn memoized(&mut self, rule: Rule, parse: impl FnOnce(&mut Self) -> R<Node>) -> R<Node> {
        // What was parsed while the hints were off stays parsed: CPython's memory makes no difference either, and that
        // hides some hints from it.
        let shared = matches!(rule, Rule::Expression | Rule::Disjunction | Rule::BitwiseOr | Rule::Primary);
        let key = (rule, self.mark, self.hints && !shared);
        if let Some(&(found, mark)) = self.memo.get(&key) {
            self.mark = mark;
            return Ok(found);
        }
        let start = self.mark;
        let found = parse(self)?;
        if found.is_none() {
            self.mark = start;
        }
        self.memo.insert(key, (found, self.mark));
        Ok(found)
    }

    /// Drops results that lie behind, so that a long program needs no more memory than a short one.
    pub(super) fn forget(&mut self) {
        if self.memo.len() > 20_000 {
            self.memo.clear();
        }
    }

    /// Bounds recursion.
    pub(super) fn deeper<T>(&mut self, rule: impl FnOnce(&mut Self) -> R<T>) -> R<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let mut error = self.error_here("Parser stack overflowed - Python source too complex to parse");
            error.kind = Kind::Memory;
            return Err(error);
        }
        let found = stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || rule(self));
        self.depth -= 1;
        found
    }

    /// The text of a line as errors show it: with its newline if nothing beyond it has been read.
    fn line_text(&self, line_start: usize, line: usize) -> String {
        let rest = self.lexer.text().get(line_start..).unwrap_or_default();
        let end = rest.find('\n').unwrap_or(rest.len());
        let with_newline = if self.lexer.line_no <= line { (end + 1).min(rest.len()) } else { end };
        rest.get(..with_newline).unwrap_or_default().to_owned()
    }

    fn column(&self, line_start: usize, at: usize) -> isize {
        code_points(self.lexer.text(), line_start, at).cast_signed()
    }

    /// Tokens that have no width in the source, and columns of their own.
    fn is_layout(token: Token) -> bool {
        matches!(token.kind, token::INDENT | token::DEDENT | token::ENDMARKER)
    }

    fn build(&self, msg: String, start: (usize, usize, isize), end: (usize, isize)) -> Box<SyntaxErr> {
        let (line, line_start, offset) = start;
        Box::new(SyntaxErr {
            kind: Kind::Syntax,
            msg,
            lineno: line,
            offset,
            end_lineno: end.0,
            end_offset: end.1,
            text: self.line_text(line_start, line),
        })
    }

    /// An error from one token to another (both included).
    pub(super) fn error_range(&self, first: usize, last: usize, msg: impl Into<String>) -> Box<SyntaxErr> {
        let (a, b) = (self.token(first), self.token(last));
        let offset = if Self::is_layout(a) { 0 } else { self.column(a.line_start, a.start) + 1 };
        let mut end = if Self::is_layout(b) { 0 } else { self.column(b.end_line_start, b.end) + 1 };
        if b.kind == token::NEWLINE {
            end += 1;
        }
        self.build(msg.into(), (a.line, a.line_start, offset), (b.end_line, end))
    }

    pub(super) fn error_at_token(&self, at: usize, msg: impl Into<String>) -> Box<SyntaxErr> {
        self.error_range(at, at, msg)
    }

    pub(super) fn error_at_node(&self, node: Node, msg: impl Into<String>) -> Box<SyntaxErr> {
        self.error_range(node.first, node.end.saturating_sub(1), msg)
    }

    pub(super) fn error_nodes(&self, first: Node, last: Node, msg: impl Into<String>) -> Box<SyntaxErr> {
        self.error_range(first.first, last.end.saturating_sub(1), msg)
    }

    /// An error at the last token read.
    pub(super) fn error_here(&self, msg: impl Into<String>) -> Box<SyntaxErr> {
        let at = self.last_read();
        let t = self.token(at);
        if !Self::is_layout(t) {
            return self.error_at_token(at, msg);
        }
        let offset = self.column(self.lexer.line_start, self.lexer.pos);
        let start = (t.line.max(1), self.lexer.line_start, offset);
        self.build(msg.into(), start, (t.line.max(1), -1))
    }

    /// An error from a token to where the tokenizer is.
    pub(super) fn error_from(&self, first: usize, msg: impl Into<String>) -> Box<SyntaxErr> {
        let mut error = self.error_range(first, first, msg);
        error.end_lineno = self.lexer.line_no;
        error.end_offset = self.column(self.lexer.line_start, self.lexer.pos);
        error
    }

    /// An error that ends where it starts, at the last character of `node`.
    pub(super) fn error_at_end_of(&self, node: Node, msg: &str) -> Box<SyntaxErr> {
        let mut error = self.error_at_node(node, msg);
        error.offset = error.end_offset - 1;
        error.end_offset = 0;
        error
    }

    pub(super) fn indentation_error(&self, msg: impl Into<String>) -> Box<SyntaxErr> {
        let mut error = self.error_here(msg);
        error.kind = Kind::Indentation;
        error
    }

    /// The bracket that the end of the text left open.
    pub(super) fn unclosed_bracket(&self) -> Option<Box<SyntaxErr>> {
        let bracket = self.lexer.brackets.last()?;
        let msg = format!("'{}' was never closed", char::from(bracket.open));
        let offset = self.column(bracket.line_start, bracket.at) + 1;
        Some(self.build(msg, (bracket.line, bracket.line_start, offset), (bracket.line, 0)))
    }

    /// A tokenizer's error as the parser reports it.
    pub(super) fn lex_error(&self, error: &LexError) -> Box<SyntaxErr> {
        let line_start = error.line_start;
        let column = |at: usize| self.column(line_start, at) + error.shift.cast_signed();
        let place = |offset: isize| (error.line, line_start, offset);
        let message = error.message.to_string();
        match error.kind {
            LexErrorKind::Syntax => {
                let mut found =
                    self.build(message, place(column(error.start)), (error.line, column(error.end)));
                found.text.truncate(found.text.trim_end_matches('\n').len());
                found
            }
            LexErrorKind::Eof => self.unclosed_bracket().unwrap_or_else(|| {
                let offset = self.column(self.lexer.line_start, self.lexer.pos);
                let start = (self.lexer.line_no, self.lexer.line_start, offset);
                self.build("unexpected EOF while parsing".to_owned(), start, (self.lexer.line_no, -1))
            }),
            LexErrorKind::LineContinuation => {
                self.build(message, place(column(error.start)), (error.line, 0))
            }
            LexErrorKind::Dedent => {
                let rest = self.lexer.text().get(line_start..).unwrap_or_default();
                let width = rest.split('\n').next().unwrap_or_default().chars().count().cast_signed();
                let mut found = self.build(message, place(width + 1), (error.line, -1));
                found.kind = Kind::Indentation;
                found
            }
            LexErrorKind::TabSpace | LexErrorKind::TooDeep => {
                let mut found = self.build(message, place(1), (error.line, 0));
                found.kind = if error.kind == LexErrorKind::TabSpace { Kind::Tab } else { Kind::Indentation };
                found
            }
        }
    }

    /// Reads the rest of the text, for an error that outranks one found by the parser: one of the tokenizer's own, or a bracket
    /// opened on an earlier line and never closed.
    pub(super) fn error_in_rest(&mut self) -> Option<Box<SyntaxErr>> {
        if self.lexer.has_failed() {
            return None;
        }
        let line = self.token(self.last_read()).line;
        loop {
            match self.lexer.next_token() {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                // Within an f-string, what follows an error is its consequence.
                Err(_) if !self.lexer.strings.is_empty() => return None,
                Err(error) if error.kind == LexErrorKind::Syntax => return Some(self.lex_error(&error)),
                Err(_) => {
                    let open = self.lexer.brackets.last()?;
                    return if line > open.line { self.unclosed_bracket() } else { None };
                }
            }
        }
    }
}
