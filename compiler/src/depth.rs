//! Bounded recursion.
//!
//! Every walk over the tree recurses natively. Nesting is counted by the symbol table, which is built
//! first and refuses what is deeper than [`MAX_DEPTH`]; every walk grows the stack on the heap as it
//! goes down, so the callers' stack size does not matter.

/// Deepest nesting of statements and expressions that compiles.
pub(crate) const MAX_DEPTH: u32 = 30_000;

const RED_ZONE: usize = 512 * 1024;
const SEGMENT: usize = 8 * 1024 * 1024;

/// Runs `f` one level deeper, on more stack if needed.
#[inline]
pub(crate) fn guarded<T>(depth: u32, f: impl FnOnce() -> T) -> T {
    if depth & 7 == 0 { stacker::maybe_grow(RED_ZONE, SEGMENT, f) } else { f() }
}
