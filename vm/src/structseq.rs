//! Named tuples of the runtime (`sys.version_info`, `os.stat_result`): tuples whose items have names, and attributes beyond the items.

use crate::attr::set_instance_attr;
use crate::declare::TypeSpec;
use crate::errors::type_text;
use crate::names::{N, name};
use crate::ops::repr_text;
use crate::types::descr::{Access, new_member};
use crate::types::{create_type_with_base, set_type_attr};
use protocore::dict::DictObj;
use protocore::layouts::{NativeFnObj, StrObj, TupleObj};
use protocore::types::{SlotSpec, type_flags};
use protocore::{Args, Ctx, Held, PyResult, Ty, TypeObj, Value};

/// The slots of every named tuple type.
pub const SLOTS: SlotSpec =
    SlotSpec { new: Some(seq_new), repr: Some(seq_repr), setattro: Some(seq_setattr), ..SlotSpec::NONE };

/// No attribute can be set: fields are read only, and there are no others.
fn seq_setattr(cx: &mut Ctx, this: Value, n: Value, v: Option<Value>) -> PyResult<()> {
    let t = cx.type_of(this);
    let n = crate::attr::attr_name(cx, n)?;
    if crate::attr::type_lookup(cx, t, n).is_some() {
        return crate::attr::generic_set_attr(cx, this, n, v);
    }
    let text = StrObj::of(n).map_or_else(String::new, StrObj::to_string_lossy);
    let msg = format!(
        "'{}' object has no attribute '{text}' and no __dict__ for setting new attributes",
        crate::types::attrs::full_name(cx, t)
    );
    Err(crate::attr::attribute_error(cx, &msg, this, n))
}

/// The methods of every named tuple type.
pub static METHODS: &[protocore::layouts::MethodDef] = crate::methods![
    /// Helps pickle.
    "__reduce__(self, /)" => seq_reduce;
    /// A copy with some items exchanged.
    raw "__replace__(self, /, **changes)" => seq_replace;
];

/// Makes a named tuple type. `spec` has layout `Tuple`, `SLOTS`, `METHODS` and flag `DICT` if there are hidden fields; of `fields` the first
/// `visible` are items, the others attributes only. A name starting with `!` is an unnamed item.
pub fn new_structseq_type(
    cx: &mut Ctx,
    spec: &'static TypeSpec,
    fields: &[&str],
    visible: usize,
) -> PyResult {
    let base = cx.ty(Ty::Tuple).value();
    let v = create_type_with_base(cx, spec, base)?;
    let Some(t) = TypeObj::of(v) else { return Ok(v) };
    if fields.len() > visible && (t.attr_base == 0 || !t.has(type_flags::DICT)) {
        let msg = format!("{} has hidden fields and no room for them", spec.name);
        return Err(cx.raise_str(Ty::SystemError, &msg));
    }
    let mut named = Vec::new();
    for (i, f) in fields.iter().enumerate() {
        if f.starts_with('!') {
            continue;
        }
        let n = cx.intern_str(f);
        if i < visible {
            named.push(n);
        }
        let access = if i < visible { Access::Item(i) } else { Access::Attribute };
        let g = new_member(cx, v, n, access);
        set_type_attr(cx, t, n, Some(g))?;
    }
    let args = cx.tuple_of(None, &named)?;
    let n = name(cx, N::MatchArgs);
    set_type_attr(cx, t, n, Some(args))?;
    let unnamed = fields.iter().filter(|f| f.starts_with('!')).count();
    for (n, k) in [("n_fields", fields.len()), ("n_sequence_fields", visible), ("n_unnamed_fields", unnamed)]
    {
        let n = cx.intern_str(n);
        let k = cx.int_usize(k);
        set_type_attr(cx, t, n, Some(k))?;
    }
    let mut all = Vec::new();
    for f in fields {
        all.push(cx.intern_str(f));
    }
    let all = cx.tuple_of(None, &all)?;
    let n = cx.intern_str("_structseq_fields");
    set_type_attr(cx, t, n, Some(all))?;
    Ok(v)
}

fn class_items(cx: &mut Ctx, t: &TypeObj, n: &str) -> Value {
    let n = cx.intern_str(n);
    crate::attr::type_lookup(cx, t, n).unwrap_or(Value::NONE)
}

fn fields_of(cx: &mut Ctx, t: &TypeObj) -> (Vec<Value>, usize) {
    let all = class_items(cx, t, "_structseq_fields");
    let visible = class_items(cx, t, "n_sequence_fields").as_small().unwrap_or(0);
    (TupleObj::of(all).map_or_else(Vec::new, |t| t.items().to_vec()), visible as usize)
}

/// A new instance: all fields in order, hidden ones included (fewer: the rest is None).
pub fn new_structseq(cx: &mut Ctx, ty: Value, values: &[Value]) -> PyResult {
    let Some(t) = TypeObj::of(ty) else { return Err(cx.type_error("not a type")) };
    let (fields, visible) = fields_of(cx, t);
    let shown = &values[..visible.min(values.len())];
    let v = cx.tuple_of(Some(t), shown)?;
    for (i, f) in fields.iter().enumerate().skip(visible) {
        let x = values.get(i).copied().unwrap_or(Value::NONE);
        if !set_instance_attr(cx, v, *f, x)? {
            return Err(cx.raise_str(Ty::SystemError, "no room for hidden fields"));
        }
    }
    Ok(v)
}

fn seq_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    let (seq, dict) = constructor_args(cx, t, args)?;
    if dict.is_some_and(|d| DictObj::of(d).is_none()) {
        let shown = crate::types::attrs::full_name(cx, t);
        return Err(cx.type_error(&format!("{shown}() takes a dict as second arg, if any")));
    }
    if !crate::iter::is_iterable(cx, seq) {
        return Err(cx.type_error("constructor requires a sequence"));
    }
    let items = crate::iter::to_vec(cx, seq)?;
    let mut values: Held<Value> = items.to_vec().into_iter().collect();
    let (fields, visible) = fields_of(cx, t);
    if values.len() < visible || values.len() > fields.len() {
        let at = if visible == fields.len() {
            format!("a {visible}-sequence")
        } else if values.len() < visible {
            format!("an at least {visible}-sequence")
        } else {
            format!("an at most {}-sequence", fields.len())
        };
        let msg = format!(
            "{}() takes {at} ({}-sequence given)",
            crate::types::attrs::full_name(cx, t),
            values.len()
        );
        return Err(cx.type_error(&msg));
    }
    if let Some(d) = dict.and_then(DictObj::of) {
        let mut used = 0;
        while values.len() < fields.len() {
            let f = fields[values.len()];
            let v = crate::dicts::dict_get(cx, d, f)?;
            used += usize::from(v.is_some());
            values.push(v.unwrap_or(Value::NONE));
        }
        if used < d.len() {
            let shown = crate::types::attrs::full_name(cx, t);
            let msg = format!("{shown}() got duplicate or unexpected field name(s)");
            return Err(cx.type_error(&msg));
        }
    }
    let v = new_structseq(cx, class, &values)?;
    crate::roots::keep_alive(items.into_list());
    Ok(v)
}

/// The sequence and the dict that a constructor is called with.
fn constructor_args(cx: &mut Ctx, t: &TypeObj, args: Args<'_>) -> PyResult<(Value, Option<Value>)> {
    let mut given = [None, None];
    if args.pos().len() > 2 {
        let n = args.pos().len() + args.kw().count();
        let msg = format!("{}() takes at most 2 arguments ({n} given)", type_text(t));
        return Err(cx.type_error(&msg));
    }
    for (slot, v) in given.iter_mut().zip(args.pos()) {
        *slot = Some(*v);
    }
    for (n, v) in args.kw() {
        let text = StrObj::of(n).map_or_else(String::new, StrObj::to_string_lossy);
        let Some(i) = ["sequence", "dict"].iter().position(|k| *k == text) else {
            let msg = format!("{}() got an unexpected keyword argument '{text}'", type_text(t));
            return Err(cx.type_error(&msg));
        };
        if given[i].is_some() {
            let msg =
                format!("argument for {}() given by name ('{text}') and position ({})", type_text(t), i + 1);
            return Err(cx.type_error(&msg));
        }
        given[i] = Some(v);
    }
    match given {
        [Some(seq), dict] => Ok((seq, dict)),
        _ => {
            let msg = format!("{}() missing required argument 'sequence' (pos 1)", type_text(t));
            Err(cx.type_error(&msg))
        }
    }
}

fn seq_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let t = cx.type_of(this);
    let (fields, visible) = fields_of(cx, t);
    let items = TupleObj::of(this).map_or(&[][..], |t| t.items());
    let mut parts = Vec::new();
    // An unnamed item goes by the name of the next named field, as in CPython.
    let mut names = fields.iter().map(|f| StrObj::of(*f).map_or_else(String::new, StrObj::to_string_lossy));
    for v in items.iter().take(visible) {
        let n = names.by_ref().find(|n| !n.starts_with('!')).unwrap_or_default();
        let r = repr_text(cx, *v)?;
        parts.push(format!("{n}={r}"));
    }
    let full = crate::types::attrs::full_name(cx, t);
    let text = format!("{full}({})", parts.join(", "));
    Ok(cx.str(&text))
}

fn hidden(cx: &mut Ctx, this: Value) -> PyResult {
    let t = cx.type_of(this);
    let (fields, visible) = fields_of(cx, t);
    let d = cx.dict();
    if let Some(dict) = DictObj::of(d) {
        for f in fields.iter().skip(visible) {
            let v = crate::attr::instance_attr(cx, this, *f).unwrap_or(Value::NONE);
            crate::dicts::dict_set(cx, dict, *f, v)?;
        }
    }
    Ok(d)
}

fn seq_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let this = a[0];
    let items = TupleObj::of(this).map_or(&[][..], |t| t.items());
    let plain = cx.tuple_of(None, items)?;
    let d = hidden(cx, this)?;
    let args = cx.tuple_of(None, &[plain, d])?;
    let class = cx.type_of(this).value();
    cx.tuple_of(None, &[class, args])
}

fn seq_replace(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let t = cx.type_of(this);
    let (fields, visible) = fields_of(cx, t);
    if fields.iter().any(|f| StrObj::of(*f).is_some_and(|s| s.to_string_lossy().starts_with('!'))) {
        let shown = crate::types::attrs::full_name(cx, t);
        let msg = format!("__replace__() is not supported for {shown} because it has unnamed field(s)");
        return Err(cx.type_error(&msg));
    }
    let items = TupleObj::of(this).map_or(&[][..], |t| t.items());
    let mut values = items.to_vec();
    for f in fields.iter().skip(visible) {
        values.push(crate::attr::instance_attr(cx, this, *f).unwrap_or(Value::NONE));
    }
    for (n, v) in args.kw() {
        let text = StrObj::of(n).map_or_else(String::new, StrObj::to_string_lossy);
        match fields.iter().position(|f| StrObj::of(*f).is_some_and(|s| s.eq_str(&text))) {
            Some(i) => values[i] = v,
            None => {
                let msg = format!("Got unexpected field name(s): ['{text}']");
                return Err(cx.type_error(&msg));
            }
        }
    }
    new_structseq(cx, t.value(), &values)
}

/// Whether a value is a native function of that name (a helper for recognising our own functions).
pub fn is_native_named(v: Value, n: &str) -> bool {
    NativeFnObj::of(v).is_some_and(|f| f.def.name == n)
}
