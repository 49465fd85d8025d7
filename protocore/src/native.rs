//! Objects whose content is a Rust value.

use crate::ctx::Ctx;
use crate::header::{Header, Layout};
use crate::trace::{LayoutVt, Tracer};
use crate::types::TypeObj;
use crate::value::Value;
use std::any::TypeId;

/// A Rust value that can be the content of a Python object.
///
/// Objects are shared by threads, so the payload is read through `&self` only: what changes is an atomic, a
/// [`crate::Slot`] or inside of a [`crate::Guarded`]. Every value that it holds is visited by `trace`. After a change that
/// stores a reference by other means than [`Ctx::store`], call [`Ctx::barrier`] with the owner.
pub trait Payload: Send + Sync + Sized + 'static {
    /// Name for diagnostics.
    const NAME: &'static str;
    /// Visits all references.
    fn trace(&self, t: &mut Tracer);
}

/// A heap object with a Rust payload.
#[repr(C)]
pub struct Native<T> {
    /// Header.
    pub header: Header,
    vt: &'static LayoutVt,
    data: T,
}

unsafe fn trace_native<T: Payload>(p: *const Header, t: &mut Tracer) {
    // SAFETY: the collector calls this for cells that `Ctx::new_native::<T>` made.
    unsafe { (*p.cast::<Native<T>>()).data.trace(t) }
}

unsafe fn drop_native<T: Payload>(p: *mut Header) {
    // SAFETY: the collector calls this once, for a dead cell that `Ctx::new_native::<T>` made.
    unsafe { std::ptr::drop_in_place(&raw mut (*p.cast::<Native<T>>()).data) }
}

/// The layout of a payload type.
pub trait NativeLayout {
    /// Its description.
    const VT: &'static LayoutVt;
}

impl<T: Payload> NativeLayout for T {
    const VT: &'static LayoutVt = &LayoutVt {
        name: T::NAME,
        size: size_of::<Native<T>>(),
        trace: trace_native::<T>,
        drop: if std::mem::needs_drop::<T>() { Some(drop_native::<T>) } else { None },
        type_id: TypeId::of::<T>,
    };
}

/// The layout description that a native object carries.
pub(crate) fn vt_of(h: &Header) -> Option<&'static LayoutVt> {
    if h.layout() != Layout::Native {
        return None;
    }
    let p: *const Header = h;
    // SAFETY: every cell with this layout starts with header and description, whatever its payload.
    Some(unsafe { *p.add(1).cast::<&'static LayoutVt>() })
}

impl Value {
    /// The payload, if this is an object of that payload type (or of a Python subclass of its type).
    #[inline]
    pub fn native<T: Payload>(self) -> Option<&'static T> {
        let vt = vt_of(self.header()?)?;
        if !std::ptr::eq(vt, T::VT) && (vt.type_id)() != TypeId::of::<T>() {
            return None;
        }
        // SAFETY: the description says that the payload is a `T`; see `Value::header` for the lifetime.
        Some(unsafe { &(*self.ptr::<Native<T>>()).data })
    }
}

impl Ctx {
    /// A new object of type `ty` (whose layout is `T`'s, or a Python subclass of such a type).
    pub fn new_native<T: Payload>(&mut self, ty: &TypeObj, data: T) -> Value {
        debug_assert_eq!(ty.layout, Layout::Native);
        let size = (ty.basic_size as usize).max(size_of::<Native<T>>());
        let drop = std::mem::needs_drop::<T>();
        let p = self.alloc_cell(size, drop, Layout::Native, ty.root_shape(), 0).cast::<Native<T>>();
        // SAFETY: the cell is fresh, zeroed and large enough; its header is set already.
        unsafe {
            (&raw mut (*p).vt).write(T::VT);
            (&raw mut (*p).data).write(data);
        }
        Value::from_ref(p)
    }
}
