//! The locks of stream objects.
//!
//! An operation of a buffered stream is atomic for other threads, although it may call a raw stream written in Python. So
//! its lock is no spin lock: who finds it taken sleeps in a blocking scope. The lock knows its owner: a stream that its
//! own raw stream (or a signal handler) calls again in the same thread would find its state half changed.
//!
//! 1. [`Locked`] refuses such a call (RuntimeError), so the reference to the state that the closure has is the only one.
//! 2. [`Recursive`] lets it pass; what it protects is kept in slots and atomics, which each step leaves whole.
//! 3. The collector never looks at what is in a [`Locked`]: it holds no values.
#![allow(unsafe_code)]

use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::repr_text;
use protopy_vm::sync::RawLock;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};

/// A lock that knows its owner.
#[derive(Default)]
struct Owned {
    lock: RawLock,
    owner: AtomicU64,
}

/// Ends the hold when a panic passes by.
struct Unwind<'a>(&'a Owned);

impl Drop for Unwind<'_> {
    fn drop(&mut self) {
        self.0.owner.store(0, Ordering::Relaxed);
        self.0.lock.reinit();
    }
}

impl Owned {
    #[inline]
    fn is_mine(&self, cx: &Ctx) -> bool {
        self.owner.load(Ordering::Relaxed) == cx.ident
    }

    #[inline]
    fn take(&self, cx: &mut Ctx) -> PyResult<()> {
        self.lock.acquire(cx, None)?;
        self.owner.store(cx.ident, Ordering::Relaxed);
        Ok(())
    }

    #[inline]
    fn give(&self, cx: &Ctx) {
        self.owner.store(0, Ordering::Relaxed);
        self.lock.release(cx);
    }

    #[inline]
    fn run<R>(&self, cx: &mut Ctx, f: impl FnOnce(&mut Ctx) -> R) -> R {
        let unwind = Unwind(self);
        let r = f(cx);
        std::mem::forget(unwind);
        self.give(cx);
        r
    }
}

/// State that one thread at a time works on, and not twice.
#[derive(Default)]
pub struct Locked<T> {
    owned: Owned,
    value: UnsafeCell<T>,
}

// SAFETY: access to the value is exclusive, by the lock.
unsafe impl<T: Send> Sync for Locked<T> {}

impl<T> Locked<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Locked<T> {
        Locked { owned: Owned::default(), value: UnsafeCell::new(value) }
    }

    /// Runs `f` on the value. `this` is the stream that the RuntimeError of a re-entrant call names.
    #[inline]
    pub fn with<R>(
        &self,
        cx: &mut Ctx,
        this: Value,
        f: impl FnOnce(&mut Ctx, &mut T) -> PyResult<R>,
    ) -> PyResult<R> {
        if self.owned.is_mine(cx) {
            let shown = repr_text(cx, this)?;
            return Err(cx.raise_str(Ty::RuntimeError, &format!("reentrant call inside {shown}")));
        }
        self.owned.take(cx)?;
        // SAFETY: this thread has just taken the lock and did not hold it before, so no other reference exists until `run`
        // gives it back.
        self.owned.run(cx, |cx| f(cx, unsafe { &mut *self.value.get() }))
    }
}

/// A lock that its owner may take again.
#[derive(Default)]
pub struct Recursive(Owned);

impl Recursive {
    /// Runs `f` with the lock held.
    #[inline]
    pub fn with<R>(&self, cx: &mut Ctx, f: impl FnOnce(&mut Ctx) -> PyResult<R>) -> PyResult<R> {
        if self.0.is_mine(cx) {
            return f(cx);
        }
        self.0.take(cx)?;
        self.0.run(cx, f)
    }
}
