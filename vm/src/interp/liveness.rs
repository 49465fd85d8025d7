//! Dead registers: what a collection that the program asks for must not find.
//!
//! The collector takes every word of the register stack for a reference, so that frames need no maps; temporaries that nothing will
//! read again then keep their objects. That does no harm to memory, but a program that calls `gc.collect()` wants to see
//! finalizers and weak references react. So such a call empties dead registers first, in all frames of its thread.

use super::frame::{self, Frame, HEADER, Pc, flag};
use protocore::layouts::{CodeObj, FloatObj, NativeFnObj, StrObj};
use protocore::{Ctx, Value};
use protopy_bytecode::{Instr, Op};
use protopy_compiler::liveness::{Registers, live_at};
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// What is known of the points where frames wait: by code object and word.
type Known = HashMap<(usize, usize), Registers>;

/// A collection that the native function `module.function` does for the program: all that no variable, and no value that is
/// still needed, refers to is freed. The function holds no objects besides its arguments, and does not need these any more if it was
/// called by the interpreter directly.
pub fn collect_for_program(cx: &mut Ctx, module: &str, function: &str) -> usize {
    cx.let_others_run();
    let direct = called_directly(cx, module, function);
    forget_dead_registers(cx, direct);
    if direct { cx.collect_from_interpreter() } else { cx.collect() }
}

/// Whether the running frame stands at a plain call of the native method `names[..]` of `this`, so that nothing native lies between the
/// interpreter and that method, and every object that the method was given lies in the frame's registers: half of the contract of
/// [`Ctx::blocking_plainly`]. The other half, to hold nothing else, is the method's.
///
/// A method that is called while the frame stands elsewhere (by `with`, by other natives, with unpacked arguments) is not; nor is one
/// that a tool watches, or that a finalizer or a callback has called. Arguments are numbers, truth values and None: to make numbers of others
/// the method may call anything, itself included, while the frame stands there.
pub fn called_plainly(cx: &Ctx, this: Value, names: &[&str]) -> bool {
    let Some((f, pc)) = frame::current(cx) else { return false };
    let Some(word) = f.code().rt.code.get(f.index(pc)) else { return false };
    let w = Instr(word.load(Ordering::Relaxed));
    // The registers of other instructions may hold what is no value.
    let method = match Op::from_u16(w.op_number()) {
        Some(Op::Call | Op::CallKw) => false,
        Some(Op::CallMethod | Op::CallMethodKw) => true,
        _ => return false,
    };
    let (base, mut count) = (usize::from(w.a()), usize::from(w.b()));
    if cx.is_finalizing() || w.is_watched() || base + HEADER + count >= f.code().nregs as usize {
        return false;
    }
    let Some(callee) = NativeFnObj::of(f.get(base)) else { return false };
    if !names.contains(&callee.def.name) {
        return false;
    }
    let mut first = base + HEADER;
    let same = |v: Value| v.bits() == this.bits();
    // The object before a function that is no method of it is unbound, and the arguments may have taken its place.
    let given = match callee.this.get() {
        Some(t) => same(t),
        None if method && same(f.get(first)) => {
            first += 1;
            true
        }
        None => false,
    };
    if method && callee.this.get().is_some() {
        count += 1;
    }
    let harmless = |v: Value| {
        v.is_unbound()
            || v.is_small()
            || v.is_none()
            || v.is(Value::TRUE)
            || v.is(Value::FALSE)
            || FloatObj::of(v).is_some()
    };
    given && (first..first + count).all(|i| i < f.code().nregs as usize && harmless(f.get(i)))
}

/// As [`collect_for_program`], but the garbage is not freed: it is put into `cx.keep`.
pub fn save_garbage_for_program(cx: &mut Ctx, module: &str, function: &str) -> usize {
    let direct = called_directly(cx, module, function);
    forget_dead_registers(cx, direct);
    cx.collect_and_save(direct)
}

/// The registers of a call instruction: its base, and the number of argument registers.
fn call_window(f: Frame, pc: Pc) -> Option<(usize, usize)> {
    let w = Instr(f.code().rt.code.get(f.index(pc))?.load(Ordering::Relaxed));
    let args = match Op::from_u16(w.op_number())? {
        Op::Call | Op::CallKw => usize::from(w.b()),
        Op::CallMethod | Op::CallMethodKw => usize::from(w.b()) + 1,
        Op::CallEx => 2,
        _ => return None,
    };
    Some((usize::from(w.a()), args))
}

/// Whether the innermost frame is in a call of this very native function, so that nothing native lies between.
fn called_directly(cx: &Ctx, module: &str, function: &str) -> bool {
    let Some((f, pc)) = frame::current(cx) else { return false };
    // A callback may be the function, too.
    if cx.is_finalizing() {
        return false;
    }
    call_window(f, pc).and_then(|(base, _)| NativeFnObj::of(f.get(base))).is_some_and(|n| {
        n.def.name == function && n.module.get().and_then(StrObj::of).is_some_and(|m| m.eq_str(module))
    })
}

/// Empties the registers of this thread that will not be read again. With `direct` also the arguments of the innermost call.
pub fn forget_dead_registers(cx: &mut Ctx, direct: bool) {
    let Some((mut f, mut pc)) = frame::current(cx) else { return };
    let mut known = Known::new();
    let n = f.code().nregs as usize;
    forget(f, pc, n, &mut known);
    if direct && let Some((base, _)) = call_window(f, pc) {
        (base + 1..n).for_each(|i| f.set(i, Value::UNBOUND));
    }
    // Behind the window there is room into which arguments are shifted, and then nothing.
    for i in 0..2 * HEADER {
        // SAFETY: the register stack has a margin behind every window, and no frame lies behind the innermost one.
        unsafe { *f.0.add(n + i) = Value::UNBOUND };
    }
    while let Some((caller, at)) = frame::parent(f) {
        let n = caller.code().nregs as usize;
        // A callee's window begins among the temporaries of a caller in Python.
        let end = if f.flags() & (flag::ENTRY | flag::GEN) != 0 {
            n
        } else {
            n.min(((f.0 as usize).saturating_sub(caller.0 as usize) / 8).saturating_sub(HEADER))
        };
        forget(caller, at, end, &mut known);
        (f, pc) = (caller, at);
    }
    let _ = pc;
}

/// Empties the dead registers below `end` of a frame that waits at `pc`. Named registers live as long as the frame.
fn forget(f: Frame, pc: Pc, end: usize, known: &mut Known) {
    let code: &CodeObj = f.code();
    let at = f.index(pc);
    let live = known.entry((code.start as usize, at)).or_insert_with(|| live_at(&code.rt.data, at));
    for i in f.named_regs()..end {
        if !live.contains(i) {
            f.set(i, Value::UNBOUND);
        }
    }
}
