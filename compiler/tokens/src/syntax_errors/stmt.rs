//! Statements.

use super::core::{K, Node, Parser, R, kw, need};
use super::targets::Use;
use super::{Start, SyntaxErr};
use crate::token;

const AUGMENTED: [u8; 13] = [
    token::PLUSEQUAL,
    token::MINEQUAL,
    token::STAREQUAL,
    token::SLASHEQUAL,
    token::PERCENTEQUAL,
    token::AMPEREQUAL,
    token::VBAREQUAL,
    token::CIRCUMFLEXEQUAL,
    token::LEFTSHIFTEQUAL,
    token::RIGHTSHIFTEQUAL,
    token::DOUBLESTAREQUAL,
    token::DOUBLESLASHEQUAL,
    token::ATEQUAL,
];

/// Keywords that begin compound statements.
const COMPOUND: [u8; 8] = [kw::IF, kw::WHILE, kw::FOR, kw::WITH, kw::TRY, kw::DEF, kw::CLASS, kw::ASYNC];

impl Parser<'_> {
    /// The whole text.
    pub(super) fn program(&mut self, start: Start) -> R<()> {
        match start {
            Start::Exec => {
                self.statements()?;
                need!(self.expect(token::ENDMARKER));
            }
            Start::Eval => {
                need!(self.comma_list(Self::expression));
                while self.accept(token::NEWLINE)? {}
                need!(self.expect(token::ENDMARKER));
            }
            Start::Single => return self.single(),
        }
        Ok(Some(()))
    }

    /// Interactive input: one statement. Behind a compound one only the end may follow; behind others the text is
    /// searched for more, but not parsed.
    fn single(&mut self) -> R<()> {
        if self.accept(token::NEWLINE)? {
            while self.accept(token::NEWLINE)? {}
            need!(self.expect(token::ENDMARKER));
            return Ok(Some(()));
        }
        let compound = self.at_any(&COMPOUND)? || self.kind()? == token::AT;
        need!(self.statement());
        let last = self.mark.saturating_sub(1);
        if compound || self.token(last).kind == token::DEDENT {
            while self.accept(token::NEWLINE)? {}
            need!(self.expect(token::ENDMARKER));
        } else if self.more_text_behind(last) {
            let msg = "multiple statements found while compiling a single statement";
            return Err(self.error_at_token(last, msg));
        }
        Ok(Some(()))
    }

    /// Whether more than blank lines and comments follows a token.
    fn more_text_behind(&self, index: usize) -> bool {
        let rest = self.lexer.text().get(self.token(index).end..).unwrap_or("");
        rest.lines().any(|line| !matches!(line.trim_start().chars().next(), None | Some('#')))
    }

    /// As many statements as there are.
    fn statements(&mut self) -> Result<usize, Box<SyntaxErr>> {
        let mut count = 0;
        while !self.at_any(&[token::ENDMARKER, token::DEDENT])? && self.attempt(Self::statement)?.is_some() {
            count += 1;
            self.forget();
        }
        Ok(count)
    }

    fn statement(&mut self) -> R<()> {
        match self.kind()? {
            kw::DEF => self.function(),
            token::AT => self.decorated(),
            kw::ASYNC => self.asynchronous(),
            kw::IF => self.if_statement(),
            kw::CLASS => self.class(),
            kw::WITH => self.with_statement(),
            kw::FOR => self.for_statement(),
            kw::TRY => self.try_statement(),
            kw::WHILE => self.while_statement(),
            token::NAME if self.token_text(self.mark) == "match" => {
                if self.attempt(Self::match_statement)?.is_some() {
                    return Ok(Some(()));
                }
                self.simple_statements()
            }
            _ => self.simple_statements(),
        }
    }

    fn simple_statements(&mut self) -> R<()> {
        need!(self.attempt(Self::simple_statement));
        loop {
            if self.accept(token::NEWLINE)? {
                return Ok(Some(()));
            }
            need!(self.expect(token::SEMI));
            if self.kind()? != token::NEWLINE {
                need!(self.attempt(Self::simple_statement));
            }
        }
    }

    fn simple_statement(&mut self) -> R<()> {
        let first = self.mark;
        match self.kind()? {
            kw::RETURN => {
                self.mark += 1;
                self.attempt(Self::star_expressions)?;
            }
            kw::IMPORT => return self.import(),
            kw::FROM => return self.import_from(),
            kw::RAISE => {
                self.mark += 1;
                if self.attempt(Self::expression)?.is_some() && self.accept(kw::FROM)? {
                    need!(self.expression());
                }
            }
            kw::PASS | kw::BREAK | kw::CONTINUE => {
                if self.hints {
                    self.attempt(Self::expression)?;
                    self.mark = first;
                }
                self.mark += 1;
            }
            kw::DEL => return self.delete(),
            kw::ASSERT => {
                self.mark += 1;
                need!(self.expression());
                if self.accept(token::COMMA)? {
                    need!(self.expression());
                }
            }
            kw::GLOBAL | kw::NONLOCAL => {
                self.mark += 1;
                need!(self.expect(token::NAME));
                while self.accept(token::COMMA)? {
                    need!(self.expect(token::NAME));
                }
            }
            _ => {
                if self.attempt(Self::assignment)?.is_some() {
                    return Ok(Some(()));
                }
                if self.kind()? == kw::YIELD {
                    need!(self.yield_expression());
                    return Ok(Some(()));
                }
                if self.at_soft("type")? && self.attempt(Self::type_alias)?.is_some() {
                    return Ok(Some(()));
                }
                self.mark = first;
                need!(self.star_expressions());
            }
        }
        Ok(Some(()))
    }

    fn type_alias(&mut self) -> R<()> {
        self.mark += 1;
        need!(self.expect(token::NAME));
        if self.kind()? == token::LSQB {
            need!(self.type_parameters());
        }
        need!(self.expect(token::EQUAL));
        need!(self.expression());
        Ok(Some(()))
    }

    fn assignment(&mut self) -> R<()> {
        let first = self.mark;
        if self.annotated()?.is_some() {
            return Ok(Some(()));
        }
        self.mark = first;
        if self.assignment_chain()? {
            return Ok(Some(()));
        }
        self.mark = first;
        if self.attempt(Self::single_target)?.is_some() && self.at_any(&AUGMENTED)? {
            self.mark += 1;
            // No alternative once the operator has been seen.
            need!(self.yield_or_star_expressions());
            return Ok(Some(()));
        }
        self.mark = first;
        if self.hints {
            self.assignment_hints(first)?;
        }
        Ok(None)
    }

    /// `target: annotation [= value]`.
    fn annotated(&mut self) -> R<()> {
        if !self.at_any(&[token::NAME, token::LPAR, token::LSQB, token::STRING, token::LBRACE])? {
            return Ok(None);
        }
        if self.attempt(Self::single_target)?.is_none() || !self.accept(token::COLON)? {
            return Ok(None);
        }
        if self.attempt(Self::expression)?.is_none() {
            return Ok(None);
        }
        let before = self.mark;
        if self.accept(token::EQUAL)? && self.attempt(Self::yield_or_star_expressions)?.is_none() {
            self.mark = before;
        }
        Ok(Some(()))
    }

    /// `target = ... = value`.
    fn assignment_chain(&mut self) -> Result<bool, Box<SyntaxErr>> {
        let mut targets = 0;
        loop {
            let before = self.mark;
            if self.attempt(Self::star_targets)?.is_some() && self.accept(token::EQUAL)? {
                targets += 1;
                continue;
            }
            self.mark = before;
            break;
        }
        if targets == 0 || self.attempt(Self::yield_or_star_expressions)?.is_none() {
            return Ok(false);
        }
        Ok(self.kind()? != token::EQUAL)
    }

    fn assignment_hints(&mut self, first: usize) -> Result<(), Box<SyntaxErr>> {
        self.annotation_hints(first)?;
        self.mark = first;
        loop {
            let before = self.mark;
            if self.attempt(Self::star_targets)?.is_some() && self.accept(token::EQUAL)? {
                continue;
            }
            self.mark = before;
            break;
        }
        let value = self.mark;
        if let Some(a) = self.attempt(Self::star_expressions)?
            && self.accept(token::EQUAL)?
        {
            self.refuse_target(a, Use::Assign)?;
        }
        self.mark = value;
        if let Some(a) = self.attempt(Self::yield_expression)?
            && self.accept(token::EQUAL)?
        {
            return Err(self.error_at_node(a, "assignment to yield expression not possible"));
        }
        self.mark = first;
        if let Some(a) = self.attempt(Self::star_expressions)?
            && self.at_any(&AUGMENTED)?
        {
            self.mark += 1;
            if self.attempt(Self::yield_or_star_expressions)?.is_some() {
                let msg =
                    format!("'{}' is an illegal expression for augmented assignment", a.kind.describe());
                return Err(self.error_at_node(a, msg));
            }
        }
        Ok(())
    }

    fn annotation_hints(&mut self, first: usize) -> Result<(), Box<SyntaxErr>> {
        if self.at_any(&[token::LSQB, token::LPAR])?
            && let Some(a) = self.attempt(Self::atom)?
            && matches!(a.kind, K::List | K::Tuple)
            && self.accept(token::COLON)?
            && self.attempt(Self::expression)?.is_some()
        {
            let what = a.kind.describe();
            return Err(self.error_at_node(a, format!("only single target (not {what}) can be annotated")));
        }
        self.mark = first;
        if let Some(a) = self.attempt(Self::star_named_expression)?
            && self.accept(token::COMMA)?
        {
            while self.attempt(|p| p.comma_list(Self::star_named_expression))?.is_some() {}
            if self.accept(token::COLON)? && self.attempt(Self::expression)?.is_some() {
                return Err(self.error_at_node(a, "only single target (not tuple) can be annotated"));
            }
        }
        self.mark = first;
        if let Some(a) = self.attempt(Self::expression)?
            && self.accept(token::COLON)?
            && self.attempt(Self::expression)?.is_some()
        {
            return Err(self.error_at_node(a, "illegal target for annotation"));
        }
        Ok(())
    }

    fn dotted_name(&mut self) -> R<()> {
        need!(self.expect(token::NAME));
        while self.accept(token::DOT)? {
            need!(self.expect(token::NAME));
        }
        Ok(Some(()))
    }

    /// `[as name]`.
    fn import_alias(&mut self) -> R<()> {
        if !self.accept(kw::AS)? {
            return Ok(Some(()));
        }
        let first = self.mark;
        let named = self.accept(token::NAME)?;
        if !self.hints {
            return Ok(named.then_some(()));
        }
        if named && self.at_any(&[token::COMMA, token::RPAR, token::SEMI, token::NEWLINE])? {
            return Ok(Some(()));
        }
        self.mark = first;
        if let Some(a) = self.attempt(Self::expression)? {
            let what = a.kind.describe();
            return Err(self.error_at_node(a, format!("cannot use {what} as import target")));
        }
        Ok(None)
    }

    fn import(&mut self) -> R<()> {
        let first = self.mark;
        self.mark += 1;
        if self.hints {
            self.import_hints(first)?;
            self.mark = first + 1;
        }
        loop {
            need!(self.dotted_name());
            need!(self.import_alias());
            if !self.accept(token::COMMA)? {
                return Ok(Some(()));
            }
        }
    }

    fn import_hints(&mut self, first: usize) -> Result<(), Box<SyntaxErr>> {
        if self.kind()? == token::NEWLINE {
            return Err(self.error_from(self.mark, "Expected one or more names after 'import'"));
        }
        while self.attempt(Self::dotted_name)?.is_some() && self.accept(token::COMMA)? {}
        if self.accept(kw::FROM)? && self.attempt(Self::dotted_name)?.is_some() {
            return Err(self.error_from(first, "Did you mean to use 'from ... import ...' instead?"));
        }
        Ok(())
    }

    fn import_from(&mut self) -> R<()> {
        self.mark += 1;
        let mut dots = false;
        while self.at_any(&[token::DOT, token::ELLIPSIS])? {
            self.mark += 1;
            dots = true;
        }
        if self.attempt(Self::dotted_name)?.is_none() && !dots {
            return Ok(None);
        }
        need!(self.expect(kw::IMPORT));
        if self.accept(token::STAR)? {
            return Ok(Some(()));
        }
        if self.hints && self.kind()? == token::NEWLINE {
            return Err(self.error_from(self.mark, "Expected one or more names after 'import'"));
        }
        let parenthesized = self.accept(token::LPAR)?;
        loop {
            need!(self.expect(token::NAME));
            need!(self.import_alias());
            if !self.accept(token::COMMA)? {
                break;
            }
            if parenthesized && self.kind()? == token::RPAR {
                break;
            }
            if !parenthesized && self.kind()? == token::NEWLINE {
                if self.hints {
                    let msg = "trailing comma not allowed without surrounding parentheses";
                    return Err(self.error_here(msg));
                }
                return Ok(None);
            }
        }
        if parenthesized {
            need!(self.expect(token::RPAR));
        }
        Ok(Some(()))
    }

    fn delete(&mut self) -> R<()> {
        self.mark += 1;
        let first = self.mark;
        if self.attempt(Self::del_targets)?.is_some() && self.at_any(&[token::SEMI, token::NEWLINE])? {
            return Ok(Some(()));
        }
        if self.hints {
            self.mark = first;
            if let Some(a) = self.attempt(Self::star_expressions)? {
                self.refuse_target(a, Use::Delete)?;
            }
        }
        Ok(None)
    }

    /// The colon of a compound statement. A line that ends before it gets its own message.
    fn colon(&mut self) -> R<()> {
        if self.accept(token::COLON)? {
            return Ok(Some(()));
        }
        if self.hints && self.kind()? == token::NEWLINE {
            return Err(self.error_here("expected ':'"));
        }
        Ok(None)
    }

    /// The block after a header that started at the token `header`; `what` names the header in the error for its absence.
    fn block(&mut self, what: &str, header: usize) -> R<()> {
        if !self.accept(token::NEWLINE)? {
            return self.simple_statements();
        }
        if self.kind()? != token::INDENT {
            if self.hints {
                let line = self.token(header).line;
                return Err(
                    self.indentation_error(format!("expected an indented block after {what} on line {line}"))
                );
            }
            return Ok(None);
        }
        self.mark += 1;
        if self.statements()? == 0 {
            return Ok(None);
        }
        need!(self.expect(token::DEDENT));
        Ok(Some(()))
    }

    fn if_statement(&mut self) -> R<()> {
        let mut header = self.mark;
        let mut what = "'if' statement";
        loop {
            self.mark += 1;
            need!(self.named_expression());
            need!(self.colon());
            need!(self.block(what, header));
            header = self.mark;
            if self.kind()? != kw::ELIF {
                break;
            }
            what = "'elif' statement";
        }
        need!(self.else_block());
        if self.hints && self.kind()? == kw::ELIF && self.mark > header {
            return Err(self.error_at_token(self.mark, "'elif' block follows an 'else' block"));
        }
        Ok(Some(()))
    }

    /// `else: ...`, or nothing.
    fn else_block(&mut self) -> R<()> {
        let header = self.mark;
        if self.accept(kw::ELSE)? {
            self.demand(token::COLON, ":")?;
            need!(self.block("'else' statement", header));
        }
        Ok(Some(()))
    }

    fn while_statement(&mut self) -> R<()> {
        let header = self.mark;
        self.mark += 1;
        need!(self.named_expression());
        need!(self.colon());
        need!(self.block("'while' statement", header));
        self.else_block()
    }

    fn for_statement(&mut self) -> R<()> {
        let header = self.mark;
        self.mark += 1;
        let first = self.mark;
        if self.attempt(Self::star_targets)?.is_some() && self.accept(kw::IN)? {
            need!(self.star_expressions());
            need!(self.colon());
            need!(self.block("'for' statement", header));
            return self.else_block();
        }
        if self.hints {
            self.mark = first;
            if let Some(target) = self.attempt(Self::star_expressions)? {
                self.refuse_target(target, Use::Loop)?;
            }
        }
        Ok(None)
    }

    fn with_statement(&mut self) -> R<()> {
        let header = self.mark;
        self.mark += 1;
        let parenthesized = self.kind()? == token::LPAR && self.attempt(Self::parenthesized_items)?.is_some();
        if !parenthesized {
            need!(self.with_item());
            while self.accept(token::COMMA)? {
                need!(self.with_item());
            }
            need!(self.colon());
        }
        self.block("'with' statement", header)
    }

    /// `(item, ...):`, the colon included.
    fn parenthesized_items(&mut self) -> R<()> {
        self.mark += 1;
        need!(self.with_item());
        while self.accept(token::COMMA)? {
            if self.attempt(Self::with_item)?.is_none() {
                break;
            }
        }
        need!(self.expect(token::RPAR));
        need!(self.colon());
        Ok(Some(()))
    }

    fn with_item(&mut self) -> R<()> {
        const AFTER: [u8; 3] = [token::COMMA, token::RPAR, token::COLON];
        need!(self.expression());
        let before = self.mark;
        if !self.accept(kw::AS)? {
            return Ok(Some(()));
        }
        if self.attempt(Self::star_target)?.is_some()
            && (self.at_any(&AFTER)? || self.kind()? == token::NEWLINE)
        {
            return Ok(Some(()));
        }
        self.mark = before + 1;
        if self.hints
            && let Some(a) = self.attempt(Self::expression)?
            && self.at_any(&AFTER)?
        {
            self.refuse_target(a, Use::Assign)?;
        }
        self.mark = before;
        Ok(Some(()))
    }

    fn try_statement(&mut self) -> R<()> {
        let header = self.mark;
        self.mark += 1;
        self.demand(token::COLON, ":")?;
        need!(self.block("'try' statement", header));
        if !self.at_any(&[kw::EXCEPT, kw::FINALLY])? {
            if self.hints {
                return Err(self.error_here("expected 'except' or 'finally' block"));
            }
            return Ok(None);
        }
        let mut starred = None;
        while self.kind()? == kw::EXCEPT {
            let at = self.mark;
            let star = self.kind_at(at + 1)? == token::STAR;
            if starred.is_some_and(|other| other != star) {
                self.mark = at + 1 + usize::from(star);
                if self.hints && (!star || self.attempt(Self::expression)?.is_some()) {
                    let msg = "cannot have both 'except' and 'except*' on the same 'try'";
                    return Err(self.error_range(at, at + usize::from(star), msg));
                }
                return Ok(None);
            }
            starred = Some(star);
            need!(self.except_block(at, star));
        }
        if starred.is_some() {
            need!(self.else_block());
        }
        let finally = self.mark;
        if self.accept(kw::FINALLY)? {
            self.demand(token::COLON, ":")?;
            need!(self.block("'finally' statement", finally));
        }
        Ok(Some(()))
    }

    fn except_block(&mut self, header: usize, star: bool) -> R<()> {
        let what = if star { "'except*' statement" } else { "'except' statement" };
        self.mark = header + 1 + usize::from(star);
        let kind = self.kind()?;
        if star && matches!(kind, token::COLON | token::NEWLINE) {
            if self.hints {
                return Err(self.error_here("expected one or more exception types"));
            }
            return Ok(None);
        }
        if matches!(kind, token::COLON | token::NEWLINE) {
            need!(self.colon());
            return self.block(what, header);
        }
        let first = self.mark;
        need!(self.expression());
        if self.kind()? == token::COMMA {
            self.mark += 1;
            need!(self.comma_list(Self::expression));
            if self.hints && self.accept(kw::AS)? {
                if self.accept(token::NAME)? && self.accept(token::COLON)? {
                    let msg = "multiple exception types must be parenthesized when using 'as'";
                    return Err(self.error_from(first, msg));
                }
                return Ok(None);
            }
            need!(self.expect(token::COLON));
            return self.block(what, header);
        }
        if self.accept(kw::AS)? {
            let target = self.mark;
            let named = self.accept(token::NAME)?;
            if !(named && self.at_any(&[token::COLON, token::NEWLINE])?) {
                self.mark = target;
                return self.except_target_hint(what, header, star);
            }
        }
        need!(self.colon());
        self.block(what, header)
    }

    /// `except E as` something that is no name.
    fn except_target_hint(&mut self, what: &str, header: usize, star: bool) -> R<()> {
        if self.hints
            && let Some(a) = self.attempt(Self::expression)?
            && self.accept(token::COLON)?
        {
            need!(self.block(what, header));
            let kind = a.kind.describe();
            let star = if star { "*" } else { "" };
            return Err(self.error_at_node(a, format!("cannot use except{star} statement with {kind}")));
        }
        Ok(None)
    }

    fn class(&mut self) -> R<()> {
        let header = self.mark;
        self.mark += 1;
        need!(self.expect(token::NAME));
        if self.kind()? == token::LSQB {
            self.attempt(Self::type_parameters)?;
        }
        if self.kind()? == token::LPAR {
            self.attempt(Self::call_arguments)?;
        }
        need!(self.colon());
        self.block("class definition", header)
    }

    fn function(&mut self) -> R<()> {
        let header = self.mark;
        self.mark += 1;
        need!(self.expect(token::NAME));
        if self.kind()? == token::LSQB {
            self.attempt(Self::type_parameters)?;
        }
        self.demand(token::LPAR, "(")?;
        if self.kind()? != token::RPAR {
            self.attempt(|p| p.parameters(false))?;
        }
        need!(self.expect(token::RPAR));
        let before = self.mark;
        if self.accept(token::RARROW)? && self.attempt(Self::expression)?.is_none() {
            self.mark = before;
        }
        self.demand(token::COLON, ":")?;
        self.block("function definition", header)
    }

    fn asynchronous(&mut self) -> R<()> {
        self.mark += 1;
        match self.kind()? {
            kw::DEF => self.function(),
            kw::WITH => self.with_statement(),
            kw::FOR => self.for_statement(),
            _ => Ok(None),
        }
    }

    fn decorated(&mut self) -> R<()> {
        while self.accept(token::AT)? {
            need!(self.named_expression());
            need!(self.expect(token::NEWLINE));
        }
        match self.kind()? {
            kw::DEF => self.function(),
            kw::CLASS => self.class(),
            kw::ASYNC => {
                self.mark += 1;
                if self.kind()? == kw::DEF { self.function() } else { Ok(None) }
            }
            _ => Ok(None),
        }
    }

    fn match_statement(&mut self) -> R<()> {
        let header = self.mark;
        self.mark += 1;
        need!(self.comma_list(Self::subject));
        need!(self.colon());
        if !self.accept(token::NEWLINE)? {
            return Ok(None);
        }
        if self.kind()? != token::INDENT {
            if self.hints {
                let line = self.token(header).line;
                let msg = format!("expected an indented block after 'match' statement on line {line}");
                return Err(self.indentation_error(msg));
            }
            return Ok(None);
        }
        self.mark += 1;
        need!(self.case_block());
        while self.at_soft("case")? {
            if self.attempt(Self::case_block)?.is_none() {
                break;
            }
        }
        need!(self.expect(token::DEDENT));
        Ok(Some(()))
    }

    fn subject(&mut self) -> R<Node> {
        self.star_named_expression()
    }

    fn case_block(&mut self) -> R<()> {
        let header = self.mark;
        if !self.at_soft("case")? {
            return Ok(None);
        }
        self.mark += 1;
        need!(self.patterns());
        if self.accept(kw::IF)? {
            need!(self.named_expression());
        }
        need!(self.colon());
        self.block("'case' statement", header)
    }
}
