//! `datetime`: a day and a time of day.

use crate::calendar::{self, Clock, DAY, Ymd, days_in_month};
use crate::date::{bad_iso, ctime, exactly, field, iso_arg, out_of_range, replace_alias};
use crate::delta::{self, Delta};
use crate::iso::{Text, Timespec};
use crate::local::{self, EPOCH};
use crate::make::{self, Fields, NO_HASH, check_date, class_arg, datetime_in, datetime_of_class};
use crate::time::clock_getsets;
use crate::time::{Time, numbers, separator, timespec};
use crate::{args, args::Params, delta_ops, family, family_of, format, is_own, timezone, tzinfo};
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, methods};
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

/// A day and a time of day.
pub struct DateTime {
    /// Year, month, day.
    pub date: Ymd,
    /// Hour to microsecond.
    pub clock: Clock,
    /// 1 for the second of two equal local times.
    pub fold: AtomicU8,
    /// The hash, once it was asked for.
    pub hash: AtomicI64,
    /// The time zone; empty for None.
    pub zone: Slot,
}

impl Payload for DateTime {
    const NAME: &'static str = "datetime";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.zone);
    }
}

impl DateTime {
    /// The fold.
    pub fn fold(&self) -> u8 {
        self.fold.load(Ordering::Relaxed)
    }

    fn key(&self) -> (Ymd, Clock) {
        (self.date, self.clock)
    }

    /// Seconds since the day before year 1, by its own clock.
    fn seconds(&self) -> i64 {
        i64::from(self.date.ordinal()) * DAY + self.clock.seconds()
    }

    /// The state for pickles.
    fn bytes(&self) -> [u8; 10] {
        let mut b = [0; 10];
        b[..4].copy_from_slice(&self.date.bytes());
        b[4..].copy_from_slice(&self.clock.bytes());
        b
    }
}

/// The type; its base is date.
pub static DATETIME: TypeSpec = TypeSpec {
    name: "datetime",
    module: "datetime",
    layout: Layout::Native,
    vt: Some(<DateTime as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(datetime_new),
        repr: Some(datetime_repr),
        str: Some(datetime_str),
        hash: Some(datetime_hash),
        compare: Some(datetime_compare),
        add: Some(datetime_add),
        sub: Some(datetime_sub),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "datetime(year, month, day[, hour[, minute[, second[, microsecond[,tzinfo]]]]])\n\nThe year, month and day arguments are \
          required. tzinfo may be None, or an\ninstance of a tzinfo subclass. The remaining arguments may be ints.\n",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Returns new datetime object representing current time local to tz.
    ///
    ///   tz
    ///     Timezone object.
    ///
    /// If no tz is specified, uses local timezone.
    class "now(type, /, tz=None)" => |cx, a| {
        let (seconds, us) = local::now();
        from_time(cx, a[0], seconds, us, a[1])
    };
    /// Return a new datetime representing UTC day and time.
    class "utcnow(type, /)" => |cx, a| {
        deprecated(cx, "utcnow", "now(datetime.UTC)")?;
        let (seconds, us) = local::now();
        broken_down(cx, a[0], seconds, us, true, Value::NONE)
    };
    /// timestamp[, tz] -> tz's local time from POSIX timestamp.
    class "fromtimestamp(type, /, timestamp, tz=None)" => |cx, a| {
        let f = class_arg(cx, a[0]).and_then(|t| family_of(cx, t))?;
        args::check_zone(cx, f, a[2])?;
        let (seconds, us) = local::timestamp(cx, a[1])?;
        from_time(cx, a[0], seconds, us, a[2])
    };
    /// Construct a naive UTC datetime from a POSIX timestamp.
    raw class "utcfromtimestamp(type, timestamp, /)" => |cx, class, a| {
        deprecated(cx, "utcfromtimestamp", "fromtimestamp(timestamp, datetime.UTC)")?;
        exactly(cx, "utcfromtimestamp", 1, a)?;
        let (seconds, us) = local::timestamp(cx, a.pos()[0])?;
        broken_down(cx, class, seconds, us, true, Value::NONE)
    };
    /// string, format -> new datetime parsed from a string (like time.strptime()).
    raw class "strptime(type, string, format, /)" => |cx, class, a| {
        format::strptime(cx, "_strptime_datetime_datetime", class, a)
    };
    /// date, time -> datetime with same date and time fields
    class "combine(type, /, date, time, tzinfo=unchanged)" => combine;
    /// string -> datetime from a string in most ISO 8601 formats
    class "fromisoformat(type, object, /)" => |cx, a| fromisoformat(cx, a[0], a[1]);
    /// Return date object with same year, month and day.
    "date(self, /)" => |cx, a| {
        let (d, f) = (this(cx, a[0])?.date, family(cx, a[0])?);
        make::date(cx, f, d)
    };
    /// Return time object with same time but with tzinfo=None.
    "time(self, /)" => |cx, a| {
        let (d, f) = (this(cx, a[0])?, family(cx, a[0])?);
        make::time(cx, f, d.clock, Value::NONE, d.fold())
    };
    /// Return time object with same time and tzinfo.
    "timetz(self, /)" => |cx, a| {
        let (d, f) = (this(cx, a[0])?, family(cx, a[0])?);
        make::time(cx, f, d.clock, d.zone.get_or_none(), d.fold())
    };
    /// Return ctime() style string.
    "ctime(self, /)" => |cx, a| {
        let d = this(cx, a[0])?;
        ctime(cx, d.date, d.clock)
    };
    /// Return time tuple, compatible with time.localtime().
    "timetuple(self, /)" => |cx, a| {
        let d = this(cx, a[0])?;
        let dst = tzinfo::dst(cx, d.zone.get_or_none(), a[0])?;
        let flag = dst.and_then(|v| v.native::<Delta>()).map_or(-1, |d| i64::from(d.key() != (0, 0, 0)));
        format::struct_time(cx, d.date, d.clock, flag)
    };
    /// Return POSIX timestamp as float.
    "timestamp(self, /)" => timestamp;
    /// Return UTC time tuple, compatible with time.localtime().
    "utctimetuple(self, /)" => |cx, a| {
        let mut d = this(cx, a[0])?;
        if let Some(offset) = tzinfo::utcoffset(cx, d.zone.get_or_none(), a[0])? {
            let utc = shifted(cx, a[0], offset, true)?;
            d = this(cx, utc)?;
        }
        format::struct_time(cx, d.date, d.clock, 0)
    };
    /// [sep] -> string in ISO 8601 format, YYYY-MM-DDT[HH[:MM[:SS[.mmm[uuu]]]]][+HH:MM].
    /// sep is used to separate the year from the time, and defaults to 'T'.
    /// The optional argument timespec specifies the number of additional terms
    /// of the time to include. Valid options are 'auto', 'hours', 'minutes',
    /// 'seconds', 'milliseconds' and 'microseconds'.
    "isoformat(self, /, sep='T', timespec='auto')" => |cx, a| {
        let sep = separator(cx, a[1])?;
        let spec = timespec(cx, a[2], 2)?;
        isoformat(cx, a[0], sep, spec)
    };
    /// Return self.tzinfo.utcoffset(self).
    "utcoffset(self, /)" => |cx, a| {
        let zone = this(cx, a[0])?.zone.get_or_none();
        Ok(tzinfo::utcoffset(cx, zone, a[0])?.unwrap_or(Value::NONE))
    };
    /// Return self.tzinfo.tzname(self).
    "tzname(self, /)" => |cx, a| {
        let zone = this(cx, a[0])?.zone.get_or_none();
        tzinfo::tzname(cx, zone, a[0])
    };
    /// Return self.tzinfo.dst(self).
    "dst(self, /)" => |cx, a| {
        let zone = this(cx, a[0])?.zone.get_or_none();
        Ok(tzinfo::dst(cx, zone, a[0])?.unwrap_or(Value::NONE))
    };
    /// Return datetime with new specified fields.
    "replace(self, /, year=unchanged, month=unchanged, day=unchanged, hour=unchanged, minute=unchanged, second=unchanged, microsecond=unchanged, tzinfo=unchanged, *, fold=unchanged)"
        => replace;
    /// The same as replace().
    raw "__replace__(self, /, **changes)" => |cx, v, a| replace_alias(cx, v, a, METHODS);
    /// tz -> convert to local time in new timezone tz
    "astimezone(self, /, tz=None)" => |cx, a| astimezone(cx, a[0], a[1]);
    /// __reduce_ex__(proto) -> (cls, state)
    raw "__reduce_ex__(self, proto, /)" => |cx, v, a| {
        exactly(cx, "__reduce_ex__", 1, a)?;
        let protocol = args::int(cx, a.pos()[0])?;
        reduce(cx, v, protocol)
    };
    /// __reduce__() -> (cls, state)
    "__reduce__(self, /)" => |cx, a| reduce(cx, a[0], 2);
];

static GETSETS: &[GetSetDef] = clock_getsets![this];

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static DateTime> {
    match v.native::<DateTime>() {
        Some(d) => Ok(d),
        None => Err(cx.type_error("not a datetime")),
    }
}

// ---------------------------------------------------------------------------------------------------- constructors

const PARAMS: Params = Params {
    function: "",
    names: &["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold"],
    required: 3,
    positional: 8,
};

/// Whether a byte of a state is a month, with or without the bit of the fold.
fn is_month(c: u32) -> bool {
    (1..=12).contains(&(c & 0x7f))
}

fn datetime_new(cx: &mut Ctx, class: Value, a: Args<'_>) -> PyResult {
    let ty = class_arg(cx, class)?;
    if let [state, rest @ ..] = a.pos()
        && rest.len() <= 1
        && !state.is_small()
        && let Some(mut s) = make::state_bytes::<10>(cx, *state, 2, is_month, "datetime")?
    {
        let tz = rest.first().copied().unwrap_or(Value::NONE);
        let f = family_of(cx, ty)?;
        if !tz.is_none() && !args::is_zone(cx, f, tz) {
            return Err(cx.type_error("bad tzinfo state arg"));
        }
        let fold = s[2] >> 7;
        s[2] &= 0x7f;
        let date = Ymd { year: u16::from_be_bytes([s[0], s[1]]), month: s[2], day: s[3] };
        let clock = Clock::of_bytes([s[4], s[5], s[6], s[7], s[8], s[9]]);
        return Ok(datetime_in(cx, ty, date, clock, tz, fold));
    }
    let (mut n, mut tz, mut fold) = ([0; 7], Value::NONE, 0);
    PARAMS.parse(cx, a, |cx, i, v| {
        match i {
            0..7 => n[i] = args::int(cx, v)?,
            7 => tz = v,
            _ => fold = args::int(cx, v)?,
        }
        Ok(())
    })?;
    let [year, month, day, hour, minute, second, us] = n;
    let date = check_date(cx, year, month, day)?;
    let clock = make::check_clock(cx, [hour, minute, second, us])?;
    let fold = make::check_fold(cx, fold)?;
    if !tz.is_none() {
        let f = family_of(cx, ty)?;
        args::check_zone(cx, f, tz)?;
    }
    Ok(datetime_in(cx, ty, date, clock, tz, fold))
}

fn deprecated(cx: &mut Ctx, method: &str, instead: &str) -> PyResult<()> {
    let msg = format!(
        "datetime.datetime.{method}() is deprecated and scheduled for removal in a future version. Use timezone-aware objects to \
         represent datetimes in UTC: datetime.datetime.{instead}."
    );
    vm::warn(cx, Ty::DeprecationWarning, &msg, 1)
}

/// A datetime of a class at a time since 1970, in UTC or local time, with a given time zone.
fn broken_down(cx: &mut Ctx, class: Value, t: i64, us: i64, utc: bool, tz: Value) -> PyResult {
    let b = local::broken(cx, t, utc)?;
    let mut fold = 0;
    if tz.is_none() && !utc {
        let shown = local::seconds(cx, b.date, b.clock)?;
        fold = i32::from(local::is_fold(cx, t, shown)?);
    }
    let (year, month, day) = b.date;
    make::check_year(cx, year)?;
    let [h, m, s] = b.clock;
    let fields = Fields { date: (year as i32, month, day), clock: [h, m, s, us as i32], tz, fold };
    datetime_of_class(cx, class, fields)
}

/// A datetime of a class at a time since 1970 in a time zone, or in local time for None.
fn from_time(cx: &mut Ctx, class: Value, t: i64, us: i64, tz: Value) -> PyResult {
    if tz.is_none() {
        return broken_down(cx, class, t, us, false, tz);
    }
    let f = class_arg(cx, class).and_then(|t| family_of(cx, t))?;
    args::check_zone(cx, f, tz)?;
    let utc = broken_down(cx, class, t, us, true, tz)?;
    tzinfo::call_fromutc(cx, tz, utc)
}

fn combine(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let Some(d) = crate::date_of(a[1]) else {
        let shown = args::shown_type(cx, a[1]);
        return Err(cx.type_error(&format!("combine() argument 1 must be datetime.date, not {shown}")));
    };
    let Some(t) = a[2].native::<Time>() else {
        let shown = args::shown_type(cx, a[2]);
        return Err(cx.type_error(&format!("combine() argument 2 must be datetime.time, not {shown}")));
    };
    let tz = a[3].bound().unwrap_or(t.zone.get_or_none());
    let f = class_arg(cx, a[0]).and_then(|t| family_of(cx, t))?;
    args::check_zone(cx, f, tz)?;
    let fields = Fields { date: d.parts(), clock: numbers(t.clock), tz, fold: i32::from(t.fold()) };
    datetime_of_class(cx, a[0], fields)
}

fn fromisoformat(cx: &mut Ctx, class: Value, v: Value) -> PyResult {
    let s = iso_arg(cx, v)?;
    let n = s.len();
    let parts = if n < 7 {
        None
    } else {
        s.separator()
            .and_then(|end| {
                let date = s.date(end)?;
                let time = if n > end + 1 { Some(s.time(end + 1)?) } else { None };
                // A separator alone is no time.
                if time.is_none() && n > end { Err(crate::iso::Malformed) } else { Ok((date, time)) }
            })
            .ok()
    };
    let Some((mut date, time)) = parts else { return Err(bad_iso(cx, v)) };
    let f = class_arg(cx, class).and_then(|t| family_of(cx, t))?;
    let mut clock = time.map_or([0; 4], |t| t.clock);
    let tz = tzinfo::zone_of_offset(cx, f, time.and_then(|t| t.offset))?;
    if clock[0] == 24 && date.1 <= 12 {
        let most = days_in_month(date.0, date.1);
        if date.2 <= most {
            if clock[1..] != [0, 0, 0] {
                return Err(cx.value_error("minute, second, and microsecond must be 0 when hour is 24"));
            }
            clock[0] = 0;
            date.2 += 1;
            if date.2 > most {
                date = if date.1 == 12 { (date.0 + 1, 1, 1) } else { (date.0, date.1 + 1, 1) };
            }
        }
    }
    datetime_of_class(cx, class, Fields { date, clock, tz, fold: 0 })
}

fn replace(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = this(cx, a[0])?;
    let (mut y, mut m, mut day) = d.date.parts();
    y = field(cx, a[1], y)?;
    m = field(cx, a[2], m)?;
    day = field(cx, a[3], day)?;
    let mut clock = numbers(d.clock);
    for (n, v) in clock.iter_mut().zip(&a[4..8]) {
        *n = field(cx, *v, *n)?;
    }
    let tz = a[8].bound().unwrap_or(d.zone.get_or_none());
    let fold = field(cx, a[9], i32::from(d.fold()))?;
    let ty = cx.type_of(a[0]);
    if !is_own(ty) {
        return datetime_of_class(cx, ty.value(), Fields { date: (y, m, day), clock, tz, fold });
    }
    let date = check_date(cx, y, m, day)?;
    let clock = make::check_clock(cx, clock)?;
    let fold = make::check_fold(cx, fold)?;
    let f = family(cx, a[0])?;
    args::check_zone(cx, f, tz)?;
    Ok(datetime_in(cx, ty, date, clock, tz, fold))
}

fn reduce(cx: &mut Ctx, v: Value, protocol: i32) -> PyResult {
    let d = this(cx, v)?;
    let mut state = d.bytes();
    if protocol > 3 && d.fold() != 0 {
        state[2] |= 0x80;
    }
    let state = cx.bytes(&state)?;
    let args = match d.zone.get() {
        Some(z) => cx.tuple_of(None, &[state, z])?,
        None => cx.tuple_of(None, &[state])?,
    };
    let class = cx.type_of(v).value();
    cx.tuple_of(None, &[class, args])
}

// ---------------------------------------------------------------------------------------------------- text

fn isoformat(cx: &mut Ctx, v: Value, sep: u32, spec: Timespec) -> PyResult {
    let d = this(cx, v)?;
    let mut text = Text::default();
    text.date(d.date);
    let ascii = u8::try_from(sep).ok().filter(u8::is_ascii);
    let cut = text.bytes().len();
    text.push(ascii.unwrap_or(b'T'));
    text.clock(d.clock, spec);
    if let Some(zone) = d.zone.get() {
        tzinfo::write_offset(cx, zone, v, ":", &mut text)?;
    }
    if ascii.is_some() {
        return cx.str_from(StrRef::Latin1(text.bytes()));
    }
    let mut out = StrBuf::new();
    let (date, time) = text.bytes().split_at(cut);
    out.push_latin1(date);
    out.push(sep);
    out.push_latin1(time.get(1..).unwrap_or(&[]));
    cx.str_buf(out)
}

fn datetime_str(cx: &mut Ctx, v: Value) -> PyResult {
    let ty = cx.type_of(v);
    if is_own(ty) {
        return isoformat(cx, v, u32::from(b' '), Timespec::Auto);
    }
    let sep = cx.str(" ");
    vm::call_method(cx, v, "isoformat", &[sep])
}

fn datetime_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let d = this(cx, v)?;
    let (y, m, day) = d.date.parts();
    let c = d.clock;
    let mut s = format!("{}({y}, {m}, {day}, {}, {}", vm::tp_name(cx, v), c.hour, c.minute);
    if c.us != 0 {
        s.push_str(&format!(", {}, {}", c.second, c.us));
    } else if c.second != 0 {
        s.push_str(&format!(", {}", c.second));
    }
    if d.fold() != 0 {
        s.push_str(&format!(", fold={}", d.fold()));
    }
    if let Some(z) = d.zone.get() {
        let z = vm::repr_text(cx, z)?;
        s.push_str(&format!(", tzinfo={z}"));
    }
    s.push(')');
    Ok(cx.str(&s))
}

// ---------------------------------------------------------------------------------------------------- sums

/// The datetime later (or earlier) by a timedelta, of the same class and time zone.
pub fn shifted(cx: &mut Ctx, v: Value, delta: Value, earlier: bool) -> PyResult {
    let d = this(cx, v)?;
    let e = delta::this(cx, delta)?;
    let sign = if earlier { -1 } else { 1 };
    let us = i64::from(d.clock.us) + sign * i64::from(e.us);
    let seconds = d.clock.seconds() + sign * i64::from(e.seconds) + us.div_euclid(1_000_000);
    let days = i64::from(d.date.day) + sign * i64::from(e.days) + seconds.div_euclid(DAY);
    let (y, m, _) = d.date.parts();
    let Some(date) = calendar::normalize(y, m, days) else { return Err(out_of_range(cx)) };
    let clock = Clock::of(seconds.rem_euclid(DAY), us.rem_euclid(1_000_000));
    let (ty, tz) = (cx.type_of(v), d.zone.get_or_none());
    if is_own(ty) {
        return Ok(datetime_in(cx, ty, date, clock, tz, 0));
    }
    datetime_of_class(cx, ty.value(), Fields { date: date.parts(), clock: numbers(clock), tz, fold: 0 })
}

fn datetime_add(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if a.native::<DateTime>().is_some() && b.native::<Delta>().is_some() {
        return shifted(cx, a, b, false);
    }
    if b.native::<DateTime>().is_some() && a.native::<Delta>().is_some() {
        return shifted(cx, b, a, false);
    }
    Ok(Value::NOT_IMPLEMENTED)
}

/// Offsets of two datetimes as microseconds.
fn offsets(
    cx: &mut Ctx,
    (a, x): (Value, &DateTime),
    (b, y): (Value, &DateTime),
) -> PyResult<(Option<i64>, Option<i64>)> {
    tzinfo::two_offsets(cx, (x.zone.get_or_none(), a), (y.zone.get_or_none(), b))
}

fn difference(cx: &mut Ctx, a: Value, x: &DateTime, y: &DateTime, offset: i64) -> PyResult {
    let f = family(cx, a)?;
    let days = i64::from(x.date.ordinal()) - i64::from(y.date.ordinal());
    let seconds = x.clock.seconds() - y.clock.seconds();
    let us = i64::from(x.clock.us) - i64::from(y.clock.us) - offset;
    make::delta_normalized(cx, f, days, seconds, us)
}

fn datetime_sub(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some(x) = a.native::<DateTime>() else { return Ok(Value::NOT_IMPLEMENTED) };
    if b.native::<Delta>().is_some() {
        return shifted(cx, a, b, true);
    }
    let Some(y) = b.native::<DateTime>() else { return Ok(Value::NOT_IMPLEMENTED) };
    if x.zone.get_or_none().is(y.zone.get_or_none()) {
        return difference(cx, a, x, y, 0);
    }
    match offsets(cx, (a, x), (b, y))? {
        (Some(p), Some(q)) => difference(cx, a, x, y, p - q),
        (None, None) => difference(cx, a, x, y, 0),
        _ => Err(cx.type_error("can't subtract offset-naive and offset-aware datetimes")),
    }
}

// ---------------------------------------------------------------------------------------------------- comparison

/// A datetime of the same type with another fold.
fn with_fold(cx: &mut Ctx, v: Value, d: &DateTime, fold: u8) -> Value {
    let ty = cx.type_of(v);
    datetime_in(cx, ty, d.date, d.clock, d.zone.get_or_none(), fold)
}

/// Whether a datetime's offset depends on its fold: then it is equal to none in another zone.
fn is_ambiguous(cx: &mut Ctx, v: Value, d: &DateTime, offset: Option<i64>) -> PyResult<bool> {
    let flipped = with_fold(cx, v, d, 1 - d.fold().min(1));
    let other = tzinfo::utcoffset(cx, d.zone.get_or_none(), flipped)?;
    Ok(tzinfo::offset_us(other) != offset)
}

fn datetime_hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let d = this(cx, v)?;
    let known = d.hash.load(Ordering::Relaxed);
    if known != NO_HASH {
        return Ok(known);
    }
    let zone = d.zone.get_or_none();
    let first = if zone.is_none() || d.fold() == 0 { v } else { with_fold(cx, v, d, 0) };
    let h = match tzinfo::offset_us(tzinfo::utcoffset(cx, zone, first)?) {
        None => cx.hash_bytes(&d.bytes()),
        Some(offset) => {
            let f = family(cx, v)?;
            let us = i64::from(d.clock.us) - offset;
            let delta = make::delta_normalized(cx, f, i64::from(d.date.ordinal()), d.clock.seconds(), us)?;
            delta::delta_hash(cx, delta)?
        }
    };
    d.hash.store(h, Ordering::Relaxed);
    Ok(h)
}

fn datetime_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let x = this(cx, a)?;
    let Some(y) = b.native::<DateTime>() else { return Ok(Value::NOT_IMPLEMENTED) };
    if x.zone.get_or_none().is(y.zone.get_or_none()) {
        return Ok(Value::bool(op.holds(x.key().cmp(&y.key()))));
    }
    let (p, q) = offsets(cx, (a, x), (b, y))?;
    let order = match (p, q) {
        _ if p == q => x.key().cmp(&y.key()),
        (Some(p), Some(q)) => {
            let utc = |d: &DateTime, offset: i64| {
                i128::from(d.seconds()) * 1_000_000 + i128::from(d.clock.us) - i128::from(offset)
            };
            utc(x, p).cmp(&utc(y, q))
        }
        _ => {
            return match op {
                CmpOp::Eq => Ok(Value::FALSE),
                CmpOp::Ne => Ok(Value::TRUE),
                _ => Err(cx.type_error("can't compare offset-naive and offset-aware datetimes")),
            };
        }
    };
    if matches!(op, CmpOp::Eq | CmpOp::Ne)
        && order.is_eq()
        && (is_ambiguous(cx, a, x, p)? || is_ambiguous(cx, b, y, q)?)
    {
        return Ok(Value::bool(op == CmpOp::Ne));
    }
    Ok(Value::bool(op.holds(order)))
}

// ---------------------------------------------------------------------------------------------------- time zones

fn timestamp(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let d = this(cx, a[0])?;
    if d.zone.is_empty() {
        let shown = checked_seconds(cx, d)?;
        let t = local::of_local(cx, shown, d.fold() != 0)?;
        return Ok(cx.float((t - EPOCH) as f64 + f64::from(d.clock.us) / 1e6));
    }
    let Some(offset) = tzinfo::offset_us(tzinfo::utcoffset(cx, d.zone.get_or_none(), a[0])?) else {
        return Err(cx.type_error("can't subtract offset-naive and offset-aware datetimes"));
    };
    let us = i128::from(d.seconds() - EPOCH) * 1_000_000 + i128::from(d.clock.us) - i128::from(offset);
    delta_ops::quotient(cx, us, 1_000_000)
}

/// Seconds since the day before year 1; ValueError for a year that no datetime but a damaged one has.
fn checked_seconds(cx: &mut Ctx, d: &DateTime) -> PyResult<i64> {
    make::check_year(cx, i64::from(d.date.year))?;
    Ok(d.seconds())
}

/// The system's time zone at a time since 1970.
fn system_zone(cx: &mut Ctx, of: Value, t: i64) -> PyResult {
    let (offset, name) = local::zone_at(cx, t)?;
    let f = family(cx, of)?;
    let offset = make::delta_normalized(cx, f, 0, offset, 0)?;
    timezone::make(cx, f, offset, Some(name))
}

/// The system's time zone at a local time. One that the clocks skipped has the zone from before the change, or from after it
/// with the fold.
fn zone_of_local(cx: &mut Ctx, v: Value, d: &DateTime) -> PyResult {
    let (seconds, fold) = (checked_seconds(cx, d)?, d.fold() != 0);
    let t = local::of_local(cx, seconds, fold)?;
    let other = local::of_local(cx, seconds, !fold)?;
    let skipped = other != t && (other > t) == fold;
    system_zone(cx, v, if skipped { other } else { t } - EPOCH)
}

fn astimezone(cx: &mut Ctx, v: Value, tz: Value) -> PyResult {
    let d = this(cx, v)?;
    let f = family(cx, v)?;
    args::check_zone(cx, f, tz)?;
    let mut own = match d.zone.get() {
        Some(z) => z,
        None => zone_of_local(cx, v, d)?,
    };
    // Conversion to one's own time zone changes nothing.
    if own.is(tz) {
        return Ok(v);
    }
    let offset = match tzinfo::utcoffset(cx, own, v)? {
        Some(o) => o,
        None => {
            own = zone_of_local(cx, v, d)?;
            if own.is(tz) {
                return Ok(v);
            }
            tzinfo::utcoffset(cx, own, v)?.unwrap_or(Value::NONE)
        }
    };
    let result = shifted(cx, v, offset, true)?;
    let Some(r) = result.native::<DateTime>() else {
        let msg = format!("unexpected result of type '{}'", vm::tp_name(cx, result));
        return Err(cx.type_error(&msg));
    };
    let target = if tz.is_none() { system_zone(cx, v, r.seconds() - EPOCH)? } else { tz };
    // Made a moment ago, and known to nobody but a class derived from datetime.
    cx.store(result, &r.zone, target);
    tzinfo::call_fromutc(cx, target, result)
}
