//! The standard streams: how they are made, and how they are flushed at the end.

use crate::cli::Invocation;
use crate::locale;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::{Ctx, PyResult, Root, Value};
use protopy_vm::{self as vm, errors::set_sys};

/// Makes `sys.stdin`, `sys.stdout` and `sys.stderr`, and `open`.
pub fn make(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    vm::import(cx, "encodings")?;
    let io = vm::import(cx, "io")?;
    let open = vm::get_attr_str(cx, io, "open")?;
    if let Some(d) = DictObj::of(cx.root(Root::Builtins)) {
        let n = cx.intern_str("open");
        vm::dict_set(cx, d, n, open)?;
    }
    use_locale_codec(cx, i)?;
    let coding = coding(cx, i)?;
    for (fd, name, mode) in [(0, "stdin", "rb"), (1, "stdout", "wb"), (2, "stderr", "wb")] {
        let stream = stream(cx, io, i, &coding, fd, name, mode)?;
        set_sys(cx, name, stream);
        set_sys(cx, &format!("__{name}__"), stream);
    }
    Ok(())
}

/// Encoding of the standard streams, and the error handler of input and output.
struct Coding {
    encoding: String,
    errors: String,
}

/// What PYTHONIOENCODING asks for, by the codec's own name. A named encoding without an error handler is strict.
fn coding(cx: &mut Ctx, i: &Invocation) -> PyResult<Coding> {
    let set = if i.config.ignore_environment != 0 { None } else { std::env::var("PYTHONIOENCODING").ok() };
    let set = set.unwrap_or_default();
    let (encoding, errors) = set.split_once(':').unwrap_or((&set, ""));
    let lenient = locale::stream_errors(i.config.utf8_mode != 0);
    let default = if encoding.is_empty() { lenient } else { "strict" };
    let errors = if errors.is_empty() { default } else { errors }.to_owned();
    let fs = vm::settings::of(cx).fs_encoding.get().cloned();
    let encoding = match encoding {
        "" => fs.unwrap_or_else(|| "utf-8".to_owned()),
        given => codec_name(cx, given)?,
    };
    Ok(Coding { encoding, errors })
}

/// The name that the codec of an encoding gives itself.
fn codec_name(cx: &mut Ctx, encoding: &str) -> PyResult<String> {
    let lookup = vm::import_attr(cx, "codecs", "lookup")?;
    let n = cx.str(encoding);
    let info = vm::call(cx, lookup, &[n])?;
    let name = vm::get_attr_str(cx, info, "name")?;
    vm::str_text(cx, name)
}

/// Makes the locale's encoding that of file names, if its codec is found by the package `encodings`, and decodes again what was
/// decoded before that.
fn use_locale_codec(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    let settings = vm::settings::of(cx);
    let Some(encoding) = locale::encoding().filter(|_| i.config.utf8_mode == 0) else { return Ok(()) };
    if settings.fs_encoding.get().is_some() {
        return Ok(());
    }
    let name = codec_name(cx, &encoding)?;
    let _ = settings.fs_encoding.set(name);
    protopy_builtins::sysmod::set_arguments(cx, &i.config)
}

/// Why the standard streams cannot be made, if they cannot.
pub fn problem() -> Option<&'static str> {
    let is_folder = |fd: i32| std::fs::metadata(format!("/proc/self/fd/{fd}")).is_ok_and(|m| m.is_dir());
    if is_folder(0) {
        return Some("init_sys_streams: <stdin> is a directory, cannot continue");
    }
    (1..=2).any(is_folder).then_some("init_sys_streams: can't initialize sys standard streams")
}

fn is_open(fd: i32) -> bool {
    // SAFETY: a query about a descriptor number.
    #[allow(unsafe_code)]
    unsafe {
        libc::fcntl(fd, libc::F_GETFD) >= 0
    }
}

fn stream(
    cx: &mut Ctx,
    io: Value,
    i: &Invocation,
    coding: &Coding,
    fd: i32,
    name: &str,
    mode: &str,
) -> PyResult {
    if !is_open(fd) {
        return Ok(Value::NONE);
    }
    let writing = fd != 0;
    let unbuffered = i.config.unbuffered && writing;
    let open = vm::get_attr_str(cx, io, "open")?;
    let (fdv, m) = (Value::small(i64::from(fd)), cx.str(mode));
    let buffering = Value::small(if unbuffered { 0 } else { -1 });
    let none = Value::NONE;
    let buffer = vm::call(cx, open, &[fdv, m, buffering, none, none, none, Value::FALSE])?;
    let raw = if unbuffered { buffer } else { vm::get_attr_str(cx, buffer, "raw")? };
    let text = cx.str(&format!("<{name}>"));
    vm::set_attr_str(cx, raw, "name", text)?;
    let tty = vm::call_method(cx, raw, "isatty", &[])?;
    let tty = vm::is_true(cx, tty)?;
    let errors = if fd == 2 { "backslashreplace" } else { &coding.errors };
    let wrapper = vm::get_attr_str(cx, io, "TextIOWrapper")?;
    let (enc, err, nl) = (cx.str(&coding.encoding), cx.str(errors), cx.str("\n"));
    let newline = if writing { nl } else { Value::NONE };
    let line = Value::bool(tty || fd == 2);
    let s = vm::call(cx, wrapper, &[buffer, enc, err, newline, line, Value::bool(unbuffered)])?;
    let m = cx.str(if writing { "w" } else { "r" });
    vm::set_attr_str(cx, s, "mode", m)?;
    Ok(s)
}

/// Flushes `sys.stdout` and `sys.stderr`; false if one could not be.
pub fn flush(cx: &mut Ctx) -> bool {
    let mut ok = true;
    for n in ["stdout", "stderr"] {
        let Some(f) = vm::lookup_sys(cx, n).filter(|f| !f.is_none()) else { continue };
        if is_closed(cx, f) {
            continue;
        }
        if let Err(r) = vm::call_method(cx, f, "flush", &[]) {
            let e = cx.take_raised(r);
            ok = false;
            if n == "stdout" {
                vm::unraisable(cx, e, Some("Exception ignored while flushing sys.stdout"), Value::NONE);
            }
        }
    }
    ok
}

/// Lets what could not be written go nowhere, so that closing the stream does not complain again.
pub fn give_up_output() {
    let Ok(nowhere) = std::fs::OpenOptions::new().write(true).open("/dev/null") else { return };
    // SAFETY: both are descriptor numbers; the first is owned by `nowhere`.
    #[allow(unsafe_code)]
    unsafe {
        libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&nowhere), 1);
    }
}

fn is_closed(cx: &mut Ctx, f: Value) -> bool {
    match vm::lookup_attr_str(cx, f, "closed") {
        Ok(Some(c)) => vm::is_true(cx, c).unwrap_or_else(|r| {
            cx.take_raised(r);
            false
        }),
        Ok(None) => false,
        Err(r) => {
            cx.take_raised(r);
            false
        }
    }
}
