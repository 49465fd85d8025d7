//! Native modules about text and serial forms: _sre, _struct, unicodedata, binascii, _string, _codecs, hash functions.

mod binascii;
mod cjk;
mod codecs;
mod hashes;
mod sre;
mod string_;
mod struct_;
mod unicodedata;

use protopy_vm::ModuleSpec;

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[
    &codecs::MODULE,
    &string_::MODULE,
    &sre::MODULE,
    &struct_::MODULE,
    &binascii::MODULE,
    &unicodedata::MODULE,
    &hashes::MD5,
    &hashes::SHA1,
    &hashes::SHA2,
    &hashes::SHA3,
    &hashes::BLAKE2,
    &hashes::HASHLIB,
    &hashes::HMAC,
    &cjk::MULTIBYTE,
    &cjk::JAPAN,
    &cjk::CHINA,
    &cjk::TAIWAN,
    &cjk::HONG_KONG,
    &cjk::KOREA,
    &cjk::ISO2022,
];
