//! `tzinfo`, and how the methods of time zones are called: what they answer is checked.

use crate::datetime::{self, DateTime};
use crate::delta::{self, Delta};
use crate::make;
use crate::timezone::{self, Zone};
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, Ctx, Layout, PyResult, Raised, Ty, Value};
use protopy_vm::{self as vm, TypeSpec, methods};

/// The type.
pub static TZINFO: TypeSpec = TypeSpec {
    name: "tzinfo",
    module: "datetime",
    layout: Layout::Object,
    flags: type_flags::BASETYPE,
    slots: SlotSpec { new: Some(tzinfo_new), ..SlotSpec::NONE },
    methods: METHODS,
    doc: "Abstract base class for time zone info objects.",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// datetime -> string name of time zone.
    "tzname(self, object, /)" => |cx, _| abstract_method(cx, "tzname");
    /// datetime -> timedelta showing offset from UTC, negative values indicating West of UTC
    "utcoffset(self, object, /)" => |cx, _| abstract_method(cx, "utcoffset");
    /// datetime -> DST offset as timedelta positive east of UTC.
    "dst(self, object, /)" => |cx, _| abstract_method(cx, "dst");
    /// datetime in UTC -> datetime in local time.
    "fromutc(self, object, /)" => |cx, a| fromutc(cx, a[0], a[1]);
    /// -> (cls, state)
    "__reduce__(self, /)" => |cx, a| reduce(cx, a[0]);
];

fn tzinfo_new(cx: &mut Ctx, class: Value, _: Args<'_>) -> PyResult {
    let ty = make::class_arg(cx, class)?;
    Ok(cx.new_object(ty))
}

fn abstract_method(cx: &mut Ctx, name: &str) -> PyResult {
    let msg = format!("a tzinfo subclass must implement {name}()");
    Err(cx.raise_str(Ty::NotImplementedError, &msg))
}

fn reduce(cx: &mut Ctx, v: Value) -> PyResult {
    let args = match vm::lookup_attr_str(cx, v, "__getinitargs__")? {
        Some(f) => vm::call(cx, f, &[])?,
        None => vm::empty_tuple(cx),
    };
    let state = vm::call_method(cx, v, "__getstate__", &[])?;
    let class = cx.type_of(v).value();
    cx.tuple_of(None, &[class, args, state])
}

/// The argument of `fromutc`: a datetime whose time zone is `tz`.
pub fn fromutc_arg(cx: &mut Ctx, tz: Value, v: Value) -> PyResult<&'static DateTime> {
    let Some(d) = v.native::<DateTime>() else {
        return Err(cx.type_error("fromutc: argument must be a datetime"));
    };
    if !d.zone.get_or_none().is(tz) {
        return Err(cx.value_error("fromutc: dt.tzinfo is not self"));
    }
    Ok(d)
}

fn fromutc(cx: &mut Ctx, tz: Value, v: Value) -> PyResult {
    fromutc_arg(cx, tz, v)?;
    let Some(offset) = utcoffset(cx, tz, v)? else {
        return Err(cx.value_error("fromutc: non-None utcoffset() result required"));
    };
    let Some(dst) = dst(cx, tz, v)? else {
        return Err(cx.value_error("fromutc: non-None dst() result required"));
    };
    let (Some(o), Some(d)) = (offset.native::<Delta>(), dst.native::<Delta>()) else {
        return Err(inconsistent(cx));
    };
    // The standard time; what the zone says of that is the answer.
    let standard = delta::subtract(cx, offset, o, d)?;
    let result = datetime::shifted(cx, v, standard, false)?;
    let Some(dst) = self::dst(cx, tz, result)? else { return Err(inconsistent(cx)) };
    match dst.native::<Delta>() {
        Some(d) if d.key() != (0, 0, 0) => datetime::shifted(cx, result, dst, false),
        _ => Ok(result),
    }
}

#[cold]
fn inconsistent(cx: &mut Ctx) -> Raised {
    cx.value_error("fromutc: tz.dst() gave inconsistent results; cannot convert")
}

/// `tz.fromutc(dt)`
pub fn call_fromutc(cx: &mut Ctx, tz: Value, dt: Value) -> PyResult {
    match tz.native::<Zone>() {
        Some(z) => {
            fromutc_arg(cx, tz, dt)?;
            datetime::shifted(cx, dt, z.offset.get_or_none(), false)
        }
        None => vm::call_method(cx, tz, "fromutc", &[dt]),
    }
}

// ---------------------------------------------------------------------------------------------------- calls

/// ValueError: an offset of a day or more.
#[cold]
pub fn bad_offset(cx: &mut Ctx, v: Value) -> Raised {
    match vm::repr_text(cx, v) {
        Ok(shown) => {
            let msg = format!(
                "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not {shown}"
            );
            cx.value_error(&msg)
        }
        Err(r) => r,
    }
}

fn offset_method(cx: &mut Ctx, tz: Value, name: &str, arg: Value) -> PyResult<Option<Value>> {
    let v = vm::call_method(cx, tz, name, &[arg])?;
    if v.is_none() {
        return Ok(None);
    }
    match v.native::<Delta>() {
        Some(d) if d.is_offset() => Ok(Some(v)),
        Some(_) => Err(bad_offset(cx, v)),
        None => {
            let msg = format!("tzinfo.{name}() must return None or timedelta, not '{}'", vm::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

/// `tz.utcoffset(arg)`, a timedelta in range; `None` for None and without a time zone.
pub fn utcoffset(cx: &mut Ctx, tz: Value, arg: Value) -> PyResult<Option<Value>> {
    if tz.is_none() {
        return Ok(None);
    }
    // A fixed offset; its class cannot be derived from.
    if let Some(z) = tz.native::<Zone>() {
        return Ok(z.offset.get());
    }
    offset_method(cx, tz, "utcoffset", arg)
}

/// `tz.dst(arg)`, as [`utcoffset`].
pub fn dst(cx: &mut Ctx, tz: Value, arg: Value) -> PyResult<Option<Value>> {
    if tz.is_none() || tz.native::<Zone>().is_some() {
        return Ok(None);
    }
    offset_method(cx, tz, "dst", arg)
}

/// `tz.tzname(arg)`: a str or None.
pub fn tzname(cx: &mut Ctx, tz: Value, arg: Value) -> PyResult {
    if tz.is_none() {
        return Ok(tz);
    }
    if let Some(z) = tz.native::<Zone>() {
        return timezone::name(cx, z);
    }
    let v = vm::call_method(cx, tz, "tzname", &[arg])?;
    if v.is_none() || StrObj::of(v).is_some() {
        return Ok(v);
    }
    let msg = format!("tzinfo.tzname() must return None or a string, not '{}'", vm::tp_name(cx, v));
    Err(cx.type_error(&msg))
}

/// Microseconds of an offset.
pub fn offset_us(v: Option<Value>) -> Option<i64> {
    v.and_then(|v| v.native::<Delta>()).map(Delta::short)
}

/// The offset of a time as text: `+HH:MM[:SS[.ffffff]]`.
pub fn write_offset(
    cx: &mut Ctx,
    tz: Value,
    arg: Value,
    sep: &str,
    text: &mut crate::iso::Text,
) -> PyResult<()> {
    if let Some(us) = offset_us(utcoffset(cx, tz, arg)?) {
        text.offset(us, sep);
    }
    Ok(())
}

/// A fixed time zone for an offset that was read from a text.
pub fn zone_of_offset(cx: &mut Ctx, of: &crate::Family, offset: Option<(i32, i32)>) -> PyResult {
    match offset {
        None => Ok(Value::NONE),
        Some((0, 0)) => Ok(of.utc.get_or_none()),
        Some((seconds, us)) => {
            let d = make::delta_normalized(cx, of, 0, i64::from(seconds), i64::from(us))?;
            timezone::make(cx, of, d, None)
        }
    }
}

/// Offsets of two objects that may have different time zones: as microseconds.
pub fn two_offsets(
    cx: &mut Ctx,
    (tz1, arg1): (Value, Value),
    (tz2, arg2): (Value, Value),
) -> PyResult<(Option<i64>, Option<i64>)> {
    let a = offset_us(utcoffset(cx, tz1, arg1)?);
    let b = offset_us(utcoffset(cx, tz2, arg2)?);
    Ok((a, b))
}
