//! Constants: literals where there is one, entries of the table otherwise.

use super::{Builder, NO_INDEX};
use crate::ast::table::Node;
use num_bigint::{BigUint, Sign};
use protocore::dict::DictObj;
use protocore::layouts::{BytesObj, ComplexObj, FloatObj, IntRef, StrObj, TupleObj};
use protocore::{Ctx, PyResult, Ty, Value};
use protopy_bytecode::Const;
use ruff_python_ast::str_prefix::StringLiteralPrefix;
use ruff_python_ast::*;
use ruff_text_size::TextRange;

impl Builder {
    pub(super) fn constant(&mut self, cx: &mut Ctx, v: Value, range: TextRange) -> PyResult<Expr> {
        let value = self.required(cx, v, Node::Constant, 0)?;
        let unicode = match self.optional(cx, v, Node::Constant, 1)? {
            Some(kind) => {
                self.string(cx, kind)?;
                StrObj::of(kind).is_some_and(|k| k.eq_str("u"))
            }
            None => false,
        };
        let c = const_of(cx, value)?;
        Ok(self.literal(c, unicode, range))
    }

    /// The expression of a constant.
    pub(super) fn literal(&mut self, c: Const, unicode: bool, range: TextRange) -> Expr {
        let number = |value| Expr::NumberLiteral(ExprNumberLiteral { node_index: NO_INDEX, range, value });
        match c {
            Const::None => Expr::NoneLiteral(ExprNoneLiteral { node_index: NO_INDEX, range }),
            Const::True | Const::False => {
                let value = matches!(c, Const::True);
                Expr::BooleanLiteral(ExprBooleanLiteral { node_index: NO_INDEX, range, value })
            }
            Const::Ellipsis => Expr::EllipsisLiteral(ExprEllipsisLiteral { node_index: NO_INDEX, range }),
            Const::Int(n) if n >= 0 => number(Number::Int(Int::from(n.unsigned_abs()))),
            Const::Int(n) => negated(number(Number::Int(Int::from(n.unsigned_abs()))), range),
            Const::BigInt { negative, magnitude } => {
                let digits = BigUint::from_bytes_le(&magnitude).to_string();
                let value = Int::from_str_radix(&digits, 10, &digits).unwrap_or(Int::ZERO);
                let literal = number(Number::Int(value));
                if negative { negated(literal, range) } else { literal }
            }
            Const::Float(f) => number(Number::Float(f)),
            Const::Complex(real, imag) => number(Number::Complex { real, imag }),
            Const::Str(s) => self.string_literal(s, unicode, range),
            Const::WideStr(points) => {
                let shown = shown_text(&points);
                self.table.wide.insert(range.start().to_u32(), points);
                self.string_literal(shown, unicode, range)
            }
            Const::Bytes(value) => {
                let part =
                    BytesLiteral { range, node_index: NO_INDEX, value, flags: BytesLiteralFlags::empty() };
                let value = BytesLiteralValue::single(part);
                Expr::BytesLiteral(ExprBytesLiteral { node_index: NO_INDEX, range, value })
            }
            other => {
                self.table.consts.insert(range.start().to_u32(), other);
                Expr::IpyEscapeCommand(ExprIpyEscapeCommand {
                    node_index: NO_INDEX,
                    range,
                    kind: IpyEscapeKind::Shell,
                    value: "".into(),
                })
            }
        }
    }

    fn string_literal(&self, value: Box<str>, unicode: bool, range: TextRange) -> Expr {
        let prefix = if unicode { StringLiteralPrefix::Unicode } else { StringLiteralPrefix::Empty };
        let flags = StringLiteralFlags::empty().with_prefix(prefix);
        let value = StringLiteralValue::single(StringLiteral { range, node_index: NO_INDEX, value, flags });
        Expr::StringLiteral(ExprStringLiteral { node_index: NO_INDEX, range, value })
    }
}

fn negated(e: Expr, range: TextRange) -> Expr {
    let operand = Box::new(e);
    Expr::UnaryOp(ExprUnaryOp { node_index: NO_INDEX, range, op: UnaryOp::USub, operand })
}

/// A string with U+FFFD for each lone surrogate.
pub(super) fn shown_text(points: &[u32]) -> Box<str> {
    points.iter().map(|&p| char::from_u32(p).unwrap_or('\u{fffd}')).collect::<String>().into()
}

/// The constant of an object; TypeError for objects that are none.
pub(super) fn const_of(cx: &mut Ctx, v: Value) -> PyResult<Const> {
    if v.is_none() {
        return Ok(Const::None);
    }
    if v.is_bool() {
        return Ok(if v.is(Value::TRUE) { Const::True } else { Const::False });
    }
    if v.is(Value::ELLIPSIS) {
        return Ok(Const::Ellipsis);
    }
    if cx.is_exact(v, Ty::Int)
        && let Some(i) = IntRef::of(v)
    {
        return Ok(match i.to_i64() {
            Some(n) => Const::Int(n),
            None => {
                let (sign, bytes) = i.to_big().to_bytes_le();
                Const::BigInt { negative: sign == Sign::Minus, magnitude: bytes.into() }
            }
        });
    }
    if cx.is_exact(v, Ty::Str)
        && let Some(s) = StrObj::of(v)
    {
        return Ok(match s.to_utf8() {
            Some(t) => Const::Str(t.into()),
            None => Const::WideStr(s.str_ref().chars().collect()),
        });
    }
    if cx.is_exact(v, Ty::Float)
        && let Some(f) = FloatObj::of(v)
    {
        return Ok(Const::Float(f));
    }
    if cx.is_exact(v, Ty::Complex)
        && let Some(c) = ComplexObj::of(v)
    {
        return Ok(Const::Complex(c.re, c.im));
    }
    if cx.is_exact(v, Ty::Bytes)
        && let Some(b) = BytesObj::of(v)
    {
        return Ok(Const::Bytes(b.bytes().into()));
    }
    compound(cx, v)
}

fn compound(cx: &mut Ctx, v: Value) -> PyResult<Const> {
    cx.check_native_stack(" during compilation")?;
    if cx.is_exact(v, Ty::Tuple)
        && let Some(t) = TupleObj::of(v)
    {
        let items: PyResult<Vec<Const>> = t.items().iter().map(|i| const_of(cx, *i)).collect();
        return Ok(Const::Tuple(items?.into()));
    }
    if cx.is_exact(v, Ty::FrozenSet)
        && let Some(s) = DictObj::of_set(v)
    {
        let items: PyResult<Vec<Const>> = s.snapshot().iter().map(|e| const_of(cx, e.1)).collect();
        return Ok(Const::FrozenSet(items?.into()));
    }
    let msg = format!("got an invalid type in Constant: {}", cx.type_name(v));
    Err(cx.type_error(&msg))
}
