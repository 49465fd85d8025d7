//! Standard descriptors that were closed when the process started.
//!
//! Rust's runtime opens `/dev/null` in their place before `main`, where Python programs expect them closed. A constructor, which runs
//! before that, notes which they were.
#![allow(unsafe_code)]

use crate::sys;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bit n: descriptor n was closed.
static CLOSED: AtomicU32 = AtomicU32::new(0);

extern "C" fn note() {
    for fd in 0..3 {
        if sys::fcntl(fd, libc::F_GETFD, 0) == Err(libc::EBADF) {
            CLOSED.fetch_or(1 << fd, Ordering::Relaxed);
        }
    }
}

// SAFETY: the loader calls the functions of this section once, before `main`; this one makes system calls only.
#[used]
#[unsafe(link_section = ".init_array")]
static NOTE: extern "C" fn() = note;

/// Closes what the runtime has opened.
pub fn close_again() {
    let closed = CLOSED.swap(0, Ordering::Relaxed);
    for fd in (0..3).filter(|fd| closed & (1 << fd) != 0) {
        let _ = sys::close(fd);
    }
}
