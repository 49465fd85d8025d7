//! `_imp`: what `importlib` needs of the interpreter.

use protocore::layouts::{CodeObj, ModuleObj, StrObj};
use protocore::space::SpaceState;
use protocore::{Ctx, PyResult, Raised, Root, Tracer, Ty, Value};
use protopy_num::siphash13::siphash13;
use protopy_vm::modules::{
    create_module, exec_module, find_builtin, find_frozen, frozen_code, frozen_names, module_dict,
    module_set, module_tables, new_module_named, no_frozen,
};
use protopy_vm::sync::RawLock;
use protopy_vm::{ModuleSpec, buffer_to_vec, errors, get_attr_str, index_i64, methods, repr_text};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// First two bytes of cache files, as a number: of this compiler, and beyond what CPython uses.
pub const PYC_MAGIC: u32 = 0x4000 | (protopy_compiler::cache::FINGERPRINT % 0xbfff) as u32;

/// The import lock: re-entrant, of the space.
#[derive(Default)]
struct ImportLock {
    lock: RawLock,
    /// Identifier of the thread that holds it, and how often.
    owner: AtomicU64,
    depth: AtomicUsize,
}

impl SpaceState for ImportLock {
    fn trace(&self, _: &mut Tracer) {}
}

impl ImportLock {
    /// Whether this thread holds it: nobody else writes that.
    fn is_mine(&self, cx: &Ctx) -> bool {
        self.owner.load(Ordering::Relaxed) == cx.ident && self.depth.load(Ordering::Relaxed) > 0
    }
}

fn acquire_lock(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let l = cx.space().state::<ImportLock>();
    if !l.is_mine(cx) {
        l.lock.acquire(cx, None)?;
        l.owner.store(cx.ident, Ordering::Relaxed);
    }
    l.depth.fetch_add(1, Ordering::Relaxed);
    Ok(Value::NONE)
}

fn release_lock(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let l = cx.space().state::<ImportLock>();
    if !l.is_mine(cx) {
        return Err(cx.raise_str(Ty::RuntimeError, "not holding the import lock"));
    }
    if l.depth.fetch_sub(1, Ordering::Relaxed) == 1 {
        l.owner.store(0, Ordering::Relaxed);
        l.lock.release(cx);
    }
    Ok(Value::NONE)
}

fn lock_held(cx: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(Value::bool(cx.space().state::<ImportLock>().lock.is_held()))
}

/// After `fork`, in the child: the lock belongs to this thread or to nobody.
pub fn import_lock_after_fork(cx: &mut Ctx) {
    let l = cx.space().state::<ImportLock>();
    if !l.is_mine(cx) {
        l.owner.store(0, Ordering::Relaxed);
        l.depth.store(0, Ordering::Relaxed);
        l.lock.reinit();
    }
}

fn module_name(cx: &mut Ctx, f: &str, v: Value) -> PyResult<String> {
    match StrObj::of(v) {
        Some(s) => Ok(s.to_string_lossy()),
        None => {
            let msg = format!("{f}() argument must be str, not {}", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

fn is_interpreter_module(n: &str) -> bool {
    matches!(n, "sys" | "builtins")
}

fn is_builtin(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = module_name(cx, "is_builtin", a[0])?;
    Ok(Value::small(if is_interpreter_module(&n) { -1 } else { i64::from(find_builtin(cx, &n).is_some()) }))
}

fn is_frozen(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = module_name(cx, "is_frozen", a[0])?;
    Ok(Value::bool(find_frozen(cx, &n).is_some()))
}

fn is_frozen_package(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = module_name(cx, "is_frozen_package", a[0])?;
    match find_frozen(cx, &n) {
        Some(f) => Ok(Value::bool(f.is_package)),
        None => Err(no_frozen(cx, &n)),
    }
}

fn get_frozen_object(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = module_name(cx, "get_frozen_object", a[0])?;
    if let Some(data) = a[1].not_none() {
        let bytes = buffer_to_vec(cx, data)?;
        if bytes.is_empty() {
            return Err(invalid_frozen(cx, a[0]));
        }
        let code = match crate::marshal::loads_bytes(cx, &bytes, true) {
            Ok(v) => v,
            Err(r) => {
                cx.take_raised(r);
                return Err(invalid_frozen(cx, a[0]));
            }
        };
        if CodeObj::of(code).is_none() {
            let msg = format!("frozen object {} is not a code object", repr_text(cx, a[0])?);
            return Err(cx.type_error(&msg));
        }
        return Ok(code);
    }
    match find_frozen(cx, &n) {
        Some(f) => frozen_code(cx, &n, &f),
        None => Err(no_frozen(cx, &n)),
    }
}

#[cold]
fn invalid_frozen(cx: &mut Ctx, n: Value) -> Raised {
    let shown = match repr_text(cx, n) {
        Ok(t) => t,
        Err(r) => return r,
    };
    let msg = format!("Frozen object named {shown} is invalid");
    errors::raise_import(cx, Ty::ImportError, &msg, n, Value::NONE)
}

fn find_frozen_info(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = module_name(cx, "find_frozen", a[0])?;
    let Some(f) = find_frozen(cx, &n) else { return Ok(Value::NONE) };
    let data = if protopy_vm::is_true(cx, a[1])? {
        let code = frozen_code(cx, &n, &f)?;
        let bytes = crate::marshal::dumps_value(cx, code, crate::marshal::VERSION, true)?;
        let b = cx.bytes(&bytes)?;
        let view = cx.ty(Ty::MemoryView).value();
        protopy_vm::call(cx, view, &[b])?
    } else {
        Value::NONE
    };
    let origin = match &f.origname {
        Some(o) if o.is_empty() => Value::NONE,
        Some(o) => cx.str(o),
        None => a[0],
    };
    cx.tuple_of(None, &[data, Value::bool(f.is_package), origin])
}

fn init_frozen(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = module_name(cx, "init_frozen", a[0])?;
    let Some(f) = find_frozen(cx, &n) else { return Ok(Value::NONE) };
    let code = frozen_code(cx, &n, &f)?;
    let modules = cx.root(Root::Modules);
    let m = new_module_named(cx, a[0], Value::NONE);
    if f.is_package {
        let path = cx.list(&[])?;
        module_set(cx, m, "__path__", path)?;
    }
    protopy_vm::set_item(cx, modules, a[0], Some(m))?;
    let ns = ModuleObj::of(m).map_or(Value::NONE, |m| m.dict.get_or_none());
    protopy_vm::compile::run_code(cx, code, ns, ns)?;
    protopy_vm::get_item(cx, modules, a[0])
}

fn frozen_module_names(cx: &mut Ctx, _: &[Value]) -> PyResult {
    let mut all = protopy_vm::ValueVec::new(cx);
    for n in frozen_names(cx) {
        let s = cx.str(&n);
        all.push(cx, s)?;
    }
    Ok(all.into_list())
}

fn create_builtin(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = get_attr_str(cx, a[0], "name")?;
    let text = module_name(cx, "create_builtin", n)?;
    match text.as_str() {
        "sys" => return Ok(cx.root(Root::SysModule)),
        "builtins" => return Ok(cx.root(Root::BuiltinsModule)),
        _ => {}
    }
    match find_builtin(cx, &text) {
        Some(spec) => create_module(cx, spec),
        None => Ok(Value::NONE),
    }
}

fn exec_builtin(cx: &mut Ctx, a: &[Value]) -> PyResult {
    exec_module(cx, a[0])?;
    Ok(Value::small(0))
}

fn create_dynamic(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = get_attr_str(cx, a[0], "name")?;
    let path = get_attr_str(cx, a[0], "origin")?;
    let text = module_name(cx, "create_dynamic", n)?;
    let has_nul = |v: Value| StrObj::of(v).is_some_and(|s| s.to_string_lossy().contains('\0'));
    if has_nul(n) || has_nul(path) {
        return Err(cx.value_error("embedded null character"));
    }
    let msg = format!("dynamic module does not define module export function (PyInit_{text})");
    Err(errors::raise_import(cx, Ty::ImportError, &msg, n, path))
}

fn exec_dynamic(_: &mut Ctx, _: &[Value]) -> PyResult {
    Ok(Value::small(0))
}

fn extension_suffixes(cx: &mut Ctx, _: &[Value]) -> PyResult {
    cx.list(&[])
}

fn source_hash(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let key = index_i64(cx, a[0], Ty::OverflowError)?;
    let source = buffer_to_vec(cx, a[1])?;
    let h = siphash13(key as u64, 0, &source);
    cx.bytes(&h.to_le_bytes())
}

/// Exchanges the file name of a code object and of those nested in it that have the same.
fn fix_co_filename(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (Some(code), Some(new)) = (CodeObj::of(a[0]), StrObj::of(a[1])) else {
        let bad = if CodeObj::of(a[0]).is_none() { (1, a[0], "code") } else { (2, a[1], "str") };
        let msg = format!(
            "_fix_co_filename() argument {} must be {}, not {}",
            bad.0,
            bad.2,
            protopy_vm::ops::tp_name(cx, bad.1)
        );
        return Err(cx.type_error(&msg));
    };
    let Some(old) = code.rt.filename.get() else { return Ok(Value::NONE) };
    if StrObj::of(old).is_some_and(|o| o.same(new)) {
        return Ok(Value::NONE);
    }
    let mut todo = vec![code];
    while let Some(c) = todo.pop() {
        let same = c.rt.filename.get().is_some_and(|f| {
            f.is(old) || matches!((StrObj::of(f), StrObj::of(old)), (Some(a), Some(b)) if a.same(b))
        });
        if same {
            cx.store(c.value(), &c.rt.filename, a[1]);
            todo.extend(c.rt.consts.iter().filter_map(|k| CodeObj::of(*k)));
        }
    }
    Ok(Value::NONE)
}

fn override_frozen(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = index_i64(cx, a[0], Ty::OverflowError)?;
    module_tables(cx).override_frozen.store(n.signum() as i8, Ordering::Relaxed);
    Ok(Value::NONE)
}

fn override_check(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let n = index_i64(cx, a[0], Ty::OverflowError)?;
    let _ = n;
    let msg = "_imp._override_multi_interp_extensions_check() cannot be used in the main interpreter";
    Err(cx.raise_str(Ty::RuntimeError, msg))
}

fn init(cx: &mut Ctx, m: Value) -> PyResult<()> {
    if module_dict(m).is_none() {
        return Ok(());
    }
    let mode = {
        let settings = protopy_vm::settings::of(cx);
        let mode = settings.check_hash_based_pycs.lock().unwrap_or_else(|e| e.into_inner());
        mode.clone()
    };
    let v = cx.str(mode.as_deref().unwrap_or("default"));
    module_set(cx, m, "check_hash_based_pycs", v)?;
    let token = i64::from(PYC_MAGIC | u32::from(b'\r') << 16 | u32::from(b'\n') << 24);
    module_set(cx, m, "pyc_magic_number_token", Value::small(token))
}

/// `_imp`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_imp",
    doc: "Low-level parts of the import system.",
    functions: methods![functions:
        /// Whether some thread holds the import lock.
        "lock_held()" => lock_held;
        /// Takes the import lock, which the owner may take again.
        "acquire_lock()" => acquire_lock;
        /// Gives one hold of the import lock back; RuntimeError if this thread has none.
        "release_lock()" => release_lock;
        /// The names of the frozen modules.
        "_frozen_module_names()" => frozen_module_names;
        /// Entry of a frozen module: marshalled code (None unless asked for), whether it is a package, original name; None if there is none.
        "find_frozen(name, /, *, withdata=False)" => find_frozen_info;
        /// The code object of a frozen module.
        "get_frozen_object(name, data=None, /)" => get_frozen_object;
        /// Makes and runs a frozen module.
        "init_frozen(name, /)" => init_frozen;
        /// Whether a frozen module is a package.
        "is_frozen_package(name, /)" => is_frozen_package;
        /// 1 for a native module, -1 for one that exists once an interpreter, 0 for other names.
        "is_builtin(name, /)" => is_builtin;
        /// Whether there is a frozen module of that name.
        "is_frozen(name, /)" => is_frozen;
        /// For tests: 1 forces, -1 hides frozen modules, 0 is the default.
        "_override_frozen_modules_for_tests(override, /)" => override_frozen;
        /// For tests: refused in the main interpreter.
        "_override_multi_interp_extensions_check(override, /)" => override_check;
        /// Makes a native module's object.
        "create_builtin(spec, /)" => create_builtin;
        /// Initialises a native module.
        "exec_builtin(mod, /)" => exec_builtin;
        /// Raises ImportError: there are no dynamic modules.
        "create_dynamic(spec, file=<unrepresentable>, /)" => create_dynamic;
        /// Initialises a dynamic module.
        "exec_dynamic(mod, /)" => exec_dynamic;
        /// File name suffixes of dynamic modules: none.
        "extension_suffixes()" => extension_suffixes;
        /// Keyed hash of source text, eight bytes.
        "source_hash(key, source)" => source_hash;
        /// Exchanges the file name of a code object and of those in it.
        "_fix_co_filename(code, path, /)" => fix_co_filename;
    ],
    init: Some(init),
};
