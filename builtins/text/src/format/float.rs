//! Floats to text: the C-like conversions `e f g` and the shortest `repr`.
//!
//! Rust's `{:e}` prints the shortest digits that round-trip and `{:.*e}` the exact value rounded
//! half to even, which are David Gay's modes 0 and 2; this file only lays the digits out anew. Its
//! precision argument is 16 bits wide, so digits past the last non-zero one of any double
//! (1,074 after the point) are appended here.

/// No double has more digits after the point, nor in total.
const MAX_DIGITS: usize = 1080;

/// Significant digits without sign, and the position of the decimal point relative to them.
struct Digits {
    text: Vec<u8>,
    point: i32,
}

fn split_exponent(text: &str) -> Digits {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    Digits { text: mantissa.bytes().filter(|&b| b != b'.').collect(), point }
}

/// The shortest digits that read back as `x`, of two equally near ones the even one.
///
/// Rust takes the upper one of two. A tie needs `x` to end half-way between two decimals of that
/// length, which only a multiple of 2^-(k+1) can with k places after the point.
fn shortest(x: f64) -> Digits {
    let d = split_exponent(&format!("{x:e}"));
    let len = d.text.len();
    let places = i32::try_from(len).unwrap_or(0) - d.point;
    if len >= 15 && (1..64).contains(&places) && (x * 2f64.powi(places + 1)).fract() == 0.0 {
        let text = format!("{x:.0$e}", len - 1);
        if text.parse() == Ok(x) {
            return split_exponent(&text);
        }
    }
    d
}

/// `after` digits after the first one.
fn scientific(x: f64, after: usize) -> Digits {
    let exact = after.min(MAX_DIGITS);
    let mut d = split_exponent(&format!("{x:.exact$e}"));
    d.text.resize(d.text.len() + (after - exact), b'0');
    d
}

fn push_exponent(out: &mut Vec<u8>, exponent: i32, letter: u8) {
    out.push(letter);
    out.push(if exponent < 0 { b'-' } else { b'+' });
    let size = exponent.unsigned_abs();
    if size < 10 {
        out.push(b'0');
    }
    out.extend_from_slice(size.to_string().as_bytes());
}

fn push_exponential(out: &mut Vec<u8>, d: &Digits, letter: u8, alternate: bool) {
    if let Some((first, rest)) = d.text.split_first() {
        out.push(*first);
        if alternate || !rest.is_empty() {
            out.push(b'.');
        }
        out.extend_from_slice(rest);
    }
    push_exponent(out, d.point - 1, letter);
}

/// Positional notation of `d`; `dot` asks for a point, `dot_zero` for a digit after it as well.
fn push_positional(out: &mut Vec<u8>, d: &Digits, dot: bool, dot_zero: bool) {
    let len = d.text.len();
    let (whole, fraction) = match usize::try_from(d.point) {
        Ok(point) if point > 0 => d.text.split_at(point.min(len)),
        _ => (&b""[..], &d.text[..]),
    };
    if whole.is_empty() {
        out.push(b'0');
    }
    out.extend_from_slice(whole);
    let missing = usize::try_from(d.point).map_or(0, |p| p.saturating_sub(len));
    out.resize(out.len() + missing, b'0');
    let leading = if d.point < 0 { d.point.unsigned_abs() as usize } else { 0 };
    if dot || dot_zero || !fraction.is_empty() {
        out.push(b'.');
    }
    if !fraction.is_empty() {
        out.resize(out.len() + leading, b'0');
        out.extend_from_slice(fraction);
    } else if dot_zero {
        out.push(b'0');
    }
}

fn strip_zeros(d: &mut Digits) {
    while d.text.len() > 1 && d.text.last() == Some(&b'0') {
        d.text.pop();
    }
}

fn push_fixed(out: &mut Vec<u8>, x: f64, precision: usize, alternate: bool) {
    let exact = precision.min(MAX_DIGITS);
    out.extend_from_slice(format!("{x:.exact$}").as_bytes());
    out.resize(out.len() + (precision - exact), b'0');
    if alternate && precision == 0 {
        out.push(b'.');
    }
}

fn push_general(out: &mut Vec<u8>, x: f64, precision: usize, letter: u8, alternate: bool, dot_zero: bool) {
    let wanted = precision.max(1);
    let mut d = scientific(x, wanted - 1);
    if !alternate {
        strip_zeros(&mut d);
    }
    // With a forced ".0" the last place before the point is not for the digits.
    let limit = wanted - usize::from(dot_zero);
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    if d.point <= -4 || d.point > limit {
        push_exponential(out, &d, letter, alternate);
        return;
    }
    push_positional(out, &d, alternate, dot_zero);
}

fn push_repr(out: &mut Vec<u8>, x: f64, alternate: bool, dot_zero: bool) {
    if x == 0.0 {
        out.extend_from_slice(if dot_zero { b"0.0" } else { b"0" });
        if alternate && !dot_zero {
            out.push(b'.');
        }
        return;
    }
    let d = shortest(x);
    if d.point <= -4 || d.point > 16 {
        push_exponential(out, &d, b'e', alternate);
    } else {
        push_positional(out, &d, alternate, dot_zero);
    }
}

fn finish(out: Vec<u8>) -> String {
    out.iter().map(|&b| char::from(b)).collect()
}

/// The conversion `code`, one of `e E f F g G r`, as C's `printf` does it ("r" is `repr`, without
/// regard to `precision`); `alternate` keeps the point and the zeros, `dot_zero` makes a float look
/// like one.
pub fn format_float_with(x: f64, code: u8, precision: usize, alternate: bool, dot_zero: bool) -> String {
    let upper = code.is_ascii_uppercase();
    if x.is_nan() {
        return String::from(if upper { "NAN" } else { "nan" });
    }
    let mut out = Vec::with_capacity(24);
    if x.is_sign_negative() {
        out.push(b'-');
    }
    let x = x.abs();
    if x.is_infinite() {
        out.extend_from_slice(if upper { b"INF" } else { b"inf" });
        return finish(out);
    }
    let letter = if upper { b'E' } else { b'e' };
    match code {
        b'e' | b'E' => push_exponential(&mut out, &scientific(x, precision), letter, alternate),
        b'f' | b'F' => push_fixed(&mut out, x, precision, alternate),
        b'g' | b'G' => push_general(&mut out, x, precision, letter, alternate, dot_zero),
        _ => push_repr(&mut out, x, alternate, dot_zero),
    }
    finish(out)
}

/// [`format_float_with`] without a forced ".0".
pub fn format_float(x: f64, code: u8, precision: usize, alternate: bool) -> String {
    format_float_with(x, code, precision, alternate, false)
}

/// `repr` of a float.
pub fn float_repr(x: f64) -> String {
    format_float_with(x, b'r', 0, false, true)
}

/// `repr` of a complex number.
pub fn complex_repr(re: f64, im: f64) -> String {
    let part = |x| format_float(x, b'r', 0, false);
    let imaginary = part(im);
    if re == 0.0 && !re.is_sign_negative() {
        return format!("{imaginary}j");
    }
    let plus = if imaginary.starts_with('-') { "" } else { "+" };
    format!("({}{plus}{imaginary}j)", part(re))
}
