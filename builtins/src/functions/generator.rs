//! `generator`, `coroutine` and `coroutine_wrapper`. Frames are resumed by `vm`'s `interp::gens`.

use super::frame::of_generator;
use protopy_vm::errors::{Traceback, make_exception, raise_stop_iteration};
use protopy_vm::interp::gens::{GenInput, GenOutput, delegate, gen_close, gen_next, gen_resume};
use protopy_vm::protocore::layouts::{ExcObj, GeneratorObj, MethodDef, StrObj, TupleObj, gen_state};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, TypeObj, Value,
};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods};
use std::sync::atomic::Ordering;

static GENERATOR_METHODS: &[MethodDef] = methods![
    /// Resumes the generator with a value, which the yield expression has; what it yields next.
    "send(self, object, /)" => send;
    /// Raises an exception where the generator is suspended; what it yields next.
    raw "throw(self, type, value=<unrepresentable>, traceback=<unrepresentable>, /)" => throw;
    /// Raises GeneratorExit where the generator is suspended.
    "close(self, /)" => close;
    "__sizeof__(self, /)" => size_of_generator;
    /// Makes the class generic.
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

static GENERATOR_ATTRS: &[GetSetDef] = getsets![
    /// The name of the generator.
    "__name__" => get_name, set_name;
    /// The qualified name of the generator.
    "__qualname__" => get_qualname, set_qualname;
    /// What the generator delegates to, or None.
    "gi_yieldfrom" => get_delegate;
    "gi_running" => get_running;
    "gi_frame" => get_frame;
    "gi_suspended" => get_suspended;
    "gi_code" => get_code;
];

pub(super) static GENERATOR: TypeSpec = TypeSpec {
    ty: Some(Ty::Generator),
    name: "generator",
    layout: Layout::Generator,
    flags: type_flags::WEAKREF | type_flags::NO_NEW,
    slots: SlotSpec {
        repr: Some(generator_repr),
        iter: Some(itself),
        iternext: Some(gen_next),
        del: Some(generator_del),
        ..SlotSpec::NONE
    },
    methods: GENERATOR_METHODS,
    getsets: GENERATOR_ATTRS,
    ..TypeSpec::BASE
};

static COROUTINE_ATTRS: &[GetSetDef] = getsets![
    /// Where the coroutine was made, if that is tracked.
    member "cr_origin" => get_origin;
    /// The name of the coroutine.
    "__name__" => get_name, set_name;
    /// The qualified name of the coroutine.
    "__qualname__" => get_qualname, set_qualname;
    /// What the coroutine awaits, or None.
    "cr_await" => get_delegate;
    "cr_running" => get_running;
    "cr_frame" => get_frame;
    "cr_code" => get_code;
    "cr_suspended" => get_suspended;
];

pub(super) static COROUTINE: TypeSpec = TypeSpec {
    ty: Some(Ty::Coroutine),
    name: "coroutine",
    layout: Layout::Generator,
    flags: type_flags::WEAKREF | type_flags::NO_NEW,
    slots: SlotSpec {
        repr: Some(generator_repr),
        am_await: Some(coroutine_await),
        del: Some(generator_del),
        ..SlotSpec::NONE
    },
    methods: COROUTINE_METHODS,
    getsets: COROUTINE_ATTRS,
    ..TypeSpec::BASE
};

static COROUTINE_METHODS: &[MethodDef] = methods![
    /// Sends a value into coroutine code that waits; what it yields next.
    "send(self, object, /)" => send;
    /// Raises an exception in coroutine code where it waits; what it yields next.
    raw "throw(self, type, value=<unrepresentable>, traceback=<unrepresentable>, /)" => throw;
    /// Raises GeneratorExit inside coroutine code where it waits.
    "close(self, /)" => close;
    "__sizeof__(self, /)" => size_of_generator;
    /// Makes the class generic.
    class "__class_getitem__(cls, object, /)" => class_getitem;
];

pub(super) fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static GeneratorObj> {
    match GeneratorObj::of(v) {
        Some(g) => Ok(g),
        None => Err(cx.type_error("descriptor requires a generator")),
    }
}

pub(super) fn itself(_: &mut Ctx, v: Value) -> PyResult {
    Ok(v)
}

fn state(g: &GeneratorObj) -> u8 {
    g.state.load(Ordering::Acquire)
}

// ---------------------------------------------------------------------------------------------------- running

/// The value that was yielded; the end is a StopIteration.
fn yielded(cx: &mut Ctx, out: GenOutput) -> PyResult {
    match out {
        GenOutput::Yield(v) => Ok(v),
        GenOutput::Return(v) => Err(raise_stop_iteration(cx, v)),
    }
}

fn send(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let out = gen_resume(cx, a[0], GenInput::Send(a[1]))?;
    yielded(cx, out)
}

fn throw(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let exc = thrown(cx, args, "throw")?;
    let out = gen_resume(cx, v, GenInput::Throw(exc))?;
    yielded(cx, out)
}

fn close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    gen_close(cx, a[0])
}

/// Warns of the old way of giving type, value and traceback apart.
pub(super) fn check_throw_args(cx: &mut Ctx, args: Args<'_>, func: &str) -> PyResult<()> {
    if args.nkw() != 0 {
        return Err(cx.type_error(&format!("{func}() takes no keyword arguments")));
    }
    match args.pos().len() {
        0 => Err(cx.type_error(&format!("{func} expected at least 1 argument, got 0"))),
        1 => Ok(()),
        2 | 3 => {
            let msg = format!(
                "the (type, exc, tb) signature of {func}() is deprecated, use the single-arg signature instead."
            );
            protopy_vm::warn(cx, Ty::DeprecationWarning, &msg, 1)
        }
        n => Err(cx.type_error(&format!("{func} expected at most 3 arguments, got {n}"))),
    }
}

/// The exception that the arguments of `throw` stand for.
pub(super) fn thrown(cx: &mut Ctx, args: Args<'_>, func: &str) -> PyResult {
    check_throw_args(cx, args, func)?;
    thrown_exception(cx, args.pos())
}

/// The exception of one to three checked arguments: type or instance, value, traceback.
pub(super) fn thrown_exception(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let first = args.first().copied().unwrap_or(Value::NONE);
    let value = args.get(1).copied().and_then(Value::not_none);
    let tb = args.get(2).copied().and_then(Value::not_none);
    if tb.is_some_and(|tb| tb.native::<Traceback>().is_none()) {
        return Err(cx.type_error("throw() third argument must be a traceback object"));
    }
    let base = cx.ty(Ty::BaseException).value();
    let exc = if ExcObj::of(first).is_some() {
        if value.is_some() {
            return Err(cx.type_error("instance exception may not have a separate value"));
        }
        first
    } else if TypeObj::of(first).is_some_and(|t| t.is_subtype(base)) {
        match instantiate(cx, first, value) {
            Ok(e) => e,
            // What the constructor raises is thrown in place of the exception.
            Err(r) => cx.take_raised(r),
        }
    } else {
        let msg = format!(
            "exceptions must be classes or instances deriving from BaseException, not {}",
            protopy_vm::ops::tp_name(cx, first)
        );
        return Err(cx.type_error(&msg));
    };
    if let (Some(tb), Some(x)) = (tb, ExcObj::of(exc)) {
        cx.store(exc, &x.traceback, tb);
    }
    Ok(exc)
}

/// An exception of a class and what was given as its value.
fn instantiate(cx: &mut Ctx, class: Value, value: Option<Value>) -> PyResult {
    match value {
        None => make_exception(cx, class),
        Some(v) if cx.type_of(v).is_subtype(class) => Ok(v),
        Some(v) => {
            let one = [v];
            let args = match TupleObj::of(v) {
                Some(t) => t.items(),
                None => &one,
            };
            let e = protopy_vm::call(cx, class, args)?;
            make_exception(cx, e)
        }
    }
}

// ---------------------------------------------------------------------------------------------------- attributes

pub(super) fn get_name(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.name.get_or_none())
}

pub(super) fn get_qualname(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.qualname.get_or_none())
}

pub(super) fn set_name(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    let g = this(cx, v)?;
    set_text(cx, v, &g.name, new, "__name__")
}

pub(super) fn set_qualname(cx: &mut Ctx, v: Value, new: Option<Value>) -> PyResult<()> {
    let g = this(cx, v)?;
    set_text(cx, v, &g.qualname, new, "__qualname__")
}

fn set_text(cx: &mut Ctx, v: Value, slot: &Slot, new: Option<Value>, attr: &str) -> PyResult<()> {
    match new {
        Some(s) if StrObj::of(s).is_some() => {
            cx.store(v, slot, s);
            Ok(())
        }
        _ => Err(cx.type_error(&format!("{attr} must be set to a string object"))),
    }
}

pub(super) fn get_delegate(cx: &mut Ctx, v: Value) -> PyResult {
    let g = this(cx, v)?;
    if state(g) != gen_state::SUSPENDED {
        return Ok(Value::NONE);
    }
    Ok(delegate(g).unwrap_or(Value::NONE))
}

pub(super) fn get_running(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(Value::bool(state(this(cx, v)?) == gen_state::RUNNING))
}

pub(super) fn get_suspended(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(Value::bool(state(this(cx, v)?) == gen_state::SUSPENDED))
}

pub(super) fn get_code(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.code.get_or_none())
}

pub(super) fn get_frame(cx: &mut Ctx, v: Value) -> PyResult {
    let g = this(cx, v)?;
    match state(g) {
        gen_state::DONE => Ok(Value::NONE),
        gen_state::RUNNING => running_frame(cx, g),
        _ => Ok(of_generator(cx, g)),
    }
}

/// The frame object of a generator that runs, here or on another thread.
fn running_frame(cx: &mut Ctx, g: &GeneratorObj) -> PyResult {
    use protopy_vm::interp::{frame, remote};
    let mut at = frame::current(cx);
    while let Some((f, _)) = at {
        if f.generator().is_some_and(|x| std::ptr::eq(x, g)) {
            return Ok(frame::frame_object(cx, f));
        }
        at = frame::parent(f);
    }
    Ok(match remote::generator_object(cx, g) {
        Some(o) => o,
        None if state(g) == gen_state::DONE => Value::NONE,
        None => of_generator(cx, g),
    })
}

fn get_origin(cx: &mut Ctx, v: Value) -> PyResult {
    Ok(this(cx, v)?.extra.get_or_none())
}

pub(super) fn size_of_generator(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = this(cx, a[0])?.nregs.load(Ordering::Relaxed) as usize;
    Ok(cx.int_usize(size_of::<GeneratorObj>() + 8 * n))
}

pub(super) fn class_getitem(cx: &mut Ctx, a: &[Value]) -> PyResult {
    protopy_vm::generic_alias(cx, a[0], a[1])
}

/// "<kind object name at address>"
pub(super) fn generator_repr(cx: &mut Ctx, v: Value) -> PyResult {
    let g = this(cx, v)?;
    let mut out = protopy_text::StrBuf::from(format!("<{} object ", cx.type_name(v)).as_str());
    if let Some(s) = g.qualname.get().and_then(StrObj::of) {
        out.push_ref(s.str_ref());
    }
    out.push_str(&format!(" at {:#x}>", v.bits()));
    cx.str_buf(out)
}

// ---------------------------------------------------------------------------------------------------- finalisation

/// `__del__`
pub(super) fn generator_del(cx: &mut Ctx, v: Value) -> PyResult<()> {
    finalize(cx, v);
    Ok(())
}

/// Ends a generator that nobody will resume, as the collector does.
fn finalize(cx: &mut Ctx, v: Value) {
    let hooks = *cx.space().hooks.read().unwrap_or_else(|e| e.into_inner());
    (hooks.finalize)(cx, v);
}

// ---------------------------------------------------------------------------------------------------- coroutine_wrapper

/// The iterator that `coroutine.__await__()` makes.
pub(super) struct CoroutineWrapper {
    coroutine: Slot,
}

impl Payload for CoroutineWrapper {
    const NAME: &'static str = "coroutine_wrapper";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.coroutine);
    }
}

static WRAPPER_METHODS: &[MethodDef] = methods![
    /// Resumes the coroutine with a value.
    "send(self, object, /)" => wrapper_send;
    /// Raises an exception where the coroutine is suspended.
    raw "throw(self, type, value=<unrepresentable>, traceback=<unrepresentable>, /)" => wrapper_throw;
    /// Raises GeneratorExit where the coroutine is suspended.
    "close(self, /)" => wrapper_close;
];

pub(super) static COROUTINE_WRAPPER: TypeSpec = TypeSpec {
    ty: Some(Ty::CoroutineWrapper),
    name: "coroutine_wrapper",
    layout: Layout::Native,
    vt: Some(<CoroutineWrapper as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { iter: Some(itself), iternext: Some(wrapper_next), ..SlotSpec::NONE },
    methods: WRAPPER_METHODS,
    doc: "The iterator of a coroutine.",
    ..TypeSpec::BASE
};

fn coroutine_await(cx: &mut Ctx, v: Value) -> PyResult {
    let ty = cx.ty(Ty::CoroutineWrapper);
    Ok(cx.new_native(ty, CoroutineWrapper { coroutine: Slot::new(v) }))
}

fn wrapped(cx: &mut Ctx, v: Value) -> PyResult {
    match v.native::<CoroutineWrapper>().and_then(|w| w.coroutine.get()) {
        Some(c) => Ok(c),
        None => Err(cx.type_error("descriptor requires a 'coroutine_wrapper' object")),
    }
}

fn wrapper_next(cx: &mut Ctx, v: Value) -> PyResult<Option<Value>> {
    let c = wrapped(cx, v)?;
    gen_next(cx, c)
}

fn wrapper_send(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = wrapped(cx, a[0])?;
    send(cx, &[c, a[1]])
}

fn wrapper_throw(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let c = wrapped(cx, v)?;
    throw(cx, c, args)
}

fn wrapper_close(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let c = wrapped(cx, a[0])?;
    gen_close(cx, c)
}
