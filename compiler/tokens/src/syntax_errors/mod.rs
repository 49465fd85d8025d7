//! CPython's `SyntaxError` for a program that another parser has refused.
//!
//! The parser proper knows that a program is wrong and where it stumbled; it does not know what CPython would say. This module finds
//! that out with a recogniser of its own (see `core`), which nobody runs on correct programs: [`diagnose`] is called once per refused
//! program, and costs a small multiple of parsing it. If the recogniser accepts what the other parser refused, the error is one that
//! CPython's compiler reports after parsing, or one told from the other parser's words (see `foreign`).
//!
//! [`nesting_check`] runs before the other parser and keeps recursion in it, and in all that walks its tree, within bounds.

mod call;
mod core;
mod expr;
mod foreign;
mod nesting;
mod params;
mod pattern;
mod stmt;
mod strings;
mod targets;

pub use nesting::{MAX_LEFT_DEPTH, MAX_RIGHT_DEPTH, PARSER_STACK, nesting_check};

use crate::lexer::LexErrorKind;
use crate::token;

/// Which exception to raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `SyntaxError`
    Syntax,
    /// `IndentationError`
    Indentation,
    /// `TabError`
    Tab,
    /// `_IncompleteInputError`, only where [`Mode::incomplete`] asked for it.
    Incomplete,
    /// `MemoryError`: the program is nested too deeply to be parsed. Only the message counts.
    Memory,
    /// `RecursionError`: it could be parsed, but the tree is too deep to be compiled. Only the message counts.
    Recursion,
}

/// A syntax error as CPython reports it. Lines and offsets are 1-based, in code points; 0 and -1 occur where CPython has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxErr {
    /// The exception's class.
    pub kind: Kind,
    /// `msg`
    pub msg: String,
    /// `lineno`
    pub lineno: usize,
    /// `offset`
    pub offset: isize,
    /// `end_lineno`
    pub end_lineno: usize,
    /// `end_offset`
    pub end_offset: isize,
    /// `text`, with or without its newline as CPython has it.
    pub text: String,
}

/// The start rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// `exec`: a module.
    Exec,
    /// `eval`: an expression.
    Eval,
    /// `single`: an interactive statement.
    Single,
}

/// How the program was to be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// The start rule.
    pub start: Start,
    /// `PyCF_ALLOW_INCOMPLETE_INPUT`: a program that merely ends too early is [`Kind::Incomplete`].
    pub incomplete: bool,
}

impl Mode {
    /// `compile(..., 'exec')`
    pub const EXEC: Self = Self { start: Start::Exec, incomplete: false };
    /// `compile(..., 'eval')`
    pub const EVAL: Self = Self { start: Start::Eval, incomplete: false };
    /// `compile(..., 'single')`
    pub const SINGLE: Self = Self { start: Start::Single, incomplete: false };
}

/// The `SyntaxError` for `source`, which another parser refused with `message` (of the error variant that `debug_name`
/// prints) at the bytes `range_start..range_end`.
pub fn diagnose(
    source: &str,
    message: &str,
    debug_name: &str,
    range_start: usize,
    range_end: usize,
    mode: Mode,
) -> SyntaxErr {
    match check(source, mode) {
        Some(error) => error,
        None => foreign::translate(source, message, debug_name, range_start, range_end),
    }
}

/// What CPython's parser has against `source`, if anything; without that, the first of the mistakes known here that its compiler
/// would report.
pub fn check(source: &str, mode: Mode) -> Option<SyntaxErr> {
    let mut parser = core::Parser::new(source);
    parser.lexer.bare_end = mode.start != Start::Exec;
    let first = parser.program(mode.start);
    if mode.incomplete && !matches!(first, Ok(Some(()))) && ends_too_early(&mut parser, mode.start) {
        let mut error = parser.error_here("incomplete input");
        error.kind = Kind::Incomplete;
        return Some(*error);
    }
    let otherwise = match first {
        Ok(Some(())) => return parser.late.map(|late| *late),
        Ok(None) => generic_error(&parser, parser.last_read()),
        Err(error) if parser.lexer.has_failed() || error.kind == Kind::Memory => return Some(*error),
        Err(error) => error,
    };
    parser.rewind();
    let found = match parser.program(mode.start) {
        Err(error) => error,
        Ok(_) => otherwise,
    };
    if found.kind != Kind::Syntax {
        return Some(*found);
    }
    Some(*parser.error_in_rest().unwrap_or(found))
}

/// The error if no rule has anything better to say: at the token that stopped the first pass.
fn generic_error(parser: &core::Parser<'_>, last: usize) -> Box<SyntaxErr> {
    match parser.token(last).kind {
        token::INDENT => parser.indentation_error("unexpected indent"),
        token::DEDENT => parser.indentation_error("unexpected unindent"),
        _ => parser.error_at_token(last, "invalid syntax"),
    }
}

fn ends_too_early(parser: &mut core::Parser<'_>, start: Start) -> bool {
    let at_eof = parser.lexer.at_eof();
    // Only a program is given the newline that its last line lacks.
    let inside_last_line = start != Start::Exec && parser.lexer.at_added_newline();
    let at_end = at_eof || (inside_last_line && parser.lexer.has_failed());
    if !at_end {
        return false;
    }
    match parser.lexer.next_token() {
        Ok(_) => true,
        Err(error) => {
            error.kind == LexErrorKind::Eof
                || (at_eof && error.message.starts_with("unterminated triple-quoted"))
                || error.message.starts_with("unterminated string literal")
        }
    }
}
