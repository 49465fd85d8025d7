//! Integers from and to text.
//!
//! Decimal conversion in both directions is sub-quadratic. For output `num-bigint` divides and conquers
//! itself; its input is quadratic, so long inputs are split here at a power of the base.

use num_bigint::{BigInt, BigUint, Sign};
use num_traits::{Signed, ToPrimitive};

use super::Int;

/// The initial value of `sys.set_int_max_str_digits`.
pub const DEFAULT_MAX_STR_DIGITS: usize = 4300;

/// Digits that are converted without splitting.
const LEAF_DIGITS: usize = 512;

/// Why a literal has no value; both are `ValueError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseIntError {
    /// invalid literal for int() with base ...
    Invalid,
    /// Exceeds the limit (... digits) for integer string conversion: value has `digits` digits; ...
    TooManyDigits {
        /// Digits of the literal, underscores not counted.
        digits: usize,
    },
}

/// An integer whose decimal text would exceed the limit of `sys.set_int_max_str_digits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyDigits;

/// C's `isspace`, which is what numeric literals are stripped of.
#[inline]
pub fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, 9..=13 | 32)
}

/// The bytes without surrounding ASCII white space.
pub fn strip_ascii_space(mut s: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = s
        && is_ascii_space(*first)
    {
        s = rest;
    }
    while let [rest @ .., last] = s
        && is_ascii_space(*last)
    {
        s = rest;
    }
    s
}

/// Non-ASCII white space as `str.isspace` has it.
fn is_unicode_space(cp: u32) -> bool {
    matches!(cp, 0x85 | 0xa0 | 0x1680 | 0x2000..=0x200a | 0x2028 | 0x2029 | 0x202f | 0x205f | 0x3000)
}

/// The text of a numeric literal in ASCII: Unicode decimal digits become ASCII ones, Unicode white space
/// a space, anything else that is not ASCII a `?`, which no literal contains. ASCII stays.
pub fn ascii_number(text: impl Iterator<Item = u32>, decimal: impl Fn(u32) -> Option<u32>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.size_hint().0);
    for cp in text {
        out.push(match u8::try_from(cp) {
            Ok(byte) if byte < 0x80 => byte,
            _ if is_unicode_space(cp) => b' ',
            _ => match decimal(cp) {
                Some(digit @ 0..=9) => b'0' + digit as u8,
                _ => b'?',
            },
        });
    }
    out
}

/// `int(text, base)` of code points; `decimal` gives a code point's value as a Unicode decimal digit.
pub fn parse_int(
    text: impl Iterator<Item = u32>,
    base: u32,
    max_digits: usize,
    decimal: impl Fn(u32) -> Option<u32>,
) -> Result<Int, ParseIntError> {
    parse_int_ascii(&ascii_number(text, decimal), base, max_digits)
}

/// `int(text, base)` of ASCII text or of bytes. `base` is 0 or 2 to 36; `max_digits` 0 means no limit.
pub fn parse_int_ascii(text: &[u8], base: u32, max_digits: usize) -> Result<Int, ParseIntError> {
    if base == 10
        && let Some(n) = short_decimal(text)
    {
        return Ok(Int::Small(n));
    }
    if base == 1 || base > 36 {
        return Err(ParseIntError::Invalid);
    }
    let s = strip_ascii_space(text);
    let (negative, s) = match s {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, s),
    };
    let (base, only_zero, s) = split_prefix(s, base);
    let scan = scan_digits(s, base)?;
    if scan.end != s.len() {
        return Err(ParseIntError::Invalid);
    }
    if !base.is_power_of_two() && max_digits > 0 && scan.digits > max_digits {
        return Err(ParseIntError::TooManyDigits { digits: scan.digits });
    }
    let n = digits_value(s, base, scan.digits);
    if only_zero && n != Int::Small(0) {
        return Err(ParseIntError::Invalid);
    }
    Ok(match n {
        Int::Small(n) if negative => Int::Small(-n),
        Int::Big(n) if negative => Int::from(-n),
        n => n,
    })
}

/// The common case: up to eighteen ASCII digits after an optional minus sign.
#[inline]
fn short_decimal(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut n = 0i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        n = n * 10 + i64::from(digit);
    }
    Some(if negative { -n } else { n })
}

/// Resolves base 0 and drops a prefix; the flag says that only zero may follow.
fn split_prefix(s: &[u8], base: u32) -> (u32, bool, &[u8]) {
    let prefix = match s {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => 0,
    };
    if prefix != 0 && (base == 0 || base == prefix) {
        let rest = &s[2..];
        return (prefix, false, rest.strip_prefix(b"_").unwrap_or(rest));
    }
    if base == 0 {
        return (10, s.first() == Some(&b'0'), s);
    }
    (base, false, s)
}

/// The value of each ASCII letter or digit; 255 for all else.
const DIGIT_VALUES: [u8; 256] = {
    let mut table = [u8::MAX; 256];
    let mut i = 0;
    while i < 10 {
        table[b'0' as usize + i] = i as u8;
        i += 1;
    }
    i = 0;
    while i < 26 {
        table[b'a' as usize + i] = 10 + i as u8;
        table[b'A' as usize + i] = 10 + i as u8;
        i += 1;
    }
    table
};

/// The value of a digit; 255 when it is none.
#[inline]
fn digit_value(byte: u8) -> u8 {
    DIGIT_VALUES[usize::from(byte)]
}

/// What [`scan_digits`] saw.
struct Scan {
    /// Digits, underscores not counted.
    digits: usize,
    /// Where the first other character stands.
    end: usize,
}

/// Counts digits with single underscores between them.
fn scan_digits(s: &[u8], base: u32) -> Result<Scan, ParseIntError> {
    let (mut digits, mut end, mut after_digit) = (0, 0, false);
    for &byte in s {
        if byte == b'_' {
            if !after_digit {
                return Err(ParseIntError::Invalid);
            }
            after_digit = false;
        } else if u32::from(digit_value(byte)) < base {
            digits += 1;
            after_digit = true;
        } else {
            break;
        }
        end += 1;
    }
    if after_digit { Ok(Scan { digits, end }) } else { Err(ParseIntError::Invalid) }
}

/// The value of checked digits.
fn digits_value(s: &[u8], base: u32, digits: usize) -> Int {
    let values = s.iter().filter(|&&byte| byte != b'_').map(|&byte| digit_value(byte));
    let bits_each = 32 - (base - 1).leading_zeros();
    if digits.saturating_mul(bits_each as usize) < 63 {
        return Int::Small(values.fold(0, |n, v| n * i64::from(base) + i64::from(v)));
    }
    let mut significant = Vec::with_capacity(digits);
    significant.extend(values);
    let zeros = significant.iter().take_while(|&&value| value == 0).count();
    let values = &significant[zeros..];
    let magnitude = if base.is_power_of_two() {
        BigUint::from_radix_be(values, base).unwrap_or_default()
    } else if values.len() <= LEAF_DIGITS {
        leaf_value(values, base)
    } else {
        join_digits(values, base)
    };
    Int::from(BigInt::from(magnitude))
}

/// Converts few digits by Horner's rule, as many at a time as fit a limb.
fn leaf_value(values: &[u8], base: u32) -> BigUint {
    let wide = u64::from(base);
    let mut limbs: Vec<u64> = Vec::with_capacity(values.len() / 12 + 1);
    let mut rest = values;
    while !rest.is_empty() {
        let (mut chunk, mut power) = (0u64, 1u64);
        while let [first, tail @ ..] = rest
            && let Some(next) = power.checked_mul(wide)
        {
            // Below `next`, which fits.
            chunk = chunk * wide + u64::from(*first);
            power = next;
            rest = tail;
        }
        let mut carry = chunk;
        for limb in &mut limbs {
            let product = u128::from(*limb) * u128::from(power) + u128::from(carry);
            *limb = product as u64;
            carry = (product >> 64) as u64;
        }
        if carry != 0 {
            limbs.push(carry);
        }
    }
    from_limbs(&limbs)
}

/// The number of little-endian limbs.
pub(super) fn from_limbs(limbs: &[u64]) -> BigUint {
    BigUint::new(limbs.iter().flat_map(|&limb| [limb as u32, (limb >> 32) as u32]).collect())
}

/// Converts digits by halves, squaring the power that joins them from level to level.
fn join_digits(values: &[u8], base: u32) -> BigUint {
    let leaf = |chunk: &[u8]| leaf_value(chunk, base);
    // The chunks are aligned at the end: only the first one is short.
    let mut parts: Vec<BigUint> = values.rchunks(LEAF_DIGITS).map(leaf).collect();
    let mut power = BigUint::from(base).pow(LEAF_DIGITS as u32);
    while parts.len() > 1 {
        let joined = parts.chunks(2).map(|pair| match pair {
            [low, high] => high * &power + low,
            _ => pair[0].clone(),
        });
        parts = joined.collect();
        if parts.len() > 1 {
            power = &power * &power;
        }
    }
    parts.pop().unwrap_or_default()
}

/// Room for the decimal text of any `i64`.
#[derive(Clone, Copy, Debug)]
pub struct DecimalBuf([u8; 20]);

impl DecimalBuf {
    /// An empty buffer.
    pub const fn new() -> DecimalBuf {
        DecimalBuf([0; 20])
    }
}

impl Default for DecimalBuf {
    fn default() -> DecimalBuf {
        DecimalBuf::new()
    }
}

/// Two digits a table entry.
const DIGIT_PAIRS: [[u8; 2]; 100] = {
    let mut table = [[0u8; 2]; 100];
    let mut i = 0;
    while i < 100 {
        table[i] = [b'0' + (i / 10) as u8, b'0' + (i % 10) as u8];
        i += 1;
    }
    table
};

/// Writes `n` in decimal at the end of `buf`, returning where it starts.
#[inline]
fn write_decimal(buf: &mut [u8], mut n: u64) -> usize {
    let mut at = buf.len();
    while n >= 100 {
        at -= 2;
        buf[at..at + 2].copy_from_slice(&DIGIT_PAIRS[(n % 100) as usize]);
        n /= 100;
    }
    if n >= 10 {
        at -= 2;
        buf[at..at + 2].copy_from_slice(&DIGIT_PAIRS[n as usize]);
    } else {
        at -= 1;
        buf[at] = b'0' + n as u8;
    }
    at
}

/// The decimal text of a machine word, without allocating.
#[inline]
pub fn format_i64(n: i64, buf: &mut DecimalBuf) -> &str {
    let mut at = write_decimal(&mut buf.0, n.unsigned_abs());
    if n < 0 {
        at -= 1;
        buf.0[at] = b'-';
    }
    ascii_str(&buf.0[at..])
}

/// ASCII bytes as text.
fn ascii_str(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// `str(n)`, refused past `max_digits` digits (0 means no limit).
pub fn format_decimal(n: &BigInt, max_digits: usize) -> Result<String, TooManyDigits> {
    // A number of b bits has at least (b-1)*log10(2) digits: long ones are refused without converting.
    if max_digits > 0 && (n.bits().saturating_sub(1)) as f64 * std::f64::consts::LOG10_2 > max_digits as f64 {
        return Err(TooManyDigits);
    }
    if let Some(small) = n.to_i64() {
        return Ok(format_i64(small, &mut DecimalBuf::new()).to_owned());
    }
    let text = match n.magnitude().to_u128() {
        Some(magnitude) => format_u128(magnitude, n.is_negative()),
        None => format_digits(n, 10, ""),
    };
    if max_digits > 0 && text.len() - usize::from(n.is_negative()) > max_digits {
        return Err(TooManyDigits);
    }
    Ok(text)
}

/// Decimal text of up to 39 digits.
fn format_u128(n: u128, negative: bool) -> String {
    const CHUNK: u128 = 10_000_000_000_000_000_000;
    let mut buf = [b'0'; 60];
    let (mut rest, mut end, mut at) = (n, buf.len(), buf.len());
    while rest > 0 {
        at = write_decimal(&mut buf[..end], (rest % CHUNK) as u64);
        rest /= CHUNK;
        end -= 19;
    }
    if negative {
        at -= 1;
        buf[at] = b'-';
    }
    ascii_str(&buf[at..]).to_owned()
}

/// Sign, prefix and digits in any base.
fn format_digits(n: &BigInt, base: u32, prefix: &str) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut out = n.magnitude().to_radix_le(base);
    for digit in &mut out {
        *digit = DIGITS.get(usize::from(*digit)).copied().unwrap_or(b'?');
    }
    out.extend(prefix.bytes().rev());
    if n.sign() == Sign::Minus {
        out.push(b'-');
    }
    out.reverse();
    String::from_utf8(out).unwrap_or_default()
}

/// The prefix of `bin`, `oct` and `hex`.
fn prefix_of(base: u32, prefix: bool) -> &'static str {
    match base {
        2 if prefix => "0b",
        8 if prefix => "0o",
        16 if prefix => "0x",
        _ => "",
    }
}

/// The text of `n` in a base from 2 to 36 in lower case, with `0b`, `0o` or `0x` if wanted.
pub fn format_radix(n: &BigInt, base: u32, prefix: bool) -> String {
    format_digits(n, base.clamp(2, 36), prefix_of(base, prefix))
}

/// [`format_radix`] of a machine word.
pub fn format_radix_i64(n: i64, base: u32, prefix: bool) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let wide = u64::from(base.clamp(2, 36));
    let mut buf = [0u8; 68];
    let (mut rest, mut at) = (n.unsigned_abs(), buf.len());
    loop {
        at -= 1;
        buf[at] = DIGITS[(rest % wide) as usize];
        rest /= wide;
        if rest == 0 {
            break;
        }
    }
    for byte in prefix_of(base, prefix).bytes().rev() {
        at -= 1;
        buf[at] = byte;
    }
    if n < 0 {
        at -= 1;
        buf[at] = b'-';
    }
    ascii_str(&buf[at..]).to_owned()
}
