//! The command line and the environment, as `python` takes them.
//!
//! Options end at the first argument that is no option, or with `-c` or `-m` and its value: what follows belongs to the program.
//! Letters may be joined (`-Bc CMD`), and the value of a letter may be joined to it. A setting that is out of range ends the process
//! with a fatal error before anything runs.

use crate::{help, settings};
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

/// The letters that are options, and whether they take a value.
fn takes_value(letter: u8) -> Option<bool> {
    match letter {
        b'c' | b'm' | b'W' | b'X' => Some(true),
        b'b' | b'B' | b'd' | b'E' | b'h' | b'?' | b'i' | b'I' | b'O' | b'P' | b'q' | b'R' | b's' | b'S'
        | b't' | b'u' | b'v' | b'V' | b'x' => Some(false),
        _ => None,
    }
}

/// The options of the interpreter itself, as given.
#[derive(Debug, Default)]
pub struct Given {
    /// The letters without a value, each as often as it was given.
    letters: Vec<u8>,
    /// Values of `-W`.
    pub warn: Vec<String>,
    /// Values of `-X`.
    pub xoptions: Vec<String>,
    /// Value of `--check-hash-based-pycs`.
    pub check_hash_pycs: Option<String>,
    /// `-c` or `-m` and its value.
    ended_by: Option<(u8, OsString)>,
    /// Index of the first argument of the program.
    rest: usize,
}

impl Given {
    /// How often a letter was given.
    pub fn count(&self, letter: u8) -> i64 {
        i64::try_from(self.letters.iter().filter(|l| **l == letter).count()).unwrap_or(i64::MAX)
    }

    /// Whether a letter was given, as a number.
    pub fn flag(&self, letter: u8) -> i64 {
        self.count(letter).min(1)
    }
}

/// Splits the interpreter's options off; `Err` for what ends the process at once.
fn options(executable: &str, args: &[OsString]) -> Result<Given, Answer> {
    let mut given = Given::default();
    let mut i = 0;
    while let Some(a) = args.get(i) {
        let b = a.as_bytes();
        if b.len() < 2 || b[0] != b'-' {
            break;
        }
        i += 1;
        if b[1] != b'-' {
            if letters(executable, &mut given, args, &mut i, b)? {
                break;
            }
            continue;
        }
        match b {
            b"--" => break,
            b"--help" => given.letters.push(b'h'),
            b"--version" => given.letters.push(b'V'),
            b"--help-env" => return Err(Answer::Print(help::environment())),
            b"--help-xoptions" => return Err(Answer::Print(help::xoptions())),
            b"--help-all" => return Err(Answer::Print(help::all(executable))),
            b"--check-hash-based-pycs" => {
                match args.get(i).and_then(|v| v.to_str()) {
                    Some(v @ ("always" | "default" | "never")) => given.check_hash_pycs = Some(v.to_owned()),
                    _ => {
                        return Err(usage_error(
                            executable,
                            "--check-hash-based-pycs must be one of 'default', 'always', or 'never'",
                        ));
                    }
                }
                i += 1;
            }
            _ => return Err(unknown(executable, a.to_string_lossy().as_ref())),
        }
    }
    given.rest = i.min(args.len());
    Ok(given)
}

/// One argument of joined letters; whether `-c` or `-m` ended the options.
fn letters(
    executable: &str,
    given: &mut Given,
    args: &[OsString],
    i: &mut usize,
    word: &[u8],
) -> Result<bool, Answer> {
    for (at, letter) in word.iter().copied().enumerate().skip(1) {
        match takes_value(letter) {
            None => return Err(unknown(executable, &format!("-{}", char::from(letter)))),
            Some(false) => given.letters.push(letter),
            Some(true) => {
                let joined = &word[at + 1..];
                let value = if joined.is_empty() {
                    *i += 1;
                    args.get(*i - 1).cloned()
                } else {
                    Some(OsString::from_vec(joined.to_vec()))
                };
                let Some(value) = value else {
                    let msg = format!("Argument expected for the -{} option", char::from(letter));
                    return Err(usage_error(executable, &msg));
                };
                match letter {
                    b'W' => given.warn.push(value.to_string_lossy().into_owned()),
                    b'X' => given.xoptions.push(value.to_string_lossy().into_owned()),
                    _ => {
                        given.ended_by = Some((letter, value));
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
        }
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
    if given.count(b'V') > 0 {
        return Answer::Print(version(given.count(b'V') > 1));
    }
    if given.count(b'h') + given.count(b'?') > 0 {
        return Answer::Print(help::options(&executable));
    }
    let rest = &args[given.rest..];
    let (program, argv) = match &given.ended_by {
        Some((b'c', v)) => (Program::Command(v.clone()), with_first("-c", rest)),
        Some((_, v)) => (Program::Module(v.clone()), with_first("-m", rest)),
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
    }

    #[test]
    fn two_dashes_end_the_options() {
        let i = run(&["protopy", "-B", "--", "-c"]);
        assert_eq!(i.program, Program::File("-c".into()));
    }
}
