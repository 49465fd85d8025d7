//! The `import` statement.
//!
//! The import system is CPython's `importlib._bootstrap`; here is the fast path for what is in `sys.modules` already and fully
//! imported, and the errors of `from … import`.

use crate::attr::{get_attr, lookup_attr, lookup_attr_str};
use crate::call::call;
use crate::errors::raise_import;
use crate::interp::frame::Frame;
use crate::names::{N, name};
use crate::ops::is_true;
use protocore::dict::DictObj;
use protocore::layouts::{ModuleObj, StrObj, TupleObj};
use protocore::{Ctx, PyResult, Raised, Root, Ty, Value};
use std::sync::atomic::Ordering;

fn text(v: Value) -> String {
    StrObj::of(v).map_or_else(String::new, StrObj::to_string_lossy)
}

/// `import name` with fromlist and level, as the frame's builtins define `__import__`.
pub fn import_name(cx: &mut Ctx, f: Frame, n: Value, fromlist: Value, level: Value) -> PyResult {
    let owner = f.owner();
    let key = name(cx, N::ImportFn);
    let builtins = owner.builtins.get_or_none();
    let found = match DictObj::of(builtins) {
        Some(d) => cx.dict_get_str(d, key),
        None => {
            let r = crate::ops::get_item(cx, builtins, key);
            crate::errors::catch(cx, r, Ty::KeyError)?
        }
    };
    let Some(import) = found else {
        return Err(raise_import(cx, Ty::ImportError, "__import__ not found", Value::NONE, Value::NONE));
    };
    let globals = owner.globals.get_or_none();
    let is_ours = protocore::layouts::NativeFnObj::of(import).is_some_and(|n| n.def.name == "__import__");
    if is_ours {
        return import_module(cx, n, globals, fromlist, level.as_small().unwrap_or(0));
    }
    let locals = if crate::interp::slow::is_optimised(f) { Value::NONE } else { f.get(0) };
    call(cx, import, &[n, globals, locals, fromlist, level])
}

/// A module of `sys.modules` that is not being initialised.
fn ready_module(cx: &mut Ctx, n: Value) -> PyResult<Option<Value>> {
    let Some(d) = DictObj::of(cx.root(Root::Modules)) else { return Ok(None) };
    let Some(m) = crate::dicts::dict_get(cx, d, n)? else { return Ok(None) };
    if m.is_none() {
        return Ok(None);
    }
    let spec_name = name(cx, N::Spec);
    let spec = match ModuleObj::of(m).and_then(|m| m.dict.get()).and_then(DictObj::of) {
        Some(d) => cx.dict_get_str(d, spec_name),
        None => lookup_attr(cx, m, spec_name)?,
    };
    if let Some(spec) = spec
        && !spec.is_none()
    {
        let init = name(cx, N::Initializing);
        if let Some(v) = lookup_attr(cx, spec, init)?
            && is_true(cx, v)?
        {
            return Ok(None);
        }
    }
    Ok(Some(m))
}

/// `importlib._bootstrap._find_and_load`, or the module if it is there already.
pub fn find_and_load(cx: &mut Ctx, n: Value) -> PyResult {
    if let Some(m) = ready_module(cx, n)? {
        if cx.space().import_time.load(Ordering::Relaxed) > 1 {
            crate::settings::import_cached(cx, n);
        }
        return Ok(m);
    }
    if cx.space().import_time.load(Ordering::Relaxed) == 0 {
        return load(cx, n);
    }
    let timer = crate::settings::import_begins(cx);
    let made = load(cx, n);
    crate::settings::import_ends(cx, timer, n);
    made
}

fn load(cx: &mut Ctx, n: Value) -> PyResult {
    let lib = cx.root(Root::Importlib);
    if lib.is_none() {
        let msg = format!("No module named '{}'", text(n));
        return Err(raise_import(cx, Ty::ModuleNotFoundError, &msg, n, Value::NONE));
    }
    let fn_name = name(cx, N::FindAndLoad);
    let find = get_attr(cx, lib, fn_name)?;
    let import_fn = {
        let key = name(cx, N::ImportFn);
        DictObj::of(cx.root(Root::Builtins)).and_then(|d| cx.dict_get_str(d, key)).unwrap_or(Value::NONE)
    };
    call(cx, find, &[n, import_fn]).map_err(|r| without_importlib(cx, r))
}

/// A traceback tells of the import, not of the frames of importlib that did it.
#[cold]
fn without_importlib(cx: &mut Ctx, r: Raised) -> Raised {
    let e = cx.take_raised(r);
    crate::errors::strip_importlib_frames(cx, e);
    cx.set_raised(e)
}

/// `builtins.__import__`.
pub fn import_module(cx: &mut Ctx, n: Value, globals: Value, fromlist: Value, level: i64) -> PyResult {
    if StrObj::of(n).is_none() {
        return Err(cx.type_error("module name must be a string"));
    }
    if level < 0 {
        return Err(cx.value_error("level must be >= 0"));
    }
    if level == 0 && StrObj::of(n).is_some_and(StrObj::is_empty) {
        return Err(cx.value_error("Empty module name"));
    }
    let abs = if level > 0 { resolve(cx, n, globals, level)? } else { n };
    let module = find_and_load(cx, abs)?;
    let has_from = !fromlist.is_none() && is_true(cx, fromlist)?;
    if has_from {
        let path = name(cx, N::Path);
        if lookup_attr(cx, module, path)?.is_none() {
            return Ok(module);
        }
        let lib = cx.root(Root::Importlib);
        let h = name(cx, N::HandleFromlist);
        let handle = get_attr(cx, lib, h)?;
        let import_fn = get_attr_of_importlib(cx, lib)?;
        return call(cx, handle, &[module, fromlist, import_fn]).map_err(|r| without_importlib(cx, r));
    }
    let full = text(n);
    let Some(dot) = full.find('.') else {
        if level == 0 || full.is_empty() {
            return Ok(module);
        }
        return Ok(module);
    };
    if level == 0 {
        let top = cx.intern_str(&full[..dot]);
        return find_and_load(cx, top);
    }
    // `from . import a.b` without a fromlist: the part of the absolute name that belongs to the first component.
    let absolute = text(abs);
    let cut = absolute.len() - (full.len() - dot);
    let top = cx.intern_str(&absolute[..cut]);
    let Some(d) = DictObj::of(cx.root(Root::Modules)) else { return Ok(module) };
    match crate::dicts::dict_get(cx, d, top)? {
        Some(m) => Ok(m),
        None => {
            let msg = format!("'{}' not in sys.modules as expected", &absolute[..cut]);
            let m = cx.str(&msg);
            Err(cx.raise(Ty::KeyError, m))
        }
    }
}

fn get_attr_of_importlib(cx: &mut Ctx, lib: Value) -> PyResult {
    let n = cx.intern_str("_gcd_import");
    get_attr(cx, lib, n)
}

/// Resolves a relative name through importlib's own functions.
fn resolve(cx: &mut Ctx, n: Value, globals: Value, level: i64) -> PyResult {
    if globals.is_none() {
        return Err(crate::errors::new_raise(cx, Ty::KeyError, "'__name__' not in globals"));
    }
    let Some(names) = DictObj::of(globals) else { return Err(cx.type_error("globals must be a dict")) };
    let mut entry = |n: &str| {
        let key = cx.intern_str(n);
        cx.dict_get_str(names, key).and_then(Value::not_none)
    };
    let (package, spec) = (entry("__package__"), entry("__spec__"));
    let names_itself = entry("__name__");
    let is_no_str = |v: Option<Value>| v.is_some_and(|v| StrObj::of(v).is_none());
    if is_no_str(package) {
        return Err(cx.type_error("package must be a string"));
    }
    if package.is_none() && spec.is_none() {
        let key = cx.intern_str("__name__");
        if cx.dict_get_str(names, key).is_some() && names_itself.is_none_or(|n| StrObj::of(n).is_none()) {
            return Err(cx.type_error("__name__ must be a string"));
        }
    }
    let lib = cx.root(Root::Importlib);
    let calc = crate::attr::get_attr_str(cx, lib, "_calc___package__")?;
    let package = call(cx, calc, &[globals])?;
    if StrObj::of(package).is_some_and(StrObj::is_empty) {
        let msg = "attempted relative import with no known parent package";
        return Err(raise_import(cx, Ty::ImportError, msg, Value::NONE, Value::NONE));
    }
    let check = crate::attr::get_attr_str(cx, lib, "_resolve_name")?;
    let level = cx.int(level);
    let abs = call(cx, check, &[n, package, level])?;
    Ok(cx.intern(abs))
}

/// `from module import n`.
pub fn import_from(cx: &mut Ctx, module: Value, n: Value) -> PyResult {
    if let Some(v) = lookup_attr(cx, module, n)? {
        return Ok(v);
    }
    // A submodule that is being imported (circular import) is found in `sys.modules`.
    let nn = name(cx, N::Name);
    let pkg = lookup_attr(cx, module, nn)?;
    if let Some(p) = pkg.filter(|p| StrObj::of(*p).is_some()) {
        let full = format!("{}.{}", text(p), text(n));
        let key = cx.intern_str(&full);
        if let Some(d) = DictObj::of(cx.root(Root::Modules))
            && let Some(m) = crate::dicts::dict_get(cx, d, key)?
        {
            return Ok(m);
        }
    }
    Err(cannot_import(cx, module, n, pkg.unwrap_or(Value::NONE)))
}

fn cannot_import(cx: &mut Ctx, module: Value, n: Value, pkg: Value) -> Raised {
    let (msg, path) = match explain(cx, module, n, pkg) {
        Ok(told) => told,
        Err(r) => return r,
    };
    let r = raise_import(cx, Ty::ImportError, &msg, pkg, path);
    let e = cx.take_raised(r);
    if let Some(x) = protocore::layouts::ExcObj::of(e) {
        cx.store(e, &x.fields[3], n);
    }
    cx.set_raised(e)
}

/// Why a name cannot be imported, with a hint if the module is still being imported or hides another one; its file, or `None`.
fn explain(cx: &mut Ctx, module: Value, n: Value, pkg: Value) -> PyResult<(String, Value)> {
    let n = text(n);
    if StrObj::of(pkg).is_none() {
        return Ok((
            format!("cannot import name '{n}' from '<unknown module name>' (unknown location)"),
            Value::NONE,
        ));
    }
    let m = text(pkg);
    let spec_name = name(cx, N::Spec);
    let spec = lookup_attr(cx, module, spec_name)?.and_then(Value::not_none);
    let origin = match spec {
        Some(spec) => file_origin(cx, spec)?,
        None => None,
    };
    let shadowing = match origin {
        Some(o) => may_shadow(cx, &text(o))?,
        None => false,
    };
    let file = match origin {
        Some(o) => Some(o),
        None => {
            let file = name(cx, N::File);
            lookup_attr(cx, module, file)?.filter(|f| StrObj::of(*f).is_some())
        }
    };
    let path = file.unwrap_or(Value::NONE);
    let place = file.map_or_else(|| "unknown location".to_owned(), text);
    if shadowing && is_stdlib_name(cx, pkg)? {
        let msg = format!(
            "cannot import name '{n}' from '{m}' (consider renaming '{place}' since it has the same name as the standard library module named '{m}' and prevents importing that standard library module)"
        );
        return Ok((msg, path));
    }
    let initializing = match spec {
        Some(spec) => is_initializing(cx, spec)?,
        None => false,
    };
    let msg = match (initializing, shadowing) {
        (true, true) => format!(
            "cannot import name '{n}' from '{m}' (consider renaming '{place}' if it has the same name as a library you intended to import)"
        ),
        (true, false) => format!(
            "cannot import name '{n}' from partially initialized module '{m}' (most likely due to a circular import) ({place})"
        ),
        (false, _) => format!("cannot import name '{n}' from '{m}' ({place})"),
    };
    Ok((msg, path))
}

/// `spec.origin` if it is a file's name.
pub fn file_origin(cx: &mut Ctx, spec: Value) -> PyResult<Option<Value>> {
    match lookup_attr_str(cx, spec, "has_location")? {
        Some(b) if is_true(cx, b)? => {}
        _ => return Ok(None),
    }
    Ok(lookup_attr_str(cx, spec, "origin")?.filter(|o| StrObj::of(*o).is_some()))
}

/// Whether the module of a spec is still being imported.
pub fn is_initializing(cx: &mut Ctx, spec: Value) -> PyResult<bool> {
    let n = name(cx, N::Initializing);
    match lookup_attr(cx, spec, n)? {
        Some(b) => is_true(cx, b),
        None => Ok(false),
    }
}

/// Whether the standard library has a module of this name.
pub fn is_stdlib_name(cx: &mut Ctx, module: Value) -> PyResult<bool> {
    match crate::lookup_sys(cx, "stdlib_module_names") {
        Some(names) if DictObj::of_set(names).is_some() => crate::ops::contains(cx, names, module),
        _ => Ok(false),
    }
}

/// Whether a file lies in the directory that `sys.path` began with, so that it may hide a library of its name.
pub fn may_shadow(cx: &mut Ctx, origin: &str) -> PyResult<bool> {
    if let Some(flags) = crate::lookup_sys(cx, "flags")
        && let Some(safe) = lookup_attr_str(cx, flags, "safe_path")?
        && is_true(cx, safe)?
    {
        return Ok(false);
    }
    let Some((mut dir, file)) = origin.rsplit_once('/') else { return Ok(false) };
    if file == "__init__.py" {
        match dir.rsplit_once('/') {
            Some((d, _)) => dir = d,
            None => return Ok(false),
        }
    }
    let settings = crate::settings::of(cx);
    let first = settings.program_path.lock().unwrap_or_else(|e| e.into_inner()).clone();
    let Some(first) = first else { return Ok(false) };
    if first.is_empty() {
        return Ok(std::env::current_dir().is_ok_and(|d| d.to_string_lossy() == dir));
    }
    Ok(first == dir)
}

/// The names of a fromlist, for callers that check it.
pub fn fromlist_items(v: Value) -> Vec<Value> {
    TupleObj::of(v).map_or_else(Vec::new, |t| t.items().to_vec())
}
