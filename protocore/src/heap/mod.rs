//! The heap of a space: a tracing, non-moving collector that is conservative on native stacks only.
//!
//! # The idea
//!
//! Memory is cut into blocks of 32 KiB whose cells all have one size and one kind (with references, without, with
//! Rust values to drop). A thread owns the block that it allocates from and takes cells by moving a cursor through a run
//! of free ones: no lock, no list, four instructions. Marks lie beside the blocks. After marking nothing is swept: a
//! thread that takes a block later finds the runs between the marks. Objects that span blocks are freed at once.
//!
//! A collection stops all threads at safepoints. It marks from the space's roots, the threads' states, their register
//! stacks (each word checked) and their native stacks (each word checked, interior pointers count), so native code
//! holds values in ordinary variables.
//!
//! # Invariants (those of cells and marks are in [`blocks`], those of stopping in [`world`])
//!
//! 1. Allocation is a safepoint: when a function that allocates returns, any other object that is reachable only
//!    through the malloc heap may be gone. Objects on native stacks, in registers and in traced places stay.
//! 2. The collection that an allocation may trigger happens before the cell is taken. A cell handed out is zero but for
//!    its header; the owner writes the fields for which zero is not valid before its next safepoint.
//! 3. No lock that the collector or a `trace` function takes is held at a safepoint.
//! 4. The cells between a cursor and its limit are zero, so that a check of a stale word finds them free.
//! 5. Dropping runs after the world has been resumed, on the collecting thread, once for each dead cell: `drop` may
//!    take locks of the malloc heap's world but sees other dead objects in any state.
//! 6. Finalizers and callbacks never run inside of an allocation, only at polls and in [`Ctx::collect`].
//! 7. External bytes and the budget only decide when to collect, never what.
//!
//! # Why not
//!
//! Reference counts: an object shared by threads costs 30 times as much to pass around. A moving nursery: native code
//! would need handles for every value. Free lists in cells: they touch dead memory and give no runs to bump through.
//! Concurrent marking: the barrier has its place ([`Ctx::store`]), the pauses did not ask for it yet.

pub(crate) mod blocks;
mod class;
mod collect;
mod finalize;
mod garbage;
mod idle;
mod local;
pub(crate) mod roots;
mod stats;
pub(crate) mod team;
pub(crate) mod world;

pub use idle::{IdleWatch, Look};
pub use local::LocalHeap;
pub use roots::SavedRegisters;
pub use stats::HeapStats;
pub use world::ForkGuard;
pub(crate) use world::ThreadRecord;

use crate::PyResult;
use crate::ctx::{Ctx, breaker};
use crate::epoch::Epochs;
use crate::header::{Header, Layout, ShapeId};
use crate::slot::Slot;
use crate::value::Value;
use crate::weakref::WeakTable;
use blocks::Blocks;
use class::{CLASSES, KINDS};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock};

pub(crate) use class::kind;

/// Bits of the collector's byte in a header.
pub(crate) mod gc_bits {
    /// The finalizer was queued, or is not wanted any more: it will not run again.
    pub(crate) const FINALIZED: u8 = 1;
    /// The object is in the list of finalizable objects.
    pub(crate) const REGISTERED: u8 = 2;
    /// The object has survived a collection, and nothing was stored into it since.
    pub(crate) const OLD: u8 = 4;
    /// Within a collection: a finalizable object that was not reached.
    pub(crate) const DYING: u8 = 8;
    /// Within a collection: such an object that is a member of a cycle, or kept by one.
    pub(crate) const CYCLIC: u8 = 16;
    /// Set in every object; see [`crate::ctx::Ctx::store_is_free`].
    pub(crate) const ANY: u8 = 128;
}

/// Bits of the breaker that the heap sees to.
const HEAP_BITS: u32 = breaker::REPIN | breaker::COLLECT | breaker::FINALIZE | breaker::MEMORY;

/// The heap of a space.
pub struct Heap {
    pub(crate) blocks: Blocks,
    /// Blocks with free cells, by class and kind.
    available: Box<[Mutex<Vec<u32>>]>,
    pub(crate) world: world::World,
    /// Bytes handed out to threads since the last collection.
    allocated: AtomicUsize,
    /// External bytes declared since the last collection.
    external: AtomicIsize,
    /// Bytes after which the next collection is due.
    budget: AtomicUsize,
    limit: AtomicUsize,
    enabled: AtomicBool,
    /// Collect at every n-th allocation; 0: no.
    stress: AtomicUsize,
    mark_stack: AtomicUsize,
    /// Threads that mark in each collection; 0: as many as pay.
    markers: AtomicUsize,
    processors: OnceLock<usize>,
    poison: AtomicBool,
    verify: AtomicBool,
    stats: Mutex<HeapStats>,
    pub(crate) weak: WeakTable,
    finalizers: finalize::Finalizers,
    /// Notes of threads that have ended.
    notes: Mutex<local::Notes>,
    /// Objects that are visited by each minor collection: suspended frames, whose registers are written without a barrier.
    always: Mutex<Vec<Value>>,
    generations: AtomicBool,
    /// Bytes that have become old since the last full collection.
    aged: AtomicUsize,
    /// Quarters of the live bytes that may become old before the next full collection.
    patience: AtomicUsize,
    /// Bytes allocated since the last full collection, up to the last minor one.
    since_full: AtomicUsize,
    /// Bytes between minor collections, and the least number of these.
    nursery: AtomicUsize,
    min_nursery: usize,
    /// Whether the nursery was made smaller: the next collection gives memory back.
    shrunk: AtomicBool,
    pub(crate) epochs: Epochs,
    idle: idle::Idle,
}

pub(crate) fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

/// A size in an environment variable: a number with an optional suffix K, M or G.
fn size_from_env(name: &str) -> Option<usize> {
    let text = std::env::var(name).ok()?;
    let text = text.trim();
    let (digits, shift) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 10),
        b'm' | b'M' => (&text[..text.len() - 1], 20),
        b'g' | b'G' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    digits.parse::<usize>().ok()?.checked_mul(1 << shift)
}

/// Bytes of memory that the machine has.
fn physical_memory() -> usize {
    // SAFETY: no preconditions.
    let (pages, size) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    match (usize::try_from(pages), usize::try_from(size)) {
        (Ok(p), Ok(s)) if p > 0 => p.saturating_mul(s),
        _ => usize::MAX,
    }
}

impl Heap {
    /// An empty heap. Read from the environment: `PROTOPY_HEAP_MAX` (bytes, suffixes K, M, G; physical memory if
    /// absent), `PROTOPY_GC_NURSERY` (least number of bytes between minor collections), `PROTOPY_GC_STRESS=N` (collect at every N-th allocation), `PROTOPY_GC_POISON=1` (fill freed cells, check
    /// the filling at reuse), `PROTOPY_GC_VERIFY=1` (check each reference that is marked; implied by poison),
    /// `PROTOPY_GC_MARKERS=N` (threads that mark, whatever the heap's size), `PROTOPY_GC_STATS=1` (tell of slow stops).
    pub fn new() -> std::io::Result<Heap> {
        let limit = size_from_env("PROTOPY_HEAP_MAX").unwrap_or_else(physical_memory);
        let flag = |n| std::env::var_os(n).is_some_and(|v| !v.is_empty() && v != "0");
        let poison = flag("PROTOPY_GC_POISON");
        let min_nursery =
            size_from_env("PROTOPY_GC_NURSERY").map_or(collect::MIN_NURSERY, |n| n.max(1 << 16));
        let generations = std::env::var_os("PROTOPY_GC_GENERATIONS").is_none_or(|v| v != "0");
        let world = world::World::new();
        world.stops.loud.store(flag("PROTOPY_GC_STATS"), Relaxed);
        Ok(Heap {
            blocks: Blocks::reserve(limit)?,
            available: (0..CLASSES * KINDS).map(|_| Mutex::new(Vec::new())).collect(),
            world,
            allocated: AtomicUsize::new(0),
            external: AtomicIsize::new(0),
            // Fresh memory costs more than a collection of the little that lives at first.
            budget: AtomicUsize::new(if generations { min_nursery } else { collect::MIN_BUDGET }),
            limit: AtomicUsize::new(limit),
            enabled: AtomicBool::new(true),
            stress: AtomicUsize::new(size_from_env("PROTOPY_GC_STRESS").unwrap_or(0)),
            mark_stack: AtomicUsize::new(usize::MAX),
            markers: AtomicUsize::new(size_from_env("PROTOPY_GC_MARKERS").unwrap_or(0).min(64)),
            processors: OnceLock::new(),
            poison: AtomicBool::new(poison),
            verify: AtomicBool::new(poison || flag("PROTOPY_GC_VERIFY")),
            stats: Mutex::new(HeapStats::default()),
            weak: WeakTable::default(),
            finalizers: finalize::Finalizers::default(),
            notes: Mutex::new(local::Notes::default()),
            always: Mutex::new(Vec::new()),
            generations: AtomicBool::new(generations),
            aged: AtomicUsize::new(usize::MAX),
            patience: AtomicUsize::new(collect::PATIENCE),
            since_full: AtomicUsize::new(0),
            nursery: AtomicUsize::new(min_nursery),
            min_nursery,
            shrunk: AtomicBool::new(false),
            epochs: Epochs::default(),
            idle: idle::Idle::default(),
        })
    }

    /// Collects at every `n`-th allocation; 0 ends it. Threads that are attached already notice at their next block.
    pub fn set_stress(&self, n: usize) {
        self.stress.store(n, Relaxed);
    }

    pub(crate) fn is_stressed(&self) -> bool {
        self.stress.load(Relaxed) != 0
    }

    /// Fills cells when they are freed, and checks references while marking. To be set before the first allocation.
    pub fn set_poison(&self, on: bool) {
        self.poison.store(on, Relaxed);
        self.verify.store(on, Relaxed);
    }

    /// Whether collections may be minor ones (unless `PROTOPY_GC_GENERATIONS=0`): every store into an object that a collection may
    /// have seen must then be preceded by its barrier. With `PROTOPY_GC_VERIFY=1` each minor collection is checked against a full marking.
    pub fn set_generations(&self, on: bool) {
        self.generations.store(on, Relaxed);
        self.aged.store(usize::MAX, Relaxed);
    }

    /// Most bytes that the heap may take.
    pub fn set_limit(&self, bytes: usize) {
        self.limit.store(bytes, Relaxed);
        self.blocks.set_limit(bytes);
    }

    /// To be told when the addresses that the process may have were limited to `bytes`: the heap gives back those that it
    /// reserved beyond its share.
    pub fn limit_addresses(&self, bytes: usize) {
        self.blocks.fit(bytes);
    }

    fn absorb(&self, local: &mut LocalHeap) {
        self.finalizers.add(&mut local.finalizable);
        let mut notes = locked(&self.notes);
        notes.remembered.append(&mut local.notes.remembered);
        notes.touched.append(&mut local.notes.touched);
    }

    /// `gc.enable()`, `gc.disable()`. Nothing else frees memory here, so a disabled collector still runs, at four times the
    /// growth.
    pub fn set_enabled(&self, on: bool) {
        self.enabled.store(on, Relaxed);
    }

    /// `gc.isenabled()`
    pub fn enabled(&self) -> bool {
        self.enabled.load(Relaxed)
    }

    /// Most objects on the mark stack, for tests of its overflow.
    pub fn set_mark_stack_limit(&self, n: usize) {
        self.mark_stack.store(n, Relaxed);
    }

    pub(crate) fn mark_stack_limit(&self) -> usize {
        self.mark_stack.load(Relaxed)
    }

    /// Bytes between collections: the next one is due after `bytes`; later ones go by the size of the heap again.
    pub fn set_budget(&self, bytes: usize) {
        self.budget.store(bytes, Relaxed);
    }

    /// Whether a collection is due.
    fn due(&self) -> bool {
        let external = usize::try_from(self.external.load(Relaxed)).unwrap_or(0);
        let spent = self.allocated.load(Relaxed).saturating_add(external);
        let budget = self.budget.load(Relaxed);
        spent > if self.enabled() { budget } else { budget.saturating_mul(4) }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        // Payloads may own files and memory. No thread is attached any more, so the world is still.
        let mut all = Vec::new();
        self.blocks.for_each(|k| k == kind::DROP, &mut |v| all.push(v));
        for v in all {
            // SAFETY: the cell holds an object, and this is its last use.
            unsafe { collect::drop_object(v.ptr::<Header>()) };
        }
    }
}

impl Ctx {
    /// The space's heap.
    #[inline(always)]
    pub(crate) fn heap(&self) -> &'static Heap {
        let heap: *const Heap = &self.space().heap;
        // SAFETY: `self` holds on to the space; the lifetime is nominal and ends with the caller's use of `self`.
        unsafe { &*heap }
    }

    /// A zeroed cell of `size` bytes with its header written. `drop`: the layout needs dropping. For sizes that do not
    /// depend on user data; never fails (an exhausted heap ends in a MemoryError at the next safepoint).
    #[inline(always)]
    pub fn alloc_cell(
        &mut self,
        size: usize,
        drop: bool,
        layout: Layout,
        shape: ShapeId,
        flags: u8,
    ) -> *mut Header {
        let kind = class::kind_of(layout, shape, drop);
        let p = match self.local.bump(size, kind) {
            Some(p) => p,
            None => self.alloc_slow(size, kind),
        };
        // SAFETY: a fresh cell of at least 16 bytes.
        unsafe { p.write(Header::new(shape, layout, flags)) };
        p
    }

    /// As [`Ctx::alloc_cell`] for sizes that user data determines: `None` when memory is exhausted.
    #[inline]
    pub fn try_alloc_cell(&mut self, size: usize, layout: Layout, shape: ShapeId) -> Option<*mut Header> {
        let kind = class::kind_of(layout, shape, false);
        let p = match self.local.bump(size, kind) {
            Some(p) => p,
            None => self.try_alloc_slow(size, kind)?,
        };
        // SAFETY: a fresh cell of at least 16 bytes.
        unsafe { p.write(Header::new(shape, layout, 0)) };
        Some(p)
    }

    /// As [`Ctx::try_alloc_cell`] for objects without references whose content the caller writes, all of it, before anything else sees it.
    #[inline]
    pub(crate) fn try_alloc_unfilled_cell(
        &mut self,
        size: usize,
        layout: Layout,
        shape: ShapeId,
    ) -> Option<*mut Header> {
        let kind = class::kind_of(layout, shape, false);
        let p = match self.local.bump(size, kind) {
            Some(p) => p,
            None => self.try_alloc_unfilled(size, kind)?,
        };
        // SAFETY: a fresh cell of at least 16 bytes.
        unsafe { p.write(Header::new(shape, layout, 0)) };
        Some(p)
    }

    /// A cell that the collector scans although its shape is one of objects without references.
    pub(crate) fn try_alloc_scanned_cell(
        &mut self,
        size: usize,
        layout: Layout,
        shape: ShapeId,
    ) -> Option<*mut Header> {
        let p = match self.local.bump(size, class::kind::SCAN) {
            Some(p) => p,
            None => self.try_alloc_slow(size, class::kind::SCAN)?,
        };
        // SAFETY: a fresh cell of at least 16 bytes.
        unsafe { p.write(Header::new(shape, layout, 0)) };
        Some(p)
    }

    /// Stores `v` into a slot of `owner` (or of storage that only `owner` refers to; pass the storage cell itself then).
    #[inline(always)]
    pub fn store(&mut self, owner: Value, slot: &Slot, v: Value) {
        self.barrier(owner);
        slot.init(Some(v));
    }

    /// Stores `new` if the slot still holds `old`; whether it did.
    #[inline]
    pub fn store_if(&mut self, owner: Value, slot: &Slot, old: Value, new: Value) -> bool {
        self.barrier(owner);
        slot.cas_raw(Some(old), Some(new))
    }

    /// Stores `new` if the slot is empty; whether it was.
    #[inline]
    pub fn store_if_empty(&mut self, owner: Value, slot: &Slot, new: Value) -> bool {
        self.barrier(owner);
        slot.cas_raw(None, Some(new))
    }

    /// Empties a slot.
    #[inline(always)]
    pub fn store_empty(&mut self, owner: Value, slot: &Slot) {
        self.barrier(owner);
        slot.init(None);
    }

    /// Declares that `owner` is about to refer to something new by other means than [`Ctx::store`]. An old
    /// object is noted, so that the next minor collection looks at it again.
    #[inline(always)]
    pub fn barrier(&mut self, owner: Value) {
        if let Some(h) = owner.header()
            && h.gc.load(Relaxed) & gc_bits::OLD != 0
        {
            self.remember(owner);
        }
    }

    /// Whether a store into `owner` has something to note: the interpreter's fast paths ask, and store plainly if not.
    #[inline(always)]
    pub fn store_is_plain(&self, owner: Value) -> bool {
        owner.header().is_none_or(|h| h.gc.load(Relaxed) & gc_bits::OLD == 0)
    }

    /// Whether a store into `owner`, a heap object, has neither something to note nor another thread to fear. One test for both: while
    /// there are threads the mask has a bit that every object has.
    #[inline(always)]
    pub fn store_is_free(&self, owner: Value) -> bool {
        owner.header().is_some_and(|h| h.gc.load(Relaxed) & self.careful() == 0)
    }

    #[cold]
    #[inline(never)]
    fn remember(&mut self, owner: Value) {
        if let Some(h) = owner.header()
            && h.gc.fetch_and(!gc_bits::OLD, Relaxed) & gc_bits::OLD != 0
        {
            self.local.notes.remembered.push(owner.bits());
        }
    }

    /// Declares `bytes` (negative: freed) of memory outside of the heap that objects own. When much came together a
    /// collection happens at the next safepoint.
    #[inline]
    pub fn external_bytes(&mut self, bytes: isize) {
        self.local.external = self.local.external.saturating_add(bytes);
        if self.local.external.unsigned_abs() >= 1 << 16 {
            self.external_flush();
        }
    }

    /// The heap's share of a safepoint; the breaker's bits that are left to do.
    pub(crate) fn heap_safepoint(&mut self, bits: u32) -> PyResult<u32> {
        if bits & breaker::REPIN != 0 {
            self.pass_epoch();
        }
        if bits & breaker::COLLECT != 0 && self.heap().due() {
            self.collect_quietly(false);
        }
        if bits & breaker::FINALIZE != 0 {
            self.run_finalizers();
        }
        if std::mem::take(&mut self.local.exhausted) {
            // What else the breaker asked for waits for the next safepoint.
            self.breaker.fetch_or(bits & !HEAP_BITS, Relaxed);
            return Err(self.no_memory());
        }
        Ok(bits & !HEAP_BITS)
    }

    #[cold]
    fn external_flush(&mut self) {
        let heap = self.heap();
        heap.external.fetch_add(std::mem::take(&mut self.local.external), Relaxed);
        if heap.due() {
            self.breaker.fetch_or(breaker::COLLECT, Relaxed);
        }
    }
}
