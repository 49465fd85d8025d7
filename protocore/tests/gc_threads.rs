//! Several threads in one heap.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use common::*;
use protocore::layouts::{ListObj, StrObj, WeakRefObj};
use protocore::{Ctx, Ty, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

fn workers(
    space: &Arc<protocore::ProtoSpace>,
    n: usize,
    f: impl Fn(&mut Ctx, usize) + Send + Sync + Clone + 'static,
) -> Vec<std::thread::JoinHandle<()>> {
    (0..n)
        .map(|i| {
            let (space, f) = (space.clone(), f.clone());
            std::thread::spawn(move || {
                let mut cx = Ctx::attach(&space, false).expect("a thread");
                f(&mut cx, i);
            })
        })
        .collect()
}

fn join(cx: &mut Ctx, all: Vec<std::thread::JoinHandle<()>>) {
    cx.blocking(|| all.into_iter().for_each(|t| t.join().expect("no panic")));
}

#[test]
fn threads_allocate_while_each_of_them_collects() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    let class = node_class(&mut cx).value();
    let all = workers(&space, 4, move |cx, i| {
        let class = protocore::TypeObj::of(class).expect("a class");
        for round in 0..60 {
            let kept = tree(cx, class, 9);
            for _ in 0..4 {
                assert_eq!(check(tree(cx, class, 6)), 127);
            }
            if round % 4 == i % 4 {
                cx.collect();
            }
            cx.safepoint().expect("no error");
            assert_eq!(check(kept), 1023);
        }
    });
    join(&mut cx, all);
    assert!(space.heap.stats().collections >= 40);
    assert_eq!(cx.registered_threads(), 1);
}

#[test]
fn a_blocked_thread_keeps_its_values_and_does_not_delay() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    let go = Arc::new(AtomicBool::new(false));
    let ready = Arc::new(AtomicUsize::new(0));
    let (g, r) = (go.clone(), ready.clone());
    let all = workers(&space, 3, move |cx, i| {
        let a = cx.str(&format!("value of thread {i}"));
        let b = cx.tuple(&[a, a]);
        r.fetch_add(1, SeqCst);
        cx.blocking(|| {
            while !g.load(SeqCst) {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
        let t = protocore::layouts::TupleObj::of(b).expect("a tuple");
        assert!(StrObj::of(t.items()[1]).expect("a str").eq_str(&format!("value of thread {i}")));
    });
    while ready.load(SeqCst) < 3 {
        cx.safepoint().expect("no error");
        std::thread::yield_now();
    }
    let start = std::time::Instant::now();
    let class = node_class(&mut cx);
    for _ in 0..20 {
        tree(&mut cx, class, 8);
        cx.collect();
    }
    assert!(start.elapsed().as_secs() < 20);
    go.store(true, SeqCst);
    join(&mut cx, all);
}

#[test]
fn a_shared_list_under_stress() {
    let (space, mut cx) = space();
    space.heap.set_poison(true);
    let ty = cx.ty(Ty::List);
    let list = cx.new_list(ty);
    cx.keep.push(list);
    let weak_ty = cx.ty(Ty::WeakRef).value();
    let per = 4000usize;
    let all = workers(&space, 4, move |cx, i| {
        let l = ListObj::of(list).expect("a list");
        let weak_ty = protocore::TypeObj::of(weak_ty).expect("a class");
        for k in 0..per {
            let s = cx.str(&format!("thread {i} item {k}"));
            cx.list_append(l, s).expect("memory");
            let garbage = cx.tuple(&[s, s, s]);
            let w =
                cx.new_weakref(garbage, None, weak_ty, true).and_then(WeakRefObj::of).expect("a reference");
            if let Some(t) = cx.weakref_get(w) {
                assert_eq!(protocore::layouts::TupleObj::of(t).expect("a tuple").items().len(), 3);
            }
            if k % 1500 == 700 {
                cx.collect();
            }
            cx.safepoint().expect("no error");
        }
    });
    let l = ListObj::of(list).expect("a list");
    while !all.iter().all(std::thread::JoinHandle::is_finished) {
        let n = l.len();
        if n > 0 {
            assert!(l.get(n / 2).and_then(StrObj::of).is_some());
        }
        cx.safepoint().expect("no error");
    }
    join(&mut cx, all);
    assert_eq!(l.len(), 4 * per);
    assert!((0..4 * per).all(|i| l.get(i).and_then(StrObj::of).is_some()));
}

#[test]
fn threads_come_and_go_during_collections() {
    let (space, mut cx) = space();
    let class = node_class(&mut cx).value();
    let stop = Arc::new(AtomicBool::new(false));
    let s = stop.clone();
    let collector = workers(&space, 1, move |cx, _| {
        while !s.load(SeqCst) {
            cx.collect();
        }
    });
    for _ in 0..30 {
        let all = workers(&space, 4, move |cx, _| {
            let class = protocore::TypeObj::of(class).expect("a class");
            assert_eq!(check(tree(cx, class, 8)), 511);
        });
        join(&mut cx, all);
    }
    stop.store(true, SeqCst);
    join(&mut cx, collector);
}

#[test]
fn retired_memory_is_freed_when_all_threads_have_passed_a_safepoint() {
    static LIVE: AtomicUsize = AtomicUsize::new(0);
    struct Piece {
        _bytes: [u8; 4096],
    }
    impl Drop for Piece {
        fn drop(&mut self) {
            LIVE.fetch_sub(1, SeqCst);
        }
    }
    let (space, mut cx) = space();
    let all = workers(&space, 2, |cx, _| {
        for _ in 0..20_000 {
            LIVE.fetch_add(1, SeqCst);
            cx.retire(Box::new(Piece { _bytes: [0; 4096] }), 4096);
            cx.safepoint().expect("no error");
        }
    });
    while !all.iter().all(std::thread::JoinHandle::is_finished) {
        cx.safepoint().expect("no error");
        assert!(LIVE.load(SeqCst) < 30_000);
        std::thread::yield_now();
    }
    join(&mut cx, all);
    assert!(LIVE.load(SeqCst) < 10_000, "{}", LIVE.load(SeqCst));
    drop(cx);
    drop(space);
}

#[test]
fn a_child_process_goes_on_with_the_heap() {
    let (space, mut cx) = space();
    let class = node_class(&mut cx);
    let stop = Arc::new(AtomicBool::new(false));
    let s = stop.clone();
    let c = class.value();
    let all = workers(&space, 2, move |cx, _| {
        let class = protocore::TypeObj::of(c).expect("a class");
        while !s.load(SeqCst) {
            tree(cx, class, 6);
            cx.safepoint().expect("no error");
        }
    });
    let kept = tree(&mut cx, class, 8);
    for _ in 0..5 {
        let guard = cx.prepare_fork().expect("registered");
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            cx.after_fork_child(guard);
            cx.collect();
            let ok =
                check(kept) == 511 && cx.registered_threads() == 1 && check(tree(&mut cx, class, 8)) == 511;
            unsafe { libc::_exit(i32::from(!ok)) };
        }
        cx.after_fork_parent(guard);
        let mut status = 0;
        cx.blocking(|| unsafe { libc::waitpid(pid, &mut status, 0) });
        assert_eq!(status, 0);
    }
    stop.store(true, SeqCst);
    join(&mut cx, all);
    assert_eq!(check(kept), 511);
    let _: Value = kept;
}
