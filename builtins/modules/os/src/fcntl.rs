//! The module `fcntl`.
#![allow(unsafe_code)]

use crate::consts::fcntl::CONSTANTS;
use crate::support::{big_bits, call, done, fileno, int, long, set_ints, truth};
use crate::sys;
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{ModuleSpec, audit, bytes_like, exc_matches, get_buffer, has_buffer, methods};

/// `fcntl`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "fcntl",
    doc: "Control of files and descriptors: fcntl(), ioctl() and locks.",
    functions: methods![functions:
        /// Does an operation on a descriptor. arg is a number, or bytes in the place of a C structure; then the
        /// changed bytes are returned.
        "fcntl(fd, cmd, arg=0, /)" => fcntl;
        /// Does an operation on a device. arg is a number, or bytes in the place of a C structure; a writable buffer is
        /// changed in place if mutate_flag is true.
        "ioctl(fd, request, arg=0, mutate_flag=True, /)" => ioctl;
        /// Locks or unlocks a file as flock() does.
        "flock(fd, operation, /)" => flock;
        /// Locks or unlocks a part of a file as fcntl() does.
        "lockf(fd, cmd, len=0, start=0, whence=0, /)" => lockf;
    ],
    init: Some(|cx, m| set_ints(cx, m, CONSTANTS)),
};

/// Largest structure that is copied.
const ROOM: usize = 1024;

/// A copy of a structure with room behind it for what the system may write.
struct Copied {
    bytes: [u8; ROOM + 64],
    len: usize,
}

impl Copied {
    fn of(cx: &mut Ctx, b: &[u8], func: &str) -> PyResult<Copied> {
        let mut bytes = [0; ROOM + 64];
        match bytes[..ROOM].get_mut(..b.len()) {
            Some(to) => to.copy_from_slice(b),
            None => return Err(cx.value_error(&format!("{func} argument 3 is too long"))),
        }
        Ok(Copied { bytes, len: b.len() })
    }

    fn used(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

fn wrong_arg(cx: &mut Ctx, v: Value, func: &str) -> protopy_vm::protocore::Raised {
    let msg = format!(
        "{func}() argument 3 must be an integer, a bytes-like object, or a string, not {}",
        protopy_vm::ops::tp_name(cx, v)
    );
    cx.type_error(&msg)
}

fn is_number(cx: &Ctx, v: Value) -> bool {
    IntRef::of(v).is_some() || (cx.type_of(v).slots.index.address() != 0 && !has_buffer(cx, v))
}

fn structure(cx: &mut Ctx, v: Value, func: &str) -> PyResult<Copied> {
    if let Some(s) = StrObj::of(v) {
        let text = s.to_utf8().unwrap_or_default();
        return Copied::of(cx, text.as_bytes(), func);
    }
    if !has_buffer(cx, v) {
        return Err(wrong_arg(cx, v, func));
    }
    let b = bytes_like(cx, v)?;
    Copied::of(cx, &b, func)
}

fn fcntl(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    let cmd = int(cx, a[1])?;
    let (f, c) = (cx.int(i64::from(fd)), cx.int(i64::from(cmd)));
    audit(cx, "fcntl.fcntl", &[f, c, a[2]])?;
    if is_number(cx, a[2]) {
        let arg = big_bits(cx, a[2])? as u32 as i32;
        let n = call(cx, || sys::fcntl(fd, cmd, arg.into()))?;
        return Ok(cx.int(i64::from(n)));
    }
    let mut b = structure(cx, a[2], "fcntl")?;
    // SAFETY: the structure has room for more than any command writes.
    call(cx, || sys::check(unsafe { libc::fcntl(fd, cmd, b.bytes.as_mut_ptr()) }))?;
    cx.bytes(b.used())
}

fn ioctl(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    let request = big_bits(cx, a[1])? as libc::Ioctl;
    let mutate = truth(cx, a[3])?;
    let (f, c) = (cx.int(i64::from(fd)), cx.int_u64(request as u64));
    audit(cx, "fcntl.ioctl", &[f, c, a[2]])?;
    if is_number(cx, a[2]) {
        let arg = long(cx, a[2])?;
        // SAFETY: as in C, the request decides what the number means; requests that want an address fail on numbers.
        let n = call(cx, || sys::check(unsafe { libc::ioctl(fd, request, arg) }))?;
        return Ok(cx.int(i64::from(n)));
    }
    if mutate && has_buffer(cx, a[2]) && StrObj::of(a[2]).is_none() {
        match get_buffer(cx, a[2], true) {
            Ok(pin) => return in_place(cx, fd, request, pin),
            Err(r) => {
                // What cannot be written is copied.
                let e = cx.take_raised(r);
                if !exc_matches(cx, e, Ty::BufferError) {
                    return Err(cx.set_raised(e));
                }
            }
        }
    }
    let mut b = structure(cx, a[2], "ioctl")?;
    // SAFETY: the structure has room for more than requests of its size write.
    call(cx, || sys::check(unsafe { libc::ioctl(fd, request, b.bytes.as_mut_ptr()) }))?;
    cx.bytes(b.used())
}

fn in_place(cx: &mut Ctx, fd: i32, request: libc::Ioctl, pin: protopy_vm::BufferGuard) -> PyResult {
    let r = if pin.len <= ROOM {
        let old = pin.read_at(0, pin.len);
        let mut b = Copied::of(cx, &old, "ioctl")?;
        let r = crate::support::retry(cx, || {
            // SAFETY: as above.
            sys::check(unsafe { libc::ioctl(fd, request, b.bytes.as_mut_ptr()) })
        });
        pin.write_at(0, b.used());
        r
    } else {
        let p = pin.ptr;
        // SAFETY: the export pins the memory; its size is the program's concern, as in C.
        crate::support::retry(cx, || sys::check(unsafe { libc::ioctl(fd, request, p) }))
    };
    let waiting = r.map_err(|r| cx.take_raised(r));
    pin.release(cx);
    match waiting {
        Ok(r) => {
            let n = done(cx, r)?;
            Ok(cx.int(i64::from(n)))
        }
        Err(e) => Err(cx.set_raised(e)),
    }
}

fn flock(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    let op = int(cx, a[1])?;
    let (f, o) = (cx.int(i64::from(fd)), cx.int(i64::from(op)));
    audit(cx, "fcntl.flock", &[f, o])?;
    call(cx, || sys::flock(fd, op))?;
    Ok(Value::NONE)
}

fn lockf(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    let op = int(cx, a[1])?;
    let whence = int(cx, a[4])?;
    let (f, o, w) = (cx.int(i64::from(fd)), cx.int(i64::from(op)), cx.int(i64::from(whence)));
    audit(cx, "fcntl.lockf", &[f, o, a[2], a[3], w])?;
    let kind = if op == libc::LOCK_UN {
        libc::F_UNLCK
    } else if op & libc::LOCK_SH != 0 {
        libc::F_RDLCK
    } else if op & libc::LOCK_EX != 0 {
        libc::F_WRLCK
    } else {
        return Err(cx.value_error("unrecognized lockf argument"));
    };
    let mut l: libc::flock = sys::zeroed();
    l.l_type = kind as libc::c_short;
    l.l_whence = whence as libc::c_short;
    l.l_start = long(cx, a[3])?;
    l.l_len = long(cx, a[2])?;
    let cmd = if op & libc::LOCK_NB != 0 { libc::F_SETLK } else { libc::F_SETLKW };
    // SAFETY: these commands read the structure.
    call(cx, || sys::check(unsafe { libc::fcntl(fd, cmd, &l) }))?;
    Ok(Value::NONE)
}
