//! Functions and what they are made of: functions and methods, Python and native, modules, cells, code objects, frames,
//! tracebacks, generators and coroutines. The layouts are `protocore`'s, the running of frames is `vm`'s; here are the
//! types as Python programs see them.

mod asyncgen;
mod cell;
mod code;
mod code_replace;
mod code_tables;
mod frame;
mod function;
mod generator;
mod locals;
mod method;
mod module;
mod native;
mod traceback;

use protopy_vm::attr::{instance_dict, set_instance_dict};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::{Ctx, PyResult, Root, Value};
use protopy_vm::types::create_type;

/// Creates the types. `object`, `type`, `str`, `tuple`, `dict` and the attribute descriptors exist already.
pub fn init(cx: &mut Ctx) -> PyResult<()> {
    let specs = [
        &function::FUNCTION,
        &method::METHOD,
        &native::NATIVE_FN,
        &native::METHOD_DESCRIPTOR,
        &native::CLASS_METHOD_DESCRIPTOR,
        &module::MODULE,
        &cell::CELL,
        &code::CODE,
        &frame::FRAME,
        &locals::FRAME_LOCALS_PROXY,
        &traceback::TRACEBACK,
        &generator::GENERATOR,
        &generator::COROUTINE,
        &generator::COROUTINE_WRAPPER,
        &asyncgen::ASYNC_GENERATOR,
        &asyncgen::ASEND,
        &asyncgen::ATHROW,
        &asyncgen::WRAPPED_VALUE,
        &asyncgen::ANEXT_AWAITABLE,
    ];
    for spec in specs {
        create_type(cx, spec)?;
    }
    Ok(())
}

pub use asyncgen::anext_awaitable;

// ---------------------------------------------------------------------------------------------------- shared

/// `__dict__` of objects with attribute slots.
pub(crate) fn get_dict(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(instance_dict(cx, this)?.unwrap_or(Value::NONE))
}

/// Assignment of `__dict__`.
pub(crate) fn set_dict(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    match v {
        Some(d) => set_instance_dict(cx, this, d),
        None => Err(cx.type_error("cannot delete __dict__")),
    }
}

/// A builtin by name, None if it is missing.
fn builtin(cx: &mut Ctx, n: &str) -> Value {
    let n = cx.intern_str(n);
    DictObj::of(cx.root(Root::Builtins)).and_then(|d| cx.dict_get_str(d, n)).unwrap_or(Value::NONE)
}

/// How argument errors name a type.
fn arg_type(cx: &mut Ctx, v: Value) -> String {
    if v.is_none() { "None".to_owned() } else { protopy_vm::ops::tp_name(cx, v) }
}

/// Calls an `__annotate__` function for values; TypeError if it makes no dict.
fn call_annotate(cx: &mut Ctx, f: Value) -> PyResult {
    let r = protopy_vm::call(cx, f, &[Value::small(1)])?;
    if DictObj::of(r).is_none() {
        let msg = format!("__annotate__ returned non-dict of type '{}'", protopy_vm::ops::tp_name(cx, r));
        return Err(cx.type_error(&msg));
    }
    Ok(r)
}
