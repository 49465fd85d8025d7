//! Models of what threads do without a lock, checked in every order that the memory model allows (loom).
//!
//! Pairs of words and the byte lock are the crate's own code on the checker's atomics. Lists, dicts and the stop of the world are written down here
//! as their files tell them, since their words lie in the collector's cells. The checker takes a sequentially consistent access for an
//! acquiring and releasing one; where the code relies on more, the model has the fence that the access implies.
//!
//! Each protocol has a wrong sibling, which has to fail: a model that finds nothing says nothing.

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, fence};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use protocore::lock::{LockByte, lock_byte};
use protocore::pairing::{self, Word};
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

/// Explores a model; long ones up to three forced switches of threads, which find what two threads can do to each other.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

// ---------------------------------------------------------------------------------------------------- pairs of words

struct Checked(AtomicU64);

impl Word for Checked {
    fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }

    fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }

    fn exchange(&self, old: u64, new: u64, success: Ordering) -> bool {
        self.0.compare_exchange(old, new, success, Relaxed).is_ok()
    }
}

type Pair = (Checked, Checked);
type Publish = fn(&Pair, u32);

fn pair() -> Arc<Pair> {
    Arc::new((Checked(AtomicU64::new(0)), Checked(AtomicU64::new(0))))
}

/// What stands for a shape: its number, ten times.
fn publish(p: &Pair, shape: u32) {
    pairing::publish(&p.0, &p.1, shape, shape, u64::from(shape) * 10, true);
}

/// As it was once: any number of writers, no generations.
fn publish_unclaimed(p: &Pair, shape: u32) {
    p.0.store(0, Release);
    p.1.store(u64::from(shape) * 10, Release);
    p.0.store(u64::from(shape) << pairing::SHAPE | u64::from(shape), Release);
}

/// One writer at a time, but keys that come again.
fn publish_repeating(p: &Pair, shape: u32) {
    let old = p.0.load(Relaxed);
    if old != 1 && p.0.exchange(old, 1, AcqRel) {
        p.1.store(u64::from(shape) * 10, Release);
        p.0.store(u64::from(shape) << pairing::SHAPE | u64::from(shape), Release);
    }
}

fn check_pair(p: &Pair) {
    for shape in [1, 2] {
        if let Some((low, value)) = pairing::read(&p.0, &p.1, shape) {
            assert_eq!((low, value), (shape, u64::from(shape) * 10), "another key's value");
        }
    }
}

fn two_writers(publish: Publish) {
    explore(move || {
        let p = pair();
        let other = p.clone();
        let writer = thread::spawn(move || publish(&other, 1));
        publish(&p, 2);
        check_pair(&p);
        writer.join().unwrap();
        check_pair(&p);
    });
}

fn writer_and_reader(publish: Publish) {
    explore(move || {
        let p = pair();
        publish(&p, 1);
        let other = p.clone();
        let writer = thread::spawn(move || [2, 1].into_iter().for_each(|s| publish(&other, s)));
        if let Some((_, value)) = pairing::read(&p.0, &p.1, 1) {
            assert_eq!(value, 10, "another key's value");
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_pair_has_the_value_of_its_key() {
    two_writers(publish);
    writer_and_reader(publish);
}

#[test]
#[should_panic(expected = "another key's value")]
fn writers_that_do_not_claim_the_pair_mix_it() {
    two_writers(publish_unclaimed);
}

#[test]
#[should_panic(expected = "another key's value")]
fn keys_that_repeat_deceive_the_reader() {
    writer_and_reader(publish_repeating);
}

// ---------------------------------------------------------------------------------------------------- byte lock

/// The lock's byte; `free` is the order in which it is freed.
struct Byte {
    byte: AtomicU8,
    free: Ordering,
}

impl LockByte for Byte {
    fn try_take(&self) -> bool {
        self.byte.compare_exchange(0, 1, Acquire, Relaxed).is_ok()
    }

    fn looks_free(&self) -> bool {
        self.byte.load(Relaxed) == 0
    }

    fn free(&self) {
        self.byte.store(0, self.free);
    }

    fn relax(&self, _: u32) {
        thread::yield_now();
    }
}

fn exclusion(free: Ordering) {
    explore(move || {
        let shared = Arc::new((Byte { byte: AtomicU8::new(0), free }, UnsafeCell::new(0)));
        let add = |s: &(Byte, UnsafeCell<i32>)| {
            lock_byte(&s.0);
            // SAFETY: the lock is held, which is what the model checks.
            s.1.with_mut(|n| unsafe { *n += 1 });
            s.0.free();
        };
        let other = shared.clone();
        let second = thread::spawn(move || add(&other));
        add(&shared);
        second.join().unwrap();
        // SAFETY: the other thread has ended.
        assert_eq!(shared.1.with(|n| unsafe { *n }), 2);
    });
}

#[test]
fn the_byte_lock_excludes() {
    exclusion(Release);
}

#[test]
#[should_panic]
fn a_byte_lock_that_does_not_release_excludes_nobody() {
    exclusion(Relaxed);
}

// ---------------------------------------------------------------------------------------------------- lists

/// A list: two storages that it may have one after the other, and which one it has.
struct List {
    len: AtomicUsize,
    store: AtomicUsize,
    small: [AtomicU64; 1],
    large: [AtomicU64; 2],
}

impl List {
    fn new() -> Arc<List> {
        let slot = |n| AtomicU64::new(n);
        Arc::new(List {
            len: AtomicUsize::new(1),
            store: AtomicUsize::new(0),
            small: [slot(7)],
            large: [slot(0), slot(0)],
        })
    }

    fn slots(&self) -> &[AtomicU64] {
        if self.store.load(Acquire) == 0 { &self.small } else { &self.large }
    }

    /// `ListObj::get`
    fn get(&self, i: usize) -> Option<u64> {
        if i >= self.len.load(Acquire) {
            return None;
        }
        self.slots().get(i).map(|s| s.load(Acquire)).filter(|v| *v != 0)
    }

    /// `list_reserve`, then `list_append`, under the lock that one thread has here.
    fn append(&self, v: u64, early: bool) {
        self.large[0].store(self.small[0].load(Acquire), Release);
        self.store.store(1, Release);
        if early {
            self.len.store(2, Release);
        }
        self.large[1].store(v, Release);
        self.len.store(2, Release);
    }
}

fn list_read(early: bool) {
    explore(move || {
        let l = List::new();
        let other = l.clone();
        let writer = thread::spawn(move || other.append(8, early));
        assert_eq!(l.get(0), Some(7), "an item that was always there");
        let seen = l.len.load(Acquire);
        let last = l.get(seen - 1);
        assert_eq!(last, Some(seen as u64 + 6), "a length that was published has its items");
        writer.join().unwrap();
    });
}

#[test]
fn a_published_length_has_its_items() {
    list_read(false);
}

#[test]
#[should_panic(expected = "has its items")]
fn a_length_that_comes_first_has_not() {
    list_read(true);
}

// ---------------------------------------------------------------------------------------------------- dicts

/// A table of one entry, and the version of the dict's keys.
struct Dict {
    lock: Byte,
    version: AtomicU32,
    hash: AtomicU64,
    key: AtomicU64,
    value: AtomicU64,
    index: AtomicU8,
}

impl Dict {
    fn new() -> Arc<Dict> {
        Arc::new(Dict {
            lock: Byte { byte: AtomicU8::new(0), free: Release },
            version: AtomicU32::new(0),
            hash: AtomicU64::new(0),
            key: AtomicU64::new(0),
            value: AtomicU64::new(0),
            index: AtomicU8::new(0),
        })
    }

    /// `dict_append`: `structural`, then `DictTable::append`.
    fn append(&self, index_first: bool) {
        lock_byte(&self.lock);
        self.version.store(0, Release);
        if index_first {
            self.index.store(1, Release);
        }
        self.hash.store(3, Relaxed);
        self.key.store(4, Release);
        self.value.store(5, Release);
        self.index.store(1, Release);
        self.lock.free();
    }

    /// `DictTable::find`
    fn find(&self) -> Option<u64> {
        if self.index.load(Acquire) == 0 {
            return None;
        }
        assert_eq!(self.hash.load(Relaxed), 3, "an entry in the index is written");
        assert_eq!(self.key.load(Acquire), 4);
        Some(self.value.load(Acquire))
    }

    /// `Ctx::dict_version`; `locked` as it is.
    fn begin_version(&self, locked: bool) -> u32 {
        if locked {
            lock_byte(&self.lock);
        }
        if self.version.load(Relaxed) == 0 {
            self.version.store(9, Release);
        }
        if locked {
            self.lock.free();
        }
        9
    }
}

fn dict_read(index_first: bool) {
    explore(move || {
        let d = Dict::new();
        let other = d.clone();
        let writer = thread::spawn(move || other.append(index_first));
        assert!(matches!(d.find(), None | Some(5)));
        writer.join().unwrap();
        assert_eq!(d.find(), Some(5));
    });
}

#[test]
fn an_entry_is_found_whole() {
    dict_read(false);
}

#[test]
#[should_panic(expected = "an entry in the index is written")]
fn an_index_that_comes_first_is_not_whole() {
    dict_read(true);
}

/// A large table's two entries, each with a stripe of its own, and the table that replaces it: values and stripes of both.
struct Striped {
    lock: Byte,
    current: AtomicUsize,
    stripes: [[Byte; 2]; 2],
    values: [[AtomicU64; 2]; 2],
}

impl Striped {
    fn new() -> Arc<Striped> {
        let byte = || Byte { byte: AtomicU8::new(0), free: Release };
        Arc::new(Striped {
            lock: byte(),
            current: AtomicUsize::new(0),
            stripes: [[byte(), byte()], [byte(), byte()]],
            values: [[AtomicU64::new(0), AtomicU64::new(0)], [AtomicU64::new(0), AtomicU64::new(0)]],
        })
    }

    /// `Ctx::dict_replace` until it is not refused.
    fn replace(&self, i: usize, value: u64) {
        let mut done = false;
        while !done {
            let t = self.current.load(Acquire);
            lock_byte(&self.stripes[t][i]);
            done = self.current.load(Acquire) == t;
            if done {
                self.values[t][i].store(value, Release);
            }
            self.stripes[t][i].free();
        }
    }

    /// `Ctx::dict_grow`; `all` as it is.
    fn grow(&self, all: bool) {
        lock_byte(&self.lock);
        let stripes = if all { &self.stripes[0][..] } else { &[] };
        stripes.iter().for_each(lock_byte);
        for (old, new) in self.values[0].iter().zip(&self.values[1]) {
            new.store(old.load(Acquire), Release);
        }
        self.current.store(1, Release);
        stripes.iter().for_each(LockByte::free);
        self.lock.free();
    }
}

fn store_beside_growth(all: bool) {
    explore(move || {
        let d = Striped::new();
        let other = d.clone();
        let writer = thread::spawn(move || other.replace(1, 5));
        d.grow(all);
        writer.join().unwrap();
        assert_eq!(d.values[1][1].load(Acquire), 5, "a value is lost");
    });
}

#[test]
fn a_store_under_a_stripe_survives_growth() {
    store_beside_growth(true);
}

#[test]
#[should_panic(expected = "a value is lost")]
fn growth_without_the_stripes_loses_it() {
    store_beside_growth(false);
}

/// A cache that remembers "not there" for a version of the keys (`LoadGlobal`).
fn cached_absence(locked: bool) {
    explore(move || {
        let d = Dict::new();
        let other = d.clone();
        let writer = thread::spawn(move || other.append(false));
        let version = d.begin_version(locked);
        let absent = d.find().is_none();
        writer.join().unwrap();
        let valid = d.version.load(Acquire) == version;
        assert!(!(absent && valid), "a cache says that a key is absent that was added");
    });
}

#[test]
fn a_version_that_begins_under_the_lock_ends_with_the_next_change() {
    cached_absence(true);
}

#[test]
#[should_panic(expected = "a cache says")]
fn a_version_that_begins_within_a_change_outlives_it() {
    cached_absence(false);
}

// ---------------------------------------------------------------------------------------------------- stopping the world

const RUNNING: u32 = 0;
const SAFE: u32 = 1;

/// `World`, with one thread that may be stopped. The heap stands for what only a running thread touches.
struct World {
    threads: Mutex<()>,
    safe: Condvar,
    resumed: Condvar,
    stopping: AtomicBool,
    breaker: AtomicBool,
    state: AtomicU32,
    heap: UnsafeCell<u32>,
}

impl World {
    fn new() -> Arc<World> {
        Arc::new(World {
            threads: Mutex::new(()),
            safe: Condvar::new(),
            resumed: Condvar::new(),
            stopping: AtomicBool::new(false),
            breaker: AtomicBool::new(false),
            state: AtomicU32::new(RUNNING),
            heap: UnsafeCell::new(0),
        })
    }

    fn touch(&self) {
        // SAFETY: what the model checks.
        self.heap.with_mut(|n| unsafe { *n += 1 });
    }

    fn wait_until_resumed(&self) {
        let mut g = self.threads.lock().unwrap();
        if self.stopping.load(SeqCst) {
            self.state.store(SAFE, SeqCst);
            self.safe.notify_one();
            while self.stopping.load(SeqCst) {
                g = self.resumed.wait(g).unwrap();
            }
        }
        self.state.store(RUNNING, SeqCst);
    }

    /// `Ctx::blocking`; `checked` as it is.
    fn blocking(&self, checked: bool) {
        self.enter();
        self.state.store(RUNNING, SeqCst);
        fence(SeqCst);
        if checked && self.stopping.load(SeqCst) {
            self.wait_until_resumed();
        }
    }

    fn enter(&self) {
        self.state.store(SAFE, SeqCst);
        fence(SeqCst);
        if self.stopping.load(SeqCst) {
            drop(self.threads.lock().unwrap());
            self.safe.notify_one();
        }
    }

    /// `World::stop`, the work of a stopped world, `World::resume`.
    fn stop(&self) {
        let mut g = self.threads.lock().unwrap();
        self.stopping.store(true, SeqCst);
        loop {
            self.breaker.store(true, SeqCst);
            fence(SeqCst);
            if self.state.load(SeqCst) != RUNNING {
                break;
            }
            g = self.safe.wait(g).unwrap();
        }
        self.touch();
        self.breaker.store(false, SeqCst);
        self.stopping.store(false, SeqCst);
        drop(g);
        self.resumed.notify_all();
    }
}

fn stopped_world(checked: bool) {
    explore(move || {
        let w = World::new();
        let other = w.clone();
        let stopper = thread::spawn(move || other.stop());
        w.touch();
        // A safepoint, then a blocking scope.
        if w.breaker.load(Acquire) {
            w.wait_until_resumed();
        }
        w.touch();
        w.blocking(checked);
        w.touch();
        // The thread ends.
        w.enter();
        stopper.join().unwrap();
    });
}

#[test]
fn a_stopped_world_is_still() {
    stopped_world(true);
}

#[test]
#[should_panic]
fn a_scope_that_ends_without_a_look_disturbs_it() {
    stopped_world(false);
}
