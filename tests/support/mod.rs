//! Running behaviour cases: Python files that say in comments what they print.
//!
//! | comment | meaning |
//! | --- | --- |
//! | `# expect: TEXT` | the next line of standard output, anywhere on a line |
//! | `# expect-error: TEXT` | the last line of standard error; the exit code is 1 unless stated |
//! | `# expect-stderr: TEXT` | the next line of standard error, which is then compared as a whole |
//! | `# exit: N` | the exit code |
//! | `# options: WORDS` | options of the interpreter |
//! | `# args: WORDS` | arguments of the program |
//! | `# env: NAME=VALUE` | a variable of the environment |
//! | `# stdin: TEXT` | the next line of standard input |
//!
//! A case runs in the folder of all cases; where its output names that folder, the name is left out.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// How long a case may take.
const LIMIT: Duration = Duration::from_secs(60);

/// How many cases run at a time.
const JOBS: usize = 2;

/// A case: what to run, and what must come of it.
#[derive(Default)]
pub struct Case {
    pub name: String,
    expect: Vec<String>,
    error: Option<String>,
    stderr: Vec<String>,
    exit: Option<i32>,
    options: Vec<String>,
    args: Vec<String>,
    env: Vec<(String, String)>,
    stdin: String,
}

impl Case {
    /// Reads the comments of a case.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut case = Self { name: name.to_owned(), ..Self::default() };
        for line in text.lines() {
            if let Some(text) = directive(line, "# expect:") {
                case.expect.push(text.to_owned());
            } else if let Some(text) = directive(line, "# expect-error:") {
                case.error = Some(text.to_owned());
            } else if let Some(text) = directive(line, "# expect-stderr:") {
                case.stderr.push(text.to_owned());
            } else if let Some(text) = directive(line, "# stdin:") {
                case.stdin.push_str(text);
                case.stdin.push('\n');
            } else if let Some(text) = line.strip_prefix("# exit:") {
                case.exit = Some(text.trim().parse().map_err(|_| format!("{name}: no exit code: {line}"))?);
            } else if let Some(text) = line.strip_prefix("# options:") {
                case.options = text.split_whitespace().map(str::to_owned).collect();
            } else if let Some(text) = line.strip_prefix("# args:") {
                case.args = text.split_whitespace().map(str::to_owned).collect();
            } else if let Some(text) = line.strip_prefix("# env:") {
                let (key, value) =
                    text.trim().split_once('=').ok_or_else(|| format!("{name}: no value: {line}"))?;
                case.env.push((key.to_owned(), value.to_owned()));
            }
        }
        Ok(case)
    }

    /// Runs the case. The error says what differs.
    fn run(&self, python: &Path, folder: &Path, extra: &[(&str, &str)]) -> Result<(), String> {
        let mut command = Command::new(python);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PYTHON") {
                command.env_remove(name);
            }
        }
        command.args(&self.options).arg(&self.name).args(&self.args).current_dir(folder);
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("LC_ALL", "C.UTF-8").env("NO_COLOR", "1");
        command.envs(extra.iter().copied()).envs(self.env.iter().map(|(name, value)| (name, value)));
        let (status, stdout, stderr) = finish(command, &self.stdin)?;
        let own = format!("{}/", folder.display());
        let clean = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace(&own, "");
        let (stdout, stderr) = (clean(stdout), clean(stderr));
        let problem = self.compare(status, &stdout, &stderr);
        problem.map_or(Ok(()), |problem| Err(format!("{problem}\n{}", indent(&stderr))))
    }

    fn compare(&self, status: ExitStatus, stdout: &str, stderr: &str) -> Option<String> {
        let fails = self.error.is_some() || !self.stderr.is_empty();
        let exit = self.exit.unwrap_or(i32::from(fails));
        if let Some(problem) = differ("standard output", &self.expect, stdout) {
            return Some(problem);
        }
        if let Some(error) = &self.error {
            let last = stderr.lines().next_back().unwrap_or_default();
            if last != error {
                return Some(format!("last line of standard error: expected {error:?}, got {last:?}"));
            }
        }
        if !self.stderr.is_empty()
            && let Some(problem) = differ("standard error", &self.stderr, stderr)
        {
            return Some(problem);
        }
        (status.code() != Some(exit)).then(|| format!("expected exit code {exit}, got {status}"))
    }
}

/// The text after a comment's key, less one space.
fn directive<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, text) = line.split_once(key)?;
    Some(text.strip_prefix(' ').unwrap_or(text))
}

/// Says where lines differ first.
fn differ(what: &str, expected: &[String], got: &str) -> Option<String> {
    // Spaces at the end of a line do not survive in a comment.
    let expected: Vec<_> = expected.iter().map(|line| line.trim_end()).collect();
    let got: Vec<_> = got.lines().map(str::trim_end).collect();
    let at = (0..expected.len().max(got.len())).find(|at| expected.get(*at) != got.get(*at))?;
    let show = |line: Option<&str>| line.map_or("its end".to_owned(), |line| format!("{line:?}"));
    let (expected, got) = (show(expected.get(at).copied()), show(got.get(at).copied()));
    Some(format!("line {} of {what}:\n    expected {expected}\n    got      {got}", at + 1))
}

fn indent(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].iter().map(|line| format!("    | {line}\n")).collect()
}

/// Runs a command to its end, or to the limit.
fn finish(mut command: Command, input: &str) -> Result<(ExitStatus, Vec<u8>, Vec<u8>), String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let read = |pipe: Option<Box<dyn std::io::Read + Send>>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                // What could be read is compared; the exit code tells the rest.
                let _ = pipe.read_to_end(&mut bytes);
            }
            bytes
        })
    };
    let stdout = read(stdout.map(|pipe| Box::new(pipe) as _));
    let stderr = read(stderr.map(|pipe| Box::new(pipe) as _));
    if let Some(mut stdin) = stdin {
        // A case need not read its input.
        let _ = stdin.write_all(input.as_bytes());
    }
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            break status;
        }
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("still running after {} s", LIMIT.as_secs()));
        }
        thread::sleep(Duration::from_millis(2));
    };
    let join = |thread: thread::JoinHandle<Vec<u8>>| thread.join().unwrap_or_default();
    Ok((status, join(stdout), join(stderr)))
}

/// The interpreter under test: the one just built, or `$PROTOPY_TEST_PYTHON`.
pub fn python() -> PathBuf {
    env::var_os("PROTOPY_TEST_PYTHON")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_protopy")), PathBuf::from)
}

/// Every case in the folder whose path contains `$PROTOPY_TEST_FILTER`, in order.
pub fn collect(folder: &Path) -> Result<Vec<Case>, String> {
    let filter = env::var("PROTOPY_TEST_FILTER").unwrap_or_default();
    let mut files = Vec::new();
    walk(folder, &mut files)?;
    files.sort();
    let names = files.iter().filter_map(|file| Some((file, file.strip_prefix(folder).ok()?.to_str()?)));
    names
        .filter(|(_, name)| name.contains(&filter))
        .map(|(file, name)| {
            let bytes = fs::read(file).map_err(|error| format!("{name}: {error}"))?;
            Case::parse(name, &String::from_utf8_lossy(&bytes))
        })
        .collect()
}

/// Finds the cases: `.py` files except those whose name begins with `_`, which cases import; likewise folders.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('_') {
            continue;
        }
        if path.is_dir() {
            walk(&path, files)?;
        } else if name.ends_with(".py") {
            files.push(path);
        }
    }
    Ok(())
}

/// The cases that are known to fail, with the reason: lines `name TAB reason` of `known-failures.txt`. A case that is listed and passes is a
/// failure of the list, unless its reason starts with "flaky".
fn known_failures(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let path = folder.join("known-failures.txt");
    if env::var_os("PROTOPY_TEST_PYTHON").is_some() {
        return Ok(BTreeMap::new());
    }
    let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let lines = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#'));
    Ok(lines
        .map(|l| {
            let (name, reason) = l.split_once('\t').unwrap_or((l, ""));
            (name.trim().to_owned(), reason.trim().to_owned())
        })
        .collect())
}

/// Runs cases, several at a time, and reports all that fail.
pub fn run_all(cases: &[Case], folder: &Path, extra: &[(&str, &str)]) -> Result<(), String> {
    let python = python();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let mut known = known_failures(folder)?;
    known.retain(|name, _| cases.iter().any(|case| case.name == *name));
    thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let known = known.get(case.name.as_str());
                    let found = match (case.run(&python, folder, extra), known) {
                        (Err(problem), None) => format!("{}: {problem}", case.name),
                        (Ok(()), Some(reason)) if reason.starts_with("flaky") => continue,
                        (Ok(()), Some(_)) => {
                            format!("{}: passes now: remove it from known-failures.txt", case.name)
                        }
                        _ => continue,
                    };
                    if let Ok(mut failures) = failures.lock() {
                        failures.push(found);
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().map_err(|error| error.to_string())?;
    failures.sort();
    // Written past the capture of the test runner: a passing run says how much it ran.
    let _ = writeln!(
        std::io::stderr(),
        "behaviour: {} of {} cases pass, {} are known to fail",
        cases.len().saturating_sub(failures.len() + known.len()),
        cases.len(),
        known.len()
    );
    if failures.is_empty() {
        Ok(())
    } else {
        Err(format!("{} cases fail\n{}", failures.len(), failures.join("\n")))
    }
}
