//! Errors and warnings that the compiler reports.

use crate::locations::Locations;
use ruff_text_size::TextRange;

/// Which exception a compile error becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// `SyntaxError`
    Syntax,
    /// `IndentationError`
    Indentation,
    /// `TabError`
    Tab,
    /// `_IncompleteInputError`: more lines may complete the input.
    Incomplete,
    /// `OverflowError`
    Overflow,
    /// `RecursionError`
    Recursion,
    /// `ValueError`
    Value,
    /// `MemoryError`: nested too deeply to be parsed.
    Memory,
}

/// A compile error. Offsets count from 1, characters in errors of the parser and bytes in others; -1 occurs where
/// CPython has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// The exception.
    pub kind: ErrorKind,
    /// Its message.
    pub msg: Box<str>,
    /// Line, from 1.
    pub lineno: Option<u32>,
    /// Character in the line, from 1.
    pub offset: Option<i32>,
    /// Last line.
    pub end_lineno: Option<u32>,
    /// Character after the last, from 1.
    pub end_offset: Option<i32>,
    /// Text of the line.
    pub text: Option<String>,
    /// Warnings that come before it.
    pub warnings: Vec<Warning>,
    /// The whole source, if the parser reports the error.
    pub source: Option<Box<str>>,
}

impl CompileError {
    /// An error without a place.
    pub fn bare(kind: ErrorKind, msg: impl Into<String>) -> CompileError {
        CompileError {
            kind,
            msg: msg.into().into_boxed_str(),
            lineno: None,
            offset: None,
            end_lineno: None,
            end_offset: None,
            text: None,
            warnings: Vec::new(),
            source: None,
        }
    }

    /// An error at a place of the tree.
    pub fn at(
        kind: ErrorKind,
        msg: impl Into<String>,
        range: TextRange,
        locations: &Locations,
    ) -> CompileError {
        let p = locations.position(range);
        let mut error = CompileError::bare(kind, msg);
        error.lineno = Some(p.line);
        error.end_lineno = Some(p.end_line);
        // The compiler proper, unlike the parser, counts bytes here.
        error.offset = i32::try_from(p.col + 1).ok();
        error.end_offset = i32::try_from(p.end_col + 1).ok();
        if let Locations::Source(index) = locations {
            error.text = index.line_text(p.line).map(str::to_owned);
        }
        error
    }
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}Error: {}", self.kind, self.msg)?;
        match (self.lineno, self.offset) {
            (Some(line), Some(offset)) => write!(f, " (line {line}, offset {offset})"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for CompileError {}

/// Category of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    /// `SyntaxWarning`
    Syntax,
    /// `DeprecationWarning`
    Deprecation,
}

/// A warning. Columns count bytes from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Its category.
    pub category: WarningKind,
    /// Its message.
    pub message: String,
    /// Line, from 1.
    pub line: u32,
    /// Last line.
    pub end_line: u32,
    /// First column.
    pub col: u32,
    /// Column after the last.
    pub end_col: u32,
}

/// An error inside the compiler: a message and the range that it is about.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub kind: ErrorKind,
    pub msg: String,
    pub range: TextRange,
}

impl Fault {
    /// A syntax error.
    pub fn syntax(msg: impl Into<String>, range: TextRange) -> Fault {
        Fault { kind: ErrorKind::Syntax, msg: msg.into(), range }
    }

    /// The error with its place worked out.
    pub fn locate(self, locations: &Locations) -> CompileError {
        match self.kind {
            ErrorKind::Recursion | ErrorKind::Overflow | ErrorKind::Value | ErrorKind::Memory => {
                CompileError::bare(self.kind, self.msg)
            }
            kind => CompileError::at(kind, self.msg, self.range, locations),
        }
    }
}

pub(crate) type Res<T = ()> = Result<T, Fault>;
