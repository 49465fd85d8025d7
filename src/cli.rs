//! The command line, as `python` takes it.
//!
//! Options end at the first argument that is no option, or with `-c` or `-m` and its value: what follows belongs to the program. This
//! module finds that point and lets clap parse what stands before it.

use clap::{Arg, ArgAction, Command};
use protopy_builtins::sysmod::Config;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// What to run.
#[derive(Debug, PartialEq, Eq)]
pub enum Program {
    /// `-c CMD`
    Command(OsString),
    /// `-m MOD`
    Module(OsString),
    /// A file, folder or archive.
    File(OsString),
    /// Standard input.
    Stdin,
}

/// The parsed command line.
#[derive(Debug)]
pub struct Invocation {
    /// What to run.
    pub program: Program,
    /// Settings for `sys`.
    pub config: Config,
    /// `-x`: skip the first line of the file.
    pub skip_first_line: bool,
    /// `-i`
    pub interactive: bool,
}

/// What the command line asks for instead of running a program.
#[derive(Debug)]
pub enum Answer {
    /// Run this.
    Run(Box<Invocation>),
    /// Print this and exit with status 0.
    Print(String),
    /// Print this to standard error and exit with status 2.
    Refuse(String),
}

const TAKES_VALUE: &[u8] = b"cmWX";

/// Where the interpreter's own options end: index of the first argument after them, and the option `c` or `m`
/// with its value, if that ended them.
fn split(args: &[OsString]) -> (usize, Option<(u8, OsString)>) {
    let mut i = 0;
    while let Some(a) = args.get(i) {
        let b = a.as_bytes();
        if b.len() < 2 || b[0] != b'-' {
            return (i, None);
        }
        if b.starts_with(b"--") {
            i += if b == b"--check-hash-based-pycs" { 2 } else { 1 };
            continue;
        }
        let Some(at) = b.iter().skip(1).position(|c| TAKES_VALUE.contains(c)).map(|p| p + 1) else {
            i += 1;
            continue;
        };
        let rest = &b[at + 1..];
        let takes_next = rest.is_empty();
        if matches!(b[at], b'c' | b'm') {
            let value =
                if takes_next { args.get(i + 1).cloned() } else { Some(OsString::from_vec(rest.to_vec())) };
            return match value {
                Some(v) => (i + 1 + usize::from(takes_next), Some((b[at], v))),
                None => (i + 1, None),
            };
        }
        i += 1 + usize::from(takes_next);
    }
    (args.len().min(i), None)
}

fn flag(short: char, help: &'static str) -> Arg {
    Arg::new(short.to_string()).short(short).action(ArgAction::Count).help(help)
}

fn command() -> Command {
    Command::new("protopy")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .override_usage("protopy [option] ... [-c cmd | -m mod | file | -] [arg] ...")
        .arg(flag('b', "warn about comparing bytes with str or int; twice: error"))
        .arg(flag('B', "do not write .pyc files (also PYTHONDONTWRITEBYTECODE)"))
        .arg(Arg::new("c").short('c').value_name("cmd").help("program given as text; ends the options"))
        .arg(flag('d', "accepted for compatibility"))
        .arg(flag('E', "ignore PYTHON* environment variables"))
        .arg(flag('h', "print this help"))
        .arg(Arg::new("help").long("help").action(ArgAction::SetTrue).help("print this help"))
        .arg(flag('i', "inspect interactively after running (also PYTHONINSPECT)"))
        .arg(flag('I', "isolated: implies -E, -P and -s"))
        .arg(Arg::new("m").short('m').value_name("mod").help("run a module as a script; ends the options"))
        .arg(flag('O', "remove assert statements; twice: docstrings too (also PYTHONOPTIMIZE)"))
        .arg(flag('P', "do not put the script's folder into sys.path (also PYTHONSAFEPATH)"))
        .arg(flag('q', "no version message at interactive start"))
        .arg(flag('R', "randomise string hashing (the default)"))
        .arg(flag('s', "no user site folder (also PYTHONNOUSERSITE)"))
        .arg(flag('S', "do not import site at start"))
        .arg(flag('u', "unbuffered standard output and error (also PYTHONUNBUFFERED)"))
        .arg(flag('v', "tell of each import (also PYTHONVERBOSE)"))
        .arg(flag('V', "print the version; twice: more about the build"))
        .arg(Arg::new("version").long("version").action(ArgAction::SetTrue).help("print the version"))
        .arg(
            Arg::new("W")
                .short('W')
                .action(ArgAction::Append)
                .value_name("arg")
                .help("warning control (also PYTHONWARNINGS)"),
        )
        .arg(flag('x', "skip the first line of the program"))
        .arg(
            Arg::new("X")
                .short('X')
                .action(ArgAction::Append)
                .value_name("opt")
                .help("implementation option"),
        )
        .arg(flag('?', "print this help"))
        .arg(
            Arg::new("check-hash-based-pycs")
                .long("check-hash-based-pycs")
                .value_name("mode")
                .help("always, default or never"),
        )
}

fn usage_error(executable: &str, what: &str) -> Answer {
    Answer::Refuse(format!(
        "{what}\nusage: {executable} [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry `{executable} -h' for more information.\n"
    ))
}

/// The environment, or nothing of it with `-E`.
struct Env(bool);

impl Env {
    fn get(&self, n: &str) -> Option<OsString> {
        if self.0 { None } else { std::env::var_os(n).filter(|v| !v.is_empty()) }
    }

    fn text(&self, n: &str) -> Option<String> {
        self.get(n).map(|v| v.to_string_lossy().into_owned())
    }

    /// A variable that is a number, or else counts as 1.
    fn level(&self, n: &str) -> i64 {
        self.text(n).map_or(0, |v| v.trim().parse().unwrap_or(1).max(0))
    }
}

/// Parses the command line.
pub fn parse(all: Vec<OsString>) -> Answer {
    let executable = all.first().map_or_else(String::new, |a| a.to_string_lossy().into_owned());
    let args = all.get(1..).unwrap_or(&[]);
    let (end, ended_by) = split(args);
    let own: Vec<OsString> = args[..end].to_vec();
    let matches = match command().no_binary_name(true).try_get_matches_from(&own) {
        Ok(m) => m,
        Err(e) => return usage_error(&executable, &explain(&e)),
    };
    let count = |n: &str| i64::from(matches.get_count(n));
    if count("h") + count("?") > 0 || matches.get_flag("help") {
        return Answer::Print(command().render_help().to_string());
    }
    if count("V") > 0 || matches.get_flag("version") {
        return Answer::Print(version(count("V") > 1));
    }
    let rest = &args[end..];
    let (program, argv) = match ended_by {
        Some((b'c', v)) => (Program::Command(v), with_first("-c", rest)),
        Some((_, v)) => (Program::Module(v), with_first("-m", rest)),
        None => match rest.split_first() {
            None => (Program::Stdin, vec![OsString::new()]),
            Some((f, _)) if f == OsStr::new("-") => (Program::Stdin, rest.to_vec()),
            Some((f, _)) => (Program::File(f.clone()), rest.to_vec()),
        },
    };
    let values = |n: &str| -> Vec<String> {
        matches.get_many::<String>(n).map_or_else(Vec::new, |v| v.cloned().collect())
    };
    let isolated = count("I").min(1);
    let ignore_env = count("E") > 0 || isolated > 0;
    let env = Env(ignore_env);
    let mut c = Config { argv, orig_argv: all.clone(), ..Config::default() };
    c.isolated = isolated;
    c.ignore_environment = i64::from(ignore_env);
    c.debug = count("d").max(env.level("PYTHONDEBUG"));
    c.interactive = count("i");
    c.inspect = count("i").max(i64::from(env.get("PYTHONINSPECT").is_some()));
    c.optimize = count("O").max(env.level("PYTHONOPTIMIZE"));
    c.dont_write_bytecode = count("B") > 0 || env.get("PYTHONDONTWRITEBYTECODE").is_some();
    c.no_user_site = i64::from(count("s") > 0 || isolated > 0 || env.get("PYTHONNOUSERSITE").is_some());
    c.no_site = count("S").min(1);
    c.verbose = count("v").max(env.level("PYTHONVERBOSE"));
    c.bytes_warning = count("b");
    c.quiet = count("q").min(1);
    c.safe_path = count("P") > 0 || isolated > 0 || env.get("PYTHONSAFEPATH").is_some();
    c.unbuffered = count("u") > 0 || env.get("PYTHONUNBUFFERED").is_some();
    c.pycache_prefix = env.text("PYTHONPYCACHEPREFIX");
    match env.text("PYTHONHASHSEED").as_deref() {
        None | Some("random") => {}
        Some(s) => match s.parse::<u32>() {
            Ok(seed) => {
                c.hash_seed = Some(u64::from(seed));
                c.hash_randomization = i64::from(seed != 0);
            }
            Err(_) => {
                return Answer::Refuse(
                    "Fatal Python error: config_init_hash_seed: PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]\n"
                        .to_owned(),
                );
            }
        },
    }
    if let Some(n) = env.text("PYTHONINTMAXSTRDIGITS").and_then(|v| v.parse().ok()) {
        c.int_max_str_digits = n;
    }
    if let Some(w) = env.text("PYTHONWARNINGS") {
        c.warn.extend(w.split(',').filter(|s| !s.is_empty()).map(str::to_owned));
    }
    for x in values("X") {
        let (k, v) = match x.split_once('=') {
            Some((k, v)) => (k.to_owned(), Some(v.to_owned())),
            None => (x.clone(), None),
        };
        match (k.as_str(), &v) {
            ("dev", _) => c.dev_mode = true,
            ("utf8", v) => c.utf8_mode = i64::from(v.as_deref() != Some("0")),
            ("warn_default_encoding", _) => c.warn_default_encoding = 1,
            ("int_max_str_digits", Some(v)) => c.int_max_str_digits = v.parse().unwrap_or(4300),
            ("pycache_prefix", Some(v)) => c.pycache_prefix = Some(v.clone()),
            _ => {}
        }
        c.xoptions.push((k, v));
    }
    if env.get("PYTHONDEVMODE").is_some() {
        c.dev_mode = true;
    }
    c.warn.extend(values("W"));
    if c.dev_mode && c.warn.is_empty() {
        c.warn.push("default".to_owned());
    }
    if c.bytes_warning > 0 {
        c.warn.push(
            if c.bytes_warning > 1 { "error::BytesWarning" } else { "default::BytesWarning" }.to_owned(),
        );
    }
    if let Some(p) = env.get("PYTHONPATH") {
        c.path.extend(std::env::split_paths(&p).map(|p| p.to_string_lossy().into_owned()));
    }
    Answer::Run(Box::new(Invocation {
        program,
        config: c,
        skip_first_line: count("x") > 0,
        interactive: count("i") > 0 || env.get("PYTHONINSPECT").is_some(),
    }))
}

fn with_first(first: &str, rest: &[OsString]) -> Vec<OsString> {
    std::iter::once(OsString::from(first)).chain(rest.iter().cloned()).collect()
}

/// clap's complaint in CPython's words.
fn explain(e: &clap::Error) -> String {
    use clap::error::{ContextKind, ErrorKind};
    let arg = e.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    match e.kind() {
        ErrorKind::UnknownArgument => {
            let name = arg.split_whitespace().next().unwrap_or(&arg);
            format!("unknown option {name}")
        }
        ErrorKind::InvalidValue | ErrorKind::TooFewValues => {
            let letter = arg.trim_start_matches('-').chars().next().unwrap_or(' ');
            format!("Argument expected for the -{letter} option")
        }
        _ => e.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}

fn version(long: bool) -> String {
    let (a, b, c) = protopy_builtins::sysmod::VERSION;
    if long {
        format!("Python {a}.{b}.{c} (protoPython {}) [rustc]\n", env!("CARGO_PKG_VERSION"))
    } else {
        format!("Python {a}.{b}.{c}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(args: &[&str]) -> Vec<OsString> {
        args.iter().map(OsString::from).collect()
    }

    fn run(args: &[&str]) -> Invocation {
        match parse(os(args)) {
            Answer::Run(i) => *i,
            other => panic!("not a run: {other:?}"),
        }
    }

    #[test]
    fn options_end_at_the_program() {
        let i = run(&["protopy", "-OO", "-W", "error", "x.py", "-v", "-c"]);
        assert_eq!(i.program, Program::File("x.py".into()));
        assert_eq!(i.config.optimize, 2);
        assert_eq!(i.config.verbose, 0);
        assert_eq!(i.config.argv, os(&["x.py", "-v", "-c"]));
    }

    #[test]
    fn command_takes_what_is_joined_to_it() {
        let i = run(&["protopy", "-Bcprint(1)", "-x"]);
        assert_eq!(i.program, Program::Command("print(1)".into()));
        assert!(i.config.dont_write_bytecode);
        assert_eq!(i.config.argv, os(&["-c", "-x"]));
    }

    #[test]
    fn unknown_options_are_refused() {
        assert!(matches!(parse(os(&["protopy", "-Z"])), Answer::Refuse(_)));
    }
}
