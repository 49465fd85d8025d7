//! Weak references.
//!
//! A [`WeakRefObj`] holds the bits of its referent where the collector does not look. A side table of the heap knows
//! the weak references of each object, by address (objects do not move).
//!
//! # Invariants
//!
//! 1. Every weak reference whose target is not 0 is in the table under that target, and nothing else is.
//! 2. After marking, and after dead finalizable objects were resurrected, references to objects without a mark are
//!    cleared, and references without a mark leave the table: between collections both sides of an entry are whole.
//! 3. The world is stopped while references are cleared. A thread that has read a target therefore holds a
//!    live object until its next safepoint, and from then on the value on its stack keeps it alive: reading takes no lock.
//! 4. A reference is cleared after the finalizer of its referent has run (in a later collection), as CPython does
//!    when an object dies by its count: `__del__` still sees it. That to a member of a cycle is cleared before.
//!
//! Why not a word in each object: few objects are ever referred to weakly. Why not a list in the object's attribute
//! area: it would have to exist for every layout.

use crate::ctx::Ctx;
use crate::heap::locked;
use crate::known::Ty;
use crate::layouts::WeakRefObj;
use crate::trace::Tracer;
use crate::types::TypeObj;
use crate::value::Value;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

/// Spreads an address.
#[derive(Default)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.write_u64(u64::from(*b));
        }
    }

    fn write_u64(&mut self, w: u64) {
        self.0 = (self.0 ^ w).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}

#[derive(Default)]
struct Table {
    /// Referent to references, oldest first.
    refs: HashMap<u64, Vec<u64>, BuildHasherDefault<AddressHasher>>,
    /// Referents that got a reference since the last collection: the others, and their references, are old.
    fresh: Vec<u64>,
}

/// The weak references of a heap.
#[derive(Default)]
pub(crate) struct WeakTable(Mutex<Table>);

/// The reference behind a word of the table.
fn reference(w: u64) -> Value {
    // SAFETY: invariant 2: the table's words are whole objects until the next collection ends.
    unsafe { Value::from_bits(w) }
}

impl WeakTable {
    /// The weak references to an object that are marked.
    pub(crate) fn living(&self, target: Value, t: &Tracer) -> Vec<Value> {
        let table = locked(&self.0);
        let refs = table.refs.get(&target.bits()).map_or(&[][..], Vec::as_slice);
        refs.iter().map(|r| reference(*r)).filter(|r| t.is_marked(*r)).collect()
    }

    /// Clears all references to an object; callbacks of those in `living` are given to `queue`, newest first. How many these are.
    pub(crate) fn clear(&self, target: Value, living: &[Value], queue: &mut impl FnMut(Value)) -> usize {
        let refs = locked(&self.0).refs.remove(&target.bits()).unwrap_or_default();
        let mut callbacks = 0;
        for r in refs.iter().rev().map(|r| reference(*r)) {
            let Some(w) = WeakRefObj::of(r) else { continue };
            w.target.store(0, Ordering::Release);
            if living.contains(&r) && !w.callback.is_empty() {
                callbacks += 1;
                queue(r);
            }
        }
        callbacks
    }

    /// Clears what refers to unmarked objects and forgets unmarked references: how many were cleared, and how many
    /// callbacks were given to `queue`, newest reference first. A minor collection looks at new entries only: it frees nothing that
    /// the others name.
    pub(crate) fn process(
        &self,
        t: &mut Tracer,
        minor: bool,
        mut queue: impl FnMut(Value),
    ) -> (usize, usize) {
        let (mut cleared, mut callbacks) = (0, 0);
        let mut table = locked(&self.0);
        let fresh = std::mem::take(&mut table.fresh);
        let mut keep = |target: &u64, refs: &mut Vec<u64>| {
            refs.retain(|r| t.is_marked(reference(*r)));
            if t.is_marked(reference(*target)) {
                return !refs.is_empty();
            }
            for r in refs.iter().rev().map(|r| reference(*r)) {
                let Some(w) = WeakRefObj::of(r) else { continue };
                w.target.store(0, Ordering::Release);
                cleared += 1;
                if !w.callback.is_empty() {
                    callbacks += 1;
                    queue(r);
                }
            }
            false
        };
        if minor {
            for target in fresh {
                if let Some(refs) = table.refs.get_mut(&target)
                    && !keep(&target, refs)
                {
                    table.refs.remove(&target);
                }
            }
        } else {
            table.refs.retain(keep);
        }
        (cleared, callbacks)
    }
}

impl Ctx {
    /// A weak reference of type `ty` (whose layout is `WeakRef`) to a heap object. With `reuse`, an existing reference of
    /// exactly that type without callback is answered if `callback` is `None`. The caller has checked that the object's type
    /// allows weak references. `None` for an immediate.
    pub fn new_weakref(
        &mut self,
        target: Value,
        callback: Option<Value>,
        ty: &TypeObj,
        reuse: bool,
    ) -> Option<Value> {
        if !target.is_heap() {
            return None;
        }
        let reuse = reuse && callback.is_none();
        if reuse && let Some(r) = self.plain_weakref(target, ty) {
            return Some(r);
        }
        let fresh = self.new_zeroed(ty);
        let w = WeakRefObj::of(fresh)?;
        w.callback.init(callback);
        let heap = self.heap();
        let mut table = locked(&heap.weak.0);
        let Table { refs, fresh: noted } = &mut *table;
        let refs = refs.entry(target.bits()).or_default();
        if reuse && let Some(r) = refs.iter().map(|r| reference(*r)).find(|r| is_plain(self, *r, ty)) {
            return Some(r);
        }
        w.target.store(target.bits(), Ordering::Release);
        refs.push(fresh.bits());
        noted.push(target.bits());
        Some(fresh)
    }

    fn plain_weakref(&self, target: Value, ty: &TypeObj) -> Option<Value> {
        let table = locked(&self.heap().weak.0);
        table.refs.get(&target.bits())?.iter().map(|r| reference(*r)).find(|r| is_plain(self, *r, ty))
    }

    /// The object that a weak reference refers to, if it is alive.
    #[inline]
    pub fn weakref_get(&self, w: &WeakRefObj) -> Option<Value> {
        // SAFETY: invariant 3: a target that is not 0 is whole, and stays so while it is on this thread's stack.
        unsafe { Value::from_slot(w.target.load(Ordering::Acquire)) }
    }

    /// Ends a weak reference without calling its callback (`weakref.finalize`, interpreter exit).
    pub fn weakref_clear(&mut self, w: &WeakRefObj) {
        let heap = self.heap();
        let mut table = locked(&heap.weak.0);
        let target = w.target.swap(0, Ordering::AcqRel);
        if let Some(refs) = table.refs.get_mut(&target) {
            refs.retain(|r| *r != w.value().bits());
            if refs.is_empty() {
                table.refs.remove(&target);
            }
        }
        self.barrier(w.value());
        w.callback.init(None);
    }

    /// Number of weak references to an object.
    pub fn weakref_count(&self, target: Value) -> usize {
        locked(&self.heap().weak.0).refs.get(&target.bits()).map_or(0, Vec::len)
    }

    /// The weak references to an object: first the one that is shared, then the shared proxy, then the others, newest first.
    pub fn weakrefs_of(&self, target: Value) -> Vec<Value> {
        let mut all: Vec<Value> = {
            let table = locked(&self.heap().weak.0);
            let refs = table.refs.get(&target.bits()).map_or(&[][..], Vec::as_slice);
            refs.iter().rev().map(|r| reference(*r)).collect()
        };
        let shared = [Ty::WeakRef, Ty::WeakProxy, Ty::WeakCallableProxy];
        all.sort_by_key(|r| {
            shared.iter().position(|t| is_plain(self, *r, self.ty(*t))).unwrap_or(shared.len())
        });
        all
    }
}

fn is_plain(cx: &Ctx, r: Value, ty: &TypeObj) -> bool {
    WeakRefObj::of(r).is_some_and(|w| w.callback.is_empty()) && std::ptr::eq(cx.type_of(r), ty)
}
