//! `_csv.Dialect`: the checked settings of a reader or writer.

use super::{State, get_dialect, quoting};
use protopy_vm::protocore::layouts::{IntRef, MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, getsets, methods};

/// The settings. Characters are code points.
pub(super) struct Dialect {
    pub(super) delimiter: u32,
    pub(super) quotechar: Option<u32>,
    pub(super) escapechar: Option<u32>,
    pub(super) lineterminator: Slot,
    pub(super) quoting: i32,
    pub(super) doublequote: bool,
    pub(super) skipinitialspace: bool,
    pub(super) strict: bool,
}

impl Payload for Dialect {
    const NAME: &'static str = "Dialect";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.lineterminator);
    }
}

pub(super) static DIALECT: TypeSpec = TypeSpec {
    name: "Dialect",
    module: "_csv",
    layout: Layout::Native,
    vt: Some(<Dialect as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(new), ..SlotSpec::NONE },
    methods: METHODS,
    getsets: GETSETS,
    doc: "CSV dialect\n\nThe Dialect type records CSV dialect options.",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Raises TypeError.
    raw "__reduce__($self, /)" => |cx, this, _| no_pickle(cx, this);
    /// Raises TypeError.
    raw "__reduce_ex__($self, protocol, /)" => |cx, this, _| no_pickle(cx, this);
];

fn no_pickle(cx: &mut Ctx, this: Value) -> PyResult {
    let msg = format!("cannot pickle '{}' instances", protopy_vm::ops::tp_name(cx, this));
    Err(cx.type_error(&msg))
}

static GETSETS: &[GetSetDef] = getsets![
    /// Separates fields.
    "delimiter" => |cx, v| { let d = this(cx, v)?; Ok(cx.char(d.delimiter)) };
    /// Makes the next character an ordinary one; or None.
    "escapechar" => |cx, v| { let d = this(cx, v)?; Ok(d.escapechar.map_or(Value::NONE, |c| cx.char(c))) };
    /// Ends rows that are written.
    "lineterminator" => |cx, v| Ok(this(cx, v)?.lineterminator.get_or_none());
    /// Surrounds fields that are quoted; or None.
    "quotechar" => |cx, v| { let d = this(cx, v)?; Ok(d.quotechar.map_or(Value::NONE, |c| cx.char(c))) };
    /// What is quoted: one of the QUOTE constants.
    "quoting" => |cx, v| Ok(Value::small(i64::from(this(cx, v)?.quoting)));
    /// Whether quotes are doubled within fields.
    member "doublequote" => |cx, v| Ok(Value::bool(this(cx, v)?.doublequote));
    /// Whether blanks after a delimiter are ignored.
    member "skipinitialspace" => |cx, v| Ok(Value::bool(this(cx, v)?.skipinitialspace));
    /// Whether bad input is an error.
    member "strict" => |cx, v| Ok(Value::bool(this(cx, v)?.strict));
];

/// The settings behind a value.
pub(super) fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Dialect> {
    match v.native::<Dialect>() {
        Some(d) => Ok(d),
        None => Err(cx.type_error("not a dialect")),
    }
}

const PARAMS: [&str; 9] = [
    "dialect",
    "delimiter",
    "doublequote",
    "escapechar",
    "lineterminator",
    "quotechar",
    "quoting",
    "skipinitialspace",
    "strict",
];

/// The dialect of a call's second argument and keyword arguments.
pub(super) fn from_params(cx: &mut Ctx, base: Option<Value>, args: Args<'_>) -> PyResult {
    let ty = cx.space().state::<State>().dialect_type.get_or_none();
    let mut given = [Value::UNBOUND; 9];
    if let Some(b) = base {
        given[0] = b;
    }
    bind(cx, &mut given, args)?;
    make(cx, ty, given)
}

/// Puts keyword arguments to their places.
fn bind(cx: &mut Ctx, given: &mut [Value; 9], args: Args<'_>) -> PyResult<()> {
    for (n, v) in args.kw() {
        let name = vm::str_text(cx, n)?;
        match PARAMS.iter().position(|p| *p == name) {
            Some(i) if given[i].is_unbound() => given[i] = v,
            Some(i) => {
                let msg = format!("argument for function given by name ('{name}') and position ({})", i + 1);
                return Err(cx.type_error(&msg));
            }
            None => {
                let msg = format!("this function got an unexpected keyword argument '{name}'");
                return Err(cx.type_error(&msg));
            }
        }
    }
    Ok(())
}

fn new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let total = args.all().len();
    if total > PARAMS.len() {
        return Err(cx.type_error(&format!("function takes at most 9 arguments ({total} given)")));
    }
    let mut given = [Value::UNBOUND; 9];
    given[..args.pos().len()].copy_from_slice(args.pos());
    bind(cx, &mut given, args)?;
    make(cx, class, given)
}

/// A dialect of bound arguments; those left out come from the base dialect.
fn make(cx: &mut Ctx, class: Value, mut given: [Value; 9]) -> PyResult {
    if let Some(base) = given[0].bound() {
        let base = if StrObj::of(base).is_some() { get_dialect(cx, base)? } else { base };
        if base.native::<Dialect>().is_some() && given[1..].iter().all(|v| v.is_unbound()) {
            return Ok(base);
        }
        given[0] = base;
        for (v, n) in given.iter_mut().zip(PARAMS).skip(1) {
            if v.is_unbound() {
                let got = vm::get_attr_str(cx, base, n);
                *v = match got {
                    Ok(x) => x,
                    Err(r) => {
                        let e = cx.take_raised(r);
                        if !cx.is_instance(e, Ty::Exception) {
                            return Err(cx.set_raised(e));
                        }
                        Value::UNBOUND
                    }
                };
            }
        }
    }
    let [_, delimiter, doublequote, escapechar, terminator, quotechar, quoting, skip, strict] = given;
    let flag = |cx: &mut Ctx, v: Value, default: bool| match v.bound() {
        Some(v) => vm::is_true(cx, v),
        None => Ok(default),
    };
    let delimiter = character(cx, "delimiter", delimiter, Some(u32::from(b',')), false)?;
    let doublequote = flag(cx, doublequote, true)?;
    let escapechar = character(cx, "escapechar", escapechar, None, true)?;
    let lineterminator = match terminator.bound() {
        None => cx.str("\r\n"),
        Some(s) if StrObj::of(s).is_some() => s,
        Some(other) => {
            let msg = format!("\"lineterminator\" must be a string, not {}", vm::full_type_name(cx, other));
            return Err(cx.type_error(&msg));
        }
    };
    let quote = character(cx, "quotechar", quotechar, Some(u32::from(b'"')), true)?;
    let mut how = quoting_value(cx, quoting)?;
    let skipinitialspace = flag(cx, skip, false)?;
    let strict = flag(cx, strict, false)?;
    if !(quoting::MINIMAL..=quoting::NOTNULL).contains(&how) {
        return Err(cx.type_error("bad \"quoting\" value"));
    }
    if quotechar.is_none() && quoting.is_unbound() {
        how = quoting::NONE;
    }
    if how != quoting::NONE && quote.is_none() {
        return Err(cx.type_error("quotechar must be set if quoting enabled"));
    }
    let d = Dialect {
        delimiter: delimiter.unwrap_or(u32::from(b',')),
        quotechar: quote,
        escapechar,
        lineterminator: Slot::new(lineterminator),
        quoting: how,
        doublequote,
        skipinitialspace,
        strict,
    };
    check(cx, &d)?;
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    let v = cx.new_native(ty, d);
    vm::keep_alive(lineterminator);
    Ok(v)
}

/// A setting of one character.
fn character(
    cx: &mut Ctx,
    name: &str,
    v: Value,
    default: Option<u32>,
    optional: bool,
) -> PyResult<Option<u32>> {
    let Some(v) = v.bound() else { return Ok(default) };
    if optional && v.is_none() {
        return Ok(None);
    }
    let or_none = if optional { " or None" } else { "" };
    let Some(s) = StrObj::of(v) else {
        let msg =
            format!("\"{name}\" must be a unicode character{or_none}, not {}", vm::full_type_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    match (s.len(), s.str_ref().get(0)) {
        (1, Some(c)) => Ok(Some(c)),
        (n, _) => {
            let msg = format!("\"{name}\" must be a unicode character{or_none}, not a string of length {n}");
            Err(cx.type_error(&msg))
        }
    }
}

fn quoting_value(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    let Some(v) = v.bound() else { return Ok(quoting::MINIMAL) };
    if !cx.is_exact(v, Ty::Int) {
        let msg = format!("\"quoting\" must be an integer, not {}", vm::full_type_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    match IntRef::of(v).and_then(IntRef::to_i64).and_then(|n| i32::try_from(n).ok()) {
        Some(n) => Ok(n),
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
    }
}

/// Checks that the special characters are allowed and differ.
fn check(cx: &mut Ctx, d: &Dialect) -> PyResult<()> {
    let bad = |cx: &mut Ctx, what: &str| -> Raised { cx.value_error(&format!("bad {what} value")) };
    let special = [
        ("delimiter", Some(d.delimiter), true),
        ("escapechar", d.escapechar, !d.skipinitialspace),
        ("quotechar", d.quotechar, !d.skipinitialspace),
    ];
    for (name, c, space_allowed) in special {
        if c.is_some_and(|c| c == 10 || c == 13 || (c == 32 && !space_allowed)) {
            return Err(bad(cx, name));
        }
    }
    for (i, j) in [(0, 1), (0, 2), (1, 2)] {
        if special[i].1.is_some() && special[i].1 == special[j].1 {
            return Err(bad(cx, &format!("{} or {}", special[i].0, special[j].0)));
        }
    }
    let terminator = StrObj::of(d.lineterminator.get_or_none()).map(StrObj::str_ref);
    for (name, c, _) in special {
        if terminator.is_some_and(|t| t.chars().any(|x| Some(x) == c)) {
            return Err(bad(cx, &format!("{name} or lineterminator")));
        }
    }
    Ok(())
}
