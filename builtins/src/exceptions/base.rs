//! `BaseException`.

use super::{FLAGS, exc};
use crate::functions::{get_dict, set_dict};
use protopy_text::StrBuf;
use protopy_vm::attr::{instance_attrs, instance_dict, lookup_attr, set_attr};
use protopy_vm::errors::Traceback;
use protopy_vm::names::{N, name};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{ExcObj, ListObj, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Slot, Ty, TypeObj, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods, ops};
use std::sync::atomic::Ordering;

/// Flag of an exception's header: `__suppress_context__`.
const SUPPRESS: u8 = 1;

static METHODS: &[MethodDef] = methods![
    /// Tells pickle how to make the exception again.
    "__reduce__(self, /)" => base_reduce;
    /// Sets attributes from a dictionary.
    "__setstate__(self, state, /)" => set_state;
    /// Sets the traceback and returns the exception itself.
    "with_traceback(self, tb, /)" => with_traceback;
    /// Adds a text that is shown after the exception's own.
    "add_note(self, note, /)" => add_note;
];

static GETSETS: &[GetSetDef] = getsets![
    /// Whether the context is left out of the display.
    member "__suppress_context__" => get_suppress, set_suppress;
    "__dict__" => get_dict, set_dict;
    /// The constructor's arguments.
    "args" => get_args, set_args;
    /// Where the exception was raised.
    "__traceback__" => get_traceback, set_traceback;
    /// The exception that was being handled when this one was raised.
    "__context__" => get_context, set_context;
    /// The exception that caused this one, by `raise ... from`.
    "__cause__" => get_cause, set_cause;
];

pub(super) static BASE_EXCEPTION: TypeSpec = TypeSpec {
    ty: Some(Ty::BaseException),
    name: "BaseException",
    layout: Layout::Exception,
    flags: FLAGS,
    slots: SlotSpec {
        new: Some(base_new),
        init: Some(base_init),
        repr: Some(base_repr),
        str: Some(base_str),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Common base class for all exceptions.",
    ..TypeSpec::BASE
};

// ---------------------------------------------------------------------------------------------------- making

/// `BaseException.__new__`: keyword arguments are `__init__`'s business.
pub(super) fn base_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    new_with_args(cx, class, args.pos())
}

/// A new exception of a class with these `args`.
pub(super) fn new_with_args(cx: &mut Ctx, class: Value, args: &[Value]) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    let e = cx.new_exception(t, args);
    if t.has(type_flags::HAS_DEL) {
        cx.register_finalizer(e);
    }
    Ok(e)
}

/// `BaseException.__init__`
pub(super) fn base_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    no_keywords(cx, this, args)?;
    store_args(cx, this, args.pos())
}

/// TypeError if there are keyword arguments.
pub(super) fn no_keywords(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    if args.nkw() == 0 {
        return Ok(());
    }
    let msg = format!("{}() takes no keyword arguments", cx.type_name(this));
    Err(cx.type_error(&msg))
}

/// Sets `args`, without a new tuple if `__new__` has stored the same.
pub(super) fn store_args(cx: &mut Ctx, this: Value, args: &[Value]) -> PyResult<()> {
    let x = exc(cx, this)?;
    if x.args.get().and_then(TupleObj::of).is_some_and(|t| t.items() == args) {
        return Ok(());
    }
    let t = cx.tuple_of(None, args)?;
    cx.store(this, &x.args, t);
    Ok(())
}

/// The items of `args`.
pub(super) fn args_of(x: &ExcObj) -> &'static [Value] {
    x.args.get().and_then(TupleObj::of).map_or(&[], |t| t.items())
}

/// `args` as a tuple.
pub(super) fn args_tuple(cx: &mut Ctx, x: &ExcObj) -> Value {
    match x.args.get() {
        Some(t) => t,
        None => cx.tuple(&[]),
    }
}

// ---------------------------------------------------------------------------------------------------- texts

/// `BaseException.__str__`
pub(super) fn base_str(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    match args_of(x) {
        [] => Ok(cx.str("")),
        [one] => ops::str(cx, *one),
        _ => {
            let t = args_tuple(cx, x);
            ops::str(cx, t)
        }
    }
}

/// `BaseException.__repr__`
fn base_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    let mut out = StrBuf::new();
    if let Some(n) = cx.type_of(this).name.get().and_then(StrObj::of) {
        out.push_ref(n.str_ref());
    }
    match args_of(x) {
        [one] => {
            let r = ops::repr(cx, *one)?;
            out.push_str("(");
            push_value(&mut out, r);
            out.push_str(")");
        }
        _ => {
            let t = args_tuple(cx, x);
            let r = ops::repr(cx, t)?;
            push_value(&mut out, r);
        }
    }
    cx.str_buf(out)
}

/// Appends a str.
pub(super) fn push_value(out: &mut StrBuf, v: Value) {
    if let Some(s) = StrObj::of(v) {
        out.push_ref(s.str_ref());
    }
}

// ---------------------------------------------------------------------------------------------------- pickling

/// The attributes of an exception as its `__dict__`, if it has any.
pub(super) fn own_dict(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    if instance_attrs(cx, this).is_empty() { Ok(None) } else { instance_dict(cx, this) }
}

fn base_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let x = exc(cx, a[0])?;
    let args = args_tuple(cx, x);
    let state = own_dict(cx, a[0])?;
    reduced(cx, a[0], args, state)
}

/// The answer of `__reduce__`: class, arguments, state.
pub(super) fn reduced(cx: &mut Ctx, this: Value, args: Value, state: Option<Value>) -> PyResult {
    let class = cx.type_of(this).value();
    match state {
        Some(d) => cx.tuple_of(None, &[class, args, d]),
        None => cx.tuple_of(None, &[class, args]),
    }
}

fn set_state(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if a[1].is_none() {
        return Ok(Value::NONE);
    }
    let Some(d) = DictObj::of(a[1]) else { return Err(cx.type_error("state is not a dictionary")) };
    let mut at = 0;
    while let Some((i, _, k, v)) = d.next_from(at) {
        set_attr(cx, a[0], k, Some(v))?;
        at = i + 1;
    }
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- attributes

fn with_traceback(cx: &mut Ctx, a: &[Value]) -> PyResult {
    set_traceback(cx, a[0], Some(a[1]))?;
    Ok(a[0])
}

fn add_note(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if StrObj::of(a[1]).is_none() {
        let msg = format!("add_note() argument must be str, not {}", protopy_vm::ops::tp_name(cx, a[1]));
        return Err(cx.type_error(&msg));
    }
    let n = name(cx, N::Notes);
    let notes = match lookup_attr(cx, a[0], n)? {
        Some(v) => v,
        None => {
            let l = cx.list(&[])?;
            set_attr(cx, a[0], n, Some(l))?;
            l
        }
    };
    match ListObj::of(notes) {
        Some(l) => cx.list_append(l, a[1])?,
        None => return Err(cx.type_error("Cannot add note: __notes__ is not a list")),
    }
    Ok(Value::NONE)
}

fn get_suppress(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(Value::bool(exc(cx, this)?.header.flags() & SUPPRESS != 0))
}

fn set_suppress(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let x = exc(cx, this)?;
    match v {
        None => Err(cx.type_error("can't delete numeric/char attribute")),
        Some(v) if v.is(Value::TRUE) => {
            x.header.flags.fetch_or(SUPPRESS, Ordering::Relaxed);
            Ok(())
        }
        Some(v) if v.is(Value::FALSE) => {
            x.header.flags.fetch_and(!SUPPRESS, Ordering::Relaxed);
            Ok(())
        }
        Some(_) => Err(cx.type_error("attribute value type must be bool")),
    }
}

fn get_args(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    Ok(args_tuple(cx, x))
}

fn set_args(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let x = exc(cx, this)?;
    let Some(v) = v else { return Err(cx.type_error("args may not be deleted")) };
    let t = if cx.is_exact(v, Ty::Tuple) { v } else { protopy_vm::to_vec(cx, v)?.into_tuple(cx)? };
    cx.store(this, &x.args, t);
    Ok(())
}

/// Stores an attribute for which None is an empty slot.
fn store_or_empty(cx: &mut Ctx, owner: Value, slot: &Slot, v: Value) {
    match v.not_none() {
        Some(v) => cx.store(owner, slot, v),
        None => cx.store_empty(owner, slot),
    }
}

fn get_traceback(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(exc(cx, this)?.traceback.get_or_none())
}

fn set_traceback(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let x = exc(cx, this)?;
    match v {
        None => Err(cx.type_error("__traceback__ may not be deleted")),
        Some(v) if v.is_none() || v.native::<Traceback>().is_some() => {
            store_or_empty(cx, this, &x.traceback, v);
            Ok(())
        }
        Some(_) => Err(cx.type_error("__traceback__ must be a traceback or None")),
    }
}

fn get_context(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(exc(cx, this)?.context.get_or_none())
}

fn set_context(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let x = exc(cx, this)?;
    let v = chained(cx, v, "__context__", "exception context")?;
    store_or_empty(cx, this, &x.context, v);
    Ok(())
}

fn get_cause(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(exc(cx, this)?.cause.get_or_none())
}

fn set_cause(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let x = exc(cx, this)?;
    let v = chained(cx, v, "__cause__", "exception cause")?;
    store_or_empty(cx, this, &x.cause, v);
    x.header.flags.fetch_or(SUPPRESS, Ordering::Relaxed);
    Ok(())
}

/// The value for `__context__` or `__cause__`, checked.
fn chained(cx: &mut Ctx, v: Option<Value>, attr: &str, what: &str) -> PyResult {
    match v {
        None => Err(cx.type_error(&format!("{attr} may not be deleted"))),
        Some(v) if v.is_none() || ExcObj::of(v).is_some() => Ok(v),
        Some(_) => Err(cx.type_error(&format!("{what} must be None or derive from BaseException"))),
    }
}
