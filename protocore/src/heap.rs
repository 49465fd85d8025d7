//! The heap's interface (a first form that never frees).

use crate::ctx::Ctx;
use crate::header::{Header, Layout, ShapeId};
use crate::slot::Slot;
use crate::value::Value;

/// The heap of a space.
pub struct Heap {}

/// A thread's part of the heap.
pub struct LocalHeap {}

impl LocalHeap {
    /// Nothing allocated yet.
    pub fn new() -> LocalHeap {
        LocalHeap {}
    }
}

impl Default for LocalHeap {
    fn default() -> Self {
        LocalHeap::new()
    }
}

impl Heap {
    /// An empty heap.
    pub fn new() -> std::io::Result<Heap> {
        Ok(Heap {})
    }

    /// Makes a thread known to the collector.
    pub fn register(&self, _cx: &mut Ctx) {}

    /// Forgets a thread.
    pub fn unregister(&self, _cx: &mut Ctx) {}
}

impl Ctx {
    /// A zeroed cell of `size` bytes with its header written. `drop`: the layout needs dropping. For sizes that do not
    /// depend on user data; never fails (an exhausted heap ends in a MemoryError at the next safepoint).
    #[inline]
    pub fn alloc_cell(
        &mut self,
        size: usize,
        drop: bool,
        layout: Layout,
        shape: ShapeId,
        flags: u8,
    ) -> *mut Header {
        let _ = drop;
        // SAFETY: size is not zero.
        let p = unsafe { libc::calloc(1, size.max(16)) }.cast::<Header>();
        if p.is_null() {
            std::process::abort();
        }
        // SAFETY: fresh memory.
        unsafe { p.write(Header::new(shape, layout, flags)) };
        p
    }

    /// As [`Ctx::alloc_cell`] for sizes that user data determines: `None` when memory is exhausted.
    pub fn try_alloc_cell(&mut self, size: usize, layout: Layout, shape: ShapeId) -> Option<*mut Header> {
        // SAFETY: size is not zero.
        let p = unsafe { libc::calloc(1, size.max(16)) }.cast::<Header>();
        if p.is_null() {
            return None;
        }
        // SAFETY: fresh memory.
        unsafe { p.write(Header::new(shape, layout, 0)) };
        Some(p)
    }

    /// Stores `v` into a slot of `owner` (or of storage that only `owner` refers to; pass the storage cell itself then).
    #[inline(always)]
    pub fn store(&mut self, owner: Value, slot: &Slot, v: Value) {
        self.barrier(owner);
        slot.init(Some(v));
    }

    /// Empties a slot.
    #[inline(always)]
    pub fn store_empty(&mut self, owner: Value, slot: &Slot) {
        self.barrier(owner);
        slot.init(None);
    }

    /// Declares that `owner` is about to refer to something new by other means than [`Ctx::store`].
    #[inline(always)]
    pub fn barrier(&mut self, _owner: Value) {}

    /// Stops this thread while the collector runs.
    pub fn stop_here(&mut self) {}

    /// Runs `f`, which may block and touches no object, as a blocking scope: the collector does not wait for this thread.
    pub fn blocking<R>(&mut self, f: impl FnOnce() -> R) -> R {
        f()
    }

    /// A full collection on this thread, finalizers and callbacks included; the number of objects freed.
    pub fn collect(&mut self) -> usize {
        0
    }

    /// Declares `bytes` (negative: freed) of memory outside of the heap that objects own.
    pub fn external_bytes(&mut self, _bytes: isize) {}
}
