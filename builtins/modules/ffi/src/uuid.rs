//! `_uuid`: identifiers by time from the system's libuuid, if there is one. It is looked for when the module is imported, so that
//! nothing needs it otherwise.

use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::{Ctx, PyResult, Tracer, Ty, Value};
use protopy_vm::{ModuleSpec, get_attr_str, methods, set_attr_str};
use std::ffi::c_int;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `_uuid`
pub(crate) static MODULE: ModuleSpec = ModuleSpec {
    name: "_uuid",
    doc: "DCE compatible Universally Unique Identifier library.",
    functions: methods![functions:
        /// An identifier by time, and 0 if it is safe for several processes, -1 if not.
        "generate_time_safe()" => generate;
    ],
    init: Some(init),
};

/// The address of `uuid_generate_time_safe`, 0 if there is no library.
#[derive(Default)]
struct Library(AtomicUsize);

impl SpaceState for Library {
    fn trace(&self, _: &mut Tracer) {}
}

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let found = cx.blocking(|| {
        // SAFETY: the system's library; it stays loaded.
        unsafe {
            let lib = libc::dlopen(c"libuuid.so.1".as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
            if lib.is_null() { 0 } else { libc::dlsym(lib, c"uuid_generate_time_safe".as_ptr()) as usize }
        }
    });
    cx.space().state::<Library>().0.store(found, Ordering::Release);
    set_attr_str(cx, module, "has_uuid_generate_time_safe", Value::small(i64::from(found != 0)))?;
    set_attr_str(cx, module, "has_stable_extractable_node", Value::small(0))?;
    if found == 0 {
        get_attr_str(cx, module, "generate_time_safe")?;
        let n = cx.intern_str("generate_time_safe");
        protopy_vm::set_attr(cx, module, n, None)?;
    }
    Ok(())
}

fn generate(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let f = cx.space().state::<Library>().0.load(Ordering::Acquire);
    if f == 0 {
        return Err(cx.raise_str(Ty::RuntimeError, "libuuid is not available"));
    }
    // SAFETY: the library's function of this name has this type.
    let f = unsafe { std::mem::transmute::<usize, unsafe extern "C" fn(*mut u8) -> c_int>(f) };
    let mut out = [0u8; 16];
    // SAFETY: it fills 16 bytes.
    let safe = cx.blocking(|| unsafe { f(out.as_mut_ptr()) });
    let (b, safe) = (cx.bytes(&out)?, cx.int(safe.into()));
    Ok(cx.pair(b, safe))
}
