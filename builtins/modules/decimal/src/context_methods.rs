//! The methods of `Context`: the operations with this context, whichever the thread's is.

use crate::context::{
    self, ATTRIBUTES, Context, context_init, context_new, context_repr, context_setattr, this,
};
use crate::create;
use crate::decimal::{divmod_in, power_mod_in, to_str};
use crate::methods::{self as ops, Question, ask};
use crate::num::{Dec, DecRef, Res, Settings, Status, Work, arith, digits, elementary, power};
use crate::object::{Binary, Runtime, Unary, argument, binary, make, run, runtime_of, unary};
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Layout, NativeLayout, PyResult, Value};
use protopy_vm::{self as vm, TypeSpec, methods};

fn setting(cx: &mut Ctx, v: Value) -> PyResult<(&'static Runtime, &'static Context)> {
    let ctx = this(cx, v)?;
    Ok((runtime_of(cx, v)?, ctx))
}

fn one(cx: &mut Ctx, a: &[Value], op: Unary) -> PyResult {
    let (rt, ctx) = setting(cx, a[0])?;
    unary(cx, rt, ctx, a[1], op)
}

fn two(cx: &mut Ctx, a: &[Value], op: Binary) -> PyResult {
    let (rt, ctx) = setting(cx, a[0])?;
    let r = binary(cx, rt, ctx, a[1], a[2], op);
    vm::keep_alive(a[1]);
    vm::keep_alive(a[2]);
    r
}

/// Operations that leave the number as it is.
fn exact(cx: &mut Ctx, a: &[Value], f: fn(DecRef<'_>) -> DecRef<'_>) -> PyResult {
    let (rt, _) = setting(cx, a[0])?;
    let x = argument(cx, a[1])?;
    let d = run(cx, |_| f(x.view()).owned())?;
    Ok(make(cx, rt, d))
}

/// The operand as a Decimal.
fn as_decimal(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if a[1].native::<crate::object::Decimal>().is_some() {
        return Ok(a[1]);
    }
    exact(cx, a, |d| d)
}

fn asked(cx: &mut Ctx, a: &[Value], q: Question) -> PyResult {
    let (_, ctx) = setting(cx, a[0])?;
    let x = argument(cx, a[1])?;
    Ok(Value::bool(ask(x.view(), q, &ctx.settings())))
}

fn divmod(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (rt, ctx) = setting(cx, a[0])?;
    let (x, y) = (argument(cx, a[1])?, argument(cx, a[2])?);
    divmod_in(cx, rt, ctx, &x, &y)
}

fn pow(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (rt, ctx) = setting(cx, a[0])?;
    let (x, y) = (argument(cx, a[1])?, argument(cx, a[2])?);
    if a[3].is_none() {
        return crate::object::apply(cx, rt, ctx, &x, &y, power::power);
    }
    let z = argument(cx, a[3])?;
    power_mod_in(cx, rt, ctx, [&x, &y, &z])
}

fn fma(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (rt, ctx) = setting(cx, a[0])?;
    ops::fma(cx, rt, ctx, [a[1], a[2], a[3]])
}

fn same_quantum(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (x, y) = (argument(cx, a[1])?, argument(cx, a[2])?);
    Ok(Value::bool(ops::same_quantum(x.view(), y.view())))
}

fn number_class(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, ctx) = setting(cx, a[0])?;
    let x = argument(cx, a[1])?;
    Ok(cx.str(digits::class(x.view(), &ctx.settings())))
}

fn text(cx: &mut Ctx, a: &[Value], engineering: bool) -> PyResult {
    let (_, ctx) = setting(cx, a[0])?;
    let x = argument(cx, a[1])?;
    to_str(cx, x.view(), ctx.capitals(), engineering)
}

fn apply(cx: &mut Ctx, a: &[Value]) -> PyResult {
    one(cx, a, round_to)
}

/// Rounds a number to the context; NaNs that signal stay so.
fn round_to(x: DecRef<'_>, s: &Settings, st: &mut Status, _: &mut Work) -> Res<Dec> {
    crate::num::text::in_context(Some(x.owned()?), s, st)
}

fn limit(cx: &mut Ctx, v: Value, f: fn(&Settings) -> i64) -> PyResult {
    let n = f(&this(cx, v)?.settings());
    Ok(cx.int(n))
}

static METHODS: &[MethodDef] = methods![
    /// The smallest exponent of a last digit.
    "Etiny(self, /)" => |cx, a| limit(cx, a[0], Settings::etiny);
    /// The largest exponent of a number with all digits.
    "Etop(self, /)" => |cx, a| limit(cx, a[0], Settings::etop);
    /// The base: Decimal(10).
    "radix(self, /)" => |cx, a| { let (rt, _) = setting(cx, a[0])?; Ok(make(cx, rt, Dec::of(false, 10, 0))) };
    /// The absolute value of x.
    "abs(self, x, /)" => |cx, a| one(cx, a, ops::abs);
    /// e ** x.
    "exp(self, x, /)" => |cx, a| one(cx, a, elementary::exp);
    /// The natural logarithm of x.
    "ln(self, x, /)" => |cx, a| one(cx, a, elementary::ln);
    /// The logarithm of x to the base 10.
    "log10(self, x, /)" => |cx, a| one(cx, a, elementary::log10);
    /// -x, rounded.
    "minus(self, x, /)" => |cx, a| one(cx, a, ops::minus);
    /// x, rounded.
    "plus(self, x, /)" => |cx, a| one(cx, a, ops::plus);
    /// The next smaller number.
    "next_minus(self, x, /)" => |cx, a| one(cx, a, ops::next_minus);
    /// The next larger number.
    "next_plus(self, x, /)" => |cx, a| one(cx, a, ops::next_plus);
    /// x without trailing zeros.
    "normalize(self, x, /)" => |cx, a| one(cx, a, ops::normalize);
    /// x rounded to an integer.
    "to_integral(self, x, /)" => |cx, a| one(cx, a, ops::integral);
    /// x rounded to an integer, with flags.
    "to_integral_exact(self, x, /)" => |cx, a| one(cx, a, ops::integral_exact);
    /// x rounded to an integer.
    "to_integral_value(self, x, /)" => |cx, a| one(cx, a, ops::integral);
    /// The square root of x.
    "sqrt(self, x, /)" => |cx, a| one(cx, a, arith::sqrt);
    /// The sum of x and y.
    "add(self, x, y, /)" => |cx, a| two(cx, a, ops::add);
    /// The order of x and y by value.
    "compare(self, x, y, /)" => |cx, a| two(cx, a, ops::compare);
    /// The order of x and y by value; NaNs signal.
    "compare_signal(self, x, y, /)" => |cx, a| two(cx, a, ops::compare_signal);
    /// x divided by y.
    "divide(self, x, y, /)" => |cx, a| two(cx, a, arith::divide);
    /// The integer part of x divided by y.
    "divide_int(self, x, y, /)" => |cx, a| two(cx, a, arith::divide_int);
    /// Quotient and remainder of x and y.
    "divmod(self, x, y, /)" => divmod;
    /// The larger of x and y.
    "max(self, x, y, /)" => |cx, a| two(cx, a, ops::max);
    /// The one of larger absolute value.
    "max_mag(self, x, y, /)" => |cx, a| two(cx, a, ops::max_mag);
    /// The smaller of x and y.
    "min(self, x, y, /)" => |cx, a| two(cx, a, ops::min);
    /// The one of smaller absolute value.
    "min_mag(self, x, y, /)" => |cx, a| two(cx, a, ops::min_mag);
    /// The product of x and y.
    "multiply(self, x, y, /)" => |cx, a| two(cx, a, arith::mul);
    /// The neighbour of x in the direction of y.
    "next_toward(self, x, y, /)" => |cx, a| two(cx, a, ops::next_toward);
    /// x with the exponent of y.
    "quantize(self, x, y, /)" => |cx, a| two(cx, a, ops::quantize);
    /// The remainder of x and y.
    "remainder(self, x, y, /)" => |cx, a| two(cx, a, arith::remainder);
    /// The remainder of the division whose quotient is the nearest integer.
    "remainder_near(self, x, y, /)" => |cx, a| two(cx, a, arith::remainder_near);
    /// The difference of x and y.
    "subtract(self, x, y, /)" => |cx, a| two(cx, a, ops::subtract);
    /// a ** b, or a ** b % modulo.
    "power(self, /, a, b, modulo=None)" => pow;
    /// x times y plus z, rounded once.
    "fma(self, x, y, z, /)" => fma;
    /// Whether x is canonical: always.
    "is_canonical(self, x, /)" => |cx, a| {
        if a[1].native::<crate::object::Decimal>().is_none() {
            return Err(cx.type_error("argument must be a Decimal"));
        }
        Ok(Value::TRUE)
    };
    /// Whether x is neither infinite nor a NaN.
    "is_finite(self, x, /)" => |cx, a| asked(cx, a, Question::Finite);
    /// Whether x is infinite.
    "is_infinite(self, x, /)" => |cx, a| asked(cx, a, Question::Infinite);
    /// Whether x is a NaN.
    "is_nan(self, x, /)" => |cx, a| asked(cx, a, Question::Nan);
    /// Whether x is normal.
    "is_normal(self, x, /)" => |cx, a| asked(cx, a, Question::Normal);
    /// Whether x is a quiet NaN.
    "is_qnan(self, x, /)" => |cx, a| asked(cx, a, Question::Quiet);
    /// Whether the sign of x is negative.
    "is_signed(self, x, /)" => |cx, a| asked(cx, a, Question::Signed);
    /// Whether x is a signaling NaN.
    "is_snan(self, x, /)" => |cx, a| asked(cx, a, Question::Signaling);
    /// Whether x is subnormal.
    "is_subnormal(self, x, /)" => |cx, a| asked(cx, a, Question::Subnormal);
    /// Whether x is zero.
    "is_zero(self, x, /)" => |cx, a| asked(cx, a, Question::Zero);
    /// x rounded to this context.
    "_apply(self, x, /)" => apply;
    /// x itself.
    "canonical(self, x, /)" => |cx, a| {
        if a[1].native::<crate::object::Decimal>().is_none() {
            return Err(cx.type_error("argument must be a Decimal"));
        }
        Ok(a[1])
    };
    /// The absolute value of x, unrounded.
    "copy_abs(self, x, /)" => |cx, a| exact(cx, a, |d| d.with_sign(false));
    /// x as a Decimal.
    "copy_decimal(self, x, /)" => as_decimal;
    /// x with the other sign, unrounded.
    "copy_negate(self, x, /)" => |cx, a| exact(cx, a, |d| d.with_sign(!d.neg));
    /// The exponent of the first digit of x.
    "logb(self, x, /)" => |cx, a| one(cx, a, ops::logb);
    /// The digits of x inverted.
    "logical_invert(self, x, /)" => |cx, a| one(cx, a, ops::invert);
    /// What kind of number x is.
    "number_class(self, x, /)" => number_class;
    /// x as text.
    "to_sci_string(self, x, /)" => |cx, a| text(cx, a, false);
    /// x as text with an exponent that is a multiple of 3.
    "to_eng_string(self, x, /)" => |cx, a| text(cx, a, true);
    /// The order of the representations of x and y.
    "compare_total(self, x, y, /)" => |cx, a| two(cx, a, ops::compare_total);
    /// The order of the representations without signs.
    "compare_total_mag(self, x, y, /)" => |cx, a| two(cx, a, ops::compare_total_mag);
    /// x with the sign of y.
    "copy_sign(self, x, y, /)" => |cx, a| two(cx, a, ops::copy_sign);
    /// Digits of x and y.
    "logical_and(self, x, y, /)" => |cx, a| two(cx, a, ops::logical_and);
    /// Digits of x or y.
    "logical_or(self, x, y, /)" => |cx, a| two(cx, a, ops::logical_or);
    /// Digits in which x and y differ.
    "logical_xor(self, x, y, /)" => |cx, a| two(cx, a, ops::logical_xor);
    /// The digits of x rotated y times.
    "rotate(self, x, y, /)" => |cx, a| two(cx, a, ops::rotate);
    /// Whether x and y have the same exponent.
    "same_quantum(self, x, y, /)" => same_quantum;
    /// x with its exponent moved by y.
    "scaleb(self, x, y, /)" => |cx, a| two(cx, a, ops::scaleb);
    /// The digits of x moved y times.
    "shift(self, x, y, /)" => |cx, a| two(cx, a, ops::shift);
    /// Sets no flag any more.
    "clear_flags(self, /)" => |cx, a| { this(cx, a[0])?.clear_flags(); Ok(Value::NONE) };
    /// Ends all traps.
    "clear_traps(self, /)" => |cx, a| { this(cx, a[0])?.clear_traps(); Ok(Value::NONE) };
    /// A copy.
    "__copy__(self, /)" => |cx, a| context::copy(cx, a[0]);
    /// A copy.
    "copy(self, /)" => |cx, a| context::copy(cx, a[0]);
    /// Helps pickle.
    "__reduce__(self, /)" => context::reduce;
    /// A number rounded to this context.
    "create_decimal(self, num=\"0\", /)" => create::create_decimal;
    /// A float rounded to this context.
    "create_decimal_from_float(self, f, /)" => create::create_from_float;
];

/// `Context`
pub static CONTEXT: TypeSpec = TypeSpec {
    name: "Context",
    module: "decimal",
    layout: Layout::Native,
    vt: Some(<Context as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(context_new),
        setattro: Some(context_setattr),
        init: Some(context_init),
        repr: Some(context_repr),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: ATTRIBUTES,
    doc: "Precision, rounding, limits of exponents, flags and traps of decimal arithmetic.\n\n>>> Context(prec=3).divide(1, 3)\nDecimal('0.333')\n",
    sig: Some(
        "(prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
    ),
    ..TypeSpec::BASE
};
