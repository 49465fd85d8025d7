//! `_datetime`: dates, times, their differences and time zones.
//!
//! Each object is one cell: the fields, a cached hash, and for times the time zone. A date and a datetime have different payloads, though the one's
//! type is the other's base: what is inherited asks for either ([`date_of`]). Results need a type object, mostly another one than the
//! operand's; every type of the family holds all of them in its `attached` slot ([`Family`]), two loads away.
//!
//! Fields never change once an object is known to others; fold and time zone of a result are set right after its class made it, as in CPython.

mod args;
mod calendar;
mod date;
mod datetime;
mod delta;
mod delta_ops;
mod format;
mod iso;
mod isocal;
mod local;
mod make;
mod time;
mod timezone;
mod tzinfo;

use calendar::Ymd;
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::{Ctx, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::types::update::set_type_attr;
use protopy_vm::types::{create_type, create_type_with_base};
use protopy_vm::{self as vm, ModuleSpec, methods};

/// The modules of this crate.
pub static MODULES: &[&ModuleSpec] = &[&MODULE];

static MODULE: ModuleSpec = ModuleSpec {
    name: "_datetime",
    doc: "Fast implementation of the datetime module.",
    functions: methods![functions:],
    init: Some(init),
};

/// The types and singletons of the module, known to each of its types.
#[derive(Default)]
struct Family {
    delta: Slot,
    date: Slot,
    time: Slot,
    datetime: Slot,
    tzinfo: Slot,
    timezone: Slot,
    iso: Slot,
    utc: Slot,
    /// 1 January 1970 in UTC.
    epoch: Slot,
}

impl Payload for Family {
    const NAME: &'static str = "datetime types";

    fn trace(&self, t: &mut Tracer) {
        for s in self.slots() {
            t.slot(s);
        }
    }
}

impl Family {
    fn slots(&self) -> [&Slot; 9] {
        [
            &self.delta,
            &self.date,
            &self.time,
            &self.datetime,
            &self.tzinfo,
            &self.timezone,
            &self.iso,
            &self.utc,
            &self.epoch,
        ]
    }
}

/// What a space keeps for a second import.
#[derive(Default)]
struct State {
    family: Slot,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.family);
    }
}

/// A type that a slot of the family holds.
fn type_in(cx: &mut Ctx, slot: &Slot) -> PyResult<&'static TypeObj> {
    match slot.get().and_then(TypeObj::of) {
        Some(t) => Ok(t),
        None => Err(not_ready(cx)),
    }
}

#[cold]
fn not_ready(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::SystemError, "the module _datetime is not initialised")
}

/// The family of a type of this module or of a class derived from one.
fn family_of(cx: &mut Ctx, ty: &'static TypeObj) -> PyResult<&'static Family> {
    let mut t = ty;
    loop {
        if let Some(f) = t.attached.get().and_then(|m| m.native::<Family>()) {
            return Ok(f);
        }
        match t.base.get().and_then(TypeObj::of) {
            Some(base) => t = base,
            None => return Err(not_ready(cx)),
        }
    }
}

/// The family of an object's type.
#[inline]
fn family(cx: &mut Ctx, v: Value) -> PyResult<&'static Family> {
    let t = cx.type_of(v);
    family_of(cx, t)
}

/// Day of a date or datetime.
#[inline]
fn date_of(v: Value) -> Option<Ymd> {
    match v.native::<datetime::DateTime>() {
        Some(d) => Some(d.date),
        None => v.native::<date::Date>().map(|d| d.date),
    }
}

/// Whether a type is one of this module's own, not a class derived from one.
#[inline]
fn is_own(t: &TypeObj) -> bool {
    !t.has(vm::protocore::types::type_flags::HEAP)
}

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    let state = cx.space().state::<State>();
    let known = state.family.get();
    let family = match known {
        Some(f) => f,
        None => {
            let f = make_family(cx)?;
            state.family.init(Some(f));
            f
        }
    };
    let Some(f) = family.native::<Family>() else { return Err(not_ready(cx)) };
    let all = [
        ("timedelta", &f.delta),
        ("date", &f.date),
        ("time", &f.time),
        ("datetime", &f.datetime),
        ("tzinfo", &f.tzinfo),
        ("timezone", &f.timezone),
        ("UTC", &f.utc),
    ];
    for (n, slot) in all {
        vm::set_attr_str(cx, module, n, slot.get_or_none())?;
    }
    vm::set_attr_str(cx, module, "MINYEAR", Value::small(i64::from(calendar::MINYEAR)))?;
    vm::set_attr_str(cx, module, "MAXYEAR", Value::small(i64::from(calendar::MAXYEAR)))
}

/// Makes all types and constants.
fn make_family(cx: &mut Ctx) -> PyResult {
    let object = cx.ty(Ty::Object);
    let holder = match create_type(cx, &HOLDER) {
        Ok(t) => TypeObj::of(t).unwrap_or(object),
        Err(r) => return Err(r),
    };
    let family = cx.new_native(holder, Family::default());
    let Some(f) = family.native::<Family>() else { return Err(not_ready(cx)) };
    let types = [
        (&f.delta, create_type(cx, &delta::DELTA)?),
        (&f.date, create_type(cx, &date::DATE)?),
        (&f.time, create_type(cx, &time::TIME)?),
        (&f.tzinfo, create_type(cx, &tzinfo::TZINFO)?),
        (&f.iso, {
            let tuple = cx.ty(Ty::Tuple).value();
            create_type_with_base(cx, &isocal::ISO, tuple)?
        }),
    ];
    for (slot, t) in types {
        cx.store(family, slot, t);
    }
    let (date, tzinfo) = (f.date.get_or_none(), f.tzinfo.get_or_none());
    let t = create_type_with_base(cx, &datetime::DATETIME, date)?;
    cx.store(family, &f.datetime, t);
    let t = create_type_with_base(cx, &timezone::TIMEZONE, tzinfo)?;
    cx.store(family, &f.timezone, t);
    for slot in &f.slots()[..7] {
        if let Some(t) = slot.get().and_then(TypeObj::of) {
            cx.store(t.value(), &t.attached, family);
        }
    }
    constants(cx, family, f)?;
    Ok(family)
}

fn constants(cx: &mut Ctx, family: Value, f: &'static Family) -> PyResult<()> {
    use calendar::Clock;
    let zero = make::delta(cx, f, 0, 0, 0)?;
    let zone = type_in(cx, &f.timezone)?;
    let utc = timezone::alloc(cx, zone, zero, None);
    cx.store(family, &f.utc, utc);
    let first = Ymd { year: 1, month: 1, day: 1 };
    let last = Ymd { year: 9999, month: 12, day: 31 };
    let late = Clock { hour: 23, minute: 59, second: 59, us: 999_999 };
    let t1970 = Ymd { year: 1970, month: 1, day: 1 };
    let epoch = make::datetime(cx, f, t1970, Clock::MIDNIGHT, utc, 0)?;
    cx.store(family, &f.epoch, epoch);
    let us = make::delta(cx, f, 0, 0, 1)?;
    let day = make::delta(cx, f, 1, 0, 0)?;
    let minute = 60_000_000;
    let all = [
        (&f.delta, "resolution", us),
        (&f.delta, "min", make::delta(cx, f, -delta::MAX_DAYS, 0, 0)?),
        (&f.delta, "max", make::delta(cx, f, delta::MAX_DAYS, 86_399, 999_999)?),
        (&f.date, "min", make::date(cx, f, first)?),
        (&f.date, "max", make::date(cx, f, last)?),
        (&f.date, "resolution", day),
        (&f.time, "min", make::time(cx, f, Clock::MIDNIGHT, Value::NONE, 0)?),
        (&f.time, "max", make::time(cx, f, late, Value::NONE, 0)?),
        (&f.time, "resolution", us),
        (&f.datetime, "min", make::datetime(cx, f, first, Clock::MIDNIGHT, Value::NONE, 0)?),
        (&f.datetime, "max", make::datetime(cx, f, last, late, Value::NONE, 0)?),
        (&f.datetime, "resolution", us),
        (&f.timezone, "utc", utc),
        (&f.timezone, "min", {
            let d = make::delta_of_us(cx, f, -1439 * minute)?;
            timezone::alloc(cx, zone, d, None)
        }),
        (&f.timezone, "max", {
            let d = make::delta_of_us(cx, f, 1439 * minute)?;
            timezone::alloc(cx, zone, d, None)
        }),
    ];
    for (ty, n, v) in all {
        let t = type_in(cx, ty)?;
        let n = cx.intern_str(n);
        set_type_attr(cx, t, n, Some(v))?;
    }
    Ok(())
}

/// The type of the object that holds the family; no program sees it.
static HOLDER: vm::TypeSpec = vm::TypeSpec {
    name: "datetime_types",
    module: "datetime",
    layout: vm::protocore::Layout::Native,
    vt: Some(<Family as vm::protocore::NativeLayout>::VT),
    flags: vm::protocore::types::type_flags::NO_NEW,
    ..vm::TypeSpec::BASE
};
