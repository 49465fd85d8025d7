//! Copies of syntax trees: what `compile(tree, …, PyCF_ONLY_AST)` answers.

use super::classes::Ast;
use super::table::{ATTRIBUTES, FieldType};
use protocore::layouts::ListObj;
use protocore::{Ctx, PyResult, Value};
use protopy_vm as vm;
use protopy_vm::ValueVec;

/// A copy of a tree whose nodes are of the classes of this module, whatever the original's were derived from them.
pub fn tree(cx: &mut Ctx, ast: Ast, v: Value) -> PyResult {
    cx.check_native_stack(" during ast construction")?;
    let Some(n) = ast.node_of(cx, v) else { return Ok(v) };
    let one = ast.singleton(n);
    if !one.is_none() {
        return Ok(one);
    }
    let copied = cx.new_object(ast.class(n));
    for (i, f) in n.def().fields.iter().enumerate() {
        let name = ast.field_name(n, i);
        let Some(old) = vm::lookup_attr(cx, v, name)? else { continue };
        let new = match f.ty {
            FieldType::Node(_) => field(cx, ast, old)?,
            _ => old,
        };
        vm::attr::set_instance_attr(cx, copied, name, new)?;
    }
    if n.positioned() {
        for i in 0..ATTRIBUTES.len() {
            let name = ast.attribute_name(i);
            if let Some(x) = vm::lookup_attr(cx, v, name)? {
                vm::attr::set_instance_attr(cx, copied, name, x)?;
            }
        }
    }
    Ok(copied)
}

fn field(cx: &mut Ctx, ast: Ast, v: Value) -> PyResult {
    let Some(l) = ListObj::of(v) else { return tree(cx, ast, v) };
    let mut out = ValueVec::new(cx);
    for i in 0..l.len() {
        if let Some(x) = l.get(i) {
            let x = tree(cx, ast, x)?;
            out.push(cx, x)?;
        }
    }
    Ok(out.into_list())
}
