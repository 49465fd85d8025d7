//! `list`.

use super::common::*;
use super::list_build::{extend, list_from};
use super::sort::list_sort;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::{ListObj, SliceObj, TupleObj};
use protopy_vm::protocore::list::Stride;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, PyResult, Ty, Value};
use protopy_vm::{
    SliceRange, TypeSpec, eq, index_i64, keep_alive, methods, slice_adjust, slice_unpack, to_vec_or,
};

/// The type.
pub static LIST: TypeSpec = TypeSpec {
    ty: Some(Ty::List),
    name: "list",
    layout: Layout::List,
    flags: type_flags::BASETYPE | type_flags::SEQUENCE | type_flags::MATCH_SELF,
    slots: SlotSpec {
        new: Some(list_new),
        init: Some(list_init),
        repr: Some(list_repr),
        compare: Some(list_compare),
        iter: Some(list_iter),
        len: Some(list_len),
        getitem: Some(list_getitem),
        setitem: Some(list_setitem),
        contains: Some(list_contains),
        sq_concat: Some(list_concat),
        sq_repeat: Some(list_repeat),
        sq_iconcat: Some(list_iconcat),
        sq_irepeat: Some(list_irepeat),
        ..SlotSpec::NONE
    },
    methods: LIST_METHODS,
    doc: "A mutable sequence.\n\nWithout an argument the list is empty; otherwise it holds the items of the iterable.",
    sig: Some("(iterable=(), /)"),
    ..TypeSpec::BASE
};

static LIST_METHODS: &[protopy_vm::protocore::layouts::MethodDef] = methods![
    /// Add an item at the end of the list.
    "append(self, object, /)" => list_append;
    /// Remove all items.
    "clear(self, /)" => list_clear;
    /// Return a new list of the same items.
    "copy(self, /)" => list_copy;
    /// Return how many items equal the value.
    "count(self, value, /)" => list_count;
    /// Add all items of an iterable at the end.
    "extend(self, iterable, /)" => list_extend;
    /// Return the first position of the value.
    ///
    /// Raises ValueError if it is not there.
    "index(self, value, start=0, stop=sys.maxsize, /)" => list_index;
    /// Insert an item before a position.
    "insert(self, index, object, /)" => list_insert;
    /// Remove the item at a position (the last one by default) and return it.
    ///
    /// Raises IndexError if there is no such item.
    raw "pop(self, index=-1, /)" => list_pop;
    /// Remove the first item that equals the value.
    ///
    /// Raises ValueError if there is none.
    "remove(self, value, /)" => list_remove;
    /// Reverse the order of the items in place.
    "reverse(self, /)" => list_reverse;
    /// Sort the items in place, in ascending order.
    ///
    /// The sort is stable. With a key function, items are ordered by what it returns for them, each being asked for once;
    /// reverse=True gives descending order.
    "sort(self, /, *, key=None, reverse=False)" => list_sort;
    /// Return an iterator over the items from the last to the first.
    "__reversed__(self, /)" => list_reversed;
    /// Return the size of the list in memory, in bytes.
    "__sizeof__(self, /)" => list_sizeof;
    /// Return a generic alias of list for the given item type.
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

#[inline]
fn list(cx: &mut Ctx, v: Value) -> PyResult<&'static ListObj> {
    Ok(receiver!(cx, v, ListObj::of, "list"))
}

fn list_new(cx: &mut Ctx, cls: Value, _args: Args<'_>) -> PyResult {
    let ty = class_of(cx, cls)?;
    Ok(cx.new_list(ty))
}

fn list_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let l = list(cx, this)?;
    if args.nkw() > 0 {
        // A subclass with a `__new__` of its own may take them there.
        let new = cx.type_of(this).slots.new.address();
        if new == cx.ty(Ty::List).slots.new.address() {
            no_keywords(cx, "list", args)?;
        }
    }
    arity(cx, "list", args, 0, 1)?;
    if !l.is_empty() {
        cx.list_clear(l);
    }
    match args.pos().first() {
        Some(iterable) => extend(cx, l, *iterable),
        None => Ok(()),
    }
}

fn list_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let l = list(cx, this)?;
    if l.is_empty() {
        return Ok(cx.str("[]"));
    }
    guarded_repr(cx, this, "[...]", |cx| {
        let mut i = 0;
        repr_items(cx, "[", "]", || {
            i += 1;
            l.get(i - 1)
        })
    })
}

fn list_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (ListObj::of(a), ListObj::of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    compare_items(cx, |i| x.get(i), |i| y.get(i), || (x.len(), y.len()), op)
}

fn list_iter(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(cx.seq_iter(Ty::ListIter, this, 0))
}

fn list_len(cx: &mut Ctx, this: Value) -> PyResult<usize> {
    Ok(list(cx, this)?.len())
}

fn list_contains(cx: &mut Ctx, this: Value, x: Value) -> PyResult<bool> {
    let l = list(cx, this)?;
    let mut i = 0;
    while let Some(v) = l.get(i) {
        if eq(cx, v, x)? {
            return Ok(true);
        }
        i += 1;
    }
    Ok(false)
}

// ---------------------------------------------------------------------------------------------------- items and slices

/// Resolved bounds as the stride of list operations.
fn stride(r: SliceRange) -> Stride {
    Stride { start: r.start.max(0) as usize, step: r.step as isize, count: r.count }
}

fn bad_subscript(cx: &mut Ctx, k: Value) -> protopy_vm::protocore::Raised {
    let msg = format!("list indices must be integers or slices, not {}", protopy_vm::ops::tp_name(cx, k));
    cx.type_error(&msg)
}

/// `l[k]`
pub fn list_getitem(cx: &mut Ctx, this: Value, k: Value) -> PyResult {
    let l = list(cx, this)?;
    if let Some(s) = SliceObj::of(k) {
        let bounds = slice_unpack(cx, s)?;
        return cx.list_gather(l, |n| stride(slice_adjust(n, bounds)));
    }
    let i = match k.as_small() {
        Some(i) => i,
        None if has_index(cx, k) => subscript(cx, k)?,
        None => return Err(bad_subscript(cx, k)),
    };
    match position(i, l.len()).and_then(|i| l.get(i)) {
        Some(v) => Ok(v),
        None => Err(cx.raise_str(Ty::IndexError, "list index out of range")),
    }
}

/// `l[k] = v`, `del l[k]`
pub fn list_setitem(cx: &mut Ctx, this: Value, k: Value, v: Option<Value>) -> PyResult<()> {
    let l = list(cx, this)?;
    if let Some(s) = SliceObj::of(k) {
        let bounds = slice_unpack(cx, s)?;
        return match v {
            Some(v) => assign_slice(cx, l, bounds, v),
            None => {
                cx.list_delete(l, |n| stride(slice_adjust(n, bounds)));
                Ok(())
            }
        };
    }
    let i = match k.as_small() {
        Some(i) => i,
        None if has_index(cx, k) => subscript(cx, k)?,
        None => return Err(bad_subscript(cx, k)),
    };
    let done = match (position(i, l.len()), v) {
        (Some(i), Some(v)) => cx.list_set(l, i, v),
        (Some(i), None) => cx.list_remove(l, i).is_some(),
        (None, _) => false,
    };
    if done { Ok(()) } else { Err(cx.raise_str(Ty::IndexError, "list assignment index out of range")) }
}

fn assign_slice(cx: &mut Ctx, l: &ListObj, bounds: (i64, i64, i64), v: Value) -> PyResult<()> {
    // A private copy, also of this very list and of what another thread might change.
    let new = to_vec_or(cx, v, "must assign iterable to extended slice")?;
    let items = new.to_vec();
    let r = if bounds.2 == 1 {
        let at = slice_adjust(l.len(), bounds);
        let lo = at.start.max(0) as usize;
        cx.list_splice(l, lo, lo + at.count, &items)
    } else {
        match cx.list_assign(l, |n| stride(slice_adjust(n, bounds)), &items) {
            Ok(()) => Ok(()),
            Err(count) => {
                let n = items.len();
                let msg = format!("attempt to assign sequence of size {n} to extended slice of size {count}");
                Err(cx.value_error(&msg))
            }
        }
    };
    keep_alive(new.into_list());
    r
}

fn list_concat(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let x = list(cx, a)?;
    match ListObj::of(b) {
        Some(y) => cx.list_concat(x, y),
        None => {
            let msg =
                format!("can only concatenate list (not \"{}\") to list", protopy_vm::ops::tp_name(cx, b));
            Err(cx.type_error(&msg))
        }
    }
}

/// A repetition count: negative ones mean 0.
pub fn times(cx: &mut Ctx, n: Value) -> PyResult<usize> {
    Ok(index_i64(cx, n, Ty::OverflowError)?.max(0) as usize)
}

fn list_repeat(cx: &mut Ctx, this: Value, n: Value) -> PyResult {
    let l = list(cx, this)?;
    let n = times(cx, n)?;
    cx.list_repeat(l, n)
}

fn list_iconcat(cx: &mut Ctx, this: Value, other: Value) -> PyResult {
    let l = list(cx, this)?;
    extend(cx, l, other)?;
    Ok(this)
}

fn list_irepeat(cx: &mut Ctx, this: Value, n: Value) -> PyResult {
    let l = list(cx, this)?;
    let n = times(cx, n)?;
    cx.list_repeat_in_place(l, n)?;
    Ok(this)
}

// ---------------------------------------------------------------------------------------------------- methods

fn list_append(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let l = list(cx, arg(args, 0))?;
    cx.list_append(l, arg(args, 1))?;
    Ok(Value::NONE)
}

fn list_clear(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let l = list(cx, arg(args, 0))?;
    cx.list_clear(l);
    Ok(Value::NONE)
}

fn list_copy(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let l = list(cx, arg(args, 0))?;
    cx.list_gather(l, Stride::all)
}

fn list_count(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let l = list(cx, arg(args, 0))?;
    let x = arg(args, 1);
    let (mut i, mut n) = (0, 0);
    while let Some(v) = l.get(i) {
        n += i64::from(eq(cx, v, x)?);
        i += 1;
    }
    Ok(Value::small(n))
}

fn list_extend(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let l = list(cx, arg(args, 0))?;
    extend(cx, l, arg(args, 1))?;
    Ok(Value::NONE)
}

fn list_index(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let l = list(cx, arg(args, 0))?;
    let x = arg(args, 1);
    let start = search_bound(cx, arg(args, 2), 0)?;
    let stop = search_bound(cx, arg(args, 3), i64::MAX)?;
    let stop = from_end(stop, l.len());
    let mut i = from_end(start, l.len());
    while i < stop
        && let Some(v) = l.get(i)
    {
        if eq(cx, v, x)? {
            return Ok(cx.int_usize(i));
        }
        i += 1;
    }
    Err(cx.value_error("list.index(x): x not in list"))
}

fn list_insert(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let l = list(cx, arg(args, 0))?;
    let at = ssize(cx, arg(args, 1))?;
    cx.list_insert(l, at, arg(args, 2))?;
    Ok(Value::NONE)
}

fn list_pop(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let l = list(cx, this)?;
    let found = match args.all() {
        [] => cx.list_pop(l),
        [i] if args.nkw() == 0 => {
            let i = ssize(cx, *i)?;
            match position(i, l.len()) {
                Some(i) => cx.list_remove(l, i),
                None => None,
            }
        }
        _ => {
            no_keywords(cx, "list.pop", args)?;
            arity(cx, "pop", args, 0, 1)?;
            None
        }
    };
    match found {
        Some(v) => Ok(v),
        None if l.is_empty() => Err(cx.raise_str(Ty::IndexError, "pop from empty list")),
        None => Err(cx.raise_str(Ty::IndexError, "pop index out of range")),
    }
}

fn list_remove(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let l = list(cx, arg(args, 0))?;
    let x = arg(args, 1);
    let mut i = 0;
    while let Some(v) = l.get(i) {
        if eq(cx, v, x)? {
            cx.list_remove(l, i);
            return Ok(Value::NONE);
        }
        i += 1;
    }
    Err(cx.value_error("list.remove(x): x not in list"))
}

fn list_reverse(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let l = list(cx, arg(args, 0))?;
    cx.list_reverse(l);
    Ok(Value::NONE)
}

fn list_reversed(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let n = list(cx, this)?.len();
    Ok(cx.seq_iter(Ty::ListRevIter, this, n))
}

fn list_sizeof(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let l = list(cx, arg(args, 0))?;
    let cap = l.items.get().and_then(protopy_vm::protocore::layouts::ValuesObj::of).map_or(0, |s| s.cap);
    // Two words more than the object itself, as for the header that CPython's collector adds.
    Ok(cx.int_usize(40 + cap * 8))
}

/// The items of a list or tuple value as a tuple object, for functions that keep them.
pub fn as_tuple(cx: &mut Ctx, v: Value) -> PyResult {
    if cx.is_exact(v, Ty::Tuple) {
        return Ok(v);
    }
    if let Some(t) = TupleObj::of(v) {
        return cx.tuple_of(None, t.items());
    }
    let l = match ListObj::of(v) {
        Some(l) => l,
        None => {
            let made = list_from(cx, v)?;
            list(cx, made)?
        }
    };
    cx.list_to_tuple(l, None)
}
