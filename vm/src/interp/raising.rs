//! The out-of-line parts of the opcodes about exceptions, `with`, `match` and rare things.

use super::frame::Frame;
use super::gens;
use super::slow::{put, r, update_from};
use super::unwind::NO_ENTRY;
use crate::attr::{lookup_special_name, type_lookup};
use crate::errors::{make_exception, matches_clause, set_context};
use crate::names::{N, name};
use crate::ops;
use protocore::dict::DictObj;
use protocore::layouts::{ExcObj, TupleObj};
use protocore::types::type_flags;
use protocore::{Ctx, PyResult, Raised, Ty, TypeObj, Value};
use protopy_bytecode::{CodeFlags, Instr, Special};
use std::sync::atomic::Ordering;

/// `Raise`
pub fn raise(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let e = make_exception(cx, r(f, w.a()))?;
    let handled = cx.handled;
    set_context(cx, e, handled);
    Err(cx.set_raised(e))
}

/// `RaiseFrom`
pub fn raise_from(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let e = make_exception(cx, r(f, w.a()))?;
    let cause = r(f, w.b());
    let cause = if cause.is_none() {
        None
    } else {
        match make_exception(cx, cause) {
            Ok(c) => Some(c),
            Err(r) => {
                let inner = cx.take_raised(r);
                if !cx.is_instance(inner, Ty::TypeError) || TypeObj::of(cause).is_some() {
                    return Err(cx.set_raised(inner));
                }
                return Err(cx.type_error("exception causes must derive from BaseException"));
            }
        }
    };
    if let Some(x) = ExcObj::of(e) {
        match cause {
            Some(c) => cx.store(e, &x.cause, c),
            None => cx.store_empty(e, &x.cause),
        }
        x.header.flags.fetch_or(1, Ordering::Relaxed);
    }
    let handled = cx.handled;
    set_context(cx, e, handled);
    Err(cx.set_raised(e))
}

/// `RaiseBare`
pub fn raise_bare(cx: &mut Ctx, _f: Frame, _w: Instr) -> PyResult<()> {
    if cx.handled.is_none() {
        return Err(cx.raise_str(Ty::RuntimeError, "No active exception to reraise"));
    }
    let e = cx.handled;
    // CPython adds no entry for the line of a bare `raise` in the frame that caught the exception.
    mark_no_entry(cx, e);
    Err(cx.set_raised(e))
}

fn mark_no_entry(cx: &Ctx, e: Value) {
    let Some(x) = ExcObj::of(e) else { return };
    let here = super::frame::current(cx).and_then(|(f, _)| f.object());
    let top =
        x.traceback.get().and_then(|t| t.native::<crate::errors::Traceback>()).and_then(|t| t.frame.get());
    if here.is_some() && here == top {
        x.header.flags.fetch_or(NO_ENTRY, Ordering::Relaxed);
    }
}

/// `Reraise`
pub fn reraise(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let e = r(f, w.a());
    mark_no_entry(cx, e);
    Err(cx.set_raised(e))
}

/// `PushExc`
pub fn push_exc(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let e = r(f, w.b());
    let saved = match f.generator() {
        // The exception handled outside of a generator may be another one at the next resumption.
        Some(g) if g.ag_bits.fetch_or(gens::HANDLING, Ordering::Relaxed) & gens::HANDLING == 0 => {
            Value::UNBOUND
        }
        _ => cx.handled,
    };
    f.set(usize::from(w.a()), saved);
    cx.handled = e;
    Ok(())
}

/// `PopExc`
pub fn pop_exc(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = r(f, w.a());
    cx.handled = match f.generator() {
        Some(g) if v.is_unbound() => {
            g.ag_bits.fetch_and(!gens::HANDLING, Ordering::Relaxed);
            g.handled.get_or_none()
        }
        _ => v,
    };
    Ok(())
}

/// `CheckExcMatch`
pub fn check_exc_match(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let t = matches_clause(cx, r(f, w.b()), r(f, w.c()))?;
    put(f, w.a(), Value::bool(t))
}

/// `CheckEgMatch`
pub fn check_eg_match(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let (m, rest) = crate::groups::eg_match(cx, r(f, w.b()), r(f, w.c()))?;
    f.set(usize::from(w.a()), m);
    put(f, w.b(), rest)
}

/// `PrepReraiseStar`
pub fn prep_reraise_star(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = crate::groups::prep_reraise_star(cx, r(f, w.b()), r(f, w.c()))?;
    put(f, w.a(), v)
}

/// `LoadSpecial`
pub fn load_special(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let obj = r(f, w.b());
    let kind = Special::from_u16(w.c()).unwrap_or(Special::Enter);
    let n = match kind {
        Special::Enter => N::Enter,
        Special::Exit => N::Exit,
        Special::AEnter => N::AEnter,
        Special::AExit => N::AExit,
    };
    let nm = name(cx, n);
    let ty = cx.type_of(obj);
    if let Some(attr) = type_lookup(cx, ty, nm)
        && crate::attr::is_plain_method(cx, attr)
    {
        f.set(usize::from(w.a()), attr);
        f.set(usize::from(w.a()) + super::HEADER, obj);
        return Ok(());
    }
    match lookup_special_name(cx, obj, nm)? {
        Some(m) => {
            f.set(usize::from(w.a()), m);
            f.set(usize::from(w.a()) + super::HEADER, Value::UNBOUND);
            Ok(())
        }
        None => Err(no_special(cx, obj, kind)),
    }
}

fn no_special(cx: &mut Ctx, obj: Value, kind: Special) -> Raised {
    let t = crate::ops::tp_name(cx, obj);
    let is_async = matches!(kind, Special::AEnter | Special::AExit);
    let has = |cx: &mut Ctx, n: N| {
        let nm = name(cx, n);
        let ty = cx.type_of(obj);
        type_lookup(cx, ty, nm).is_some()
    };
    let (missing, proto) = match kind {
        Special::Enter => ("__enter__", "context manager"),
        Special::Exit => ("__exit__", "context manager"),
        Special::AEnter => ("__aenter__", "asynchronous context manager"),
        Special::AExit => ("__aexit__", "asynchronous context manager"),
    };
    let mut msg = format!("'{t}' object does not support the {proto} protocol (missed {missing} method)");
    let other = if is_async {
        has(cx, N::Enter) && has(cx, N::Exit)
    } else {
        has(cx, N::AEnter) && has(cx, N::AExit)
    };
    if other {
        let (not, yes) = if is_async {
            ("asynchronous context manager", "with")
        } else {
            ("context manager", "async with")
        };
        msg = format!(
            "'{t}' object does not support the {not} protocol (missed {missing} method) but it supports the {} protocol. Did \
             you mean to use '{yes}'?",
            if is_async { "context manager" } else { "asynchronous context manager" }
        );
    }
    cx.type_error(&msg)
}

// ---------------------------------------------------------------------------------------------------- match

/// `MatchClass`
pub fn match_class(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let b = usize::from(w.b());
    let v = crate::matching::match_class(cx, f.get(b), f.get(b + 1), f.get(b + 2), usize::from(w.c()))?;
    put(f, w.a(), v)
}

/// `MatchMapping`
pub fn match_mapping(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let t = cx.type_of(r(f, w.b())).has(type_flags::MAPPING);
    put(f, w.a(), Value::bool(t))
}

/// `MatchSequence`
pub fn match_sequence(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let t = cx.type_of(r(f, w.b())).has(type_flags::SEQUENCE);
    put(f, w.a(), Value::bool(t))
}

/// `MatchKeys`
pub fn match_keys(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = crate::matching::match_keys(cx, r(f, w.b()), r(f, w.c()))?;
    put(f, w.a(), v)
}

/// `MatchRest`
pub fn match_rest(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let d = cx.dict();
    if let Some(dict) = DictObj::of(d) {
        update_from(cx, dict, r(f, w.b()))?;
        for k in TupleObj::of(r(f, w.c())).map_or(&[][..], |t| t.items()) {
            crate::dicts::dict_del(cx, dict, *k)?;
        }
    }
    put(f, w.a(), d)
}

/// `GetLen`
pub fn get_len(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let n = ops::len(cx, r(f, w.b()))?;
    let v = cx.int_usize(n);
    put(f, w.a(), v)
}

// ---------------------------------------------------------------------------------------------------- intrinsics

/// `CallIntrinsic1`
pub fn intrinsic1(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = crate::intrinsics::intrinsic1(cx, f, w.c(), r(f, w.b()))?;
    put(f, w.a(), v)
}

/// `CallIntrinsic2`
pub fn intrinsic2(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let b = usize::from(w.b());
    let v = crate::intrinsics::intrinsic2(cx, w.c(), f.get(b), f.get(b + 1))?;
    put(f, w.a(), v)
}

/// Whether code is that of a function (its locals are registers).
pub fn is_optimised(f: Frame) -> bool {
    f.code().flags & CodeFlags::OPTIMIZED != 0
}
