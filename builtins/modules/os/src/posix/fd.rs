//! Descriptors: opening, reading, writing, copying between them, and the special kinds.

use crate::clock::{NS, Round, seconds, timespec, to_ns};
use crate::support::{
    call, call_path, dir_fd, done, fileno, fs_name, fs_value, int, int_or, long, none, path, path_or_fd,
    retry, sequence, ssize, truth, u64_arg, unsigned,
};
use crate::sys::{self, IoVecs, Vectored};
use protopy_vm::protocore::layouts::{FloatObj, MethodDef};
use protopy_vm::protocore::{Ctx, PyResult, Value};
use protopy_vm::{BufferGuard, audit, bytes_like, get_buffer, methods};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Opens a file and returns its descriptor, which children do not inherit.
    "open(path, flags, mode=511, *, dir_fd=None)" => open;
    /// Closes a descriptor.
    "close(fd)" => close;
    /// Closes the descriptors from fd_low to below fd_high, ignoring errors.
    "closerange(fd_low, fd_high, /)" => closerange;
    /// A copy of a descriptor that children do not inherit.
    "dup(fd, /)" => dup;
    /// Makes fd2 a copy of fd.
    "dup2(fd, fd2, inheritable=True)" => dup2;
    /// A pipe: its reading and its writing end.
    "pipe()" => pipe;
    /// A pipe with flags.
    "pipe2(flags, /)" => pipe2;
    /// Moves the position in a file; the new one.
    "lseek(fd, position, whence, /)" => lseek;
    /// Reads up to length bytes.
    "read(fd, length, /)" => read;
    /// Reads into a buffer; how many bytes.
    "readinto(fd, buffer, /)" => readinto;
    /// Reads into several buffers; how many bytes.
    "readv(fd, buffers, /)" => readv;
    /// Reads up to length bytes at an offset, leaving the file's position.
    "pread(fd, length, offset, /)" => pread;
    /// Reads into several buffers at an offset.
    "preadv(fd, buffers, offset, flags=0, /)" => preadv;
    /// Writes bytes; how many were written.
    "write(fd, data, /)" => write;
    /// Writes several buffers; how many bytes were written.
    "writev(fd, buffers, /)" => writev;
    /// Writes bytes at an offset, leaving the file's position.
    "pwrite(fd, buffer, offset, /)" => pwrite;
    /// Writes several buffers at an offset.
    "pwritev(fd, buffers, offset, flags=0, /)" => pwritev;
    /// Copies bytes from a file to a descriptor.
    "sendfile(out_fd, in_fd, offset, count)" => sendfile;
    /// Moves bytes between a pipe and another descriptor.
    "splice(src, dst, count, offset_src=None, offset_dst=None, flags=0)" => splice;
    /// Copies bytes between files.
    "copy_file_range(src, dst, count, offset_src=None, offset_dst=None)" => copy_file_range;
    /// Sets a file's length.
    "truncate(path, length)" => truncate;
    /// Sets an open file's length.
    "ftruncate(fd, length, /)" => ftruncate;
    /// Writes a file's data and metadata to the disk.
    "fsync(fd)" => fsync;
    /// Writes a file's data to the disk.
    "fdatasync(fd)" => fdatasync;
    /// Writes everything to the disk.
    "sync()" => sync;
    /// Locks a part of a file.
    "lockf(fd, command, length, /)" => lockf;
    /// Tells the system how a part of a file will be used.
    "posix_fadvise(fd, offset, length, advice, /)" => fadvise;
    /// Makes sure that a part of a file has space on the disk.
    "posix_fallocate(fd, offset, length, /)" => fallocate;
    /// Whether children inherit a descriptor.
    "get_inheritable(fd, /)" => get_inheritable;
    /// Sets whether children inherit a descriptor.
    "set_inheritable(fd, inheritable, /)" => set_inheritable;
    /// Whether a descriptor blocks.
    "get_blocking(fd, /)" => get_blocking;
    /// Sets whether a descriptor blocks.
    "set_blocking(fd, blocking, /)" => set_blocking;
    /// Whether a descriptor is a terminal.
    "isatty(fd, /)" => isatty;
    /// The name of a terminal.
    "ttyname(fd, /)" => ttyname;
    /// A pseudo terminal: master and slave.
    "openpty()" => openpty;
    /// Makes a terminal the controlling one, and the standard descriptors.
    "login_tty(fd, /)" => login_tty;
    /// Opens a master of a pseudo terminal.
    "posix_openpt(oflag, /)" => posix_openpt;
    /// Gives access to the slave of a pseudo terminal.
    "grantpt(fd, /)" => grantpt;
    /// Unlocks the slave of a pseudo terminal.
    "unlockpt(fd, /)" => unlockpt;
    /// The name of the slave of a pseudo terminal.
    "ptsname(fd, /)" => ptsname;
    /// The process group in the foreground of a terminal.
    "tcgetpgrp(fd, /)" => tcgetpgrp;
    /// Sets the process group in the foreground of a terminal.
    "tcsetpgrp(fd, pgid, /)" => tcsetpgrp;
    /// A descriptor that counts events.
    "eventfd(initval, flags=EFD_CLOEXEC)" => eventfd;
    /// Reads an event counter.
    "eventfd_read(fd)" => eventfd_read;
    /// Adds to an event counter.
    "eventfd_write(fd, value)" => eventfd_write;
    /// A file in memory.
    "memfd_create(name, flags=MFD_CLOEXEC)" => memfd_create;
    /// A timer as a descriptor.
    "timerfd_create(clockid, /, *, flags=0)" => timerfd_create;
    /// Sets a timer; the old setting, in seconds.
    "timerfd_settime(fd, /, *, flags=0, initial=0, interval=0)" => timerfd_settime;
    /// Sets a timer; the old setting, in nanoseconds.
    "timerfd_settime_ns(fd, /, *, flags=0, initial=0, interval=0)" => timerfd_settime_ns;
    /// A timer's setting, in seconds.
    "timerfd_gettime(fd, /)" => timerfd_gettime;
    /// A timer's setting, in nanoseconds.
    "timerfd_gettime_ns(fd, /)" => timerfd_gettime_ns;
];

fn fd_value(cx: &mut Ctx, fd: i32) -> PyResult {
    Ok(cx.int(i64::from(fd)))
}

fn count_value(cx: &mut Ctx, n: isize) -> PyResult {
    Ok(cx.int(n as i64))
}

fn open(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path(cx, a[0], "open", "path")?;
    let flags = int(cx, a[1])?;
    let mode = int(cx, a[2])?;
    let dir = dir_fd(cx, a[3])?;
    let f = cx.int(i64::from(flags));
    audit(cx, "open", &[p.object, Value::NONE, f])?;
    let go = || sys::openat(dir, p.c(), flags | libc::O_CLOEXEC, mode as u32);
    let r = retry(cx, go)?;
    let r = match r {
        // Files that nothing refers to any more may still be open: find them, and try again.
        Err(libc::EMFILE) => {
            cx.collect();
            cx.run_finalizers();
            retry(cx, go)?
        }
        r => r,
    };
    match r {
        Ok(fd) => fd_value(cx, fd),
        Err(e) => Err(p.error(cx, e)),
    }
}

fn close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    // After EINTR the descriptor is closed all the same: no second try.
    match cx.blocking(|| sys::close(fd)) {
        Err(libc::EINTR) | Ok(_) => Ok(Value::NONE),
        r => none(cx, r),
    }
}

fn closerange(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (low, high) = (int(cx, a[0])?.max(0), int(cx, a[1])?);
    if high > low {
        cx.blocking(|| sys::close_range(low, high - 1));
    }
    Ok(Value::NONE)
}

fn dup(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let r = sys::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0);
    let fd = done(cx, r)?;
    fd_value(cx, fd)
}

fn dup2(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, to) = (int(cx, a[0])?, int(cx, a[1])?);
    let inheritable = truth(cx, a[2])?;
    let r = cx.blocking(|| match inheritable {
        true => sys::dup2(fd, to),
        false => sys::dup3(fd, to, libc::O_CLOEXEC),
    });
    let fd = done(cx, r)?;
    fd_value(cx, fd)
}

fn pair(cx: &mut Ctx, r: sys::SysResult<[i32; 2]>) -> PyResult {
    let [x, y] = done(cx, r)?;
    let (x, y) = (cx.int(i64::from(x)), cx.int(i64::from(y)));
    cx.tuple_of(None, &[x, y])
}

fn pipe(cx: &mut Ctx, _: &[Value]) -> PyResult {
    pair(cx, sys::pipe2(libc::O_CLOEXEC))
}

fn pipe2(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let flags = int(cx, a[0])?;
    pair(cx, sys::pipe2(flags))
}

fn lseek(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, pos, whence) = (int(cx, a[0])?, long(cx, a[1])?, int(cx, a[2])?);
    let r = cx.blocking(|| sys::lseek(fd, pos, whence));
    let n = done(cx, r)?;
    Ok(cx.int(n))
}

/// Room for `n` bytes; OSError EINVAL for a negative number, MemoryError.
fn room(cx: &mut Ctx, n: isize) -> PyResult<Vec<u8>> {
    let Ok(n) = usize::try_from(n) else { return done(cx, Err(libc::EINVAL)) };
    // What the kernel transfers at most.
    let n = n.min(0x7fff_f000);
    let mut v = Vec::new();
    if v.try_reserve_exact(n).is_err() {
        return Err(cx.no_memory());
    }
    v.resize(n, 0);
    Ok(v)
}

fn read(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let n = ssize(cx, a[1])?;
    if (0..=4096).contains(&n) {
        let mut small = [0u8; 4096];
        let b = &mut small[..n as usize];
        let got = call(cx, || sys::read(fd, b))?;
        return cx.bytes(&b[..got.unsigned_abs()]);
    }
    let mut b = room(cx, n)?;
    let got = call(cx, || sys::read(fd, &mut b))?;
    cx.bytes(&b[..got.unsigned_abs()])
}

fn pread(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let n = ssize(cx, a[1])?;
    let at = long(cx, a[2])?;
    let mut b = room(cx, n)?;
    let got = call(cx, || sys::pread(fd, &mut b, at))?;
    cx.bytes(&b[..got.unsigned_abs()])
}

fn write(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let b = bytes_like(cx, a[1])?;
    let data = &b[..b.len().min(0x7fff_f000)];
    let n = call(cx, || sys::write(fd, data))?;
    count_value(cx, n)
}

fn pwrite(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let b = bytes_like(cx, a[1])?;
    let at = long(cx, a[2])?;
    let n = call(cx, || sys::pwrite(fd, &b, at))?;
    count_value(cx, n)
}

/// Pins the buffers, runs the call on them, and releases them.
fn vectored(
    cx: &mut Ctx,
    buffers: protopy_vm::ValueVec,
    writable: bool,
    mut f: impl FnMut(&mut IoVecs) -> sys::SysResult<isize>,
) -> PyResult {
    let mut held = buffers;
    let mut pins: Vec<BufferGuard> = Vec::new();
    let mut failed = None;
    for i in 0..held.len() {
        let Some(v) = held.get(i) else { break };
        match get_buffer(cx, v, writable) {
            Ok(b) => {
                let owner = b.owner;
                pins.push(b);
                // The owner may be an object of its own, which only the pin refers to.
                if let Err(r) = held.push(cx, owner) {
                    failed = Some(r);
                    break;
                }
            }
            Err(r) => {
                failed = Some(r);
                break;
            }
        }
    }
    let out = match failed {
        Some(r) => Err(r),
        None => {
            let mut v = sys::pinned(pins.iter().map(|b| &**b));
            call(cx, || f(&mut v))
        }
    };
    // An exception that waits must survive what the releases run.
    let waiting = match out {
        Ok(n) => Ok(n),
        Err(r) => Err(cx.take_raised(r)),
    };
    for b in pins {
        b.release(cx);
    }
    protopy_vm::keep_alive(held.into_list());
    match waiting {
        Ok(n) => count_value(cx, n),
        Err(e) => Err(cx.set_raised(e)),
    }
}

fn readinto(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let pin = protopy_vm::writable_buffer(cx, a[1], "readinto() argument 2")?;
    let mut v = sys::pinned(std::iter::once(&*pin));
    let r = retry(cx, || sys::readv(fd, &mut v, Vectored::Here));
    let waiting = match r {
        Ok(n) => Ok(n),
        Err(r) => Err(cx.take_raised(r)),
    };
    pin.release(cx);
    match waiting {
        Ok(r) => {
            let n = done(cx, r)?;
            count_value(cx, n)
        }
        Err(e) => Err(cx.set_raised(e)),
    }
}

fn readv(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let b = sequence(cx, a[1], "readv() arg 2 must be a sequence")?;
    vectored(cx, b, true, |v| sys::readv(fd, v, Vectored::Here))
}

fn writev(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let b = sequence(cx, a[1], "writev() arg 2 must be a sequence")?;
    vectored(cx, b, false, |v| sys::writev(fd, v, Vectored::Here))
}

fn preadv(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let b = sequence(cx, a[1], "preadv2() arg 2 must be a sequence")?;
    let (at, flags) = (long(cx, a[2])?, int(cx, a[3])?);
    vectored(cx, b, true, |v| sys::readv(fd, v, Vectored::At(at, flags)))
}

fn pwritev(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let b = sequence(cx, a[1], "pwritev() arg 2 must be a sequence")?;
    let (at, flags) = (long(cx, a[2])?, int(cx, a[3])?);
    vectored(cx, b, false, |v| sys::writev(fd, v, Vectored::At(at, flags)))
}

fn offset(cx: &mut Ctx, v: Value) -> PyResult<Option<i64>> {
    match v.not_none() {
        Some(v) => long(cx, v).map(Some),
        None => Ok(None),
    }
}

/// A count that may not be negative.
fn count(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    let n = ssize(cx, v)?;
    match usize::try_from(n) {
        Ok(n) => Ok(n),
        Err(_) => Err(cx.value_error("negative value for 'count' not allowed")),
    }
}

fn sendfile(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (to, from) = (int(cx, a[0])?, int(cx, a[1])?);
    let mut at = offset(cx, a[2])?;
    let n = ssize(cx, a[3])?;
    let n = call(cx, || sys::sendfile(to, from, at.as_mut(), n as usize))?;
    count_value(cx, n)
}

fn splice(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (from, to) = (int(cx, a[0])?, int(cx, a[1])?);
    let n = count(cx, a[2])?;
    let (mut x, mut y) = (offset(cx, a[3])?, offset(cx, a[4])?);
    let flags = unsigned(cx, a[5])?;
    let n = call(cx, || sys::splice(from, x.as_mut(), to, y.as_mut(), n, flags))?;
    count_value(cx, n)
}

fn copy_file_range(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (from, to) = (int(cx, a[0])?, int(cx, a[1])?);
    let n = count(cx, a[2])?;
    let (mut x, mut y) = (offset(cx, a[3])?, offset(cx, a[4])?);
    let n = call(cx, || sys::copy_file_range(from, x.as_mut(), to, y.as_mut(), n, 0))?;
    count_value(cx, n)
}

fn audit_truncate(cx: &mut Ctx, file: Value, len: i64) -> PyResult<()> {
    let n = cx.int(len);
    audit(cx, "os.truncate", &[file, n])
}

fn truncate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd(cx, a[0], "truncate")?;
    let len = long(cx, a[1])?;
    audit_truncate(cx, p.object, len)?;
    call_path(cx, &p, || match p.fd {
        Some(fd) => sys::ftruncate(fd, len),
        None => sys::truncate(p.c(), len),
    })?;
    Ok(Value::NONE)
}

fn ftruncate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, len) = (int(cx, a[0])?, long(cx, a[1])?);
    let v = cx.int(i64::from(fd));
    audit_truncate(cx, v, len)?;
    call(cx, || sys::ftruncate(fd, len))?;
    Ok(Value::NONE)
}

fn fsync(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    call(cx, || sys::fsync(fd))?;
    Ok(Value::NONE)
}

fn fdatasync(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    call(cx, || sys::fdatasync(fd))?;
    Ok(Value::NONE)
}

fn sync(cx: &mut Ctx, _: &[Value]) -> PyResult {
    cx.blocking(sys::sync);
    Ok(Value::NONE)
}

fn lockf(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, cmd, len) = (int(cx, a[0])?, int(cx, a[1])?, long(cx, a[2])?);
    let (x, y, z) = (cx.int(i64::from(fd)), cx.int(i64::from(cmd)), cx.int(len));
    audit(cx, "os.lockf", &[x, y, z])?;
    call(cx, || sys::lockf(fd, cmd, len))?;
    Ok(Value::NONE)
}

fn fadvise(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, at, len, advice) = (int(cx, a[0])?, long(cx, a[1])?, long(cx, a[2])?, int(cx, a[3])?);
    call(cx, || sys::posix_fadvise(fd, at, len, advice))?;
    Ok(Value::NONE)
}

fn fallocate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, at, len) = (int(cx, a[0])?, long(cx, a[1])?, long(cx, a[2])?);
    call(cx, || sys::posix_fallocate(fd, at, len))?;
    Ok(Value::NONE)
}

fn get_inheritable(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let flags = done(cx, sys::fcntl(fd, libc::F_GETFD, 0))?;
    Ok(Value::bool(flags & libc::FD_CLOEXEC == 0))
}

/// Sets or clears close-on-exec.
pub(crate) fn set_cloexec(fd: i32, on: bool) -> sys::SysResult<()> {
    let old = sys::fcntl(fd, libc::F_GETFD, 0)?;
    let new = if on { old | libc::FD_CLOEXEC } else { old & !libc::FD_CLOEXEC };
    if new != old {
        sys::fcntl(fd, libc::F_SETFD, new.into())?;
    }
    Ok(())
}

/// Sets or clears `O_NONBLOCK`.
pub(crate) fn set_nonblock(fd: i32, on: bool) -> sys::SysResult<()> {
    let old = sys::fcntl(fd, libc::F_GETFL, 0)?;
    let new = if on { old | libc::O_NONBLOCK } else { old & !libc::O_NONBLOCK };
    if new != old {
        sys::fcntl(fd, libc::F_SETFL, new.into())?;
    }
    Ok(())
}

fn set_inheritable(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let on = int(cx, a[1])? != 0;
    none(cx, set_cloexec(fd, !on))
}

fn get_blocking(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let flags = done(cx, sys::fcntl(fd, libc::F_GETFL, 0))?;
    Ok(Value::bool(flags & libc::O_NONBLOCK == 0))
}

fn set_blocking(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let on = truth(cx, a[1])?;
    none(cx, set_nonblock(fd, !on))
}

fn isatty(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    Ok(Value::bool(cx.blocking(|| sys::isatty(fd)) == Ok(1)))
}

fn ttyname(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let n = done(cx, sys::ttyname(fd))?;
    fs_value(cx, &n, false)
}

fn openpty(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let r = sys::openpty().and_then(|(a, b)| {
        set_cloexec(a, true)?;
        set_cloexec(b, true)?;
        Ok([a, b])
    });
    pair(cx, r)
}

fn login_tty(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    none(cx, sys::login_tty(fd))
}

fn posix_openpt(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let flags = int(cx, a[0])?;
    let fd = done(cx, sys::posix_openpt(flags | libc::O_CLOEXEC))?;
    fd_value(cx, fd)
}

fn grantpt(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    none(cx, sys::grantpt(fd))
}

fn unlockpt(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    none(cx, sys::unlockpt(fd))
}

fn ptsname(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let n = done(cx, sys::ptsname(fd))?;
    fs_value(cx, &n, false)
}

fn tcgetpgrp(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let n = done(cx, sys::tcgetpgrp(fd))?;
    fd_value(cx, n)
}

fn tcsetpgrp(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (fd, pgid) = (int(cx, a[0])?, int(cx, a[1])?);
    none(cx, sys::tcsetpgrp(fd, pgid))
}

fn eventfd(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let init = unsigned(cx, a[0])?;
    let flags = int_or(cx, a[1], libc::EFD_CLOEXEC)?;
    let fd = done(cx, sys::eventfd(init, flags))?;
    fd_value(cx, fd)
}

fn eventfd_read(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let mut b = [0u8; 8];
    call(cx, || sys::read(fd, &mut b))?;
    Ok(cx.int_u64(u64::from_ne_bytes(b)))
}

fn eventfd_write(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let n = u64_arg(cx, a[1])?;
    call(cx, || sys::write(fd, &n.to_ne_bytes()))?;
    Ok(Value::NONE)
}

fn memfd_create(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = fs_name(cx, a[0])?;
    let flags = match a[1].bound() {
        Some(v) => unsigned(cx, v)?,
        None => libc::MFD_CLOEXEC,
    };
    let r = cx.blocking(|| sys::memfd_create(&name, flags));
    let fd = done(cx, r)?;
    fd_value(cx, fd)
}

fn timerfd_create(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let clock = int(cx, a[0])?;
    let flags = int(cx, a[1])?;
    let fd = done(cx, sys::timerfd_create(clock, flags | libc::TFD_CLOEXEC))?;
    fd_value(cx, fd)
}

fn timer_value(cx: &mut Ctx, t: &libc::itimerspec, in_ns: bool) -> PyResult {
    let ns = |t: &libc::timespec| t.tv_sec.saturating_mul(NS).saturating_add(t.tv_nsec);
    let (x, y) = (ns(&t.it_value), ns(&t.it_interval));
    let (x, y) = if in_ns { (cx.int(x), cx.int(y)) } else { (cx.float(seconds(x)), cx.float(seconds(y))) };
    cx.tuple_of(None, &[x, y])
}

fn set_timer(cx: &mut Ctx, a: &[Value], initial: i64, interval: i64, in_ns: bool) -> PyResult {
    let fd = int(cx, a[0])?;
    let flags = int(cx, a[1])?;
    let new = libc::itimerspec { it_value: timespec(initial), it_interval: timespec(interval) };
    let mut old: libc::itimerspec = sys::zeroed();
    done(cx, sys::timerfd_settime(fd, flags, &new, &mut old))?;
    timer_value(cx, &old, in_ns)
}

fn real_ns(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let f = match FloatObj::of(v) {
        Some(f) => f,
        None => protopy_vm::float_of(cx, v)?,
    };
    let f = cx.float(f);
    to_ns(cx, f, Round::Floor)
}

fn timerfd_settime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (x, y) = (real_ns(cx, a[2])?, real_ns(cx, a[3])?);
    set_timer(cx, a, x, y, false)
}

fn timerfd_settime_ns(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (x, y) = (long(cx, a[2])?, long(cx, a[3])?);
    set_timer(cx, a, x, y, true)
}

fn get_timer(cx: &mut Ctx, v: Value, in_ns: bool) -> PyResult {
    let fd = int(cx, v)?;
    let mut t: libc::itimerspec = sys::zeroed();
    done(cx, sys::timerfd_gettime(fd, &mut t))?;
    timer_value(cx, &t, in_ns)
}

fn timerfd_gettime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    get_timer(cx, a[0], false)
}

fn timerfd_gettime_ns(cx: &mut Ctx, a: &[Value]) -> PyResult {
    get_timer(cx, a[0], true)
}
