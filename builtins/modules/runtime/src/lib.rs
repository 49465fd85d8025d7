//! Native modules of the runtime: _ast, _tokenize, _imp, _thread, _weakref, _abc, _typing, _types, _warnings, _contextvars, gc, atexit, _opcode, _symtable.

pub mod imp;
pub mod marshal;
pub mod thread;

use protopy_vm::ModuleSpec;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[&imp::MODULE, &marshal::MODULE, &thread::MODULE];
