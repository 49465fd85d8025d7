//! What the parser does not keep of literals: lone surrogates, huge integers.

use num_bigint::BigInt;
use num_traits::Num;
use protopy_bytecode::Const;

/// The base of an integer literal, and its digits.
fn digits_of(text: &str) -> (u32, String) {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    match digits.get(..2) {
        Some("0x" | "0X") => (16, digits[2..].to_owned()),
        Some("0o" | "0O") => (8, digits[2..].to_owned()),
        Some("0b" | "0B") => (2, digits[2..].to_owned()),
        _ => (10, digits),
    }
}

/// How many digits a decimal integer literal has, if that is more than `limit`.
pub(crate) fn too_many_digits(text: &str, limit: usize) -> Option<usize> {
    if limit == 0 || text.len() <= limit {
        return None;
    }
    let (radix, digits) = digits_of(text);
    (radix == 10 && digits.len() > limit).then_some(digits.len())
}

/// The value of an integer literal that does not fit 64 bits.
pub(crate) fn big_int(text: &str) -> Option<Const> {
    let (radix, body) = digits_of(text);
    BigInt::from_str_radix(&body, radix).ok().map(|n| crate::fold::int_const(&n))
}

/// Whether the text of a literal may hold an escape that the parser decodes to U+FFFD.
pub(crate) fn may_have_surrogates(source: &str) -> bool {
    let b = source.as_bytes();
    b.windows(3).any(|w| w[0] == b'\\' && (w[1] == b'u' || w[1] == b'U')) && {
        let lower = source.to_ascii_lowercase();
        ["\\ud8", "\\ud9", "\\uda", "\\udb", "\\udc", "\\udd", "\\ude", "\\udf", "\\u0000d"]
            .iter()
            .any(|p| lower.contains(p))
    }
}

/// Decodes the inside of a string literal that is not raw. With `braces`, doubled braces are one, as in
/// the literal parts of f-strings.
pub(crate) fn decode(text: &str, braces: bool) -> Vec<u32> {
    let mut out = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if braces && (c == '{' || c == '}') && chars.peek() == Some(&c) {
            chars.next();
        }
        if c == '\r' {
            if chars.peek() == Some(&'\n') {
                chars.next();
            }
            out.push(u32::from('\n'));
            continue;
        }
        if c != '\\' {
            out.push(u32::from(c));
            continue;
        }
        let Some(e) = chars.next() else {
            out.push(u32::from('\\'));
            break;
        };
        let simple = match e {
            '\n' => continue,
            '\r' => {
                if chars.peek() == Some(&'\n') {
                    chars.next();
                }
                continue;
            }
            '\\' | '\'' | '"' => e,
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            '0'..='7' => {
                let mut n = e.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    match chars.peek().and_then(|c| c.to_digit(8)) {
                        Some(d) => {
                            n = n * 8 + d;
                            chars.next();
                        }
                        None => break,
                    }
                }
                out.push(n);
                continue;
            }
            'x' | 'u' | 'U' => {
                let len = match e {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let mut n = 0u32;
                for _ in 0..len {
                    let d = chars.next().and_then(|c| c.to_digit(16)).unwrap_or(0);
                    n = n.wrapping_mul(16).wrapping_add(d);
                }
                out.push(n);
                continue;
            }
            'N' => {
                let name: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                out.push(named_by_parser(&name).unwrap_or(0xfffd));
                continue;
            }
            other => {
                out.push(u32::from('\\'));
                out.push(u32::from(other));
                continue;
            }
        };
        out.push(u32::from(simple));
    }
    out
}

/// The character of a name, as the parser knows it.
fn named_by_parser(name: &str) -> Option<u32> {
    let source = format!("'\\N{{{name}}}'");
    let parsed = ruff_python_parser::parse_expression(&source).ok()?;
    let ruff_python_ast::Expr::StringLiteral(s) = &*parsed.syntax().body else { return None };
    s.value.to_str().chars().next().map(u32::from)
}

/// A string constant of code points.
pub(crate) fn string_of(points: Vec<u32>) -> Const {
    let plain: Option<String> = points.iter().map(|&p| char::from_u32(p)).collect();
    match plain {
        Some(s) => Const::Str(s.into()),
        None => Const::WideStr(points.into()),
    }
}

/// Decimal digits of an integer literal.
pub(crate) fn big_int_text(text: &str) -> String {
    match big_int(text) {
        Some(Const::BigInt { magnitude, .. }) => {
            BigInt::from_bytes_le(num_bigint::Sign::Plus, &magnitude).to_string()
        }
        Some(Const::Int(n)) => n.to_string(),
        _ => text.to_owned(),
    }
}
