//! Locks and events for Python threads.
//!
//! A lock is one word in its object. A thread that must wait enters a queue of the space's parking lot under the word's
//! address and parks inside of a blocking scope, so that the collector does not wait for it; who releases a lock that has
//! waiters wakes the first. The word tells whether there may be any: a release without waiters is one exchange.
//!
//! 1. A waiter tries the word and enters the queue under one hold of the bucket's lock; a waker changes the word before
//!    it takes that lock. So no wake-up is lost.
//! 2. A waiter that gives up finds itself in the queue, or has been woken: then it tries once more, so that the wake-up is
//!    not lost with it.
//! 3. The main thread wakes now and then to see whether a signal has arrived: a handler of the system's may not
//!    unpark a thread.
//! 4. After `fork` the child gets a new lot: the old one's locks may be held by threads that do not exist any more. The lot is
//!    looked up outside of blocking scopes, where no thread can be when the process forks.

use crate::finalize::{run_idle_collection, run_signals};
use crate::interp::liveness::{called_plainly, forget_dead_registers};
use protocore::ctx::breaker;
use protocore::heap::Look;
use protocore::layouts::{FloatObj, IntRef};
use protocore::space::SpaceState;
use protocore::{Ctx, Guarded, PyResult, Tracer, Ty, Value};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long the main thread sleeps before it looks for signals.
const SIGNAL_SLICE: Duration = Duration::from_millis(20);

const BUCKETS: usize = 64;

struct Waiter {
    thread: Thread,
    woken: AtomicBool,
}

type Queue = VecDeque<(usize, Arc<Waiter>)>;

/// Queues of waiting threads.
pub struct Lot {
    buckets: [Mutex<Queue>; BUCKETS],
}

impl Default for Lot {
    fn default() -> Lot {
        Lot { buckets: std::array::from_fn(|_| Mutex::new(VecDeque::new())) }
    }
}

/// The lot of a space.
struct LotState(Guarded<Arc<Lot>>);

impl Default for LotState {
    fn default() -> LotState {
        LotState(Guarded::new(Arc::new(Lot::default())))
    }
}

impl SpaceState for LotState {
    fn trace(&self, _: &mut Tracer) {}
}

/// The space's parking lot.
pub fn lot(cx: &Ctx) -> Arc<Lot> {
    cx.space().state::<LotState>().0.with(|l| l.clone())
}

/// In the child of a `fork`: nobody waits.
pub fn lot_after_fork(cx: &Ctx) {
    let fresh = Arc::new(Lot::default());
    cx.space().state::<LotState>().0.with(|l| *l = fresh);
}

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// The condition came true.
    Done,
    /// Time ran out.
    TimedOut,
    /// A signal arrived.
    Signal,
}

impl Lot {
    fn bucket(&self, address: usize) -> MutexGuard<'_, Queue> {
        let i = (address >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58;
        self.buckets[i % BUCKETS].lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Waits until `ready` answers true; it is asked again after each wake-up of `address`. To be called in a blocking scope.
    /// `signals`: the breaker whose signal bit ends the wait.
    pub fn wait(
        &self,
        address: usize,
        deadline: Option<Instant>,
        signals: Option<&AtomicU32>,
        ready: &dyn Fn() -> bool,
    ) -> Wait {
        let waiter = Arc::new(Waiter { thread: std::thread::current(), woken: AtomicBool::new(false) });
        loop {
            {
                let mut q = self.bucket(address);
                if ready() {
                    return Wait::Done;
                }
                waiter.woken.store(false, Ordering::Relaxed);
                q.push_back((address, waiter.clone()));
            }
            let end = sleep(&waiter, deadline, signals);
            if end == Wait::Done {
                continue;
            }
            let mut q = self.bucket(address);
            match q.iter().position(|(_, w)| Arc::ptr_eq(w, &waiter)) {
                Some(i) => {
                    q.remove(i);
                }
                None if ready() => return Wait::Done,
                None => {}
            }
            return end;
        }
    }

    /// Wakes the first thread that waits for an address.
    pub fn wake_one(&self, address: usize) {
        let found = {
            let mut q = self.bucket(address);
            q.iter().position(|(a, _)| *a == address).and_then(|i| q.remove(i))
        };
        if let Some((_, w)) = found {
            w.woken.store(true, Ordering::Release);
            w.thread.unpark();
        }
    }

    /// Wakes all threads that wait for an address.
    pub fn wake_all(&self, address: usize) {
        let mut found = Vec::new();
        self.bucket(address).retain(|(a, w)| {
            if *a == address {
                found.push(w.clone());
            }
            *a != address
        });
        for w in found {
            w.woken.store(true, Ordering::Release);
            w.thread.unpark();
        }
    }
}

fn sleep(w: &Waiter, deadline: Option<Instant>, signals: Option<&AtomicU32>) -> Wait {
    loop {
        if w.woken.load(Ordering::Acquire) {
            return Wait::Done;
        }
        if signals.is_some_and(|b| b.load(Ordering::Acquire) & breaker::SIGNAL != 0) {
            return Wait::Signal;
        }
        let left = match deadline {
            Some(d) => match d.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => Some(left),
                _ => return Wait::TimedOut,
            },
            None => None,
        };
        match (left, signals.is_some()) {
            (Some(l), true) => std::thread::park_timeout(l.min(SIGNAL_SLICE)),
            (Some(l), false) => std::thread::park_timeout(l),
            (None, true) => std::thread::park_timeout(SIGNAL_SLICE),
            (None, false) => std::thread::park(),
        }
    }
}

/// Asks `ready` for a moment, since a wait in the parking lot costs the waker more than the wait is long if it is over soon; whether it
/// said yes. `lock`: it takes a lock.
pub fn watch_for(cx: &Ctx, lock: bool, ready: &dyn Fn() -> bool) -> bool {
    protocore::backoff::watch(lock, &|| cx.poll_needed(), ready)
}

/// Seconds as nanoseconds, rounded up as timeouts are; OverflowError, and TypeError for what is no number.
pub fn timeout_nanos(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    const FACTOR: f64 = 1e9;
    let range = |cx: &mut Ctx| cx.raise_str(Ty::OverflowError, "timestamp out of range for C PyTime_t");
    if let Some(f) = FloatObj::of(v) {
        if f.is_nan() {
            return Err(cx.value_error("Invalid value NaN (not a number)"));
        }
        let n = f * FACTOR;
        let n = if n < 0.0 { n.floor() } else { n.ceil() };
        if !(-9.223_372_036_854_775e18..9.223_372_036_854_775e18).contains(&n) {
            return Err(range(cx));
        }
        return Ok(n as i64);
    }
    if cx.type_of(v).slots.index.address() == 0 && IntRef::of(v).is_none() {
        let msg =
            format!("'{}' object cannot be interpreted as an integer or float", crate::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    let n = crate::ops::index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64).and_then(|n| n.checked_mul(1_000_000_000)) {
        Some(n) => Ok(n),
        None => Err(range(cx)),
    }
}

/// Waits in a blocking scope until `ready` answers true; false when time has run out. Signal handlers run meanwhile, on the
/// main thread; what they raise is raised.
pub fn wait_for(
    cx: &mut Ctx,
    address: usize,
    deadline: Option<Instant>,
    ready: &dyn Fn() -> bool,
) -> PyResult<bool> {
    wait_once(cx, false, address, deadline, ready)
}

/// A method of an object that does nothing but wait: its names, and the object.
///
/// Who gives one says that neither the method nor what it calls on the way to the wait holds an object that is not among its
/// arguments (see [`Ctx::blocking_plainly`]), and that finalizers may run meanwhile.
#[derive(Clone, Copy)]
pub struct Waiting(pub Value, pub &'static [&'static str]);

/// As [`wait_for`] for a method that does nothing but wait. What earlier calls have left on its stack keeps no objects alive, and if
/// the process becomes idle in a wait without end, there is a collection: what it waits for may be the end of an object.
pub fn wait_plainly(
    cx: &mut Ctx,
    who: Waiting,
    address: usize,
    deadline: Option<Instant>,
    ready: &dyn Fn() -> bool,
) -> PyResult<bool> {
    let plain = called_plainly(cx, who.0, who.1);
    // Who is alone waits for a signal.
    if deadline.is_none()
        && !cx.single_threaded()
        && let Some(mut watch) = cx.idle_watch()
    {
        loop {
            let look = Instant::now().checked_add(watch.patience());
            if wait_once(cx, plain, address, look, ready)? {
                return Ok(true);
            }
            match cx.look_idle(&mut watch) {
                Look::First => forget_dead_registers(cx, false),
                Look::Later => {}
                Look::Collect => {
                    run_idle_collection(cx);
                    break;
                }
                Look::Over => break,
            }
        }
    }
    wait_once(cx, plain, address, deadline, ready)
}

fn wait_once(
    cx: &mut Ctx,
    plain: bool,
    address: usize,
    deadline: Option<Instant>,
    ready: &dyn Fn() -> bool,
) -> PyResult<bool> {
    loop {
        let lot = lot(cx);
        let breaker = cx.breaker.clone();
        let main = cx.is_main;
        let wait = || lot.wait(address, deadline, main.then_some(&*breaker), ready);
        let end = if plain { cx.blocking_plainly(wait) } else { cx.blocking(wait) };
        match end {
            Wait::Done => return Ok(true),
            Wait::TimedOut => return Ok(false),
            Wait::Signal => cx.scanned_whole(run_signals)?,
        }
    }
}

/// The time at which a wait of this length ends; `None` for one that is too long to end.
pub fn deadline(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|t| Instant::now().checked_add(t))
}

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and somebody may wait.
const CONTENDED: u32 = 2;

/// A lock without owner. It must not move while it is waited for: it lives in a heap object or in an `Arc`.
#[derive(Default)]
pub struct RawLock(AtomicU32);

impl RawLock {
    /// A free lock.
    pub const fn new() -> RawLock {
        RawLock(AtomicU32::new(FREE))
    }

    /// Takes the lock if it is free.
    #[inline]
    pub fn try_acquire(&self) -> bool {
        self.0.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Whether somebody holds it.
    #[inline]
    pub fn is_held(&self) -> bool {
        self.0.load(Ordering::Acquire) != FREE
    }

    fn address(&self) -> usize {
        &raw const self.0 as usize
    }

    /// Takes the lock, waiting for it at most `timeout` (`None`: forever); whether it was taken.
    #[inline]
    pub fn acquire(&self, cx: &mut Ctx, timeout: Option<Duration>) -> PyResult<bool> {
        if self.try_acquire() { Ok(true) } else { self.acquire_slow(cx, timeout, None) }
    }

    /// As [`RawLock::acquire`] for a method that does nothing else.
    #[inline]
    pub fn acquire_plainly(&self, cx: &mut Ctx, timeout: Option<Duration>, who: Waiting) -> PyResult<bool> {
        if self.try_acquire() { Ok(true) } else { self.acquire_slow(cx, timeout, Some(who)) }
    }

    #[cold]
    fn acquire_slow(&self, cx: &mut Ctx, timeout: Option<Duration>, who: Option<Waiting>) -> PyResult<bool> {
        let end = deadline(timeout);
        if watch_for(cx, true, &|| !self.is_held() && self.try_acquire()) {
            return Ok(true);
        }
        let ready = || self.0.swap(CONTENDED, Ordering::Acquire) == FREE;
        match who {
            Some(who) => wait_plainly(cx, who, self.address(), end, &ready),
            None => wait_for(cx, self.address(), end, &ready),
        }
    }

    /// Frees the lock; false if it was free.
    #[inline]
    pub fn release(&self, cx: &Ctx) -> bool {
        // A lock may be freed by any thread, so that "free" is checked and changed at once.
        let mut now = self.0.load(Ordering::Relaxed);
        loop {
            if now == FREE {
                return false;
            }
            match self.0.compare_exchange_weak(now, FREE, Ordering::Release, Ordering::Relaxed) {
                Ok(HELD) => return true,
                Ok(_) => {
                    lot(cx).wake_one(self.address());
                    return true;
                }
                Err(n) => now = n,
            }
        }
    }

    /// In the child of a `fork`: the lock is free.
    pub fn reinit(&self) {
        self.0.store(FREE, Ordering::Release);
    }
}

/// Something that happens once and that threads wait for.
#[derive(Default)]
pub struct Event(AtomicU32);

impl Event {
    /// An event that has not happened.
    pub const fn new() -> Event {
        Event(AtomicU32::new(0))
    }

    /// Whether it has happened.
    #[inline]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire) != 0
    }

    /// Lets it happen.
    pub fn set(&self, lot: &Lot) {
        self.0.store(1, Ordering::Release);
        lot.wake_all(&raw const self.0 as usize);
    }

    /// Waits for it at most `timeout` (`None`: forever); whether it has happened.
    pub fn wait(&self, cx: &mut Ctx, timeout: Option<Duration>, who: Waiting) -> PyResult<bool> {
        if self.is_set() {
            return Ok(true);
        }
        let end = deadline(timeout);
        wait_plainly(cx, who, &raw const self.0 as usize, end, &|| self.is_set())
    }
}
