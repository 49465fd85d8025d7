//! The methods of `Decimal`.

use crate::context::{Context, rounding_of};
use crate::create;
use crate::decimal::{as_tuple, ratio, round, to_int, to_str};
use crate::num::compare::{self as order};
use crate::num::dec::{finish, nan_result};
use crate::num::digits::{self, Logic};
use crate::num::{Dec, DecRef, Kind, Res, Rounding, Settings, Status, Work, arith, elementary};
use crate::object::{
    Binary, Decimal, Runtime, Unary, argument, binary, conclude, make, run, runtime_of, unary,
};
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::{Ctx, PyResult, Value};
use protopy_vm::{self as vm, GetSetDef, getsets, methods};

/// `-x`: zero gets no sign but when rounding down.
pub fn minus(x: DecRef<'_>, s: &Settings, st: &mut Status, w: &mut Work) -> Res<Dec> {
    if x.is_nan() {
        return plus(x, s, st, w);
    }
    plus(x.with_sign(!x.neg), s, st, w)
}

/// `+x`: rounded.
pub fn plus(x: DecRef<'_>, s: &Settings, st: &mut Status, _: &mut Work) -> Res<Dec> {
    if let Some(r) = nan_result(x, None, s, st)? {
        return Ok(r);
    }
    if x.is_zero() {
        return finish(x.with_sign(s.rounding == Rounding::Floor && x.neg).owned()?, s, st);
    }
    order::rounded(x, s, st)
}

/// `abs(x)`
pub fn abs(x: DecRef<'_>, s: &Settings, st: &mut Status, w: &mut Work) -> Res<Dec> {
    if x.is_nan() {
        return plus(x, s, st, w);
    }
    order::rounded(x.with_sign(false), s, st)
}

/// `to_integral_exact`
pub fn integral_exact(x: DecRef<'_>, s: &Settings, st: &mut Status, _: &mut Work) -> Res<Dec> {
    order::to_integral(x, true, s, st)
}

/// `to_integral_value`
pub fn integral(x: DecRef<'_>, s: &Settings, st: &mut Status, _: &mut Work) -> Res<Dec> {
    order::to_integral(x, false, s, st)
}

/// Operations on one number that need no loops, in the form of [`Unary`].
macro_rules! plain_unary {
    ($($name:ident => $f:expr;)*) => {$(
        #[doc = concat!("`", stringify!($name), "`")]
        pub fn $name(x: DecRef<'_>, s: &Settings, st: &mut Status, _: &mut Work) -> Res<Dec> {
            $f(x, s, st)
        }
    )*};
}

/// Operations on two numbers that need no loops, in the form of [`Binary`].
macro_rules! plain_binary {
    ($($name:ident => $f:expr;)*) => {$(
        #[doc = concat!("`", stringify!($name), "`")]
        pub fn $name(x: DecRef<'_>, y: DecRef<'_>, s: &Settings, st: &mut Status, _: &mut Work) -> Res<Dec> {
            $f(x, y, s, st)
        }
    )*};
}

plain_unary! {
    logb => digits::logb;
    invert => digits::invert;
    normalize => order::normalize;
    next_minus => |x, s, st| order::next(x, false, s, st);
    next_plus => |x, s, st| order::next(x, true, s, st);
}

plain_binary! {
    add => |x, y, s, st| arith::add(x, y, false, s, st);
    subtract => |x, y, s, st| arith::add(x, y, true, s, st);
    compare => order::compare;
    compare_signal => order::compare_signal;
    max => |x, y, s, st| order::extreme(x, y, true, false, s, st);
    max_mag => |x, y, s, st| order::extreme(x, y, true, true, s, st);
    min => |x, y, s, st| order::extreme(x, y, false, false, s, st);
    min_mag => |x, y, s, st| order::extreme(x, y, false, true, s, st);
    next_toward => order::next_toward;
    quantize => order::quantize;
    logical_and => |x, y, s, st| digits::logical(x, y, Logic::And, s, st);
    logical_or => |x, y, s, st| digits::logical(x, y, Logic::Or, s, st);
    logical_xor => |x, y, s, st| digits::logical(x, y, Logic::Xor, s, st);
    rotate => digits::rotate;
    shift => digits::shift;
    scaleb => digits::scaleb;
    compare_total => |x, y, _: &Settings, _: &mut Status| Ok(order::total_answer(x, y, false));
    compare_total_mag => |x, y, _: &Settings, _: &mut Status| Ok(order::total_answer(x, y, true));
    copy_sign => |x: DecRef<'_>, y: DecRef<'_>, _: &Settings, _: &mut Status| x.with_sign(y.neg).owned();
}

/// A method of a Decimal with a context as its last argument.
fn with_context(cx: &mut Ctx, this: Value, context: Value) -> PyResult<(&'static Runtime, &'static Context)> {
    let rt = runtime_of(cx, this)?;
    let (_, ctx) = rt.context_or(cx, context)?;
    Ok((rt, ctx))
}

fn one(cx: &mut Ctx, a: &[Value], op: Unary) -> PyResult {
    let (rt, ctx) = with_context(cx, a[0], a[1])?;
    unary(cx, rt, ctx, a[0], op)
}

fn two(cx: &mut Ctx, a: &[Value], op: Binary) -> PyResult {
    let (rt, ctx) = with_context(cx, a[0], a[2])?;
    binary(cx, rt, ctx, a[0], a[1], op)
}

/// A method with a way to round and a context; `x` and perhaps a second operand.
fn rounding_settings(cx: &mut Ctx, ctx: &Context, rounding: Value) -> PyResult<Settings> {
    let mut s = ctx.settings();
    if !rounding.is_none() {
        s.rounding = rounding_of(cx, rounding)?;
    }
    Ok(s)
}

fn quantize_method(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (rt, ctx) = with_context(cx, a[0], a[3])?;
    let s = rounding_settings(cx, ctx, a[2])?;
    let (x, y) = (argument(cx, a[0])?, argument(cx, a[1])?);
    let mut st = 0;
    let d = run(cx, |_| order::quantize(x.view(), y.view(), &s, &mut st))?;
    conclude(cx, rt, ctx, d, st)
}

fn integral_method(cx: &mut Ctx, a: &[Value], exact: bool) -> PyResult {
    let (rt, ctx) = with_context(cx, a[0], a[2])?;
    let s = rounding_settings(cx, ctx, a[1])?;
    let x = argument(cx, a[0])?;
    let mut st = 0;
    let d = run(cx, |_| order::to_integral(x.view(), exact, &s, &mut st))?;
    conclude(cx, rt, ctx, d, st)
}

fn fma_method(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (rt, ctx) = with_context(cx, a[0], a[3])?;
    fma(cx, rt, ctx, [a[0], a[1], a[2]])
}

/// `x * y + z`
pub fn fma(cx: &mut Ctx, rt: &Runtime, ctx: &Context, [x, y, z]: [Value; 3]) -> PyResult {
    let all = [argument(cx, x)?, argument(cx, y)?, argument(cx, z)?];
    let (s, mut st) = (ctx.settings(), 0);
    let d = run(cx, |w| arith::fma(all[0].view(), all[1].view(), all[2].view(), &s, &mut st, w))?;
    for v in [x, y, z] {
        vm::keep_alive(v);
    }
    conclude(cx, rt, ctx, d, st)
}

fn view(cx: &mut Ctx, v: Value) -> PyResult<DecRef<'static>> {
    match v.native::<Decimal>() {
        Some(d) => Ok(d.view()),
        None => Err(cx.type_error("not a Decimal")),
    }
}

/// Questions that a number alone answers.
#[derive(Clone, Copy)]
pub enum Question {
    /// Neither infinite nor NaN.
    Finite,
    /// Infinite.
    Infinite,
    /// NaN of either kind.
    Nan,
    /// Quiet NaN.
    Quiet,
    /// Signaling NaN.
    Signaling,
    /// Negative sign.
    Signed,
    /// Zero.
    Zero,
    /// Finite, not zero, within the context's normal range.
    Normal,
    /// Finite, not zero, below it.
    Subnormal,
}

/// The answer to a question.
pub fn ask(d: DecRef<'_>, q: Question, s: &Settings) -> bool {
    let digits = d.is_finite() && !d.coef.is_empty();
    match q {
        Question::Finite => d.is_finite(),
        Question::Infinite => d.is_infinite(),
        Question::Nan => d.is_nan(),
        Question::Quiet => d.kind == Kind::Quiet,
        Question::Signaling => d.kind == Kind::Signaling,
        Question::Signed => d.neg,
        Question::Zero => d.is_zero(),
        Question::Normal => digits && d.adjusted() >= s.emin,
        Question::Subnormal => digits && d.adjusted() < s.emin,
    }
}

fn is(cx: &mut Ctx, v: Value, q: Question) -> PyResult {
    let d = view(cx, v)?;
    Ok(Value::bool(ask(d, q, &Settings::MAX)))
}

fn is_in(cx: &mut Ctx, a: &[Value], q: Question) -> PyResult {
    let (_, ctx) = with_context(cx, a[0], a[1])?;
    let d = view(cx, a[0])?;
    Ok(Value::bool(ask(d, q, &ctx.settings())))
}

fn copy_with(cx: &mut Ctx, v: Value, sign: fn(bool) -> bool) -> PyResult {
    let d = view(cx, v)?;
    let rt = runtime_of(cx, v)?;
    let copy = run(cx, |_| d.with_sign(sign(d.neg)).owned())?;
    Ok(make(cx, rt, copy))
}

fn adjusted(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = view(cx, a[0])?;
    let n = if d.is_finite() { d.adjusted() } else { 0 };
    Ok(cx.int(n))
}

/// `same_quantum`
pub fn same_quantum(x: DecRef<'_>, y: DecRef<'_>) -> bool {
    match (x.kind, y.kind) {
        (Kind::Finite, Kind::Finite) => x.exp == y.exp,
        _ => x.is_infinite() && y.is_infinite() || x.is_nan() && y.is_nan(),
    }
}

fn same_quantum_method(cx: &mut Ctx, a: &[Value]) -> PyResult {
    with_context(cx, a[0], a[2])?;
    let (x, y) = (argument(cx, a[0])?, argument(cx, a[1])?);
    Ok(Value::bool(same_quantum(x.view(), y.view())))
}

fn number_class(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, ctx) = with_context(cx, a[0], a[1])?;
    let d = view(cx, a[0])?;
    Ok(cx.str(digits::class(d, &ctx.settings())))
}

fn eng_string(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, ctx) = with_context(cx, a[0], a[1])?;
    let d = view(cx, a[0])?;
    to_str(cx, d, ctx.capitals(), true)
}

fn complex(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = vm::float_of(cx, a[0])?;
    Ok(cx.complex(f, 0.0))
}

fn reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let text = vm::ops::str(cx, a[0])?;
    let args = cx.tuple_of(None, &[text])?;
    let class = cx.type_of(a[0]).value();
    cx.tuple_of(None, &[class, args])
}

fn size_of(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let long = a[0].native::<Decimal>().map_or(0, Decimal::outside);
    let size = cx.type_of(a[0]).basic_size as usize + long * 8;
    Ok(cx.int_usize(size))
}

/// An exact copy: the object itself, unless it is of a subclass.
fn itself(_: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(a[0])
}

/// The attributes of Decimals.
pub static GETSETS: &[GetSetDef] = getsets![
    /// The number itself.
    "real" => |_, v| Ok(v);
    /// Zero.
    "imag" => |cx, v| { let rt = runtime_of(cx, v)?; Ok(make(cx, rt, Dec::of(false, 0, 0))) };
];

/// The methods of Decimals.
pub static METHODS: &[MethodDef] = methods![
    /// e to the power of the number.
    "exp(self, /, context=None)" => |cx, a| one(cx, a, elementary::exp);
    /// The natural logarithm.
    "ln(self, /, context=None)" => |cx, a| one(cx, a, elementary::ln);
    /// The logarithm to the base 10.
    "log10(self, /, context=None)" => |cx, a| one(cx, a, elementary::log10);
    /// The next smaller number that the context can hold.
    "next_minus(self, /, context=None)" => |cx, a| one(cx, a, next_minus);
    /// The next larger number that the context can hold.
    "next_plus(self, /, context=None)" => |cx, a| one(cx, a, next_plus);
    /// The number without trailing zeros.
    "normalize(self, /, context=None)" => |cx, a| one(cx, a, normalize);
    /// The number rounded to an integer, with flags for what was lost.
    "to_integral_exact(self, /, rounding=None, context=None)" => |cx, a| integral_method(cx, a, true);
    /// The number rounded to an integer.
    "to_integral_value(self, /, rounding=None, context=None)" => |cx, a| integral_method(cx, a, false);
    /// The number rounded to an integer.
    "to_integral(self, /, rounding=None, context=None)" => |cx, a| integral_method(cx, a, false);
    /// The square root.
    "sqrt(self, /, context=None)" => |cx, a| one(cx, a, arith::sqrt);
    /// -1, 0 or 1 as the number is less than, equal to or greater than another one; NaN if either is.
    "compare(self, /, other, context=None)" => |cx, a| two(cx, a, compare);
    /// As compare, but every NaN signals.
    "compare_signal(self, /, other, context=None)" => |cx, a| two(cx, a, compare_signal);
    /// The larger of two numbers.
    "max(self, /, other, context=None)" => |cx, a| two(cx, a, max);
    /// The number of larger absolute value.
    "max_mag(self, /, other, context=None)" => |cx, a| two(cx, a, max_mag);
    /// The smaller of two numbers.
    "min(self, /, other, context=None)" => |cx, a| two(cx, a, min);
    /// The number of smaller absolute value.
    "min_mag(self, /, other, context=None)" => |cx, a| two(cx, a, min_mag);
    /// The neighbour in the direction of another number.
    "next_toward(self, /, other, context=None)" => |cx, a| two(cx, a, next_toward);
    /// The number with the exponent of another one.
    ///
    /// >>> Decimal('2.345').quantize(Decimal('0.01'))
    /// Decimal('2.34')
    "quantize(self, /, exp, rounding=None, context=None)" => quantize_method;
    /// The remainder of the division whose quotient is the nearest integer.
    "remainder_near(self, /, other, context=None)" => |cx, a| two(cx, a, arith::remainder_near);
    /// The product with a second number plus a third one, rounded once.
    ///
    /// >>> Decimal(2).fma(4, 6)
    /// Decimal('14')
    "fma(self, /, other, third, context=None)" => fma_method;
    /// Whether the number is canonical: always.
    "is_canonical(self, /)" => |_, _| Ok(Value::TRUE);
    /// Whether the number is neither infinite nor a NaN.
    "is_finite(self, /)" => |cx, a| is(cx, a[0], Question::Finite);
    /// Whether the number is infinite.
    "is_infinite(self, /)" => |cx, a| is(cx, a[0], Question::Infinite);
    /// Whether the number is a NaN.
    "is_nan(self, /)" => |cx, a| is(cx, a[0], Question::Nan);
    /// Whether the number is a quiet NaN.
    "is_qnan(self, /)" => |cx, a| is(cx, a[0], Question::Quiet);
    /// Whether the number is a signaling NaN.
    "is_snan(self, /)" => |cx, a| is(cx, a[0], Question::Signaling);
    /// Whether the sign is negative.
    "is_signed(self, /)" => |cx, a| is(cx, a[0], Question::Signed);
    /// Whether the number is zero.
    "is_zero(self, /)" => |cx, a| is(cx, a[0], Question::Zero);
    /// Whether the number is normal in the context.
    "is_normal(self, /, context=None)" => |cx, a| is_in(cx, a, Question::Normal);
    /// Whether the number is subnormal in the context.
    "is_subnormal(self, /, context=None)" => |cx, a| is_in(cx, a, Question::Subnormal);
    /// The exponent of the first digit.
    "adjusted(self, /)" => adjusted;
    /// The number itself.
    "canonical(self, /)" => itself;
    /// The number itself.
    "conjugate(self, /)" => itself;
    /// The base: Decimal(10).
    "radix(self, /)" => |cx, a| { let rt = runtime_of(cx, a[0])?; Ok(make(cx, rt, Dec::of(false, 10, 0))) };
    /// The absolute value, unrounded.
    "copy_abs(self, /)" => |cx, a| copy_with(cx, a[0], |_| false);
    /// The number with the other sign, unrounded.
    "copy_negate(self, /)" => |cx, a| copy_with(cx, a[0], |neg| !neg);
    /// The exponent of the first digit as a number.
    "logb(self, /, context=None)" => |cx, a| one(cx, a, logb);
    /// The digits inverted; they must be 0 and 1.
    "logical_invert(self, /, context=None)" => |cx, a| one(cx, a, invert);
    /// What kind of number it is.
    "number_class(self, /, context=None)" => number_class;
    /// The number as text with an exponent that is a multiple of 3.
    "to_eng_string(self, /, context=None)" => eng_string;
    /// The order of representations.
    ///
    /// >>> Decimal('1.50').compare_total(Decimal('1.5'))
    /// Decimal('-1')
    "compare_total(self, /, other, context=None)" => |cx, a| two(cx, a, compare_total);
    /// The order of representations without signs.
    "compare_total_mag(self, /, other, context=None)" => |cx, a| two(cx, a, compare_total_mag);
    /// The number with the sign of another one.
    ///
    /// >>> Decimal('2.5').copy_sign(Decimal('-1'))
    /// Decimal('-2.5')
    "copy_sign(self, /, other, context=None)" => |cx, a| two(cx, a, copy_sign);
    /// Digits and digits.
    "logical_and(self, /, other, context=None)" => |cx, a| two(cx, a, logical_and);
    /// Digits or digits.
    "logical_or(self, /, other, context=None)" => |cx, a| two(cx, a, logical_or);
    /// Digits that differ.
    "logical_xor(self, /, other, context=None)" => |cx, a| two(cx, a, logical_xor);
    /// The digits rotated.
    "rotate(self, /, other, context=None)" => |cx, a| two(cx, a, rotate);
    /// Whether both have the same exponent, or both are infinite or NaN.
    "same_quantum(self, /, other, context=None)" => same_quantum_method;
    /// The number with its exponent moved.
    "scaleb(self, /, other, context=None)" => |cx, a| two(cx, a, scaleb);
    /// The digits moved.
    "shift(self, /, other, context=None)" => |cx, a| two(cx, a, shift);
    /// A float as a Decimal, exactly.
    class "from_float(cls, f, /)" => create::from_float;
    /// A real number as a Decimal, exactly.
    class "from_number(cls, number, /)" => create::from_number;
    /// Sign, digits and exponent.
    "as_tuple(self, /)" => as_tuple;
    /// Numerator and denominator in lowest terms.
    "as_integer_ratio(self, /)" => ratio;
    /// The number itself.
    "__copy__(self, /)" => itself;
    /// The number itself.
    "__deepcopy__(self, memo, /)" => itself;
    /// The number in the form of a specification.
    "__format__(self, format_spec, override=<unrepresentable>, /)" => crate::format::format;
    /// Helps pickle.
    "__reduce__(self, /)" => reduce;
    /// The nearest integer, or the number with so many digits behind the point.
    "__round__(self, ndigits=<unrepresentable>, /)" => round;
    /// The next integer above.
    "__ceil__(self, /)" => |cx, a| to_int(cx, a[0], Rounding::Ceiling);
    /// The next integer below.
    "__floor__(self, /)" => |cx, a| to_int(cx, a[0], Rounding::Floor);
    /// The integer part.
    "__trunc__(self, /)" => |cx, a| to_int(cx, a[0], Rounding::Down);
    /// The number as a complex number.
    "__complex__(self, /)" => complex;
    /// Bytes of the object.
    "__sizeof__(self, /)" => size_of;
];
