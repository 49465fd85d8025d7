//! The memory of a bytearray.
//!
//! The bytes lie in a cell of the collector's heap that holds nothing else ([`RawCell`]); the bytearray refers to it. Growing
//! makes a new cell and publishes it; whoever still reads the old one keeps it alive by the pointer on its stack, so no reader
//! ever sees freed memory. Writers hold the object's byte lock while they change content, length or cell; nothing is
//! allocated under it: a writer that needs a bigger cell makes it first and looks again.
//!
//! 1. `start + len` is at most the capacity of the cell in `store` whenever the lock is free.
//! 2. While `exports` is not zero neither length, start nor cell change: exported pointers stay valid.
//!
//! Readers take the lock, too, once the process has a second thread.
//!
//! Cutting bytes off the front moves `start`, so that a bytearray serves as a queue.
#![allow(unsafe_code)]

use protopy_vm::buffers::BytesLike;
use protopy_vm::copying::wait_for_copies;
use protopy_vm::exports::still_exported;
use protopy_vm::protocore::buffer::Buffer;
use protopy_vm::protocore::header::{Header, Layout};
use protopy_vm::protocore::known::RAW_SHAPE;
use protopy_vm::protocore::{Ctx, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// A cell of plain bytes.
#[repr(C)]
struct RawCell {
    header: Header,
    cap: usize,
}

impl RawCell {
    fn of(v: Value) -> Option<&'static RawCell> {
        if v.layout() == Layout::Raw {
            // SAFETY: bytearrays only refer to raw cells that `new_cell` made; see `Value::header` for the lifetime.
            Some(unsafe { &*v.ptr::<RawCell>() })
        } else {
            None
        }
    }

    #[inline]
    fn data(&self) -> *mut u8 {
        let p: *const RawCell = self;
        // SAFETY: `cap` bytes follow the fixed part.
        unsafe { p.add(1).cast_mut().cast() }
    }
}

/// The content of a bytearray object.
pub(crate) struct ByteArray {
    store: Slot,
    start: AtomicUsize,
    len: AtomicUsize,
    exports: AtomicUsize,
}

impl Payload for ByteArray {
    const NAME: &'static str = "bytearray";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.store);
    }
}

/// What a change of a bytearray's length found in its way.
enum Refused {
    /// Buffers are exported.
    Exported,
    /// The cell is too small, or another thread exchanged it.
    Again,
}

impl ByteArray {
    fn empty() -> ByteArray {
        ByteArray {
            store: Slot::empty(),
            start: AtomicUsize::new(0),
            len: AtomicUsize::new(0),
            exports: AtomicUsize::new(0),
        }
    }

    /// The content of a bytearray object.
    #[inline]
    pub(crate) fn of(v: Value) -> Option<&'static ByteArray> {
        v.native::<ByteArray>()
    }

    /// Number of bytes.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// Number of exported buffers.
    pub(crate) fn exports(&self) -> usize {
        self.exports.load(Ordering::Acquire)
    }

    fn cell(&self) -> Option<&'static RawCell> {
        self.store.get().and_then(RawCell::of)
    }

    /// Bytes that fit without a new cell.
    pub(crate) fn capacity(&self) -> usize {
        self.cell().map_or(0, |c| c.cap)
    }

    /// First byte, with the lock held (or one thread).
    fn bytes_ptr(&self) -> *mut u8 {
        match self.cell() {
            // SAFETY: by invariant 1 `start` lies within the cell or just after it.
            Some(c) => unsafe { c.data().add(self.start.load(Ordering::Relaxed)) },
            None => std::ptr::NonNull::<u8>::dangling().as_ptr(),
        }
    }

    fn copy_out(&self, from: usize, n: usize, into: &mut [u8]) {
        debug_assert!(from + n <= self.len() && n <= into.len());
        // SAFETY: the caller holds the lock and clamped the range to the length.
        unsafe { std::ptr::copy_nonoverlapping(self.bytes_ptr().add(from), into.as_mut_ptr(), n) };
    }

    /// Replaces `old` bytes at `at` by `new`, within the cell; the caller holds the lock.
    fn splice_in_place(&self, at: usize, old: usize, new: &[u8]) -> Result<(), Refused> {
        let len = self.len.load(Ordering::Relaxed);
        let at = at.min(len);
        let old = old.min(len - at);
        let now = len - old + new.len();
        if now != len && self.exports() > 0 {
            return Err(Refused::Exported);
        }
        let start = self.start.load(Ordering::Relaxed);
        let cap = self.capacity();
        if now == 0 {
            self.start.store(0, Ordering::Relaxed);
            self.len.store(0, Ordering::Release);
            return Ok(());
        }
        if now < len && at == 0 {
            // From the front: the rest stays where it is.
            let cut = len - now;
            self.start.store(start + cut, Ordering::Relaxed);
            // SAFETY: `new` is shorter than what it replaces, all within the cell.
            unsafe { std::ptr::copy_nonoverlapping(new.as_ptr(), self.bytes_ptr(), new.len()) };
            self.len.store(now, Ordering::Release);
            return Ok(());
        }
        if start + now > cap {
            if now > cap || self.store.is_empty() || start < cap / 2 {
                return Err(Refused::Again);
            }
            // Room at the front: move back to the beginning.
            let base = self.bytes_ptr();
            // SAFETY: both ranges lie within the cell; they may overlap.
            unsafe { std::ptr::copy(base, base.sub(start), len) };
            self.start.store(0, Ordering::Relaxed);
        }
        let p = self.bytes_ptr();
        // SAFETY: `start + now` and `start + len` are within the cell.
        unsafe {
            std::ptr::copy(p.add(at + old), p.add(at + new.len()), len - at - old);
            std::ptr::copy_nonoverlapping(new.as_ptr(), p.add(at), new.len());
        }
        self.len.store(now, Ordering::Release);
        Ok(())
    }

    /// As [`ByteArray::splice_in_place`], into a fresh cell that becomes the store.
    fn splice_into(&self, fresh: &RawCell, at: usize, old: usize, new: &[u8]) -> Result<(), Refused> {
        let len = self.len.load(Ordering::Relaxed);
        let at = at.min(len);
        let old = old.min(len - at);
        let now = len - old + new.len();
        if now != len && self.exports() > 0 {
            return Err(Refused::Exported);
        }
        if now > fresh.cap {
            return Err(Refused::Again);
        }
        let (from, to) = (self.bytes_ptr(), fresh.data());
        // SAFETY: the old range is valid by invariant 1, the new cell has room for `now` bytes, and cells do not overlap.
        unsafe {
            std::ptr::copy_nonoverlapping(from, to, at);
            std::ptr::copy_nonoverlapping(new.as_ptr(), to.add(at), new.len());
            std::ptr::copy_nonoverlapping(from.add(at + old), to.add(at + new.len()), len - at - old);
        }
        Ok(())
    }
}

fn lock_of(v: Value) -> &'static Header {
    match v.header() {
        Some(h) => h,
        None => unreachable!("a bytearray is a heap object"),
    }
}

fn new_cell(cx: &mut Ctx, cap: usize) -> PyResult {
    let size = cap.checked_add(size_of::<RawCell>()).filter(|s| isize::try_from(*s).is_ok());
    let Some(p) = size.and_then(|s| cx.try_alloc_cell(s, Layout::Raw, RAW_SHAPE)) else {
        return Err(cx.no_memory());
    };
    let p = p.cast::<RawCell>();
    // SAFETY: a fresh cell of that size.
    unsafe { (&raw mut (*p).cap).write(cap) };
    Ok(Value::from_ref(p))
}

/// A new, empty bytearray of type `ty` (bytearray or a subclass).
pub(crate) fn new_array(cx: &mut Ctx, ty: &TypeObj) -> Value {
    cx.new_native(ty, ByteArray::empty())
}

/// A new bytearray of these bytes.
pub(crate) fn array_from(cx: &mut Ctx, b: &[u8]) -> PyResult {
    let ty = cx.ty(Ty::ByteArray);
    let v = new_array(cx, ty);
    replace(cx, v, 0, 0, b)?;
    Ok(v)
}

/// The bytes at this moment.
pub(crate) fn snapshot(cx: &mut Ctx, v: Value) -> PyResult<Vec<u8>> {
    let Some(a) = ByteArray::of(v) else { return Ok(Vec::new()) };
    snapshot_range(cx, v, 0, a.len())
}

/// Up to `n` bytes from `from` at this moment.
pub(crate) fn snapshot_range(cx: &mut Ctx, v: Value, from: usize, n: usize) -> PyResult<Vec<u8>> {
    let Some(a) = ByteArray::of(v) else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    if out.try_reserve_exact(n).is_err() {
        return Err(cx.no_memory());
    }
    out.resize(n, 0);
    let _g = lock_of(v).lock(cx.single_threaded());
    let len = a.len();
    let n = n.min(len.saturating_sub(from));
    if n > 0 {
        a.copy_out(from, n, &mut out);
    }
    out.truncate(n);
    Ok(out)
}

/// The bytes for an operation that runs no Python code: lent while there is one thread, else copied.
pub(crate) fn lend(cx: &mut Ctx, v: Value) -> PyResult<BytesLike> {
    if !cx.single_threaded() {
        return snapshot(cx, v).map(BytesLike::Copied);
    }
    let Some(a) = ByteArray::of(v) else { return Ok(BytesLike::Copied(Vec::new())) };
    // SAFETY: valid by invariant 1, and nobody else runs; the cell outlives the view, whose pointer keeps it alive.
    let b: &'static [u8] = unsafe { std::slice::from_raw_parts(a.bytes_ptr(), a.len()) };
    Ok(BytesLike::Lent(b, a.store.get_or(v)))
}

/// Looks at the bytes of this moment, under the lock: `f` neither allocates from the heap nor calls out.
pub(crate) fn look<R>(cx: &Ctx, v: Value, f: impl FnOnce(&[u8]) -> R) -> R {
    let Some(a) = ByteArray::of(v) else { return f(&[]) };
    let _g = lock_of(v).lock(cx.single_threaded());
    // SAFETY: valid by invariant 1 while the lock is held.
    f(unsafe { std::slice::from_raw_parts(a.bytes_ptr(), a.len()) })
}

/// Byte `i`.
#[inline]
pub(crate) fn get(cx: &Ctx, v: Value, i: usize) -> Option<u8> {
    let a = ByteArray::of(v)?;
    let _g = lock_of(v).lock(cx.single_threaded());
    if i >= a.len() {
        return None;
    }
    // SAFETY: within the length, under the lock; atomic, since exported memory is written without it.
    Some(unsafe { AtomicU8::from_ptr(a.bytes_ptr().add(i)) }.load(Ordering::Relaxed))
}

/// Writes one byte; `false` if the index is out of range.
pub(crate) fn set(cx: &mut Ctx, v: Value, i: usize, byte: u8) -> bool {
    let Some(a) = ByteArray::of(v) else { return false };
    let _g = lock_of(v).lock(cx.single_threaded());
    if i >= a.len() {
        return false;
    }
    // SAFETY: within the length, under the lock; atomic, since exported memory is read without it.
    unsafe { AtomicU8::from_ptr(a.bytes_ptr().add(i)) }.store(byte, Ordering::Relaxed);
    true
}

/// Runs `f` on the bytes in place, under the lock: it computes only.
pub(crate) fn modify<R>(cx: &mut Ctx, v: Value, f: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
    let a = ByteArray::of(v)?;
    let _g = lock_of(v).lock(cx.single_threaded());
    // SAFETY: valid by invariant 1; others are kept out by the lock.
    Some(f(unsafe { std::slice::from_raw_parts_mut(a.bytes_ptr(), a.len()) }))
}

#[cold]
fn exported(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::BufferError, "Existing exports of data: object cannot be re-sized")
}

/// Raises BufferError if buffers are exported, other than for copies that other threads are just making: waits for these. Looks first
/// whether the views still exist.
pub(crate) fn check_exports(cx: &mut Ctx, v: Value, a: &ByteArray) -> PyResult<()> {
    while a.exports() > 0 && wait_for_copies(cx, v, || a.exports()) {}
    let own = |e: Value| ByteArray::of(e).is_some_and(|e| std::ptr::eq(e, a));
    if still_exported(cx, &|| a.exports(), &own) { Err(exported(cx)) } else { Ok(()) }
}

/// Bytes that an empty bytearray may keep.
const SPARE: usize = 1 << 14;

/// Replaces `old` bytes at `at` (both brought into range) by `new`; BufferError if that changes the length while buffers
/// are exported, MemoryError.
pub(crate) fn replace(cx: &mut Ctx, v: Value, at: usize, old: usize, new: &[u8]) -> PyResult<()> {
    let Some(a) = ByteArray::of(v) else { return Ok(()) };
    loop {
        let mut emptied = None;
        let refused = {
            let _g = lock_of(v).lock(cx.single_threaded());
            let r = a.splice_in_place(at, old, new);
            if a.len() == 0 && a.capacity() > SPARE && a.exports() == 0 {
                emptied = a.store.swap_raw(None);
            }
            r
        };
        if let Some(emptied) = emptied {
            cx.retire_storage(emptied);
        }
        match refused {
            Ok(()) => return Ok(()),
            Err(Refused::Exported) => check_exports(cx, v, a)?,
            Err(Refused::Again) => {
                let len = a.len();
                let old = old.min(len.saturating_sub(at));
                let Some(want) = (len - old).checked_add(new.len()) else { return Err(cx.no_memory()) };
                let spare = if len == 0 { 0 } else { want / 8 + 6 };
                let fresh = new_cell(cx, want.saturating_add(spare))?;
                if exchange(cx, v, a, fresh, at, old, new)? {
                    return Ok(());
                }
            }
        }
    }
}

/// Splices into a fresh cell and makes it the store; `false` if it turned out too small.
fn exchange(
    cx: &mut Ctx,
    v: Value,
    a: &ByteArray,
    fresh: Value,
    at: usize,
    old: usize,
    new: &[u8],
) -> PyResult<bool> {
    let Some(cell) = RawCell::of(fresh) else { return Ok(false) };
    let mut outgrown = None;
    let refused = {
        let _g = lock_of(v).lock(cx.single_threaded());
        let r = a.splice_into(cell, at, old, new);
        if r.is_ok() {
            outgrown = a.store.get();
            let len = a.len();
            let at = at.min(len);
            let now = len - old.min(len - at) + new.len();
            cx.store(v, &a.store, fresh);
            a.start.store(0, Ordering::Relaxed);
            a.len.store(now, Ordering::Release);
        }
        r
    };
    if let Some(outgrown) = outgrown {
        cx.retire_storage(outgrown);
    }
    match refused {
        Ok(()) => Ok(true),
        Err(Refused::Again) => Ok(false),
        Err(Refused::Exported) => {
            check_exports(cx, v, a)?;
            Ok(false)
        }
    }
}

/// Removes and answers the byte at `i` (from the end if negative), as `pop` does; `None` if there is none.
pub(crate) fn take(cx: &mut Ctx, v: Value, i: i64) -> PyResult<Option<u8>> {
    let Some(a) = ByteArray::of(v) else { return Ok(None) };
    loop {
        let refused = {
            let _g = lock_of(v).lock(cx.single_threaded());
            let len = a.len();
            let Some(at) = crate::text::object::resolve_index(i, len) else { return Ok(None) };
            let mut one = [0u8];
            a.copy_out(at, 1, &mut one);
            a.splice_in_place(at, 1, &[]).map(|()| one[0])
        };
        match refused {
            Ok(b) => return Ok(Some(b)),
            Err(_) => check_exports(cx, v, a)?,
        }
    }
}

fn end_export(v: Value) {
    if let Some(a) = ByteArray::of(v) {
        a.exports.fetch_sub(1, Ordering::AcqRel);
    }
}

/// An export without a buffer: while it lives, the length cannot change.
pub(crate) struct Exported(Value);

impl Exported {
    /// Of a bytearray.
    pub(crate) fn new(v: Value) -> Option<Exported> {
        let a = ByteArray::of(v)?;
        a.exports.fetch_add(1, Ordering::AcqRel);
        Some(Exported(v))
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        end_export(self.0);
    }
}

/// The buffer slot of bytearray.
pub(crate) fn export(cx: &mut Ctx, v: Value, _writable: bool) -> PyResult<Buffer> {
    let Some(a) = ByteArray::of(v) else { return Err(cx.type_error("a bytearray is required")) };
    let _g = lock_of(v).lock(cx.single_threaded());
    a.exports.fetch_add(1, Ordering::AcqRel);
    Ok(Buffer::bytes(v, a.bytes_ptr(), a.len(), false, Some(end_export)))
}
