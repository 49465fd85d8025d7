//! `module`.
//!
//! A module's attributes are the dict in its `dict` slot. The same dict is its attribute area's, so that the generic functions, which know
//! nothing of modules, see the same attributes.

use super::call_annotate;
use protopy_text::StrBuf;
use protopy_vm::attr::{attribute_error, get_attr_str, lookup_attr_str, set_instance_dict, type_lookup};
use protopy_vm::names::{N, name};
use protopy_vm::protocore::Held;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{ListObj, MethodDef, ModuleObj, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Root, Ty, TypeObj, Value};
use protopy_vm::{GetSetDef, TypeSpec, dict_get, dict_set, getsets, imports, methods, ops};

static INIT: &[MethodDef] = methods![
    "module(self, name, doc=None)" => init_bound;
];

static METHODS: &[MethodDef] = methods![
    /// The names of the attributes; a module's own `__dir__` function goes first.
    "__dir__(self, /)" => module_dir;
];

static GETSETS: &[GetSetDef] = getsets![
    member "__dict__" => get_dict;
    /// The annotations.
    "__annotations__" => get_annotations, set_annotations;
    /// The function that computes the annotations.
    "__annotate__" => get_annotate, set_annotate;
];

pub(super) static MODULE: TypeSpec = TypeSpec {
    ty: Some(Ty::Module),
    name: "module",
    layout: Layout::Module,
    flags: type_flags::BASETYPE | type_flags::DICT | type_flags::WEAKREF,
    slots: SlotSpec {
        new: Some(module_new),
        init: Some(module_init),
        repr: Some(module_repr),
        getattro: Some(module_getattr),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Makes a module object with a name and, perhaps, a documentation.",
    sig: Some("(name, doc=None)"),
    ..TypeSpec::BASE
};

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static ModuleObj> {
    match ModuleObj::of(v) {
        Some(m) => Ok(m),
        None => Err(cx.type_error("descriptor requires a 'module' object")),
    }
}

/// A module of type `ty` (module or a subclass) whose namespace is `dict`.
fn new_module(cx: &mut Ctx, ty: &TypeObj, dict: Value) -> PyResult {
    let v = cx.new_zeroed(ty);
    if let Some(m) = ModuleObj::of(v) {
        m.dict.init(Some(dict));
    }
    if ty.attr_base != 0 {
        set_instance_dict(cx, v, dict)?;
    }
    if ty.has(type_flags::HAS_DEL) {
        cx.register_finalizer(v);
    }
    Ok(v)
}

fn module_new(cx: &mut Ctx, class: Value, _args: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    let d = cx.dict();
    new_module(cx, t, d)
}

fn module_init(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult<()> {
    protopy_vm::call_def(cx, &INIT[0], Some(v), args).map(|_| ())
}

fn init_bound(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let [v, n, doc] = *a else { return Err(cx.type_error("module() arguments")) };
    if StrObj::of(n).is_none() {
        let msg = format!("module() argument 'name' must be str, not {}", super::arg_type(cx, n));
        return Err(cx.type_error(&msg));
    }
    let d = namespace(cx, v)?;
    let none = Value::NONE;
    for (key, value) in [(N::Name, n), (N::Doc, doc), (N::Package, none), (N::Loader, none), (N::Spec, none)]
    {
        let key = name(cx, key);
        if cx.dict_set_str(d, key, value).is_none() {
            return Err(cx.no_memory());
        }
    }
    Ok(Value::NONE)
}

/// The namespace.
fn namespace(cx: &mut Ctx, v: Value) -> PyResult<&'static DictObj> {
    match this(cx, v)?.dict.get().and_then(DictObj::of) {
        Some(d) => Ok(d),
        None => Err(cx.type_error("<module>.__dict__ is not a dictionary")),
    }
}

/// An attribute by the namespace alone.
fn own(cx: &Ctx, v: Value, n: N) -> Option<Value> {
    let d = ModuleObj::of(v)?.dict.get().and_then(DictObj::of)?;
    cx.dict_get_str(d, name(cx, n))
}

fn get_dict(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.dict.get_or_none())
}

// ---------------------------------------------------------------------------------------------------- attributes

/// `module.__getattribute__`; the name is interned.
fn module_getattr(cx: &mut Ctx, v: Value, n: Value) -> PyResult {
    let m = this(cx, v)?;
    let ty = cx.type_of(v);
    let attr = type_lookup(cx, ty, n);
    let mut getter = None;
    if let Some(a) = attr {
        let at = cx.type_of(a);
        getter = at.slots.descr_get.get();
        if let Some(get) = getter
            && at.slots.descr_set.address() != 0
        {
            return get(cx, a, Some(v), ty.value());
        }
    }
    if let Some(d) = m.dict.get().and_then(DictObj::of)
        && let Some(found) = cx.dict_get_str(d, n)
    {
        return Ok(found);
    }
    match (attr, getter) {
        (Some(a), Some(get)) => get(cx, a, Some(v), ty.value()),
        (Some(a), None) => Ok(a),
        (None, _) => missing(cx, v, n),
    }
}

/// The module's `__getattr__`, or AttributeError.
fn missing(cx: &mut Ctx, v: Value, n: Value) -> PyResult {
    match own(cx, v, N::GetAttr) {
        Some(hook) => protopy_vm::call(cx, hook, &[n]),
        None => match explain(cx, v, n) {
            Ok(msg) => Err(attribute_error(cx, &msg, v, n)),
            Err(r) => Err(r),
        },
    }
}

fn text(v: Value) -> String {
    StrObj::of(v).map_or_else(String::new, StrObj::to_string_lossy)
}

/// The message for a missing attribute, with a hint if the module is still being imported or hides another one.
fn explain(cx: &mut Ctx, v: Value, n: Value) -> PyResult<String> {
    let attr = text(n);
    let Some(module) = own(cx, v, N::Name).filter(|m| StrObj::of(*m).is_some()) else {
        return Ok(format!("module has no attribute '{attr}'"));
    };
    let m = text(module);
    let plain = format!("module '{m}' has no attribute '{attr}'");
    let Some(spec) = own(cx, v, N::Spec).and_then(Value::not_none) else { return Ok(plain) };
    let origin = imports::file_origin(cx, spec)?.map(text);
    let shadowing = match &origin {
        Some(o) => imports::may_shadow(cx, o)?,
        None => false,
    };
    if let (Some(o), true) = (&origin, shadowing)
        && imports::is_stdlib_name(cx, module)?
    {
        return Ok(format!(
            "{plain} (consider renaming '{o}' since it has the same name as the standard library module named '{m}' and prevents importing that standard library module)"
        ));
    }
    if imports::is_initializing(cx, spec)? {
        return Ok(match origin {
            Some(o) if shadowing => format!(
                "{plain} (consider renaming '{o}' if it has the same name as a library you intended to import)"
            ),
            Some(o) => format!(
                "partially initialized module '{m}' from '{o}' has no attribute '{attr}' (most likely due to a circular import)"
            ),
            None => format!(
                "partially initialized module '{m}' has no attribute '{attr}' (most likely due to a circular import)"
            ),
        });
    }
    if let Some(names) = lookup_attr_str(cx, spec, "_uninitialized_submodules")?
        && ListObj::of(names).is_some()
        && ops::contains(cx, names, n)?
    {
        return Ok(format!(
            "cannot access submodule '{attr}' of module '{m}' (most likely due to a circular import)"
        ));
    }
    Ok(plain)
}

// ---------------------------------------------------------------------------------------------------- repr, dir

fn module_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let lib = cx.root(Root::Importlib);
    if !lib.is_none()
        && let Some(f) = lookup_attr_str(cx, lib, "_module_repr")?
    {
        return protopy_vm::call(cx, f, &[v]);
    }
    // Before the import system is there, only builtin modules are.
    let mut out = StrBuf::from("<module ");
    match own(cx, v, N::Name) {
        Some(n) => {
            let r = ops::repr(cx, n)?;
            if let Some(s) = StrObj::of(r) {
                out.push_ref(s.str_ref());
            }
        }
        None => out.push_str("'?'"),
    }
    out.push_str(">");
    cx.str_buf(out)
}

fn module_dir(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let dict = get_attr_str(cx, a[0], "__dict__")?;
    let Some(d) = DictObj::of(dict) else {
        return Err(cx.type_error("<module>.__dict__ is not a dictionary"));
    };
    let n = name(cx, N::Dir);
    if let Some(f) = dict_get(cx, d, n)? {
        return protopy_vm::call(cx, f, &[]);
    }
    let names: Held<Value> = d.snapshot().into_iter().map(|(_, k, _)| k).collect();
    cx.list(&names)
}

// ---------------------------------------------------------------------------------------------------- annotations

fn get_annotations(cx: &mut Ctx, v: Value) -> PyResult {
    let d = namespace(cx, v)?;
    if let Some(found) = own(cx, v, N::Annotations) {
        return Ok(found);
    }
    let made = match own(cx, v, N::Annotate) {
        Some(f) if ops::callable(cx, f) => call_annotate(cx, f)?,
        _ => cx.dict(),
    };
    // While the module is being executed more annotations may come.
    let initializing = match own(cx, v, N::Spec).and_then(Value::not_none) {
        Some(spec) => imports::is_initializing(cx, spec)?,
        None => false,
    };
    if !initializing {
        let key = name(cx, N::Annotations);
        dict_set(cx, d, key, made)?;
    }
    Ok(made)
}

fn set_annotations(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    let d = namespace(cx, v)?;
    let key = name(cx, N::Annotations);
    match new {
        Some(x) => dict_set(cx, d, key, x)?,
        None => {
            if cx.dict_del_str(d, key).is_none() {
                return Err(cx.raise(Ty::AttributeError, key));
            }
        }
    }
    let key = name(cx, N::Annotate);
    cx.dict_del_str(d, key);
    Ok(())
}

fn get_annotate(cx: &mut Ctx, v: Value) -> PyResult {
    let d = namespace(cx, v)?;
    if let Some(found) = own(cx, v, N::Annotate) {
        return Ok(found);
    }
    let key = name(cx, N::Annotate);
    dict_set(cx, d, key, Value::NONE)?;
    Ok(Value::NONE)
}

fn set_annotate(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    let d = namespace(cx, v)?;
    let Some(new) = new else { return Err(cx.type_error("cannot delete __annotate__ attribute")) };
    if !new.is_none() && !ops::callable(cx, new) {
        return Err(cx.type_error("__annotate__ must be callable or None"));
    }
    let key = name(cx, N::Annotate);
    dict_set(cx, d, key, new)?;
    if !new.is_none() {
        let key = name(cx, N::Annotations);
        cx.dict_del_str(d, key);
    }
    Ok(())
}
