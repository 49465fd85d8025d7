//! `BaseExceptionGroup`. Splitting itself is in `protopy_vm::groups`.

use super::base::{args_of, base_init, new_with_args, push_value};
use super::{exc, get_field, put, with};
use protopy_text::StrBuf;
use protopy_vm::groups::{EXCEPTIONS, MESSAGE, exceptions, is_sequence, matcher, split};
use protopy_vm::protocore::layouts::{ListObj, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, Ctx, PyResult, Ty, TypeObj, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods, ops, type_text};

/// Field of the text that stands for the exceptions in `repr`, if they were given as another sequence than a list or tuple.
const SHOWN: usize = 2;

static METHODS: &[MethodDef] = methods![
    /// Makes the class generic.
    class "__class_getitem__(cls, object, /)" => class_getitem;
    /// Makes a group with the same message and other exceptions.
    "derive(self, excs, /)" => derive;
    /// Splits the group in the part that matches and the rest; either may be None.
    "split(self, matcher_value, /)" => group_split;
    /// The part of the group that matches, or None.
    "subgroup(self, matcher_value, /)" => subgroup;
];

static ATTRS: &[GetSetDef] = getsets![
    /// The message.
    member "message" => get_field::<MESSAGE>;
    /// The exceptions, a tuple.
    member "exceptions" => get_field::<EXCEPTIONS>;
];

pub(super) static BASE_EXCEPTION_GROUP: TypeSpec = TypeSpec {
    methods: METHODS,
    ..with(
        Ty::BaseExceptionGroup,
        Ty::BaseException,
        SlotSpec {
            new: Some(group_new),
            init: Some(group_init),
            str: Some(group_str),
            repr: Some(group_repr),
            ..SlotSpec::NONE
        },
        ATTRS,
        "Several unrelated exceptions of any kind in one.",
    )
};

fn group_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(mut t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    let pos = args.pos();
    let [message, seq] = *pos else {
        let msg = format!("BaseExceptionGroup.__new__() takes exactly 2 arguments ({} given)", pos.len());
        return Err(cx.type_error(&msg));
    };
    if StrObj::of(message).is_none() {
        let given = if message.is_none() { "None".to_owned() } else { protopy_vm::ops::tp_name(cx, message) };
        let msg = format!("BaseExceptionGroup.__new__() argument 1 must be str, not {given}");
        return Err(cx.type_error(&msg));
    }
    if !is_sequence(cx, seq) {
        return Err(cx.type_error("second argument (exceptions) must be a sequence"));
    }
    let excs = if cx.is_exact(seq, Ty::Tuple) { seq } else { protopy_vm::to_vec(cx, seq)?.into_tuple(cx)? };
    let items = TupleObj::of(excs).map_or(&[][..], |t| t.items());
    if items.is_empty() {
        return Err(cx.value_error("second argument (exceptions) must be a non-empty sequence"));
    }
    let mut nested_base = false;
    for (i, e) in items.iter().enumerate() {
        if !cx.is_instance(*e, Ty::BaseException) {
            let msg = format!("Item {i} of second argument (exceptions) is not an exception");
            return Err(cx.value_error(&msg));
        }
        nested_base |= !cx.is_instance(*e, Ty::Exception);
    }
    let exception = cx.ty(Ty::Exception).value();
    if std::ptr::eq(t, cx.ty(Ty::BaseExceptionGroup)) {
        if !nested_base {
            t = cx.ty(Ty::ExceptionGroup);
        }
    } else if nested_base && std::ptr::eq(t, cx.ty(Ty::ExceptionGroup)) {
        return Err(cx.type_error("Cannot nest BaseExceptions in an ExceptionGroup"));
    } else if nested_base && t.is_subtype(exception) {
        return Err(cx.type_error(&format!("Cannot nest BaseExceptions in '{}'", type_text(t))));
    }
    // Lists and tuples are shown as they are at the time, other sequences as they were.
    let shown = if ListObj::of(seq).is_some() || cx.is_exact(seq, Ty::Tuple) {
        None
    } else {
        Some(ops::repr(cx, seq)?)
    };
    let e = new_with_args(cx, t.value(), pos)?;
    let x = exc(cx, e)?;
    put(cx, e, x, SHOWN, shown);
    put(cx, e, x, MESSAGE, Some(message));
    put(cx, e, x, EXCEPTIONS, Some(excs));
    Ok(e)
}

fn group_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    base_init(cx, this, args)
}

fn group_str(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    let n = exceptions(this).len();
    let mut out = StrBuf::new();
    push_value(&mut out, x.fields[MESSAGE].get_or_none());
    out.push_str(&format!(" ({n} sub-exception{})", if n == 1 { "" } else { "s" }));
    cx.str_buf(out)
}

/// Shows the exceptions as the kind of sequence that the constructor was given, but always those that the group has: the sequence may
/// have changed since.
fn group_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    let shown = match (x.fields[SHOWN].get(), args_of(x)) {
        (Some(text), _) => text,
        (None, [_, seq]) if ListObj::of(*seq).is_some() => {
            let list = cx.list(exceptions(this))?;
            ops::repr(cx, list)?
        }
        _ => ops::repr(cx, x.fields[EXCEPTIONS].get_or_none())?,
    };
    let mut out = StrBuf::new();
    push_value(&mut out, cx.type_of(this).name.get_or_none());
    out.push_str("(");
    let m = ops::repr(cx, x.fields[MESSAGE].get_or_none())?;
    push_value(&mut out, m);
    out.push_str(", ");
    push_value(&mut out, shown);
    out.push_str(")");
    cx.str_buf(out)
}

fn class_getitem(cx: &mut Ctx, a: &[Value]) -> PyResult {
    protopy_vm::generic_alias(cx, a[0], a[1])
}

fn derive(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let message = exc(cx, a[0])?.fields[MESSAGE].get_or_none();
    let class = cx.ty(Ty::BaseExceptionGroup).value();
    protopy_vm::call(cx, class, &[message, a[1]])
}

fn group_split(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let m = matcher(cx, a[1])?;
    let (part, rest) = split(cx, a[0], &m, true)?;
    let pair = [part.unwrap_or(Value::NONE), rest.unwrap_or(Value::NONE)];
    cx.tuple_of(None, &pair)
}

fn subgroup(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let m = matcher(cx, a[1])?;
    let (part, _) = split(cx, a[0], &m, false)?;
    Ok(part.unwrap_or(Value::NONE))
}
