//! `time`: a time of day.

use crate::args::{self, Params};
use crate::calendar::Clock;
use crate::date::{bad_iso, exactly, field, iso_arg, replace_alias};
use crate::iso::{Text, Timespec};
use crate::make::{self, NO_HASH, class_arg, time_in};
use crate::{family, family_of, format, tzinfo};
use protopy_text::StrRef;
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Value};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, methods};
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

/// A time of day.
pub struct Time {
    /// Hour to microsecond.
    pub clock: Clock,
    /// 1 for the second of two equal local times.
    pub fold: AtomicU8,
    /// The hash, once it was asked for.
    pub hash: AtomicI64,
    /// The time zone; empty for None.
    pub zone: Slot,
}

impl Payload for Time {
    const NAME: &'static str = "time";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.zone);
    }
}

impl Time {
    /// The fold.
    pub fn fold(&self) -> u8 {
        self.fold.load(Ordering::Relaxed)
    }
}

/// The type.
pub static TIME: TypeSpec = TypeSpec {
    name: "time",
    module: "datetime",
    layout: Layout::Native,
    vt: Some(<Time as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(time_new),
        repr: Some(time_repr),
        str: Some(time_str),
        hash: Some(time_hash),
        compare: Some(time_compare),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "time([hour[, minute[, second[, microsecond[, tzinfo]]]]]) --> a time object\n\nAll arguments are optional. tzinfo may be None, \
          or an instance of\na tzinfo subclass. The remaining arguments may be ints.\n",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// string, format -> new time parsed from a string (like time.strptime()).
    raw class "strptime(type, string, format, /)" => |cx, class, a| {
        format::strptime(cx, "_strptime_datetime_time", class, a)
    };
    /// Return string in ISO 8601 format, [HH[:MM[:SS[.mmm[uuu]]]]][+HH:MM].
    ///
    /// The optional argument timespec specifies the number of additional terms
    /// of the time to include. Valid options are 'auto', 'hours', 'minutes',
    /// 'seconds', 'milliseconds' and 'microseconds'.
    "isoformat(self, /, timespec='auto')" => |cx, a| {
        let spec = timespec(cx, a[1], 1)?;
        isoformat(cx, a[0], spec)
    };
    /// format -> strftime() style string.
    "strftime(self, /, format)" => |cx, a| {
        args::text(cx, a[1], "strftime", 1)?;
        let c = this(cx, a[0])?.clock;
        let n = [1900, 1, 1, i64::from(c.hour), i64::from(c.minute), i64::from(c.second), 0, 1, -1];
        let tuple = cx.tuple_of(None, &n.map(Value::small))?;
        format::strftime(cx, a[0], a[1], tuple, Value::NONE)
    };
    /// Formats self with strftime.
    "__format__(self, format, /)" => |cx, a| format::format_method(cx, a[0], a[1]);
    /// Return self.tzinfo.utcoffset(self).
    "utcoffset(self, /)" => |cx, a| {
        let zone = this(cx, a[0])?.zone.get_or_none();
        Ok(tzinfo::utcoffset(cx, zone, Value::NONE)?.unwrap_or(Value::NONE))
    };
    /// Return self.tzinfo.tzname(self).
    "tzname(self, /)" => |cx, a| {
        let zone = this(cx, a[0])?.zone.get_or_none();
        tzinfo::tzname(cx, zone, Value::NONE)
    };
    /// Return self.tzinfo.dst(self).
    "dst(self, /)" => |cx, a| {
        let zone = this(cx, a[0])?.zone.get_or_none();
        Ok(tzinfo::dst(cx, zone, Value::NONE)?.unwrap_or(Value::NONE))
    };
    /// Return time with new specified fields.
    "replace(self, /, hour=unchanged, minute=unchanged, second=unchanged, microsecond=unchanged, tzinfo=unchanged, *, fold=unchanged)"
        => replace;
    /// The same as replace().
    raw "__replace__(self, /, **changes)" => |cx, v, a| replace_alias(cx, v, a, METHODS);
    /// string -> time from a string in ISO 8601 format
    class "fromisoformat(type, object, /)" => |cx, a| fromisoformat(cx, a[0], a[1]);
    /// __reduce_ex__(proto) -> (cls, state)
    raw "__reduce_ex__(self, proto, /)" => |cx, v, a| {
        exactly(cx, "__reduce_ex__", 1, a)?;
        let protocol = args::int(cx, a.pos()[0])?;
        reduce(cx, v, protocol)
    };
    /// __reduce__() -> (cls, state)
    "__reduce__(self, /)" => |cx, a| reduce(cx, a[0], 2);
];

/// The attributes that time and datetime have in common; `this` finds the fields.
macro_rules! clock_getsets {
    ($this:ident) => {
        protopy_vm::getsets![
            "hour" => |cx, v| Ok(Value::small(i64::from($this(cx, v)?.clock.hour)));
            "minute" => |cx, v| Ok(Value::small(i64::from($this(cx, v)?.clock.minute)));
            "second" => |cx, v| Ok(Value::small(i64::from($this(cx, v)?.clock.second)));
            "microsecond" => |cx, v| Ok(Value::small(i64::from($this(cx, v)?.clock.us)));
            "tzinfo" => |cx, v| Ok($this(cx, v)?.zone.get_or_none());
            "fold" => |cx, v| Ok(Value::small(i64::from($this(cx, v)?.fold())));
        ]
    };
}
pub(crate) use clock_getsets;

static GETSETS: &[GetSetDef] = clock_getsets![this];

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Time> {
    match v.native::<Time>() {
        Some(t) => Ok(t),
        None => Err(cx.type_error("not a time")),
    }
}

// ---------------------------------------------------------------------------------------------------- constructors

const PARAMS: Params = Params {
    function: "",
    names: &["hour", "minute", "second", "microsecond", "tzinfo", "fold"],
    required: 0,
    positional: 5,
};

fn time_new(cx: &mut Ctx, class: Value, a: Args<'_>) -> PyResult {
    let ty = class_arg(cx, class)?;
    let f = family_of(cx, ty)?;
    if let [state, rest @ ..] = a.pos()
        && rest.len() <= 1
        && !state.is_small()
        && let Some(mut s) = make::state_bytes::<6>(cx, *state, 0, |c| c < 256 && c & 0x7f < 24, "time")?
    {
        let tz = rest.first().copied().unwrap_or(Value::NONE);
        if !tz.is_none() && !args::is_zone(cx, f, tz) {
            return Err(cx.type_error("bad tzinfo state arg"));
        }
        let fold = s[0] >> 7;
        s[0] &= 0x7f;
        return Ok(time_in(cx, ty, Clock::of_bytes(s), tz, fold));
    }
    let (mut n, mut tz, mut fold) = ([0; 4], Value::NONE, 0);
    PARAMS.parse(cx, a, |cx, i, v| {
        match i {
            0..4 => n[i] = args::int(cx, v)?,
            4 => tz = v,
            _ => fold = args::int(cx, v)?,
        }
        Ok(())
    })?;
    let clock = make::check_clock(cx, n)?;
    let fold = make::check_fold(cx, fold)?;
    args::check_zone(cx, f, tz)?;
    Ok(time_in(cx, ty, clock, tz, fold))
}

/// The numbers of a clock.
pub fn numbers(c: Clock) -> [i32; 4] {
    [i32::from(c.hour), i32::from(c.minute), i32::from(c.second), c.us as i32]
}

fn replace(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let t = this(cx, a[0])?;
    let mut n = numbers(t.clock);
    for (n, v) in n.iter_mut().zip(&a[1..5]) {
        *n = field(cx, *v, *n)?;
    }
    let tz = a[5].bound().unwrap_or(t.zone.get_or_none());
    let fold = field(cx, a[6], i32::from(t.fold()))?;
    let ty = cx.type_of(a[0]);
    if !crate::is_own(ty) {
        return make::time_of_class(cx, ty.value(), n, tz, fold);
    }
    let clock = make::check_clock(cx, n)?;
    let fold = make::check_fold(cx, fold)?;
    let f = family(cx, a[0])?;
    args::check_zone(cx, f, tz)?;
    Ok(time_in(cx, ty, clock, tz, fold))
}

fn fromisoformat(cx: &mut Ctx, class: Value, v: Value) -> PyResult {
    let s = iso_arg(cx, v)?;
    let from = usize::from(s.at(0) == b'T');
    let Ok(mut t) = s.time(from) else { return Err(bad_iso(cx, v)) };
    if t.clock[0] == 24 {
        if t.clock[1..] != [0, 0, 0] {
            return Err(cx.value_error("minute, second, and microsecond must be 0 when hour is 24"));
        }
        t.clock[0] = 0;
    }
    let ty = class_arg(cx, class)?;
    let f = family_of(cx, ty)?;
    let tz = tzinfo::zone_of_offset(cx, f, t.offset)?;
    make::time_of_class(cx, class, t.clock, tz, 0)
}

fn reduce(cx: &mut Ctx, v: Value, protocol: i32) -> PyResult {
    let t = this(cx, v)?;
    let mut state = t.clock.bytes();
    if protocol > 3 && t.fold() != 0 {
        state[0] |= 0x80;
    }
    let state = cx.bytes(&state)?;
    let args = match t.zone.get() {
        Some(z) => cx.tuple_of(None, &[state, z])?,
        None => cx.tuple_of(None, &[state])?,
    };
    let class = cx.type_of(v).value();
    cx.tuple_of(None, &[class, args])
}

// ---------------------------------------------------------------------------------------------------- text

/// An argument `timespec`.
pub fn timespec(cx: &mut Ctx, v: Value, position: usize) -> PyResult<Timespec> {
    let Some(v) = v.bound() else { return Ok(Timespec::Auto) };
    let s = args::text(cx, v, "isoformat", position)?;
    match s.as_ascii().and_then(Timespec::of) {
        Some(t) => Ok(t),
        None => Err(cx.value_error("Unknown timespec value")),
    }
}

fn isoformat(cx: &mut Ctx, v: Value, spec: Timespec) -> PyResult {
    let t = this(cx, v)?;
    let mut text = Text::default();
    text.clock(t.clock, spec);
    if let Some(zone) = t.zone.get() {
        tzinfo::write_offset(cx, zone, Value::NONE, ":", &mut text)?;
    }
    cx.str_from(StrRef::Latin1(text.bytes()))
}

fn time_str(cx: &mut Ctx, v: Value) -> PyResult {
    let ty = cx.type_of(v);
    if crate::is_own(ty) {
        isoformat(cx, v, Timespec::Auto)
    } else {
        vm::call_method(cx, v, "isoformat", &[])
    }
}

fn time_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let t = this(cx, v)?;
    let c = t.clock;
    let mut s = format!("{}({}, {}", vm::tp_name(cx, v), c.hour, c.minute);
    if c.us != 0 {
        s.push_str(&format!(", {}, {}", c.second, c.us));
    } else if c.second != 0 {
        s.push_str(&format!(", {}", c.second));
    }
    if let Some(z) = t.zone.get() {
        let z = vm::repr_text(cx, z)?;
        s.push_str(&format!(", tzinfo={z}"));
    }
    if t.fold() != 0 {
        s.push_str(&format!(", fold={}", t.fold()));
    }
    s.push(')');
    Ok(cx.str(&s))
}

// ---------------------------------------------------------------------------------------------------- comparison

fn time_hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let t = this(cx, v)?;
    let known = t.hash.load(Ordering::Relaxed);
    if known != NO_HASH {
        return Ok(known);
    }
    // The fold does not tell equal times apart; methods of a time's zone get no time, so that it cannot matter to them.
    let zone = t.zone.get_or_none();
    let h = match tzinfo::offset_us(tzinfo::utcoffset(cx, zone, Value::NONE)?) {
        None => cx.hash_bytes(&t.clock.bytes()),
        Some(offset) => {
            let f = family(cx, v)?;
            let us = i64::from(t.clock.us) - offset;
            let d = make::delta_normalized(cx, f, 0, t.clock.seconds(), us)?;
            crate::delta::delta_hash(cx, d)?
        }
    };
    t.hash.store(h, Ordering::Relaxed);
    Ok(h)
}

fn time_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let x = this(cx, a)?;
    let Some(y) = b.native::<Time>() else { return Ok(Value::NOT_IMPLEMENTED) };
    let (zx, zy) = (x.zone.get_or_none(), y.zone.get_or_none());
    if zx.is(zy) {
        return Ok(Value::bool(op.holds(x.clock.cmp(&y.clock))));
    }
    let (p, q) = tzinfo::two_offsets(cx, (zx, Value::NONE), (zy, Value::NONE))?;
    if p == q {
        return Ok(Value::bool(op.holds(x.clock.cmp(&y.clock))));
    }
    let utc = |c: Clock, offset: i64| c.seconds() * 1_000_000 + i64::from(c.us) - offset;
    match (p, q, op) {
        (Some(p), Some(q), _) => Ok(Value::bool(op.holds(utc(x.clock, p).cmp(&utc(y.clock, q))))),
        (_, _, CmpOp::Eq) => Ok(Value::FALSE),
        (_, _, CmpOp::Ne) => Ok(Value::TRUE),
        _ => Err(cx.type_error("can't compare offset-naive and offset-aware times")),
    }
}

/// A str of one character, an argument `sep`.
pub fn separator(cx: &mut Ctx, v: Value) -> PyResult<u32> {
    let Some(v) = v.bound() else { return Ok(u32::from(b'T')) };
    match StrObj::of(v) {
        Some(s) if s.len() == 1 => Ok(s.str_ref().get(0).unwrap_or(u32::from(b'T'))),
        Some(s) => {
            let n = s.len();
            let msg =
                format!("isoformat() argument 1 must be a unicode character, not a string of length {n}");
            Err(cx.type_error(&msg))
        }
        None => {
            let shown = args::shown_type(cx, v);
            let msg = format!("isoformat() argument 1 must be a unicode character, not {shown}");
            Err(cx.type_error(&msg))
        }
    }
}
