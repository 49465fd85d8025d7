//! Running many modules, several at a time, and summing up.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::{env, fmt, thread};

use crate::child::{self, Config, Verdict};
use crate::expect::Expected;
use crate::judge::{self, Report};
use crate::suite::{Portable, long};

/// How results are judged.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many modules run at a time.
    pub jobs: usize,
    /// Rewrites the expectations.
    pub record: bool,
    /// Runs even what is recorded as crash, hang or not applicable.
    pub try_all: bool,
    /// Ignores what is recorded: every case must pass.
    pub strict: bool,
    /// How many problems of a module are shown.
    pub show: usize,
    /// The folder of the expectations.
    pub expected: PathBuf,
}

/// The sums over all modules.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Modules that were run.
    pub modules: usize,
    /// Cases that count.
    pub cases: usize,
    /// Cases that pass.
    pub passed: usize,
    /// Cases that do what is recorded of them.
    pub expected: usize,
    /// Cases that do not do what is expected.
    pub problems: usize,
    /// The modules with cases that fail and should not.
    pub worse: Vec<String>,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { modules, cases, passed, expected, problems, worse: _ } = self;
        write!(
            f,
            "conformance: {passed} of {cases} cases pass in {modules} modules, {expected} do as recorded, \
             {problems} do not do what is expected"
        )
    }
}

/// Runs modules and prints a report of each as it ends.
///
/// # Errors
/// The first thing that went wrong other than a case.
pub fn run_all(
    config: &Config,
    options: &Options,
    portable: &Portable,
    modules: VecDeque<String>,
) -> Result<Totals, String> {
    let queue = Mutex::new(modules);
    let totals = Mutex::new(Totals::default());
    let work = || -> Result<(), String> {
        loop {
            let Some(module) = queue.lock().map_err(|error| error.to_string())?.pop_front() else {
                return Ok(());
            };
            let report =
                run_one(config, options, portable, &module).map_err(|error| format!("{module}: {error}"))?;
            let mut totals = totals.lock().map_err(|error| error.to_string())?;
            totals.modules += 1;
            totals.cases += report.total;
            totals.passed += report.passed;
            totals.expected += report.expected;
            totals.problems += report.problems.len();
            if report.problems.iter().any(|problem| !problem.is_better()) {
                totals.worse.push(module);
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..options.jobs.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a panic".to_owned())))
    })?;
    totals.into_inner().map_err(|error| error.to_string())
}

fn run_one(config: &Config, options: &Options, portable: &Portable, module: &str) -> Result<Report, String> {
    let cases = portable.cases(module);
    let recorded = Expected::load(&options.expected, module)?;
    let expected = if options.strict { Expected::default() } else { recorded };
    let left_out: Vec<String> = match options.try_all {
        true => Vec::new(),
        false => {
            let wild = expected.cases.get("*").is_some_and(|(state, _)| !state.runs());
            let own = expected.cases.iter().filter(|(id, (state, _))| *id != "*" && !state.runs());
            let own = own.map(|(id, _)| long(module, id));
            let rest = cases.iter().filter(|_| wild).cloned();
            own.chain(rest).collect()
        }
    };
    let outcome = child::run(config, module, &left_out).map_err(|error| error.to_string())?;
    let partial = config.pattern.is_some();
    let report = judge::compare(module, cases, &outcome, &expected, partial);
    if options.record && !partial {
        let recorded = judge::record(module, cases, &outcome, &expected);
        recorded.save(&options.expected, module).map_err(|error| error.to_string())?;
    }
    let more = outcome.cases.values().filter(|(verdict, _)| *verdict == Verdict::Pass).count();
    let mut text = judge::describe(module, &report, &outcome, options.show);
    if partial && more == 0 && report.total == 0 {
        text.push_str("    no case matches\n");
    }
    print!("{text}");
    Ok(report)
}

/// Builds protopy in the profile that the running program was built in, and returns where it is.
///
/// # Errors
/// When it does not build.
pub fn build_protopy() -> Result<PathBuf, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    // target/PROFILE/regrtest, or target/PROFILE/deps/conformance-HASH
    let folder = program
        .ancestors()
        .skip(1)
        .find(|folder| folder.file_name().is_some_and(|name| name != "deps"))
        .ok_or("the program is in no folder")?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--package", "protopy", "--bin", "protopy", "--profile", profile])
        .current_dir(crate::home())
        .status()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !status.success() {
        return Err("protopy does not build".to_owned());
    }
    Ok(folder.join("protopy"))
}
