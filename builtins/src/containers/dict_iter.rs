//! Iterators over dicts: keys, values and items, forwards and backwards.
//!
//! An iterator remembers the number of items that the dict had, and how many it has still to give. Another number of items
//! in the dict raises RuntimeError for good; an item more than there were says that keys were exchanged meanwhile.

use super::common::*;
use super::dict_views::ViewKind;
use super::list_build::list_from_iter;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::SlotSpec;
use protopy_vm::protocore::{Ctx, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::{TypeSpec, methods};
use std::sync::atomic::{AtomicUsize, Ordering};

/// State of an iterator.
pub struct DictIter {
    /// The dict, empty when exhausted.
    dict: Slot,
    kind: ViewKind,
    reverse: bool,
    /// Number of items that the dict must have; `usize::MAX` after a failure.
    expected: AtomicUsize,
    /// Next entry number; going backwards, the one above it.
    at: AtomicUsize,
    /// Items still to give.
    left: AtomicUsize,
}

impl Payload for DictIter {
    const NAME: &'static str = "dict_iterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.dict);
    }
}

macro_rules! iter_type {
    ($name:ident, $ty:ident, $text:literal) => {
        /// The type of one kind of iterator.
        pub static $name: TypeSpec = TypeSpec {
            ty: Some(Ty::$ty),
            name: $text,
            layout: Layout::Native,
            vt: Some(DictIter::VT),
            slots: SlotSpec { iter: Some(iter_self), iternext: Some(dict_iter_next), ..SlotSpec::NONE },
            methods: ITER_METHODS,
            ..TypeSpec::BASE
        };
    };
}

iter_type!(KEY_ITER, DictKeyIter, "dict_keyiterator");
iter_type!(VALUE_ITER, DictValueIter, "dict_valueiterator");
iter_type!(ITEM_ITER, DictItemIter, "dict_itemiterator");
iter_type!(REV_KEY_ITER, DictRevKeyIter, "dict_reversekeyiterator");
iter_type!(REV_VALUE_ITER, DictRevValueIter, "dict_reversevalueiterator");
iter_type!(REV_ITEM_ITER, DictRevItemIter, "dict_reverseitemiterator");

static ITER_METHODS: &[MethodDef] = methods![
    /// Estimate how many items are left.
    "__length_hint__(self, /)" => length_hint;
    /// Return the arguments that make an iterator over the items that are left.
    "__reduce__(self, /)" => iter_reduce;
];

/// An iterator over a dict's keys, values or items.
pub fn dict_iter_over(cx: &mut Ctx, dict: Value, kind: ViewKind) -> PyResult {
    let d = receiver!(cx, dict, DictObj::of, "dict");
    let ty = cx.ty(match kind {
        ViewKind::Keys => Ty::DictKeyIter,
        ViewKind::Values => Ty::DictValueIter,
        ViewKind::Items => Ty::DictItemIter,
    });
    let n = d.len();
    let state = DictIter {
        dict: Slot::new(dict),
        kind,
        reverse: false,
        expected: AtomicUsize::new(n),
        at: AtomicUsize::new(0),
        left: AtomicUsize::new(n),
    };
    Ok(cx.new_native(ty, state))
}

/// As [`dict_iter_over`], from the last item to the first.
pub fn dict_reversed_over(cx: &mut Ctx, dict: Value, kind: ViewKind) -> PyResult {
    let d = receiver!(cx, dict, DictObj::of, "dict");
    let ty = cx.ty(match kind {
        ViewKind::Keys => Ty::DictRevKeyIter,
        ViewKind::Values => Ty::DictRevValueIter,
        ViewKind::Items => Ty::DictRevItemIter,
    });
    let n = d.len();
    let state = DictIter {
        dict: Slot::new(dict),
        kind,
        reverse: true,
        expected: AtomicUsize::new(n),
        at: AtomicUsize::new(d.table().map_or(0, |t| t.len())),
        left: AtomicUsize::new(n),
    };
    Ok(cx.new_native(ty, state))
}

fn dict_iter_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = receiver!(cx, this, Value::native::<DictIter>, "dict_iterator");
    let Some(dict) = it.dict.get() else { return Ok(None) };
    let Some(d) = DictObj::of(dict) else { return Ok(None) };
    if d.len() != it.expected.load(Ordering::Relaxed) {
        it.expected.store(usize::MAX, Ordering::Relaxed);
        return Err(cx.raise_str(Ty::RuntimeError, "dictionary changed size during iteration"));
    }
    let at = it.at.load(Ordering::Relaxed);
    let found = if it.reverse { d.previous(at) } else { d.next_from(at) };
    let Some((i, _, k, v)) = found else {
        cx.store_empty(this, &it.dict);
        return Ok(None);
    };
    let left = it.left.load(Ordering::Relaxed);
    if left == 0 {
        cx.store_empty(this, &it.dict);
        return Err(cx.raise_str(Ty::RuntimeError, "dictionary keys changed during iteration"));
    }
    it.left.store(left - 1, Ordering::Relaxed);
    it.at.store(if it.reverse { i } else { i + 1 }, Ordering::Relaxed);
    Ok(Some(match it.kind {
        ViewKind::Keys => k,
        ViewKind::Values => v,
        ViewKind::Items => cx.pair(k, v),
    }))
}

fn length_hint(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let it = receiver!(cx, this, Value::native::<DictIter>, "dict_iterator");
    let valid =
        it.dict.get().and_then(DictObj::of).is_some_and(|d| d.len() == it.expected.load(Ordering::Relaxed));
    Ok(cx.int_usize(if valid { it.left.load(Ordering::Relaxed) } else { 0 }))
}

fn iter_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let it = receiver!(cx, this, Value::native::<DictIter>, "dict_iterator");
    // A copy is used up, so that this iterator stays where it is.
    let copy = DictIter {
        dict: Slot::from_option(it.dict.get()),
        kind: it.kind,
        reverse: it.reverse,
        expected: AtomicUsize::new(it.expected.load(Ordering::Relaxed)),
        at: AtomicUsize::new(it.at.load(Ordering::Relaxed)),
        left: AtomicUsize::new(it.left.load(Ordering::Relaxed)),
    };
    let ty = cx.type_of(this);
    let copy = cx.new_native(ty, copy);
    let rest = list_from_iter(cx, copy)?;
    reduce_iter(cx, rest, None)
}
