//! Dicts and sets: insertion-ordered compact hash tables that are read without a lock.
//!
//! # Layout
//!
//! A [`DictObj`] points at one [`DictTable`] in the collector's heap: a header, `usable` entries {hash, key, value} in
//! insertion order, then an index of `1 << log2` cells of 1, 2 or 4 bytes that holds entry number + 1, or 0. A set is
//! the same with `True` for every value. Behind the index of a dict's large table lie its stripes, locks in cache lines of their own.
//!
//! # Invariants
//!
//! 1. Entries are append-only within a table: number `i` belongs to one key for the table's life. Deletion empties the
//!    value, then replaces the key by "unbound"; the place is not reused. Growth and compaction make a new table.
//! 2. An entry is written hash, key, value in this order before its index cell is published (release); readers load the
//!    index with acquire. A reader with an old table sees a state that was true when it loaded the table.
//! 3. Writers hold the dict's byte lock (skipped while the process has one thread). Nothing under the lock allocates or
//!    calls out: a grown table is allocated first, and the write revalidates. In a table with stripes a new value for a key that is
//!    there takes the stripe of its entry instead, so that threads which update different keys do not meet; who removes an entry takes
//!    its stripe, too, and who replaces or copies the table takes all of them, after the byte lock.
//! 4. `version` names the set of keys and their entry numbers; it is cleared before any structural change is published. Inline caches
//!    load the table, then compare the version, then read the entry from the table they loaded.
//!
//! Equality of keys that are not identical, not both exact str and not both small ints may run Python code. Lookups stop at such an
//! entry and answer [`Find::Ask`]; `vm` compares and resumes.
//!
//! Why not open addressing without an index: iteration order is part of the language. Why not a lock for
//! readers: an uncontended one costs 20 times the read.

use crate::PyResult;
use crate::ctx::Ctx;
use crate::header::{Header, Layout};
use crate::held::Held;
use crate::layouts::StrObj;
use crate::lock::{ByteGuard, LockByte, lock_byte};
use crate::slot::Slot;
use crate::value::Value;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU16, AtomicU32, AtomicUsize, Ordering};

/// A dict, set or frozenset.
#[repr(C)]
pub struct DictObj {
    /// Header.
    pub header: Header,
    /// Number of live entries.
    pub used: AtomicUsize,
    /// The table, empty while nothing was inserted.
    pub table: Slot,
    /// Version of the keys, 0 if none was asked for since the last structural change.
    pub version: AtomicU32,
    /// Counts structural changes (for iterators' "changed size during iteration" and sets).
    pub changes: AtomicU32,
    /// Cached hash of a frozenset, with 0 for none.
    pub hash: AtomicI64,
}

/// A set or frozenset: the same layout.
pub type SetObj = DictObj;

/// One entry.
#[repr(C)]
pub struct Entry {
    /// Hash of the key.
    pub hash: AtomicI64,
    /// The key; unbound after deletion.
    pub key: Slot,
    /// The value; empty after deletion.
    pub value: Slot,
}

/// A table; see the module's documentation.
#[repr(C)]
pub struct DictTable {
    /// Header.
    pub header: Header,
    /// Entries used, dead ones included.
    pub nentries: AtomicU32,
    /// Entries that fit.
    pub usable: u32,
    /// All entries at or above are dead (for `popitem`).
    live_end: AtomicU32,
    log2: u8,
    /// Number of stripes: 0 or a power of two.
    stripes: u8,
    /// All entries below are dead (for queues).
    live_start: AtomicU32,
    /// Entries at the front that were never written, for keys that are moved there.
    front: AtomicU32,
}

const MIN_LOG2: u8 = 3;

const fn usable_of(log2: u8) -> usize {
    ((1usize << log2) * 2) / 3
}

/// Tables from this size on have stripes: 341 entries.
const STRIPED_LOG2: u8 = 9;

/// A stripe has a cache line of its own.
const STRIPE_BYTES: usize = 64;

/// So many entries in a row have the same stripe: threads that update runs of keys move from line to line.
const STRIPE_ENTRIES_LOG2: u32 = 6;

/// Stripes of a dict's table: 3 % of its size at most.
const fn stripes_of(log2: u8) -> u8 {
    match log2 {
        0..STRIPED_LOG2 => 0,
        STRIPED_LOG2..=12 => 1 << (log2 - STRIPED_LOG2 + 2),
        _ => 64,
    }
}

const fn index_width(log2: u8) -> usize {
    match log2 {
        0..=7 => 1,
        8..=15 => 2,
        _ => 4,
    }
}

/// Where a probe sequence stands.
#[derive(Clone, Copy)]
pub struct Probe {
    at: usize,
    perturb: u64,
}

impl Probe {
    /// The start for a hash.
    #[inline(always)]
    pub fn new(hash: i64) -> Probe {
        Probe { at: hash as usize, perturb: hash as u64 }
    }

    #[inline(always)]
    fn next(&mut self) {
        self.perturb >>= 5;
        self.at = self.at.wrapping_mul(5).wrapping_add(self.perturb as usize).wrapping_add(1);
    }
}

/// Outcome of a lookup.
pub enum Find {
    /// The entry with that number.
    Found(usize),
    /// No such key.
    Missing,
    /// The key of this entry has the same hash and has to be compared; go on from `probe` if it is unequal.
    Ask {
        /// Entry number.
        entry: usize,
        /// Its key.
        key: Value,
        /// Where to go on.
        probe: Probe,
    },
}

/// Why an insertion did not happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The dict has changed since the lookup: look up again.
    Changed,
    /// The table is full: [`Ctx::dict_grow`], then look up again.
    Full,
}

/// Holds the first so many stripes of a table.
struct Stripes(&'static DictTable, usize);

impl Drop for Stripes {
    #[inline]
    fn drop(&mut self) {
        (0..self.1).for_each(|i| self.0.stripe(i).free());
    }
}

impl DictTable {
    /// Up to the end of the index.
    fn fixed_bytes(log2: u8) -> usize {
        size_of::<DictTable>() + usable_of(log2) * size_of::<Entry>() + (index_width(log2) << log2)
    }

    fn bytes(log2: u8, stripes: u8) -> usize {
        DictTable::fixed_bytes(log2) + usize::from(stripes) * STRIPE_BYTES
    }

    /// A stripe, by a number below `stripes`.
    #[inline(always)]
    fn stripe(&self, n: usize) -> &'static AtomicU8 {
        debug_assert!(n < usize::from(self.stripes));
        let p: *const DictTable = self;
        // SAFETY: so many stripes follow the index. The first does not share its line with the index: that one ends 63 bytes before.
        unsafe { &*p.cast::<AtomicU8>().add(DictTable::fixed_bytes(self.log2) + (n + 1) * STRIPE_BYTES - 1) }
    }

    /// Takes the stripe of entry `i`, of a table with stripes.
    #[inline(always)]
    fn lock_entry(&self, i: usize) -> ByteGuard<'static> {
        ByteGuard::take(self.stripe((i >> STRIPE_ENTRIES_LOG2) & (usize::from(self.stripes) - 1)))
    }

    /// Takes all stripes; the caller has the dict's lock.
    #[inline]
    fn lock_stripes(&'static self, single: bool) -> Stripes {
        let n = if single || crate::ONE_THREAD { 0 } else { usize::from(self.stripes) };
        (0..n).for_each(|i| lock_byte(self.stripe(i)));
        Stripes(self, n)
    }

    /// The table behind a slot's value.
    #[inline(always)]
    pub fn of(v: Value) -> &'static DictTable {
        debug_assert_eq!(v.layout(), Layout::DictTable);
        // SAFETY: `DictObj::table` only ever holds tables.
        unsafe { &*v.ptr::<DictTable>() }
    }

    /// All entries, unused ones included.
    #[inline(always)]
    pub fn entries(&self) -> &'static [Entry] {
        let p: *const DictTable = self;
        // SAFETY: `usable` entries follow the fixed part.
        unsafe { std::slice::from_raw_parts(p.add(1).cast(), self.usable as usize) }
    }

    #[inline(always)]
    fn index_base(&self) -> *const u8 {
        let p: *const DictTable = self;
        // SAFETY: the index follows the entries.
        unsafe { p.add(1).cast::<Entry>().add(self.usable as usize).cast() }
    }

    #[inline(always)]
    fn index_get(&self, i: usize) -> usize {
        // SAFETY: `i` is masked to the index size; cells are aligned to their width.
        unsafe {
            match self.log2 {
                0..=7 => usize::from((*self.index_base().cast::<AtomicU8>().add(i)).load(Ordering::Acquire)),
                8..=15 => {
                    usize::from((*self.index_base().cast::<AtomicU16>().add(i)).load(Ordering::Acquire))
                }
                _ => (*self.index_base().cast::<AtomicU32>().add(i)).load(Ordering::Acquire) as usize,
            }
        }
    }

    #[inline(always)]
    fn index_set(&self, i: usize, n: usize) {
        // SAFETY: as in `index_get`; `n` fits because `usable` does.
        unsafe {
            match self.log2 {
                0..=7 => (*self.index_base().cast::<AtomicU8>().add(i)).store(n as u8, Ordering::Release),
                8..=15 => (*self.index_base().cast::<AtomicU16>().add(i)).store(n as u16, Ordering::Release),
                _ => (*self.index_base().cast::<AtomicU32>().add(i)).store(n as u32, Ordering::Release),
            }
        }
    }

    /// Looks a key up from `probe` on.
    #[inline]
    pub fn find(&self, key: Value, hash: i64, mut probe: Probe) -> Find {
        let mask = (1usize << self.log2) - 1;
        let entries = self.entries();
        loop {
            let n = self.index_get(probe.at & mask);
            if n == 0 {
                return Find::Missing;
            }
            // The index only holds numbers of written entries.
            let Some(e) = entries.get(n - 1) else { return Find::Missing };
            if e.hash.load(Ordering::Relaxed) == hash
                && let Some(k) = e.key.get()
                && !e.value.is_empty()
            {
                if k.is(key) {
                    return Find::Found(n - 1);
                }
                match known_equal(k, key) {
                    Some(true) => return Find::Found(n - 1),
                    Some(false) => {}
                    None => {
                        probe.next();
                        return Find::Ask { entry: n - 1, key: k, probe };
                    }
                }
            }
            probe.next();
        }
    }

    fn link(&self, hash: i64, n: usize) {
        let mask = (1usize << self.log2) - 1;
        let mut probe = Probe::new(hash);
        while self.index_get(probe.at & mask) != 0 {
            probe.next();
        }
        self.index_set(probe.at & mask, n + 1);
    }

    fn append(&self, hash: i64, key: Value, value: Value) -> bool {
        let n = self.nentries.load(Ordering::Relaxed) as usize;
        let Some(e) = self.entries().get(n) else { return false };
        e.hash.store(hash, Ordering::Relaxed);
        e.key.init(Some(key));
        e.value.init(Some(value));
        self.nentries.store(n as u32 + 1, Ordering::Release);
        self.live_end.store(n as u32 + 1, Ordering::Relaxed);
        self.link(hash, n);
        true
    }

    /// Writes an entry before all others, if there is room.
    fn prepend(&self, hash: i64, key: Value, value: Value) -> bool {
        let Some(n) = self.front.load(Ordering::Relaxed).checked_sub(1) else { return false };
        let Some(e) = self.entries().get(n as usize) else { return false };
        e.hash.store(hash, Ordering::Relaxed);
        e.key.init(Some(key));
        e.value.init(Some(value));
        self.front.store(n, Ordering::Relaxed);
        self.live_start.store(n, Ordering::Release);
        self.link(hash, n as usize);
        true
    }

    /// Takes note of the death of entry `i`, under the dict's lock.
    #[inline]
    fn died(&self, i: usize) {
        let mut start = self.live_start.load(Ordering::Relaxed) as usize;
        if i != start {
            return;
        }
        start = i + 1;
        let n = self.len();
        while start < n && self.live(start).is_none() {
            start += 1;
        }
        self.live_start.store(start as u32, Ordering::Release);
    }

    /// Entries that were ever written.
    #[inline(always)]
    pub fn len(&self) -> usize {
        (self.nentries.load(Ordering::Acquire) as usize).min(self.usable as usize)
    }

    /// Whether no entry was written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The live entry number `i`.
    #[inline(always)]
    pub fn live(&self, i: usize) -> Option<(i64, Value, Value)> {
        let e = self.entries().get(i)?;
        let value = e.value.get()?;
        let key = e.key.get()?;
        if key.is_unbound() {
            return None;
        }
        Some((e.hash.load(Ordering::Relaxed), key, value))
    }
}

/// Equality of keys where it needs no Python code.
#[inline(always)]
fn known_equal(a: Value, b: Value) -> Option<bool> {
    if a.is_unbound() || b.is_unbound() {
        return Some(false);
    }
    if a.is_small() && b.is_small() {
        return Some(false);
    }
    if let (Some(x), Some(y)) = (exact_str(a), exact_str(b)) {
        return Some(x.same(y));
    }
    None
}

/// The string, if the value is exactly a str.
#[inline(always)]
pub fn exact_str(v: Value) -> Option<&'static StrObj> {
    match v.header() {
        Some(h) if h.shape() == crate::known::Ty::Str.shape() => StrObj::of(v),
        _ => None,
    }
}

impl DictObj {
    /// The dict behind a value, if it has the layout of a dict (a Python subclass counts).
    #[inline(always)]
    pub fn of(v: Value) -> Option<&'static DictObj> {
        if v.layout() == Layout::Dict {
            // SAFETY: the layout byte says so.
            Some(unsafe { &*v.ptr::<DictObj>() })
        } else {
            None
        }
    }

    /// The set or frozenset behind a value.
    #[inline(always)]
    pub fn of_set(v: Value) -> Option<&'static DictObj> {
        if matches!(v.layout(), Layout::Set | Layout::FrozenSet) {
            // SAFETY: the layout byte says so.
            Some(unsafe { &*v.ptr::<DictObj>() })
        } else {
            None
        }
    }

    /// This object as a value.
    #[inline(always)]
    pub fn value(&self) -> Value {
        Value::from_ref(self)
    }

    /// Number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.used.load(Ordering::Acquire)
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The current table.
    #[inline(always)]
    pub fn table(&self) -> Option<&'static DictTable> {
        self.table.get().map(DictTable::of)
    }

    /// Reads the value of an exact str key.
    #[inline]
    pub fn get_str(&self, key: Value, hash: i64) -> Option<Value> {
        let t = self.table()?;
        let mut probe = Probe::new(hash);
        loop {
            match t.find(key, hash, probe) {
                Find::Found(i) => return t.entries()[i].value.get(),
                Find::Missing => return None,
                // A str key and a key of another type: equal only if that type says so, which namespaces do not ask.
                Find::Ask { probe: p, .. } => probe = p,
            }
        }
    }

    /// Items in order as of one moment: hash, key, value.
    pub fn snapshot(&self) -> Held<(i64, Value, Value)> {
        let mut all = Held::new();
        loop {
            all.reserve(self.len());
            let _g = self.header.lock(false);
            if self.len() > all.capacity() {
                continue;
            }
            if let Some(t) = self.table() {
                let _s = t.lock_stripes(false);
                all.extend((0..t.len()).filter_map(|i| t.live(i)));
            }
            return all;
        }
    }

    /// The next live entry at or after `at`: entry number, hash, key, value.
    #[inline]
    pub fn next_from(&self, mut at: usize) -> Option<(usize, i64, Value, Value)> {
        let t = self.table()?;
        let n = t.len();
        at = at.max(t.live_start.load(Ordering::Relaxed) as usize);
        while at < n {
            if let Some((h, k, v)) = t.live(at) {
                return Some((at, h, k, v));
            }
            at += 1;
        }
        None
    }

    /// The last live entry below `at`: entry number, hash, key, value. `None`, too, if `at` is no number of this table.
    pub fn previous(&self, at: usize) -> Option<(usize, i64, Value, Value)> {
        let t = self.table()?;
        if at > t.len() {
            // The dict was emptied and filled again.
            return None;
        }
        (0..at).rev().find_map(|i| t.live(i).map(|(h, k, v)| (i, h, k, v)))
    }

    /// The last live entry: number, key, value.
    pub fn last(&self) -> Option<(usize, i64, Value, Value)> {
        let t = self.table()?;
        let mut i = (t.live_end.load(Ordering::Relaxed) as usize).min(t.len());
        while i > 0 {
            i -= 1;
            if let Some((h, k, v)) = t.live(i) {
                return Some((i, h, k, v));
            }
            t.live_end.store(i as u32, Ordering::Relaxed);
        }
        None
    }

    #[inline]
    fn structural(&self) {
        if self.version.load(Ordering::Relaxed) != 0 {
            self.version.store(0, Ordering::Release);
        }
        self.changes.store(self.changes.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
}

impl Ctx {
    /// Exchanges the value of entry `i` of `table`, which a lookup found; the old value, or `Changed` if the entry is
    /// dead or the table is not the dict's any more.
    #[inline]
    pub fn dict_replace(
        &mut self,
        d: &DictObj,
        table: &DictTable,
        i: usize,
        value: Value,
    ) -> Result<Value, Refused> {
        let single = self.single_threaded();
        let _g = if single || table.stripes == 0 { d.header.lock(single) } else { table.lock_entry(i) };
        if !d.table.get().is_some_and(|t| std::ptr::eq(t.ptr::<DictTable>(), table)) {
            return Err(Refused::Changed);
        }
        let Some(e) = table.entries().get(i) else { return Err(Refused::Changed) };
        let Some(old) = e.value.get() else { return Err(Refused::Changed) };
        self.store(Value::from_ref(table), &e.value, value);
        Ok(old)
    }

    /// Appends a key that a lookup on `table` (when it had `seen` entries) did not find.
    #[inline]
    pub fn dict_append(
        &mut self,
        d: &DictObj,
        table: Option<&DictTable>,
        seen: usize,
        hash: i64,
        key: Value,
        value: Value,
    ) -> Result<(), Refused> {
        let Some(table) = table else { return Err(Refused::Full) };
        let _g = d.header.lock(self.single_threaded());
        if !d.table.get().is_some_and(|t| std::ptr::eq(t.ptr::<DictTable>(), table)) || table.len() != seen {
            return Err(Refused::Changed);
        }
        if seen >= table.usable as usize {
            return Err(Refused::Full);
        }
        d.structural();
        self.barrier(Value::from_ref(table));
        table.append(hash, key, value);
        d.used.store(d.used.load(Ordering::Relaxed) + 1, Ordering::Release);
        Ok(())
    }

    /// Removes entry `i`; the key and value, or `Changed` if it is dead already.
    pub fn dict_remove(
        &mut self,
        d: &DictObj,
        table: &DictTable,
        i: usize,
    ) -> Result<(Value, Value), Refused> {
        let _g = d.header.lock(self.single_threaded());
        if !d.table.get().is_some_and(|t| std::ptr::eq(t.ptr::<DictTable>(), table)) {
            return Err(Refused::Changed);
        }
        let Some(e) = table.entries().get(i) else { return Err(Refused::Changed) };
        let _s = (table.stripes != 0 && !self.single_threaded()).then(|| table.lock_entry(i));
        d.structural();
        let Some(value) = e.value.swap_raw(None) else { return Err(Refused::Changed) };
        let key = e.key.swap_raw(Some(Value::UNBOUND)).unwrap_or(Value::UNBOUND);
        d.used.store(d.used.load(Ordering::Relaxed).saturating_sub(1), Ordering::Release);
        table.died(i);
        Ok((key, value))
    }

    /// Moves entry `i`, which a lookup found, behind all others (`last`) or before them. `Full`: [`Ctx::dict_grow`] or
    /// [`Ctx::dict_grow_front`], then look up again.
    pub fn dict_move(&mut self, d: &DictObj, table: &DictTable, i: usize, last: bool) -> Result<(), Refused> {
        let _g = d.header.lock(self.single_threaded());
        if !d.table.get().is_some_and(|t| std::ptr::eq(t.ptr::<DictTable>(), table)) {
            return Err(Refused::Changed);
        }
        let _s = (table.stripes != 0 && !self.single_threaded()).then(|| table.lock_entry(i));
        let Some((hash, key, value)) = table.live(i) else { return Err(Refused::Changed) };
        let at_end = if last { d.last() } else { d.next_from(0) };
        if at_end.is_some_and(|(at, ..)| at == i) {
            return Ok(());
        }
        self.barrier(Value::from_ref(table));
        // Readers without the lock find one of the two at any time.
        let moved = if last { table.append(hash, key, value) } else { table.prepend(hash, key, value) };
        if !moved {
            return Err(Refused::Full);
        }
        d.structural();
        if let Some(e) = table.entries().get(i) {
            e.value.swap_raw(None);
            e.key.swap_raw(Some(Value::UNBOUND));
        }
        table.died(i);
        Ok(())
    }

    /// Empties a dict or set; the table that it had.
    pub fn dict_clear(&mut self, d: &DictObj) -> Option<&'static DictTable> {
        let old = {
            let _g = d.header.lock(self.single_threaded());
            let _s = d.table().map(|t| t.lock_stripes(self.single_threaded()));
            d.structural();
            d.used.store(0, Ordering::Release);
            d.table.swap_raw(None)?
        };
        self.retire_storage(old);
        Some(DictTable::of(old))
    }

    /// Makes room for at least `extra` more entries by moving to a new table. `None`: out of memory.
    pub fn dict_grow(&mut self, d: &DictObj, extra: usize) -> Option<()> {
        self.dict_renew(d, extra, 0)
    }

    /// Makes room for keys before all others by moving to a new table. `None`: out of memory.
    pub fn dict_grow_front(&mut self, d: &DictObj) -> Option<()> {
        self.dict_renew(d, 1, d.len().checked_add(4)?)
    }

    fn dict_renew(&mut self, d: &DictObj, extra: usize, front: usize) -> Option<()> {
        loop {
            let used = d.len();
            let old = d.table.get();
            let old_len = old.map_or(0, |t| DictTable::of(t).len());
            let room = used.saturating_mul(2).max(used.checked_add(extra)?).max(5).checked_add(front)?;
            let fresh = self.new_dict_table(room, d.header.layout() == Layout::Dict)?;
            for n in [&fresh.nentries, &fresh.live_end, &fresh.live_start, &fresh.front] {
                n.store(front as u32, Ordering::Relaxed);
            }
            let lock = d.header.lock(self.single_threaded());
            let now_len = d.table.get().map_or(0, |t| DictTable::of(t).len());
            if d.table.get() != old || old_len != now_len {
                continue;
            }
            let stripes = old.map(|t| DictTable::of(t).lock_stripes(self.single_threaded()));
            if let Some(old) = old {
                let old = DictTable::of(old);
                for i in 0..old.len() {
                    if let Some((h, k, v)) = old.live(i) {
                        fresh.append(h, k, v);
                    }
                }
            }
            d.structural();
            self.store(d.value(), &d.table, Value::from_ref(fresh));
            drop(stripes);
            drop(lock);
            if let Some(old) = old {
                self.retire_storage(old);
            }
            return Some(());
        }
    }

    fn new_dict_table(&mut self, room: usize, striped: bool) -> Option<&'static DictTable> {
        let mut log2 = MIN_LOG2;
        while usable_of(log2) < room {
            log2 += 1;
            if log2 > 31 {
                return None;
            }
        }
        let stripes = if striped && !crate::ONE_THREAD { stripes_of(log2) } else { 0 };
        let p = self
            .try_alloc_cell(DictTable::bytes(log2, stripes), Layout::DictTable, crate::known::TABLE_SHAPE)?
            .cast::<DictTable>();
        // SAFETY: the cell is fresh, zeroed and large enough.
        unsafe {
            (*p).usable = usable_of(log2) as u32;
            (*p).log2 = log2;
            (*p).stripes = stripes;
            Some(&*p)
        }
    }

    /// Makes `dst`, a fresh dict or set, a compact copy of `src`. `None`: out of memory.
    pub fn dict_copy_into(&mut self, src: &DictObj, dst: &DictObj) -> Option<()> {
        loop {
            let room = src.len();
            if room == 0 {
                return Some(());
            }
            let fresh = self.new_dict_table(room, dst.header.layout() == Layout::Dict)?;
            let mut n = 0;
            {
                // The copy is the source as it was at one moment.
                let _g = src.header.lock(self.single_threaded());
                if src.len() > room {
                    continue;
                }
                let Some(t) = src.table() else { return Some(()) };
                let _s = t.lock_stripes(self.single_threaded());
                for (h, k, v) in (0..t.len()).filter_map(|i| t.live(i)) {
                    n += usize::from(fresh.append(h, k, v));
                }
            }
            self.store(dst.value(), &dst.table, Value::from_ref(fresh));
            dst.used.store(n, Ordering::Release);
            return Some(());
        }
    }

    /// A dict with the items of `d` that no other thread changes: `d` itself while there are no other threads, else a copy as of one
    /// moment. What is read from it outlives allocations as long as the caller holds on to it. MemoryError.
    pub fn dict_private(&mut self, d: &DictObj) -> PyResult<&'static DictObj> {
        let own = if self.single_threaded() { d.value() } else { self.dict() };
        // SAFETY: a dict or set, which the collector keeps while the reference lies on a stack.
        let own: &'static DictObj = unsafe { &*own.ptr::<DictObj>() };
        if !std::ptr::eq(own, d) && self.dict_copy_into(d, own).is_none() {
            return Err(self.no_memory());
        }
        Ok(own)
    }

    /// Gives `d`, if it is empty and was never filled, the table of `src`, a dict that no other thread knows and that is empty then. Whether it did.
    pub fn dict_adopt(&mut self, d: &DictObj, src: &DictObj) -> bool {
        if d.table().is_some() || self.single_threaded() || std::ptr::eq(d, src) {
            return false;
        }
        let _g = d.header.lock(false);
        if d.table().is_some() {
            return false;
        }
        // A table has one owner.
        if let Some(t) = src.table.swap_raw(None) {
            d.structural();
            self.store(d.value(), &d.table, t);
            d.used.store(src.used.swap(0, Ordering::Relaxed), Ordering::Release);
        }
        true
    }

    /// Sets entries `from..` of `src`, a dict that nobody else changes, in `d` under one hold of its lock, as long as keys can be compared
    /// without Python code and there is room; the number of the first entry that was not set.
    pub fn dict_merge_known(&mut self, d: &DictObj, src: &DictObj, from: usize) -> usize {
        let Some(t) = src.table() else { return usize::MAX };
        let _g = d.header.lock(self.single_threaded());
        let Some(to) = d.table() else { return from };
        let _s = to.lock_stripes(self.single_threaded());
        self.barrier(Value::from_ref(to));
        for i in from..t.len() {
            let Some((h, k, v)) = t.live(i) else { continue };
            match to.find(k, h, Probe::new(h)) {
                Find::Found(at) => match to.entries().get(at) {
                    Some(e) => e.value.init(Some(v)),
                    None => return i,
                },
                Find::Missing if to.len() < to.usable as usize => {
                    d.structural();
                    to.append(h, k, v);
                    d.used.store(d.used.load(Ordering::Relaxed) + 1, Ordering::Release);
                }
                _ => return i,
            }
        }
        usize::MAX
    }

    /// Sets an exact str key (namespaces, keyword arguments). `None`: out of memory.
    pub fn dict_set_str(&mut self, d: &DictObj, key: Value, value: Value) -> Option<()> {
        let hash = self.str_hash(key);
        loop {
            let table = d.table();
            let seen = table.map_or(0, DictTable::len);
            let mut found = None;
            if let Some(t) = table {
                let mut probe = Probe::new(hash);
                loop {
                    match t.find(key, hash, probe) {
                        Find::Found(i) => {
                            found = Some(i);
                            break;
                        }
                        Find::Missing => break,
                        Find::Ask { probe: p, .. } => probe = p,
                    }
                }
            }
            let r = match (table, found) {
                (Some(t), Some(i)) => self.dict_replace(d, t, i, value).map(|_| ()),
                _ => self.dict_append(d, table, seen, hash, key, value),
            };
            match r {
                Ok(()) => return Some(()),
                Err(Refused::Changed) => {}
                Err(Refused::Full) => self.dict_grow(d, 1)?,
            }
        }
    }

    /// Reads an exact str key.
    pub fn dict_get_str(&self, d: &DictObj, key: Value) -> Option<Value> {
        d.get_str(key, self.str_hash(key))
    }

    /// Removes an exact str key; whether it was there.
    pub fn dict_del_str(&mut self, d: &DictObj, key: Value) -> Option<Value> {
        let hash = self.str_hash(key);
        loop {
            let t = d.table()?;
            let mut probe = Probe::new(hash);
            let i = loop {
                match t.find(key, hash, probe) {
                    Find::Found(i) => break i,
                    Find::Missing => return None,
                    Find::Ask { probe: p, .. } => probe = p,
                }
            };
            if let Ok((_, v)) = self.dict_remove(d, t, i) {
                return Some(v);
            }
        }
    }

    /// The version of a dict's keys, for an inline cache that remembers an entry number.
    pub fn dict_version(&mut self, d: &DictObj) -> u32 {
        let v = d.version.load(Ordering::Acquire);
        if v != 0 {
            return v;
        }
        // Under the lock: a version that began while a writer is between its reset and its change would outlive the change.
        let _g = d.header.lock(self.single_threaded());
        let v = d.version.load(Ordering::Relaxed);
        if v != 0 {
            return v;
        }
        let fresh = self.next_version();
        d.version.store(fresh, Ordering::Release);
        fresh
    }
}

/// Visits the entries of a table.
pub(crate) fn trace_table(t: &DictTable, tracer: &mut crate::trace::Tracer) {
    for e in &t.entries()[..t.len()] {
        tracer.slot(&e.key);
        tracer.slot(&e.value);
    }
}
