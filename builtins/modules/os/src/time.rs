//! The module `time`.
#![allow(unsafe_code)]

use crate::clock::{NS, Round, clock_ns, seconds, timespec, to_ns, to_seconds};
use crate::consts::time::CONSTANTS;
use crate::support::{done, fs_value, none, set_ints};
use crate::sys;
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::layouts::{IntRef, StrObj, TupleObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, Layout, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::structseq::{METHODS, SLOTS, new_structseq, new_structseq_type};
use protopy_vm::{
    ModuleSpec, TypeSpec, audit, call, import_attr, index, instance_attr, methods, set_attr_str,
};
use std::ffi::CString;

/// `time`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "time",
    doc: "Clocks, and conversions between seconds and calendar times.",
    functions: methods![functions:
        /// Seconds since the epoch as a float.
        "time()" => time;
        /// Nanoseconds since the epoch.
        "time_ns()" => time_ns;
        /// A clock that never goes back, in seconds.
        "monotonic()" => monotonic;
        /// A clock that never goes back, in nanoseconds.
        "monotonic_ns()" => monotonic_ns;
        /// The clock with the best resolution, in seconds.
        "perf_counter()" => monotonic;
        /// The clock with the best resolution, in nanoseconds.
        "perf_counter_ns()" => monotonic_ns;
        /// The process's time on processors, in seconds.
        "process_time()" => process_time;
        /// The process's time on processors, in nanoseconds.
        "process_time_ns()" => process_time_ns;
        /// The thread's time on processors, in seconds.
        "thread_time()" => thread_time;
        /// The thread's time on processors, in nanoseconds.
        "thread_time_ns()" => thread_time_ns;
        /// A clock of the system, in seconds.
        "clock_gettime(clk_id, /)" => clock_gettime;
        /// A clock of the system, in nanoseconds.
        "clock_gettime_ns(clk_id, /)" => clock_gettime_ns;
        /// Sets a clock of the system, in seconds.
        "clock_settime(clk_id, time, /)" => clock_settime;
        /// Sets a clock of the system, in nanoseconds.
        "clock_settime_ns(clk_id, time, /)" => clock_settime_ns;
        /// The resolution of a clock of the system, in seconds.
        "clock_getres(clk_id, /)" => clock_getres;
        /// The clock of a thread's time on processors.
        "pthread_getcpuclockid(thread_id, /)" => pthread_getcpuclockid;
        /// What a clock of this module is: implementation, monotonic, adjustable, resolution.
        "get_clock_info(name, /)" => get_clock_info;
        /// Sleeps for some seconds.
        "sleep(seconds, /)" => sleep;
        /// The calendar time of seconds since the epoch (default: now), in UTC.
        "gmtime(seconds=None, /)" => gmtime;
        /// The calendar time of seconds since the epoch (default: now), in the local zone.
        "localtime(seconds=None, /)" => localtime;
        /// Seconds since the epoch of a local calendar time.
        "mktime(time_tuple, /)" => mktime;
        /// A calendar time (default: now) as text such as 'Sat Jun 06 16:26:11 1998'.
        "asctime(time_tuple=<unrepresentable>, /)" => asctime;
        /// Seconds since the epoch (default: now) as text in the local zone.
        "ctime(seconds=None, /)" => ctime;
        /// A calendar time (default: now) as text in a given format.
        "strftime(format, time_tuple=<unrepresentable>, /)" => strftime;
        /// The calendar time of a text in a given format.
        "strptime(string, format='%a %b %d %H:%M:%S %Y', /)" => strptime;
        /// Takes up a change of the environment variable TZ.
        "tzset()" => tzset;
    ],
    init: Some(init),
};

#[derive(Default)]
struct TimeState {
    struct_time: Slot,
    module: Slot,
}

impl SpaceState for TimeState {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.struct_time);
        t.slot(&self.module);
    }
}

static STRUCT_TIME: TypeSpec = TypeSpec {
    name: "struct_time",
    module: "time",
    layout: Layout::Tuple,
    flags: type_flags::DICT | type_flags::HEAP,
    slots: SLOTS,
    methods: METHODS,
    doc: "A calendar time: what gmtime(), localtime() and strptime() answer and asctime(), mktime() and strftime() take.",
    ..TypeSpec::BASE
};

const FIELDS: &[&str] = &[
    "tm_year",
    "tm_mon",
    "tm_mday",
    "tm_hour",
    "tm_min",
    "tm_sec",
    "tm_wday",
    "tm_yday",
    "tm_isdst",
    "tm_zone",
    "tm_gmtoff",
];

fn init(cx: &mut Ctx, module: Value) -> PyResult<()> {
    set_ints(cx, module, CONSTANTS)?;
    let s = cx.space().state::<TimeState>();
    let t = new_structseq_type(cx, &STRUCT_TIME, FIELDS, 9)?;
    s.struct_time.init(Some(t));
    s.module.init(Some(module));
    set_attr_str(cx, module, "struct_time", t)?;
    set_zone(cx, module)
}

unsafe extern "C" {
    #[link_name = "tzset"]
    fn c_tzset();
}

/// Sets timezone, altzone, daylight and tzname by the zone's state half a year apart.
fn set_zone(cx: &mut Ctx, module: Value) -> PyResult<()> {
    // SAFETY: no preconditions.
    unsafe { c_tzset() };
    const YEAR: i64 = (365 * 24 + 6) * 3600;
    let now = clock_ns(libc::CLOCK_REALTIME).unwrap_or(0) / NS;
    let january = now / YEAR * YEAR;
    let one = |t: i64| {
        let tm = local(t).unwrap_or_else(|_| sys::zeroed());
        (-tm.tm_gmtoff, zone_name(&tm))
    };
    let (jan, jul) = (one(january), one(january + YEAR / 2));
    // In the southern hemisphere July is the standard time.
    let (std, dst) = if jan.0 < jul.0 { (jul, jan) } else { (jan, jul) };
    set_ints(
        cx,
        module,
        &[("timezone", std.0), ("altzone", dst.0), ("daylight", i64::from(std.0 != dst.0))],
    )?;
    let (x, y) = (fs_value(cx, &std.1, false)?, fs_value(cx, &dst.1, false)?);
    let names = cx.tuple_of(None, &[x, y])?;
    set_attr_str(cx, module, "tzname", names)
}

fn zone_name(tm: &libc::tm) -> Vec<u8> {
    // SAFETY: null, or a name that the C library keeps.
    unsafe { sys::bytes_of(tm.tm_zone) }.unwrap_or_default()
}

fn tzset(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let s = cx.space().state::<TimeState>();
    let m = s.module.get_or_none();
    set_zone(cx, m)?;
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- clocks

fn read(cx: &mut Ctx, clock: libc::clockid_t) -> PyResult<i64> {
    done(cx, clock_ns(clock))
}

macro_rules! clocks {
    ($($f:ident $f_ns:ident: $c:ident;)*) => { $(
        fn $f(cx: &mut Ctx, _: &[Value]) -> PyResult {
            let n = read(cx, libc::$c)?;
            Ok(cx.float(seconds(n)))
        }

        fn $f_ns(cx: &mut Ctx, _: &[Value]) -> PyResult {
            let n = read(cx, libc::$c)?;
            Ok(cx.int(n))
        }
    )* };
}

clocks! {
    time time_ns: CLOCK_REALTIME;
    monotonic monotonic_ns: CLOCK_MONOTONIC;
    process_time process_time_ns: CLOCK_PROCESS_CPUTIME_ID;
    thread_time thread_time_ns: CLOCK_THREAD_CPUTIME_ID;
}

fn clock_id(cx: &mut Ctx, v: Value) -> PyResult<libc::clockid_t> {
    let n = if IntRef::of(v).is_some() || cx.type_of(v).slots.index.address() != 0 {
        let n = index(cx, v)?;
        IntRef::of(n).and_then(IntRef::to_i64).and_then(|n| i32::try_from(n).ok())
    } else {
        None
    };
    match n {
        Some(n) => Ok(n),
        None => {
            let msg = format!("clk_id should be integer, not {}", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn clock_gettime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = clock_id(cx, a[0])?;
    let n = read(cx, c)?;
    Ok(cx.float(seconds(n)))
}

fn clock_gettime_ns(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = clock_id(cx, a[0])?;
    let n = read(cx, c)?;
    Ok(cx.int(n))
}

fn clock_settime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = clock_id(cx, a[0])?;
    let ns = to_ns(cx, a[1], Round::Floor)?;
    none(cx, sys::clock_settime(c, &timespec(ns)))
}

fn clock_settime_ns(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = clock_id(cx, a[0])?;
    let Some(r) = IntRef::of(a[1]) else {
        let msg = format!("expect int, got {}", protopy_vm::ops::tp_name(cx, a[1]));
        return Err(cx.type_error(&msg));
    };
    let Some(ns) = r.to_i64() else {
        return Err(cx.raise_str(Ty::OverflowError, "timestamp out of range for C PyTime_t"));
    };
    none(cx, sys::clock_settime(c, &timespec(ns)))
}

fn clock_getres(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = clock_id(cx, a[0])?;
    let mut t: libc::timespec = sys::zeroed();
    done(cx, sys::clock_getres(c, &mut t))?;
    Ok(cx.float(t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9))
}

fn pthread_getcpuclockid(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let id = crate::support::big_bits(cx, a[0])?;
    let mut c: libc::clockid_t = 0;
    // SAFETY: as in C, a number that is no thread's is the program's fault.
    let r = sys::check_number(unsafe { libc::pthread_getcpuclockid(id as libc::pthread_t, &mut c) });
    done(cx, r)?;
    Ok(cx.int(i64::from(c)))
}

fn str_arg(cx: &mut Ctx, v: Value, func: &str) -> PyResult<&'static StrObj> {
    match StrObj::of(v) {
        Some(s) => Ok(s),
        None => {
            let msg = format!("{func}() argument 1 must be str, not {}", crate::support::none_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn get_clock_info(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = str_arg(cx, a[0], "get_clock_info")?;
    let all = [
        ("time", "CLOCK_REALTIME", libc::CLOCK_REALTIME),
        ("monotonic", "CLOCK_MONOTONIC", libc::CLOCK_MONOTONIC),
        ("perf_counter", "CLOCK_MONOTONIC", libc::CLOCK_MONOTONIC),
        ("process_time", "CLOCK_PROCESS_CPUTIME_ID", libc::CLOCK_PROCESS_CPUTIME_ID),
        ("thread_time", "CLOCK_THREAD_CPUTIME_ID", libc::CLOCK_THREAD_CPUTIME_ID),
    ];
    let Some((name, clock, id)) = all.into_iter().find(|c| n.eq_str(c.0)) else {
        return Err(cx.value_error("unknown clock"));
    };
    let mut t: libc::timespec = sys::zeroed();
    done(cx, sys::clock_getres(id, &mut t))?;
    let ty = cx.ty(Ty::SimpleNamespace).value();
    let ns = call(cx, ty, &[])?;
    let implementation = cx.str(&format!("clock_gettime({clock})"));
    let resolution = cx.float(t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9);
    set_attr_str(cx, ns, "implementation", implementation)?;
    set_attr_str(cx, ns, "monotonic", Value::bool(name != "time"))?;
    set_attr_str(cx, ns, "adjustable", Value::bool(name == "time"))?;
    set_attr_str(cx, ns, "resolution", resolution)?;
    Ok(ns)
}

fn sleep(cx: &mut Ctx, a: &[Value]) -> PyResult {
    audit(cx, "time.sleep", &[a[0]])?;
    let ns = to_ns(cx, a[0], Round::Up)?;
    if ns < 0 {
        return Err(cx.value_error("sleep length must be non-negative"));
    }
    let end = timespec(crate::clock::monotonic().saturating_add(ns));
    crate::support::call(cx, || sys::sleep_until(&end))?;
    Ok(Value::NONE)
}

// ---------------------------------------------------------------------------------------------------- calendar times

fn local(t: i64) -> sys::SysResult<libc::tm> {
    let mut tm: libc::tm = sys::zeroed();
    sys::set_errno(0);
    // SAFETY: a time and room for the answer.
    let p = unsafe { libc::localtime_r(&t, &mut tm) };
    if p.is_null() { Err(if sys::errno() == 0 { libc::EINVAL } else { sys::errno() }) } else { Ok(tm) }
}

fn utc(t: i64) -> sys::SysResult<libc::tm> {
    let mut tm: libc::tm = sys::zeroed();
    sys::set_errno(0);
    // SAFETY: a time and room for the answer.
    let p = unsafe { libc::gmtime_r(&t, &mut tm) };
    if p.is_null() { Err(if sys::errno() == 0 { libc::EINVAL } else { sys::errno() }) } else { Ok(tm) }
}

fn struct_time(cx: &mut Ctx, tm: &libc::tm) -> PyResult {
    let numbers = [
        i64::from(tm.tm_year) + 1900,
        i64::from(tm.tm_mon) + 1,
        i64::from(tm.tm_mday),
        i64::from(tm.tm_hour),
        i64::from(tm.tm_min),
        i64::from(tm.tm_sec),
        i64::from((tm.tm_wday + 6) % 7),
        i64::from(tm.tm_yday) + 1,
        i64::from(tm.tm_isdst),
    ];
    let mut v = [Value::NONE; 11];
    for (to, n) in v.iter_mut().zip(numbers) {
        *to = cx.int(n);
    }
    v[9] = fs_value(cx, &zone_name(tm), false)?;
    v[10] = cx.int(tm.tm_gmtoff);
    let s = cx.space().state::<TimeState>();
    let t = s.struct_time.get_or_none();
    new_structseq(cx, t, &v)
}

/// Seconds of an optional argument; now if there is none.
fn seconds_arg(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    match v.not_none() {
        Some(v) => to_seconds(cx, v),
        None => read(cx, libc::CLOCK_REALTIME).map(|n| n.div_euclid(NS)),
    }
}

fn gmtime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let t = seconds_arg(cx, a[0])?;
    let tm = done(cx, utc(t))?;
    struct_time(cx, &tm)
}

fn localtime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let t = seconds_arg(cx, a[0])?;
    let tm = done(cx, local(t))?;
    struct_time(cx, &tm)
}

/// A C int of a time tuple.
fn item(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    let n = index(cx, v)?;
    let r = IntRef::of(n).unwrap_or(IntRef::Small(0));
    match r.to_i64() {
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C long")),
        Some(n) => match i32::try_from(n) {
            Ok(n) => Ok(n),
            Err(_) if n > 0 => Err(cx.raise_str(Ty::OverflowError, "signed integer is greater than maximum")),
            Err(_) => Err(cx.raise_str(Ty::OverflowError, "signed integer is less than minimum")),
        },
    }
}

/// A calendar time with its zone's name, which the structure points to.
struct Calendar {
    tm: libc::tm,
    zone: Option<CString>,
}

impl Calendar {
    /// The structure for C.
    fn c(&self) -> libc::tm {
        libc::tm { tm_zone: self.zone.as_ref().map_or(self.tm.tm_zone, |z| z.as_ptr()), ..self.tm }
    }
}

fn calendar(cx: &mut Ctx, v: Value, func: &str) -> PyResult<Calendar> {
    let Some(t) = TupleObj::of(v) else {
        return Err(cx.type_error("Tuple or struct_time argument required"));
    };
    let n: &[Value; 9] = match t.items().try_into() {
        Ok(n) => n,
        Err(_) => return Err(cx.type_error(&format!("{func}(): illegal time tuple argument"))),
    };
    let mut i = [0i32; 9];
    for (to, v) in i.iter_mut().zip(n) {
        *to = item(cx, *v)?;
    }
    let Some(year) = i[0].checked_sub(1900) else {
        return Err(cx.raise_str(Ty::OverflowError, "year out of range"));
    };
    let mut tm: libc::tm = sys::zeroed();
    tm.tm_year = year;
    tm.tm_mon = i[1].wrapping_sub(1);
    tm.tm_mday = i[2];
    tm.tm_hour = i[3];
    tm.tm_min = i[4];
    tm.tm_sec = i[5];
    tm.tm_wday = i[6].wrapping_add(1) % 7;
    tm.tm_yday = i[7].wrapping_sub(1);
    tm.tm_isdst = i[8];
    let s = cx.space().state::<TimeState>();
    let mut zone = None;
    if cx.type_of(v).value().is(s.struct_time.get_or_none()) {
        let (z, g) = (cx.intern_str("tm_zone"), cx.intern_str("tm_gmtoff"));
        if let Some(z) = instance_attr(cx, v, z).filter(|z| StrObj::of(*z).is_some()) {
            let b = protopy_vm::codec::fs_encode_no_nul(cx, z)?;
            zone = Some(crate::support::c_string(cx, b)?);
        }
        if let Some(g) = instance_attr(cx, v, g).filter(|g| !g.is_none()) {
            tm.tm_gmtoff = crate::support::long(cx, g)?;
        }
    }
    Ok(Calendar { tm, zone })
}

/// Checks the fields; zeros stand for the first month, day and day of the year.
fn check(cx: &mut Ctx, tm: &mut libc::tm) -> PyResult<()> {
    if tm.tm_mon == -1 {
        tm.tm_mon = 0;
    }
    if tm.tm_mday == 0 {
        tm.tm_mday = 1;
    }
    if tm.tm_yday == -1 {
        tm.tm_yday = 0;
    }
    let bad = if !(0..=11).contains(&tm.tm_mon) {
        "month"
    } else if !(1..=31).contains(&tm.tm_mday) {
        "day of month"
    } else if !(0..=23).contains(&tm.tm_hour) {
        "hour"
    } else if !(0..=59).contains(&tm.tm_min) {
        "minute"
    } else if !(0..=61).contains(&tm.tm_sec) {
        "seconds"
    } else if tm.tm_wday < 0 {
        "day of week"
    } else if !(0..=365).contains(&tm.tm_yday) {
        "day of year"
    } else {
        return Ok(());
    };
    Err(cx.value_error(&format!("{bad} out of range")))
}

fn calendar_or_now(cx: &mut Ctx, v: Value, func: &str) -> PyResult<Calendar> {
    let mut c = match v.bound() {
        Some(v) => calendar(cx, v, func)?,
        None => {
            let t = seconds_arg(cx, Value::NONE)?;
            Calendar { tm: done(cx, local(t))?, zone: None }
        }
    };
    check(cx, &mut c.tm)?;
    Ok(c)
}

fn mktime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let mut tm = calendar(cx, a[0], "mktime")?.tm;
    // Tells a time of -1 from a failure.
    tm.tm_wday = -1;
    // SAFETY: the structure is initialised.
    let t = unsafe { libc::mktime(&mut tm) };
    if t == -1 && tm.tm_wday == -1 {
        return Err(cx.raise_str(Ty::OverflowError, "mktime argument out of range"));
    }
    Ok(cx.float(t as f64))
}

fn text(cx: &mut Ctx, tm: &libc::tm) -> PyResult {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let pick = |list: &[&'static str], i: i32| {
        usize::try_from(i).ok().and_then(|i| list.get(i).copied()).unwrap_or("???")
    };
    let (day, month) = (pick(&DAYS, tm.tm_wday), pick(&MONTHS, tm.tm_mon));
    let (d, h, m, s) = (tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    let year = i64::from(tm.tm_year) + 1900;
    Ok(cx.str(&format!("{day} {month}{d:3} {h:02}:{m:02}:{s:02} {year}")))
}

fn asctime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = calendar_or_now(cx, a[0], "asctime")?;
    text(cx, &c.tm)
}

fn ctime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let t = seconds_arg(cx, a[0])?;
    let tm = done(cx, local(t))?;
    text(cx, &tm)
}

/// One run of the C library's `strftime`.
fn format_run(cx: &mut Ctx, format: &[u8], tm: &libc::tm) -> PyResult<Vec<u8>> {
    // A mark in front tells an empty result from one that did not fit.
    let mut f = vec![b'x'];
    f.extend_from_slice(format);
    let f = crate::support::c_string(cx, f)?;
    let mut size = 1024;
    loop {
        let mut buf = vec![0u8; size + 1];
        // SAFETY: room for as many bytes, a NUL-terminated format and an initialised structure.
        let n = unsafe { libc::strftime(buf.as_mut_ptr().cast(), size + 1, f.as_ptr(), tm) };
        if n > 0 {
            buf.truncate(n);
            buf.remove(0);
            return Ok(buf);
        }
        // Fields that are wider than this give nothing, as in CPython.
        if size >= format.len().saturating_mul(256) {
            return Ok(Vec::new());
        }
        size *= 2;
    }
}

fn strftime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let format = str_arg(cx, a[0], "strftime")?.str_ref();
    let c = calendar_or_now(cx, a[1], "strftime")?;
    let tm = c.c();
    let mut out = StrBuf::new();
    let mut run: Vec<u8> = Vec::new();
    // ASCII goes through the C library; NUL and other characters are copied.
    for ch in format.chars().map(Some).chain(std::iter::once(None)) {
        match ch.and_then(|c| u8::try_from(c).ok()).filter(|b| (1..128).contains(b)) {
            Some(b) => run.push(b),
            None => {
                if !run.is_empty() {
                    let b = format_run(cx, &run, &tm)?;
                    run.clear();
                    if b.is_ascii() {
                        out.push_ref(StrRef::Latin1(&b));
                    } else {
                        let v = fs_value(cx, &b, false)?;
                        if let Some(s) = StrObj::of(v) {
                            out.push_ref(s.str_ref());
                        }
                    }
                }
                if let Some(c) = ch {
                    out.push(c);
                }
            }
        }
    }
    cx.str_buf(out)
}

fn strptime(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let f = import_attr(cx, "_strptime", "_strptime_time")?;
    match a[1].bound() {
        Some(format) => call(cx, f, &[a[0], format]),
        None => call(cx, f, &[a[0]]),
    }
}
