//! `itertools`: iterators over iterators.
//!
//! Each iterator is a payload of slots and atomics. Advancing one from several threads at once may skip or repeat items, never more: state is read,
//! the inner iterator is advanced without any lock, and the new state is stored.

mod combinatoric;
mod combine;
mod endless;
mod group;
mod pick;
mod tee;

use protopy_vm::protocore::layouts::TupleObj;
use protopy_vm::protocore::{Args, Ctx, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "itertools",
    doc: "Iterators that build on other iterators.",
    functions: methods![functions:
        /// `n` independent iterators over one iterable.
        "tee(iterable, n=2, /)" => tee::tee;
    ],
    init: Some(init),
};

static TYPES: &[&TypeSpec] = &[
    &endless::COUNT,
    &endless::CYCLE,
    &endless::REPEAT,
    &combine::CHAIN,
    &combine::ZIP_LONGEST,
    &combine::STARMAP,
    &combine::ACCUMULATE,
    &combine::PAIRWISE,
    &combine::BATCHED,
    &pick::COMPRESS,
    &pick::DROPWHILE,
    &pick::TAKEWHILE,
    &pick::FILTERFALSE,
    &pick::ISLICE,
    &combinatoric::PRODUCT,
    &combinatoric::PERMUTATIONS,
    &combinatoric::COMBINATIONS,
    &combinatoric::COMBINATIONS_WITH_REPLACEMENT,
    &group::GROUPBY,
    &group::GROUPER,
    &tee::TEE,
    &tee::TEE_DATA,
];

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    for spec in TYPES {
        let t = create_type(cx, spec)?;
        vm::set_attr_str(cx, module, spec.name, t)?;
        if spec.name == "_grouper" {
            cx.space().state::<group::GrouperType>().0.init(Some(t));
        }
        if spec.name == "_tee" {
            cx.space().state::<tee::TeeType>().0.init(Some(t));
        }
    }
    Ok(())
}

/// The type object of a constructor call.
fn class(cx: &mut Ctx, v: Value) -> PyResult<&'static TypeObj> {
    match TypeObj::of(v) {
        Some(t) => Ok(t),
        None => Err(cx.type_error("not a type")),
    }
}

/// The payload of an iterator.
fn this<T: Payload>(cx: &mut Ctx, v: Value) -> PyResult<&'static T> {
    match v.native::<T>() {
        Some(p) => Ok(p),
        None => Err(cx.type_error("not an iterator of this type")),
    }
}

/// `__iter__` of every iterator here.
fn itself(_: &mut Ctx, v: Value) -> PyResult {
    Ok(v)
}

fn items(v: Value) -> &'static [Value] {
    TupleObj::of(v).map_or(&[], |t| t.items())
}

/// Constructor arguments as a fixed array: positional ones, then keywords by name; unbound where not given. `min` must be given.
fn bind<const K: usize>(
    cx: &mut Ctx,
    fname: &str,
    names: [&str; K],
    min: usize,
    args: Args<'_>,
) -> PyResult<[Value; K]> {
    let mut out = [Value::UNBOUND; K];
    let pos = args.pos();
    if pos.len() > K {
        let how = if min == K { "exactly" } else { "at most" };
        let s = if K == 1 { "" } else { "s" };
        let msg = format!("{fname}() takes {how} {K} argument{s} ({} given)", pos.len());
        return Err(cx.type_error(&msg));
    }
    out[..pos.len()].copy_from_slice(pos);
    for (n, v) in args.kw() {
        let text = vm::str_text(cx, n)?;
        match names.iter().position(|p| *p == text && !p.is_empty()) {
            Some(i) if out[i].is_unbound() => out[i] = v,
            Some(i) => {
                let msg = format!("argument for {fname}() given by name ('{text}') and position ({})", i + 1);
                return Err(cx.type_error(&msg));
            }
            None => return Err(unexpected(cx, fname, &text)),
        }
    }
    if let Some(i) = out[..min].iter().position(|v| v.is_unbound()) {
        let msg = format!("{fname}() missing required argument '{}' (pos {})", names[i], i + 1);
        return Err(cx.type_error(&msg));
    }
    Ok(out)
}

fn unexpected(cx: &mut Ctx, fname: &str, n: &str) -> Raised {
    let msg = format!("{fname}() got an unexpected keyword argument '{n}'");
    cx.type_error(&msg)
}

/// Refuses keyword arguments, unless the class is one with an `__init__` of its own, which may want them.
fn positional_only(cx: &mut Ctx, fname: &str, ty: Value, args: Args<'_>) -> PyResult<()> {
    let own_init = |t: &TypeObj| t.slots.init.address() != cx.ty(Ty::Object).slots.init.address();
    if args.names().is_none() || TypeObj::of(ty).is_some_and(own_init) {
        return Ok(());
    }
    let msg = format!("{fname}() takes no keyword arguments");
    Err(cx.type_error(&msg))
}

/// Exactly `K` positional arguments.
fn exactly<'a, const K: usize>(cx: &mut Ctx, fname: &str, ty: Value, args: Args<'a>) -> PyResult<[Value; K]> {
    positional_only(cx, fname, ty, args)?;
    match <[Value; K]>::try_from(args.pos()) {
        Ok(a) => Ok(a),
        Err(_) => {
            let s = if K == 1 { "" } else { "s" };
            let msg = format!("{fname} expected {K} argument{s}, got {}", args.pos().len());
            Err(cx.type_error(&msg))
        }
    }
}

/// The next item of an iterator held in a slot; an exhausted one is dropped from it.
fn advance(cx: &mut Ctx, owner: Value, s: &Slot) -> PyResult<Option<Value>> {
    let Some(it) = s.get() else { return Ok(None) };
    let r = vm::next(cx, it);
    match vm::catch(cx, r, Ty::StopIteration)?.flatten() {
        Some(v) => Ok(Some(v)),
        None => {
            cx.store_empty(owner, s);
            Ok(None)
        }
    }
}

/// A non-negative count argument.
fn count_arg(cx: &mut Ctx, v: Value, msg: &str) -> PyResult<usize> {
    let n = vm::index_i64(cx, v, Ty::OverflowError)?;
    match usize::try_from(n) {
        Ok(n) => Ok(n),
        Err(_) => Err(cx.value_error(msg)),
    }
}

/// A payload of two slots, for iterators that apply a function to an iterator.
pub(super) struct Pair {
    f: Slot,
    it: Slot,
    state: std::sync::atomic::AtomicU8,
}

impl Payload for Pair {
    const NAME: &'static str = "itertools iterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.f);
        t.slot(&self.it);
    }
}

impl Pair {
    fn new(f: Value, it: Value) -> Pair {
        Pair { f: Slot::new(f), it: Slot::new(it), state: std::sync::atomic::AtomicU8::new(0) }
    }
}

/// Declares an iterator type: name, doc, payload, constructor, next, more slots or methods.
macro_rules! iterator {
    ($id:ident, $name:literal, $doc:literal, $sig:literal, $payload:ty, $new:expr, $next:expr $(, $field:ident: $value:expr)* $(; methods $methods:expr)? $(; flags $flags:expr)?) => {
        pub(super) static $id: protopy_vm::TypeSpec = protopy_vm::TypeSpec {
            name: $name,
            module: "itertools",
            layout: protopy_vm::protocore::Layout::Native,
            vt: Some(<$payload as protopy_vm::protocore::NativeLayout>::VT),
            flags: protopy_vm::protocore::types::type_flags::BASETYPE $(| $flags)?,
            slots: protopy_vm::protocore::types::SlotSpec {
                new: Some($new),
                iter: Some(super::itself),
                iternext: Some($next),
                $($field: Some($value),)*
                ..protopy_vm::protocore::types::SlotSpec::NONE
            },
            $(methods: $methods,)?
            doc: $doc,
            sig: Some($sig),
            ..protopy_vm::TypeSpec::BASE
        };
    };
}
pub(super) use iterator;
