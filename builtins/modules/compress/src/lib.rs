//! Native modules of compression: zlib, _bz2, _lzma.
//!
//! An object owns a stream of the library behind it. Its lock is held while the stream works, in a blocking scope: other threads
//! run meanwhile, and wait if they want the same object.

pub mod bz2;
mod decoder;
mod encoder;
pub mod lzma;
mod output;
pub mod zlib;

use protopy_vm::ModuleSpec;
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::sync::RawLock;
use std::cell::UnsafeCell;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[&zlib::MODULE, &bz2::MODULE, &lzma::MODULE];

/// A value that one thread at a time works on, perhaps for long.
pub(crate) struct Locked<T> {
    lock: RawLock,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached through the lock only.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Locked<T> {}

impl<T> Locked<T> {
    pub(crate) fn new(value: T) -> Self {
        Locked { lock: RawLock::new(), value: UnsafeCell::new(value) }
    }

    /// Runs `f` on the value in a blocking scope: it must not touch the heap, but may read bytes that the caller keeps alive.
    pub(crate) fn with<R>(&self, cx: &mut Ctx, f: impl FnOnce(&mut T) -> R) -> PyResult<R> {
        self.lock.acquire(cx, None)?;
        // SAFETY: the lock is held until `f` has returned; `f` cannot run Python code, which might come here again.
        #[allow(unsafe_code)]
        let r = cx.blocking(|| f(unsafe { &mut *self.value.get() }));
        self.lock.release(cx);
        Ok(r)
    }

    /// The value for a short look, without a blocking scope.
    pub(crate) fn look<R>(&self, cx: &mut Ctx, f: impl FnOnce(&mut T) -> R) -> PyResult<R> {
        self.lock.acquire(cx, None)?;
        // SAFETY: as in `with`.
        #[allow(unsafe_code)]
        let r = f(unsafe { &mut *self.value.get() });
        self.lock.release(cx);
        Ok(r)
    }
}

/// An int argument as C's `int`.
pub(crate) fn c_int(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    let n = protopy_vm::index_clamped(cx, v)?;
    match i32::try_from(n) {
        Ok(n) => Ok(n),
        Err(_) => {
            let side = if n < 0 { "small" } else { "large" };
            let msg = format!("Python int too {side} to convert to C int");
            Err(cx.raise_str(Ty::OverflowError, &msg))
        }
    }
}

/// Methods that refuse to be pickled, as objects of libraries do.
pub(crate) fn no_pickle(cx: &mut Ctx, this: Value) -> PyResult {
    let name = protopy_vm::full_type_name(cx, this);
    Err(cx.type_error(&format!("cannot pickle '{name}' object")))
}
