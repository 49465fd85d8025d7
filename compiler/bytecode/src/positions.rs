//! Positions of instructions: a list, or the packed form that caches hold until somebody asks.
//!
//! Few code objects of a program ever tell a position: it takes a traceback, a tool that watches, or the `co_` tables. So what
//! comes from a cache stays packed, in runs of words that have the same position, and is unpacked for good at the first question.

use crate::Position;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

/// One position for each word of a code object.
#[derive(Clone, Default)]
pub struct Positions {
    list: OnceLock<Vec<Position>>,
    packed: Box<[u8]>,
    words: usize,
}

impl Positions {
    /// Positions of `words` words from their packed form. Damage shows as positions that are wrong or missing, nothing worse.
    pub fn from_packed(packed: &[u8], words: usize) -> Self {
        Self { list: OnceLock::new(), packed: packed.into(), words }
    }

    /// The packed form: for each run the number of its words and four differences, in LEB128.
    pub fn pack(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut last = Position::default();
        for run in self.chunk_by(|a, b| a == b) {
            let Some(&p) = run.first() else { continue };
            put(&mut out, run.len() as u64);
            for (to, from) in
                [(p.line, last.line), (p.end_line, p.line), (p.col, last.col), (p.end_col, p.col)]
            {
                let n = i64::from(to) - i64::from(from);
                put(&mut out, (n << 1 ^ n >> 63) as u64);
            }
            last = p;
        }
        out
    }

    /// The number of words, which takes no unpacking.
    pub fn words(&self) -> usize {
        self.list.get().map_or(self.words, Vec::len)
    }

    /// The list itself.
    pub fn into_vec(self) -> Vec<Position> {
        let Self { list, packed, words } = self;
        list.into_inner().unwrap_or_else(|| unpack(&packed, words))
    }
}

impl From<Vec<Position>> for Positions {
    fn from(list: Vec<Position>) -> Self {
        Self { words: list.len(), list: OnceLock::from(list), packed: Box::default() }
    }
}

impl Deref for Positions {
    type Target = [Position];

    fn deref(&self) -> &[Position] {
        self.list.get_or_init(|| unpack(&self.packed, self.words))
    }
}

impl PartialEq for Positions {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (&b, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(b & 0x7f) << shift;
        if b < 0x80 {
            return Some(n);
        }
    }
    None
}

fn unpack(mut bytes: &[u8], words: usize) -> Vec<Position> {
    let mut list = Vec::with_capacity(words);
    let mut last = Position::default();
    while list.len() < words {
        let Some((n, p)) = run(&mut bytes, last) else { break };
        let n = usize::try_from(n).map_or(words, |n| n.min(words - list.len()));
        list.resize(list.len() + n, p);
        last = p;
    }
    list.resize(words, Position::default());
    list
}

fn run(bytes: &mut &[u8], last: Position) -> Option<(u64, Position)> {
    let n = take(bytes)?;
    let mut add = |base: u32| -> Option<u32> {
        let n = take(bytes)?;
        let n = (n >> 1) as i64 ^ -((n & 1) as i64);
        u32::try_from(i64::from(base).checked_add(n)?).ok()
    };
    let line = add(last.line)?;
    let end_line = add(line)?;
    let col = add(last.col)?;
    let end_col = add(col)?;
    Some((n, Position { line, end_line, col, end_col }))
}
