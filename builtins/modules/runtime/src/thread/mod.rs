//! `_thread`: locks, threads, and what belongs to each thread.

#![allow(unsafe_code)]

mod local;
mod locks;
mod start;

pub use locks::{Lock, RLock};

use protocore::layouts::{StrObj, TupleObj};
use protocore::space::SpaceState;
use protocore::{Args, Ctx, Layout, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::finalize::{main_ident, register_fork_hook, trip_signal};
use protopy_vm::modules::module_set;
use protopy_vm::settings::{limited, limits};
use protopy_vm::structseq::{METHODS as SEQ_METHODS, SLOTS as SEQ_SLOTS, new_structseq_type};
use protopy_vm::{
    ModuleSpec, TypeSpec, call, call_kw, call_method, codec, create_type, errors, get_attr_str, import_attr,
    index_i64, lookup_attr_str, methods, str_text,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What the module remembers of a space.
#[derive(Default)]
struct State {
    threads: start::Threads,
    lock_type: Slot,
    handle_type: Slot,
    hook_args: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        self.threads.trace(t);
        t.slot(&self.lock_type);
        t.slot(&self.handle_type);
        t.slot(&self.hook_args);
    }
}

fn state(cx: &Ctx) -> Arc<State> {
    cx.space().state::<State>()
}

/// Number of threads that `_thread` has started and that run.
pub fn running_threads(cx: &Ctx) -> usize {
    state(cx).threads.running.load(Ordering::Acquire)
}

fn allocate_lock(cx: &mut Ctx, _: &[Value]) -> PyResult {
    match state(cx).lock_type.get().and_then(protocore::TypeObj::of) {
        Some(ty) => Ok(cx.new_native(ty, Lock::default())),
        None => Err(cx.raise_str(Ty::RuntimeError, "_thread is not initialised")),
    }
}

fn get_ident(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(cx.int_u64(cx.ident))
}

/// The system's identifier of the calling thread.
pub fn native_id() -> u64 {
    #[cfg(target_os = "linux")]
    // SAFETY: no preconditions.
    let id = u64::from(unsafe { libc::gettid() }.unsigned_abs());
    #[cfg(target_os = "macos")]
    let id = {
        let mut id = 0;
        // SAFETY: 0 names the calling thread; the out-pointer is valid.
        unsafe { libc::pthread_threadid_np(0, &mut id) };
        id
    };
    id
}

fn get_native_id(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(cx.int_u64(native_id()))
}

fn main_thread_ident(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let n = main_ident(cx);
    Ok(cx.int_u64(n))
}

fn is_main_interpreter(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(Value::bool(!limited(cx, limits::SUB)))
}

fn daemon_threads_allowed(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(Value::bool(!limited(cx, limits::NO_DAEMONS)))
}

/// Makes the calling thread, which has come from another interpreter, known in this one.
pub fn thread_enters(cx: &mut Ctx) {
    protopy_vm::finalize::thread_started(cx);
}

/// Forgets what belongs to the calling thread, which leaves this interpreter.
pub fn thread_leaves(cx: &mut Ctx) {
    local::forget_thread(cx);
    cx.context = Value::NONE;
    protopy_vm::finalize::thread_ended(cx);
}

fn count(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let n = running_threads(cx);
    Ok(cx.int_usize(n))
}

fn exit(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let e = errors::new_exc(cx, Ty::SystemExit, &[]);
    Err(cx.set_raised(e))
}

fn interrupt_main(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = match a[0].bound() {
        Some(v) => index_i64(cx, v, Ty::OverflowError)?,
        None => i64::from(libc::SIGINT),
    };
    match i32::try_from(n) {
        // A signal for this very thread is handled at once.
        Ok(n) if trip_signal(cx, n) => cx.safepoint().map(|()| Value::NONE),
        _ => Err(cx.value_error("signal number out of range")),
    }
}

/// Least stack of a thread: that of the system, and what a small program needs.
const MIN_STACK: i64 = 53_248;

fn stack_size(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let new = index_i64(cx, a[0], Ty::OverflowError)?;
    if new != 0 && new < MIN_STACK {
        let msg = format!("size must be at least {MIN_STACK} bytes");
        return Err(cx.value_error(&msg));
    }
    let st = state(cx);
    // The runtime keeps a part of each stack free for its own error handling.
    let old = st.threads.stack_size.swap(usize::try_from(new).unwrap_or(0), Ordering::AcqRel);
    Ok(cx.int_usize(old))
}

/// Longest name that the system keeps, in bytes.
const NAME_MAX: usize = 15;

fn set_name(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if StrObj::of(a[0]).is_none() {
        let msg =
            format!("set_name() argument 'name' must be str, not {}", protopy_vm::ops::tp_name(cx, a[0]));
        return Err(cx.type_error(&msg));
    }
    let b = codec::encode(cx, a[0], "utf-8", "replace")?;
    let bytes = protocore::layouts::BytesObj::of(b).map_or(&[][..], |b| b.bytes());
    let cut = bytes.len().min(NAME_MAX);
    let Ok(name) = std::ffi::CString::new(bytes[..cut].split(|b| *b == 0).next().unwrap_or(&[])) else {
        return Ok(Value::NONE);
    };
    // SAFETY: a valid thread and a terminated string.
    #[cfg(target_os = "linux")]
    let rc = unsafe { libc::pthread_setname_np(libc::pthread_self(), name.as_ptr()) };
    // SAFETY: as above.
    #[cfg(target_os = "macos")]
    let rc = unsafe { libc::pthread_setname_np(name.as_ptr()) };
    if rc != 0 {
        return Err(errors::raise_os(cx, rc, None));
    }
    Ok(Value::NONE)
}

fn get_name(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let mut buf = [0u8; 100];
    // SAFETY: the buffer has the length that is given.
    let rc = unsafe { libc::pthread_getname_np(libc::pthread_self(), buf.as_mut_ptr().cast(), buf.len()) };
    if rc != 0 {
        return Err(errors::raise_os(cx, rc, None));
    }
    let n = buf.iter().position(|b| *b == 0).unwrap_or(buf.len());
    codec::fs_decode(cx, &buf[..n])
}

fn excepthook(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let ours = state(cx).hook_args.get().is_some_and(|t| cx.type_of(a[0]).value().is(t));
    let Some([ty, value, tb, thread]) = TupleObj::of(a[0]).filter(|_| ours).map(|t| t.items()) else {
        return Err(cx.type_error("_thread.excepthook argument type must be ExceptHookArgs"));
    };
    if ty.is(cx.ty(Ty::SystemExit).value()) {
        return Ok(Value::NONE);
    }
    let mut file = errors::lookup_sys(cx, "stderr").unwrap_or(Value::NONE);
    if file.is_none() {
        if thread.is_none() {
            return Ok(Value::NONE);
        }
        file = get_attr_str(cx, *thread, "_stderr")?;
        if file.is_none() {
            return Ok(Value::NONE);
        }
    }
    let name = match thread.not_none() {
        Some(t) => match lookup_attr_str(cx, t, "_name")? {
            Some(n) => str_text(cx, n)?,
            None => cx.ident.to_string(),
        },
        None => cx.ident.to_string(),
    };
    let head = cx.str(&format!("Exception in thread {name}:\n"));
    call_method(cx, file, "write", &[head])?;
    let print = import_attr(cx, "traceback", "print_exception")?;
    call_kw(cx, print, &[*ty, *value, *tb], &[("file", file)])?;
    let flush = get_attr_str(cx, file, "flush")?;
    call(cx, flush, &[])?;
    Ok(Value::NONE)
}

static HOOK_ARGS: TypeSpec = TypeSpec {
    name: "_ExceptHookArgs",
    module: "_thread",
    base: Some(Ty::Tuple),
    layout: Layout::Tuple,
    slots: SEQ_SLOTS,
    methods: SEQ_METHODS,
    doc: "What a hook for exceptions of threads is called with.",
    ..TypeSpec::BASE
};

fn raw_start(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    start::start_new_thread(cx, this, args)
}

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    let st = state(cx);
    let lock = create_type(cx, &locks::LOCK)?;
    st.lock_type.init(Some(lock));
    module_set(cx, m, "lock", lock)?;
    module_set(cx, m, "LockType", lock)?;
    let t = create_type(cx, &locks::RLOCK)?;
    module_set(cx, m, "RLock", t)?;
    let t = create_type(cx, &local::LOCAL)?;
    module_set(cx, m, "_local", t)?;
    let t = create_type(cx, &start::HANDLE)?;
    st.handle_type.init(Some(t));
    module_set(cx, m, "_ThreadHandle", t)?;
    let fields = ["exc_type", "exc_value", "exc_traceback", "thread"];
    let t = new_structseq_type(cx, &HOOK_ARGS, &fields, 4)?;
    st.hook_args.init(Some(t));
    module_set(cx, m, "_ExceptHookArgs", t)?;
    let e = cx.ty(Ty::RuntimeError).value();
    module_set(cx, m, "error", e)?;
    let max = cx.float(9_223_372_036.0);
    module_set(cx, m, "TIMEOUT_MAX", max)?;
    module_set(cx, m, "_NAME_MAXLEN", Value::small(NAME_MAX as i64))?;
    register_fork_hook(cx, start::after_fork);
    protopy_vm::finalize::set_idle_hook(cx, start::collect_idly);
    Ok(())
}

/// `_thread`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_thread",
    doc: "Threads, and locks for them.",
    functions: methods![functions:
        /// Starts a thread that calls a function with a tuple of arguments and a dict of keyword arguments; its identifier.
        raw "start_new_thread(function, args, kwargs={}, /)" => raw_start;
        /// As start_new_thread.
        raw "start_new(function, args, kwargs={}, /)" => raw_start;
        /// Starts a thread that calls a function without arguments; its handle.
        "start_joinable_thread(function, handle=None, daemon=True)" => start::start_joinable_thread;
        /// Whether threads may be daemons here.
        "daemon_threads_allowed()" => daemon_threads_allowed;
        /// A new lock.
        "allocate_lock()" => allocate_lock;
        /// A new lock.
        "allocate()" => allocate_lock;
        /// Ends the thread: raises SystemExit.
        "exit()" => exit;
        /// Ends the thread: raises SystemExit.
        "exit_thread()" => exit;
        /// Behaves in the main thread as if a signal had arrived.
        "interrupt_main(signum=signal.SIGINT, /)" => interrupt_main;
        /// The identifier of the calling thread.
        "get_ident()" => get_ident;
        /// The system's identifier of the calling thread.
        "get_native_id()" => get_native_id;
        /// Number of running threads that this module has started.
        "_count()" => count;
        /// Stack size of new threads, 0 for the default; sets it if one is given.
        "stack_size(size=0, /)" => stack_size;
        /// The default of threading.excepthook.
        "_excepthook(args, /)" => excepthook;
        /// Whether this is the main interpreter.
        "_is_main_interpreter()" => is_main_interpreter;
        /// Waits for all threads that are no daemons.
        "_shutdown()" => start::shutdown;
        /// A handle of a thread that was not started here.
        "_make_thread_handle(ident, /)" => start::make_handle;
        /// The identifier of the main thread.
        "_get_main_thread_ident()" => main_thread_ident;
        /// Tells the system a name for the calling thread.
        "set_name(name)" => set_name;
        /// The name that the system knows for the calling thread.
        "_get_name()" => get_name;
    ],
    init: Some(init),
};
