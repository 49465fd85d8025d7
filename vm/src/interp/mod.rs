//! The interpreter.

use protocore::{Args, Ctx, PyResult, Value};

/// Calls a Python function from native code.
pub fn run_function(cx: &mut Ctx, _f: Value, _args: Args<'_>) -> PyResult {
    Err(cx.type_error("not yet"))
}

/// Runs the body of a class or module in a namespace.
pub fn run_in_namespace(cx: &mut Ctx, _f: Value, _ns: Value) -> PyResult {
    Err(cx.type_error("not yet"))
}
