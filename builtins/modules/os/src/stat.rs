//! The module `_stat`: tests of file modes.

use crate::constants;
use crate::support::set_ints;
use protopy_vm::protocore::layouts::IntRef;
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{ModuleSpec, index, methods};

/// `_stat`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_stat",
    doc: "Tests and constants of file modes.",
    functions: methods![functions:
        /// The permission bits of a mode.
        "S_IMODE(object, /)" => imode;
        /// The bits of a mode that give the kind of file.
        "S_IFMT(object, /)" => ifmt;
        /// Whether the mode is a directory's.
        "S_ISDIR(object, /)" => is_dir;
        /// Whether the mode is a character device's.
        "S_ISCHR(object, /)" => is_chr;
        /// Whether the mode is a block device's.
        "S_ISBLK(object, /)" => is_blk;
        /// Whether the mode is a regular file's.
        "S_ISREG(object, /)" => is_reg;
        /// Whether the mode is a FIFO's.
        "S_ISFIFO(object, /)" => is_fifo;
        /// Whether the mode is a symbolic link's.
        "S_ISLNK(object, /)" => is_lnk;
        /// Whether the mode is a socket's.
        "S_ISSOCK(object, /)" => is_sock;
        /// Whether the mode is a door's.
        "S_ISDOOR(object, /)" => never;
        /// Whether the mode is an event port's.
        "S_ISPORT(object, /)" => never;
        /// Whether the mode is a whiteout's.
        "S_ISWHT(object, /)" => never;
        /// A mode as ls -l writes it, such as '-rwxr-xr-x'.
        "filemode(object, /)" => filemode;
    ],
    init: Some(init),
};

/// Integer constants.
pub static CONSTANTS: &[(&str, i64)] = constants! {
    S_IEXEC S_IFBLK S_IFCHR S_IFDIR S_IFIFO S_IFLNK S_IFREG S_IFSOCK S_IREAD S_IRGRP S_IROTH S_IRUSR
    S_IRWXG S_IRWXO S_IRWXU S_ISGID S_ISUID S_ISVTX S_IWGRP S_IWOTH S_IWRITE S_IWUSR S_IXGRP S_IXOTH
    S_IXUSR
    ;
    "SF_APPEND" = 262144, "SF_ARCHIVED" = 65536, "SF_DATALESS" = 1073741824, "SF_FIRMLINK" = 8388608,
    "SF_IMMUTABLE" = 131072, "SF_NOUNLINK" = 1048576, "SF_SETTABLE" = 4294901760, "SF_SNAPSHOT" =
    2097152, "ST_ATIME" = 7, "ST_CTIME" = 9, "ST_DEV" = 2, "ST_GID" = 5, "ST_INO" = 1, "ST_MODE" = 0,
    "ST_MTIME" = 8, "ST_NLINK" = 3, "ST_SIZE" = 6, "ST_UID" = 4, "S_ENFMT" = 1024, "S_IFDOOR" = 0,
    "S_IFPORT" = 0, "S_IFWHT" = 0, "UF_APPEND" = 4, "UF_COMPRESSED" = 32, "UF_DATAVAULT" = 128,
    "UF_HIDDEN" = 32768, "UF_IMMUTABLE" = 2, "UF_NODUMP" = 1, "UF_NOUNLINK" = 16, "UF_OPAQUE" = 8,
    "UF_SETTABLE" = 65535, "UF_TRACKED" = 64,
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    set_ints(cx, module, CONSTANTS)
}

fn mode(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    let n = index(cx, v)?;
    let r = IntRef::of(n).unwrap_or(IntRef::Small(0));
    if r.signum() < 0 {
        return Err(cx.raise_str(Ty::OverflowError, "can't convert negative value to unsigned int"));
    }
    match r {
        IntRef::Small(n) => match u32::try_from(n) {
            Ok(n) => Ok(n),
            Err(_) => Err(cx.raise_str(Ty::OverflowError, "mode out of range")),
        },
        IntRef::Big(b) if b.bits() <= 64 => Err(cx.raise_str(Ty::OverflowError, "mode out of range")),
        IntRef::Big(_) => {
            Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C unsigned long"))
        }
    }
}

fn imode(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let m = mode(cx, a[0])?;
    Ok(cx.int(i64::from(m & 0o7777)))
}

fn ifmt(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let m = mode(cx, a[0])?;
    Ok(cx.int(i64::from(m & libc::S_IFMT)))
}

macro_rules! tests {
    ($($f:ident: $c:ident,)*) => { $(
        fn $f(cx: &mut Ctx, a: &[Value]) -> PyResult {
            Ok(Value::bool(mode(cx, a[0])? & libc::S_IFMT == libc::$c))
        }
    )* };
}

tests! {
    is_dir: S_IFDIR, is_chr: S_IFCHR, is_blk: S_IFBLK, is_reg: S_IFREG, is_fifo: S_IFIFO, is_lnk: S_IFLNK,
    is_sock: S_IFSOCK,
}

fn never(cx: &mut Ctx, a: &[Value]) -> PyResult {
    mode(cx, a[0])?;
    Ok(Value::FALSE)
}

fn filemode(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let m = mode(cx, a[0])?;
    let kind = match m & libc::S_IFMT {
        libc::S_IFREG => '-',
        libc::S_IFDIR => 'd',
        libc::S_IFLNK => 'l',
        libc::S_IFBLK => 'b',
        libc::S_IFCHR => 'c',
        libc::S_IFIFO => 'p',
        libc::S_IFSOCK => 's',
        _ => '?',
    };
    let mut out = String::from(kind);
    // For each class of users: its shift, its special bit, and how that is written.
    for (shift, special, mark) in [(6, libc::S_ISUID, 's'), (3, libc::S_ISGID, 's'), (0, libc::S_ISVTX, 't')]
    {
        let bits = m >> shift;
        out.push(if bits & 4 != 0 { 'r' } else { '-' });
        out.push(if bits & 2 != 0 { 'w' } else { '-' });
        out.push(match (m & special != 0, bits & 1 != 0) {
            (true, true) => mark,
            (true, false) => mark.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    Ok(cx.str(&out))
}
