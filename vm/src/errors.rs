//! Raising and catching from native code, exception fields, warnings and unraisable errors.

use crate::attr::{lookup_attr_str, set_attr_str};
use crate::call::{call, call_args};
use crate::names::{N, name};
use protocore::dict::DictObj;
use protocore::layouts::{ExcObj, StrObj, TupleObj};
use protocore::trace::Tracer;
use protocore::{Args, Ctx, Payload, PyResult, Raised, Root, Slot, Ty, TypeObj, Value};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// A traceback entry.
pub struct Traceback {
    /// `tb_next`
    pub next: Slot,
    /// `tb_frame`
    pub frame: Slot,
    /// Index of the instruction word.
    pub lasti: AtomicU32,
    /// `tb_lineno`, or -1 to compute it from `lasti`.
    pub line: AtomicI64,
}

impl Payload for Traceback {
    const NAME: &'static str = "traceback";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.next);
        t.slot(&self.frame);
    }
}

/// Turns an exception of type `t` into `None`; passes others on.
pub fn catch<T>(cx: &mut Ctx, r: PyResult<T>, t: Ty) -> PyResult<Option<T>> {
    match r {
        Ok(v) => Ok(Some(v)),
        Err(e) => {
            let exc = cx.take_raised(e);
            if cx.is_instance(exc, t) { Ok(None) } else { Err(cx.set_raised(exc)) }
        }
    }
}

/// Whether an exception is an instance of a known exception type.
pub fn exc_matches(cx: &Ctx, exc: Value, t: Ty) -> bool {
    cx.is_instance(exc, t)
}

/// A new exception of a known type.
pub fn new_exc(cx: &mut Ctx, t: Ty, args: &[Value]) -> Value {
    let ty = cx.ty(t);
    let e = cx.new_exception(ty, args);
    init_fields(cx, e);
    e
}

/// Fills the type-specific fields of an exception from its arguments, as the builtin `__init__`s do for plain arguments.
pub fn init_fields(cx: &mut Ctx, e: Value) {
    let Some(x) = ExcObj::of(e) else { return };
    let Some(args) = x.args.get().and_then(TupleObj::of) else { return };
    let items = args.items();
    if cx.is_instance(e, Ty::StopIteration) {
        x.fields[0].init(Some(items.first().copied().unwrap_or(Value::NONE)));
    } else if cx.is_instance(e, Ty::SystemExit) {
        let code = match items {
            [] => Value::NONE,
            [one] => *one,
            _ => args.value(),
        };
        x.fields[0].init(Some(code));
    } else if cx.is_instance(e, Ty::ImportError) {
        if let [msg] = items {
            x.fields[0].init(Some(*msg));
        }
    } else if cx.is_instance(e, Ty::OSError) && items.len() >= 2 {
        for (i, a) in items.iter().take(3).enumerate() {
            x.fields[i].init(Some(*a));
        }
    } else if cx.is_instance(e, Ty::SyntaxError)
        && let Some(msg) = items.first()
    {
        x.fields[0].init(Some(*msg));
    }
}

/// Raises KeyError with the key as argument.
#[cold]
pub fn raise_key_error(cx: &mut Ctx, key: Value) -> Raised {
    // A tuple is one argument, too.
    cx.raise(Ty::KeyError, key)
}

/// Raises StopIteration with a value.
#[cold]
pub fn raise_stop_iteration(cx: &mut Ctx, value: Value) -> Raised {
    let e = if value.is_none() {
        new_exc(cx, Ty::StopIteration, &[])
    } else {
        new_exc(cx, Ty::StopIteration, &[value])
    };
    cx.set_raised(e)
}

/// The value of a StopIteration.
pub fn stop_value(exc: Value) -> Value {
    ExcObj::of(exc).map_or(Value::NONE, |x| x.fields[0].get_or_none())
}

/// The subclass of OSError that stands for an error number.
pub fn os_error_type(errno: i32) -> Ty {
    match errno {
        libc::EAGAIN | libc::EALREADY | libc::EINPROGRESS => Ty::BlockingIOError,
        libc::EPIPE | libc::ESHUTDOWN => Ty::BrokenPipeError,
        libc::ECHILD => Ty::ChildProcessError,
        libc::ECONNABORTED => Ty::ConnectionAbortedError,
        libc::ECONNREFUSED => Ty::ConnectionRefusedError,
        libc::ECONNRESET => Ty::ConnectionResetError,
        libc::EEXIST => Ty::FileExistsError,
        libc::ENOENT => Ty::FileNotFoundError,
        libc::EISDIR => Ty::IsADirectoryError,
        libc::ENOTDIR => Ty::NotADirectoryError,
        libc::EINTR => Ty::InterruptedError,
        libc::EACCES | libc::EPERM => Ty::PermissionError,
        libc::ESRCH => Ty::ProcessLookupError,
        libc::ETIMEDOUT => Ty::TimeoutError,
        _ => Ty::OSError,
    }
}

/// The system's text for an error number.
pub fn strerror(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    match text.rfind(" (os error ") {
        Some(i) => text[..i].to_owned(),
        None => text,
    }
}

/// Raises OSError (or its subclass for the number) with up to two file names.
#[cold]
pub fn raise_os_files(cx: &mut Ctx, errno: i32, file: Option<Value>, file2: Option<Value>) -> Raised {
    let text = strerror(errno);
    let ty = cx.ty(os_error_type(errno));
    let (n, s) = (cx.int(i64::from(errno)), cx.str(&text));
    let e = cx.new_exception(ty, &[n, s]);
    if let Some(x) = ExcObj::of(e) {
        x.fields[0].init(Some(n));
        x.fields[1].init(Some(s));
        x.fields[2].init(file);
        x.fields[3].init(file2);
    }
    cx.set_raised(e)
}

/// Raises OSError for an error number and a file name.
#[cold]
pub fn raise_os(cx: &mut Ctx, errno: i32, file: Option<Value>) -> Raised {
    raise_os_files(cx, errno, file, None)
}

/// Raises OSError for a Rust I/O error.
#[cold]
pub fn raise_io(cx: &mut Ctx, e: &std::io::Error, file: Option<Value>) -> Raised {
    match e.raw_os_error() {
        Some(n) => raise_os(cx, n, file),
        None => cx.raise_str(Ty::OSError, &e.to_string()),
    }
}

/// Raises ImportError (or ModuleNotFoundError) with `name` and `path` set.
#[cold]
pub fn raise_import(cx: &mut Ctx, t: Ty, msg: &str, module: Value, path: Value) -> Raised {
    let m = cx.str(msg);
    let ty = cx.ty(t);
    let e = cx.new_exception(ty, &[m]);
    if let Some(x) = ExcObj::of(e) {
        x.fields[0].init(Some(m));
        x.fields[1].init(module.not_none());
        x.fields[2].init(path.not_none());
    }
    cx.set_raised(e)
}

/// Raises NameError with `name` set.
#[cold]
pub fn raise_name(cx: &mut Ctx, t: Ty, msg: &str, n: Value) -> Raised {
    let m = cx.str(msg);
    let ty = cx.ty(t);
    let e = cx.new_exception(ty, &[m]);
    if let Some(x) = ExcObj::of(e) {
        x.fields[0].init(Some(n));
    }
    cx.set_raised(e)
}

/// Makes `new` (just raised) have `cause` as cause and context; for errors that wrap another.
pub fn raise_with_cause(cx: &mut Ctx, r: Raised, cause: Value) -> Raised {
    let e = cx.take_raised(r);
    if let Some(x) = ExcObj::of(e) {
        cx.store(e, &x.cause, cause);
        cx.store(e, &x.context, cause);
        x.header.flags.fetch_or(1, Ordering::Relaxed);
    }
    cx.set_raised(e)
}

/// Sets the context of an exception that is about to be raised while another one is handled, breaking cycles.
pub fn set_context(cx: &mut Ctx, exc: Value, handled: Value) {
    if handled.is_none() || handled.is(exc) {
        return;
    }
    let Some(x) = ExcObj::of(exc) else { return };
    // If the new exception is already in the chain of the handled one, cut it out there.
    let mut at = handled;
    let mut slow = handled;
    let mut step = false;
    while let Some(o) = ExcObj::of(at) {
        let Some(next) = o.context.get() else { break };
        if next.is(exc) {
            cx.store_empty(at, &o.context);
            break;
        }
        at = next;
        if step {
            slow = ExcObj::of(slow).and_then(|s| s.context.get()).unwrap_or(slow);
            if slow.is(at) {
                break;
            }
        }
        step = !step;
    }
    cx.store(exc, &x.context, handled);
}

/// Makes an exception object of what a `raise` statement was given: a class is called, an instance taken as it is.
pub fn make_exception(cx: &mut Ctx, v: Value) -> PyResult {
    if ExcObj::of(v).is_some() {
        return Ok(v);
    }
    if let Some(t) = TypeObj::of(v)
        && t.is_subtype(cx.ty(Ty::BaseException).value())
    {
        let e = call(cx, v, &[])?;
        if ExcObj::of(e).is_none() {
            let msg = format!(
                "calling {} should have returned an instance of BaseException, not {}",
                crate::ops::repr_text(cx, v)?,
                {
                    let t = cx.type_of(e).value();
                    crate::ops::repr_text(cx, t)?
                }
            );
            return Err(cx.type_error(&msg));
        }
        return Ok(e);
    }
    Err(cx.type_error("exceptions must derive from BaseException"))
}

/// Whether an exception matches what an `except` clause names; TypeError for what is no exception class.
pub fn matches_clause(cx: &mut Ctx, exc: Value, clause: Value) -> PyResult<bool> {
    let base = cx.ty(Ty::BaseException).value();
    let one = |cx: &mut Ctx, c: Value| -> PyResult<bool> {
        match TypeObj::of(c) {
            Some(t) if t.is_subtype(base) => Ok(cx.type_of(exc).is_subtype(c)),
            _ => Err(cx.type_error("catching classes that do not inherit from BaseException is not allowed")),
        }
    };
    match TupleObj::of(clause) {
        Some(t) => {
            let mut found = false;
            for c in t.items() {
                // Every item is checked, also after a match.
                found |= one(cx, *c)?;
            }
            Ok(found)
        }
        None => one(cx, clause),
    }
}

/// Issues a warning; an `Err` if the filters turn it into an exception.
pub fn warn(cx: &mut Ctx, category: Ty, msg: &str, stacklevel: i64) -> PyResult<()> {
    let text = cx.str(msg);
    let cat = cx.ty(category).value();
    warn_value(cx, text, cat, stacklevel)
}

/// Issues a warning through `warnings.warn` (the module `_warnings` if the other is not imported).
pub fn warn_value(cx: &mut Ctx, text: Value, category: Value, stacklevel: i64) -> PyResult<()> {
    let Some(modules) = DictObj::of(cx.root(Root::Modules)) else { return Ok(()) };
    let n = cx.intern_str("_warnings");
    let m = match cx.dict_get_str(modules, n) {
        Some(m) if !m.is_none() => m,
        _ => match crate::call::import(cx, "_warnings") {
            Ok(m) => m,
            Err(r) => {
                cx.take_raised(r);
                Value::NONE
            }
        },
    };
    let warn = if m.is_none() { cx.space().root(Root::Warn) } else { lookup_attr_str(cx, m, "warn")? };
    // Else it is too early in the life of the interpreter to warn.
    let Some(f) = warn else { return Ok(()) };
    let level = cx.int(stacklevel);
    call(cx, f, &[text, category, level]).map(|_| ())
}

/// Reports an exception that cannot be raised, through `sys.unraisablehook`.
pub fn unraisable(cx: &mut Ctx, exc: Value, msg: Option<&str>, obj: Value) {
    let hook = lookup_sys(cx, "unraisablehook");
    let Some(hook) = hook else { return };
    let handled = std::mem::replace(&mut cx.handled, Value::NONE);
    let m = match msg {
        Some(m) => cx.str(m),
        None => Value::NONE,
    };
    let made = call_unraisable_hook(cx, hook, exc, m, obj);
    if let Err(r) = made {
        hook_failed(cx, hook, r);
    }
    cx.handled = handled;
}

/// Calls a hook with what `sys.unraisablehook` is told of an exception.
#[cold]
fn call_unraisable_hook(cx: &mut Ctx, hook: Value, exc: Value, message: Value, object: Value) -> PyResult {
    let ty = cx.type_of(exc).value();
    let tb = ExcObj::of(exc).map_or(Value::NONE, |x| x.traceback.get_or_none());
    let space = cx.ty(Ty::SimpleNamespace).value();
    let ns = call(cx, space, &[])?;
    let told = [
        ("exc_type", ty),
        ("exc_value", exc),
        ("exc_traceback", tb),
        ("err_msg", message),
        ("object", object),
    ];
    for (name, value) in told {
        set_attr_str(cx, ns, name, value)?;
    }
    call(cx, hook, &[ns])
}

/// Reports that `sys.unraisablehook` itself failed, to the hook that is there by default.
#[cold]
fn hook_failed(cx: &mut Ctx, hook: Value, r: Raised) {
    let exc = cx.take_raised(r);
    let Some(default) = lookup_sys(cx, "__unraisablehook__").filter(|d| *d != hook) else { return };
    let m = cx.str("Exception ignored in sys.unraisablehook");
    let made = call_unraisable_hook(cx, default, exc, m, hook);
    if let Err(r) = made {
        cx.take_raised(r);
    }
}

/// Reports the exception of an `Err` as unraisable.
pub fn report_unraisable(cx: &mut Ctx, r: Raised, msg: Option<&str>, obj: Value) {
    let exc = cx.take_raised(r);
    unraisable(cx, exc, msg, obj);
}

/// An attribute of the module `sys`, by its dict.
pub fn lookup_sys(cx: &mut Ctx, n: &str) -> Option<Value> {
    let n = cx.intern_str(n);
    DictObj::of(cx.root(Root::Sys)).and_then(|d| cx.dict_get_str(d, n))
}

/// Sets an attribute of the module `sys`.
pub fn set_sys(cx: &mut Ctx, n: &str, v: Value) {
    let n = cx.intern_str(n);
    if let Some(d) = DictObj::of(cx.root(Root::Sys)) {
        let _ = cx.dict_set_str(d, n, v);
    }
}

/// Calls an exception class with arguments and raises the result.
pub fn raise_class(cx: &mut Ctx, class: Value, args: &[Value]) -> Raised {
    match call_args(cx, class, Args::positional(args)).and_then(|e| make_exception(cx, e)) {
        Ok(e) => cx.set_raised(e),
        Err(r) => r,
    }
}

/// A type's `__name__` as text.
pub fn type_text(t: &TypeObj) -> String {
    t.name.get().and_then(StrObj::of).map_or_else(String::new, StrObj::to_string_lossy)
}

/// `sys.audit(event, *args)`: calls the hooks, if there are any.
pub fn audit(cx: &mut Ctx, event: &str, args: &[Value]) -> PyResult<()> {
    let hooks = cx.root(Root::AuditHooks);
    if hooks.is_none() {
        return Ok(());
    }
    let Some(list) = protocore::layouts::ListObj::of(hooks) else { return Ok(()) };
    let (e, a) = (cx.str(event), cx.tuple(args));
    for h in list.snapshot() {
        call(cx, h, &[e, a])?;
    }
    Ok(())
}

/// The name `N` of a function's or class's attribute as text, for messages.
pub fn attr_text(cx: &mut Ctx, obj: Value, n: N) -> String {
    let nm = name(cx, n);
    match crate::attr::lookup_attr(cx, obj, nm) {
        Ok(Some(v)) => StrObj::of(v).map_or_else(String::new, StrObj::to_string_lossy),
        Ok(None) => String::new(),
        Err(r) => {
            cx.take_raised(r);
            String::new()
        }
    }
}

/// Raises a known exception with a message.
#[cold]
pub fn new_raise(cx: &mut Ctx, t: Ty, msg: &str) -> Raised {
    cx.raise_str(t, msg)
}

/// As [`set_context`] for an exception that has no context yet.
pub fn set_context_if_empty(cx: &mut Ctx, exc: Value, handled: Value) {
    if ExcObj::of(exc).is_some_and(|x| x.context.is_empty()) {
        set_context(cx, exc, handled);
    }
}

/// Removes the frames of the import system from an exception's traceback, as CPython does, so that users see their own code: all
/// of them for an ImportError, else those that only ran the module's code.
pub fn strip_importlib_frames(cx: &mut Ctx, exc: Value) {
    let Some(x) = ExcObj::of(exc) else { return };
    let always = cx.is_instance(exc, Ty::ImportError);
    let mut kept: Vec<Value> = Vec::new();
    let mut chunk: Vec<Value> = Vec::new();
    let mut at = x.traceback.get();
    while let Some(tb) = at {
        let Some(t) = tb.native::<Traceback>() else { break };
        at = t.next.get();
        match importlib_frame(t) {
            Some(removes) => {
                chunk.push(tb);
                if always || removes {
                    chunk.clear();
                }
            }
            None => {
                kept.append(&mut chunk);
                kept.push(tb);
            }
        }
    }
    kept.append(&mut chunk);
    for pair in kept.windows(2) {
        if let Some(t) = pair[0].native::<Traceback>() {
            cx.store(pair[0], &t.next, pair[1]);
        }
    }
    match kept.first() {
        Some(first) => cx.store(exc, &x.traceback, *first),
        None => cx.store_empty(exc, &x.traceback),
    }
}

/// Whether a traceback entry is one of the import system's, and then whether it ends a chunk that is removed.
fn importlib_frame(t: &Traceback) -> Option<bool> {
    let f = t.frame.get().and_then(protocore::layouts::FrameObj::of)?;
    let code = protocore::layouts::FunctionObj::of(f.func.get()?)?.code.get()?;
    let code = protocore::layouts::CodeObj::of(code)?;
    let file = StrObj::of(code.rt.filename.get()?)?;
    if !file.eq_str("<frozen importlib._bootstrap>") && !file.eq_str("<frozen importlib._bootstrap_external>")
    {
        return None;
    }
    Some(StrObj::of(code.rt.name)?.eq_str("_call_with_frames_removed"))
}
