//! Epochs: when memory that readers use without a lock, and that the collector does not own, may be freed.
//!
//! A thread is pinned while it runs; what it retires is freed when all threads have passed a safepoint since. Inline
//! cache records, versions of tables and superseded malloc buffers are retired here; objects are the collector's.
//!
//! # Invariants
//!
//! 1. A raw pointer to retired-able memory never crosses a safepoint: readers borrow `&Ctx`, safepoints take `&mut Ctx`.
//! 2. A thread in a blocking scope or in a stopped world is not pinned: it holds no such pointer (1), and would keep
//!    everything retired meanwhile.
//! 3. Repinning alone never frees: after a budget of bytes the retiring thread asks every thread to repin at its next
//!    safepoint, and flushes its own list.

use crate::ctx::{Ctx, breaker};
use crossbeam_epoch::{Collector, Guard, LocalHandle};
use std::sync::atomic::Ordering;

/// Bytes that a thread retires before it asks for a flush.
const BUDGET: usize = 1 << 20;

/// The epochs of a space.
#[derive(Default)]
pub(crate) struct Epochs {
    collector: Collector,
}

impl Epochs {
    /// A pinned participant for the calling thread.
    pub(crate) fn register(&self) -> LocalEpoch {
        let handle = self.collector.register();
        let guard = Some(handle.pin());
        LocalEpoch { guard, handle, retired: 0 }
    }
}

/// A thread's part: dropped before the space.
pub(crate) struct LocalEpoch {
    guard: Option<Guard>,
    handle: LocalHandle,
    retired: usize,
}

impl LocalEpoch {
    pub(crate) fn pin(&mut self) {
        if self.guard.is_none() {
            self.guard = Some(self.handle.pin());
        }
    }

    pub(crate) fn unpin(&mut self) {
        self.guard = None;
    }

    /// Lets the epoch advance and frees what nobody can see any more.
    fn repin(&mut self) {
        self.retired = 0;
        if let Some(g) = &mut self.guard {
            g.flush();
            g.repin();
        }
    }
}

impl Ctx {
    /// Frees `garbage`, which readers may still use, when all threads have passed a safepoint. `bytes` is what it holds on to.
    /// It must be unreachable for new readers already.
    pub fn retire<T: Send + 'static>(&mut self, garbage: Box<T>, bytes: usize) {
        let Some(e) = &mut self.local.epoch else { return };
        e.pin();
        if let Some(g) = &e.guard {
            g.defer(move || drop(garbage));
        }
        e.retired = e.retired.saturating_add(bytes);
        if e.retired >= BUDGET {
            e.retired = 0;
            self.breaker.fetch_or(breaker::REPIN, Ordering::Relaxed);
            self.heap().world.interrupt_all(breaker::REPIN);
        }
    }

    /// Renews this thread's pin: done at safepoints when the breaker asks for it.
    pub fn repin(&mut self) {
        if let Some(e) = &mut self.local.epoch {
            e.repin();
        }
    }
}
