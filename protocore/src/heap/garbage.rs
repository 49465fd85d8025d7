//! What a collection that the program asked for reports: how many objects it found, and, for `gc.DEBUG_SAVEALL`, which.
//!
//! With reference counts, most of what is unreachable would have been freed before: a collector finds cycles and what these keep. So
//! from the dead objects those are taken away that no other dead one refers to, and again, until each is referred to
//! by one that is left. That needs a table of the dead, and is done while these are few; else all of them count.

use super::Heap;
use super::collect::is_storage;
use super::kind;
use crate::ctx::Ctx;
use crate::header::Layout;
use crate::known::Ty;
use crate::layouts::TupleObj;
use crate::trace::Tracer;
use crate::types::{TypeObj, type_flags};
use crate::value::Value;
use crate::weakref::AddressHasher;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// Most dead cells among which cycles are looked for.
const FEW: usize = 50_000;

type Counts = HashMap<u64, u32, BuildHasherDefault<AddressHasher>>;

impl Heap {
    /// The objects that were not reached, and that CPython's collector would have found. After marking, in a stopped world.
    pub(super) fn garbage(&self, cx: &Ctx, t: &Tracer, all: bool) -> Garbage {
        let mut dead = Vec::new();
        let mut n = 0;
        self.blocks.for_each(|k| k != kind::NO_SCAN, &mut |v| {
            if !t.is_marked(v) {
                n += usize::from(!is_storage(v) && cx.is_tracked(v));
                if all || dead.len() <= FEW {
                    dead.push(v);
                }
            }
        });
        if !all && dead.len() > FEW {
            return Garbage { count: n, objects: Vec::new() };
        }
        let kept = in_cycles(cx, dead);
        let objects: Vec<Value> = kept.into_iter().filter(|v| !is_storage(*v) && cx.is_tracked(*v)).collect();
        Garbage { count: objects.len(), objects }
    }
}

/// What was found.
#[derive(Default)]
pub(super) struct Garbage {
    pub(super) count: usize,
    pub(super) objects: Vec<Value>,
}

/// Those of the objects that cycles among them keep, the members of these included.
fn in_cycles(cx: &Ctx, all: Vec<Value>) -> Vec<Value> {
    let mut counts: Counts = all.iter().map(|v| (v.bits(), 0)).collect();
    for v in &all {
        cx.direct_children(*v, &mut |c| {
            if let Some(n) = counts.get_mut(&c.bits()) {
                *n += 1;
            }
        });
    }
    let mut free: Vec<Value> = all.iter().copied().filter(|v| counts.get(&v.bits()) == Some(&0)).collect();
    while let Some(v) = free.pop() {
        cx.direct_children(v, &mut |c| {
            if let Some(n) = counts.get_mut(&c.bits()) {
                *n -= 1;
                if *n == 0 {
                    free.push(c);
                }
            }
        });
    }
    all.into_iter().filter(|v| counts.get(&v.bits()).is_some_and(|n| *n > 0)).collect()
}

impl Ctx {
    /// Whether CPython's collector would know an object: containers, and instances of classes (`gc.is_tracked`).
    pub fn is_tracked(&self, v: Value) -> bool {
        match v.layout() {
            Layout::Immediate | Layout::Values | Layout::DictTable | Layout::Raw => false,
            Layout::Type => TypeObj::of(v).is_some_and(|t| t.has(type_flags::HEAP)),
            Layout::Object | Layout::Int | Layout::Float | Layout::Complex | Layout::Str | Layout::Bytes => {
                self.type_of(v).has(type_flags::HEAP)
            }
            Layout::Code | Layout::Range | Layout::RangeIter => false,
            Layout::Tuple => {
                self.type_of(v).has(type_flags::HEAP)
                    || TupleObj::of(v).is_some_and(|t| t.items().iter().any(|x| self.is_tracked_item(*x)))
            }
            Layout::Native => !self.is_exact(v, Ty::ByteArray),
            _ => true,
        }
    }

    /// As [`Ctx::is_tracked`] for an item of a tuple, looking no deeper than one more level.
    fn is_tracked_item(&self, v: Value) -> bool {
        match TupleObj::of(v) {
            Some(t) => t.items().iter().any(|x| TupleObj::of(*x).is_some() || self.is_tracked(*x)),
            None => self.is_tracked(v),
        }
    }
}
