//! Speed of allocation and collection. Run: `cargo test --release -p protocore --test gc_bench -- --ignored --nocapture`.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use common::*;
use std::time::Duration;

/// CPU time of this thread: other processes do not count.
struct Instant(Duration);

impl Instant {
    fn now() -> Instant {
        let mut t = unsafe { std::mem::zeroed::<libc::timespec>() };
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
        Instant(Duration::new(t.tv_sec as u64, t.tv_nsec as u32))
    }

    fn elapsed(&self) -> Duration {
        Instant::now().0 - self.0
    }
}

#[test]
#[ignore = "a benchmark"]
fn binary_trees() {
    let (space, mut cx) = space();
    let class = node_class(&mut cx);
    let max = 18;
    let start = Instant::now();
    let mut nodes = 0usize;
    let long = tree(&mut cx, class, max);
    nodes += check(long);
    for depth in (4..=max).step_by(4) {
        for _ in 0..1usize << (max - depth + 4) {
            nodes += check(tree(&mut cx, class, depth));
        }
    }
    let total = start.elapsed();
    assert_eq!(check(long), (1 << (max + 1)) - 1);
    let s = space.heap.stats();
    println!("binary-trees {max}: {nodes} nodes, {:.2} ns a node", total.as_nanos() as f64 / nodes as f64);
    println!("{s:?}");
}

#[test]
#[ignore = "a benchmark"]
fn short_lived() {
    let (space, mut cx) = space();
    let class = node_class(&mut cx);
    let n = 100_000_000usize;
    let start = Instant::now();
    for _ in 0..n {
        std::hint::black_box(node(&mut cx, class, None, None));
    }
    println!("short-lived: {:.2} ns an object", start.elapsed().as_nanos() as f64 / n as f64);
    println!("{:?}", space.heap.stats());
}

#[test]
#[ignore = "a benchmark"]
fn big_live_heap() {
    let (space, mut cx) = space();
    let class = node_class(&mut cx);
    let long = tree(&mut cx, class, 23);
    let t = Instant::now();
    cx.collect_once();
    let objects = (1usize << 24) - 1;
    println!("mark: {:.2} ns an object", t.elapsed().as_nanos() as f64 / objects as f64);
    assert_eq!(check(long), objects);
    println!("{:?}", space.heap.stats());
}

/// Pauses by the clock.
#[test]
#[ignore = "a benchmark"]
fn marking_by_teams() {
    for depth in [18, 20, 22] {
        let (space, mut cx) = space();
        let class = node_class(&mut cx);
        let live = tree(&mut cx, class, depth);
        let mut best = [Duration::MAX; 4];
        for _ in 0..10 {
            for (i, best) in best.iter_mut().enumerate() {
                space.heap.set_markers(i + 1);
                let before = space.heap.stats().pause_total;
                cx.collect_uncounted();
                *best = (*best).min(space.heap.stats().pause_total - before);
            }
        }
        assert_eq!(check(live), (2 << depth) - 1);
        println!("{} objects, pause with 1, 2, 3, 4 markers: {best:?}", (2 << depth) - 1);
    }
}

trait CollectOnce {
    fn collect_once(&mut self);
}

impl CollectOnce for protocore::Ctx {
    fn collect_once(&mut self) {
        self.collect();
    }
}
