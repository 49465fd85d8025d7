//! What is watched, and by whom: registering tools, events and functions.

use super::event::*;
use super::marks;
use crate::interp::frame;
use protocore::layouts::CodeObj;
use protocore::tools::{PROFILE, TRACE};
use protocore::{Ctx, Value};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

const fn bits(all: &[u8]) -> u32 {
    let (mut n, mut i) = (0, 0);
    while i < all.len() {
        n |= 1 << all[i];
        i += 1;
    }
    n
}

/// What trace functions are told of.
const TRACE_EVENTS: u32 =
    bits(&[PY_START, PY_RESUME, PY_THROW, PY_RETURN, PY_YIELD, PY_UNWIND, RAISE, STOP_ITERATION, LINE]);
/// What profile functions are told of.
const PROFILE_EVENTS: u32 =
    bits(&[PY_START, PY_RESUME, PY_THROW, PY_RETURN, PY_YIELD, PY_UNWIND, CALL, C_RETURN, C_RAISE]);
/// Events that may be watched in single code objects.
pub const LOCAL_EVENTS: u32 = (1 << (STOP_ITERATION + 1)) - 1;

/// Sets this thread's trace function ([`TRACE`]) or profile function ([`PROFILE`]), None for none.
pub fn set_function(cx: &mut Ctx, tool: usize, f: Value) {
    let slot = if tool == TRACE { &mut cx.tracefn } else { &mut cx.profilefn };
    let had = !slot.is_none();
    *slot = f;
    let has = !f.is_none();
    if had == has {
        return;
    }
    let space = &cx.space().tools;
    let counting = space.counting.lock().unwrap_or_else(PoisonError::into_inner);
    let users = &space.users[tool - PROFILE];
    let n =
        if has { users.fetch_add(1, Ordering::AcqRel) + 1 } else { users.fetch_sub(1, Ordering::AcqRel) - 1 };
    let events = if tool == TRACE { TRACE_EVENTS } else { PROFILE_EVENTS };
    if n == 0 {
        space.events[tool].store(0, Ordering::Release);
        space.version.fetch_add(1, Ordering::AcqRel);
    } else if n == 1 && has {
        space.events[tool].store(events, Ordering::Release);
        space.version.fetch_add(1, Ordering::AcqRel);
    }
    drop(counting);
    watch_thread(cx);
}

/// A thread ends: its functions count no more.
pub fn end_thread(cx: &mut Ctx) {
    set_function(cx, TRACE, Value::NONE);
    set_function(cx, PROFILE, Value::NONE);
}

/// A frame of the code asked for events of single instructions.
pub fn want_opcodes(cx: &mut Ctx, code: &CodeObj) {
    if marks::want_opcodes(cx, code) {
        cx.space().tools.version.fetch_add(1, Ordering::AcqRel);
        watch_thread(cx);
    }
}

/// Arms this thread or not, and marks the code of the frames on its stack.
pub fn watch_thread(cx: &mut Ctx) {
    cx.arm();
    if !cx.tools.armed {
        return;
    }
    let mut at = frame::current(cx);
    while let Some((f, _)) = at {
        marks::refresh(cx, f.code());
        at = frame::parent(f);
    }
}

/// At a poll after [`Ctx::tools_changed`].
pub fn poll(cx: &mut Ctx) {
    for tool in [PROFILE, TRACE] {
        let i = tool - PROFILE;
        let space = &cx.space().tools;
        let n = space.adopt[i].load(Ordering::Acquire);
        if cx.tools.adopted[i] != n {
            cx.tools.adopted[i] = n;
            let f = cx.space().tools.everywhere[i].get_or_none();
            set_function(cx, tool, f);
        }
    }
    watch_thread(cx);
}

/// Sets the trace or profile function of all threads.
pub fn set_function_everywhere(cx: &mut Ctx, tool: usize, f: Value) {
    let i = tool - PROFILE;
    cx.space().tools.everywhere[i].init(f.not_none());
    let n = cx.space().tools.adopt[i].fetch_add(1, Ordering::AcqRel) + 1;
    cx.tools.adopted[i] = n;
    set_function(cx, tool, f);
    cx.tools_changed();
    watch_thread(cx);
}

/// Sets the events that a tool watches in all code.
pub fn set_events(cx: &mut Ctx, tool: usize, events: u32) {
    let old = cx.space().tools.events[tool].swap(events, Ordering::AcqRel);
    if old != events {
        cx.tools_changed();
        watch_thread(cx);
    }
}

/// Sets the events that a tool watches in one code object.
pub fn set_local_events(cx: &mut Ctx, code: &CodeObj, tool: usize, events: u32) {
    let old = local_events(code, tool);
    if marks::set_local_events(cx, code, tool, events) {
        let mut at = frame::current(cx);
        while let Some((f, pc)) = at.filter(|_| events & !old & 1 << INSTRUCTION != 0) {
            if std::ptr::eq(f.code(), code) {
                super::in_call(cx, f, f.index(pc));
            }
            at = frame::parent(f);
        }
        cx.tools_changed();
        watch_thread(cx);
        marks::refresh(cx, code);
    }
}

/// The events that a tool watches in one code object.
pub fn local_events(code: &CodeObj, tool: usize) -> u32 {
    code.rt.tools.get().map_or(0, |t| t.lock().local[tool])
}

/// Has events that callbacks disabled come again.
pub fn restart_events(cx: &mut Ctx) {
    cx.space().tools.restarts.fetch_add(1, Ordering::AcqRel);
    cx.tools_changed();
    watch_thread(cx);
}

/// Forgets a tool's events and callbacks.
pub fn clear(cx: &mut Ctx, tool: usize) {
    for c in &cx.space().tools.callbacks[tool] {
        c.init(None);
    }
    cx.for_each_object(&mut |v| {
        if let Some(t) = CodeObj::of(v).and_then(|c| c.rt.tools.get()) {
            let mut w = t.lock();
            marks::forget(&mut w, tool);
            t.count(&mut w);
        }
    });
    cx.space().tools.events[tool].store(0, Ordering::Release);
    cx.tools_changed();
    watch_thread(cx);
}
