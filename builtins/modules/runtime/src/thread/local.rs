//! `_thread._local`: attributes of which every thread has its own.
//!
//! The object owns a dict for each thread that has used it, so that cycles through the values are found; a thread
//! remembers weakly which objects it has used, and takes its dicts away when it ends.

use protocore::dict::DictObj;
use protocore::layouts::{ListObj, WeakRefObj};
use protocore::types::{SlotSpec, type_flags};
use protocore::{
    Args, Ctx, Guarded, Held, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::names::{N, name};
use protopy_vm::{
    TypeSpec, attr::attribute_error, dict_del, dict_get, dict_set, is_data_descriptor, no_attribute,
    type_lookup, type_text,
};
use std::collections::HashMap;

/// `_thread._local`
pub struct Local {
    /// Arguments for the `__init__` that runs in each thread.
    args: Slot,
    /// Names of those that are keywords (tuple), or empty.
    names: Slot,
    /// Dicts by thread.
    dicts: Guarded<HashMap<u64, Value>>,
}

impl Payload for Local {
    const NAME: &'static str = "_local";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.args);
        t.slot(&self.names);
        self.dicts.with(|m| m.values().for_each(|d| t.visit(*d)));
    }
}

fn has_init(cx: &Ctx, ty: &TypeObj) -> bool {
    ty.slots.init.address() != cx.ty(Ty::Object).slots.init.address()
}

fn local_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let Some(ty) = TypeObj::of(class) else { return Err(cx.type_error("not a type")) };
    if !args.is_empty() && !has_init(cx, ty) {
        return Err(cx.type_error("Initialization arguments are not supported"));
    }
    let all = cx.tuple_of(None, args.all())?;
    let names = Slot::from_option(args.names());
    let v = cx.new_native(ty, Local { args: Slot::new(all), names, dicts: Guarded::default() });
    let d = cx.dict();
    enter(cx, v, d)?;
    Ok(v)
}

/// Gives this thread a dict, and the thread a note of the object.
fn enter(cx: &mut Ctx, this: Value, dict: Value) -> PyResult<()> {
    let Some(l) = this.native::<Local>() else { return Ok(()) };
    let me = cx.ident;
    cx.barrier(this);
    l.dicts.with(|m| m.insert(me, dict));
    let ty = cx.ty(Ty::WeakRef);
    let Some(note) = cx.new_weakref(this, None, ty, true) else { return Ok(()) };
    let list = notes(cx)?;
    let Some(list) = ListObj::of(list) else { return Ok(()) };
    let n = list.len();
    if n >= 64 && n.is_power_of_two() {
        let alive: Held<Value> = list.snapshot().into_iter().filter(|w| referent(cx, *w).is_some()).collect();
        cx.list_replace(list, &alive)?;
    }
    cx.list_append(list, note)
}

fn referent(cx: &Ctx, w: Value) -> Option<Value> {
    cx.weakref_get(WeakRefObj::of(w)?)
}

/// The list of weak references in the thread's own dict.
fn notes(cx: &mut Ctx) -> PyResult {
    if cx.dict.is_none() {
        cx.dict = cx.dict();
    }
    let key = cx.intern_str("_thread._local");
    let Some(d) = DictObj::of(cx.dict) else { return cx.list(&[]) };
    if let Some(l) = cx.dict_get_str(d, key) {
        return Ok(l);
    }
    let l = cx.list(&[])?;
    match cx.dict_set_str(d, key, l) {
        Some(()) => Ok(l),
        None => Err(cx.no_memory()),
    }
}

/// Takes the dicts of a thread that ends out of their objects.
pub(super) fn forget_thread(cx: &mut Ctx) {
    let key = cx.intern_str("_thread._local");
    let Some(list) = DictObj::of(cx.dict).and_then(|d| cx.dict_get_str(d, key)).and_then(ListObj::of) else {
        return;
    };
    let me = cx.ident;
    for w in list.snapshot() {
        if let Some(l) = referent(cx, w).and_then(|o| o.native::<Local>()) {
            l.dicts.with(|m| m.remove(&me));
        }
    }
    cx.dict = Value::NONE;
}

/// In the child of a fork: the other threads' dicts go.
pub(super) fn keep_this_thread(cx: &mut Ctx) {
    let key = cx.intern_str("_thread._local");
    let Some(list) = DictObj::of(cx.dict).and_then(|d| cx.dict_get_str(d, key)).and_then(ListObj::of) else {
        return;
    };
    let me = cx.ident;
    for w in list.snapshot() {
        if let Some(l) = referent(cx, w).and_then(|o| o.native::<Local>()) {
            l.dicts.with(|m| m.retain(|k, _| *k == me));
        }
    }
}

/// This thread's dict; made, and `__init__` called, at first use.
fn dict_of(cx: &mut Ctx, this: Value) -> PyResult {
    let Some(l) = this.native::<Local>() else { return Ok(cx.dict()) };
    let me = cx.ident;
    if let Some(d) = l.dicts.with(|m| m.get(&me).copied()) {
        return Ok(d);
    }
    let d = cx.dict();
    enter(cx, this, d)?;
    let ty = cx.type_of(this);
    if has_init(cx, ty)
        && let Some(init) = ty.slots.init.get()
    {
        let all = l.args.get().and_then(protocore::layouts::TupleObj::of).map_or(&[][..], |t| t.items());
        let args = match l.names.get() {
            Some(n) => Args::with_names(all, n),
            None => Args::positional(all),
        };
        if let Err(r) = init(cx, this, args) {
            l.dicts.with(|m| m.remove(&me));
            return Err(r);
        }
    }
    Ok(d)
}

fn local_getattr(cx: &mut Ctx, this: Value, attr: Value) -> PyResult {
    let dict = dict_of(cx, this)?;
    if attr.is(name(cx, N::Dict)) {
        return Ok(dict);
    }
    let ty = cx.type_of(this);
    let of_type = type_lookup(cx, ty, attr);
    let get = of_type.and_then(|a| cx.type_of(a).slots.descr_get.get());
    if let (Some(a), Some(get)) = (of_type, get)
        && is_data_descriptor(cx, a)
    {
        return get(cx, a, Some(this), ty.value());
    }
    if let Some(d) = DictObj::of(dict)
        && let Some(v) = dict_get(cx, d, attr)?
    {
        return Ok(v);
    }
    match (of_type, get) {
        (Some(a), Some(get)) => get(cx, a, Some(this), ty.value()),
        (Some(a), None) => Ok(a),
        (None, _) => Err(no_attribute(cx, this, attr)),
    }
}

fn local_setattr(cx: &mut Ctx, this: Value, attr: Value, v: Option<Value>) -> PyResult<()> {
    let dict = dict_of(cx, this)?;
    let ty = cx.type_of(this);
    if attr.is(name(cx, N::Dict)) {
        let msg = format!("'{}' object attribute '__dict__' is read-only", type_text(ty));
        return Err(attribute_error(cx, &msg, this, attr));
    }
    if let Some(a) = type_lookup(cx, ty, attr)
        && let Some(set) = cx.type_of(a).slots.descr_set.get()
    {
        return set(cx, a, this, v);
    }
    let Some(d) = DictObj::of(dict) else { return Ok(()) };
    match v {
        Some(v) => dict_set(cx, d, attr, v),
        None => match dict_del(cx, d, attr)? {
            Some(_) => Ok(()),
            None => Err(no_attribute(cx, this, attr)),
        },
    }
}

/// `_thread._local`
pub static LOCAL: TypeSpec = TypeSpec {
    name: "_local",
    module: "_thread",
    layout: Layout::Native,
    vt: Some(<Local as NativeLayout>::VT),
    flags: type_flags::WEAKREF | type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(local_new),
        getattro: Some(local_getattr),
        setattro: Some(local_setattr),
        ..SlotSpec::NONE
    },
    doc: "An object whose attributes every thread has for itself.",
    sig: Some("()"),
    ..TypeSpec::BASE
};
