//! Scheduling: priorities, policies, affinity, namespaces.

use super::state::{OsState, new_record, sched_priority};
use crate::support::{done, int, none};
use crate::sys;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{IntRef, MethodDef};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{iter, methods, next, set_add};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Adds to the process's niceness; the new one.
    "nice(increment, /)" => nice;
    /// A scheduling priority.
    "getpriority(which, who)" => getpriority;
    /// Sets a scheduling priority.
    "setpriority(which, who, priority)" => setpriority;
    /// The largest priority of a policy.
    "sched_get_priority_max(policy)" => priority_max;
    /// The smallest priority of a policy.
    "sched_get_priority_min(policy)" => priority_min;
    /// The policy of a process.
    "sched_getscheduler(pid, /)" => getscheduler;
    /// Sets policy and parameter of a process.
    "sched_setscheduler(pid, policy, param, /)" => setscheduler;
    /// The scheduling parameter of a process.
    "sched_getparam(pid, /)" => getparam;
    /// Sets the scheduling parameter of a process.
    "sched_setparam(pid, param, /)" => setparam;
    /// The time slice of a process, in seconds.
    "sched_rr_get_interval(pid, /)" => rr_interval;
    /// Lets others run.
    "sched_yield()" => yield_now;
    /// Sets the processors that a process may run on.
    "sched_setaffinity(pid, mask, /)" => setaffinity;
    /// The processors that a process may run on.
    "sched_getaffinity(pid, /)" => getaffinity;
    /// Moves the thread to a namespace.
    "setns(fd, nstype=0)" => setns;
    /// Gives the process namespaces of its own.
    "unshare(flags)" => unshare;
];

fn value(cx: &mut Ctx, r: sys::SysResult<i32>) -> PyResult {
    let n = done(cx, r)?;
    Ok(cx.int(i64::from(n)))
}

fn nice(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let by = int(cx, a[0])?;
    value(cx, sys::nice(by))
}

fn getpriority(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (which, who) = (int(cx, a[0])?, int(cx, a[1])?);
    value(cx, sys::getpriority(which, who as u32))
}

fn setpriority(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (which, who, prio) = (int(cx, a[0])?, int(cx, a[1])?, int(cx, a[2])?);
    none(cx, sys::setpriority(which, who as u32, prio))
}

fn priority_max(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let policy = int(cx, a[0])?;
    value(cx, sys::sched_get_priority_max(policy))
}

fn priority_min(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let policy = int(cx, a[0])?;
    value(cx, sys::sched_get_priority_min(policy))
}

fn getscheduler(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let pid = int(cx, a[0])?;
    value(cx, sys::sched_getscheduler(pid))
}

fn param(cx: &mut Ctx, v: Value) -> PyResult<libc::sched_param> {
    Ok(libc::sched_param { sched_priority: sched_priority(cx, v)? })
}

fn setscheduler(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (pid, policy) = (int(cx, a[0])?, int(cx, a[1])?);
    let p = param(cx, a[2])?;
    none(cx, sys::sched_setscheduler(pid, policy, &p))
}

fn getparam(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let pid = int(cx, a[0])?;
    let mut p: libc::sched_param = sys::zeroed();
    done(cx, sys::sched_getparam(pid, &mut p))?;
    let v = cx.int(i64::from(p.sched_priority));
    new_record(cx, |s: &OsState| &s.sched_param, &[v])
}

fn setparam(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let pid = int(cx, a[0])?;
    let p = param(cx, a[1])?;
    none(cx, sys::sched_setparam(pid, &p))
}

fn rr_interval(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let pid = int(cx, a[0])?;
    let mut t: libc::timespec = sys::zeroed();
    done(cx, sys::sched_rr_get_interval(pid, &mut t))?;
    Ok(cx.float(t.tv_sec as f64 + 1e-9 * t.tv_nsec as f64))
}

fn yield_now(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let r = cx.blocking(sys::sched_yield);
    none(cx, r)
}

fn setaffinity(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let pid = int(cx, a[0])?;
    let it = iter(cx, a[1])?;
    let mut mask: Vec<u64> = vec![0; 16];
    while let Some(v) = next(cx, it)? {
        let Some(r) = IntRef::of(v) else {
            let msg = format!(
                "expected an iterator of ints, but iterator yielded {}",
                protopy_vm::ops::tp_name(cx, v)
            );
            return Err(cx.type_error(&msg));
        };
        let cpu = match r.to_i64().and_then(|n| usize::try_from(n).ok()) {
            Some(n) if n < i32::MAX as usize - 1 => n,
            _ if r.signum() < 0 => return Err(cx.value_error("negative CPU number")),
            _ => return Err(cx.raise_str(Ty::OverflowError, "CPU number too large")),
        };
        let word = cpu / 64;
        if word >= mask.len() {
            if mask.try_reserve(word + 1 - mask.len()).is_err() {
                return Err(cx.no_memory());
            }
            mask.resize(word + 1, 0);
        }
        mask[word] |= 1 << (cpu % 64);
    }
    none(cx, sys::sched_setaffinity(pid, &mask))
}

fn getaffinity(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let pid = int(cx, a[0])?;
    let mut mask: Vec<u64> = vec![0; 16];
    loop {
        match sys::sched_getaffinity(pid, &mut mask) {
            // The kernel knows more processors than the mask has room for.
            Err(libc::EINVAL) if mask.len() < 1 << 16 => {
                let n = mask.len() * 2;
                mask.resize(n, 0);
            }
            r => {
                done(cx, r)?;
                break;
            }
        }
    }
    let set = cx.set();
    if let Some(s) = DictObj::of_set(set) {
        for (i, w) in mask.iter().enumerate() {
            for bit in (0..64).filter(|b| w >> b & 1 != 0) {
                let n = cx.int_usize(i * 64 + bit);
                set_add(cx, s, n)?;
            }
        }
    }
    Ok(set)
}

fn setns(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = crate::support::fileno(cx, a[0])?;
    let kind = int(cx, a[1])?;
    none(cx, sys::setns(fd, kind))
}

fn unshare(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let flags = int(cx, a[0])?;
    none(cx, sys::unshare(flags))
}
