//! Waiting for what another thread gives back in a moment.
//!
//! Threads that write one object in turn spend their time on its cache lines, which move to and fro: such an append costs several times
//! what it costs a thread that is alone. So who finds a lock taken stays away for a while, and the other does many operations in a
//! row at the speed of one thread. A thread learns for how long: a collision soon after it came back doubles the time, a late one
//! shortens it. Threads that meet now and then, every few microseconds or less often, do not begin to stay away.
//!
//! Who waits for a thing gives way before it sleeps, if others want the processor ([`give_way`]).
//!
//! What is learned belongs to the thread, not to a space or an object; a wrong guess costs microseconds.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The shortest time away.
const SHORTEST: Duration = Duration::from_nanos(100);

/// How often it may double: 51.2 µs.
const LEVELS: u32 = 9;

/// The same for locks of programs, which may be handed over rather than contended: 25.6 µs.
const LOCK_LEVELS: u32 = 8;

/// A collision that comes sooner than this after the last one is a reason to stay away longer.
const SOON: Duration = Duration::from_micros(4);

/// Attempts before a thread lets others run instead of waiting: who has the lock may have lost its processor.
const PATIENCE: u32 = 3;

/// Attempts before a thread sleeps between them: whatever goes on under the lock is long.
const SLEEPY: u32 = 200;

/// How long a sleepy thread sleeps.
const NAP: Duration = Duration::from_micros(50);

/// Least and most time for which [`watch`] asks; the least for a lock.
const GLANCE: Duration = Duration::from_micros(1);
const STARE: Duration = Duration::from_micros(40);
const LOCK_GLANCE: Duration = Duration::from_micros(8);

/// Who gave way for longer has let others run.
const RAN: Duration = Duration::from_micros(30);

/// After how many failures in a row [`give_way`] is worth least while: every 1024th time then.
const FAILURES: u32 = 10;

/// The longest interval between its questions.
const LONGEST_STEP: Duration = Duration::from_micros(3);

#[derive(Clone, Copy)]
struct Learned {
    /// When the thread last came back.
    back: Option<Instant>,
    /// How often the time away has doubled.
    level: u32,
    /// For how long [`watch`] asks.
    watch: Duration,
    /// How often in a row [`give_way`] has gained nothing, and how often it is not to be tried therefore.
    failures: u32,
    skip: u32,
}

thread_local! {
    static LEARNED: Cell<Learned> = const {
        Cell::new(Learned { back: None, level: 0, watch: STARE, failures: 0, skip: 0 })
    };
}

fn spin_until(end: Instant) {
    while Instant::now() < end {
        for _ in 0..4 {
            std::hint::spin_loop();
        }
    }
}

/// Time away at a level.
fn away(level: u32) -> Duration {
    SHORTEST * (1 << level)
}

/// The level after a collision at `now`.
fn level_after(l: Learned, now: Instant) -> u32 {
    let (worked, away) = (l.back.map(|b| now.saturating_duration_since(b)), away(l.level));
    match worked {
        Some(w) if w < SOON.max(away / 2) => (l.level + 1).min(LEVELS),
        Some(w) if w <= 2 * away => l.level,
        _ => l.level.saturating_sub(2),
    }
}

/// Passes time before the next attempt at a lock that is held for a few instructions; `n` attempts have failed since the first one did.
#[cold]
pub fn stay_away(n: u32) {
    if n >= PATIENCE {
        return if n < SLEEPY { std::thread::yield_now() } else { std::thread::sleep(NAP) };
    }
    LEARNED.with(|cell| {
        let (l, now) = (cell.get(), Instant::now());
        let level = if n == 0 { level_after(l, now) } else { l.level };
        spin_until(now + away(level));
        cell.set(Learned { back: Some(Instant::now()), level, ..l });
    });
}

/// Asks `ready` at growing intervals for as long as this has lately been worth while, at most some ten microseconds; whether it
/// said yes. `lock`: what is waited for is a lock, from which the thread first stays away as from one held for a few
/// instructions. Ends when `disturbed` says yes.
#[cold]
pub fn watch(lock: bool, disturbed: &dyn Fn() -> bool, ready: &dyn Fn() -> bool) -> bool {
    LEARNED.with(|cell| {
        let (mut l, begin) = (cell.get(), Instant::now());
        if lock {
            l.level = level_after(l, begin);
            spin_until(begin + away(l.level.min(LOCK_LEVELS)));
        }
        let (begin, length) = (Instant::now(), if lock { l.watch.max(LOCK_GLANCE) } else { l.watch });
        let (mut now, mut step) = (begin, SHORTEST);
        let mut found = ready();
        while !found && now.saturating_duration_since(begin) < length && !disturbed() {
            spin_until(now + step);
            found = ready();
            step = (2 * step).min(LONGEST_STEP);
            now = Instant::now();
        }
        l.watch = if found { (2 * l.watch).min(STARE) } else { (l.watch / 2).max(GLANCE) };
        if lock {
            l.back = Some(Instant::now());
        }
        cell.set(l);
        found
    })
}

/// Lets others run once in a thread that is about to sleep until another gives it something, if that has paid lately. `yield_now` does it,
/// in a blocking scope; `got` is how many things lie there afterwards.
///
/// Where threads are more than processors, who gives something to a sleeping thread loses its processor to it at once, and gets it back when
/// that thread has dealt with the one thing and sleeps again: two switches for each. A thread that stays awake finds many things
/// when its turn comes. One that finds a single thing after others ran was waited for in vain, as in an exchange of questions and answers.
#[cold]
pub fn give_way(yield_now: impl FnOnce(), got: impl FnOnce() -> usize) {
    let mut l = LEARNED.get();
    if l.skip > 0 {
        l.skip -= 1;
        return LEARNED.set(l);
    }
    let begin = Instant::now();
    yield_now();
    if begin.elapsed() < RAN {
        return;
    }
    l.failures = if got() > 1 { 0 } else { (l.failures + 1).min(FAILURES) };
    l.skip = if l.failures == 0 { 0 } else { 1 << l.failures };
    LEARNED.set(l);
}
