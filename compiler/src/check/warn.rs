//! Warnings about expressions that cannot work: literals called, subscripted or compared with `is`.

use super::Checker;
use ruff_python_ast::*;
use ruff_text_size::Ranged;

/// The type of an expression whose type is evident.
fn type_of(e: &Expr) -> Option<&'static str> {
    Some(match e {
        Expr::Tuple(_) => "tuple",
        Expr::List(_) | Expr::ListComp(_) => "list",
        Expr::Dict(_) | Expr::DictComp(_) => "dict",
        Expr::Set(_) | Expr::SetComp(_) => "set",
        Expr::Generator(_) => "generator",
        Expr::Lambda(_) => "function",
        Expr::FString(_) => "str",
        Expr::TString(_) => "string.templatelib.Template",
        _ => return constant_type(e),
    })
}

fn constant_type(e: &Expr) -> Option<&'static str> {
    Some(match e {
        Expr::NumberLiteral(n) => match n.value {
            Number::Int(_) => "int",
            Number::Float(_) => "float",
            Number::Complex { .. } => "complex",
        },
        Expr::StringLiteral(_) => "str",
        Expr::BytesLiteral(_) => "bytes",
        Expr::BooleanLiteral(_) => "bool",
        Expr::NoneLiteral(_) => "NoneType",
        Expr::EllipsisLiteral(_) => "ellipsis",
        Expr::Tuple(t) if t.elts.iter().all(|e| constant_type(e).is_some()) => "tuple",
        _ => return None,
    })
}

/// Whether comparing with `e` by identity makes sense.
fn has_identity(e: &Expr) -> bool {
    matches!(e, Expr::NoneLiteral(_) | Expr::BooleanLiteral(_) | Expr::EllipsisLiteral(_))
        || constant_type(e).is_none()
}

impl Checker<'_> {
    pub(super) fn check_compare(&mut self, c: &ExprCompare) {
        let mut left = &*c.left;
        for (op, right) in c.ops.iter().zip(&*c.comparators) {
            if matches!(op, CmpOp::Is | CmpOp::IsNot) && !(has_identity(left) && has_identity(right)) {
                let literal = if has_identity(left) { right } else { left };
                let name = constant_type(literal).unwrap_or("");
                let msg = match op {
                    CmpOp::Is => format!("\"is\" with '{name}' literal. Did you mean \"==\"?"),
                    _ => format!("\"is not\" with '{name}' literal. Did you mean \"!=\"?"),
                };
                self.warn(msg, c.range);
                return;
            }
            left = right;
        }
    }

    pub(super) fn check_callee(&mut self, e: &Expr) {
        if matches!(e, Expr::Lambda(_)) {
            return;
        }
        if let Some(name) = type_of(e) {
            self.warn(format!("'{name}' object is not callable; perhaps you missed a comma?"), e.range());
        }
    }

    pub(super) fn check_subscript(&mut self, s: &ExprSubscript) {
        let not_subscriptable = matches!(
            &*s.value,
            Expr::NoneLiteral(_)
                | Expr::EllipsisLiteral(_)
                | Expr::NumberLiteral(_)
                | Expr::BooleanLiteral(_)
                | Expr::Set(_)
                | Expr::SetComp(_)
                | Expr::Generator(_)
                | Expr::TString(_)
                | Expr::Lambda(_)
        );
        let Some(name) = type_of(&s.value) else { return };
        if not_subscriptable {
            let msg = format!("'{name}' object is not subscriptable; perhaps you missed a comma?");
            self.warn(msg, s.value.range());
            return;
        }
        let sequence = matches!(
            &*s.value,
            Expr::StringLiteral(_)
                | Expr::BytesLiteral(_)
                | Expr::Tuple(_)
                | Expr::List(_)
                | Expr::ListComp(_)
                | Expr::FString(_)
        );
        let Some(index) = type_of(&s.slice) else { return };
        if sequence && !matches!(index, "int" | "bool") {
            let msg = format!(
                "{name} indices must be integers or slices, not {index}; perhaps you missed a comma?"
            );
            self.warn(msg, s.value.range());
        }
    }
}
