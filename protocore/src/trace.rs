//! How the collector learns what an object refers to.
//!
//! Core layouts are traced by a `match` on the header's layout byte; native payloads through their description. After
//! the fixed part comes the attribute area (overflow word, then inline slots), whose place the class of the object's
//! shape tells. Marking keeps its own stack: native recursion would depend on user data. If the stack cannot grow,
//! objects stay marked but untraced, and marked objects are traced again until nothing was left out. Large heaps are marked by several
//! threads ([`crate::heap::team`]): each has a tracer, and who sets the mark of an object visits it.

use crate::ctx::Ctx;
use crate::dict::{DictObj, DictTable};
use crate::header::{Header, Layout, ShapeId};
use crate::heap::Heap;
use crate::heap::team::Team;
use crate::heap::{gc_bits, kind};
use crate::known::{RAW_SHAPE, Ty};
use crate::layouts::*;
use crate::shape::Shape;
use crate::slot::Slot;
use crate::types::TypeObj;
use crate::value::Value;
use std::any::TypeId;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// What the collector and the downcast need to know of a layout.
pub struct LayoutVt {
    /// Name for diagnostics.
    pub name: &'static str,
    /// Bytes of the fixed part, header included.
    pub size: usize,
    /// Visits the references of the fixed part (not of the attribute area).
    pub trace: unsafe fn(*const Header, &mut Tracer),
    /// Drops the Rust values in the object, if any need it. Runs at sweep, on any thread, with other dead objects possibly gone.
    pub drop: Option<unsafe fn(*mut Header)>,
    /// The payload type of a native layout.
    pub type_id: fn() -> TypeId,
}

/// Flag of a [`ValuesObj`] that holds saved registers: its words are checked before they count as references.
pub const REGISTER_FILE: u8 = 1;

/// Collects references during marking, or shows them to a visitor.
pub struct Tracer {
    base: usize,
    span: usize,
    marks: *mut u64,
    kinds: *const AtomicU8,
    shapes: *const Shape,
    heap: *const Heap,
    /// Objects marked whose references are still to be visited.
    stack: Vec<Value>,
    /// Whether other tracers mark at the same time.
    shared: bool,
    /// An object was marked that did not fit the stack.
    pub(crate) overflowed: bool,
    /// Most objects on the stack, for tests.
    stack_limit: usize,
    /// Bit that visited objects get in their headers: they are old from now on. 0: none.
    old: u8,
    /// Objects that every minor collection visits again.
    pub(crate) always: Vec<Value>,
    /// Whether reached objects must have a current mark already: the check of a minor collection.
    compare: bool,
    /// Whether edges take the slow path: verifying, visiting, or watching.
    special: bool,
    /// Whether what is marked is checked.
    verify: bool,
    /// Whether objects that wait for a finalizer are noted when they are reached for the first time; and these.
    watching: bool,
    pub(crate) met: Vec<Value>,
    /// Gets the references instead of marking.
    visitor: Option<NonNull<dyn FnMut(Value)>>,
    /// The object whose references are visited, for diagnostics.
    owner: Option<Value>,
    /// The shape whose class was visited last.
    last_shape: ShapeId,
}

impl Tracer {
    /// A tracer that marks: in the next marks, or for a minor collection in the current ones.
    pub(crate) fn marking(heap: &Heap, shapes: *const Shape, verify: bool, minor: bool) -> Tracer {
        Tracer {
            base: heap.blocks.base(),
            span: heap.blocks.frontier() << 15,
            marks: if minor { heap.blocks.current_marks() } else { heap.blocks.next_marks() },
            kinds: heap.blocks.kinds(),
            shapes,
            heap,
            stack: Vec::with_capacity(1 << 12),
            shared: false,
            overflowed: false,
            stack_limit: heap.mark_stack_limit(),
            old: 0,
            always: Vec::new(),
            compare: false,
            special: verify,
            verify,
            watching: false,
            met: Vec::new(),
            visitor: None,
            owner: None,
            last_shape: ShapeId(0),
        }
    }

    /// Visits a reference.
    #[inline(always)]
    pub fn visit(&mut self, v: Value) {
        if v.is_heap() {
            self.edge(v);
        }
    }

    /// Visits a slot's content.
    #[inline(always)]
    pub fn slot(&mut self, s: &Slot) {
        if let Some(v) = s.get() {
            self.visit(v);
        }
    }

    /// Visits several slots.
    #[inline]
    pub fn slots(&mut self, all: &[Slot]) {
        for s in all {
            self.slot(s);
        }
    }

    /// Visits several values.
    #[inline]
    pub fn values<'a>(&mut self, all: impl IntoIterator<Item = &'a Value>) {
        for v in all {
            self.visit(*v);
        }
    }

    #[inline(always)]
    fn edge(&mut self, v: Value) {
        if self.special && !self.special_edge(v) {
            return;
        }
        let off = (v.bits() as usize).wrapping_sub(self.base);
        if off >= self.span {
            return;
        }
        // SAFETY: the tables cover the span; only the collector writes them while the world is stopped.
        unsafe {
            let word = AtomicU64::from_ptr(self.marks.add(off >> 10));
            let bit = 1u64 << (off >> 4 & 63);
            let now = word.load(Relaxed);
            if now & bit != 0 {
                return;
            }
            if !self.shared {
                word.store(now | bit, Relaxed);
            } else if word.fetch_or(bit, Relaxed) & bit != 0 {
                return;
            }
            if (*self.kinds.add(off >> 15)).load(Relaxed) & kind::MASK != kind::NO_SCAN {
                self.push(v);
            }
        }
    }

    #[inline(always)]
    fn push(&mut self, v: Value) {
        if self.stack.len() == self.stack.capacity() && !self.grow() {
            return;
        }
        prefetch(v);
        self.stack.push(v);
    }

    #[cold]
    fn grow(&mut self) -> bool {
        let n = self.stack.len();
        let fits = n < self.stack_limit && self.stack.try_reserve(n.max(1 << 10)).is_ok();
        self.overflowed |= !fits;
        fits
    }

    /// Verifies an edge, or shows it to the visitor. Whether it is to be marked.
    #[cold]
    #[inline(never)]
    fn special_edge(&mut self, v: Value) -> bool {
        if let Some(f) = self.visitor {
            // SAFETY: `Ctx::trace_children` lends the closure for the life of this tracer.
            unsafe { (*f.as_ptr())(v) };
            return false;
        }
        if self.watching
            && !self.is_marked(v)
            && v.header().is_some_and(|h| h.gc.load(Relaxed) & gc_bits::DYING != 0)
        {
            self.met.push(v);
        }
        if !self.verify {
            return true;
        }
        // SAFETY: the heap outlives its tracer.
        let heap = unsafe { &*self.heap };
        let found = heap.blocks.find(v.bits() as usize);
        if found != Some(v) || v.layout() == Layout::Immediate {
            let owner = self.owner.map(|o| (o.bits(), o.layout(), o.header().map(|h| h.shape())));
            eprintln!("protocore: reference to no object: {:#x}, found {found:x?}, in {owner:x?}", v.bits());
            std::process::abort();
        }
        if self.compare && !heap.blocks.is_current(v) {
            let owner = self.owner.map(|o| (o.bits(), o.layout(), o.header().map(|h| h.shape())));
            eprintln!("protocore: stored without a barrier: {v:?} in {owner:x?}");
            std::process::abort();
        }
        true
    }

    /// Makes what is visited old.
    pub(crate) fn ageing(mut self, on: bool) -> Tracer {
        self.old = if on { gc_bits::OLD } else { 0 };
        self
    }

    /// Checks that what is reached has a current mark.
    pub(crate) fn comparing(mut self) -> Tracer {
        self.compare = true;
        self.special = true;
        self
    }

    /// Begins or ends to note objects that wait for a finalizer.
    pub(crate) fn watch(&mut self, on: bool) {
        self.watching = on;
        self.special = on || self.verify;
    }

    /// Has the next minor collection visit an object whatever is stored into it.
    fn again(&mut self, v: Value) {
        if self.old != 0 {
            self.always.push(v);
        }
    }

    /// Whether an object is marked. Objects outside of the heap count as marked.
    #[inline]
    pub(crate) fn is_marked(&self, v: Value) -> bool {
        let off = (v.bits() as usize).wrapping_sub(self.base);
        if off >= self.span {
            return true;
        }
        // SAFETY: the table covers the span.
        let word = unsafe { AtomicU64::from_ptr(self.marks.add(off >> 10)) };
        word.load(Relaxed) >> (off >> 4 & 63) & 1 != 0
    }

    #[inline(never)]
    fn empty_stack(&mut self) {
        while let Some(v) = self.stack.pop() {
            self.children(v);
        }
    }

    /// Begins or ends to mark beside other tracers.
    pub(crate) fn share(&mut self, on: bool) {
        self.shared = on;
    }

    /// A tracer of the same collection with nothing to do yet, for another thread. Both are shared.
    pub(crate) fn mate(&mut self) -> Tracer {
        self.shared = true;
        Tracer {
            stack: Vec::with_capacity(1 << 12),
            always: Vec::new(),
            met: Vec::new(),
            visitor: None,
            owner: None,
            last_shape: ShapeId(0),
            ..*self
        }
    }

    /// Traces what is on the stack and what other members of the team give away, until nobody has anything left.
    pub(crate) fn work(&mut self, team: &Team) {
        loop {
            while let Some(v) = self.stack.pop() {
                self.children(v);
                if team.is_hungry() {
                    team.give(&mut self.stack);
                }
            }
            match team.take() {
                // In place of the empty stack: nothing is to be allocated.
                Some(more) => self.stack = more,
                None => return,
            }
        }
    }

    /// Traces what is on the stack until nothing is left.
    pub(crate) fn drain(&mut self) {
        loop {
            self.empty_stack();
            if !self.overflowed {
                return;
            }
            self.overflowed = false;
            // SAFETY: the heap outlives its tracer.
            let heap = unsafe { &*self.heap };
            let mut again = |v: Value| {
                if self.is_marked(v) {
                    self.children(v);
                    self.empty_stack();
                }
            };
            heap.blocks.for_each(|k| k != kind::NO_SCAN, &mut again);
        }
    }

    /// Visits what an object refers to.
    #[inline(always)]
    pub(crate) fn children(&mut self, v: Value) {
        let p = v.ptr::<Header>().cast_const();
        // SAFETY: `v` is a valid object: the layout byte says which struct its cell holds.
        unsafe {
            let shape = (*p).shape();
            if self.old != 0 {
                let gc = &(*p).gc;
                gc.store(gc.load(Relaxed) | self.old, Relaxed);
            }
            if self.special {
                self.owner = Some(v);
            }
            // Runs of objects of one shape are usual.
            if shape.0 > RAW_SHAPE.0 && shape != self.last_shape {
                self.class_of(shape);
            }
            match (*p).layout() {
                Layout::Object => self.attributes(p, shape),
                layout => self.others(p, layout, shape),
            }
        }
    }

    /// Visits the class of a shape.
    #[inline]
    fn class_of(&mut self, shape: ShapeId) {
        if self.visitor.is_some() {
            return;
        }
        self.last_shape = shape;
        // SAFETY: a valid object's shape is an entry of the space's table.
        let shape = unsafe { &*self.shapes.add(shape.0 as usize) };
        self.slot(shape.class_slot());
    }

    #[inline(never)]
    unsafe fn others(&mut self, p: *const Header, layout: Layout, shape: ShapeId) {
        // SAFETY: the caller passes a valid object of that layout and shape.
        unsafe {
            match layout {
                Layout::Values => self.storage(&*p.cast()),
                Layout::Tuple => {
                    self.values((*p.cast::<TupleObj>()).items());
                    if shape != Ty::Tuple.shape() {
                        self.attributes(p, shape);
                    }
                }
                Layout::List => {
                    self.slot(&(*p.cast::<ListObj>()).items);
                    if shape != Ty::List.shape() {
                        self.attributes(p, shape);
                    }
                }
                Layout::Dict | Layout::Set | Layout::FrozenSet => {
                    self.slot(&(*p.cast::<DictObj>()).table);
                    if shape != Ty::Dict.shape() {
                        self.attributes(p, shape);
                    }
                }
                Layout::DictTable => crate::dict::trace_table(&*p.cast::<DictTable>(), self),
                Layout::Raw | Layout::Immediate => {}
                _ => {
                    self.rarer(p, layout);
                    self.attributes(p, shape);
                }
            }
        }
    }

    /// Visits the attribute area.
    #[inline(always)]
    unsafe fn attributes(&mut self, p: *const Header, shape: ShapeId) {
        // SAFETY: a valid object's shape is an entry of the space's table.
        let shape = unsafe { &*self.shapes.add(shape.0 as usize) };
        let Some(class) = shape.class_slot().get() else { return };
        // SAFETY: a shape's class is a type object that lives as long as the shape; instances have the area that their class
        // describes.
        unsafe {
            let class = &*class.ptr::<TypeObj>();
            if class.attr_base != 0 {
                let area = p.cast::<u8>().add(class.attr_base as usize).cast::<Slot>();
                // An object in dict mode may have come from a class with fewer inline slots by assignment of
                // `__class__`: only those of `__slots__` are in use.
                let n = if shape.is_dict_mode() { shape.slot_count } else { class.inline_cap };
                self.slots(std::slice::from_raw_parts(area, n as usize + 1));
            }
        }
    }

    fn storage(&mut self, s: &ValuesObj) {
        if s.header.flags() & REGISTER_FILE != 0 {
            self.checked(s);
            self.again(s.value());
        } else {
            self.slots(s.slots());
        }
    }

    /// Visits saved registers, some of which may be stale.
    fn checked(&mut self, s: &ValuesObj) {
        // SAFETY: the heap outlives its tracer.
        let heap = unsafe { &*self.heap };
        for w in s.slots() {
            if let Some(v) = w.get()
                && heap.blocks.find(v.bits() as usize) == Some(v)
            {
                self.visit(v);
            }
        }
    }

    /// Visits the storage of a suspended frame's registers.
    fn register_file(&mut self, s: &Slot) {
        if let Some(file) = s.get().and_then(ValuesObj::of) {
            file.header.flags.fetch_or(REGISTER_FILE, Relaxed);
        }
        self.slot(s);
    }

    unsafe fn rarer(&mut self, p: *const Header, layout: Layout) {
        // SAFETY: the caller passes a valid object of that layout.
        unsafe {
            match layout {
                Layout::Native => {
                    if let Some(vt) = crate::native::vt_of(&*p) {
                        (vt.trace)(p, self);
                    }
                    return;
                }
                Layout::Generator => {
                    self.register_file(&(*p.cast::<GeneratorObj>()).regs);
                    self.again(Value::from_ref(p));
                }
                Layout::Frame => {
                    self.register_file(&(*p.cast::<FrameObj>()).saved);
                    self.again(Value::from_ref(p));
                }
                // Without its tables while it is under construction.
                Layout::Code if (&raw const (*p.cast::<CodeObj>()).rt).cast::<usize>().read() == 0 => return,
                _ => {}
            }
            (crate::vts::layout_vt(layout).trace)(p, self);
        }
    }
}

/// Brings an object's header into the cache.
#[inline(always)]
fn prefetch(v: Value) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch has no effect but on the cache, whatever the address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(v.ptr::<i8>());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = v;
}

impl Ctx {
    /// Shows `f` what an object refers to (`gc.get_referents`); storage is looked through. `f` neither allocates nor runs Python code.
    pub fn trace_children(&self, v: Value, f: &mut dyn FnMut(Value)) {
        if !v.is_heap() {
            return;
        }
        let mut storage = Vec::new();
        self.direct_children(v, &mut |c| match c.layout() {
            Layout::Values | Layout::DictTable => storage.push(c),
            Layout::Raw => {}
            _ => f(c),
        });
        while let Some(s) = storage.pop() {
            self.direct_children(s, &mut |c| match c.layout() {
                Layout::Values | Layout::DictTable => storage.push(c),
                Layout::Raw => {}
                _ => f(c),
            });
        }
    }

    pub(crate) fn direct_children(&self, v: Value, f: &mut dyn FnMut(Value)) {
        let mut t = Tracer::marking(self.heap(), self.shapes, false, false);
        t.special = true;
        let f: NonNull<dyn FnMut(Value) + '_> = NonNull::from(f);
        // SAFETY: only the lifetime changes; the tracer ends before `f` does.
        t.visitor = Some(unsafe {
            std::mem::transmute::<NonNull<dyn FnMut(Value) + '_>, NonNull<dyn FnMut(Value)>>(f)
        });
        t.children(v);
    }

    /// Storage for the registers of a suspended frame: words that may be stale are checked by the collector. `None`: out of
    /// memory.
    pub fn new_register_file(&mut self, cap: usize) -> Option<&'static ValuesObj> {
        let file = self.new_values(cap)?;
        file.header.flags.fetch_or(REGISTER_FILE, Relaxed);
        Some(file)
    }
}
