//! Settings of the interpreter from its options and from the environment.
//!
//! Where both speak, an option wins over a variable, and of two options of one name the last. Variables that are empty count as
//! unset, and none is read under `-E` or `-I`.

use crate::cli::Given;
use protopy_builtins::sysmod::Config;
use std::ffi::OsString;

/// A setting that is out of range.
#[derive(Debug)]
pub struct Fatal {
    /// The step that found it.
    pub place: &'static str,
    /// What is wrong.
    pub what: String,
    /// How far the start had come.
    pub state: &'static str,
}

type Checked<T> = Result<T, Fatal>;

fn fatal(place: &'static str, what: impl Into<String>) -> Fatal {
    Fatal { place, what: what.into(), state: "preinitialized" }
}

/// The environment, or nothing of it.
struct Env {
    ignored: bool,
}

impl Env {
    fn get(&self, n: &str) -> Option<OsString> {
        if self.ignored { None } else { std::env::var_os(n).filter(|v| !v.is_empty()) }
    }

    fn text(&self, n: &str) -> Option<String> {
        self.get(n).map(|v| v.to_string_lossy().into_owned())
    }

    fn is_set(&self, n: &str) -> bool {
        self.get(n).is_some()
    }

    /// A variable that is a number; anything else that is set counts as 1.
    fn level(&self, n: &str) -> i64 {
        self.text(n).map_or(0, |v| v.parse().ok().filter(|n: &i64| *n >= 0).unwrap_or(1))
    }
}

/// The `-X` options: the value is `None` for a bare name.
struct Extra<'a>(&'a [(String, Option<String>)]);

impl Extra<'_> {
    fn get(&self, n: &str) -> Option<Option<&str>> {
        self.0.iter().rev().find(|(k, _)| k == n).map(|(_, v)| v.as_deref())
    }
}

/// Fills `c`; whether the fault handler is wanted.
pub fn apply(c: &mut Config, given: &Given) -> Checked<bool> {
    let isolated = given.flag(b'I');
    let env = Env { ignored: given.count(b'E') > 0 || isolated > 0 };
    let xoptions: Vec<(String, Option<String>)> = given
        .xoptions()
        .iter()
        .map(|x| match x.split_once('=') {
            Some((k, v)) => (k.to_owned(), Some(v.to_owned())),
            None => (x.clone(), None),
        })
        .collect();
    let x = Extra(&xoptions);
    flags(c, given, &env);
    c.utf8_mode = utf8_mode(&env, &x)?;
    c.dev_mode = x.get("dev").is_some() || env.is_set("PYTHONDEVMODE");
    c.warn_default_encoding =
        i64::from(x.get("warn_default_encoding").is_some() || env.is_set("PYTHONWARNDEFAULTENCODING"));
    c.no_debug_ranges = x.get("no_debug_ranges").is_some() || env.is_set("PYTHONNODEBUGRANGES");
    c.pycache_prefix = match x.get("pycache_prefix") {
        Some(v) => v.filter(|v| !v.is_empty()).map(str::to_owned),
        None => env.text("PYTHONPYCACHEPREFIX"),
    };
    c.check_hash_based_pycs = given.check_hash_pycs().unwrap_or_else(|| "default".to_owned());
    hash_seed(c, given, &env)?;
    numbers(c, &env, &x)?;
    absent(&env, &x)?;
    warnings(c, given, &env);
    if let Some(p) = env.get("PYTHONPATH") {
        c.path.extend(std::env::split_paths(&p).map(|p| p.to_string_lossy().into_owned()));
    }
    let faulthandler = x.get("faulthandler").is_some() || env.is_set("PYTHONFAULTHANDLER") || c.dev_mode;
    c.xoptions = xoptions;
    Ok(faulthandler)
}

fn flags(c: &mut Config, given: &Given, env: &Env) {
    c.isolated = given.flag(b'I');
    c.ignore_environment = i64::from(env.ignored);
    c.debug = i64::from(given.flag(b'd').max(env.level("PYTHONDEBUG")) > 0);
    c.interactive = given.flag(b'i');
    c.inspect = given.flag(b'i').max(i64::from(env.is_set("PYTHONINSPECT")));
    c.optimize = given.count(b'O').max(env.level("PYTHONOPTIMIZE"));
    c.dont_write_bytecode = given.flag(b'B').max(env.level("PYTHONDONTWRITEBYTECODE")) > 0;
    c.no_user_site = given.flag(b's').max(c.isolated).max(env.level("PYTHONNOUSERSITE").min(1));
    c.no_site = given.flag(b'S');
    c.verbose = given.count(b'v').max(env.level("PYTHONVERBOSE"));
    c.bytes_warning = given.count(b'b');
    c.quiet = given.flag(b'q');
    c.safe_path = given.count(b'P') > 0 || c.isolated > 0 || env.is_set("PYTHONSAFEPATH");
    c.unbuffered = given.flag(b'u').max(env.level("PYTHONUNBUFFERED")) > 0;
}

fn utf8_mode(env: &Env, x: &Extra<'_>) -> Checked<i64> {
    let bad = |what: &str| Fatal {
        place: "preconfig_init_utf8_mode",
        what: what.to_owned(),
        state: "preinitializing",
    };
    match x.get("utf8") {
        Some(None | Some("1")) => return Ok(1),
        Some(Some("0")) => return Ok(0),
        Some(Some(_)) => return Err(bad("invalid -X utf8 option value")),
        None => {}
    }
    match env.text("PYTHONUTF8").as_deref() {
        Some("1") => Ok(1),
        Some("0") => Ok(0),
        Some(_) => Err(bad("invalid PYTHONUTF8 environment variable value")),
        None => Ok(i64::from(crate::locale::is_posix())),
    }
}

fn hash_seed(c: &mut Config, given: &Given, env: &Env) -> Checked<()> {
    if given.count(b'R') > 0 {
        return Ok(());
    }
    match env.text("PYTHONHASHSEED").as_deref() {
        None | Some("random") => Ok(()),
        Some(s) => match s.parse::<u32>() {
            Ok(seed) => {
                c.hash_seed = Some(u64::from(seed));
                c.hash_randomization = i64::from(seed != 0);
                Ok(())
            }
            Err(_) => Err(fatal(
                "config_init_hash_seed",
                "PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]",
            )),
        },
    }
}

/// A switch that is 0 or 1.
fn switch(
    env: &Env,
    x: &Extra<'_>,
    (option, variable): (&str, &str),
    place: &'static str,
    default: i64,
) -> Checked<i64> {
    let (text, from) = match x.get(option) {
        Some(v) => (v.unwrap_or("").to_owned(), format!("-X {option}=n: n")),
        None => match env.text(variable) {
            Some(v) => (v, format!("{variable}=N: N")),
            None => return Ok(default),
        },
    };
    match text.as_str() {
        "0" => Ok(0),
        "1" => Ok(1),
        _ => Err(fatal(place, format!("{from} is missing or invalid"))),
    }
}

fn numbers(c: &mut Config, env: &Env, x: &Extra<'_>) -> Checked<()> {
    let limit = |text: Option<&str>, from: &str| -> Checked<i64> {
        match text.and_then(|t| t.parse::<i64>().ok()) {
            Some(n) if n == 0 || (640..=i64::from(i32::MAX)).contains(&n) => Ok(n),
            _ => Err(fatal(
                "config_init_int_max_str_digits",
                format!("{from}: invalid limit; must be >= 640 or 0 for unlimited."),
            )),
        }
    };
    if let Some(v) = x.get("int_max_str_digits") {
        c.int_max_str_digits = limit(v, "-X int_max_str_digits")?;
    } else if let Some(v) = env.text("PYTHONINTMAXSTRDIGITS") {
        c.int_max_str_digits = limit(Some(&v), "PYTHONINTMAXSTRDIGITS")?;
    }
    let cpus = match x.get("cpu_count") {
        Some(v) => Some(v.unwrap_or("").to_owned()),
        None => env.text("PYTHON_CPU_COUNT"),
    };
    match cpus.as_deref() {
        None | Some("default") => {}
        Some(v) => match v.parse::<i32>() {
            Ok(n) if n > 0 => c.cpu_count = i64::from(n),
            _ => {
                return Err(fatal(
                    "config_init_cpu_count",
                    "-X cpu_count=n option: n is missing or an invalid number, n must be greater than 0",
                ));
            }
        },
    }
    c.import_time = match x.get("importtime") {
        Some(None | Some("1")) => 1,
        Some(Some("2")) => 2,
        Some(Some(v)) if v.parse::<i64>().is_err() => 1,
        Some(Some("0")) => 0,
        Some(Some(_)) => {
            return Err(fatal(
                "config_init_import_time",
                "-X importtime: values other than 1 and 2 are reserved for future use.",
            ));
        }
        None => match env.text("PYTHONPROFILEIMPORTTIME").as_deref() {
            None | Some("0") => 0,
            Some("2") => 2,
            Some(v) if v != "1" && v.parse::<i64>().is_ok() => {
                return Err(fatal(
                    "config_init_import_time",
                    "PYTHONPROFILEIMPORTTIME: numeric values other than 1 and 2 are reserved for future use.",
                ));
            }
            Some(_) => 1,
        },
    };
    c.thread_inherit_context = switch(
        env,
        x,
        ("thread_inherit_context", "PYTHON_THREAD_INHERIT_CONTEXT"),
        "config_init_thread_inherit_context",
        1,
    )?;
    c.context_aware_warnings = switch(
        env,
        x,
        ("context_aware_warnings", "PYTHON_CONTEXT_AWARE_WARNINGS"),
        "config_init_context_aware_warnings",
        1,
    )?;
    Ok(())
}

/// Refuses what this implementation has not rather than running without it.
fn absent(env: &Env, x: &Extra<'_>) -> Checked<()> {
    let gil = x.get("gil").map(|v| v.unwrap_or("").to_owned()).or_else(|| env.text("PYTHON_GIL"));
    match gil.as_deref() {
        None | Some("0") => {}
        Some("1") => return Err(fatal("config_read_gil", "Enabling the GIL is not supported by this build")),
        Some(_) => return Err(fatal("config_read_gil", "PYTHON_GIL / -X gil must be \"0\" or \"1\"")),
    }
    // Bytecode is shared by all threads whatever is said.
    let flag = |v: &str| matches!(v.trim().parse::<u8>(), Ok(0 | 1));
    if env.text("PYTHON_TLBC").is_some_and(|v| !flag(&v)) {
        return Err(fatal("config_init_tlbc", "PYTHON_TLBC=N: N is missing or invalid"));
    }
    if x.get("tlbc").is_some_and(|v| !v.is_some_and(flag)) {
        return Err(fatal("config_init_tlbc", "-X tlbc=n: n is missing or invalid"));
    }
    let frames = match x.get("tracemalloc") {
        Some(v) => Some(v.unwrap_or("1").to_owned()),
        None => env.text("PYTHONTRACEMALLOC"),
    };
    match frames.as_deref().map(str::parse::<u16>) {
        None | Some(Ok(0)) => Ok(()),
        Some(Ok(_)) => {
            Err(fatal("config_init_tracemalloc", "tracing of allocations is not supported by this build"))
        }
        Some(Err(_)) if x.get("tracemalloc").is_some() => {
            Err(fatal("config_init_tracemalloc", "-X tracemalloc=NFRAME: invalid number of frames"))
        }
        Some(Err(_)) => Err(fatal("config_init_tracemalloc", "PYTHONTRACEMALLOC: invalid number of frames")),
    }
}

/// `sys.warnoptions`: what comes later counts more.
fn warnings(c: &mut Config, given: &Given, env: &Env) {
    if c.dev_mode {
        c.warn.push("default".to_owned());
    }
    if let Some(w) = env.text("PYTHONWARNINGS") {
        c.warn.extend(w.split(',').filter(|s| !s.is_empty()).map(str::to_owned));
    }
    c.warn.extend(given.warn().iter().cloned());
    let bytes = match c.bytes_warning {
        0 => return,
        1 => "default::BytesWarning",
        _ => "error::BytesWarning",
    };
    c.warn.push(bytes.to_owned());
}
