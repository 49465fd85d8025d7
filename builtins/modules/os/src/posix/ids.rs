//! Users, groups, process groups and sessions.

use crate::support::{call, done, gid, id_value, int, list_from, none, sequence, str_arg, uid};
use crate::sys;
use protopy_vm::methods;
use protopy_vm::protocore::layouts::{IntRef, MethodDef};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// The process's id.
    "getpid()" => getpid;
    /// The parent's id.
    "getppid()" => getppid;
    /// The real user id.
    "getuid()" => getuid;
    /// The effective user id.
    "geteuid()" => geteuid;
    /// The real group id.
    "getgid()" => getgid;
    /// The effective group id.
    "getegid()" => getegid;
    /// Real, effective and saved user id.
    "getresuid()" => getresuid;
    /// Real, effective and saved group id.
    "getresgid()" => getresgid;
    /// Sets the user id.
    "setuid(uid, /)" => setuid;
    /// Sets the effective user id.
    "seteuid(euid, /)" => seteuid;
    /// Sets the group id.
    "setgid(gid, /)" => setgid;
    /// Sets the effective group id.
    "setegid(egid, /)" => setegid;
    /// Sets the real and effective user id.
    "setreuid(ruid, euid, /)" => setreuid;
    /// Sets the real and effective group id.
    "setregid(rgid, egid, /)" => setregid;
    /// Sets the real, effective and saved user id.
    "setresuid(ruid, euid, suid, /)" => setresuid;
    /// Sets the real, effective and saved group id.
    "setresgid(rgid, egid, sgid, /)" => setresgid;
    /// The supplementary groups.
    "getgroups()" => getgroups;
    /// Sets the supplementary groups.
    "setgroups(groups, /)" => setgroups;
    /// The groups of a user, with one more.
    "getgrouplist(user, group, /)" => getgrouplist;
    /// Sets the supplementary groups to those of a user, with one more.
    "initgroups(username, gid, /)" => initgroups;
    /// The name of the user who is logged in.
    "getlogin()" => getlogin;
    /// The process group of a process.
    "getpgid(pid)" => getpgid;
    /// The process group.
    "getpgrp()" => getpgrp;
    /// Moves a process to a process group.
    "setpgid(pid, pgrp, /)" => setpgid;
    /// Makes the process the leader of a group of its own.
    "setpgrp()" => setpgrp;
    /// The session of a process.
    "getsid(pid, /)" => getsid;
    /// Makes the process the leader of a session of its own.
    "setsid()" => setsid;
    /// Sets the mask of permissions that new files do not get; the one before.
    "umask(mask, /)" => umask;
];

macro_rules! getters {
    ($($f:ident: $conv:expr;)*) => { $(
        fn $f(cx: &mut Ctx, _: &[Value]) -> PyResult {
            let n = done(cx, sys::$f())?;
            Ok($conv(cx, n))
        }
    )* };
}

fn pid_value(cx: &mut Ctx, n: i32) -> Value {
    cx.int(i64::from(n))
}

getters! {
    getpid: pid_value;
    getppid: pid_value;
    getpgrp: pid_value;
    getuid: id_value;
    geteuid: id_value;
    getgid: id_value;
    getegid: id_value;
}

macro_rules! setters {
    ($($f:ident($($conv:ident),*);)*) => { $(
        fn $f(cx: &mut Ctx, a: &[Value]) -> PyResult {
            #[allow(unused_mut, unused_variables)]
            let mut args = a.iter().copied();
            let r = sys::$f($($conv(cx, args.next().unwrap_or(Value::NONE))?),*);
            none(cx, r)
        }
    )* };
}

setters! {
    setuid(uid);
    seteuid(uid);
    setgid(gid);
    setegid(gid);
    setreuid(uid, uid);
    setregid(gid, gid);
    setresuid(uid, uid, uid);
    setresgid(gid, gid, gid);
    setpgid(int, int);
    setsid();
}

fn triple(cx: &mut Ctx, ids: [u32; 3]) -> PyResult {
    let v = ids.map(|n| id_value(cx, n));
    cx.tuple_of(None, &v)
}

fn getresuid(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let (mut r, mut e, mut s) = (0, 0, 0);
    done(cx, sys::getresuid(&mut r, &mut e, &mut s))?;
    triple(cx, [r, e, s])
}

fn getresgid(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let (mut r, mut e, mut s) = (0, 0, 0);
    done(cx, sys::getresgid(&mut r, &mut e, &mut s))?;
    triple(cx, [r, e, s])
}

fn getgroups(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let g = done(cx, sys::getgroups())?;
    list_from(cx, g, |cx, n| Ok(id_value(cx, n)))
}

fn setgroups(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let items = sequence(cx, a[0], "setgroups argument must be a sequence")?;
    if items.len() > 65536 {
        return Err(cx.value_error("too many groups"));
    }
    let mut groups = Vec::with_capacity(items.len());
    for i in 0..items.len() {
        let Some(v) = items.get(i) else { break };
        if IntRef::of(v).is_none() {
            return Err(cx.type_error("groups must be integers"));
        }
        groups.push(gid(cx, v)?);
    }
    none(cx, sys::setgroups(&groups))
}

fn getgrouplist(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let user = str_arg(cx, a[0], "getgrouplist", "argument 1")?;
    let g = gid(cx, a[1])?;
    let groups = call(cx, || sys::getgrouplist(&user, g))?;
    list_from(cx, groups, |cx, n| Ok(id_value(cx, n)))
}

fn initgroups(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let user = crate::support::fs_name(cx, a[0])?;
    let g = gid(cx, a[1])?;
    call(cx, || sys::initgroups(&user, g))?;
    Ok(Value::NONE)
}

fn getlogin(cx: &mut Ctx, _: &[Value]) -> PyResult {
    match sys::getlogin() {
        Ok(n) => crate::support::fs_value(cx, &n, false),
        Err(0) => Err(cx.raise_str(Ty::OSError, "unable to determine login name")),
        Err(e) => done(cx, Err(e)),
    }
}

fn getpgid(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let pid = int(cx, a[0])?;
    let n = done(cx, sys::getpgid(pid))?;
    Ok(pid_value(cx, n))
}

fn getsid(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let pid = int(cx, a[0])?;
    let n = done(cx, sys::getsid(pid))?;
    Ok(pid_value(cx, n))
}

fn setpgrp(cx: &mut Ctx, _: &[Value]) -> PyResult {
    none(cx, sys::setpgid(0, 0))
}

fn umask(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let mask = int(cx, a[0])?;
    let old = done(cx, sys::umask(mask as libc::mode_t))?;
    Ok(cx.int(i64::from(old)))
}
