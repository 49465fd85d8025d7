//! The interactive prompt.
//!
//! On a terminal the library's own line editor (`_pyrepl`) serves it. Elsewhere, and where that one cannot run, the loop here does:
//! it reads lines until they make a statement, runs it, prints what goes wrong and goes on until the end of input. Prompts go to
//! standard error, as they do not belong to the program's output.

use crate::cli::{Invocation, Program};
use crate::run::{main_dict, main_module, show_error};
use crate::streams;
use protopy_builtins::sysmod;
use protopy_compiler::{Mode, Options};
use protopy_vm::methods;
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Root, Ty, Value};
use protopy_vm::{self as vm, errors::set_sys};
use std::io::{IsTerminal, Write};

/// Flags of code objects that `from __future__ import` sets and that last for the session.
const FUTURE_FLAGS: i64 = 0x01fe_0000;

static FUNCTIONS: &[MethodDef] = methods![functions:
    /// Runs the plain interactive prompt on standard input.
    "_baserepl()" => |cx, _| plain(cx).map(|()| Value::NONE);
];

/// Defines `sys._baserepl`.
pub fn install(cx: &mut Ctx) {
    let sys = cx.root(Root::SysModule);
    let name = cx.intern_str("sys");
    for def in FUNCTIONS {
        let f = cx.native_fn(Ty::NativeFn, def, Some(sys), Some(name), None);
        set_sys(cx, def.name, f);
    }
}

/// Whether standard input is to be treated as a person.
pub fn is_interactive(i: &Invocation) -> bool {
    i.config.interactive > 0 || std::io::stdin().is_terminal()
}

/// Whether to go on interactively after the program: the program itself may have asked for it through the environment.
pub fn wanted_after(i: &Invocation) -> bool {
    let env =
        i.config.ignore_environment == 0 && std::env::var_os("PYTHONINSPECT").is_some_and(|v| !v.is_empty());
    (i.config.inspect > 0 || env) && is_interactive(i)
}

/// The greeting.
pub fn header(cx: &mut Ctx, i: &Invocation) {
    let c = &i.config;
    let runs_program = i.program != Program::Stdin;
    if c.quiet > 0 || c.verbose == 0 && (runs_program || !is_interactive(i)) {
        return;
    }
    let mut text = format!("Python {} on linux\n", sysmod::version_text());
    if c.no_site == 0 {
        text.push_str("Type \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n");
    }
    sysmod::write_stderr(cx, &text);
}

/// The prompt as the whole program.
pub fn run_stdin(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    let edited = uses_editor(i);
    if !edited {
        startup(cx, i)?;
    }
    session(cx, edited, true)
}

/// The prompt after a program.
pub fn run_after(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    session(cx, uses_editor(i), false)
}

fn session(cx: &mut Ctx, edited: bool, with_startup: bool) -> PyResult<()> {
    hook(cx)?;
    if !edited {
        return plain(cx);
    }
    let main = main_module(cx)?;
    let f = vm::import_attr(cx, "_pyrepl.main", "interactive_console")?;
    vm::call_kw(cx, f, &[], &[("mainmodule", main), ("pythonstartup", Value::bool(with_startup))]).map(|_| ())
}

fn uses_editor(i: &Invocation) -> bool {
    let basic = i.config.ignore_environment == 0
        && std::env::var_os("PYTHON_BASIC_REPL").is_some_and(|v| !v.is_empty());
    !basic && std::io::stdin().is_terminal()
}

/// Runs the file that PYTHONSTARTUP names; what goes wrong in it is printed.
fn startup(cx: &mut Ctx, i: &Invocation) -> PyResult<()> {
    let file = std::env::var_os("PYTHONSTARTUP").filter(|f| !f.is_empty());
    let Some(file) = file.filter(|_| i.config.ignore_environment == 0) else { return Ok(()) };
    let shown = vm::codec::fs_decode(cx, std::os::unix::ffi::OsStrExt::as_bytes(file.as_os_str()))?;
    vm::audit(cx, "cpython.run_startup", &[shown])?;
    let name = file.to_string_lossy().into_owned();
    let bytes = match std::fs::read(&file) {
        Ok(b) => b,
        Err(e) => {
            sysmod::write_stderr(cx, "Could not open PYTHONSTARTUP\n");
            let r = vm::errors::raise_io(cx, &e, Some(shown));
            return show_error(cx, r);
        }
    };
    let g = main_dict(cx)?;
    let done = vm::compile::decode_source(cx, &bytes, &name, true)
        .and_then(|text| vm::compile::run_source(cx, &text, &name, g));
    if let Err(r) = done {
        show_error(cx, r)?;
    }
    Ok(())
}

/// Calls `sys.__interactivehook__`, which `site` sets.
fn hook(cx: &mut Ctx) -> PyResult<()> {
    let Some(f) = vm::lookup_sys(cx, "__interactivehook__") else { return Ok(()) };
    vm::audit(cx, "cpython.run_interactivehook", &[f])?;
    if let Err(r) = vm::call(cx, f, &[]) {
        sysmod::write_stderr(cx, "Failed calling sys.__interactivehook__\n");
        show_error(cx, r)?;
    }
    Ok(())
}

/// The plain prompt: an `Err` is a SystemExit.
fn plain(cx: &mut Ctx) -> PyResult<()> {
    for (n, text) in [("ps1", ">>> "), ("ps2", "... ")] {
        if vm::lookup_sys(cx, n).is_none() {
            let v = cx.str(text);
            set_sys(cx, n, v);
        }
    }
    let mut source = String::new();
    let mut future = 0;
    loop {
        let line = match read_line(cx, if source.is_empty() { "ps1" } else { "ps2" }) {
            Ok(l) => l,
            Err(r) => {
                source.clear();
                if interrupted(cx, r)? {
                    continue;
                }
                String::new()
            }
        };
        let ended = line.is_empty();
        if !ended && !line.ends_with('\n') {
            // The end of input was asked for as another line of the statement.
            prompt(cx, "ps2");
            eprintln!();
        }
        if ended && source.is_empty() {
            eprintln!();
            return Ok(());
        }
        if source.is_empty() && is_blank(&line) {
            continue;
        }
        if ended {
            eprintln!();
        }
        source.push_str(&line);
        match statement(cx, &source, &mut future, ended) {
            Ok(Some(())) => source.clear(),
            Ok(None) => continue,
            Err(r) => {
                source.clear();
                show_error(cx, r)?;
            }
        }
        streams::flush(cx);
    }
}

fn is_blank(line: &str) -> bool {
    let t = line.trim_start();
    t.is_empty() || t.starts_with('#')
}

/// What went wrong while a line was read: an interrupt drops the statement, anything else is the end of input.
fn interrupted(cx: &mut Ctx, r: Raised) -> PyResult<bool> {
    let e = cx.take_raised(r);
    if cx.is_instance(e, Ty::KeyboardInterrupt) {
        sysmod::write_stderr(cx, "\nKeyboardInterrupt\n");
        return Ok(true);
    }
    if cx.is_instance(e, Ty::SystemExit) {
        return Err(cx.set_raised(e));
    }
    Ok(false)
}

/// Prints a prompt and reads a line, with its end; empty at the end of input.
fn read_line(cx: &mut Ctx, name: &str) -> PyResult<String> {
    prompt(cx, name);
    let stdin = vm::lookup_sys(cx, "__stdin__").filter(|f| !f.is_none());
    let Some(stdin) = stdin else { return Ok(String::new()) };
    let line = vm::call_method(cx, stdin, "readline", &[])?;
    Ok(StrObj::of(line).map_or_else(String::new, StrObj::to_string_lossy))
}

/// Prints a prompt.
fn prompt(cx: &mut Ctx, name: &str) {
    let p = match vm::lookup_sys(cx, name) {
        // A prompt that cannot be shown is no prompt.
        Some(p) => vm::str_text(cx, p).unwrap_or_else(|r| {
            cx.take_raised(r);
            String::new()
        }),
        None => String::new(),
    };
    streams::flush(cx);
    let mut err = std::io::stderr();
    let _ = err.write_all(p.as_bytes()).and_then(|()| err.flush());
}

/// Runs a statement; `None` if it needs more lines. `ended`: there are no more.
fn statement(cx: &mut Ctx, source: &str, future: &mut u32, ended: bool) -> PyResult<Option<()>> {
    let mut o: Options = vm::compile::default_options(cx, Mode::Single, "<stdin>");
    o.future_flags = *future;
    o.dont_imply_dedent = !ended;
    o.allow_incomplete_input = !ended;
    // Without the last line's end, a block is open until a blank line.
    let text = if ended { source } else { source.strip_suffix('\n').unwrap_or(source) };
    let code = match vm::compile::compile_text(cx, text, &o) {
        Ok(c) => c,
        Err(r) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::IncompleteInputError) {
                return Ok(None);
            }
            return Err(cx.set_raised(e));
        }
    };
    let flags = vm::get_attr_str(cx, code, "co_flags")?.as_small().unwrap_or(0) & FUTURE_FLAGS;
    *future |= u32::try_from(flags).unwrap_or(0);
    // Tracebacks show the lines of a session, too.
    let register = vm::import_attr(cx, "linecache", "_register_code")?;
    let (text, file) = (cx.str(source), cx.str("<stdin>"));
    vm::call(cx, register, &[code, text, file])?;
    let g = main_dict(cx)?;
    vm::compile::run_code(cx, code, g, g)?;
    Ok(Some(()))
}
