//! `set`, `frozenset` and their iterator. The algebra is in `set_ops`.

use super::common::*;
use super::dict::table_size;
use super::list_build::{list_from, list_from_iter};
use super::set_ops::*;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::{MethodDef, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, CmpOp, Ctx, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{
    TypeSpec, call_method, dict_pop_hash, hash, hash_element, methods, raise_key_error, set_add,
};
use std::sync::atomic::{AtomicUsize, Ordering};

const SHARED_SLOTS: SlotSpec = SlotSpec {
    new: Some(set_new),
    repr: Some(set_repr),
    compare: Some(set_compare),
    iter: Some(set_iter),
    len: Some(set_len),
    contains: Some(set_has),
    and: Some(set_and),
    or: Some(set_or),
    sub: Some(set_sub),
    xor: Some(set_xor),
    ..SlotSpec::NONE
};

/// The type `set`.
pub static SET: TypeSpec = TypeSpec {
    ty: Some(Ty::Set),
    name: "set",
    layout: Layout::Set,
    flags: type_flags::BASETYPE | type_flags::MATCH_SELF | type_flags::WEAKREF,
    slots: SlotSpec {
        init: Some(set_init),
        iand: Some(set_iand),
        ior: Some(set_ior),
        isub: Some(set_isub),
        ixor: Some(set_ixor),
        ..SHARED_SLOTS
    },
    methods: SET_METHODS,
    doc: "A mutable collection of distinct hashable elements, in no order.",
    sig: Some("(iterable=(), /)"),
    ..TypeSpec::BASE
};

/// The type `frozenset`.
pub static FROZENSET: TypeSpec = TypeSpec {
    ty: Some(Ty::FrozenSet),
    name: "frozenset",
    layout: Layout::FrozenSet,
    flags: type_flags::BASETYPE | type_flags::MATCH_SELF | type_flags::WEAKREF,
    slots: SlotSpec { new: Some(frozenset_new), hash: Some(frozenset_hash), ..SHARED_SLOTS },
    methods: FROZENSET_METHODS,
    doc: "An immutable collection of distinct hashable elements, in no order.",
    sig: Some("(iterable=(), /)"),
    ..TypeSpec::BASE
};

static SET_METHODS: &[MethodDef] = methods![
    /// Add an element; no effect if it is there already.
    "add(self, object, /)" => set_add_method;
    /// Remove all elements.
    "clear(self, /)" => set_clear;
    /// Return a new set of the same elements.
    "copy(self, /)" => set_copy;
    /// Remove an element if it is there.
    "discard(self, object, /)" => set_discard_method;
    /// Return a new set of the elements that are in none of the others.
    "difference(self, /, *others)" => set_difference;
    /// Remove all elements that are in any of the others.
    "difference_update(self, /, *others)" => set_difference_update;
    /// Return a new set of the elements that are in all of the others, too.
    "intersection(self, /, *others)" => set_intersection;
    /// Keep only the elements that are in all of the others, too.
    "intersection_update(self, /, *others)" => set_intersection_update;
    /// Return whether the two have no element in common.
    "isdisjoint(self, other, /)" => set_isdisjoint;
    /// Return whether all elements are in the other.
    "issubset(self, other, /)" => set_issubset;
    /// Return whether all elements of the other are in this set.
    "issuperset(self, other, /)" => set_issuperset;
    /// Remove some element and return it.
    ///
    /// Raises KeyError if the set is empty.
    "pop(self, /)" => set_pop;
    /// Return the arguments from which a pickle makes the set again.
    "__reduce__(self, /)" => set_reduce;
    /// Remove an element.
    ///
    /// Raises KeyError if it is not there.
    "remove(self, object, /)" => set_remove;
    /// Return the size of the set in memory, in bytes.
    "__sizeof__(self, /)" => set_sizeof;
    /// Return a new set of the elements that are in exactly one of the two.
    "symmetric_difference(self, other, /)" => set_symmetric_difference;
    /// Keep the elements that are in exactly one of the two.
    "symmetric_difference_update(self, other, /)" => set_symmetric_difference_update;
    /// Return a new set of the elements of this set and all others.
    "union(self, /, *others)" => set_union;
    /// Add all elements of the others.
    "update(self, /, *others)" => set_update_method;
    /// Return a generic alias of set for the given element type.
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

static FROZENSET_METHODS: &[MethodDef] = methods![
    /// Return a frozenset of the same elements: the same one, unless its class is a subclass.
    "copy(self, /)" => frozenset_copy;
    /// Return a new frozenset of the elements that are in none of the others.
    "difference(self, /, *others)" => set_difference;
    /// Return a new frozenset of the elements that are in all of the others, too.
    "intersection(self, /, *others)" => set_intersection;
    /// Return whether the two have no element in common.
    "isdisjoint(self, other, /)" => set_isdisjoint;
    /// Return whether all elements are in the other.
    "issubset(self, other, /)" => set_issubset;
    /// Return whether all elements of the other are in this frozenset.
    "issuperset(self, other, /)" => set_issuperset;
    /// Return the arguments from which a pickle makes the frozenset again.
    "__reduce__(self, /)" => set_reduce;
    /// Return the size of the frozenset in memory, in bytes.
    "__sizeof__(self, /)" => set_sizeof;
    /// Return a new frozenset of the elements that are in exactly one of the two.
    "symmetric_difference(self, other, /)" => set_symmetric_difference;
    /// Return a new frozenset of the elements of this one and all others.
    "union(self, /, *others)" => set_union;
    /// Return a generic alias of frozenset for the given element type.
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

#[inline]
fn set(cx: &mut Ctx, v: Value) -> PyResult<&'static DictObj> {
    Ok(receiver!(cx, v, DictObj::of_set, "set"))
}

fn set_new(cx: &mut Ctx, cls: Value, _args: Args<'_>) -> PyResult {
    let ty = class_of(cx, cls)?;
    Ok(cx.new_dict_of(ty))
}

fn set_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let s = set(cx, this)?;
    no_keywords(cx, "set", args)?;
    arity(cx, "set", args, 0, 1)?;
    if !s.is_empty() {
        cx.dict_clear(s);
    }
    match args.pos().first() {
        Some(iterable) => update(cx, s, *iterable),
        None => Ok(()),
    }
}

fn frozenset_new(cx: &mut Ctx, cls: Value, args: Args<'_>) -> PyResult {
    let ty = class_of(cx, cls)?;
    no_keywords_unless_init(cx, "frozenset", ty, Ty::FrozenSet, args)?;
    arity(cx, "frozenset", args, 0, 1)?;
    let iterable = args.pos().first().copied();
    if let Some(v) = iterable
        && cx.is_exact(v, Ty::FrozenSet)
        && std::ptr::eq(ty, cx.ty(Ty::FrozenSet))
    {
        return Ok(v);
    }
    make(cx, ty, iterable)
}

fn make(cx: &mut Ctx, ty: &TypeObj, iterable: Option<Value>) -> PyResult {
    let v = cx.new_dict_of(ty);
    if let (Some(s), Some(iterable)) = (DictObj::of_set(v), iterable) {
        update(cx, s, iterable)?;
    }
    Ok(v)
}

fn frozenset_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let s = set(cx, this)?;
    let h = frozen_hash(s);
    s.hash.store(h, Ordering::Relaxed);
    Ok(h)
}

fn set_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let s = set(cx, this)?;
    let name = cx.type_name(this);
    if s.is_empty() {
        return Ok(cx.str(&format!("{name}()")));
    }
    let (open, close) =
        if cx.is_exact(this, Ty::Set) { ("{".to_owned(), "}") } else { (format!("{name}({{"), "})") };
    guarded_repr(cx, this, &format!("{name}(...)"), |cx| {
        let items = list_from(cx, this)?;
        let mut i = 0;
        repr_items(cx, &open, close, || {
            i += 1;
            protopy_vm::protocore::layouts::ListObj::of(items)?.get(i - 1)
        })
    })
}

fn set_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (DictObj::of_set(a), DictObj::of_set(b)) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let r = match op {
        CmpOp::Eq => sets_equal(cx, x, y)?,
        CmpOp::Ne => !sets_equal(cx, x, y)?,
        CmpOp::Lt => x.len() < y.len() && is_subset(cx, x, y)?,
        CmpOp::Le => is_subset(cx, x, y)?,
        CmpOp::Gt => y.len() < x.len() && is_subset(cx, y, x)?,
        CmpOp::Ge => is_subset(cx, y, x)?,
    };
    Ok(Value::bool(r))
}

fn set_len(cx: &mut Ctx, this: Value) -> PyResult<usize> {
    Ok(set(cx, this)?.len())
}

/// Hash of an element to look for; a set, unhashable as it is, is looked for as a frozenset.
fn hash_sought(cx: &mut Ctx, x: Value) -> PyResult<i64> {
    if x.layout() != Layout::Set {
        return hash_element(cx, x);
    }
    match hash(cx, x) {
        Ok(h) => Ok(h),
        Err(r) => {
            let exc = cx.take_raised(r);
            match DictObj::of_set(x) {
                Some(s) if cx.is_instance(exc, Ty::TypeError) => Ok(frozen_hash(s)),
                _ => Err(cx.set_raised(exc)),
            }
        }
    }
}

fn set_has(cx: &mut Ctx, this: Value, x: Value) -> PyResult<bool> {
    let s = set(cx, this)?;
    let h = hash_sought(cx, x)?;
    has_hash(cx, s, x, h)
}

// ---------------------------------------------------------------------------------------------------- operators

fn both_sets(a: Value, b: Value) -> Option<(&'static DictObj, &'static DictObj)> {
    Some((DictObj::of_set(a)?, DictObj::of_set(b)?))
}

fn set_and(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if both_sets(a, b).is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let t = base_type(cx, a);
    intersection(cx, a, b, t)
}

fn set_or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, _)) = both_sets(a, b) else { return Ok(Value::NOT_IMPLEMENTED) };
    let t = base_type(cx, a);
    let (made, s) = copy_set(cx, x, t)?;
    update(cx, s, b)?;
    Ok(made)
}

fn set_sub(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, _)) = both_sets(a, b) else { return Ok(Value::NOT_IMPLEMENTED) };
    let t = base_type(cx, a);
    difference(cx, x, b, t)
}

fn set_xor(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, _)) = both_sets(a, b) else { return Ok(Value::NOT_IMPLEMENTED) };
    let t = base_type(cx, a);
    let (made, s) = copy_set(cx, x, t)?;
    symmetric_difference_update(cx, s, b)?;
    Ok(made)
}

fn set_iand(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, _)) = both_sets(a, b) else { return Ok(Value::NOT_IMPLEMENTED) };
    intersect_in_place(cx, a, x, b)?;
    Ok(a)
}

fn set_ior(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, _)) = both_sets(a, b) else { return Ok(Value::NOT_IMPLEMENTED) };
    update(cx, x, b)?;
    Ok(a)
}

fn set_isub(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, _)) = both_sets(a, b) else { return Ok(Value::NOT_IMPLEMENTED) };
    difference_update(cx, x, b)?;
    Ok(a)
}

fn set_ixor(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, _)) = both_sets(a, b) else { return Ok(Value::NOT_IMPLEMENTED) };
    symmetric_difference_update(cx, x, b)?;
    Ok(a)
}

fn intersect_in_place(cx: &mut Ctx, this: Value, s: &DictObj, other: Value) -> PyResult<()> {
    let kept = intersection(cx, this, other, Ty::Set)?;
    match DictObj::of_set(kept) {
        Some(k) => take_over(cx, s, k),
        None => Ok(()),
    }
}

// ---------------------------------------------------------------------------------------------------- methods

/// The others of `*others`.
fn others(args: &[Value]) -> &'static [Value] {
    TupleObj::of(arg(args, 1)).map_or(&[], TupleObj::items)
}

fn set_add_method(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    set_add(cx, s, arg(args, 1))?;
    Ok(Value::NONE)
}

fn set_clear(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    cx.dict_clear(s);
    Ok(Value::NONE)
}

fn set_copy(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    let t = base_type(cx, arg(args, 0));
    Ok(copy_set(cx, s, t)?.0)
}

fn frozenset_copy(cx: &mut Ctx, args: &[Value]) -> PyResult {
    if cx.is_exact(arg(args, 0), Ty::FrozenSet) { Ok(arg(args, 0)) } else { set_copy(cx, args) }
}

fn set_discard_method(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    let h = hash_sought(cx, arg(args, 1))?;
    dict_pop_hash(cx, s, arg(args, 1), h)?;
    Ok(Value::NONE)
}

fn set_remove(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    let x = arg(args, 1);
    let h = hash_sought(cx, x)?;
    match dict_pop_hash(cx, s, x, h)? {
        Some(_) => Ok(Value::NONE),
        None => Err(raise_key_error(cx, x)),
    }
}

fn set_difference(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    let t = base_type(cx, arg(args, 0));
    let Some((first, rest)) = others(args).split_first() else { return Ok(copy_set(cx, s, t)?.0) };
    let made = difference(cx, s, *first, t)?;
    let result = set(cx, made)?;
    for o in rest {
        difference_update(cx, result, *o)?;
    }
    Ok(made)
}

fn set_difference_update(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    for o in others(args) {
        difference_update(cx, s, *o)?;
    }
    Ok(Value::NONE)
}

fn set_intersection(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    let t = base_type(cx, arg(args, 0));
    let Some((first, rest)) = others(args).split_first() else { return Ok(copy_set(cx, s, t)?.0) };
    let mut made = intersection(cx, arg(args, 0), *first, t)?;
    for o in rest {
        made = intersection(cx, made, *o, t)?;
    }
    Ok(made)
}

fn set_intersection_update(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    let kept = set_intersection(cx, args)?;
    let k = set(cx, kept)?;
    take_over(cx, s, k)?;
    Ok(Value::NONE)
}

fn set_isdisjoint(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Ok(Value::bool(is_disjoint(cx, arg(args, 0), arg(args, 1))?))
}

fn set_issubset(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    let other = arg(args, 1);
    if let Some(o) = DictObj::of_set(other) {
        return Ok(Value::bool(is_subset(cx, s, o)?));
    }
    let common = intersection(cx, arg(args, 0), other, Ty::Set)?;
    Ok(Value::bool(set(cx, common)?.len() == s.len()))
}

fn set_issuperset(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    let other = arg(args, 1);
    if let Some(o) = DictObj::of_set(other) {
        return Ok(Value::bool(is_subset(cx, o, s)?));
    }
    Ok(Value::bool(each(cx, other, hash_element, |cx, x, h| has_hash(cx, s, x, h))?))
}

fn set_pop(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    while let (Some(t), Some((i, ..))) = (s.table(), s.last()) {
        if let Ok((x, _)) = cx.dict_remove(s, t, i) {
            return Ok(x);
        }
    }
    Err(cx.raise_str(Ty::KeyError, "pop from an empty set"))
}

fn set_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let items = list_from(cx, this)?;
    let state = call_method(cx, this, "__getstate__", &[])?;
    let class = cx.type_of(this).value();
    reduce(cx, class, &[items], Some(state))
}

fn set_sizeof(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    Ok(cx.int_usize(56 + table_size(s.table())))
}

fn set_symmetric_difference(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    let t = base_type(cx, arg(args, 0));
    let (made, result) = new_set(cx, t)?;
    update(cx, result, arg(args, 1))?;
    symmetric_difference_update(cx, result, s.value())?;
    Ok(made)
}

fn set_symmetric_difference_update(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    symmetric_difference_update(cx, s, arg(args, 1))?;
    Ok(Value::NONE)
}

fn set_union(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    let t = base_type(cx, arg(args, 0));
    let (made, result) = copy_set(cx, s, t)?;
    for o in others(args) {
        update(cx, result, *o)?;
    }
    Ok(made)
}

fn set_update_method(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = set(cx, arg(args, 0))?;
    for o in others(args) {
        update(cx, s, *o)?;
    }
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- iterator

/// State of an iterator over a set.
pub struct SetIter {
    /// The set, empty when exhausted.
    set: Slot,
    /// Number of elements that the set must have; `usize::MAX` after a failure.
    expected: AtomicUsize,
    at: AtomicUsize,
    left: AtomicUsize,
}

impl Payload for SetIter {
    const NAME: &'static str = "set_iterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.set);
    }
}

/// The iterator's type.
pub static SET_ITER: TypeSpec = TypeSpec {
    ty: Some(Ty::SetIter),
    name: "set_iterator",
    layout: Layout::Native,
    vt: Some(SetIter::VT),
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(set_iter_next), ..SlotSpec::NONE },
    methods: ITER_METHODS,
    ..TypeSpec::BASE
};

static ITER_METHODS: &[MethodDef] = methods![
    /// Estimate how many elements are left.
    "__length_hint__(self, /)" => length_hint;
    /// Return the arguments that make an iterator over the elements that are left.
    "__reduce__(self, /)" => iter_reduce;
];

fn set_iter(cx: &mut Ctx, this: Value) -> PyResult {
    let n = set(cx, this)?.len();
    let ty = cx.ty(Ty::SetIter);
    let state = SetIter {
        set: Slot::new(this),
        expected: AtomicUsize::new(n),
        at: AtomicUsize::new(0),
        left: AtomicUsize::new(n),
    };
    Ok(cx.new_native(ty, state))
}

fn set_iter_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = receiver!(cx, this, Value::native::<SetIter>, "set_iterator");
    let Some(s) = it.set.get().and_then(DictObj::of_set) else { return Ok(None) };
    if s.len() != it.expected.load(Ordering::Relaxed) {
        it.expected.store(usize::MAX, Ordering::Relaxed);
        return Err(cx.raise_str(Ty::RuntimeError, "Set changed size during iteration"));
    }
    match s.next_from(it.at.load(Ordering::Relaxed)) {
        Some((i, _, x, _)) => {
            it.at.store(i + 1, Ordering::Relaxed);
            it.left.store(it.left.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
            Ok(Some(x))
        }
        None => {
            cx.store_empty(this, &it.set);
            Ok(None)
        }
    }
}

fn length_hint(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let it = receiver!(cx, arg(args, 0), Value::native::<SetIter>, "set_iterator");
    let valid = it
        .set
        .get()
        .and_then(DictObj::of_set)
        .is_some_and(|s| s.len() == it.expected.load(Ordering::Relaxed));
    Ok(cx.int_usize(if valid { it.left.load(Ordering::Relaxed) } else { 0 }))
}

fn iter_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let it = receiver!(cx, arg(args, 0), Value::native::<SetIter>, "set_iterator");
    let copy = SetIter {
        set: Slot::from_option(it.set.get()),
        expected: AtomicUsize::new(it.expected.load(Ordering::Relaxed)),
        at: AtomicUsize::new(it.at.load(Ordering::Relaxed)),
        left: AtomicUsize::new(it.left.load(Ordering::Relaxed)),
    };
    let ty = cx.ty(Ty::SetIter);
    let copy = cx.new_native(ty, copy);
    let rest = list_from_iter(cx, copy)?;
    reduce_iter(cx, rest, None)
}
