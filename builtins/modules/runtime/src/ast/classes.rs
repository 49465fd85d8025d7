//! The classes of a space, made when something first asks for them, and their creation from the table.

use super::table::{ALL, ATTRIBUTES, Attributes, FIELDS, Field, FieldType, NODES, Node, Quantity};
use super::types::AST;
use protocore::dict::DictObj;
use protocore::layouts::TupleObj;
use protocore::space::SpaceState;
use protocore::types::type_flags;
use protocore::{Ctx, PyResult, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm as vm;
use protopy_vm::{BinOp, ValueVec, create_type, set_type_attr};
use std::collections::HashMap;
use std::sync::OnceLock;

/// What a space knows of its classes: all objects in one tuple, so that a single store publishes them.
#[derive(Default)]
struct State {
    all: Slot,
    by_class: OnceLock<HashMap<u64, Node>>,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.all);
    }
}

// Where things are in the tuple.
const CLASSES: usize = 1;
const SINGLETONS: usize = CLASSES + NODES;
const NAMES: usize = SINGLETONS + NODES;
const ATTRS: usize = NAMES + FIELDS;
const TOTAL: usize = ATTRS + ATTRIBUTES.len();

/// The classes of a space, their field names, and the one instance of each class without fields.
#[derive(Clone, Copy)]
pub struct Ast {
    items: &'static [Value],
}

impl Ast {
    /// The classes, if something asked for them already.
    pub fn existing(cx: &Ctx) -> Option<Ast> {
        let items = cx.space().state::<State>().all.get().and_then(TupleObj::of)?.items();
        (items.len() == TOTAL).then_some(Ast { items })
    }

    /// The classes.
    pub fn get(cx: &mut Ctx) -> PyResult<Ast> {
        if let Some(ast) = Ast::existing(cx) {
            return Ok(ast);
        }
        let all = make(cx)?;
        // Another thread may have been faster; its classes count.
        cx.space().state::<State>().all.cas_raw(None, Some(all));
        match Ast::existing(cx) {
            Some(ast) => Ok(ast),
            None => Err(cx.no_memory()),
        }
    }

    fn item(self, i: usize) -> Value {
        self.items.get(i).copied().unwrap_or(Value::NONE)
    }

    /// `AST`
    pub fn base(self) -> &'static TypeObj {
        class_of(self.item(0))
    }

    /// The class of a node.
    pub fn class(self, n: Node) -> &'static TypeObj {
        class_of(self.item(CLASSES + n as usize))
    }

    /// The one instance of a class without fields.
    pub fn singleton(self, n: Node) -> Value {
        self.item(SINGLETONS + n as usize)
    }

    /// The name of a field.
    pub fn field_name(self, n: Node, i: usize) -> Value {
        self.item(NAMES + n.def().first_field + i)
    }

    /// The name of an attribute.
    pub fn attribute_name(self, i: usize) -> Value {
        self.item(ATTRS + i)
    }

    /// The node class that a value belongs to: the first of its ancestors that is one.
    pub fn node_of(self, cx: &Ctx, v: Value) -> Option<Node> {
        let state = cx.space().state::<State>();
        let map = state
            .by_class
            .get_or_init(|| ALL.into_iter().map(|n| (self.class(n).value().bits(), n)).collect());
        let ty = cx.type_of(v);
        if let Some(n) = map.get(&ty.value().bits()) {
            return Some(*n);
        }
        let mro = ty.mro.get().and_then(TupleObj::of)?;
        mro.items().iter().find_map(|c| map.get(&c.bits())).copied()
    }
}

fn class_of(v: Value) -> &'static TypeObj {
    match TypeObj::of(v) {
        Some(t) => t,
        None => unreachable!("the tuple of classes holds classes"),
    }
}

/// Makes the tuple.
fn make(cx: &mut Ctx) -> PyResult {
    let mut all = ValueVec::new(cx);
    let base = create_type(cx, &AST)?;
    all.push(cx, base)?;
    let none = vm::empty_tuple(cx);
    for (n, v) in
        [("_fields", none), ("__match_args__", none), ("_attributes", none), ("__doc__", Value::NONE)]
    {
        set(cx, class_of(base), n, v)?;
    }
    let module = cx.intern_str("ast");
    set(cx, class_of(base), "__module__", module)?;
    for n in ALL {
        let parent = match n.def().base {
            Some(b) => all.get(CLASSES + b as usize).unwrap_or(base),
            None => base,
        };
        let class = make_class(cx, n, parent)?;
        all.push(cx, class)?;
    }
    for n in ALL {
        if n.def().base.is_some() || !n.def().fields.is_empty() {
            let class = class_of(all.get(CLASSES + n as usize).unwrap_or(base));
            field_types(cx, n, class, &all)?;
        }
    }
    for n in ALL {
        let one = match n.def().base {
            Some(b) if n.def().fields.is_empty() && !b.positioned() => {
                cx.new_object(class_of(all.get(CLASSES + n as usize).unwrap_or(base)))
            }
            _ => Value::NONE,
        };
        all.push(cx, one)?;
    }
    for n in ALL.iter().flat_map(|n| n.def().fields).map(|f| f.name).chain(ATTRIBUTES) {
        let n = cx.intern_str(n);
        all.push(cx, n)?;
    }
    all.into_tuple(cx)
}

fn set(cx: &mut Ctx, t: &'static TypeObj, n: &str, v: Value) -> PyResult<()> {
    let n = cx.intern_str(n);
    set_type_attr(cx, t, n, Some(v))?;
    Ok(())
}

fn put(cx: &mut Ctx, d: &DictObj, n: &str, v: Value) -> PyResult<()> {
    let n = cx.intern_str(n);
    match cx.dict_set_str(d, n, v) {
        Some(()) => Ok(()),
        None => Err(cx.no_memory()),
    }
}

fn name_tuple(cx: &mut Ctx, names: &[&str]) -> PyResult {
    let mut v = ValueVec::new(cx);
    for n in names {
        let n = cx.intern_str(n);
        v.push(cx, n)?;
    }
    v.into_tuple(cx)
}

fn make_class(cx: &mut Ctx, n: Node, parent: Value) -> PyResult {
    let def = n.def();
    let ns = cx.dict();
    let Some(d) = DictObj::of(ns) else { return Err(cx.no_memory()) };
    let names: Vec<&str> = def.fields.iter().map(|f| f.name).collect();
    let fields = name_tuple(cx, &names)?;
    put(cx, d, "_fields", fields)?;
    put(cx, d, "__match_args__", fields)?;
    let module = cx.intern_str("ast");
    put(cx, d, "__module__", module)?;
    let doc = cx.str(&n.doc());
    put(cx, d, "__doc__", doc)?;
    for f in def.fields.iter().filter(|f| f.quantity == Quantity::Optional) {
        put(cx, d, f.name, Value::NONE)?;
    }
    match def.attributes {
        Attributes::Inherited => {}
        Attributes::Empty => {
            let none = vm::empty_tuple(cx);
            put(cx, d, "_attributes", none)?;
        }
        Attributes::Four | Attributes::OpenEnd => {
            let all = name_tuple(cx, &ATTRIBUTES)?;
            put(cx, d, "_attributes", all)?;
            if def.attributes == Attributes::OpenEnd {
                put(cx, d, "end_lineno", Value::NONE)?;
                put(cx, d, "end_col_offset", Value::NONE)?;
            }
        }
    }
    // How many attributes instances get, for their layout.
    let expected: Vec<&str> =
        names.iter().copied().chain(n.positioned().then_some(ATTRIBUTES).into_iter().flatten()).collect();
    let expected = name_tuple(cx, &expected)?;
    put(cx, d, "__static_attributes__", expected)?;
    let meta = cx.ty(Ty::Type);
    let class_name = cx.intern_str(def.name);
    let bases = cx.tuple(&[parent]);
    let t = vm::types::classes::new_class(cx, meta, class_name, bases, ns)?;
    let hint = cx.intern_str("__static_attributes__");
    set_type_attr(cx, t, hint, None)?;
    Ok(t.value())
}

fn field_types(cx: &mut Ctx, n: Node, class: &'static TypeObj, all: &ValueVec) -> PyResult<()> {
    let types = cx.dict();
    let Some(d) = DictObj::of(types) else { return Err(cx.no_memory()) };
    for f in n.def().fields {
        let t = field_type(cx, f, all)?;
        put(cx, d, f.name, t)?;
    }
    set(cx, class, "_field_types", types)?;
    set(cx, class, "__annotations__", types)
}

fn field_type(cx: &mut Ctx, f: &Field, all: &ValueVec) -> PyResult {
    let one = match f.ty {
        FieldType::Identifier | FieldType::Str => cx.ty(Ty::Str).value(),
        FieldType::Int => cx.ty(Ty::Int).value(),
        FieldType::Constant => cx.ty(Ty::Object).value(),
        FieldType::Node(n) => all.get(CLASSES + n as usize).unwrap_or(Value::NONE),
    };
    match f.quantity {
        Quantity::One => Ok(one),
        Quantity::Optional if !cx.ty(Ty::Union).has(type_flags::READY) => Ok(Value::NONE),
        Quantity::Optional => vm::binary_op(cx, BinOp::Or, one, Value::NONE),
        Quantity::Many | Quantity::ManyOptional => {
            let list = cx.ty(Ty::List).value();
            vm::generic_alias(cx, list, one)
        }
    }
}
