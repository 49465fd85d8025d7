//! Binding call arguments to the parameters of a Python function.

use super::frame::Frame;
use protocore::dict::DictObj;
use protocore::layouts::{CodeObj, FunctionObj, StrObj, TupleObj};
use protocore::{Args, Ctx, PyResult, Raised, Value};
use protopy_bytecode::CodeFlags;

const SMALL: usize = 16;

/// Binds `args` into the window's parameter registers and makes the other locals unbound. The arguments may lie in the window.
pub fn bind(cx: &mut Ctx, f: &FunctionObj, code: &CodeObj, args: Args<'_>, w: Frame) -> PyResult<()> {
    let n = args.all().len();
    if code.simple && args.names().is_none() && n == code.argcount as usize {
        for (i, v) in args.all().iter().enumerate() {
            w.set(i, *v);
        }
        for i in n..code.init_regs as usize {
            w.set(i, Value::UNBOUND);
        }
        return Ok(());
    }
    if n <= SMALL {
        let mut copy = [Value::NONE; SMALL];
        copy[..n].copy_from_slice(args.all());
        return bind_copy(cx, f, code, &copy[..n], args.names(), w);
    }
    // The copy is kept where the collector sees it, since binding allocates.
    let held = cx.keep.len();
    let copy = args.all().to_vec();
    cx.keep.extend_from_slice(&copy);
    let r = bind_copy(cx, f, code, &copy, args.names(), w);
    cx.keep.truncate(held);
    r
}

fn bind_copy(
    cx: &mut Ctx,
    f: &FunctionObj,
    code: &CodeObj,
    all: &[Value],
    names: Option<Value>,
    w: Frame,
) -> PyResult<()> {
    let names: &[Value] = names.and_then(TupleObj::of).map_or(&[], |t| t.items());
    let npos = all.len().saturating_sub(names.len());
    let argc = code.argcount as usize;
    let total = argc + code.kwonly as usize;
    let varargs = code.flags & CodeFlags::VARARGS != 0;
    let varkw = code.flags & CodeFlags::VARKEYWORDS != 0;
    for i in 0..code.init_regs as usize {
        w.set(i, Value::UNBOUND);
    }
    let taken = npos.min(argc);
    for (i, v) in all[..taken].iter().enumerate() {
        w.set(i, *v);
    }
    // The window may lie above what the collector scans: what is made here is kept alive to the end.
    let mut rest = Value::NONE;
    if varargs {
        rest = cx.tuple_of(None, &all[taken..npos])?;
        w.set(total, rest);
    }
    let mut extra = None;
    if varkw {
        let d = cx.dict();
        extra = DictObj::of(d);
        if let Some(dict) = extra.filter(|_| names.len() > SMALL)
            && cx.dict_grow(dict, names.len()).is_none()
        {
            return Err(cx.no_memory());
        }
        w.set(total + usize::from(varargs), d);
    }
    for (n, v) in names.iter().zip(&all[npos..]) {
        cx.breathe();
        bind_keyword(cx, f, code, names, *n, *v, extra, w)?;
    }
    if npos > argc && !varargs {
        return Err(too_many(cx, f, code, npos, w));
    }
    let r = fill_defaults(cx, f, code, npos, w);
    if code.flags & CodeFlags::OPTIMIZED == 0 {
        // A function made of the code of a module: its namespace is that of the globals.
        w.set(0, f.globals.get_or_none());
    }
    crate::roots::keep_alive(rest);
    crate::roots::keep_alive(extra.map_or(Value::NONE, DictObj::value));
    r
}

fn varname(code: &CodeObj, i: usize) -> Value {
    TupleObj::of(code.rt.varnames).and_then(|t| t.items().get(i).copied()).unwrap_or(Value::NONE)
}

#[allow(clippy::too_many_arguments)]
fn bind_keyword(
    cx: &mut Ctx,
    f: &FunctionObj,
    code: &CodeObj,
    all_names: &[Value],
    n: Value,
    v: Value,
    extra: Option<&DictObj>,
    w: Frame,
) -> PyResult<()> {
    let Some(s) = StrObj::of(n) else {
        let msg = format!("{}() keywords must be strings", func_name(f));
        return Err(cx.type_error(&msg));
    };
    let total = (code.argcount + code.kwonly) as usize;
    let posonly = code.rt.data.posonlyargcount as usize;
    let params = TupleObj::of(code.rt.varnames).map_or(&[][..], |t| t.items());
    let params = &params[..total.min(params.len())];
    let find = |from: usize| {
        params
            .iter()
            .skip(from)
            .position(|p| p.is(n))
            .or_else(|| params.iter().skip(from).position(|p| StrObj::of(*p).is_some_and(|p| p.same(s))))
    };
    if let Some(i) = find(posonly) {
        let i = i + posonly;
        if !w.get(i).is_unbound() {
            let msg =
                format!("{}() got multiple values for argument '{}'", func_name(f), s.to_string_lossy());
            return Err(cx.type_error(&msg));
        }
        w.set(i, v);
        return Ok(());
    }
    if let Some(d) = extra {
        return crate::dicts::dict_set(cx, d, n, v);
    }
    let given = |p: &&Value| {
        StrObj::of(**p).is_some_and(|p| all_names.iter().any(|n| StrObj::of(*n).is_some_and(|n| n.same(p))))
    };
    let clash: Vec<String> = params[..posonly].iter().filter(given).map(|p| text(*p)).collect();
    let msg = if clash.is_empty() {
        let mut msg =
            format!("{}() got an unexpected keyword argument '{}'", func_name(f), s.to_string_lossy());
        if let Some(best) = suggestion(&s.to_string_lossy(), &params[posonly..]) {
            msg.push_str(&format!(". Did you mean '{best}'?"));
        }
        msg
    } else {
        format!(
            "{}() got some positional-only arguments passed as keyword arguments: '{}'",
            func_name(f),
            clash.join(", ")
        )
    };
    Err(cx.type_error(&msg))
}

/// The parameter nearest to a mistyped keyword.
fn suggestion(wrong: &str, params: &[Value]) -> Option<String> {
    let names: Vec<String> = params.iter().map(|p| text(*p)).collect();
    crate::suggest::closest(wrong, names.iter().map(String::as_str)).map(str::to_owned)
}

fn text(v: Value) -> String {
    StrObj::of(v).map_or_else(String::new, StrObj::to_string_lossy)
}

fn func_name(f: &FunctionObj) -> String {
    text(f.qualname.get_or_none())
}

fn fill_defaults(cx: &mut Ctx, f: &FunctionObj, code: &CodeObj, npos: usize, w: Frame) -> PyResult<()> {
    let argc = code.argcount as usize;
    if npos < argc {
        let defaults = f.defaults.get().and_then(TupleObj::of).map_or(&[][..], |t| t.items());
        let first = argc.saturating_sub(defaults.len());
        let skip = defaults.len().saturating_sub(argc);
        let mut absent = Vec::new();
        for i in npos..argc {
            if w.get(i).is_unbound() {
                match i.checked_sub(first).and_then(|j| defaults.get(j + skip)) {
                    Some(d) => w.set(i, *d),
                    None => absent.push(varname(code, i)),
                }
            }
        }
        if !absent.is_empty() {
            return Err(missing(cx, f, &absent, "positional"));
        }
    }
    let mut absent = Vec::new();
    for i in argc..argc + code.kwonly as usize {
        if !w.get(i).is_unbound() {
            continue;
        }
        let n = varname(code, i);
        let d = match f.kwdefaults.get().and_then(DictObj::of) {
            Some(d) => crate::dicts::dict_get(cx, d, n)?,
            None => None,
        };
        match d {
            Some(d) => w.set(i, d),
            None => absent.push(n),
        }
    }
    if absent.is_empty() { Ok(()) } else { Err(missing(cx, f, &absent, "keyword-only")) }
}

/// Names quoted and joined as CPython does.
fn name_list(names: &[Value]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("'{}'", text(*n))).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [a, b] => format!("{a} and {b}"),
        [init @ .., last] => format!("{}, and {last}", init.join(", ")),
    }
}

#[cold]
fn missing(cx: &mut Ctx, f: &FunctionObj, names: &[Value], kind: &str) -> Raised {
    let s = if names.len() == 1 { "" } else { "s" };
    let msg = format!(
        "{}() missing {} required {kind} argument{s}: {}",
        func_name(f),
        names.len(),
        name_list(names)
    );
    cx.type_error(&msg)
}

#[cold]
fn too_many(cx: &mut Ctx, f: &FunctionObj, code: &CodeObj, given: usize, w: Frame) -> Raised {
    let argc = code.argcount as usize;
    let defaults = f.defaults.get().and_then(TupleObj::of).map_or(0, |t| t.items().len());
    let kwonly = (argc..argc + code.kwonly as usize).filter(|i| !w.get(*i).is_unbound()).count();
    let takes = if defaults > 0 {
        format!("from {} to {argc}", argc.saturating_sub(defaults))
    } else {
        argc.to_string()
    };
    let plural = if defaults > 0 || argc != 1 { "s" } else { "" };
    let extra = if kwonly > 0 {
        format!(
            " positional argument{} (and {kwonly} keyword-only argument{})",
            if given == 1 { "" } else { "s" },
            if kwonly == 1 { "" } else { "s" }
        )
    } else {
        String::new()
    };
    let was = if given == 1 && kwonly == 0 { "was" } else { "were" };
    let msg = format!(
        "{}() takes {takes} positional argument{plural} but {given}{extra} {was} given",
        func_name(f)
    );
    cx.type_error(&msg)
}
