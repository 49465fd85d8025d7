//! The system calls of this crate. Only what talks to the system, or hands memory to it, is here.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};

/// A result with an error number.
pub type SysResult<T> = Result<T, i32>;

/// The largest count that one `read` or `write` is asked for.
const MAX_COUNT: usize = 0x7fff_f000;

fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}

fn counted(n: libc::ssize_t) -> SysResult<usize> {
    usize::try_from(n).map_err(|_| errno())
}

fn checked(r: libc::c_int) -> SysResult<i32> {
    if r < 0 { Err(errno()) } else { Ok(r) }
}

/// Opens a file; the descriptor is not inherited.
pub fn open(path: &CStr, flags: i32) -> SysResult<i32> {
    // SAFETY: the path is NUL-terminated and outlives the call.
    checked(unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC, 0o666) })
}

/// Closes a descriptor.
pub fn close(fd: i32) -> SysResult<()> {
    // SAFETY: no memory is involved.
    checked(unsafe { libc::close(fd) }).map(|_| ())
}

/// Makes a descriptor close on `exec`.
pub fn set_not_inheritable(fd: i32) -> SysResult<()> {
    // SAFETY: no memory is involved.
    unsafe {
        let flags = checked(libc::fcntl(fd, libc::F_GETFD))?;
        checked(libc::fcntl(fd, libc::F_SETFD, flags | libc::FD_CLOEXEC)).map(|_| ())
    }
}

/// Reads into a slice.
pub fn read(fd: i32, out: &mut [u8]) -> SysResult<usize> {
    // SAFETY: the slice has room for that many bytes.
    counted(unsafe { libc::read(fd, out.as_mut_ptr().cast(), out.len().min(MAX_COUNT)) })
}

/// Reads up to `max` bytes into the free capacity of a vector.
pub fn read_spare(fd: i32, out: &mut Vec<u8>, max: usize) -> SysResult<usize> {
    let spare = out.spare_capacity_mut();
    let want = spare.len().min(max).min(MAX_COUNT);
    // SAFETY: the spare capacity has room for that many bytes.
    let n = counted(unsafe { libc::read(fd, spare.as_mut_ptr().cast(), want) })?;
    let len = out.len() + n;
    // SAFETY: the system has written the first `n` bytes of the spare capacity.
    unsafe { out.set_len(len) };
    Ok(n)
}

/// Memory that an object exports and keeps in place.
#[derive(Clone, Copy)]
pub struct Pinned {
    ptr: *mut u8,
    len: usize,
}

impl Pinned {
    /// The memory of a writable buffer that the caller keeps exported.
    pub fn new(b: &protopy_vm::BufferGuard) -> Pinned {
        let len = if b.readonly { 0 } else { b.len };
        Pinned { ptr: b.ptr, len }
    }

    /// As [`Pinned::new`] from position `at` on.
    pub fn from(b: &protopy_vm::BufferGuard, at: usize) -> Pinned {
        let p = Pinned::new(b);
        let at = at.min(p.len);
        Pinned { ptr: p.ptr.wrapping_add(at), len: p.len - at }
    }

    /// Reads from a descriptor; the caller still holds the export.
    pub fn read(self, fd: i32) -> SysResult<usize> {
        // SAFETY: the exporter pins `len` writable bytes at `ptr` while the caller holds the export.
        counted(unsafe { libc::read(fd, self.ptr.cast(), self.len.min(MAX_COUNT)) })
    }
}

/// Writes a slice.
pub fn write(fd: i32, data: &[u8]) -> SysResult<usize> {
    // SAFETY: the slice holds that many bytes.
    counted(unsafe { libc::write(fd, data.as_ptr().cast(), data.len().min(MAX_COUNT)) })
}

/// Moves the position.
pub fn lseek(fd: i32, offset: i64, whence: i32) -> SysResult<i64> {
    // SAFETY: no memory is involved.
    let at = unsafe { libc::lseek(fd, offset, whence) };
    if at < 0 { Err(errno()) } else { Ok(at) }
}

/// Sets a file's length.
pub fn ftruncate(fd: i32, len: i64) -> SysResult<()> {
    // SAFETY: no memory is involved.
    checked(unsafe { libc::ftruncate(fd, len) }).map(|_| ())
}

/// Whether a descriptor is a terminal.
pub fn isatty(fd: i32) -> bool {
    // SAFETY: no memory is involved.
    unsafe { libc::isatty(fd) == 1 }
}

/// What `open` wants to know of a file.
pub struct Stat {
    /// Type and permissions.
    pub mode: u32,
    /// Preferred block size.
    pub blksize: i64,
    /// Size.
    pub size: i64,
}

/// Describes an open file.
pub fn fstat(fd: i32) -> SysResult<Stat> {
    // SAFETY: a zeroed stat is valid, and the call fills it.
    unsafe {
        let mut st: libc::stat = std::mem::zeroed();
        checked(libc::fstat(fd, &mut st))?;
        #[allow(clippy::unnecessary_cast)]
        Ok(Stat { mode: st.st_mode as u32, blksize: st.st_blksize as i64, size: st.st_size as i64 })
    }
}

/// Whether a mode is that of a directory.
pub fn is_dir(mode: u32) -> bool {
    mode & libc::S_IFMT == libc::S_IFDIR
}

/// Whether a mode is that of a character device.
pub fn is_chr(mode: u32) -> bool {
    mode & libc::S_IFMT == libc::S_IFCHR
}

/// The name of the encoding of the process's locale, which is the user's unless the program has set another.
pub fn locale_encoding() -> String {
    // `LC_GLOBAL_LOCALE`, which is this value in every C library.
    const GLOBAL: usize = usize::MAX;
    // SAFETY: the locale object is a copy of its own, used before it is freed, and the answer is copied.
    unsafe {
        let loc = libc::duplocale(std::ptr::without_provenance_mut(GLOBAL));
        if loc.is_null() {
            return "UTF-8".to_owned();
        }
        let p = libc::nl_langinfo_l(libc::CODESET, loc);
        let name = if p.is_null() { CString::default() } else { CStr::from_ptr(p).to_owned() };
        libc::freelocale(loc);
        name.to_string_lossy().into_owned()
    }
}
