//! `_collections`: deque, defaultdict, OrderedDict, the counting helper and the getter of named tuples.

use crate::deque;
use protopy_builtins::containers::ordered;
use protopy_vm::names::{N, name};
use protopy_vm::ops::BinOp;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{MethodDef, TupleObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::types::create_type;
use protopy_vm::{self as vm, GetSetDef, ModuleSpec, TypeSpec, getsets, methods};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_collections",
    doc: "High performance containers.",
    functions: methods![functions:
        /// Counts the items of an iterable into a mapping.
        "_count_elements(mapping, iterable, /)" => count_elements;
    ],
    init: Some(init),
};

/// Types that are made by other means than calling them.
#[derive(Default)]
pub struct Types {
    /// Iterator of deques.
    pub iter: Slot,
    /// Backward iterator of deques.
    pub rev_iter: Slot,
}

impl SpaceState for Types {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.iter);
        t.slot(&self.rev_iter);
    }
}

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let types = cx.space().state::<Types>();
    let t = create_type(cx, &deque::DEQUE_ITER)?;
    types.iter.init(Some(t));
    vm::set_attr_str(cx, module, "_deque_iterator", t)?;
    let t = create_type(cx, &deque::DEQUE_REV_ITER)?;
    types.rev_iter.init(Some(t));
    vm::set_attr_str(cx, module, "_deque_reverse_iterator", t)?;
    let t = create_type(cx, &deque::DEQUE)?;
    vm::set_attr_str(cx, module, "deque", t)?;
    let t = create_type(cx, &DEFAULTDICT)?;
    vm::set_attr_str(cx, module, "defaultdict", t)?;
    let t = ordered::create(cx)?;
    vm::set_attr_str(cx, module, "OrderedDict", t)?;
    let t = create_type(cx, &TUPLEGETTER)?;
    vm::set_attr_str(cx, module, "_tuplegetter", t)
}

/// Whether a mapping is a dict whose type has not replaced how dicts look up and store.
fn stores_as_dict(cx: &mut Ctx, mapping: Value) -> PyResult<bool> {
    if cx.is_exact(mapping, Ty::Dict) {
        return Ok(true);
    }
    if DictObj::of(mapping).is_none() {
        return Ok(false);
    }
    let (own, dict) = (cx.type_of(mapping), cx.ty(Ty::Dict));
    for n in ["get", "__setitem__"] {
        let n = cx.intern_str(n);
        if vm::type_lookup(cx, own, n) != vm::type_lookup(cx, dict, n) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn count_elements(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let mapping = a[0];
    let plain = stores_as_dict(cx, mapping)?;
    let dict = DictObj::of(mapping).filter(|_| plain);
    let get = if plain { Value::NONE } else { vm::get_attr_str(cx, mapping, "get")? };
    let (zero, one) = (Value::small(0), Value::small(1));
    vm::for_each(cx, a[1], |cx, x| {
        match dict {
            Some(d) => {
                let old = vm::dict_get(cx, d, x)?.unwrap_or(zero);
                let new = vm::binary_op(cx, BinOp::Add, old, one)?;
                vm::dict_set(cx, d, x, new)?;
            }
            None => {
                let old = vm::call(cx, get, &[x, zero])?;
                let new = vm::binary_op(cx, BinOp::Add, old, one)?;
                vm::set_item(cx, mapping, x, Some(new))?;
            }
        }
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- defaultdict

/// The factory is an attribute slot of the instance: the class is a dict with a `__dict__` of one entry that Python code
/// does not see.
static DEFAULTDICT: TypeSpec = TypeSpec {
    name: "defaultdict",
    module: "collections",
    base: Some(Ty::Dict),
    layout: Layout::Dict,
    flags: type_flags::BASETYPE | type_flags::DICT | type_flags::WEAKREF | type_flags::MAPPING,
    slots: SlotSpec {
        init: Some(default_init),
        repr: Some(default_repr),
        or: Some(default_or),
        hash: Some(vm::types::hash_not_implemented),
        ..SlotSpec::NONE
    },
    methods: DEFAULT_METHODS,
    getsets: DEFAULT_GETSETS,
    doc: "A dict that makes missing values by a factory.",
    sig: Some("(default_factory=None, /, [...])"),
    ..TypeSpec::BASE
};

static DEFAULT_GETSETS: &[GetSetDef] = getsets![
    /// Makes the values of missing keys; None for none.
    member "default_factory" => factory, set_factory;
    /// The attributes of an instance of a subclass.
    "__dict__" => attributes, set_attributes;
];

static DEFAULT_METHODS: &[MethodDef] = methods![
    /// Makes, stores and returns the value of a missing key.
    "__missing__(self, key, /)" => missing;
    /// A shallow copy.
    "copy(self, /)" => |cx, a| copy(cx, a[0]);
    /// A shallow copy.
    "__copy__(self, /)" => |cx, a| copy(cx, a[0]);
    /// Helps pickle.
    "__reduce__(self, /)" => reduce;
    /// `defaultdict[K, V]`
    class "__class_getitem__(cls, item, /)" => |cx, a| vm::iter::generic_alias(cx, a[0], a[1]);
];

fn slot_name(cx: &mut Ctx) -> Value {
    cx.intern_str("default_factory")
}

fn factory(cx: &mut Ctx, v: Value) -> PyResult {
    let n = slot_name(cx);
    Ok(vm::instance_attr(cx, v, n).unwrap_or(Value::NONE))
}

fn set_factory(cx: &mut Ctx, v: Value, f: Option<Value>) -> PyResult<()> {
    let n = slot_name(cx);
    vm::set_instance_attr(cx, v, n, f.unwrap_or(Value::NONE))?;
    Ok(())
}

/// The attributes of an instance of a subclass, the factory among them. A plain defaultdict has none.
fn attributes(cx: &mut Ctx, v: Value) -> PyResult {
    if !cx.type_of(v).has(type_flags::HEAP) {
        let n = cx.intern_str("__dict__");
        let msg = format!("'{}' object has no attribute '__dict__'", vm::full_type_name(cx, v));
        return Err(vm::attr::attribute_error(cx, &msg, v, n));
    }
    vm::types::classes::get_dict(cx, v)
}

fn set_attributes(cx: &mut Ctx, v: Value, dict: Option<Value>) -> PyResult<()> {
    attributes(cx, v)?;
    let f = factory(cx, v)?;
    vm::types::classes::set_dict(cx, v, dict)?;
    set_factory(cx, v, Some(f))
}

fn default_init(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult<()> {
    let (f, rest) = match args.pos().split_first() {
        Some((f, _)) => {
            if !f.is_none() && !vm::callable(cx, *f) {
                return Err(cx.type_error("first argument must be callable or None"));
            }
            let all = &args.all()[1..];
            let rest = match args.names() {
                Some(n) => Args::with_names(all, n),
                None => Args::positional(all),
            };
            (*f, rest)
        }
        None => (Value::NONE, args),
    };
    set_factory(cx, v, Some(f))?;
    match cx.ty(Ty::Dict).slots.init.get() {
        Some(init) => init(cx, v, rest),
        None => Ok(()),
    }
}

fn missing(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = factory(cx, a[0])?;
    if f.is_none() {
        return Err(vm::raise_key_error(cx, a[1]));
    }
    let v = vm::call(cx, f, &[])?;
    let Some(d) = DictObj::of(a[0]) else { return Ok(v) };
    // What the factory itself (or another thread) stored meanwhile stays.
    let h = vm::hash_key(cx, a[1])?;
    vm::dict_setdefault(cx, d, a[1], h, v).map(|(v, _)| v)
}

fn copy(cx: &mut Ctx, v: Value) -> PyResult {
    let class = cx.type_of(v).value();
    let f = factory(cx, v)?;
    vm::call(cx, class, &[f, v])
}

fn reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let class = cx.type_of(a[0]).value();
    let f = factory(cx, a[0])?;
    let args = if f.is_none() { cx.tuple(&[]) } else { cx.tuple(&[f]) };
    let items = vm::call_method(cx, a[0], "items", &[])?;
    let it = vm::iter(cx, items)?;
    cx.tuple_of(None, &[class, args, Value::NONE, Value::NONE, it])
}

fn default_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let name_ = cx.type_name(v);
    let base = match cx.ty(Ty::Dict).slots.repr.get() {
        Some(f) => f(cx, v)?,
        None => Value::NONE,
    };
    let base = vm::str_text(cx, base)?;
    let f = factory(cx, v)?;
    let shown = if f.is_none() {
        "None".to_owned()
    } else if !vm::enter_repr(cx, f) {
        "...".to_owned()
    } else {
        let r = vm::repr_text(cx, f);
        vm::leave_repr(cx, f);
        r?
    };
    Ok(cx.str(&format!("{name_}({shown}, {base})")))
}

fn default_or(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if DictObj::of(a).is_none() || DictObj::of(b).is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let n = slot_name(cx);
    let left = vm::instance_attr(cx, a, n).is_some();
    let own = if left { a } else { b };
    let class = cx.type_of(own).value();
    let f = factory(cx, own)?;
    let r = vm::call(cx, class, &[f, a])?;
    vm::call_method(cx, r, "update", &[b])?;
    Ok(r)
}

// ---------------------------------------------------------------------------------------------------- tuple getter

/// The property of a named tuple's field.
struct TupleGetter {
    index: usize,
    doc: Slot,
}

impl Payload for TupleGetter {
    const NAME: &'static str = "_tuplegetter";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.doc);
    }
}

static TUPLEGETTER: TypeSpec = TypeSpec {
    name: "_tuplegetter",
    module: "collections",
    layout: Layout::Native,
    vt: Some(<TupleGetter as NativeLayout>::VT),
    slots: SlotSpec {
        new: Some(getter_new),
        descr_get: Some(getter_get),
        descr_set: Some(getter_set),
        repr: Some(getter_repr),
        ..SlotSpec::NONE
    },
    methods: methods![
        /// Helps pickle.
        "__reduce__(self, /)" => getter_reduce;
    ],
    getsets: getsets![
        /// The documentation of the field.
        member "__doc__" => getter_doc, set_getter_doc;
    ],
    doc: "A field of a named tuple.",
    sig: Some("(index, doc, /)"),
    ..TypeSpec::BASE
};

fn getter_new(cx: &mut Ctx, ty: Value, args: Args<'_>) -> PyResult {
    let [i, doc] = args.pos() else {
        let msg = format!("_tuplegetter expected 2 arguments, got {}", args.pos().len());
        return Err(cx.type_error(&msg));
    };
    let index = vm::index_i64(cx, *i, Ty::OverflowError)?;
    let Some(t) = TypeObj::of(ty) else { return Err(cx.type_error("not a type")) };
    Ok(cx.new_native(t, TupleGetter { index: index.max(0) as usize, doc: Slot::new(*doc) }))
}

fn getter_get(cx: &mut Ctx, v: Value, obj: Option<Value>, _owner: Value) -> PyResult {
    let (Some(g), Some(obj)) = (v.native::<TupleGetter>(), obj) else { return Ok(v) };
    if obj.is_none() {
        return Ok(v);
    }
    match TupleObj::of(obj) {
        Some(t) => match t.items().get(g.index) {
            Some(x) => Ok(*x),
            None => Err(cx.raise_str(Ty::IndexError, "tuple index out of range")),
        },
        None => {
            let msg = format!(
                "descriptor for index '{}' for tuple subclasses doesn't apply to '{}' object",
                g.index,
                protopy_vm::ops::tp_name(cx, obj)
            );
            Err(cx.type_error(&msg))
        }
    }
}

fn getter_set(cx: &mut Ctx, _v: Value, obj: Value, x: Option<Value>) -> PyResult<()> {
    let what = if x.is_some() { "can't set attribute" } else { "can't delete attribute" };
    let n = name(cx, N::Empty);
    Err(vm::attr::attribute_error(cx, what, obj, n))
}

fn getter_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let Some(g) = v.native::<TupleGetter>() else { return Ok(cx.str("_tuplegetter()")) };
    let doc = g.doc.get_or_none();
    let doc = vm::repr_text(cx, doc)?;
    Ok(cx.str(&format!("_tuplegetter({}, {doc})", g.index)))
}

fn getter_reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let class = cx.type_of(a[0]).value();
    let Some(g) = a[0].native::<TupleGetter>() else { return Err(cx.type_error("not a getter")) };
    let i = cx.int_usize(g.index);
    let args = cx.tuple(&[i, g.doc.get_or_none()]);
    cx.tuple_of(None, &[class, args])
}

fn getter_doc(_: &mut Ctx, v: Value) -> PyResult {
    Ok(v.native::<TupleGetter>().map_or(Value::NONE, |g| g.doc.get_or_none()))
}

fn set_getter_doc(cx: &mut Ctx, v: Value, x: Option<Value>) -> PyResult<()> {
    if let Some(g) = v.native::<TupleGetter>() {
        cx.store(v, &g.doc, x.unwrap_or(Value::NONE));
    }
    Ok(())
}
