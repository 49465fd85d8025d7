//! Native modules of the operating system: posix, errno, time, _signal, _stat and the others that wrap system calls.

pub mod clock;
mod errno;
mod errno_consts;
pub mod posix;
pub mod signal;
mod signal_consts;
mod stat;
pub mod support;
pub mod sys;
pub mod time;
mod time_consts;

use protopy_vm::ModuleSpec;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] =
    &[&errno::MODULE, &posix::MODULE, &signal::MODULE, &stat::MODULE, &time::MODULE];
