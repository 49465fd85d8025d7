//! The commonest format specifications, `05d`, `x`, `.2f` and their like, without a parse tree and without memory.
//!
//! They are a zero or nothing, a width, a precision and a type, all optional, for a number of moderate size. Whatever else there is
//! (alignment, fill, sign, separators, wide fields) is left to [`super::FormatSpec`], and so are all errors.

use super::percent::{Amount, Directive};
use std::io::Write;

/// Greatest width.
const WIDEST: usize = 60;

/// Greatest precision.
const FINEST: usize = 17;

/// Floats from here on are left to others.
const LARGE: f64 = 1e15;

/// A number's text.
pub struct QuickText {
    bytes: [u8; 128],
    len: usize,
}

impl QuickText {
    /// The ASCII text.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }

    fn new(spec: QuickSpec, negative: bool, digits: &[u8]) -> Option<QuickText> {
        let mut text = QuickText { bytes: [b' '; 128], len: 0 };
        let sign = usize::from(negative);
        let pad = spec.width.saturating_sub(digits.len() + sign);
        text.len = pad + sign + digits.len();
        let (before, number) = text.bytes.get_mut(..text.len)?.split_at_mut_checked(pad + sign)?;
        number.copy_from_slice(digits);
        if spec.zero {
            before.fill(b'0');
        }
        if negative {
            *(if spec.zero { before.first_mut() } else { before.last_mut() })? = b'-';
        }
        Some(text)
    }
}

/// A common specification.
#[derive(Clone, Copy, Debug)]
pub struct QuickSpec {
    zero: bool,
    width: usize,
    precision: Option<usize>,
    kind: u8,
}

impl QuickSpec {
    /// From the text that `format` takes.
    pub fn parse(text: &[u8]) -> Option<QuickSpec> {
        parse(text)
    }

    /// From a directive of `%` formatting.
    pub fn of(d: &Directive) -> Option<QuickSpec> {
        let plain = !(d.left || d.plus || d.blank || d.alternate || d.width == Amount::Star);
        let kind = match u8::try_from(d.conversion).ok().filter(|_| plain)? {
            b'i' | b'u' => b'd',
            kind => kind,
        };
        let precision = match d.precision {
            Amount::None => None,
            Amount::Value(n) if n <= FINEST => Some(n),
            _ => return None,
        };
        let width = d.width.value().unwrap_or(0);
        (width <= WIDEST).then_some(QuickSpec { zero: d.zero, width, precision, kind })
    }
}

fn number(text: &mut &[u8], most: usize) -> Option<usize> {
    let mut n = 0;
    while let [d @ b'0'..=b'9', rest @ ..] = *text {
        n = n * 10 + usize::from(d - b'0');
        *text = rest;
        if n > most {
            return None;
        }
    }
    Some(n)
}

fn parse(mut text: &[u8]) -> Option<QuickSpec> {
    let zero = text.first() == Some(&b'0');
    let width = number(&mut text, WIDEST)?;
    let mut precision = None;
    if let [b'.', rest @ ..] = text {
        text = rest;
        text.first().filter(|b| b.is_ascii_digit())?;
        precision = Some(number(&mut text, FINEST)?);
    }
    match text {
        [] => Some(QuickSpec { zero, width, precision, kind: 0 }),
        [kind] => Some(QuickSpec { zero, width, precision, kind: *kind }),
        _ => None,
    }
}

/// The text of an integer, if the specification is one of integers.
pub fn quick_int(n: i64, spec: QuickSpec) -> Option<QuickText> {
    if spec.precision.is_some() {
        return None;
    }
    let (bits, upper) = match spec.kind {
        0 | b'd' => return QuickText::new(spec, n < 0, decimal(n.unsigned_abs(), &mut [0; 20])),
        b'x' => (4, false),
        b'X' => (4, true),
        b'o' => (3, false),
        b'b' => (1, false),
        _ => return None,
    };
    let mut digits = [0; 64];
    let mut at = digits.len();
    let mut left = n.unsigned_abs();
    loop {
        at -= 1;
        let d = (left & ((1 << bits) - 1)) as u8;
        digits[at] = match d {
            0..10 => b'0' + d,
            _ if upper => b'A' + d - 10,
            _ => b'a' + d - 10,
        };
        left >>= bits;
        if left == 0 {
            return QuickText::new(spec, n < 0, &digits[at..]);
        }
    }
}

fn decimal(mut n: u64, into: &mut [u8; 20]) -> &[u8] {
    let mut at = into.len();
    loop {
        at -= 1;
        into[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            return &into[at..];
        }
    }
}

/// The text of a float, if the specification is of type `f`.
pub fn quick_float(x: f64, spec: QuickSpec) -> Option<QuickText> {
    if spec.kind != b'f' || x.is_nan() || x.abs() >= LARGE {
        return None;
    }
    let mut digits = [0; 40];
    let mut rest = &mut digits[..];
    write!(rest, "{:.*}", spec.precision.unwrap_or(6), x.abs()).ok()?;
    let left = rest.len();
    QuickText::new(spec, x.is_sign_negative(), digits.get(..40 - left)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(n: i64, spec: &str) -> Option<String> {
        quick_int(n, QuickSpec::parse(spec.as_bytes())?)
            .map(|t| String::from_utf8_lossy(t.as_bytes()).into_owned())
    }

    fn float(x: f64, spec: &str) -> Option<String> {
        quick_float(x, QuickSpec::parse(spec.as_bytes())?)
            .map(|t| String::from_utf8_lossy(t.as_bytes()).into_owned())
    }

    #[test]
    fn integers() {
        let all = [
            (5, "05d", "00005"),
            (-5, "05", "-0005"),
            (-5, "5d", "   -5"),
            (1234, "2", "1234"),
            (255, "x", "ff"),
            (-255, "06X", "-000FF"),
            (5, "b", "101"),
            (8, "o", "10"),
            (0, "d", "0"),
            (i64::MIN, "d", "-9223372036854775808"),
        ];
        for (n, spec, text) in all {
            assert_eq!(int(n, spec).as_deref(), Some(text), "{n} {spec}");
        }
        for spec in ["<5", ",", "+d", "61d", "5.2", "c", "n", "_x", "#x", "dd", " d"] {
            assert!(int(5, spec).is_none(), "{spec}");
        }
    }

    #[test]
    fn floats() {
        let all = [
            (1.005, ".2f", "1.00"),
            (2.5, ".0f", "2"),
            (-0.001, ".2f", "-0.00"),
            (1.5, "08.3f", "0001.500"),
            (-1.5, "8.3f", "  -1.500"),
            (0.1, "f", "0.100000"),
            (999_999_999_999_999.0, ".17f", "999999999999999.00000000000000000"),
        ];
        for (x, spec, text) in all {
            assert_eq!(float(x, spec).as_deref(), Some(text), "{x} {spec}");
        }
        for (x, spec) in [
            (f64::NAN, ".2f"),
            (1e15, ".2f"),
            (f64::INFINITY, "f"),
            (1.0, ".f"),
            (1.0, ".2"),
            (1.0, ".18f"),
            (1.0, ".2e"),
        ] {
            assert!(float(x, spec).is_none(), "{spec}");
        }
    }
}
