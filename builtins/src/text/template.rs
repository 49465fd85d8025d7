//! The template strings of PEP 750: `Template`, `Interpolation` and the iterator of a template.
//!
//! A template has one string more than it has interpolations; iterating over it leaves empty strings out.

use super::args::opt_text_arg;
use super::object::exact;
use protopy_vm::protocore::Held;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Root, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::create_type;
use protopy_vm::{
    GetSetDef, TypeSpec, call_def, generic_alias, getsets, import_attr, keep_alive, methods, repr_text,
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// `string.templatelib.Template`
struct Template {
    strings: Slot,
    interpolations: Slot,
}

impl Payload for Template {
    const NAME: &'static str = "string.templatelib.Template";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.strings);
        t.slot(&self.interpolations);
    }
}

/// `string.templatelib.Interpolation`: value, expression, conversion, format_spec.
struct Interpolation {
    fields: [Slot; 4],
}

impl Payload for Interpolation {
    const NAME: &'static str = "string.templatelib.Interpolation";

    fn trace(&self, t: &mut Tracer) {
        t.slots(&self.fields);
    }
}

/// Iterator over a template: place `2 i` is string `i`, place `2 i + 1` interpolation `i`.
struct TemplateIter {
    template: Slot,
    at: AtomicUsize,
}

impl Payload for TemplateIter {
    const NAME: &'static str = "string.templatelib.TemplateIter";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.template);
    }
}

// ---------------------------------------------------------------------------------------------------- templates

/// A template of a tuple of strings and a tuple of interpolations.
fn template(cx: &mut Ctx, strings: &[Value], interpolations: &[Value]) -> PyResult {
    let s = cx.tuple_of(None, strings)?;
    let i = cx.tuple_of(None, interpolations)?;
    let ty = cx.ty(Ty::Template);
    Ok(cx.new_native(ty, Template { strings: Slot::new(s), interpolations: Slot::new(i) }))
}

fn items(s: &Slot) -> &'static [Value] {
    s.get().and_then(TupleObj::of).map_or(&[], |t| t.items())
}

fn joined(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    match (StrObj::of(a), StrObj::of(b)) {
        (Some(x), Some(y)) if x.is_empty() && !y.is_empty() => exact(cx, b),
        (Some(_), Some(y)) if y.is_empty() => exact(cx, a),
        (Some(x), Some(y)) => cx.str_concat(x, y),
        _ => Ok(a),
    }
}

fn new(cx: &mut Ctx, _class: Value, args: Args<'_>) -> PyResult {
    if args.names().is_some() {
        return Err(cx.type_error("Template.__new__ only accepts *args arguments"));
    }
    let mut strings = Vec::new();
    let mut interpolations = Vec::new();
    // Joined strings are new objects: they are kept where the collector sees them until the tuples hold them.
    let base = cx.keep.len();
    let mut last = cx.root(Root::EmptyStr);
    let mut failed = None;
    for v in args.pos() {
        if StrObj::of(*v).is_some() {
            match joined(cx, last, *v) {
                Ok(s) => last = s,
                Err(r) => {
                    failed = Some(r);
                    break;
                }
            }
            cx.keep.push(last);
        } else if v.native::<Interpolation>().is_some() {
            strings.push(last);
            interpolations.push(*v);
            last = cx.root(Root::EmptyStr);
        } else {
            let msg = format!(
                "Template.__new__ *args need to be of type 'str' or 'Interpolation', got {}",
                protopy_vm::ops::tp_name(cx, *v)
            );
            failed = Some(cx.type_error(&msg));
            break;
        }
    }
    strings.push(last);
    let r = match failed {
        Some(r) => Err(r),
        None => template(cx, &strings, &interpolations),
    };
    cx.keep.truncate(base);
    r
}

fn template_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let Some(t) = v.native::<Template>() else { return Ok(Value::NONE) };
    let (s, i) = (t.strings.get_or_none(), t.interpolations.get_or_none());
    let (s, i) = (protopy_vm::repr(cx, s)?, protopy_vm::repr(cx, i)?);
    let mut out = protopy_text::StrBuf::from("Template(strings=");
    for (part, after) in [(s, ", interpolations="), (i, ")")] {
        if let Some(p) = StrObj::of(part) {
            out.push_ref(p.str_ref());
        }
        out.push_str(after);
    }
    cx.str_buf(out)
}

fn template_concat(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (Some(x), Some(y)) = (a.native::<Template>(), b.native::<Template>()) else {
        let shown = if b.native::<Template>().is_some() {
            "string.templatelib.Template".to_owned()
        } else {
            protopy_vm::ops::tp_name(cx, b)
        };
        let msg = format!(
            "can only concatenate string.templatelib.Template (not \"{shown}\") to string.templatelib.Template"
        );
        return Err(cx.type_error(&msg));
    };
    let (left, right) = (items(&x.strings), items(&y.strings));
    let empty = cx.root(Root::EmptyStr);
    let (end, begin) = (left.last().copied().unwrap_or(empty), right.first().copied().unwrap_or(empty));
    let middle = joined(cx, end, begin)?;
    let mut strings = left[..left.len().saturating_sub(1)].to_vec();
    strings.push(middle);
    strings.extend_from_slice(right.get(1..).unwrap_or(&[]));
    let all = [items(&x.interpolations), items(&y.interpolations)].concat();
    let r = template(cx, &strings, &all);
    keep_alive(middle);
    r
}

fn template_iter(cx: &mut Ctx, v: Value) -> PyResult {
    let ty = cx.ty(Ty::TemplateIter);
    Ok(cx.new_native(ty, TemplateIter { template: Slot::new(v), at: AtomicUsize::new(0) }))
}

fn iter_next(cx: &mut Ctx, it: Value) -> PyResult<Option<Value>> {
    let Some(o) = it.native::<TemplateIter>() else { return Ok(None) };
    let Some(tv) = o.template.get() else { return Ok(None) };
    let Some(t) = tv.native::<Template>() else { return Ok(None) };
    loop {
        let at = o.at.fetch_add(1, Ordering::Relaxed);
        let found =
            if at % 2 == 0 { items(&t.strings).get(at / 2) } else { items(&t.interpolations).get(at / 2) };
        match found {
            None => {
                cx.store_empty(it, &o.template);
                return Ok(None);
            }
            Some(v) if StrObj::of(*v).is_some_and(StrObj::is_empty) => {}
            Some(v) => return Ok(Some(*v)),
        }
    }
}

fn get_strings(_cx: &mut Ctx, v: Value) -> PyResult {
    Ok(v.native::<Template>().map_or(Value::NONE, |t| t.strings.get_or_none()))
}

fn get_interpolations(_cx: &mut Ctx, v: Value) -> PyResult {
    Ok(v.native::<Template>().map_or(Value::NONE, |t| t.interpolations.get_or_none()))
}

fn get_values(cx: &mut Ctx, v: Value) -> PyResult {
    let all = v.native::<Template>().map_or(&[][..], |t| items(&t.interpolations));
    let values: Held<Value> =
        all.iter().filter_map(|i| i.native::<Interpolation>()).map(|i| i.fields[0].get_or_none()).collect();
    cx.tuple_of(None, &values)
}

fn template_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let f = import_attr(cx, "string.templatelib", "_template_unpickle")?;
    let (s, i) = (get_strings(cx, args[0])?, get_interpolations(cx, args[0])?);
    let state = cx.tuple_of(None, &[s, i])?;
    cx.tuple_of(None, &[f, state])
}

fn class_getitem(cx: &mut Ctx, args: &[Value]) -> PyResult {
    generic_alias(cx, args[0], args[1])
}

// ---------------------------------------------------------------------------------------------------- interpolations

static INTERPOLATION_NEW: &[MethodDef] = methods![functions:
    /// Interpolation
    "Interpolation(cls, value, expression=<unrepresentable>, conversion=None, format_spec=<unrepresentable>)" => interpolation_bound;
];

fn interpolation_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    match INTERPOLATION_NEW.first() {
        Some(def) => call_def(cx, def, Some(class), args),
        None => Ok(Value::NONE),
    }
}

fn check_str(cx: &mut Ctx, v: Value, arg: &str) -> PyResult {
    match v.bound() {
        None => Ok(cx.root(Root::EmptyStr)),
        Some(v) if StrObj::of(v).is_some() => Ok(v),
        Some(v) => {
            let msg = format!(
                "Interpolation() argument '{arg}' must be str, not {}",
                protopy_vm::ops::tp_name(cx, v)
            );
            Err(cx.type_error(&msg))
        }
    }
}

fn interpolation_bound(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let &[_, value, expression, conversion, spec] = args else { return Ok(Value::NONE) };
    let expression = check_str(cx, expression, "expression")?;
    if !conversion.is_none() {
        let text = opt_text_arg(cx, conversion, "Interpolation", "conversion")?;
        if !matches!(text.as_deref(), Some("s" | "r" | "a")) {
            let msg = "Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'";
            return Err(cx.value_error(msg));
        }
    }
    let spec = check_str(cx, spec, "format_spec")?;
    let ty = cx.ty(Ty::Interpolation);
    let fields = [value, expression, conversion, spec].map(Slot::new);
    Ok(cx.new_native(ty, Interpolation { fields }))
}

fn interpolation_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let Some(i) = v.native::<Interpolation>() else { return Ok(Value::NONE) };
    let mut parts = Vec::with_capacity(4);
    for f in &i.fields {
        let f = f.get_or_none();
        parts.push(repr_text(cx, f)?);
    }
    let text = format!("Interpolation({})", parts.join(", "));
    Ok(cx.str(&text))
}

fn field(v: Value, i: usize) -> PyResult {
    Ok(v.native::<Interpolation>().map_or(Value::NONE, |o| o.fields[i].get_or_none()))
}

fn get_value(_cx: &mut Ctx, v: Value) -> PyResult {
    field(v, 0)
}

fn get_expression(_cx: &mut Ctx, v: Value) -> PyResult {
    field(v, 1)
}

fn get_conversion(_cx: &mut Ctx, v: Value) -> PyResult {
    field(v, 2)
}

fn get_format_spec(_cx: &mut Ctx, v: Value) -> PyResult {
    field(v, 3)
}

fn interpolation_reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let class = cx.type_of(args[0]).value();
    let Some(i) = args[0].native::<Interpolation>() else { return Ok(Value::NONE) };
    let fields: Held<Value> = i.fields.iter().map(Slot::get_or_none).collect();
    let state = cx.tuple_of(None, &fields)?;
    cx.tuple_of(None, &[class, state])
}

// ---------------------------------------------------------------------------------------------------- types

static TEMPLATE_METHODS: &[MethodDef] = methods![
    "__reduce__(self, /)" => template_reduce;
    /// See PEP 585
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

static TEMPLATE_GETSETS: &[GetSetDef] = getsets![
    /// Strings
    member "strings" => get_strings;
    /// Interpolations
    member "interpolations" => get_interpolations;
    /// Values of interpolations
    "values" => get_values;
];

static TEMPLATE: TypeSpec = TypeSpec {
    ty: Some(Ty::Template),
    name: "Template",
    module: "string.templatelib",
    layout: Layout::Native,
    vt: Some(<Template as NativeLayout>::VT),
    slots: SlotSpec {
        new: Some(new),
        repr: Some(template_repr),
        iter: Some(template_iter),
        sq_concat: Some(template_concat),
        ..SlotSpec::NONE
    },
    methods: TEMPLATE_METHODS,
    getsets: TEMPLATE_GETSETS,
    doc: "Template object",
    ..TypeSpec::BASE
};

static INTERPOLATION_METHODS: &[MethodDef] = methods![
    "__reduce__(self, /)" => interpolation_reduce;
    /// See PEP 585
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

static INTERPOLATION_GETSETS: &[GetSetDef] = getsets![
    /// Value
    member "value" => get_value;
    /// Expression
    member "expression" => get_expression;
    /// Conversion
    member "conversion" => get_conversion;
    /// Format specifier
    member "format_spec" => get_format_spec;
];

static INTERPOLATION: TypeSpec = TypeSpec {
    ty: Some(Ty::Interpolation),
    name: "Interpolation",
    module: "string.templatelib",
    layout: Layout::Native,
    vt: Some(<Interpolation as NativeLayout>::VT),
    slots: SlotSpec { new: Some(interpolation_new), repr: Some(interpolation_repr), ..SlotSpec::NONE },
    methods: INTERPOLATION_METHODS,
    getsets: INTERPOLATION_GETSETS,
    doc: "Interpolation object",
    ..TypeSpec::BASE
};

fn iter_self(_cx: &mut Ctx, v: Value) -> PyResult {
    Ok(v)
}

static TEMPLATE_ITER: TypeSpec = TypeSpec {
    ty: Some(Ty::TemplateIter),
    name: "TemplateIter",
    module: "string.templatelib",
    layout: Layout::Native,
    vt: Some(<TemplateIter as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(iter_self), iternext: Some(iter_next), ..SlotSpec::NONE },
    doc: "Template iterator object",
    ..TypeSpec::BASE
};

/// Makes the types of template strings.
pub(super) fn init(cx: &mut Ctx) -> PyResult<()> {
    create_type(cx, &TEMPLATE)?;
    create_type(cx, &TEMPLATE_ITER)?;
    let t = create_type(cx, &INTERPOLATION)?;
    let names = ["value", "expression", "conversion", "format_spec"].map(|n| cx.intern_str(n));
    let names = cx.tuple_of(None, &names)?;
    // The namespace itself: attributes of builtin types cannot be set through the type.
    let key = cx.intern_str("__match_args__");
    if let Some(d) = TypeObj::of(t).and_then(|t| t.dict.get()).and_then(DictObj::of)
        && cx.dict_set_str(d, key, names).is_none()
    {
        return Err(cx.no_memory());
    }
    Ok(())
}
