//! `FileIO`: a raw stream on a descriptor.

use crate::bases::{STREAM, base_close};
use crate::sys::{self, Pinned};
use crate::util::*;
use protopy_vm::codec::{fs_encode, fspath};
use protopy_vm::protocore::layouts::{IntRef, MethodDef, StrObj};
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{
    GetSetDef, TypeSpec, audit, bytes_like, call, getsets, is_true, methods, raise_os, repr_text,
    set_attr_str, warn, warn_value, writable_buffer,
};
use std::ffi::CString;
use std::sync::atomic::{AtomicI8, AtomicI32, AtomicI64, AtomicU32, Ordering};

const CREATED: u32 = 1;
const READABLE: u32 = 2;
const WRITABLE: u32 = 4;
const APPENDING: u32 = 8;
const CLOSEFD: u32 = 16;
const FINALIZING: u32 = 32;
/// The file is no character device, so it is no terminal.
const NO_TTY: u32 = 64;

/// A raw file.
pub struct FileIo {
    fd: AtomicI32,
    bits: AtomicU32,
    /// -1 as long as it was not tried.
    seekable: AtomicI8,
    blksize: AtomicI64,
    /// Size when the file was opened, 0 if it is no regular one.
    size: AtomicI64,
}

impl Payload for FileIo {
    const NAME: &'static str = "FileIO";

    fn trace(&self, _: &mut Tracer) {}
}

impl FileIo {
    /// The descriptor, negative once closed.
    #[inline]
    pub fn fd(&self) -> i32 {
        self.fd.load(Ordering::Acquire)
    }

    fn has(&self, bit: u32) -> bool {
        self.bits.load(Ordering::Relaxed) & bit != 0
    }

    fn put(&self, bit: u32, on: bool) {
        if on {
            self.bits.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.bits.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    /// Preferred block size.
    pub fn blksize(&self) -> i64 {
        self.blksize.load(Ordering::Relaxed)
    }

    fn mode(&self) -> &'static str {
        let (r, w) = (self.has(READABLE), self.has(WRITABLE));
        match (self.has(CREATED), self.has(APPENDING), r, w) {
            (true, _, true, _) => "xb+",
            (true, _, false, _) => "xb",
            (_, true, true, _) => "ab+",
            (_, true, false, _) => "ab",
            (_, _, true, true) => "rb+",
            (_, _, true, false) => "rb",
            _ => "wb",
        }
    }
}

/// `FileIO`
pub static FILE_IO: TypeSpec = TypeSpec {
    name: "FileIO",
    module: "_io",
    layout: Layout::Native,
    vt: Some(<FileIo as NativeLayout>::VT),
    flags: STREAM,
    slots: SlotSpec { new: Some(file_new), init: Some(file_init), repr: Some(file_repr), ..SlotSpec::NONE },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A file of the operating system, opened by name or wrapped around a descriptor; raw, that is, without a buffer.",
    sig: Some("(file, mode='r', closefd=True, opener=None)"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Reads at most size bytes in one call of the system; None if it would block.
    "read(self, size=-1, /)" => file_read;
    /// Reads until the end of the file.
    "readall(self, /)" => file_readall;
    /// Reads into a buffer; answers how many bytes.
    "readinto(self, buffer, /)" => file_readinto;
    /// Writes bytes in one call of the system; answers how many were written.
    "write(self, b, /)" => file_write;
    /// Moves the position and answers it.
    "seek(self, pos, whence=0, /)" => file_seek;
    /// The position.
    "tell(self, /)" => file_tell;
    /// Changes the size of the file, by default to the position.
    "truncate(self, size=None, /)" => file_truncate;
    /// Closes the file.
    "close(self, /)" => file_close;
    /// Whether the position can be moved.
    "seekable(self, /)" => file_seekable;
    /// Whether the file was opened for reading.
    "readable(self, /)" => |cx, a| open_file(cx, a[0]).map(|f| Value::bool(f.has(READABLE)));
    /// Whether the file was opened for writing.
    "writable(self, /)" => |cx, a| open_file(cx, a[0]).map(|f| Value::bool(f.has(WRITABLE)));
    /// The descriptor.
    "fileno(self, /)" => |cx, a| open_file(cx, a[0]).map(|f| Value::small(i64::from(f.fd())));
    /// Whether the file is a terminal.
    "isatty(self, /)" => file_isatty;
    "_isatty_open_only(self, /)" => isatty_open_only;
    "_dealloc_warn(self, object, /)" => |cx, a| { dealloc_warn(cx, a[0], a[1]); Ok(Value::NONE) };
    "__getstate__(self, /)" => cannot_pickle;
];

static GETSETS: &[GetSetDef] = getsets![
    member "_finalizing" =>
        |cx, v| file(cx, v).map(|f| Value::bool(f.has(FINALIZING))),
        |cx, v, on| {
            let on = bool_member(cx, on)?;
            file(cx, v).map(|f| f.put(FINALIZING, on))
        };
    /// True if the file is closed
    "closed" => |cx, v| file(cx, v).map(|f| Value::bool(f.fd() < 0));
    /// Whether closing the stream closes the descriptor.
    "closefd" => |cx, v| file(cx, v).map(|f| Value::bool(f.has(CLOSEFD)));
    /// The mode, as a string.
    "mode" => |cx, v| { let m = file(cx, v)?.mode(); Ok(cx.str(m)) };
    member "_blksize" => |cx, v| { let n = file(cx, v)?.blksize(); Ok(cx.int(n)) };
];

/// The payload of a FileIO.
pub fn file(cx: &mut Ctx, v: Value) -> PyResult<&'static FileIo> {
    match v.native::<FileIo>() {
        Some(f) => Ok(f),
        None => Err(bad_receiver(cx, v, "FileIO")),
    }
}

#[cold]
fn closed(cx: &mut Ctx) -> Raised {
    cx.value_error("I/O operation on closed file")
}

fn open_file(cx: &mut Ctx, v: Value) -> PyResult<&'static FileIo> {
    let f = file(cx, v)?;
    if f.fd() < 0 { Err(closed(cx)) } else { Ok(f) }
}

fn check_mode(cx: &mut Ctx, f: &FileIo, bit: u32) -> PyResult<()> {
    if f.has(bit) {
        return Ok(());
    }
    let what = if bit == READABLE { "reading" } else { "writing" };
    Err(unsupported(cx, &format!("File not open for {what}")))
}

// ---------------------------------------------------------------------------------------------------- opening

/// A FileIO that is not open yet; its finalizer is not registered.
pub fn unopened(cx: &mut Ctx, t: &TypeObj) -> Value {
    let f = FileIo {
        fd: AtomicI32::new(-1),
        bits: AtomicU32::new(CLOSEFD),
        seekable: AtomicI8::new(-1),
        blksize: AtomicI64::new(0),
        size: AtomicI64::new(0),
    };
    cx.new_native(t, f)
}

fn file_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("__new__ requires a class")) };
    let v = unopened(cx, t);
    cx.register_finalizer(v);
    Ok(v)
}

static INIT: &[MethodDef] = methods![
    "FileIO(self, file, mode='r', closefd=True, opener=None)" => init_bound;
];

fn file_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    protopy_vm::call_def(cx, &INIT[0], Some(this), args).map(|_| ())
}

fn init_bound(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (this, file, mode, closefd, opener) = (a[0], a[1], a[2], a[3], a[4]);
    let closefd = match closefd.bound() {
        Some(c) => is_true(cx, c)?,
        None => true,
    };
    let mode = match mode.bound() {
        None => "r".to_owned(),
        Some(m) => match StrObj::of(m) {
            Some(s) => s.to_string_lossy(),
            None => {
                let msg = format!("FileIO() argument 'mode' must be str, not {}", type_or_none(cx, m));
                return Err(cx.type_error(&msg));
            }
        },
    };
    open_into(cx, this, file, &mode, closefd, opener.not_none()).map(|()| Value::NONE)
}

/// A type's name, "None" for None.
fn type_or_none(cx: &Ctx, v: Value) -> String {
    if v.is_none() { "None".to_owned() } else { cx.type_name(v) }
}

/// What a mode string asks for: flag bits and those of `open`.
fn parse_mode(cx: &mut Ctx, mode: &str) -> PyResult<(u32, i32)> {
    let mut bits = 0;
    let mut flags = 0;
    let (mut kinds, mut plus) = (0, 0);
    for c in mode.chars() {
        match c {
            'x' => {
                bits |= CREATED | WRITABLE;
                flags |= libc::O_EXCL | libc::O_CREAT;
            }
            'r' => bits |= READABLE,
            'w' => {
                bits |= WRITABLE;
                flags |= libc::O_CREAT | libc::O_TRUNC;
            }
            'a' => {
                bits |= WRITABLE | APPENDING;
                flags |= libc::O_APPEND | libc::O_CREAT;
            }
            '+' => {
                bits |= READABLE | WRITABLE;
                plus += 1;
            }
            'b' => {}
            _ => return Err(cx.value_error(&format!("invalid mode: {mode}"))),
        }
        kinds += u32::from(matches!(c, 'x' | 'r' | 'w' | 'a'));
    }
    if kinds != 1 || plus > 1 {
        return Err(
            cx.value_error("Must have exactly one of create/read/write/append mode and at most one plus")
        );
    }
    flags |= match (bits & READABLE != 0, bits & WRITABLE != 0) {
        (true, true) => libc::O_RDWR,
        (false, true) => libc::O_WRONLY,
        _ => libc::O_RDONLY,
    };
    Ok((bits, flags))
}

/// The descriptor that a `file` argument is, if it is one.
fn given_fd(cx: &mut Ctx, v: Value) -> PyResult<Option<i32>> {
    if v.is_bool() {
        warn(cx, Ty::RuntimeWarning, "bool is used as a file descriptor", 1)?;
    }
    let fd = if IntRef::of(v).is_some() {
        IntRef::of(v).and_then(IntRef::to_i64).and_then(|n| i32::try_from(n).ok())
    } else if cx.type_of(v).slots.index.address() != 0 {
        match protopy_vm::index_i64(cx, v, Ty::OverflowError) {
            Ok(n) => i32::try_from(n).ok(),
            Err(r) => {
                cx.take_raised(r);
                None
            }
        }
    } else {
        None
    };
    match fd {
        Some(fd) if fd < 0 => Err(cx.value_error("negative file descriptor")),
        fd => Ok(fd),
    }
}

fn open_by_name(cx: &mut Ctx, name: Value, path: CString, flags: i32) -> PyResult<i32> {
    match retry(cx, || sys::open(&path, flags))? {
        Ok(fd) => Ok(fd),
        Err(libc::EMFILE | libc::ENFILE) => {
            // Files that nobody refers to any more may still be open.
            cx.collect();
            match retry(cx, || sys::open(&path, flags))? {
                Ok(fd) => Ok(fd),
                Err(e) => Err(raise_os(cx, e, Some(name))),
            }
        }
        Err(e) => Err(raise_os(cx, e, Some(name))),
    }
}

fn open_by_opener(cx: &mut Ctx, opener: Value, name: Value, flags: i32) -> PyResult<i32> {
    let f = cx.int(i64::from(flags | libc::O_CLOEXEC));
    let r = call(cx, opener, &[name, f])?;
    let Some(n) = IntRef::of(r) else { return Err(cx.type_error("expected integer from opener")) };
    let fd = match n.to_i64().map(i32::try_from) {
        Some(Ok(fd)) => fd,
        _ => return Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
    };
    if fd < 0 {
        return Err(cx.value_error(&format!("opener returned {fd}")));
    }
    match sys::set_not_inheritable(fd) {
        Ok(()) => Ok(fd),
        Err(e) => Err(raise_os(cx, e, None)),
    }
}

/// Opens a FileIO (again).
pub fn open_into(
    cx: &mut Ctx,
    this: Value,
    name: Value,
    mode: &str,
    closefd: bool,
    opener: Option<Value>,
) -> PyResult<()> {
    let f = file(cx, this)?;
    if f.fd() >= 0 {
        if f.has(CLOSEFD) {
            close_fd(cx, f)?;
        } else {
            f.fd.store(-1, Ordering::Release);
        }
    }
    let given = given_fd(cx, name)?;
    let path = match given {
        Some(_) => None,
        None => Some(path_of(cx, name)?),
    };
    let (bits, flags) = parse_mode(cx, mode)?;
    f.bits.store(bits | if closefd { CLOSEFD } else { 0 }, Ordering::Relaxed);
    f.seekable.store(-1, Ordering::Relaxed);
    let (m, fl) = (cx.str(mode), cx.int(i64::from(flags | libc::O_CLOEXEC)));
    audit(cx, "open", &[name, m, fl])?;
    let own = match (given, path) {
        (Some(fd), _) => {
            f.fd.store(fd, Ordering::Release);
            false
        }
        (None, Some(path)) => {
            f.put(CLOSEFD, true);
            if !closefd {
                return Err(cx.value_error("Cannot use closefd=False with file name"));
            }
            let fd = match opener {
                None => open_by_name(cx, name, path, flags)?,
                Some(o) => open_by_opener(cx, o, name, flags)?,
            };
            f.fd.store(fd, Ordering::Release);
            true
        }
        (None, None) => false,
    };
    let done = settle(cx, this, f, name);
    if done.is_err() {
        if own {
            let fd = f.fd.swap(-1, Ordering::AcqRel);
            let _ = cx.blocking(|| sys::close(fd));
        } else {
            f.fd.store(-1, Ordering::Release);
        }
    }
    done
}

fn path_of(cx: &mut Ctx, name: Value) -> PyResult<CString> {
    let o = fspath(cx, name)?;
    let b = fs_encode(cx, o)?;
    match CString::new(b) {
        Ok(c) => Ok(c),
        Err(_) => Err(cx.value_error("embedded null byte")),
    }
}

/// Looks at the file that was opened, and sets the attribute `name`.
fn settle(cx: &mut Ctx, this: Value, f: &FileIo, name: Value) -> PyResult<()> {
    let fd = f.fd();
    f.blksize.store(DEFAULT_BUFFER_SIZE as i64, Ordering::Relaxed);
    match cx.blocking(|| sys::fstat(fd)) {
        Ok(st) => {
            if sys::is_dir(st.mode) {
                return Err(raise_os(cx, libc::EISDIR, Some(name)));
            }
            if st.blksize > 1 {
                f.blksize.store(st.blksize, Ordering::Relaxed);
            }
            f.size.store(st.size, Ordering::Relaxed);
            f.put(NO_TTY, !sys::is_chr(st.mode));
        }
        Err(libc::EBADF) => return Err(raise_os(cx, libc::EBADF, None)),
        // Some devices cannot be asked.
        Err(_) => {}
    }
    set_attr_str(cx, this, "name", name)?;
    if f.has(APPENDING)
        && let Err(e) = cx.blocking(|| sys::lseek(fd, 0, libc::SEEK_END))
        && e != libc::ESPIPE
    {
        return Err(raise_os(cx, e, None));
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- closing

fn close_fd(cx: &mut Ctx, f: &FileIo) -> PyResult {
    let fd = f.fd.swap(-1, Ordering::AcqRel);
    if fd < 0 {
        return Ok(Value::NONE);
    }
    match cx.blocking(|| sys::close(fd)) {
        // After EINTR the descriptor is closed all the same.
        Ok(()) | Err(libc::EINTR) => Ok(Value::NONE),
        Err(e) => Err(raise_os(cx, e, None)),
    }
}

/// Warns of a file that was left open; errors of the warning are reported.
pub fn dealloc_warn(cx: &mut Ctx, this: Value, source: Value) {
    let Some(f) = this.native::<FileIo>() else { return };
    if f.fd() < 0 || !f.has(CLOSEFD) {
        return;
    }
    let warned = repr_text(cx, source).and_then(|t| {
        let text = cx.str(&format!("unclosed file {t}"));
        let class = cx.ty(Ty::ResourceWarning).value();
        warn_with_source(cx, text, class, source)
    });
    if let Err(r) = warned {
        let e = cx.take_raised(r);
        if cx.is_instance(e, Ty::Warning) {
            protopy_vm::unraisable(cx, e, None, this);
        }
    }
}

/// Warns, with the object that the warning is about.
fn warn_with_source(cx: &mut Ctx, text: Value, class: Value, source: Value) -> PyResult<()> {
    let m = protopy_vm::import(cx, "_warnings");
    let Some(m) = protopy_vm::catch(cx, m, Ty::ImportError)? else {
        return warn_value(cx, text, class, 1);
    };
    match protopy_vm::lookup_attr_str(cx, m, "warn")? {
        Some(f) => call(cx, f, &[text, class, Value::small(1), source]).map(|_| ()),
        None => Ok(()),
    }
}

fn file_close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let this = a[0];
    let f = file(cx, this)?;
    let flushed = base_close(cx, a);
    if !f.has(CLOSEFD) {
        f.fd.store(-1, Ordering::Release);
        return flushed;
    }
    let finalizing = f.has(FINALIZING);
    chain(cx, flushed, |cx| {
        if finalizing {
            dealloc_warn(cx, this, this);
        }
        close_fd(cx, f)
    })
}

// ---------------------------------------------------------------------------------------------------- reading, writing

/// Reads into a slice; `None` if it would block.
pub fn read_slice(cx: &mut Ctx, f: &FileIo, out: &mut [u8]) -> PyResult<Option<usize>> {
    let fd = checked_fd(cx, f, READABLE)?;
    let r = retry(cx, || sys::read(fd, out))?;
    would_block(cx, r)
}

/// Appends up to `max` bytes to a vector that has room for them; `None` if it would block.
pub fn read_vec(cx: &mut Ctx, f: &FileIo, out: &mut Vec<u8>, max: usize) -> PyResult<Option<usize>> {
    let fd = checked_fd(cx, f, READABLE)?;
    let r = retry(cx, || sys::read_spare(fd, out, max))?;
    would_block(cx, r)
}

/// Reads into pinned memory, whose export the caller holds; `None` if it would block.
pub fn read_pinned(cx: &mut Ctx, f: &FileIo, memory: Pinned) -> PyResult<Option<usize>> {
    let fd = checked_fd(cx, f, READABLE)?;
    let r = retry(cx, || memory.read(fd))?;
    would_block(cx, r)
}

/// Writes a slice; `None` if it would block.
pub fn write_slice(cx: &mut Ctx, f: &FileIo, data: &[u8]) -> PyResult<Option<usize>> {
    let fd = checked_fd(cx, f, WRITABLE)?;
    let r = retry(cx, || sys::write(fd, data))?;
    would_block(cx, r)
}

fn checked_fd(cx: &mut Ctx, f: &FileIo, bit: u32) -> PyResult<i32> {
    let fd = f.fd();
    if fd < 0 {
        return Err(closed(cx));
    }
    check_mode(cx, f, bit)?;
    Ok(fd)
}

fn would_block(cx: &mut Ctx, r: Result<usize, i32>) -> PyResult<Option<usize>> {
    match r {
        Ok(n) => Ok(Some(n)),
        #[allow(unreachable_patterns)]
        Err(libc::EAGAIN | libc::EWOULDBLOCK) => Ok(None),
        Err(e) => Err(raise_os(cx, e, None)),
    }
}

fn count_or_none(cx: &mut Ctx, n: Option<usize>) -> Value {
    match n {
        Some(n) => cx.int_usize(n),
        None => Value::NONE,
    }
}

fn file_readinto(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let room = writable_buffer(cx, a[1], "readinto() argument 1")?;
    let f = open_file(cx, a[0])?;
    let n = read_pinned(cx, f, Pinned::new(&room));
    room.release(cx);
    let n = n?;
    Ok(count_or_none(cx, n))
}

fn file_write(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = bytes_like(cx, a[1])?;
    let f = open_file(cx, a[0])?;
    let n = write_slice(cx, f, &data)?;
    if n.is_some_and(|n| n < data.len()) {
        // A signal may have cut the write short.
        cx.safepoint()?;
    }
    Ok(count_or_none(cx, n))
}

fn file_read(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = open_file(cx, a[0])?;
    check_mode(cx, f, READABLE)?;
    let size = opt_size(cx, a[1])?;
    let Ok(size) = usize::try_from(size) else { return file_readall(cx, a) };
    let mut out = Vec::new();
    reserve(cx, &mut out, size.min(0x7fff_f000))?;
    match read_vec(cx, f, &mut out, size)? {
        Some(_) => cx.bytes(&out),
        None => Ok(Value::NONE),
    }
}

/// Reserves room; MemoryError.
pub fn reserve(cx: &mut Ctx, out: &mut Vec<u8>, n: usize) -> PyResult<()> {
    match out.try_reserve_exact(n) {
        Ok(()) => Ok(()),
        Err(_) => Err(cx.no_memory()),
    }
}

fn file_readall(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = open_file(cx, a[0])?;
    let mut out = Vec::new();
    match read_to_end(cx, f, &mut out)? {
        true => cx.bytes(&out),
        false => Ok(Value::NONE),
    }
}

/// Appends everything until the end; false if nothing came because it would block.
pub fn read_to_end(cx: &mut Ctx, f: &FileIo, out: &mut Vec<u8>) -> PyResult<bool> {
    let fd = f.fd();
    let start = out.len();
    let size = f.size.load(Ordering::Relaxed);
    let left = if size > 65536 {
        let at = cx.blocking(|| sys::lseek(fd, 0, libc::SEEK_CUR)).unwrap_or(0);
        size.saturating_sub(at)
    } else {
        size
    };
    let first = usize::try_from(left).unwrap_or(0).saturating_add(1).max(512);
    reserve(cx, out, first)?;
    loop {
        if out.capacity() - out.len() < 1 {
            let more = out.len().clamp(8192, 64 << 20);
            reserve(cx, out, more)?;
        }
        // Whether the file was opened for reading the system says, as in CPython.
        let r = retry(cx, || sys::read_spare(fd, out, usize::MAX))?;
        match would_block(cx, r)? {
            Some(0) => return Ok(true),
            Some(_) => {}
            None => return Ok(out.len() > start),
        }
    }
}

// ---------------------------------------------------------------------------------------------------- position

fn file_seek(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = open_file(cx, a[0])?;
    let whence = int_or(cx, a[2], 0)?;
    let at = offset(cx, a[1], Ty::OverflowError)?;
    let at = seek(cx, f, at, whence)?;
    Ok(cx.int(at))
}

/// Moves the position.
pub fn seek(cx: &mut Ctx, f: &FileIo, at: i64, whence: i32) -> PyResult<i64> {
    let fd = f.fd();
    if fd < 0 {
        return Err(closed(cx));
    }
    match cx.blocking(|| sys::lseek(fd, at, whence)) {
        Ok(n) => {
            f.seekable.store(1, Ordering::Relaxed);
            Ok(n)
        }
        Err(e) => {
            if f.seekable.load(Ordering::Relaxed) < 0 && e == libc::ESPIPE {
                f.seekable.store(0, Ordering::Relaxed);
            }
            Err(raise_os(cx, e, None))
        }
    }
}

fn file_tell(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = open_file(cx, a[0])?;
    let at = seek(cx, f, 0, libc::SEEK_CUR)?;
    Ok(cx.int(at))
}

/// Whether the position can be moved.
pub fn is_seekable(cx: &mut Ctx, f: &FileIo) -> bool {
    if f.seekable.load(Ordering::Relaxed) < 0 {
        let fd = f.fd();
        let ok = cx.blocking(|| sys::lseek(fd, 0, libc::SEEK_CUR)).is_ok();
        f.seekable.store(i8::from(ok), Ordering::Relaxed);
    }
    f.seekable.load(Ordering::Relaxed) == 1
}

fn file_seekable(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = open_file(cx, a[0])?;
    Ok(Value::bool(is_seekable(cx, f)))
}

fn file_truncate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = open_file(cx, a[0])?;
    check_mode(cx, f, WRITABLE)?;
    let size = match a[1].not_none() {
        Some(v) => v,
        None => {
            let at = seek(cx, f, 0, libc::SEEK_CUR)?;
            cx.int(at)
        }
    };
    let n = offset(cx, size, Ty::OverflowError)?;
    let fd = f.fd();
    match retry(cx, || sys::ftruncate(fd, n))? {
        Ok(()) => {
            f.size.store(0, Ordering::Relaxed);
            Ok(size)
        }
        Err(e) => Err(raise_os(cx, e, None)),
    }
}

fn file_isatty(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = open_file(cx, a[0])?.fd();
    Ok(Value::bool(cx.blocking(|| sys::isatty(fd))))
}

fn isatty_open_only(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if open_file(cx, a[0])?.has(NO_TTY) {
        return Ok(Value::FALSE);
    }
    file_isatty(cx, a)
}

fn file_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let f = file(cx, this)?;
    let class = shown_class(cx, this);
    if f.fd() < 0 {
        return Ok(cx.str(&format!("<{class} [closed]>")));
    }
    let closefd = if f.has(CLOSEFD) { "True" } else { "False" };
    let (mode, fd) = (f.mode(), f.fd());
    let text = match attr_for_repr(cx, this, "name")? {
        None => format!("<{class} fd={fd} mode='{mode}' closefd={closefd}>"),
        Some(name) => {
            let shown = guarded_repr(cx, this, |cx| repr_text(cx, name))?;
            format!("<{class} name={shown} mode='{mode}' closefd={closefd}>")
        }
    };
    Ok(cx.str(&text))
}
