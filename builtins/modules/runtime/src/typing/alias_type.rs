//! `typing.TypeAliasType`: what `type X = int` makes.

use super::alias::new_alias;
use super::args::{Params, bind, name_arg};
use super::lazy::Lazy;
use super::params::{caller_module, has_default, is_param, iter_unpacked, unpack};
use super::union::type_or;
use super::util::items;
use protocore::layouts::{FunctionObj, StrObj, TupleObj};
use protocore::native::NativeLayout;
use protocore::types::SlotSpec;
use protocore::{Args, Ctx, Layout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::{
    TypeSpec, ValueVec, create_type, empty_tuple, generic_get_attr, getsets, methods, repr_text,
};

/// Content of a type alias.
pub struct TypeAlias {
    name: Slot,
    /// `__type_params__`; empty if there is no list of them.
    type_params: Slot,
    value: Lazy,
    /// The module, for an alias that a call made.
    module: Slot,
}

impl Payload for TypeAlias {
    const NAME: &'static str = "TypeAliasType";
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.name);
        t.slot(&self.type_params);
        self.value.trace(t);
        t.slot(&self.module);
    }
}

#[cold]
fn not_alias(cx: &mut Ctx) -> Raised {
    cx.type_error("expected a typing.TypeAliasType")
}

fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static TypeAlias> {
    match v.native::<TypeAlias>() {
        Some(a) => Ok(a),
        None => Err(not_alias(cx)),
    }
}

static PARAMS: Params = Params {
    function: "typealias",
    positional: &["name", "value"],
    keyword: &["type_params"],
    variadic: false,
    takes: "exactly",
};

fn alias_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let [name, value, params] = bind::<3>(cx, &PARAMS, args)?;
    let name = name_arg(cx, &PARAMS, name)?;
    if let Some(p) = params {
        check_params(cx, p)?;
    }
    let module = caller_module(cx)?;
    let Some(ty) = TypeObj::of(class) else { return Err(not_alias(cx)) };
    Ok(cx.new_native(
        ty,
        TypeAlias {
            name: Slot::new(name),
            type_params: Slot::from_option(params.filter(|p| !items(*p).is_empty())),
            value: Lazy::given(value),
            module: Slot::new(module),
        },
    ))
}

/// Only type parameters are allowed, those without a default first.
fn check_params(cx: &mut Ctx, params: Value) -> PyResult<()> {
    if TupleObj::of(params).is_none() {
        return Err(cx.type_error("type_params must be a tuple"));
    }
    let mut defaults = false;
    for p in items(params) {
        if !is_param(*p) {
            let shown = repr_text(cx, *p)?;
            return Err(cx.type_error(&format!("Expected a type param, got {shown}")));
        }
        if has_default(cx, *p) {
            defaults = true;
        } else if defaults {
            let shown = repr_text(cx, *p)?;
            let msg = format!("non-default type parameter '{shown}' follows default type parameter");
            return Err(cx.type_error(&msg));
        }
    }
    Ok(())
}

/// An alias of a `type` statement.
pub fn make_alias(cx: &mut Ctx, name: Value, params: Option<Value>, evaluate: Value) -> PyResult {
    let ty = cx.ty(Ty::TypeAliasType);
    Ok(cx.new_native(
        ty,
        TypeAlias {
            name: Slot::new(name),
            type_params: Slot::from_option(params),
            value: Lazy::computed(Some(evaluate)),
            module: Slot::empty(),
        },
    ))
}

fn alias_repr(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.name.get_or_none())
}

fn alias_getitem(cx: &mut Ctx, this: Value, item: Value) -> PyResult {
    if of(cx, this)?.type_params.is_empty() {
        return Err(cx.type_error("Only generic type aliases are subscriptable"));
    }
    let ty = cx.ty(Ty::GenericAlias);
    Ok(new_alias(cx, ty, this, item, false))
}

fn alias_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(of(cx, a[0])?.name.get_or_none())
}

fn get_type_params(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.type_params.get().unwrap_or_else(|| empty_tuple(cx)))
}

/// The type parameters, TypeVarTuples unpacked.
fn get_parameters(cx: &mut Ctx, this: Value) -> PyResult {
    let params = get_type_params(cx, this)?;
    if !items(params).iter().any(|p| cx.is_exact(*p, Ty::TypeVarTuple)) {
        return Ok(params);
    }
    let mut out = ValueVec::new(cx);
    for p in items(params) {
        let v = if cx.is_exact(*p, Ty::TypeVarTuple) { unpack(cx, *p)? } else { *p };
        out.push(cx, v)?;
    }
    out.into_tuple(cx)
}

fn get_value(cx: &mut Ctx, this: Value) -> PyResult {
    let a = of(cx, this)?;
    Ok(a.value.get(cx, this)?.unwrap_or(Value::NONE))
}

fn get_evaluate_value(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.value.evaluator(cx).unwrap_or(Value::NONE))
}

/// The module: of the call that made the alias, or of the code with the statement.
fn module(a: &TypeAlias) -> Value {
    match a.module.get() {
        Some(m) => m,
        None => {
            let f = a.value.evaluate.get().and_then(FunctionObj::of);
            f.map_or(Value::NONE, |f| f.module.get_or_none())
        }
    }
}

/// `__module__` of an alias is its own; the class has one in its namespace.
fn alias_getattr(cx: &mut Ctx, this: Value, n: Value) -> PyResult {
    if StrObj::of(n).is_some_and(|s| s.eq_str("__module__")) {
        return Ok(module(of(cx, this)?));
    }
    generic_get_attr(cx, this, n)
}

const DOC: &str = "A type alias, as the type statement makes it.

    type Pair[T] = tuple[T, T]

The alias has a `__name__`, its `__type_params__`, and a `__value__` that is computed when it is first asked for.";

static ALIAS_TYPE: TypeSpec = TypeSpec {
    ty: Some(Ty::TypeAliasType),
    name: "TypeAliasType",
    module: "typing",
    layout: Layout::Native,
    vt: Some(<TypeAlias as NativeLayout>::VT),
    slots: SlotSpec {
        new: Some(alias_new),
        repr: Some(alias_repr),
        getattro: Some(alias_getattr),
        getitem: Some(alias_getitem),
        iter: Some(iter_unpacked),
        or: Some(type_or),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// The name, by which pickle finds the alias.
        "__reduce__(self, /)" => alias_reduce;
    ],
    getsets: getsets![
        /// The name.
        member "__name__" => alias_repr;
        /// The type parameters, unpacked.
        "__parameters__" => get_parameters;
        /// The type parameters.
        "__type_params__" => get_type_params;
        /// The type that the alias stands for.
        "__value__" => get_value;
        /// Function of the format that computes the value.
        "evaluate_value" => get_evaluate_value;
    ],
    doc: DOC,
    ..TypeSpec::BASE
};

/// Makes the type.
pub fn init(cx: &mut Ctx) -> PyResult<()> {
    create_type(cx, &ALIAS_TYPE).map(|_| ())
}
