//! Isolated interpreters: `_interpreters`, `_interpqueues` and `_interpchannels`, on which `concurrent.interpreters` and `InterpreterPoolExecutor` stand.
//!
//! An interpreter is a [`ProtoSpace`] of its own: heap, types, modules, `sys`, threads. Nothing of one space may be seen in another, since
//! each collector knows its own cells only. So:
//!
//! 1. A thread is in one space at a time. It goes into another by [`enter::visit`]: in its own space it is in a blocking scope then,
//!    in the other one it is a thread like any other, with a `Ctx` of its own. Threads nest: who visits may visit on.
//! 2. What crosses is Rust data ([`shared::Shared`]), which belongs to no space: the closure given to `visit` takes and answers no
//!    `Value`. Exceptions cross as texts ([`excinfo::ExcInfo`]).
//! 3. The registry ([`registry::Registry`]) of all interpreters of the process hangs off each space. Its locks are leaves: whoever holds one touches no
//!    object, reaches no safepoint and ends no space.
//! 4. A space ends when the last of those who hold it lets go: the registry until it is destroyed, threads that are in it, and
//!    memory that it lends to others ([`lease`]).

mod channel;
mod channels;
mod enter;
mod excinfo;
mod lease;
mod module;
mod pickled;
mod queues;
mod registry;
mod shared;
mod state;
mod stateless;

use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{ModuleSpec, errors};
use registry::Registry;
use std::sync::Arc;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[&module::MODULE, &queues::MODULE, &channels::MODULE];

/// How the program makes further interpreters. Called on the thread that the new interpreter is made by.
pub trait Maker: Send + Sync {
    /// A new space with this thread attached.
    fn space(&self) -> std::io::Result<Box<Ctx>>;

    /// Makes types, builtins, `sys` and the table of native modules.
    fn core(&self, cx: &mut Ctx) -> PyResult<()>;

    /// Starts the import system, makes the standard streams and `__main__`. `path`: what `sys.path` begins with.
    fn rest(&self, cx: &mut Ctx, path: Option<&str>) -> PyResult<()>;

    /// The namespace of `__main__`.
    fn main_dict(&self, cx: &mut Ctx) -> PyResult;

    /// Ends the interpreter: its threads, `atexit` functions, streams and modules.
    fn end(&self, cx: &mut Ctx);
}

/// Makes the space the main interpreter.
pub fn install(cx: &mut Ctx, maker: Arc<dyn Maker>) {
    let registry = Arc::new(Registry::new(maker, cx.ident));
    let main = registry.main();
    state::of(cx).settle(registry, main);
    protopy_vm::finalize::register_fork_hook(cx, state::after_fork);
    protopy_vm::exports::install_reaper(cx, lease::reap);
}

/// Ends all other interpreters that no thread is in, at the end of the main one.
pub fn end_all(cx: &mut Ctx) {
    let Some((registry, _)) = state::of(cx).get() else { return };
    if registry.any_idle().is_some() {
        // An interpreter ends with the last object that refers to it: what is dead has not been told yet.
        protopy_vm::interp::liveness::collect_for_program(cx, "", "");
    }
    let mut warned = false;
    while let Some(i) = registry.any_idle() {
        if !std::mem::replace(&mut warned, true) {
            let msg = "remaining subinterpreters; close them with Interpreter.close()";
            if let Err(r) = errors::warn(cx, Ty::RuntimeWarning, msg, 0) {
                errors::report_unraisable(cx, r, None, Value::NONE);
            }
        }
        if !enter::end(cx, &registry, &i) {
            return;
        }
    }
}
