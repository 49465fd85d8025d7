//! What runs between two instructions: finalizers, weak-reference callbacks, signal handlers, exceptions sent by other
//! threads, pending calls.
//!
//! The heap queues dead objects and cleared references; a thread that polls gives them to the functions here, one at a time.
//! Nothing that runs here may disturb the code it interrupts: the exception on its way and the one being handled are put
//! back, and errors are reported as unraisable. Signal handlers, sent exceptions and pending calls are the exception:
//! what they raise is raised at the poll.

use crate::attr::type_lookup;
use crate::call::{call, call_method};
use crate::errors::{report_unraisable, warn};
use crate::interp::gens::{gen_close, gen_code};
use crate::names::{N, name};
use crate::ops::repr_text;
use protocore::ctx::breaker;
use protocore::dict::DictObj;
use protocore::layouts::{GeneratorObj, StrObj, WeakRefObj, gen_state};
use protocore::space::{Hooks, SpaceState};
use protocore::{Ctx, PyResult, Raised, Root, Tracer, Ty, Value};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// Runs the Python handlers of the signals that have arrived; what a handler raises is raised.
pub type SignalHook = fn(&mut Ctx) -> PyResult<()>;

/// Behaves as if a signal had arrived (`_thread.interrupt_main`); false for a number that is no signal's.
pub type TripHook = fn(&mut Ctx, i32) -> bool;

/// A call that a thread is to make at its next poll.
pub type PendingCall = Box<dyn FnOnce(&mut Ctx) -> PyResult<()> + Send>;

/// Asynchronous work of a space.
#[derive(Default)]
pub struct Async {
    signal: Mutex<Option<SignalHook>>,
    /// Starts the thread that collects when the process is idle.
    idle: Mutex<Option<fn(&mut Ctx)>>,
    /// Breakers by thread identifier.
    threads: Mutex<HashMap<u64, Arc<AtomicU32>>>,
    /// The main thread's identifier and breaker.
    main: Mutex<Option<(u64, Arc<AtomicU32>)>>,
    /// Exceptions sent, by thread identifier.
    sent: Mutex<HashMap<u64, Value>>,
    pending: Mutex<VecDeque<PendingCall>>,
    trip: Mutex<Option<TripHook>>,
    fork_hooks: Mutex<Vec<fn(&mut Ctx)>>,
}

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

impl SpaceState for Async {
    fn trace(&self, t: &mut Tracer) {
        for v in locked(&self.sent).values() {
            t.visit(*v);
        }
    }
}

/// Installs the hooks of a space, and makes the calling thread its main thread.
pub fn install_hooks(cx: &mut Ctx) {
    let hooks = Hooks { poll, finalize, weakref_callback };
    *cx.space().hooks.write().unwrap_or_else(|e| e.into_inner()) = hooks;
    set_main_thread(cx);
}

/// Makes the calling thread the one that runs signal handlers.
pub fn set_main_thread(cx: &mut Ctx) {
    let a = cx.space().state::<Async>();
    *locked(&a.main) = Some((cx.ident, cx.breaker.clone()));
    locked(&a.threads).insert(cx.ident, cx.breaker.clone());
    cx.is_main = true;
}

/// Makes the space one that another interpreter has made: its main thread is the process's, with the identifier `ident`, and runs no
/// signal handlers here. The calling thread, which has made the space, becomes one like any other.
pub fn set_foreign_main(cx: &mut Ctx, ident: u64) {
    let a = cx.space().state::<Async>();
    *locked(&a.main) = Some((ident, Arc::new(AtomicU32::new(0))));
    cx.is_main = false;
}

/// Raises an exception in all other threads of the space, at their next safepoints.
pub fn send_to_others(cx: &mut Ctx, exc: Value) {
    let a = cx.space().state::<Async>();
    let others: Vec<u64> = locked(&a.threads).keys().copied().filter(|i| *i != cx.ident).collect();
    for i in others {
        send_exception(cx, i, Some(exc));
    }
}

/// Makes a thread known, so that exceptions can be sent to it.
pub fn thread_started(cx: &mut Ctx) {
    let a = cx.space().state::<Async>();
    locked(&a.threads).insert(cx.ident, cx.breaker.clone());
}

/// Forgets a thread that ends.
pub fn thread_ended(cx: &mut Ctx) {
    let a = cx.space().state::<Async>();
    locked(&a.threads).remove(&cx.ident);
    locked(&a.sent).remove(&cx.ident);
}

/// Has a function run in the child of each `fork`.
pub fn register_fork_hook(cx: &Ctx, f: fn(&mut Ctx)) {
    let a = cx.space().state::<Async>();
    let mut hooks = locked(&a.fork_hooks);
    if !hooks.iter().any(|h| std::ptr::fn_addr_eq(*h, f)) {
        hooks.push(f);
    }
}

/// After `fork`, in the child, once the heap has been told: no other thread is left, and this one is the main thread.
pub fn after_fork_child(cx: &mut Ctx) {
    crate::sync::lot_after_fork(cx);
    crate::copying::after_fork(cx);
    let a = cx.space().state::<Async>();
    locked(&a.threads).clear();
    locked(&a.sent).clear();
    set_main_thread(cx);
    let hooks = locked(&a.fork_hooks).clone();
    for h in hooks {
        h(cx);
    }
}

/// Installs what simulates the arrival of a signal.
pub fn set_trip_hook(cx: &Ctx, hook: TripHook) {
    *locked(&cx.space().state::<Async>().trip) = Some(hook);
}

/// Simulates the arrival of a signal; false for a number that is no signal's. Without a hook, SIGINT is a KeyboardInterrupt in
/// the main thread.
pub fn trip_signal(cx: &mut Ctx, signum: i32) -> bool {
    let hook = *locked(&cx.space().state::<Async>().trip);
    match hook {
        Some(f) => f(cx, signum),
        None => {
            if signum == libc::SIGINT {
                add_pending_call(
                    cx,
                    Box::new(|cx| {
                        let e = crate::errors::new_exc(cx, Ty::KeyboardInterrupt, &[]);
                        Err(cx.set_raised(e))
                    }),
                );
            }
            (1..65).contains(&signum)
        }
    }
}

/// The main thread's identifier (0 before [`install_hooks`]).
pub fn main_ident(cx: &Ctx) -> u64 {
    let a = cx.space().state::<Async>();
    locked(&a.main).as_ref().map_or(0, |m| m.0)
}

/// The breaker of the space's main thread: a signal's arrival sets [`breaker::SIGNAL`] in it.
pub fn main_breaker(cx: &Ctx) -> Option<Arc<AtomicU32>> {
    let a = cx.space().state::<Async>();
    locked(&a.main).as_ref().map(|m| m.1.clone())
}

/// Registers what starts a thread that calls [`Ctx::collect_idly`].
pub fn set_idle_hook(cx: &Ctx, hook: fn(&mut Ctx)) {
    *locked(&cx.space().state::<Async>().idle) = Some(hook);
}

/// Has another thread collect, since the process is idle.
pub fn run_idle_collection(cx: &mut Ctx) {
    let hook = *locked(&cx.space().state::<Async>().idle);
    if let Some(f) = hook {
        f(cx);
    }
}

/// Installs what runs the handlers of signals.
pub fn set_signal_hook(cx: &Ctx, hook: SignalHook) {
    *locked(&cx.space().state::<Async>().signal) = Some(hook);
}

/// Runs the handlers of signals that have arrived, if this is the main thread: for blocking calls that were interrupted.
pub fn run_signals(cx: &mut Ctx) -> PyResult<()> {
    if !cx.is_main {
        return Ok(());
    }
    let hook = *locked(&cx.space().state::<Async>().signal);
    cx.breaker.fetch_and(!breaker::SIGNAL, Ordering::AcqRel);
    match hook {
        Some(f) => f(cx),
        None => Ok(()),
    }
}

/// Sends an exception to a thread (none takes an earlier one back); whether the thread exists.
pub fn send_exception(cx: &mut Ctx, ident: u64, exc: Option<Value>) -> bool {
    let a = cx.space().state::<Async>();
    let Some(b) = locked(&a.threads).get(&ident).cloned() else { return false };
    match exc {
        Some(e) => {
            locked(&a.sent).insert(ident, e);
            b.fetch_or(breaker::ASYNC_EXC, Ordering::AcqRel);
        }
        None => {
            locked(&a.sent).remove(&ident);
        }
    }
    true
}

/// Has the main thread make a call at its next poll.
pub fn add_pending_call(cx: &mut Ctx, f: PendingCall) {
    let a = cx.space().state::<Async>();
    locked(&a.pending).push_back(f);
    if let Some((_, b)) = &*locked(&a.main) {
        b.fetch_or(breaker::PENDING, Ordering::AcqRel);
    }
}

/// The hook of safepoints: `bits` are what the heap has left of the breaker's.
fn poll(cx: &mut Ctx, bits: u32) -> PyResult<()> {
    let mut left = bits;
    while left != 0 {
        let bit = left & left.wrapping_neg();
        left &= !bit;
        let r = match bit {
            breaker::SIGNAL => run_signals(cx),
            breaker::ASYNC_EXC => raise_sent(cx),
            breaker::PENDING => run_pending(cx),
            breaker::TOOLS => {
                crate::interp::watch::tools::poll(cx);
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(r) = r {
            // What else there is to do waits for the next poll.
            cx.breaker.fetch_or(left, Ordering::AcqRel);
            return Err(r);
        }
    }
    Ok(())
}

fn raise_sent(cx: &mut Ctx) -> PyResult<()> {
    let a = cx.space().state::<Async>();
    let exc = locked(&a.sent).remove(&cx.ident);
    match exc {
        Some(e) => {
            let e = crate::errors::make_exception(cx, e)?;
            Err(cx.set_raised(e))
        }
        None => Ok(()),
    }
}

fn run_pending(cx: &mut Ctx) -> PyResult<()> {
    let a = cx.space().state::<Async>();
    // Calls that add calls are served at the next poll.
    let n = locked(&a.pending).len();
    for _ in 0..n {
        let Some(f) = locked(&a.pending).pop_front() else { break };
        if let Err(r) = f(cx) {
            if !locked(&a.pending).is_empty() {
                cx.breaker.fetch_or(breaker::PENDING, Ordering::AcqRel);
            }
            return Err(r);
        }
    }
    Ok(())
}

/// Runs `f` without disturbing the exception on its way.
fn undisturbed(cx: &mut Ctx, f: impl FnOnce(&mut Ctx)) {
    let raised = cx.raised();
    f(cx);
    if let Some(e) = raised {
        let _: Raised = cx.set_raised(e);
    }
}

/// The hook that finalizes an object: `__del__`, or the closing of a suspended generator.
fn finalize(cx: &mut Ctx, v: Value) {
    undisturbed(cx, |cx| match GeneratorObj::of(v) {
        Some(g) => finalize_generator(cx, v, g),
        None => run_del(cx, v),
    });
}

fn run_del(cx: &mut Ctx, v: Value) {
    let ty = cx.type_of(v);
    let Some(del) = ty.slots.del.get() else { return };
    if let Err(r) = del(cx, v) {
        let exc = cx.take_raised(r);
        let n = name(cx, N::Del);
        let what = match type_lookup(cx, ty, n) {
            Some(f) => shown(cx, f),
            None => shown(cx, v),
        };
        let msg = format!("Exception ignored while calling deallocator {what}");
        crate::errors::unraisable(cx, exc, Some(&msg), Value::NONE);
    }
}

/// `repr` for a message; never fails.
fn shown(cx: &mut Ctx, v: Value) -> String {
    match repr_text(cx, v) {
        Ok(t) => t,
        Err(r) => {
            cx.take_raised(r);
            format!("<{} object at {:#x}>", crate::ops::tp_name(cx, v), v.bits())
        }
    }
}

/// Bit of `ag_bits`: the asynchronous generator is closed.
const AG_CLOSED: u8 = 1;

fn finalize_generator(cx: &mut Ctx, v: Value, g: &GeneratorObj) {
    let state = g.state.load(Ordering::Acquire);
    if state == gen_state::DONE || state == gen_state::RUNNING {
        return;
    }
    if cx.is_exact(v, Ty::AsyncGenerator)
        && g.ag_bits.load(Ordering::Acquire) & AG_CLOSED == 0
        && let Some(hook) = g.extra.get()
        && !hook.is_none()
    {
        if let Err(r) = call(cx, hook, &[v]) {
            let exc = cx.take_raised(r);
            let msg = format!("Exception ignored while finalizing generator {}", shown(cx, v));
            crate::errors::unraisable(cx, exc, Some(&msg), Value::NONE);
        }
        return;
    }
    if cx.is_exact(v, Ty::Coroutine) && state == gen_state::CREATED {
        warn_unawaited(cx, v);
        return;
    }
    if let Err(r) = gen_close(cx, v) {
        let exc = cx.take_raised(r);
        let msg = format!("Exception ignored while closing generator {}", shown(cx, v));
        crate::errors::unraisable(cx, exc, Some(&msg), Value::NONE);
    }
}

/// Warns of a coroutine that was never awaited, through `warnings._warn_unawaited_coroutine` if that module is imported.
fn warn_unawaited(cx: &mut Ctx, coro: Value) {
    let key = cx.intern_str("warnings");
    let module = DictObj::of(cx.root(Root::Modules)).and_then(|d| cx.dict_get_str(d, key));
    if let Some(m) = module.filter(|m| !m.is_none()) {
        let n = cx.intern_str("_warn_unawaited_coroutine");
        if let Ok(Some(_)) = crate::attr::lookup_attr(cx, m, n) {
            match call_method(cx, m, "_warn_unawaited_coroutine", &[coro]) {
                Ok(_) => return,
                Err(r) => {
                    let warned = cx.raised().is_some_and(|e| cx.is_instance(e, Ty::RuntimeWarning));
                    unawaited_error(cx, r, coro);
                    // A broken function has not told anybody.
                    if warned {
                        return;
                    }
                }
            }
        }
    }
    let text = GeneratorObj::of(coro)
        .and_then(|g| g.qualname.get().or_else(|| gen_code(g).map(|c| c.rt.qualname)))
        .and_then(StrObj::of)
        .map_or_else(String::new, StrObj::to_string_lossy);
    if let Err(r) = warn(cx, Ty::RuntimeWarning, &format!("coroutine '{text}' was never awaited"), 1) {
        unawaited_error(cx, r, coro);
    }
}

fn unawaited_error(cx: &mut Ctx, r: Raised, coro: Value) {
    let exc = cx.take_raised(r);
    let msg = format!("Exception ignored while finalizing coroutine {}", shown(cx, coro));
    crate::errors::unraisable(cx, exc, Some(&msg), Value::NONE);
}

/// The hook that runs the callback of a reference that was cleared.
fn weakref_callback(cx: &mut Ctx, r: Value) {
    let Some(w) = WeakRefObj::of(r) else { return };
    let Some(f) = w.callback.get() else { return };
    cx.store_empty(r, &w.callback);
    undisturbed(cx, |cx| {
        if let Err(e) = call(cx, f, &[r]) {
            let exc = cx.take_raised(e);
            let msg = format!("Exception ignored while calling weakref callback {}", shown(cx, f));
            crate::errors::unraisable(cx, exc, Some(&msg), Value::NONE);
        }
    });
}

/// Reports the error of something that runs outside of any caller (a thread's function, an exit callback).
pub fn ignored(cx: &mut Ctx, r: Raised, what: &str, obj: Value) {
    let msg = format!("Exception ignored {what} {}", shown(cx, obj));
    report_unraisable(cx, r, Some(&msg), Value::NONE);
}

// ---------------------------------------------------------------------------------------------------- the end

/// Attributes of `sys` that are taken away first: they may hold anything.
const SYS_EXTRAS: &[&str] = &[
    "path",
    "argv",
    "ps1",
    "ps2",
    "last_exc",
    "last_type",
    "last_value",
    "last_traceback",
    "path_hooks",
    "path_importer_cache",
    "meta_path",
];

/// Ends the modules, at the end of the interpreter: they leave `sys.modules`, what only they kept is finalized, and the
/// namespaces of those that something still refers to are emptied. Other threads would see their modules vanish: while there are
/// some, nothing is taken away, and only garbage is finalized.
pub fn finalize_modules(cx: &mut Ctx) {
    if cx.space().threads.load(Ordering::Acquire) > 1 {
        cx.collect_uncounted();
        return;
    }
    for n in SYS_EXTRAS {
        if crate::errors::lookup_sys(cx, n).is_some() {
            crate::errors::set_sys(cx, n, Value::NONE);
        }
    }
    for n in ["stdin", "stdout", "stderr"] {
        let original = crate::errors::lookup_sys(cx, &format!("__{n}__")).unwrap_or(Value::NONE);
        crate::errors::set_sys(cx, n, original);
    }
    // While the namespaces are whole: a finalizer of the program may need anything of them.
    cx.finalize_where(false, |cx, v| {
        GeneratorObj::of(v).is_some() || cx.type_of(v).has(protocore::types::type_flags::HAS_DEL)
    });
    let left = take_modules(cx);
    cx.collect_uncounted();
    for w in left.into_iter().rev() {
        if let Some(m) = WeakRefObj::of(w).and_then(|w| cx.weakref_get(w)) {
            clear_module(cx, m);
        }
    }
    cx.collect_uncounted();
}

/// Empties `sys.modules`; weak references to the modules, which `cx.keep` holds.
fn take_modules(cx: &mut Ctx) -> Vec<Value> {
    let mut left = Vec::new();
    let Some(table) = DictObj::of(cx.root(Root::Modules)) else { return left };
    // Finalizers may still warn.
    let n = cx.intern_str("_warnings");
    if let Some(m) = cx.dict_get_str(table, n)
        && let Ok(Some(warn)) = crate::attr::lookup_attr_str(cx, m, "warn")
    {
        cx.space().set_root(protocore::Root::Warn, warn);
    }
    let keepers = [cx.root(Root::SysModule), cx.root(Root::BuiltinsModule)];
    let ty = cx.ty(Ty::WeakRef);
    for (_, _, m) in table.snapshot() {
        if protocore::layouts::ModuleObj::of(m).is_some()
            && !keepers.contains(&m)
            && let Some(w) = cx.new_weakref(m, None, ty, true)
        {
            cx.keep.push(w);
            left.push(w);
        }
    }
    cx.dict_clear(table);
    left
}

/// Sets everything in a module's namespace to None: private names first, as CPython does, since public ones may need them less.
fn clear_module(cx: &mut Ctx, m: Value) {
    let Some(d) = protocore::layouts::ModuleObj::of(m).and_then(|m| m.dict.get()).and_then(DictObj::of)
    else {
        return;
    };
    for private in [true, false] {
        for (_, k, v) in d.snapshot() {
            let Some(s) = StrObj::of(k) else { continue };
            let text = s.to_string_lossy();
            let is_private = text.starts_with('_') && !text.starts_with("__");
            if (is_private || !private) && text != "__builtins__" && !v.is_none() {
                let _ = cx.dict_set_str(d, k, Value::NONE);
            }
        }
    }
}
