//! System calls as safe functions: those on memory whose length is an argument, and compound ones.
#![allow(unsafe_code)]

use crate::sys::*;
use libc::{c_char, c_int, c_uint, mode_t, pid_t};
use protopy_vm::protocore::buffer::Buffer;
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;

/// `fork`.
///
/// # Safety
/// The caller has stopped the other threads at safepoints (`Ctx::prepare_fork`).
pub unsafe fn fork() -> SysResult<pid_t> {
    // SAFETY: by the contract.
    check(unsafe { libc::fork() })
}

/// `_exit`.
pub fn exit_now(status: c_int) -> ! {
    // SAFETY: a number; nothing runs after it.
    unsafe { libc::_exit(status) }
}

/// `system`.
pub fn system(command: &CStr) -> SysResult<c_int> {
    // SAFETY: a NUL-terminated command.
    check(unsafe { libc::system(command.as_ptr()) })
}

/// The environment of the process, each entry as it is ("NAME=value").
pub fn environ() -> Vec<Vec<u8>> {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    let mut out = Vec::new();
    // SAFETY: a null-terminated array of NUL-terminated strings. As everywhere in C, changing the environment in one thread
    // while another reads it is the program's fault.
    unsafe {
        let mut p = environ;
        while !p.is_null() && !(*p).is_null() {
            out.push(CStr::from_ptr(*p).to_bytes().to_vec());
            p = p.add(1);
        }
    }
    out
}

/// A signal set of numbers.
pub fn sigset(signals: impl Iterator<Item = c_int>) -> libc::sigset_t {
    let mut set = zeroed();
    let _ = sigemptyset(&mut set);
    for s in signals {
        let _ = sigaddset(&mut set, s);
    }
    set
}

/// `pthread_sigmask`: the old mask.
pub fn pthread_sigmask(how: c_int, set: Option<&libc::sigset_t>) -> SysResult<libc::sigset_t> {
    let mut old: libc::sigset_t = zeroed();
    // SAFETY: null or a set, and room for the old one.
    check_number(unsafe { libc::pthread_sigmask(how, Arg::c(set), &mut old) })?;
    Ok(old)
}

/// Bytes of a C string that a library function answered, if any.
///
/// # Safety
/// Null, or a NUL-terminated string that lives during the call.
pub unsafe fn bytes_of(p: *const c_char) -> Option<Vec<u8>> {
    if p.is_null() {
        return None;
    }
    // SAFETY: by the contract.
    Some(unsafe { CStr::from_ptr(p) }.to_bytes().to_vec())
}

/// Room for a value that a call fills.
pub fn uninit<T>() -> MaybeUninit<T> {
    MaybeUninit::uninit()
}

/// Vectors over the memory of buffer exports. The caller keeps the exports until the call is over, and passes writable ones to
/// calls that write to them.
pub fn pinned<'a>(parts: impl Iterator<Item = &'a Buffer>) -> IoVecs {
    IoVecs(parts.map(|b| libc::iovec { iov_base: b.ptr.cast(), iov_len: b.len }).collect())
}

/// Closes a range of descriptors, both ends included, ignoring errors.
pub fn close_range(low: c_int, high: c_int) {
    // SAFETY: numbers.
    if unsafe { libc::syscall(libc::SYS_close_range, low as c_uint, high as c_uint, 0) } == 0 {
        return;
    }
    let max = sysconf(libc::_SC_OPEN_MAX).unwrap_or(1024);
    for fd in low..=high.min(c_int::try_from(max).unwrap_or(c_int::MAX)) {
        let _ = close(fd);
    }
}

/// The fields of a `siginfo_t` about a child.
pub struct ChildInfo {
    /// Process.
    pub pid: i64,
    /// Its user.
    pub uid: i64,
    /// Exit code or signal.
    pub status: i64,
}

/// Reads the fields that `waitid` and SIGCHLD fill.
pub fn child_info(info: &libc::siginfo_t) -> ChildInfo {
    // SAFETY: the structure is plain memory, zeroed or filled by the system; these fields are numbers within it.
    unsafe {
        ChildInfo { pid: info.si_pid().into(), uid: info.si_uid().into(), status: info.si_status().into() }
    }
}

/// `fork`, called by way of `fork::fork_with` alone, which has stopped the other threads.
pub fn fork_stopped() -> SysResult<pid_t> {
    // SAFETY: the other threads are at safepoints or in blocking scopes, so no lock of the runtime is held in the child.
    unsafe { fork() }
}

/// `forkpty`, called as [`fork_stopped`].
pub fn forkpty_stopped(master: &mut c_int) -> SysResult<pid_t> {
    let null = std::ptr::null_mut();
    // SAFETY: as in `fork_stopped`; the other arguments may be null.
    check(unsafe { libc::forkpty(master, null, std::ptr::null(), std::ptr::null()) })
}

/// What a new process does with its descriptors.
pub enum SpawnAction {
    /// Opens a file as a descriptor.
    Open(c_int, CString, c_int, mode_t),
    /// Closes.
    Close(c_int),
    /// Copies.
    Dup2(c_int, c_int),
    /// Closes all from a number on.
    CloseFrom(c_int),
}

/// Attributes of a new process.
#[derive(Default)]
pub struct SpawnAttr {
    /// Process group.
    pub pgroup: Option<pid_t>,
    /// Whether effective ids become the real ones.
    pub resetids: bool,
    /// Whether it gets a session of its own.
    pub setsid: bool,
    /// Blocked signals.
    pub sigmask: Option<libc::sigset_t>,
    /// Signals with their default action.
    pub sigdefault: Option<libc::sigset_t>,
    /// Policy (none: as it is) and priority.
    pub scheduler: Option<(Option<c_int>, c_int)>,
}

unsafe extern "C" {
    fn posix_spawn_file_actions_addclosefrom_np(
        actions: *mut libc::posix_spawn_file_actions_t,
        from: c_int,
    ) -> c_int;
}

/// `posix_spawn`, `posix_spawnp`.
pub fn spawn(
    path: &CStr,
    search: bool,
    actions: &[SpawnAction],
    attr: &SpawnAttr,
    argv: &CStrings,
    env: &CStrings,
) -> SysResult<pid_t> {
    let (mut fa, mut at) = (uninit(), uninit());
    let mut pid = 0;
    // SAFETY: both objects are initialised before and destroyed after use; strings and arrays live on.
    unsafe {
        check_number(libc::posix_spawn_file_actions_init(fa.as_mut_ptr()))?;
        check_number(libc::posix_spawnattr_init(at.as_mut_ptr()))?;
        let r = fill_actions(fa.as_mut_ptr(), actions).and_then(|()| {
            fill_attr(at.as_mut_ptr(), attr)?;
            let f = if search { libc::posix_spawnp } else { libc::posix_spawn };
            check_number(f(
                &mut pid,
                path.as_ptr(),
                fa.as_ptr(),
                at.as_ptr(),
                argv.as_ptr().cast(),
                env.as_ptr().cast(),
            ))
        });
        libc::posix_spawn_file_actions_destroy(fa.as_mut_ptr());
        libc::posix_spawnattr_destroy(at.as_mut_ptr());
        r.map(|()| pid)
    }
}

unsafe fn fill_actions(fa: *mut libc::posix_spawn_file_actions_t, actions: &[SpawnAction]) -> SysResult<()> {
    for a in actions {
        // SAFETY: the caller initialised the object; names are NUL-terminated.
        check_number(unsafe {
            match a {
                SpawnAction::Open(fd, path, flags, mode) => {
                    libc::posix_spawn_file_actions_addopen(fa, *fd, path.as_ptr(), *flags, *mode)
                }
                SpawnAction::Close(fd) => libc::posix_spawn_file_actions_addclose(fa, *fd),
                SpawnAction::Dup2(a, b) => libc::posix_spawn_file_actions_adddup2(fa, *a, *b),
                SpawnAction::CloseFrom(fd) => posix_spawn_file_actions_addclosefrom_np(fa, *fd),
            }
        })?;
    }
    Ok(())
}

unsafe fn fill_attr(at: *mut libc::posix_spawnattr_t, attr: &SpawnAttr) -> SysResult<()> {
    let mut flags: c_int = 0;
    // SAFETY: the caller initialised the object.
    unsafe {
        if let Some(g) = attr.pgroup {
            check_number(libc::posix_spawnattr_setpgroup(at, g))?;
            flags |= libc::POSIX_SPAWN_SETPGROUP;
        }
        if attr.resetids {
            flags |= libc::POSIX_SPAWN_RESETIDS;
        }
        if attr.setsid {
            flags |= 0x80;
        }
        if let Some(s) = &attr.sigmask {
            check_number(libc::posix_spawnattr_setsigmask(at, s))?;
            flags |= libc::POSIX_SPAWN_SETSIGMASK;
        }
        if let Some(s) = &attr.sigdefault {
            check_number(libc::posix_spawnattr_setsigdefault(at, s))?;
            flags |= libc::POSIX_SPAWN_SETSIGDEF;
        }
        if let Some((policy, priority)) = attr.scheduler {
            if let Some(p) = policy {
                check_number(libc::posix_spawnattr_setschedpolicy(at, p))?;
                flags |= libc::POSIX_SPAWN_SETSCHEDULER;
            }
            let p = libc::sched_param { sched_priority: priority };
            check_number(libc::posix_spawnattr_setschedparam(at, &p))?;
            flags |= libc::POSIX_SPAWN_SETSCHEDPARAM;
        }
        check_number(libc::posix_spawnattr_setflags(at, flags as libc::c_short))
    }
}

/// `si_band` of a `siginfo_t`: the first field of its union.
pub fn info_band(info: &libc::siginfo_t) -> i64 {
    let p: *const libc::siginfo_t = info;
    // SAFETY: the union starts 16 bytes into the structure, which is plain memory of 128 bytes.
    unsafe { p.cast::<u8>().add(16).cast::<i64>().read_unaligned() }
}

/// Sleeps until a time of the monotonic clock; EINTR if a signal interrupts it.
pub fn sleep_until(t: &libc::timespec) -> SysResult<()> {
    // SAFETY: a time; nothing is written with an absolute one.
    check_number(unsafe {
        libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, t, std::ptr::null_mut())
    })
}
