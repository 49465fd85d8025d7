//! Calls: the entry for native code, and the binding of arguments to native signatures.

use crate::attr::load_method;
use protocore::dict::DictObj;
use protocore::layouts::{
    BoundMethodObj, FunctionObj, MethodDef, MethodKind, NativeCode, NativeFnObj, Signature, StrObj,
};
use protocore::{Args, Ctx, PyResult, Raised, TypeObj, Value};

/// Calls `f` with positional arguments.
#[inline]
pub fn call(cx: &mut Ctx, f: Value, args: &[Value]) -> PyResult {
    call_args(cx, f, Args::positional(args))
}

/// Calls `f`.
pub fn call_args(cx: &mut Ctx, f: Value, args: Args<'_>) -> PyResult {
    if FunctionObj::of(f).is_some() {
        return crate::interp::run_function(cx, f, args);
    }
    if let Some(m) = BoundMethodObj::of(f) {
        return call_bound(cx, m, args);
    }
    if let Some(n) = NativeFnObj::of(f) {
        return call_native(cx, f, n, args);
    }
    match cx.type_of(f).slots.call.get() {
        Some(c) => {
            cx.check_native_stack("")?;
            c(cx, f, args)
        }
        None => Err(not_callable(cx, f)),
    }
}

/// Raises "'T' object is not callable".
#[cold]
pub fn not_callable(cx: &mut Ctx, f: Value) -> Raised {
    let msg = format!("'{}' object is not callable", crate::ops::tp_name(cx, f));
    cx.type_error(&msg)
}

/// Calls a bound method: the object becomes the first argument.
pub fn call_bound(cx: &mut Ctx, m: &BoundMethodObj, args: Args<'_>) -> PyResult {
    let (func, this) = (m.func.get_or_none(), m.this.get_or_none());
    prepend(cx, this, args, |cx, args| call_args(cx, func, args))
}

/// Runs `f` with `first` put before the arguments.
pub fn prepend<R>(cx: &mut Ctx, first: Value, args: Args<'_>, f: impl FnOnce(&mut Ctx, Args<'_>) -> R) -> R {
    let all = args.all();
    let names = args.names();
    let make = |v| match names {
        Some(n) => Args::with_names(v, n),
        None => Args::positional(v),
    };
    const SMALL: usize = 8;
    if all.len() < SMALL {
        let mut buf = [Value::NONE; SMALL];
        buf[0] = first;
        buf[1..=all.len()].copy_from_slice(all);
        return f(cx, make(&buf[..=all.len()]));
    }
    let mut v = Vec::with_capacity(all.len() + 1);
    v.push(first);
    v.extend_from_slice(all);
    // The caller keeps its arguments alive in registers or on its stack.
    f(cx, make(&v))
}

/// Calls with keyword arguments given as text.
pub fn call_kw(cx: &mut Ctx, f: Value, pos: &[Value], kw: &[(&str, Value)]) -> PyResult {
    let mut names = Vec::with_capacity(kw.len());
    for (n, _) in kw {
        names.push(cx.intern_str(n));
    }
    let names = cx.tuple_of(None, &names)?;
    let all: Vec<Value> = pos.iter().copied().chain(kw.iter().map(|(_, v)| *v)).collect();
    let held = cx.tuple_of(None, &all)?;
    let r = call_args(cx, f, Args::with_names(&all, names));
    crate::roots::keep_alive(held);
    r
}

/// `obj.name(*args)`.
pub fn call_method(cx: &mut Ctx, obj: Value, method: &str, args: &[Value]) -> PyResult {
    let n = cx.intern_str(method);
    call_method_name(cx, obj, n, args)
}

/// `obj.name(*args)` with an interned name.
pub fn call_method_name(cx: &mut Ctx, obj: Value, n: Value, args: &[Value]) -> PyResult {
    let (f, with_self) = load_method(cx, obj, n)?;
    if with_self {
        prepend(cx, obj, Args::positional(args), |cx, a| call_args(cx, f, a))
    } else {
        call(cx, f, args)
    }
}

// ---------------------------------------------------------------------------------------------------- native functions

/// Calls a native function object: a module's function, a bound builtin method, or a method descriptor with the object as
/// first argument.
pub fn call_native(cx: &mut Ctx, f: Value, n: &NativeFnObj, args: Args<'_>) -> PyResult {
    cx.check_native_stack("")?;
    let def = n.def;
    match def.kind {
        MethodKind::Method | MethodKind::Class => match n.this.get() {
            Some(this) => call_def_of(cx, Some(n), def, Some(this), args),
            None => call_descriptor(cx, f, n, args),
        },
        MethodKind::Function => match def.code {
            NativeCode::Raw(raw) => raw(cx, n.this.get().unwrap_or(Value::UNBOUND), args),
            NativeCode::Bound(_) => call_def_of(cx, Some(n), def, None, args),
        },
        MethodKind::Static => match def.code {
            NativeCode::Raw(raw) => raw(cx, Value::UNBOUND, args),
            NativeCode::Bound(_) => call_def_of(cx, Some(n), def, None, args),
        },
    }
}

/// Calls an unbound method descriptor: `str.upper("x")`.
fn call_descriptor(cx: &mut Ctx, f: Value, n: &NativeFnObj, args: Args<'_>) -> PyResult {
    let owner = n.owner.get().and_then(TypeObj::of);
    let Some(this) = args.pos().first().copied() else {
        let owner = owner.map_or_else(String::new, crate::errors::type_text);
        let msg = match n.def.kind {
            MethodKind::Class => format!("descriptor '{}' of '{owner}' object needs an argument", n.def.name),
            _ => format!("unbound method {owner}.{}() needs an argument", n.def.name),
        };
        return Err(cx.type_error(&msg));
    };
    check_receiver(cx, n, this)?;
    let _ = f;
    let rest = &args.all()[1..];
    let rest = match args.names() {
        Some(names) => Args::with_names(rest, names),
        None => Args::positional(rest),
    };
    call_def_of(cx, Some(n), n.def, Some(this), rest)
}

/// Checks that a method descriptor applies to an object.
pub fn check_receiver(cx: &mut Ctx, n: &NativeFnObj, this: Value) -> PyResult<()> {
    let Some(owner) = n.owner.get().and_then(TypeObj::of) else { return Ok(()) };
    if n.def.kind == MethodKind::Class {
        return match TypeObj::of(this) {
            Some(t) if t.is_subtype(owner.value()) => Ok(()),
            Some(t) => {
                let msg = format!(
                    "descriptor '{}' requires a subtype of '{}' but received '{}'",
                    n.def.name,
                    crate::ops::type_tp_name(cx, owner),
                    crate::ops::type_tp_name(cx, t)
                );
                Err(cx.type_error(&msg))
            }
            None => {
                let msg = format!(
                    "descriptor '{}' for type '{}' needs a type, not a '{}' as arg 2",
                    n.def.name,
                    crate::ops::type_tp_name(cx, owner),
                    crate::ops::tp_name(cx, this)
                );
                Err(cx.type_error(&msg))
            }
        };
    }
    if cx.type_of(this).is_subtype(owner.value()) {
        return Ok(());
    }
    let msg = format!(
        "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
        n.def.name,
        crate::ops::type_tp_name(cx, owner),
        crate::ops::tp_name(cx, this)
    );
    Err(cx.type_error(&msg))
}

/// Calls a description with its receiver (none for functions).
pub fn call_def(cx: &mut Ctx, def: &'static MethodDef, this: Option<Value>, args: Args<'_>) -> PyResult {
    call_def_of(cx, None, def, this, args)
}

/// As [`call_def`] for a function object, which error messages name.
fn call_def_of(
    cx: &mut Ctx,
    n: Option<&NativeFnObj>,
    def: &'static MethodDef,
    this: Option<Value>,
    args: Args<'_>,
) -> PyResult {
    match def.code {
        NativeCode::Raw(raw) => raw(cx, this.unwrap_or(Value::UNBOUND), args),
        NativeCode::Bound(f) => bind_native(cx, Callee { n, def }, this, args, f),
    }
}

/// What is called, for error messages.
#[derive(Clone, Copy)]
struct Callee<'a> {
    n: Option<&'a NativeFnObj>,
    def: &'static MethodDef,
}

impl Callee<'_> {
    /// How CPython names functions that take no or one argument: with class or module.
    fn qualified(self) -> String {
        let text = |v: Option<Value>| v.and_then(StrObj::of).map(StrObj::to_string_lossy);
        let qualname = |t: &TypeObj| text(t.qualname.get());
        let prefix = self.n.and_then(|n| match self.def.kind {
            MethodKind::Function => text(n.module.get()).filter(|m| m != "builtins"),
            _ => n.owner.get().and_then(TypeObj::of).and_then(qualname),
        });
        match prefix {
            Some(p) => format!("{p}.{}", self.def.name),
            None => self.def.name.to_owned(),
        }
    }
}

/// The parsed signature of a description.
pub fn signature(def: &'static MethodDef) -> &'static Signature {
    def.parsed.get_or_init(|| parse_signature(def.sig))
}

/// Parses a text signature. A default that is None, True, False or a small integer literal is that value; any other default
/// makes the parameter optional and arrives as "unbound".
pub fn parse_signature(text: &'static str) -> Signature {
    let inner = text.trim().trim_start_matches('(');
    let inner = inner.strip_suffix(')').unwrap_or(inner);
    let mut s = Signature {
        names: Vec::new(),
        defaults: Vec::new(),
        posonly: 0,
        positional: 0,
        kwonly: 0,
        varargs: false,
        varkw: false,
        required: 0,
    };
    let mut star = false;
    for part in split_params(inner) {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        if part == "/" {
            s.posonly = s.names.len();
        } else if part == "*" {
            star = true;
        } else if part.starts_with("**") {
            s.varkw = true;
        } else if part.starts_with('*') {
            s.varargs = true;
            star = true;
        } else {
            let (n, default) = match part.split_once('=') {
                Some((n, d)) => (n.trim(), Some(literal(d.trim()))),
                None => (part, None),
            };
            let n = n.strip_prefix('$').unwrap_or(n);
            if star {
                s.kwonly += 1;
            } else {
                s.positional += 1;
                if default.is_none() {
                    s.required = s.positional;
                }
            }
            s.names.push(n);
            s.defaults.push(default);
        }
    }
    s
}

fn split_params(inner: &'static str) -> Vec<&'static str> {
    let mut parts = Vec::new();
    let (mut depth, mut start, mut quote) = (0i32, 0usize, None);
    for (i, c) in inner.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{' | '<') => depth += 1,
            (None, ')' | ']' | '}' | '>') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(&inner[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    parts
}

fn literal(d: &str) -> Value {
    match d {
        "None" => Value::NONE,
        "True" => Value::TRUE,
        "False" => Value::FALSE,
        _ => d.parse::<i32>().map_or(Value::UNBOUND, |n| Value::small(i64::from(n))),
    }
}

const MAX_BOUND: usize = 16;

/// Runs the code of a description whose parameters are all positional: with the arguments, the receiver of a method first, and
/// defaults for the last few. `None`, with nothing done, for others.
#[inline]
pub fn call_by_position(
    cx: &mut Ctx,
    def: &'static MethodDef,
    code: protocore::layouts::BoundFn,
    args: &[Value],
) -> Option<PyResult> {
    const FEW: usize = 6;
    let sig = def.parsed.get()?;
    let total = sig.names.len();
    if sig.positional != total || sig.varargs || sig.varkw {
        return None;
    }
    if let Err(r) = cx.check_native_stack("") {
        return Some(Err(r));
    }
    if args.len() == total {
        return Some(code(cx, args));
    }
    let mut all = [Value::UNBOUND; FEW];
    let all = all.get_mut(..total)?;
    let (given, rest) = all.split_at_mut_checked(args.len())?;
    given.copy_from_slice(args);
    for (to, default) in rest.iter_mut().zip(sig.defaults.get(args.len()..)?) {
        *to = (*default)?;
    }
    Some(code(cx, all))
}

/// Binds arguments to a signature and calls the function.
fn bind_native(
    cx: &mut Ctx,
    callee: Callee<'_>,
    this: Option<Value>,
    args: Args<'_>,
    f: protocore::layouts::BoundFn,
) -> PyResult {
    let sig = signature(callee.def);
    let shift = usize::from(this.is_some());
    let pos = args.pos();
    let total = sig.names.len() + usize::from(sig.varargs) + usize::from(sig.varkw);
    // The usual case: positional arguments only, each parameter given.
    if args.names().is_none() && pos.len() + shift == total && sig.positional == total {
        return match this {
            None => f(cx, pos),
            Some(this) if total <= MAX_BOUND => {
                let mut buf = [Value::UNBOUND; MAX_BOUND];
                buf[0] = this;
                buf[1..total].copy_from_slice(pos);
                f(cx, &buf[..total])
            }
            Some(this) => {
                let all: Vec<Value> = std::iter::once(this).chain(pos.iter().copied()).collect();
                f(cx, &all)
            }
        };
    }
    let mut buf = [Value::UNBOUND; MAX_BOUND];
    if total > MAX_BOUND {
        let mut big = vec![Value::UNBOUND; total];
        fill(cx, callee, sig, this, args, &mut big)?;
        let held = cx.tuple_of(None, &big)?;
        let r = f(cx, &big);
        crate::roots::keep_alive(held);
        return r;
    }
    fill(cx, callee, sig, this, args, &mut buf[..total])?;
    f(cx, &buf[..total])
}

fn fill(
    cx: &mut Ctx,
    callee: Callee<'_>,
    sig: &Signature,
    this: Option<Value>,
    args: Args<'_>,
    out: &mut [Value],
) -> PyResult<()> {
    let shift = usize::from(this.is_some());
    if let (Some(this), Some(first)) = (this, out.first_mut()) {
        *first = this;
    }
    let pos = args.pos();
    let room = sig.positional.saturating_sub(shift);
    let taken = pos.len().min(room);
    out[shift..shift + taken].copy_from_slice(&pos[..taken]);
    if sig.varargs {
        out[sig.names.len()] = cx.tuple_of(None, &pos[taken..])?;
    } else if pos.len() > room {
        return Err(too_many(cx, callee, sig, shift, args));
    }
    let mut extra = None;
    if sig.varkw {
        extra = Some(cx.dict());
    }
    for (n, v) in args.kw() {
        bind_keyword(cx, callee, sig, shift, n, v, taken, extra, out)?;
    }
    if let (Some(d), Some(last)) = (extra, out.last_mut()) {
        *last = d;
    }
    #[allow(clippy::needless_range_loop)]
    for i in shift..sig.names.len() {
        if out[i].is_unbound() {
            match sig.defaults[i] {
                Some(d) => out[i] = d,
                None => return Err(missing(cx, callee, sig, shift, args, i)),
            }
        }
    }
    Ok(())
}

#[allow(clippy::too_many_arguments)]
fn bind_keyword(
    cx: &mut Ctx,
    callee: Callee<'_>,
    sig: &Signature,
    shift: usize,
    n: Value,
    v: Value,
    taken: usize,
    extra: Option<Value>,
    out: &mut [Value],
) -> PyResult<()> {
    let def = callee.def;
    let Some(s) = StrObj::of(n) else { return Err(cx.type_error("keywords must be strings")) };
    let found = sig.names.iter().enumerate().skip(sig.posonly.max(shift)).find(|(_, p)| s.eq_str(p));
    if let Some((i, p)) = found {
        if !out[i].is_unbound() || i < shift + taken {
            let msg =
                format!("argument for {}() given by name ('{p}') and position ({})", def.name, i + 1 - shift);
            return Err(cx.type_error(&msg));
        }
        out[i] = v;
        return Ok(());
    }
    if let Some(d) = extra.and_then(DictObj::of) {
        return match cx.dict_set_str(d, n, v) {
            Some(()) => Ok(()),
            None => Err(cx.no_memory()),
        };
    }
    let text = s.to_string_lossy();
    let msg = if sig.names.len() <= sig.posonly.max(shift) {
        format!("{}() takes no keyword arguments", callee.qualified())
    } else {
        format!("{}() got an unexpected keyword argument '{text}'", def.name)
    };
    Err(cx.type_error(&msg))
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

#[cold]
fn too_many(cx: &mut Ctx, callee: Callee<'_>, sig: &Signature, shift: usize, args: Args<'_>) -> Raised {
    let def = callee.def;
    let max = sig.positional - shift;
    let min = sig.required.saturating_sub(shift);
    let given = args.pos().len();
    let msg = if sig.posonly == sig.names.len() {
        counted(callee, min, max, given)
    } else if max == 0 {
        format!("{}() takes no positional arguments", def.name)
    } else {
        // More than there are parameters of any kind: positional ones are not told apart.
        let beyond = given + args.nkw() > sig.names.len() - shift;
        let how = if min == max && !beyond { "exactly" } else { "at most" };
        let word = if beyond { "" } else { "positional " };
        format!("{}() takes {how} {max} {word}argument{} ({given} given)", def.name, plural(max))
    };
    cx.type_error(&msg)
}

fn counted(callee: Callee<'_>, min: usize, max: usize, given: usize) -> String {
    if max == 0 {
        return format!("{}() takes no arguments ({given} given)", callee.qualified());
    }
    let def = callee.def;
    if min == max {
        return match max {
            1 => format!("{}() takes exactly one argument ({given} given)", callee.qualified()),
            _ => format!("{} expected {max} arguments, got {given}", def.name),
        };
    }
    if given < min {
        format!("{} expected at least {min} argument{}, got {given}", def.name, plural(min))
    } else {
        format!("{} expected at most {max} argument{}, got {given}", def.name, plural(max))
    }
}

#[cold]
fn missing(
    cx: &mut Ctx,
    callee: Callee<'_>,
    sig: &Signature,
    shift: usize,
    args: Args<'_>,
    i: usize,
) -> Raised {
    let def = callee.def;
    let max = sig.positional - shift;
    let min = sig.required.saturating_sub(shift);
    let given = args.pos().len();
    let msg = if sig.posonly == sig.names.len() {
        counted(callee, min, max, given)
    } else {
        match sig.names.get(i) {
            Some(n) if i >= sig.posonly => {
                format!("{}() missing required argument '{n}' (pos {})", def.name, i + 1 - shift)
            }
            _ => format!(
                "{}() takes at least {min} positional argument{} ({given} given)",
                def.name,
                plural(min)
            ),
        }
    };
    cx.type_error(&msg)
}

// ---------------------------------------------------------------------------------------------------- imports

/// Imports a module by absolute name and answers the module itself (not its top package).
pub fn import(cx: &mut Ctx, module: &str) -> PyResult {
    let n = cx.intern_str(module);
    // A module that another thread is still loading is waited for.
    crate::imports::find_and_load(cx, n)
}

/// `from module import attr`.
pub fn import_attr(cx: &mut Ctx, module: &str, attr: &str) -> PyResult {
    let m = import(cx, module)?;
    crate::attr::get_attr_str(cx, m, attr)
}

/// Runs a class body in the namespace `ns`; its result.
pub fn run_class_body(cx: &mut Ctx, func: Value, ns: Value) -> PyResult {
    crate::interp::run_in_namespace(cx, func, ns)
}
