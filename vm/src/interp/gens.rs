//! Generators, coroutines and asynchronous generators: frames that leave the stack and come back.
//!
//! A suspended frame's registers lie in storage of its own; resuming copies them onto the running thread's register stack, suspending copies them back.
//! (Measured against a stack of its own for each generator: a frame has some ten to thirty words, so the copy costs less than the
//! cache misses of another stack, and a generator that never runs costs no stack.)
//!
//! Who resumed a generator is told by the return address: the `ForIter` or `YieldFrom` instruction that waits for
//! it, or, with the entry flag, native code.
//!
//! Invariants:
//! 1. `state` goes to RUNNING by compare-and-swap only, so one thread runs a generator at a time.
//! 2. While it runs, `handled` holds what its resumer was handling; while suspended, what the generator itself is
//!    handling (empty: nothing).
//! 3. Storage is scanned conservatively: words among the live temporaries may be stale (headers of calls that are being prepared).

use super::calls::set_result;
use super::frame::{self, Frame, HEADER, Pc, flag};
use super::{enter, free_top, halt, unwind};
use crate::errors::{catch, new_exc, raise_stop_iteration, stop_value};
use crate::names::{N, name};
use protocore::layouts::{CodeObj, ExcObj, FunctionObj, GeneratorObj, ValuesObj, gen_state};
use protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_bytecode::{CodeFlags, Instr, Op};
use std::sync::atomic::Ordering;

/// Bit of `GeneratorObj::ag_bits`: the generator is in an `except` or `finally` clause, and so handles an exception of its own.
pub(super) const HANDLING: u8 = 8;

/// How a generator is resumed.
#[derive(Clone, Copy)]
pub enum GenInput {
    /// With a value (None for `next`).
    Send(Value),
    /// With an exception.
    Throw(Value),
}

/// How a generator stopped.
#[derive(Clone, Copy)]
pub enum GenOutput {
    /// It yielded.
    Yield(Value),
    /// It returned.
    Return(Value),
}

/// Makes the generator object of the running frame, which then returns it.
pub fn make_generator(cx: &mut Ctx, f: Frame) -> PyResult {
    let code = f.code();
    let kind = if code.flags & CodeFlags::ASYNC_GENERATOR != 0 {
        Ty::AsyncGenerator
    } else if code.flags & CodeFlags::COROUTINE != 0 {
        Ty::Coroutine
    } else {
        Ty::Generator
    };
    let nregs = code.nregs as usize;
    let Some(store) = cx.new_values(nregs) else { return Err(cx.no_memory()) };
    store.header.flags.store(1, Ordering::Relaxed);
    for (s, i) in store.slots().iter().zip(0..f.named_regs()) {
        s.init(Some(f.get(i)));
    }
    let ty = cx.ty(kind);
    let g = cx.new_zeroed(ty);
    let (Some(o), Some(func)) = (GeneratorObj::of(g), FunctionObj::of(f.function())) else {
        return Err(cx.no_memory());
    };
    o.nregs.store(code.nregs, Ordering::Relaxed);
    o.globals.init(func.globals.get());
    o.builtins.init(func.builtins.get());
    o.code.init(Some(code.value()));
    o.func.init(Some(func.value()));
    o.regs.init(Some(store.value()));
    o.name.init(func.name.get());
    o.qualname.init(func.qualname.get());
    o.pc.store(f.index(cx.pc) as u32, Ordering::Relaxed);
    if kind == Ty::Coroutine && cx.coroutine_origin_depth > 0 {
        let origin = coroutine_origin(cx);
        cx.store(g, &o.extra, origin);
    }
    cx.register_finalizer(g);
    Ok(g)
}

/// The calling frames of a new coroutine: tuples (file, line, function), innermost first.
fn coroutine_origin(cx: &mut Ctx) -> Value {
    let mut all = Vec::new();
    let held = cx.keep.len();
    let mut at = frame::current(cx).and_then(|(f, _)| frame::parent(f));
    for _ in 0..cx.coroutine_origin_depth {
        let Some((f, pc)) = at else { break };
        let code = f.code();
        let line = crate::code::line_of(code, f.index(pc));
        let t = cx.tuple(&[code.rt.filename.get_or_none(), Value::small(i64::from(line)), code.rt.name]);
        cx.keep.push(t);
        all.push(t);
        at = frame::parent(f);
    }
    let r = cx.tuple(&all);
    cx.keep.truncate(held);
    r
}

/// Word for messages: what kind of generator it is.
fn kind_name(code: &CodeObj) -> &'static str {
    if code.flags & CodeFlags::ASYNC_GENERATOR != 0 {
        "async generator"
    } else if code.flags & CodeFlags::COROUTINE != 0 {
        "coroutine"
    } else {
        "generator"
    }
}

/// The code object of a generator.
pub fn gen_code(g: &GeneratorObj) -> Option<&'static CodeObj> {
    g.code.get().and_then(CodeObj::of)
}

/// Number of registers that a generator keeps which is suspended at instruction `w`.
#[inline(always)]
fn kept(w: Instr) -> usize {
    match w.op_number() {
        n if n == Op::Yield as u16 => usize::from(w.c()),
        n if n == Op::YieldFrom as u16 => usize::from(w.c()) + 1,
        _ => usize::MAX,
    }
}

fn instr_at(code: &CodeObj, i: usize) -> Option<Instr> {
    code.rt.code.get(i).map(|w| Instr(w.load(Ordering::Relaxed)))
}

/// Takes the generator from suspended (or created) to running; the state it had. Errors: running already.
fn claim(cx: &mut Ctx, g: &GeneratorObj) -> PyResult<u8> {
    loop {
        let state = g.state.load(Ordering::Acquire);
        match state {
            // Nobody else claims it where there is nobody else.
            gen_state::CREATED | gen_state::SUSPENDED if cx.single_threaded() => {
                g.state.store(gen_state::RUNNING, Ordering::Relaxed);
                return Ok(state);
            }
            gen_state::CREATED | gen_state::SUSPENDED => {
                if g.state
                    .compare_exchange(state, gen_state::RUNNING, Ordering::AcqRel, Ordering::Acquire)
                    .is_ok()
                {
                    return Ok(state);
                }
            }
            gen_state::DONE => return Ok(state),
            _ => {
                let kind = gen_code(g).map_or("generator", kind_name);
                let msg = format!("{kind} already executing");
                return Err(cx.value_error(&msg));
            }
        }
    }
}

/// Pushes the frame of a claimed generator; where it goes on. A value sent is delivered, an exception is not.
fn push(
    cx: &mut Ctx,
    g: &GeneratorObj,
    was: u8,
    window: Frame,
    flags: usize,
    ret: Pc,
    sent: Value,
) -> PyResult<Pc> {
    let (Some(code), Some(store)) = (gen_code(g), g.regs.get().and_then(ValuesObj::of)) else {
        return Err(cx.no_memory());
    };
    if !frame::enter_check(cx, window.0, code) {
        g.state.store(was, Ordering::Release);
        return frame::too_deep(cx);
    }
    let caller = cx.regs;
    // SAFETY: the words above the innermost window are free, and the stack has room.
    unsafe { window.init(g.value(), caller, flags | flag::GEN, ret, code) };
    // SAFETY: `pc` indexes the code.
    let (at, w) = unsafe {
        let at = code.start.add(g.pc.load(Ordering::Relaxed) as usize);
        (at, Instr((*at).load(Ordering::Relaxed)))
    };
    let n = if was == gen_state::CREATED { usize::MAX } else { kept(w) };
    let slots = store.slots();
    for (i, s) in slots.get(..n).unwrap_or(slots).iter().enumerate() {
        window.set(i, s.get_or(Value::UNBOUND));
        // What runs may let go of it.
        s.init(None);
    }
    let (outer, own) = (cx.handled, g.handled.get());
    if let Some(own) = own {
        cx.handled = own;
    }
    if own.is_some() || !outer.is_none() {
        cx.store(g.value(), &g.handled, outer);
    }
    cx.regs = window.0;
    if let Some(o) = g.frame.get() {
        frame::attach(cx, window, o);
    }
    if was == gen_state::CREATED {
        // SAFETY: an instruction follows `ReturnGenerator`.
        return Ok(unsafe { at.add(1) });
    }
    if w.op_number() == Op::YieldFrom as u16 {
        window.set(usize::from(w.c()), sent);
        return Ok(at);
    }
    window.set(usize::from(w.a()), sent);
    // SAFETY: an instruction follows `Yield`.
    Ok(unsafe { at.add(1) })
}

fn just_started_error(cx: &mut Ctx, g: &GeneratorObj) -> Raised {
    let kind = gen_code(g).map_or("generator", kind_name);
    let msg = format!("can't send non-None value to a just-started {kind}");
    cx.type_error(&msg)
}

/// Resumes a generator from native code.
pub fn gen_resume(cx: &mut Ctx, gv: Value, input: GenInput) -> PyResult<GenOutput> {
    let Some(g) = GeneratorObj::of(gv) else { return Err(cx.type_error("not a generator")) };
    cx.check_native_stack("")?;
    let was = claim(cx, g)?;
    match (was, input) {
        (gen_state::DONE, GenInput::Send(_)) => {
            if gen_code(g).is_some_and(|c| kind_name(c) == "coroutine") {
                return Err(cx.raise_str(Ty::RuntimeError, "cannot reuse already awaited coroutine"));
            }
            return Ok(GenOutput::Return(Value::NONE));
        }
        (gen_state::DONE, GenInput::Throw(e)) => {
            if gen_code(g).is_some_and(|c| kind_name(c) == "coroutine") {
                return Err(cx.raise_str(Ty::RuntimeError, "cannot reuse already awaited coroutine"));
            }
            return Err(cx.set_raised(e));
        }
        (gen_state::CREATED, GenInput::Send(v)) if !v.is_none() => {
            g.state.store(was, Ordering::Release);
            return Err(just_started_error(cx, g));
        }
        (gen_state::SUSPENDED, GenInput::Throw(e)) => {
            if let Some(sub) = delegate(g) {
                return throw_into(cx, g, sub, e);
            }
        }
        _ => {}
    }
    run(cx, g, was, input)
}

/// Runs a claimed generator until it stops.
fn run(cx: &mut Ctx, g: &GeneratorObj, was: u8, input: GenInput) -> PyResult<GenOutput> {
    let window = Frame(free_top(cx).wrapping_add(HEADER));
    let ret = cx.pc;
    let sent = match input {
        GenInput::Send(v) => v,
        GenInput::Throw(_) => Value::NONE,
    };
    let pc = push(cx, g, was, window, flag::ENTRY, ret, sent)?;
    if let GenInput::Throw(e) = input {
        let Some(code) = gen_code(g) else { return Err(cx.no_memory()) };
        // SAFETY: `pc` of the generator indexes its code.
        cx.pc = unsafe { code.start.add(g.pc.load(Ordering::Relaxed) as usize) };
        return raise_in(cx, g, window, e);
    }
    complete(cx, g, pc, window)
}

/// Runs a pushed generator's frame until it stops.
fn complete(cx: &mut Ctx, g: &GeneratorObj, pc: Pc, window: Frame) -> PyResult<GenOutput> {
    let v = enter(cx, pc, window)?;
    if g.state.load(Ordering::Acquire) == gen_state::DONE {
        Ok(GenOutput::Return(v))
    } else {
        Ok(GenOutput::Yield(v))
    }
}

/// Raises an exception in a pushed generator's frame, at `cx.pc`, and runs it until it stops.
fn raise_in(cx: &mut Ctx, g: &GeneratorObj, window: Frame, e: Value) -> PyResult<GenOutput> {
    let e = if cx.tools.armed { super::watch::thrown(cx, window, e) } else { e };
    let handled = cx.handled;
    crate::errors::set_context_if_empty(cx, e, handled);
    let _ = cx.set_raised(e);
    let pc = unwind::unwind(cx);
    if std::ptr::eq(pc, halt()) {
        // The exception was not caught: the frame is gone already.
        return finish_entry(cx, window, |cx| match cx.raised() {
            Some(e) => Err(cx.set_raised(e)),
            None => Ok(window.owner_value()),
        })
        .map(GenOutput::Return);
    }
    complete(cx, g, pc, window)
}

/// What `enter` does at its end, for an entry frame that ended without running.
fn finish_entry(cx: &mut Ctx, window: Frame, f: impl FnOnce(&mut Ctx) -> PyResult) -> PyResult {
    cx.regs = window.caller().map_or(std::ptr::null_mut(), |c| c.0);
    cx.pc = window.return_pc();
    f(cx)
}

/// The sub-iterator that a suspended generator delegates to.
pub fn delegate(g: &GeneratorObj) -> Option<Value> {
    let w = instr_at(gen_code(g)?, g.pc.load(Ordering::Relaxed) as usize)?;
    if w.op_number() != Op::YieldFrom as u16 || g.state.load(Ordering::Acquire) == gen_state::CREATED {
        return None;
    }
    g.regs.get().and_then(ValuesObj::of)?.slots().get(usize::from(w.b()))?.get()
}

/// Throws into a generator that delegates: the sub-iterator gets the exception first. The generator's frame is on the stack meanwhile,
/// for whoever looks at the frames.
fn throw_into(cx: &mut Ctx, g: &GeneratorObj, sub: Value, e: Value) -> PyResult<GenOutput> {
    let window = Frame(free_top(cx).wrapping_add(HEADER));
    let ret = cx.pc;
    let at = push(cx, g, gen_state::SUSPENDED, window, flag::ENTRY, ret, Value::NONE)?;
    cx.pc = at;
    let resumed = if cx.is_instance(e, Ty::GeneratorExit) {
        match close_iter(cx, sub) {
            Ok(()) => Err(cx.set_raised(e)),
            Err(r) => Err(r),
        }
    } else if is_native_generator(cx, sub) {
        gen_resume(cx, sub, GenInput::Throw(e))
    } else {
        throw_foreign(cx, sub, e)
    };
    let result = match resumed {
        Ok(GenOutput::Yield(v)) => {
            suspend(cx, window, g, at);
            return finish_entry(cx, window, |_| Ok(v)).map(GenOutput::Yield);
        }
        Ok(GenOutput::Return(v)) => v,
        Err(r) => {
            let e = cx.take_raised(r);
            if !cx.is_instance(e, Ty::StopIteration) {
                return raise_in(cx, g, window, e);
            }
            stop_value(e)
        }
    };
    if let Some(w) = instr_at(window.code(), window.index(at)) {
        window.set(usize::from(w.a()), result);
    }
    if cx.tools.armed {
        cx.tools.start = window.0;
    }
    // SAFETY: an instruction follows `YieldFrom`.
    complete(cx, g, unsafe { at.add(1) }, window)
}

fn throw_foreign(cx: &mut Ctx, sub: Value, e: Value) -> PyResult<GenOutput> {
    let n = name(cx, N::Throw);
    match crate::attr::lookup_attr(cx, sub, n)? {
        Some(m) => crate::call::call(cx, m, &[e]).map(GenOutput::Yield),
        None => Err(cx.set_raised(e)),
    }
}

/// Whether a value is a generator or coroutine whose frame can be pushed directly.
fn is_native_generator(cx: &Ctx, v: Value) -> bool {
    GeneratorObj::of(v).is_some() && !cx.is_exact(v, Ty::AsyncGenerator)
}

/// Closes a sub-iterator: a generator natively, others by their `close` method if they have one.
pub fn close_iter(cx: &mut Ctx, it: Value) -> PyResult<()> {
    if is_native_generator(cx, it) {
        return gen_close(cx, it).map(|_| ());
    }
    let n = name(cx, N::Close);
    match crate::attr::lookup_attr(cx, it, n) {
        Ok(Some(m)) => crate::call::call(cx, m, &[]).map(|_| ()),
        Ok(None) => Ok(()),
        Err(r) => {
            crate::errors::report_unraisable(cx, r, None, it);
            Ok(())
        }
    }
}

/// `generator.close()`: the value it returned, if it did.
pub fn gen_close(cx: &mut Ctx, gv: Value) -> PyResult {
    let Some(g) = GeneratorObj::of(gv) else { return Ok(Value::NONE) };
    let state = g.state.load(Ordering::Acquire);
    if state == gen_state::DONE {
        return Ok(Value::NONE);
    }
    let never_started = state == gen_state::CREATED
        && g.state
            .compare_exchange(gen_state::CREATED, gen_state::DONE, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
    if never_started {
        release(cx, g);
        return Ok(Value::NONE);
    }
    let e = new_exc(cx, Ty::GeneratorExit, &[]);
    match gen_resume(cx, gv, GenInput::Throw(e)) {
        Ok(GenOutput::Return(v)) => Ok(v),
        Ok(GenOutput::Yield(_)) => {
            let kind = gen_code(g).map_or("generator", kind_name);
            let msg = format!("{kind} ignored GeneratorExit");
            Err(cx.raise_str(Ty::RuntimeError, &msg))
        }
        Err(r) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::GeneratorExit) {
                return Ok(Value::NONE);
            }
            if cx.is_instance(e, Ty::StopIteration) {
                return Ok(stop_value(e));
            }
            Err(cx.set_raised(e))
        }
    }
}

/// Drops what a finished generator held. Its frame object, which may live on in a traceback, does not keep it either.
fn release(cx: &mut Ctx, g: &GeneratorObj) {
    if let Some(o) = g.frame.get() {
        if let Some(f) = protocore::layouts::FrameObj::of(o) {
            cx.store_empty(o, &f.generator);
        }
        cx.store_empty(g.value(), &g.frame);
    }
    for s in [&g.func, &g.regs, &g.handled] {
        cx.store_empty(g.value(), s);
    }
}

/// Copies a frame's registers back into its generator and restores what its resumer was handling.
fn suspend(cx: &mut Ctx, f: Frame, g: &GeneratorObj, pc: Pc) {
    if f.object().is_some() {
        frame::detach(cx, f, pc, false);
    }
    if let Some(store) = g.regs.get().and_then(ValuesObj::of) {
        cx.barrier(store.value());
        // SAFETY: `pc` is an instruction of the frame's code.
        let n = kept(Instr(unsafe { (*pc).load(Ordering::Relaxed) }));
        let slots = store.slots();
        // The others were emptied when it was resumed.
        for (i, s) in slots.get(..n).unwrap_or(slots).iter().enumerate() {
            s.init(Some(f.get(i)));
        }
    }
    g.pc.store(f.index(pc) as u32, Ordering::Relaxed);
    let kept_for_resumer = g.handled.get();
    let outer = kept_for_resumer.unwrap_or(Value::NONE);
    let own = cx.handled;
    if g.ag_bits.load(Ordering::Relaxed) & HANDLING != 0 {
        cx.store(g.value(), &g.handled, own);
    } else if kept_for_resumer.is_some() {
        cx.store_empty(g.value(), &g.handled);
    }
    cx.handled = outer;
    cx.depth -= 1;
    g.state.store(gen_state::SUSPENDED, Ordering::Release);
}

/// `Yield`: suspends the running generator, and those that delegate to it, and hands the value to the consumer.
#[inline(never)]
pub fn yield_value(cx: &mut Ctx, v: Value) -> Pc {
    let mut f = Frame(cx.regs);
    let mut pc = cx.pc;
    loop {
        let Some(g) = f.generator() else {
            let _ = cx.raise_str(Ty::SystemError, "yield outside of a generator");
            return std::ptr::null();
        };
        let (flags, ret) = (f.flags(), f.return_pc());
        let caller = f.caller();
        suspend(cx, f, g, pc);
        if flags & flag::ENTRY != 0 {
            set_result(f, v);
            return halt();
        }
        let Some(c) = caller else { return halt() };
        cx.regs = c.0;
        // SAFETY: the return address of a generator's frame is its consumer's instruction.
        let w = Instr(unsafe { (*ret).load(Ordering::Relaxed) });
        if w.op_number() == Op::ForIter as u16 {
            c.set(usize::from(w.b()), v);
            // SAFETY: the loop body follows the instruction and its cache word.
            return unsafe { ret.add(2) };
        }
        f = c;
        pc = ret;
    }
}

/// A generator's frame returns `v`.
pub fn return_from(cx: &mut Ctx, f: Frame, v: Value) -> Pc {
    let (flags, ret, caller) = (f.flags(), f.return_pc(), f.caller());
    if let Some(g) = f.generator() {
        let outer = g.handled.get_or_none();
        cx.handled = outer;
        release(cx, g);
        g.state.store(gen_state::DONE, Ordering::Release);
    }
    cx.depth -= 1;
    if flags & flag::ENTRY != 0 {
        set_result(f, v);
        return halt();
    }
    let Some(c) = caller else { return halt() };
    cx.regs = c.0;
    // SAFETY: as in `yield_value`.
    let w = Instr(unsafe { (*ret).load(Ordering::Relaxed) });
    if w.op_number() == Op::ForIter as u16 {
        // SAFETY: the exit of the loop is an instruction.
        return unsafe { ret.add(2).offset(isize::from(w.c() as i16)) };
    }
    c.set(usize::from(w.a()), v);
    // SAFETY: an instruction follows `YieldFrom`.
    unsafe { ret.add(1) }
}

/// A generator's frame is left by an exception; the exception that its consumer sees.
pub fn fail(cx: &mut Ctx, f: Frame, exc: Value) -> Value {
    let Some(g) = f.generator() else { return exc };
    let inner = cx.handled;
    let _ = inner;
    cx.handled = g.handled.get_or_none();
    release(cx, g);
    g.state.store(gen_state::DONE, Ordering::Release);
    let code = f.code();
    let kind = kind_name(code);
    let stop = cx.is_instance(exc, Ty::StopIteration);
    let astop = kind == "async generator" && cx.is_instance(exc, Ty::StopAsyncIteration);
    if !stop && !astop {
        return exc;
    }
    let what = if stop { "StopIteration" } else { "StopAsyncIteration" };
    let msg = format!("{kind} raised {what}");
    cx.keep.push(exc);
    let m = cx.str(&msg);
    let e = new_exc(cx, Ty::RuntimeError, &[m]);
    if let Some(x) = ExcObj::of(e) {
        cx.store(e, &x.cause, exc);
        cx.store(e, &x.context, exc);
        x.header.flags.fetch_or(1, Ordering::Relaxed);
    }
    cx.keep.pop();
    e
}

/// An exception from a generator arrives at its consumer: StopIteration ends a `ForIter` over a foreign iterator only, so
/// there is nothing to do for generators; kept as the one place that decides it.
pub fn stop_in_consumer(_cx: &mut Ctx, _f: Frame, _at: usize, _exc: Value) -> Option<Pc> {
    None
}

/// Resumes generator `gv` for the `ForIter` or `YieldFrom` at `ret` without entering again; null: raised. `None`: it is finished.
pub fn resume_inline(cx: &mut Ctx, gv: Value, ret: Pc, sent: Value) -> PyResult<Option<Pc>> {
    let Some(g) = GeneratorObj::of(gv) else { return Ok(None) };
    let was = claim(cx, g)?;
    if was == gen_state::DONE {
        if gen_code(g).is_some_and(|c| kind_name(c) == "coroutine") {
            return Err(cx.raise_str(Ty::RuntimeError, "cannot reuse already awaited coroutine"));
        }
        return Ok(None);
    }
    if was == gen_state::CREATED && !sent.is_none() {
        g.state.store(was, Ordering::Release);
        return Err(just_started_error(cx, g));
    }
    let window = Frame(free_top(cx).wrapping_add(HEADER));
    push(cx, g, was, window, 0, ret, sent).map(Some)
}

/// `YieldFrom`: runs the sub-iterator one step. Null: raised.
#[inline(never)]
pub fn yield_from(cx: &mut Ctx, f: Frame, w: Instr, pc: Pc) -> Pc {
    match yield_from_step(cx, f, w, pc) {
        Ok(pc) => pc,
        Err(_) => std::ptr::null(),
    }
}

fn yield_from_step(cx: &mut Ctx, f: Frame, w: Instr, pc: Pc) -> PyResult<Pc> {
    let (it, sent) = (f.get(usize::from(w.b())), f.get(usize::from(w.c())));
    f.set(usize::from(w.c()), Value::NONE);
    let out = if is_native_generator(cx, it) {
        match resume_inline(cx, it, pc, sent)? {
            Some(at) => return Ok(at),
            None => None,
        }
    } else {
        match step_foreign(cx, it, sent)? {
            GenOutput::Yield(v) => {
                if cx.tools.armed {
                    super::watch::delegated(cx, f, pc, v)?;
                }
                Some(v)
            }
            GenOutput::Return(v) => {
                f.set(usize::from(w.a()), v);
                // SAFETY: an instruction follows.
                return Ok(unsafe { pc.add(1) });
            }
        }
    };
    match out {
        Some(v) => Ok(yield_value(cx, v)),
        None => {
            f.set(usize::from(w.a()), Value::NONE);
            // SAFETY: an instruction follows.
            Ok(unsafe { pc.add(1) })
        }
    }
}

/// One step of an iterator that is no generator.
pub fn step_foreign(cx: &mut Ctx, it: Value, sent: Value) -> PyResult<GenOutput> {
    if sent.is_none() && cx.type_of(it).slots.iternext.address() != 0 {
        return Ok(match crate::types::next_or_return(cx, it)? {
            Ok(v) => GenOutput::Yield(v),
            Err(v) => GenOutput::Return(v),
        });
    }
    let r = crate::call::call_method(cx, it, "send", &[sent]);
    stop_to_value(cx, r)
}

/// `next(generator)` as the type's slot: StopIteration with a value is raised, an end without value is `None`.
pub fn gen_next(cx: &mut Ctx, gv: Value) -> PyResult<Option<Value>> {
    match gen_resume(cx, gv, GenInput::Send(Value::NONE))? {
        GenOutput::Yield(v) => Ok(Some(v)),
        GenOutput::Return(v) if v.is_none() => Ok(None),
        GenOutput::Return(v) => Err(raise_stop_iteration(cx, v)),
    }
}

// ---------------------------------------------------------------------------------------------------- instructions

/// `GetYieldFromIter`
pub fn get_yield_from_iter(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = f.get(usize::from(w.b()));
    let it = if cx.is_exact(v, Ty::Coroutine) {
        if f.code().flags & (CodeFlags::COROUTINE | CodeFlags::ITERABLE_COROUTINE) == 0 {
            return Err(cx.type_error("cannot 'yield from' a coroutine object in a non-coroutine generator"));
        }
        v
    } else if cx.is_exact(v, Ty::Generator) {
        v
    } else {
        crate::iter::iter(cx, v)?
    };
    f.set(usize::from(w.a()), it);
    Ok(())
}

/// Whether a generator was made by `types.coroutine`.
fn is_iterable_coroutine(v: Value) -> bool {
    GeneratorObj::of(v).and_then(gen_code).is_some_and(|c| c.flags & CodeFlags::ITERABLE_COROUTINE != 0)
}

/// The iterator of an awaitable.
pub fn awaitable_iter(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    if cx.is_exact(v, Ty::Coroutine) || (cx.is_exact(v, Ty::Generator) && is_iterable_coroutine(v)) {
        return Ok(Some(v));
    }
    let Some(m) = cx.type_of(v).slots.am_await.get() else { return Ok(None) };
    let it = m(cx, v)?;
    if cx.is_exact(it, Ty::Coroutine) || is_iterable_coroutine(it) {
        return Err(cx.type_error("__await__() returned a coroutine"));
    }
    if cx.type_of(it).slots.iternext.address() == 0 {
        let msg = format!("__await__() returned non-iterator of type '{}'", crate::ops::tp_name(cx, it));
        return Err(cx.type_error(&msg));
    }
    Ok(Some(it))
}

/// `GetAwaitable`
pub fn get_awaitable_op(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = f.get(usize::from(w.b()));
    let it = match awaitable_iter(cx, v)? {
        Some(it) => it,
        None => {
            let t = crate::ops::tp_name(cx, v);
            let msg = match w.c() {
                1 => format!(
                    "'async with' received an object from __aenter__ that does not implement __await__: {t}"
                ),
                2 => format!(
                    "'async with' received an object from __aexit__ that does not implement __await__: {t}"
                ),
                _ => format!("'{t}' object can't be awaited"),
            };
            return Err(cx.type_error(&msg));
        }
    };
    if let Some(g) = GeneratorObj::of(it)
        && cx.is_exact(it, Ty::Coroutine)
        && delegate(g).is_some()
        && g.state.load(Ordering::Acquire) == gen_state::SUSPENDED
    {
        return Err(cx.raise_str(Ty::RuntimeError, "coroutine is being awaited already"));
    }
    f.set(usize::from(w.a()), it);
    Ok(())
}

/// `GetAIter`
pub fn get_aiter_op(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = f.get(usize::from(w.b()));
    let Some(m) = cx.type_of(v).slots.am_aiter.get() else {
        let msg = format!(
            "'async for' requires an object with __aiter__ method, got {}",
            crate::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    };
    let it = m(cx, v)?;
    if cx.type_of(it).slots.am_anext.address() == 0 {
        let msg = format!(
            "'async for' received an object from __aiter__ that does not implement __anext__: {}",
            crate::ops::tp_name(cx, it)
        );
        return Err(cx.type_error(&msg));
    }
    f.set(usize::from(w.a()), it);
    Ok(())
}

/// `GetANext`
pub fn get_anext_op(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = f.get(usize::from(w.b()));
    let Some(m) = cx.type_of(v).slots.am_anext.get() else {
        let msg = format!(
            "'async for' requires an iterator with __anext__ method, got {}",
            crate::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    };
    let a = m(cx, v)?;
    let it = match awaitable_iter(cx, a) {
        Ok(Some(it)) => it,
        Ok(None) => {
            let msg = format!(
                "'async for' received an invalid object from __anext__: {}",
                crate::ops::tp_name(cx, a)
            );
            return Err(cx.type_error(&msg));
        }
        Err(r) => {
            let cause = cx.take_raised(r);
            let msg = format!(
                "'async for' received an invalid object from __anext__: {}",
                crate::ops::tp_name(cx, a)
            );
            let r = cx.type_error(&msg);
            return Err(crate::errors::raise_with_cause(cx, r, cause));
        }
    };
    f.set(usize::from(w.a()), it);
    Ok(())
}

/// `EndAsyncFor`
pub fn end_async_for(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let e = f.get(usize::from(w.a()));
    if cx.is_instance(e, Ty::StopAsyncIteration) {
        return Ok(());
    }
    if let Some(x) = ExcObj::of(e) {
        x.header.flags.fetch_or(unwind::NO_ENTRY, Ordering::Relaxed);
    }
    Err(cx.set_raised(e))
}

/// `StopIteration` turned into its value, for natives that drive generators.
pub fn stop_to_value(cx: &mut Ctx, r: PyResult) -> PyResult<GenOutput> {
    match r {
        Ok(v) => Ok(GenOutput::Yield(v)),
        Err(r) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::StopIteration) {
                return Ok(GenOutput::Return(stop_value(e)));
            }
            Err(cx.set_raised(e))
        }
    }
}

/// Keeps `catch` at hand for callers of this module.
pub fn catch_stop(cx: &mut Ctx, r: PyResult) -> PyResult<Option<Value>> {
    catch(cx, r, Ty::StopIteration)
}
