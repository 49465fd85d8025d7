//! The hash functions behind one type.

use super::blake2::{Blake2b, Blake2s};
use sha3::digest::{ExtendableOutput, XofReader};
use sha3::{Digest, digest};

macro_rules! algorithms {
    ($($variant:ident($ty:ty), $name:literal, $block:literal, $size:literal;)*) => {
        /// A hash in progress.
        #[derive(Clone)]
        #[allow(clippy::large_enum_variant)]
        pub(crate) enum Core {
            $(#[doc = $name] $variant($ty),)*
            /// SHAKE128
            Shake128(sha3::Shake128),
            /// SHAKE256
            Shake256(sha3::Shake256),
            /// BLAKE2b and its digest size
            Blake2b(Blake2b, u8),
            /// BLAKE2s and its digest size
            Blake2s(Blake2s, u8),
        }

        impl Core {
            /// The hash of that name in its initial state; not for BLAKE2.
            pub(crate) fn by_name(name: &str) -> Option<Core> {
                Some(match name {
                    $($name => Core::$variant(<$ty>::new()),)*
                    "shake_128" => Core::Shake128(sha3::Shake128::default()),
                    "shake_256" => Core::Shake256(sha3::Shake256::default()),
                    _ => return None,
                })
            }

            /// Name, bytes of a block, bytes of the digest.
            pub(crate) fn info(&self) -> (&'static str, usize, usize) {
                match self {
                    $(Core::$variant(_) => ($name, $block, $size),)*
                    Core::Shake128(_) => ("shake_128", 168, 0),
                    Core::Shake256(_) => ("shake_256", 136, 0),
                    Core::Blake2b(_, n) => ("blake2b", 128, usize::from(*n)),
                    Core::Blake2s(_, n) => ("blake2s", 64, usize::from(*n)),
                }
            }

            /// Takes more data.
            pub(crate) fn update(&mut self, data: &[u8]) {
                match self {
                    $(Core::$variant(h) => Digest::update(h, data),)*
                    Core::Shake128(h) => digest::Update::update(h, data),
                    Core::Shake256(h) => digest::Update::update(h, data),
                    Core::Blake2b(h, _) => h.update(data),
                    Core::Blake2s(h, _) => h.update(data),
                }
            }

            /// The digest, of `length` bytes if the function has no length of its own.
            pub(crate) fn finish(self, length: usize) -> Vec<u8> {
                match self {
                    $(Core::$variant(h) => h.finalize().to_vec(),)*
                    Core::Shake128(h) => read(h.finalize_xof(), length),
                    Core::Shake256(h) => read(h.finalize_xof(), length),
                    Core::Blake2b(h, _) => h.digest(),
                    Core::Blake2s(h, _) => h.digest(),
                }
            }
        }
    };
}

fn read(mut from: impl XofReader, length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    from.read(&mut out);
    out
}

algorithms! {
    Md5(md5::Md5), "md5", 64, 16;
    Sha1(sha1::Sha1), "sha1", 64, 20;
    Sha224(sha2::Sha224), "sha224", 64, 28;
    Sha256(sha2::Sha256), "sha256", 64, 32;
    Sha384(sha2::Sha384), "sha384", 128, 48;
    Sha512(sha2::Sha512), "sha512", 128, 64;
    Sha3x224(sha3::Sha3_224), "sha3_224", 144, 28;
    Sha3x256(sha3::Sha3_256), "sha3_256", 136, 32;
    Sha3x384(sha3::Sha3_384), "sha3_384", 104, 48;
    Sha3x512(sha3::Sha3_512), "sha3_512", 72, 64;
}
