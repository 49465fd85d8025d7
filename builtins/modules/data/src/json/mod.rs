//! `_json`: reading and writing JSON.
//!
//! The scanner works on the code units of the string in its storage width; positions are those of the string. Neither direction
//! builds intermediate strings: the encoder writes into one growing buffer, the scanner makes each object once.

mod encode;
mod escape;
mod scan;
mod strings;

use protopy_vm::protocore::layouts::StrObj;
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, ModuleSpec, methods};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_json",
    doc: "json speedups\n",
    functions: methods![functions:
        /// A JSON representation of a str that has ASCII characters only.
        "encode_basestring_ascii(object, /)" => |cx, a| escape::encode(cx, a[0], true);
        /// A JSON representation of a str.
        "encode_basestring(object, /)" => |cx, a| escape::encode(cx, a[0], false);
        /// The str whose JSON representation goes on at index `end`, after the quote, and the index after it.
        ///
        /// Control characters are not allowed if `strict` is true.
        "scanstring(string, end, strict=True, /)" => scanstring;
    ],
    init: Some(init),
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let t = create_type(cx, &scan::SCANNER)?;
    vm::set_attr_str(cx, module, "make_scanner", t)?;
    let t = create_type(cx, &encode::ENCODER)?;
    vm::set_attr_str(cx, module, "make_encoder", t)
}

fn scanstring(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let end = vm::index_i64(cx, a[1], Ty::OverflowError)?;
    let strict = vm::is_true(cx, a[2])?;
    let Some(s) = StrObj::of(a[0]) else {
        let msg = format!("first argument must be a string, not {}", protopy_vm::ops::tp_name(cx, a[0]));
        return Err(cx.type_error(&msg));
    };
    let end = match usize::try_from(end) {
        Ok(e) if e <= s.len() => e,
        _ => return Err(cx.value_error("end is out of bounds")),
    };
    let (v, next) = strings::scan_string(cx, a[0], s.str_ref(), end, strict)?;
    let next = cx.int_usize(next);
    Ok(cx.pair(v, next))
}

/// Raises `json.JSONDecodeError` about position `at` of the text `s`; a position of -1 is one before the text.
#[cold]
fn decode_error(cx: &mut Ctx, msg: &str, s: Value, at: i64) -> Raised {
    let class = match vm::import_attr(cx, "json.decoder", "JSONDecodeError") {
        Ok(c) => c,
        Err(r) => return r,
    };
    let (msg, at) = (cx.str(msg), cx.int(at));
    match vm::call(cx, class, &[msg, s, at]) {
        Ok(e) => cx.set_raised(e),
        Err(r) => r,
    }
}
