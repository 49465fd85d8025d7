//! `_heapq`: a list as a priority queue.
//!
//! The sift moves a hole instead of exchanging items. Only a comparison that may run Python code can see the list meanwhile, so
//! the travelling item is put into the hole before such a comparison: Python code always finds each item once.

use protopy_vm::protocore::layouts::ListObj;
use protopy_vm::protocore::{CmpOp, Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{self as vm, ModuleSpec, methods};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_heapq",
    doc: "Heap queue algorithm (a.k.a. priority queue).\n\nA heap is a list whose item k is not larger than the items 2*k+1 and 2*k+2.",
    functions: methods![functions:
        /// Adds an item to a heap.
        "heappush(heap, item, /)" => |cx, a| push::<Min>(cx, a, "heappush");
        /// Removes and returns the smallest item of a heap.
        "heappop(heap, /)" => |cx, a| pop::<Min>(cx, a, "heappop");
        /// Adds an item to a heap, then removes and returns the smallest item.
        "heappushpop(heap, item, /)" => |cx, a| pushpop::<Min>(cx, a, "heappushpop");
        /// Removes and returns the smallest item of a heap and adds the given one.
        "heapreplace(heap, item, /)" => |cx, a| replace::<Min>(cx, a, "heapreplace");
        /// Makes a list a heap, in linear time.
        "heapify(heap, /)" => |cx, a| heapify::<Min>(cx, a, "heapify");
        /// Adds an item to a max-heap.
        "heappush_max(heap, item, /)" => |cx, a| push::<Max>(cx, a, "heappush_max");
        /// Removes and returns the largest item of a max-heap.
        "heappop_max(heap, /)" => |cx, a| pop::<Max>(cx, a, "heappop_max");
        /// Adds an item to a max-heap, then removes and returns the largest item.
        "heappushpop_max(heap, item, /)" => |cx, a| pushpop::<Max>(cx, a, "heappushpop_max");
        /// Removes and returns the largest item of a max-heap and adds the given one.
        "heapreplace_max(heap, item, /)" => |cx, a| replace::<Max>(cx, a, "heapreplace_max");
        /// Makes a list a max-heap, in linear time.
        "heapify_max(heap, /)" => |cx, a| heapify::<Max>(cx, a, "heapify_max");
    ],
    init: Some(init),
};

const ABOUT: &str = "Heap queues\n\nA heap is a list in which each item is not larger than the two items at twice its index plus one \
and plus two. Its first item is the smallest. Adding an item and removing the smallest take logarithmic time.\n";

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let about = cx.str(ABOUT);
    vm::set_attr_str(cx, module, "__about__", about)
}

/// Which of two items belongs nearer to the top.
trait Order {
    /// Whether `a` comes before `b`: the answer if no Python code has to be asked.
    fn quick(a: Value, b: Value) -> Option<bool>;
    /// The same by the comparison `<`.
    fn slow(cx: &mut Ctx, a: Value, b: Value) -> PyResult<bool>;
}

struct Min;
struct Max;

impl Order for Min {
    #[inline(always)]
    fn quick(a: Value, b: Value) -> Option<bool> {
        less(a, b)
    }

    fn slow(cx: &mut Ctx, a: Value, b: Value) -> PyResult<bool> {
        vm::compare_bool(cx, a, b, CmpOp::Lt)
    }
}

impl Order for Max {
    #[inline(always)]
    fn quick(a: Value, b: Value) -> Option<bool> {
        less(b, a)
    }

    fn slow(cx: &mut Ctx, a: Value, b: Value) -> PyResult<bool> {
        vm::compare_bool(cx, b, a, CmpOp::Lt)
    }
}

/// `a < b` for small ints and exact floats.
#[inline(always)]
pub(crate) fn less(a: Value, b: Value) -> Option<bool> {
    if let (Some(x), Some(y)) = (a.as_small(), b.as_small()) {
        return Some(x < y);
    }
    if let (Some(x), Some(y)) = (a.as_imm_float(), b.as_imm_float()) {
        return Some(x < y);
    }
    None
}

fn list(cx: &mut Ctx, v: Value, function: &str, first_of_two: bool) -> PyResult<&'static ListObj> {
    if let Some(l) = ListObj::of(v) {
        return Ok(l);
    }
    let nth = if first_of_two { " 1" } else { "" };
    let msg = format!("{function}() argument{nth} must be list, not {}", protopy_vm::ops::tp_name(cx, v));
    Err(cx.type_error(&msg))
}

#[cold]
fn changed(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::RuntimeError, "list changed size during iteration")
}

#[cold]
fn empty(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::IndexError, "index out of range")
}

/// Whether `a` comes before `b`. Before Python code runs, `item` fills the hole; afterwards the list must be as long as it was.
#[inline(always)]
fn before<O: Order>(
    cx: &mut Ctx,
    l: &ListObj,
    len: usize,
    (hole, item): (usize, Value),
    a: Value,
    b: Value,
) -> PyResult<bool> {
    if let Some(r) = O::quick(a, b) {
        return Ok(r);
    }
    cx.list_set(l, hole, item);
    let r = O::slow(cx, a, b)?;
    if l.len() == len { Ok(r) } else { Err(changed(cx)) }
}

/// Moves the item at `pos` up to its place, at most to `start`.
fn up<O: Order>(cx: &mut Ctx, l: &ListObj, start: usize, mut pos: usize) -> PyResult<()> {
    let len = l.len();
    let Some(item) = l.get(pos) else { return Err(changed(cx)) };
    while pos > start {
        let above = (pos - 1) / 2;
        let Some(other) = l.get(above) else { return Err(changed(cx)) };
        if !before::<O>(cx, l, len, (pos, item), item, other)? {
            break;
        }
        // The comparison may have exchanged items.
        let Some(other) = l.get(above) else { return Err(changed(cx)) };
        cx.list_set(l, pos, other);
        pos = above;
    }
    cx.list_set(l, pos, item);
    Ok(())
}

/// Moves the item at `pos` down to a leaf, then up to its place: it came from the end, so it belongs near there.
fn down<O: Order>(cx: &mut Ctx, l: &ListObj, start: usize) -> PyResult<()> {
    let len = l.len();
    let mut pos = start;
    let Some(item) = l.get(pos) else { return Err(empty(cx)) };
    while pos < len / 2 {
        let mut child = 2 * pos + 1;
        if let (Some(left), Some(right)) = (l.get(child), l.get(child + 1))
            && child + 1 < len
            && !before::<O>(cx, l, len, (pos, item), left, right)?
        {
            child += 1;
        }
        let Some(next) = l.get(child) else { return Err(changed(cx)) };
        cx.list_set(l, pos, next);
        pos = child;
    }
    cx.list_set(l, pos, item);
    up::<O>(cx, l, start, pos)
}

fn push<O: Order>(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let l = list(cx, a[0], name, true)?;
    cx.list_append(l, a[1])?;
    let last = l.len().saturating_sub(1);
    up::<O>(cx, l, 0, last)?;
    Ok(Value::NONE)
}

fn pop<O: Order>(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let l = list(cx, a[0], name, false)?;
    let Some(last) = cx.list_pop(l) else { return Err(empty(cx)) };
    let Some(top) = l.get(0) else { return Ok(last) };
    cx.list_set(l, 0, last);
    down::<O>(cx, l, 0)?;
    Ok(top)
}

fn replace<O: Order>(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let l = list(cx, a[0], name, true)?;
    let Some(top) = l.get(0) else { return Err(empty(cx)) };
    cx.list_set(l, 0, a[1]);
    down::<O>(cx, l, 0)?;
    Ok(top)
}

fn pushpop<O: Order>(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let l = list(cx, a[0], name, true)?;
    let Some(top) = l.get(0) else { return Ok(a[1]) };
    let goes_in = match O::quick(top, a[1]) {
        Some(r) => r,
        None => O::slow(cx, top, a[1])?,
    };
    if !goes_in {
        return Ok(a[1]);
    }
    let Some(top) = l.get(0) else { return Err(empty(cx)) };
    cx.list_set(l, 0, a[1]);
    down::<O>(cx, l, 0)?;
    Ok(top)
}

fn heapify<O: Order>(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let l = list(cx, a[0], name, false)?;
    let len = l.len();
    for i in (0..len / 2).rev() {
        down::<O>(cx, l, i)?;
        if l.len() != len {
            return Err(changed(cx));
        }
    }
    Ok(Value::NONE)
}
