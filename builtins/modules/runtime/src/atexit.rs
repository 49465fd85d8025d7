//! `atexit`: functions to call when the interpreter ends.

use protocore::layouts::{ListObj, TupleObj};
use protocore::{Args, Ctx, PyResult, Root, Ty, Value};
use protopy_vm::{ModuleSpec, call_args, callable, eq, errors, methods, repr_text};

/// The list of entries: tuples (function, values, keyword names or None), oldest first.
fn entries(cx: &mut Ctx) -> PyResult<&'static ListObj> {
    if let Some(l) = ListObj::of(cx.root(Root::AtExit)) {
        return Ok(l);
    }
    let list = cx.list(&[])?;
    cx.space().set_root(Root::AtExit, list);
    match ListObj::of(list) {
        Some(l) => Ok(l),
        None => Err(cx.no_memory()),
    }
}

fn register(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    let Some(f) = args.pos().first().copied() else {
        return Err(cx.type_error("register() takes at least 1 argument (0 given)"));
    };
    if !callable(cx, f) {
        return Err(cx.type_error("the first argument must be callable"));
    }
    let values = cx.tuple_of(None, &args.all()[1..])?;
    let e = cx.tuple_of(None, &[f, values, args.names().unwrap_or(Value::NONE)])?;
    let l = entries(cx)?;
    cx.list_append(l, e)?;
    Ok(f)
}

fn parts(e: Value) -> Option<(Value, &'static [Value], Value)> {
    match TupleObj::of(e)?.items() {
        [f, values, names] => Some((*f, TupleObj::of(*values)?.items(), *names)),
        _ => None,
    }
}

/// Calls all functions, the newest first, and forgets them. Errors are reported.
pub fn run_all(cx: &mut Ctx) -> PyResult<()> {
    let l = entries(cx)?;
    while let Some(e) = cx.list_pop(l) {
        let Some((f, values, names)) = parts(e) else { continue };
        let args = if names.is_none() { Args::positional(values) } else { Args::with_names(values, names) };
        if let Err(r) = call_args(cx, f, args) {
            let exc = cx.take_raised(r);
            let shown = match repr_text(cx, f) {
                Ok(t) => t,
                Err(r) => {
                    cx.take_raised(r);
                    cx.type_name(f)
                }
            };
            let msg = format!("Exception ignored in atexit callback {shown}");
            errors::unraisable(cx, exc, Some(&msg), Value::NONE);
        }
        protopy_vm::keep_alive(e);
    }
    Ok(())
}

fn run_exitfuncs(cx: &mut Ctx, _: &[Value]) -> PyResult {
    run_all(cx).map(|()| Value::NONE)
}

fn clear(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let l = entries(cx)?;
    cx.list_clear(l);
    Ok(Value::NONE)
}

fn ncallbacks(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let n = entries(cx)?.len();
    Ok(cx.int_usize(n))
}

fn unregister(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let l = entries(cx)?;
    let mut i = l.len();
    while i > 0 {
        i -= 1;
        let Some(e) = l.get(i) else { continue };
        let Some((f, _, _)) = parts(e) else { continue };
        // The comparison may change the list: the entry is removed where it is then.
        if eq(cx, f, a[0])?
            && let Some(at) = l.snapshot().iter().position(|x| x.is(e))
        {
            cx.list_remove(l, at);
        }
    }
    Ok(Value::NONE)
}

fn unregister_raw(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    if args.names().is_some() || args.pos().len() != 1 {
        let msg = format!("atexit.unregister() takes exactly one argument ({} given)", args.all().len());
        return Err(cx.raise_str(Ty::TypeError, &msg));
    }
    unregister(cx, args.pos())
}

/// `atexit`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "atexit",
    doc: "allow programmer to define multiple exit functions to be executed\nupon normal program termination.",
    functions: methods![functions:
        /// Has a function called, with these arguments, when the interpreter ends; the function.
        raw "register(func, /, *args, **kwargs)" => register;
        /// Forgets all functions.
        "_clear()" => clear;
        /// Forgets a function.
        raw "unregister(func, /)" => unregister_raw;
        /// Calls the functions now.
        "_run_exitfuncs()" => run_exitfuncs;
        /// Number of functions.
        "_ncallbacks()" => ncallbacks;
    ],
    init: None,
};
