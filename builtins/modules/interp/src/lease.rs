//! Memory that one interpreter lends to others: what a `memoryview` becomes in another interpreter.
//!
//! The lender keeps the exporting object and its export in a table until the last view elsewhere is gone. Views say so
//! by a note, since only a thread in the lender's space may end the export: the next one does that lends, comes back from a visit, or is about to refuse because of the export.
//! A lease holds the lender's space, so that the memory outlives the interpreter.

#![allow(unsafe_code)]

use crate::state;
use protopy_vm::protocore::buffer::Buffer;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Ctx, Layout, NativeLayout, Payload, ProtoSpace, PyResult, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{TypeSpec, call, get_buffer, release_buffer};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

/// An export that others use.
struct Kept {
    number: u64,
    buffer: Buffer,
}

// SAFETY: the buffer is a description; it is used by threads of its space alone.
unsafe impl Send for Kept {}

/// What a space has lent.
#[derive(Default)]
struct Lent {
    kept: Mutex<Vec<Kept>>,
    next: AtomicU64,
    /// Numbers of leases that are over.
    over: Arc<Mutex<Vec<u64>>>,
}

impl SpaceState for Lent {
    fn trace(&self, t: &mut Tracer) {
        for k in locked(&self.kept).iter() {
            t.visit(k.buffer.owner);
        }
    }
}

/// Memory of another space.
pub(crate) struct Lease {
    number: u64,
    over: Arc<Mutex<Vec<u64>>>,
    ptr: *mut u8,
    len: usize,
    readonly: bool,
    itemsize: usize,
    format: Box<str>,
    shape: Vec<usize>,
    strides: Vec<isize>,
    /// Keeps the memory.
    _space: Arc<ProtoSpace>,
}

// SAFETY: the memory is pinned by the lender until the lease is over. Programs that write it from several interpreters race for its bytes, as
// with any memory that they share.
unsafe impl Send for Lease {}
// SAFETY: as above.
unsafe impl Sync for Lease {}

impl Drop for Lease {
    fn drop(&mut self) {
        locked(&self.over).push(self.number);
    }
}

/// Lends the memory of a memoryview.
pub(crate) fn lend(cx: &mut Ctx, v: Value) -> PyResult<Arc<Lease>> {
    reap(cx);
    let readonly = get_buffer(cx, v, false).map(|b| b.readonly)?;
    let b = get_buffer(cx, v, !readonly)?.into_inner();
    let lent = cx.space().state::<Lent>();
    let number = lent.next.fetch_add(1, Ordering::Relaxed);
    let lease = Lease {
        number,
        over: lent.over.clone(),
        ptr: b.ptr,
        len: b.len,
        readonly: b.readonly,
        itemsize: b.itemsize,
        format: b.format.clone(),
        shape: b.shape.clone(),
        strides: b.strides.clone(),
        _space: cx.space_arc(),
    };
    locked(&lent.kept).push(Kept { number, buffer: b });
    Ok(Arc::new(lease))
}

/// Ends the exports that nobody uses any more.
pub(crate) fn reap(cx: &mut Ctx) {
    let lent = cx.space().state::<Lent>();
    loop {
        // Threads of other spaces note what is over. A child that was forked meanwhile would wait for one of them for ever.
        let over = match lent.over.try_lock() {
            Ok(mut over) => over.pop(),
            Err(TryLockError::Poisoned(over)) => over.into_inner().pop(),
            Err(TryLockError::WouldBlock) => None,
        };
        let Some(number) = over else { return };
        let found = {
            let mut kept = locked(&lent.kept);
            kept.iter().position(|k| k.number == number).map(|i| kept.swap_remove(i))
        };
        if let Some(k) = found {
            release_buffer(cx, k.buffer);
        }
    }
}

/// `_interpreters.CrossInterpreterBufferView`
struct View(Arc<Lease>);

impl Payload for View {
    const NAME: &'static str = "CrossInterpreterBufferView";

    fn trace(&self, _: &mut Tracer) {}
}

fn buffer(cx: &mut Ctx, v: Value, writable: bool) -> PyResult<Buffer> {
    let Some(View(l)) = v.native::<View>() else {
        return Err(cx.type_error("not a view of another interpreter"));
    };
    if writable && l.readonly {
        return Err(cx.raise_str(Ty::BufferError, "Object is not writable."));
    }
    Ok(Buffer {
        owner: v,
        ptr: l.ptr,
        len: l.len,
        readonly: l.readonly,
        itemsize: l.itemsize,
        format: l.format.clone(),
        shape: l.shape.clone(),
        strides: l.strides.clone(),
        release: None,
    })
}

static VIEW: TypeSpec = TypeSpec {
    name: "CrossInterpreterBufferView",
    module: "_interpreters",
    layout: Layout::Native,
    vt: Some(<View as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { buffer: Some(buffer), ..SlotSpec::NONE },
    doc: "Memory of another interpreter.",
    ..TypeSpec::BASE
};

/// The type of views.
pub(crate) fn view_type(cx: &mut Ctx) -> PyResult {
    state::native_type(cx, &state::of(cx).view, &VIEW)
}

/// A memoryview of lent memory.
pub(crate) fn view(cx: &mut Ctx, l: &Arc<Lease>) -> PyResult {
    let ty = view_type(cx)?;
    let Some(ty) = TypeObj::of(ty) else { return Err(cx.type_error("no type for views")) };
    let view = cx.new_native(ty, View(l.clone()));
    let memory = cx.ty(Ty::MemoryView).value();
    call(cx, memory, &[view])
}
