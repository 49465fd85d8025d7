//! Function type comments: `(int, *str, **bool) -> float`.
//!
//! Nothing that the parser knows has this form. So the tokens are sorted into expressions here, and the parser gets each of
//! them alone, in its place.

use crate::Options;
use crate::error::{CompileError, ErrorKind};
use crate::locations::{LineIndex, Locations};
use ruff_python_ast::Expr;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_parser::{Mode as RuffMode, ParseOptions, parse_expression_range, parse_unchecked};
use ruff_text_size::{Ranged, TextLen as _, TextRange};

/// The place of what does not fit.
type Misfit = TextRange;

/// Parses a function type comment: the types of the arguments and of the result.
pub fn parse_func_type(
    source: &str,
    options: &Options,
) -> Result<(Vec<Expr>, Expr, Locations), CompileError> {
    crate::parse::check_nesting(source)?;
    let locations = Locations::Source(LineIndex::new(source, options.line_offset));
    let parsed = parse_unchecked(source, ParseOptions::from(RuffMode::Module));
    let hidden = |t: &&Token| matches!(t.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline);
    let tokens: Vec<&Token> = parsed.tokens().iter().filter(|t| !hidden(t)).collect();
    match (FuncType { source, tokens, at: 0 }).parse() {
        Ok((args, result)) => Ok((args, result, locations)),
        Err(range) => {
            let error = CompileError::at(ErrorKind::Syntax, "invalid syntax", range, &locations);
            Err(crate::parse::with_source(error, source, options))
        }
    }
}

struct FuncType<'a> {
    source: &'a str,
    tokens: Vec<&'a Token>,
    at: usize,
}

impl FuncType<'_> {
    fn kind(&self) -> TokenKind {
        self.tokens.get(self.at).map_or(TokenKind::EndOfFile, |t| t.kind())
    }

    fn here(&self) -> TextRange {
        self.tokens.get(self.at).map_or(TextRange::empty(self.source.text_len()), |t| t.range())
    }

    fn take(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == kind;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, kind: TokenKind) -> Result<(), Misfit> {
        if self.take(kind) { Ok(()) } else { Err(self.here()) }
    }

    fn parse(&mut self) -> Result<(Vec<Expr>, Expr), Misfit> {
        self.expect(TokenKind::Lpar)?;
        let args = self.arguments()?;
        self.expect(TokenKind::Rarrow)?;
        let result = self.expression()?;
        while self.take(TokenKind::Newline) {}
        if self.kind() == TokenKind::EndOfFile { Ok((args, result)) } else { Err(self.here()) }
    }

    /// The types up to the closing parenthesis: plain ones, one behind `*`, one behind `**`.
    fn arguments(&mut self) -> Result<Vec<Expr>, Misfit> {
        let mut args = Vec::new();
        if self.take(TokenKind::Rpar) {
            return Ok(args);
        }
        let mut stars = 0;
        loop {
            let here = self.here();
            let more = if self.take(TokenKind::Star) {
                1
            } else if self.take(TokenKind::DoubleStar) {
                2
            } else {
                0
            };
            if stars > 0 && more <= stars {
                return Err(here);
            }
            stars = more;
            args.push(self.expression()?);
            if self.take(TokenKind::Rpar) {
                return Ok(args);
            }
            if stars == 2 {
                return Err(self.here());
            }
            self.expect(TokenKind::Comma)?;
        }
    }

    /// An expression: what comes before the next comma, arrow, or end outside of brackets.
    fn expression(&mut self) -> Result<Expr, Misfit> {
        let first = self.here();
        let mut end = first.start();
        let mut depth = 0u32;
        loop {
            match self.kind() {
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace if depth > 0 => depth -= 1,
                TokenKind::Rpar | TokenKind::Comma | TokenKind::Rarrow if depth == 0 => break,
                TokenKind::Newline | TokenKind::EndOfFile => break,
                _ => {}
            }
            end = self.here().end();
            self.at += 1;
        }
        let range = TextRange::new(first.start(), end);
        if range.is_empty() {
            return Err(self.here());
        }
        let parsed = match parse_expression_range(self.source, range) {
            Ok(parsed) => *parsed.into_syntax().body,
            Err(e) => return Err(self.token_at(e.location)),
        };
        match parsed {
            Expr::Starred(_) | Expr::Named(_) | Expr::Yield(_) | Expr::YieldFrom(_) => Err(first),
            Expr::Generator(g) if !g.parenthesized => Err(first),
            e => Ok(e),
        }
    }

    fn token_at(&self, range: TextRange) -> TextRange {
        let found = self.tokens.iter().find(|t| t.end() > range.start());
        found.map_or(range, |t| t.range())
    }
}
