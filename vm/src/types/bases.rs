//! Assignment of `__bases__`.

use super::attrs::is_immutable;
use super::create::{add_subclass, direct_subclasses, remove_subclass};
use super::mro::{best_base, compute_mro};
use super::object::check_layouts;
use super::update::{inherit_flags, recompute_family};
use crate::errors::type_text;
use crate::names::{N, name};
use protocore::layouts::TupleObj;
use protocore::{Ctx, PyResult, TypeObj, Value};

/// `t.__bases__ = v`
pub fn set_bases(cx: &mut Ctx, t: &'static TypeObj, v: Option<Value>) -> PyResult<()> {
    let n = name(cx, N::Bases);
    if is_immutable(t) {
        return Err(super::attrs::immutable(cx, t, n, "set"));
    }
    let Some(v) = v else { return Err(super::attrs::immutable(cx, t, n, "delete")) };
    let shown = type_text(t);
    let Some(new) = TupleObj::of(v) else {
        let msg = format!("can only assign tuple to {shown}.__bases__, not {}", cx.type_name(v));
        return Err(cx.type_error(&msg));
    };
    if new.items().is_empty() {
        let msg = format!("can only assign non-empty tuple to {shown}.__bases__, not ()");
        return Err(cx.type_error(&msg));
    }
    for b in new.items() {
        let Some(b) = TypeObj::of(*b) else {
            let msg = format!("{shown}.__bases__ must be tuple of classes, not '{}'", cx.type_name(*b));
            return Err(cx.type_error(&msg));
        };
        if b.is_subtype(t.value()) {
            return Err(cx.type_error("a __bases__ item causes an inheritance cycle"));
        }
    }
    let best = best_base(cx, new.items())?;
    if let Some(old) = t.base.get().and_then(TypeObj::of) {
        check_layouts(cx, old, best, "__bases__")?;
    }
    exchange(cx, t, v, best)
}

fn exchange(cx: &mut Ctx, t: &'static TypeObj, new: Value, best: &'static TypeObj) -> PyResult<()> {
    let this = t.value();
    let (old_bases, old_base) = (t.bases.get_or_none(), t.base.get_or_none());
    cx.store(this, &t.bases, new);
    cx.store(this, &t.base, best.value());
    // The MROs that the family had, for going back when one cannot be computed; kept alive meanwhile.
    let kept = cx.keep.len();
    let mut before: Vec<(&'static TypeObj, Value)> = Vec::new();
    let made = new_mros(cx, t, &mut before);
    cx.keep.truncate(kept);
    if let Err(r) = made {
        for (c, m) in before {
            cx.store(c.value(), &c.mro, m);
        }
        cx.store(this, &t.bases, old_bases);
        cx.store(this, &t.base, old_base);
        return Err(r);
    }
    for b in TupleObj::of(old_bases).map_or(&[][..], |b| b.items()) {
        if let Some(b) = TypeObj::of(*b) {
            remove_subclass(cx, b, t)?;
        }
    }
    for b in TupleObj::of(new).map_or(&[][..], |b| b.items()) {
        if let Some(b) = TypeObj::of(*b) {
            add_subclass(cx, b, t)?;
            inherit_flags(t, b);
        }
    }
    recompute_family(cx, t);
    Ok(())
}

fn new_mros(cx: &mut Ctx, t: &'static TypeObj, before: &mut Vec<(&'static TypeObj, Value)>) -> PyResult<()> {
    cx.check_native_stack(" in __bases__ assignment")?;
    let mro = compute_mro(cx, t)?;
    let mro = cx.tuple_of(None, &mro)?;
    let old = t.mro.get_or_none();
    cx.keep.push(old);
    before.push((t, old));
    cx.store(t.value(), &t.mro, mro);
    for s in direct_subclasses(cx, t) {
        new_mros(cx, s, before)?;
    }
    Ok(())
}
