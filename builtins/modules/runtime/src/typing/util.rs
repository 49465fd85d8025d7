//! What the parts of `_typing` share: per-space state, representation of types, look-ups.

use protocore::dict::DictObj;
use protocore::layouts::{StrObj, TupleObj};
use protocore::space::SpaceState;
use protocore::{Ctx, PyResult, Root, Slot, Tracer, Ty, Value};
use protopy_vm::names::{N, name};
use protopy_vm::{dict_get, get_attr_str, lookup_attr, repr_text, str_text};

/// Objects of `_typing` that Rust code must find again.
#[derive(Default)]
pub struct TypingState {
    /// The type of iterators over generic aliases.
    pub alias_iter: Slot,
    /// `NoDefault`
    pub no_default: Slot,
    /// The type of evaluators that answer a constant.
    pub const_evaluator: Slot,
}

impl SpaceState for TypingState {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.alias_iter);
        t.slot(&self.no_default);
        t.slot(&self.const_evaluator);
    }
}

/// The state of a space.
pub fn state(cx: &Ctx) -> std::sync::Arc<TypingState> {
    cx.space().state::<TypingState>()
}

/// A builtin function or type by name.
pub fn builtin(cx: &mut Ctx, n: &str) -> PyResult {
    let key = cx.intern_str(n);
    if let Some(d) = DictObj::of(cx.root(Root::Builtins))
        && let Some(v) = dict_get(cx, d, key)?
    {
        return Ok(v);
    }
    let m = cx.root(Root::BuiltinsModule);
    get_attr_str(cx, m, n)
}

/// The items of a tuple, none for other values.
pub fn items(v: Value) -> &'static [Value] {
    TupleObj::of(v).map_or(&[], |t| t.items())
}

/// How a type is written inside of an alias or a union: a plain class by its qualified name, `None` and `...` as in source text,
/// the rest by `repr`.
pub fn type_repr(cx: &mut Ctx, v: Value) -> PyResult<String> {
    if v.is(Value::ELLIPSIS) {
        return Ok("...".to_owned());
    }
    if v.is(cx.ty(Ty::NoneType).value()) {
        return Ok("None".to_owned());
    }
    let (origin, args) = (name(cx, N::Origin), name(cx, N::Args_));
    if lookup_attr(cx, v, origin)?.is_some() && lookup_attr(cx, v, args)?.is_some() {
        return repr_text(cx, v);
    }
    let (q, m) = (name(cx, N::Qualname), name(cx, N::Module));
    let Some(q) = lookup_attr(cx, v, q)? else { return repr_text(cx, v) };
    let Some(m) = lookup_attr(cx, v, m)?.filter(|m| !m.is_none()) else { return repr_text(cx, v) };
    if StrObj::of(m).is_some_and(|m| m.eq_str("builtins")) {
        return str_text(cx, q);
    }
    let m = str_text(cx, m)?;
    Ok(format!("{m}.{}", str_text(cx, q)?))
}
