//! `__build_class__`: what a class statement calls.

use super::mro::metaclass_of;
use crate::attr::lookup_attr;
use crate::call::{call, call_args, run_class_body};
use crate::errors::type_text;
use crate::names::{N, name};
use crate::ops;
use crate::roots::ValueVec;
use protocore::layouts::{CellObj, FunctionObj, StrObj, TupleObj};
use protocore::{Args, Ctx, PyResult, Ty, TypeObj, Value};

/// `builtins.__build_class__`, to be declared raw.
pub fn builtin_build_class(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    let (func, class, bases) = match args.pos() {
        [f, n, bases @ ..] => (*f, *n, bases),
        _ => return Err(cx.type_error("__build_class__: not enough arguments")),
    };
    if FunctionObj::of(func).is_none() {
        return Err(cx.type_error("__build_class__: func must be a function"));
    }
    if StrObj::of(class).is_none() {
        return Err(cx.type_error("__build_class__: name is not a string"));
    }
    let kw: Vec<(Value, Value)> = args.kw().collect();
    build_class(cx, func, class, bases, &kw)
}

/// Runs a class body and calls the metaclass. The arguments are alive in the caller's registers.
pub fn build_class(
    cx: &mut Ctx,
    func: Value,
    class: Value,
    orig_bases: &[Value],
    kw: &[(Value, Value)],
) -> PyResult {
    let orig = cx.tuple_of(None, orig_bases)?;
    let bases = resolve_bases(cx, orig)?;
    let list = TupleObj::of(bases).map_or(&[][..], |b| b.items());
    let given = kw.iter().find(|(n, _)| StrObj::of(*n).is_some_and(|s| s.eq_str("metaclass")));
    let meta = match (given, list.first()) {
        (Some((_, m)), _) => *m,
        (None, Some(b)) => cx.type_of(*b).value(),
        (None, None) => cx.ty(Ty::Type).value(),
    };
    let meta = match TypeObj::of(meta) {
        Some(m) => metaclass_of(cx, m, list)?.value(),
        None => meta,
    };
    let rest: Vec<(Value, Value)> =
        kw.iter().copied().filter(|(n, _)| !StrObj::of(*n).is_some_and(|s| s.eq_str("metaclass"))).collect();
    let names: Vec<Value> = rest.iter().map(|(n, _)| *n).collect();
    let names = cx.tuple_of(None, &names)?;
    let ns = prepare(cx, meta, &[class, bases], &rest, names)?;
    let cell = run_class_body(cx, func, ns)?;
    if !bases.is(orig) {
        let n = name(cx, N::OrigBases);
        ops::set_item(cx, ns, n, Some(orig))?;
    }
    let all: Vec<Value> = [class, bases, ns].into_iter().chain(rest.iter().map(|(_, v)| *v)).collect();
    let made = call_args(cx, meta, Args::with_names(&all, names))?;
    for v in [names, class, bases, ns] {
        crate::roots::keep_alive(v);
    }
    check_cell(cx, cell, made, class)?;
    Ok(made)
}

/// The namespace that the metaclass prepares.
fn prepare(cx: &mut Ctx, meta: Value, pos: &[Value], kw: &[(Value, Value)], names: Value) -> PyResult {
    let n = name(cx, N::Prepare);
    let ns = if meta.is(cx.ty(Ty::Type).value()) {
        return Ok(cx.dict());
    } else {
        match lookup_attr(cx, meta, n)? {
            None => cx.dict(),
            Some(f) => {
                let all: Vec<Value> = pos.iter().copied().chain(kw.iter().map(|(_, v)| *v)).collect();
                call_args(cx, f, Args::with_names(&all, names))?
            }
        }
    };
    if cx.type_of(ns).slots.getitem.address() == 0 {
        let shown = TypeObj::of(meta).map_or_else(|| "<metaclass>".to_owned(), type_text);
        let msg = format!("{shown}.__prepare__() must return a mapping, not {}", crate::ops::tp_name(cx, ns));
        return Err(cx.type_error(&msg));
    }
    Ok(ns)
}

/// The `__class__` cell must hold the class that was made.
fn check_cell(cx: &mut Ctx, cell: Value, made: Value, class: Value) -> PyResult<()> {
    let (Some(cell), Some(_)) = (CellObj::of(cell), TypeObj::of(made)) else { return Ok(()) };
    match cell.content.get().and_then(Value::bound) {
        Some(c) if c.is(made) => Ok(()),
        None => {
            let (n, m) = (ops::repr_text(cx, class)?, ops::repr_text(cx, made)?);
            let msg = format!(
                "__class__ not set defining {n} as {m}. Was __classcell__ propagated to type.__new__?"
            );
            Err(cx.raise_str(Ty::RuntimeError, &msg))
        }
        Some(c) => {
            let (n, m, c) = (ops::repr_text(cx, class)?, ops::repr_text(cx, made)?, ops::repr_text(cx, c)?);
            Err(cx.type_error(&format!("__class__ set to {c} defining {n} as {m}")))
        }
    }
}

/// Replaces bases that are no types by what their `__mro_entries__` answers; the same tuple if there are none.
fn resolve_bases(cx: &mut Ctx, orig: Value) -> PyResult {
    let items = TupleObj::of(orig).map_or(&[][..], |b| b.items());
    if items.iter().all(|b| TypeObj::of(*b).is_some()) {
        return Ok(orig);
    }
    let n = name(cx, N::MroEntries);
    let mut out = ValueVec::new(cx);
    let mut changed = false;
    for b in items {
        let entries = if TypeObj::of(*b).is_some() { None } else { lookup_attr(cx, *b, n)? };
        let Some(f) = entries else {
            out.push(cx, *b)?;
            continue;
        };
        let r = call(cx, f, &[orig])?;
        let Some(t) = TupleObj::of(r) else {
            return Err(cx.type_error("__mro_entries__ must return a tuple"));
        };
        changed = true;
        for v in t.items() {
            out.push(cx, *v)?;
        }
    }
    if changed { out.into_tuple(cx) } else { Ok(orig) }
}

/// The dict that `type.__prepare__` answers.
pub fn type_prepare(cx: &mut Ctx, _this: Value, _args: Args<'_>) -> PyResult {
    Ok(cx.dict())
}
