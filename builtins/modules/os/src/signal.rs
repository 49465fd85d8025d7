//! The module `_signal`.
//!
//! A signal arrives at any thread, between any two instructions. The handler that the system calls therefore does no more than
//! it may: it sets the signal's flag and the breaker bit of the main thread, and writes the signal's number to the wake-up
//! descriptor. The main thread calls the Python handler at its next safepoint ([`run_signal_handlers`]); a blocking call
//! that the signal interrupts polls before it is tried again.
//!
//! A process has one table of signals, so the flags are process-wide. Python handlers belong to a space.

#![allow(unsafe_code)]

use crate::clock::{NS, Round, seconds, timespec, to_ns};
use crate::consts::signal::CONSTANTS;
use crate::support::{done, int, none, retry, set_ints, truth};
use crate::sys;
use protopy_vm::protocore::ctx::breaker;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::IntRef;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, Layout, PyResult, Raised, Slot, Tracer, Ty, Value};
use protopy_vm::structseq::{METHODS, SLOTS, new_structseq, new_structseq_type};
use protopy_vm::types::{create_type_with_base, set_type_attr};
use protopy_vm::{
    ModuleSpec, TypeSpec, audit, call, callable, errors, finalize, get_attr_str, index, iter, methods, next,
    raise_os, set_add, set_attr_str,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, Ordering};

/// Numbers are below this.
const NSIG: usize = 65;

/// Signals that have arrived and wait for their Python handlers.
static PENDING: [AtomicBool; NSIG] = [const { AtomicBool::new(false) }; NSIG];
/// The breaker of the main thread (leaked, so that a late signal finds it).
static MAIN_BREAKER: AtomicPtr<AtomicU32> = AtomicPtr::new(std::ptr::null_mut());
/// Where each signal's number is written, -1 for nowhere.
static WAKEUP: AtomicI32 = AtomicI32::new(-1);
/// Whether a full wake-up pipe is reported.
static WARN_FULL: AtomicBool = AtomicBool::new(true);
/// Error number of a failed write to the wake-up descriptor.
static WAKEUP_ERROR: AtomicI32 = AtomicI32::new(0);

/// What the system calls.
extern "C" fn on_signal(sig: libc::c_int) {
    let saved = sys::errno();
    trip(sig);
    sys::set_errno(saved);
}

/// Marks a signal as arrived.
fn trip(sig: i32) {
    let Some(flag) = usize::try_from(sig).ok().and_then(|i| PENDING.get(i)) else { return };
    flag.store(true, Ordering::SeqCst);
    poke();
    let fd = WAKEUP.load(Ordering::Relaxed);
    if fd >= 0 {
        let byte = [sig.to_ne_bytes()[0]];
        let failed = loop {
            match sys::write(fd, &byte) {
                Err(libc::EINTR) => {}
                Err(e) => break Some(e),
                Ok(_) => break None,
            }
        };
        if let Some(e) = failed
            && (e != libc::EAGAIN || WARN_FULL.load(Ordering::Relaxed))
        {
            WAKEUP_ERROR.store(e, Ordering::Relaxed);
        }
    }
}

/// Sets the main thread's breaker bit.
fn poke() {
    let b = MAIN_BREAKER.load(Ordering::Acquire);
    if !b.is_null() {
        // SAFETY: only pointers of leaked counters are stored.
        unsafe { (*b).fetch_or(breaker::SIGNAL, Ordering::AcqRel) };
    }
}

fn set_main(cx: &Ctx) {
    let b = finalize::main_breaker(cx).unwrap_or_else(|| cx.breaker.clone());
    if !std::ptr::eq(MAIN_BREAKER.load(Ordering::Acquire), Arc::as_ptr(&b)) {
        MAIN_BREAKER.store(Arc::into_raw(b).cast_mut(), Ordering::Release);
    }
}

/// In the child after `fork`: this thread is the main one, and signals that waited in the parent are not its own.
pub fn after_fork(cx: &mut Ctx) {
    for p in &PENDING {
        p.store(false, Ordering::Relaxed);
    }
    set_main(cx);
}

// ---------------------------------------------------------------------------------------------------- state of a space

struct SignalState {
    handlers: [Slot; NSIG],
    siginfo: Slot,
    itimer_error: Slot,
    ready: AtomicBool,
}

impl Default for SignalState {
    fn default() -> Self {
        SignalState {
            handlers: [const { Slot::empty() }; NSIG],
            siginfo: Slot::empty(),
            itimer_error: Slot::empty(),
            ready: AtomicBool::new(false),
        }
    }
}

impl SpaceState for SignalState {
    fn trace(&self, t: &mut Tracer) {
        t.slots(&self.handlers);
        t.slot(&self.siginfo);
        t.slot(&self.itimer_error);
    }
}

/// Runs the Python handlers of signals that have arrived, on the main thread. What a handler raises is raised; signals that
/// still wait then are served at the next poll.
pub fn run_signal_handlers(cx: &mut Ctx) -> PyResult<()> {
    if !cx.is_main {
        return Ok(());
    }
    let e = WAKEUP_ERROR.swap(0, Ordering::Relaxed);
    if e != 0 {
        let r = raise_os(cx, e, None);
        let msg = "Exception ignored while trying to write to the signal wakeup fd";
        errors::report_unraisable(cx, r, Some(msg), Value::NONE);
    }
    let state = cx.space().state::<SignalState>();
    for (sig, (flag, slot)) in PENDING.iter().zip(&state.handlers).enumerate() {
        if !flag.swap(false, Ordering::AcqRel) {
            continue;
        }
        let Some(h) = slot.get() else { continue };
        if !callable(cx, h) {
            // The action has changed since the signal arrived.
            let msg = format!("Signal {sig} ignored due to race condition");
            let r = cx.raise_str(Ty::OSError, &msg);
            errors::report_unraisable(
                cx,
                r,
                Some("Exception ignored while calling signal handler"),
                Value::NONE,
            );
            continue;
        }
        let frame = match protopy_vm::frames::frame_at(cx, 0) {
            Some(f) => protopy_vm::interp::frame::frame_object(cx, f),
            None => Value::NONE,
        };
        let n = cx.int_usize(sig);
        if let Err(r) = call(cx, h, &[n, frame]) {
            poke();
            return Err(r);
        }
    }
    Ok(())
}

/// As if a signal had arrived, for `_thread.interrupt_main`. Signals whose action is the default or "ignore" are not simulated.
fn simulate(cx: &mut Ctx, sig: i32) -> bool {
    let Some(i) = usize::try_from(sig).ok().filter(|i| (1..NSIG).contains(i)) else { return false };
    let state = cx.space().state::<SignalState>();
    let handler = state.handlers.get(i).and_then(Slot::get).unwrap_or(Value::NONE);
    if IntRef::of(handler).is_none() && !handler.is_none() {
        trip(sig);
    }
    true
}

/// Gets the process ready for Python code: SIGPIPE and SIGXFSZ are ignored, SIGINT raises KeyboardInterrupt. Standard
/// descriptors that were closed when the process started are closed again.
pub fn install(cx: &mut Ctx) -> PyResult<()> {
    crate::stdio::close_again();
    for s in [libc::SIGPIPE, libc::SIGXFSZ] {
        // SAFETY: "ignore" is a valid action of these signals.
        unsafe { libc::signal(s, libc::SIG_IGN) };
    }
    protopy_vm::import(cx, "_signal").map(|_| ())
}

// ---------------------------------------------------------------------------------------------------- the module

/// `_signal`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_signal",
    doc: "Signals. Use the module signal.",
    functions: methods![functions:
        /// Raises KeyboardInterrupt: the handler of SIGINT.
        "default_int_handler(signalnum, frame, /)" => default_int_handler;
        /// Sets the action of a signal: SIG_DFL, SIG_IGN, or a function of the signal's number and the interrupted frame.
        "signal(signalnum, handler, /)" => signal;
        /// The action of a signal; None if it was not set from Python.
        "getsignal(signalnum, /)" => getsignal;
        /// A descriptor to which the number of each signal that arrives is written; the one before.
        "set_wakeup_fd(fd, /, *, warn_on_full_buffer=True)" => set_wakeup_fd;
        /// Whether a signal interrupts system calls (True) or they are restarted.
        "siginterrupt(signalnum, flag, /)" => siginterrupt;
        /// Has SIGALRM sent after some seconds; what was left of an earlier alarm.
        "alarm(seconds, /)" => alarm;
        /// Sleeps until a signal arrives.
        "pause()" => pause;
        /// Sends a signal to this thread.
        "raise_signal(signalnum, /)" => raise_signal;
        /// Sends a signal to a thread.
        "pthread_kill(thread_id, signalnum, /)" => pthread_kill;
        /// Sends a signal to the process of a descriptor.
        "pidfd_send_signal(pidfd, signalnum, siginfo=None, flags=0, /)" => pidfd_send_signal;
        /// Blocks and unblocks signals of this thread; those blocked before.
        "pthread_sigmask(how, mask, /)" => pthread_sigmask;
        /// The signals that wait, being blocked.
        "sigpending()" => sigpending;
        /// Waits for one of some blocked signals; its number.
        "sigwait(sigset, /)" => sigwait;
        /// Waits for one of some blocked signals and tells of it.
        "sigwaitinfo(sigset, /)" => sigwaitinfo;
        /// As sigwaitinfo() with a time limit; None if it passed.
        "sigtimedwait(sigset, timeout, /)" => sigtimedwait;
        /// Starts an interval timer; its old setting.
        "setitimer(which, seconds, interval=0.0, /)" => setitimer;
        /// What is left of an interval timer.
        "getitimer(which, /)" => getitimer;
        /// The system's description of a signal, None if it has none.
        "strsignal(signalnum, /)" => strsignal;
        /// All signals that may be sent.
        "valid_signals()" => valid_signals;
    ],
    init: Some(init),
};

static SIGINFO: TypeSpec = TypeSpec {
    name: "struct_siginfo",
    module: "signal",
    layout: Layout::Tuple,
    slots: SLOTS,
    methods: METHODS,
    doc: "What is known of a signal that was waited for.",
    ..TypeSpec::BASE
};

static ITIMER_ERROR: TypeSpec = TypeSpec {
    name: "ItimerError",
    module: "signal",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    doc: "An interval timer could not be set.",
    ..TypeSpec::BASE
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    set_ints(cx, module, CONSTANTS)?;
    let fields = ["si_signo", "si_code", "si_errno", "si_pid", "si_uid", "si_status", "si_band"];
    let state = cx.space().state::<SignalState>();
    let t = new_structseq_type(cx, &SIGINFO, &fields, 7)?;
    state.siginfo.init(Some(t));
    set_attr_str(cx, module, "struct_siginfo", t)?;
    let base = cx.ty(Ty::OSError).value();
    let t = create_type_with_base(cx, &ITIMER_ERROR, base)?;
    state.itimer_error.init(Some(t));
    set_attr_str(cx, module, "ItimerError", t)?;
    if let Some(ty) = protopy_vm::protocore::TypeObj::of(t) {
        let (n, v) = (cx.intern_str("__module__"), cx.str("signal"));
        set_type_attr(cx, ty, n, Some(v))?;
    }
    if state.ready.swap(true, Ordering::AcqRel) {
        return Ok(());
    }
    finalize::set_signal_hook(cx, run_signal_handlers);
    finalize::set_trip_hook(cx, simulate);
    if cx.is_main {
        set_main(cx);
    }
    let int_handler = get_attr_str(cx, module, "default_int_handler")?;
    for (sig, slot) in state.handlers.iter().enumerate().skip(1) {
        let sig = i32::try_from(sig).unwrap_or(0);
        let action = current_action(sig);
        let v = match action {
            Some(libc::SIG_DFL) if sig == libc::SIGINT && cx.is_main => {
                done(cx, set_action(sig, handler_address()))?;
                int_handler
            }
            Some(libc::SIG_DFL) => Value::small(0),
            Some(libc::SIG_IGN) => Value::small(1),
            _ => Value::NONE,
        };
        slot.init(Some(v));
    }
    Ok(())
}

fn handler_address() -> libc::sighandler_t {
    on_signal as extern "C" fn(libc::c_int) as usize
}

fn current_action(sig: i32) -> Option<libc::sighandler_t> {
    let mut old = sys::uninit::<libc::sigaction>();
    // SAFETY: reads the action into room for it, which is filled if the call succeeds.
    unsafe {
        (libc::sigaction(sig, std::ptr::null(), old.as_mut_ptr()) == 0)
            .then(|| old.assume_init().sa_sigaction)
    }
}

fn set_action(sig: i32, to: libc::sighandler_t) -> sys::SysResult<i32> {
    // SAFETY: the action is fully initialised; the handler only does what a signal handler may.
    sys::check(unsafe {
        let mut act: libc::sigaction = std::mem::zeroed();
        act.sa_sigaction = to;
        act.sa_flags = libc::SA_ONSTACK;
        libc::sigemptyset(&mut act.sa_mask);
        libc::sigaction(sig, &act, std::ptr::null_mut())
    })
}

fn range_error(cx: &mut Ctx) -> Raised {
    cx.value_error("signal number out of range")
}

/// A signal's number, checked.
fn number(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    let n = int(cx, v)?;
    if (1..NSIG as i32).contains(&n) { Ok(n) } else { Err(range_error(cx)) }
}

fn default_int_handler(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let e = errors::new_exc(cx, Ty::KeyboardInterrupt, &[]);
    Err(cx.set_raised(e))
}

fn signal(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let sig = int(cx, a[0])?;
    if !cx.is_main {
        return Err(cx.value_error("signal only works in main thread of the main interpreter"));
    }
    let Some(i) = usize::try_from(sig).ok().filter(|i| (1..NSIG).contains(i)) else {
        return Err(range_error(cx));
    };
    let (address, stored) = match IntRef::of(a[1]).and_then(IntRef::to_i64) {
        Some(0) => (libc::SIG_DFL, Value::small(0)),
        Some(1) => (libc::SIG_IGN, Value::small(1)),
        _ if callable(cx, a[1]) => (handler_address(), a[1]),
        _ => {
            let msg = "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object";
            return Err(cx.type_error(msg));
        }
    };
    // Handlers of signals that have arrived are those of before.
    cx.safepoint()?;
    done(cx, set_action(sig, address))?;
    let state = cx.space().state::<SignalState>();
    let Some(slot) = state.handlers.get(i) else { return Err(range_error(cx)) };
    let old = slot.get_or_none();
    slot.init(Some(stored));
    Ok(old)
}

fn getsignal(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = number(cx, a[0])?;
    let state = cx.space().state::<SignalState>();
    Ok(usize::try_from(n).ok().and_then(|i| state.handlers.get(i)).map_or(Value::NONE, Slot::get_or_none))
}

fn set_wakeup_fd(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let warn = truth(cx, a[1])?;
    if !cx.is_main {
        return Err(cx.value_error("set_wakeup_fd only works in main thread of the main interpreter"));
    }
    if fd != -1 {
        let mut st: libc::stat = sys::zeroed();
        done(cx, sys::fstat(fd, &mut st))?;
        let flags = done(cx, sys::fcntl(fd, libc::F_GETFL, 0))?;
        if flags & libc::O_NONBLOCK == 0 {
            return Err(cx.value_error(&format!("the fd {fd} must be in non-blocking mode")));
        }
    }
    WARN_FULL.store(warn, Ordering::Relaxed);
    let old = WAKEUP.swap(fd, Ordering::AcqRel);
    Ok(cx.int(i64::from(old)))
}

fn siginterrupt(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let sig = number(cx, a[0])?;
    let interrupt = int(cx, a[1])? != 0;
    let mut act = sys::uninit::<libc::sigaction>();
    // SAFETY: reads the action, changes a flag and writes it back.
    let r = sys::check(unsafe {
        match libc::sigaction(sig, std::ptr::null(), act.as_mut_ptr()) {
            0 => {
                let mut act = act.assume_init();
                if interrupt {
                    act.sa_flags &= !libc::SA_RESTART;
                } else {
                    act.sa_flags |= libc::SA_RESTART;
                }
                libc::sigaction(sig, &act, std::ptr::null_mut())
            }
            n => n,
        }
    });
    none(cx, r)
}

fn alarm(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = int(cx, a[0])?;
    let left = done(cx, sys::alarm(s as u32))?;
    Ok(cx.int(i64::from(left)))
}

fn pause(cx: &mut Ctx, _: &[Value]) -> PyResult {
    // A signal that has arrived already is what is waited for.
    cx.safepoint()?;
    let _ = cx.blocking(sys::pause);
    cx.safepoint()?;
    Ok(Value::NONE)
}

fn raise_signal(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let sig = int(cx, a[0])?;
    let r = cx.blocking(|| sys::raise(sig));
    done(cx, r)?;
    cx.safepoint()?;
    Ok(Value::NONE)
}

fn pthread_kill(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let id = crate::support::big_bits(cx, a[0])?;
    let sig = int(cx, a[1])?;
    let (i, s) = (cx.int_u64(id), cx.int(i64::from(sig)));
    audit(cx, "signal.pthread_kill", &[i, s])?;
    // SAFETY: as in C, a number that is no thread's is the program's fault; ended threads answer ESRCH.
    let r = sys::check_number(unsafe { libc::pthread_kill(id as libc::pthread_t, sig) });
    done(cx, r)?;
    cx.safepoint()?;
    Ok(Value::NONE)
}

fn pidfd_send_signal(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, sig, flags) = (int(cx, a[0])?, int(cx, a[1])?, int(cx, a[3])?);
    if !a[2].is_none() {
        return Err(cx.type_error("siginfo must be None"));
    }
    done(cx, sys::pidfd_send_signal(fd, sig, flags as u32))?;
    cx.safepoint()?;
    Ok(Value::NONE)
}

/// A set of signals given as an iterable of numbers.
pub fn signal_set(cx: &mut Ctx, v: Value) -> PyResult<libc::sigset_t> {
    let mut set: libc::sigset_t = sys::zeroed();
    let _ = sys::sigemptyset(&mut set);
    let it = iter(cx, v)?;
    while let Some(v) = next(cx, it)? {
        let n = index(cx, v)?;
        let sig = IntRef::of(n).and_then(IntRef::to_i64).and_then(|n| i32::try_from(n).ok());
        match sig.filter(|n| (1..NSIG as i32).contains(n)) {
            // The C library keeps some numbers for itself and refuses them: nothing to add then.
            Some(n) => {
                let _ = sys::sigaddset(&mut set, n);
            }
            None => {
                let shown = protopy_vm::repr_text(cx, n)?;
                return Err(cx.value_error(&format!("signal number {shown} out of range [1; 64]")));
            }
        }
    }
    Ok(set)
}

fn set_value(cx: &mut Ctx, set: &libc::sigset_t) -> PyResult {
    let v = cx.set();
    if let Some(s) = DictObj::of_set(v) {
        for sig in (1..NSIG as i32).filter(|s| sys::sigismember(set, *s) == Ok(1)) {
            let n = cx.int(i64::from(sig));
            set_add(cx, s, n)?;
        }
    }
    Ok(v)
}

fn pthread_sigmask(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let how = int(cx, a[0])?;
    let set = signal_set(cx, a[1])?;
    let old = done(cx, sys::pthread_sigmask(how, Some(&set)))?;
    // What was unblocked has arrived.
    cx.safepoint()?;
    set_value(cx, &old)
}

fn sigpending(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let mut set: libc::sigset_t = sys::zeroed();
    done(cx, sys::sigpending(&mut set))?;
    set_value(cx, &set)
}

fn valid_signals(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let mut set: libc::sigset_t = sys::zeroed();
    done(cx, sys::sigfillset(&mut set))?;
    set_value(cx, &set)
}

fn sigwait(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let set = signal_set(cx, a[0])?;
    let mut info: libc::siginfo_t = sys::zeroed();
    let sig = retry(cx, || sys::sigwaitinfo(&set, &mut info))?;
    let sig = done(cx, sig)?;
    Ok(cx.int(i64::from(sig)))
}

fn info_value(cx: &mut Ctx, info: &libc::siginfo_t) -> PyResult {
    let f = sys::child_info(info);
    let band = sys::info_band(info);
    let v = [info.si_signo.into(), info.si_code.into(), info.si_errno.into(), f.pid, f.uid, f.status, band]
        .map(|n| cx.int(n));
    let state = cx.space().state::<SignalState>();
    let t = state.siginfo.get_or_none();
    new_structseq(cx, t, &v)
}

fn sigwaitinfo(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let set = signal_set(cx, a[0])?;
    let mut info: libc::siginfo_t = sys::zeroed();
    let r = retry(cx, || sys::sigwaitinfo(&set, &mut info))?;
    done(cx, r)?;
    info_value(cx, &info)
}

fn sigtimedwait(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let set = signal_set(cx, a[0])?;
    let ns = to_ns(cx, a[1], Round::Up)?;
    if ns < 0 {
        return Err(cx.value_error("timeout must be non-negative"));
    }
    let end = crate::clock::Deadline::after(Some(ns));
    let mut info: libc::siginfo_t = sys::zeroed();
    match retry(cx, || sys::sigtimedwait(&set, &mut info, &timespec(end.left().unwrap_or(0))))? {
        Err(libc::EAGAIN) => Ok(Value::NONE),
        r => {
            done(cx, r)?;
            info_value(cx, &info)
        }
    }
}

fn timeval(ns: i64) -> libc::timeval {
    libc::timeval { tv_sec: ns.div_euclid(NS), tv_usec: ns.rem_euclid(NS) / 1000 }
}

fn itimer_value(cx: &mut Ctx, t: &libc::itimerval) -> PyResult {
    let ns = |t: &libc::timeval| t.tv_sec.saturating_mul(NS).saturating_add(t.tv_usec.saturating_mul(1000));
    let (x, y) = (cx.float(seconds(ns(&t.it_value))), cx.float(seconds(ns(&t.it_interval))));
    cx.tuple_of(None, &[x, y])
}

fn itimer_failed(cx: &mut Ctx, e: i32) -> Raised {
    let state = cx.space().state::<SignalState>();
    let t = state.itimer_error.get_or_none();
    let (n, s) = (cx.int(i64::from(e)), cx.str(&errors::strerror(e)));
    errors::raise_class(cx, t, &[n, s])
}

/// Nanoseconds rounded up to microseconds, so that a timer never becomes "none".
fn micro(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let ns = to_ns(cx, v, Round::Ceiling)?;
    Ok(ns.div_euclid(1000).saturating_add(i64::from(ns.rem_euclid(1000) != 0)).saturating_mul(1000))
}

fn setitimer(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let which = int(cx, a[0])?;
    let value = micro(cx, a[1])?;
    let interval = match a[2].bound() {
        Some(v) => micro(cx, v)?,
        None => 0,
    };
    let new = libc::itimerval { it_value: timeval(value), it_interval: timeval(interval) };
    let mut old: libc::itimerval = sys::zeroed();
    match sys::setitimer(which, &new, &mut old) {
        Ok(_) => itimer_value(cx, &old),
        Err(e) => Err(itimer_failed(cx, e)),
    }
}

fn getitimer(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let which = int(cx, a[0])?;
    let mut t: libc::itimerval = sys::zeroed();
    match sys::getitimer(which, &mut t) {
        Ok(_) => itimer_value(cx, &t),
        Err(e) => Err(itimer_failed(cx, e)),
    }
}

fn strsignal(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = number(cx, a[0])?;
    // SAFETY: the text lives until the next call in this thread.
    let text = unsafe { sys::bytes_of(libc::strsignal(n)) };
    match text {
        Some(t) if !t.starts_with(b"Unknown signal") => crate::support::fs_value(cx, &t, false),
        _ => Ok(Value::NONE),
    }
}
