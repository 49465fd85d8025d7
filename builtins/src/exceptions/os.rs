//! `OSError`.
//!
//! The constructor with an error number as first of two to five arguments makes an instance of the subclass for the number, and
//! takes the arguments apart. A subclass that overrides `__init__` but not `__new__` gets its arguments taken apart
//! there, since its `__init__` may have another signature; every other class has it done in `__new__`, which knows the class to make.

use super::base::{
    args_of, args_tuple, base_str, new_with_args, no_keywords, own_dict, push_value, reduced, store_args,
};
use super::{exc, get_field, put, set_field, with};
use protopy_text::StrBuf;
use protopy_vm::errors::os_error_type;
use protopy_vm::protocore::layouts::{IntRef, MethodDef};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, Ctx, PyResult, Ty, TypeObj, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods, ops};

const ERRNO: usize = 0;
const STRERROR: usize = 1;
const FILENAME: usize = 2;
const FILENAME2: usize = 3;
const WRITTEN: usize = 4;

static ATTRS: &[GetSetDef] = getsets![
    /// The system's error number.
    member "errno" => get_field::<ERRNO>, set_field::<ERRNO>;
    /// The system's text for it.
    member "strerror" => get_field::<STRERROR>, set_field::<STRERROR>;
    /// The file.
    member "filename" => get_field::<FILENAME>, set_field::<FILENAME>;
    /// The second file.
    member "filename2" => get_field::<FILENAME2>, set_field::<FILENAME2>;
    "characters_written" => get_written, set_written;
];

static METHODS: &[MethodDef] = methods![
    /// Tells pickle how to make the exception again.
    "__reduce__(self, /)" => os_reduce;
];

pub(super) static OS_ERROR: TypeSpec = TypeSpec {
    methods: METHODS,
    ..with(
        Ty::OSError,
        Ty::Exception,
        SlotSpec { new: Some(os_new), init: Some(os_init), str: Some(os_str), ..SlotSpec::NONE },
        ATTRS,
        "Base class of errors of the operating system and of input and output.",
    )
};

/// Whether the arguments of a class are taken apart in `__init__`.
fn uses_init(cx: &Ctx, t: &TypeObj) -> bool {
    let os = &cx.ty(Ty::OSError).slots;
    t.slots.init.address() != os.init.address() && t.slots.new.address() == os.new.address()
}

fn class_no_keywords(cx: &mut Ctx, t: &TypeObj, args: Args<'_>) -> PyResult<()> {
    if args.nkw() == 0 {
        return Ok(());
    }
    let msg = format!("{}() takes no keyword arguments", protopy_vm::type_text(t));
    Err(cx.type_error(&msg))
}

fn os_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(mut t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    if uses_init(cx, t) {
        return new_with_args(cx, class, &[]);
    }
    class_no_keywords(cx, t, args)?;
    let pos = args.pos();
    if std::ptr::eq(t, cx.ty(Ty::OSError))
        && (2..=5).contains(&pos.len())
        && let Some(n) = pos.first().and_then(|e| IntRef::of(*e)).and_then(IntRef::to_i64)
        && let Ok(n) = i32::try_from(n)
    {
        t = cx.ty(os_error_type(n));
    }
    let e = new_with_args(cx, t.value(), &[])?;
    take_apart(cx, e, pos)?;
    Ok(e)
}

fn os_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    if !uses_init(cx, cx.type_of(this)) {
        // `__new__` did it.
        return Ok(());
    }
    no_keywords(cx, this, args)?;
    take_apart(cx, this, args.pos())
}

/// Sets `args` and the attributes from the constructor's arguments.
fn take_apart(cx: &mut Ctx, this: Value, args: &[Value]) -> PyResult<()> {
    let x = exc(cx, this)?;
    if !(2..=5).contains(&args.len()) {
        return store_args(cx, this, args);
    }
    put(cx, this, x, ERRNO, Some(args[0]));
    put(cx, this, x, STRERROR, Some(args[1]));
    // The fourth argument is the error number of another system.
    let file = args.get(2).copied().and_then(Value::not_none);
    if let Some(file) = file {
        if cx.is_exact(this, Ty::BlockingIOError) && is_number(cx, file) {
            let n = ops::index_i64(cx, file, Ty::ValueError)?;
            let n = cx.int(n);
            put(cx, this, x, WRITTEN, Some(n));
            return store_args(cx, this, args);
        } else {
            put(cx, this, x, FILENAME, Some(file));
            let second = args.get(4).copied().and_then(Value::not_none);
            put(cx, this, x, FILENAME2, second);
        }
        // A file name is no part of `args`.
        return store_args(cx, this, &args[..2]);
    }
    store_args(cx, this, args)
}

/// What C code calls a number.
fn is_number(cx: &Ctx, v: Value) -> bool {
    let s = &cx.type_of(v).slots;
    s.index.address() != 0 || s.int.address() != 0 || s.float.address() != 0
}

fn os_str(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    let field = |i: usize| x.fields[i].get();
    let file = field(FILENAME);
    if file.is_none() && (field(ERRNO).is_none() || field(STRERROR).is_none()) {
        return base_str(cx, this);
    }
    let mut out = StrBuf::new();
    out.push_str("[Errno ");
    let n = ops::str(cx, field(ERRNO).unwrap_or(Value::NONE))?;
    push_value(&mut out, n);
    out.push_str("] ");
    let s = ops::str(cx, field(STRERROR).unwrap_or(Value::NONE))?;
    push_value(&mut out, s);
    if let Some(file) = file {
        out.push_str(": ");
        let r = ops::repr(cx, file)?;
        push_value(&mut out, r);
        if let Some(second) = field(FILENAME2) {
            out.push_str(" -> ");
            let r = ops::repr(cx, second)?;
            push_value(&mut out, r);
        }
    }
    cx.str_buf(out)
}

fn os_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let x = exc(cx, a[0])?;
    let args = match (args_of(x), x.fields[FILENAME].get()) {
        ([n, s], Some(file)) => match x.fields[FILENAME2].get() {
            Some(second) => cx.tuple_of(None, &[*n, *s, file, Value::NONE, second])?,
            None => cx.tuple_of(None, &[*n, *s, file])?,
        },
        _ => args_tuple(cx, x),
    };
    let state = own_dict(cx, a[0])?;
    reduced(cx, a[0], args, state)
}

fn get_written(cx: &mut Ctx, this: Value) -> PyResult {
    match exc(cx, this)?.fields[WRITTEN].get() {
        Some(n) => Ok(n),
        None => Err(cx.raise_str(Ty::AttributeError, "characters_written")),
    }
}

fn set_written(cx: &mut Ctx, this: Value, v: Option<Value>) -> PyResult<()> {
    let x = exc(cx, this)?;
    let n = match v {
        Some(v) => {
            let n = ops::index_i64(cx, v, Ty::ValueError)?;
            Some(cx.int(n))
        }
        None if x.fields[WRITTEN].is_empty() => {
            return Err(cx.raise_str(Ty::AttributeError, "characters_written"));
        }
        None => None,
    };
    put(cx, this, x, WRITTEN, n);
    Ok(())
}
