//! `float`.

mod arith;
mod methods;

pub use arith::{
    complex_power_error, exact, float_abs, float_add, float_compare, float_divmod, float_floordiv,
    float_hash, float_mod, float_mul, float_neg, float_pow, float_sub, float_truediv, power,
};
pub use methods::{float_from, float_int, float_new, float_repr, integral, repr_text};

use arith::float_bool;
use protocore::types::{SlotSpec, type_flags};
use protocore::{Layout, Ty};
use protopy_vm::{TypeSpec, protocore};

/// `float`
pub static FLOAT: TypeSpec = TypeSpec {
    ty: Some(Ty::Float),
    name: "float",
    base: Some(Ty::Object),
    layout: Layout::Float,
    flags: type_flags::BASETYPE | type_flags::MATCH_SELF | type_flags::SOLID,
    slots: SlotSpec {
        new: Some(float_new),
        repr: Some(float_repr),
        hash: Some(float_hash),
        compare: Some(float_compare),
        add: Some(float_add),
        sub: Some(float_sub),
        mul: Some(float_mul),
        modulo: Some(float_mod),
        divmod: Some(float_divmod),
        pow: Some(float_pow),
        neg: Some(float_neg),
        pos: Some(exact),
        abs: Some(float_abs),
        bool: Some(float_bool),
        int: Some(float_int),
        float: Some(exact),
        floordiv: Some(float_floordiv),
        truediv: Some(float_truediv),
        ..SlotSpec::NONE
    },
    methods: methods::METHODS,
    getsets: methods::GETSETS,
    doc: "A floating-point number of a real number or of text that reads as one; 0.0 without an argument.",
    sig: Some("(x=0, /)"),
    ..TypeSpec::BASE
};
