//! `Context`: precision, rounding, limits, flags and traps.
//!
//! Contexts are shared by threads like any object: each setting is an atomic of its own, and an operation reads all of them once at
//! its beginning.

use crate::num::dec::{MAX_EMAX, MAX_PREC, MIN_EMIN, ROUNDINGS};
use crate::num::{Rounding, Settings, Status, flags};
use crate::object::{Runtime, runtime, runtime_of};
use crate::signals::{self, SignalDict};
use protopy_vm::protocore::layouts::{IntRef, ListObj, StrObj};
use protopy_vm::protocore::{Args, Ctx, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::{self as vm, GetSetDef, getsets};
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, Ordering::Relaxed};

/// The content of a Context.
pub struct Context {
    prec: AtomicI64,
    emax: AtomicI64,
    emin: AtomicI64,
    rounding: AtomicU8,
    clamp: AtomicU8,
    capitals: AtomicU8,
    flags: AtomicU32,
    traps: AtomicU32,
    flags_dict: Slot,
    traps_dict: Slot,
}

impl Payload for Context {
    const NAME: &'static str = "decimal.Context";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.flags_dict);
        t.slot(&self.traps_dict);
    }
}

/// What a new context is.
pub const DEFAULT: Settings =
    Settings { prec: 28, emax: 999_999, emin: -999_999, rounding: Rounding::HalfEven, clamp: false };
/// The traps of a new context.
pub const TRAPS: Status = flags::INVALID_OPERATION | flags::DIVISION_BY_ZERO | flags::OVERFLOW;

impl Context {
    /// A context.
    pub fn new(s: &Settings, capitals: bool, traps: Status) -> Context {
        Context {
            prec: AtomicI64::new(s.prec),
            emax: AtomicI64::new(s.emax),
            emin: AtomicI64::new(s.emin),
            rounding: AtomicU8::new(s.rounding as u8),
            clamp: AtomicU8::new(u8::from(s.clamp)),
            capitals: AtomicU8::new(u8::from(capitals)),
            flags: AtomicU32::new(0),
            traps: AtomicU32::new(traps),
            flags_dict: Slot::empty(),
            traps_dict: Slot::empty(),
        }
    }

    /// What matters to results.
    #[inline(always)]
    pub fn settings(&self) -> Settings {
        Settings {
            prec: self.prec.load(Relaxed),
            emax: self.emax.load(Relaxed),
            emin: self.emin.load(Relaxed),
            rounding: self.rounding(),
            clamp: self.clamp.load(Relaxed) != 0,
        }
    }

    /// How to round.
    #[inline(always)]
    pub fn rounding(&self) -> Rounding {
        ROUNDINGS[usize::from(self.rounding.load(Relaxed)) & 7]
    }

    /// Whether exponents are written with an `E`.
    pub fn capitals(&self) -> bool {
        self.capitals.load(Relaxed) != 0
    }

    /// Conditions met.
    pub fn flags(&self) -> Status {
        self.flags.load(Relaxed)
    }

    /// Conditions that raise.
    #[inline]
    pub fn traps(&self) -> Status {
        self.traps.load(Relaxed)
    }

    /// Notes conditions.
    #[inline]
    pub fn add_flags(&self, st: Status) {
        if self.flags.load(Relaxed) & st != st {
            self.flags.fetch_or(st, Relaxed);
        }
    }

    /// Forgets conditions.
    pub fn clear_flags(&self) {
        self.flags.store(0, Relaxed);
    }

    /// Ends all traps.
    pub fn clear_traps(&self) {
        self.traps.store(0, Relaxed);
    }

    /// Sets or clears one flag or trap.
    pub fn set_signal(&self, traps: bool, flag: u32, on: bool) {
        let word = if traps { &self.traps } else { &self.flags };
        if on {
            word.fetch_or(flag, Relaxed)
        } else {
            word.fetch_and(!flag, Relaxed)
        };
    }

    fn set_from(&self, other: &Context, with_flags: bool) {
        let s = other.settings();
        self.prec.store(s.prec, Relaxed);
        self.emax.store(s.emax, Relaxed);
        self.emin.store(s.emin, Relaxed);
        self.rounding.store(s.rounding as u8, Relaxed);
        self.clamp.store(u8::from(s.clamp), Relaxed);
        self.capitals.store(other.capitals.load(Relaxed), Relaxed);
        self.traps.store(other.traps(), Relaxed);
        self.flags.store(if with_flags { other.flags() } else { 0 }, Relaxed);
    }
}

/// The context behind `self`.
pub fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Context> {
    match v.native::<Context>() {
        Some(c) => Ok(c),
        None => Err(cx.type_error("argument must be a context")),
    }
}

/// A new context object.
pub fn make(cx: &mut Ctx, rt: &Runtime, c: Context) -> Value {
    let ty = rt.context.get().and_then(TypeObj::of).unwrap_or_else(|| cx.ty(Ty::Object));
    cx.new_native(ty, c)
}

/// A copy of a context, flags included.
pub fn copy(cx: &mut Ctx, v: Value) -> PyResult {
    let c = this(cx, v)?;
    let rt = runtime_of(cx, v)?;
    let fresh = Context::new(&DEFAULT, true, 0);
    fresh.set_from(c, true);
    Ok(make(cx, rt, fresh))
}

/// `Context.__new__`
pub fn context_new(cx: &mut Ctx, ty: Value, _: Args<'_>) -> PyResult {
    let Some(t) = TypeObj::of(ty) else { return Err(cx.type_error("not a type")) };
    let rt = runtime(cx)?;
    let fresh = Context::new(&DEFAULT, true, TRAPS);
    if let Some(d) = rt.templates[0].get().and_then(|v| v.native::<Context>()) {
        fresh.set_from(d, false);
    }
    Ok(cx.new_native(t, fresh))
}

/// Names of `Context`'s parameters.
pub const PARAMETERS: [&str; 8] = ["prec", "rounding", "Emin", "Emax", "capitals", "clamp", "flags", "traps"];

/// `Context.__init__`
pub fn context_init(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult<()> {
    let given = vm::bind_arguments(cx, "", &PARAMETERS, args)?;
    set_all(cx, v, &given)
}

type Setter = fn(&mut Ctx, Value, Option<Value>) -> PyResult<()>;

/// Sets what is given and not None.
pub fn set_all(cx: &mut Ctx, v: Value, given: &[Value; 8]) -> PyResult<()> {
    let c = this(cx, v)?;
    let present = |i: usize| Some(given[i]).filter(|x| !x.is_none() && !x.is_unbound());
    let setters: [Setter; 6] = [set_prec, set_rounding, set_emin, set_emax, set_capitals, set_clamp];
    for (i, set) in setters.iter().enumerate() {
        if let Some(x) = present(i) {
            set(cx, v, Some(x))?;
        }
    }
    for (i, word) in [(6, &c.flags), (7, &c.traps)] {
        if let Some(x) = present(i) {
            let st = if ListObj::of(x).is_some() {
                signals::from_list(cx, x)?
            } else {
                signals::from_mapping(cx, x)?
            };
            word.store(st, Relaxed);
        }
    }
    Ok(())
}

// ---------------------------------------------------------------------------------------------------- attributes

/// A new value of an attribute as an integer.
fn integer(cx: &mut Ctx, v: Option<Value>) -> PyResult<i64> {
    let Some(v) = v else { return Err(undeletable(cx)) };
    match IntRef::of(v) {
        Some(n) => match n.to_i64() {
            Some(n) => Ok(n),
            None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t")),
        },
        None => Err(cx.type_error("an integer is required")),
    }
}

#[cold]
fn undeletable(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::AttributeError, "context attributes cannot be deleted")
}

/// `Context.__setattr__`
pub fn context_setattr(cx: &mut Ctx, v: Value, n: Value, x: Option<Value>) -> PyResult<()> {
    if x.is_none() {
        return Err(undeletable(cx));
    }
    vm::generic_set_attr(cx, v, n, x)
}

fn set_prec(cx: &mut Ctx, v: Value, x: Option<Value>) -> PyResult<()> {
    let n = integer(cx, x)?;
    if !(1..=MAX_PREC).contains(&n) {
        return Err(cx.value_error("valid range for prec is [1, MAX_PREC]"));
    }
    this(cx, v)?.prec.store(n, Relaxed);
    Ok(())
}

fn set_emin(cx: &mut Ctx, v: Value, x: Option<Value>) -> PyResult<()> {
    let n = integer(cx, x)?;
    if !(MIN_EMIN..=0).contains(&n) {
        return Err(cx.value_error("valid range for Emin is [MIN_EMIN, 0]"));
    }
    this(cx, v)?.emin.store(n, Relaxed);
    Ok(())
}

fn set_emax(cx: &mut Ctx, v: Value, x: Option<Value>) -> PyResult<()> {
    let n = integer(cx, x)?;
    if !(0..=MAX_EMAX).contains(&n) {
        return Err(cx.value_error("valid range for Emax is [0, MAX_EMAX]"));
    }
    this(cx, v)?.emax.store(n, Relaxed);
    Ok(())
}

/// A way to round by its name.
pub fn rounding_of(cx: &mut Ctx, v: Value) -> PyResult<Rounding> {
    if let Some(s) = StrObj::of(v)
        && let Some(r) = ROUNDINGS.into_iter().find(|r| s.eq_str(r.name()))
    {
        return Ok(r);
    }
    Err(cx.type_error(
        "valid values for rounding are:\n  [ROUND_CEILING, ROUND_FLOOR, ROUND_UP, ROUND_DOWN,\n   \
         ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN,\n   ROUND_05UP]",
    ))
}

fn set_rounding(cx: &mut Ctx, v: Value, x: Option<Value>) -> PyResult<()> {
    let Some(x) = x else { return Err(undeletable(cx)) };
    let r = rounding_of(cx, x)?;
    this(cx, v)?.rounding.store(r as u8, Relaxed);
    Ok(())
}

fn set_capitals(cx: &mut Ctx, v: Value, x: Option<Value>) -> PyResult<()> {
    let n = integer(cx, x)?;
    if !(0..=1).contains(&n) {
        return Err(cx.value_error("valid values for capitals are 0 or 1"));
    }
    this(cx, v)?.capitals.store(n as u8, Relaxed);
    Ok(())
}

fn set_clamp(cx: &mut Ctx, v: Value, x: Option<Value>) -> PyResult<()> {
    let n = integer(cx, x)?;
    if !(0..=1).contains(&n) {
        return Err(cx.value_error("valid values for clamp are 0 or 1"));
    }
    this(cx, v)?.clamp.store(n as u8, Relaxed);
    Ok(())
}

fn mapping(cx: &mut Ctx, v: Value, traps: bool) -> PyResult {
    let c = this(cx, v)?;
    let slot = if traps { &c.traps_dict } else { &c.flags_dict };
    if let Some(d) = slot.get() {
        return Ok(d);
    }
    let rt = runtime_of(cx, v)?;
    let Some(t) = rt.signal_dict.get().and_then(TypeObj::of) else { return Err(cx.type_error("not a type")) };
    let d = cx.new_native(t, SignalDict::new(v, traps));
    // Of two threads that come here at once both get the first one's.
    cx.barrier(v);
    if slot.cas_raw(None, Some(d)) { Ok(d) } else { Ok(slot.get().unwrap_or(d)) }
}

fn set_mapping(cx: &mut Ctx, v: Value, x: Option<Value>, traps: bool) -> PyResult<()> {
    let Some(x) = x else { return Err(undeletable(cx)) };
    let st = signals::from_mapping(cx, x)?;
    let c = this(cx, v)?;
    if traps {
        c.traps.store(st, Relaxed)
    } else {
        c.flags.store(st, Relaxed)
    }
    Ok(())
}

/// The attributes of contexts.
pub static ATTRIBUTES: &[GetSetDef] = getsets![
    /// Digits of a result.
    "prec" => |cx, v| { let n = this(cx, v)?.settings().prec; Ok(cx.int(n)) }, set_prec;
    /// Largest adjusted exponent.
    "Emax" => |cx, v| { let n = this(cx, v)?.settings().emax; Ok(cx.int(n)) }, set_emax;
    /// Smallest adjusted exponent of a normal number.
    "Emin" => |cx, v| { let n = this(cx, v)?.settings().emin; Ok(cx.int(n)) }, set_emin;
    /// How to round.
    "rounding" => |cx, v| {
        let r = this(cx, v)?.rounding();
        Ok(runtime_of(cx, v)?.roundings[r as usize].get_or_none())
    }, set_rounding;
    /// Whether exponents are written with a capital E.
    "capitals" => |cx, v| Ok(Value::small(i64::from(this(cx, v)?.capitals()))), set_capitals;
    /// Whether exponents are limited to Etop.
    "clamp" => |cx, v| Ok(Value::small(i64::from(this(cx, v)?.settings().clamp))), set_clamp;
    /// The conditions that were met.
    "flags" => |cx, v| mapping(cx, v, false), |cx, v, x| set_mapping(cx, v, x, false);
    /// The conditions that raise.
    "traps" => |cx, v| mapping(cx, v, true), |cx, v, x| set_mapping(cx, v, x, true);
];

/// `Context.__repr__`
pub fn context_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let c = this(cx, v)?;
    let s = c.settings();
    let text = format!(
        "Context(prec={}, rounding={}, Emin={}, Emax={}, capitals={}, clamp={}, flags=[{}], traps=[{}])",
        s.prec,
        s.rounding.name(),
        s.emin,
        s.emax,
        u8::from(c.capitals()),
        u8::from(s.clamp),
        signals::names(c.flags()),
        signals::names(c.traps()),
    );
    Ok(cx.str(&text))
}

/// `Context.__reduce__`
pub fn reduce(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = this(cx, a[0])?;
    let s = c.settings();
    let flags = signals::as_list(cx, c.flags())?;
    let traps = signals::as_list(cx, c.traps())?;
    let rounding = runtime_of(cx, a[0])?.roundings[s.rounding as usize].get_or_none();
    let items = [
        cx.int(s.prec),
        rounding,
        cx.int(s.emin),
        cx.int(s.emax),
        Value::small(i64::from(c.capitals())),
        Value::small(i64::from(s.clamp)),
        flags,
        traps,
    ];
    let args = cx.tuple_of(None, &items)?;
    let class = cx.type_of(a[0]).value();
    cx.tuple_of(None, &[class, args])
}
