//! Functions of upper crates that type objects call, installed once a space.

use protocore::space::SpaceState;
use protocore::types::BinaryFn;
use protocore::{Ctx, PyResult, Tracer, Value};
use std::sync::{Mutex, OnceLock};

/// Functions that `builtins` installs, and the lock of class changes.
#[derive(Default)]
pub struct TypeHooks {
    /// `X | Y` for types: makes a union, or answers NotImplemented.
    pub union: OnceLock<BinaryFn>,
    /// Serialises changes of slots and versions. Its holder neither allocates in the collector's heap nor runs Python code nor
    /// reaches a safepoint.
    pub(crate) lock: Mutex<()>,
}

impl SpaceState for TypeHooks {
    fn trace(&self, _: &mut Tracer) {}
}

/// Installs what `type.__or__` calls.
pub fn set_union_hook(cx: &Ctx, f: BinaryFn) {
    let _ = cx.space().state::<TypeHooks>().union.set(f);
}

/// `type.__or__`
pub fn type_or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let f = cx.space().state::<TypeHooks>().union.get().copied();
    match f {
        Some(f) => f(cx, a, b),
        None => Ok(Value::NOT_IMPLEMENTED),
    }
}

/// `obj.__weakref__`: the first weak reference to an object, or None.
pub fn first_weakref(cx: &mut Ctx, obj: Value) -> PyResult {
    Ok(cx.weakrefs_of(obj).first().copied().unwrap_or(Value::NONE))
}
