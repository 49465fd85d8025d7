//! Places in heap objects that hold values, shared by threads.

use crate::value::Value;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// One word of a heap object that holds a value or nothing (the zero word). Loads and stores are atomic; a store
/// into an object goes through [`crate::Ctx::store`], which knows the owner.
#[repr(transparent)]
pub struct Slot(AtomicU64);

const _: () = assert!(size_of::<Slot>() == 8);

impl Default for Slot {
    fn default() -> Slot {
        Slot::empty()
    }
}

impl Slot {
    /// An empty slot.
    pub const fn empty() -> Slot {
        Slot(AtomicU64::new(0))
    }

    /// A slot of an object under construction.
    pub const fn new(v: Value) -> Slot {
        Slot(AtomicU64::new(v.bits()))
    }

    /// A slot of an object under construction, empty for `None`.
    pub fn from_option(v: Option<Value>) -> Slot {
        Slot(AtomicU64::new(v.map_or(0, Value::bits)))
    }

    /// The value, if any.
    #[inline(always)]
    pub fn get(&self) -> Option<Value> {
        // SAFETY: only values are stored, and the collector traces them while the owner lives.
        unsafe { Value::from_slot(self.0.load(Ordering::Acquire)) }
    }

    /// The value, `default` if the slot is empty.
    #[inline(always)]
    pub fn get_or(&self, default: Value) -> Value {
        self.get().unwrap_or(default)
    }

    /// The value, `None` the object if the slot is empty.
    #[inline(always)]
    pub fn get_or_none(&self) -> Value {
        self.get_or(Value::NONE)
    }

    /// Whether there is no value.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// Stores without a barrier: for objects that no other thread and no collection has seen yet, and for
    /// [`crate::Ctx::store`] itself.
    #[inline(always)]
    pub fn init(&self, v: Option<Value>) {
        self.0.store(v.map_or(0, Value::bits), Ordering::Release);
    }

    /// Exchanges without a barrier; see [`Slot::init`].
    #[inline(always)]
    pub fn swap_raw(&self, v: Option<Value>) -> Option<Value> {
        // SAFETY: as in `get`.
        unsafe { Value::from_slot(self.0.swap(v.map_or(0, Value::bits), Ordering::AcqRel)) }
    }

    /// Stores `new` if the slot holds `old`; for [`crate::Ctx`].
    #[inline(always)]
    pub fn cas_raw(&self, old: Option<Value>, new: Option<Value>) -> bool {
        self.0
            .compare_exchange(
                old.map_or(0, Value::bits),
                new.map_or(0, Value::bits),
                Ordering::AcqRel,
                Ordering::Acquire,
            )
            .is_ok()
    }
}

/// A function pointer that a class mutation may exchange while other threads call through it.
pub struct FnCell<F>(AtomicUsize, PhantomData<F>);

impl<F: Copy> FnCell<F> {
    const SIZE_OK: () = assert!(size_of::<F>() == size_of::<usize>());

    /// No function.
    pub const fn none() -> Self {
        FnCell(AtomicUsize::new(0), PhantomData)
    }

    /// The function, if any.
    #[inline(always)]
    pub fn get(&self) -> Option<F> {
        let () = Self::SIZE_OK;
        let w = self.0.load(Ordering::Acquire);
        if w == 0 {
            return None;
        }
        // SAFETY: `set` is the only writer; the word is an `F`, whose size is asserted above.
        Some(unsafe { std::mem::transmute_copy::<usize, F>(&w) })
    }

    /// Exchanges the function.
    pub fn set(&self, f: Option<F>) {
        let () = Self::SIZE_OK;
        // SAFETY: `F` is a function pointer of one word.
        let w = f.map_or(0, |f| unsafe { std::mem::transmute_copy::<F, usize>(&f) });
        self.0.store(w, Ordering::Release);
    }

    /// The address, for comparing two cells; 0 for none.
    pub fn address(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    /// Copies another cell's function.
    pub fn copy_from(&self, other: &Self) {
        self.0.store(other.0.load(Ordering::Acquire), Ordering::Release);
    }
}
