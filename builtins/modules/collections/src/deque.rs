//! `collections.deque`: a double-ended queue.
//!
//! The items lie in a growing ring on the malloc heap, guarded by a lock that is held for the raw operation only. A change count tells iterators
//! that the deque was mutated.

use protopy_vm::protocore::layouts::{MethodDef, SliceObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, CmpOp, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj,
    Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, ValueVec, getsets, methods};
use std::collections::VecDeque;
use std::ops::ControlFlow;

#[derive(Default)]
struct Ring {
    items: VecDeque<Value>,
    changes: u64,
    maxlen: Option<usize>,
}

/// A deque.
#[derive(Default)]
pub struct Deque {
    ring: Guarded<Ring>,
}

impl Payload for Deque {
    const NAME: &'static str = "deque";

    #[allow(unsafe_code)]
    fn trace(&self, t: &mut Tracer) {
        // SAFETY: the collector runs in a stopped world, and no guard is held across a safepoint.
        t.values(unsafe { self.ring.peek() }.items.iter());
    }
}

/// An iterator over a deque.
pub struct DequeIter {
    deque: Slot,
    at: std::sync::atomic::AtomicUsize,
    changes: u64,
    reverse: bool,
}

impl Payload for DequeIter {
    const NAME: &'static str = "_deque_iterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.deque);
    }
}

/// The type.
pub static DEQUE: TypeSpec = TypeSpec {
    name: "deque",
    module: "collections",
    layout: Layout::Native,
    vt: Some(<Deque as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::WEAKREF | type_flags::SEQUENCE,
    slots: SlotSpec {
        new: Some(deque_new),
        init: Some(deque_init),
        repr: Some(deque_repr),
        compare: Some(deque_compare),
        hash: Some(vm::types::hash_not_implemented),
        iter: Some(deque_iter),
        len: Some(deque_len),
        getitem: Some(deque_getitem),
        setitem: Some(deque_setitem),
        contains: Some(deque_contains),
        bool: Some(deque_bool),
        sq_concat: Some(deque_concat),
        sq_repeat: Some(deque_repeat),
        sq_iconcat: Some(deque_iconcat),
        sq_irepeat: Some(deque_irepeat),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A list-like sequence with fast appends and pops at both ends.",
    sig: Some("([iterable[, maxlen]])"),
    ..TypeSpec::BASE
};

/// The forward iterator's type.
pub static DEQUE_ITER: TypeSpec = TypeSpec {
    name: "_deque_iterator",
    module: "collections",
    layout: Layout::Native,
    vt: Some(<DequeIter as NativeLayout>::VT),
    slots: SlotSpec { new: Some(iter_new), iter: Some(itself), iternext: Some(iter_next), ..SlotSpec::NONE },
    methods: ITER_METHODS,
    doc: "Iterates over a deque.",
    ..TypeSpec::BASE
};

/// The backward iterator's type.
pub static DEQUE_REV_ITER: TypeSpec = TypeSpec {
    name: "_deque_reverse_iterator",
    module: "collections",
    layout: Layout::Native,
    vt: Some(<DequeIter as NativeLayout>::VT),
    slots: SlotSpec {
        new: Some(rev_iter_new),
        iter: Some(itself),
        iternext: Some(iter_next),
        ..SlotSpec::NONE
    },
    methods: ITER_METHODS,
    doc: "Iterates backward over a deque.",
    ..TypeSpec::BASE
};

static GETSETS: &[GetSetDef] = getsets![
    /// The largest number of items, or None.
    "maxlen" => maxlen;
];

static METHODS: &[MethodDef] = methods![
    /// Adds an item at the right end.
    "append(self, item, /)" => |cx, a| { push(cx, a[0], a[1], false)?; Ok(Value::NONE) };
    /// Adds an item at the left end.
    "appendleft(self, item, /)" => |cx, a| { push(cx, a[0], a[1], true)?; Ok(Value::NONE) };
    /// Removes and returns the rightmost item.
    "pop(self, /)" => |cx, a| pop(cx, a[0], false);
    /// Removes and returns the leftmost item.
    "popleft(self, /)" => |cx, a| pop(cx, a[0], true);
    /// Adds the items of an iterable at the right end.
    "extend(self, iterable, /)" => |cx, a| extend(cx, a[0], a[1], false);
    /// Adds the items of an iterable at the left end, one after the other.
    "extendleft(self, iterable, /)" => |cx, a| extend(cx, a[0], a[1], true);
    /// Removes all items.
    "clear(self, /)" => clear;
    /// A shallow copy.
    "copy(self, /)" => |cx, a| copy(cx, a[0]);
    /// A shallow copy.
    "__copy__(self, /)" => |cx, a| copy(cx, a[0]);
    /// The number of items equal to a value.
    "count(self, value, /)" => count;
    /// The index of the first item equal to a value.
    "index(self, value, start=0, stop=<unrepresentable>, /)" => index;
    /// Inserts an item before an index.
    "insert(self, index, value, /)" => insert;
    /// Removes the first item equal to a value.
    "remove(self, value, /)" => remove;
    /// Reverses the items in place.
    "reverse(self, /)" => reverse;
    /// Moves items from one end to the other: to the right if `n` is positive.
    "rotate(self, n=1, /)" => rotate;
    /// A backward iterator.
    "__reversed__(self, /)" => |cx, a| make_iter(cx, a[0], true);
    /// Helps pickle.
    "__reduce__(self, /)" => reduce;
    /// `deque[T]`
    class "__class_getitem__(cls, item, /)" => |cx, a| vm::iter::generic_alias(cx, a[0], a[1]);
];

static ITER_METHODS: &[MethodDef] = methods![
    /// The number of items left.
    "__length_hint__(self, /)" => iter_hint;
    /// Helps pickle.
    "__reduce__(self, /)" => iter_reduce;
];

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Deque> {
    match v.native::<Deque>() {
        Some(d) => Ok(d),
        None => Err(cx.type_error("not a deque")),
    }
}

fn itself(_: &mut Ctx, v: Value) -> PyResult {
    Ok(v)
}

fn deque_new(cx: &mut Ctx, ty: Value, _args: Args<'_>) -> PyResult {
    match TypeObj::of(ty) {
        Some(t) => Ok(cx.new_native(t, Deque::default())),
        None => Err(cx.type_error("not a type")),
    }
}

fn deque_init(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult<()> {
    let (mut iterable, mut maxlen) = (None, None);
    if args.pos().len() > 2 {
        let msg = format!("deque() takes at most 2 arguments ({} given)", args.pos().len());
        return Err(cx.type_error(&msg));
    }
    if let Some(i) = args.pos().first() {
        iterable = Some(*i);
    }
    if let Some(m) = args.pos().get(1) {
        maxlen = Some(*m);
    }
    for (n, x) in args.kw() {
        match vm::str_text(cx, n)?.as_str() {
            "iterable" => iterable = Some(x),
            "maxlen" => maxlen = Some(x),
            other => {
                let msg = format!("deque() got an unexpected keyword argument '{other}'");
                return Err(cx.type_error(&msg));
            }
        }
    }
    let max = match maxlen {
        Some(m) if !m.is_none() => {
            if protopy_vm::protocore::layouts::IntRef::of(m).is_none() {
                return Err(cx.type_error("an integer is required"));
            }
            match usize::try_from(vm::index_i64(cx, m, Ty::OverflowError)?) {
                Ok(n) => Some(n),
                Err(_) => return Err(cx.value_error("maxlen must be non-negative")),
            }
        }
        _ => None,
    };
    let d = this(cx, v)?;
    d.ring.with(|r| {
        r.maxlen = max;
        r.items.clear();
        r.changes += 1;
    });
    match iterable {
        Some(i) => extend(cx, v, i, false).map(|_| ()),
        None => Ok(()),
    }
}

fn maxlen(cx: &mut Ctx, v: Value) -> PyResult {
    match this(cx, v)?.ring.with(|r| r.maxlen) {
        Some(n) => Ok(cx.int_usize(n)),
        None => Ok(Value::NONE),
    }
}

/// Adds an item; beyond `maxlen` the item at the other end goes. MemoryError.
fn push(cx: &mut Ctx, v: Value, x: Value, left: bool) -> PyResult<()> {
    let d = this(cx, v)?;
    let ok = d.ring.with(|r| {
        if r.maxlen == Some(0) {
            return true;
        }
        if r.items.try_reserve(1).is_err() {
            return false;
        }
        if left {
            r.items.push_front(x)
        } else {
            r.items.push_back(x)
        }
        if r.maxlen.is_some_and(|m| r.items.len() > m) {
            if left {
                r.items.pop_back()
            } else {
                r.items.pop_front()
            };
        }
        r.changes += 1;
        true
    });
    cx.barrier(v);
    if ok { Ok(()) } else { Err(cx.no_memory()) }
}

fn pop(cx: &mut Ctx, v: Value, left: bool) -> PyResult {
    let x = this(cx, v)?.ring.with(|r| {
        let x = if left { r.items.pop_front() } else { r.items.pop_back() };
        if x.is_some() {
            r.changes += 1;
        }
        x
    });
    match x {
        Some(x) => Ok(x),
        None => Err(cx.raise_str(Ty::IndexError, "pop from an empty deque")),
    }
}

/// A copy of the items that the collector sees.
fn snapshot(cx: &mut Ctx, v: Value) -> PyResult<ValueVec> {
    let d = this(cx, v)?;
    loop {
        // The room comes first: what is copied under the lock is held by the list at once, whoever empties the deque.
        let n = d.ring.with(|r| r.items.len());
        let Some(store) = cx.new_values(n) else { return Err(cx.no_memory()) };
        let copied = d.ring.with(|r| {
            if r.items.len() > n {
                return None;
            }
            store.slots().iter().zip(&r.items).for_each(|(s, x)| s.init(Some(*x)));
            Some(r.items.len())
        });
        if let Some(n) = copied {
            return Ok(ValueVec::from_list(cx.list_from_values(store, n)));
        }
    }
}

fn extend(cx: &mut Ctx, v: Value, iterable: Value, left: bool) -> PyResult {
    let source = if iterable.is(v) { snapshot(cx, v)?.into_list() } else { iterable };
    vm::for_each(cx, source, |cx, x| {
        push(cx, v, x, left)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Value::NONE)
}

fn clear(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let old = this(cx, a[0])?.ring.with(|r| {
        r.changes += 1;
        std::mem::take(&mut r.items)
    });
    drop(old);
    Ok(Value::NONE)
}

fn copy(cx: &mut Ctx, v: Value) -> PyResult {
    let class = cx.type_of(v).value();
    let max = maxlen(cx, v)?;
    if cx.type_of(v).has(type_flags::HEAP) {
        return if max.is_none() { vm::call(cx, class, &[v]) } else { vm::call(cx, class, &[v, max]) };
    }
    let fresh = deque_new(cx, class, Args::NONE)?;
    let m = this(cx, v)?.ring.with(|r| r.maxlen);
    this(cx, fresh)?.ring.with(|r| r.maxlen = m);
    // The items of one moment, whatever other threads do.
    let items = snapshot(cx, v)?.into_list();
    extend(cx, fresh, items, false)?;
    Ok(fresh)
}

fn mutated(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::RuntimeError, "deque mutated during iteration")
}

/// Whether a value is a small int or exactly a str: two of these are equal if [`same`] says so.
fn is_plain(v: Value) -> bool {
    v.is_small() || vm::protocore::dict::exact_str(v).is_some()
}

/// Equality of plain values.
fn same(a: Value, b: Value) -> bool {
    match (vm::protocore::dict::exact_str(a), vm::protocore::dict::exact_str(b)) {
        (Some(a), Some(b)) => a.same(b),
        _ => a.is(b),
    }
}

/// Walks the items, comparing each with `x`, until one is equal; its index.
fn find(cx: &mut Ctx, v: Value, x: Value, from: usize, to: usize, words: Mutated) -> PyResult<Option<usize>> {
    let d = this(cx, v)?;
    let mutated = |cx: &mut Ctx| Err(cx.raise_str(words.error, words.msg));
    let changes = d.ring.with(|r| r.changes);
    if !cx.single_threaded() && is_plain(x) {
        // What needs no Python code to be compared is looked for among the items of one moment, under the lock.
        let first = d.ring.with(|r| {
            let mut all = (from..to).map_while(|i| Some((i, *r.items.get(i)?)));
            all.find(|(_, item)| item.is(x) || !is_plain(*item) || same(*item, x))
        });
        match first {
            Some((i, item)) if is_plain(item) || item.is(x) => return Ok(Some(i)),
            Some(_) => {}
            None => return Ok(None),
        }
    }
    for i in from..to {
        let (item, now) = d.ring.with(|r| (r.items.get(i).copied(), r.changes));
        if now != changes {
            return mutated(cx);
        }
        let Some(item) = item else { return Ok(None) };
        if vm::eq(cx, item, x)? {
            if words.always && d.ring.with(|r| r.changes) != changes {
                return mutated(cx);
            }
            return Ok(Some(i));
        }
    }
    if d.ring.with(|r| r.changes) != changes {
        return mutated(cx);
    }
    Ok(None)
}

/// What is raised when a comparison changed the deque.
#[derive(Clone, Copy)]
struct Mutated {
    error: Ty,
    msg: &'static str,
    /// Whether a change by the comparison that found the item counts, too.
    always: bool,
}

const MUTATED: Mutated =
    Mutated { error: Ty::RuntimeError, msg: "deque mutated during iteration", always: false };

fn count(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (mut n, mut from) = (0i64, 0);
    let len = deque_len(cx, a[0])?;
    let words = Mutated { always: true, ..MUTATED };
    while let Some(i) = find(cx, a[0], a[1], from, len, words)? {
        n += 1;
        from = i + 1;
    }
    Ok(cx.int(n))
}

fn index(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let len = deque_len(cx, a[0])? as i64;
    let fix = |i: i64| if i < 0 { (i + len).max(0) } else { i };
    let start = fix(vm::index_clamped(cx, a[2])?.max(-i64::MAX));
    let stop = match a[3].bound() {
        Some(s) => fix(vm::index_clamped(cx, s)?.max(-i64::MAX)).min(len),
        None => len,
    };
    match find(cx, a[0], a[1], start.max(0) as usize, stop.max(0) as usize, MUTATED)? {
        Some(i) => Ok(cx.int_usize(i)),
        None => Err(cx.value_error("deque.index(x): x not in deque")),
    }
}

fn insert(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let i = vm::index_i64(cx, a[1], Ty::IndexError)?;
    let d = this(cx, a[0])?;
    let x = a[2];
    let full = d.ring.with(|r| {
        if r.maxlen.is_some_and(|m| r.items.len() >= m) || r.items.try_reserve(1).is_err() {
            return true;
        }
        let n = r.items.len() as i64;
        let at = if i < 0 { (i + n).max(0) } else { i.min(n) };
        r.items.insert(at as usize, x);
        r.changes += 1;
        false
    });
    cx.barrier(a[0]);
    if full {
        Err(cx.raise_str(Ty::IndexError, "deque already at its maximum size"))
    } else {
        Ok(Value::NONE)
    }
}

fn remove(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let len = deque_len(cx, a[0])?;
    let words = Mutated { error: Ty::IndexError, msg: "deque mutated during remove().", always: true };
    match find(cx, a[0], a[1], 0, len, words)? {
        Some(i) => {
            this(cx, a[0])?.ring.with(|r| {
                r.items.remove(i);
                r.changes += 1;
            });
            Ok(Value::NONE)
        }
        None => Err(cx.value_error("deque.remove(x): x not in deque")),
    }
}

fn reverse(cx: &mut Ctx, a: &[Value]) -> PyResult {
    this(cx, a[0])?.ring.with(|r| {
        r.items.make_contiguous().reverse();
        r.changes += 1;
    });
    Ok(Value::NONE)
}

fn rotate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = vm::index_i64(cx, a[1], Ty::OverflowError)?;
    this(cx, a[0])?.ring.with(|r| {
        let len = r.items.len() as i64;
        if len > 1 {
            r.items.rotate_right(n.rem_euclid(len) as usize);
            r.changes += 1;
        }
    });
    Ok(Value::NONE)
}

fn reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let class = cx.type_of(a[0]).value();
    let max = maxlen(cx, a[0])?;
    let args = if max.is_none() {
        cx.tuple(&[])
    } else {
        let empty = cx.tuple(&[]);
        cx.tuple(&[empty, max])
    };
    let state = vm::call_method(cx, a[0], "__getstate__", &[])?;
    let it = vm::iter(cx, a[0])?;
    cx.tuple_of(None, &[class, args, state, it])
}

fn deque_len(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    Ok(this(cx, v)?.ring.with(|r| r.items.len()))
}

fn deque_bool(cx: &mut Ctx, v: Value) -> PyResult<bool> {
    Ok(deque_len(cx, v)? != 0)
}

fn place(cx: &mut Ctx, v: Value, k: Value) -> PyResult<usize> {
    if SliceObj::of(k).is_some() || cx.type_of(k).slots.index.address() == 0 {
        let msg = format!("sequence index must be integer, not '{}'", protopy_vm::ops::tp_name(cx, k));
        return Err(cx.type_error(&msg));
    }
    let i = vm::index_i64(cx, k, Ty::IndexError)?;
    let n = deque_len(cx, v)? as i64;
    let at = if i < 0 { i + n } else { i };
    if at < 0 || at >= n {
        return Err(cx.raise_str(Ty::IndexError, "deque index out of range"));
    }
    Ok(at as usize)
}

fn deque_getitem(cx: &mut Ctx, v: Value, k: Value) -> PyResult {
    let i = place(cx, v, k)?;
    match this(cx, v)?.ring.with(|r| r.items.get(i).copied()) {
        Some(x) => Ok(x),
        None => Err(cx.raise_str(Ty::IndexError, "deque index out of range")),
    }
}

fn deque_setitem(cx: &mut Ctx, v: Value, k: Value, x: Option<Value>) -> PyResult<()> {
    let i = place(cx, v, k)?;
    this(cx, v)?.ring.with(|r| match x {
        Some(x) => {
            if let Some(place) = r.items.get_mut(i) {
                *place = x;
            }
        }
        None => {
            r.items.remove(i);
            r.changes += 1;
        }
    });
    cx.barrier(v);
    Ok(())
}

fn deque_contains(cx: &mut Ctx, v: Value, x: Value) -> PyResult<bool> {
    let n = deque_len(cx, v)?;
    Ok(find(cx, v, x, 0, n, MUTATED)?.is_some())
}

fn deque_concat(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if b.native::<Deque>().is_none() {
        let msg =
            format!("can only concatenate deque (not \"{}\") to deque", protopy_vm::ops::tp_name(cx, b));
        return Err(cx.type_error(&msg));
    }
    let r = copy(cx, a)?;
    extend(cx, r, b, false)?;
    Ok(r)
}

fn deque_iconcat(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    extend(cx, a, b, false)?;
    Ok(a)
}

fn deque_irepeat(cx: &mut Ctx, a: Value, n: Value) -> PyResult {
    let n = usize::try_from(vm::index_i64(cx, n, Ty::OverflowError)?).unwrap_or(0);
    let items = snapshot(cx, a)?;
    if n == 0 {
        return clear(cx, &[a]).map(|_| a);
    }
    let max = this(cx, a)?.ring.with(|r| r.maxlen);
    let total = items.len().checked_mul(n - 1);
    if max.is_none() && total.is_none_or(|t| t > 1 << 40) {
        return Err(cx.no_memory());
    }
    // With a bound only the last repetitions matter.
    let rounds = match max {
        Some(m) if !items.is_empty() => (n - 1).min(m / items.len() + 1),
        _ => n - 1,
    };
    for _ in 0..rounds {
        for x in items.to_vec() {
            push(cx, a, x, false)?;
        }
    }
    Ok(a)
}

fn deque_repeat(cx: &mut Ctx, a: Value, n: Value) -> PyResult {
    let r = copy(cx, a)?;
    deque_irepeat(cx, r, n)
}

fn deque_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let name = cx.type_name(v);
    if !vm::enter_repr(cx, v) {
        return Ok(cx.str("[...]"));
    }
    let items = snapshot(cx, v);
    let text = items.and_then(|i| {
        let list = i.into_list();
        vm::repr_text(cx, list)
    });
    vm::leave_repr(cx, v);
    let text = text?;
    let max = this(cx, v)?.ring.with(|r| r.maxlen);
    let text = match max {
        Some(m) => format!("{name}({text}, maxlen={m})"),
        None => format!("{name}({text})"),
    };
    Ok(cx.str(&text))
}

fn deque_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    if a.native::<Deque>().is_none() || b.native::<Deque>().is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    if a.is(b) && matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::bool(op == CmpOp::Eq));
    }
    if matches!(op, CmpOp::Eq | CmpOp::Ne) && deque_len(cx, a)? != deque_len(cx, b)? {
        return Ok(Value::bool(op == CmpOp::Ne));
    }
    let (x, y) = (snapshot(cx, a)?.into_list(), snapshot(cx, b)?.into_list());
    vm::compare(cx, x, y, op)
}

fn deque_iter(cx: &mut Ctx, v: Value) -> PyResult {
    make_iter(cx, v, false)
}

fn make_iter(cx: &mut Ctx, v: Value, reverse: bool) -> PyResult {
    let changes = this(cx, v)?.ring.with(|r| r.changes);
    let types = cx.space().state::<super::collections_::Types>();
    let ty = if reverse { types.rev_iter.get() } else { types.iter.get() };
    match ty.and_then(TypeObj::of) {
        Some(t) => Ok(cx.new_native(
            t,
            DequeIter { deque: Slot::new(v), at: std::sync::atomic::AtomicUsize::new(0), changes, reverse },
        )),
        None => Err(cx.no_memory()),
    }
}

fn iter_arg(cx: &mut Ctx, args: Args<'_>, reverse: bool) -> PyResult {
    let Some(d) = args.pos().first().copied().filter(|d| d.native::<Deque>().is_some()) else {
        return Err(cx.type_error("argument 1 must be collections.deque"));
    };
    let it = make_iter(cx, d, reverse)?;
    if let (Some(n), Some(i)) = (args.pos().get(1), it.native::<DequeIter>()) {
        let n = vm::index_clamped(cx, *n)?.max(0) as usize;
        i.at.store(n, std::sync::atomic::Ordering::Relaxed);
    }
    Ok(it)
}

fn iter_new(cx: &mut Ctx, _ty: Value, args: Args<'_>) -> PyResult {
    iter_arg(cx, args, false)
}

fn rev_iter_new(cx: &mut Ctx, _ty: Value, args: Args<'_>) -> PyResult {
    iter_arg(cx, args, true)
}

fn iter_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let Some(it) = v.native::<DequeIter>() else { return Ok(None) };
    let Some(d) = it.deque.get().and_then(|d| d.native::<Deque>()) else { return Ok(None) };
    let at = it.at.load(std::sync::atomic::Ordering::Relaxed);
    let (item, len, changes) = d.ring.with(|r| {
        let n = r.items.len();
        let i = if it.reverse { n.checked_sub(at + 1) } else { Some(at) };
        (i.and_then(|i| r.items.get(i).copied()), n, r.changes)
    });
    if changes != it.changes {
        cx.store_empty(v, &it.deque);
        return Err(mutated(cx));
    }
    if item.is_none() || at >= len {
        cx.store_empty(v, &it.deque);
        return Ok(None);
    }
    it.at.store(at + 1, std::sync::atomic::Ordering::Relaxed);
    Ok(item)
}

fn iter_hint(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(it) = a[0].native::<DequeIter>() else { return Ok(Value::small(0)) };
    let n = it.deque.get().and_then(|d| d.native::<Deque>()).map_or(0, |d| d.ring.with(|r| r.items.len()));
    let left = n.saturating_sub(it.at.load(std::sync::atomic::Ordering::Relaxed));
    Ok(cx.int_usize(left))
}

fn iter_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let class = cx.type_of(a[0]).value();
    let Some(it) = a[0].native::<DequeIter>() else { return Err(cx.type_error("not an iterator")) };
    let deque = match it.deque.get() {
        Some(d) => d,
        None => {
            let t = vm::import_attr(cx, "collections", "deque")?;
            vm::call(cx, t, &[])?
        }
    };
    let at = cx.int_usize(it.at.load(std::sync::atomic::Ordering::Relaxed));
    let args = cx.tuple(&[deque, at]);
    cx.tuple_of(None, &[class, args])
}
