//! Running many modules, several at a time, and summing up.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};
use std::{env, fmt, fs, thread};

use crate::child::{self, Config, Outcome, Verdict};
use crate::expect::{ALL_CASES, Expected};
use crate::judge::{self, Problem, Report};
use crate::progress::Progress;
use crate::results::Module;
use crate::suite::{Portable, long};

/// How results are judged, and what is done with them.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many modules run at a time.
    pub jobs: usize,
    /// Rewrites the expectations.
    pub record: bool,
    /// With this reason, also those of cases that passed.
    pub regression: Option<String>,
    /// Runs even what is recorded as crash, hang or not applicable.
    pub try_all: bool,
    /// Ignores what is recorded: every case must pass.
    pub strict: bool,
    /// How many problems of a module are shown.
    pub show: usize,
    /// The folder of the expectations.
    pub expected: PathBuf,
    /// The folder of the results, if they are kept.
    pub results: Option<PathBuf>,
    /// Takes the results of an earlier run with the same interpreter and options for modules that have any.
    pub resume: bool,
    /// When no other module is begun any more.
    pub until: Option<Instant>,
}

/// The sums over all modules.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// In how many threads at once each case was run; 0 for the plain way.
    pub threads: usize,
    /// Cases that were run in one thread even so.
    pub alone: usize,
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
    /// Cases that have passed before, and were therefore not recorded.
    pub refused: usize,
    /// The modules with cases that do not do what is expected, and what is wrong with these.
    pub wrong: BTreeMap<String, Vec<Problem>>,
    /// The modules for which there was no time.
    pub left: Vec<String>,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { threads, alone, modules, cases, passed, expected, problems, refused, wrong: _, left } =
            self;
        write!(
            f,
            "conformance: {passed} of {cases} cases pass in {modules} modules, {expected} do as recorded, \
             {problems} do not do what is expected"
        )?;
        if *threads > 0 {
            write!(
                f,
                "; each case in {threads} threads at once, other than {alone} that cannot run beside themselves"
            )?;
        }
        if *refused > 0 {
            write!(f, "; {refused} that passed before were not recorded (--allow-regression REASON does)")?;
        }
        if !left.is_empty() {
            write!(f, "; for {} modules there was no time", left.len())?;
        }
        Ok(())
    }
}

impl Totals {
    fn add(&mut self, module: String, report: &Report, refused: usize) {
        self.modules += 1;
        self.cases += report.total;
        self.passed += report.passed;
        self.expected += report.expected;
        self.problems += report.problems.len();
        self.refused += refused;
        if !report.problems.is_empty() {
            self.wrong.insert(module, report.problems.clone());
        }
    }
}

/// What all modules of a run have in common.
struct Run<'a> {
    config: &'a Config,
    options: &'a Options,
    portable: &'a Portable,
    progress: Progress,
    /// Tells this run from one with another interpreter or other options.
    key: String,
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
    let cases = modules.iter().map(|module| portable.cases(module).len()).sum();
    let progress = Progress::new(modules.len(), cases);
    let run = Run { config, options, portable, progress, key: key(config, options) };
    let queue = Mutex::new(modules);
    let totals = Mutex::new(Totals { threads: config.parallel_threads, ..Totals::default() });
    let work = || -> Result<(), String> {
        loop {
            let Some(module) = queue.lock().map_err(|error| error.to_string())?.pop_front() else {
                return Ok(());
            };
            if options.until.is_some_and(|until| Instant::now() > until) {
                totals.lock().map_err(|error| error.to_string())?.left.push(module);
                continue;
            }
            let (report, refused) = run.module(&module).map_err(|error| format!("{module}: {error}"))?;
            let alone = config.alone.count(&module, portable.cases(&module));
            let mut totals = totals.lock().map_err(|error| error.to_string())?;
            totals.alone += alone;
            totals.add(module, &report, refused);
        }
    };
    let result = thread::scope(|scope| {
        let threads: Vec<_> = (0..options.jobs.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a panic".to_owned())))
    });
    run.progress.clear();
    result?;
    totals.into_inner().map_err(|error| error.to_string())
}

impl Run<'_> {
    /// Runs one module. Returns the report, and how many cases were not recorded because they had passed.
    fn module(&self, module: &str) -> Result<(Report, usize), String> {
        let Self { config, options, portable, progress, .. } = self;
        let cases = portable.cases(module);
        let partial = config.pattern.is_some();
        let recorded = Expected::load(&options.expected, module)?;
        let expected = if options.strict { Expected::default() } else { recorded };
        progress.begin(module);
        let kept = options.results.as_ref().filter(|_| !partial);
        let earlier = kept.filter(|_| options.resume).and_then(|folder| Module::load(folder, module));
        let begun = AtomicUsize::new(0);
        let outcome = match earlier.filter(|earlier| earlier.run == self.key) {
            Some(earlier) => earlier.outcome(),
            None => {
                let outcome = self.fresh(module, &expected, &begun)?;
                if let Some(folder) = kept {
                    let result = Module::new(&self.key, module, cases, &outcome, &expected);
                    result.save(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
                }
                outcome
            }
        };
        let report = judge::compare(module, cases, &outcome, &expected, partial);
        let mut text = judge::describe(module, &report, &outcome, options.show);
        let more = outcome.cases.values().filter(|(verdict, _)| *verdict == Verdict::Pass).count();
        if partial && more == 0 && report.total == 0 {
            text.push_str("    no case matches\n");
        }
        let mut refused = 0;
        if options.record && !partial {
            let recording = judge::record(module, cases, &outcome, &expected, options.regression.as_deref());
            recording.expected.save(&options.expected, module).map_err(|error| error.to_string())?;
            refused = recording.refused.len();
            for id in recording.refused {
                text.push_str(&format!("    NOT RECORDED, passed before: {id}\n"));
            }
        }
        progress.end(module, cases.len(), begun.into_inner(), &text);
        Ok((report, refused))
    }

    /// Runs the cases of a module that are not left out.
    fn fresh(&self, module: &str, expected: &Expected, begun: &AtomicUsize) -> Result<Outcome, String> {
        let left_out = match self.options.try_all {
            true => Vec::new(),
            false => left_out(module, self.portable.cases(module), expected),
        };
        let advance = |cases| {
            begun.fetch_add(cases, Ordering::Relaxed);
            self.progress.advance(cases);
        };
        child::run(self.config, module, &left_out, &advance).map_err(|error| error.to_string())
    }
}

/// The cases that are recorded in a way that keeps them from being run.
fn left_out(module: &str, cases: &[String], expected: &Expected) -> Vec<String> {
    let wild = expected.cases.get(ALL_CASES).is_some_and(|(state, _)| !state.runs());
    let own = expected.cases.iter().filter(|(id, (state, _))| *id != ALL_CASES && !state.runs());
    let own = own.map(|(id, _)| long(module, id));
    let rest = cases.iter().filter(|_| wild).cloned();
    own.chain(rest).collect()
}

/// A text that differs for runs whose results may differ.
fn key(config: &Config, options: &Options) -> String {
    let mut hasher = DefaultHasher::new();
    let facts = fs::metadata(&config.python).ok();
    let modified = facts.as_ref().and_then(|facts| facts.modified().ok()).unwrap_or(SystemTime::UNIX_EPOCH);
    (facts.map(|facts| facts.len()), modified, &config.python).hash(&mut hasher);
    (
        config.memory,
        config.parallel_threads,
        format!("{:?}", config.alone),
        &config.pretend,
        options.try_all,
        options.strict,
    )
        .hash(&mut hasher);
    format!("{:016x}", hasher.finish())
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
