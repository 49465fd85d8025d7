//! `_interpqueues`: queues between interpreters.
//!
//! The items are [`Shared`] data. An interpreter that ends leaves its items unbound: they are dropped, or the queue tells the reader
//! that there was one, as the item's `unboundop` says.

use crate::lease;
use crate::shared::{self, Fallback, Shared};
use crate::state;
use protopy_vm::protocore::layouts::IntRef;
use protopy_vm::protocore::{Ctx, Held, PyResult, Slot, Ty, TypeObj, Value};
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods, modules::module_set};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

/// What becomes of an item whose interpreter has ended.
pub(crate) const REMOVE: i64 = 1;
pub(crate) const REPLACE: i64 = 3;

struct Item {
    data: Option<Shared>,
    /// Who has put it.
    from: i64,
    unbound: i64,
}

struct Content {
    items: VecDeque<Item>,
    /// References by `bind()`.
    refs: usize,
    closed: bool,
}

struct Queue {
    maxsize: i64,
    unbound: i64,
    fallback: i64,
    content: Mutex<Content>,
}

/// The queues of the process.
#[derive(Default)]
pub(crate) struct Queues {
    all: Mutex<(i64, BTreeMap<i64, Arc<Queue>>)>,
}

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

impl Queue {
    fn is_full(&self, c: &Content) -> bool {
        usize::try_from(self.maxsize).is_ok_and(|n| n > 0 && c.items.len() >= n)
    }
}

impl Queues {
    fn find(&self, id: i64) -> Option<Arc<Queue>> {
        locked(&self.all).1.get(&id).cloned()
    }

    fn add(&self, q: Queue) -> i64 {
        let mut all = locked(&self.all);
        all.0 += 1;
        let id = all.0;
        all.1.insert(id, Arc::new(q));
        id
    }

    fn list(&self) -> Vec<(i64, Arc<Queue>)> {
        locked(&self.all).1.iter().map(|(i, q)| (*i, q.clone())).collect()
    }

    /// Takes a queue out of the list; its items are dropped by the caller, without a lock.
    fn remove(&self, id: i64) -> Option<(Arc<Queue>, VecDeque<Item>)> {
        let q = locked(&self.all).1.remove(&id)?;
        let items = {
            let mut c = locked(&q.content);
            c.closed = true;
            std::mem::take(&mut c.items)
        };
        Some((q, items))
    }

    /// Unbinds the items of an interpreter that has ended.
    pub(crate) fn interpreter_ends(&self, id: i64) {
        for (_, q) in self.list() {
            let mut gone = Vec::new();
            let mut c = locked(&q.content);
            let all = std::mem::take(&mut c.items);
            for mut i in all {
                if i.from == id && i.data.is_some() {
                    gone.extend(i.data.take());
                    if i.unbound == REMOVE {
                        continue;
                    }
                }
                c.items.push_back(i);
            }
            drop(c);
            drop(gone);
        }
    }
}

// ---------------------------------------------------------------------------------------------------- errors

static ERROR: TypeSpec = TypeSpec {
    name: "QueueError",
    doc: "Indicates that a queue-related error happened.",
    ..state::EXCEPTION
};
static NOT_FOUND: TypeSpec =
    TypeSpec { name: "QueueNotFoundError", doc: "There is no such queue.", ..state::EXCEPTION };

fn error_type(cx: &mut Ctx) -> PyResult {
    let base = cx.ty(Ty::RuntimeError).value();
    state::exception(cx, &state::of(cx).queue_error, &ERROR, base)
}

fn not_found_type(cx: &mut Ctx) -> PyResult {
    let base = error_type(cx)?;
    state::exception(cx, &state::of(cx).queue_not_found, &NOT_FOUND, base)
}

/// `QueueEmpty` or `QueueFull`, which Python code defines.
fn registered(cx: &mut Ctx, slot: fn(&state::State) -> &Slot, n: &str) -> PyResult {
    match slot(&state::of(cx)).get() {
        Some(t) => Ok(t),
        None => vm::import_attr(cx, "concurrent.interpreters._queues", n),
    }
}

fn empty<T>(cx: &mut Ctx, id: i64) -> PyResult<T> {
    let class = registered(cx, |s| &s.queue_empty, "QueueEmpty");
    state::raise(cx, class, &format!("queue {id} is empty"))
}

fn full<T>(cx: &mut Ctx, id: i64) -> PyResult<T> {
    let class = registered(cx, |s| &s.queue_full, "QueueFull");
    state::raise(cx, class, &format!("queue {id} is full"))
}

fn not_found<T>(cx: &mut Ctx, id: i64) -> PyResult<T> {
    let class = not_found_type(cx);
    state::raise(cx, class, &format!("queue {id} not found"))
}

// ---------------------------------------------------------------------------------------------------- arguments

fn id_of(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let Some(n) = IntRef::of(v) else {
        let msg = format!("queue ID must be an int, got {}", vm::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    match n.to_i64() {
        Some(n) if n >= 0 => Ok(n),
        Some(n) => {
            let msg = format!("queue ID must be a non-negative int, got {n}");
            Err(cx.value_error(&msg))
        }
        None => {
            let msg = format!("max queue ID is {}, got {}", i64::MAX, vm::repr_text(cx, v)?);
            Err(cx.raise_str(Ty::OverflowError, &msg))
        }
    }
}

fn find(cx: &mut Ctx, v: Value) -> PyResult<(i64, Arc<Queue>)> {
    let id = id_of(cx, v)?;
    let (registry, _) = state::here(cx)?;
    match registry.queues.find(id) {
        Some(q) => Ok((id, q)),
        None => not_found(cx, id),
    }
}

/// What becomes of an unbound item; `default` for -1.
pub(crate) fn unbound_op(cx: &mut Ctx, v: Value, default: i64) -> PyResult<i64> {
    match vm::index_i64(cx, v, Ty::OverflowError)? {
        -1 => Ok(default),
        n @ REMOVE..=REPLACE => Ok(n),
        n => Err(cx.value_error(&format!("unsupported unboundop {n}"))),
    }
}

pub(crate) fn fallback_op(cx: &mut Ctx, v: Value, default: i64) -> PyResult<i64> {
    match vm::index_i64(cx, v, Ty::OverflowError)? {
        -1 => Ok(default),
        n @ 0..=1 => Ok(n),
        n => Err(cx.value_error(&format!("unsupported fallback {n}"))),
    }
}

// ---------------------------------------------------------------------------------------------------- functions

fn create(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let maxsize = vm::index_i64(cx, a[0], Ty::OverflowError)?;
    let unbound = unbound_op(cx, a[1], REPLACE)?;
    let fallback = fallback_op(cx, a[2], 1)?;
    let (registry, _) = state::here(cx)?;
    let content = Mutex::new(Content { items: VecDeque::new(), refs: 0, closed: false });
    let id = registry.queues.add(Queue { maxsize, unbound, fallback, content });
    Ok(cx.int(id))
}

fn destroy(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let id = id_of(cx, a[0])?;
    let (registry, _) = state::here(cx)?;
    match registry.queues.remove(id) {
        Some(gone) => {
            drop(gone);
            Ok(Value::NONE)
        }
        None => not_found(cx, id),
    }
}

fn list_all(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let (registry, _) = state::here(cx)?;
    let mut all: Held<Value> = Held::new();
    for (id, q) in registry.queues.list() {
        let id = cx.int(id);
        let t = cx.tuple_of(None, &[id, Value::small(q.unbound), Value::small(q.fallback)])?;
        all.push(t);
    }
    cx.list(&all)
}

fn put(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (id, q) = find(cx, a[0])?;
    let unbound = unbound_op(cx, a[2], q.unbound)?;
    let fallback = if fallback_op(cx, a[3], q.fallback)? == 1 { Fallback::Full } else { Fallback::No };
    let (_, me) = state::here(cx)?;
    let data = Some(shared::take(cx, a[1], fallback)?);
    let item = Item { data, from: me.id, unbound };
    let refused = {
        let mut c = locked(&q.content);
        if c.closed || q.is_full(&c) {
            Some((c.closed, item))
        } else {
            c.items.push_back(item);
            None
        }
    };
    match refused {
        None => Ok(Value::NONE),
        Some((closed, item)) => {
            drop(item);
            if closed { not_found(cx, id) } else { full(cx, id) }
        }
    }
}

fn get(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (id, q) = find(cx, a[0])?;
    let item = locked(&q.content).items.pop_front();
    let Some(item) = item else { return empty(cx, id) };
    match &item.data {
        None => Ok(cx.pair(Value::NONE, Value::small(item.unbound))),
        Some(s) => {
            let v = shared::give(cx, s)?;
            drop(item);
            lease::reap(cx);
            Ok(cx.pair(v, Value::NONE))
        }
    }
}

fn bind(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, q) = find(cx, a[0])?;
    locked(&q.content).refs += 1;
    Ok(Value::NONE)
}

fn release(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (id, q) = find(cx, a[0])?;
    let left = {
        let mut c = locked(&q.content);
        let left = c.refs.checked_sub(1);
        c.refs = left.unwrap_or(0);
        left
    };
    match left {
        None => {
            let class = error_type(cx);
            state::raise(cx, class, &format!("queue {id} never bound"))
        }
        Some(0) => {
            let (registry, _) = state::here(cx)?;
            drop(registry.queues.remove(id));
            Ok(Value::NONE)
        }
        Some(_) => Ok(Value::NONE),
    }
}

fn get_maxsize(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, q) = find(cx, a[0])?;
    Ok(cx.int(q.maxsize))
}

fn get_queue_defaults(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, q) = find(cx, a[0])?;
    Ok(cx.pair(Value::small(q.unbound), Value::small(q.fallback)))
}

fn is_full(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, q) = find(cx, a[0])?;
    let yes = q.is_full(&locked(&q.content));
    Ok(Value::bool(yes))
}

fn get_count(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, q) = find(cx, a[0])?;
    let n = locked(&q.content).items.len();
    Ok(cx.int_usize(n))
}

fn register_heap_types(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let base = cx.ty(Ty::BaseException).value();
    if TypeObj::of(a[0]).is_none() {
        return Err(cx.type_error("expected a type for 'queuetype'"));
    }
    for (v, n) in [(a[1], "emptyerror"), (a[2], "fullerror")] {
        if !TypeObj::of(v).is_some_and(|t| t.is_subtype(base)) {
            return Err(cx.type_error(&format!("expected an exception type for '{n}'")));
        }
    }
    let s = state::of(cx);
    for (slot, v) in [(&s.queue, a[0]), (&s.queue_empty, a[1]), (&s.queue_full, a[2])] {
        slot.init(Some(v));
    }
    Ok(Value::NONE)
}

/// `_interpqueues`
pub(crate) static MODULE: ModuleSpec = ModuleSpec {
    name: "_interpqueues",
    doc: "Queues that isolated interpreters share: what concurrent.interpreters.Queue is made of.",
    functions: methods![functions:
        /// Makes a queue; its ID.
        "create(maxsize, unboundop=-1, fallback=-1)" => create;
        /// Empties and removes a queue.
        "destroy(qid)" => destroy;
        /// The (ID, unboundop, fallback) of all queues.
        "list_all()" => list_all;
        /// Puts the data of an object into a queue.
        "put(qid, obj, unboundop=-1, fallback=-1)" => put;
        /// The first object of a queue and None, or None and its unboundop if its interpreter has ended; QueueEmpty.
        "get(qid)" => get;
        /// Refers to a queue once more.
        "bind(qid)" => bind;
        /// Refers to a queue once less; it is removed when nobody refers to it.
        "release(qid)" => release;
        /// Most items that a queue may have.
        "get_maxsize(qid)" => get_maxsize;
        /// The (unboundop, fallback) that a queue was made with.
        "get_queue_defaults(qid)" => get_queue_defaults;
        /// Whether a queue has as many items as it may have.
        "is_full(qid)" => is_full;
        /// Number of items of a queue.
        "get_count(qid)" => get_count;
        /// Tells the classes that Python code defines.
        "_register_heap_types(queuetype, emptyerror, fullerror)" => register_heap_types;
    ],
    init: Some(init),
};

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    let t = error_type(cx)?;
    module_set(cx, m, "QueueError", t)?;
    let t = not_found_type(cx)?;
    module_set(cx, m, "QueueNotFoundError", t)
}
