//! Running one test module in a process of its own.
//!
//! The process writes an event before and after each case (see `runner.py`). When it dies, the case that was
//! running is to blame; when nothing is heard of it for too long, the case hangs, and the whole process group is
//! killed. Either way the module is started again without the cases that are done, until it comes to its end
//! or makes no more progress.
//!
//! Memory is limited as the size of writable data (`RLIMIT_DATA`), not of the address space: a heap may reserve a
//! large range without using it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

use crate::alone::Alone;

/// How the modules are run.
#[derive(Clone, Debug)]
pub struct Config {
    /// The interpreter.
    pub python: PathBuf,
    /// How long a case may take without any event.
    pub inactivity: Duration,
    /// How long a module may take.
    pub total: Duration,
    /// How much writable memory each process may have, in bytes; 0 for no limit.
    pub memory: u64,
    /// The name that the interpreter shall pretend to have, to see the suite as another implementation does.
    pub pretend: Option<String>,
    /// Runs only the cases whose id contains this pattern.
    pub pattern: Option<String>,
    /// Runs each case in this many threads at once, as the suite's `--parallel-threads` does; 0 for the plain way.
    pub parallel_threads: usize,
    /// The cases that run in one thread even then.
    pub alone: Alone,
    /// The folder for the output of the modules.
    pub logs: PathBuf,
}

/// How a case ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should.
    Pass,
    /// With an error.
    Fail,
    /// It does not apply, which is never a pass.
    Skip,
    /// It took the process with it.
    Crash,
    /// It did not end.
    Hang,
}

/// What came of a module.
#[derive(Clone, Default, Debug)]
pub struct Outcome {
    /// Each case that was started, by id, with what it said.
    pub cases: BTreeMap<String, (Verdict, String)>,
    /// Why cases of the module did not run at all: it could not be loaded, does not apply, or died outside a case.
    pub module: Option<String>,
    /// Fixtures that failed or skipped: a description, which names the class, and what it said.
    pub fixtures: Vec<(String, String)>,
    /// The time it took.
    pub time: Duration,
}

impl Outcome {
    /// Lays the end of the process on the case that was running. Returns whether there was one.
    fn blame(&mut self, verdict: &(Verdict, String)) -> bool {
        let running = self.cases.values_mut().filter(|(_, message)| message == RUNNING);
        running.map(|case| *case = verdict.clone()).count() > 0
    }
}

/// How often a module is started again after a crash or hang.
const RESTARTS: usize = 60;

/// How long a process may take to end after its last case.
const GRACE: Duration = Duration::from_secs(20);

/// Runs a module, leaving out the cases in `skipped`. `advance` is called with the number of cases that have begun since
/// the call before.
///
/// # Errors
/// When the process cannot be started or its files not be written.
pub fn run(
    config: &Config,
    module: &str,
    skipped: &[String],
    advance: &dyn Fn(usize),
) -> io::Result<Outcome> {
    let start = Instant::now();
    let scratch = Scratch::new()?;
    let log = config.logs.join(format!("{module}.log"));
    fs::create_dir_all(&config.logs)?;
    File::create(&log)?;
    let mut outcome = Outcome::default();
    for attempt in 0..=RESTARTS {
        let before = outcome.cases.len();
        let left = config.total.saturating_sub(start.elapsed());
        let mut process = Attempt { config, scratch: &scratch.0, log: &log, advance, outcome: &mut outcome };
        let end = process.make(module, skipped, left)?;
        let blame = match end {
            End::Done => break,
            End::Died(status) => (Verdict::Crash, describe(status, &log)),
            End::Silent => (Verdict::Hang, format!("no event for {} s", config.inactivity.as_secs())),
            End::Late => {
                let late = format!("the module took longer than {} s", config.total.as_secs());
                outcome.blame(&(Verdict::Fail, late.clone()));
                outcome.module = Some(late);
                break;
            }
        };
        let blamed = outcome.blame(&blame);
        if !blamed && (outcome.cases.len() == before || attempt == RESTARTS) {
            outcome.module = Some(format!("outside of a case: {}", blame.1));
            break;
        }
        if attempt == RESTARTS {
            outcome.module = Some(format!("given up after {RESTARTS} crashes"));
        }
    }
    outcome.time = start.elapsed();
    Ok(outcome)
}

/// The message of a case that has been started and not ended.
const RUNNING: &str = "\0running";

/// How an attempt at a module ended.
enum End {
    Done,
    Died(ExitStatus),
    Silent,
    Late,
}

/// One process for a module.
struct Attempt<'a> {
    config: &'a Config,
    scratch: &'a Path,
    log: &'a Path,
    advance: &'a dyn Fn(usize),
    outcome: &'a mut Outcome,
}

impl Attempt<'_> {
    /// Runs the cases of the module that are neither skipped nor done, for no longer than the time that is left.
    fn make(&mut self, module: &str, skipped: &[String], left: Duration) -> io::Result<End> {
        let events = self.scratch.join("events");
        let skip = self.scratch.join("skip");
        File::create(&events)?;
        let left_out = skipped.iter().chain(self.outcome.cases.keys());
        fs::write(&skip, left_out.map(|id| escape(id)).collect::<Vec<_>>().join("\n"))?;
        let mut child = self.spawn(module, &events, &skip)?;
        let end = self.watch(&mut child, &events, left);
        // Whatever the cases left running goes too.
        if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        child.wait()?;
        end
    }

    fn spawn(&self, module: &str, events: &Path, skip: &Path) -> io::Result<Child> {
        let config = self.config;
        // A folder with a name outside of ASCII, as the suite's own driver has it.
        let folder = self.scratch.join("worker_æ");
        fs::create_dir_all(&folder)?;
        let output = OpenOptions::new().append(true).create(true).open(self.log)?;
        let mut command = Command::new(&config.python);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PYTHON") {
                command.env_remove(name);
            }
        }
        command.env_remove("PROTOPYHOME");
        command.arg(crate::home().join("runner.py")).arg(events).arg(module);
        command.arg("--skip").arg(skip).arg("--stubs").arg(crate::home().join("stubs"));
        if let Some(pattern) = &config.pattern {
            command.args(["--match", pattern]);
        }
        if let Some(name) = &config.pretend {
            command.args(["--pretend", name]);
        }
        if config.parallel_threads > 0 {
            command.args(["--parallel-threads", &config.parallel_threads.to_string()]);
            let alone = self.scratch.join("alone");
            fs::write(&alone, config.alone.of(module).map(escape).collect::<Vec<_>>().join("\n"))?;
            command.arg("--alone").arg(alone);
        }
        command.current_dir(&folder).env("TMPDIR", self.scratch).env("LC_ALL", "C.UTF-8");
        command.env_remove("LANGUAGE").process_group(0);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn()?;
        limit(&child, config.memory);
        Ok(child)
    }

    /// Follows the events of a process until it ends, or has to be ended.
    fn watch(&mut self, child: &mut Child, events: &Path, left: Duration) -> io::Result<End> {
        let mut file = File::open(events)?;
        let mut pending = Vec::new();
        let start = Instant::now();
        let mut heard = start;
        let mut done = false;
        let mut pause = Duration::from_millis(2);
        loop {
            // The order matters: what was written before the process ended is read after it is known to have ended.
            let status = child.try_wait()?;
            if file.read_to_end(&mut pending)? > 0 {
                heard = Instant::now();
                let before = self.outcome.cases.len();
                done |= take_events(&mut pending, self.outcome);
                (self.advance)(self.outcome.cases.len() - before);
            }
            if done && (status.is_some() || heard.elapsed() > GRACE) {
                return Ok(End::Done);
            }
            if let Some(status) = status {
                return Ok(End::Died(status));
            }
            if heard.elapsed() > self.config.inactivity
                && heard.elapsed() > self.config.inactivity.mul_f64(crowd())
            {
                return Ok(End::Silent);
            }
            if start.elapsed() > left {
                return Ok(End::Late);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

/// How many times longer things take because others use the machine, as the load of the last minute tells: between 1 and 4.
fn crowd() -> f64 {
    let load = fs::read_to_string("/proc/loadavg").ok();
    let load = load.and_then(|text| text.split(' ').next()?.parse::<f64>().ok()).unwrap_or(0.0);
    let processors = thread::available_parallelism().map_or(1, usize::from);
    (load / processors as f64).clamp(1.0, 4.0)
}

/// Limits the memory of a process that was just started, and of its children.
#[cfg(target_os = "linux")]
fn limit(child: &Child, bytes: u64) {
    use rustix::process::{Resource, Rlimit, prlimit};
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    if bytes > 0 {
        // A process that is gone already needs no limit.
        let _ = prlimit(Some(pid), Resource::Data, Rlimit { current: Some(bytes), maximum: Some(bytes) });
    }
}

#[cfg(not(target_os = "linux"))]
fn limit(_child: &Child, _bytes: u64) {}

/// Takes the complete lines out of `pending`. Returns whether the module came to its end.
fn take_events(pending: &mut Vec<u8>, outcome: &mut Outcome) -> bool {
    let Some(end) = pending.iter().rposition(|byte| *byte == b'\n') else { return false };
    let lines: Vec<u8> = pending.drain(..=end).collect();
    let mut done = false;
    for line in String::from_utf8_lossy(&lines).lines() {
        let mut fields = line.splitn(3, '\t');
        let kind = fields.next().unwrap_or_default();
        let id = unescape(fields.next().unwrap_or_default());
        let message = unescape(fields.next().unwrap_or_default());
        let verdict = match kind {
            "start" => {
                outcome.cases.entry(id).or_insert_with(|| (Verdict::Fail, RUNNING.to_owned()));
                continue;
            }
            "ok" | "xfail" => Verdict::Pass,
            "skip" => Verdict::Skip,
            "fail" | "error" | "xpass" => Verdict::Fail,
            "fixture-fail" | "fixture-skip" => {
                outcome.fixtures.push((id, message));
                continue;
            }
            "module-fail" | "module-skip" => {
                outcome.module = Some(format!("module: {message}"));
                done = true;
                continue;
            }
            _ => {
                done |= kind == "done";
                continue;
            }
        };
        let case = outcome.cases.entry(id).or_insert_with(|| (verdict, RUNNING.to_owned()));
        // An id that occurs twice passes only if both do.
        if case.1 == RUNNING || case.0 == Verdict::Pass {
            *case = (verdict, message);
        }
    }
    done
}

/// Says how a process ended, with the last line it wrote, which is often the message of a panic.
fn describe(status: ExitStatus, log: &Path) -> String {
    let end = match (status.signal(), status.code()) {
        (Some(signal), _) => format!("signal {signal}"),
        (_, Some(code)) => format!("exit code {code}"),
        _ => "unknown status".to_owned(),
    };
    let text = fs::read(log).unwrap_or_default();
    let tail = &text[text.len().saturating_sub(4096)..];
    let tail = String::from_utf8_lossy(tail);
    let line = tail.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no output");
    format!("{end}: {}", line.chars().take(200).collect::<String>())
}

const ESCAPES: [(char, &str); 4] = [('\\', "\\\\"), ('\n', "\\n"), ('\t', "\\t"), ('\r', "\\r")];

/// Writes a text on one line, without tabs.
fn escape(text: &str) -> String {
    ESCAPES.into_iter().fold(text.to_owned(), |text, (char, escaped)| text.replace(char, escaped))
}

/// The inverse of [`escape`].
fn unescape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        result.push(match char {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    result
}

/// A temporary folder that is removed with everything in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("regrtest-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        for text in ["", "plain", "a\tb\nc\rd", "back\\slash \\n", "\\"] {
            assert_eq!(unescape(&escape(text)), text);
            assert!(!escape(text).contains(['\n', '\t', '\r']));
        }
    }

    #[test]
    fn events_become_verdicts() {
        let mut outcome = Outcome::default();
        let mut pending =
            b"start\ta\t\nok\ta\t\nstart\tb\t\nfail\tb\twhy\nstart\ta\t\nerror\ta\tlate\nstart\tc\t\nsta"
                .to_vec();
        assert!(!take_events(&mut pending, &mut outcome));
        assert_eq!(pending, b"sta");
        assert_eq!(outcome.cases["a"], (Verdict::Fail, "late".to_owned()));
        assert_eq!(outcome.cases["b"], (Verdict::Fail, "why".to_owned()));
        assert_eq!(outcome.cases["c"].1, RUNNING);
        pending.extend_from_slice(b"rt\td\t\nskip\td\tno\ndone\tm\t\n");
        assert!(take_events(&mut pending, &mut outcome));
        assert_eq!(outcome.cases["d"].0, Verdict::Skip);
    }
}
