//! Expressions, from the comma down to the primary.

use super::SyntaxErr;
use super::core::{K, Node, Parser, R, Rule, kw, need};
use super::targets::Use;
use crate::token;

/// Binding strength of the binary operators between `|` and the power.
fn strength(kind: u8) -> Option<u8> {
    Some(match kind {
        token::VBAR => 1,
        token::CIRCUMFLEX => 2,
        token::AMPER => 3,
        token::LEFTSHIFT | token::RIGHTSHIFT => 4,
        token::PLUS | token::MINUS => 5,
        token::STAR | token::SLASH | token::DOUBLESLASH | token::PERCENT | token::AT => 6,
        _ => return None,
    })
}

const SOFT_KEYWORDS: [&str; 4] = ["_", "case", "match", "type"];

impl Parser<'_> {
    /// Expressions with stars, a tuple if there is a comma.
    pub(super) fn star_expressions(&mut self) -> R<Node> {
        self.memoized(Rule::StarExpressions, |p| p.comma_list(Self::star_expression))
    }

    /// One or more of `item`, a tuple if a comma follows the first.
    pub(super) fn comma_list(&mut self, item: fn(&mut Self) -> R<Node>) -> R<Node> {
        let first = self.mark;
        let head = need!(self.attempt(item));
        if self.kind()? != token::COMMA {
            return Ok(Some(head));
        }
        let mut all = vec![head];
        while self.accept(token::COMMA)? {
            match self.attempt(item)? {
                Some(next) => all.push(next),
                None => break,
            }
        }
        Ok(Some(self.node_with(K::Tuple, first, &all)))
    }

    pub(super) fn star_expression(&mut self) -> R<Node> {
        let first = self.mark;
        if self.accept(token::STAR)? {
            let inner = need!(self.bitwise_or());
            return Ok(Some(self.node_with(K::Starred, first, &[inner])));
        }
        self.expression()
    }

    /// An element of a display: starred, or an expression that may be a `:=`.
    pub(super) fn star_named_expression(&mut self) -> R<Node> {
        let first = self.mark;
        if self.accept(token::STAR)? {
            let inner = need!(self.bitwise_or());
            return Ok(Some(self.node_with(K::Starred, first, &[inner])));
        }
        self.named_expression()
    }

    pub(super) fn named_expression(&mut self) -> R<Node> {
        self.memoized(Rule::NamedExpression, |p| {
            if p.starts_walrus()? {
                return p.assignment_expression();
            }
            let first = p.mark;
            if p.hints {
                p.named_expression_hints()?;
                p.mark = first;
            }
            p.expression_without_walrus()
        })
    }

    /// An expression that no `:=` follows.
    pub(super) fn expression_without_walrus(&mut self) -> R<Node> {
        let node = need!(self.expression());
        Ok((self.kind()? != token::COLONEQUAL).then_some(node))
    }

    pub(super) fn starts_walrus(&mut self) -> Result<bool, Box<SyntaxErr>> {
        Ok(self.kind()? == token::NAME && self.kind_at(self.mark + 1)? == token::COLONEQUAL)
    }

    pub(super) fn assignment_expression(&mut self) -> R<Node> {
        let first = self.mark;
        self.mark += 2;
        need!(self.expression());
        Ok(Some(self.node(K::Named, first)))
    }

    /// `=` where a comparison or `:=` was meant.
    fn named_expression_hints(&mut self) -> Result<(), Box<SyntaxErr>> {
        let first = self.mark;
        if let Some(a) = self.attempt(Self::expression)?
            && self.accept(token::COLONEQUAL)?
            && self.attempt(Self::expression)?.is_some()
        {
            let what = a.kind.describe();
            return Err(self.error_at_node(a, format!("cannot use assignment expressions with {what}")));
        }
        self.mark = first;
        let Some(a) = self.attempt(Self::bitwise_or)? else { return Ok(()) };
        if !self.accept(token::EQUAL)? {
            return Ok(());
        }
        let Some(b) = self.attempt(Self::bitwise_or)? else { return Ok(()) };
        if self.at_any(&[token::EQUAL, token::COLONEQUAL])? {
            return Ok(());
        }
        if a.kind == K::Name && a.first == first && a.end == first + 1 {
            let msg = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
            return Err(self.error_nodes(a, b, msg));
        }
        let plain = a.first == first;
        if plain && matches!(a.kind, K::List | K::Tuple | K::GenExp | K::True | K::None | K::False) {
            return Ok(());
        }
        // The refusal looks at what the expression starts with, not at what it is.
        if self.starts_with_display(first)? {
            return Ok(());
        }
        let what = a.kind.describe();
        Err(self
            .error_at_node(a, format!("cannot assign to {what} here. Maybe you meant '==' instead of '='?")))
    }

    fn starts_with_display(&mut self, first: usize) -> Result<bool, Box<SyntaxErr>> {
        self.mark = first;
        Ok(match self.kind()? {
            kw::TRUE | kw::FALSE | kw::NONE => true,
            token::LPAR | token::LSQB => self
                .look(Self::atom)?
                .is_some_and(|n| n.first == first && matches!(n.kind, K::List | K::Tuple | K::GenExp)),
            _ => false,
        })
    }

    pub(super) fn expression(&mut self) -> R<Node> {
        self.memoized(Rule::Expression, |p| {
            p.deeper(|p| {
                let first = p.mark;
                if p.hints {
                    p.expression_hints()?;
                    p.mark = first;
                    p.legacy_hint()?;
                    p.mark = first;
                }
                p.bare_expression()
            })
        })
    }

    /// A conditional, a disjunction or a lambda, without the hints that concern the whole.
    pub(super) fn bare_expression(&mut self) -> R<Node> {
        if self.kind()? == kw::LAMBDA {
            return self.lambda();
        }
        let first = self.mark;
        let body = need!(self.disjunction());
        let after = self.mark;
        if self.accept(kw::IF)?
            && self.attempt(Self::disjunction)?.is_some()
            && self.accept(kw::ELSE)?
            && self.attempt(Self::expression)?.is_some()
        {
            return Ok(Some(self.node(K::IfExp, first)));
        }
        self.mark = after;
        Ok(Some(body))
    }

    /// Two expressions with nothing between them, and halves of conditionals.
    fn expression_hints(&mut self) -> Result<(), Box<SyntaxErr>> {
        let first = self.mark;
        let kind = self.kind()?;
        if kind == kw::LAMBDA {
            return self.lambda_in_fstring_hint();
        }
        if matches!(kind, kw::PASS | kw::BREAK | kw::CONTINUE) {
            return self.statement_in_conditional(first);
        }
        if kind == token::STRING {
            self.quotes_in_string_hint(first)?;
            self.mark = first;
        }
        let Some(a) = self.attempt(Self::disjunction)? else { return Ok(()) };
        let after = self.mark;
        if !self.starts_like_two_words(first)?
            && let Some(b) = self.plainly(|p| p.attempt(Self::bare_expression))?
        {
            let legacy = self.is_legacy_name(a);
            if !legacy && self.token(self.mark - 1).level > 0 {
                return Err(self.error_nodes(a, b, "invalid syntax. Perhaps you forgot a comma?"));
            }
        }
        self.mark = after;
        if !self.accept(kw::IF)? {
            return Ok(());
        }
        let Some(b) = self.attempt(Self::disjunction)? else { return Ok(()) };
        if !self.at_any(&[kw::ELSE, token::COLON])? {
            return Err(self.error_nodes(a, b, "expected 'else' after 'if' expression"));
        }
        if self.accept(kw::ELSE)? && self.attempt(Self::expression)?.is_none() {
            let msg = "expected expression after 'else', but statement is given";
            return Err(self.error_at_token(self.mark, msg));
        }
        Ok(())
    }

    /// A string, words, and a string again: quotes within quotes.
    fn quotes_in_string_hint(&mut self, first: usize) -> Result<(), Box<SyntaxErr>> {
        self.mark = first + 1;
        while self.kind()? != token::STRING {
            if self.plainly(|p| p.attempt(Self::bare_expression))?.is_none() {
                return Ok(());
            }
        }
        if self.mark == first + 1 {
            return Ok(());
        }
        let msg = "invalid syntax. Is this intended to be part of the string?";
        Err(self.error_range(first + 1, self.mark - 1, msg))
    }

    fn statement_in_conditional(&mut self, first: usize) -> Result<(), Box<SyntaxErr>> {
        self.mark += 1;
        if self.accept(kw::IF)? && self.attempt(Self::disjunction)?.is_some() && self.accept(kw::ELSE)? {
            let msg = "expected expression before 'if', but statement is given";
            return Err(self.error_at_token(first, msg));
        }
        Ok(())
    }

    /// A name before a string, or a soft keyword: two expressions that are no forgotten comma.
    fn starts_like_two_words(&mut self, first: usize) -> Result<bool, Box<SyntaxErr>> {
        if self.kind_at(first)? != token::NAME {
            return Ok(false);
        }
        if SOFT_KEYWORDS.contains(&self.token_text(first)) {
            return Ok(true);
        }
        Ok(self.kind_at(first + 1)? == token::STRING)
    }

    fn is_legacy_name(&self, node: Node) -> bool {
        node.kind == K::Name && matches!(self.token_text(node.first), "print" | "exec")
    }

    /// `print x` and `exec x`.
    fn legacy_hint(&mut self) -> Result<(), Box<SyntaxErr>> {
        let first = self.mark;
        if self.kind()? != token::NAME {
            return Ok(());
        }
        self.mark += 1;
        if self.kind()? == token::LPAR {
            return Ok(());
        }
        let quiet = std::mem::replace(&mut self.quiet_braces, true);
        let b = self.attempt(Self::star_expressions)?;
        self.quiet_braces = quiet;
        let Some(b) = b else { return Ok(()) };
        let name = self.token_text(first);
        if !matches!(name, "print" | "exec") {
            return Ok(());
        }
        let msg = format!("Missing parentheses in call to '{name}'. Did you mean {name}(...)?");
        Err(self.error_range(first, b.end.saturating_sub(1), msg))
    }

    fn lambda_in_fstring_hint(&mut self) -> Result<(), Box<SyntaxErr>> {
        let first = self.mark;
        self.mark += 1;
        let parameters = self.attempt(Self::lambda_parameters)?;
        if parameters.is_none() && self.kind()? != token::COLON {
            return Ok(());
        }
        if !self.accept(token::COLON)? {
            return Ok(());
        }
        let letter = match self.kind()? {
            token::FSTRING_MIDDLE => 'f',
            token::TSTRING_MIDDLE => 't',
            _ => return Ok(()),
        };
        let msg = format!("{letter}-string: lambda expressions are not allowed without parentheses");
        Err(self.error_range(first, self.mark - 1, msg))
    }

    fn lambda(&mut self) -> R<Node> {
        let first = self.mark;
        self.mark += 1;
        if self.kind()? != token::COLON {
            need!(self.attempt(Self::lambda_parameters));
        }
        need!(self.expect(token::COLON));
        need!(self.expression());
        Ok(Some(self.node(K::Lambda, first)))
    }

    pub(super) fn disjunction(&mut self) -> R<Node> {
        self.memoized(Rule::Disjunction, |p| p.boolean(kw::OR, |p| p.boolean(kw::AND, Self::inversion)))
    }

    fn boolean(&mut self, operator: u8, operand: fn(&mut Self) -> R<Node>) -> R<Node> {
        let first = self.mark;
        let mut node = need!(operand(self));
        loop {
            let before = self.mark;
            if !self.accept(operator)? {
                return Ok(Some(node));
            }
            if operand(self)?.is_none() {
                self.mark = before;
                return Ok(Some(node));
            }
            node = self.node(K::Operation, first);
        }
    }

    fn inversion(&mut self) -> R<Node> {
        let first = self.mark;
        if !self.accept(kw::NOT)? {
            return self.comparison();
        }
        while self.accept(kw::NOT)? {}
        need!(self.comparison());
        Ok(Some(self.node(K::Operation, first)))
    }

    fn comparison(&mut self) -> R<Node> {
        let first = self.mark;
        let left = need!(self.bitwise_or());
        let mut node = left;
        loop {
            let before = self.mark;
            let Some(operator) = self.comparison_operator()? else { return Ok(Some(node)) };
            if self.bitwise_or()?.is_none() {
                self.mark = before;
                return Ok(Some(node));
            }
            node = if node.end == left.end {
                let kind = if operator == kw::IN { K::CompareIn } else { K::Compare };
                self.node_with(kind, first, &[left])
            } else {
                Node { end: self.mark, ..node }
            };
        }
    }

    fn comparison_operator(&mut self) -> R<u8> {
        let kind = self.kind()?;
        match kind {
            token::LESS => {
                let (a, b) = (self.token(self.mark), self.mark + 1);
                self.mark += 1;
                if self.hints && self.kind()? == token::GREATER && self.token(b).start == a.end {
                    let msg = "invalid syntax.  Maybe you meant '!=' instead of '<>'?";
                    return Err(self.error_range(b - 1, b, msg));
                }
            }
            token::EQEQUAL
            | token::NOTEQUAL
            | token::LESSEQUAL
            | token::GREATEREQUAL
            | token::GREATER
            | kw::IN => {
                self.mark += 1;
            }
            kw::IS => {
                self.mark += 1;
                self.accept(kw::NOT)?;
            }
            kw::NOT => {
                self.mark += 1;
                if !self.accept(kw::IN)? {
                    self.mark -= 1;
                    return Ok(None);
                }
            }
            _ => return Ok(None),
        }
        Ok(Some(kind))
    }

    pub(super) fn bitwise_or(&mut self) -> R<Node> {
        self.memoized(Rule::BitwiseOr, |p| p.binary(1))
    }

    fn binary(&mut self, least: u8) -> R<Node> {
        let first = self.mark;
        let mut node = need!(self.factor());
        loop {
            let before = self.mark;
            let Some(power) = strength(self.kind()?).filter(|&s| s >= least) else { return Ok(Some(node)) };
            self.mark += 1;
            if self.hints && power >= 5 && self.kind()? == kw::NOT {
                self.not_after_operator(Self::inversion)?;
            }
            if self.binary(power + 1)?.is_none() {
                self.mark = before;
                return Ok(Some(node));
            }
            node = self.node(K::Operation, first);
        }
    }

    fn not_after_operator(&mut self, operand: fn(&mut Self) -> R<Node>) -> Result<(), Box<SyntaxErr>> {
        let at = self.mark;
        if let Some(b) = self.attempt(operand)? {
            let msg = "'not' after an operator must be parenthesized";
            return Err(self.error_range(at, b.end.saturating_sub(1), msg));
        }
        self.mark = at;
        Ok(())
    }

    fn factor(&mut self) -> R<Node> {
        let first = self.mark;
        while self.at_any(&[token::PLUS, token::MINUS, token::TILDE])? {
            self.mark += 1;
            if self.hints && self.kind()? == kw::NOT {
                self.not_after_operator(|p| {
                    p.mark += 1;
                    p.factor()
                })?;
            }
        }
        let signed = self.mark > first;
        let node = need!(self.power());
        Ok(Some(if signed { self.node(K::Operation, first) } else { node }))
    }

    fn power(&mut self) -> R<Node> {
        let first = self.mark;
        let base = if self.accept(kw::AWAIT)? {
            need!(self.primary());
            self.node(K::Await, first)
        } else {
            need!(self.primary())
        };
        let before = self.mark;
        if self.accept(token::DOUBLESTAR)? {
            if self.deeper(Self::factor)?.is_some() {
                return Ok(Some(self.node(K::Operation, first)));
            }
            self.mark = before;
        }
        Ok(Some(base))
    }

    pub(super) fn primary(&mut self) -> R<Node> {
        self.memoized(Rule::Primary, |p| {
            let first = p.mark;
            let mut node = need!(p.atom());
            loop {
                match p.attempt(|p| p.trailer(first))? {
                    Some(next) => node = next,
                    None => return Ok(Some(node)),
                }
            }
        })
    }

    /// An attribute, a call or a subscript of what started at `first`.
    fn trailer(&mut self, first: usize) -> R<Node> {
        match self.kind()? {
            token::DOT => {
                self.mark += 1;
                need!(self.expect(token::NAME));
                Ok(Some(self.node(K::Attribute, first)))
            }
            token::LPAR => {
                if self.attempt(Self::generator_argument)?.is_none() {
                    need!(self.call_arguments());
                }
                Ok(Some(self.node(K::Call, first)))
            }
            token::LSQB => {
                self.mark += 1;
                need!(self.slices());
                need!(self.expect(token::RSQB));
                Ok(Some(self.node(K::Subscript, first)))
            }
            _ => Ok(None),
        }
    }

    fn slices(&mut self) -> R<()> {
        need!(self.slice_or_starred());
        while self.accept(token::COMMA)? {
            if self.attempt(Self::slice_or_starred)?.is_none() {
                break;
            }
        }
        Ok(Some(()))
    }

    fn slice_or_starred(&mut self) -> R<()> {
        if self.kind()? == token::STAR {
            need!(self.starred_argument());
            return Ok(Some(()));
        }
        let first = self.mark;
        if self.kind()? != token::COLON {
            let lower = self.attempt(Self::expression)?;
            if lower.is_none() || self.kind()? != token::COLON {
                self.mark = first;
                need!(self.named_expression());
                return Ok(Some(()));
            }
        }
        need!(self.expect(token::COLON));
        self.attempt(Self::expression)?;
        if self.accept(token::COLON)? {
            self.attempt(Self::expression)?;
        }
        Ok(Some(()))
    }

    pub(super) fn atom(&mut self) -> R<Node> {
        let first = self.mark;
        let kind = match self.kind()? {
            token::NAME => K::Name,
            token::NUMBER => K::Literal,
            token::ELLIPSIS => K::Ellipsis,
            kw::TRUE => K::True,
            kw::FALSE => K::False,
            kw::NONE => K::None,
            token::STRING | token::FSTRING_START | token::TSTRING_START => return self.strings(),
            token::LPAR => return self.deeper(Self::parenthesized),
            token::LSQB => return self.deeper(Self::list),
            token::LBRACE => return self.deeper(Self::dict_or_set),
            _ => return Ok(None),
        };
        self.mark += 1;
        Ok(Some(self.node(kind, first)))
    }

    pub(super) fn yield_expression(&mut self) -> R<Node> {
        let first = self.mark;
        need!(self.expect(kw::YIELD));
        if self.accept(kw::FROM)? {
            if self.attempt(Self::expression)?.is_some() {
                return Ok(Some(self.node(K::Yield, first)));
            }
            self.mark = first + 1;
        }
        self.attempt(Self::star_expressions)?;
        Ok(Some(self.node(K::Yield, first)))
    }

    /// The right side of an assignment.
    pub(super) fn yield_or_star_expressions(&mut self) -> R<Node> {
        if self.kind()? == kw::YIELD { self.yield_expression() } else { self.star_expressions() }
    }

    /// A tuple, a group or a generator.
    fn parenthesized(&mut self) -> R<Node> {
        let first = self.mark;
        self.mark += 1;
        if self.accept(token::RPAR)? {
            return Ok(Some(self.node(K::Tuple, first)));
        }
        if self.kind()? == kw::YIELD {
            let node = need!(self.yield_expression());
            need!(self.expect(token::RPAR));
            return Ok(Some(node));
        }
        let inside = self.mark;
        if self.hints && self.accept(token::DOUBLESTAR)? {
            if self.attempt(Self::expression)?.is_some() && self.kind()? == token::RPAR {
                let msg = "cannot use double starred expression here";
                return Err(self.error_at_token(inside, msg));
            }
            return Ok(None);
        }
        let head = need!(self.display_head());
        match self.kind()? {
            token::COMMA => {
                let mut all = vec![head];
                self.display_rest(&mut all)?;
                need!(self.expect(token::RPAR));
                Ok(Some(self.node_with(K::Tuple, first, &all)))
            }
            token::RPAR if head.kind != K::Starred => {
                self.mark += 1;
                Ok(Some(head))
            }
            token::RPAR if self.hints => Err(self.error_at_node(head, "cannot use starred expression here")),
            kw::FOR | kw::ASYNC => {
                need!(self.for_if_clauses());
                self.refuse_starred_comprehension(head)?;
                need!(self.expect(token::RPAR));
                Ok((head.kind != K::Starred).then(|| self.node(K::GenExp, first)))
            }
            _ => Ok(None),
        }
    }

    /// The first element of a display.
    fn display_head(&mut self) -> R<Node> {
        let first = self.mark;
        let starred = self.kind()? == token::STAR;
        let head = self.attempt(Self::star_named_expression)?;
        if self.hints && starred && (head.is_none() || !self.at_any(&[token::COMMA, kw::FOR, kw::ASYNC])?) {
            // Hints for what follows the star come from reading it as an argument.
            let after = self.mark;
            self.mark = first;
            self.attempt(Self::starred_argument)?;
            self.mark = after;
        }
        Ok(head)
    }

    fn refuse_starred_comprehension(&self, head: Node) -> Result<(), Box<SyntaxErr>> {
        if self.hints && head.kind == K::Starred {
            return Err(self.error_at_node(head, "iterable unpacking cannot be used in comprehension"));
        }
        Ok(())
    }

    /// The elements after the first.
    fn display_rest(&mut self, all: &mut Vec<Node>) -> Result<(), Box<SyntaxErr>> {
        while self.accept(token::COMMA)? {
            match self.attempt(Self::star_named_expression)? {
                Some(next) => all.push(next),
                None => break,
            }
        }
        Ok(())
    }

    /// `[a, b for ...]`: the target of the comprehension lacks its parentheses.
    fn unparenthesized_target(&mut self, all: &[Node]) -> Result<(), Box<SyntaxErr>> {
        if self.hints && self.at_any(&[kw::FOR, kw::ASYNC])? {
            let last = self.mark - 1;
            if self.attempt(Self::for_if_clauses)?.is_some()
                && let Some(head) = all.first()
            {
                let msg = "did you forget parentheses around the comprehension target?";
                return Err(self.error_range(head.first, last, msg));
            }
        }
        Ok(())
    }

    fn list(&mut self) -> R<Node> {
        let first = self.mark;
        self.mark += 1;
        if self.accept(token::RSQB)? {
            return Ok(Some(self.node(K::List, first)));
        }
        let head = need!(self.display_head());
        if self.at_any(&[kw::FOR, kw::ASYNC])? {
            need!(self.for_if_clauses());
            self.refuse_starred_comprehension(head)?;
            need!(self.expect(token::RSQB));
            return Ok((head.kind != K::Starred).then(|| self.node(K::ListComp, first)));
        }
        let mut all = vec![head];
        self.display_rest(&mut all)?;
        if all.len() > 1 || self.kind_at(self.mark - 1)? == token::COMMA {
            self.unparenthesized_target(&all)?;
        }
        need!(self.expect(token::RSQB));
        Ok(Some(self.node_with(K::List, first, &all)))
    }

    /// Up to the first colon, the contents of braces are read with the hints on even where they are off around them; the
    /// later keys of a dict are read with them off. CPython does so, and its users see the difference.
    fn dict_or_set(&mut self) -> R<Node> {
        let outer = self.hints;
        self.hints |= self.second_pass && !self.quiet_braces;
        let found = self.dict_or_set_within(outer);
        self.hints = outer;
        found
    }

    fn dict_or_set_within(&mut self, outer: bool) -> R<Node> {
        let first = self.mark;
        self.mark += 1;
        if self.accept(token::RBRACE)? {
            return Ok(Some(self.node(K::Dict, first)));
        }
        if self.accept(token::DOUBLESTAR)? {
            self.hints = outer;
            return self.dict_after_stars(first);
        }
        if self.kind()? != token::STAR {
            if self.attempt(Self::expression)?.is_some() && self.accept(token::COLON)? {
                self.hints = outer;
                return self.dict_after_colon(first);
            }
            self.mark = first + 1;
        }
        let head = need!(self.display_head());
        if self.at_any(&[kw::FOR, kw::ASYNC])? {
            need!(self.for_if_clauses());
            self.refuse_starred_comprehension(head)?;
            need!(self.expect(token::RBRACE));
            return Ok((head.kind != K::Starred).then(|| self.node(K::SetComp, first)));
        }
        let mut all = vec![head];
        self.display_rest(&mut all)?;
        if all.len() > 1 || self.kind_at(self.mark - 1)? == token::COMMA {
            self.unparenthesized_target(&all)?;
        }
        need!(self.expect(token::RBRACE));
        Ok(Some(self.node(K::Set, first)))
    }

    fn dict_after_stars(&mut self, first: usize) -> R<Node> {
        need!(self.bitwise_or());
        if self.hints
            && self.at_any(&[kw::FOR, kw::ASYNC])?
            && self.attempt(Self::for_if_clauses)?.is_some()
            && self.kind()? == token::RBRACE
        {
            let msg = "dict unpacking cannot be used in dict comprehension";
            return Err(self.error_at_token(first + 1, msg));
        }
        self.dict_rest(first)
    }

    fn dict_after_colon(&mut self, first: usize) -> R<Node> {
        if self.hints {
            self.dict_value_hints()?;
        }
        need!(self.expression());
        if self.at_any(&[kw::FOR, kw::ASYNC])? {
            need!(self.for_if_clauses());
            need!(self.expect(token::RBRACE));
            return Ok(Some(self.node(K::DictComp, first)));
        }
        self.dict_rest(first)
    }

    /// The colon has just been taken.
    fn dict_value_hints(&mut self) -> Result<(), Box<SyntaxErr>> {
        let colon = self.mark - 1;
        match self.kind()? {
            token::STAR => {
                let star = self.mark;
                self.mark += 1;
                if self.attempt(Self::bitwise_or)?.is_some() {
                    self.kind()?;
                    let msg = "cannot use a starred expression in a dictionary value";
                    return Err(self.error_from(star, msg));
                }
                self.mark = star;
                Ok(())
            }
            token::RBRACE | token::COMMA => {
                Err(self.error_at_token(colon, "expression expected after dictionary key and ':'"))
            }
            _ => Ok(()),
        }
    }

    fn dict_rest(&mut self, first: usize) -> R<Node> {
        while self.accept(token::COMMA)? {
            if self.kind()? == token::RBRACE {
                break;
            }
            if self.accept(token::DOUBLESTAR)? {
                need!(self.bitwise_or());
                continue;
            }
            let Some(key) = self.plainly(|p| p.attempt(Self::bare_expression))? else {
                if self.hints {
                    self.afresh(|p| p.attempt(Self::expression))?;
                }
                break;
            };
            if !self.accept(token::COLON)? {
                if self.second_pass {
                    return Err(self.error_at_end_of(key, "':' expected after dictionary key"));
                }
                return Ok(None);
            }
            if self.hints {
                self.dict_value_hints()?;
            }
            need!(self.expression());
        }
        need!(self.expect(token::RBRACE));
        Ok(Some(self.node(K::Dict, first)))
    }

    /// The `for ... in ... if ...` clauses of a comprehension; the node spans them.
    pub(super) fn for_if_clauses(&mut self) -> R<Node> {
        self.memoized(Rule::ForIfClauses, |p| {
            let first = p.mark;
            need!(p.for_if_clause());
            while p.at_any(&[kw::FOR, kw::ASYNC])? {
                if p.attempt(Self::for_if_clause)?.is_none() {
                    break;
                }
            }
            Ok(Some(p.node(K::GenExp, first)))
        })
    }

    fn for_if_clause(&mut self) -> R<()> {
        self.accept(kw::ASYNC)?;
        need!(self.expect(kw::FOR));
        let first = self.mark;
        if self.attempt(Self::star_targets)?.is_some() && self.accept(kw::IN)? {
            need!(self.disjunction());
            loop {
                let before = self.mark;
                if !self.accept(kw::IF)? {
                    return Ok(Some(()));
                }
                if self.disjunction()?.is_none() {
                    self.mark = before;
                    return Ok(Some(()));
                }
            }
        }
        if self.hints {
            self.mark = first;
            self.for_clause_hints(first)?;
        }
        Ok(None)
    }

    fn for_clause_hints(&mut self, first: usize) -> Result<(), Box<SyntaxErr>> {
        if self.attempt(|p| p.comma_list(Self::bitwise_or))?.is_some() && self.kind()? != kw::IN {
            return Err(self.error_here("'in' expected after for-loop variables"));
        }
        self.mark = first;
        if let Some(target) = self.attempt(Self::star_expressions)? {
            self.refuse_target(target, Use::Loop)?;
        }
        Ok(())
    }
}
