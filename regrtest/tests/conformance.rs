//! CPython's own tests, run on the protopy that was just built: those of the core language and of the builtin types whole, and everything
//! else for which there is time.
//!
//! CPython's tests are fetched once from a distribution; without them, and without a network, this test says so and
//! fails. `PROTOPY_TEST_CACHE` names a cache to use; `PROTOPY_TEST_PYTHON` another interpreter to try; `PROTOPY_TEST_MINUTES` how long
//! tests of neither tier are begun (0: none).

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use regrtest::alone::Alone;
use regrtest::child::{self, Config, Verdict};
use regrtest::drive::{self, Options, Totals};
use regrtest::judge::Problem;
use regrtest::suite::{Portable, long};
use regrtest::{cache, fetch, home, reference};

/// The groups of the core language that must do what is recorded.
const CORE: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// The groups of the builtin types that must do what is recorded.
const TYPES: [&str; 5] = ["A", "B", "C", "D", "E"];

/// Minutes after which no other module of neither tier is begun: two processors take about twelve.
const MINUTES: u64 = 15;

/// If more modules than these do not do what is expected, the machine is not why.
const MANY: usize = 20;

/// Tells past the capture of the test runner: a passing run says how much it ran.
macro_rules! tell {
    ($($what:tt)*) => {
        let _ = writeln!(std::io::stderr(), $($what)*);
    };
}

#[test]
fn core_language() -> Result<(), String> {
    tier("core", &CORE)
}

#[test]
fn builtin_types() -> Result<(), String> {
    tier("types", &TYPES)
}

/// A case that runs in several threads at once is judged by the worst that came of it in one of them.
#[test]
fn cases_in_threads() -> Result<(), String> {
    let suite = Suite::prepare()?;
    let folder = std::env::temp_dir().join(format!("regrtest-threads-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let (events, alone) = (folder.join("events"), folder.join("alone"));
    fs::write(&alone, "cases_in_threads.Case.test_nam*\nnothing").map_err(|error| error.to_string())?;
    let status = Command::new(&suite.config.python)
        .arg(home().join("runner.py"))
        .arg(&events)
        .args(["cases_in_threads", "--parallel-threads", "4", "--alone"])
        .arg(&alone)
        .env("PYTHONPATH", home().join("tests"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdout(Stdio::null())
        .status()
        .map_err(|error| error.to_string())?;
    let text = fs::read_to_string(&events).map_err(|error| error.to_string());
    let _ = fs::remove_dir_all(&folder);
    assert!(status.success(), "{status}");
    let text = text?;
    let told: BTreeMap<_, _> = text
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter(|(kind, _)| !matches!(*kind, "start" | "done"))
        .filter_map(|(kind, rest)| Some((rest.split('\t').next()?.rsplit_once(".test_")?.1, kind)))
        .collect();
    let expected = BTreeMap::from([
        ("class", "ok"),
        ("exits", "error"),
        ("fails_as_expected", "xfail"),
        ("fails_in_one", "fail"),
        ("interrupted", "error"),
        ("marked", "ok"),
        ("named", "ok"),
        ("own_cleanup", "ok"),
        ("passes", "ok"),
        ("passes_unexpectedly", "xpass"),
        ("skips", "skip"),
        ("subtest_fails", "fail"),
        ("subtest_skips", "ok"),
    ]);
    assert_eq!(told, expected);
    assert!(text.ends_with("done\tcases_in_threads\t\n"), "{text}");
    Ok(())
}

/// Everything else. These tests use networks, processes, terminals, files and clocks, so what they do depends on the machine, and
/// on what else it does. A module that does not do what is recorded is run once more, alone, as CPython's CI does; a case that then
/// fails counts unless CPython fails it here, too. What passes although it is recorded otherwise is only told.
#[test]
fn everything_else() -> Result<(), String> {
    let minutes =
        std::env::var("PROTOPY_TEST_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(MINUTES);
    let suite = Suite::prepare()?;
    let begun = Instant::now();
    let first = suite.run(suite.portable.rest(), 2, Some(begun + Duration::from_secs(60 * minutes)))?;
    tell!("{first} ({} s)", begun.elapsed().as_secs());
    let again = first.wrong.keys().cloned().collect::<Vec<_>>();
    if again.is_empty() {
        return Ok(());
    }
    if again.len() > MANY {
        return Err(suite.complain(&first, &first.wrong));
    }
    tell!("once more, alone: {}", again.join(", "));
    let mut second = suite.run(again, 1, None)?;
    second.wrong.values_mut().for_each(|problems| {
        problems.retain(|it| it.verdict != Some(Verdict::Pass));
    });
    second.wrong.retain(|_, problems| !problems.is_empty());
    if second.wrong.is_empty() {
        return Ok(());
    }
    match suite.without_those_of_reference(&second.wrong) {
        Ok(ours) if ours.is_empty() => {
            tell!("CPython itself fails here: {}", names(&second.wrong));
            Ok(())
        }
        Ok(ours) => Err(suite.complain(&second, &ours)),
        Err(error) => {
            tell!("what CPython does here is not known: {error}");
            Err(suite.complain(&second, &second.wrong))
        }
    }
}

/// The modules and their cases.
fn names(wrong: &BTreeMap<String, Vec<Problem>>) -> String {
    let all = wrong.iter().flat_map(|(module, problems)| problems.iter().map(move |it| long(module, &it.id)));
    all.collect::<Vec<_>>().join(", ")
}

/// Runs groups of a tier.
fn tier(tier: &str, groups: &[&str]) -> Result<(), String> {
    let suite = Suite::prepare()?;
    let modules = groups.iter().flat_map(|group| suite.portable.tier(tier, Some(group))).collect();
    let totals = suite.run(modules, 2, None)?;
    tell!("{totals}");
    if totals.wrong.is_empty() {
        return Ok(());
    }
    // No second run: a case that takes longer on a busy machine is given the time, and what depends on more than the interpreter is
    // recorded as flaky, with the reason. A case that passes although it is recorded otherwise is an error, too: else what
    // was gained could be lost again unnoticed.
    Err(suite.complain(&totals, &totals.wrong))
}

/// What runs take. One test has it at a time, since each takes two processors.
struct Suite {
    config: Config,
    portable: Portable,
    _turn: std::sync::MutexGuard<'static, ()>,
}

impl Suite {
    fn prepare() -> Result<Suite, String> {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let library = fetch::library(&cache())?;
        let python: PathBuf = match std::env::var_os("PROTOPY_TEST_PYTHON") {
            Some(path) => path.into(),
            None => drive::build_protopy()?,
        };
        let python = fs::canonicalize(&python).map_err(|error| format!("{}: {error}", python.display()))?;
        let config = Config {
            python: fetch::install(&python, &library.folder)
                .map_err(|error| format!("installation: {error}"))?,
            inactivity: Duration::from_secs(120),
            total: Duration::from_secs(1200),
            memory: 4 << 30,
            pretend: None,
            pattern: None,
            parallel_threads: 0,
            alone: Alone::default(),
            logs: cache().join("logs"),
        };
        Ok(Suite { config, portable: Portable::load(), _turn: turn })
    }

    fn run(&self, modules: Vec<String>, jobs: usize, until: Option<Instant>) -> Result<Totals, String> {
        let options = Options {
            jobs,
            record: false,
            regression: None,
            try_all: false,
            strict: false,
            show: 20,
            expected: home().join("expected"),
            results: None,
            resume: false,
            until,
        };
        drive::run_all(&self.config, &options, &self.portable, modules.into())
    }

    /// Those cases of which CPython passes all here.
    fn without_those_of_reference(
        &self,
        wrong: &BTreeMap<String, Vec<Problem>>,
    ) -> Result<BTreeMap<String, Vec<Problem>>, String> {
        let config = Config {
            python: reference::python(&cache())?,
            pretend: Some("otherpy".to_owned()),
            logs: cache().join("logs-reference"),
            ..self.config.clone()
        };
        let mut ours = BTreeMap::new();
        for (module, problems) in wrong {
            let outcome = child::run(&config, module, &[], &|_| ()).map_err(|error| error.to_string())?;
            let passes = |it: &&Problem| {
                it.verdict.is_none()
                    || matches!(outcome.cases.get(&long(module, &it.id)), Some((Verdict::Pass, _)))
            };
            let left: Vec<_> = problems.iter().filter(passes).cloned().collect();
            if !left.is_empty() {
                ours.insert(module.clone(), left);
            }
        }
        Ok(ours)
    }

    fn complain(&self, totals: &Totals, wrong: &BTreeMap<String, Vec<Problem>>) -> String {
        format!("{totals}: {}; the output of each module is in {}", names(wrong), self.config.logs.display())
    }
}
