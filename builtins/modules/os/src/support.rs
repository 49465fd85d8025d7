//! What the modules share: arguments of system calls, the retry after a signal, raising.

use crate::sys::SysResult;
use protopy_vm::codec::{FsPath, fs_encode_no_nul, fs_path_arg, fspath};
use protopy_vm::interp::liveness::called_plainly;
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::sync::Waiting;
use protopy_vm::{index, index_i64, lookup_attr_str, raise_os, raise_os_files, set_attr_str};
use std::ffi::{CStr, CString};

/// Runs a call that may block in a blocking scope; after EINTR signal handlers run, and it is tried again.
pub fn retry<T>(cx: &mut Ctx, mut f: impl FnMut() -> SysResult<T>) -> PyResult<SysResult<T>> {
    loop {
        match cx.blocking(&mut f) {
            Err(libc::EINTR) => cx.safepoint()?,
            r => return Ok(r),
        }
    }
}

/// As [`retry`]; a failure raises OSError.
pub fn call<T>(cx: &mut Ctx, f: impl FnMut() -> SysResult<T>) -> PyResult<T> {
    match retry(cx, f)? {
        Ok(v) => Ok(v),
        Err(e) => Err(raise_os(cx, e, None)),
    }
}

/// As [`retry`] for a method that does nothing but wait; see [`Waiting`].
pub fn retry_plainly<T>(
    cx: &mut Ctx,
    who: Waiting,
    mut f: impl FnMut() -> SysResult<T>,
) -> PyResult<SysResult<T>> {
    let plain = called_plainly(cx, who.0, who.1);
    loop {
        let r = if plain { cx.blocking_plainly(&mut f) } else { cx.blocking(&mut f) };
        match r {
            Err(libc::EINTR) => cx.scanned_whole(Ctx::safepoint)?,
            r => return Ok(r),
        }
    }
}

/// As [`call`]; the OSError names the path.
pub fn call_path<T>(cx: &mut Ctx, path: &Path, f: impl FnMut() -> SysResult<T>) -> PyResult<T> {
    match retry(cx, f)? {
        Ok(v) => Ok(v),
        Err(e) => Err(path.error(cx, e)),
    }
}

/// As [`call`]; the OSError names two paths.
pub fn call_paths<T>(cx: &mut Ctx, a: &Path, b: &Path, f: impl FnMut() -> SysResult<T>) -> PyResult<T> {
    match retry(cx, f)? {
        Ok(v) => Ok(v),
        Err(e) => Err(raise_os_files(cx, e, Some(a.object), Some(b.object))),
    }
}

/// Raises OSError for the failure of a call that does not block.
pub fn done<T>(cx: &mut Ctx, r: SysResult<T>) -> PyResult<T> {
    match r {
        Ok(v) => Ok(v),
        Err(e) => Err(raise_os(cx, e, None)),
    }
}

/// `done` for calls whose answer is None.
pub fn none<T>(cx: &mut Ctx, r: SysResult<T>) -> PyResult {
    done(cx, r).map(|_| Value::NONE)
}

/// A path argument: a name or a descriptor.
pub struct Path {
    /// The name; empty for a descriptor.
    pub name: CString,
    /// The descriptor.
    pub fd: Option<i32>,
    /// What errors name.
    pub object: Value,
    /// Whether results are bytes.
    pub is_bytes: bool,
}

impl Path {
    /// Raises OSError naming the path.
    #[cold]
    pub fn error(&self, cx: &mut Ctx, errno: i32) -> Raised {
        let o = self.object.not_none();
        raise_os(cx, errno, o)
    }

    /// The name for C.
    pub fn c(&self) -> &CStr {
        &self.name
    }

    fn from_fs(cx: &mut Ctx, p: FsPath) -> PyResult<Path> {
        match p {
            FsPath::Fd(fd) => {
                let object = cx.int(i64::from(fd));
                Ok(Path { name: CString::default(), fd: Some(fd), object, is_bytes: false })
            }
            FsPath::Name { bytes, object, is_bytes } => {
                Ok(Path { name: c_string(cx, bytes)?, fd: None, object, is_bytes })
            }
        }
    }
}

/// A NUL-terminated copy; ValueError if there is a NUL inside.
pub fn c_string(cx: &mut Ctx, b: Vec<u8>) -> PyResult<CString> {
    match CString::new(b) {
        Ok(c) => Ok(c),
        Err(_) => Err(cx.value_error("embedded null byte")),
    }
}

/// A path argument.
pub fn path(cx: &mut Ctx, v: Value, func: &str, arg: &str) -> PyResult<Path> {
    match fs_path_arg(cx, v, func, arg, false, false)? {
        Some(p) => Path::from_fs(cx, p),
        None => unreachable!("not nullable"),
    }
}

/// A path or descriptor argument.
pub fn path_or_fd(cx: &mut Ctx, v: Value, func: &str) -> PyResult<Path> {
    match fs_path_arg(cx, v, func, "path", true, false)? {
        Some(p) => Path::from_fs(cx, p),
        None => unreachable!("not nullable"),
    }
}

/// A path or descriptor argument; the current directory for None.
pub fn path_or_fd_or_none(cx: &mut Ctx, v: Value, func: &str) -> PyResult<Path> {
    match fs_path_arg(cx, v, func, "path", true, true)? {
        Some(p) => Path::from_fs(cx, p),
        None => Ok(Path { name: c".".to_owned(), fd: None, object: Value::NONE, is_bytes: false }),
    }
}

/// A name for the system as `os.fsencode` makes it.
pub fn fs_name(cx: &mut Ctx, v: Value) -> PyResult<CString> {
    let o = fspath(cx, v)?;
    let b = fs_encode_no_nul(cx, o)?;
    c_string(cx, b)
}

/// A str argument in UTF-8; TypeError "func() argument n must be str, not T".
pub fn str_arg(cx: &mut Ctx, v: Value, func: &str, n: &str) -> PyResult<CString> {
    if StrObj::of(v).is_none() {
        let msg = format!("{func}() {n} must be str, not {}", none_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    let b = fs_encode_no_nul_text(cx, v)?;
    c_string(cx, b)
}

fn fs_encode_no_nul_text(cx: &mut Ctx, v: Value) -> PyResult<Vec<u8>> {
    let b = protopy_vm::codec::fs_encode(cx, v)?;
    if b.contains(&0) {
        return Err(cx.value_error("embedded null character"));
    }
    Ok(b)
}

/// The type's name as argument errors give it: "None" for None.
pub fn none_name(cx: &mut Ctx, v: Value) -> String {
    if v.is_none() { "None".into() } else { protopy_vm::ops::tp_name(cx, v) }
}

fn ranged<T: TryFrom<i64>>(cx: &mut Ctx, v: Value, kind: &str) -> PyResult<T> {
    // The common case first.
    if let Some(n) = v.as_small()
        && let Ok(n) = T::try_from(n)
    {
        return Ok(n);
    }
    let n = index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64).and_then(|n| T::try_from(n).ok()) {
        Some(n) => Ok(n),
        None => {
            let msg = format!("Python int too large to convert to C {kind}");
            Err(cx.raise_str(Ty::OverflowError, &msg))
        }
    }
}

/// A C int.
pub fn int(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    ranged(cx, v, "int")
}

/// A C int with a default for an omitted argument.
pub fn int_or(cx: &mut Ctx, v: Value, default: i32) -> PyResult<i32> {
    match v.bound() {
        Some(v) => int(cx, v),
        None => Ok(default),
    }
}

/// A C long, also an offset.
pub fn long(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    ranged(cx, v, "long")
}

/// A C ssize_t.
pub fn ssize(cx: &mut Ctx, v: Value) -> PyResult<isize> {
    ranged(cx, v, "ssize_t")
}

/// A C unsigned int.
pub fn unsigned(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    let n = index(cx, v)?;
    match IntRef::of(n) {
        Some(r) if r.signum() < 0 => Err(cx.value_error("Cannot convert negative int")),
        Some(r) => match r.to_i64().and_then(|n| u32::try_from(n).ok()) {
            Some(n) => Ok(n),
            None => Err(cx.raise_str(Ty::OverflowError, "Python int too large for C unsigned int")),
        },
        None => Ok(0),
    }
}

/// A C unsigned int that takes the low bits of any number (a mask).
pub fn mask(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    Ok(big_bits(cx, v)? as u32)
}

/// The low 64 bits of an int in two's complement.
pub fn big_bits(cx: &mut Ctx, v: Value) -> PyResult<u64> {
    let n = index(cx, v)?;
    Ok(match IntRef::of(n) {
        Some(IntRef::Small(n)) => n as u64,
        Some(IntRef::Big(b)) => {
            let low = b.iter_u64_digits().next().unwrap_or(0);
            if b.sign() == num_bigint::Sign::Minus { low.wrapping_neg() } else { low }
        }
        None => 0,
    })
}

/// An unsigned 64-bit number; OverflowError.
pub fn u64_arg(cx: &mut Ctx, v: Value) -> PyResult<u64> {
    let n = index(cx, v)?;
    match IntRef::of(n) {
        Some(r) if r.signum() < 0 => {
            Err(cx.raise_str(Ty::OverflowError, "can't convert negative value to unsigned int"))
        }
        Some(IntRef::Small(n)) => Ok(n as u64),
        Some(IntRef::Big(b)) => match u64::try_from(b) {
            Ok(n) => Ok(n),
            Err(_) => Err(cx.raise_str(Ty::OverflowError, "int too big to convert")),
        },
        None => Ok(0),
    }
}

/// A user or group id; -1 is "leave as it is".
fn id_arg(cx: &mut Ctx, v: Value, what: &str) -> PyResult<u32> {
    if IntRef::of(v).is_none() && cx.type_of(v).slots.index.address() == 0 {
        let msg = format!("{what} should be integer, not {}", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    let n = index(cx, v)?;
    let r = IntRef::of(n).unwrap_or(IntRef::Small(0));
    match r.to_i64() {
        Some(-1) => Ok(u32::MAX),
        Some(n) => match u32::try_from(n) {
            Ok(n) => Ok(n),
            Err(_) => Err(cx.raise_str(Ty::OverflowError, &format!("{what} is less than minimum"))),
        },
        None => {
            let end = if r.signum() < 0 { "less than minimum" } else { "greater than maximum" };
            Err(cx.raise_str(Ty::OverflowError, &format!("{what} is {end}")))
        }
    }
}

/// A user id.
pub fn uid(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    id_arg(cx, v, "uid")
}

/// A group id.
pub fn gid(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    id_arg(cx, v, "gid")
}

/// An id as Python sees it: -1 for the largest.
pub fn id_value(cx: &mut Ctx, id: u32) -> Value {
    if id == u32::MAX { Value::small(-1) } else { cx.int(i64::from(id)) }
}

/// A `dir_fd` argument: `AT_FDCWD` for None.
pub fn dir_fd(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    if v.is_none() || v.is_unbound() {
        return Ok(libc::AT_FDCWD);
    }
    if cx.type_of(v).slots.index.address() == 0 {
        let msg = format!("argument should be integer or None, not {}", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    if v.is_bool() {
        protopy_vm::warn(cx, Ty::RuntimeWarning, "bool is used as a file descriptor", 1)?;
    }
    let n = index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64) {
        Some(n) => match i32::try_from(n) {
            Ok(n) => Ok(n),
            Err(_) if n > 0 => Err(cx.raise_str(Ty::OverflowError, "fd is greater than maximum")),
            Err(_) => Err(cx.raise_str(Ty::OverflowError, "fd is less than minimum")),
        },
        None => Err(cx.raise_str(Ty::OverflowError, "fd is greater than maximum")),
    }
}

/// How audit events name a `dir_fd`: -1 for the default.
pub fn dir_fd_value(cx: &mut Ctx, fd: i32) -> Value {
    cx.int(if fd == libc::AT_FDCWD { -1 } else { i64::from(fd) })
}

/// A descriptor given as int or by a `fileno()` method.
pub fn fileno(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    let n = if IntRef::of(v).is_some() {
        if v.is_bool() {
            protopy_vm::warn(cx, Ty::RuntimeWarning, "bool is used as a file descriptor", 1)?;
        }
        v
    } else {
        match lookup_attr_str(cx, v, "fileno")? {
            Some(m) => {
                let n = protopy_vm::call(cx, m, &[])?;
                if IntRef::of(n).is_none() {
                    return Err(cx.type_error("fileno() returned a non-integer"));
                }
                n
            }
            None => return Err(cx.type_error("argument must be an int, or have a fileno() method.")),
        }
    };
    let fd = int(cx, n)?;
    if fd < 0 {
        let msg = format!("file descriptor cannot be a negative integer ({fd})");
        return Err(cx.value_error(&msg));
    }
    Ok(fd)
}

/// A str of the file system for bytes, or the bytes themselves.
pub fn fs_value(cx: &mut Ctx, b: &[u8], is_bytes: bool) -> PyResult {
    if is_bytes { cx.bytes(b) } else { protopy_vm::codec::fs_decode(cx, b) }
}

/// The truth of an argument.
pub fn truth(cx: &mut Ctx, v: Value) -> PyResult<bool> {
    protopy_vm::is_true(cx, v)
}

/// A list of fresh values made one by one.
pub fn list_from<T>(
    cx: &mut Ctx,
    items: impl IntoIterator<Item = T>,
    mut f: impl FnMut(&mut Ctx, T) -> PyResult,
) -> PyResult {
    let mut out = protopy_vm::ValueVec::new(cx);
    for i in items {
        let v = f(cx, i)?;
        out.push(cx, v)?;
    }
    Ok(out.into_list())
}

/// Sets integer attributes of a module.
pub fn set_ints(cx: &mut Ctx, module: Value, table: &[(&str, i64)]) -> PyResult<()> {
    for (n, v) in table {
        let v = cx.int(*v);
        set_attr_str(cx, module, n, v)?;
    }
    Ok(())
}

/// A dict of names and numbers.
pub fn int_dict(cx: &mut Ctx, table: &[(&str, i64)]) -> PyResult {
    let d = cx.dict();
    if let Some(o) = protopy_vm::dict_of(d) {
        for (n, v) in table {
            let (n, v) = (cx.str(n), cx.int(*v));
            protopy_vm::dict_set(cx, o, n, v)?;
        }
    }
    Ok(d)
}

/// A non-negative index-like argument as i64, for callers with their own overflow error.
pub fn plain_i64(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    index_i64(cx, v, Ty::OverflowError)
}

/// An int of nanoseconds from seconds and nanoseconds.
pub fn nanoseconds(cx: &mut Ctx, sec: i64, nsec: i64) -> Value {
    match sec.checked_mul(1_000_000_000).and_then(|n| n.checked_add(nsec)) {
        Some(n) => cx.int(n),
        None => cx.bigint(num_bigint::BigInt::from(sec) * 1_000_000_000 + nsec),
    }
}

/// Calls the macro-made tables of constants: names of `libc`, then names with their own values.
#[macro_export]
macro_rules! constants {
    ($($n:ident)* ; $($m:literal = $v:expr,)*) => {
        &[$((stringify!($n), libc::$n as i64),)* $(($m, $v as i64),)*]
    };
}

/// The items of a sequence argument (anything indexable but dicts); TypeError with `msg`.
pub fn sequence(cx: &mut Ctx, v: Value, msg: &str) -> PyResult<protopy_vm::ValueVec> {
    if cx.type_of(v).slots.getitem.address() == 0 || cx.is_instance(v, Ty::Dict) {
        return Err(cx.type_error(msg));
    }
    protopy_vm::to_vec(cx, v)
}

/// Raises OSError for an error number.
#[cold]
pub fn raise_errno(cx: &mut Ctx, e: i32) -> Raised {
    raise_os(cx, e, None)
}
