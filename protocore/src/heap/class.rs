//! Size classes and kinds of cells.

use crate::header::{Layout, ShapeId};
use crate::known::RAW_SHAPE;

/// Log2 of a block's size.
pub(crate) const BLOCK_SHIFT: u32 = 15;
/// Bytes of a block.
pub(crate) const BLOCK_BYTES: usize = 1 << BLOCK_SHIFT;
/// Words of a block's mark bitmap: one bit for 16 bytes. Cells are at least 16 bytes long and multiples of 8, so that
/// no two of them share a bit.
pub(crate) const MARK_WORDS: usize = BLOCK_BYTES / 16 / 64;

/// Cell sizes. Steps of an eighth to a third: the loss inside of a cell stays below a quarter.
pub(crate) const SIZES: [u32; 32] = [
    16, 24, 32, 40, 48, 56, 64, 72, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 1024,
    1360, 1816, 2336, 3272, 4096, 5456, 8192, 10920, 16384,
];
/// Number of size classes.
pub(crate) const CLASSES: usize = SIZES.len();
/// Bytes of the largest cell within a block; larger objects span blocks.
pub(crate) const SMALL_MAX: usize = SIZES[CLASSES - 1] as usize;

/// Class of `ceil(size / 8)`.
pub(crate) static CLASS_OF: [u8; SMALL_MAX / 8 + 1] = class_table();

/// `ceil(2^32 / size)`: an exact division of block offsets by multiplication.
pub(crate) static RECIPROCAL: [u64; CLASSES] = reciprocals();

const fn class_table() -> [u8; SMALL_MAX / 8 + 1] {
    let mut t = [0u8; SMALL_MAX / 8 + 1];
    let mut c = 0;
    let mut i = 0;
    while i < t.len() {
        while (SIZES[c] as usize) < i * 8 {
            c += 1;
        }
        t[i] = c as u8;
        i += 1;
    }
    t
}

const fn reciprocals() -> [u64; CLASSES] {
    let mut t = [0u64; CLASSES];
    let mut i = 0;
    while i < CLASSES {
        t[i] = (1u64 << 32).div_ceil(SIZES[i] as u64);
        i += 1;
    }
    t
}

/// Number of the cell that holds byte `offset` of a block.
#[inline(always)]
pub(crate) fn cell_index(class: usize, offset: usize) -> usize {
    ((offset as u64 * RECIPROCAL[class]) >> 32) as usize
}

/// Cells of a block.
#[inline(always)]
pub(crate) fn cells_of(class: usize) -> usize {
    BLOCK_BYTES / SIZES[class] as usize
}

/// Block kinds, as bytes of the kind table.
pub(crate) mod kind {
    /// Not in use.
    pub(crate) const FREE: u8 = 0;
    /// Cells hold references.
    pub(crate) const SCAN: u8 = 1;
    /// Cells hold none.
    pub(crate) const NO_SCAN: u8 = 2;
    /// Cells may hold references, and have Rust values to drop.
    pub(crate) const DROP: u8 = 3;
    /// Mask of the three above.
    pub(crate) const MASK: u8 = 3;
    /// First block of a large object.
    pub(crate) const LARGE: u8 = 4;
    /// Further block of a large object.
    pub(crate) const TAIL: u8 = 8;
}

/// Kinds of cells in a class.
pub(crate) const KINDS: usize = 3;

/// The kind of a new cell. Only exact builtin types (known shapes) are without references: an instance of a Python
/// subclass has an attribute area.
#[inline(always)]
pub(crate) fn kind_of(layout: Layout, shape: ShapeId, drop: bool) -> u8 {
    if drop {
        return kind::DROP;
    }
    let plain = matches!(
        layout,
        Layout::Int
            | Layout::Float
            | Layout::Complex
            | Layout::Str
            | Layout::Bytes
            | Layout::RangeIter
            | Layout::Raw
    );
    if plain && shape.0 <= RAW_SHAPE.0 { kind::NO_SCAN } else { kind::SCAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_gets_the_smallest_class_that_holds_it() {
        for size in 1..=SMALL_MAX {
            let c = usize::from(CLASS_OF[size.div_ceil(8)]);
            assert!(SIZES[c] as usize >= size);
            assert!(c == 0 || (SIZES[c - 1] as usize) < size);
        }
    }

    #[test]
    fn division_by_multiplication_is_exact() {
        for (c, size) in SIZES.iter().enumerate() {
            for off in 0..BLOCK_BYTES {
                assert_eq!(cell_index(c, off), off / *size as usize);
            }
        }
    }

    #[test]
    fn cells_have_distinct_mark_bits() {
        for size in SIZES {
            assert_eq!(size % 8, 0);
            assert!(size >= 16);
        }
    }
}
