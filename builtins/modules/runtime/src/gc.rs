//! `gc`: the collector as programs see it.
//!
//! There is one heap and no count of references, so that some of the interface has no object: thresholds are kept and have no
//! effect, everything is in the oldest generation, nothing is uncollectable, frozen objects are only counted. The
//! functions that look for objects collect first: what nothing refers to would be gone in CPython.

use protocore::header::Layout;
use protocore::layouts::{IntRef, ListObj, TupleObj};
use protocore::space::SpaceState;
use protocore::types::type_flags;
use protocore::{Args, Ctx, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::interp::liveness::{collect_for_program, save_garbage_for_program};
use protopy_vm::modules::module_set;
use protopy_vm::{ModuleSpec, ValueVec, call, errors, index, index_i64, methods, repr_text};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Instant;

const DEBUG_STATS: i64 = 1;
const DEBUG_COLLECTABLE: i64 = 2;
const DEBUG_UNCOLLECTABLE: i64 = 4;
const DEBUG_SAVEALL: i64 = 32;

/// Settings and counts of a space.
struct State {
    debug: AtomicI64,
    thresholds: [AtomicI64; 3],
    /// Collections that programs asked for, and what they found, by generation.
    collections: [AtomicUsize; 3],
    collected: [AtomicUsize; 3],
    /// Collections of the heap that these were.
    cycles: AtomicUsize,
    frozen: AtomicUsize,
    /// Bytes allocated before the last collection.
    allocated: AtomicUsize,
    callbacks: Slot,
    garbage: Slot,
}

impl Default for State {
    fn default() -> State {
        State {
            debug: AtomicI64::new(0),
            thresholds: [2000, 10, 10].map(AtomicI64::new),
            collections: Default::default(),
            collected: Default::default(),
            cycles: AtomicUsize::new(0),
            frozen: AtomicUsize::new(0),
            allocated: AtomicUsize::new(0),
            callbacks: Slot::empty(),
            garbage: Slot::empty(),
        }
    }
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.callbacks);
        t.slot(&self.garbage);
    }
}

fn state(cx: &Ctx) -> Arc<State> {
    cx.space().state::<State>()
}

// ---------------------------------------------------------------------------------------------------- collecting

/// Calls the functions in `gc.callbacks`; their errors are reported.
fn notify(cx: &mut Ctx, phase: &str, generation: i64, collected: usize) -> PyResult<()> {
    let st = state(cx);
    let Some(list) = st.callbacks.get().and_then(ListObj::of).filter(|l| !l.is_empty()) else {
        return Ok(());
    };
    let phase = cx.str(phase);
    let info = cx.dict();
    let (g, n) = (cx.int(generation), cx.int_usize(collected));
    for (k, v) in [("generation", g), ("collected", n), ("uncollectable", Value::small(0))] {
        let k = cx.intern_str(k);
        protopy_vm::set_item(cx, info, k, Some(v))?;
    }
    for f in list.snapshot() {
        if let Err(r) = call(cx, f, &[phase, info]) {
            let e = cx.take_raised(r);
            let shown = repr_text(cx, f)?;
            let msg = format!("Exception ignored while calling GC callback {shown}");
            errors::unraisable(cx, e, Some(&msg), Value::NONE);
        }
    }
    Ok(())
}

fn collect(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let generation = index_i64(cx, a[0], Ty::OverflowError)?;
    let Some(slot) = usize::try_from(generation).ok().filter(|g| *g < 3) else {
        return Err(cx.value_error("invalid generation"));
    };
    let st = state(cx);
    notify(cx, "start", generation, 0)?;
    let start = Instant::now();
    let stats = st.debug.load(Ordering::Relaxed) & DEBUG_STATS != 0;
    if stats {
        let old = cx.space().heap.stats().live_bytes / BYTES_PER_OBJECT;
        eprintln!("gc: collecting generation {generation}...\ngc: objects in each generation: 0 0 {old}");
        eprintln!("gc: objects in permanent generation: {}", st.frozen.load(Ordering::Relaxed));
    }
    let before = cx.space().heap.stats().collections;
    let n = if st.debug.load(Ordering::Relaxed) & DEBUG_SAVEALL != 0 {
        save(cx, &st)?
    } else {
        collect_for_program(cx, "gc", "collect")
    };
    st.cycles.fetch_add(cx.space().heap.stats().collections.saturating_sub(before), Ordering::Relaxed);
    if stats {
        let t = start.elapsed().as_secs_f64();
        eprintln!("gc: done, {n} unreachable, 0 uncollectable, {t:.4}s elapsed");
    }
    st.collections[slot].fetch_add(1, Ordering::Relaxed);
    st.collected[slot].fetch_add(n, Ordering::Relaxed);
    let bytes = cx.space().heap.stats().allocated_bytes;
    st.allocated.store(bytes, Ordering::Relaxed);
    notify(cx, "stop", generation, n)?;
    Ok(cx.int_usize(n))
}

/// Puts the garbage into `gc.garbage`.
fn save(cx: &mut Ctx, st: &State) -> PyResult<usize> {
    let first = cx.keep.len();
    let n = save_garbage_for_program(cx, "gc", "collect");
    let mut r = Ok(());
    if let Some(list) = st.garbage.get().and_then(ListObj::of) {
        for i in first..cx.keep.len() {
            let v = cx.keep[i];
            r = r.and_then(|()| cx.list_append(list, v));
        }
    }
    cx.keep.truncate(first);
    r.map(|()| n)
}

fn enable(cx: &mut Ctx, _: &[Value]) -> PyResult {
    cx.space().heap.set_enabled(true);
    Ok(Value::NONE)
}

fn disable(cx: &mut Ctx, _: &[Value]) -> PyResult {
    cx.space().heap.set_enabled(false);
    Ok(Value::NONE)
}

fn isenabled(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(Value::bool(cx.space().heap.enabled()))
}

fn set_debug(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = index_i64(cx, a[0], Ty::OverflowError)?;
    state(cx).debug.store(n, Ordering::Relaxed);
    Ok(Value::NONE)
}

fn get_debug(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let n = state(cx).debug.load(Ordering::Relaxed);
    Ok(cx.int(n))
}

fn set_threshold(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    let pos = args.pos();
    if args.names().is_some() || pos.is_empty() || pos.len() > 3 {
        return Err(cx.type_error("gc.set_threshold requires 1 to 3 arguments"));
    }
    let mut new = Vec::new();
    for v in pos {
        new.push(index_i64(cx, *v, Ty::OverflowError)?);
    }
    let st = state(cx);
    for (t, n) in st.thresholds.iter().zip(new) {
        t.store(n, Ordering::Relaxed);
    }
    Ok(Value::NONE)
}

fn get_threshold(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let st = state(cx);
    let mut all = [Value::NONE; 3];
    for (v, t) in all.iter_mut().zip(&st.thresholds) {
        *v = cx.int(t.load(Ordering::Relaxed));
    }
    cx.tuple_of(None, &all)
}

/// Bytes that stand for one object where objects are counted.
const BYTES_PER_OBJECT: usize = 64;

fn get_count(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let now = cx.space().heap.stats().allocated_bytes;
    let n = now.saturating_sub(state(cx).allocated.load(Ordering::Relaxed)) / BYTES_PER_OBJECT;
    let n = cx.int_usize(n);
    cx.tuple_of(None, &[n, Value::small(0), Value::small(0)])
}

fn get_stats(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let st = state(cx);
    let mut all = ValueVec::new(cx);
    let automatic = cx.space().heap.stats().collections.saturating_sub(st.cycles.load(Ordering::Relaxed));
    for g in 0..3 {
        let asked = st.collections[g].load(Ordering::Relaxed);
        let n = if g == 2 { asked + automatic } else { asked };
        let found = st.collected[g].load(Ordering::Relaxed);
        let d = cx.dict();
        let (n, found) = (cx.int_usize(n), cx.int_usize(found));
        for (k, v) in [("collections", n), ("collected", found), ("uncollectable", Value::small(0))] {
            let k = cx.intern_str(k);
            protopy_vm::set_item(cx, d, k, Some(v))?;
        }
        all.push(cx, d)?;
    }
    Ok(all.into_list())
}

// ---------------------------------------------------------------------------------------------------- looking

fn is_tracked(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(cx.is_tracked(a[0])))
}

fn is_finalized(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(cx.is_finalized(a[0])))
}

/// Puts all tracked objects that are alive into `cx.keep`; the index of the first.
fn keep_tracked(cx: &mut Ctx, function: &str) -> usize {
    collect_for_program(cx, "gc", function);
    let mut wanted = |v: Value| !matches!(v.layout(), Layout::Str | Layout::Bytes | Layout::Float);
    // What other threads have made and dropped since would come back to life, and stay as long as the answer does.
    let first = if cx.registered_threads() > 1 {
        cx.keep_live_objects(&mut wanted)
    } else {
        cx.keep_objects(&mut wanted)
    };
    let mut at = first;
    for i in first..cx.keep.len() {
        cx.breathe();
        let v = cx.keep[i];
        if cx.is_tracked(v) {
            cx.keep[at] = v;
            at += 1;
        }
    }
    cx.keep.truncate(at);
    first
}

fn get_objects(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let mut all = true;
    let shown = a[0].not_none().unwrap_or(Value::small(-1));
    errors::audit(cx, "gc.get_objects", &[shown])?;
    if let Some(g) = a[0].not_none() {
        if cx.type_of(g).slots.index.address() == 0 && IntRef::of(g).is_none() {
            let msg =
                format!("argument should be integer or None, not '{}'", protopy_vm::ops::tp_name(cx, g));
            return Err(cx.type_error(&msg));
        }
        let g = index(cx, g)?;
        let g = IntRef::of(g).and_then(IntRef::to_i64).unwrap_or(i64::MAX);
        if g >= 3 {
            let msg = "generation parameter must be less than the number of available generations (3)";
            return Err(cx.value_error(msg));
        }
        if g < -1 {
            return Err(cx.value_error("generation parameter cannot be negative"));
        }
        all = g == 2 || g == -1;
    }
    if !all {
        return cx.list(&[]);
    }
    let first = keep_tracked(cx, "get_objects");
    let found = cx.keep[first..].to_vec();
    let r = cx.list(&found);
    cx.keep.truncate(first);
    r
}

/// What an object refers to, its class included if it is no builtin one.
fn children(cx: &Ctx, v: Value, f: &mut dyn FnMut(Value)) {
    cx.trace_children(v, f);
    let ty = cx.type_of(v);
    if v.is_heap() && ty.has(type_flags::HEAP) {
        f(ty.value());
    }
}

fn get_referents(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    let objs = cx.tuple_of(None, args.pos())?;
    errors::audit(cx, "gc.get_referents", &[objs])?;
    let held = cx.keep.len();
    let mut found = Vec::new();
    for v in args.pos() {
        if cx.is_tracked(*v) || v.layout() == Layout::Tuple {
            children(cx, *v, &mut |c| found.push(c));
        }
        immediates(*v, &mut found);
    }
    // No allocation has happened since the objects were read out of their owners.
    cx.keep.extend_from_slice(&found);
    let r = cx.list(&found);
    cx.keep.truncate(held);
    r
}

/// Adds the immediate items of a builtin container: the collector does not visit them.
fn immediates(v: Value, found: &mut Vec<Value>) {
    let mut add = |x: Value| {
        if !x.is_heap() && !x.is_unbound() {
            found.push(x);
        }
    };
    if let Some(t) = TupleObj::of(v) {
        t.items().iter().for_each(|x| add(*x));
    } else if let Some(l) = ListObj::of(v) {
        l.snapshot().into_iter().for_each(add);
    } else if let Some(d) = protocore::dict::DictObj::of(v) {
        for (_, k, x) in d.snapshot() {
            add(k);
            add(x);
        }
    } else if let Some(s) = protocore::dict::DictObj::of_set(v) {
        for (_, k, _) in s.snapshot() {
            add(k);
        }
    }
}

fn get_referrers(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    let targets = args.pos().to_vec();
    let held = cx.tuple_of(None, &targets)?;
    errors::audit(cx, "gc.get_referrers", &[held])?;
    let first = keep_tracked(cx, "");
    let mut at = first;
    for i in first..cx.keep.len() {
        cx.breathe();
        let v = cx.keep[i];
        let mut hit = false;
        if !v.is(held) {
            children(cx, v, &mut |c| hit |= targets.contains(&c));
        }
        if hit {
            cx.keep[at] = v;
            at += 1;
        }
    }
    cx.keep.truncate(at);
    let found = cx.keep[first..].to_vec();
    let r = cx.list(&found);
    cx.keep.truncate(first);
    protopy_vm::keep_alive(held);
    r
}

// ---------------------------------------------------------------------------------------------------- freezing

fn freeze(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let first = keep_tracked(cx, "freeze");
    let n = cx.keep.len() - first;
    cx.keep.truncate(first);
    state(cx).frozen.store(n, Ordering::Relaxed);
    Ok(Value::NONE)
}

fn unfreeze(cx: &mut Ctx, _: &[Value]) -> PyResult {
    state(cx).frozen.store(0, Ordering::Relaxed);
    Ok(Value::NONE)
}

fn get_freeze_count(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let n = state(cx).frozen.load(Ordering::Relaxed);
    Ok(cx.int_usize(n))
}

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    let st = state(cx);
    for (n, s) in [("callbacks", &st.callbacks), ("garbage", &st.garbage)] {
        if s.is_empty() {
            let l = cx.list(&[])?;
            s.init(Some(l));
        }
        module_set(cx, m, n, s.get_or_none())?;
    }
    for (n, v) in [
        ("DEBUG_STATS", DEBUG_STATS),
        ("DEBUG_COLLECTABLE", DEBUG_COLLECTABLE),
        ("DEBUG_UNCOLLECTABLE", DEBUG_UNCOLLECTABLE),
        ("DEBUG_SAVEALL", DEBUG_SAVEALL),
        ("DEBUG_LEAK", DEBUG_COLLECTABLE | DEBUG_UNCOLLECTABLE | DEBUG_SAVEALL),
    ] {
        module_set(cx, m, n, Value::small(v))?;
    }
    Ok(())
}

/// `gc`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "gc",
    doc: "The garbage collector: collecting now, switching automatic collection, and looking at objects.",
    functions: methods![functions:
        /// Lets collections happen on their own.
        "enable()" => enable;
        /// Makes collections rare: memory is freed in no other way.
        "disable()" => disable;
        /// Whether collections happen on their own.
        "isenabled()" => isenabled;
        /// Sets the DEBUG_ flags.
        "set_debug(flags, /)" => set_debug;
        /// The DEBUG_ flags.
        "get_debug()" => get_debug;
        /// What has been allocated since the last collection, roughly, for each generation.
        "get_count()" => get_count;
        /// Sets the thresholds, which have no effect.
        raw "set_threshold(threshold0, threshold1=<unrepresentable>, threshold2=<unrepresentable>, /)" => set_threshold;
        /// The thresholds.
        "get_threshold()" => get_threshold;
        /// Collects now, whatever the generation; the number of objects freed.
        "collect(generation=2)" => collect;
        /// The objects that the collector tracks.
        "get_objects(generation=None)" => get_objects;
        /// Figures of past collections, for each generation.
        "get_stats()" => get_stats;
        /// Whether the collector tracks an object.
        "is_tracked(obj, /)" => is_tracked;
        /// Whether an object's finalizer has run.
        "is_finalized(obj, /)" => is_finalized;
        /// The objects that refer to any of these.
        raw "get_referrers(*objs)" => get_referrers;
        /// The objects that these refer to.
        raw "get_referents(*objs)" => get_referents;
        /// Counts all tracked objects as permanent.
        "freeze()" => freeze;
        /// Ends freeze.
        "unfreeze()" => unfreeze;
        /// Number of objects that are permanent.
        "get_freeze_count()" => get_freeze_count;
    ],
    init: Some(init),
};
