//! Decimal objects, what a space keeps for them, and how operations run.
//!
//! A Decimal never changes. Coefficients of up to two words lie in the object; longer ones in an object of their own, so that the
//! usual Decimal has nothing to drop.

use crate::context::Context;
use crate::num::{
    Dec, DecRef, Kind, Res, Settings, Status, Stop, Work, convert,
    words::{DIGITS, Words},
};
use crate::signals;
use protopy_vm::protocore::ctx::breaker;
use protopy_vm::protocore::layouts::{IntRef, NativeCode, NativeFnObj};
use protopy_vm::protocore::space::SpaceState;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{self as vm, TypeSpec};
use std::sync::OnceLock;
use std::sync::atomic::Ordering::Relaxed;

/// The content of a Decimal.
pub struct Decimal {
    neg: bool,
    kind: Kind,
    /// Words of the coefficient in `inline`; more than two mean that it lies in `long`.
    len: u8,
    exp: i64,
    inline: [u64; 2],
    long: Slot,
}

impl Payload for Decimal {
    const NAME: &'static str = "decimal.Decimal";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.long);
    }
}

impl Decimal {
    /// The number. It lives as long as the object, which the caller keeps.
    #[inline(always)]
    pub fn view(&'static self) -> DecRef<'static> {
        DecRef { neg: self.neg, kind: self.kind, exp: self.exp, coef: self.coef() }
    }

    #[inline(always)]
    fn coef(&'static self) -> &'static [u64] {
        match self.inline.get(..usize::from(self.len)) {
            Some(w) => w,
            None => self.long.get().and_then(|v| v.native::<Long>()).map_or(&[], |l| &l.0),
        }
    }

    /// Words outside of the object.
    pub fn outside(&'static self) -> usize {
        if self.len > 2 { self.coef().len() } else { 0 }
    }
}

/// A long coefficient.
struct Long(Box<[u64]>);

impl Payload for Long {
    const NAME: &'static str = "coefficient";

    fn trace(&self, _: &mut Tracer) {}
}

static LONG: TypeSpec = TypeSpec {
    name: "coefficient",
    module: "_decimal",
    layout: Layout::Native,
    vt: Some(<Long as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    ..TypeSpec::BASE
};

static RUNTIME: TypeSpec = TypeSpec {
    name: "state",
    module: "_decimal",
    layout: Layout::Native,
    vt: Some(<Runtime as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    ..TypeSpec::BASE
};

/// What a space keeps for this module.
#[derive(Default)]
pub struct Runtime {
    /// The types of this module.
    pub decimal: Slot,
    /// `Context`
    pub context: Slot,
    /// `SignalDict`
    pub signal_dict: Slot,
    /// `ContextManager`
    pub manager: Slot,
    /// `DecimalTuple`
    pub tuple: Slot,
    /// The variable with a thread's context.
    pub var: Slot,
    /// The exceptions, in the order of [`signals::EXCEPTIONS`].
    pub exceptions: [Slot; signals::COUNT],
    /// Names of the ways to round.
    pub roundings: [Slot; 8],
    /// `DefaultContext`, `BasicContext`, `ExtendedContext`.
    pub templates: [Slot; 3],
    /// `numbers.Rational`
    pub rational: Slot,
    long: Slot,
    get: OnceLock<vm::protocore::layouts::RawFn>,
}

impl Payload for Runtime {
    const NAME: &'static str = "_decimal state";

    fn trace(&self, t: &mut Tracer) {
        let all = [
            &self.decimal,
            &self.context,
            &self.signal_dict,
            &self.manager,
            &self.tuple,
            &self.var,
            &self.rational,
            &self.long,
        ];
        all.into_iter().for_each(|s| t.slot(s));
        t.slots(&self.exceptions);
        t.slots(&self.roundings);
        t.slots(&self.templates);
    }
}

#[derive(Default)]
struct Holder {
    runtime: Slot,
}

impl SpaceState for Holder {
    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.runtime);
    }
}

/// The state of the space, with its object; made on first use.
pub fn runtime(cx: &mut Ctx) -> PyResult<&'static Runtime> {
    let holder = cx.space().state::<Holder>();
    if let Some(r) = holder.runtime.get().and_then(|v| v.native::<Runtime>()) {
        return Ok(r);
    }
    let ty = vm::create_type(cx, &RUNTIME)?;
    let long = vm::create_type(cx, &LONG)?;
    let Some(t) = TypeObj::of(ty) else { return Err(cx.type_error("not a type")) };
    let fresh = cx.new_native(t, Runtime { long: Slot::new(long), ..Runtime::default() });
    holder.runtime.init(Some(fresh));
    match fresh.native::<Runtime>() {
        Some(r) => Ok(r),
        None => Err(cx.type_error("not a state")),
    }
}

/// The object with the state, once there is one.
pub fn runtime_value(cx: &mut Ctx) -> Value {
    cx.space().state::<Holder>().runtime.get_or_none()
}

/// The state, from a Decimal or a Context.
#[inline(always)]
pub fn runtime_of(cx: &mut Ctx, _: Value) -> PyResult<&'static Runtime> {
    runtime(cx)
}

impl Runtime {
    /// Whether the module was set up.
    pub fn is_ready(&self) -> bool {
        !self.var.is_empty()
    }

    /// Remembers how to read the context variable.
    pub fn set_reader(&self, cx: &mut Ctx) {
        let var = self.var.get_or_none();
        let name = cx.intern_str("get");
        let found = vm::type_lookup(cx, cx.type_of(var), name);
        if let Some(f) = found.and_then(NativeFnObj::of)
            && let NativeCode::Raw(raw) = f.def.code
        {
            let _ = self.get.set(raw);
        }
    }

    /// The thread's context.
    #[inline]
    pub fn current(&self, cx: &mut Ctx) -> PyResult<(Value, &'static Context)> {
        let var = self.var.get_or_none();
        let none = [Value::NONE];
        let v = match self.get.get() {
            Some(get) => get(cx, var, Args::positional(&none))?,
            None => vm::call_method(cx, var, "get", &none)?,
        };
        match v.native::<Context>() {
            Some(c) => Ok((v, c)),
            None => self.first_context(cx),
        }
    }

    /// A copy of `DefaultContext` as the thread's context.
    #[cold]
    fn first_context(&self, cx: &mut Ctx) -> PyResult<(Value, &'static Context)> {
        let template = self.templates[0].get_or_none();
        let v = crate::context::copy(cx, template)?;
        if let Some(c) = v.native::<Context>() {
            c.clear_flags();
        }
        self.set_current(cx, v)?;
        match v.native::<Context>() {
            Some(c) => Ok((v, c)),
            None => Err(cx.type_error("argument must be a context")),
        }
    }

    /// Makes a context the thread's.
    pub fn set_current(&self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let var = self.var.get_or_none();
        vm::call_method(cx, var, "set", &[v]).map(|_| ())
    }

    /// The context that was given, or the thread's.
    pub fn context_or(&self, cx: &mut Ctx, v: Value) -> PyResult<(Value, &'static Context)> {
        if v.is_none() || v.is_unbound() {
            return self.current(cx);
        }
        match v.native::<Context>() {
            Some(c) => Ok((v, c)),
            None => Err(cx.type_error("optional argument must be a context")),
        }
    }

    /// The type `Decimal`.
    #[inline(always)]
    pub fn decimal_type(&self, cx: &Ctx) -> &'static TypeObj {
        self.decimal.get().and_then(TypeObj::of).unwrap_or_else(|| cx.ty(Ty::Object))
    }
}

/// A new Decimal.
#[inline]
pub fn make(cx: &mut Ctx, rt: &Runtime, d: Dec) -> Value {
    let ty = rt.decimal_type(cx);
    make_of(cx, rt, ty, d)
}

/// A new object of `Decimal` or a subclass.
#[inline]
pub fn make_of(cx: &mut Ctx, rt: &Runtime, ty: &TypeObj, d: Dec) -> Value {
    let (neg, kind, exp) = (d.neg, d.kind, d.exp);
    let mut inline = [0; 2];
    let n = d.coef.len();
    if n <= 2 {
        inline[..n].copy_from_slice(&d.coef);
        return cx.new_native(ty, Decimal { neg, kind, len: n as u8, exp, inline, long: Slot::empty() });
    }
    let words = d.coef.into_vec().into_boxed_slice();
    let bytes = isize::try_from(words.len() * 8).unwrap_or(isize::MAX);
    let lt = rt.long.get().and_then(TypeObj::of).unwrap_or_else(|| cx.ty(Ty::Object));
    let long = cx.new_native(lt, Long(words));
    let v = cx.new_native(ty, Decimal { neg, kind, len: 3, exp, inline, long: Slot::new(long) });
    if bytes > 512 {
        cx.external_bytes(bytes);
    }
    v
}

/// Runs a computation, with looks at what the thread is asked to do.
pub fn run<T>(cx: &mut Ctx, f: impl FnOnce(&mut Work) -> Res<T>) -> PyResult<T> {
    let mut raised = None;
    let r = {
        let mut poll = || match cx.safepoint() {
            Ok(()) => true,
            Err(r) => {
                raised = Some(r);
                false
            }
        };
        f(&mut Work::new(&mut poll))
    };
    match (r, raised) {
        (Ok(r), _) => Ok(r),
        (Err(Stop::Interrupted), Some(r)) => Err(r),
        (Err(_), _) => Err(cx.no_memory()),
    }
}

/// As [`run`], for what is done with so many digits in few, long steps: if these are many and there are other threads, in a blocking
/// scope. A signal ends it: then all is done once more, as `run` does it. `f` touches no object but by the numbers it was given, whose
/// owners are alive.
pub fn run_apart<T>(cx: &mut Ctx, digits: usize, mut f: impl FnMut(&mut Work) -> Res<T>) -> PyResult<T> {
    if !cx.computes_apart(digits) {
        return run(cx, f);
    }
    let asked = cx.breaker.clone();
    let mut poll = || asked.load(Relaxed) & (breaker::SIGNAL | breaker::ASYNC_EXC) == 0;
    match cx.blocking(|| f(&mut Work::new(&mut poll))) {
        Ok(r) => Ok(r),
        Err(Stop::Interrupted) => run(cx, f),
        Err(Stop::Memory) => Err(cx.no_memory()),
    }
}

/// Digits of a coefficient, about, as [`run_apart`] wants to know them.
pub fn digits_in(coef: &[u64]) -> usize {
    coef.len().saturating_mul(DIGITS)
}

/// An operand: a Decimal, or an int as one.
pub enum Operand {
    /// A Decimal object's number.
    Object(DecRef<'static>),
    /// A converted number.
    Made(Dec),
}

impl Operand {
    /// The number.
    #[inline(always)]
    pub fn view(&self) -> DecRef<'_> {
        match self {
            Operand::Object(d) => *d,
            Operand::Made(d) => d.view(),
        }
    }
}

/// The number behind a Decimal or an int; `None` for other objects.
#[inline]
pub fn operand(cx: &mut Ctx, v: Value) -> PyResult<Option<Operand>> {
    if let Some(d) = v.native::<Decimal>() {
        return Ok(Some(Operand::Object(d.view())));
    }
    match IntRef::of(v) {
        Some(n) => int_operand(cx, n).map(|d| Some(Operand::Made(d))),
        None => Ok(None),
    }
}

/// An integer as a number.
pub fn int_operand(cx: &mut Ctx, n: IntRef) -> PyResult<Dec> {
    match n {
        IntRef::Small(n) => Ok(convert::from_i64(n)),
        IntRef::Big(n) => {
            let digits = usize::try_from(n.bits()).unwrap_or(usize::MAX) / 3;
            run_apart(cx, digits, |w| convert::from_int(n, w))
        }
    }
}

/// The number behind an argument, which has to be a Decimal or an int.
pub fn argument(cx: &mut Ctx, v: Value) -> PyResult<Operand> {
    match operand(cx, v)? {
        Some(d) => Ok(d),
        None => Err(unsupported(cx, v)),
    }
}

/// What is raised for an argument that is no number for this module.
#[cold]
pub fn unsupported(cx: &mut Ctx, v: Value) -> Raised {
    let msg = format!("conversion from {} to Decimal is not supported", vm::ops::tp_name(cx, v));
    cx.type_error(&msg)
}

/// An operation on one number.
pub type Unary = fn(DecRef<'_>, &Settings, &mut Status, &mut Work) -> Res<Dec>;
/// An operation on two numbers.
pub type Binary = fn(DecRef<'_>, DecRef<'_>, &Settings, &mut Status, &mut Work) -> Res<Dec>;

/// A result of an operation as an object, its conditions noted in the context.
#[inline]
pub fn conclude(cx: &mut Ctx, rt: &Runtime, ctx: &Context, d: Dec, st: Status) -> PyResult {
    if st != 0 {
        signals::note(cx, rt, ctx, st)?;
    }
    Ok(make(cx, rt, d))
}

/// Runs an operation on one number.
pub fn unary(cx: &mut Ctx, rt: &Runtime, ctx: &Context, x: Value, op: Unary) -> PyResult {
    let a = argument(cx, x)?;
    let (s, mut st) = (ctx.settings(), 0);
    let d = run(cx, |w| op(a.view(), &s, &mut st, w))?;
    vm::keep_alive(x);
    conclude(cx, rt, ctx, d, st)
}

/// Runs an operation on two numbers.
#[inline]
pub fn binary(cx: &mut Ctx, rt: &Runtime, ctx: &Context, x: Value, y: Value, op: Binary) -> PyResult {
    let a = argument(cx, x)?;
    let b = argument(cx, y)?;
    apply(cx, rt, ctx, &a, &b, op)
}

/// Runs an operation on two operands.
#[inline]
pub fn apply(cx: &mut Ctx, rt: &Runtime, ctx: &Context, a: &Operand, b: &Operand, op: Binary) -> PyResult {
    let (s, mut st) = (ctx.settings(), 0);
    let d = run(cx, |w| op(a.view(), b.view(), &s, &mut st, w))?;
    conclude(cx, rt, ctx, d, st)
}

/// An empty coefficient.
pub fn no_digits() -> Words {
    Words::new()
}
