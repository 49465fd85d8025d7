//! The constant table of a code object.
//!
//! Equal constants of equal type share an entry: `1`, `1.0` and `True` do not, nor do `0.0` and `-0.0`.

use protopy_bytecode::Const;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A constant as a hash key: its kind and bits.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    None,
    Bool(bool),
    Ellipsis,
    Int(i64),
    Big(bool, Box<[u8]>),
    Float(u64),
    Complex(u64, u64),
    Str(Box<str>),
    Wide(Box<[u32]>),
    Bytes(Box<[u8]>),
    Tuple(Box<[Key]>),
    Set(Box<[Key]>),
    Slice(Box<[Key]>),
    Code(usize),
}

fn key(c: &Const) -> Key {
    match c {
        Const::None => Key::None,
        Const::True => Key::Bool(true),
        Const::False => Key::Bool(false),
        Const::Ellipsis => Key::Ellipsis,
        Const::Int(n) => Key::Int(*n),
        Const::BigInt { negative, magnitude } => Key::Big(*negative, magnitude.clone()),
        Const::Float(f) => Key::Float(f.to_bits()),
        Const::Complex(re, im) => Key::Complex(re.to_bits(), im.to_bits()),
        Const::Str(s) => Key::Str(s.clone()),
        Const::WideStr(s) => Key::Wide(s.clone()),
        Const::Bytes(b) => Key::Bytes(b.clone()),
        Const::Tuple(items) => Key::Tuple(items.iter().map(key).collect()),
        Const::FrozenSet(items) => Key::Set(items.iter().map(key).collect()),
        Const::Slice(items) => Key::Slice(items.iter().map(key).collect()),
        Const::Code(code) => Key::Code(Arc::as_ptr(code) as usize),
    }
}

/// Constants in order, each once.
#[derive(Default)]
pub(crate) struct ConstTable {
    list: Vec<Const>,
    index: FxHashMap<Key, u32>,
}

impl ConstTable {
    /// The index of a constant.
    pub fn add(&mut self, c: Const) -> u32 {
        let k = key(&c);
        if let Some(&i) = self.index.get(&k) {
            return i;
        }
        let i = self.list.len() as u32;
        self.list.push(c);
        self.index.insert(k, i);
        i
    }

    pub fn into_vec(self) -> Vec<Const> {
        self.list
    }
}
