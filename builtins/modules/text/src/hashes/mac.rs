//! HMAC (RFC 2104) over the hash functions, and the objects that carry it.

use super::core::{Core, MAX_DIGEST};
use super::{bytes_to_hash, hex};
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::{Ctx, Guarded, Payload, PyResult, Tracer, TypeObj, Value};
use protopy_vm::{BytesLike, GetSetDef, getsets, methods};

/// An HMAC in progress.
#[derive(Clone)]
pub(crate) struct Keyed {
    inner: Core,
    outer: Core,
}

impl Keyed {
    /// An HMAC of the hash of that name; `None` if there is no such hash, or it has no length of its own.
    pub(crate) fn new(name: &str, key: &[u8]) -> Option<Keyed> {
        let start = Core::by_name(name)?;
        let (_, block, size) = start.info();
        if size == 0 {
            return None;
        }
        let mut pad = [0x36u8; 168];
        let pad = &mut pad[..block];
        let mut mix = |key: &[u8]| pad.iter_mut().zip(key).for_each(|(p, k)| *p ^= k);
        if key.len() > block {
            let mut h = start.clone();
            h.update(key);
            mix(&h.finish(0)?);
        } else {
            mix(key);
        }
        let (mut inner, mut outer) = (start.clone(), start);
        inner.update(pad);
        pad.iter_mut().for_each(|p| *p ^= 0x36 ^ 0x5c);
        outer.update(pad);
        Some(Keyed { inner, outer })
    }

    /// Takes more data.
    pub(crate) fn update(&mut self, data: &[u8]) {
        self.inner.update(data);
    }

    /// The digest.
    pub(crate) fn finish(self) -> Vec<u8> {
        let Keyed { inner, mut outer } = self;
        outer.update(&inner.finish(0).unwrap_or_default());
        outer.finish(0).unwrap_or_default()
    }

    /// Bytes of a digest.
    pub(crate) fn digest_size(&self) -> usize {
        self.inner.info().2
    }

    /// Block `index` of PBKDF2; the bytes of a digest count.
    pub(crate) fn pbkdf2_block(&self, salt: &[u8], index: u32, rounds: u32) -> [u8; MAX_DIGEST] {
        self.inner.pbkdf2(&self.outer, salt, index, rounds)
    }
}

/// An HMAC object.
pub(crate) struct Hmac(Guarded<Keyed>);

impl Payload for Hmac {
    const NAME: &'static str = "HMAC";

    fn trace(&self, _: &mut Tracer) {}
}

/// A new HMAC object of type `t` that has taken `data`.
pub(crate) fn make(cx: &mut Ctx, t: &TypeObj, mut keyed: Keyed, data: Option<BytesLike>) -> Value {
    if let Some(d) = data {
        keyed.update(&d);
    }
    cx.new_native(t, Hmac(Guarded::new(keyed)))
}

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Hmac> {
    match v.native::<Hmac>() {
        Some(h) => Ok(h),
        None => Err(cx.type_error("not an HMAC object")),
    }
}

pub(crate) static METHODS: &[MethodDef] = methods![
    /// A copy of the HMAC object.
    "copy(self, /)" => |cx, a| {
        let k = this(cx, a[0])?.0.with(|k| k.clone());
        let t = cx.type_of(a[0]);
        Ok(make(cx, t, k, None))
    };
    /// The digest as bytes.
    "digest(self, /)" => |cx, a| {
        let d = digest(cx, a[0])?;
        cx.bytes(&d)
    };
    /// The digest as hexadecimal digits.
    "hexdigest(self, /)" => |cx, a| {
        let d = digest(cx, a[0])?;
        hex(cx, &d)
    };
    /// Takes more data.
    "update(self, /, msg)" => |cx, a| {
        let h = this(cx, a[0])?;
        let data = bytes_to_hash(cx, a[1])?;
        h.0.with(|k| k.update(&data));
        Ok(Value::NONE)
    };
];

fn digest(cx: &mut Ctx, v: Value) -> PyResult<Vec<u8>> {
    Ok(this(cx, v)?.0.with(|k| k.clone()).finish())
}

fn info(cx: &mut Ctx, v: Value) -> PyResult<(&'static str, usize, usize)> {
    Ok(this(cx, v)?.0.with(|k| k.inner.info()))
}

pub(crate) static GETSETS: &[GetSetDef] = getsets![
    /// The block size in bytes.
    "block_size" => |cx, v| {
        let n = info(cx, v)?.1;
        Ok(cx.int_usize(n))
    };
    /// The size of the digest in bytes.
    "digest_size" => |cx, v| {
        let n = info(cx, v)?.2;
        Ok(cx.int_usize(n))
    };
    /// The name: that of the hash after `hmac-`.
    "name" => |cx, v| {
        let n = info(cx, v)?.0;
        Ok(cx.str(&format!("hmac-{n}")))
    };
];

/// `<md5 HMAC object @ 0x…>`
pub(crate) fn repr(cx: &mut Ctx, v: Value) -> PyResult {
    let name = info(cx, v)?.0;
    Ok(cx.str(&format!("<{name} HMAC object @ {:#x}>", v.bits())))
}
