//! `binascii`: binary data as base64, hexadecimal, uuencoded and quoted-printable text, and two checksums.

use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, Layout, PyResult, Raised, Slot, Tracer, Ty, Value};
use protopy_vm::types::create_type_with_base;
use protopy_vm::{self as vm, BytesLike, ModuleSpec, TypeSpec, methods};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "binascii",
    doc: "Conversion between binary data and ASCII.",
    functions: methods![functions:
        /// Decodes a line of base64.
        ///
        /// Strictly, what no encoder writes is refused.
        "a2b_base64(data, /, *, strict_mode=False)" => a2b_base64;
        /// Binary data of hexadecimal digits.
        "a2b_hex(hexstr, /)" => a2b_hex;
        /// Decodes quoted-printable data.
        "a2b_qp(data, header=False)" => a2b_qp;
        /// Decodes a line of uuencoded data.
        "a2b_uu(data, /)" => a2b_uu;
        /// Encodes a line as base64.
        "b2a_base64(data, /, *, newline=True)" => b2a_base64;
        /// Hexadecimal digits of binary data.
        "b2a_hex(data, sep=<unrepresentable>, bytes_per_sep=1)" => b2a_hex;
        /// Encodes data as quoted-printable.
        ///
        /// Line ends are kept if `istext`, tabs and blanks quoted if `quotetabs`, blanks written as underscores if `header`.
        "b2a_qp(data, quotetabs=False, istext=True, header=False)" => b2a_qp;
        /// Uuencodes a line of up to 45 bytes.
        "b2a_uu(data, /, *, backtick=False)" => b2a_uu;
        /// The CRC-32 of data, continued from another.
        "crc32(data, crc=0, /)" => crc32;
        /// The CRC-CCITT of data, as binhex4 has it.
        "crc_hqx(data, crc, /)" => crc_hqx;
        /// Hexadecimal digits of binary data.
        "hexlify(data, sep=<unrepresentable>, bytes_per_sep=1)" => b2a_hex;
        /// Binary data of hexadecimal digits.
        "unhexlify(hexstr, /)" => a2b_hex;
    ],
    init: Some(init),
};

#[derive(Default)]
struct State {
    error: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.error);
    }
}

static ERROR: TypeSpec = TypeSpec {
    name: "Error",
    module: "binascii",
    layout: Layout::Exception,
    flags: type_flags::BASETYPE | type_flags::DICT,
    ..TypeSpec::BASE
};

static INCOMPLETE: TypeSpec = TypeSpec { name: "Incomplete", ..ERROR };

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let state = cx.space().state::<State>();
    // A module that is imported afresh shares the exception with the first one.
    let t = match state.error.get() {
        Some(t) => t,
        None => {
            let base = cx.ty(Ty::ValueError).value();
            create_type_with_base(cx, &ERROR, base)?
        }
    };
    state.error.init(Some(t));
    vm::set_attr_str(cx, module, "Error", t)?;
    let base = cx.ty(Ty::Exception).value();
    let t = create_type_with_base(cx, &INCOMPLETE, base)?;
    vm::set_attr_str(cx, module, "Incomplete", t)
}

#[cold]
fn error(cx: &mut Ctx, msg: &str) -> Raised {
    let t = cx.space().state::<State>().error.get_or_none();
    let m = cx.str(msg);
    vm::raise_class(cx, t, &[m])
}

/// The bytes of a bytes-like object or an ASCII string.
fn ascii_or_bytes(cx: &mut Ctx, v: Value) -> PyResult<BytesLike> {
    match StrObj::of(v) {
        Some(s) => match s.as_ascii() {
            Some(a) => Ok(BytesLike::Lent(a.as_bytes(), v)),
            None => Err(cx.value_error("string argument should contain only ASCII characters")),
        },
        None if vm::has_buffer(cx, v) => vm::bytes_like(cx, v),
        None => {
            let msg = format!(
                "argument should be bytes, buffer or ASCII string, not '{}'",
                protopy_vm::ops::tp_name(cx, v)
            );
            Err(cx.type_error(&msg))
        }
    }
}

// ---------------------------------------------------------------------------------------------------- base64

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Value of each character; 255 for those outside of the alphabet.
static VALUES: [u8; 256] = {
    let mut t = [255; 256];
    let mut i = 0;
    while i < 64 {
        t[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    t
};

/// Why data is no base64.
enum Bad {
    Text(&'static str),
    Count(usize),
}

/// Decodes; the quartet that is being read has `quad` digits in `bits`, `pads` signs of padding came after the last digit.
fn decode_base64(data: &[u8], strict: bool) -> Result<Vec<u8>, Bad> {
    let mut out = Vec::with_capacity(data.len() / 4 * 3 + 3);
    let (mut quad, mut bits, mut pads) = (0usize, 0u32, 0usize);
    for (i, &c) in data.iter().enumerate() {
        let complete = quad >= 2 && quad + pads >= 4;
        if c == b'=' {
            if strict && (quad == 0 || complete) {
                let leading = i == 0;
                return Err(Bad::Text(if leading {
                    "Leading padding not allowed"
                } else {
                    "Excess padding not allowed"
                }));
            }
            pads += 1;
            continue;
        }
        let v = VALUES[usize::from(c)];
        if v == 255 {
            if strict {
                return Err(Bad::Text("Only base64 data is allowed"));
            }
            continue;
        }
        if strict && pads > 0 {
            return Err(Bad::Text(if complete {
                "Excess data after padding"
            } else {
                "Discontinuous padding not allowed"
            }));
        }
        pads = 0;
        bits = bits << 6 | u32::from(v);
        quad += 1;
        if quad == 4 {
            out.extend_from_slice(&[(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
            (quad, bits) = (0, 0);
        }
    }
    match quad {
        0 => Ok(out),
        1 => Err(Bad::Count(out.len() / 3 * 4 + 1)),
        _ if quad + pads < 4 => Err(Bad::Text("Incorrect padding")),
        2 => {
            out.push((bits >> 4) as u8);
            Ok(out)
        }
        _ => {
            out.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]);
            Ok(out)
        }
    }
}

fn a2b_base64(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = ascii_or_bytes(cx, a[0])?;
    let strict = vm::is_true(cx, a[1])?;
    match cx.computing(data.len(), || decode_base64(&data, strict)) {
        Ok(b) => cx.bytes(&b),
        Err(Bad::Text(msg)) => Err(error(cx, msg)),
        Err(Bad::Count(n)) => {
            let msg = format!(
                "Invalid base64-encoded string: number of data characters ({n}) cannot be 1 more than a multiple of 4"
            );
            Err(error(cx, &msg))
        }
    }
}

fn encode_base64(data: &[u8], out: &mut Vec<u8>) {
    let digit = |n: u32| ALPHABET[(n & 63) as usize];
    for chunk in data.chunks(3) {
        let byte = |i: usize| chunk.get(i).map_or(0, |b| u32::from(*b));
        let n = byte(0) << 16 | byte(1) << 8 | byte(2);
        let mut four = [digit(n >> 18), digit(n >> 12), digit(n >> 6), digit(n)];
        four[chunk.len() + 1..].fill(b'=');
        out.extend_from_slice(&four);
    }
}

fn b2a_base64(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = vm::bytes_like(cx, a[0])?;
    let newline = vm::is_true(cx, a[1])?;
    let mut out = Vec::new();
    if out.try_reserve_exact(data.len().div_ceil(3).saturating_mul(4).saturating_add(1)).is_err() {
        return Err(cx.no_memory());
    }
    cx.computing(data.len(), || encode_base64(&data, &mut out));
    if newline {
        out.push(b'\n');
    }
    cx.bytes(&out)
}

// ---------------------------------------------------------------------------------------------------- hexadecimal

fn hex_value(c: u8) -> Option<u8> {
    char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

fn hex_digits(b: u8, digits: &[u8; 16]) -> [u8; 2] {
    [digits[usize::from(b >> 4)], digits[usize::from(b & 15)]]
}

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

fn a2b_hex(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = ascii_or_bytes(cx, a[0])?;
    if data.len() % 2 != 0 {
        return Err(error(cx, "Odd-length string"));
    }
    let mut out = Vec::with_capacity(data.len() / 2);
    let whole = cx.computing(data.len(), || {
        data.chunks_exact(2).all(|pair| match (hex_value(pair[0]), hex_value(pair[1])) {
            (Some(high), Some(low)) => {
                out.push(high << 4 | low);
                true
            }
            _ => false,
        })
    });
    if whole { cx.bytes(&out) } else { Err(error(cx, "Non-hexadecimal digit found")) }
}

/// The separator argument of `b2a_hex`.
fn separator(cx: &mut Ctx, v: Value) -> PyResult<u8> {
    if vm::len(cx, v)? != 1 {
        return Err(cx.value_error("sep must be length 1."));
    }
    if let Some(s) = StrObj::of(v) {
        return match s.str_ref().get(0).and_then(|c| u8::try_from(c).ok()) {
            Some(c) => Ok(c),
            None => Err(cx.value_error("sep must be ASCII.")),
        };
    }
    if cx.is_instance(v, Ty::Bytes) {
        let b = vm::bytes_like(cx, v)?;
        return Ok(b.first().copied().unwrap_or(b':'));
    }
    Err(cx.type_error("sep must be str or bytes."))
}

fn b2a_hex(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = vm::bytes_like(cx, a[0])?;
    let per = vm::index_i64(cx, a[2], Ty::OverflowError)?;
    if i32::try_from(per).is_err() {
        return Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int"));
    }
    let sep = match a[1].bound() {
        Some(s) => Some(separator(cx, s)?),
        None => None,
    };
    let group = usize::try_from(per.unsigned_abs()).unwrap_or(0);
    let sep = sep.filter(|_| group != 0);
    let mut out = Vec::new();
    if out.try_reserve(data.len().saturating_mul(if sep.is_some() { 3 } else { 2 })).is_err() {
        return Err(cx.no_memory());
    }
    // Groups are counted from the right if the number is positive.
    let first = if per > 0 && group != 0 { data.len() % group } else { 0 };
    cx.computing(data.len(), || {
        for (i, b) in data.iter().enumerate() {
            if let Some(s) = sep
                && i > 0
                && (i + group - first) % group == 0
            {
                out.push(s);
            }
            out.extend_from_slice(&hex_digits(*b, LOWER));
        }
    });
    cx.bytes(&out)
}

// ---------------------------------------------------------------------------------------------------- uuencode

fn a2b_uu(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = ascii_or_bytes(cx, a[0])?;
    let Some((first, rest)) = data.split_first() else { return Err(error(cx, "Missing length byte")) };
    let want = usize::from(first.wrapping_sub(b' ') & 63);
    let mut out = Vec::with_capacity(want);
    let (mut bits, mut have) = (0u32, 0);
    let mut chars = rest.iter().copied();
    while out.len() < want {
        // What is missing at the end of the line were blanks, which stand for zero.
        let v = match chars.next() {
            None | Some(b'\n' | b'\r') => 0,
            Some(c @ b' '..=b'`') => u32::from(c - b' ') & 63,
            Some(_) => return Err(error(cx, "Illegal char")),
        };
        bits = bits << 6 | v;
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push((bits >> have) as u8);
        }
    }
    if chars.any(|c| !matches!(c, b' ' | b'`' | b'\n' | b'\r')) {
        return Err(error(cx, "Trailing garbage"));
    }
    cx.bytes(&out)
}

fn b2a_uu(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = vm::bytes_like(cx, a[0])?;
    let backtick = vm::is_true(cx, a[1])?;
    let len = match u8::try_from(data.len()) {
        Ok(n) if n <= 45 => n,
        _ => return Err(error(cx, "At most 45 bytes at once")),
    };
    let digit = |n: u32| match (n & 63) as u8 {
        0 if backtick => b'`',
        n => b' ' + n,
    };
    let mut out = vec![digit(u32::from(len))];
    for chunk in data.chunks(3) {
        let byte = |i: usize| chunk.get(i).map_or(0, |b| u32::from(*b));
        let n = byte(0) << 16 | byte(1) << 8 | byte(2);
        out.extend_from_slice(&[digit(n >> 18), digit(n >> 12), digit(n >> 6), digit(n)]);
    }
    out.push(b'\n');
    cx.bytes(&out)
}

// ---------------------------------------------------------------------------------------------------- quoted-printable

fn a2b_qp(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = ascii_or_bytes(cx, a[0])?;
    let header = vm::is_true(cx, a[1])?;
    let mut out = Vec::with_capacity(data.len());
    let mut i = 0;
    while let Some(&c) = data.get(i) {
        i += 1;
        match c {
            b'=' => match (data.get(i), data.get(i + 1)) {
                (None, _) => break,
                (Some(b'\n' | b'\r'), _) => {
                    // A soft line break.
                    let end = memchr::memchr(b'\n', &data[i..]).map_or(data.len(), |n| i + n + 1);
                    i = end;
                }
                (Some(b'='), _) => {
                    out.push(b'=');
                    i += 1;
                }
                (Some(&h), Some(&l)) => match (hex_value(h), hex_value(l)) {
                    (Some(h), Some(l)) => {
                        out.push(h << 4 | l);
                        i += 2;
                    }
                    _ => out.push(b'='),
                },
                (Some(_), None) => out.push(b'='),
            },
            b'_' if header => out.push(b' '),
            c => out.push(c),
        }
    }
    cx.bytes(&out)
}

/// Characters of a line of quoted-printable text.
const LINE: usize = 76;

/// How to quote.
struct Quote {
    tabs: bool,
    text: bool,
    header: bool,
    crlf: bool,
}

impl Quote {
    /// Whether the byte at `i` of a line that has `column` characters must be quoted.
    fn needed(&self, data: &[u8], i: usize, column: usize) -> bool {
        let (c, next) = (data[i], data.get(i + 1).copied());
        match c {
            127.. | b'=' => true,
            b'_' => self.header,
            b'.' => column == 0 && matches!(next, None | Some(b'\n' | b'\r' | 0)),
            b'\r' | b'\n' => !self.text,
            b'\t' | b' ' => next.is_none() || self.tabs,
            c => c < 33,
        }
    }

    fn line_end(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.crlf { b"\r\n" } else { b"\n" });
    }

    fn soft_break(&self, out: &mut Vec<u8>) {
        out.push(b'=');
        self.line_end(out);
    }

    fn encode(&self, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(data.len() + data.len() / 8);
        let (mut i, mut column) = (0, 0);
        while let Some(&c) = data.get(i) {
            if self.needed(data, i, column) {
                if column + 3 >= LINE {
                    self.soft_break(&mut out);
                    column = 0;
                }
                out.push(b'=');
                out.extend_from_slice(&hex_digits(c, UPPER));
                column += 3;
                i += 1;
            } else if self.text && (c == b'\n' || c == b'\r' && data.get(i + 1) == Some(&b'\n')) {
                if let Some(&blank @ (b' ' | b'\t')) = out.last() {
                    out.pop();
                    out.push(b'=');
                    out.extend_from_slice(&hex_digits(blank, UPPER));
                }
                self.line_end(&mut out);
                column = 0;
                i += if c == b'\r' { 2 } else { 1 };
            } else {
                if data.get(i + 1).is_some_and(|n| *n != b'\n') && column + 1 >= LINE {
                    self.soft_break(&mut out);
                    column = 0;
                }
                out.push(if self.header && c == b' ' { b'_' } else { c });
                column += 1;
                i += 1;
            }
        }
        out
    }
}

fn b2a_qp(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = vm::bytes_like(cx, a[0])?;
    let tabs = vm::is_true(cx, a[1])?;
    let text = vm::is_true(cx, a[2])?;
    let header = vm::is_true(cx, a[3])?;
    // The first line end tells which kind the text has.
    let out = cx.computing(data.len(), || {
        let crlf = memchr::memchr(b'\n', &data).is_some_and(|n| n > 0 && data[n - 1] == b'\r');
        Quote { tabs, text, header, crlf }.encode(&data)
    });
    cx.bytes(&out)
}

// ---------------------------------------------------------------------------------------------------- checksums

/// The low 32 bits of an int of any size.
pub(crate) fn low_word(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    let n = vm::index(cx, v)?;
    let r = match IntRef::of(n) {
        Some(IntRef::Small(n)) => n as u32,
        Some(IntRef::Big(b)) => {
            let low = b.magnitude().iter_u32_digits().next().unwrap_or(0);
            if b.sign() == num_bigint::Sign::Minus { low.wrapping_neg() } else { low }
        }
        None => 0,
    };
    vm::keep_alive(n);
    Ok(r)
}

fn crc32(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = vm::bytes_like(cx, a[0])?;
    let start = low_word(cx, a[1])?;
    let mut h = crc32fast::Hasher::new_with_initial(start);
    cx.computing(data.len(), || h.update(&data));
    Ok(Value::small(i64::from(h.finalize())))
}

static CCITT: [u16; 256] = {
    let mut t = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut c = (i as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            c = if c & 0x8000 != 0 { c << 1 ^ 0x1021 } else { c << 1 };
            bit += 1;
        }
        t[i] = c;
        i += 1;
    }
    t
};

fn crc_hqx(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let data = vm::bytes_like(cx, a[0])?;
    let start = low_word(cx, a[1])? as u16;
    let step = |crc: u16, b: &u8| crc << 8 ^ CCITT[usize::from((crc >> 8) as u8 ^ b)];
    let crc = cx.computing(data.len(), || data.iter().fold(start, step));
    Ok(Value::small(i64::from(crc)))
}
