//! `_md5`, `_sha1`, `_sha2`, `_sha3` and `_blake2`: hash functions for `hashlib`; beside them `_hashlib` and `_hmac`.

mod blake2;
mod core;
mod derive;
mod hashlib;
mod hmac;
mod mac;

pub use self::hashlib::MODULE as HASHLIB;
pub use self::hmac::MODULE as HMAC;

use self::blake2::{Blake2b, Blake2s, Params};
use self::core::Core;
use num_traits::ToPrimitive;
use protopy_vm::protocore::layouts::{IntRef, MethodDef, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::sync::RawLock;
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, BytesLike, GetSetDef, ModuleSpec, TypeSpec, getsets, methods};

/// A hash object.
struct Hash {
    core: Guarded<Core>,
    /// Held by who gives it data.
    updates: RawLock,
}

/// Bytes from which on hashing is long: collections of other threads do not wait for it.
const LONG: usize = 1 << 16;

impl Payload for Hash {
    const NAME: &'static str = "hash";

    fn trace(&self, _: &mut Tracer) {}
}

/// The types of objects that functions make: md5, sha1, sha224, sha256, sha384, sha512.
#[derive(Default)]
struct Types([Slot; 6]);

impl SpaceState for Types {
    fn trace(&self, t: &mut Tracer) {
        t.slots(&self.0);
    }
}

const DATA: &str = "'data' and 'string' are mutually exclusive and support for 'string' keyword parameter is slated for \
                    removal in a future version.";

/// The bytes to hash: of a buffer, but not of a str.
fn bytes_to_hash(cx: &mut Ctx, v: Value) -> PyResult<BytesLike> {
    if StrObj::of(v).is_some() {
        return Err(cx.type_error("Strings must be encoded before hashing"));
    }
    if !vm::has_buffer(cx, v) {
        return Err(cx.type_error("object supporting the buffer API required"));
    }
    vm::bytes_like(cx, v)
}

/// The initial data given as `data` or under its old name `string`.
fn initial(cx: &mut Ctx, data: Value, string: Value) -> PyResult<Option<BytesLike>> {
    let v = match (data.bound(), string.bound()) {
        (Some(_), Some(_)) => return Err(cx.type_error(DATA)),
        (Some(v), None) | (None, Some(v)) => v,
        (None, None) => return Ok(None),
    };
    bytes_to_hash(cx, v).map(Some)
}

fn make(cx: &mut Ctx, t: &TypeObj, mut core: Core, data: Option<BytesLike>) -> Value {
    if let Some(d) = data {
        if d.len() >= LONG { cx.blocking(|| core.update(&d)) } else { core.update(&d) }
    }
    cx.new_native(t, Hash { core: Guarded::new(core), updates: RawLock::new() })
}

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Hash> {
    match v.native::<Hash>() {
        Some(h) => Ok(h),
        None => Err(cx.type_error("not a hash object")),
    }
}

// ---------------------------------------------------------------------------------------------------- methods

static METHODS: &[MethodDef] = methods![
    /// A copy of the hash object.
    "copy(self, /)" => copy;
    /// The digest as bytes.
    "digest(self, /)" => |cx, a| {
        let d = finish(cx, a[0], 0)?;
        cx.bytes(&d)
    };
    /// The digest as hexadecimal digits.
    "hexdigest(self, /)" => |cx, a| {
        let d = finish(cx, a[0], 0)?;
        hex(cx, &d)
    };
    /// Takes more data.
    "update(self, obj, /)" => update;
];

static XOF_METHODS: &[MethodDef] = methods![
    /// A copy of the hash object.
    "copy(self, /)" => copy;
    /// A digest of `length` bytes.
    "digest(self, length)" => |cx, a| {
        let d = xof_digest(cx, a[0], a[1])?;
        cx.bytes(&d)
    };
    /// A digest of `length` bytes as hexadecimal digits.
    "hexdigest(self, length)" => |cx, a| {
        let d = xof_digest(cx, a[0], a[1])?;
        hex(cx, &d)
    };
    /// Takes more data.
    "update(self, data, /)" => update;
];

static GETSETS: &[GetSetDef] = getsets![
    /// The block size in bytes.
    "block_size" => block_size;
    /// The name of the function.
    "name" => name;
    /// The size of the digest in bytes.
    "digest_size" => digest_size;
];

static SHA3_GETSETS: &[GetSetDef] = getsets![
    /// The block size in bytes.
    "block_size" => block_size;
    /// The name of the function.
    "name" => name;
    /// The size of the digest in bytes.
    "digest_size" => digest_size;
    /// The capacity in bits.
    "_capacity_bits" => |cx, v| {
        let n = info(cx, v)?.1;
        Ok(cx.int_usize(1600 - n * 8))
    };
    /// The rate in bits.
    "_rate_bits" => |cx, v| {
        let n = info(cx, v)?.1;
        Ok(cx.int_usize(n * 8))
    };
    /// The suffix that separates the domains.
    "_suffix" => |cx, v| {
        let xof = info(cx, v)?.2 == 0;
        cx.bytes(if xof { &[0x1f] } else { &[0x06] })
    };
];

fn info(cx: &mut Ctx, v: Value) -> PyResult<(&'static str, usize, usize)> {
    Ok(this(cx, v)?.core.with(|c| c.info()))
}

fn name(cx: &mut Ctx, v: Value) -> PyResult {
    let n = info(cx, v)?.0;
    Ok(cx.str(n))
}

fn block_size(cx: &mut Ctx, v: Value) -> PyResult {
    let n = info(cx, v)?.1;
    Ok(cx.int_usize(n))
}

fn digest_size(cx: &mut Ctx, v: Value) -> PyResult {
    let n = info(cx, v)?.2;
    Ok(cx.int_usize(n))
}

fn copy(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let core = this(cx, a[0])?.core.with(|c| c.clone());
    let t = cx.type_of(a[0]);
    Ok(make(cx, t, core, None))
}

fn finish(cx: &mut Ctx, v: Value, length: usize) -> PyResult<Vec<u8>> {
    let core = this(cx, v)?.core.with(|c| c.clone());
    core.finish(length).ok_or_else(|| cx.no_memory())
}

/// A digest of as many bytes as `n` says, of a function without a length of its own.
fn xof_digest(cx: &mut Ctx, v: Value, n: Value) -> PyResult<Vec<u8>> {
    let n = length(cx, n)?;
    finish(cx, v, n)
}

/// Hexadecimal digits.
fn hex(cx: &mut Ctx, digest: &[u8]) -> PyResult {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::new();
    if text.try_reserve_exact(digest.len() * 2).is_err() {
        return Err(cx.no_memory());
    }
    for b in digest {
        for n in [b >> 4, b & 15] {
            text.push(char::from(DIGITS[usize::from(n)]));
        }
    }
    Ok(cx.str(&text))
}

fn update(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let h = this(cx, a[0])?;
    let data = bytes_to_hash(cx, a[1])?;
    h.updates.acquire(cx, None)?;
    if data.len() < LONG {
        h.core.with(|c| c.update(&data));
    } else {
        // Who looks at the hash meanwhile sees it as it was.
        let mut core = h.core.with(|c| c.clone());
        cx.blocking(|| core.update(&data));
        h.core.with(|c| *c = core);
    }
    h.updates.release(cx);
    vm::keep_alive(a[1]);
    Ok(Value::NONE)
}

/// Bytes that SHAKE may be asked for.
const MAX_XOF: u64 = 1 << 29;

fn length(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    let n = unsigned(cx, v, "length is too large", Ty::ValueError)?;
    match usize::try_from(n) {
        Ok(k) if n < MAX_XOF => Ok(k),
        _ => Err(cx.value_error("length is too large")),
    }
}

/// An unsigned integer argument.
fn unsigned(cx: &mut Ctx, v: Value, too_large: &str, t: Ty) -> PyResult<u64> {
    let n = vm::index(cx, v)?;
    let r = match IntRef::of(n) {
        Some(n) if n.signum() < 0 => return Err(cx.value_error("Cannot convert negative int")),
        Some(IntRef::Small(n)) => u64::try_from(n).ok(),
        Some(IntRef::Big(b)) => b.to_u64(),
        None => None,
    };
    vm::keep_alive(n);
    match r {
        Some(n) => Ok(n),
        None => Err(cx.raise_str(t, too_large)),
    }
}

// ---------------------------------------------------------------------------------------------------- md5, sha1, sha2

macro_rules! plain_type {
    ($static_:ident, $name:literal, $module:literal) => {
        static $static_: TypeSpec = TypeSpec {
            name: $name,
            module: $module,
            layout: Layout::Native,
            vt: Some(<Hash as NativeLayout>::VT),
            flags: type_flags::NO_NEW,
            methods: METHODS,
            getsets: GETSETS,
            ..TypeSpec::BASE
        };
    };
}

plain_type!(MD5_TYPE, "md5", "_md5");
plain_type!(SHA1_TYPE, "sha1", "_sha1");
plain_type!(SHA224_TYPE, "SHA224Type", "_sha2");
plain_type!(SHA256_TYPE, "SHA256Type", "_sha2");
plain_type!(SHA384_TYPE, "SHA384Type", "_sha2");
plain_type!(SHA512_TYPE, "SHA512Type", "_sha2");

/// The data that a function releases the interpreter for; kept for tests that ask.
const GIL_MINSIZE: i64 = 2048;

fn add_types(
    cx: &mut Ctx,
    module: Value,
    types: &[(usize, &'static str, &'static TypeSpec)],
) -> PyResult<()> {
    for (i, name, spec) in types {
        let t = create_type(cx, spec)?;
        if let Some(slot) = cx.space().state::<Types>().0.get(*i) {
            slot.init(Some(t));
        }
        vm::set_attr_str(cx, module, name, t)?;
    }
    vm::set_attr_str(cx, module, "_GIL_MINSIZE", Value::small(GIL_MINSIZE))
}

fn plain(cx: &mut Ctx, a: &[Value], i: usize, name: &str) -> PyResult {
    let data = initial(cx, a[0], a[2])?;
    let t = cx.space().state::<Types>().0.get(i).and_then(Slot::get).and_then(TypeObj::of);
    match (t, Core::by_name(name)) {
        (Some(t), Some(core)) => Ok(make(cx, t, core, data)),
        _ => Err(cx.raise_str(Ty::SystemError, "the hash module is not initialised")),
    }
}

/// `_md5`
pub static MD5: ModuleSpec = ModuleSpec {
    name: "_md5",
    doc: "MD5.",
    functions: methods![functions:
        /// A new MD5 hash object.
        "md5(data=b'', *, usedforsecurity=True, string=<unrepresentable>)" => |cx, a| plain(cx, a, 0, "md5");
    ],
    init: Some(|cx, m| add_types(cx, m, &[(0, "MD5Type", &MD5_TYPE)])),
};

/// `_sha1`
pub static SHA1: ModuleSpec = ModuleSpec {
    name: "_sha1",
    doc: "SHA-1.",
    functions: methods![functions:
        /// A new SHA-1 hash object.
        "sha1(data=b'', *, usedforsecurity=True, string=<unrepresentable>)" => |cx, a| plain(cx, a, 1, "sha1");
    ],
    init: Some(|cx, m| add_types(cx, m, &[(1, "SHA1Type", &SHA1_TYPE)])),
};

/// `_sha2`
pub static SHA2: ModuleSpec = ModuleSpec {
    name: "_sha2",
    doc: "The SHA-2 family.",
    functions: methods![functions:
        /// A new SHA-224 hash object.
        "sha224(data=b'', *, usedforsecurity=True, string=<unrepresentable>)" => |cx, a| plain(cx, a, 2, "sha224");
        /// A new SHA-256 hash object.
        "sha256(data=b'', *, usedforsecurity=True, string=<unrepresentable>)" => |cx, a| plain(cx, a, 3, "sha256");
        /// A new SHA-384 hash object.
        "sha384(data=b'', *, usedforsecurity=True, string=<unrepresentable>)" => |cx, a| plain(cx, a, 4, "sha384");
        /// A new SHA-512 hash object.
        "sha512(data=b'', *, usedforsecurity=True, string=<unrepresentable>)" => |cx, a| plain(cx, a, 5, "sha512");
    ],
    init: Some(|cx, m| {
        add_types(
            cx,
            m,
            &[
                (2, "SHA224Type", &SHA224_TYPE),
                (3, "SHA256Type", &SHA256_TYPE),
                (4, "SHA384Type", &SHA384_TYPE),
                (5, "SHA512Type", &SHA512_TYPE),
            ],
        )
    }),
};

// ---------------------------------------------------------------------------------------------------- sha3

macro_rules! sha3_types {
    ($($static_:ident, $new:ident, $def:ident, $name:literal, $sig:literal, $methods:ident;)*) => {$(
        static $def: &[MethodDef] = methods![
            /// A new hash object.
            $sig => |cx, a| sha3_make(cx, a, $name);
        ];

        fn $new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
            vm::call_def(cx, &$def[0], Some(ty), args)
        }

        static $static_: TypeSpec = TypeSpec {
            name: $name,
            module: "_sha3",
            layout: Layout::Native,
            vt: Some(<Hash as NativeLayout>::VT),
            slots: SlotSpec { new: Some($new), ..SlotSpec::NONE },
            methods: $methods,
            getsets: SHA3_GETSETS,
            doc: "A hash object.",
            ..TypeSpec::BASE
        };
    )*};
}

sha3_types! {
    SHA3_224, new_224, DEF_224, "sha3_224", "sha3_224(self, data=b'', *, usedforsecurity=True, string=<unrepresentable>)", METHODS;
    SHA3_256, new_256, DEF_256, "sha3_256", "sha3_256(self, data=b'', *, usedforsecurity=True, string=<unrepresentable>)", METHODS;
    SHA3_384, new_384, DEF_384, "sha3_384", "sha3_384(self, data=b'', *, usedforsecurity=True, string=<unrepresentable>)", METHODS;
    SHA3_512, new_512, DEF_512, "sha3_512", "sha3_512(self, data=b'', *, usedforsecurity=True, string=<unrepresentable>)", METHODS;
    SHAKE_128, new_s128, DEF_S128, "shake_128", "shake_128(self, data=b'', *, usedforsecurity=True, string=<unrepresentable>)", XOF_METHODS;
    SHAKE_256, new_s256, DEF_S256, "shake_256", "shake_256(self, data=b'', *, usedforsecurity=True, string=<unrepresentable>)", XOF_METHODS;
}

fn sha3_make(cx: &mut Ctx, a: &[Value], name: &str) -> PyResult {
    let data = initial(cx, a[1], a[3])?;
    match (TypeObj::of(a[0]), Core::by_name(name)) {
        (Some(t), Some(core)) => Ok(make(cx, t, core, data)),
        _ => Err(cx.type_error("not a type")),
    }
}

/// `_sha3`
pub static SHA3: ModuleSpec = ModuleSpec {
    name: "_sha3",
    doc: "SHA-3 and SHAKE.",
    functions: &[],
    init: Some(|cx, m| {
        for spec in [&SHA3_224, &SHA3_256, &SHA3_384, &SHA3_512, &SHAKE_128, &SHAKE_256] {
            let t = create_type(cx, spec)?;
            vm::set_attr_str(cx, m, spec.name, t)?;
        }
        let i = cx.str("RustCrypto");
        vm::set_attr_str(cx, m, "implementation", i)?;
        vm::set_attr_str(cx, m, "_GIL_MINSIZE", Value::small(GIL_MINSIZE))
    }),
};

// ---------------------------------------------------------------------------------------------------- blake2

/// What tells the two apart.
struct Variant {
    name: &'static str,
    max_digest: u8,
    salt: usize,
    max_offset: u64,
}

const B: Variant = Variant { name: "Blake2b", max_digest: 64, salt: 16, max_offset: u64::MAX };
const S: Variant = Variant { name: "Blake2s", max_digest: 32, salt: 8, max_offset: (1 << 48) - 1 };

static DEF_B: &[MethodDef] = methods![
    /// A new BLAKE2b hash object.
    "blake2b(self, data=b'', *, digest_size=64, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True, string=<unrepresentable>)" => |cx, a| blake2_make(cx, a, &B);
];

static DEF_S: &[MethodDef] = methods![
    /// A new BLAKE2s hash object.
    "blake2s(self, data=b'', *, digest_size=32, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True, string=<unrepresentable>)" => |cx, a| blake2_make(cx, a, &S);
];

static BLAKE2B: TypeSpec = TypeSpec {
    name: "blake2b",
    module: "_blake2",
    layout: Layout::Native,
    vt: Some(<Hash as NativeLayout>::VT),
    slots: SlotSpec {
        new: Some(|cx, ty, args| vm::call_def(cx, &DEF_B[0], Some(ty), args)),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A new BLAKE2b hash object.",
    sig: Some(
        "(data=b'', *, digest_size=_blake2.blake2b.MAX_DIGEST_SIZE, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True, string=None)",
    ),
    ..TypeSpec::BASE
};

static BLAKE2S: TypeSpec = TypeSpec {
    name: "blake2s",
    slots: SlotSpec {
        new: Some(|cx, ty, args| vm::call_def(cx, &DEF_S[0], Some(ty), args)),
        ..SlotSpec::NONE
    },
    doc: "A new BLAKE2s hash object.",
    sig: Some(
        "(data=b'', *, digest_size=_blake2.blake2s.MAX_DIGEST_SIZE, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True, string=None)",
    ),
    ..BLAKE2B
};

/// `_blake2`
pub static BLAKE2: ModuleSpec = ModuleSpec {
    name: "_blake2",
    doc: "BLAKE2.",
    functions: &[],
    init: Some(|cx, m| {
        for (spec, v, prefix) in [(&BLAKE2B, &B, "BLAKE2B"), (&BLAKE2S, &S, "BLAKE2S")] {
            let t = create_type(cx, spec)?;
            let size = i64::from(v.max_digest);
            let salt = v.salt as i64;
            for (name, n) in [
                ("SALT_SIZE", salt),
                ("PERSON_SIZE", salt),
                ("MAX_KEY_SIZE", size),
                ("MAX_DIGEST_SIZE", size),
            ] {
                set_type_constant(cx, t, name, n);
                vm::set_attr_str(cx, m, &format!("{prefix}_{name}"), Value::small(n))?;
            }
            vm::set_attr_str(cx, m, spec.name, t)?;
        }
        vm::set_attr_str(cx, m, "_GIL_MINSIZE", Value::small(GIL_MINSIZE))
    }),
};

/// Adds an attribute to a fresh builtin type.
fn set_type_constant(cx: &mut Ctx, t: Value, name: &str, n: i64) {
    let name = cx.intern_str(name);
    let dict = TypeObj::of(t).and_then(|t| t.dict.get()).and_then(vm::protocore::dict::DictObj::of);
    if let Some(d) = dict {
        // Out of memory here means an attribute less.
        let _ = cx.dict_set_str(d, name, Value::small(n));
    }
}

fn range_error(cx: &mut Ctx, what: &str, low: u8) -> Raised {
    let msg = format!("{what} must be between {low} and 255");
    cx.value_error(&msg)
}

fn small(cx: &mut Ctx, v: Value, what: &str, low: u8) -> PyResult<u8> {
    match u8::try_from(vm::index_i64(cx, v, Ty::OverflowError)?) {
        Ok(n) if n >= low => Ok(n),
        _ => Err(range_error(cx, what, low)),
    }
}

/// A bytes argument of limited length.
fn limited(cx: &mut Ctx, v: Value, what: &str, max: usize) -> PyResult<Vec<u8>> {
    let Some(v) = v.bound() else { return Ok(Vec::new()) };
    let b = vm::bytes_like(cx, v)?;
    if b.len() > max {
        let msg = format!("maximum {what} length is {max} bytes");
        return Err(cx.value_error(&msg));
    }
    Ok(b.to_vec())
}

fn blake2_params(cx: &mut Ctx, a: &[Value], v: &Variant) -> PyResult<Params> {
    let max = v.max_digest;
    let size = vm::index_i64(cx, a[2], Ty::OverflowError)?;
    let digest_size = match u8::try_from(size) {
        Ok(n) if n >= 1 && n <= max => n,
        _ => {
            let msg =
                format!("digest_size for {} must be between 1 and {max} bytes, here it is {size}", v.name);
            return Err(cx.value_error(&msg));
        }
    };
    let salt = limited(cx, a[4], "salt", v.salt)?;
    let person = limited(cx, a[5], "person", v.salt)?;
    let fanout = small(cx, a[6], "fanout", 0)?;
    let depth = small(cx, a[7], "depth", 1)?;
    let leaf = unsigned(cx, a[8], "Python int too large for C unsigned long", Ty::OverflowError)?;
    let Ok(leaf_size) = u32::try_from(leaf) else {
        return Err(cx.raise_str(Ty::OverflowError, "leaf_size is too large"));
    };
    let node_offset = unsigned(cx, a[9], "Python int too large for C unsigned long long", Ty::OverflowError)?;
    if node_offset > v.max_offset {
        return Err(cx.raise_str(Ty::OverflowError, "node_offset is too large"));
    }
    let node_depth = small(cx, a[10], "node_depth", 0)?;
    let inner = vm::index_i64(cx, a[11], Ty::OverflowError)?;
    let inner_size = match u8::try_from(inner) {
        Ok(n) if n <= max => n,
        _ => {
            let msg = format!("inner_size must be between 0 and is {max}");
            return Err(cx.value_error(&msg));
        }
    };
    let last_node = vm::is_true(cx, a[12])?;
    let key = limited(cx, a[3], "key", usize::from(max))?;
    Ok(Params {
        digest_size,
        key,
        salt,
        person,
        fanout,
        depth,
        leaf_size,
        node_offset,
        node_depth,
        inner_size,
        last_node,
    })
}

fn blake2_make(cx: &mut Ctx, a: &[Value], v: &Variant) -> PyResult {
    let data = initial(cx, a[1], a[14])?;
    let p = blake2_params(cx, a, v)?;
    let core = if v.max_digest == 64 {
        Core::Blake2b(Blake2b::new(&p), p.digest_size)
    } else {
        Core::Blake2s(Blake2s::new(&p), p.digest_size)
    };
    match TypeObj::of(a[0]) {
        Some(t) => Ok(make(cx, t, core, data)),
        None => Err(cx.type_error("not a type")),
    }
}
