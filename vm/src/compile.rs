//! From source text or bytes to code objects, with Python's exceptions and warnings.

use crate::call::call_kw;
use crate::errors::lookup_sys;
use protocore::layouts::ExcObj;
use protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_compiler::{CompileError, ErrorKind, Options, Warning, WarningKind};
use protopy_text::StrBuf;
use protopy_tokens::source::{self, Decoded, Origin};
use std::sync::Arc;

/// What compiling a byte costs, as compared to copying one.
const WORK: usize = 16;

/// Compiles source text to a code object.
pub fn compile_text(cx: &mut Ctx, text: &str, options: &Options) -> PyResult {
    let made =
        cx.computing(text.len().saturating_mul(WORK), || protopy_compiler::compile_source(text, options));
    finish(cx, made, options)
}

/// Makes a code object of what the compiler answered.
pub fn finish(
    cx: &mut Ctx,
    made: Result<(protopy_bytecode::CodeData, Vec<Warning>), CompileError>,
    options: &Options,
) -> PyResult {
    match made {
        Ok((data, warnings)) => {
            for w in &warnings {
                issue(cx, w, options)?;
            }
            crate::code::make_code(cx, Arc::new(data))
        }
        Err(e) => Err(raise_compile_error(cx, &e, options)),
    }
}

/// Issues a warning of the compiler; an `Err` if the filters turn it into an exception.
pub fn issue(cx: &mut Ctx, w: &Warning, options: &Options) -> PyResult<()> {
    let ty = match w.category {
        WarningKind::Syntax => Ty::SyntaxWarning,
        _ => Ty::DeprecationWarning,
    };
    let Ok(module) = crate::call::import(cx, "_warnings") else {
        return Ok(());
    };
    let f = crate::attr::get_attr_str(cx, module, "warn_explicit")?;
    let msg = cx.str(&w.message);
    let cat = cx.ty(ty).value();
    let file = cx.str(&options.filename);
    let line = Value::small(i64::from(w.line));
    let mut args = vec![msg, cat, file, line];
    if let Some(m) = &options.module_name {
        args.push(cx.str(m));
    }
    match call_kw(cx, f, &args, &[]) {
        Ok(_) => Ok(()),
        Err(r) => {
            let e = cx.take_raised(r);
            // A warning turned into an error is a SyntaxError at its place, as CPython reports it.
            if ty == Ty::SyntaxWarning && cx.is_instance(e, Ty::SyntaxWarning) {
                // The error speaks of now, the warning of the future.
                let text = w.message.replace("Such sequences will not work in the future. ", "");
                let mut err = CompileError::bare(ErrorKind::Syntax, text);
                err.lineno = Some(w.line);
                err.end_lineno = Some(w.end_line);
                err.offset = i32::try_from(w.col).ok().map(|c| c + 1);
                err.end_offset = i32::try_from(w.end_col).ok().map(|c| c + 1);
                return Err(raise_compile_error(cx, &err, options));
            }
            Err(cx.set_raised(e))
        }
    }
}

fn opt_int(cx: &mut Ctx, n: Option<impl Into<i64>>) -> Value {
    n.map_or(Value::NONE, |n| cx.int(n.into()))
}

/// Raises what a compile error stands for.
#[cold]
pub fn raise_compile_error(cx: &mut Ctx, e: &CompileError, options: &Options) -> Raised {
    for w in &e.warnings {
        if let Err(raised) = issue(cx, w, options) {
            return raised;
        }
    }
    let ty = match e.kind {
        ErrorKind::Syntax => Ty::SyntaxError,
        ErrorKind::Indentation => Ty::IndentationError,
        ErrorKind::Tab => Ty::TabError,
        ErrorKind::Incomplete => Ty::IncompleteInputError,
        ErrorKind::Overflow => return cx.raise_str(Ty::OverflowError, &e.msg),
        ErrorKind::Recursion => return cx.raise_str(Ty::RecursionError, &e.msg),
        ErrorKind::Value => return cx.raise_str(Ty::ValueError, &e.msg),
        ErrorKind::Memory => return cx.raise_str(Ty::MemoryError, &e.msg),
    };
    let file = cx.str(&options.filename);
    // What is found behind the parser shows a line of the file, as far as there is one.
    let shown = e.source.is_some() || std::path::Path::new(&*options.filename).is_file();
    let text = match &e.text {
        Some(t) if shown => cx.str(t),
        _ => Value::NONE,
    };
    let place = [
        file,
        opt_int(cx, e.lineno),
        opt_int(cx, e.offset),
        text,
        opt_int(cx, e.end_lineno),
        opt_int(cx, e.end_offset),
    ];
    let raised = syntax_error(cx, ty, &e.msg, place);
    if let Some(source) = e.source.as_ref().filter(|_| !e.msg.starts_with("multiple statements")) {
        let exc = cx.take_raised(raised);
        let source = cx.str(source);
        let metadata = cx.tuple(&[Value::small(0), Value::small(0), source]);
        if let Some(x) = ExcObj::of(exc) {
            cx.store(exc, &x.fields[METADATA], metadata);
        }
        return cx.set_raised(exc);
    }
    raised
}

/// The field of a SyntaxError that tells `traceback` what the parser was given.
const METADATA: usize = 8;

/// Raises a SyntaxError with (file name, line, offset, text, end line, end offset).
#[cold]
pub fn syntax_error(cx: &mut Ctx, ty: Ty, msg: &str, place: [Value; 6]) -> Raised {
    let m = cx.str(msg);
    let details = cx.tuple(&place);
    let t = cx.ty(ty);
    let exc = cx.new_exception(t, &[m, details]);
    if let Some(x) = ExcObj::of(exc) {
        x.fields[0].init(Some(m));
        for (i, v) in place.iter().enumerate() {
            x.fields[i + 1].init(v.not_none());
        }
    }
    cx.set_raised(exc)
}

/// Raises a SyntaxError that is about no place.
#[cold]
pub fn plain_syntax_error(cx: &mut Ctx, msg: &str) -> Raised {
    let m = cx.str(msg);
    let t = cx.ty(Ty::SyntaxError);
    let exc = cx.new_exception(t, &[m]);
    if let Some(x) = ExcObj::of(exc) {
        x.fields[0].init(Some(m));
    }
    cx.set_raised(exc)
}

/// Decodes source bytes as CPython does; SyntaxError.
pub fn decode_source(cx: &mut Ctx, bytes: &[u8], filename: &str, from_file: bool) -> PyResult<String> {
    let origin = if from_file { Origin::File(filename) } else { Origin::Bytes };
    match source::decode(bytes, origin) {
        Ok(Decoded::Text { text, .. }) => Ok(text),
        Ok(Decoded::NeedsCodec { name, skip }) => {
            let rest = bytes.get(skip..).unwrap_or(&[]);
            match crate::codec::decode(cx, rest, &name, "strict") {
                Ok(v) => {
                    let text =
                        protocore::layouts::StrObj::of(v).map_or_else(String::new, |s| s.to_string_lossy());
                    Ok(source::normalize_newlines(text))
                }
                Err(r) => {
                    let e = cx.take_raised(r);
                    let text = crate::ops::str_text(cx, e)?;
                    let unknown =
                        cx.is_instance(e, Ty::LookupError) && !text.contains("is not a text encoding");
                    let err = if unknown {
                        source::unknown_encoding(&name)
                    } else {
                        source::SourceError::whole(text)
                    };
                    Err(raise_source_error(cx, &err, filename))
                }
            }
        }
        Err(e) => Err(raise_source_error(cx, &e, filename)),
    }
}

/// Raises the SyntaxError of undecodable source.
#[cold]
pub fn raise_source_error(cx: &mut Ctx, e: &source::SourceError, filename: &str) -> Raised {
    let file = cx.str(filename);
    let n = Value::NONE;
    let mut place = [file, n, n, n, n, n];
    if let Some(p) = &e.place {
        place[1] = cx.int_usize(p.lineno);
        place[2] = cx.int(p.offset as i64);
        if let Some(t) = &p.text {
            place[3] = cx.str(t);
        }
        if let Some((line, offset)) = p.end {
            place[4] = cx.int_usize(line);
            place[5] = cx.int(offset as i64);
        }
    }
    syntax_error(cx, Ty::SyntaxError, &e.msg, place)
}

/// Options that follow the interpreter's flags (`-O`) and limits.
pub fn default_options(cx: &mut Ctx, mode: protopy_compiler::Mode, filename: &str) -> Options {
    let mut o = Options::new(mode, filename);
    o.optimize = optimize_level(cx);
    let digits = cx.space().int_max_str_digits.load(std::sync::atomic::Ordering::Relaxed);
    o.max_int_digits = usize::try_from(digits).unwrap_or(0);
    o
}

/// `sys.flags.optimize`
pub fn optimize_level(cx: &mut Ctx) -> u8 {
    let Some(flags) = lookup_sys(cx, "flags") else { return 0 };
    let n = crate::attr::lookup_attr_str(cx, flags, "optimize");
    match n {
        Ok(Some(v)) => v.as_small().unwrap_or(0).clamp(0, 2) as u8,
        Ok(None) => 0,
        Err(r) => {
            cx.take_raised(r);
            0
        }
    }
}

/// Compiles and runs a module's source in a namespace.
pub fn run_source(cx: &mut Ctx, text: &str, filename: &str, globals: Value) -> PyResult {
    let o = default_options(cx, protopy_compiler::Mode::Exec, filename);
    let code = compile_text(cx, text, &o)?;
    run_code(cx, code, globals, globals)
}

/// Runs a code object without free variables in the given namespaces.
pub fn run_code(cx: &mut Ctx, code: Value, globals: Value, locals: Value) -> PyResult {
    let f = crate::functions::new_function(cx, code, globals, None)?;
    crate::interp::run_in_namespace(cx, f, locals)
}

/// Text of a builder as UTF-8, for callers that compile strings.
pub fn buf_text(b: &StrBuf) -> Option<String> {
    b.as_ref().chars().map(char::from_u32).collect()
}
