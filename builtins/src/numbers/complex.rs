//! `complex`.
//!
//! Arithmetic with a real operand does not make a complex number of it first: the missing imaginary part is no zero, so
//! that signs of zeros and infinities survive.

use super::common::{
    Separators, bad_literal, bad_receiver, division_by_zero, format_error, format_spec_arg, int_equals_float,
    literal_text, named, real_operand,
};
use super::float::complex_power_error;
use protocore::layouts::{ComplexObj, FloatObj, IntRef, MethodDef, StrObj};
use protocore::types::{SlotSpec, type_flags};
use protocore::{Args, CmpOp, Ctx, Layout, PyResult, Ty, TypeObj, Value};
use protopy_num::complex::{self, Complex, ParseComplexError, ZeroDivision};
use protopy_text::StrRef;
use protopy_text::format::{Align, FormatSpec, format_complex_spec};
use protopy_vm::{GetSetDef, TypeSpec, complex_of, complex_special, getsets, keep_alive, methods, protocore};

/// `complex`
pub static COMPLEX: TypeSpec = TypeSpec {
    ty: Some(Ty::Complex),
    name: "complex",
    base: Some(Ty::Object),
    layout: Layout::Complex,
    flags: type_flags::BASETYPE | type_flags::SOLID,
    slots: SlotSpec {
        new: Some(complex_new),
        repr: Some(complex_repr),
        hash: Some(complex_hash),
        compare: Some(complex_compare),
        add: Some(complex_add),
        sub: Some(complex_sub),
        mul: Some(complex_mul),
        pow: Some(complex_pow),
        neg: Some(complex_neg),
        pos: Some(exact),
        abs: Some(complex_abs),
        bool: Some(complex_bool),
        truediv: Some(complex_truediv),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "A complex number of a number, of text that reads as one, or of a real and an imaginary part.",
    sig: Some("(real=0, imag=0)"),
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// A complex number of a number; unlike the class itself it takes no text.
    class "from_number(cls, number, /)" => from_number;
    /// The number with the sign of its imaginary part changed.
    "conjugate(self, /)" => conjugate;
    /// The number as an exact complex.
    "__complex__(self, /)" => to_complex;
    /// Arguments for __new__ that make an equal number.
    "__getnewargs__(self, /)" => getnewargs;
    /// The number as text in the format that the specification asks for.
    "__format__(self, format_spec, /)" => format;
];

static GETSETS: &[GetSetDef] = getsets![
    /// the real part of a complex number
    member "real" => real;
    /// the imaginary part of a complex number
    member "imag" => imag;
];

/// The value of a complex number's own operand.
#[inline]
fn receiver(cx: &mut Ctx, v: Value) -> PyResult<Complex> {
    match ComplexObj::of(v) {
        Some(z) => Ok(Complex::new(z.re, z.im)),
        None => Err(bad_receiver(cx, Ty::Complex, v)),
    }
}

#[inline]
fn value(cx: &mut Ctx, z: Complex) -> Value {
    cx.complex(z.re, z.im)
}

// ---------------------------------------------------------------------------------------------------- construction

fn complex_new(cx: &mut Ctx, cls: Value, args: Args<'_>) -> PyResult {
    let exact_class = TypeObj::of(cls).is_none_or(|c| std::ptr::eq(c, cx.ty(Ty::Complex)));
    let z = match (args.pos(), args.nkw()) {
        ([], 0) => Complex::new(0.0, 0.0),
        ([x], 0) if exact_class && cx.is_exact(*x, Ty::Complex) => return Ok(*x),
        ([x], 0) => from_one(cx, *x)?,
        _ => {
            let [re, im] = named(cx, "complex", ["real", "imag"], args)?;
            from_parts(cx, re.unwrap_or(Value::small(0)), im)?
        }
    };
    let ty = TypeObj::of(cls).unwrap_or(cx.ty(Ty::Complex));
    Ok(cx.complex_of(ty, z.re, z.im))
}

/// `complex(x)`
fn from_one(cx: &mut Ctx, x: Value) -> PyResult<Complex> {
    if let Some(s) = StrObj::of(x) {
        return from_str(cx, s);
    }
    if let Some((re, im)) = complex_special(cx, x)? {
        return Ok(Complex::new(re, im));
    }
    if let Some(z) = ComplexObj::of(x) {
        return Ok(Complex::new(z.re, z.im));
    }
    if !is_real(cx, x) {
        let msg = format!(
            "complex() argument must be a string or a number, not {}",
            protopy_vm::full_type_name(cx, x)
        );
        return Err(cx.type_error(&msg));
    }
    Ok(Complex::new(protopy_vm::float_of(cx, x)?, 0.0))
}

/// Whether an object converts to a float.
fn is_real(cx: &Ctx, x: Value) -> bool {
    let slots = &cx.type_of(x).slots;
    slots.float.address() != 0 || slots.index.address() != 0
}

fn from_str(cx: &mut Ctx, s: &'static StrObj) -> PyResult<Complex> {
    match complex::parse(&literal_text(s)) {
        Ok(z) => Ok(z),
        Err(ParseComplexError::Malformed) => Err(cx.value_error("complex() arg is a malformed string")),
        Err(ParseComplexError::Underscores) => {
            Err(bad_literal(cx, "could not convert string to complex: ", s.value(), usize::MAX))
        }
    }
}

/// The message about a part that is no real number.
fn part_message(cx: &mut Ctx, part: &str, v: Value) -> String {
    format!("complex() argument '{part}' must be a real number, not {}", protopy_vm::full_type_name(cx, v))
}

/// `complex(real, imag)`. Parts that are complex themselves are deprecated, and count as `real + imag*1j`.
fn from_parts(cx: &mut Ctx, re: Value, im: Option<Value>) -> PyResult<Complex> {
    let special = complex_special(cx, re)?.map(|(re, im)| Complex::new(re, im));
    let re_complex = special.or_else(|| ComplexObj::of(re).map(|z| Complex::new(z.re, z.im)));
    if re_complex.is_none() && !is_real(cx, re) {
        let msg = part_message(cx, "real", re);
        return Err(cx.type_error(&msg));
    }
    let im_complex = im.and_then(ComplexObj::of).map(|z| Complex::new(z.re, z.im));
    if let Some(im) = im
        && im_complex.is_none()
        && !is_real(cx, im)
    {
        let msg = part_message(cx, "imag", im);
        return Err(cx.type_error(&msg));
    }
    let first = match re_complex {
        Some(z) => {
            if !is_real(cx, re) {
                let msg = part_message(cx, "real", re);
                protopy_vm::warn(cx, Ty::DeprecationWarning, &msg, 1)?;
            }
            z
        }
        None => Complex::new(real_part(cx, re)?, 0.0),
    };
    let Some(im) = im else { return Ok(first) };
    let second = match im_complex {
        Some(z) => {
            let msg = part_message(cx, "imag", im);
            protopy_vm::warn(cx, Ty::DeprecationWarning, &msg, 1)?;
            z
        }
        None => Complex::new(real_part(cx, im)?, 0.0),
    };
    // A part that was real adds nothing to the other, not even a signed zero.
    let re = if im_complex.is_some() { first.re - second.im } else { first.re };
    let im = if re_complex.is_some() { second.re + first.im } else { second.re };
    Ok(Complex::new(re, im))
}

/// `float(v)` of a number.
fn real_part(cx: &mut Ctx, v: Value) -> PyResult<f64> {
    let x = super::float::float_from(cx, v)?;
    Ok(FloatObj::of(x).unwrap_or(0.0))
}

fn from_number(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let (cls, x) = (args[0], args[1]);
    let ty = TypeObj::of(cls).unwrap_or(cx.ty(Ty::Complex));
    if std::ptr::eq(ty, cx.ty(Ty::Complex)) && cx.is_exact(x, Ty::Complex) {
        return Ok(x);
    }
    let (re, im) = complex_of(cx, x)?;
    Ok(cx.complex_of(ty, re, im))
}

// ---------------------------------------------------------------------------------------------------- operators

/// An operand of complex arithmetic.
#[derive(Clone, Copy)]
enum Operand {
    Complex(Complex),
    Real(f64),
}

impl Operand {
    fn to_complex(self) -> Complex {
        match self {
            Operand::Complex(z) => z,
            Operand::Real(x) => Complex::new(x, 0.0),
        }
    }
}

fn operand(cx: &mut Ctx, v: Value) -> PyResult<Option<Operand>> {
    if let Some(z) = ComplexObj::of(v) {
        return Ok(Some(Operand::Complex(Complex::new(z.re, z.im))));
    }
    Ok(real_operand(cx, v)?.map(Operand::Real))
}

/// Both operands, or the answer `NotImplemented`.
macro_rules! operands {
    ($cx:ident, $a:expr, $b:expr) => {
        match operand($cx, $a)? {
            Some(x) => match operand($cx, $b)? {
                Some(y) => (x, y),
                None => return Ok(Value::NOT_IMPLEMENTED),
            },
            None => return Ok(Value::NOT_IMPLEMENTED),
        }
    };
}

fn complex_add(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let z = match operands!(cx, a, b) {
        (Operand::Complex(x), Operand::Complex(y)) => x + y,
        (Operand::Complex(z), Operand::Real(x)) | (Operand::Real(x), Operand::Complex(z)) => z + x,
        (Operand::Real(x), Operand::Real(y)) => Complex::new(x + y, 0.0),
    };
    Ok(value(cx, z))
}

fn complex_sub(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let z = match operands!(cx, a, b) {
        (Operand::Complex(x), Operand::Complex(y)) => x - y,
        (Operand::Complex(x), Operand::Real(y)) => x - y,
        (Operand::Real(x), Operand::Complex(y)) => x - y,
        (Operand::Real(x), Operand::Real(y)) => Complex::new(x - y, 0.0),
    };
    Ok(value(cx, z))
}

fn complex_mul(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let z = match operands!(cx, a, b) {
        (Operand::Complex(x), Operand::Complex(y)) => x * y,
        (Operand::Complex(z), Operand::Real(x)) | (Operand::Real(x), Operand::Complex(z)) => z * x,
        (Operand::Real(x), Operand::Real(y)) => Complex::new(x * y, 0.0),
    };
    Ok(value(cx, z))
}

fn complex_truediv(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let z = match operands!(cx, a, b) {
        (Operand::Complex(x), Operand::Complex(y)) => complex::div(x, y),
        (Operand::Complex(x), Operand::Real(y)) => complex::div_real(x, y),
        (Operand::Real(x), Operand::Complex(y)) => complex::real_div(x, y),
        (Operand::Real(x), Operand::Real(y)) => complex::div_real(Complex::new(x, 0.0), y),
    };
    match z {
        Ok(z) => Ok(value(cx, z)),
        Err(ZeroDivision) => Err(division_by_zero(cx)),
    }
}

fn complex_pow(cx: &mut Ctx, a: Value, b: Value, c: Value) -> PyResult {
    let (x, y) = operands!(cx, a, b);
    if !c.is_none() {
        return Err(cx.value_error("complex modulo"));
    }
    match complex::pow(x.to_complex(), y.to_complex()) {
        Ok(z) => Ok(value(cx, z)),
        Err(e) => Err(complex_power_error(cx, e)),
    }
}

fn complex_neg(cx: &mut Ctx, a: Value) -> PyResult {
    let z = receiver(cx, a)?;
    Ok(value(cx, -z))
}

/// The number as an exact complex.
fn exact(cx: &mut Ctx, a: Value) -> PyResult {
    if cx.is_exact(a, Ty::Complex) {
        return Ok(a);
    }
    let z = receiver(cx, a)?;
    Ok(value(cx, z))
}

fn complex_abs(cx: &mut Ctx, a: Value) -> PyResult {
    let z = receiver(cx, a)?;
    match complex::abs(z) {
        Some(r) => Ok(cx.float(r)),
        None => Err(cx.raise_str(Ty::OverflowError, "absolute value too large")),
    }
}

fn complex_bool(cx: &mut Ctx, a: Value) -> PyResult<bool> {
    let z = receiver(cx, a)?;
    Ok(z.re != 0.0 || z.im != 0.0)
}

fn complex_hash(cx: &mut Ctx, a: Value) -> PyResult<i64> {
    let z = receiver(cx, a)?;
    // A NaN part hashes as the object does.
    let part = |x: f64| protopy_num::hash::hash_f64(x).unwrap_or_else(|| protopy_vm::hash_pointer(a));
    Ok(protopy_num::hash::hash_complex(part(z.re), part(z.im)))
}

fn complex_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let z = receiver(cx, a)?;
    let equal = match op {
        CmpOp::Eq | CmpOp::Ne => {
            if let Some(w) = ComplexObj::of(b) {
                z.re == w.re && z.im == w.im
            } else if let Some(x) = FloatObj::of(b) {
                z.re == x && z.im == 0.0
            } else if let Some(n) = IntRef::of(b) {
                z.im == 0.0 && int_equals_float(n, z.re)
            } else {
                return Ok(Value::NOT_IMPLEMENTED);
            }
        }
        _ => return Ok(Value::NOT_IMPLEMENTED),
    };
    Ok(Value::bool(equal == (op == CmpOp::Eq)))
}

// ---------------------------------------------------------------------------------------------------- methods

fn real(cx: &mut Ctx, v: Value) -> PyResult {
    let z = receiver(cx, v)?;
    Ok(cx.float(z.re))
}

fn imag(cx: &mut Ctx, v: Value) -> PyResult {
    let z = receiver(cx, v)?;
    Ok(cx.float(z.im))
}

fn conjugate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let z = receiver(cx, args[0])?;
    Ok(value(cx, z.conjugate()))
}

fn to_complex(cx: &mut Ctx, args: &[Value]) -> PyResult {
    exact(cx, args[0])
}

fn getnewargs(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let parts = [real(cx, args[0])?, imag(cx, args[0])?];
    cx.tuple_of(None, &parts)
}

fn complex_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let z = receiver(cx, v)?;
    let text = protopy_text::format::complex_repr(z.re, z.im);
    cx.str_from(StrRef::Latin1(text.as_bytes()))
}

fn format(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let this = args[0];
    let text = format_spec_arg(cx, args[1])?;
    if text.is_empty() {
        return if cx.is_exact(this, Ty::Complex) {
            complex_repr(cx, this)
        } else {
            protopy_vm::str(cx, this)
        };
    }
    let type_name = cx.type_name(this);
    let spec = match FormatSpec::parse(text, Align::Right, 0, &type_name) {
        Ok(spec) => spec,
        Err(e) => return Err(format_error(cx, e)),
    };
    keep_alive(args[1]);
    let z = receiver(cx, this)?;
    let separators = Separators::of(cx, &spec)?;
    match format_complex_spec(&spec, z.re, z.im, &Separators::locale(&separators)) {
        Ok(text) => cx.str_buf(text),
        Err(e) => Err(format_error(cx, e)),
    }
}
