//! Native modules of data formats: _json, _csv, _pickle, pyexpat.

pub mod csv;
pub mod expat;
pub mod json;
pub mod pickle;

use protopy_vm::ModuleSpec;
use protopy_vm::protocore::{Ctx, Raised, Value};

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[&json::MODULE, &csv::MODULE, &expat::MODULE, &pickle::MODULE];

/// Adds a note to the exception that is being raised.
#[cold]
pub(crate) fn note(cx: &mut Ctx, r: Raised, text: &str) -> Raised {
    let e = cx.take_raised(r);
    let text = cx.str(text);
    // Deep down there may be no stack left for the note: the exception matters more.
    if let Err(r) = protopy_vm::call_method(cx, e, "add_note", &[text]) {
        cx.take_raised(r);
    }
    cx.set_raised(e)
}

/// `id(v)` as an object.
pub(crate) fn identity(cx: &mut Ctx, v: Value) -> Value {
    cx.int_u64(v.bits())
}
