//! What handlers do with the machine state: registers, results, jumps, unwinding.

use super::frame::{Frame, Pc};
use super::{Next, S, consts_of, tail, unwind};
use protocore::{Ctx, PyResult, Value};
use protopy_bytecode::Instr;

impl S {
    /// Register `i`.
    #[inline(always)]
    pub(super) unsafe fn r(self, i: u16) -> Value {
        // SAFETY: operands of verified code lie in the window.
        unsafe { *self.regs.add(usize::from(i)) }
    }

    /// Sets register `i`.
    #[inline(always)]
    pub(super) unsafe fn set(self, i: u16, v: Value) {
        // SAFETY: as above.
        unsafe { *self.regs.add(usize::from(i)) = v }
    }

    /// Goes on after the instruction and `caches` cache words.
    #[inline(always)]
    pub(super) unsafe fn next(self, caches: usize) -> Next {
        // SAFETY: code never ends with an instruction that falls through.
        unsafe { Next { pc: self.pc.add(1 + caches), regs: self.regs, k: self.k, cold: None } }
    }

    /// The thread.
    #[inline(always)]
    pub(super) unsafe fn cx<'a>(self) -> &'a mut Ctx {
        // SAFETY: the thread's state outlives the run; handlers hold one reference at a time.
        unsafe { &mut *self.th }
    }

    /// Saves the machine state for whoever may look at it.
    #[inline(always)]
    pub(super) unsafe fn save(self) {
        // SAFETY: as in `cx`.
        unsafe {
            (*self.th).pc = self.pc;
            (*self.th).regs = self.regs;
        }
    }

    /// Goes on where the thread's state says, at `pc`.
    #[inline(always)]
    pub(super) unsafe fn resume(self, pc: Pc) -> Next {
        // SAFETY: as in `cx`.
        unsafe {
            let regs = (*self.th).regs;
            Next { pc, regs, k: consts_of(regs), cold: None }
        }
    }

    /// Unwinds after an out-of-line function answered `Err`.
    #[inline(always)]
    pub(super) unsafe fn raise(self) -> Next {
        // SAFETY: the state was saved before the function was called.
        unsafe {
            let pc = unwind::unwind(self.cx());
            self.resume(pc)
        }
    }

    /// Stores a result or unwinds.
    #[inline(always)]
    pub(super) unsafe fn put(self, a: u16, r: PyResult, caches: usize) -> Next {
        // SAFETY: as in `set`.
        unsafe {
            match r {
                Ok(v) => {
                    self.set(a, v);
                    self.next(caches)
                }
                Err(_) => self.raise(),
            }
        }
    }

    /// Jumps by an offset relative to the word after the instruction; polls if it goes backward.
    #[inline(always)]
    pub(super) unsafe fn jump(self, caches: usize, off: isize) -> Next {
        // SAFETY: jumps of verified code land on instructions.
        unsafe {
            let pc = self.pc.add(1 + caches).offset(off);
            if off < 0 && (*self.th).poll_needed() {
                let pc = poll(self.th, self.regs, self.pc, pc);
                return self.resume(pc);
            }
            Next { pc, regs: self.regs, k: self.k, cold: None }
        }
    }

    /// Leaves the instruction to `f`, out of line: for where a handler's fast path ends. The handler has changed nothing yet.
    #[inline(always)]
    pub(super) fn cold<F: Fn(S) -> Next + Copy>(self, f: F) -> Next {
        const { assert!(size_of::<F>() == 0) };
        if self.step {
            return f(self);
        }
        Next { pc: self.pc, regs: self.regs, k: self.k, cold: Some(tail::cold::<F>) }
    }
}

/// A closure without captures, out of its type.
///
/// # Safety
/// A value of the type was made before, so that it can exist; it has no size ([`S::cold`] checks).
#[inline(always)]
pub(super) unsafe fn of_nothing<F: Copy>() -> F {
    // SAFETY: a value of no size has no bytes to initialise.
    #[allow(clippy::uninit_assumed_init)]
    unsafe {
        std::mem::MaybeUninit::<F>::uninit().assume_init()
    }
}

/// Polls at a backward jump to `to`; where to go on. Out of line, and in and out by registers, so that the jump stays one.
#[cold]
#[inline(never)]
unsafe fn poll(th: *mut Ctx, regs: *mut Value, at: Pc, to: Pc) -> Pc {
    // SAFETY: as in `S`.
    unsafe {
        (*th).pc = at;
        (*th).regs = regs;
        match (*th).safepoint_slow() {
            Ok(()) => to,
            Err(_) => unwind::unwind(&mut *th),
        }
    }
}

pub(super) type SlowFn = fn(&mut Ctx, Frame, Instr) -> PyResult<()>;

#[inline(always)]
pub(super) unsafe fn out_of_line(s: S, f: SlowFn, caches: usize) -> Next {
    // SAFETY: the state is saved before the call.
    unsafe {
        s.save();
        match f(s.cx(), Frame(s.regs), s.w) {
            Ok(()) => s.next(caches),
            Err(_) => s.raise(),
        }
    }
}
