//! `_bisect`: places in sorted sequences.

use crate::heapq::less;
use protopy_vm::protocore::layouts::ListObj;
use protopy_vm::protocore::{CmpOp, Ctx, PyResult, Ty, Value};
use protopy_vm::{self as vm, ModuleSpec, methods};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_bisect",
    doc: "Bisection algorithms.\n\nKeeps a list in sorted order without sorting it after each insertion.",
    functions: methods![functions:
        /// The index where an item belongs in a sorted sequence, after the items equal to it.
        ///
        /// `key` makes what is compared of the items, but not of `x`.
        "bisect_right(a, x, lo=0, hi=None, *, key=None)" => |cx, a| bisect(cx, a, a[1], Side::Right);
        /// The index where an item belongs in a sorted sequence, before the items equal to it.
        ///
        /// `key` makes what is compared of the items, but not of `x`.
        "bisect_left(a, x, lo=0, hi=None, *, key=None)" => |cx, a| bisect(cx, a, a[1], Side::Left);
        /// Inserts an item into a sorted sequence, after the items equal to it.
        "insort_right(a, x, lo=0, hi=None, *, key=None)" => |cx, a| insort(cx, a, Side::Right);
        /// Inserts an item into a sorted sequence, before the items equal to it.
        "insort_left(a, x, lo=0, hi=None, *, key=None)" => |cx, a| insort(cx, a, Side::Left);
    ],
    init: None,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Upper bound as given: None stands for the length.
fn upper(cx: &mut Ctx, v: Value) -> PyResult<Option<i64>> {
    if v.is_none() {
        return Ok(None);
    }
    if cx.type_of(v).slots.index.address() == 0 {
        let msg = format!("argument should be integer or None, not '{}'", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    Ok(Some(vm::index_i64(cx, v, Ty::OverflowError)?))
}

/// The index where `x` belongs.
fn bisect(cx: &mut Ctx, a: &[Value], x: Value, side: Side) -> PyResult {
    let at = find(cx, a, x, side)?;
    Ok(cx.int(at))
}

fn find(cx: &mut Ctx, a: &[Value], x: Value, side: Side) -> PyResult<i64> {
    let (seq, key) = (a[0], a[4].not_none());
    let mut lo = match a[2].as_small() {
        Some(n) => n,
        None => vm::index_i64(cx, a[2], Ty::OverflowError)?,
    };
    let hi = upper(cx, a[3])?;
    if lo < 0 {
        return Err(cx.value_error("lo must be non-negative"));
    }
    let mut hi = match hi {
        Some(h) if h != -1 => h,
        _ => vm::len(cx, seq)? as i64,
    };
    let list = if cx.is_exact(seq, Ty::List) { ListObj::of(seq) } else { None };
    if list.is_none() && hi > lo {
        check_sequence(cx, seq)?;
    }
    while lo < hi {
        let mid = lo + (hi - lo) / 2;
        let item = match list.and_then(|l| l.get(mid as usize)) {
            Some(v) => v,
            None => {
                let i = cx.int(mid);
                vm::get_item(cx, seq, i)?
            }
        };
        let item = match key {
            Some(k) => vm::call(cx, k, &[item])?,
            None => item,
        };
        let (p, q) = if side == Side::Right { (x, item) } else { (item, x) };
        let smaller = match less(p, q) {
            Some(r) => r,
            None => vm::compare_bool(cx, p, q, CmpOp::Lt)?,
        };
        if smaller == (side == Side::Right) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    Ok(lo)
}

/// What has no items by index is no sequence.
fn check_sequence(cx: &mut Ctx, seq: Value) -> PyResult<()> {
    let dict = protopy_vm::protocore::dict::DictObj::of(seq).is_some();
    if !dict && cx.type_of(seq).slots.getitem.address() != 0 {
        return Ok(());
    }
    let msg = if dict {
        format!("{} is not a sequence", protopy_vm::ops::tp_name(cx, seq))
    } else {
        format!("'{}' object does not support indexing", protopy_vm::ops::tp_name(cx, seq))
    };
    Err(cx.type_error(&msg))
}

fn insort(cx: &mut Ctx, a: &[Value], side: Side) -> PyResult {
    let x = match a[4].not_none() {
        Some(k) => vm::call(cx, k, &[a[1]])?,
        None => a[1],
    };
    let at = find(cx, a, x, side)?;
    if cx.is_exact(a[0], Ty::List)
        && let Some(l) = ListObj::of(a[0])
    {
        cx.list_insert(l, at, a[1])?;
    } else {
        let i = cx.int(at);
        vm::call_method(cx, a[0], "insert", &[i, a[1]])?;
    }
    Ok(Value::NONE)
}
