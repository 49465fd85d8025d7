//! The parameters of functions and lambdas, and type parameters.

use std::collections::HashSet;

use super::SyntaxErr;
use super::core::{K, Node, Parser, R, need};
use crate::token;

/// What a parameter list has had so far.
struct Params {
    lambda: bool,
    count: usize,
    names: HashSet<String>,
    default: bool,
    slash: bool,
    star: bool,
    /// A `*` without a name still waits for a parameter.
    bare_star: Option<usize>,
}

impl Params {
    fn end(&self) -> u8 {
        if self.lambda { token::COLON } else { token::RPAR }
    }
}

impl Parser<'_> {
    pub(super) fn lambda_parameters(&mut self) -> R<()> {
        self.parameters(true)
    }

    /// A parameter list that is not empty, up to the `)` or `:` that ends it.
    pub(super) fn parameters(&mut self, lambda: bool) -> R<()> {
        let mut seen = Params {
            lambda,
            count: 0,
            names: HashSet::new(),
            default: false,
            slash: false,
            star: false,
            bare_star: None,
        };
        loop {
            match self.kind()? {
                token::SLASH => need!(self.slash(&mut seen)),
                token::STAR => need!(self.star_parameter(&mut seen)),
                token::DOUBLESTAR if seen.bare_star.is_none() => {
                    return self.double_star_parameter(&mut seen);
                }
                token::NAME => need!(self.plain_parameter(&mut seen)),
                token::LPAR if self.hints => {
                    self.parenthesized_parameters(&seen)?;
                    return Ok(None);
                }
                kind => {
                    return Ok(
                        (kind == seen.end() && seen.count > 0 && seen.bare_star.is_none()).then_some(())
                    );
                }
            }
            if !self.accept(token::COMMA)? {
                return Ok((self.kind()? == seen.end() && seen.bare_star.is_none()).then_some(()));
            }
        }
    }

    fn slash(&mut self, seen: &mut Params) -> R<()> {
        let at = self.mark;
        if seen.count == 0 || seen.slash || seen.star {
            if !self.hints {
                return Ok(None);
            }
            let msg = if seen.star {
                "/ must be ahead of *"
            } else if seen.slash {
                "/ may appear only once"
            } else if self.kind_at(at + 1)? == token::COMMA {
                "at least one argument must precede /"
            } else {
                return Ok(None);
            };
            return Err(self.error_at_token(at, msg));
        }
        self.mark += 1;
        seen.slash = true;
        if self.hints && self.kind()? == token::STAR {
            return Err(self.error_at_token(self.mark, "expected comma between / and *"));
        }
        Ok(self.at_any(&[token::COMMA, seen.end()])?.then_some(()))
    }

    fn star_parameter(&mut self, seen: &mut Params) -> R<()> {
        let at = self.mark;
        if seen.star {
            if !self.hints {
                return Ok(None);
            }
            let follows = self.kind_at(at + 1)?;
            if matches!(follows, token::NAME | token::COMMA) {
                return Err(self.error_at_token(at, "* argument may appear only once"));
            }
            return Ok(None);
        }
        self.mark += 1;
        seen.star = true;
        seen.count += 1;
        if self.kind()? == token::NAME {
            let starred =
                self.kind_at(self.mark + 1)? == token::COLON && self.kind_at(self.mark + 2)? == token::STAR;
            need!(self.parameter(seen, true));
            if self.hints && !starred && self.kind()? == token::EQUAL {
                let msg = "var-positional argument cannot have default value";
                return Err(self.error_at_token(self.mark, msg));
            }
            return Ok(Some(()));
        }
        if self.hints {
            self.bare_star_hint(at, seen)?;
        }
        seen.bare_star = Some(at);
        Ok((self.kind()? == token::COMMA).then_some(()))
    }

    fn bare_star_hint(&mut self, at: usize, seen: &Params) -> Result<(), Box<SyntaxErr>> {
        let end = seen.end();
        let mut kind = self.kind()?;
        if kind == token::COMMA {
            kind = self.kind_at(self.mark + 1)?;
            if kind == token::DOUBLESTAR {
                kind = end;
            }
        }
        if kind != end {
            return Ok(());
        }
        let msg = "named arguments must follow bare *";
        Err(if seen.lambda { self.error_here(msg) } else { self.error_at_token(at, msg) })
    }

    fn double_star_parameter(&mut self, seen: &mut Params) -> R<()> {
        self.mark += 1;
        need!(self.parameter(seen, false));
        if self.hints && self.kind()? == token::EQUAL {
            return Err(self.error_at_token(self.mark, "var-keyword argument cannot have default value"));
        }
        if self.accept(token::COMMA)? && self.hints {
            let follows = self.kind()?;
            if matches!(follows, token::NAME | token::STAR | token::DOUBLESTAR | token::SLASH) {
                return Err(self.error_at_token(self.mark, "arguments cannot follow var-keyword argument"));
            }
        }
        Ok((self.kind()? == seen.end()).then_some(()))
    }

    /// A name and its annotation.
    fn parameter(&mut self, seen: &mut Params, star_annotation: bool) -> R<Node> {
        let first = need!(self.expect(token::NAME));
        seen.count += 1;
        let name = self.token_text(first).to_owned();
        if seen.names.contains(&name) && self.late.is_none() {
            let msg = format!("duplicate argument '{name}' in function definition");
            self.late = Some(self.error_at_token(first, msg));
        }
        seen.names.insert(name);
        if !seen.lambda && self.accept(token::COLON)? {
            need!(if star_annotation { self.star_expression() } else { self.expression() });
        }
        Ok(Some(self.node(K::Name, first)))
    }

    fn plain_parameter(&mut self, seen: &mut Params) -> R<()> {
        let node = need!(self.parameter(seen, false));
        seen.bare_star = None;
        let equal = self.mark;
        if self.accept(token::EQUAL)? {
            if self.attempt(Self::expression)?.is_none() {
                if self.hints && self.at_any(&[token::RPAR, token::COMMA])? {
                    return Err(self.error_at_token(equal, "expected default value expression"));
                }
                return Ok(None);
            }
            seen.default = true;
        } else if seen.default && !seen.star && self.at_any(&[token::COMMA, seen.end()])? {
            if self.hints {
                let msg = "parameter without a default follows parameter with a default";
                return Err(self.error_at_node(node, msg));
            }
            return Ok(None);
        }
        Ok(Some(()))
    }

    fn parenthesized_parameters(&mut self, seen: &Params) -> Result<(), Box<SyntaxErr>> {
        if seen.default || seen.star || seen.slash {
            return Ok(());
        }
        let first = self.mark;
        self.mark += 1;
        let mut count = 0;
        while self.accept(token::NAME)? {
            count += 1;
            if !seen.lambda && self.accept(token::COLON)? && self.attempt(Self::expression)?.is_none() {
                return Ok(());
            }
            if !self.accept(token::COMMA)? {
                break;
            }
        }
        if count == 0 || !self.accept(token::RPAR)? {
            return Ok(());
        }
        let what = if seen.lambda { "Lambda expression" } else { "Function" };
        Err(self.error_range(first, self.mark - 1, format!("{what} parameters cannot be parenthesized")))
    }

    /// `[T, *Ts, **P]`.
    pub(super) fn type_parameters(&mut self) -> R<()> {
        need!(self.expect(token::LSQB));
        if self.hints && self.kind()? == token::RSQB {
            return Err(self.error_from(self.mark, "Type parameter list cannot be empty"));
        }
        need!(self.type_parameter());
        while self.accept(token::COMMA)? {
            if self.attempt(Self::type_parameter)?.is_none() {
                break;
            }
        }
        need!(self.expect(token::RSQB));
        Ok(Some(()))
    }

    fn type_parameter(&mut self) -> R<()> {
        let what = match self.kind()? {
            token::STAR => Some("TypeVarTuple"),
            token::DOUBLESTAR => Some("ParamSpec"),
            _ => None,
        };
        if what.is_some() {
            self.mark += 1;
        }
        need!(self.expect(token::NAME));
        if let Some(what) = what {
            if self.hints && self.kind()? == token::COLON {
                let colon = self.mark;
                self.mark += 1;
                if let Some(bound) = self.attempt(Self::expression)? {
                    let noun = if bound.kind == K::Tuple { "constraints" } else { "bound" };
                    return Err(self.error_from(colon, format!("cannot use {noun} with {what}")));
                }
                return Ok(None);
            }
        } else if self.accept(token::COLON)? {
            need!(self.expression());
        }
        if self.accept(token::EQUAL)? {
            need!(if what == Some("TypeVarTuple") { self.star_expression() } else { self.expression() });
        }
        Ok(Some(()))
    }
}
