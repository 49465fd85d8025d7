//! Constant folding.
//!
//! Folds what cannot fail and does not grow: the result of an operation on constants is a constant if the
//! operation does not raise, warns of nothing, and yields an object of bounded size. Bounds are CPython's
//! (128 bits for products and powers, 4,096 characters, 256 items), so that pathological source compiles quickly.

use num_bigint::{BigInt, Sign};
use num_traits::{Signed, ToPrimitive, Zero};
use protopy_bytecode::Const;
use ruff_python_ast::{Operator, UnaryOp};

const MAX_INT_BITS: u64 = 128;
const MAX_STR: usize = 4096;
const MAX_ITEMS: usize = 256;

/// An integer constant.
pub(crate) fn int_const(n: &BigInt) -> Const {
    match n.to_i64() {
        Some(small) => Const::Int(small),
        None => {
            let (sign, bytes) = n.to_bytes_le();
            Const::BigInt { negative: sign == Sign::Minus, magnitude: bytes.into() }
        }
    }
}

/// The integer of a constant; booleans count.
fn to_int(c: &Const) -> Option<BigInt> {
    match c {
        Const::Int(n) => Some(BigInt::from(*n)),
        Const::True => Some(BigInt::from(1)),
        Const::False => Some(BigInt::zero()),
        Const::BigInt { negative, magnitude } => {
            let sign = if *negative { Sign::Minus } else { Sign::Plus };
            Some(BigInt::from_bytes_le(sign, magnitude))
        }
        _ => None,
    }
}

fn to_float(c: &Const) -> Option<f64> {
    match c {
        Const::Float(f) => Some(*f),
        Const::Int(n) if n.unsigned_abs() < 1 << 53 => Some(*n as f64),
        Const::True => Some(1.0),
        Const::False => Some(0.0),
        _ => None,
    }
}

/// Whether a constant is true.
pub(crate) fn truth(c: &Const) -> bool {
    match c {
        Const::None | Const::False => false,
        Const::True | Const::Ellipsis | Const::Slice(_) | Const::Code(_) | Const::BigInt { .. } => true,
        Const::Int(n) => *n != 0,
        Const::Float(f) => *f != 0.0,
        Const::Complex(re, im) => *re != 0.0 || *im != 0.0,
        Const::Str(s) => !s.is_empty(),
        Const::WideStr(s) => !s.is_empty(),
        Const::Bytes(b) => !b.is_empty(),
        Const::Tuple(items) | Const::FrozenSet(items) => !items.is_empty(),
    }
}

/// The result of a unary operation.
pub(crate) fn unary(op: UnaryOp, c: &Const) -> Option<Const> {
    match op {
        UnaryOp::Not => Some(if truth(c) { Const::False } else { Const::True }),
        UnaryOp::Invert => match c {
            Const::True | Const::False => None,
            _ => to_int(c).map(|n| int_const(&!n)),
        },
        UnaryOp::UAdd => match c {
            Const::Float(_) | Const::Complex(..) => Some(c.clone()),
            _ => to_int(c).map(|n| int_const(&n)),
        },
        UnaryOp::USub => match c {
            Const::Float(f) => Some(Const::Float(-f)),
            Const::Complex(re, im) => Some(Const::Complex(-re, -im)),
            _ => to_int(c).map(|n| int_const(&-n)),
        },
    }
}

/// The result of a binary operation.
pub(crate) fn binary(op: Operator, a: &Const, b: &Const) -> Option<Const> {
    if let (Some(x), Some(y)) = (to_int(a), to_int(b)) {
        let bools = matches!(a, Const::True | Const::False) && matches!(b, Const::True | Const::False);
        return if bools && matches!(op, Operator::BitAnd | Operator::BitOr | Operator::BitXor) {
            bool_op(op, !x.is_zero(), !y.is_zero())
        } else {
            int_op(op, &x, &y)
        };
    }
    match (a, b) {
        (Const::Complex(..), _) | (_, Const::Complex(..)) => return complex_op(op, a, b),
        (Const::Float(_), _) | (_, Const::Float(_)) => return float_op(op, to_float(a)?, to_float(b)?),
        _ => {}
    }
    match op {
        Operator::Add => concat(a, b),
        Operator::Mult => match (a, b) {
            (Const::Int(n), seq) | (seq, Const::Int(n)) => repeat(seq, *n),
            _ => None,
        },
        _ => None,
    }
}

fn bool_op(op: Operator, x: bool, y: bool) -> Option<Const> {
    let r = match op {
        Operator::BitAnd => x & y,
        Operator::BitOr => x | y,
        Operator::BitXor => x ^ y,
        _ => return None,
    };
    Some(if r { Const::True } else { Const::False })
}

fn floor_div_mod(x: &BigInt, y: &BigInt) -> (BigInt, BigInt) {
    let (mut q, mut r) = (x / y, x % y);
    if !r.is_zero() && (r.is_negative() != y.is_negative()) {
        q -= 1;
        r += y;
    }
    (q, r)
}

fn int_op(op: Operator, x: &BigInt, y: &BigInt) -> Option<Const> {
    let r = match op {
        Operator::Add => x + y,
        Operator::Sub => x - y,
        Operator::Mult => {
            if !x.is_zero() && !y.is_zero() && x.bits() + y.bits() > MAX_INT_BITS {
                return None;
            }
            x * y
        }
        Operator::FloorDiv | Operator::Mod => {
            if y.is_zero() {
                return None;
            }
            let (q, r) = floor_div_mod(x, y);
            if op == Operator::Mod { r } else { q }
        }
        Operator::Div => {
            let (x, y) = (to_float(&int_const(x))?, to_float(&int_const(y))?);
            return if y == 0.0 { None } else { Some(Const::Float(x / y)) };
        }
        Operator::Pow => {
            let e = y.to_u32()?;
            if e > 0 && x.bits() * u64::from(e) > MAX_INT_BITS {
                return None;
            }
            x.pow(e)
        }
        Operator::LShift => {
            let n = y.to_u64()?;
            if n > MAX_INT_BITS || (!x.is_zero() && x.bits() + n > MAX_INT_BITS) {
                return None;
            }
            x << n
        }
        Operator::RShift => {
            let n = y.to_u64()?;
            if n > 1 << 20 {
                return None;
            }
            x >> n
        }
        Operator::BitOr => x | y,
        Operator::BitXor => x ^ y,
        Operator::BitAnd => x & y,
        Operator::MatMult => return None,
    };
    Some(int_const(&r))
}

fn float_op(op: Operator, x: f64, y: f64) -> Option<Const> {
    let r = match op {
        Operator::Add => x + y,
        Operator::Sub => x - y,
        Operator::Mult => x * y,
        Operator::Div if y != 0.0 => x / y,
        _ => return None,
    };
    Some(Const::Float(r))
}

fn complex_op(op: Operator, a: &Const, b: &Const) -> Option<Const> {
    let (re, im) = match (a, b, op) {
        (Const::Complex(a, b), Const::Complex(c, d), Operator::Add) => (a + c, b + d),
        (Const::Complex(a, b), Const::Complex(c, d), Operator::Sub) => (a - c, b - d),
        (Const::Complex(a, b), other, Operator::Add) => (a + to_float(other)?, *b),
        (Const::Complex(a, b), other, Operator::Sub) => (a - to_float(other)?, *b),
        (other, Const::Complex(c, d), Operator::Add) => (to_float(other)? + c, *d),
        (other, Const::Complex(c, d), Operator::Sub) => (to_float(other)? - c, -d),
        (Const::Complex(a, b), Const::Complex(c, d), Operator::Mult) => {
            let (re, im) = (a * c - b * d, a * d + b * c);
            // Infinities are recovered from such a product when it is computed.
            if re.is_nan() || im.is_nan() {
                return None;
            }
            (re, im)
        }
        (Const::Complex(a, b), real, Operator::Mult) | (real, Const::Complex(a, b), Operator::Mult) => {
            let real = to_float(real)?;
            (a * real, b * real)
        }
        _ => return None,
    };
    Some(Const::Complex(re, im))
}

fn wide(c: &Const) -> Option<Vec<u32>> {
    match c {
        Const::Str(s) => Some(s.chars().map(u32::from).collect()),
        Const::WideStr(s) => Some(s.to_vec()),
        _ => None,
    }
}

/// Two strings, byte strings or tuples in one.
pub(crate) fn concat(a: &Const, b: &Const) -> Option<Const> {
    match (a, b) {
        (Const::Str(x), Const::Str(y)) if x.len() + y.len() <= 1 << 16 => {
            Some(Const::Str([x.as_ref(), y.as_ref()].concat().into()))
        }
        (Const::Bytes(x), Const::Bytes(y)) if x.len() + y.len() <= 1 << 16 => {
            Some(Const::Bytes([x.as_ref(), y.as_ref()].concat().into()))
        }
        (Const::Tuple(x), Const::Tuple(y)) if x.len() + y.len() <= MAX_ITEMS => {
            Some(Const::Tuple(x.iter().chain(y.iter()).cloned().collect()))
        }
        (Const::WideStr(_), _) | (_, Const::WideStr(_)) => {
            let (x, y) = (wide(a)?, wide(b)?);
            (x.len() + y.len() <= MAX_STR).then(|| Const::WideStr([x, y].concat().into()))
        }
        _ => None,
    }
}

fn repeat(seq: &Const, n: i64) -> Option<Const> {
    let n = usize::try_from(n.max(0)).ok()?;
    let fits = |len: usize, max: usize| len.checked_mul(n).is_some_and(|total| total <= max);
    match seq {
        Const::Str(s) if fits(s.len(), MAX_STR) => Some(Const::Str(s.repeat(n).into())),
        Const::Bytes(b) if fits(b.len(), MAX_STR) => Some(Const::Bytes(b.repeat(n).into())),
        Const::Tuple(t) if fits(t.len(), MAX_ITEMS) => {
            let items: Vec<Const> = std::iter::repeat_n(t.iter().cloned(), n).flatten().collect();
            Some(Const::Tuple(items.into()))
        }
        _ => None,
    }
}

/// `object[index]` of constants.
pub(crate) fn subscript(object: &Const, index: &Const) -> Option<Const> {
    let Const::Int(i) = index else { return None };
    let at = |len: usize| {
        let len = i64::try_from(len).ok()?;
        let i = if *i < 0 { *i + len } else { *i };
        (0..len).contains(&i).then_some(i as usize)
    };
    match object {
        Const::Tuple(items) => items.get(at(items.len())?).cloned(),
        Const::Str(s) if s.is_ascii() => {
            let c = *s.as_bytes().get(at(s.len())?)?;
            Some(Const::Str(char::from(c).to_string().into()))
        }
        Const::Bytes(b) => b.get(at(b.len())?).map(|&b| Const::Int(i64::from(b))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(c: Option<Const>) -> String {
        format!("{c:?}")
    }

    #[test]
    fn division_rounds_down() {
        for (a, b, q, r) in [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (6, -3, -2, 0)] {
            let (a, b) = (Const::Int(a), Const::Int(b));
            assert_eq!(show(binary(Operator::FloorDiv, &a, &b)), show(Some(Const::Int(q))));
            assert_eq!(show(binary(Operator::Mod, &a, &b)), show(Some(Const::Int(r))));
        }
    }

    #[test]
    fn what_raises_or_grows_is_left_alone() {
        let (zero, huge) = (Const::Int(0), Const::Int(1 << 40));
        assert!(binary(Operator::FloorDiv, &huge, &zero).is_none());
        assert!(binary(Operator::Div, &huge, &zero).is_none());
        assert!(binary(Operator::Pow, &huge, &huge).is_none());
        assert!(binary(Operator::LShift, &huge, &Const::Int(100)).is_none());
        assert!(binary(Operator::LShift, &huge, &Const::Int(-1)).is_none());
        assert!(binary(Operator::Mult, &Const::Str("ab".into()), &huge).is_none());
        assert!(binary(Operator::Add, &Const::Str("a".into()), &zero).is_none());
        assert!(unary(UnaryOp::Invert, &Const::True).is_none());
        assert!(subscript(&Const::Tuple(Box::new([])), &zero).is_none());
    }

    #[test]
    fn integers_grow_without_bound() {
        let max = Const::Int(i64::MAX);
        let sum = binary(Operator::Add, &max, &Const::Int(1)).expect("a sum");
        assert!(matches!(&sum, Const::BigInt { negative: false, .. }));
        assert_eq!(show(binary(Operator::Sub, &sum, &Const::Int(1))), show(Some(max)));
        assert_eq!(show(unary(UnaryOp::USub, &sum)), show(Some(Const::Int(i64::MIN))));
    }
}
