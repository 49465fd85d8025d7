//! `_weakref`: weak references and proxies.

use protocore::dict::DictObj;
use protocore::layouts::{StrObj, WeakRefObj};
use protocore::types::{SlotSpec, type_flags};
use protocore::{Args, CmpOp, Ctx, Layout, PyResult, Raised, Ty, TypeObj, Value};
use protopy_vm::modules::module_set;
use protopy_vm::names::N;
use protopy_vm::{
    BinOp, ModuleSpec, TypeSpec, UnOp, binary_op, call_args, call_method, compare, contains, create_type,
    dict_look, get_attr, get_item, getsets, hash, hash_key, index, inplace_op, is_true, iter, len,
    lookup_attr, methods, power, set_attr, set_item, str, type_text, unary_op,
};
use std::sync::atomic::Ordering;

// ---------------------------------------------------------------------------------------------------- references

#[cold]
fn cannot_refer(cx: &mut Ctx, v: Value) -> Raised {
    let msg = format!("cannot create weak reference to '{}' object", protopy_vm::ops::tp_name(cx, v));
    cx.type_error(&msg)
}

/// Whether weak references to an object are allowed.
fn allowed(cx: &Ctx, v: Value) -> bool {
    v.is_heap() && cx.type_of(v).has(type_flags::WEAKREF)
}

fn make(cx: &mut Ctx, target: Value, callback: Value, ty: &TypeObj, reuse: bool) -> PyResult {
    if !allowed(cx, target) {
        return Err(cannot_refer(cx, target));
    }
    match cx.new_weakref(target, callback.not_none(), ty, reuse) {
        Some(r) => Ok(r),
        None => Err(cannot_refer(cx, target)),
    }
}

/// The referent and callback of `ref(object, callback=None, /)`.
fn ref_args(cx: &mut Ctx, f: &str, args: Args<'_>) -> PyResult<(Value, Value)> {
    match args.pos() {
        [o] => Ok((*o, Value::NONE)),
        [o, c] => Ok((*o, *c)),
        pos => {
            let word = if pos.is_empty() { "at least 1 argument" } else { "at most 2 arguments" };
            let msg = format!("{f} expected {word}, got {}", pos.len());
            Err(cx.type_error(&msg))
        }
    }
}

fn ref_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    let exact = std::ptr::eq(ty, cx.ty(Ty::WeakRef));
    if exact && args.names().is_some() {
        return Err(cx.type_error("ref() takes no keyword arguments"));
    }
    let (target, callback) = ref_args(cx, "__new__", args)?;
    make(cx, target, callback, ty, exact)
}

fn ref_init(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult<()> {
    if args.names().is_some() {
        return Err(cx.type_error("ref() takes no keyword arguments"));
    }
    ref_args(cx, "__init__", args).map(|_| ())
}

fn referent(cx: &Ctx, r: Value) -> Option<Value> {
    cx.weakref_get(WeakRefObj::of(r)?)
}

fn ref_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    if args.names().is_some() {
        return Err(cx.type_error("weakref() takes no keyword arguments"));
    }
    if !args.is_empty() {
        let msg = format!("weakref expected 0 arguments, got {}", args.pos().len());
        return Err(cx.type_error(&msg));
    }
    Ok(referent(cx, this).unwrap_or(Value::NONE))
}

fn ref_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let Some(w) = WeakRefObj::of(this) else { return Ok(0) };
    if w.hashed.load(Ordering::Acquire) != 0 {
        return Ok(w.hash.load(Ordering::Relaxed));
    }
    let Some(target) = referent(cx, this) else {
        return Err(cx.type_error("weak object has gone away"));
    };
    let h = hash(cx, target)?;
    w.hash.store(h, Ordering::Relaxed);
    w.hashed.store(1, Ordering::Release);
    Ok(h)
}

fn ref_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let both = cx.is_instance(a, Ty::WeakRef) && cx.is_instance(b, Ty::WeakRef);
    if !both || !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    match (referent(cx, a), referent(cx, b)) {
        (Some(x), Some(y)) => compare(cx, x, y, op),
        _ => Ok(Value::bool(a.is(b) == (op == CmpOp::Eq))),
    }
}

fn shown(cx: &mut Ctx, this: Value, word: &str, with_name: bool) -> PyResult {
    let Some(target) = referent(cx, this) else {
        return Ok(cx.str(&format!("<{word} at {:#x}; dead>", this.bits())));
    };
    let t = crate::full_type_name(cx, target);
    let mut text = format!("<{word} at {:#x}; to '{t}' at {:#x}", this.bits(), target.bits());
    if with_name {
        let n = protopy_vm::names::name(cx, N::Name);
        let found = match protopy_vm::lookup_special_name(cx, target, n)? {
            Some(v) => Some(v),
            // Functions and classes have theirs in other places than a namespace.
            None if TypeObj::of(target).is_some() => lookup_attr(cx, target, n)?,
            None => None,
        };
        if let Some(n) = found.and_then(StrObj::of) {
            text.push_str(&format!(" ({})", n.to_string_lossy()));
        }
    }
    text.push('>');
    Ok(cx.str(&text))
}

fn ref_repr(cx: &mut Ctx, this: Value) -> PyResult {
    shown(cx, this, "weakref", true)
}

fn ref_callback(_: &mut Ctx, this: Value) -> PyResult {
    Ok(WeakRefObj::of(this).map_or(Value::NONE, |w| w.callback.get_or_none()))
}

fn class_getitem(cx: &mut Ctx, a: &[Value]) -> PyResult {
    protopy_vm::generic_alias(cx, a[0], a[1])
}

static REF: TypeSpec = TypeSpec {
    ty: Some(Ty::WeakRef),
    name: "ReferenceType",
    module: "weakref",
    layout: Layout::WeakRef,
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(ref_new),
        init: Some(ref_init),
        call: Some(ref_call),
        hash: Some(ref_hash),
        compare: Some(ref_compare),
        repr: Some(ref_repr),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// The type with parameters.
        class "__class_getitem__(cls, item, /)" => class_getitem;
    ],
    getsets: getsets![
        /// What is called when the referent is gone, or None.
        member "__callback__" => ref_callback;
    ],
    ..TypeSpec::BASE
};

// ---------------------------------------------------------------------------------------------------- proxies

#[cold]
fn gone(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::ReferenceError, "weakly-referenced object no longer exists")
}

/// The object behind a proxy; ReferenceError.
fn deref(cx: &mut Ctx, v: Value) -> PyResult {
    match referent(cx, v) {
        Some(t) => Ok(t),
        None => Err(gone(cx)),
    }
}

/// An operand: what it stands for if it is a proxy.
fn operand(cx: &mut Ctx, v: Value) -> PyResult {
    if WeakRefObj::of(v).is_some() && !cx.is_instance(v, Ty::WeakRef) { deref(cx, v) } else { Ok(v) }
}

macro_rules! forward_binary {
    ($($name:ident, $iname:ident: $op:ident;)*) => {
        $(
            fn $name(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
                let (a, b) = (operand(cx, a)?, operand(cx, b)?);
                binary_op(cx, BinOp::$op, a, b)
            }

            fn $iname(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
                let (a, b) = (operand(cx, a)?, operand(cx, b)?);
                inplace_op(cx, BinOp::$op, a, b)
            }
        )*
    };
}

forward_binary! {
    proxy_add, proxy_iadd: Add;
    proxy_sub, proxy_isub: Sub;
    proxy_mul, proxy_imul: Mul;
    proxy_matmul, proxy_imatmul: MatMul;
    proxy_truediv, proxy_itruediv: TrueDiv;
    proxy_floordiv, proxy_ifloordiv: FloorDiv;
    proxy_mod, proxy_imod: Mod;
    proxy_lshift, proxy_ilshift: LShift;
    proxy_rshift, proxy_irshift: RShift;
    proxy_and, proxy_iand: And;
    proxy_or, proxy_ior: Or;
    proxy_xor, proxy_ixor: Xor;
}

fn proxy_divmod(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (a, b) = (operand(cx, a)?, operand(cx, b)?);
    binary_op(cx, BinOp::DivMod, a, b)
}

fn proxy_pow(cx: &mut Ctx, a: Value, b: Value, c: Value) -> PyResult {
    let (a, b, c) = (operand(cx, a)?, operand(cx, b)?, operand(cx, c)?);
    power(cx, a, b, c)
}

fn proxy_ipow(cx: &mut Ctx, a: Value, b: Value, _c: Value) -> PyResult {
    let (a, b) = (operand(cx, a)?, operand(cx, b)?);
    inplace_op(cx, BinOp::Pow, a, b)
}

macro_rules! forward_unary {
    ($($name:ident: $op:ident;)*) => {
        $(fn $name(cx: &mut Ctx, a: Value) -> PyResult {
            let a = deref(cx, a)?;
            unary_op(cx, UnOp::$op, a)
        })*
    };
}

forward_unary! {
    proxy_neg: Neg;
    proxy_pos: Pos;
    proxy_abs: Abs;
    proxy_invert: Invert;
}

/// Calls a known type with the referent: `int(proxy)`, `float(proxy)`.
fn convert(cx: &mut Ctx, this: Value, t: Ty) -> PyResult {
    let o = deref(cx, this)?;
    let ty = cx.ty(t).value();
    protopy_vm::call(cx, ty, &[o])
}

fn proxy_int(cx: &mut Ctx, this: Value) -> PyResult {
    convert(cx, this, Ty::Int)
}

fn proxy_float(cx: &mut Ctx, this: Value) -> PyResult {
    convert(cx, this, Ty::Float)
}

fn proxy_index(cx: &mut Ctx, this: Value) -> PyResult {
    let o = deref(cx, this)?;
    index(cx, o)
}

fn proxy_bool(cx: &mut Ctx, this: Value) -> PyResult<bool> {
    let o = deref(cx, this)?;
    is_true(cx, o)
}

fn proxy_str(cx: &mut Ctx, this: Value) -> PyResult {
    let o = deref(cx, this)?;
    str(cx, o)
}

fn proxy_repr(cx: &mut Ctx, this: Value) -> PyResult {
    shown(cx, this, "weakproxy", false)
}

fn proxy_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (a, b) = (operand(cx, a)?, operand(cx, b)?);
    compare(cx, a, b, op)
}

fn proxy_getattr(cx: &mut Ctx, this: Value, n: Value) -> PyResult {
    let o = deref(cx, this)?;
    get_attr(cx, o, n)
}

fn proxy_setattr(cx: &mut Ctx, this: Value, n: Value, v: Option<Value>) -> PyResult<()> {
    let o = deref(cx, this)?;
    set_attr(cx, o, n, v)
}

fn proxy_len(cx: &mut Ctx, this: Value) -> PyResult<usize> {
    let o = deref(cx, this)?;
    len(cx, o)
}

fn proxy_getitem(cx: &mut Ctx, this: Value, k: Value) -> PyResult {
    let (o, k) = (deref(cx, this)?, operand(cx, k)?);
    get_item(cx, o, k)
}

fn proxy_setitem(cx: &mut Ctx, this: Value, k: Value, v: Option<Value>) -> PyResult<()> {
    let (o, k) = (deref(cx, this)?, operand(cx, k)?);
    set_item(cx, o, k, v)
}

fn proxy_contains(cx: &mut Ctx, this: Value, x: Value) -> PyResult<bool> {
    let o = deref(cx, this)?;
    contains(cx, o, x)
}

fn proxy_iter(cx: &mut Ctx, this: Value) -> PyResult {
    let o = deref(cx, this)?;
    iter(cx, o)
}

fn proxy_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let o = deref(cx, this)?;
    if cx.type_of(o).slots.iternext.address() == 0 {
        let msg =
            format!("Weakref proxy referenced a non-iterator '{}' object", protopy_vm::ops::tp_name(cx, o));
        return Err(cx.type_error(&msg));
    }
    protopy_vm::next(cx, o)
}

fn proxy_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let o = deref(cx, this)?;
    call_args(cx, o, args)
}

fn proxy_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let msg = format!("unhashable type: 'weakref.{}'", type_text(cx.type_of(this)));
    Err(cx.type_error(&msg))
}

fn proxy_bytes(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let o = deref(cx, a[0])?;
    call_method(cx, o, "__bytes__", &[])
}

fn proxy_reversed(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let o = deref(cx, a[0])?;
    call_method(cx, o, "__reversed__", &[])
}

static PROXY_METHODS: &[protocore::layouts::MethodDef] = methods![
    /// The referent's bytes.
    "__bytes__(self, /)" => proxy_bytes;
    /// The referent's reverse iterator.
    "__reversed__(self, /)" => proxy_reversed;
];

const PROXY_SLOTS: SlotSpec = SlotSpec {
    repr: Some(proxy_repr),
    str: Some(proxy_str),
    hash: Some(proxy_hash),
    compare: Some(proxy_compare),
    getattro: Some(proxy_getattr),
    setattro: Some(proxy_setattr),
    iter: Some(proxy_iter),
    iternext: Some(proxy_next),
    len: Some(proxy_len),
    getitem: Some(proxy_getitem),
    setitem: Some(proxy_setitem),
    contains: Some(proxy_contains),
    bool: Some(proxy_bool),
    int: Some(proxy_int),
    float: Some(proxy_float),
    index: Some(proxy_index),
    neg: Some(proxy_neg),
    pos: Some(proxy_pos),
    abs: Some(proxy_abs),
    invert: Some(proxy_invert),
    add: Some(proxy_add),
    sub: Some(proxy_sub),
    mul: Some(proxy_mul),
    matmul: Some(proxy_matmul),
    truediv: Some(proxy_truediv),
    floordiv: Some(proxy_floordiv),
    modulo: Some(proxy_mod),
    divmod: Some(proxy_divmod),
    pow: Some(proxy_pow),
    lshift: Some(proxy_lshift),
    rshift: Some(proxy_rshift),
    and: Some(proxy_and),
    or: Some(proxy_or),
    xor: Some(proxy_xor),
    iadd: Some(proxy_iadd),
    isub: Some(proxy_isub),
    imul: Some(proxy_imul),
    imatmul: Some(proxy_imatmul),
    itruediv: Some(proxy_itruediv),
    ifloordiv: Some(proxy_ifloordiv),
    imodulo: Some(proxy_imod),
    ipow: Some(proxy_ipow),
    ilshift: Some(proxy_ilshift),
    irshift: Some(proxy_irshift),
    iand: Some(proxy_iand),
    ior: Some(proxy_ior),
    ixor: Some(proxy_ixor),
    ..SlotSpec::NONE
};

static PROXY: TypeSpec = TypeSpec {
    ty: Some(Ty::WeakProxy),
    name: "ProxyType",
    module: "weakref",
    layout: Layout::WeakRef,
    flags: type_flags::NO_NEW,
    slots: PROXY_SLOTS,
    methods: PROXY_METHODS,
    ..TypeSpec::BASE
};

static CALLABLE_PROXY: TypeSpec = TypeSpec {
    ty: Some(Ty::WeakCallableProxy),
    name: "CallableProxyType",
    slots: SlotSpec { call: Some(proxy_call), ..PROXY_SLOTS },
    ..PROXY
};

// ---------------------------------------------------------------------------------------------------- functions

fn proxy(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let t = if protopy_vm::callable(cx, a[0]) { Ty::WeakCallableProxy } else { Ty::WeakProxy };
    let ty = cx.ty(t);
    make(cx, a[0], a[1], ty, true)
}

fn getweakrefcount(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = if allowed(cx, a[0]) { cx.weakref_count(a[0]) } else { 0 };
    Ok(cx.int_usize(n))
}

fn getweakrefs(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let all = if allowed(cx, a[0]) { cx.weakrefs_of(a[0]) } else { Vec::new() };
    let held = cx.keep.len();
    cx.keep.extend_from_slice(&all);
    let r = cx.list(&all);
    cx.keep.truncate(held);
    r
}

fn remove_dead_weakref(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(d) = DictObj::of(a[0]) else {
        let msg = format!(
            "_remove_dead_weakref() argument 1 must be dict, not {}",
            protopy_vm::ops::tp_name(cx, a[0])
        );
        return Err(cx.type_error(&msg));
    };
    let h = hash_key(cx, a[1])?;
    loop {
        let Some(f) = dict_look(cx, d, a[1], h)?.found else { return Ok(Value::NONE) };
        let Some(v) = f.table.entries().get(f.entry).and_then(|e| e.value.get()) else { continue };
        let Some(w) = WeakRefObj::of(v) else { return Err(cx.type_error("not a weakref")) };
        if cx.weakref_get(w).is_some() || cx.dict_remove(d, f.table, f.entry).is_ok() {
            return Ok(Value::NONE);
        }
    }
}

/// Completes the types of weak references.
pub(crate) fn init_types(cx: &mut Ctx) -> PyResult<()> {
    create_type(cx, &REF)?;
    create_type(cx, &PROXY)?;
    create_type(cx, &CALLABLE_PROXY)?;
    Ok(())
}

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    for (n, t) in [
        ("ref", Ty::WeakRef),
        ("ReferenceType", Ty::WeakRef),
        ("ProxyType", Ty::WeakProxy),
        ("CallableProxyType", Ty::WeakCallableProxy),
    ] {
        let v = cx.ty(t).value();
        module_set(cx, m, n, v)?;
    }
    Ok(())
}

/// `_weakref`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_weakref",
    doc: "Weak-reference support module.",
    functions: methods![functions:
        /// A proxy of an object: it behaves as the object does while that lives.
        "proxy(object, callback=None, /)" => proxy;
        /// Number of weak references to an object.
        "getweakrefcount(object, /)" => getweakrefcount;
        /// The weak references to an object.
        "getweakrefs(object, /)" => getweakrefs;
        /// Removes a key from a dict if its value is a dead weak reference.
        "_remove_dead_weakref(dct, key, /)" => remove_dead_weakref;
    ],
    init: Some(init),
};
