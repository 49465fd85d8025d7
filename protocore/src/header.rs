//! The eight bytes in front of every heap object.

use crate::lock::LockByte;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// Handle of a shape in its space's shape table; 0 marks a free cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct ShapeId(pub u32);

/// How an object's memory is laid out: which Rust struct starts at its address. An instance of a Python subclass of
/// a builtin type has that type's layout and another shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Layout {
    /// Not a heap object.
    Immediate = 0,
    /// `object` and plain classes: attribute slots only.
    Object,
    /// [`crate::layouts::BigIntObj`]
    Int,
    /// [`crate::layouts::FloatObj`]
    Float,
    /// [`crate::layouts::ComplexObj`]
    Complex,
    /// [`crate::layouts::StrObj`]
    Str,
    /// [`crate::layouts::BytesObj`]
    Bytes,
    /// [`crate::layouts::TupleObj`]
    Tuple,
    /// [`crate::layouts::ListObj`]
    List,
    /// [`crate::dict::DictObj`]
    Dict,
    /// [`crate::dict::SetObj`]
    Set,
    /// As `Set`, immutable.
    FrozenSet,
    /// [`crate::types::TypeObj`]
    Type,
    /// [`crate::layouts::FunctionObj`]
    Function,
    /// [`crate::layouts::NativeFnObj`]
    NativeFn,
    /// [`crate::layouts::BoundMethodObj`]
    BoundMethod,
    /// [`crate::layouts::CellObj`]
    Cell,
    /// [`crate::layouts::CodeObj`]
    Code,
    /// [`crate::layouts::ModuleObj`]
    Module,
    /// [`crate::layouts::RangeObj`]
    Range,
    /// [`crate::layouts::RangeIterObj`]
    RangeIter,
    /// [`crate::layouts::SeqIterObj`]
    SeqIter,
    /// [`crate::layouts::SliceObj`]
    Slice,
    /// [`crate::layouts::ExcObj`]
    Exception,
    /// [`crate::layouts::GeneratorObj`]
    Generator,
    /// [`crate::layouts::FrameObj`]
    Frame,
    /// [`crate::layouts::WeakRefObj`]
    WeakRef,
    /// [`crate::native::Native`]: a payload defined in Rust.
    Native,
    /// Storage of Values (list items, attribute overflow, dict tables): never a Python object.
    Values,
    /// [`crate::dict::DictTable`]: never a Python object.
    DictTable,
    /// Storage without references: never a Python object.
    Raw,
}

/// Object header.
#[repr(C, align(8))]
pub struct Header {
    shape: AtomicU32,
    /// The collector's byte.
    pub(crate) gc: AtomicU8,
    /// The object's lock byte; see [`crate::lock`].
    pub(crate) lock: AtomicU8,
    layout: AtomicU8,
    /// Bits whose meaning depends on the layout.
    pub flags: AtomicU8,
}

const _: () = assert!(size_of::<Header>() == 8);

impl Header {
    /// A header for a fresh cell.
    #[inline(always)]
    pub const fn new(shape: ShapeId, layout: Layout, flags: u8) -> Header {
        Header {
            shape: AtomicU32::new(shape.0),
            gc: AtomicU8::new(crate::heap::gc_bits::ANY),
            lock: AtomicU8::new(0),
            layout: AtomicU8::new(layout as u8),
            flags: AtomicU8::new(flags),
        }
    }

    /// The object's shape.
    #[inline(always)]
    pub fn shape(&self) -> ShapeId {
        ShapeId(self.shape.load(Ordering::Acquire))
    }

    /// Publishes another shape: slots that it names must have been written before.
    #[inline(always)]
    pub fn set_shape(&self, s: ShapeId) {
        self.shape.store(s.0, Ordering::Release);
    }

    /// The object's layout.
    #[inline(always)]
    pub fn layout(&self) -> Layout {
        // SAFETY: only `new` writes the byte, from a `Layout`.
        unsafe { std::mem::transmute::<u8, Layout>(self.layout.load(Ordering::Relaxed)) }
    }

    /// Takes the byte lock for a few instructions that neither call nor allocate, if it is free; whether it was. For the interpreter's
    /// fast paths, which have no place for a guard.
    #[inline(always)]
    pub fn try_lock_briefly(&self) -> bool {
        self.lock.try_take()
    }

    /// Frees what [`Header::try_lock_briefly`] took.
    #[inline(always)]
    pub fn unlock(&self) {
        self.lock.free();
    }

    /// The layout-dependent flag bits.
    #[inline(always)]
    pub fn flags(&self) -> u8 {
        self.flags.load(Ordering::Relaxed)
    }
}
