//! Statements, parameters, patterns and type parameters.

use super::Export;
use crate::ast::table::Node;
use protocore::{Ctx, PyResult, Value};
use protopy_bytecode::Position;
use protopy_compiler::Locations;
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange, TextSize};

impl Export<'_> {
    pub(super) fn suite(&self, cx: &mut Ctx, body: &[Stmt]) -> PyResult {
        self.list(cx, body, |e, cx, s| e.stmt(cx, s))
    }

    fn stmt(&self, cx: &mut Ctx, s: &Stmt) -> PyResult {
        cx.check_native_stack(" during ast construction")?;
        let range = s.range();
        match s {
            Stmt::FunctionDef(f) => self.function(cx, f),
            Stmt::ClassDef(c) => self.class(cx, c),
            Stmt::Return(r) => self.with_opt(cx, Node::Return, range, r.value.as_deref()),
            Stmt::Delete(d) => {
                let targets = self.exprs(cx, &d.targets)?;
                self.node(cx, Node::Delete, range, &[targets])
            }
            Stmt::TypeAlias(t) => {
                let name = self.expr(cx, &t.name)?;
                let params = self.type_params(cx, t.type_params.as_deref())?;
                let value = self.expr(cx, &t.value)?;
                self.node(cx, Node::TypeAlias, range, &[name, params, value])
            }
            Stmt::Assign(a) => {
                let targets = self.exprs(cx, &a.targets)?;
                let value = self.expr(cx, &a.value)?;
                let comment = self.comment_after(cx, a.value.range(), range);
                let mut p = self.at(range);
                if let Some((_, end)) = self.comments.after(range.end()) {
                    let end = self.at(TextRange::empty(end));
                    (p.end_line, p.end_col) = (end.line, end.col);
                }
                self.node_at(cx, Node::Assign, p, &[targets, value, comment])
            }
            Stmt::AugAssign(a) => {
                let target = self.expr(cx, &a.target)?;
                let op = self.operator(a.op);
                let value = self.expr(cx, &a.value)?;
                self.node(cx, Node::AugAssign, range, &[target, op, value])
            }
            Stmt::AnnAssign(a) => {
                let target = self.expr(cx, &a.target)?;
                let annotation = self.expr(cx, &a.annotation)?;
                let value = self.opt_expr(cx, a.value.as_deref())?;
                let simple = Value::small(i64::from(a.simple));
                self.node(cx, Node::AnnAssign, range, &[target, annotation, value, simple])
            }
            Stmt::For(_) | Stmt::While(_) | Stmt::If(_) | Stmt::With(_) | Stmt::Match(_) | Stmt::Try(_) => {
                self.compound(cx, s)
            }
            Stmt::Raise(r) => {
                let exc = self.opt_expr(cx, r.exc.as_deref())?;
                let cause = self.opt_expr(cx, r.cause.as_deref())?;
                self.node(cx, Node::Raise, range, &[exc, cause])
            }
            Stmt::Assert(a) => {
                let test = self.expr(cx, &a.test)?;
                let msg = self.opt_expr(cx, a.msg.as_deref())?;
                self.node(cx, Node::Assert, range, &[test, msg])
            }
            Stmt::Import(i) => {
                let names = self.aliases(cx, &i.names)?;
                self.node(cx, Node::Import, range, &[names])
            }
            Stmt::ImportFrom(i) => {
                let module = self.opt_identifier(cx, i.module.as_ref());
                let names = self.aliases(cx, &i.names)?;
                let level = Value::small(i64::from(i.level));
                self.node(cx, Node::ImportFrom, range, &[module, names, level])
            }
            Stmt::Global(g) => {
                let names = self.list(cx, &g.names, |e, cx, n| Ok(e.identifier(cx, n)))?;
                self.node(cx, Node::Global, range, &[names])
            }
            Stmt::Nonlocal(g) => {
                let names = self.list(cx, &g.names, |e, cx, n| Ok(e.identifier(cx, n)))?;
                self.node(cx, Node::Nonlocal, range, &[names])
            }
            Stmt::Expr(e) => {
                let value = self.expr(cx, &e.value)?;
                self.node(cx, Node::ExprStmt, range, &[value])
            }
            Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => self.node(cx, Node::Pass, range, &[]),
            Stmt::Break(_) => self.node(cx, Node::Break, range, &[]),
            Stmt::Continue(_) => self.node(cx, Node::Continue, range, &[]),
        }
    }

    fn with_opt(&self, cx: &mut Ctx, n: Node, range: TextRange, e: Option<&Expr>) -> PyResult {
        let value = self.opt_expr(cx, e)?;
        self.node(cx, n, range, &[value])
    }

    /// A block statement ends with the semicolon that its last statement may have.
    fn block(&self, range: TextRange) -> TextRange {
        let Locations::Source(index) = self.locations else { return range };
        let rest = index.source().get(range.end().to_usize()..).unwrap_or("");
        let mut at = 0usize;
        for b in rest.bytes() {
            match b {
                b' ' | b'\t' | b'\x0c' => at += 1,
                b';' => {
                    let more = TextSize::try_from(at + 1).unwrap_or_default();
                    return TextRange::new(range.start(), range.end() + more);
                }
                _ => break,
            }
        }
        range
    }

    fn compound(&self, cx: &mut Ctx, s: &Stmt) -> PyResult {
        let range = self.block(s.range());
        match s {
            Stmt::For(f) => {
                let target = self.expr(cx, &f.target)?;
                let iter = self.expr(cx, &f.iter)?;
                let body = self.suite(cx, &f.body)?;
                let orelse = self.suite(cx, &f.orelse)?;
                let comment = self.comment_between(cx, f.iter.range(), &f.body);
                let n = if f.is_async { Node::AsyncFor } else { Node::For };
                self.node(cx, n, range, &[target, iter, body, orelse, comment])
            }
            Stmt::While(w) => {
                let test = self.expr(cx, &w.test)?;
                let body = self.suite(cx, &w.body)?;
                let orelse = self.suite(cx, &w.orelse)?;
                self.node(cx, Node::While, range, &[test, body, orelse])
            }
            Stmt::If(i) => self.if_stmt(cx, i),
            Stmt::With(w) => {
                let items = self.list(cx, &w.items, |e, cx, i| {
                    let context = e.expr(cx, &i.context_expr)?;
                    let vars = e.opt_expr(cx, i.optional_vars.as_deref())?;
                    e.plain(cx, Node::WithItem, &[context, vars])
                })?;
                let body = self.suite(cx, &w.body)?;
                let last = w.items.last().map_or(range, |i| i.range);
                let comment = self.comment_between(cx, last, &w.body);
                let n = if w.is_async { Node::AsyncWith } else { Node::With };
                self.node(cx, n, range, &[items, body, comment])
            }
            Stmt::Match(m) => {
                let subject = self.expr(cx, &m.subject)?;
                let cases = self.list(cx, &m.cases, |e, cx, c| {
                    let pattern = e.pattern(cx, &c.pattern)?;
                    let guard = e.opt_expr(cx, c.guard.as_deref())?;
                    let body = e.suite(cx, &c.body)?;
                    e.plain(cx, Node::MatchCase, &[pattern, guard, body])
                })?;
                self.node(cx, Node::Match, range, &[subject, cases])
            }
            Stmt::Try(t) => {
                let body = self.suite(cx, &t.body)?;
                let handlers = self.list(cx, &t.handlers, |e, cx, h| {
                    let ExceptHandler::ExceptHandler(h) = h;
                    let ty = e.opt_expr(cx, h.type_.as_deref())?;
                    let name = e.opt_identifier(cx, h.name.as_ref());
                    let body = e.suite(cx, &h.body)?;
                    e.node(cx, Node::ExceptHandler, e.block(h.range), &[ty, name, body])
                })?;
                let orelse = self.suite(cx, &t.orelse)?;
                let finalbody = self.suite(cx, &t.finalbody)?;
                let n = if t.is_star { Node::TryStar } else { Node::Try };
                self.node(cx, n, range, &[body, handlers, orelse, finalbody])
            }
            _ => self.node(cx, Node::Pass, range, &[]),
        }
    }

    /// `elif` is an `If` in the other branch, from its own keyword to the end of the whole statement.
    fn if_stmt(&self, cx: &mut Ctx, i: &StmtIf) -> PyResult {
        let mut orelse = cx.list(&[])?;
        let whole = self.at(self.block(i.range));
        for clause in i.elif_else_clauses.iter().rev() {
            let body = self.suite(cx, &clause.body)?;
            let Some(test) = &clause.test else {
                orelse = body;
                continue;
            };
            let test = self.expr(cx, test)?;
            let start = self.at(clause.range);
            let p = Position { end_line: whole.end_line, end_col: whole.end_col, ..start };
            let nested = self.node_at(cx, Node::If, p, &[test, body, orelse])?;
            orelse = cx.list(&[nested])?;
        }
        let test = self.expr(cx, &i.test)?;
        let body = self.suite(cx, &i.body)?;
        self.node_at(cx, Node::If, whole, &[test, body, orelse])
    }

    fn function(&self, cx: &mut Ctx, f: &StmtFunctionDef) -> PyResult {
        let name = self.identifier(cx, &f.name);
        let args = self.arguments(cx, Some(&f.parameters))?;
        let body = self.suite(cx, &f.body)?;
        let decorators = self.list(cx, &f.decorator_list, |e, cx, d| e.expr(cx, &d.expression))?;
        let returns = self.opt_expr(cx, f.returns.as_deref())?;
        let signature = f.returns.as_ref().map_or(f.parameters.range, |r| r.range());
        let comment = self.comment_between(cx, signature, &f.body);
        let params = self.type_params(cx, f.type_params.as_deref())?;
        let range = self.block(self.locations.definition(f.range, &f.decorator_list));
        let n = if f.is_async { Node::AsyncFunctionDef } else { Node::FunctionDef };
        self.node(cx, n, range, &[name, args, body, decorators, returns, comment, params])
    }

    fn class(&self, cx: &mut Ctx, c: &StmtClassDef) -> PyResult {
        let name = self.identifier(cx, &c.name);
        let bases = match c.arguments.as_deref() {
            Some(a) => self.positional(cx, a)?,
            None => cx.list(&[])?,
        };
        let keywords = self.keywords(cx, c.keywords())?;
        let body = self.suite(cx, &c.body)?;
        let decorators = self.list(cx, &c.decorator_list, |e, cx, d| e.expr(cx, &d.expression))?;
        let params = self.type_params(cx, c.type_params.as_deref())?;
        let range = self.block(self.locations.definition(c.range, &c.decorator_list));
        self.node(cx, Node::ClassDef, range, &[name, bases, keywords, body, decorators, params])
    }

    fn aliases(&self, cx: &mut Ctx, names: &[Alias]) -> PyResult {
        self.list(cx, names, |e, cx, a| {
            let name = e.identifier(cx, &a.name);
            let asname = e.opt_identifier(cx, a.asname.as_ref());
            e.node(cx, Node::Alias, a.range, &[name, asname])
        })
    }

    // -------------------------------------------------------------------------------------------- parameters

    pub(super) fn arguments(&self, cx: &mut Ctx, p: Option<&Parameters>) -> PyResult {
        let Some(p) = p else {
            let mut fields = [Value::NONE; 7];
            for i in [0, 1, 3, 4, 6] {
                fields[i] = cx.list(&[])?;
            }
            return self.plain(cx, Node::Arguments, &fields);
        };
        let one = |e: &Self, cx: &mut Ctx, a: &ParameterWithDefault| e.arg(cx, &a.parameter, a.range);
        let posonly = self.list(cx, &p.posonlyargs, one)?;
        let args = self.list(cx, &p.args, one)?;
        let vararg = self.opt_arg(cx, p.vararg.as_deref())?;
        let kwonly = self.list(cx, &p.kwonlyargs, one)?;
        let kw_defaults = self.list(cx, &p.kwonlyargs, |e, cx, a| e.opt_expr(cx, a.default.as_deref()))?;
        let kwarg = self.opt_arg(cx, p.kwarg.as_deref())?;
        let defaults = p.posonlyargs.iter().chain(&p.args).filter_map(|a| a.default.as_deref());
        let defaults = self.list(cx, defaults, |e, cx, d| e.expr(cx, d))?;
        self.plain(cx, Node::Arguments, &[posonly, args, vararg, kwonly, kw_defaults, kwarg, defaults])
    }

    fn arg(&self, cx: &mut Ctx, p: &Parameter, whole: TextRange) -> PyResult {
        let name = self.identifier(cx, &p.name);
        let annotation = self.opt_expr(cx, p.annotation.as_deref())?;
        let comment = self.comment_of_parameter(cx, whole);
        self.node(cx, Node::Arg, self.locations.parameter(p), &[name, annotation, comment])
    }

    fn opt_arg(&self, cx: &mut Ctx, p: Option<&Parameter>) -> PyResult {
        p.map_or(Ok(Value::NONE), |p| self.arg(cx, p, p.range))
    }

    fn type_params(&self, cx: &mut Ctx, p: Option<&TypeParams>) -> PyResult {
        let params = p.map_or(&[][..], |p| &p.type_params);
        self.list(cx, params, |e, cx, p| {
            let range = p.range();
            match p {
                TypeParam::TypeVar(t) => {
                    let name = e.identifier(cx, &t.name);
                    let bound = e.opt_expr(cx, t.bound.as_deref())?;
                    let default = e.opt_expr(cx, t.default.as_deref())?;
                    e.node(cx, Node::TypeVar, range, &[name, bound, default])
                }
                TypeParam::TypeVarTuple(t) => {
                    let name = e.identifier(cx, &t.name);
                    let default = e.opt_expr(cx, t.default.as_deref())?;
                    e.node(cx, Node::TypeVarTuple, range, &[name, default])
                }
                TypeParam::ParamSpec(t) => {
                    let name = e.identifier(cx, &t.name);
                    let default = e.opt_expr(cx, t.default.as_deref())?;
                    e.node(cx, Node::ParamSpec, range, &[name, default])
                }
            }
        })
    }

    // -------------------------------------------------------------------------------------------- patterns

    fn patterns<'p>(&self, cx: &mut Ctx, p: impl IntoIterator<Item = &'p Pattern>) -> PyResult {
        self.list(cx, p, |e, cx, p| e.pattern(cx, p))
    }

    fn pattern(&self, cx: &mut Ctx, p: &Pattern) -> PyResult {
        cx.check_native_stack(" during ast construction")?;
        let range = p.range();
        match p {
            Pattern::MatchValue(v) => {
                let value = self.expr(cx, &v.value)?;
                self.node(cx, Node::MatchValue, range, &[value])
            }
            Pattern::MatchSingleton(s) => {
                let value = match s.value {
                    Singleton::None => Value::NONE,
                    Singleton::True => Value::TRUE,
                    Singleton::False => Value::FALSE,
                };
                self.node(cx, Node::MatchSingleton, range, &[value])
            }
            Pattern::MatchSequence(s) => {
                let patterns = self.patterns(cx, &s.patterns)?;
                self.node(cx, Node::MatchSequence, range, &[patterns])
            }
            Pattern::MatchMapping(m) => {
                let keys = self.exprs(cx, &m.keys)?;
                let patterns = self.patterns(cx, &m.patterns)?;
                let rest = self.opt_identifier(cx, m.rest.as_ref());
                self.node(cx, Node::MatchMapping, range, &[keys, patterns, rest])
            }
            Pattern::MatchClass(c) => {
                let cls = self.expr(cx, &c.cls)?;
                let patterns = self.patterns(cx, &c.arguments.patterns)?;
                let words = &c.arguments.keywords;
                let attrs = self.list(cx, words, |e, cx, k| Ok(e.identifier(cx, &k.attr)))?;
                let values = self.patterns(cx, words.iter().map(|k| &k.pattern))?;
                self.node(cx, Node::MatchClass, range, &[cls, patterns, attrs, values])
            }
            Pattern::MatchStar(s) => {
                let name = self.opt_identifier(cx, s.name.as_ref());
                self.node(cx, Node::MatchStar, range, &[name])
            }
            Pattern::MatchAs(a) => {
                let pattern = match &a.pattern {
                    Some(p) => self.pattern(cx, p)?,
                    None => Value::NONE,
                };
                let name = self.opt_identifier(cx, a.name.as_ref());
                self.node(cx, Node::MatchAs, range, &[pattern, name])
            }
            Pattern::MatchOr(o) => {
                let patterns = self.patterns(cx, &o.patterns)?;
                self.node(cx, Node::MatchOr, range, &[patterns])
            }
        }
    }

    // -------------------------------------------------------------------------------------------- type comments

    /// The type comment right behind a statement.
    fn comment_after(&self, cx: &mut Ctx, value: TextRange, whole: TextRange) -> Value {
        let end = value.end().max(whole.end());
        self.comments.after(end).map_or(Value::NONE, |(text, _)| cx.str(text))
    }

    /// The type comment between a header and its block.
    fn comment_between(&self, cx: &mut Ctx, header: TextRange, body: &[Stmt]) -> Value {
        let Some(first) = body.first() else { return Value::NONE };
        let start = match first {
            Stmt::FunctionDef(f) => f.decorator_list.first().map_or(f.range, |d| d.range).start(),
            Stmt::ClassDef(c) => c.decorator_list.first().map_or(c.range, |d| d.range).start(),
            other => other.range().start(),
        };
        self.comments.between(header.end(), start).map_or(Value::NONE, |text| cx.str(text))
    }

    /// The type comment behind a parameter, its default value and a comma.
    fn comment_of_parameter(&self, cx: &mut Ctx, p: TextRange) -> Value {
        self.comments.of_parameter(p.end()).map_or(Value::NONE, |text| cx.str(text))
    }
}
