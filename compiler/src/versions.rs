//! `feature_version`: syntax that an older version of Python does not have.
//!
//! CPython's parser looks at the wanted version as it meets a construct and ends with an error at once; so of all
//! constructs that are too new the one that ends first counts. The error is at the token that the parser had read last,
//! which mostly is the one behind the construct.

use crate::depth::guarded;
use crate::error::{CompileError, ErrorKind};
use crate::locations::Locations;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange, TextSize};

/// The minor version whose syntax is complete.
pub const CURRENT: u8 = 14;

/// A construct that is too new.
struct TooNew {
    end: TextSize,
    /// The first version that has it.
    minor: u8,
    what: &'static str,
    /// Whether the error is at the end of the construct itself.
    own_place: bool,
}

struct Versions<'a> {
    minor: u8,
    tokens: &'a [Token],
    first: Option<TooNew>,
    depth: u32,
}

/// The error of the first construct that version 3.`minor` does not have.
pub(crate) fn check(
    tree: &Mod,
    tokens: &[Token],
    source: &str,
    minor: u8,
    locations: &Locations,
) -> Option<CompileError> {
    let mut v = Versions { minor, tokens, first: None, depth: 0 };
    v.token_features(source);
    match tree {
        Mod::Module(m) => v.visit_body(&m.body),
        Mod::Expression(e) => v.visit_expr(&e.body),
    }
    let found = v.first.as_ref()?;
    let msg = format!("{} only supported in Python 3.{} and greater", found.what, found.minor);
    let range = match v.token_from(found.end) {
        // The end of the last line counts as a character.
        Some(t) if !found.own_place && t.range().is_empty() => {
            let mut error = CompileError::at(ErrorKind::Syntax, msg, t.range(), locations);
            error.end_offset = error.end_offset.map(|n| n + 1);
            return Some(error);
        }
        Some(t) if !found.own_place => t.range(),
        _ => v
            .tokens
            .iter()
            .rfind(|t| t.start() < found.end)
            .map_or(TextRange::empty(found.end), |t| t.range()),
    };
    Some(CompileError::at(ErrorKind::Syntax, msg, range, locations))
}

impl Versions<'_> {
    fn add(&mut self, found: TooNew) {
        if self.minor < found.minor && self.first.as_ref().is_none_or(|f| found.end < f.end) {
            self.first = Some(found);
        }
    }

    /// What ends at `end` needs a version; the error is at the next token.
    fn needs(&mut self, minor: u8, what: &'static str, end: TextSize) {
        self.add(TooNew { end, minor, what, own_place: false });
    }

    /// As [`needs`](Self::needs); the error is at the last token of the construct.
    fn needs_here(&mut self, minor: u8, what: &'static str, end: TextSize) {
        self.add(TooNew { end, minor, what, own_place: true });
    }

    /// The first token from a place on that is more than layout.
    fn token_from(&self, at: TextSize) -> Option<&Token> {
        let i = self.tokens.partition_point(|t| t.start() < at);
        let hidden = |t: &&Token| matches!(t.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline);
        self.tokens.get(i..)?.iter().find(|t| !hidden(t))
    }

    /// What the tokenizer and the names of operators tell.
    fn token_features(&mut self, source: &str) {
        for token in self.tokens {
            let range = token.range();
            match token.kind() {
                TokenKind::Int | TokenKind::Float | TokenKind::Complex => {
                    let text = source.get(range.start().to_usize()..range.end().to_usize());
                    if text.is_some_and(|t| t.contains('_')) {
                        self.needs_here(6, "Underscores in numeric literals are", range.end());
                    }
                }
                TokenKind::AtEqual => self.needs_here(5, "The '@' operator is", range.end()),
                _ => {}
            }
        }
    }

    fn handler(&mut self, h: &ExceptHandlerExceptHandler) {
        let Some(Expr::Tuple(t)) = h.type_.as_deref() else { return };
        if !t.parenthesized
            && let Some(colon) = self.token_from(t.end())
        {
            let end = colon.end();
            self.needs(14, "except expressions without parentheses are", end);
        }
    }

    fn statement(&mut self, s: &Stmt) {
        let end = s.end();
        match s {
            Stmt::FunctionDef(f) if f.is_async => self.needs(5, "Async functions are", end),
            Stmt::For(f) if f.is_async => self.needs(5, "Async for loops are", end),
            Stmt::With(w) if w.is_async => self.needs(5, "Async with statements are", end),
            Stmt::AnnAssign(a) if a.simple => self.needs(6, "Variable annotation syntax is", end),
            Stmt::AnnAssign(_) => self.needs(6, "Variable annotations syntax is", end),
            Stmt::Match(_) => self.needs(10, "Pattern matching is", end),
            Stmt::Try(t) if t.is_star => self.needs(11, "Exception groups are", end),
            Stmt::TypeAlias(_) => self.needs(12, "Type statement is", end),
            _ => {}
        }
    }

    fn expression(&mut self, e: &Expr) {
        let end = e.end();
        match e {
            Expr::Named(_) => self.needs(8, "Assignment expressions are", end),
            Expr::Await(_) => self.needs(5, "Await expressions are", end),
            Expr::BinOp(b) if b.op == Operator::MatMult => self.needs(5, "The '@' operator is", end),
            Expr::TString(_) => self.needs_here(14, "t-strings are", end),
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Versions<'_> {
    fn visit_stmt(&mut self, s: &'a Stmt) {
        self.depth += 1;
        guarded(self.depth, || {
            visitor::walk_stmt(self, s);
            self.statement(s);
        });
        self.depth -= 1;
    }

    fn visit_expr(&mut self, e: &'a Expr) {
        self.depth += 1;
        guarded(self.depth, || {
            visitor::walk_expr(self, e);
            self.expression(e);
        });
        self.depth -= 1;
    }

    fn visit_comprehension(&mut self, c: &'a Comprehension) {
        visitor::walk_comprehension(self, c);
        if c.is_async {
            self.needs(6, "Async comprehensions are", c.end());
        }
    }

    fn visit_except_handler(&mut self, h: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = h;
        self.handler(inner);
        visitor::walk_except_handler(self, h);
    }

    fn visit_parameters(&mut self, p: &'a Parameters) {
        visitor::walk_parameters(self, p);
        if let Some(last) = p.posonlyargs.last() {
            let from = self.tokens.partition_point(|t| t.start() < last.end());
            let slash = self.tokens.get(from..).and_then(|t| t.iter().find(|t| t.kind() == TokenKind::Slash));
            if let Some(end) = slash.map(Ranged::end) {
                self.needs(8, "Positional-only parameters are", end);
            }
        }
    }

    fn visit_type_params(&mut self, p: &'a TypeParams) {
        visitor::walk_type_params(self, p);
        self.needs_here(12, "Type parameter lists are", p.end());
    }

    fn visit_type_param(&mut self, p: &'a TypeParam) {
        visitor::walk_type_param(self, p);
        if let Some(d) = p.default() {
            self.needs(13, "Type parameter defaults are", d.end());
        }
    }
}
