//! From a parsed command line to a finished program.

use crate::cli::{Invocation, Program};
use crate::locate::{absolute, locate};
use crate::{locale, repl, streams};
use protopy_builtins::{startup, sysmod};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{BytesObj, CodeObj, ExcObj, IntRef, ModuleObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Root, Ty, Value};
use protopy_vm::{self as vm, errors::set_sys};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// Exit status of a program that died of an exception.
const FAILED: i32 = 1;
/// Exit status when the standard streams could not be flushed at the end.
const FLUSH_FAILED: i32 = 120;

/// The native modules of every interpreter.
const MODULES: &[&[&vm::ModuleSpec]] = &[
    protopy_mod_runtime::MODULES,
    protopy_mod_os::MODULES,
    protopy_mod_io::MODULES,
    protopy_mod_text::MODULES,
    protopy_mod_collections::MODULES,
    protopy_mod_math::MODULES,
    protopy_mod_data::MODULES,
    protopy_mod_compress::MODULES,
    protopy_mod_ffi::MODULES,
    protopy_mod_datetime::MODULES,
    protopy_mod_decimal::MODULES,
    protopy_mod_interp::MODULES,
];

/// Runs a program; the exit status.
pub fn run(mut i: Invocation) -> i32 {
    locate(&mut i);
    let i = Arc::new(i);
    let mut cx = match startup::new_space(&i.config) {
        Ok(cx) => cx,
        Err(e) => {
            eprintln!("protopy: cannot reserve memory: {e}");
            return FAILED;
        }
    };
    let cx = &mut *cx;
    locale::use_encoding(cx, i.config.utf8_mode != 0);
    if let Err(r) = startup::init_core(cx, &i.config, MODULES)
        .and_then(|()| protopy_mod_runtime::init_types(cx))
        .and_then(|()| startup::init_import(cx))
        .and_then(|()| protopy_mod_os::signal::install(cx))
        .and_then(|()| streams::make(cx, &i))
        .and_then(|()| fault_handler(cx, &i))
        .and_then(|()| import_site(cx, &i))
    {
        let e = cx.take_raised(r);
        if cx.is_instance(e, Ty::SystemExit) {
            return exit_status(cx, e);
        }
        let what = streams::problem().unwrap_or("init: the interpreter could not be initialised");
        eprintln!("Fatal Python error: {what}\nPython runtime state: core initialized");
        sysmod::plain_exception(cx, e);
        return FAILED;
    }
    protopy_mod_interp::install(cx, Arc::new(Another(i.clone())));
    repl::install(cx);
    repl::header(cx, &i);
    let result = main_program(cx, &i);
    let stays = i.program != Program::Stdin || !repl::is_interactive(&i);
    let mut status = finish(cx, result, stays && i.config.inspect > 0);
    if stays && repl::wanted_after(&i) {
        let r = repl::run_after(cx, &i);
        status = finish(cx, r, false);
    }
    let flushed = finalize(cx);
    let status = status.unwrap_or_else(die_of_interrupt);
    if flushed { status } else { FLUSH_FAILED }
}

/// How the program makes another interpreter, and ends it.
struct Another(Arc<Invocation>);

impl protopy_mod_interp::Maker for Another {
    fn space(&self) -> std::io::Result<Box<Ctx>> {
        startup::new_space(&self.0.config)
    }

    fn core(&self, cx: &mut Ctx) -> PyResult<()> {
        locale::use_encoding(cx, self.0.config.utf8_mode != 0);
        startup::init_core(cx, &self.0.config, MODULES).and_then(|()| protopy_mod_runtime::init_types(cx))
    }

    fn rest(&self, cx: &mut Ctx, path: Option<&str>) -> PyResult<()> {
        startup::init_import(cx)?;
        streams::make(cx, &self.0)?;
        import_site(cx, &self.0)?;
        if let Some(dir) = path {
            force_path(cx, OsStr::new(dir))?;
        }
        main_module(cx).map(|_| ())
    }

    fn main_dict(&self, cx: &mut Ctx) -> PyResult {
        main_dict(cx)
    }

    fn end(&self, cx: &mut Ctx) {
        leave(cx);
        cx.space().finalizing.store(true, std::sync::atomic::Ordering::SeqCst);
        streams::flush(cx);
        vm::finalize::finalize_modules(cx);
        streams::flush(cx);
        protopy_mod_io::close_all(cx);
    }
}

/// `-X faulthandler`
fn fault_handler(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    if !i.faulthandler {
        return Ok(());
    }
    let enable = vm::import_attr(cx, "faulthandler", "enable")?;
    // Without a standard error there is nothing to write to.
    if let Err(r) = vm::call(cx, enable, &[]) {
        cx.take_raised(r);
    }
    Ok(())
}

fn import_site(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    // Archives on `sys.path` are asked before folders.
    let importer = vm::import_attr(cx, "zipimport", "zipimporter")?;
    if let Some(hooks) = vm::lookup_sys(cx, "path_hooks") {
        vm::call_method(cx, hooks, "insert", &[Value::small(0), importer])?;
        // What was imported so far found no finder for archives.
        if let Some(finders) = vm::lookup_sys(cx, "path_importer_cache") {
            vm::call_method(cx, finders, "clear", &[])?;
        }
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
pub fn main_module(cx: &mut Ctx) -> PyResult {
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

/// Its namespace.
pub fn main_dict(cx: &mut Ctx) -> PyResult {
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
    let settings = vm::settings::of(cx);
    *settings.program_path.lock().unwrap_or_else(|e| e.into_inner()) =
        Some(dir.to_string_lossy().into_owned());
    vm::call_method(cx, path, "insert", &[Value::small(0), d])?;
    Ok(())
}

/// Runs the program, in a frame of its own: what it has left on the stack keeps nothing alive when it has ended.
#[inline(never)]
fn main_program(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    match &i.program {
        Program::Command(c) => {
            prepend_path(cx, i, OsStr::new(""))?;
            let g = main_dict(cx)?;
            match command_text(cx, c) {
                Some(text) => run_command(cx, &text, g),
                None => Err(exit_with(cx, FAILED)),
            }
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

/// The program that `-c` gives; what is wrong with it is printed.
fn command_text(cx: &mut Ctx, c: &OsStr) -> Option<String> {
    let locale = vm::settings::of(cx).fs_encoding.get().is_some();
    if let Some(text) = c.to_str().filter(|t| !locale || t.is_ascii()) {
        return Some(dedent(text));
    }
    let encoded = vm::codec::fs_decode(cx, c.as_bytes()).and_then(|text| {
        let (utf8, strict) = (cx.str("utf-8"), cx.str("strict"));
        vm::call_method(cx, text, "encode", &[utf8, strict])
    });
    let e = match encoded {
        Ok(b) => {
            let text = BytesObj::of(b).and_then(|b| std::str::from_utf8(b.bytes()).ok());
            return text.map(dedent);
        }
        Err(r) => cx.take_raised(r),
    };
    let text = vm::str_text(cx, e).unwrap_or_else(|r| {
        cx.take_raised(r);
        String::new()
    });
    let line = format!("Unable to decode the command from the command line:\n{}: {text}\n", cx.type_name(e));
    sysmod::write_stderr(cx, &line);
    None
}

/// Runs the program that `-c` gives; tracebacks show its lines.
fn run_command(cx: &mut Ctx, text: &str, g: Value) -> PyResult<()> {
    let o = vm::compile::default_options(cx, protopy_compiler::Mode::Exec, "<string>");
    let code = vm::compile::compile_text(cx, text, &o)?;
    let register = vm::import_attr(cx, "linecache", "_register_code")?;
    let (source, file) = (cx.str(text), cx.str("<string>"));
    vm::call(cx, register, &[code, source, file])?;
    vm::compile::run_code(cx, code, g, g).map(|_| ())
}

/// Takes the indentation away that all lines of a text share; lines of nothing but blanks become empty.
fn dedent(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut margin: Option<&str> = None;
    for line in text.split('\n') {
        let n = indent(line);
        if n == line.len() {
            continue;
        }
        let common = match margin {
            None => n,
            Some(m) => m.bytes().zip(line[..n].bytes()).take_while(|(a, b)| a == b).count(),
        };
        margin = Some(&line[..common]);
    }
    let cut = margin.map_or(0, str::len);
    if cut == 0 {
        return text.to_owned();
    }
    let lines: Vec<&str> =
        text.split('\n').map(|l| if indent(l) == l.len() { "" } else { &l[cut..] }).collect();
    lines.join("\n")
}

fn exit_with(cx: &mut Ctx, status: i32) -> Raised {
    let ty = cx.ty(Ty::SystemExit).value();
    vm::raise_class(cx, ty, &[Value::small(i64::from(status))])
}

fn run_module(cx: &mut Ctx, m: &OsStr, alter_argv: bool) -> PyResult<()> {
    main_module(cx)?;
    let f = vm::import_attr(cx, "runpy", "_run_module_as_main")?;
    // Tracebacks do not show the source of what stands between the command and the program.
    let fix = vm::import_attr(cx, "_imp", "_fix_co_filename")?;
    let name = cx.str("<frozen runpy>");
    for n in ["_run_module_as_main", "_run_code"] {
        let f = vm::import_attr(cx, "runpy", n)?;
        let code = vm::get_attr_str(cx, f, "__code__")?;
        vm::call(cx, fix, &[code, name])?;
    }
    let m = vm::codec::fs_decode(cx, m.as_bytes())?;
    vm::call(cx, f, &[m, Value::bool(alter_argv)]).map(|_| ())
}

fn run_file(cx: &mut Ctx, i: &Invocation, f: &OsString) -> PyResult<()> {
    let path = if f.is_empty() { Path::new(".") } else { Path::new(f) };
    if path.is_dir() || in_archive(path) {
        force_path(cx, clean(path).as_os_str())?;
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
            return Err(exit_with(cx, 2));
        }
    };
    let dir = std::fs::canonicalize(path).ok().and_then(|p| p.parent().map(Path::to_path_buf));
    prepend_path(cx, i, dir.unwrap_or_default().as_os_str())?;
    run_script(cx, i, f, &bytes)
}

/// The absolute path of a folder or archive, without `.` and empty parts.
fn clean(p: &Path) -> std::path::PathBuf {
    absolute(p).components().filter(|c| !matches!(c, std::path::Component::CurDir)).collect()
}

/// Whether a path is that of a zip archive, or of a folder within one: its `__main__` is run.
fn in_archive(p: &Path) -> bool {
    clean(p).ancestors().find(|p| p.is_file()).is_some_and(is_archive)
}

/// Whether a file ends as a zip archive does: with the record that ends its directory, and a comment of the length that it says.
fn is_archive(p: &Path) -> bool {
    use std::io::{Read, Seek, SeekFrom};
    const RECORD: usize = 22;
    let Ok(mut f) = std::fs::File::open(p) else { return false };
    let Ok(len) = f.seek(SeekFrom::End(0)) else { return false };
    let mut tail = Vec::new();
    let from = len.saturating_sub((RECORD + usize::from(u16::MAX)) as u64);
    if f.seek(SeekFrom::Start(from)).is_err() || f.read_to_end(&mut tail).is_err() {
        return false;
    }
    tail.windows(RECORD).enumerate().rev().any(|(at, record)| {
        let comment = u16::from_le_bytes([record[20], record[21]]);
        record.starts_with(b"PK\x05\x06") && at + RECORD + usize::from(comment) == tail.len()
    })
}

/// Whether a program is a compiled module: by its name, or by the number that such files begin with.
fn is_compiled(f: &OsString, bytes: &[u8]) -> bool {
    f.as_bytes().ends_with(b".pyc") || bytes.starts_with(&compiled_magic())
}

/// What compiled modules begin with.
fn compiled_magic() -> [u8; 4] {
    let magic = protopy_mod_runtime::imp::PYC_MAGIC.to_le_bytes();
    [magic[0], magic[1], b'\r', b'\n']
}

/// The code of a compiled module, which is not compared with any source. What stands in the header behind the number that
/// tells the format does not matter here.
fn compiled_code(cx: &mut Ctx, bytes: &[u8]) -> PyResult {
    const HEADER: usize = 16;
    if !bytes.starts_with(&compiled_magic()) {
        return Err(cx.raise_str(Ty::RuntimeError, "Bad magic number in .pyc file"));
    }
    let body = cx.bytes(bytes.get(HEADER..).unwrap_or_default())?;
    let loads = vm::import_attr(cx, "marshal", "loads")?;
    match vm::call(cx, loads, &[body]) {
        Ok(code) if CodeObj::of(code).is_some() => Ok(code),
        _ => Err(cx.raise_str(Ty::RuntimeError, "Bad code object in .pyc file")),
    }
}

fn run_script(cx: &mut Ctx, i: &Invocation, f: &OsString, bytes: &[u8]) -> PyResult<()> {
    let m = main_module(cx)?;
    let file_abs = absolute(Path::new(f));
    let file_value = vm::codec::fs_decode(cx, file_abs.as_os_str().as_bytes())?;
    vm::set_attr_str(cx, m, "__file__", file_value)?;
    vm::set_attr_str(cx, m, "__cached__", Value::NONE)?;
    let external = cx.root(Root::ImportlibExternal);
    let compiled = is_compiled(f, bytes);
    let kind = if compiled { "SourcelessFileLoader" } else { "SourceFileLoader" };
    let loader = vm::get_attr_str(cx, external, kind)?;
    let n = cx.intern_str("__main__");
    let loader = vm::call(cx, loader, &[n, file_value])?;
    vm::set_attr_str(cx, m, "__loader__", loader)?;
    if compiled {
        let code = compiled_code(cx, bytes)?;
        let g = main_dict(cx)?;
        return vm::compile::run_code(cx, code, g, g).map(|_| ());
    }
    let shown = file_abs.to_string_lossy().into_owned();
    let mut body = bytes;
    if i.skip_first_line {
        body = bytes.iter().position(|b| *b == b'\n').map_or(&[][..], |p| &bytes[p..]);
    }
    let text = vm::compile::decode_source(cx, body, &shown, true)?;
    if text.contains('\0') {
        return Err(vm::compile::plain_syntax_error(cx, "source code cannot contain null bytes"));
    }
    let g = main_dict(cx)?;
    vm::compile::run_source(cx, &text, &shown, g).map(|_| ())
}

fn run_stdin(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    use std::io::Read;
    prepend_path(cx, i, OsStr::new(""))?;
    if repl::is_interactive(i) {
        return repl::run_stdin(cx, i);
    }
    let mut bytes = Vec::new();
    if let Err(e) = cx.blocking(|| std::io::stdin().read_to_end(&mut bytes)) {
        return Err(vm::errors::raise_io(cx, &e, None));
    }
    let m = main_module(cx)?;
    let name = cx.str("<stdin>");
    vm::set_attr_str(cx, m, "__file__", name)?;
    vm::set_attr_str(cx, m, "__cached__", Value::NONE)?;
    let text = vm::compile::decode_source(cx, &bytes, "<stdin>", true)?;
    let g = main_dict(cx)?;
    vm::compile::run_source(cx, &text, "<stdin>", g).map(|_| ())
}

/// Handles the end of the program: the exit status, `None` for death by interrupt. `stays`: a SystemExit is shown rather than obeyed.
fn finish(cx: &mut Ctx, r: PyResult<()>, stays: bool) -> Option<i32> {
    let Err(r) = r else { return Some(0) };
    let exc = cx.take_raised(r);
    if cx.is_instance(exc, Ty::SystemExit) && !stays {
        return Some(exit_status(cx, exc));
    }
    if let Some(second) = show_uncaught(cx, exc) {
        return Some(exit_status(cx, second));
    }
    if cx.is_instance(exc, Ty::KeyboardInterrupt) { None } else { Some(FAILED) }
}

/// Shows an exception that ended a part of a session; an `Err` is a SystemExit.
pub fn show_error(cx: &mut Ctx, r: Raised) -> PyResult<()> {
    let exc = cx.take_raised(r);
    let exit = if cx.is_instance(exc, Ty::SystemExit) { Some(exc) } else { show_uncaught(cx, exc) };
    exit.map_or(Ok(()), |e| Err(cx.set_raised(e)))
}

/// Shows an exception by `sys.excepthook` and keeps it as the last one; a SystemExit that the hook raised.
pub fn show_uncaught(cx: &mut Ctx, exc: Value) -> Option<Value> {
    set_sys(cx, "last_exc", exc);
    let ty = cx.type_of(exc).value();
    let tb = ExcObj::of(exc).map_or(Value::NONE, |x| x.traceback.get_or_none());
    set_sys(cx, "last_type", ty);
    set_sys(cx, "last_value", exc);
    set_sys(cx, "last_traceback", tb);
    let Some(hook) = vm::lookup_sys(cx, "excepthook") else {
        sysmod::write_stderr(cx, "sys.excepthook is missing\n");
        sysmod::display_exception(cx, exc);
        return None;
    };
    if let Err(r) = vm::audit(cx, "sys.excepthook", &[hook, ty, exc, tb]) {
        let e = cx.take_raised(r);
        if !cx.is_instance(e, Ty::RuntimeError) {
            vm::unraisable(cx, e, Some("Exception ignored in audit hook"), Value::NONE);
        }
        return None;
    }
    if let Err(r) = vm::call(cx, hook, &[ty, exc, tb]) {
        let second = cx.take_raised(r);
        if cx.is_instance(second, Ty::SystemExit) {
            return Some(second);
        }
        sysmod::write_stderr(cx, "Error in sys.excepthook:\n");
        sysmod::display_exception(cx, second);
        sysmod::write_stderr(cx, "\nOriginal exception was:\n");
        sysmod::display_exception(cx, exc);
    }
    None
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
    match vm::str(cx, code) {
        Ok(t) => sysmod::write_stderr_str(cx, t),
        Err(r) => {
            cx.take_raised(r);
        }
    }
    sysmod::write_stderr(cx, "\n");
    FAILED
}

/// Joins threads and calls the functions of `atexit`.
fn leave(cx: &mut Ctx) {
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
}

/// What runs after the program: threads are joined, `atexit` functions called, other interpreters ended, streams flushed. Whether
/// flushing worked.
fn finalize(cx: &mut Ctx) -> bool {
    leave(cx);
    protopy_mod_interp::end_all(cx);
    let mut ok = streams::flush(cx);
    if !ok {
        streams::give_up_output();
    }
    cx.space().finalizing.store(true, std::sync::atomic::Ordering::SeqCst);
    vm::finalize::finalize_modules(cx);
    ok &= streams::flush(cx);
    protopy_mod_io::close_all(cx);
    if std::env::var_os("PROTOPY_GC_STATS").is_some_and(|v| v != "0") {
        eprint!("{}", cx.space().heap.report());
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
