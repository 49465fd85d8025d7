//! Type parameters and type aliases: what compiled code asks of the module `_typing`, which lies above this crate.
//!
//! Compiled code hands over functions that evaluate bounds, constraints, defaults and values when these are asked for. The public
//! constructors take no such functions, therefore the way leads through a table of hooks.

use protocore::space::SpaceState;
use protocore::{Ctx, PyResult, Tracer, Ty, Value};
use std::sync::OnceLock;

/// The functions of `_typing`.
pub struct TypingHooks {
    /// A TypeVar: name, evaluator of the bound, evaluator of the constraints.
    pub type_var: fn(&mut Ctx, Value, Option<Value>, Option<Value>) -> PyResult,
    /// A ParamSpec of that name.
    pub param_spec: fn(&mut Ctx, Value) -> PyResult,
    /// A TypeVarTuple of that name.
    pub type_var_tuple: fn(&mut Ctx, Value) -> PyResult,
    /// Gives a type parameter the evaluator of its default; the parameter.
    pub set_default: fn(&mut Ctx, Value, Value) -> PyResult,
    /// `Generic[params]` for the tuple of a class's type parameters.
    pub subscript_generic: fn(&mut Ctx, Value) -> PyResult,
    /// A type alias: name, tuple of type parameters if it has a list of them, evaluator of the value.
    pub type_alias: fn(&mut Ctx, Value, Option<Value>, Value) -> PyResult,
}

#[derive(Default)]
struct Installed(OnceLock<&'static TypingHooks>);

impl SpaceState for Installed {
    fn trace(&self, _: &mut Tracer) {}
}

/// Installs the functions, once a space.
pub fn install(cx: &Ctx, hooks: &'static TypingHooks) {
    let _ = cx.space().state::<Installed>().0.set(hooks);
}

/// The functions; SystemError if there are none.
pub fn typing_hooks(cx: &mut Ctx) -> PyResult<&'static TypingHooks> {
    let hooks = cx.space().state::<Installed>().0.get().copied();
    match hooks {
        Some(h) => Ok(h),
        None => Err(cx.raise_str(Ty::SystemError, "the module _typing is not available")),
    }
}
