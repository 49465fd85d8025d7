//! The buffer protocol as native code uses it.
//!
//! Memory of a `bytes` object never changes, so it is lent. Everything else that exports a buffer may be written to by
//! another thread at any time: [`bytes_like`] copies it, which costs less than any use of it, and no reader then sees
//! a byte change between a check and a use. Code that really shares memory (`memoryview`, `readinto`) pins the export with
//! [`get_buffer`] and copies in and out through the guard; regular expressions read a pinned export in place ([`pinned_bytes`]).
#![allow(unsafe_code)]

use crate::attr::{bind_descriptor, type_lookup};
use crate::call::call;
use crate::copying::announce;
use crate::declare::TypeSpec;
use crate::roots::keep_alive;
use crate::types::create_type;
use crate::types::slotdefs::{D, dname};
use crate::types::slotid::SlotFn;
use crate::types::wrappers::WrapperDescr;
use protocore::buffer::Buffer;
use protocore::layouts::BytesObj;
use protocore::space::SpaceState;
use protocore::types::{BufferFn, SlotSpec, type_flags};
use protocore::{
    Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};

/// The bytes of an object: lent by a `bytes` object, else copied. Lives on the native stack, which keeps the lender alive.
pub enum BytesLike {
    /// Memory of the `bytes` object.
    Lent(&'static [u8], Value),
    /// A copy.
    Copied(Vec<u8>),
    /// Memory of an object whose export is pinned.
    Pinned(BufferGuard),
}

impl Deref for BytesLike {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            BytesLike::Lent(b, _) => b,
            BytesLike::Copied(v) => v,
            // SAFETY: the exporter pins `len` contiguous bytes at `ptr`, which is not null then.
            BytesLike::Pinned(b) if b.len > 0 => unsafe { std::slice::from_raw_parts(b.ptr, b.len) },
            BytesLike::Pinned(_) => &[],
        }
    }
}

impl Drop for BytesLike {
    #[inline]
    fn drop(&mut self) {
        if let BytesLike::Lent(_, owner) = self {
            keep_alive(*owner);
        }
    }
}

impl BytesLike {
    /// The bytes as a vector of their own.
    pub fn to_owned_vec(&self) -> Vec<u8> {
        self.to_vec()
    }
}

/// Whether a value exports a buffer.
#[inline]
pub fn has_buffer(cx: &Ctx, v: Value) -> bool {
    cx.type_of(v).slots.buffer.address() != 0
}

/// Raises "a bytes-like object is required, not 'T'".
#[cold]
pub fn not_bytes_like(cx: &mut Ctx, v: Value) -> Raised {
    let msg = format!("a bytes-like object is required, not '{}'", crate::ops::tp_name(cx, v));
    cx.type_error(&msg)
}

/// The contiguous bytes of a bytes-like object; TypeError, BufferError for a view with gaps.
#[inline]
pub fn bytes_like(cx: &mut Ctx, v: Value) -> PyResult<BytesLike> {
    match BytesObj::of(v) {
        Some(b) => Ok(BytesLike::Lent(b.bytes(), v)),
        None => bytes_like_slow(cx, v),
    }
}

fn bytes_like_slow(cx: &mut Ctx, v: Value) -> PyResult<BytesLike> {
    match copied(cx, v, true)? {
        Ok(copy) => Ok(BytesLike::Copied(copy)),
        Err(Uncopied::Memory) => Err(cx.no_memory()),
        Err(Uncopied::Gaps) => {
            Err(cx.raise_str(Ty::BufferError, "memoryview: underlying buffer is not C-contiguous"))
        }
    }
}

/// Why there is no copy.
enum Uncopied {
    /// No memory for it.
    Memory,
    /// The items do not lie one after the other.
    Gaps,
}

/// A copy of an object's memory, for which who wants to resize the object waits.
fn copied(cx: &mut Ctx, v: Value, contiguous: bool) -> PyResult<Result<Vec<u8>, Uncopied>> {
    // Python code that exports a buffer may do anything, resize the object included.
    let native = cx.type_of(v).slots.buffer.address() != class_buffer as BufferFn as usize;
    let copying = native.then(|| announce(cx, v));
    let b = get_buffer(cx, v, false)?;
    let copy = if contiguous && !is_c_contiguous(&b) { Err(Uncopied::Gaps) } else { gathered(cx, &b) };
    b.release(cx);
    drop(copying);
    Ok(copy)
}

/// As [`bytes_like`], without a copy where the export of a builtin type can be pinned: for what is called again and again on a large
/// buffer, as matching is. As in CPython the object cannot be resized meanwhile, and a result is anything if other threads write to it.
pub fn pinned_bytes(cx: &mut Ctx, v: Value) -> PyResult<BytesLike> {
    if BytesObj::of(v).is_some() || cx.type_of(v).has(type_flags::HEAP) {
        return bytes_like(cx, v);
    }
    let b = get_buffer(cx, v, false)?;
    if is_c_contiguous(&b) {
        return Ok(BytesLike::Pinned(b));
    }
    b.release(cx);
    bytes_like(cx, v)
}

/// The items of any buffer one after the other in C order, gaps left out.
pub fn buffer_to_vec(cx: &mut Ctx, v: Value) -> PyResult<Vec<u8>> {
    copied(cx, v, false)?.map_err(|_| cx.no_memory())
}

fn gathered(cx: &mut Ctx, b: &Buffer) -> Result<Vec<u8>, Uncopied> {
    let mut out = Vec::new();
    if out.try_reserve_exact(b.len).is_err() {
        return Err(Uncopied::Memory);
    }
    cx.computing(b.len, || gather(b, &mut out));
    Ok(out)
}

/// Runs `f` on the bytes of a bytes-like object.
pub fn with_buffer<R>(cx: &mut Ctx, v: Value, f: impl FnOnce(&mut Ctx, &[u8]) -> PyResult<R>) -> PyResult<R> {
    let b = bytes_like(cx, v)?;
    f(cx, &b)
}

/// A pinned export. Dropping it ends the export; [`BufferGuard::release`] does so too and lets a Python
/// `__release_buffer__` run.
pub struct BufferGuard(Option<Buffer>);

impl Deref for BufferGuard {
    type Target = Buffer;

    fn deref(&self) -> &Buffer {
        match &self.0 {
            Some(b) => b,
            None => unreachable!("a guard holds its buffer until it is released"),
        }
    }
}

impl Drop for BufferGuard {
    fn drop(&mut self) {
        if let Some(b) = self.0.take()
            && let Some(f) = b.release
        {
            f(b.owner);
        }
    }
}

impl BufferGuard {
    /// Takes the export over; the caller passes it to [`release_buffer`] in the end.
    pub fn into_inner(mut self) -> Buffer {
        match self.0.take() {
            Some(b) => b,
            None => unreachable!("a guard holds its buffer until it is released"),
        }
    }

    /// Ends the export.
    pub fn release(mut self, cx: &mut Ctx) {
        if let Some(b) = self.0.take() {
            release_buffer(cx, b);
        }
    }

    /// Copies the first bytes of `data` that fit to position `at` of a contiguous writable buffer; how many.
    pub fn write_at(&self, at: usize, data: &[u8]) -> usize {
        if self.readonly || at >= self.len {
            return 0;
        }
        let n = data.len().min(self.len - at);
        // SAFETY: the exporter pins `len` bytes at `ptr` and lets them be written; `data` is memory of Rust's own or of
        // an immutable object, so the two do not overlap.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), self.ptr.add(at), n) };
        n
    }

    /// A copy of up to `n` bytes from position `at` of a contiguous buffer.
    pub fn read_at(&self, at: usize, n: usize) -> Vec<u8> {
        let n = n.min(self.len.saturating_sub(at));
        let mut out = vec![0; n];
        if n > 0 {
            // SAFETY: the exporter pins `len` bytes at `ptr`.
            unsafe { std::ptr::copy_nonoverlapping(self.ptr.add(at), out.as_mut_ptr(), n) };
        }
        out
    }
}

/// Exports a buffer; TypeError for what has none, BufferError if it cannot be written but must.
pub fn get_buffer(cx: &mut Ctx, v: Value, writable: bool) -> PyResult<BufferGuard> {
    match cx.type_of(v).slots.buffer.get() {
        Some(f) => f(cx, v, writable).map(|b| BufferGuard(Some(b))),
        None => Err(not_bytes_like(cx, v)),
    }
}

/// Exports a writable contiguous buffer as argument converters want it: "read-write bytes-like object" is what the
/// TypeError of `readinto() argument must be …` names.
pub fn writable_buffer(cx: &mut Ctx, v: Value, what: &str) -> PyResult<BufferGuard> {
    let refuse = |cx: &mut Ctx| {
        let msg = format!("{what} must be read-write bytes-like object, not {}", crate::ops::tp_name(cx, v));
        Err(cx.type_error(&msg))
    };
    if !has_buffer(cx, v) {
        return refuse(cx);
    }
    let got = get_buffer(cx, v, true);
    match got {
        Ok(b) if is_c_contiguous(&b) => Ok(b),
        Ok(b) => {
            b.release(cx);
            refuse(cx)
        }
        Err(r) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::BufferError) { refuse(cx) } else { Err(cx.set_raised(e)) }
        }
    }
}

/// Ends an export, running a Python `__release_buffer__` if the exporter has one.
pub fn release_buffer(cx: &mut Ctx, b: Buffer) {
    let owner = b.owner;
    if let Some(f) = b.release {
        f(owner);
    }
    if owner.native::<ClassExport>().is_some() {
        finish_class_export(cx, owner);
    }
    keep_alive(owner);
}

// ---------------------------------------------------------------------------------------------------- shapes

/// Whether the items lie one after the other in C order.
pub fn is_c_contiguous(b: &Buffer) -> bool {
    if let ([n], [s]) = (b.shape.as_slice(), b.strides.as_slice()) {
        return *n == 1 || usize::try_from(*s) == Ok(b.itemsize);
    }
    if b.len == 0 {
        return true;
    }
    let mut want = b.itemsize;
    for (n, s) in b.shape.iter().zip(&b.strides).rev() {
        if *n > 1 && isize::try_from(want) != Ok(*s) {
            return false;
        }
        want = want.saturating_mul(*n);
    }
    true
}

/// Whether the items lie one after the other in Fortran order.
pub fn is_f_contiguous(b: &Buffer) -> bool {
    if let ([n], [s]) = (b.shape.as_slice(), b.strides.as_slice()) {
        return *n == 1 || usize::try_from(*s) == Ok(b.itemsize);
    }
    if b.len == 0 {
        return true;
    }
    let mut want = b.itemsize;
    for (n, s) in b.shape.iter().zip(&b.strides) {
        if *n > 1 && isize::try_from(want) != Ok(*s) {
            return false;
        }
        want = want.saturating_mul(*n);
    }
    true
}

/// Appends all items in C order.
pub fn gather(b: &Buffer, out: &mut Vec<u8>) {
    if b.len == 0 {
        return;
    }
    if is_c_contiguous(b) {
        let at = out.len();
        out.resize(at + b.len, 0);
        // SAFETY: the exporter pins `len` bytes at `ptr`; `out` has room for them.
        unsafe { std::ptr::copy_nonoverlapping(b.ptr, out.as_mut_ptr().add(at), b.len) };
        return;
    }
    each_item(b, |p| {
        let at = out.len();
        out.resize(at + b.itemsize, 0);
        // SAFETY: `p` is an item of the pinned memory.
        unsafe { std::ptr::copy_nonoverlapping(p, out.as_mut_ptr().add(at), b.itemsize) };
    });
}

/// Writes items, in C order, from contiguous bytes of the buffer's whole length.
pub fn scatter(b: &Buffer, from: &[u8]) {
    if b.readonly {
        return;
    }
    let mut items = from.chunks_exact(b.itemsize.max(1));
    each_item(b, |p| {
        if let Some(item) = items.next() {
            // SAFETY: `p` is an item of the pinned, writable memory.
            unsafe { std::ptr::copy_nonoverlapping(item.as_ptr(), p, item.len()) };
        }
    });
}

/// Visits the address of every item in C order. Dimensions are few (64 at most), so the odometer is short.
fn each_item(b: &Buffer, mut f: impl FnMut(*mut u8)) {
    if b.shape.contains(&0) || b.len == 0 {
        return;
    }
    let mut index = vec![0usize; b.shape.len()];
    let mut p = b.ptr;
    loop {
        f(p);
        let mut d = b.shape.len();
        loop {
            if d == 0 {
                return;
            }
            d -= 1;
            index[d] += 1;
            if index[d] < b.shape[d] {
                p = p.wrapping_offset(b.strides[d]);
                break;
            }
            // Back to the start of this dimension.
            let back = (b.shape[d] - 1) as isize;
            p = p.wrapping_offset(b.strides[d].wrapping_mul(back).wrapping_neg());
            index[d] = 0;
        }
    }
}

// ---------------------------------------------------------------------------------------------------- Python exporters

/// The export of an object whose class defines `__buffer__` in Python: what keeps the memoryview that `__buffer__` answered.
struct ClassExport {
    obj: Slot,
    /// Empty if `__buffer__` is a native type's.
    view: Slot,
    /// The native type's function then.
    func: Option<BufferFn>,
    inner: Guarded<Option<Inner>>,
    done: AtomicBool,
}

/// The export of the memoryview underneath.
struct Inner {
    owner: Value,
    release: Option<fn(Value)>,
}

impl Payload for ClassExport {
    const NAME: &'static str = "_buffer_wrapper";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.obj);
        t.slot(&self.view);
        // SAFETY: tracing runs while the world is stopped.
        if let Some(i) = unsafe { self.inner.peek() } {
            t.visit(i.owner);
        }
    }
}

fn release_class_export(owner: Value) {
    if let Some(x) = owner.native::<ClassExport>()
        && let Some(i) = x.inner.with(Option::take)
        && let Some(f) = i.release
    {
        f(i.owner);
    }
}

/// Calls `__release_buffer__` with the view that `__buffer__` answered; errors are reported, not raised.
///
/// Where a native type's `__buffer__` answered, there is no such view: one is made for the call that forbids further views.
/// It is released afterwards, and so is a view of the object itself. Any other view is its maker's.
fn finish_class_export(cx: &mut Ctx, owner: Value) {
    let Some(x) = owner.native::<ClassExport>() else { return };
    if x.done.swap(true, Ordering::AcqRel) {
        return;
    }
    let obj = x.obj.get_or_none();
    let (view, own) = match (x.view.get(), x.func) {
        (Some(view), _) => {
            let of = crate::attr::get_attr_str(cx, view, "obj");
            (Ok(view), of.is_ok_and(|of| of.is(obj)))
        }
        (None, Some(func)) if crate::types::generic::hears_release(cx, obj) => {
            (native_view(cx, obj, func, false, true), true)
        }
        _ => return,
    };
    let view = match view {
        Ok(view) => view,
        Err(r) => return crate::errors::report_unraisable(cx, r, None, obj),
    };
    crate::types::generic::buffer_released(cx, obj, view);
    if own && let Err(r) = crate::call::call_method(cx, view, "release", &[]) {
        cx.take_raised(r);
    }
}

fn class_export_del(cx: &mut Ctx, v: Value) -> PyResult<()> {
    release_class_export(v);
    finish_class_export(cx, v);
    Ok(())
}

static EXPORT: TypeSpec = TypeSpec {
    name: "_buffer_wrapper",
    layout: Layout::Native,
    vt: Some(<ClassExport as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { del: Some(class_export_del), ..SlotSpec::NONE },
    doc: "Export of an object whose class defines __buffer__.",
    ..TypeSpec::BASE
};

/// The types of [`ClassExport`] and [`NativeExport`] objects, made when the first one is.
#[derive(Default)]
struct ExportTypes {
    class: Slot,
    native: Slot,
}

impl SpaceState for ExportTypes {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.class);
        t.slot(&self.native);
    }
}

fn export_types(cx: &mut Ctx) -> PyResult<(&'static TypeObj, &'static TypeObj)> {
    let state = cx.space().state::<ExportTypes>();
    let mut made = [None; 2];
    for ((slot, spec), made) in [(&state.class, &EXPORT), (&state.native, &NATIVE)].into_iter().zip(&mut made)
    {
        *made = match slot.get() {
            Some(t) => TypeObj::of(t),
            None => {
                let t = create_type(cx, spec)?;
                // Another thread's may have come first: either serves, and both live as long as their instances.
                slot.init(Some(t));
                TypeObj::of(t)
            }
        };
    }
    match made {
        [Some(class), Some(native)] => Ok((class, native)),
        _ => Err(cx.type_error("no type for buffers")),
    }
}

/// A native type's own `__buffer__`, applied to an object whose class may override it: what `memoryview` is given to make the
/// view that `bytearray.__buffer__(b, 0)` answers.
pub struct NativeExport {
    /// The object.
    pub obj: Slot,
    func: BufferFn,
    writable: bool,
    /// Whether the view forbids further views of it.
    pub restricted: bool,
}

impl Payload for NativeExport {
    const NAME: &'static str = "_native_buffer";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.obj);
    }
}

impl NativeExport {
    /// The export.
    pub fn buffer(&self, cx: &mut Ctx) -> PyResult<Buffer> {
        (self.func)(cx, self.obj.get_or_none(), self.writable)
    }
}

static NATIVE: TypeSpec = TypeSpec {
    name: "_native_buffer",
    layout: Layout::Native,
    vt: Some(<NativeExport as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    doc: "Export of an object as a native type does it.",
    ..TypeSpec::BASE
};

/// The memoryview that `func` of a native type exports of an object.
pub fn native_view(cx: &mut Ctx, obj: Value, func: BufferFn, writable: bool, restricted: bool) -> PyResult {
    let ty = export_types(cx)?.1;
    let export = cx.new_native(ty, NativeExport { obj: Slot::new(obj), func, writable, restricted });
    let view = cx.ty(Ty::MemoryView).value();
    call(cx, view, &[export])
}

/// The function of a native type's `__buffer__`.
fn native_buffer(found: Value) -> Option<BufferFn> {
    match found.native::<WrapperDescr>()?.func {
        SlotFn::BufferFn(f) => Some(f),
        _ => None,
    }
}

/// The `buffer` slot of classes that define `__buffer__` in Python.
pub fn class_buffer(cx: &mut Ctx, obj: Value, writable: bool) -> PyResult<Buffer> {
    // PyBUF_FULL and PyBUF_FULL_RO.
    let flags = Value::small(if writable { 0x11d } else { 0x11c });
    let n = dname(cx, D::Buffer);
    let class = cx.type_of(obj);
    let Some(found) = type_lookup(cx, class, n) else { return Err(not_bytes_like(cx, obj)) };
    let func = native_buffer(found);
    let (view, b) = match func {
        Some(f) => (None, f(cx, obj, writable)?),
        None => {
            let m = bind_descriptor(cx, found, Some(obj), class)?;
            let view = call(cx, m, &[flags])?;
            if !cx.is_instance(view, Ty::MemoryView) {
                return Err(cx.type_error("__buffer__ returned non-memoryview object"));
            }
            (Some(view), get_buffer(cx, view, writable)?.into_inner())
        }
    };
    let ty = export_types(cx)?.0;
    let export = ClassExport {
        obj: Slot::new(obj),
        view: view.map_or_else(Slot::empty, Slot::new),
        func,
        inner: Guarded::new(Some(Inner { owner: b.owner, release: b.release })),
        done: AtomicBool::new(false),
    };
    let owner = cx.new_native(ty, export);
    Ok(Buffer { owner, release: Some(release_class_export), ..b })
}
