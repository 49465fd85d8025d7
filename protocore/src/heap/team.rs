//! Marking by several threads.
//!
//! A full collection of a large heap has helpers, threads that live as long as its marking: a persistent one would have to be
//! dealt with at `fork` and at exit, and starting one takes some 50 µs. The collecting thread visits the roots; then each member of
//! the team has a tracer with a stack of its own and traces what is on it. Who has nothing left is hungry, and who
//! notices gives part of its stack away: the older half of a short one, whose entries lead to the most (a tree has few entries at a time), or the
//! younger end of a long one. Marking ends when all are hungry.
//!
//! 1. An object is visited by the tracer that set its mark, hence once; marks are set by an atomic operation meanwhile.
//! 2. `trace` of a payload only reads, so that two threads may be in different objects' at once.
//! 3. A helper that panics, or whose stack cannot grow, leaves the rest to the collecting thread, which traces what is marked again.
//!
//! Minor collections and small heaps are marked by one thread; so is everything if there is one processor.

use super::class::BLOCK_BYTES;
use super::{Heap, locked};
use crate::trace::Tracer;
use crate::value::Value;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex};

/// Bytes of blocks in use from which helpers pay.
const LARGE: usize = 64 << 20;

/// Most members of a team: memory is what marking waits for.
const MOST: usize = 4;

/// Stack of a helper: marking does not recurse.
const STACK: usize = 512 << 10;

/// The fewest entries of a stack of which some are given away; what is a short one; and the most that are given away of a long one, of
/// which it is a quarter else: enough for some hundred microseconds.
const LEAST: usize = 8;
const SHORT: usize = 1024;
const PORTION: usize = 16 << 10;

/// How often a hungry member looks for more before it sleeps, and how long it waits in between.
const LOOKS: usize = 200;
const STEP: usize = 50;

/// What members have given away.
#[derive(Default)]
struct Table {
    portions: Vec<Vec<Value>>,
    hungry: usize,
    members: usize,
}

/// The tracers of one collection.
#[derive(Default)]
pub(crate) struct Team {
    table: Mutex<Table>,
    more: Condvar,
    /// Hungry members for whom nothing lies on the table.
    wanting: AtomicUsize,
}

// SAFETY: values are words, which the collector may read on any thread while the world is stopped.
unsafe impl Send for Team {}
// SAFETY: as above.
unsafe impl Sync for Team {}

impl Team {
    /// Whether a member has nothing to do.
    #[inline(always)]
    pub(crate) fn is_hungry(&self) -> bool {
        self.wanting.load(Relaxed) != 0
    }

    fn note(&self, t: &Table) {
        self.wanting.store(t.hungry.saturating_sub(t.portions.len()), Relaxed);
    }

    /// Gives a part of a stack away.
    #[cold]
    pub(crate) fn give(&self, stack: &mut Vec<Value>) {
        let n = stack.len();
        if n < LEAST {
            return;
        }
        let count = if n <= SHORT { n / 2 } else { PORTION.min(n / 4) };
        let mut portion = Vec::new();
        if portion.try_reserve_exact(count).is_err() {
            return;
        }
        let from = if n <= SHORT { 0 } else { n - count };
        portion.extend(stack.drain(from..from + count));
        let mut t = locked(&self.table);
        t.portions.push(portion);
        self.note(&t);
        drop(t);
        self.more.notify_one();
    }

    /// Something to trace; `None` when nobody has anything left.
    pub(crate) fn take(&self) -> Option<Vec<Value>> {
        let mut looks = 0;
        let mut t = locked(&self.table);
        t.hungry += 1;
        loop {
            if let Some(p) = t.portions.pop() {
                t.hungry -= 1;
                self.note(&t);
                return Some(p);
            }
            self.note(&t);
            if t.hungry >= t.members {
                drop(t);
                self.more.notify_all();
                return None;
            }
            looks += 1;
            if looks < LOOKS {
                drop(t);
                (0..STEP).for_each(|_| std::hint::spin_loop());
                t = locked(&self.table);
            } else {
                t = self.more.wait(t).unwrap_or_else(|e| e.into_inner());
            }
        }
    }

    fn leave(&self) {
        let mut t = locked(&self.table);
        t.members -= 1;
        self.note(&t);
        drop(t);
        self.more.notify_all();
    }
}

/// A member of a team, which leaves it by a panic.
struct Member<'a>(&'a Team);

impl Drop for Member<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.leave();
        }
    }
}

/// A helper's tracer; and what is left of it in the end.
struct Helper(Tracer);

// SAFETY: a tracer points into the heap, which outlives the team; only the thread that has it uses it.
unsafe impl Send for Helper {}

impl Helper {
    fn work(mut self, team: &Team) -> Helper {
        let member = Member(team);
        self.0.work(team);
        drop(member);
        self
    }
}

/// All signals are blocked: threads that are started inherit it, and handlers belong to threads of the program.
struct Undisturbed(libc::sigset_t);

impl Undisturbed {
    fn begin() -> Undisturbed {
        // SAFETY: the calls fill sets that are zeroed first.
        unsafe {
            let (mut all, mut old) = (std::mem::zeroed(), std::mem::zeroed());
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut old);
            Undisturbed(old)
        }
    }
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        // SAFETY: the set is the one that was in force.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
    }
}

impl Heap {
    /// Has so many threads mark in each collection, whatever the heap's size (`PROTOPY_GC_MARKERS`).
    pub fn set_markers(&self, n: usize) {
        self.markers.store(n, Relaxed);
    }

    fn helpers(&self, minor: bool) -> usize {
        match self.markers.load(Relaxed) {
            0 if minor || self.blocks.used() * BLOCK_BYTES < LARGE => 0,
            0 => {
                let count = || std::thread::available_parallelism().map_or(1, usize::from);
                (*self.processors.get_or_init(count)).min(MOST) - 1
            }
            n => n - 1,
        }
    }

    /// Traces what is on the tracer's stack until nothing is left, with helpers if they pay.
    pub(super) fn drain(&self, t: &mut Tracer, minor: bool) {
        let helpers = self.helpers(minor);
        if helpers > 0 {
            let team = Team::default();
            locked(&team.table).members = 1;
            let undisturbed = Undisturbed::begin();
            std::thread::scope(|scope| {
                let member = Member(&team);
                let mut hired = Vec::new();
                for _ in 0..helpers {
                    locked(&team.table).members += 1;
                    let helper = Helper(t.mate());
                    let started = std::thread::Builder::new()
                        .name("marking".into())
                        .stack_size(STACK)
                        .spawn_scoped(scope, || helper.work(&team));
                    match started {
                        Ok(h) => hired.push(h),
                        Err(_) => team.leave(),
                    }
                }
                t.work(&team);
                drop(member);
                for h in hired {
                    match h.join() {
                        Ok(Helper(mut other)) => {
                            t.always.append(&mut other.always);
                            t.overflowed |= other.overflowed;
                        }
                        Err(_) => t.overflowed = true,
                    }
                }
            });
            drop(undisturbed);
            t.share(false);
        }
        t.drain();
    }
}
