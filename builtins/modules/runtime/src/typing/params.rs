//! Type parameters: TypeVar, ParamSpec with its `args` and `kwargs`, TypeVarTuple, and the marker NoDefault.
//!
//! The three kinds share one payload, [`TypeParam`]; the type of an object tells its kind. Bounds, constraints and defaults are lazy
//! (see [`super::lazy`]). What a parameter becomes when its alias is subscripted is decided in Python, by functions of
//! `typing`.

use super::args::{Params, bind, name_arg};
use super::lazy::Lazy;
use super::union::typing_or;
use super::util::{items, state};
use protocore::native::NativeLayout;
use protocore::types::{SlotSpec, type_flags};
use protocore::{Args, CmpOp, Ctx, Layout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::attr::set_instance_attr;
use protopy_vm::{
    BinOp, TypeSpec, binary_op, call, create_type, empty_tuple, eq, get_attr_str, get_item, getsets,
    import_attr, is_true, iter, len, methods, repr_text, str_text, to_vec,
};

/// Content of a TypeVar, ParamSpec or TypeVarTuple.
pub struct TypeParam {
    /// `__name__`
    pub name: Slot,
    /// `__bound__`; no value for None.
    bound: Lazy,
    /// `__constraints__`; no value for none.
    constraints: Lazy,
    /// `__default__`; NoDefault or, in a type parameter list, no value if there is none.
    default: Lazy,
    covariant: bool,
    contravariant: bool,
    infer_variance: bool,
}

impl Payload for TypeParam {
    const NAME: &'static str = "TypeParam";
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.name);
        self.bound.trace(t);
        self.constraints.trace(t);
        self.default.trace(t);
    }
}

impl TypeParam {
    fn named(name: Value) -> TypeParam {
        TypeParam {
            name: Slot::new(name),
            bound: Lazy::default(),
            constraints: Lazy::default(),
            default: Lazy::default(),
            covariant: false,
            contravariant: false,
            infer_variance: false,
        }
    }
}

#[cold]
fn not_param(cx: &mut Ctx) -> Raised {
    cx.type_error("expected a type parameter")
}

fn of(cx: &mut Ctx, v: Value) -> PyResult<&'static TypeParam> {
    match v.native::<TypeParam>() {
        Some(p) => Ok(p),
        None => Err(not_param(cx)),
    }
}

/// Whether a value is one of the three kinds.
pub fn is_param(v: Value) -> bool {
    v.native::<TypeParam>().is_some()
}

fn no_default(cx: &Ctx) -> Value {
    state(cx).no_default.get_or_none()
}

// ---------------------------------------------------------------------------------------------------- construction

/// The name of the module whose code is running, for `__module__`.
pub fn caller_module(cx: &mut Ctx) -> PyResult {
    let Some(d) = protopy_vm::frames::current_globals(cx).and_then(protopy_vm::dict_of) else {
        return Ok(Value::NONE);
    };
    let n = protopy_vm::name(cx, protopy_vm::N::Name);
    Ok(protopy_vm::dict_get(cx, d, n)?.unwrap_or(Value::NONE))
}

/// What `typing` makes of a type: None becomes NoneType, a string a forward reference.
fn type_check(cx: &mut Ctx, v: Value, msg: &str) -> PyResult {
    let f = import_attr(cx, "typing", "_type_check")?;
    let msg = cx.str(msg);
    call(cx, f, &[v, msg])
}

fn flag(cx: &mut Ctx, v: Option<Value>) -> PyResult<bool> {
    match v {
        Some(v) => is_true(cx, v),
        None => Ok(false),
    }
}

/// The three variance flags, checked.
fn variance(cx: &mut Ctx, p: &mut TypeParam, flags: [Option<Value>; 3]) -> PyResult<()> {
    let [co, contra, infer] = flags;
    p.covariant = flag(cx, co)?;
    p.contravariant = flag(cx, contra)?;
    p.infer_variance = flag(cx, infer)?;
    if p.covariant && p.contravariant {
        return Err(cx.value_error("Bivariant types are not supported."));
    }
    if p.infer_variance && (p.covariant || p.contravariant) {
        return Err(cx.value_error("Variance cannot be specified with infer_variance."));
    }
    Ok(())
}

/// A default as given: NoDefault if none was.
fn default_of(cx: &Ctx, v: Option<Value>) -> Lazy {
    Lazy::given(Some(v.unwrap_or_else(|| no_default(cx))))
}

/// A parameter made by a program: it knows its module.
fn finish(cx: &mut Ctx, class: Value, p: TypeParam) -> PyResult {
    let Some(ty) = TypeObj::of(class) else { return Err(not_param(cx)) };
    let module = caller_module(cx)?;
    let v = cx.new_native(ty, p);
    let n = cx.intern_str("__module__");
    set_instance_attr(cx, v, n, module)?;
    Ok(v)
}

static TYPEVAR_PARAMS: Params = Params {
    function: "typevar",
    positional: &["name"],
    keyword: &["bound", "default", "covariant", "contravariant", "infer_variance"],
    variadic: true,
    takes: "at least",
};

fn typevar_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let [name, bound, default, co, contra, infer] = bind::<6>(cx, &TYPEVAR_PARAMS, args)?;
    let name = name_arg(cx, &TYPEVAR_PARAMS, name)?;
    let mut p = TypeParam::named(name);
    variance(cx, &mut p, [co, contra, infer])?;
    let bound = match bound.and_then(Value::not_none) {
        Some(b) => Some(type_check(cx, b, "Bound must be a type.")?),
        None => None,
    };
    let constraints = match args.pos().get(1..) {
        None | Some([]) => None,
        Some([_]) => return Err(cx.type_error("A single constraint is not allowed")),
        Some(_) if bound.is_some() => {
            return Err(cx.type_error("Constraints cannot be combined with bound=..."));
        }
        Some(many) => Some(cx.tuple(many)),
    };
    p.bound = Lazy::given(bound);
    p.constraints = Lazy::given(constraints);
    p.default = default_of(cx, default);
    finish(cx, class, p)
}

static PARAMSPEC_PARAMS: Params = Params {
    function: "paramspec",
    positional: &["name"],
    keyword: &["bound", "default", "covariant", "contravariant", "infer_variance"],
    variadic: false,
    takes: "exactly",
};

fn paramspec_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let [name, bound, default, co, contra, infer] = bind::<6>(cx, &PARAMSPEC_PARAMS, args)?;
    let name = name_arg(cx, &PARAMSPEC_PARAMS, name)?;
    let mut p = TypeParam::named(name);
    variance(cx, &mut p, [co, contra, infer])?;
    p.bound = Lazy::given(bound.and_then(Value::not_none));
    p.default = default_of(cx, default);
    finish(cx, class, p)
}

static TYPEVARTUPLE_PARAMS: Params = Params {
    function: "typevartuple",
    positional: &["name"],
    keyword: &["default"],
    variadic: false,
    takes: "exactly",
};

fn typevartuple_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let [name, default] = bind::<2>(cx, &TYPEVARTUPLE_PARAMS, args)?;
    let name = name_arg(cx, &TYPEVARTUPLE_PARAMS, name)?;
    let mut p = TypeParam::named(name);
    p.default = default_of(cx, default);
    finish(cx, class, p)
}

/// A TypeVar of a type parameter list.
pub fn make_typevar(cx: &mut Ctx, name: Value, bound: Option<Value>, constraints: Option<Value>) -> PyResult {
    let mut p = TypeParam::named(name);
    p.bound = Lazy::computed(bound);
    p.constraints = Lazy::computed(constraints);
    p.infer_variance = true;
    let ty = cx.ty(Ty::TypeVar);
    Ok(cx.new_native(ty, p))
}

/// A ParamSpec of a type parameter list.
pub fn make_paramspec(cx: &mut Ctx, name: Value) -> PyResult {
    let mut p = TypeParam::named(name);
    p.infer_variance = true;
    let ty = cx.ty(Ty::ParamSpec);
    Ok(cx.new_native(ty, p))
}

/// A TypeVarTuple of a type parameter list.
pub fn make_typevartuple(cx: &mut Ctx, name: Value) -> PyResult {
    let ty = cx.ty(Ty::TypeVarTuple);
    Ok(cx.new_native(ty, TypeParam::named(name)))
}

/// Gives a parameter of a type parameter list its default.
pub fn set_default(cx: &mut Ctx, param: Value, evaluate: Value) -> PyResult {
    let p = of(cx, param)?;
    cx.store(param, &p.default.evaluate, evaluate);
    Ok(param)
}

// ---------------------------------------------------------------------------------------------------- shared behaviour

fn param_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let p = of(cx, this)?;
    let name = p.name.get_or_none();
    if p.infer_variance || cx.is_exact(this, Ty::TypeVarTuple) {
        return Ok(name);
    }
    let sign = if p.covariant {
        '+'
    } else if p.contravariant {
        '-'
    } else {
        '~'
    };
    let name = str_text(cx, name)?;
    Ok(cx.str(&format!("{sign}{name}")))
}

fn param_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(of(cx, a[0])?.name.get_or_none())
}

/// Whether there is a default, known or not.
pub fn has_default(cx: &Ctx, v: Value) -> bool {
    let Some(p) = v.native::<TypeParam>() else { return false };
    !p.default.evaluate.is_empty() || p.default.value.get().is_some_and(|d| !d.is(no_default(cx)))
}

fn param_has_default(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(has_default(cx, a[0])))
}

fn no_subclass(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let t = protopy_vm::type_text(cx.type_of(a[0]));
    Err(cx.type_error(&format!("Cannot subclass an instance of {t}")))
}

fn get_name(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.name.get_or_none())
}

fn get_covariant(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(Value::bool(of(cx, this)?.covariant))
}

fn get_contravariant(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(Value::bool(of(cx, this)?.contravariant))
}

fn get_infer_variance(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(Value::bool(of(cx, this)?.infer_variance))
}

fn get_bound(cx: &mut Ctx, this: Value) -> PyResult {
    let p = of(cx, this)?;
    Ok(p.bound.get(cx, this)?.unwrap_or(Value::NONE))
}

fn get_constraints(cx: &mut Ctx, this: Value) -> PyResult {
    let p = of(cx, this)?;
    Ok(p.constraints.get(cx, this)?.unwrap_or_else(|| empty_tuple(cx)))
}

fn get_default(cx: &mut Ctx, this: Value) -> PyResult {
    let p = of(cx, this)?;
    Ok(p.default.get(cx, this)?.unwrap_or_else(|| no_default(cx)))
}

fn get_evaluate_bound(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.bound.evaluator(cx).unwrap_or(Value::NONE))
}

fn get_evaluate_constraints(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.constraints.evaluator(cx).unwrap_or(Value::NONE))
}

fn get_evaluate_default(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(of(cx, this)?.default.evaluator(cx).unwrap_or(Value::NONE))
}

/// Calls a function of `typing`.
fn delegate(cx: &mut Ctx, function: &str, a: &[Value]) -> PyResult {
    let f = import_attr(cx, "typing", function)?;
    call(cx, f, a)
}

// ---------------------------------------------------------------------------------------------------- TypeVar

fn typevar_subst(cx: &mut Ctx, a: &[Value]) -> PyResult {
    delegate(cx, "_typevar_subst", a)
}

/// Appends the default to the arguments if they end where this parameter's would be.
fn typevar_prepare(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (this, alias, args) = (a[0], a[1], a[2]);
    let params = get_attr_str(cx, alias, "__parameters__")?;
    let given = len(cx, args)?;
    let mut index = None;
    let all = to_vec(cx, params)?;
    for i in 0..all.len() {
        let Some(p) = all.get(i) else { break };
        if eq(cx, p, this)? {
            index = Some(i);
            break;
        }
    }
    let Some(index) = index else {
        return Err(cx.value_error("sequence.index(x): x not in sequence"));
    };
    if index < given {
        return Ok(args);
    }
    if index == given && has_default(cx, this) {
        let default = get_default(cx, this)?;
        let more = cx.tuple(&[default]);
        return binary_op(cx, BinOp::Add, args, more);
    }
    let shown = str_text(cx, alias)?;
    let want = index + 1;
    let msg = format!("Too few arguments for {shown}; actual {given}, expected at least {want}");
    Err(cx.type_error(&msg))
}

const TYPEVAR_DOC: &str = "A type variable.

`TypeVar('T')` makes one that any type can replace; `TypeVar('T', bound=B)` one for subtypes of B;
`TypeVar('T', A, B)` one that must be exactly A or B. A type parameter list makes them, too:

    def first[T](items: list[T]) -> T: ...

`covariant` and `contravariant` state the variance, `infer_variance` leaves it to the type checker, and
`default` is what replaces the variable where nothing else does.";

static TYPEVAR: TypeSpec = TypeSpec {
    ty: Some(Ty::TypeVar),
    name: "TypeVar",
    module: "typing",
    layout: Layout::Native,
    vt: Some(<TypeParam as NativeLayout>::VT),
    flags: type_flags::WEAKREF | type_flags::DICT,
    slots: SlotSpec { new: Some(typevar_new), repr: Some(param_repr), or: Some(typing_or), ..SlotSpec::NONE },
    methods: methods![
        /// What the variable becomes if `arg` replaces it.
        "__typing_subst__(self, arg, /)" => typevar_subst;
        /// Completes the arguments of a subscription.
        "__typing_prepare_subst__(self, alias, args, /)" => typevar_prepare;
        /// The name, by which pickle finds the variable.
        "__reduce__(self, /)" => param_reduce;
        /// Whether there is a default.
        "has_default(self, /)" => param_has_default;
        /// Raises TypeError.
        "__mro_entries__(self, object, /)" => no_subclass;
    ],
    getsets: getsets![
        /// The name.
        member "__name__" => get_name;
        /// Whether it is covariant.
        member "__covariant__" => get_covariant;
        /// Whether it is contravariant.
        member "__contravariant__" => get_contravariant;
        /// Whether type checkers infer the variance.
        member "__infer_variance__" => get_infer_variance;
        /// The bound, or None.
        "__bound__" => get_bound;
        /// The types that it may be, or ().
        "__constraints__" => get_constraints;
        /// The default, or NoDefault.
        "__default__" => get_default;
        /// Function of the format that computes the bound.
        "evaluate_bound" => get_evaluate_bound;
        /// Function of the format that computes the constraints.
        "evaluate_constraints" => get_evaluate_constraints;
        /// Function of the format that computes the default.
        "evaluate_default" => get_evaluate_default;
    ],
    doc: TYPEVAR_DOC,
    ..TypeSpec::BASE
};

// ---------------------------------------------------------------------------------------------------- ParamSpec

fn paramspec_subst(cx: &mut Ctx, a: &[Value]) -> PyResult {
    delegate(cx, "_paramspec_subst", a)
}

fn paramspec_prepare(cx: &mut Ctx, a: &[Value]) -> PyResult {
    delegate(cx, "_paramspec_prepare_subst", a)
}

fn get_args(cx: &mut Ctx, this: Value) -> PyResult {
    let ty = cx.ty(Ty::ParamSpecArgs);
    Ok(cx.new_native(ty, ParamSpecPart { origin: Slot::new(this) }))
}

fn get_kwargs(cx: &mut Ctx, this: Value) -> PyResult {
    let ty = cx.ty(Ty::ParamSpecKwargs);
    Ok(cx.new_native(ty, ParamSpecPart { origin: Slot::new(this) }))
}

const PARAMSPEC_DOC: &str = "A type variable for the parameters of a callable.

    def logged[**P, R](f: Callable[P, R]) -> Callable[P, R]:
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R: ...

`P.args` and `P.kwargs` annotate the parameters of a function that passes them on.

    >>> P = ParamSpec('P')
    >>> P.__name__
    'P'
";

static PARAMSPEC: TypeSpec = TypeSpec {
    ty: Some(Ty::ParamSpec),
    name: "ParamSpec",
    module: "typing",
    layout: Layout::Native,
    vt: Some(<TypeParam as NativeLayout>::VT),
    flags: type_flags::WEAKREF | type_flags::DICT,
    slots: SlotSpec {
        new: Some(paramspec_new),
        repr: Some(param_repr),
        or: Some(typing_or),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// What the variable becomes if `arg` replaces it.
        "__typing_subst__(self, arg, /)" => paramspec_subst;
        /// Completes the arguments of a subscription.
        "__typing_prepare_subst__(self, alias, args, /)" => paramspec_prepare;
        /// Whether there is a default.
        "has_default(self, /)" => param_has_default;
        /// The name, by which pickle finds the variable.
        "__reduce__(self, /)" => param_reduce;
        /// Raises TypeError.
        "__mro_entries__(self, object, /)" => no_subclass;
    ],
    getsets: getsets![
        /// The name.
        member "__name__" => get_name;
        /// The bound, or None.
        member "__bound__" => get_bound;
        /// Whether it is covariant.
        member "__covariant__" => get_covariant;
        /// Whether it is contravariant.
        member "__contravariant__" => get_contravariant;
        /// Whether type checkers infer the variance.
        member "__infer_variance__" => get_infer_variance;
        /// The positional parameters.
        "args" => get_args;
        /// The keyword parameters.
        "kwargs" => get_kwargs;
        /// The default, or NoDefault.
        "__default__" => get_default;
        /// Function of the format that computes the default.
        "evaluate_default" => get_evaluate_default;
    ],
    doc: PARAMSPEC_DOC,
    ..TypeSpec::BASE
};

/// Content of `P.args` and `P.kwargs`.
pub struct ParamSpecPart {
    /// The ParamSpec.
    pub origin: Slot,
}

impl Payload for ParamSpecPart {
    const NAME: &'static str = "ParamSpecPart";
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.origin);
    }
}

static ARGS_PARAMS: Params = Params {
    function: "paramspecargs",
    positional: &["origin"],
    keyword: &[],
    variadic: false,
    takes: "at most",
};
static KWARGS_PARAMS: Params = Params { function: "paramspeckwargs", ..ARGS_PARAMS };

fn part(cx: &mut Ctx, class: Value, p: &Params, args: Args<'_>) -> PyResult {
    let [origin] = bind::<1>(cx, p, args)?;
    match (TypeObj::of(class), origin) {
        (Some(ty), Some(o)) => Ok(cx.new_native(ty, ParamSpecPart { origin: Slot::new(o) })),
        _ => Err(not_param(cx)),
    }
}

fn args_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    part(cx, class, &ARGS_PARAMS, args)
}

fn kwargs_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    part(cx, class, &KWARGS_PARAMS, args)
}

fn part_origin(_: &mut Ctx, this: Value) -> PyResult {
    Ok(this.native::<ParamSpecPart>().map_or(Value::NONE, |p| p.origin.get_or_none()))
}

fn part_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let origin = part_origin(cx, this)?;
    let of_param = origin.native::<TypeParam>().filter(|_| cx.is_exact(origin, Ty::ParamSpec));
    let shown = match of_param {
        Some(p) => str_text(cx, p.name.get_or_none())?,
        None => repr_text(cx, origin)?,
    };
    let word = if cx.is_exact(this, Ty::ParamSpecArgs) { "args" } else { "kwargs" };
    Ok(cx.str(&format!("{shown}.{word}")))
}

fn part_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let same_type = std::ptr::eq(cx.type_of(a), cx.type_of(b));
    let (Some(x), Some(y)) = (a.native::<ParamSpecPart>(), b.native::<ParamSpecPart>()) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    if !same_type || !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let same = eq(cx, x.origin.get_or_none(), y.origin.get_or_none())?;
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

static PARAMSPEC_ARGS: TypeSpec = TypeSpec {
    ty: Some(Ty::ParamSpecArgs),
    name: "ParamSpecArgs",
    module: "typing",
    layout: Layout::Native,
    vt: Some(<ParamSpecPart as NativeLayout>::VT),
    flags: type_flags::WEAKREF,
    slots: SlotSpec {
        new: Some(args_new),
        repr: Some(part_repr),
        compare: Some(part_compare),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Raises TypeError.
        "__mro_entries__(self, object, /)" => no_subclass;
    ],
    getsets: getsets![
        /// The ParamSpec.
        member "__origin__" => part_origin;
    ],
    doc: "The positional parameters that a ParamSpec stands for: `P.args`.\n\n>>> P = ParamSpec('P')\n>>> P.args.__origin__ is P\nTrue",
    ..TypeSpec::BASE
};

static PARAMSPEC_KWARGS: TypeSpec = TypeSpec {
    ty: Some(Ty::ParamSpecKwargs),
    name: "ParamSpecKwargs",
    slots: SlotSpec {
        new: Some(kwargs_new),
        repr: Some(part_repr),
        compare: Some(part_compare),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Raises TypeError.
        "__mro_entries__(self, object, /)" => no_subclass;
    ],
    doc: "The keyword parameters that a ParamSpec stands for: `P.kwargs`.\n\n>>> P = ParamSpec('P')\n>>> P.kwargs.__origin__ is P\nTrue",
    module: "typing",
    base: None,
    layout: Layout::Native,
    vt: Some(<ParamSpecPart as NativeLayout>::VT),
    flags: type_flags::WEAKREF,
    getsets: getsets![
        /// The ParamSpec.
        member "__origin__" => part_origin;
    ],
    sig: None,
};

// ---------------------------------------------------------------------------------------------------- TypeVarTuple

/// `typing.Unpack[v]`
pub fn unpack(cx: &mut Ctx, v: Value) -> PyResult {
    let u = import_attr(cx, "typing", "Unpack")?;
    get_item(cx, u, v)
}

/// Iteration yields once, what a star in a subscription needs.
pub fn iter_unpacked(cx: &mut Ctx, this: Value) -> PyResult {
    let u = unpack(cx, this)?;
    let t = cx.tuple(&[u]);
    iter(cx, t)
}

fn typevartuple_subst(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Err(cx.type_error("Substitution of bare TypeVarTuple is not supported"))
}

fn typevartuple_prepare(cx: &mut Ctx, a: &[Value]) -> PyResult {
    delegate(cx, "_typevartuple_prepare_subst", a)
}

const TYPEVARTUPLE_DOC: &str = "A type variable for any number of types.

    def reversed_pair[*Ts](x: tuple[*Ts]) -> Callable[[*Ts], None]: ...

It is always unpacked where it is used: `*Ts`.";

static TYPEVARTUPLE: TypeSpec = TypeSpec {
    ty: Some(Ty::TypeVarTuple),
    name: "TypeVarTuple",
    module: "typing",
    layout: Layout::Native,
    vt: Some(<TypeParam as NativeLayout>::VT),
    flags: type_flags::WEAKREF | type_flags::DICT,
    slots: SlotSpec {
        new: Some(typevartuple_new),
        repr: Some(param_repr),
        iter: Some(iter_unpacked),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Raises TypeError: only the unpacked form is replaced.
        "__typing_subst__(self, arg, /)" => typevartuple_subst;
        /// Completes the arguments of a subscription.
        "__typing_prepare_subst__(self, alias, args, /)" => typevartuple_prepare;
        /// The name, by which pickle finds the variable.
        "__reduce__(self, /)" => param_reduce;
        /// Whether there is a default.
        "has_default(self, /)" => param_has_default;
        /// Raises TypeError.
        "__mro_entries__(self, object, /)" => no_subclass;
    ],
    getsets: getsets![
        /// The name.
        member "__name__" => get_name;
        /// The default, or NoDefault.
        "__default__" => get_default;
        /// Function of the format that computes the default.
        "evaluate_default" => get_evaluate_default;
    ],
    doc: TYPEVARTUPLE_DOC,
    ..TypeSpec::BASE
};

// ---------------------------------------------------------------------------------------------------- NoDefault

/// Content of NoDefault.
struct NoDefault;

impl Payload for NoDefault {
    const NAME: &'static str = "NoDefaultType";
    fn trace(&self, _: &mut Tracer) {}
}

fn nodefault_new(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    if args.is_empty() { Ok(no_default(cx)) } else { Err(cx.type_error("NoDefaultType takes no arguments")) }
}

fn nodefault_repr(cx: &mut Ctx, _: Value) -> PyResult {
    Ok(cx.str("typing.NoDefault"))
}

fn nodefault_reduce(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(cx.str("NoDefault"))
}

static NODEFAULT: TypeSpec = TypeSpec {
    name: "NoDefaultType",
    layout: Layout::Native,
    vt: Some(<NoDefault as NativeLayout>::VT),
    slots: SlotSpec { new: Some(nodefault_new), repr: Some(nodefault_repr), ..SlotSpec::NONE },
    methods: methods![
        /// The name, by which pickle finds the object.
        "__reduce__(self, /)" => nodefault_reduce;
    ],
    doc: "Type of the object NoDefault.",
    ..TypeSpec::BASE
};

/// Makes the types.
pub fn init(cx: &mut Ctx) -> PyResult<()> {
    for spec in [&TYPEVAR, &PARAMSPEC, &PARAMSPEC_ARGS, &PARAMSPEC_KWARGS, &TYPEVARTUPLE] {
        create_type(cx, spec)?;
    }
    let t = create_type(cx, &NODEFAULT)?;
    if let Some(ty) = TypeObj::of(t) {
        let v = cx.new_native(ty, NoDefault);
        state(cx).no_default.init(Some(v));
    }
    Ok(())
}

/// `Generic[params]`, the base that a class with a type parameter list gets.
pub fn subscript_generic(cx: &mut Ctx, params: Value) -> PyResult {
    let mut all = protopy_vm::ValueVec::new(cx);
    for p in items(params) {
        let v = if cx.is_exact(*p, Ty::TypeVarTuple) { unpack(cx, *p)? } else { *p };
        all.push(cx, v)?;
    }
    let all = all.into_tuple(cx)?;
    let alias = import_attr(cx, "typing", "_GenericAlias")?;
    let generic = cx.ty(Ty::Generic).value();
    call(cx, alias, &[generic, all])
}
