//! Exception groups: making and splitting them, and what `except*` needs of that (PEP 654).
//!
//! A group keeps its message in field [`MESSAGE`] and the tuple of its exceptions in field [`EXCEPTIONS`]. Splitting keeps the nesting: each
//! group that has a share in a part is represented there by what its `derive` method makes of the share, with the
//! traceback, the context, the cause and a copy of the notes of the original.
//!
//! `except*` gives each clause the matching part of what is left ([`eg_match`]). In the end, exceptions that clauses
//! raised anew stand beside those that they raised again or did not match; the latter are put together to one group of the original
//! structure ([`prep_reraise_star`]). "Raised again" is told by the metadata: a part of the original group shares traceback,
//! context, cause and notes with it.

use crate::attr::{lookup_attr, set_attr};
use crate::call::call_method;
use crate::interp::{frame, unwind};
use crate::iter::to_vec;
use crate::names::{N, name};
use crate::ops;
use crate::roots::ValueVec;
use protocore::dict::DictObj;
use protocore::layouts::{ExcObj, ListObj, TupleObj};
use protocore::{Ctx, PyResult, Raised, Slot, Ty, TypeObj, Value};
use std::collections::HashSet;

/// Field of a group's message.
pub const MESSAGE: usize = 0;
/// Field of a group's tuple of exceptions.
pub const EXCEPTIONS: usize = 1;

/// What decides whether an exception belongs to the first part of a split.
pub enum Matcher<'a> {
    /// An exception class or a tuple of such.
    Types(Value),
    /// A callable that is asked about each exception, groups included.
    Call(Value),
    /// The leaves of these addresses.
    Leaves(&'a HashSet<u64>),
}

/// Whether an exception is a group.
#[inline]
pub fn is_group(cx: &Ctx, exc: Value) -> bool {
    cx.is_instance(exc, Ty::BaseExceptionGroup)
}

/// The exceptions of a group.
pub fn exceptions(group: Value) -> &'static [Value] {
    ExcObj::of(group)
        .and_then(|x| x.fields[EXCEPTIONS].get())
        .and_then(TupleObj::of)
        .map_or(&[], |t| t.items())
}

/// A new group without a subclass's `__new__`: an `ExceptionGroup` if all exceptions are `Exception`s.
pub fn new_group(cx: &mut Ctx, message: &str, excs: &[Value]) -> PyResult {
    let given = cx.list(excs)?;
    make_group(cx, message, excs, given)
}

/// As [`new_group`] with the sequence that `args` shows.
fn make_group(cx: &mut Ctx, message: &str, excs: &[Value], given: Value) -> PyResult {
    let plain = excs.iter().all(|e| cx.is_instance(*e, Ty::Exception));
    let ty = cx.ty(if plain { Ty::ExceptionGroup } else { Ty::BaseExceptionGroup });
    let m = cx.str(message);
    let t = cx.tuple_of(None, excs)?;
    let g = cx.new_exception(ty, &[m, given]);
    if let Some(x) = ExcObj::of(g) {
        x.fields[MESSAGE].init(Some(m));
        x.fields[EXCEPTIONS].init(Some(t));
    }
    Ok(g)
}

/// Whether an exception is an instance of a class or of a class in a tuple.
fn is_of_type(cx: &Ctx, exc: Value, types: Value) -> bool {
    let t = cx.type_of(exc);
    match TupleObj::of(types) {
        Some(all) => all.items().iter().any(|c| t.is_subtype(*c)),
        None => t.is_subtype(types),
    }
}

fn matches(cx: &mut Ctx, exc: Value, m: &Matcher<'_>) -> PyResult<bool> {
    match m {
        Matcher::Types(t) => Ok(is_of_type(cx, exc, *t)),
        Matcher::Call(f) => {
            let r = crate::call::call(cx, *f, &[exc])?;
            ops::is_true(cx, r)
        }
        Matcher::Leaves(ids) => Ok(!is_group(cx, exc) && ids.contains(&exc.bits())),
    }
}

/// Splits an exception: the part that matches and, if it is wanted, the rest.
pub fn split(
    cx: &mut Ctx,
    exc: Value,
    m: &Matcher<'_>,
    want_rest: bool,
) -> PyResult<(Option<Value>, Option<Value>)> {
    if matches(cx, exc, m)? {
        return Ok((Some(exc), None));
    }
    if !is_group(cx, exc) {
        return Ok((None, want_rest.then_some(exc)));
    }
    cx.check_native_stack(" in exceptiongroup_split_recursive")?;
    let mut part = ValueVec::new(cx);
    let mut rest = ValueVec::new(cx);
    for e in exceptions(exc) {
        let (a, b) = split(cx, *e, m, want_rest)?;
        if let Some(a) = a {
            part.push(cx, a)?;
        }
        if let Some(b) = b {
            rest.push(cx, b)?;
        }
    }
    let part = subset(cx, exc, part)?;
    let rest = if want_rest { subset(cx, exc, rest)? } else { None };
    Ok((part, rest))
}

/// A group like `group` of some of its exceptions; `None` for no exceptions.
fn subset(cx: &mut Ctx, group: Value, excs: ValueVec) -> PyResult<Option<Value>> {
    if excs.is_empty() {
        return Ok(None);
    }
    let made = call_method(cx, group, "derive", &[excs.into_list()])?;
    let (Some(from), Some(to)) = (ExcObj::of(group), ExcObj::of(made)) else {
        return Err(cx.type_error("derive must return an instance of BaseExceptionGroup"));
    };
    if !is_group(cx, made) {
        return Err(cx.type_error("derive must return an instance of BaseExceptionGroup"));
    }
    copy_slot(cx, made, &to.traceback, &from.traceback);
    copy_slot(cx, made, &to.context, &from.context);
    copy_slot(cx, made, &to.cause, &from.cause);
    // As the setter of `__cause__` does.
    to.header.flags.fetch_or(1, std::sync::atomic::Ordering::Relaxed);
    let n = name(cx, N::Notes);
    if let Some(notes) = lookup_attr(cx, group, n)?
        && is_sequence(cx, notes)
    {
        // Anything else in `__notes__` is the user's error, and not this function's to report.
        let copy = to_vec(cx, notes)?.into_list();
        set_attr(cx, made, n, Some(copy))?;
    }
    Ok(Some(made))
}

fn copy_slot(cx: &mut Ctx, owner: Value, to: &Slot, from: &Slot) {
    match from.get() {
        Some(v) => cx.store(owner, to, v),
        None => cx.store_empty(owner, to),
    }
}

/// What C code calls a sequence: subscriptable, and no dict.
pub fn is_sequence(cx: &Ctx, v: Value) -> bool {
    ListObj::of(v).is_some()
        || TupleObj::of(v).is_some()
        || (cx.type_of(v).slots.getitem.address() != 0 && DictObj::of(v).is_none())
}

// ---------------------------------------------------------------------------------------------------- except*

/// Checks what an `except*` clause names.
fn check_star_clause(cx: &mut Ctx, clause: Value) -> PyResult<()> {
    let classes = TupleObj::of(clause).map_or(std::slice::from_ref(&clause), |t| t.items());
    let base = cx.ty(Ty::BaseException).value();
    if classes.iter().any(|c| !TypeObj::of(*c).is_some_and(|t| t.is_subtype(base))) {
        return Err(cx.type_error("catching classes that do not inherit from BaseException is not allowed"));
    }
    let group = cx.ty(Ty::BaseExceptionGroup).value();
    if classes.iter().any(|c| TypeObj::of(*c).is_some_and(|t| t.is_subtype(group))) {
        return Err(cx.type_error("catching ExceptionGroup with except* is not allowed. Use except instead."));
    }
    Ok(())
}

/// Splits what is left of an exception (None: nothing) by the class or tuple of an `except*` clause: the part that matches, as a
/// group, and the rest; either may be None.
pub fn eg_match(cx: &mut Ctx, exc: Value, clause: Value) -> PyResult<(Value, Value)> {
    check_star_clause(cx, clause)?;
    if exc.is_none() {
        return Ok((Value::NONE, Value::NONE));
    }
    if is_of_type(cx, exc, clause) {
        if is_group(cx, exc) {
            return Ok((exc, Value::NONE));
        }
        let given = cx.tuple_of(None, &[exc])?;
        let wrapped = make_group(cx, "", &[exc], given)?;
        if let Some((f, pc)) = frame::current(cx) {
            unwind::add_traceback(cx, wrapped, f, f.index(pc));
        }
        return Ok((wrapped, Value::NONE));
    }
    if !is_group(cx, exc) {
        return Ok((Value::NONE, exc));
    }
    let pair = call_method(cx, exc, "split", &[clause])?;
    match TupleObj::of(pair).map(|t| t.items()) {
        Some([part, rest, ..]) => Ok((*part, *rest)),
        Some(few) => {
            let msg = format!(
                "{}.split must return a 2-tuple, got tuple of size {}",
                crate::ops::tp_name(cx, exc),
                few.len()
            );
            Err(cx.type_error(&msg))
        }
        None => {
            let msg = format!(
                "{}.split must return a tuple, not {}",
                crate::ops::tp_name(cx, exc),
                crate::ops::tp_name(cx, pair)
            );
            Err(cx.type_error(&msg))
        }
    }
}

/// What `except*` has to raise in the end, or None: `orig` is the exception that was caught, `list` the list of what the clauses raised
/// and of the rest that no clause matched.
pub fn prep_reraise_star(cx: &mut Ctx, orig: Value, list: Value) -> PyResult {
    let Some(list) = ListObj::of(list) else { return Ok(Value::NONE) };
    if !is_group(cx, orig) {
        // One clause at most took the bare exception, so one thing at most is to be raised.
        return Ok(list.get(0).unwrap_or(Value::NONE));
    }
    let mut raised = ValueVec::new(cx);
    let mut again = HashSet::new();
    for e in list.snapshot() {
        if e.is_none() {
            continue;
        }
        if same_metadata(cx, e, orig)? {
            collect_leaves(cx, e, &mut again)?;
        } else {
            raised.push(cx, e)?;
        }
    }
    let (part, _) = split(cx, orig, &Matcher::Leaves(&again), false)?;
    if raised.is_empty() {
        return Ok(part.unwrap_or(Value::NONE));
    }
    if let Some(part) = part {
        raised.push(cx, part)?;
    }
    let all = raised.to_vec();
    let result = match all[..] {
        [one] => Ok(one),
        _ => new_group(cx, "", &all),
    };
    crate::roots::keep_alive(raised.into_list());
    result
}

/// Whether two groups share notes, traceback, cause and context.
fn same_metadata(cx: &mut Ctx, a: Value, b: Value) -> PyResult<bool> {
    let (Some(x), Some(y)) = (ExcObj::of(a), ExcObj::of(b)) else { return Ok(false) };
    if !is_group(cx, a) || !is_group(cx, b) {
        return Ok(false);
    }
    let n = name(cx, N::Notes);
    let notes =
        |cx: &mut Ctx, v: Value| -> PyResult<Option<Value>> { Ok(crate::attr::instance_attr(cx, v, n)) };
    Ok(x.traceback.get() == y.traceback.get()
        && x.cause.get() == y.cause.get()
        && x.context.get() == y.context.get()
        && notes(cx, a)? == notes(cx, b)?)
}

fn collect_leaves(cx: &mut Ctx, exc: Value, into: &mut HashSet<u64>) -> PyResult<()> {
    if !is_group(cx, exc) {
        into.insert(exc.bits());
        return Ok(());
    }
    cx.check_native_stack(" in collect_exception_group_leaf_ids")?;
    for e in exceptions(exc) {
        collect_leaves(cx, *e, into)?;
    }
    Ok(())
}

/// The matcher for the argument of `split` and `subgroup`; TypeError for anything else.
pub fn matcher(cx: &mut Ctx, v: Value) -> PyResult<Matcher<'static>> {
    let base = cx.ty(Ty::BaseException).value();
    let is_class = |v: Value| TypeObj::of(v).is_some_and(|t| t.is_subtype(base));
    if TypeObj::of(v).is_none() && ops::callable(cx, v) {
        return Ok(Matcher::Call(v));
    }
    let tuple = TupleObj::of(v).filter(|_| cx.is_exact(v, Ty::Tuple));
    if is_class(v) || tuple.is_some_and(|t| t.items().iter().all(|c| is_class(*c))) {
        return Ok(Matcher::Types(v));
    }
    Err(bad_matcher(cx))
}

#[cold]
fn bad_matcher(cx: &mut Ctx) -> Raised {
    cx.type_error(
        "expected an exception type, a tuple of exception types, or a callable (other than a class)",
    )
}
