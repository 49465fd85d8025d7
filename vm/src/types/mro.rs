//! Which base determines the layout, which metaclass wins, and the order of classes.

use super::attrs::full_name;
use crate::attr::type_lookup_where;
use crate::call::call;
use crate::errors::type_text;
use crate::iter::to_vec;
use protocore::layouts::TupleObj;
use protocore::types::type_flags;
use protocore::{Ctx, Held, PyResult, Raised, Ty, TypeObj, Value};

/// The base whose instances' layout the new class extends: the one that all others' layouts are part of.
pub fn best_base(cx: &mut Ctx, bases: &[Value]) -> PyResult<&'static TypeObj> {
    let mut best: Option<(&'static TypeObj, &'static TypeObj)> = None;
    for b in bases {
        let Some(b) = TypeObj::of(*b) else { return Err(cx.type_error("bases must be types")) };
        if !b.has(type_flags::BASETYPE) {
            let shown = if b.has(type_flags::HEAP) { type_text(b) } else { full_name(cx, b) };
            let msg = format!("type '{shown}' is not an acceptable base type");
            return Err(cx.type_error(&msg));
        }
        let solid = solid_base(cx, b);
        best = match best {
            None => Some((b, solid)),
            Some((w, ws)) if ws.is_subtype(solid.value()) => Some((w, ws)),
            Some((_, ws)) if solid.is_subtype(ws.value()) => Some((b, solid)),
            Some(_) => return Err(cx.type_error("multiple bases have instance lay-out conflict")),
        };
    }
    match best {
        Some((b, _)) => Ok(b),
        None => Ok(cx.ty(Ty::Object)),
    }
}

/// The closest class in the chain of bases that adds to the instances.
pub fn solid_base(cx: &Ctx, t: &'static TypeObj) -> &'static TypeObj {
    let mut t = t;
    loop {
        if t.has(type_flags::SOLID) {
            return t;
        }
        match t.base.get().and_then(TypeObj::of) {
            Some(b) => t = b,
            None => return cx.ty(Ty::Object),
        }
    }
}

/// The most derived metaclass of the given one and the bases'.
pub fn metaclass_of(cx: &mut Ctx, meta: &'static TypeObj, bases: &[Value]) -> PyResult<&'static TypeObj> {
    let mut winner = meta;
    for b in bases {
        let t = cx.type_of(*b);
        if winner.is_subtype(t.value()) {
            continue;
        }
        if t.is_subtype(winner.value()) {
            winner = t;
            continue;
        }
        return Err(cx.type_error(
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses \
             of all its bases",
        ));
    }
    Ok(winner)
}

fn mro_items(t: &TypeObj) -> Held<Value> {
    t.mro.get().and_then(TupleObj::of).map(|m| Held::from(m.items())).unwrap_or_default()
}

/// The C3 linearisation of a class with these bases, the class included.
pub fn c3(cx: &mut Ctx, class: Value, bases: &[Value]) -> PyResult<Held<Value>> {
    for (i, b) in bases.iter().enumerate() {
        if bases[..i].contains(b) {
            let n = TypeObj::of(*b).map_or_else(String::new, type_text);
            return Err(cx.type_error(&format!("duplicate base class {n}")));
        }
    }
    let mut lists: Vec<Held<Value>> = Vec::with_capacity(bases.len() + 1);
    for b in bases {
        let Some(t) = TypeObj::of(*b) else { return Err(cx.type_error("bases must be types")) };
        if t.mro.is_empty() {
            return Err(cx.type_error(&format!("Cannot extend an incomplete type '{}'", type_text(t))));
        }
        lists.push(mro_items(t));
    }
    let mut out = Held::new();
    out.push(class);
    if let [only] = lists.as_slice() {
        out.extend(only.iter().copied());
        return Ok(out);
    }
    lists.push(Held::from(bases));
    let mut heads = vec![0usize; lists.len()];
    loop {
        let mut candidate = None;
        let mut left = false;
        for (l, h) in lists.iter().zip(&heads) {
            let Some(head) = l.get(*h) else { continue };
            left = true;
            let in_tail = lists.iter().zip(&heads).any(|(l, h)| l.iter().skip(h + 1).any(|x| x == head));
            if !in_tail {
                candidate = Some(*head);
                break;
            }
        }
        match candidate {
            Some(c) => {
                out.push(c);
                for (l, h) in lists.iter().zip(&mut heads) {
                    if l.get(*h) == Some(&c) {
                        *h += 1;
                    }
                }
            }
            None if !left => return Ok(out),
            None => return Err(inconsistent(cx, &lists, &heads)),
        }
    }
}

#[cold]
fn inconsistent(cx: &mut Ctx, lists: &[Held<Value>], heads: &[usize]) -> Raised {
    let mut names: Vec<Value> = Vec::new();
    for (l, h) in lists.iter().zip(heads) {
        if let Some(head) = l.get(*h)
            && !names.contains(head)
        {
            names.push(*head);
        }
    }
    let text: Vec<String> = names.iter().filter_map(|t| TypeObj::of(*t)).map(type_text).collect();
    let msg =
        format!("Cannot create a consistent method resolution order (MRO) for bases {}", text.join(", "));
    cx.type_error(&msg)
}

/// Whether a class has another one among its bases, or theirs.
pub(super) fn derives(t: &TypeObj, from: &TypeObj) -> bool {
    let mut todo = vec![t.value()];
    let mut seen = std::collections::HashSet::new();
    while let Some(t) = todo.pop() {
        if t.is(from.value()) {
            return true;
        }
        if seen.insert(t.bits())
            && let Some(bases) = TypeObj::of(t).and_then(|t| t.bases.get()).and_then(TupleObj::of)
        {
            todo.extend_from_slice(bases.items());
        }
    }
    false
}

/// The MRO of a class whose base and bases are set: by its metaclass's `mro()` if that is overridden.
pub fn compute_mro(cx: &mut Ctx, t: &'static TypeObj) -> PyResult<Held<Value>> {
    let bases = t.bases.get().and_then(TupleObj::of).map_or(&[][..], |b| b.items());
    let meta = cx.type_of(t.value());
    if std::ptr::eq(meta, cx.ty(Ty::Type)) {
        return c3(cx, t.value(), bases);
    }
    let n = cx.intern_str("mro");
    let Some((f, owner)) = type_lookup_where(cx, meta, n) else { return c3(cx, t.value(), bases) };
    if std::ptr::eq(owner, cx.ty(Ty::Type)) {
        return c3(cx, t.value(), bases);
    }
    let m = crate::attr::bind_descriptor(cx, f, Some(t.value()), meta)?;
    let r = call(cx, m, &[])?;
    let items = to_vec(cx, r)?.to_vec();
    if items.is_empty() {
        return Err(cx.type_error("type MRO must not be empty"));
    }
    let solid = solid_base(cx, t);
    for c in &items {
        let Some(b) = TypeObj::of(*c) else {
            let msg = format!("mro() returned a non-class ('{}')", crate::ops::tp_name(cx, *c));
            return Err(cx.type_error(&msg));
        };
        if !solid.is_subtype(solid_base(cx, b).value()) {
            let msg = format!("mro() returned base with unsuitable layout ('{}')", type_text(b));
            return Err(cx.type_error(&msg));
        }
    }
    Ok(items)
}
