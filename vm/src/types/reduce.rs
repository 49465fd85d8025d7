//! Pickling support of `object`: `__reduce_ex__`, `__reduce__`, `__getstate__`.

use super::attrs::own_attr;
use super::mro::solid_base;
use crate::attr::{attr_name, get_attr, get_attr_str, instance_attrs, lookup_attr, lookup_special_name};
use crate::call::{call, call_method, import};
use crate::errors::catch;
use crate::names::{N, name};
use protocore::dict::DictObj;
use protocore::layouts::{ListObj, NativeFnObj, TupleObj};
use protocore::types::type_flags;
use protocore::{Ctx, PyResult, Ty, TypeObj, Value};

/// `object.__reduce_ex__(protocol)`
pub fn object_reduce_ex(cx: &mut Ctx, this: Value, protocol: i64) -> PyResult {
    let n = name(cx, N::Reduce);
    let ty = cx.type_of(this).value();
    let object = cx.ty(Ty::Object);
    let builtin = own_attr(cx, object, n);
    let of_class = get_attr(cx, ty, n)?;
    if Some(of_class) != builtin {
        let f = get_attr(cx, this, n)?;
        return call(cx, f, &[]);
    }
    object_reduce(cx, this, protocol)
}

/// What `object.__reduce__` does for a protocol.
pub fn object_reduce(cx: &mut Ctx, this: Value, protocol: i64) -> PyResult {
    if protocol >= 2 {
        return reduce_new(cx, this);
    }
    let copyreg = import(cx, "copyreg")?;
    let p = cx.int(protocol);
    call_method(cx, copyreg, "_reduce_ex", &[this, p])
}

/// The arguments for `__new__`: positional ones and keyword ones, as the class tells.
fn new_arguments(cx: &mut Ctx, this: Value) -> PyResult<(Option<Value>, Option<Value>)> {
    let n = name(cx, N::GetNewArgsEx);
    if let Some(f) = lookup_special_name(cx, this, n)? {
        let r = call(cx, f, &[])?;
        let Some(t) = TupleObj::of(r) else {
            let msg =
                format!("__getnewargs_ex__ should return a tuple, not '{}'", crate::ops::tp_name(cx, r));
            return Err(cx.type_error(&msg));
        };
        let &[args, kwargs] = t.items() else {
            let msg = format!("__getnewargs_ex__ should return a tuple of length 2, not {}", t.items().len());
            return Err(cx.value_error(&msg));
        };
        if TupleObj::of(args).is_none() {
            let msg = format!(
                "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '{}'",
                crate::ops::tp_name(cx, args)
            );
            return Err(cx.type_error(&msg));
        }
        if DictObj::of(kwargs).is_none() {
            let msg = format!(
                "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '{}'",
                crate::ops::tp_name(cx, kwargs)
            );
            return Err(cx.type_error(&msg));
        }
        return Ok((Some(args), Some(kwargs)));
    }
    let n = name(cx, N::GetNewArgs);
    let Some(f) = lookup_special_name(cx, this, n)? else { return Ok((None, None)) };
    let r = call(cx, f, &[])?;
    if TupleObj::of(r).is_none() {
        let msg = format!("__getnewargs__ should return a tuple, not '{}'", crate::ops::tp_name(cx, r));
        return Err(cx.type_error(&msg));
    }
    Ok((Some(r), None))
}

/// The reduction of protocols 2 and up.
fn reduce_new(cx: &mut Ctx, this: Value) -> PyResult {
    let ty = cx.type_of(this);
    if ty.slots.new.address() == 0 {
        let msg = format!("cannot pickle '{}' object", crate::ops::tp_name(cx, this));
        return Err(cx.type_error(&msg));
    }
    let (args, kwargs) = new_arguments(cx, this)?;
    let copyreg = import(cx, "copyreg")?;
    let class = ty.value();
    let (maker, margs) = match (args, kwargs.filter(|k| DictObj::of(*k).is_some_and(|d| !d.is_empty()))) {
        (Some(a), Some(k)) => {
            let f = get_attr_str(cx, copyreg, "__newobj_ex__")?;
            (f, cx.tuple_of(None, &[class, a, k])?)
        }
        (a, _) => {
            let f = get_attr_str(cx, copyreg, "__newobj__")?;
            let mut all = vec![class];
            all.extend_from_slice(a.and_then(TupleObj::of).map_or(&[][..], |t| t.items()));
            let made = cx.tuple_of(None, &all)?;
            crate::roots::keep_alive(a.unwrap_or(class));
            (f, made)
        }
    };
    let (list, dict) = (ListObj::of(this).is_some(), DictObj::of(this).is_some());
    let required = args.is_none() && !list && !dict;
    let state = get_state(cx, this, required)?;
    let items = if list { crate::iter::iter(cx, this)? } else { Value::NONE };
    let pairs = if dict {
        let v = call_method(cx, this, "items", &[])?;
        crate::iter::iter(cx, v)?
    } else {
        Value::NONE
    };
    cx.tuple_of(None, &[maker, margs, state, items, pairs])
}

/// `obj.__getstate__()`, knowing whether the default one must cover everything.
fn get_state(cx: &mut Ctx, this: Value, required: bool) -> PyResult {
    let n = name(cx, N::GetState);
    let f = get_attr(cx, this, n)?;
    let default = own_attr(cx, cx.ty(Ty::Object), n).and_then(NativeFnObj::of).map(|d| d.def);
    let native = NativeFnObj::of(f).filter(|f| f.this.get().is_some_and(|t| t.is(this)));
    match (native, default) {
        (Some(f), Some(d)) if std::ptr::eq(f.def, d) => default_state(cx, this, required),
        _ => call(cx, f, &[]),
    }
}

/// `object.__getstate__`: the attributes; with slots a pair of attributes and slots.
pub fn default_state(cx: &mut Ctx, this: Value, required: bool) -> PyResult {
    let ty = cx.type_of(this);
    if required && super::slots_decl::is_variable_size(ty.layout) {
        let msg = format!("cannot pickle {} objects", crate::ops::tp_name(cx, this));
        return Err(cx.type_error(&msg));
    }
    let attrs = instance_attrs(cx, this);
    let state = if attrs.is_empty() { Value::NONE } else { dict_of_pairs(cx, &attrs)? };
    let names = slot_names(cx, ty)?;
    if required && holds_more(cx, ty) {
        let msg = format!("cannot pickle '{}' object", crate::ops::tp_name(cx, this));
        return Err(cx.type_error(&msg));
    }
    let Some(names) = ListObj::of(names).filter(|l| !l.is_empty()) else { return Ok(state) };
    let slots = cx.dict();
    let mut i = 0;
    while let Some(n) = names.get(i) {
        i += 1;
        let n = attr_name(cx, n)?;
        if let Some(v) = lookup_attr(cx, this, n)?
            && let Some(d) = DictObj::of(slots)
        {
            crate::dicts::dict_set(cx, d, n, v)?;
        }
    }
    crate::roots::keep_alive(names.value());
    if DictObj::of(slots).is_some_and(|d| !d.is_empty()) {
        return cx.tuple_of(None, &[state, slots]);
    }
    Ok(state)
}

/// A new dict of the given items.
pub fn dict_of_pairs(cx: &mut Ctx, pairs: &[(Value, Value)]) -> PyResult {
    super::with_kept(cx, pairs.iter().flat_map(|(k, v)| [*k, *v]), |cx| {
        let dict = cx.dict();
        let Some(d) = DictObj::of(dict) else { return Err(cx.no_memory()) };
        for (k, v) in pairs {
            crate::dicts::dict_set(cx, d, *k, *v)?;
        }
        Ok(dict)
    })
}

/// Whether instances hold more than attributes and `__slots__`: their state is not known here.
fn holds_more(cx: &Ctx, t: &'static TypeObj) -> bool {
    let mut at = solid_base(cx, t);
    while at.has(type_flags::HEAP) {
        match at.base.get().and_then(TypeObj::of) {
            Some(b) => at = solid_base(cx, b),
            None => break,
        }
    }
    !std::ptr::eq(at, cx.ty(Ty::Object))
}

/// The list of slot names of a class, cached by `copyreg` in the class; or None.
fn slot_names(cx: &mut Ctx, t: &'static TypeObj) -> PyResult {
    let n = cx.intern_str("__slotnames__");
    if let Some(v) = own_attr(cx, t, n) {
        if v.is_none() || ListObj::of(v).is_some() {
            return Ok(v);
        }
        let msg = format!(
            "{}.__slotnames__ should be a list or None, not {}",
            crate::errors::type_text(t),
            crate::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    }
    let copyreg = import(cx, "copyreg")?;
    let v = call_method(cx, copyreg, "_slotnames", &[t.value()])?;
    if v.is_none() || ListObj::of(v).is_some() {
        return Ok(v);
    }
    Err(cx.type_error("copyreg._slotnames didn't return a list or None"))
}

/// `obj.__dict__` as a dict to work on, `None` if there is none or it is no dict.
pub fn dict_attr(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let n = name(cx, N::Dict);
    let r = lookup_attr(cx, this, n);
    let v = catch(cx, r, Ty::AttributeError)?.flatten();
    Ok(v.filter(|d| DictObj::of(*d).is_some() || d.native::<super::MappingProxy>().is_some()))
}
