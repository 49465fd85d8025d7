//! `_string`: the parsers of `str.format`'s template language, which `string.Formatter` builds on.

use protopy_text::StrRef;
use protopy_text::format::FormatError;
use protopy_text::format::template::{Step, Steps, TemplateParser, field_number, split_field_name};
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::create_type;
use protopy_vm::{ModuleSpec, TypeSpec, methods};

/// Iterator over the segments of a template. The parser looks into the str, which the slot keeps alive.
struct FormatterIterator {
    text: Slot,
    parser: Guarded<TemplateParser<'static>>,
}

impl Payload for FormatterIterator {
    const NAME: &'static str = "formatteriterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.text);
    }
}

/// Iterator over the steps of a field name.
struct FieldNameIterator {
    text: Slot,
    steps: Guarded<Steps<'static>>,
}

impl Payload for FieldNameIterator {
    const NAME: &'static str = "fieldnameiterator";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.text);
    }
}

/// The two types.
struct Types([Slot; 2]);

impl Default for Types {
    fn default() -> Self {
        Types([Slot::empty(), Slot::empty()])
    }
}

impl SpaceState for Types {
    fn trace(&self, t: &mut Tracer) {
        t.slots(&self.0);
    }
}

fn iterator_type(cx: &mut Ctx, i: usize) -> PyResult<&'static TypeObj> {
    match cx.space().state::<Types>().0.get(i).and_then(Slot::get).and_then(TypeObj::of) {
        Some(t) => Ok(t),
        None => Err(cx.raise_str(Ty::SystemError, "_string is not initialised")),
    }
}

#[cold]
fn refused(cx: &mut Ctx, e: FormatError) -> Raised {
    match e {
        FormatError::Memory => cx.no_memory(),
        FormatError::Value(text) => match cx.str_buf(text) {
            Ok(m) => cx.raise(Ty::ValueError, m),
            Err(r) => r,
        },
    }
}

fn text_arg(cx: &mut Ctx, v: Value) -> PyResult<StrRef<'static>> {
    match StrObj::of(v) {
        Some(s) => Ok(s.str_ref()),
        None => {
            let msg = format!("expected str, got {}", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn formatter_parser(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let text = text_arg(cx, args[0])?;
    let ty = iterator_type(cx, 0)?;
    let parser = Guarded::new(TemplateParser::new(text));
    Ok(cx.new_native(ty, FormatterIterator { text: Slot::new(args[0]), parser }))
}

fn parser_next(cx: &mut Ctx, it: Value) -> PyResult<Option<Value>> {
    let Some(o) = it.native::<FormatterIterator>() else { return Ok(None) };
    let Some(text) = o.text.get().and_then(StrObj::of) else { return Ok(None) };
    let text = text.str_ref();
    let segment = match o.parser.with(Iterator::next) {
        None => return Ok(None),
        Some(Ok(s)) => s,
        Some(Err(e)) => return Err(refused(cx, e)),
    };
    let literal = cx.str_from(text.slice(segment.literal.0, segment.literal.1))?;
    let Some(f) = segment.field else {
        return cx.tuple_of(None, &[literal, Value::NONE, Value::NONE, Value::NONE]).map(Some);
    };
    let name = cx.str_from(text.slice(f.name.0, f.name.1))?;
    let spec = cx.str_from(text.slice(f.spec.0, f.spec.1))?;
    let conversion = f.conversion.map_or(Value::NONE, |c| cx.char(c));
    cx.tuple_of(None, &[literal, name, spec, conversion]).map(Some)
}

fn formatter_field_name_split(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let text = text_arg(cx, args[0])?;
    let (end, steps) = split_field_name(text);
    let first = text.slice(0, end);
    let first = match field_number(first) {
        Ok(Some(n)) => cx.int_usize(n),
        Ok(None) => cx.str_from(first)?,
        Err(e) => return Err(refused(cx, e)),
    };
    let ty = iterator_type(cx, 1)?;
    let rest = cx.new_native(ty, FieldNameIterator { text: Slot::new(args[0]), steps: Guarded::new(steps) });
    cx.tuple_of(None, &[first, rest])
}

fn steps_next(cx: &mut Ctx, it: Value) -> PyResult<Option<Value>> {
    let Some(o) = it.native::<FieldNameIterator>() else { return Ok(None) };
    let Some(text) = o.text.get().and_then(StrObj::of) else { return Ok(None) };
    let text = text.str_ref();
    let (is_attr, v) = match o.steps.with(Iterator::next) {
        None => return Ok(None),
        Some(Ok(Step::Attribute(from, to))) => (true, cx.str_from(text.slice(from, to))?),
        Some(Ok(Step::Key(from, to))) => (false, cx.str_from(text.slice(from, to))?),
        Some(Ok(Step::Index(i))) => (false, cx.int_usize(i)),
        Some(Err(e)) => return Err(refused(cx, e)),
    };
    cx.tuple_of(None, &[Value::bool(is_attr), v]).map(Some)
}

fn iter_self(_cx: &mut Ctx, v: Value) -> PyResult {
    Ok(v)
}

static FORMATTER_ITERATOR: TypeSpec = TypeSpec {
    name: "formatteriterator",
    layout: Layout::Native,
    vt: Some(<FormatterIterator as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(parser_next), ..SlotSpec::NONE },
    ..TypeSpec::BASE
};

static FIELD_NAME_ITERATOR: TypeSpec = TypeSpec {
    name: "fieldnameiterator",
    layout: Layout::Native,
    vt: Some(<FieldNameIterator as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(steps_next), ..SlotSpec::NONE },
    ..TypeSpec::BASE
};

fn init(cx: &mut Ctx, _module: Value) -> PyResult<()> {
    let types = [create_type(cx, &FORMATTER_ITERATOR)?, create_type(cx, &FIELD_NAME_ITERATOR)?];
    for (slot, t) in cx.space().state::<Types>().0.iter().zip(types) {
        slot.init(Some(t));
    }
    Ok(())
}

static FUNCTIONS: &[MethodDef] = methods![functions:
    /// split the argument as a field name
    "formatter_field_name_split(object, /)" => formatter_field_name_split;
    /// parse the argument as a format string
    "formatter_parser(object, /)" => formatter_parser;
];

/// The module `_string`.
pub static MODULE: ModuleSpec =
    ModuleSpec { name: "_string", doc: "string helper module", functions: FUNCTIONS, init: Some(init) };
