//! The module `errno`.

use crate::consts::errno::{ALIASES, CONSTANTS};
use crate::support::set_ints;
use protopy_vm::protocore::{Ctx, PyResult, Value};
use protopy_vm::{ModuleSpec, dict_of, dict_set, set_attr_str};

/// `errno`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "errno",
    doc: "The error numbers of the system, by name; errorcode maps a number to its name.",
    functions: &[],
    init: Some(init),
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    set_ints(cx, module, CONSTANTS)?;
    let codes = cx.dict();
    if let Some(d) = dict_of(codes) {
        for (n, v) in CONSTANTS.iter().filter(|(n, _)| !ALIASES.contains(n)) {
            let (n, v) = (cx.str(n), cx.int(*v));
            dict_set(cx, d, v, n)?;
        }
    }
    set_attr_str(cx, module, "errorcode", codes)
}
