//! `marshal`: values as bytes, in CPython's format (versions 0 to 5).
//!
//! All types but one are written as CPython writes them. Code objects are our own: a type byte, a length and what
//! `protopy_compiler::cache` makes of the code, which is verified when it is read.
//!
//! Reading trusts nothing: lengths decide how much is attempted, not how much is allocated; nesting is bounded; references
//! point backwards, at objects that exist.

mod code_obj;
mod read;
mod write;

pub use read::loads_bytes;
pub use write::dumps_value;

use protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::modules::module_set;
use protopy_vm::{
    ModuleSpec, bytes_like, call, call_method, errors, get_attr_str, index_i64, is_true, methods,
};

/// The newest version of the format.
pub const VERSION: i64 = 5;

/// Depth of nesting that is allowed.
const MAX_DEPTH: usize = 2000;

/// Bit of a type byte: the object gets a reference number.
const FLAG_REF: u8 = 0x80;

/// Type bytes.
mod code {
    pub(super) const NULL: u8 = b'0';
    pub(super) const NONE: u8 = b'N';
    pub(super) const FALSE: u8 = b'F';
    pub(super) const TRUE: u8 = b'T';
    pub(super) const STOPITER: u8 = b'S';
    pub(super) const ELLIPSIS: u8 = b'.';
    pub(super) const INT: u8 = b'i';
    pub(super) const INT64: u8 = b'I';
    pub(super) const LONG: u8 = b'l';
    pub(super) const FLOAT: u8 = b'f';
    pub(super) const BINARY_FLOAT: u8 = b'g';
    pub(super) const COMPLEX: u8 = b'x';
    pub(super) const BINARY_COMPLEX: u8 = b'y';
    pub(super) const STRING: u8 = b's';
    pub(super) const INTERNED: u8 = b't';
    pub(super) const UNICODE: u8 = b'u';
    pub(super) const ASCII: u8 = b'a';
    pub(super) const ASCII_INTERNED: u8 = b'A';
    pub(super) const SHORT_ASCII: u8 = b'z';
    pub(super) const SHORT_ASCII_INTERNED: u8 = b'Z';
    pub(super) const TUPLE: u8 = b'(';
    pub(super) const SMALL_TUPLE: u8 = b')';
    pub(super) const LIST: u8 = b'[';
    pub(super) const DICT: u8 = b'{';
    pub(super) const SET: u8 = b'<';
    pub(super) const FROZENSET: u8 = b'>';
    pub(super) const SLICE: u8 = b':';
    pub(super) const CODE: u8 = b'c';
    pub(super) const REF: u8 = b'r';
}

fn version_arg(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    match v.bound() {
        Some(v) => index_i64(cx, v, Ty::OverflowError),
        None => Ok(VERSION),
    }
}

fn dumps(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let version = version_arg(cx, a[1])?;
    let allow = is_true(cx, a[2])?;
    let v = cx.int(version);
    errors::audit(cx, "marshal.dumps", &[a[0], v])?;
    let bytes = dumps_value(cx, a[0], version, allow)?;
    cx.bytes(&bytes)
}

fn dump(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let version = version_arg(cx, a[2])?;
    let allow = is_true(cx, a[3])?;
    let v = cx.int(version);
    errors::audit(cx, "marshal.dumps", &[a[0], v])?;
    let bytes = dumps_value(cx, a[0], version, allow)?;
    let b = cx.bytes(&bytes)?;
    call_method(cx, a[1], "write", &[b])
}

fn loads(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let allow = is_true(cx, a[1])?;
    errors::audit(cx, "marshal.loads", &[a[0]])?;
    let bytes = bytes_like(cx, a[0])?;
    loads_bytes(cx, &bytes, allow)
}

fn load(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let allow = is_true(cx, a[1])?;
    let probe = call_method(cx, a[0], "read", &[Value::small(0)])?;
    if protocore::layouts::BytesObj::of(probe).is_none() {
        let msg = format!("file.read() returned not bytes but {}", protopy_vm::ops::tp_name(cx, probe));
        return Err(cx.type_error(&msg));
    }
    errors::audit(cx, "marshal.load", &[])?;
    let into = get_attr_str(cx, a[0], "readinto")?;
    read::load_file(cx, into, allow)
}

/// Reads exactly `n` bytes through a file's `readinto`; EOFError.
fn read_into(cx: &mut Ctx, readinto: Value, n: usize) -> PyResult<Vec<u8>> {
    if n == 0 {
        return Ok(Vec::new());
    }
    let size = cx.int_usize(n);
    let (ba, mv) = (cx.ty(Ty::ByteArray).value(), cx.ty(Ty::MemoryView).value());
    let buf = call(cx, ba, &[size])?;
    let view = call(cx, mv, &[buf])?;
    let got = call(cx, readinto, &[view])?;
    let got = index_i64(cx, got, Ty::OverflowError)?;
    call_method(cx, view, "release", &[])?;
    match usize::try_from(got) {
        Ok(g) if g == n => bytes_like(cx, buf).map(|b| b.to_vec()),
        Ok(g) if g > n => {
            let msg = format!("read() returned too much data: {n} bytes requested, {g} returned");
            Err(cx.value_error(&msg))
        }
        _ => Err(cx.raise_str(Ty::EOFError, "marshal data too short")),
    }
}

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    module_set(cx, m, "version", Value::small(VERSION))
}

/// `marshal`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "marshal",
    doc: "Values as bytes, for the interpreter's own files. The format may change with any version, and code objects are those \
          of this implementation.",
    functions: methods![functions:
        /// Writes the value's bytes to a file with a write method.
        "dump(value, file, version=version, /, *, allow_code=True)" => dump;
        /// Reads one value from a file with read and readinto methods.
        "load(file, /, *, allow_code=True)" => load;
        /// The value's bytes; ValueError for what cannot be marshalled.
        "dumps(value, version=version, /, *, allow_code=True)" => dumps;
        /// The value of some bytes; what follows it is ignored.
        "loads(bytes, /, *, allow_code=True)" => loads;
    ],
    init: Some(init),
};
