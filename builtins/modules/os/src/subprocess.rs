//! The module `_posixsubprocess`: one function that starts a program in a new process.
//!
//! Everything that the child needs is made before: it may then neither allocate nor touch an object. Without a
//! `preexec_fn` the child shares the parent's memory until it calls `exec` (`CLONE_VM | CLONE_VFORK`): nothing is copied, the calling
//! thread waits in a blocking scope, and the others run on (a child that changes its ids gets a copy instead). Signals are blocked from before the child starts until it has
//! put their default actions in place, so that no handler runs on shared memory. With a `preexec_fn` the process is forked with
//! the world stopped, and the function runs in the child as in any forked process.
//!
//! A child that fails before `exec` writes "class:hex errno:message" to the error pipe.
#![allow(unsafe_code)]

use crate::posix::fork;
use crate::support::{gid, int, raise_errno, sequence, truth, uid};
use crate::sys::{self, CStrings};
use libc::{c_char, c_int};
use protopy_vm::codec::fs_encode_no_nul;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, ListObj, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::settings::{limited, limits};
use protopy_vm::{ModuleSpec, audit, call, methods};
use std::ffi::CString;
use std::sync::atomic::Ordering;

/// `_posixsubprocess`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_posixsubprocess",
    doc: "Starts programs for the module subprocess.",
    functions: methods![functions:
        /// Starts a program in a new process; its id. The first executable of the list that can be run is run; an error is
        /// reported through the error pipe.
        "fork_exec(args, executable_list, close_fds, pass_fds, cwd, env, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, errpipe_read, errpipe_write, restore_signals, call_setsid, pgid_to_set, gid, extra_groups, uid, child_umask, preexec_fn, /)"
            => fork_exec;
    ],
    init: None,
};

/// What the child does, ready made.
struct Plan {
    executables: Vec<CString>,
    argv: Option<CStrings>,
    env: Option<CStrings>,
    cwd: Option<CString>,
    close_fds: bool,
    keep: Vec<c_int>,
    /// p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite
    pipes: [c_int; 6],
    errpipe_write: c_int,
    restore_signals: bool,
    setsid: bool,
    pgid: c_int,
    gid: Option<u32>,
    groups: Option<Vec<u32>>,
    uid: Option<u32>,
    umask: c_int,
    /// The mask to restore, and whether handlers must be reset first (shared memory).
    mask: Option<libc::sigset_t>,
}

fn strings(cx: &mut Ctx, v: Value, msg: &str) -> PyResult<Vec<CString>> {
    let items = sequence(cx, v, msg)?;
    let mut out = Vec::with_capacity(items.len());
    for i in 0..items.len() {
        let Some(v) = items.get(i) else { break };
        out.push(crate::support::fs_name(cx, v)?);
    }
    Ok(out)
}

/// Items that must be bytes.
fn byte_strings(cx: &mut Ctx, v: Value) -> PyResult<Vec<CString>> {
    let items = sequence(cx, v, "expected a sequence of bytes")?;
    let mut out = Vec::with_capacity(items.len());
    for i in 0..items.len() {
        let Some(v) = items.get(i) else { break };
        if BytesObj::of(v).is_none() {
            let msg = format!("expected bytes, {} found", protopy_vm::ops::tp_name(cx, v));
            return Err(cx.type_error(&msg));
        }
        let b = fs_encode_no_nul(cx, v)?;
        out.push(crate::support::c_string(cx, b)?);
    }
    Ok(out)
}

/// Descriptors to keep: ascending and not negative.
fn kept(cx: &mut Ctx, v: Value) -> PyResult<Vec<c_int>> {
    let mut last = -1;
    let mut out = Vec::new();
    for v in TupleObj::of(v).map_or(&[][..], |t| t.items()) {
        let n = IntRef::of(*v).and_then(IntRef::to_i64).and_then(|n| i32::try_from(n).ok());
        match n {
            Some(n) if n > last => {
                last = n;
                out.push(n);
            }
            _ => return Err(cx.value_error("bad value(s) in fds_to_keep")),
        }
    }
    Ok(out)
}

fn groups(cx: &mut Ctx, v: Value) -> PyResult<Option<Vec<u32>>> {
    let Some(v) = v.not_none() else { return Ok(None) };
    let Some(items) = ListObj::of(v).map(ListObj::snapshot) else {
        return Err(cx.type_error("setgroups argument must be a sequence"));
    };
    if items.len() > 65536 {
        return Err(cx.value_error("too many extra_groups"));
    }
    let mut out = Vec::with_capacity(items.len());
    for v in items {
        if IntRef::of(v).is_none() {
            return Err(cx.type_error("extra_groups must be integers"));
        }
        match gid(cx, v) {
            Ok(g) => out.push(g),
            Err(r) => {
                cx.take_raised(r);
                return Err(cx.value_error("invalid group id"));
            }
        }
    }
    Ok(Some(out))
}

fn plan(cx: &mut Ctx, a: &[Value]) -> PyResult<Plan> {
    let close_fds = truth(cx, a[2])?;
    let errpipe_write = int(cx, a[13])?;
    if close_fds && errpipe_write < 3 {
        return Err(cx.value_error("errpipe_write must be >= 3"));
    }
    let keep = kept(cx, a[3])?;
    let executables = byte_strings(cx, a[1])?;
    let argv = match a[0].not_none() {
        Some(v) => Some(CStrings::new(strings(cx, v, "argv must be a tuple or list")?)),
        None => None,
    };
    let env = match a[5].not_none() {
        Some(v) => Some(CStrings::new(byte_strings(cx, v)?)),
        None => None,
    };
    let cwd = match a[4].not_none() {
        Some(v) => Some(crate::support::fs_name(cx, v)?),
        None => None,
    };
    let mut pipes = [0; 6];
    for (to, v) in pipes.iter_mut().zip(&a[6..12]) {
        *to = int(cx, *v)?;
    }
    Ok(Plan {
        executables,
        argv,
        env,
        cwd,
        close_fds,
        keep,
        pipes,
        errpipe_write,
        restore_signals: truth(cx, a[14])?,
        setsid: truth(cx, a[15])?,
        pgid: int(cx, a[16])?,
        gid: match a[17].not_none() {
            Some(v) => Some(gid(cx, v)?),
            None => None,
        },
        groups: groups(cx, a[18])?,
        uid: match a[19].not_none() {
            Some(v) => Some(uid(cx, v)?),
            None => None,
        },
        umask: int(cx, a[20])?,
        mask: None,
    })
}

fn fork_exec(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let mut p = plan(cx, a)?;
    audit(cx, "_posixsubprocess.fork_exec", &[a[1], a[0], a[5]])?;
    let pid = match a[21].not_none() {
        Some(f) => with_preexec(cx, &p, f)?,
        // The C library's calls that change ids are for all threads; shared memory would make them the parent's.
        None if p.groups.is_some() || p.gid.is_some() || p.uid.is_some() => copied(cx, &p)?,
        None => shared(cx, &mut p)?,
    };
    Ok(cx.int(i64::from(pid)))
}

fn with_preexec(cx: &mut Ctx, p: &Plan, f: Value) -> PyResult<i32> {
    if limited(cx, limits::SUB) {
        let msg = "preexec_fn not supported within subinterpreters";
        return Err(cx.raise_str(Ty::RuntimeError, msg));
    }
    if cx.space().finalizing.load(Ordering::Relaxed) {
        let msg = "preexec_fn not supported at interpreter shutdown";
        return Err(cx.raise_str(Ty::PythonFinalizationError, msg));
    }
    let hooks = fork::before_fork(cx);
    let r = fork::fork_with(cx, sys::fork_stopped);
    match r {
        Ok(0) => {
            fork::after_fork_in_child(cx, hooks);
            run_child(p, Some(&mut || call(cx, f, &[]).is_ok()))
        }
        Ok(pid) => {
            let warned = fork::warn_threads(cx, "fork");
            fork::after_fork_in_parent(cx, hooks);
            warned.map(|()| pid)
        }
        Err(e) => {
            fork::after_fork_in_parent(cx, hooks);
            Err(raise_errno(cx, e))
        }
    }
}

/// Starts a child with a copy of the memory, and no Python code.
fn copied(cx: &mut Ctx, p: &Plan) -> PyResult<i32> {
    match fork::fork_with(cx, sys::fork_stopped) {
        Ok(0) => run_child(p, None),
        Ok(pid) => Ok(pid),
        Err(e) => Err(raise_errno(cx, e)),
    }
}

/// Bytes of the child's stack when it shares the parent's memory.
const CHILD_STACK: usize = 256 * 1024;

extern "C" fn child_entry(p: *mut libc::c_void) -> c_int {
    // SAFETY: the parent passes its plan and waits.
    run_child(unsafe { &*p.cast::<Plan>() }, None)
}

fn shared(cx: &mut Ctx, p: &mut Plan) -> PyResult<i32> {
    let mut stack: Vec<u128> = Vec::new();
    if stack.try_reserve_exact(CHILD_STACK / 16).is_err() {
        return Err(cx.no_memory());
    }
    let r = cx.blocking(|| {
        let mut all: libc::sigset_t = sys::zeroed();
        sys::sigfillset(&mut all)?;
        p.mask = Some(sys::pthread_sigmask(libc::SIG_BLOCK, Some(&all))?);
        let arg: *mut Plan = p;
        // SAFETY: the stack is this call's own and ends at an aligned address; the thread waits until the child has
        // called exec or ended, so that plan and stack outlive its use of them.
        let r = sys::check(unsafe {
            let top = stack.as_mut_ptr().add(CHILD_STACK / 16);
            libc::clone(
                child_entry,
                top.cast(),
                libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
                arg.cast(),
            )
        });
        sys::pthread_sigmask(libc::SIG_SETMASK, p.mask.as_ref())?;
        r
    });
    match r {
        Ok(pid) => Ok(pid),
        Err(e) => Err(raise_errno(cx, e)),
    }
}

// ---------------------------------------------------------------------------------------------------- in the child

/// Where the child failed.
struct Failed(c_int, &'static [u8]);

/// The child. Only calls that are safe between fork and exec from here on; no allocation.
fn run_child(p: &Plan, preexec: Option<&mut dyn FnMut() -> bool>) -> ! {
    let Failed(e, msg) = prepare(p, preexec).err().unwrap_or_else(|| Failed(run_program(p), b""));
    report(p.errpipe_write, e, msg);
    sys::exit_now(255)
}

/// Writes the failure to the error pipe.
fn report(fd: c_int, e: c_int, msg: &[u8]) {
    if e == 0 {
        let _ = sys::write(fd, b"SubprocessError:0:");
    } else {
        let mut hex = [0u8; 8];
        let mut n = 0;
        for shift in (0..8).rev() {
            let digit = (e >> (shift * 4)) & 15;
            if digit != 0 || n > 0 || shift == 0 {
                if let (Some(to), Some(c)) = (hex.get_mut(n), b"0123456789ABCDEF".get(digit as usize)) {
                    *to = *c;
                }
                n += 1;
            }
        }
        let _ = sys::write(fd, b"OSError:");
        let _ = sys::write(fd, hex.get(..n).unwrap_or(b"0"));
        let _ = sys::write(fd, b":");
    }
    let _ = sys::write(fd, msg);
}

fn prepare(p: &Plan, preexec: Option<&mut dyn FnMut() -> bool>) -> Result<(), Failed> {
    if let Some(mask) = &p.mask {
        reset_handlers();
        let _ = sys::pthread_sigmask(libc::SIG_SETMASK, Some(mask));
    }
    descriptors(p).map_err(|e| Failed(e, b"noexec"))?;
    if let Some(d) = &p.cwd {
        sys::chdir(d).map_err(|e| Failed(e, b"noexec:chdir"))?;
    }
    let fail = |e| Failed(e, b"noexec");
    if p.umask >= 0 {
        let _ = sys::umask(p.umask as libc::mode_t);
    }
    if p.restore_signals {
        for s in [libc::SIGPIPE, libc::SIGXFSZ] {
            // SAFETY: the default is a valid action.
            unsafe { libc::signal(s, libc::SIG_DFL) };
        }
    }
    if p.setsid {
        sys::setsid().map_err(fail)?;
    }
    if p.pgid >= 0 {
        sys::setpgid(0, p.pgid).map_err(fail)?;
    }
    // System calls of the kernel's own from here on: those of the C library change all threads, which in shared memory are
    // the parent's.
    if let Some(g) = &p.groups {
        raw(libc::SYS_setgroups, [g.len() as i64, g.as_ptr() as i64, 0]).map_err(fail)?;
    }
    if let Some(g) = p.gid {
        raw(libc::SYS_setregid, [g.into(), g.into(), 0]).map_err(fail)?;
    }
    if let Some(u) = p.uid {
        raw(libc::SYS_setreuid, [u.into(), u.into(), 0]).map_err(fail)?;
    }
    if let Some(f) = preexec
        && !f()
    {
        return Err(Failed(0, b"Exception occurred in preexec_fn."));
    }
    if p.close_fds {
        close_others(&p.keep);
    }
    Ok(())
}

fn raw(n: libc::c_long, a: [i64; 3]) -> sys::SysResult<i64> {
    // SAFETY: numbers, and for setgroups the address and length of a vector.
    sys::check(unsafe { libc::syscall(n, a[0], a[1], a[2]) })
}

/// Handlers would run on memory that is the parent's too: back to the default.
fn reset_handlers() {
    for s in 1..65 {
        let mut act = sys::uninit::<libc::sigaction>();
        // SAFETY: reads an action; the default is a valid one.
        unsafe {
            if libc::sigaction(s, std::ptr::null(), act.as_mut_ptr()) == 0 {
                let h = act.assume_init().sa_sigaction;
                if h != libc::SIG_DFL && h != libc::SIG_IGN {
                    libc::signal(s, libc::SIG_DFL);
                }
            }
        }
    }
}

/// Puts the pipes' ends in place of the standard descriptors.
fn descriptors(p: &Plan) -> sys::SysResult<()> {
    for fd in p.keep.iter().filter(|fd| **fd != p.errpipe_write) {
        let _ = crate::posix::fd::set_cloexec(*fd, false);
    }
    let [p2cread, p2cwrite, c2pread, mut c2pwrite, errread, mut errwrite] = p.pipes;
    for fd in [p2cwrite, c2pread, errread] {
        if fd >= 0 {
            sys::close(fd)?;
        }
    }
    // An end that lies where a later one belongs moves out of the way.
    if c2pwrite == 0 {
        c2pwrite = sys::dup(c2pwrite)?;
        crate::posix::fd::set_cloexec(c2pwrite, true)?;
    }
    while errwrite == 0 || errwrite == 1 {
        errwrite = sys::dup(errwrite)?;
        crate::posix::fd::set_cloexec(errwrite, true)?;
    }
    for (from, to) in [(p2cread, 0), (c2pwrite, 1), (errwrite, 2)] {
        if from == to {
            crate::posix::fd::set_cloexec(from, false)?;
        } else if from != -1 {
            sys::dup2(from, to)?;
        }
    }
    Ok(())
}

/// Closes the descriptors from 3 on that are not kept.
fn close_others(keep: &[c_int]) {
    let mut start = 3;
    for fd in keep.iter().filter(|fd| **fd >= 3) {
        if *fd > start {
            sys::close_range(start, fd - 1);
        }
        start = fd + 1;
    }
    sys::close_range(start, c_int::MAX);
}

/// Runs the first executable that can be; the error of the last one that is there.
fn run_program(p: &Plan) -> c_int {
    let none: [*const c_char; 1] = [std::ptr::null()];
    let argv = p.argv.as_ref().map_or(none.as_ptr(), CStrings::as_ptr);
    let mut saved = 0;
    let mut last = libc::ENOENT;
    for e in &p.executables {
        // SAFETY: null-terminated arrays of strings.
        unsafe {
            match &p.env {
                Some(env) => libc::execve(e.as_ptr(), argv, env.as_ptr()),
                None => libc::execv(e.as_ptr(), argv),
            };
        }
        last = sys::errno();
        if last != libc::ENOENT && last != libc::ENOTDIR && saved == 0 {
            saved = last;
        }
    }
    if saved != 0 { saved } else { last }
}
