//! `_hashlib`: what `hashlib` and `hmac` expect of a cryptographic library. CPython's is an interface to OpenSSL; this one has the
//! same names over the hash functions of this crate. The algorithms are those that OpenSSL offers without legacy providers.

use super::core::Core;
use super::derive::{self, Cost, Refused};
use super::mac::{self, Keyed};
use super::{GETSETS, GIL_MINSIZE, Hash, METHODS, bytes_to_hash, initial, make, unsigned};
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, NativeLayout, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::types::{create_type, create_type_with_base, mapping_proxy};
use protopy_vm::{self as vm, GetSetDef, ModuleSpec, TypeSpec, getsets, methods};

/// The functions `openssl_…` and the hashes that they make.
const CONSTRUCTORS: [(&str, &str); 12] = [
    ("openssl_md5", "md5"),
    ("openssl_sha1", "sha1"),
    ("openssl_sha224", "sha224"),
    ("openssl_sha256", "sha256"),
    ("openssl_sha384", "sha384"),
    ("openssl_sha512", "sha512"),
    ("openssl_sha3_224", "sha3_224"),
    ("openssl_sha3_256", "sha3_256"),
    ("openssl_sha3_384", "sha3_384"),
    ("openssl_sha3_512", "sha3_512"),
    ("openssl_shake_128", "shake_128"),
    ("openssl_shake_256", "shake_256"),
];

/// Hashes by their names in Python, and what else OpenSSL calls them, in small letters.
const NAMES: [(&str, &[&str]); 19] = [
    ("md5", &["ssl3-md5"]),
    ("sha1", &["sha-1", "ssl3-sha1"]),
    ("sha224", &["sha-224", "sha2-224"]),
    ("sha256", &["sha-256", "sha2-256"]),
    ("sha384", &["sha-384", "sha2-384"]),
    ("sha512", &["sha-512", "sha2-512"]),
    ("sha512_224", &["sha512-224", "sha-512/224", "sha2-512/224"]),
    ("sha512_256", &["sha512-256", "sha-512/256", "sha2-512/256"]),
    ("sha3_224", &["sha3-224"]),
    ("sha3_256", &["sha3-256"]),
    ("sha3_384", &["sha3-384"]),
    ("sha3_512", &["sha3-512"]),
    ("shake_128", &["shake128", "shake-128"]),
    ("shake_256", &["shake256", "shake-256"]),
    ("blake2b", &["blake2b512", "blake2b-512"]),
    ("blake2s", &["blake2s256", "blake2s-256"]),
    ("md5-sha1", &[]),
    ("ripemd160", &["ripemd-160", "ripemd", "rmd160"]),
    ("sm3", &[]),
];

#[derive(Default)]
struct State {
    hash: Slot,
    xof: Slot,
    hmac: Slot,
    unsupported: Slot,
    /// The functions of [`CONSTRUCTORS`].
    functions: [Slot; CONSTRUCTORS.len()],
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        for s in [&self.hash, &self.xof, &self.hmac, &self.unsupported] {
            t.slot(s);
        }
        t.slots(&self.functions);
    }
}

static UNSUPPORTED: TypeSpec = TypeSpec {
    name: "UnsupportedDigestmodError",
    module: "_hashlib",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    ..TypeSpec::BASE
};

static HASH: TypeSpec = TypeSpec {
    name: "HASH",
    module: "_hashlib",
    layout: Layout::Native,
    vt: Some(<Hash as NativeLayout>::VT),
    flags: type_flags::NO_NEW | type_flags::BASETYPE,
    slots: SlotSpec { repr: Some(repr), ..SlotSpec::NONE },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A hash object.",
    ..TypeSpec::BASE
};

static HASHXOF: TypeSpec = TypeSpec {
    name: "HASHXOF",
    methods: XOF_METHODS,
    getsets: XOF_GETSETS,
    doc: "A hash object whose digest may have any length.",
    ..HASH
};

static HMAC: TypeSpec = TypeSpec {
    name: "HMAC",
    module: "_hashlib",
    layout: Layout::Native,
    vt: Some(<mac::Hmac as NativeLayout>::VT),
    flags: type_flags::NO_NEW | type_flags::BASETYPE,
    slots: SlotSpec { repr: Some(mac::repr), ..SlotSpec::NONE },
    methods: mac::METHODS,
    getsets: mac::GETSETS,
    doc: "An HMAC object.",
    ..TypeSpec::BASE
};

static XOF_METHODS: &[MethodDef] = methods![
    /// A digest of `length` bytes.
    "digest(self, /, length)" => |cx, a| {
        let d = super::xof_digest(cx, a[0], a[1])?;
        cx.bytes(&d)
    };
    /// A digest of `length` bytes as hexadecimal digits.
    "hexdigest(self, /, length)" => |cx, a| {
        let d = super::xof_digest(cx, a[0], a[1])?;
        super::hex(cx, &d)
    };
];

static XOF_GETSETS: &[GetSetDef] = getsets![
    /// The size of the digest in bytes: none of its own, hence 0.
    "digest_size" => super::digest_size;
];

macro_rules! functions {
    ($($doc:literal, $sig:literal, $name:literal;)*) => {
        methods![functions:
            /// A new hash object of the named algorithm.
            "new(name, data=b'', *, usedforsecurity=True, string=<unrepresentable>)" => new;
            $(#[doc = $doc] $sig => |cx, a| {
                let data = initial(cx, a[0], a[2])?;
                hash_object(cx, $name, data)
            };)*
            /// Key derivation by repeated HMAC.
            "pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None)" => pbkdf2_hmac;
            /// Key derivation that takes memory.
            "scrypt(password, *, salt, n, r, p, maxmem=0, dklen=64)" => scrypt;
            /// A new HMAC object.
            "hmac_new(key, msg=b'', digestmod=None)" => hmac_new;
            /// The HMAC of a message in one go.
            "hmac_digest(key, msg, digest)" => hmac_digest;
            /// Whether only approved algorithms may be used: always 0.
            "get_fips_mode()" => |_, _| Ok(Value::small(0));
        ]
    };
}

/// `_hashlib`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_hashlib",
    doc: "Hash functions, HMAC and key derivation for hashlib and hmac.",
    functions: functions! {
        "A new MD5 hash object.", "openssl_md5(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "md5";
        "A new SHA-1 hash object.", "openssl_sha1(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "sha1";
        "A new SHA-224 hash object.", "openssl_sha224(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "sha224";
        "A new SHA-256 hash object.", "openssl_sha256(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "sha256";
        "A new SHA-384 hash object.", "openssl_sha384(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "sha384";
        "A new SHA-512 hash object.", "openssl_sha512(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "sha512";
        "A new SHA3-224 hash object.", "openssl_sha3_224(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "sha3_224";
        "A new SHA3-256 hash object.", "openssl_sha3_256(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "sha3_256";
        "A new SHA3-384 hash object.", "openssl_sha3_384(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "sha3_384";
        "A new SHA3-512 hash object.", "openssl_sha3_512(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "sha3_512";
        "A new SHAKE128 hash object.", "openssl_shake_128(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "shake_128";
        "A new SHAKE256 hash object.", "openssl_shake_256(data=b'', *, usedforsecurity=True, string=<unrepresentable>)", "shake_256";
    },
    init: Some(init),
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let state = cx.space().state::<State>();
    if state.hash.get().is_none() {
        let hash = create_type(cx, &HASH)?;
        state.hash.init(Some(hash));
        let t = create_type_with_base(cx, &HASHXOF, hash)?;
        state.xof.init(Some(t));
        let t = create_type(cx, &HMAC)?;
        state.hmac.init(Some(t));
        let base = cx.ty(Ty::ValueError).value();
        let t = create_type_with_base(cx, &UNSUPPORTED, base)?;
        state.unsupported.init(Some(t));
    }
    for (name, slot) in [
        ("HASH", &state.hash),
        ("HASHXOF", &state.xof),
        ("HMAC", &state.hmac),
        ("UnsupportedDigestmodError", &state.unsupported),
    ] {
        vm::set_attr_str(cx, module, name, slot.get_or_none())?;
    }
    let constructors = cx.dict();
    for ((function, hash), slot) in CONSTRUCTORS.iter().zip(&state.functions) {
        let f = vm::get_attr_str(cx, module, function)?;
        slot.init(Some(f));
        let name = cx.intern_str(hash);
        vm::set_item(cx, constructors, f, Some(name))?;
    }
    let proxy = mapping_proxy(cx, constructors);
    vm::set_attr_str(cx, module, "_constructors", proxy)?;
    let names: Vec<Value> = NAMES.iter().map(|(n, _)| cx.intern_str(n)).collect();
    let names = cx.list(&names)?;
    let frozenset = cx.ty(Ty::FrozenSet).value();
    let names = vm::call(cx, frozenset, &[names])?;
    vm::set_attr_str(cx, module, "openssl_md_meth_names", names)?;
    let compare = vm::import_attr(cx, "_operator", "_compare_digest")?;
    vm::set_attr_str(cx, module, "compare_digest", compare)?;
    vm::set_attr_str(cx, module, "_GIL_MINSIZE", Value::small(GIL_MINSIZE))
}

/// `<md5 _hashlib.HASH object @ 0x…>`
fn repr(cx: &mut Ctx, v: Value) -> PyResult {
    let (name, class) = (super::info(cx, v)?.0, protopy_vm::ops::tp_name(cx, v));
    Ok(cx.str(&format!("<{name} _hashlib.{class} object @ {:#x}>", v.bits())))
}

#[cold]
fn unsupported(cx: &mut Ctx, msg: &str) -> Raised {
    let msg = cx.str(msg);
    let t = cx.space().state::<State>().unsupported.get_or_none();
    vm::raise_class(cx, t, &[msg])
}

/// The Python name of an algorithm; UnsupportedDigestmodError.
fn algorithm(cx: &mut Ctx, name: &str) -> PyResult<&'static str> {
    if let Some((n, _)) = NAMES.iter().find(|(n, _)| *n == name) {
        return Ok(n);
    }
    let small = name.to_ascii_lowercase();
    match NAMES.iter().find(|(n, others)| *n == small || others.contains(&small.as_str())) {
        Some((n, _)) => Ok(n),
        None => Err(unsupported(cx, &format!("unsupported hash type {name}"))),
    }
}

/// A str argument.
fn text(cx: &mut Ctx, v: Value, function: &str, what: &str) -> PyResult<String> {
    match StrObj::of(v) {
        Some(s) => Ok(s.to_string_lossy()),
        None => {
            let msg = format!("{function}() argument '{what}' must be str, not {}", vm::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn hash_object(cx: &mut Ctx, name: &str, data: Option<vm::BytesLike>) -> PyResult {
    let state = cx.space().state::<State>();
    let Some(core) = Core::by_name(name) else {
        return Err(unsupported(cx, &format!("unsupported hash type {name}")));
    };
    let t = if core.info().2 == 0 { state.xof.get() } else { state.hash.get() };
    match t.and_then(TypeObj::of) {
        Some(t) => Ok(make(cx, t, core, data)),
        None => Err(cx.raise_str(Ty::SystemError, "_hashlib is not initialised")),
    }
}

fn new(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = text(cx, a[0], "new", "name")?;
    let data = initial(cx, a[1], a[3])?;
    let name = algorithm(cx, &name)?;
    hash_object(cx, name, data)
}

// ---------------------------------------------------------------------------------------------------- HMAC

const XOF: &str = "xof digests not allowed";

/// The algorithm that a `digestmod` stands for: a name or one of the functions of this module.
fn digest_name(cx: &mut Ctx, digest: Value) -> PyResult<&'static str> {
    if let Some(s) = StrObj::of(digest) {
        return algorithm(cx, &s.to_string_lossy());
    }
    let functions = &cx.space().state::<State>().functions;
    match CONSTRUCTORS.iter().zip(functions).find(|(_, f)| f.get().is_some_and(|f| f.is(digest))) {
        Some(((_, n), _)) => Ok(n),
        None => {
            let msg = format!("Unsupported digestmod {}", vm::repr_text(cx, digest)?);
            Err(unsupported(cx, &msg))
        }
    }
}

fn keyed(cx: &mut Ctx, key: Value, name: &str) -> PyResult<Keyed> {
    let key = vm::bytes_like(cx, key)?;
    Keyed::new(name, &key).ok_or_else(|| cx.value_error(XOF))
}

fn hmac_new(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(digest) = a[2].not_none() else {
        return Err(cx.type_error("Missing required parameter 'digestmod'."));
    };
    let name = digest_name(cx, digest)?;
    let h = keyed(cx, a[0], name)?;
    let data = match a[1].not_none() {
        Some(m) => Some(bytes_to_hash(cx, m)?),
        None => None,
    };
    match cx.space().state::<State>().hmac.get().and_then(TypeObj::of) {
        Some(t) => Ok(mac::make(cx, t, h, data)),
        None => Err(cx.raise_str(Ty::SystemError, "_hashlib is not initialised")),
    }
}

fn hmac_digest(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, msg) = (vm::bytes_like(cx, a[0])?, vm::bytes_like(cx, a[1])?);
    let name = digest_name(cx, a[2])?;
    let mut h = keyed(cx, a[0], name)?;
    h.update(&msg);
    cx.bytes(&h.finish())
}

// ---------------------------------------------------------------------------------------------------- derivation

/// Room for a key of up to 2**31 bytes.
fn room(cx: &mut Ctx, n: usize) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    if out.try_reserve_exact(n).is_err() {
        return Err(cx.no_memory());
    }
    out.resize(n, 0);
    Ok(out)
}

/// A C long that is to be from 1 to 2**31 - 1.
fn positive(cx: &mut Ctx, v: Value, what: &str) -> PyResult<u32> {
    let n = vm::index(cx, v)?;
    let Some(n) = vm::protocore::layouts::IntRef::of(n).and_then(|n| n.to_i64()) else {
        return Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C long"));
    };
    if n < 1 {
        let msg = format!("{what} must be greater than 0.");
        return Err(cx.value_error(&msg));
    }
    match i32::try_from(n) {
        Ok(n) => Ok(n.unsigned_abs()),
        Err(_) => {
            let msg = format!("{what} is too great.");
            Err(cx.raise_str(Ty::OverflowError, &msg))
        }
    }
}

fn pbkdf2_hmac(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let name = text(cx, a[0], "pbkdf2_hmac", "hash_name")?;
    let (password, salt) = (vm::bytes_like(cx, a[1])?, vm::bytes_like(cx, a[2])?);
    let iterations = vm::index(cx, a[3])?;
    let name = algorithm(cx, &name)?;
    let rounds = positive(cx, iterations, "iteration value")?;
    let length = match a[4].not_none() {
        Some(v) => positive(cx, v, "key length")? as usize,
        None => Core::by_name(name).map_or(0, |c| c.info().2),
    };
    if length == 0 {
        return Err(cx.value_error("key length must be greater than 0."));
    }
    let Some(key) = Keyed::new(name, &password) else { return Err(cx.value_error(XOF)) };
    let mut out = room(cx, length)?;
    let salt = salt.to_owned_vec();
    cx.blocking(|| derive::pbkdf2(&key, &salt, rounds, &mut out));
    cx.bytes(&out)
}

/// Bytes of memory that scrypt takes at the most if nothing is said.
const DEFAULT_MEMORY: u64 = 32 << 20;

fn scrypt(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (password, salt) = (vm::bytes_like(cx, a[0])?, vm::bytes_like(cx, a[1])?);
    let mut costs = [0; 3];
    for (to, v) in costs.iter_mut().zip(&a[2..5]) {
        *to = unsigned(cx, *v, "Python int too large for C unsigned long", Ty::OverflowError)?;
    }
    let [n, r, p] = costs;
    let maxmem = vm::index_i64(cx, a[5], Ty::OverflowError)?;
    let dklen = vm::index_i64(cx, a[6], Ty::OverflowError)?;
    if n < 2 || !n.is_power_of_two() {
        return Err(cx.value_error("n must be a power of 2."));
    }
    let max = match i32::try_from(maxmem) {
        Ok(0) => DEFAULT_MEMORY,
        Ok(m) if m > 0 => u64::from(m.unsigned_abs()),
        _ => return Err(cx.value_error("maxmem must be positive and smaller than 2147483647")),
    };
    let length = match i32::try_from(dklen) {
        Ok(n) if n > 0 => n.unsigned_abs() as usize,
        _ => return Err(cx.value_error("dklen must be greater than 0 and smaller than 2147483647")),
    };
    let cost = Cost { n, r, p };
    if let Err(e) = cost.check(max) {
        return Err(refused(cx, e));
    }
    let mut out = room(cx, length)?;
    let salt = salt.to_owned_vec();
    let Some(key) = Keyed::new("sha256", &password) else { return Err(cx.no_memory()) };
    match cx.blocking(|| derive::scrypt(&key, &salt, cost, &mut out)) {
        Ok(()) => cx.bytes(&out),
        Err(e) => Err(refused(cx, e)),
    }
}

fn refused(cx: &mut Ctx, e: Refused) -> Raised {
    match e {
        Refused::Invalid => cx.value_error("Invalid parameter combination for n, r, p, maxmem."),
        Refused::TooLarge => cx.value_error("parameter too large"),
        Refused::Limit => cx.value_error("memory limit exceeded"),
        Refused::NoMemory => cx.no_memory(),
    }
}
