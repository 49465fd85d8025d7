//! `async_generator` and the awaitables that its methods make.
//!
//! An asynchronous generator runs like a generator whose yields are of two kinds: what it awaits is passed through to the event loop as it is,
//! what it yields itself arrives wrapped ([`AsyncGenValue`]). The awaitables of `__anext__`, `asend`, `athrow` and `aclose` drive it:
//! a wrapped value ends the awaitable with StopIteration, whose value it is; the end of the generator is StopAsyncIteration.
//!
//! Each awaitable can be awaited once, and the generator by one awaitable at a time ([`BUSY`]).

use super::generator::{
    check_throw_args, class_getitem, generator_del, generator_repr, get_code, get_delegate, get_frame,
    get_name, get_qualname, get_suspended, itself, set_name, set_qualname, size_of_generator, this,
    thrown_exception,
};
use protopy_vm::errors::new_exc;
use protopy_vm::interp::gens::{GenInput, GenOutput, awaitable_iter, gen_resume};
use protopy_vm::intrinsics::AsyncGenValue;
use protopy_vm::protocore::layouts::{GeneratorObj, MethodDef, StrObj, TupleObj, gen_state};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, Value,
};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods};
use std::sync::atomic::{AtomicU8, Ordering};

/// Bit of an asynchronous generator: it is closed, or being closed.
const CLOSED: u8 = 1;
/// Bit: its hooks were asked for.
const HOOKED: u8 = 2;
/// Bit: an awaitable is driving it.
const BUSY: u8 = 4;

static METHODS: &[MethodDef] = methods![
    /// An awaitable that resumes the generator with a value.
    "asend(self, object, /)" => asend;
    /// An awaitable that raises an exception where the generator is suspended.
    raw "athrow(self, type, value=<unrepresentable>, traceback=<unrepresentable>, /)" => athrow;
    /// An awaitable that raises GeneratorExit where the generator is suspended.
    "aclose(self, /)" => aclose;
    "__sizeof__(self, /)" => size_of_generator;
    /// Makes the class generic.
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

static ATTRS: &[GetSetDef] = getsets![
    /// Whether an awaitable is driving the generator.
    member "ag_running" => get_busy;
    /// The name of the async generator.
    "__name__" => get_name, set_name;
    /// The qualified name of the async generator.
    "__qualname__" => get_qualname, set_qualname;
    /// What the generator awaits, or None.
    "ag_await" => get_delegate;
    "ag_frame" => get_frame;
    "ag_code" => get_code;
    "ag_suspended" => get_suspended;
];

pub(super) static ASYNC_GENERATOR: TypeSpec = TypeSpec {
    ty: Some(Ty::AsyncGenerator),
    name: "async_generator",
    layout: Layout::Generator,
    flags: type_flags::WEAKREF | type_flags::NO_NEW,
    slots: SlotSpec {
        repr: Some(generator_repr),
        del: Some(generator_del),
        am_aiter: Some(itself),
        am_anext: Some(anext),
        ..SlotSpec::NONE
    },
    methods: METHODS,
    getsets: ATTRS,
    ..TypeSpec::BASE
};

pub(super) static WRAPPED_VALUE: TypeSpec = TypeSpec {
    ty: Some(Ty::AsyncGenWrapped),
    name: "async_generator_wrapped_value",
    layout: Layout::Native,
    vt: Some(<AsyncGenValue as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    ..TypeSpec::BASE
};

fn bits(g: &GeneratorObj) -> u8 {
    g.ag_bits.load(Ordering::Acquire)
}

fn set_bits(g: &GeneratorObj, b: u8) {
    g.ag_bits.fetch_or(b, Ordering::AcqRel);
}

fn clear_busy(g: &GeneratorObj) {
    g.ag_bits.fetch_and(!BUSY, Ordering::AcqRel);
}

fn get_busy(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(Value::bool(bits(this(cx, v)?) & BUSY != 0))
}

/// Asks the thread's hooks when the generator is first used: takes the finalizer, calls the other.
fn init_hooks(cx: &mut Ctx, v: Value) -> PyResult<()> {
    let g = this(cx, v)?;
    if bits(g) & HOOKED != 0 {
        return Ok(());
    }
    set_bits(g, HOOKED);
    let [first, finalizer] = cx.asyncgen_hooks;
    if let Some(f) = finalizer.not_none() {
        cx.store(v, &g.extra, f);
    }
    if let Some(f) = first.not_none() {
        protopy_vm::call(cx, f, &[v])?;
    }
    Ok(())
}

fn anext(cx: &mut Ctx, v: Value) -> PyResult {
    new_asend(cx, v, Value::NONE)
}

fn asend(cx: &mut Ctx, a: &[Value]) -> PyResult {
    new_asend(cx, a[0], a[1])
}

fn aclose(cx: &mut Ctx, a: &[Value]) -> PyResult {
    new_athrow(cx, a[0], None)
}

fn athrow(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    // Without arguments it fails when it is awaited only.
    if !args.pos().is_empty() || args.nkw() != 0 {
        check_throw_args(cx, args, "athrow")?;
    }
    let args = cx.tuple_of(None, args.pos())?;
    new_athrow(cx, v, Some(args))
}

// ---------------------------------------------------------------------------------------------------- driving

/// Resumes the generator; its end is StopAsyncIteration.
fn resume(cx: &mut Ctx, gv: Value, input: GenInput) -> PyResult {
    match gen_resume(cx, gv, input)? {
        GenOutput::Yield(v) => Ok(v),
        GenOutput::Return(_) => Err(stop_async(cx)),
    }
}

#[cold]
fn stop_async(cx: &mut Ctx) -> Raised {
    let e = new_exc(cx, Ty::StopAsyncIteration, &[]);
    cx.set_raised(e)
}

/// Ends an awaitable with a value.
fn stop_with(cx: &mut Ctx, v: Value) -> Raised {
    let e = new_exc(cx, Ty::StopIteration, &[v]);
    cx.set_raised(e)
}

fn stop_empty(cx: &mut Ctx) -> Raised {
    let e = new_exc(cx, Ty::StopIteration, &[]);
    cx.set_raised(e)
}

/// The exception of an `Err`, put back, is of one of the types.
fn is_one_of(cx: &mut Ctx, r: Raised, types: &[Ty]) -> (bool, Raised) {
    let e = cx.take_raised(r);
    let hit = types.iter().any(|t| cx.is_instance(e, *t));
    (hit, cx.set_raised(e))
}

fn unwrapped(v: Value) -> Option<Value> {
    v.native::<AsyncGenValue>().map(|w| w.value.get_or_none())
}

/// What a step of the generator means for an awaitable: a value it yielded ends the awaitable, so does the end of the
/// generator; anything else goes to the event loop.
fn unwrap_step(cx: &mut Ctx, g: &GeneratorObj, r: PyResult) -> PyResult {
    match r {
        Ok(v) => match unwrapped(v) {
            Some(v) => {
                clear_busy(g);
                Err(stop_with(cx, v))
            }
            None => Ok(v),
        },
        Err(r) => {
            let (closed, r) = is_one_of(cx, r, &[Ty::StopAsyncIteration, Ty::GeneratorExit]);
            if closed {
                set_bits(g, CLOSED);
            }
            clear_busy(g);
            Err(r)
        }
    }
}

/// State of an awaitable.
mod step {
    pub(super) const INIT: u8 = 0;
    pub(super) const RUNNING: u8 = 1;
    pub(super) const CLOSED: u8 = 2;
}

#[cold]
fn runtime_error<T>(cx: &mut Ctx, msg: &str) -> PyResult<T> {
    Err(cx.raise_str(Ty::RuntimeError, msg))
}

// ---------------------------------------------------------------------------------------------------- asend

/// The awaitable of `__anext__` and `asend`.
pub(super) struct ASend {
    generator: Slot,
    value: Slot,
    state: AtomicU8,
}

impl Payload for ASend {
    const NAME: &'static str = "async_generator_asend";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.generator);
        t.slot(&self.value);
    }
}

static ASEND_METHODS: &[MethodDef] = methods![
    /// Resumes the generator with a value.
    "send(self, object, /)" => asend_send;
    /// Raises an exception where the generator is suspended.
    raw "throw(self, type, value=<unrepresentable>, traceback=<unrepresentable>, /)" => asend_throw;
    /// Raises GeneratorExit where the generator is suspended.
    "close(self, /)" => asend_close;
];

pub(super) static ASEND: TypeSpec = TypeSpec {
    ty: Some(Ty::AsyncGenASend),
    name: "async_generator_asend",
    layout: Layout::Native,
    vt: Some(<ASend as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec {
        iter: Some(itself),
        iternext: Some(asend_next),
        am_await: Some(itself),
        del: Some(asend_del),
        ..SlotSpec::NONE
    },
    methods: ASEND_METHODS,
    ..TypeSpec::BASE
};

fn new_asend(cx: &mut Ctx, gv: Value, value: Value) -> PyResult {
    init_hooks(cx, gv)?;
    let ty = cx.ty(Ty::AsyncGenASend);
    let v = cx.new_native(
        ty,
        ASend { generator: Slot::new(gv), value: Slot::new(value), state: AtomicU8::new(step::INIT) },
    );
    cx.register_finalizer(v);
    Ok(v)
}

fn asend_of(cx: &mut Ctx, v: Value) -> PyResult<(&'static ASend, Value, &'static GeneratorObj)> {
    let found = v.native::<ASend>().and_then(|a| Some((a, a.generator.get()?)));
    match found.and_then(|(a, gv)| Some((a, gv, GeneratorObj::of(gv)?))) {
        Some(x) => Ok(x),
        None => Err(cx.type_error("descriptor requires an 'async_generator_asend' object")),
    }
}

/// The first step of an awaitable claims the generator.
fn asend_begin(cx: &mut Ctx, v: Value, a: &ASend, g: &GeneratorObj) -> PyResult<bool> {
    match a.state.load(Ordering::Acquire) {
        step::CLOSED => runtime_error(cx, "cannot reuse already awaited __anext__()/asend()"),
        step::INIT => {
            cx.cancel_finalizer(v);
            if bits(g) & BUSY != 0 {
                a.state.store(step::CLOSED, Ordering::Release);
                return runtime_error(cx, "anext(): asynchronous generator is already running");
            }
            a.state.store(step::RUNNING, Ordering::Release);
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn asend_step(cx: &mut Ctx, v: Value, sent: Value) -> PyResult {
    let (a, gv, g) = asend_of(cx, v)?;
    let first = asend_begin(cx, v, a, g)?;
    let sent = if first && sent.is_none() { a.value.get_or_none() } else { sent };
    set_bits(g, BUSY);
    let r = resume(cx, gv, GenInput::Send(sent));
    let r = unwrap_step(cx, g, r);
    if r.is_err() {
        a.state.store(step::CLOSED, Ordering::Release);
    }
    r
}

fn asend_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    asend_step(cx, v, Value::NONE).map(Some)
}

fn asend_send(cx: &mut Ctx, a: &[Value]) -> PyResult {
    asend_step(cx, a[0], a[1])
}

fn asend_throw(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    check_throw_args(cx, args, "throw")?;
    asend_throw_args(cx, v, args.pos())
}

fn asend_throw_args(cx: &mut Ctx, v: Value, args: &[Value]) -> PyResult {
    let (a, gv, g) = asend_of(cx, v)?;
    if asend_begin(cx, v, a, g)? {
        set_bits(g, BUSY);
    }
    let r = throw_into(cx, gv, args);
    let r = unwrap_step(cx, g, r);
    if r.is_err() {
        a.state.store(step::CLOSED, Ordering::Release);
    }
    r
}

fn throw_into(cx: &mut Ctx, gv: Value, args: &[Value]) -> PyResult {
    let exc = thrown_exception(cx, args)?;
    resume(cx, gv, GenInput::Throw(exc))
}

fn asend_close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (s, _, _) = asend_of(cx, a[0])?;
    if s.state.load(Ordering::Acquire) == step::CLOSED {
        return Ok(Value::NONE);
    }
    let exit = cx.ty(Ty::GeneratorExit).value();
    let r = asend_throw_args(cx, a[0], &[exit]);
    closed(cx, r)
}

/// What throwing GeneratorExit must have led to.
fn closed(cx: &mut Ctx, r: PyResult) -> PyResult {
    match r {
        Ok(_) => runtime_error(cx, "coroutine ignored GeneratorExit"),
        Err(r) => match is_one_of(cx, r, &[Ty::StopIteration, Ty::StopAsyncIteration, Ty::GeneratorExit]) {
            (true, r) => {
                cx.take_raised(r);
                Ok(Value::NONE)
            }
            (false, r) => Err(r),
        },
    }
}

fn asend_del(cx: &mut Ctx, v: Value) -> PyResult<()> {
    let (a, _, g) = asend_of(cx, v)?;
    if a.state.load(Ordering::Acquire) != step::INIT {
        return Ok(());
    }
    warn_unawaited(cx, g, "asend")
}

/// "coroutine method 'x' of 'y' was never awaited"
fn warn_unawaited(cx: &mut Ctx, g: &GeneratorObj, method: &str) -> PyResult<()> {
    let name = g.qualname.get().and_then(StrObj::of).map_or_else(String::new, StrObj::to_string_lossy);
    let msg = format!("coroutine method '{method}' of '{name}' was never awaited");
    protopy_vm::warn(cx, Ty::RuntimeWarning, &msg, 1)
}

// ---------------------------------------------------------------------------------------------------- athrow, aclose

/// The awaitable of `athrow` and `aclose`.
pub(super) struct AThrow {
    generator: Slot,
    /// Arguments of `athrow` (tuple); empty for `aclose`.
    args: Slot,
    state: AtomicU8,
}

impl Payload for AThrow {
    const NAME: &'static str = "async_generator_athrow";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.generator);
        t.slot(&self.args);
    }
}

static ATHROW_METHODS: &[MethodDef] = methods![
    /// Resumes the generator with a value.
    "send(self, object, /)" => athrow_send;
    /// Raises an exception where the generator is suspended.
    raw "throw(self, type, value=<unrepresentable>, traceback=<unrepresentable>, /)" => athrow_throw;
    /// Raises GeneratorExit where the generator is suspended.
    "close(self, /)" => athrow_close;
];

pub(super) static ATHROW: TypeSpec = TypeSpec {
    ty: Some(Ty::AsyncGenAThrow),
    name: "async_generator_athrow",
    layout: Layout::Native,
    vt: Some(<AThrow as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec {
        iter: Some(itself),
        iternext: Some(athrow_next),
        am_await: Some(itself),
        del: Some(athrow_del),
        ..SlotSpec::NONE
    },
    methods: ATHROW_METHODS,
    ..TypeSpec::BASE
};

fn new_athrow(cx: &mut Ctx, gv: Value, args: Option<Value>) -> PyResult {
    init_hooks(cx, gv)?;
    let ty = cx.ty(Ty::AsyncGenAThrow);
    let v = cx.new_native(
        ty,
        AThrow { generator: Slot::new(gv), args: Slot::from_option(args), state: AtomicU8::new(step::INIT) },
    );
    cx.register_finalizer(v);
    Ok(v)
}

impl AThrow {
    fn end(&self, g: &GeneratorObj) {
        clear_busy(g);
        self.state.store(step::CLOSED, Ordering::Release);
    }

    fn busy_message(&self) -> &'static str {
        if self.args.is_empty() {
            "aclose(): asynchronous generator is already running"
        } else {
            "athrow(): asynchronous generator is already running"
        }
    }
}

fn athrow_of(cx: &mut Ctx, v: Value) -> PyResult<(&'static AThrow, Value, &'static GeneratorObj)> {
    let found = v.native::<AThrow>().and_then(|a| Some((a, a.generator.get()?)));
    match found.and_then(|(a, gv)| Some((a, gv, GeneratorObj::of(gv)?))) {
        Some(x) => Ok(x),
        None => Err(cx.type_error("descriptor requires an 'async_generator_athrow' object")),
    }
}

fn athrow_step(cx: &mut Ctx, v: Value, sent: Value) -> PyResult {
    let (a, gv, g) = athrow_of(cx, v)?;
    let state = a.state.load(Ordering::Acquire);
    if state == step::CLOSED {
        return runtime_error(cx, "cannot reuse already awaited aclose()/athrow()");
    }
    if g.state.load(Ordering::Acquire) == gen_state::DONE {
        cx.cancel_finalizer(v);
        a.state.store(step::CLOSED, Ordering::Release);
        return Err(stop_empty(cx));
    }
    let r = if state == step::INIT {
        begin_athrow(cx, v, a, g, sent)?;
        match a.args.get().and_then(TupleObj::of) {
            None => {
                set_bits(g, CLOSED);
                let exit = cx.ty(Ty::GeneratorExit).value();
                throw_into(cx, gv, &[exit])
            }
            Some(args) => {
                let r = throw_into(cx, gv, args.items());
                unwrap_step(cx, g, r)
            }
        }
    } else {
        let r = resume(cx, gv, GenInput::Send(sent));
        if !a.args.is_empty() {
            let r = unwrap_step(cx, g, r);
            if r.is_err() {
                a.state.store(step::CLOSED, Ordering::Release);
            }
            return r;
        }
        r
    };
    athrow_end(cx, a, g, r)
}

/// The first step: claims the generator, unless it is closed.
fn begin_athrow(cx: &mut Ctx, v: Value, a: &AThrow, g: &GeneratorObj, sent: Value) -> PyResult<()> {
    cx.cancel_finalizer(v);
    if bits(g) & BUSY != 0 {
        a.state.store(step::CLOSED, Ordering::Release);
        return runtime_error(cx, a.busy_message());
    }
    if bits(g) & CLOSED != 0 {
        a.state.store(step::CLOSED, Ordering::Release);
        return Err(stop_async(cx));
    }
    if !sent.is_none() {
        return runtime_error(cx, "can't send non-None value to a just-started coroutine");
    }
    a.state.store(step::RUNNING, Ordering::Release);
    set_bits(g, BUSY);
    Ok(())
}

/// What a step means: a generator that yields while it is being closed is at fault; one that ends has been closed.
fn athrow_end(cx: &mut Ctx, a: &AThrow, g: &GeneratorObj, r: PyResult) -> PyResult {
    let closing = a.args.is_empty();
    match r {
        Ok(v) if closing && unwrapped(v).is_some() => {
            a.end(g);
            runtime_error(cx, "async generator ignored GeneratorExit")
        }
        Ok(v) => Ok(v),
        Err(r) => {
            a.end(g);
            match is_one_of(cx, r, &[Ty::StopAsyncIteration, Ty::GeneratorExit]) {
                (true, r) if closing => {
                    cx.take_raised(r);
                    Err(stop_empty(cx))
                }
                (_, r) => Err(r),
            }
        }
    }
}

fn athrow_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    athrow_step(cx, v, Value::NONE).map(Some)
}

fn athrow_send(cx: &mut Ctx, a: &[Value]) -> PyResult {
    athrow_step(cx, a[0], a[1])
}

fn athrow_throw(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    check_throw_args(cx, args, "throw")?;
    athrow_throw_args(cx, v, args.pos())
}

fn athrow_throw_args(cx: &mut Ctx, v: Value, args: &[Value]) -> PyResult {
    let (a, gv, g) = athrow_of(cx, v)?;
    match a.state.load(Ordering::Acquire) {
        step::CLOSED => return runtime_error(cx, "cannot reuse already awaited aclose()/athrow()"),
        step::INIT => {
            cx.cancel_finalizer(v);
            if bits(g) & BUSY != 0 {
                a.state.store(step::CLOSED, Ordering::Release);
                return runtime_error(cx, a.busy_message());
            }
            a.state.store(step::RUNNING, Ordering::Release);
            set_bits(g, BUSY);
        }
        _ => {}
    }
    let r = throw_into(cx, gv, args);
    if a.args.is_empty() {
        return athrow_end(cx, a, g, r);
    }
    let r = unwrap_step(cx, g, r);
    if r.is_err() {
        a.state.store(step::CLOSED, Ordering::Release);
    }
    r
}

fn athrow_close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (t, _, _) = athrow_of(cx, a[0])?;
    if t.state.load(Ordering::Acquire) == step::CLOSED {
        return Ok(Value::NONE);
    }
    let exit = cx.ty(Ty::GeneratorExit).value();
    let r = athrow_throw_args(cx, a[0], &[exit]);
    closed(cx, r)
}

fn athrow_del(cx: &mut Ctx, v: Value) -> PyResult<()> {
    let (a, _, g) = athrow_of(cx, v)?;
    if a.state.load(Ordering::Acquire) != step::INIT {
        return Ok(());
    }
    warn_unawaited(cx, g, if a.args.is_empty() { "aclose" } else { "athrow" })
}

// ---------------------------------------------------------------------------------------------------- anext(iterator, default)

/// The awaitable of `anext` with a default.
pub(super) struct AnextAwaitable {
    wrapped: Slot,
    default: Slot,
}

impl Payload for AnextAwaitable {
    const NAME: &'static str = "anext_awaitable";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.wrapped);
        t.slot(&self.default);
    }
}

static ANEXT_METHODS: &[MethodDef] = methods![
    /// Resumes what is awaited with a value.
    "send(self, object, /)" => anext_send;
    /// Raises an exception where what is awaited is suspended.
    raw "throw(self, type, value=<unrepresentable>, traceback=<unrepresentable>, /)" => anext_throw;
    /// Ends what is awaited.
    "close(self, /)" => anext_close;
];

pub(super) static ANEXT_AWAITABLE: TypeSpec = TypeSpec {
    ty: Some(Ty::AnextAwaitable),
    name: "anext_awaitable",
    layout: Layout::Native,
    vt: Some(<AnextAwaitable as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec {
        iter: Some(itself),
        iternext: Some(anext_next),
        am_await: Some(itself),
        ..SlotSpec::NONE
    },
    methods: ANEXT_METHODS,
    ..TypeSpec::BASE
};

/// What `anext(iterator, default)` answers, given the awaitable of `__anext__`.
pub fn anext_awaitable(cx: &mut Ctx, wrapped: Value, default: Value) -> Value {
    let ty = cx.ty(Ty::AnextAwaitable);
    cx.new_native(ty, AnextAwaitable { wrapped: Slot::new(wrapped), default: Slot::new(default) })
}

/// The iterator of what is awaited.
fn anext_iter(cx: &mut Ctx, v: Value) -> PyResult {
    let Some(wrapped) = v.native::<AnextAwaitable>().and_then(|a| a.wrapped.get()) else {
        return Err(cx.type_error("descriptor requires an 'anext_awaitable' object"));
    };
    let it = match awaitable_iter(cx, wrapped)? {
        Some(it) => it,
        None => {
            let msg = format!("'{}' object can't be awaited", protopy_vm::ops::tp_name(cx, wrapped));
            return Err(cx.type_error(&msg));
        }
    };
    if cx.type_of(it).slots.iternext.address() != 0 {
        return Ok(it);
    }
    // A coroutine.
    let it = match cx.type_of(it).slots.am_await.get() {
        Some(f) => f(cx, it)?,
        None => it,
    };
    if cx.type_of(it).slots.iternext.address() == 0 {
        return Err(cx.type_error("__await__() returned a non-iterable"));
    }
    Ok(it)
}

/// The end of the iteration gives the default.
fn or_default<T>(cx: &mut Ctx, v: Value, r: PyResult<T>) -> PyResult<T> {
    let r = match r {
        Ok(x) => return Ok(x),
        Err(r) => r,
    };
    match is_one_of(cx, r, &[Ty::StopAsyncIteration]) {
        (true, r) => {
            cx.take_raised(r);
            let d = v.native::<AnextAwaitable>().map_or(Value::NONE, |a| a.default.get_or_none());
            Err(stop_with(cx, d))
        }
        (false, r) => Err(r),
    }
}

fn anext_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let it = anext_iter(cx, v)?;
    // By the slot: the value of a StopIteration is what is awaited.
    let r = match cx.type_of(it).slots.iternext.get() {
        Some(next) => next(cx, it),
        None => protopy_vm::next(cx, it),
    };
    or_default(cx, v, r)
}

fn anext_proxy(cx: &mut Ctx, v: Value, method: &str, args: &[Value]) -> PyResult {
    let it = anext_iter(cx, v)?;
    let r = protopy_vm::call_method(cx, it, method, args);
    or_default(cx, v, r)
}

fn anext_send(cx: &mut Ctx, a: &[Value]) -> PyResult {
    anext_proxy(cx, a[0], "send", &a[1..])
}

fn anext_throw(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    if args.nkw() != 0 {
        return Err(cx.type_error("throw() takes no keyword arguments"));
    }
    anext_proxy(cx, v, "throw", args.pos())
}

fn anext_close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    anext_proxy(cx, a[0], "close", &[])
}
