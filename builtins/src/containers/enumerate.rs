//! `enumerate`.

use super::common::*;
use num_bigint::BigInt;
use protopy_vm::protocore::header::Layout;
use protopy_vm::protocore::layouts::{IntRef, MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, Value};
use protopy_vm::{TypeSpec, index, iter, methods, next};

/// State: the iterator and the next number (an int).
pub struct Enumerate {
    it: Slot,
    index: Slot,
}

impl Payload for Enumerate {
    const NAME: &'static str = "enumerate";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.it);
        t.slot(&self.index);
    }
}

/// The type.
pub static ENUMERATE: TypeSpec = TypeSpec {
    ty: Some(Ty::Enumerate),
    name: "enumerate",
    layout: Layout::Native,
    vt: Some(Enumerate::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(enumerate_new),
        iter: Some(iter_self),
        iternext: Some(enumerate_next),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    doc: "An iterator over pairs of a number, counted from start, and an item of the iterable.",
    sig: Some("(iterable, start=0)"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Return the arguments that make an iterator at the same place.
    "__reduce__(self, /)" => enumerate_reduce;
    /// Return a generic alias of enumerate for the given item type.
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

fn invalid_keyword(cx: &mut Ctx, k: Value) -> Raised {
    let name = StrObj::of(k).map_or_else(String::new, StrObj::to_string_lossy);
    cx.type_error(&format!("'{name}' is an invalid keyword argument for enumerate()"))
}

/// Binds `(iterable, start=0)` with CPython's words for what does not fit.
fn bind(cx: &mut Ctx, exact: bool, args: Args<'_>) -> PyResult<(Value, Option<Value>)> {
    let pos = args.pos();
    let total = pos.len() + args.nkw();
    if total > 2 {
        return Err(cx.type_error(&format!("enumerate() takes at most 2 arguments ({total} given)")));
    }
    let (mut iterable, mut start) = (pos.first().copied(), pos.get(1).copied());
    let mut bad = None;
    for (k, v) in args.kw() {
        let is = |n: &str| StrObj::of(k).is_some_and(|s| s.eq_str(n));
        if is("iterable") && iterable.is_none() {
            iterable = Some(v);
        } else if is("start") && start.is_none() {
            start = Some(v);
        } else {
            bad = Some(k);
        }
    }
    if !exact
        && iterable.is_some()
        && let Some(k) = bad
    {
        let name = StrObj::of(k).map_or_else(String::new, StrObj::to_string_lossy);
        return Err(cx.type_error(&format!("enumerate() got an unexpected keyword argument '{name}'")));
    }
    match (bad.filter(|_| exact), iterable) {
        (Some(k), _) => Err(invalid_keyword(cx, k)),
        (None, Some(i)) => Ok((i, start)),
        (None, None) => match args.kw().next() {
            Some((k, _)) if exact => Err(invalid_keyword(cx, k)),
            _ if exact => Err(cx.type_error("enumerate() missing required argument 'iterable'")),
            _ => Err(cx.type_error("enumerate() missing required argument 'iterable' (pos 1)")),
        },
    }
}

fn enumerate_new(cx: &mut Ctx, cls: Value, args: Args<'_>) -> PyResult {
    let ty = class_of(cx, cls)?;
    let exact = std::ptr::eq(ty, cx.ty(Ty::Enumerate));
    let (iterable, start) = bind(cx, exact, args)?;
    let start = match start {
        Some(s) => index(cx, s)?,
        None => Value::small(0),
    };
    let it = iter(cx, iterable)?;
    Ok(cx.new_native(ty, Enumerate { it: Slot::new(it), index: Slot::new(start) }))
}

fn enumerate_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let e = receiver!(cx, this, Value::native::<Enumerate>, "enumerate");
    let Some(x) = next(cx, e.it.get_or_none())? else { return Ok(None) };
    let now = e.index.get_or_none();
    let after = match now.as_small().and_then(|n| Value::try_small(n + 1)) {
        Some(v) => v,
        None => {
            let n = IntRef::of(now).map_or_else(BigInt::default, IntRef::to_big) + 1;
            cx.bigint(n)
        }
    };
    cx.store(this, &e.index, after);
    Ok(Some(cx.pair(now, x)))
}

fn enumerate_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = arg(args, 0);
    let e = receiver!(cx, this, Value::native::<Enumerate>, "enumerate");
    let class = cx.type_of(this).value();
    reduce(cx, class, &[e.it.get_or_none(), e.index.get_or_none()], None)
}
