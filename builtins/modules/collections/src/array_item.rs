//! Items of `array.array`: type codes, and values as machine words.

use num_traits::ToPrimitive;
use protopy_vm as vm;
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};

/// A type code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// `b`
    I8 = b'b',
    /// `B`
    U8 = b'B',
    /// `u`, of the platform's wchar_t
    Wchar = b'u',
    /// `w`, of code points
    Char = b'w',
    /// `h`
    I16 = b'h',
    /// `H`
    U16 = b'H',
    /// `i`
    I32 = b'i',
    /// `I`
    U32 = b'I',
    /// `l`
    Long = b'l',
    /// `L`
    ULong = b'L',
    /// `q`
    I64 = b'q',
    /// `Q`
    U64 = b'Q',
    /// `f`
    F32 = b'f',
    /// `d`
    F64 = b'd',
}

/// All type codes, as the module lists them.
pub(crate) const CODES: [Code; 14] = [
    Code::I8,
    Code::U8,
    Code::Wchar,
    Code::Char,
    Code::I16,
    Code::U16,
    Code::I32,
    Code::U32,
    Code::Long,
    Code::ULong,
    Code::I64,
    Code::U64,
    Code::F32,
    Code::F64,
];

/// An item in memory order; the first `size` bytes count.
pub(crate) type Raw = [u8; 8];

fn raw(n: u64) -> Raw {
    n.to_ne_bytes()
}

impl Code {
    /// The code of a character.
    pub(crate) fn of(c: u32) -> Option<Code> {
        CODES.into_iter().find(|k| u32::from(*k as u8) == c)
    }

    /// The character.
    pub(crate) fn letter(self) -> char {
        char::from(self as u8)
    }

    /// Bytes of an item.
    pub(crate) const fn size(self) -> usize {
        match self {
            Code::I8 | Code::U8 => 1,
            Code::I16 | Code::U16 => 2,
            Code::I32 | Code::U32 | Code::F32 | Code::Wchar | Code::Char => 4,
            _ => 8,
        }
    }

    /// Item `i` of some bytes, if there is one.
    pub(crate) fn read(self, bytes: &[u8], i: usize) -> Option<Raw> {
        let n = self.size();
        let b = bytes.get(i.checked_mul(n)?..)?.get(..n)?;
        let mut r: Raw = [0; 8];
        // Each length by itself: a move, not a call.
        match n {
            1 => r[..1].copy_from_slice(&b[..1]),
            2 => r[..2].copy_from_slice(&b[..2]),
            4 => r[..4].copy_from_slice(&b[..4]),
            _ => r.copy_from_slice(&b[..8]),
        }
        Some(r)
    }

    /// Overwrites item `i` of some bytes; false if there is none.
    pub(crate) fn write(self, bytes: &mut [u8], i: usize, item: Raw) -> bool {
        let n = self.size();
        let Some(b) = i.checked_mul(n).and_then(|at| bytes.get_mut(at..)?.get_mut(..n)) else { return false };
        match n {
            1 => b[..1].copy_from_slice(&item[..1]),
            2 => b[..2].copy_from_slice(&item[..2]),
            4 => b[..4].copy_from_slice(&item[..4]),
            _ => b[..8].copy_from_slice(&item),
        }
        true
    }

    /// Whether items are characters.
    pub(crate) const fn is_text(self) -> bool {
        matches!(self, Code::Wchar | Code::Char)
    }

    /// The format that the buffer protocol gives.
    pub(crate) fn format(self) -> Box<str> {
        if self.is_text() { "w".into() } else { self.letter().to_string().into() }
    }

    /// The number of the machine format that pickles name.
    pub(crate) fn machine_format(self) -> i64 {
        let base = match self {
            Code::U8 => return 0,
            Code::I8 => return 1,
            Code::U16 => 2,
            Code::I16 => 4,
            Code::U32 => 6,
            Code::I32 => 8,
            Code::ULong | Code::U64 => 10,
            Code::Long | Code::I64 => 12,
            Code::F32 => 14,
            Code::F64 => 16,
            Code::Wchar | Code::Char => 20,
        };
        base + i64::from(cfg!(target_endian = "big"))
    }

    /// The object of an item's bytes; ValueError for what is no code point.
    pub(crate) fn get(self, cx: &mut Ctx, b: &[u8]) -> PyResult {
        let mut word: Raw = [0; 8];
        let n = b.len().min(8);
        word[..n].copy_from_slice(&b[..n]);
        self.get_raw(cx, word)
    }

    /// As [`Code::get`], for an item as [`Code::put`] makes it.
    pub(crate) fn get_raw(self, cx: &mut Ctx, item: Raw) -> PyResult {
        let [a, b, c, d, ..] = item;
        let bits = match self.size() {
            1 => u64::from(a),
            2 => u64::from(u16::from_ne_bytes([a, b])),
            4 => u64::from(u32::from_ne_bytes([a, b, c, d])),
            _ => u64::from_ne_bytes(item),
        };
        Ok(match self {
            Code::I8 => Value::small(i64::from(bits as u8 as i8)),
            Code::U8 | Code::U16 | Code::U32 => Value::small(bits as i64),
            Code::I16 => Value::small(i64::from(bits as u16 as i16)),
            Code::I32 => Value::small(i64::from(bits as u32 as i32)),
            Code::Long | Code::I64 => cx.int(bits.cast_signed()),
            Code::ULong | Code::U64 => cx.int_u64(bits),
            Code::F32 => cx.float(f64::from(f32::from_bits(bits as u32))),
            Code::F64 => cx.float(f64::from_bits(bits)),
            Code::Wchar | Code::Char if bits > 0x10_ffff => {
                return Err(cx.value_error("chr() arg not in range(0x110000)"));
            }
            Code::Wchar | Code::Char => cx.char(bits as u32),
        })
    }

    /// The bytes of an object.
    pub(crate) fn put(self, cx: &mut Ctx, v: Value) -> PyResult<Raw> {
        Ok(match self {
            Code::I8 => one(bounded(cx, v, SHORT, (-128, 127), "signed char")? as u8),
            Code::U8 => one(bounded(cx, v, SHORT, (0, 255), "unsigned byte integer")? as u8),
            Code::I16 => two(bounded(cx, v, SHORT, SHORT.0, SHORT.1)? as u16),
            Code::U16 => two(bounded(cx, v, INT, (0, 65535), "unsigned short")? as u16),
            Code::I32 => four(bounded(cx, v, INT, INT.0, INT.1)? as u32),
            Code::U32 => four(unsigned_int(cx, v)?),
            Code::Long => raw(signed(cx, v, "Python int too large to convert to C long")?.cast_unsigned()),
            Code::ULong => raw(unsigned(cx, v, NEGATIVE_INT, TOO_LARGE)?),
            Code::I64 => raw(signed(cx, v, "int too big to convert")?.cast_unsigned()),
            Code::U64 => {
                raw(unsigned(cx, v, "can't convert negative int to unsigned", "int too big to convert")?)
            }
            Code::F32 => four((vm::float_of(cx, v)? as f32).to_bits()),
            Code::F64 => raw(vm::float_of(cx, v)?.to_bits()),
            Code::Wchar | Code::Char => four(character(cx, v)?),
        })
    }
}

const NEGATIVE_INT: &str = "can't convert negative value to unsigned int";
const TOO_LARGE: &str = "Python int too large to convert to C unsigned long";

type Range = (i64, i64);
/// What a narrow item is converted to first, with the name that errors give it.
const SHORT: (Range, &str) = ((-32768, 32767), "signed short integer");
const INT: (Range, &str) = ((-0x8000_0000, 0x7fff_ffff), "signed integer");

fn padded<const N: usize>(b: [u8; N]) -> Raw {
    let mut r: Raw = [0; 8];
    r[..N].copy_from_slice(&b);
    r
}

fn one(n: u8) -> Raw {
    padded([n])
}

fn two(n: u16) -> Raw {
    padded(n.to_ne_bytes())
}

fn four(n: u32) -> Raw {
    padded(n.to_ne_bytes())
}

#[cold]
fn overflow(cx: &mut Ctx, msg: &str) -> Raised {
    cx.raise_str(Ty::OverflowError, msg)
}

fn signed(cx: &mut Ctx, v: Value, msg: &str) -> PyResult<i64> {
    if let Some(n) = v.as_small() {
        return Ok(n);
    }
    let n = vm::index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64) {
        Some(n) => Ok(n),
        None => Err(overflow(cx, msg)),
    }
}

fn within(cx: &mut Ctx, n: i64, (low, high): Range, name: &str) -> PyResult<i64> {
    if n > high {
        return Err(overflow(cx, &format!("{name} is greater than maximum")));
    }
    if n < low {
        return Err(overflow(cx, &format!("{name} is less than minimum")));
    }
    Ok(n)
}

fn bounded(cx: &mut Ctx, v: Value, via: (Range, &str), range: Range, name: &str) -> PyResult<i64> {
    let n = signed(cx, v, "Python int too large to convert to C long")?;
    let n = within(cx, n, via.0, via.1)?;
    within(cx, n, range, name)
}

fn unsigned(cx: &mut Ctx, v: Value, negative: &str, large: &str) -> PyResult<u64> {
    let n = vm::index(cx, v)?;
    let r = match IntRef::of(n) {
        Some(i) if i.signum() < 0 => return Err(overflow(cx, negative)),
        Some(IntRef::Small(i)) => u64::try_from(i).ok(),
        Some(IntRef::Big(b)) => b.to_u64(),
        None => None,
    };
    vm::keep_alive(n);
    match r {
        Some(n) => Ok(n),
        None => Err(overflow(cx, large)),
    }
}

fn unsigned_int(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    let n = unsigned(cx, v, NEGATIVE_INT, TOO_LARGE)?;
    match u32::try_from(n) {
        Ok(n) => Ok(n),
        Err(_) => Err(overflow(cx, "unsigned int is greater than maximum")),
    }
}

fn character(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    let Some(s) = StrObj::of(v) else {
        let msg = format!("array item must be a unicode character, not {}", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    match (s.len(), s.str_ref().get(0)) {
        (1, Some(c)) => Ok(c),
        (n, _) => {
            let msg = format!("array item must be a unicode character, not a string of length {n}");
            Err(cx.type_error(&msg))
        }
    }
}
