//! Finalizers, and the queue of what waits for a poll.
//!
//! An object whose class has a finalizer is registered when it is made. After marking, registered objects that were not
//! reached are queued, flagged so that this happens once, and marked with all that they refer to: what a finalizer sees is
//! whole. They are freed by a later collection unless they were stored somewhere.
//!
//! Weak references: `__del__` of an object that dies alone still sees them, as with reference counts. Those to the members of a
//! dying cycle are cleared before, as CPython's collector does, so that a member that is brought back has none.
//!
//! Order: those that no other dying object refers to come first (an owner's `__del__` runs before that of what it owns, as with
//! reference counts), in order of registration; then what they own, as it is reached from them; then the members of
//! cycles and what these keep, in order of registration.

use super::{gc_bits, locked};
use crate::ctx::{Ctx, breaker};
use crate::header::Layout;
use crate::layouts::{GeneratorObj, gen_state};
use crate::trace::Tracer;
use crate::value::Value;
use crate::weakref::WeakTable;
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Something to run at a poll.
#[derive(Clone, Copy)]
pub(crate) enum Pending {
    /// The finalizer of an object.
    Finalize(Value),
    /// The callback of a weak reference that was cleared.
    Callback(Value),
}

#[derive(Default)]
pub(crate) struct Finalizers {
    /// Addresses of finalizable objects: those that were registered since the last collection, and the others.
    registered: Mutex<Vec<u64>>,
    old: Mutex<Vec<u64>>,
    queue: Mutex<VecDeque<Pending>>,
    queued: AtomicUsize,
}

impl Finalizers {
    pub(super) fn add(&self, list: &mut Vec<u64>) {
        if !list.is_empty() {
            locked(&self.registered).append(list);
        }
    }

    pub(super) fn waiting(&self) -> bool {
        self.queued.load(Relaxed) != 0
    }

    pub(super) fn push(&self, p: Pending) {
        let mut q = locked(&self.queue);
        q.push_back(p);
        self.queued.store(q.len(), Relaxed);
    }

    fn pop(&self) -> Option<Pending> {
        let mut q = locked(&self.queue);
        let p = q.pop_front();
        self.queued.store(q.len(), Relaxed);
        p
    }

    /// The wanted ones of the registered objects, the youngest first; they count as finalized then.
    fn take_registered(&self, wanted: impl Fn(Value) -> bool) -> Vec<Value> {
        let mut out = Vec::new();
        let mut take = |w: &u64| {
            // SAFETY: registered objects that have died were removed by the collection that found them dead.
            let v = unsafe { Value::from_bits(*w) };
            let take = !done(v) && wanted(v);
            if take {
                if let Some(h) = v.header() {
                    h.gc.fetch_or(gc_bits::FINALIZED, Relaxed);
                }
                out.push(v);
            }
            !take
        };
        // Each list keeps its own: what is young is looked at by the next minor collection.
        locked(&self.old).retain(&mut take);
        locked(&self.registered).retain(&mut take);
        out
    }

    /// Visits what waits.
    pub(super) fn trace(&self, t: &mut Tracer) {
        for p in locked(&self.queue).iter() {
            match p {
                Pending::Finalize(v) | Pending::Callback(v) => t.visit(*v),
            }
        }
    }

    /// After marking: queues and resurrects the finalizable objects that were not reached; their number, and those of them that are
    /// members of a cycle or kept by one, with the living weak references to each. A minor collection looks at those that were
    /// registered since the last one: all others that it could free are marked.
    pub(super) fn process(
        &self,
        t: &mut Tracer,
        weak: &WeakTable,
        minor: bool,
    ) -> (usize, Vec<(Value, Vec<Value>)>) {
        let mut old = locked(&self.old);
        let mut looked_at = std::mem::take(&mut *locked(&self.registered));
        if !minor {
            let young = std::mem::replace(&mut looked_at, std::mem::take(&mut *old));
            looked_at.extend(young);
        }
        let mut dying = Vec::new();
        looked_at.retain(|w| {
            // SAFETY: a registered object was valid at the last collection or made since: its cell is whole until
            // this one ends.
            let v = unsafe { Value::from_bits(*w) };
            if done(v) {
                return false;
            }
            let alive = t.is_marked(v);
            if !alive {
                dying.push(v);
            }
            alive
        });
        old.append(&mut looked_at);
        drop(old);
        let watched: Vec<Vec<Value>> = dying.iter().map(|v| weak.living(*v, t)).collect();
        let order = order(t, &dying);
        for v in order {
            set(v, gc_bits::FINALIZED);
            t.visit(v);
            self.push(Pending::Finalize(v));
        }
        t.drain();
        let cyclic = dying
            .iter()
            .zip(watched)
            .filter(|(v, _)| clear(**v) & gc_bits::CYCLIC != 0)
            .map(|(v, w)| (*v, w))
            .collect();
        (dying.len(), cyclic)
    }
}

fn set(v: Value, bits: u8) {
    if let Some(h) = v.header() {
        h.gc.fetch_or(bits, Relaxed);
    }
}

/// Ends the bits that have a meaning within a collection only; what they were.
fn clear(v: Value) -> u8 {
    v.header().map_or(0, |h| h.gc.fetch_and(!(gc_bits::DYING | gc_bits::CYCLIC), Relaxed))
}

/// Marks all that dying objects refer to, flags those of them that are members of cycles or kept by one, and answers in which order
/// they are to be finalized. Each edge is followed once.
fn order(t: &mut Tracer, dying: &[Value]) -> Vec<Value> {
    dying.iter().for_each(|v| set(*v, gc_bits::DYING));
    t.watch(true);
    // What was reached first from which object.
    let mut below: HashMap<u64, Vec<Value>> = HashMap::new();
    for v in dying {
        if t.is_marked(*v) {
            continue;
        }
        t.children(*v);
        t.drain();
        let met = std::mem::take(&mut t.met);
        if t.is_marked(*v) {
            met.iter().for_each(|m| set(*m, gc_bits::CYCLIC));
        }
        if !met.is_empty() {
            below.insert(v.bits(), met);
        }
    }
    t.watch(false);
    let cyclic = |v: &Value| v.header().is_some_and(|h| h.gc.load(Relaxed) & gc_bits::CYCLIC != 0);
    let mut all: Vec<Value> = dying.iter().copied().filter(|v| !t.is_marked(*v)).collect();
    let mut next = Vec::new();
    for i in 0..all.len() {
        next.extend(below.remove(&all[i].bits()).into_iter().flatten().rev());
        while let Some(v) = next.pop() {
            next.extend(below.remove(&v.bits()).into_iter().flatten().rev());
            if !cyclic(&v) {
                all.push(v);
            }
        }
    }
    all.extend(dying.iter().copied().filter(cyclic));
    all
}

/// Whether an object needs no finalizer any more.
fn done(v: Value) -> bool {
    let Some(h) = v.header() else { return true };
    if h.gc.load(Relaxed) & gc_bits::FINALIZED != 0 {
        return true;
    }
    h.layout() == Layout::Generator
        && GeneratorObj::of(v).is_some_and(|g| g.state.load(Relaxed) == gen_state::DONE)
}

impl Ctx {
    /// Says that an object is to be given to [`crate::space::Hooks::finalize`] once before it is freed. For instances of classes with
    /// `__del__`, and generators when they are first suspended (a generator that has finished is forgotten).
    #[inline]
    pub fn register_finalizer(&mut self, v: Value) {
        let Some(h) = v.header() else { return };
        let bits = h.gc.fetch_or(gc_bits::REGISTERED, Relaxed);
        if bits & (gc_bits::REGISTERED | gc_bits::FINALIZED) == 0 {
            self.local.finalizable.push(v.bits());
        }
    }

    /// Says that the finalizer of an object is not wanted any more (it has run, or the resource was closed).
    pub fn cancel_finalizer(&self, v: Value) {
        if let Some(h) = v.header() {
            h.gc.fetch_or(gc_bits::FINALIZED, Relaxed);
        }
    }

    /// Whether an object's finalizer has been queued or cancelled (`gc.is_finalized`).
    pub fn is_finalized(&self, v: Value) -> bool {
        v.header().is_some_and(|h| h.gc.load(Relaxed) & gc_bits::FINALIZED != 0)
    }

    /// Runs what the last collections queued: finalizers, callbacks of weak references. How many.
    pub fn run_finalizers(&mut self) -> usize {
        let heap = self.heap();
        if self.local.finalizing || !heap.finalizers.waiting() {
            return 0;
        }
        self.local.finalizing = true;
        let hooks = *self.space().hooks.read().unwrap_or_else(|e| e.into_inner());
        let mut n = 0;
        while let Some(p) = heap.finalizers.pop() {
            n += 1;
            match p {
                Pending::Finalize(v) => (hooks.finalize)(self, v),
                Pending::Callback(v) => (hooks.weakref_callback)(self, v),
            }
        }
        self.local.finalizing = false;
        n
    }

    /// At the end of the program: runs the finalizers of wanted objects that were registered and not finalized yet, reachable or
    /// not, the youngest or the oldest first. How many.
    pub fn finalize_where(&mut self, youngest_first: bool, wanted: fn(&Ctx, Value) -> bool) -> usize {
        let heap = self.heap();
        heap.finalizers.add(&mut self.local.finalizable);
        let mut all = heap.finalizers.take_registered(|v| wanted(self, v));
        if youngest_first {
            all.reverse();
        }
        for v in all {
            heap.finalizers.push(Pending::Finalize(v));
        }
        self.run_finalizers()
    }

    /// Whether this thread is running finalizers or callbacks.
    pub fn is_finalizing(&self) -> bool {
        self.local.finalizing
    }

    /// Asks for a run of the queue at this thread's next poll.
    pub(super) fn announce_finalizers(&mut self) {
        if self.heap().finalizers.waiting() {
            self.breaker.fetch_or(breaker::FINALIZE, Relaxed);
        }
    }
}
