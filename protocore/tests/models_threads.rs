//! Models of threads that stop, pass epochs, wait and share a table, checked in every order that the memory model allows (loom).
//!
//! The protocols are written down here as `heap::world`, `states` and `vm::sync` tell them. The checker takes a sequentially consistent access
//! for an acquiring and releasing one; where the code relies on more, the model has the fence that the access implies.
//!
//! Each protocol has a wrong sibling, which has to fail: a model that finds nothing says nothing.

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, fence};
use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
use loom::thread;
use std::collections::VecDeque;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

/// Explores a model with up to `switches` forced switches of threads, which find what two threads can do to each other.
fn explore(switches: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(switches);
    builder.check(model);
}

// ---------------------------------------------------------------------------------------------------- stopping the world

const RUNNING: u32 = 0;
const SAFE: u32 = 1;

/// What of the code a model leaves out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// A blocking scope ends without a look whether the world is stopping.
    Look,
    /// An epoch's pass looks at stacks without keeping their threads where they are.
    Keep,
    /// A pass ends what looks like its own stop, though another thread's goes on.
    Restore,
    /// A safepoint does not tell the stopper that the thread has stopped.
    Tell,
}

/// `World` with two threads besides the stopper. The cells stand for their stacks, which only they touch while they run.
struct World {
    wrong: Wrong,
    threads: Mutex<()>,
    /// Where the stopper waits.
    safe: Condvar,
    /// Where the stopped wait.
    resumed: Condvar,
    stopping: AtomicBool,
    breaker: AtomicBool,
    states: [AtomicU32; 2],
    stacks: [UnsafeCell<u32>; 2],
}

impl World {
    /// `running` of the two threads exist.
    fn new(wrong: Wrong, running: usize) -> Arc<World> {
        Arc::new(World {
            wrong,
            threads: Mutex::new(()),
            safe: Condvar::new(),
            resumed: Condvar::new(),
            stopping: AtomicBool::new(false),
            breaker: AtomicBool::new(false),
            states: std::array::from_fn(|i| AtomicU32::new(if i < running { RUNNING } else { SAFE })),
            stacks: std::array::from_fn(|_| UnsafeCell::new(0)),
        })
    }

    /// Thread `i` runs.
    fn run(&self, i: usize) {
        // SAFETY: what the model checks.
        self.stacks[i].with_mut(|n| unsafe { *n += 1 });
    }

    /// Another one looks at the stack of thread `i`.
    fn look_at(&self, i: usize) {
        // SAFETY: what the model checks.
        self.stacks[i].with(|n| unsafe { *n });
    }

    fn wait_until_resumed(&self, i: usize) {
        let mut g = self.threads.lock().unwrap();
        if self.stopping.load(SeqCst) {
            self.states[i].store(SAFE, SeqCst);
            if self.wrong != Wrong::Tell {
                self.safe.notify_one();
            }
            while self.stopping.load(SeqCst) {
                g = self.resumed.wait(g).unwrap();
            }
        }
        self.states[i].store(RUNNING, SeqCst);
    }

    fn safepoint(&self, i: usize) {
        if self.breaker.load(Acquire) {
            self.wait_until_resumed(i);
        }
    }

    /// `Ctx::blocking`
    fn blocking(&self, i: usize) {
        self.enter(i);
        self.states[i].store(RUNNING, SeqCst);
        fence(SeqCst);
        if self.wrong != Wrong::Look && self.stopping.load(SeqCst) {
            self.wait_until_resumed(i);
        }
    }

    /// The thread enters a blocking scope, or ends.
    fn enter(&self, i: usize) {
        self.states[i].store(SAFE, SeqCst);
        fence(SeqCst);
        if self.stopping.load(SeqCst) {
            drop(self.threads.lock().unwrap());
            self.safe.notify_one();
        }
    }

    fn all_safe(&self) -> bool {
        fence(SeqCst);
        self.states.iter().all(|s| s.load(SeqCst) == SAFE)
    }

    /// `World::stop` by a thread that is not among the two, the work of a stopped world, `World::resume`.
    fn stop(&self) {
        let mut g: MutexGuard<'_, ()> = self.threads.lock().unwrap();
        self.stopping.store(true, SeqCst);
        loop {
            self.breaker.store(true, SeqCst);
            if self.all_safe() {
                break;
            }
            g = self.safe.wait(g).unwrap();
        }
        self.look_at(0);
        self.look_at(1);
        self.breaker.store(false, SeqCst);
        self.stopping.store(false, SeqCst);
        drop(g);
        self.resumed.notify_all();
    }

    /// `World::pass` by a running thread: it looks at the stack of thread `i` if that one is safe.
    fn pass(&self, i: usize) {
        let _g = self.threads.lock().unwrap();
        let stopping = self.wrong != Wrong::Keep && self.stopping.swap(true, SeqCst);
        fence(SeqCst);
        if self.states[i].load(SeqCst) == SAFE {
            self.look_at(i);
        }
        if self.wrong != Wrong::Keep && (!stopping || self.wrong == Wrong::Restore) {
            self.stopping.store(false, SeqCst);
        }
    }
}

fn stopped_world(wrong: Wrong) {
    explore(3, move || {
        let w = World::new(wrong, 1);
        let other = w.clone();
        let stopper = thread::spawn(move || other.stop());
        w.run(0);
        w.safepoint(0);
        w.run(0);
        w.blocking(0);
        w.run(0);
        w.enter(0);
        stopper.join().unwrap();
    });
}

#[test]
fn a_stopped_world_is_still() {
    stopped_world(Wrong::Nothing);
}

#[test]
#[should_panic]
fn a_scope_that_ends_without_a_look_disturbs_it() {
    stopped_world(Wrong::Look);
}

/// Explores a model of this file, which ends in a deadlock, in a process of its own: the checker's panic aborts it if it comes
/// from a destructor.
fn deadlocks(test: &str) {
    let this = std::env::current_exe().unwrap();
    let out = std::process::Command::new(this).args(["--ignored", "--exact", test]).output().unwrap();
    let told = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && told.contains("deadlock"), "{test} finds no deadlock: {told}");
}

#[test]
#[ignore = "has to fail: run by the test below"]
fn deaf_stop() {
    stopped_world(Wrong::Tell);
}

#[test]
fn a_stop_that_hears_nothing_waits_for_ever() {
    deadlocks("deaf_stop");
}

/// Thread 0 goes through a blocking scope while another thread passes an epoch, and looks at its stack if it is there.
fn passing(wrong: Wrong) {
    explore(3, move || {
        let w = World::new(wrong, 1);
        let other = w.clone();
        let passer = thread::spawn(move || other.pass(0));
        w.run(0);
        w.blocking(0);
        w.run(0);
        w.blocking(0);
        w.run(0);
        passer.join().unwrap();
    });
}

#[test]
fn a_pass_looks_at_stacks_that_stand_still() {
    passing(Wrong::Nothing);
}

#[test]
#[should_panic]
fn a_pass_that_keeps_nobody_looks_at_a_stack_that_moves() {
    passing(Wrong::Keep);
}

#[test]
#[should_panic]
fn a_scope_that_ends_without_a_look_moves_under_a_pass() {
    passing(Wrong::Look);
}

/// One thread stops the world, thread 0 leaves a blocking scope, thread 1 passes an epoch before it stops.
fn passing_within_a_stop(wrong: Wrong) {
    explore(2, move || {
        let w = World::new(wrong, 2);
        let (a, b) = (w.clone(), w.clone());
        let stopper = thread::spawn(move || a.stop());
        let passer = thread::spawn(move || {
            b.pass(0);
            b.run(1);
            b.enter(1);
        });
        w.blocking(0);
        w.run(0);
        w.enter(0);
        stopper.join().unwrap();
        passer.join().unwrap();
    });
}

#[test]
fn a_pass_within_a_stop_leaves_it_as_it_is() {
    passing_within_a_stop(Wrong::Nothing);
}

#[test]
#[should_panic]
fn a_pass_that_ends_another_stop_lets_threads_run_in_it() {
    passing_within_a_stop(Wrong::Restore);
}

// ---------------------------------------------------------------------------------------------------- locks with waiters that sleep

const FREE: u32 = 0;
const HELD: u32 = 1;
const CONTENDED: u32 = 2;

struct Waiter {
    thread: thread::Thread,
    woken: AtomicBool,
}

/// `RawLock` with its bucket of the parking lot, and what it guards.
struct Lock {
    word: AtomicU32,
    queue: Mutex<VecDeque<Arc<Waiter>>>,
    guarded: UnsafeCell<u32>,
}

/// What the lock does wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slip {
    None,
    /// A waiter tries the word before it holds the bucket's lock.
    EarlyTry,
    /// A waiter leaves the word as it is, so that nobody knows of it.
    Unmarked,
    /// The lock is freed without release.
    Unreleased,
}

impl Lock {
    fn acquire(&self, slip: Slip) {
        if self.word.compare_exchange(FREE, HELD, Acquire, Relaxed).is_ok() {
            return;
        }
        let ready = || match slip {
            Slip::Unmarked => self.word.compare_exchange(FREE, HELD, Acquire, Relaxed).is_ok(),
            _ => self.word.swap(CONTENDED, Acquire) == FREE,
        };
        let waiter = Arc::new(Waiter { thread: thread::current(), woken: AtomicBool::new(false) });
        loop {
            let early = slip == Slip::EarlyTry && ready();
            {
                let mut q = self.queue.lock().unwrap();
                if early || slip != Slip::EarlyTry && ready() {
                    return;
                }
                waiter.woken.store(false, Relaxed);
                q.push_back(waiter.clone());
            }
            while !waiter.woken.load(Acquire) {
                thread::park();
            }
        }
    }

    fn release(&self, slip: Slip) {
        let order = if slip == Slip::Unreleased { Relaxed } else { Release };
        if self.word.swap(FREE, order) == CONTENDED {
            let found = self.queue.lock().unwrap().pop_front();
            if let Some(w) = found {
                w.woken.store(true, Release);
                w.thread.unpark();
            }
        }
    }
}

fn two_holders(slip: Slip) {
    explore(3, move || {
        let lock = Lock {
            word: AtomicU32::new(FREE),
            queue: Mutex::new(VecDeque::new()),
            guarded: UnsafeCell::new(0),
        };
        let shared = Arc::new(lock);
        let hold = move |l: &Lock| {
            l.acquire(slip);
            // SAFETY: the lock is held, which is what the model checks.
            l.guarded.with_mut(|n| unsafe { *n += 1 });
            l.release(slip);
        };
        let other = shared.clone();
        let second = thread::spawn(move || hold(&other));
        hold(&shared);
        second.join().unwrap();
        // SAFETY: the other thread has ended.
        assert_eq!(shared.guarded.with(|n| unsafe { *n }), 2);
    });
}

#[test]
fn a_lock_wakes_who_waits_for_it() {
    two_holders(Slip::None);
}

#[test]
#[ignore = "has to fail: run by the test below"]
fn early_try() {
    two_holders(Slip::EarlyTry);
}

#[test]
fn who_tries_before_it_queues_sleeps_for_ever() {
    deadlocks("early_try");
}

#[test]
#[ignore = "has to fail: run by the test below"]
fn unmarked_wait() {
    two_holders(Slip::Unmarked);
}

#[test]
fn who_leaves_no_mark_sleeps_for_ever() {
    deadlocks("unmarked_wait");
}

#[test]
#[should_panic]
fn a_lock_that_does_not_release_excludes_nobody() {
    two_holders(Slip::Unreleased);
}

// ---------------------------------------------------------------------------------------------------- module states

/// `States`: tables that are replaced as a whole. A table is a pair of states, 0 for none; the threads have two tables each to publish.
struct States {
    table: AtomicUsize,
    adding: Mutex<()>,
    tables: [UnsafeCell<[u32; 2]>; 3],
}

/// What adding a state does wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hurry {
    None,
    /// It takes no lock.
    Unlocked,
    /// It does not look again under the lock.
    Blind,
    /// It publishes the table without release.
    Unreleased,
}

impl States {
    fn new() -> Arc<States> {
        Arc::new(States {
            table: AtomicUsize::new(0),
            adding: Mutex::new(()),
            tables: std::array::from_fn(|_| UnsafeCell::new([0; 2])),
        })
    }

    fn read(&self) -> [u32; 2] {
        let now = self.table.load(Acquire);
        // SAFETY: what the model checks.
        self.tables[now].with(|t| unsafe { *t })
    }

    /// State `kind`, made by thread `me` if there is none.
    fn of(&self, me: usize, kind: usize, hurry: Hurry) -> u32 {
        let known = self.read()[kind];
        if known != 0 {
            return known;
        }
        let guard = (hurry != Hurry::Unlocked).then(|| self.adding.lock().unwrap());
        let mut table = self.read();
        if hurry != Hurry::Blind && table[kind] != 0 {
            return table[kind];
        }
        table[kind] = me as u32;
        // SAFETY: nobody else knows this table.
        self.tables[me].with_mut(|t| unsafe { *t = table });
        let order = if hurry == Hurry::Unreleased { Ordering::Relaxed } else { AcqRel };
        self.table.swap(me, order);
        drop(guard);
        me as u32
    }
}

fn two_states(kinds: [usize; 2], hurry: Hurry) {
    explore(3, move || {
        let s = States::new();
        let other = s.clone();
        let second = thread::spawn(move || other.of(2, kinds[1], hurry));
        let first = s.of(1, kinds[0], hurry);
        let second = second.join().unwrap();
        let table = s.read();
        assert_eq!(
            (table[kinds[0]], table[kinds[1]]),
            (first, second),
            "the state that a thread got is everybody's"
        );
    });
}

#[test]
fn states_are_found_by_all() {
    two_states([0, 1], Hurry::None);
    two_states([0, 0], Hurry::None);
}

#[test]
#[should_panic(expected = "everybody's")]
fn states_that_are_added_without_a_lock_get_lost() {
    two_states([0, 1], Hurry::Unlocked);
}

#[test]
#[should_panic(expected = "everybody's")]
fn a_state_that_is_added_blindly_is_made_twice() {
    two_states([0, 0], Hurry::Blind);
}

#[test]
#[should_panic]
fn a_table_that_is_not_released_is_read_half_written() {
    two_states([0, 1], Hurry::Unreleased);
}
