//! What the heap tells about itself.

use super::{Heap, locked};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Figures of a heap.
#[derive(Clone, Copy, Default, Debug)]
pub struct HeapStats {
    /// Collections so far.
    pub collections: usize,
    /// Minor ones among them.
    pub minor: usize,
    /// Longest pause.
    pub pause_max: Duration,
    /// Sum of all pauses.
    pub pause_total: Duration,
    /// Longest time from the request to the stop of all threads.
    pub stop_max: Duration,
    /// Bytes of the cells that survived the last collection.
    pub live_bytes: usize,
    /// Bytes handed out to threads so far.
    pub allocated_bytes: usize,
    /// Bytes of the blocks in use.
    pub heap_bytes: usize,
    /// Bytes after which a collection is due.
    pub budget: usize,
    /// Finalizers queued so far.
    pub finalized: usize,
    /// Weak references cleared so far.
    pub weakrefs_cleared: usize,
}

impl Heap {
    /// The figures now.
    pub fn stats(&self) -> HeapStats {
        let mut s = *locked(&self.stats);
        s.allocated_bytes += self.allocated.load(Relaxed);
        s.heap_bytes = self.blocks.used() * super::class::BLOCK_BYTES;
        s.budget = self.budget.load(Relaxed);
        s
    }
}
