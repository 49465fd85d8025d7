//! `_types`: names for builtin types.

use protocore::types::{SlotSpec, type_flags};
use protocore::{Ctx, Layout, NativeLayout, Payload, PyResult, Tracer, Ty, Value};
use protopy_vm::modules::module_set;
use protopy_vm::{ModuleSpec, TypeSpec, create_type};

/// A type without instances here: extension modules of CPython pass C pointers in them.
struct Capsule;

impl Payload for Capsule {
    const NAME: &'static str = "PyCapsule";

    fn trace(&self, _: &mut Tracer) {}
}

static CAPSULE: TypeSpec = TypeSpec {
    name: "PyCapsule",
    layout: Layout::Native,
    vt: Some(<Capsule as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec::NONE,
    doc: "A container for pointers of extension modules.",
    ..TypeSpec::BASE
};

const NAMES: &[(&str, Ty)] = &[
    ("AsyncGeneratorType", Ty::AsyncGenerator),
    ("BuiltinFunctionType", Ty::NativeFn),
    ("BuiltinMethodType", Ty::NativeFn),
    ("CellType", Ty::Cell),
    ("ClassMethodDescriptorType", Ty::ClassMethodDescriptor),
    ("CodeType", Ty::Code),
    ("CoroutineType", Ty::Coroutine),
    ("EllipsisType", Ty::Ellipsis),
    ("FrameType", Ty::Frame),
    ("FunctionType", Ty::Function),
    ("GeneratorType", Ty::Generator),
    ("GenericAlias", Ty::GenericAlias),
    ("GetSetDescriptorType", Ty::GetSetDescriptor),
    ("LambdaType", Ty::Function),
    ("MappingProxyType", Ty::MappingProxy),
    ("MemberDescriptorType", Ty::MemberDescriptor),
    ("MethodDescriptorType", Ty::MethodDescriptor),
    ("MethodType", Ty::Method),
    ("MethodWrapperType", Ty::MethodWrapper),
    ("ModuleType", Ty::Module),
    ("NoneType", Ty::NoneType),
    ("NotImplementedType", Ty::NotImplementedType),
    ("SimpleNamespace", Ty::SimpleNamespace),
    ("TracebackType", Ty::Traceback),
    ("UnionType", Ty::Union),
    ("WrapperDescriptorType", Ty::WrapperDescriptor),
];

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    for (n, t) in NAMES {
        let v = cx.ty(*t).value();
        module_set(cx, m, n, v)?;
    }
    let t = create_type(cx, &CAPSULE)?;
    module_set(cx, m, "CapsuleType", t)
}

/// `_types`
pub static MODULE: ModuleSpec =
    ModuleSpec { name: "_types", doc: "Define names for built-in types.", functions: &[], init: Some(init) };
