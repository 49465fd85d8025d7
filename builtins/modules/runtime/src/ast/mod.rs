//! `_ast`: syntax trees as Python objects.
//!
//! [`table`] lists the node classes; [`classes`] makes them when something first asks for them, [`types`] is what they
//! inherit. [`export`] turns the parser's tree into objects, [`import`] objects into a tree that the compiler takes:
//! the two functions behind `compile(source, …, PyCF_ONLY_AST)` and `compile(tree, …)`, which live above the crate of `compile()` and
//! therefore are installed as hooks.

mod classes;
mod table;
mod types;

use classes::Ast;
use protocore::{Ctx, PyResult, Value};
use protopy_vm::ModuleSpec;
use protopy_vm::modules::module_set;

const FLAGS: &[(&str, i64)] = &[
    ("PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000),
    ("PyCF_ONLY_AST", 0x400),
    ("PyCF_TYPE_COMMENTS", 0x1000),
    ("PyCF_OPTIMIZED_AST", 0x8400),
];

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
