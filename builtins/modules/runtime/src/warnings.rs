//! `_warnings`: issuing warnings.
//!
//! A warning is looked up in a registry of the place that issues it, then in the filters: those of the current context
//! (`_warnings_context`), then the global ones. What is to be shown goes through `warnings._showwarnmsg` if that module was
//! imported, else straight to `sys.stderr`.

use protocore::dict::DictObj;
use protocore::layouts::{IntRef, ListObj, StrObj, TupleObj};
use protocore::space::SpaceState;
use protocore::{Ctx, PyResult, Root, Slot, Tracer, Ty, TypeObj, Value};
use protopy_vm::code::line_of;
use protopy_vm::interp::frame::{self, Frame};
use protopy_vm::modules::module_set;
use protopy_vm::sync::RawLock;
use protopy_vm::{
    ModuleSpec, call, call_method, callable, dict_get, dict_set, errors, get_attr_str, index_i64,
    is_instance, is_subclass, is_true, lookup_attr_str, methods, repr_text, str_text, type_text,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// Warnings of a space.
#[derive(Default)]
struct State {
    filters: Slot,
    once: Slot,
    default_action: Slot,
    /// The context variable whose value has filters of its own.
    context: Slot,
    version: AtomicI64,
    lock: RawLock,
    owner: AtomicU64,
    depth: AtomicUsize,
}

impl SpaceState for State {
    fn trace(&self, t: &mut Tracer) {
        for s in [&self.filters, &self.once, &self.default_action, &self.context] {
            t.slot(s);
        }
    }
}

fn state(cx: &Ctx) -> Arc<State> {
    cx.space().state::<State>()
}

impl State {
    fn held(&self, cx: &Ctx) -> bool {
        self.owner.load(Ordering::Relaxed) == cx.ident && self.depth.load(Ordering::Relaxed) > 0
    }

    fn acquire(&self, cx: &mut Ctx) -> PyResult<()> {
        if self.held(cx) {
            self.depth.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        self.lock.acquire(cx, None)?;
        self.owner.store(cx.ident, Ordering::Relaxed);
        self.depth.store(1, Ordering::Relaxed);
        Ok(())
    }

    fn release(&self, cx: &Ctx) -> bool {
        if !self.held(cx) {
            return false;
        }
        if self.depth.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.owner.store(0, Ordering::Relaxed);
            self.lock.release(cx);
        }
        true
    }
}

fn acquire_lock(cx: &mut Ctx, _: &[Value]) -> PyResult {
    state(cx).acquire(cx).map(|()| Value::NONE)
}

fn release_lock(cx: &mut Ctx, _: &[Value]) -> PyResult {
    if state(cx).release(cx) {
        return Ok(Value::NONE);
    }
    Err(cx.raise_str(Ty::RuntimeError, "cannot release un-acquired lock"))
}

fn filters_mutated(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let st = state(cx);
    if !st.held(cx) {
        return Err(cx.raise_str(Ty::RuntimeError, "warnings lock is not held"));
    }
    st.version.fetch_add(1, Ordering::AcqRel);
    Ok(Value::NONE)
}

/// An attribute of the module `warnings`, if it is imported (or `import` says to).
fn warnings_attr(cx: &mut Ctx, n: &str, import: bool) -> PyResult<Option<Value>> {
    let key = cx.intern_str("warnings");
    let module = match DictObj::of(cx.root(Root::Modules)) {
        Some(d) => dict_get(cx, d, key)?.filter(|m| !m.is_none()),
        None => None,
    };
    let module = match module {
        Some(m) => m,
        None if import && !cx.space().finalizing.load(Ordering::Relaxed) => {
            match protopy_vm::import(cx, "warnings") {
                Ok(m) => m,
                Err(r) => {
                    let e = cx.take_raised(r);
                    if cx.is_instance(e, Ty::ImportError) {
                        return Ok(None);
                    }
                    return Err(cx.set_raised(e));
                }
            }
        }
        None => return Ok(None),
    };
    lookup_attr_str(cx, module, n)
}

// ---------------------------------------------------------------------------------------------------- filters

/// Whether a filter's pattern accepts a text: None accepts all, a str what is equal, anything else what it matches.
fn matched(cx: &mut Ctx, pattern: Value, text: Value) -> PyResult<bool> {
    if pattern.is_none() {
        return Ok(true);
    }
    if cx.is_exact(pattern, Ty::Str) {
        return protopy_vm::eq(cx, pattern, text);
    }
    let r = call_method(cx, pattern, "match", &[text])?;
    is_true(cx, r)
}

/// The first filter of a list that applies: its action and itself.
fn search(
    cx: &mut Ctx,
    filters: &ListObj,
    what: &str,
    [text, category, module]: [Value; 3],
    line: i64,
) -> PyResult<Option<(Value, Value)>> {
    let mut i = 0;
    while let Some(item) = filters.get(i) {
        let parts = if cx.is_exact(item, Ty::Tuple) { TupleObj::of(item).map(|t| t.items()) } else { None };
        let Some(&[action, msg, cat, module_pattern, at]) = parts else {
            return Err(cx.value_error(&format!("warnings.{what} item {i} isn't a 5-tuple")));
        };
        if StrObj::of(action).is_none() {
            let msg = format!("action must be a string, not '{}'", protopy_vm::ops::tp_name(cx, action));
            return Err(cx.type_error(&msg));
        }
        let good_msg = matched(cx, msg, text)?;
        let good_module = matched(cx, module_pattern, module)?;
        let good_class = is_subclass(cx, category, cat)?;
        let Some(at) = IntRef::of(at).and_then(IntRef::to_i64) else {
            return Err(cx.type_error("an integer is required"));
        };
        if good_class && good_msg && good_module && (at == 0 || at == line) {
            return Ok(Some((action, item)));
        }
        i += 1;
    }
    Ok(None)
}

/// The filters of the current context, if it has some.
fn context_filters(cx: &mut Ctx) -> PyResult<Option<&'static ListObj>> {
    let st = state(cx);
    let Some(var) = st.context.get() else { return Ok(None) };
    let Some(ctx) = crate::contextvars::var_value(cx, var).filter(|v| !v.is_none()) else { return Ok(None) };
    let f = get_attr_str(cx, ctx, "_filters")?;
    match ListObj::of(f) {
        Some(l) => Ok(Some(l)),
        None => Err(cx.value_error("_filters of warnings._warnings_context must be a list")),
    }
}

/// The action for a warning, and the filter that says so (None: the default).
fn action_for(cx: &mut Ctx, key: [Value; 3], line: i64) -> PyResult<(Value, Value)> {
    if let Some(l) = context_filters(cx)?
        && let Some(found) = search(cx, l, "_filters", key, line)?
    {
        return Ok(found);
    }
    let st = state(cx);
    if let Some(f) = warnings_attr(cx, "filters", false)? {
        st.filters.init(Some(f));
    }
    let Some(l) = st.filters.get().and_then(ListObj::of) else {
        return Err(cx.value_error("_warnings.filters must be a list"));
    };
    if let Some(found) = search(cx, l, "filters", key, line)? {
        return Ok(found);
    }
    let action = match warnings_attr(cx, "defaultaction", false)? {
        Some(a) => a,
        None => st.default_action.get_or_none(),
    };
    if StrObj::of(action).is_none() {
        let msg = format!(
            "_warnings.defaultaction must be a string, not '{}'",
            protopy_vm::ops::tp_name(cx, action)
        );
        return Err(cx.type_error(&msg));
    }
    st.default_action.init(Some(action));
    Ok((action, Value::NONE))
}

// ---------------------------------------------------------------------------------------------------- registries

/// Whether a registry knows a warning already; enters it if told to. A registry of other filters is emptied.
fn already_warned(cx: &mut Ctx, registry: &DictObj, key: Value, enter: bool) -> PyResult<bool> {
    let version_key = cx.intern_str("version");
    let now = state(cx).version.load(Ordering::Acquire);
    let seen = dict_get(cx, registry, version_key)?.and_then(|v| IntRef::of(v)?.to_i64());
    if seen != Some(now) {
        cx.dict_clear(registry);
        let v = cx.int(now);
        dict_set(cx, registry, version_key, v)?;
    } else if let Some(v) = dict_get(cx, registry, key)?
        && is_true(cx, v)?
    {
        return Ok(true);
    }
    if enter {
        dict_set(cx, registry, key, Value::TRUE)?;
    }
    Ok(false)
}

fn once_registry(cx: &mut Ctx) -> PyResult<&'static DictObj> {
    let st = state(cx);
    let r = match warnings_attr(cx, "onceregistry", false)? {
        Some(r) => r,
        None => st.once.get_or_none(),
    };
    match DictObj::of(r) {
        Some(d) => {
            st.once.init(Some(r));
            Ok(d)
        }
        None => {
            let msg =
                format!("_warnings.onceregistry must be a dict, not '{}'", protopy_vm::ops::tp_name(cx, r));
            Err(cx.type_error(&msg))
        }
    }
}

// ---------------------------------------------------------------------------------------------------- warning

/// One warning at one place.
#[derive(Clone, Copy)]
struct Place {
    filename: Value,
    line: i64,
    /// Module name, None to stay silent, unbound to derive it from the file name.
    module: Value,
    /// Registry (dict) or None.
    registry: Value,
    /// The source line, if the module's loader has told it.
    text: Value,
    source: Value,
}

fn module_of_file(cx: &mut Ctx, filename: Value) -> Value {
    let name = StrObj::of(filename).map_or_else(String::new, StrObj::to_string_lossy);
    if name.is_empty() {
        return cx.str("<unknown>");
    }
    match name.strip_suffix(".py") {
        Some(stem) => cx.str(stem),
        None => filename,
    }
}

fn issue(cx: &mut Ctx, category: Value, message: Value, mut p: Place) -> PyResult {
    if p.module.is_none() {
        return Ok(Value::NONE);
    }
    if !p.registry.is_none() && DictObj::of(p.registry).is_none() {
        return Err(cx.type_error("'registry' must be a dict or None"));
    }
    if p.module.is_unbound() {
        p.module = module_of_file(cx, p.filename);
    }
    let warning = cx.ty(Ty::Warning).value();
    let (text, category, message) = if is_instance(cx, message, warning)? {
        (protopy_vm::str(cx, message)?, cx.type_of(message).value(), message)
    } else {
        (message, category, call(cx, category, &[message])?)
    };
    let st = state(cx);
    st.acquire(cx)?;
    let verdict = judge(cx, text, category, p);
    st.release(cx);
    match verdict? {
        Verdict::Silent => Ok(Value::NONE),
        Verdict::Raise => {
            let e = errors::make_exception(cx, message)?;
            Err(cx.set_raised(e))
        }
        Verdict::Show => show(cx, category, text, message, p).map(|()| Value::NONE),
    }
}

enum Verdict {
    Silent,
    Raise,
    Show,
}

fn judge(cx: &mut Ctx, text: Value, category: Value, p: Place) -> PyResult<Verdict> {
    let line = cx.int(p.line);
    let key = cx.tuple_of(None, &[text, category, line])?;
    let registry = DictObj::of(p.registry);
    if let Some(r) = registry
        && already_warned(cx, r, key, false)?
    {
        return Ok(Verdict::Silent);
    }
    let (action, item) = action_for(cx, [text, category, p.module], p.line)?;
    let name = StrObj::of(action).map_or_else(String::new, StrObj::to_string_lossy);
    match name.as_str() {
        "error" => return Ok(Verdict::Raise),
        "ignore" => return Ok(Verdict::Silent),
        "always" | "all" => return Ok(Verdict::Show),
        _ => {}
    }
    if let Some(r) = registry {
        dict_set(cx, r, key, Value::TRUE)?;
    }
    let known = match name.as_str() {
        "once" => {
            let r = match registry {
                Some(r) => r,
                None => once_registry(cx)?,
            };
            let short = cx.tuple_of(None, &[text, category])?;
            already_warned(cx, r, short, true)?
        }
        "module" => match registry {
            Some(r) => {
                let zero = cx.tuple_of(None, &[text, category, Value::small(0)])?;
                already_warned(cx, r, zero, true)?
            }
            None => false,
        },
        "default" => false,
        _ => {
            let (a, i) = (repr_text(cx, action)?, repr_text(cx, item)?);
            let msg = format!("Unrecognized action ({a}) in warnings.filters:\n {i}");
            return Err(cx.raise_str(Ty::RuntimeError, &msg));
        }
    };
    Ok(if known { Verdict::Silent } else { Verdict::Show })
}

fn show(cx: &mut Ctx, category: Value, text: Value, message: Value, p: Place) -> PyResult<()> {
    let Some(f) = warnings_attr(cx, "_showwarnmsg", !p.source.is_none())? else {
        return write_plainly(cx, category, text, p);
    };
    if !callable(cx, f) {
        return Err(cx.type_error("warnings._showwarnmsg() must be set to a callable"));
    }
    let Some(class) = warnings_attr(cx, "WarningMessage", false)? else {
        return Err(cx.raise_str(Ty::RuntimeError, "unable to get warnings.WarningMessage"));
    };
    let line = cx.int(p.line);
    let none = Value::NONE;
    let msg = call(cx, class, &[message, category, p.filename, line, none, none, p.source])?;
    call(cx, f, &[msg]).map(|_| ())
}

/// Shows a warning without the module `warnings`. Errors are dropped, as there is nobody to tell.
fn write_plainly(cx: &mut Ctx, category: Value, text: Value, p: Place) -> PyResult<()> {
    let Some(file) = errors::lookup_sys(cx, "stderr").filter(|f| !f.is_none()) else { return Ok(()) };
    let class = TypeObj::of(category).map_or_else(String::new, type_text);
    let name = StrObj::of(p.filename).map_or_else(String::new, StrObj::to_string_lossy);
    let written = str_text(cx, text).and_then(|t| {
        let mut all = format!("{name}:{}: {class}: {t}\n", p.line);
        if let Some(l) = source_line(cx, &name, p) {
            all.push_str(&format!("  {l}\n"));
        }
        let s = cx.str(&all);
        call_method(cx, file, "write", &[s])
    });
    if let Err(r) = written {
        cx.take_raised(r);
    }
    Ok(())
}

fn source_line(cx: &mut Ctx, name: &str, p: Place) -> Option<String> {
    if let Some(s) = StrObj::of(p.text) {
        return Some(s.to_string_lossy().trim().to_owned());
    }
    let n = usize::try_from(p.line).ok()?.checked_sub(1)?;
    let bytes = std::fs::read(name).ok()?;
    let text = match protopy_vm::compile::decode_source(cx, &bytes, name, true) {
        Ok(t) => t,
        Err(r) => {
            cx.take_raised(r);
            return None;
        }
    };
    let line = text.lines().nth(n)?.trim();
    if line.is_empty() { None } else { Some(line.to_owned()) }
}

// ---------------------------------------------------------------------------------------------------- warn

fn category_of(cx: &mut Ctx, message: Value, category: Value) -> PyResult {
    let warning = cx.ty(Ty::Warning).value();
    if is_instance(cx, message, warning)? {
        return Ok(cx.type_of(message).value());
    }
    let Some(c) = category.not_none() else { return Ok(cx.ty(Ty::UserWarning).value()) };
    if TypeObj::of(c).is_some() && is_subclass(cx, c, warning)? {
        return Ok(c);
    }
    let msg = format!("category must be a Warning subclass, not '{}'", protopy_vm::ops::tp_name(cx, c));
    Err(cx.type_error(&msg))
}

fn file_of(f: Frame) -> Value {
    f.code().rt.filename.get_or_none()
}

fn is_internal(file: Value) -> bool {
    StrObj::of(file)
        .map(StrObj::to_string_lossy)
        .is_some_and(|n| n.contains("importlib") && n.contains("_bootstrap"))
}

fn is_skipped(file: Value, prefixes: &[String]) -> bool {
    !prefixes.is_empty()
        && StrObj::of(file)
            .map(StrObj::to_string_lossy)
            .is_some_and(|n| prefixes.iter().any(|p| n.starts_with(p)))
}

/// The frame that a warning is about.
fn blamed(cx: &Ctx, level: i64, prefixes: &[String]) -> Option<(Frame, frame::Pc)> {
    let mut at = frame::current(cx)?;
    let plain = level <= 0 || is_internal(file_of(at.0));
    for _ in 1..level {
        at = frame::parent(at.0)?;
        while !plain && (is_internal(file_of(at.0)) || is_skipped(file_of(at.0), prefixes)) {
            at = frame::parent(at.0)?;
        }
    }
    Some(at)
}

fn place_of_caller(cx: &mut Ctx, level: i64, prefixes: &[String], source: Value) -> PyResult<Place> {
    let (globals, filename, line) = match blamed(cx, level, prefixes) {
        Some((f, pc)) => {
            let line = line_of(f.code(), f.index(pc));
            (f.owner().globals.get_or_none(), file_of(f), i64::from(line))
        }
        None => (cx.root(Root::Sys), cx.str("<sys>"), 0),
    };
    let (mut module, mut registry) = (cx.str("<string>"), Value::NONE);
    if let Some(d) = DictObj::of(globals) {
        let key = cx.intern_str("__warningregistry__");
        registry = match dict_get(cx, d, key)? {
            Some(r) => r,
            None => {
                let r = cx.dict();
                dict_set(cx, d, key, r)?;
                r
            }
        };
        let key = cx.intern_str("__name__");
        if let Some(n) = dict_get(cx, d, key)?
            && (n.is_none() || StrObj::of(n).is_some())
        {
            module = n;
        }
    }
    Ok(Place { filename, line, module, registry, text: Value::NONE, source })
}

fn prefixes_of(cx: &mut Ctx, v: Value) -> PyResult<Vec<String>> {
    let Some(v) = v.bound() else { return Ok(Vec::new()) };
    let Some(t) = TupleObj::of(v) else {
        let msg = format!(
            "warn() argument 'skip_file_prefixes' must be tuple, not {}",
            protopy_vm::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    };
    let mut out = Vec::new();
    for x in t.items() {
        match StrObj::of(*x) {
            Some(s) => out.push(s.to_string_lossy()),
            None => {
                let msg =
                    format!("Found non-str '{}' in skip_file_prefixes.", protopy_vm::ops::tp_name(cx, *x));
                return Err(cx.type_error(&msg));
            }
        }
    }
    Ok(out)
}

fn warn(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let [message, category, level, source, prefixes] = a else { return Ok(Value::NONE) };
    let mut level = index_i64(cx, *level, Ty::OverflowError)?;
    let category = category_of(cx, *message, *category)?;
    let prefixes = prefixes_of(cx, *prefixes)?;
    if !prefixes.is_empty() {
        level = level.max(2);
    }
    let place = place_of_caller(cx, level, &prefixes, *source)?;
    issue(cx, category, *message, place)
}

fn warn_explicit(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let [message, category, filename, line, module, registry, globals, source] = a else {
        return Ok(Value::NONE);
    };
    if StrObj::of(*filename).is_none() {
        let msg = format!(
            "warn_explicit() argument 'filename' must be str, not {}",
            protopy_vm::ops::tp_name(cx, *filename)
        );
        return Err(cx.type_error(&msg));
    }
    let line = index_i64(cx, *line, Ty::OverflowError)?;
    let text = match globals.not_none() {
        Some(g) => match DictObj::of(g) {
            Some(d) => loader_line(cx, d, line)?,
            None => {
                let msg = format!("module_globals must be a dict, not '{}'", protopy_vm::ops::tp_name(cx, g));
                return Err(cx.type_error(&msg));
            }
        },
        None => Value::NONE,
    };
    let p = Place { filename: *filename, line, module: *module, registry: *registry, text, source: *source };
    issue(cx, *category, *message, p)
}

/// A line of a module's source as its loader tells it, or None.
fn loader_line(cx: &mut Ctx, globals: &DictObj, line: i64) -> PyResult {
    let external = cx.root(Root::ImportlibExternal);
    let loader = call_method(cx, external, "_bless_my_loader", &[globals.value()])?;
    let name = cx.intern_str("__name__");
    let Some(name) = dict_get(cx, globals, name)?.filter(|_| !loader.is_none()) else {
        return Ok(Value::NONE);
    };
    let Some(f) = lookup_attr_str(cx, loader, "get_source")? else { return Ok(Value::NONE) };
    let source = match call(cx, f, &[name]) {
        Ok(s) => s,
        // The module of a command has no source that its loader knows.
        Err(r) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::ImportError) {
                return Ok(Value::NONE);
            }
            return Err(cx.set_raised(e));
        }
    };
    let Some(s) = StrObj::of(source) else { return Ok(Value::NONE) };
    let text = s.to_string_lossy();
    let found = usize::try_from(line).ok().and_then(|n| text.lines().nth(n.checked_sub(1)?));
    Ok(found.map_or(Value::NONE, |l| cx.str(l)))
}

// ---------------------------------------------------------------------------------------------------- the module

fn default_filters(cx: &mut Ctx) -> PyResult {
    let main = cx.intern_str("__main__");
    let rows = [
        ("default", Ty::DeprecationWarning, main),
        ("ignore", Ty::DeprecationWarning, Value::NONE),
        ("ignore", Ty::PendingDeprecationWarning, Value::NONE),
        ("ignore", Ty::ImportWarning, Value::NONE),
        ("ignore", Ty::ResourceWarning, Value::NONE),
    ];
    let list = cx.list(&[])?;
    for (action, category, module) in rows {
        let (action, category) = (cx.intern_str(action), cx.ty(category).value());
        let t = cx.tuple_of(None, &[action, Value::NONE, category, module, Value::small(0)])?;
        if let Some(l) = ListObj::of(list) {
            cx.list_append(l, t)?;
        }
    }
    Ok(list)
}

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    let st = state(cx);
    if st.filters.is_empty() {
        let filters = default_filters(cx)?;
        let once = cx.dict();
        let action = cx.intern_str("default");
        let var = crate::contextvars::new_var(cx, "_warnings_context", None)?;
        for (s, v) in
            [(&st.filters, filters), (&st.once, once), (&st.default_action, action), (&st.context, var)]
        {
            s.init(Some(v));
        }
    }
    for (n, s) in [
        ("filters", &st.filters),
        ("_onceregistry", &st.once),
        ("_defaultaction", &st.default_action),
        ("_warnings_context", &st.context),
    ] {
        module_set(cx, m, n, s.get_or_none())?;
    }
    Ok(())
}

/// `_warnings`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_warnings",
    doc: "_warnings provides basic warning filtering support.\nIt is a helper module to speed up interpreter start-up.",
    functions: methods![functions:
        /// Issues a warning, or ignores it, or raises it.
        "warn(message, category=None, stacklevel=1, source=None, *, skip_file_prefixes=())" => warn;
        /// Issues a warning about a given place.
        "warn_explicit(message, category, filename, lineno, module=<unrepresentable>, registry=None, module_globals=None, source=None)" => warn_explicit;
        /// Says that the filters were changed; the lock is held.
        "_filters_mutated_lock_held()" => filters_mutated;
        /// Takes the lock of the filters, which its owner may take again.
        "_acquire_lock()" => acquire_lock;
        /// Gives one hold of the lock back.
        "_release_lock()" => release_lock;
    ],
    init: Some(init),
};
