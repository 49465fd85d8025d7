//! The module `posix`: the operating system's interface behind `os`.

mod consts;
mod dirs;
pub(crate) mod fd;
pub(crate) mod fork;
mod ids;
mod info;
mod links;
mod paths;
mod process;
mod sched;
mod spawn;
mod stat;
mod state;
mod time;
mod wait;
mod xattr;

pub use state::OsState;
pub(crate) use wait::rusage;

use crate::support::{int_dict, list_from, set_ints};
use crate::sys;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{ModuleSpec, dict_of, dict_set, set_attr_str};

/// `posix`. Its functions are in families, one a file, entered by `init`.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "posix",
    doc: "The operating system as POSIX describes it. Use the module os, which is the portable way to it.",
    functions: info::FUNCTIONS,
    init: Some(init),
};

/// The other families.
static FAMILIES: &[&[MethodDef]] = &[
    dirs::FUNCTIONS,
    fd::FUNCTIONS,
    fork::FUNCTIONS,
    ids::FUNCTIONS,
    links::FUNCTIONS,
    paths::FUNCTIONS,
    process::FUNCTIONS,
    sched::FUNCTIONS,
    spawn::FUNCTIONS,
    stat::FUNCTIONS,
    time::FUNCTIONS,
    wait::FUNCTIONS,
    xattr::FUNCTIONS,
];

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let module_name = cx.intern_str("posix");
    for def in FAMILIES.iter().copied().flatten() {
        let f = cx.native_fn(Ty::NativeFn, def, Some(module), Some(module_name), None);
        set_attr_str(cx, module, def.name, f)?;
    }
    set_ints(cx, module, consts::CONSTANTS)?;
    for (n, table) in [
        ("sysconf_names", consts::SYSCONF),
        ("pathconf_names", consts::PATHCONF),
        ("confstr_names", consts::CONFSTR),
    ] {
        let d = int_dict(cx, table)?;
        set_attr_str(cx, module, n, d)?;
    }
    let have = list_from(cx, consts::HAVE_FUNCTIONS, |cx, n| Ok(cx.str(n)))?;
    set_attr_str(cx, module, "_have_functions", have)?;
    let error = cx.ty(Ty::OSError).value();
    set_attr_str(cx, module, "error", error)?;
    let env = environ_dict(cx)?;
    set_attr_str(cx, module, "environ", env)?;
    state::init(cx, module)?;
    dirs::init(cx, module)
}

/// The environment as a dict of bytes.
pub fn environ_dict(cx: &mut Ctx) -> PyResult {
    let d = cx.dict();
    let Some(o) = dict_of(d) else { return Ok(d) };
    for entry in sys::environ() {
        // A name may start with "=".
        let Some(at) = entry.iter().skip(1).position(|b| *b == b'=') else { continue };
        let (name, value) = entry.split_at(at + 1);
        let k = cx.bytes(name)?;
        if protopy_vm::dict_contains(cx, o, k)? {
            continue;
        }
        let v = cx.bytes(value.get(1..).unwrap_or_default())?;
        dict_set(cx, o, k, v)?;
    }
    Ok(d)
}
