//! The slow paths of the standard library's locks, for ThreadSanitizer.
//!
//! The standard library that comes with a toolchain is not instrumented: ThreadSanitizer sees what is inlined into our crates, but not that
//! the out-of-line parts of `Mutex`, `RwLock` and `Condvar` order the memory as well, and takes whatever a contended lock protects for a race.
//! These do the same, instrumented, and are linked in the place of those; `run` puts the symbols' names here, which are those of the toolchain.
//! The layouts of the locks (a mutex: 0 free, 1 held, 2 contended; a reader-writer lock: readers in the low 30 bits, all of them
//! set for a writer) are those of the library of Rust 1.95.

#![crate_type = "lib"]
#![no_std]

use core::sync::atomic::{AtomicU32, Ordering::*};

const SYS_FUTEX: i64 = 202;
const WAIT_PRIVATE: i32 = 128;
const WAKE_PRIVATE: i32 = 129;
const READERS: u32 = (1 << 30) - 1;

unsafe extern "C" {
    fn syscall(number: i64, ...) -> i64;
    fn sched_yield() -> i32;
}

unsafe fn wait(word: &AtomicU32, value: u32) {
    unsafe { syscall(SYS_FUTEX, word.as_ptr(), WAIT_PRIVATE, value, 0usize, 0usize, 0usize) };
}

unsafe fn wake(word: &AtomicU32) {
    unsafe { syscall(SYS_FUTEX, word.as_ptr(), WAKE_PRIVATE, 1u32, 0usize, 0usize, 0usize) };
}

#[unsafe(export_name = "@LOCK_CONTENDED@")]
pub unsafe extern "C" fn lock_contended(mutex: &AtomicU32) {
    while mutex.swap(2, Acquire) != 0 {
        unsafe { wait(mutex, 2) };
    }
}

#[unsafe(export_name = "@CONDVAR_WAIT@")]
pub unsafe extern "C" fn condvar_wait(condvar: &AtomicU32, mutex: &AtomicU32) {
    let seen = condvar.load(Relaxed);
    if mutex.swap(0, Release) == 2 {
        unsafe { wake(mutex) };
    }
    unsafe { wait(condvar, seen) };
    if mutex.compare_exchange(0, 1, Acquire, Relaxed).is_err() {
        unsafe { lock_contended(mutex) };
    }
}

#[unsafe(export_name = "@READ_CONTENDED@")]
pub unsafe extern "C" fn read_contended(lock: &AtomicU32) {
    loop {
        let s = lock.load(Relaxed);
        if s & READERS < READERS - 1 && lock.compare_exchange(s, s + 1, Acquire, Relaxed).is_ok() {
            return;
        }
        unsafe { sched_yield() };
    }
}

#[unsafe(export_name = "@WRITE_CONTENDED@")]
pub unsafe extern "C" fn write_contended(lock: &AtomicU32) {
    loop {
        let s = lock.load(Relaxed);
        if s & READERS == 0 && lock.compare_exchange(s, s | READERS, Acquire, Relaxed).is_ok() {
            return;
        }
        unsafe { sched_yield() };
    }
}
