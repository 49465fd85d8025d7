//! Watching programs: what `sys.settrace`, `sys.setprofile` and `sys.monitoring` rest on.
//!
//! # How it costs nothing
//!
//! A watched instruction has a bit more in the opcode field of its word ([`WATCHED`]). The dispatch table is long enough for that: the upper
//! half holds one handler, [`run`], which tells the tools and then executes the instruction by the plain handler. Where no word has the bit nothing
//! is loaded or tested that was not before. The original words stay in the code object's plain data, inline caches are not touched.
//!
//! Words are marked a code object at a time ([`marks`]), lazily: the space counts changes of what is watched, a code object knows the
//! count that its marks follow. They are compared when a frame of the code is entered by a thread that is watched, when a watched word is
//! reached, and for all frames on a thread's stack when something changes (other threads do that at their next poll). So marks that
//! nobody wants any more go when they are met.
//!
//! To see each entry without a test at each entry, a thread that is watched ("armed") has a depth limit of 0: calls do not take the short way then
//! and come to [`entering`] where recursion is checked. That notes the frame as begun; the first watched word it reaches tells of
//! the start or the resumption, which is why the first instruction and those after a `yield` are marked for these events.
//!
//! Marks are shared by threads. Tools that programs register watch all threads; trace and profile functions belong to a
//! thread, and are the two last tools here ([`TRACE`], [`PROFILE`]): a word that they want in one thread is skipped in others.
//!
//! # Lines
//!
//! A line begins where an instruction has a line that some instruction before it, by the flow of control, does not have. If none has,
//! reaching it is always a new line; otherwise the line seen last counts, which the frame object remembers.
//! Trace functions go by what the frame object remembers alone, so that a line they were sent to is not told twice.
//!
//! # Exceptions
//!
//! They are rare, so unwinding asks whether the thread is armed. What a tool raises replaces the exception on its way, or is raised
//! at the instruction that it was told of.

mod call;
mod events;
pub mod jump;
pub mod marks;
pub mod tools;

pub use events::{call_tracing, native_callee};

use super::frame::{Frame, Pc};
use super::{S, step, unwind};
use events::{Site, fire, site};
use marks::fact;
use protocore::layouts::{CodeObj, ExcObj, FrameObj, GeneratorObj};
use protocore::tools::TRACE;
use protocore::{Ctx, PyResult, Ty, Value};
use protopy_bytecode::{Instr, Op};
use std::sync::atomic::Ordering;

/// Numbers of the events: their bits in event sets.
#[allow(missing_docs)]
pub mod event {
    pub const PY_START: u8 = 0;
    pub const PY_RESUME: u8 = 1;
    pub const PY_RETURN: u8 = 2;
    pub const PY_YIELD: u8 = 3;
    pub const CALL: u8 = 4;
    pub const LINE: u8 = 5;
    pub const INSTRUCTION: u8 = 6;
    pub const JUMP: u8 = 7;
    pub const BRANCH_LEFT: u8 = 8;
    pub const BRANCH_RIGHT: u8 = 9;
    pub const STOP_ITERATION: u8 = 10;
    pub const RAISE: u8 = 11;
    pub const EXCEPTION_HANDLED: u8 = 12;
    pub const PY_UNWIND: u8 = 13;
    pub const PY_THROW: u8 = 14;
    pub const RERAISE: u8 = 15;
    pub const C_RETURN: u8 = 16;
    pub const C_RAISE: u8 = 17;
    pub const BRANCH: u8 = 18;
}
use event::*;

/// Header flag of a frame object: it asked for events of single instructions in the middle of a call. What is left of the call then, taking its
/// result, is an instruction to trace functions, though none to us.
pub const AFTER_CALL: u8 = 4;

/// What Python counts for an instruction word.
pub const UNIT: i64 = 2;

/// A frame of `code` begins (or goes on) at `window`, in a thread that may be watched.
pub(super) fn entering(cx: &mut Ctx, window: *mut Value, code: &CodeObj) {
    if cx.tools.armed && cx.tools.inside == 0 {
        cx.tools.start = window;
        marks::refresh(cx, code);
    }
}

/// Where a generator's frame was suspended, `None` for frames at their start.
fn resumed_at(f: Frame) -> Option<usize> {
    let g = f.generator()?;
    let at = g.pc.load(Ordering::Relaxed) as usize;
    (marks::op_at(f.code(), at)? != Op::ReturnGenerator).then_some(at)
}

/// Executes a watched instruction after telling the tools. The answer is where to go on, in the frame at the thread's `regs`. The state
/// comes in registers: a pointer to the caller's stack would keep its jump to the next handler from being one.
#[inline(never)]
pub(super) unsafe fn run(pc: Pc, regs: *mut Value, k: *const Value, th: *mut Ctx, w: u64) -> Pc {
    // SAFETY: the state is that of a running frame.
    unsafe {
        let s = S { pc, regs, k, th, w: Instr(w).unwatched(), step: true };
        let next = tell_and_execute(s);
        debug_assert!(
            std::ptr::eq(next, super::halt()) || {
                let f = Frame((*th).regs);
                f.index(next) < f.code().rt.code.len()
            },
            "{:?} led out of its code",
            Op::from_u16(s.w.op_number())
        );
        next
    }
}

unsafe fn tell_and_execute(s: S) -> Pc {
    // SAFETY: as the caller's.
    unsafe {
        s.save();
        let cx = s.cx();
        let f = Frame(s.regs);
        let op = Op::from_u16(s.w.op_number()).unwrap_or(Op::Nop);
        if cx.tools.inside != 0 {
            return execute(s, op);
        }
        match before(cx, f, s.pc, op) {
            Ok(None) => {}
            Ok(Some(pc)) => return pc,
            Err(_) => return unwind::unwind(cx),
        }
        let at = f.index(s.pc);
        match op {
            Op::Call | Op::CallMethod | Op::CallKw | Op::CallMethodKw | Op::CallEx => {
                let m = events::wanted(cx, f.code(), at, CALL);
                if m != 0 { call::run(s, op, m) } else { execute(s, op) }
            }
            Op::Jump => {
                let r = jump_event(cx, f, s.pc, op);
                if r.is_err() { unwind::unwind(cx) } else { execute(s, op) }
            }
            Op::ForLoop => for_loop(s, f),
            Op::ForIter => for_iter(s, f, at),
            Op::YieldFrom => yield_from(s, f, at),
            Op::Return | Op::ReturnNone => after_return(s, f, op),
            _ if marks::is_branch(op) => {
                let r = again_on_line(cx, f, at);
                if r.is_err() { unwind::unwind(cx) } else { after_branch(s, f, op, at) }
            }
            _ => execute(s, op),
        }
    }
}

/// Executes the instruction by its plain handler.
unsafe fn execute(s: S, op: Op) -> Pc {
    // SAFETY: as the caller's.
    unsafe {
        let n = step(op, s);
        (*s.th).regs = n.regs;
        n.pc
    }
}

/// Tells of what comes before the instruction is executed. The answer is where a trace function has sent the frame, if it has.
fn before(cx: &mut Ctx, f: Frame, pc: Pc, op: Op) -> PyResult<Option<Pc>> {
    let at = f.index(pc);
    let Some(facts) = marks::facts(cx, f.code(), at) else { return Ok(None) };
    let began = cx.tools.start == f.0 && facts & (fact::START | fact::RESUME) != 0;
    if began {
        cx.tools.start = std::ptr::null_mut();
        begin(cx, f)?;
    }
    if f.object().and_then(FrameObj::of).is_some_and(|o| o.header.flags() & AFTER_CALL != 0) {
        after_call(cx, f)?;
    }
    if facts & fact::LINE != 0
        && let Some(pc) = line(cx, f, at, facts, began && resumed_at(f).is_none())?
    {
        return Ok(Some(pc));
    }
    let m = events::wanted(cx, f.code(), at, INSTRUCTION);
    if m != 0 {
        fire(cx, site(f, at), INSTRUCTION, m, &[])?;
        if let Some(pc) = take_jump(cx, f) {
            return Ok(Some(pc));
        }
    }
    let value = match op {
        Op::Return => Some((PY_RETURN, f.get(a_of(f, at)))),
        Op::ReturnNone => Some((PY_RETURN, Value::NONE)),
        Op::Yield => Some((PY_YIELD, f.get(b_of(f, at)))),
        _ => None,
    };
    if let Some((e, v)) = value {
        let m = events::wanted(cx, f.code(), at, e);
        if m != 0 {
            fire(cx, site(f, at), e, m, &[v])?;
        }
        if e == PY_YIELD {
            delegators_yield(cx, f, v)?;
        }
        return Ok(take_jump(cx, f));
    }
    Ok(None)
}

fn a_of(f: Frame, at: usize) -> usize {
    marks::instr_at(f.code(), at).map_or(0, |w| usize::from(w.a()))
}

fn b_of(f: Frame, at: usize) -> usize {
    marks::instr_at(f.code(), at).map_or(0, |w| usize::from(w.b()))
}

/// The start or resumption of a frame, told as of the word that stands for the beginning, or of the `yield`.
fn begin(cx: &mut Ctx, f: Frame) -> PyResult<()> {
    let (e, at, shown) = match resumed_at(f) {
        Some(at) => (PY_RESUME, at, at),
        None => (PY_START, marks::begin_of(f.code()), 0),
    };
    let m = events::wanted(cx, f.code(), at, e);
    if m == 0 {
        return Ok(());
    }
    let pc = cx.pc;
    // SAFETY: a word of the frame's code.
    cx.pc = unsafe { f.code().start.add(shown) };
    fire(cx, Site { f, at, shown }, e, m, &[])?;
    cx.pc = pc;
    Ok(())
}

/// Events of single instructions are asked for, for a frame in the middle of a call.
pub fn in_call(cx: &mut Ctx, f: Frame, at: usize) {
    if cx.tools.inside != 0 {
        return;
    }
    let o = super::frame::frame_object(cx, f);
    if let Some(o) = FrameObj::of(o) {
        o.lasti.store(at as u32, Ordering::Relaxed);
        o.header.flags.fetch_or(AFTER_CALL, Ordering::Relaxed);
    }
}

/// The rest of a call in which events of single instructions were asked for.
fn after_call(cx: &mut Ctx, f: Frame) -> PyResult<()> {
    let Some(o) = f.object().and_then(FrameObj::of) else { return Ok(()) };
    o.header.flags.fetch_and(!AFTER_CALL, Ordering::Relaxed);
    let (pc, at) = (cx.pc, o.lasti.load(Ordering::Relaxed) as usize);
    // SAFETY: a word of the frame's code.
    cx.pc = unsafe { f.code().start.add(at) };
    let m = events::wanted(cx, f.code(), at, INSTRUCTION);
    fire(cx, site(f, at), INSTRUCTION, m, &[])?;
    cx.pc = pc;
    Ok(())
}

/// A generator yields what an iterator that is none has given to its `yield from`.
pub fn delegated(cx: &mut Ctx, f: Frame, pc: Pc, v: Value) -> PyResult<()> {
    if cx.tools.inside != 0 {
        return Ok(());
    }
    let at = f.index(pc);
    let m = events::wanted(cx, f.code(), at, PY_YIELD);
    if m != 0 {
        fire(cx, site(f, at), PY_YIELD, m, &[v])?;
    }
    delegators_yield(cx, f, v)
}

/// Generators that wait for the one that yields yield, too.
fn delegators_yield(cx: &mut Ctx, f: Frame, v: Value) -> PyResult<()> {
    let mut f = f;
    loop {
        if f.flags() & super::frame::flag::ENTRY != 0 {
            return Ok(());
        }
        let ret = f.return_pc();
        let Some(c) = f.caller() else { return Ok(()) };
        let at = c.index(ret);
        if marks::op_at(c.code(), at) != Some(Op::YieldFrom) {
            return Ok(());
        }
        let m = events::wanted(cx, c.code(), at, PY_YIELD);
        if m != 0 {
            fire(cx, site(c, at), PY_YIELD, m, &[v])?;
        }
        f = c;
    }
}

/// An instruction that may begin a line.
fn line(cx: &mut Ctx, f: Frame, at: usize, facts: u8, fresh: bool) -> PyResult<Option<Pc>> {
    let line = crate::code::line_of(f.code(), at);
    let m = events::wanted(cx, f.code(), at, LINE);
    let user = m & !(1 << TRACE);
    if user != 0 && f.object().is_none() && marks::is_mixed(cx, f.code()) {
        super::frame::frame_object(cx, f);
    }
    let object = f.object().and_then(FrameObj::of);
    let changed = object.is_none_or(|o| o.line.swap(line, Ordering::Relaxed) != line) || fresh;
    if m != user && changed && object.is_some_and(|o| !o.trace.is_empty()) {
        fire(cx, site(f, at), LINE, 1 << TRACE, &[])?;
        if let Some(pc) = take_jump(cx, f) {
            return Ok(Some(pc));
        }
    }
    if user != 0 && (facts & fact::PURE != 0 || changed) {
        fire(cx, site(f, at), LINE, user, &[Value::small(i64::from(line))])?;
    }
    Ok(take_jump(cx, f))
}

/// Where a trace function has sent the frame.
fn take_jump(cx: &mut Ctx, f: Frame) -> Option<Pc> {
    let (regs, word) = cx.tools.jump?;
    if regs != f.0 {
        return None;
    }
    cx.tools.jump = None;
    let line = crate::code::line_of(f.code(), word);
    if let Some(o) = f.object().and_then(FrameObj::of) {
        o.line.store(line, Ordering::Relaxed);
    }
    // SAFETY: the target is an instruction of the frame's code.
    Some(unsafe { f.code().start.add(word) })
}

/// A jump, conditional ones not counted; for trace functions a backward jump on one line is that line once more.
fn jump_event(cx: &mut Ctx, f: Frame, pc: Pc, op: Op) -> PyResult<()> {
    let at = f.index(pc);
    let Some(to) = marks::target(f.code(), at) else { return Ok(()) };
    again_on_line(cx, f, at)?;
    let facts = marks::facts(cx, f.code(), at).unwrap_or(0);
    let loop_line = fact::BACK | fact::LINE;
    let m = events::wanted(cx, f.code(), at, JUMP);
    // A jump that begins the line of the loop it goes back to is that line.
    if m != 0 && matches!(op, Op::Jump | Op::ForLoop) && facts & loop_line != loop_line {
        fire(cx, site(f, at), JUMP, m, &[Value::small(to as i64 * UNIT)])?;
    }
    Ok(())
}

/// A backward jump within a line, for the trace function.
fn again_on_line(cx: &mut Ctx, f: Frame, at: usize) -> PyResult<()> {
    let Some(facts) = marks::facts(cx, f.code(), at) else { return Ok(()) };
    if facts & fact::BACK == 0 || facts & fact::LINE != 0 {
        return Ok(());
    }
    let m = events::wanted(cx, f.code(), at, LINE) & 1 << TRACE;
    if m != 0 && f.object().and_then(FrameObj::of).is_some_and(|o| !o.trace.is_empty()) {
        fire(cx, site(f, at), LINE, m, &[])?;
    }
    Ok(())
}

/// A conditional jump.
unsafe fn after_branch(s: S, f: Frame, op: Op, at: usize) -> Pc {
    // SAFETY: as the caller's.
    unsafe {
        let pc = execute(s, op);
        let cx = s.cx();
        if cx.regs != f.0 || cx.tools.inside != 0 {
            return pc;
        }
        let (Some(to), next) = (marks::target(f.code(), at), at + marks::size(op)) else { return pc };
        let dest = f.index(pc);
        if dest != to && dest != next {
            return pc;
        }
        let jumped = dest == to && to != next;
        // The test at the end of a loop jumps where others fall through: into the body.
        let right = jumped == (to > at);
        cx.pc = s.pc;
        let e = if right { BRANCH_RIGHT } else { BRANCH_LEFT };
        let m = events::wanted(cx, f.code(), at, e);
        if m != 0 && fire(cx, site(f, at), e, m, &[Value::small(dest as i64 * UNIT)]).is_err() {
            return unwind::unwind(cx);
        }
        take_jump(cx, f).unwrap_or(pc)
    }
}

/// `ForLoop`: a jump back to the `ForIter`, which the plain handler would skip.
unsafe fn for_loop(s: S, f: Frame) -> Pc {
    // SAFETY: as the caller's.
    unsafe {
        let cx = s.cx();
        let polled = if cx.poll_needed() { cx.safepoint_slow() } else { Ok(()) };
        if polled.is_err() || jump_event(cx, f, s.pc, Op::ForLoop).is_err() {
            return unwind::unwind(cx);
        }
        s.pc.offset(1 + isize::from(s.w.c() as i16))
    }
}

/// `ForIter`: generators are run from here, so that what it comes to is known.
unsafe fn for_iter(s: S, f: Frame, at: usize) -> Pc {
    // SAFETY: as the caller's.
    unsafe {
        let cx = s.cx();
        let it = f.get(usize::from(s.w.a()));
        let r = next_item(cx, f, at, it);
        let (dest, e) = match r {
            Ok(Some(v)) => {
                f.set(usize::from(s.w.b()), v);
                (at + 2, BRANCH_LEFT)
            }
            Ok(None) => (marks::target(f.code(), at).unwrap_or(at + 2), BRANCH_RIGHT),
            Err(_) => return unwind::unwind(cx),
        };
        (cx.pc, cx.regs) = (s.pc, s.regs);
        let m = events::wanted(cx, f.code(), at, e);
        if m != 0 && fire(cx, site(f, at), e, m, &[Value::small(dest as i64 * UNIT)]).is_err() {
            return unwind::unwind(cx);
        }
        take_jump(cx, f).unwrap_or(f.code().start.add(dest))
    }
}

/// `YieldFrom`: an iterator that is no generator and ends by raising StopIteration is told of.
unsafe fn yield_from(s: S, f: Frame, at: usize) -> Pc {
    // SAFETY: as the caller's.
    unsafe {
        let cx = s.cx();
        let it = f.get(usize::from(s.w.b()));
        let ends_by_raising = GeneratorObj::of(it).is_none() || cx.is_exact(it, Ty::AsyncGenerator);
        let pc = execute(s, Op::YieldFrom);
        let next = s.pc.add(1);
        if !ends_by_raising || cx.regs != f.0 || !std::ptr::eq(pc, next) {
            return pc;
        }
        cx.pc = s.pc;
        let m = events::wanted_everywhere(cx, RAISE);
        let v = f.get(usize::from(s.w.a()));
        if m == 0 || (v.is_none() && cx.type_of(it).slots.am_await.address() == 0) {
            return pc;
        }
        let args: &[Value] = if v.is_none() { &[] } else { &[v] };
        let e = crate::errors::new_exc(cx, Ty::StopIteration, args);
        if fire(cx, site(f, at), RAISE, m, &[e]).is_err() { unwind::unwind(cx) } else { pc }
    }
}

fn next_item(cx: &mut Ctx, f: Frame, at: usize, it: Value) -> PyResult<Option<Value>> {
    if GeneratorObj::of(it).is_some() && cx.is_exact(it, Ty::Generator) {
        use super::gens::{GenInput, GenOutput, gen_resume};
        return match gen_resume(cx, it, GenInput::Send(Value::NONE))? {
            GenOutput::Yield(v) => Ok(Some(v)),
            GenOutput::Return(v) => {
                if !v.is_none() {
                    stop_iteration(cx, f, at, v)?;
                }
                Ok(None)
            }
        };
    }
    match crate::iter::next(cx, it) {
        Ok(v) => Ok(v),
        Err(r) => {
            let e = cx.take_raised(r);
            if !cx.is_instance(e, Ty::StopIteration) {
                return Err(cx.set_raised(e));
            }
            let m = events::wanted_everywhere(cx, RAISE);
            if m != 0 {
                fire(cx, site(f, at), RAISE, m, &[e])?;
            }
            Ok(None)
        }
    }
}

/// A generator that a frame consumes has ended, without an exception being raised.
fn stop_iteration(cx: &mut Ctx, f: Frame, at: usize, v: Value) -> PyResult<()> {
    let m = events::wanted(cx, f.code(), at, STOP_ITERATION);
    if m == 0 {
        return Ok(());
    }
    let args: &[Value] = if v.is_none() { &[] } else { &[v] };
    let e = crate::errors::new_exc(cx, Ty::StopIteration, args);
    fire(cx, site(f, at), STOP_ITERATION, m, &[e])
}

/// `Return`: a frame that delegated to the generator which returns is told that it ended.
unsafe fn after_return(s: S, f: Frame, op: Op) -> Pc {
    // SAFETY: as the caller's.
    unsafe {
        let (flags, ret, caller) = (f.flags(), f.return_pc(), f.caller());
        let v = if op == Op::Return { s.r(s.w.a()) } else { Value::NONE };
        let pc = execute(s, op);
        let Some(c) = caller else { return pc };
        let delegated = flags & super::frame::flag::GEN != 0 && flags & super::frame::flag::ENTRY == 0;
        let cx = s.cx();
        if !delegated || cx.regs != c.0 || marks::op_at(c.code(), c.index(ret)) != Some(Op::YieldFrom) {
            return pc;
        }
        cx.pc = ret;
        if stop_iteration(cx, c, c.index(ret), v).is_err() { unwind::unwind(cx) } else { pc }
    }
}

// ---------------------------------------------------------------------------------------------------- exceptions

/// An exception is on its way in frame `f`, at the thread's current instruction; the exception that goes on.
pub(super) fn raised(cx: &mut Ctx, f: Frame, exc: Value, again: bool) -> Value {
    let e = if again { RERAISE } else { RAISE };
    tell_exception(cx, f, e, exc).unwrap_or(exc)
}

/// Frame `f` handles an exception, at `handler`; another exception if a tool raised one.
pub(super) fn handled(cx: &mut Ctx, f: Frame, handler: usize, exc: Value) -> Option<Value> {
    // SAFETY: the handler is an instruction of the frame's code.
    cx.pc = unsafe { f.code().start.add(handler) };
    tell_exception(cx, f, EXCEPTION_HANDLED, exc)
}

/// Frame `f` is left by an exception.
pub(super) fn unwinding(cx: &mut Ctx, f: Frame, exc: Value) -> Value {
    if cx.tools.start == f.0 {
        cx.tools.start = std::ptr::null_mut();
    }
    tell_exception(cx, f, PY_UNWIND, exc).unwrap_or(exc)
}

/// An exception is thrown into the generator whose frame is `f`.
pub(super) fn thrown(cx: &mut Ctx, f: Frame, exc: Value) -> Value {
    cx.tools.start = std::ptr::null_mut();
    marks::refresh(cx, f.code());
    tell_exception(cx, f, PY_THROW, exc).unwrap_or(exc)
}

fn tell_exception(cx: &mut Ctx, f: Frame, e: u8, exc: Value) -> Option<Value> {
    let m = events::wanted_everywhere(cx, e);
    if m == 0 || cx.tools.inside != 0 {
        return None;
    }
    let at = f.index(cx.pc);
    let s: Site = site(f, at);
    match fire(cx, s, e, m, &[exc]) {
        Ok(()) => None,
        Err(r) => {
            let new = cx.take_raised(r);
            if let Some(x) = ExcObj::of(new)
                && x.traceback.is_empty()
            {
                unwind::add_traceback(cx, new, f, at);
            }
            Some(new)
        }
    }
}
