//! Warnings about literals: escapes that mean nothing, numbers that run into a keyword.

use crate::error::{Warning, WarningKind};
use crate::locations::Locations;
use ruff_python_ast::StringFlags;
use ruff_python_ast::str_prefix::AnyStringPrefix;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextRange, TextSize};

/// The error of a decimal integer literal with too many digits, and its range.
pub(crate) fn huge_integer<'t>(
    source: &str,
    tokens: impl Iterator<Item = &'t Token>,
    limit: usize,
) -> Option<(String, TextRange)> {
    for token in tokens.filter(|t| t.kind() == TokenKind::Int) {
        let range = token.range();
        let text = source.get(range.start().to_usize()..range.end().to_usize()).unwrap_or("");
        if let Some(n) = crate::literals::too_many_digits(text, limit) {
            let msg = format!(
                "Exceeds the limit ({limit} digits) for integer string conversion: value has {n} digits; \
                 use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer \
                 literals to avoid decimal conversion limits."
            );
            return Some((msg, range));
        }
    }
    None
}

/// Warnings about the numbers among the tokens of a source, and the strings that end before `seen`.
pub(crate) fn token_warnings<'t>(
    source: &str,
    tokens: impl Iterator<Item = &'t Token>,
    seen: TextSize,
    locations: &Locations,
) -> Vec<Warning> {
    let mut out = Vec::new();
    let mut number: Option<TextRange> = None;
    for token in tokens {
        let range = token.range();
        match token.kind() {
            TokenKind::Int | TokenKind::Float | TokenKind::Complex => {
                number = Some(range);
                continue;
            }
            TokenKind::String | TokenKind::FStringMiddle | TokenKind::TStringMiddle
                if range.end() <= seen =>
            {
                escape(source, token, locations, &mut out);
            }
            TokenKind::And
            | TokenKind::Else
            | TokenKind::For
            | TokenKind::If
            | TokenKind::In
            | TokenKind::Is
            | TokenKind::Not
            | TokenKind::Or => {
                if let Some(n) = number
                    && n.end() == range.start()
                {
                    out.push(number_warning(source, n, locations));
                }
            }
            _ => {}
        }
        number = None;
    }
    out
}

fn warning(message: String, range: TextRange, locations: &Locations) -> Warning {
    let p = locations.position(range);
    Warning {
        category: WarningKind::Syntax,
        message,
        line: p.line,
        end_line: p.end_line,
        col: p.col,
        end_col: p.end_col,
    }
}

fn number_warning(source: &str, range: TextRange, locations: &Locations) -> Warning {
    let text = source.get(range.start().to_usize()..range.end().to_usize()).unwrap_or("");
    let kind = match text.get(..2) {
        Some("0x" | "0X") => "hexadecimal",
        Some("0o" | "0O") => "octal",
        Some("0b" | "0B") => "binary",
        _ if text.ends_with(['j', 'J']) => "imaginary",
        _ => "decimal",
    };
    let last = TextRange::empty(range.end().checked_sub(TextSize::new(1)).unwrap_or(range.start()));
    warning(format!("invalid {kind} literal"), last, locations)
}

/// Warns about the first meaningless escape of a literal.
fn escape(source: &str, token: &Token, locations: &Locations, out: &mut Vec<Warning>) {
    let flags = token.unwrap_string_flags();
    let range = token.range();
    let (start, end) = (range.start().to_usize(), range.end().to_usize());
    let Some(text) = source.get(start..end) else { return };
    if flags.is_raw_string() || !text.contains('\\') {
        return;
    }
    let bytes = matches!(flags.prefix(), AnyStringPrefix::Bytes(_));
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|t| t.find('\\')) {
        let here = at + found;
        // The brace of `\{` stands outside of the literal part of an f-string.
        let Some(c) = source.get(start + here + 1..).and_then(|t| t.chars().next()) else { return };
        let len = c.len_utf8();
        let message = match c {
            '\n' | '\r' | '\\' | '\'' | '"' | 'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | 'x' => None,
            'N' | 'u' | 'U' if !bytes => None,
            '0'..='7' => octal(text.get(here + 1..).unwrap_or("")),
            // CPython says nothing of a backslash before a character outside of ASCII.
            c if !c.is_ascii() => None,
            c => Some(format!(
                "\"\\{c}\" is an invalid escape sequence. Such sequences will not work in the future. \
                 Did you mean \"\\\\{c}\"? A raw string is also an option."
            )),
        };
        if let Some(message) = message {
            let place = TextSize::try_from(start + here)
                .ok()
                .zip(TextSize::try_from(start + here + 1 + len).ok())
                .map_or(range, |(a, b)| TextRange::new(a, b));
            out.push(warning(message, place, locations));
            return;
        }
        at = here + 1 + len;
    }
}

fn octal(text: &str) -> Option<String> {
    let digits: String = text.chars().take(3).take_while(|c| c.is_digit(8)).collect();
    let value = u32::from_str_radix(&digits, 8).ok()?;
    (value > 0o377).then(|| {
        format!(
            "\"\\{digits}\" is an invalid octal escape sequence. Such sequences will not work in the future. \
             Did you mean \"\\\\{digits}\"? A raw string is also an option."
        )
    })
}
