//! Roots without a map: callee-saved registers and native stacks.
//!
//! A word counts as a reference if it, or the word minus 8, points anywhere into a valid cell: compilers keep
//! pointers into objects, and iterators point one past the last item, which may be the next cell's start. The 16 high bits are
//! ignored. Each of these rules was needed by compiled code that a prototype ran.

use super::Heap;
use super::world::ThreadRecord;
use crate::ctx::Ctx;
use crate::trace::Tracer;
use crate::value::Value;
use std::sync::atomic::Ordering::Relaxed;

/// Callee-saved registers.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct SavedRegisters([usize; 20]);

/// Saves the callee-saved registers; answers the caller's stack pointer. At the call every value that is live in the caller's
/// frame or above is in such a register or on the stack: the others are the callee's to use.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn spill(into: *mut SavedRegisters) -> usize {
    std::arch::naked_asm!(
        "mov [rdi], rbx",
        "mov [rdi + 8], rbp",
        "mov [rdi + 16], r12",
        "mov [rdi + 24], r13",
        "mov [rdi + 32], r14",
        "mov [rdi + 40], r15",
        "lea rax, [rsp + 8]",
        "ret",
    )
}

/// Saves the callee-saved registers; answers the caller's stack pointer.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn spill(into: *mut SavedRegisters) -> usize {
    std::arch::naked_asm!(
        "stp x19, x20, [x0]",
        "stp x21, x22, [x0, #16]",
        "stp x23, x24, [x0, #32]",
        "stp x25, x26, [x0, #48]",
        "stp x27, x28, [x0, #64]",
        "stp x29, x30, [x0, #80]",
        "stp d8, d9, [x0, #96]",
        "stp d10, d11, [x0, #112]",
        "stp d12, d13, [x0, #128]",
        "stp d14, d15, [x0, #144]",
        "mov x0, sp",
        "ret",
    )
}

/// Highest address of the calling thread's native stack.
pub(crate) fn native_stack_base() -> usize {
    // SAFETY: the calls fill plain structs that are zeroed first.
    unsafe {
        let mut attr: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attr) != 0 {
            return 0;
        }
        let mut low: *mut libc::c_void = std::ptr::null_mut();
        let mut size = 0usize;
        libc::pthread_attr_getstack(&attr, &mut low, &mut size);
        libc::pthread_attr_destroy(&mut attr);
        low as usize + size
    }
}

/// Zeroes the native stack below the caller. The collector's own frames have holes, and what earlier calls left there would be
/// taken for references.
#[inline(never)]
pub(crate) fn clear_dead_stack() {
    let mut below = [0u64; 2048];
    std::hint::black_box(&mut below);
}

const ADDRESS: usize = (1 << 48) - 1;

impl Heap {
    /// Visits what the words from `from` to `to` may refer to.
    ///
    /// # Safety
    /// The range is readable: a stack whose thread is stopped.
    pub(super) unsafe fn scan_native(&self, from: usize, to: usize, t: &mut Tracer) {
        let (low, span) = (self.blocks.base(), self.blocks.frontier() << super::class::BLOCK_SHIFT);
        let mut at = from.next_multiple_of(8);
        while at + 8 <= to {
            // SAFETY: by the contract. Volatile: the words belong to frames that are live elsewhere.
            let w = unsafe { std::ptr::read_volatile(at as *const usize) } & ADDRESS;
            at += 8;
            if w.wrapping_sub(low) > span {
                continue;
            }
            let hit = self.blocks.find(w);
            let before = self.blocks.find(w.wrapping_sub(8));
            if let Some(v) = hit {
                t.visit(v);
            }
            if before != hit
                && let Some(v) = before
            {
                t.visit(v);
            }
        }
    }

    /// Shows `f` the words of a thread that may refer to storage: its native stack and registers, VM registers, and vectors.
    ///
    /// # Safety
    /// The thread is SAFE and stays so, or is the calling one and has spilled its registers.
    pub(crate) unsafe fn each_word(&self, th: &ThreadRecord, mut f: impl FnMut(usize)) {
        // SAFETY: by the contract nobody changes these. The words of the stack are read as volatile: they belong to live frames.
        unsafe {
            let saved = th.registers.get().cast::<usize>();
            (0..size_of::<SavedRegisters>() / 8).for_each(|i| f(*saved.add(i) & ADDRESS));
            // What is live in the frames below is live in these, or saved.
            let mut at = th.sp.load(Relaxed).next_multiple_of(8);
            while at + 8 <= th.stack_base {
                f(std::ptr::read_volatile(at as *const usize) & ADDRESS);
                at += 8;
            }
            let cx: &Ctx = &*th.cx;
            let mut all = |words: &[Value]| {
                words.iter().for_each(|w| f(*std::ptr::from_ref(w).cast::<u64>() as usize & ADDRESS));
            };
            all(cx.registers_in_use());
            all(&cx.keep);
            th.held().each(all);
        }
    }

    /// Visits what VM registers may refer to; stale ones, of calls that are over, are harmless.
    pub(super) fn scan_registers(&self, words: &[Value], t: &mut Tracer) {
        for w in words {
            // SAFETY: reads the word whatever it is; `Value` is transparent and the memory is initialised.
            let w = unsafe { *std::ptr::from_ref(w).cast::<u64>() };
            if let Some(v) = self.blocks.find(w as usize) {
                t.visit(v);
            }
        }
    }
}
