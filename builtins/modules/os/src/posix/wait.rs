//! Waiting for children, and their statuses.

use super::state::{OsState, new_record};
use crate::support::{call, int};
use crate::sys;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::structseq::new_structseq;
use protopy_vm::{import_attr, methods};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Waits for a child; its id and status.
    "wait()" => wait;
    /// Waits for a given child; its id and status.
    "waitpid(pid, options, /)" => waitpid;
    /// Waits for a child; its id, status and resource usage.
    "wait3(options)" => wait3;
    /// Waits for a given child; its id, status and resource usage.
    "wait4(pid, options)" => wait4;
    /// Waits for one or more children.
    "waitid(idtype, id, options, /)" => waitid;
    /// The exit code in a wait status; minus the signal's number for a child that a signal ended.
    "waitstatus_to_exitcode(status)" => to_exitcode;
    /// Whether the child dumped core.
    "WCOREDUMP(status, /)" => wcoredump;
    /// Whether the child goes on after a stop.
    "WIFCONTINUED(status)" => wifcontinued;
    /// Whether the child is stopped.
    "WIFSTOPPED(status)" => wifstopped;
    /// Whether a signal ended the child.
    "WIFSIGNALED(status)" => wifsignaled;
    /// Whether the child ended by itself.
    "WIFEXITED(status)" => wifexited;
    /// The child's exit code.
    "WEXITSTATUS(status)" => wexitstatus;
    /// The signal that ended the child.
    "WTERMSIG(status)" => wtermsig;
    /// The signal that stopped the child.
    "WSTOPSIG(status)" => wstopsig;
];

fn pid_status(cx: &mut Ctx, pid: i32, status: i32) -> PyResult {
    let (p, s) = (cx.int(i64::from(pid)), cx.int(i64::from(status)));
    cx.tuple_of(None, &[p, s])
}

fn wait(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let mut status = 0;
    let pid = call(cx, || sys::wait4(-1, &mut status, 0, None))?;
    pid_status(cx, pid, status)
}

fn waitpid(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (pid, options) = (int(cx, a[0])?, int(cx, a[1])?);
    let mut status = 0;
    let pid = call(cx, || sys::wait4(pid, &mut status, options, None))?;
    pid_status(cx, pid, status)
}

fn with_usage(cx: &mut Ctx, pid: i32, options: i32) -> PyResult {
    let mut status = 0;
    let mut ru: libc::rusage = sys::zeroed();
    let pid = call(cx, || sys::wait4(pid, &mut status, options, Some(&mut ru)))?;
    let usage = rusage(cx, &ru)?;
    let (p, s) = (cx.int(i64::from(pid)), cx.int(i64::from(status)));
    cx.tuple_of(None, &[p, s, usage])
}

/// A `resource.struct_rusage`.
pub(crate) fn rusage(cx: &mut Ctx, ru: &libc::rusage) -> PyResult {
    let s = cx.space().state::<OsState>();
    let t = match s.rusage.get() {
        Some(t) => t,
        None => {
            let t = import_attr(cx, "resource", "struct_rusage")?;
            s.rusage.init(Some(t));
            t
        }
    };
    let time = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 * 1e-6;
    let mut v = [Value::NONE; 16];
    v[0] = cx.float(time(ru.ru_utime));
    v[1] = cx.float(time(ru.ru_stime));
    let counts = [
        ru.ru_maxrss,
        ru.ru_ixrss,
        ru.ru_idrss,
        ru.ru_isrss,
        ru.ru_minflt,
        ru.ru_majflt,
        ru.ru_nswap,
        ru.ru_inblock,
        ru.ru_oublock,
        ru.ru_msgsnd,
        ru.ru_msgrcv,
        ru.ru_nsignals,
        ru.ru_nvcsw,
        ru.ru_nivcsw,
    ];
    for (to, n) in v.iter_mut().skip(2).zip(counts) {
        *to = cx.int(n);
    }
    new_structseq(cx, t, &v)
}

fn wait3(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let options = int(cx, a[0])?;
    with_usage(cx, -1, options)
}

fn wait4(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (pid, options) = (int(cx, a[0])?, int(cx, a[1])?);
    with_usage(cx, pid, options)
}

fn waitid(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (kind, id, options) = (int(cx, a[0])?, int(cx, a[1])?, int(cx, a[2])?);
    let mut info: libc::siginfo_t = sys::zeroed();
    call(cx, || sys::waitid(kind as u32, id as u32, &mut info, options))?;
    let f = sys::child_info(&info);
    if f.pid == 0 {
        return Ok(Value::NONE);
    }
    let v = [f.pid, f.uid, info.si_signo.into(), f.status, info.si_code.into()].map(|n| cx.int(n));
    new_record(cx, |s: &OsState| &s.waitid, &v)
}

fn to_exitcode(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let s = int(cx, a[0])?;
    if libc::WIFEXITED(s) {
        return Ok(cx.int(i64::from(libc::WEXITSTATUS(s))));
    }
    if libc::WIFSIGNALED(s) {
        return Ok(cx.int(-i64::from(libc::WTERMSIG(s))));
    }
    let msg = if libc::WIFSTOPPED(s) {
        format!("process stopped by delivery of signal {}", libc::WSTOPSIG(s))
    } else {
        format!("invalid wait status: {s}")
    };
    Err(cx.raise_str(Ty::ValueError, &msg))
}

macro_rules! status {
    ($($f:ident: $c:ident $conv:ident;)*) => { $(
        fn $f(cx: &mut Ctx, a: &[Value]) -> PyResult {
            let s = int(cx, a[0])?;
            Ok($conv(cx, libc::$c(s)))
        }
    )* };
}

fn flag(_: &mut Ctx, b: bool) -> Value {
    Value::bool(b)
}

fn number(cx: &mut Ctx, n: i32) -> Value {
    cx.int(i64::from(n))
}

status! {
    wcoredump: WCOREDUMP flag;
    wifcontinued: WIFCONTINUED flag;
    wifstopped: WIFSTOPPED flag;
    wifsignaled: WIFSIGNALED flag;
    wifexited: WIFEXITED flag;
    wexitstatus: WEXITSTATUS number;
    wtermsig: WTERMSIG number;
    wstopsig: WSTOPSIG number;
}
