//! Small things shared by the modules of this crate.

use protopy_vm::methods;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};

static CONSTANTS: &[MethodDef] = methods![functions:
    /// Always False.
    "false()" => |_, _| Ok(Value::FALSE);
];

/// A function that answers False.
pub fn false_function(cx: &mut Ctx) -> PyResult {
    Ok(cx.native_fn(Ty::NativeFn, &CONSTANTS[0], None, None, None))
}
