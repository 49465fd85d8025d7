//! From a parsed command line to a finished program.

use crate::cli::{Invocation, Program};
use protopy_builtins::{startup, sysmod};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{ExcObj, IntRef, ModuleObj, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Root, Ty, Value};
use protopy_vm::{self as vm, errors::set_sys};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Exit status of a program that died of an exception.
const FAILED: i32 = 1;
/// Exit status when the standard streams could not be flushed at the end.
const FLUSH_FAILED: i32 = 120;

/// Runs a program; the exit status.
pub fn run(mut i: Invocation) -> i32 {
    locate(&mut i);
    let mut cx = match startup::new_space(&i.config) {
        Ok(cx) => cx,
        Err(e) => {
            eprintln!("protopy: cannot reserve memory: {e}");
            return FAILED;
        }
    };
    let cx = &mut *cx;
    let modules = [
        protopy_mod_runtime::MODULES,
        protopy_mod_os::MODULES,
        protopy_mod_io::MODULES,
        protopy_mod_text::MODULES,
        protopy_mod_collections::MODULES,
        protopy_mod_math::MODULES,
    ];
    if let Err(r) = startup::init_core(cx, &i.config, &modules)
        .and_then(|()| protopy_mod_runtime::init_types(cx))
        .and_then(|()| startup::init_import(cx))
        .and_then(|()| protopy_mod_os::signal::install(cx))
        .and_then(|()| standard_streams(cx, &i))
        .and_then(|()| import_site(cx, &i))
    {
        let e = cx.take_raised(r);
        eprintln!("Fatal Python error: the interpreter could not be initialised");
        sysmod::plain_exception(cx, e);
        return FAILED;
    }
    let result = main_program(cx, &i);
    let mut status = finish(cx, result);
    if i.interactive && status.is_some() {
        let r = interact(cx);
        status = finish(cx, r);
    }
    let flushed = finalize(cx);
    let status = status.unwrap_or_else(die_of_interrupt);
    if !flushed && status == 0 { FLUSH_FAILED } else { status }
}

/// Finds the executable, the standard library and the prefix.
fn locate(i: &mut Invocation) {
    let exe = std::env::current_exe().unwrap_or_default();
    i.config.executable = exe.to_string_lossy().into_owned();
    let ignore = i.config.ignore_environment != 0;
    let home = if ignore { None } else { std::env::var_os("PROTOPYHOME").filter(|h| !h.is_empty()) };
    let option = i.config.xoptions.iter().find(|(k, _)| k == "stdlib").and_then(|(_, v)| v.clone());
    let lib = option
        .map(PathBuf::from)
        .or_else(|| home.map(PathBuf::from).map(library_of))
        .or_else(|| protopy_lib::materialize().ok());
    if let Some(lib) = lib {
        i.config.stdlib = lib.to_string_lossy().into_owned();
    }
    let prefix = exe.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
    i.config.prefix = prefix.to_string_lossy().into_owned();
}

/// The library folder that PROTOPYHOME names: itself if it holds `os.py`, or its `lib/python3.14`.
fn library_of(home: PathBuf) -> PathBuf {
    let nested = home.join("lib/python3.14");
    if !home.join("os.py").is_file() && nested.join("os.py").is_file() { nested } else { home }
}

/// Makes `sys.stdin`, `sys.stdout` and `sys.stderr`, and `open`.
fn standard_streams(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    vm::import(cx, "encodings")?;
    let io = vm::import(cx, "io")?;
    let open = vm::get_attr_str(cx, io, "open")?;
    if let Some(d) = DictObj::of(cx.root(Root::Builtins)) {
        let n = cx.intern_str("open");
        vm::dict_set(cx, d, n, open)?;
    }
    for (fd, name, mode) in [(0, "stdin", "rb"), (1, "stdout", "wb"), (2, "stderr", "wb")] {
        let stream = stream(cx, io, i, fd, name, mode)?;
        set_sys(cx, name, stream);
        set_sys(cx, &format!("__{name}__"), stream);
    }
    Ok(())
}

/// Encoding and error handler of the standard streams, from PYTHONIOENCODING.
fn io_encoding(i: &Invocation) -> (String, Option<String>) {
    let set = if i.config.ignore_environment != 0 { None } else { std::env::var("PYTHONIOENCODING").ok() };
    let set = set.unwrap_or_default();
    let (enc, err) = match set.split_once(':') {
        Some((a, b)) => (a, Some(b.to_owned())),
        None => (set.as_str(), None),
    };
    (if enc.is_empty() { "utf-8".to_owned() } else { enc.to_owned() }, err)
}

fn stream(cx: &mut Ctx, io: Value, i: &Invocation, fd: i32, name: &str, mode: &str) -> PyResult {
    // SAFETY: a query about a descriptor number.
    #[allow(unsafe_code)]
    let valid = unsafe { libc::fcntl(fd, libc::F_GETFD) } >= 0;
    if !valid {
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
    let (enc, err) = io_encoding(i);
    let err = match (err, fd) {
        (_, 2) => "backslashreplace".to_owned(),
        (Some(e), _) => e,
        (None, _) => default_errors(),
    };
    let wrapper = vm::get_attr_str(cx, io, "TextIOWrapper")?;
    let (enc, err, nl) = (cx.str(&enc), cx.str(&err), cx.str("\n"));
    let newline = if writing { nl } else { Value::NONE };
    let line = Value::bool(tty || fd == 2);
    let s = vm::call(cx, wrapper, &[buffer, enc, err, newline, line, Value::bool(unbuffered)])?;
    let m = cx.str(if writing { "w" } else { "r" });
    vm::set_attr_str(cx, s, "mode", m)?;
    Ok(s)
}

/// `surrogateescape` in the C and POSIX locales, as CPython has it, else `strict`.
fn default_errors() -> String {
    let var = |n: &str| std::env::var(n).ok().filter(|v| !v.is_empty());
    let locale = var("LC_ALL").or_else(|| var("LC_CTYPE")).or_else(|| var("LANG"));
    match locale.as_deref() {
        None | Some("C" | "POSIX") => "surrogateescape".to_owned(),
        Some(_) => "strict".to_owned(),
    }
}

fn import_site(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    // Archives on `sys.path` are asked before folders.
    let importer = vm::import_attr(cx, "zipimport", "zipimporter")?;
    if let Some(hooks) = vm::lookup_sys(cx, "path_hooks") {
        vm::call_method(cx, hooks, "insert", &[Value::small(0), importer])?;
    }
    if !i.config.warn.is_empty() {
        vm::import(cx, "warnings")?;
    }
    if i.config.no_site == 0 {
        vm::import(cx, "site")?;
    }
    Ok(())
}

/// The module `__main__`, made at first use.
fn main_module(cx: &mut Ctx) -> PyResult {
    let Some(all) = DictObj::of(cx.root(Root::Modules)) else { return Err(cx.no_memory()) };
    let n = cx.intern_str("__main__");
    if let Some(m) = vm::dict_get(cx, all, n)? {
        return Ok(m);
    }
    let m = vm::modules::new_module(cx, "__main__", None);
    vm::dict_set(cx, all, n, m)?;
    let builtins = cx.root(Root::BuiltinsModule);
    vm::set_attr_str(cx, m, "__builtins__", builtins)?;
    let lib = cx.root(Root::Importlib);
    let loader = vm::get_attr_str(cx, lib, "BuiltinImporter")?;
    vm::set_attr_str(cx, m, "__loader__", loader)?;
    Ok(m)
}

fn main_dict(cx: &mut Ctx) -> PyResult {
    let m = main_module(cx)?;
    Ok(ModuleObj::of(m).map_or(Value::NONE, |m| m.dict.get_or_none()))
}

/// Puts a folder in front of `sys.path`, unless `-P` forbids it.
fn prepend_path(cx: &mut Ctx, i: &Invocation, dir: &OsStr) -> PyResult<()> {
    if i.config.safe_path {
        return Ok(());
    }
    force_path(cx, dir)
}

fn force_path(cx: &mut Ctx, dir: &OsStr) -> PyResult<()> {
    let Some(path) = vm::lookup_sys(cx, "path") else { return Ok(()) };
    let d = vm::codec::fs_decode(cx, dir.as_bytes())?;
    vm::call_method(cx, path, "insert", &[Value::small(0), d])?;
    Ok(())
}

fn main_program(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    match &i.program {
        Program::Command(c) => {
            prepend_path(cx, i, OsStr::new(""))?;
            let g = main_dict(cx)?;
            let text = vm::codec::fs_decode(cx, c.as_bytes())?;
            let text = StrObj::of(text).map_or_else(String::new, StrObj::to_string_lossy);
            vm::compile::run_source(cx, &text, "<string>", g).map(|_| ())
        }
        Program::Module(m) => {
            let cwd = std::env::current_dir().unwrap_or_default();
            prepend_path(cx, i, cwd.as_os_str())?;
            run_module(cx, m, true)
        }
        Program::File(f) => run_file(cx, i, f),
        Program::Stdin => run_stdin(cx, i),
    }
}

fn run_module(cx: &mut Ctx, m: &OsStr, alter_argv: bool) -> PyResult<()> {
    main_module(cx)?;
    let f = vm::import_attr(cx, "runpy", "_run_module_as_main")?;
    let m = vm::codec::fs_decode(cx, m.as_bytes())?;
    vm::call(cx, f, &[m, Value::bool(alter_argv)]).map(|_| ())
}

fn run_file(cx: &mut Ctx, i: &Invocation, f: &OsString) -> PyResult<()> {
    let path = Path::new(f);
    if path.is_dir() || is_archive(path) {
        force_path(cx, f)?;
        return run_module(cx, OsStr::new("__main__"), false);
    }
    let bytes = match std::fs::read(path) {
        Ok(b) => b,
        Err(e) => {
            let errno = e.raw_os_error().unwrap_or(0);
            eprintln!(
                "{}: can't open file '{}': [Errno {errno}] {}",
                i.config.executable,
                absolute(path).display(),
                vm::errors::strerror(errno)
            );
            let ty = cx.ty(Ty::SystemExit).value();
            return Err(vm::raise_class(cx, ty, &[Value::small(2)]));
        }
    };
    let dir = std::fs::canonicalize(path).ok().and_then(|p| p.parent().map(Path::to_path_buf));
    prepend_path(cx, i, dir.unwrap_or_default().as_os_str())?;
    run_script(cx, i, f, &bytes)
}

fn absolute(p: &Path) -> PathBuf {
    std::env::current_dir().unwrap_or_default().join(p)
}

/// Whether a file ends as a zip archive does, so that it is run by its `__main__`.
fn is_archive(p: &Path) -> bool {
    use std::io::{Read, Seek, SeekFrom};
    let Ok(mut f) = std::fs::File::open(p) else { return false };
    let Ok(len) = f.seek(SeekFrom::End(0)) else { return false };
    if len < 22 || f.seek(SeekFrom::End(-22)).is_err() {
        return false;
    }
    let mut tail = [0u8; 4];
    f.read_exact(&mut tail).is_ok() && tail == *b"PK\x05\x06"
}

fn run_script(cx: &mut Ctx, i: &Invocation, f: &OsString, bytes: &[u8]) -> PyResult<()> {
    let m = main_module(cx)?;
    let filename = vm::codec::fs_decode(cx, f.as_bytes())?;
    let file_abs = absolute(Path::new(f));
    let file_value = vm::codec::fs_decode(cx, file_abs.as_os_str().as_bytes())?;
    vm::set_attr_str(cx, m, "__file__", file_value)?;
    let external = cx.root(Root::ImportlibExternal);
    let loader = vm::get_attr_str(cx, external, "SourceFileLoader")?;
    let n = cx.intern_str("__main__");
    let loader = vm::call(cx, loader, &[n, file_value])?;
    vm::set_attr_str(cx, m, "__loader__", loader)?;
    let name = StrObj::of(filename).map_or_else(String::new, StrObj::to_string_lossy);
    let shown = file_abs.to_string_lossy().into_owned();
    let mut body = bytes;
    if i.skip_first_line {
        body = bytes.iter().position(|b| *b == b'\n').map_or(&[][..], |p| &bytes[p..]);
    }
    let text = vm::compile::decode_source(cx, body, &name, true)?;
    if text.contains('\0') {
        let m = cx.str("source code cannot contain null bytes");
        return Err(cx.raise(Ty::SyntaxError, m));
    }
    let g = main_dict(cx)?;
    vm::compile::run_source(cx, &text, &shown, g).map(|_| ())
}

fn run_stdin(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    use std::io::{IsTerminal, Read};
    prepend_path(cx, i, OsStr::new(""))?;
    if std::io::stdin().is_terminal() || i.config.interactive > 0 {
        return interact(cx);
    }
    let mut bytes = Vec::new();
    if let Err(e) = cx.blocking(|| std::io::stdin().read_to_end(&mut bytes)) {
        return Err(vm::errors::raise_io(cx, &e, None));
    }
    let text = vm::compile::decode_source(cx, &bytes, "<stdin>", true)?;
    let g = main_dict(cx)?;
    vm::compile::run_source(cx, &text, "<stdin>", g).map(|_| ())
}

/// The interactive console.
fn interact(cx: &mut Ctx) -> PyResult<()> {
    let g = main_dict(cx)?;
    let f = vm::import_attr(cx, "code", "interact")?;
    let none = Value::NONE;
    let empty = cx.str("");
    vm::call_kw(cx, f, &[], &[("banner", none), ("local", g), ("exitmsg", empty)]).map(|_| ())
}

/// Handles the end of the program: the exit status, `None` for death by interrupt.
fn finish(cx: &mut Ctx, r: PyResult<()>) -> Option<i32> {
    match r {
        Ok(()) => Some(0),
        Err(r) => uncaught(cx, r),
    }
}

fn uncaught(cx: &mut Ctx, r: Raised) -> Option<i32> {
    let exc = cx.take_raised(r);
    if cx.is_instance(exc, Ty::SystemExit) {
        return Some(exit_status(cx, exc));
    }
    set_sys(cx, "last_exc", exc);
    let ty = cx.type_of(exc).value();
    let tb = ExcObj::of(exc).map_or(Value::NONE, |x| x.traceback.get_or_none());
    set_sys(cx, "last_type", ty);
    set_sys(cx, "last_value", exc);
    set_sys(cx, "last_traceback", tb);
    match vm::lookup_sys(cx, "excepthook") {
        Some(hook) => {
            if let Err(r) = vm::call(cx, hook, &[ty, exc, tb]) {
                let second = cx.take_raised(r);
                if cx.is_instance(second, Ty::SystemExit) {
                    return Some(exit_status(cx, second));
                }
                sysmod::write_stderr(cx, "Error in sys.excepthook:\n");
                sysmod::display_exception(cx, second);
                sysmod::write_stderr(cx, "\nOriginal exception was:\n");
                sysmod::display_exception(cx, exc);
            }
        }
        None => {
            sysmod::write_stderr(cx, "sys.excepthook is missing\n");
            sysmod::display_exception(cx, exc);
        }
    }
    if cx.is_instance(exc, Ty::KeyboardInterrupt) { None } else { Some(FAILED) }
}

/// Status of a SystemExit; anything but an int or None is printed.
fn exit_status(cx: &mut Ctx, exc: Value) -> i32 {
    let code = ExcObj::of(exc).map_or(Value::NONE, |x| x.fields[0].get_or_none());
    if code.is_none() {
        return 0;
    }
    if let Some(n) = IntRef::of(code) {
        return n.to_i64().map_or(-1, |n| (n & 0xff) as i32);
    }
    match vm::str_text(cx, code) {
        Ok(t) => sysmod::write_stderr(cx, &format!("{t}\n")),
        Err(r) => {
            cx.take_raised(r);
        }
    }
    FAILED
}

/// What runs after the program: threads are joined, `atexit` functions called, streams flushed. Whether flushing worked.
fn finalize(cx: &mut Ctx) -> bool {
    let threading = cx.intern_str("threading");
    if let Some(all) = DictObj::of(cx.root(Root::Modules))
        && let Ok(Some(m)) = vm::dict_get(cx, all, threading)
        && let Err(r) = vm::call_method(cx, m, "_shutdown", &[])
    {
        vm::report_unraisable(cx, r, Some("Exception ignored on threading shutdown"), m);
    }
    // The functions belong to the interpreter: they are called even if the module is not in `sys.modules` any more.
    if let Err(r) = protopy_mod_runtime::atexit::run_all(cx) {
        vm::report_unraisable(cx, r, None, Value::NONE);
    }
    let mut ok = flush(cx);
    cx.space().finalizing.store(true, std::sync::atomic::Ordering::SeqCst);
    vm::finalize::finalize_modules(cx);
    ok &= flush(cx);
    protopy_mod_io::close_all(cx);
    ok
}

fn flush(cx: &mut Ctx) -> bool {
    let mut ok = true;
    for n in ["stdout", "stderr"] {
        let Some(f) = vm::lookup_sys(cx, n).filter(|f| !f.is_none()) else { continue };
        let closed = match vm::lookup_attr_str(cx, f, "closed") {
            Ok(Some(c)) => c.is(Value::TRUE),
            Ok(None) => false,
            Err(r) => {
                cx.take_raised(r);
                false
            }
        };
        if closed {
            continue;
        }
        if let Err(r) = vm::call_method(cx, f, "flush", &[]) {
            let e = cx.take_raised(r);
            if n == "stdout" {
                ok = false;
                vm::unraisable(cx, e, None, f);
            }
        }
    }
    ok
}

/// Dies of SIGINT, so that the parent process sees an interrupted child.
fn die_of_interrupt() -> i32 {
    // SAFETY: restores the default action and raises the signal in this process.
    #[allow(unsafe_code)]
    unsafe {
        libc::signal(libc::SIGINT, libc::SIG_DFL);
        libc::kill(libc::getpid(), libc::SIGINT);
    }
    130
}
