//! New objects: of the module's own types in one allocation, of derived classes by a call of the class.

use crate::calendar::{Clock, DAY, MAXYEAR, MINYEAR, Ymd, days_in_month, ymd};
use crate::date::Date;
use crate::datetime::DateTime;
use crate::delta::{Delta, MAX_DAYS};
use crate::time::Time;
use crate::{Family, is_own, type_in};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Slot, Ty, TypeObj, Value};
use protopy_vm::{self as vm, call};
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

/// No hash yet.
pub const NO_HASH: i64 = -1;

/// A time zone in a slot: none for None.
pub fn zone_slot(tz: Value) -> Slot {
    Slot::from_option(tz.not_none())
}

/// A timedelta of normalised fields; OverflowError if there are too many days.
#[inline]
pub fn delta_in(cx: &mut Ctx, ty: &TypeObj, days: i32, seconds: i32, us: i32) -> PyResult {
    if !(-MAX_DAYS..=MAX_DAYS).contains(&days) {
        let msg = format!("days={days}; must have magnitude <= {MAX_DAYS}");
        return Err(cx.raise_str(Ty::OverflowError, &msg));
    }
    Ok(cx.new_native(ty, Delta { days, seconds, us, hash: AtomicI64::new(NO_HASH) }))
}

/// An exact timedelta of normalised fields.
pub fn delta(cx: &mut Ctx, f: &Family, days: i32, seconds: i32, us: i32) -> PyResult {
    let ty = type_in(cx, &f.delta)?;
    delta_in(cx, ty, days, seconds, us)
}

/// A timedelta of any fields whose sums fit.
pub fn delta_normalized(cx: &mut Ctx, f: &Family, days: i64, seconds: i64, us: i64) -> PyResult {
    let seconds = seconds + us.div_euclid(1_000_000);
    let us = us.rem_euclid(1_000_000);
    let days = days + seconds.div_euclid(DAY);
    let seconds = seconds.rem_euclid(DAY);
    match i32::try_from(days) {
        Ok(d) => delta(cx, f, d, seconds as i32, us as i32),
        Err(_) => Err(too_large(cx)),
    }
}

/// "Python int too large to convert to C int".
#[cold]
pub fn too_large(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")
}

/// A timedelta of microseconds.
pub fn delta_of_us(cx: &mut Ctx, f: &Family, us: i128) -> PyResult {
    let ty = type_in(cx, &f.delta)?;
    delta_of_us_in(cx, ty, us)
}

/// A timedelta of a given type of microseconds.
pub fn delta_of_us_in(cx: &mut Ctx, ty: &TypeObj, us: i128) -> PyResult {
    if let Ok(us) = i64::try_from(us) {
        let (seconds, us) = (us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
        return delta_in(cx, ty, seconds.div_euclid(DAY) as i32, seconds.rem_euclid(DAY) as i32, us as i32);
    }
    let (seconds, us) = (us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
    let (days, seconds) = (seconds.div_euclid(i128::from(DAY)), seconds.rem_euclid(i128::from(DAY)));
    match i32::try_from(days) {
        Ok(d) => delta_in(cx, ty, d, seconds as i32, us as i32),
        Err(_) => Err(too_large(cx)),
    }
}

// ---------------------------------------------------------------------------------------------------- checks

/// ValueError: no such year.
#[cold]
pub fn bad_year(cx: &mut Ctx, year: i64) -> Raised {
    cx.value_error(&format!("year must be in {MINYEAR}..{MAXYEAR}, not {year}"))
}

/// A date of numbers that are checked.
#[inline]
pub fn check_date(cx: &mut Ctx, year: i32, month: i32, day: i32) -> PyResult<Ymd> {
    if !(MINYEAR..=MAXYEAR).contains(&year) {
        return Err(bad_year(cx, i64::from(year)));
    }
    if !(1..=12).contains(&month) {
        return Err(cx.value_error(&format!("month must be in 1..12, not {month}")));
    }
    let most = days_in_month(year, month);
    match ymd(year, month, day).filter(|_| (1..=most).contains(&day)) {
        Some(d) => Ok(d),
        None => {
            let msg = format!("day {day} must be in range 1..{most} for month {month} in year {year}");
            Err(cx.value_error(&msg))
        }
    }
}

/// ValueError for a year that is out of range.
pub fn check_year(cx: &mut Ctx, year: i64) -> PyResult<()> {
    if (i64::from(MINYEAR)..=i64::from(MAXYEAR)).contains(&year) {
        return Ok(());
    }
    Err(bad_year(cx, year))
}

/// A time of numbers that are checked: hour, minute, second, microsecond.
#[inline]
pub fn check_clock(cx: &mut Ctx, [hour, minute, second, us]: [i32; 4]) -> PyResult<Clock> {
    let bad = if !(0..=23).contains(&hour) {
        format!("hour must be in 0..23, not {hour}")
    } else if !(0..=59).contains(&minute) {
        format!("minute must be in 0..59, not {minute}")
    } else if !(0..=59).contains(&second) {
        format!("second must be in 0..59, not {second}")
    } else if !(0..=999_999).contains(&us) {
        format!("microsecond must be in 0..999999, not {us}")
    } else {
        return Ok(Clock { hour: hour as u8, minute: minute as u8, second: second as u8, us: us as u32 });
    };
    Err(cx.value_error(&bad))
}

/// Checks a fold.
#[inline]
pub fn check_fold(cx: &mut Ctx, fold: i32) -> PyResult<u8> {
    match fold {
        0 => Ok(0),
        1 => Ok(1),
        _ => Err(cx.value_error(&format!("fold must be either 0 or 1, not {fold}"))),
    }
}

// ---------------------------------------------------------------------------------------------------- objects

/// A date of a given type.
#[inline]
pub fn date_in(cx: &mut Ctx, ty: &TypeObj, date: Ymd) -> Value {
    cx.new_native(ty, Date { date, hash: AtomicI64::new(NO_HASH) })
}

/// An exact date.
pub fn date(cx: &mut Ctx, f: &Family, d: Ymd) -> PyResult {
    let ty = type_in(cx, &f.date)?;
    Ok(date_in(cx, ty, d))
}

/// A time of a given type.
#[inline]
pub fn time_in(cx: &mut Ctx, ty: &TypeObj, clock: Clock, tz: Value, fold: u8) -> Value {
    let t = Time { clock, fold: AtomicU8::new(fold), hash: AtomicI64::new(NO_HASH), zone: zone_slot(tz) };
    cx.new_native(ty, t)
}

/// An exact time.
pub fn time(cx: &mut Ctx, f: &Family, clock: Clock, tz: Value, fold: u8) -> PyResult {
    let ty = type_in(cx, &f.time)?;
    Ok(time_in(cx, ty, clock, tz, fold))
}

/// A datetime of a given type.
#[inline]
pub fn datetime_in(cx: &mut Ctx, ty: &TypeObj, date: Ymd, clock: Clock, tz: Value, fold: u8) -> Value {
    let d = DateTime {
        date,
        clock,
        fold: AtomicU8::new(fold),
        hash: AtomicI64::new(NO_HASH),
        zone: zone_slot(tz),
    };
    cx.new_native(ty, d)
}

/// An exact datetime.
pub fn datetime(cx: &mut Ctx, f: &Family, d: Ymd, clock: Clock, tz: Value, fold: u8) -> PyResult {
    let ty = type_in(cx, &f.datetime)?;
    Ok(datetime_in(cx, ty, d, clock, tz, fold))
}

fn ints<const N: usize>(numbers: [i32; N]) -> [Value; N] {
    numbers.map(|n| Value::small(i64::from(n)))
}

/// A date of a class, which may be derived from date or datetime; the numbers are checked.
pub fn date_of_class(cx: &mut Ctx, f: &Family, class: Value, year: i32, month: i32, day: i32) -> PyResult {
    if let Some(t) = TypeObj::of(class).filter(|t| is_own(t)) {
        let d = check_date(cx, year, month, day)?;
        return if f.date.get().is_some_and(|d| d.is(class)) {
            Ok(date_in(cx, t, d))
        } else {
            Ok(datetime_in(cx, t, d, Clock::MIDNIGHT, Value::NONE, 0))
        };
    }
    call(cx, class, &ints([year, month, day]))
}

/// The fields of a datetime that is to be made.
#[derive(Clone, Copy)]
pub struct Fields {
    /// Year, month, day.
    pub date: (i32, i32, i32),
    /// Hour, minute, second, microsecond.
    pub clock: [i32; 4],
    /// The time zone or None.
    pub tz: Value,
    /// 1 for the second of two equal local times.
    pub fold: i32,
}

/// A datetime of a class, which may be derived from datetime; the numbers are checked.
pub fn datetime_of_class(cx: &mut Ctx, class: Value, x: Fields) -> PyResult {
    let (year, month, day) = x.date;
    if let Some(t) = TypeObj::of(class).filter(|t| is_own(t)) {
        let d = check_date(cx, year, month, day)?;
        let c = check_clock(cx, x.clock)?;
        let fold = check_fold(cx, x.fold)?;
        return Ok(datetime_in(cx, t, d, c, x.tz, fold));
    }
    let [h, m, s, us] = x.clock;
    let n = ints([year, month, day, h, m, s, us]);
    let v = call(cx, class, &[n[0], n[1], n[2], n[3], n[4], n[5], n[6], x.tz])?;
    // A derived class need not know of folds.
    let fold = check_fold(cx, x.fold)?;
    if let Some(d) = v.native::<DateTime>() {
        d.fold.store(fold, Ordering::Relaxed);
    }
    Ok(v)
}

/// A time of a class, which may be derived from time; the numbers are checked.
pub fn time_of_class(cx: &mut Ctx, class: Value, clock: [i32; 4], tz: Value, fold: i32) -> PyResult {
    if let Some(t) = TypeObj::of(class).filter(|t| is_own(t)) {
        let c = check_clock(cx, clock)?;
        let fold = check_fold(cx, fold)?;
        return Ok(time_in(cx, t, c, tz, fold));
    }
    let n = ints(clock);
    let v = call(cx, class, &[n[0], n[1], n[2], n[3], tz])?;
    let fold = check_fold(cx, fold)?;
    if let Some(d) = v.native::<Time>() {
        d.fold.store(fold, Ordering::Relaxed);
    }
    Ok(v)
}

/// The type that a constructor was called for.
pub fn class_arg(cx: &mut Ctx, class: Value) -> PyResult<&'static TypeObj> {
    match TypeObj::of(class) {
        Some(t) => Ok(t),
        None => Err(cx.type_error("not a type")),
    }
}

/// The bytes of a pickled state: bytes of the right length, or a str of as many Latin-1 characters. `sane`: whether the byte at `at` is one that
/// a state has. `None` if it is no state.
pub fn state_bytes<const N: usize>(
    cx: &mut Ctx,
    v: Value,
    at: usize,
    sane: fn(u32) -> bool,
    what: &str,
) -> PyResult<Option<[u8; N]>> {
    use vm::protocore::layouts::{BytesObj, StrObj};
    if let Some(b) = BytesObj::of(v) {
        let state: Option<[u8; N]> = b.bytes().try_into().ok();
        return Ok(state.filter(|s| s.get(at).is_some_and(|b| sane(u32::from(*b)))));
    }
    let Some(s) = StrObj::of(v).filter(|s| s.len() == N) else { return Ok(None) };
    let s = s.str_ref();
    if !s.get(at).is_some_and(sane) {
        return Ok(None);
    }
    let mut state = [0u8; N];
    for (to, c) in state.iter_mut().zip(s.chars()) {
        match u8::try_from(c) {
            Ok(b) => *to = b,
            Err(_) => {
                let msg = format!(
                    "Failed to encode latin1 string when unpickling a {what} object. pickle.load(data, \
                     encoding='latin1') is assumed."
                );
                return Err(cx.value_error(&msg));
            }
        }
    }
    Ok(Some(state))
}
