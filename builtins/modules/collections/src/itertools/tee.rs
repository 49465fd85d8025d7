//! `tee`: several iterators over one.
//!
//! What the iterator gave is kept in a linked list of blocks; each branch holds the block it reads from, so that blocks all branches
//! have passed are garbage.

use super::{class, exactly, iterator, this};
use protopy_vm::protocore::layouts::ListObj;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::{Args, Ctx, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::{self as vm, methods};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const BLOCK: usize = 57;

/// A block of items.
pub(super) struct TeeData {
    it: Slot,
    items: Slot,
    next: Slot,
    running: AtomicBool,
}

impl Payload for TeeData {
    const NAME: &'static str = "_tee_dataobject";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.it);
        t.slot(&self.items);
        t.slot(&self.next);
    }
}

/// A branch: its block and place.
pub(super) struct Tee {
    data: Slot,
    at: AtomicUsize,
}

impl Payload for Tee {
    const NAME: &'static str = "_tee";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.data);
    }
}

/// The type of branches in this space; blocks are made of the type stored beside it.
#[derive(Default)]
pub(super) struct TeeType(pub(super) Slot);

impl SpaceState for TeeType {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.0);
    }
}

iterator!(TEE, "_tee", "A branch of an iterator.", "(iterable, /)", Tee, tee_new, tee_next; methods methods![
    /// An independent branch from here on.
    "__copy__(self, /)" => tee_copy;
]; flags protopy_vm::protocore::types::type_flags::WEAKREF);

iterator!(
    TEE_DATA,
    "_tee_dataobject",
    "Items shared by the branches of an iterator.",
    "(iterable, values, next, /)",
    TeeData,
    data_new,
    data_next
);

fn data_new(cx: &mut Ctx, _ty: Value, _args: Args<'_>) -> PyResult {
    Err(cx.type_error("cannot create '_tee_dataobject' instances"))
}

fn data_next(_: &mut Ctx, _: Value) -> PyResult<Option<Value>> {
    Ok(None)
}

fn data_type(cx: &mut Ctx) -> PyResult<&'static TypeObj> {
    let m = vm::import_attr(cx, "itertools", "_tee_dataobject")?;
    class(cx, m)
}

fn block(cx: &mut Ctx, it: Value) -> PyResult {
    let items = cx.list(&[])?;
    let t = data_type(cx)?;
    Ok(cx.new_native(
        t,
        TeeData {
            it: Slot::new(it),
            items: Slot::new(items),
            next: Slot::empty(),
            running: AtomicBool::new(false),
        },
    ))
}

fn branch(cx: &mut Ctx, ty: &TypeObj, iterable: Value) -> PyResult {
    let it = vm::iter(cx, iterable)?;
    if let Some(t) = it.native::<Tee>() {
        return copy_of(cx, ty, t);
    }
    let data = block(cx, it)?;
    Ok(cx.new_native(ty, Tee { data: Slot::new(data), at: AtomicUsize::new(0) }))
}

fn copy_of(cx: &mut Ctx, ty: &TypeObj, t: &Tee) -> PyResult {
    let (data, at) = (t.data.get_or_none(), t.at.load(Ordering::Relaxed));
    Ok(cx.new_native(ty, Tee { data: Slot::new(data), at: AtomicUsize::new(at) }))
}

fn tee_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [iterable] = exactly(cx, "_tee", ty, args)?;
    let t = class(cx, ty)?;
    branch(cx, t, iterable)
}

fn tee_copy(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let t = this::<Tee>(cx, a[0])?;
    let ty = cx.type_of(a[0]);
    copy_of(cx, ty, t)
}

fn tee_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let t = this::<Tee>(cx, v)?;
    let (mut data, mut at) = (t.data.get_or_none(), t.at.load(Ordering::Relaxed));
    if at >= BLOCK {
        let d = this::<TeeData>(cx, data)?;
        let next = match d.next.get() {
            Some(n) => n,
            None => {
                let it = d.it.get_or_none();
                let n = block(cx, it)?;
                cx.store(data, &d.next, n);
                n
            }
        };
        cx.store(v, &t.data, next);
        data = next;
        at = 0;
    }
    let d = this::<TeeData>(cx, data)?;
    let Some(items) = d.items.get().and_then(ListObj::of) else { return Ok(None) };
    if let Some(x) = items.get(at) {
        t.at.store(at + 1, Ordering::Relaxed);
        return Ok(Some(x));
    }
    if d.running.swap(true, Ordering::Acquire) {
        return Err(cx.raise_str(Ty::RuntimeError, "cannot re-enter the tee iterator"));
    }
    let it = d.it.get_or_none();
    let r = vm::next(cx, it);
    let r = vm::catch(cx, r, Ty::StopIteration);
    d.running.store(false, Ordering::Release);
    let Some(x) = r?.flatten() else { return Ok(None) };
    cx.list_append(items, x)?;
    t.at.store(at + 1, Ordering::Relaxed);
    Ok(Some(x))
}

/// `itertools.tee`
pub(super) fn tee(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = super::count_arg(cx, a[1], "n must be >= 0")?;
    let ty = cx.space().state::<TeeType>().0.get();
    let Some(ty) = ty.and_then(TypeObj::of) else { return Err(cx.no_memory()) };
    let mut out = vm::ValueVec::new(cx);
    if n > 0 {
        let first = branch(cx, ty, a[0])?;
        out.push(cx, first)?;
        let t = this::<Tee>(cx, first)?;
        for _ in 1..n {
            let b = copy_of(cx, ty, t)?;
            out.push(cx, b)?;
        }
    }
    out.into_tuple(cx)
}
