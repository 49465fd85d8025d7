//! Pairs of words that are published together, and read without a lock: an inline cache's key and what it stands for.
//!
//! The first word is shape << 44 | generation << 32 | low half. A writer exchanges it for [`BUSY`] (who finds that there gives up), writes the
//! second word, and publishes the first with the next generation. A reader takes the first word, the second, and the first again.
//!
//! 1. One writer at a time: who does not get from the old first word to `BUSY` writes nothing. Without this two writers leave one's key
//!    with the other's value.
//! 2. While the process has threads no first word ever repeats: a pair that has used all generations is not written any
//!    more. So a first word that was read twice was there all the time in between.
//! 3. The second word is released and acquired: a reader that sees a new one sees that the first is busy or newer.
//!
//! The functions are generic over the word, so that the model checker runs this very code (`tests/models.rs`).

use std::sync::atomic::{AtomicU64, Ordering};

/// An atomic word.
pub trait Word {
    /// Reads it.
    fn load(&self, order: Ordering) -> u64;
    /// Writes it.
    fn store(&self, value: u64, order: Ordering);
    /// Writes `new` if it is `old`; whether it was.
    fn exchange(&self, old: u64, new: u64, success: Ordering) -> bool;
}

impl Word for AtomicU64 {
    #[inline(always)]
    fn load(&self, order: Ordering) -> u64 {
        AtomicU64::load(self, order)
    }

    #[inline(always)]
    fn store(&self, value: u64, order: Ordering) {
        AtomicU64::store(self, value, order);
    }

    #[inline(always)]
    fn exchange(&self, old: u64, new: u64, success: Ordering) -> bool {
        self.compare_exchange(old, new, success, Ordering::Relaxed).is_ok()
    }
}

/// Where the shape begins in the first word. Handles of shapes have at most 20 bits.
pub const SHAPE: u32 = 44;

const _: () = assert!(crate::shape::ShapeTable::CAPACITY <= 1 << (64 - SHAPE));

/// The generation in the first word.
pub const GENERATIONS: u64 = 0xfff << 32;

/// The first word of a pair that is being written: no shape, and no generation either.
const BUSY: u64 = 1;

/// Publishes `value` under the key of `shape` (not 0) and `low`, unless another thread is publishing. `shared`: whether there are other
/// threads.
pub fn publish<W: Word>(first: &W, second: &W, shape: u32, low: u32, value: u64, shared: bool) {
    let old = first.load(Ordering::Relaxed);
    let mut generation = old & GENERATIONS;
    if shared {
        if old == BUSY || generation == GENERATIONS {
            return;
        }
        generation += 1 << 32;
        if !first.exchange(old, BUSY, Ordering::AcqRel) {
            return;
        }
    }
    second.store(value, Ordering::Release);
    first.store(u64::from(shape) << SHAPE | generation | u64::from(low), Ordering::Release);
}

/// The low half and the value of a pair whose key names `shape`.
#[inline(always)]
pub fn read<W: Word>(first: &W, second: &W, shape: u32) -> Option<(u32, u64)> {
    let key = first.load(Ordering::Acquire);
    if u64::from(shape) != key >> SHAPE {
        return None;
    }
    let value = second.load(Ordering::Acquire);
    (crate::ONE_THREAD || first.load(Ordering::Relaxed) == key).then_some((key as u32, value))
}
