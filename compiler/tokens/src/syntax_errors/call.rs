//! The arguments of calls and class statements.

use super::SyntaxErr;
use super::core::{K, Node, Parser, R, Rule, kw, need};
use std::collections::HashSet;

use crate::token;

/// What an argument list has had so far.
#[derive(Default)]
struct Args {
    positional: usize,
    last: Option<Node>,
    keywords: bool,
    unpacking: bool,
    names: HashSet<String>,
}

impl Parser<'_> {
    /// `(x for ...)` as the only argument.
    pub(super) fn generator_argument(&mut self) -> R<Node> {
        let first = self.mark;
        self.mark += 1;
        if self.at_any(&[token::RPAR, token::DOUBLESTAR])? {
            return Ok(None);
        }
        if self.kind()? == token::STAR {
            if !self.hints {
                return Ok(None);
            }
            let star = self.mark;
            let head = need!(self.attempt(Self::starred_argument));
            if self.at_any(&[kw::FOR, kw::ASYNC])? && self.attempt(Self::for_if_clauses)?.is_some() {
                let head = Node { first: star, ..head };
                return Err(self.error_at_node(head, "iterable unpacking cannot be used in comprehension"));
            }
            return Ok(None);
        }
        if self.starts_walrus()? {
            need!(self.assignment_expression());
        } else {
            need!(self.expression_without_walrus());
        }
        if !self.at_any(&[kw::FOR, kw::ASYNC])? {
            return Ok(None);
        }
        need!(self.for_if_clauses());
        need!(self.expect(token::RPAR));
        Ok(Some(self.node(K::GenExp, first)))
    }

    /// A parenthesised argument list; the opening bracket is at the mark.
    pub(super) fn call_arguments(&mut self) -> R<()> {
        self.mark += 1;
        if self.accept(token::RPAR)? {
            return Ok(Some(()));
        }
        let first = self.mark;
        let args = self.attempt(Self::args)?;
        if args.is_some() {
            self.accept(token::COMMA)?;
            if self.accept(token::RPAR)? {
                return Ok(Some(()));
            }
        }
        if self.hints {
            self.mark = first;
            self.argument_hints(first)?;
        }
        Ok(None)
    }

    /// Positional arguments, then keywords and stars, then keywords and double stars; the node's kind says what came last.
    fn args(&mut self) -> R<Node> {
        self.memoized(Rule::Args, |p| {
            let first = p.mark;
            let mut args = Args::default();
            let mut phase = 0;
            loop {
                let before = p.mark;
                if args.last.is_some() && !p.accept(token::COMMA)? {
                    break;
                }
                if p.attempt(|p| p.argument(&mut args, &mut phase))?.is_none() {
                    p.mark = before;
                    break;
                }
            }
            let Some(last) = args.last else { return Ok(None) };
            let kind = match (args.keywords, args.unpacking) {
                (_, true) => K::Dict,
                (true, false) => K::Named,
                (false, false) => K::Tuple,
            };
            let mut kids = vec![last];
            kids.resize(1 + args.positional.min(2), last);
            Ok(Some(p.node_with(kind, first, &kids)))
        })
    }

    fn argument(&mut self, args: &mut Args, phase: &mut u8) -> R<()> {
        let kind = self.kind()?;
        if *phase == 0 && kind == token::STAR {
            let node = need!(self.starred_argument());
            args.positional += 1;
            args.last = Some(node);
            return Ok(Some(()));
        }
        if *phase == 0 && kind != token::DOUBLESTAR && !self.starts_keyword()? {
            let mark = self.mark;
            if let Some(node) = self.attempt(Self::positional)? {
                args.positional += 1;
                args.last = Some(node);
                return Ok(Some(()));
            }
            self.mark = mark;
        }
        let node = match kind {
            token::DOUBLESTAR => {
                let node = need!(self.double_starred_argument());
                *phase = 2;
                args.unpacking = true;
                node
            }
            token::STAR if *phase < 2 => {
                // Only after a keyword; before one it was positional.
                *phase = 1;
                args.positional += 1;
                need!(self.starred_argument())
            }
            _ => {
                let node = need!(self.keyword_argument());
                *phase = (*phase).max(1);
                args.keywords = true;
                let name = self.token_text(node.first).to_owned();
                if args.names.contains(&name) && self.late.is_none() {
                    let msg = format!("keyword argument repeated: {name}");
                    self.late = Some(self.error_at_node(node, msg));
                }
                args.names.insert(name);
                node
            }
        };
        args.last = Some(node);
        Ok(Some(()))
    }

    fn starts_keyword(&mut self) -> Result<bool, Box<SyntaxErr>> {
        Ok(self.kind()? == token::NAME && self.kind_at(self.mark + 1)? == token::EQUAL)
    }

    fn positional(&mut self) -> R<Node> {
        let node = if self.starts_walrus()? {
            need!(self.assignment_expression())
        } else {
            need!(self.expression_without_walrus())
        };
        Ok((self.kind()? != token::EQUAL).then_some(node))
    }

    pub(super) fn starred_argument(&mut self) -> R<Node> {
        let first = self.mark;
        need!(self.expect(token::STAR));
        if let Some(inner) = self.attempt(Self::expression)? {
            let node = self.node_with(K::Starred, first, &[inner]);
            if self.hints && self.kind()? == token::EQUAL {
                let before = self.mark;
                self.mark += 1;
                if let Some(value) = self.attempt(Self::expression)? {
                    return Err(self.error_nodes(
                        node,
                        value,
                        "cannot assign to iterable argument unpacking",
                    ));
                }
                self.mark = before;
            }
            return Ok(Some(node));
        }
        if self.hints {
            return Err(self.error_here("Invalid star expression"));
        }
        Ok(None)
    }

    fn double_starred_argument(&mut self) -> R<Node> {
        let first = self.mark;
        self.mark += 1;
        need!(self.expression());
        let node = self.node(K::Dict, first);
        if self.hints && self.kind()? == token::EQUAL {
            let before = self.mark;
            self.mark += 1;
            if let Some(value) = self.attempt(Self::expression)? {
                return Err(self.error_nodes(node, value, "cannot assign to keyword argument unpacking"));
            }
            self.mark = before;
        }
        Ok(Some(node))
    }

    fn keyword_argument(&mut self) -> R<Node> {
        let first = self.mark;
        if self.hints {
            self.keyword_hints()?;
            self.mark = first;
        }
        if !self.starts_keyword()? {
            return Ok(None);
        }
        self.mark += 2;
        need!(self.expression());
        Ok(Some(self.node(K::Named, first)))
    }

    fn keyword_hints(&mut self) -> Result<(), Box<SyntaxErr>> {
        let first = self.mark;
        let kind = self.kind()?;
        if matches!(kind, kw::TRUE | kw::FALSE | kw::NONE) && self.kind_at(first + 1)? == token::EQUAL {
            let name = self.token_text(first).to_owned();
            return Err(self.error_range(first, first + 1, format!("cannot assign to {name}")));
        }
        if self.starts_keyword()? {
            self.mark += 2;
            if self.attempt(Self::expression)?.is_some()
                && self.at_any(&[kw::FOR, kw::ASYNC])?
                && self.attempt(Self::for_if_clauses)?.is_some()
            {
                let msg = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
                return Err(self.error_range(first, first + 1, msg));
            }
            return Ok(());
        }
        if let Some(a) = self.attempt(Self::expression)?
            && self.kind()? == token::EQUAL
        {
            let msg = "expression cannot contain assignment, perhaps you meant \"==\"?";
            return Err(self.error_range(a.first, self.mark, msg));
        }
        Ok(())
    }

    /// The arguments do not end where they should.
    fn argument_hints(&mut self, first: usize) -> Result<(), Box<SyntaxErr>> {
        let args = self.attempt(Self::args)?;
        let after = self.mark;
        if let Some(args) = args
            && matches!(args.kind, K::Dict | K::Named)
            && self.kind()? == token::COMMA
            && self.kind_at(after + 1)? == token::STAR
        {
            while self.accept(token::COMMA)? && self.attempt(Self::starred_argument)?.is_some() {
                self.kind()?;
            }
            let msg = "iterable argument unpacking follows keyword argument unpacking";
            return Err(self.error_from(after, msg));
        }
        self.mark = first;
        self.generator_hint(first)?;
        if let Some(args) = args {
            self.mark = after;
            self.value_missing_hint()?;
            self.mark = after;
            self.trailing_generator_hint(args)?;
            self.mark = after;
            if self.accept(token::COMMA)? && self.attempt(Self::args)?.is_some() {
                let unpacking = if args.kind == K::Dict { " unpacking" } else { "" };
                let msg = format!("positional argument follows keyword argument{unpacking}");
                return Err(self.error_here(msg));
            }
        }
        Ok(())
    }

    /// `f(x for x in y, 1)`, and an argument without its value at the very beginning.
    fn generator_hint(&mut self, first: usize) -> Result<(), Box<SyntaxErr>> {
        if let Some(a) = self.attempt(Self::expression)?
            && self.at_any(&[kw::FOR, kw::ASYNC])?
            && let Some(clauses) = self.attempt(Self::for_if_clauses)?
            && self.accept(token::COMMA)?
        {
            self.attempt(Self::args)?;
            return Err(self.error_nodes(a, clauses, "Generator expression must be parenthesized"));
        }
        self.mark = first;
        if self.starts_keyword()? {
            self.mark += 2;
            if self.at_any(&[token::COMMA, token::RPAR])? {
                return Err(self.error_range(first, first + 1, "expected argument value expression"));
            }
        }
        Ok(())
    }

    fn value_missing_hint(&mut self) -> Result<(), Box<SyntaxErr>> {
        if self.accept(token::COMMA)? && self.starts_keyword()? {
            let at = self.mark;
            self.mark += 2;
            if self.at_any(&[token::COMMA, token::RPAR])? {
                return Err(self.error_range(at, at + 1, "expected argument value expression"));
            }
        }
        Ok(())
    }

    fn trailing_generator_hint(&mut self, args: Node) -> Result<(), Box<SyntaxErr>> {
        let after = self.mark;
        let msg = "Generator expression must be parenthesized";
        let (last, several) = {
            let kids = self.kids_of(args);
            (kids.first().copied(), kids.len() > 2)
        };
        if self.at_any(&[kw::FOR, kw::ASYNC])?
            && let Some(clauses) = self.attempt(Self::for_if_clauses)?
            && several
            && let Some(last) = last
        {
            return Err(self.error_nodes(last, clauses, msg));
        }
        self.mark = after;
        if self.accept(token::COMMA)?
            && let Some(a) = self.attempt(Self::expression)?
            && self.at_any(&[kw::FOR, kw::ASYNC])?
            && let Some(clauses) = self.attempt(Self::for_if_clauses)?
        {
            return Err(self.error_nodes(a, clauses, msg));
        }
        Ok(())
    }
}
