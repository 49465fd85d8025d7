//! `product`, `permutations`, `combinations`, `combinations_with_replacement`.

use super::{bind, class, count_arg, items, iterator, this};
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::{Args, Ctx, Guarded, Payload, PyResult, Slot, Tracer, Value};
use protopy_vm::{self as vm, ValueVec};

/// State of a combinatoric iterator: indices into pools, and whether it has started or ended.
#[derive(Default)]
struct State {
    indices: Vec<usize>,
    cycles: Vec<usize>,
    started: bool,
    done: bool,
}

/// A combinatoric iterator over a tuple of pools (one, but for `product`).
pub(super) struct Combinatoric {
    pools: Slot,
    r: usize,
    state: Guarded<State>,
}

impl Payload for Combinatoric {
    const NAME: &'static str = "combinatoric iterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.pools);
    }
}

iterator!(
    PRODUCT,
    "product",
    "The Cartesian product of iterables.",
    "(*iterables, repeat=1)",
    Combinatoric,
    product_new,
    product_next
);
iterator!(
    PERMUTATIONS,
    "permutations",
    "The permutations of `r` items.",
    "(iterable, r=None)",
    Combinatoric,
    permutations_new,
    permutations_next
);
iterator!(
    COMBINATIONS,
    "combinations",
    "The combinations of `r` items.",
    "(iterable, r)",
    Combinatoric,
    combinations_new,
    combinations_next
);
iterator!(
    COMBINATIONS_WITH_REPLACEMENT,
    "combinations_with_replacement",
    "The combinations of `r` items that may repeat.",
    "(iterable, r)",
    Combinatoric,
    cwr_new,
    cwr_next
);

fn make(cx: &mut Ctx, ty: Value, pools: Value, r: usize, state: State) -> PyResult {
    let t = class(cx, ty)?;
    Ok(cx.new_native(t, Combinatoric { pools: Slot::new(pools), r, state: Guarded::new(state) }))
}

/// Index vectors whose length user data determines: `None` when there is no memory for them.
fn indices(n: usize, f: impl Fn(usize) -> usize) -> Option<Vec<usize>> {
    let mut v = Vec::new();
    v.try_reserve_exact(n).ok()?;
    v.extend((0..n).map(f));
    Some(v)
}

fn product_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let mut repeat = 1;
    for (n, v) in args.kw() {
        if !StrObj::of(n).is_some_and(|s| s.eq_str("repeat")) {
            let text = vm::str_text(cx, n)?;
            return Err(super::unexpected(cx, "product", &text));
        }
        repeat = count_arg(cx, v, "repeat argument cannot be negative")?;
    }
    let mut once = ValueVec::new(cx);
    if repeat > 0 {
        for p in args.pos() {
            let pool = vm::to_vec(cx, *p)?.into_tuple(cx)?;
            once.push(cx, pool)?;
        }
    }
    let n = once.len().checked_mul(repeat).filter(|n| *n < 1 << 32);
    let Some(idx) = n.and_then(|n| indices(n, |_| 0)) else { return Err(cx.no_memory()) };
    let one = once.to_vec();
    let mut all = ValueVec::new(cx);
    for _ in 0..repeat {
        for p in &one {
            all.push(cx, *p)?;
        }
    }
    let pools = all.into_tuple(cx)?;
    vm::keep_alive(once.into_list());
    make(cx, ty, pools, 0, State { indices: idx, ..State::default() })
}

fn product_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let p = this::<Combinatoric>(cx, v)?;
    let pools = items(p.pools.get_or_none());
    let pick = |s: &State| Some(Row::pick(&s.indices, |k| pools.get(k).map_or(&[][..], |p| items(*p))));
    let chosen = p.state.with(|s| {
        if s.done {
            return None;
        }
        if !s.started {
            s.started = true;
            if pools.iter().any(|p| items(*p).is_empty()) {
                s.done = true;
                return None;
            }
            return pick(s);
        }
        for i in (0..s.indices.len()).rev() {
            s.indices[i] += 1;
            if pools.get(i).is_some_and(|p| s.indices[i] < items(*p).len()) {
                return pick(s);
            }
            s.indices[i] = 0;
        }
        s.done = true;
        None
    });
    row(cx, v, chosen)
}

/// Up to so many items of a row lie on the native stack.
const FEW: usize = 12;

/// The items of a row, picked while the state was held.
enum Row {
    Few([Value; FEW], usize),
    Many(Vec<Value>),
}

impl Row {
    /// The items of pools at some indices.
    fn pick(indices: &[usize], pool: impl Fn(usize) -> &'static [Value]) -> Row {
        let item = |(k, i): (usize, &usize)| pool(k).get(*i).copied().unwrap_or(Value::NONE);
        if indices.len() > FEW {
            return Row::Many(indices.iter().enumerate().map(item).collect());
        }
        let mut few = [Value::NONE; FEW];
        for (to, from) in few.iter_mut().zip(indices.iter().enumerate().map(item)) {
            *to = from;
        }
        Row::Few(few, indices.len())
    }

    /// The tuple of the items, which the pools of `owner` keep alive.
    fn into_tuple(self, cx: &mut Ctx, owner: Value) -> PyResult {
        let r = match &self {
            Row::Few(few, n) => cx.tuple_of(None, few.get(..*n).unwrap_or(few)),
            Row::Many(all) => cx.tuple_of(None, all),
        };
        vm::keep_alive(owner);
        r
    }
}

fn row(cx: &mut Ctx, v: Value, chosen: Option<Row>) -> PyResult<Option<Value>> {
    chosen.map(|row| row.into_tuple(cx, v)).transpose()
}

/// The only pool of an iterator other than a product.
fn pool_of(p: &Combinatoric) -> &'static [Value] {
    items(p.pools.get_or_none()).first().map_or(&[][..], |p| items(*p))
}

fn pool_len(p: &Combinatoric) -> usize {
    pool_of(p).len()
}

fn one_pool(cx: &mut Ctx, iterable: Value) -> PyResult<(Value, usize)> {
    let pool = vm::to_vec(cx, iterable)?.into_tuple(cx)?;
    let n = items(pool).len();
    Ok((cx.tuple_of(None, &[pool])?, n))
}

fn permutations_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [iterable, r] = bind(cx, "permutations", ["iterable", "r"], 1, args)?;
    let (pools, n) = one_pool(cx, iterable)?;
    let r = match r.not_none() {
        None => n,
        Some(v) if IntRef::of(v).is_some() => count_arg(cx, v, "r must be non-negative")?,
        Some(_) => return Err(cx.type_error("Expected int as r")),
    };
    let (Some(idx), Some(cycles)) = (indices(n, |i| i), indices(r.min(n), |i| n - i)) else {
        return Err(cx.no_memory());
    };
    make(cx, ty, pools, r, State { indices: idx, cycles, done: r > n, started: false })
}

fn permutations_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let p = this::<Combinatoric>(cx, v)?;
    let (n, r) = (pool_len(p), p.r);
    let pool = pool_of(p);
    let chosen = p.state.with(|s| {
        if s.done {
            return None;
        }
        if !s.started {
            s.started = true;
            return Some(Row::pick(&s.indices[..r], |_| pool));
        }
        for i in (0..r).rev() {
            s.cycles[i] -= 1;
            if s.cycles[i] == 0 {
                s.indices[i..].rotate_left(1);
                s.cycles[i] = n - i;
            } else {
                let j = n - s.cycles[i];
                s.indices.swap(i, j);
                return Some(Row::pick(&s.indices[..r], |_| pool));
            }
        }
        s.done = true;
        None
    });
    row(cx, v, chosen)
}

fn combinations_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [iterable, r] = bind(cx, "combinations", ["iterable", "r"], 2, args)?;
    let (pools, n) = one_pool(cx, iterable)?;
    let r = count_arg(cx, r, "r must be non-negative")?;
    let Some(idx) = indices(r.min(n), |i| i) else { return Err(cx.no_memory()) };
    make(cx, ty, pools, r, State { indices: idx, done: r > n, ..State::default() })
}

fn combinations_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let p = this::<Combinatoric>(cx, v)?;
    let (n, r) = (pool_len(p), p.r);
    let pool = pool_of(p);
    let chosen = p.state.with(|s| {
        if s.done {
            return None;
        }
        if !s.started {
            s.started = true;
            return Some(Row::pick(&s.indices, |_| pool));
        }
        let Some(i) = (0..r).rev().find(|i| s.indices[*i] != i + n - r) else {
            s.done = true;
            return None;
        };
        s.indices[i] += 1;
        for j in i + 1..r {
            s.indices[j] = s.indices[j - 1] + 1;
        }
        Some(Row::pick(&s.indices, |_| pool))
    });
    row(cx, v, chosen)
}

fn cwr_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [iterable, r] = bind(cx, "combinations_with_replacement", ["iterable", "r"], 2, args)?;
    let (pools, n) = one_pool(cx, iterable)?;
    let r = count_arg(cx, r, "r must be non-negative")?;
    let Some(idx) = indices(if n == 0 { 0 } else { r }, |_| 0) else { return Err(cx.no_memory()) };
    make(cx, ty, pools, r, State { indices: idx, done: n == 0 && r > 0, ..State::default() })
}

fn cwr_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let p = this::<Combinatoric>(cx, v)?;
    let n = pool_len(p);
    let pool = pool_of(p);
    let chosen = p.state.with(|s| {
        if s.done {
            return None;
        }
        if !s.started {
            s.started = true;
            return Some(Row::pick(&s.indices, |_| pool));
        }
        let Some(i) = (0..s.indices.len()).rev().find(|i| s.indices[*i] + 1 != n) else {
            s.done = true;
            return None;
        };
        let next = s.indices[i] + 1;
        for x in &mut s.indices[i..] {
            *x = next;
        }
        Some(Row::pick(&s.indices, |_| pool))
    });
    row(cx, v, chosen)
}
