//! Expressions.

use super::{Builder, NO_INDEX, missing, unexpected};
use crate::ast::table::Node;
use protocore::{Ctx, PyResult, Value};
use protopy_bytecode::Position;
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

const LOAD: ExprContext = ExprContext::Load;
const STORE: ExprContext = ExprContext::Store;

fn context_name(c: ExprContext) -> &'static str {
    match c {
        ExprContext::Store => "Store",
        ExprContext::Del => "Del",
        _ => "Load",
    }
}

/// Names that are keywords with a value.
pub(super) fn check_name(cx: &mut Ctx, name: &str) -> PyResult<()> {
    if matches!(name, "None" | "True" | "False") {
        return Err(cx.value_error(&format!("identifier field can't represent '{name}' constant")));
    }
    Ok(())
}

impl Builder {
    /// An expression that is to stand in a context.
    pub(super) fn expr(&mut self, cx: &mut Ctx, v: Value, ctx: ExprContext) -> PyResult<Expr> {
        cx.check_native_stack(" while traversing 'expr' node")?;
        let range = self.place(cx, v, Node::Expr)?;
        let Some(n) = self.ast.node_of(cx, v).filter(|n| n.def().base == Some(Node::Expr)) else {
            return Err(unexpected(cx, Node::Expr, v));
        };
        match n {
            Node::Attribute | Node::Subscript | Node::Starred | Node::Name | Node::List | Node::Tuple => {
                return self.assignable(cx, v, n, range, ctx);
            }
            _ if ctx != LOAD => {
                let name = context_name(ctx);
                return Err(
                    cx.value_error(&format!("expression which can't be assigned to in {name} context"))
                );
            }
            _ => {}
        }
        match n {
            Node::Constant => self.constant(cx, v, range),
            Node::JoinedStr => self.joined(cx, v, range),
            Node::TemplateStr => self.template(cx, v, range),
            Node::FormattedValue | Node::Interpolation => self.lone_field(cx, v, n, range),
            Node::BinOp => self.binary(cx, v, range),
            Node::BoolOp | Node::NamedExpr | Node::UnaryOp | Node::Lambda | Node::IfExp | Node::Compare => {
                self.operation(cx, v, n, range)
            }
            Node::Dict | Node::Set | Node::ListComp | Node::SetComp | Node::DictComp | Node::GeneratorExp => {
                self.display(cx, v, n, range)
            }
            _ => self.other(cx, v, n, range),
        }
    }

    /// Expressions with a context of their own, which must be the expected one.
    fn assignable(
        &mut self,
        cx: &mut Ctx,
        v: Value,
        n: Node,
        range: TextRange,
        expected: ExprContext,
    ) -> PyResult<Expr> {
        let at = n.def().fields.len() - 1;
        let given = self.required(cx, v, n, at)?;
        let ctx = match self.ast.node_of(cx, given) {
            Some(Node::Load) => LOAD,
            Some(Node::Store) => STORE,
            Some(Node::Del) => ExprContext::Del,
            _ => return Err(unexpected(cx, Node::ExprContext, given)),
        };
        if ctx != expected {
            let msg = format!(
                "expression must have {} context but has {} instead",
                context_name(expected),
                context_name(ctx)
            );
            return Err(cx.value_error(&msg));
        }
        let node_index = NO_INDEX;
        Ok(match n {
            Node::Name => {
                let name = self.name_field(cx, v, n, 0, range)?;
                check_name(cx, &name.id)?;
                Expr::Name(ExprName { node_index, range, id: name.id, ctx })
            }
            Node::Attribute => {
                let value = self.boxed(cx, v, n, 0)?;
                let mut attr = self.name_field(cx, v, n, 1, range)?;
                attr.range = self.end_of(range, attr.id.len());
                Expr::Attribute(ExprAttribute { node_index, range, value, attr, ctx })
            }
            Node::Subscript => {
                let value = self.boxed(cx, v, n, 0)?;
                let slice = self.boxed(cx, v, n, 1)?;
                Expr::Subscript(ExprSubscript { node_index, range, value, slice, ctx })
            }
            Node::Starred => {
                let value = Box::new(self.expr_field(cx, v, n, 0, ctx)?);
                Expr::Starred(ExprStarred { node_index, range, value, ctx })
            }
            Node::List => {
                let elts = self.exprs(cx, v, n, 0, ctx)?;
                Expr::List(ExprList { node_index, range, elts, ctx })
            }
            _ => {
                let elts = self.exprs(cx, v, n, 0, ctx)?;
                Expr::Tuple(ExprTuple { node_index, range, elts, ctx, parenthesized: true })
            }
        })
    }

    /// The place of the last `len` bytes of a node: the attribute's name.
    fn end_of(&mut self, range: TextRange, len: usize) -> TextRange {
        let p = self.position(range);
        let len = u32::try_from(len).unwrap_or(0);
        let col = if p.line == p.end_line {
            p.end_col.saturating_sub(len).max(p.col)
        } else {
            p.end_col.saturating_sub(len)
        };
        self.add_place(Position { line: p.end_line, col, ..p })
    }

    /// A chain of operators that leans to the left is walked, not recursed into.
    fn binary(&mut self, cx: &mut Ctx, v: Value, range: TextRange) -> PyResult<Expr> {
        let mut spine = vec![(v, range)];
        let mut left = self.present(cx, v, Node::BinOp, 0)?;
        while cx.type_of(left).value().is(self.ast.class(Node::BinOp).value()) {
            let range = self.place(cx, left, Node::Expr)?;
            spine.push((left, range));
            left = self.present(cx, left, Node::BinOp, 0)?;
        }
        let mut e = self.expr(cx, left, LOAD)?;
        for (v, range) in spine.into_iter().rev() {
            let op = self.required(cx, v, Node::BinOp, 1)?;
            let op = self.operator(cx, op)?;
            let right = self.boxed(cx, v, Node::BinOp, 2)?;
            e = Expr::BinOp(ExprBinOp { node_index: NO_INDEX, range, left: Box::new(e), op, right });
        }
        Ok(e)
    }

    fn operation(&mut self, cx: &mut Ctx, v: Value, n: Node, range: TextRange) -> PyResult<Expr> {
        let node_index = NO_INDEX;
        Ok(match n {
            Node::BoolOp => {
                let given = self.required(cx, v, n, 0)?;
                let op = match self.ast.node_of(cx, given) {
                    Some(Node::And) => BoolOp::And,
                    Some(Node::Or) => BoolOp::Or,
                    _ => return Err(unexpected(cx, Node::BoolOperator, given)),
                };
                let values = self.exprs(cx, v, n, 1, LOAD)?;
                if values.len() < 2 {
                    return Err(cx.value_error("BoolOp with less than 2 values"));
                }
                Expr::BoolOp(ExprBoolOp { node_index, range, op, values })
            }
            Node::NamedExpr => {
                let target = self.present(cx, v, n, 0)?;
                if self.ast.node_of(cx, target) != Some(Node::Name) {
                    return Err(cx.type_error("NamedExpr target must be a Name"));
                }
                let target = Box::new(self.walrus_target(cx, target)?);
                let value = self.boxed(cx, v, n, 1)?;
                Expr::Named(ExprNamed { node_index, range, target, value })
            }
            Node::UnaryOp => {
                let given = self.required(cx, v, n, 0)?;
                let op = match self.ast.node_of(cx, given) {
                    Some(Node::Invert) => UnaryOp::Invert,
                    Some(Node::Not) => UnaryOp::Not,
                    Some(Node::UAdd) => UnaryOp::UAdd,
                    Some(Node::USub) => UnaryOp::USub,
                    _ => return Err(unexpected(cx, Node::UnaryOperator, given)),
                };
                let operand = self.boxed(cx, v, n, 1)?;
                Expr::UnaryOp(ExprUnaryOp { node_index, range, op, operand })
            }
            Node::Lambda => {
                let parameters = self.arguments(cx, v, n, 0, range)?;
                let body = self.boxed(cx, v, n, 1)?;
                let parameters = (!parameters.is_empty()).then(|| Box::new(parameters));
                Expr::Lambda(ExprLambda { node_index, range, parameters, body })
            }
            Node::IfExp => {
                let test = self.boxed(cx, v, n, 0)?;
                let body = self.boxed(cx, v, n, 1)?;
                let orelse = self.boxed(cx, v, n, 2)?;
                Expr::If(ExprIf { node_index, range, test, body, orelse })
            }
            _ => self.compare(cx, v, range)?,
        })
    }

    /// The name that an assignment expression binds, whatever context it claims.
    fn walrus_target(&mut self, cx: &mut Ctx, v: Value) -> PyResult<Expr> {
        let range = self.place(cx, v, Node::Expr)?;
        let name = self.name_field(cx, v, Node::Name, 0, range)?;
        check_name(cx, &name.id)?;
        Ok(Expr::Name(ExprName { node_index: NO_INDEX, range, id: name.id, ctx: STORE }))
    }

    fn compare(&mut self, cx: &mut Ctx, v: Value, range: TextRange) -> PyResult<Expr> {
        let n = Node::Compare;
        let left = self.boxed(cx, v, n, 0)?;
        let items = self.items(cx, v, n, 1)?;
        let mut ops = Vec::with_capacity(items.all.len());
        for x in &items.all {
            ops.push(self.comparison(cx, *x)?);
        }
        items.done();
        let comparators = self.exprs(cx, v, n, 2, LOAD)?;
        if comparators.is_empty() {
            return Err(cx.value_error("Compare with no comparators"));
        }
        if comparators.len() != ops.len() {
            return Err(cx.value_error("Compare has a different number of comparators and operands"));
        }
        let (ops, comparators) = (ops.into(), comparators.into());
        Ok(Expr::Compare(ExprCompare { node_index: NO_INDEX, range, left, ops, comparators }))
    }

    fn comparison(&self, cx: &mut Ctx, v: Value) -> PyResult<CmpOp> {
        Ok(match self.ast.node_of(cx, v) {
            Some(Node::Eq) => CmpOp::Eq,
            Some(Node::NotEq) => CmpOp::NotEq,
            Some(Node::Lt) => CmpOp::Lt,
            Some(Node::LtE) => CmpOp::LtE,
            Some(Node::Gt) => CmpOp::Gt,
            Some(Node::GtE) => CmpOp::GtE,
            Some(Node::Is) => CmpOp::Is,
            Some(Node::IsNot) => CmpOp::IsNot,
            Some(Node::In) => CmpOp::In,
            Some(Node::NotIn) => CmpOp::NotIn,
            _ => return Err(unexpected(cx, Node::CmpOperator, v)),
        })
    }

    pub(super) fn operator(&self, cx: &mut Ctx, v: Value) -> PyResult<Operator> {
        Ok(match self.ast.node_of(cx, v) {
            Some(Node::Add) => Operator::Add,
            Some(Node::Sub) => Operator::Sub,
            Some(Node::Mult) => Operator::Mult,
            Some(Node::MatMult) => Operator::MatMult,
            Some(Node::Div) => Operator::Div,
            Some(Node::Modulo) => Operator::Mod,
            Some(Node::Pow) => Operator::Pow,
            Some(Node::LShift) => Operator::LShift,
            Some(Node::RShift) => Operator::RShift,
            Some(Node::BitOr) => Operator::BitOr,
            Some(Node::BitXor) => Operator::BitXor,
            Some(Node::BitAnd) => Operator::BitAnd,
            Some(Node::FloorDiv) => Operator::FloorDiv,
            _ => return Err(unexpected(cx, Node::Operator, v)),
        })
    }

    fn display(&mut self, cx: &mut Ctx, v: Value, n: Node, range: TextRange) -> PyResult<Expr> {
        let node_index = NO_INDEX;
        Ok(match n {
            Node::Dict => {
                let keys = self.opt_exprs(cx, v, n, 0)?;
                let values = self.exprs(cx, v, n, 1, LOAD)?;
                if keys.len() != values.len() {
                    return Err(cx.value_error("Dict doesn't have the same number of keys as values"));
                }
                let items =
                    keys.into_iter().zip(values).map(|(key, value)| DictItem { key, value }).collect();
                Expr::Dict(ExprDict { node_index, range, items })
            }
            Node::Set => {
                let elts = self.exprs(cx, v, n, 0, LOAD)?;
                Expr::Set(ExprSet { node_index, range, elts })
            }
            Node::DictComp => {
                let generators = self.generators(cx, v, n, 2)?;
                let key = Some(self.boxed(cx, v, n, 0)?);
                let value = self.boxed(cx, v, n, 1)?;
                Expr::DictComp(ExprDictComp { node_index, range, key, value, generators })
            }
            _ => {
                let generators = self.generators(cx, v, n, 1)?;
                let elt = self.boxed(cx, v, n, 0)?;
                match n {
                    Node::ListComp => Expr::ListComp(ExprListComp { node_index, range, elt, generators }),
                    Node::SetComp => Expr::SetComp(ExprSetComp { node_index, range, elt, generators }),
                    _ => {
                        let parenthesized = true;
                        Expr::Generator(ExprGenerator { node_index, range, elt, generators, parenthesized })
                    }
                }
            }
        })
    }

    fn generators(&mut self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<Vec<Comprehension>> {
        let items = self.items(cx, v, n, i)?;
        if items.all.is_empty() {
            return Err(cx.value_error("comprehension with no generators"));
        }
        let mut out = Vec::with_capacity(items.all.len());
        for x in &items.all {
            let n = Node::Comprehension;
            let target = self.expr_field(cx, *x, n, 0, STORE)?;
            let iter = self.expr_field(cx, *x, n, 1, LOAD)?;
            let ifs = self.exprs(cx, *x, n, 2, LOAD)?;
            let is_async = self.int_field(cx, *x, n, 3)? != 0;
            let range = target.range();
            out.push(Comprehension { range, node_index: NO_INDEX, target, iter, ifs, is_async });
        }
        items.done();
        Ok(out)
    }

    fn other(&mut self, cx: &mut Ctx, v: Value, n: Node, range: TextRange) -> PyResult<Expr> {
        let node_index = NO_INDEX;
        Ok(match n {
            Node::Await => {
                let value = self.boxed(cx, v, n, 0)?;
                Expr::Await(ExprAwait { node_index, range, value })
            }
            Node::Yield => {
                let value = self.opt_expr(cx, v, n, 0)?;
                Expr::Yield(ExprYield { node_index, range, value })
            }
            Node::YieldFrom => {
                let value = self.boxed(cx, v, n, 0)?;
                Expr::YieldFrom(ExprYieldFrom { node_index, range, value })
            }
            Node::Call => {
                let func = self.boxed(cx, v, n, 0)?;
                let args = self.exprs(cx, v, n, 1, LOAD)?.into();
                let keywords = self.keywords(cx, v, n, 2)?.into_iter().collect();
                let arguments = Arguments { range, node_index: NO_INDEX, args, keywords };
                Expr::Call(ExprCall { node_index, range_start: range.start(), func, arguments })
            }
            _ => {
                let lower = self.opt_expr(cx, v, n, 0)?;
                let upper = self.opt_expr(cx, v, n, 1)?;
                let step = self.opt_expr(cx, v, n, 2)?;
                Expr::Slice(ExprSlice { node_index, range, lower, upper, step })
            }
        })
    }

    pub(super) fn keywords(&mut self, cx: &mut Ctx, v: Value, n: Node, i: usize) -> PyResult<Vec<Keyword>> {
        let items = self.items(cx, v, n, i)?;
        let mut out = Vec::with_capacity(items.all.len());
        for x in &items.all {
            let n = Node::Keyword;
            self.required(cx, *x, n, 1)?;
            let range = self.place(cx, *x, n)?;
            let arg = self.opt_name(cx, *x, n, 0, range)?;
            let value = self.expr_field(cx, *x, n, 1, LOAD)?;
            out.push(Keyword { range, node_index: NO_INDEX, arg, value });
        }
        items.done();
        Ok(out)
    }

    // ---------------------------------------------------------------------------------------------- parameters

    /// A field of parameters. Whatever lacks them all stands for none, as in CPython.
    pub(super) fn arguments(
        &mut self,
        cx: &mut Ctx,
        owner: Value,
        n: Node,
        i: usize,
        range: TextRange,
    ) -> PyResult<Parameters> {
        let v = self.required(cx, owner, n, i)?;
        let n = Node::Arguments;
        let posonly = self.args(cx, v, 0)?;
        let args = self.args(cx, v, 1)?;
        let vararg = self.opt_arg(cx, v, 2)?;
        let kwonly = self.args(cx, v, 3)?;
        let kw_defaults = self.opt_exprs(cx, v, n, 4)?;
        let kwarg = self.opt_arg(cx, v, 5)?;
        let defaults = self.exprs(cx, v, n, 6, LOAD)?;
        let count = posonly.len() + args.len();
        if defaults.len() > count {
            return Err(cx.value_error("more positional defaults than args on arguments"));
        }
        if kw_defaults.len() != kwonly.len() {
            return Err(cx.value_error("length of kwonlyargs is not the same as kw_defaults on arguments"));
        }
        let without = count - defaults.len();
        let mut defaults =
            std::iter::repeat_with(|| None).take(without).chain(defaults.into_iter().map(Some));
        let mut with = |p: Parameter| with_default(p, defaults.next().flatten());
        let posonlyargs = posonly.into_iter().map(&mut with).collect();
        let args = args.into_iter().map(&mut with).collect();
        let kwonlyargs = kwonly.into_iter().zip(kw_defaults).map(|(p, d)| with_default(p, d)).collect();
        Ok(Parameters { range, node_index: NO_INDEX, posonlyargs, args, vararg, kwonlyargs, kwarg })
    }

    fn args(&mut self, cx: &mut Ctx, v: Value, i: usize) -> PyResult<Vec<Parameter>> {
        let items = self.items(cx, v, Node::Arguments, i)?;
        let mut out = Vec::with_capacity(items.all.len());
        for x in &items.all {
            out.push(self.arg(cx, *x)?);
        }
        items.done();
        Ok(out)
    }

    fn opt_arg(&mut self, cx: &mut Ctx, v: Value, i: usize) -> PyResult<Option<Box<Parameter>>> {
        match self.optional(cx, v, Node::Arguments, i)? {
            Some(x) => Ok(Some(Box::new(self.arg(cx, x)?))),
            None => Ok(None),
        }
    }

    fn arg(&mut self, cx: &mut Ctx, v: Value) -> PyResult<Parameter> {
        let n = Node::Arg;
        if self.lookup(cx, v, n, 0)?.is_none() {
            return Err(missing(cx, "arg", "arg"));
        }
        let range = self.place(cx, v, n)?;
        let name = self.name_field(cx, v, n, 0, range)?;
        let annotation = self.opt_expr(cx, v, n, 1)?;
        self.type_comment(cx, v, n, 2)?;
        Ok(Parameter { range, node_index: NO_INDEX, name, annotation })
    }
}

fn with_default(parameter: Parameter, default: Option<Expr>) -> ParameterWithDefault {
    ParameterWithDefault {
        range: parameter.range,
        node_index: NO_INDEX,
        parameter,
        default: default.map(Box::new),
    }
}
