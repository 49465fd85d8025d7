//! The address range of a heap, its blocks, and what is known about each cell without touching it.
//!
//! One range of addresses is reserved a space; block number `n` lies at `base + n * 32 KiB`. All that the collector
//! knows of a block lies in side tables indexed by the number, so that a word is checked, marked and swept without
//! touching the object.
//!
//! # Invariants
//!
//! 1. Kind table: a block is FREE, holds cells of one class and kind, or belongs to a large object.
//! 2. `current` marks are those of the last finished collection; `next` marks are written by the one that runs.
//! 3. A cell at offset `o` of a block is *valid* (holds an object) iff `o < swept_to` and its header's shape is not 0, or
//!    `o >= swept_to` and its current mark is set. Cells that were dead at the last collection are therefore never
//!    valid again, whatever a stale word claims: their referents may be gone.
//! 4. `swept_to` only moves over cells that are marked, or were zeroed before it moved.
//! 5. A large object is valid while its first block has a LARGE kind and its header's shape is not 0.

use super::class::*;
use crate::header::Header;
use crate::value::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

/// What is known of a block besides its kind.
#[repr(C)]
pub(crate) struct Meta {
    /// Invariant 3.
    pub(crate) swept_to: AtomicU32,
    /// Blocks of a large object (first block), distance to the first block (others).
    pub(crate) span: AtomicU32,
    /// Cells that survived the last collection.
    pub(crate) live: AtomicU32,
    /// Size class.
    pub(crate) class: AtomicU8,
    /// Whether the memory may be other than zero.
    pub(crate) dirty: AtomicU8,
}

/// Free blocks.
pub(crate) struct Pool {
    /// Runs of free blocks: first block, number of blocks; never adjacent.
    runs: BTreeMap<u32, u32>,
    /// Blocks in `runs`.
    free: usize,
    /// Most blocks that may be in use.
    limit: usize,
}

/// The blocks of a heap.
pub(crate) struct Blocks {
    base: usize,
    /// Blocks for which there are addresses; shrinks under the pool's lock, never below `committed`.
    capacity: AtomicUsize,
    /// Entries of the kind table: the blocks for which there were addresses at first.
    table: usize,
    /// Blocks below have been in use at some time.
    frontier: AtomicUsize,
    /// Blocks in use.
    used: AtomicUsize,
    kinds: *mut AtomicU8,
    meta: *mut Meta,
    marks: [*mut u64; 2],
    /// Blocks that are accessible, with their table entries.
    committed: AtomicUsize,
    /// Which of `marks` is current.
    flip: AtomicUsize,
    pool: Mutex<Pool>,
}

// SAFETY: the tables are accessed through atomics, by the owner of a block, or while the world is stopped.
unsafe impl Send for Blocks {}
// SAFETY: as above.
unsafe impl Sync for Blocks {}

/// Bytes of a huge page.
const HUGE_PAGE: usize = 2 << 20;

/// Blocks whose memory and table entries are made accessible at a time.
const STEP: usize = 2048;

/// Blocks at the end of the range that are for cells which cannot be refused.
const SPARE: usize = 256;

/// Makes the first `bytes` of a reserved range accessible; `false` if the system refuses (`ulimit -d`).
fn commit(at: usize, bytes: usize) -> bool {
    let bytes = bytes.next_multiple_of(4096);
    // SAFETY: the callers pass the start of a range that `map` made, and not more than it holds.
    unsafe { libc::mprotect(at as *mut libc::c_void, bytes, libc::PROT_READ | libc::PROT_WRITE) == 0 }
}

/// Reserves addresses; their memory counts against the process's limits only from [`commit`] on.
fn map(bytes: usize) -> Option<usize> {
    // SAFETY: an anonymous private mapping without a fixed address has no preconditions.
    let p = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            bytes,
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    (p != libc::MAP_FAILED).then_some(p as usize)
}

fn unmap(at: usize, bytes: usize) {
    // SAFETY: the callers pass ranges that `map` made and nobody uses any more.
    unsafe { libc::munmap(at as *mut libc::c_void, bytes) };
}

/// Most bytes of addresses that the process may have, if it is limited.
fn address_space_limit() -> Option<usize> {
    let mut l = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call writes one `rlimit`.
    let failed = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut l) } != 0;
    if failed || l.rlim_cur == libc::RLIM_INFINITY {
        return None;
    }
    usize::try_from(l.rlim_cur).ok()
}

/// Bytes of addresses that the process has, where the system tells. Allocates nothing: there may be no memory to be had.
fn address_space() -> Option<usize> {
    let mut text = [0u8; 32];
    let n = std::fs::File::open("/proc/self/statm").ok()?.read(&mut text).ok()?;
    let pages = std::str::from_utf8(text.get(..n)?).ok()?.split(' ').next()?.parse::<usize>().ok()?;
    // SAFETY: no preconditions.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    pages.checked_mul(usize::try_from(page).ok()?)
}

impl Blocks {
    /// Reserves addresses for a heap: 256 GiB, or less where the process has a limit (`ulimit -v`): half of it, as the rest
    /// of the process needs addresses, too.
    pub(crate) fn reserve(limit_bytes: usize) -> std::io::Result<Blocks> {
        let allowed = address_space_limit().map_or(usize::MAX, |n| n / 2 / BLOCK_BYTES / STEP * STEP);
        let mut capacity = (1usize << 23).min(allowed.max(STEP));
        while capacity >= STEP {
            if let Some(b) = Blocks::try_reserve(capacity, limit_bytes) {
                return Ok(b);
            }
            capacity = (capacity >> 2) / STEP * STEP;
        }
        Err(std::io::Error::last_os_error())
    }

    fn try_reserve(capacity: usize, limit_bytes: usize) -> Option<Blocks> {
        let slack = HUGE_PAGE.max(BLOCK_BYTES);
        let whole = capacity * BLOCK_BYTES + slack;
        let parts = [
            whole,
            capacity,
            capacity * size_of::<Meta>(),
            capacity * MARK_WORDS * 8,
            capacity * MARK_WORDS * 8,
        ];
        let mut at = [0usize; 5];
        for i in 0..parts.len() {
            match map(parts[i]) {
                Some(p) => at[i] = p,
                None => {
                    (0..i).for_each(|j| unmap(at[j], parts[j]));
                    return None;
                }
            }
        }
        let base = at[0].next_multiple_of(slack);
        let end = base + capacity * BLOCK_BYTES;
        if base != at[0] {
            unmap(at[0], base - at[0]);
        }
        if end != at[0] + whole {
            unmap(end, at[0] + whole - end);
        }
        // The scanner asks for the kind of any block before it knows whether the block was ever used.
        if !commit(at[1], parts[1]) {
            return None;
        }
        // SAFETY: advice about our own range. Refusal is harmless.
        unsafe { libc::madvise(base as *mut libc::c_void, capacity * BLOCK_BYTES, libc::MADV_HUGEPAGE) };
        Some(Blocks {
            base,
            capacity: AtomicUsize::new(capacity),
            table: capacity,
            frontier: AtomicUsize::new(0),
            committed: AtomicUsize::new(0),
            used: AtomicUsize::new(0),
            kinds: at[1] as *mut AtomicU8,
            meta: at[2] as *mut Meta,
            marks: [at[3] as *mut u64, at[4] as *mut u64],
            flip: AtomicUsize::new(0),
            pool: Mutex::new(Pool { runs: BTreeMap::new(), free: 0, limit: limit_bytes / BLOCK_BYTES }),
        })
    }

    /// First address.
    #[inline(always)]
    pub(crate) fn base(&self) -> usize {
        self.base
    }

    /// Blocks that have ever been in use.
    #[inline(always)]
    pub(crate) fn frontier(&self) -> usize {
        self.frontier.load(Relaxed)
    }

    /// Blocks in use.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// The kind table.
    #[inline(always)]
    pub(crate) fn kinds(&self) -> *const AtomicU8 {
        self.kinds
    }

    /// Kind of a block.
    #[inline(always)]
    pub(crate) fn kind(&self, b: usize) -> u8 {
        debug_assert!(b < self.table);
        // SAFETY: the table has an entry for each block.
        unsafe { (*self.kinds.add(b)).load(Relaxed) }
    }

    #[inline(always)]
    fn set_kind(&self, b: usize, k: u8) {
        debug_assert!(b < self.table);
        // SAFETY: as in `kind`.
        unsafe { (*self.kinds.add(b)).store(k, Relaxed) }
    }

    /// What is known of a block.
    #[inline(always)]
    pub(crate) fn meta(&self, b: usize) -> &Meta {
        debug_assert!(b < self.table);
        // SAFETY: the table has an entry for each block; zero is a valid entry.
        unsafe { &*self.meta.add(b) }
    }

    /// Address of a block.
    #[inline(always)]
    pub(crate) fn address(&self, b: usize) -> usize {
        self.base + (b << BLOCK_SHIFT)
    }

    /// Current marks of a block (invariant 2).
    #[inline(always)]
    pub(crate) fn current(&self, b: usize) -> &[u64; MARK_WORDS] {
        // SAFETY: the table has an entry for each block. Current marks only change while the world is stopped.
        unsafe { &*self.marks[self.flip.load(Relaxed)].add(b * MARK_WORDS).cast() }
    }

    /// The current marks of all blocks, for a minor collection.
    #[inline(always)]
    pub(crate) fn current_marks(&self) -> *mut u64 {
        self.marks[self.flip.load(Relaxed)]
    }

    /// Whether an object has a current mark.
    pub(crate) fn is_current(&self, v: Value) -> bool {
        let off = (v.bits() as usize).wrapping_sub(self.base);
        let bit = (off & (BLOCK_BYTES - 1)) >> 4;
        off >> BLOCK_SHIFT >= self.frontier()
            || self.current(off >> BLOCK_SHIFT)[bit >> 6] >> (bit & 63) & 1 != 0
    }

    /// The next marks of all blocks, for the collector.
    #[inline(always)]
    pub(crate) fn next_marks(&self) -> *mut u64 {
        self.marks[self.flip.load(Relaxed) ^ 1]
    }

    /// Empties the next marks. The world is stopped.
    pub(crate) fn clear_next(&self) {
        // SAFETY: the table has `frontier` entries and more, and only the collector uses it.
        unsafe { std::ptr::write_bytes(self.next_marks(), 0, self.frontier() * MARK_WORDS) };
    }

    /// Makes the next marks current. The world is stopped.
    pub(crate) fn flip(&self) {
        self.flip.fetch_xor(1, Relaxed);
    }

    /// Makes the first `end` blocks and their table entries accessible. Called under the pool's lock.
    fn commit_to(&self, end: usize) -> bool {
        if end <= self.committed.load(Relaxed) {
            return true;
        }
        let n = end.next_multiple_of(STEP).min(self.capacity());
        let ok = commit(self.meta as usize, n * size_of::<Meta>())
            && commit(self.marks[0] as usize, n * MARK_WORDS * 8)
            && commit(self.marks[1] as usize, n * MARK_WORDS * 8)
            && commit(self.base, n * BLOCK_BYTES);
        if ok {
            self.committed.store(n, Relaxed);
        }
        ok
    }

    /// Blocks for which there are addresses.
    fn capacity(&self) -> usize {
        self.capacity.load(Relaxed)
    }

    /// Gives reserved addresses back so that a process that may have `limit` bytes of them has some left for all else: of
    /// what is not taken yet the heap keeps half, and always what it has made accessible.
    pub(crate) fn fit(&self, limit: usize) {
        let pool = self.pool();
        let old = self.capacity();
        let per_block = BLOCK_BYTES + size_of::<Meta>() + 2 * MARK_WORDS * 8;
        let Some(taken) = address_space() else { return };
        let others = taken.saturating_sub(old * per_block);
        let half = limit.saturating_sub(others) / 2 / per_block;
        // Multiples of STEP keep the ends of the tables at the boundaries of pages.
        let new = half.max(self.committed.load(Relaxed)).next_multiple_of(STEP);
        if new >= old {
            return;
        }
        self.capacity.store(new, Relaxed);
        unmap(self.base + new * BLOCK_BYTES, (old - new) * BLOCK_BYTES);
        unmap(self.meta as usize + new * size_of::<Meta>(), (old - new) * size_of::<Meta>());
        for m in self.marks {
            unmap(m as usize + new * MARK_WORDS * 8, (old - new) * MARK_WORDS * 8);
        }
        drop(pool);
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Most bytes that may be in use.
    pub(crate) fn set_limit(&self, bytes: usize) {
        self.pool().limit = bytes / BLOCK_BYTES;
    }

    /// Takes `n` adjacent blocks of the given kind; `beyond` says that the limit does not count.
    pub(crate) fn take(&self, n: usize, first_kind: u8, class: usize, beyond: bool) -> Option<usize> {
        let b = self.withdraw(n, beyond)?;
        self.open(b, n, first_kind, class);
        Some(b)
    }

    /// Takes `n` adjacent blocks out of the pool; nobody knows of them until [`Blocks::open`].
    pub(crate) fn withdraw(&self, n: usize, beyond: bool) -> Option<usize> {
        let mut pool = self.pool();
        if !beyond && self.used().checked_add(n)? > pool.limit {
            return None;
        }
        let fit = if pool.free >= n {
            pool.runs.iter().find(|(_, len)| **len as usize >= n).map(|(s, l)| (*s, *l))
        } else {
            None
        };
        let b = match fit {
            Some((start, len)) => {
                pool.runs.remove(&start);
                if len as usize > n {
                    pool.runs.insert(start + n as u32, len - n as u32);
                }
                pool.free -= n;
                start as usize
            }
            None => {
                let b = self.frontier();
                let end = b.checked_add(n)?;
                let room = self.capacity() - if beyond { 0 } else { SPARE };
                if end > room || !self.commit_to(end) {
                    return None;
                }
                self.frontier.store(b + n, Relaxed);
                b
            }
        };
        self.used.fetch_add(n, Relaxed);
        Some(b)
    }

    /// Makes withdrawn blocks ones of the given kind.
    pub(crate) fn open(&self, b: usize, n: usize, first_kind: u8, class: usize) {
        let m = self.meta(b);
        m.class.store(class as u8, Relaxed);
        m.live.store(0, Relaxed);
        m.span.store(n as u32, Relaxed);
        m.swept_to.store(0, Relaxed);
        // SAFETY: current marks of a free block belong to whoever takes it; all zero says that all its cells are free.
        unsafe {
            let marks = self.marks[self.flip.load(Relaxed)].add(b * MARK_WORDS);
            std::ptr::write_bytes(marks, 0, MARK_WORDS);
        }
        for i in 1..n {
            self.meta(b + i).span.store(i as u32, Relaxed);
            self.set_kind(b + i, kind::TAIL);
        }
        self.set_kind(b, first_kind);
    }

    /// Makes sure that withdrawn blocks are zero and in memory: the system gives the pages at the first write, which takes its time.
    pub(crate) fn fault_in(&self, b: usize, n: usize) {
        const PAGE: usize = 4096;
        self.zero(b, n);
        (b..b + n).for_each(|i| self.meta(i).dirty.store(0, Relaxed));
        let start = self.address(b) as *mut u8;
        for at in (0..n * BLOCK_BYTES).step_by(PAGE) {
            // SAFETY: within the withdrawn blocks, which are committed, zero, and known to this thread alone.
            unsafe { start.add(at).write_volatile(0) };
        }
    }

    /// Gives blocks back; their content is dead, or zero if they are `clean`.
    pub(crate) fn give_back(&self, b: usize, n: usize, clean: bool) {
        for i in b..b + n {
            self.meta(i).dirty.store(u8::from(!clean), Relaxed);
            self.set_kind(i, kind::FREE);
        }
        self.used.fetch_sub(n, Relaxed);
        self.pool().insert(b as u32, n as u32);
    }

    /// Makes sure that blocks are zero.
    pub(crate) fn zero(&self, b: usize, n: usize) {
        let dirty = |i: usize| self.meta(i).dirty.load(Relaxed) != 0;
        let mut i = b;
        while i < b + n {
            let from = i;
            while i < b + n && dirty(i) {
                i += 1;
            }
            let (at, bytes) = (self.address(from) as *mut u8, (i - from) << BLOCK_SHIFT);
            if bytes >= 1 << 20 {
                self.discard(from, i - from);
            } else {
                // SAFETY: the caller owns the blocks.
                unsafe { std::ptr::write_bytes(at, 0, bytes) };
            }
            i += 1;
        }
    }

    /// Returns the memory of blocks that the caller owns to the system: they read as zero.
    pub(crate) fn discard(&self, b: usize, n: usize) {
        let (at, bytes) = (self.address(b) as *mut libc::c_void, n << BLOCK_SHIFT);
        // SAFETY: the range is ours, private and anonymous; its content is dead.
        let failed = unsafe { libc::madvise(at, bytes, libc::MADV_DONTNEED) } != 0;
        if failed {
            // SAFETY: as above.
            unsafe { std::ptr::write_bytes(at.cast::<u8>(), 0, bytes) };
        }
        for i in b..b + n {
            self.meta(i).dirty.store(0, Relaxed);
        }
    }

    /// Bytes of free blocks whose memory has not gone back to the system.
    pub(crate) fn kept(&self) -> usize {
        let pool = self.pool();
        let blocks = pool.runs.iter().flat_map(|(b, n)| *b..*b + *n);
        blocks.filter(|i| self.meta(*i as usize).dirty.load(Relaxed) != 0).count() * BLOCK_BYTES
    }

    /// Returns free memory beyond `keep` bytes to the system, from the highest addresses down.
    pub(crate) fn release_surplus(&self, keep: usize) {
        let mut surplus = Vec::new();
        {
            let mut pool = self.pool();
            if pool.free <= keep / BLOCK_BYTES {
                return;
            }
            let dirty = |b: u32, n: u32| {
                (b..b + n).filter(|i| self.meta(*i as usize).dirty.load(Relaxed) != 0).count()
            };
            let mut kept = 0usize;
            let all: Vec<(u32, u32)> = pool.runs.iter().map(|(b, n)| (*b, *n)).collect();
            for (b, n) in all {
                let d = dirty(b, n);
                let room = (keep / BLOCK_BYTES).saturating_sub(kept);
                if d <= room {
                    kept += d;
                    continue;
                }
                // The lower part of the run stays, with as many blocks as there is room for.
                kept += room;
                let mut cut = b;
                let mut left = room;
                while left > 0 && cut < b + n {
                    left -= usize::from(self.meta(cut as usize).dirty.load(Relaxed) != 0);
                    cut += 1;
                }
                pool.runs.remove(&b);
                pool.free -= n as usize;
                if cut > b {
                    pool.runs.insert(b, cut - b);
                    pool.free += (cut - b) as usize;
                }
                surplus.push((cut, b + n - cut));
            }
        }
        for (b, n) in surplus {
            self.discard(b as usize, n as usize);
            self.pool().insert(b, n);
        }
    }

    /// Whether the cell at `offset` of small block `b` holds an object (invariant 3).
    #[inline(always)]
    pub(crate) fn valid(&self, b: usize, offset: usize) -> bool {
        if offset < self.meta(b).swept_to.load(Relaxed) as usize {
            let h = (self.address(b) + offset) as *const Header;
            // SAFETY: the block is in use and the offset is a cell's.
            unsafe { (*h).shape().0 != 0 }
        } else {
            let bit = offset >> 4;
            self.current(b)[bit >> 6] >> (bit & 63) & 1 != 0
        }
    }

    /// The object whose cell holds the address, if there is one. For words of unknown meaning.
    #[inline]
    pub(crate) fn find(&self, address: usize) -> Option<Value> {
        let off = address.wrapping_sub(self.base);
        let mut b = off >> BLOCK_SHIFT;
        if b >= self.frontier() {
            return None;
        }
        let mut k = self.kind(b);
        if k == kind::TAIL {
            b -= self.meta(b).span.load(Relaxed) as usize;
            k = self.kind(b);
        }
        let start = if k == kind::FREE {
            return None;
        } else if k & kind::LARGE != 0 {
            let at = self.address(b);
            // SAFETY: the block is in use; a large object's header is at its start.
            if unsafe { (*(at as *const Header)).shape().0 } == 0 {
                return None;
            }
            at
        } else {
            let class = usize::from(self.meta(b).class.load(Relaxed));
            let i = cell_index(class, off & (BLOCK_BYTES - 1));
            if i >= cells_of(class) {
                return None;
            }
            let offset = i * SIZES[class] as usize;
            if !self.valid(b, offset) {
                return None;
            }
            self.address(b) + offset
        };
        Some(Value::from_ref(start as *const Header))
    }

    /// Bytes of a valid object's cell.
    pub(crate) fn cell_bytes(&self, v: Value) -> usize {
        let b = (v.bits() as usize).wrapping_sub(self.base) >> BLOCK_SHIFT;
        if b >= self.frontier() {
            return 0;
        }
        let m = self.meta(b);
        if self.kind(b) & kind::LARGE != 0 {
            (m.span.load(Relaxed) as usize) << BLOCK_SHIFT
        } else {
            SIZES[usize::from(m.class.load(Relaxed))] as usize
        }
    }

    /// Number of the block at an address of the range.
    pub(crate) fn number(&self, at: usize) -> usize {
        (at - self.base) >> BLOCK_SHIFT
    }

    /// Blocks of the large object that starts at an address.
    pub(crate) fn large_span(&self, at: usize) -> Option<usize> {
        let off = at.wrapping_sub(self.base);
        let b = off >> BLOCK_SHIFT;
        let large = off.is_multiple_of(BLOCK_BYTES) && b < self.frontier() && self.kind(b) & kind::LARGE != 0;
        large.then(|| self.meta(b).span.load(Relaxed) as usize)
    }

    /// Whether a large object starts at an address and has a current mark.
    pub(crate) fn is_marked_large(&self, at: usize) -> bool {
        self.large_span(at).is_some() && self.current(self.number(at))[0] & 1 != 0
    }

    /// Calls `f` with each valid object of the kinds that `want` accepts. The world is stopped.
    pub(crate) fn for_each(&self, want: impl Fn(u8) -> bool, f: &mut dyn FnMut(Value)) {
        for b in 0..self.frontier() {
            let k = self.kind(b);
            if k == kind::FREE || k == kind::TAIL || !want(k & kind::MASK) {
                continue;
            }
            if k & kind::LARGE != 0 {
                if let Some(v) = self.find(self.address(b)) {
                    f(v);
                }
                continue;
            }
            let class = usize::from(self.meta(b).class.load(Relaxed));
            for i in 0..cells_of(class) {
                let off = i * SIZES[class] as usize;
                if self.valid(b, off) {
                    f(Value::from_ref((self.address(b) + off) as *const Header));
                }
            }
        }
    }

    /// The first run of cells without a current mark that starts at or after `from`: its start and end.
    pub(crate) fn free_run(&self, b: usize, class: usize, from: usize) -> Option<(usize, usize)> {
        let size = SIZES[class] as usize;
        let end = cells_of(class) * size;
        let marks = self.current(b);
        let marked = |off: usize| {
            let bit = off >> 4;
            marks[bit >> 6] >> (bit & 63) & 1 != 0
        };
        let mut start = from;
        while start < end && marked(start) {
            start += size;
        }
        if start >= end {
            return None;
        }
        let mut bit = start >> 4;
        let mut w = bit >> 6;
        let mut word = marks[w] & (!0u64 << (bit & 63));
        while word == 0 {
            w += 1;
            if w == MARK_WORDS {
                return Some((start, end));
            }
            word = marks[w];
        }
        bit = w * 64 + word.trailing_zeros() as usize;
        // The marked cell is the one whose start lies in these 16 bytes.
        Some((start, (bit * 16).div_ceil(size) * size))
    }
}

impl Pool {
    fn insert(&mut self, mut b: u32, mut n: u32) {
        self.free += n as usize;
        if let Some((&p, &len)) = self.runs.range(..b).next_back()
            && p + len == b
        {
            self.runs.remove(&p);
            b = p;
            n += len;
        }
        if let Some(len) = self.runs.remove(&(b + n)) {
            n += len;
        }
        self.runs.insert(b, n);
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        let n = self.capacity();
        unmap(self.base, n * BLOCK_BYTES);
        unmap(self.kinds as usize, self.table);
        unmap(self.meta as usize, n * size_of::<Meta>());
        for m in self.marks {
            unmap(m as usize, n * MARK_WORDS * 8);
        }
    }
}
