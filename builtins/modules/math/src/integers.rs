//! Functions of `math` on integers.
//!
//! Results are bounded: what would take more than `MAX_BITS` bits raises MemoryError before the work begins.

use crate::errors::index_ref;
use num_bigint::{BigInt, BigUint};
use num_traits::ToPrimitive;
use protocore::layouts::IntRef;
use protocore::{Args, Ctx, PyResult, Ty, Value};
use protopy_num::Int;
use protopy_num::int::{self, MAX_BITS};
use protopy_vm::{big, int_value};
use protopy_vm::{keep_alive, protocore};

/// Arguments of which more than this many are so costly that the result cannot be held: `n!` has more than
/// `n` bits from 4 on.
const MAX_FACTORS: u64 = MAX_BITS / 16;

pub(crate) fn factorial(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let (owner, n) = index_ref(cx, args[0])?;
    if n.signum() < 0 {
        return Err(cx.value_error("factorial() not defined for negative values"));
    }
    let n = n.to_i64();
    keep_alive(owner);
    let Some(n) = n else {
        let msg = format!("factorial() argument should not exceed {}", i64::MAX);
        return Err(cx.raise_str(Ty::OverflowError, &msg));
    };
    if n.unsigned_abs() > MAX_FACTORS {
        return Err(cx.no_memory());
    }
    Ok(int_value(cx, int::factorial(n.unsigned_abs())))
}

/// Two integers that are not negative.
fn natural_pair(cx: &mut Ctx, n: Value, k: Value) -> PyResult<(BigUint, BigUint)> {
    let (n_owner, n) = index_ref(cx, n)?;
    let (k_owner, k) = index_ref(cx, k)?;
    if n.signum() < 0 {
        return Err(cx.value_error("n must be a non-negative integer"));
    }
    if k.signum() < 0 {
        return Err(cx.value_error("k must be a non-negative integer"));
    }
    let pair = (big(n).magnitude().clone(), big(k).magnitude().clone());
    keep_alive(n_owner);
    keep_alive(k_owner);
    Ok(pair)
}

/// `comb` in machine words, each partial product being itself a binomial coefficient.
fn small_comb(n: i64, k: i64) -> Option<i64> {
    if n < 0 || k < 0 {
        return None;
    }
    if k > n {
        return Some(0);
    }
    let k = k.min(n - k);
    if k > 62 {
        return None;
    }
    (0..k).try_fold(1i64, |acc, i| Some(acc.checked_mul(n - i)? / (i + 1)))
}

pub(crate) fn comb(cx: &mut Ctx, args: &[Value]) -> PyResult {
    if let (Some(n), Some(k)) = (args[0].as_small(), args[1].as_small())
        && let Some(r) = small_comb(n, k)
    {
        return Ok(cx.int(r));
    }
    let (n, k) = natural_pair(cx, args[0], args[1])?;
    if k > n {
        return Ok(Value::small(0));
    }
    let k = (&n - &k).min(k);
    let few = k.to_u64().filter(|k| i64::try_from(*k).is_ok());
    let Some(few) = few else {
        let msg = format!("min(n - k, k) must not exceed {}", i64::MAX);
        return Err(cx.raise_str(Ty::OverflowError, &msg));
    };
    // With k at most n/2 the result is at least 2**k, and at least (n/k)**k.
    let each = n.bits().saturating_sub(k.bits() + 1).max(1);
    if few.saturating_mul(each) > MAX_BITS {
        return Err(cx.no_memory());
    }
    match int::comb(&n, &k) {
        Ok(r) => Ok(cx.bigint(BigInt::from(r))),
        Err(_) => Err(cx.no_memory()),
    }
}

pub(crate) fn perm(cx: &mut Ctx, args: &[Value]) -> PyResult {
    if args[1].is_none() {
        return factorial(cx, args);
    }
    let (n, k) = natural_pair(cx, args[0], args[1])?;
    if k > n {
        return Ok(Value::small(0));
    }
    let few = k.to_u64().filter(|k| i64::try_from(*k).is_ok());
    let Some(few) = few else {
        let msg = format!("k must not exceed {}", i64::MAX);
        return Err(cx.raise_str(Ty::OverflowError, &msg));
    };
    // Half of the factors at least are above n/2.
    if (few / 2).saturating_mul(n.bits().saturating_sub(2)) > MAX_BITS {
        return Err(cx.no_memory());
    }
    Ok(cx.bigint(BigInt::from(int::perm(&n, few))))
}

pub(crate) fn isqrt(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let (owner, n) = index_ref(cx, args[0])?;
    if n.signum() < 0 {
        return Err(cx.value_error("isqrt() argument must be nonnegative"));
    }
    let root = match n {
        IntRef::Small(n) => Int::from(int::isqrt_u64(n.unsigned_abs())),
        IntRef::Big(b) => Int::from(int::isqrt(b).unwrap_or_default()),
    };
    keep_alive(owner);
    Ok(int_value(cx, root))
}

// ---------------------------------------------------------------------------------------------------- divisors

/// Refuses keyword arguments.
pub(crate) fn only_positional<'a>(cx: &mut Ctx, name: &str, args: Args<'a>) -> PyResult<&'a [Value]> {
    if args.nkw() > 0 {
        return Err(cx.type_error(&format!("math.{name}() takes no keyword arguments")));
    }
    Ok(args.pos())
}

/// Folds all arguments with an operation on magnitudes.
fn fold(
    cx: &mut Ctx,
    all: &[Value],
    start: i64,
    on_small: fn(i64, i64) -> Option<Int>,
    on_big: fn(&BigInt, &BigInt) -> BigInt,
) -> PyResult {
    let mut acc = Int::Small(start);
    for v in all {
        let (owner, n) = index_ref(cx, *v)?;
        let small = match (&acc, n) {
            (Int::Small(a), IntRef::Small(b)) => on_small(*a, b),
            _ => None,
        };
        acc = match small {
            Some(r) => r,
            None => Int::from(on_big(&acc.into_big(), &big(n))),
        };
        keep_alive(owner);
    }
    Ok(int_value(cx, acc))
}

fn gcd_small(a: i64, b: i64) -> Option<Int> {
    Some(Int::from(int::gcd_i64(a, b)))
}

fn lcm_small(a: i64, b: i64) -> Option<Int> {
    if a == 0 || b == 0 {
        return Some(Int::Small(0));
    }
    let (a, b) = (a.unsigned_abs(), b.unsigned_abs());
    let gcd = int::gcd_i64(a as i64, b as i64);
    (a / gcd).checked_mul(b).map(Int::from)
}

pub(crate) fn gcd(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    let all = only_positional(cx, "gcd", args)?;
    fold(cx, all, 0, gcd_small, int::gcd)
}

pub(crate) fn lcm(cx: &mut Ctx, _: Value, args: Args<'_>) -> PyResult {
    let all = only_positional(cx, "lcm", args)?;
    fold(cx, all, 1, lcm_small, int::lcm)
}
