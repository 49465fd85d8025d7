//! The command line and the environment, as `python` takes them.
//!
//! Options end at the first argument that is no option, or with `-c` or `-m` and its value: what follows belongs to the program.
//! Letters may be joined (`-Bc CMD`), and the value of a letter may be joined to it. This module finds that point, refusing what is no option in
//! CPython's words, and lets clap read what stands before it. A setting that is out of range ends the process
//! with a fatal error before anything runs.

use crate::{help, settings};
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use protopy_builtins::sysmod::Config;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

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
    /// `-X faulthandler`
    pub faulthandler: bool,
}

/// What the command line asks for instead of running a program.
#[derive(Debug)]
pub enum Answer {
    /// Run this.
    Run(Box<Invocation>),
    /// Print this and exit with status 0.
    Print(String),
    /// Print this to standard error and exit with the status.
    Refuse(String, i32),
}

/// The letters that are options without a value.
const FLAGS: &str = "bBdEhiIOPqRsStuvVx?";

/// The letters that take a value.
const VALUES: &str = "cmWX";

/// The words that are options without a value.
const WORDS: [&str; 5] = ["help", "version", "help-env", "help-xoptions", "help-all"];

/// The option that takes a word of three.
const CHECK: &str = "check-hash-based-pycs";

/// The option that names the folder of the standard library, as `-X stdlib` does.
const STDLIB: &str = "stdlib";

/// The options as clap knows them.
fn command() -> Command {
    let flag = |c: char| Arg::new(c.to_string()).short(c).action(ArgAction::Count);
    let value = |c: char| {
        let a = Arg::new(c.to_string()).short(c).action(ArgAction::Append);
        a.value_parser(ValueParser::os_string()).allow_hyphen_values(true)
    };
    let word = |w: &'static str| Arg::new(w).long(w).action(ArgAction::Count);
    Command::new("protopy")
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(FLAGS.chars().map(flag))
        .args(VALUES.chars().map(value))
        .args(WORDS.map(word))
        .arg(Arg::new(CHECK).long(CHECK).action(ArgAction::Append))
        .arg(
            Arg::new(STDLIB)
                .long(STDLIB)
                .action(ArgAction::Append)
                .value_parser(ValueParser::os_string())
                .allow_hyphen_values(true),
        )
}

/// The options of the interpreter itself, as given.
#[derive(Debug)]
pub struct Given {
    matches: ArgMatches,
    /// Index of the first argument of the program.
    rest: usize,
}

impl Given {
    /// How often a letter was given.
    pub fn count(&self, letter: u8) -> i64 {
        self.times(&char::from(letter).to_string())
    }

    fn times(&self, id: &str) -> i64 {
        self.matches.get_one::<u8>(id).map_or(0, |n| i64::from(*n))
    }

    /// Whether a letter was given, as a number.
    pub fn flag(&self, letter: u8) -> i64 {
        self.count(letter).min(1)
    }

    fn values(&self, letter: char) -> impl Iterator<Item = &OsString> {
        self.matches.get_many::<OsString>(&letter.to_string()).into_iter().flatten()
    }

    /// Values of `-W`.
    pub fn warn(&self) -> Vec<String> {
        self.values('W').map(|v| v.to_string_lossy().into_owned()).collect()
    }

    /// Values of `-X`; `--stdlib DIR` is one of them.
    pub fn xoptions(&self) -> Vec<String> {
        let library = self.matches.get_many::<OsString>(STDLIB).into_iter().flatten();
        let library = library.map(|dir| format!("{STDLIB}={}", dir.to_string_lossy()));
        self.values('X').map(|v| v.to_string_lossy().into_owned()).chain(library).collect()
    }

    /// Value of `--check-hash-based-pycs`.
    pub fn check_hash_pycs(&self) -> Option<String> {
        self.matches.get_many::<String>(CHECK).and_then(|mut all| all.next_back().cloned())
    }

    /// `-c` or `-m` and its value.
    fn ended_by(&self) -> Option<(u8, OsString)> {
        "cm".chars().find_map(|c| self.values(c).next().map(|v| (c as u8, v.clone())))
    }
}

/// Finds where the interpreter's own options end, refusing what is none in the words of CPython, and lets clap read them; `Err`
/// for what ends the process at once.
fn options(executable: &str, args: &[OsString]) -> Result<Given, Answer> {
    let mut i = 0;
    let mut end = None;
    while let Some(a) = args.get(i) {
        let b = a.as_bytes();
        if b.len() < 2 || b[0] != b'-' {
            break;
        }
        i += 1;
        if b[1] != b'-' {
            if letters(executable, args, &mut i, b)? {
                break;
            }
            continue;
        }
        match b {
            b"--" => {
                end = Some(i - 1);
                break;
            }
            b"--help-env" => return Err(Answer::Print(help::environment())),
            b"--help-xoptions" => return Err(Answer::Print(help::xoptions())),
            b"--help-all" => return Err(Answer::Print(help::all(executable))),
            b"--check-hash-based-pycs" => {
                let value = args.get(i).and_then(|v| v.to_str());
                if !matches!(value, Some("always" | "default" | "never")) {
                    return Err(usage_error(
                        executable,
                        "--check-hash-based-pycs must be one of 'default', 'always', or 'never'",
                    ));
                }
                i += 1;
            }
            b"--stdlib" => {
                if args.get(i).is_none() {
                    return Err(usage_error(executable, "Argument expected for the --stdlib option"));
                }
                i += 1;
            }
            _ if b.starts_with(b"--stdlib=") => {}
            _ if WORDS.iter().any(|w| b.strip_prefix(b"--") == Some(w.as_bytes())) => {}
            _ => return Err(unknown(executable, a.to_string_lossy().as_ref())),
        }
    }
    let rest = i.min(args.len());
    match command().try_get_matches_from(&args[..end.unwrap_or(rest)]) {
        Ok(matches) => Ok(Given { matches, rest }),
        Err(e) => Err(usage_error(executable, &e.kind().to_string())),
    }
}

/// Checks one argument of joined letters; whether `-c` or `-m` ended the options.
fn letters(executable: &str, args: &[OsString], i: &mut usize, word: &[u8]) -> Result<bool, Answer> {
    for (at, letter) in word.iter().copied().map(char::from).enumerate().skip(1) {
        if FLAGS.contains(letter) {
            continue;
        }
        if !VALUES.contains(letter) {
            return Err(unknown(executable, &format!("-{letter}")));
        }
        if at + 1 == word.len() {
            if args.get(*i).is_none() {
                return Err(usage_error(executable, &format!("Argument expected for the -{letter} option")));
            }
            *i += 1;
        }
        return Ok(matches!(letter, 'c' | 'm'));
    }
    Ok(false)
}

fn unknown(executable: &str, option: &str) -> Answer {
    usage_error(executable, &format!("Unknown option: {option}"))
}

fn usage_error(executable: &str, what: &str) -> Answer {
    Answer::Refuse(
        format!("{what}\n{}Try `{executable} -h' for more information.\n", help::usage(executable)),
        2,
    )
}

/// Parses the command line.
pub fn parse(all: Vec<OsString>) -> Answer {
    let executable = all.first().map_or_else(String::new, |a| a.to_string_lossy().into_owned());
    let args = all.get(1..).unwrap_or(&[]);
    let given = match options(&executable, args) {
        Ok(g) => g,
        Err(answer) => return answer,
    };
    let versions = given.count(b'V') + given.times("version");
    if versions > 0 {
        return Answer::Print(version(versions > 1));
    }
    if given.count(b'h') + given.count(b'?') + given.times("help") > 0 {
        return Answer::Print(help::options(&executable));
    }
    let rest = &args[given.rest..];
    let (program, argv) = match given.ended_by() {
        Some((b'c', v)) => (Program::Command(v), with_first("-c", rest)),
        Some((_, v)) => (Program::Module(v), with_first("-m", rest)),
        None => match rest.split_first() {
            None => (Program::Stdin, vec![OsString::new()]),
            Some((f, _)) if f == OsStr::new("-") => (Program::Stdin, rest.to_vec()),
            Some((f, _)) => (Program::File(f.clone()), rest.to_vec()),
        },
    };
    let mut config = Config { argv, orig_argv: all.clone(), ..Config::default() };
    match settings::apply(&mut config, &given) {
        Ok(faulthandler) => Answer::Run(Box::new(Invocation {
            program,
            config,
            skip_first_line: given.count(b'x') > 0,
            faulthandler,
        })),
        Err(f) => Answer::Refuse(
            format!("Fatal Python error: {}: {}\nPython runtime state: {}\n\n", f.place, f.what, f.state),
            1,
        ),
    }
}

fn with_first(first: &str, rest: &[OsString]) -> Vec<OsString> {
    std::iter::once(OsString::from(first)).chain(rest.iter().cloned()).collect()
}

fn version(long: bool) -> String {
    if long {
        format!("Python {}\n", protopy_builtins::sysmod::version_text())
    } else {
        let (a, b, c) = protopy_builtins::sysmod::VERSION;
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

    fn refusal(args: &[&str]) -> (String, i32) {
        match parse(os(args)) {
            Answer::Refuse(text, status) => (text.lines().next().unwrap_or_default().to_owned(), status),
            other => panic!("not refused: {other:?}"),
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
    fn what_is_wrong_is_refused() {
        assert_eq!(refusal(&["protopy", "-Z"]), ("Unknown option: -Z".to_owned(), 2));
        assert_eq!(refusal(&["protopy", "--no"]), ("Unknown option: --no".to_owned(), 2));
        assert_eq!(refusal(&["protopy", "-Bc"]), ("Argument expected for the -c option".to_owned(), 2));
        assert_eq!(refusal(&["protopy", "-X", "cpu_count=0", "-c", ""]).1, 1);
        assert_eq!(refusal(&["protopy", "--check-hash-based-pycs", "x"]).1, 2);
        assert_eq!(refusal(&["protopy", "--stdlib"]).1, 2);
    }

    #[test]
    fn two_dashes_end_the_options() {
        let i = run(&["protopy", "-B", "--", "-c"]);
        assert_eq!(i.program, Program::File("-c".into()));
    }
}
