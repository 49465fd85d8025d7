//! Code objects as plain data.

use crate::Positions;
use std::sync::Arc;

/// Source range of one instruction. Lines count from 1, columns from 0 in UTF-8 bytes; a line of 0
/// means "no location" (artificial code).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// First line.
    pub line: u32,
    /// Last line.
    pub end_line: u32,
    /// First column.
    pub col: u32,
    /// Column after the last.
    pub end_col: u32,
}

/// An exception-table entry: an exception raised by an instruction word in `start..end` is put into
/// register `reg` and control goes to `handler`. The first entry that covers the word wins, so inner
/// ranges precede outer ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExcEntry {
    /// First covered word.
    pub start: u32,
    /// Word after the last covered.
    pub end: u32,
    /// Where the handler starts.
    pub handler: u32,
    /// Register that receives the exception.
    pub reg: u16,
}

/// A string constant that UTF-8 cannot hold: code points with at least one lone surrogate.
pub type SurrogateStr = Box<[u32]>;

/// A constant.
#[derive(Clone, Debug)]
pub enum Const {
    /// `None`
    None,
    /// `True`
    True,
    /// `False`
    False,
    /// `...`
    Ellipsis,
    /// An integer that fits.
    Int(i64),
    /// Any other integer: sign and magnitude, little-endian.
    BigInt {
        /// Whether it is below zero.
        negative: bool,
        /// Magnitude in little-endian bytes.
        magnitude: Box<[u8]>,
    },
    /// A float.
    Float(f64),
    /// A complex number: real and imaginary part.
    Complex(f64, f64),
    /// A string.
    Str(Box<str>),
    /// A string with lone surrogates.
    WideStr(SurrogateStr),
    /// A bytes object.
    Bytes(Box<[u8]>),
    /// A tuple of constants.
    Tuple(Box<[Const]>),
    /// A frozen set of constants.
    FrozenSet(Box<[Const]>),
    /// A slice of constants (start, stop, step).
    Slice(Box<[Const; 3]>),
    /// A nested code object.
    Code(Arc<CodeData>),
}

/// `co_flags`, with CPython's values so that `inspect` can read them.
pub struct CodeFlags;

impl CodeFlags {
    /// Locals are registers.
    pub const OPTIMIZED: u32 = 0x1;
    /// A call makes a new namespace.
    pub const NEWLOCALS: u32 = 0x2;
    /// Has `*args`.
    pub const VARARGS: u32 = 0x4;
    /// Has `**kwargs`.
    pub const VARKEYWORDS: u32 = 0x8;
    /// Defined inside of a function.
    pub const NESTED: u32 = 0x10;
    /// Generator function.
    pub const GENERATOR: u32 = 0x20;
    /// `async def` without `yield`.
    pub const COROUTINE: u32 = 0x80;
    /// Generator that may be awaited (`types.coroutine`).
    pub const ITERABLE_COROUTINE: u32 = 0x100;
    /// `async def` with `yield`.
    pub const ASYNC_GENERATOR: u32 = 0x200;
    /// `from __future__ import annotations`.
    pub const FUTURE_ANNOTATIONS: u32 = 0x100_0000;
    /// `from __future__ import generator_stop`.
    pub const FUTURE_GENERATOR_STOP: u32 = 0x80_0000;
    /// `co_consts[0]` is the docstring.
    pub const HAS_DOCSTRING: u32 = 0x400_0000;
    /// Defined directly in a class body.
    pub const METHOD: u32 = 0x800_0000;
}

/// A compiled code object.
#[derive(Clone, Debug, Default)]
pub struct CodeData {
    /// `co_name`
    pub name: Box<str>,
    /// `co_qualname`
    pub qualname: Box<str>,
    /// `co_filename`
    pub filename: Arc<str>,
    /// `co_firstlineno`
    pub first_line: u32,
    /// `co_flags`: an or of [`CodeFlags`].
    pub flags: u32,
    /// Positional parameters, positional-only ones included.
    pub argcount: u32,
    /// Positional-only parameters.
    pub posonlyargcount: u32,
    /// Keyword-only parameters.
    pub kwonlyargcount: u32,
    /// Names of the local variables, in register order (empty if the code is not optimised).
    pub varnames: Vec<Box<str>>,
    /// Names of captured locals.
    pub cellvars: Vec<Box<str>>,
    /// Register of each cell variable (parallel to `cellvars`).
    pub cell_regs: Vec<u16>,
    /// Names of the free variables, in the order of the function's closure tuple.
    pub freevars: Vec<Box<str>>,
    /// Register of the first free variable; the others follow.
    pub free_base: u16,
    /// Variables of inlined comprehensions of code that is not optimised, and their registers: unbound unless
    /// the comprehension runs, and then a value (or a cell, if the name is in `cellvars`).
    pub hidden: Vec<(Box<str>, u16)>,
    /// Registers that a frame needs, call windows included.
    pub nregs: u16,
    /// Constants.
    pub consts: Vec<Const>,
    /// Names of globals, attributes and imports.
    pub names: Vec<Box<str>>,
    /// Instruction words, cache words (zero) included.
    pub code: Vec<u64>,
    /// One position for each word of `code`.
    pub positions: Positions,
    /// Exception table, inner ranges first.
    pub exceptions: Vec<ExcEntry>,
}
