//! `function`: functions written in Python.

use super::{call_annotate, get_dict, set_dict};
use protopy_vm::functions::new_function;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{CellObj, CodeObj, FunctionObj, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Slot, Ty, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods, ops};

const SIG: &str = "(code, globals, name=None, argdefs=None, closure=None,\n         kwdefaults=None)";

static NEW: &[MethodDef] = methods![
    "function(cls, code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)" => make;
];

static GETSETS: &[GetSetDef] = getsets![
    /// Cells of the captured variables.
    member "__closure__" => |cx, v| slot(cx, v, |f| &f.closure);
    member "__doc__" => |cx, v| slot(cx, v, |f| &f.doc), |cx, f, v| set_any(cx, f, v, |f| &f.doc);
    /// The namespace of global variables.
    member "__globals__" => |cx, v| slot(cx, v, |f| &f.globals);
    /// The namespace of builtins.
    member "__builtins__" => |cx, v| slot(cx, v, |f| &f.builtins);
    /// The code object.
    "__code__" => |cx, v| slot(cx, v, |f| &f.code), set_code;
    /// Defaults of positional parameters.
    "__defaults__" => |cx, v| slot(cx, v, |f| &f.defaults), set_defaults;
    /// Defaults of keyword-only parameters.
    "__kwdefaults__" => |cx, v| slot(cx, v, |f| &f.kwdefaults), set_kwdefaults;
    /// The annotations.
    "__annotations__" => get_annotations, set_annotations;
    /// The function that computes the annotations.
    "__annotate__" => |cx, v| slot(cx, v, |f| &f.annotate), set_annotate;
    "__dict__" => get_dict, set_dict;
    /// The module's name.
    "__module__" => |cx, v| slot(cx, v, |f| &f.module), |cx, f, v| set_any(cx, f, v, |f| &f.module);
    /// The name.
    "__name__" => |cx, v| slot(cx, v, |f| &f.name), |cx, f, v| set_text(cx, f, v, "__name__", |f| &f.name);
    /// The dotted path to the function in its module.
    "__qualname__" => |cx, v| slot(cx, v, |f| &f.qualname), |cx, f, v| set_text(cx, f, v, "__qualname__", |f| &f.qualname);
    /// The type parameters.
    "__type_params__" => get_type_params, set_type_params;
];

pub(super) static FUNCTION: TypeSpec = TypeSpec {
    ty: Some(Ty::Function),
    name: "function",
    layout: Layout::Function,
    flags: type_flags::DICT | type_flags::WEAKREF | type_flags::METHOD_DESCRIPTOR,
    slots: SlotSpec {
        new: Some(function_new),
        call: Some(protopy_vm::interp::run_function),
        repr: Some(function_repr),
        descr_get: Some(function_get),
        ..SlotSpec::NONE
    },
    getsets: GETSETS,
    doc: "Makes a function of a code object.\n\n  code\n    the code object\n  globals\n    the namespace of global variables\n  name\n    a name that replaces the code object's\n  argdefs\n    a tuple of defaults\n  closure\n    a tuple of cells for the free variables\n  kwdefaults\n    a dictionary of defaults of keyword-only parameters",
    sig: Some(SIG),
    ..TypeSpec::BASE
};

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static FunctionObj> {
    match FunctionObj::of(v) {
        Some(f) => Ok(f),
        None => Err(cx.type_error("descriptor requires a 'function' object")),
    }
}

fn slot(cx: &mut Ctx, v: Value, which: fn(&FunctionObj) -> &Slot) -> PyResult {
    Ok(which(this(cx, v)?).get_or_none())
}

// ---------------------------------------------------------------------------------------------------- making

fn function_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    protopy_vm::call_def(cx, &NEW[0], Some(class), args)
}

fn make(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let [_, code, globals, name, defaults, closure, kwdefaults] = *a else {
        return Err(cx.type_error("function() arguments"));
    };
    let Some(c) = CodeObj::of(code) else {
        let msg = format!("function() argument 'code' must be code, not {}", super::arg_type(cx, code));
        return Err(cx.type_error(&msg));
    };
    if DictObj::of(globals).is_none() {
        let msg = format!("function() argument 'globals' must be dict, not {}", super::arg_type(cx, globals));
        return Err(cx.type_error(&msg));
    }
    if !name.is_none() && StrObj::of(name).is_none() {
        return Err(cx.type_error("arg 3 (name) must be None or string"));
    }
    if !defaults.is_none() && TupleObj::of(defaults).is_none() {
        return Err(cx.type_error("arg 4 (defaults) must be None or tuple"));
    }
    check_closure(cx, c, closure)?;
    if !kwdefaults.is_none() && DictObj::of(kwdefaults).is_none() {
        return Err(cx.type_error("arg 6 (kwdefaults) must be None or dict"));
    }
    let f = new_function(cx, code, globals, None)?;
    let o = this(cx, f)?;
    for (slot, v) in
        [(&o.name, name), (&o.defaults, defaults), (&o.closure, closure), (&o.kwdefaults, kwdefaults)]
    {
        if let Some(v) = v.not_none() {
            cx.store(f, slot, v);
        }
    }
    Ok(f)
}

/// Checks that a closure fits a code object's free variables.
fn check_closure(cx: &mut Ctx, code: &CodeObj, closure: Value) -> PyResult<()> {
    let free = code.rt.data.freevars.len();
    let cells = match TupleObj::of(closure) {
        Some(t) => t.items(),
        None if !closure.is_none() => {
            return Err(cx.type_error("arg 5 (closure) must be None or tuple"));
        }
        None if free > 0 => return Err(cx.type_error("arg 5 (closure) must be tuple")),
        None => &[],
    };
    if cells.len() != free {
        let msg = format!("{} requires closure of length {free}, not {}", code.rt.data.name, cells.len());
        return Err(cx.value_error(&msg));
    }
    match cells.iter().find(|c| CellObj::of(**c).is_none()) {
        Some(c) => {
            let msg = format!("arg 5 (closure) expected cell, found {}", protopy_vm::ops::tp_name(cx, *c));
            Err(cx.type_error(&msg))
        }
        None => Ok(()),
    }
}

// ---------------------------------------------------------------------------------------------------- behaviour

fn function_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let f = this(cx, v)?;
    let mut out = protopy_text::StrBuf::from("<function ");
    if let Some(q) = f.qualname.get().and_then(StrObj::of) {
        out.push_ref(q.str_ref());
    }
    out.push_str(&format!(" at {:#x}>", v.bits()));
    cx.str_buf(out)
}

fn function_get(cx: &mut Ctx, f: Value, obj: Option<Value>, _owner: Value) -> PyResult {
    match obj {
        Some(o) if !o.is_none() => Ok(cx.bound_method(f, o)),
        _ => Ok(f),
    }
}

// ---------------------------------------------------------------------------------------------------- setters

fn set_any(cx: &mut Ctx, f: Value, v: Option<Value>, which: fn(&FunctionObj) -> &Slot) -> PyResult<()> {
    let o = this(cx, f)?;
    match v {
        Some(v) => cx.store(f, which(o), v),
        None => cx.store_empty(f, which(o)),
    }
    Ok(())
}

fn set_text(
    cx: &mut Ctx,
    f: Value,
    v: Option<Value>,
    attr: &str,
    which: fn(&FunctionObj) -> &Slot,
) -> PyResult<()> {
    match v {
        Some(s) if StrObj::of(s).is_some() => set_any(cx, f, v, which),
        _ => Err(cx.type_error(&format!("{attr} must be set to a string object"))),
    }
}

/// The flags that make a call of a function something else than running its code.
const KINDS: u32 = protopy_bytecode::CodeFlags::GENERATOR
    | protopy_bytecode::CodeFlags::COROUTINE
    | protopy_bytecode::CodeFlags::ASYNC_GENERATOR;

fn set_code(cx: &mut Ctx, f: Value, v: Option<Value>) -> PyResult<()> {
    let Some((v, code)) = v.and_then(|v| Some((v, CodeObj::of(v)?))) else {
        return Err(cx.type_error("__code__ must be set to a code object"));
    };
    let o = this(cx, f)?;
    let attr = cx.str("__code__");
    protopy_vm::audit(cx, "object.__setattr__", &[f, attr, v])?;
    let (want, have) =
        (o.closure.get().and_then(TupleObj::of).map_or(0, |t| t.items().len()), code.rt.data.freevars.len());
    if want != have {
        let name = o.name.get().and_then(StrObj::of).map_or_else(String::new, StrObj::to_string_lossy);
        let msg = format!("{name}() requires a code object with {want} free vars, not {have}");
        return Err(cx.value_error(&msg));
    }
    if o.code.get().and_then(CodeObj::of).is_some_and(|old| (old.flags ^ code.flags) & KINDS != 0) {
        let msg = "Assigning a code object of non-matching type is deprecated (e.g., from a generator to a plain function)";
        protopy_vm::warn(cx, Ty::DeprecationWarning, msg, 1)?;
    }
    cx.store(f, &o.code, v);
    Ok(())
}

fn set_defaults(cx: &mut Ctx, f: Value, v: Option<Value>) -> PyResult<()> {
    let v = v.and_then(Value::not_none);
    if v.is_some_and(|v| TupleObj::of(v).is_none()) {
        return Err(cx.type_error("__defaults__ must be set to a tuple object"));
    }
    set_any(cx, f, v, |f| &f.defaults)
}

fn set_kwdefaults(cx: &mut Ctx, f: Value, v: Option<Value>) -> PyResult<()> {
    let v = v.and_then(Value::not_none);
    if v.is_some_and(|v| DictObj::of(v).is_none()) {
        return Err(cx.type_error("__kwdefaults__ must be set to a dict object"));
    }
    set_any(cx, f, v, |f| &f.kwdefaults)
}

fn get_annotations(cx: &mut Ctx, f: Value) -> PyResult {
    let o = this(cx, f)?;
    if let Some(d) = o.annotations.get() {
        return Ok(d);
    }
    let d = match o.annotate.get().and_then(Value::not_none) {
        Some(a) if ops::callable(cx, a) => call_annotate(cx, a)?,
        _ => cx.dict(),
    };
    cx.store(f, &o.annotations, d);
    Ok(d)
}

fn set_annotations(cx: &mut Ctx, f: Value, v: Option<Value>) -> PyResult<()> {
    let v = v.and_then(Value::not_none);
    if v.is_some_and(|v| DictObj::of(v).is_none()) {
        return Err(cx.type_error("__annotations__ must be set to a dict object"));
    }
    set_any(cx, f, v, |f| &f.annotations)?;
    set_any(cx, f, None, |f| &f.annotate)
}

fn set_annotate(cx: &mut Ctx, f: Value, v: Option<Value>) -> PyResult<()> {
    match v {
        None => Err(cx.type_error("__annotate__ cannot be deleted")),
        Some(v) if v.is_none() => set_any(cx, f, None, |f| &f.annotate),
        Some(v) if ops::callable(cx, v) => {
            set_any(cx, f, Some(v), |f| &f.annotate)?;
            set_any(cx, f, None, |f| &f.annotations)
        }
        Some(_) => Err(cx.type_error("__annotate__ must be callable or None")),
    }
}

fn get_type_params(cx: &mut Ctx, f: Value) -> PyResult {
    match this(cx, f)?.type_params.get() {
        Some(t) => Ok(t),
        None => Ok(protopy_vm::empty_tuple(cx)),
    }
}

fn set_type_params(cx: &mut Ctx, f: Value, v: Option<Value>) -> PyResult<()> {
    match v {
        Some(t) if TupleObj::of(t).is_some() => set_any(cx, f, v, |f| &f.type_params),
        _ => Err(cx.type_error("__type_params__ must be set to a tuple")),
    }
}
