//! f-strings and t-strings: neighbouring literals, the texts of self-documenting fields among them, are one constant.

use super::Export;
use crate::ast::table::Node;
use protocore::{Ctx, PyResult, Value};
use protopy_compiler::literals;
use protopy_text::StrBuf;
use protopy_vm::ValueVec;
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange, TextSize};

/// A run of literals.
struct Run {
    text: StrBuf,
    range: TextRange,
    /// Whether the first of them has the prefix `u`.
    unicode: bool,
}

/// The values of a string under construction.
struct Values {
    out: ValueVec,
    run: Option<Run>,
}

impl Values {
    fn new(cx: &mut Ctx) -> Values {
        Values { out: ValueVec::new(cx), run: None }
    }

    fn text(&mut self, range: TextRange, unicode: bool, add: impl FnOnce(&mut StrBuf)) {
        let run = self.run.get_or_insert_with(|| Run { text: StrBuf::new(), range, unicode });
        run.range = TextRange::new(run.range.start(), range.end().max(run.range.start()));
        add(&mut run.text);
    }

    fn flush(&mut self, cx: &mut Ctx, e: &Export<'_>) -> PyResult<()> {
        let Some(run) = self.run.take() else { return Ok(()) };
        if run.text.is_empty() {
            return Ok(());
        }
        let kind = if run.unicode { cx.intern_str("u") } else { Value::NONE };
        let text = cx.str_buf(run.text)?;
        let node = e.node(cx, Node::Constant, run.range, &[text, kind])?;
        self.out.push(cx, node)
    }
}

/// Kinds of string with fields.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavour {
    Formatted,
    Template,
}

impl Export<'_> {
    pub(super) fn fstring(&self, cx: &mut Ctx, f: &ExprFString) -> PyResult {
        let mut v = Values::new(cx);
        for part in &f.value {
            match part {
                FStringPart::Literal(l) => {
                    let unicode = l.flags.prefix().is_unicode();
                    match literals::surrogate_literal(l, self.locations) {
                        Some(points) => v.text(l.range, unicode, |b| points.iter().for_each(|c| b.push(*c))),
                        None => v.text(l.range, unicode, |b| b.push_str(&l.value)),
                    }
                }
                FStringPart::FString(f) => {
                    let raw = f.flags.prefix().is_raw();
                    self.elements(cx, &f.elements, raw, Flavour::Formatted, &mut v)?;
                }
            }
        }
        v.flush(cx, self)?;
        self.node(cx, Node::JoinedStr, f.range, &[v.out.into_list()])
    }

    pub(super) fn tstring(&self, cx: &mut Ctx, t: &ExprTString) -> PyResult {
        let mut v = Values::new(cx);
        for part in &t.value {
            let raw = part.flags.prefix().is_raw();
            self.elements(cx, &part.elements, raw, Flavour::Template, &mut v)?;
        }
        v.flush(cx, self)?;
        self.node(cx, Node::TemplateStr, t.range, &[v.out.into_list()])
    }

    fn elements(
        &self,
        cx: &mut Ctx,
        elements: &InterpolatedStringElements,
        raw: bool,
        flavour: Flavour,
        v: &mut Values,
    ) -> PyResult<()> {
        for e in elements.iter() {
            match e {
                InterpolatedStringElement::Literal(l) => {
                    let source = self
                        .locations
                        .text(l.range)
                        .filter(|t| !raw && l.value.contains('\u{fffd}') && literals::may_have_surrogates(t));
                    match source {
                        Some(t) => {
                            let points = literals::decode(t, true);
                            v.text(l.range, false, |b| points.iter().for_each(|c| b.push(*c)));
                        }
                        None => v.text(l.range, false, |b| b.push_str(&l.value)),
                    }
                }
                InterpolatedStringElement::Interpolation(i) => {
                    if let Some(debug) = &i.debug_text {
                        let start = i.range.start() + TextSize::from(1);
                        let end = start + TextSize::try_from(debug.as_str().len()).unwrap_or_default();
                        let text = literals::strip_comments(debug.as_str());
                        v.text(TextRange::new(start, end), false, |b| b.push_str(&text));
                    }
                    v.flush(cx, self)?;
                    let field = self.field(cx, i, raw, flavour)?;
                    v.out.push(cx, field)?;
                }
            }
        }
        Ok(())
    }

    fn field(&self, cx: &mut Ctx, i: &InterpolatedElement, raw: bool, flavour: Flavour) -> PyResult {
        cx.check_native_stack(" during ast construction")?;
        let value = self.expr(cx, &i.expression)?;
        let implied = i.debug_text.is_some() && i.format_spec.is_none();
        let conversion = match i.conversion.to_byte() {
            Some(c) => i64::from(c),
            None if implied => i64::from(b'r'),
            None => -1,
        };
        let conversion = Value::small(conversion);
        let spec = match &i.format_spec {
            Some(spec) => {
                let mut v = Values::new(cx);
                // Fields of a specification are formatted, in templates too.
                self.elements(cx, &spec.elements, raw, Flavour::Formatted, &mut v)?;
                v.flush(cx, self)?;
                self.node(cx, Node::JoinedStr, self.spec_range(spec.range), &[v.out.into_list()])?
            }
            None => Value::NONE,
        };
        if flavour == Flavour::Template {
            let text = cx.str(&literals::interpolation_text(i, self.locations));
            return self.node(cx, Node::Interpolation, i.range(), &[value, text, conversion, spec]);
        }
        self.node(cx, Node::FormattedValue, i.range(), &[value, conversion, spec])
    }

    /// A specification with its colon.
    fn spec_range(&self, range: TextRange) -> TextRange {
        match range.start().checked_sub(TextSize::from(1)) {
            Some(before) if self.locations.text(TextRange::new(before, range.start())) == Some(":") => {
                TextRange::new(before, range.end())
            }
            _ => range,
        }
    }
}
