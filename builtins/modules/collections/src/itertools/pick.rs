//! Iterators that pick: `compress`, `dropwhile`, `takewhile`, `filterfalse`, `islice`.

use super::{Pair, advance, bind, class, exactly, iterator, positional_only, this};
use protopy_vm::protocore::layouts::IntRef;
use protopy_vm::protocore::{Args, Ctx, Payload, PyResult, Slot, Tracer, Value};
use protopy_vm::{self as vm};
use std::sync::atomic::{AtomicUsize, Ordering};

iterator!(
    COMPRESS,
    "compress",
    "The items whose selector is true.",
    "(data, selectors)",
    Pair,
    compress_new,
    compress_next
);

fn compress_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [data, selectors] = bind(cx, "compress", ["data", "selectors"], 2, args)?;
    let d = vm::iter(cx, data)?;
    let s = vm::iter(cx, selectors)?;
    let t = class(cx, ty)?;
    Ok(cx.new_native(t, Pair::new(d, s)))
}

fn compress_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let p = this::<Pair>(cx, v)?;
    loop {
        let Some(x) = advance(cx, v, &p.f)? else { return Ok(None) };
        let Some(s) = advance(cx, v, &p.it)? else { return Ok(None) };
        if vm::is_true(cx, s)? {
            return Ok(Some(x));
        }
        cx.safepoint()?;
    }
}

fn predicate_new(cx: &mut Ctx, ty: Value, args: Args<'_>, fname: &str) -> PyResult {
    let [f, iterable] = exactly(cx, fname, ty, args)?;
    let it = vm::iter(cx, iterable)?;
    let t = class(cx, ty)?;
    Ok(cx.new_native(t, Pair::new(f, it)))
}

fn holds(cx: &mut Ctx, f: Value, x: Value) -> PyResult<bool> {
    if f.is_none() || f.is(cx.ty(protopy_vm::protocore::Ty::Bool).value()) {
        return vm::is_true(cx, x);
    }
    let r = vm::call(cx, f, &[x])?;
    vm::is_true(cx, r)
}

iterator!(
    DROPWHILE,
    "dropwhile",
    "The items from the first on that fails a test.",
    "(predicate, iterable, /)",
    Pair,
    dropwhile_new,
    dropwhile_next
);

fn dropwhile_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    predicate_new(cx, ty, args, "dropwhile")
}

fn dropwhile_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let p = this::<Pair>(cx, v)?;
    loop {
        let Some(x) = advance(cx, v, &p.it)? else { return Ok(None) };
        if p.state.load(Ordering::Relaxed) != 0 {
            return Ok(Some(x));
        }
        let f = p.f.get_or_none();
        let r = vm::call(cx, f, &[x])?;
        if !vm::is_true(cx, r)? {
            p.state.store(1, Ordering::Relaxed);
            return Ok(Some(x));
        }
        cx.safepoint()?;
    }
}

iterator!(
    TAKEWHILE,
    "takewhile",
    "The items up to the first that fails a test.",
    "(predicate, iterable, /)",
    Pair,
    takewhile_new,
    takewhile_next
);

fn takewhile_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    predicate_new(cx, ty, args, "takewhile")
}

fn takewhile_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let p = this::<Pair>(cx, v)?;
    if p.state.load(Ordering::Relaxed) != 0 {
        return Ok(None);
    }
    let Some(x) = advance(cx, v, &p.it)? else { return Ok(None) };
    let f = p.f.get_or_none();
    let r = vm::call(cx, f, &[x])?;
    if vm::is_true(cx, r)? {
        return Ok(Some(x));
    }
    p.state.store(1, Ordering::Relaxed);
    Ok(None)
}

iterator!(
    FILTERFALSE,
    "filterfalse",
    "The items that fail a test.",
    "(function, iterable, /)",
    Pair,
    filterfalse_new,
    filterfalse_next
);

fn filterfalse_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    predicate_new(cx, ty, args, "filterfalse")
}

fn filterfalse_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let p = this::<Pair>(cx, v)?;
    loop {
        let Some(x) = advance(cx, v, &p.it)? else { return Ok(None) };
        let f = p.f.get_or_none();
        if !holds(cx, f, x)? {
            return Ok(Some(x));
        }
        cx.safepoint()?;
    }
}

/// `islice`: items taken so far, the next wanted, the bound, the step.
pub(super) struct ISlice {
    it: Slot,
    count: AtomicUsize,
    next: AtomicUsize,
    stop: Option<usize>,
    step: usize,
}

impl Payload for ISlice {
    const NAME: &'static str = "islice";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.it);
    }
}

iterator!(
    ISLICE,
    "islice",
    "A slice of an iterable.",
    "(iterable, stop, /)",
    ISlice,
    islice_new,
    islice_next
);

/// A bound: None or an int from 0 to the largest index.
fn bound(cx: &mut Ctx, v: Value, msg: &str) -> PyResult<Option<usize>> {
    if v.is_none() {
        return Ok(None);
    }
    let i = if IntRef::of(v).is_some() || cx.type_of(v).slots.index.address() != 0 {
        vm::index(cx, v).map(|i| IntRef::of(i).and_then(IntRef::to_i64))?
    } else {
        None
    };
    match i.map(usize::try_from) {
        Some(Ok(n)) if n <= i64::MAX as usize => Ok(Some(n)),
        _ => Err(cx.value_error(msg)),
    }
}

fn islice_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    positional_only(cx, "islice", ty, args)?;
    let (iterable, start, stop, step) = match args.pos() {
        [i, stop] => (*i, Value::NONE, *stop, Value::NONE),
        [i, start, stop] => (*i, *start, *stop, Value::NONE),
        [i, start, stop, step] => (*i, *start, *stop, *step),
        other => {
            let (how, n) =
                if other.len() < 2 { ("at least 2", other.len()) } else { ("at most 4", other.len()) };
            let msg = format!("islice expected {how} arguments, got {n}");
            return Err(cx.type_error(&msg));
        }
    };
    let what = if args.pos().len() == 2 {
        "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize."
    } else {
        "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize."
    };
    let stop =
        bound(cx, stop, "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.")?;
    let start = bound(cx, start, what)?.unwrap_or(0);
    let step = match bound(cx, step, "Step for islice() must be a positive integer or None.")? {
        Some(0) => return Err(cx.value_error("Step for islice() must be a positive integer or None.")),
        Some(n) => n,
        None => 1,
    };
    let it = vm::iter(cx, iterable)?;
    let t = class(cx, ty)?;
    Ok(cx.new_native(
        t,
        ISlice { it: Slot::new(it), count: AtomicUsize::new(0), next: AtomicUsize::new(start), stop, step },
    ))
}

fn islice_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let s = this::<ISlice>(cx, v)?;
    let stop = s.stop.unwrap_or(usize::MAX);
    let want = s.next.load(Ordering::Relaxed);
    loop {
        let count = s.count.load(Ordering::Relaxed);
        if count >= stop {
            cx.store_empty(v, &s.it);
            return Ok(None);
        }
        if count < want && want >= stop && s.stop.is_some() {
            // The part before the bound is consumed, as CPython does.
            if advance(cx, v, &s.it)?.is_none() {
                return Ok(None);
            }
            s.count.store(count + 1, Ordering::Relaxed);
            continue;
        }
        let Some(x) = advance(cx, v, &s.it)? else { return Ok(None) };
        s.count.store(count + 1, Ordering::Relaxed);
        if count >= want {
            s.next.store(want.saturating_add(s.step).min(stop), Ordering::Relaxed);
            return Ok(Some(x));
        }
    }
}
