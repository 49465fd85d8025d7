//! Models of what threads do without a lock, checked in every order that the memory model allows (loom).
//!
//! Pairs of words and the byte lock are the crate's own code on the checker's atomics. Lists and dicts are written down here
//! as their files tell them, since their words lie in the collector's cells. Threads that stop, pass and wait are in `models_threads.rs`.
//!
//! Each protocol has a wrong sibling, which has to fail: a model that finds nothing says nothing.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
use loom::thread;
use protocore::lock::{LockByte, lock_byte};
use protocore::pairing::{self, Word};
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release};

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

/// A list of one item in room for one, and the room for two that each of two threads has made for it.
struct Growing {
    lock: Byte,
    len: AtomicUsize,
    /// Which storage it has: the first, or that of thread 1 or 2.
    store: AtomicUsize,
    slots: [[AtomicU64; 3]; 3],
}

/// Items that fit into the storages: who makes room doubles what was there.
const ROOM: [usize; 3] = [1, 2, 2];

impl Growing {
    fn new() -> Arc<Growing> {
        let l = Growing {
            lock: Byte { byte: AtomicU8::new(0), free: Release },
            len: AtomicUsize::new(1),
            store: AtomicUsize::new(0),
            slots: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
        };
        l.slots[0][0].store(7, Relaxed);
        Arc::new(l)
    }

    fn get(&self, i: usize) -> Option<u64> {
        if i >= self.len.load(Acquire) {
            return None;
        }
        let store = self.store.load(Acquire);
        Some(self.slots[store][i].load(Acquire)).filter(|v| i < ROOM[store] && *v != 0)
    }

    /// `list_append` by thread `me` into the room that it makes; `again`: it looks, under the lock, whether the list still needs it.
    /// Whether there was any.
    fn append(&self, me: usize, v: u64, again: bool) -> bool {
        let state = || (self.len.load(Acquire), self.store.load(Acquire));
        let before = state();
        lock_byte(&self.lock);
        let (len, store) = if again { state() } else { before };
        if len < ROOM[store] {
            self.slots[store][len].store(v, Release);
        } else if len < ROOM[me] {
            for i in 0..len {
                self.slots[me][i].store(self.slots[store][i].load(Acquire), Release);
            }
            self.slots[me][len].store(v, Release);
            self.store.store(me, Release);
        } else {
            // Starts over, with more room.
            self.lock.free();
            return false;
        }
        self.len.store(len + 1, Release);
        self.lock.free();
        true
    }

    /// `l[0] = v`
    fn set(&self, v: u64, locked: bool) {
        if locked {
            lock_byte(&self.lock);
        }
        let store = self.store.load(Acquire);
        self.slots[store][0].store(v, Release);
        if locked {
            self.lock.free();
        }
    }
}

fn item_stored_beside_growth(locked: bool) {
    explore(move || {
        let l = Growing::new();
        let other = l.clone();
        let writer = thread::spawn(move || other.append(1, 8, true));
        l.set(9, locked);
        assert!(writer.join().unwrap());
        assert_eq!((l.get(0), l.get(1)), (Some(9), Some(8)), "a store is not lost");
    });
}

#[test]
fn a_store_beside_growth_stays() {
    item_stored_beside_growth(true);
}

#[test]
#[should_panic(expected = "a store is not lost")]
fn a_store_without_the_lock_is_lost_to_growth() {
    item_stored_beside_growth(false);
}

/// Two threads append to a list of one item that has room for one.
fn two_appends(again: bool) {
    explore(move || {
        let l = Growing::new();
        let other = l.clone();
        let writer = thread::spawn(move || other.append(1, 8, again));
        let mine = l.append(2, 9, again);
        if let Some(v) = l.get(1) {
            assert!(v == 8 || v == 9);
        }
        let both = u64::from(writer.join().unwrap()) * 8 + u64::from(mine) * 9;
        let seen: u64 = (1..l.len.load(Acquire)).filter_map(|i| l.get(i)).sum();
        assert_eq!(seen, both, "who was told that there was room has its item in the list");
        assert_eq!(l.get(0), Some(7));
    });
}

#[test]
fn appends_that_meet_lose_nothing() {
    two_appends(true);
}

#[test]
#[should_panic(expected = "has its item in the list")]
fn an_append_that_does_not_look_again_loses_another() {
    two_appends(false);
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

/// Entry 0 of a dict, as a cache of a global's place reads it, while the entry dies and the dict moves to a table in which another key is
/// the first.
struct Compacted {
    version: AtomicU32,
    table: AtomicUsize,
    first: [AtomicU64; 2],
}

/// What a cache does: the table, the version, the entry (`versioned` in `vm::interp::attrs`).
fn cached_entry(version_first: bool, cleared_late: bool) {
    explore(move || {
        let entry = |v| AtomicU64::new(v);
        let d = Arc::new(Compacted {
            version: AtomicU32::new(9),
            table: AtomicUsize::new(0),
            first: [entry(5), entry(0)],
        });
        let other = d.clone();
        let writer = thread::spawn(move || {
            if !cleared_late {
                other.version.store(0, Release);
            }
            other.first[0].store(0, Release);
            other.first[1].store(6, Release);
            other.table.store(1, Release);
            if cleared_late {
                other.version.store(0, Release);
            }
        });
        let early = d.version.load(Acquire) == 9;
        let table = d.table.load(Acquire);
        let valid = if version_first { early } else { d.version.load(Acquire) == 9 };
        let seen = d.first[table].load(Acquire);
        assert!(!valid || seen == 5 || seen == 0, "another key's value");
        writer.join().unwrap();
    });
}

#[test]
fn a_version_vouches_for_the_table_that_was_loaded_before() {
    cached_entry(false, false);
}

#[test]
#[should_panic(expected = "another key's value")]
fn a_version_vouches_for_no_table_that_is_loaded_later() {
    cached_entry(true, false);
}

#[test]
#[should_panic(expected = "another key's value")]
fn a_version_that_ends_after_the_change_deceives_caches() {
    cached_entry(false, true);
}
