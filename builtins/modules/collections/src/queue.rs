//! `_queue`: an unbounded queue that threads wait on.
//!
//! The items lie in a ring under the object's own lock. Beside it stands a count of items that nobody has claimed: who wants an
//! item takes one off the count, waiting for it in the space's parking lot if need be, and finds its item in the ring afterwards.
//! So nothing but a word of the object is touched while the collector may run. `put` allocates nothing in the heap and calls
//! nothing, hence a signal handler or a finalizer may put into the queue that its thread is putting into.

use protopy_vm::protocore::backoff::give_way;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::sync::{Waiting, deadline, lot, wait_plainly, watch_for};
use protopy_vm::types::{create_type, create_type_with_base};
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_queue",
    doc: "A queue implementation for threads, which may be put into from signal handlers and finalizers.",
    functions: &[],
    init: Some(init),
};

#[derive(Default)]
struct State {
    empty: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.empty);
    }
}

static EMPTY: TypeSpec = TypeSpec {
    name: "Empty",
    module: "_queue",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT | type_flags::WEAKREF,
    doc: "Raised by get(block=False) and get_nowait() of an empty queue.",
    ..TypeSpec::BASE
};

/// A queue.
#[derive(Default)]
struct SimpleQueue {
    items: Guarded<VecDeque<Value>>,
    /// Items that nobody has claimed.
    unclaimed: AtomicUsize,
    /// Threads that wait or are about to.
    waiting: AtomicUsize,
}

impl Payload for SimpleQueue {
    const NAME: &'static str = "SimpleQueue";

    #[allow(unsafe_code)]
    fn trace(&self, t: &mut Tracer) {
        // SAFETY: the collector runs in a stopped world, and no guard is held across a safepoint.
        t.values(unsafe { self.items.peek() }.iter());
    }
}

static TYPE: TypeSpec = TypeSpec {
    name: "SimpleQueue",
    module: "_queue",
    layout: Layout::Native,
    vt: Some(<SimpleQueue as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::WEAKREF,
    slots: SlotSpec { new: Some(new), ..SlotSpec::NONE },
    methods: METHODS,
    doc: "A simple, unbounded, reentrant FIFO queue.",
    sig: Some("()"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Puts an item into the queue.
    ///
    /// The other arguments are for compatibility with Queue: this method never waits.
    "put(self, /, item, block=True, timeout=None)" => put;
    /// Puts an item into the queue.
    "put_nowait(self, /, item)" => put;
    /// Removes and returns the first item.
    ///
    /// Waits for one at most `timeout` seconds if `block` is true; raises Empty if there is none.
    "get(self, /, block=True, timeout=None)" => |cx, a| get(cx, a[0], a[1], a[2]);
    /// Removes and returns the first item; raises Empty if there is none.
    "get_nowait(self, /)" => |cx, a| get(cx, a[0], Value::FALSE, Value::NONE);
    /// Whether the queue is empty (at this moment).
    "empty(self, /)" => |cx, a| Ok(Value::bool(this(cx, a[0])?.items.with(|q| q.is_empty())));
    /// The number of items (at this moment).
    "qsize(self, /)" => |cx, a| {
        let n = this(cx, a[0])?.items.with(|q| q.len());
        Ok(cx.int_usize(n))
    };
    /// `SimpleQueue[T]`
    class "__class_getitem__(cls, item, /)" => |cx, a| vm::iter::generic_alias(cx, a[0], a[1]);
];

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let state = cx.space().state::<State>();
    let t = match state.empty.get() {
        Some(t) => t,
        None => {
            let base = cx.ty(Ty::Exception).value();
            create_type_with_base(cx, &EMPTY, base)?
        }
    };
    state.empty.init(Some(t));
    vm::set_attr_str(cx, module, "Empty", t)?;
    let t = create_type(cx, &TYPE)?;
    vm::set_attr_str(cx, module, "SimpleQueue", t)
}

fn new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    if !args.is_empty() && !ty.has(type_flags::HEAP) {
        let what = if args.names().is_some() { "keyword" } else { "positional" };
        let msg = format!("SimpleQueue() takes no {what} arguments");
        return Err(cx.type_error(&msg));
    }
    Ok(cx.new_native(ty, SimpleQueue::default()))
}

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static SimpleQueue> {
    match v.native::<SimpleQueue>() {
        Some(q) => Ok(q),
        None => Err(cx.type_error("not a SimpleQueue")),
    }
}

impl SimpleQueue {
    fn address(&self) -> usize {
        &raw const self.unclaimed as usize
    }

    /// Claims an item.
    fn claim(&self) -> bool {
        self.unclaimed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
    }

    /// As [`SimpleQueue::claim`], once others that want this thread's processor have run.
    fn claim_later(&self, cx: &mut Ctx) -> bool {
        give_way(|| cx.blocking(std::thread::yield_now), || self.unclaimed.load(Ordering::SeqCst));
        self.claim()
    }
}

fn put(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let q = this(cx, a[0])?;
    let item = a[1];
    let ok = q.items.with(|i| i.try_reserve(1).map(|()| i.push_back(item)).is_ok());
    cx.barrier(a[0]);
    if !ok {
        return Err(cx.no_memory());
    }
    q.unclaimed.fetch_add(1, Ordering::SeqCst);
    if q.waiting.load(Ordering::SeqCst) > 0 {
        lot(cx).wake_one(q.address());
    }
    Ok(Value::NONE)
}

#[cold]
fn empty(cx: &mut Ctx) -> Raised {
    let t = cx.space().state::<State>().empty.get_or_none();
    vm::raise_class(cx, t, &[])
}

fn get(cx: &mut Ctx, v: Value, block: Value, timeout: Value) -> PyResult {
    let q = this(cx, v)?;
    let block = vm::is_true(cx, block)?;
    let patience = match timeout.not_none() {
        Some(t) if block => Some(duration(cx, t)?),
        _ => None,
    };
    if !q.claim() {
        if !block {
            return Err(empty(cx));
        }
        let end = deadline(patience);
        if !watch_for(cx, false, &|| q.claim()) && !q.claim_later(cx) {
            q.waiting.fetch_add(1, Ordering::SeqCst);
            let got = wait_plainly(cx, Waiting(v, &["get"]), q.address(), end, &|| q.claim());
            q.waiting.fetch_sub(1, Ordering::SeqCst);
            vm::keep_alive(v);
            if !got? {
                return Err(empty(cx));
            }
        }
    }
    match q.items.with(VecDeque::pop_front) {
        Some(x) => Ok(x),
        None => Err(empty(cx)),
    }
}

/// A timeout in seconds.
fn duration(cx: &mut Ctx, v: Value) -> PyResult<Duration> {
    let nanos = protopy_vm::sync::timeout_nanos(cx, v)?;
    match u64::try_from(nanos) {
        Ok(n) => Ok(Duration::from_nanos(n)),
        Err(_) => Err(cx.value_error("'timeout' must be a non-negative number")),
    }
}
