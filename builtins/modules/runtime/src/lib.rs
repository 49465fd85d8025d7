//! Native modules of the runtime: _ast, _tokenize, _imp, _thread, _weakref, _abc, _typing, _types, _warnings, _contextvars, gc, atexit, _opcode, _symtable, _lsprof.

pub mod abc;
pub mod ast;
pub mod atexit;
pub mod contextvars;
pub mod faulthandler;
pub mod gc;
pub mod imp;
pub mod lsprof;
pub mod marshal;
pub mod opcode;
pub mod suggestions;
pub mod symtable;
pub mod thread;
pub mod tokenize;
pub mod types;
pub mod typing;
pub mod warnings;
pub mod weakref;

use protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::ModuleSpec;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[
    &abc::MODULE,
    &ast::MODULE,
    &atexit::MODULE,
    &contextvars::MODULE,
    &faulthandler::MODULE,
    &gc::MODULE,
    &imp::MODULE,
    &lsprof::MODULE,
    &marshal::MODULE,
    &opcode::MODULE,
    &suggestions::MODULE,
    &symtable::MODULE,
    &thread::MODULE,
    &tokenize::MODULE,
    &types::MODULE,
    &warnings::MODULE,
    &typing::MODULE,
    &weakref::MODULE,
];

/// Completes the known types that this crate defines. Called once a space, after the builtin types; again has no effect.
pub fn init_types(cx: &mut Ctx) -> PyResult<()> {
    use protocore::types::type_flags::READY;
    if !cx.ty(Ty::WeakRef).has(READY) {
        weakref::init_types(cx)?;
    }
    ast::install(cx);
    typing::init_types(cx)
}

/// The name of a value's type as CPython's `tp_name` has it: with the module for native types outside of `builtins`.
pub(crate) fn full_type_name(cx: &mut Ctx, v: Value) -> String {
    use protocore::types::type_flags::HEAP;
    let t = cx.type_of(v);
    if t.has(HEAP) { cx.type_name(v) } else { protopy_vm::types::attrs::full_name(cx, t) }
}
