//! Assignment of `__bases__`.

use super::attrs::is_immutable;
use super::create::{add_subclass, depend_on_strangers, direct_subclasses, remove_subclass};
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
        let msg = format!("can only assign tuple to {shown}.__bases__, not {}", crate::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    if new.items().is_empty() {
        let msg = format!("can only assign non-empty tuple to {shown}.__bases__, not ()");
        return Err(cx.type_error(&msg));
    }
    for b in new.items() {
        let Some(b) = TypeObj::of(*b) else {
            let msg =
                format!("{shown}.__bases__ must be tuple of classes, not '{}'", crate::ops::tp_name(cx, *b));
            return Err(cx.type_error(&msg));
        };
        // The MRO may lag behind while another assignment is under way: the chain of bases counts, too.
        if b.is_subtype(t.value()) || chain_has(b, t) {
            return Err(cx.type_error("a __bases__ item causes an inheritance cycle"));
        }
    }
    let best = best_base(cx, new.items())?;
    if let Some(old) = t.base.get().and_then(TypeObj::of) {
        check_layouts(cx, old, best, "__bases__")?;
    }
    exchange(cx, t, v, best)
}

/// Whether `t` is in the chain of `__base__` of `b`.
fn chain_has(b: &'static TypeObj, t: &TypeObj) -> bool {
    std::iter::successors(Some(b), |b| b.base.get().and_then(TypeObj::of)).any(|b| std::ptr::eq(b, t))
}

fn exchange(cx: &mut Ctx, t: &'static TypeObj, new: Value, best: &'static TypeObj) -> PyResult<()> {
    let this = t.value();
    let (old_bases, old_base) = (t.bases.get_or_none(), t.base.get_or_none());
    cx.store(this, &t.bases, new);
    cx.store(this, &t.base, best.value());
    // The MROs that the family had, for going back when one cannot be computed; kept alive meanwhile.
    let kept = cx.keep.len();
    cx.keep.extend([old_bases, old_base, new]);
    let mut before: Vec<Changed> = Vec::new();
    let made = new_mros(cx, t, &mut before);
    let r = match made {
        Err(r) => {
            go_back(cx, t, new, (old_bases, old_base), &before);
            Err(r)
        }
        // An `mro()` has assigned other bases, and done the rest for them.
        Ok(()) if !t.bases.get_or_none().is(new) => Ok(()),
        Ok(()) => adopt(cx, t, old_bases, new),
    };
    cx.keep.truncate(kept);
    r
}

/// A class whose MRO was exchanged: the old one and the new one.
type Changed = (&'static TypeObj, Value, Value);

/// Undoes what nobody has changed again meanwhile.
fn go_back(cx: &mut Ctx, t: &'static TypeObj, new: Value, old: (Value, Value), before: &[Changed]) {
    for (c, was, is) in before {
        if c.mro.get_or_none().is(*is) {
            cx.store(c.value(), &c.mro, *was);
        }
    }
    if t.bases.get_or_none().is(new) {
        cx.store(t.value(), &t.bases, old.0);
        cx.store(t.value(), &t.base, old.1);
    }
}

/// Enters a class with its new bases.
fn adopt(cx: &mut Ctx, t: &'static TypeObj, old_bases: Value, new: Value) -> PyResult<()> {
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

fn new_mros(cx: &mut Ctx, t: &'static TypeObj, before: &mut Vec<Changed>) -> PyResult<()> {
    cx.check_native_stack(" in __bases__ assignment")?;
    let asked_for = t.mro.get();
    let mro = compute_mro(cx, t)?;
    if t.mro.get() != asked_for {
        // `mro()` has assigned bases itself: what came of that is newer.
        return Ok(());
    }
    let mro = cx.tuple_of(None, &mro)?;
    let old = t.mro.get_or_none();
    cx.keep.push(old);
    cx.keep.push(mro);
    before.push((t, old, mro));
    cx.store(t.value(), &t.mro, mro);
    depend_on_strangers(cx, t, TupleObj::of(mro).map_or(&[][..], |m| m.items()))?;
    for s in direct_subclasses(cx, t) {
        new_mros(cx, s, before)?;
    }
    Ok(())
}
