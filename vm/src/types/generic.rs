//! The slots of classes written in Python: each looks its special method up on the type and calls it.
//!
//! A plain function is called with the object in front, without a bound method in between. A class that has a slot from here always
//! finds the method, except when another thread has just removed it: then AttributeError, as CPython.

use super::slotdefs::{D, dname};
use super::slotid::SlotFn;
use super::wrappers::WrapperDescr;
use crate::attr::{
    bind_descriptor, generic_get_attr, generic_lookup, is_plain_method, lookup_attr, type_lookup,
};
use crate::call::{call_args, prepend};
use crate::errors::catch;
use protocore::buffer::Buffer;
use protocore::layouts::IntRef;
use protocore::types::{BinaryFn, TernaryFn};
use protocore::{Args, CmpOp, Ctx, PyResult, Raised, Ty, TypeObj, Value};

/// Calls what was found on the type as a method of `this`.
#[inline]
fn call_found(cx: &mut Ctx, f: Value, this: Value, ty: &TypeObj, args: Args<'_>) -> PyResult {
    if is_plain_method(cx, f) {
        return prepend(cx, this, args, |cx, a| call_args(cx, f, a));
    }
    let m = bind_descriptor(cx, f, Some(this), ty)?;
    call_args(cx, m, args)
}

/// Calls special method `d`; `None` if the type has none.
fn maybe(cx: &mut Ctx, this: Value, d: D, args: &[Value]) -> PyResult<Option<Value>> {
    let n = dname(cx, d);
    let ty = cx.type_of(this);
    match type_lookup(cx, ty, n) {
        Some(f) => call_found(cx, f, this, ty, Args::positional(args)).map(Some),
        None => Ok(None),
    }
}

/// Calls special method `d`; AttributeError if the type has none.
fn must(cx: &mut Ctx, this: Value, d: D, args: &[Value]) -> PyResult {
    match maybe(cx, this, d, args)? {
        Some(v) => Ok(v),
        None => Err(missing(cx, d)),
    }
}

#[cold]
fn missing(cx: &mut Ctx, d: D) -> Raised {
    let n = dname(cx, d);
    cx.raise(Ty::AttributeError, n)
}

/// Calls special method `d` as an operand's; `NotImplemented` if the type has none.
fn operand(cx: &mut Ctx, this: Value, d: D, args: &[Value]) -> PyResult {
    Ok(maybe(cx, this, d, args)?.unwrap_or(Value::NOT_IMPLEMENTED))
}

macro_rules! unary {
    ($($f:ident $d:ident;)*) => {
        $(#[doc = concat!("Calls the special method `", stringify!($d), "`.")]
        pub fn $f(cx: &mut Ctx, this: Value) -> PyResult {
            must(cx, this, D::$d, &[])
        })*
    };
}

unary! {
    slot_repr Repr; slot_str Str; slot_neg Neg; slot_pos Pos; slot_abs Abs; slot_invert Invert;
    slot_int Int; slot_float Float; slot_index Index;
}

macro_rules! asynchronous {
    ($($f:ident $d:ident $name:literal;)*) => {
        $(#[doc = concat!("Calls `", $name, "`.")]
        pub fn $f(cx: &mut Ctx, this: Value) -> PyResult {
            match maybe(cx, this, D::$d, &[])? {
                Some(v) => Ok(v),
                None => {
                    let msg = format!("object {} does not have {} method", crate::ops::tp_name(cx, this), $name);
                    Err(cx.raise_str(Ty::AttributeError, &msg))
                }
            }
        })*
    };
}

asynchronous! {
    slot_await Await "__await__"; slot_aiter AIter "__aiter__"; slot_anext ANext "__anext__";
}

macro_rules! inplace {
    ($($f:ident $d:ident;)*) => {
        $(#[doc = concat!("Calls the special method `", stringify!($d), "`.")]
        pub fn $f(cx: &mut Ctx, this: Value, other: Value) -> PyResult {
            must(cx, this, D::$d, &[other])
        })*
    };
}

inplace! {
    slot_iadd IAdd; slot_isub ISub; slot_imul IMul; slot_imatmul IMatMul; slot_itruediv ITrueDiv;
    slot_ifloordiv IFloorDiv; slot_imodulo IMod; slot_ilshift ILShift; slot_irshift IRShift;
    slot_iand IAnd; slot_ior IOr; slot_ixor IXor; slot_getitem GetItem;
}

macro_rules! binary {
    ($($f:ident $slot:ident $d:ident $rd:ident;)*) => {
        $(#[doc = concat!("Calls the special method `", stringify!($d), "` of the left or `", stringify!($rd), "` of the right operand.")]
        pub fn $f(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
            let (ta, tb) = (cx.type_of(a), cx.type_of(b));
            let me = $f as BinaryFn as usize;
            let left = ta.slots.$slot.address() == me;
            let right = !std::ptr::eq(ta, tb) && tb.slots.$slot.address() == me;
            either_operand(cx, a, b, &[], (left, right), (D::$d, D::$rd))
        })*
    };
}

binary! {
    slot_add add Add RAdd; slot_sub sub Sub RSub; slot_mul mul Mul RMul; slot_matmul matmul MatMul RMatMul;
    slot_truediv truediv TrueDiv RTrueDiv; slot_floordiv floordiv FloorDiv RFloorDiv; slot_modulo modulo Mod RMod;
    slot_divmod divmod DivMod RDivMod; slot_lshift lshift LShift RLShift; slot_rshift rshift RShift RRShift;
    slot_and and And RAnd; slot_or or Or ROr; slot_xor xor Xor RXor;
}

/// The order of operands: the right one's reflected method comes first if its class is a subclass of the left one's that
/// overrides the method.
fn either_operand(
    cx: &mut Ctx,
    a: Value,
    b: Value,
    more: &[Value],
    (left, mut right): (bool, bool),
    (d, rd): (D, D),
) -> PyResult {
    let (ta, tb) = (cx.type_of(a), cx.type_of(b));
    let two = |x: Value| {
        let mut v = [x, Value::NONE];
        if let Some(m) = more.first() {
            v[1] = *m;
        }
        v
    };
    let n = 1 + more.len().min(1);
    if left {
        if right && tb.is_subtype(ta.value()) && overloaded(cx, ta, tb, rd)? {
            let r = operand(cx, b, rd, &two(a)[..n])?;
            if !r.is(Value::NOT_IMPLEMENTED) {
                return Ok(r);
            }
            right = false;
        }
        let r = operand(cx, a, d, &two(b)[..n])?;
        if !right || !r.is(Value::NOT_IMPLEMENTED) {
            return Ok(r);
        }
    }
    if right {
        return operand(cx, b, rd, &two(a)[..n]);
    }
    Ok(Value::NOT_IMPLEMENTED)
}

/// Whether the right type's method differs from the left type's.
fn overloaded(cx: &mut Ctx, ta: &TypeObj, tb: &TypeObj, rd: D) -> PyResult<bool> {
    let n = dname(cx, rd);
    let Some(right) = lookup_attr(cx, tb.value(), n)? else { return Ok(false) };
    let Some(left) = lookup_attr(cx, ta.value(), n)? else { return Ok(true) };
    if left.is(right) {
        return Ok(false);
    }
    Ok(!crate::ops::eq(cx, left, right)?)
}

/// Calls `__pow__` or `__rpow__`.
pub fn slot_pow(cx: &mut Ctx, a: Value, b: Value, c: Value) -> PyResult {
    let (ta, tb) = (cx.type_of(a), cx.type_of(b));
    let me = slot_pow as TernaryFn as usize;
    let left = ta.slots.pow.address() == me;
    let right = !std::ptr::eq(ta, tb) && tb.slots.pow.address() == me;
    let third = [c];
    let more: &[Value] = if c.is_none() { &[] } else { &third };
    either_operand(cx, a, b, more, (left, right), (D::Pow, D::RPow))
}

/// Calls `__ipow__`.
pub fn slot_ipow(cx: &mut Ctx, a: Value, b: Value, _c: Value) -> PyResult {
    must(cx, a, D::IPow, &[b])
}

/// Calls a comparison's special method.
pub fn slot_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let d = match op {
        CmpOp::Lt => D::Lt,
        CmpOp::Le => D::Le,
        CmpOp::Eq => D::Eq,
        CmpOp::Ne => D::Ne,
        CmpOp::Gt => D::Gt,
        CmpOp::Ge => D::Ge,
    };
    operand(cx, a, d, &[b])
}

/// Calls `__hash__`.
pub fn slot_hash(cx: &mut Ctx, this: Value) -> PyResult<i64> {
    let n = dname(cx, D::Hash);
    let ty = cx.type_of(this);
    let f = match type_lookup(cx, ty, n) {
        Some(f) if !f.is_none() => f,
        _ => return Err(crate::ops::unhashable(cx, this)),
    };
    let r = call_found(cx, f, this, ty, Args::NONE)?;
    match IntRef::of(r) {
        Some(IntRef::Small(-1)) => Ok(-2),
        Some(IntRef::Small(n)) => Ok(n),
        Some(IntRef::Big(_)) => match cx.ty(Ty::Int).slots.hash.get() {
            Some(f) => f(cx, r),
            None => Err(cx.type_error("__hash__ method should return an integer")),
        },
        None => Err(cx.type_error("__hash__ method should return an integer")),
    }
}

/// Calls `__bool__`, else `__len__`.
pub fn slot_bool(cx: &mut Ctx, this: Value) -> PyResult<bool> {
    match maybe(cx, this, D::Bool, &[])? {
        Some(r) if r.is_bool() => Ok(r.is(Value::TRUE)),
        Some(r) => {
            let msg = format!("__bool__ should return bool, returned {}", crate::ops::tp_name(cx, r));
            Err(cx.type_error(&msg))
        }
        None => match cx.type_of(this).slots.len.get() {
            Some(f) => Ok(f(cx, this)? != 0),
            None => Ok(true),
        },
    }
}

/// Calls `__len__`.
pub fn slot_len(cx: &mut Ctx, this: Value) -> PyResult<usize> {
    let r = must(cx, this, D::Len, &[])?;
    let n = crate::ops::index(cx, r)?;
    match IntRef::of(n) {
        Some(i) if i.signum() < 0 => Err(cx.value_error("__len__() should return >= 0")),
        Some(IntRef::Small(n)) => Ok(n as usize),
        _ => Err(cx.raise_str(Ty::OverflowError, "cannot fit 'int' into an index-sized integer")),
    }
}

/// Calls `__contains__`, else iterates.
pub fn slot_contains(cx: &mut Ctx, this: Value, x: Value) -> PyResult<bool> {
    let n = dname(cx, D::Contains);
    let ty = cx.type_of(this);
    match type_lookup(cx, ty, n) {
        Some(f) if f.is_none() => {
            let msg = format!("'{}' object is not a container", crate::ops::tp_name(cx, this));
            Err(cx.type_error(&msg))
        }
        Some(f) => {
            let r = call_found(cx, f, this, ty, Args::positional(&[x]))?;
            crate::ops::is_true(cx, r)
        }
        None => {
            let it = crate::iter::iter(cx, this)?;
            while let Some(v) = crate::iter::next(cx, it)? {
                if crate::ops::eq(cx, v, x)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// Calls `__setitem__` or `__delitem__`.
pub fn slot_setitem(cx: &mut Ctx, this: Value, key: Value, v: Option<Value>) -> PyResult<()> {
    match v {
        Some(v) => must(cx, this, D::SetItem, &[key, v])?,
        None => must(cx, this, D::DelItem, &[key])?,
    };
    Ok(())
}

/// Calls `__iter__`.
pub fn slot_iter(cx: &mut Ctx, this: Value) -> PyResult {
    let n = dname(cx, D::Iter);
    let ty = cx.type_of(this);
    match type_lookup(cx, ty, n) {
        Some(f) if !f.is_none() => call_found(cx, f, this, ty, Args::NONE),
        None if ty.slots.getitem.address() != 0 => Ok(cx.seq_iter(Ty::SeqIter, this, 0)),
        _ => {
            let msg = format!("'{}' object is not iterable", crate::ops::tp_name(cx, this));
            Err(cx.type_error(&msg))
        }
    }
}

/// Calls `__next__`; StopIteration means exhausted.
pub fn slot_next(cx: &mut Ctx, this: Value) -> PyResult<Option<Value>> {
    let r = must(cx, this, D::Next, &[]);
    catch(cx, r, Ty::StopIteration)
}

/// As `iter::next`, but keeps the value of a StopIteration that a Python iterator raises: `Ok(Err(value))`.
pub fn next_or_return(cx: &mut Ctx, it: Value) -> PyResult<Result<Value, Value>> {
    let slot = cx.type_of(it).slots.iternext.get();
    let stopped = match slot {
        Some(f) if f as usize == slot_next as protocore::types::NextFn as usize => {
            match must(cx, it, D::Next, &[]) {
                Ok(v) => return Ok(Ok(v)),
                Err(r) => r,
            }
        }
        Some(f) => match f(cx, it) {
            Ok(v) => return Ok(v.ok_or(Value::NONE)),
            Err(r) => r,
        },
        None => return Ok(crate::iter::next(cx, it)?.ok_or(Value::NONE)),
    };
    let exc = cx.take_raised(stopped);
    if cx.is_instance(exc, Ty::StopIteration) {
        Ok(Err(crate::errors::stop_value(exc)))
    } else {
        Err(cx.set_raised(exc))
    }
}

/// Calls `__call__`.
pub fn slot_call(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult {
    let n = dname(cx, D::Call);
    let ty = cx.type_of(this);
    cx.check_native_stack("")?;
    match type_lookup(cx, ty, n) {
        Some(f) => call_found(cx, f, this, ty, args),
        None => Err(missing(cx, D::Call)),
    }
}

/// Calls `__init__`, which must answer None.
pub fn slot_init(cx: &mut Ctx, this: Value, args: Args<'_>) -> PyResult<()> {
    let n = dname(cx, D::Init);
    let ty = cx.type_of(this);
    let Some(f) = type_lookup(cx, ty, n) else { return Err(missing(cx, D::Init)) };
    let r = call_found(cx, f, this, ty, args)?;
    if !r.is_none() {
        let msg = format!("__init__() should return None, not '{}'", crate::ops::tp_name(cx, r));
        return Err(cx.type_error(&msg));
    }
    Ok(())
}

/// Calls `__new__` with the class in front.
pub fn slot_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let n = dname(cx, D::New);
    let found = TypeObj::of(class).and_then(|t| Some((t, type_lookup(cx, t, n)?)));
    let Some((t, f)) = found else { return Err(missing(cx, D::New)) };
    let f = bind_descriptor(cx, f, None, t)?;
    prepend(cx, class, args, |cx, a| call_args(cx, f, a))
}

/// Calls `__del__`.
pub fn slot_del(cx: &mut Ctx, this: Value) -> PyResult<()> {
    maybe(cx, this, D::Del, &[])?;
    Ok(())
}

/// Calls `__getattribute__`, then, on AttributeError, `__getattr__`.
pub fn slot_getattr(cx: &mut Ctx, this: Value, attr: Value) -> PyResult {
    let ty = cx.type_of(this);
    let n = dname(cx, D::GetAttribute);
    let first = type_lookup(cx, ty, n);
    let r = match first.and_then(native_getattr) {
        Some(f) if f as usize == generic_get_attr as protocore::types::GetAttrFn as usize => {
            match generic_lookup(cx, this, attr) {
                Ok(Some(v)) => return Ok(v),
                Ok(None) => None,
                Err(r) => Some(r),
            }
        }
        Some(f) => match f(cx, this, attr) {
            Ok(v) => return Ok(v),
            Err(r) => Some(r),
        },
        None => match must(cx, this, D::GetAttribute, &[attr]) {
            Ok(v) => return Ok(v),
            Err(r) => Some(r),
        },
    };
    let n = dname(cx, D::GetAttr);
    let Some(hook) = type_lookup(cx, ty, n) else {
        return Err(match r {
            Some(r) => r,
            None => crate::attr::no_attribute(cx, this, attr),
        });
    };
    if let Some(r) = r {
        let exc = cx.take_raised(r);
        if !cx.is_instance(exc, Ty::AttributeError) {
            return Err(cx.set_raised(exc));
        }
    }
    cx.check_native_stack("")?;
    call_found(cx, hook, this, ty, Args::positional(&[attr]))
}

/// The native function behind a slot wrapper for `__getattribute__`.
fn native_getattr(f: Value) -> Option<protocore::types::GetAttrFn> {
    match f.native::<WrapperDescr>()?.func {
        SlotFn::GetAttrFn(f) => Some(f),
        _ => None,
    }
}

/// Calls `__setattr__` or `__delattr__`.
pub fn slot_setattr(cx: &mut Ctx, this: Value, attr: Value, v: Option<Value>) -> PyResult<()> {
    match v {
        Some(v) => must(cx, this, D::SetAttr, &[attr, v])?,
        None => must(cx, this, D::DelAttr, &[attr])?,
    };
    Ok(())
}

/// Calls `__get__`.
pub fn slot_descr_get(cx: &mut Ctx, this: Value, obj: Option<Value>, owner: Value) -> PyResult {
    match maybe(cx, this, D::Get, &[obj.unwrap_or(Value::NONE), owner])? {
        Some(v) => Ok(v),
        None => Ok(this),
    }
}

/// Calls `__set__` or `__delete__`.
pub fn slot_descr_set(cx: &mut Ctx, this: Value, obj: Value, v: Option<Value>) -> PyResult<()> {
    match v {
        Some(v) => must(cx, this, D::Set, &[obj, v])?,
        None => must(cx, this, D::Delete, &[obj])?,
    };
    Ok(())
}

/// Calls `__buffer__`, which answers a memoryview, and exports that one's memory.
pub fn slot_buffer(cx: &mut Ctx, this: Value, writable: bool) -> PyResult<Buffer> {
    crate::buffers::class_buffer(cx, this, writable)
}

/// Whether the class of an exporter overrides `__release_buffer__`.
pub fn hears_release(cx: &mut Ctx, exporter: Value) -> bool {
    let n = dname(cx, D::ReleaseBuffer);
    let ty = cx.type_of(exporter);
    type_lookup(cx, ty, n).is_some_and(|f| f.native::<WrapperDescr>().is_none())
}

/// Tells an exporter written in Python that a memoryview of it was released; what `__release_buffer__` raises is unraisable.
pub fn buffer_released(cx: &mut Ctx, exporter: Value, view: Value) {
    let n = dname(cx, D::ReleaseBuffer);
    let ty = cx.type_of(exporter);
    let Some(f) = type_lookup(cx, ty, n) else { return };
    if f.native::<WrapperDescr>().is_some() {
        return;
    }
    if let Err(r) = call_found(cx, f, exporter, ty, Args::positional(&[view])) {
        crate::errors::report_unraisable(cx, r, None, exporter);
    }
}

/// Calls `d` of an object whose type is known to have it, for other parts of the runtime.
pub fn call_dunder(cx: &mut Ctx, this: Value, d: D, args: &[Value]) -> PyResult<Option<Value>> {
    maybe(cx, this, d, args)
}
