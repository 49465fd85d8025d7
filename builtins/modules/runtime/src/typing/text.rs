//! How types look in the representations of aliases and unions.

use protocore::layouts::StrObj;
use protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{lookup_attr_str, repr_text, str_text};

/// Appends the short form of a type: `int`, `module.Class`, `...`, `None`; other things by their `repr`.
pub fn type_repr(cx: &mut Ctx, v: Value, out: &mut String) -> PyResult<()> {
    if v.is(Value::ELLIPSIS) {
        out.push_str("...");
        return Ok(());
    }
    if v.is(cx.ty(Ty::NoneType).value()) {
        out.push_str("None");
        return Ok(());
    }
    let parametrised =
        lookup_attr_str(cx, v, "__origin__")?.is_some() && lookup_attr_str(cx, v, "__args__")?.is_some();
    if !parametrised
        && let Some(name) = lookup_attr_str(cx, v, "__qualname__")?
        && let Some(module) = lookup_attr_str(cx, v, "__module__")?
        && !module.is_none()
    {
        if !StrObj::of(module).is_some_and(|m| m.eq_str("builtins")) {
            out.push_str(&str_text(cx, module)?);
            out.push('.');
        }
        out.push_str(&str_text(cx, name)?);
        return Ok(());
    }
    out.push_str(&repr_text(cx, v)?);
    Ok(())
}
