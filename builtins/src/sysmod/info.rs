//! The data of `sys`: version, flags, limits, paths.

use protopy_vm::declare::TypeSpec;
use protopy_vm::errors::set_sys;
use protopy_vm::protocore::Held;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, Layout, PyResult, Root, Ty, Value};
use protopy_vm::structseq::{METHODS, SLOTS, new_structseq, new_structseq_type};
use protopy_vm::{self as vm};

/// How an interpreter is set up: what the command line and the environment say.
#[derive(Clone, Debug)]
pub struct Config {
    /// `sys.argv`
    pub argv: Vec<std::ffi::OsString>,
    /// `sys.orig_argv`
    pub orig_argv: Vec<std::ffi::OsString>,
    /// `sys.executable`
    pub executable: String,
    /// Folder of the standard library.
    pub stdlib: String,
    /// `sys.path` entries in front of the standard library.
    pub path: Vec<String>,
    /// `sys.prefix`
    pub prefix: String,
    /// `sys.base_prefix`: the installation that a virtual environment was made from.
    pub base_prefix: String,
    /// `sys._base_executable`
    pub base_executable: String,
    /// `-W` options.
    pub warn: Vec<String>,
    /// `-X` options.
    pub xoptions: Vec<(String, Option<String>)>,
    /// `-d`
    pub debug: i64,
    /// `-i` (also given by PYTHONINSPECT).
    pub inspect: i64,
    /// `-i` given.
    pub interactive: i64,
    /// `-O`
    pub optimize: i64,
    /// `-B`
    pub dont_write_bytecode: bool,
    /// `-s`
    pub no_user_site: i64,
    /// `-S`
    pub no_site: i64,
    /// `-E`
    pub ignore_environment: i64,
    /// `-v`
    pub verbose: i64,
    /// `-b`
    pub bytes_warning: i64,
    /// `-q`
    pub quiet: i64,
    /// Whether string hashing is randomised.
    pub hash_randomization: i64,
    /// `-I`
    pub isolated: i64,
    /// `-X dev`
    pub dev_mode: bool,
    /// `-X utf8`
    pub utf8_mode: i64,
    /// `-P`
    pub safe_path: bool,
    /// Digits limit.
    pub int_max_str_digits: i64,
    /// `PYTHONPYCACHEPREFIX`
    pub pycache_prefix: Option<String>,
    /// `-u`
    pub unbuffered: bool,
    /// Hash seed: `None` for a random one.
    pub hash_seed: Option<u64>,
    /// `-X warn_default_encoding`
    pub warn_default_encoding: i64,
    /// `-X no_debug_ranges`
    pub no_debug_ranges: bool,
    /// `-X cpu_count`; -1 if not given.
    pub cpu_count: i64,
    /// `-X importtime`: 0, 1 or 2.
    pub import_time: i64,
    /// `-X thread_inherit_context`
    pub thread_inherit_context: i64,
    /// `-X context_aware_warnings`
    pub context_aware_warnings: i64,
    /// `--check-hash-based-pycs`
    pub check_hash_based_pycs: String,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            argv: Vec::new(),
            orig_argv: Vec::new(),
            executable: String::new(),
            stdlib: String::new(),
            path: Vec::new(),
            prefix: String::new(),
            base_prefix: String::new(),
            base_executable: String::new(),
            warn: Vec::new(),
            xoptions: Vec::new(),
            debug: 0,
            inspect: 0,
            interactive: 0,
            optimize: 0,
            dont_write_bytecode: false,
            no_user_site: 0,
            no_site: 0,
            ignore_environment: 0,
            verbose: 0,
            bytes_warning: 0,
            quiet: 0,
            hash_randomization: 1,
            isolated: 0,
            dev_mode: false,
            utf8_mode: 0,
            safe_path: false,
            int_max_str_digits: 4300,
            pycache_prefix: None,
            unbuffered: false,
            hash_seed: None,
            warn_default_encoding: 0,
            no_debug_ranges: false,
            cpu_count: -1,
            import_time: 0,
            thread_inherit_context: 1,
            context_aware_warnings: 1,
            check_hash_based_pycs: "default".to_owned(),
        }
    }
}

/// The level of the language and library that is implemented.
pub const VERSION: (i64, i64, i64) = (3, 14, 7);

macro_rules! seq_specs {
    ($($id:ident = $name:literal, $doc:literal, $flags:expr;)*) => {
        $(
            static $id: TypeSpec = TypeSpec {
                name: $name,
                module: "sys",
                layout: Layout::Tuple,
                base: Some(Ty::Tuple),
                slots: SLOTS,
                methods: METHODS,
                flags: $flags,
                doc: $doc,
                ..TypeSpec::BASE
            };
        )*
    };
}

seq_specs! {
    FLAGS = "flags", "Flags of the command line.", type_flags::NO_NEW | type_flags::DICT;
    VERSION_INFO = "version_info", "Version of the language.", type_flags::NO_NEW;
    FLOAT_INFO = "float_info", "Properties of floats.", 0;
    INT_INFO = "int_info", "Properties of ints.", 0;
    HASH_INFO = "hash_info", "Properties of hashing.", 0;
    THREAD_INFO = "thread_info", "Properties of threads.", 0;
    ASYNCGEN_HOOKS = "asyncgen_hooks", "Hooks of asynchronous generators.", 0;
}

/// Name and version of the system's library for threads, where it tells.
#[allow(unsafe_code)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn threads_version() -> Option<String> {
    let mut buf = [0u8; 64];
    // SAFETY: the buffer has the length that is given.
    let n = unsafe { libc::confstr(libc::_CS_GNU_LIBPTHREAD_VERSION, buf.as_mut_ptr().cast(), buf.len()) };
    let text = buf.get(..n.checked_sub(1)?)?;
    Some(String::from_utf8_lossy(text).into_owned())
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn threads_version() -> Option<String> {
    None
}

fn strs(cx: &mut Ctx, items: &[String]) -> PyResult {
    let mut v = vm::ValueVec::new(cx);
    for i in items {
        let s = vm::codec::fs_decode(cx, i.as_bytes())?;
        v.push(cx, s)?;
    }
    Ok(v.into_list())
}

fn os_strs(cx: &mut Ctx, items: &[std::ffi::OsString]) -> PyResult {
    use std::os::unix::ffi::OsStrExt;
    let mut v = vm::ValueVec::new(cx);
    for i in items {
        let s = vm::codec::fs_decode(cx, i.as_bytes())?;
        v.push(cx, s)?;
    }
    Ok(v.into_list())
}

/// Sets `sys.argv` and `sys.orig_argv`, decoded as file names are.
pub fn set_arguments(cx: &mut Ctx, c: &Config) -> PyResult<()> {
    let v = os_strs(cx, &c.argv)?;
    set_sys(cx, "argv", v);
    let v = os_strs(cx, &c.orig_argv)?;
    set_sys(cx, "orig_argv", v);
    Ok(())
}

fn version_info(cx: &mut Ctx) -> PyResult {
    let fields = ["major", "minor", "micro", "releaselevel", "serial"];
    let ty = new_structseq_type(cx, &VERSION_INFO, &fields, 5)?;
    let (a, b, c) = VERSION;
    let level = cx.str("final");
    new_structseq(cx, ty, &[Value::small(a), Value::small(b), Value::small(c), level, Value::small(0)])
}

fn hexversion() -> i64 {
    let (a, b, c) = VERSION;
    a << 24 | b << 16 | c << 8 | 0xf0
}

fn flags(cx: &mut Ctx, c: &Config) -> PyResult {
    let names = [
        "debug",
        "inspect",
        "interactive",
        "optimize",
        "dont_write_bytecode",
        "no_user_site",
        "no_site",
        "ignore_environment",
        "verbose",
        "bytes_warning",
        "quiet",
        "hash_randomization",
        "isolated",
        "dev_mode",
        "utf8_mode",
        "warn_default_encoding",
        "safe_path",
        "int_max_str_digits",
        "gil",
        "thread_inherit_context",
        "context_aware_warnings",
    ];
    let ty = new_structseq_type(cx, &FLAGS, &names, 18)?;
    let n = Value::small;
    let values = [
        n(c.debug),
        n(c.inspect),
        n(c.interactive),
        n(c.optimize),
        n(i64::from(c.dont_write_bytecode)),
        n(c.no_user_site),
        n(c.no_site),
        n(c.ignore_environment),
        n(c.verbose),
        n(c.bytes_warning),
        n(c.quiet),
        n(c.hash_randomization),
        n(c.isolated),
        Value::bool(c.dev_mode),
        n(c.utf8_mode),
        n(c.warn_default_encoding),
        Value::bool(c.safe_path),
        n(c.int_max_str_digits),
        n(0),
        n(c.thread_inherit_context),
        n(c.context_aware_warnings),
    ];
    new_structseq(cx, ty, &values)
}

fn number_infos(cx: &mut Ctx) -> PyResult<()> {
    let names = [
        "max",
        "max_exp",
        "max_10_exp",
        "min",
        "min_exp",
        "min_10_exp",
        "dig",
        "mant_dig",
        "epsilon",
        "radix",
        "rounds",
    ];
    let ty = new_structseq_type(cx, &FLOAT_INFO, &names, names.len())?;
    let n = Value::small;
    let (max, min, eps) = (cx.float(f64::MAX), cx.float(f64::MIN_POSITIVE), cx.float(f64::EPSILON));
    let v = new_structseq(
        cx,
        ty,
        &[max, n(1024), n(308), min, n(-1021), n(-307), n(15), n(53), eps, n(2), n(1)],
    )?;
    set_sys(cx, "float_info", v);
    let names = ["bits_per_digit", "sizeof_digit", "default_max_str_digits", "str_digits_check_threshold"];
    let ty = new_structseq_type(cx, &INT_INFO, &names, 4)?;
    let v = new_structseq(cx, ty, &[n(30), n(4), n(4300), n(640)])?;
    set_sys(cx, "int_info", v);
    let names = ["width", "modulus", "inf", "nan", "imag", "algorithm", "hash_bits", "seed_bits", "cutoff"];
    let ty = new_structseq_type(cx, &HASH_INFO, &names, names.len())?;
    let alg = cx.str("siphash13");
    let modulus = cx.int((1 << 61) - 1);
    let v =
        new_structseq(cx, ty, &[n(64), modulus, n(314_159), n(0), n(1_000_003), alg, n(64), n(128), n(0)])?;
    set_sys(cx, "hash_info", v);
    let ty = new_structseq_type(cx, &THREAD_INFO, &["name", "lock", "version"], 3)?;
    let (name, lock) = (cx.str("pthread"), cx.str("semaphore"));
    let version = threads_version().map_or(Value::NONE, |s| cx.str(&s));
    let v = new_structseq(cx, ty, &[name, lock, version])?;
    set_sys(cx, "thread_info", v);
    let ty = new_structseq_type(cx, &ASYNCGEN_HOOKS, &["firstiter", "finalizer"], 2)?;
    set_sys(cx, "_asyncgen_hooks_type", ty);
    Ok(())
}

fn namespace(cx: &mut Ctx, items: &[(&str, Value)]) -> PyResult {
    let ty = cx.ty(Ty::SimpleNamespace).value();
    vm::call_kw(cx, ty, &[], items)
}

/// `sys.version`
pub fn version_text() -> String {
    let (a, b, c) = VERSION;
    format!("{a}.{b}.{c} (protoPython {}, Nov 22 2026, 00:00:00) [rustc]", env!("CARGO_PKG_VERSION"))
}

fn versions(cx: &mut Ctx) -> PyResult<()> {
    let v = cx.str(&version_text());
    set_sys(cx, "version", v);
    let hex = Value::small(hexversion());
    set_sys(cx, "hexversion", hex);
    let info = version_info(cx)?;
    set_sys(cx, "version_info", info);
    set_sys(cx, "api_version", Value::small(1013));
    let v = cx.str("Copyright (c) 2026 The protoPython developers.");
    set_sys(cx, "copyright", v);
    let (name, tag, arch) = (cx.str("protopy"), cx.str("protopy-314"), cx.str("x86_64-linux-gnu"));
    let implementation = namespace(
        cx,
        &[
            ("name", name),
            ("cache_tag", tag),
            ("version", info),
            ("hexversion", hex),
            ("_multiarch", arch),
            ("supports_isolated_interpreters", Value::FALSE),
        ],
    )?;
    set_sys(cx, "implementation", implementation);
    let (n, e) = (cx.str("protoPython"), cx.str(""));
    let git = cx.tuple(&[n, e, e]);
    set_sys(cx, "_git", git);
    Ok(())
}

fn paths(cx: &mut Ctx, c: &Config) -> PyResult<()> {
    let mut all = c.path.clone();
    if !c.stdlib.is_empty() {
        all.push(c.stdlib.clone());
    }
    let v = strs(cx, &all)?;
    set_sys(cx, "path", v);
    for (n, path) in [
        ("prefix", &c.prefix),
        ("exec_prefix", &c.prefix),
        ("base_prefix", &c.base_prefix),
        ("base_exec_prefix", &c.base_prefix),
        ("executable", &c.executable),
        ("_base_executable", &c.base_executable),
    ] {
        let v = vm::codec::fs_decode(cx, path.as_bytes())?;
        set_sys(cx, n, v);
    }
    let v = vm::codec::fs_decode(cx, c.stdlib.as_bytes())?;
    set_sys(cx, "_stdlib_dir", v);
    let v = cx.str("lib");
    set_sys(cx, "platlibdir", v);
    let v = match &c.pycache_prefix {
        Some(p) => vm::codec::fs_decode(cx, p.as_bytes())?,
        None => Value::NONE,
    };
    set_sys(cx, "pycache_prefix", v);
    for n in ["meta_path", "path_hooks"] {
        let v = cx.list(&[])?;
        set_sys(cx, n, v);
    }
    let v = cx.dict();
    set_sys(cx, "path_importer_cache", v);
    Ok(())
}

fn options(cx: &mut Ctx, c: &Config) -> PyResult<()> {
    set_arguments(cx, c)?;
    let v = strs(cx, &c.warn)?;
    set_sys(cx, "warnoptions", v);
    let x = cx.dict();
    if let Some(d) = DictObj::of(x) {
        for (k, v) in &c.xoptions {
            let k = cx.str(k);
            let v = match v {
                Some(v) => cx.str(v),
                None => Value::TRUE,
            };
            vm::dict_set(cx, d, k, v)?;
        }
    }
    set_sys(cx, "_xoptions", x);
    let v = flags(cx, c)?;
    set_sys(cx, "flags", v);
    set_sys(cx, "dont_write_bytecode", Value::bool(c.dont_write_bytecode));
    Ok(())
}

fn plain(cx: &mut Ctx) -> PyResult<()> {
    for (n, v) in [
        ("byteorder", "little"),
        ("platform", "linux"),
        ("float_repr_style", "short"),
        ("abiflags", "t"),
        ("_framework", ""),
    ] {
        let v = cx.str(v);
        set_sys(cx, n, v);
    }
    let max = cx.int(i64::MAX);
    set_sys(cx, "maxsize", max);
    set_sys(cx, "maxunicode", Value::small(0x10_ffff));
    let off = super::super::support::false_function(cx)?;
    let jit = namespace(cx, &[("is_available", off), ("is_enabled", off), ("is_active", off)])?;
    set_sys(cx, "_jit", jit);
    let monitoring = super::monitoring::module(cx)?;
    set_sys(cx, "monitoring", monitoring);
    if let Some(names) = stdlib_names(cx)? {
        set_sys(cx, "stdlib_module_names", names);
    }
    Ok(())
}

/// The frozen set of the names of all standard modules: the library's own files and the builtin modules.
fn stdlib_names(cx: &mut Ctx) -> PyResult<Option<Value>> {
    let ty = cx.ty(Ty::FrozenSet);
    let set = cx.new_dict_of(ty);
    let Some(s) = DictObj::of_set(set) else { return Ok(None) };
    let mut names: Vec<String> = Vec::new();
    for f in protopy_lib::listdir("").unwrap_or_default() {
        match f.strip_suffix(".py") {
            Some(n) => names.push(n.to_owned()),
            None if protopy_lib::is_dir(f) => names.push(f.to_owned()),
            None => {}
        }
    }
    names.extend(vm::modules::builtin_names(cx).iter().map(|s| (*s).to_owned()));
    for n in names {
        let n = cx.intern_str(&n);
        vm::set_add(cx, s, n)?;
    }
    Ok(Some(set))
}

/// Fills `sys` with its data.
pub fn fill(cx: &mut Ctx, c: &Config) -> PyResult<()> {
    versions(cx)?;
    number_infos(cx)?;
    paths(cx, c)?;
    options(cx, c)?;
    plain(cx)?;
    let m = cx.root(Root::Modules);
    set_sys(cx, "modules", m);
    let mut names: Held<Value> = vm::modules::builtin_names(cx)
        .into_iter()
        .chain(["builtins", "sys"])
        .map(|n| cx.intern_str(n))
        .collect();
    names.sort_by_key(|n| protopy_vm::protocore::layouts::StrObj::of(*n).map(|s| s.to_string_lossy()));
    let t = cx.tuple_of(None, &names)?;
    set_sys(cx, "builtin_module_names", t);
    Ok(())
}
