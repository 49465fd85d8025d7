//! Epochs: when memory that readers use without a lock is freed ahead of the collector.
//!
//! What a list or dict has outgrown is garbage at once, yet a thread that reads without a lock may be in the middle of it. Small
//! cells are left to the collector. Storage that spans blocks is *retired* when it was unlinked, and freed when its epoch has ended:
//! when every thread has *passed*, after it was unlinked, a point at which its stack was looked at. A running thread passes at its next
//! safepoint (or when it enters a blocking scope), where it looks through its own stack; a thread in a blocking scope is kept there for the microseconds in which the thread
//! that asks looks through that stack for it. Nobody stops, and who sleeps delays nobody. In a process of one thread an epoch is one look
//! at one stack.
//!
//! # Invariants
//!
//! 1. Retired storage has one owner, which does not refer to it any more, and is retired once, by whoever unlinked it (under the
//!    owner's byte lock, if there are threads). After it has passed, a thread can find it nowhere but on its own stack.
//! 2. What a word of a stack (any pointer into it counts), a callee-saved register, a VM register or a [`crate::held`] vector refers to
//!    is kept for another epoch. So native code may hold on to storage across a safepoint or a blocking scope, as it may to
//!    any object; in memory of `malloc` it may not.
//! 3. A collection that finds retired storage unreachable frees it, and what it has not freed stays retired.
//! 4. Boxes ([`Ctx::retire`]) are freed by the same epochs, but stacks are not searched for them: a pointer into a box never
//!    crosses a safepoint.
//! 5. Lock order: the state of the epochs, then the world's registry. Neither is held at a safepoint; within a stopped world, whose
//!    registry is locked, nobody holds the former.
//!
//! # The bound
//!
//! A thread starts an epoch at the next safepoint after [`BUDGET`] bytes were retired, and whoever passes last frees. So what is retired
//! and not freed is at most the budget, what is retired until the slowest running thread has reached its next safepoint,
//! and what stacks refer to. The second part is bounded by the collector's own budget: a collection waits for the same thread.
//!
//! Why not `crossbeam-epoch`, which frees the tables of module states ([`crate::states`]): it was here. A pinned thread must hold no pointer
//! when it repins, and native functions do hold tables of dicts while they compare keys by Python code; each blocking call paid for
//! unpinning and pinning.

use crate::ctx::{Ctx, breaker};
use crate::heap::roots::clear_dead_stack;
use crate::heap::{Heap, ThreadRecord, locked};
use crate::value::Value;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes that are retired before an epoch begins.
pub const BUDGET: usize = 1 << 20;

/// Freed storage of at least that many bytes goes back to the system at once.
const RETURN: usize = 1 << 20;

/// A large object that was unlinked.
#[derive(Clone, Copy)]
pub(crate) struct Retired {
    start: usize,
    bytes: usize,
    /// Whether a stack was seen to refer to it in the epoch that runs.
    held: bool,
}

#[derive(Default)]
struct State {
    /// Whether an epoch has begun and not ended.
    running: bool,
    /// Its number.
    number: usize,
    /// What it is to free, by address.
    now: Vec<Retired>,
    boxes: Vec<Box<dyn Send>>,
    /// What was retired since it began, or was held by a stack in an earlier one.
    next: Vec<Retired>,
    next_boxes: Vec<Box<dyn Send>>,
    /// Bytes retired since it began.
    waiting: usize,
}

/// The epochs of a space.
#[derive(Default)]
pub(crate) struct Epochs {
    state: Mutex<State>,
    /// Bytes that epochs have freed.
    pub(crate) freed: AtomicUsize,
    /// Epochs that have ended.
    pub(crate) ended: AtomicUsize,
}

/// What an epoch's end sets free; dropped without a lock.
#[derive(Default)]
struct Free {
    storage: Vec<Retired>,
    boxes: Vec<Box<dyn Send>>,
}

impl State {
    fn begin(&mut self) {
        self.running = true;
        self.number += 1;
        self.now = std::mem::take(&mut self.next);
        self.now.sort_unstable_by_key(|r| r.start);
        self.boxes = std::mem::take(&mut self.next_boxes);
        self.waiting = 0;
    }

    fn end(&mut self, free: &mut Free) {
        self.running = false;
        for r in self.now.drain(..) {
            if r.held {
                self.next.push(Retired { held: false, ..r });
            } else {
                free.storage.push(r);
            }
        }
        free.boxes.append(&mut self.boxes);
    }
}

/// Notes which of the retired cells, sorted by address, a word of a stack refers to: as everywhere, a pointer just past the end counts.
fn look(all: &mut [Retired], word: usize) {
    let n = all.partition_point(|r| r.start <= word);
    if let Some(r) = n.checked_sub(1).and_then(|i| all.get_mut(i))
        && word < r.start + r.bytes + 8
    {
        r.held = true;
        // The address may be the first of the next one and the end of the one before.
        if word < r.start + 8
            && let Some(before) = n.checked_sub(2).and_then(|i| all.get_mut(i))
            && word < before.start + before.bytes + 8
        {
            before.held = true;
        }
    }
}

impl Epochs {
    /// Bytes retired and not yet freed, boxes apart.
    pub(crate) fn retained(&self) -> usize {
        let s = locked(&self.state);
        s.now.iter().chain(&s.next).map(|r| r.bytes).sum()
    }

    /// A collection has freed what it found dead: forgets what is not `alive`. The world is stopped.
    pub(crate) fn after_collection(&self, alive: impl Fn(usize) -> bool) {
        let mut s = locked(&self.state);
        s.now.retain(|r| alive(r.start));
        s.next.retain(|r| alive(r.start));
        if s.next.is_empty() && s.next_boxes.is_empty() {
            s.waiting = 0;
        }
    }
}

impl Heap {
    /// Goes on with the epoch that runs, begins one if it is due: this thread passes, and so do those in blocking scopes. The calling
    /// thread has spilled its registers.
    fn advance(&self, me: &ThreadRecord) -> Free {
        let mut free = Free::default();
        let budget = if self.is_stressed() { 1 } else { BUDGET };
        let mut guard = locked(&self.epochs.state);
        let s = &mut *guard;
        loop {
            if !s.running {
                if s.waiting < budget {
                    return free;
                }
                s.begin();
            }
            let now = &mut s.now;
            let range = now.first().map_or(0, |r| r.start)..now.last().map_or(0, |r| r.start + r.bytes + 8);
            let left = self.world.pass(me, s.number, |t| {
                if !range.is_empty() {
                    // SAFETY: the thread is this one, or is kept where it is.
                    unsafe {
                        self.each_word(t, |w| {
                            if range.contains(&w) {
                                look(now, w);
                            }
                        });
                    }
                }
            });
            if left > 0 {
                return free;
            }
            s.end(&mut free);
            self.epochs.ended.fetch_add(1, Relaxed);
        }
    }

    fn release(&self, free: Free) {
        for r in &free.storage {
            self.free_large(r.start, r.bytes >= RETURN);
            self.epochs.freed.fetch_add(r.bytes, Relaxed);
        }
        if free.storage.iter().any(|r| r.bytes >= RETURN) {
            self.lighten();
        }
        drop(free);
    }
}

impl Ctx {
    /// To be told of storage that its owner has just ceased to refer to: if it spans blocks it is freed when all threads have passed.
    #[inline]
    pub fn retire_storage(&mut self, old: Value) {
        if let Some(bytes) = self.heap().large_bytes(old) {
            self.retire_large(old, bytes);
        }
    }

    #[cold]
    #[inline(never)]
    fn retire_large(&mut self, old: Value, bytes: usize) {
        let mut s = locked(&self.heap().epochs.state);
        debug_assert!(s.now.iter().chain(&s.next).all(|r| r.start != old.bits() as usize), "retired twice");
        s.next.push(Retired { start: old.bits() as usize, bytes, held: false });
        s.waiting = s.waiting.saturating_add(bytes);
        self.ask(s.waiting);
    }

    /// Frees `garbage`, which readers may still use, when all threads have passed a safepoint. `bytes` is what it holds on to.
    /// It must be unreachable for new readers already.
    pub fn retire<T: Send + 'static>(&mut self, garbage: Box<T>, bytes: usize) {
        let mut s = locked(&self.heap().epochs.state);
        s.next_boxes.push(garbage);
        s.waiting = s.waiting.saturating_add(bytes);
        self.ask(s.waiting);
    }

    #[inline]
    fn ask(&self, waiting: usize) {
        if waiting >= BUDGET || self.heap().is_stressed() {
            self.breaker.fetch_or(breaker::REPIN, Relaxed);
        }
    }

    /// Passes: this thread's part in an epoch, done at safepoints when the breaker asks for it.
    #[cold]
    pub fn pass_epoch(&mut self) {
        self.pass();
        // The addresses that were looked for would be found in the holes of later frames.
        clear_dead_stack();
    }

    #[inline(never)]
    fn pass(&mut self) {
        let heap = self.heap();
        let Some(record) = self.local.record.clone() else { return };
        // SAFETY: the record is this thread's.
        unsafe { record.spill_here() };
        let free = heap.advance(&record);
        heap.release(free);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(words: &[usize]) -> Vec<bool> {
        let mut all: Vec<Retired> = [(0x1000, 0x100), (0x1100, 0x100), (0x2000, 0x80)]
            .map(|(start, bytes)| Retired { start, bytes, held: false })
            .to_vec();
        words.iter().for_each(|w| look(&mut all, *w));
        all.iter().map(|r| r.held).collect()
    }

    #[test]
    fn any_pointer_into_storage_or_just_past_its_end_holds_it() {
        assert_eq!(seen(&[0xfff, 0x1208, 0x2088]), [false, false, false]);
        assert_eq!(seen(&[0x1000]), [true, false, false]);
        assert_eq!(seen(&[0x10ff]), [true, false, false]);
        assert_eq!(seen(&[0x1100]), [true, true, false], "the end of one is the start of the next");
        assert_eq!(seen(&[0x1108]), [false, true, false]);
        assert_eq!(seen(&[0x1207, 0x2087]), [false, true, true]);
    }
}
