//! What a collection keeps and what it frees, on one thread.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use common::*;
use protocore::header::Layout;
use protocore::layouts::{ListObj, StrObj, TupleObj, ValuesObj, WeakRefObj};
use protocore::space::Hooks;
use protocore::{Ctx, Guarded, NativeLayout, Payload, Ty, Value};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Calls `f` on a part of the stack that is not scanned afterwards.
#[inline(never)]
fn apart<R>(f: impl FnOnce() -> R) -> R {
    let r = f();
    scrub();
    r
}

#[test]
fn what_the_stack_refers_to_stays_and_the_rest_goes() {
    let (_space, mut cx) = space();
    cx.space().heap.set_poison(true);
    let class = node_class(&mut cx);
    let kept = tree(&mut cx, class, 10);
    let lost = apart(|| {
        let t = tree(&mut cx, class, 10);
        weak(&mut cx, t).value()
    });
    let root = weak(&mut cx, kept);
    // What is told is what only cycles kept; a tree has none.
    assert_eq!(cx.collect(), 0);
    assert_eq!(check(kept), 2047);
    assert!(cx.weakref_get(root).is_some());
    let lost = WeakRefObj::of(lost).expect("a weak reference");
    assert!(cx.weakref_get(lost).is_none());
    assert!(cx.space().heap.stats().collections >= 1);
}

#[test]
fn interior_pointers_keep_objects_alive() {
    let (_space, mut cx) = space();
    cx.space().heap.set_poison(true);
    // One past the last item of a tuple that fills its cell: the address of the next cell.
    let (past, w) = apart(|| {
        let a = cx.str("hello, interior");
        let t = cx.tuple(&[a, a, a, a]);
        let items = TupleObj::of(t).expect("a tuple").items();
        (items.as_ptr_range().end, weak(&mut cx, t).value())
    });
    let w = WeakRefObj::of(w).expect("a weak reference");
    cx.collect();
    assert!(cx.weakref_get(w).is_some());
    let last = unsafe { *std::hint::black_box(past).sub(1) };
    assert!(StrObj::of(last).expect("a str").eq_str("hello, interior"));
}

#[test]
fn containers_of_all_sizes_survive_stress() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    space.heap.set_stress(7);
    let ty = cx.ty(Ty::List);
    let list = cx.new_list(ty);
    let l = ListObj::of(list).expect("a list");
    let d = cx.dict();
    let dict = protocore::dict::DictObj::of(d).expect("a dict");
    for i in 0..3000i64 {
        let s = cx.str(&format!("item number {i}"));
        cx.list_append(l, s).expect("memory");
        let k = cx.intern_str(&format!("key{i}"));
        let f = cx.float(i as f64 * 1e300);
        let t = cx.tuple(&[s, f]);
        cx.dict_set_str(dict, k, t).expect("memory");
    }
    space.heap.set_stress(0);
    for i in 0..3000usize {
        let s = l.get(i).and_then(StrObj::of).expect("a str");
        assert!(s.eq_str(&format!("item number {i}")));
        let k = cx.intern_str(&format!("key{i}"));
        let t = cx.dict_get_str(dict, k).and_then(TupleObj::of).expect("a tuple");
        assert!(StrObj::of(t.items()[0]).is_some_and(|a| a.same(s)));
        assert_eq!(protocore::layouts::FloatObj::of(t.items()[1]), Some(i as f64 * 1e300));
    }
    assert!(space.heap.stats().collections > 1000);
}

#[test]
fn large_objects_are_zeroed_found_and_freed() {
    let (space, mut cx) = space();
    let mut kept = Vec::new();
    for round in 0..50usize {
        let v = cx.new_values(5000 + round * 1000).expect("memory");
        assert!(v.slots().iter().all(protocore::Slot::is_empty));
        for s in v.slots() {
            s.init(Some(Value::small(round as i64)));
        }
        if round % 10 == 0 {
            cx.keep.push(v.value());
            kept.push(v.value());
        }
    }
    apart(|| ());
    let before = space.heap.stats().heap_bytes;
    cx.collect();
    assert!(space.heap.stats().heap_bytes < before);
    for (i, v) in kept.iter().enumerate() {
        let s = ValuesObj::of(*v).expect("storage").slots();
        assert!(s.iter().all(|s| s.get() == Some(Value::small(i as i64 * 10))));
    }
    // Reused memory is zero again.
    for _ in 0..20 {
        let v = cx.new_values(30_000).expect("memory");
        assert!(v.slots().iter().all(protocore::Slot::is_empty));
    }
}

#[test]
fn a_deep_chain_needs_no_native_stack_and_no_mark_stack() {
    let (space, mut cx) = space();
    let class = node_class(&mut cx);
    let mut head = node(&mut cx, class, None, None);
    for _ in 0..300_000 {
        head = node(&mut cx, class, Some(head), None);
    }
    cx.collect();
    // With a mark stack that overflows at once, wide structures are found by tracing marked objects again.
    let wide: Vec<Value> = (0..1000).map(|_| tree(&mut cx, class, 3)).collect();
    let wide = cx.list(&wide).expect("memory");
    space.heap.set_mark_stack_limit(16);
    cx.collect();
    space.heap.set_mark_stack_limit(usize::MAX);
    let mut n = 0;
    let mut at = Some(head);
    while let Some(v) = at {
        n += 1;
        at = node_slots(v)[1].get();
    }
    assert_eq!(n, 300_001);
    let wide = ListObj::of(wide).expect("a list");
    assert!((0..1000).all(|i| wide.get(i).map(check) == Some(15)));
}

static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct Owner {
    text: Guarded<String>,
    held: protocore::Slot,
}

impl Payload for Owner {
    const NAME: &'static str = "Owner";
    fn trace(&self, t: &mut protocore::Tracer) {
        t.slot(&self.held);
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        DROPPED.fetch_add(self.text.with(|s| s.len()), SeqCst);
    }
}

#[test]
fn payloads_are_traced_and_dropped_once() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    let class = new_class(&mut cx, Layout::Native, Owner::VT, 0);
    let s = cx.str("held by a payload");
    let make = |cx: &mut Ctx, v: Option<Value>| {
        let data = Owner { text: Guarded::new("x".into()), held: protocore::Slot::from_option(v) };
        cx.new_native(class, data)
    };
    let kept = make(&mut cx, Some(s));
    apart(|| {
        for _ in 0..10_000 {
            make(&mut cx, None);
        }
    });
    cx.collect();
    let n = DROPPED.load(SeqCst);
    assert!((9_900..=10_000).contains(&n), "{n}");
    cx.collect();
    assert!(DROPPED.load(SeqCst) <= 10_000);
    let held = kept.native::<Owner>().and_then(|o| o.held.get()).and_then(StrObj::of).expect("a str");
    assert!(held.eq_str("held by a payload"));
    drop(cx);
    drop(space);
    assert_eq!(DROPPED.load(SeqCst), 10_001);
}

static FINALIZED: AtomicUsize = AtomicUsize::new(0);
static CALLED: AtomicUsize = AtomicUsize::new(0);

fn finalize(cx: &mut Ctx, v: Value) {
    FINALIZED.fetch_add(1, SeqCst);
    // The whole object can be used, and allocation works.
    check(v);
    cx.str("made by a finalizer");
}

fn called(_: &mut Ctx, v: Value) {
    assert!(WeakRefObj::of(v).is_some_and(|w| w.target.load(SeqCst) == 0));
    CALLED.fetch_add(1, SeqCst);
}

#[test]
fn finalizers_run_once_before_weak_references_die() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    *space.hooks.write().expect("hooks") = Hooks { finalize, weakref_callback: called, ..Hooks::NONE };
    let class = node_class(&mut cx);
    let callback = cx.str("a callback");
    let w = apart(|| {
        let t = tree(&mut cx, class, 4);
        cx.register_finalizer(t);
        cx.register_finalizer(t);
        let ty = cx.ty(Ty::WeakRef);
        let w = cx.new_weakref(t, Some(callback), ty, true).expect("a reference");
        assert_eq!(cx.weakref_count(t), 1);
        assert_eq!(cx.weakrefs_of(t), vec![w]);
        w
    });
    cx.collect_now();
    let r = WeakRefObj::of(w).expect("a reference");
    assert_eq!(FINALIZED.load(SeqCst), 1);
    assert_eq!(CALLED.load(SeqCst), 1);
    assert!(cx.weakref_get(r).is_none());
    cx.collect_now();
    assert_eq!(FINALIZED.load(SeqCst), 1);
}

/// `collect` from a frame that holds nothing.
trait CollectNow {
    fn collect_now(&mut self) -> usize;
}

impl CollectNow for Ctx {
    #[inline(never)]
    fn collect_now(&mut self) -> usize {
        scrub();
        self.collect()
    }
}

#[test]
fn a_plain_weak_reference_is_shared() {
    let (_space, mut cx) = space();
    let class = node_class(&mut cx);
    let v = node(&mut cx, class, None, None);
    let a = weak(&mut cx, v).value();
    let b = weak(&mut cx, v).value();
    assert_eq!(a, b);
    assert_eq!(cx.weakref_get(WeakRefObj::of(a).expect("a reference")), Some(v));
    assert!(cx.new_weakref(Value::small(1), None, cx.ty(Ty::WeakRef), true).is_none());
}

#[test]
fn the_limit_ends_in_none_and_then_in_a_memory_error() {
    let (space, mut cx) = space();
    space.heap.set_limit(64 << 20);
    assert!(cx.try_alloc_cell(1 << 40, Layout::Raw, raw_shape()).is_none());
    assert!(cx.try_alloc_cell(100 << 20, Layout::Raw, raw_shape()).is_none());
    let mut n = 0;
    while let Some(p) = cx.try_alloc_cell(1 << 20, Layout::Raw, raw_shape()) {
        cx.keep.push(Value::from_ref(p));
        n += 1;
        assert!(n < 70);
    }
    assert!(n > 55, "{n}");
    let class = node_class(&mut cx);
    let mut chain = node(&mut cx, class, None, None);
    let mut failed = false;
    for _ in 0..2_000_000 {
        chain = node(&mut cx, class, Some(chain), None);
        if cx.safepoint().is_err() {
            failed = true;
            break;
        }
    }
    assert!(failed);
    cx.keep.clear();
    assert!(cx.try_alloc_cell(16 << 20, Layout::Raw, raw_shape()).is_some());
}

#[test]
fn objects_can_be_enumerated_and_their_references_shown() {
    let (_space, mut cx) = space();
    let class = node_class(&mut cx);
    let t = tree(&mut cx, class, 3);
    let first = cx.keep_objects(&mut |v| v.header().is_some_and(|h| h.shape() == class.root_shape()));
    assert_eq!(cx.keep.len() - first, 15);
    cx.keep.truncate(first);
    let mut children = Vec::new();
    cx.trace_children(t, &mut |v| children.push(v));
    assert_eq!(children, node_slots(t)[1..].iter().filter_map(protocore::Slot::get).collect::<Vec<_>>());
    let a = cx.str("an item of a list");
    let l = cx.list(&[a, a]).expect("memory");
    let mut items = 0;
    cx.trace_children(l, &mut |v| items += usize::from(v == a));
    assert_eq!(items, 2);
}

#[test]
fn external_bytes_and_freed_memory_count() {
    let (space, mut cx) = space();
    let before = space.heap.stats().collections;
    for _ in 0..100 {
        cx.external_bytes(1 << 20);
        cx.safepoint().expect("no error");
    }
    assert!(space.heap.stats().collections >= before + 2);
    apart(|| {
        let class = node_class(&mut cx);
        for _ in 0..4 {
            tree(&mut cx, class, 16);
        }
    });
    cx.collect_now();
    assert!(space.heap.stats().live_bytes < 4 << 20);
}

#[test]
fn stale_register_words_are_harmless() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    let base = cx.stack.base;
    // Words of every kind below the top: values, addresses into cells, into free blocks, out of the heap.
    let v = cx.str("in a register");
    unsafe {
        *base.cast::<u64>() = v.bits();
        for i in 1..1000 {
            *base.add(i).cast::<u64>() = v.bits().wrapping_add(i as u64 * 24);
        }
    }
    cx.top = unsafe { base.add(1000) };
    cx.collect();
    assert!(StrObj::of(v).expect("a str").eq_str("in a register"));
    let file = cx.new_register_file(1000).expect("memory");
    for (i, s) in file.slots().iter().enumerate() {
        // Never a value: only the checked scan may look at it.
        s.init(Some(unsafe { Value::from_bits(v.bits() + i as u64 * 8) }));
    }
    cx.collect();
    assert_eq!(file.cap, 1000);
}

#[test]
fn minor_collections_find_young_objects_through_old_ones() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    space.heap.set_generations(true);
    space.heap.set_stress(23);
    let class = node_class(&mut cx);
    let old = tree(&mut cx, class, 6);
    let ty = cx.ty(Ty::List);
    let list = cx.new_list(ty);
    let l = ListObj::of(list).expect("a list");
    let d = cx.dict();
    let dict = protocore::dict::DictObj::of(d).expect("a dict");
    for i in 0..3000i64 {
        let young = tree(&mut cx, class, 2);
        cx.store(old, &node_slots(old)[0], young);
        let s = cx.str(&format!("item {i}"));
        cx.list_append(l, s).expect("memory");
        let k = cx.intern_str(&format!("key{}", i % 200));
        let v = cx.tuple(&[s]);
        cx.dict_set_str(dict, k, v).expect("memory");
    }
    let stats = space.heap.stats();
    assert!(stats.minor > 500, "{stats:?}");
    assert_eq!(check(old), 127);
    assert_eq!(node_slots(old)[0].get().map(check), Some(7));
    assert!((0..3000).all(|i| l.get(i).and_then(StrObj::of).is_some_and(|s| s.eq_str(&format!("item {i}")))));
    space.heap.set_stress(0);
    cx.collect();
    assert_eq!(check(old), 127);
}

static ORDER: std::sync::Mutex<Vec<i64>> = std::sync::Mutex::new(Vec::new());
static SAVED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

fn note_and_save(cx: &mut Ctx, v: Value) {
    let number = node_slots(v)[2].get().and_then(Value::as_small).expect("a number");
    ORDER.lock().expect("a lock").push(number);
    if number == 3 {
        cx.keep.push(v);
        SAVED.store(v.bits(), SeqCst);
    }
}

#[test]
fn owners_are_finalized_before_what_they_own_and_may_be_resurrected_once() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    *space.hooks.write().expect("hooks") = Hooks { finalize: note_and_save, ..Hooks::NONE };
    let class = node_class(&mut cx);
    apart(|| {
        let mut below = None;
        for i in 1..=3 {
            let n = node(&mut cx, class, below, Value::try_small(i));
            cx.register_finalizer(n);
            below = Some(n);
        }
    });
    cx.collect_now();
    cx.collect_now();
    assert_eq!(*ORDER.lock().expect("a lock"), [3, 2, 1]);
    let saved = unsafe { Value::from_bits(SAVED.load(SeqCst)) };
    let below = node_slots(saved)[1].get().expect("the owned object");
    assert_eq!(node_slots(below)[2].get(), Some(Value::small(2)));
    assert!(cx.is_finalized(saved));
}
