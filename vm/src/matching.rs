//! The `match` statement's class and mapping patterns.

use crate::attr::lookup_attr;
use crate::errors::type_text;
use crate::names::{N, name};
use crate::ops::{is_instance, repr_text};
use protocore::dict::DictObj;
use protocore::layouts::{StrObj, TupleObj};
use protocore::types::type_flags;
use protocore::{Ctx, Held, PyResult, Ty, TypeObj, Value};

fn text(v: Value) -> String {
    StrObj::of(v).map_or_else(String::new, StrObj::to_string_lossy)
}

/// The attributes of `subject` that a class pattern asks for, as a tuple; None if it does not match.
pub fn match_class(cx: &mut Ctx, subject: Value, cls: Value, kw: Value, npos: usize) -> PyResult {
    let Some(ty) = TypeObj::of(cls) else {
        return Err(cx.type_error("called match pattern must be a class"));
    };
    if !is_instance(cx, subject, cls)? {
        return Ok(Value::NONE);
    }
    let mut seen: Vec<Value> = Vec::new();
    let mut got = crate::roots::ValueVec::new(cx);
    if npos > 0 {
        let n = name(cx, N::MatchArgs);
        let mut match_self = false;
        let names = match lookup_attr(cx, cls, n)? {
            Some(t) => match TupleObj::of(t) {
                Some(t) => Held::from(t.items()),
                None => {
                    let msg = format!(
                        "{}.__match_args__ must be a tuple (got {})",
                        type_text(ty),
                        crate::ops::tp_name(cx, t)
                    );
                    return Err(cx.type_error(&msg));
                }
            },
            None => {
                match_self = ty.has(type_flags::MATCH_SELF);
                Held::new()
            }
        };
        let allowed = if match_self { 1 } else { names.len() };
        if allowed < npos {
            let plural = if allowed == 1 { "" } else { "s" };
            let msg = format!(
                "{}() accepts {allowed} positional sub-pattern{plural} ({npos} given)",
                type_text(ty)
            );
            return Err(cx.type_error(&msg));
        }
        if match_self {
            got.push(cx, subject)?;
        } else {
            for n in names.into_iter().take(npos) {
                if StrObj::of(n).is_none() {
                    let msg = format!(
                        "__match_args__ elements must be strings (got {})",
                        crate::ops::tp_name(cx, n)
                    );
                    return Err(cx.type_error(&msg));
                }
                match pattern_attr(cx, subject, ty, n, &mut seen)? {
                    Some(v) => got.push(cx, v)?,
                    None => return Ok(Value::NONE),
                }
            }
        }
    }
    for n in TupleObj::of(kw).map_or(&[][..], |t| t.items()) {
        match pattern_attr(cx, subject, ty, *n, &mut seen)? {
            Some(v) => got.push(cx, v)?,
            None => return Ok(Value::NONE),
        }
    }
    got.into_tuple(cx)
}

fn pattern_attr(
    cx: &mut Ctx,
    subject: Value,
    ty: &TypeObj,
    n: Value,
    seen: &mut Vec<Value>,
) -> PyResult<Option<Value>> {
    let n = cx.intern(n);
    if seen.iter().any(|s| s.is(n)) {
        let msg = format!("{}() got multiple sub-patterns for attribute '{}'", type_text(ty), text(n));
        return Err(cx.type_error(&msg));
    }
    seen.push(n);
    lookup_attr(cx, subject, n)
}

/// The values of a mapping at the keys of a pattern, as a tuple; None if one is missing.
pub fn match_keys(cx: &mut Ctx, subject: Value, keys: Value) -> PyResult {
    let keys = TupleObj::of(keys).map_or(&[][..], |t| t.items());
    let n = name(cx, N::Get_);
    let get = crate::attr::get_attr(cx, subject, n)?;
    let seen = cx.set();
    let object = cx.ty(Ty::Object);
    let dummy = cx.new_object(object);
    let mut got = crate::roots::ValueVec::new(cx);
    for k in keys {
        if let Some(s) = DictObj::of_set(seen)
            && !crate::dicts::set_add(cx, s, *k)?
        {
            let msg = format!("mapping pattern checks duplicate key ({})", repr_text(cx, *k)?);
            return Err(cx.value_error(&msg));
        }
        let v = crate::call::call(cx, get, &[*k, dummy])?;
        if v.is(dummy) {
            return Ok(Value::NONE);
        }
        got.push(cx, v)?;
    }
    got.into_tuple(cx)
}
