//! `list.sort` and `sorted`: choosing how to compare, keys, and the list that is empty meanwhile.
//!
//! The items are taken out of the list with their storage cell, which keeps them alive while they are permuted in a Rust
//! vector; the list is empty until they are put back. Keys are made first, once an item. If all keys are small ints,
//! all floats without a NaN or all str, comparison cannot fail and has a total order, and the standard library's stable
//! adaptive sort does it on the bare numbers (of strings: on their first bytes). Everything else goes through
//! [`merge::merge_sort`], whose comparison may run Python code and fail.
//!
//! `reverse` keeps the order of equal items: total orders compare the other way round; otherwise the input is reversed, sorted
//! and reversed again, so that comparisons are `<` between the same items as without it.

pub mod merge;

use super::common::arg;
use merge::merge_sort;
use protopy_text::{StrRef, search};
use protopy_vm::protocore::dict::exact_str;
use protopy_vm::protocore::layouts::{FloatObj, ListObj, StrObj, TupleObj, ValuesObj};
use protopy_vm::protocore::{CmpOp, Ctx, PyResult, Ty, Value};
use protopy_vm::{ValueVec, call, compare, is_true, keep_alive};
use std::cmp::Ordering;

/// What all keys have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    SmallInts,
    Floats,
    Latin1,
    Strings,
    Tuples,
    Other,
}

fn is_float(v: Value) -> bool {
    v.is_imm_float() || v.header().is_some_and(|h| h.shape() == Ty::Float.shape())
}

fn latin1(v: Value) -> Option<&'static [u8]> {
    match exact_str(v)?.str_ref() {
        StrRef::Latin1(b) => Some(b),
        _ => None,
    }
}

fn kind(keys: &[Value]) -> Kind {
    let Some(&first) = keys.first() else { return Kind::Other };
    let all = |f: fn(Value) -> bool| keys.iter().all(|v| f(*v));
    if first.is_small() {
        if all(Value::is_small) { Kind::SmallInts } else { Kind::Other }
    } else if is_float(first) {
        // A NaN has no place in a total order.
        if all(|v| is_float(v) && FloatObj::of(v).is_some_and(|f| !f.is_nan())) {
            Kind::Floats
        } else {
            Kind::Other
        }
    } else if exact_str(first).is_some() {
        if all(|v| latin1(v).is_some()) {
            Kind::Latin1
        } else if all(|v| exact_str(v).is_some()) {
            Kind::Strings
        } else {
            Kind::Other
        }
    } else if all(|v| v.header().is_some_and(|h| h.shape() == Ty::Tuple.shape())) {
        Kind::Tuples
    } else {
        Kind::Other
    }
}

/// The first eight bytes as a number that orders as they do.
fn prefix(b: &[u8]) -> u64 {
    let mut first = [0; 8];
    let n = b.len().min(8);
    first[..n].copy_from_slice(&b[..n]);
    u64::from_be_bytes(first)
}

fn by_total<K, I>(pairs: &mut [(K, I)], reverse: bool, order: impl Fn(&K, &K) -> Ordering) {
    if reverse {
        pairs.sort_by(|a, b| order(&b.0, &a.0));
    } else {
        pairs.sort_by(|a, b| order(&a.0, &b.0));
    }
}

/// Sorts items by keys of which `project` takes what is compared.
fn sort_projected<K>(
    items: &mut [Value],
    keys: Option<&[Value]>,
    reverse: bool,
    project: impl Fn(Value) -> K,
    order: impl Fn(&K, &K) -> Ordering,
) {
    let keys = keys.unwrap_or(items);
    let mut pairs: Vec<(K, Value)> = keys.iter().map(|k| project(*k)).zip(items.iter().copied()).collect();
    by_total(&mut pairs, reverse, order);
    for (to, (_, v)) in items.iter_mut().zip(pairs) {
        *to = v;
    }
}

fn sort_ints(items: &mut [Value], keys: Option<&[Value]>, reverse: bool) {
    let number = |v: Value| v.as_small().unwrap_or(0);
    if keys.is_some() {
        return sort_projected(items, keys, reverse, number, i64::cmp);
    }
    // Equal small ints are the same value: nothing to keep stable.
    if reverse {
        items.sort_unstable_by_key(|v| std::cmp::Reverse(number(*v)));
    } else {
        items.sort_unstable_by_key(|v| number(*v));
    }
}

/// The comparison of tuples decided by their first items, if these are simple and differ.
fn first_items_lt(a: Value, b: Value) -> Option<bool> {
    let x = *TupleObj::of(a)?.items().first()?;
    let y = *TupleObj::of(b)?.items().first()?;
    if let (Some(x), Some(y)) = (x.as_small(), y.as_small()) {
        return if x == y { None } else { Some(x < y) };
    }
    if let (Some(x), Some(y)) = (exact_str(x), exact_str(y)) {
        return match search::compare(x.str_ref(), y.str_ref()) {
            Ordering::Equal => None,
            o => Some(o == Ordering::Less),
        };
    }
    if is_float(x) && is_float(y) {
        let (x, y) = (FloatObj::of(x)?, FloatObj::of(y)?);
        return if x < y {
            Some(true)
        } else if y < x {
            Some(false)
        } else {
            None
        };
    }
    None
}

fn less(cx: &mut Ctx, a: Value, b: Value) -> PyResult<bool> {
    let r = compare(cx, a, b, CmpOp::Lt)?;
    is_true(cx, r)
}

fn sort_general(
    cx: &mut Ctx,
    items: &mut [Value],
    keys: Option<&[Value]>,
    reverse: bool,
    tuples: bool,
) -> PyResult<()> {
    let mut lt = |a: Value, b: Value| {
        if tuples && let Some(known) = first_items_lt(a, b) {
            return Ok(known);
        }
        cx.safepoint()?;
        less(cx, a, b)
    };
    let Some(keys) = keys else {
        if reverse {
            items.reverse();
        }
        let r = merge_sort(items, &mut |a: &Value, b: &Value| lt(*a, *b));
        if reverse {
            items.reverse();
        }
        return r;
    };
    let mut pairs: Vec<(Value, Value)> = keys.iter().copied().zip(items.iter().copied()).collect();
    if reverse {
        pairs.reverse();
    }
    let r = merge_sort(&mut pairs, &mut |a: &(Value, Value), b: &(Value, Value)| lt(a.0, b.0));
    if reverse {
        pairs.reverse();
    }
    for (to, (_, v)) in items.iter_mut().zip(pairs) {
        *to = v;
    }
    r
}

/// Sorts items, whose keys are given or themselves. The caller keeps items and keys alive; a failure leaves a permutation.
fn sort_values(cx: &mut Ctx, items: &mut [Value], keys: Option<&[Value]>, reverse: bool) -> PyResult<()> {
    if items.len() < 2 {
        return Ok(());
    }
    match kind(keys.unwrap_or(items)) {
        k @ (Kind::Tuples | Kind::Other) => sort_general(cx, items, keys, reverse, k == Kind::Tuples),
        // Nothing is made or called, and what is compared does not change: collections need not wait for the end.
        k if items.len() >= LONG => {
            cx.blocking(|| sort_known(k, items, keys, reverse));
            Ok(())
        }
        k => {
            sort_known(k, items, keys, reverse);
            Ok(())
        }
    }
}

/// Number of items from which on a sort is long.
const LONG: usize = 10_000;

fn sort_known(kind: Kind, items: &mut [Value], keys: Option<&[Value]>, reverse: bool) {
    match kind {
        Kind::SmallInts => sort_ints(items, keys, reverse),
        Kind::Floats => {
            let order = |a: &f64, b: &f64| a.partial_cmp(b).unwrap_or(Ordering::Equal);
            sort_projected(items, keys, reverse, |v| FloatObj::of(v).unwrap_or(0.0), order);
        }
        Kind::Latin1 => {
            let project = |v: Value| {
                let b = latin1(v).unwrap_or(&[]);
                (prefix(b), b)
            };
            sort_projected(items, keys, reverse, project, |a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)));
        }
        Kind::Strings => {
            let text = |v: Value| StrObj::of(v).map_or(StrRef::Latin1(&[]), StrObj::str_ref);
            sort_projected(items, keys, reverse, text, |a, b| search::compare(*a, *b));
        }
        Kind::Tuples | Kind::Other => {}
    }
}

/// Sorts the first `n` values of a storage cell that no list refers to.
fn sort_storage(
    cx: &mut Ctx,
    store: &ValuesObj,
    n: usize,
    key: Option<Value>,
    reverse: bool,
) -> PyResult<()> {
    let slots = store.slots().get(..n).unwrap_or(&[]);
    let mut items: Vec<Value> = slots.iter().map_while(|s| s.get()).collect();
    let mut made = None;
    if let Some(f) = key {
        let mut keys = ValueVec::new(cx);
        for v in &items {
            let k = call(cx, f, &[*v])?;
            keys.push(cx, k)?;
        }
        made = Some(keys);
    }
    let keys = made.as_ref().map(ValueVec::to_vec);
    let r = sort_values(cx, &mut items, keys.as_deref(), reverse);
    if let Some(keys) = made {
        keep_alive(keys.into_list());
    }
    cx.barrier(store.value());
    for (s, v) in slots.iter().zip(&items) {
        s.init(Some(*v));
    }
    r
}

/// `l.sort(key=key, reverse=reverse)`. The list is empty meanwhile; ValueError if something was put into it.
pub fn sort_list(cx: &mut Ctx, l: &ListObj, key: Option<Value>, reverse: bool) -> PyResult<()> {
    if l.len() < 2 && key.is_none() {
        return Ok(());
    }
    let Some(lent) = cx.list_take(l)? else { return Ok(()) };
    let r = match lent.store {
        Some(s) => sort_storage(cx, s, lent.len, key, reverse),
        None => Ok(()),
    };
    let untouched = cx.list_give_back(l, lent);
    keep_alive(l.value());
    if r.is_ok() && !untouched {
        return Err(cx.value_error("list modified during sort"));
    }
    r
}

/// `list.sort`
pub fn list_sort(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let l = super::common::receiver!(cx, this, ListObj::of, "list");
    let reverse = is_true(cx, arg(args, 2))?;
    sort_list(cx, l, arg(args, 1).not_none(), reverse)?;
    Ok(Value::NONE)
}
