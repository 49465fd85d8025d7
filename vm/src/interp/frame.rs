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
//!    a copy of the locals. Of another thread's stack nothing is read or written while that runs: see `remote`.

#![allow(unsafe_code)]

use super::remote;
use protocore::held::Held;
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

    /// Notes the frame object.
    pub(super) fn set_object(self, o: Option<Value>) {
        // SAFETY: header word of a running frame.
        unsafe { *self.word(-4) = o.map_or(0, Value::bits) };
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

/// The frame object of a running frame of this thread, made on demand.
pub fn frame_object(cx: &mut Ctx, f: Frame) -> Value {
    if let Some(o) = f.object() {
        return o;
    }
    let new = match f.generator() {
        Some(g) => remote::generator_frame(cx, g),
        None => remote::blank(cx, f.function(), f.code().value()),
    };
    // Another thread may have wanted it, too, while this one allocated.
    if let Some(o) = f.object() {
        return o;
    }
    attach(cx, f, new);
    new
}

/// Connects a frame object with the window of this thread that it describes.
pub fn attach(cx: &mut Ctx, f: Frame, o: Value) {
    remote::attach(f, o, cx.ident);
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
    f.set_object(None);
}

/// Storage of the registers of a frame that is on no stack.
fn stored(fo: &FrameObj) -> Option<&'static ValuesObj> {
    if let Some(s) = fo.saved.get() {
        return ValuesObj::of(s);
    }
    let g = fo.generator.get().and_then(GeneratorObj::of)?;
    g.regs.get().and_then(ValuesObj::of)
}

/// The content of a frame object's register, wherever the frame lives now.
pub fn frame_register(cx: &mut Ctx, fo: &FrameObj, i: usize) -> Option<Value> {
    let raw = if remote::is_elsewhere(cx, fo) {
        remote::at_rest(cx, fo, &mut |f, _| (i < f.code().nregs as usize).then(|| f.get(i)))
    } else {
        let regs = fo.regs.load(Ordering::Acquire);
        (!regs.is_null()).then(|| Some(Frame(regs).get(i)))
    };
    match raw {
        Some(v) => v?.bound(),
        None => stored(fo)?.slots().get(i)?.get()?.bound(),
    }
}

/// The contents of a frame object's first `n` registers at one moment, unbound ones included.
pub fn frame_registers(cx: &mut Ctx, fo: &FrameObj, n: usize) -> Held<Value> {
    let mut all = Held::with_capacity(n);
    let copied = if remote::is_elsewhere(cx, fo) {
        remote::at_rest(cx, fo, &mut |f, _| copy_window(f, n, &mut all)).is_some()
    } else {
        let regs = fo.regs.load(Ordering::Acquire);
        if !regs.is_null() {
            copy_window(Frame(regs), n, &mut all);
        }
        !regs.is_null()
    };
    if !copied && let Some(s) = stored(fo) {
        s.slots().iter().take(n).for_each(|s| all.push(s.get_or(Value::UNBOUND)));
    }
    while all.len() < n {
        all.push(Value::UNBOUND);
    }
    all
}

fn copy_window(f: Frame, n: usize, to: &mut Held<Value>) {
    (0..n.min(f.code().nregs as usize)).for_each(|i| to.push(f.get(i)));
}

/// Sets a frame object's register.
pub fn set_frame_register(cx: &mut Ctx, fo: &FrameObj, i: usize, v: Value) {
    let set = |f: Frame| {
        if i < f.code().nregs as usize {
            f.set(i, v);
        }
    };
    if remote::is_elsewhere(cx, fo) {
        if remote::at_rest(cx, fo, &mut |f, _| set(f)).is_some() {
            return;
        }
    } else {
        let regs = fo.regs.load(Ordering::Acquire);
        if !regs.is_null() {
            return set(Frame(regs));
        }
    }
    if let Some(s) = stored(fo)
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
