//! Parsing, and the parser's complaints in CPython's words.

use crate::error::{CompileError, ErrorKind, Warning};
use crate::locations::{LineIndex, Locations};
use crate::{Mode, Options};
use protopy_tokens::syntax_errors::{self, Kind, Start, SyntaxErr};
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Mod, Operator, Pattern, PythonVersion, Stmt};
use ruff_python_parser::{Mode as RuffMode, ParseOptions};
use ruff_text_size::{Ranged, TextLen as _, TextRange};

/// Native stack that dropping a tree needs for each byte of its source, at most.
const DROP_STACK_PER_BYTE: usize = 256;
const SMALL_DROP: usize = 128 * 1024;
const MAX_DROP_STACK: usize = 2 << 30;

/// A parsed source.
pub struct Parsed {
    tree: Option<Mod>,
    locations: Locations,
    warnings: Vec<Warning>,
    source_len: usize,
}

impl Parsed {
    /// The tree.
    pub fn tree(&self) -> &Mod {
        static EMPTY: std::sync::OnceLock<Mod> = std::sync::OnceLock::new();
        self.tree.as_ref().unwrap_or_else(|| EMPTY.get_or_init(empty_module))
    }

    /// Where its nodes are.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// Warnings about literals.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

fn empty_module() -> Mod {
    Mod::Module(ruff_python_ast::ModModule {
        node_index: ruff_python_ast::AtomicNodeIndex::NONE,
        range: TextRange::default(),
        body: Default::default(),
    })
}

impl Drop for Parsed {
    fn drop(&mut self) {
        // Dropping recurses as deep as the tree is.
        let tree = self.tree.take();
        let need = self.source_len.saturating_mul(DROP_STACK_PER_BYTE).min(MAX_DROP_STACK);
        if need <= SMALL_DROP {
            drop(tree);
        } else {
            stacker::maybe_grow(need, need, || drop(tree));
        }
    }
}

/// Parses source text.
pub fn parse(source: &str, options: &Options) -> Result<Parsed, CompileError> {
    // Newlines are what Python calls them from here on, in literals too.
    if source.as_bytes().contains(&b'\r') {
        let source = protopy_tokens::source::normalize_newlines(source.to_owned());
        return parse_lines(&source, options).map_err(|e| with_source(e, &source, options));
    }
    parse_lines(source, options).map_err(|e| with_source(e, source, options))
}

/// An error of the parser, with the source that it refused.
pub(crate) fn with_source(mut error: CompileError, source: &str, options: &Options) -> CompileError {
    let placed = matches!(error.kind, ErrorKind::Syntax | ErrorKind::Indentation | ErrorKind::Tab);
    if placed {
        let end = if options.mode == Mode::Exec && !source.ends_with('\n') { "\n" } else { "" };
        error.source = Some([source, end].concat().into());
    }
    error
}

fn parse_lines(source: &str, options: &Options) -> Result<Parsed, CompileError> {
    let mode = syntax_mode(options);
    if source.starts_with('\u{feff}')
        && let Some(error) = syntax_errors::check(source, mode)
    {
        return Err(shifted(from_syntax_err(error), options));
    }
    let renamed = barry(source, options)?;
    let source = renamed.as_deref().unwrap_or(source);
    check_nesting(source)?;
    let ruff_mode = if options.mode == Mode::Eval { RuffMode::Expression } else { RuffMode::Module };
    let parse_options = ParseOptions::from(ruff_mode).with_target_version(PythonVersion::PY314);
    let parsed = ruff_python_parser::parse_unchecked(source, parse_options);
    let found = parsed.errors().first().map(|e| (e.error.to_string(), format!("{:?}", e.error), e.location));
    let found = found.or_else(|| {
        let e = parsed.unsupported_syntax_errors().first()?;
        Some(("invalid syntax".to_owned(), format!("{:?}", e.kind), e.range))
    });
    let locations = Locations::Source(LineIndex::new(source, options.line_offset));
    if found.is_none()
        && let Some(msg) = constant_in_disguise(source, &parsed)
    {
        return Err(CompileError::bare(ErrorKind::Value, msg));
    }
    let limit = options.max_int_digits;
    let huge = if source.len() > limit && limit > 0 && found.is_none() {
        crate::check::huge_integer(source, parsed.tokens().iter(), limit)
    } else {
        None
    };
    // Of a source with an error the parser saw the strings before that, and the tokenizer all numbers.
    let seen = found.as_ref().map_or(source.text_len(), |(_, _, range)| range.start());
    let warnings = crate::check::token_warnings(source, parsed.tokens().iter(), seen, &locations);
    let too_new = if options.feature_version < crate::CURRENT_FEATURES && found.is_none() {
        let tokens: &[_] = parsed.tokens();
        crate::versions::check(parsed.syntax(), tokens, source, options.feature_version, &locations)
    } else {
        None
    };
    let strange = found.is_none() && is_lenient(&parsed);
    let mut result =
        Parsed { tree: Some(parsed.into_syntax()), locations, warnings, source_len: source.len() };
    if let Some((message, debug, range)) = found {
        let error = syntax_errors::diagnose(
            source,
            &message,
            &debug,
            range.start().to_usize(),
            range.end().to_usize(),
            mode,
        );
        let mut error = shifted(from_syntax_err(error), options);
        if options.mode == Mode::Single {
            error = at_end_of_input(source, behind_first_statement(source, &result, error), options);
        }
        error.warnings = std::mem::take(&mut result.warnings);
        return Err(error);
    }
    if let Some(error) = too_new {
        return Err(error);
    }
    if let Some((msg, range)) = huge {
        let mut error = CompileError::at(ErrorKind::Syntax, msg, range, result.locations());
        error.offset = Some(0);
        error.end_offset = Some(0);
        error.end_lineno = error.lineno;
        return Err(error);
    }
    if strange && let Some(error) = syntax_errors::check(source, mode) {
        return Err(shifted(from_syntax_err(error), options));
    }
    if mixed_indentation(source)
        && let Some(error) = syntax_errors::check(source, mode)
        && matches!(error.kind, Kind::Tab | Kind::Indentation)
    {
        return Err(shifted(from_syntax_err(error), options));
    }
    if options.mode == Mode::Single {
        single_statement(source, &result, options)?;
    }
    Ok(result)
}

/// Refuses what is nested more deeply than parsers can take.
pub(crate) fn check_nesting(source: &str) -> Result<(), CompileError> {
    if may_be_deep(source) { syntax_errors::nesting_check(source).map_err(from_syntax_err) } else { Ok(()) }
}

/// The complaint about a name that is written otherwise but normalized is `None`, `True` or `False`.
fn constant_in_disguise(source: &str, parsed: &ruff_python_parser::Parsed<Mod>) -> Option<String> {
    const LONGEST: usize = 5;
    if source.is_ascii() {
        return None;
    }
    for token in parsed.tokens().iter().filter(|t| t.kind() == TokenKind::Name) {
        let text = source.get(token.start().to_usize()..token.end().to_usize())?;
        if text.is_ascii() || text.chars().count() > LONGEST {
            continue;
        }
        // The parser normalizes names.
        if let Ok(one) = ruff_python_parser::parse_expression(text)
            && let Expr::Name(n) = &*one.syntax().body
            && matches!(n.id.as_str(), "None" | "True" | "False")
        {
            return Some(format!("identifier field can't represent '{}' constant", n.id));
        }
    }
    None
}

/// Whether the parser took something that Python does not: a `yield` without value as an item of a list without
/// parentheses, or arithmetic in a pattern.
fn is_lenient(parsed: &ruff_python_parser::Parsed<Mod>) -> bool {
    let mut tokens = parsed.tokens().iter().map(|t| t.kind()).peekable();
    let mut matches = false;
    while let Some(kind) = tokens.next() {
        if kind == TokenKind::Yield && tokens.peek() == Some(&TokenKind::Comma) {
            return true;
        }
        matches |= kind == TokenKind::Match;
    }
    matches && {
        let mut found = Arithmetic(false);
        if let Mod::Module(m) = parsed.syntax() {
            found.visit_body(&m.body);
        }
        found.0
    }
}

/// Looks for patterns that are the value of an operator other than plus and minus.
struct Arithmetic(bool);

impl<'a> Visitor<'a> for Arithmetic {
    fn visit_expr(&mut self, _: &'a Expr) {}

    fn visit_pattern(&mut self, p: &'a Pattern) {
        let odd = |e: &Expr| match e {
            Expr::BinOp(b) => {
                !matches!(b.op, Operator::Add | Operator::Sub)
                    || [&b.left, &b.right].into_iter().any(|side| holds_operation(side))
            }
            e => holds_operation(e),
        };
        self.0 |= match p {
            Pattern::MatchValue(v) => odd(&v.value),
            Pattern::MatchMapping(m) => m.keys.iter().any(odd),
            _ => false,
        };
        visitor::walk_pattern(self, p);
    }
}

/// Whether an operand of a pattern's number is itself an operation, behind a sign or not.
fn holds_operation(e: &Expr) -> bool {
    match e {
        Expr::BinOp(_) => true,
        Expr::UnaryOp(u) => matches!(*u.operand, Expr::BinOp(_)),
        _ => false,
    }
}

/// Whether the nesting of a source may come near any limit, judged from its bytes alone: brackets inside of brackets,
/// long logical lines, many `elif`s. Strings and comments are skipped roughly, and a line that begins with a letter
/// begins a statement: so it may be wrong about monsters, which then compile or meet the compiler's own bounds.
fn may_be_deep(source: &str) -> bool {
    const BRACKETS: u32 = 60;
    const LINE: usize = 2500;
    const ELIF_SOURCE: usize = 20_000;
    const INDENT: usize = 80;
    let bytes = source.as_bytes();
    let (mut open, mut line_start, mut indent) = (0u32, 0usize, true);
    let (mut i, mut column_0) = (0, 0);
    while let Some(&b) = bytes.get(i) {
        match b {
            b'(' | b'[' | b'{' => {
                open += 1;
                if open > BRACKETS {
                    return true;
                }
            }
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            b'#' => {
                i += bytes
                    .get(i..)
                    .and_then(|rest| rest.iter().position(|&b| b == b'\n'))
                    .unwrap_or(bytes.len() - i);
                continue;
            }
            b'\'' | b'"' => {
                let end = skip_string(bytes, i);
                line_start += end - i;
                i = end;
                indent = false;
                continue;
            }
            b'\n' => {
                if bytes.get(i + 1).is_some_and(u8::is_ascii_alphabetic) {
                    open = 0;
                }
                if open == 0 && bytes.get(i.wrapping_sub(1)) != Some(&b'\\') {
                    line_start = i + 1;
                }
                indent = true;
                i += 1;
                column_0 = i;
                continue;
            }
            b' ' | b'\t' => {
                i += 1;
                continue;
            }
            _ => {}
        }
        if (indent && open == 0 && i > column_0 + INDENT) || i > line_start + LINE {
            return true;
        }
        indent = false;
        i += 1;
    }
    bytes.len() > ELIF_SOURCE && source.matches("elif").count() > 1000
}

/// The end of the string literal whose quote is at `at`.
fn skip_string(bytes: &[u8], at: usize) -> usize {
    let quote = bytes.get(at).copied().unwrap_or(b'"');
    let triple = bytes.get(at + 1) == Some(&quote) && bytes.get(at + 2) == Some(&quote);
    let mut i = at + if triple { 3 } else { 1 };
    while let Some(&b) = bytes.get(i) {
        match b {
            b'\\' => i += 1,
            b'\n' if !triple => return i,
            b if b == quote => {
                if !triple {
                    return i + 1;
                }
                if bytes.get(i + 1) == Some(&quote) && bytes.get(i + 2) == Some(&quote) {
                    return i + 3;
                }
            }
            _ => {}
        }
        i += 1;
    }
    bytes.len()
}

/// Whether some lines are indented with tabs and some with spaces: the parser counts columns more generously than
/// CPython, which wants their order not to depend on the width of a tab.
fn mixed_indentation(source: &str) -> bool {
    let bytes = source.as_bytes();
    if !bytes.contains(&b'\t') {
        return false;
    }
    let (mut tabs, mut spaces) = (false, false);
    for line in bytes.split(|&b| b == b'\n') {
        for &b in line.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\x0c')) {
            tabs |= b == b'\t';
            spaces |= b == b' ';
        }
    }
    tabs && spaces
}

/// Under `from __future__ import barry_as_FLUFL`, the source with `!=` for `<>`, which alone is allowed.
fn barry(source: &str, options: &Options) -> Result<Option<String>, CompileError> {
    let inherited = options.future_flags & crate::future::BARRY_AS_BDFL != 0;
    if !inherited && !source.contains("barry_as_FLUFL") {
        return Ok(None);
    }
    let parsed = ruff_python_parser::parse_unchecked(source, ParseOptions::from(RuffMode::Module));
    if !inherited
        && !crate::future::scan(parsed.syntax(), 0).is_ok_and(|f| f.flags & crate::future::BARRY_AS_BDFL != 0)
    {
        return Ok(None);
    }
    let mut out = source.to_owned();
    let mut last: Option<TextRange> = None;
    for token in parsed.tokens() {
        match token.kind() {
            TokenKind::NotEqual => {
                let locations = Locations::Source(LineIndex::new(source, options.line_offset));
                let msg = "with Barry as BDFL, use '<>' instead of '!='";
                return Err(CompileError::at(ErrorKind::Syntax, msg, token.range(), &locations));
            }
            TokenKind::Greater if last.is_some_and(|l| l.end() == token.range().start()) => {
                let at = token.range().end().to_usize();
                if at >= 2 {
                    out.replace_range(at - 2..at, "!=");
                }
            }
            _ => {}
        }
        last = (token.kind() == TokenKind::Less).then(|| token.range());
    }
    Ok(Some(out))
}

fn syntax_mode(options: &Options) -> syntax_errors::Mode {
    let start = match options.mode {
        Mode::Eval => Start::Eval,
        Mode::Single => Start::Single,
        _ => Start::Exec,
    };
    syntax_errors::Mode { start, incomplete: options.allow_incomplete_input }
}

fn shifted(mut error: CompileError, options: &Options) -> CompileError {
    error.lineno = error.lineno.map(|l| l + options.line_offset);
    error.end_lineno = error.end_lineno.map(|l| l + options.line_offset);
    error
}

fn from_syntax_err(e: SyntaxErr) -> CompileError {
    let kind = match e.kind {
        Kind::Syntax => ErrorKind::Syntax,
        Kind::Indentation => ErrorKind::Indentation,
        Kind::Tab => ErrorKind::Tab,
        Kind::Incomplete => ErrorKind::Incomplete,
        Kind::Recursion => return CompileError::bare(ErrorKind::Recursion, e.msg),
        Kind::Memory => return CompileError::bare(ErrorKind::Memory, e.msg),
    };
    let number = |n: usize| u32::try_from(n).ok();
    let offset = |n: isize| i32::try_from(n).ok();
    CompileError {
        kind,
        msg: e.msg.into(),
        lineno: number(e.lineno),
        offset: offset(e.offset),
        end_lineno: number(e.end_lineno),
        end_offset: offset(e.end_offset),
        text: Some(e.text),
        warnings: Vec::new(),
        source: None,
    }
}

/// Checks that interactive input is one statement, and complete.
fn single_statement(source: &str, parsed: &Parsed, options: &Options) -> Result<(), CompileError> {
    let Mod::Module(module) = parsed.tree() else { return Ok(()) };
    if let Some(error) = (module.body.len() > 1 || module.body.is_empty())
        .then(|| syntax_errors::check(source, syntax_mode(options)))
        .flatten()
    {
        let error = shifted(from_syntax_err(error), options);
        return Err(at_end_of_input(source, behind_first_statement(source, parsed, error), options));
    }
    if !options.dont_imply_dedent
        && let Some(last) = module.body.last()
        && is_open_block(source, last)
        && let Some(end) = inline_suite(source, last)
    {
        let mut error = CompileError::at(ErrorKind::Syntax, "invalid syntax", end, parsed.locations());
        error.offset = Some(0);
        error.end_offset = Some(0);
        return Err(error);
    }
    if options.dont_imply_dedent
        && let Some(last) = module.body.last()
        && is_open_block(source, last)
    {
        let kind = if options.allow_incomplete_input { ErrorKind::Incomplete } else { ErrorKind::Syntax };
        let msg = if options.allow_incomplete_input { "incomplete input" } else { "invalid syntax" };
        let end = module.range.end();
        return Err(CompileError::at(kind, msg, TextRange::empty(end), parsed.locations()));
    }
    Ok(())
}

/// An error of interactive input; that there are more statements is told at the end of the first.
fn behind_first_statement(source: &str, parsed: &Parsed, error: CompileError) -> CompileError {
    let Mod::Module(module) = parsed.tree() else { return error };
    if !error.msg.starts_with("multiple statements") {
        return error;
    }
    let Some(range) = first_newline(source, &module.body) else { return error };
    let mut error = CompileError::at(error.kind, error.msg, range, parsed.locations());
    // The newline is the line's last character.
    error.end_lineno = error.lineno;
    error.end_offset = error.end_offset.map(|n| n + 1);
    error
}

/// More input may mend what is wrong with the last word of input whose last line is not complete.
/// The end of a string is seen without a look at what follows.
fn at_end_of_input(source: &str, mut error: CompileError, options: &Options) -> CompileError {
    let line = source.rsplit('\n').next().unwrap_or(source);
    let lines = source.bytes().filter(|b| *b == b'\n').count() as u64 + 1 + u64::from(options.line_offset);
    let end = i32::try_from(line.chars().count()).unwrap_or(i32::MAX).saturating_add(1);
    if !options.allow_incomplete_input
        || &*error.msg != "invalid syntax"
        || error.kind != ErrorKind::Syntax
        || line.is_empty()
        || line.ends_with(['"', '\''])
        || error.lineno.map(u64::from) != Some(lines)
        || error.end_offset.is_none_or(|n| n < end)
    {
        return error;
    }
    if error.offset == Some(end) {
        // The end itself is wrong, which has no width.
        error.offset = Some(end - 1);
        error.end_offset = Some(-1);
    }
    error.kind = ErrorKind::Incomplete;
    error.msg = "incomplete input".into();
    error
}

/// The end of the line of the first of several statements: from whatever follows it to behind the line.
fn first_newline(source: &str, body: &[Stmt]) -> Option<TextRange> {
    let line_end = |at: usize| source.get(at..).and_then(|t| t.find('\n')).map(|n| at + n);
    let mut end = body.first()?.range().end().to_usize();
    let eol = line_end(end)?;
    for stmt in body {
        if stmt.range().start().to_usize() < eol {
            end = stmt.range().end().to_usize();
        }
    }
    let rest = source.get(end..eol)?;
    let start = end + rest.len() - rest.trim_start_matches([' ', '\t', ';']).len();
    Some(TextRange::new(u32::try_from(start).ok()?.into(), u32::try_from(eol).ok()?.into()))
}

/// The last statement of a compound statement, if it stands on the line of its clause.
fn inline_suite(source: &str, stmt: &Stmt) -> Option<TextRange> {
    let mut suite = std::slice::from_ref(stmt);
    while let Some(inner) = suite.last().and_then(last_suite) {
        suite = inner;
    }
    let last = suite.last()?.range();
    let line = source.get(..last.start().to_usize())?.rfind('\n').map_or(0, |n| n + 1);
    let first = suite.iter().find(|s| s.range().start().to_usize() >= line)?;
    let before = source.get(line..first.range().start().to_usize())?;
    (!before.trim().is_empty()).then(|| TextRange::empty(last.start()))
}

/// The suite that ends a compound statement.
fn last_suite(stmt: &Stmt) -> Option<&[Stmt]> {
    let non_empty = |body: &'_ [Stmt]| !body.is_empty();
    match stmt {
        Stmt::FunctionDef(s) => Some(&s.body),
        Stmt::ClassDef(s) => Some(&s.body),
        Stmt::With(s) => Some(&s.body),
        Stmt::For(s) => Some(if non_empty(&s.orelse) { &s.orelse } else { &s.body }),
        Stmt::While(s) => Some(if non_empty(&s.orelse) { &s.orelse } else { &s.body }),
        Stmt::If(s) => Some(s.elif_else_clauses.last().map_or(&s.body[..], |c| &c.body)),
        Stmt::Match(s) => s.cases.last().map(|c| &c.body[..]),
        Stmt::Try(s) => {
            let handler =
                s.handlers.last().map(|ruff_python_ast::ExceptHandler::ExceptHandler(h)| &h.body[..]);
            let bodies = [Some(&s.finalbody[..]), Some(&s.orelse[..]), handler];
            bodies.into_iter().flatten().find(|b| non_empty(b))
        }
        _ => None,
    }
}

/// Whether a compound statement's last line is not even ended.
fn is_open_block(source: &str, stmt: &Stmt) -> bool {
    let compound = matches!(
        stmt,
        Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::For(_)
            | Stmt::While(_)
            | Stmt::If(_)
            | Stmt::With(_)
            | Stmt::Match(_)
            | Stmt::Try(_)
    );
    if !compound {
        return false;
    }
    // Blanks in front of the end are indentation, not a blank line.
    let rest = source.get(stmt.range().end().to_usize()..).unwrap_or("");
    match rest.rsplit_once('\n') {
        Some((_, last)) => !last.is_empty() && last.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\x0c')),
        None => true,
    }
}
