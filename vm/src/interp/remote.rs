//! Frames that are on another thread's stack.
//!
//! Frame objects travel: a thread may hold that of a call which another thread runs. The window of such a frame is the other
//! thread's to write, and its memory means something else as soon as the call ends. So whoever is not the owner stops the world,
//! looks for the frame among those of its thread, and reads or writes while nothing moves.
//!
//! 1. A frame object belongs to a window if the window's header refers to it. A stale `regs` pointer (of a call that ended in a way
//!    that told nobody, or of a thread that a fork left behind) matches no window.
//! 2. Frame objects for windows of other threads are made outside of the stop and attached inside. The owner, which
//!    may be at any safepoint meanwhile, looks again after each of its own.

use super::frame::{self, Frame, Pc};
use protocore::heap::ForkGuard;
use protocore::held::Held;
use protocore::layouts::{FrameObj, GeneratorObj, gen_state};
use protocore::{Ctx, Ty, Value};
use std::sync::atomic::Ordering;

/// The frames of a thread, innermost first, each with its current instruction.
pub fn frames(cx: &Ctx) -> impl Iterator<Item = (Frame, Pc)> {
    std::iter::successors(frame::current(cx), |(f, _)| frame::parent(*f))
}

/// Whether a frame object describes a frame that runs, and not on this thread.
pub fn is_elsewhere(cx: &Ctx, fo: &FrameObj) -> bool {
    if !fo.regs.load(Ordering::Acquire).is_null() {
        return fo.thread.load(Ordering::Relaxed) != cx.ident;
    }
    // A generator that was resumed while its frame object was being made.
    let g = fo.generator.get().and_then(GeneratorObj::of);
    g.is_some_and(|g| g.state.load(Ordering::Acquire) == gen_state::RUNNING)
}

/// A frame of a stopped thread, chosen, with its current instruction.
type Chosen = Option<(Frame, Pc)>;

/// Calls `f` with the frame that `choose` finds among those of any thread, and with its thread, in a stopped world: neither allocates.
fn find<R>(
    cx: &mut Ctx,
    choose: &dyn Fn(&Ctx) -> Chosen,
    f: &mut dyn FnMut(&Ctx, Frame, Pc) -> R,
) -> Option<R> {
    let mut r = None;
    cx.for_each_thread(&mut |t| {
        if r.is_none()
            && let Some((w, pc)) = choose(t)
        {
            r = Some(f(t, w, pc));
        }
    });
    r
}

/// Whether a window is the one that a frame object describes.
fn is_window_of(f: Frame, fo: &FrameObj) -> bool {
    match f.object() {
        Some(o) => o.is(fo.value()),
        None => f.generator().is_some_and(|g| fo.generator.get() == Some(g.value())),
    }
}

/// The frame of a frame object, if a thread has it on its stack.
fn of_object(t: &Ctx, fo: &FrameObj) -> Chosen {
    frames(t).find(|(w, _)| is_window_of(*w, fo))
}

/// Calls `f` with the window and the current instruction of a frame object's frame while the world stands still. `None`: it
/// does not run any more.
pub fn at_rest<R>(cx: &mut Ctx, fo: &FrameObj, f: &mut dyn FnMut(Frame, Pc) -> R) -> Option<R> {
    find(cx, &|t| of_object(t, fo), &mut |_, w, pc| f(w, pc))
}

/// The object of the frame that called a frame which another thread runs. `None`: that frame does not run any more.
/// `Some(None)`: nobody called it.
pub fn caller_object(cx: &mut Ctx, fo: &FrameObj) -> Option<Option<Value>> {
    if at_rest(cx, fo, &mut |w, _| frame::parent(w).is_none())? {
        return Some(None);
    }
    object_of(cx, &|t| of_object(t, fo).and_then(|(w, _)| frame::parent(w))).map(Some)
}

/// The frame object of a generator that another thread runs. `None`: none does.
pub fn generator_object(cx: &mut Ctx, g: &GeneratorObj) -> Option<Value> {
    object_of(cx, &|t| frames(t).find(|(w, _)| w.generator().is_some_and(|x| std::ptr::eq(x, g))))
}

/// What stands in a window when a frame object is to be made for it.
enum Found {
    /// An object.
    Object(Value),
    /// None yet: function, code and generator.
    Bare(Value, Value, Option<Value>),
}

/// The object of the frame that `choose` finds, made if there is none.
fn object_of(cx: &mut Ctx, choose: &dyn Fn(&Ctx) -> Chosen) -> Option<Value> {
    loop {
        let found = find(cx, choose, &mut |_, w, _| match w.object() {
            Some(o) => Found::Object(o),
            None => Found::Bare(w.function(), w.code().value(), w.generator().map(GeneratorObj::value)),
        })?;
        let (func, code, generator) = match found {
            Found::Object(o) => return Some(o),
            Found::Bare(func, code, generator) => (func, code, generator),
        };
        let new = match generator.and_then(GeneratorObj::of) {
            Some(g) => generator_frame(cx, g),
            None => blank(cx, func, code),
        };
        let attached = find(cx, choose, &mut |t, w, _| match w.object() {
            Some(o) => Some(o),
            // Another call may have begun in the place of the one seen before.
            None if w.function().is(func) && w.code().value().is(code) => {
                attach(w, new, t.ident);
                Some(new)
            }
            None => None,
        })?;
        if attached.is_some() {
            return attached;
        }
    }
}

/// A frame object that describes no window yet.
pub(super) fn blank(cx: &mut Ctx, func: Value, code: Value) -> Value {
    let ty = cx.ty(Ty::Frame);
    let o = cx.new_zeroed(ty);
    if let Some(fo) = FrameObj::of(o) {
        fo.func.init(Some(func));
        fo.code.init(Some(code));
    }
    o
}

/// The frame object of a generator, wherever it is: each has one at most.
pub fn generator_frame(cx: &mut Ctx, g: &GeneratorObj) -> Value {
    if let Some(o) = g.frame.get() {
        return o;
    }
    let o = blank(cx, g.func.get_or_none(), g.code.get_or_none());
    if let Some(fo) = FrameObj::of(o) {
        fo.generator.init(Some(g.value()));
    }
    if cx.store_if_empty(g.value(), &g.frame, o) { o } else { g.frame.get_or(o) }
}

/// Connects a frame object with the window it describes, which is on the stack of the thread `ident`.
pub(super) fn attach(f: Frame, o: Value, ident: u64) {
    f.set_object(Some(o));
    if let Some(fo) = FrameObj::of(o) {
        fo.thread.store(ident, Ordering::Relaxed);
        fo.regs.store(f.0, Ordering::Release);
    }
}

/// A frame as it was while the world stood still.
pub struct Shot {
    /// The function.
    pub func: Value,
    /// The code object.
    pub code: Value,
    /// Index of the current instruction word.
    pub word: u32,
    /// The named registers, as a part of [`Shots::registers`].
    pub registers: std::ops::Range<usize>,
    /// The frame object, if there was one.
    pub object: Option<Value>,
}

/// Frames of several threads as they were at one moment.
#[derive(Default)]
pub struct Shots {
    /// Threads by identifier, and how many frames of `frames` are theirs.
    pub threads: Vec<(u64, usize)>,
    /// The frames: those of the first thread, innermost first, then those of the next one.
    pub frames: Vec<Shot>,
    registers: Vec<Value>,
}

impl Shots {
    /// Adds the frames of a stopped thread that `wanted` says yes to.
    pub fn take(&mut self, t: &Ctx, wanted: impl Fn(Frame) -> bool) {
        let before = self.frames.len();
        for (f, pc) in frames(t).filter(|(f, _)| wanted(*f)) {
            let start = self.registers.len();
            self.registers.extend((0..f.named_regs()).map(|i| f.get(i)));
            self.frames.push(Shot {
                func: f.function(),
                code: f.code().value(),
                word: f.index(pc) as u32,
                registers: start..self.registers.len(),
                object: f.object(),
            });
        }
        self.threads.push((t.ident, self.frames.len() - before));
    }

    /// The values of all registers, and what keeps everything here alive from now on. To be called before the next safepoint after
    /// the stop.
    pub fn hold(&mut self) -> Held<Value> {
        let mut held = Held::with_capacity(self.registers.len() + 3 * self.frames.len());
        self.registers.drain(..).for_each(|v| held.push(v));
        for s in &self.frames {
            held.push(s.func);
            held.push(s.code);
            s.object.into_iter().for_each(|o| held.push(o));
        }
        held
    }
}

/// Storage of a frame's registers. `None`: out of memory.
pub fn saved_registers(cx: &mut Ctx, registers: &[Value]) -> Option<Value> {
    let saved = cx.new_values(registers.len())?;
    for (s, v) in saved.slots().iter().zip(registers) {
        s.init(Some(*v));
    }
    Some(saved.value())
}

/// The frames with objects that a fork leaves behind in the child: their threads are gone there.
pub fn left_behind(cx: &Ctx, guard: &ForkGuard) -> Shots {
    let mut all = Shots::default();
    guard.for_each_thread(&mut |t| {
        if t.ident != cx.ident {
            all.take(t, |f| f.object().is_some());
        }
    });
    all
}

/// In the child of a fork: gives the objects of [`left_behind`] their variables, and takes them off the stacks that are gone.
pub fn settle(cx: &mut Ctx, mut all: Shots) {
    let held = all.hold();
    for s in &all.frames {
        let Some((o, fo)) = s.object.and_then(|o| Some((o, FrameObj::of(o)?))) else { continue };
        fo.lasti.store(s.word, Ordering::Relaxed);
        if let Some(saved) = saved_registers(cx, &held[s.registers.clone()]) {
            cx.store(o, &fo.saved, saved);
        }
        fo.regs.store(std::ptr::null_mut(), Ordering::Release);
    }
}
