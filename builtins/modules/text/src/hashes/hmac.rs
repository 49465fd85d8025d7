//! `_hmac`: HMAC over the hash functions of this crate, which `hmac` takes where `_hashlib` does not know one.

use super::mac::{self, Keyed};
use super::{GIL_MINSIZE, bytes_to_hash};
use protopy_vm::protocore::layouts::StrObj;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, NativeLayout, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::types::{create_type, create_type_with_base};
use protopy_vm::{self as vm, ModuleSpec, TypeSpec, methods};

#[derive(Default)]
struct State {
    hmac: Slot,
    unknown: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.hmac);
        t.slot(&self.unknown);
    }
}

static UNKNOWN: TypeSpec = TypeSpec {
    name: "UnknownHashError",
    module: "_hmac",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    ..TypeSpec::BASE
};

static TYPE: TypeSpec = TypeSpec {
    name: "HMAC",
    module: "_hmac",
    layout: Layout::Native,
    vt: Some(<mac::Hmac as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { repr: Some(mac::repr), ..SlotSpec::NONE },
    methods: mac::METHODS,
    getsets: mac::GETSETS,
    ..TypeSpec::BASE
};

/// `_hmac`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_hmac",
    doc: "HMAC.",
    functions: methods![functions:
        /// A new HMAC object.
        "new(key, msg=None, digestmod=<unrepresentable>)" => new;
        /// The HMAC of a message in one go.
        "compute_digest(key, msg, digest)" => |cx, a| {
            let h = keyed_of(cx, a[0], a[2])?;
            one_shot(cx, h, a[1])
        };
        /// HMAC-MD5
        "compute_md5(key, msg, /)" => |cx, a| compute(cx, a, "md5");
        /// HMAC-SHA1
        "compute_sha1(key, msg, /)" => |cx, a| compute(cx, a, "sha1");
        /// HMAC-SHA224
        "compute_sha224(key, msg, /)" => |cx, a| compute(cx, a, "sha224");
        /// HMAC-SHA256
        "compute_sha256(key, msg, /)" => |cx, a| compute(cx, a, "sha256");
        /// HMAC-SHA384
        "compute_sha384(key, msg, /)" => |cx, a| compute(cx, a, "sha384");
        /// HMAC-SHA512
        "compute_sha512(key, msg, /)" => |cx, a| compute(cx, a, "sha512");
        /// HMAC-SHA3-224
        "compute_sha3_224(key, msg, /)" => |cx, a| compute(cx, a, "sha3_224");
        /// HMAC-SHA3-256
        "compute_sha3_256(key, msg, /)" => |cx, a| compute(cx, a, "sha3_256");
        /// HMAC-SHA3-384
        "compute_sha3_384(key, msg, /)" => |cx, a| compute(cx, a, "sha3_384");
        /// HMAC-SHA3-512
        "compute_sha3_512(key, msg, /)" => |cx, a| compute(cx, a, "sha3_512");
        /// HMAC-BLAKE2s
        "compute_blake2s_32(key, msg, /)" => |cx, a| compute(cx, a, "blake2s");
        /// HMAC-BLAKE2b
        "compute_blake2b_32(key, msg, /)" => |cx, a| compute(cx, a, "blake2b");
    ],
    init: Some(init),
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let state = cx.space().state::<State>();
    if state.hmac.get().is_none() {
        let base = cx.ty(Ty::ValueError).value();
        let t = create_type_with_base(cx, &UNKNOWN, base)?;
        state.unknown.init(Some(t));
        let t = create_type(cx, &TYPE)?;
        state.hmac.init(Some(t));
    }
    vm::set_attr_str(cx, module, "UnknownHashError", state.unknown.get_or_none())?;
    vm::set_attr_str(cx, module, "HMAC", state.hmac.get_or_none())?;
    vm::set_attr_str(cx, module, "_GIL_MINSIZE", Value::small(GIL_MINSIZE))
}

#[cold]
fn unknown(cx: &mut Ctx, digest: Value) -> Raised {
    let text = match vm::repr_text(cx, digest) {
        Ok(t) => t,
        Err(r) => return r,
    };
    let msg = cx.str(&format!("unsupported hash type: {text}"));
    let t = cx.space().state::<State>().unknown.get_or_none();
    vm::raise_class(cx, t, &[msg])
}

/// The name in this crate of the hash that `_hmac` calls `name`.
fn hash_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "md5" | "MD5" => "md5",
        "sha1" | "SHA1" => "sha1",
        "sha224" | "SHA224" => "sha224",
        "sha256" | "SHA256" => "sha256",
        "sha384" | "SHA384" => "sha384",
        "sha512" | "SHA512" => "sha512",
        "sha3_224" => "sha3_224",
        "sha3_256" => "sha3_256",
        "sha3_384" => "sha3_384",
        "sha3_512" => "sha3_512",
        "blake2s" | "blake2s_32" => "blake2s",
        "blake2b" | "blake2b_32" => "blake2b",
        _ => return None,
    })
}

fn keyed(cx: &mut Ctx, key: Value, name: &str) -> PyResult<Keyed> {
    let key = bytes_to_hash(cx, key)?;
    Keyed::new(name, &key).ok_or_else(|| cx.raise_str(Ty::SystemError, "the hash function is not there"))
}

fn keyed_of(cx: &mut Ctx, key: Value, digest: Value) -> PyResult<Keyed> {
    let name = StrObj::of(digest).map(StrObj::to_string_lossy);
    match name.as_deref().and_then(hash_name) {
        Some(n) => keyed(cx, key, n),
        None => Err(unknown(cx, digest)),
    }
}

fn one_shot(cx: &mut Ctx, mut h: Keyed, msg: Value) -> PyResult {
    let msg = bytes_to_hash(cx, msg)?;
    h.update(&msg);
    cx.bytes(&h.finish())
}

fn compute(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let h = keyed(cx, a[0], name)?;
    one_shot(cx, h, a[1])
}

fn new(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(digest) = a[2].bound() else {
        return Err(cx.type_error("new() missing 1 required argument 'digestmod'"));
    };
    let h = keyed_of(cx, a[0], digest)?;
    let data = match a[1].not_none() {
        Some(m) => Some(bytes_to_hash(cx, m)?),
        None => None,
    };
    match cx.space().state::<State>().hmac.get().and_then(TypeObj::of) {
        Some(t) => Ok(mac::make(cx, t, h, data)),
        None => Err(cx.raise_str(Ty::SystemError, "_hmac is not initialised")),
    }
}
