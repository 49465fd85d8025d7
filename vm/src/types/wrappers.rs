//! Slot wrappers: what `int.__add__` and `(1).__add__` are.

use super::slotdefs::{Dunder, Wrap};
use super::slotid::SlotFn;
use crate::errors::type_text;
use crate::ops;
use protocore::types::BufferFn;
use protocore::{Args, Ctx, Payload, PyResult, Raised, Slot, Ty, TypeObj, Value};

/// `wrapper_descriptor`: a slot of a builtin type as an attribute of the type.
pub struct WrapperDescr {
    /// The type whose slot it is.
    pub owner: Slot,
    /// Name, signature, documentation and way of calling.
    pub def: &'static Dunder,
    /// The slot's function at the time the type was made.
    pub func: SlotFn,
}

impl Payload for WrapperDescr {
    const NAME: &'static str = "wrapper_descriptor";
    fn trace(&self, t: &mut protocore::Tracer) {
        t.slot(&self.owner);
    }
}

/// `method-wrapper`: a slot wrapper bound to an object.
pub struct MethodWrapper {
    /// The [`WrapperDescr`].
    pub wrapper: Slot,
    /// The object.
    pub this: Slot,
}

impl Payload for MethodWrapper {
    const NAME: &'static str = "method-wrapper";
    fn trace(&self, t: &mut protocore::Tracer) {
        t.slot(&self.wrapper);
        t.slot(&self.this);
    }
}

/// A new slot wrapper.
pub(crate) fn new_wrapper(cx: &mut Ctx, owner: Value, def: &'static Dunder, func: SlotFn) -> Value {
    let ty = cx.ty(Ty::WrapperDescriptor);
    cx.new_native(ty, WrapperDescr { owner: Slot::new(owner), def, func })
}

/// `wrapper_descriptor.__get__`
pub fn wrapper_get(cx: &mut Ctx, this: Value, obj: Option<Value>, _owner: Value) -> PyResult {
    let Some(obj) = obj else { return Ok(this) };
    if let Some(w) = this.native::<WrapperDescr>() {
        check_object(cx, w, obj, true)?;
    }
    let ty = cx.ty(Ty::MethodWrapper);
    Ok(cx.new_native(ty, MethodWrapper { wrapper: Slot::new(this), this: Slot::new(obj) }))
}

/// `wrapper_descriptor.__call__`: the first argument is the object.
pub fn wrapper_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let Some(w) = this.native::<WrapperDescr>() else { return Err(cx.type_error("not a slot wrapper")) };
    let Some(obj) = args.pos().first().copied() else {
        let msg = format!("descriptor '{}' of '{}' object needs an argument", w.def.name, owner_name(cx, w));
        return Err(cx.type_error(&msg));
    };
    check_object(cx, w, obj, false)?;
    let rest = &args.all()[1..];
    let rest = match args.names() {
        Some(n) => Args::with_names(rest, n),
        None => Args::positional(rest),
    };
    apply(cx, w, obj, rest)
}

/// `method-wrapper.__call__`
pub fn method_wrapper_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let found = this.native::<MethodWrapper>().and_then(|m| Some((m.wrapper.get()?, m.this.get()?)));
    let Some((w, obj)) = found.and_then(|(w, o)| Some((w.native::<WrapperDescr>()?, o))) else {
        return Err(cx.type_error("not a method-wrapper"));
    };
    apply(cx, w, obj, args)
}

/// Name of the type that a wrapper belongs to, as messages have it.
pub fn owner_name(cx: &mut Ctx, w: &WrapperDescr) -> String {
    crate::ops::owner_tp_name(cx, &w.owner)
}

fn check_object(cx: &mut Ctx, w: &WrapperDescr, obj: Value, get: bool) -> PyResult<()> {
    if cx.type_of(obj).is_subtype(w.owner.get_or_none()) {
        return Ok(());
    }
    let (n, o, t) = (w.def.name, owner_name(cx, w), crate::ops::tp_name(cx, obj));
    let msg = if get {
        format!("descriptor '{n}' for '{o}' objects doesn't apply to a '{t}' object")
    } else {
        format!("descriptor '{n}' requires a '{o}' object but received a '{t}'")
    };
    Err(cx.type_error(&msg))
}

/// Calls a wrapper's function.
fn apply(cx: &mut Ctx, w: &WrapperDescr, obj: Value, args: Args<'_>) -> PyResult {
    cx.check_native_stack("")?;
    match (w.def.wrap, w.func) {
        (Wrap::Call, SlotFn::CallFn(f)) => return f(cx, obj, args),
        (Wrap::Init, SlotFn::InitFn(f)) => {
            f(cx, obj, args)?;
            return Ok(Value::NONE);
        }
        _ => {}
    }
    if args.nkw() != 0 {
        let msg = format!("wrapper {}() takes no keyword arguments", w.def.name);
        return Err(cx.type_error(&msg));
    }
    match w.func {
        SlotFn::UnaryFn(f) => {
            take::<0>(cx, args)?;
            f(cx, obj)
        }
        SlotFn::BinaryFn(f) => apply_binary(cx, w, f, obj, args),
        SlotFn::TernaryFn(f) => apply_ternary(cx, w, f, obj, args),
        SlotFn::InquiryFn(f) => {
            take::<0>(cx, args)?;
            Ok(Value::bool(f(cx, obj)?))
        }
        SlotFn::LenFn(f) => {
            take::<0>(cx, args)?;
            let n = f(cx, obj)?;
            Ok(cx.int_usize(n))
        }
        SlotFn::HashFn(f) => {
            take::<0>(cx, args)?;
            let n = f(cx, obj)?;
            Ok(cx.int(n))
        }
        SlotFn::NextFn(f) => {
            take::<0>(cx, args)?;
            match f(cx, obj)? {
                Some(v) => Ok(v),
                None => Err(crate::errors::raise_stop_iteration(cx, Value::NONE)),
            }
        }
        SlotFn::DelFn(f) => {
            take::<0>(cx, args)?;
            f(cx, obj)?;
            Ok(Value::NONE)
        }
        SlotFn::CompareFn(f) => {
            let [x] = take(cx, args)?;
            match w.def.wrap {
                Wrap::Compare(op) => f(cx, obj, x, op),
                _ => Ok(Value::NOT_IMPLEMENTED),
            }
        }
        SlotFn::GetAttrFn(f) => {
            let [x] = take(cx, args)?;
            let x = crate::attr::attr_name(cx, x)?;
            f(cx, obj, x)
        }
        SlotFn::ContainsFn(f) => {
            let [x] = take(cx, args)?;
            Ok(Value::bool(f(cx, obj, x)?))
        }
        SlotFn::SetAttrFn(f) => apply_set(cx, w, f, obj, args),
        SlotFn::DescrGetFn(f) => apply_descr_get(cx, f, obj, args),
        SlotFn::BufferFn(f) => apply_buffer(cx, w, f, obj, args),
        SlotFn::CallFn(f) => f(cx, obj, args),
        SlotFn::InitFn(f) => {
            f(cx, obj, args)?;
            Ok(Value::NONE)
        }
    }
}

fn apply_binary(
    cx: &mut Ctx,
    w: &WrapperDescr,
    f: protocore::types::BinaryFn,
    obj: Value,
    args: Args<'_>,
) -> PyResult {
    let [x] = take(cx, args)?;
    match w.def.wrap {
        Wrap::BinaryR => f(cx, x, obj),
        Wrap::IndexArg => {
            let n = ops::index_i64(cx, x, Ty::OverflowError)?;
            let n = cx.int(n);
            f(cx, obj, n)
        }
        Wrap::GetAttr => {
            let x = crate::attr::attr_name(cx, x)?;
            f(cx, obj, x)
        }
        _ => f(cx, obj, x),
    }
}

fn apply_ternary(
    cx: &mut Ctx,
    w: &WrapperDescr,
    f: protocore::types::TernaryFn,
    obj: Value,
    args: Args<'_>,
) -> PyResult {
    let (x, m) = match args.pos() {
        [x] => (*x, Value::NONE),
        [x, m] => (*x, *m),
        other => {
            let msg = format!("expected 1 or 2 arguments, got {}", other.len());
            return Err(cx.type_error(&msg));
        }
    };
    if w.def.wrap == Wrap::TernaryR { f(cx, x, obj, m) } else { f(cx, obj, x, m) }
}

fn apply_set(
    cx: &mut Ctx,
    w: &WrapperDescr,
    f: protocore::types::SetAttrFn,
    obj: Value,
    args: Args<'_>,
) -> PyResult {
    match w.def.wrap {
        Wrap::SetAttr => {
            let [n, v] = take(cx, args)?;
            check_bypass(cx, w, obj)?;
            let n = crate::attr::attr_name(cx, n)?;
            f(cx, obj, n, Some(v))?;
        }
        Wrap::DelAttr => {
            let [n] = take(cx, args)?;
            check_bypass(cx, w, obj)?;
            let n = crate::attr::attr_name(cx, n)?;
            f(cx, obj, n, None)?;
        }
        Wrap::Set2 => {
            let [k, v] = take(cx, args)?;
            f(cx, obj, k, Some(v))?;
        }
        _ => {
            let [k] = take(cx, args)?;
            f(cx, obj, k, None)?;
        }
    }
    Ok(Value::NONE)
}

/// `object.__setattr__` must not be used to get around a builtin type's own `__setattr__`.
fn check_bypass(cx: &mut Ctx, w: &WrapperDescr, obj: Value) -> PyResult<()> {
    let ty = cx.type_of(obj);
    let mut at = Some(ty);
    // The closest class whose function is not a Python class's.
    let generic = super::generic::slot_setattr as protocore::types::SetAttrFn as usize;
    while let Some(t) = at {
        let f = t.slots.setattro.address();
        if f != generic {
            if f == w.func.address() {
                return Ok(());
            }
            break;
        }
        at = t.base.get().and_then(TypeObj::of);
    }
    let msg = format!("can't apply this {} to {} object", w.def.name, type_text(ty));
    Err(cx.type_error(&msg))
}

fn apply_descr_get(cx: &mut Ctx, f: protocore::types::DescrGetFn, this: Value, args: Args<'_>) -> PyResult {
    let (obj, owner) = match args.pos() {
        [o] => (*o, Value::NONE),
        [o, t] => (*o, *t),
        [] => return Err(cx.type_error("__get__ expected at least 1 argument, got 0")),
        more => {
            let msg = format!("__get__ expected at most 2 arguments, got {}", more.len());
            return Err(cx.type_error(&msg));
        }
    };
    if obj.is_none() && owner.is_none() {
        return Err(cx.type_error("__get__(None, None) is invalid"));
    }
    let obj = obj.not_none();
    // Without an owner the object's class stands for it, as far as our descriptors ask.
    f(cx, this, obj, owner)
}

fn apply_buffer(cx: &mut Ctx, w: &WrapperDescr, f: BufferFn, obj: Value, args: Args<'_>) -> PyResult {
    let [x] = take(cx, args)?;
    if w.def.wrap == Wrap::ReleaseBuffer {
        if !cx.is_instance(x, Ty::MemoryView) {
            return Err(cx.type_error("expected a memoryview object"));
        }
        let released = |cx: &mut Ctx| match crate::attr::get_attr_str(cx, x, "obj") {
            Ok(of) => Some(of),
            Err(r) => {
                cx.take_raised(r);
                None
            }
        };
        return match released(cx) {
            None => Ok(Value::NONE),
            Some(of) if of.is(obj) => crate::call::call_method(cx, x, "release", &[]),
            Some(_) => Err(cx.value_error("memoryview's buffer is not this object")),
        };
    }
    let flags = ops::index_i64(cx, x, Ty::OverflowError)?;
    crate::buffers::native_view(cx, obj, f, flags & 1 != 0, false)
}

/// Exactly `N` positional arguments.
fn take<const N: usize>(cx: &mut Ctx, args: Args<'_>) -> PyResult<[Value; N]> {
    match <[Value; N]>::try_from(args.pos()) {
        Ok(a) => Ok(a),
        Err(_) => Err(wrong_count(cx, N, args.pos().len())),
    }
}

#[cold]
fn wrong_count(cx: &mut Ctx, want: usize, got: usize) -> Raised {
    let s = if want == 1 { "" } else { "s" };
    let msg = format!("expected {want} argument{s}, got {got}");
    cx.type_error(&msg)
}

/// Hash of a bound wrapper: of the object's identity and the wrapper's.
pub fn method_wrapper_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let Some(m) = this.native::<MethodWrapper>() else { return Ok(ops::hash_pointer(this)) };
    let _ = cx;
    let h = ops::hash_pointer(m.this.get_or_none()) ^ ops::hash_pointer(m.wrapper.get_or_none());
    Ok(if h == -1 { -2 } else { h })
}
