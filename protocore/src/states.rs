//! The table of module states: what native modules and services keep for a space, found by type.
//!
//! Native functions of all threads look here at each call, and a state is added a few dozen times in the life of a space. So the table
//! is never changed: who adds one publishes a copy, and the old table is destroyed by `crossbeam-epoch` when no reader can be in it.
//! A look-up takes no lock and writes no shared word but the count of the state that it hands out. (The epochs of [`crate::epoch`] are for
//! storage in the heap, which stacks may refer to at any time; a pointer into this table lives for a look-up only.)

use crate::space::SpaceState;
use crate::trace::Tracer;
use crossbeam_epoch::{Atomic, Guard, Owned, pin};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::{Arc, Mutex};

/// A type's identifier is a hash already.
#[derive(Default)]
struct ById(u64);

impl Hasher for ById {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let word = part.iter().fold(0, |w, b| w << 8 | u64::from(*b));
            self.0 = self.0.rotate_left(5) ^ word;
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = self.0.rotate_left(5) ^ n;
    }
}

type Table = HashMap<TypeId, Arc<dyn SpaceState>, BuildHasherDefault<ById>>;

/// The states of a space.
pub(crate) struct States {
    table: Atomic<Table>,
    /// Held by who adds one.
    adding: Mutex<()>,
}

impl States {
    /// None yet.
    pub(crate) fn new() -> States {
        // The process's collector of epochs is made at its first use, under a lock. It is used here, before the space has a thread that
        // might fork: a child whose parent was making it on another thread would wait for that thread for ever.
        drop(pin());
        States { table: Atomic::null(), adding: Mutex::new(()) }
    }

    fn table<'g>(&self, guard: &'g Guard) -> Option<&'g Table> {
        // SAFETY: a table that was published is destroyed only when no guard of that time is left.
        unsafe { self.table.load(Acquire, guard).as_ref() }
    }

    fn find<S: SpaceState>(&self) -> Option<Arc<S>> {
        let guard = pin();
        let found: Arc<dyn Any + Send + Sync> = self.table(&guard)?.get(&TypeId::of::<S>())?.clone();
        found.downcast::<S>().ok()
    }

    /// The state of a type, made at its first use.
    pub(crate) fn of<S: SpaceState + Default>(&self) -> Arc<S> {
        if let Some(s) = self.find() {
            return s;
        }
        // Made before the lock is taken: a state may ask for others.
        let fresh = Arc::new(S::default());
        let _adding = crate::heap::locked(&self.adding);
        if let Some(s) = self.find() {
            return s;
        }
        let guard = pin();
        let mut table = self.table(&guard).cloned().unwrap_or_default();
        table.insert(TypeId::of::<S>(), fresh.clone());
        let old = self.table.swap(Owned::new(table), AcqRel, &guard);
        if !old.is_null() {
            // SAFETY: unlinked, by this thread alone.
            unsafe { guard.defer_destroy(old) };
        }
        fresh
    }

    /// Visits what the states hold.
    pub(crate) fn trace(&self, t: &mut Tracer) {
        let guard = pin();
        for s in self.table(&guard).into_iter().flat_map(HashMap::values) {
            s.trace(t);
        }
    }
}

impl Drop for States {
    fn drop(&mut self) {
        // SAFETY: nobody else has the space any more.
        drop(unsafe { std::mem::take(&mut self.table).try_into_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    /// A state of its own for each number.
    #[derive(Default)]
    struct Numbered<const N: usize>(AtomicUsize);

    impl<const N: usize> SpaceState for Numbered<N> {
        fn trace(&self, _: &mut Tracer) {}
    }

    fn bump<const N: usize>(s: &States) -> usize {
        s.of::<Numbered<N>>().0.fetch_add(1, AcqRel)
    }

    #[test]
    fn each_state_is_made_once_whoever_asks() {
        let states = States::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let _ =
                            (bump::<0>(&states), bump::<1>(&states), bump::<2>(&states), bump::<3>(&states));
                    }
                });
            }
        });
        let counts = [bump::<0>(&states), bump::<1>(&states), bump::<2>(&states), bump::<3>(&states)];
        assert_eq!(counts, [4000; 4]);
    }
}
