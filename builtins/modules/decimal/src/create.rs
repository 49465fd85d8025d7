//! Decimals from other objects.

use crate::context::Context;
use crate::num::{Dec, Kind, Res, Status, Stop, convert, flags, text};
use crate::object::{
    Decimal, Runtime, int_operand, make_of, no_digits, run, run_apart, runtime_of, unsupported,
};
use crate::signals;
use protopy_text::StrRef;
use protopy_text::unicode::{is_space, to_decimal};
use protopy_vm::protocore::layouts::{FloatObj, IntRef, ListObj, StrObj, TupleObj};
use protopy_vm::protocore::{Args, Ctx, PyResult, Ty, TypeObj, Value};
use protopy_vm::{self as vm};

/// ASCII text of a number: blanks around it cut and underscores dropped if `lenient`; what can be no number becomes empty.
fn ascii(s: StrRef<'_>, lenient: bool) -> Res<Vec<u8>> {
    let mut out = Vec::new();
    out.try_reserve_exact(s.len()).map_err(|_| Stop::Memory)?;
    let mut ended = false;
    for c in s.chars() {
        if lenient && is_space(c) {
            ended |= !out.is_empty();
            continue;
        }
        if ended {
            return Ok(Vec::new());
        }
        if lenient && c == u32::from(b'_') {
            continue;
        }
        match (u8::try_from(c), to_decimal(c)) {
            (Ok(b), _) if b.is_ascii() && b != 0 => out.push(b),
            (_, Some(d)) => out.push(b'0' + d),
            _ => return Ok(Vec::new()),
        }
    }
    Ok(out)
}

/// How a conversion treats the context: exactly, or rounding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As it is, within the limits of all contexts.
    Exact,
    /// Rounded to the context.
    Rounded,
}

/// An object of `ty` for a number that was converted.
fn finished(cx: &mut Ctx, rt: &Runtime, ctx: &Context, ty: &TypeObj, d: Dec, mode: Mode) -> PyResult {
    let mut st = 0;
    let d = match mode {
        Mode::Exact => run(cx, |_| text::exactly(Some(d), &mut st))?,
        Mode::Rounded => {
            let s = ctx.settings();
            run(cx, |_| text::in_context(Some(d), &s, &mut st))?
        }
    };
    noted(cx, rt, ctx, ty, d, st)
}

fn noted(cx: &mut Ctx, rt: &Runtime, ctx: &Context, ty: &TypeObj, d: Dec, st: Status) -> PyResult {
    if st != 0 {
        signals::note(cx, rt, ctx, st)?;
    }
    Ok(make_of(cx, rt, ty, d))
}

/// A Decimal from any object that can be one.
pub fn from_object(
    cx: &mut Ctx,
    rt: &Runtime,
    ctx: &Context,
    ty: &TypeObj,
    v: Value,
    mode: Mode,
) -> PyResult {
    if let Some(d) = v.native::<Decimal>() {
        if mode == Mode::Exact {
            if ty.value().is(rt.decimal_type(cx).value()) && cx.type_of(v).value().is(ty.value()) {
                return Ok(v);
            }
            let copy = run(cx, |_| d.view().owned())?;
            return Ok(make_of(cx, rt, ty, copy));
        }
        let copy = run(cx, |_| d.view().owned())?;
        return finished(cx, rt, ctx, ty, copy, mode);
    }
    if let Some(s) = StrObj::of(v) {
        let mut st = 0;
        let (given, s) = (s.str_ref(), ctx.settings());
        let d = run_apart(cx, given.len(), |_| {
            let parsed = text::parse(&ascii(given, mode == Mode::Exact)?)?;
            match mode {
                Mode::Exact => text::exactly(parsed, &mut st),
                Mode::Rounded => text::in_context(parsed, &s, &mut st),
            }
        })?;
        vm::keep_alive(v);
        return noted(cx, rt, ctx, ty, d, st);
    }
    if let Some(n) = IntRef::of(v) {
        let d = int_operand(cx, n)?;
        vm::keep_alive(v);
        return finished(cx, rt, ctx, ty, d, mode);
    }
    if TupleObj::of(v).is_some() || ListObj::of(v).is_some() {
        let d = from_tuple(cx, v)?;
        return finished(cx, rt, ctx, ty, d, mode);
    }
    if let Some(f) = FloatObj::of(v) {
        signals::note(cx, rt, ctx, flags::FLOAT_OPERATION)?;
        let d = run(cx, |w| convert::from_f64(f, w))?;
        return finished(cx, rt, ctx, ty, d, mode);
    }
    Err(unsupported(cx, v))
}

/// The number that sign, digits and exponent tell.
fn from_tuple(cx: &mut Ctx, v: Value) -> PyResult<Dec> {
    let items = vm::seq_items(v).unwrap_or_default();
    let [sign, digits, exp] = items[..] else {
        return Err(cx.value_error("argument must be a sequence of length 3"));
    };
    let neg = match IntRef::of(sign).and_then(IntRef::to_i64) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(cx.value_error("sign must be an integer with the value 0 or 1")),
    };
    let (mut kind, mut e) = (Kind::Finite, 0i64);
    if let Some(s) = StrObj::of(exp) {
        kind = match s.as_ascii() {
            Some("F") => Kind::Infinite,
            Some("n") => Kind::Quiet,
            Some("N") => Kind::Signaling,
            _ => {
                return Err(cx.value_error("string argument in the third position must be 'F', 'n' or 'N'"));
            }
        };
    } else if let Some(n) = IntRef::of(exp) {
        match n.to_i64() {
            Some(n) => e = n,
            None => {
                let msg = "Python int too large to convert to C ssize_t";
                return Err(cx.raise_str(Ty::OverflowError, msg));
            }
        }
    } else {
        return Err(cx.value_error("exponent must be an integer"));
    }
    let wrong = |cx: &mut Ctx| Err(cx.value_error("coefficient must be a tuple of digits"));
    let Some(digits) = vm::seq_items(digits) else { return wrong(cx) };
    let mut all = Vec::new();
    if all.try_reserve_exact(digits.len()).is_err() {
        return Err(cx.no_memory());
    }
    for d in digits.iter() {
        cx.breathe();
        match IntRef::of(*d).and_then(IntRef::to_i64) {
            Some(d @ 0..=9) => all.push(d as u8),
            _ => return wrong(cx),
        }
    }
    if kind == Kind::Infinite {
        return Ok(Dec::infinity(neg));
    }
    let coef = run_apart(cx, all.len(), |_| text::from_digits(&all))?;
    let e = e.clamp(-4_900_000_000_000_000_000, 4_900_000_000_000_000_000);
    Ok(Dec { neg, kind, exp: if kind == Kind::Finite { e } else { 0 }, coef })
}

/// `Decimal.__new__`
pub fn decimal_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    let rt = crate::object::runtime(cx)?;
    let (value, context) = if args.names().is_none() && args.pos().len() == 1 {
        (args.pos()[0], Value::UNBOUND)
    } else {
        let [v, c] = vm::bind_arguments(cx, "", &["value", "context"], args)?;
        (v, c)
    };
    let (_, ctx) = rt.context_or(cx, context)?;
    if value.is_unbound() {
        return Ok(make_of(cx, rt, ty, Dec::finite(false, no_digits(), 0)));
    }
    from_object(cx, rt, ctx, ty, value, Mode::Exact)
}

/// An object of a class from a Decimal of the exact type: through the class's constructor if it is a subclass.
fn of_class(cx: &mut Ctx, rt: &Runtime, class: Value, d: Value) -> PyResult {
    if class.is(rt.decimal.get_or_none()) { Ok(d) } else { vm::call(cx, class, &[d]) }
}

/// `Decimal.from_float`
pub fn from_float(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let rt = crate::object::runtime(cx)?;
    let d = exact_float(cx, a[1])?;
    let ty = rt.decimal_type(cx);
    let d = make_of(cx, rt, ty, d);
    of_class(cx, rt, a[0], d)
}

/// The number that a float or an int is.
fn exact_float(cx: &mut Ctx, v: Value) -> PyResult<Dec> {
    if let Some(n) = IntRef::of(v) {
        return int_operand(cx, n);
    }
    match FloatObj::of(v) {
        Some(f) => run(cx, |w| convert::from_f64(f, w)),
        None => Err(cx.type_error("argument must be int or float")),
    }
}

/// `Decimal.from_number`
pub fn from_number(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let rt = crate::object::runtime(cx)?;
    let ty = rt.decimal_type(cx);
    let d = if let Some(d) = a[1].native::<Decimal>() {
        if cx.type_of(a[1]).value().is(ty.value()) {
            return of_class(cx, rt, a[0], a[1]);
        }
        run(cx, |_| d.view().owned())?
    } else if IntRef::of(a[1]).is_some() || FloatObj::of(a[1]).is_some() {
        exact_float(cx, a[1])?
    } else {
        return Err(unsupported(cx, a[1]));
    };
    let d = make_of(cx, rt, ty, d);
    of_class(cx, rt, a[0], d)
}

/// `Context.create_decimal`
pub fn create_decimal(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let rt = runtime_of(cx, a[0])?;
    let ctx = crate::context::this(cx, a[0])?;
    let ty = rt.decimal_type(cx);
    if a[1].is_unbound() {
        return finished(cx, rt, ctx, ty, Dec::of(false, 0, 0), Mode::Rounded);
    }
    from_object(cx, rt, ctx, ty, a[1], Mode::Rounded)
}

/// `Context.create_decimal_from_float`
pub fn create_from_float(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let rt = runtime_of(cx, a[0])?;
    let ctx = crate::context::this(cx, a[0])?;
    let d = exact_float(cx, a[1])?;
    let ty = rt.decimal_type(cx);
    finished(cx, rt, ctx, ty, d, Mode::Rounded)
}
