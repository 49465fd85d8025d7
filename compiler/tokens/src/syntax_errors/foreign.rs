//! Errors that only the other parser found, in CPython's words as far as they can be told from its own.

use super::strings::unknown_name as unknown_name_in;
use super::{Kind, SyntaxErr};
use crate::iter::code_points;
use crate::lexer::{Lexer, Options};
use crate::token;

/// Parts of the other parser's messages, and what CPython says of the same mistake.
const WORDINGS: [(&str, &str); 14] = [
    ("Starred expression cannot be used here", "can't use starred expression here"),
    (
        "Positional argument cannot follow keyword argument unpacking",
        "positional argument follows keyword argument unpacking",
    ),
    ("Positional argument cannot follow keyword argument", "positional argument follows keyword argument"),
    (
        "Iterable argument unpacking cannot follow",
        "iterable argument unpacking follows keyword argument unpacking",
    ),
    (
        "Iterable unpacking cannot be used in a comprehension",
        "iterable unpacking cannot be used in comprehension",
    ),
    (
        "Parameter without a default cannot follow",
        "parameter without a default follows parameter with a default",
    ),
    ("Unparenthesized generator expression", "Generator expression must be parenthesized"),
    ("unexpected indentation", "unexpected indent"),
    ("Unexpected indentation", "unexpected indent"),
    ("invalid escape", "invalid escape sequence"),
    ("missing closing quote", "unterminated string literal (detected at line 1)"),
    ("unterminated string", "unterminated string literal (detected at line 1)"),
    ("got unexpected EOF", "unexpected EOF while parsing"),
    ("unindent does not match", "unindent does not match any outer indentation level"),
];

/// An error at a byte range of the source.
pub(super) fn translate(
    source: &str,
    message: &str,
    debug_name: &str,
    start: usize,
    end: usize,
) -> SyntaxErr {
    if (debug_name.contains("Unicode") || message.contains("unicode"))
        && let Some(error) = unknown_name(source, start)
    {
        return error;
    }
    let mut error = place(source, start, end);
    error.msg = wording(message);
    error.kind = if error.msg.contains("indent") { Kind::Indentation } else { Kind::Syntax };
    error
}

fn place(source: &str, start: usize, end: usize) -> SyntaxErr {
    let (lineno, line_start) = line_of(source, start);
    let (end_lineno, end_line_start) = line_of(source, end.max(start));
    let column = |line_start: usize, at: usize| {
        (code_points(source, line_start, at.min(source.len())) + 1).cast_signed()
    };
    let rest = source.get(line_start..).unwrap_or_default();
    let text = rest.split_inclusive('\n').next().unwrap_or_default().to_owned();
    SyntaxErr {
        kind: Kind::Syntax,
        msg: String::new(),
        lineno,
        offset: column(line_start, start),
        end_lineno,
        end_offset: column(end_line_start, end.max(start)),
        text,
    }
}

/// A character name that does not exist: only the other parser knows the names.
fn unknown_name(source: &str, start: usize) -> Option<SyntaxErr> {
    let mut lexer = Lexer::from_text(source, Options::default());
    while let Ok(Some(t)) = lexer.next_token() {
        if t.end < start || !matches!(t.kind, token::STRING | token::FSTRING_MIDDLE | token::TSTRING_MIDDLE) {
            continue;
        }
        let text = lexer.text().get(t.start..t.end)?;
        let open = if t.kind == token::STRING { text.find(['"', '\''])? } else { 0 };
        let width = match (t.kind, text.get(open..)?) {
            (token::STRING, s) if s.starts_with("\"\"\"") || s.starts_with("'''") => 3,
            (token::STRING, _) => 1,
            _ => 0,
        };
        let body = text.get(open + width..text.len() - width)?;
        let from = start.saturating_sub(t.start + open + width);
        let msg = unknown_name_in(body, from)?;
        let mut error = place(source, t.start, t.end);
        error.msg = msg;
        return Some(error);
    }
    None
}

fn wording(message: &str) -> String {
    let known = WORDINGS.iter().find(|(theirs, _)| message.contains(theirs));
    known.map_or("invalid syntax", |&(_, ours)| ours).to_owned()
}

/// The 1-based number of the line that holds a byte, and where it starts.
fn line_of(source: &str, at: usize) -> (usize, usize) {
    let before = source.as_bytes().get(..at.min(source.len())).unwrap_or_default();
    let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    (before.iter().filter(|&&b| b == b'\n').count() + 1, start)
}
