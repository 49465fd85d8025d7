//! Foreign functions and C data: the module `_ctypes`.
//!
//! # The idea
//!
//! Each ctypes class has an [`info::Info`]: kind, size, alignment and how its values pass to C. It hangs on the class
//! (`TypeObj::attached`) and is made by the metaclass's `__init__`. An instance ([`data::CData`]) is an address, a size, and what keeps
//! the memory alive: blocks of `malloc` that it owns, or the object that it is a part of (`base`). What its pointers point at is
//! kept by `_objects` of the outermost object, as in CPython.
//!
//! # Invariants
//!
//! 1. Memory that Python code can reach through an object stays mapped as long as the object: a block that `resize` replaces is
//!    freed with its owner. Accesses are checked against the object's size.
//! 2. Calls run in a blocking scope unless the function type says that it runs Python code. A callback leaves the scope
//!    (`Ctx::unblocking`) on a thread that came from Python, and attaches a thread that did not.
//! 3. Nothing unwinds through C: what a callback raises is reported, and it answers zero.

#![allow(unsafe_code)]

mod argument;
mod array;
mod call;
mod callback;
mod codes;
mod data;
mod field;
mod function;
mod info;
mod longdouble;
mod meta;
mod module;
mod pointer;
mod simple;
mod state;
mod structs;

use protopy_vm::ModuleSpec;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[&module::MODULE];
