//! The module `_socket`.
//!
//! A socket with a timeout is non-blocking for the system; each operation waits in `poll` until it can be done or the time is over.
//! All calls run in blocking scopes and are tried again after signals.
#![allow(unsafe_code)]

mod addr;
mod msg;
mod names;

use crate::clock::{Deadline, Round, seconds, to_ns};
use crate::consts::socket::CONSTANTS;
use crate::posix::fd::set_nonblock;
use crate::select::poll_until;
use crate::support::{done, int, none, raise_errno, retry, set_ints, ssize, truth};
use crate::sys::{self, SysResult};
use addr::{Addr, addr_arg, addr_value};
use protopy_vm::protocore::layouts::{IntRef, MethodDef, TupleObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::create_type_with_base;
use protopy_vm::{
    BufferGuard, ModuleSpec, TypeSpec, audit, bytes_like, call_def, create_type, getsets, index, methods,
    repr_text, set_attr_str, warn, writable_buffer,
};
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};

/// `_socket`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_socket",
    doc: "Sockets. Use the module socket.",
    functions: methods![functions:
        /// Two connected sockets.
        "socketpair(family=<unrepresentable>, type=<unrepresentable>, proto=0, /)" => socketpair;
        /// Closes a socket given by its descriptor.
        "close(fd, /)" => close_fd;
        /// A copy of a socket's descriptor.
        "dup(fd, /)" => dup_fd;
        /// The timeout of new sockets in seconds, None for no timeout.
        "getdefaulttimeout()" => getdefaulttimeout;
        /// Sets the timeout of new sockets in seconds, None for no timeout.
        "setdefaulttimeout(timeout, /)" => setdefaulttimeout;
        /// A 16-bit number in the network's byte order.
        "htons(integer, /)" => htons;
        /// A 16-bit number of the network's byte order.
        "ntohs(integer, /)" => htons;
        /// A 32-bit number in the network's byte order.
        "htonl(integer, /)" => htonl;
        /// A 32-bit number of the network's byte order.
        "ntohl(integer, /)" => htonl;
        /// The bytes that an item of ancillary data needs, without padding at its end.
        "CMSG_LEN(length, /)" => msg::cmsg_len;
        /// The bytes that an item of ancillary data needs, padding included.
        "CMSG_SPACE(length, /)" => msg::cmsg_space;
    ],
    init: Some(init),
};

/// Types and settings of a space.
pub(crate) struct SocketState {
    socket: Slot,
    pub(super) gaierror: Slot,
    pub(super) herror: Slot,
    default_timeout: AtomicI64,
}

impl Default for SocketState {
    fn default() -> Self {
        SocketState {
            socket: Slot::empty(),
            gaierror: Slot::empty(),
            herror: Slot::empty(),
            default_timeout: AtomicI64::new(-1),
        }
    }
}

impl SpaceState for SocketState {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.socket);
        t.slot(&self.gaierror);
        t.slot(&self.herror);
    }
}

/// A socket.
pub(crate) struct Sock {
    fd: AtomicI32,
    family: AtomicI32,
    kind: AtomicI32,
    proto: AtomicI32,
    /// Nanoseconds; negative: blocks without end; 0: does not block.
    timeout: AtomicI64,
}

impl Payload for Sock {
    const NAME: &'static str = "socket";
    fn trace(&self, _: &mut Tracer) {}
}

impl Drop for Sock {
    fn drop(&mut self) {
        let fd = self.fd.swap(-1, Ordering::AcqRel);
        if fd >= 0 {
            let _ = sys::close(fd);
        }
    }
}

impl Sock {
    fn fd(&self) -> i32 {
        self.fd.load(Ordering::Acquire)
    }

    fn family(&self) -> i32 {
        self.family.load(Ordering::Relaxed)
    }

    fn timeout(&self) -> i64 {
        self.timeout.load(Ordering::Relaxed)
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(Some(self.timeout()).filter(|t| *t > 0))
    }
}

const GAI: TypeSpec = TypeSpec {
    module: "socket",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    ..TypeSpec::BASE
};
static HERROR: TypeSpec = TypeSpec { name: "herror", doc: "A host was not found.", ..GAI };
static GAIERROR: TypeSpec = TypeSpec { name: "gaierror", doc: "An address was not found.", ..GAI };

static SOCKET: TypeSpec = TypeSpec {
    name: "socket",
    module: "_socket",
    layout: Layout::Native,
    vt: Some(<Sock as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(sock_new),
        init: Some(sock_init),
        repr: Some(sock_repr),
        del: Some(sock_del),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Accepts a connection: its descriptor and address.
        "_accept(self, /)" => sock_accept;
        /// Binds the socket to an address.
        "bind(self, address, /)" => sock_bind;
        /// Closes the socket.
        "close(self, /)" => sock_close;
        /// Connects the socket to an address.
        "connect(self, address, /)" => sock_connect;
        /// As connect(), but returns the error's number instead of raising it.
        "connect_ex(self, address, /)" => sock_connect_ex;
        /// Gives up the descriptor without closing it.
        "detach(self, /)" => sock_detach;
        /// The descriptor, -1 for a closed socket.
        "fileno(self, /)" => sock_fileno;
        /// The address that the socket is connected to.
        "getpeername(self, /)" => sock_getpeername;
        /// The socket's own address.
        "getsockname(self, /)" => sock_getsockname;
        /// An option's value: a number, or bytes if their number is given.
        "getsockopt(self, level, option, buffersize=0, /)" => sock_getsockopt;
        /// Sets an option to a number, to bytes, or (None and a length) to nothing.
        "setsockopt(self, level, option, value, optlen=<unrepresentable>, /)" => sock_setsockopt;
        /// Lets others connect.
        "listen(self, backlog=<unrepresentable>, /)" => sock_listen;
        /// Receives up to bufsize bytes.
        "recv(self, bufsize, flags=0, /)" => sock_recv;
        /// Receives into a buffer; how many bytes.
        "recv_into(self, buffer, nbytes=0, flags=0)" => sock_recv_into;
        /// Receives up to bufsize bytes: them and the sender's address.
        "recvfrom(self, bufsize, flags=0, /)" => sock_recvfrom;
        /// Receives into a buffer: how many bytes and the sender's address.
        "recvfrom_into(self, buffer, nbytes=0, flags=0)" => sock_recvfrom_into;
        /// Receives bytes and ancillary data.
        "recvmsg(self, bufsize, ancbufsize=0, flags=0, /)" => msg::recvmsg;
        /// Receives into buffers, with ancillary data.
        "recvmsg_into(self, buffers, ancbufsize=0, flags=0, /)" => msg::recvmsg_into;
        /// Sends bytes; how many were sent.
        "send(self, data, flags=0, /)" => sock_send;
        /// Sends all bytes.
        "sendall(self, data, flags=0, /)" => sock_sendall;
        /// Sends bytes to an address, after optional flags; how many were sent.
        raw "sendto(self, *args)" => sock_sendto;
        /// Sends buffers and ancillary data; how many bytes were sent.
        "sendmsg(self, buffers, ancdata=None, flags=0, address=None, /)" => msg::sendmsg;
        /// Sets whether the socket blocks.
        "setblocking(self, flag, /)" => sock_setblocking;
        /// Whether the socket blocks.
        "getblocking(self, /)" => sock_getblocking;
        /// Sets the timeout in seconds, None for no timeout.
        "settimeout(self, timeout, /)" => sock_settimeout;
        /// The timeout in seconds, None for no timeout.
        "gettimeout(self, /)" => sock_gettimeout;
        /// Ends sending, receiving or both.
        "shutdown(self, how, /)" => sock_shutdown;
    ],
    getsets: getsets![
        /// The address family.
        member "family" => |cx, v| { let n = sock(cx, v)?.family(); Ok(cx.int(n.into())) };
        /// The kind of socket.
        member "type" => |cx, v| { let n = sock(cx, v)?.kind.load(Ordering::Relaxed); Ok(cx.int(n.into())) };
        /// The protocol.
        member "proto" => |cx, v| { let n = sock(cx, v)?.proto.load(Ordering::Relaxed); Ok(cx.int(n.into())) };
        /// The timeout in seconds, None for no timeout.
        "timeout" => timeout_value;
    ],
    doc: "A socket.",
    sig: Some("(family=-1, type=-1, proto=-1, fileno=None)"),
    ..TypeSpec::BASE
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let module_name = cx.intern_str("_socket");
    for def in names::FUNCTIONS {
        let f = cx.native_fn(Ty::NativeFn, def, Some(module), Some(module_name), None);
        set_attr_str(cx, module, def.name, f)?;
    }
    set_ints(cx, module, CONSTANTS)?;
    let s = cx.space().state::<SocketState>();
    let os_error = cx.ty(Ty::OSError).value();
    set_attr_str(cx, module, "error", os_error)?;
    let timeout = cx.ty(Ty::TimeoutError).value();
    set_attr_str(cx, module, "timeout", timeout)?;
    let t = create_type_with_base(cx, &HERROR, os_error)?;
    s.herror.init(Some(t));
    set_attr_str(cx, module, "herror", t)?;
    let t = create_type_with_base(cx, &GAIERROR, os_error)?;
    s.gaierror.init(Some(t));
    set_attr_str(cx, module, "gaierror", t)?;
    let t = create_type(cx, &SOCKET)?;
    s.socket.init(Some(t));
    set_attr_str(cx, module, "socket", t)?;
    set_attr_str(cx, module, "SocketType", t)?;
    set_attr_str(cx, module, "has_ipv6", Value::TRUE)?;
    for (n, v) in [("BDADDR_ANY", "00:00:00:00:00:00"), ("BDADDR_LOCAL", "00:00:00:FF:FF:FF")] {
        let v = cx.str(v);
        set_attr_str(cx, module, n, v)?;
    }
    Ok(())
}

pub(super) fn sock(cx: &mut Ctx, v: Value) -> PyResult<&'static Sock> {
    match v.native::<Sock>() {
        Some(s) => Ok(s),
        None => Err(cx.type_error("a socket is required")),
    }
}

#[cold]
pub(super) fn not_text(cx: &mut Ctx, v: Value, func: &str, n: usize) -> Raised {
    let msg = format!("{func}() argument {n} must be str, not {}", crate::support::none_name(cx, v));
    cx.type_error(&msg)
}

// ---------------------------------------------------------------------------------------------------- making

fn sock_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    let s = Sock {
        fd: AtomicI32::new(-1),
        family: AtomicI32::new(-1),
        kind: AtomicI32::new(-1),
        proto: AtomicI32::new(-1),
        timeout: AtomicI64::new(-1),
    };
    let v = cx.new_native(t, s);
    cx.register_finalizer(v);
    Ok(v)
}

fn sock_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    static SIG: &[MethodDef] = methods![functions:
        /// Binds the constructor's arguments.
        "socket(family=-1, type=-1, proto=-1, fileno=None)" => pack;
    ];
    let Some(def) = SIG.first() else { return Ok(()) };
    let packed = call_def(cx, def, None, args)?;
    let Some([family, kind, proto, fileno]) = TupleObj::of(packed).map(|t| t.items()) else { return Ok(()) };
    let (mut family, mut kind, mut proto) = (int(cx, *family)?, int(cx, *kind)?, int(cx, *proto)?);
    let s = sock(cx, this)?;
    let shown = [cx.int(family.into()), cx.int(kind.into()), cx.int(proto.into())];
    audit(cx, "socket.__new__", &[this, shown[0], shown[1], shown[2]])?;
    let fd = match fileno.not_none() {
        None => {
            family = if family == -1 { libc::AF_INET } else { family };
            kind = if kind == -1 { libc::SOCK_STREAM } else { kind };
            proto = proto.max(0);
            let r = cx.blocking(|| sys::socket(family, kind | libc::SOCK_CLOEXEC, proto));
            done(cx, r)?
        }
        Some(v) => {
            let fd = int(cx, v)?;
            if fd < 0 {
                return Err(cx.value_error("negative file descriptor"));
            }
            // What is not given is asked of the socket; asking also tells whether it is one.
            let mut a = Addr::room();
            match name_of(fd, &mut a, libc::getsockname) {
                Ok(()) if family == -1 => family = a.family(),
                Ok(()) => {}
                Err(e) if family == -1 || matches!(e, libc::EBADF | libc::ENOTSOCK) => {
                    return Err(raise_errno(cx, e));
                }
                Err(_) => {}
            }
            if kind == -1 {
                kind = done(cx, get_number(fd, libc::SOL_SOCKET, libc::SO_TYPE))?;
            }
            if proto == -1 {
                proto = done(cx, get_number(fd, libc::SOL_SOCKET, libc::SO_PROTOCOL))?;
            }
            fd
        }
    };
    fill(cx, s, fd, family, kind, proto)
}

fn pack(cx: &mut Ctx, a: &[Value]) -> PyResult {
    cx.tuple_of(None, a)
}

fn fill(cx: &mut Ctx, s: &Sock, fd: i32, family: i32, kind: i32, proto: i32) -> PyResult<()> {
    s.fd.store(fd, Ordering::Release);
    s.family.store(family, Ordering::Relaxed);
    s.kind.store(kind & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC), Ordering::Relaxed);
    s.proto.store(proto, Ordering::Relaxed);
    if kind & libc::SOCK_NONBLOCK != 0 {
        s.timeout.store(0, Ordering::Relaxed);
        return Ok(());
    }
    let default = cx.space().state::<SocketState>().default_timeout.load(Ordering::Relaxed);
    s.timeout.store(default, Ordering::Relaxed);
    if default >= 0 {
        done(cx, set_nonblock(fd, true))?;
    }
    Ok(())
}

fn socketpair(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let family = crate::support::int_or(cx, a[0], libc::AF_UNIX)?;
    let kind = crate::support::int_or(cx, a[1], libc::SOCK_STREAM)?;
    let proto = int(cx, a[2])?;
    let mut fds = [0; 2];
    let r = cx.blocking(|| {
        // SAFETY: room for two descriptors.
        sys::check(unsafe { libc::socketpair(family, kind | libc::SOCK_CLOEXEC, proto, fds.as_mut_ptr()) })
    });
    done(cx, r)?;
    let t = cx.space().state::<SocketState>().socket.get_or_none();
    let mut v = [Value::NONE; 2];
    for (to, fd) in v.iter_mut().zip(fds) {
        *to = sock_new(cx, t, Args::NONE)?;
        let s = sock(cx, *to)?;
        fill(cx, s, fd, family, kind, proto)?;
    }
    cx.tuple_of(None, &v)
}

fn sock_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let s = sock(cx, this)?;
    let (kind, proto) = (s.kind.load(Ordering::Relaxed), s.proto.load(Ordering::Relaxed));
    let text = format!("<socket object, fd={}, family={}, type={kind}, proto={proto}>", s.fd(), s.family());
    Ok(cx.str(&text))
}

fn sock_del(cx: &mut Ctx, this: Value) -> PyResult<()> {
    let s = sock(cx, this)?;
    if s.fd() < 0 {
        return Ok(());
    }
    let warned = repr_text(cx, this).and_then(|r| warn(cx, Ty::ResourceWarning, &format!("unclosed {r}"), 1));
    let fd = s.fd.swap(-1, Ordering::AcqRel);
    if fd >= 0 {
        cx.blocking(|| {
            let _ = sys::close(fd);
        });
    }
    let Err(r) = warned else { return Ok(()) };
    // At the end of the interpreter `repr` may lack what it needs: that is no error of the program.
    let e = cx.take_raised(r);
    if cx.is_instance(e, Ty::Warning) { Err(cx.set_raised(e)) } else { Ok(()) }
}

fn sock_close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = sock(cx, a[0])?.fd.swap(-1, Ordering::AcqRel);
    if fd >= 0 {
        // A connection that the other side has reset is closed all the same.
        match cx.blocking(|| sys::close(fd)) {
            Err(libc::ECONNRESET | libc::EINTR) | Ok(_) => {}
            Err(e) => return Err(raise_errno(cx, e)),
        }
    }
    Ok(Value::NONE)
}

fn sock_detach(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = sock(cx, a[0])?.fd.swap(-1, Ordering::AcqRel);
    Ok(cx.int(fd.into()))
}

fn sock_fileno(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = sock(cx, a[0])?.fd();
    Ok(cx.int(fd.into()))
}

fn close_fd(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    match cx.blocking(|| sys::close(fd)) {
        Err(libc::ECONNRESET | libc::EINTR) | Ok(_) => Ok(Value::NONE),
        Err(e) => Err(raise_errno(cx, e)),
    }
}

fn dup_fd(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let n = done(cx, sys::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0))?;
    Ok(cx.int(n.into()))
}

// ---------------------------------------------------------------------------------------------------- waiting

/// What an operation waits for.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    /// Something to read.
    Read,
    /// Room to write.
    Write,
}

#[cold]
fn timed_out(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::TimeoutError, "timed out")
}

/// Waits until the socket is ready; whether it is, or the time is over.
fn ready(cx: &mut Ctx, fd: i32, wait: Wait, end: Deadline) -> PyResult<SysResult<bool>> {
    let events = match wait {
        Wait::Read => libc::POLLIN,
        Wait::Write => libc::POLLOUT,
    };
    let mut p = [libc::pollfd { fd, events, revents: 0 }];
    Ok(retry(cx, || poll_until(&mut p, end))?.map(|n| n > 0))
}

/// Does an operation within the socket's timeout.
pub(super) fn io<T>(cx: &mut Ctx, s: &Sock, wait: Wait, f: impl FnMut(i32) -> SysResult<T>) -> PyResult<T> {
    io_until(cx, s, wait, s.deadline(), f)
}

fn io_until<T>(
    cx: &mut Ctx,
    s: &Sock,
    wait: Wait,
    end: Deadline,
    mut f: impl FnMut(i32) -> SysResult<T>,
) -> PyResult<T> {
    let limited = s.timeout() > 0;
    loop {
        let fd = s.fd();
        if limited {
            match ready(cx, fd, wait, end)? {
                Ok(true) => {}
                Ok(false) => return Err(timed_out(cx)),
                Err(e) => return Err(raise_errno(cx, e)),
            }
        }
        match cx.blocking(|| f(fd)) {
            Ok(v) => return Ok(v),
            Err(libc::EINTR) => cx.safepoint()?,
            // Another thread was faster.
            Err(libc::EAGAIN) if limited => {}
            Err(e) => return Err(raise_errno(cx, e)),
        }
    }
}

fn set_timeout(cx: &mut Ctx, s: &Sock, ns: i64) -> PyResult<()> {
    s.timeout.store(ns, Ordering::Relaxed);
    let fd = s.fd();
    let r = cx.blocking(|| set_nonblock(fd, ns >= 0));
    done(cx, r)
}

/// A timeout in nanoseconds, -1 for none.
fn timeout_arg(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let Some(v) = v.not_none() else { return Ok(-1) };
    let ns = to_ns(cx, v, Round::Up)?;
    if ns < 0 {
        return Err(cx.value_error("Timeout value out of range"));
    }
    Ok(ns)
}

fn timeout_text(cx: &mut Ctx, ns: i64) -> Value {
    if ns < 0 { Value::NONE } else { cx.float(seconds(ns)) }
}

fn timeout_value(cx: &mut Ctx, this: Value) -> PyResult {
    let t = sock(cx, this)?.timeout();
    Ok(timeout_text(cx, t))
}

fn sock_gettimeout(cx: &mut Ctx, a: &[Value]) -> PyResult {
    timeout_value(cx, a[0])
}

fn sock_settimeout(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let ns = timeout_arg(cx, a[1])?;
    set_timeout(cx, s, ns)?;
    Ok(Value::NONE)
}

fn sock_setblocking(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let block = truth(cx, a[1])?;
    set_timeout(cx, s, if block { -1 } else { 0 })?;
    Ok(Value::NONE)
}

fn sock_getblocking(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(sock(cx, a[0])?.timeout() != 0))
}

fn getdefaulttimeout(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let t = cx.space().state::<SocketState>().default_timeout.load(Ordering::Relaxed);
    Ok(timeout_text(cx, t))
}

fn setdefaulttimeout(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let ns = timeout_arg(cx, a[0])?;
    cx.space().state::<SocketState>().default_timeout.store(ns, Ordering::Relaxed);
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- connecting

type NameCall = unsafe extern "C" fn(i32, *mut libc::sockaddr, *mut libc::socklen_t) -> i32;

fn name_of(fd: i32, a: &mut Addr, f: NameCall) -> SysResult<()> {
    let mut len = a.len;
    // SAFETY: room for an address, and its size.
    sys::check(unsafe { f(fd, a.ptr_mut(), &mut len) })?;
    a.len = len;
    Ok(())
}

fn sock_getsockname(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = sock(cx, a[0])?.fd();
    let mut addr = Addr::room();
    let r = cx.blocking(|| name_of(fd, &mut addr, libc::getsockname));
    done(cx, r)?;
    addr_value(cx, &addr)
}

fn sock_getpeername(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = sock(cx, a[0])?.fd();
    let mut addr = Addr::room();
    let r = cx.blocking(|| name_of(fd, &mut addr, libc::getpeername));
    done(cx, r)?;
    addr_value(cx, &addr)
}

fn sock_bind(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let addr = addr_arg(cx, s, a[1], "bind")?;
    audit(cx, "socket.bind", &[a[0], a[1]])?;
    let fd = s.fd();
    // SAFETY: an address of that length.
    let r = cx.blocking(|| sys::check(unsafe { libc::bind(fd, addr.ptr(), addr.len) }));
    none(cx, r)
}

fn sock_listen(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = sock(cx, a[0])?.fd();
    let n = crate::support::int_or(cx, a[1], 128)?.max(0);
    let r = cx.blocking(|| sys::listen(fd, n));
    none(cx, r)
}

fn sock_accept(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let mut addr = Addr::room();
    let fd = io(cx, s, Wait::Read, |fd| {
        let mut len = Addr::room().len;
        // SAFETY: room for an address, and its size.
        let n = sys::check(unsafe { libc::accept4(fd, addr.ptr_mut(), &mut len, libc::SOCK_CLOEXEC) })?;
        addr.len = len;
        Ok(n)
    })?;
    let v = [cx.int(fd.into()), addr_value(cx, &addr)?];
    cx.tuple_of(None, &v)
}

/// Connects; 0, the error's number, or a timeout (EWOULDBLOCK, told apart for those that raise).
fn connect(cx: &mut Ctx, s: &Sock, addr: &Addr) -> PyResult<Result<(), (i32, bool)>> {
    let fd = s.fd();
    let end = s.deadline();
    // SAFETY: an address of that length.
    let r = cx.blocking(|| sys::check(unsafe { libc::connect(fd, addr.ptr(), addr.len) }));
    let wait = match r {
        Ok(_) => return Ok(Ok(())),
        // The connection goes on by itself; a second call would fail.
        Err(libc::EINTR) => {
            cx.safepoint()?;
            s.timeout() != 0
        }
        Err(libc::EINPROGRESS) => s.timeout() > 0,
        Err(_) => false,
    };
    if !wait {
        return Ok(Err((r.err().unwrap_or(0), false)));
    }
    match ready(cx, fd, Wait::Write, end)? {
        Ok(true) => {}
        Ok(false) => return Ok(Err((libc::EWOULDBLOCK, true))),
        Err(e) => return Ok(Err((e, false))),
    }
    Ok(match get_number(fd, libc::SOL_SOCKET, libc::SO_ERROR) {
        Ok(0 | libc::EISCONN) => Ok(()),
        Ok(e) | Err(e) => Err((e, false)),
    })
}

fn sock_connect(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let addr = addr_arg(cx, s, a[1], "connect")?;
    audit(cx, "socket.connect", &[a[0], a[1]])?;
    match connect(cx, s, &addr)? {
        Ok(()) => Ok(Value::NONE),
        Err((_, true)) => Err(timed_out(cx)),
        Err((e, false)) => Err(raise_errno(cx, e)),
    }
}

fn sock_connect_ex(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let addr = addr_arg(cx, s, a[1], "connect_ex")?;
    audit(cx, "socket.connect", &[a[0], a[1]])?;
    let e = match connect(cx, s, &addr)? {
        Ok(()) => 0,
        Err((e, _)) => e,
    };
    Ok(cx.int(e.into()))
}

fn sock_shutdown(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = sock(cx, a[0])?.fd();
    let how = int(cx, a[1])?;
    let r = cx.blocking(|| sys::shutdown(fd, how));
    none(cx, r)
}

// ---------------------------------------------------------------------------------------------------- options

fn get_number(fd: i32, level: i32, option: i32) -> SysResult<i32> {
    let mut v: i32 = 0;
    let mut len = size_of::<i32>() as libc::socklen_t;
    // SAFETY: room for a number, and its size.
    sys::check(unsafe { libc::getsockopt(fd, level, option, (&raw mut v).cast(), &mut len) })?;
    Ok(v)
}

fn sock_getsockopt(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = sock(cx, a[0])?.fd();
    let (level, option, n) = (int(cx, a[1])?, int(cx, a[2])?, int(cx, a[3])?);
    if n == 0 {
        let v = done(cx, get_number(fd, level, option))?;
        return Ok(cx.int(v.into()));
    }
    if !(1..=1024).contains(&n) {
        return Err(cx.raise_str(Ty::OSError, "getsockopt buflen out of range"));
    }
    let mut b = vec![0u8; n.unsigned_abs() as usize];
    let mut len = n as libc::socklen_t;
    // SAFETY: the vector's memory, and its size.
    let r = sys::check(unsafe { libc::getsockopt(fd, level, option, b.as_mut_ptr().cast(), &mut len) });
    done(cx, r)?;
    b.truncate(len as usize);
    cx.bytes(&b)
}

fn sock_setsockopt(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = sock(cx, a[0])?.fd();
    let (level, option) = (int(cx, a[1])?, int(cx, a[2])?);
    if let Some(len) = a[4].bound() {
        if !a[3].is_none() {
            let msg =
                format!("setsockopt() argument 3 must be None, not {}", protopy_vm::ops::tp_name(cx, a[3]));
            return Err(cx.type_error(&msg));
        }
        let len = crate::support::mask(cx, len)?;
        // SAFETY: a null pointer, which the system refuses where it is not allowed.
        let r = sys::check(unsafe { libc::setsockopt(fd, level, option, std::ptr::null(), len) });
        return none(cx, r);
    }
    let number = IntRef::of(a[3]).and_then(IntRef::to_i64).and_then(|n| i32::try_from(n).ok());
    if let Some(n) = number {
        // SAFETY: a number, and its size.
        let r = sys::check(unsafe { libc::setsockopt(fd, level, option, (&raw const n).cast(), 4) });
        return none(cx, r);
    }
    let b = bytes_like(cx, a[3])?;
    let len = libc::socklen_t::try_from(b.len()).unwrap_or(libc::socklen_t::MAX);
    // SAFETY: the bytes' memory.
    let r = sys::check(unsafe { libc::setsockopt(fd, level, option, b.as_ptr().cast(), len) });
    none(cx, r)
}

// ---------------------------------------------------------------------------------------------------- sending, receiving

fn receive(fd: i32, b: &mut [u8], flags: i32) -> SysResult<usize> {
    // SAFETY: the slice's memory.
    sys::check(unsafe { libc::recv(fd, b.as_mut_ptr().cast(), b.len(), flags) }).map(isize::unsigned_abs)
}

fn transmit(fd: i32, b: &[u8], flags: i32) -> SysResult<usize> {
    // SAFETY: the slice's memory.
    sys::check(unsafe { libc::send(fd, b.as_ptr().cast(), b.len(), flags) }).map(isize::unsigned_abs)
}

/// Room for a number of bytes that may not be negative.
pub(super) fn room(cx: &mut Ctx, v: Value, msg: &str) -> PyResult<Vec<u8>> {
    let n = ssize(cx, v)?;
    let Ok(n) = usize::try_from(n) else { return Err(cx.value_error(msg)) };
    let mut b = Vec::new();
    if b.try_reserve_exact(n).is_err() {
        return Err(cx.no_memory());
    }
    b.resize(n, 0);
    Ok(b)
}

fn sock_recv(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let flags = int(cx, a[2])?;
    let mut b = room(cx, a[1], "negative buffersize in recv")?;
    let n = io(cx, s, Wait::Read, |fd| receive(fd, &mut b, flags))?;
    cx.bytes(&b[..n])
}

/// A pinned buffer and how many bytes to receive into it.
fn into_buffer(cx: &mut Ctx, a: &[Value], func: &str, small: &str) -> PyResult<(BufferGuard, usize)> {
    let pin = writable_buffer(cx, a[1], &format!("{func}() argument 1"))?;
    let n = match ssize(cx, a[2]) {
        Ok(n) => n,
        Err(r) => {
            let e = cx.take_raised(r);
            pin.release(cx);
            return Err(cx.set_raised(e));
        }
    };
    let msg = match usize::try_from(n) {
        Ok(0) => {
            let len = pin.len;
            return Ok((pin, len));
        }
        Ok(n) if n <= pin.len => return Ok((pin, n)),
        Ok(_) => small.to_owned(),
        Err(_) => format!("negative buffersize in {func}"),
    };
    pin.release(cx);
    Err(cx.value_error(&msg))
}

/// Releases a pin after an operation, keeping the exception that waits.
fn unpin<T>(cx: &mut Ctx, pin: BufferGuard, r: PyResult<T>) -> PyResult<T> {
    let waiting = r.map_err(|r| cx.take_raised(r));
    pin.release(cx);
    waiting.map_err(|e| cx.set_raised(e))
}

fn sock_recv_into(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let flags = int(cx, a[3])?;
    let (pin, n) = into_buffer(cx, a, "recv_into", "buffer too small for requested bytes")?;
    let p = pin.ptr;
    // SAFETY: the export pins at least `n` bytes.
    let r = io(cx, s, Wait::Read, |fd| sys::check(unsafe { libc::recv(fd, p.cast(), n, flags) }));
    let n = unpin(cx, pin, r)?;
    Ok(cx.int(n as i64))
}

fn receive_from(fd: i32, p: *mut u8, n: usize, flags: i32, addr: &mut Addr) -> SysResult<isize> {
    let mut len = Addr::room().len;
    // SAFETY: the callers pass `n` bytes of memory of their own, or pinned; room for an address, and its size.
    let got = sys::check(unsafe { libc::recvfrom(fd, p.cast(), n, flags, addr.ptr_mut(), &mut len) })?;
    addr.len = len;
    Ok(got)
}

fn sock_recvfrom(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let flags = int(cx, a[2])?;
    let mut b = room(cx, a[1], "negative buffersize in recvfrom")?;
    let mut addr = Addr::room();
    let n = io(cx, s, Wait::Read, |fd| receive_from(fd, b.as_mut_ptr(), b.len(), flags, &mut addr))?;
    let v = [cx.bytes(&b[..n.unsigned_abs()])?, addr_value(cx, &addr)?];
    cx.tuple_of(None, &v)
}

fn sock_recvfrom_into(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let flags = int(cx, a[3])?;
    let (pin, n) = into_buffer(cx, a, "recvfrom_into", "nbytes is greater than the length of the buffer")?;
    let p = pin.ptr;
    let mut addr = Addr::room();
    let r = io(cx, s, Wait::Read, |fd| receive_from(fd, p, n, flags, &mut addr));
    let n = unpin(cx, pin, r)?;
    let v = [cx.int(n as i64), addr_value(cx, &addr)?];
    cx.tuple_of(None, &v)
}

fn sock_send(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let b = bytes_like(cx, a[1])?;
    let flags = int(cx, a[2])?;
    let n = io(cx, s, Wait::Write, |fd| transmit(fd, &b, flags))?;
    Ok(cx.int_usize(n))
}

fn sock_sendall(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = sock(cx, a[0])?;
    let b = bytes_like(cx, a[1])?;
    let flags = int(cx, a[2])?;
    let end = s.deadline();
    let mut rest = &b[..];
    loop {
        let n = io_until(cx, s, Wait::Write, end, |fd| transmit(fd, rest, flags))?;
        rest = rest.get(n..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(Value::NONE);
        }
        cx.safepoint()?;
    }
}

fn sock_sendto(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let (data, flags, to) = match (args.pos(), args.nkw()) {
        ([d, t], 0) => (*d, None, *t),
        ([d, f, t], 0) => (*d, Some(*f), *t),
        (p, _) => {
            let msg = format!("sendto() takes 2 or 3 arguments ({} given)", p.len());
            return Err(cx.type_error(&msg));
        }
    };
    let s = sock(cx, this)?;
    let b = bytes_like(cx, data)?;
    let flags = match flags {
        Some(f) => int(cx, f)?,
        None => 0,
    };
    let addr = addr_arg(cx, s, to, "sendto")?;
    audit(cx, "socket.sendto", &[this, to])?;
    let n = io(cx, s, Wait::Write, |fd| {
        // SAFETY: the slice's memory and an address of that length.
        sys::check(unsafe { libc::sendto(fd, b.as_ptr().cast(), b.len(), flags, addr.ptr(), addr.len) })
    })?;
    Ok(cx.int(n as i64))
}

// ---------------------------------------------------------------------------------------------------- byte order

fn order<T: TryFrom<i64>>(cx: &mut Ctx, v: Value, name: &str) -> PyResult<T> {
    let n = index(cx, v)?;
    let r = IntRef::of(n).unwrap_or(IntRef::Small(0));
    if r.signum() < 0 {
        return Err(cx.value_error("Cannot convert negative int"));
    }
    match r.to_i64().and_then(|n| T::try_from(n).ok()) {
        Some(n) => Ok(n),
        None => Err(cx.raise_str(Ty::OverflowError, &format!("Python int too large for C {name}"))),
    }
}

fn htons(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n: u16 = order(cx, a[0], "uint16_t")?;
    Ok(cx.int(n.to_be().into()))
}

fn htonl(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n: u32 = order(cx, a[0], "uint32_t")?;
    Ok(cx.int(n.to_be().into()))
}
