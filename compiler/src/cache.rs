//! Code objects on disk.
//!
//! A file is a header - magic, format version, length, checksum of what follows (SipHash-1-3 with fixed keys: it guards
//! against accidents, not attackers) - and a payload. Integers are LEB128; positions, the largest part, are packed
//! ([`protopy_bytecode::Positions`]), and stay so until somebody asks.
//!
//! [`decode`] trusts nothing: after the checksum it still bounds every count by the bytes that are left, nesting by
//! [`MAX_NESTING`], and runs the structural verifier ([`crate::verify::structure`]) over what it has read. Whatever the
//! bytes are, it answers with code that is safe to run or with [`Corrupt`].

use crate::verify;
use protopy_bytecode::{CodeData, Const, ExcEntry, Instr, Op, Positions};
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use std::sync::Arc;

const MAGIC: [u8; 4] = *b"PPYC";

/// Format of the payload; to be raised whenever it or the meaning of an instruction changes. (A change of the instruction list tells by
/// [`protopy_bytecode::fingerprint`].)
pub const VERSION: u16 = 3;

/// What tells files of this format and instruction set from others, in 16 bits.
pub const FORMAT: u16 = {
    let f = protopy_bytecode::fingerprint();
    ((f >> 16) ^ f) as u16 ^ VERSION
};

/// What tells the code of this compiler from that of another: a hash of its sources. Whoever keeps encoded code for later runs keys
/// it by this, since two compilers of one format may translate the same source differently.
pub const FINGERPRINT: u64 = match u64::from_str_radix(env!("PROTOPY_COMPILER_FINGERPRINT"), 10) {
    Ok(n) => n,
    Err(_) => panic!("the build script makes a number"),
};

/// Length of the header.
const HEADER: usize = 4 + 2 + 2 + 8 + 8;

/// Deepest nesting of constants and code objects.
const MAX_NESTING: u32 = 200;

/// The bytes are no code object of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

impl std::fmt::Display for Corrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a code object of this version")
    }
}

impl std::error::Error for Corrupt {}

type Read<T> = Result<T, Corrupt>;

fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0x7072_6f74_6f70_7963, u64::from(VERSION));
    hasher.write(bytes);
    hasher.finish()
}

/// The bytes of a code object.
pub fn encode(code: &CodeData) -> Vec<u8> {
    let mut w = Writer { out: vec![0; HEADER] };
    w.code(code, None);
    let mut out = w.out;
    let sum = checksum(&out[HEADER..]);
    let len = (out.len() - HEADER) as u64;
    out[..4].copy_from_slice(&MAGIC);
    out[4..6].copy_from_slice(&VERSION.to_le_bytes());
    out[6..8].copy_from_slice(&FORMAT.to_le_bytes());
    out[8..16].copy_from_slice(&len.to_le_bytes());
    out[16..24].copy_from_slice(&sum.to_le_bytes());
    out
}

/// The code object that `bytes` encode, verified.
pub fn decode(bytes: &[u8]) -> Result<CodeData, Corrupt> {
    let header = bytes.get(..HEADER).ok_or(Corrupt)?;
    let payload = bytes.get(HEADER..).ok_or(Corrupt)?;
    let word = |at: usize| header.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let half = |at: usize| header.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_le_bytes);
    let sane = header.starts_with(&MAGIC)
        && half(4) == Some(VERSION)
        && half(6) == Some(FORMAT)
        && word(8) == Some(payload.len() as u64)
        && word(16) == Some(checksum(payload));
    if !sane {
        return Err(Corrupt);
    }
    let mut r = Reader { bytes: payload, at: 0, depth: 0 };
    let code = r.code(None)?;
    if r.at != payload.len() {
        return Err(Corrupt);
    }
    verify::structure(&code).map_err(|_| Corrupt)?;
    Ok(code)
}

/// The bytes with the checksum that is right for them: for tests of what lies behind it.
#[doc(hidden)]
pub fn reseal(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(payload) = bytes.get(HEADER..) {
        let sum = checksum(payload);
        if let Some(slot) = bytes.get_mut(16..24) {
            slot.copy_from_slice(&sum.to_le_bytes());
        }
    }
    bytes
}

struct Writer {
    out: Vec<u8>,
}

impl Writer {
    fn u(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.out.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.out.push(n as u8);
    }

    /// A signed number, small ones of either sign being short.
    fn i(&mut self, n: i64) {
        self.u((n << 1 ^ n >> 63) as u64);
    }

    fn bytes(&mut self, b: &[u8]) {
        self.u(b.len() as u64);
        self.out.extend_from_slice(b);
    }

    fn strings(&mut self, list: &[Box<str>]) {
        self.u(list.len() as u64);
        for s in list {
            self.bytes(s.as_bytes());
        }
    }

    fn code(&mut self, c: &CodeData, outer: Option<&Arc<str>>) {
        self.bytes(c.name.as_bytes());
        self.bytes(c.qualname.as_bytes());
        let same = outer.is_some_and(|o| **o == *c.filename);
        self.out.push(u8::from(same));
        if !same {
            self.bytes(c.filename.as_bytes());
        }
        for n in [c.first_line, c.flags, c.argcount, c.posonlyargcount, c.kwonlyargcount] {
            self.u(u64::from(n));
        }
        self.strings(&c.varnames);
        self.strings(&c.cellvars);
        for &r in &c.cell_regs {
            self.u(u64::from(r));
        }
        self.strings(&c.freevars);
        self.u(u64::from(c.free_base));
        self.u(c.hidden.len() as u64);
        for (name, r) in &c.hidden {
            self.bytes(name.as_bytes());
            self.u(u64::from(*r));
        }
        self.u(u64::from(c.nregs));
        self.u(c.consts.len() as u64);
        for k in &c.consts {
            self.constant(k, &c.filename);
        }
        self.strings(&c.names);
        self.instructions(c);
        self.u(c.exceptions.len() as u64);
        for e in &c.exceptions {
            for n in [e.start, e.end - e.start.min(e.end), e.handler, u32::from(e.reg)] {
                self.u(u64::from(n));
            }
        }
    }

    /// Instructions without their cache words, then the positions.
    fn instructions(&mut self, c: &CodeData) {
        let mut words = Vec::with_capacity(c.code.len());
        let mut at = 0;
        while let Some(&word) = c.code.get(at) {
            words.push(word);
            at += 1 + caches(word);
        }
        self.u(words.len() as u64);
        for word in words {
            self.u(u64::from(word as u16));
            self.u(word >> 16);
        }
        self.bytes(&c.positions.pack());
    }

    fn constant(&mut self, k: &Const, file: &Arc<str>) {
        match k {
            Const::None => self.out.push(0),
            Const::True => self.out.push(1),
            Const::False => self.out.push(2),
            Const::Ellipsis => self.out.push(3),
            Const::Int(n) => {
                self.out.push(4);
                self.i(*n);
            }
            Const::BigInt { negative, magnitude } => {
                self.out.push(if *negative { 6 } else { 5 });
                self.bytes(magnitude);
            }
            Const::Float(f) => {
                self.out.push(7);
                self.out.extend_from_slice(&f.to_bits().to_le_bytes());
            }
            Const::Complex(re, im) => {
                self.out.push(8);
                self.out.extend_from_slice(&re.to_bits().to_le_bytes());
                self.out.extend_from_slice(&im.to_bits().to_le_bytes());
            }
            Const::Str(s) => {
                self.out.push(9);
                self.bytes(s.as_bytes());
            }
            Const::WideStr(s) => {
                self.out.push(10);
                self.u(s.len() as u64);
                for &c in s {
                    self.u(u64::from(c));
                }
            }
            Const::Bytes(b) => {
                self.out.push(11);
                self.bytes(b);
            }
            Const::Tuple(items) => self.constants(12, items, file),
            Const::FrozenSet(items) => self.constants(13, items, file),
            Const::Slice(items) => self.constants(14, &items[..], file),
            Const::Code(c) => {
                self.out.push(15);
                self.code(c, Some(file));
            }
        }
    }

    fn constants(&mut self, tag: u8, items: &[Const], file: &Arc<str>) {
        self.out.push(tag);
        self.u(items.len() as u64);
        for k in items {
            self.constant(k, file);
        }
    }
}

fn caches(word: u64) -> usize {
    Op::from_u16(Instr(word).op_number()).map_or(0, |op| op.info().caches)
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    depth: u32,
}

impl Reader<'_> {
    fn byte(&mut self) -> Read<u8> {
        let b = *self.bytes.get(self.at).ok_or(Corrupt)?;
        self.at += 1;
        Ok(b)
    }

    fn u(&mut self) -> Read<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let b = self.byte()?;
            n |= u64::from(b & 0x7f) << shift;
            if b < 0x80 {
                return Ok(n);
            }
        }
        Err(Corrupt)
    }

    fn i(&mut self) -> Read<i64> {
        let n = self.u()?;
        Ok((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    fn u32(&mut self) -> Read<u32> {
        u32::try_from(self.u()?).map_err(|_| Corrupt)
    }

    fn u16(&mut self) -> Read<u16> {
        u16::try_from(self.u()?).map_err(|_| Corrupt)
    }

    /// A count of things that take at least a byte each.
    fn count(&mut self) -> Read<usize> {
        let n = usize::try_from(self.u()?).map_err(|_| Corrupt)?;
        if n > self.bytes.len() - self.at { Err(Corrupt) } else { Ok(n) }
    }

    fn slice(&mut self) -> Read<&[u8]> {
        let n = self.count()?;
        let s = self.bytes.get(self.at..self.at + n).ok_or(Corrupt)?;
        self.at += n;
        Ok(s)
    }

    fn string(&mut self) -> Read<&str> {
        std::str::from_utf8(self.slice()?).map_err(|_| Corrupt)
    }

    fn strings(&mut self) -> Read<Vec<Box<str>>> {
        let n = self.count()?;
        (0..n).map(|_| self.string().map(Into::into)).collect()
    }

    fn f64(&mut self) -> Read<f64> {
        let b = self.bytes.get(self.at..self.at + 8).ok_or(Corrupt)?;
        self.at += 8;
        Ok(f64::from_bits(u64::from_le_bytes(b.try_into().map_err(|_| Corrupt)?)))
    }

    fn code(&mut self, outer: Option<&Arc<str>>) -> Read<CodeData> {
        let mut c =
            CodeData { name: self.string()?.into(), qualname: self.string()?.into(), ..CodeData::default() };
        c.filename = match (self.byte()?, outer) {
            (0, _) => self.string()?.into(),
            (1, Some(outer)) => outer.clone(),
            _ => return Err(Corrupt),
        };
        c.first_line = self.u32()?;
        c.flags = self.u32()?;
        c.argcount = self.u32()?;
        c.posonlyargcount = self.u32()?;
        c.kwonlyargcount = self.u32()?;
        c.varnames = self.strings()?;
        c.cellvars = self.strings()?;
        c.cell_regs = (0..c.cellvars.len()).map(|_| self.u16()).collect::<Read<_>>()?;
        c.freevars = self.strings()?;
        c.free_base = self.u16()?;
        let n = self.count()?;
        c.hidden = (0..n).map(|_| Ok((self.string()?.into(), self.u16()?))).collect::<Read<_>>()?;
        c.nregs = self.u16()?;
        c.consts = self.constants(&c.filename)?;
        c.names = self.strings()?;
        self.instructions(&mut c)?;
        let n = self.count()?;
        c.exceptions = (0..n).map(|_| self.exception()).collect::<Read<_>>()?;
        Ok(c)
    }

    fn exception(&mut self) -> Read<ExcEntry> {
        let start = self.u32()?;
        let end = start.checked_add(self.u32()?).ok_or(Corrupt)?;
        Ok(ExcEntry { start, end, handler: self.u32()?, reg: self.u16()? })
    }

    fn instructions(&mut self, c: &mut CodeData) -> Read<()> {
        let n = self.count()?;
        c.code.reserve(n + n / 2);
        for _ in 0..n {
            let op = u16::try_from(self.u()?).map_err(|_| Corrupt)?;
            let rest = self.u()?;
            if rest >> 48 != 0 {
                return Err(Corrupt);
            }
            let word = u64::from(op) | rest << 16;
            c.code.push(word);
            c.code.resize(c.code.len() + caches(word), 0);
        }
        c.positions = Positions::from_packed(self.slice()?, c.code.len());
        Ok(())
    }

    fn constants(&mut self, file: &Arc<str>) -> Read<Vec<Const>> {
        let n = self.count()?;
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(Corrupt);
        }
        let list = (0..n).map(|_| crate::depth::guarded(self.depth, || self.constant(file))).collect();
        self.depth -= 1;
        list
    }

    fn constant(&mut self, file: &Arc<str>) -> Read<Const> {
        Ok(match self.byte()? {
            0 => Const::None,
            1 => Const::True,
            2 => Const::False,
            3 => Const::Ellipsis,
            4 => Const::Int(self.i()?),
            tag @ (5 | 6) => Const::BigInt { negative: tag == 6, magnitude: self.slice()?.into() },
            7 => Const::Float(self.f64()?),
            8 => Const::Complex(self.f64()?, self.f64()?),
            9 => Const::Str(self.string()?.into()),
            10 => {
                let n = self.count()?;
                let points: Vec<u32> = (0..n).map(|_| self.u32()).collect::<Read<_>>()?;
                if points.iter().any(|&p| p > 0x10_ffff) {
                    return Err(Corrupt);
                }
                Const::WideStr(points.into())
            }
            11 => Const::Bytes(self.slice()?.into()),
            12 => Const::Tuple(self.constants(file)?.into()),
            13 => Const::FrozenSet(self.constants(file)?.into()),
            14 => {
                let items: [Const; 3] = self.constants(file)?.try_into().map_err(|_| Corrupt)?;
                Const::Slice(Box::new(items))
            }
            15 => Const::Code(Arc::new(self.code(Some(file))?)),
            _ => return Err(Corrupt),
        })
    }
}
