//! Collections in moments in which the program does nothing.
//!
//! A program whose threads all wait allocates nothing, so that no collection is ever due; what it waits for may be what the
//! finalizer or the weak reference's callback of something forgotten would do, as an executor's threads wait for its end. So a
//! thread that begins a wait without end looks now and then, at times ever further apart, whether the process has used the
//! processor meanwhile, and if it has not, has another thread do one full collection: the finalizers may want a lock that a
//! thread holds while it waits.
//!
//! 1. After that the wait costs nothing more: one collection does for all waits that had begun before it.
//! 2. They take a fiftieth of one processor at most, and become rare, up to one a minute, while nothing with a finalizer or a weak
//!    reference dies in them.
//! 3. A large heap has to be idle for longer, by a second for each 128 MiB in use: other threads may be about to go on.

use super::class::BLOCK_BYTES;
use super::{Heap, locked};
use crate::ctx::Ctx;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A wait that has lasted so long is watched, and one in which the process was idle for as long is used for a collection.
const PATIENCE: Duration = Duration::from_millis(100);
/// Bytes in use for which the process has to be idle for a second more.
const SLOWER: usize = 128 << 20;
/// Longest time between two looks, and between collections that find nothing.
const RARELY: Duration = Duration::from_secs(60);
/// Least time between collections of which the first one found nothing.
const REST: Duration = Duration::from_millis(250);
/// A process is idle if it computes for less than this part of the time: the main thread looks for signals meanwhile.
const IDLE: u32 = 16;
/// Part of one processor's time that collections may take.
const SHARE: u32 = 50;

/// What is known of the heap's idle collections.
#[derive(Default)]
pub(super) struct Idle {
    /// Waits that have begun.
    waits: AtomicUsize,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    /// Waits that had begun before it.
    waits: usize,
    /// When the next one may begin.
    until: Option<Instant>,
    /// How long after one that finds nothing.
    rest: Duration,
}

/// A thread's wait without end.
pub struct IdleWatch {
    number: usize,
    patience: Duration,
    /// When the process was looked at last, and the processor time that it had spent. Short waits pay for no look.
    seen: Option<(Instant, Duration)>,
}

impl IdleWatch {
    /// How long to wait before [`Ctx::collect_when_idle`] is called.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    fn again(&mut self, patience: Duration) {
        self.patience = patience.clamp(PATIENCE, RARELY);
        self.seen = Some((Instant::now(), process_time()));
    }
}

/// Processor time of the process.
fn process_time() -> Duration {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one `timespec`.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    Duration::new(u64::try_from(t.tv_sec).unwrap_or(0), u32::try_from(t.tv_nsec).unwrap_or(0))
}

impl Heap {
    /// Finalizers queued and weak references cleared so far.
    fn ends(&self) -> usize {
        let s = locked(&self.stats);
        s.finalized + s.weakrefs_cleared
    }
}

/// What a look at a process shows to a thread that waits.
#[derive(PartialEq, Eq)]
pub enum Look {
    /// It was the first one: from now on it counts what the process does. What the thread keeps needlessly is to be let go.
    First,
    /// The process is busy, or has collected a moment ago.
    Later,
    /// The process is idle: somebody is to call [`Ctx::collect_idly`]; the wait is to look no more.
    Collect,
    /// A collection has done for this wait, or there are none.
    Over,
}

impl Ctx {
    /// Begins a wait without end, for which [`Ctx::look_idle`] is to be called; `None` where that is not worth while.
    pub fn idle_watch(&self) -> Option<IdleWatch> {
        let worth = self.heap().enabled() && !self.local.finalizing;
        worth.then_some(IdleWatch { number: 0, patience: PATIENCE, seen: None })
    }

    /// Looks whether the process was idle since the last look, and whether enough time has passed since the last collection that came of
    /// that.
    pub fn look_idle(&self, w: &mut IdleWatch) -> Look {
        let heap = self.heap();
        if !heap.enabled() {
            return Look::Over;
        }
        let Some((begun, spent_then)) = w.seen else {
            let seconds = (heap.blocks.used() * BLOCK_BYTES) as f64 / SLOWER as f64;
            w.number = heap.idle.waits.fetch_add(1, Relaxed) + 1;
            w.again(PATIENCE + Duration::try_from_secs_f64(seconds).unwrap_or(RARELY));
            return Look::First;
        };
        let (now, spent) = (Instant::now(), process_time());
        if spent.saturating_sub(spent_then) > now.saturating_duration_since(begun) / IDLE {
            w.again(w.patience * 2);
            return Look::Later;
        }
        let mut last = locked(&heap.idle.last);
        if last.waits >= w.number {
            return Look::Over;
        }
        if let Some(left) = last.until.and_then(|t| t.checked_duration_since(now))
            && !left.is_zero()
        {
            drop(last);
            w.again(left);
            return Look::Later;
        }
        // Nobody else begins meanwhile.
        last.waits = heap.idle.waits.load(Relaxed);
        last.until = now.checked_add(RARELY);
        Look::Collect
    }

    /// The collection of an idle process, in a thread of its own: its finalizers may want a lock that a thread holds while it waits.
    pub fn collect_idly(&mut self) {
        let (heap, spent) = (self.heap(), process_time());
        let before = heap.ends();
        self.collect();
        let took = process_time().saturating_sub(spent);
        let mut last = locked(&heap.idle.last);
        last.rest = if heap.ends() == before { (last.rest * 2).clamp(REST, RARELY) } else { Duration::ZERO };
        last.until = Instant::now().checked_add(last.rest.max(took * SHARE));
    }
}
