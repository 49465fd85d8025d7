//! Times given as Python numbers: seconds to nanoseconds and to `timespec`, with the rounding that the caller wants.

use protopy_vm::index;
use protopy_vm::protocore::layouts::{FloatObj, IntRef};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};

/// Nanoseconds in a second.
pub const NS: i64 = 1_000_000_000;

/// Rounding of a number that has too many digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Towards minus infinity.
    Floor,
    /// Towards plus infinity: timeouts never end early.
    Ceiling,
    /// To the nearest, ties to even.
    HalfEven,
    /// Away from zero.
    Up,
}

impl Round {
    fn of(self, x: f64) -> f64 {
        match self {
            Round::Floor => x.floor(),
            Round::Ceiling => x.ceil(),
            Round::HalfEven => x.round_ties_even(),
            Round::Up => {
                if x >= 0.0 {
                    x.ceil()
                } else {
                    x.floor()
                }
            }
        }
    }
}

#[cold]
fn too_large(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::OverflowError, "timestamp out of range for C PyTime_t")
}

#[cold]
fn out_of_range(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::OverflowError, "timestamp out of range for platform time_t")
}

/// Nanoseconds of a number of seconds.
pub fn to_ns(cx: &mut Ctx, v: Value, round: Round) -> PyResult<i64> {
    if let Some(f) = FloatObj::of(v) {
        if f.is_nan() {
            return Err(cx.value_error("Invalid value NaN (not a number)"));
        }
        let ns = round.of(f * 1e9);
        // Both bounds are exact as floats.
        if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&ns) {
            return Err(too_large(cx));
        }
        return Ok(ns as i64);
    }
    if IntRef::of(v).is_none() && cx.type_of(v).slots.index.address() == 0 {
        let msg = format!(
            "'{}' object cannot be interpreted as an integer or float",
            protopy_vm::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    }
    let n = index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64).and_then(|s| s.checked_mul(NS)) {
        Some(ns) => Ok(ns),
        None => Err(too_large(cx)),
    }
}

/// Seconds and nanoseconds (0..10^9) of a number of seconds.
pub fn to_timespec(cx: &mut Ctx, v: Value, round: Round) -> PyResult<libc::timespec> {
    if let Some(f) = FloatObj::of(v) {
        if f.is_nan() {
            return Err(cx.value_error("Invalid value NaN (not a number)"));
        }
        let whole = f.floor();
        let mut sec = whole;
        let mut frac = round.of((f - whole) * 1e9);
        if frac >= 1e9 {
            frac -= 1e9;
            sec += 1.0;
        }
        if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&sec) {
            return Err(out_of_range(cx));
        }
        return Ok(libc::timespec { tv_sec: sec as i64, tv_nsec: frac as i64 });
    }
    if IntRef::of(v).is_none() && cx.type_of(v).slots.index.address() == 0 {
        let msg = format!("argument must be int or float, not {}", protopy_vm::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    let n = index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64) {
        Some(s) => Ok(libc::timespec { tv_sec: s, tv_nsec: 0 }),
        None => Err(out_of_range(cx)),
    }
}

/// Whole seconds of a number of seconds: `time_t` arguments.
pub fn to_seconds(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    if let Some(f) = FloatObj::of(v) {
        if f.is_nan() {
            return Err(cx.value_error("Invalid value NaN (not a number)"));
        }
        let s = f.floor();
        if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&s) {
            return Err(out_of_range(cx));
        }
        return Ok(s as i64);
    }
    let n = index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64) {
        Some(s) => Ok(s),
        None => Err(out_of_range(cx)),
    }
}

/// A `timespec` of nanoseconds.
pub fn timespec(ns: i64) -> libc::timespec {
    libc::timespec { tv_sec: ns.div_euclid(NS), tv_nsec: ns.rem_euclid(NS) }
}

/// Nanoseconds of a clock.
pub fn clock_ns(clock: libc::clockid_t) -> Result<i64, i32> {
    let mut t: libc::timespec = crate::sys::zeroed();
    crate::sys::clock_gettime(clock, &mut t)?;
    Ok(t.tv_sec.saturating_mul(NS).saturating_add(t.tv_nsec))
}

/// Nanoseconds of the monotonic clock, 0 if there is none.
pub fn monotonic() -> i64 {
    clock_ns(libc::CLOCK_MONOTONIC).unwrap_or(0)
}

/// A time as float seconds, computed as CPython does so that results are the same to the last digit.
pub fn seconds(ns: i64) -> f64 {
    if ns % NS == 0 { (ns / NS) as f64 } else { ns as f64 / 1e9 }
}

/// How long a call may still take. `None`: without end.
#[derive(Clone, Copy)]
pub struct Deadline(Option<i64>);

impl Deadline {
    /// From now on; negative: without end.
    pub fn after(ns: Option<i64>) -> Deadline {
        Deadline(ns.filter(|n| *n >= 0).map(|n| monotonic().saturating_add(n)))
    }

    /// Nanoseconds that are left, not below 0.
    pub fn left(self) -> Option<i64> {
        self.0.map(|end| end.saturating_sub(monotonic()).max(0))
    }

    /// As milliseconds for `poll`, rounded up; -1: without end.
    pub fn poll_ms(self) -> i32 {
        match self.left() {
            None => -1,
            Some(ns) => i32::try_from((ns + 999_999) / 1_000_000).unwrap_or(i32::MAX),
        }
    }

    /// Whether the time is over.
    pub fn passed(self) -> bool {
        self.left() == Some(0)
    }
}
