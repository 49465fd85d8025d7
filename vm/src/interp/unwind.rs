//! Unwinding: from a raised exception to its handler.
//!
//! Handlers are found in the code objects' exception tables, so a `try` costs nothing until something is raised. Each frame that the exception
//! leaves, and the frame that handles it, adds a traceback entry.

use super::frame::{self, Frame, Pc, flag};
use super::{gens, halt, watch};
use crate::errors::{Traceback, set_context};
use protocore::layouts::ExcObj;
use protocore::{Ctx, Raised, Slot, Ty, Value};
use protopy_bytecode::{ExcEntry, Instr, Op};
use std::sync::atomic::{AtomicI64, AtomicU32};

/// Finds the handler of the exception that was just raised in the frame at `cx.regs`, at `cx.pc`. Answers where to go on; the
/// thread's `regs` is that frame's window.
#[inline(never)]
pub fn unwind(cx: &mut Ctx) -> Pc {
    let mut f = Frame(cx.regs);
    let mut at = f.index(cx.pc);
    let mut exc = take(cx);
    let fresh = ExcObj::of(exc).is_some_and(|x| x.traceback.is_empty());
    if fresh && ExcObj::of(exc).is_some_and(|x| x.context.is_empty()) {
        let handled = cx.handled;
        set_context(cx, exc, handled);
    }
    loop {
        let again = !add_traceback(cx, exc, f, at);
        if cx.tools.armed {
            exc = watch::raised(cx, f, exc, again);
        }
        if let Some(e) = handler(f, at) {
            if cx.tools.armed
                && let Some(other) = watch::handled(cx, f, e.handler as usize, exc)
            {
                (exc, at) = (other, e.handler as usize);
                continue;
            }
            f.set(usize::from(e.reg), exc);
            cx.regs = f.0;
            // SAFETY: handlers of verified code are instruction starts.
            return unsafe { f.code().start.add(e.handler as usize) };
        }
        // What cleans up and raises again leaves the frame where the exception was raised at first.
        let back = f.code().rt.data.code.get(at).is_some_and(|w| {
            let w = Instr(*w);
            w.op_number() == Op::Reraise as u16 && w.b() != 0
        });
        let own_line = !back && f.code().rt.data.positions.get(at).is_some_and(|p| p.line != 0);
        let last = if again && !own_line { raised_at(exc, f).unwrap_or(at) } else { at };
        // SAFETY: both index the frame's code.
        let left = unsafe { f.code().start.add(last) };
        if cx.tools.armed {
            cx.pc = left;
            exc = watch::unwinding(cx, f, exc);
        }
        let (flags, ret) = (f.flags(), f.return_pc());
        if f.object().is_some() {
            cx.keep.push(exc);
            frame::detach(cx, f, left, true);
            cx.keep.pop();
        }
        if flags & flag::GEN != 0 {
            exc = gens::fail(cx, f, exc);
            if f.object().is_some() {
                // Another thread asked for it meanwhile.
                cx.keep.push(exc);
                frame::detach(cx, f, left, true);
                cx.keep.pop();
            }
        }
        cx.depth -= 1;
        if flags & flag::ENTRY != 0 {
            let _ = cx.set_raised(exc);
            return halt();
        }
        let Some(caller) = f.caller() else {
            let _ = cx.set_raised(exc);
            return halt();
        };
        f = caller;
        cx.regs = f.0;
        at = if flags & flag::GEN != 0 { f.index(ret) } else { f.index(ret) - 1 };
        // SAFETY: `at` indexes the frame's code.
        cx.pc = unsafe { f.code().start.add(at) };
        if flags & flag::GEN != 0
            && let Some(pc) = gens::stop_in_consumer(cx, f, at, exc)
        {
            return pc;
        }
    }
}

fn take(cx: &mut Ctx) -> Value {
    match cx.raised() {
        Some(_) => {}
        None => {
            let _: Raised = cx.raise_str(Ty::SystemError, "error return without exception set");
        }
    }
    crate::interp::slow::take_current(cx)
}

fn handler(f: Frame, at: usize) -> Option<ExcEntry> {
    let at = at as u32;
    f.code().rt.data.exceptions.iter().find(|e| e.start <= at && at < e.end).copied()
}

/// The instruction word of an exception's newest traceback entry, if that is the frame's.
fn raised_at(exc: Value, f: Frame) -> Option<usize> {
    let tb = ExcObj::of(exc)?.traceback.get()?.native::<Traceback>()?;
    let at = tb.lasti.load(std::sync::atomic::Ordering::Relaxed) as usize;
    (tb.frame.get() == f.object() && at < f.code().rt.data.code.len()).then_some(at)
}

/// Puts a traceback entry for a frame in front of the exception's; whether that was needed.
pub fn add_traceback(cx: &mut Ctx, exc: Value, f: Frame, at: usize) -> bool {
    let Some(x) = ExcObj::of(exc) else { return true };
    // `raise` with no change of frame (re-raising in a handler) does not repeat the entry.
    if x.header.flags() & NO_ENTRY != 0 {
        x.header.flags.fetch_and(!NO_ENTRY, std::sync::atomic::Ordering::Relaxed);
        return false;
    }
    cx.keep.push(exc);
    let frame = frame::frame_object(cx, f);
    let next = x.traceback.get().filter(|v| !v.is_none());
    let line = crate::code::line_of(f.code(), at);
    let ty = cx.ty(Ty::Traceback);
    let tb = cx.new_native(
        ty,
        Traceback {
            next: Slot::from_option(next),
            frame: Slot::new(frame),
            lasti: AtomicU32::new(at as u32),
            line: AtomicI64::new(i64::from(line)),
        },
    );
    cx.store(exc, &x.traceback, tb);
    cx.keep.pop();
    true
}

/// Exception flag: the next frame to see the exception adds no traceback entry.
pub const NO_ENTRY: u8 = 2;
