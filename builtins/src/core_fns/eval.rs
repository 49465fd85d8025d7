//! `compile`, `exec` and `eval`.

use protopy_compiler::Mode;
use protopy_vm::compile;
use protopy_vm::methods;
use protopy_vm::names::{N, name};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{CellObj, CodeObj, FunctionObj, MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Root, Ty, Value};
use protopy_vm::{self as vm};

/// The functions.
pub static COMPILE_FUNCTIONS: &[MethodDef] = methods![functions:
    /// A code object (or syntax tree) of source text, bytes or a syntax tree.
    "compile(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)" => compile_fn;
    /// Runs source or a code object.
    "exec(source, /, globals=None, locals=None, *, closure=None)" => exec;
    /// The value of an expression.
    "eval(source, /, globals=None, locals=None)" => eval;
];

const ONLY_AST: i64 = 0x400;
const OPTIMIZED_AST: i64 = 0x8400;
const DONT_IMPLY_DEDENT: i64 = 0x200;
const TYPE_COMMENTS: i64 = 0x1000;
const TOP_LEVEL_AWAIT: i64 = 0x2000;
const INCOMPLETE_INPUT: i64 = 0x4000;
const SOURCE_IS_UTF8: i64 = 0x100;
const IGNORE_COOKIE: i64 = 0x800;
const FUTURE_MASK: i64 = 0x1fe_0000;

/// Source argument of `compile`, `exec` and `eval` as text.
pub fn source_text(cx: &mut Ctx, v: Value, fname: &str, what: &str, file: &str) -> PyResult<String> {
    if let Some(s) = StrObj::of(v) {
        return match s.to_utf8() {
            Some(t) => Ok(t),
            None => {
                let at = s.str_ref().chars().position(|c| char::from_u32(c).is_none()).unwrap_or(0);
                let utf8 = vm::codec::encode(cx, v, "utf-8", "strict");
                match utf8 {
                    Ok(_) => Err(cx.value_error(&format!("surrogates not allowed at {at}"))),
                    Err(r) => Err(r),
                }
            }
        };
    }
    match vm::buffers::buffer_to_vec(cx, v) {
        Ok(b) => compile::decode_source(cx, &b, file, false),
        Err(r) => {
            let e = cx.take_raised(r);
            if !cx.is_instance(e, Ty::TypeError) {
                return Err(cx.set_raised(e));
            }
            let msg = format!("{fname}() arg 1 must be a {what}");
            Err(cx.type_error(&msg))
        }
    }
}

fn compile_fn(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let file = vm::codec::fspath_text(cx, a[1])?;
    let filename = StrObj::of(file).map_or_else(String::new, StrObj::to_string_lossy);
    let Some(mode_text) = StrObj::of(a[2]).map(StrObj::to_string_lossy) else {
        let msg =
            format!("compile() argument 'mode' must be str, not {}", protopy_vm::ops::tp_name(cx, a[2]));
        return Err(cx.type_error(&msg));
    };
    let flags = vm::index_i64(cx, a[3], Ty::OverflowError)?;
    let known = ONLY_AST
        | OPTIMIZED_AST
        | DONT_IMPLY_DEDENT
        | TYPE_COMMENTS
        | TOP_LEVEL_AWAIT
        | INCOMPLETE_INPUT
        | SOURCE_IS_UTF8
        | IGNORE_COOKIE
        | FUTURE_MASK
        | 0x10;
    if flags & !known != 0 {
        return Err(cx.value_error("compile(): unrecognised flags"));
    }
    let optimize = vm::index_i64(cx, a[5], Ty::OverflowError)?;
    if !(-1..=2).contains(&optimize) {
        return Err(cx.value_error("compile(): invalid optimize value"));
    }
    let mode = match mode_text.as_str() {
        "exec" => Mode::Exec,
        "eval" => Mode::Eval,
        "single" => Mode::Single,
        "func_type" if flags & ONLY_AST != 0 => Mode::FuncType,
        "func_type" => {
            return Err(cx.value_error("compile() mode 'func_type' requires flag PyCF_ONLY_AST"));
        }
        _ if flags & ONLY_AST != 0 => {
            return Err(cx.value_error("compile() mode must be 'exec', 'eval', 'single' or 'func_type'"));
        }
        _ => return Err(cx.value_error("compile() mode must be 'exec', 'eval' or 'single'")),
    };
    let mut o = compile::default_options(cx, mode, &filename);
    if let Ok(n) = u8::try_from(optimize) {
        o.optimize = n;
    }
    o.future_flags = (flags & FUTURE_MASK) as u32;
    if !vm::is_true(cx, a[4])? {
        o.future_flags |= inherited(cx);
    }
    o.dont_imply_dedent = flags & DONT_IMPLY_DEDENT != 0;
    o.allow_incomplete_input = flags & INCOMPLETE_INPUT != 0;
    o.type_comments = flags & TYPE_COMMENTS != 0;
    o.allow_top_level_await = flags & TOP_LEVEL_AWAIT != 0;
    let version = vm::index_i64(cx, a[6], Ty::OverflowError)?;
    if flags & ONLY_AST != 0 && version >= 0 {
        o.feature_version = u8::try_from(version).unwrap_or(u8::MAX);
    }
    if let Some(made) = vm::compile_hooks::compile_tree(cx, a[0], &o, flags)? {
        return Ok(made);
    }
    let text = source_text(cx, a[0], "compile", "string, bytes or AST object", &filename)?;
    check_nul(cx, &text)?;
    vm::audit(cx, "compile", &[a[0], file])?;
    if flags & ONLY_AST != 0 {
        return vm::compile_hooks::parse_tree(cx, &text, &o, flags);
    }
    compile::compile_text(cx, &text, &o)
}

fn check_nul(cx: &mut Ctx, text: &str) -> PyResult<()> {
    if text.contains('\0') {
        return Err(compile::plain_syntax_error(cx, "source code string cannot contain null bytes"));
    }
    Ok(())
}

/// `CO_FUTURE_*` flags of the calling code.
fn inherited(cx: &Ctx) -> u32 {
    vm::interp::frame::current(cx).map_or(0, |(f, _)| f.code().flags & FUTURE_MASK as u32)
}

/// Globals and locals of `exec` and `eval`.
fn namespaces(cx: &mut Ctx, fname: &str, globals: Value, locals: Value) -> PyResult<(Value, Value)> {
    let (globals, locals) = match (globals.not_none(), locals.not_none()) {
        (None, l) => {
            let g = vm::frames::current_globals(cx).unwrap_or(Value::NONE);
            let l = match l {
                Some(l) => l,
                None => vm::frames::current_locals(cx)?,
            };
            (g, l)
        }
        (Some(g), None) => (g, g),
        (Some(g), Some(l)) => (g, l),
    };
    if DictObj::of(globals).is_none() {
        let msg = if fname == "eval" {
            if vm::type_lookup_getitem(cx, globals) {
                "globals must be a real dict; try eval(code, {}, mapping)".to_owned()
            } else {
                "globals must be a dict".to_owned()
            }
        } else {
            format!("{fname}() globals must be a dict, not {}", protopy_vm::ops::tp_name(cx, globals))
        };
        return Err(cx.type_error(&msg));
    }
    if cx.type_of(locals).slots.getitem.address() == 0 {
        let msg = if fname == "eval" {
            "locals must be a mapping".to_owned()
        } else {
            format!("locals must be a mapping or None, not {}", protopy_vm::ops::tp_name(cx, locals))
        };
        return Err(cx.type_error(&msg));
    }
    if let Some(g) = DictObj::of(globals) {
        let n = name(cx, N::Builtins);
        if !vm::dict_contains(cx, g, n)? {
            let b = cx.root(Root::Builtins);
            vm::dict_set(cx, g, n, b)?;
        }
    }
    Ok((globals, locals))
}

fn exec(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let closure = a[3].not_none();
    let (globals, locals) = namespaces(cx, "exec", a[1], a[2])?;
    if let Some(code) = CodeObj::of(a[0]) {
        vm::audit(cx, "exec", &[a[0]])?;
        let nfree = code.rt.data.freevars.len();
        let f = vm::functions::new_function(cx, a[0], globals, None)?;
        match closure.and_then(TupleObj::of) {
            Some(cells)
                if cells.items().len() == nfree
                    && nfree > 0
                    && cells.items().iter().all(|c| CellObj::of(*c).is_some()) =>
            {
                if let Some(fo) = FunctionObj::of(f) {
                    cx.store(f, &fo.closure, cells.value());
                }
            }
            Some(_) if nfree > 0 => {
                let msg = format!("code object requires a closure of exactly length {nfree}");
                return Err(cx.type_error(&msg));
            }
            Some(_) => return Err(cx.type_error("cannot use a closure with this code object")),
            None if nfree > 0 && closure.is_none() => {
                let msg = format!("code object requires a closure of exactly length {nfree}");
                return Err(cx.type_error(&msg));
            }
            None if closure.is_some() => {
                let msg = format!("code object requires a closure of exactly length {nfree}");
                return Err(cx.type_error(&msg));
            }
            None => {}
        }
        vm::interp::run_in_namespace(cx, f, locals)?;
        return Ok(Value::NONE);
    }
    if closure.is_some() {
        return Err(cx.type_error("closure can only be used when source is a code object"));
    }
    let text = source_text(cx, a[0], "exec", "string, bytes or code object", "<string>")?;
    check_nul(cx, &text)?;
    let mut o = compile::default_options(cx, Mode::Exec, "<string>");
    o.future_flags = inherited(cx);
    let code = compile::compile_text(cx, &text, &o)?;
    vm::audit(cx, "exec", &[code])?;
    compile::run_code(cx, code, globals, locals)?;
    Ok(Value::NONE)
}

fn eval(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (globals, locals) = namespaces(cx, "eval", a[1], a[2])?;
    if let Some(code) = CodeObj::of(a[0]) {
        if !code.rt.data.freevars.is_empty() {
            return Err(cx.type_error("code object passed to eval() may not contain free variables"));
        }
        vm::audit(cx, "exec", &[a[0]])?;
        return compile::run_code(cx, a[0], globals, locals);
    }
    let text = source_text(cx, a[0], "eval", "string, bytes or code object", "<string>")?;
    check_nul(cx, &text)?;
    let text = text.trim_start_matches([' ', '\t']);
    let mut o = compile::default_options(cx, Mode::Eval, "<string>");
    o.future_flags = inherited(cx);
    let code = compile::compile_text(cx, text, &o)?;
    compile::run_code(cx, code, globals, locals)
}
