//! Starting, joining and ending threads.
//!
//! What a new thread is to call waits in the space's state, where the collector sees it, until the thread has attached
//! itself. A handle's content is shared with the native thread, which announces its end after it has detached and can touch no
//! object any more.

use super::{local, state};
use protocore::layouts::{StrObj, TupleObj};
use protocore::types::SlotSpec;
use protocore::{Args, Ctx, Layout, NativeLayout, Payload, ProtoSpace, PyResult, Tracer, Ty, TypeObj, Value};
use protopy_vm::finalize::{thread_ended, thread_started};
use protopy_vm::settings::{limited, limits};
use protopy_vm::sync::{Event, Lot, Waiting, lot};
use protopy_vm::{TypeSpec, call_args, errors, getsets, methods};
use std::os::unix::thread::JoinHandleExt;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

/// Native stack of a thread that no size was asked for. Only what is touched takes memory.
const DEFAULT_STACK: usize = 16 << 20;

mod phase {
    pub(super) const NEW: u8 = 0;
    pub(super) const STARTING: u8 = 1;
    pub(super) const RUNNING: u8 = 2;
    pub(super) const DONE: u8 = 3;
}

/// What a thread and its handle share.
#[derive(Default)]
pub struct Shared {
    phase: AtomicU8,
    ident: AtomicU64,
    done: Event,
    native: Mutex<Option<Native>>,
}

/// A native thread that was not joined yet. It exists in the process that started it only: in the child of a fork there is nothing to
/// join, and nothing to detach.
struct Native {
    handle: Option<JoinHandle<()>>,
    process: u32,
}

impl Native {
    fn new(handle: JoinHandle<()>) -> Native {
        Native { handle: Some(handle), process: std::process::id() }
    }

    fn take(&mut self) -> Option<JoinHandle<()>> {
        let handle = self.handle.take()?;
        if self.process == std::process::id() {
            return Some(handle);
        }
        std::mem::forget(handle);
        None
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        drop(self.take());
    }
}

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

impl Shared {
    fn finish(&self, lot: &Lot) {
        self.phase.store(phase::DONE, Ordering::Release);
        self.done.set(lot);
    }

    pub(super) fn ident(&self) -> u64 {
        self.ident.load(Ordering::Acquire)
    }
}

/// `_thread._ThreadHandle`
pub struct Handle(Arc<Shared>);

impl Payload for Handle {
    const NAME: &'static str = "_ThreadHandle";

    fn trace(&self, _: &mut Tracer) {}
}

/// What a thread that was just started is to call.
pub struct Boot {
    /// Number of the thread.
    id: u64,
    /// None: [`Ctx::collect_idly`].
    func: Value,
    args: Value,
    /// Names of keyword arguments, or None.
    names: Value,
}

/// The threads of a space.
#[derive(Default)]
pub struct Threads {
    boots: Mutex<Vec<Boot>>,
    next: AtomicU64,
    /// Threads that run a function.
    pub(super) running: AtomicUsize,
    /// Handles of running threads; those that are joined at the end are marked.
    handles: Mutex<Vec<(Arc<Shared>, bool)>>,
    /// All threads that may not have announced their end: more than `handles`, which a thread leaves while it can still touch objects.
    /// Changed by threads that are attached only, so that no other one holds the lock when the process forks.
    every: Mutex<Vec<Weak<Shared>>>,
    /// `_thread.stack_size()`
    pub(super) stack_size: AtomicUsize,
}

impl Threads {
    pub(super) fn trace(&self, t: &mut Tracer) {
        for b in locked(&self.boots).iter() {
            t.visit(b.func);
            t.visit(b.args);
            t.visit(b.names);
        }
    }
}

// ---------------------------------------------------------------------------------------------------- starting

/// Starts a thread that calls `func`.
fn start(cx: &mut Ctx, shared: &Arc<Shared>, boot: [Value; 3], daemon: bool) -> PyResult<()> {
    if limited(cx, limits::NO_THREADS) {
        let msg = "thread is not supported for isolated subinterpreters";
        return Err(cx.raise_str(Ty::RuntimeError, msg));
    }
    if cx.space().finalizing.load(Ordering::Acquire) {
        let msg = "can't create new thread at interpreter shutdown";
        return Err(cx.raise_str(Ty::PythonFinalizationError, msg));
    }
    if protocore::ONE_THREAD {
        return Err(cx.raise_str(Ty::RuntimeError, "can't start new thread"));
    }
    if shared
        .phase
        .compare_exchange(phase::NEW, phase::STARTING, Ordering::AcqRel, Ordering::Acquire)
        .is_err()
    {
        return Err(cx.raise_str(Ty::RuntimeError, "thread already started"));
    }
    let st = state(cx);
    let th = &st.threads;
    let id = th.next.fetch_add(1, Ordering::Relaxed);
    let [func, args, names] = boot;
    locked(&th.boots).push(Boot { id, func, args, names });
    let size = match th.stack_size.load(Ordering::Relaxed) {
        0 => DEFAULT_STACK,
        n => n,
    };
    let ended = Ended { shared: shared.clone(), lot: lot(cx) };
    // Before the thread runs, which takes its handle out of the list at its end.
    locked(&th.handles).push((shared.clone(), !daemon));
    note(&th.every, shared);
    let space = cx.space_arc();
    let spawned = std::thread::Builder::new().stack_size(size).spawn(move || native_main(&space, id, ended));
    match spawned {
        Ok(h) => {
            // Thread identifiers are of another integer type on other systems.
            #[allow(clippy::unnecessary_cast)]
            let ident = h.as_pthread_t() as u64;
            shared.ident.store(ident, Ordering::Release);
            *locked(&shared.native) = Some(Native::new(h));
            let _ = shared.phase.compare_exchange(
                phase::STARTING,
                phase::RUNNING,
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            Ok(())
        }
        Err(_) => {
            locked(&th.boots).retain(|b| b.id != id);
            locked(&th.handles).retain(|(h, _)| !Arc::ptr_eq(h, shared));
            shared.phase.store(phase::NEW, Ordering::Release);
            Err(cx.raise_str(Ty::RuntimeError, "can't start new thread"))
        }
    }
}

/// Starts the thread that collects when the process is idle. Without it nothing happens.
pub(super) fn collect_idly(cx: &mut Ctx) {
    let daemon = !limited(cx, limits::NO_DAEMONS);
    if let Err(r) = start(cx, &Arc::new(Shared::default()), [Value::NONE; 3], daemon) {
        cx.take_raised(r);
    }
}

/// Adds a thread to the list of those that have not ended; forgets ended ones when it would grow.
fn note(every: &Mutex<Vec<Weak<Shared>>>, shared: &Arc<Shared>) {
    let mut all = locked(every);
    if all.len() == all.capacity() {
        all.retain(|w| w.upgrade().is_some_and(|s| !s.done.is_set()));
    }
    all.push(Arc::downgrade(shared));
}

/// Announces the end of a thread when it is dropped, also by a panic.
struct Ended {
    shared: Arc<Shared>,
    lot: Arc<Lot>,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.shared.finish(&self.lot);
    }
}

/// The native thread.
fn native_main(space: &Arc<ProtoSpace>, id: u64, ended: Ended) {
    match Ctx::attach(space, false) {
        Ok(mut cx) => {
            crate::faulthandler::note_thread(Some(&cx));
            let run = std::panic::AssertUnwindSafe(|| run(&mut cx, id, &ended.shared));
            // The message of a panic has been printed; other threads go on.
            let _ = std::panic::catch_unwind(run);
            crate::faulthandler::note_thread(None);
            drop(cx);
        }
        Err(e) => eprintln!("Fatal Python error: a thread could not be attached: {e}"),
    }
    drop(ended);
}

#[inline(never)]
fn run(cx: &mut Ctx, id: u64, shared: &Arc<Shared>) {
    // The thread that started this one may not have come to it yet.
    shared.ident.store(cx.ident, Ordering::Release);
    thread_started(cx);
    let st = state(cx);
    st.threads.running.fetch_add(1, Ordering::AcqRel);
    call_boot(cx, id);
    local::forget_thread(cx);
    cx.context = Value::NONE;
    st.threads.running.fetch_sub(1, Ordering::AcqRel);
    locked(&st.threads.handles).retain(|(h, _)| !Arc::ptr_eq(h, shared));
    thread_ended(cx);
}

#[inline(never)]
fn call_boot(cx: &mut Ctx, id: u64) {
    let st = state(cx);
    let boot = {
        let mut all = locked(&st.threads.boots);
        all.iter().position(|b| b.id == id).map(|i| all.swap_remove(i))
    };
    let Some(b) = boot else { return };
    if b.func.is_none() {
        return cx.collect_idly();
    }
    let all = TupleObj::of(b.args).map_or(&[][..], |t| t.items());
    let args = if b.names.is_none() { Args::positional(all) } else { Args::with_names(all, b.names) };
    if let Err(r) = call_args(cx, b.func, args) {
        let exc = cx.take_raised(r);
        if !cx.is_instance(exc, Ty::SystemExit) {
            let shown = protopy_vm::repr_text(cx, b.func).unwrap_or_default();
            let msg = format!("Exception ignored in thread started by {shown}");
            errors::unraisable(cx, exc, Some(&msg), Value::NONE);
        }
    }
}

pub(super) fn start_new_thread(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    if args.names().is_some() {
        return Err(cx.type_error("_thread.start_new_thread() takes no keyword arguments"));
    }
    let (func, fargs, kwargs) = match args.pos() {
        [f, a] => (*f, *a, None),
        [f, a, k] => (*f, *a, Some(*k)),
        pos => {
            let (word, bound) = if pos.len() < 2 { ("at least", 2) } else { ("at most", 3) };
            let msg = format!("start_new_thread expected {word} {bound} arguments, got {}", pos.len());
            return Err(cx.type_error(&msg));
        }
    };
    if !protopy_vm::callable(cx, func) {
        return Err(cx.type_error("first arg must be callable"));
    }
    let Some(pos) = TupleObj::of(fargs) else { return Err(cx.type_error("2nd arg must be a tuple")) };
    let kw_dict = match kwargs {
        Some(k) => match protocore::dict::DictObj::of(k) {
            Some(d) => Some(cx.dict_private(d)?),
            None => return Err(cx.type_error("optional 3rd arg must be a dictionary")),
        },
        None => None,
    };
    let kw = kw_dict.map(|d| d.snapshot()).unwrap_or_default();
    errors::audit(cx, "_thread.start_new_thread", &[func, fargs, kwargs.unwrap_or(Value::NONE)])?;
    let (all, names) = if kw.is_empty() {
        (fargs, Value::NONE)
    } else {
        if kw.iter().any(|(_, k, _)| StrObj::of(*k).is_none()) {
            return Err(cx.type_error("keywords must be strings"));
        }
        let names: Vec<Value> = kw.iter().map(|(_, k, _)| *k).collect();
        let all: Vec<Value> = pos.items().iter().copied().chain(kw.iter().map(|(_, _, v)| *v)).collect();
        let names = cx.tuple_of(None, &names)?;
        (cx.tuple_of(None, &all)?, names)
    };
    std::hint::black_box(kw_dict);
    let shared = Arc::new(Shared::default());
    start(cx, &shared, [func, all, names], true)?;
    Ok(cx.int_u64(shared.ident()))
}

pub(super) fn start_joinable_thread(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let [func, handle, daemon] = a else { return Ok(Value::NONE) };
    if !protopy_vm::callable(cx, *func) {
        return Err(cx.type_error("thread function must be callable"));
    }
    let daemon = protopy_vm::is_true(cx, *daemon)?;
    if daemon && limited(cx, limits::NO_DAEMONS) {
        let msg = "daemon threads are disabled in this (sub)interpreter";
        return Err(cx.raise_str(Ty::RuntimeError, msg));
    }
    // As given: CPython tells the number that the argument is, and no handle that it makes itself.
    let told = handle.not_none().unwrap_or(Value::NONE);
    let handle = match handle.not_none() {
        None => new_handle(cx)?,
        Some(h) if h.native::<Handle>().is_some() => h,
        Some(_) => return Err(cx.type_error("'handle' must be a _ThreadHandle")),
    };
    errors::audit(cx, "_thread.start_joinable_thread", &[*func, Value::small(daemon.into()), told])?;
    let empty = cx.tuple_of(None, &[])?;
    if let Some(h) = handle.native::<Handle>() {
        start(cx, &h.0, [*func, empty, Value::NONE], daemon)?;
    }
    Ok(handle)
}

/// Waits for all threads that are no daemons.
pub(super) fn shutdown(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let me = cx.ident;
    loop {
        let st = state(cx);
        let next = locked(&st.threads.handles)
            .iter()
            .find(|(h, joined)| *joined && h.ident() != me)
            .map(|(h, _)| h.clone());
        let Some(h) = next else { return Ok(Value::NONE) };
        if let Err(r) = h.done.wait(cx, None, Waiting(Value::NONE, &[])) {
            // CPython reports what a signal handler raises, and goes on.
            errors::report_unraisable(
                cx,
                r,
                Some("Exception ignored while joining a thread in _thread._shutdown()"),
                Value::NONE,
            );
            continue;
        }
        locked(&st.threads.handles).retain(|(o, _)| !Arc::ptr_eq(o, &h));
    }
}

/// In the child of a fork: the other threads have ended.
pub(super) fn after_fork(cx: &mut Ctx) {
    let st = state(cx);
    let me = cx.ident;
    let lot = lot(cx);
    let all = std::mem::take(&mut *locked(&st.threads.handles));
    let mut mine = 0;
    for (h, joined) in all {
        if h.ident() == me {
            mine += 1;
            locked(&st.threads.handles).push((h, joined));
        }
    }
    let every = std::mem::take(&mut *locked(&st.threads.every));
    for h in every.iter().filter_map(Weak::upgrade) {
        if h.ident() == me && !h.done.is_set() {
            note(&st.threads.every, &h);
        } else {
            h.finish(&lot);
        }
    }
    st.threads.running.store(mine, Ordering::Release);
    locked(&st.threads.boots).clear();
    local::keep_this_thread(cx);
    crate::imp::import_lock_after_fork(cx);
}

// ---------------------------------------------------------------------------------------------------- handles

fn new_handle(cx: &mut Ctx) -> PyResult {
    let st = state(cx);
    match st.handle_type.get().and_then(TypeObj::of) {
        Some(ty) => Ok(cx.new_native(ty, Handle(Arc::new(Shared::default())))),
        None => Err(cx.raise_str(Ty::RuntimeError, "_thread is not initialised")),
    }
}

pub(super) fn make_handle(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let ident = protopy_vm::index_i64(cx, a[0], Ty::OverflowError)?;
    let h = new_handle(cx)?;
    if let Some(h) = h.native::<Handle>() {
        h.0.ident.store(ident as u64, Ordering::Release);
        h.0.phase.store(phase::RUNNING, Ordering::Release);
        // The main thread and foreign ones end with a fork, too.
        note(&state(cx).threads.every, &h.0);
    }
    Ok(h)
}

fn handle_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    match TypeObj::of(class) {
        Some(ty) => Ok(cx.new_native(ty, Handle(Arc::new(Shared::default())))),
        None => Err(cx.type_error("not a type")),
    }
}

fn shared_of(cx: &mut Ctx, v: Value) -> PyResult<Arc<Shared>> {
    match v.native::<Handle>() {
        Some(h) => Ok(h.0.clone()),
        None => Err(cx.type_error("not a _ThreadHandle")),
    }
}

fn started(cx: &mut Ctx, s: &Shared) -> PyResult<()> {
    if s.phase.load(Ordering::Acquire) == phase::NEW {
        return Err(cx.raise_str(Ty::RuntimeError, "thread not started"));
    }
    Ok(())
}

fn handle_join(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = shared_of(cx, a[0])?;
    let timeout = match a[1].not_none() {
        None => None,
        Some(t) => {
            let n = protopy_vm::sync::timeout_nanos(cx, t)?;
            u64::try_from(n).ok().map(Duration::from_nanos)
        }
    };
    started(cx, &s)?;
    if !s.done.is_set() {
        if s.ident() == cx.ident {
            return Err(cx.raise_str(Ty::RuntimeError, "Cannot join current thread"));
        }
        if cx.space().finalizing.load(Ordering::Acquire) {
            let msg = "cannot join thread at interpreter shutdown";
            return Err(cx.raise_str(Ty::PythonFinalizationError, msg));
        }
        if !s.done.wait(cx, timeout, Waiting(a[0], &["join"]))? {
            return Ok(Value::NONE);
        }
    }
    let native = locked(&s.native).take();
    if let Some(h) = native.and_then(|mut n| n.take()) {
        let _ = cx.blocking(|| h.join());
    }
    Ok(Value::NONE)
}

fn handle_is_done(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(shared_of(cx, a[0])?.done.is_set()))
}

fn handle_set_done(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = shared_of(cx, a[0])?;
    started(cx, &s)?;
    drop(locked(&s.native).take());
    let lot = lot(cx);
    s.finish(&lot);
    Ok(Value::NONE)
}

fn handle_ident(cx: &mut Ctx, v: Value) -> PyResult {
    let s = shared_of(cx, v)?;
    Ok(cx.int_u64(s.ident()))
}

fn handle_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let s = shared_of(cx, v)?;
    let name = protopy_vm::types::attrs::full_name(cx, cx.type_of(v));
    Ok(cx.str(&format!("<{name} object: ident={}>", s.ident())))
}

/// `_thread._ThreadHandle`
pub static HANDLE: TypeSpec = TypeSpec {
    name: "_ThreadHandle",
    module: "_thread",
    layout: Layout::Native,
    vt: Some(<Handle as NativeLayout>::VT),
    slots: SlotSpec { new: Some(handle_new), repr: Some(handle_repr), ..SlotSpec::NONE },
    methods: methods![
        /// Waits until the thread has ended, or for so many seconds.
        "join(self, timeout=None, /)" => handle_join;
        /// Declares the thread ended.
        "_set_done(self, /)" => handle_set_done;
        /// Whether the thread has ended.
        "is_done(self, /)" => handle_is_done;
    ],
    getsets: getsets![
        /// The thread's identifier, 0 before it is started.
        "ident" => handle_ident;
    ],
    doc: "Handle of a thread that can be joined.",
    ..TypeSpec::BASE
};
