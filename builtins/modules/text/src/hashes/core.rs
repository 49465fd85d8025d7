//! The hash functions behind one type.

use super::blake2::{Blake2b, Blake2s, Params};
use sha3::digest::generic_array::GenericArray;
use sha3::digest::{ExtendableOutput, XofReader};
use sha3::{Digest, digest};

/// The longest digest of a function that has a length of its own, in bytes.
pub(crate) const MAX_DIGEST: usize = 64;

/// MD5 and SHA-1 of the same data, one after the other, as old versions of TLS sign it.
#[derive(Clone, Default)]
pub(crate) struct Md5Sha1(md5::Md5, sha1::Sha1);

/// A hash function with a length of its own, as HMAC and PBKDF2 want it.
trait Fixed: Clone {
    fn feed(&mut self, data: &[u8]);
    /// Writes the digest to the beginning of `out`.
    fn end(self, out: &mut [u8; MAX_DIGEST]);
}

macro_rules! fixed {
    ($($ty:ty, $size:literal;)*) => {$(
        impl Fixed for $ty {
            fn feed(&mut self, data: &[u8]) {
                Digest::update(self, data);
            }

            fn end(self, out: &mut [u8; MAX_DIGEST]) {
                self.finalize_into(GenericArray::from_mut_slice(&mut out[..$size]));
            }
        }
    )*};
}

macro_rules! fixed_blake2 {
    ($($ty:ty;)*) => {$(
        impl Fixed for $ty {
            fn feed(&mut self, data: &[u8]) {
                self.update(data);
            }

            fn end(self, out: &mut [u8; MAX_DIGEST]) {
                out.iter_mut().zip(self.digest()).for_each(|(to, b)| *to = b);
            }
        }
    )*};
}

fixed_blake2! { Blake2b; Blake2s; }

impl Fixed for Md5Sha1 {
    fn feed(&mut self, data: &[u8]) {
        self.0.feed(data);
        self.1.feed(data);
    }

    fn end(self, out: &mut [u8; MAX_DIGEST]) {
        let mut second = [0; MAX_DIGEST];
        self.0.end(out);
        self.1.end(&mut second);
        out[16..36].copy_from_slice(&second[..20]);
    }
}

/// One block of PBKDF2: `rounds` times HMAC, from hashes that have taken the padded key.
fn pbkdf2_block<H: Fixed>(
    inner: &H,
    outer: &H,
    size: usize,
    salt: &[u8],
    index: u32,
    rounds: u32,
) -> [u8; 64] {
    let mut u = [0; MAX_DIGEST];
    let mut h = inner.clone();
    h.feed(salt);
    h.feed(&index.to_be_bytes());
    h.end(&mut u);
    let mut h = outer.clone();
    h.feed(&u[..size]);
    h.end(&mut u);
    let mut sum = u;
    for _ in 1..rounds {
        let mut h = inner.clone();
        h.feed(&u[..size]);
        h.end(&mut u);
        let mut h = outer.clone();
        h.feed(&u[..size]);
        h.end(&mut u);
        sum.iter_mut().zip(&u).for_each(|(s, u)| *s ^= u);
    }
    sum
}

macro_rules! algorithms {
    ($($variant:ident($ty:ty), $name:literal, $block:literal, $size:literal;)*) => {
        /// A hash in progress.
        #[derive(Clone)]
        #[allow(clippy::large_enum_variant)]
        pub(crate) enum Core {
            $(#[doc = $name] $variant($ty),)*
            /// MD5 and SHA-1
            Md5Sha1(Md5Sha1),
            /// SHAKE128
            Shake128(sha3::Shake128),
            /// SHAKE256
            Shake256(sha3::Shake256),
            /// BLAKE2b and its digest size
            Blake2b(Blake2b, u8),
            /// BLAKE2s and its digest size
            Blake2s(Blake2s, u8),
        }

        fixed! { $($ty, $size;)* }

        impl Core {
            /// The hash of that name in its initial state; BLAKE2 with its longest digest and no parameters.
            pub(crate) fn by_name(name: &str) -> Option<Core> {
                Some(match name {
                    $($name => Core::$variant(<$ty>::new()),)*
                    "md5-sha1" => Core::Md5Sha1(Md5Sha1::default()),
                    "shake_128" => Core::Shake128(sha3::Shake128::default()),
                    "shake_256" => Core::Shake256(sha3::Shake256::default()),
                    "blake2b" => Core::Blake2b(Blake2b::new(&Params::plain(64)), 64),
                    "blake2s" => Core::Blake2s(Blake2s::new(&Params::plain(32)), 32),
                    _ => return None,
                })
            }

            /// Name, bytes of a block, bytes of the digest: 0 if the function has no length of its own.
            pub(crate) fn info(&self) -> (&'static str, usize, usize) {
                match self {
                    $(Core::$variant(_) => ($name, $block, $size),)*
                    Core::Md5Sha1(_) => ("md5-sha1", 64, 36),
                    Core::Shake128(_) => ("shake_128", 168, 0),
                    Core::Shake256(_) => ("shake_256", 136, 0),
                    Core::Blake2b(_, n) => ("blake2b", 128, usize::from(*n)),
                    Core::Blake2s(_, n) => ("blake2s", 64, usize::from(*n)),
                }
            }

            /// Takes more data.
            pub(crate) fn update(&mut self, data: &[u8]) {
                match self {
                    $(Core::$variant(h) => h.feed(data),)*
                    Core::Md5Sha1(h) => h.feed(data),
                    Core::Shake128(h) => digest::Update::update(h, data),
                    Core::Shake256(h) => digest::Update::update(h, data),
                    Core::Blake2b(h, _) => h.feed(data),
                    Core::Blake2s(h, _) => h.feed(data),
                }
            }

            /// The digest, of `length` bytes if the function has no length of its own. `None`: memory is out.
            pub(crate) fn finish(self, length: usize) -> Option<Vec<u8>> {
                let size = self.info().2;
                let mut out = [0; MAX_DIGEST];
                match self {
                    $(Core::$variant(h) => h.end(&mut out),)*
                    Core::Md5Sha1(h) => h.end(&mut out),
                    Core::Shake128(h) => return read(h.finalize_xof(), length),
                    Core::Shake256(h) => return read(h.finalize_xof(), length),
                    Core::Blake2b(h, _) => h.end(&mut out),
                    Core::Blake2s(h, _) => h.end(&mut out),
                }
                Some(out[..size].to_vec())
            }

            /// Block `index` of PBKDF2 with the HMAC of `self` and `outer`, two hashes of one kind that have taken the padded key.
            /// What lies behind the bytes of a digest means nothing.
            pub(crate) fn pbkdf2(&self, outer: &Core, salt: &[u8], index: u32, rounds: u32) -> [u8; MAX_DIGEST] {
                let n = self.info().2;
                match (self, outer) {
                    $((Core::$variant(i), Core::$variant(o)) => pbkdf2_block(i, o, n, salt, index, rounds),)*
                    (Core::Md5Sha1(i), Core::Md5Sha1(o)) => pbkdf2_block(i, o, n, salt, index, rounds),
                    (Core::Blake2b(i, _), Core::Blake2b(o, _)) => pbkdf2_block(i, o, n, salt, index, rounds),
                    (Core::Blake2s(i, _), Core::Blake2s(o, _)) => pbkdf2_block(i, o, n, salt, index, rounds),
                    _ => [0; MAX_DIGEST],
                }
            }
        }
    };
}

fn read(mut from: impl XofReader, length: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    out.try_reserve_exact(length).ok()?;
    out.resize(length, 0);
    from.read(&mut out);
    Some(out)
}

algorithms! {
    Md5(md5::Md5), "md5", 64, 16;
    Sha1(sha1::Sha1), "sha1", 64, 20;
    Sha224(sha2::Sha224), "sha224", 64, 28;
    Sha256(sha2::Sha256), "sha256", 64, 32;
    Sha384(sha2::Sha384), "sha384", 128, 48;
    Sha512(sha2::Sha512), "sha512", 128, 64;
    Sha512x224(sha2::Sha512_224), "sha512_224", 128, 28;
    Sha512x256(sha2::Sha512_256), "sha512_256", 128, 32;
    Sha3x224(sha3::Sha3_224), "sha3_224", 144, 28;
    Sha3x256(sha3::Sha3_256), "sha3_256", 136, 32;
    Sha3x384(sha3::Sha3_384), "sha3_384", 104, 48;
    Sha3x512(sha3::Sha3_512), "sha3_512", 72, 64;
    Ripemd160(ripemd::Ripemd160), "ripemd160", 64, 20;
    Sm3(sm3::Sm3), "sm3", 64, 32;
}
