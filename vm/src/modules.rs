//! The native and frozen modules of a space, and the making of module objects.
//!
//! A native module is described by a static [`ModuleSpec`]; a space knows which of them it offers by name. Making a module and
//! running its initialisation are two steps, as the import system wants it: `_imp.create_builtin`, `_imp.exec_builtin`.
//! Modules that were made and not yet initialised wait in the registry, which keeps them alive, so that an address cannot
//! name another module.
//!
//! A frozen module is a code object, or source text that is compiled when it is first asked for.

use crate::compile::{compile_text, default_options};
use crate::declare::ModuleSpec;
use crate::names::{N, name};
use protocore::dict::DictObj;
use protocore::layouts::{ModuleObj, StrObj};
use protocore::space::SpaceState;
use protocore::{Ctx, PyResult, Raised, Root, Slot, Tracer, Ty, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// A frozen module's entry.
pub struct Frozen {
    /// Source text, if it came as text.
    source: Option<Cow<'static, str>>,
    /// The code object; made of the source on demand.
    code: Slot,
    /// Whether it is a package.
    pub is_package: bool,
    /// The name of the module whose code this is, if it differs from the entry's: empty if its source belongs to no module, with a
    /// `<` in front for the code of a package under another name.
    pub origname: Option<String>,
    /// Whether `_imp._override_frozen_modules_for_tests` may hide it.
    pub optional: bool,
}

/// The module tables of a space.
#[derive(Default)]
pub struct Modules {
    builtin: Mutex<BTreeMap<&'static str, &'static ModuleSpec>>,
    frozen: Mutex<BTreeMap<String, Arc<Frozen>>>,
    /// Modules that were made and not yet initialised.
    pending: Mutex<Vec<(Value, &'static ModuleSpec)>>,
    /// `_imp._override_frozen_modules_for_tests`: 0 none, 1 use frozen modules, -1 do not.
    pub override_frozen: AtomicI8,
}

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

impl SpaceState for Modules {
    fn trace(&self, t: &mut Tracer) {
        for f in locked(&self.frozen).values() {
            t.slot(&f.code);
        }
        for (v, _) in locked(&self.pending).iter() {
            t.visit(*v);
        }
    }
}

fn tables(cx: &Ctx) -> Arc<Modules> {
    cx.space().state::<Modules>()
}

/// The module tables of the space.
pub fn module_tables(cx: &Ctx) -> Arc<Modules> {
    tables(cx)
}

// ---------------------------------------------------------------------------------------------------- native modules

/// Offers native modules to programs of this space.
pub fn register_modules(cx: &mut Ctx, specs: &[&'static ModuleSpec]) {
    let t = tables(cx);
    let mut table = locked(&t.builtin);
    for s in specs {
        table.insert(s.name, s);
    }
}

/// The native module of a name.
pub fn find_builtin(cx: &Ctx, n: &str) -> Option<&'static ModuleSpec> {
    locked(&tables(cx).builtin).get(n).copied()
}

/// The names of all native modules, sorted (`sys.builtin_module_names`).
pub fn builtin_names(cx: &Ctx) -> Vec<&'static str> {
    locked(&tables(cx).builtin).keys().copied().collect()
}

/// A new module object with the attributes that every module starts with.
pub fn new_module(cx: &mut Ctx, n: &str, doc: Option<&str>) -> Value {
    let n = cx.intern_str(n);
    let doc = match doc {
        Some(d) if !d.is_empty() => cx.str(d.trim()),
        _ => Value::NONE,
    };
    new_module_named(cx, n, doc)
}

/// As [`new_module`] with objects.
pub fn new_module_named(cx: &mut Ctx, n: Value, doc: Value) -> Value {
    let dict = cx.dict();
    if let Some(d) = DictObj::of(dict) {
        for (k, v) in [
            (N::Name, n),
            (N::Doc, doc),
            (N::Package, Value::NONE),
            (N::Loader, Value::NONE),
            (N::Spec, Value::NONE),
        ] {
            let k = name(cx, k);
            let _ = cx.dict_set_str(d, k, v);
        }
    }
    let ty = cx.ty(Ty::Module);
    let m = cx.new_zeroed(ty);
    if let Some(o) = ModuleObj::of(m) {
        o.dict.init(Some(dict));
    }
    if ty.attr_base != 0 {
        // The generic attribute functions see the same namespace.
        let _ = crate::attr::set_instance_dict(cx, m, dict);
    }
    m
}

/// The namespace of a module object.
pub fn module_dict(m: Value) -> Option<&'static DictObj> {
    ModuleObj::of(m).and_then(|m| m.dict.get()).and_then(DictObj::of)
}

/// Sets an attribute of a module that is being made; MemoryError.
pub fn module_set(cx: &mut Ctx, m: Value, n: &str, v: Value) -> PyResult<()> {
    let n = cx.intern_str(n);
    match module_dict(m).and_then(|d| cx.dict_set_str(d, n, v)) {
        Some(()) => Ok(()),
        None => Err(cx.no_memory()),
    }
}

/// Makes the module object of a description, with its functions, and remembers that it is to be initialised.
pub fn create_module(cx: &mut Ctx, spec: &'static ModuleSpec) -> PyResult {
    let m = new_module(cx, spec.name, Some(spec.doc));
    add_functions(cx, m, spec)?;
    if spec.init.is_some() {
        locked(&tables(cx).pending).push((m, spec));
    }
    Ok(m)
}

/// Puts the functions of a description into a module.
pub fn add_functions(cx: &mut Ctx, m: Value, spec: &'static ModuleSpec) -> PyResult<()> {
    let modname = cx.intern_str(spec.name);
    for def in spec.functions {
        let f = cx.native_fn(Ty::NativeFn, def, Some(m), Some(modname), None);
        module_set(cx, m, def.name, f)?;
    }
    Ok(())
}

/// Runs the initialisation of a module that [`create_module`] made, unless it has run.
pub fn exec_module(cx: &mut Ctx, m: Value) -> PyResult<()> {
    let spec = {
        let t = tables(cx);
        let mut pending = locked(&t.pending);
        pending.iter().position(|(v, _)| v.is(m)).map(|i| pending.swap_remove(i).1)
    };
    match spec.and_then(|s| s.init) {
        Some(init) => init(cx, m),
        None => Ok(()),
    }
}

/// Makes and initialises a native module and enters it into `sys.modules`: for what must exist before the import system.
pub fn load_builtin(cx: &mut Ctx, n: &str) -> PyResult {
    let key = cx.intern_str(n);
    let modules = DictObj::of(cx.root(Root::Modules));
    if let Some(d) = modules
        && let Some(m) = cx.dict_get_str(d, key)
    {
        return Ok(m);
    }
    let Some(spec) = find_builtin(cx, n) else {
        let msg = format!("No module named '{n}'");
        return Err(crate::errors::raise_import(cx, Ty::ModuleNotFoundError, &msg, key, Value::NONE));
    };
    let m = create_module(cx, spec)?;
    if let Some(d) = modules
        && cx.dict_set_str(d, key, m).is_none()
    {
        return Err(cx.no_memory());
    }
    if let Err(r) = exec_module(cx, m) {
        let e = cx.take_raised(r);
        if let Some(d) = modules {
            cx.dict_del_str(d, key);
        }
        return Err(cx.set_raised(e));
    }
    Ok(m)
}

// ---------------------------------------------------------------------------------------------------- frozen modules

/// Offers a frozen module as a code object.
pub fn register_frozen(cx: &mut Ctx, n: &str, code: Value, is_package: bool) {
    let f = Frozen { source: None, code: Slot::new(code), is_package, origname: None, optional: false };
    locked(&tables(cx).frozen).insert(n.to_owned(), Arc::new(f));
}

/// Offers a frozen module as source text. `origname`: the module whose code it is, if it goes by another name; `optional`: programs
/// may ask for the library's file instead.
pub fn register_frozen_source(
    cx: &mut Ctx,
    n: &str,
    source: impl Into<Cow<'static, str>>,
    is_package: bool,
    origname: Option<&str>,
    optional: bool,
) {
    let f = Frozen {
        source: Some(source.into()),
        code: Slot::empty(),
        is_package,
        origname: origname.map(str::to_owned),
        optional,
    };
    locked(&tables(cx).frozen).insert(n.to_owned(), Arc::new(f));
}

/// The frozen module of a name, unless the space's settings hide it.
pub fn find_frozen(cx: &Ctx, n: &str) -> Option<Arc<Frozen>> {
    let t = tables(cx);
    let f = locked(&t.frozen).get(n).cloned()?;
    if f.optional && t.override_frozen.load(Ordering::Relaxed) < 0 { None } else { Some(f) }
}

/// The names of all frozen modules, sorted.
pub fn frozen_names(cx: &Ctx) -> Vec<String> {
    locked(&tables(cx).frozen).keys().cloned().collect()
}

/// The code object of a frozen module.
pub fn frozen_code(cx: &mut Ctx, n: &str, f: &Frozen) -> PyResult {
    if let Some(c) = f.code.get() {
        return Ok(c);
    }
    let origin = f.origname.as_deref().filter(|o| !o.is_empty()).unwrap_or(n).trim_start_matches('<');
    let Some(text) = &f.source else { return Err(no_frozen(cx, n)) };
    let options = default_options(cx, protopy_compiler::Mode::Exec, &format!("<frozen {origin}>"));
    let code = compile_text(cx, text, &options)?;
    // The table is a root: no barrier is needed, and a race makes the same code twice.
    f.code.init(Some(code));
    Ok(code)
}

/// Raises the ImportError for a frozen module that does not exist.
#[cold]
pub fn no_frozen(cx: &mut Ctx, n: &str) -> Raised {
    let key = cx.str(n);
    let shown = crate::ops::repr_text(cx, key).unwrap_or_default();
    let msg = format!("No such frozen object named {shown}");
    crate::errors::raise_import(cx, Ty::ImportError, &msg, key, Value::NONE)
}

/// The text of a module name.
pub fn name_text(v: Value) -> Option<String> {
    StrObj::of(v).and_then(StrObj::to_utf8)
}
