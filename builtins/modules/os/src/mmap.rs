//! The module `mmap`: files and memory as buffers.
//!
//! A mapping's address and length change by `resize` and `close`, so both are behind a mutex, and every access to the memory is made
//! under it. Its holder neither allocates objects nor runs Python code. Exports of the buffer are counted: while there are
//! any, the mapping stays as it is.
#![allow(unsafe_code)]

use crate::consts::mmap::CONSTANTS;
use crate::posix::OsState;
use crate::support::{done, int, long, set_ints, ssize, truth};
use crate::sys;
use protopy_text::search::{find_bytes, rfind_bytes};
use protopy_vm::exports::still_exported;
use protopy_vm::protocore::buffer::Buffer;
use protopy_vm::protocore::layouts::{IntRef, MethodDef, SliceObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{
    ModuleSpec, TypeSpec, audit, bytes_like, call_def, create_type, getsets, index_clamped, index_i64,
    methods, raise_os, set_attr_str, slice_adjust, slice_unpack,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

/// `mmap`
pub static MODULE: ModuleSpec =
    ModuleSpec { name: "mmap", doc: "Files mapped into memory.", functions: &[], init: Some(init) };

const ACCESS_DEFAULT: i32 = 0;
const ACCESS_READ: i32 = 1;
const ACCESS_WRITE: i32 = 2;
const ACCESS_COPY: i32 = 3;

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    set_ints(cx, module, CONSTANTS)?;
    let page = sys::sysconf(libc::_SC_PAGESIZE).unwrap_or(4096);
    set_ints(cx, module, &[("PAGESIZE", page), ("ALLOCATIONGRANULARITY", page)])?;
    let e = cx.ty(Ty::OSError).value();
    set_attr_str(cx, module, "error", e)?;
    let t = create_type(cx, &MMAP)?;
    let it = create_type(cx, &ITERATOR)?;
    let state = cx.space().state::<OsState>();
    state.mmap.init(Some(t));
    state.mmap_iter.init(Some(it));
    set_attr_str(cx, module, "mmap", t)
}

struct Mapping {
    /// Null when closed.
    ptr: *mut u8,
    len: usize,
    pos: usize,
    fd: i32,
    offset: i64,
    access: i32,
    flags: i32,
    track: bool,
}

// SAFETY: the memory is the process's; the mutex around the mapping orders its users.
unsafe impl Send for Mapping {}

impl Mapping {
    fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is `len` bytes long; other processes may change them, which is the nature of a mapping.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above; callers have checked that the mapping may be written.
        unsafe { std::slice::from_raw_parts_mut(self.ptr, self.len) }
    }

    fn unmap(&mut self) {
        if !self.ptr.is_null() {
            // SAFETY: mapped with this length; no export is left.
            unsafe { libc::munmap(self.ptr.cast(), self.len) };
            self.ptr = std::ptr::null_mut();
        }
        if self.fd >= 0 {
            let _ = sys::close(self.fd);
            self.fd = -1;
        }
    }
}

struct Map {
    state: Mutex<Mapping>,
    exports: AtomicUsize,
}

impl Payload for Map {
    const NAME: &'static str = "mmap";
    fn trace(&self, _: &mut Tracer) {}
}

impl Drop for Map {
    fn drop(&mut self) {
        self.state.get_mut().unwrap_or_else(|e| e.into_inner()).unmap();
    }
}

static MMAP: TypeSpec = TypeSpec {
    name: "mmap",
    module: "mmap",
    layout: Layout::Native,
    vt: Some(<Map as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::WEAKREF,
    slots: SlotSpec {
        new: Some(map_new),
        repr: Some(map_repr),
        len: Some(map_len),
        getitem: Some(map_getitem),
        setitem: Some(map_setitem),
        buffer: Some(map_buffer),
        iter: Some(map_iter),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Ends the mapping.
        "close(self, /)" => map_close;
        /// Position of the first occurrence of a subsequence, -1 if there is none.
        "find(self, view=<unrepresentable>, start=<unrepresentable>, end=<unrepresentable>, /)" => map_find;
        /// Position of the last occurrence of a subsequence, -1 if there is none.
        "rfind(self, view=<unrepresentable>, start=<unrepresentable>, end=<unrepresentable>, /)" => map_rfind;
        /// Writes changes to the file.
        "flush(self, offset=0, size=<unrepresentable>, /)" => map_flush;
        /// Tells the system how a part of the memory will be used.
        "madvise(self, option, start=0, length=<unrepresentable>, /)" => map_madvise;
        /// Copies count bytes from src to dest.
        "move(self, dest, src, count, /)" => map_move;
        /// Bytes from the position on: some number of them, or all.
        "read(self, n=None, /)" => map_read;
        /// The byte at the position.
        "read_byte(self, /)" => map_read_byte;
        /// Bytes from the position to the end of the line.
        "readline(self, /)" => map_readline;
        /// Changes the length of mapping and file.
        "resize(self, newsize, /)" => map_resize;
        /// Sets the position.
        "seek(self, pos, whence=0, /)" => map_seek;
        /// Whether the position can be set: always.
        "seekable(self, /)" => map_seekable;
        /// The length of the file.
        "size(self, /)" => map_size;
        /// The position.
        "tell(self, /)" => map_tell;
        /// Writes bytes at the position; how many.
        "write(self, bytes, /)" => map_write;
        /// Writes a byte at the position.
        "write_byte(self, byte, /)" => map_write_byte;
        /// The object itself.
        "__enter__(self, /)" => map_enter;
        /// Ends the mapping.
        "__exit__(self, exc_type, exc_value, traceback, /)" => map_close;
    ],
    getsets: getsets![
        /// Whether the mapping has ended.
        "closed" => |_, v| Ok(Value::bool(v.native::<Map>().is_none_or(|m| locked(m).ptr.is_null())));
    ],
    doc: "Maps a file, or memory of its own for fileno -1, into memory.",
    sig: Some(
        "(fileno, length, flags=MAP_SHARED, prot=PROT_READ|PROT_WRITE, access=ACCESS_DEFAULT, offset=0, *, trackfd=True)",
    ),
    ..TypeSpec::BASE
};

fn locked(m: &Map) -> MutexGuard<'_, Mapping> {
    m.state.lock().unwrap_or_else(|e| e.into_inner())
}

#[cold]
fn closed(cx: &mut Ctx) -> Raised {
    cx.value_error("mmap closed or invalid")
}

/// Runs `f` on an open mapping.
fn with<R>(cx: &mut Ctx, v: Value, f: impl FnOnce(&mut Mapping) -> R) -> PyResult<R> {
    let Some(m) = v.native::<Map>() else { return Err(closed(cx)) };
    {
        let mut g = locked(m);
        if !g.ptr.is_null() {
            return Ok(f(&mut g));
        }
    }
    Err(closed(cx))
}

fn read_only(cx: &mut Ctx) -> Raised {
    cx.type_error("mmap can't modify a readonly memory map.")
}

fn check_writable(cx: &mut Ctx, v: Value) -> PyResult<()> {
    if with(cx, v, |m| m.access)? == ACCESS_READ { Err(read_only(cx)) } else { Ok(()) }
}

// ---------------------------------------------------------------------------------------------------- construction

fn map_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    static SIG: &[MethodDef] = methods![functions:
        /// Binds the constructor's arguments.
        "mmap(fileno, length, flags=MAP_SHARED, prot=PROT_READ, access=0, offset=0, *, trackfd=True)" => make;
    ];
    let Some(def) = SIG.first() else { return Ok(Value::NONE) };
    let v = call_def(cx, def, None, args)?;
    // The object was made with the module's own type; a subclass gets an object of its own.
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    if cx.type_of(v).value().is(class) {
        return Ok(v);
    }
    let taken = with(cx, v, |m| {
        std::mem::replace(
            m,
            Mapping {
                ptr: std::ptr::null_mut(),
                len: 0,
                pos: 0,
                fd: -1,
                offset: 0,
                access: 0,
                flags: 0,
                track: false,
            },
        )
    })?;
    Ok(cx.new_native(t, Map { state: Mutex::new(taken), exports: AtomicUsize::new(0) }))
}

fn make(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = int(cx, a[0])?;
    let length = ssize(cx, a[1])?;
    let flags_given = crate::support::int_or(cx, a[2], libc::MAP_SHARED)?;
    let rw = libc::PROT_READ | libc::PROT_WRITE;
    let prot_given = crate::support::int_or(cx, a[3], rw)?;
    let access_given = int(cx, a[4])?;
    let offset = long(cx, a[5])?;
    let track = truth(cx, a[6])?;
    if length < 0 {
        return Err(cx.raise_str(Ty::OverflowError, "memory mapped length must be positive"));
    }
    if offset < 0 {
        return Err(cx.raise_str(Ty::OverflowError, "memory mapped offset must be positive"));
    }
    let (mut flags, mut prot, mut access) = (flags_given, prot_given, access_given);
    if access != ACCESS_DEFAULT && (flags != libc::MAP_SHARED || prot != rw) {
        return Err(cx.value_error("mmap can't specify both access and flags, prot."));
    }
    match access {
        ACCESS_READ => prot = libc::PROT_READ,
        ACCESS_WRITE => {}
        ACCESS_COPY => flags = libc::MAP_PRIVATE,
        ACCESS_DEFAULT if prot & rw == rw => {}
        ACCESS_DEFAULT if prot & libc::PROT_WRITE != 0 => access = ACCESS_WRITE,
        ACCESS_DEFAULT => access = ACCESS_READ,
        _ => return Err(cx.value_error("mmap invalid access parameter.")),
    }
    let (f, n, ac, o) = (cx.int(fd.into()), cx.int(length as i64), cx.int(access.into()), cx.int(offset));
    audit(cx, "mmap.__new__", &[f, n, ac, o])?;
    let len = file_length(cx, fd, length.unsigned_abs(), offset)?;
    let own = if fd == -1 {
        flags |= libc::MAP_ANONYMOUS;
        -1
    } else if track {
        done(cx, sys::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0))?
    } else {
        -1
    };
    let r = cx.blocking(|| {
        // SAFETY: the system chooses the address.
        let p = unsafe { libc::mmap(std::ptr::null_mut(), len, prot, flags, fd, offset) };
        if p == libc::MAP_FAILED { Err(sys::errno()) } else { Ok(p as usize) }
    });
    let ptr = match r {
        Ok(p) => p as *mut u8,
        Err(e) => {
            if own >= 0 {
                let _ = sys::close(own);
            }
            return Err(raise_os(cx, e, None));
        }
    };
    let m = Mapping { ptr, len, pos: 0, fd: own, offset, access, flags, track };
    let s = cx.space().state::<OsState>();
    let Some(t) = s.mmap.get().and_then(TypeObj::of) else { return Ok(Value::NONE) };
    Ok(cx.new_native(t, Map { state: Mutex::new(m), exports: AtomicUsize::new(0) }))
}

/// The length of the mapping: that of a regular file's rest if none is given.
fn file_length(cx: &mut Ctx, fd: i32, length: usize, offset: i64) -> PyResult<usize> {
    if fd == -1 {
        return Ok(length);
    }
    let mut st: libc::stat = sys::zeroed();
    if cx.blocking(|| sys::fstat(fd, &mut st)).is_err() || st.st_mode & libc::S_IFMT != libc::S_IFREG {
        return Ok(length);
    }
    let rest = st.st_size - offset;
    if length == 0 {
        if st.st_size == 0 {
            return Err(cx.value_error("cannot mmap an empty file"));
        }
        return match usize::try_from(rest) {
            Ok(n) if n > 0 => Ok(n),
            _ => Err(cx.value_error("mmap offset is greater than file size")),
        };
    }
    match usize::try_from(rest) {
        Ok(n) if n >= length => Ok(length),
        _ => Err(cx.value_error("mmap length is greater than file size")),
    }
}

// ---------------------------------------------------------------------------------------------------- the object

fn map_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let Some(m) = this.native::<Map>() else { return Err(closed(cx)) };
    let text = {
        let g = locked(m);
        if g.ptr.is_null() {
            "<mmap.mmap closed=True>".to_owned()
        } else {
            let access = match g.access {
                ACCESS_READ => "ACCESS_READ",
                ACCESS_WRITE => "ACCESS_WRITE",
                ACCESS_COPY => "ACCESS_COPY",
                _ => "ACCESS_DEFAULT",
            };
            format!(
                "<mmap.mmap closed=False, access={access}, length={}, pos={}, offset={}>",
                g.len, g.pos, g.offset
            )
        }
    };
    Ok(cx.str(&text))
}

fn map_len(cx: &mut Ctx, this: Value) -> PyResult<usize> {
    with(cx, this, |m| m.len)
}

fn release(v: Value) {
    if let Some(m) = v.native::<Map>() {
        m.exports.fetch_sub(1, Ordering::AcqRel);
    }
}

fn map_buffer(cx: &mut Ctx, this: Value, writable: bool) -> PyResult<Buffer> {
    let Some(map) = this.native::<Map>() else { return Err(closed(cx)) };
    let (ptr, len, readonly) = with(cx, this, |m| {
        // Counted under the lock: a resize sees it.
        map.exports.fetch_add(1, Ordering::AcqRel);
        (m.ptr, m.len, m.access == ACCESS_READ)
    })?;
    if writable && readonly {
        release(this);
        return Err(cx.raise_str(Ty::BufferError, "Object is not writable."));
    }
    Ok(Buffer::bytes(this, ptr, len, readonly, Some(release)))
}

fn exports_left(cx: &mut Ctx, map: &Map) -> bool {
    let own = |e: Value| e.native::<Map>().is_some_and(|e| std::ptr::eq(e, map));
    still_exported(cx, &|| map.exports.load(Ordering::Acquire), &own)
}

fn map_close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(map) = a[0].native::<Map>() else { return Err(closed(cx)) };
    // A second time when the views have turned out to be dead.
    for last in [false, true] {
        let exported = cx.blocking(|| {
            let mut g = locked(map);
            let busy = map.exports.load(Ordering::Acquire) > 0;
            if !busy {
                g.unmap();
            }
            busy
        });
        if !exported {
            return Ok(Value::NONE);
        }
        if !last && exports_left(cx, map) {
            break;
        }
    }
    Err(cx.raise_str(Ty::BufferError, "cannot close exported pointers exist"))
}

fn map_enter(cx: &mut Ctx, a: &[Value]) -> PyResult {
    with(cx, a[0], |_| ())?;
    Ok(a[0])
}

fn position(cx: &mut Ctx, this: Value, key: Value) -> PyResult<usize> {
    if IntRef::of(key).is_none() && cx.type_of(key).slots.index.address() == 0 {
        return Err(cx.type_error("mmap indices must be integers"));
    }
    let i = index_i64(cx, key, Ty::IndexError)?;
    let n = with(cx, this, |m| m.len)?;
    let i = if i < 0 { i.saturating_add_unsigned(n as u64) } else { i };
    match usize::try_from(i) {
        Ok(i) if i < n => Ok(i),
        _ => Err(cx.raise_str(Ty::IndexError, "mmap index out of range")),
    }
}

/// The positions of a slice.
fn positions(cx: &mut Ctx, this: Value, s: &SliceObj) -> PyResult<Vec<usize>> {
    let unpacked = slice_unpack(cx, s)?;
    let n = with(cx, this, |m| m.len)?;
    let r = slice_adjust(n, unpacked);
    let mut out = Vec::new();
    if out.try_reserve_exact(r.count).is_err() {
        return Err(cx.no_memory());
    }
    let mut at = r.start;
    for _ in 0..r.count {
        out.push(usize::try_from(at).unwrap_or(0));
        at += r.step;
    }
    Ok(out)
}

fn map_getitem(cx: &mut Ctx, this: Value, key: Value) -> PyResult {
    with(cx, this, |_| ())?;
    if let Some(s) = SliceObj::of(key) {
        let (start, stop, step) = slice_unpack(cx, s)?;
        let out = with(cx, this, |m| {
            let r = slice_adjust(m.len, (start, stop, step));
            let at = usize::try_from(r.start).unwrap_or(0);
            if step == 1 {
                return m.bytes().get(at..at + r.count).unwrap_or_default().to_vec();
            }
            let mut at = r.start;
            (0..r.count)
                .filter_map(|_| {
                    let b = usize::try_from(at).ok().and_then(|i| m.bytes().get(i).copied());
                    at += r.step;
                    b
                })
                .collect()
        })?;
        return cx.bytes(&out);
    }
    let i = position(cx, this, key)?;
    let b = with(cx, this, |m| m.bytes().get(i).copied())?;
    Ok(cx.int(b.unwrap_or(0).into()))
}

/// The iterator over a mapping: it gives bytes of length one, where subscripts give ints.
struct MapIter {
    map: Slot,
    next: AtomicUsize,
}

impl Payload for MapIter {
    const NAME: &'static str = "mmap_iterator";
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.map);
    }
}

static ITERATOR: TypeSpec = TypeSpec {
    name: "iterator",
    module: "mmap",
    layout: Layout::Native,
    vt: Some(<MapIter as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(|_, this| Ok(this)), iternext: Some(iter_next), ..SlotSpec::NONE },
    ..TypeSpec::BASE
};

fn map_iter(cx: &mut Ctx, this: Value) -> PyResult {
    let Some(t) = cx.space().state::<OsState>().mmap_iter.get().and_then(TypeObj::of) else {
        return Err(cx.type_error("'mmap' object is not iterable"));
    };
    Ok(cx.new_native(t, MapIter { map: Slot::new(this), next: AtomicUsize::new(0) }))
}

fn iter_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let Some((it, map)) = this.native::<MapIter>().and_then(|it| Some((it, it.map.get()?))) else {
        return Ok(None);
    };
    let i = it.next.load(Ordering::Relaxed);
    match with(cx, map, |m| m.bytes().get(i).copied())? {
        Some(b) => {
            it.next.store(i + 1, Ordering::Relaxed);
            cx.bytes(&[b]).map(Some)
        }
        None => {
            cx.store_empty(this, &it.map);
            Ok(None)
        }
    }
}

fn map_setitem(cx: &mut Ctx, this: Value, key: Value, v: Option<Value>) -> PyResult<()> {
    with(cx, this, |_| ())?;
    check_writable(cx, this)?;
    if let Some(s) = SliceObj::of(key) {
        let Some(v) = v else { return Err(cx.type_error("mmap object doesn't support slice deletion")) };
        let at = positions(cx, this, s)?;
        let b = bytes_like(cx, v)?;
        if b.len() != at.len() {
            return Err(cx.raise_str(Ty::IndexError, "mmap slice assignment is wrong size"));
        }
        // The value's export may have changed the mapping.
        let done = with(cx, this, |m| {
            let fits = at.iter().all(|i| *i < m.len);
            if fits {
                for (i, c) in at.iter().zip(b.iter()) {
                    m.bytes_mut()[*i] = *c;
                }
            }
            fits
        })?;
        return if done { Ok(()) } else { Err(cx.raise_str(Ty::IndexError, "mmap index out of range")) };
    }
    let i = position(cx, this, key)?;
    let Some(v) = v else { return Err(cx.type_error("mmap doesn't support item deletion")) };
    if IntRef::of(v).is_none() && cx.type_of(v).slots.index.address() == 0 {
        return Err(cx.type_error("mmap item value must be an int"));
    }
    let n = index_clamped(cx, v)?;
    let Ok(b) = u8::try_from(n) else {
        return Err(cx.value_error("mmap item value must be in range(0, 256)"));
    };
    let done = with(cx, this, |m| m.bytes_mut().get_mut(i).map(|to| *to = b))?;
    match done {
        Some(()) => Ok(()),
        None => Err(cx.raise_str(Ty::IndexError, "mmap index out of range")),
    }
}

// ---------------------------------------------------------------------------------------------------- methods

fn bound(cx: &mut Ctx, v: Value, n: usize, default: usize) -> PyResult<usize> {
    let Some(v) = v.bound() else { return Ok(default) };
    let i = ssize(cx, v)? as i64;
    let i = if i < 0 { i.saturating_add_unsigned(n as u64).max(0) } else { i };
    Ok(usize::try_from(i).unwrap_or(usize::MAX).min(n))
}

fn search(cx: &mut Ctx, a: &[Value], f: fn(&[u8], &[u8]) -> Option<usize>) -> PyResult {
    let Some(v) = a[1].bound() else {
        return Err(cx.type_error("find() takes at least 1 argument (0 given)"));
    };
    let needle = bytes_like(cx, v)?;
    let (n, pos) = with(cx, a[0], |m| (m.len, m.pos))?;
    let (start, end) = (bound(cx, a[2], n, pos)?, bound(cx, a[3], n, n)?);
    let found = with(cx, a[0], |m| {
        m.bytes().get(start..end.min(m.len)).and_then(|h| f(h, &needle)).map(|i| i + start)
    })?;
    Ok(match found {
        Some(i) => cx.int_usize(i),
        None => Value::small(-1),
    })
}

fn map_find(cx: &mut Ctx, a: &[Value]) -> PyResult {
    search(cx, a, find_bytes)
}

fn map_rfind(cx: &mut Ctx, a: &[Value]) -> PyResult {
    search(cx, a, rfind_bytes)
}

fn map_flush(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let offset = ssize(cx, a[1])?;
    let n = with(cx, a[0], |m| m.len)?;
    let size = match a[2].bound() {
        Some(v) => ssize(cx, v)?,
        None => isize::try_from(n).unwrap_or(isize::MAX).saturating_sub(offset),
    };
    let (Ok(start), Ok(size)) = (usize::try_from(offset), usize::try_from(size)) else {
        return Err(cx.value_error("flush values out of range"));
    };
    if start > n || n - start < size {
        return Err(cx.value_error("flush values out of range"));
    }
    let Some(map) = a[0].native::<Map>() else { return Err(closed(cx)) };
    let r = cx.blocking(|| {
        let g = locked(map);
        if g.ptr.is_null() || g.access == ACCESS_READ || g.access == ACCESS_COPY || start + size > g.len {
            return Ok(0);
        }
        // SAFETY: the range lies within the mapping.
        sys::check(unsafe { libc::msync(g.ptr.add(start).cast(), size, libc::MS_SYNC) })
    });
    done(cx, r)?;
    Ok(Value::NONE)
}

fn map_madvise(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let option = int(cx, a[1])?;
    let start = ssize(cx, a[2])?;
    let n = with(cx, a[0], |m| m.len)?;
    let length = match a[3].bound() {
        Some(v) => ssize(cx, v)?,
        None => isize::try_from(n).unwrap_or(isize::MAX),
    };
    let Some(start) = usize::try_from(start).ok().filter(|s| *s < n) else {
        return Err(cx.value_error("madvise start out of bounds"));
    };
    let Ok(length) = usize::try_from(length) else { return Err(cx.value_error("madvise length invalid")) };
    if start.checked_add(length).is_none_or(|n| isize::try_from(n).is_err()) {
        return Err(cx.raise_str(Ty::OverflowError, "madvise length too large"));
    }
    let length = length.min(n - start);
    // SAFETY: the range lies within the mapping, whose lock is held.
    let r =
        with(cx, a[0], |m| sys::check(unsafe { libc::madvise(m.ptr.add(start).cast(), length, option) }))?;
    done(cx, r)?;
    Ok(Value::NONE)
}

fn map_move(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (dest, src, n) = (ssize(cx, a[1])?, ssize(cx, a[2])?, ssize(cx, a[3])?);
    check_writable(cx, a[0])?;
    let numbers = (usize::try_from(dest), usize::try_from(src), usize::try_from(n));
    if let (Ok(d), Ok(s), Ok(n)) = numbers {
        let moved = with(cx, a[0], |m| {
            let ok = d <= m.len && s <= m.len && m.len - d >= n && m.len - s >= n;
            if ok {
                m.bytes_mut().copy_within(s..s + n, d);
            }
            ok
        })?;
        if moved {
            return Ok(Value::NONE);
        }
    }
    Err(cx.value_error("source, destination, or count out of range"))
}

fn map_read(cx: &mut Ctx, a: &[Value]) -> PyResult {
    with(cx, a[0], |_| ())?;
    let n = match a[1].not_none() {
        None => -1,
        Some(v) => {
            if IntRef::of(v).is_none() && cx.type_of(v).slots.index.address() == 0 {
                let msg =
                    format!("argument should be integer or None, not '{}'", protopy_vm::ops::tp_name(cx, v));
                return Err(cx.type_error(&msg));
            }
            ssize(cx, v)?
        }
    };
    let b = with(cx, a[0], |m| {
        let rest = m.bytes().get(m.pos..).unwrap_or_default();
        let n = usize::try_from(n).unwrap_or(rest.len()).min(rest.len());
        let out = rest[..n].to_vec();
        m.pos += n;
        out
    })?;
    cx.bytes(&b)
}

fn map_read_byte(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = with(cx, a[0], |m| {
        let b = m.bytes().get(m.pos).copied();
        m.pos += usize::from(b.is_some());
        b
    })?;
    match b {
        Some(b) => Ok(cx.int(b.into())),
        None => Err(cx.value_error("read byte out of range")),
    }
}

fn map_readline(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let b = with(cx, a[0], |m| {
        let rest = m.bytes().get(m.pos..).unwrap_or_default();
        let n = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |i| i + 1);
        let out = rest[..n].to_vec();
        m.pos += n;
        out
    })?;
    cx.bytes(&b)
}

fn map_write(cx: &mut Ctx, a: &[Value]) -> PyResult {
    with(cx, a[0], |_| ())?;
    let b = bytes_like(cx, a[1])?;
    check_writable(cx, a[0])?;
    let written = with(cx, a[0], |m| {
        let at = m.pos;
        let ok = m.len.checked_sub(at).is_some_and(|room| room >= b.len());
        if ok {
            m.bytes_mut()[at..at + b.len()].copy_from_slice(&b);
            m.pos = at + b.len();
        }
        ok
    })?;
    if !written {
        return Err(cx.value_error("data out of range"));
    }
    Ok(cx.int_usize(b.len()))
}

fn map_write_byte(cx: &mut Ctx, a: &[Value]) -> PyResult {
    with(cx, a[0], |_| ())?;
    let n = long(cx, a[1])?;
    let b = match u8::try_from(n) {
        Ok(b) => b,
        Err(_) if n < 0 => {
            return Err(cx.raise_str(Ty::OverflowError, "unsigned byte integer is less than minimum"));
        }
        Err(_) => {
            return Err(cx.raise_str(Ty::OverflowError, "unsigned byte integer is greater than maximum"));
        }
    };
    check_writable(cx, a[0])?;
    let written = with(cx, a[0], |m| {
        let at = m.pos;
        match m.bytes_mut().get_mut(at) {
            Some(to) => {
                *to = b;
                m.pos += 1;
                true
            }
            None => false,
        }
    })?;
    if !written {
        return Err(cx.value_error("write byte out of range"));
    }
    Ok(Value::NONE)
}

fn map_seek(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (to, whence) = (ssize(cx, a[1])? as i64, int(cx, a[2])?);
    let (n, pos) = with(cx, a[0], |m| (m.len, m.pos))?;
    let base = match whence {
        0 => 0,
        1 => pos,
        2 => n,
        _ => return Err(cx.value_error("unknown seek type")),
    };
    let at = to.checked_add_unsigned(base as u64).and_then(|i| usize::try_from(i).ok()).filter(|i| *i <= n);
    match at {
        Some(i) => {
            with(cx, a[0], |m| m.pos = i)?;
            Ok(cx.int_usize(i))
        }
        None => Err(cx.value_error("seek out of range")),
    }
}

fn map_seekable(_: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(Value::TRUE)
}

fn map_tell(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = with(cx, a[0], |m| m.pos)?;
    Ok(cx.int_usize(n))
}

fn map_size(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let fd = with(cx, a[0], |m| m.fd)?;
    let mut st: libc::stat = sys::zeroed();
    let r = cx.blocking(|| sys::fstat(fd, &mut st));
    done(cx, r)?;
    Ok(cx.int(st.st_size))
}

fn map_resize(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = ssize(cx, a[1])?;
    let Some(map) = a[0].native::<Map>() else { return Err(closed(cx)) };
    let (access, flags, fd, track) = with(cx, a[0], |m| (m.access, m.flags, m.fd, m.track))?;
    if exports_left(cx, map) {
        return Err(cx.raise_str(Ty::BufferError, "mmap can't resize with extant pointers exported."));
    }
    if access == ACCESS_READ || access == ACCESS_COPY {
        return Err(cx.type_error("mmap can't resize a readonly or copy-on-write memory map."));
    }
    if !track {
        return Err(cx.value_error("mmap can't resize with trackfd=False."));
    }
    let Ok(n) = usize::try_from(n) else { return Err(cx.value_error("new size out of range")) };
    if fd == -1 && flags & libc::MAP_PRIVATE == 0 && n > with(cx, a[0], |m| m.len)? {
        return Err(cx.value_error("mmap: can't expand a shared anonymous mapping"));
    }
    let r = cx.blocking(|| {
        let mut m = locked(map);
        if m.ptr.is_null() || map.exports.load(Ordering::Acquire) > 0 {
            return Err(libc::EBUSY);
        }
        if m.fd != -1 {
            let len = i64::try_from(n).map_err(|_| libc::EFBIG)?.checked_add(m.offset).ok_or(libc::EFBIG)?;
            sys::ftruncate(m.fd, len)?;
        }
        // SAFETY: the mapping has this length and no export.
        let p = unsafe { libc::mremap(m.ptr.cast(), m.len, n, libc::MREMAP_MAYMOVE) };
        if p == libc::MAP_FAILED {
            return Err(sys::errno());
        }
        m.ptr = p.cast();
        m.len = n;
        m.pos = m.pos.min(n);
        Ok(())
    });
    done(cx, r)?;
    Ok(Value::NONE)
}
