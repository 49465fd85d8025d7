//! Clocks, and the local time of the system.
#![allow(unsafe_code)]

use crate::calendar::{DAY, EPOCH_ORDINAL, ordinal};
use crate::make::check_year;
use protopy_vm::protocore::layouts::{FloatObj, IntRef};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{self as vm, errors, index};

/// Seconds from 31 December of year 0 to 1970.
pub const EPOCH: i64 = EPOCH_ORDINAL as i64 * DAY;

/// Seconds within which a change of the clocks is looked for.
const FOLD: i64 = DAY;

/// A calendar time of the system.
#[derive(Clone, Copy)]
pub struct Broken {
    /// Year, month, day.
    pub date: (i64, i32, i32),
    /// Hour, minute, second (at most 59).
    pub clock: [i32; 3],
}

#[cold]
fn system_error(cx: &mut Ctx) -> Raised {
    let errno = std::io::Error::last_os_error().raw_os_error().filter(|e| *e != 0).unwrap_or(libc::EINVAL);
    errors::raise_os(cx, errno, None)
}

fn tm_of(cx: &mut Ctx, t: i64, utc: bool) -> PyResult<libc::tm> {
    // SAFETY: a structure of plain numbers and a pointer, for which zeros are valid.
    let mut tm: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: a time and room for the answer.
    let p = unsafe { if utc { libc::gmtime_r(&t, &mut tm) } else { libc::localtime_r(&t, &mut tm) } };
    if p.is_null() { Err(system_error(cx)) } else { Ok(tm) }
}

/// The calendar time of seconds since 1970.
pub fn broken(cx: &mut Ctx, t: i64, utc: bool) -> PyResult<Broken> {
    let tm = tm_of(cx, t, utc)?;
    Ok(Broken {
        date: (i64::from(tm.tm_year) + 1900, tm.tm_mon + 1, tm.tm_mday),
        // Leap seconds do not show.
        clock: [tm.tm_hour, tm.tm_min, tm.tm_sec.min(59)],
    })
}

/// Offset from UTC in seconds, and the name of the local zone at a time.
pub fn zone_at(cx: &mut Ctx, t: i64) -> PyResult<(i64, Value)> {
    let tm = tm_of(cx, t, false)?;
    let name: &[u8] = if tm.tm_zone.is_null() {
        b""
    } else {
        // SAFETY: a name that the C library keeps.
        unsafe { std::ffi::CStr::from_ptr(tm.tm_zone) }.to_bytes()
    };
    let name = vm::codec::fs_decode(cx, name)?;
    Ok((tm.tm_gmtoff, name))
}

/// Seconds and microseconds since 1970.
pub fn now() -> (i64, i64) {
    // SAFETY: as in `tm_of`.
    let mut t: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: a clock that exists and room for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &mut t) };
    (t.tv_sec, t.tv_nsec / 1000)
}

/// Seconds of a calendar time since the day before year 1.
pub fn seconds(cx: &mut Ctx, (year, month, day): (i64, i32, i32), clock: [i32; 3]) -> PyResult<i64> {
    check_year(cx, year)?;
    let days = i64::from(ordinal(year as i32, month, day));
    let [h, m, s] = clock.map(i64::from);
    Ok(((days * 24 + h) * 60 + m) * 60 + s)
}

/// The local time at a time, both in seconds since the day before year 1.
pub fn local(cx: &mut Ctx, u: i64) -> PyResult<i64> {
    let b = broken(cx, u.wrapping_sub(EPOCH), false)?;
    seconds(cx, b.date, b.clock)
}

/// The time at which it is a local time, both in seconds since the day before year 1.
pub fn of_local(cx: &mut Ctx, t: i64, fold: bool) -> PyResult<i64> {
    let a = local(cx, t)? - t;
    let u1 = t - a;
    let t1 = local(cx, u1)?;
    let b = if t1 == t {
        // One solution; the other lies within a day of it, if there is one.
        let u2 = if fold { u1 + FOLD } else { u1 - FOLD };
        let b = local(cx, u2)? - u2;
        if a == b {
            return Ok(u1);
        }
        b
    } else {
        t1 - u1
    };
    let u2 = t - b;
    if local(cx, u2)? == t {
        return Ok(u2);
    }
    if t1 == t {
        return Ok(u1);
    }
    // A time that the clocks skipped.
    Ok(if fold { u1.min(u2) } else { u1.max(u2) })
}

/// Whether a local time at `t` (since 1970) is the second of two equal ones; `shown` is that local time.
pub fn is_fold(cx: &mut Ctx, t: i64, shown: i64) -> PyResult<bool> {
    let probe = local(cx, EPOCH + t - FOLD)?;
    let transition = shown - probe - FOLD;
    if transition >= 0 {
        return Ok(false);
    }
    Ok(local(cx, EPOCH + t + transition)? == shown)
}

#[cold]
fn out_of_range(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::OverflowError, "timestamp out of range for platform time_t")
}

const TWO_63: f64 = 9_223_372_036_854_775_808.0;

fn whole_seconds(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let n = index(cx, v)?;
    match IntRef::of(n).and_then(IntRef::to_i64) {
        Some(n) => Ok(n),
        None => Err(out_of_range(cx)),
    }
}

/// Seconds and microseconds of a timestamp, rounded half to even.
pub fn timestamp(cx: &mut Ctx, v: Value) -> PyResult<(i64, i64)> {
    if let Some(x) = FloatObj::of(v) {
        if x.is_nan() {
            return Err(cx.value_error("Invalid value NaN (not a number)"));
        }
        let mut whole = x.trunc();
        let mut us = ((x - whole) * 1e6).round_ties_even();
        if us >= 1e6 {
            us -= 1e6;
            whole += 1.0;
        } else if us < 0.0 {
            us += 1e6;
            whole -= 1.0;
        }
        if !(-TWO_63..TWO_63).contains(&whole) {
            return Err(out_of_range(cx));
        }
        return Ok((whole as i64, us as i64));
    }
    if IntRef::of(v).is_none() && cx.type_of(v).slots.index.address() == 0 {
        let msg = format!("argument must be int or float, not {}", vm::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    Ok((whole_seconds(cx, v)?, 0))
}

/// Whole seconds of a timestamp.
pub fn time_t(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    if let Some(x) = FloatObj::of(v) {
        if x.is_nan() {
            return Err(cx.value_error("Invalid value NaN (not a number)"));
        }
        let whole = x.floor();
        if !(-TWO_63..TWO_63).contains(&whole) {
            return Err(out_of_range(cx));
        }
        return Ok(whole as i64);
    }
    whole_seconds(cx, v)
}
