//! The functions of floats and complex numbers by name.

use protopy_num::complex::{self, ComplexPowError, ZeroDivision};
use protopy_num::float::{self, FromHexError, PowError};
use protopy_num::int::{self, FloatToIntError, Int};
use protopy_num::math::{self, Fsum, FsumError, MathError, SumProd};
use protopy_num::{Complex, cmath, hash};

use crate::{Arg, i, raised, s, x};

/// The result token of a partial function.
fn fallible(r: Result<f64, MathError>) -> String {
    match r {
        Ok(r) => x(r),
        Err(MathError::Range) => raised("OverflowError"),
        Err(_) => raised("ValueError"),
    }
}

/// The result token of a complex function.
fn fallible_complex(r: Result<Complex, MathError>) -> String {
    match r {
        Ok(z) => parts(z),
        Err(e) => fallible(Err(e)),
    }
}

/// Both parts.
fn parts(z: Complex) -> String {
    format!("{} {}", x(z.re), x(z.im))
}

/// The token of either size of integer.
pub fn int_token(n: Int) -> String {
    i(n.into_big())
}

/// A conversion of a float.
fn converted(r: Result<Int, FloatToIntError>) -> String {
    match r {
        Ok(n) => int_token(n),
        Err(FloatToIntError::Infinite) => raised("OverflowError"),
        Err(FloatToIntError::Nan) => raised("ValueError"),
    }
}

/// Answers `None` for a name that is not one of these.
pub fn run(name: &str, args: &[Arg]) -> Option<String> {
    let (module, function) = name.split_once('.')?;
    match module {
        "math" => run_math(function, args),
        "cmath" => run_cmath(function, args),
        "complex" => run_complex(function, args),
        "float" => run_float(function, args),
        _ => None,
    }
}

fn run_math(name: &str, args: &[Arg]) -> Option<String> {
    let xs = || args.iter().map(Arg::x).collect::<Vec<f64>>();
    let total: Option<fn(f64) -> f64> = match name {
        "atan" => Some(math::atan),
        "asinh" => Some(math::asinh),
        "tanh" => Some(math::tanh),
        "cbrt" => Some(math::cbrt),
        "erf" => Some(math::erf),
        "erfc" => Some(math::erfc),
        "degrees" => Some(math::degrees),
        "radians" => Some(math::radians),
        "ulp" => Some(math::ulp),
        _ => None,
    };
    if let Some(f) = total {
        return Some(x(f(args[0].x())));
    }
    let partial: Option<fn(f64) -> Result<f64, MathError>> = match name {
        "sqrt" => Some(math::sqrt),
        "exp" => Some(math::exp),
        "exp2" => Some(math::exp2),
        "expm1" => Some(math::expm1),
        "log" => Some(math::log),
        "log2" => Some(math::log2),
        "log10" => Some(math::log10),
        "log1p" => Some(math::log1p),
        "sin" => Some(math::sin),
        "cos" => Some(math::cos),
        "tan" => Some(math::tan),
        "asin" => Some(math::asin),
        "acos" => Some(math::acos),
        "sinh" => Some(math::sinh),
        "cosh" => Some(math::cosh),
        "acosh" => Some(math::acosh),
        "atanh" => Some(math::atanh),
        "gamma" => Some(math::gamma),
        "lgamma" => Some(math::lgamma),
        _ => None,
    };
    if let Some(f) = partial {
        return Some(fallible(f(args[0].x())));
    }
    let two = || (args[0].x(), args[1].x());
    Some(match name {
        "modf" => {
            let (a, b) = math::modf(args[0].x());
            format!("{} {}", x(a), x(b))
        }
        "frexp" => {
            let (m, e) = math::frexp(args[0].x());
            format!("{} {}", x(m), i(e))
        }
        "pow" => fallible(math::pow(two().0, two().1)),
        "fmod" => fallible(math::fmod(two().0, two().1)),
        "remainder" => fallible(math::remainder(two().0, two().1)),
        "atan2" => x(math::atan2(two().0, two().1)),
        "copysign" => x(math::copysign(two().0, two().1)),
        "nextafter" => x(math::nextafter(two().0, two().1)),
        "nextafter_steps" => x(math::nextafter_steps(two().0, two().1, u64::try_from(args[2].i()).unwrap())),
        "ldexp" => fallible(math::ldexp(args[0].x(), args[1].small().unwrap())),
        "fma" => fallible(math::fma(args[0].x(), args[1].x(), args[2].x())),
        "hypot" => x(math::hypot(&xs())),
        "dist" => x(math::dist(&xs()[..args.len() / 2], &xs()[args.len() / 2..])),
        "fsum" => fsum(&xs()),
        "sumprod" => sumprod(&xs()),
        "log_int" => fallible(math::log_big(args[0].i())),
        "log2_int" => fallible(math::log2_big(args[0].i())),
        "log10_int" => fallible(math::log10_big(args[0].i())),
        "isclose" => {
            let close = math::isclose(two().0, two().1, args[2].x(), args[3].x());
            i(u8::from(close))
        }
        _ => return None,
    })
}

fn fsum(xs: &[f64]) -> String {
    let mut sum = Fsum::new();
    match xs.iter().try_for_each(|&x| sum.push(x)).and_then(|()| sum.finish()) {
        Ok(r) => x(r),
        Err(FsumError::Overflow) => raised("OverflowError"),
        Err(FsumError::OppositeInfinities) => raised("ValueError"),
    }
}

fn sumprod(xs: &[f64]) -> String {
    let (p, q) = xs.split_at(xs.len() / 2);
    let mut sum = SumProd::new();
    for (p, q) in p.iter().zip(q) {
        assert!(sum.push(*p, *q));
    }
    x(sum.total())
}

fn run_cmath(name: &str, args: &[Arg]) -> Option<String> {
    let z = Complex::new(args[0].x(), args[1].x());
    let one: Option<fn(Complex) -> cmath::CmathResult> = match name {
        "sqrt" => Some(cmath::sqrt),
        "exp" => Some(cmath::exp),
        "log" => Some(cmath::log),
        "log10" => Some(cmath::log10),
        "sin" => Some(cmath::sin),
        "cos" => Some(cmath::cos),
        "tan" => Some(cmath::tan),
        "asin" => Some(cmath::asin),
        "acos" => Some(cmath::acos),
        "atan" => Some(cmath::atan),
        "sinh" => Some(cmath::sinh),
        "cosh" => Some(cmath::cosh),
        "tanh" => Some(cmath::tanh),
        "asinh" => Some(cmath::asinh),
        "acosh" => Some(cmath::acosh),
        "atanh" => Some(cmath::atanh),
        _ => None,
    };
    if let Some(f) = one {
        return Some(fallible_complex(f(z)));
    }
    Some(match name {
        "polar" => fallible_complex(cmath::polar(z).map(|(r, phi)| Complex::new(r, phi))),
        "rect" => fallible_complex(cmath::rect(z.re, z.im)),
        "phase" => x(cmath::phase(z)),
        "log_base" => fallible_complex(cmath::log_base(z, Complex::new(args[2].x(), args[3].x()))),
        "isclose" => {
            let other = Complex::new(args[2].x(), args[3].x());
            i(u8::from(cmath::isclose(z, other, args[4].x(), args[5].x())))
        }
        _ => return None,
    })
}

fn run_complex(name: &str, args: &[Arg]) -> Option<String> {
    if name == "parse" {
        return Some(complex::parse(args[0].s()).map_or_else(|_| raised("ValueError"), parts));
    }
    if let "rsub" | "rdiv" = name {
        let (a, b) = (args[0].x(), Complex::new(args[1].x(), args[2].x()));
        let q = if name == "rsub" { Ok(a - b) } else { complex::real_div(a, b) };
        return Some(q.map_or_else(|_| raised("ZeroDivisionError"), parts));
    }
    let a = Complex::new(args[0].x(), args[1].x());
    let real = || args[2].x();
    let b = || Complex::new(args[2].x(), args[3].x());
    let quotient = |r: Result<Complex, ZeroDivision>| r.map_or_else(|_| raised("ZeroDivisionError"), parts);
    Some(match name {
        "add" => parts(a + b()),
        "sub" => parts(a - b()),
        "mul" => parts(a * b()),
        "div" => quotient(complex::div(a, b())),
        "addr" => parts(a + real()),
        "subr" => parts(a - real()),
        "mulr" => parts(a * real()),
        "divr" => quotient(complex::div_real(a, real())),
        "pow" => match complex::pow(a, b()) {
            Ok(z) => parts(z),
            Err(ComplexPowError::Overflow) => raised("OverflowError"),
            Err(ComplexPowError::ZeroDivision) => raised("ZeroDivisionError"),
        },
        "abs" => complex::abs(a).map_or_else(|| raised("OverflowError"), x),
        "repr" => s(complex::repr(a).as_bytes()),
        "hash" => i(hash::hash_complex(hash::hash_f64(a.re)?, hash::hash_f64(a.im)?)),
        _ => return None,
    })
}

fn run_float(name: &str, args: &[Arg]) -> Option<String> {
    let text = |r: Option<f64>| r.map_or_else(|| raised("ValueError"), x);
    let zero_checked = |r: Option<f64>| r.map_or_else(|| raised("ZeroDivisionError"), x);
    Some(match name {
        "parse" => text(float::parse_float(args[0].s())),
        "fromhex" => match float::from_hex(args[0].s()) {
            Ok(r) => x(r),
            Err(FromHexError::Invalid) => raised("ValueError"),
            Err(FromHexError::TooLarge) => raised("OverflowError"),
        },
        "repr" => s(float::repr(args[0].x()).as_bytes()),
        "hex" => s(float::to_hex(args[0].x()).as_bytes()),
        "floordiv" => zero_checked(float::floor_div(args[0].x(), args[1].x())),
        "mod" => zero_checked(float::floor_mod(args[0].x(), args[1].x())),
        "divmod" => match float::floor_divmod(args[0].x(), args[1].x()) {
            Some((q, r)) => format!("{} {}", x(q), x(r)),
            None => raised("ZeroDivisionError"),
        },
        "pow" => match float::pow(args[0].x(), args[1].x()) {
            Ok(r) => x(r),
            Err(PowError::Complex) => s(b"complex"),
            Err(PowError::Overflow) => raised("OverflowError"),
            Err(PowError::ZeroDivision) => raised("ZeroDivisionError"),
        },
        "round" => float::round(args[0].x(), args[1].small()?).map_or_else(|_| raised("OverflowError"), x),
        "ratio" => match int::as_integer_ratio(args[0].x()) {
            Ok((n, d)) => format!("{} {}", int_token(n), int_token(d)),
            Err(e) => converted(Err(e)),
        },
        "trunc" => converted(int::trunc_f64(args[0].x())),
        "floor" => converted(int::floor_f64(args[0].x())),
        "ceil" => converted(int::ceil_f64(args[0].x())),
        "round0" => converted(int::round_f64(args[0].x())),
        "is_integer" => i(u8::from(float::is_integer(args[0].x()))),
        "hash" => i(hash::hash_f64(args[0].x())?),
        _ => return None,
    })
}
