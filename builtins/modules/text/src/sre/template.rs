//! Replacement templates: literals and group numbers, and what `sub` makes of its first argument.

use super::subject::{Joiner, Subject};
use super::{Types, type_in};
use protopy_sre::Matcher;
use protopy_vm::protocore::layouts::{IntRef, ListObj, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, Value};
use protopy_vm::{self as vm, TypeSpec};

/// A group and the literal after it.
struct Step {
    group: usize,
    literal: Slot,
    empty: bool,
}

/// A template.
pub(crate) struct Template {
    literal: Slot,
    empty: bool,
    steps: Box<[Step]>,
}

impl Payload for Template {
    const NAME: &'static str = "SRE_Template";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.literal);
        for s in &self.steps {
            t.slot(&s.literal);
        }
    }
}

/// The type.
pub(crate) static TEMPLATE: TypeSpec = TypeSpec {
    name: "SRE_Template",
    module: "_sre",
    layout: Layout::Native,
    vt: Some(<Template as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec::NONE,
    ..TypeSpec::BASE
};

fn is_empty(v: Value) -> bool {
    match StrObj::of(v) {
        Some(s) => s.is_empty(),
        None => vm::protocore::layouts::BytesObj::of(v).is_some_and(|b| b.bytes().is_empty()),
    }
}

/// `_sre.template(pattern, [literal, group, literal, …])`
pub(crate) fn make(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(list) = ListObj::of(a[1]) else {
        let msg = format!("template() argument 2 must be list, not {}", protopy_vm::ops::tp_name(cx, a[1]));
        return Err(cx.type_error(&msg));
    };
    let items = list.snapshot();
    let (Some(first), true) = (items.first(), items.len() % 2 == 1) else {
        return Err(cx.type_error("invalid template"));
    };
    let mut steps = Vec::with_capacity(items.len() / 2);
    for pair in items[1..].chunks_exact(2) {
        let Some(n) = IntRef::of(pair[0]) else { return Err(cx.type_error("an integer is required")) };
        let Some(group) = n.to_i64().and_then(|n| usize::try_from(n).ok()) else {
            return Err(cx.type_error("invalid template"));
        };
        steps.push(Step { group, literal: Slot::new(pair[1]), empty: is_empty(pair[1]) });
    }
    let t = Template { literal: Slot::new(*first), empty: is_empty(*first), steps: steps.into() };
    let types = cx.space().state::<Types>();
    let ty = type_in(cx, &types.template)?;
    let made = cx.new_native(ty, t);
    vm::keep_alive(a[1]);
    Ok(made)
}

/// What `sub` puts in the place of a match.
pub(crate) enum Replacement {
    /// Always the same; `None` for nothing.
    Literal(Option<Value>),
    /// A template object.
    Template(Value),
    /// The result of a call.
    Call(Value),
}

/// Whether a replacement has no backslash: then it stands for itself.
fn is_literal(cx: &mut Ctx, v: Value) -> bool {
    match Subject::of(cx, v) {
        Ok(s) => {
            let found = protopy_text::search::find_char(s.view(), u32::from(b'\\')).is_some();
            vm::keep_alive(v);
            !found
        }
        Err(r) => {
            cx.take_raised(r);
            false
        }
    }
}

fn literal(v: Value) -> Replacement {
    Replacement::Literal((!is_empty(v)).then_some(v))
}

/// Reads the `repl` argument of `sub`.
pub(crate) fn replacement(cx: &mut Ctx, pattern: Value, repl: Value) -> PyResult<Replacement> {
    if vm::callable(cx, repl) {
        return Ok(Replacement::Call(repl));
    }
    if is_literal(cx, repl) {
        return Ok(literal(repl));
    }
    let made = compile(cx, pattern, repl)?;
    match made.native::<Template>() {
        Some(t) if t.steps.is_empty() => Ok(literal(t.literal.get_or_none())),
        Some(_) => Ok(Replacement::Template(made)),
        None if vm::callable(cx, made) => Ok(Replacement::Call(made)),
        None => Ok(literal(made)),
    }
}

/// `re._compile_template(pattern, template)`
pub(crate) fn compile(cx: &mut Ctx, pattern: Value, template: Value) -> PyResult {
    let f = vm::import_attr(cx, "re", "_compile_template")?;
    vm::call(cx, f, &[pattern, template])
}

#[cold]
fn no_such_group(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::IndexError, "no such group")
}

fn fill(
    cx: &mut Ctx,
    t: &Template,
    s: &Subject,
    groups: usize,
    span: impl Fn(usize) -> Option<(usize, usize)>,
    out: &mut Joiner,
) -> PyResult<()> {
    if !t.empty {
        out.object(cx, t.literal.get_or_none())?;
    }
    for step in &t.steps {
        if step.group > groups {
            return Err(no_such_group(cx));
        }
        if let Some((start, end)) = span(step.group) {
            out.part(s, start, end);
        }
        if !step.empty {
            out.object(cx, step.literal.get_or_none())?;
        }
    }
    Ok(())
}

/// Appends a template filled from a matcher.
pub(crate) fn expand_matcher(
    cx: &mut Ctx,
    template: &Value,
    s: &Subject,
    m: &Matcher,
    groups: usize,
    out: &mut Joiner,
) -> PyResult<()> {
    match template.native::<Template>() {
        Some(t) => fill(cx, t, s, groups, |g| m.group(g), out),
        None => Ok(()),
    }
}

/// A template (or a literal) filled from a match.
pub(crate) fn expand(
    cx: &mut Ctx,
    template: Value,
    s: &Subject,
    groups: usize,
    span: impl Fn(usize) -> Option<(usize, usize)>,
) -> PyResult {
    let Some(t) = template.native::<Template>() else { return Ok(template) };
    if t.steps.is_empty() {
        return Ok(t.literal.get_or_none());
    }
    let mut out = s.joiner();
    fill(cx, t, s, groups, span, &mut out)?;
    out.finish(cx)
}
