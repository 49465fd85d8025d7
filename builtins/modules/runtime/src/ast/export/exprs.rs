//! Expressions.

use super::Export;
use crate::ast::table::Node;
use num_bigint::{BigInt, Sign};
use protocore::{Ctx, PyResult, Value};
use protopy_bytecode::Const;
use protopy_compiler::literals;
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

impl Export<'_> {
    pub(super) fn exprs(&self, cx: &mut Ctx, all: &[Expr]) -> PyResult {
        self.list(cx, all, |e, cx, x| e.expr(cx, x))
    }

    pub(super) fn opt_expr(&self, cx: &mut Ctx, e: Option<&Expr>) -> PyResult {
        e.map_or(Ok(Value::NONE), |e| self.expr(cx, e))
    }

    pub(super) fn expr(&self, cx: &mut Ctx, e: &Expr) -> PyResult {
        cx.check_native_stack(" during ast construction")?;
        let range = e.range();
        match e {
            Expr::Name(n) => {
                let id = cx.intern_str(&n.id);
                self.node(cx, Node::Name, range, &[id, self.context(n.ctx)])
            }
            Expr::Attribute(a) => {
                let value = self.expr(cx, &a.value)?;
                let attr = self.identifier(cx, &a.attr);
                self.node(cx, Node::Attribute, range, &[value, attr, self.context(a.ctx)])
            }
            Expr::Call(c) => {
                let func = self.expr(cx, &c.func)?;
                let args = self.positional(cx, &c.arguments)?;
                let keywords = self.keywords(cx, &c.arguments.keywords)?;
                self.node(cx, Node::Call, range, &[func, args, keywords])
            }
            Expr::Subscript(s) => {
                let value = self.expr(cx, &s.value)?;
                let slice = self.expr(cx, &s.slice)?;
                self.node(cx, Node::Subscript, range, &[value, slice, self.context(s.ctx)])
            }
            Expr::Starred(s) => {
                let value = self.expr(cx, &s.value)?;
                self.node(cx, Node::Starred, range, &[value, self.context(s.ctx)])
            }
            Expr::List(l) => {
                let elts = self.exprs(cx, &l.elts)?;
                self.node(cx, Node::List, range, &[elts, self.context(l.ctx)])
            }
            Expr::Tuple(t) => {
                let elts = self.exprs(cx, &t.elts)?;
                self.node(cx, Node::Tuple, range, &[elts, self.context(t.ctx)])
            }
            Expr::Slice(s) => {
                let lower = self.opt_expr(cx, s.lower.as_deref())?;
                let upper = self.opt_expr(cx, s.upper.as_deref())?;
                let step = self.opt_expr(cx, s.step.as_deref())?;
                self.node(cx, Node::Slice, range, &[lower, upper, step])
            }
            Expr::BoolOp(_)
            | Expr::Named(_)
            | Expr::BinOp(_)
            | Expr::UnaryOp(_)
            | Expr::Compare(_)
            | Expr::If(_) => self.operation(cx, e),
            Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Lambda(_) => self.suspending(cx, e),
            Expr::Dict(_)
            | Expr::Set(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_) => self.display(cx, e),
            Expr::FString(f) => self.fstring(cx, f),
            Expr::TString(t) => self.tstring(cx, t),
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => self.constant(cx, e),
        }
    }

    fn operation(&self, cx: &mut Ctx, e: &Expr) -> PyResult {
        let range = e.range();
        match e {
            Expr::BoolOp(b) => {
                let op = self.ast.singleton(if b.op == BoolOp::And { Node::And } else { Node::Or });
                let values = self.exprs(cx, &b.values)?;
                self.node(cx, Node::BoolOp, range, &[op, values])
            }
            Expr::Named(n) => {
                let target = self.expr(cx, &n.target)?;
                let value = self.expr(cx, &n.value)?;
                self.node(cx, Node::NamedExpr, range, &[target, value])
            }
            Expr::BinOp(b) => self.binary(cx, b),
            Expr::UnaryOp(u) => {
                let op = self.ast.singleton(match u.op {
                    UnaryOp::Invert => Node::Invert,
                    UnaryOp::Not => Node::Not,
                    UnaryOp::UAdd => Node::UAdd,
                    UnaryOp::USub => Node::USub,
                });
                let operand = self.expr(cx, &u.operand)?;
                self.node(cx, Node::UnaryOp, range, &[op, operand])
            }
            Expr::Compare(c) => {
                let left = self.expr(cx, &c.left)?;
                let ops = self.list(cx, &*c.ops, |e, _, op| Ok(e.ast.singleton(comparison(*op))))?;
                let comparators = self.exprs(cx, &c.comparators)?;
                self.node(cx, Node::Compare, range, &[left, ops, comparators])
            }
            Expr::If(i) => {
                let test = self.expr(cx, &i.test)?;
                let body = self.expr(cx, &i.body)?;
                let orelse = self.expr(cx, &i.orelse)?;
                self.node(cx, Node::IfExp, range, &[test, body, orelse])
            }
            _ => self.constant(cx, e),
        }
    }

    /// A chain of operators that leans to the left is walked, not recursed into.
    fn binary(&self, cx: &mut Ctx, b: &ExprBinOp) -> PyResult {
        let mut spine = vec![b];
        let mut left = &*b.left;
        while let Expr::BinOp(inner) = left {
            spine.push(inner);
            left = &inner.left;
        }
        let mut value = self.expr(cx, left)?;
        for b in spine.into_iter().rev() {
            let right = self.expr(cx, &b.right)?;
            value = self.node(cx, Node::BinOp, b.range, &[value, self.operator(b.op), right])?;
        }
        Ok(value)
    }

    fn suspending(&self, cx: &mut Ctx, e: &Expr) -> PyResult {
        let range = e.range();
        match e {
            Expr::Await(a) => {
                let value = self.expr(cx, &a.value)?;
                self.node(cx, Node::Await, range, &[value])
            }
            Expr::Yield(y) => {
                let value = self.opt_expr(cx, y.value.as_deref())?;
                self.node(cx, Node::Yield, range, &[value])
            }
            Expr::YieldFrom(y) => {
                let value = self.expr(cx, &y.value)?;
                self.node(cx, Node::YieldFrom, range, &[value])
            }
            Expr::Lambda(l) => {
                let args = self.arguments(cx, l.parameters.as_deref())?;
                let body = self.expr(cx, &l.body)?;
                self.node(cx, Node::Lambda, range, &[args, body])
            }
            _ => self.constant(cx, e),
        }
    }

    fn display(&self, cx: &mut Ctx, e: &Expr) -> PyResult {
        let range = e.range();
        match e {
            Expr::Dict(d) => {
                let keys = self.list(cx, &d.items, |e, cx, i| e.opt_expr(cx, i.key.as_ref()))?;
                let values = self.list(cx, &d.items, |e, cx, i| e.expr(cx, &i.value))?;
                self.node(cx, Node::Dict, range, &[keys, values])
            }
            Expr::Set(s) => {
                let elts = self.exprs(cx, &s.elts)?;
                self.node(cx, Node::Set, range, &[elts])
            }
            Expr::ListComp(c) => self.comprehension(cx, Node::ListComp, range, &c.elt, &c.generators),
            Expr::SetComp(c) => self.comprehension(cx, Node::SetComp, range, &c.elt, &c.generators),
            Expr::Generator(c) => self.comprehension(cx, Node::GeneratorExp, range, &c.elt, &c.generators),
            Expr::DictComp(c) => {
                let key = self.opt_expr(cx, c.key.as_deref())?;
                let value = self.expr(cx, &c.value)?;
                let generators = self.generators(cx, &c.generators)?;
                self.node(cx, Node::DictComp, range, &[key, value, generators])
            }
            _ => self.constant(cx, e),
        }
    }

    fn comprehension(
        &self,
        cx: &mut Ctx,
        n: Node,
        range: TextRange,
        elt: &Expr,
        generators: &[Comprehension],
    ) -> PyResult {
        let elt = self.expr(cx, elt)?;
        let generators = self.generators(cx, generators)?;
        self.node(cx, n, range, &[elt, generators])
    }

    fn generators(&self, cx: &mut Ctx, all: &[Comprehension]) -> PyResult {
        self.list(cx, all, |e, cx, c| {
            let target = e.expr(cx, &c.target)?;
            let iter = e.expr(cx, &c.iter)?;
            let ifs = e.exprs(cx, &c.ifs)?;
            let is_async = Value::small(i64::from(c.is_async));
            e.plain(cx, Node::Comprehension, &[target, iter, ifs, is_async])
        })
    }

    /// Positional arguments. A generator expression that is the only one has the parentheses of the call.
    pub(super) fn positional(&self, cx: &mut Ctx, a: &Arguments) -> PyResult {
        if let ([Expr::Generator(g)], true) = (&*a.args, a.keywords.is_empty())
            && !g.parenthesized
        {
            let one = self.comprehension(cx, Node::GeneratorExp, a.range, &g.elt, &g.generators)?;
            return cx.list(&[one]);
        }
        self.exprs(cx, &a.args)
    }

    pub(super) fn keywords(&self, cx: &mut Ctx, all: &[Keyword]) -> PyResult {
        self.list(cx, all, |e, cx, k| {
            let arg = e.opt_identifier(cx, k.arg.as_ref());
            let value = e.expr(cx, &k.value)?;
            e.node(cx, Node::Keyword, k.range, &[arg, value])
        })
    }

    fn constant(&self, cx: &mut Ctx, e: &Expr) -> PyResult {
        let mut kind = Value::NONE;
        let value = match e {
            Expr::StringLiteral(s) => {
                if s.value.is_unicode() {
                    kind = cx.intern_str("u");
                }
                match literals::with_surrogates(s, self.locations) {
                    Some(points) => self.constant_value(cx, &literals::string_of(points))?,
                    None => cx.str(s.value.to_str()),
                }
            }
            Expr::BytesLiteral(b) => {
                let bytes: Vec<u8> = b.value.bytes().collect();
                cx.bytes(&bytes)?
            }
            Expr::NumberLiteral(n) => match &n.value {
                Number::Float(f) => cx.float(*f),
                Number::Complex { real, imag } => cx.complex(*real, *imag),
                Number::Int(i) => match i.as_i64() {
                    Some(i) => cx.int(i),
                    None => {
                        let c = literals::big_int(&i.to_string()).unwrap_or(Const::Int(0));
                        self.constant_value(cx, &c)?
                    }
                },
            },
            Expr::BooleanLiteral(b) => {
                if b.value {
                    Value::TRUE
                } else {
                    Value::FALSE
                }
            }
            Expr::EllipsisLiteral(_) => Value::ELLIPSIS,
            _ => Value::NONE,
        };
        self.node(cx, Node::Constant, e.range(), &[value, kind])
    }

    pub(super) fn constant_value(&self, cx: &mut Ctx, c: &Const) -> PyResult {
        match c {
            Const::BigInt { negative, magnitude } => {
                let sign = if *negative { Sign::Minus } else { Sign::Plus };
                Ok(cx.bigint(BigInt::from_bytes_le(sign, magnitude)))
            }
            Const::Str(s) => Ok(cx.str(s)),
            other => protopy_vm::code::make_const(cx, other),
        }
    }

    fn context(&self, c: ExprContext) -> Value {
        self.ast.singleton(match c {
            ExprContext::Load | ExprContext::Invalid => Node::Load,
            ExprContext::Store => Node::Store,
            ExprContext::Del => Node::Del,
        })
    }

    pub(super) fn operator(&self, op: Operator) -> Value {
        self.ast.singleton(match op {
            Operator::Add => Node::Add,
            Operator::Sub => Node::Sub,
            Operator::Mult => Node::Mult,
            Operator::MatMult => Node::MatMult,
            Operator::Div => Node::Div,
            Operator::Mod => Node::Modulo,
            Operator::Pow => Node::Pow,
            Operator::LShift => Node::LShift,
            Operator::RShift => Node::RShift,
            Operator::BitOr => Node::BitOr,
            Operator::BitXor => Node::BitXor,
            Operator::BitAnd => Node::BitAnd,
            Operator::FloorDiv => Node::FloorDiv,
        })
    }
}

fn comparison(op: CmpOp) -> Node {
    match op {
        CmpOp::Eq => Node::Eq,
        CmpOp::NotEq => Node::NotEq,
        CmpOp::Lt => Node::Lt,
        CmpOp::LtE => Node::LtE,
        CmpOp::Gt => Node::Gt,
        CmpOp::GtE => Node::GtE,
        CmpOp::Is => Node::Is,
        CmpOp::IsNot => Node::IsNot,
        CmpOp::In => Node::In,
        CmpOp::NotIn => Node::NotIn,
    }
}
