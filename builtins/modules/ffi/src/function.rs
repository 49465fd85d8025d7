//! `CFuncPtr` and its metaclass: function types, foreign functions and callbacks as objects.

use crate::call::{self, Plan};
use crate::data;
use crate::info::{self, Info, Kind, flag};
use crate::meta::{self, NO_METHODS, attach, begin, class_attr};
use crate::state::{T, attribute_error, text, ty};
use crate::{callback, codes, module};
use protopy_vm::protocore::layouts::{BytesObj, IntRef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, TypeObj, Value,
};
use protopy_vm::{TypeSpec, ValueVec, callable, errors, get_attr_str, getsets, lookup_attr_str, ops};

meta::metaclass!(
    /// `PyCFuncPtrType`
    META, "PyCFuncPtrType", init_class, NO_METHODS, None
);

/// `_ctypes.CFuncPtr`
pub(crate) static FUNC: TypeSpec = TypeSpec {
    name: "CFuncPtr",
    module: "_ctypes",
    layout: Layout::Native,
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(new),
        call: Some(call_function),
        repr: Some(|cx, v| {
            let text = format!("<{} object at {:#x}>", ops::tp_name(cx, v), v.bits());
            Ok(cx.str(&text))
        }),
        bool: Some(|_, v| Ok(data::of(v).is_some_and(|d| !d.target().is_null()))),
        ..SlotSpec::NONE
    },
    getsets: getsets![
        /// a function to check for errors
        "errcheck" => |_, v| Ok(state(v).map_or(Value::NONE, |s| s.errcheck.get_or_none())), set_errcheck;
        /// specify the result type
        "restype" => get_restype, set_restype;
        /// specify the argument types
        "argtypes" => get_argtypes, set_argtypes;
    ],
    doc: "Function Pointer",
    ..TypeSpec::BASE
};

/// What a function pointer has that its type does not say.
#[derive(Default)]
pub(crate) struct FuncState {
    errcheck: Slot,
    restype: Slot,
    checker: Slot,
    argtypes: Slot,
    converters: Slot,
    paramflags: Slot,
    /// The Python function behind it, and the object that owns its entry in C.
    callable: Slot,
    thunk: Slot,
}

impl Payload for FuncState {
    const NAME: &'static str = "CFuncPtr state";

    fn trace(&self, t: &mut Tracer) {
        let all = [
            &self.errcheck,
            &self.restype,
            &self.checker,
            &self.argtypes,
            &self.converters,
            &self.paramflags,
            &self.callable,
            &self.thunk,
        ];
        for s in all {
            t.slot(s);
        }
    }
}

/// The type of [`FuncState`] objects.
pub(crate) static STATE: TypeSpec = TypeSpec {
    name: "_funcstate",
    module: "_ctypes",
    layout: Layout::Native,
    vt: Some(<FuncState as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    ..TypeSpec::BASE
};

/// Gives a function pointer its state.
pub(crate) fn attach_state(cx: &mut Ctx, v: Value) {
    let t = ty(cx, T::FuncState);
    let s = cx.new_native(t, FuncState::default());
    if let Some(d) = data::of(v) {
        cx.store(v, &d.func, s);
    }
}

fn state_value(v: Value) -> Option<Value> {
    data::of(v)?.func.get()
}

fn state(v: Value) -> Option<&'static FuncState> {
    state_value(v)?.native::<FuncState>()
}

// ---------------------------------------------------------------------------------------------------- classes

fn init_class(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let t = begin(cx, this, args)?;
    let mut i = Info::new(Kind::Func);
    i.size = 8;
    i.align = 8;
    i.length = 1;
    i.format = "X{}".to_owned();
    i.set(flag::POINTER);
    let Some(flags) = class_attr(cx, t, "_flags_")?.filter(|v| IntRef::of(*v).is_some()) else {
        return Err(cx.type_error("class must define _flags_ which must be an integer"));
    };
    i.func_flags = codes::low_bits(flags) as u32;
    let argtypes = class_attr(cx, t, "_argtypes_")?;
    let restype = class_attr(cx, t, "_restype_")?;
    let (argtypes, converters) = match argtypes {
        Some(a) => {
            let (a, c) = converters_of(cx, a)?;
            (Some(a), Some(c))
        }
        None => (None, None),
    };
    let checker = match restype {
        Some(r) => {
            if !r.is_none() && info::of_class(r).is_none() && !callable(cx, r) {
                return Err(cx.type_error("_restype_ must be a type, a callable, or None"));
            }
            lookup_attr_str(cx, r, "_check_retval_")?
        }
        None => None,
    };
    i.argtypes.init(argtypes);
    i.converters.init(converters);
    i.restype.init(restype);
    i.checker.init(checker);
    attach(cx, t, i);
    Ok(())
}

/// Argument types as a tuple, and the tuple of their `from_param`.
fn converters_of(cx: &mut Ctx, argtypes: Value) -> PyResult<(Value, Value)> {
    let all = protopy_vm::to_vec_or(cx, argtypes, "_argtypes_ must be a sequence of types")?;
    let all = all.into_tuple(cx)?;
    let items = TupleObj::of(all).map_or(&[][..], TupleObj::items);
    if items.len() > call::MAX_ARGUMENTS {
        let msg = format!(
            "_argtypes_ has too many arguments ({}), maximum is {}",
            items.len(),
            call::MAX_ARGUMENTS
        );
        return Err(crate::call::argument_error(cx, &msg));
    }
    let mut out = ValueVec::new(cx);
    for (k, t) in items.iter().enumerate() {
        let Some(f) = lookup_attr_str(cx, *t, "from_param")? else {
            let msg = format!("item {} in _argtypes_ has no from_param method", k + 1);
            return Err(cx.type_error(&msg));
        };
        out.push(cx, f)?;
    }
    let converters = out.into_tuple(cx)?;
    Ok((all, converters))
}

// ---------------------------------------------------------------------------------------------------- attributes

fn both(cx: &mut Ctx, v: Value) -> PyResult<(Value, &'static FuncState)> {
    match state_value(v).and_then(|o| Some((o, o.native::<FuncState>()?))) {
        Some(b) => Ok(b),
        None => Err(info::abstract_class(cx)),
    }
}

fn set_errcheck(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let (owner, s) = both(cx, this)?;
    match v {
        Some(f) if !callable(cx, f) => Err(cx.type_error("the errcheck attribute must be callable")),
        Some(f) => {
            cx.store(owner, &s.errcheck, f);
            Ok(())
        }
        None => {
            cx.store_empty(owner, &s.errcheck);
            Ok(())
        }
    }
}

fn get_restype(cx: &mut Ctx, this: Value) -> PyResult {
    let (_, s) = both(cx, this)?;
    let own = s.restype.get();
    Ok(own.or_else(|| info::of_value(cx, this)?.restype.get()).unwrap_or(Value::NONE))
}

fn set_restype(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let (owner, s) = both(cx, this)?;
    let Some(v) = v else {
        cx.store_empty(owner, &s.restype);
        cx.store_empty(owner, &s.checker);
        return Ok(());
    };
    if !v.is_none() && info::of_class(v).is_none() && !callable(cx, v) {
        return Err(cx.type_error("restype must be a type, a callable, or None"));
    }
    let checker = lookup_attr_str(cx, v, "_check_retval_")?;
    cx.store(owner, &s.restype, v);
    match checker {
        Some(c) => cx.store(owner, &s.checker, c),
        None => cx.store_empty(owner, &s.checker),
    }
    Ok(())
}

fn get_argtypes(cx: &mut Ctx, this: Value) -> PyResult {
    let (_, s) = both(cx, this)?;
    let own = s.argtypes.get();
    Ok(own.or_else(|| info::of_value(cx, this)?.argtypes.get()).unwrap_or(Value::NONE))
}

fn set_argtypes(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let (owner, s) = both(cx, this)?;
    match v.and_then(Value::not_none) {
        Some(v) => {
            let (argtypes, converters) = converters_of(cx, v)?;
            cx.store(owner, &s.converters, converters);
            cx.store(owner, &s.argtypes, argtypes);
        }
        None => {
            cx.store_empty(owner, &s.converters);
            cx.store_empty(owner, &s.argtypes);
        }
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- making them

fn new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let made = |cx: &mut Ctx, p: u64| -> PyResult {
        let v = data::generic_new(cx, class, Args::NONE)?;
        attach_state(cx, v);
        if let Some(d) = data::of(v) {
            d.set_target(p as *mut u8);
        }
        Ok(v)
    };
    match args.pos() {
        [] => return made(cx, 0),
        [spec] | [spec, _] if TupleObj::of(*spec).is_some() => {
            let flags = args.pos().get(1).copied();
            return from_library(cx, class, *spec, flags);
        }
        [a] if IntRef::of(*a).is_some() => {
            let p = codes::low_bits(*a);
            return made(cx, p);
        }
        [f] if callable(cx, *f) => {}
        _ => return Err(cx.type_error("argument must be callable or integer function address")),
    }
    let f = args.pos()[0];
    let Some(i) = info::of_class(class) else { return Err(info::abstract_class(cx)) };
    let Some(argtypes) = i.argtypes.get() else {
        return Err(cx.type_error("cannot construct instance of this class: no argtypes"));
    };
    let (thunk, entry) = callback::make(cx, f, argtypes, i.restype.get_or_none(), i.func_flags)?;
    let v = made(cx, entry)?;
    let (owner, s) = both(cx, v)?;
    cx.store(owner, &s.callable, f);
    cx.store(owner, &s.thunk, thunk);
    data::keep_ref(cx, v, 0, thunk)?;
    Ok(v)
}

fn from_library(cx: &mut Ctx, class: Value, spec: Value, paramflags: Option<Value>) -> PyResult {
    let &[name, dll] = TupleObj::of(spec).map_or(&[][..], TupleObj::items) else {
        return Err(cx.type_error("illegal func_spec argument"));
    };
    let symbol = if let Some(b) = BytesObj::of(name) {
        b.bytes().to_vec()
    } else if StrObj::of(name).is_some() {
        let b = protopy_vm::codec::encode(cx, name, "utf-8", "strict")?;
        BytesObj::of(b).map_or_else(Vec::new, |b| b.bytes().to_vec())
    } else if IntRef::of(name).is_some() {
        return Err(attribute_error(cx, "function ordinals are not supported"));
    } else {
        return Err(cx.type_error("function name must be string, bytes object or integer"));
    };
    errors::audit(cx, "ctypes.dlsym", &[dll, name])?;
    let handle = get_attr_str(cx, dll, "_handle")?;
    if IntRef::of(handle).is_none() {
        return Err(cx.type_error("the _handle attribute of the second argument must be an integer"));
    }
    let p = match module::find_symbol(cx, codes::low_bits(handle), symbol, "function")? {
        Ok(p) => p,
        Err(msg) => return Err(attribute_error(cx, &msg)),
    };
    let paramflags = paramflags.and_then(Value::not_none);
    if let Some(flags) = paramflags {
        check_paramflags(cx, class, flags)?;
    }
    let v = data::generic_new(cx, class, Args::NONE)?;
    attach_state(cx, v);
    let (owner, s) = both(cx, v)?;
    if let Some(flags) = paramflags {
        cx.store(owner, &s.paramflags, flags);
    }
    if let Some(d) = data::of(v) {
        d.set_target(p);
    }
    data::keep_ref(cx, v, 0, dll)?;
    Ok(v)
}

/// Bits of a parameter's flag: input, output, locale identifier.
const IN: u32 = 1;
const OUT: u32 = 2;
const LCID: u32 = 4;

/// A parameter as its flags describe it: flag, name and default.
fn parameter(v: Value) -> Option<(u32, Option<Value>, Option<Value>)> {
    let items = TupleObj::of(v)?.items();
    let flag = items.first().filter(|f| IntRef::of(**f).is_some()).map(|f| codes::low_bits(*f) as u32)?;
    let name = match items.get(1) {
        None => None,
        Some(n) if n.is_none() => None,
        Some(n) => Some(StrObj::of(*n).map(|_| *n)?),
    };
    if items.len() > 3 { None } else { Some((flag, name, items.get(2).copied())) }
}

fn check_paramflags(cx: &mut Ctx, class: Value, flags: Value) -> PyResult<()> {
    let Some(argtypes) = info::of_class(class).and_then(|i| i.argtypes.get()).and_then(TupleObj::of) else {
        return Err(cx.type_error("abstract class"));
    };
    let Some(all) = TupleObj::of(flags) else {
        return Err(cx.type_error("paramflags must be a tuple or None"));
    };
    if all.items().len() != argtypes.items().len() {
        return Err(cx.value_error("paramflags must have the same length as argtypes"));
    }
    for (k, (f, t)) in all.items().iter().zip(argtypes.items()).enumerate() {
        let Some((flag, ..)) = parameter(*f) else {
            let msg = "paramflags must be a sequence of (int [,string [,value]]) tuples";
            return Err(cx.type_error(msg));
        };
        match flag & (IN | OUT | LCID) {
            0 | 1 | 3 | 5 => {}
            OUT => {
                let fits = info::of_class(*t).is_some_and(|i| match i.kind {
                    Kind::Pointer | Kind::Array => true,
                    Kind::Simple => matches!(i.code, b'P' | b'z' | b'Z'),
                    _ => false,
                });
                if !fits {
                    let shown = TypeObj::of(*t).map_or_else(|| cx.type_name(*t), errors::type_text);
                    let msg = format!("'out' parameter {} must be a pointer type, not {shown}", k + 1);
                    return Err(cx.type_error(&msg));
                }
            }
            _ => return Err(cx.type_error(&format!("paramflag value {flag} not supported"))),
        }
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- calling

/// Arguments after parameter flags: which of them are results.
struct Outs {
    /// Positions; whether the argument itself is the result.
    places: Vec<(usize, bool)>,
}

fn call_function(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let (_, s) = both(cx, this)?;
    let (Some(d), Some(i)) = (data::of(this), info::of_value(cx, this)) else {
        return Err(info::abstract_class(cx));
    };
    let converters = s.converters.get().or_else(|| i.converters.get());
    let argtypes = s.argtypes.get().or_else(|| i.argtypes.get());
    let restype = s.restype.get().or_else(|| i.restype.get());
    let own_restype = !s.restype.is_empty();
    let plan = Plan {
        function: d.target(),
        flags: i.func_flags,
        converters: converters.and_then(TupleObj::of).map_or(&[][..], TupleObj::items),
        argtypes: argtypes.and_then(TupleObj::of).map_or(&[][..], TupleObj::items),
        restype,
        checker: if own_restype { s.checker.get() } else { i.checker.get() },
    };
    let paramflags = s.paramflags.get().and_then(TupleObj::of).filter(|_| !plan.argtypes.is_empty());
    let errcheck = s.errcheck.get();
    if paramflags.is_none() && errcheck.is_none() {
        if args.names().is_some() {
            // Keywords mean something with parameter flags only; CPython ignores them.
            return call::call(cx, &plan, args.pos());
        }
        return call::call(cx, &plan, args.all());
    }
    let (call_args, outs) = match paramflags {
        Some(f) => build_args(cx, f, plan.argtypes, args)?,
        None => (cx.tuple_of(None, args.pos())?, Outs { places: Vec::new() }),
    };
    let items = TupleObj::of(call_args).map_or(&[][..], TupleObj::items);
    let mut result = call::call(cx, &plan, items)?;
    if let Some(check) = errcheck {
        let v = protopy_vm::call(cx, check, &[result, this, call_args])?;
        if !v.is(call_args) {
            return Ok(v);
        }
    }
    if !outs.places.is_empty() {
        result = results(cx, items, &outs)?;
    }
    protopy_vm::keep_alive(call_args);
    Ok(result)
}

/// The next argument for a parameter: positional, by name, or the default.
fn next_argument(
    cx: &mut Ctx,
    index: &mut usize,
    name: Option<Value>,
    default: Option<Value>,
    args: Args<'_>,
) -> PyResult {
    if let Some(v) = args.pos().get(*index) {
        *index += 1;
        return Ok(*v);
    }
    if let Some(n) = name
        && let Some((_, v)) = args.kw().find(|(k, _)| text(*k) == text(n))
    {
        *index += 1;
        return Ok(v);
    }
    match (default, name) {
        (Some(v), _) => Ok(v),
        (None, Some(n)) => Err(cx.type_error(&format!("required argument '{}' missing", text(n)))),
        (None, None) => Err(cx.type_error("not enough arguments")),
    }
}

fn build_args(cx: &mut Ctx, flags: &TupleObj, argtypes: &[Value], args: Args<'_>) -> PyResult<(Value, Outs)> {
    let mut out = ValueVec::new(cx);
    let mut outs = Outs { places: Vec::new() };
    let mut index = 0;
    for (k, (f, t)) in flags.items().iter().zip(argtypes).enumerate() {
        let Some((flag, name, default)) = parameter(*f) else { continue };
        let v = match flag & (IN | OUT | LCID) {
            5 => default.unwrap_or(Value::small(0)),
            0 | 1 => next_argument(cx, &mut index, name, default, args)?,
            3 => {
                outs.places.push((k, true));
                next_argument(cx, &mut index, name, default, args)?
            }
            OUT => {
                outs.places.push((k, false));
                match default {
                    Some(v) => v,
                    None => out_parameter(cx, *t)?,
                }
            }
            _ => return Err(cx.value_error(&format!("paramflag {flag} not yet implemented"))),
        };
        out.push(cx, v)?;
    }
    let given = args.all().len();
    if given != index {
        let msg = format!("call takes exactly {index} arguments ({given} given)");
        return Err(cx.type_error(&msg));
    }
    Ok((out.into_tuple(cx)?, outs))
}

/// A fresh object for a result by reference.
fn out_parameter(cx: &mut Ctx, t: Value) -> PyResult {
    let target = info::of_class(t).and_then(|i| match i.kind {
        Kind::Array => Some(t),
        Kind::Pointer => i.proto.get(),
        _ => None,
    });
    match target {
        Some(c) => protopy_vm::call(cx, c, &[]),
        None => {
            let shown = TypeObj::of(t).map_or_else(String::new, errors::type_text);
            Err(cx.type_error(&format!("{shown} 'out' parameter must be passed as default value")))
        }
    }
}

fn results(cx: &mut Ctx, items: &[Value], outs: &Outs) -> PyResult {
    let mut all = ValueVec::new(cx);
    for (k, itself) in &outs.places {
        let Some(v) = items.get(*k).copied() else { continue };
        let v = if *itself { v } else { protopy_vm::call_method(cx, v, "__ctypes_from_outparam__", &[])? };
        all.push(cx, v)?;
    }
    match (all.len(), all.get(0)) {
        (1, Some(v)) => Ok(v),
        _ => all.into_tuple(cx),
    }
}
