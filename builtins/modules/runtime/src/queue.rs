//! `_queue`: an unbounded queue that may be used by any thread at any time, in finalizers and signal handlers, too.
//!
//! The items lie in a ring on the malloc heap, guarded by a lock that is held for the raw operation only. A getter that finds the queue empty
//! counts itself among the waiters, looks again, and parks in the space's lot under the address of that count; who puts an item
//! wakes one if there are any. Nothing is handed over: a getter that was woken takes what is there, or waits again if another one
//! was faster.

use crate::thread::timeout_nanos;
use protocore::space::SpaceState;
use protocore::types::{SlotSpec, type_flags};
use protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::modules::module_set;
use protopy_vm::sync::{deadline, lot, wait_for};
use protopy_vm::{ModuleSpec, TypeSpec, create_type, iter, methods};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

/// `_queue.SimpleQueue`
#[derive(Default)]
pub struct SimpleQueue {
    items: Guarded<VecDeque<Value>>,
    /// Number of items, for waiters: they must not look at the items themselves.
    len: AtomicUsize,
    /// Threads that wait for an item.
    waiters: AtomicU32,
}

impl Payload for SimpleQueue {
    const NAME: &'static str = "SimpleQueue";

    #[allow(unsafe_code)]
    fn trace(&self, t: &mut Tracer) {
        // SAFETY: the collector runs in a stopped world, and no guard is held across a safepoint.
        t.values(unsafe { self.items.peek() }.iter());
    }
}

impl SimpleQueue {
    fn address(&self) -> usize {
        &raw const self.waiters as usize
    }

    /// Adds an item; false when memory is exhausted.
    fn push(&self, v: Value) -> bool {
        self.items.with(|q| {
            if q.try_reserve(1).is_err() {
                return false;
            }
            q.push_back(v);
            self.len.store(q.len(), Ordering::SeqCst);
            true
        })
    }

    fn pop(&self) -> Option<Value> {
        self.items.with(|q| {
            let v = q.pop_front();
            self.len.store(q.len(), Ordering::SeqCst);
            v
        })
    }
}

/// What the module remembers of a space.
#[derive(Default)]
struct State {
    empty: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.empty);
    }
}

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static SimpleQueue> {
    match v.native::<SimpleQueue>() {
        Some(q) => Ok(q),
        None => Err(cx.type_error("not a SimpleQueue")),
    }
}

fn empty(cx: &mut Ctx) -> Raised {
    let class = cx.space().state::<State>().empty.get().and_then(TypeObj::of);
    let class = class.unwrap_or_else(|| cx.ty(Ty::Exception));
    let e = cx.new_exception(class, &[]);
    cx.set_raised(e)
}

fn queue_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    if !args.is_empty() {
        let kind = if args.pos().is_empty() { "keyword" } else { "positional" };
        return Err(cx.type_error(&format!("SimpleQueue() takes no {kind} arguments")));
    }
    match TypeObj::of(class) {
        Some(ty) => Ok(cx.new_native(ty, SimpleQueue::default())),
        None => Err(cx.type_error("not a type")),
    }
}

/// An item goes in. Neither blocks nor times out: the parameters are those of `queue.Queue.put`.
fn put(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let q = this(cx, a[0])?;
    cx.barrier(a[0]);
    if !q.push(a[1]) {
        return Err(cx.no_memory());
    }
    if q.waiters.load(Ordering::SeqCst) != 0 {
        lot(cx).wake_one(q.address());
    }
    Ok(Value::NONE)
}

/// Counts this thread among the waiters while it lives.
struct Waiting<'a>(&'a SimpleQueue);

impl<'a> Waiting<'a> {
    fn new(q: &'a SimpleQueue) -> Self {
        q.waiters.fetch_add(1, Ordering::SeqCst);
        Waiting(q)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiters.fetch_sub(1, Ordering::SeqCst);
    }
}

fn get(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let q = this(cx, a[0])?;
    let block = protopy_vm::is_true(cx, a[1])?;
    let end = match a[2].not_none().filter(|_| block) {
        None => None,
        Some(t) => match u64::try_from(timeout_nanos(cx, t)?) {
            Ok(n) => deadline(Some(Duration::from_nanos(n))),
            Err(_) => return Err(cx.value_error("'timeout' must be a non-negative number")),
        },
    };
    loop {
        if let Some(v) = q.pop() {
            return Ok(v);
        }
        if !block {
            return Err(empty(cx));
        }
        let waiting = Waiting::new(q);
        let more = wait_for(cx, q.address(), end, &|| q.len.load(Ordering::SeqCst) != 0);
        drop(waiting);
        protopy_vm::keep_alive(a[0]);
        if !more? {
            return Err(empty(cx));
        }
    }
}

fn get_nowait(cx: &mut Ctx, a: &[Value]) -> PyResult {
    match this(cx, a[0])?.pop() {
        Some(v) => Ok(v),
        None => Err(empty(cx)),
    }
}

fn qsize(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = this(cx, a[0])?.len.load(Ordering::SeqCst);
    Ok(cx.int_usize(n))
}

fn is_empty(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(this(cx, a[0])?.len.load(Ordering::SeqCst) == 0))
}

static SIMPLE_QUEUE: TypeSpec = TypeSpec {
    name: "SimpleQueue",
    module: "_queue",
    layout: Layout::Native,
    vt: Some(<SimpleQueue as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::WEAKREF,
    slots: SlotSpec { new: Some(queue_new), ..SlotSpec::NONE },
    methods: methods![
        /// Adds an item. Never blocks; the other parameters are there for code that uses other queues.
        "put(self, /, item, block=True, timeout=None)" => put;
        /// Adds an item.
        "put_nowait(self, /, item)" => put;
        /// Removes and returns the first item. Waits for one unless told not to, or for how many seconds; then raises Empty.
        "get(self, /, block=True, timeout=None)" => get;
        /// Removes and returns the first item; raises Empty if there is none.
        "get_nowait(self, /)" => get_nowait;
        /// The number of items now.
        "qsize(self, /)" => qsize;
        /// Whether there are no items now.
        "empty(self, /)" => is_empty;
        /// `SimpleQueue[T]`
        class "__class_getitem__(cls, object, /)" => |cx, a| iter::generic_alias(cx, a[0], a[1]);
    ],
    doc: "Simple, unbounded, reentrant FIFO queue.",
    sig: Some("()"),
    ..TypeSpec::BASE
};

static EMPTY: TypeSpec = TypeSpec {
    name: "Empty",
    module: "_queue",
    base: Some(Ty::Exception),
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    doc: "Exception raised by Queue.get(block=0)/get_nowait().",
    ..TypeSpec::BASE
};

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    let t = create_type(cx, &SIMPLE_QUEUE)?;
    module_set(cx, m, "SimpleQueue", t)?;
    let state = cx.space().state::<State>();
    // A module that is imported afresh shares the exception with the first one.
    let t = match state.empty.get() {
        Some(t) => t,
        None => create_type(cx, &EMPTY)?,
    };
    state.empty.init(Some(t));
    module_set(cx, m, "Empty", t)
}

/// `_queue`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_queue",
    doc: "C implementation of the Python queue module.\nThis module is an implementation detail, please do not use it directly.",
    functions: &[],
    init: Some(init),
};
