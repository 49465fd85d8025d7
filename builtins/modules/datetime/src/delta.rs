//! `timedelta`: days, seconds, microseconds.

use crate::delta_ops::Total;
use crate::make::{NO_HASH, class_arg, delta_of_us};
use crate::{Family, args::Params, delta_ops as ops, family, make};
use protopy_vm::protocore::layouts::{IntRef, MethodDef};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Args, CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Tracer, Ty, Value};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, getsets, methods};
use std::sync::atomic::{AtomicI64, Ordering};

/// The largest number of days, in either direction.
pub const MAX_DAYS: i32 = 999_999_999;

/// The fields, normalised: seconds and microseconds are not negative.
pub struct Delta {
    /// Days.
    pub days: i32,
    /// Seconds, below a day.
    pub seconds: i32,
    /// Microseconds, below a second.
    pub us: i32,
    /// The hash, once it was asked for.
    pub hash: AtomicI64,
}

impl Payload for Delta {
    const NAME: &'static str = "timedelta";

    fn trace(&self, _: &mut Tracer) {}
}

impl Delta {
    /// The fields as something that can be compared.
    pub fn key(&self) -> (i32, i32, i32) {
        (self.days, self.seconds, self.us)
    }

    /// All of it in microseconds.
    pub fn total(&self) -> i128 {
        let seconds = i64::from(self.days) * 86_400 + i64::from(self.seconds);
        i128::from(seconds) * 1_000_000 + i128::from(self.us)
    }

    /// All of it in microseconds, for less than some days.
    pub fn short(&self) -> i64 {
        (i64::from(self.days) * 86_400 + i64::from(self.seconds)) * 1_000_000 + i64::from(self.us)
    }

    /// Whether it lies strictly between minus and plus one day.
    pub fn is_offset(&self) -> bool {
        self.days == 0 || self.days == -1 && (self.seconds, self.us) != (0, 0)
    }
}

/// The type.
pub static DELTA: TypeSpec = TypeSpec {
    name: "timedelta",
    module: "datetime",
    layout: Layout::Native,
    vt: Some(<Delta as NativeLayout>::VT),
    flags: type_flags::BASETYPE,
    slots: SlotSpec {
        new: Some(delta_new),
        repr: Some(delta_repr),
        str: Some(delta_str),
        hash: Some(delta_hash),
        compare: Some(delta_compare),
        bool: Some(|cx, v| Ok(this(cx, v)?.key() != (0, 0, 0))),
        add: Some(delta_add),
        sub: Some(delta_sub),
        mul: Some(ops::mul),
        modulo: Some(ops::modulo),
        divmod: Some(ops::divmod),
        floordiv: Some(ops::floordiv),
        truediv: Some(ops::truediv),
        neg: Some(negative),
        pos: Some(|cx, v| {
            let (d, f) = (this(cx, v)?, family(cx, v)?);
            make::delta(cx, f, d.days, d.seconds, d.us)
        }),
        abs: Some(|cx, v| {
            let (d, f) = (this(cx, v)?, family(cx, v)?);
            if d.days < 0 { negative(cx, v) } else { make::delta(cx, f, d.days, d.seconds, d.us) }
        }),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Difference between two datetime values.\n\ntimedelta(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, \
          hours=0, weeks=0)\n\nAll arguments are optional and default to 0.\nArguments may be integers or floats, and may be positive \
          or negative.",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Total seconds in the duration.
    "total_seconds(self, /)" => |cx, a| {
        let us = this(cx, a[0])?.total();
        ops::quotient(cx, us, 1_000_000)
    };
    /// __reduce__() -> (cls, state)
    "__reduce__(self, /)" => |cx, a| {
        let d = this(cx, a[0])?;
        let class = cx.type_of(a[0]).value();
        let state = state(cx, d)?;
        cx.tuple_of(None, &[class, state])
    };
];

static GETSETS: &[GetSetDef] = getsets![
    /// Number of days.
    member "days" => |cx, v| Ok(Value::small(i64::from(this(cx, v)?.days)));
    /// Number of seconds (>= 0 and less than 1 day).
    member "seconds" => |cx, v| Ok(Value::small(i64::from(this(cx, v)?.seconds)));
    /// Number of microseconds (>= 0 and less than 1 second).
    member "microseconds" => |cx, v| Ok(Value::small(i64::from(this(cx, v)?.us)));
];

/// The fields of a method's own object.
pub fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Delta> {
    match v.native::<Delta>() {
        Some(d) => Ok(d),
        None => Err(cx.type_error("not a timedelta")),
    }
}

fn state(cx: &mut Ctx, d: &Delta) -> PyResult {
    let n = |n: i32| Value::small(i64::from(n));
    cx.tuple_of(None, &[n(d.days), n(d.seconds), n(d.us)])
}

const PARAMS: Params = Params {
    function: "__new__",
    names: &["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"],
    required: 0,
    positional: 7,
};

/// Microseconds in one of each parameter.
const FACTORS: [i64; 7] = [86_400_000_000, 1_000_000, 1, 1000, 60_000_000, 3_600_000_000, 7 * 86_400_000_000];

/// The order in which parameters are added up: from small to large units, which matters for the fractions.
const ORDER: [usize; 7] = [2, 3, 1, 4, 5, 0, 6];

fn delta_new(cx: &mut Ctx, class: Value, args: Args<'_>) -> PyResult {
    let ty = class_arg(cx, class)?;
    let mut given = [None; 7];
    PARAMS.parse(cx, args, |_, i, v| {
        given[i] = Some(v);
        Ok(())
    })?;
    // Whole days and seconds of moderate size need no care.
    if let [d, s, us, None, None, None, None] = given {
        let small =
            |v: Option<Value>| v.map_or(Some(0), Value::as_small).filter(|n| n.unsigned_abs() < 1 << 31);
        if let (Some(d), Some(s), Some(us)) = (small(d), small(s), small(us)) {
            let s = s + us.div_euclid(1_000_000);
            let days = d + s.div_euclid(86_400);
            let us = us.rem_euclid(1_000_000) as i32;
            return match i32::try_from(days) {
                Ok(days) => make::delta_in(cx, ty, days, s.rem_euclid(86_400) as i32, us),
                Err(_) => Err(make::too_large(cx)),
            };
        }
    }
    let mut total = Total::default();
    for i in ORDER {
        if let Some(v) = given[i] {
            total.add(cx, v, FACTORS[i], PARAMS.names[i])?;
        }
    }
    let us = total.round(cx)?;
    make::delta_of_us_in(cx, ty, us)
}

// ---------------------------------------------------------------------------------------------------- text

fn delta_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let d = this(cx, v)?;
    let parts = [("days", d.days), ("seconds", d.seconds), ("microseconds", d.us)];
    let shown: Vec<String> =
        parts.iter().filter(|p| p.1 != 0).map(|(name, n)| format!("{name}={n}")).collect();
    let args = if shown.is_empty() { "0".to_owned() } else { shown.join(", ") };
    let name = vm::tp_name(cx, v);
    Ok(cx.str(&format!("{name}({args})")))
}

fn delta_str(cx: &mut Ctx, v: Value) -> PyResult {
    let d = this(cx, v)?;
    let mut text = match d.days {
        0 => String::new(),
        1 | -1 => format!("{} day, ", d.days),
        n => format!("{n} days, "),
    };
    let (h, m, s) = (d.seconds / 3600, d.seconds / 60 % 60, d.seconds % 60);
    text.push_str(&format!("{h}:{m:02}:{s:02}"));
    if d.us != 0 {
        text.push_str(&format!(".{:06}", d.us));
    }
    Ok(cx.str(&text))
}

// ---------------------------------------------------------------------------------------------------- comparison

/// The hash of a timedelta: that of the tuple of its fields.
pub fn delta_hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let d = this(cx, v)?;
    let known = d.hash.load(Ordering::Relaxed);
    if known != NO_HASH {
        return Ok(known);
    }
    let t = state(cx, d)?;
    let h = vm::hash(cx, t)?;
    d.hash.store(h, Ordering::Relaxed);
    Ok(h)
}

fn delta_compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let d = this(cx, a)?;
    match b.native::<Delta>() {
        Some(e) => Ok(Value::bool(op.holds(d.key().cmp(&e.key())))),
        None => Ok(Value::NOT_IMPLEMENTED),
    }
}

// ---------------------------------------------------------------------------------------------------- sums

/// Both operands, if they are timedeltas.
fn both(a: Value, b: Value) -> Option<(&'static Delta, &'static Delta)> {
    Some((a.native::<Delta>()?, b.native::<Delta>()?))
}

/// A timedelta of fields that are sums of two normalised ones.
fn carried(cx: &mut Ctx, f: &Family, mut days: i32, mut seconds: i32, mut us: i32) -> PyResult {
    if us >= 1_000_000 {
        us -= 1_000_000;
        seconds += 1;
    } else if us < 0 {
        us += 1_000_000;
        seconds -= 1;
    }
    if seconds >= 86_400 {
        seconds -= 86_400;
        days += 1;
    } else if seconds < 0 {
        seconds += 86_400;
        days -= 1;
    }
    make::delta(cx, f, days, seconds, us)
}

fn delta_add(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, y)) = both(a, b) else { return Ok(Value::NOT_IMPLEMENTED) };
    let f = family(cx, a)?;
    carried(cx, f, x.days + y.days, x.seconds + y.seconds, x.us + y.us)
}

fn delta_sub(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    let Some((x, y)) = both(a, b) else { return Ok(Value::NOT_IMPLEMENTED) };
    subtract(cx, a, x, y)
}

/// The difference; `of` is an object of the family.
pub fn subtract(cx: &mut Ctx, of: Value, x: &Delta, y: &Delta) -> PyResult {
    let f = family(cx, of)?;
    carried(cx, f, x.days - y.days, x.seconds - y.seconds, x.us - y.us)
}

fn negative(cx: &mut Ctx, v: Value) -> PyResult {
    let d = this(cx, v)?;
    let f = family(cx, v)?;
    carried(cx, f, -d.days, -d.seconds, -d.us)
}

/// A whole number as an object.
pub fn whole(cx: &mut Ctx, n: i128) -> Value {
    match i64::try_from(n) {
        Ok(n) => cx.int(n),
        Err(_) => cx.bigint(num_bigint::BigInt::from(n)),
    }
}

/// The product with a whole number.
pub fn times(cx: &mut Ctx, of: Value, us: i128, n: IntRef) -> PyResult {
    let n = match n {
        IntRef::Small(n) => Some(i128::from(n)),
        IntRef::Big(b) => i128::try_from(b).ok(),
    };
    let product = if us == 0 { Some(0) } else { n.and_then(|n| us.checked_mul(n)) };
    let f = family(cx, of)?;
    match product {
        Some(us) => delta_of_us(cx, f, us),
        None => Err(make::too_large(cx)),
    }
}

/// Raises ZeroDivisionError.
#[cold]
pub fn division_by_zero(cx: &mut Ctx) -> vm::protocore::Raised {
    cx.raise_str(Ty::ZeroDivisionError, "division by zero")
}
