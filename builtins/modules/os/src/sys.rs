//! System calls as safe functions.
//!
//! [`syscalls!`] declares those whose arguments are plain numbers, NUL-terminated names and exclusively borrowed plain
//! structures: the calls read and write nothing else, so the one `unsafe` block of the macro covers them. Calls on
//! memory of a length that is an argument are written out below it. A failure is the error number.
#![allow(unsafe_code)]

use libc::{c_char, c_int, c_long, c_uint, gid_t, mode_t, off_t, pid_t, size_t, ssize_t, uid_t};
use std::ffi::{CStr, CString};

/// Result of a system call: an error number for a failure.
pub type SysResult<T> = Result<T, c_int>;

/// `errno`.
#[inline]
pub fn errno() -> c_int {
    // SAFETY: the location of this thread's errno is always valid.
    unsafe { *libc::__errno_location() }
}

/// Sets `errno`, for calls that report by it alone.
#[inline]
pub fn set_errno(n: c_int) {
    // SAFETY: as in `errno`.
    unsafe { *libc::__errno_location() = n };
}

/// A plain structure of C: any bytes that the system writes are a valid value.
///
/// # Safety
/// The type has no invalid bit patterns.
pub unsafe trait Plain {}

macro_rules! plain {
    ($($t:ty,)*) => { $(
        // SAFETY: numbers and arrays of numbers only.
        unsafe impl Plain for $t {}
    )* };
}

plain! {
    libc::stat, libc::statvfs, libc::timespec, libc::timeval, libc::tms, libc::utsname, libc::rusage,
    libc::sched_param, libc::itimerspec, libc::itimerval, libc::siginfo_t, libc::winsize, libc::sigset_t,
    libc::rlimit, libc::termios, libc::flock, libc::epoll_event, libc::tm, i32, u32, i64, u64,
}

/// An argument of a system call.
pub trait Arg {
    /// What C sees.
    type C;
    /// As C sees it.
    fn c(self) -> Self::C;
}

macro_rules! numbers {
    ($($t:ty)*) => { $(impl Arg for $t {
        type C = $t;
        #[inline(always)]
        fn c(self) -> $t { self }
    })* };
}

numbers!(i32 u32 i64 u64 usize isize);

impl Arg for &CStr {
    type C = *const c_char;
    #[inline(always)]
    fn c(self) -> *const c_char {
        self.as_ptr()
    }
}

impl<T: Plain> Arg for &mut T {
    type C = *mut T;
    #[inline(always)]
    fn c(self) -> *mut T {
        self
    }
}

impl<T: Plain> Arg for &T {
    type C = *const T;
    #[inline(always)]
    fn c(self) -> *const T {
        self
    }
}

impl<T: Plain> Arg for Option<&mut T> {
    type C = *mut T;
    #[inline(always)]
    fn c(self) -> *mut T {
        self.map_or(std::ptr::null_mut(), |p| p)
    }
}

impl<T: Plain> Arg for Option<&T> {
    type C = *const T;
    #[inline(always)]
    fn c(self) -> *const T {
        self.map_or(std::ptr::null(), |p| p)
    }
}

/// What a system call answers.
pub trait Answer: Sized + Copy {
    /// Whether it says that the call failed.
    fn failed(self) -> bool;
}

impl Answer for c_int {
    #[inline(always)]
    fn failed(self) -> bool {
        self == -1
    }
}

impl Answer for i64 {
    #[inline(always)]
    fn failed(self) -> bool {
        self == -1
    }
}

impl Answer for isize {
    #[inline(always)]
    fn failed(self) -> bool {
        self == -1
    }
}

impl Answer for u32 {
    #[inline(always)]
    fn failed(self) -> bool {
        false
    }
}

/// An answer, or the error number.
#[inline(always)]
pub fn check<T: Answer>(r: T) -> SysResult<T> {
    if r.failed() { Err(errno()) } else { Ok(r) }
}

/// For calls that answer the error number itself.
#[inline]
pub fn check_number(r: c_int) -> SysResult<()> {
    if r == 0 { Ok(()) } else { Err(r) }
}

/// A structure of zeros.
#[inline]
pub fn zeroed<T: Plain>() -> T {
    // SAFETY: all bytes zero is a valid value of a plain structure.
    unsafe { std::mem::zeroed() }
}

macro_rules! syscalls {
    ($(fn $n:ident($($a:ident: $t:ty),*) -> $r:ty;)*) => { $(
        /// The system call of that name.
        #[inline]
        pub fn $n($($a: $t),*) -> SysResult<$r> {
            // SAFETY: the arguments are numbers, NUL-terminated strings that outlive the call, and exclusively borrowed
            // plain structures, as the prototype of the call demands.
            check(unsafe { libc::$n($(Arg::c($a)),*) })
        }
    )* };
}

syscalls! {
    fn close(fd: c_int) -> c_int;
    fn dup(fd: c_int) -> c_int;
    fn dup2(fd: c_int, fd2: c_int) -> c_int;
    fn dup3(fd: c_int, fd2: c_int, flags: c_int) -> c_int;
    fn openat(dir: c_int, path: &CStr, flags: c_int, mode: c_uint) -> c_int;
    fn fstat(fd: c_int, st: &mut libc::stat) -> c_int;
    fn fstatat(dir: c_int, path: &CStr, st: &mut libc::stat, flags: c_int) -> c_int;
    fn fstatvfs(fd: c_int, st: &mut libc::statvfs) -> c_int;
    fn statvfs(path: &CStr, st: &mut libc::statvfs) -> c_int;
    fn mkdirat(dir: c_int, path: &CStr, mode: mode_t) -> c_int;
    fn mkfifoat(dir: c_int, path: &CStr, mode: mode_t) -> c_int;
    fn mknodat(dir: c_int, path: &CStr, mode: mode_t, dev: libc::dev_t) -> c_int;
    fn unlinkat(dir: c_int, path: &CStr, flags: c_int) -> c_int;
    fn renameat(dir: c_int, path: &CStr, dir2: c_int, path2: &CStr) -> c_int;
    fn linkat(dir: c_int, path: &CStr, dir2: c_int, path2: &CStr, flags: c_int) -> c_int;
    fn symlinkat(to: &CStr, dir: c_int, path: &CStr) -> c_int;
    fn faccessat(dir: c_int, path: &CStr, mode: c_int, flags: c_int) -> c_int;
    fn fchmodat(dir: c_int, path: &CStr, mode: mode_t, flags: c_int) -> c_int;
    fn fchmod(fd: c_int, mode: mode_t) -> c_int;
    fn fchownat(dir: c_int, path: &CStr, uid: uid_t, gid: gid_t, flags: c_int) -> c_int;
    fn fchown(fd: c_int, uid: uid_t, gid: gid_t) -> c_int;
    fn truncate(path: &CStr, len: off_t) -> c_int;
    fn ftruncate(fd: c_int, len: off_t) -> c_int;
    fn chdir(path: &CStr) -> c_int;
    fn fchdir(fd: c_int) -> c_int;
    fn chroot(path: &CStr) -> c_int;
    fn lseek(fd: c_int, pos: off_t, whence: c_int) -> off_t;
    fn lockf(fd: c_int, cmd: c_int, len: off_t) -> c_int;
    fn fsync(fd: c_int) -> c_int;
    fn fdatasync(fd: c_int) -> c_int;
    fn isatty(fd: c_int) -> c_int;
    fn fpathconf(fd: c_int, name: c_int) -> c_long;
    fn pathconf(path: &CStr, name: c_int) -> c_long;
    fn sysconf(name: c_int) -> c_long;
    fn eventfd(init: c_uint, flags: c_int) -> c_int;
    fn memfd_create(name: &CStr, flags: c_uint) -> c_int;
    fn timerfd_create(clock: c_int, flags: c_int) -> c_int;
    fn timerfd_settime(fd: c_int, flags: c_int, new: &libc::itimerspec, old: &mut libc::itimerspec) -> c_int;
    fn timerfd_gettime(fd: c_int, cur: &mut libc::itimerspec) -> c_int;
    fn sendfile(to: c_int, from: c_int, pos: Option<&mut off_t>, n: size_t) -> ssize_t;
    fn splice(from: c_int, pos: Option<&mut i64>, to: c_int, pos2: Option<&mut i64>, n: size_t, flags: c_uint) -> ssize_t;
    fn copy_file_range(from: c_int, pos: Option<&mut i64>, to: c_int, pos2: Option<&mut i64>, n: size_t, flags: c_uint) -> ssize_t;
    fn kill(pid: pid_t, sig: c_int) -> c_int;
    fn killpg(pid: pid_t, sig: c_int) -> c_int;
    fn getpgid(pid: pid_t) -> pid_t;
    fn setpgid(pid: pid_t, pgid: pid_t) -> c_int;
    fn getpgrp() -> pid_t;
    fn getsid(pid: pid_t) -> pid_t;
    fn setsid() -> pid_t;
    fn setuid(id: uid_t) -> c_int;
    fn seteuid(id: uid_t) -> c_int;
    fn setgid(id: gid_t) -> c_int;
    fn setegid(id: gid_t) -> c_int;
    fn setreuid(r: uid_t, e: uid_t) -> c_int;
    fn setregid(r: gid_t, e: gid_t) -> c_int;
    fn setresuid(r: uid_t, e: uid_t, s: uid_t) -> c_int;
    fn setresgid(r: gid_t, e: gid_t, s: gid_t) -> c_int;
    fn getresuid(r: &mut uid_t, e: &mut uid_t, s: &mut uid_t) -> c_int;
    fn getresgid(r: &mut gid_t, e: &mut gid_t, s: &mut gid_t) -> c_int;
    fn initgroups(user: &CStr, gid: gid_t) -> c_int;
    fn getpid() -> pid_t;
    fn getppid() -> pid_t;
    fn getuid() -> uid_t;
    fn geteuid() -> uid_t;
    fn getgid() -> gid_t;
    fn getegid() -> gid_t;
    fn umask(mask: mode_t) -> mode_t;
    fn wait4(pid: pid_t, status: &mut c_int, options: c_int, ru: Option<&mut libc::rusage>) -> pid_t;
    fn waitid(kind: c_uint, id: c_uint, info: &mut libc::siginfo_t, options: c_int) -> c_int;
    fn times(t: &mut libc::tms) -> libc::clock_t;
    fn uname(u: &mut libc::utsname) -> c_int;
    fn unsetenv(name: &CStr) -> c_int;
    fn setenv(name: &CStr, value: &CStr, over: c_int) -> c_int;
    fn sched_get_priority_max(policy: c_int) -> c_int;
    fn sched_get_priority_min(policy: c_int) -> c_int;
    fn sched_getscheduler(pid: pid_t) -> c_int;
    fn sched_setscheduler(pid: pid_t, policy: c_int, p: &libc::sched_param) -> c_int;
    fn sched_getparam(pid: pid_t, p: &mut libc::sched_param) -> c_int;
    fn sched_setparam(pid: pid_t, p: &libc::sched_param) -> c_int;
    fn sched_rr_get_interval(pid: pid_t, t: &mut libc::timespec) -> c_int;
    fn sched_yield() -> c_int;
    fn setns(fd: c_int, kind: c_int) -> c_int;
    fn unshare(flags: c_int) -> c_int;
    fn tcgetpgrp(fd: c_int) -> pid_t;
    fn tcsetpgrp(fd: c_int, pgid: pid_t) -> c_int;
    fn posix_openpt(flags: c_int) -> c_int;
    fn grantpt(fd: c_int) -> c_int;
    fn unlockpt(fd: c_int) -> c_int;
    fn login_tty(fd: c_int) -> c_int;
    fn removexattr(path: &CStr, name: &CStr) -> c_int;
    fn lremovexattr(path: &CStr, name: &CStr) -> c_int;
    fn fremovexattr(fd: c_int, name: &CStr) -> c_int;
    fn clock_gettime(clock: c_int, t: &mut libc::timespec) -> c_int;
    fn clock_settime(clock: c_int, t: &libc::timespec) -> c_int;
    fn clock_getres(clock: c_int, t: &mut libc::timespec) -> c_int;
    fn pause() -> c_int;
    fn alarm(seconds: c_uint) -> c_uint;
    fn raise(sig: c_int) -> c_int;
    fn getitimer(which: c_int, t: &mut libc::itimerval) -> c_int;
    fn setitimer(which: c_int, t: &libc::itimerval, old: &mut libc::itimerval) -> c_int;
    fn sigpending(set: &mut libc::sigset_t) -> c_int;
    fn sigemptyset(set: &mut libc::sigset_t) -> c_int;
    fn sigfillset(set: &mut libc::sigset_t) -> c_int;
    fn sigaddset(set: &mut libc::sigset_t, sig: c_int) -> c_int;
    fn sigismember(set: &libc::sigset_t, sig: c_int) -> c_int;
    fn sigwaitinfo(set: &libc::sigset_t, info: &mut libc::siginfo_t) -> c_int;
    fn sigtimedwait(set: &libc::sigset_t, info: &mut libc::siginfo_t, t: &libc::timespec) -> c_int;
    fn getrlimit(which: c_uint, r: &mut libc::rlimit) -> c_int;
    fn setrlimit(which: c_uint, r: &libc::rlimit) -> c_int;
    fn prlimit(pid: pid_t, which: c_uint, new: Option<&libc::rlimit>, old: &mut libc::rlimit) -> c_int;
    fn getrusage(who: c_int, r: &mut libc::rusage) -> c_int;
    fn tcgetattr(fd: c_int, t: &mut libc::termios) -> c_int;
    fn tcsetattr(fd: c_int, when: c_int, t: &libc::termios) -> c_int;
    fn tcsendbreak(fd: c_int, duration: c_int) -> c_int;
    fn tcdrain(fd: c_int) -> c_int;
    fn tcflush(fd: c_int, queue: c_int) -> c_int;
    fn tcflow(fd: c_int, action: c_int) -> c_int;
    fn cfgetispeed(t: &libc::termios) -> c_uint;
    fn cfgetospeed(t: &libc::termios) -> c_uint;
    fn cfsetispeed(t: &mut libc::termios, speed: c_uint) -> c_int;
    fn cfsetospeed(t: &mut libc::termios, speed: c_uint) -> c_int;
    fn flock(fd: c_int, op: c_int) -> c_int;
    fn shm_open(name: &CStr, flags: c_int, mode: mode_t) -> c_int;
    fn shm_unlink(name: &CStr) -> c_int;
    fn sem_unlink(name: &CStr) -> c_int;
    fn epoll_create1(flags: c_int) -> c_int;
    fn epoll_ctl(ep: c_int, op: c_int, fd: c_int, ev: Option<&mut libc::epoll_event>) -> c_int;
    fn socket(domain: c_int, kind: c_int, proto: c_int) -> c_int;
    fn listen(fd: c_int, backlog: c_int) -> c_int;
    fn shutdown(fd: c_int, how: c_int) -> c_int;
}

/// `posix_fadvise`; answers the error number itself.
pub fn posix_fadvise(fd: c_int, pos: off_t, len: off_t, advice: c_int) -> SysResult<()> {
    // SAFETY: numbers only.
    check_number(unsafe { libc::posix_fadvise(fd, pos, len, advice) })
}

/// `posix_fallocate`; answers the error number itself.
pub fn posix_fallocate(fd: c_int, pos: off_t, len: off_t) -> SysResult<()> {
    // SAFETY: numbers only.
    check_number(unsafe { libc::posix_fallocate(fd, pos, len) })
}

/// `sync`.
pub fn sync() {
    // SAFETY: no arguments.
    unsafe { libc::sync() };
}

/// `pidfd_open`.
pub fn pidfd_open(pid: pid_t, flags: c_uint) -> SysResult<c_long> {
    // SAFETY: numbers only.
    check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, flags) })
}

/// `pidfd_send_signal` without a siginfo.
pub fn pidfd_send_signal(fd: c_int, sig: c_int, flags: c_uint) -> SysResult<c_long> {
    // SAFETY: numbers and a null pointer, which the call allows.
    check(unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, fd, sig, std::ptr::null::<libc::siginfo_t>(), flags)
    })
}

/// `nice`: any number may be the new value, so errno tells a failure.
pub fn nice(by: c_int) -> SysResult<c_int> {
    set_errno(0);
    // SAFETY: a number.
    match unsafe { libc::nice(by) } {
        -1 if errno() != 0 => Err(errno()),
        n => Ok(n),
    }
}

/// `getpriority`: any number may be the answer, so errno tells a failure.
pub fn getpriority(which: c_int, who: c_uint) -> SysResult<c_int> {
    set_errno(0);
    // SAFETY: numbers.
    match unsafe { libc::getpriority(which as libc::__priority_which_t, who) } {
        -1 if errno() != 0 => Err(errno()),
        n => Ok(n),
    }
}

/// `setpriority`.
pub fn setpriority(which: c_int, who: c_uint, prio: c_int) -> SysResult<c_int> {
    // SAFETY: numbers.
    check(unsafe { libc::setpriority(which as libc::__priority_which_t, who, prio) })
}

/// `pipe2`.
pub fn pipe2(flags: c_int) -> SysResult<[c_int; 2]> {
    let mut fds = [0; 2];
    // SAFETY: room for two descriptors.
    check(unsafe { libc::pipe2(fds.as_mut_ptr(), flags) })?;
    Ok(fds)
}

/// `fcntl` with a number as argument.
pub fn fcntl(fd: c_int, cmd: c_int, arg: c_long) -> SysResult<c_int> {
    // SAFETY: the callers pass commands whose argument is a number.
    check(unsafe { libc::fcntl(fd, cmd, arg) })
}

/// `ioctl` with a number as argument.
pub fn ioctl(fd: c_int, request: c_int, arg: c_int) -> SysResult<c_int> {
    // SAFETY: the callers pass requests whose argument is a number.
    check(unsafe { libc::ioctl(fd, request as libc::Ioctl, arg) })
}

/// `ioctl(FIONBIO)`-style request with a plain structure as argument.
pub fn ioctl_with<T: Plain>(fd: c_int, request: libc::Ioctl, arg: &mut T) -> SysResult<c_int> {
    // SAFETY: the callers pass the structure that the request reads or writes.
    check(unsafe { libc::ioctl(fd, request, arg as *mut T) })
}

/// `read`.
pub fn read(fd: c_int, buf: &mut [u8]) -> SysResult<ssize_t> {
    // SAFETY: the slice's memory.
    check(unsafe { libc::read(fd, buf.as_mut_ptr().cast(), buf.len()) })
}

/// `write`.
pub fn write(fd: c_int, buf: &[u8]) -> SysResult<ssize_t> {
    // SAFETY: the slice's memory.
    check(unsafe { libc::write(fd, buf.as_ptr().cast(), buf.len()) })
}

/// `pread`.
pub fn pread(fd: c_int, buf: &mut [u8], at: off_t) -> SysResult<ssize_t> {
    // SAFETY: the slice's memory.
    check(unsafe { libc::pread(fd, buf.as_mut_ptr().cast(), buf.len(), at) })
}

/// `pwrite`.
pub fn pwrite(fd: c_int, buf: &[u8], at: off_t) -> SysResult<ssize_t> {
    // SAFETY: the slice's memory.
    check(unsafe { libc::pwrite(fd, buf.as_ptr().cast(), buf.len(), at) })
}

/// Which vectored call, and where.
#[derive(Clone, Copy)]
pub enum Vectored {
    /// At the file's position.
    Here,
    /// At an offset, with flags.
    At(off_t, c_int),
}

/// Up to `IOV_MAX` pieces of memory for a vectored call.
pub struct IoVecs(pub(crate) Vec<libc::iovec>);

impl IoVecs {
    /// One vector over a slice, which the caller keeps and does not use until the call is over.
    pub fn over(b: &mut [u8]) -> IoVecs {
        IoVecs(vec![libc::iovec { iov_base: b.as_mut_ptr().cast(), iov_len: b.len() }])
    }

    /// The vectors.
    pub fn parts(&mut self) -> &mut [libc::iovec] {
        &mut self.0
    }
}

/// `readv`, `preadv2`.
pub fn readv(fd: c_int, v: &mut IoVecs, how: Vectored) -> SysResult<ssize_t> {
    let n = c_int::try_from(v.0.len()).unwrap_or(c_int::MAX);
    // SAFETY: the vectors point to memory that their maker pinned.
    check(unsafe {
        match how {
            Vectored::Here => libc::readv(fd, v.0.as_ptr(), n),
            Vectored::At(at, 0) => libc::preadv(fd, v.0.as_ptr(), n, at),
            Vectored::At(at, flags) => libc::preadv2(fd, v.0.as_ptr(), n, at, flags),
        }
    })
}

/// `writev`, `pwritev2`.
pub fn writev(fd: c_int, v: &mut IoVecs, how: Vectored) -> SysResult<ssize_t> {
    let n = c_int::try_from(v.0.len()).unwrap_or(c_int::MAX);
    // SAFETY: as in `readv`.
    check(unsafe {
        match how {
            Vectored::Here => libc::writev(fd, v.0.as_ptr(), n),
            Vectored::At(at, 0) => libc::pwritev(fd, v.0.as_ptr(), n, at),
            Vectored::At(at, flags) => libc::pwritev2(fd, v.0.as_ptr(), n, at, flags),
        }
    })
}

/// `readlinkat`: the target.
pub fn readlinkat(dir: c_int, path: &CStr) -> SysResult<Vec<u8>> {
    let mut size = 256;
    loop {
        let mut buf = vec![0u8; size];
        // SAFETY: the vector's memory.
        let n = check(unsafe { libc::readlinkat(dir, path.as_ptr(), buf.as_mut_ptr().cast(), buf.len()) })?;
        let n = n.unsigned_abs();
        if n < size {
            buf.truncate(n);
            return Ok(buf);
        }
        size *= 2;
    }
}

/// `getcwd`.
pub fn getcwd() -> SysResult<Vec<u8>> {
    let mut size = 512;
    loop {
        let mut buf = vec![0u8; size];
        // SAFETY: the vector's memory.
        let p = unsafe { libc::getcwd(buf.as_mut_ptr().cast(), buf.len()) };
        if !p.is_null() {
            return Ok(until_nul(buf));
        }
        match errno() {
            libc::ERANGE => size *= 2,
            e => return Err(e),
        }
    }
}

/// The bytes before the first NUL.
pub fn until_nul(mut buf: Vec<u8>) -> Vec<u8> {
    if let Some(n) = buf.iter().position(|b| *b == 0) {
        buf.truncate(n);
    }
    buf
}

/// The text in a field of C characters.
pub fn chars_until_nul(field: &[c_char]) -> Vec<u8> {
    field.iter().map(|c| c.to_ne_bytes()[0]).take_while(|b| *b != 0).collect()
}

/// `getrandom`.
pub fn getrandom(buf: &mut [u8], flags: c_uint) -> SysResult<ssize_t> {
    // SAFETY: the slice's memory.
    check(unsafe { libc::getrandom(buf.as_mut_ptr().cast(), buf.len(), flags) })
}

/// `confstr`: the value without its NUL, `None` if there is none.
pub fn confstr(name: c_int) -> SysResult<Option<Vec<u8>>> {
    set_errno(0);
    // SAFETY: no memory is written.
    let n = unsafe { libc::confstr(name, std::ptr::null_mut(), 0) };
    if n == 0 {
        return if errno() == 0 { Ok(None) } else { Err(errno()) };
    }
    let mut buf = vec![0u8; n];
    // SAFETY: the vector's memory.
    unsafe { libc::confstr(name, buf.as_mut_ptr().cast(), buf.len()) };
    Ok(Some(until_nul(buf)))
}

/// `utimensat`; no times: now.
pub fn utimensat(
    dir: c_int,
    path: &CStr,
    times: Option<&[libc::timespec; 2]>,
    flags: c_int,
) -> SysResult<c_int> {
    let p = times.map_or(std::ptr::null(), |t| t.as_ptr());
    // SAFETY: null or two times.
    check(unsafe { libc::utimensat(dir, path.as_ptr(), p, flags) })
}

/// `futimens`; no times: now.
pub fn futimens(fd: c_int, times: Option<&[libc::timespec; 2]>) -> SysResult<c_int> {
    let p = times.map_or(std::ptr::null(), |t| t.as_ptr());
    // SAFETY: null or two times.
    check(unsafe { libc::futimens(fd, p) })
}

/// `getgroups`.
pub fn getgroups() -> SysResult<Vec<gid_t>> {
    loop {
        // SAFETY: asks for the number only.
        let n = check(unsafe { libc::getgroups(0, std::ptr::null_mut()) })?;
        let mut v = vec![0; usize::try_from(n).unwrap_or(0)];
        // SAFETY: room for `n` numbers.
        match check(unsafe { libc::getgroups(n, v.as_mut_ptr()) }) {
            Ok(k) => {
                v.truncate(usize::try_from(k).unwrap_or(0));
                return Ok(v);
            }
            Err(libc::EINVAL) => {}
            Err(e) => return Err(e),
        }
    }
}

/// `setgroups`.
pub fn setgroups(groups: &[gid_t]) -> SysResult<c_int> {
    // SAFETY: the slice's memory.
    check(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })
}

/// `getgrouplist`.
pub fn getgrouplist(user: &CStr, gid: gid_t) -> SysResult<Vec<gid_t>> {
    let mut room: c_int = 32;
    loop {
        let mut v = vec![0; usize::try_from(room).unwrap_or(0)];
        let mut n = room;
        // SAFETY: room for `n` numbers.
        if unsafe { libc::getgrouplist(user.as_ptr(), gid, v.as_mut_ptr(), &mut n) } != -1 {
            v.truncate(usize::try_from(n).unwrap_or(0));
            return Ok(v);
        }
        if room > 1 << 20 {
            return Err(libc::ERANGE);
        }
        room = n.max(room * 2);
    }
}

unsafe extern "C" {
    fn getlogin_r(buf: *mut c_char, n: size_t) -> c_int;
    fn getloadavg(avg: *mut f64, n: c_int) -> c_int;
}

/// `getlogin`.
pub fn getlogin() -> SysResult<Vec<u8>> {
    let mut buf = vec![0u8; 256];
    // SAFETY: the vector's memory.
    check_number(unsafe { getlogin_r(buf.as_mut_ptr().cast(), buf.len()) })?;
    Ok(until_nul(buf))
}

/// `getloadavg`; `None` if the system has none.
pub fn loadavg() -> Option<[f64; 3]> {
    let mut a = [0.0; 3];
    // SAFETY: room for three numbers.
    (unsafe { getloadavg(a.as_mut_ptr(), 3) } == 3).then_some(a)
}

/// `ttyname_r`.
pub fn ttyname(fd: c_int) -> SysResult<Vec<u8>> {
    let mut buf = vec![0u8; 4096];
    // SAFETY: the vector's memory.
    check_number(unsafe { libc::ttyname_r(fd, buf.as_mut_ptr().cast(), buf.len()) })?;
    Ok(until_nul(buf))
}

/// `ptsname_r`.
pub fn ptsname(fd: c_int) -> SysResult<Vec<u8>> {
    let mut buf = vec![0u8; 4096];
    // SAFETY: the vector's memory.
    check_number(unsafe { libc::ptsname_r(fd, buf.as_mut_ptr().cast(), buf.len()) })?;
    Ok(until_nul(buf))
}

/// `openpty`.
pub fn openpty() -> SysResult<(c_int, c_int)> {
    let (mut a, mut b) = (0, 0);
    let null = std::ptr::null_mut();
    // SAFETY: the other arguments may be null.
    check(unsafe { libc::openpty(&mut a, &mut b, null, std::ptr::null(), std::ptr::null()) })?;
    Ok((a, b))
}

/// `sched_setaffinity` with a mask of words.
pub fn sched_setaffinity(pid: pid_t, mask: &[u64]) -> SysResult<c_int> {
    // SAFETY: the kernel reads that many bytes of bits.
    check(unsafe { libc::sched_setaffinity(pid, size_of_val(mask), mask.as_ptr().cast()) })
}

/// `sched_getaffinity` into a mask of words.
pub fn sched_getaffinity(pid: pid_t, mask: &mut [u64]) -> SysResult<c_int> {
    // SAFETY: the kernel writes at most that many bytes.
    check(unsafe { libc::sched_getaffinity(pid, size_of_val(mask), mask.as_mut_ptr().cast()) })
}

/// What an extended attribute is an attribute of.
#[derive(Clone, Copy)]
pub enum XattrOf<'a> {
    /// A file, links followed.
    Path(&'a CStr),
    /// A file or link.
    Link(&'a CStr),
    /// A descriptor.
    Fd(c_int),
}

/// `getxattr`.
pub fn getxattr(of: XattrOf<'_>, name: &CStr, buf: &mut [u8]) -> SysResult<ssize_t> {
    let (p, n, name) = (buf.as_mut_ptr().cast(), buf.len(), name.as_ptr());
    // SAFETY: the slice's memory.
    check(unsafe {
        match of {
            XattrOf::Path(f) => libc::getxattr(f.as_ptr(), name, p, n),
            XattrOf::Link(f) => libc::lgetxattr(f.as_ptr(), name, p, n),
            XattrOf::Fd(fd) => libc::fgetxattr(fd, name, p, n),
        }
    })
}

/// `setxattr`.
pub fn setxattr(of: XattrOf<'_>, name: &CStr, v: &[u8], flags: c_int) -> SysResult<c_int> {
    let (p, n, name) = (v.as_ptr().cast(), v.len(), name.as_ptr());
    // SAFETY: the slice's memory.
    check(unsafe {
        match of {
            XattrOf::Path(f) => libc::setxattr(f.as_ptr(), name, p, n, flags),
            XattrOf::Link(f) => libc::lsetxattr(f.as_ptr(), name, p, n, flags),
            XattrOf::Fd(fd) => libc::fsetxattr(fd, name, p, n, flags),
        }
    })
}

/// `removexattr`.
pub fn remove_xattr(of: XattrOf<'_>, name: &CStr) -> SysResult<c_int> {
    match of {
        XattrOf::Path(f) => removexattr(f, name),
        XattrOf::Link(f) => lremovexattr(f, name),
        XattrOf::Fd(fd) => fremovexattr(fd, name),
    }
}

/// `listxattr`.
pub fn listxattr(of: XattrOf<'_>, buf: &mut [u8]) -> SysResult<ssize_t> {
    let (p, n) = (buf.as_mut_ptr().cast(), buf.len());
    // SAFETY: the slice's memory.
    check(unsafe {
        match of {
            XattrOf::Path(f) => libc::listxattr(f.as_ptr(), p, n),
            XattrOf::Link(f) => libc::llistxattr(f.as_ptr(), p, n),
            XattrOf::Fd(fd) => libc::flistxattr(fd, p, n),
        }
    })
}

/// An open directory.
pub struct Dir(*mut libc::DIR);

// SAFETY: a directory stream is used by one thread at a time (`&mut self`), from whichever thread.
unsafe impl Send for Dir {}

/// An entry of a directory.
pub struct Entry {
    /// Name.
    pub name: CString,
    /// Inode.
    pub ino: u64,
    /// `DT_*`
    pub kind: u8,
}

impl Dir {
    /// Opens a directory by name.
    pub fn open(path: &CStr) -> SysResult<Dir> {
        // SAFETY: a NUL-terminated name.
        let d = unsafe { libc::opendir(path.as_ptr()) };
        if d.is_null() { Err(errno()) } else { Ok(Dir(d)) }
    }

    /// Makes a stream of a descriptor, which it then owns.
    pub fn from_fd(fd: c_int) -> SysResult<Dir> {
        // SAFETY: a number.
        let d = unsafe { libc::fdopendir(fd) };
        if d.is_null() { Err(errno()) } else { Ok(Dir(d)) }
    }

    /// The next entry except `.` and `..`.
    pub fn read(&mut self) -> SysResult<Option<Entry>> {
        loop {
            set_errno(0);
            // SAFETY: the stream is open.
            let e = unsafe { libc::readdir(self.0) };
            if e.is_null() {
                return match errno() {
                    0 => Ok(None),
                    n => Err(n),
                };
            }
            // SAFETY: the entry is valid until the next call; its name is NUL-terminated.
            let (name, ino, kind) =
                unsafe { (CStr::from_ptr((*e).d_name.as_ptr()), (*e).d_ino, (*e).d_type) };
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            return Ok(Some(Entry { name: name.to_owned(), ino, kind }));
        }
    }

    /// Back to the first entry.
    pub fn rewind(&mut self) {
        // SAFETY: the stream is open.
        unsafe { libc::rewinddir(self.0) };
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // SAFETY: the stream is open and not used again.
        unsafe { libc::closedir(self.0) };
    }
}

/// A null-terminated array of C strings for `execve`.
pub struct CStrings {
    _strings: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl CStrings {
    /// From the strings.
    pub fn new(strings: Vec<CString>) -> CStrings {
        let mut pointers: Vec<_> = strings.iter().map(|s| s.as_ptr()).collect();
        pointers.push(std::ptr::null());
        CStrings { _strings: strings, pointers }
    }

    /// Number of strings.
    pub fn len(&self) -> usize {
        self.pointers.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The array.
    pub fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

/// `execv`: answers only when it failed, with the error number.
pub fn execv(path: &CStr, argv: &CStrings) -> c_int {
    // SAFETY: null-terminated arrays of strings that live on.
    unsafe { libc::execv(path.as_ptr(), argv.as_ptr()) };
    errno()
}

/// `execve`.
pub fn execve(path: &CStr, argv: &CStrings, env: &CStrings) -> c_int {
    // SAFETY: as in `execv`.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), env.as_ptr()) };
    errno()
}

/// `fexecve`.
pub fn fexecve(fd: c_int, argv: &CStrings, env: &CStrings) -> c_int {
    // SAFETY: as in `execv`.
    unsafe { libc::fexecve(fd, argv.as_ptr(), env.as_ptr()) };
    errno()
}

pub use crate::sys_more::*;
