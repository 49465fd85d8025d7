//! The module `_typing`, and the class `Generic`.

use super::util::state;
use super::{alias_type, lazy, params};
use protocore::types::{SlotSpec, type_flags};
use protocore::{Args, Ctx, PyResult, Ty, Value};
use protopy_vm::call::prepend;
use protopy_vm::modules::module_set;
use protopy_vm::typing_hooks::{TypingHooks, install};
use protopy_vm::{ModuleSpec, TypeSpec, call_args, create_type, import_attr, methods};

/// Calls a function of `typing` with the class in front of the arguments.
fn delegate(cx: &mut Ctx, function: &str, class: Value, args: Args<'_>) -> PyResult {
    let f = import_attr(cx, "typing", function)?;
    prepend(cx, class, args, |cx, all| call_args(cx, f, all))
}

fn class_getitem(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    delegate(cx, "_generic_class_getitem", class, args)
}

fn init_subclass(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    delegate(cx, "_generic_init_subclass", class, args)
}

const GENERIC_DOC: &str = "Base of generic classes.

A class with a type parameter list gets it as a base; other classes name it:

    class Box(Generic[T]): ...";

static GENERIC: TypeSpec = TypeSpec {
    ty: Some(Ty::Generic),
    name: "Generic",
    module: "typing",
    flags: type_flags::BASETYPE | type_flags::HEAP,
    slots: SlotSpec::NONE,
    methods: methods![
        /// The class with type arguments or parameters.
        raw class "__class_getitem__(cls, /, *args, **kwargs)" => class_getitem;
        /// Finds the type parameters of a new class.
        raw class "__init_subclass__(cls, /, *args, **kwargs)" => init_subclass;
    ],
    doc: GENERIC_DOC,
    ..TypeSpec::BASE
};

static HOOKS: TypingHooks = TypingHooks {
    type_var: params::make_typevar,
    param_spec: params::make_paramspec,
    type_var_tuple: params::make_typevartuple,
    set_default: params::set_default,
    subscript_generic: params::subscript_generic,
    type_alias: alias_type::make_alias,
};

/// Makes the types, and installs what compiled code calls.
pub fn init_types(cx: &mut Ctx) -> PyResult<()> {
    lazy::init(cx)?;
    params::init(cx)?;
    alias_type::init(cx)?;
    create_type(cx, &GENERIC)?;
    install(cx, &HOOKS);
    Ok(())
}

fn idfunc(_: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(a[0])
}

const TYPES: &[Ty] = &[
    Ty::TypeVar,
    Ty::ParamSpec,
    Ty::ParamSpecArgs,
    Ty::ParamSpecKwargs,
    Ty::TypeVarTuple,
    Ty::TypeAliasType,
    Ty::Generic,
    Ty::Union,
];

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    for t in TYPES {
        let v = cx.ty(*t).value();
        module_set(cx, m, t.name(), v)?;
    }
    let v = state(cx).no_default.get_or_none();
    module_set(cx, m, "NoDefault", v)
}

/// `_typing`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_typing",
    doc: "The native part of the module typing.",
    functions: methods![functions:
        /// The argument itself.
        "_idfunc(x, /)" => idfunc;
    ],
    init: Some(init),
};
