//! The system and the process: names, limits, random bytes, terminals' sizes, devices, the environment.

use super::state::{OsState, new_record};
use crate::support::{call, done, fs_name, fs_value, int, int_or, none, path_or_fd, ssize};
use crate::sys;
use protopy_vm::protocore::layouts::{FloatObj, IntRef, MethodDef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{audit, errors::strerror as error_text, index, methods};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// The environment of the process as a dict of bytes.
    "_create_environ()" => create_environ;
    /// Sets an environment variable.
    "putenv(name, value, /)" => putenv;
    /// Removes an environment variable.
    "unsetenv(name, /)" => unsetenv;
    /// Name, release and machine of the system.
    "uname()" => uname;
    /// A limit of the system; -1 for none.
    "sysconf(name, /)" => sysconf;
    /// A string of the system's configuration, None if it has none of that name.
    "confstr(name, /)" => confstr;
    /// A limit of a file system.
    "pathconf(path, name)" => pathconf;
    /// A limit of an open file.
    "fpathconf(fd, name, /)" => fpathconf;
    /// The text for an error number.
    "strerror(code, /)" => strerror;
    /// Random bytes of the system, fit for cryptography.
    "urandom(size, /)" => urandom;
    /// Random bytes of the system.
    "getrandom(size, flags=0)" => getrandom;
    /// The number of processors, None if that is not known.
    "cpu_count()" => cpu_count;
    /// Whether something is to be called while the interactive prompt waits for input: nothing can be.
    "_is_inputhook_installed()" => |_, _| Ok(Value::FALSE);
    /// Average numbers of runnable processes over the last 1, 5 and 15 minutes.
    "getloadavg()" => getloadavg;
    /// Columns and lines of a terminal.
    "get_terminal_size(fd=<unrepresentable>, /)" => get_terminal_size;
    /// The encoding of a terminal, None for other descriptors.
    "device_encoding(fd)" => device_encoding;
    /// The name of the controlling terminal.
    "ctermid()" => ctermid;
    /// The major number of a device.
    "major(device, /)" => major;
    /// The minor number of a device.
    "minor(device, /)" => minor;
    /// The device of a major and a minor number.
    "makedev(major, minor, /)" => makedev;
];

fn create_environ(cx: &mut Ctx, _: &[Value]) -> PyResult {
    super::environ_dict(cx)
}

fn putenv(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (name, value) = (fs_name(cx, a[0])?, fs_name(cx, a[1])?);
    if name.to_bytes().contains(&b'=') {
        return Err(cx.value_error("illegal environment variable name"));
    }
    let (n, v) = (cx.bytes(name.to_bytes())?, cx.bytes(value.to_bytes())?);
    audit(cx, "os.putenv", &[n, v])?;
    none(cx, sys::setenv(&name, &value, 1))
}

fn unsetenv(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = fs_name(cx, a[0])?;
    let n = cx.bytes(name.to_bytes())?;
    audit(cx, "os.unsetenv", &[n])?;
    none(cx, sys::unsetenv(&name))
}

fn uname(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let mut u: libc::utsname = sys::zeroed();
    done(cx, sys::uname(&mut u))?;
    let mut v = [Value::NONE; 5];
    for (to, field) in v.iter_mut().zip([&u.sysname, &u.nodename, &u.release, &u.version, &u.machine]) {
        *to = fs_value(cx, &sys::chars_until_nul(field), false)?;
    }
    new_record(cx, |s: &OsState| &s.uname, &v)
}

/// A configuration name, given by number or by text.
fn config_name(cx: &mut Ctx, v: Value, table: &[(&str, i64)]) -> PyResult<i32> {
    if let Some(s) = StrObj::of(v) {
        return match table.iter().find(|(n, _)| s.eq_str(n)).and_then(|(_, v)| i32::try_from(*v).ok()) {
            Some(n) => Ok(n),
            None => Err(cx.value_error("unrecognized configuration name")),
        };
    }
    if IntRef::of(v).is_none() && cx.type_of(v).slots.index.address() == 0 {
        return Err(cx.type_error("configuration names must be strings or integers"));
    }
    int(cx, v)
}

/// The answer of a configuration call: -1 is an error only if errno says so.
fn limit(cx: &mut Ctx, mut f: impl FnMut() -> sys::SysResult<i64>) -> PyResult<Result<i64, i32>> {
    let r = cx.blocking(|| {
        sys::set_errno(0);
        f()
    });
    Ok(match r {
        Err(0) => Ok(-1),
        r => r,
    })
}

fn sysconf(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = config_name(cx, a[0], super::consts::SYSCONF)?;
    let r = limit(cx, || sys::sysconf(n))?;
    let v = done(cx, r)?;
    Ok(cx.int(v))
}

fn confstr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = config_name(cx, a[0], super::consts::CONFSTR)?;
    match done(cx, sys::confstr(n))? {
        Some(b) => fs_value(cx, &b, false),
        None => Ok(Value::NONE),
    }
}

fn pathconf(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd(cx, a[0], "pathconf")?;
    let n = config_name(cx, a[1], super::consts::PATHCONF)?;
    let r = limit(cx, || match p.fd {
        Some(fd) => sys::fpathconf(fd, n),
        None => sys::pathconf(p.c(), n),
    })?;
    let v = match r {
        Ok(v) => v,
        // EINVAL is about the name, not the path.
        Err(libc::EINVAL) => done(cx, Err(libc::EINVAL))?,
        Err(e) => return Err(p.error(cx, e)),
    };
    Ok(cx.int(v))
}

fn fpathconf(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = crate::support::fileno(cx, a[0])?;
    let n = config_name(cx, a[1], super::consts::PATHCONF)?;
    let r = limit(cx, || sys::fpathconf(fd, n))?;
    let v = done(cx, r)?;
    Ok(cx.int(v))
}

fn strerror(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = int(cx, a[0])?;
    Ok(cx.str(&error_text(n)))
}

fn urandom(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = ssize(cx, a[0])?;
    let Ok(n) = usize::try_from(n) else { return Err(cx.value_error("negative argument not allowed")) };
    let mut b = Vec::new();
    if b.try_reserve_exact(n).is_err() {
        return Err(cx.no_memory());
    }
    b.resize(n, 0);
    let mut at = 0;
    while at < n {
        let rest = &mut b[at..];
        let end = rest.len().min(1 << 20);
        at += call(cx, || sys::getrandom(&mut rest[..end], 0))?.unsigned_abs();
    }
    cx.bytes(&b)
}

fn getrandom(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = ssize(cx, a[0])?;
    let flags = int(cx, a[1])?;
    let Ok(n) = usize::try_from(n) else { return done(cx, Err(libc::EINVAL)) };
    let mut b = Vec::new();
    if b.try_reserve_exact(n).is_err() {
        return Err(cx.no_memory());
    }
    b.resize(n, 0);
    let got = call(cx, || sys::getrandom(&mut b, flags as u32))?;
    cx.bytes(&b[..got.unsigned_abs()])
}

fn cpu_count(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let asked = protopy_vm::settings::of(cx).cpu_count.load(std::sync::atomic::Ordering::Relaxed);
    if asked > 0 {
        return Ok(cx.int(asked));
    }
    match sys::sysconf(libc::_SC_NPROCESSORS_ONLN) {
        Ok(n) if n > 0 => Ok(cx.int(n)),
        _ => Ok(Value::NONE),
    }
}

fn getloadavg(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let Some(avg) = sys::loadavg() else {
        return Err(cx.raise_str(Ty::OSError, "Load averages are unobtainable"));
    };
    let v = avg.map(|f| cx.float(f));
    cx.tuple_of(None, &v)
}

fn get_terminal_size(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int_or(cx, a[0], 1)?;
    let mut w: libc::winsize = sys::zeroed();
    let r = cx.blocking(|| sys::ioctl_with(fd, libc::TIOCGWINSZ, &mut w));
    done(cx, r)?;
    let v = [cx.int(i64::from(w.ws_col)), cx.int(i64::from(w.ws_row))];
    new_record(cx, |s: &OsState| &s.terminal, &v)
}

fn device_encoding(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    match cx.blocking(|| sys::isatty(fd)) {
        Ok(1) => Ok(cx.str("utf-8")),
        _ => Ok(Value::NONE),
    }
}

fn ctermid(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(cx.str("/dev/tty"))
}

/// A device number; -1 stands for the largest, "no device".
pub(super) fn device(cx: &mut Ctx, v: Value) -> PyResult<libc::dev_t> {
    if FloatObj::of(v).is_some() {
        return Err(cx.type_error("'float' object cannot be interpreted as an integer"));
    }
    let n = index(cx, v)?;
    match IntRef::of(n) {
        Some(IntRef::Small(-1)) => Ok(libc::dev_t::MAX),
        Some(r) if r.signum() < 0 => {
            Err(cx.raise_str(Ty::OverflowError, "can't convert negative int to unsigned"))
        }
        Some(IntRef::Small(n)) => Ok(n as u64),
        Some(IntRef::Big(b)) => match u64::try_from(b) {
            Ok(n) => Ok(n),
            Err(_) => Err(cx.raise_str(Ty::OverflowError, "int too big to convert")),
        },
        None => Ok(0),
    }
}

fn part(cx: &mut Ctx, dev: libc::dev_t, n: u32) -> PyResult {
    if dev == libc::dev_t::MAX { Ok(Value::small(-1)) } else { Ok(cx.int(i64::from(n))) }
}

fn major(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let dev = device(cx, a[0])?;
    part(cx, dev, libc::major(dev))
}

fn minor(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let dev = device(cx, a[0])?;
    part(cx, dev, libc::minor(dev))
}

fn makedev(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (x, y) = (device(cx, a[0])?, device(cx, a[1])?);
    if x == libc::dev_t::MAX && y == libc::dev_t::MAX {
        return Ok(Value::small(-1));
    }
    match (u32::try_from(x), u32::try_from(y)) {
        (Ok(x), Ok(y)) => Ok(cx.int_u64(libc::makedev(x, y))),
        _ => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C unsigned int")),
    }
}
