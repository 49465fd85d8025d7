//! Patterns of `match`.

use super::exprs::check_name;
use super::{Builder, NO_INDEX, unexpected};
use crate::ast::table::Node;
use protocore::{Ctx, PyResult, Ty, Value};
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

const LOAD: ExprContext = ExprContext::Load;

impl Builder {
    pub(super) fn pattern(&mut self, cx: &mut Ctx, v: Value, star_ok: bool) -> PyResult<Pattern> {
        cx.check_native_stack(" while traversing 'pattern' node")?;
        let range = self.place(cx, v, Node::Pattern)?;
        let n = self.ast.node_of(cx, v).filter(|n| n.def().base == Some(Node::Pattern));
        let Some(n) = n else { return Err(unexpected(cx, Node::Pattern, v)) };
        let node_index = NO_INDEX;
        Ok(match n {
            Node::MatchValue => {
                let value = self.present(cx, v, n, 0)?;
                self.check_value(cx, value)?;
                let value = Box::new(self.expr(cx, value, LOAD)?);
                Pattern::MatchValue(PatternMatchValue { node_index, range, value })
            }
            Node::MatchSingleton => {
                let value = match self.required(cx, v, n, 0)? {
                    x if x.is_none() => Singleton::None,
                    x if x.is(Value::TRUE) => Singleton::True,
                    x if x.is(Value::FALSE) => Singleton::False,
                    _ => {
                        return Err(cx.value_error("MatchSingleton can only contain True, False and None"));
                    }
                };
                Pattern::MatchSingleton(PatternMatchSingleton { node_index, range, value })
            }
            Node::MatchSequence => {
                let patterns = self.patterns(cx, v, n, 0, true)?;
                Pattern::MatchSequence(PatternMatchSequence { node_index, range, patterns })
            }
            Node::MatchStar => {
                if !star_ok {
                    return Err(cx.value_error("can't use MatchStar here"));
                }
                let name = self.capture(cx, v, n, 0, range)?;
                Pattern::MatchStar(PatternMatchStar { node_index, range, name })
            }
            Node::MatchAs => {
                let pattern = match self.optional(cx, v, n, 0)? {
                    Some(p) => Some(Box::new(self.pattern(cx, p, false)?)),
                    None => None,
                };
                let name = self.capture(cx, v, n, 1, range)?;
                if name.is_none() && pattern.is_some() {
                    return Err(cx.value_error("MatchAs must specify a target name if a pattern is given"));
                }
                Pattern::MatchAs(PatternMatchAs { node_index, range, pattern, name })
            }
            Node::MatchOr => {
                let patterns = self.patterns(cx, v, n, 0, false)?;
                if patterns.len() < 2 {
                    return Err(cx.value_error("MatchOr requires at least 2 patterns"));
                }
                Pattern::MatchOr(PatternMatchOr { node_index, range, patterns })
            }
            Node::MatchMapping => self.mapping(cx, v, range)?,
            _ => self.class_pattern(cx, v, range)?,
        })
    }

    fn patterns(
        &mut self,
        cx: &mut Ctx,
        v: Value,
        n: Node,
        i: usize,
        star_ok: bool,
    ) -> PyResult<Vec<Pattern>> {
        let items = self.items(cx, v, n, i)?;
        let mut out = Vec::with_capacity(items.all.len());
        for x in &items.all {
            out.push(self.pattern(cx, *x, star_ok)?);
        }
        items.done();
        Ok(out)
    }

    /// A name that a pattern binds.
    fn capture(
        &mut self,
        cx: &mut Ctx,
        v: Value,
        n: Node,
        i: usize,
        range: TextRange,
    ) -> PyResult<Option<Identifier>> {
        let name = self.opt_name(cx, v, n, i, range)?;
        if let Some(name) = &name {
            if name.id.as_str() == "_" {
                return Err(cx.value_error("can't capture name '_' in patterns"));
            }
            check_name(cx, &name.id)?;
        }
        Ok(name)
    }

    fn mapping(&mut self, cx: &mut Ctx, v: Value, range: TextRange) -> PyResult<Pattern> {
        let n = Node::MatchMapping;
        let items = self.items(cx, v, n, 0)?;
        let mut keys = Vec::with_capacity(items.all.len());
        for x in &items.all {
            if x.is_none() {
                return Err(cx.value_error("None disallowed in expression list"));
            }
            let singleton = match self.ast.node_of(cx, *x) {
                Some(Node::Constant) => {
                    let value = self.required(cx, *x, Node::Constant, 0)?;
                    value.is_none() || value.is_bool()
                }
                _ => false,
            };
            if !singleton {
                self.check_value(cx, *x)?;
            }
            keys.push(self.expr(cx, *x, LOAD)?);
        }
        items.done();
        let patterns = self.patterns(cx, v, n, 1, false)?;
        if keys.len() != patterns.len() {
            return Err(cx.value_error("MatchMapping doesn't have the same number of keys as patterns"));
        }
        let rest = self.capture(cx, v, n, 2, range)?;
        let (keys, patterns) = (keys.into_iter().collect(), patterns.into_iter().collect());
        Ok(Pattern::MatchMapping(PatternMatchMapping { node_index: NO_INDEX, range, keys, patterns, rest }))
    }

    fn class_pattern(&mut self, cx: &mut Ctx, v: Value, range: TextRange) -> PyResult<Pattern> {
        let n = Node::MatchClass;
        let cls = Box::new(self.expr_field(cx, v, n, 0, LOAD)?);
        let mut at = &*cls;
        while let Expr::Attribute(a) = at {
            at = &a.value;
        }
        if !matches!(at, Expr::Name(_)) {
            return Err(cx.value_error("MatchClass cls field can only contain Name or Attribute nodes."));
        }
        let patterns = self.patterns(cx, v, n, 1, false)?;
        let names = self.names(cx, v, n, 2, range)?;
        let values = self.patterns(cx, v, n, 3, false)?;
        if names.len() != values.len() {
            return Err(
                cx.value_error("MatchClass doesn't have the same number of keyword attributes as patterns")
            );
        }
        for name in &names {
            check_name(cx, &name.id)?;
        }
        let keywords = names
            .into_iter()
            .zip(values)
            .map(|(attr, pattern)| PatternKeyword {
                range: pattern.range(),
                node_index: NO_INDEX,
                attr,
                pattern,
            })
            .collect();
        let patterns = patterns.into_iter().collect();
        let arguments = PatternArguments { range, node_index: NO_INDEX, patterns, keywords };
        Ok(Pattern::MatchClass(PatternMatchClass { node_index: NO_INDEX, range, cls, arguments }))
    }

    /// Checks that an expression may be compared with: a literal, a negative or complex number, an attribute.
    fn check_value(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        match self.ast.node_of(cx, v) {
            Some(Node::Constant) => {
                let c = self.required(cx, v, Node::Constant, 0)?;
                let literal = [Ty::Str, Ty::Bytes, Ty::Int, Ty::Float, Ty::Complex];
                if literal.iter().any(|t| cx.is_exact(c, *t)) {
                    return Ok(());
                }
                super::constants::const_of(cx, c)?;
                Err(cx.value_error("unexpected constant inside of a literal pattern"))
            }
            Some(Node::Attribute | Node::JoinedStr | Node::TemplateStr) => Ok(()),
            Some(Node::UnaryOp) if self.is_number(cx, v, true, false)? => Ok(()),
            Some(Node::BinOp) if self.is_complex(cx, v)? => Ok(()),
            _ => Err(cx.value_error("patterns may only match literals and attribute lookups")),
        }
    }

    /// Whether an expression is a number, or with `signed` a negated one; of the kind `imaginary`.
    fn is_number(&mut self, cx: &mut Ctx, v: Value, signed: bool, imaginary: bool) -> PyResult<bool> {
        let mut v = v;
        if signed && self.ast.node_of(cx, v) == Some(Node::UnaryOp) {
            let op = self.required(cx, v, Node::UnaryOp, 0)?;
            if self.ast.node_of(cx, op) != Some(Node::USub) {
                return Ok(false);
            }
            v = self.required(cx, v, Node::UnaryOp, 1)?;
        }
        if self.ast.node_of(cx, v) != Some(Node::Constant) {
            return Ok(false);
        }
        let c = self.required(cx, v, Node::Constant, 0)?;
        let complex = cx.is_exact(c, Ty::Complex);
        Ok(if imaginary { complex } else { complex || cx.is_exact(c, Ty::Int) || cx.is_exact(c, Ty::Float) })
    }

    fn is_complex(&mut self, cx: &mut Ctx, v: Value) -> PyResult<bool> {
        let op = self.required(cx, v, Node::BinOp, 1)?;
        if !matches!(self.ast.node_of(cx, op), Some(Node::Add | Node::Sub)) {
            return Ok(false);
        }
        let left = self.required(cx, v, Node::BinOp, 0)?;
        let right = self.required(cx, v, Node::BinOp, 2)?;
        Ok(self.is_number(cx, left, true, false)? && self.is_number(cx, right, false, true)?)
    }
}
