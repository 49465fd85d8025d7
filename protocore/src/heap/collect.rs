//! A collection: marking, dead finalizables and weak references, and what becomes of each block.
//!
//! # Generations
//!
//! Marks are sticky: an object that has survived a collection keeps its mark and is old. A minor collection starts
//! with these marks, so that it visits young objects only, and looks only at blocks that were allocated from. References
//! from old to young objects are found because every store is preceded by a barrier, which notes an old object that is
//! stored into. Nothing moves, and no block belongs to a generation.
//!
//! 1. A scanned object has the OLD bit iff it has a current mark and is not in the list of noted objects.
//! 2. Suspended frames and their saved registers are written without barriers: all of them are visited each time.
//! 3. Validity of cells ([`super::blocks`], 3) holds while a minor collection sets current marks: it marks valid cells only.
//! 4. Tables of the runtime (interned strings, weak references, registered finalizers) know what was added since the last
//!    collection: a minor one looks at that alone.
//! 5. A full collection follows when what has become old since the last one passes 3/4 of what was live then (3/2, if that one
//!    found little), or when eight times as much was allocated. The nursery is 8 MiB at first; it grows while
//!    a minor collection takes more than a nanosecond for four bytes allocated (much survives, or large old objects are stored into all
//!    the time), and shrinks again. It is never larger than what lives beside it, and what it leaves when it shrinks goes back to the system.

use super::class::{BLOCK_BYTES, KINDS, SIZES, cells_of, kind};
use super::local::POISON;
use super::roots::clear_dead_stack;
use super::world::ThreadRecord;
use super::{Heap, locked};
use crate::ctx::Ctx;
use crate::header::{Header, Layout};
use crate::layouts::{CodeObj, IntObj};
use crate::trace::Tracer;
use crate::value::Value;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

/// Least number of bytes between collections.
pub(super) const MIN_BUDGET: usize = 32 << 20;
/// Least and greatest number of bytes between minor collections.
pub(super) const MIN_NURSERY: usize = 8 << 20;
const MAX_NURSERY: usize = 64 << 20;
/// Quarters of the live bytes that may become old before a full collection.
pub(super) const PATIENCE: usize = 3;
/// Multiples of the live bytes that may be allocated before a full collection.
const RARELY: usize = 8;

/// Bytes below the stack pointer that a leaf function may use.
const RED_ZONE: usize = 128;

/// What one collection found.
struct Cycle {
    minor: bool,
    /// Python objects that died, if they were counted.
    dead: usize,
    /// Finalizers and callbacks queued.
    queued: usize,
    /// Blocks and large objects whose dead objects are to be dropped.
    to_drop: Vec<u32>,
    pause: Duration,
}

/// Drops the Rust values of an object.
///
/// # Safety
/// The cell holds an object, which is dead and was not dropped before.
pub(super) unsafe fn drop_object(h: *mut Header) {
    // SAFETY: the layout byte says which struct the cell holds; fields that were never written are zero, for
    // which there is nothing to drop.
    unsafe {
        match (*h).layout() {
            Layout::Int => std::ptr::drop_in_place(&raw mut (*h.cast::<IntObj>()).big),
            Layout::Code => {
                let rt = &raw mut (*h.cast::<CodeObj>()).rt;
                if !rt.cast::<*const u8>().read().is_null() {
                    std::ptr::drop_in_place(rt);
                }
            }
            Layout::Native => {
                if let Some(f) = crate::native::vt_of(&*h).and_then(|vt| vt.drop) {
                    f(h);
                }
            }
            _ => {}
        }
    }
}

fn drop_quietly(h: *mut Header) {
    // A payload's panic must not leave the heap half swept; the message has been printed.
    // SAFETY: the callers pass dead cells with a header, and clear the header next.
    let _ = std::panic::catch_unwind(|| unsafe { drop_object(h) });
}

/// Frees a dead cell: its header says so, the rest is poisoned if asked for.
unsafe fn free_cell(at: usize, bytes: usize, poison: bool) {
    let p = at as *mut u64;
    // SAFETY: the caller owns the cell.
    unsafe {
        p.write(0);
        if poison {
            (1..bytes / 8).for_each(|i| p.add(i).write(POISON));
        }
    }
}

impl Heap {
    /// Marks everything reachable. The world is stopped.
    fn mark(&self, cx: &Ctx, threads: &[Arc<ThreadRecord>], t: &mut Tracer, minor: bool) {
        cx.space().trace_roots(t, minor);
        if minor {
            cx.space().trace_classes(t);
        }
        for th in threads {
            // SAFETY: the thread is stopped in a safepoint, or is this one.
            let other: &Ctx = unsafe { &*th.cx };
            other.trace_roots(t);
            self.scan_registers(other.registers_in_use(), t);
            // SAFETY: as above.
            unsafe { th.held().each(|words| self.scan_registers(words, t)) };
            let saved = th.registers.get() as usize;
            let plain = th.plain.load(Relaxed);
            if plain != 0 {
                // SAFETY: the thread is stopped; what lies below holds no object, by the contract of `blocking_plainly`.
                unsafe { self.scan_native(plain, th.stack_base, t) };
                continue;
            }
            // SAFETY: the record is alive, and its thread stopped.
            unsafe {
                self.scan_native(saved, saved + size_of::<super::roots::SavedRegisters>(), t);
                self.scan_native(th.sp.load(Relaxed) - RED_ZONE, th.stack_base, t);
            }
        }
        self.finalizers.trace(t);
        self.drain(t, minor);
    }

    /// Decides what becomes of all blocks (of the `touched` ones in a minor collection), by the marks, which are current
    /// already.
    fn classify(&self, touched: Option<Vec<u32>>) -> Verdict<'_> {
        let mut v = Verdict {
            lists: self.available.iter().map(locked).collect(),
            to_drop: Vec::new(),
            free: (0, 0),
            live: 0,
            was_live: 0,
        };
        // From the highest block down: the lists are taken from at their ends, and low blocks should fill first.
        match touched {
            Some(mut t) => {
                t.sort_unstable();
                t.dedup();
                t.into_iter().rev().for_each(|b| self.classify_block(b as usize, &mut v));
            }
            None => {
                v.lists.iter_mut().for_each(|l| l.clear());
                (0..self.blocks.frontier()).rev().for_each(|b| self.classify_block(b, &mut v));
            }
        }
        if v.free.1 > 0 {
            self.free_blocks(v.free.0, v.free.1, false);
        }
        v
    }

    #[inline]
    fn classify_block(&self, b: usize, v: &mut Verdict) {
        let k = self.blocks.kind(b);
        if k == kind::FREE || k == kind::TAIL {
            return;
        }
        let m = self.blocks.meta(b);
        let marks = self.blocks.current(b);
        let mut span = 1;
        if k & kind::LARGE != 0 {
            span = m.span.load(Relaxed) as usize;
            if marks[0] & 1 != 0 {
                v.live += span * BLOCK_BYTES;
                return;
            }
            if k & kind::MASK == kind::DROP {
                v.to_drop.push(b as u32);
                return;
            }
        } else {
            let class = usize::from(m.class.load(Relaxed));
            let live: usize = marks.iter().map(|w| w.count_ones() as usize).sum();
            let cells = cells_of(class);
            v.was_live += m.live.swap(live as u32, Relaxed) as usize * SIZES[class] as usize;
            v.live += live * SIZES[class] as usize;
            m.swept_to.store(0, Relaxed);
            if k == kind::DROP {
                if live < cells {
                    v.to_drop.push(b as u32);
                }
                return;
            }
            if self.poison.load(Relaxed) {
                self.poison_dead(b, class);
            }
            if live > 0 {
                if worth_filling(live, cells) {
                    v.lists[class * KINDS + usize::from(k) - 1].push(b as u32);
                }
                return;
            }
        }
        // Dead as a whole: given back in as few runs as possible.
        if v.free.0 == b + span {
            v.free = (b, v.free.1 + span);
        } else {
            if v.free.1 > 0 {
                self.free_blocks(v.free.0, v.free.1, false);
            }
            v.free = (b, span);
        }
    }

    fn poison_dead(&self, b: usize, class: usize) {
        let size = SIZES[class] as usize;
        let marks = self.blocks.current(b);
        for i in 0..cells_of(class) {
            let bit = (i * size) >> 4;
            if marks[bit >> 6] >> (bit & 63) & 1 == 0 {
                // SAFETY: the cell is dead, and the world is stopped.
                unsafe { free_cell(self.blocks.address(b) + i * size, size, true) };
            }
        }
    }

    fn free_blocks(&self, b: usize, n: usize, clean: bool) {
        if self.poison.load(Relaxed) {
            let p = self.blocks.address(b) as *mut u64;
            // SAFETY: the blocks are dead and in use by nobody.
            (0..n * BLOCK_BYTES / 8).for_each(|i| unsafe { p.add(i).write(POISON) });
        }
        self.blocks.give_back(b, n, clean);
    }

    /// Bytes of an object that spans blocks.
    pub(crate) fn large_bytes(&self, v: Value) -> Option<usize> {
        self.blocks.large_span(v.bits() as usize).map(|n| n * BLOCK_BYTES)
    }

    /// Whether a noted object is still there: what spanned blocks may have been freed since. What lies there now is another object if it
    /// has no mark, as old ones have; to visit it would declare it alive until the next collection, which it need not be.
    fn is_still(&self, at: usize) -> bool {
        !at.is_multiple_of(BLOCK_BYTES)
            || self.blocks.find(at).is_some_and(|v| v.bits() as usize == at && self.blocks.is_current(v))
    }

    /// Frees a large object that nothing refers to, without references of its own to drop. `now`: its memory goes back to the system.
    pub(crate) fn free_large(&self, at: usize, now: bool) {
        let Some(n) = self.blocks.large_span(at) else { return };
        let b = self.blocks.number(at);
        if !self.blocks.is_marked_large(at) {
            // Allocated since the last collection: the next one is as far away as before.
            let less = |n: usize| move |all: usize| Some(all.saturating_sub(n * BLOCK_BYTES));
            let _ = self.allocated.fetch_update(Relaxed, Relaxed, less(n));
        }
        let clean = now && !self.poison.load(Relaxed);
        if clean {
            self.blocks.discard(b, n);
        }
        self.free_blocks(b, n, clean);
    }

    /// Drops what died in blocks of the drop kind, and makes their free cells available. The world runs.
    fn sweep_drops(&self, list: Vec<u32>) {
        let poison = self.poison.load(Relaxed);
        for b in list.into_iter().map(|b| b as usize) {
            let at = self.blocks.address(b);
            let m = self.blocks.meta(b);
            let k = self.blocks.kind(b);
            if k & kind::LARGE != 0 {
                let h = at as *mut Header;
                // SAFETY: the block is in use; a large object's header is at its start.
                if unsafe { (*h).shape().0 } != 0 {
                    drop_quietly(h);
                }
                self.free_blocks(b, m.span.load(Relaxed) as usize, false);
                continue;
            }
            let class = usize::from(m.class.load(Relaxed));
            let size = SIZES[class] as usize;
            let marks = self.blocks.current(b);
            for i in 0..cells_of(class) {
                let bit = (i * size) >> 4;
                let h = (at + i * size) as *mut Header;
                // SAFETY: the block is in use; a cell starts there.
                if marks[bit >> 6] >> (bit & 63) & 1 != 0 || unsafe { (*h).shape().0 } == 0 {
                    continue;
                }
                drop_quietly(h);
                // SAFETY: the cell is dead, and only this thread knows of the block.
                unsafe { free_cell(h as usize, size, poison) };
            }
            let live = m.live.load(Relaxed) as usize;
            if live == 0 {
                self.free_blocks(b, 1, false);
            } else if worth_filling(live, cells_of(class)) {
                locked(&self.available[class * KINDS + usize::from(k) - 1]).push(b as u32);
            }
        }
    }

    /// The stopped part of a collection.
    fn run(&self, cx: &mut Ctx, threads: &[Arc<ThreadRecord>], full: bool, report: Report) -> Cycle {
        let (start, begun) = (Instant::now(), processor_time());
        for th in threads {
            // SAFETY: the thread is stopped in a safepoint, or is this one.
            let local = unsafe { &mut (*th.cx).local };
            local.retire();
            self.absorb(local);
        }
        let notes = std::mem::take(&mut *locked(&self.notes));
        let generations = self.generations.load(Relaxed);
        let minor = generations && !full && self.minor_is_enough();
        let verify = self.verify.load(Relaxed);
        if !minor {
            self.blocks.clear_next();
        }
        let mut t = Tracer::marking(self, cx.shapes, verify, minor).ageing(generations);
        if minor {
            // Old objects are marked already: what they refer to is visited only if they were stored into.
            let noted = notes.remembered.iter().filter(|w| self.is_still(**w as usize));
            // SAFETY: noted objects were old, and old objects are freed by full collections only, or were large and retired.
            noted.for_each(|w| t.children(unsafe { Value::from_bits(*w) }));
            std::mem::take(&mut *locked(&self.always)).into_iter().for_each(|v| t.children(v));
        }
        self.mark(cx, threads, &mut t, minor);
        if minor && verify {
            self.blocks.clear_next();
            let mut check = Tracer::marking(self, cx.shapes, true, false).comparing();
            self.mark(cx, threads, &mut check, false);
        }
        let mut queue = |r: Value| self.finalizers.push(super::finalize::Pending::Callback(r));
        let (finalized, cyclic) = self.finalizers.process(&mut t, &self.weak, minor);
        let early: usize = cyclic.into_iter().map(|(v, refs)| self.weak.clear(v, &refs, &mut queue)).sum();
        let (cleared, callbacks) = self.weak.process(&mut t, minor, queue);
        let callbacks = callbacks + early;
        if !minor {
            cx.space().forget_classes(&t);
        }
        cx.space().interned.age();
        // What finalizers will see is not dead yet.
        let dead = match report {
            Report::Nothing => 0,
            Report::Count => self.garbage(cx, &t, false).count,
            Report::Save => {
                let found = self.garbage(cx, &t, true).objects;
                t.values(&found);
                t.drain();
                cx.keep.extend_from_slice(&found);
                found.len()
            }
        };
        t.always.sort_unstable_by_key(|v| v.bits());
        t.always.dedup();
        *locked(&self.always) = std::mem::take(&mut t.always);
        drop(t);
        if !minor {
            self.blocks.flip();
        }
        let v = self.classify(minor.then_some(notes.touched));
        self.epochs.after_collection(|at| self.blocks.is_marked_large(at));
        let spent = self.allocated.swap(0, Relaxed);
        let external = usize::try_from(self.external.swap(0, Relaxed)).unwrap_or(0);
        self.plan(minor, spent, &v, external, processor_time().saturating_sub(begun));
        let pause = start.elapsed();
        let mut s = locked(&self.stats);
        s.collections += 1;
        s.minor += usize::from(minor);
        s.pause_max = s.pause_max.max(pause);
        s.pause_total += pause;
        if !minor {
            s.live_bytes = v.live;
        }
        s.allocated_bytes += spent;
        s.finalized += finalized;
        s.weakrefs_cleared += cleared;
        Cycle { minor, dead, queued: finalized + callbacks, to_drop: v.to_drop, pause }
    }

    /// Whether the next collection may be a minor one, as far as the figures go.
    fn minor_is_enough(&self) -> bool {
        let live = locked(&self.stats).live_bytes;
        let since = self.since_full.load(Relaxed).saturating_add(self.allocated.load(Relaxed));
        self.aged.load(Relaxed) <= MIN_BUDGET.max(live / 4 * self.patience.load(Relaxed))
            && since <= MIN_BUDGET.max(live).saturating_mul(RARELY)
    }

    /// Decides when the next collection comes. `cost`: processor time of this one.
    fn plan(&self, minor: bool, spent: usize, v: &Verdict, external: usize, cost: Duration) {
        if !self.generations.load(Relaxed) {
            self.budget.store(MIN_BUDGET.max(v.live / 4 * 3), Relaxed);
            return;
        }
        if !minor {
            // Where old objects seldom die, looking for them is delayed.
            let before = locked(&self.stats).live_bytes + self.aged.load(Relaxed);
            let few = before.saturating_sub(v.live) < before / 8;
            self.patience.store(if few { 2 * PATIENCE } else { PATIENCE }, Relaxed);
            self.aged.store(0, Relaxed);
            self.since_full.store(0, Relaxed);
            self.budget.store(self.nursery.load(Relaxed), Relaxed);
            return;
        }
        let survived = v.live.saturating_sub(v.was_live);
        self.aged.fetch_add(survived.saturating_add(external), Relaxed);
        self.since_full.fetch_add(spent, Relaxed);
        // What is the same work for each minor collection, and what would have died a little later, is done less often then.
        let cost = usize::try_from(cost.as_nanos()).unwrap_or(usize::MAX);
        let mut nursery = self.nursery.load(Relaxed);
        if cost > spent / 4 {
            nursery *= 2;
        } else if cost < spent / 32 {
            nursery = (nursery / 2).max(self.min_nursery);
        }
        self.resize_nursery(nursery);
        self.budget.store(self.nursery.load(Relaxed), Relaxed);
    }

    /// Sets the bytes between minor collections: not more than live beside them, so that garbage is not most of a small program's memory.
    fn resize_nursery(&self, wanted: usize) {
        let live = (self.blocks.used() * BLOCK_BYTES).saturating_sub(self.allocated.load(Relaxed));
        let nursery = wanted.min(MAX_NURSERY.min(live)).max(self.min_nursery);
        if self.nursery.swap(nursery, Relaxed) > nursery {
            self.shrunk.store(true, Relaxed);
        }
    }

    /// To be told when epochs have freed much: the nursery had perhaps grown since that was stored into all the time.
    pub(crate) fn lighten(&self) {
        if self.generations.load(Relaxed) {
            let old = self.nursery.load(Relaxed);
            self.resize_nursery(old);
            // Unless the next collection goes by something else.
            let _ = self.budget.compare_exchange(old, self.nursery.load(Relaxed), Relaxed, Relaxed);
        }
    }
}

/// Processor time of this thread.
fn processor_time() -> Duration {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one `timespec`.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
    Duration::new(u64::try_from(t.tv_sec).unwrap_or(0), u32::try_from(t.tv_nsec).unwrap_or(0))
}

/// What a collection is to tell of the garbage that it found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Report {
    Nothing,
    Count,
    /// It is not freed, but put into [`Ctx::keep`].
    Save,
}

/// What became of the blocks.
struct Verdict<'a> {
    lists: Vec<MutexGuard<'a, Vec<u32>>>,
    to_drop: Vec<u32>,
    /// Dead blocks not yet given back: first, number.
    free: (usize, usize),
    live: usize,
    /// Bytes in the small cells of these blocks that were live before.
    was_live: usize,
}

/// Whether a cell is storage of an object rather than an object.
pub(super) fn is_storage(v: Value) -> bool {
    matches!(v.layout(), Layout::Values | Layout::DictTable | Layout::Raw)
}

/// Whether a block has enough free cells to be worth a visit.
fn worth_filling(live: usize, cells: usize) -> bool {
    (cells - live) * 8 >= cells.max(8)
}

impl Ctx {
    /// One collection; `None` if another thread collected meanwhile.
    #[inline(never)]
    fn cycle(&mut self, full: bool, report: Report) -> Option<Cycle> {
        self.cycle_and(full, report, &mut |_| ())
    }

    /// As [`Ctx::cycle`]; `then` is called before the other threads go on.
    fn cycle_and(&mut self, full: bool, report: Report, then: &mut dyn FnMut(&mut Ctx)) -> Option<Cycle> {
        let heap = self.heap();
        let asked = Instant::now();
        let mut c = self.with_stopped_world(|cx, threads| {
            let c = heap.run(cx, threads, full, report);
            then(cx);
            c
        })?;
        let stop = asked.elapsed().saturating_sub(c.pause);
        {
            let mut s = locked(&heap.stats);
            s.stop_max = s.stop_max.max(stop);
        }
        heap.sweep_drops(std::mem::take(&mut c.to_drop));
        let shrunk = heap.shrunk.swap(false, Relaxed);
        if !c.minor {
            let live = locked(&heap.stats).live_bytes;
            heap.blocks.release_surplus(MIN_BUDGET.max(live / 4));
        } else if shrunk {
            heap.blocks.release_surplus(heap.nursery.load(Relaxed) * 2);
        }
        self.announce_finalizers();
        Some(c)
    }

    /// A collection, minor unless `full` or due, whose finalizers wait for a poll: what allocation does when it is due.
    #[cold]
    pub(crate) fn collect_quietly(&mut self, full: bool) {
        clear_dead_stack();
        self.cycle(full, Report::Nothing);
        // What the collector has left there would be found in the holes of later frames.
        clear_dead_stack();
    }

    /// A full collection on this thread, finalizers and callbacks included; the number of objects freed that cycles had kept. What
    /// only finalizers kept is freed too, unless they stored it.
    pub fn collect(&mut self) -> usize {
        self.collect_from(0, Report::Count)
    }

    /// As [`Ctx::collect`] for a native function that the interpreter itself has called, and that holds no object: the native
    /// stack is scanned from where the interpreter was entered, so that nothing which the function's frames have left there counts.
    pub fn collect_from_interpreter(&mut self) -> usize {
        self.collect_from(self.entry, Report::Count)
    }

    /// As [`Ctx::collect`] where nobody asks how many objects there were, which takes longer than the rest.
    pub fn collect_uncounted(&mut self) {
        self.collect_from(0, Report::Nothing);
    }

    /// As [`Ctx::collect`], but what is found is not freed: it is put into [`Ctx::keep`] (`gc.DEBUG_SAVEALL`). `direct` as for
    /// [`Ctx::collect_from_interpreter`].
    pub fn collect_and_save(&mut self, direct: bool) -> usize {
        self.collect_from(if direct { self.entry } else { 0 }, Report::Save)
    }

    fn collect_from(&mut self, from: usize, report: Report) -> usize {
        let mut dead = 0;
        for _ in 0..8 {
            clear_dead_stack();
            // Words below that address are the interpreter's own.
            self.local.scan_from = if from == 0 { 0 } else { from + RED_ZONE };
            let Some(c) = self.cycle(true, report) else { continue };
            dead += c.dead;
            if self.run_finalizers() == 0 && (c.queued == 0 || self.local.finalizing) {
                break;
            }
        }
        clear_dead_stack();
        dead
    }

    /// Puts the objects that `want` accepts into [`Ctx::keep`] if nothing refers to them but the words that native functions which the
    /// interpreter has called, and those called before, have left on this thread's stack; the index of the first. Such a function may still
    /// mean to use what it holds, so nothing is freed. Rules for `want` as in [`Ctx::for_each_object`].
    pub fn keep_forgotten(&mut self, want: &mut dyn FnMut(Value) -> bool) -> usize {
        let first = self.keep.len();
        let heap = self.heap();
        let mut done = self.entry == 0;
        while !done {
            self.local.scan_from = self.entry + RED_ZONE;
            done = self
                .with_stopped_world(|cx, threads| {
                    heap.blocks.clear_next();
                    let mut t = Tracer::marking(heap, cx.shapes, false, false);
                    heap.mark(cx, threads, &mut t, false);
                    heap.blocks.for_each(|k| k != kind::NO_SCAN, &mut |v| {
                        if !t.is_marked(v) && !is_storage(v) && want(v) {
                            cx.keep.push(v);
                        }
                    });
                })
                .is_some();
        }
        first
    }

    /// Calls `f` with each object of the heap, storage cells apart, in a stopped world. `f` neither allocates nor runs
    /// Python code. Some may be garbage that was not collected yet: they are whole, but are freed by the next
    /// collection unless they have become reachable by then.
    pub fn for_each_object(&mut self, f: &mut dyn FnMut(Value)) {
        let heap = self.heap();
        let mut done = false;
        while !done {
            done = self
                .with_stopped_world(|_, _| {
                    heap.blocks.for_each(|_| true, &mut |v| {
                        if !is_storage(v) {
                            f(v);
                        }
                    });
                })
                .is_some();
        }
    }

    /// Puts the objects that `want` accepts into [`Ctx::keep`], where the collector finds them; the index of the first. The
    /// caller truncates `keep` to it in the end. Rules for `want` as in [`Ctx::for_each_object`].
    pub fn keep_objects(&mut self, want: &mut dyn FnMut(Value) -> bool) -> usize {
        let first = self.keep.len();
        let heap = self.heap();
        let mut done = false;
        while !done {
            done = self
                .with_stopped_world(|cx, _| {
                    heap.blocks.for_each(|_| true, &mut |v| {
                        if !is_storage(v) && want(v) {
                            cx.keep.push(v);
                        }
                    });
                })
                .is_some();
        }
        first
    }

    /// As [`Ctx::keep_objects`] for objects that are alive at that moment: nothing that other threads have dropped is among them.
    pub fn keep_live_objects(&mut self, want: &mut dyn FnMut(Value) -> bool) -> usize {
        let first = self.keep.len();
        let heap = self.heap();
        let mut done = false;
        while !done {
            done = self
                .cycle_and(true, Report::Nothing, &mut |cx| {
                    heap.blocks.for_each(|_| true, &mut |v| {
                        if !is_storage(v) && want(v) {
                            cx.keep.push(v);
                        }
                    });
                })
                .is_some();
        }
        first
    }

    /// Bytes of an object's cell.
    pub fn cell_bytes(&self, v: Value) -> usize {
        if v.is_heap() { self.heap().blocks.cell_bytes(v) } else { 0 }
    }

    /// Whether a word is the address of an object of this heap, for assertions and tests.
    pub fn is_object(&self, word: u64) -> bool {
        self.heap().blocks.find(word as usize).is_some_and(|v| v.bits() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::RAW_SHAPE;
    use crate::layouts::ListObj;
    use crate::space::ProtoSpace;

    /// The address of the list's storage, inverted: the stack is not to keep it.
    #[inline(never)]
    fn noted_storage(cx: &mut Ctx, l: &ListObj) -> usize {
        for i in 0..8_000 {
            assert!(cx.list_append(l, Value::small(i)).is_ok());
        }
        cx.collect_quietly(true);
        // The storage is old, and noted by this.
        assert!(cx.list_set(l, 0, Value::NONE));
        let at = l.items.get().map_or(0, |s| s.bits() as usize);
        assert!(at.is_multiple_of(BLOCK_BYTES) && cx.heap().is_still(at));
        !at
    }

    #[inline(never)]
    fn empty(cx: &mut Ctx, l: &ListObj) {
        cx.list_clear(l);
    }

    #[test]
    fn what_lies_where_noted_storage_was_is_not_taken_for_it() {
        let space = ProtoSpace::new((1, 2)).expect("space");
        let mut cx = Ctx::attach(&space, true).expect("thread");
        cx.heap().set_stress(0);
        let store = cx.new_values(8).expect("memory");
        let v = cx.list_from_values(store, 0);
        cx.keep.push(v);
        let l = ListObj::of(v).expect("list");
        let hidden = noted_storage(&mut cx, l);
        empty(&mut cx, l);
        cx.retire(Box::new(()), crate::epoch::BUDGET);
        clear_dead_stack();
        assert!(cx.safepoint().is_ok());
        let at = !hidden;
        let heap = cx.heap();
        assert!(heap.blocks.find(at).is_none() && !heap.is_still(at), "freed");
        // A young object takes the place.
        for _ in 0..100_000 {
            let v = Value::from_ref(cx.alloc_cell(64, false, Layout::Object, RAW_SHAPE, 0));
            if v.bits() as usize == at {
                break;
            }
        }
        assert!(heap.blocks.find(at).is_some(), "taken");
        assert!(!heap.is_still(at), "what is there is young");
    }
}
