//! Locks: the byte in each header, and [`Guarded`] for native payloads.
//!
//! The byte lock serialises the writers of one object. Its holder neither allocates from the collector's heap
//! nor runs Python code nor reaches a safepoint, so a stopped world never has a held byte, and the lock needs no
//! owner. Storage that a write may need is allocated before the lock is taken, and the write revalidates. Who finds the lock taken stays
//! away for a while ([`crate::backoff`]): nobody queues for a lock that is held for a few instructions.

use crate::header::Header;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU8, Ordering};

/// Holds an object's byte lock until dropped.
pub struct ByteGuard<'a>(Option<&'a AtomicU8>);

impl Drop for ByteGuard<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(l) = self.0 {
            l.free();
        }
    }
}

impl<'a> ByteGuard<'a> {
    /// Waits for a lock and takes it.
    #[inline(always)]
    pub(crate) fn take(l: &'a AtomicU8) -> ByteGuard<'a> {
        lock_byte(l);
        ByteGuard(Some(l))
    }
}

/// The byte of a lock; generic for the model checker (`tests/models.rs`).
pub trait LockByte {
    /// Takes the lock if it is free; whether it was.
    fn try_take(&self) -> bool;
    /// Whether it looks free.
    fn looks_free(&self) -> bool;
    /// Frees it.
    fn free(&self);
    /// Passes time after an attempt has failed, and `n` more since.
    fn relax(&self, n: u32);
}

impl LockByte for AtomicU8 {
    #[inline(always)]
    fn try_take(&self) -> bool {
        self.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[inline(always)]
    fn looks_free(&self) -> bool {
        self.load(Ordering::Relaxed) == 0
    }

    #[inline(always)]
    fn free(&self) {
        self.store(0, Ordering::Release);
    }

    fn relax(&self, n: u32) {
        crate::backoff::stay_away(n);
    }
}

#[cold]
#[inline(never)]
fn lock_slow<L: LockByte>(l: &L) {
    let mut failed = 0u32;
    loop {
        l.relax(failed);
        if l.looks_free() && l.try_take() {
            return;
        }
        failed = failed.saturating_add(1);
    }
}

/// Waits for a lock and takes it.
#[inline(always)]
pub fn lock_byte<L: LockByte>(l: &L) {
    if !l.try_take() {
        lock_slow(l);
    }
}

impl Header {
    /// Takes the byte lock. `single` says that the process has one thread: nothing is taken then.
    #[inline(always)]
    pub fn lock(&self, single: bool) -> ByteGuard<'_> {
        if single || crate::ONE_THREAD {
            return ByteGuard(None);
        }
        lock_byte(&self.lock);
        ByteGuard(Some(&self.lock))
    }
}

/// Mutable state of a native payload, shared by threads. The closure given to [`Guarded::with`] must not run Python
/// code, allocate objects or block: take what is needed out, release, then call.
pub struct Guarded<T> {
    lock: AtomicU8,
    value: UnsafeCell<T>,
}

// SAFETY: access to the value is exclusive, by the lock.
unsafe impl<T: Send> Sync for Guarded<T> {}

impl<T: Default> Default for Guarded<T> {
    fn default() -> Self {
        Guarded::new(T::default())
    }
}

struct Unlock<'a>(&'a AtomicU8);

impl Drop for Unlock<'_> {
    fn drop(&mut self) {
        self.0.free();
    }
}

impl<T> Guarded<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Guarded { lock: AtomicU8::new(0), value: UnsafeCell::new(value) }
    }

    /// Runs `f` on the value, alone. Re-entering from `f` would deadlock.
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let _unlock = (!crate::ONE_THREAD).then(|| {
            lock_byte(&self.lock);
            Unlock(&self.lock)
        });
        // SAFETY: the lock is held until `_unlock` drops.
        f(unsafe { &mut *self.value.get() })
    }

    /// The value while the world is stopped: for `Payload::trace` only.
    ///
    /// # Safety
    /// No other thread runs, and no guard is held (holders never reach a safepoint).
    pub unsafe fn peek(&self) -> &T {
        // SAFETY: by the contract.
        unsafe { &*self.value.get() }
    }
}
