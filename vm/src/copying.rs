//! Copies of buffers that are under way, so that who wants to resize an exporter waits for them.
//!
//! A copy of an object's memory exports it for as long as it takes, and a large one is made in a blocking scope. To a thread that resizes the
//! object at that moment this is no export that a program knows of: with CPython's lock the two come one after the other. So each
//! copy is announced before the export is made and until it has ended, and who finds an export asks here, by [`wait_for_copies`],
//! whether there is another one besides those of copies. It waits for these in a blocking scope: a copy calls no Python code and takes no lock.
//!
//! A thread announces its copy in a place of its own, in a cache line that no other one writes as long as there are places enough.
//! Nothing is announced while the process has one thread.

use protocore::space::SpaceState;
use protocore::{Ctx, Tracer, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// Places, a power of two: more copies at once wait for each other.
const PLACES: usize = 32;

/// How long a thread looks at a copy of another one without sleeping.
const SPIN: Duration = Duration::from_micros(20);

/// How long it sleeps then before it looks again.
const NAP: Duration = Duration::from_micros(50);

/// A copy that may be under way.
#[derive(Default)]
#[repr(align(128))]
struct Place {
    /// Bits of the object that is copied; 0: the place is free. The object is compared only: who copies it keeps it alive.
    object: AtomicUsize,
    /// The thread that copies, once it has written this; 0 before and afterwards.
    thread: AtomicUsize,
    /// Copies of this place that have ended.
    ended: AtomicUsize,
}

/// The copies under way in a space.
#[derive(Default)]
struct Copies {
    places: [Place; PLACES],
}

impl SpaceState for Copies {
    fn trace(&self, _: &mut Tracer) {}
}

/// A copy that has been announced; it has ended when this is dropped.
pub(crate) struct Copying(Option<(Arc<Copies>, usize)>);

impl Drop for Copying {
    fn drop(&mut self) {
        if let Some(p) = self.0.as_ref().and_then(|(all, i)| all.places.get(*i)) {
            p.ended.fetch_add(1, SeqCst);
            p.thread.store(0, SeqCst);
            p.object.store(0, SeqCst);
        }
    }
}

fn number(v: Value) -> usize {
    v.bits() as usize
}

fn this_thread(cx: &Ctx) -> usize {
    std::ptr::from_ref(cx) as usize
}

/// Announces a copy of `v`'s memory. From the export's beginning to its end no Python code may run.
#[inline]
pub(crate) fn announce(cx: &mut Ctx, v: Value) -> Copying {
    if cx.single_threaded() { Copying(None) } else { announced(cx, v) }
}

fn announced(cx: &mut Ctx, v: Value) -> Copying {
    let all = cx.space().state::<Copies>();
    let me = this_thread(cx);
    let own = (me as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59;
    loop {
        for i in 0..PLACES {
            let i = (own as usize + i) % PLACES;
            let p = &all.places[i];
            if p.object.compare_exchange(0, number(v), SeqCst, Relaxed).is_ok() {
                p.thread.store(me, SeqCst);
                return Copying(Some((all, i)));
            }
        }
        cx.blocking(std::thread::yield_now);
    }
}

/// In the child of a fork: other threads' copies will never end, so nobody is to wait for them. Their exports stay.
pub(crate) fn after_fork(cx: &Ctx) {
    let me = this_thread(cx);
    for p in &cx.space().state::<Copies>().places {
        if p.thread.load(SeqCst) != me {
            p.thread.store(0, SeqCst);
            p.object.store(0, SeqCst);
        }
    }
}

/// Whether it is worth looking at the exports of `v`, whose number `exports` tells, again: they were other threads' copies, and one of
/// these has ended meanwhile. `false`: there is an export of another kind.
pub fn wait_for_copies(cx: &mut Ctx, v: Value, exports: impl Fn() -> usize) -> bool {
    if cx.single_threaded() {
        return exports() == 0;
    }
    let all = cx.space().state::<Copies>();
    let me = this_thread(cx);
    let others = |p: &&Place| p.object.load(SeqCst) == number(v) && p.thread.load(SeqCst) != me;
    let ended = || all.places.iter().fold(0usize, |n, p| n.wrapping_add(p.ended.load(SeqCst)));
    loop {
        let before = ended();
        let found = exports();
        if found == 0 {
            return true;
        }
        let count = all.places.iter().filter(others).count();
        // A copy is announced before its export begins: if none has ended since, those that were counted include all whose exports were.
        if ended() != before {
            continue;
        }
        if found > count {
            return false;
        }
        let Some(one) = all.places.iter().find(others) else { return true };
        wait_for(cx, one, v);
        return true;
    }
}

/// Waits until a copy has ended.
fn wait_for(cx: &mut Ctx, p: &Place, v: Value) {
    let ended = p.ended.load(SeqCst);
    let over = || p.object.load(SeqCst) != number(v) || p.ended.load(SeqCst) != ended;
    cx.blocking(|| {
        let begun = Instant::now();
        while !over() {
            if begun.elapsed() < SPIN {
                std::hint::spin_loop();
            } else {
                std::thread::sleep(NAP);
            }
        }
    });
}
