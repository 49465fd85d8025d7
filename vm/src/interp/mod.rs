//! The interpreter: dispatch, and the way in from native code.
//!
//! # Dispatch
//!
//! A handler is an inlined function from machine state to machine state, one an opcode, in
//! [`handlers`]. The opcode list wraps each in a function that ends in a call through the handler table. With
//! optimisation LLVM makes a jump of that call, so that the state stays in registers and every opcode has an indirect
//! branch of its own. Without optimisation it would not, and the native stack would overflow; there the same list
//! makes a `match` in a loop.
//!
//! What keeps the tail call a jump: no value with `Drop` and no local whose address escaped lives across it, and
//! all five arguments travel in registers. Everything that allocates, raises or calls out is therefore an out-of-line
//! function of (thread, frame, operands) whose result fits one or two registers.
//!
//! A handler that calls such a function has to save registers of its own on the native stack, on its fast path as well, since
//! LLVM does so at a function's entry. Hot handlers therefore answer [`S::cold`] where they leave their fast path: a jump to
//! another function of the same form, which starts from the same state and may be as slow as it likes.
//!
//! # Entering and leaving
//!
//! Native code enters by [`run_function`]: it pushes a frame flagged as entry and runs until that frame ends. The end is an
//! instruction outside of the opcode list, to which an entry frame "returns". Python calls from Python code push and pop frames without
//! entering again.

#![allow(unsafe_code)]

mod arith;
pub mod attrs;
pub mod bind;
pub mod calls;
pub mod frame;
pub mod gens;
mod handlers;
pub mod liveness;
pub mod raising;
pub mod remote;
pub mod slow;
mod state;
mod unpack;
pub mod unwind;
pub mod watch;

use frame::{Frame, HEADER, Pc, flag};
use protocore::heap::SavedRegisters;
use protocore::layouts::{CodeObj, FunctionObj};
use protocore::{Args, Ctx, PyResult, Ty, Value};
use protopy_bytecode::{ALL_OPS, Instr, Op, for_each_op};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a handler gets: the address and the word of the instruction, and the machine state.
#[derive(Clone, Copy)]
pub(crate) struct S {
    pub pc: Pc,
    pub regs: *mut Value,
    pub k: *const Value,
    pub th: *mut Ctx,
    pub w: Instr,
    /// Whether one instruction is executed by itself: out-of-line parts run at once. A constant wherever handlers are inlined.
    pub step: bool,
}

/// What a handler answers: where to go on.
#[derive(Clone, Copy)]
pub(crate) struct Next {
    pub pc: Pc,
    pub regs: *mut Value,
    pub k: *const Value,
    /// Set if the handler did nothing: the function that carries the instruction out. See [`S::cold`].
    pub cold: Option<Cold>,
}

/// The out-of-line part of a handler.
pub(crate) type Cold = tail::Cold;

/// Opcode number of the instruction that leaves the interpreter.
const HALT_OP: u64 = ALL_OPS.len() as u64;

/// The instruction to which entry frames return.
static HALT: AtomicU64 = AtomicU64::new(HALT_OP);

/// Address of the halt instruction.
#[inline(always)]
pub(crate) fn halt() -> Pc {
    &raw const HALT
}

macro_rules! step {
    ($($(#[$doc:meta])* $name:ident $mnemonic:literal ($a:ident, $b:ident, $c:ident) $caches:literal;)*) => {
        /// Executes one instruction.
        unsafe fn step(op: Op, s: S) -> Next {
            // SAFETY: as the handlers'.
            unsafe {
                match op {
                    $(Op::$name => handlers::$name(S { step: true, ..s }),)*
                }
            }
        }
    };
}

for_each_op!(step);

#[cfg(tail_dispatch)]
mod tail {
    //! Handlers that end in a jump to the next one.
    use super::{ALL_OPS, Ctx, Instr, Ordering, Pc, S, Value, handlers, watch};
    use protopy_bytecode::{WATCHED, for_each_op};

    type Handler = unsafe fn(Pc, *mut Value, *const Value, *mut Ctx, u64);

    /// A handler's out-of-line part is a handler, too.
    pub(crate) type Cold = Handler;

    /// The out-of-line part that `F`, a closure without captures, carries out.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn cold<F: Fn(S) -> super::Next + Copy>(
        pc: Pc,
        regs: *mut Value,
        k: *const Value,
        th: *mut Ctx,
        w: u64,
    ) {
        // SAFETY: the state is that of a running frame; the closure keeps it so.
        unsafe {
            let n = super::state::of_nothing::<F>()(S { pc, regs, k, th, w: Instr(w), step: false });
            if let Some(cold) = n.cold {
                return cold(pc, regs, k, th, w);
            }
            let w = (*n.pc).load(Ordering::Relaxed);
            TABLE.get_unchecked((w & 0xffff) as usize)(n.pc, n.regs, n.k, th, w)
        }
    }

    macro_rules! wrap {
        ($($(#[$doc:meta])* $name:ident $mnemonic:literal ($a:ident, $b:ident, $c:ident) $caches:literal;)*) => {
            $(
                #[allow(non_snake_case)]
                unsafe fn $name(pc: Pc, regs: *mut Value, k: *const Value, th: *mut Ctx, w: u64) {
                    // SAFETY: the state is that of a running frame; the handler keeps it so.
                    unsafe {
                        let n = handlers::$name(S { pc, regs, k, th, w: Instr(w), step: false });
                        if let Some(cold) = n.cold {
                            return cold(pc, regs, k, th, w);
                        }
                        let w = (*n.pc).load(Ordering::Relaxed);
                        TABLE.get_unchecked((w & 0xffff) as usize)(n.pc, n.regs, n.k, th, w)
                    }
                }
            )*
            static TABLE: [Handler; TABLE_LEN] = table(&[$($name,)*]);
        };
    }

    /// Words that tools watch have their opcodes in the upper half.
    const TABLE_LEN: usize = WATCHED as usize + ALL_OPS.len() + 1;

    const fn table(plain: &[Handler]) -> [Handler; TABLE_LEN] {
        let mut all: [Handler; TABLE_LEN] = [stop; TABLE_LEN];
        let mut i = 0;
        while i < plain.len() {
            all[i] = plain[i];
            all[i + WATCHED as usize] = watched;
            i += 1;
        }
        all
    }

    unsafe fn stop(_: Pc, _: *mut Value, _: *const Value, _: *mut Ctx, _: u64) {}

    /// An instruction that tools watch.
    unsafe fn watched(pc: Pc, regs: *mut Value, k: *const Value, th: *mut Ctx, w: u64) {
        // SAFETY: as for any handler.
        unsafe {
            let pc = watch::run(pc, regs, k, th, w);
            let regs = (*th).regs;
            let w = (*pc).load(Ordering::Relaxed);
            TABLE.get_unchecked((w & 0xffff) as usize)(pc, regs, super::consts_of(regs), th, w)
        }
    }

    for_each_op!(wrap);

    /// Runs from `pc` until the halt instruction.
    pub(super) unsafe fn run(pc: Pc, regs: *mut Value, k: *const Value, th: *mut Ctx) {
        // SAFETY: the caller passes the state of a pushed frame; code is verified, so opcode numbers are in range.
        unsafe {
            let w = (*pc).load(Ordering::Relaxed);
            TABLE[(w & 0xffff) as usize](pc, regs, k, th, w);
        }
    }
}

#[cfg(not(tail_dispatch))]
mod tail {
    //! The same handlers in a loop.
    use super::{Ctx, Instr, Ordering, Pc, S, Value, step, watch};
    use protopy_bytecode::Op;

    /// A handler's out-of-line part.
    pub(crate) type Cold = unsafe fn(S) -> super::Next;

    /// The out-of-line part that `F`, a closure without captures, carries out.
    pub(super) unsafe fn cold<F: Fn(S) -> super::Next + Copy>(s: S) -> super::Next {
        // SAFETY: `S::cold` took the address with a closure without captures.
        unsafe { super::state::of_nothing::<F>()(s) }
    }

    /// Runs from `pc` until the halt instruction.
    pub(super) unsafe fn run(pc: Pc, regs: *mut Value, k: *const Value, th: *mut Ctx) {
        let mut n = super::Next { pc, regs, k, cold: None };
        loop {
            // SAFETY: the caller passes the state of a pushed frame.
            unsafe {
                let w = Instr((*n.pc).load(Ordering::Relaxed));
                let Some(op) = Op::from_u16(w.op_number()) else { return };
                let s = S { pc: n.pc, regs: n.regs, k: n.k, th, w: w.unwatched(), step: false };
                if w.is_watched() {
                    let pc = watch::run(s.pc, s.regs, s.k, th, w.0);
                    let regs = (*th).regs;
                    n = super::Next { pc, regs, k: super::consts_of(regs), cold: None };
                    continue;
                }
                n = step(op, s);
                while let Some(cold) = n.cold {
                    n = cold(s);
                }
            }
        }
    }
}

/// The constants of the frame at `regs`.
#[inline(always)]
pub(crate) fn consts_of(regs: *mut Value) -> *const Value {
    if regs.is_null() { std::ptr::null() } else { Frame(regs).code().consts }
}

/// First register that a new window's header may use.
pub(crate) fn free_top(cx: &Ctx) -> *mut Value {
    if cx.regs.is_null() {
        cx.stack.base
    } else {
        // SAFETY: the end of the innermost window.
        unsafe { cx.regs.add(Frame(cx.regs).code().nregs as usize) }
    }
}

/// Runs the pushed entry frame at `cx.regs` from `pc`; afterwards the thread's state is what it was before.
///
/// A panic below is turned into SystemError here, so that no defect of a native function ends the process.
pub(crate) fn enter(cx: &mut Ctx, pc: Pc, window: Frame) -> PyResult {
    let (old_regs, old_pc, depth) =
        (window.caller().map_or(std::ptr::null_mut(), |f| f.0), window.return_pc(), cx.depth - 1);
    cx.entries += 1;
    let mut saved = SavedRegisters::default();
    let outer = cx.enter_interpreter(&mut saved);
    let th: *mut Ctx = cx;
    let k = window.code().consts;
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // SAFETY: the frame was pushed by the caller; `th` is this thread's state.
        unsafe { tail::run(pc, window.0, k, th) }
    }));
    cx.entries -= 1;
    cx.entry = outer;
    std::hint::black_box(&saved);
    let result = window.owner_value();
    cx.regs = old_regs;
    cx.pc = old_pc;
    cx.depth = depth;
    if caught.is_err() {
        let r = cx.raise_str(Ty::SystemError, "internal error: a native function panicked");
        return Err(r);
    }
    match cx.raised() {
        Some(e) => Err(cx.set_raised(e)),
        None => Ok(result),
    }
}

/// Calls a Python function from native code.
pub fn run_function(cx: &mut Ctx, f: Value, args: Args<'_>) -> PyResult {
    let Some(func) = FunctionObj::of(f) else { return Err(crate::call::not_callable(cx, f)) };
    cx.check_native_stack("")?;
    let Some(code) = func.code.get().and_then(CodeObj::of) else {
        return Err(crate::call::not_callable(cx, f));
    };
    let window = Frame(free_top(cx).wrapping_add(HEADER));
    if !frame::enter_check(cx, window.0, code) {
        return frame::too_deep(cx);
    }
    let (caller, pc) = (cx.regs, cx.pc);
    // SAFETY: the words from the end of the innermost window on are free.
    unsafe { window.init(f, caller, flag::ENTRY, pc, code) };
    if let Err(r) = bind::bind(cx, func, code, args, window) {
        cx.depth -= 1;
        return Err(r);
    }
    cx.regs = window.0;
    enter(cx, code.entry, window)
}

/// Runs a function whose code has a namespace (`exec`, class bodies, modules) with `ns` as that namespace.
pub fn run_in_namespace(cx: &mut Ctx, f: Value, ns: Value) -> PyResult {
    let Some(func) = FunctionObj::of(f) else { return Err(crate::call::not_callable(cx, f)) };
    cx.check_native_stack("")?;
    let Some(code) = func.code.get().and_then(CodeObj::of) else {
        return Err(crate::call::not_callable(cx, f));
    };
    if code.flags & protopy_bytecode::CodeFlags::OPTIMIZED != 0 {
        return run_function(cx, f, Args::NONE);
    }
    let window = Frame(free_top(cx).wrapping_add(HEADER));
    if !frame::enter_check(cx, window.0, code) {
        return frame::too_deep(cx);
    }
    let (caller, pc) = (cx.regs, cx.pc);
    // SAFETY: as in `run_function`.
    unsafe { window.init(f, caller, flag::ENTRY, pc, code) };
    for i in 0..code.init_regs as usize {
        window.set(i, Value::UNBOUND);
    }
    window.set(0, ns);
    cx.regs = window.0;
    enter(cx, code.entry, window)
}
