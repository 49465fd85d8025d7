//! Frames in registers.
//!
//! A frame's window starts at `regs`; the five words below it are its header:
//!
//! | word | content |
//! | --- | --- |
//! | `regs[-5]` | owner: the function, or the generator whose frame this is; the result replaces it |
//! | `regs[-4]` | frame object, if one was asked for, else 0 |
//! | `regs[-3]` | caller's `regs`, with flags in the low bits |
//! | `regs[-2]` | instruction to return to (for an entry: the caller's current instruction) |
//! | `regs[-1]` | code object |
//!
//! Invariants:
//! 1. `regs[-5] .. regs[nregs]` of the innermost frame is the end of the used part of the register stack.
//! 2. Whoever may allocate, raise or look at frames has stored `pc` and `regs` in the thread before.
//! 3. A frame object whose `regs` pointer is set belongs to a window that is on a stack; when the frame ends it takes
//!    a copy of the locals.

#![allow(unsafe_code)]

use protocore::layouts::{CellObj, CodeObj, FrameObj, FrameOwner, GeneratorObj, ValuesObj};
use protocore::{Ctx, PyResult, Ty, Value};
use std::sync::atomic::{AtomicU64, Ordering};

/// Address of an instruction word.
pub type Pc = *const AtomicU64;

/// Words of a frame's header.
pub const HEADER: usize = protopy_bytecode::CALL_HEADER as usize;

/// Frame flags, in the low bits of the caller word.
pub mod flag {
    /// Runs `__init__` for a class call: the instance stands at `regs[-6]` and is the result.
    pub const INIT: usize = 1;
    /// Entered from native code.
    pub const ENTRY: usize = 2;
    /// A generator's frame.
    pub const GEN: usize = 4;
    /// All flags.
    pub const MASK: usize = 7;
}

/// A frame's window.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame(pub *mut Value);

impl Frame {
    #[inline(always)]
    fn word(self, i: isize) -> *mut u64 {
        // SAFETY: header words lie below the window of every frame.
        unsafe { self.0.offset(i).cast() }
    }

    /// The owner: function or generator.
    #[inline(always)]
    pub fn owner(self) -> &'static FrameOwner {
        // SAFETY: the word holds a reference to a function or generator while the frame runs.
        unsafe { &*(*self.word(-5) as *const FrameOwner) }
    }

    /// The owner as a value.
    #[inline(always)]
    pub fn owner_value(self) -> Value {
        // SAFETY: as above.
        unsafe { Value::from_bits(*self.word(-5)) }
    }

    /// The code object.
    #[inline(always)]
    pub fn code(self) -> &'static CodeObj {
        // SAFETY: the word holds a code object while the frame runs.
        unsafe { &*(*self.word(-1) as *const CodeObj) }
    }

    /// The generator, if it is one's frame.
    pub fn generator(self) -> Option<&'static GeneratorObj> {
        if self.flags() & flag::GEN != 0 { GeneratorObj::of(self.owner_value()) } else { None }
    }

    /// The function whose call this is.
    pub fn function(self) -> Value {
        match self.generator() {
            Some(g) => g.func.get_or_none(),
            None => self.owner_value(),
        }
    }

    /// The flags.
    #[inline(always)]
    pub fn flags(self) -> usize {
        // SAFETY: header word.
        unsafe { *self.word(-3) as usize & flag::MASK }
    }

    /// The calling frame's window (for an entry: that of the frame whose native call this is), if any.
    #[inline(always)]
    pub fn caller(self) -> Option<Frame> {
        // SAFETY: header word.
        let p = unsafe { *self.word(-3) as usize & !flag::MASK } as *mut Value;
        if p.is_null() { None } else { Some(Frame(p)) }
    }

    /// The return address, or the caller's current instruction for an entry.
    #[inline(always)]
    pub fn return_pc(self) -> Pc {
        // SAFETY: header word.
        unsafe { *self.word(-2) as Pc }
    }

    /// The frame object, if one was made.
    #[inline(always)]
    pub fn object(self) -> Option<Value> {
        // SAFETY: header word: 0 or a frame object.
        unsafe { Value::from_slot(*self.word(-4)) }
    }

    /// Writes the header.
    ///
    /// # Safety
    /// The words below the window are free.
    #[inline(always)]
    pub unsafe fn init(self, owner: Value, caller: *mut Value, flags: usize, ret: Pc, code: &CodeObj) {
        // SAFETY: by the contract.
        unsafe {
            *self.word(-5) = owner.bits();
            *self.word(-4) = 0;
            *self.word(-3) = caller as u64 | flags as u64;
            *self.word(-2) = ret as u64;
            *self.word(-1) = code as *const CodeObj as u64;
        }
    }

    /// Register `i`.
    #[inline(always)]
    pub fn get(self, i: usize) -> Value {
        debug_assert!(i < self.code().nregs as usize);
        // SAFETY: within the window.
        unsafe { *self.0.add(i) }
    }

    /// Sets register `i`.
    #[inline(always)]
    pub fn set(self, i: usize, v: Value) {
        debug_assert!(i < self.code().nregs as usize);
        // SAFETY: within the window.
        unsafe { *self.0.add(i) = v }
    }

    /// Index of an instruction address within the frame's code.
    pub fn index(self, pc: Pc) -> usize {
        (pc as usize).wrapping_sub(self.code().start as usize) / 8
    }

    /// The registers that name local variables, cells and free variables.
    pub fn named_regs(self) -> usize {
        let c = self.code();
        (usize::from(c.rt.data.free_base) + c.rt.data.freevars.len())
            .max(c.nlocals as usize)
            .min(c.nregs as usize)
    }
}

/// The innermost running frame and its current instruction.
pub fn current(cx: &Ctx) -> Option<(Frame, Pc)> {
    if cx.regs.is_null() { None } else { Some((Frame(cx.regs), cx.pc)) }
}

/// The frame that called `f`, and its current instruction word (the call).
pub fn parent(f: Frame) -> Option<(Frame, Pc)> {
    let caller = f.caller()?;
    let ret = f.return_pc();
    if f.flags() & (flag::ENTRY | flag::GEN) != 0 {
        return Some((caller, ret));
    }
    // SAFETY: a return address is never the first word of its code.
    Some((caller, unsafe { ret.sub(1) }))
}

/// The frame object of a running frame, made on demand.
pub fn frame_object(cx: &mut Ctx, f: Frame) -> Value {
    if let Some(o) = f.object() {
        return o;
    }
    if let Some(g) = f.generator()
        && let Some(o) = g.frame.get()
    {
        attach(cx, f, o);
        return o;
    }
    let ty = cx.ty(Ty::Frame);
    let o = cx.new_zeroed(ty);
    if let Some(fo) = FrameObj::of(o) {
        fo.func.init(Some(f.function()));
        fo.code.init(Some(f.code().value()));
        if let Some(g) = f.generator() {
            fo.generator.init(Some(g.value()));
            cx.store(g.value(), &g.frame, o);
        }
    }
    attach(cx, f, o);
    o
}

/// Connects a frame object with the window it describes.
pub fn attach(cx: &mut Ctx, f: Frame, o: Value) {
    // SAFETY: header word of a running frame.
    unsafe { *f.word(-4) = o.bits() };
    if let Some(fo) = FrameObj::of(o) {
        fo.regs.store(f.0, Ordering::Release);
        fo.thread.store(cx.ident, Ordering::Relaxed);
    }
}

/// Called when a frame that has an object ends or is suspended: the object takes the locals along. `pc` is the last
/// instruction.
pub fn detach(cx: &mut Ctx, f: Frame, pc: Pc, ended: bool) {
    let Some(o) = f.object() else { return };
    let Some(fo) = FrameObj::of(o) else { return };
    fo.lasti.store(f.index(pc) as u32, Ordering::Relaxed);
    if ended {
        let n = f.named_regs();
        if let Some(saved) = cx.new_values(n) {
            for (i, s) in saved.slots().iter().enumerate() {
                s.init(Some(f.get(i)));
            }
            cx.store(o, &fo.saved, saved.value());
        }
        if fo.back.is_empty()
            && f.flags() & flag::GEN == 0
            && let Some((p, _)) = parent(f)
        {
            let back = frame_object(cx, p);
            cx.store(o, &fo.back, back);
        }
    }
    fo.regs.store(std::ptr::null_mut(), Ordering::Release);
    // SAFETY: header word.
    unsafe { *f.word(-4) = 0 };
}

/// The content of a frame object's register, wherever the frame lives now.
pub fn frame_register(fo: &FrameObj, i: usize) -> Option<Value> {
    let regs = fo.regs.load(Ordering::Acquire);
    let raw = if !regs.is_null() {
        Some(Frame(regs).get(i))
    } else if let Some(s) = fo.saved.get().and_then(ValuesObj::of) {
        s.slots().get(i)?.get()
    } else {
        let g = fo.generator.get().and_then(GeneratorObj::of)?;
        g.regs.get().and_then(ValuesObj::of)?.slots().get(i)?.get()
    }?;
    raw.bound()
}

/// Sets a frame object's register.
pub fn set_frame_register(cx: &mut Ctx, fo: &FrameObj, i: usize, v: Value) {
    let regs = fo.regs.load(Ordering::Acquire);
    if !regs.is_null() {
        Frame(regs).set(i, v);
    } else if let Some(s) = fo.saved.get().and_then(ValuesObj::of) {
        if let Some(slot) = s.slots().get(i) {
            cx.store(s.value(), slot, v);
        }
    } else if let Some(s) =
        fo.generator.get().and_then(GeneratorObj::of).and_then(|g| g.regs.get()).and_then(ValuesObj::of)
        && let Some(slot) = s.slots().get(i)
    {
        cx.store(s.value(), slot, v);
    }
}

/// The value of a variable register: the content of a cell if it holds one for a captured variable.
pub fn variable(v: Value, captured: bool) -> Option<Value> {
    match (captured, CellObj::of(v)) {
        (true, Some(c)) => c.content.get().and_then(Value::bound),
        _ => v.bound(),
    }
}

/// Checks that a window fits the register stack and the recursion limit, and counts the call.
#[inline(always)]
pub fn enter_check(cx: &mut Ctx, window: *mut Value, code: &CodeObj) -> bool {
    // SAFETY: only compared.
    let end = window.wrapping_add(code.nregs as usize);
    cx.depth += 1;
    cx.depth <= cx.depth_limit && end < cx.stack.limit || enter_watched(cx, window, code)
}

/// What [`enter_check`] asks where the short way is closed: because of a limit, or because tools watch the thread.
#[cold]
#[inline(never)]
fn enter_watched(cx: &mut Ctx, window: *mut Value, code: &CodeObj) -> bool {
    let end = window.wrapping_add(code.nregs as usize);
    if cx.depth > cx.recursion_limit || end >= cx.stack.limit {
        return false;
    }
    super::watch::entering(cx, window, code);
    true
}

/// Raises RecursionError after [`enter_check`] said no.
#[cold]
pub fn too_deep<T>(cx: &mut Ctx) -> PyResult<T> {
    cx.depth -= 1;
    // Room to handle the error in.
    let limits = (cx.depth_limit, cx.recursion_limit);
    cx.recursion_limit += 50;
    if cx.depth_limit != 0 {
        cx.depth_limit = cx.recursion_limit;
    }
    let r = cx.raise_str(Ty::RecursionError, "maximum recursion depth exceeded");
    (cx.depth_limit, cx.recursion_limit) = limits;
    Err(r)
}
