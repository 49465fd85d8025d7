//! The module `math`: its table and constants.

use crate::{integers, reals, sums};
use protocore::layouts::MethodDef;
use protocore::{Ctx, PyResult, Value};
use protopy_vm::{ModuleSpec, methods, protocore, set_attr_str};
use std::f64::consts;

/// `math`
pub static MATH: ModuleSpec = ModuleSpec {
    name: "math",
    doc: "Mathematical functions of real numbers and integers.",
    functions: FUNCTIONS,
    init: Some(init),
};

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    for (name, x) in [
        ("pi", consts::PI),
        ("e", consts::E),
        ("tau", consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ] {
        let x = cx.float(x);
        set_attr_str(cx, module, name, x)?;
    }
    Ok(())
}

static FUNCTIONS: &[MethodDef] = methods![functions:
    /// The arc cosine of x in radians, from 0 to pi.
    "acos(x, /)" => reals::acos;
    /// The inverse hyperbolic cosine of x.
    "acosh(x, /)" => reals::acosh;
    /// The arc sine of x in radians, from -pi/2 to pi/2.
    "asin(x, /)" => reals::asin;
    /// The inverse hyperbolic sine of x.
    "asinh(x, /)" => reals::asinh;
    /// The arc tangent of x in radians, from -pi/2 to pi/2.
    "atan(x, /)" => reals::atan;
    /// The angle in radians of the point (x, y), from -pi to pi.
    "atan2(y, x, /)" => reals::atan2;
    /// The inverse hyperbolic tangent of x.
    "atanh(x, /)" => reals::atanh;
    /// The cube root of x.
    "cbrt(x, /)" => reals::cbrt;
    /// The smallest integer that is not below x.
    "ceil(x, /)" => reals::ceil;
    /// The number of ways to choose k of n items, regardless of their order.
    "comb(n, k, /)" => integers::comb;
    /// The magnitude of x with the sign of y.
    "copysign(x, y, /)" => reals::copysign;
    /// The cosine of x radians.
    "cos(x, /)" => reals::cos;
    /// The hyperbolic cosine of x.
    "cosh(x, /)" => reals::cosh;
    /// An angle of x radians in degrees.
    "degrees(x, /)" => reals::degrees;
    /// The Euclidean distance of two points, given as sequences of as many coordinates.
    "dist(p, q, /)" => sums::dist;
    /// The error function at x.
    "erf(x, /)" => reals::erf;
    /// One less the error function at x.
    "erfc(x, /)" => reals::erfc;
    /// e to the power of x.
    "exp(x, /)" => reals::exp;
    /// 2 to the power of x.
    "exp2(x, /)" => reals::exp2;
    /// e to the power of x, less one, without loss of digits for a small x.
    "expm1(x, /)" => reals::expm1;
    /// The magnitude of x as a float.
    "fabs(x, /)" => reals::fabs;
    /// The product of the integers from 1 to n.
    "factorial(n, /)" => integers::factorial;
    /// The largest integer that is not above x.
    "floor(x, /)" => reals::floor;
    /// x * y + z, rounded once.
    "fma(x, y, z, /)" => reals::fma;
    /// The remainder of x / y as C computes it: with the sign of x.
    "fmod(x, y, /)" => reals::fmod;
    /// The pair (m, e) with x == m * 2**e and m from 0.5 up to 1 in magnitude, or zero.
    "frexp(x, /)" => reals::frexp;
    /// The sum of an iterable of floats, rounded once.
    "fsum(seq, /)" => sums::fsum;
    /// The gamma function at x.
    "gamma(x, /)" => reals::gamma;
    /// The greatest common divisor of all arguments.
    raw "gcd(*integers)" => integers::gcd;
    /// The Euclidean norm: the square root of the sum of the coordinates' squares.
    raw "hypot(*coordinates)" => sums::hypot;
    /// Whether two numbers are nearly equal.
    ///
    /// They are if they differ by no more than rel_tol times the larger magnitude, or by no more than abs_tol.
    "isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)" => reals::isclose;
    /// Whether x is neither infinite nor NaN.
    "isfinite(x, /)" => reals::isfinite;
    /// Whether x is infinite.
    "isinf(x, /)" => reals::isinf;
    /// Whether x is NaN.
    "isnan(x, /)" => reals::isnan;
    /// The integer part of the square root of n.
    "isqrt(n, /)" => integers::isqrt;
    /// The least common multiple of all arguments.
    raw "lcm(*integers)" => integers::lcm;
    /// x * 2**i; the opposite of frexp.
    "ldexp(x, i, /)" => reals::ldexp;
    /// The natural logarithm of the magnitude of the gamma function at x.
    "lgamma(x, /)" => reals::lgamma;
    /// log(x, [base=math.e])
    /// The logarithm of x, natural unless a base is given.
    "log(x, base=<unrepresentable>, /)" => reals::log;
    /// The logarithm of x in base 10.
    "log10(x, /)" => reals::log10;
    /// The natural logarithm of 1 + x, without loss of digits for a small x.
    "log1p(x, /)" => reals::log1p;
    /// The logarithm of x in base 2.
    "log2(x, /)" => reals::log2;
    /// The fraction of x and its integral part, both as floats with the sign of x.
    "modf(x, /)" => reals::modf;
    /// The float that lies so many steps from x in the direction of y: one step unless steps are given.
    "nextafter(x, y, /, *, steps=None)" => reals::nextafter;
    /// The number of ways to choose k of n items in order; k is n if it is omitted.
    "perm(n, k=None, /)" => integers::perm;
    /// x to the power of y as a float.
    "pow(x, y, /)" => reals::pow;
    /// The product of start and all items of an iterable.
    "prod(iterable, /, *, start=1)" => sums::prod;
    /// An angle of x degrees in radians.
    "radians(x, /)" => reals::radians;
    /// The difference of x and the nearest integral multiple of y.
    "remainder(x, y, /)" => reals::remainder;
    /// The sine of x radians.
    "sin(x, /)" => reals::sin;
    /// The hyperbolic sine of x.
    "sinh(x, /)" => reals::sinh;
    /// The square root of x.
    "sqrt(x, /)" => reals::sqrt;
    /// The sum of the products of corresponding items of two iterables of one length.
    ///
    /// Sums of floats, or of floats and ints, are computed with more than the precision of a float.
    "sumprod(p, q, /)" => sums::sumprod;
    /// The tangent of x radians.
    "tan(x, /)" => reals::tan;
    /// The hyperbolic tangent of x.
    "tanh(x, /)" => reals::tanh;
    /// x without its fraction, as its __trunc__ method answers.
    "trunc(x, /)" => reals::trunc;
    /// The value of the last bit of x.
    "ulp(x, /)" => reals::ulp;
];
