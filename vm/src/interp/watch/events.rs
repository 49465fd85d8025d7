//! Telling tools of events.

use super::event::*;
use super::marks;
use super::{Frame, UNIT};
use crate::errors::Traceback;
use crate::interp::frame;
use protocore::layouts::{CodeObj, ExcObj, FrameObj, NativeFnObj};
use protocore::tools::{PROFILE, TRACE, USER_TOOLS};
use protocore::{Ctx, PyResult, Ty, Value};
use std::sync::atomic::Ordering;

/// Where an event happens.
#[derive(Clone, Copy)]
pub struct Site {
    /// The frame.
    pub f: Frame,
    /// The instruction word.
    pub at: usize,
    /// The instruction word that tools are told.
    pub shown: usize,
}

/// An event at a word.
pub fn site(f: Frame, at: usize) -> Site {
    Site { f, at, shown: at }
}

/// The tools that this thread tells of anything.
fn of_thread(cx: &Ctx) -> u8 {
    let trace = u8::from(!cx.tracefn.is_none()) << TRACE;
    let profile = u8::from(!cx.profilefn.is_none()) << PROFILE;
    ((1 << USER_TOOLS) - 1) | trace | profile
}

/// The tools that are to be told of event `e` at a word of code.
pub fn wanted(cx: &Ctx, code: &CodeObj, at: usize, e: u8) -> u8 {
    marks::tools_at(cx, code, at, e) & of_thread(cx)
}

/// The tools that are to be told of an event that is watched in all code or none.
pub fn wanted_everywhere(cx: &Ctx, e: u8) -> u8 {
    let mut m = 0;
    for (t, events) in cx.space().tools.events.iter().enumerate() {
        m |= u8::from(events.load(Ordering::Relaxed) & 1 << e != 0) << t;
    }
    m & of_thread(cx)
}

/// Tells the tools of `mask` of an event. `args` are those of the event after code and offset.
pub fn fire(cx: &mut Ctx, s: Site, e: u8, mask: u8, args: &[Value]) -> PyResult<()> {
    for tool in (0..8).rev().filter(|t| mask & 1 << t != 0) {
        if cx.tools.inside != 0 {
            break;
        }
        match tool {
            TRACE if !cx.tracefn.is_none() => trace(cx, s, e, args)?,
            PROFILE if !cx.profilefn.is_none() => profile(cx, s, e, args)?,
            TRACE | PROFILE => {}
            _ => callback(cx, s, e, tool, args)?,
        }
    }
    Ok(())
}

/// Calls a tool, whose doings are not watched.
fn call_tool(cx: &mut Ctx, s: Site, e: u8, f: Value, args: &[Value]) -> PyResult {
    let event = std::mem::replace(&mut cx.tools.event, i32::from(e));
    let site = std::mem::replace(&mut cx.tools.site, (s.f.0, s.at));
    cx.tools.inside += 1;
    let r = crate::call::call(cx, f, args);
    cx.tools.inside -= 1;
    (cx.tools.event, cx.tools.site) = (event, site);
    r
}

/// `sys.call_tracing`: calls a function as if no tool were running.
pub fn call_tracing(cx: &mut Ctx, f: Value, args: &[Value]) -> PyResult {
    let (event, inside) = (cx.tools.event, cx.tools.inside);
    (cx.tools.event, cx.tools.inside) = (-1, 0);
    let r = crate::call::call(cx, f, args);
    (cx.tools.event, cx.tools.inside) = (event, inside);
    r
}

// ---------------------------------------------------------------------------------------------------- callbacks

/// Names of the events that cannot be disabled at a place.
fn name_of(e: u8) -> &'static str {
    match e {
        RAISE => "RAISE",
        EXCEPTION_HANDLED => "EXCEPTION_HANDLED",
        PY_UNWIND => "PY_UNWIND",
        PY_THROW => "PY_THROW",
        RERAISE => "RERAISE",
        C_RETURN => "C_RETURN",
        _ => "C_RAISE",
    }
}

fn callback(cx: &mut Ctx, s: Site, e: u8, tool: usize, args: &[Value]) -> PyResult<()> {
    let slots = &cx.space().tools.callbacks[tool];
    let found = slots[usize::from(e)].get().or_else(|| match e {
        BRANCH_LEFT | BRANCH_RIGHT => slots[usize::from(BRANCH)].get(),
        _ => None,
    });
    let Some(f) = found else { return Ok(()) };
    let code = s.f.code();
    let mut all = [Value::NONE; 4];
    all[0] = code.value();
    let n = if e == LINE {
        all[1] = args.first().copied().unwrap_or(Value::NONE);
        2
    } else {
        all[1] = Value::small(s.shown as i64 * UNIT);
        for (a, v) in all[2..].iter_mut().zip(args) {
            *a = *v;
        }
        2 + args.len().min(2)
    };
    let r = call_tool(cx, s, e, f, &all[..n])?;
    let disable = cx.space().tools.marks[0].get();
    if disable.is_none_or(|d| !r.is(d)) {
        return Ok(());
    }
    if e > STOP_ITERATION {
        cx.space().tools.callbacks[tool][usize::from(e)].init(None);
        let msg = format!("Cannot disable {} events. Callback removed.", name_of(e));
        return Err(cx.value_error(&msg));
    }
    marks::switch_off(cx, code, s.at, e, tool);
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- trace function

/// What the trace function is told, and whether the frame's own one is asked.
fn trace(cx: &mut Ctx, s: Site, e: u8, args: &[Value]) -> PyResult<()> {
    let (what, arg) = match e {
        PY_START | PY_RESUME | PY_THROW => ("call", Value::NONE),
        PY_RETURN | PY_YIELD => ("return", args.first().copied().unwrap_or(Value::NONE)),
        PY_UNWIND => ("return", Value::NONE),
        RAISE | STOP_ITERATION => ("exception", Value::NONE),
        LINE => ("line", Value::NONE),
        INSTRUCTION => ("opcode", Value::NONE),
        _ => return Ok(()),
    };
    if what == "call" {
        let fo = frame::frame_object(cx, s.f);
        if let (PY_START, Some(o)) = (e, FrameObj::of(fo)) {
            o.line.store(0, Ordering::Relaxed);
        }
        let f = cx.tracefn;
        return call_trace(cx, s, e, f, fo, what, arg);
    }
    let Some(fo) = s.f.object() else { return Ok(()) };
    let Some(o) = FrameObj::of(fo) else { return Ok(()) };
    let Some(f) = o.trace.get() else { return Ok(()) };
    let flags = o.header.flags();
    if (e == LINE && flags & NO_LINES != 0) || (e == INSTRUCTION && flags & OPCODES == 0) {
        return Ok(());
    }
    let arg = match (what, args) {
        ("exception", [exc, ..]) => exc_info(cx, *exc),
        _ => arg,
    };
    call_trace(cx, s, e, f, fo, what, arg)
}

/// Header flags of a frame object.
const NO_LINES: u8 = 1;
const OPCODES: u8 = 2;

/// Type, exception and traceback.
fn exc_info(cx: &mut Ctx, exc: Value) -> Value {
    let ty = cx.type_of(exc).value();
    let tb = ExcObj::of(exc).and_then(|x| x.traceback.get()).filter(|t| t.native::<Traceback>().is_some());
    cx.tuple(&[ty, exc, tb.unwrap_or(Value::NONE)])
}

fn call_trace(cx: &mut Ctx, s: Site, e: u8, f: Value, fo: Value, what: &str, arg: Value) -> PyResult<()> {
    let what = cx.intern_str(what);
    match call_tool(cx, s, e, f, &[fo, what, arg]) {
        Ok(v) => {
            if let (Some(o), false) = (FrameObj::of(fo), v.is_none()) {
                cx.store(fo, &o.trace, v);
            }
            Ok(())
        }
        Err(r) => {
            let exc = cx.take_raised(r);
            super::tools::set_function(cx, TRACE, Value::NONE);
            if let Some(o) = FrameObj::of(fo) {
                cx.store_empty(fo, &o.trace);
            }
            Err(cx.set_raised(exc))
        }
    }
}

// ---------------------------------------------------------------------------------------------------- profile function

fn profile(cx: &mut Ctx, s: Site, e: u8, args: &[Value]) -> PyResult<()> {
    let (what, arg) = match e {
        PY_START | PY_RESUME | PY_THROW => ("call", Value::NONE),
        PY_RETURN | PY_YIELD => ("return", args.first().copied().unwrap_or(Value::NONE)),
        PY_UNWIND => ("return", Value::NONE),
        CALL | C_RETURN | C_RAISE => {
            let what = match e {
                CALL => "c_call",
                C_RETURN => "c_return",
                _ => "c_exception",
            };
            let Some(f) = native_callee(cx, args)? else { return Ok(()) };
            (what, f)
        }
        _ => return Ok(()),
    };
    let fo = frame::frame_object(cx, s.f);
    let what = cx.intern_str(what);
    let f = cx.profilefn;
    match call_tool(cx, s, e, f, &[fo, what, arg]) {
        Ok(_) => Ok(()),
        Err(r) => {
            let exc = cx.take_raised(r);
            super::tools::set_function(cx, PROFILE, Value::NONE);
            Err(cx.set_raised(exc))
        }
    }
}

/// The native function that a call calls, bound to the object whose method it is; `args` are what is called and its first argument, as events
/// of calls have them.
pub fn native_callee(cx: &mut Ctx, args: &[Value]) -> PyResult<Option<Value>> {
    let [callee, first] = *args else { return Ok(None) };
    if NativeFnObj::of(callee).is_none() {
        return Ok(None);
    }
    if cx.is_exact(callee, Ty::NativeFn) {
        return Ok(Some(callee));
    }
    if !cx.is_exact(callee, Ty::MethodDescriptor)
        || cx.space().tools.marks[1].get().is_some_and(|m| m.is(first))
    {
        return Ok(None);
    }
    let ty = cx.type_of(first).value();
    match cx.type_of(callee).slots.descr_get.get() {
        Some(get) => get(cx, callee, Some(first), ty).map(Some),
        None => Ok(None),
    }
}
