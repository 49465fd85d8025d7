//! The type `Decimal`: operators, comparison, hash, text.

use crate::context::Context;
use crate::create::decimal_new;
use crate::num::{
    Dec, DecRef, Kind, Rounding, Settings, Stop, arith, compare as order, convert, flags, power, text,
};
use crate::object::{
    Binary, Decimal, Operand, Runtime, apply, conclude, digits_in, int_operand, make, operand, run,
    run_apart, runtime_of, unary,
};
use crate::signals;
use num_bigint::BigInt;
use protopy_vm::protocore::layouts::{ComplexObj, FloatObj, IntRef};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{CmpOp, Ctx, Layout, NativeLayout, PyResult, Ty, Value};
use protopy_vm::{self as vm, TypeSpec};
use std::cmp::Ordering;

/// The state and the current context, from the operand that is a Decimal.
#[inline]
fn setting(cx: &mut Ctx, a: Value, b: Value) -> PyResult<(&'static Runtime, &'static Context)> {
    let owner = if a.native::<Decimal>().is_some() { a } else { b };
    let rt = runtime_of(cx, owner)?;
    let (_, ctx) = rt.current(cx)?;
    Ok((rt, ctx))
}

#[inline]
fn operator(cx: &mut Ctx, a: Value, b: Value, op: Binary) -> PyResult {
    let (Some(x), Some(y)) = (operand(cx, a)?, operand(cx, b)?) else { return Ok(Value::NOT_IMPLEMENTED) };
    let (rt, ctx) = setting(cx, a, b)?;
    let r = apply(cx, rt, ctx, &x, &y, op);
    vm::keep_alive(a);
    vm::keep_alive(b);
    r
}

fn add(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    operator(cx, a, b, |x, y, s, st, _| arith::add(x, y, false, s, st))
}

fn sub(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    operator(cx, a, b, |x, y, s, st, _| arith::add(x, y, true, s, st))
}

fn mul(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    operator(cx, a, b, arith::mul)
}

fn truediv(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    operator(cx, a, b, arith::divide)
}

fn floordiv(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    operator(cx, a, b, arith::divide_int)
}

fn modulo(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    operator(cx, a, b, arith::remainder)
}

fn divmod(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (Some(x), Some(y)) = (operand(cx, a)?, operand(cx, b)?) else { return Ok(Value::NOT_IMPLEMENTED) };
    let (rt, ctx) = setting(cx, a, b)?;
    let r = divmod_in(cx, rt, ctx, &x, &y);
    vm::keep_alive(a);
    vm::keep_alive(b);
    r
}

/// Quotient and remainder as a tuple.
pub fn divmod_in(cx: &mut Ctx, rt: &Runtime, ctx: &Context, x: &Operand, y: &Operand) -> PyResult {
    let (s, mut st) = (ctx.settings(), 0);
    let (q, r) = run(cx, |w| arith::divmod(x.view(), y.view(), &s, &mut st, w))?;
    let q = conclude(cx, rt, ctx, q, st)?;
    let r = make(cx, rt, r);
    cx.tuple_of(None, &[q, r])
}

fn pow(cx: &mut Ctx, a: Value, b: Value, c: Value) -> PyResult {
    let (Some(x), Some(y)) = (operand(cx, a)?, operand(cx, b)?) else { return Ok(Value::NOT_IMPLEMENTED) };
    if c.is_none() {
        let (rt, ctx) = setting(cx, a, b)?;
        let r = apply(cx, rt, ctx, &x, &y, power::power);
        vm::keep_alive(a);
        vm::keep_alive(b);
        return r;
    }
    let Some(z) = operand(cx, c)? else { return Ok(Value::NOT_IMPLEMENTED) };
    let owner = if b.native::<Decimal>().is_some() { b } else { c };
    let (rt, ctx) = setting(cx, a, owner)?;
    let r = power_mod_in(cx, rt, ctx, [&x, &y, &z]);
    vm::keep_alive(a);
    vm::keep_alive(b);
    vm::keep_alive(c);
    r
}

/// A power modulo an integer.
pub fn power_mod_in(cx: &mut Ctx, rt: &Runtime, ctx: &Context, [x, y, z]: [&Operand; 3]) -> PyResult {
    let (s, mut st) = (ctx.settings(), 0);
    let d = run(cx, |w| power::power_mod(x.view(), y.view(), z.view(), &s, &mut st, w))?;
    conclude(cx, rt, ctx, d, st)
}

fn this(cx: &mut Ctx, v: Value) -> PyResult<DecRef<'static>> {
    match v.native::<Decimal>() {
        Some(d) => Ok(d.view()),
        None => Err(cx.type_error("not a Decimal")),
    }
}

fn in_current(cx: &mut Ctx, v: Value, op: crate::object::Unary) -> PyResult {
    let rt = runtime_of(cx, v)?;
    let (_, ctx) = rt.current(cx)?;
    unary(cx, rt, ctx, v, op)
}

fn neg(cx: &mut Ctx, v: Value) -> PyResult {
    in_current(cx, v, crate::methods::minus)
}

fn pos(cx: &mut Ctx, v: Value) -> PyResult {
    in_current(cx, v, crate::methods::plus)
}

fn abs(cx: &mut Ctx, v: Value) -> PyResult {
    in_current(cx, v, crate::methods::abs)
}

fn bool_(cx: &mut Ctx, v: Value) -> PyResult<bool> {
    Ok(!this(cx, v)?.is_zero())
}

/// A number as an int, with a way to round.
pub fn to_int(cx: &mut Ctx, v: Value, rounding: Rounding) -> PyResult {
    let d = this(cx, v)?;
    match d.kind {
        Kind::Finite => {}
        Kind::Infinite => {
            return Err(cx.raise_str(Ty::OverflowError, "cannot convert Infinity to integer"));
        }
        _ => return Err(cx.value_error("cannot convert NaN to integer")),
    }
    let whole;
    let d = if d.exp < 0 && rounding != Rounding::Down {
        whole = run(cx, |_| order::rescale(d, 0, rounding, &mut 0))?;
        whole.view()
    } else {
        d
    };
    if let Some(n) = convert::to_small_int(d) {
        return Ok(cx.int(n));
    }
    let zeros = usize::try_from(d.exp).unwrap_or(0);
    let n = run_apart(cx, digits_in(d.coef).saturating_add(zeros), |w| convert::to_int(d, w))?;
    vm::keep_alive(v);
    Ok(cx.bigint(n))
}

fn int(cx: &mut Ctx, v: Value) -> PyResult {
    to_int(cx, v, Rounding::Down)
}

fn float(cx: &mut Ctx, v: Value) -> PyResult {
    let d = this(cx, v)?;
    let f = match d.kind {
        Kind::Finite => run_apart(cx, digits_in(d.coef), |_| convert::to_f64(d))?,
        Kind::Infinite if d.neg => f64::NEG_INFINITY,
        Kind::Infinite => f64::INFINITY,
        Kind::Quiet => f64::NAN.copysign(if d.neg { -1.0 } else { 1.0 }),
        Kind::Signaling => return Err(cx.value_error("cannot convert signaling NaN to float")),
    };
    vm::keep_alive(v);
    Ok(cx.float(f))
}

fn hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let d = this(cx, v)?;
    match d.kind {
        Kind::Signaling => Err(cx.type_error("Cannot hash a signaling NaN value")),
        Kind::Quiet => Ok(vm::ops::hash_pointer(v)),
        _ => Ok(convert::hash(d)),
    }
}

/// A number as text.
pub fn to_str(cx: &mut Ctx, d: DecRef<'_>, capitals: bool, engineering: bool) -> PyResult {
    let t = run_apart(cx, digits_in(d.coef), |_| text::to_text(d, capitals, engineering))?;
    cx.str_from(protopy_text::StrRef::Latin1(&t))
}

fn str(cx: &mut Ctx, v: Value) -> PyResult {
    let d = this(cx, v)?;
    // The context matters to the letter of an exponent only.
    let capitals = if d.kind == Kind::Finite && d.exp != 0 {
        let rt = runtime_of(cx, v)?;
        rt.current(cx)?.1.capitals()
    } else {
        true
    };
    let r = to_str(cx, d, capitals, false);
    vm::keep_alive(v);
    r
}

fn repr(cx: &mut Ctx, v: Value) -> PyResult {
    let d = this(cx, v)?;
    let rt = runtime_of(cx, v)?;
    let capitals = rt.current(cx)?.1.capitals();
    let out = run_apart(cx, digits_in(d.coef), |_| {
        let t = text::to_text(d, capitals, false)?;
        let mut out = Vec::new();
        out.try_reserve_exact(t.len() + 11).map_err(|_| Stop::Memory)?;
        out.extend_from_slice(b"Decimal('");
        out.extend_from_slice(&t);
        out.extend_from_slice(b"')");
        Ok(out)
    })?;
    vm::keep_alive(v);
    cx.str_from(protopy_text::StrRef::Latin1(&out))
}

// ---------------------------------------------------------------------------------------------------- comparison

/// The other operand of a comparison, and what `this` is multiplied by for a ratio; `None`: it is no number.
fn comparable(
    cx: &mut Ctx,
    rt: &Runtime,
    ctx: &Context,
    v: Value,
    op: CmpOp,
) -> PyResult<Option<(Operand, Option<Operand>)>> {
    if let Some(d) = operand(cx, v)? {
        return Ok(Some((d, None)));
    }
    let equality = matches!(op, CmpOp::Eq | CmpOp::Ne);
    let as_float = match FloatObj::of(v) {
        Some(f) => Some(f),
        None => ComplexObj::of(v).filter(|c| equality && c.im == 0.0).map(|c| c.re),
    };
    if let Some(f) = as_float {
        if equality {
            // Equality with a float is noted, but never raises.
            ctx.add_flags(flags::FLOAT_OPERATION);
        } else {
            signals::note(cx, rt, ctx, flags::FLOAT_OPERATION)?;
        }
        let d = run(cx, |w| convert::from_f64(f, w))?;
        return Ok(Some((Operand::Made(d), None)));
    }
    let rational = rt.rational.get_or_none();
    if vm::ops::is_instance(cx, v, rational)? {
        let n = vm::get_attr_str(cx, v, "numerator")?;
        let d = vm::get_attr_str(cx, v, "denominator")?;
        // Integers only: a number that nobody else keeps could go away before it is compared.
        if let (Some(n), Some(d)) = (IntRef::of(n), IntRef::of(d)) {
            let (n, d) = (int_operand(cx, n)?, int_operand(cx, d)?);
            return Ok(Some((Operand::Made(n), Some(Operand::Made(d)))));
        }
    }
    Ok(None)
}

fn compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let x = this(cx, a)?;
    if let Some(y) = b.native::<Decimal>() {
        let y = y.view();
        if !x.is_nan() && !y.is_nan() {
            return Ok(Value::bool(op.holds(order::order(x, y))));
        }
    }
    let rt = runtime_of(cx, a)?;
    let (_, ctx) = rt.current(cx)?;
    let Some((y, factor)) = comparable(cx, rt, ctx, b, op)? else { return Ok(Value::NOT_IMPLEMENTED) };
    let r = compare_slow(cx, rt, ctx, x, &y, factor.as_ref(), op);
    vm::keep_alive(a);
    vm::keep_alive(b);
    r
}

fn compare_slow(
    cx: &mut Ctx,
    rt: &Runtime,
    ctx: &Context,
    x: DecRef<'_>,
    y: &Operand,
    factor: Option<&Operand>,
    op: CmpOp,
) -> PyResult {
    let y = y.view();
    if x.is_nan() || y.is_nan() {
        let signaling = x.kind == Kind::Signaling || y.kind == Kind::Signaling;
        if signaling || !matches!(op, CmpOp::Eq | CmpOp::Ne) {
            signals::note(cx, rt, ctx, flags::INVALID_OPERATION)?;
        }
        return Ok(Value::bool(op == CmpOp::Ne));
    }
    let o = match factor {
        Some(d) if x.is_finite() => {
            let p = run(cx, |w| {
                let coef = crate::num::mul::mul(x.coef, d.view().coef, w)?;
                Ok(Dec::finite(x.neg, coef, x.exp))
            })?;
            order::order(p.view(), y)
        }
        Some(_) if x.neg => Ordering::Less,
        Some(_) => Ordering::Greater,
        None => order::order(x, y),
    };
    Ok(Value::bool(op.holds(o)))
}

/// `Decimal.__round__`
pub fn round(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if a[1].is_unbound() {
        return to_int(cx, a[0], Rounding::HalfEven);
    }
    let Some(n) = IntRef::of(a[1]) else {
        return Err(cx.type_error("optional arg must be an integer"));
    };
    let Some(n) = n.to_i64() else {
        return Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t"));
    };
    let x = this(cx, a[0])?;
    let rt = runtime_of(cx, a[0])?;
    let (_, ctx) = rt.current(cx)?;
    let (s, mut st): (Settings, _) = (ctx.settings(), 0);
    let exp =
        Dec::of(false, 1, n.saturating_neg().clamp(-4_000_000_000_000_000_000, 4_000_000_000_000_000_000));
    let d = run(cx, |_| order::quantize(x, exp.view(), &s, &mut st))?;
    conclude(cx, rt, ctx, d, st)
}

/// `Decimal.as_integer_ratio`
pub fn ratio(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = this(cx, a[0])?;
    match d.kind {
        Kind::Finite => {}
        Kind::Infinite => {
            return Err(cx.raise_str(Ty::OverflowError, "cannot convert Infinity to integer ratio"));
        }
        _ => return Err(cx.value_error("cannot convert NaN to integer ratio")),
    }
    let size = digits_in(d.coef).saturating_add(usize::try_from(d.exp.unsigned_abs()).unwrap_or(usize::MAX));
    let (n, d): (BigInt, BigInt) = run_apart(cx, size, |w| convert::ratio(d, w))?;
    vm::keep_alive(a[0]);
    let pair = [cx.bigint(n), cx.bigint(d)];
    cx.tuple_of(None, &pair)
}

/// `Decimal.as_tuple`
pub fn as_tuple(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = this(cx, a[0])?;
    let digits = match d.kind {
        Kind::Infinite => vec![b'0'],
        Kind::Quiet | Kind::Signaling if d.coef.is_empty() => Vec::new(),
        _ => run_apart(cx, digits_in(d.coef), |_| text::digits_of(d.coef))?,
    };
    let mut items = Vec::new();
    if items.try_reserve_exact(digits.len()).is_err() {
        return Err(cx.no_memory());
    }
    items.extend(digits.iter().map(|b| Value::small(i64::from(b - b'0'))));
    let digits = cx.tuple_of(None, &items)?;
    let exp = match d.kind {
        Kind::Finite => cx.int(d.exp),
        Kind::Infinite => cx.str("F"),
        Kind::Quiet => cx.str("n"),
        Kind::Signaling => cx.str("N"),
    };
    let rt = runtime_of(cx, a[0])?;
    vm::call(cx, rt.tuple.get_or_none(), &[Value::small(i64::from(d.neg)), digits, exp])
}

/// `Decimal`
pub static DECIMAL: TypeSpec = TypeSpec {
    name: "Decimal",
    module: "decimal",
    layout: Layout::Native,
    vt: Some(<Decimal as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(decimal_new),
        repr: Some(repr),
        str: Some(str),
        hash: Some(hash),
        compare: Some(compare),
        bool: Some(bool_),
        int: Some(int),
        float: Some(float),
        neg: Some(neg),
        pos: Some(pos),
        abs: Some(abs),
        add: Some(add),
        sub: Some(sub),
        mul: Some(mul),
        truediv: Some(truediv),
        floordiv: Some(floordiv),
        modulo: Some(modulo),
        divmod: Some(divmod),
        pow: Some(pow),
        ..SlotSpec::NONE
    },
    methods: crate::methods::METHODS,
    getsets: crate::methods::GETSETS,
    doc: "Decimal numbers of any precision: text, ints, floats, tuples or Decimals, taken exactly.",
    sig: Some("(value='0', context=None)"),
    ..TypeSpec::BASE
};
