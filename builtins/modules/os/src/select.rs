//! The module `select`: `select`, poll objects, epoll objects.
#![allow(unsafe_code)]

use crate::clock::{Deadline, Round, to_ns};
use crate::consts::select::CONSTANTS;
use crate::posix::OsState;
use crate::support::{call, done, fileno, int, retry_plainly, set_ints};
use crate::sys;
use protopy_vm::protocore::layouts::{FloatObj, IntRef, ListObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::sync::Waiting;
use protopy_vm::{
    ModuleSpec, TypeSpec, ValueVec, call_def, create_type, getsets, index, methods, raise_key_error,
    raise_os, set_attr_str,
};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// `select`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "select",
    doc: "Waiting until one of several descriptors is ready.",
    functions: methods![functions:
        /// Waits until descriptors can be read, can be written, or have something exceptional; three lists of those that are ready.
        "select(rlist, wlist, xlist, timeout=None, /)" => select;
        /// A poll object.
        "poll()" => new_poll;
    ],
    init: Some(init),
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    set_ints(cx, module, CONSTANTS)?;
    let e = cx.ty(Ty::OSError).value();
    set_attr_str(cx, module, "error", e)?;
    let s = cx.space().state::<OsState>();
    let t = create_type(cx, &POLL)?;
    s.poll.init(Some(t));
    let t = create_type(cx, &EPOLL)?;
    s.epoll.init(Some(t));
    set_attr_str(cx, module, "epoll", t)
}

// ---------------------------------------------------------------------------------------------------- select

struct FdSet {
    set: libc::fd_set,
    fds: Vec<i32>,
    objects: ValueVec,
}

fn fd_set(cx: &mut Ctx, v: Value) -> PyResult<FdSet> {
    if !protopy_vm::is_iterable(cx, v) {
        return Err(cx.type_error("arguments 1-3 must be sequences"));
    }
    // A list may change while `fileno` methods run: its items are taken one by one.
    let live = ListObj::of(v);
    let mut objects = if live.is_some() { ValueVec::new(cx) } else { protopy_vm::to_vec(cx, v)? };
    // SAFETY: all bytes zero is the empty set.
    let mut set: libc::fd_set = unsafe { std::mem::zeroed() };
    let mut fds = Vec::with_capacity(objects.len());
    for i in 0.. {
        let Some(o) = live.map_or_else(|| objects.get(i), |l| l.get(i)) else { break };
        let fd = fileno(cx, o)?;
        if live.is_some() {
            objects.push(cx, o)?;
        }
        if !(0..libc::FD_SETSIZE as i32).contains(&fd) {
            return Err(cx.value_error("filedescriptor out of range in select()"));
        }
        if fds.len() >= libc::FD_SETSIZE {
            return Err(cx.value_error("too many file descriptors in select()"));
        }
        // SAFETY: the number is below the set's size.
        unsafe { libc::FD_SET(fd, &mut set) };
        fds.push(fd);
    }
    Ok(FdSet { set, fds, objects })
}

impl FdSet {
    fn ready(&self, cx: &mut Ctx) -> PyResult {
        let mut out = ValueVec::new(cx);
        for (i, fd) in self.fds.iter().enumerate() {
            // SAFETY: as in `fd_set`.
            if unsafe { libc::FD_ISSET(*fd, &self.set) }
                && let Some(o) = self.objects.get(i)
            {
                out.push(cx, o)?;
            }
        }
        Ok(out.into_list())
    }

    fn max(&self) -> i32 {
        self.fds.iter().copied().max().unwrap_or(-1)
    }
}

/// Nanoseconds of a timeout, `None` for no end; a TypeError gets the given message.
fn timeout(cx: &mut Ctx, v: Value, scale: i64, msg: &str) -> PyResult<Option<i64>> {
    let Some(v) = v.not_none() else { return Ok(None) };
    if FloatObj::of(v).is_none() && IntRef::of(v).is_none() && cx.type_of(v).slots.index.address() == 0 {
        return Err(cx.type_error(msg));
    }
    if scale == 1 {
        return to_ns(cx, v, Round::Up).map(Some);
    }
    // Milliseconds.
    match FloatObj::of(v) {
        Some(f) => {
            let s = cx.float(f / 1e3);
            to_ns(cx, s, Round::Up).map(Some)
        }
        None => {
            let n = index(cx, v)?;
            match IntRef::of(n).and_then(IntRef::to_i64).and_then(|n| n.checked_mul(1_000_000)) {
                Some(n) => Ok(Some(n)),
                None => Err(cx.raise_str(Ty::OverflowError, "timestamp out of range for C PyTime_t")),
            }
        }
    }
}

fn select(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let t = timeout(cx, a[3], 1, "timeout must be a float or None")?;
    if t.is_some_and(|t| t < 0) {
        return Err(cx.value_error("timeout must be non-negative"));
    }
    let (mut r, mut w, mut x) = (fd_set(cx, a[0])?, fd_set(cx, a[1])?, fd_set(cx, a[2])?);
    let n = r.max().max(w.max()).max(x.max()) + 1;
    let end = Deadline::after(t);
    let start = (r.set, w.set, x.set);
    let ready = call(cx, || {
        // A call that was interrupted left the sets undefined.
        (r.set, w.set, x.set) = start;
        let mut tv = end.left().map(|ns| {
            let t = crate::clock::timespec(ns.saturating_add(999));
            libc::timeval { tv_sec: t.tv_sec, tv_usec: t.tv_nsec / 1000 }
        });
        let p = tv.as_mut().map_or(std::ptr::null_mut(), |t| t as *mut _);
        // SAFETY: three sets and null or a time.
        sys::check(unsafe { libc::select(n, &mut r.set, &mut w.set, &mut x.set, p) })
    })?;
    if ready == 0 {
        let lists = [cx.list(&[])?, cx.list(&[])?, cx.list(&[])?];
        return cx.tuple_of(None, &lists);
    }
    let lists = [r.ready(cx)?, w.ready(cx)?, x.ready(cx)?];
    cx.tuple_of(None, &lists)
}

// ---------------------------------------------------------------------------------------------------- poll

struct Poll {
    fds: Guarded<Vec<(i32, u16)>>,
    running: AtomicBool,
}

impl Payload for Poll {
    const NAME: &'static str = "poll";
    fn trace(&self, _: &mut Tracer) {}
}

static POLL: TypeSpec = TypeSpec {
    name: "poll",
    module: "select",
    layout: Layout::Native,
    vt: Some(<Poll as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    methods: methods![
        /// Adds a descriptor with the events to wait for.
        "register(self, fd, eventmask=7, /)" => poll_register;
        /// Changes the events of a descriptor.
        "modify(self, fd, eventmask, /)" => poll_modify;
        /// Removes a descriptor.
        "unregister(self, fd, /)" => poll_unregister;
        /// Waits, at most for some milliseconds; a list of descriptors and their events.
        "poll(self, timeout=None, /)" => poll_poll;
    ],
    doc: "Waits for events of descriptors.",
    ..TypeSpec::BASE
};

fn new_poll(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let s = cx.space().state::<OsState>();
    let Some(t) = s.poll.get().and_then(TypeObj::of) else { return Ok(Value::NONE) };
    Ok(cx.new_native(t, Poll { fds: Guarded::new(Vec::new()), running: AtomicBool::new(false) }))
}

fn poll_of(cx: &mut Ctx, v: Value) -> PyResult<&'static Poll> {
    match v.native::<Poll>() {
        Some(p) => Ok(p),
        None => Err(cx.type_error("a poll object is required")),
    }
}

fn event_mask(cx: &mut Ctx, v: Value) -> PyResult<u16> {
    let n = index(cx, v)?;
    let r = IntRef::of(n).unwrap_or(IntRef::Small(0));
    if r.signum() < 0 {
        return Err(cx.value_error("Cannot convert negative int"));
    }
    match r.to_i64().and_then(|n| u16::try_from(n).ok()) {
        Some(n) => Ok(n),
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large for C unsigned short")),
    }
}

fn poll_register(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = poll_of(cx, a[0])?;
    let fd = fileno(cx, a[1])?;
    let events = event_mask(cx, a[2])?;
    p.fds.with(|v| match v.iter_mut().find(|e| e.0 == fd) {
        Some(e) => e.1 = events,
        None => v.push((fd, events)),
    });
    Ok(Value::NONE)
}

fn poll_modify(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = poll_of(cx, a[0])?;
    let fd = fileno(cx, a[1])?;
    let events = event_mask(cx, a[2])?;
    let found = p.fds.with(|v| v.iter_mut().find(|e| e.0 == fd).map(|e| e.1 = events));
    match found {
        Some(()) => Ok(Value::NONE),
        None => Err(raise_os(cx, libc::ENOENT, None)),
    }
}

fn poll_unregister(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = poll_of(cx, a[0])?;
    let fd = fileno(cx, a[1])?;
    let found = p.fds.with(|v| v.iter().position(|e| e.0 == fd).map(|i| v.remove(i)));
    match found {
        Some(_) => Ok(Value::NONE),
        None => {
            let key = cx.int(i64::from(fd));
            Err(raise_key_error(cx, key))
        }
    }
}

/// `poll` until a deadline.
pub fn poll_until(fds: &mut [libc::pollfd], end: Deadline) -> sys::SysResult<i32> {
    // SAFETY: the slice's memory.
    sys::check(unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, end.poll_ms()) })
}

fn poll_poll(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = poll_of(cx, a[0])?;
    let t = timeout(cx, a[1], 1_000_000, "timeout must be an integer or None")?;
    let end = Deadline::after(t);
    if p.running.swap(true, Ordering::AcqRel) {
        return Err(cx.raise_str(Ty::RuntimeError, "concurrent poll() invocation"));
    }
    let mut fds: Vec<libc::pollfd> = p.fds.with(|v| {
        v.iter().map(|(fd, ev)| libc::pollfd { fd: *fd, events: *ev as i16, revents: 0 }).collect()
    });
    let r = retry_plainly(cx, Waiting(a[0], &["poll"]), || poll_until(&mut fds, end));
    p.running.store(false, Ordering::Release);
    done(cx, r?)?;
    let ready = fds.iter().filter(|f| f.revents != 0);
    crate::support::list_from(cx, ready, |cx, f| {
        let (fd, ev) = (cx.int(i64::from(f.fd)), cx.int(i64::from(f.revents as u16)));
        cx.tuple_of(None, &[fd, ev])
    })
}

// ---------------------------------------------------------------------------------------------------- epoll

struct Epoll {
    fd: AtomicI32,
}

impl Payload for Epoll {
    const NAME: &'static str = "epoll";
    fn trace(&self, _: &mut Tracer) {}
}

impl Drop for Epoll {
    fn drop(&mut self) {
        let fd = self.fd.swap(-1, Ordering::AcqRel);
        if fd >= 0 {
            let _ = sys::close(fd);
        }
    }
}

static EPOLL: TypeSpec = TypeSpec {
    name: "epoll",
    module: "select",
    layout: Layout::Native,
    vt: Some(<Epoll as NativeLayout>::VT),
    slots: SlotSpec { new: Some(epoll_new), ..SlotSpec::NONE },
    methods: methods![
        /// An epoll object on a descriptor.
        class "fromfd(cls, fd, /)" => epoll_fromfd;
        /// Closes the object.
        "close(self, /)" => epoll_close;
        /// The object's descriptor.
        "fileno(self, /)" => epoll_fileno;
        /// Adds a descriptor with the events to wait for.
        "register(self, fd, eventmask=7)" => epoll_register;
        /// Changes the events of a descriptor.
        "modify(self, fd, eventmask)" => epoll_modify;
        /// Removes a descriptor.
        "unregister(self, fd)" => epoll_unregister;
        /// Waits, at most for some seconds; a list of descriptors and their events.
        "poll(self, timeout=None, maxevents=-1)" => epoll_poll;
        /// The object itself.
        "__enter__(self, /)" => epoll_enter;
        /// Closes the object.
        "__exit__(self, exc_type=None, exc_value=None, exc_tb=None, /)" => epoll_close;
    ],
    getsets: getsets![
        /// Whether the object is closed.
        "closed" => |_, v| Ok(Value::bool(v.native::<Epoll>().is_none_or(|e| e.fd.load(Ordering::Relaxed) < 0)));
    ],
    doc: "Waits for events of descriptors.",
    sig: Some("(sizehint=-1, flags=0)"),
    ..TypeSpec::BASE
};

fn epoll_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    static SIG: &[protopy_vm::protocore::layouts::MethodDef] = methods![functions:
        /// Binds the constructor's arguments.
        "epoll(sizehint=-1, flags=0)" => epoll_args;
    ];
    if let Some(def) = SIG.first() {
        call_def(cx, def, None, args)?;
    }
    let fd = done(cx, sys::epoll_create1(libc::EPOLL_CLOEXEC))?;
    new_epoll(cx, class, fd)
}

fn epoll_args(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (size, flags) = (int(cx, a[0])?, int(cx, a[1])?);
    if size != -1 && size <= 0 {
        return Err(cx.value_error("negative sizehint"));
    }
    if flags & !libc::EPOLL_CLOEXEC != 0 {
        return Err(cx.raise_str(Ty::OSError, "invalid flags"));
    }
    Ok(Value::NONE)
}

fn new_epoll(cx: &mut Ctx, class: Value, fd: i32) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    Ok(cx.new_native(t, Epoll { fd: AtomicI32::new(fd) }))
}

fn epoll_fromfd(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[1])?;
    new_epoll(cx, a[0], fd)
}

#[cold]
fn closed(cx: &mut Ctx) -> Raised {
    cx.value_error("I/O operation on closed epoll object")
}

fn epoll_fd(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    match v.native::<Epoll>().map(|e| e.fd.load(Ordering::Acquire)) {
        Some(fd) if fd >= 0 => Ok(fd),
        _ => Err(closed(cx)),
    }
}

fn epoll_close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = a[0].native::<Epoll>().map_or(-1, |e| e.fd.swap(-1, Ordering::AcqRel));
    if fd >= 0 {
        let r = cx.blocking(|| sys::close(fd));
        done(cx, r)?;
    }
    Ok(Value::NONE)
}

fn epoll_enter(cx: &mut Ctx, a: &[Value]) -> PyResult {
    epoll_fd(cx, a[0])?;
    Ok(a[0])
}

fn epoll_fileno(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = epoll_fd(cx, a[0])?;
    Ok(cx.int(i64::from(fd)))
}

fn ctl(cx: &mut Ctx, this: Value, op: i32, fd: Value, events: Option<Value>) -> PyResult {
    let ep = epoll_fd(cx, this)?;
    let fd = fileno(cx, fd)?;
    let mut ev = match events {
        Some(e) => {
            let n = event_bits(cx, e)?;
            Some(libc::epoll_event { events: n, u64: fd as u64 })
        }
        None => None,
    };
    done(cx, sys::epoll_ctl(ep, op, fd, ev.as_mut()))?;
    Ok(Value::NONE)
}

fn event_bits(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    crate::support::mask(cx, v)
}

fn epoll_register(cx: &mut Ctx, a: &[Value]) -> PyResult {
    ctl(cx, a[0], libc::EPOLL_CTL_ADD, a[1], Some(a[2]))
}

fn epoll_modify(cx: &mut Ctx, a: &[Value]) -> PyResult {
    ctl(cx, a[0], libc::EPOLL_CTL_MOD, a[1], Some(a[2]))
}

fn epoll_unregister(cx: &mut Ctx, a: &[Value]) -> PyResult {
    ctl(cx, a[0], libc::EPOLL_CTL_DEL, a[1], None)
}

fn epoll_poll(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let ep = epoll_fd(cx, a[0])?;
    let t = timeout(cx, a[1], 1, "timeout must be an integer or None")?;
    let max = match int(cx, a[2])? {
        -1 => libc::FD_SETSIZE as i32 - 1,
        n if n > 0 => n,
        n => return Err(cx.value_error(&format!("maxevents must be greater than 0, got {n}"))),
    };
    let end = Deadline::after(t);
    let mut events: Vec<libc::epoll_event> = Vec::new();
    let room = usize::try_from(max).unwrap_or(1);
    if events.try_reserve_exact(room).is_err() {
        return Err(cx.no_memory());
    }
    events.resize(room, libc::epoll_event { events: 0, u64: 0 });
    let r = retry_plainly(cx, Waiting(a[0], &["poll"]), || {
        // SAFETY: the vector's memory.
        sys::check(unsafe { libc::epoll_wait(ep, events.as_mut_ptr(), max, end.poll_ms()) })
    })?;
    let n = done(cx, r)?;
    let ready = events.iter().take(usize::try_from(n).unwrap_or(0));
    crate::support::list_from(cx, ready, |cx, e| {
        let (data, bits) = (e.u64, e.events);
        let (fd, ev) = (cx.int(i64::from(data as i32)), cx.int(i64::from(bits)));
        cx.tuple_of(None, &[fd, ev])
    })
}
