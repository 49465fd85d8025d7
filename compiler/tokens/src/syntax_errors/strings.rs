//! String literals in a row: f-strings with their fields, and escapes that cannot be decoded.

use super::SyntaxErr;
use super::core::{K, Node, Parser, R, need};
use crate::token;

/// What a literal is made of; bytes mix with nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Text,
    Bytes,
    Template,
}

impl Parser<'_> {
    /// One or more literals next to each other.
    pub(super) fn strings(&mut self) -> R<Node> {
        let first = self.mark;
        let mut kind = K::Literal;
        let mut pieces = Vec::new();
        loop {
            match self.kind()? {
                token::STRING => {
                    let at = self.mark;
                    self.mark += 1;
                    self.check_escapes(at)?;
                    let bytes = self.is_bytes(at);
                    pieces.push((if bytes { Piece::Bytes } else { Piece::Text }, at));
                }
                token::FSTRING_START => {
                    need!(self.attempt(|p| p.interpolated('f')));
                    pieces.push((Piece::Text, first));
                    kind = K::FString;
                }
                token::TSTRING_START => {
                    need!(self.attempt(|p| p.interpolated('t')));
                    pieces.push((Piece::Template, first));
                    kind = K::TString;
                }
                _ => break,
            }
        }
        self.check_pieces(first, &pieces)?;
        Ok(Some(self.node(kind, first)))
    }

    fn is_bytes(&self, at: usize) -> bool {
        let text = self.token_text(at);
        let prefix = text.find(['"', '\'']).and_then(|end| text.get(..end)).unwrap_or_default();
        prefix.contains(['b', 'B'])
    }

    fn check_pieces(&mut self, first: usize, pieces: &[(Piece, usize)]) -> Result<(), Box<SyntaxErr>> {
        let has = |what: Piece| pieces.iter().any(|p| p.0 == what);
        if has(Piece::Template) && (has(Piece::Text) || has(Piece::Bytes)) {
            let msg = "cannot mix t-string literals with string or bytes literals";
            return Err(self.error_range(first, self.mark - 1, msg));
        }
        if has(Piece::Bytes) && has(Piece::Text) {
            return Err(self.error_here("cannot mix bytes and nonbytes literals"));
        }
        Ok(())
    }

    /// The escapes of one literal that is no f-string.
    fn check_escapes(&self, at: usize) -> Result<(), Box<SyntaxErr>> {
        let text = self.token_text(at);
        let Some(quote) = text.find(['"', '\'']) else { return Ok(()) };
        let (prefix, rest) = text.split_at(quote);
        let width = if rest.starts_with("\"\"\"") || rest.starts_with("'''") { 3 } else { 1 };
        let body = rest.get(width..rest.len().saturating_sub(width)).unwrap_or_default();
        let bytes = prefix.contains(['b', 'B']);
        if bytes && !body.is_ascii() {
            return Err(self.error_at_token(at, "bytes can only contain ASCII literal characters"));
        }
        if prefix.contains(['r', 'R']) || !body.contains('\\') {
            return Ok(());
        }
        match if bytes { bad_bytes_escape(body) } else { bad_text_escape(body) } {
            Some(msg) => Err(self.error_at_token(at, msg)),
            None => Ok(()),
        }
    }

    fn interpolated(&mut self, letter: char) -> R<()> {
        let mut middles = Vec::new();
        let raw = self.token_text(self.mark).contains(['r', 'R']);
        self.mark += 1;
        loop {
            match self.kind()? {
                token::FSTRING_MIDDLE | token::TSTRING_MIDDLE => {
                    if !raw {
                        middles.push(self.mark);
                    }
                    self.mark += 1;
                }
                token::LBRACE => need!(self.deeper(|p| p.field(letter))),
                token::FSTRING_END | token::TSTRING_END => {
                    self.mark += 1;
                    for at in middles {
                        if let Some(msg) = bad_text_escape(self.token_text(at)) {
                            return Err(self.error_at_token(at, msg));
                        }
                    }
                    return Ok(Some(()));
                }
                _ => return Ok(None),
            }
        }
    }

    fn hint_next(&mut self, letter: char, msg: &str) -> R<()> {
        if !self.hints {
            return Ok(None);
        }
        self.kind()?;
        Err(self.error_at_token(self.mark, format!("{letter}-string: {msg}")))
    }

    /// A replacement field, its braces included.
    fn field(&mut self, letter: char) -> R<()> {
        self.mark += 1;
        let shown = match self.kind()? {
            token::EQUAL => Some('='),
            token::EXCLAMATION => Some('!'),
            token::COLON => Some(':'),
            token::RBRACE => Some('}'),
            _ => None,
        };
        if let Some(shown) = shown {
            return self.hint_next(letter, &format!("valid expression required before '{shown}'"));
        }
        if self.attempt(Self::yield_or_star_expressions)?.is_none() {
            return self.hint_next(letter, "expecting a valid expression after '{'");
        }
        if !self.at_any(&[token::EQUAL, token::EXCLAMATION, token::COLON, token::RBRACE])? {
            return self.hint_next(letter, "expecting '=', or '!', or ':', or '}'");
        }
        if self.accept(token::EQUAL)? && !self.at_any(&[token::EXCLAMATION, token::COLON, token::RBRACE])? {
            return self.hint_next(letter, "expecting '!', or ':', or '}'");
        }
        if self.kind()? == token::EXCLAMATION {
            need!(self.conversion(letter));
            if !self.at_any(&[token::COLON, token::RBRACE])? {
                return self.hint_next(letter, "expecting ':' or '}'");
            }
        }
        if self.accept(token::COLON)? {
            loop {
                match self.kind()? {
                    token::FSTRING_MIDDLE | token::TSTRING_MIDDLE => self.mark += 1,
                    token::LBRACE => need!(self.field(letter)),
                    _ => break,
                }
            }
            if self.kind()? != token::RBRACE {
                return self.hint_next(letter, "expecting '}', or format specs");
            }
        }
        need!(self.expect(token::RBRACE));
        Ok(Some(()))
    }

    fn conversion(&mut self, letter: char) -> R<()> {
        let mark = self.mark;
        self.mark += 1;
        let kind = self.kind()?;
        if kind != token::NAME {
            if matches!(kind, token::COLON | token::RBRACE) {
                return self.hint_next(letter, "missing conversion character");
            }
            return self.hint_next(letter, "invalid conversion character");
        }
        let at = self.mark;
        self.mark += 1;
        if self.token(mark).end != self.token(at).start {
            let msg = format!("{letter}-string: conversion type must come right after the exclamation mark");
            return Err(self.error_range(mark, at, msg));
        }
        let name = self.token_text(at);
        if !matches!(name, "s" | "r" | "a") {
            let msg =
                format!("{letter}-string: invalid conversion character '{name}': expected 's', 'r', or 'a'");
            return Err(self.error_at_token(at, msg));
        }
        Ok(Some(()))
    }
}

/// The number of hexadecimal digits `text` starts with, up to `most`.
fn hex_run(text: &str, most: usize) -> usize {
    text.bytes().take(most).take_while(u8::is_ascii_hexdigit).count()
}

/// Position in the bytes that CPython hands to the codec: non-ASCII characters are ten bytes there.
fn codec_width(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 10 }).sum()
}

/// The error for the first `\N{...}` of a literal's text that ends beyond `from`; its name is known to be wrong.
pub(super) fn unknown_name(body: &str, from: usize) -> Option<String> {
    let mut at = 0;
    while let Some(next) = body.get(at..).and_then(|rest| rest.find('\\')) {
        at += next;
        let rest = body.get(at + 1..)?;
        if rest.starts_with("N{")
            && let Some(close) = rest.find('}')
            && at + 1 + close >= from
        {
            let position = codec_width(body.get(..at)?);
            let last = position + 1 + codec_width(rest.get(..close)?);
            let base = "(unicode error) 'unicodeescape' codec can't decode bytes in position";
            return Some(format!("{base} {position}-{last}: unknown Unicode character name"));
        }
        at += 1 + rest.chars().next()?.len_utf8();
    }
    None
}

fn bad_text_escape(body: &str) -> Option<String> {
    let mut at = 0;
    let mut position = 0;
    while let Some(next) = body.get(at..).and_then(|rest| rest.find('\\')) {
        position += codec_width(body.get(at..at + next)?);
        at += next;
        let rest = body.get(at + 1..)?;
        let c = rest.chars().next()?;
        let report = |length: usize, reason: &str| {
            let last = position + length - 1;
            Some(format!(
                "(unicode error) 'unicodeescape' codec can't decode bytes in position {position}-{last}: {reason}"
            ))
        };
        let digits = match c {
            'x' => (2, "truncated \\xXX escape"),
            'u' => (4, "truncated \\uXXXX escape"),
            'U' => (8, "truncated \\UXXXXXXXX escape"),
            'N' => {
                let name = rest.get(1..)?;
                let close = name.strip_prefix('{').and_then(|n| n.find('}'));
                match close {
                    None if name.starts_with('{') => {
                        return report(1 + codec_width(rest), "malformed \\N character escape");
                    }
                    None => return report(2, "malformed \\N character escape"),
                    Some(0) => return report(3, "malformed \\N character escape"),
                    Some(_) => (0, ""),
                }
            }
            _ => (0, ""),
        };
        let found = hex_run(rest.get(1..).unwrap_or_default(), digits.0);
        if found < digits.0 {
            return report(2 + found, digits.1);
        }
        if c == 'U' && u32::from_str_radix(rest.get(1..9)?, 16).is_ok_and(|n| n > 0x0010_ffff) {
            return report(10, "illegal Unicode character");
        }
        position += 1 + codec_width(rest.get(..c.len_utf8())?);
        at += 1 + c.len_utf8();
    }
    None
}

fn bad_bytes_escape(body: &str) -> Option<String> {
    let mut at = 0;
    while let Some(next) = body.get(at..).and_then(|rest| rest.find('\\')) {
        at += next;
        if body.get(at + 1..)?.starts_with('x') && hex_run(body.get(at + 2..)?, 2) < 2 {
            return Some(format!("(value error) invalid \\x escape at position {at}"));
        }
        at += 2;
    }
    None
}
