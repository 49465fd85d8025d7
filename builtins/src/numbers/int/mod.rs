//! `int`.

mod arith;
mod create;
mod methods;

pub use arith::{
    exact, int_abs, int_add, int_and, int_compare, int_divmod, int_floordiv, int_hash, int_invert,
    int_lshift, int_mod, int_mul, int_neg, int_or, int_pow, int_rshift, int_sub, int_truediv, int_xor,
};
pub use create::{from_str, int_from, int_new};
pub use methods::{decimal, format_with, int_repr, is_negative, radix_text};

use arith::{int_bool, int_float};
use protocore::types::{SlotSpec, type_flags};
use protocore::{Layout, Ty};
use protopy_vm::{TypeSpec, protocore};

/// `int`
pub static INT: TypeSpec = TypeSpec {
    ty: Some(Ty::Int),
    name: "int",
    base: Some(Ty::Object),
    layout: Layout::Int,
    flags: type_flags::BASETYPE | type_flags::MATCH_SELF | type_flags::SOLID,
    slots: SlotSpec {
        new: Some(int_new),
        repr: Some(int_repr),
        hash: Some(int_hash),
        compare: Some(int_compare),
        add: Some(int_add),
        sub: Some(int_sub),
        mul: Some(int_mul),
        modulo: Some(int_mod),
        divmod: Some(int_divmod),
        pow: Some(int_pow),
        neg: Some(int_neg),
        pos: Some(exact),
        abs: Some(int_abs),
        bool: Some(int_bool),
        invert: Some(int_invert),
        lshift: Some(int_lshift),
        rshift: Some(int_rshift),
        and: Some(int_and),
        xor: Some(int_xor),
        or: Some(int_or),
        int: Some(exact),
        float: Some(int_float),
        floordiv: Some(int_floordiv),
        truediv: Some(int_truediv),
        index: Some(exact),
        ..SlotSpec::NONE
    },
    methods: methods::METHODS,
    getsets: methods::GETSETS,
    doc: "int([x]) -> integer\nint(x, base=10) -> integer\n\nAn integer of any size. A number is converted by its \
          __int__ or __index__ method, a float losing\nits fraction. Text, bytes and bytearray are read as a literal \
          in the given base, from 2 to 36,\nwith an optional sign, blanks around it and underscores between digits; \
          base 0 takes the base\nfrom the literal's prefix. Without an argument the answer is 0.\n\n>>> int('0b101', base=0)\n5",
    ..TypeSpec::BASE
};
