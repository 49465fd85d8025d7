//! `Structure` and `Union` and their metaclasses. Where fields lie is computed by the library's `ctypes._layout`.

use crate::data;
use crate::field::{self, Field};
use crate::info::{self, Info, Kind, REGISTERS, flag};
use crate::meta::{self, NO_METHODS, attach, begin};
use crate::state::{attribute_error, text};
use protopy_vm::protocore::layouts::{StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Ty, TypeObj, Value};
use protopy_vm::types::attrs::own_attr;
use protopy_vm::types::type_set_attr;
use protopy_vm::{
    TypeSpec, call_kw, get_attr, get_attr_str, get_item, import_attr, index_i64, lookup_attr_str, ops,
    set_attr,
};
use std::sync::atomic::Ordering;

meta::metaclass!(
    /// `PyCStructType`
    STRUCT_META, "PyCStructType", init_struct, NO_METHODS, Some(set_class_attr)
);
meta::metaclass!(
    /// `UnionType`
    UNION_META, "UnionType", init_union, NO_METHODS, Some(set_class_attr)
);

/// `_ctypes.Structure`
pub(crate) static STRUCT: TypeSpec = TypeSpec {
    name: "Structure",
    module: "_ctypes",
    layout: Layout::Native,
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(data::generic_new), init: Some(init), ..SlotSpec::NONE },
    doc: "Structure base class",
    ..TypeSpec::BASE
};

/// `_ctypes.Union`
pub(crate) static UNION: TypeSpec = TypeSpec {
    name: "Union",
    module: "_ctypes",
    layout: Layout::Native,
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(data::generic_new), init: Some(init), ..SlotSpec::NONE },
    doc: "Union base class",
    ..TypeSpec::BASE
};

// ---------------------------------------------------------------------------------------------------- classes

fn init_struct(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    init_class(cx, this, args, Kind::Struct)
}

fn init_union(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    init_class(cx, this, args, Kind::Union)
}

fn init_class(cx: &mut Ctx, this: Value, args: Args<'_>, kind: Kind) -> PyResult<()> {
    let t = begin(cx, this, args)?;
    let n = cx.intern_str("_abstract_");
    if own_attr(cx, t, n).is_some() {
        return Ok(());
    }
    let base = t.base.get().and_then(info::of_class);
    let i = match base {
        Some(b) => {
            b.set(flag::FINAL);
            b.for_subclass()
        }
        None => Info::new(kind),
    };
    attach(cx, t, i);
    let n = cx.intern_str("_fields_");
    match own_attr(cx, t, n) {
        Some(fields) => set_attr(cx, this, n, Some(fields)),
        None => Ok(()),
    }
}

/// `__setattr__` of the metaclasses: fields may be given after the class was made.
fn set_class_attr(cx: &mut Ctx, this: Value, n: Value, v: Option<Value>) -> PyResult<()> {
    let Some(fields) = v.filter(|_| StrObj::of(n).is_some_and(|s| s.eq_str("_fields_"))) else {
        return type_set_attr(cx, this, n, v);
    };
    match info::of_class(this) {
        None => return Err(cx.type_error("ctypes state is not initialized")),
        Some(i) if i.has(flag::FINAL) => return Err(attribute_error(cx, "_fields_ is final")),
        Some(_) => type_set_attr(cx, this, n, v)?,
    }
    set_fields(cx, this, fields)
}

fn set_fields(cx: &mut Ctx, this: Value, fields: Value) -> PyResult<()> {
    let Some(t) = TypeObj::of(this) else { return Ok(()) };
    // A class that is abstract has no layout.
    let Some(old) = info::of_type(t) else { return Ok(()) };
    if old.has(flag::FINAL) {
        return Err(attribute_error(cx, "_fields_ is final"));
    }
    let base_class = t.base.get().filter(|b| info::of_class(*b).is_some());
    let base = base_class.and_then(info::of_class);
    let layout = import_attr(cx, "ctypes._layout", "get_layout")?;
    let is_struct = Value::bool(old.kind == Kind::Struct);
    let kw = [("is_struct", is_struct), ("base", base_class.unwrap_or(Value::NONE))];
    let plan = call_kw(cx, layout, &[this, fields], &kw)?;
    let (size, align) = (get_attr_str(cx, plan, "size")?, get_attr_str(cx, plan, "align")?);
    let (size, align) = (natural(cx, size)?, natural(cx, align)?);
    let format = get_attr_str(cx, plan, "format_spec")?;
    let list = get_attr_str(cx, plan, "fields")?;
    let list = protopy_vm::to_vec(cx, list)?.into_tuple(cx)?;
    let list = TupleObj::of(list).map_or(&[][..], TupleObj::items);
    let mut i = Info::new(old.kind);
    i.size = size;
    i.align = align;
    i.format = text(format);
    i.length = base.map_or(0, |b| b.length) + list.len();
    i.pointer_type.init(old.pointer_type.get());
    i.arrays.init(old.arrays.get());
    if let Some(b) = base {
        i.prims.clone_from(&b.prims);
        i.set(b.flags.load(Ordering::Relaxed) & flag::POINTER);
    }
    let first = base.map_or(0, |b| b.length);
    for f in list {
        let (Some(d), Some(fi)) = (field::of(*f), field::of(*f).and_then(|d| info::of_class(d.proto.get()?)))
        else {
            return Err(cx.type_error("second item in _fields_ tuple must be a C type"));
        };
        if d.offset.checked_add(d.size).is_none_or(|end| end > size) {
            return Err(cx.value_error("a field lies outside of the structure"));
        }
        if std::ptr::eq(fi, old) {
            return Err(attribute_error(cx, "Structure or union cannot contain itself"));
        }
        i.set(fi.flags.load(Ordering::Relaxed) & flag::POINTER);
        fi.set(flag::FINAL);
        if size <= REGISTERS {
            match d.bits {
                Some(_) => {
                    let p = info::Prim { offset: d.offset, size: d.size, class: info::Class::Integer };
                    info::add_prim(&mut i.prims, p);
                }
                None => fi.prims_at(d.offset, &mut i.prims),
            }
        }
        let placed = if first == 0 { *f } else { field::moved(cx, d, first, 0) };
        let n = d.name.get_or_none();
        type_set_attr(cx, this, n, Some(placed))?;
    }
    if size > REGISTERS {
        i.prims = Vec::new();
    }
    // The fields of a type that embeds itself have made it final meanwhile.
    if info::of_type(t).is_some_and(|i| i.has(flag::FINAL)) {
        return Err(attribute_error(cx, "_fields_ is final"));
    }
    i.set(flag::FINAL);
    attach(cx, t, i);
    anonymous(cx, this)
}

fn natural(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    let n = index_i64(cx, v, Ty::OverflowError)?;
    match usize::try_from(n) {
        Ok(n) if isize::try_from(n).is_ok() => Ok(n),
        _ => Err(cx.value_error("size and align must be non-negative")),
    }
}

/// Makes the fields of anonymous members fields of the class.
fn anonymous(cx: &mut Ctx, this: Value) -> PyResult<()> {
    let Some(names) = lookup_attr_str(cx, this, "_anonymous_")? else { return Ok(()) };
    let names = protopy_vm::to_vec_or(cx, names, "_anonymous_ must be a sequence")?.into_tuple(cx)?;
    for n in TupleObj::of(names).map_or(&[][..], TupleObj::items) {
        let descr = get_attr(cx, this, *n)?;
        let Some(f) = field::of(descr) else {
            let shown = ops::str_text(cx, *n)?;
            let msg = format!("'{shown}' is specified in _anonymous_ but not in _fields_");
            return Err(attribute_error(cx, &msg));
        };
        f.anonymous.store(true, Ordering::Relaxed);
        embed(cx, this, f, f.index, f.offset)?;
    }
    Ok(())
}

fn embed(cx: &mut Ctx, this: Value, member: &Field, index: usize, offset: usize) -> PyResult<()> {
    cx.check_native_stack(" while making fields of anonymous members")?;
    let proto = member.proto.get_or_none();
    let fields = get_attr_str(cx, proto, "_fields_")?;
    let fields = protopy_vm::to_vec_or(cx, fields, "_fields_ must be a sequence")?.into_tuple(cx)?;
    for pair in TupleObj::of(fields).map_or(&[][..], TupleObj::items) {
        let n = get_item(cx, *pair, Value::small(0))?;
        let descr = get_attr(cx, proto, n)?;
        let Some(f) = field::of(descr) else { return Err(cx.type_error("unexpected type")) };
        if f.anonymous.load(Ordering::Relaxed) {
            embed(cx, this, f, index.saturating_add(f.index), offset.saturating_add(f.offset))?;
            continue;
        }
        let made = field::moved(cx, f, index, offset);
        type_set_attr(cx, this, n, Some(made))?;
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- instances

fn init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    if !args.pos().is_empty() {
        let class = cx.type_of(this);
        let used = init_positional(cx, this, class, args)?;
        if used < args.pos().len() {
            return Err(cx.type_error("too many initializers"));
        }
    }
    for (n, v) in args.kw() {
        set_attr(cx, this, n, Some(v))?;
    }
    Ok(())
}

/// Sets the fields of the bases, then those of the class; how many arguments were used.
fn init_positional(cx: &mut Ctx, this: Value, t: &'static TypeObj, args: Args<'_>) -> PyResult<usize> {
    cx.check_native_stack(" while initialising a structure")?;
    let mut index = match t.base.get().and_then(TypeObj::of).filter(|b| info::of_type(b).is_some()) {
        Some(b) => init_positional(cx, this, b, args)?,
        None => 0,
    };
    let n = cx.intern_str("_fields_");
    let Some(fields) = own_attr(cx, t, n) else { return Ok(index) };
    let fields = protopy_vm::to_vec(cx, fields)?.into_tuple(cx)?;
    for pair in TupleObj::of(fields).map_or(&[][..], TupleObj::items) {
        let Some(v) = args.pos().get(index) else { break };
        let n = get_item(cx, *pair, Value::small(0))?;
        if args.kw().any(|(k, _)| text(k) == text(n)) {
            let shown = ops::repr_text(cx, n)?;
            return Err(cx.type_error(&format!("duplicate values for field {shown}")));
        }
        set_attr(cx, this, n, Some(*v))?;
        index += 1;
    }
    Ok(index)
}
