//! A thread's part of the heap: cursors into runs of free cells, and the slow paths of allocation.
//!
//! A run is opened slice by slice: the next few KiB are zeroed when the cursor gets there, so that the cells are in the
//! cache when they are handed out.

use super::class::{self, BLOCK_BYTES, CLASS_OF, CLASSES, KINDS, SIZES, SMALL_MAX, kind};
use super::world::ThreadRecord;
use super::{Heap, locked};
use crate::ctx::{Ctx, breaker};
use crate::header::Header;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Bytes of a run that are zeroed at a time.
const SLICE: usize = 4096;

/// Filling of freed cells in poison mode: as a reference it points nowhere.
pub(super) const POISON: u64 = 0xdbdb_dbdb_dbdb_dbd8;

const NO_BLOCK: usize = usize::MAX;

/// Where a thread allocates cells of one class and kind.
#[derive(Clone, Copy)]
struct Bump {
    /// Next cell.
    cursor: usize,
    /// End of the opened slice.
    limit: usize,
    /// End of the run.
    run_end: usize,
    /// The block, `NO_BLOCK` for none.
    block: usize,
    /// Whether the block is all zero.
    zeroed: bool,
}

const NO_BUMP: Bump = Bump { cursor: 0, limit: 0, run_end: 0, block: NO_BLOCK, zeroed: false };

/// What the next minor collection has to look at.
#[derive(Default)]
pub(super) struct Notes {
    /// Old objects that were stored into.
    pub(super) remembered: Vec<u64>,
    /// Blocks that were allocated from, first blocks of large objects.
    pub(super) touched: Vec<u32>,
}

/// A thread's part of the heap.
pub struct LocalHeap {
    bumps: [Bump; CLASSES * KINDS],
    pub(crate) record: Option<Arc<ThreadRecord>>,
    /// Finalizable objects not yet in the heap's list.
    pub(super) finalizable: Vec<u64>,
    pub(super) notes: Notes,
    /// Whether this thread runs finalizers.
    pub(super) finalizing: bool,
    /// Where the scan of this thread's native stack begins in the collection that it asks for; 0: at its stack pointer.
    pub(super) scan_from: usize,
    pub(super) external: isize,
    /// Allocations until the next collection in stress mode.
    countdown: usize,
    /// Whether a MemoryError is due at the next safepoint.
    pub(crate) exhausted: bool,
}

impl Default for LocalHeap {
    fn default() -> Self {
        LocalHeap::new()
    }
}

impl LocalHeap {
    /// Nothing allocated yet.
    pub fn new() -> LocalHeap {
        LocalHeap {
            bumps: [NO_BUMP; CLASSES * KINDS],
            record: None,
            finalizable: Vec::new(),
            notes: Notes::default(),
            finalizing: false,
            scan_from: 0,
            external: 0,
            countdown: 0,
            exhausted: false,
        }
    }

    /// A cell of the opened slice, if there is one.
    #[inline(always)]
    pub(super) fn bump(&mut self, size: usize, kind: u8) -> Option<*mut Header> {
        if size > SMALL_MAX {
            return None;
        }
        let class = usize::from(CLASS_OF[size.div_ceil(8)]);
        debug_assert!((1..=KINDS).contains(&usize::from(kind)));
        // SAFETY: the table's classes are below `CLASSES`, and kinds of cells are 1 to 3.
        let b = unsafe { self.bumps.get_unchecked_mut(class * KINDS + usize::from(kind) - 1) };
        let p = b.cursor;
        let next = p + SIZES[class] as usize;
        if next > b.limit {
            return None;
        }
        b.cursor = next;
        Some(p as *mut Header)
    }

    /// Lets go of all blocks. The world is stopped; cells not handed out are zero or unmarked.
    pub(super) fn retire(&mut self) {
        self.bumps = [NO_BUMP; CLASSES * KINDS];
    }

    fn install(&mut self, heap: &Heap, slot: usize, block: usize, zeroed: bool) {
        let at = heap.blocks.address(block);
        let class = slot / KINDS;
        let live = heap.blocks.meta(block).live.load(Relaxed) as usize;
        let free = class::cells_of(class).saturating_sub(live) * SIZES[class] as usize;
        heap.allocated.fetch_add(free, Relaxed);
        self.notes.touched.push(block as u32);
        self.bumps[slot] = Bump { cursor: at, limit: at, run_end: at, block, zeroed };
    }

    /// Opens the next slice of the block; false when the block is used up.
    fn refill(&mut self, heap: &Heap, slot: usize, slice: usize) -> bool {
        let class = slot / KINDS;
        let size = SIZES[class] as usize;
        let b = &mut self.bumps[slot];
        if b.block == NO_BLOCK {
            return false;
        }
        let at = heap.blocks.address(b.block);
        if b.limit >= b.run_end {
            match heap.blocks.free_run(b.block, class, b.run_end - at) {
                Some((start, end)) => {
                    b.cursor = at + start;
                    b.limit = b.cursor;
                    b.run_end = at + end;
                }
                None => {
                    *b = NO_BUMP;
                    return false;
                }
            }
        }
        let from = b.limit;
        let end = b.run_end.min(from + (slice / size).max(1) * size);
        if !b.zeroed {
            if heap.poison.load(Relaxed) {
                check_poison(from, end);
            }
            // SAFETY: the cells of the run are free, and the block is this thread's.
            unsafe { std::ptr::write_bytes(from as *mut u8, 0, end - from) };
        }
        heap.blocks.meta(b.block).swept_to.store((end - at) as u32, Relaxed);
        b.limit = end;
        true
    }
}

fn check_poison(from: usize, end: usize) {
    for at in (from..end).step_by(8) {
        // SAFETY: the cells are free and the block is this thread's.
        let w = unsafe { *(at as *const u64) };
        if w != 0 && w != POISON {
            eprintln!("protocore: freed memory at {at:#x} was written to: {w:#018x}");
            std::process::abort();
        }
    }
}

#[cold]
fn exhausted_for_good() -> ! {
    eprintln!("protocore: out of memory");
    std::process::abort();
}

/// Blocks of a large object whose pages are asked for in a blocking scope: 1 MiB.
const APART: usize = (1 << 20) / BLOCK_BYTES;

impl Ctx {
    /// A cell, by whatever it takes.
    #[cold]
    #[inline(never)]
    pub(super) fn alloc_slow(&mut self, size: usize, kind: u8) -> *mut Header {
        match self.cell_slow(size, kind, true, true) {
            Some(p) => p,
            None => exhausted_for_good(),
        }
    }

    /// A cell, unless memory is exhausted.
    #[cold]
    #[inline(never)]
    pub(super) fn try_alloc_slow(&mut self, size: usize, kind: u8) -> Option<*mut Header> {
        self.cell_slow(size, kind, false, true)
    }

    /// As [`Ctx::try_alloc_slow`] for a cell without references that the caller fills: a large one is not zeroed beyond its first block.
    #[cold]
    #[inline(never)]
    pub(super) fn try_alloc_unfilled(&mut self, size: usize, kind: u8) -> Option<*mut Header> {
        self.cell_slow(size, kind, false, false)
    }

    fn cell_slow(&mut self, size: usize, kind: u8, must: bool, fill: bool) -> Option<*mut Header> {
        let heap = self.heap();
        let stress = heap.stress.load(Relaxed);
        if stress != 0 {
            self.local.countdown += 1;
            if self.local.countdown >= stress {
                self.local.countdown = 0;
                self.collect_quietly(false);
            }
        }
        if size > SMALL_MAX {
            return self.large(size, kind, must, fill || kind != kind::NO_SCAN);
        }
        let slice = if stress != 0 { 1 } else { SLICE };
        let class = usize::from(CLASS_OF[size.div_ceil(8)]);
        let slot = class * KINDS + usize::from(kind) - 1;
        let mut tried = false;
        let mut emergency = false;
        loop {
            if self.breaker.load(Relaxed) & breaker::STOP != 0 {
                self.stop_here();
            }
            if self.local.refill(heap, slot, slice)
                && let Some(p) = self.local.bump(size, kind)
            {
                return Some(p);
            }
            if heap.due() && !tried {
                tried = true;
                self.collect_quietly(false);
                continue;
            }
            let available = locked(&heap.available[slot]).pop();
            if let Some(b) = available {
                self.local.install(heap, slot, b as usize, false);
                continue;
            }
            let mut fresh = heap.blocks.take(1, kind, class, false);
            if fresh.is_none() {
                let worthwhile = !must || heap.allocated.load(Relaxed) > 1 << 20;
                if !emergency && worthwhile {
                    emergency = true;
                    self.collect_quietly(true);
                    continue;
                }
                if !must {
                    return None;
                }
                fresh = heap.blocks.take(1, kind, class, true);
                self.local.exhausted = true;
                self.breaker.fetch_or(breaker::MEMORY, Relaxed);
            }
            let b = fresh?;
            let mut zeroed = heap.blocks.meta(b).dirty.load(Relaxed) == 0;
            if !zeroed && kind == kind::DROP {
                // The sweep reads the header of every cell of such a block, also of those that were never opened.
                heap.blocks.zero(b, 1);
                zeroed = true;
            }
            self.local.install(heap, slot, b, zeroed);
        }
    }

    fn large(&mut self, size: usize, kind: u8, must: bool, fill: bool) -> Option<*mut Header> {
        let heap = self.heap();
        let n = size.div_ceil(BLOCK_BYTES);
        if u32::try_from(n).is_err() || size > heap.limit.load(Relaxed) {
            return None;
        }
        if self.breaker.load(Relaxed) & breaker::STOP != 0 {
            self.stop_here();
        }
        if heap.due() {
            self.collect_quietly(false);
        }
        let b = match heap.blocks.withdraw(n, false) {
            Some(b) => b,
            None => {
                self.collect_quietly(true);
                heap.blocks.withdraw(n, must)?
            }
        };
        if fill && n >= APART && !self.single_threaded() {
            // Nobody waits for the system meanwhile.
            self.blocking(|| heap.blocks.fault_in(b, n));
        }
        heap.blocks.open(b, n, kind | kind::LARGE, 0);
        heap.blocks.zero(b, if fill { n } else { 1 });
        self.local.notes.touched.push(b as u32);
        heap.allocated.fetch_add(n * BLOCK_BYTES, Relaxed);
        Some(heap.blocks.address(b) as *mut Header)
    }
}
