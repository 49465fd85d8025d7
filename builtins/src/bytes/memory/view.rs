//! Views: the payload of a memoryview, and the export that its views share.
//!
//! `memoryview(x)` exports x's buffer once ([`Managed`]). Slices, casts and memoryviews of the view are further views of the
//! same export, which ends when the last of them is released. A view that nobody refers to any more counts as released when
//! the collector finds out: an export that can be ended has a finalizer for that.
#![allow(unsafe_code)]

use super::item::{Code, Raw, native_code};
use protopy_vm::buffers::{NativeExport, get_buffer, is_c_contiguous, release_buffer};
use protopy_vm::protocore::buffer::Buffer;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::create_type;
use protopy_vm::{TypeSpec, buffers};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

/// An export and its number of views.
pub(super) struct Managed {
    /// The object whose memory it is.
    exporter: Slot,
    views: AtomicUsize,
    buffer: Guarded<Option<Held>>,
}

/// The export, to be ended.
struct Held(Buffer);

// SAFETY: the pointer in a buffer is used under the rules of the exporter, from any thread.
unsafe impl Send for Held {}

impl Payload for Managed {
    const NAME: &'static str = "managedbuffer";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.exporter);
        // SAFETY: tracing runs while the world is stopped.
        if let Some(h) = unsafe { self.buffer.peek() } {
            t.visit(h.0.owner);
        }
    }
}

/// The type of [`Managed`] objects, which no Python code sees.
struct ManagedType(Slot);

impl Default for ManagedType {
    fn default() -> Self {
        ManagedType(Slot::empty())
    }
}

impl SpaceState for ManagedType {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.0);
    }
}

fn managed_del(cx: &mut Ctx, v: Value) -> PyResult<()> {
    if let Some(m) = v.native::<Managed>() {
        end(cx, m);
    }
    Ok(())
}

static MANAGED: TypeSpec = TypeSpec {
    name: "managedbuffer",
    layout: Layout::Native,
    vt: Some(<Managed as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { del: Some(managed_del), ..SlotSpec::NONE },
    doc: "Export of a buffer that memoryviews share.",
    ..TypeSpec::BASE
};

/// Makes the type of exports.
pub(super) fn init(cx: &mut Ctx) -> PyResult<()> {
    let t = create_type(cx, &MANAGED)?;
    cx.space().state::<ManagedType>().0.init(Some(t));
    protopy_vm::exports::install(cx, release_forgotten);
    Ok(())
}

/// Ends the exports, by exporters that `of` accepts, whose views nobody refers to any more: those that are kept by a word which native
/// code left on the stack, so that a collection did not end them. A view that is in use natively has a buffer exported, and stays; should another
/// one be used after all, it is a released view.
fn release_forgotten(cx: &mut Ctx, of: &dyn Fn(Value) -> bool) {
    let exports = |m: &Managed| m.exporter.get().is_some_and(of);
    let first = cx.keep_forgotten(&mut |v| match (v.native::<View>(), v.native::<Managed>()) {
        (Some(w), _) => w.managed.get().and_then(Value::native::<Managed>).is_some_and(exports),
        (_, Some(m)) => exports(m),
        _ => false,
    });
    let found = cx.keep[first..].to_vec();
    let view = |v: &Value| v.native::<View>();
    let busy: Vec<Value> = found
        .iter()
        .filter_map(view)
        .filter(|w| w.exports.load(Ordering::Acquire) > 0)
        .filter_map(|w| w.managed.get())
        .collect();
    for w in found.iter().filter_map(view) {
        if w.managed.get().is_some_and(|m| !busy.contains(&m)) {
            w.managed.swap_raw(None);
        }
    }
    for v in found.iter().filter(|v| !busy.contains(v)) {
        if let Some(m) = v.native::<Managed>() {
            end(cx, m);
        }
    }
    cx.keep.truncate(first);
}

fn end(cx: &mut Ctx, m: &Managed) {
    if let Some(h) = m.buffer.with(Option::take) {
        release_buffer(cx, h.0);
    }
}

/// The payload of a memoryview.
pub(super) struct View {
    /// The shared export; empty once the view is released.
    managed: Slot,
    ptr: usize,
    /// Bytes of all items.
    pub(super) len: usize,
    pub(super) itemsize: usize,
    pub(super) readonly: bool,
    pub(super) format: Box<str>,
    pub(super) shape: Box<[usize]>,
    pub(super) strides: Box<[isize]>,
    /// The format's code, if it is a native single character.
    code: Option<Code>,
    /// Whether no further view may be made of it: it is about to be released.
    restricted: bool,
    /// Buffers that the view itself has exported.
    exports: AtomicUsize,
    /// Hash, 0 if not computed.
    pub(super) hash: AtomicI64,
}

impl Payload for View {
    const NAME: &'static str = "memoryview";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.managed);
    }
}

/// What a view is to be made of, besides the export.
#[derive(Clone)]
pub(super) struct Geometry {
    pub(super) ptr: usize,
    pub(super) len: usize,
    pub(super) itemsize: usize,
    pub(super) readonly: bool,
    pub(super) format: Box<str>,
    pub(super) shape: Box<[usize]>,
    pub(super) strides: Box<[isize]>,
}

#[cold]
pub(super) fn released(cx: &mut Ctx) -> Raised {
    cx.value_error("operation forbidden on released memoryview object")
}

/// The view behind a memoryview; ValueError if it was released.
pub(super) fn view(cx: &mut Ctx, v: Value) -> PyResult<&'static View> {
    match v.native::<View>() {
        Some(w) if !w.managed.is_empty() => Ok(w),
        Some(_) => Err(released(cx)),
        None => {
            let msg = format!("a memoryview is required, not '{}'", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn new_view(cx: &mut Ctx, managed: Value, l: Geometry, restricted: bool) -> Value {
    if let Some(m) = managed.native::<Managed>() {
        m.views.fetch_add(1, Ordering::AcqRel);
    }
    let ty = cx.ty(Ty::MemoryView);
    let code = native_code(&l.format).filter(|c| c.size() == l.itemsize);
    cx.new_native(
        ty,
        View {
            managed: Slot::new(managed),
            ptr: l.ptr,
            len: l.len,
            itemsize: l.itemsize,
            readonly: l.readonly,
            format: l.format,
            shape: l.shape,
            strides: l.strides,
            code,
            restricted,
            exports: AtomicUsize::new(0),
            hash: AtomicI64::new(0),
        },
    )
}

/// `memoryview(v)`; `writable` asks for memory that can be written.
pub(super) fn from_object(cx: &mut Ctx, v: Value, writable: bool) -> PyResult {
    if v.native::<View>().is_some() {
        let w = view(cx, v)?;
        if writable && w.readonly {
            return Err(cx.raise_str(Ty::BufferError, "memoryview: underlying buffer is not writable"));
        }
        let l = w.layout();
        return w.sibling(cx, l);
    }
    if let Some(x) = v.native::<NativeExport>() {
        let b = x.buffer(cx)?;
        return view_of(cx, x.obj.get_or_none(), b, x.restricted);
    }
    if !buffers::has_buffer(cx, v) {
        let msg =
            format!("memoryview: a bytes-like object is required, not '{}'", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    let b = get_buffer(cx, v, writable)?.into_inner();
    // A builtin type may pass on the buffer of another object (`PickleBuffer`).
    let exporter = if cx.type_of(v).has(type_flags::HEAP) { v } else { b.owner };
    view_of(cx, exporter, b, false)
}

/// Most dimensions of a memoryview, whose methods recurse once for each.
const MOST_DIMENSIONS: usize = 64;

/// A memoryview of an export.
fn view_of(cx: &mut Ctx, exporter: Value, b: Buffer, restricted: bool) -> PyResult {
    if b.shape.len() > MOST_DIMENSIONS {
        release_buffer(cx, b);
        let msg = format!("memoryview: number of dimensions must not exceed {MOST_DIMENSIONS}");
        return Err(cx.value_error(&msg));
    }
    let l = Geometry {
        ptr: b.ptr as usize,
        len: b.len,
        itemsize: b.itemsize,
        readonly: b.readonly,
        format: b.format.clone(),
        shape: b.shape.clone().into(),
        strides: b.strides.clone().into(),
    };
    let ends = b.release.is_some();
    let state = cx.space().state::<ManagedType>();
    let Some(ty) = state.0.get().and_then(TypeObj::of) else {
        return Err(cx.raise_str(Ty::SystemError, "memoryview is not ready"));
    };
    let m = Managed {
        exporter: Slot::new(exporter),
        views: AtomicUsize::new(0),
        buffer: Guarded::new(Some(Held(b))),
    };
    let managed = cx.new_native(ty, m);
    if ends {
        cx.register_finalizer(managed);
    }
    Ok(new_view(cx, managed, l, restricted))
}

#[cold]
fn is_restricted(cx: &mut Ctx) -> Raised {
    cx.value_error("cannot create new view on restricted memoryview")
}

fn end_view_export(v: Value) {
    if let Some(w) = v.native::<View>() {
        w.exports.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The buffer slot of memoryview.
pub(super) fn export(cx: &mut Ctx, v: Value, writable: bool) -> PyResult<Buffer> {
    let w = view(cx, v)?;
    if w.restricted {
        return Err(is_restricted(cx));
    }
    if writable && w.readonly {
        return Err(cx.raise_str(Ty::BufferError, "memoryview: underlying buffer is not writable"));
    }
    w.exports.fetch_add(1, Ordering::AcqRel);
    let mut b = w.buffer(v);
    b.release = Some(end_view_export);
    Ok(b)
}

/// `v.release()`; BufferError while buffers of the view itself are exported.
pub(super) fn release(cx: &mut Ctx, v: Value) -> PyResult<()> {
    let Some(w) = v.native::<View>() else { return Ok(()) };
    let exports = || w.exports.load(Ordering::Acquire);
    while exports() > 0 && protopy_vm::copying::wait_for_copies(cx, v, exports) {}
    let mut n = exports();
    if n > 0 && !w.managed.is_empty() {
        protopy_vm::interp::liveness::collect_for_program(cx, "", "");
        n = exports();
    }
    if n > 0 {
        let s = if n == 1 { "" } else { "s" };
        let msg = format!("memoryview has {n} exported buffer{s}");
        return Err(cx.raise_str(Ty::BufferError, &msg));
    }
    if let Some(managed) = w.managed.swap_raw(None)
        && let Some(m) = managed.native::<Managed>()
        && m.views.fetch_sub(1, Ordering::AcqRel) == 1
    {
        end(cx, m);
    }
    Ok(())
}

/// See [`View::hold`].
pub(super) struct Hold<'a>(&'a View);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.exports.fetch_sub(1, Ordering::AcqRel);
    }
}

impl View {
    /// Whether the view was released.
    pub(super) fn is_released(&self) -> bool {
        self.managed.is_empty()
    }

    /// The object whose memory it is.
    pub(super) fn exporter(&self) -> Value {
        self.managed
            .get()
            .and_then(|m| m.native::<Managed>())
            .map_or(Value::NONE, |m| m.exporter.get_or_none())
    }

    /// Number of dimensions.
    pub(super) fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// What another view of the same memory starts from.
    pub(super) fn layout(&self) -> Geometry {
        Geometry {
            ptr: self.ptr,
            len: self.len,
            itemsize: self.itemsize,
            readonly: self.readonly,
            format: self.format.clone(),
            shape: self.shape.clone(),
            strides: self.strides.clone(),
        }
    }

    /// Another view of the same export.
    pub(super) fn sibling(&self, cx: &mut Ctx, l: Geometry) -> PyResult {
        match self.managed.get() {
            Some(_) if self.restricted => Err(is_restricted(cx)),
            Some(m) => Ok(new_view(cx, m, l, false)),
            None => Err(released(cx)),
        }
    }

    /// Another view of the same export, whose layout `f` finds out. Python code that `f` runs may release this view, not the
    /// export.
    pub(super) fn sibling_by(
        &self,
        cx: &mut Ctx,
        f: impl FnOnce(&mut Ctx, &View) -> PyResult<Geometry>,
    ) -> PyResult {
        let Some(managed) = self.managed.get() else { return Err(released(cx)) };
        let Some(m) = managed.native::<Managed>() else { return Err(released(cx)) };
        if self.restricted {
            return Err(is_restricted(cx));
        }
        m.views.fetch_add(1, Ordering::AcqRel);
        let made = f(cx, self).map(|l| new_view(cx, managed, l, false));
        if m.views.fetch_sub(1, Ordering::AcqRel) == 1 {
            end(cx, m);
        }
        made
    }

    /// Keeps the view from being released while the guard lives. The caller has the view on its stack.
    pub(super) fn hold(&self) -> Hold<'_> {
        self.exports.fetch_add(1, Ordering::AcqRel);
        Hold(self)
    }

    /// The view as a buffer that needs no release.
    pub(super) fn buffer(&self, owner: Value) -> Buffer {
        Buffer {
            owner,
            ptr: self.ptr as *mut u8,
            len: self.len,
            readonly: self.readonly,
            itemsize: self.itemsize,
            format: self.format.clone(),
            shape: self.shape.to_vec(),
            strides: self.strides.to_vec(),
            release: None,
        }
    }

    /// Whether the items lie one after the other in C order.
    pub(super) fn c_contiguous(&self, owner: Value) -> bool {
        match (&*self.shape, &*self.strides) {
            ([_], [s]) if usize::try_from(*s) == Ok(self.itemsize) => true,
            _ => is_c_contiguous(&self.buffer(owner)),
        }
    }

    /// The format's code, if it is a native single character.
    #[inline]
    pub(super) fn code(&self) -> Option<Code> {
        self.code
    }

    /// Byte offset of item `i` of the first dimension, which is within the shape.
    pub(super) fn offset(&self, dim: usize, i: usize) -> isize {
        let stride = self.strides.get(dim).copied().unwrap_or(0);
        stride.wrapping_mul(isize::try_from(i).unwrap_or(0))
    }

    /// Address of an item.
    pub(super) fn at(&self, offset: isize) -> usize {
        self.ptr.wrapping_add_signed(offset)
    }

    /// The bytes of the item at an offset that indices within the shape gave. The caller has looked that the view is
    /// not released after the last call that may run Python code.
    #[inline]
    pub(super) fn read(&self, offset: isize) -> Raw {
        let mut raw = [0; 8];
        let n = self.itemsize.min(8);
        // SAFETY: the exporter pins the memory; the offset is that of an item.
        unsafe { std::ptr::copy_nonoverlapping(self.at(offset) as *const u8, raw.as_mut_ptr(), n) };
        raw
    }

    /// Writes the item at an offset; as [`View::read`].
    pub(super) fn write(&self, offset: isize, raw: &Raw) {
        if self.readonly {
            return;
        }
        let n = self.itemsize.min(8);
        // SAFETY: as in `read`; the memory may be written.
        unsafe { std::ptr::copy_nonoverlapping(raw.as_ptr(), self.at(offset) as *mut u8, n) };
    }

    /// All items in C order.
    pub(super) fn gather(&self, cx: &mut Ctx, owner: Value) -> PyResult<Vec<u8>> {
        let mut out = Vec::new();
        if out.try_reserve_exact(self.len).is_err() {
            return Err(cx.no_memory());
        }
        let b = self.buffer(owner);
        cx.computing(self.len, || buffers::gather(&b, &mut out));
        Ok(out)
    }
}
