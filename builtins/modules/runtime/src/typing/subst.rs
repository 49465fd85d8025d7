//! Type parameters of aliases and unions, and their substitution.
//!
//! A *parameter* is any object with `__typing_subst__`; what is made of parameters tells them by `__parameters__`. Classes are
//! passed over, for their `__parameters__` are those of their own definition. Lists and tuples among the arguments (the
//! parameter lists of callables) are searched, and rebuilt, recursively.

use super::util::items;
use protocore::layouts::{ListObj, TupleObj};
use protocore::{Ctx, PyResult, Raised, TypeObj, Value};
use protopy_vm::{ValueVec, call, get_item, is_true, lookup_attr_str, repr_text, seq_items};

/// The distinct parameters in a tuple of arguments, as a tuple, in order of appearance.
pub fn make_parameters(cx: &mut Ctx, args: Value) -> PyResult {
    let mut found = ValueVec::new(cx);
    collect(cx, args, &mut found)?;
    if found.is_empty() { Ok(protopy_vm::empty_tuple(cx)) } else { found.into_tuple(cx) }
}

fn add(cx: &mut Ctx, found: &mut ValueVec, v: Value) -> PyResult<()> {
    for i in 0..found.len() {
        if found.get(i).is_some_and(|x| x.is(v)) {
            return Ok(());
        }
    }
    found.push(cx, v)
}

fn collect(cx: &mut Ctx, args: Value, found: &mut ValueVec) -> PyResult<()> {
    cx.check_native_stack("")?;
    for v in seq_items(args).unwrap_or_default() {
        if TypeObj::of(v).is_some() || v.is(Value::ELLIPSIS) {
            continue;
        }
        if lookup_attr_str(cx, v, "__typing_subst__")?.is_some() {
            add(cx, found, v)?;
        } else if TupleObj::of(v).is_some() || ListObj::of(v).is_some() {
            collect(cx, v, found)?;
        } else if let Some(more) = lookup_attr_str(cx, v, "__parameters__")? {
            for p in items(more) {
                add(cx, found, *p)?;
            }
        }
    }
    protopy_vm::keep_alive(args);
    Ok(())
}

/// The arguments of a subscription as a tuple, unpacked tuples of known length spread out.
fn unpack_item(cx: &mut Ctx, item: Value) -> PyResult {
    let mut out = ValueVec::new(cx);
    let one = [item];
    let given: &[Value] = if TupleObj::of(item).is_some() { items(item) } else { &one };
    for v in given {
        if TypeObj::of(*v).is_none()
            && let Some(sub) = lookup_attr_str(cx, *v, "__typing_unpacked_tuple_args__")?
            && TupleObj::of(sub).is_some()
            && !items(sub).last().is_some_and(|l| l.is(Value::ELLIPSIS))
        {
            for s in items(sub) {
                out.push(cx, *s)?;
            }
            continue;
        }
        out.push(cx, *v)?;
    }
    out.into_tuple(cx)
}

#[cold]
fn not_generic(cx: &mut Ctx, this: Value) -> Raised {
    match repr_text(cx, this) {
        Ok(t) => cx.type_error(&format!("{t} is not a generic class")),
        Err(r) => r,
    }
}

#[cold]
fn wrong_count(cx: &mut Ctx, this: Value, got: usize, want: usize) -> Raised {
    let word = if got > want { "many" } else { "few" };
    match repr_text(cx, this) {
        Ok(t) => cx.type_error(&format!("Too {word} arguments for {t}; actual {got}, expected {want}")),
        Err(r) => r,
    }
}

/// `args` with the parameters replaced by what `this` is subscripted with, as a tuple.
pub fn substitute(cx: &mut Ctx, this: Value, args: Value, params: Value, item: Value) -> PyResult {
    cx.check_native_stack("")?;
    let params = items(params);
    if params.is_empty() {
        return Err(not_generic(cx, this));
    }
    let mut item = unpack_item(cx, item)?;
    for p in params {
        if let Some(prepare) = lookup_attr_str(cx, *p, "__typing_prepare_subst__")?
            && !prepare.is_none()
        {
            let given = if TupleObj::of(item).is_some() { item } else { cx.tuple(&[item]) };
            item = call(cx, prepare, &[this, given])?;
        }
    }
    let one = [item];
    let given: &[Value] = if TupleObj::of(item).is_some() { items(item) } else { &one };
    if given.len() != params.len() {
        return Err(wrong_count(cx, this, given.len(), params.len()));
    }
    let mut out = ValueVec::new(cx);
    for a in seq_items(args).unwrap_or_default() {
        replace(cx, this, a, (params, given), item, &mut out)?;
    }
    protopy_vm::keep_alive(args);
    protopy_vm::keep_alive(item);
    out.into_tuple(cx)
}

/// Adds what an argument becomes.
fn replace(
    cx: &mut Ctx,
    this: Value,
    arg: Value,
    (params, given): (&[Value], &[Value]),
    item: Value,
    out: &mut ValueVec,
) -> PyResult<()> {
    if TypeObj::of(arg).is_some() {
        return out.push(cx, arg);
    }
    if TupleObj::of(arg).is_some() || ListObj::of(arg).is_some() {
        let all = cx.tuple(params);
        let sub = substitute(cx, this, arg, all, item)?;
        let sub = if ListObj::of(arg).is_some() { cx.list(items(sub))? } else { sub };
        return out.push(cx, sub);
    }
    let unpack = match lookup_attr_str(cx, arg, "__typing_is_unpacked_typevartuple__")? {
        Some(u) => is_true(cx, u)?,
        None => false,
    };
    let new = match lookup_attr_str(cx, arg, "__typing_subst__")? {
        Some(subst) => match params.iter().position(|p| p.is(arg)).and_then(|i| given.get(i)) {
            Some(g) => call(cx, subst, &[*g])?,
            None => {
                // It became a parameter after `__parameters__` was computed.
                let shown = repr_text(cx, arg)?;
                let msg = format!("argument {shown} with __typing_subst__ was not found in __parameters__");
                return Err(cx.type_error(&msg));
            }
        },
        None => subscript(cx, arg, params, given)?,
    };
    if !unpack {
        return out.push(cx, new);
    }
    if TupleObj::of(new).is_none() {
        let (a, b) = (protopy_vm::full_type_name(cx, arg), protopy_vm::full_type_name(cx, new));
        let msg = format!("expected __typing_subst__ of {a} objects to return a tuple, not {b}");
        return Err(cx.type_error(&msg));
    }
    for v in items(new) {
        out.push(cx, *v)?;
    }
    Ok(())
}

/// Subscripts something that has parameters of its own with what they become.
fn subscript(cx: &mut Ctx, arg: Value, params: &[Value], given: &[Value]) -> PyResult {
    let Some(own) = lookup_attr_str(cx, arg, "__parameters__")? else { return Ok(arg) };
    if items(own).is_empty() {
        return Ok(arg);
    }
    let mut sub = ValueVec::new(cx);
    for p in items(own) {
        let found = params.iter().position(|x| x.is(*p)).and_then(|i| given.get(i).copied());
        match found {
            // A TypeVarTuple stands for several arguments.
            Some(g) if cx.type_of(*p).slots.iter.address() != 0 && TupleObj::of(g).is_some() => {
                for v in items(g) {
                    sub.push(cx, *v)?;
                }
            }
            Some(g) => sub.push(cx, g)?,
            None => sub.push(cx, *p)?,
        }
    }
    let key = sub.into_tuple(cx)?;
    get_item(cx, arg, key)
}
