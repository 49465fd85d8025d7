//! Syntax trees: what `compile()` asks of the module `_ast`, which lies above this crate.

use crate::compile;
use protocore::space::SpaceState;
use protocore::{Ctx, PyResult, Tracer, Value};
use protopy_compiler::Options;
use std::sync::OnceLock;

/// Compiles a syntax tree object (or copies it, if only a tree is wanted); `None` if the value is none.
pub type CompileTree = fn(&mut Ctx, Value, &Options, i64) -> PyResult<Option<Value>>;
/// Makes a syntax tree object of source text.
pub type ParseTree = fn(&mut Ctx, &str, &Options, i64) -> PyResult;

/// The functions, installed once a space.
#[derive(Default)]
pub struct AstHooks {
    /// See [`CompileTree`].
    pub compile: OnceLock<CompileTree>,
    /// See [`ParseTree`].
    pub parse: OnceLock<ParseTree>,
}

impl SpaceState for AstHooks {
    fn trace(&self, _: &mut Tracer) {}
}

/// Installs the functions.
pub fn install(cx: &Ctx, compile: CompileTree, parse: ParseTree) {
    let hooks = cx.space().state::<AstHooks>();
    let _ = hooks.compile.set(compile);
    let _ = hooks.parse.set(parse);
}

/// Compiles `v` if it is a syntax tree.
pub fn compile_tree(cx: &mut Ctx, v: Value, o: &Options, flags: i64) -> PyResult<Option<Value>> {
    match cx.space().state::<AstHooks>().compile.get() {
        Some(f) => f(cx, v, o, flags),
        None => Ok(None),
    }
}

/// A syntax tree of source text.
pub fn parse_tree(cx: &mut Ctx, text: &str, o: &Options, flags: i64) -> PyResult {
    match cx.space().state::<AstHooks>().parse.get() {
        Some(f) => f(cx, text, o, flags),
        None => Err(cx.raise_str(protocore::Ty::ImportError, "the module _ast is not available")),
    }
}

/// Compiles text, for hooks that fall back to it.
pub fn compile_text(cx: &mut Ctx, text: &str, o: &Options) -> PyResult {
    compile::compile_text(cx, text, o)
}
