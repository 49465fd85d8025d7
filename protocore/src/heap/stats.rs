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
    /// Epochs that have ended, bytes of storage that they have freed, and bytes retired that they have not.
    pub epochs: usize,
    /// As above.
    pub epochs_freed: usize,
    /// As above.
    pub retired: usize,
}

impl Heap {
    /// The figures now.
    pub fn stats(&self) -> HeapStats {
        let mut s = *locked(&self.stats);
        s.allocated_bytes += self.allocated.load(Relaxed);
        s.heap_bytes = self.blocks.used() * super::class::BLOCK_BYTES;
        s.budget = self.budget.load(Relaxed);
        s.epochs = self.epochs.ended.load(Relaxed);
        s.epochs_freed = self.epochs.freed.load(Relaxed);
        s.retired = self.epochs.retained();
        s
    }

    /// The figures in words, for `PROTOPY_GC_STATS=1`.
    pub fn report(&self) -> String {
        use std::fmt::Write;
        let s = self.stats();
        let mut out = format!(
            "protocore: {} collections ({} minor), longest pause {:.1} ms, all {:.1} ms\n\
             protocore: {} MiB allocated, {} MiB live at the last full collection, {} MiB in use, {} kept for use\n\
             protocore: {} epochs freed {} MiB of outgrown storage, {} KiB wait\n",
            s.collections,
            s.minor,
            s.pause_max.as_secs_f64() * 1e3,
            s.pause_total.as_secs_f64() * 1e3,
            s.allocated_bytes >> 20,
            s.live_bytes >> 20,
            s.heap_bytes >> 20,
            self.blocks.kept() >> 20,
            s.epochs,
            s.epochs_freed >> 20,
            s.retired >> 10,
        );
        let stops = &self.world.stops;
        let n: usize = stops.below.iter().map(|c| c.load(Relaxed)).sum();
        if n > 0 {
            let mean = stops.nanoseconds.load(Relaxed) as f64 / n as f64 / 1e3;
            let longest = stops.longest.load(Relaxed) as f64 / 1e6;
            let _ = write!(
                out,
                "protocore: {n} stops of several threads, mean {mean:.0} us, longest {longest:.1} ms;"
            );
            for (i, c) in stops.below.iter().enumerate().filter(|(_, c)| c.load(Relaxed) > 0) {
                let _ = write!(out, " {} below {} us,", c.load(Relaxed), 2u64 << i);
            }
            out.pop();
            out.push('\n');
        }
        out
    }
}
