//! `zip`, `map`, `filter`: iterators over iterators.

use super::common::*;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::{MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, Value};
use protopy_vm::{TypeSpec, ValueVec, call, is_true, iter, keep_alive, methods, next};
use std::sync::atomic::{AtomicBool, Ordering};

/// Iterators that advance together.
pub struct Several {
    /// The function of a `map`, empty in a `zip`.
    func: Slot,
    /// Tuple of iterators.
    iters: Slot,
    /// Whether they must end together.
    strict: AtomicBool,
}

impl Payload for Several {
    const NAME: &'static str = "zip";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.func);
        t.slot(&self.iters);
    }
}

/// The type `zip`.
pub static ZIP: TypeSpec = TypeSpec {
    ty: Some(Ty::Zip),
    name: "zip",
    layout: Layout::Native,
    vt: Some(Several::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(zip_new), iter: Some(iter_self), iternext: Some(zip_next), ..SlotSpec::NONE },
    methods: SEVERAL_METHODS,
    doc: "An iterator over tuples of the iterables' items at the same place, until the shortest ends. With strict=True \
          iterables of different lengths raise ValueError.\n\n>>> list(zip('abc', (1, 2)))\n[('a', 1), ('b', 2)]",
    sig: Some("(*iterables, strict=False)"),
    ..TypeSpec::BASE
};

/// The type `map`.
pub static MAP: TypeSpec = TypeSpec {
    ty: Some(Ty::Map),
    name: "map",
    layout: Layout::Native,
    vt: Some(Several::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(map_new), iter: Some(iter_self), iternext: Some(map_next), ..SlotSpec::NONE },
    methods: MAP_METHODS,
    doc: "An iterator over what the function answers for the iterables' items at the same place, until the shortest ends. \
          With strict=True iterables of different lengths raise ValueError.",
    sig: Some("(function, iterable, /, *iterables, strict=False)"),
    ..TypeSpec::BASE
};

macro_rules! several_methods {
    ($name:ident) => {
        static $name: &[MethodDef] = methods![
            /// Return the arguments that make an iterator over what is left.
            "__reduce__(self, /)" => several_reduce;
            /// Set whether the iterables must end together.
            "__setstate__(self, object, /)" => several_setstate;
        ];
    };
}

several_methods!(SEVERAL_METHODS);
several_methods!(MAP_METHODS);

#[inline]
fn several(cx: &mut Ctx, v: Value) -> PyResult<&'static Several> {
    Ok(receiver!(cx, v, Value::native::<Several>, "zip"))
}

/// The keyword `strict`, the only one there is.
fn strict_keyword(cx: &mut Ctx, what: &str, args: Args<'_>) -> PyResult<bool> {
    let mut strict = false;
    for (k, v) in args.kw() {
        match StrObj::of(k) {
            Some(s) if s.eq_str("strict") => strict = is_true(cx, v)?,
            s => {
                let k = s.map_or_else(String::new, StrObj::to_string_lossy);
                return Err(cx.type_error(&format!("{what}() got an unexpected keyword argument '{k}'")));
            }
        }
    }
    Ok(strict)
}

/// Whether keyword arguments are this constructor's: a subclass with another `__init__` may take them there.
fn own_keywords(cx: &Ctx, class: Value, t: Ty) -> bool {
    protopy_vm::protocore::TypeObj::of(class)
        .is_none_or(|c| c.slots.init.address() == cx.ty(t).slots.init.address())
}

fn iterators(cx: &mut Ctx, iterables: &[Value]) -> PyResult {
    let mut all = ValueVec::new(cx);
    for v in iterables {
        let it = iter(cx, *v)?;
        all.push(cx, it)?;
    }
    all.into_tuple(cx)
}

fn zip_new(cx: &mut Ctx, cls: Value, args: Args<'_>) -> PyResult {
    let ty = class_of(cx, cls)?;
    let strict = strict_keyword(cx, "zip", args)?;
    let iters = iterators(cx, args.pos())?;
    let state = Several { func: Slot::empty(), iters: Slot::new(iters), strict: AtomicBool::new(strict) };
    Ok(cx.new_native(ty, state))
}

fn map_new(cx: &mut Ctx, cls: Value, args: Args<'_>) -> PyResult {
    let ty = class_of(cx, cls)?;
    let strict = if own_keywords(cx, cls, Ty::Map) { strict_keyword(cx, "map", args)? } else { false };
    let Some((func, iterables)) = args.pos().split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return Err(cx.type_error("map() must have at least two arguments."));
    };
    let iters = iterators(cx, iterables)?;
    let state = Several { func: Slot::new(*func), iters: Slot::new(iters), strict: AtomicBool::new(strict) };
    Ok(cx.new_native(ty, state))
}

/// Tuples of so many items are built on the stack.
const ON_STACK: usize = 8;

/// The next items of all iterators, handed to `f`; `None` when one has ended.
fn advance(
    cx: &mut Ctx,
    it: &Several,
    what: &str,
    f: impl FnOnce(&mut Ctx, &[Value]) -> PyResult,
) -> PyResult<Option<Value>> {
    let tuple = it.iters.get_or_none();
    let Some(iters) = TupleObj::of(tuple).map(TupleObj::items) else { return Ok(None) };
    let strict = it.strict.load(Ordering::Relaxed);
    let r = if iters.len() <= ON_STACK {
        let mut buf = [Value::NONE; ON_STACK];
        for (i, (to, from)) in buf.iter_mut().zip(iters).enumerate() {
            match next(cx, *from)? {
                Some(v) => *to = v,
                None => return ended(cx, iters, i, strict, what),
            }
        }
        f(cx, &buf[..iters.len()])
    } else {
        let mut all = ValueVec::new(cx);
        for (i, from) in iters.iter().enumerate() {
            match next(cx, *from)? {
                Some(v) => all.push(cx, v)?,
                None => return ended(cx, iters, i, strict, what),
            }
        }
        let items = all.to_vec();
        let r = f(cx, &items);
        keep_alive(all.into_list());
        r
    };
    keep_alive(tuple);
    r.map(Some)
}

/// Iterator `i` has ended: in strict mode all others must do so, too.
fn ended(cx: &mut Ctx, iters: &[Value], i: usize, strict: bool, what: &str) -> PyResult<Option<Value>> {
    if !strict {
        return Ok(None);
    }
    if i > 0 {
        return Err(unequal(cx, what, i, "shorter"));
    }
    for (j, it) in iters.iter().enumerate().skip(1) {
        if next(cx, *it)?.is_some() {
            return Err(unequal(cx, what, j, "longer"));
        }
    }
    Ok(None)
}

#[cold]
fn unequal(cx: &mut Ctx, what: &str, i: usize, how: &str) -> Raised {
    let others = if i == 1 { " ".to_owned() } else { "s 1-".to_owned() };
    cx.value_error(&format!("{what}() argument {} is {how} than argument{others}{i}", i + 1))
}

fn zip_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = several(cx, this)?;
    if TupleObj::of(it.iters.get_or_none()).is_none_or(|t| t.items().is_empty()) {
        return Ok(None);
    }
    advance(cx, it, "zip", |cx, items| match items {
        [a, b] => Ok(cx.pair(*a, *b)),
        _ => cx.tuple_of(None, items),
    })
}

fn map_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let it = several(cx, this)?;
    let f = it.func.get_or_none();
    advance(cx, it, "map", |cx, items| call(cx, f, items))
}

fn several_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let it = several(cx, this)?;
    let class = cx.type_of(this).value();
    let tuple = it.iters.get_or_none();
    let iters = TupleObj::of(tuple).map_or(&[][..], TupleObj::items);
    let state = it.strict.load(Ordering::Relaxed).then_some(Value::TRUE);
    let made = match it.func.get() {
        Some(f) => {
            let all: Vec<Value> = std::iter::once(f).chain(iters.iter().copied()).collect();
            reduce(cx, class, &all, state)
        }
        None => reduce(cx, class, iters, state),
    };
    keep_alive(tuple);
    made
}

fn several_setstate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let strict = is_true(cx, arg(args, 1))?;
    several(cx, arg(args, 0))?.strict.store(strict, Ordering::Relaxed);
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- filter

/// State of a `filter`.
pub struct Filter {
    func: Slot,
    it: Slot,
}

impl Payload for Filter {
    const NAME: &'static str = "filter";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.func);
        t.slot(&self.it);
    }
}

/// The type `filter`.
pub static FILTER: TypeSpec = TypeSpec {
    ty: Some(Ty::Filter),
    name: "filter",
    layout: Layout::Native,
    vt: Some(Filter::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(filter_new),
        iter: Some(iter_self),
        iternext: Some(filter_next),
        ..SlotSpec::NONE
    },
    methods: FILTER_METHODS,
    doc: "An iterator over the items for which the function is true; the true items, if the function is None.",
    sig: Some("(function, iterable, /)"),
    ..TypeSpec::BASE
};

static FILTER_METHODS: &[MethodDef] = methods![
    /// Return the arguments that make an iterator over what is left.
    "__reduce__(self, /)" => filter_reduce;
];

fn filter_new(cx: &mut Ctx, cls: Value, args: Args<'_>) -> PyResult {
    let ty = class_of(cx, cls)?;
    no_keywords_unless_init(cx, "filter", ty, Ty::Filter, args)?;
    arity(cx, "filter", args, 2, 2)?;
    let it = iter(cx, arg(args.pos(), 1))?;
    Ok(cx.new_native(ty, Filter { func: Slot::new(arg(args.pos(), 0)), it: Slot::new(it) }))
}

fn filter_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let f = receiver!(cx, this, Value::native::<Filter>, "filter");
    let (func, it) = (f.func.get_or_none(), f.it.get_or_none());
    let plain = func.is_none() || func.is(cx.ty(Ty::Bool).value());
    while let Some(v) = next(cx, it)? {
        let good = if plain {
            is_true(cx, v)?
        } else {
            let r = call(cx, func, &[v])?;
            is_true(cx, r)?
        };
        if good {
            return Ok(Some(v));
        }
        cx.safepoint()?;
    }
    Ok(None)
}

fn filter_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let f = receiver!(cx, this, Value::native::<Filter>, "filter");
    let class = cx.type_of(this).value();
    reduce(cx, class, &[f.func.get_or_none(), f.it.get_or_none()], None)
}
