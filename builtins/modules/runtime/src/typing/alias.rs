//! `types.GenericAlias`: a type with parameters, such as `list[int]`; and the substitution of type variables.

use super::text::type_repr;
use protocore::layouts::{ListObj, StrObj, TupleObj};
use protocore::types::{SlotSpec, type_flags};
use protocore::{
    Args, CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{
    TypeSpec, ValueVec, call, call_args, create_type, eq, get_attr, get_attr_str, get_item, getsets, hash, is_true,
    lookup_attr_str, methods, repr_text, set_attr_str,
};
use std::sync::atomic::{AtomicBool, Ordering};

/// `types.GenericAlias`
pub struct Alias {
    /// `__origin__`
    pub origin: Slot,
    /// `__args__` (tuple).
    pub args: Slot,
    /// `__parameters__` (tuple) once asked for.
    params: Slot,
    /// Whether it is `*origin[args]`.
    pub starred: bool,
}

impl Payload for Alias {
    const NAME: &'static str = "GenericAlias";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.origin);
        t.slot(&self.args);
        t.slot(&self.params);
    }
}

/// The payload of an alias.
pub fn alias_of(v: Value) -> Option<&'static Alias> {
    v.native::<Alias>()
}

/// The items of a tuple.
pub fn items(v: Value) -> &'static [Value] {
    TupleObj::of(v).map_or(&[], |t| t.items())
}

fn make(cx: &mut Ctx, ty: &TypeObj, origin: Value, args: Value, starred: bool) -> PyResult {
    let args = if TupleObj::of(args).is_some() { args } else { cx.tuple_of(None, &[args])? };
    Ok(cx.new_native(
        ty,
        Alias { origin: Slot::new(origin), args: Slot::new(args), params: Slot::empty(), starred },
    ))
}

/// `GenericAlias(origin, args)`
pub fn new_alias(cx: &mut Ctx, origin: Value, args: Value) -> PyResult {
    let ty = cx.ty(Ty::GenericAlias);
    make(cx, ty, origin, args, false)
}

fn alias_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    if args.names().is_some() {
        return Err(cx.type_error("GenericAlias() takes no keyword arguments"));
    }
    let [origin, params] = args.pos() else {
        let msg = format!("GenericAlias expected 2 arguments, got {}", args.pos().len());
        return Err(cx.type_error(&msg));
    };
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    make(cx, ty, *origin, *params, false)
}

// ---------------------------------------------------------------------------------------------------- parameters

/// The type variables in some arguments, each once, in order (a tuple).
pub fn make_parameters(cx: &mut Ctx, args: Value) -> PyResult {
    let mut found = ValueVec::new(cx);
    collect_parameters(cx, args, &mut found)?;
    found.into_tuple(cx)
}

fn add_once(cx: &mut Ctx, found: &mut ValueVec, v: Value) -> PyResult<()> {
    if (0..found.len()).any(|i| found.get(i).is_some_and(|x| x.is(v))) {
        return Ok(());
    }
    found.push(cx, v)
}

fn collect_parameters(cx: &mut Ctx, args: Value, found: &mut ValueVec) -> PyResult<()> {
    cx.check_native_stack(" while collecting type parameters")?;
    let all = match ListObj::of(args) {
        Some(l) => l.snapshot(),
        None => items(args).to_vec(),
    };
    let held = cx.tuple_of(None, &all)?;
    for t in items(held) {
        if TypeObj::of(*t).is_some() {
            continue;
        }
        if TupleObj::of(*t).is_some() || ListObj::of(*t).is_some() {
            collect_parameters(cx, *t, found)?;
        } else if lookup_attr_str(cx, *t, "__typing_subst__")?.is_some() {
            add_once(cx, found, *t)?;
        } else if let Some(inner) = lookup_attr_str(cx, *t, "__parameters__")? {
            for p in items(inner) {
                add_once(cx, found, *p)?;
            }
        }
    }
    protopy_vm::keep_alive(held);
    Ok(())
}

fn alias_parameters(cx: &mut Ctx, this: Value) -> PyResult {
    let Some(a) = alias_of(this) else { return cx.tuple_of(None, &[]) };
    if let Some(p) = a.params.get() {
        return Ok(p);
    }
    let args = a.args.get_or_none();
    let p = make_parameters(cx, args)?;
    cx.store(this, &a.params, p);
    Ok(p)
}

// ---------------------------------------------------------------------------------------------------- substitution

/// The arguments of a subscript, with unpacked tuples spliced in.
fn unpack_args(cx: &mut Ctx, item: Value) -> PyResult {
    let mut new = ValueVec::new(cx);
    let single = [item];
    let all = if TupleObj::of(item).is_some() { items(item) } else { &single[..] };
    for x in all {
        if TypeObj::of(*x).is_none()
            && let Some(sub) = lookup_attr_str(cx, *x, "__typing_unpacked_tuple_args__")?
            && TupleObj::of(sub).is_some()
            && items(sub).last().is_none_or(|l| !l.is(Value::ELLIPSIS))
        {
            for s in items(sub) {
                new.push(cx, *s)?;
            }
            continue;
        }
        new.push(cx, *x)?;
    }
    new.into_tuple(cx)
}

#[cold]
fn wrong_count(cx: &mut Ctx, this: Value, given: usize, expected: usize) -> Raised {
    match repr_text(cx, this) {
        Ok(shown) => {
            let word = if given > expected { "many" } else { "few" };
            let msg = format!("Too {word} arguments for {shown}; actual {given}, expected {expected}");
            cx.type_error(&msg)
        }
        Err(r) => r,
    }
}

/// The arguments of `this` with its parameters replaced by those of the subscript `item` (a tuple).
pub fn subs_parameters(cx: &mut Ctx, this: Value, args: Value, params: Value, item: Value) -> PyResult {
    cx.check_native_stack(" while substituting type parameters")?;
    let params_items = items(params);
    if params_items.is_empty() {
        let msg = format!("{} is not a generic class", repr_text(cx, this)?);
        return Err(cx.type_error(&msg));
    }
    let mut item = unpack_args(cx, item)?;
    for p in params_items {
        if let Some(prepare) = lookup_attr_str(cx, *p, "__typing_prepare_subst__")?
            && !prepare.is_none()
        {
            let given = if TupleObj::of(item).is_some() { item } else { cx.tuple_of(None, &[item])? };
            item = call(cx, prepare, &[this, given])?;
        }
    }
    let given = if TupleObj::of(item).is_some() { item } else { cx.tuple_of(None, &[item])? };
    if items(given).len() != params_items.len() {
        return Err(wrong_count(cx, this, items(given).len(), params_items.len()));
    }
    let mut new = ValueVec::new(cx);
    for arg in items(args) {
        substitute_one(cx, this, *arg, params, given, &mut new)?;
    }
    protopy_vm::keep_alive(given);
    new.into_tuple(cx)
}

fn substitute_one(
    cx: &mut Ctx,
    this: Value,
    arg: Value,
    params: Value,
    given: Value,
    new: &mut ValueVec,
) -> PyResult<()> {
    if TypeObj::of(arg).is_some() {
        return new.push(cx, arg);
    }
    if TupleObj::of(arg).is_some() {
        let sub = subs_parameters(cx, this, arg, params, given)?;
        return new.push(cx, sub);
    }
    if let Some(l) = ListObj::of(arg) {
        let all = l.snapshot();
        let t = cx.tuple_of(None, &all)?;
        let sub = subs_parameters(cx, this, t, params, given)?;
        let sub = cx.list(items(sub))?;
        return new.push(cx, sub);
    }
    let unpack = match lookup_attr_str(cx, arg, "__typing_is_unpacked_typevartuple__")? {
        Some(v) => is_true(cx, v)?,
        None => false,
    };
    let done = match lookup_attr_str(cx, arg, "__typing_subst__")? {
        Some(subst) => match position(params, arg).and_then(|i| items(given).get(i)) {
            Some(x) => call(cx, subst, &[*x])?,
            None => arg,
        },
        None => subs_tvars(cx, arg, params, given)?,
    };
    if !unpack {
        return new.push(cx, done);
    }
    if TupleObj::of(done).is_none() {
        let msg = format!(
            "expected __typing_subst__ of {} objects to return a tuple, not {}",
            cx.type_name(arg),
            cx.type_name(done)
        );
        return Err(cx.type_error(&msg));
    }
    for x in items(done) {
        new.push(cx, *x)?;
    }
    Ok(())
}

fn position(params: Value, v: Value) -> Option<usize> {
    items(params).iter().position(|p| p.is(v))
}

/// `obj` with its own parameters replaced.
fn subs_tvars(cx: &mut Ctx, obj: Value, params: Value, given: Value) -> PyResult {
    let Some(own) = lookup_attr_str(cx, obj, "__parameters__")? else { return Ok(obj) };
    if items(own).is_empty() {
        return Ok(obj);
    }
    let mut sub = ValueVec::new(cx);
    for p in items(own) {
        let Some(x) = position(params, *p).and_then(|i| items(given).get(i)).copied() else {
            sub.push(cx, *p)?;
            continue;
        };
        // The parameter is a TypeVarTuple: it stands for any number of arguments.
        if cx.type_of(*p).slots.iter.address() != 0 && TupleObj::of(x).is_some() {
            for y in items(x) {
                sub.push(cx, *y)?;
            }
        } else {
            sub.push(cx, x)?;
        }
    }
    let t = sub.into_tuple(cx)?;
    get_item(cx, obj, t)
}

fn alias_getitem(cx: &mut Ctx, this: Value, item: Value) -> PyResult {
    let Some(a) = alias_of(this) else { return Ok(this) };
    let params = alias_parameters(cx, this)?;
    let args = a.args.get_or_none();
    let new = subs_parameters(cx, this, args, params, item)?;
    let ty = cx.ty(Ty::GenericAlias);
    make(cx, ty, a.origin.get_or_none(), new, a.starred)
}

// ---------------------------------------------------------------------------------------------------- behaviour

fn alias_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let Some(a) = alias_of(this) else { return Ok(this) };
    cx.check_native_stack(" while getting the repr of an object")?;
    let mut text = String::new();
    if a.starred {
        text.push('*');
    }
    let origin = a.origin.get_or_none();
    type_repr(cx, origin, &mut text)?;
    text.push('[');
    let args = items(a.args.get_or_none());
    for (i, x) in args.iter().enumerate() {
        if i > 0 {
            text.push_str(", ");
        }
        match ListObj::of(*x) {
            Some(l) => {
                text.push('[');
                let all = l.snapshot();
                let held = cx.tuple_of(None, &all)?;
                for (j, y) in all.iter().enumerate() {
                    if j > 0 {
                        text.push_str(", ");
                    }
                    type_repr(cx, *y, &mut text)?;
                }
                protopy_vm::keep_alive(held);
                text.push(']');
            }
            None => type_repr(cx, *x, &mut text)?,
        }
    }
    if args.is_empty() {
        text.push_str("()");
    }
    text.push(']');
    Ok(cx.str(&text))
}

fn alias_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let Some(a) = alias_of(this) else { return Ok(0) };
    let (origin, args) = (a.origin.get_or_none(), a.args.get_or_none());
    let h = hash(cx, origin)? ^ hash(cx, args)?;
    Ok(if h == -1 { -2 } else { h })
}

fn alias_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y)) = (alias_of(a), alias_of(b)) else { return Ok(Value::NOT_IMPLEMENTED) };
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let same = x.starred == y.starred
        && eq(cx, x.origin.get_or_none(), y.origin.get_or_none())?
        && eq(cx, x.args.get_or_none(), y.args.get_or_none())?;
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

fn alias_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let Some(a) = alias_of(this) else { return Ok(this) };
    let obj = call_args(cx, a.origin.get_or_none(), args)?;
    if let Err(r) = set_attr_str(cx, obj, "__orig_class__", this) {
        let e = cx.take_raised(r);
        if !cx.is_instance(e, Ty::AttributeError) && !cx.is_instance(e, Ty::TypeError) {
            return Err(cx.set_raised(e));
        }
    }
    Ok(obj)
}

/// Attributes of the alias itself; all others are those of the origin.
const OWN: &[&str] = &[
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
];

/// Attributes that are not looked for on the origin.
const BLOCKED: &[&str] = &["__bases__", "__copy__", "__deepcopy__"];

fn alias_getattr(cx: &mut Ctx, this: Value, n: Value) -> PyResult {
    let (Some(a), Some(s)) = (alias_of(this), StrObj::of(n)) else {
        return protopy_vm::generic_get_attr(cx, this, n);
    };
    let own = s.as_ascii().is_some_and(|t| t.starts_with("__") && (OWN.contains(&t) || BLOCKED.contains(&t)));
    if own {
        return protopy_vm::generic_get_attr(cx, this, n);
    }
    get_attr(cx, a.origin.get_or_none(), n)
}

fn alias_origin(_: &mut Ctx, this: Value) -> PyResult {
    Ok(alias_of(this).map_or(Value::NONE, |a| a.origin.get_or_none()))
}

fn alias_args(_: &mut Ctx, this: Value) -> PyResult {
    Ok(alias_of(this).map_or(Value::NONE, |a| a.args.get_or_none()))
}

fn alias_unpacked(_: &mut Ctx, this: Value) -> PyResult {
    Ok(Value::bool(alias_of(this).is_some_and(|a| a.starred)))
}

fn alias_unpacked_args(cx: &mut Ctx, this: Value) -> PyResult {
    let tuple = cx.ty(Ty::Tuple).value();
    Ok(match alias_of(this) {
        Some(a) if a.starred && a.origin.get_or_none().is(tuple) => a.args.get_or_none(),
        _ => Value::NONE,
    })
}

fn alias_mro_entries(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let origin = alias_origin(cx, a[0])?;
    cx.tuple_of(None, &[origin])
}

fn alias_instancecheck(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Err(cx.type_error("isinstance() argument 2 cannot be a parameterized generic"))
}

fn alias_subclasscheck(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Err(cx.type_error("issubclass() argument 2 cannot be a parameterized generic"))
}

fn alias_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(o) = alias_of(a[0]) else { return Ok(Value::NONE) };
    let (origin, args) = (o.origin.get_or_none(), o.args.get_or_none());
    if o.starred {
        let plain = new_alias(cx, origin, args)?;
        let it = protopy_vm::iter(cx, plain)?;
        let next = protopy_vm::import_attr(cx, "builtins", "next")?;
        let t = cx.tuple_of(None, &[it])?;
        return cx.tuple_of(None, &[next, t]);
    }
    let ty = cx.type_of(a[0]).value();
    let t = cx.tuple_of(None, &[origin, args])?;
    cx.tuple_of(None, &[ty, t])
}

fn alias_dir(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let origin = alias_origin(cx, a[0])?;
    let dir = protopy_vm::import_attr(cx, "builtins", "dir")?;
    let names = call(cx, dir, &[origin])?;
    let Some(l) = ListObj::of(names) else { return Ok(names) };
    let known: Vec<String> =
        l.snapshot().into_iter().filter_map(StrObj::of).map(|s| s.to_string_lossy()).collect();
    for n in OWN.iter().filter(|n| !known.iter().any(|k| k == *n)) {
        let n = cx.intern_str(n);
        cx.list_append(l, n)?;
    }
    Ok(names)
}

fn alias_or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    super::union::type_or(cx, a, b)
}

// ---------------------------------------------------------------------------------------------------- iteration

/// The iterator that `*list[int]` takes: one item, the starred alias.
struct Once {
    alias: Slot,
    done: AtomicBool,
}

impl Payload for Once {
    const NAME: &'static str = "generic_alias_iterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.alias);
    }
}

fn alias_iter(cx: &mut Ctx, this: Value) -> PyResult {
    let ty = super::alias_iter_type(cx);
    Ok(cx.new_native(ty, Once { alias: Slot::new(this), done: AtomicBool::new(false) }))
}

fn once_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let Some(o) = this.native::<Once>() else { return Ok(None) };
    if o.done.swap(true, Ordering::AcqRel) {
        return Ok(None);
    }
    let Some(a) = o.alias.get().and_then(alias_of) else { return Ok(None) };
    let ty = cx.ty(Ty::GenericAlias);
    make(cx, ty, a.origin.get_or_none(), a.args.get_or_none(), true).map(Some)
}

fn once_iter(_: &mut Ctx, this: Value) -> PyResult {
    Ok(this)
}

fn once_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let iter = protopy_vm::import_attr(cx, "builtins", "iter")?;
    let left = match a[0].native::<Once>() {
        Some(o) if !o.done.load(Ordering::Acquire) => o.alias.get_or_none(),
        _ => cx.tuple_of(None, &[])?,
    };
    let t = cx.tuple_of(None, &[left])?;
    cx.tuple_of(None, &[iter, t])
}

static ONCE: TypeSpec = TypeSpec {
    name: "generic_alias_iterator",
    layout: Layout::Native,
    vt: Some(<Once as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(once_iter), iternext: Some(once_next), ..SlotSpec::NONE },
    methods: methods![
        /// Helps pickle.
        "__reduce__(self, /)" => once_reduce;
    ],
    ..TypeSpec::BASE
};

static ALIAS: TypeSpec = TypeSpec {
    ty: Some(Ty::GenericAlias),
    name: "GenericAlias",
    module: "types",
    layout: Layout::Native,
    vt: Some(<Alias as NativeLayout>::VT),
    flags: type_flags::BASETYPE | type_flags::WEAKREF,
    slots: SlotSpec {
        new: Some(alias_new),
        repr: Some(alias_repr),
        hash: Some(alias_hash),
        compare: Some(alias_compare),
        call: Some(alias_call),
        getattro: Some(alias_getattr),
        getitem: Some(alias_getitem),
        iter: Some(alias_iter),
        or: Some(alias_or),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// The bases that a class statement uses in place of the alias.
        "__mro_entries__(self, bases, /)" => alias_mro_entries;
        /// Refuses.
        "__instancecheck__(self, instance, /)" => alias_instancecheck;
        /// Refuses.
        "__subclasscheck__(self, cls, /)" => alias_subclasscheck;
        /// Helps pickle.
        "__reduce__(self, /)" => alias_reduce;
        /// The attributes of the origin, and the alias's own.
        "__dir__(self, /)" => alias_dir;
    ],
    getsets: getsets![
        /// The type that has parameters.
        member "__origin__" => alias_origin;
        /// Its arguments.
        member "__args__" => alias_args;
        /// Whether it is unpacked with a star.
        member "__unpacked__" => alias_unpacked;
        /// The type variables in the arguments.
        "__parameters__" => alias_parameters;
        /// The arguments if it is an unpacked tuple, else None.
        "__typing_unpacked_tuple_args__" => alias_unpacked_args;
    ],
    doc: "A type with arguments: for t = list[int], t.__origin__ is list and t.__args__ is (int,).",
    sig: Some("(origin, args, /)"),
    ..TypeSpec::BASE
};

/// Completes the types of this file; that of the iterators.
pub(super) fn init_types(cx: &mut Ctx) -> PyResult {
    create_type(cx, &ALIAS)?;
    create_type(cx, &ONCE)
}

/// An attribute of a value as text, if it is one.
pub(super) fn text_attr(cx: &mut Ctx, v: Value, n: &str) -> PyResult<String> {
    let s = get_attr_str(cx, v, n)?;
    Ok(StrObj::of(s).map_or_else(String::new, StrObj::to_string_lossy))
}
