//! The compiler: Python source, or a syntax tree, to plain-data code objects.
//!
//! ```text
//! source -> parse (ruff's parser) -> symtable -> check -> codegen -> CodeData
//! ```
//!
//! [`parse`](mod@parse) turns the parser's complaints into CPython's; [`symtable`] decides where names live; `check`
//! reports what only a compiler can know (and warns); `codegen` emits register bytecode. [`cache`] stores code
//! objects on disk, [`disasm`] prints them, [`verify`] proves that they keep to the contract of the instruction set,
//! [`liveness`] tells which registers a frame may still read.

pub mod cache;
mod check;
mod codegen;
mod consts;
mod depth;
pub mod disasm;
mod error;
mod fold;
mod func_type;
mod future;
pub mod literals;
pub mod liveness;
mod locations;
mod names;
pub mod parse;
pub mod symtable;
pub mod unparse;
pub mod verify;
mod versions;

use protopy_bytecode::CodeData;
use ruff_python_ast::Mod;
use std::sync::Arc;

pub use disasm::disassemble;
pub use error::{CompileError, ErrorKind, Warning, WarningKind};
pub use func_type::parse_func_type;
pub use locations::{LineIndex, Locations, NodeTable};
pub use names::{Names, Sym, mangle};
pub use parse::{Parsed, parse};
pub use versions::CURRENT as CURRENT_FEATURES;

/// Native stack that parsing and compiling need to begin with; they grow it themselves as they go deeper.
pub const STACK_NEEDED: usize = 512 * 1024;

/// What is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A module.
    Exec,
    /// An expression.
    Eval,
    /// One interactive statement; values of expressions are printed.
    Single,
    /// A function type comment (only parsed).
    FuncType,
}

/// How to compile.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is compiled.
    pub mode: Mode,
    /// File name for messages and tracebacks.
    pub filename: Arc<str>,
    /// 0, 1 (`-O`: no asserts, `__debug__` false) or 2 (`-OO`: no docstrings either).
    pub optimize: u8,
    /// `CO_FUTURE_*` flags inherited from the calling code.
    pub future_flags: u32,
    /// `PyCF_DONT_IMPLY_DEDENT`
    pub dont_imply_dedent: bool,
    /// `PyCF_ALLOW_INCOMPLETE_INPUT`: input that merely ends too early is [`ErrorKind::Incomplete`].
    pub allow_incomplete_input: bool,
    /// `PyCF_TYPE_COMMENTS`
    pub type_comments: bool,
    /// `PyCF_ALLOW_TOP_LEVEL_AWAIT`
    pub allow_top_level_await: bool,
    /// Added to every line number.
    pub line_offset: u32,
    /// Most digits of a decimal integer literal, 0 for no limit (`sys.get_int_max_str_digits()`).
    pub max_int_digits: usize,
    /// The minor version of Python whose syntax is accepted, [`CURRENT_FEATURES`] for all of it.
    pub feature_version: u8,
    /// Name of the module, for warnings.
    pub module_name: Option<Arc<str>>,
}

impl Options {
    /// Options for a file.
    pub fn new(mode: Mode, filename: impl Into<Arc<str>>) -> Options {
        Options {
            mode,
            filename: filename.into(),
            optimize: 0,
            future_flags: 0,
            dont_imply_dedent: false,
            allow_incomplete_input: false,
            type_comments: false,
            allow_top_level_await: false,
            line_offset: 0,
            max_int_digits: 4300,
            feature_version: CURRENT_FEATURES,
            module_name: None,
        }
    }
}

/// Compiles source text.
pub fn compile_source(source: &str, options: &Options) -> Result<(CodeData, Vec<Warning>), CompileError> {
    let parsed = parse(source, options)?;
    let (code, mut warnings) = compile_ast(parsed.tree(), parsed.locations(), options)?;
    let mut all = parsed.warnings().to_vec();
    all.append(&mut warnings);
    Ok((code, all))
}

/// Whether `from __future__ import annotations` is in force in a tree; an error for features that do not exist.
pub fn future_annotations(
    tree: &Mod,
    locations: &Locations,
    options: &Options,
) -> Result<bool, CompileError> {
    future::scan(tree, options.future_flags).map(|f| f.annotations()).map_err(|f| f.locate(locations))
}

/// Compiles a tree.
pub fn compile_ast(
    tree: &Mod,
    locations: &Locations,
    options: &Options,
) -> Result<(CodeData, Vec<Warning>), CompileError> {
    let compiled = stacker::maybe_grow(STACK_NEEDED, 4 * STACK_NEEDED, || {
        let future = future::scan(tree, options.future_flags)?;
        let mut warnings = Vec::new();
        check::before_symtable(tree, locations, &mut warnings)?;
        let table_options = symtable::TableOptions {
            future_annotations: future.annotations(),
            top_level_await: options.allow_top_level_await,
        };
        let table = symtable::build_in(tree, locations, table_options)?;
        check::run(tree, locations, options, &table, &future, &mut warnings)?;
        let code = codegen::compile(tree, table, locations, options, future.flags)?;
        Ok((code, warnings))
    });
    compiled.map_err(|fault: error::Fault| fault.locate(locations))
}
