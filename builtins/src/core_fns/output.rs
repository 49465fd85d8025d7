//! `print` and `input`.

use protopy_vm::methods;
use protopy_vm::protocore::layouts::{MethodDef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{self as vm};

/// The functions.
pub static OUTPUT_FUNCTIONS: &[MethodDef] = methods![functions:
    /// Writes values as text to a stream.
    "print(*args, sep=' ', end='\\n', file=None, flush=False)" => print;
    /// Reads a line from standard input, the trailing newline removed.
    "input(prompt='', /)" => input;
];

fn text_or(cx: &mut Ctx, v: Value, what: &str) -> PyResult<Option<Value>> {
    match v.not_none() {
        None => Ok(None),
        Some(v) if StrObj::of(v).is_some() => Ok(Some(v)),
        Some(v) => {
            let msg = format!("{what} must be None or a string, not {}", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn print(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (sep, end, file, flush, args) = (a[0], a[1], a[2], a[3], a[4]);
    let file = match file.not_none() {
        Some(f) => f,
        None => match vm::lookup_sys(cx, "stdout") {
            Some(f) if f.is_none() => return Ok(Value::NONE),
            Some(f) => f,
            None => return Err(cx.raise_str(Ty::RuntimeError, "lost sys.stdout")),
        },
    };
    let sep = text_or(cx, sep, "sep")?;
    let end = text_or(cx, end, "end")?;
    let items = super::tuple_items(args);
    // One write a piece is what CPython does and a subclass of a stream can see; for plain text it is one write in all.
    for (i, v) in items.iter().enumerate() {
        if i > 0 {
            let s = sep.unwrap_or_else(|| cx.char(u32::from(' ')));
            write(cx, file, s)?;
        }
        let s = vm::str(cx, *v)?;
        write(cx, file, s)?;
    }
    let e = end.unwrap_or_else(|| cx.char(10));
    write(cx, file, e)?;
    if vm::is_true(cx, flush)? {
        vm::call_method(cx, file, "flush", &[])?;
    }
    Ok(Value::NONE)
}

fn write(cx: &mut Ctx, file: Value, s: Value) -> PyResult {
    vm::call_method_name(cx, file, vm::names::name(cx, vm::names::N::Write), &[s])
}

fn input(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let prompt = a[0].bound();
    let stream = |cx: &mut Ctx, n: &str| match vm::lookup_sys(cx, n) {
        Some(f) if !f.is_none() => Ok(f),
        _ => {
            let msg = format!("lost sys.{n}");
            Err(cx.raise_str(Ty::RuntimeError, &msg))
        }
    };
    let (stdin, stdout, stderr) = (stream(cx, "stdin")?, stream(cx, "stdout")?, stream(cx, "stderr")?);
    let arg = prompt.unwrap_or(Value::NONE);
    vm::audit(cx, "builtins.input", &[arg])?;
    if let Err(r) = vm::call_method(cx, stderr, "flush", &[]) {
        cx.take_raised(r);
    }
    if let Some(p) = prompt {
        let s = vm::str(cx, p)?;
        write(cx, stdout, s)?;
    }
    if let Err(r) = vm::call_method(cx, stdout, "flush", &[]) {
        cx.take_raised(r);
    }
    let line = vm::call_method(cx, stdin, "readline", &[])?;
    let Some(s) = StrObj::of(line) else {
        return Err(cx.type_error("object.readline() returned non-string"));
    };
    if s.is_empty() {
        return Err(cx.raise_str(Ty::EOFError, "EOF when reading a line"));
    }
    let n = s.len();
    if s.str_ref().get(n - 1) == Some(10) {
        return cx.str_from(s.str_ref().slice(0, n - 1));
    }
    Ok(line)
}
