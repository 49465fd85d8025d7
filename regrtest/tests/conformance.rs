//! CPython's tests of the core language and of the builtin types, all groups, run on the protopy that was just built.
//!
//! CPython's tests are fetched once from a distribution; without them, and without a network, this test says so and
//! fails. `PROTOPY_TEST_CACHE` names a cache to use; `PROTOPY_TEST_PYTHON` another interpreter to try.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use regrtest::child::Config;
use regrtest::drive::{self, Options};
use regrtest::suite::Portable;
use regrtest::{cache, fetch, home};

/// The groups of the core language that must do what is recorded.
const CORE: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// The groups of the builtin types that must do what is recorded.
const TYPES: [&str; 5] = ["A", "B", "C", "D", "E"];

#[test]
fn core_language() -> Result<(), String> {
    run("core", &CORE)
}

#[test]
fn builtin_types() -> Result<(), String> {
    run("types", &TYPES)
}

/// Runs groups of a tier; one tier at a time, since each takes two processors.
fn run(tier: &str, groups: &[&str]) -> Result<(), String> {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let library = fetch::library(&cache())?;
    let python: PathBuf = match std::env::var_os("PROTOPY_TEST_PYTHON") {
        Some(path) => path.into(),
        None => drive::build_protopy()?,
    };
    let python = fs::canonicalize(&python).map_err(|error| format!("{}: {error}", python.display()))?;
    let config = Config {
        python: fetch::install(&python, &library.folder).map_err(|error| format!("installation: {error}"))?,
        inactivity: Duration::from_secs(120),
        total: Duration::from_secs(1200),
        memory: 4 << 30,
        pretend: None,
        pattern: None,
        parallel_threads: 0,
        logs: cache().join("logs"),
    };
    let options = Options {
        jobs: 2,
        record: false,
        regression: None,
        try_all: false,
        strict: false,
        show: 20,
        expected: home().join("expected"),
        results: None,
        resume: false,
    };
    let portable = Portable::load();
    let modules = groups.iter().flat_map(|group| portable.tier(tier, Some(group))).collect();
    let totals = drive::run_all(&config, &options, &portable, modules)?;
    // Written past the capture of the test runner: a passing run says how much it ran.
    let _ = writeln!(std::io::stderr(), "{totals}");
    if totals.wrong.is_empty() {
        return Ok(());
    }
    // No second run: a case that takes longer on a busy machine is given the time, and what depends on more than the interpreter is
    // recorded as flaky, with the reason. A case that passes although it is recorded otherwise is an error, too: else what
    // was gained could be lost again unnoticed.
    Err(format!(
        "{totals}: {}; the output of each module is in {}",
        totals.wrong.join(", "),
        config.logs.display()
    ))
}
