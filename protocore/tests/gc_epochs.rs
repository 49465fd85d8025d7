//! Storage that lists and dicts have outgrown is freed ahead of the collector, and never under a reader.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use common::*;
use protocore::dict::DictObj;
use protocore::epoch::BUDGET;
use protocore::layouts::{ListObj, ValuesObj};
use protocore::{Ctx, ProtoSpace, Ty, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// Bytes of the largest buffer that `churn` makes, times two.
const ROUND: usize = 1 << 20;

fn new_list(cx: &mut Ctx) -> &'static ListObj {
    let ty = cx.ty(Ty::List);
    let v = cx.new_list(ty);
    cx.keep.push(v);
    ListObj::of(v).expect("a list")
}

/// In a frame of its own, so that what it leaves on the stack is below that of the caller.
#[inline(never)]
fn append(cx: &mut Ctx, l: &ListObj, i: i64) {
    cx.list_append(l, Value::small(i)).expect("memory");
}

#[inline(never)]
fn clear(cx: &mut Ctx, l: &ListObj) {
    cx.list_clear(l);
}

/// Slots of the storage.
#[inline(never)]
fn capacity(l: &ListObj) -> usize {
    l.items.get().and_then(ValuesObj::of).map_or(0, |s| s.cap)
}

#[inline(never)]
fn slots(l: &ListObj) -> &'static [protocore::Slot] {
    l.items.get().and_then(ValuesObj::of).expect("storage").slots()
}

#[inline(never)]
fn empty(cx: &mut Ctx, d: &DictObj) {
    cx.dict_clear(d);
}

#[inline(never)]
fn renew(cx: &mut Ctx, d: &DictObj) {
    cx.dict_grow(d, 100_000).expect("memory");
}

/// Appends `n` numbers, with a safepoint after each, and empties the list.
#[inline(never)]
fn churn(cx: &mut Ctx, l: &ListObj, n: usize) {
    for i in 0..n {
        append(cx, l, i as i64);
        cx.safepoint().expect("no error");
    }
    clear(cx, l);
    cx.safepoint().expect("no error");
}

/// No collection comes in between: what is freed, epochs have freed.
fn without_collections(space: &ProtoSpace) {
    space.heap.set_stress(0);
    space.heap.set_budget(usize::MAX / 8);
}

#[test]
fn one_thread_frees_outgrown_storage_at_once() {
    let (space, mut cx) = space();
    without_collections(&space);
    let l = new_list(&mut cx);
    let before = space.heap.stats().heap_bytes;
    for i in 0..4_000_000 {
        append(&mut cx, l, i);
        cx.safepoint().expect("no error");
        if i % 4096 == 0 {
            let s = space.heap.stats();
            assert!(s.retired <= BUDGET, "{}", s.retired);
            let cap = capacity(l) * 8;
            assert!(s.heap_bytes - before <= cap + cap / 4 + 2 * BUDGET, "{} {cap}", s.heap_bytes);
        }
    }
    scrub();
    clear(&mut cx, l);
    cx.safepoint().expect("no error");
    let s = space.heap.stats();
    assert!(s.heap_bytes - before <= 2 * BUDGET, "an emptied list gives its storage back");
    assert_eq!(s.collections, 0);
    assert!(s.epochs > 10 && s.epochs_freed > 32_000_000);
}

#[test]
fn a_dict_that_grows_or_is_renewed_keeps_one_table() {
    let (space, mut cx) = space();
    without_collections(&space);
    let d = cx.dict();
    cx.keep.push(d);
    let d = DictObj::of(d).expect("a dict");
    for _ in 0..20 {
        renew(&mut cx, d);
        cx.safepoint().expect("no error");
        assert!(space.heap.stats().retired <= BUDGET);
    }
    assert!(space.heap.stats().epochs_freed > 19 * 3_000_000);
    empty(&mut cx, d);
    cx.safepoint().expect("no error");
    assert_eq!(space.heap.stats().retired, 0);
}

/// What native code on this thread's stack refers to stays, whatever passes.
#[test]
fn storage_that_a_native_frame_holds_outlives_safepoints() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    without_collections(&space);
    let l = new_list(&mut cx);
    for i in 0..200_000 {
        append(&mut cx, l, i);
    }
    let slots = std::hint::black_box(slots(l));
    clear(&mut cx, l);
    for _ in 0..5 {
        churn(&mut cx, l, 200_000);
    }
    cx.blocking(|| ());
    assert!(space.heap.stats().epochs > 5);
    assert!((0..200_000).all(|i| slots[i].get().and_then(Value::as_small) == Some(i as i64)));
}

/// A thread that sleeps holds on to storage, which another thread unlinks meanwhile.
#[test]
fn storage_that_a_sleeping_thread_holds_stays() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    without_collections(&space);
    let l = new_list(&mut cx);
    for i in 0..200_000 {
        append(&mut cx, l, i);
    }
    let list = l.value();
    let ready = Arc::new(AtomicBool::new(false));
    let stop = Arc::new(AtomicBool::new(false));
    let (r, s, other) = (ready.clone(), stop.clone(), space.clone());
    let t = std::thread::spawn(move || {
        let mut cx = Ctx::attach(&other, false).expect("a thread");
        let slots = std::hint::black_box(slots(ListObj::of(list).expect("a list")));
        r.store(true, SeqCst);
        sleeps(&mut cx, &s);
        assert!((0..200_000).all(|i| slots[i].get().and_then(Value::as_small) == Some(i as i64)));
    });
    while !ready.load(SeqCst) {
        cx.safepoint().expect("no error");
        std::thread::yield_now();
    }
    clear(&mut cx, l);
    for _ in 0..5 {
        churn(&mut cx, l, 200_000);
    }
    assert!(space.heap.stats().epochs > 5);
    stop.store(true, SeqCst);
    cx.blocking(|| t.join().expect("no panic"));
}

/// What the others do while one thread churns.
fn beside(others: Vec<fn(&mut Ctx, &AtomicBool)>) -> usize {
    let (space, mut cx) = space();
    without_collections(&space);
    let stop = Arc::new(AtomicBool::new(false));
    let ready = Arc::new(AtomicUsize::new(0));
    let n = others.len();
    let all: Vec<_> = others
        .into_iter()
        .map(|f| {
            let (space, stop, ready) = (space.clone(), stop.clone(), ready.clone());
            std::thread::spawn(move || {
                let mut cx = Ctx::attach(&space, false).expect("a thread");
                ready.fetch_add(1, SeqCst);
                f(&mut cx, &stop);
            })
        })
        .collect();
    while ready.load(SeqCst) < n {
        cx.safepoint().expect("no error");
        std::thread::yield_now();
    }
    let l = new_list(&mut cx);
    let mut most = 0;
    for _ in 0..40 {
        churn(&mut cx, l, ROUND / 16);
        most = most.max(space.heap.stats().retired);
    }
    let s = space.heap.stats();
    assert_eq!(s.collections, 0);
    assert!(s.epochs_freed > 20 * ROUND, "{s:?}");
    stop.store(true, SeqCst);
    cx.blocking(|| all.into_iter().for_each(|t| t.join().expect("no panic")));
    most
}

fn sleeps(cx: &mut Ctx, stop: &AtomicBool) {
    cx.blocking(|| {
        while !stop.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
}

fn reads(cx: &mut Ctx, stop: &AtomicBool) {
    let mut ends = [0; 2];
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    let writer = ends[1];
    std::thread::scope(|s| {
        s.spawn(move || {
            while !stop.load(SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            assert_eq!(unsafe { libc::write(writer, [0u8].as_ptr().cast(), 1) }, 1);
        });
        let mut byte = [0u8];
        let n = cx.blocking(|| unsafe { libc::read(ends[0], byte.as_mut_ptr().cast(), 1) });
        assert_eq!(n, 1);
    });
}

fn computes(cx: &mut Ctx, stop: &AtomicBool) {
    let mut x = 1u64;
    while !stop.load(SeqCst) {
        for _ in 0..100 {
            x = std::hint::black_box(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
        cx.safepoint().expect("no error");
    }
}

fn comes_and_goes(cx: &mut Ctx, stop: &AtomicBool) {
    let space = cx.space_arc();
    while !stop.load(SeqCst) {
        let space = space.clone();
        let t = std::thread::spawn(move || drop(Ctx::attach(&space, false).expect("a thread")));
        cx.blocking(|| t.join().expect("no panic"));
    }
}

/// The bound: the budget, one buffer, and, beside a thread that computes, what is retired until it gets to its next safepoint. That may
/// take as long as the system lets it wait for a processor.
#[test]
fn what_is_retired_is_bounded_beside_threads_that_sleep_or_block_in_a_read() {
    let most = beside(vec![sleeps, reads, sleeps]);
    assert!(most <= BUDGET + 2 * ROUND, "{most}");
}

#[test]
fn what_is_retired_is_bounded_beside_threads_that_compute() {
    let most = beside(vec![computes, sleeps, comes_and_goes]);
    assert!(most <= 40 * ROUND, "{most}");
}

/// Readers without a lock see valid items only, while writers exchange the storage all the time. With poison, freed storage shows.
#[test]
fn readers_never_see_storage_that_was_freed() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    without_collections(&space);
    let l = new_list(&mut cx);
    let list = l.value();
    let stop = Arc::new(AtomicBool::new(false));
    let all: Vec<_> = (0..3)
        .map(|k| {
            let (space, stop) = (space.clone(), stop.clone());
            std::thread::spawn(move || {
                let mut cx = Ctx::attach(&space, false).expect("a thread");
                let l = ListObj::of(list).expect("a list");
                let mut i = k;
                while !stop.load(SeqCst) {
                    for _ in 0..1000 {
                        // One storage, read through from end to end, as an iteration within native code does.
                        if let Some(s) = l.items.get().and_then(ValuesObj::of) {
                            i = (i + 977) % s.cap.max(1);
                            let v = s.slots()[i].get();
                            assert!(v.is_none_or(|v| v.as_small() == Some(i as i64)), "{i}: {v:?}");
                        }
                    }
                    match k {
                        0 => cx.safepoint().expect("no error"),
                        1 => cx.blocking(|| ()),
                        _ => {
                            cx.blocking(std::thread::yield_now);
                            cx.safepoint().expect("no error");
                        }
                    }
                }
            })
        })
        .collect();
    for _ in 0..60 {
        churn(&mut cx, l, 40_000);
    }
    stop.store(true, SeqCst);
    cx.blocking(|| all.into_iter().for_each(|t| t.join().expect("no panic")));
    assert!(space.heap.stats().epochs_freed > 0);
}

/// Retired storage that a collection finds first is the collector's.
#[test]
fn collections_and_epochs_free_each_buffer_once() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    let l = new_list(&mut cx);
    for round in 0..30 {
        for i in 0..60_000 {
            append(&mut cx, l, i);
            if i % 9000 == 77 * round {
                cx.collect();
            }
            if i % 7000 == 0 {
                cx.safepoint().expect("no error");
            }
        }
        assert!((0..60_000).all(|i| l.get(i).and_then(Value::as_small) == Some(i as i64)));
        clear(&mut cx, l);
    }
}

#[test]
fn a_child_process_ends_the_epoch_that_its_parent_began() {
    let (space, mut cx) = space();
    without_collections(&space);
    let stop = Arc::new(AtomicBool::new(false));
    let s = stop.clone();
    let other = space.clone();
    let t = std::thread::spawn(move || computes(&mut Ctx::attach(&other, false).expect("a thread"), &s));
    let l = new_list(&mut cx);
    for _ in 0..20 {
        churn(&mut cx, l, ROUND / 16);
        let guard = cx.prepare_fork().expect("registered");
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            cx.after_fork_child(guard);
            churn(&mut cx, l, ROUND / 8);
            churn(&mut cx, l, ROUND / 8);
            unsafe { libc::_exit(i32::from(space.heap.stats().retired > BUDGET)) };
        }
        cx.after_fork_parent(guard);
        let mut status = 0;
        cx.blocking(|| unsafe { libc::waitpid(pid, &mut status, 0) });
        assert_eq!(status, 0);
    }
    stop.store(true, SeqCst);
    cx.blocking(|| t.join().expect("no panic"));
}
