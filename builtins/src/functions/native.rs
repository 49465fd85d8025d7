//! `builtin_function_or_method`, `method_descriptor`, `classmethod_descriptor`: functions in Rust.

use super::builtin;
use protopy_vm::call::{call_native, check_receiver};
use protopy_vm::protocore::layouts::{MethodDef, MethodKind, ModuleObj, NativeFnObj, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, Layout, PyResult, Ty, TypeObj, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods, ops};

static REDUCE: &[MethodDef] = methods![
    /// Tells pickle how to find the function again.
    "__reduce__(self, /)" => reduce;
];

static FUNCTION_ATTRS: &[GetSetDef] = getsets![
    /// The module's name.
    member "__module__" => get_module, set_module;
    "__doc__" => get_doc;
    "__name__" => get_name;
    "__qualname__" => get_qualname;
    "__self__" => get_self;
    "__text_signature__" => get_signature;
];

static DESCRIPTOR_ATTRS: &[GetSetDef] = getsets![
    /// The class.
    member "__objclass__" => get_owner;
    /// The name.
    member "__name__" => get_name;
    "__doc__" => get_doc;
    "__qualname__" => get_qualname;
    "__text_signature__" => get_signature;
];

pub(super) static NATIVE_FN: TypeSpec = TypeSpec {
    ty: Some(Ty::NativeFn),
    name: "builtin_function_or_method",
    layout: Layout::NativeFn,
    flags: type_flags::WEAKREF | type_flags::NO_NEW,
    slots: SlotSpec {
        call: Some(native_call),
        repr: Some(native_repr),
        hash: Some(native_hash),
        compare: Some(native_compare),
        ..SlotSpec::NONE
    },
    methods: REDUCE,
    getsets: FUNCTION_ATTRS,
    ..TypeSpec::BASE
};

pub(super) static METHOD_DESCRIPTOR: TypeSpec = TypeSpec {
    ty: Some(Ty::MethodDescriptor),
    name: "method_descriptor",
    layout: Layout::NativeFn,
    flags: type_flags::NO_NEW | type_flags::METHOD_DESCRIPTOR,
    slots: SlotSpec {
        call: Some(native_call),
        repr: Some(descriptor_repr),
        descr_get: Some(method_get),
        ..SlotSpec::NONE
    },
    methods: REDUCE_DESCRIPTOR,
    getsets: DESCRIPTOR_ATTRS,
    ..TypeSpec::BASE
};

static REDUCE_DESCRIPTOR: &[MethodDef] = methods![
    /// Tells pickle how to find the method again.
    "__reduce__(self, /)" => reduce_descriptor;
];

pub(super) static CLASS_METHOD_DESCRIPTOR: TypeSpec = TypeSpec {
    ty: Some(Ty::ClassMethodDescriptor),
    name: "classmethod_descriptor",
    layout: Layout::NativeFn,
    flags: type_flags::NO_NEW,
    slots: SlotSpec {
        call: Some(class_method_call),
        repr: Some(descriptor_repr),
        descr_get: Some(class_method_get),
        ..SlotSpec::NONE
    },
    getsets: DESCRIPTOR_ATTRS,
    ..TypeSpec::BASE
};

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static NativeFnObj> {
    match NativeFnObj::of(v) {
        Some(n) => Ok(n),
        None => Err(cx.type_error("descriptor requires a builtin function")),
    }
}

/// The object that a function is bound to; none for a module's function.
fn bound(n: &NativeFnObj) -> Option<Value> {
    n.this.get().filter(|v| ModuleObj::of(*v).is_none())
}

// ---------------------------------------------------------------------------------------------------- calling, binding

fn native_call(cx: &mut Ctx, f: Value, args: Args<'_>) -> PyResult {
    let n = this(cx, f)?;
    call_native(cx, f, n, args)
}

fn class_method_call(cx: &mut Ctx, f: Value, args: Args<'_>) -> PyResult {
    let n = this(cx, f)?;
    if args.pos().is_empty() {
        let owner = ops::owner_tp_name(cx, &n.owner);
        let msg = format!("descriptor '{}' of '{owner}' object needs an argument", n.def.name);
        return Err(cx.type_error(&msg));
    }
    call_native(cx, f, n, args)
}

fn method_get(cx: &mut Ctx, f: Value, obj: Option<Value>, _owner: Value) -> PyResult {
    let n = this(cx, f)?;
    let Some(obj) = obj else { return Ok(f) };
    check_receiver(cx, n, obj)?;
    Ok(cx.native_fn(Ty::NativeFn, n.def, Some(obj), None, n.owner.get()))
}

fn class_method_get(cx: &mut Ctx, f: Value, obj: Option<Value>, owner: Value) -> PyResult {
    let n = this(cx, f)?;
    let class = match (owner.not_none(), obj) {
        (Some(t), _) => t,
        (None, Some(o)) => cx.type_of(o).value(),
        (None, None) => {
            let ty = ops::owner_tp_name(cx, &n.owner);
            let msg = format!("descriptor '{}' for type '{ty}' needs either an object or a type", n.def.name);
            return Err(cx.type_error(&msg));
        }
    };
    check_receiver(cx, n, class)?;
    Ok(cx.native_fn(Ty::NativeFn, n.def, Some(class), None, n.owner.get()))
}

// ---------------------------------------------------------------------------------------------------- texts

fn native_repr(cx: &mut Ctx, f: Value) -> PyResult {
    let n = this(cx, f)?;
    let text = match bound(n) {
        Some(obj) => {
            format!(
                "<built-in method {} of {} object at {:#x}>",
                n.def.name,
                ops::tp_name(cx, obj),
                obj.bits()
            )
        }
        None => format!("<built-in function {}>", n.def.name),
    };
    Ok(cx.str(&text))
}

fn descriptor_repr(cx: &mut Ctx, f: Value) -> PyResult {
    let n = this(cx, f)?;
    let owner = ops::owner_tp_name(cx, &n.owner);
    Ok(cx.str(&format!("<method '{}' of '{owner}' objects>", n.def.name)))
}

/// The part of the doc comment's lines after the space that follows the slashes.
fn get_doc(cx: &mut Ctx, f: Value) -> PyResult {
    let doc = this(cx, f)?.def.doc;
    if doc.trim().is_empty() {
        return Ok(Value::NONE);
    }
    let lines: Vec<&str> = doc.trim_end().lines().map(|l| l.strip_prefix(' ').unwrap_or(l)).collect();
    Ok(cx.str(&lines.join("\n")))
}

fn get_signature(cx: &mut Ctx, f: Value) -> PyResult {
    let def = this(cx, f)?.def;
    if def.sig.is_empty() {
        return Ok(Value::NONE);
    }
    let inner = def.sig.strip_prefix('(').unwrap_or(def.sig);
    let text = match def.kind {
        _ if inner.starts_with('$') => def.sig.to_owned(),
        MethodKind::Function if inner == ")" => "($module, /)".to_owned(),
        // What `inspect` drops must be positional-only, and so stand before a slash.
        MethodKind::Function if inner.contains("/)") || inner.contains("/,") => format!("($module, {inner}"),
        MethodKind::Function => format!("($module, /, {inner}"),
        MethodKind::Method => with_first(inner, "$self"),
        MethodKind::Class => with_first(inner, "$type"),
        MethodKind::Static => def.sig.to_owned(),
    };
    Ok(cx.str(&text))
}

/// A parameter list with another name of the first parameter.
fn with_first(inner: &str, first: &str) -> String {
    let end = inner.find([',', ')']).unwrap_or(inner.len());
    format!("({first}{}", &inner[end..])
}

// ---------------------------------------------------------------------------------------------------- attributes

fn get_name(cx: &mut Ctx, f: Value) -> PyResult {
    let n = this(cx, f)?;
    Ok(cx.intern_str(n.def.name))
}

fn get_qualname(cx: &mut Ctx, f: Value) -> PyResult {
    let n = this(cx, f)?;
    let class = if n.def.kind != MethodKind::Function && cx.is_exact(f, Ty::NativeFn) {
        bound(n).map(|obj| TypeObj::of(obj).unwrap_or_else(|| cx.type_of(obj)))
    } else if let Some(owner) = n.owner.get().and_then(TypeObj::of) {
        Some(owner)
    } else {
        bound(n).map(|obj| TypeObj::of(obj).unwrap_or_else(|| cx.type_of(obj)))
    };
    match class.and_then(|t| t.qualname.get()).and_then(StrObj::of) {
        Some(q) => Ok(cx.str(&format!("{}.{}", q.to_string_lossy(), n.def.name))),
        None => Ok(cx.intern_str(n.def.name)),
    }
}

fn get_self(cx: &mut Ctx, f: Value) -> PyResult {
    Ok(this(cx, f)?.this.get_or_none())
}

fn get_owner(cx: &mut Ctx, f: Value) -> PyResult {
    Ok(this(cx, f)?.owner.get_or_none())
}

fn get_module(cx: &mut Ctx, f: Value) -> PyResult {
    Ok(this(cx, f)?.module.get_or_none())
}

fn set_module(cx: &mut Ctx, f: Value, v: Option<Value>) -> PyResult<()> {
    let n = this(cx, f)?;
    match v {
        Some(v) => cx.store(f, &n.module, v),
        None => cx.store_empty(f, &n.module),
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- comparison, pickling

fn native_hash(cx: &mut Ctx, f: Value) -> PyResult<i64> {
    let n = this(cx, f)?;
    let mine = std::ptr::from_ref(n.def) as usize as i64 >> 4;
    let h = n.this.get().map_or(0, ops::hash_pointer) ^ mine;
    Ok(if h == -1 { -2 } else { h })
}

fn native_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let both = cx.is_exact(a, Ty::NativeFn) && cx.is_exact(b, Ty::NativeFn);
    let (Some(x), Some(y)) = (NativeFnObj::of(a), NativeFnObj::of(b)) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    if !both || !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let same = x.this.get() == y.this.get() && std::ptr::eq(x.def, y.def);
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

fn reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = this(cx, a[0])?;
    let name = cx.intern_str(n.def.name);
    match bound(n) {
        Some(obj) => by_getattr(cx, obj, name),
        None => Ok(name),
    }
}

fn reduce_descriptor(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = this(cx, a[0])?;
    let name = cx.intern_str(n.def.name);
    by_getattr(cx, n.owner.get_or_none(), name)
}

/// `(getattr, (obj, name))`
fn by_getattr(cx: &mut Ctx, obj: Value, name: Value) -> PyResult {
    let getattr = builtin(cx, "getattr");
    let args = cx.tuple_of(None, &[obj, name])?;
    cx.tuple_of(None, &[getattr, args])
}
