//! The interned strings of a space: of each content one object, found by a str or by its ASCII text.
//!
//! Hashes are SipHash values already (`Ctx::hash_bytes`), so the table takes them as they are. Strings live as long as their space.

use crate::layouts::{StrObj, str_flags};
use crate::value::Value;
use dashmap::DashMap;
use protopy_text::StrRef;
use std::borrow::Borrow;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

/// Takes the one word that is written for the hash.
#[derive(Default)]
struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*b);
        }
    }

    fn write_i64(&mut self, n: i64) {
        self.0 = n as u64;
    }
}

/// What strings are found by.
trait Text {
    /// As `Ctx::str_hash` computes it.
    fn hash(&self) -> i64;

    fn content(&self) -> Option<StrRef<'_>>;
}

impl PartialEq for dyn Text + '_ {
    fn eq(&self, other: &Self) -> bool {
        match (self.content(), other.content()) {
            (Some(StrRef::Latin1(a)), Some(StrRef::Latin1(b))) => a == b,
            (Some(StrRef::Ucs2(a)), Some(StrRef::Ucs2(b))) => a == b,
            (Some(StrRef::Ucs4(a)), Some(StrRef::Ucs4(b))) => a == b,
            _ => false,
        }
    }
}

impl Eq for dyn Text + '_ {}

impl Hash for dyn Text + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_i64(Text::hash(self));
    }
}

/// An interned str, or one whose hash is known.
#[derive(Clone, Copy)]
struct Key(Value);

impl Text for Key {
    fn hash(&self) -> i64 {
        StrObj::of(self.0).map_or(0, |s| s.hash.load(Ordering::Relaxed))
    }

    fn content(&self) -> Option<StrRef<'_>> {
        StrObj::of(self.0).map(StrObj::str_ref)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        (self as &dyn Text) == (other as &dyn Text)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_i64(Text::hash(self));
    }
}

impl<'a> Borrow<dyn Text + 'a> for Key {
    fn borrow(&self) -> &(dyn Text + 'a) {
        self
    }
}

/// ASCII text and its hash.
struct Ascii<'t>(&'t [u8], i64);

impl Text for Ascii<'_> {
    fn hash(&self) -> i64 {
        self.1
    }

    fn content(&self) -> Option<StrRef<'_>> {
        Some(StrRef::Latin1(self.0))
    }
}

/// The interned strings of a space.
#[derive(Default)]
pub(crate) struct Interned {
    all: DashMap<Key, (), BuildHasherDefault<Ready>>,
    /// What was interned since the last collection: all that a minor one has to look at.
    new: Mutex<Vec<Value>>,
}

impl Interned {
    /// The one string of this content: `s` itself, marked, or an earlier one. The hash of `s` is known.
    pub(crate) fn intern(&self, s: Value) -> Value {
        if let Some(v) = self.find(s) {
            return v;
        }
        let e = self.all.entry(Key(s)).or_insert_with(|| {
            if let Some(o) = StrObj::of(s) {
                o.header.flags.fetch_or(str_flags::INTERNED, Ordering::Relaxed);
            }
            crate::heap::locked(&self.new).push(s);
        });
        e.key().0
    }

    /// The interned string equal to `s`, whose hash is known, if there is one.
    pub(crate) fn find(&self, s: Value) -> Option<Value> {
        self.all.get(&Key(s)).map(|e| e.key().0)
    }

    /// The interned string of this text, if there is one; `hash` as of a str.
    pub(crate) fn find_ascii(&self, text: &[u8], hash: i64) -> Option<Value> {
        self.all.get(&Ascii(text, hash) as &dyn Text).map(|e| e.key().0)
    }

    /// Visits the strings: all, or those that are new since the last collection.
    pub(crate) fn each(&self, new: bool, visit: &mut dyn FnMut(Value)) {
        if new {
            crate::heap::locked(&self.new).iter().for_each(|v| visit(*v));
        } else {
            self.all.iter().for_each(|e| visit(e.key().0));
        }
    }

    /// A collection has ended: what is interned is old.
    pub(crate) fn age(&self) {
        *crate::heap::locked(&self.new) = Vec::new();
    }
}
