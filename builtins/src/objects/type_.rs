//! `type`

use super::object::{keys_list, merge_class};
use protopy_vm::attr::no_attribute;
use protopy_vm::call::call;
use protopy_vm::declare::{GetSetDef, TypeSpec};
use protopy_vm::errors::type_text;
use protopy_vm::names::{N, name};
use protopy_vm::ops;
use protopy_vm::protocore::Held;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Raised, Ty, TypeObj, Value};
use protopy_vm::types::attrs::{full_name, immutable, is_immutable, own_attr, settable, type_module};
use protopy_vm::types::classes::{item_size, not_utf8};
use protopy_vm::types::hooks::type_or;
use protopy_vm::types::{
    build, direct_subclasses, mapping_proxy, mro, set_bases, set_type_attr, type_call, type_get_attr,
    type_new, type_set_attr,
};
use protopy_vm::{getsets, methods};

/// The type.
pub static TYPE: TypeSpec = TypeSpec {
    ty: Some(Ty::Type),
    name: "type",
    layout: Layout::Type,
    flags: type_flags::BASETYPE | type_flags::DICT | type_flags::WEAKREF | type_flags::TYPE_SUBCLASS,
    slots: SlotSpec {
        new: Some(type_new),
        init: Some(type_init),
        call: Some(type_call),
        repr: Some(type_repr),
        getattro: Some(type_get_attr),
        setattro: Some(type_set_attr),
        or: Some(type_or),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Return a type's method resolution order.
    "mro(self, /)" => type_mro;
    /// Return a list of immediate subclasses.
    "__subclasses__(self, /)" => subclasses;
    /// Create the namespace for the class statement
    raw class "__prepare__(cls, name, bases, /, **kwds)" => build::type_prepare;
    /// Check if an object is an instance.
    "__instancecheck__(self, instance, /)" => instance_check;
    /// Check if a class is a subclass.
    "__subclasscheck__(self, subclass, /)" => subclass_check;
    /// Specialized __dir__ implementation for types.
    "__dir__(self, /)" => dir;
    /// Return memory consumption of the type object.
    "__sizeof__(self, /)" => size_of;
];

static GETSETS: &[GetSetDef] = getsets![
    member "__basicsize__" => basic_size;
    member "__itemsize__" => get_item_size;
    member "__flags__" => get_flags;
    member "__weakrefoffset__" => weakref_offset;
    member "__base__" => get_base;
    member "__dictoffset__" => dict_offset;
    "__name__" => get_name, set_name;
    "__qualname__" => get_qualname, set_qualname;
    "__bases__" => get_bases, set_bases_attr;
    "__mro__" => get_mro;
    "__module__" => get_module, set_module;
    "__abstractmethods__" => get_abstract, set_abstract;
    "__dict__" => get_dict;
    "__doc__" => get_doc, set_doc;
    "__text_signature__" => get_signature;
    "__annotations__" => get_annotations, set_annotations;
    "__annotate__" => get_annotate, set_annotate;
    "__type_params__" => get_type_params, set_type_params;
];

/// The receiver, which the descriptor has checked.
fn this_type(cx: &mut Ctx, v: Value) -> PyResult<&'static TypeObj> {
    match TypeObj::of(v) {
        Some(t) => Ok(t),
        None => {
            let msg = format!("a type is required, not '{}'", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn type_init(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult<()> {
    let n = args.pos().len();
    if n == 1 && args.nkw() != 0 {
        return Err(cx.type_error("type.__init__() takes no keyword arguments"));
    }
    if n != 1 && n != 3 {
        return Err(cx.type_error("type.__init__() takes 1 or 3 arguments"));
    }
    Ok(())
}

fn type_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let t = this_type(cx, this)?;
    let msg = format!("<class '{}'>", full_name(cx, t));
    Ok(cx.str(&msg))
}

// ---------------------------------------------------------------------------------------------------- methods

fn type_mro(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let t = this_type(cx, args[0])?;
    let bases = t.bases.get_or_none();
    let bases = protopy_vm::roots::seq_items(bases).unwrap_or_default();
    let items = mro::c3(cx, args[0], &bases)?;
    cx.list(&items)
}

fn subclasses(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let t = this_type(cx, args[0])?;
    let all: Held<Value> = direct_subclasses(cx, t).into_iter().map(TypeObj::value).collect();
    cx.list(&all)
}

fn instance_check(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Ok(Value::bool(ops::recursive_is_instance(cx, args[1], args[0])?))
}

fn subclass_check(cx: &mut Ctx, args: &[Value]) -> PyResult {
    Ok(Value::bool(ops::recursive_is_subclass(cx, args[1], args[0])?))
}

fn dir(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let all = cx.dict();
    merge_class(cx, all, args[0])?;
    keys_list(cx, all)
}

fn size_of(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(cx.int_usize(std::mem::size_of::<TypeObj>()))
}

// ---------------------------------------------------------------------------------------------------- numbers about instances

fn basic_size(cx: &mut Ctx, this: Value) -> PyResult {
    let n = this_type(cx, this)?.basic_size;
    Ok(cx.int(i64::from(n).max(16)))
}

fn get_item_size(cx: &mut Ctx, this: Value) -> PyResult {
    let n = item_size(this_type(cx, this)?);
    Ok(cx.int(n))
}

fn weakref_offset(cx: &mut Ctx, this: Value) -> PyResult {
    let t = this_type(cx, this)?;
    let n = match (t.has(type_flags::WEAKREF), t.has(type_flags::HEAP)) {
        (false, _) => 0,
        (true, true) => -32,
        (true, false) => i64::from(t.basic_size),
    };
    Ok(cx.int(n))
}

fn dict_offset(cx: &mut Ctx, this: Value) -> PyResult {
    let t = this_type(cx, this)?;
    let n = match (t.has(type_flags::DICT), t.has(type_flags::HEAP)) {
        (false, _) => 0,
        (true, true) => -1,
        (true, false) => i64::from(t.attr_base.max(16)),
    };
    Ok(cx.int(n))
}

/// `__flags__` in CPython's numbering, as far as they mean the same here.
fn get_flags(cx: &mut Ctx, this: Value) -> PyResult {
    let t = this_type(cx, this)?;
    let mut f = 1 << 12 | 1 << 14 | 1 << 18;
    let map = [
        (type_flags::SEQUENCE, 5),
        (type_flags::MAPPING, 6),
        (type_flags::NO_NEW, 7),
        (type_flags::HEAP, 9),
        (type_flags::BASETYPE, 10),
        (type_flags::METHOD_DESCRIPTOR, 17),
        (type_flags::ABSTRACT, 20),
        (type_flags::MATCH_SELF, 22),
        (type_flags::EXCEPTION, 30),
        (type_flags::TYPE_SUBCLASS, 31),
    ];
    for (flag, bit) in map {
        if t.has(flag) {
            f |= 1i64 << bit;
        }
    }
    if is_immutable(t) {
        f |= 1 << 8;
    }
    f |= match t.layout {
        Layout::Int => 1 << 24,
        Layout::List => 1 << 25,
        Layout::Tuple => 1 << 26,
        Layout::Bytes => 1 << 27,
        Layout::Str => 1 << 28,
        Layout::Dict => 1 << 29,
        _ => 0,
    };
    Ok(cx.int(f))
}

// ---------------------------------------------------------------------------------------------------- names and bases

fn get_base(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(this_type(cx, this)?.base.get_or_none())
}

fn get_bases(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(this_type(cx, this)?.bases.get_or_none())
}

fn set_bases_attr(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let t = this_type(cx, this)?;
    set_bases(cx, t, v)
}

fn get_mro(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(this_type(cx, this)?.mro.get_or_none())
}

fn get_dict(cx: &mut Ctx, this: Value) -> PyResult {
    let d = this_type(cx, this)?.dict.get_or_none();
    Ok(mapping_proxy(cx, d))
}

fn get_name(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(this_type(cx, this)?.name.get_or_none())
}

fn get_qualname(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(this_type(cx, this)?.qualname.get_or_none())
}

fn not_a_string(cx: &mut Ctx, t: &TypeObj, what: &str, v: Value) -> Raised {
    let msg = format!(
        "can only assign string to {}.{what}, not '{}'",
        type_text(t),
        protopy_vm::ops::tp_name(cx, v)
    );
    cx.type_error(&msg)
}

fn set_name(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let t = this_type(cx, this)?;
    let v = settable(cx, t, N::Name, v)?;
    let Some(s) = StrObj::of(v) else { return Err(not_a_string(cx, t, "__name__", v)) };
    match s.to_utf8() {
        None => return Err(not_utf8(cx, v)),
        Some(text) if text.contains('\0') => {
            return Err(cx.value_error("type name must not contain null characters"));
        }
        Some(_) => {}
    }
    cx.store(this, &t.name, v);
    Ok(())
}

fn set_qualname(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let t = this_type(cx, this)?;
    let v = settable(cx, t, N::Qualname, v)?;
    if StrObj::of(v).is_none() {
        return Err(not_a_string(cx, t, "__qualname__", v));
    }
    cx.store(this, &t.qualname, v);
    Ok(())
}

fn get_module(cx: &mut Ctx, this: Value) -> PyResult {
    let t = this_type(cx, this)?;
    match type_module(cx, t) {
        Some(m) => Ok(m),
        None => {
            let n = name(cx, N::Module);
            Err(cx.raise(Ty::AttributeError, n))
        }
    }
}

fn set_own(cx: &mut Ctx, t: &'static TypeObj, n: N, v: Option<Value>) -> PyResult<bool> {
    let n = name(cx, n);
    set_type_attr(cx, t, n, v)
}

fn set_module(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let t = this_type(cx, this)?;
    let v = settable(cx, t, N::Module, v)?;
    set_own(cx, t, N::Module, Some(v))?;
    set_own(cx, t, N::FirstLineNo, None)?;
    Ok(())
}

fn get_abstract(cx: &mut Ctx, this: Value) -> PyResult {
    let t = this_type(cx, this)?;
    let n = name(cx, N::AbstractMethods);
    // `type` itself has an attribute of this name: this descriptor.
    let own = if std::ptr::eq(t, cx.ty(Ty::Type)) { None } else { own_attr(cx, t, n) };
    match own {
        Some(v) => Ok(v),
        None => Err(cx.raise(Ty::AttributeError, n)),
    }
}

fn set_abstract(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let t = this_type(cx, this)?;
    let on = match v {
        Some(v) => ops::is_true(cx, v)?,
        None => false,
    };
    if !set_own(cx, t, N::AbstractMethods, v)? {
        let n = name(cx, N::AbstractMethods);
        return Err(cx.raise(Ty::AttributeError, n));
    }
    t.set_flag(type_flags::ABSTRACT, on);
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- documentation

/// Signature and text of a builtin type's documentation.
fn split_doc(t: &TypeObj) -> Option<(Option<String>, String)> {
    let text = t.doc.get().and_then(StrObj::of)?.to_string_lossy();
    match text.split_once("\n--\n\n") {
        Some((sig, doc)) => {
            let from = sig.find('(').unwrap_or(0);
            Some((Some(sig[from..].to_owned()), doc.to_owned()))
        }
        None => Some((None, text)),
    }
}

fn get_doc(cx: &mut Ctx, this: Value) -> PyResult {
    let t = this_type(cx, this)?;
    if !t.has(type_flags::HEAP)
        && let Some((_, doc)) = split_doc(t)
    {
        return Ok(if doc.is_empty() { Value::NONE } else { cx.str(&doc) });
    }
    let n = name(cx, N::Doc);
    match own_attr(cx, t, n) {
        Some(d) => match cx.type_of(d).slots.descr_get.get() {
            Some(get) => get(cx, d, None, this),
            None => Ok(d),
        },
        None => Ok(Value::NONE),
    }
}

fn set_doc(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let t = this_type(cx, this)?;
    let v = settable(cx, t, N::Doc, v)?;
    set_own(cx, t, N::Doc, Some(v))?;
    Ok(())
}

fn get_signature(cx: &mut Ctx, this: Value) -> PyResult {
    let t = this_type(cx, this)?;
    match split_doc(t) {
        Some((Some(sig), _)) => Ok(cx.str(&sig)),
        _ => Ok(Value::NONE),
    }
}

// ---------------------------------------------------------------------------------------------------- annotations

fn only_heap(cx: &mut Ctx, t: &TypeObj, n: N) -> PyResult<()> {
    if t.has(type_flags::HEAP) {
        return Ok(());
    }
    let n = name(cx, n);
    Err(no_attribute(cx, t.value(), n))
}

fn own(cx: &mut Ctx, t: &TypeObj, n: N) -> Option<Value> {
    let n = name(cx, n);
    own_attr(cx, t, n)
}

fn unwrap_descriptor(cx: &mut Ctx, v: Value, t: &TypeObj) -> PyResult {
    match cx.type_of(v).slots.descr_get.get() {
        Some(get) => get(cx, v, None, t.value()),
        None => Ok(v),
    }
}

fn get_annotate(cx: &mut Ctx, this: Value) -> PyResult {
    let t = this_type(cx, this)?;
    only_heap(cx, t, N::Annotate)?;
    // What the class body defines itself comes before what the compiler made.
    let found = match own(cx, t, N::Annotate) {
        Some(f) => Some(f),
        None => own(cx, t, N::AnnotateFunc),
    };
    match found {
        Some(f) => unwrap_descriptor(cx, f, t),
        None => {
            set_own(cx, t, N::AnnotateFunc, Some(Value::NONE))?;
            Ok(Value::NONE)
        }
    }
}

fn set_annotate(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let t = this_type(cx, this)?;
    let Some(v) = v else { return Err(cx.type_error("cannot delete __annotate__ attribute")) };
    if is_immutable(t) {
        let n = name(cx, N::Annotate);
        return Err(immutable(cx, t, n, "set"));
    }
    if !v.is_none() && !ops::callable(cx, v) {
        return Err(cx.type_error("__annotate__ must be callable or None"));
    }
    set_own(cx, t, N::AnnotateFunc, Some(v))?;
    if !v.is_none() {
        set_own(cx, t, N::AnnotationsCache, None)?;
    }
    Ok(())
}

fn get_annotations(cx: &mut Ctx, this: Value) -> PyResult {
    let t = this_type(cx, this)?;
    only_heap(cx, t, N::Annotations)?;
    for n in [N::Annotations, N::AnnotationsCache] {
        if let Some(v) = own(cx, t, n) {
            return unwrap_descriptor(cx, v, t);
        }
    }
    let f = get_annotate(cx, this)?;
    let made = if ops::callable(cx, f) {
        let r = call(cx, f, &[Value::small(1)])?;
        if DictObj::of(r).is_none() {
            let msg = format!("__annotate__ returned non-dict of type '{}'", protopy_vm::ops::tp_name(cx, r));
            return Err(cx.type_error(&msg));
        }
        r
    } else {
        cx.dict()
    };
    set_own(cx, t, N::AnnotationsCache, Some(made))?;
    Ok(made)
}

fn set_annotations(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let t = this_type(cx, this)?;
    if is_immutable(t) {
        let n = name(cx, N::Annotations);
        return Err(immutable(cx, t, n, "set"));
    }
    match v {
        Some(v) => {
            let n = if own(cx, t, N::Annotations).is_some() { N::Annotations } else { N::AnnotationsCache };
            set_own(cx, t, n, Some(v))?;
        }
        None => {
            if !set_own(cx, t, N::Annotations, None)? && !set_own(cx, t, N::AnnotationsCache, None)? {
                let n = name(cx, N::Annotations);
                return Err(cx.raise(Ty::AttributeError, n));
            }
        }
    }
    set_own(cx, t, N::AnnotateFunc, None)?;
    set_own(cx, t, N::Annotate, None)?;
    Ok(())
}

fn get_type_params(cx: &mut Ctx, this: Value) -> PyResult {
    let t = this_type(cx, this)?;
    match own(cx, t, N::TypeParams) {
        Some(v) if t.has(type_flags::HEAP) => Ok(v),
        _ => Ok(protopy_vm::iter::empty_tuple(cx)),
    }
}

fn set_type_params(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let t = this_type(cx, this)?;
    let v = settable(cx, t, N::TypeParams, v)?;
    set_own(cx, t, N::TypeParams, Some(v))?;
    Ok(())
}
