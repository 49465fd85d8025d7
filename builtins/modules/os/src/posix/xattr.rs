//! Extended attributes.

use super::stat::no_links_with_fd;
use crate::support::{Path, call_path, fs_value, int, path, path_or_fd, path_or_fd_or_none, truth};
use crate::sys::{self, XattrOf};
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::{Ctx, PyResult, Value};
use protopy_vm::{audit, bytes_like, methods};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// The value of an extended attribute.
    "getxattr(path, attribute, *, follow_symlinks=True)" => getxattr;
    /// Sets an extended attribute.
    "setxattr(path, attribute, value, flags=0, *, follow_symlinks=True)" => setxattr;
    /// Removes an extended attribute.
    "removexattr(path, attribute, *, follow_symlinks=True)" => removexattr;
    /// The names of a file's extended attributes.
    "listxattr(path=None, *, follow_symlinks=True)" => listxattr;
];

fn of(p: &Path, follow: bool) -> XattrOf<'_> {
    match p.fd {
        Some(fd) => XattrOf::Fd(fd),
        None if follow => XattrOf::Path(p.c()),
        None => XattrOf::Link(p.c()),
    }
}

/// Calls with more and more room until the answer fits.
fn growing(
    cx: &mut Ctx,
    p: &Path,
    sizes: &[usize],
    f: impl Fn(&mut [u8]) -> sys::SysResult<isize>,
) -> PyResult<Vec<u8>> {
    call_path(cx, p, || {
        let mut last = Err(libc::ERANGE);
        for n in sizes {
            let mut b = vec![0; *n];
            last = f(&mut b).map(|n| {
                b.truncate(n.unsigned_abs());
                b
            });
            if !matches!(last, Err(libc::ERANGE)) {
                break;
            }
        }
        last
    })
}

fn getxattr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd(cx, a[0], "getxattr")?;
    let name = path(cx, a[1], "getxattr", "attribute")?;
    let follow = truth(cx, a[2])?;
    no_links_with_fd(cx, &p, follow, "getxattr")?;
    audit(cx, "os.getxattr", &[p.object, name.object])?;
    let v = growing(cx, &p, &[128, 65536], |b| sys::getxattr(of(&p, follow), name.c(), b))?;
    cx.bytes(&v)
}

fn setxattr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd(cx, a[0], "setxattr")?;
    let name = path(cx, a[1], "setxattr", "attribute")?;
    let value = bytes_like(cx, a[2])?;
    let flags = int(cx, a[3])?;
    let follow = truth(cx, a[4])?;
    no_links_with_fd(cx, &p, follow, "setxattr")?;
    let f = cx.int(i64::from(flags));
    audit(cx, "os.setxattr", &[p.object, name.object, a[2], f])?;
    call_path(cx, &p, || sys::setxattr(of(&p, follow), name.c(), &value, flags))?;
    Ok(Value::NONE)
}

fn removexattr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd(cx, a[0], "removexattr")?;
    let name = path(cx, a[1], "removexattr", "attribute")?;
    let follow = truth(cx, a[2])?;
    no_links_with_fd(cx, &p, follow, "removexattr")?;
    audit(cx, "os.removexattr", &[p.object, name.object])?;
    call_path(cx, &p, || sys::remove_xattr(of(&p, follow), name.c()))?;
    Ok(Value::NONE)
}

fn listxattr(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = path_or_fd_or_none(cx, a[0], "listxattr")?;
    let follow = truth(cx, a[1])?;
    no_links_with_fd(cx, &p, follow, "listxattr")?;
    audit(cx, "os.listxattr", &[p.object])?;
    let names = growing(cx, &p, &[256, 65536], |b| sys::listxattr(of(&p, follow), b))?;
    let names: Vec<&[u8]> = names.split(|b| *b == 0).filter(|n| !n.is_empty()).collect();
    crate::support::list_from(cx, names, |cx, n| fs_value(cx, n, false))
}
