//! Decimal arithmetic apart from Python's objects: the General Decimal Arithmetic Specification, version 1.70.
//!
//! [`words`], [`mul`], [`ntt`] and [`div`] compute with natural numbers; [`dec`] has the numbers of the specification and the
//! rounding of results; the other modules have its operations. What may take long goes through [`Work`], which lets
//! the caller look around now and then, and ends with [`Stop`].

pub mod arith;
pub mod compare;
pub mod convert;
pub mod dec;
pub mod digits;
pub mod div;
pub mod elementary;
pub mod format;
pub mod mul;
pub mod ntt;
pub mod power;
pub mod text;
pub mod words;

pub use dec::{Coef, Dec, DecRef, Kind, Rounding, Settings, Status, flags};

/// Why a computation ended without a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The result, or what is needed on the way, does not fit in memory.
    Memory,
    /// The caller wants no more: an exception is set.
    Interrupted,
}

/// A result, unless the computation ended early.
pub type Res<T> = Result<T, Stop>;

/// Counts work done, and asks the caller now and then whether to go on.
pub struct Work<'a> {
    poll: &'a mut dyn FnMut() -> bool,
    left: usize,
}

/// Steps between two questions, about a millisecond's work.
const STRIDE: usize = 1 << 19;

impl<'a> Work<'a> {
    /// `poll` answers whether to go on.
    pub fn new(poll: &'a mut dyn FnMut() -> bool) -> Work<'a> {
        Work { poll, left: STRIDE }
    }

    /// Counts `n` steps (some nanoseconds each).
    #[inline]
    pub fn step(&mut self, n: usize) -> Res<()> {
        if n <= self.left {
            self.left -= n;
            return Ok(());
        }
        self.left = STRIDE;
        if (self.poll)() { Ok(()) } else { Err(Stop::Interrupted) }
    }
}

#[cfg(test)]
mod tests;
