//! `date`.

use crate::args::{self, Params};
use crate::calendar::{self, Clock, IsoError, Ymd};
use crate::datetime::DateTime;
use crate::delta::Delta;
use crate::iso::{Source, Text};
use crate::make::{self, NO_HASH, class_arg, date_in};
use crate::{date_of, family, family_of, format, isocal, local};
use protopy_text::StrRef;
use protopy_vm::protocore::layouts::{IntRef, MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, getsets, index, methods};
use std::sync::atomic::{AtomicI64, Ordering};

/// A day.
pub struct Date {
    /// Year, month, day.
    pub date: Ymd,
    /// The hash, once it was asked for.
    pub hash: AtomicI64,
}

impl Payload for Date {
    const NAME: &'static str = "date";

    fn trace(&self, _: &mut Tracer) {}
}

/// The type.
pub static DATE: TypeSpec = TypeSpec {
    name: "date",
    module: "datetime",
    layout: Layout::Native,
    vt: Some(<Date as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(date_new),
        repr: Some(date_repr),
        str: Some(date_str),
        hash: Some(date_hash),
        compare: Some(date_compare),
        add: Some(date_add),
        sub: Some(date_sub),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "date(year, month, day) --> date object",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Create a date from a POSIX timestamp.
    ///
    /// The timestamp is a number, e.g. created via time.time(), that is
    /// interpreted as local time.
    class "fromtimestamp(type, timestamp, /)" => |cx, a| fromtimestamp(cx, a[0], a[1]);
    /// int -> date corresponding to a proleptic Gregorian ordinal.
    raw class "fromordinal(type, ordinal, /)" => fromordinal;
    /// str -> Construct a date from a string in ISO 8601 format.
    class "fromisoformat(type, object, /)" => |cx, a| fromisoformat(cx, a[0], a[1]);
    /// int, int, int -> Construct a date from the ISO year, week number and weekday.
    ///
    /// This is the inverse of the date.isocalendar() function
    class "fromisocalendar(type, year, week, day)" => fromisocalendar;
    /// string, format -> new date parsed from a string (like time.strptime()).
    raw class "strptime(type, string, format, /)" => |cx, class, a| {
        format::strptime(cx, "_strptime_datetime_date", class, a)
    };
    /// Current date or datetime:  same as self.__class__.fromtimestamp(time.time()).
    class "today(type, /)" => |cx, a| today(cx, a[0]);
    /// Return ctime() style string.
    "ctime(self, /)" => |cx, a| {
        let d = this(cx, a[0])?;
        ctime(cx, d, Clock::MIDNIGHT)
    };
    /// format -> strftime() style string.
    "strftime(self, /, format)" => |cx, a| {
        args::text(cx, a[1], "strftime", 1)?;
        let tuple = vm::call_method(cx, a[0], "timetuple", &[])?;
        format::strftime(cx, a[0], a[1], tuple, a[0])
    };
    /// Formats self with strftime.
    "__format__(self, format, /)" => |cx, a| format::format_method(cx, a[0], a[1]);
    /// Return time tuple, compatible with time.localtime().
    "timetuple(self, /)" => |cx, a| {
        let d = this(cx, a[0])?;
        format::struct_time(cx, d, Clock::MIDNIGHT, -1)
    };
    /// Return a named tuple containing ISO year, week number, and weekday.
    "isocalendar(self, /)" => |cx, a| {
        let (y, m, d) = this(cx, a[0])?.parts();
        let f = family(cx, a[0])?;
        isocal::make(cx, f, calendar::iso_calendar(y, m, d))
    };
    /// Return string in ISO 8601 format, YYYY-MM-DD.
    "isoformat(self, /)" => |cx, a| isoformat(cx, a[0]);
    /// Return the day of the week represented by the date.
    /// Monday == 1 ... Sunday == 7
    "isoweekday(self, /)" => |cx, a| Ok(Value::small(i64::from(this(cx, a[0])?.weekday()) + 1));
    /// Return proleptic Gregorian ordinal.  January 1 of year 1 is day 1.
    "toordinal(self, /)" => |cx, a| Ok(Value::small(i64::from(this(cx, a[0])?.ordinal())));
    /// Return the day of the week represented by the date.
    /// Monday == 0 ... Sunday == 6
    "weekday(self, /)" => |cx, a| Ok(Value::small(i64::from(this(cx, a[0])?.weekday())));
    /// Return date with new specified fields.
    "replace(self, /, year=unchanged, month=unchanged, day=unchanged)" => |cx, a| {
        let (y, m, d) = this(cx, a[0])?.parts();
        let y = field(cx, a[1], y)?;
        let m = field(cx, a[2], m)?;
        let d = field(cx, a[3], d)?;
        let f = family(cx, a[0])?;
        let class = cx.type_of(a[0]).value();
        make::date_of_class(cx, f, class, y, m, d)
    };
    /// The same as replace().
    raw "__replace__(self, /, **changes)" => |cx, v, a| replace_alias(cx, v, a, METHODS);
    /// __reduce__() -> (cls, state)
    "__reduce__(self, /)" => |cx, a| {
        let d = this(cx, a[0])?;
        let class = cx.type_of(a[0]).value();
        let state = cx.bytes(&d.bytes())?;
        let state = cx.tuple_of(None, &[state])?;
        cx.tuple_of(None, &[class, state])
    };
];

static GETSETS: &[GetSetDef] = getsets![
    "year" => |cx, v| Ok(Value::small(i64::from(this(cx, v)?.year)));
    "month" => |cx, v| Ok(Value::small(i64::from(this(cx, v)?.month)));
    "day" => |cx, v| Ok(Value::small(i64::from(this(cx, v)?.day)));
];

/// The day of a method's own object, which may be a datetime.
fn this(cx: &mut Ctx, v: Value) -> PyResult<Ymd> {
    match date_of(v) {
        Some(d) => Ok(d),
        None => Err(cx.type_error("not a date")),
    }
}

/// A field of `replace`: what it was if the argument is omitted.
pub fn field(cx: &mut Ctx, v: Value, old: i32) -> PyResult<i32> {
    match v.bound() {
        Some(v) => args::c_int(cx, v),
        None => Ok(old),
    }
}

/// Calls the type's own `replace`, which the messages name.
pub fn replace_alias(cx: &mut Ctx, v: Value, a: Args<'_>, methods: &'static [MethodDef]) -> PyResult {
    match methods.iter().find(|m| m.name == "replace") {
        Some(def) => vm::call_def(cx, def, Some(v), a),
        None => Err(cx.type_error("no method replace")),
    }
}

// ---------------------------------------------------------------------------------------------------- constructors

const PARAMS: Params = Params { function: "", names: &["year", "month", "day"], required: 3, positional: 3 };

/// Whether a byte of a state is a month.
fn is_month(c: u32) -> bool {
    (1..=12).contains(&c)
}

fn date_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let ty = class_arg(cx, class)?;
    if let [state] = args.pos()
        && !state.is_small()
        && let Some(s) = make::state_bytes::<4>(cx, *state, 2, is_month, "date")?
    {
        let [hi, lo, month, day] = s;
        return Ok(date_in(cx, ty, Ymd { year: u16::from_be_bytes([hi, lo]), month, day }));
    }
    let mut n = [0; 3];
    PARAMS.parse(cx, args, |cx, i, v| {
        n[i] = args::int(cx, v)?;
        Ok(())
    })?;
    let d = make::check_date(cx, n[0], n[1], n[2])?;
    Ok(date_in(cx, ty, d))
}

fn family_of_class(cx: &mut Ctx, class: Value) -> PyResult<&'static crate::Family> {
    let ty = class_arg(cx, class)?;
    family_of(cx, ty)
}

fn fromtimestamp(cx: &mut Ctx, class: Value, t: Value) -> PyResult {
    let t = local::time_t(cx, t)?;
    let b = local::broken(cx, t, false)?;
    let f = family_of_class(cx, class)?;
    let (y, m, d) = b.date;
    let y = i32::try_from(y).unwrap_or(i32::MAX);
    make::date_of_class(cx, f, class, y, m, d)
}

fn today(cx: &mut Ctx, class: Value) -> PyResult {
    let f = family_of_class(cx, class)?;
    if f.date.get_or_none().is(class) {
        let b = local::broken(cx, local::now().0, false)?;
        let y = i32::try_from(b.date.0).unwrap_or(i32::MAX);
        return make::date_of_class(cx, f, class, y, b.date.1, b.date.2);
    }
    let time = vm::import_attr(cx, "time", "time")?;
    let t = vm::call(cx, time, &[])?;
    vm::call_method(cx, class, "fromtimestamp", &[t])
}

/// Checks the number of arguments of a method without keywords, as CPython words it.
pub fn exactly(cx: &mut Ctx, method: &str, n: usize, a: Args<'_>) -> PyResult<()> {
    if a.nkw() != 0 {
        return Err(cx.type_error(&format!("{method}() takes no keyword arguments")));
    }
    let given = a.pos().len();
    if given == n {
        return Ok(());
    }
    let s = if n == 1 { "" } else { "s" };
    Err(cx.type_error(&format!("{method}() takes exactly {n} argument{s} ({given} given)")))
}

fn fromordinal(cx: &mut Ctx, class: Value, a: Args<'_>) -> PyResult {
    exactly(cx, "fromordinal", 1, a)?;
    let n = args::int(cx, a.pos()[0])?;
    if n < 1 {
        return Err(cx.value_error("ordinal must be >= 1"));
    }
    let (y, m, d) = calendar::date_of_ordinal(n);
    let f = family_of_class(cx, class)?;
    make::date_of_class(cx, f, class, y, m, d)
}

/// The text of an ISO argument.
pub fn iso_arg(cx: &mut Ctx, v: Value) -> PyResult<Source> {
    match StrObj::of(v) {
        Some(s) => Ok(Source::new(s.str_ref())),
        None => Err(cx.type_error("fromisoformat: argument must be str")),
    }
}

/// ValueError for a text that is no date or time.
#[cold]
pub fn bad_iso(cx: &mut Ctx, v: Value) -> Raised {
    match vm::repr(cx, v) {
        Ok(shown) => {
            let mut text = protopy_text::StrBuf::new();
            text.push_str("Invalid isoformat string: ");
            if let Some(s) = StrObj::of(shown) {
                text.push_ref(s.str_ref());
            }
            match cx.str_buf(text) {
                Ok(text) => cx.raise(Ty::ValueError, text),
                Err(r) => r,
            }
        }
        Err(r) => r,
    }
}

fn fromisoformat(cx: &mut Ctx, class: Value, v: Value) -> PyResult {
    let s = iso_arg(cx, v)?;
    let n = s.len();
    let parsed = if matches!(n, 7 | 8 | 10) { s.date(n).ok() } else { None };
    let Some((y, m, d)) = parsed else { return Err(bad_iso(cx, v)) };
    let f = family_of_class(cx, class)?;
    make::date_of_class(cx, f, class, y, m, d)
}

fn fromisocalendar(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let mut n = [0i32; 3];
    for (to, v) in n.iter_mut().zip(&a[1..]) {
        let i = index(cx, *v)?;
        match IntRef::of(i).and_then(IntRef::to_i64).and_then(|n| i32::try_from(n).ok()) {
            Some(i) => *to = i,
            None => return Err(cx.value_error("ISO calendar component out of range")),
        }
    }
    let [year, week, day] = n;
    match calendar::of_iso_calendar(year, week, day) {
        Ok((y, m, d)) => {
            let f = family_of_class(cx, a[0])?;
            make::date_of_class(cx, f, a[0], y, m, d)
        }
        Err(IsoError::Year) => Err(make::bad_year(cx, i64::from(year))),
        Err(IsoError::Week) => Err(cx.value_error(&format!("Invalid week: {week}"))),
        Err(IsoError::Day) => Err(cx.value_error(&format!("Invalid weekday: {day} (range is [1, 7])"))),
    }
}

// ---------------------------------------------------------------------------------------------------- text

fn date_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let (y, m, d) = this(cx, v)?.parts();
    let name = vm::tp_name(cx, v);
    Ok(cx.str(&format!("{name}({y}, {m}, {d})")))
}

fn isoformat(cx: &mut Ctx, v: Value) -> PyResult {
    let mut text = Text::default();
    text.date(this(cx, v)?);
    cx.str_from(StrRef::Latin1(text.bytes()))
}

fn date_str(cx: &mut Ctx, v: Value) -> PyResult {
    let ty = cx.type_of(v);
    if crate::is_own(ty) { isoformat(cx, v) } else { vm::call_method(cx, v, "isoformat", &[]) }
}

/// A text such as `Sat Jun 06 16:26:11 1998`.
pub fn ctime(cx: &mut Ctx, d: Ymd, t: Clock) -> PyResult {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut text = Text::default();
    text.str(DAYS[d.weekday() as usize % 7]);
    text.push(b' ');
    text.str(MONTHS[(usize::from(d.month) + 11) % 12]);
    text.push(b' ');
    text.padded(u32::from(d.day), 2, b' ');
    text.push(b' ');
    text.clock(Clock { us: 0, ..t }, crate::iso::Timespec::Seconds);
    text.push(b' ');
    text.number(u32::from(d.year), 4);
    cx.str_from(StrRef::Latin1(text.bytes()))
}

// ---------------------------------------------------------------------------------------------------- comparison

fn date_hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let d = this(cx, v)?;
    let Some(own) = v.native::<Date>() else { return Ok(cx.hash_bytes(&d.bytes())) };
    let known = own.hash.load(Ordering::Relaxed);
    if known != NO_HASH {
        return Ok(known);
    }
    let h = cx.hash_bytes(&d.bytes());
    own.hash.store(h, Ordering::Relaxed);
    Ok(h)
}

fn date_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let d = this(cx, a)?;
    // A datetime is a date, but compares with datetimes only.
    match b.native::<Date>() {
        Some(e) => Ok(Value::bool(op.holds(d.cmp(&e.date)))),
        None => Ok(Value::NOT_IMPLEMENTED),
    }
}

// ---------------------------------------------------------------------------------------------------- sums

/// "date value out of range"
#[cold]
pub fn out_of_range(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::OverflowError, "date value out of range")
}

fn shifted(cx: &mut Ctx, v: Value, days: i64) -> PyResult {
    let (y, m, d) = this(cx, v)?.parts();
    let Some(date) = calendar::normalize(y, m, i64::from(d) + days) else { return Err(out_of_range(cx)) };
    let ty: &'static TypeObj = cx.type_of(v);
    if crate::is_own(ty) {
        return Ok(date_in(cx, ty, date));
    }
    let f = family_of(cx, ty)?;
    let (y, m, d) = date.parts();
    make::date_of_class(cx, f, ty.value(), y, m, d)
}

fn is_datetime(v: Value) -> bool {
    v.native::<DateTime>().is_some()
}

fn date_add(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if is_datetime(a) || is_datetime(b) {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    let (date, delta) = match (a.native::<Delta>(), b.native::<Delta>()) {
        (None, Some(d)) => (a, d),
        (Some(d), None) => (b, d),
        _ => return Ok(Value::NOT_IMPLEMENTED),
    };
    if date.native::<Date>().is_none() {
        return Ok(Value::NOT_IMPLEMENTED);
    }
    shifted(cx, date, i64::from(delta.days))
}

fn date_sub(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some(d) = a.native::<Date>() else { return Ok(Value::NOT_IMPLEMENTED) };
    if let Some(e) = b.native::<Date>() {
        let f = family(cx, a)?;
        return make::delta(cx, f, d.date.ordinal() - e.date.ordinal(), 0, 0);
    }
    match b.native::<Delta>() {
        Some(delta) => shifted(cx, a, -i64::from(delta.days)),
        None => Ok(Value::NOT_IMPLEMENTED),
    }
}
