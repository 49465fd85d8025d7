//! `object`

use protopy_vm::attr::{generic_get_attr, generic_set_attr, lookup_attr};
use protopy_vm::declare::{GetSetDef, TypeSpec};
use protopy_vm::names::{N, name};
use protopy_vm::ops;
use protopy_vm::protocore::Held;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, PyResult, Ty, TypeObj, Value};
use protopy_vm::types::object as base;
use protopy_vm::types::{MappingProxy, reduce, with_kept};
use protopy_vm::{getsets, methods};

/// The type.
pub static OBJECT: TypeSpec = TypeSpec {
    ty: Some(Ty::Object),
    name: "object",
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(base::object_new),
        init: Some(base::object_init),
        repr: Some(base::object_repr),
        str: Some(base::object_str),
        hash: Some(base::object_hash),
        compare: Some(base::object_compare),
        getattro: Some(generic_get_attr),
        setattro: Some(generic_set_attr),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "The base class of the class hierarchy.\n\nWhen called, it accepts no arguments and returns a new featureless \
          instance that has no instance attributes and cannot be given any.",
    sig: Some("()"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Helper for pickle.
    "__reduce_ex__(self, protocol, /)" => reduce_ex;
    /// Helper for pickle.
    "__reduce__(self, /)" => reduce_0;
    /// Helper for pickle.
    "__getstate__(self, /)" => get_state;
    /// Abstract classes can override this to customise issubclass().
    ///
    /// It is asked first and answers True, False or NotImplemented; only NotImplemented lets the normal mechanism decide.
    class "__subclasshook__(cls, object, /)" => subclass_hook;
    /// Called when a class is subclassed.
    ///
    /// The default implementation does nothing; subclasses may override it.
    raw class "__init_subclass__(cls, /)" => init_subclass;
    /// Default object formatter.
    ///
    /// Return str(self) if format_spec is empty. Raise TypeError otherwise.
    "__format__(self, format_spec, /)" => format;
    /// Size of object in memory, in bytes.
    "__sizeof__(self, /)" => size_of;
    /// Default dir() implementation.
    "__dir__(self, /)" => dir;
];

static GETSETS: &[GetSetDef] = getsets![
    /// the object's class
    "__class__" => get_class, base::set_class;
];

fn get_class(cx: &mut Ctx, this: Value) -> PyResult {
    Ok(cx.type_of(this).value())
}

fn reduce_ex(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let protocol = ops::index_i64(cx, args[1], Ty::OverflowError)?;
    reduce::object_reduce_ex(cx, args[0], protocol)
}

fn reduce_0(cx: &mut Ctx, args: &[Value]) -> PyResult {
    reduce::object_reduce(cx, args[0], 0)
}

fn get_state(cx: &mut Ctx, args: &[Value]) -> PyResult {
    reduce::default_state(cx, args[0], false)
}

fn subclass_hook(_: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(Value::NOT_IMPLEMENTED)
}

fn init_subclass(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    if args.is_empty() {
        return Ok(Value::NONE);
    }
    let shown = TypeObj::of(class)
        .and_then(|t| t.qualname.get())
        .and_then(StrObj::of)
        .map_or_else(String::new, StrObj::to_string_lossy);
    let msg = if args.nkw() != 0 {
        format!("{shown}.__init_subclass__() takes no keyword arguments")
    } else {
        format!("{shown}.__init_subclass__() takes no arguments ({} given)", args.pos().len())
    };
    Err(cx.type_error(&msg))
}

fn format(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let (this, spec) = (args[0], args[1]);
    let Some(s) = StrObj::of(spec) else {
        let msg = format!("__format__() argument must be str, not {}", protopy_vm::ops::tp_name(cx, spec));
        return Err(cx.type_error(&msg));
    };
    if !s.is_empty() {
        let msg =
            format!("unsupported format string passed to {}.__format__", protopy_vm::ops::tp_name(cx, this));
        return Err(cx.type_error(&msg));
    }
    ops::str(cx, this)
}

fn size_of(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let n = cx.type_of(args[0]).basic_size;
    Ok(cx.int(i64::from(n).max(16)))
}

/// Enters the attributes of a class and its bases into a dict.
pub fn merge_class(cx: &mut Ctx, into: Value, class: Value) -> PyResult<()> {
    cx.check_native_stack(" in dir()")?;
    let n = name(cx, N::Dict);
    if let Some(d) = lookup_attr(cx, class, n)? {
        merge_dict(cx, into, d)?;
    }
    let n = name(cx, N::Bases);
    if let Some(bases) = lookup_attr(cx, class, n)?.and_then(TupleObj::of) {
        for b in bases.items() {
            merge_class(cx, into, *b)?;
        }
    }
    Ok(())
}

fn merge_dict(cx: &mut Ctx, into: Value, from: Value) -> PyResult<()> {
    let from = from.native::<MappingProxy>().and_then(|p| p.mapping.get()).unwrap_or(from);
    let (Some(into), Some(from)) = (DictObj::of(into), DictObj::of(from)) else { return Ok(()) };
    let items = from.snapshot();
    with_kept(cx, items.iter().flat_map(|(_, k, v)| [*k, *v]), |cx| {
        for (h, k, v) in &items {
            protopy_vm::dicts::dict_set_hash(cx, into, *k, *h, *v)?;
        }
        Ok(())
    })
}

/// The keys of a dict as a list.
pub fn keys_list(cx: &mut Ctx, d: Value) -> PyResult {
    let keys: Held<Value> =
        DictObj::of(d).map(|d| d.snapshot().into_iter().map(|(_, k, _)| k).collect()).unwrap_or_default();
    let list = cx.list(&keys);
    protopy_vm::roots::keep_alive(d);
    list
}

fn dir(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = args[0];
    let all = cx.dict();
    if let Some(d) = reduce::dict_attr(cx, this)? {
        merge_dict(cx, all, d)?;
    }
    let n = name(cx, N::Class);
    if let Some(c) = lookup_attr(cx, this, n)? {
        merge_class(cx, all, c)?;
    }
    keys_list(cx, all)
}
