//! `super`: the contents, the check of its arguments, and look-up past a class in the object's MRO.

use crate::attr::{generic_get_attr, lookup_attr};
use crate::errors::type_text;
use crate::frames::super_args;
use crate::names::{N, name};
use protocore::dict::DictObj;
use protocore::layouts::TupleObj;
use protocore::{Args, Ctx, Payload, PyResult, Slot, Ty, TypeObj, Value};

/// A `super` object.
#[derive(Default)]
pub struct Super {
    /// `__thisclass__`
    pub this_class: Slot,
    /// `__self__`
    pub this: Slot,
    /// `__self_class__`
    pub self_class: Slot,
}

impl Payload for Super {
    const NAME: &'static str = "super";
    fn trace(&self, t: &mut protocore::Tracer) {
        t.slot(&self.this_class);
        t.slot(&self.this);
        t.slot(&self.self_class);
    }
}

/// The class along whose MRO `super(class, obj)` looks; TypeError if the object does not fit.
pub fn super_check(cx: &mut Ctx, class: Value, obj: Value) -> PyResult<&'static TypeObj> {
    // An `mro()` may have left the class itself out.
    let complete = |t: &TypeObj| match t.mro.get().and_then(TupleObj::of) {
        Some(m) => m.items().contains(&class),
        None => t.is_subtype(class),
    };
    if let Some(t) = TypeObj::of(obj)
        && complete(t)
    {
        return Ok(t);
    }
    let ty = cx.type_of(obj);
    if ty.is_subtype(class) {
        return Ok(ty);
    }
    let n = name(cx, N::Class);
    if let Some(c) = lookup_attr(cx, obj, n)?
        && let Some(c) = TypeObj::of(c)
        && c.is_subtype(class)
    {
        return Ok(c);
    }
    let what = TypeObj::of(class).map_or_else(String::new, type_text);
    let msg = match TypeObj::of(obj) {
        Some(t) => format!(
            "super(type, obj): obj (type {}) is not an instance or subtype of type ({what}).",
            type_text(t)
        ),
        None => format!(
            "super(type, obj): obj (instance of {}) is not an instance or subtype of type ({what}).",
            type_text(ty)
        ),
    };
    Err(cx.type_error(&msg))
}

/// The attribute behind `class` in the MRO of `of`, as the namespace holds it.
fn search(cx: &Ctx, class: Value, of: &TypeObj, n: Value) -> Option<Value> {
    let mro = of.mro.get().and_then(TupleObj::of)?;
    let hash = cx.str_hash(n);
    mro.items()
        .iter()
        .skip_while(|c| !c.is(class))
        .skip(1)
        .filter_map(|c| TypeObj::of(*c))
        .find_map(|c| c.dict.get().and_then(DictObj::of)?.get_str(n, hash))
}

/// `super(class, obj).n` without the fallback to attributes of `super` itself; the name is interned.
pub fn super_lookup(cx: &mut Ctx, class: Value, obj: Value, n: Value) -> PyResult<Option<Value>> {
    let of = super_check(cx, class, obj)?;
    bound(cx, class, obj, of, n)
}

fn bound(cx: &mut Ctx, class: Value, obj: Value, of: &'static TypeObj, n: Value) -> PyResult<Option<Value>> {
    if n.is(name(cx, N::Class)) {
        return Ok(None);
    }
    let Some(attr) = search(cx, class, of, n) else { return Ok(None) };
    match cx.type_of(attr).slots.descr_get.get() {
        Some(get) => {
            let this = if obj.is(of.value()) { None } else { Some(obj) };
            get(cx, attr, this, of.value()).map(Some)
        }
        None => Ok(Some(attr)),
    }
}

/// `super(class, obj).n`, for the interpreter.
pub fn super_load(cx: &mut Ctx, class: Value, obj: Value, n: Value) -> PyResult {
    if TypeObj::of(class).is_none() {
        let msg = format!("super() argument 1 must be a type, not {}", crate::ops::tp_name(cx, class));
        return Err(cx.type_error(&msg));
    }
    if let Some(v) = super_lookup(cx, class, obj, n)? {
        return Ok(v);
    }
    let s = new_super(cx, class, obj)?;
    generic_get_attr(cx, s, n)
}

/// As [`super_load`] for a call: the function, and whether the object is to be passed first.
pub fn super_load_method(cx: &mut Ctx, class: Value, obj: Value, n: Value) -> PyResult<(Value, bool)> {
    if TypeObj::of(class).is_some() {
        let of = super_check(cx, class, obj)?;
        if !obj.is(of.value())
            && let Some(attr) = search(cx, class, of, n)
            && crate::attr::is_plain_method(cx, attr)
        {
            return Ok((attr, true));
        }
    }
    super_load(cx, class, obj, n).map(|v| (v, false))
}

fn new_super(cx: &mut Ctx, class: Value, obj: Value) -> PyResult {
    let of = super_check(cx, class, obj)?;
    let ty = cx.ty(Ty::Super);
    let s = Super { this_class: Slot::new(class), this: Slot::new(obj), self_class: Slot::new(of.value()) };
    Ok(cx.new_native(ty, s))
}

/// `super.__getattribute__`
pub fn super_get_attr(cx: &mut Ctx, this: Value, n: Value) -> PyResult {
    let n = crate::attr::attr_name(cx, n)?;
    if let Some(s) = this.native::<Super>()
        && let (Some(class), Some(obj), Some(of)) =
            (s.this_class.get(), s.this.get(), s.self_class.get().and_then(TypeObj::of))
        && let Some(v) = bound(cx, class, obj, of, n)?
    {
        return Ok(v);
    }
    generic_get_attr(cx, this, n)
}

/// `super.__get__`
pub fn super_descr_get(cx: &mut Ctx, this: Value, obj: Option<Value>, _owner: Value) -> PyResult {
    let (Some(obj), Some(s)) = (obj.and_then(Value::not_none), this.native::<Super>()) else {
        return Ok(this);
    };
    if !s.this.is_empty() {
        return Ok(this);
    }
    let class = s.this_class.get_or_none();
    let ty = cx.type_of(this);
    if !std::ptr::eq(ty, cx.ty(Ty::Super)) {
        // A subclass is called anew.
        return crate::call::call(cx, ty.value(), &[class, obj]);
    }
    new_super(cx, class, obj)
}

/// `super.__init__`
pub fn super_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    if args.nkw() != 0 {
        return Err(cx.type_error("super() takes no keyword arguments"));
    }
    let (class, obj) = match args.pos() {
        [] => super_args(cx).map(|(c, o)| (c, Some(o)))?,
        [c] => (*c, None),
        [c, o] => (*c, Some(*o)),
        more => {
            let msg = format!("super() expected at most 2 arguments, got {}", more.len());
            return Err(cx.type_error(&msg));
        }
    };
    if TypeObj::of(class).is_none() {
        let msg = format!("super() argument 1 must be a type, not {}", crate::ops::tp_name(cx, class));
        return Err(cx.type_error(&msg));
    }
    let Some(s) = this.native::<Super>() else { return Err(cx.type_error("not a super object")) };
    let obj = obj.and_then(Value::not_none);
    let of = match obj {
        Some(o) => Some(super_check(cx, class, o)?),
        None => None,
    };
    cx.store(this, &s.this_class, class);
    match (obj, of) {
        (Some(o), Some(t)) => {
            cx.store(this, &s.this, o);
            cx.store(this, &s.self_class, t.value());
        }
        _ => {
            cx.store_empty(this, &s.this);
            cx.store_empty(this, &s.self_class);
        }
    }
    Ok(())
}
