//! Names in directories: making, removing, renaming, linking; the working directory.

use crate::support::{
    call, call_path, call_paths, dir_fd, dir_fd_value, fileno, fs_value, int, path, path_or_fd, truth,
};
use crate::sys;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::{Ctx, PyResult, Value};
use protopy_vm::{audit, methods};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Makes a directory.
    "mkdir(path, mode=511, *, dir_fd=None)" => mkdir;
    /// Makes a FIFO.
    "mkfifo(path, mode=438, *, dir_fd=None)" => mkfifo;
    /// Makes a node in the file system: a file, device or FIFO.
    "mknod(path, mode=384, device=0, *, dir_fd=None)" => mknod;
    /// Removes an empty directory.
    "rmdir(path, *, dir_fd=None)" => rmdir;
    /// Removes a file.
    "remove(path, *, dir_fd=None)" => remove;
    /// Removes a file.
    "unlink(path, *, dir_fd=None)" => unlink;
    /// Renames a file or directory.
    "rename(src, dst, *, src_dir_fd=None, dst_dir_fd=None)" => rename;
    /// Renames a file or directory, in place of an existing one.
    "replace(src, dst, *, src_dir_fd=None, dst_dir_fd=None)" => replace;
    /// Makes another name for a file.
    "link(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)" => link;
    /// Makes a symbolic link dst that points to src.
    "symlink(src, dst, target_is_directory=False, *, dir_fd=None)" => symlink;
    /// Where a symbolic link points.
    "readlink(path, *, dir_fd=None)" => readlink;
    /// Changes the working directory.
    "chdir(path)" => chdir;
    /// Changes the working directory to that of a descriptor.
    "fchdir(fd)" => fchdir;
    /// Changes the root directory.
    "chroot(path)" => chroot;
    /// The working directory.
    "getcwd()" => getcwd;
    /// The working directory as bytes.
    "getcwdb()" => getcwdb;
];

fn mkdir(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path(cx, a[0], "mkdir", "path")?;
    let mode = int(cx, a[1])?;
    let dir = dir_fd(cx, a[2])?;
    let (m, d) = (cx.int(i64::from(mode)), dir_fd_value(cx, dir));
    audit(cx, "os.mkdir", &[p.object, m, d])?;
    call_path(cx, &p, || sys::mkdirat(dir, p.c(), mode as libc::mode_t))?;
    Ok(Value::NONE)
}

fn mkfifo(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path(cx, a[0], "mkfifo", "path")?;
    let mode = int(cx, a[1])?;
    let dir = dir_fd(cx, a[2])?;
    // The error names no file, as in CPython.
    call(cx, || sys::mkfifoat(dir, p.c(), mode as libc::mode_t))?;
    Ok(Value::NONE)
}

fn mknod(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path(cx, a[0], "mknod", "path")?;
    let mode = int(cx, a[1])?;
    let dev = super::info::device(cx, a[2])?;
    let dir = dir_fd(cx, a[3])?;
    call(cx, || sys::mknodat(dir, p.c(), mode as libc::mode_t, dev))?;
    Ok(Value::NONE)
}

fn unlinkat(cx: &mut Ctx, a: &[Value], func: &str, event: &str, flags: i32) -> PyResult {
    let p = path(cx, a[0], func, "path")?;
    let dir = dir_fd(cx, a[1])?;
    let d = dir_fd_value(cx, dir);
    audit(cx, event, &[p.object, d])?;
    call_path(cx, &p, || sys::unlinkat(dir, p.c(), flags))?;
    Ok(Value::NONE)
}

fn rmdir(cx: &mut Ctx, a: &[Value]) -> PyResult {
    unlinkat(cx, a, "rmdir", "os.rmdir", libc::AT_REMOVEDIR)
}

fn remove(cx: &mut Ctx, a: &[Value]) -> PyResult {
    unlinkat(cx, a, "remove", "os.remove", 0)
}

fn unlink(cx: &mut Ctx, a: &[Value]) -> PyResult {
    unlinkat(cx, a, "unlink", "os.remove", 0)
}

fn renameat(cx: &mut Ctx, a: &[Value], func: &str) -> PyResult {
    let src = path(cx, a[0], func, "src")?;
    let dst = path(cx, a[1], func, "dst")?;
    let (sd, dd) = (dir_fd(cx, a[2])?, dir_fd(cx, a[3])?);
    let (x, y) = (dir_fd_value(cx, sd), dir_fd_value(cx, dd));
    audit(cx, "os.rename", &[src.object, dst.object, x, y])?;
    call_paths(cx, &src, &dst, || sys::renameat(sd, src.c(), dd, dst.c()))?;
    Ok(Value::NONE)
}

fn rename(cx: &mut Ctx, a: &[Value]) -> PyResult {
    renameat(cx, a, "rename")
}

fn replace(cx: &mut Ctx, a: &[Value]) -> PyResult {
    renameat(cx, a, "replace")
}

fn link(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let src = path(cx, a[0], "link", "src")?;
    let dst = path(cx, a[1], "link", "dst")?;
    let (sd, dd) = (dir_fd(cx, a[2])?, dir_fd(cx, a[3])?);
    let follow = truth(cx, a[4])?;
    let (x, y) = (dir_fd_value(cx, sd), dir_fd_value(cx, dd));
    audit(cx, "os.link", &[src.object, dst.object, x, y])?;
    let flags = if follow { libc::AT_SYMLINK_FOLLOW } else { 0 };
    call_paths(cx, &src, &dst, || sys::linkat(sd, src.c(), dd, dst.c(), flags))?;
    Ok(Value::NONE)
}

fn symlink(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let src = path(cx, a[0], "symlink", "src")?;
    let dst = path(cx, a[1], "symlink", "dst")?;
    truth(cx, a[2])?;
    let dir = dir_fd(cx, a[3])?;
    let d = dir_fd_value(cx, dir);
    audit(cx, "os.symlink", &[src.object, dst.object, d])?;
    call_paths(cx, &src, &dst, || sys::symlinkat(src.c(), dir, dst.c()))?;
    Ok(Value::NONE)
}

fn readlink(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path(cx, a[0], "readlink", "path")?;
    let dir = dir_fd(cx, a[1])?;
    let to = call_path(cx, &p, || sys::readlinkat(dir, p.c()))?;
    fs_value(cx, &to, p.is_bytes)
}

fn chdir(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd(cx, a[0], "chdir")?;
    audit(cx, "os.chdir", &[p.object])?;
    call_path(cx, &p, || match p.fd {
        Some(fd) => sys::fchdir(fd),
        None => sys::chdir(p.c()),
    })?;
    Ok(Value::NONE)
}

fn fchdir(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = fileno(cx, a[0])?;
    let v = cx.int(i64::from(fd));
    audit(cx, "os.chdir", &[v])?;
    call(cx, || sys::fchdir(fd))?;
    Ok(Value::NONE)
}

fn chroot(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path(cx, a[0], "chroot", "path")?;
    call_path(cx, &p, || sys::chroot(p.c()))?;
    Ok(Value::NONE)
}

fn getcwd(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let d = call(cx, sys::getcwd)?;
    fs_value(cx, &d, false)
}

fn getcwdb(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let d = call(cx, sys::getcwd)?;
    cx.bytes(&d)
}
