//! `_heapq`: a list as a priority queue.
//!
//! The sift moves a hole instead of exchanging items. As long as the comparisons need no Python code, an operation is done under one hold
//! of the list's lock: threads that share a heap of numbers, strings or tuples of these find it a heap at every moment. Before a comparison
//! that may run Python code the travelling item is put into the hole and the lock is given back; afterwards the sift goes on with
//! what is there. So Python code and other threads always find each item once.

use protopy_text::search;
use protopy_vm::protocore::dict::exact_str;
use protopy_vm::protocore::layouts::{FloatObj, IntRef, ListObj, TupleObj};
use protopy_vm::protocore::list::HeldList;
use protopy_vm::protocore::{CmpOp, Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{self as vm, ModuleSpec, methods};
use std::cmp::Ordering;

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
    fn known(a: Value, b: Value) -> Option<bool>;
    /// The same by the comparison `<`.
    fn slow(cx: &mut Ctx, a: Value, b: Value) -> PyResult<bool>;
}

struct Min;
struct Max;

impl Order for Min {
    #[inline(always)]
    fn known(a: Value, b: Value) -> Option<bool> {
        less(a, b).or_else(|| known_less(a, b))
    }

    fn slow(cx: &mut Ctx, a: Value, b: Value) -> PyResult<bool> {
        vm::compare_bool(cx, a, b, CmpOp::Lt)
    }
}

impl Order for Max {
    #[inline(always)]
    fn known(a: Value, b: Value) -> Option<bool> {
        less(b, a).or_else(|| known_less(b, a))
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

/// How deep tuples within tuples are compared without Python code.
const TUPLE_DEPTH: usize = 4;

/// Items of tuples, characters and words of integers that are compared with the list's lock held: the rest is compared without it.
const LONG: usize = 1 << 12;

fn is_exact(v: Value, ty: Ty) -> bool {
    v.header().is_some_and(|h| h.shape() == ty.shape())
}

/// The order of two items of the same builtin type; `None` if only Python code can tell, if only one of them is a NaN, or if it takes
/// more than `budget` steps, of which what was done is taken off.
fn known_order(a: Value, b: Value, depth: usize, budget: &mut usize) -> Option<Ordering> {
    let int = |v: Value| if v.is_small() || is_exact(v, Ty::Int) { IntRef::of(v) } else { None };
    let float = |v: Value| if v.is_imm_float() || is_exact(v, Ty::Float) { FloatObj::of(v) } else { None };
    let tuple = |v: Value| if is_exact(v, Ty::Tuple) { TupleObj::of(v) } else { None };
    let mut pay = |steps: usize| {
        *budget = budget.checked_sub(steps)?;
        Some(())
    };
    if let (Some(x), Some(y)) = (exact_str(a), exact_str(b)) {
        pay(x.str_ref().len().min(y.str_ref().len()))?;
        return Some(search::compare(x.str_ref(), y.str_ref()));
    }
    match (int(a), int(b)) {
        (Some(IntRef::Small(x)), Some(IntRef::Small(y))) => return Some(x.cmp(&y)),
        (Some(IntRef::Big(x)), Some(IntRef::Big(y))) => {
            pay(usize::try_from(x.bits() / 64).ok()?)?;
            return Some(x.cmp(y));
        }
        // What does not fit 64 bits is beyond all that does.
        (Some(IntRef::Small(_)), Some(y @ IntRef::Big(_))) => return Some(0.cmp(&y.signum())),
        (Some(x @ IntRef::Big(_)), Some(IntRef::Small(_))) => return Some(x.signum().cmp(&0)),
        _ => {}
    }
    if let (Some(x), Some(y)) = (float(a), float(b)) {
        return x.partial_cmp(&y);
    }
    let (x, y) = (tuple(a)?.items(), tuple(b)?.items());
    if depth == 0 {
        return None;
    }
    for (a, b) in x.iter().zip(y) {
        *budget = budget.checked_sub(1)?;
        if a.is(*b) {
            continue;
        }
        match known_order(*a, *b, depth - 1, budget)? {
            Ordering::Equal => {}
            order => return Some(order),
        }
    }
    Some(x.len().cmp(&y.len()))
}

#[inline(never)]
fn known_less(a: Value, b: Value) -> Option<bool> {
    known_order(a, b, TUPLE_DEPTH, &mut { LONG }).map(|order| order == Ordering::Less)
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

/// What a sift came to.
enum Step {
    /// The item is in its place.
    Done,
    /// It depends on whether the first of these comes before the second.
    Ask(Value, Value),
}

/// An item on its way: down to a leaf if it came from the end, since it belongs near there, then up to its place.
struct Sift {
    item: Value,
    /// Where the hole is.
    pos: usize,
    /// How far up it may come.
    start: usize,
    down: bool,
    /// Length of the list.
    len: usize,
}

impl Sift {
    /// The item at `start` goes down as far as it belongs, at most to the end.
    fn down(held: &HeldList<'_>, item: Value, start: usize) -> Sift {
        Sift { item, pos: start, start, down: true, len: held.len() }
    }

    /// Goes on until the item is in its place or a comparison needs Python code; then it is in the hole. `answer`: to the last question.
    fn go<O: Order>(&mut self, held: &HeldList<'_>, mut answer: Option<bool>) -> Step {
        let mut before = |a, b| answer.take().or_else(|| O::known(a, b));
        while self.down && self.pos < self.len / 2 {
            let mut child = 2 * self.pos + 1;
            if let (Some(left), Some(right)) = (held.get(child), held.get(child + 1)) {
                match before(left, right) {
                    Some(true) => {}
                    Some(false) => child += 1,
                    None => return self.ask(held, left, right),
                }
            }
            let Some(next) = held.get(child) else { break };
            held.set(self.pos, next);
            self.pos = child;
        }
        self.down = false;
        while self.pos > self.start {
            let above = (self.pos - 1) / 2;
            let Some(other) = held.get(above) else { break };
            match before(self.item, other) {
                Some(true) => {}
                Some(false) => break,
                None => return self.ask(held, self.item, other),
            }
            held.set(self.pos, other);
            self.pos = above;
        }
        held.set(self.pos, self.item);
        Step::Done
    }

    fn ask(&self, held: &HeldList<'_>, a: Value, b: Value) -> Step {
        held.set(self.pos, self.item);
        Step::Ask(a, b)
    }

    /// Goes on to the end, asking what has to be asked. RuntimeError if the list is not as long afterwards as it was.
    fn finish<O: Order>(&mut self, cx: &mut Ctx, l: &ListObj, mut step: Step) -> PyResult<()> {
        while let Step::Ask(a, b) = step {
            let answer = O::slow(cx, a, b)?;
            let next = cx.list_held(l, |held| {
                // The comparison, or another thread, may have exchanged items.
                self.item = held.get(self.pos).filter(|_| held.len() == self.len)?;
                Some(self.go::<O>(held, Some(answer)))
            });
            let Some(next) = next else { return Err(changed(cx)) };
            step = next;
        }
        Ok(())
    }
}

fn push<O: Order>(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let l = list(cx, a[0], name, true)?;
    loop {
        let first = cx.list_held(l, |held| {
            let pos = held.len();
            if !held.push(a[1]) {
                return None;
            }
            let mut sift = Sift { item: a[1], pos, start: 0, down: false, len: pos + 1 };
            let step = sift.go::<O>(held, None);
            Some((sift, step))
        });
        let Some((mut sift, step)) = first else {
            cx.list_reserve(l, l.len().saturating_add(1))?;
            continue;
        };
        sift.finish::<O>(cx, l, step)?;
        return Ok(Value::NONE);
    }
}

fn pop<O: Order>(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let l = list(cx, a[0], name, false)?;
    let found = cx.list_held(l, |held| {
        let last = held.pop()?;
        let Some(top) = held.get(0) else { return Some((last, None)) };
        let mut sift = Sift::down(held, last, 0);
        let step = sift.go::<O>(held, None);
        Some((top, Some((sift, step))))
    });
    let Some((top, rest)) = found else { return Err(empty(cx)) };
    cx.list_trim(l);
    if let Some((mut sift, step)) = rest {
        sift.finish::<O>(cx, l, step)?;
    }
    Ok(top)
}

/// Exchanges the top for an item, if there is a top and it is `wanted`; the top.
fn exchange<O: Order>(
    cx: &mut Ctx,
    l: &ListObj,
    item: Value,
    wanted: impl FnOnce(Value) -> bool,
) -> PyResult<Option<Value>> {
    let found = cx.list_held(l, |held| {
        let top = held.get(0).filter(|top| wanted(*top))?;
        let mut sift = Sift::down(held, item, 0);
        let step = sift.go::<O>(held, None);
        Some((top, sift, step))
    });
    let Some((top, mut sift, step)) = found else { return Ok(None) };
    sift.finish::<O>(cx, l, step)?;
    Ok(Some(top))
}

fn replace<O: Order>(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let l = list(cx, a[0], name, true)?;
    match exchange::<O>(cx, l, a[1], |_| true)? {
        Some(top) => Ok(top),
        None => Err(empty(cx)),
    }
}

fn pushpop<O: Order>(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let l = list(cx, a[0], name, true)?;
    let mut asked = false;
    let known = exchange::<O>(cx, l, a[1], |top| match O::known(top, a[1]) {
        Some(goes_in) => goes_in,
        None => {
            asked = true;
            false
        }
    })?;
    if !asked {
        return Ok(known.unwrap_or(a[1]));
    }
    let Some(top) = l.get(0) else { return Ok(a[1]) };
    if !O::slow(cx, top, a[1])? {
        return Ok(a[1]);
    }
    match exchange::<O>(cx, l, a[1], |_| true)? {
        Some(top) => Ok(top),
        None => Err(empty(cx)),
    }
}

fn heapify<O: Order>(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let l = list(cx, a[0], name, false)?;
    let len = l.len();
    let mut left = len / 2;
    while left > 0 {
        let asked = cx.list_held(l, |held| {
            if held.len() != len {
                return Err(());
            }
            while left > 0 {
                left -= 1;
                let Some(item) = held.get(left) else { return Err(()) };
                let mut sift = Sift::down(held, item, left);
                if let step @ Step::Ask(..) = sift.go::<O>(held, None) {
                    return Ok(Some((sift, step)));
                }
            }
            Ok(None)
        });
        match asked {
            Ok(Some((mut sift, step))) => sift.finish::<O>(cx, l, step)?,
            Ok(None) => {}
            Err(()) => return Err(changed(cx)),
        }
    }
    Ok(Value::NONE)
}
