//! Native modules of containers and functions: itertools, _functools, _collections, _operator, _heapq, _bisect, _queue, array.

pub mod array;
mod array_item;
pub mod bisect;
pub mod collections_;
pub mod deque;
pub mod functools;
pub mod heapq;
pub mod itertools;
pub mod lru;
pub mod operator;
pub mod queue;

use protopy_vm::ModuleSpec;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[
    &operator::MODULE,
    &itertools::MODULE,
    &collections_::MODULE,
    &functools::MODULE,
    &array::MODULE,
    &heapq::MODULE,
    &bisect::MODULE,
    &queue::MODULE,
];
