//! The threads of a space, and how the world stops.
//!
//! # Invariants
//!
//! 1. A registered thread is RUNNING or SAFE. Only a RUNNING thread touches objects. A SAFE one waits (for the end of a
//!    stop, or for the system in a blocking scope); its callee-saved registers and stack pointer are in its record.
//! 2. `stopping` is set by the one thread that stops the world, under the lock. A thread that becomes RUNNING checks
//!    it afterwards; the stopper checks the states after setting it. Both orders are sequentially consistent, so at least one of
//!    the two sees the other.
//! 3. While the world is stopped no thread enters or leaves the registry.
//! 4. No byte lock and no heap lock is held by a SAFE thread, so the stopped world can be traced, and forked.

use super::{Heap, locked};
use crate::ctx::{Ctx, breaker};
use crate::held::Anchor;
use std::cell::UnsafeCell;
use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst,
};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::roots::{SavedRegisters, native_stack_base, spill};

const RUNNING: u32 = 0;
const SAFE: u32 = 1;

/// What the collector knows of a thread.
pub(crate) struct ThreadRecord {
    pub(crate) cx: *mut Ctx,
    state: AtomicU32,
    /// Stack pointer when the thread became safe.
    pub(crate) sp: AtomicUsize,
    /// Callee-saved registers at that time.
    pub(crate) registers: UnsafeCell<SavedRegisters>,
    /// In a scope of [`Ctx::blocking_plainly`]: where marking begins to scan the native stack; 0: at `sp`, registers included.
    pub(crate) plain: AtomicUsize,
    /// Highest address of the native stack.
    pub(crate) stack_base: usize,
    /// What native code of the thread holds in vectors; changed by the thread while it is RUNNING.
    held: AtomicPtr<Anchor>,
    breaker: Arc<AtomicU32>,
    /// Number of the last epoch in which the thread has passed (see [`crate::epoch`]).
    passed: AtomicUsize,
    /// The clock of its processor time.
    clock: Clock,
}

impl ThreadRecord {
    /// The vectors that native code of the thread holds.
    ///
    /// # Safety
    /// The thread is SAFE and stays so, or is the calling one.
    pub(crate) unsafe fn held(&self) -> &Anchor {
        // SAFETY: the list is a thread-local of the thread, or what `elsewhere` keeps while the thread is in another space.
        unsafe { &*self.held.load(Relaxed) }
    }

    /// Saves the callee-saved registers and the stack pointer of the calling function.
    ///
    /// # Safety
    /// The record is the calling thread's.
    #[inline(always)]
    pub(crate) unsafe fn spill_here(&self) {
        // SAFETY: by the contract; nobody reads the record while the thread is RUNNING.
        let sp = unsafe { spill(self.registers.get()) };
        self.sp.store(sp, Relaxed);
    }
}

// SAFETY: `cx`, `held` and `registers` are only used by the thread itself or, while it is SAFE, by the stopper of the world.
unsafe impl Send for ThreadRecord {}
// SAFETY: as above.
unsafe impl Sync for ThreadRecord {}

/// The registry.
pub(crate) struct World {
    threads: Mutex<Vec<Arc<ThreadRecord>>>,
    stopping: AtomicBool,
    /// A thread has become safe, or has gone: for the stopper alone.
    safe: Condvar,
    /// The world runs again. Apart from `safe`: threads that become safe would wake those that wait here, again and again.
    resumed: Condvar,
    pub(super) stops: Stops,
    turn: Turn,
}

/// What [`Ctx::let_others_run`] goes by: who stops the world again as soon as it runs would starve those that have just been woken.
struct Turn {
    /// What `let_go` counts from.
    base: Instant,
    /// Threads that wait for the end of a stop, or have not noticed yet that it is over.
    held: AtomicUsize,
    /// Nanoseconds that the last stop took which held any.
    took: AtomicU64,
    /// When the last of them went on, in nanoseconds.
    let_go: AtomicU64,
}

impl Turn {
    fn now(&self) -> u64 {
        nanoseconds(self.base.elapsed())
    }
}

fn nanoseconds(d: Duration) -> u64 {
    u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)
}

/// The longest turn that other threads get between two collections that a program asks for, as long as CPython's lock stays with a thread.
const TURN: Duration = Duration::from_millis(5);

/// How long a collection that a program asks for waits at most until those that the last one has held are awake.
const AWAKE: Duration = Duration::from_millis(200);

/// How long it took until all threads had stopped. Stops of a thread that is alone are not counted.
#[derive(Default)]
pub(super) struct Stops {
    /// Number of stops that took less than 2, 4, 8… microseconds.
    pub(super) below: [AtomicUsize; 24],
    pub(super) nanoseconds: AtomicUsize,
    pub(super) longest: AtomicUsize,
    /// Whether slow ones are reported at once (`PROTOPY_GC_STATS`).
    pub(super) loud: AtomicBool,
}

/// Items that [`Ctx::computing`] lets other threads wait for: less than a millisecond.
const LONG: usize = 1 << 16;

/// A stop that takes longer is reported.
const SLOW: Duration = Duration::from_millis(5);

/// The processor time of a thread, which others may ask for while it lives.
struct Clock(#[cfg(target_os = "linux")] Option<libc::clockid_t>);

impl Clock {
    #[cfg(target_os = "linux")]
    fn of_this_thread() -> Clock {
        let mut id = 0;
        // SAFETY: the thread is this one, and the clock's number is written to a live place.
        let known = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut id) } == 0;
        Clock(known.then_some(id))
    }

    #[cfg(not(target_os = "linux"))]
    fn of_this_thread() -> Clock {
        Clock()
    }

    #[cfg(target_os = "linux")]
    fn now(&self) -> Option<Duration> {
        let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the time is written to a live place; a clock of a thread that has ended is refused.
        let known = unsafe { libc::clock_gettime(self.0?, &raw mut t) } == 0;
        known.then(|| Duration::new(t.tv_sec.unsigned_abs(), t.tv_nsec.unsigned_abs() as u32))
    }

    #[cfg(not(target_os = "linux"))]
    fn now(&self) -> Option<Duration> {
        None
    }
}

impl Stops {
    /// `last`: the thread that was waited for; `before`: its processor time when the wait began, if it is to be told.
    fn note(&self, took: Duration, last: Option<&ThreadRecord>, before: Option<Duration>) {
        let ns = usize::try_from(took.as_nanos()).unwrap_or(usize::MAX);
        let class = (ns / 1000).checked_ilog2().unwrap_or(0) as usize;
        self.below[class.min(self.below.len() - 1)].fetch_add(1, Relaxed);
        self.nanoseconds.fetch_add(ns, Relaxed);
        self.longest.fetch_max(ns, Relaxed);
        if took >= SLOW && self.loud.load(Relaxed) {
            // SAFETY: the thread is stopped.
            let place = last.and_then(|t| unsafe { &*t.cx }.running_code());
            let place = place.map_or("native code".into(), |(code, name)| format!("{name} in {code}"));
            let busy = last.and_then(|t| t.clock.now()?.checked_sub(before?));
            let busy =
                busy.map_or(String::new(), |b| format!(", {:.1} of processor time,", b.as_secs_f64() * 1e3));
            let took = took.as_secs_f64() * 1e3;
            eprintln!("protocore: {took:.1} ms{busy} until all threads had stopped: {place}");
        }
    }
}

/// A world stopped for `fork`; see [`Ctx::prepare_fork`].
pub struct ForkGuard {
    lock: MutexGuard<'static, Vec<Arc<ThreadRecord>>>,
}

impl ForkGuard {
    /// Calls `f` with the state of each thread, as [`Ctx::for_each_thread`] does.
    pub fn for_each_thread(&self, f: &mut dyn FnMut(&Ctx)) {
        for t in self.lock.iter() {
            // SAFETY: the world is stopped for as long as the guard lives, in the child of a fork, too.
            f(unsafe { &*t.cx });
        }
    }
}

impl World {
    pub(super) fn new() -> World {
        World {
            threads: Mutex::new(Vec::new()),
            stopping: AtomicBool::new(false),
            safe: Condvar::new(),
            resumed: Condvar::new(),
            stops: Stops::default(),
            turn: Turn {
                base: Instant::now(),
                held: AtomicUsize::new(0),
                took: AtomicU64::new(0),
                let_go: AtomicU64::new(0),
            },
        }
    }

    fn wait<'a>(
        &self,
        what: &Condvar,
        g: MutexGuard<'a, Vec<Arc<ThreadRecord>>>,
    ) -> MutexGuard<'a, Vec<Arc<ThreadRecord>>> {
        what.wait(g).unwrap_or_else(|e| e.into_inner())
    }

    /// Tells the stopper that this thread has become safe. Who stops the world looks at the states under the lock.
    fn tell_stopper(&self) {
        drop(locked(&self.threads));
        self.safe.notify_one();
    }

    /// Waits, safe, until the world runs again. Returns running.
    fn wait_until_resumed(&self, me: &ThreadRecord) {
        let mut g = locked(&self.threads);
        if self.stopping.load(SeqCst) {
            me.state.store(SAFE, SeqCst);
            self.safe.notify_one();
            self.turn.held.fetch_add(1, Relaxed);
            while self.stopping.load(SeqCst) {
                g = self.wait(&self.resumed, g);
            }
            self.turn.let_go.store(self.turn.now(), Relaxed);
            self.turn.held.fetch_sub(1, Relaxed);
        }
        me.state.store(RUNNING, SeqCst);
    }

    /// Stops all other threads. `None` if another thread had stopped the world: this one has waited then (the caller
    /// has spilled its registers).
    fn stop(&self, me: &ThreadRecord) -> Option<MutexGuard<'_, Vec<Arc<ThreadRecord>>>> {
        let mut g = locked(&self.threads);
        if self.stopping.load(SeqCst) {
            drop(g);
            self.wait_until_resumed(me);
            return None;
        }
        self.stopping.store(true, SeqCst);
        let begun = Instant::now();
        let told = g.len() > 1 && self.stops.loud.load(Relaxed);
        let clocks: Vec<_> = g.iter().filter(|_| told).map(|t| (Arc::as_ptr(t), t.clock.now())).collect();
        let mut last = None;
        loop {
            let mut all = true;
            for t in g.iter().filter(|t| !std::ptr::eq(&***t, me)) {
                t.breaker.fetch_or(breaker::STOP, SeqCst);
                if t.state.load(SeqCst) == RUNNING {
                    all = false;
                    last = Some(t.clone());
                }
            }
            if all {
                if g.len() > 1 {
                    let last = last.filter(|l| g.iter().any(|t| Arc::ptr_eq(t, l)));
                    let before = last.as_ref().and_then(|l| clocks.iter().find(|c| c.0 == Arc::as_ptr(l))?.1);
                    self.stops.note(begun.elapsed(), last.as_deref(), before);
                }
                return Some(g);
            }
            g = self.wait(&self.safe, g);
        }
    }

    fn resume(&self, g: MutexGuard<'_, Vec<Arc<ThreadRecord>>>) {
        for t in g.iter() {
            t.breaker.fetch_and(!breaker::STOP, SeqCst);
        }
        self.stopping.store(false, SeqCst);
        drop(g);
        self.resumed.notify_all();
    }

    /// Shows `f` the threads that have not passed in epoch `number`: `me`, whose registers are spilled, and those that are SAFE, which
    /// are kept there meanwhile. Asks the others to pass; how many these are.
    pub(crate) fn pass(&self, me: &ThreadRecord, number: usize, mut f: impl FnMut(&ThreadRecord)) -> usize {
        let g = locked(&self.threads);
        // Who leaves a blocking scope waits for the lock, unless it was RUNNING before (invariant 2).
        let stopping = self.stopping.swap(true, SeqCst);
        let mut left = 0;
        for t in g.iter().filter(|t| t.passed.load(Relaxed) != number) {
            if std::ptr::eq(&**t, me) || t.state.load(SeqCst) == SAFE {
                f(t);
                t.passed.store(number, Relaxed);
            } else {
                t.breaker.fetch_or(breaker::REPIN, Relaxed);
                left += 1;
            }
        }
        if !stopping {
            self.stopping.store(false, SeqCst);
        }
        left
    }

    /// Sets a bit of every thread's breaker.
    pub(crate) fn interrupt_all(&self, bit: u32) {
        for t in locked(&self.threads).iter() {
            t.breaker.fetch_or(bit, Relaxed);
        }
    }
}

/// Resumes the world, also after a panic.
struct Stopped<'a> {
    world: &'a World,
    begun: Instant,
    lock: Option<MutexGuard<'a, Vec<Arc<ThreadRecord>>>>,
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        if let Some(g) = self.lock.take() {
            let turn = &self.world.turn;
            if turn.held.load(Relaxed) > 0 {
                turn.took.store(nanoseconds(self.begun.elapsed()), Relaxed);
                turn.let_go.store(turn.now(), Relaxed);
            }
            self.world.resume(g);
        }
    }
}

/// Ends a blocking scope, also by a panic.
struct Blocking<'a> {
    heap: &'static Heap,
    record: &'a ThreadRecord,
}

impl Drop for Blocking<'_> {
    fn drop(&mut self) {
        self.record.state.store(RUNNING, SeqCst);
        if self.heap.world.stopping.load(SeqCst) {
            self.heap.world.wait_until_resumed(self.record);
        }
        self.record.plain.store(0, Relaxed);
    }
}

/// Brings a thread back from another space, also by a panic. Dropped when the blocking scope is over.
struct Away {
    aside: Box<Anchor>,
    record: Arc<ThreadRecord>,
}

impl Drop for Away {
    fn drop(&mut self) {
        crate::held::put_back(&self.aside);
        self.record.held.store(crate::held::anchor().cast_mut(), Relaxed);
    }
}

/// Goes back into a blocking scope that [`Ctx::unblocking`] has left, also by a panic.
struct Unblocking<'a> {
    heap: &'static Heap,
    record: &'a ThreadRecord,
    sp: usize,
    registers: SavedRegisters,
    plain: usize,
}

impl Drop for Unblocking<'_> {
    fn drop(&mut self) {
        // The scope's own stack pointer and registers: foreign code between here and there may have moved what they hold.
        // SAFETY: the record is this thread's, and nobody reads it while the thread is RUNNING.
        unsafe { *self.record.registers.get() = self.registers };
        self.record.sp.store(self.sp, Relaxed);
        self.record.plain.store(self.plain, Relaxed);
        self.record.state.store(SAFE, SeqCst);
        if self.heap.world.stopping.load(SeqCst) {
            self.heap.world.tell_stopper();
        }
    }
}

impl Heap {
    /// Makes a thread known to the collector: called on the thread itself.
    pub fn register(&self, cx: &mut Ctx) {
        let record = Arc::new(ThreadRecord {
            cx,
            state: AtomicU32::new(RUNNING),
            sp: AtomicUsize::new(0),
            registers: UnsafeCell::new(SavedRegisters::default()),
            plain: AtomicUsize::new(0),
            stack_base: native_stack_base(),
            held: AtomicPtr::new(crate::held::anchor().cast_mut()),
            breaker: cx.breaker.clone(),
            passed: AtomicUsize::new(0),
            clock: Clock::of_this_thread(),
        });
        cx.local.record = Some(record.clone());
        let mut g = locked(&self.world.threads);
        while self.world.stopping.load(SeqCst) {
            g = self.world.wait(&self.world.resumed, g);
        }
        g.push(record);
    }

    /// Forgets a thread.
    pub fn unregister(&self, cx: &mut Ctx) {
        let Some(record) = cx.local.record.take() else { return };
        self.absorb(&mut cx.local);
        let mut g = locked(&self.world.threads);
        g.retain(|t| !Arc::ptr_eq(t, &record));
        if self.finalizers.waiting() {
            g.iter().for_each(|t| {
                t.breaker.fetch_or(breaker::FINALIZE, Relaxed);
            });
        }
        drop(g);
        // A stopper may wait for this thread.
        self.world.safe.notify_one();
    }
}

impl Ctx {
    /// Stops this thread while another one has the world stopped.
    #[inline(never)]
    pub fn stop_here(&mut self) {
        let heap = self.heap();
        let Some(record) = self.local.record.clone() else { return };
        // SAFETY: the record is this thread's.
        unsafe { record.spill_here() };
        heap.world.wait_until_resumed(&record);
    }

    /// Runs `f`, which may block and touches no object, as a blocking scope: the collector does not wait for this thread.
    pub fn blocking<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let heap = self.heap();
        if self.breaker.load(Relaxed) & breaker::REPIN != 0 {
            // Who blocks all the time might never be seen where it is safe, nor come to a safepoint.
            self.breaker.fetch_and(!breaker::REPIN, Relaxed);
            self.pass_epoch();
        }
        let Some(record) = self.local.record.as_deref() else { return f() };
        // SAFETY: the record is this thread's.
        unsafe { record.spill_here() };
        record.state.store(SAFE, SeqCst);
        if heap.world.stopping.load(SeqCst) {
            heap.world.tell_stopper();
        }
        let scope = Blocking { heap, record };
        let r = f();
        drop(scope);
        r
    }

    /// As [`Ctx::blocking`] for a native function that the interpreter itself has called, and that holds no object besides its
    /// arguments: collections scan this thread's native stack from where the interpreter was entered only. A thread may stay in such a scope for
    /// ever, and what earlier calls have left in the holes of its frames would keep objects as long.
    ///
    /// # The contract
    /// No frame between the interpreter's innermost entry and this call holds a reference that is used afterwards and that lies
    /// nowhere else. The interpreter's own handlers keep objects in VM registers, which are scanned: those of the running frame up
    /// to the last argument, callee and object included. So it is kept if the running frame stands at a plain call instruction of
    /// this very native function (`called_plainly` in the VM's `interp::liveness`), and the function has no more than its arguments. Epochs search the whole stack
    /// nevertheless.
    pub fn blocking_plainly<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let from = self.entry;
        if let Some(record) = self.local.record.as_deref() {
            record.plain.store(from, Relaxed);
        }
        self.blocking(f)
    }

    /// Runs `f` within a native function; if a native function that it calls waits, the whole native stack is scanned.
    pub fn scanned_whole<R>(&mut self, f: impl FnOnce(&mut Ctx) -> R) -> R {
        let entry = std::mem::replace(&mut self.entry, 0);
        let r = f(self);
        self.entry = entry;
        r
    }

    /// Runs `f`, which takes this thread into another space: it attaches itself there, and has left again when `f` returns. In this space
    /// the thread is in a blocking scope meanwhile, and its vectors ([`crate::held`]) stay this space's.
    #[inline(never)]
    pub fn elsewhere<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let Some(record) = self.local.record.clone() else { return f() };
        let away = Away { aside: crate::held::set_aside(), record };
        away.record.held.store((&raw const *away.aside).cast_mut(), Relaxed);
        let r = self.blocking(f);
        drop(away);
        r
    }

    /// Runs `f`, which computes on memory that nobody changes, touches no other object and takes a few nanoseconds for each of `items`: as a
    /// blocking scope if these are many and there are other threads, which need not wait then. Who calls keeps the memory alive.
    #[inline]
    pub fn computing<R>(&mut self, items: usize, f: impl FnOnce() -> R) -> R {
        if self.computes_apart(items) { self.blocking(f) } else { f() }
    }

    /// Whether [`Ctx::computing`] makes a blocking scope of a computation with so many items.
    #[inline]
    pub fn computes_apart(&self, items: usize) -> bool {
        items >= LONG && !self.single_threaded()
    }

    /// Runs `f`, which may touch objects, in the midst of a blocking scope of this thread: for foreign code that a scope runs and
    /// that calls back. Outside of a blocking scope it just runs `f`.
    #[inline(never)]
    pub fn unblocking<R>(&mut self, f: impl FnOnce(&mut Ctx) -> R) -> R {
        let heap = self.heap();
        let Some(record) = self.local.record.clone() else { return f(self) };
        if record.state.load(SeqCst) == RUNNING {
            return f(self);
        }
        let scope = Unblocking {
            heap,
            record: &record,
            sp: record.sp.load(Relaxed),
            // SAFETY: the record is this thread's; others only read it now.
            registers: unsafe { *record.registers.get() },
            plain: record.plain.load(Relaxed),
        };
        record.state.store(RUNNING, SeqCst);
        if heap.world.stopping.load(SeqCst) {
            heap.world.wait_until_resumed(&record);
        }
        // From here on frames hold objects again, and spill what they hold.
        record.plain.store(0, Relaxed);
        let r = f(self);
        drop(scope);
        r
    }

    /// Notes that the interpreter is entered, with the callee-saved registers of its caller, and where from. The answer is to be
    /// put back into [`Ctx::entry`] when it is left. `saved` stays where it is until then.
    #[inline(always)]
    pub fn enter_interpreter(&mut self, saved: &mut SavedRegisters) -> usize {
        // SAFETY: the registers are the caller's to write.
        let sp = unsafe { spill(saved) };
        std::mem::replace(&mut self.entry, sp)
    }

    /// Lets the threads that the last stop of the world has held run for as long as it took, at most 5 ms: for who is about to stop it
    /// because the program says so. A program that collects again and again would leave the others no time otherwise, since it is awake
    /// and they are not.
    pub fn let_others_run(&mut self) {
        if self.single_threaded() {
            return;
        }
        let turn = &self.heap().world.turn;
        let over = |until: u64| turn.held.load(Relaxed) == 0 && turn.now() >= until;
        let share = || turn.took.load(Relaxed).min(nanoseconds(TURN));
        if over(turn.let_go.load(Relaxed).saturating_add(share())) {
            return;
        }
        self.blocking(|| {
            let give_up = turn.now().saturating_add(nanoseconds(AWAKE));
            let mut now = turn.now();
            while now < give_up && !over(turn.let_go.load(Relaxed).saturating_add(share())) {
                std::thread::sleep(Duration::from_nanos(share().clamp(20_000, 500_000)));
                now = turn.now();
            }
        });
    }

    /// Stops the world and runs `f` on the registered threads; `None` if another thread had stopped it and this one
    /// waited.
    #[inline(never)]
    pub(crate) fn with_stopped_world<R>(
        &mut self,
        f: impl FnOnce(&mut Ctx, &[Arc<ThreadRecord>]) -> R,
    ) -> Option<R> {
        let heap = self.heap();
        let record = self.local.record.clone()?;
        let from = std::mem::take(&mut self.local.scan_from);
        // SAFETY: the record is this thread's.
        let mut sp = unsafe { spill(record.registers.get()) };
        if from != 0 {
            sp = from;
            // SAFETY: as above.
            unsafe { *record.registers.get() = SavedRegisters::default() };
        }
        record.sp.store(sp, Relaxed);
        let begun = Instant::now();
        let stopped = Stopped { world: &heap.world, begun, lock: Some(heap.world.stop(&record)?) };
        Some(f(self, stopped.lock.as_deref().map_or(&[], Vec::as_slice)))
    }

    /// Stops the world before `fork`, and holds the heap's lock. All other threads are at safepoints or in blocking
    /// scopes then, so that the child's copy of every object is whole. Nothing may be allocated until one of
    /// [`Ctx::after_fork_parent`] and [`Ctx::after_fork_child`] is called with the guard.
    #[inline(never)]
    pub fn prepare_fork(&mut self) -> Option<ForkGuard> {
        let heap = self.heap();
        let record = self.local.record.clone()?;
        // SAFETY: the record is this thread's.
        unsafe { record.spill_here() };
        loop {
            if let Some(lock) = heap.world.stop(&record) {
                return Some(ForkGuard { lock });
            }
        }
    }

    /// Lets the world go on in the parent, or when `fork` failed.
    pub fn after_fork_parent(&mut self, guard: ForkGuard) {
        self.heap().world.resume(guard.lock);
    }

    /// Makes this thread the only one, in the child.
    pub fn after_fork_child(&mut self, mut guard: ForkGuard) {
        let heap = self.heap();
        let me: *mut Ctx = self;
        for t in guard.lock.iter().filter(|t| !std::ptr::eq(t.cx, me)) {
            // SAFETY: the thread does not exist in this process; its state is as it was at a safepoint. It is
            // leaked: its registers and native stack are not scanned any more.
            unsafe { heap.absorb(&mut (*t.cx).local) };
        }
        guard.lock.retain(|t| std::ptr::eq(t.cx, me));
        // Those that the stop has held do not exist here.
        heap.world.turn.held.store(0, Relaxed);
        self.space().threads.store(1, SeqCst);
        heap.world.resume(guard.lock);
    }

    /// Calls `f` with the state of each thread of the space, in a stopped world. `f` neither allocates nor runs Python code.
    pub fn for_each_thread(&mut self, f: &mut dyn FnMut(&Ctx)) {
        let mut done = false;
        while !done {
            done = self
                .with_stopped_world(|_, threads| {
                    for t in threads {
                        // SAFETY: the thread is stopped in a safepoint, or is this one, which only reads.
                        f(unsafe { &*t.cx });
                    }
                })
                .is_some();
        }
    }

    /// Number of threads that the collector knows.
    pub fn registered_threads(&self) -> usize {
        locked(&self.heap().world.threads).len()
    }
}
