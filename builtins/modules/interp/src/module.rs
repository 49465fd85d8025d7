//! `_interpreters`.

use crate::excinfo::{self, ExcInfo};
use crate::lease;
use crate::registry::{Config, Interp, Registry, STDLIB, WHENCE};
use crate::shared::{self, Fallback, Shared};
use crate::{enter, state, stateless};
use protopy_bytecode::{CodeData, Const};
use protopy_compiler::Mode;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{CodeObj, FunctionObj, IntRef, NativeFnObj, StrObj, TupleObj};
use protopy_vm::protocore::{Args, Ctx, Held, ProtoSpace, PyResult, Ty, Value};
use protopy_vm::{self as vm, ModuleSpec, code, compile, errors, methods, modules::module_set, repr_text};
use std::sync::Arc;

/// `_interpreters`
pub(crate) static MODULE: ModuleSpec = ModuleSpec {
    name: "_interpreters",
    doc: "Making, running and ending isolated interpreters: what concurrent.interpreters is made of.",
    functions: methods![functions:
        /// The settings of an interpreter by name ('isolated', 'legacy', 'empty' or 'default'), some of them changed.
        "new_config(name='isolated', /, **overrides)" => new_config;
        /// Makes an interpreter; its ID. With reqrefs it ends when nobody refers to it any more.
        "create(config=None, *, reqrefs=False)" => create;
        /// Ends an interpreter; InterpreterError for the current one and for one that runs.
        "destroy(id, *, restrict=False)" => destroy;
        /// The (ID, whence) of all interpreters.
        "list_all(*, require_ready=False)" => list_all;
        /// The (ID, whence) of the current interpreter.
        "get_current()" => get_current;
        /// The (ID, whence) of the main interpreter.
        "get_main()" => get_main;
        /// Sets attributes of an interpreter's __main__ to shareable values.
        "set___main___attrs(id, updates, *, restrict=False)" => set_main_attrs;
        /// Runs source text, a function or a code object in an interpreter's __main__; None, or what is known of the exception.
        "exec(id, code, shared=<unrepresentable>, *, restrict=False)" => exec;
        /// Runs source text in an interpreter's __main__.
        "run_string(id, script, shared=<unrepresentable>, *, restrict=False)" => run_string;
        /// Runs a function without arguments in an interpreter's __main__.
        "run_func(id, func, shared=<unrepresentable>, *, restrict=False)" => run_func;
        /// Calls a callable in an interpreter: (result, None), or (None, what is known of the exception).
        "call(id, callable, args=<unrepresentable>, kwargs=<unrepresentable>, *, restrict=False)" => call;
        /// Whether an object can be sent to another interpreter as it is.
        "is_shareable(obj)" => is_shareable;
        /// Whether a thread runs the interpreter's __main__.
        "is_running(id, *, restrict=False)" => is_running;
        /// The settings that an interpreter was made with.
        "get_config(id, *, restrict=False)" => get_config;
        /// Where an interpreter comes from.
        "whence(id)" => whence;
        /// Refers to an interpreter once more.
        "incref(id, *, implieslink=False, restrict=False)" => incref;
        /// Refers to an interpreter once less.
        "decref(id, *, restrict=False)" => decref;
        /// What is known of an exception, by default of the one that is being handled.
        "capture_exception(exc=None)" => capture_exception;
    ],
    init: Some(init),
};

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    for (n, v) in WHENCE {
        module_set(cx, m, n, Value::small(v))?;
    }
    let t = state::error_type(cx)?;
    module_set(cx, m, "InterpreterError", t)?;
    let t = state::not_found_type(cx)?;
    module_set(cx, m, "InterpreterNotFoundError", t)?;
    let t = state::not_shareable_type(cx)?;
    module_set(cx, m, "NotShareableError", t)?;
    let t = lease::view_type(cx)?;
    module_set(cx, m, "CrossInterpreterBufferView", t)
}

// ---------------------------------------------------------------------------------------------------- arguments

/// The number of an interpreter.
fn id_of(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let Some(n) = IntRef::of(v) else {
        let msg = format!("interpreter ID must be an int, got {}", vm::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    };
    match n.to_i64() {
        Some(n) if n >= 0 => Ok(n),
        Some(n) => {
            let msg = format!("interpreter ID must be a non-negative int, got {n}");
            Err(cx.value_error(&msg))
        }
        None => Err(cx.raise_str(Ty::OverflowError, "int too big to convert")),
    }
}

/// The interpreter of a number. `restrict`: it must have been made by this module; `op` says what for.
fn find(cx: &mut Ctx, id: Value, restrict: Value, op: &str) -> PyResult<(Arc<Registry>, Arc<Interp>)> {
    let id = id_of(cx, id)?;
    let restrict = vm::is_true(cx, restrict)?;
    let (registry, _) = state::here(cx)?;
    match registry.find(id) {
        Some(i) if restrict && i.whence != STDLIB => {
            state::error(cx, &format!("cannot {op} unrecognized interpreter {id}"))
        }
        Some(i) => Ok((registry, i)),
        None => gone(cx, id),
    }
}

fn gone<T>(cx: &mut Ctx, id: i64) -> PyResult<T> {
    let class = state::not_found_type(cx);
    state::raise(cx, class, &format!("unrecognized interpreter ID {id}"))
}

fn argument_error(cx: &mut Ctx, function: &str, n: usize, wanted: &str, got: Value) -> vm::protocore::Raised {
    let got = if got.is_none() { "None".to_owned() } else { vm::tp_name(cx, got) };
    cx.type_error(&format!("_interpreters.{function}() argument {n} must be {wanted}, not {got}"))
}

/// Names and values for `__main__`.
type Updates = Vec<(String, Shared)>;

fn updates(cx: &mut Ctx, function: &str, n: usize, v: Option<Value>) -> PyResult<Updates> {
    let Some(v) = v else { return Ok(Vec::new()) };
    let Some(d) = DictObj::of(v) else { return Err(argument_error(cx, function, n, "dict", v)) };
    let mut all = Vec::new();
    for (_, k, v) in d.snapshot() {
        if StrObj::of(k).is_none() {
            return Err(cx.type_error("bad argument type for built-in operation"));
        }
        // Raises for what UTF-8 cannot hold.
        vm::codec::encode(cx, k, "utf-8", "strict")?;
        let name = vm::str_text(cx, k)?;
        if name.contains('\0') {
            return Err(cx.value_error("found embedded NULL character"));
        }
        all.push((name, shared::take(cx, v, Fallback::No)?));
    }
    Ok(all)
}

// ---------------------------------------------------------------------------------------------------- settings

fn config_namespace(cx: &mut Ctx, c: &Config) -> PyResult {
    let gil = cx.str(c.gil);
    let class = cx.ty(Ty::SimpleNamespace).value();
    let all = [
        ("use_main_obmalloc", Value::bool(c.use_main_obmalloc)),
        ("allow_fork", Value::bool(c.allow_fork)),
        ("allow_exec", Value::bool(c.allow_exec)),
        ("allow_threads", Value::bool(c.allow_threads)),
        ("allow_daemon_threads", Value::bool(c.allow_daemon_threads)),
        ("check_multi_interp_extensions", Value::bool(c.check_multi_interp_extensions)),
        ("gil", gil),
    ];
    vm::call_kw(cx, class, &[], &all)
}

fn named_config(cx: &mut Ctx, n: Value) -> PyResult<Config> {
    // Raises for what UTF-8 cannot hold.
    vm::codec::encode(cx, n, "utf-8", "strict")?;
    let n = vm::str_text(cx, n)?;
    match &*n {
        "" | "default" | "isolated" => Ok(Config::ISOLATED),
        "legacy" => Ok(Config::LEGACY),
        "empty" => Ok(Config::EMPTY),
        _ => {
            let msg = format!("unsupported config name '{n}'");
            Err(cx.value_error(&msg))
        }
    }
}

/// Changes settings to those of a dict; all of them must be there unless `partial`.
fn update_config(cx: &mut Ctx, c: &mut Config, d: &DictObj, partial: bool) -> PyResult<()> {
    let mut used = 0;
    let flags = [
        ("use_main_obmalloc", &mut c.use_main_obmalloc),
        ("allow_fork", &mut c.allow_fork),
        ("allow_exec", &mut c.allow_exec),
        ("allow_threads", &mut c.allow_threads),
        ("allow_daemon_threads", &mut c.allow_daemon_threads),
        ("check_multi_interp_extensions", &mut c.check_multi_interp_extensions),
    ];
    for (n, flag) in flags {
        match config_value(cx, d, n, partial)? {
            None => continue,
            Some(v) if v.is_bool() => *flag = v.is(Value::TRUE),
            Some(_) => return Err(cx.type_error(&format!("invalid config type: {n}"))),
        }
        used += 1;
    }
    if let Some(v) = config_value(cx, d, "gil", partial)? {
        let Some(s) = StrObj::of(v) else { return Err(cx.type_error("invalid config type: gil")) };
        c.gil = match ["default", "shared", "own"].into_iter().find(|g| s.eq_str(g)) {
            Some(g) => g,
            None => {
                let msg = format!("unsupported interpreter config .gil value '{}'", s.to_string_lossy());
                return Err(cx.value_error(&msg));
            }
        };
        used += 1;
    }
    let extra = d.len().saturating_sub(used);
    if extra > 0 {
        let known = config_fields();
        let rest = cx.dict();
        if let Some(r) = DictObj::of(rest) {
            for (_, k, v) in d.snapshot() {
                if StrObj::of(k).is_none_or(|s| !known.iter().any(|f| s.eq_str(f))) {
                    vm::dict_set(cx, r, k, v)?;
                }
            }
        }
        let shown = repr_text(cx, rest)?;
        let s = if extra == 1 { "" } else { "s" };
        return Err(cx.value_error(&format!("config dict has {extra} extra item{s} ({shown})")));
    }
    Ok(())
}

fn config_fields() -> [&'static str; 7] {
    [
        "use_main_obmalloc",
        "allow_fork",
        "allow_exec",
        "allow_threads",
        "allow_daemon_threads",
        "check_multi_interp_extensions",
        "gil",
    ]
}

fn config_value(cx: &mut Ctx, d: &DictObj, n: &str, partial: bool) -> PyResult<Option<Value>> {
    let key = cx.intern_str(n);
    match cx.dict_get_str(d, key) {
        None if !partial => Err(cx.value_error(&format!("missing config key: {n}"))),
        found => Ok(found),
    }
}

fn new_config(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let mut c = match a[0].bound() {
        None => Config::ISOLATED,
        Some(n) => match StrObj::of(n) {
            Some(_) => named_config(cx, n)?,
            None => return Err(argument_error(cx, "new_config", 1, "str", n)),
        },
    };
    if let Some(d) = a.get(1).copied().and_then(DictObj::of) {
        update_config(cx, &mut c, d, true)?;
    }
    config_namespace(cx, &c)
}

fn config_of(cx: &mut Ctx, v: Value) -> PyResult<Config> {
    if v.is_none() {
        return Ok(Config::ISOLATED);
    }
    if StrObj::of(v).is_some() {
        return named_config(cx, v);
    }
    let dict = vm::lookup_attr_str(cx, v, "__dict__")?;
    let Some(d) = dict.and_then(DictObj::of) else {
        let msg = format!("bad config {}", repr_text(cx, v)?);
        return Err(cx.type_error(&msg));
    };
    let mut c = Config::EMPTY;
    update_config(cx, &mut c, d, false)?;
    Ok(c)
}

fn create(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let config = config_of(cx, a[0])?;
    let counted = vm::is_true(cx, a[1])?;
    // In CPython such an interpreter could not load modules that share state, and is refused.
    let viable = config.use_main_obmalloc || config.check_multi_interp_extensions;
    if !viable || (config.allow_daemon_threads && !config.allow_threads) {
        return state::error(cx, "interpreter creation failed");
    }
    let (registry, _) = state::here(cx)?;
    if cx.space().finalizing.load(std::sync::atomic::Ordering::Acquire) {
        let msg = "can't create an interpreter at interpreter shutdown";
        return Err(cx.raise_str(Ty::PythonFinalizationError, msg));
    }
    match enter::create(cx, &registry, config) {
        Ok(i) => {
            if counted {
                i.count_references();
            }
            Ok(cx.int(i.id))
        }
        Err(why) => {
            let why = cx.str(&why);
            let cause = errors::new_exc(cx, Ty::RuntimeError, &[why]);
            match state::error::<Value>(cx, "interpreter creation failed") {
                Err(r) => Err(errors::raise_with_cause(cx, r, cause)),
                ok => ok,
            }
        }
    }
}

fn destroy(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (registry, i) = find(cx, a[0], a[1], "destroy")?;
    let (_, me) = state::here(cx)?;
    if me.id == i.id {
        return state::error(cx, "cannot destroy the current interpreter");
    }
    if enter::end(cx, &registry, &i) {
        return Ok(Value::NONE);
    }
    if registry.find(i.id).is_none() {
        return gone(cx, i.id);
    }
    state::error(cx, "interpreter running")
}

// ---------------------------------------------------------------------------------------------------- questions

fn pair(cx: &mut Ctx, i: &Interp) -> Value {
    let id = cx.int(i.id);
    cx.pair(id, Value::small(i.whence))
}

fn list_all(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let (registry, _) = state::here(cx)?;
    let mut all: Held<Value> = Held::new();
    for i in registry.list() {
        let p = pair(cx, &i);
        all.push(p);
    }
    cx.list(&all)
}

fn get_current(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let (_, me) = state::here(cx)?;
    Ok(pair(cx, &me))
}

fn get_main(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let (registry, _) = state::here(cx)?;
    Ok(pair(cx, &registry.main()))
}

fn is_shareable(cx: &mut Ctx, a: &[Value]) -> PyResult {
    Ok(Value::bool(shared::is_shareable(cx, a[0])))
}

fn is_running(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, i) = find(cx, a[0], a[1], "check if running for")?;
    Ok(Value::bool(i.is_running()))
}

fn get_config(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, i) = find(cx, a[0], a[1], "get the config of")?;
    config_namespace(cx, &i.config)
}

fn whence(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, i) = find(cx, a[0], Value::FALSE, "")?;
    Ok(Value::small(i.whence))
}

fn incref(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, i) = find(cx, a[0], a[2], "incref")?;
    let counted = vm::is_true(cx, a[1])?;
    i.incref(counted);
    Ok(Value::NONE)
}

fn decref(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (registry, i) = find(cx, a[0], a[1], "decref")?;
    if i.decref() && !i.is_main() {
        enter::end(cx, &registry, &i);
    }
    Ok(Value::NONE)
}

fn capture_exception(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let exc = a[0].not_none().unwrap_or(cx.handled);
    if exc.is_none() {
        return Ok(Value::NONE);
    }
    if !cx.is_instance(exc, Ty::BaseException) {
        let msg = format!("expected exception, got {}", repr_text(cx, exc)?);
        return Err(cx.type_error(&msg));
    }
    let info = excinfo::capture(cx, exc);
    info.namespace(cx)
}

// ---------------------------------------------------------------------------------------------------- running

/// Why something did not run, or what became of it.
enum Failed {
    /// It raised.
    Uncaught(Box<ExcInfo>),
    /// Something could not be sent: what, and the text of the reason.
    NotShareable(&'static str, String),
}

fn uncaught<T>(cx: &mut Ctx, r: PyResult<T>) -> Result<T, Failed> {
    r.map_err(|r| {
        let e = cx.take_raised(r);
        Failed::Uncaught(Box::new(excinfo::capture(cx, e)))
    })
}

fn unsent<T>(cx: &mut Ctx, r: PyResult<T>, what: &'static str) -> Result<T, Failed> {
    r.map_err(|r| {
        let e = cx.take_raised(r);
        Failed::NotShareable(what, excinfo::capture(cx, e).text().to_owned())
    })
}

/// Runs `f` in the `__main__` of an interpreter, which it is given the namespace of.
fn run<T>(
    cx: &mut Ctx,
    i: &Arc<Interp>,
    updates: &Updates,
    f: impl FnOnce(&mut Ctx, Value) -> Result<T, Failed>,
) -> PyResult<Result<T, Failed>> {
    let Some(_claim) = i.claim() else { return state::error(cx, "interpreter already running") };
    let Some(space) = i.space() else { return gone(cx, i.id) };
    let r = enter::visit(cx, &space, |cx| {
        let main = prepare(cx, updates);
        let main = unsent(cx, main, "failed to apply shared namespace")?;
        f(cx, main)
    });
    leave(cx, space);
    lease::reap(cx);
    match r {
        Ok(r) => Ok(r),
        Err(e) => Err(errors::raise_io(cx, &e, None)),
    }
}

/// Lets go of a space, which may have ended meanwhile.
fn leave(cx: &mut Ctx, space: Arc<ProtoSpace>) {
    if Arc::strong_count(&space) == 1 {
        cx.blocking(move || drop(space));
    }
}

/// Sets attributes of `__main__`; its namespace.
fn prepare(cx: &mut Ctx, updates: &Updates) -> PyResult {
    let (registry, _) = state::here(cx)?;
    let main = registry.maker.main_dict(cx)?;
    if let Some(d) = DictObj::of(main) {
        for (n, s) in updates {
            let v = shared::give(cx, s)?;
            let n = cx.intern_str(n);
            vm::dict_set(cx, d, n, v)?;
        }
    }
    Ok(main)
}

/// Raises NotShareableError for what the other interpreter told.
fn raise_unsent<T>(cx: &mut Ctx, what: &str, why: &str) -> PyResult<T> {
    let why = cx.str(why);
    let cause = errors::new_exc(cx, Ty::Exception, &[why]);
    state::not_shareable_from(cx, what, cause)
}

fn set_main_attrs(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, i) = find(cx, a[0], a[2], "update __main__ for")?;
    let all = updates(cx, "set___main___attrs", 2, Some(a[1]))?;
    if all.is_empty() {
        return Err(cx.value_error("arg 2 must be a non-empty dict"));
    }
    match run(cx, &i, &all, |_, _| Ok(()))? {
        Ok(()) | Err(Failed::Uncaught(_)) => Ok(Value::NONE),
        Err(Failed::NotShareable(what, why)) => raise_unsent(cx, what, &why),
    }
}

fn run_code(cx: &mut Ctx, i: &Arc<Interp>, updates: &Updates, data: &Arc<CodeData>) -> PyResult {
    let r = run(cx, i, updates, |cx, main| {
        let r = code::make_code(cx, data.clone()).and_then(|c| compile::run_code(cx, c, main, main));
        uncaught(cx, r).map(|_| ())
    })?;
    match r {
        Ok(()) => Ok(Value::NONE),
        Err(Failed::Uncaught(info)) => info.namespace(cx),
        Err(Failed::NotShareable(what, why)) => raise_unsent(cx, what, &why),
    }
}

/// Compiles a script, in the calling interpreter.
fn script_text(cx: &mut Ctx, text: &str) -> PyResult<Arc<CodeData>> {
    if text.contains('\0') {
        return Err(compile::plain_syntax_error(cx, "source code string cannot contain null bytes"));
    }
    let o = compile::default_options(cx, Mode::Exec, "<script>");
    let code = compile::compile_text(cx, text, &o)?;
    match CodeObj::of(code) {
        Some(c) => Ok(c.rt.data.clone()),
        None => Err(cx.no_memory()),
    }
}

fn script_of(cx: &mut Ctx, v: Value) -> PyResult<Arc<CodeData>> {
    if let Some(found) = stateless::script(v) {
        return found.map_err(|why| cx.value_error(why));
    }
    if StrObj::of(v).is_some() {
        vm::codec::encode(cx, v, "utf-8", "strict")?;
        let text = vm::str_text(cx, v)?;
        return script_text(cx, &text);
    }
    if vm::has_buffer(cx, v) {
        let bytes = vm::buffer_to_vec(cx, v)?;
        let text = compile::decode_source(cx, &bytes, "<script>", false)?;
        return script_text(cx, &text);
    }
    let msg = format!("unsupported script {}", repr_text(cx, v)?);
    Err(cx.type_error(&msg))
}

fn exec(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, i) = find(cx, a[0], a[3], "exec code for")?;
    let all = updates(cx, "exec", 3, a[2].bound())?;
    let data = script_of(cx, a[1])?;
    run_code(cx, &i, &all, &data)
}

fn run_string(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, i) = find(cx, a[0], a[3], "run a string for")?;
    if StrObj::of(a[1]).is_none() {
        return Err(argument_error(cx, "run_string", 2, "str", a[1]));
    }
    let all = updates(cx, "run_string", 3, a[2].bound())?;
    let data = script_of(cx, a[1])?;
    run_code(cx, &i, &all, &data)
}

fn run_func(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, i) = find(cx, a[0], a[3], "run a function for")?;
    if FunctionObj::of(a[1]).is_none() && CodeObj::of(a[1]).is_none() {
        return Err(argument_error(cx, "run_func", 2, "a function", a[1]));
    }
    let all = updates(cx, "run_func", 3, a[2].bound())?;
    let data = script_of(cx, a[1])?;
    run_code(cx, &i, &all, &data)
}

/// A call on its way to another interpreter.
struct Call {
    callable: Shared,
    args: Option<Shared>,
    kwargs: Option<Vec<(Shared, Shared)>>,
}

fn call(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, i) = find(cx, a[0], a[4], "make a call in")?;
    if let Some(t) = a[2].bound()
        && TupleObj::of(t).is_none()
    {
        return Err(argument_error(cx, "call", 3, "tuple", t));
    }
    if let Some(d) = a[3].bound()
        && DictObj::of(d).is_none()
    {
        return Err(argument_error(cx, "call", 4, "dict", d));
    }
    if !vm::callable(cx, a[1]) {
        let msg = format!("expected a callable, got {}", repr_text(cx, a[1])?);
        return Err(cx.type_error(&msg));
    }
    let c = Call {
        callable: shared::take(cx, a[1], Fallback::Full)?,
        args: a[2].bound().map(|t| shared::take(cx, t, Fallback::Full)).transpose()?,
        kwargs: a[3].bound().and_then(DictObj::of).map(|d| take_keywords(cx, d)).transpose()?,
    };
    let r = run(cx, &i, &Vec::new(), |cx, main| {
        let v = make_call(cx, &c, main)?;
        let r = shared::take(cx, v, Fallback::Full);
        unsent(cx, r, "object does not support cross-interpreter data")
    })?;
    match r {
        Ok(s) => {
            let v = shared::give(cx, &s)?;
            Ok(cx.pair(v, Value::NONE))
        }
        Err(Failed::Uncaught(info)) => {
            let v = info.namespace(cx)?;
            Ok(cx.pair(Value::NONE, v))
        }
        Err(Failed::NotShareable(what, why)) => raise_unsent(cx, what, &why),
    }
}

fn take_keywords(cx: &mut Ctx, d: &DictObj) -> PyResult<Vec<(Shared, Shared)>> {
    let mut all = Vec::new();
    for (_, k, v) in d.snapshot() {
        let k = shared::take(cx, k, Fallback::Full)?;
        all.push((k, shared::take(cx, v, Fallback::Full)?));
    }
    Ok(all)
}

/// Makes a call in the interpreter that the thread visits.
fn make_call(cx: &mut Ctx, c: &Call, main: Value) -> Result<Value, Failed> {
    let f = shared::give(cx, &c.callable);
    let f = unsent(cx, f, "func not shareable")?;
    let args = match &c.args {
        Some(s) => shared::give(cx, s),
        None => cx.tuple_of(None, &[]),
    };
    let args = unsent(cx, args, "args not shareable")?;
    let kwargs = give_keywords(cx, c);
    let kwargs = unsent(cx, kwargs, "kwargs not shareable")?;
    let r = if NativeFnObj::of(f).is_some() {
        call_in_main(cx, [f, args, kwargs], main)
    } else {
        call_plain(cx, f, args, kwargs)
    };
    uncaught(cx, r)
}

fn give_keywords(cx: &mut Ctx, c: &Call) -> PyResult {
    let kwargs = cx.dict();
    if let (Some(all), Some(d)) = (&c.kwargs, DictObj::of(kwargs)) {
        for (k, v) in all {
            let k = shared::give(cx, k)?;
            let v = shared::give(cx, v)?;
            vm::dict_set(cx, d, k, v)?;
        }
    }
    Ok(kwargs)
}

fn call_plain(cx: &mut Ctx, f: Value, args: Value, kwargs: Value) -> PyResult {
    let pos = TupleObj::of(args).map_or(&[][..], |t| t.items());
    let kw = DictObj::of(kwargs).map(|d| d.snapshot()).unwrap_or_default();
    if kw.is_empty() {
        return vm::call(cx, f, pos);
    }
    if kw.iter().any(|(_, k, _)| StrObj::of(*k).is_none()) {
        return Err(cx.type_error("keywords must be strings"));
    }
    let names: Held<Value> = kw.iter().map(|(_, k, _)| *k).collect();
    let all: Held<Value> = pos.iter().copied().chain(kw.iter().map(|(_, _, v)| *v)).collect();
    let names = cx.tuple_of(None, &names)?;
    let r = vm::call_args(cx, f, Args::with_names(&all, names));
    vm::keep_alive(args);
    r
}

/// Calls a native function from a frame of `__main__`: some of them look at their caller's namespace. The frame's code has the objects as constants.
fn call_in_main(cx: &mut Ctx, parts: [Value; 3], main: Value) -> PyResult {
    const NAMES: [&str; 3] = ["callable", "args", "kwargs"];
    let o = compile::default_options(cx, Mode::Eval, "<call>");
    let made = protopy_compiler::compile_source("'callable'(*'args', **'kwargs')", &o);
    let Ok((data, _)) = made else { return call_plain(cx, parts[0], parts[1], parts[2]) };
    let consts: Option<Held<Value>> = data
        .consts
        .iter()
        .map(|c| match c {
            Const::Str(s) => NAMES.iter().position(|n| **n == **s).map(|i| parts[i]),
            Const::None => Some(Value::NONE),
            _ => None,
        })
        .collect();
    match consts {
        Some(consts) => {
            let code = code::make_code_with_consts(cx, Arc::new(data), &consts)?;
            compile::run_code(cx, code, main, main)
        }
        None => call_plain(cx, parts[0], parts[1], parts[2]),
    }
}
