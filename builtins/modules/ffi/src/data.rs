//! Instances of ctypes classes: an address and what keeps its memory alive.

use crate::codes;
use crate::info::{self, Info, Kind, flag};
use crate::state::{T, ty};
use protopy_vm::protocore::buffer::Buffer;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{BytesObj, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, TypeObj, Value,
};
use protopy_vm::{TypeSpec, call_method, errors, getsets, methods, ops};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// Memory of `malloc`.
pub(crate) struct Block {
    ptr: *mut u8,
    size: usize,
}

// SAFETY: plain memory; its users are ordered, or race as C programs do.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

impl Block {
    /// Zeroed memory.
    pub(crate) fn zeroed(size: usize) -> Option<Block> {
        // SAFETY: no preconditions. At least one byte, so that null means failure.
        let ptr = unsafe { libc::calloc(size.max(1), 1) }.cast::<u8>();
        if ptr.is_null() { None } else { Some(Block { ptr, size }) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: made by `calloc`, freed once.
        unsafe { libc::free(self.ptr.cast()) };
    }
}

/// The content of an instance.
pub(crate) struct CData {
    ptr: AtomicPtr<u8>,
    size: AtomicUsize,
    /// What the object owns: its memory, and what `resize` has replaced.
    blocks: Guarded<Vec<Block>>,
    own: Option<Block>,
    /// The object that this one is a part of.
    pub(crate) base: Slot,
    /// Where in the base it is.
    index: usize,
    /// Whether what is kept goes into a dict.
    items: usize,
    /// `_objects`
    pub(crate) objects: Slot,
    /// State of a function pointer.
    pub(crate) func: Slot,
}

impl Payload for CData {
    const NAME: &'static str = "_CData";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.base);
        t.slot(&self.objects);
        t.slot(&self.func);
    }
}

impl CData {
    /// The address.
    #[inline]
    pub(crate) fn ptr(&self) -> *mut u8 {
        self.ptr.load(Ordering::Acquire)
    }

    /// Bytes at the address. Who needs both reads this first: a resized object publishes its new memory before the new size.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        self.size.load(Ordering::Acquire)
    }

    /// The address that a pointer's or function pointer's memory holds.
    pub(crate) fn target(&self) -> *mut u8 {
        if self.size() < 8 {
            return std::ptr::null_mut();
        }
        // SAFETY: the memory is that large.
        unsafe { codes::load_bits(self.ptr(), 8, false) as *mut u8 }
    }

    /// Changes the address in a pointer's memory.
    pub(crate) fn set_target(&self, p: *mut u8) {
        if self.size() >= 8 {
            // SAFETY: the memory is that large.
            unsafe { codes::store_bits(self.ptr(), 8, false, p as u64) };
        }
    }

    /// Whether the object owns its memory.
    pub(crate) fn owns(&self) -> bool {
        self.own.is_some()
    }

    /// The address `at` bytes in, if `size` bytes are there; IndexError-free check for accesses by type.
    pub(crate) fn part(&self, at: usize, size: usize) -> Option<*mut u8> {
        let all = self.size();
        if at.checked_add(size)? <= all { Some(self.ptr().wrapping_add(at)) } else { None }
    }

    /// Gives an object that owns its memory another amount of it; `None`: no memory.
    pub(crate) fn resize(&self, size: usize) -> Option<()> {
        let mut block = if size <= self.size() { None } else { Some(Block::zeroed(size)?) };
        self.blocks.with(|all| {
            // Another thread may have given it more since: memory never gets less, since a reader may have seen the larger size.
            let old = self.size();
            let Some(block) = block.take().filter(|_| old < size) else {
                self.size.store(size.min(old), Ordering::Release);
                return;
            };
            // SAFETY: both are that large, and a fresh block overlaps nothing.
            unsafe { std::ptr::copy_nonoverlapping(self.ptr(), block.ptr, old) };
            self.ptr.store(block.ptr, Ordering::Release);
            self.size.store(size, Ordering::Release);
            all.push(block);
        });
        Some(())
    }
}

/// The content of a value, if it is a ctypes instance.
#[inline]
pub(crate) fn of(v: Value) -> Option<&'static CData> {
    v.native::<CData>()
}

/// Sizes from which memory counts as pressure on the collector.
const COUNTED: usize = 64;

/// An instance with zeroed memory of its own.
pub(crate) fn new_owned(cx: &mut Ctx, class: &TypeObj, info: &Info) -> PyResult {
    info.set(flag::FINAL);
    let Some(block) = Block::zeroed(info.size) else { return Err(cx.no_memory()) };
    if block.size >= COUNTED {
        cx.external_bytes(isize::try_from(block.size).unwrap_or(isize::MAX));
    }
    Ok(cx.new_native(
        class,
        CData {
            ptr: AtomicPtr::new(block.ptr),
            size: AtomicUsize::new(info.size),
            blocks: Guarded::new(Vec::new()),
            own: Some(block),
            base: Slot::empty(),
            index: 0,
            items: info.length,
            objects: Slot::empty(),
            func: Slot::empty(),
        },
    ))
}

/// An instance that looks at memory which `base` keeps alive, or nobody does.
pub(crate) fn new_at(
    cx: &mut Ctx,
    class: &TypeObj,
    info: &Info,
    ptr: *mut u8,
    base: Option<Value>,
    index: usize,
) -> Value {
    info.set(flag::FINAL);
    let v = cx.new_native(
        class,
        CData {
            ptr: AtomicPtr::new(ptr),
            size: AtomicUsize::new(info.size),
            blocks: Guarded::new(Vec::new()),
            own: None,
            base: Slot::from_option(base),
            index,
            items: info.length,
            objects: Slot::empty(),
            func: Slot::empty(),
        },
    );
    if info.kind == Kind::Func {
        crate::function::attach_state(cx, v);
    }
    v
}

/// A fresh instance with a copy of memory.
///
/// # Safety
/// `from` is readable for the type's size.
pub(crate) unsafe fn new_copy(cx: &mut Ctx, class: &TypeObj, info: &Info, from: *const u8) -> PyResult {
    let v = new_owned(cx, class, info)?;
    if info.kind == Kind::Func {
        crate::function::attach_state(cx, v);
    }
    if let Some(d) = of(v) {
        // SAFETY: by the contract, and the block is that large.
        unsafe { std::ptr::copy_nonoverlapping(from, d.ptr(), info.size) };
    }
    Ok(v)
}

/// `__new__` of every kind of instance.
pub(crate) fn generic_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    match TypeObj::of(class).and_then(|t| Some((t, info::of_type(t)?))) {
        Some((t, i)) => new_owned(cx, t, i),
        None => Err(info::abstract_class(cx)),
    }
}

// ---------------------------------------------------------------------------------------------------- what is kept

/// The outermost object that a value is a part of.
fn container(v: Value) -> Value {
    let mut v = v;
    while let Some(b) = of(v).and_then(|d| d.base.get()).filter(|b| of(*b).is_some()) {
        v = b;
    }
    v
}

/// What the outermost object keeps; a dict is made for one that has items.
pub(crate) fn kept_objects(cx: &mut Ctx, v: Value) -> Value {
    let c = container(v);
    let Some(d) = of(c) else { return Value::NONE };
    match d.objects.get() {
        Some(o) => o,
        None => {
            let o = if d.items > 0 { cx.dict() } else { Value::NONE };
            cx.store(c, &d.objects, o);
            o
        }
    }
}

/// Where in the outermost object item `index` of `v` is, in hexadecimal numbers from the inside out.
fn unique_key(v: Value, index: usize) -> String {
    let mut key = format!("{:x}", index as u32);
    let mut at = of(v);
    while let Some(d) = at
        && let Some(b) = d.base.get()
    {
        key.push_str(&format!(":{:x}", d.index));
        at = of(b);
    }
    key
}

/// Keeps an object alive as long as the memory of item `index` of `v`.
pub(crate) fn keep_ref(cx: &mut Ctx, v: Value, index: usize, keep: Value) -> PyResult<()> {
    if keep.is_none() {
        return Ok(());
    }
    let objects = kept_objects(cx, v);
    let Some(d) = DictObj::of(objects) else {
        let c = container(v);
        if let Some(data) = of(c) {
            cx.store(c, &data.objects, keep);
        }
        return Ok(());
    };
    let key = cx.str(&unique_key(v, index));
    match cx.dict_set_str(d, key, keep) {
        Some(()) => Ok(()),
        None => Err(cx.no_memory()),
    }
}

/// The address of a bytes object's content, which a zero byte follows.
pub(crate) fn keep_bytes(v: Value) -> u64 {
    BytesObj::of(v).map_or(0, |b| b.bytes().as_ptr() as u64)
}

/// Memory that an object kept by others owns: wide characters of a str.
pub(crate) struct Holder {
    _memory: Block,
}

impl Payload for Holder {
    const NAME: &'static str = "ctypes memory";
    fn trace(&self, _: &mut Tracer) {}
}

/// The type of [`Holder`] objects.
pub(crate) static HOLDER: TypeSpec = TypeSpec {
    name: "_memory",
    module: "_ctypes",
    layout: Layout::Native,
    vt: Some(<Holder as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    ..TypeSpec::BASE
};

/// A copy of a str in wide characters, and the object that owns it.
pub(crate) fn hold_wide(cx: &mut Ctx, v: Value) -> PyResult<(u64, Value)> {
    let Some(s) = StrObj::of(v) else { return Ok((0, Value::NONE)) };
    let n = s.len();
    let Some(b) = n.checked_add(1).and_then(|n| n.checked_mul(4)).and_then(Block::zeroed) else {
        return Err(cx.no_memory());
    };
    for (i, c) in s.str_ref().chars().enumerate() {
        // SAFETY: the block has room for all characters and a zero.
        unsafe { b.ptr.cast::<u32>().add(i).write(c) };
    }
    cx.external_bytes(isize::try_from(b.size).unwrap_or(isize::MAX));
    let a = b.ptr as u64;
    let t = ty(cx, T::Holder);
    Ok((a, cx.new_native(t, Holder { _memory: b })))
}

// ---------------------------------------------------------------------------------------------------- items

/// Reads the value of type `class` at an address inside of (or pointed at by) `from`.
///
/// # Safety
/// `p` is readable for the type's size.
pub(crate) unsafe fn get(cx: &mut Ctx, class: Value, from: Value, index: usize, p: *mut u8) -> PyResult {
    let Some((t, i)) = TypeObj::of(class).and_then(|t| Some((t, info::of_type(t)?))) else {
        return Err(info::abstract_class(cx));
    };
    if i.converts() {
        // SAFETY: by the contract.
        return unsafe { codes::load(cx, i.code, i.swapped, p) };
    }
    Ok(new_at(cx, t, i, p, Some(from), index))
}

/// Writes a value as one of type `class`; what has to be kept.
///
/// # Safety
/// `p` is writable for the type's size.
pub(crate) unsafe fn convert(cx: &mut Ctx, class: Value, v: Value, p: *mut u8) -> PyResult {
    let Some((t, i)) = TypeObj::of(class).and_then(|t| Some((t, info::of_type(t)?))) else {
        return Err(info::abstract_class(cx));
    };
    let Some(src) = of(v) else {
        if i.kind == Kind::Simple {
            // SAFETY: by the contract.
            return unsafe { codes::store(cx, i.code, i.swapped, p, v) };
        }
        if let Some(items) = TupleObj::of(v) {
            cx.check_native_stack(" while initialising a ctypes object")?;
            let items = items.items().to_vec();
            let made = match protopy_vm::call(cx, class, &items) {
                Ok(o) => o,
                Err(r) => return Err(named(cx, r, t)),
            };
            // SAFETY: by the contract.
            return unsafe { convert(cx, class, made, p) };
        }
        if i.kind == Kind::Pointer && v.is_none() {
            // SAFETY: by the contract.
            unsafe { codes::store_bits(p, 8, false, 0) };
            return Ok(Value::NONE);
        }
        let msg = format!("expected {} instance, got {}", errors::type_text(t), ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    if protopy_vm::is_instance(cx, v, class)? {
        if src.size() < i.size {
            return Err(info::abstract_class(cx));
        }
        // SAFETY: by the contract and the check; the two may be the same memory.
        unsafe { std::ptr::copy(src.ptr(), p, i.size) };
        return Ok(kept_objects(cx, v));
    }
    let vi = info::of_value(cx, v);
    if i.kind == Kind::Pointer
        && let Some(vi) = vi.filter(|vi| vi.kind == Kind::Array)
        && vi.proto.get().is_some_and(|a| i.proto.get().is_some_and(|b| a.is(b)))
    {
        // SAFETY: by the contract.
        unsafe { codes::store_bits(p, 8, false, src.ptr() as u64) };
        let kept = kept_objects(cx, v);
        return Ok(cx.pair(kept, v));
    }
    let msg = format!(
        "incompatible types, {} instance instead of {} instance",
        ops::tp_name(cx, v),
        errors::type_text(t)
    );
    Err(cx.type_error(&msg))
}

/// The error of an initialiser, with the type's name in front and as RuntimeError.
#[cold]
fn named(cx: &mut Ctx, r: protopy_vm::protocore::Raised, t: &TypeObj) -> protopy_vm::protocore::Raised {
    let exc = cx.take_raised(r);
    let et = cx.type_of(exc);
    let shown = ops::str_text(cx, exc).unwrap_or_default();
    let msg = format!("({}) {}: {shown}", errors::type_text(t), errors::type_text(et));
    cx.raise_str(protopy_vm::protocore::Ty::RuntimeError, &msg)
}

/// Writes item `index` of an object, and keeps what has to be kept.
///
/// # Safety
/// `p` is writable for the type's size.
pub(crate) unsafe fn set(
    cx: &mut Ctx,
    into: Value,
    class: Value,
    v: Value,
    index: usize,
    p: *mut u8,
) -> PyResult<()> {
    // SAFETY: by the contract.
    let keep = unsafe { convert(cx, class, v, p) }?;
    keep_ref(cx, into, index, keep)
}

// ---------------------------------------------------------------------------------------------------- the type

/// `_ctypes._CData`
pub(crate) static CDATA: TypeSpec = TypeSpec {
    name: "_CData",
    module: "_ctypes",
    layout: Layout::Native,
    vt: Some(<CData as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::NO_NEW,
    slots: SlotSpec { hash: Some(no_hash), buffer: Some(buffer), ..SlotSpec::NONE },
    methods: methods![
        "__ctypes_from_outparam__(self, /)" => |_, a| Ok(a[0]);
        "__reduce__(self, /)" => reduce;
        "__setstate__(self, dict, data, /)" => set_state_flat;
    ],
    getsets: getsets![
        /// the base object
        member "_b_base_" => |_, v| Ok(of(v).map_or(Value::NONE, |d| d.base.get_or_none()));
        /// whether the object owns the memory or not
        member "_b_needsfree_" => |_, v| Ok(Value::small(i64::from(of(v).is_some_and(CData::owns))));
        /// internal objects tree (NEVER CHANGE THIS OBJECT!)
        member "_objects" => |_, v| Ok(of(v).map_or(Value::NONE, |d| d.objects.get_or_none()));
    ],
    ..TypeSpec::BASE
};

fn no_hash(cx: &mut Ctx, _: Value) -> PyResult<i64> {
    Err(cx.type_error("unhashable type"))
}

/// The buffer of every ctypes instance.
fn buffer(cx: &mut Ctx, this: Value, _: bool) -> PyResult<Buffer> {
    let (Some(d), Some(i)) = (of(this), info::of_value(cx, this)) else {
        return Err(protopy_vm::buffers::not_bytes_like(cx, this));
    };
    let len = d.size();
    let ptr = d.ptr();
    let mut inner = i;
    while inner.kind == Kind::Array {
        let Some(next) = inner.proto.get().and_then(info::of_class) else { break };
        inner = next;
    }
    // A resized object is not what its type says.
    let items =
        if i.shape.contains(&0) { 0 } else { i.shape.iter().fold(1usize, |n, s| n.saturating_mul(*s)) };
    let whole = items.saturating_mul(inner.size);
    let shape = if whole <= len { i.shape.clone() } else { vec![len / inner.size.max(1)] };
    let mut strides = vec![0isize; shape.len()];
    let mut step = isize::try_from(inner.size).unwrap_or(0);
    for (s, n) in strides.iter_mut().zip(&shape).rev() {
        *s = step;
        step = step.saturating_mul(isize::try_from(*n).unwrap_or(0));
    }
    Ok(Buffer {
        owner: this,
        ptr,
        len,
        readonly: false,
        itemsize: inner.size,
        format: i.format.as_str().into(),
        shape,
        strides,
        release: None,
    })
}

fn reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (Some(d), Some(i)) = (of(a[0]), info::of_value(cx, a[0])) else { return Ok(Value::NONE) };
    if i.has(flag::POINTER) {
        return Err(cx.value_error("ctypes objects containing pointers cannot be pickled"));
    }
    let n = d.size();
    // SAFETY: the object has that many bytes.
    let content = unsafe { std::slice::from_raw_parts(d.ptr(), n) };
    let content = cx.bytes(content)?;
    let dict = match protopy_vm::attr::instance_dict(cx, a[0])? {
        Some(d) => d,
        None => cx.dict(),
    };
    let unpickle = protopy_vm::import_attr(cx, "_ctypes", "_unpickle")?;
    let state = cx.pair(dict, content);
    let class = cx.type_of(a[0]).value();
    let args = cx.pair(class, state);
    Ok(cx.pair(unpickle, args))
}

fn set_state_flat(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(d) = of(a[0]) else { return Ok(Value::NONE) };
    let (dict, content) = (a[1], a[2]);
    if DictObj::of(dict).is_none() {
        let msg = format!("__setstate__() argument 1 must be dict, not {}", ops::tp_name(cx, dict));
        return Err(cx.type_error(&msg));
    }
    let Some(b) = BytesObj::of(content) else {
        let msg = format!("__setstate__() argument 2 must be bytes, not {}", ops::tp_name(cx, content));
        return Err(cx.type_error(&msg));
    };
    let n = b.bytes().len().min(d.size());
    // SAFETY: neither is longer.
    unsafe { std::ptr::copy_nonoverlapping(b.bytes().as_ptr(), d.ptr(), n) };
    if let Some(own) = protopy_vm::attr::instance_dict(cx, a[0])? {
        call_method(cx, own, "update", &[dict])?;
    }
    Ok(Value::NONE)
}
