//! Products and quotients of timedeltas, exact to the last microsecond: what does not divide is rounded to the nearest, ties to even.

use crate::delta::{Delta, division_by_zero, times, whole};
use crate::family;
use crate::make::{delta_of_us, too_large};
use num_bigint::{BigInt, Sign};
use protopy_vm as vm;
use protopy_vm::protocore::layouts::{FloatObj, IntRef, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};

/// A sum of microseconds: whole ones, which may take any number of bits, and fractions.
#[derive(Default)]
pub struct Total {
    whole: i128,
    /// What does not fit above.
    big: Option<BigInt>,
    fraction: f64,
}

#[cold]
fn not_finite(cx: &mut Ctx, x: f64) -> Raised {
    if x.is_nan() {
        cx.value_error("cannot convert float NaN to integer")
    } else {
        cx.raise_str(Ty::OverflowError, "cannot convert float infinity to integer")
    }
}

/// The integer part of a float that is finite.
fn whole_part(x: f64) -> BigInt {
    match protopy_num::int::trunc_f64(x) {
        Ok(protopy_num::int::Int::Small(n)) => BigInt::from(n),
        Ok(protopy_num::int::Int::Big(b)) => b,
        Err(_) => BigInt::default(),
    }
}

impl Total {
    fn add_product(&mut self, n: i64, factor: i64) {
        let product = i128::from(n) * i128::from(factor);
        match (&mut self.big, self.whole.checked_add(product)) {
            (None, Some(sum)) => self.whole = sum,
            (big, _) => *big = Some(big.take().unwrap_or_default() + product),
        }
    }

    fn add_big(&mut self, n: BigInt, factor: i64) {
        let big = self.big.take().unwrap_or_default();
        self.big = Some(big + n * factor);
    }

    /// Adds a number of units of `factor` microseconds; TypeError for what is neither int nor float.
    pub fn add(&mut self, cx: &mut Ctx, v: Value, factor: i64, name: &str) -> PyResult<()> {
        if let Some(n) = IntRef::of(v) {
            match n {
                IntRef::Small(n) => self.add_product(n, factor),
                IntRef::Big(b) => self.add_big(b.clone(), factor),
            }
            return Ok(());
        }
        let Some(x) = FloatObj::of(v) else {
            let msg = format!("unsupported type for timedelta {name} component: {}", vm::tp_name(cx, v));
            return Err(cx.type_error(&msg));
        };
        if !x.is_finite() {
            return Err(not_finite(cx, x));
        }
        let int = x.trunc();
        if int.abs() < 9e18 {
            self.add_product(int as i64, factor)
        } else {
            self.add_big(whole_part(int), factor)
        }
        let fraction = x - int;
        if fraction != 0.0 {
            let part = factor as f64 * fraction;
            let int = part.trunc();
            // A fraction of a unit is less than the unit.
            self.add_product(int as i64, 1);
            self.fraction += part - int;
        }
        Ok(())
    }

    /// The sum, rounded; OverflowError if it is much too large.
    pub fn round(self, cx: &mut Ctx) -> PyResult<i128> {
        let sum = match self.big {
            None => Some(self.whole),
            Some(b) => i128::try_from(b + self.whole).ok(),
        };
        let Some(sum) = sum else { return Err(too_large(cx)) };
        if self.fraction == 0.0 {
            return Ok(sum);
        }
        let f = self.fraction;
        let mut rounded = f.round();
        if (rounded - f).abs() == 0.5 {
            let odd = if sum & 1 == 1 { 1.0 } else { 0.0 };
            rounded = 2.0 * ((f + odd) * 0.5).round() - odd;
        }
        sum.checked_add(rounded as i128).ok_or_else(|| too_large(cx))
    }
}

// ---------------------------------------------------------------------------------------------------- division

/// `m / n`, rounded to the nearest, ties to even; `n` is not zero.
fn nearest(m: i128, n: i128) -> i128 {
    let (m, n) = if n < 0 { (m.saturating_neg(), n.saturating_neg()) } else { (m, n) };
    let (q, r) = (m.div_euclid(n), m.rem_euclid(n));
    // Twice the remainder may not fit: compare with the rest.
    let up = match r.cmp(&(n - r)) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => q & 1 == 1,
        std::cmp::Ordering::Less => false,
    };
    q + i128::from(up)
}

/// As [`nearest`] for any numbers.
fn nearest_big(m: BigInt, n: BigInt) -> Option<i128> {
    let (m, n) = if n.sign() == Sign::Minus { (-m, -n) } else { (m, n) };
    let (q, r) = protopy_num::int::floor_divmod(&m, &n)?;
    let rest = &n - &r;
    let up = r > rest || r == rest && q.bit(0);
    i128::try_from(if up { q + 1 } else { q }).ok()
}

/// The true quotient as a float.
pub fn quotient(cx: &mut Ctx, a: i128, b: i128) -> PyResult {
    if b == 0 {
        return Err(division_by_zero(cx));
    }
    const EXACT: u128 = 1 << 53;
    if a.unsigned_abs() <= EXACT && b.unsigned_abs() <= EXACT {
        return Ok(cx.float(a as f64 / b as f64));
    }
    match protopy_num::int::true_div(&BigInt::from(a), &BigInt::from(b)) {
        Ok(x) => Ok(cx.float(x)),
        Err(_) => Err(cx.raise_str(Ty::OverflowError, "integer division result too large for a float")),
    }
}

/// A float as `m * 2**e` with an odd `m`, or zero.
fn parts(cx: &mut Ctx, x: f64) -> PyResult<(i64, i32)> {
    if !x.is_finite() {
        return Err(if x.is_nan() {
            cx.value_error("cannot convert NaN to integer ratio")
        } else {
            cx.raise_str(Ty::OverflowError, "cannot convert Infinity to integer ratio")
        });
    }
    let bits = x.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let (m, e) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    if m == 0 {
        return Ok((0, 0));
    }
    let zeros = m.trailing_zeros();
    let m = m >> zeros;
    Ok((if x < 0.0 { -m } else { m }, e + zeros as i32))
}

/// `us * x` or `us / x`, rounded.
fn scaled(cx: &mut Ctx, us: i128, x: f64, divide: bool) -> PyResult<i128> {
    let (m, e) = parts(cx, x)?;
    if divide && m == 0 {
        return Err(division_by_zero(cx));
    }
    let e = if divide { -e } else { e };
    let (mut top, mut bottom) = if divide { (us, i128::from(m)) } else { (us * i128::from(m), 1) };
    // A product has at most 120 bits. What cannot be shifted in place is big.
    let room = |n: i128| n.unsigned_abs().leading_zeros().saturating_sub(2);
    let by = e.unsigned_abs();
    let fits = by <= if e >= 0 { room(top) } else { room(bottom) };
    if fits {
        if e >= 0 {
            top <<= by
        } else {
            bottom <<= by
        }
        return Ok(nearest(top, bottom));
    }
    if top == 0 {
        return Ok(0);
    }
    let (mut t, mut b) = (BigInt::from(top), BigInt::from(bottom));
    if e >= 0 {
        t <<= by
    } else {
        b <<= by
    }
    nearest_big(t, b).ok_or_else(|| too_large(cx))
}

/// What `as_integer_ratio()` of a float of a class of its own says; `None` for plain floats, whose bits say it.
fn own_ratio(cx: &mut Ctx, x: Value) -> PyResult<Option<(BigInt, BigInt)>> {
    if std::ptr::eq(cx.type_of(x), cx.ty(Ty::Float)) {
        return Ok(None);
    }
    let ratio = vm::call_method(cx, x, "as_integer_ratio", &[])?;
    let Some(t) = TupleObj::of(ratio) else {
        let msg = format!(
            "unexpected return type from as_integer_ratio(): expected tuple, not '{}'",
            vm::tp_name(cx, ratio)
        );
        return Err(cx.type_error(&msg));
    };
    let &[n, m] = t.items() else {
        return Err(cx.value_error("as_integer_ratio() must return a 2-tuple"));
    };
    match (IntRef::of(n), IntRef::of(m)) {
        (Some(n), Some(m)) => Ok(Some((n.to_big(), m.to_big()))),
        _ => Err(cx.type_error("non-integer arguments in division")),
    }
}

/// A quotient, rounded.
fn ratio_of(cx: &mut Ctx, t: BigInt, b: BigInt) -> PyResult<i128> {
    if b.sign() == Sign::NoSign {
        return Err(division_by_zero(cx));
    }
    nearest_big(t, b).ok_or_else(|| too_large(cx))
}

/// `timedelta * number`
pub fn mul(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let (of, d, other) = match (a.native::<Delta>(), b.native::<Delta>()) {
        (Some(d), None) => (a, d, b),
        (None, Some(d)) => (b, d, a),
        _ => return Ok(Value::NOT_IMPLEMENTED),
    };
    if let Some(n) = IntRef::of(other) {
        return times(cx, of, d.total(), n);
    }
    let Some(x) = FloatObj::of(other) else { return Ok(Value::NOT_IMPLEMENTED) };
    let us = match own_ratio(cx, other)? {
        None => scaled(cx, d.total(), x, false)?,
        Some((n, m)) => ratio_of(cx, n * d.total(), m)?,
    };
    let f = family(cx, of)?;
    delta_of_us(cx, f, us)
}

/// `timedelta / timedelta`, `timedelta / number`
pub fn truediv(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some(d) = a.native::<Delta>() else { return Ok(Value::NOT_IMPLEMENTED) };
    let us = d.total();
    if let Some(e) = b.native::<Delta>() {
        return quotient(cx, us, e.total());
    }
    let result = if let Some(n) = IntRef::of(b) {
        if n.signum() == 0 {
            return Err(division_by_zero(cx));
        }
        match n {
            IntRef::Small(n) => nearest(us, i128::from(n)),
            // A divisor that does not fit is more than twice as large as any timedelta.
            IntRef::Big(n) => i128::try_from(n).map_or(0, |n| nearest(us, n)),
        }
    } else if let Some(x) = FloatObj::of(b) {
        match own_ratio(cx, b)? {
            None => scaled(cx, us, x, true)?,
            Some((n, m)) => ratio_of(cx, m * us, n)?,
        }
    } else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let f = family(cx, a)?;
    delta_of_us(cx, f, result)
}

fn floor(a: i128, b: i128) -> (i128, i128) {
    let (q, r) = (a.wrapping_div(b), a.wrapping_rem(b));
    if r != 0 && (r < 0) != (b < 0) { (q - 1, r + b) } else { (q, r) }
}

/// `timedelta // timedelta`, `timedelta // int`
pub fn floordiv(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some(d) = a.native::<Delta>() else { return Ok(Value::NOT_IMPLEMENTED) };
    let us = d.total();
    if let Some(e) = b.native::<Delta>() {
        return match e.total() {
            0 => Err(division_by_zero(cx)),
            e => Ok(whole(cx, floor(us, e).0)),
        };
    }
    let Some(n) = IntRef::of(b) else { return Ok(Value::NOT_IMPLEMENTED) };
    let n = match n {
        IntRef::Small(0) => return Err(division_by_zero(cx)),
        IntRef::Small(n) => i128::from(n),
        IntRef::Big(n) if n.sign() == Sign::Minus => i128::try_from(n).unwrap_or(i128::MIN),
        IntRef::Big(n) => i128::try_from(n).unwrap_or(i128::MAX),
    };
    let f = family(cx, a)?;
    delta_of_us(cx, f, floor(us, n).0)
}

/// Both operands as microseconds.
fn both(cx: &mut Ctx, a: Value, b: Value) -> PyResult<Option<(i128, i128)>> {
    let (Some(d), Some(e)) = (a.native::<Delta>(), b.native::<Delta>()) else { return Ok(None) };
    match e.total() {
        0 => Err(division_by_zero(cx)),
        e => Ok(Some((d.total(), e))),
    }
}

/// `timedelta % timedelta`
pub fn modulo(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, y)) = both(cx, a, b)? else { return Ok(Value::NOT_IMPLEMENTED) };
    let f = family(cx, a)?;
    delta_of_us(cx, f, floor(x, y).1)
}

/// `divmod(timedelta, timedelta)`
pub fn divmod(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, y)) = both(cx, a, b)? else { return Ok(Value::NOT_IMPLEMENTED) };
    let f = family(cx, a)?;
    let (q, r) = floor(x, y);
    let q = whole(cx, q);
    let r = delta_of_us(cx, f, r)?;
    Ok(cx.pair(q, r))
}
