//! Operators, comparison, hash, repr, truth, length, items and membership.

use crate::attr::{lookup_attr, lookup_special_name, type_lookup};
use crate::call::call;
use crate::names::{N, name};
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use protocore::dict::exact_str;
use protocore::layouts::{ComplexObj, FloatObj, IntRef, StrObj};
use protocore::types::BinaryFn;
use protocore::{CmpOp, Ctx, PyResult, Raised, Ty, TypeObj, Value};
use protopy_num::Int;
use std::borrow::Cow;

/// Binary operators (`divmod` included).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
#[repr(u8)]
pub enum BinOp {
    Add,
    Sub,
    Mul,
    MatMul,
    TrueDiv,
    FloorDiv,
    Mod,
    DivMod,
    Pow,
    LShift,
    RShift,
    And,
    Or,
    Xor,
}

impl BinOp {
    /// The operator as written.
    pub const fn symbol(self) -> &'static str {
        match self {
            BinOp::Add => "+",
            BinOp::Sub => "-",
            BinOp::Mul => "*",
            BinOp::MatMul => "@",
            BinOp::TrueDiv => "/",
            BinOp::FloorDiv => "//",
            BinOp::Mod => "%",
            BinOp::DivMod => "divmod()",
            BinOp::Pow => "** or pow()",
            BinOp::LShift => "<<",
            BinOp::RShift => ">>",
            BinOp::And => "&",
            BinOp::Or => "|",
            BinOp::Xor => "^",
        }
    }

    fn slot(self, t: &TypeObj) -> Option<BinaryFn> {
        let s = &t.slots;
        match self {
            BinOp::Add => s.add.get(),
            BinOp::Sub => s.sub.get(),
            BinOp::Mul => s.mul.get(),
            BinOp::MatMul => s.matmul.get(),
            BinOp::TrueDiv => s.truediv.get(),
            BinOp::FloorDiv => s.floordiv.get(),
            BinOp::Mod => s.modulo.get(),
            BinOp::DivMod => s.divmod.get(),
            BinOp::Pow => None,
            BinOp::LShift => s.lshift.get(),
            BinOp::RShift => s.rshift.get(),
            BinOp::And => s.and.get(),
            BinOp::Or => s.or.get(),
            BinOp::Xor => s.xor.get(),
        }
    }

    fn inplace_slot(self, t: &TypeObj) -> Option<BinaryFn> {
        let s = &t.slots;
        match self {
            BinOp::Add => s.iadd.get(),
            BinOp::Sub => s.isub.get(),
            BinOp::Mul => s.imul.get(),
            BinOp::MatMul => s.imatmul.get(),
            BinOp::TrueDiv => s.itruediv.get(),
            BinOp::FloorDiv => s.ifloordiv.get(),
            BinOp::Mod => s.imodulo.get(),
            BinOp::LShift => s.ilshift.get(),
            BinOp::RShift => s.irshift.get(),
            BinOp::And => s.iand.get(),
            BinOp::Or => s.ior.get(),
            BinOp::Xor => s.ixor.get(),
            BinOp::DivMod | BinOp::Pow => None,
        }
    }
}

/// Tries the operands' slots in Python's order; `NotImplemented` if none answers.
fn binary_slots(cx: &mut Ctx, op: BinOp, a: Value, b: Value) -> PyResult {
    let (ta, tb) = (cx.type_of(a), cx.type_of(b));
    let fa = op.slot(ta);
    let fb = if std::ptr::eq(ta, tb) { None } else { op.slot(tb) };
    // The same function on both sides sees both operands at its first call.
    let fb = fb.filter(|f| fa.is_none_or(|g| *f as usize != g as usize));
    match (fa, fb) {
        (Some(f), Some(g)) => {
            if tb.is_subtype(ta.value()) {
                let r = g(cx, a, b)?;
                if !r.is(Value::NOT_IMPLEMENTED) {
                    return Ok(r);
                }
                return f(cx, a, b);
            }
            let r = f(cx, a, b)?;
            if !r.is(Value::NOT_IMPLEMENTED) {
                return Ok(r);
            }
            g(cx, a, b)
        }
        (Some(f), None) => f(cx, a, b),
        (None, Some(g)) => g(cx, a, b),
        (None, None) => Ok(Value::NOT_IMPLEMENTED),
    }
}

/// `a op b`.
pub fn binary_op(cx: &mut Ctx, op: BinOp, a: Value, b: Value) -> PyResult {
    if op == BinOp::Pow {
        return power(cx, a, b, Value::NONE);
    }
    let r = binary_slots(cx, op, a, b)?;
    if !r.is(Value::NOT_IMPLEMENTED) {
        return Ok(r);
    }
    sequence_op(cx, op, a, b, false)
}

/// The sequence forms of `+` and `*`, tried last; TypeError if they do not apply either.
fn sequence_op(cx: &mut Ctx, op: BinOp, a: Value, b: Value, inplace: bool) -> PyResult {
    let (ta, tb) = (cx.type_of(a), cx.type_of(b));
    match op {
        BinOp::Add => {
            let f = if inplace { ta.slots.sq_iconcat.get() } else { None };
            if let Some(f) = f.or_else(|| ta.slots.sq_concat.get()) {
                return f(cx, a, b);
            }
        }
        BinOp::Mul => {
            let f = if inplace { ta.slots.sq_irepeat.get() } else { None };
            if let Some(f) = f.or_else(|| ta.slots.sq_repeat.get()) {
                let n = repeat_count(cx, b)?;
                return f(cx, a, n);
            }
            if let Some(f) = tb.slots.sq_repeat.get() {
                let n = repeat_count(cx, a)?;
                return f(cx, b, n);
            }
        }
        _ => {}
    }
    Err(unsupported(cx, op, a, b, inplace))
}

fn repeat_count(cx: &mut Ctx, n: Value) -> PyResult {
    if cx.type_of(n).slots.index.address() == 0 {
        let msg = format!("can't multiply sequence by non-int of type '{}'", tp_name(cx, n));
        return Err(cx.type_error(&msg));
    }
    let n = index_i64(cx, n, Ty::OverflowError)?;
    Ok(cx.int(n))
}

/// Raises "unsupported operand type(s) for …".
#[cold]
pub fn unsupported(cx: &mut Ctx, op: BinOp, a: Value, b: Value, inplace: bool) -> Raised {
    let (ta, tb) = (tp_name(cx, a), tp_name(cx, b));
    let symbol = match (op, inplace) {
        (BinOp::Pow, true) => "**=".to_owned(),
        (op, true) => format!("{}=", op.symbol()),
        (op, false) => op.symbol().to_owned(),
    };
    let msg = format!("unsupported operand type(s) for {symbol}: '{ta}' and '{tb}'");
    cx.type_error(&msg)
}

/// `a op= b`.
pub fn inplace_op(cx: &mut Ctx, op: BinOp, a: Value, b: Value) -> PyResult {
    let ta = cx.type_of(a);
    if op == BinOp::Pow {
        if let Some(f) = ta.slots.ipow.get() {
            let r = f(cx, a, b, Value::NONE)?;
            if !r.is(Value::NOT_IMPLEMENTED) {
                return Ok(r);
            }
        }
        let r = power_slots(cx, a, b, Value::NONE)?;
        return if r.is(Value::NOT_IMPLEMENTED) { Err(unsupported(cx, op, a, b, true)) } else { Ok(r) };
    }
    if let Some(f) = op.inplace_slot(ta) {
        let r = f(cx, a, b)?;
        if !r.is(Value::NOT_IMPLEMENTED) {
            return Ok(r);
        }
    }
    let r = binary_slots(cx, op, a, b)?;
    if !r.is(Value::NOT_IMPLEMENTED) {
        return Ok(r);
    }
    sequence_op(cx, op, a, b, true)
}

fn power_slots(cx: &mut Ctx, a: Value, b: Value, c: Value) -> PyResult {
    let (ta, tb) = (cx.type_of(a), cx.type_of(b));
    let fa = ta.slots.pow.get();
    let fb = if std::ptr::eq(ta, tb) { None } else { tb.slots.pow.get() };
    let fb = fb.filter(|f| fa.is_none_or(|g| *f as usize != g as usize));
    let first_b = fb.is_some() && fa.is_some() && tb.is_subtype(ta.value());
    let order = if first_b { [fb, fa] } else { [fa, fb] };
    for f in order.into_iter().flatten() {
        let r = f(cx, a, b, c)?;
        if !r.is(Value::NOT_IMPLEMENTED) {
            return Ok(r);
        }
    }
    if !c.is_none() {
        let tc = cx.type_of(c);
        if let Some(f) = tc.slots.pow.get()
            && fa.is_none_or(|g| f as usize != g as usize)
            && fb.is_none_or(|g| f as usize != g as usize)
        {
            return f(cx, a, b, c);
        }
    }
    Ok(Value::NOT_IMPLEMENTED)
}

/// `pow(a, b, c)`; `c` is None for `a ** b`.
pub fn power(cx: &mut Ctx, a: Value, b: Value, c: Value) -> PyResult {
    let r = power_slots(cx, a, b, c)?;
    if !r.is(Value::NOT_IMPLEMENTED) {
        return Ok(r);
    }
    if c.is_none() {
        return Err(unsupported(cx, BinOp::Pow, a, b, false));
    }
    let msg = format!(
        "unsupported operand type(s) for ** or pow(): '{}', '{}', '{}'",
        tp_name(cx, a),
        tp_name(cx, b),
        tp_name(cx, c)
    );
    Err(cx.type_error(&msg))
}

/// Unary operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum UnOp {
    Neg,
    Pos,
    Invert,
    Abs,
}

/// `op a`.
pub fn unary_op(cx: &mut Ctx, op: UnOp, a: Value) -> PyResult {
    let s = &cx.type_of(a).slots;
    let (f, text) = match op {
        UnOp::Neg => (s.neg.get(), "unary -"),
        UnOp::Pos => (s.pos.get(), "unary +"),
        UnOp::Invert => (s.invert.get(), "unary ~"),
        UnOp::Abs => (s.abs.get(), "abs()"),
    };
    match f {
        Some(f) => f(cx, a),
        None => {
            let msg = format!("bad operand type for {text}: '{}'", tp_name(cx, a));
            Err(cx.type_error(&msg))
        }
    }
}

// ---------------------------------------------------------------------------------------------------- comparison

/// `a op b` for comparison operators.
pub fn compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    if let (Some(x), Some(y)) = (a.as_small(), b.as_small()) {
        return Ok(Value::bool(op.holds(x.cmp(&y))));
    }
    cx.check_native_stack(" in comparison")?;
    let (ta, tb) = (cx.type_of(a), cx.type_of(b));
    let mut tried_b = false;
    if !std::ptr::eq(ta, tb)
        && tb.is_subtype(ta.value())
        && let Some(f) = tb.slots.compare.get()
    {
        tried_b = true;
        let r = f(cx, b, a, op.swapped())?;
        if !r.is(Value::NOT_IMPLEMENTED) {
            return Ok(r);
        }
    }
    if let Some(f) = ta.slots.compare.get() {
        let r = f(cx, a, b, op)?;
        if !r.is(Value::NOT_IMPLEMENTED) {
            return Ok(r);
        }
    }
    if !tried_b && let Some(f) = tb.slots.compare.get() {
        let r = f(cx, b, a, op.swapped())?;
        if !r.is(Value::NOT_IMPLEMENTED) {
            return Ok(r);
        }
    }
    match op {
        CmpOp::Eq => Ok(Value::bool(a.is(b))),
        CmpOp::Ne => Ok(Value::bool(!a.is(b))),
        _ => {
            let msg = format!(
                "'{}' not supported between instances of '{}' and '{}'",
                op.symbol(),
                tp_name(cx, a),
                tp_name(cx, b)
            );
            Err(cx.type_error(&msg))
        }
    }
}

/// Truth of a comparison; identity makes `==` true and `!=` false, as containers want it.
pub fn compare_bool(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult<bool> {
    if a.is(b) && matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(op == CmpOp::Eq);
    }
    if let (Some(x), Some(y)) = (exact_str(a), exact_str(b))
        && matches!(op, CmpOp::Eq | CmpOp::Ne)
    {
        return Ok(x.same(y) == (op == CmpOp::Eq));
    }
    let r = compare(cx, a, b, op)?;
    is_true(cx, r)
}

/// `a is b or a == b`.
#[inline]
pub fn eq(cx: &mut Ctx, a: Value, b: Value) -> PyResult<bool> {
    if a.is(b) {
        return Ok(true);
    }
    if a.is_small() && b.is_small() {
        return Ok(false);
    }
    compare_bool(cx, a, b, CmpOp::Eq)
}

// ---------------------------------------------------------------------------------------------------- truth, hash, text

/// `bool(v)`.
#[inline]
pub fn is_true(cx: &mut Ctx, v: Value) -> PyResult<bool> {
    if v.is_bool() {
        return Ok(v.is(Value::TRUE));
    }
    if v.is_none() {
        return Ok(false);
    }
    if let Some(n) = v.as_small() {
        return Ok(n != 0);
    }
    is_true_slow(cx, v)
}

fn is_true_slow(cx: &mut Ctx, v: Value) -> PyResult<bool> {
    let s = &cx.type_of(v).slots;
    if let Some(f) = s.bool.get() {
        return f(cx, v);
    }
    if let Some(f) = s.len.get() {
        return Ok(f(cx, v)? != 0);
    }
    Ok(true)
}

/// `hash(v)`; TypeError if it is unhashable.
#[inline]
pub fn hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    if let Some(n) = v.as_small()
        && n.unsigned_abs() < (1 << 61) - 1
    {
        return Ok(if n == -1 { -2 } else { n });
    }
    if exact_str(v).is_some() {
        return Ok(cx.str_hash(v));
    }
    match cx.type_of(v).slots.hash.get() {
        Some(f) => f(cx, v),
        None => Err(unhashable(cx, v)),
    }
}

/// Raises "unhashable type: 'T'".
#[cold]
pub fn unhashable(cx: &mut Ctx, v: Value) -> Raised {
    let msg = format!("unhashable type: '{}'", tp_name(cx, v));
    cx.type_error(&msg)
}

/// Hash of an address, as `object.__hash__` gives it.
pub fn hash_pointer(v: Value) -> i64 {
    match (v.bits().rotate_right(4)) as i64 {
        -1 => -2,
        h => h,
    }
}

/// `repr(v)`, a str.
pub fn repr(cx: &mut Ctx, v: Value) -> PyResult {
    cx.check_native_stack(" while getting the repr of an object")?;
    let Some(f) = cx.type_of(v).slots.repr.get() else {
        let msg = format!("<{} object at {:#x}>", tp_name(cx, v), v.bits());
        return Ok(cx.str(&msg));
    };
    let r = f(cx, v)?;
    if StrObj::of(r).is_none() {
        let msg = format!("__repr__ returned non-string (type {})", tp_name(cx, r));
        return Err(cx.type_error(&msg));
    }
    Ok(r)
}

/// `repr(v)` as Rust text, for messages.
pub fn repr_text(cx: &mut Ctx, v: Value) -> PyResult<String> {
    let r = repr(cx, v)?;
    Ok(StrObj::of(r).map_or_else(String::new, StrObj::to_string_lossy))
}

/// `str(v)`.
pub fn str(cx: &mut Ctx, v: Value) -> PyResult {
    if exact_str(v).is_some() {
        return Ok(v);
    }
    cx.check_native_stack(" while getting the str of an object")?;
    let slots = &cx.type_of(v).slots;
    let r = match slots.str.get() {
        // The inherited `__str__` is `__repr__`, whose result is checked here under the name that was asked for.
        Some(f) if slots.str.address() == cx.ty(Ty::Object).slots.str.address() => {
            let repr = slots.repr.get();
            bytes_as_text(cx, v)?;
            match repr {
                Some(repr) => repr(cx, v)?,
                None => f(cx, v)?,
            }
        }
        Some(f) => f(cx, v)?,
        None => return repr(cx, v),
    };
    if StrObj::of(r).is_none() {
        let msg = format!("__str__ returned non-string (type {})", tp_name(cx, r));
        return Err(cx.type_error(&msg));
    }
    Ok(r)
}

/// Under `-b`: warns of `str(v)` for bytes.
fn bytes_as_text(cx: &mut Ctx, v: Value) -> PyResult<()> {
    if cx.space().bytes_warning.load(std::sync::atomic::Ordering::Relaxed) == 0 {
        return Ok(());
    }
    let what = match v.header().map(|_| cx.type_of(v)) {
        Some(t) if t.is_subtype(cx.ty(Ty::Bytes).value()) => "bytes",
        Some(t) if t.is_subtype(cx.ty(Ty::ByteArray).value()) => "bytearray",
        _ => return Ok(()),
    };
    crate::errors::warn(cx, Ty::BytesWarning, &format!("str() on a {what} instance"), 1)
}

/// Under `-b`: warns of a comparison of bytes with text or, where `with_int`, with an int.
#[cold]
pub fn bytes_compared(cx: &mut Ctx, what: &str, other: Value, op: CmpOp, with_int: bool) -> PyResult<()> {
    if cx.space().bytes_warning.load(std::sync::atomic::Ordering::Relaxed) == 0
        || !matches!(op, CmpOp::Eq | CmpOp::Ne)
    {
        return Ok(());
    }
    let kind = if StrObj::of(other).is_some() {
        "string"
    } else if with_int && protocore::layouts::IntRef::of(other).is_some() {
        "int"
    } else {
        return Ok(());
    };
    crate::errors::warn(cx, Ty::BytesWarning, &format!("Comparison between {what} and {kind}"), 1)
}

/// `str(v)` as Rust text, for messages.
pub fn str_text(cx: &mut Ctx, v: Value) -> PyResult<String> {
    let r = str(cx, v)?;
    Ok(StrObj::of(r).map_or_else(String::new, StrObj::to_string_lossy))
}

/// `ascii(v)`.
pub fn ascii(cx: &mut Ctx, v: Value) -> PyResult {
    let r = repr(cx, v)?;
    let Some(s) = StrObj::of(r) else { return Ok(r) };
    if s.is_ascii() {
        return Ok(r);
    }
    let text = s.str_ref();
    let out = cx.computing(text.len(), || {
        let mut out = String::new();
        for c in text.chars() {
            match c {
                0..=0x7f => out.push(c as u8 as char),
                0x80..=0xff => out.push_str(&format!("\\x{c:02x}")),
                0x100..=0xffff => out.push_str(&format!("\\u{c:04x}")),
                _ => out.push_str(&format!("\\U{c:08x}")),
            }
        }
        out
    });
    crate::roots::keep_alive(r);
    Ok(cx.str(&out))
}

/// `format(v, spec)`; the specification is a str.
pub fn format(cx: &mut Ctx, v: Value, spec: Value) -> PyResult {
    if StrObj::of(spec).is_some_and(StrObj::is_empty) {
        if exact_str(v).is_some() {
            return Ok(v);
        }
        if v.is_small() {
            return str(cx, v);
        }
    }
    let n = name(cx, N::Format);
    let Some(m) = lookup_special_name(cx, v, n)? else {
        let msg = format!("Type {} doesn't define __format__", tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    let r = call(cx, m, &[spec])?;
    if StrObj::of(r).is_none() {
        let msg = format!("__format__ must return a str, not {}", tp_name(cx, r));
        return Err(cx.type_error(&msg));
    }
    Ok(r)
}

/// Enters `v` into the set of objects being represented; `false` if it is in it already.
pub fn enter_repr(cx: &mut Ctx, v: Value) -> bool {
    if cx.repr_stack.contains(&v) {
        return false;
    }
    cx.repr_stack.push(v);
    true
}

/// Undoes [`enter_repr`].
pub fn leave_repr(cx: &mut Ctx, v: Value) {
    if let Some(i) = cx.repr_stack.iter().rposition(|x| x.is(v)) {
        cx.repr_stack.remove(i);
    }
}

// ---------------------------------------------------------------------------------------------------- items

/// `len(v)`.
pub fn len(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    match cx.type_of(v).slots.len.get() {
        Some(f) => f(cx, v),
        None => {
            let msg = format!("object of type '{}' has no len()", tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

/// `operator.length_hint(v, default)`.
pub fn length_hint(cx: &mut Ctx, v: Value, default: usize) -> PyResult<usize> {
    if let Some(f) = cx.type_of(v).slots.len.get() {
        match f(cx, v) {
            Ok(n) => return Ok(n),
            Err(r) => {
                let e = cx.take_raised(r);
                if !cx.is_instance(e, Ty::TypeError) {
                    return Err(cx.set_raised(e));
                }
            }
        }
    }
    let n = name(cx, N::LengthHint);
    let Some(m) = lookup_special_name(cx, v, n)? else { return Ok(default) };
    let r = match call(cx, m, &[]) {
        Ok(r) => r,
        Err(r) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::TypeError) {
                return Ok(default);
            }
            return Err(cx.set_raised(e));
        }
    };
    if r.is(Value::NOT_IMPLEMENTED) {
        return Ok(default);
    }
    match IntRef::of(r) {
        Some(i) if i.signum() < 0 => Err(cx.value_error("__length_hint__() should return >= 0")),
        Some(i) => match i.to_i64() {
            Some(n) => Ok(n as usize),
            None => Err(cx.raise_str(Ty::OverflowError, "cannot fit 'int' into an index-sized integer")),
        },
        None => {
            let msg = format!("__length_hint__ must be an integer, not {}", tp_name(cx, r));
            Err(cx.type_error(&msg))
        }
    }
}

/// `o[k]`.
pub fn get_item(cx: &mut Ctx, o: Value, k: Value) -> PyResult {
    let ty = cx.type_of(o);
    if let Some(f) = ty.slots.getitem.get() {
        return f(cx, o, k);
    }
    if let Some(t) = TypeObj::of(o) {
        if std::ptr::eq(t, cx.ty(Ty::Type)) {
            return crate::iter::generic_alias(cx, o, k);
        }
        let n = name(cx, N::ClassGetItem);
        if let Some(attr) = type_lookup(cx, t, n) {
            // Bound to the class, as an attribute of it.
            let at = cx.type_of(attr);
            let m = match at.slots.descr_get.get() {
                Some(get) => get(cx, attr, None, o)?,
                None => attr,
            };
            if !m.is_none() {
                return call(cx, m, &[k]);
            }
        }
        let shown = t.name.get().and_then(StrObj::of).map_or_else(String::new, StrObj::to_string_lossy);
        let msg = format!("type '{shown}' is not subscriptable");
        return Err(cx.type_error(&msg));
    }
    let msg = format!("'{}' object is not subscriptable", tp_name(cx, o));
    Err(cx.type_error(&msg))
}

/// `o[k] = v`, or `del o[k]` for `None`.
pub fn set_item(cx: &mut Ctx, o: Value, k: Value, v: Option<Value>) -> PyResult<()> {
    match cx.type_of(o).slots.setitem.get() {
        Some(f) => f(cx, o, k, v),
        None => {
            // Types that have any part of the protocol of sequences say it so for what may be an index.
            let s = &cx.type_of(o).slots;
            let sequence = (s.len.address() != 0 && s.getitem.address() != 0 || s.contains.address() != 0)
                && (k.is_small() || cx.type_of(k).slots.index.address() != 0);
            let what = match v {
                Some(_) => "does not support item assignment",
                None if sequence => "doesn't support item deletion",
                None => "does not support item deletion",
            };
            let msg = format!("'{}' object {what}", tp_name(cx, o));
            Err(cx.type_error(&msg))
        }
    }
}

/// `x in container`.
pub fn contains(cx: &mut Ctx, container: Value, x: Value) -> PyResult<bool> {
    if let Some(f) = cx.type_of(container).slots.contains.get() {
        return f(cx, container, x);
    }
    let it = match crate::iter::iter(cx, container) {
        Ok(it) => it,
        Err(r) => {
            let e = cx.take_raised(r);
            if !cx.is_instance(e, Ty::TypeError) {
                return Err(cx.set_raised(e));
            }
            let msg = format!("argument of type '{}' is not a container or iterable", tp_name(cx, container));
            return Err(cx.type_error(&msg));
        }
    };
    while let Some(v) = crate::iter::next(cx, it)? {
        if eq(cx, v, x)? {
            return Ok(true);
        }
    }
    Ok(false)
}

// ---------------------------------------------------------------------------------------------------- numbers

/// `operator.index(v)`: an exact int.
pub fn index(cx: &mut Ctx, v: Value) -> PyResult {
    if v.is_small() {
        return Ok(v);
    }
    if let Some(i) = IntRef::of(v) {
        if cx.is_exact(v, Ty::Int) {
            return Ok(v);
        }
        return Ok(int_from_ref(cx, i));
    }
    let Some(f) = cx.type_of(v).slots.index.get() else {
        let msg = format!("'{}' object cannot be interpreted as an integer", tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    let r = f(cx, v)?;
    match IntRef::of(r) {
        Some(_) if cx.is_exact(r, Ty::Int) => Ok(r),
        Some(i) => {
            let msg = format!(
                "__index__ returned non-int (type {}).  The ability to return an instance of a strict subclass of int is \
                 deprecated, and may be removed in a future version of Python.",
                tp_name(cx, r)
            );
            crate::errors::warn(cx, Ty::DeprecationWarning, &msg, 1)?;
            Ok(int_from_ref(cx, i))
        }
        None => {
            let msg = format!("__index__ returned non-int (type {})", tp_name(cx, r));
            Err(cx.type_error(&msg))
        }
    }
}

/// An exact int of the same value.
pub fn int_from_ref(cx: &mut Ctx, i: IntRef) -> Value {
    match i {
        IntRef::Small(n) => cx.int(n),
        IntRef::Big(b) => cx.bigint(b.clone()),
    }
}

/// `operator.index(v)` as `i64`; the given exception type if it does not fit.
pub fn index_i64(cx: &mut Ctx, v: Value, overflow: Ty) -> PyResult<i64> {
    let i = index(cx, v)?;
    match IntRef::of(i).and_then(IntRef::to_i64) {
        Some(n) => Ok(n),
        None => {
            let msg = format!("cannot fit '{}' into an index-sized integer", tp_name(cx, v));
            Err(cx.raise_str(overflow, &msg))
        }
    }
}

/// `operator.index(v)` clamped to the range of `i64`, as slices want it.
pub fn index_clamped(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let i = index(cx, v)?;
    Ok(match IntRef::of(i) {
        Some(IntRef::Small(n)) => n,
        Some(IntRef::Big(b)) if b.sign() == num_bigint::Sign::Minus => i64::MIN,
        _ => i64::MAX,
    })
}

/// `operator.index(v)` as a big integer.
pub fn index_big(cx: &mut Ctx, v: Value) -> PyResult<BigInt> {
    let i = index(cx, v)?;
    Ok(IntRef::of(i).map_or_else(BigInt::default, IntRef::to_big))
}

/// A slice bound: None and omitted give the default, others are clamped.
pub fn slice_bound(cx: &mut Ctx, v: Value, default: i64) -> PyResult<i64> {
    if v.is_none() || v.is_unbound() {
        return Ok(default);
    }
    if !v.is_small() && IntRef::of(v).is_none() && cx.type_of(v).slots.index.address() == 0 {
        return Err(cx.type_error("slice indices must be integers or None or have an __index__ method"));
    }
    index_clamped(cx, v)
}

/// A slice resolved against a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceRange {
    /// First index.
    pub start: i64,
    /// Bound (exclusive).
    pub stop: i64,
    /// Step, not 0.
    pub step: i64,
    /// Number of items.
    pub count: usize,
}

/// Resolves a slice's bounds, which may run `__index__`. The length is taken afterwards, since that code may change it.
pub fn slice_unpack(cx: &mut Ctx, s: &protocore::layouts::SliceObj) -> PyResult<(i64, i64, i64)> {
    let step = slice_bound(cx, s.step.get_or_none(), 1)?;
    if step == 0 {
        return Err(cx.value_error("slice step cannot be zero"));
    }
    let step = step.max(-i64::MAX);
    let start = slice_bound(cx, s.start.get_or_none(), if step < 0 { i64::MAX } else { 0 })?;
    let stop = slice_bound(cx, s.stop.get_or_none(), if step < 0 { i64::MIN } else { i64::MAX })?;
    Ok((start, stop, step))
}

/// Adjusts unpacked slice bounds to a length.
pub fn slice_adjust(len: usize, (start, stop, step): (i64, i64, i64)) -> SliceRange {
    let n = len as i64;
    let fix = |i: i64| -> i64 {
        let low = if step < 0 { -1 } else { 0 };
        let high = if step < 0 { n - 1 } else { n };
        if i < 0 { i.saturating_add(n).max(low) } else { i.min(high) }
    };
    let (start, stop) = (fix(start), fix(stop));
    let count = if step < 0 {
        if stop < start { ((start - stop - 1) / -step + 1) as usize } else { 0 }
    } else if start < stop {
        ((stop - start - 1) / step + 1) as usize
    } else {
        0
    };
    SliceRange { start, stop, step, count }
}

/// `float(v)` for numbers: float, `__float__`, `__index__`; TypeError "must be real number, not T".
pub fn float_of(cx: &mut Ctx, v: Value) -> PyResult<f64> {
    if let Some(f) = FloatObj::of(v) {
        return Ok(f);
    }
    if let Some(n) = v.as_small() {
        return Ok(n as f64);
    }
    let s = &cx.type_of(v).slots;
    if let Some(f) = s.float.get() {
        let r = f(cx, v)?;
        return match FloatObj::of(r) {
            Some(x) => {
                if !cx.is_exact(r, Ty::Float) {
                    let msg = format!(
                        "{}.__float__ returned non-float (type {}).  The ability to return an instance of a strict subclass \
                         of float is deprecated, and may be removed in a future version of Python.",
                        tp_name(cx, v),
                        tp_name(cx, r)
                    );
                    crate::errors::warn(cx, Ty::DeprecationWarning, &msg, 1)?;
                }
                Ok(x)
            }
            None => {
                let msg =
                    format!("{}.__float__ returned non-float (type {})", tp_name(cx, v), tp_name(cx, r));
                Err(cx.type_error(&msg))
            }
        };
    }
    if s.index.address() != 0 {
        let i = index(cx, v)?;
        return int_to_f64(cx, i);
    }
    let msg = format!("must be real number, not {}", tp_name(cx, v));
    Err(cx.type_error(&msg))
}

/// The parts of a complex number that `__complex__` makes of `v`; `None` if its type has no such method.
pub fn complex_special(cx: &mut Ctx, v: Value) -> PyResult<Option<(f64, f64)>> {
    if cx.is_exact(v, Ty::Complex) || cx.is_exact(v, Ty::Float) || cx.is_exact(v, Ty::Int) {
        return Ok(ComplexObj::of(v).map(|z| (z.re, z.im)));
    }
    let Some(r) = call_special(cx, v, N::Complex, &[])? else { return Ok(None) };
    let Some(z) = ComplexObj::of(r) else {
        let msg = format!("__complex__ returned non-complex (type {})", tp_name(cx, r));
        return Err(cx.type_error(&msg));
    };
    if !cx.is_exact(r, Ty::Complex) {
        let msg = format!(
            "__complex__ returned non-complex (type {}).  The ability to return an instance of a strict subclass of \
             complex is deprecated, and may be removed in a future version of Python.",
            tp_name(cx, r)
        );
        crate::errors::warn(cx, Ty::DeprecationWarning, &msg, 1)?;
    }
    let parts = (z.re, z.im);
    crate::roots::keep_alive(r);
    Ok(Some(parts))
}

/// The parts of a number as a complex one: complex, `__complex__`, or as [`float_of`].
pub fn complex_of(cx: &mut Ctx, v: Value) -> PyResult<(f64, f64)> {
    if let Some(z) = ComplexObj::of(v) {
        return Ok((z.re, z.im));
    }
    match complex_special(cx, v)? {
        Some(parts) => Ok(parts),
        None => Ok((float_of(cx, v)?, 0.0)),
    }
}

/// The name of a value's type as most messages have it: [`type_tp_name`].
#[cold]
pub fn tp_name(cx: &mut Ctx, v: Value) -> String {
    let t = cx.type_of(v);
    type_tp_name(cx, t)
}

/// The name of a type as most messages have it: with the module for native types outside of `builtins`, the bare
/// name for classes made by a program and for exceptions.
#[cold]
pub fn type_tp_name(cx: &mut Ctx, t: &TypeObj) -> String {
    use protocore::types::type_flags::{COLLECTABLE, EXCEPTION};
    if t.has(COLLECTABLE) || t.has(EXCEPTION) {
        return crate::errors::type_text(t);
    }
    crate::types::attrs::full_name(cx, t)
}

/// [`type_tp_name`] of a type that a slot refers to.
#[cold]
pub fn owner_tp_name(cx: &mut Ctx, owner: &protocore::Slot) -> String {
    match owner.get().and_then(TypeObj::of) {
        Some(t) => type_tp_name(cx, t),
        None => String::new(),
    }
}

/// The name of a value's type with its module, unless that is `builtins` or `__main__`, for messages.
pub fn full_type_name(cx: &mut Ctx, v: Value) -> String {
    let ty = cx.type_of(v);
    let text = |v: Option<Value>| v.and_then(StrObj::of).map_or_else(String::new, StrObj::to_string_lossy);
    let n = name(cx, N::Module);
    let module = match lookup_attr(cx, ty.value(), n) {
        Ok(m) => text(m),
        Err(r) => {
            cx.take_raised(r);
            String::new()
        }
    };
    let qualname = text(ty.qualname.get().or_else(|| ty.name.get()));
    if module.is_empty() || module == "builtins" || module == "__main__" {
        qualname
    } else {
        format!("{module}.{qualname}")
    }
}

/// An int as a float, correctly rounded; OverflowError.
pub fn int_to_f64(cx: &mut Ctx, v: Value) -> PyResult<f64> {
    match IntRef::of(v) {
        Some(IntRef::Small(n)) => Ok(n as f64),
        Some(IntRef::Big(b)) => match b.to_f64() {
            Some(f) if f.is_finite() => Ok(f),
            _ => Err(cx.raise_str(Ty::OverflowError, "int too large to convert to float")),
        },
        None => Ok(0.0),
    }
}

pub use crate::instances::*;

/// A computed integer as an object.
#[inline]
pub fn int_value(cx: &mut Ctx, n: Int) -> Value {
    match n {
        Int::Small(n) => cx.int(n),
        Int::Big(n) => cx.bigint(n),
    }
}

/// An integer's value as a big integer, borrowed if it is one. The owner must stay alive.
#[inline]
pub fn big(n: IntRef) -> Cow<'static, BigInt> {
    match n {
        IntRef::Small(n) => Cow::Owned(BigInt::from(n)),
        IntRef::Big(b) => Cow::Borrowed(b),
    }
}
