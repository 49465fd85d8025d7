//! Making type objects: the shells of the known types, builtin types from their specifications, and the allocation that
//! class statements share.
//!
//! A shell is a type object with its shape but without content. All known types get one before anything else exists in
//! a space, because shape handles are given in order and the first objects (names, namespaces) already need the
//! shapes of str, tuple and dict. [`create_type`] fills a shell in; its layout may differ from the provisional one only
//! while the type has no instances, except that native payloads may be allocated early, for which shells are generous.

#![allow(unsafe_code)]

use super::descr::{new_getset, staticmethod};
use super::slotdefs::{DUNDERS, Wrap, init_slot_names};
use super::slotid::{SlotFn, SlotId, slot_address, slot_get};
use super::update::{hash_not_implemented, inherit_flags, refresh_flags, type_modified};
use super::wrappers::new_wrapper;
use crate::declare::TypeSpec;
use crate::errors::type_text;
use crate::roots::ValueVec;
use protocore::dict::DictObj;
use protocore::header::ShapeId;
use protocore::known::ALL_TYPES;
use protocore::layouts::{
    ListObj, MethodDef, MethodKind, NativeCode, NativeFnObj, TupleObj, WeakRefObj, fixed_size,
};
use protocore::shape::Shape;
use protocore::types::{Slots, type_flags};
use protocore::vts::layout_vt;
use protocore::{Args, Ctx, Held, Layout, LayoutVt, PyResult, Root, Ty, TypeObj, Value};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

/// Where things are in a class's instances.
pub(crate) struct Dims {
    pub(crate) layout: Layout,
    pub(crate) vt: &'static LayoutVt,
    pub(crate) attr_base: u32,
    pub(crate) inline_cap: u32,
    pub(crate) basic_size: u32,
}

impl Dims {
    /// Completes the size from the attribute area.
    pub(crate) fn with_area(
        layout: Layout,
        vt: &'static LayoutVt,
        fixed: u32,
        attr_base: u32,
        cap: u32,
    ) -> Dims {
        let basic_size = if attr_base == 0 { fixed } else { attr_base + 8 + 8 * cap };
        Dims { layout, vt, attr_base, inline_cap: cap, basic_size }
    }
}

/// Bytes that an instance of a native known type gets before its type is complete.
const EARLY_NATIVE: u32 = 128;

/// The layout that a known type starts with.
fn provisional_layout(t: Ty) -> Layout {
    match t {
        Ty::Object | Ty::NoneType | Ty::Ellipsis | Ty::NotImplementedType | Ty::SimpleNamespace => {
            Layout::Object
        }
        Ty::Type => Layout::Type,
        Ty::Int | Ty::Bool => Layout::Int,
        Ty::Float => Layout::Float,
        Ty::Complex => Layout::Complex,
        Ty::Str => Layout::Str,
        Ty::Bytes => Layout::Bytes,
        Ty::List => Layout::List,
        Ty::Tuple => Layout::Tuple,
        Ty::Dict => Layout::Dict,
        Ty::Set => Layout::Set,
        Ty::FrozenSet => Layout::FrozenSet,
        Ty::Range => Layout::Range,
        Ty::Slice => Layout::Slice,
        Ty::Function => Layout::Function,
        Ty::NativeFn | Ty::MethodDescriptor | Ty::ClassMethodDescriptor => Layout::NativeFn,
        Ty::Method => Layout::BoundMethod,
        Ty::Module => Layout::Module,
        Ty::Cell => Layout::Cell,
        Ty::Code => Layout::Code,
        Ty::Frame => Layout::Frame,
        Ty::Generator | Ty::Coroutine | Ty::AsyncGenerator => Layout::Generator,
        Ty::ListIter | Ty::ListRevIter | Ty::TupleIter | Ty::StrIter | Ty::StrAsciiIter => Layout::SeqIter,
        Ty::BytesIter | Ty::ByteArrayIter | Ty::SeqIter => Layout::SeqIter,
        Ty::RangeIter => Layout::RangeIter,
        Ty::WeakRef | Ty::WeakProxy | Ty::WeakCallableProxy => Layout::WeakRef,
        t if t as u32 >= Ty::BaseException as u32 => Layout::Exception,
        _ => Layout::Native,
    }
}

/// A type object without content.
fn alloc_shell(cx: &mut Ctx, meta: ShapeId, dims: &Dims) -> &'static TypeObj {
    let p = cx.alloc_cell(size_of::<TypeObj>(), false, Layout::Type, meta, 0).cast::<TypeObj>();
    // SAFETY: the cell is fresh, zeroed and of that size. Zero is valid for slots, atomics and function cells; the remaining
    // fields are written here.
    unsafe {
        write_dims(p, dims);
        &*p
    }
}

/// # Safety
/// `p` points at a type object that no other thread uses yet and that has no instances of another size.
unsafe fn write_dims(p: *mut TypeObj, d: &Dims) {
    // SAFETY: by the contract; raw writes make no reference to what may not be initialised.
    unsafe {
        (&raw mut (*p).layout).write(d.layout);
        (&raw mut (*p).vt).write(d.vt);
        (&raw mut (*p).attr_base).write(d.attr_base);
        (&raw mut (*p).inline_cap).write(d.inline_cap);
        (&raw mut (*p).basic_size).write(d.basic_size);
    }
}

/// Gives a known type its final layout.
fn settle_shell(cx: &mut Ctx, t: &'static TypeObj, d: &Dims) {
    let id = t.root_shape();
    let shape = cx.shapes.cast_mut().wrapping_add(id.0 as usize);
    // SAFETY: known types are completed by the space's first thread before any other exists; the handle is one of the
    // table's, whose entries are initialised and mutable memory of the space.
    unsafe {
        write_dims(t.value().ptr::<TypeObj>(), d);
        (&raw mut (*shape).layout).write(d.layout);
        (&raw mut (*shape).vt).write(d.vt);
    }
    let _: *mut Shape = shape;
}

/// A new type object of a class statement or call of `type`, with its root shape: `slots` inline slots belong to `__slots__`.
pub(crate) fn alloc_class(
    cx: &mut Ctx,
    meta: &TypeObj,
    dims: &Dims,
    slots: u32,
) -> PyResult<&'static TypeObj> {
    let t = alloc_shell(cx, meta.root_shape(), dims);
    let Some(id) = cx.new_root_shape(t.value(), slots, 0) else { return Err(cx.no_memory()) };
    t.root_shape.store(id.0, Ordering::Release);
    Ok(t)
}

// ---------------------------------------------------------------------------------------------------- bootstrap

/// Makes the shells of all known types, the shapes of storage cells, the shared empty objects and the slots' names. Called once
/// a space, before anything else.
pub fn bootstrap_types(cx: &mut Ctx) -> PyResult<()> {
    for t in ALL_TYPES {
        let layout = provisional_layout(*t);
        let fixed = if layout == Layout::Native { EARLY_NATIVE } else { fixed_size(layout) };
        let dims = Dims::with_area(layout, layout_vt(layout), fixed, 0, 0);
        let shell = alloc_shell(cx, Ty::Type.shape(), &dims);
        cx.space().set_ty(*t, shell.value());
    }
    for t in ALL_TYPES {
        let shell = cx.ty(*t);
        let id = cx.new_root_shape(shell.value(), 0, 0);
        debug_assert_eq!(id, Some(t.shape()));
        let Some(id) = id else { return Err(cx.no_memory()) };
        shell.root_shape.store(id.0, Ordering::Release);
    }
    cx.init_storage_shapes([layout_vt(Layout::Values), layout_vt(Layout::DictTable), layout_vt(Layout::Raw)]);
    shared_objects(cx)?;
    init_slot_names(cx)?;
    for t in ALL_TYPES {
        let n = cx.intern_str(t.name());
        let shell = cx.ty(*t);
        shell.name.init(Some(n));
        shell.qualname.init(Some(n));
    }
    Ok(())
}

/// The empty tuple, str and bytes, and those of one item.
fn shared_objects(cx: &mut Ctx) -> PyResult<()> {
    if cx.space().root(Root::EmptyTuple).is_some() {
        return Ok(());
    }
    let v = cx.tuple_of(None, &[])?;
    cx.space().set_root(Root::EmptyTuple, v);
    let v = cx.intern_str("");
    cx.space().set_root(Root::EmptyStr, v);
    let v = cx.bytes(&[])?;
    cx.space().set_root(Root::EmptyBytes, v);
    let mut bytes = ValueVec::new(cx);
    for b in 0..=u8::MAX {
        let c = cx.char(u32::from(b));
        let c = cx.intern(c);
        cx.space().set_char(b, c);
        let b = cx.bytes(&[b])?;
        bytes.push(cx, b)?;
    }
    let v = bytes.into_tuple(cx)?;
    cx.space().set_root(Root::ByteStrings, v);
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- builtin types

/// Makes (for a known type: completes) a builtin type.
pub fn create_type(cx: &mut Ctx, spec: &'static TypeSpec) -> PyResult {
    let base = match (spec.base, spec.ty) {
        (Some(b), _) => Some(cx.ty(b).value()),
        (None, Some(Ty::Object)) => None,
        (None, _) => Some(cx.ty(Ty::Object).value()),
    };
    create(cx, spec, base, None)
}

/// As [`create_type`] for a type whose base is not a known one.
pub fn create_type_with_base(cx: &mut Ctx, spec: &'static TypeSpec, base: Value) -> PyResult {
    create(cx, spec, Some(base), None)
}

/// As [`create_type_with_base`] with a metaclass other than the base's.
pub fn create_type_with_meta(cx: &mut Ctx, spec: &'static TypeSpec, base: Value, meta: Value) -> PyResult {
    create(cx, spec, Some(base), TypeObj::of(meta))
}

fn spec_dims(spec: &TypeSpec, base: Option<&TypeObj>) -> Dims {
    let inherits = spec.layout == Layout::Object && spec.vt.is_none();
    let (layout, vt) = match base {
        Some(b) if inherits && b.layout != Layout::Object => (b.layout, b.vt),
        Some(b) if spec.vt.is_none() && b.layout == spec.layout => (b.layout, b.vt),
        _ => (spec.layout, spec.vt.unwrap_or_else(|| layout_vt(spec.layout))),
    };
    let fixed = if layout == Layout::Native { vt.size as u32 } else { fixed_size(layout) };
    let fixed = fixed.next_multiple_of(8);
    let same = base.filter(|b| b.layout == layout && std::ptr::eq(b.vt, vt));
    let wants = spec.flags & type_flags::DICT != 0 || base.is_some_and(|b| b.has(type_flags::DICT));
    let (area, cap) = match same {
        Some(b) if b.attr_base != 0 => (b.attr_base, b.inline_cap),
        _ if wants && layout != Layout::Type => (fixed, 0),
        _ => (0, 0),
    };
    Dims::with_area(layout, vt, fixed, area, cap)
}

fn create(
    cx: &mut Ctx,
    spec: &'static TypeSpec,
    base: Option<Value>,
    meta: Option<&'static TypeObj>,
) -> PyResult {
    let base = base.and_then(TypeObj::of);
    if let Some(b) = base
        && !b.has(type_flags::READY)
    {
        let msg = format!("the base '{}' of type '{}' is not ready", type_text(b), spec.name);
        return Err(cx.raise_str(Ty::SystemError, &msg));
    }
    let dims = spec_dims(spec, base);
    let t = match spec.ty {
        Some(known) => {
            let t = cx.ty(known);
            settle_shell(cx, t, &dims);
            t
        }
        None => {
            let meta = match (meta, base) {
                (Some(m), _) => m,
                (None, Some(b)) => cx.type_of(b.value()),
                (None, None) => cx.ty(Ty::Type),
            };
            let slots = base.map_or(0, |b| cx.shape(b.root_shape()).slot_count);
            alloc_class(cx, meta, &dims, slots)?
        }
    };
    let grown = base.is_none_or(|b| b.layout != dims.layout || !std::ptr::eq(b.vt, dims.vt));
    let members = dims.layout == Layout::Exception && spec.getsets.iter().any(|g| g.member);
    t.flags.store(spec.flags | type_flags::READY, Ordering::Release);
    t.set_flag(type_flags::SOLID, grown || members);
    describe(cx, t, spec, base)?;
    let own = Slots::empty();
    spec.slots.install(&own);
    fill_slots(t, spec, &own, base);
    fill_namespace(cx, t, spec, &own)?;
    if let Some(b) = base {
        inherit_flags(t, b);
        add_subclass(cx, b, t)?;
    }
    refresh_flags(t);
    type_modified(cx, t);
    Ok(t.value())
}

/// Names, bases and MRO.
fn describe(
    cx: &mut Ctx,
    t: &'static TypeObj,
    spec: &'static TypeSpec,
    base: Option<&'static TypeObj>,
) -> PyResult<()> {
    let n = cx.intern_str(spec.name);
    let this = t.value();
    cx.store(this, &t.name, n);
    cx.store(this, &t.qualname, n);
    let mut mro = vec![this];
    if let Some(b) = base {
        cx.store(this, &t.base, b.value());
        mro.extend_from_slice(b.mro.get().and_then(TupleObj::of).map_or(&[][..], |m| m.items()));
    }
    let bases: Vec<Value> = base.iter().map(|b| b.value()).collect();
    let bases = cx.tuple_of(None, &bases)?;
    cx.store(this, &t.bases, bases);
    let mro = cx.tuple_of(None, &mro)?;
    cx.store(this, &t.mro, mro);
    let dict = cx.dict();
    cx.store(this, &t.dict, dict);
    if spec.sig.is_some() || !spec.doc.is_empty() {
        // The form in which CPython keeps it: name, signature, separator, text.
        let text = match spec.sig {
            Some(sig) => format!("{}{sig}\n--\n\n{}", spec.name, spec.doc.trim()),
            None => spec.doc.trim().to_owned(),
        };
        let doc = cx.str(&text);
        cx.store(this, &t.doc, doc);
    }
    Ok(())
}

/// Slots given and inherited.
fn fill_slots(t: &TypeObj, spec: &TypeSpec, own: &Slots, base: Option<&TypeObj>) {
    t.slots.copy_all(own);
    if slot_address(own, SlotId::compare) != 0 && slot_address(own, SlotId::hash) == 0 {
        t.slots.hash.set(Some(hash_not_implemented));
    }
    let Some(base) = base else { return };
    t.slots.inherit_missing(&base.slots);
    // A builtin type that does not say how to make instances cannot be called; one derived from a type that
    // can inherits that.
    let from_object = base.base.is_empty();
    let no_new = spec.flags & type_flags::NO_NEW != 0;
    let silent = slot_address(own, SlotId::new) == 0;
    if no_new || (silent && from_object && spec.flags & type_flags::HEAP == 0) {
        t.slots.new.set(None);
        t.set_flag(type_flags::NO_NEW, true);
    }
}

/// Enters an attribute into a namespace under construction.
pub(crate) fn put(cx: &mut Ctx, d: Value, n: &str, v: Value) -> PyResult<()> {
    let n = cx.intern_str(n);
    put_name(cx, d, n, v)
}

/// As [`put`] with an interned name.
pub(crate) fn put_name(cx: &mut Ctx, d: Value, n: Value, v: Value) -> PyResult<()> {
    match DictObj::of(d).and_then(|d| cx.dict_set_str(d, n, v)) {
        Some(()) => Ok(()),
        None => Err(cx.no_memory()),
    }
}

fn fill_namespace(cx: &mut Ctx, t: &'static TypeObj, spec: &'static TypeSpec, own: &Slots) -> PyResult<()> {
    let dict = t.dict.get_or_none();
    let this = t.value();
    if slot_address(own, SlotId::new) != 0 {
        let f = new_function(cx, t);
        put(cx, dict, "__new__", f)?;
    }
    for def in DUNDERS {
        let immutable_bytes = def.wrap == Wrap::ReleaseBuffer && spec.layout == Layout::Bytes;
        if def.wrap == Wrap::No || immutable_bytes {
            continue;
        }
        let Some(f) = slot_get(own, def.slot) else { continue };
        let n = cx.intern_str(def.name);
        if DictObj::of(dict).is_some_and(|d| cx.dict_get_str(d, n).is_some()) {
            continue;
        }
        let v = match f {
            SlotFn::HashFn(f) if f as usize == hash_not_implemented as protocore::types::HashFn as usize => {
                Value::NONE
            }
            f => new_wrapper(cx, this, def, f),
        };
        put_name(cx, dict, n, v)?;
    }
    for m in spec.methods {
        let v = method_object(cx, this, m);
        put(cx, dict, m.name, v)?;
    }
    for g in spec.getsets {
        let v = new_getset(cx, this, g);
        put(cx, dict, g.name, v)?;
    }
    finish_namespace(cx, t, spec, own)
}

fn finish_namespace(cx: &mut Ctx, t: &'static TypeObj, spec: &'static TypeSpec, own: &Slots) -> PyResult<()> {
    let dict = t.dict.get_or_none();
    let hash_free = slot_address(own, SlotId::compare) != 0 && slot_address(own, SlotId::hash) == 0;
    if hash_free {
        put(cx, dict, "__hash__", Value::NONE)?;
    }
    let n = cx.intern_str("__doc__");
    if DictObj::of(dict).is_some_and(|d| cx.dict_get_str(d, n).is_none()) {
        let doc = if spec.doc.is_empty() { Value::NONE } else { cx.str(spec.doc.trim()) };
        put_name(cx, dict, n, doc)?;
    }
    if spec.module != "builtins" {
        let m = cx.intern_str(spec.module);
        put(cx, dict, "__module__", m)?;
    }
    Ok(())
}

/// A method of a builtin type as its namespace holds it.
fn method_object(cx: &mut Ctx, owner: Value, def: &'static MethodDef) -> Value {
    match def.kind {
        MethodKind::Class => cx.native_fn(Ty::ClassMethodDescriptor, def, None, None, Some(owner)),
        MethodKind::Static => {
            let f = cx.native_fn(Ty::NativeFn, def, Some(owner), None, Some(owner));
            staticmethod(cx, f)
        }
        MethodKind::Method | MethodKind::Function => {
            cx.native_fn(Ty::MethodDescriptor, def, None, None, Some(owner))
        }
    }
}

// ---------------------------------------------------------------------------------------------------- __new__

/// What `T.__new__` of every builtin type is.
static NEW_DEF: MethodDef = MethodDef {
    name: "__new__",
    sig: "($type, *args, **kwargs)",
    doc: "Create and return a new object.  See help(type) for accurate signature.",
    code: NativeCode::Raw(call_new),
    kind: MethodKind::Function,
    parsed: OnceLock::new(),
};

fn new_function(cx: &mut Ctx, t: &TypeObj) -> Value {
    cx.native_fn(Ty::NativeFn, &NEW_DEF, Some(t.value()), None, None)
}

/// The type that a `__new__` function was made for.
pub(crate) fn new_function_type(v: Value) -> Option<&'static TypeObj> {
    let f = NativeFnObj::of(v)?;
    if std::ptr::eq(f.def, &NEW_DEF) { TypeObj::of(f.this.get()?) } else { None }
}

/// What `__new__` itself says of too many arguments where a call of the type has other words.
fn check_count(cx: &mut Ctx, t: &TypeObj, args: &Args<'_>) -> PyResult<()> {
    let (n, kw) = (args.all().len(), args.nkw());
    let most = match t.value() {
        v if v == cx.ty(Ty::Int).value() => 2,
        v if v == cx.ty(Ty::Str).value() => 3,
        _ => return Ok(()),
    };
    if n <= most {
        return Ok(());
    }
    let kind = if kw == n { "keyword " } else { "" };
    let msg = format!("{}() takes at most {most} {kind}arguments ({n} given)", type_text(t));
    Err(cx.type_error(&msg))
}

/// Calls a builtin type's `__new__` after checking that it fits the class asked for.
fn call_new(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(this) else {
        return Err(cx.type_error("__new__() called with non-type 'self'"));
    };
    let tn = type_text(t);
    let Some(first) = args.pos().first().copied() else {
        return Err(cx.type_error(&format!("{tn}.__new__(): not enough arguments")));
    };
    let Some(sub) = TypeObj::of(first) else {
        let msg = format!("{tn}.__new__(X): X is not a type object ({})", crate::ops::tp_name(cx, first));
        return Err(cx.type_error(&msg));
    };
    let sn = type_text(sub);
    if !sub.is_subtype(this) {
        return Err(cx.type_error(&format!("{tn}.__new__({sn}): {sn} is not a subtype of {tn}")));
    }
    if sub.slots.new.address() == 0 {
        let shown = super::attrs::full_name(cx, sub);
        return Err(cx.type_error(&format!("cannot create '{shown}' instances")));
    }
    // The closest builtin class must make instances in the same way.
    let generic = super::generic::slot_new as protocore::types::NewFn as usize;
    let mut native = Some(sub);
    while let Some(n) = native
        && n.slots.new.address() == generic
    {
        native = n.base.get().and_then(TypeObj::of);
    }
    if let Some(n) = native
        && n.slots.new.address() != t.slots.new.address()
    {
        let nn = type_text(n);
        return Err(cx.type_error(&format!("{tn}.__new__({sn}) is not safe, use {nn}.__new__()")));
    }
    let rest = &args.all()[1..];
    let rest = match args.names() {
        Some(n) => Args::with_names(rest, n),
        None => Args::positional(rest),
    };
    let Some(f) = t.slots.new.get() else {
        return Err(cx.type_error(&format!("cannot create '{tn}' instances")));
    };
    check_count(cx, t, &rest)?;
    let v = f(cx, first, rest)?;
    if sub.has(type_flags::HAS_DEL) && std::ptr::eq(cx.type_of(v), sub) {
        cx.register_finalizer(v);
    }
    Ok(v)
}

// ---------------------------------------------------------------------------------------------------- subclasses

/// Enters a class into its base's list of subclasses, which holds it weakly.
pub(crate) fn add_subclass(cx: &mut Ctx, base: &'static TypeObj, sub: &TypeObj) -> PyResult<()> {
    let ty = cx.ty(Ty::WeakRef);
    let Some(w) = cx.new_weakref(sub.value(), None, ty, true) else { return Err(cx.no_memory()) };
    let list = match base.subclasses.get() {
        Some(l) => l,
        None => {
            let ty = cx.ty(Ty::List);
            let l = cx.new_list(ty);
            cx.store(base.value(), &base.subclasses, l);
            l
        }
    };
    let Some(l) = ListObj::of(list) else { return Ok(()) };
    let refs = l.snapshot();
    if refs.contains(&w) {
        return Ok(());
    }
    let alive: Held<Value> = refs.iter().copied().filter(|w| referent(cx, *w).is_some()).collect();
    if alive.len() + 8 < refs.len() / 2 {
        cx.list_replace(l, &alive)?;
    }
    cx.list_append(l, w)
}

/// Removes a class from its base's list.
pub(crate) fn remove_subclass(cx: &mut Ctx, base: &TypeObj, sub: &TypeObj) -> PyResult<()> {
    let Some(l) = base.subclasses.get().and_then(ListObj::of) else { return Ok(()) };
    let keep: Held<Value> = l
        .snapshot()
        .into_iter()
        .filter(|w| referent(cx, *w).is_some_and(|t| !std::ptr::eq(t, sub)))
        .collect();
    cx.list_replace(l, &keep)
}

fn referent(cx: &Ctx, w: Value) -> Option<&'static TypeObj> {
    TypeObj::of(cx.weakref_get(WeakRefObj::of(w)?)?)
}

/// The living direct subclasses, oldest first.
pub fn direct_subclasses(cx: &Ctx, t: &TypeObj) -> Held<&'static TypeObj> {
    let derived = |s: &&TypeObj| {
        let bases = s.bases.get().and_then(TupleObj::of);
        bases.is_some_and(|b| b.items().iter().any(|b| b.is(t.value())))
    };
    dependents(cx, t).into_iter().filter(derived).collect()
}

/// The living direct subclasses, and the classes that an `mro()` of their metaclass has put behind this one without deriving them
/// from it: look-ups on all of them may find what this class has.
pub(super) fn dependents(cx: &Ctx, t: &TypeObj) -> Held<&'static TypeObj> {
    match t.subclasses.get().and_then(ListObj::of) {
        Some(l) => l.snapshot().into_iter().filter_map(|w| referent(cx, w)).collect(),
        None => Held::new(),
    }
}

/// Enters a class with classes of its MRO that it does not derive from.
pub(super) fn depend_on_strangers(cx: &mut Ctx, t: &'static TypeObj, mro: &[Value]) -> PyResult<()> {
    let meta = cx.type_of(t.value());
    if std::ptr::eq(meta, cx.ty(Ty::Type)) {
        return Ok(());
    }
    for c in mro {
        if let Some(c) = TypeObj::of(*c).filter(|c| !std::ptr::eq(*c, t))
            && !super::mro::derives(t, c)
        {
            add_subclass(cx, c, t)?;
        }
    }
    Ok(())
}
