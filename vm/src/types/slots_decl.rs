//! `__slots__` of a class statement: which names get a slot of their own, and whether instances get `__dict__` and
//! `__weakref__`.

use crate::errors::type_text;
use crate::iter::to_vec;
use crate::names::{N, name};
use protocore::dict::DictObj;
use protocore::layouts::{StrObj, TupleObj};
use protocore::types::type_flags;
use protocore::{Ctx, Layout, PyResult, Ty, TypeObj, Value};

/// What a class adds to its base's instances.
pub(crate) struct SlotPlan {
    /// Names with a slot, mangled, interned, sorted.
    pub(crate) names: Vec<Value>,
    /// `__dict__` is added here.
    pub(crate) dict: bool,
    /// `__weakref__` is added here.
    pub(crate) weak: bool,
}

/// Whether instances of a layout differ in size.
pub fn is_variable_size(l: Layout) -> bool {
    matches!(l, Layout::Int | Layout::Tuple | Layout::Bytes | Layout::Type)
}

/// Most slots of a class: their offsets fit every layout's length word.
const MAX_SLOTS: usize = 60_000;

/// Reads `__slots__` of the namespace `ns`.
pub(crate) fn plan(
    cx: &mut Ctx,
    base: &'static TypeObj,
    bases: &[Value],
    ns: &DictObj,
    class_name: &str,
) -> PyResult<SlotPlan> {
    let may_dict = !base.has(type_flags::DICT);
    let may_weak = !base.has(type_flags::WEAKREF) && !is_variable_size(base.layout);
    let n = name(cx, N::Slots);
    let Some(declared) = cx.dict_get_str(ns, n) else {
        return Ok(SlotPlan { names: Vec::new(), dict: may_dict, weak: may_weak });
    };
    let mut held = declared;
    let items = if StrObj::of(declared).is_some() {
        vec![declared]
    } else {
        // The strings stay alive in the tuple, which is kept by the caller's stack: it is read again below.
        held = to_vec(cx, declared)?.into_tuple(cx)?;
        TupleObj::of(held).map_or_else(Vec::new, |t| t.items().to_vec())
    };
    let mut p = SlotPlan { names: Vec::new(), dict: false, weak: false };
    if !items.is_empty() && is_variable_size(base.layout) {
        let msg = format!("nonempty __slots__ not supported for subtype of '{}'", type_text(base));
        return Err(cx.type_error(&msg));
    }
    if items.len() > MAX_SLOTS {
        return Err(cx.raise_str(Ty::OverflowError, "too many __slots__"));
    }
    for item in items {
        entry(cx, &mut p, item, (may_dict, may_weak), ns, class_name)?;
    }
    crate::roots::keep_alive(held);
    p.names.sort_by_key(|v| text(*v));
    other_bases(&mut p, base, bases, (may_dict, may_weak));
    Ok(p)
}

fn text(v: Value) -> String {
    StrObj::of(v).map_or_else(String::new, StrObj::to_string_lossy)
}

fn entry(
    cx: &mut Ctx,
    p: &mut SlotPlan,
    item: Value,
    (may_dict, may_weak): (bool, bool),
    ns: &DictObj,
    class_name: &str,
) -> PyResult<()> {
    let Some(s) = StrObj::of(item) else {
        let msg = format!("__slots__ items must be strings, not '{}'", crate::ops::tp_name(cx, item));
        return Err(cx.type_error(&msg));
    };
    let identifier = protopy_text::unicode::is_identifier(s.str_ref());
    let Some(t) = s.to_utf8().filter(|_| identifier) else {
        return Err(cx.type_error("__slots__ must be identifiers"));
    };
    if t == "__dict__" {
        if !may_dict || p.dict {
            return Err(cx.type_error("__dict__ slot disallowed: we already got one"));
        }
        p.dict = true;
        return Ok(());
    }
    if t == "__weakref__" {
        if !may_weak || p.weak {
            return Err(cx.type_error("__weakref__ slot disallowed: we already got one"));
        }
        p.weak = true;
        return Ok(());
    }
    let mangled = mangle(class_name, &t);
    let n = cx.intern_str(&mangled);
    let allowed = matches!(&*mangled, "__qualname__" | "__classcell__" | "__classdictcell__");
    if !allowed && cx.dict_get_str(ns, n).is_some() {
        let msg = format!("'{mangled}' in __slots__ conflicts with class variable");
        return Err(cx.value_error(&msg));
    }
    p.names.push(n);
    Ok(())
}

/// Private name mangling.
pub fn mangle(class: &str, n: &str) -> String {
    let class = class.trim_start_matches('_');
    if !n.starts_with("__") || n.ends_with("__") || n.contains('.') || class.is_empty() {
        return n.to_owned();
    }
    format!("_{class}{n}")
}

/// Bases beside the one that determines the layout may bring `__dict__` or `__weakref__` along.
fn other_bases(p: &mut SlotPlan, base: &TypeObj, bases: &[Value], (may_dict, may_weak): (bool, bool)) {
    for b in bases.iter().filter_map(|b| TypeObj::of(*b)).filter(|b| !std::ptr::eq(*b, base)) {
        p.dict |= may_dict && b.has(type_flags::DICT);
        p.weak |= may_weak && b.has(type_flags::WEAKREF);
    }
}

/// Number of attributes that methods of the class and its bases are known to assign (`__static_attributes__`).
pub(crate) fn known_attributes(cx: &mut Ctx, ns: &DictObj, bases: &[Value]) -> usize {
    let n = name(cx, N::StaticAttributes);
    let mut found: std::collections::HashSet<u64> = std::collections::HashSet::new();
    let mut tuples: Vec<Value> = cx.dict_get_str(ns, n).into_iter().collect();
    for b in bases.iter().filter_map(|b| TypeObj::of(*b)) {
        let Some(mro) = b.mro.get().and_then(TupleObj::of) else { continue };
        tuples.extend(
            mro.items()
                .iter()
                .filter_map(|c| TypeObj::of(*c))
                .filter_map(|c| super::attrs::own_attr(cx, c, n)),
        );
    }
    for t in tuples {
        for v in TupleObj::of(t).map_or(&[][..], |t| t.items()) {
            if StrObj::of(*v).is_some() {
                found.insert(cx.intern(*v).bits());
            }
        }
    }
    found.len()
}
