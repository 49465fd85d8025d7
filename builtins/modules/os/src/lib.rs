//! Native modules of the operating system: posix, errno, time, _signal, _stat and the others that wrap system calls.

mod accounts;
pub mod clock;
mod consts;
mod errno;
mod fcntl;
mod locale;
mod mmap;
mod multiprocessing;
pub mod posix;
mod resource;
mod select;
pub mod signal;
mod socket;
mod stat;
mod stdio;
mod subprocess;
pub mod support;
pub mod sys;
mod sys_more;
mod sysconfig;
mod syslog;
mod termios;
pub mod time;
mod uuid;

use protopy_vm::ModuleSpec;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[
    &errno::MODULE,
    &socket::MODULE,
    &mmap::MODULE,
    &multiprocessing::MODULE,
    &multiprocessing::SHMEM,
    &locale::MODULE,
    &subprocess::MODULE,
    &sysconfig::MODULE,
    &syslog::MODULE,
    &termios::MODULE,
    &accounts::PWD,
    &accounts::GRP,
    &fcntl::MODULE,
    &resource::MODULE,
    &select::MODULE,
    &posix::MODULE,
    &signal::MODULE,
    &stat::MODULE,
    &time::MODULE,
    &uuid::MODULE,
];
