//! A space with the known types and a few classes, without `vm`.
#![allow(dead_code, clippy::missing_panics_doc, clippy::undocumented_unsafe_blocks)]

use protocore::header::{Layout, ShapeId};
use protocore::known::ALL_TYPES;
use protocore::layouts::{WeakRefObj, fixed_size};
use protocore::trace::LayoutVt;
use protocore::vts::layout_vt;
use protocore::{Ctx, ProtoSpace, Slot, Ty, TypeObj, Value};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Layout of the known types that the tests make instances of.
fn layout_of(t: Ty) -> Layout {
    match t {
        Ty::Type => Layout::Type,
        Ty::Int => Layout::Int,
        Ty::Float => Layout::Float,
        Ty::Str => Layout::Str,
        Ty::Bytes => Layout::Bytes,
        Ty::List => Layout::List,
        Ty::Tuple => Layout::Tuple,
        Ty::Dict => Layout::Dict,
        Ty::Set => Layout::Set,
        Ty::Cell => Layout::Cell,
        Ty::Generator => Layout::Generator,
        Ty::WeakRef => Layout::WeakRef,
        _ => Layout::Object,
    }
}

/// A class with `slots` inline attribute slots.
pub fn new_class(cx: &mut Ctx, layout: Layout, vt: &'static LayoutVt, slots: u32) -> &'static TypeObj {
    let p = cx.alloc_cell(size_of::<TypeObj>(), false, Layout::Type, Ty::Type.shape(), 0).cast::<TypeObj>();
    let fixed = if layout == Layout::Native { vt.size as u32 } else { fixed_size(layout) };
    let fixed = fixed.next_multiple_of(8);
    unsafe {
        (&raw mut (*p).layout).write(layout);
        (&raw mut (*p).vt).write(vt);
        if slots > 0 {
            (&raw mut (*p).attr_base).write(fixed);
            (&raw mut (*p).inline_cap).write(slots);
        }
        (&raw mut (*p).basic_size).write(fixed + if slots > 0 { 8 + slots * 8 } else { 0 });
        let shape = cx.new_root_shape(Value::from_ref(p), 0, 0).expect("room for shapes");
        (*p).root_shape.store(shape.0, Ordering::Relaxed);
        &*p
    }
}

/// A space with its main thread.
pub fn space() -> (Arc<ProtoSpace>, Box<Ctx>) {
    let space = ProtoSpace::new((1, 2)).expect("a space");
    let cx = attach_main(&space);
    (space, cx)
}

/// The main thread of a space made by hand.
pub fn attach_main(space: &Arc<ProtoSpace>) -> Box<Ctx> {
    let mut cx = Ctx::attach(space, true).expect("a thread");
    for t in ALL_TYPES {
        let l = layout_of(*t);
        let ty = new_class(&mut cx, l, layout_vt(l), 0);
        assert_eq!(ty.root_shape(), t.shape());
        space.set_ty(*t, ty.value());
    }
    cx.init_storage_shapes([layout_vt(Layout::Values), layout_vt(Layout::DictTable), layout_vt(Layout::Raw)]);
    cx
}

/// The class of binary nodes.
pub fn node_class(cx: &mut Ctx) -> &'static TypeObj {
    new_class(cx, Layout::Object, layout_vt(Layout::Object), 2)
}

/// The slots of a node.
#[inline(always)]
pub fn node_slots(v: Value) -> &'static [Slot] {
    protocore::construct::attr_area(v, 8, 3)
}

/// A node with two children.
#[inline(always)]
pub fn node(cx: &mut Ctx, class: &TypeObj, l: Option<Value>, r: Option<Value>) -> Value {
    let p = unsafe { cx.alloc_instance(class, false) };
    let v = Value::from_ref(p);
    let s = node_slots(v);
    s[1].init(l);
    s[2].init(r);
    v
}

/// A balanced tree.
pub fn tree(cx: &mut Ctx, class: &TypeObj, depth: usize) -> Value {
    if depth == 0 {
        return node(cx, class, None, None);
    }
    let l = tree(cx, class, depth - 1);
    let r = tree(cx, class, depth - 1);
    node(cx, class, Some(l), Some(r))
}

/// Nodes of a tree.
pub fn check(v: Value) -> usize {
    let s = node_slots(v);
    match (s[1].get(), s[2].get()) {
        (Some(l), Some(r)) => 1 + check(l) + check(r),
        _ => 1,
    }
}

/// A weak reference to an object.
pub fn weak(cx: &mut Ctx, v: Value) -> &'static WeakRefObj {
    let ty = cx.ty(Ty::WeakRef);
    let w = cx.new_weakref(v, None, ty, true).expect("a heap object");
    WeakRefObj::of(w).expect("a weak reference")
}

/// A shape handle for storage without references.
pub fn raw_shape() -> ShapeId {
    protocore::known::RAW_SHAPE
}

/// Overwrites the part of the stack that earlier calls used, so that no stale word keeps an object alive.
#[inline(never)]
pub fn scrub() {
    let mut a = [0u64; 4096];
    std::hint::black_box(&mut a);
}
