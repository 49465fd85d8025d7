//! Shapes (hidden classes): which class an object has and where its attributes are.
//!
//! A shape is an entry of its space's shape table, named by a 32-bit handle that never changes its meaning and is
//! not reused while the space lives. From a class's root shape, adding an attribute leads to a child shape;
//! objects that gain the same attributes in the same order share shapes, so an inline cache that
//! compares the handle knows class, slot and absence of other attributes at once.
//!
//! Invariants:
//! 1. A shape's class, slot count and names are immutable; only its version and its list of transitions change.
//! 2. Slot `i` lies in the object if `i < inline_cap` of the class, else in the overflow storage at index `i - inline_cap + 1`
//!    (index 0 of that storage is the attribute dict of an object in dict mode).
//! 3. A value is stored in its slot before the shape that names the slot is published.
//! 4. An object in dict mode has its class's dict-mode shape and all attributes in a dict.

use crate::header::{Layout, ShapeId};
use crate::slot::Slot;
use crate::trace::LayoutVt;
use crate::types::TypeObj;
use crate::value::Value;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Shape flag: attributes are in a dict.
pub const DICT_MODE: u32 = 1;

/// A shape.
#[repr(C)]
pub struct Shape {
    class: Slot,
    /// Copy of the class's version, for inline caches.
    pub version: AtomicU32,
    /// Flags.
    pub flags: u32,
    /// The shape that this one extends; 0 for a root.
    pub parent: ShapeId,
    /// Number of attribute slots used, `__slots__` included.
    pub slot_count: u32,
    /// Next shape of the same class; 0 at the end.
    pub next_in_class: AtomicU32,
    /// This shape's handle.
    pub id: ShapeId,
    /// The attribute that this shape adds (interned str).
    pub key: Slot,
    /// Transitions: pairs (name address, child), under the space's shape lock.
    pub(crate) transitions: crate::lock::Guarded<Vec<(u64, ShapeId)>>,
    keys: OnceLock<KeyTable>,
    /// Layout of the instances.
    pub layout: Layout,
    /// How instances are traced and dropped.
    pub vt: &'static LayoutVt,
}

/// Names of a shape's attributes in slot order, from `first` on (lower slots belong to `__slots__`).
pub struct KeyTable {
    /// Slot of the first name.
    pub first: u32,
    /// The interned names.
    pub names: Box<[Value]>,
    hashed: Option<std::collections::HashMap<u64, u32>>,
}

impl KeyTable {
    fn new(first: u32, names: Box<[Value]>) -> Self {
        let hashed = (names.len() > 12)
            .then(|| names.iter().enumerate().map(|(i, n)| (n.bits(), first + i as u32)).collect());
        KeyTable { first, names, hashed }
    }

    /// Slot of an interned name.
    #[inline]
    pub fn find(&self, name: Value) -> Option<u32> {
        match &self.hashed {
            Some(h) => h.get(&name.bits()).copied(),
            None => self.names.iter().position(|n| n.is(name)).map(|i| self.first + i as u32),
        }
    }
}

impl Shape {
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn new(
        id: ShapeId,
        class: Option<Value>,
        layout: Layout,
        vt: &'static LayoutVt,
        parent: ShapeId,
        slot_count: u32,
        key: Option<Value>,
        flags: u32,
    ) -> Shape {
        Shape {
            class: Slot::from_option(class),
            version: AtomicU32::new(0),
            flags,
            parent,
            slot_count,
            next_in_class: AtomicU32::new(0),
            id,
            key: Slot::from_option(key),
            transitions: crate::lock::Guarded::new(Vec::new()),
            keys: OnceLock::new(),
            layout,
            vt,
        }
    }

    /// The class of objects of this shape.
    #[inline(always)]
    pub fn class(&self) -> &'static TypeObj {
        // SAFETY: every shape that a Python-visible object can have was made with a class; storage cells, whose
        // shape has none, are never asked for their class.
        unsafe { &*self.class.get_or_none().ptr::<TypeObj>() }
    }

    /// The class as a slot, for the collector and for initialisation.
    pub fn class_slot(&self) -> &Slot {
        &self.class
    }

    /// Whether attributes are in a dict.
    #[inline(always)]
    pub fn is_dict_mode(&self) -> bool {
        self.flags & DICT_MODE != 0
    }

    /// The names of the attributes; `lookup` resolves a handle.
    pub fn keys<'a>(&'a self, lookup: &dyn Fn(ShapeId) -> &'a Shape) -> &'a KeyTable {
        self.keys.get_or_init(|| {
            let mut names = Vec::new();
            let mut s = self;
            let mut first = s.slot_count;
            while let Some(k) = s.key.get() {
                names.push(k);
                first = s.slot_count - 1;
                s = lookup(s.parent);
            }
            if names.is_empty() {
                first = self.slot_count;
            }
            names.reverse();
            KeyTable::new(first, names.into_boxed_slice())
        })
    }
}

/// The shape table of a space: a reserved range of address space, filled upwards and never moved.
pub struct ShapeTable {
    base: *mut Shape,
    capacity: usize,
    len: AtomicU32,
    grow: std::sync::Mutex<()>,
}

// SAFETY: entries below `len` are initialised and only mutated through atomics and locks.
unsafe impl Send for ShapeTable {}
// SAFETY: as above.
unsafe impl Sync for ShapeTable {}

impl ShapeTable {
    /// Most shapes of a space: a handle has 20 bits, which inline caches rely on.
    pub const CAPACITY: usize = 1 << 20;

    /// Reserves a table (address space only; pages are committed when touched).
    pub fn reserve() -> std::io::Result<ShapeTable> {
        let capacity = ShapeTable::CAPACITY;
        // SAFETY: an anonymous private mapping without a fixed address has no preconditions.
        let p = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                capacity * size_of::<Shape>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if p == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        Ok(ShapeTable { base: p.cast(), capacity, len: AtomicU32::new(1), grow: std::sync::Mutex::new(()) })
    }

    /// Address of entry 0, for inline caches.
    #[inline(always)]
    pub fn base(&self) -> *const Shape {
        self.base
    }

    /// A shape by handle.
    #[inline(always)]
    pub fn get(&self, id: ShapeId) -> &Shape {
        debug_assert!(id.0 != 0 && id.0 < self.len.load(Ordering::Acquire));
        // SAFETY: handles come from `push`, which initialised the entry first; entries never move.
        unsafe { &*self.base.add(id.0 as usize) }
    }

    /// Adds a shape; `None` when the table is full.
    pub fn push(&self, make: impl FnOnce(ShapeId) -> Shape) -> Option<ShapeId> {
        let _g = self.grow.lock().unwrap_or_else(|e| e.into_inner());
        let n = self.len.load(Ordering::Relaxed);
        if n as usize >= self.capacity {
            return None;
        }
        let id = ShapeId(n);
        // SAFETY: entry `n` is within the reservation and not yet published.
        unsafe { self.base.add(n as usize).write(make(id)) };
        self.len.store(n + 1, Ordering::Release);
        Some(id)
    }

    /// All shapes.
    pub fn iter(&self) -> impl Iterator<Item = &Shape> {
        (1..self.len.load(Ordering::Acquire)).map(|i| self.get(ShapeId(i)))
    }
}

impl Drop for ShapeTable {
    fn drop(&mut self) {
        for i in 1..self.len.load(Ordering::Relaxed) as usize {
            // SAFETY: entries below `len` are initialised and nobody uses the table any more.
            unsafe { std::ptr::drop_in_place(self.base.add(i)) };
        }
        // SAFETY: the mapping was made by `reserve` with this size.
        unsafe { libc::munmap(self.base.cast(), self.capacity * size_of::<Shape>()) };
    }
}
