//! Marking by several threads: what is reachable stays, what is not goes, whatever the number of markers.

mod common;

use common::{attach_main, check, node, node_class, node_slots, scrub, tree, weak};
use protocore::{Ctx, ProtoSpace, TypeObj, Value};

const DEPTH: usize = 14;
const CHAIN: usize = 20_000;

fn chain(cx: &mut Ctx, class: &TypeObj) -> Value {
    let mut last = node(cx, class, None, None);
    for _ in 1..CHAIN {
        last = node(cx, class, Some(last), None);
    }
    last
}

fn length(mut v: Value) -> usize {
    let mut n = 1;
    while let Some(next) = node_slots(v)[1].get() {
        v = next;
        n += 1;
    }
    n
}

/// Many trees below nodes that all share one of them, so that markers meet in it.
fn forest(cx: &mut Ctx, class: &TypeObj) -> Value {
    let shared = tree(cx, class, 6);
    let mut last = node(cx, class, None, Some(shared));
    for _ in 0..200 {
        let t = tree(cx, class, 5);
        let both = node(cx, class, Some(t), Some(shared));
        last = node(cx, class, Some(last), Some(both));
    }
    last
}

#[inline(never)]
fn garbage(cx: &mut Ctx, class: &TypeObj) -> usize {
    let dead = tree(cx, class, 10);
    let w = weak(cx, dead);
    cx.keep.push(Value::from_ref(w));
    cx.keep.len() - 1
}

fn marked_by(markers: usize, stack: usize) {
    let space = ProtoSpace::new((1, 2)).expect("a space");
    space.heap.set_poison(true);
    space.heap.set_markers(markers);
    space.heap.set_mark_stack_limit(stack);
    let mut cx = attach_main(&space);
    let class = node_class(&mut cx);
    let (t, c, f) = (tree(&mut cx, class, DEPTH), chain(&mut cx, class), forest(&mut cx, class));
    for _ in 0..5 {
        let w = garbage(&mut cx, class);
        scrub();
        cx.collect_uncounted();
        let w = protocore::layouts::WeakRefObj::of(cx.keep[w]).expect("a weak reference");
        assert!(cx.weakref_get(w).is_none(), "garbage was kept by {markers} markers");
        assert_eq!(check(t), (2 << DEPTH) - 1);
        assert_eq!(length(c), CHAIN);
        let (mut at, mut trees) = (f, 0);
        while let Some(next) = node_slots(at)[1].get() {
            let both = node_slots(at)[2].get().expect("a node");
            assert_eq!(check(node_slots(both)[1].get().expect("a tree")), 63);
            assert_eq!(check(node_slots(both)[2].get().expect("the shared tree")), 127);
            (at, trees) = (next, trees + 1);
        }
        assert_eq!(trees, 200);
    }
}

#[test]
fn teams_find_what_is_reachable() {
    for markers in 1..=4 {
        marked_by(markers, usize::MAX);
    }
}

#[test]
fn stacks_of_a_team_may_overflow() {
    for markers in [2, 3] {
        marked_by(markers, 8);
    }
}
