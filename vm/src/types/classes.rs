//! `type.__new__` and `type.__call__`: classes written in Python.
//!
//! The order is observable: arguments, metaclass, layout, `__slots__`, namespace, MRO, then the class is complete and
//! `__set_name__` and `__init_subclass__` run.

use super::attrs::own_attr;
use super::create::{Dims, add_subclass, alloc_class, depend_on_strangers, put_name};
use super::descr::{classmethod, new_getset, new_slot_member, staticmethod};
use super::mro::{best_base, compute_mro, metaclass_of};
use super::slots_decl::{SlotPlan, is_variable_size, known_attributes, plan};
use super::super_::super_load;
use super::update::{inherit_flags, recompute, recompute_from_base, refresh_flags, type_modified};
use crate::attr::{bind_descriptor, instance_dict, lookup_attr, set_instance_dict, type_lookup};
use crate::call::{call, call_args, call_method};
use crate::declare::GetSetDef;
use crate::errors::{raise_class, type_text};
use crate::interp::frame;
use crate::names::{N, name};
use crate::ops;
use protocore::dict::DictObj;
use protocore::layouts::{CellObj, FunctionObj, StrObj, TupleObj};
use protocore::types::{NewFn, type_flags};
use protocore::{Args, Ctx, Layout, PyResult, Raised, Ty, TypeObj, Value};

/// `type.__call__`: makes an instance and initialises it.
pub fn type_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(this) else { return Err(crate::call::not_callable(cx, this)) };
    if std::ptr::eq(t, cx.ty(Ty::Type)) {
        match args.pos() {
            [one] if args.nkw() == 0 => return Ok(cx.type_of(*one).value()),
            [_, _, _] => {}
            _ => return Err(cx.type_error("type() takes 1 or 3 arguments")),
        }
    }
    let Some(new) = t.slots.new.get() else {
        let shown = super::attrs::full_name(cx, t);
        return Err(cx.type_error(&format!("cannot create '{shown}' instances")));
    };
    let obj = new(cx, this, args)?;
    let ty = cx.type_of(obj);
    if !std::ptr::eq(ty, t) && !ty.is_subtype(this) {
        return Ok(obj);
    }
    if ty.has(type_flags::HAS_DEL) {
        cx.register_finalizer(obj);
    }
    if let Some(init) = ty.slots.init.get() {
        init(cx, obj, args)?;
    }
    Ok(obj)
}

/// `type.__new__`
pub fn type_new(cx: &mut Ctx, meta: Value, args: Args<'_>) -> PyResult {
    let Some(m) = TypeObj::of(meta) else {
        return Err(cx.type_error("type.__new__(X): X is not a type object"));
    };
    let &[n, bases, ns] = args.pos() else {
        let msg = format!("type.__new__() takes exactly 3 arguments ({} given)", args.pos().len());
        return Err(cx.type_error(&msg));
    };
    let checks = [
        (StrObj::of(n).is_some(), 1, "str", n),
        (TupleObj::of(bases).is_some(), 2, "tuple", bases),
        (DictObj::of(ns).is_some(), 3, "dict", ns),
    ];
    for (ok, i, want, got) in checks {
        if !ok {
            let msg =
                format!("type.__new__() argument {i} must be {want}, not {}", crate::ops::tp_name(cx, got));
            return Err(cx.type_error(&msg));
        }
    }
    let given = TupleObj::of(bases).map_or(&[][..], |b| b.items());
    for b in given {
        let entries = name(cx, N::MroEntries);
        if TypeObj::of(*b).is_none() && lookup_attr(cx, *b, entries)?.is_some() {
            return Err(cx.type_error("type() doesn't support MRO entry resolution; use types.new_class()"));
        }
    }
    let winner = metaclass_of(cx, m, given)?;
    if !std::ptr::eq(winner, m)
        && let Some(new) = winner.slots.new.get()
        && new as usize != type_new as NewFn as usize
    {
        return new(cx, winner.value(), args);
    }
    let t = new_class(cx, winner, n, bases, ns)?;
    t.set_flag(type_flags::COLLECTABLE, true);
    announce(cx, t, args)?;
    Ok(t.value())
}

/// A class, complete but not yet announced to `__set_name__` and `__init_subclass__`.
pub fn new_class(
    cx: &mut Ctx,
    meta: &'static TypeObj,
    n: Value,
    bases: Value,
    ns: Value,
) -> PyResult<&'static TypeObj> {
    let bases = if TupleObj::of(bases).is_some_and(|b| b.items().is_empty()) {
        let object = cx.ty(Ty::Object).value();
        cx.tuple_of(None, &[object])?
    } else {
        bases
    };
    let list = TupleObj::of(bases).map_or(&[][..], |b| b.items());
    let base = best_base(cx, list)?;
    let Some(src) = DictObj::of(ns) else { return Err(cx.type_error("a namespace must be a dict")) };
    let dict = cx.dict();
    let Some(d) = DictObj::of(dict) else { return Err(cx.no_memory()) };
    if cx.dict_copy_into(src, d).is_none() {
        return Err(cx.no_memory());
    }
    let shown = class_name(cx, n)?;
    if d.snapshot().iter().any(|(_, k, _)| StrObj::of(*k).is_none()) {
        let msg = format!("non-string key in the __dict__ of class {shown}");
        crate::errors::warn(cx, Ty::RuntimeWarning, &msg, 1)?;
    }
    let slots = plan(cx, base, list, d, &shown)?;
    let t = allocate(cx, meta, base, list, d, &slots)?;
    let this = t.value();
    cx.store(this, &t.name, n);
    cx.store(this, &t.dict, dict);
    cx.store(this, &t.base, base.value());
    cx.store(this, &t.bases, bases);
    let mut flags = type_flags::BASETYPE | type_flags::HEAP;
    if slots.dict {
        flags |= type_flags::DICT;
    }
    if slots.weak {
        flags |= type_flags::WEAKREF;
    }
    if !slots.names.is_empty() {
        flags |= type_flags::SOLID;
    }
    t.set_flag(flags, true);
    fill_namespace(cx, t, d, n)?;
    add_members(cx, t, base, &slots)?;
    link(cx, t, list)?;
    Ok(t)
}

/// Checks a class name: no null characters, no surrogates.
fn class_name(cx: &mut Ctx, n: Value) -> PyResult<String> {
    let Some(s) = StrObj::of(n) else { return Err(cx.type_error("a class name must be a str")) };
    let Some(text) = s.to_utf8() else { return Err(not_utf8(cx, n)) };
    if text.contains('\0') {
        return Err(cx.value_error("type name must not contain null characters"));
    }
    Ok(text)
}

/// Raises the UnicodeEncodeError of a str with lone surrogates.
#[cold]
pub fn not_utf8(cx: &mut Ctx, s: Value) -> Raised {
    let at = StrObj::of(s)
        .and_then(|o| o.str_ref().chars().position(|c| (0xd800..0xe000).contains(&c)))
        .unwrap_or(0);
    let (codec, reason) = (cx.str("utf-8"), cx.str("surrogates not allowed"));
    let (start, end) = (cx.int_usize(at), cx.int_usize(at + 1));
    let ty = cx.ty(Ty::UnicodeEncodeError).value();
    raise_class(cx, ty, &[codec, s, start, end, reason])
}

/// Fewest and most inline slots of instances that may have attributes.
const INLINE: (usize, usize) = (2, 32);

fn allocate(
    cx: &mut Ctx,
    meta: &'static TypeObj,
    base: &'static TypeObj,
    bases: &[Value],
    ns: &DictObj,
    slots: &SlotPlan,
) -> PyResult<&'static TypeObj> {
    let inherited = cx.shape(base.root_shape()).slot_count as usize;
    let total = inherited + slots.names.len();
    if total > usize::from(u16::MAX) - 64 {
        return Err(cx.raise_str(Ty::OverflowError, "too many __slots__"));
    }
    let has_dict =
        slots.dict || bases.iter().filter_map(|b| TypeObj::of(*b)).any(|b| b.has(type_flags::DICT));
    let dims = if base.layout == Layout::Type {
        Dims::with_area(base.layout, base.vt, base.basic_size, 0, 0)
    } else if has_dict || total > 0 || base.attr_base != 0 {
        let room = if has_dict { known_attributes(cx, ns, bases).clamp(INLINE.0, INLINE.1) } else { 0 };
        let at = if base.attr_base != 0 { base.attr_base } else { base.basic_size.next_multiple_of(8) };
        Dims::with_area(base.layout, base.vt, base.basic_size, at, (total + room) as u32)
    } else {
        Dims::with_area(base.layout, base.vt, base.basic_size, 0, 0)
    };
    alloc_class(cx, meta, &dims, total as u32)
}

fn take(cx: &mut Ctx, d: &DictObj, n: N) -> Option<Value> {
    let n = name(cx, n);
    cx.dict_del_str(d, n)
}

/// The entries that every class namespace gets.
fn fill_namespace(cx: &mut Ctx, t: &'static TypeObj, d: &'static DictObj, class: Value) -> PyResult<()> {
    let module = name(cx, N::Module);
    if cx.dict_get_str(d, module).is_none()
        && let Some(m) = current_module(cx)
    {
        put_name(cx, d.value(), module, m)?;
    }
    let q = match take(cx, d, N::Qualname) {
        Some(q) if StrObj::of(q).is_none() => {
            let msg = format!("type __qualname__ must be a str, not {}", crate::ops::tp_name(cx, q));
            return Err(cx.type_error(&msg));
        }
        Some(q) => q,
        None => class,
    };
    cx.store(t.value(), &t.qualname, q);
    type Make = fn(&mut Ctx, Value) -> Value;
    let wrap: [(N, Make); 3] =
        [(N::New, staticmethod), (N::InitSubclass, classmethod), (N::ClassGetItem, classmethod)];
    for (n, make) in wrap {
        let n = name(cx, n);
        if let Some(f) = cx.dict_get_str(d, n)
            && FunctionObj::of(f).is_some()
        {
            let w = make(cx, f);
            put_name(cx, d.value(), n, w)?;
        }
    }
    let (eq, hash) = (name(cx, N::Eq), name(cx, N::Hash));
    if cx.dict_get_str(d, eq).is_some() && cx.dict_get_str(d, hash).is_none() {
        put_name(cx, d.value(), hash, Value::NONE)?;
    }
    set_cell(cx, d, N::ClassCell, t.value())?;
    set_cell(cx, d, N::ClassDictCell, d.value())
}

/// Fills the cell that a class body left in its namespace.
fn set_cell(cx: &mut Ctx, d: &DictObj, n: N, v: Value) -> PyResult<()> {
    let nm = name(cx, n);
    let Some(c) = cx.dict_get_str(d, nm) else { return Ok(()) };
    let Some(cell) = CellObj::of(c) else {
        let shown = StrObj::of(nm).map_or_else(String::new, StrObj::to_string_lossy);
        let ty = cx.type_of(c).value();
        let ty = ops::repr_text(cx, ty)?;
        return Err(cx.type_error(&format!("{shown} must be a nonlocal cell, not {ty}")));
    };
    cx.store(c, &cell.content, v);
    take(cx, d, n);
    Ok(())
}

/// `__name__` of the module whose code runs.
fn current_module(cx: &mut Ctx) -> Option<Value> {
    let (f, _) = frame::current(cx)?;
    let func = FunctionObj::of(f.function())?;
    let globals = func.globals.get().and_then(DictObj::of)?;
    let n = name(cx, N::Name);
    cx.dict_get_str(globals, n)
}

/// Reads `__dict__` of an instance, for the attribute of that name.
pub fn get_dict(cx: &mut Ctx, obj: Value) -> PyResult {
    // A metaclass may inherit the descriptor from an ordinary class in front of `type`.
    if let Some(t) = TypeObj::of(obj) {
        let d = t.dict.get_or_none();
        return Ok(super::mapping_proxy(cx, d));
    }
    match instance_dict(cx, obj)? {
        Some(d) => Ok(d),
        None => {
            let msg = format!("'{}' object has no attribute '__dict__'", crate::ops::tp_name(cx, obj));
            Err(cx.raise_str(Ty::AttributeError, &msg))
        }
    }
}

/// Sets `__dict__` of an instance.
pub fn set_dict(cx: &mut Ctx, obj: Value, v: Option<Value>) -> PyResult<()> {
    if cx.is_instance(obj, Ty::Module) {
        let n = name(cx, N::Dict);
        return Err(crate::attr::attribute_error(cx, "readonly attribute", obj, n));
    }
    let v = match v {
        Some(v) => v,
        // As `BaseException.__dict__` has it, which a class in front may hide.
        None if cx.is_instance(obj, Ty::BaseException) => return Err(cx.type_error("cannot delete __dict__")),
        None => cx.dict(),
    };
    set_instance_dict(cx, obj, v)
}

static DICT_ATTR: GetSetDef = GetSetDef {
    name: "__dict__",
    doc: "dictionary for instance variables",
    get: get_dict,
    set: Some(set_dict),
    member: false,
};

static WEAKREF_ATTR: GetSetDef = GetSetDef {
    name: "__weakref__",
    doc: "list of weak references to the object",
    get: super::hooks::first_weakref,
    set: None,
    member: false,
};

/// Descriptors of `__slots__`, `__dict__`, `__weakref__`; `__doc__`.
fn add_members(cx: &mut Ctx, t: &'static TypeObj, base: &TypeObj, slots: &SlotPlan) -> PyResult<()> {
    let dict = t.dict.get_or_none();
    let first = cx.shape(base.root_shape()).slot_count;
    for (i, n) in slots.names.iter().enumerate() {
        let m = new_slot_member(cx, t.value(), *n, first + i as u32);
        put_name(cx, dict, *n, m)?;
    }
    let names = cx.tuple_of(None, &slots.names)?;
    cx.store(t.value(), &t.slot_names, names);
    let special = [(slots.dict, &DICT_ATTR, N::Dict), (slots.weak, &WEAKREF_ATTR, N::WeakRef)];
    for (wanted, def, n) in special {
        let n = name(cx, n);
        if wanted && own_attr(cx, t, n).is_none() {
            let g = new_getset(cx, t.value(), def);
            put_name(cx, dict, n, g)?;
        }
    }
    let doc = name(cx, N::Doc);
    match own_attr(cx, t, doc) {
        None => put_name(cx, dict, doc, Value::NONE)?,
        Some(v) if StrObj::of(v).is_some_and(|s| !s.is_ascii()) => {
            // Documentation has to be text that can be written.
            crate::codec::encode(cx, v, "utf-8", "strict")?;
        }
        Some(_) => {}
    }
    Ok(())
}

/// MRO, slots and flags; enters the class into its bases' lists.
fn link(cx: &mut Ctx, t: &'static TypeObj, bases: &[Value]) -> PyResult<()> {
    let mro = compute_mro(cx, t)?;
    let mro = cx.tuple_of(None, &mro)?;
    cx.store(t.value(), &t.mro, mro);
    for c in TupleObj::of(mro).map_or(&[][..], |m| m.items()).iter().skip(1) {
        if let Some(c) = TypeObj::of(*c) {
            inherit_flags(t, c);
        }
    }
    let plain_meta = std::ptr::eq(cx.type_of(t.value()), cx.ty(Ty::Type));
    match bases {
        [one] if plain_meta => {
            if let Some(b) = TypeObj::of(*one) {
                recompute_from_base(cx, t, b);
            }
        }
        _ => recompute(cx, t),
    }
    refresh_flags(t);
    t.set_flag(type_flags::READY, true);
    type_modified(cx, t);
    for b in bases {
        if let Some(b) = TypeObj::of(*b) {
            add_subclass(cx, b, t)?;
        }
    }
    let mro = TupleObj::of(mro).map_or(&[][..], |m| m.items());
    depend_on_strangers(cx, t, mro)
}

/// Tells the attributes their names and the bases of their new subclass.
fn announce(cx: &mut Ctx, t: &'static TypeObj, args: Args<'_>) -> PyResult<()> {
    // A copy: what is told its name may change the namespace.
    let copy = cx.dict();
    let (Some(own), Some(d)) = (t.dict.get().and_then(DictObj::of), DictObj::of(copy)) else { return Ok(()) };
    if cx.dict_copy_into(own, d).is_none() {
        return Err(cx.no_memory());
    }
    let set_name = name(cx, N::SetName);
    for (_, k, v) in d.snapshot() {
        if !v.is_heap() {
            continue;
        }
        let vt = cx.type_of(v);
        let Some(f) = type_lookup(cx, vt, set_name) else { continue };
        let m = bind_descriptor(cx, f, Some(v), vt)?;
        if let Err(r) = call(cx, m, &[t.value(), k]) {
            return Err(noted(cx, r, v, k, t));
        }
    }
    crate::roots::keep_alive(copy);
    let n = name(cx, N::InitSubclass);
    let f = super_load(cx, t.value(), t.value(), n)?;
    let values: Vec<Value> = args.kw().map(|(_, v)| v).collect();
    match args.names() {
        Some(names) => call_args(cx, f, Args::with_names(&values, names))?,
        None => call(cx, f, &[])?,
    };
    Ok(())
}

/// Adds the note of a failed `__set_name__` to the exception.
#[cold]
fn noted(cx: &mut Ctx, r: Raised, v: Value, key: Value, t: &TypeObj) -> Raised {
    let exc = cx.take_raised(r);
    let key = match ops::repr_text(cx, key) {
        Ok(k) => k,
        Err(r) => return r,
    };
    let text = format!(
        "Error calling __set_name__ on '{}' instance {key} in '{}'",
        crate::ops::tp_name(cx, v),
        type_text(t)
    );
    let text = cx.str(&text);
    match call_method(cx, exc, "add_note", &[text]) {
        Ok(_) => cx.set_raised(exc),
        Err(r) => r,
    }
}

/// `__itemsize__` as CPython reports it.
pub fn item_size(t: &TypeObj) -> i64 {
    match t.layout {
        Layout::Int => 4,
        Layout::Tuple => 8,
        Layout::Bytes => 1,
        Layout::Type => 40,
        l => i64::from(is_variable_size(l)),
    }
}
