//! `_opcode`: what `dis` and `opcode` ask about opcodes.
//!
//! The library's opcode table is that of another machine: none of its codes occurs in the instruction words of this one, so
//! every question about one is answered "no".

use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::{Ctx, PyResult, Value};
use protopy_vm::{self as vm, ModuleSpec, methods};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_opcode",
    doc: "Opcode support for the dis module.",
    functions: FUNCTIONS,
    init: Some(init),
};

static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Whether a number is an opcode.
    "is_valid(opcode)" => no;
    /// Whether an opcode has an argument.
    "has_arg(opcode)" => no;
    /// Whether an opcode's argument is a constant.
    "has_const(opcode)" => no;
    /// Whether an opcode's argument is a name.
    "has_name(opcode)" => no;
    /// Whether an opcode's argument is a jump.
    "has_jump(opcode)" => no;
    /// Whether an opcode's argument is a free variable.
    "has_free(opcode)" => no;
    /// Whether an opcode's argument is a local variable.
    "has_local(opcode)" => no;
    /// Whether an opcode sets up an exception handler.
    "has_exc(opcode)" => no;
    /// The change of the stack by an opcode.
    "stack_effect(opcode, oparg=None, /, *, jump=None)" => |cx, _| Err(cx.value_error("invalid opcode or oparg"));
    /// Statistics of specialisation: none are kept.
    "get_specialization_stats()" => |_, _| Ok(Value::NONE);
    /// The native code of a place in a code object: none.
    "get_executor(code, offset)" => |_, _| Ok(Value::NONE);
    /// Names of the binary operators.
    "get_nb_ops()" => nb_ops;
    /// Names of the intrinsics of one operand.
    "get_intrinsic1_descs()" => empty_list;
    /// Names of the intrinsics of two operands.
    "get_intrinsic2_descs()" => empty_list;
    /// Names of the special methods that statements call.
    "get_special_method_names()" => special_names;
];

fn no(cx: &mut Ctx, a: &[Value]) -> PyResult {
    vm::index(cx, a[0])?;
    Ok(Value::FALSE)
}

fn empty_list(cx: &mut Ctx, _a: &[Value]) -> PyResult {
    cx.list(&[])
}

fn nb_ops(cx: &mut Ctx, _a: &[Value]) -> PyResult {
    const OPS: [(&str, &str); 13] = [
        ("NB_ADD", "+"),
        ("NB_AND", "&"),
        ("NB_FLOOR_DIVIDE", "//"),
        ("NB_LSHIFT", "<<"),
        ("NB_MATRIX_MULTIPLY", "@"),
        ("NB_MULTIPLY", "*"),
        ("NB_REMAINDER", "%"),
        ("NB_OR", "|"),
        ("NB_POWER", "**"),
        ("NB_RSHIFT", ">>"),
        ("NB_SUBTRACT", "-"),
        ("NB_TRUE_DIVIDE", "/"),
        ("NB_XOR", "^"),
    ];
    let mut out = vm::ValueVec::new(cx);
    for (inplace, suffix) in [(false, ""), (true, "=")] {
        for (n, op) in OPS {
            let n = if inplace { n.replacen("NB_", "NB_INPLACE_", 1) } else { n.to_owned() };
            let pair = [cx.str(&n), cx.str(&format!("{op}{suffix}"))];
            let t = cx.tuple(&pair);
            out.push(cx, t)?;
        }
    }
    let pair = [cx.str("NB_SUBSCR"), cx.str("[]")];
    let t = cx.tuple(&pair);
    out.push(cx, t)?;
    Ok(out.into_list())
}

fn special_names(cx: &mut Ctx, _a: &[Value]) -> PyResult {
    let names: Vec<Value> =
        ["__enter__", "__exit__", "__aenter__", "__aexit__"].iter().map(|n| cx.intern_str(n)).collect();
    cx.list(&names)
}

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    for n in ["ENABLE_SPECIALIZATION", "ENABLE_SPECIALIZATION_FT"] {
        vm::set_attr_str(cx, module, n, Value::FALSE)?;
    }
    Ok(())
}
