//! Which objects a pickler has written: a table from addresses to numbers, and the objects, which it keeps alive.
//!
//! Objects never move, so that the address is the identity; an object that is kept cannot give its address to another.

use protopy_vm::ValueVec;
use protopy_vm::protocore::{Ctx, PyResult, Value};

/// Addresses and numbers: open addressing, at most half full.
#[derive(Default)]
pub struct Table {
    entries: Vec<(u64, u32)>,
    len: usize,
}

const FIRST: usize = 32;

impl Table {
    #[inline]
    fn place(&self, key: u64) -> usize {
        let bits = self.entries.len().trailing_zeros();
        ((key >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - bits)) as usize
    }

    /// The number of an object.
    #[inline]
    pub fn get(&self, v: Value) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        let (key, mask) = (v.bits(), self.entries.len() - 1);
        let mut i = self.place(key);
        loop {
            match self.entries[i] {
                (0, _) => return None,
                (k, n) if k == key => return Some(n),
                _ => i = (i + 1) & mask,
            }
        }
    }

    fn put(&mut self, key: u64, n: u32) {
        let mask = self.entries.len() - 1;
        let mut i = self.place(key);
        while self.entries[i].0 != 0 && self.entries[i].0 != key {
            i = (i + 1) & mask;
        }
        if self.entries[i].0 == 0 {
            self.len += 1;
        }
        self.entries[i] = (key, n);
    }

    /// Sets the number of an object; false if memory is exhausted.
    #[inline]
    pub fn set(&mut self, v: Value, n: u32) -> bool {
        if self.len * 2 >= self.entries.len() && !self.grow() {
            return false;
        }
        self.put(v.bits(), n);
        true
    }

    #[cold]
    fn grow(&mut self) -> bool {
        let size = (self.entries.len() * 2).max(FIRST);
        let mut fresh = Vec::new();
        if fresh.try_reserve_exact(size).is_err() {
            return false;
        }
        fresh.resize(size, (0, 0));
        let old = std::mem::replace(&mut self.entries, fresh);
        self.len = 0;
        for (k, n) in old {
            if k != 0 {
                self.put(k, n);
            }
        }
        true
    }
}

/// The memo of a pickler at work.
pub struct Memo {
    /// Numbers of objects.
    pub table: Table,
    /// The objects, in the order in which they were written.
    pub objects: ValueVec,
}

impl Memo {
    /// An empty memo.
    pub fn new(cx: &mut Ctx) -> Memo {
        Memo { table: Table::default(), objects: ValueVec::new(cx) }
    }

    /// Takes up an object; its number.
    #[inline]
    pub fn add(&mut self, cx: &mut Ctx, v: Value) -> PyResult<u32> {
        let n = u32::try_from(self.table.len).unwrap_or(u32::MAX);
        self.objects.push(cx, v)?;
        if self.table.set(v, n) { Ok(n) } else { Err(cx.no_memory()) }
    }
}
