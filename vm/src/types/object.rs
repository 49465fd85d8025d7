//! What every object can do: `object.__new__`, `__init__`, comparison by identity, assignment of `__class__`.

use super::attrs::{full_name, is_immutable, own_attr};
use crate::attr::{dict_shape, shape_names, to_dict_mode};
use crate::errors::type_text;
use crate::iter::to_vec;
use crate::names::{N, name};
use crate::ops;
use protocore::header::ShapeId;
use protocore::layouts::{StrObj, TupleObj};
use protocore::types::{InitFn, NewFn, type_flags};
use protocore::{Args, CmpOp, Ctx, Layout, PyResult, Raised, Ty, TypeObj, Value};

/// `object.__new__`
pub fn object_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(class) else {
        return Err(cx.type_error("object.__new__(X): X is not a type object"));
    };
    if !args.is_empty() {
        if t.slots.new.address() != object_new as NewFn as usize {
            return Err(
                cx.type_error("object.__new__() takes exactly one argument (the type to instantiate)")
            );
        }
        if t.slots.init.address() == object_init as InitFn as usize {
            return Err(cx.type_error(&format!("{}() takes no arguments", type_text(t))));
        }
    }
    if t.has(type_flags::ABSTRACT) {
        return Err(abstract_error(cx, t));
    }
    if t.layout != Layout::Object {
        return Err(cx.type_error(&format!("cannot create '{}' instances", type_text(t))));
    }
    let v = cx.new_object(t);
    if t.has(type_flags::HAS_DEL) {
        cx.register_finalizer(v);
    }
    Ok(v)
}

/// `object.__init__`
pub fn object_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    if args.is_empty() {
        return Ok(());
    }
    let t = cx.type_of(this);
    if t.slots.init.address() != object_init as InitFn as usize {
        return Err(
            cx.type_error("object.__init__() takes exactly one argument (the instance to initialize)")
        );
    }
    if t.slots.new.address() == object_new as NewFn as usize {
        let msg =
            format!("{}.__init__() takes exactly one argument (the instance to initialize)", type_text(t));
        return Err(cx.type_error(&msg));
    }
    Ok(())
}

/// Raises "Can't instantiate abstract class …".
#[cold]
pub fn abstract_error(cx: &mut Ctx, t: &TypeObj) -> Raised {
    match abstract_names(cx, t) {
        Ok(names) => {
            let s = if names.len() == 1 { "" } else { "s" };
            let msg = format!(
                "Can't instantiate abstract class {} without an implementation for abstract method{s} '{}'",
                type_text(t),
                names.join("', '")
            );
            cx.type_error(&msg)
        }
        Err(r) => r,
    }
}

fn abstract_names(cx: &mut Ctx, t: &TypeObj) -> PyResult<Vec<String>> {
    let n = name(cx, N::AbstractMethods);
    let Some(all) = own_attr(cx, t, n) else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    let items = to_vec(cx, all)?;
    for v in items.to_vec() {
        match StrObj::of(v) {
            Some(s) => names.push(s.to_string_lossy()),
            None => {
                let msg =
                    format!("sequence item 0: expected str instance, {} found", crate::ops::tp_name(cx, v));
                return Err(cx.type_error(&msg));
            }
        }
    }
    names.sort();
    Ok(names)
}

/// `object.__repr__`
pub fn object_repr(cx: &mut Ctx, this: Value) -> PyResult {
    let t = cx.type_of(this);
    let msg = format!("<{} object at {:#x}>", full_name(cx, t), this.bits());
    Ok(cx.str(&msg))
}

/// `object.__str__`
pub fn object_str(cx: &mut Ctx, this: Value) -> PyResult {
    ops::repr(cx, this)
}

/// `object.__hash__`
pub fn object_hash(_: &mut Ctx, this: Value) -> PyResult<i64> {
    Ok(ops::hash_pointer(this))
}

/// The comparisons of `object`: identity, and `!=` as the opposite of the type's `==`.
pub fn object_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    match op {
        CmpOp::Eq if a.is(b) => Ok(Value::TRUE),
        CmpOp::Ne => {
            let Some(f) = cx.type_of(a).slots.compare.get() else { return Ok(Value::NOT_IMPLEMENTED) };
            let r = f(cx, a, b, CmpOp::Eq)?;
            if r.is(Value::NOT_IMPLEMENTED) {
                return Ok(r);
            }
            Ok(Value::bool(!ops::is_true(cx, r)?))
        }
        _ => Ok(Value::NOT_IMPLEMENTED),
    }
}

const SHARED: u64 = type_flags::DICT | type_flags::WEAKREF;

fn shared_flags(t: &TypeObj) -> u64 {
    t.flags.load(std::sync::atomic::Ordering::Acquire) & SHARED
}

fn own_slots(t: &TypeObj) -> &'static [Value] {
    t.slot_names.get().and_then(TupleObj::of).map_or(&[], |n| n.items())
}

/// The class or base that last added something to the instances.
fn last_addition(t: &'static TypeObj) -> &'static TypeObj {
    let mut t = t;
    while let Some(b) = t.base.get().and_then(TypeObj::of)
        && own_slots(t).is_empty()
        && shared_flags(t) == shared_flags(b)
        && t.layout == b.layout
    {
        t = b;
    }
    t
}

/// Whether two classes have the same slots: because one base gave them, or each added the same names to one base.
fn same_slots(a: &'static TypeObj, b: &'static TypeObj) -> bool {
    let (a, b) = (last_addition(a), last_addition(b));
    let base = |t: &TypeObj| t.base.get();
    std::ptr::eq(a, b) || own_slots(a) == own_slots(b) && base(a) == base(b)
}

/// Whether instances of the two classes are laid out alike; TypeError otherwise.
pub(crate) fn check_layouts(
    cx: &mut Ctx,
    old: &'static TypeObj,
    new: &'static TypeObj,
    what: &str,
) -> PyResult<()> {
    let (n, o) = (type_text(new), type_text(old));
    if !std::ptr::eq(old, new) && old.has(type_flags::HEAP) != new.has(type_flags::HEAP) {
        let msg = format!("{what} assignment: '{n}' deallocator differs from '{o}'");
        return Err(cx.type_error(&msg));
    }
    let alike = old.layout == new.layout
        && std::ptr::eq(old.vt, new.vt)
        && old.attr_base == new.attr_base
        && shared_flags(old) == shared_flags(new)
        && same_slots(old, new);
    if alike {
        return Ok(());
    }
    let msg = format!("{what} assignment: '{n}' object layout differs from '{o}'");
    Err(cx.type_error(&msg))
}

/// Assignment of `obj.__class__`.
pub fn set_class(cx: &mut Ctx, obj: Value, class: Option<Value>) -> PyResult<()> {
    let Some(class) = class else { return Err(cx.type_error("can't delete __class__ attribute")) };
    let Some(new) = TypeObj::of(class) else {
        let msg =
            format!("__class__ must be set to a class, not '{}' object", crate::ops::tp_name(cx, class));
        return Err(cx.type_error(&msg));
    };
    crate::errors::audit(cx, "object.__setattr__", &[obj])?;
    let old = cx.type_of(obj);
    let module = cx.ty(Ty::Module).value();
    let modules = old.is_subtype(module) && new.is_subtype(module);
    if !modules && (is_immutable(old) || is_immutable(new)) {
        return Err(
            cx.type_error("__class__ assignment only supported for mutable types or ModuleType subclasses")
        );
    }
    if std::ptr::eq(old, new) {
        return Ok(());
    }
    if modules {
        if old.layout != new.layout || !same_slots(old, new) {
            let msg = format!(
                "__class__ assignment: '{}' object layout differs from '{}'",
                type_text(new),
                type_text(old)
            );
            return Err(cx.type_error(&msg));
        }
    } else {
        check_layouts(cx, old, new, "__class__")?;
    }
    move_to_class(cx, obj, old, new)
}

/// Gives an object the shape of the same attributes in another class. If the classes differ in the number of inline slots,
/// the attributes move to a dict: an object in dict mode uses the inline slots of `__slots__` alone.
fn move_to_class(cx: &mut Ctx, obj: Value, old: &'static TypeObj, new: &'static TypeObj) -> PyResult<()> {
    let same_room = old.inline_cap == new.inline_cap && old.attr_base == new.attr_base;
    loop {
        let Some(h) = obj.header() else { return Ok(()) };
        let from = h.shape();
        let shape = cx.shape(from);
        if !std::ptr::eq(shape.class(), old) {
            // Another thread was faster.
            return Ok(());
        }
        let plain = old.attr_base == 0 || !old.has(type_flags::DICT);
        let target = if plain {
            Some(new.root_shape())
        } else if shape.is_dict_mode() {
            Some(dict_shape(cx, new)?)
        } else if same_room {
            same_names(cx, from, new)
        } else {
            None
        };
        let Some(target) = target else {
            to_dict_mode(cx, obj)?;
            continue;
        };
        let single = cx.single_threaded();
        let _g = h.lock(single);
        if h.shape() == from {
            h.set_shape(target);
            return Ok(());
        }
    }
}

/// The shape of a class with the attributes of another shape; `None` when the table is full.
fn same_names(cx: &mut Ctx, from: ShapeId, new: &TypeObj) -> Option<ShapeId> {
    let mut at = new.root_shape();
    for (n, _) in shape_names(cx, from) {
        at = cx.shape_with(at, n)?;
    }
    Some(at)
}
