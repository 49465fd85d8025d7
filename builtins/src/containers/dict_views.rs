//! `dict_keys`, `dict_values`, `dict_items`: views of a dict, the first and the last of them set-like.

use super::common::*;
use super::dict_iter::{dict_iter_over, dict_reversed_over};
use super::list_build::list_from;
use super::set_ops::{difference_update, new_set, symmetric_difference_update, update};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::{MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{CmpOp, Ctx, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::types::mapping_proxy;
use protopy_vm::{
    GetSetDef, TypeSpec, contains, dict_contains, dict_get, eq, getsets, iter, len, methods, next, repr,
    set_add,
};

/// What of a dict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ViewKind {
    /// Its keys.
    Keys,
    /// Its values.
    Values,
    /// Its (key, value) pairs.
    Items,
}

/// A view.
pub struct DictView {
    /// The dict.
    pub dict: Slot,
    /// What of it.
    pub kind: ViewKind,
}

impl Payload for DictView {
    const NAME: &'static str = "dict_view";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.dict);
    }
}

const SET_LIKE: SlotSpec = SlotSpec {
    repr: Some(view_repr),
    compare: Some(view_compare),
    iter: Some(view_iter),
    len: Some(view_len),
    contains: Some(view_contains),
    and: Some(view_and),
    or: Some(view_or),
    sub: Some(view_sub),
    xor: Some(view_xor),
    ..SlotSpec::NONE
};

/// The type of key views.
pub static DICT_KEYS: TypeSpec = TypeSpec {
    ty: Some(Ty::DictKeys),
    name: "dict_keys",
    layout: Layout::Native,
    vt: Some(DictView::VT),
    flags: type_flags::NO_NEW,
    slots: SET_LIKE,
    methods: SET_METHODS,
    getsets: VIEW_GETSETS,
    ..TypeSpec::BASE
};

/// The type of item views.
pub static DICT_ITEMS: TypeSpec = TypeSpec {
    ty: Some(Ty::DictItems),
    name: "dict_items",
    layout: Layout::Native,
    vt: Some(DictView::VT),
    flags: type_flags::NO_NEW,
    slots: SET_LIKE,
    methods: SET_METHODS,
    getsets: VIEW_GETSETS,
    ..TypeSpec::BASE
};

/// The type of value views.
pub static DICT_VALUES: TypeSpec = TypeSpec {
    ty: Some(Ty::DictValues),
    name: "dict_values",
    layout: Layout::Native,
    vt: Some(DictView::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { repr: Some(view_repr), iter: Some(view_iter), len: Some(view_len), ..SlotSpec::NONE },
    methods: VALUES_METHODS,
    getsets: VIEW_GETSETS,
    ..TypeSpec::BASE
};

static SET_METHODS: &[MethodDef] = methods![
    /// Return whether the view and an iterable have no element in common.
    "isdisjoint(self, object, /)" => view_isdisjoint;
    /// Return an iterator from the last element to the first.
    "__reversed__(self, /)" => view_reversed;
];

static VALUES_METHODS: &[MethodDef] = methods![
    /// Return an iterator from the last value to the first.
    "__reversed__(self, /)" => view_reversed;
];

static VIEW_GETSETS: &[GetSetDef] = getsets![
    /// the dict that this is a view of, read-only
    "mapping" => view_mapping;
];

/// A view of a dict.
pub fn new_view(cx: &mut Ctx, dict: Value, kind: ViewKind) -> Value {
    let ty = cx.ty(match kind {
        ViewKind::Keys => Ty::DictKeys,
        ViewKind::Values => Ty::DictValues,
        ViewKind::Items => Ty::DictItems,
    });
    cx.new_native(ty, DictView { dict: Slot::new(dict), kind })
}

#[inline]
fn view(cx: &mut Ctx, v: Value) -> PyResult<&'static DictView> {
    Ok(receiver!(cx, v, Value::native::<DictView>, "dict view"))
}

fn viewed(cx: &mut Ctx, v: Value) -> PyResult<(ViewKind, &'static DictObj)> {
    let w = view(cx, v)?;
    let d = receiver!(cx, w.dict.get_or_none(), DictObj::of, "dict");
    Ok((w.kind, d))
}

/// Whether a value is a set-like view.
fn is_set_view(v: Value) -> bool {
    v.native::<DictView>().is_some_and(|w| w.kind != ViewKind::Values)
}

/// Whether set-like views compare themselves with a value.
fn is_set_like(v: Value) -> bool {
    DictObj::of_set(v).is_some() || is_set_view(v)
}

fn view_len(cx: &mut Ctx, this: Value) -> PyResult<usize> {
    Ok(viewed(cx, this)?.1.len())
}

fn view_iter(cx: &mut Ctx, this: Value) -> PyResult {
    let w = view(cx, this)?;
    dict_iter_over(cx, w.dict.get_or_none(), w.kind)
}

fn view_reversed(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let w = view(cx, arg(args, 0))?;
    dict_reversed_over(cx, w.dict.get_or_none(), w.kind)
}

fn view_mapping(cx: &mut Ctx, this: Value) -> PyResult {
    let w = view(cx, this)?;
    Ok(mapping_proxy(cx, w.dict.get_or_none()))
}

fn view_repr(cx: &mut Ctx, this: Value) -> PyResult {
    guarded_repr(cx, this, "...", |cx| {
        let items = list_from(cx, this)?;
        let inner = repr(cx, items)?;
        let mut out = protopy_text::StrBuf::new();
        out.push_str(&cx.type_name(this));
        out.push_str("(");
        if let Some(s) = StrObj::of(inner) {
            out.push_ref(s.str_ref());
        }
        out.push_str(")");
        cx.str_buf(out)
    })
}

fn view_contains(cx: &mut Ctx, this: Value, x: Value) -> PyResult<bool> {
    let (kind, d) = viewed(cx, this)?;
    if kind == ViewKind::Keys {
        return dict_contains(cx, d, x);
    }
    let Some([k, v]) = TupleObj::of(x).map(TupleObj::items) else { return Ok(false) };
    match dict_get(cx, d, *k)? {
        Some(found) => eq(cx, found, *v),
        None => Ok(false),
    }
}

/// Whether everything that `a` gives is in `b`.
fn all_in(cx: &mut Ctx, a: Value, b: Value) -> PyResult<bool> {
    let it = iter(cx, a)?;
    while let Some(x) = next(cx, it)? {
        if !contains(cx, b, x)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn view_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    if !is_set_like(b) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let (n, m) = (len(cx, a)?, len(cx, b)?);
    let r = match op {
        CmpOp::Eq => n == m && all_in(cx, a, b)?,
        CmpOp::Ne => !(n == m && all_in(cx, a, b)?),
        CmpOp::Lt => n < m && all_in(cx, a, b)?,
        CmpOp::Le => n <= m && all_in(cx, a, b)?,
        CmpOp::Gt => n > m && all_in(cx, b, a)?,
        CmpOp::Ge => n >= m && all_in(cx, b, a)?,
    };
    Ok(Value::bool(r))
}

/// A set of what an operand gives.
fn as_set(cx: &mut Ctx, v: Value) -> PyResult<(Value, &'static DictObj)> {
    let (made, s) = new_set(cx, Ty::Set)?;
    update(cx, s, v)?;
    Ok((made, s))
}

fn view_or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (made, s) = as_set(cx, a)?;
    update(cx, s, b)?;
    Ok(made)
}

fn view_sub(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (made, s) = as_set(cx, a)?;
    difference_update(cx, s, b)?;
    Ok(made)
}

fn view_xor(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (made, s) = as_set(cx, a)?;
    symmetric_difference_update(cx, s, b)?;
    Ok(made)
}

fn view_and(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (a, b) = if is_set_view(a) { (a, b) } else { (b, a) };
    // The smaller of two set-like operands is gone through.
    let (a, b) = if is_set_like(b) && len(cx, b)? > len(cx, a)? { (b, a) } else { (a, b) };
    let (made, s) = new_set(cx, Ty::Set)?;
    let it = iter(cx, b)?;
    while let Some(x) = next(cx, it)? {
        if contains(cx, a, x)? {
            set_add(cx, s, x)?;
        }
    }
    Ok(made)
}

fn view_isdisjoint(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let (a, b) = (arg(args, 0), arg(args, 1));
    if a.is(b) {
        return Ok(Value::bool(len(cx, a)? == 0));
    }
    let (a, b) = if is_set_like(b) && len(cx, b)? > len(cx, a)? { (b, a) } else { (a, b) };
    let it = iter(cx, b)?;
    while let Some(x) = next(cx, it)? {
        if contains(cx, a, x)? {
            return Ok(Value::FALSE);
        }
    }
    Ok(Value::TRUE)
}
