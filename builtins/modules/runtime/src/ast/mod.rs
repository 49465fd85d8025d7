//! `_ast`: syntax trees as Python objects.
//!
//! [`table`] lists the node classes; [`classes`] makes them when something first asks for them, [`types`] is what they
//! inherit. [`export`] turns the parser's tree into objects, [`import`] objects into a tree that the compiler takes:
//! the two functions behind `compile(source, …, PyCF_ONLY_AST)` and `compile(tree, …)`, which live above the crate of `compile()` and
//! therefore are installed as hooks.

mod build;
mod classes;
mod comments;
mod copy;
mod export;
mod table;
mod types;

use classes::Ast;
use comments::TypeComments;
use protocore::{Ctx, PyResult, Value};
use protopy_compiler::{CompileError, ErrorKind, Mode, Options, parse, parse_func_type};
use protopy_vm::modules::module_set;
use protopy_vm::{ModuleSpec, compile, compile_hooks};

/// `PyCF_ONLY_AST`
const ONLY_AST: i64 = 0x400;

const FLAGS: &[(&str, i64)] = &[
    ("PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000),
    ("PyCF_ONLY_AST", 0x400),
    ("PyCF_TYPE_COMMENTS", 0x1000),
    ("PyCF_OPTIMIZED_AST", 0x8400),
];

/// Installs what `compile()` needs for syntax trees. Called once a space; again has no effect.
pub fn install(cx: &Ctx) {
    compile_hooks::install(cx, compile_tree, parse_tree);
}

/// `compile()` of a syntax tree object.
fn compile_tree(cx: &mut Ctx, v: Value, options: &Options, flags: i64) -> PyResult<Option<Value>> {
    // Before something asked for the classes there are no trees.
    let Some(ast) = Ast::existing(cx).filter(|a| cx.type_of(v).is_subtype(a.base().value())) else {
        return Ok(None);
    };
    if flags & ONLY_AST != 0 {
        build::check_mode(cx, ast, v, options.mode)?;
        return copy::tree(cx, ast, v).map(Some);
    }
    let (tree, locations) = build::tree(cx, v, options.mode)?;
    let made = protopy_compiler::compile_ast(&tree, &locations, options);
    compile::finish(cx, made, options).map(Some)
}

/// `compile()` of source text with `PyCF_ONLY_AST`.
fn parse_tree(cx: &mut Ctx, text: &str, options: &Options, flags: i64) -> PyResult {
    let _ = flags;
    if options.mode == Mode::FuncType {
        return match parse_func_type(text, options) {
            Ok((args, returns, locations)) => export::function_type(cx, &args, &returns, &locations),
            Err(e) => Err(compile::raise_compile_error(cx, &e, options)),
        };
    }
    let parsed = match parse(text, options) {
        Ok(parsed) => parsed,
        Err(e) => return Err(compile::raise_compile_error(cx, &e, options)),
    };
    for w in parsed.warnings() {
        compile::issue(cx, w, options)?;
    }
    let comments = if options.type_comments { TypeComments::find(text) } else { TypeComments::default() };
    let (tree, misplaced) = export::tree(cx, parsed.tree(), parsed.locations(), options, comments)?;
    if let Some(range) = misplaced {
        let e = CompileError::at(ErrorKind::Syntax, "invalid syntax", range, parsed.locations());
        return Err(compile::raise_compile_error(cx, &e, options));
    }
    Ok(tree)
}

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    let ast = Ast::get(cx)?;
    module_set(cx, m, "AST", ast.base().value())?;
    for (n, v) in FLAGS {
        let v = cx.int(*v);
        module_set(cx, m, n, v)?;
    }
    for n in table::ALL {
        module_set(cx, m, n.def().name, ast.class(n).value())?;
    }
    Ok(())
}

/// `_ast`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_ast",
    doc: "Classes of the nodes of syntax trees.",
    functions: &[],
    init: Some(init),
};
