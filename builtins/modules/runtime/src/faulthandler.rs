//! `faulthandler`: tracebacks when the process crashes, hangs, or gets a signal.
//!
//! A signal's handler may do almost nothing: it finds the thread's state through a thread-local pointer, walks the frames, which
//! are plain memory, and writes with a buffer on its stack. It shows its own thread only; where the world can be stopped (a
//! call, the watchdog) all threads are shown.
//!
//! The system's handlers belong to the process, so what they need is static; the rest is state of the space.

#![allow(unsafe_code)]

use protocore::layouts::{IntRef, StrObj};
use protocore::space::SpaceState;
use protocore::{Ctx, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::code::line_of;
use protopy_vm::interp::frame;
use protopy_vm::{ModuleSpec, call_method, errors, index_i64, is_true, methods};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Frames of a thread that are shown.
const MAX_FRAMES: usize = 100;
/// Characters of a name that are shown.
const MAX_NAME: usize = 500;

thread_local! {
    /// The state of the thread, for handlers of signals; null if it is not known.
    static CURRENT: Cell<*const Ctx> = const { Cell::new(std::ptr::null()) };
}

/// Tells the handlers where the calling thread's state is; to be undone before the state goes.
pub fn note_thread(cx: Option<&Ctx>) {
    CURRENT.with(|c| c.set(cx.map_or(std::ptr::null(), std::ptr::from_ref)));
}

/// What the handlers know of the calling thread; to be given to [`restore_thread`].
pub fn noted_thread() -> *const Ctx {
    CURRENT.get()
}

/// Undoes what [`note_thread`] did since [`noted_thread`] answered this.
pub fn restore_thread(noted: *const Ctx) {
    CURRENT.set(noted);
}

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

// ---------------------------------------------------------------------------------------------------- writing

/// A buffer on the stack in front of a descriptor.
struct Out {
    fd: i32,
    len: usize,
    buf: [u8; 256],
}

impl Out {
    fn new(fd: i32) -> Out {
        Out { fd, len: 0, buf: [0; 256] }
    }

    fn flush(&mut self) {
        let mut at = 0;
        while at < self.len {
            // SAFETY: the range lies in the buffer.
            let n = unsafe { libc::write(self.fd, self.buf[at..].as_ptr().cast(), self.len - at) };
            match usize::try_from(n) {
                Ok(n) if n > 0 => at += n,
                _ => break,
            }
        }
        self.len = 0;
    }

    fn byte(&mut self, b: u8) {
        if self.len == self.buf.len() {
            self.flush();
        }
        self.buf[self.len] = b;
        self.len += 1;
    }

    fn text(&mut self, s: &str) {
        s.bytes().for_each(|b| self.byte(b));
    }

    fn hex(&mut self, n: u64, digits: u32) {
        for i in (0..digits).rev() {
            let d = (n >> (i * 4)) as u8 & 15;
            self.byte(if d < 10 { b'0' + d } else { b'a' + d - 10 });
        }
    }

    fn decimal(&mut self, n: u64) {
        let mut digits = [0u8; 20];
        let (mut i, mut n) = (digits.len(), n);
        loop {
            i -= 1;
            digits[i] = b'0' + (n % 10) as u8;
            n /= 10;
            if n == 0 {
                break;
            }
        }
        for d in &digits[i..] {
            self.byte(*d);
        }
    }

    /// A string in ASCII.
    fn escaped(&mut self, v: Value) {
        let Some(s) = StrObj::of(v) else { return self.text("???") };
        let r = s.str_ref();
        for (i, c) in r.chars().enumerate() {
            if i >= MAX_NAME {
                return self.text("...");
            }
            match c {
                32..127 => self.byte(c as u8),
                0..256 => {
                    self.text("\\x");
                    self.hex(u64::from(c), 2);
                }
                256..0x1_0000 => {
                    self.text("\\u");
                    self.hex(u64::from(c), 4);
                }
                _ => {
                    self.text("\\U");
                    self.hex(u64::from(c), 8);
                }
            }
        }
    }

    fn frames(&mut self, cx: &Ctx) {
        let mut at = frame::current(cx);
        if at.is_none() {
            self.text("  <no Python frame>\n");
        }
        let mut n = 0;
        while let Some((f, pc)) = at {
            if n == MAX_FRAMES {
                self.text("  ...\n");
                break;
            }
            n += 1;
            let code = f.code();
            self.text("  File \"");
            self.escaped(code.rt.filename.get_or_none());
            self.text("\", line ");
            self.decimal(u64::from(line_of(code, f.index(pc))));
            self.text(" in ");
            self.escaped(code.rt.name);
            self.byte(b'\n');
            at = frame::parent(f);
        }
    }

    /// The frames of the calling thread, which is not named.
    fn stack(&mut self, cx: &Ctx) {
        self.text("Stack (most recent call first):\n");
        self.frames(cx);
    }

    fn thread(&mut self, cx: &Ctx, current: bool) {
        self.text(if current { "Current thread 0x" } else { "Thread 0x" });
        self.hex(cx.ident, 16);
        let mut name = [0u8; 64];
        // SAFETY: the thread exists: it is this one, or stopped; the buffer has that length.
        let rc = unsafe { libc::pthread_getname_np(cx.ident as _, name.as_mut_ptr().cast(), name.len()) };
        if rc == 0 && name[0] != 0 {
            self.text(" [");
            name.iter().take_while(|b| **b != 0).for_each(|b| self.byte(*b));
            self.byte(b']');
        }
        self.text(" (most recent call first):\n");
        self.frames(cx);
    }
}

/// Writes the tracebacks of all threads but `skip`, the one called `current` last.
fn dump_all(cx: &mut Ctx, fd: i32, current: Option<u64>, skip: Option<u64>) {
    let mut out = Out::new(fd);
    let mut first = true;
    for last in [false, true] {
        cx.for_each_thread(&mut |t| {
            if skip == Some(t.ident) || (current == Some(t.ident)) != last {
                return;
            }
            if !std::mem::take(&mut first) {
                out.byte(b'\n');
            }
            out.thread(t, last);
        });
    }
    out.flush();
}

// ---------------------------------------------------------------------------------------------------- files

/// What is kept alive while handlers write to it, and the watchdog.
#[derive(Default)]
struct State {
    fatal: Slot,
    later: Slot,
    user: Mutex<Vec<(i32, Value)>>,
    watch: Mutex<Option<Arc<Watch>>>,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.fatal);
        t.slot(&self.later);
        for (_, v) in locked(&self.user).iter() {
            t.visit(*v);
        }
    }
}

fn state(cx: &Ctx) -> Arc<State> {
    cx.space().state::<State>()
}

/// The descriptor of a file argument, and the file to keep alive.
fn file_fd(cx: &mut Ctx, file: Value) -> PyResult<(i32, Value)> {
    let file = match file.not_none() {
        Some(f) => f,
        None => match errors::lookup_sys(cx, "stderr") {
            None => return Err(cx.raise_str(Ty::RuntimeError, "unable to get sys.stderr")),
            Some(f) if f.is_none() => return Err(cx.raise_str(Ty::RuntimeError, "sys.stderr is None")),
            Some(f) => f,
        },
    };
    if let Some(n) = IntRef::of(file) {
        return match n.to_i64().and_then(|n| i32::try_from(n).ok()).filter(|n| *n >= 0) {
            Some(fd) => Ok((fd, Value::NONE)),
            None => Err(cx.value_error("file is not a valid file descriptor")),
        };
    }
    let n = call_method(cx, file, "fileno", &[])?;
    let fd = match IntRef::of(n).and_then(IntRef::to_i64).and_then(|n| i32::try_from(n).ok()) {
        Some(fd) if fd >= 0 => fd,
        _ => return Err(cx.raise_str(Ty::RuntimeError, "file.fileno() is not a valid file descriptor")),
    };
    if let Err(r) = call_method(cx, file, "flush", &[]) {
        cx.take_raised(r);
    }
    Ok((fd, file))
}

fn dump_traceback(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, file) = file_fd(cx, a[0])?;
    let all = is_true(cx, a[1])?;
    if all {
        let me = cx.ident;
        dump_all(cx, fd, Some(me), None);
    } else {
        let mut out = Out::new(fd);
        out.stack(cx);
        out.flush();
    }
    protopy_vm::keep_alive(file);
    Ok(Value::NONE)
}

fn dump_c_stack(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, file) = file_fd(cx, a[0])?;
    let mut out = Out::new(fd);
    out.text(
        "Current thread's C stack trace (most recent call first):\n  <cannot get C stack on this system>\n",
    );
    out.flush();
    protopy_vm::keep_alive(file);
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- fatal signals

const FATAL: [(i32, &str); 5] = [
    (libc::SIGBUS, "Bus error"),
    (libc::SIGILL, "Illegal instruction"),
    (libc::SIGFPE, "Floating-point exception"),
    (libc::SIGABRT, "Aborted"),
    (libc::SIGSEGV, "Segmentation fault"),
];

static ENABLED: AtomicBool = AtomicBool::new(false);
static FATAL_FD: AtomicI32 = AtomicI32::new(2);
/// Whether all threads were asked for.
static FATAL_ALL: AtomicBool = AtomicBool::new(true);

/// Writes the traceback of the calling thread, in a handler of a signal; with `named` it says which one that is, as it must where
/// all threads were asked for.
fn dump_here(out: &mut Out, named: bool) {
    let cx = CURRENT.with(Cell::get);
    if cx.is_null() {
        out.text("<no Python thread>\n");
    } else {
        // SAFETY: the pointer is this thread's own state, which lives while it is noted; it is only read.
        let cx = unsafe { &*cx };
        if named {
            out.thread(cx, true);
        } else {
            out.stack(cx);
        }
    }
}

extern "C" fn on_fatal(signum: i32) {
    // A second fault, or one in the handler, ends the process.
    // SAFETY: signal and raise may be called in handlers.
    unsafe { libc::signal(signum, libc::SIG_DFL) };
    let mut out = Out::new(FATAL_FD.load(Ordering::Relaxed));
    out.text("Fatal Python error: ");
    out.text(FATAL.iter().find(|(s, _)| *s == signum).map_or("unknown", |(_, t)| t));
    out.text("\n\n");
    dump_here(&mut out, FATAL_ALL.load(Ordering::Relaxed));
    out.flush();
    // SAFETY: as above.
    unsafe { libc::raise(signum) };
}

fn set_handler(signum: i32, handler: usize, flags: i32) -> Result<usize, i32> {
    // SAFETY: both structures are valid; the handler is a function of the type that the flags ask for, or SIG_DFL.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        let mut old: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = handler;
        new.sa_flags = flags;
        libc::sigemptyset(&mut new.sa_mask);
        if libc::sigaction(signum, &new, &mut old) != 0 {
            return Err(*libc::__errno_location());
        }
        Ok(old.sa_sigaction)
    }
}

fn enable(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, file) = file_fd(cx, a[0])?;
    let all = is_true(cx, a[1])?;
    state(cx).fatal.init(Some(file));
    FATAL_ALL.store(all, Ordering::Relaxed);
    FATAL_FD.store(fd, Ordering::Release);
    note_thread(Some(cx));
    if !ENABLED.swap(true, Ordering::AcqRel) {
        for (s, _) in FATAL {
            if let Err(e) =
                set_handler(s, on_fatal as extern "C" fn(i32) as usize, libc::SA_ONSTACK | libc::SA_NODEFER)
            {
                return Err(errors::raise_os(cx, e, None));
            }
        }
    }
    Ok(Value::NONE)
}

fn disable(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let was = ENABLED.swap(false, Ordering::AcqRel);
    if was {
        for (s, _) in FATAL {
            let _ = set_handler(s, libc::SIG_DFL, 0);
        }
        state(cx).fatal.init(None);
    }
    Ok(Value::bool(was))
}

fn is_enabled(_: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(Value::bool(ENABLED.load(Ordering::Acquire)))
}

// ---------------------------------------------------------------------------------------------------- user signals

const SIGNALS: usize = 65;

/// A signal that `register` was called for.
struct User {
    /// Descriptor, -1 for none.
    fd: AtomicI32,
    chain: AtomicBool,
    /// Whether all threads were asked for.
    all: AtomicBool,
    /// The handler before.
    before: AtomicUsize,
}

static USER: [User; SIGNALS] = [const {
    User {
        fd: AtomicI32::new(-1),
        chain: AtomicBool::new(false),
        all: AtomicBool::new(true),
        before: AtomicUsize::new(0),
    }
}; SIGNALS];

extern "C" fn on_user(signum: i32) {
    let Some(u) = usize::try_from(signum).ok().and_then(|s| USER.get(s)) else { return };
    let fd = u.fd.load(Ordering::Acquire);
    if fd < 0 {
        return;
    }
    // SAFETY: the location of errno is always valid.
    let errno = unsafe { *libc::__errno_location() };
    let mut out = Out::new(fd);
    dump_here(&mut out, u.all.load(Ordering::Relaxed));
    out.flush();
    if u.chain.load(Ordering::Acquire) {
        let me = on_user as extern "C" fn(i32) as usize;
        let _ = set_handler(signum, u.before.load(Ordering::Acquire), 0);
        // SAFETY: raise may be called in handlers.
        unsafe { libc::raise(signum) };
        let _ = set_handler(signum, me, libc::SA_NODEFER | libc::SA_ONSTACK);
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

fn user_signal(cx: &mut Ctx, v: Value) -> PyResult<(i32, &'static User)> {
    let n = index_i64(cx, v, Ty::OverflowError)?;
    let known = usize::try_from(n).ok().filter(|n| *n >= 1).and_then(|n| USER.get(n));
    let (Some(u), Ok(s)) = (known, i32::try_from(n)) else {
        return Err(cx.value_error("signal number out of range"));
    };
    if FATAL.iter().any(|(f, _)| *f == s) {
        let msg = format!("signal {s} cannot be registered, use enable() instead");
        return Err(cx.raise_str(Ty::RuntimeError, &msg));
    }
    Ok((s, u))
}

fn register(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (signum, u) = user_signal(cx, a[0])?;
    let (fd, file) = file_fd(cx, a[1])?;
    let all = is_true(cx, a[2])?;
    let chain = is_true(cx, a[3])?;
    note_thread(Some(cx));
    if u.fd.load(Ordering::Acquire) < 0 {
        // A handler that goes on to the one before must let the signal through.
        let flags = libc::SA_ONSTACK | if chain { libc::SA_NODEFER } else { libc::SA_RESTART };
        match set_handler(signum, on_user as extern "C" fn(i32) as usize, flags) {
            Ok(old) => u.before.store(old, Ordering::Release),
            Err(e) => return Err(errors::raise_os(cx, e, None)),
        }
    }
    u.all.store(all, Ordering::Relaxed);
    u.chain.store(chain, Ordering::Release);
    u.fd.store(fd, Ordering::Release);
    let st = state(cx);
    let mut files = locked(&st.user);
    files.retain(|(s, _)| *s != signum);
    files.push((signum, file));
    Ok(Value::NONE)
}

fn unregister(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (signum, u) = user_signal(cx, a[0])?;
    if u.fd.swap(-1, Ordering::AcqRel) < 0 {
        return Ok(Value::FALSE);
    }
    let _ = set_handler(signum, u.before.load(Ordering::Acquire), 0);
    locked(&state(cx).user).retain(|(s, _)| *s != signum);
    Ok(Value::TRUE)
}

// ---------------------------------------------------------------------------------------------------- the watchdog

/// A watchdog that can be called off.
#[derive(Default)]
struct Watch {
    cancelled: Mutex<bool>,
    changed: Condvar,
}

impl Watch {
    /// Waits; whether the time has run out.
    fn wait(&self, timeout: Duration) -> bool {
        let end = Instant::now().checked_add(timeout);
        let mut cancelled = locked(&self.cancelled);
        loop {
            if *cancelled {
                return false;
            }
            let Some(left) = end.map(|e| e.saturating_duration_since(Instant::now())) else {
                cancelled = self.changed.wait(cancelled).unwrap_or_else(|e| e.into_inner());
                continue;
            };
            if left.is_zero() {
                return true;
            }
            cancelled = self.changed.wait_timeout(cancelled, left).unwrap_or_else(|e| e.into_inner()).0;
        }
    }

    fn cancel(&self) {
        *locked(&self.cancelled) = true;
        self.changed.notify_all();
    }
}

fn header(nanos: u64) -> String {
    let (us, s) = (nanos.div_ceil(1000) % 1_000_000, nanos.div_ceil(1000) / 1_000_000);
    let fraction = if us == 0 { String::new() } else { format!(".{us:06}") };
    format!("Timeout ({}:{:02}:{:02}{fraction})!\n", s / 3600, s / 60 % 60, s % 60)
}

fn dump_traceback_later(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let nanos = protopy_vm::sync::timeout_nanos(cx, a[0])?;
    let Some(nanos) = u64::try_from(nanos).ok().filter(|n| *n > 0) else {
        return Err(cx.value_error("timeout must be greater than 0"));
    };
    let (repeat, exit) = (is_true(cx, a[1])?, is_true(cx, a[3])?);
    let (fd, file) = file_fd(cx, a[2])?;
    cancel(cx);
    let st = state(cx);
    st.later.init(Some(file));
    let watch = Arc::new(Watch::default());
    *locked(&st.watch) = Some(watch.clone());
    let space = cx.space_arc();
    let text = header(nanos);
    let run = move || {
        while watch.wait(Duration::from_nanos(nanos)) {
            let mut out = Out::new(fd);
            out.text(&text);
            out.flush();
            if let Ok(mut cx) = Ctx::attach(&space, false) {
                let me = cx.ident;
                dump_all(&mut cx, fd, None, Some(me));
            }
            if exit {
                // SAFETY: ends the process without running anything.
                unsafe { libc::_exit(1) };
            }
            if !repeat {
                break;
            }
        }
    };
    match std::thread::Builder::new().name("faulthandler".to_owned()).spawn(run) {
        Ok(_) => Ok(Value::NONE),
        Err(_) => Err(cx.raise_str(Ty::RuntimeError, "unable to start watchdog thread")),
    }
}

fn cancel(cx: &mut Ctx) {
    let st = state(cx);
    if let Some(w) = locked(&st.watch).take() {
        w.cancel();
    }
    st.later.init(None);
}

fn cancel_later(cx: &mut Ctx, _: &[Value]) -> PyResult {
    cancel(cx);
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- crashes for tests

/// Crashes write no core files.
fn no_core() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure is valid.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) };
}

fn crash(signum: i32) -> PyResult {
    no_core();
    // SAFETY: ends the process, or calls the handler.
    unsafe { libc::raise(signum) };
    // The handler by which stack overflows are told leaves other faults to the default action, and expects them to come again.
    // SAFETY: as above; the structure is valid.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(signum, std::ptr::null(), &mut now) == 0 && now.sa_sigaction == libc::SIG_DFL {
            libc::raise(signum);
        }
    }
    Ok(Value::NONE)
}

fn crash_segv(_: &mut Ctx, _: &[Value]) -> PyResult {
    crash(libc::SIGSEGV)
}

fn crash_fpe(_: &mut Ctx, _: &[Value]) -> PyResult {
    crash(libc::SIGFPE)
}

fn crash_abort(_: &mut Ctx, _: &[Value]) -> PyResult {
    crash(libc::SIGABRT)
}

fn crash_in_thread(cx: &mut Ctx, _: &[Value]) -> PyResult {
    no_core();
    let mut out = Out::new(2);
    out.text("Fatal Python error: faulthandler_fatal_error_thread: in new thread\nPython runtime state: initialized\n\n");
    out.flush();
    dump_all(cx, 2, None, None);
    // SAFETY: ends the process.
    unsafe {
        libc::signal(libc::SIGABRT, libc::SIG_DFL);
        libc::abort()
    }
}

/// `faulthandler`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "faulthandler",
    doc: "faulthandler module.",
    functions: methods![functions:
        /// Writes a traceback when the process crashes.
        "enable(file=sys.stderr, all_threads=True)" => enable;
        /// Ends enable; whether it was on.
        "disable()" => disable;
        /// Whether tracebacks are written when the process crashes.
        "is_enabled()" => is_enabled;
        /// Writes the traceback of all threads, or of this one.
        "dump_traceback(file=sys.stderr, all_threads=True)" => dump_traceback;
        /// Writes the native stack, as far as it is known.
        "dump_c_stack(file=sys.stderr)" => dump_c_stack;
        /// Writes the tracebacks of all threads after so many seconds, again and again if asked to.
        "dump_traceback_later(timeout, repeat=False, file=sys.stderr, exit=False)" => dump_traceback_later;
        /// Calls dump_traceback_later off.
        "cancel_dump_traceback_later()" => cancel_later;
        /// Writes the traceback when a signal arrives.
        "register(signum, file=sys.stderr, all_threads=True, chain=False)" => register;
        /// Ends register; whether it was on.
        "unregister(signum, /)" => unregister;
        /// Crashes, for tests.
        "_read_null()" => crash_segv;
        /// Crashes, for tests.
        "_sigsegv(release_gil=False, /)" => crash_segv;
        /// Crashes, for tests.
        "_sigabrt()" => crash_abort;
        /// Crashes, for tests.
        "_sigfpe()" => crash_fpe;
        /// Crashes, for tests.
        "_stack_overflow()" => crash_segv;
        /// Crashes, for tests.
        "_fatal_error_c_thread()" => crash_in_thread;
    ],
    init: None,
};
