//! `dict`: construction, items, methods. Merging is in `dict_update`, views in `dict_views`.

use super::common::*;
use super::dict_iter::{dict_iter_over, dict_reversed_over};
use super::dict_update::{fromkeys, merge_arg, update_args};
use super::dict_views::{ViewKind, new_view};
use protopy_text::StrBuf;
use protopy_vm::names::N;
use protopy_vm::protocore::dict::{DictObj, DictTable};
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, PyResult, Ty, Value};
use protopy_vm::{
    TypeSpec, call_special, dict_contains, dict_del, dict_get, dict_get_hash, dict_pop_hash, dict_set,
    dict_setdefault, eq, hash_key, methods, raise_key_error,
};

/// The type.
pub static DICT: TypeSpec = TypeSpec {
    ty: Some(Ty::Dict),
    name: "dict",
    layout: Layout::Dict,
    flags: type_flags::BASETYPE | type_flags::MAPPING | type_flags::MATCH_SELF,
    slots: SlotSpec {
        new: Some(dict_new),
        init: Some(dict_init),
        repr: Some(dict_repr),
        compare: Some(dict_compare),
        iter: Some(dict_iter),
        len: Some(dict_len),
        getitem: Some(dict_getitem),
        setitem: Some(dict_setitem),
        contains: Some(dict_has),
        or: Some(dict_or),
        ior: Some(dict_ior),
        ..SlotSpec::NONE
    },
    methods: DICT_METHODS,
    doc: "dict() -> an empty dictionary\ndict(mapping) -> a dictionary of the mapping's keys and values\ndict(iterable) -> a \
          dictionary of the (key, value) pairs of the iterable\ndict(**kwargs) -> a dictionary of the keyword arguments; \
          may be combined with the others",
    ..TypeSpec::BASE
};

static DICT_METHODS: &[MethodDef] = methods![
    /// Return the value of the key, or the default if the key is not there.
    raw "get(self, key, default=None, /)" => dict_get_method;
    /// Return the value of the key, which is first set to the default if the key is not there.
    "setdefault(self, key, default=None, /)" => dict_setdefault_method;
    /// D.pop(k[,d]) -> v, remove the key and return its value.
    ///
    /// If the key is not there, return the default if it was given; otherwise raise KeyError.
    raw "pop(self, key, default=<unrepresentable>, /)" => dict_pop;
    /// Remove the (key, value) pair that was added last and return it.
    ///
    /// Raises KeyError if the dict is empty.
    "popitem(self, /)" => dict_popitem;
    /// Return a set-like view of the keys.
    "keys(self, /)" => dict_keys;
    /// Return a set-like view of the (key, value) pairs.
    "items(self, /)" => dict_items;
    /// Return a view of the values.
    "values(self, /)" => dict_values;
    /// D.update([E, ]**F) -> None.  Update D from a mapping or iterable E and the keywords F.
    ///
    /// If E has a method keys(), D[k] = E[k] is done for each of them; otherwise D[k] = v for each pair (k, v) in E.
    raw "update(self, /, *args, **kwargs)" => dict_update;
    /// Make a new dict of the keys that an iterable gives, all with the same value.
    raw class "fromkeys(cls, iterable, value=None, /)" => dict_fromkeys;
    /// Remove all items.
    "clear(self, /)" => dict_clear;
    /// Return a new dict of the same items.
    "copy(self, /)" => dict_copy;
    /// Return an iterator over the keys from the last to the first.
    "__reversed__(self, /)" => dict_reversed;
    /// Return the size of the dict in memory, in bytes.
    "__sizeof__(self, /)" => dict_sizeof;
    /// Return a generic alias of dict for the given key and value types.
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

#[inline]
fn dict(cx: &mut Ctx, v: Value) -> PyResult<&'static DictObj> {
    Ok(receiver!(cx, v, DictObj::of, "dict"))
}

fn dict_new(cx: &mut Ctx, cls: Value, _args: Args<'_>) -> PyResult {
    let ty = class_of(cx, cls)?;
    Ok(cx.new_dict_of(ty))
}

fn dict_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let d = dict(cx, this)?;
    update_args(cx, d, "dict", args)
}

fn dict_update(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let d = dict(cx, this)?;
    update_args(cx, d, "update", args)?;
    Ok(Value::NONE)
}

fn dict_fromkeys(cx: &mut Ctx, cls: Value, args: Args<'_>) -> PyResult {
    no_keywords(cx, "dict.fromkeys", args)?;
    arity(cx, "fromkeys", args, 1, 2)?;
    let value = args.pos().get(1).copied().unwrap_or(Value::NONE);
    fromkeys(cx, cls, arg(args.pos(), 0), value)
}

fn dict_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let d = dict(cx, this)?;
    if d.is_empty() {
        return Ok(cx.str("{}"));
    }
    guarded_repr(cx, this, "{...}", |cx| {
        let mut out = StrBuf::new();
        out.push_str("{");
        let mut at = 0;
        while let Some((i, _, k, v)) = d.next_from(at) {
            if at > 0 {
                out.push_str(", ");
            }
            push_repr(cx, &mut out, k)?;
            out.push_str(": ");
            push_repr(cx, &mut out, v)?;
            at = i + 1;
        }
        out.push_str("}");
        cx.str_buf(out)
    })
}

/// Whether two dicts have equal items.
pub fn dicts_equal(cx: &mut Ctx, a: &DictObj, b: &DictObj) -> PyResult<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    let mut at = 0;
    while let Some((i, h, k, v)) = a.next_from(at) {
        cx.breathe();
        match dict_get_hash(cx, b, k, h)? {
            Some(w) if eq(cx, v, w)? => {}
            _ => return Ok(false),
        }
        at = i + 1;
    }
    Ok(true)
}

fn dict_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (DictObj::of(a), DictObj::of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    match op {
        CmpOp::Eq => Ok(Value::bool(dicts_equal(cx, x, y)?)),
        CmpOp::Ne => Ok(Value::bool(!dicts_equal(cx, x, y)?)),
        _ => Ok(Value::NOT_IMPLEMENTED),
    }
}

/// `iter(d)`, the slot.
pub fn dict_iter(cx: &mut Ctx, this: Value) -> PyResult {
    dict_iter_over(cx, this, ViewKind::Keys)
}

fn dict_len(cx: &mut Ctx, this: Value) -> PyResult<usize> {
    Ok(dict(cx, this)?.len())
}

fn dict_has(cx: &mut Ctx, this: Value, k: Value) -> PyResult<bool> {
    let d = dict(cx, this)?;
    dict_contains(cx, d, k)
}

/// `d[k]`, `__missing__` of subclasses included.
pub fn dict_getitem(cx: &mut Ctx, this: Value, k: Value) -> PyResult {
    let d = dict(cx, this)?;
    if let Some(v) = dict_get(cx, d, k)? {
        return Ok(v);
    }
    if !cx.is_exact(this, Ty::Dict)
        && let Some(v) = call_special(cx, this, N::Missing, &[k])?
    {
        return Ok(v);
    }
    Err(raise_key_error(cx, k))
}

fn dict_setitem(cx: &mut Ctx, this: Value, k: Value, v: Option<Value>) -> PyResult<()> {
    let d = dict(cx, this)?;
    match v {
        Some(v) => dict_set(cx, d, k, v),
        None => match dict_del(cx, d, k)? {
            Some(_) => Ok(()),
            None => Err(raise_key_error(cx, k)),
        },
    }
}

/// A new dict (of exactly that type) of a dict's items. MemoryError.
pub fn copy_dict(cx: &mut Ctx, d: &DictObj) -> PyResult {
    let v = cx.dict();
    match DictObj::of(v).and_then(|to| cx.dict_copy_into(d, to)) {
        Some(()) => Ok(v),
        None => Err(cx.no_memory()),
    }
}

fn dict_or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (Some(x), Some(_)) = (DictObj::of(a), DictObj::of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    let new = copy_dict(cx, x)?;
    if let Some(d) = DictObj::of(new) {
        merge_arg(cx, d, b)?;
    }
    Ok(new)
}

fn dict_ior(cx: &mut Ctx, this: Value, other: Value) -> PyResult {
    let d = dict(cx, this)?;
    merge_arg(cx, d, other)?;
    Ok(this)
}

// ---------------------------------------------------------------------------------------------------- methods

fn dict_get_method(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let d = dict(cx, this)?;
    let (k, default) = match (args.nkw(), args.pos()) {
        (0, [k]) => (*k, Value::NONE),
        (0, [k, default]) => (*k, *default),
        _ => {
            no_keywords(cx, "dict.get", args)?;
            arity(cx, "get", args, 1, 2)?;
            return Ok(Value::NONE);
        }
    };
    Ok(dict_get(cx, d, k)?.unwrap_or(default))
}

fn dict_setdefault_method(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let d = dict(cx, arg(args, 0))?;
    let k = arg(args, 1);
    let h = hash_key(cx, k)?;
    Ok(dict_setdefault(cx, d, k, h, arg(args, 2))?.0)
}

fn dict_pop(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let d = dict(cx, this)?;
    let (k, default) = match (args.nkw(), args.pos()) {
        (0, [k]) => (*k, None),
        (0, [k, default]) => (*k, Some(*default)),
        _ => {
            no_keywords(cx, "dict.pop", args)?;
            arity(cx, "pop", args, 1, 2)?;
            return Ok(Value::NONE);
        }
    };
    if d.is_empty() {
        // The key is not even hashed.
        return default.ok_or(()).map_err(|()| raise_key_error(cx, k));
    }
    let h = hash_key(cx, k)?;
    match (dict_pop_hash(cx, d, k, h)?, default) {
        (Some((_, v)), _) | (None, Some(v)) => Ok(v),
        (None, None) => Err(raise_key_error(cx, k)),
    }
}

fn dict_popitem(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let d = dict(cx, arg(args, 0))?;
    while let (Some(t), Some((i, ..))) = (d.table(), d.last()) {
        if let Ok((k, v)) = cx.dict_remove(d, t, i) {
            return Ok(cx.pair(k, v));
        }
    }
    Err(cx.raise_str(Ty::KeyError, "popitem(): dictionary is empty"))
}

fn dict_keys(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Ok(new_view(cx, arg(args, 0), ViewKind::Keys))
}

fn dict_items(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Ok(new_view(cx, arg(args, 0), ViewKind::Items))
}

fn dict_values(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Ok(new_view(cx, arg(args, 0), ViewKind::Values))
}

fn dict_clear(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let d = dict(cx, arg(args, 0))?;
    cx.dict_clear(d);
    Ok(Value::NONE)
}

fn dict_copy(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let d = dict(cx, arg(args, 0))?;
    copy_dict(cx, d)
}

fn dict_reversed(cx: &mut Ctx, args: &[Value]) -> PyResult {
    dict_reversed_over(cx, arg(args, 0), ViewKind::Keys)
}

/// Bytes of a table as `__sizeof__` counts them.
pub fn table_size(t: Option<&DictTable>) -> usize {
    t.map_or(0, |t| 24 + t.usable as usize * 24 + t.usable as usize * 3 / 2)
}

fn dict_sizeof(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let d = dict(cx, arg(args, 0))?;
    Ok(cx.int_usize(48 + table_size(d.table())))
}
