//! `stat` and its kin, modes, owners, `access`.

use super::state::{OsState, new_record};
use crate::support::{
    Path, call, call_path, dir_fd, dir_fd_value, gid, int, nanoseconds, path, path_or_fd, truth, uid,
};
use crate::sys::{self, SysResult};
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{audit, methods};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Tells of a file, given by name or descriptor.
    ///
    /// dir_fd: descriptor of the directory that a relative path starts from.
    /// follow_symlinks: if False, a symbolic link itself is described.
    "stat(path, *, dir_fd=None, follow_symlinks=True)" => stat;
    /// As stat(), but describes a symbolic link itself.
    "lstat(path, *, dir_fd=None)" => lstat;
    /// Tells of an open file.
    "fstat(fd)" => fstat;
    /// Tells of the file system that a file is in.
    "statvfs(path)" => statvfs;
    /// Tells of the file system of an open file.
    "fstatvfs(fd)" => fstatvfs;
    /// Whether the process may access a file in a given way: F_OK, or R_OK, W_OK and X_OK together.
    "access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)" => access;
    /// Changes the permissions of a file.
    "chmod(path, mode, *, dir_fd=None, follow_symlinks=True)" => chmod;
    /// Changes the permissions of an open file.
    "fchmod(fd, mode)" => fchmod;
    /// Changes the owner and group of a file; -1 leaves one as it is.
    "chown(path, uid, gid, *, dir_fd=None, follow_symlinks=True)" => chown;
    /// Changes the owner and group of an open file.
    "fchown(fd, uid, gid)" => fchown;
    /// As chown(), but changes a symbolic link itself.
    "lchown(path, uid, gid)" => lchown;
];

/// A `stat_result`.
pub(super) fn stat_result(cx: &mut Ctx, st: &libc::stat) -> PyResult {
    let seconds = |s: i64, ns: i64| s as f64 + 1e-9 * ns as f64;
    let times =
        [(st.st_atime, st.st_atime_nsec), (st.st_mtime, st.st_mtime_nsec), (st.st_ctime, st.st_ctime_nsec)];
    let mut v = [Value::NONE; 19];
    v[0] = cx.int(i64::from(st.st_mode));
    v[1] = cx.int_u64(st.st_ino);
    v[2] = cx.int_u64(st.st_dev);
    v[3] = cx.int_u64(st.st_nlink);
    v[4] = crate::support::id_value(cx, st.st_uid);
    v[5] = crate::support::id_value(cx, st.st_gid);
    v[6] = cx.int(st.st_size);
    for (i, (s, ns)) in times.into_iter().enumerate() {
        v[7 + i] = cx.int(s);
        v[10 + i] = cx.float(seconds(s, ns));
        v[13 + i] = nanoseconds(cx, s, ns);
    }
    v[16] = cx.int(st.st_blksize);
    v[17] = cx.int(st.st_blocks);
    v[18] = cx.int_u64(st.st_rdev);
    new_record(cx, |s: &OsState| &s.stat, &v)
}

/// Refuses `dir_fd` with a descriptor as path.
pub(super) fn no_dir_with_fd(cx: &mut Ctx, p: &Path, dir: i32, func: &str) -> PyResult<()> {
    if p.fd.is_some() && dir != libc::AT_FDCWD {
        return Err(cx.value_error(&format!("{func}: can't specify dir_fd without matching path")));
    }
    Ok(())
}

/// Refuses `follow_symlinks=False` with a descriptor as path.
pub(super) fn no_links_with_fd(cx: &mut Ctx, p: &Path, follow: bool, func: &str) -> PyResult<()> {
    if p.fd.is_some() && !follow {
        return Err(cx.value_error(&format!("{func}: cannot use fd and follow_symlinks together")));
    }
    Ok(())
}

/// Flag of the `*at` calls.
pub(super) fn at_flag(follow: bool) -> i32 {
    if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW }
}

fn do_stat(cx: &mut Ctx, p: &Path, dir: i32, follow: bool, func: &str) -> PyResult {
    no_dir_with_fd(cx, p, dir, func)?;
    no_links_with_fd(cx, p, follow, func)?;
    let mut st: libc::stat = sys::zeroed();
    call_path(cx, p, || match p.fd {
        Some(fd) => sys::fstat(fd, &mut st),
        None => sys::fstatat(dir, p.c(), &mut st, at_flag(follow)),
    })?;
    stat_result(cx, &st)
}

fn stat(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd(cx, a[0], "stat")?;
    let dir = dir_fd(cx, a[1])?;
    let follow = truth(cx, a[2])?;
    do_stat(cx, &p, dir, follow, "stat")
}

fn lstat(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path(cx, a[0], "lstat", "path")?;
    let dir = dir_fd(cx, a[1])?;
    do_stat(cx, &p, dir, false, "lstat")
}

fn fstat(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let mut st: libc::stat = sys::zeroed();
    call(cx, || sys::fstat(fd, &mut st))?;
    stat_result(cx, &st)
}

fn statvfs_result(cx: &mut Ctx, st: &libc::statvfs) -> PyResult {
    let numbers = [
        st.f_bsize,
        st.f_frsize,
        st.f_blocks,
        st.f_bfree,
        st.f_bavail,
        st.f_files,
        st.f_ffree,
        st.f_favail,
        st.f_flag,
        st.f_namemax,
        st.f_fsid,
    ];
    let mut v = [Value::NONE; 11];
    for (to, n) in v.iter_mut().zip(numbers) {
        *to = cx.int_u64(n);
    }
    new_record(cx, |s: &OsState| &s.statvfs, &v)
}

fn statvfs(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd(cx, a[0], "statvfs")?;
    let mut st: libc::statvfs = sys::zeroed();
    call_path(cx, &p, || match p.fd {
        Some(fd) => sys::fstatvfs(fd, &mut st),
        None => sys::statvfs(p.c(), &mut st),
    })?;
    statvfs_result(cx, &st)
}

fn fstatvfs(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let mut st: libc::statvfs = sys::zeroed();
    call(cx, || sys::fstatvfs(fd, &mut st))?;
    statvfs_result(cx, &st)
}

fn access(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path(cx, a[0], "access", "path")?;
    let mode = int(cx, a[1])?;
    let dir = dir_fd(cx, a[2])?;
    let effective = truth(cx, a[3])?;
    let follow = truth(cx, a[4])?;
    let flags = if effective { libc::AT_EACCESS } else { 0 } | at_flag(follow);
    Ok(Value::bool(cx.blocking(|| sys::faccessat(dir, p.c(), mode, flags)).is_ok()))
}

fn chmod(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd(cx, a[0], "chmod")?;
    let mode = int(cx, a[1])?;
    let dir = dir_fd(cx, a[2])?;
    let follow = truth(cx, a[3])?;
    let (m, d) = (cx.int(i64::from(mode)), dir_fd_value(cx, dir));
    audit(cx, "os.chmod", &[p.object, m, d])?;
    let mode = mode as libc::mode_t;
    let r = crate::support::retry(cx, || match p.fd {
        Some(fd) => sys::fchmod(fd, mode),
        None => sys::fchmodat(dir, p.c(), mode, at_flag(follow)),
    })?;
    match r {
        Ok(_) => Ok(Value::NONE),
        // The system cannot change links: say so as an unsupported argument.
        Err(libc::EOPNOTSUPP) if !follow => {
            let msg = if dir == libc::AT_FDCWD {
                "chmod: follow_symlinks unavailable on this platform"
            } else {
                "chmod: cannot use dir_fd and follow_symlinks together"
            };
            let t = if dir == libc::AT_FDCWD { Ty::NotImplementedError } else { Ty::ValueError };
            Err(cx.raise_str(t, msg))
        }
        Err(e) => Err(p.error(cx, e)),
    }
}

fn fchmod(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let mode = int(cx, a[1])?;
    let (f, m) = (cx.int(i64::from(fd)), cx.int(i64::from(mode)));
    audit(cx, "os.chmod", &[f, m, Value::small(-1)])?;
    call(cx, || sys::fchmod(fd, mode as libc::mode_t))?;
    Ok(Value::NONE)
}

fn audit_chown(cx: &mut Ctx, file: Value, ids: (u32, u32), dir: i32) -> PyResult<()> {
    let (u, g) = (crate::support::id_value(cx, ids.0), crate::support::id_value(cx, ids.1));
    let d = dir_fd_value(cx, dir);
    audit(cx, "os.chown", &[file, u, g, d])
}

fn chown(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd(cx, a[0], "chown")?;
    let (u, g) = (uid(cx, a[1])?, gid(cx, a[2])?);
    let dir = dir_fd(cx, a[3])?;
    let follow = truth(cx, a[4])?;
    no_dir_with_fd(cx, &p, dir, "chown")?;
    no_links_with_fd(cx, &p, follow, "chown")?;
    audit_chown(cx, p.object, (u, g), dir)?;
    call_path(cx, &p, || -> SysResult<i32> {
        match p.fd {
            Some(fd) => sys::fchown(fd, u, g),
            None => sys::fchownat(dir, p.c(), u, g, at_flag(follow)),
        }
    })?;
    Ok(Value::NONE)
}

fn fchown(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let (u, g) = (uid(cx, a[1])?, gid(cx, a[2])?);
    let f = cx.int(i64::from(fd));
    audit_chown(cx, f, (u, g), libc::AT_FDCWD)?;
    call(cx, || sys::fchown(fd, u, g))?;
    Ok(Value::NONE)
}

fn lchown(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path(cx, a[0], "lchown", "path")?;
    let (u, g) = (uid(cx, a[1])?, gid(cx, a[2])?);
    audit_chown(cx, p.object, (u, g), libc::AT_FDCWD)?;
    call_path(cx, &p, || sys::fchownat(libc::AT_FDCWD, p.c(), u, g, libc::AT_SYMLINK_NOFOLLOW))?;
    Ok(Value::NONE)
}
