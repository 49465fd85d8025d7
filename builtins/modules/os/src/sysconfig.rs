//! `_sysconfig`: what the build knows of itself that the module sysconfig tells.

use protopy_vm::protocore::{Ctx, PyResult, Value};
use protopy_vm::{ModuleSpec, dict_of, dict_set, methods};

/// `_sysconfig`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_sysconfig",
    doc: "A helper for the sysconfig module.",
    functions: methods![functions:
        /// Returns a dictionary of the variables of the build that sysconfig shows.
        "config_vars()" => config_vars;
    ],
    init: None,
};

/// There is no global lock, and no build for debugging whose objects look different.
const VARIABLES: [(&str, i64); 2] = [("Py_GIL_DISABLED", 1), ("Py_DEBUG", 0)];

fn config_vars(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let all = cx.dict();
    let Some(d) = dict_of(all) else { return Err(cx.no_memory()) };
    for (n, v) in VARIABLES {
        let n = cx.str(n);
        dict_set(cx, d, n, Value::small(v))?;
    }
    Ok(all)
}
