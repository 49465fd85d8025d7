//! Signals to processes, `exec`, `system`, `_exit`.

use crate::support::{Path, done, fs_name, int, path, path_or_fd, unsigned};
use crate::sys::{self, CStrings};
use protopy_vm::protocore::layouts::{ListObj, MethodDef, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::settings::{limited, limits};
use protopy_vm::{ValueVec, audit, call_method, len, methods, to_vec};
use std::ffi::CString;

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Sends a signal to a process.
    "kill(pid, signal, /)" => kill;
    /// Sends a signal to a process group.
    "killpg(pgid, signal, /)" => killpg;
    /// Ends the process at once.
    "_exit(status)" => exit;
    /// Ends the process by SIGABRT.
    "abort()" => abort;
    /// Runs a program in place of this one.
    "execv(path, argv, /)" => execv;
    /// Runs a program in place of this one, with an environment.
    "execve(path, argv, env)" => execve;
    /// Runs a command in a shell; its wait status.
    "system(command)" => system;
    /// A descriptor for a process.
    "pidfd_open(pid, flags=0)" => pidfd_open;
];

fn kill(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (pid, sig) = (int(cx, a[0])?, int(cx, a[1])?);
    let (p, s) = (cx.int(i64::from(pid)), cx.int(i64::from(sig)));
    audit(cx, "os.kill", &[p, s])?;
    done(cx, sys::kill(pid, sig))?;
    // A signal to this process has arrived already.
    cx.safepoint()?;
    Ok(Value::NONE)
}

fn killpg(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (pid, sig) = (int(cx, a[0])?, int(cx, a[1])?);
    let (p, s) = (cx.int(i64::from(pid)), cx.int(i64::from(sig)));
    audit(cx, "os.killpg", &[p, s])?;
    done(cx, sys::killpg(pid, sig))?;
    cx.safepoint()?;
    Ok(Value::NONE)
}

fn exit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let status = int(cx, a[0])?;
    sys::exit_now(status)
}

fn abort(_: &mut Ctx, _: &[Value]) -> PyResult {
    std::process::abort()
}

/// The strings of an argument vector.
pub(super) fn arguments(cx: &mut Ctx, argv: Value, func: &str) -> PyResult<CStrings> {
    let items = to_vec(cx, argv)?;
    if items.is_empty() {
        return Err(cx.value_error(&format!("{func} must not be empty")));
    }
    let strings = names(cx, &items)?;
    if strings.first().is_some_and(|s| s.is_empty()) {
        return Err(cx.value_error(&format!("{func} first element cannot be empty")));
    }
    Ok(CStrings::new(strings))
}

fn names(cx: &mut Ctx, items: &ValueVec) -> PyResult<Vec<CString>> {
    let mut out = Vec::with_capacity(items.len());
    for i in 0..items.len() {
        let Some(v) = items.get(i) else { break };
        out.push(fs_name(cx, v)?);
    }
    Ok(out)
}

/// The "NAME=value" strings of an environment mapping.
pub(super) fn environment(cx: &mut Ctx, env: Value) -> PyResult<CStrings> {
    len(cx, env)?;
    let keys = call_method(cx, env, "keys", &[])?;
    let keys = to_vec(cx, keys)?;
    let values = call_method(cx, env, "values", &[])?;
    let values = to_vec(cx, values)?;
    let mut out = Vec::with_capacity(keys.len());
    for i in 0..keys.len() {
        let (Some(k), Some(v)) = (keys.get(i), values.get(i)) else { break };
        let (k, v) = (fs_name(cx, k)?, fs_name(cx, v)?);
        if k.is_empty() || k.to_bytes().iter().skip(1).any(|b| *b == b'=') {
            return Err(cx.value_error("illegal environment variable name"));
        }
        let mut b = k.into_bytes();
        b.push(b'=');
        b.extend_from_slice(v.to_bytes());
        out.push(crate::support::c_string(cx, b)?);
    }
    Ok(CStrings::new(out))
}

/// Whether a value counts as a mapping for `env` arguments.
pub(super) fn is_mapping(cx: &Ctx, v: Value) -> bool {
    cx.type_of(v).slots.getitem.address() != 0
}

fn check_argv(cx: &mut Ctx, argv: Value, msg: &str) -> PyResult<()> {
    if ListObj::of(argv).is_none() && TupleObj::of(argv).is_none() {
        return Err(cx.type_error(msg));
    }
    Ok(())
}

fn may_exec(cx: &mut Ctx) -> PyResult<()> {
    if limited(cx, limits::NO_EXEC) {
        let msg = "exec not supported for isolated subinterpreters";
        return Err(cx.raise_str(Ty::RuntimeError, msg));
    }
    Ok(())
}

fn execv(cx: &mut Ctx, a: &[Value]) -> PyResult {
    may_exec(cx)?;
    let p = path(cx, a[0], "execv", "path")?;
    check_argv(cx, a[1], "execv() arg 2 must be a tuple or list")?;
    let argv = arguments(cx, a[1], "execv() arg 2")?;
    audit(cx, "os.exec", &[p.object, a[1], Value::NONE])?;
    let e = sys::execv(p.c(), &argv);
    done(cx, Err(e))
}

fn execve(cx: &mut Ctx, a: &[Value]) -> PyResult {
    may_exec(cx)?;
    let p: Path = path_or_fd(cx, a[0], "execve")?;
    check_argv(cx, a[1], "execve: argv must be a tuple or list")?;
    if !is_mapping(cx, a[2]) {
        return Err(cx.type_error("execve: environment must be a mapping object"));
    }
    let argv = arguments(cx, a[1], "execve: argv")?;
    let env = environment(cx, a[2])?;
    audit(cx, "os.exec", &[p.object, a[1], a[2]])?;
    let e = match p.fd {
        Some(fd) => sys::fexecve(fd, &argv, &env),
        None => sys::execve(p.c(), &argv, &env),
    };
    Err(p.error(cx, e))
}

fn system(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let command = fs_name(cx, a[0])?;
    let c = cx.bytes(command.to_bytes())?;
    audit(cx, "os.system", &[c])?;
    // `system` has its own way with signals; its answer is a status, -1 included.
    let r = cx.blocking(|| sys::system(&command));
    Ok(cx.int(i64::from(r.unwrap_or(-1))))
}

fn pidfd_open(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let pid = int(cx, a[0])?;
    let flags = unsigned(cx, a[1])?;
    let fd = done(cx, sys::pidfd_open(pid, flags))?;
    // Children do not inherit it: the kernel sees to that.
    Ok(cx.int(fd))
}
