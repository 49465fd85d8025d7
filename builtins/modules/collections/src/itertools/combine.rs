//! Iterators that combine: `chain`, `zip_longest`, `starmap`, `accumulate`, `pairwise`, `batched`.

use super::{Pair, advance, bind, class, exactly, items, iterator, positional_only, this};
use protopy_vm::ops::BinOp;
use protopy_vm::protocore::layouts::{ListObj, StrObj};
use protopy_vm::protocore::{Args, Ctx, Payload, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::{self as vm, ValueVec, methods};
use std::sync::atomic::{AtomicUsize, Ordering};

iterator!(CHAIN, "chain", "The items of one iterable after another.", "(*iterables)", Pair, chain_new, chain_next; methods methods![
    /// A chain of the iterables that an iterable gives.
    class "from_iterable(cls, iterable, /)" => chain_from_iterable;
    /// `chain[T]`
    class "__class_getitem__(cls, item, /)" => |cx, a| vm::iter::generic_alias(cx, a[0], a[1]);
]);

fn chain_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    positional_only(cx, "chain", ty, args)?;
    let all = cx.tuple_of(None, args.pos())?;
    let source = vm::iter(cx, all)?;
    let t = class(cx, ty)?;
    let v = cx.new_native(t, Pair::new(source, Value::NONE));
    if let Some(p) = v.native::<Pair>() {
        p.it.init(None);
    }
    Ok(v)
}

fn chain_from_iterable(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let source = vm::iter(cx, a[1])?;
    let t = class(cx, a[0])?;
    let v = cx.new_native(t, Pair::new(source, Value::NONE));
    if let Some(p) = v.native::<Pair>() {
        p.it.init(None);
    }
    Ok(v)
}

fn chain_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let p = this::<Pair>(cx, v)?;
    loop {
        if p.it.is_empty() {
            match advance(cx, v, &p.f)? {
                Some(iterable) => {
                    let it = match vm::iter(cx, iterable) {
                        Ok(it) => it,
                        Err(r) => {
                            cx.store_empty(v, &p.f);
                            return Err(r);
                        }
                    };
                    cx.store(v, &p.it, it);
                }
                None => return Ok(None),
            }
        }
        if let Some(x) = advance(cx, v, &p.it)? {
            return Ok(Some(x));
        }
        cx.safepoint()?;
    }
}

/// `zip_longest`: a list of iterators (None where exhausted) and the filler.
pub(super) struct ZipLongest {
    its: Slot,
    fill: Slot,
    active: AtomicUsize,
}

impl Payload for ZipLongest {
    const NAME: &'static str = "zip_longest";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.its);
        t.slot(&self.fill);
    }
}

iterator!(
    ZIP_LONGEST,
    "zip_longest",
    "Tuples of one item of each iterable, as long as the longest lasts.",
    "(*iterables, fillvalue=None)",
    ZipLongest,
    zip_longest_new,
    zip_longest_next
);

fn zip_longest_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let mut fill = Value::NONE;
    for (n, v) in args.kw() {
        if !StrObj::of(n).is_some_and(|s| s.eq_str("fillvalue")) {
            return Err(cx.type_error("zip_longest() got an unexpected keyword argument"));
        }
        fill = v;
    }
    let mut its = ValueVec::new(cx);
    for v in args.pos() {
        let it = vm::iter(cx, *v)?;
        its.push(cx, it)?;
    }
    let n = its.len();
    let t = class(cx, ty)?;
    let list = its.into_list();
    Ok(cx.new_native(
        t,
        ZipLongest { its: Slot::new(list), fill: Slot::new(fill), active: AtomicUsize::new(n) },
    ))
}

fn zip_longest_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let z = this::<ZipLongest>(cx, v)?;
    let Some(its) = z.its.get().and_then(ListObj::of) else { return Ok(None) };
    if z.active.load(Ordering::Relaxed) == 0 {
        return Ok(None);
    }
    let mut out = ValueVec::new(cx);
    for (i, it) in its.snapshot().into_iter().enumerate() {
        let x = if it.is_none() {
            None
        } else {
            let r = vm::next(cx, it);
            vm::catch(cx, r, Ty::StopIteration)?.flatten()
        };
        match x {
            Some(x) => out.push(cx, x)?,
            None => {
                if !it.is_none() {
                    vm::set_item(cx, its.value(), Value::small(i as i64), Some(Value::NONE))?;
                    if z.active.fetch_sub(1, Ordering::Relaxed) == 1 {
                        return Ok(None);
                    }
                }
                let fill = z.fill.get_or_none();
                out.push(cx, fill)?;
            }
        }
    }
    out.into_tuple(cx).map(Some)
}

iterator!(
    STARMAP,
    "starmap",
    "A function of the items of each of an iterable's tuples.",
    "(function, iterable, /)",
    Pair,
    starmap_new,
    starmap_next
);

fn starmap_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [f, iterable] = exactly(cx, "starmap", ty, args)?;
    let it = vm::iter(cx, iterable)?;
    let t = class(cx, ty)?;
    Ok(cx.new_native(t, Pair::new(f, it)))
}

fn starmap_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let p = this::<Pair>(cx, v)?;
    let Some(args) = advance(cx, v, &p.it)? else { return Ok(None) };
    let args = if cx.is_exact(args, Ty::Tuple) { args } else { vm::to_vec(cx, args)?.into_tuple(cx)? };
    let f = p.f.get_or_none();
    let r = vm::call(cx, f, items(args))?;
    vm::keep_alive(args);
    Ok(Some(r))
}

/// `accumulate`: iterator, function (None: addition), the total so far.
pub(super) struct Accumulate {
    it: Slot,
    f: Slot,
    total: Slot,
    initial: Slot,
}

impl Payload for Accumulate {
    const NAME: &'static str = "accumulate";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.it);
        t.slot(&self.f);
        t.slot(&self.total);
        t.slot(&self.initial);
    }
}

iterator!(
    ACCUMULATE,
    "accumulate",
    "Running totals, or other running results.",
    "(iterable, func=None, *, initial=None)",
    Accumulate,
    accumulate_new,
    accumulate_next
);

fn accumulate_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    if args.pos().len() > 2 {
        let msg = format!("accumulate() takes at most 2 positional arguments ({} given)", args.pos().len());
        return Err(cx.type_error(&msg));
    }
    let [iterable, f, initial] = bind(cx, "accumulate", ["iterable", "func", "initial"], 1, args)?;
    let it = vm::iter(cx, iterable)?;
    let t = class(cx, ty)?;
    Ok(cx.new_native(
        t,
        Accumulate {
            it: Slot::new(it),
            f: Slot::from_option(f.not_none()),
            total: Slot::empty(),
            initial: Slot::from_option(initial.not_none()),
        },
    ))
}

fn accumulate_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let a = this::<Accumulate>(cx, v)?;
    if let Some(first) = a.initial.get() {
        cx.store_empty(v, &a.initial);
        cx.store(v, &a.total, first);
        return Ok(Some(first));
    }
    let Some(x) = advance(cx, v, &a.it)? else { return Ok(None) };
    let total = match (a.total.get(), a.f.get()) {
        (None, _) => x,
        (Some(t), None) => vm::binary_op(cx, BinOp::Add, t, x)?,
        (Some(t), Some(f)) => vm::call(cx, f, &[t, x])?,
    };
    cx.store(v, &a.total, total);
    Ok(Some(total))
}

iterator!(
    PAIRWISE,
    "pairwise",
    "Overlapping pairs of successive items.",
    "(iterable, /)",
    Pair,
    pairwise_new,
    pairwise_next
);

fn pairwise_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [iterable] = exactly(cx, "pairwise", ty, args)?;
    let it = vm::iter(cx, iterable)?;
    let t = class(cx, ty)?;
    let v = cx.new_native(t, Pair::new(Value::NONE, it));
    if let Some(p) = v.native::<Pair>() {
        p.f.init(None);
    }
    Ok(v)
}

fn pairwise_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let p = this::<Pair>(cx, v)?;
    if p.f.is_empty() {
        match advance(cx, v, &p.it)? {
            Some(first) => cx.store(v, &p.f, first),
            None => return Ok(None),
        }
    }
    // The iterator may ask for the next pair itself.
    let Some(old) = p.f.get() else { return Ok(None) };
    let Some(x) = advance(cx, v, &p.it)? else {
        cx.store_empty(v, &p.f);
        return Ok(None);
    };
    cx.store(v, &p.f, x);
    Ok(Some(cx.tuple(&[old, x])))
}

/// `batched`: iterator, batch size, strictness.
pub(super) struct Batched {
    it: Slot,
    n: usize,
    strict: bool,
}

impl Payload for Batched {
    const NAME: &'static str = "batched";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.it);
    }
}

iterator!(
    BATCHED,
    "batched",
    "Tuples of `n` successive items.\n\nThe last tuple may be shorter, unless strict is true.\n\n>>> list(batched('abcde', 2))\n\
     [('a', 'b'), ('c', 'd'), ('e',)]",
    "(iterable, n, *, strict=False)",
    Batched,
    batched_new,
    batched_next
);

fn batched_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    if args.pos().len() == 3 {
        return Err(cx.type_error("batched() takes exactly 2 positional arguments (3 given)"));
    }
    let [iterable, n, strict] = bind(cx, "batched", ["iterable", "n", "strict"], 2, args)?;
    let n = vm::index_i64(cx, n, Ty::OverflowError)?;
    let n = match usize::try_from(n) {
        Ok(n) if n > 0 => n,
        _ => return Err(cx.value_error("n must be at least one")),
    };
    let strict = match strict.bound() {
        Some(s) => vm::is_true(cx, s)?,
        None => false,
    };
    let it = vm::iter(cx, iterable)?;
    let t = class(cx, ty)?;
    Ok(cx.new_native(t, Batched { it: Slot::new(it), n, strict }))
}

fn batched_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let b = this::<Batched>(cx, v)?;
    let mut out = ValueVec::new(cx);
    while out.len() < b.n {
        match advance(cx, v, &b.it)? {
            Some(x) => out.push(cx, x)?,
            None => break,
        }
    }
    if out.is_empty() {
        return Ok(None);
    }
    if b.strict && out.len() < b.n {
        return Err(cx.value_error("batched(): incomplete batch"));
    }
    out.into_tuple(cx).map(Some)
}
