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
mod optimize;
mod table;
mod types;

use classes::Ast;
use comments::TypeComments;
use protocore::{Ctx, PyResult, Value};
use protopy_compiler::{CompileError, ErrorKind, Locations, Mode, Options, parse, parse_func_type};
use protopy_vm::modules::module_set;
use protopy_vm::{ModuleSpec, compile, compile_hooks};
use ruff_python_ast::Mod;

/// `PyCF_ONLY_AST`
const ONLY_AST: i64 = 0x400;

/// `PyCF_OPTIMIZED_AST`, which contains the former.
const OPTIMIZED_AST: i64 = 0x8400;

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
    if flags & ONLY_AST != 0 && options.mode == Mode::FuncType {
        build::check_mode(cx, ast, v, options.mode)?;
        return copy::tree(cx, ast, v).map(Some);
    }
    let (tree, locations) = build::tree(cx, v, options.mode)?;
    if flags & ONLY_AST != 0 {
        let made = copy::tree(cx, ast, v)?;
        optimized(cx, made, &tree, &locations, options, flags)?;
        return Ok(Some(made));
    }
    let made = protopy_compiler::compile_ast(&tree, &locations, options);
    compile::finish(cx, made, options).map(Some)
}

/// Checks the future features of a tree, and optimizes the objects made of it if the flags ask for that.
fn optimized(
    cx: &mut Ctx,
    made: Value,
    tree: &Mod,
    locations: &Locations,
    options: &Options,
    flags: i64,
) -> PyResult<()> {
    match protopy_compiler::future_annotations(tree, locations, options) {
        Ok(future) if flags & OPTIMIZED_AST == OPTIMIZED_AST => {
            optimize::tree(cx, made, options.optimize, future)
        }
        Ok(_) => Ok(()),
        Err(e) => Err(compile::raise_compile_error(cx, &e, options)),
    }
}

/// `compile()` of source text with `PyCF_ONLY_AST`.
fn parse_tree(cx: &mut Ctx, text: &str, options: &Options, flags: i64) -> PyResult {
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
    if let Some((message, range)) = misplaced {
        let e = CompileError::at(ErrorKind::Syntax, message, range, parsed.locations());
        return Err(compile::raise_compile_error(cx, &e, options));
    }
    optimized(cx, tree, parsed.tree(), parsed.locations(), options, flags)?;
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
