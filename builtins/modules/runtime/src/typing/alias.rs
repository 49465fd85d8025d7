//! `types.GenericAlias`: a class with type arguments, as `list[int]` makes it.
//!
//! An alias stands for its class: it can be called, and forwards attributes. What is its own is listed in [`OWN`]; the two names in
//! [`HIDDEN`] are neither forwarded nor found, so that an alias does not pass for a class and is copied by its reduction.
//! Iteration yields once, the *starred* alias that `*tuple[int]` needs in a subscription.

use super::subst::{make_parameters, substitute};
use super::util::{builtin, items, state, type_repr};
use protocore::layouts::{ListObj, StrObj, TupleObj};
use protocore::native::NativeLayout;
use protocore::types::{SlotSpec, type_flags};
use protocore::{Args, CmpOp, Ctx, Layout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::types::hooks::type_or;
use protopy_vm::{
    TypeSpec, call, call_args, create_type, eq, generic_get_attr, get_attr, getsets, hash, methods, set_attr,
    to_vec,
};

/// Content of an alias.
pub struct GenericAlias {
    /// The class.
    pub origin: Slot,
    /// Tuple of arguments.
    pub args: Slot,
    /// Tuple of the parameters in the arguments, once asked for.
    pub parameters: Slot,
    /// Whether it is unpacked: `*tuple[int]`.
    pub starred: bool,
}

impl Payload for GenericAlias {
    const NAME: &'static str = "GenericAlias";
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.origin);
        t.slot(&self.args);
        t.slot(&self.parameters);
    }
}

/// Attributes of the alias itself.
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
/// Attributes that an alias does not have though its class does.
const HIDDEN: &[&str] = &["__bases__", "__copy__", "__deepcopy__"];

/// A new alias of exactly this type; `args` that are no tuple become a tuple of one.
pub fn new_alias(cx: &mut Ctx, ty: &TypeObj, origin: Value, args: Value, starred: bool) -> Value {
    let args = if TupleObj::of(args).is_some() { args } else { cx.tuple(&[args]) };
    cx.new_native(
        ty,
        GenericAlias { origin: Slot::new(origin), args: Slot::new(args), parameters: Slot::empty(), starred },
    )
}

#[cold]
fn not_alias(cx: &mut Ctx) -> Raised {
    cx.type_error("expected a types.GenericAlias")
}

fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static GenericAlias> {
    match v.native::<GenericAlias>() {
        Some(a) => Ok(a),
        None => Err(not_alias(cx)),
    }
}

fn alias_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    if args.names().is_some() {
        return Err(cx.type_error("GenericAlias() takes no keyword arguments"));
    }
    match (TypeObj::of(class), args.pos()) {
        (Some(ty), [origin, a]) => Ok(new_alias(cx, ty, *origin, *a, false)),
        (_, pos) => {
            let msg = format!("GenericAlias expected 2 arguments, got {}", pos.len());
            Err(cx.type_error(&msg))
        }
    }
}

fn alias_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let a = of(cx, this)?;
    cx.check_native_stack(" while getting the repr of an object")?;
    let mut text = if a.starred { "*".to_owned() } else { String::new() };
    text.push_str(&type_repr(cx, a.origin.get_or_none())?);
    text.push('[');
    let args = a.args.get_or_none();
    for (i, v) in items(args).iter().enumerate() {
        if i > 0 {
            text.push_str(", ");
        }
        match ListObj::of(*v) {
            Some(l) => push_list(cx, l, &mut text)?,
            None => text.push_str(&type_repr(cx, *v)?),
        }
    }
    text.push_str(if items(args).is_empty() { "()]" } else { "]" });
    Ok(cx.str(&text))
}

/// A list of parameters of a callable.
fn push_list(cx: &mut Ctx, l: &'static ListObj, text: &mut String) -> PyResult<()> {
    text.push('[');
    // User code may shorten the list meanwhile.
    for i in 0..l.len() {
        let Some(v) = l.get(i) else {
            return Err(cx.raise_str(Ty::IndexError, "list index out of range"));
        };
        if i > 0 {
            text.push_str(", ");
        }
        text.push_str(&type_repr(cx, v)?);
    }
    text.push(']');
    Ok(())
}

fn alias_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let a = of(cx, this)?;
    let h = hash(cx, a.origin.get_or_none())? ^ hash(cx, a.args.get_or_none())?;
    Ok(if h == -1 { -2 } else { h })
}

fn alias_compare(cx: &mut Ctx, x: Value, y: Value, op: CmpOp) -> PyResult {
    let (Some(a), Some(b)) = (x.native::<GenericAlias>(), y.native::<GenericAlias>()) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let same = a.starred == b.starred
        && eq(cx, a.origin.get_or_none(), b.origin.get_or_none())?
        && eq(cx, a.args.get_or_none(), b.args.get_or_none())?;
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

/// Calls the class; an instance remembers the alias if it can.
fn alias_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let a = of(cx, this)?;
    cx.check_native_stack("")?;
    let made = call_args(cx, a.origin.get_or_none(), args)?;
    let n = cx.intern_str("__orig_class__");
    if let Err(r) = set_attr(cx, made, n, Some(this)) {
        let exc = cx.take_raised(r);
        if !cx.is_instance(exc, Ty::AttributeError) && !cx.is_instance(exc, Ty::TypeError) {
            return Err(cx.set_raised(exc));
        }
    }
    Ok(made)
}

fn alias_getattr(cx: &mut Ctx, this: Value, n: Value) -> PyResult {
    let a = of(cx, this)?;
    if let Some(s) = StrObj::of(n) {
        let own = s.str_ref().get(0) == Some(u32::from('_'))
            && (OWN.iter().any(|o| s.eq_str(o)) || HIDDEN.iter().any(|o| s.eq_str(o)));
        if !own {
            cx.check_native_stack("")?;
            return get_attr(cx, a.origin.get_or_none(), n);
        }
    }
    generic_get_attr(cx, this, n)
}

/// `__parameters__`, computed at first use.
fn alias_parameters(cx: &mut Ctx, this: Value) -> PyResult {
    let a = of(cx, this)?;
    if let Some(p) = a.parameters.get() {
        return Ok(p);
    }
    let p = make_parameters(cx, a.args.get_or_none())?;
    cx.store(this, &a.parameters, p);
    Ok(p)
}

fn alias_getitem(cx: &mut Ctx, this: Value, item: Value) -> PyResult {
    let a = of(cx, this)?;
    let params = alias_parameters(cx, this)?;
    let args = substitute(cx, this, a.args.get_or_none(), params, item)?;
    let ty = cx.ty(Ty::GenericAlias);
    Ok(new_alias(cx, ty, a.origin.get_or_none(), args, a.starred))
}

fn alias_iter(cx: &mut Ctx, this: Value) -> PyResult {
    let ty = state(cx).alias_iter.get().and_then(TypeObj::of);
    match ty {
        Some(ty) => Ok(cx.new_native(ty, AliasIter { alias: Slot::new(this) })),
        None => Err(not_alias(cx)),
    }
}

fn mro_entries(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let origin = of(cx, a[0])?.origin.get_or_none();
    Ok(cx.tuple(&[origin]))
}

fn no_instancecheck(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Err(cx.type_error("isinstance() argument 2 cannot be a parameterized generic"))
}

fn no_subclasscheck(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Err(cx.type_error("issubclass() argument 2 cannot be a parameterized generic"))
}

fn alias_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let this = of(cx, a[0])?;
    let (origin, args) = (this.origin.get_or_none(), this.args.get_or_none());
    if this.starred {
        let ty = cx.ty(Ty::GenericAlias);
        let plain = new_alias(cx, ty, origin, args, false);
        let it = alias_iter(cx, plain)?;
        let f = builtin(cx, "next")?;
        let it = cx.tuple(&[it]);
        return Ok(cx.pair(f, it));
    }
    let ty = cx.type_of(a[0]).value();
    let args = cx.pair(origin, args);
    Ok(cx.pair(ty, args))
}

fn alias_dir(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let origin = of(cx, a[0])?.origin.get_or_none();
    let f = builtin(cx, "dir")?;
    let listed = call(cx, f, &[origin])?;
    let mut all = to_vec(cx, listed)?;
    for own in OWN {
        let n = cx.intern_str(own);
        let mut there = false;
        for i in 0..all.len() {
            there |= all.get(i).and_then(StrObj::of).is_some_and(|s| s.eq_str(own));
        }
        if !there {
            all.push(cx, n)?;
        }
    }
    Ok(all.into_list())
}

fn get_origin(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.origin.get_or_none())
}

fn get_args(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.args.get_or_none())
}

fn get_unpacked(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(Value::bool(of(cx, this)?.starred))
}

fn get_unpacked_args(cx: &mut Ctx, this: Value) -> PyResult {
    let a = of(cx, this)?;
    let of_tuple = a.starred && a.origin.get_or_none().is(cx.ty(Ty::Tuple).value());
    Ok(if of_tuple { a.args.get_or_none() } else { Value::NONE })
}

static ALIAS: TypeSpec = TypeSpec {
    ty: Some(Ty::GenericAlias),
    name: "GenericAlias",
    module: "types",
    layout: Layout::Native,
    vt: Some(<GenericAlias as NativeLayout>::VT),
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
        or: Some(type_or),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// The class is the base.
        "__mro_entries__(self, object, /)" => mro_entries;
        /// Raises TypeError.
        "__instancecheck__(self, object, /)" => no_instancecheck;
        /// Raises TypeError.
        "__subclasscheck__(self, object, /)" => no_subclasscheck;
        /// What to pickle.
        "__reduce__(self, /)" => alias_reduce;
        /// Names of the class's attributes and of the alias's own.
        "__dir__(self, /)" => alias_dir;
    ],
    getsets: getsets![
        /// The class.
        member "__origin__" => get_origin;
        /// The arguments.
        member "__args__" => get_args;
        /// Whether it is unpacked by a star.
        member "__unpacked__" => get_unpacked;
        /// The type parameters in the arguments.
        "__parameters__" => alias_parameters;
        /// The arguments of an unpacked tuple, else None.
        "__typing_unpacked_tuple_args__" => get_unpacked_args;
    ],
    doc: "A class with type arguments (PEP 585).\n\n`list[int]` has `list` as `__origin__` and `(int,)` as `__args__`.",
    ..TypeSpec::BASE
};

// ---------------------------------------------------------------------------------------------------- iterators

/// Content of an iterator over an alias.
struct AliasIter {
    /// The alias, until the starred one was made of it.
    alias: Slot,
}

impl Payload for AliasIter {
    const NAME: &'static str = "generic_alias_iterator";
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.alias);
    }
}

fn iter_self(_: &mut Ctx, this: Value) -> PyResult {
    Ok(this)
}

fn iter_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let Some(it) = this.native::<AliasIter>() else { return Ok(None) };
    let Some(v) = it.alias.swap_raw(None) else { return Ok(None) };
    let a = of(cx, v)?;
    let ty = cx.ty(Ty::GenericAlias);
    Ok(Some(new_alias(cx, ty, a.origin.get_or_none(), a.args.get_or_none(), true)))
}

fn iter_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = builtin(cx, "iter")?;
    let over = a[0].native::<AliasIter>().and_then(|i| i.alias.get());
    let over = over.unwrap_or_else(|| protopy_vm::empty_tuple(cx));
    let over = cx.tuple(&[over]);
    Ok(cx.pair(f, over))
}

static ALIAS_ITER: TypeSpec = TypeSpec {
    name: "generic_alias_iterator",
    layout: Layout::Native,
    vt: Some(<AliasIter as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(iter_next), ..SlotSpec::NONE },
    methods: methods![
        /// What to pickle.
        "__reduce__(self, /)" => iter_reduce;
    ],
    ..TypeSpec::BASE
};

/// Makes the types.
pub fn init(cx: &mut Ctx) -> PyResult<()> {
    create_type(cx, &ALIAS)?;
    let it = create_type(cx, &ALIAS_ITER)?;
    state(cx).alias_iter.init(Some(it));
    Ok(())
}
