//! What the parser does not keep of literals: lone surrogates, huge integers.

use crate::locations::Locations;
use num_bigint::BigInt;
use num_traits::Num;
use protopy_bytecode::Const;
use ruff_python_ast::{ExprStringLiteral, InterpolatedElement, StringFlags, StringLiteral};
use ruff_text_size::{Ranged, TextRange};

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
pub fn big_int(text: &str) -> Option<Const> {
    let (radix, body) = digits_of(text);
    BigInt::from_str_radix(&body, radix).ok().map(|n| crate::fold::int_const(&n))
}

/// Whether the text of a literal may hold an escape that the parser decodes to U+FFFD.
pub fn may_have_surrogates(source: &str) -> bool {
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
pub fn decode(text: &str, braces: bool) -> Vec<u32> {
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

/// The code points of a string literal part, if it holds surrogates.
pub fn surrogate_literal(l: &StringLiteral, locations: &Locations) -> Option<Vec<u32>> {
    if !l.value.contains('\u{fffd}') {
        return None;
    }
    if let Some(points) = locations.wide(l.range) {
        return Some(points.to_vec());
    }
    if l.flags.prefix().is_raw() {
        return None;
    }
    let text = locations.text(l.range).filter(|t| may_have_surrogates(t))?;
    let open = text.find(['\'', '"'])?;
    let quotes = if l.flags.is_triple_quoted() { 3 } else { 1 };
    let inner = text.get(open + quotes..text.len().checked_sub(quotes)?)?;
    Some(decode(inner, false))
}

/// The code points of a string literal, if it holds surrogates.
pub fn with_surrogates(s: &ExprStringLiteral, locations: &Locations) -> Option<Vec<u32>> {
    if !s.value.to_str().contains('\u{fffd}') {
        return None;
    }
    let mut points = Vec::new();
    let mut found = false;
    for part in s.value.iter() {
        match surrogate_literal(part, locations) {
            Some(decoded) => {
                points.extend(decoded);
                found = true;
            }
            None => points.extend(part.value.chars().map(u32::from)),
        }
    }
    found.then_some(points)
}

/// A string constant of code points.
pub fn string_of(points: Vec<u32>) -> Const {
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

/// The text of a self-documenting expression without its comments.
pub fn strip_comments(text: &str) -> String {
    if !text.contains('#') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut quote: Option<char> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            (Some(q), c) if c == q => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '#') => {
                if let Some(end) = chars.by_ref().find(|&c| c == '\n') {
                    out.push(end);
                }
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

/// The source text of an interpolated expression: all that stands between the brace and whatever ends it.
pub fn interpolation_text(i: &InterpolatedElement, locations: &Locations) -> String {
    if let Some(text) = locations.shown(i.range) {
        return text.to_owned();
    }
    if let Some(debug) = &i.debug_text {
        let text = strip_comments(debug.as_str());
        // After the equal sign come white space and continued lines.
        let text = text.trim_end_matches(|c: char| c.is_whitespace() || c == '\\');
        return text.strip_suffix('=').unwrap_or(text).to_owned();
    }
    let after = TextRange::new(i.expression.range().end(), i.range.end());
    let before = TextRange::new(i.range.start(), i.expression.range().end());
    let (Some(before), Some(after)) = (locations.text(before), locations.text(after)) else {
        return crate::unparse::expression(&i.expression, locations);
    };
    let mut comment = false;
    let mut end = after.len();
    for (at, c) in after.char_indices() {
        match c {
            '\n' => comment = false,
            '#' => comment = true,
            '!' | ':' | '}' if !comment => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let text = format!("{}{}", before.get(1..).unwrap_or(""), after.get(..end).unwrap_or(""));
    strip_comments(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded() {
        let text = "a\\n\\x41\\101\\ud800\\U0001F600\\q\\\n\\N{BULLET}";
        let want = [0x61, 10, 0x41, 0x41, 0xd800, 0x1f600, 0x5c, 0x71, 0x2022];
        assert_eq!(decode(text, false), want);
        assert_eq!(decode("{{x}}", true), [0x7b, 0x78, 0x7d]);
    }

    #[test]
    fn decimal_literals_are_bounded() {
        assert_eq!(too_many_digits(&"1".repeat(4301), 4300), Some(4301));
        assert_eq!(too_many_digits(&"1".repeat(4300), 4300), None);
        assert_eq!(too_many_digits(&format!("0x{}", "1".repeat(9000)), 4300), None);
        assert_eq!(too_many_digits(&"1".repeat(9000), 0), None);
    }

    #[test]
    fn comments_leave_debug_texts() {
        assert_eq!(strip_comments("a # b\n = "), "a \n = ");
        assert_eq!(strip_comments("'#' = "), "'#' = ");
    }
}
