//! Text to numbers: what `float(str)` accepts.

use crate::StrRef;
use crate::unicode::{is_space, to_decimal};

/// ASCII form of a number: blanks around it cut, Unicode digits made ASCII ones, underscores
/// between digits dropped. `None` for what cannot be a number.
pub fn ascii_number(s: StrRef<'_>) -> Option<String> {
    let space = |c: &u32| is_space(*c);
    let start = s.chars().take_while(space).count();
    let end = s.len() - s.slice(start, s.len()).chars().rev().take_while(space).count();
    let s = s.slice(start, end);
    let mut out = String::with_capacity(s.len());
    let mut underscore = false;
    for c in s.chars() {
        if c == u32::from(b'_') {
            if underscore || !out.ends_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            underscore = true;
            continue;
        }
        let digit = to_decimal(c);
        if underscore && digit.is_none() {
            return None;
        }
        underscore = false;
        match digit {
            Some(d) => out.push(char::from(b'0' + d)),
            None => out.push(char::from_u32(c).filter(char::is_ascii)?),
        }
    }
    (!underscore).then_some(out)
}

/// `float(s)`; `None` means "could not convert string to float".
pub fn parse_float(s: StrRef<'_>) -> Option<f64> {
    parse_ascii_float(&ascii_number(s)?)
}

/// A decimal float, `inf`, `infinity` or `nan`, without blanks and underscores.
pub fn parse_ascii_float(s: &str) -> Option<f64> {
    let (negative, body) = match s.as_bytes().first()? {
        b'-' => (true, &s[1..]),
        b'+' => (false, &s[1..]),
        _ => (false, s),
    };
    if !body.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        let value = match body.to_ascii_lowercase().as_str() {
            "inf" | "infinity" => f64::INFINITY,
            "nan" => f64::NAN,
            _ => return None,
        };
        return Some(if negative { -value } else { value });
    }
    // The standard parser is correctly rounded and takes just Python's grammar from here on.
    let value: f64 = body.parse().ok()?;
    Some(if negative { -value } else { value })
}
