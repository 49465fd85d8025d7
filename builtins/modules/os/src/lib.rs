//! Native modules of the operating system: posix, errno, time, _signal, _stat, fcntl, select, pwd, grp, resource, _posixsubprocess, _socket, _locale, faulthandler.

use protopy_vm::ModuleSpec;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[];
