//! Exceptions with a few attributes: StopIteration, SystemExit, NameError, AttributeError, ImportError, KeyError.

use super::base::{args_of, args_tuple, base_str, own_dict, reduced, store_args};
use super::{exc, get_field, put, set_field, with};
use protopy_vm::protocore::dict::{DictObj, exact_str};
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Args, Ctx, PyResult, Ty, Value};
use protopy_vm::suggest::closest;
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods, ops};

// ---------------------------------------------------------------------------------------------------- StopIteration, SystemExit

static STOP_ATTRS: &[GetSetDef] = getsets![
    /// What the generator returned.
    member "value" => get_field::<0>, set_field::<0>;
];

pub(super) static STOP_ITERATION: TypeSpec = with(
    Ty::StopIteration,
    Ty::Exception,
    SlotSpec { init: Some(stop_init), ..SlotSpec::NONE },
    STOP_ATTRS,
    "Says that an iterator has no more items.",
);

fn stop_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    super::base::base_init(cx, this, args)?;
    let x = exc(cx, this)?;
    put(cx, this, x, 0, args.pos().first().copied());
    Ok(())
}

static EXIT_ATTRS: &[GetSetDef] = getsets![
    /// The exit status, or a text to print.
    member "code" => get_field::<0>, set_field::<0>;
];

pub(super) static SYSTEM_EXIT: TypeSpec = with(
    Ty::SystemExit,
    Ty::BaseException,
    SlotSpec { init: Some(exit_init), ..SlotSpec::NONE },
    EXIT_ATTRS,
    "A request to leave the interpreter.",
);

fn exit_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    super::base::base_init(cx, this, args)?;
    let x = exc(cx, this)?;
    match args.pos() {
        [] => {}
        [one] => put(cx, this, x, 0, Some(*one)),
        _ => {
            let all = args_tuple(cx, x);
            put(cx, this, x, 0, Some(all));
        }
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- keywords

/// Stores positional arguments as `args` and keyword arguments in the fields that `names` lists by number.
fn init_keywords(
    cx: &mut Ctx,
    this: Value,
    args: Args<'_>,
    class: &str,
    names: &[(&str, usize)],
) -> PyResult<()> {
    store_args(cx, this, args.pos())?;
    let x = exc(cx, this)?;
    for (_, i) in names {
        put(cx, this, x, *i, None);
    }
    if args.nkw() > names.len() {
        let s = if names.len() == 1 { "" } else { "s" };
        let msg =
            format!("{class}() takes at most {} keyword argument{s} ({} given)", names.len(), args.nkw());
        return Err(cx.type_error(&msg));
    }
    for (n, v) in args.kw() {
        let known = StrObj::of(n).and_then(|s| names.iter().find(|(k, _)| s.eq_str(k)));
        match known {
            Some((_, i)) => put(cx, this, x, *i, Some(v)),
            None => {
                let wrong = StrObj::of(n).map_or_else(String::new, StrObj::to_string_lossy);
                let mut msg = format!("{class}() got an unexpected keyword argument '{wrong}'");
                if let Some(best) = closest(&wrong, names.iter().map(|(k, _)| *k)) {
                    msg.push_str(&format!(". Did you mean '{best}'?"));
                }
                return Err(cx.type_error(&msg));
            }
        }
    }
    Ok(())
}

static NAME_ATTRS: &[GetSetDef] = getsets![
    /// The name that was not found.
    member "name" => get_field::<0>, set_field::<0>;
];

pub(super) static NAME_ERROR: TypeSpec = with(
    Ty::NameError,
    Ty::Exception,
    SlotSpec { init: Some(name_init), ..SlotSpec::NONE },
    NAME_ATTRS,
    "There is no variable of that name.",
);

fn name_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    init_keywords(cx, this, args, "NameError", &[("name", 0)])
}

// ---------------------------------------------------------------------------------------------------- AttributeError

static ATTRIBUTE_ATTRS: &[GetSetDef] = getsets![
    /// The attribute's name.
    member "name" => get_field::<0>, set_field::<0>;
    /// The object that has no such attribute.
    member "obj" => get_field::<1>, set_field::<1>;
];

static ATTRIBUTE_METHODS: &[MethodDef] = methods![
    /// The state for pickling: the object itself is left out.
    "__getstate__(self, /)" => attribute_state;
    /// Tells pickle how to make the exception again.
    "__reduce__(self, /)" => attribute_reduce;
];

pub(super) static ATTRIBUTE_ERROR: TypeSpec = TypeSpec {
    methods: ATTRIBUTE_METHODS,
    ..with(
        Ty::AttributeError,
        Ty::Exception,
        SlotSpec { init: Some(attribute_init), ..SlotSpec::NONE },
        ATTRIBUTE_ATTRS,
        "The object has no such attribute.",
    )
};

fn attribute_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    init_keywords(cx, this, args, "AttributeError", &[("name", 0), ("obj", 1)])
}

/// A copy of an exception's `__dict__`, empty if it has none.
fn dict_copy(cx: &mut Ctx, this: Value) -> PyResult {
    let d = cx.dict();
    let own = own_dict(cx, this)?;
    if let (Some(to), Some(from)) = (DictObj::of(d), own.and_then(DictObj::of))
        && cx.dict_copy_into(from, to).is_none()
    {
        return Err(cx.no_memory());
    }
    Ok(d)
}

/// Sets a string key of a dict under construction.
fn enter(cx: &mut Ctx, d: Value, key: &str, v: Value) -> PyResult<()> {
    let k = cx.intern_str(key);
    match DictObj::of(d).and_then(|d| cx.dict_set_str(d, k, v)) {
        Some(()) => Ok(()),
        None => Err(cx.no_memory()),
    }
}

fn attribute_state(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let x = exc(cx, a[0])?;
    let d = dict_copy(cx, a[0])?;
    if let Some(n) = x.fields[0].get() {
        enter(cx, d, "name", n)?;
    }
    let args = args_tuple(cx, x);
    enter(cx, d, "args", args)?;
    Ok(d)
}

fn attribute_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let state = attribute_state(cx, a)?;
    let x = exc(cx, a[0])?;
    let args = args_tuple(cx, x);
    reduced(cx, a[0], args, Some(state))
}

// ---------------------------------------------------------------------------------------------------- ImportError

static IMPORT_ATTRS: &[GetSetDef] = getsets![
    /// The message.
    member "msg" => get_field::<0>, set_field::<0>;
    /// The module's name.
    member "name" => get_field::<1>, set_field::<1>;
    /// The module's file.
    member "path" => get_field::<2>, set_field::<2>;
    /// The name imported from the module.
    member "name_from" => get_field::<3>, set_field::<3>;
];

static IMPORT_METHODS: &[MethodDef] = methods![
    /// Tells pickle how to make the exception again.
    "__reduce__(self, /)" => import_reduce;
];

pub(super) static IMPORT_ERROR: TypeSpec = TypeSpec {
    methods: IMPORT_METHODS,
    ..with(
        Ty::ImportError,
        Ty::Exception,
        SlotSpec { init: Some(import_init), str: Some(import_str), ..SlotSpec::NONE },
        IMPORT_ATTRS,
        "The import cannot find the module, or a name in it.",
    )
};

fn import_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    init_keywords(cx, this, args, "ImportError", &[("name", 1), ("path", 2), ("name_from", 3)])?;
    let x = exc(cx, this)?;
    let msg = if let [one] = args.pos() { Some(*one) } else { None };
    put(cx, this, x, 0, msg);
    Ok(())
}

fn import_str(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    match x.fields[0].get() {
        Some(m) if exact_str(m).is_some() => Ok(m),
        _ => base_str(cx, this),
    }
}

fn import_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let x = exc(cx, a[0])?;
    let fields = [("name", x.fields[1].get()), ("path", x.fields[2].get()), ("name_from", x.fields[3].get())];
    let state = if fields.iter().any(|(_, v)| v.is_some()) {
        let d = dict_copy(cx, a[0])?;
        for (n, v) in fields {
            if let Some(v) = v {
                enter(cx, d, n, v)?;
            }
        }
        Some(d)
    } else {
        own_dict(cx, a[0])?
    };
    let args = args_tuple(cx, x);
    reduced(cx, a[0], args, state)
}

// ---------------------------------------------------------------------------------------------------- KeyError

pub(super) static KEY_ERROR: TypeSpec = with(
    Ty::KeyError,
    Ty::LookupError,
    SlotSpec { str: Some(key_str), ..SlotSpec::NONE },
    &[],
    "The mapping has no such key.",
);

/// A single argument is shown as a literal, so that `KeyError('')` is not empty.
fn key_str(cx: &mut Ctx, this: Value) -> PyResult {
    let x = exc(cx, this)?;
    match args_of(x) {
        [one] => ops::repr(cx, *one),
        _ => base_str(cx, this),
    }
}
