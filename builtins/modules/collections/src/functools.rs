//! `_functools`: partial, reduce, cmp_to_key; the cache is in [`crate::lru`].

use crate::lru;
use protopy_vm::names::N;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, GetSetDef, ModuleSpec, TypeSpec, ValueVec, getsets, methods};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_functools",
    doc: "Tools that operate on functions.",
    functions: methods![functions:
        /// Makes a key function of a comparison function in the old style.
        "cmp_to_key(mycmp)" => |cx, a| wrapper(cx, a[0], None);
        /// Applies a function of two arguments to the items of an iterable from left to right, so as to reduce them to one value.
        "reduce(function, iterable, /, initial=<unrepresentable>)" => reduce;
    ],
    init: Some(init),
};

/// What is made by other means than calling a type.
#[derive(Default)]
pub struct State {
    placeholder: Slot,
    wrapper: Slot,
    partial: Slot,
    /// Separates positional from keyword arguments in the keys of caches.
    pub mark: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        for s in [&self.placeholder, &self.wrapper, &self.partial, &self.mark] {
            t.slot(s);
        }
    }
}

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let state = cx.space().state::<State>();
    let t = create_type(cx, &PARTIAL)?;
    state.partial.init(Some(t));
    vm::set_attr_str(cx, module, "partial", t)?;
    let t = create_type(cx, &PLACEHOLDER)?;
    vm::set_attr_str(cx, module, "_PlaceholderType", t)?;
    if let Some(t) = TypeObj::of(t) {
        let p = cx.new_native(t, Placeholder);
        state.placeholder.init(Some(p));
        vm::set_attr_str(cx, module, "Placeholder", p)?;
    }
    let t = create_type(cx, &WRAPPER)?;
    state.wrapper.init(Some(t));
    let object = cx.ty(Ty::Object);
    let mark = cx.new_object(object);
    state.mark.init(Some(mark));
    let t = create_type(cx, &lru::LRU)?;
    vm::set_attr_str(cx, module, "_lru_cache_wrapper", t)
}

// ---------------------------------------------------------------------------------------------------- reduce

fn reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if !vm::is_iterable(cx, a[1]) {
        return Err(cx.type_error("reduce() arg 2 must support iteration"));
    }
    let f = a[0];
    let mut result = a[2].bound();
    vm::for_each(cx, a[1], |cx, x| {
        result = Some(match result {
            None => x,
            Some(r) => vm::call(cx, f, &[r, x])?,
        });
        Ok(ControlFlow::Continue(()))
    })?;
    match result {
        Some(r) => Ok(r),
        None => Err(cx.type_error("reduce() of empty iterable with no initial value")),
    }
}

// ---------------------------------------------------------------------------------------------------- cmp_to_key

/// An object that compares by a function, or before it is called the maker of such.
struct Wrapper {
    compare: Slot,
    object: Slot,
}

impl Payload for Wrapper {
    const NAME: &'static str = "KeyWrapper";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.compare);
        t.slot(&self.object);
    }
}

static WRAPPER: TypeSpec = TypeSpec {
    name: "KeyWrapper",
    module: "functools",
    layout: Layout::Native,
    vt: Some(<Wrapper as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec {
        call: Some(wrapper_call),
        compare: Some(wrapper_compare),
        hash: Some(vm::types::hash_not_implemented),
        ..SlotSpec::NONE
    },
    getsets: getsets![
        /// The wrapped value.
        member "obj" => |_, v| Ok(v.native::<Wrapper>().map_or(Value::NONE, |w| w.object.get_or_none())),
            |cx, v, x| {
                if let Some(w) = v.native::<Wrapper>() {
                    match x {
                        Some(x) => cx.store(v, &w.object, x),
                        None => cx.store_empty(v, &w.object),
                    }
                }
                Ok(())
            };
        /// The signature of the maker.
        "__text_signature__" => |cx, _| Ok(cx.str("(obj)"));
    ],
    ..TypeSpec::BASE
};

fn wrapper(cx: &mut Ctx, compare: Value, object: Option<Value>) -> PyResult {
    let t = cx.space().state::<State>().wrapper.get().and_then(TypeObj::of);
    match t {
        Some(t) => {
            Ok(cx.new_native(t, Wrapper { compare: Slot::new(compare), object: Slot::from_option(object) }))
        }
        None => Err(cx.raise_str(Ty::SystemError, "the module _functools is not initialised")),
    }
}

static WRAPPER_CALL: &[MethodDef] = methods![
    /// Wraps a value.
    "K(self, obj)" => |cx, a| {
        let compare = a[0].native::<Wrapper>().map_or(Value::NONE, |w| w.compare.get_or_none());
        wrapper(cx, compare, Some(a[1]))
    };
];

fn wrapper_call(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    vm::call_def(cx, &WRAPPER_CALL[0], Some(v), args)
}

fn wrapper_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (a.native::<Wrapper>(), b.native::<Wrapper>()) else {
        return Err(cx.type_error("other argument must be K instance"));
    };
    let (Some(left), Some(right)) = (x.object.get(), y.object.get()) else {
        return Err(cx.raise_str(Ty::AttributeError, "object"));
    };
    let r = vm::call(cx, x.compare.get_or_none(), &[left, right])?;
    vm::compare(cx, r, Value::small(0), op)
}

// ---------------------------------------------------------------------------------------------------- Placeholder

/// The mark of an argument that a partial leaves open.
struct Placeholder;

impl Payload for Placeholder {
    const NAME: &'static str = "Placeholder";

    fn trace(&self, _: &mut Tracer) {}
}

static PLACEHOLDER: TypeSpec = TypeSpec {
    name: "_PlaceholderType",
    module: "functools",
    layout: Layout::Native,
    vt: Some(<Placeholder as NativeLayout>::VT),
    slots: SlotSpec {
        new: Some(|cx, _, args| {
            if !args.is_empty() {
                return Err(cx.type_error("PlaceholderType takes no arguments"));
            }
            Ok(placeholder(cx))
        }),
        repr: Some(|cx, _| Ok(cx.str("Placeholder"))),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Helps pickle.
        "__reduce__(self, /)" => |cx, _| Ok(cx.str("Placeholder"));
    ],
    doc: "The type of the Placeholder singleton, which marks arguments of a partial that are given later.",
    ..TypeSpec::BASE
};

fn placeholder(cx: &Ctx) -> Value {
    cx.space().state::<State>().placeholder.get_or_none()
}

// ---------------------------------------------------------------------------------------------------- partial

/// A function with arguments that are already given.
struct Partial {
    func: Slot,
    args: Slot,
    keywords: Slot,
    /// Arguments that are placeholders.
    open: AtomicUsize,
}

impl Payload for Partial {
    const NAME: &'static str = "partial";

    fn trace(&self, t: &mut Tracer) {
        for s in [&self.func, &self.args, &self.keywords] {
            t.slot(s);
        }
    }
}

static PARTIAL: TypeSpec = TypeSpec {
    name: "partial",
    module: "functools",
    layout: Layout::Native,
    vt: Some(<Partial as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::DICT | type_flags::WEAKREF,
    slots: SlotSpec {
        new: Some(partial_new),
        call: Some(partial_call),
        repr: Some(partial_repr),
        descr_get: Some(|cx, f, obj, _| match obj {
            Some(obj) if !obj.is_none() => Ok(cx.bound_method(f, obj)),
            _ => Ok(f),
        }),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Helps pickle.
        "__reduce__(self, /)" => partial_reduce;
        /// Helps pickle.
        "__setstate__(self, state, /)" => partial_setstate;
        /// `partial[T]`
        class "__class_getitem__(cls, item, /)" => |cx, a| vm::iter::generic_alias(cx, a[0], a[1]);
    ],
    getsets: PARTIAL_GETSETS,
    doc: "Makes a function of another one and some of its arguments.",
    sig: Some("(func, /, *args, **keywords)"),
    ..TypeSpec::BASE
};

static PARTIAL_GETSETS: &[GetSetDef] = getsets![
    /// The function.
    member "func" => |cx, v| Ok(partial(cx, v)?.func.get_or_none());
    /// The positional arguments.
    member "args" => |cx, v| Ok(partial(cx, v)?.args.get_or_none());
    /// The keyword arguments.
    member "keywords" => |cx, v| Ok(partial(cx, v)?.keywords.get_or_none());
    /// The attributes.
    "__dict__" => vm::types::classes::get_dict, set_dict;
];

fn partial(cx: &mut Ctx, v: Value) -> PyResult<&'static Partial> {
    match v.native::<Partial>() {
        Some(p) => Ok(p),
        None => Err(cx.type_error("not a partial")),
    }
}

fn items_of(v: Value) -> &'static [Value] {
    TupleObj::of(v).map_or(&[], TupleObj::items)
}

fn set_dict(cx: &mut Ctx, v: Value, dict: Option<Value>) -> PyResult<()> {
    match dict {
        Some(_) => vm::types::classes::set_dict(cx, v, dict),
        None => Err(cx.type_error("cannot delete __dict__")),
    }
}

/// How many arguments are placeholders; the last one must not be.
fn count_open(cx: &mut Ctx, args: &[Value], hole: Value) -> PyResult<usize> {
    if args.last().is_some_and(|a| a.is(hole)) {
        return Err(cx.type_error("trailing Placeholders are not allowed"));
    }
    Ok(args.iter().filter(|a| a.is(hole)).count())
}

/// The arguments of a partial with its placeholders filled by the first of others, and the rest of those.
fn merge(cx: &mut Ctx, own: &[Value], more: &[Value], hole: Value) -> PyResult {
    let mut all = ValueVec::new(cx);
    let mut more = more.iter().copied();
    for a in own {
        let a = if a.is(hole) { more.next().unwrap_or(hole) } else { *a };
        all.push(cx, a)?;
    }
    for a in more {
        all.push(cx, a)?;
    }
    all.into_tuple(cx)
}

fn partial_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let Some((&func, given)) = args.pos().split_first() else {
        return Err(cx.type_error("type 'partial' takes at least one argument"));
    };
    if !vm::callable(cx, func) {
        return Err(cx.type_error("the first argument must be callable"));
    }
    let hole = placeholder(cx);
    count_open(cx, given, hole)?;
    if args.kw().any(|(_, v)| v.is(hole)) {
        return Err(cx.type_error("Placeholder cannot be passed as a keyword argument"));
    }
    let Some(t) = TypeObj::of(ty) else { return Err(cx.type_error("not a type")) };
    // A partial of a partial without attributes is made one.
    let inner = func.native::<Partial>().filter(|_| vm::instance_attrs(cx, func).is_empty());
    let keywords = cx.dict();
    let (func, all) = match inner {
        Some(p) => {
            copy_dict(cx, p.keywords.get_or_none(), keywords)?;
            let own = p.args.get_or_none();
            (p.func.get_or_none(), merge(cx, items_of(own), given, hole)?)
        }
        None => (func, cx.tuple_of(None, given)?),
    };
    if let Some(d) = DictObj::of(keywords) {
        for (k, v) in args.kw() {
            vm::dict_set(cx, d, k, v)?;
        }
    }
    let open = count_open(cx, items_of(all), hole)?;
    let p = Partial {
        func: Slot::new(func),
        args: Slot::new(all),
        keywords: Slot::new(keywords),
        open: AtomicUsize::new(open),
    };
    Ok(cx.new_native(t, p))
}

fn copy_dict(cx: &mut Ctx, from: Value, to: Value) -> PyResult<()> {
    let (Some(from), Some(to)) = (DictObj::of(from), DictObj::of(to)) else { return Ok(()) };
    match cx.dict_copy_into(from, to) {
        Some(()) => Ok(()),
        None => Err(cx.no_memory()),
    }
}

/// Arguments that fit the native stack, where the collector sees them.
const FEW: usize = 16;

fn partial_call(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let p = partial(cx, v)?;
    let (func, own, keywords) = (p.func.get_or_none(), p.args.get_or_none(), p.keywords.get_or_none());
    let own_items = items_of(own);
    let given = args.pos();
    let open = p.open.load(Ordering::Relaxed);
    if open > given.len() {
        let msg = format!(
            "missing positional arguments in 'partial' call; expected at least {open}, got {}",
            given.len()
        );
        return Err(cx.type_error(&msg));
    }
    if DictObj::of(keywords).is_some_and(|d| !d.is_empty()) {
        return call_with_keywords(cx, p, args);
    }
    let total = own_items.len() + args.all().len() - open;
    if total > FEW {
        let hole = placeholder(cx);
        let merged = merge(cx, own_items, args.all(), hole)?;
        let r = vm::call_args(cx, func, with_names(items_of(merged), args.names()));
        vm::keep_alive(merged);
        return r;
    }
    let mut few = [Value::NONE; FEW];
    if open == 0 {
        few[..own_items.len()].copy_from_slice(own_items);
        few[own_items.len()..total].copy_from_slice(args.all());
    } else {
        let hole = placeholder(cx);
        let mut more = args.all().iter().copied();
        let filled = own_items.iter().map(|a| if a.is(hole) { more.next().unwrap_or(hole) } else { *a });
        let mut n = 0;
        for (to, a) in few.iter_mut().zip(filled) {
            *to = a;
            n += 1;
        }
        for (to, a) in few[n..].iter_mut().zip(more) {
            *to = a;
        }
    }
    vm::call_args(cx, func, with_names(&few[..total], args.names()))
}

fn with_names(all: &[Value], names: Option<Value>) -> Args<'_> {
    match names {
        Some(n) => Args::with_names(all, n),
        None => Args::positional(all),
    }
}

/// Calls a partial that has keyword arguments: those of the call take precedence.
fn call_with_keywords(cx: &mut Ctx, p: &Partial, args: Args<'_>) -> PyResult {
    let merged = cx.dict();
    copy_dict(cx, p.keywords.get_or_none(), merged)?;
    let Some(d) = DictObj::of(merged) else { return Err(cx.no_memory()) };
    for (k, v) in args.kw() {
        vm::dict_set(cx, d, k, v)?;
    }
    let (func, own) = (p.func.get_or_none(), p.args.get_or_none());
    let hole = placeholder(cx);
    let positional = merge(cx, items_of(own), args.pos(), hole)?;
    let mut all = ValueVec::from_slice(cx, items_of(positional))?;
    let mut names = ValueVec::new(cx);
    for (_, k, v) in d.snapshot() {
        names.push(cx, k)?;
        all.push(cx, v)?;
    }
    let names = names.into_tuple(cx)?;
    let all = all.into_tuple(cx)?;
    let r = vm::call_args(cx, func, Args::with_names(items_of(all), names));
    vm::keep_alive(all);
    vm::keep_alive(merged);
    r
}

fn partial_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let class = cx.type_of(v).value();
    let (module, name) = (vm::attr_text(cx, class, N::Module), vm::attr_text(cx, class, N::Qualname));
    let name = format!("{module}.{name}");
    if !vm::enter_repr(cx, v) {
        return Ok(cx.str("..."));
    }
    let text = partial_parts(cx, v);
    vm::leave_repr(cx, v);
    Ok(cx.str(&format!("{name}({})", text?.join(", "))))
}

fn partial_parts(cx: &mut Ctx, v: Value) -> PyResult<Vec<String>> {
    let p = partial(cx, v)?;
    let (func, own, keywords) = (p.func.get_or_none(), p.args.get_or_none(), p.keywords.get_or_none());
    let mut parts = vec![vm::repr_text(cx, func)?];
    for a in items_of(own) {
        parts.push(vm::repr_text(cx, *a)?);
    }
    let Some(d) = DictObj::of(keywords) else { return Ok(parts) };
    let mut at = 0;
    while let Some((i, _, k, x)) = d.next_from(at) {
        at = i + 1;
        let key = match StrObj::of(k) {
            Some(s) => s.to_string_lossy(),
            None => vm::str_text(cx, k)?,
        };
        parts.push(format!("{key}={}", vm::repr_text(cx, x)?));
    }
    Ok(parts)
}

fn partial_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = partial(cx, a[0])?;
    let (func, own, keywords) = (p.func.get_or_none(), p.args.get_or_none(), p.keywords.get_or_none());
    let attrs = if vm::instance_attrs(cx, a[0]).is_empty() {
        Value::NONE
    } else {
        vm::instance_dict(cx, a[0])?.unwrap_or(Value::NONE)
    };
    let class = cx.type_of(a[0]).value();
    let args = cx.tuple(&[func]);
    let state = cx.tuple(&[func, own, keywords, attrs]);
    cx.tuple_of(None, &[class, args, state])
}

#[cold]
fn invalid_state(cx: &mut Ctx) -> Raised {
    cx.type_error("invalid partial state")
}

fn partial_setstate(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = partial(cx, a[0])?;
    let &[func, own, keywords, attrs] = items_of(a[1]) else { return Err(invalid_state(cx)) };
    let sound = vm::callable(cx, func)
        && TupleObj::of(own).is_some()
        && (keywords.is_none() || DictObj::of(keywords).is_some());
    if !sound {
        return Err(invalid_state(cx));
    }
    let hole = placeholder(cx);
    let open = count_open(cx, items_of(own), hole)?;
    let own = if cx.is_exact(own, Ty::Tuple) { own } else { cx.tuple_of(None, items_of(own))? };
    let keywords = if cx.is_exact(keywords, Ty::Dict) {
        keywords
    } else {
        let d = cx.dict();
        copy_dict(cx, keywords, d)?;
        d
    };
    let attrs = if attrs.is_none() { cx.dict() } else { attrs };
    vm::set_instance_dict(cx, a[0], attrs)?;
    cx.store(a[0], &p.func, func);
    cx.store(a[0], &p.args, own);
    cx.store(a[0], &p.keywords, keywords);
    p.open.store(open, Ordering::Relaxed);
    Ok(Value::NONE)
}
