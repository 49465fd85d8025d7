//! f-strings and t-strings.

use super::constants::{const_of, shown_text};
use super::{Builder, NO_INDEX};
use crate::ast::table::Node;
use protocore::layouts::StrObj;
use protocore::{Ctx, PyResult, Ty, Value};
use protopy_bytecode::Const;
use protopy_vm as vm;
use ruff_python_ast::*;
use ruff_text_size::TextRange;

impl Builder {
    pub(super) fn joined(&mut self, cx: &mut Ctx, v: Value, range: TextRange) -> PyResult<Expr> {
        let elements = self.elements(cx, v, Node::JoinedStr)?;
        Ok(formatted(elements, range))
    }

    pub(super) fn template(&mut self, cx: &mut Ctx, v: Value, range: TextRange) -> PyResult<Expr> {
        let elements = self.elements(cx, v, Node::TemplateStr)?;
        Ok(template(elements, range))
    }

    /// A field that is not within a string.
    pub(super) fn lone_field(&mut self, cx: &mut Ctx, v: Value, n: Node, range: TextRange) -> PyResult<Expr> {
        let field = self.field(cx, v, n, range)?;
        let elements = vec![InterpolatedStringElement::Interpolation(field)];
        Ok(if n == Node::Interpolation { template(elements, range) } else { formatted(elements, range) })
    }

    fn elements(&mut self, cx: &mut Ctx, v: Value, n: Node) -> PyResult<Vec<InterpolatedStringElement>> {
        let items = self.items(cx, v, n, 0)?;
        let mut out = Vec::with_capacity(items.all.len());
        for x in &items.all {
            if x.is_none() {
                return Err(cx.value_error("None disallowed in expression list"));
            }
            out.push(self.element(cx, *x)?);
        }
        items.done();
        Ok(out)
    }

    fn element(&mut self, cx: &mut Ctx, v: Value) -> PyResult<InterpolatedStringElement> {
        match self.ast.node_of(cx, v) {
            Some(n @ (Node::FormattedValue | Node::Interpolation)) => {
                let range = self.place(cx, v, Node::Expr)?;
                Ok(InterpolatedStringElement::Interpolation(self.field(cx, v, n, range)?))
            }
            Some(Node::Constant) => {
                let value = self.required(cx, v, Node::Constant, 0)?;
                if !cx.is_exact(value, Ty::Str) {
                    return self.plain_field(cx, v);
                }
                let range = self.place(cx, v, Node::Expr)?;
                let value = match const_of(cx, value)? {
                    Const::Str(s) => s,
                    Const::WideStr(points) => {
                        let shown = shown_text(&points);
                        self.table.wide.insert(range.start().to_u32(), points);
                        shown
                    }
                    _ => "".into(),
                };
                let literal = InterpolatedStringLiteralElement { range, node_index: NO_INDEX, value };
                Ok(InterpolatedStringElement::Literal(literal))
            }
            _ => self.plain_field(cx, v),
        }
    }

    /// Any other expression: it is formatted without conversion and specification.
    fn plain_field(&mut self, cx: &mut Ctx, v: Value) -> PyResult<InterpolatedStringElement> {
        let range = self.place(cx, v, Node::Expr)?;
        let expression = Box::new(self.expr(cx, v, ExprContext::Load)?);
        Ok(InterpolatedStringElement::Interpolation(InterpolatedElement {
            range,
            node_index: NO_INDEX,
            expression,
            debug_text: None,
            conversion: ConversionFlag::None,
            format_spec: None,
        }))
    }

    fn field(&mut self, cx: &mut Ctx, v: Value, n: Node, range: TextRange) -> PyResult<InterpolatedElement> {
        cx.check_native_stack(" while traversing 'expr' node")?;
        let shift = usize::from(n == Node::Interpolation);
        let expression = self.boxed(cx, v, n, 0)?;
        if n == Node::Interpolation {
            let text = self.required(cx, v, n, 1)?;
            const_of(cx, text)?;
            let text = match StrObj::of(text) {
                Some(s) => s.to_string_lossy(),
                None => vm::str_text(cx, text)?,
            };
            self.table.texts.insert(range.start().to_u32(), text.into());
        }
        let conversion = match self.int_field(cx, v, n, 1 + shift)? {
            -1 => ConversionFlag::None,
            115 => ConversionFlag::Str,
            114 => ConversionFlag::Repr,
            97 => ConversionFlag::Ascii,
            other => {
                let msg = format!("Unrecognized conversion character {other}");
                return Err(cx.raise_str(Ty::SystemError, &msg));
            }
        };
        let format_spec = match self.optional(cx, v, n, 2 + shift)? {
            Some(spec) => {
                let range = self.place(cx, spec, Node::Expr)?;
                let elements = if self.ast.node_of(cx, spec) == Some(Node::JoinedStr) {
                    self.elements(cx, spec, Node::JoinedStr)?
                } else {
                    vec![self.element(cx, spec)?]
                };
                let elements = elements.into();
                Some(Box::new(InterpolatedStringFormatSpec { range, node_index: NO_INDEX, elements }))
            }
            None => None,
        };
        Ok(InterpolatedElement {
            range,
            node_index: NO_INDEX,
            expression,
            debug_text: None,
            conversion,
            format_spec,
        })
    }
}

fn formatted(elements: Vec<InterpolatedStringElement>, range: TextRange) -> Expr {
    let elements = elements.into();
    let part = FString { range, node_index: NO_INDEX, elements, flags: FStringFlags::empty() };
    Expr::FString(ExprFString { node_index: NO_INDEX, range, value: FStringValue::single(part) })
}

fn template(elements: Vec<InterpolatedStringElement>, range: TextRange) -> Expr {
    let elements = elements.into();
    let part = TString { range, node_index: NO_INDEX, elements, flags: TStringFlags::empty() };
    Expr::TString(ExprTString { node_index: NO_INDEX, range, value: TStringValue::single(part) })
}
