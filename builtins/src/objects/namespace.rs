//! `types.SimpleNamespace`

use protopy_vm::attr::{instance_attrs, set_instance_attr};
use protopy_vm::call::call;
use protopy_vm::declare::{GetSetDef, TypeSpec};
use protopy_vm::errors::type_text;
use protopy_vm::ops;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, Layout, PyResult, Ty, TypeObj, Value};
use protopy_vm::types::classes::{get_dict, set_dict};
use protopy_vm::types::reduce::dict_of_pairs;
use protopy_vm::types::with_kept;
use protopy_vm::{full_type_name, getsets, methods};

/// The type.
pub static NAMESPACE: TypeSpec = TypeSpec {
    ty: Some(Ty::SimpleNamespace),
    name: "SimpleNamespace",
    module: "types",
    layout: Layout::Object,
    flags: type_flags::BASETYPE | type_flags::DICT,
    slots: SlotSpec {
        new: Some(new),
        init: Some(init),
        repr: Some(repr),
        compare: Some(compare),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A simple attribute-based namespace.",
    sig: Some("(mapping_or_iterable=(), /, **kwargs)"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Return state information for pickling
    "__reduce__(self, /)" => reduce;
    /// Return a copy of the namespace object with new values for the specified attributes.
    raw "__replace__(self, /, **changes)" => replace;
];

static GETSETS: &[GetSetDef] = getsets![
    member "__dict__" => get_dict, set_dict;
];

fn new(cx: &mut Ctx, ty: Value, _: Args<'_>) -> PyResult {
    match TypeObj::of(ty) {
        Some(t) => Ok(cx.new_object(t)),
        None => Err(cx.type_error("a type is required")),
    }
}

/// Sets attributes from keyword arguments.
fn update(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    for (n, v) in args.kw() {
        let n = cx.intern(n);
        set_instance_attr(cx, this, n, v)?;
    }
    Ok(())
}

fn init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    match args.pos() {
        [] => {}
        [given] => {
            let ty = cx.ty(Ty::Dict).value();
            let d = if cx.is_exact(*given, Ty::Dict) { *given } else { call(cx, ty, &[*given])? };
            let items = DictObj::of(d).map(DictObj::snapshot).unwrap_or_default();
            if items.iter().any(|(_, k, _)| StrObj::of(*k).is_none()) {
                return Err(cx.type_error("keywords must be strings"));
            }
            for (_, k, v) in items {
                let n = cx.intern(k);
                set_instance_attr(cx, this, n, v)?;
            }
            protopy_vm::roots::keep_alive(d);
        }
        more => {
            let msg = format!(
                "{} expected at most 1 argument, got {}",
                protopy_vm::ops::tp_name(cx, this),
                more.len()
            );
            return Err(cx.type_error(&msg));
        }
    }
    update(cx, this, args)
}

fn repr(cx: &mut Ctx, this: Value) -> PyResult {
    let t = cx.type_of(this);
    let shown = if cx.is_exact(this, Ty::SimpleNamespace) { "namespace".to_owned() } else { type_text(t) };
    if !ops::enter_repr(cx, this) {
        return Ok(cx.str(&format!("{shown}(...)")));
    }
    let made = fields(cx, this);
    ops::leave_repr(cx, this);
    let text = format!("{shown}({})", made?.join(", "));
    Ok(cx.str(&text))
}

fn fields(cx: &mut Ctx, this: Value) -> PyResult<Vec<String>> {
    let attrs = instance_attrs(cx, this);
    with_kept(cx, attrs.iter().flat_map(|(n, v)| [*n, *v]), |cx| {
        let mut parts = Vec::new();
        for (n, v) in &attrs {
            let Some(n) = StrObj::of(*n).filter(|n| !n.is_empty()) else { continue };
            let v = ops::repr_text(cx, *v)?;
            parts.push(format!("{}={v}", n.to_string_lossy()));
        }
        Ok(parts)
    })
}

/// The attributes in a new dict.
fn attrs_dict(cx: &mut Ctx, this: Value) -> PyResult {
    let attrs = instance_attrs(cx, this);
    dict_of_pairs(cx, &attrs)
}

fn compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    if !cx.is_instance(a, Ty::SimpleNamespace) || !cx.is_instance(b, Ty::SimpleNamespace) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let (x, y) = (attrs_dict(cx, a)?, attrs_dict(cx, b)?);
    ops::compare(cx, x, y, op)
}

fn reduce(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let d = attrs_dict(cx, args[0])?;
    let (ty, none) = (cx.type_of(args[0]).value(), protopy_vm::iter::empty_tuple(cx));
    cx.tuple_of(None, &[ty, none, d])
}

fn replace(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    if !args.pos().is_empty() {
        return Err(cx.type_error("__replace__() takes no positional arguments"));
    }
    let ty = cx.type_of(this).value();
    let made = call(cx, ty, &[])?;
    if !cx.is_instance(made, Ty::SimpleNamespace) {
        let msg = format!(
            "expect types.SimpleNamespace type, but {}() returned '{}' object",
            full_type_name(cx, this),
            full_type_name(cx, made)
        );
        return Err(cx.type_error(&msg));
    }
    let attrs = instance_attrs(cx, this);
    with_kept(cx, attrs.iter().flat_map(|(n, v)| [*n, *v]), |cx| {
        for (n, v) in &attrs {
            set_instance_attr(cx, made, *n, *v)?;
        }
        Ok(())
    })?;
    update(cx, made, args)?;
    Ok(made)
}
