//! `fork`, `forkpty` and the hooks around them.
//!
//! All other threads are stopped at safepoints while the process is copied, so that every object is whole in the child. There
//! this thread is the only one: it becomes the main thread.

use super::state::OsState;
use crate::support::raise_errno;
use crate::sys;
use protopy_vm::interp::remote;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::settings::{limited, limits};
use protopy_vm::{audit, call, call_method, callable, methods, report_unraisable, warn};
use std::sync::atomic::Ordering;

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Makes a copy of the process: 0 in the child, the child's id in the parent.
    "fork()" => fork;
    /// Makes a copy of the process with a pseudo terminal: id and master.
    "forkpty()" => forkpty;
    /// Registers functions to call around fork().
    ///
    /// before: called in the parent, last registered first.
    /// after_in_child: called in the child, in order.
    /// after_in_parent: called in the parent, in order.
    "register_at_fork(*, before=<unrepresentable>, after_in_child=<unrepresentable>, after_in_parent=<unrepresentable>)"
        => register_at_fork;
];

const BEFORE: usize = 0;
const CHILD: usize = 1;
const PARENT: usize = 2;

fn register_at_fork(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let names = ["before", "after_in_child", "after_in_parent"];
    if a.iter().all(|v| v.is_unbound()) {
        return Err(cx.type_error("At least one argument is required."));
    }
    for (v, n) in a.iter().zip(names) {
        if let Some(v) = v.bound()
            && !callable(cx, v)
        {
            let msg = format!("'{n}' must be callable, not {}", protopy_vm::ops::tp_name(cx, v));
            return Err(cx.type_error(&msg));
        }
    }
    let given = [a[BEFORE], a[CHILD], a[PARENT]];
    let room =
        cx.space().state::<OsState>().fork_hooks.with(|all| all.try_reserve(1).map(|()| all.push(given)));
    room.map(|()| Value::NONE).map_err(|_| cx.no_memory())
}

/// The hooks that a fork runs. Beside other threads, which may register some meanwhile, these are those that were there when it began: what
/// follows a fork then never lacks what belongs before it.
#[derive(Clone, Copy)]
pub struct Hooks(usize);

/// Runs hooks; errors are reported, not raised.
fn run(cx: &mut Ctx, Hooks(most): Hooks, which: usize) {
    let s = cx.space().state::<OsState>();
    let n = s.fork_hooks.with(|all| all.len().min(most));
    for i in 0..n {
        let at = if which == BEFORE { n - 1 - i } else { i };
        if let Some(f) = s.fork_hooks.with(|all| all.get(at).and_then(|hooks| hooks[which].bound()))
            && let Err(r) = call(cx, f, &[])
        {
            report_unraisable(cx, r, Some("Exception ignored in fork hook"), f);
        }
    }
}

/// Calls a function of `_imp` about the import lock.
fn import_lock(cx: &mut Ctx, function: &str) {
    let r = protopy_vm::import(cx, "_imp").and_then(|m| call_method(cx, m, function, &[]));
    if let Err(r) = r {
        report_unraisable(cx, r, Some("Exception ignored in fork hook"), Value::NONE);
    }
}

/// Hooks before a fork. The import lock is held while the process forks, so that the child finds no module half imported.
pub fn before_fork(cx: &mut Ctx) -> Hooks {
    let count = cx.space().state::<OsState>().fork_hooks.with(|all| all.len());
    let hooks = Hooks(if cx.single_threaded() { usize::MAX } else { count });
    run(cx, hooks, BEFORE);
    import_lock(cx, "acquire_lock");
    hooks
}

/// Hooks in the parent after a fork.
pub fn after_fork_in_parent(cx: &mut Ctx, hooks: Hooks) {
    import_lock(cx, "release_lock");
    run(cx, hooks, PARENT);
}

/// What the runtime and the program do in the child after a fork.
pub fn after_fork_in_child(cx: &mut Ctx, hooks: Hooks) {
    protopy_vm::finalize::after_fork_child(cx);
    import_lock(cx, "release_lock");
    crate::signal::after_fork(cx);
    run(cx, hooks, CHILD);
}

/// Forks with `f`, which answers the child's id, or 0 in the child. The world is stopped meanwhile.
pub fn fork_with(cx: &mut Ctx, f: impl FnOnce() -> sys::SysResult<i32>) -> sys::SysResult<i32> {
    let guard = cx.prepare_fork();
    let r = f();
    if let Some(g) = guard {
        match r {
            Ok(0) => {
                let frames = remote::left_behind(cx, &g);
                cx.after_fork_child(g);
                remote::settle(cx, frames);
            }
            _ => cx.after_fork_parent(g),
        }
    }
    r
}

fn refuse_late(cx: &mut Ctx) -> PyResult<()> {
    // Of the main interpreter, in which this thread waits, the child would not know which threads are left.
    if limited(cx, limits::SUB) {
        let msg = "fork not supported for isolated subinterpreters";
        return Err(cx.raise_str(Ty::RuntimeError, msg));
    }
    if cx.space().finalizing.load(Ordering::Relaxed) {
        return Err(cx.raise_str(Ty::PythonFinalizationError, "can't fork at interpreter shutdown"));
    }
    Ok(())
}

/// Warns that the copy of a process with threads has one thread only.
pub fn warn_threads(cx: &mut Ctx, name: &str) -> PyResult<()> {
    if cx.registered_threads() > 1 {
        let pid = std::process::id();
        let msg = format!(
            "This process (pid={pid}) is multi-threaded, use of {name}() may lead to deadlocks in the child."
        );
        warn(cx, Ty::DeprecationWarning, &msg, 1)?;
    }
    Ok(())
}

fn do_fork(cx: &mut Ctx, name: &str, f: impl FnOnce() -> sys::SysResult<i32>) -> PyResult<i32> {
    refuse_late(cx)?;
    let hooks = before_fork(cx);
    match fork_with(cx, f) {
        Ok(0) => {
            after_fork_in_child(cx, hooks);
            Ok(0)
        }
        Ok(pid) => {
            // Counted before the hooks, which may start threads.
            let warned = warn_threads(cx, name);
            after_fork_in_parent(cx, hooks);
            warned.map(|()| pid)
        }
        Err(e) => {
            after_fork_in_parent(cx, hooks);
            Err(raise_errno(cx, e))
        }
    }
}

fn fork(cx: &mut Ctx, _: &[Value]) -> PyResult {
    audit(cx, "os.fork", &[])?;
    let pid = do_fork(cx, "fork", sys::fork_stopped)?;
    Ok(cx.int(i64::from(pid)))
}

fn forkpty(cx: &mut Ctx, _: &[Value]) -> PyResult {
    audit(cx, "os.forkpty", &[])?;
    let mut master = -1;
    let pid = do_fork(cx, "forkpty", || sys::forkpty_stopped(&mut master))?;
    let (p, m) = (cx.int(i64::from(pid)), cx.int(i64::from(master)));
    cx.tuple_of(None, &[p, m])
}
