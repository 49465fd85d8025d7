//! The module `sys`.

mod frames_fns;
mod info;
mod monitoring;
mod state;

pub use info::{Config, VERSION, fill, set_arguments, version_text};

use protopy_vm::methods;
use protopy_vm::names::{N, name};
use protopy_vm::protocore::layouts::{ExcObj, MethodDef, StrObj};
use protopy_vm::protocore::{Args, Ctx, PyResult, Root, Ty, TypeObj, Value};
use protopy_vm::{self as vm};
use std::sync::atomic::Ordering;

pub use frames_fns::FRAME_FUNCTIONS;
pub use state::STATE_FUNCTIONS;

/// The functions.
pub static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Adds a hook that is called with every audit event.
    "addaudithook(hook)" => addaudithook;
    /// Raises an audit event.
    raw "audit(event, /, *args)" => audit;
    /// Enters the debugger named by PYTHONBREAKPOINT.
    raw "breakpointhook(*args, **kws)" => breakpointhook;
    /// Prints a value of an interactive expression and keeps it in `_`.
    "displayhook(object, /)" => displayhook;
    /// Prints an uncaught exception with its traceback.
    "excepthook(exctype, value, traceback, /)" => excepthook;
    /// The exception being handled, or None.
    "exception()" => |cx, _| Ok(cx.handled);
    /// Type, value and traceback of the exception being handled.
    "exc_info()" => exc_info;
    /// Ends the program by raising SystemExit.
    "exit(status=None, /)" => exit;
    /// The default encoding of str.
    "getdefaultencoding()" => |cx, _| Ok(cx.str("utf-8"));
    /// The encoding of file names.
    "getfilesystemencoding()" => |cx, _| {
        let settings = vm::settings::of(cx);
        Ok(cx.str(settings.fs_encoding.get().map_or("utf-8", String::as_str)))
    };
    /// The error handler of file names.
    "getfilesystemencodeerrors()" => |cx, _| Ok(cx.str("surrogateescape"));
    /// Bytes that an object occupies.
    "getsizeof(object, default=<unrepresentable>)" => getsizeof;
    /// A number of references; objects are traced here, not counted, so it is only a plausible one.
    "getrefcount(object, /)" => |_, _| Ok(Value::small(2));
    /// The one string of this content that is shared.
    "intern(string, /)" => intern;
    /// Whether a string is interned.
    "_is_interned(string, /)" => is_interned;
    /// Whether the interpreter is shutting down.
    "is_finalizing()" => |cx, _| Ok(Value::bool(cx.space().finalizing.load(Ordering::Relaxed)));
    /// Whether there is a global interpreter lock: there is none.
    "_is_gil_enabled()" => |_, _| Ok(Value::FALSE);
    /// Whether another process may have this one run code (`remote_exec`): no.
    "is_remote_debug_enabled()" => |_, _| Ok(Value::FALSE);
    /// Prints an exception that cannot be raised.
    "unraisablehook(unraisable, /)" => unraisablehook;
];

fn addaudithook(cx: &mut Ctx, a: &[Value]) -> PyResult {
    match vm::audit(cx, "sys.addaudithook", &[]) {
        Ok(()) => {}
        Err(r) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::RuntimeError) {
                return Ok(Value::NONE);
            }
            return Err(cx.set_raised(e));
        }
    }
    let hooks = cx.root(Root::AuditHooks);
    let hooks = if hooks.is_none() {
        let l = cx.list(&[])?;
        cx.space().set_root(Root::AuditHooks, l);
        l
    } else {
        hooks
    };
    vm::call_method(cx, hooks, "append", &[a[0]])
}

fn audit(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    let Some((event, rest)) = args.pos().split_first() else {
        return Err(cx.type_error("audit expected at least 1 argument, got 0"));
    };
    let Some(e) = StrObj::of(*event) else {
        let msg = format!("expected str for argument 'event', not {}", protopy_vm::ops::tp_name(cx, *event));
        return Err(cx.type_error(&msg));
    };
    let text = e.to_string_lossy();
    vm::audit(cx, &text, rest)?;
    Ok(Value::NONE)
}

fn breakpointhook(cx: &mut Ctx, _this: Value, args: Args<'_>) -> PyResult {
    let spec = std::env::var("PYTHONBREAKPOINT").unwrap_or_default();
    let spec = match spec.as_str() {
        "" => "pdb.set_trace".to_owned(),
        "0" => return Ok(Value::NONE),
        s => s.to_owned(),
    };
    let (module, func) = spec.rsplit_once('.').unwrap_or(("builtins", spec.as_str()));
    let f = match vm::import_attr(cx, module, func) {
        Ok(f) => f,
        Err(r) => {
            let e = cx.take_raised(r);
            if !cx.is_instance(e, Ty::ImportError) && !cx.is_instance(e, Ty::AttributeError) {
                return Err(cx.set_raised(e));
            }
            let msg = format!("Ignoring unimportable $PYTHONBREAKPOINT: \"{spec}\"");
            vm::warn(cx, Ty::RuntimeWarning, &msg, 1)?;
            return Ok(Value::NONE);
        }
    };
    vm::call_args(cx, f, args)
}

fn displayhook(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if a[0].is_none() {
        return Ok(Value::NONE);
    }
    let builtins = cx.root(Root::BuiltinsModule);
    let under = name(cx, N::Underscore);
    vm::set_attr(cx, builtins, under, Some(Value::NONE))?;
    let Some(out) = vm::lookup_sys(cx, "stdout").filter(|o| !o.is_none()) else {
        return Err(cx.raise_str(Ty::RuntimeError, "lost sys.stdout"));
    };
    let text = vm::repr(cx, a[0])?;
    if let Err(r) = vm::call_method(cx, out, "write", &[text]) {
        let e = cx.take_raised(r);
        if !cx.is_instance(e, Ty::UnicodeEncodeError) {
            return Err(cx.set_raised(e));
        }
        // What the stream's encoding has not is escaped, and nothing else.
        let encoding = vm::get_attr_str(cx, out, "encoding")?;
        let errors = cx.str("backslashreplace");
        let bytes = vm::call_method(cx, text, "encode", &[encoding, errors])?;
        match vm::lookup_attr_str(cx, out, "buffer")? {
            Some(buffer) => {
                vm::call_method(cx, out, "flush", &[])?;
                vm::call_method(cx, buffer, "write", &[bytes])?;
            }
            None => {
                let strict = cx.str("strict");
                let escaped = vm::call_method(cx, bytes, "decode", &[encoding, strict])?;
                vm::call_method(cx, out, "write", &[escaped])?;
            }
        }
    }
    let nl = cx.char(10);
    vm::call_method(cx, out, "write", &[nl])?;
    vm::set_attr(cx, builtins, under, Some(a[0]))?;
    Ok(Value::NONE)
}

fn excepthook(cx: &mut Ctx, a: &[Value]) -> PyResult {
    display_exception(cx, a[1]);
    Ok(Value::NONE)
}

/// Prints an exception with its traceback to `sys.stderr`, by the module `traceback` as CPython does; plainly if that fails.
pub fn display_exception(cx: &mut Ctx, exc: Value) {
    if vm::lookup_sys(cx, "stderr").is_some_and(Value::is_none) {
        return;
    }
    if ExcObj::of(exc).is_none() {
        let msg = format!(
            "TypeError: print_exception(): Exception expected for value, {} found\n",
            protopy_vm::ops::tp_name(cx, exc)
        );
        write_stderr(cx, &msg);
        return;
    }
    let shown =
        vm::import_attr(cx, "traceback", "_print_exception_bltin").and_then(|f| vm::call(cx, f, &[exc]));
    if let Err(r) = shown {
        let problem = cx.take_raised(r);
        plain_exception(cx, exc);
        let _ = problem;
    }
}

/// Prints an unraisable exception: source lines without marks, and a colon even after an empty message.
fn display_unraisable(cx: &mut Ctx, exc: Value) {
    let Some(tb) = ExcObj::of(exc).map(|x| x.traceback.get_or_none()) else { return };
    if !tb.is_none() {
        let lines = vm::import_attr(cx, "traceback", "extract_tb").and_then(|f| vm::call(cx, f, &[tb]));
        match lines.and_then(|l| unmarked(cx, l)) {
            Ok(text) => write_stderr(cx, &text),
            Err(r) => {
                cx.take_raised(r);
            }
        }
    }
    let text = match vm::str_text(cx, exc) {
        Ok(t) => t,
        Err(r) => {
            cx.take_raised(r);
            "<exception str() failed>".to_owned()
        }
    };
    let ty = cx.type_of(exc).value();
    let mut name = cx.type_name(exc).to_string();
    if let Ok(Some(m)) = vm::lookup_attr_str(cx, ty, "__module__")
        && let Some(m) = StrObj::of(m).map(StrObj::to_string_lossy)
        && m != "builtins"
        && m != "__main__"
    {
        name = format!("{m}.{name}");
    }
    write_stderr(cx, &format!("{name}: {text}\n"));
}

/// The entries of a stack summary with file, line and source.
fn unmarked(cx: &mut Ctx, summary: Value) -> PyResult<String> {
    let mut text = "Traceback (most recent call last):\n".to_owned();
    let it = vm::iter(cx, summary)?;
    while let Some(entry) = vm::next(cx, it)? {
        let part = |cx: &mut Ctx, n: &str| -> PyResult<String> {
            let v = vm::get_attr_str(cx, entry, n)?;
            if v.is_none() { Ok(String::new()) } else { vm::str_text(cx, v) }
        };
        let (file, line, name) = (part(cx, "filename")?, part(cx, "lineno")?, part(cx, "name")?);
        let source = part(cx, "line")?;
        text.push_str(&format!("  File \"{file}\", line {line}, in {name}\n"));
        if !source.is_empty() && !file.starts_with('<') {
            text.push_str(&format!("    {source}\n"));
        }
    }
    Ok(text)
}

/// Prints an exception without the help of any Python code.
pub fn plain_exception(cx: &mut Ctx, exc: Value) {
    let mut out = String::new();
    let mut at = ExcObj::of(exc).and_then(|x| x.traceback.get());
    if at.is_some() {
        out.push_str("Traceback (most recent call last):\n");
    }
    while let Some(tb) = at {
        let Some(t) = tb.native::<vm::errors::Traceback>() else { break };
        out.push_str(&frames_fns::traceback_line(t));
        at = t.next.get();
    }
    let text = match vm::str_text(cx, exc) {
        Ok(t) => t,
        Err(r) => {
            cx.take_raised(r);
            "<exception str() failed>".to_owned()
        }
    };
    let t = cx.type_name(exc);
    if text.is_empty() {
        out.push_str(&format!("{t}\n"));
    } else {
        out.push_str(&format!("{t}: {text}\n"));
    }
    write_stderr(cx, &out);
}

static EARLY: &[MethodDef] = methods![functions:
    /// Writes text to the descriptor of standard error.
    "write(text, /)" => |_, a| {
        use std::io::Write;
        let text = StrObj::of(a[0]).map_or_else(String::new, StrObj::to_string_lossy);
        // There is nobody to tell of an error.
        let _ = std::io::stderr().write_all(text.as_bytes());
        Ok(Value::NONE)
    };
    /// Does nothing: there is no buffer.
    "flush()" => |_, _| Ok(Value::NONE);
];

/// A `sys.stderr` for what is told of imports before there are streams.
pub fn early_stderr(cx: &mut Ctx) -> PyResult<()> {
    let ty = cx.ty(Ty::SimpleNamespace).value();
    let stream = vm::call(cx, ty, &[])?;
    for def in EARLY {
        let f = cx.native_fn(Ty::NativeFn, def, None, None, None);
        vm::set_attr_str(cx, stream, def.name, f)?;
    }
    vm::errors::set_sys(cx, "stderr", stream);
    Ok(())
}

/// Writes text to `sys.stderr`, or to the descriptor if that is not there yet.
pub fn write_stderr(cx: &mut Ctx, text: &str) {
    let s = cx.str(text);
    write_stderr_str(cx, s);
}

/// The same for text that may hold surrogates.
pub fn write_stderr_str(cx: &mut Ctx, s: Value) {
    if let Some(out) = vm::lookup_sys(cx, "stderr") {
        if out.is_none() {
            return;
        }
        match vm::call_method(cx, out, "write", &[s]) {
            Ok(_) => {
                if let Err(r) = vm::call_method(cx, out, "flush", &[]) {
                    cx.take_raised(r);
                }
                return;
            }
            Err(r) => {
                cx.take_raised(r);
            }
        }
    }
    use std::io::Write;
    let text = StrObj::of(s).map_or_else(String::new, StrObj::to_string_lossy);
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn exc_info(cx: &mut Ctx, _a: &[Value]) -> PyResult {
    let e = cx.handled;
    if e.is_none() {
        return Ok(cx.tuple(&[Value::NONE; 3]));
    }
    let ty = cx.type_of(e).value();
    let tb = ExcObj::of(e).map_or(Value::NONE, |x| x.traceback.get_or_none());
    Ok(cx.tuple(&[ty, e, tb]))
}

fn exit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let args = match a[0] {
        v if v.is_none() => Vec::new(),
        v => vec![v],
    };
    let ty = cx.ty(Ty::SystemExit).value();
    let args = match args.first().and_then(|v| protopy_vm::protocore::layouts::TupleObj::of(*v)) {
        Some(t) => t.items().to_vec(),
        None => args,
    };
    Err(vm::raise_class(cx, ty, &args))
}

fn getsizeof(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = name(cx, N::SizeOf);
    let size = match vm::lookup_special_name(cx, a[0], n)? {
        Some(m) => vm::call(cx, m, &[]),
        None => {
            let msg = format!("Type {} doesn't define __sizeof__", protopy_vm::ops::tp_name(cx, a[0]));
            Err(cx.type_error(&msg))
        }
    };
    let size = match (size, a[1].bound()) {
        (Ok(s), _) => s,
        (Err(r), Some(default)) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::TypeError) {
                return Ok(default);
            }
            return Err(cx.set_raised(e));
        }
        (Err(r), None) => return Err(r),
    };
    if vm::index_i64(cx, size, Ty::OverflowError)? < 0 {
        return Err(cx.value_error("__sizeof__() should return >= 0"));
    }
    Ok(size)
}

fn intern(cx: &mut Ctx, a: &[Value]) -> PyResult {
    if StrObj::of(a[0]).is_none() || !cx.is_exact(a[0], Ty::Str) {
        let what = if StrObj::of(a[0]).is_some() {
            format!("can't intern {}", protopy_vm::ops::tp_name(cx, a[0]))
        } else {
            format!("intern() argument must be str, not {}", protopy_vm::ops::tp_name(cx, a[0]))
        };
        return Err(cx.type_error(&what));
    }
    Ok(cx.intern(a[0]))
}

fn is_interned(cx: &mut Ctx, a: &[Value]) -> PyResult {
    match StrObj::of(a[0]) {
        Some(s) => {
            Ok(Value::bool(s.header.flags() & protopy_vm::protocore::layouts::str_flags::INTERNED != 0))
        }
        None => {
            let msg =
                format!("_is_interned() argument must be str, not {}", protopy_vm::ops::tp_name(cx, a[0]));
            Err(cx.type_error(&msg))
        }
    }
}

fn unraisablehook(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let get = |cx: &mut Ctx, n: &str| vm::get_attr_str(cx, a[0], n);
    let msg = get(cx, "err_msg")?;
    let obj = get(cx, "object")?;
    let exc = get(cx, "exc_value")?;
    let mut head = match StrObj::of(msg) {
        Some(s) => s.to_string_lossy(),
        None => "Exception ignored in".to_owned(),
    };
    if obj.is_none() {
        head.push_str(":\n");
    } else {
        let text = match vm::repr_text(cx, obj) {
            Ok(t) => t,
            Err(r) => {
                cx.take_raised(r);
                "<object repr() failed>".to_owned()
            }
        };
        head.push_str(&format!(": {text}\n"));
        if msg.is_none() {
            head = format!("Exception ignored in: {text}\n");
        }
    }
    write_stderr(cx, &head);
    if !exc.is_none() {
        display_unraisable(cx, exc);
    }
    Ok(Value::NONE)
}

/// A type as a value, for tables.
pub fn type_value(t: &TypeObj) -> Value {
    t.value()
}
