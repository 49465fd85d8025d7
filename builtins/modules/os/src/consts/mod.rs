//! Tables of integer constants: names that `libc` has, then those it lacks, with their values.

pub mod errno;
pub mod fcntl;
pub mod locale;
pub mod mmap;
pub mod resource;
pub mod select;
pub mod signal;
pub mod socket;
pub mod syslog;
pub mod termios;
pub mod time;
