//! Containers and what iterates over them: list, tuple, dict and its views, set, frozenset, range, slice, their iterators,
//! `enumerate`, `zip`, `map`, `filter`, `reversed`, and the functions over iterables.
//!
//! Layouts and raw operations are `protocore`'s (`layouts`, `list`, `dict`); here are the method tables and whatever may run
//! Python code between two raw operations. The rule that all of it keeps: nothing is assumed about a container across a call
//! that may run Python code, so lengths, tables and storage are looked at again after each.

pub mod call_iter;
pub mod common;
pub mod dict;
pub mod dict_iter;
pub mod dict_update;
pub mod dict_views;
pub mod enumerate;
pub mod functions;
pub mod lazy;
pub mod list;
pub mod list_build;
pub mod ordered;
pub mod range;
pub mod range_iter;
pub mod reversed;
pub mod seq_iter;
pub mod set;
pub mod set_ops;
pub mod slice;
pub mod sort;
pub mod tuple;

use protopy_vm::protocore::{Ctx, PyResult};
use protopy_vm::types::create_type;

pub use functions::FUNCTIONS;

/// Creates the types of this family.
pub fn init(cx: &mut Ctx) -> PyResult<()> {
    let specs = [
        &list::LIST,
        &tuple::TUPLE,
        &dict::DICT,
        &set::SET,
        &set::FROZENSET,
        &range::RANGE,
        &slice::SLICE,
        &seq_iter::LIST_ITER,
        &seq_iter::LIST_REV_ITER,
        &seq_iter::TUPLE_ITER,
        &seq_iter::SEQ_ITER,
        &call_iter::CALL_ITER,
        &set::SET_ITER,
        &range_iter::RANGE_ITER,
        &range_iter::LONG_RANGE_ITER,
        &dict_views::DICT_KEYS,
        &dict_views::DICT_VALUES,
        &dict_views::DICT_ITEMS,
        &dict_iter::KEY_ITER,
        &dict_iter::VALUE_ITER,
        &dict_iter::ITEM_ITER,
        &dict_iter::REV_KEY_ITER,
        &dict_iter::REV_VALUE_ITER,
        &dict_iter::REV_ITEM_ITER,
        &enumerate::ENUMERATE,
        &lazy::ZIP,
        &lazy::MAP,
        &lazy::FILTER,
        &reversed::REVERSED,
    ];
    for spec in specs {
        create_type(cx, spec)?;
    }
    Ok(())
}
