//! Vectors of values on the malloc heap that the collector sees.

use protocore::dict::DictObj;
use protocore::layouts::{ListObj, TupleObj};
use protocore::{Ctx, Held, PyResult, Value};

/// A growing array of values for native code: the items live in a list object, which the conservative scan of the
/// native stack finds through this handle.
#[derive(Clone, Copy)]
pub struct ValueVec {
    list: Value,
}

impl ValueVec {
    /// An empty vector.
    pub fn new(cx: &mut Ctx) -> ValueVec {
        let ty = cx.ty(protocore::Ty::List);
        ValueVec { list: cx.new_list(ty) }
    }

    /// A vector of the given items; MemoryError.
    pub fn from_slice(cx: &mut Ctx, items: &[Value]) -> PyResult<ValueVec> {
        Ok(ValueVec { list: cx.list(items)? })
    }

    /// Wraps a list that nobody else changes.
    pub fn from_list(list: Value) -> ValueVec {
        ValueVec { list }
    }

    fn obj(&self) -> &'static ListObj {
        match ListObj::of(self.list) {
            Some(l) => l,
            None => unreachable!("a ValueVec is made of a list"),
        }
    }

    /// Adds an item; MemoryError.
    #[inline]
    pub fn push(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        cx.list_append(self.obj(), v)
    }

    /// Number of items.
    #[inline]
    pub fn len(&self) -> usize {
        self.obj().len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Item `i`.
    #[inline]
    pub fn get(&self, i: usize) -> Option<Value> {
        self.obj().get(i)
    }

    /// A copy of the items.
    pub fn to_vec(&self) -> Held<Value> {
        self.obj().snapshot()
    }

    /// The items as a list object.
    pub fn into_list(self) -> Value {
        self.list
    }

    /// The items as a tuple; MemoryError.
    pub fn into_tuple(self, cx: &mut Ctx) -> PyResult {
        cx.list_to_tuple(self.obj(), None)
    }

    /// A copy of the items.
    pub fn items(&self) -> Held<Value> {
        self.to_vec()
    }
}

/// Keeps a value alive up to this point: the optimiser may otherwise forget an owner whose inner pointer is still used.
#[inline(always)]
pub fn keep_alive(v: Value) {
    std::hint::black_box(v);
}

/// The items of a tuple or list value, as a snapshot; `None` for other values.
pub fn seq_items(v: Value) -> Option<Held<Value>> {
    TupleObj::of(v).map(|t| Held::from(t.items())).or_else(|| ListObj::of(v).map(ListObj::snapshot))
}

/// The dict behind a value that is known to be one (a namespace the runtime made).
pub fn dict_of(v: Value) -> Option<&'static DictObj> {
    DictObj::of(v)
}
