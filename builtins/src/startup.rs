//! Bringing a space to life: types, `builtins`, `sys`, the import system, the standard streams.

use crate::sysmod::{self, Config};
use protopy_vm::declare::ModuleSpec;
use protopy_vm::errors::set_sys;
use protopy_vm::names::init_names;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{MethodDef, ModuleObj};
use protopy_vm::protocore::{Ctx, ProtoSpace, PyResult, Root, Ty, Value};
use protopy_vm::{self as vm};
use std::borrow::Cow;
use std::sync::atomic::Ordering;

/// A new space with its main thread attached, up to but without the import system.
pub fn new_space(config: &Config) -> std::io::Result<Box<Ctx>> {
    let space = ProtoSpace::new(hash_key(config))?;
    Ctx::attach(&space, true)
}

/// Key of string hashing: fixed for a given seed, else random. Seed 0 is no randomisation.
fn hash_key(config: &Config) -> (u64, u64) {
    match config.hash_seed {
        Some(0) => (0, 0),
        Some(seed) => {
            // The linear congruential generator that CPython documents for PYTHONHASHSEED.
            let mut x = seed as u32;
            let mut bytes = [0u8; 16];
            for b in &mut bytes {
                x = x.wrapping_mul(214_013).wrapping_add(2_531_011);
                *b = (x >> 16) as u8;
            }
            let half = |i: usize| {
                let mut w = [0u8; 8];
                w.copy_from_slice(&bytes[i..i + 8]);
                u64::from_le_bytes(w)
            };
            (half(0), half(8))
        }
        None => {
            use std::hash::{BuildHasher, Hasher};
            // The standard library keys its hashers from the system's randomness.
            let word = || std::collections::hash_map::RandomState::new().build_hasher().finish();
            (word(), word())
        }
    }
}

/// Makes types, builtins and sys, and registers the native modules.
pub fn init_core(cx: &mut Ctx, config: &Config, modules: &[&[&'static ModuleSpec]]) -> PyResult<()> {
    vm::types::bootstrap_types(cx)?;
    init_names(cx)?;
    crate::init_types(cx)?;
    vm::finalize::install_hooks(cx);
    for m in modules {
        vm::modules::register_modules(cx, m);
    }
    let table = cx.dict();
    cx.space().set_root(Root::Modules, table);
    let builtins =
        make_module(cx, "builtins", "Built-in functions, types, exceptions, and other objects.", BUILTINS)?;
    cx.space().set_root(Root::BuiltinsModule, builtins);
    let dict = ModuleObj::of(builtins).map_or(Value::NONE, |m| m.dict.get_or_none());
    cx.space().set_root(Root::Builtins, dict);
    fill_builtins(cx, dict, config)?;
    let sys = make_module(
        cx,
        "sys",
        "Objects used or maintained by the interpreter, and functions that interact with it.",
        SYS,
    )?;
    cx.space().set_root(Root::SysModule, sys);
    let dict = ModuleObj::of(sys).map_or(Value::NONE, |m| m.dict.get_or_none());
    cx.space().set_root(Root::Sys, dict);
    sysmod::fill(cx, config)?;
    for n in ["displayhook", "excepthook", "unraisablehook", "breakpointhook"] {
        if let Some(f) = vm::lookup_sys(cx, n) {
            set_sys(cx, &format!("__{n}__"), f);
        }
    }
    if config.verbose > 0 {
        sysmod::early_stderr(cx)?;
    }
    cx.space().dev_mode.store(config.dev_mode, Ordering::Relaxed);
    cx.space().int_max_str_digits.store(config.int_max_str_digits, Ordering::Relaxed);
    let settings = vm::settings::of(cx);
    settings.no_debug_ranges.store(config.no_debug_ranges, Ordering::Relaxed);
    settings.cpu_count.store(config.cpu_count, Ordering::Relaxed);
    cx.space().bytes_warning.store(config.bytes_warning.clamp(0, 2) as u8, Ordering::Relaxed);
    cx.space().import_time.store(config.import_time.clamp(0, 2) as u8, Ordering::Relaxed);
    if config.check_hash_based_pycs != "default" {
        *settings.check_hash_based_pycs.lock().unwrap_or_else(|e| e.into_inner()) =
            Some(config.check_hash_based_pycs.clone());
    }
    Ok(())
}

type Tables = &'static [fn() -> &'static [MethodDef]];

static BUILTINS: Tables = &[
    || crate::core_fns::FUNCTIONS,
    || crate::core_fns::OUTPUT_FUNCTIONS,
    || crate::core_fns::COMPILE_FUNCTIONS,
    || crate::containers::FUNCTIONS,
];

static SYS: Tables = &[|| sysmod::FUNCTIONS, || sysmod::FRAME_FUNCTIONS, || sysmod::STATE_FUNCTIONS];

fn make_module(cx: &mut Ctx, n: &'static str, doc: &'static str, tables: Tables) -> PyResult {
    let m = vm::modules::new_module(cx, n, Some(doc));
    let name = cx.intern_str(n);
    let dict = ModuleObj::of(m).and_then(|m| m.dict.get()).and_then(DictObj::of);
    if let Some(d) = dict {
        for def in tables.iter().flat_map(|t| t().iter()) {
            let f = cx.native_fn(Ty::NativeFn, def, Some(m), Some(name), None);
            let key = cx.intern_str(def.name);
            vm::dict_set(cx, d, key, f)?;
        }
    }
    if let Some(all) = DictObj::of(cx.root(Root::Modules)) {
        vm::dict_set(cx, all, name, m)?;
    }
    Ok(m)
}

/// The types that `builtins` names, apart from the exceptions.
const TYPES: &[Ty] = &[
    Ty::Object,
    Ty::Type,
    Ty::Int,
    Ty::Bool,
    Ty::Float,
    Ty::Complex,
    Ty::Str,
    Ty::Bytes,
    Ty::ByteArray,
    Ty::MemoryView,
    Ty::List,
    Ty::Tuple,
    Ty::Dict,
    Ty::Set,
    Ty::FrozenSet,
    Ty::Range,
    Ty::Slice,
    Ty::Property,
    Ty::StaticMethod,
    Ty::ClassMethod,
    Ty::Super,
    Ty::Enumerate,
    Ty::Zip,
    Ty::Map,
    Ty::Filter,
    Ty::Reversed,
];

fn fill_builtins(cx: &mut Ctx, dict: Value, config: &Config) -> PyResult<()> {
    let Some(d) = DictObj::of(dict) else { return Ok(()) };
    let first = Ty::BaseException as usize;
    let exceptions = vm::protocore::known::ALL_TYPES.iter().skip(first);
    for t in TYPES.iter().chain(exceptions) {
        let n = cx.intern_str(t.name());
        let v = cx.ty(*t).value();
        vm::dict_set(cx, d, n, v)?;
    }
    let os_error = cx.ty(Ty::OSError).value();
    for (n, v) in [
        ("None", Value::NONE),
        ("True", Value::TRUE),
        ("False", Value::FALSE),
        ("Ellipsis", Value::ELLIPSIS),
        ("NotImplemented", Value::NOT_IMPLEMENTED),
        ("__debug__", Value::bool(config.optimize == 0)),
        ("EnvironmentError", os_error),
        ("IOError", os_error),
    ] {
        let n = cx.intern_str(n);
        vm::dict_set(cx, d, n, v)?;
    }
    Ok(())
}

/// Starts the import system: CPython's own `importlib`, compiled from the library that the binary carries.
pub fn init_import(cx: &mut Ctx) -> PyResult<()> {
    let boot =
        frozen_module(cx, "_frozen_importlib", "importlib/_bootstrap.py", "<frozen importlib._bootstrap>")?;
    cx.space().set_root(Root::Importlib, boot);
    let sys = cx.root(Root::SysModule);
    let imp = vm::modules::load_builtin(cx, "_imp")?;
    vm::call_method(cx, boot, "_install", &[sys, imp])?;
    let external = frozen_module(
        cx,
        "_frozen_importlib_external",
        "importlib/_bootstrap_external.py",
        "<frozen importlib._bootstrap_external>",
    )?;
    cx.space().set_root(Root::ImportlibExternal, external);
    vm::set_attr_str(cx, boot, "_bootstrap_external", external)?;
    vm::call_method(cx, external, "_install", &[boot])?;
    offer_frozen(cx);
    for (name, m) in [("_frozen_importlib", boot), ("_frozen_importlib_external", external)] {
        frozen_spec(cx, boot, name, m)?;
    }
    Ok(())
}

/// Frozen modules: name, file of the library, whether it is a package, the name of the module whose code it is if that is
/// another. Those that greet are for tools that deal with frozen modules, and for their tests.
const FROZEN: &[(&str, &str, bool, Option<&str>)] = &[
    ("_frozen_importlib", "importlib/_bootstrap.py", false, Some("importlib._bootstrap")),
    (
        "_frozen_importlib_external",
        "importlib/_bootstrap_external.py",
        false,
        Some("importlib._bootstrap_external"),
    ),
    ("__hello__", "__hello__.py", false, None),
    ("__hello_alias__", "__hello__.py", false, Some("__hello__")),
    ("__hello_only__", "__hello__.py", false, Some("")),
    ("__phello_alias__", "__hello__.py", true, Some("__hello__")),
    ("__phello_alias__.spam", "__hello__.py", false, Some("__hello__")),
    ("__phello__", "__phello__/__init__.py", true, None),
    ("__phello__.__init__", "__phello__/__init__.py", false, Some("<__phello__")),
    ("__phello__.ham", "__phello__/ham/__init__.py", true, None),
    ("__phello__.ham.__init__", "__phello__/ham/__init__.py", false, Some("<__phello__.ham")),
    ("__phello__.ham.eggs", "__phello__/ham/eggs.py", false, None),
    ("__phello__.spam", "__phello__/spam.py", false, None),
];

/// Offers the frozen modules whose files the library has. The import system must have started: it takes modules that stand under the
/// names of frozen ones before for its own.
fn offer_frozen(cx: &mut Ctx) {
    for &(name, path, package, origname) in FROZEN {
        let Some(Cow::Borrowed(source)) = protopy_lib::get(path) else { continue };
        if let Ok(text) = std::str::from_utf8(source) {
            let optional = !name.starts_with("_frozen_");
            vm::modules::register_frozen_source(cx, name, text, package, origname, optional);
        }
    }
}

/// Gives a part of importlib the spec of a frozen module.
fn frozen_spec(cx: &mut Ctx, boot: Value, name: &str, m: Value) -> PyResult<()> {
    let loader = vm::get_attr_str(cx, boot, "FrozenImporter")?;
    let (name, origin) = (cx.intern_str(name), cx.intern_str("frozen"));
    let spec = vm::call_method(cx, boot, "ModuleSpec", &[name, loader])?;
    vm::set_attr_str(cx, spec, "origin", origin)?;
    vm::set_attr_str(cx, m, "__spec__", spec)?;
    vm::set_attr_str(cx, m, "__loader__", loader)
}

/// Runs a part of importlib under the name by which CPython freezes it.
fn frozen_module(cx: &mut Ctx, n: &'static str, path: &str, filename: &str) -> PyResult {
    let Some(source) = protopy_lib::get(path) else {
        let msg = format!("the standard library lacks {path}");
        return Err(cx.raise_str(Ty::ImportError, &msg));
    };
    let m = vm::modules::new_module(cx, n, None);
    let name = cx.intern_str(n);
    if let Some(all) = DictObj::of(cx.root(Root::Modules)) {
        vm::dict_set(cx, all, name, m)?;
    }
    let dict = ModuleObj::of(m).map_or(Value::NONE, |m| m.dict.get_or_none());
    if let Some(d) = DictObj::of(dict) {
        let b = cx.intern_str("__builtins__");
        let builtins = cx.root(Root::BuiltinsModule);
        vm::dict_set(cx, d, b, builtins)?;
    }
    let code = frozen_code(cx, n, &source, filename)?;
    vm::compile::run_code(cx, code, dict, dict)?;
    Ok(m)
}

/// The code of a part of importlib: as an earlier process kept it, or compiled and kept.
fn frozen_code(cx: &mut Ctx, n: &str, source: &[u8], filename: &str) -> PyResult {
    use protopy_compiler::cache;
    let options = vm::compile::default_options(cx, protopy_compiler::Mode::Exec, filename);
    let key = format!("{n}-{:016x}-O{}", cache::FINGERPRINT, options.optimize);
    if let Some(data) = protopy_lib::kept(&key).and_then(|bytes| cache::decode(&bytes).ok()) {
        return vm::code::make_code(cx, std::sync::Arc::new(data));
    }
    let text = String::from_utf8_lossy(source);
    let made = protopy_compiler::compile_source(&text, &options);
    if let Ok((data, _)) = &made {
        protopy_lib::keep(&key, &cache::encode(data));
    }
    vm::compile::finish(cx, made, &options)
}
