//! `times` and `utime`.

use super::stat::{at_flag, no_dir_with_fd, no_links_with_fd};
use super::state::{OsState, new_record};
use crate::clock::{NS, Round, to_timespec};
use crate::support::{call_path, dir_fd, dir_fd_value, done, long, path_or_fd, truth};
use crate::sys;
use protopy_vm::protocore::layouts::{MethodDef, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Value};
use protopy_vm::{BinOp, audit, binary_op, methods};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Times of the process and its children, in seconds.
    "times()" => times;
    /// Sets the times of access and modification of a file: now, or times in seconds, or ns in nanoseconds.
    "utime(path, times=None, *, ns=<unrepresentable>, dir_fd=None, follow_symlinks=True)" => utime;
];

fn times(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let mut t: libc::tms = sys::zeroed();
    let elapsed = done(cx, sys::times(&mut t))?;
    let tick = sys::sysconf(libc::_SC_CLK_TCK).unwrap_or(100).max(1) as f64;
    let v =
        [t.tms_utime, t.tms_stime, t.tms_cutime, t.tms_cstime, elapsed].map(|n| cx.float(n as f64 / tick));
    new_record(cx, |s: &OsState| &s.times, &v)
}

/// Seconds and the rest of a number of nanoseconds, by Python's `divmod`.
fn split_ns(cx: &mut Ctx, v: Value) -> PyResult<libc::timespec> {
    if let Some(n) = v.as_small() {
        return Ok(libc::timespec { tv_sec: n.div_euclid(NS), tv_nsec: n.rem_euclid(NS) });
    }
    let billion = cx.int(NS);
    let qr = binary_op(cx, BinOp::DivMod, v, billion)?;
    let [q, r] = TupleObj::of(qr).map_or(&[][..], |t| t.items()) else {
        let msg = format!(
            "{}.__divmod__() must return a 2-tuple, not {}",
            protopy_vm::ops::tp_name(cx, v),
            protopy_vm::ops::tp_name(cx, qr)
        );
        return Err(cx.type_error(&msg));
    };
    Ok(libc::timespec { tv_sec: long(cx, *q)?, tv_nsec: long(cx, *r)? })
}

fn two(v: Value) -> Option<(Value, Value)> {
    match TupleObj::of(v)?.items() {
        [a, b] => Some((*a, *b)),
        _ => None,
    }
}

fn utime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd(cx, a[0], "utime")?;
    let (given, ns) = (a[1].not_none(), a[2].bound());
    let dir = dir_fd(cx, a[3])?;
    let follow = truth(cx, a[4])?;
    let times = match (given, ns) {
        (Some(_), Some(_)) => {
            return Err(cx.value_error("utime: you may specify either 'times' or 'ns' but not both"));
        }
        (Some(t), None) => {
            let Some((x, y)) = two(t) else {
                return Err(cx.type_error("utime: 'times' must be either a tuple of two ints or None"));
            };
            Some([to_timespec(cx, x, Round::Floor)?, to_timespec(cx, y, Round::Floor)?])
        }
        (None, Some(t)) => {
            let Some((x, y)) = two(t) else {
                return Err(cx.type_error("utime: 'ns' must be a tuple of two ints"));
            };
            Some([split_ns(cx, x)?, split_ns(cx, y)?])
        }
        (None, None) => None,
    };
    no_dir_with_fd(cx, &p, dir, "utime")?;
    no_links_with_fd(cx, &p, follow, "utime")?;
    let d = dir_fd_value(cx, dir);
    audit(cx, "os.utime", &[p.object, a[1], ns.unwrap_or(Value::NONE), d])?;
    call_path(cx, &p, || match p.fd {
        Some(fd) => sys::futimens(fd, times.as_ref()),
        None => sys::utimensat(dir, p.c(), times.as_ref(), at_flag(follow)),
    })?;
    Ok(Value::NONE)
}
