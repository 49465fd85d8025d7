//! The cache behind `functools.lru_cache`.
//!
//! An unbounded cache is a dict from key to result. A bounded one is a dict from key to *ticket* and a list of entries in order of
//! use on the malloc heap, behind a lock that is held for the relinking only. A ticket is the entry's index and generation; an
//! entry that is taken out gets a new generation, so a ticket that another thread still holds, or that a clearing left behind,
//! matches nothing and counts as a miss. Dict and list are changed one after the other without a common lock:
//!
//! 1. Whoever finds a ticket without entry overwrites it.
//! 2. An entry without ticket is evicted in its turn; removing its key from the dict then finds nothing.
//! 3. The list never holds more entries than the bound.

use crate::functools::State;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, TypeSpec, ValueVec, getsets, methods};
use std::sync::atomic::{AtomicU64, Ordering};

/// Index of the list's head: neighbours of it are the newest and the oldest entry.
const HEAD: u32 = 0;

struct Entry {
    key: Value,
    hash: i64,
    result: Value,
    generation: u32,
    /// Next older one.
    prev: u32,
    /// Next newer one.
    next: u32,
}

/// Entries in order of use; entry 0 is the head of a ring.
struct Order {
    entries: Vec<Entry>,
    free: Vec<u32>,
    len: usize,
}

impl Order {
    fn new() -> Order {
        Order { entries: Vec::new(), free: Vec::new(), len: 0 }
    }

    fn unlink(&mut self, i: u32) {
        let (prev, next) = (self.entries[i as usize].prev, self.entries[i as usize].next);
        self.entries[prev as usize].next = next;
        self.entries[next as usize].prev = prev;
    }

    fn link_newest(&mut self, i: u32) {
        let newest = self.entries[HEAD as usize].prev;
        let e = &mut self.entries[i as usize];
        (e.prev, e.next) = (newest, HEAD);
        self.entries[newest as usize].next = i;
        self.entries[HEAD as usize].prev = i;
    }

    fn find(&self, ticket: Value) -> Option<u32> {
        let t = ticket.as_small()?;
        let (i, generation) = ((t & 0xffff_ffff) as u32, (t >> 32) as u32);
        self.entries
            .get(i as usize)
            .filter(|e| i != HEAD && e.generation == generation && !e.key.is_unbound())?;
        Some(i)
    }

    /// The result of a ticket, which becomes the newest.
    fn touch(&mut self, ticket: Value) -> Option<Value> {
        let i = self.find(ticket)?;
        self.unlink(i);
        self.link_newest(i);
        Some(self.entries[i as usize].result)
    }

    /// Takes an entry out.
    fn remove(&mut self, i: u32) {
        self.unlink(i);
        let e = &mut self.entries[i as usize];
        (e.key, e.result) = (Value::UNBOUND, Value::UNBOUND);
        e.generation = e.generation.wrapping_add(1) & 0x3fff_ffff;
        self.free.push(i);
        self.len -= 1;
    }

    /// Takes the oldest entry out; its key and hash.
    fn evict(&mut self) -> Option<(Value, i64)> {
        let i = self.entries.first()?.next;
        if i == HEAD {
            return None;
        }
        let e = &self.entries[i as usize];
        let answer = (e.key, e.hash);
        self.remove(i);
        Some(answer)
    }

    /// Enters a result as the newest; its ticket, `None` when the table is full.
    fn add(&mut self, key: Value, hash: i64, result: Value) -> Option<Value> {
        if self.entries.is_empty() {
            self.entries.push(Entry {
                key: Value::UNBOUND,
                hash: 0,
                result: Value::UNBOUND,
                generation: 0,
                prev: HEAD,
                next: HEAD,
            });
        }
        let i = match self.free.pop() {
            Some(i) => i,
            None => {
                let i = u32::try_from(self.entries.len()).ok()?;
                self.entries.try_reserve(1).ok()?;
                self.entries.push(Entry { key, hash, result, generation: 0, prev: HEAD, next: HEAD });
                i
            }
        };
        let e = &mut self.entries[i as usize];
        (e.key, e.hash, e.result) = (key, hash, result);
        let ticket = i64::from(e.generation) << 32 | i64::from(i);
        self.link_newest(i);
        self.len += 1;
        Value::try_small(ticket)
    }

    /// Takes all entries out.
    fn clear(&mut self) {
        while self.evict().is_some() {}
    }
}

/// How many results are kept.
#[derive(Clone, Copy)]
enum Bound {
    Nothing,
    Most(usize),
    All,
}

/// A function with a cache.
pub struct Lru {
    func: Slot,
    info_type: Slot,
    /// From key to ticket, or to result if the cache has no bound.
    dict: Slot,
    mark: Slot,
    bound: Bound,
    typed: bool,
    hits: AtomicU64,
    misses: AtomicU64,
    order: Guarded<Order>,
}

impl Payload for Lru {
    const NAME: &'static str = "_lru_cache_wrapper";

    #[allow(unsafe_code)]
    fn trace(&self, t: &mut Tracer) {
        for s in [&self.func, &self.info_type, &self.dict, &self.mark] {
            t.slot(s);
        }
        // SAFETY: the collector runs in a stopped world, and no guard is held across a safepoint.
        let order = unsafe { self.order.peek() };
        t.values(order.entries.iter().flat_map(|e| [&e.key, &e.result]));
    }
}

/// The type.
pub static LRU: TypeSpec = TypeSpec {
    name: "_lru_cache_wrapper",
    module: "functools",
    layout: Layout::Native,
    vt: Some(<Lru as NativeLayout>::VT),
    flags: type_flags::DICT | type_flags::WEAKREF | type_flags::METHOD_DESCRIPTOR,
    slots: SlotSpec {
        new: Some(|cx, ty, args| vm::call_def(cx, &NEW[0], Some(ty), args)),
        call: Some(lru_call),
        descr_get: Some(|cx, f, obj, _| match obj {
            Some(obj) if !obj.is_none() => Ok(cx.bound_method(f, obj)),
            _ => Ok(f),
        }),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Hits, misses, bound and number of results.
        "cache_info(self, /)" => cache_info;
        /// Forgets all results.
        "cache_clear(self, /)" => cache_clear;
        /// Helps pickle.
        "__reduce__(self, /)" => |cx, a| vm::get_attr_str(cx, a[0], "__qualname__");
        /// The function itself.
        "__copy__(self, /)" => |_, a| Ok(a[0]);
        /// The function itself.
        "__deepcopy__(self, memo, /)" => |_, a| Ok(a[0]);
    ],
    getsets: getsets![
        /// The attributes.
        "__dict__" => vm::types::classes::get_dict, vm::types::classes::set_dict;
    ],
    doc: "A function that keeps the results of its calls.",
    ..TypeSpec::BASE
};

static NEW: &[MethodDef] = methods![
    /// A cache around a function.
    "lru_cache(self, user_function, maxsize, typed, cache_info_type)" => lru_new;
];

fn lru_new(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if !vm::callable(cx, a[1]) {
        return Err(cx.type_error("the first argument must be callable"));
    }
    let bound = if a[2].is_none() {
        Bound::All
    } else if cx.type_of(a[2]).slots.index.address() != 0 {
        match usize::try_from(vm::index_i64(cx, a[2], Ty::OverflowError)?) {
            Ok(0) | Err(_) => Bound::Nothing,
            Ok(n) => Bound::Most(n),
        }
    } else {
        return Err(cx.type_error("maxsize should be integer or None"));
    };
    let typed = vm::is_true(cx, a[3])?;
    let Some(t) = TypeObj::of(a[0]) else { return Err(cx.type_error("not a type")) };
    let dict = cx.dict();
    let mark = cx.space().state::<State>().mark.get();
    let lru = Lru {
        func: Slot::new(a[1]),
        info_type: Slot::new(a[4]),
        dict: Slot::new(dict),
        mark: Slot::from_option(mark),
        bound,
        typed,
        hits: AtomicU64::new(0),
        misses: AtomicU64::new(0),
        order: Guarded::new(Order::new()),
    };
    Ok(cx.new_native(t, lru))
}

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Lru> {
    match v.native::<Lru>() {
        Some(l) => Ok(l),
        None => Err(cx.type_error("not a cache")),
    }
}

/// The key of a call: the argument itself if it is one int or str, else a tuple.
#[inline]
fn make_key(cx: &mut Ctx, l: &Lru, args: Args<'_>) -> PyResult {
    if args.nkw() == 0 && !l.typed {
        if let &[one] = args.pos()
            && (cx.is_exact(one, Ty::Int) || cx.is_exact(one, Ty::Str))
        {
            return Ok(one);
        }
        return cx.tuple_of(None, args.pos());
    }
    let mut key = ValueVec::from_slice(cx, args.pos())?;
    if args.nkw() > 0 {
        key.push(cx, l.mark.get_or_none())?;
        for (n, v) in args.kw() {
            key.push(cx, n)?;
            key.push(cx, v)?;
        }
    }
    if l.typed {
        for v in args.all() {
            let t = cx.type_of(*v).value();
            key.push(cx, t)?;
        }
    }
    key.into_tuple(cx)
}

fn lru_call(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let l = this(cx, v)?;
    let func = l.func.get_or_none();
    let Some(dict) = l.dict.get().and_then(DictObj::of) else { return vm::call_args(cx, func, args) };
    let most = match l.bound {
        Bound::Nothing => {
            l.misses.fetch_add(1, Ordering::Relaxed);
            return vm::call_args(cx, func, args);
        }
        Bound::Most(n) => Some(n),
        Bound::All => None,
    };
    let key = make_key(cx, l, args)?;
    let hash = vm::hash(cx, key)?;
    if let Some(found) = vm::dict_get_hash(cx, dict, key, hash)? {
        let result = match most {
            None => Some(found),
            Some(_) => l.order.with(|o| o.touch(found)),
        };
        if let Some(r) = result {
            l.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(r);
        }
    }
    l.misses.fetch_add(1, Ordering::Relaxed);
    let result = vm::call_args(cx, func, args)?;
    match most {
        None => {
            vm::dict_set_hash(cx, dict, key, hash, result)?;
        }
        Some(most) => keep_result(cx, v, l, dict, (key, hash, result), most)?,
    }
    Ok(result)
}

/// Enters a result into a bounded cache.
fn keep_result(
    cx: &mut Ctx,
    v: Value,
    l: &Lru,
    dict: &DictObj,
    (key, hash, result): (Value, i64, Value),
    most: usize,
) -> PyResult<()> {
    // The function itself or another thread may have entered the key meanwhile; its result stays.
    if let Some(found) = vm::dict_get_hash(cx, dict, key, hash)?
        && l.order.with(|o| o.find(found).is_some())
    {
        return Ok(());
    }
    let evicted = l.order.with(|o| if o.len >= most { o.evict() } else { None });
    if let Some((old, old_hash)) = evicted {
        vm::dict_pop_hash(cx, dict, old, old_hash)?;
    }
    // Room was made before the removal ran Python code, which may have filled it again.
    let ticket = l.order.with(|o| if o.len < most { o.add(key, hash, result) } else { None });
    cx.barrier(v);
    let Some(ticket) = ticket else { return Ok(()) };
    let before = vm::dict_set_hash(cx, dict, key, hash, ticket)?;
    if let Some(before) = before {
        l.order.with(|o| {
            if let Some(i) = o.find(before) {
                o.remove(i);
            }
        });
    }
    Ok(())
}

fn cache_info(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let l = this(cx, a[0])?;
    let (most, size) = match l.bound {
        Bound::Nothing => (Value::small(0), 0),
        Bound::Most(n) => (cx.int_usize(n), l.order.with(|o| o.len)),
        Bound::All => (Value::NONE, l.dict.get().and_then(DictObj::of).map_or(0, DictObj::len)),
    };
    let hits = cx.int_u64(l.hits.load(Ordering::Relaxed));
    let misses = cx.int_u64(l.misses.load(Ordering::Relaxed));
    let size = cx.int_usize(size);
    vm::call(cx, l.info_type.get_or_none(), &[hits, misses, most, size])
}

fn cache_clear(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let l = this(cx, a[0])?;
    l.order.with(Order::clear);
    if let Some(d) = l.dict.get().and_then(DictObj::of) {
        cx.dict_clear(d);
    }
    l.hits.store(0, Ordering::Relaxed);
    l.misses.store(0, Ordering::Relaxed);
    Ok(Value::NONE)
}
