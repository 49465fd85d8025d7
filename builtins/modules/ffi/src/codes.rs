//! Simple types: one letter each, and how their values are read from memory and written to it.

use crate::data::{hold_wide, keep_bytes};
use crate::longdouble;
use protopy_text::StrBuf;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, StrObj};
use protopy_vm::protocore::{Ctx, Layout, PyResult, Ty, Value};
use protopy_vm::{complex_of, float_of, index, is_true, ops};

/// All letters, in the order in which the message of a wrong one names them.
pub(crate) const ALL: &str = "cbBhHiIlLdDFGfuzZqQPOv?g";

/// Size and alignment in bytes of a simple type.
pub(crate) fn size_align(code: u8) -> Option<(usize, usize)> {
    Some(match code {
        b'c' | b'b' | b'B' | b'?' => (1, 1),
        b'h' | b'H' | b'v' => (2, 2),
        b'i' | b'I' | b'f' | b'u' => (4, 4),
        b'l' | b'L' | b'q' | b'Q' | b'd' | b'z' | b'Z' | b'P' | b'O' => (8, 8),
        b'g' => (longdouble::SIZE, 16),
        b'F' => (8, 4),
        b'D' => (16, 8),
        b'G' => (2 * longdouble::SIZE, 16),
        _ => return None,
    })
}

/// Whether a type of the other byte order exists.
pub(crate) fn swappable(code: u8) -> bool {
    matches!(
        code,
        b'b' | b'B'
            | b'h'
            | b'H'
            | b'i'
            | b'I'
            | b'l'
            | b'L'
            | b'q'
            | b'Q'
            | b'f'
            | b'd'
            | b'?'
            | b'F'
            | b'D'
    )
}

/// Whether instances hold an address.
pub(crate) fn is_pointer(code: u8) -> bool {
    matches!(code, b'z' | b'Z' | b'P' | b'O')
}

/// The letter in buffer formats: those of C's `long` name its size.
pub(crate) fn format_letter(code: u8) -> u8 {
    match code {
        b'l' => b'q',
        b'L' => b'Q',
        c => c,
    }
}

/// Whether a bit field may be of this type.
pub(crate) fn is_integer(code: u8) -> bool {
    matches!(code, b'b' | b'B' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q' | b'?')
}

/// Whether the letter stands for a signed integer.
pub(crate) fn is_signed(code: u8) -> bool {
    matches!(code, b'b' | b'h' | b'i' | b'l' | b'q')
}

/// Reads `N` bytes, in native order.
///
/// # Safety
/// `p` is readable for `N` bytes.
unsafe fn take<const N: usize>(p: *const u8, swapped: bool) -> [u8; N] {
    // SAFETY: by the contract; bytes have no alignment.
    let mut b = unsafe { p.cast::<[u8; N]>().read_unaligned() };
    if swapped {
        b.reverse();
    }
    b
}

/// Writes `N` bytes.
///
/// # Safety
/// `p` is writable for `N` bytes.
unsafe fn give<const N: usize>(p: *mut u8, swapped: bool, mut b: [u8; N]) {
    if swapped {
        b.reverse();
    }
    // SAFETY: by the contract.
    unsafe { p.cast::<[u8; N]>().write_unaligned(b) };
}

/// The bits of an integer of 1, 2, 4 or 8 bytes.
///
/// # Safety
/// `p` is readable for `size` bytes.
pub(crate) unsafe fn load_bits(p: *const u8, size: usize, swapped: bool) -> u64 {
    // SAFETY: by the contract.
    unsafe {
        match size {
            1 => u64::from(p.read()),
            2 => u64::from(u16::from_ne_bytes(take(p, swapped))),
            4 => u64::from(u32::from_ne_bytes(take(p, swapped))),
            _ => u64::from_ne_bytes(take(p, swapped)),
        }
    }
}

/// Writes the low bits of an integer of 1, 2, 4 or 8 bytes.
///
/// # Safety
/// `p` is writable for `size` bytes.
pub(crate) unsafe fn store_bits(p: *mut u8, size: usize, swapped: bool, bits: u64) {
    // SAFETY: by the contract.
    unsafe {
        match size {
            1 => p.write(bits as u8),
            2 => give(p, swapped, (bits as u16).to_ne_bytes()),
            4 => give(p, swapped, (bits as u32).to_ne_bytes()),
            _ => give(p, swapped, bits.to_ne_bytes()),
        }
    }
}

/// An integer of `width` bits as Python sees it.
pub(crate) fn int_value(cx: &mut Ctx, bits: u64, width: u32, signed: bool) -> Value {
    let shift = 64 - width.clamp(1, 64);
    if signed { cx.int(((bits << shift) as i64) >> shift) } else { cx.int_u64(bits << shift >> shift) }
}

/// The low 64 bits of an int; TypeError for what is none.
pub(crate) fn int_bits(cx: &mut Ctx, v: Value) -> PyResult<u64> {
    let n = index(cx, v)?;
    Ok(low_bits(n))
}

/// The low 64 bits of an int in two's complement.
pub(crate) fn low_bits(n: Value) -> u64 {
    match IntRef::of(n) {
        Some(IntRef::Small(n)) => n as u64,
        Some(IntRef::Big(b)) => {
            let low = b.iter_u64_digits().next().unwrap_or(0);
            if b.sign() == num_bigint::Sign::Minus { low.wrapping_neg() } else { low }
        }
        None => 0,
    }
}

/// The str of wide characters; ValueError for what is no code point.
pub(crate) fn wide_str(cx: &mut Ctx, chars: &[u32]) -> PyResult {
    if let Some(c) = chars.iter().find(|c| **c > 0x10_ffff) {
        let msg = format!("character U+{c:x} is not in range [U+0000; U+10ffff]");
        return Err(cx.value_error(&msg));
    }
    let mut b = StrBuf::new();
    for c in chars {
        b.push(*c);
    }
    cx.str_buf(b)
}

/// Wide characters at an address, up to a zero or `max` of them.
///
/// # Safety
/// The memory is readable that far.
pub(crate) unsafe fn read_wide(p: *const u8, max: usize) -> Vec<u32> {
    let mut out = Vec::new();
    for i in 0..max {
        // SAFETY: by the contract.
        let c = unsafe { p.cast::<u32>().add(i).read_unaligned() };
        if c == 0 {
            break;
        }
        out.push(c);
    }
    out
}

/// The Python value of a simple type in memory.
///
/// # Safety
/// `p` is readable for the type's size, and addresses of text in it are those of text.
pub(crate) unsafe fn load(cx: &mut Ctx, code: u8, swapped: bool, p: *const u8) -> PyResult {
    // SAFETY: by the contract.
    unsafe {
        Ok(match code {
            b'b' | b'B' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q' => {
                let size = size_align(code).map_or(8, |s| s.0);
                let bits = load_bits(p, size, swapped);
                int_value(cx, bits, size as u32 * 8, is_signed(code))
            }
            b'c' => return cx.bytes(&[p.read()]),
            b'?' => Value::bool(p.read() != 0),
            b'v' => Value::bool(load_bits(p, 2, false) != 0),
            b'f' => cx.float(f64::from(f32::from_ne_bytes(take(p, swapped)))),
            b'd' => cx.float(f64::from_ne_bytes(take(p, swapped))),
            b'g' => cx.float(longdouble::to_f64(take(p, false))),
            b'F' => {
                let (re, im) =
                    (f32::from_ne_bytes(take(p, swapped)), f32::from_ne_bytes(take(p.add(4), swapped)));
                cx.complex(f64::from(re), f64::from(im))
            }
            b'D' => {
                let (re, im) =
                    (f64::from_ne_bytes(take(p, swapped)), f64::from_ne_bytes(take(p.add(8), swapped)));
                cx.complex(re, im)
            }
            b'G' => {
                let (re, im) = (take(p, false), take(p.add(longdouble::SIZE), false));
                cx.complex(longdouble::to_f64(re), longdouble::to_f64(im))
            }
            b'u' => return wide_str(cx, &[u32::from_ne_bytes(take(p, false))]),
            b'z' => match load_bits(p, 8, false) {
                0 => Value::NONE,
                a => {
                    let s = std::ffi::CStr::from_ptr(a as *const std::ffi::c_char);
                    return cx.bytes(s.to_bytes());
                }
            },
            b'Z' => match load_bits(p, 8, false) {
                0 => Value::NONE,
                a => {
                    let chars = read_wide(a as *const u8, usize::MAX);
                    return wide_str(cx, &chars);
                }
            },
            b'P' => match load_bits(p, 8, false) {
                0 => Value::NONE,
                a => cx.int_u64(a),
            },
            _ => return object_at(cx, load_bits(p, 8, false)),
        })
    }
}

/// The object that a word in C's memory stands for; ValueError if it stands for none.
pub(crate) fn object_at(cx: &mut Ctx, word: u64) -> PyResult {
    if word == 0 {
        return Err(cx.value_error("PyObject is NULL"));
    }
    // SAFETY: the word is not zero; whether it is a live object's address is checked before anything is read.
    let v = unsafe { Value::from_bits(word) };
    // Storage is no object, nor are the constants that the runtime has for itself.
    let real = if v.is_heap() {
        cx.is_object(word) && !matches!(v.layout(), Layout::Values | Layout::DictTable | Layout::Raw)
    } else {
        const SHOWN: [Value; 5] =
            [Value::NONE, Value::FALSE, Value::TRUE, Value::ELLIPSIS, Value::NOT_IMPLEMENTED];
        v.is_small() || v.is_imm_float() || SHOWN.contains(&v)
    };
    if real { Ok(v) } else { Err(cx.value_error("not the address of an object")) }
}

/// Writes a Python value as a simple type. The answer is what has to be kept as long as the memory holds the value, or None.
///
/// # Safety
/// `p` is writable for the type's size.
pub(crate) unsafe fn store(cx: &mut Ctx, code: u8, swapped: bool, p: *mut u8, v: Value) -> PyResult {
    // SAFETY: by the contract.
    unsafe {
        match code {
            b'b' | b'B' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q' => {
                let bits = int_bits(cx, v)?;
                store_bits(p, size_align(code).map_or(8, |s| s.0), swapped, bits);
            }
            b'c' => p.write(character(cx, v)?),
            b'?' => p.write(u8::from(is_true(cx, v)?)),
            b'v' => store_bits(p, 2, false, if is_true(cx, v)? { u64::MAX } else { 0 }),
            b'f' => {
                let f = real(cx, v)?;
                give(p, swapped, (f as f32).to_ne_bytes());
            }
            b'd' => give(p, swapped, real(cx, v)?.to_ne_bytes()),
            b'g' => give(p, false, longdouble::from_f64(real(cx, v)?)),
            b'F' | b'D' | b'G' => {
                let (re, im) = complex(cx, v)?;
                match code {
                    b'F' => {
                        give(p, swapped, (re as f32).to_ne_bytes());
                        give(p.add(4), swapped, (im as f32).to_ne_bytes());
                    }
                    b'D' => {
                        give(p, swapped, re.to_ne_bytes());
                        give(p.add(8), swapped, im.to_ne_bytes());
                    }
                    _ => {
                        give(p, false, longdouble::from_f64(re));
                        give(p.add(longdouble::SIZE), false, longdouble::from_f64(im));
                    }
                }
            }
            b'u' => give(p, false, wide_character(cx, v)?.to_ne_bytes()),
            b'z' => return store_text(cx, p, v),
            b'Z' => return store_wide(cx, p, v),
            b'P' => {
                let a = match v.not_none() {
                    None => 0,
                    Some(_) if IntRef::of(v).is_some() => low_bits(v),
                    Some(_) => return Err(cx.type_error("cannot be converted to pointer")),
                };
                store_bits(p, 8, false, a);
            }
            _ => {
                store_bits(p, 8, false, v.bits());
                return Ok(v);
            }
        }
    }
    Ok(Value::NONE)
}

fn real(cx: &mut Ctx, v: Value) -> PyResult<f64> {
    float_of(cx, v)
}

fn complex(cx: &mut Ctx, v: Value) -> PyResult<(f64, f64)> {
    complex_of(cx, v)
}

fn character(cx: &mut Ctx, v: Value) -> PyResult<u8> {
    const WANT: &str = "one character bytes, bytearray, or an integer in range(256) expected";
    let (word, b) = if let Some(b) = BytesObj::of(v) {
        ("bytes", b.bytes().to_vec())
    } else if cx.is_instance(v, Ty::ByteArray) {
        ("bytearray", protopy_vm::bytes_like(cx, v)?.to_vec())
    } else if let Some(n) = IntRef::of(v) {
        return match n.to_i64().map(u8::try_from) {
            Some(Ok(c)) => Ok(c),
            _ => Err(cx.type_error("integer not in range(256)")),
        };
    } else {
        let msg = format!("{WANT}, not {}", ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    match b.as_slice() {
        [c] => Ok(*c),
        _ => Err(cx.type_error(&format!("{WANT}, not {word} of length {}", b.len()))),
    }
}

fn wide_character(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    let Some(s) = StrObj::of(v) else {
        let msg = format!("a unicode character expected, not instance of {}", ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    let mut chars = s.str_ref().chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(c),
        _ => {
            let msg = format!("a unicode character expected, not a string of length {}", s.len());
            Err(cx.type_error(&msg))
        }
    }
}

/// # Safety
/// `p` is writable for an address.
unsafe fn store_text(cx: &mut Ctx, p: *mut u8, v: Value) -> PyResult {
    let (a, keep) = match v.not_none() {
        None => (0, Value::NONE),
        Some(_) if BytesObj::of(v).is_some() => (keep_bytes(v), v),
        Some(_) if IntRef::of(v).is_some() => (low_bits(v), Value::NONE),
        Some(_) => {
            let msg =
                format!("bytes or integer address expected instead of {} instance", ops::tp_name(cx, v));
            return Err(cx.type_error(&msg));
        }
    };
    // SAFETY: by the contract.
    unsafe { store_bits(p, 8, false, a) };
    Ok(keep)
}

/// # Safety
/// `p` is writable for an address.
unsafe fn store_wide(cx: &mut Ctx, p: *mut u8, v: Value) -> PyResult {
    let (a, keep) = match v.not_none() {
        None => (0, Value::NONE),
        Some(_) if StrObj::of(v).is_some() => hold_wide(cx, v)?,
        Some(_) if IntRef::of(v).is_some() => (low_bits(v), Value::NONE),
        Some(_) => {
            let msg = format!(
                "unicode string or integer address expected instead of {} instance",
                ops::tp_name(cx, v)
            );
            return Err(cx.type_error(&msg));
        }
    };
    // SAFETY: by the contract.
    unsafe { store_bits(p, 8, false, a) };
    Ok(keep)
}

/// Bytes of an array of characters up to the first zero.
///
/// # Safety
/// `p` is readable for `size` bytes.
pub(crate) unsafe fn load_chars(cx: &mut Ctx, p: *const u8, size: usize) -> PyResult {
    // SAFETY: by the contract.
    let all = unsafe { std::slice::from_raw_parts(p, size) };
    let n = all.iter().position(|c| *c == 0).unwrap_or(size);
    cx.bytes(&all[..n])
}

/// The str of an array of wide characters up to the first zero.
///
/// # Safety
/// `p` is readable for `size` bytes.
pub(crate) unsafe fn load_wides(cx: &mut Ctx, p: *const u8, size: usize) -> PyResult {
    // SAFETY: by the contract.
    let chars = unsafe { read_wide(p, size / 4) };
    wide_str(cx, &chars)
}

/// Fills an array of characters that is a field: bytes, and a zero if there is room.
///
/// # Safety
/// `p` is writable for `size` bytes.
pub(crate) unsafe fn store_chars(cx: &mut Ctx, p: *mut u8, size: usize, v: Value) -> PyResult {
    let Some(b) = BytesObj::of(v) else {
        let msg = format!("expected bytes, {} found", ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    let b = b.bytes();
    let b = &b[..b.iter().position(|c| *c == 0).unwrap_or(b.len())];
    if b.len() > size {
        let msg = format!("bytes too long ({}, maximum length {size})", b.len());
        return Err(cx.value_error(&msg));
    }
    // SAFETY: by the contract and the check.
    unsafe {
        std::ptr::copy_nonoverlapping(b.as_ptr(), p, b.len());
        if b.len() < size {
            p.add(b.len()).write(0);
        }
    }
    Ok(Value::NONE)
}

/// Fills an array of wide characters.
///
/// # Safety
/// `p` is writable for `size` bytes.
pub(crate) unsafe fn store_wides(cx: &mut Ctx, p: *mut u8, size: usize, v: Value) -> PyResult {
    let Some(s) = StrObj::of(v) else {
        let msg = format!("unicode string expected instead of {} instance", ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    let (n, room) = (s.len(), size / 4);
    if n > room {
        return Err(cx.value_error(&format!("string too long ({n}, maximum length {room})")));
    }
    // SAFETY: by the contract and the check.
    unsafe {
        for (i, c) in s.str_ref().chars().enumerate() {
            p.cast::<u32>().add(i).write_unaligned(c);
        }
        if n < room {
            p.cast::<u32>().add(n).write_unaligned(0);
        }
    }
    Ok(Value::NONE)
}
