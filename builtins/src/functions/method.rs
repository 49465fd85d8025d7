//! `method`: a callable bound to an object.

use super::builtin;
use protopy_text::StrBuf;
use protopy_vm::attr::{get_attr, get_attr_str, lookup_attr, type_lookup};
use protopy_vm::names::{N, name};
use protopy_vm::protocore::layouts::{BoundMethodObj, MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods, ops};

static METHODS: &[MethodDef] = methods![
    /// Tells pickle how to find the method again.
    "__reduce__(self, /)" => method_reduce;
];

static GETSETS: &[GetSetDef] = getsets![
    /// The callable.
    member "__func__" => get_func;
    /// The object.
    member "__self__" => get_self;
    "__doc__" => get_doc;
];

pub(super) static METHOD: TypeSpec = TypeSpec {
    ty: Some(Ty::Method),
    name: "method",
    layout: Layout::BoundMethod,
    flags: type_flags::WEAKREF,
    slots: SlotSpec {
        new: Some(method_new),
        call: Some(method_call),
        repr: Some(method_repr),
        hash: Some(method_hash),
        compare: Some(method_compare),
        getattro: Some(method_getattr),
        descr_get: Some(method_get),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Binds a callable to an object that becomes its first argument.",
    sig: Some("(function, instance, /)"),
    ..TypeSpec::BASE
};

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static BoundMethodObj> {
    match BoundMethodObj::of(v) {
        Some(m) => Ok(m),
        None => Err(cx.type_error("descriptor requires a 'method' object")),
    }
}

fn get_func(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.func.get_or_none())
}

fn get_self(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.this.get_or_none())
}

fn get_doc(cx: &mut Ctx, v: Value) -> PyResult {
    let f = get_func(cx, v)?;
    let n = name(cx, N::Doc);
    get_attr(cx, f, n)
}

fn method_new(cx: &mut Ctx, _class: Value, args: Args<'_>) -> PyResult {
    if args.nkw() != 0 {
        return Err(cx.type_error("method() takes no keyword arguments"));
    }
    let [func, obj] = *args.pos() else {
        let msg = format!("method expected 2 arguments, got {}", args.pos().len());
        return Err(cx.type_error(&msg));
    };
    if !ops::callable(cx, func) {
        return Err(cx.type_error("first argument must be callable"));
    }
    if obj.is_none() {
        return Err(cx.type_error("instance must not be None"));
    }
    Ok(cx.bound_method(func, obj))
}

fn method_call(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let m = this(cx, v)?;
    protopy_vm::call_bound(cx, m, args)
}

fn method_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let m = this(cx, v)?;
    let func = m.func.get_or_none();
    let mut shown = None;
    for n in [N::Qualname, N::Name] {
        let n = name(cx, n);
        if let Some(found) = lookup_attr(cx, func, n)? {
            shown = StrObj::of(found);
            break;
        }
    }
    let mut out = StrBuf::from("<bound method ");
    match shown {
        Some(s) => out.push_ref(s.str_ref()),
        None => out.push_str("?"),
    }
    out.push_str(" of ");
    let r = ops::repr(cx, m.this.get_or_none())?;
    if let Some(s) = StrObj::of(r) {
        out.push_ref(s.str_ref());
    }
    out.push_str(">");
    cx.str_buf(out)
}

fn method_hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let m = this(cx, v)?;
    let h = ops::hash_pointer(m.this.get_or_none()) ^ ops::hash(cx, m.func.get_or_none())?;
    Ok(if h == -1 { -2 } else { h })
}

fn method_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (BoundMethodObj::of(a), BoundMethodObj::of(b)) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let same = x.this.get() == y.this.get() && ops::eq(cx, x.func.get_or_none(), y.func.get_or_none())?;
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

/// What `method` itself does not define is the function's.
fn method_getattr(cx: &mut Ctx, v: Value, n: Value) -> PyResult {
    let ty = cx.type_of(v);
    if let Some(attr) = type_lookup(cx, ty, n) {
        return match cx.type_of(attr).slots.descr_get.get() {
            Some(get) => get(cx, attr, Some(v), ty.value()),
            None => Ok(attr),
        };
    }
    let f = get_func(cx, v)?;
    get_attr(cx, f, n)
}

fn method_get(_: &mut Ctx, v: Value, _obj: Option<Value>, _owner: Value) -> PyResult {
    // A bound method is not bound again.
    Ok(v)
}

fn method_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let m = this(cx, a[0])?;
    let n = get_attr_str(cx, m.func.get_or_none(), "__name__")?;
    let getattr = builtin(cx, "getattr");
    let args = cx.tuple_of(None, &[m.this.get_or_none(), n])?;
    cx.tuple_of(None, &[getattr, args])
}
