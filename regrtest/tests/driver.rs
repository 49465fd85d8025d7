//! The driver itself, with a shell script in place of the interpreter, whose cases pass, fail, crash and hang as told.

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use regrtest::alone::Alone;
use regrtest::child::{Config, Verdict};
use regrtest::drive::{self, Options, Totals};
use regrtest::expect::{Expected, State};
use regrtest::results::Module;
use regrtest::suite::{Portable, short};

const MODULE: &str = "test.test_bool";

/// What stands for the interpreter: called as `python runner.py EVENTS MODULE --skip FILE …`, it tells of each case in the
/// file `cases` beside it, whose lines are an id and what becomes of it.
const SCRIPT: &str = r#"#!/bin/sh
while IFS='	' read -r id fate; do
    grep -qxF -- "$id" "$5" && continue
    printf 'start\t%s\t\n' "$id" >> "$2"
    case $fate in
        crash) kill -SEGV $$ ;;
        hang) sleep 60 ;;
        *) printf '%s\t%s\tbecause\n' "$fate" "$id" >> "$2" ;;
    esac
done < "$(dirname "$0")/cases"
printf 'done\t%s\t\n' "$3" >> "$2"
"#;

/// A folder of a test, with the script and the expectations, removed at the end.
struct Trial(PathBuf);

impl Drop for Trial {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Trial {
    fn new(name: &str) -> Result<Self, Box<dyn Error>> {
        let trial = Self(std::env::temp_dir().join(format!("regrtest-{name}-{}", std::process::id())));
        fs::create_dir_all(&trial.0)?;
        let script = trial.0.join("python");
        fs::write(&script, SCRIPT)?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
        Ok(trial)
    }

    /// Runs the module. All of its cases pass, other than those that have another fate here, by their place in the list.
    fn run(
        &self,
        fates: &[(usize, &str)],
        change: impl FnOnce(&mut Options),
    ) -> Result<Totals, Box<dyn Error>> {
        let portable = Portable::load();
        let fate = |at| fates.iter().find(|(other, _)| *other == at).map_or("ok", |(_, fate)| *fate);
        let lines = portable.cases(MODULE).iter().enumerate();
        let lines: String = lines.map(|(at, id)| format!("{id}\t{}\n", fate(at))).collect();
        fs::write(self.0.join("cases"), lines)?;
        let config = Config {
            python: self.0.join("python"),
            inactivity: Duration::from_secs(3),
            total: Duration::from_secs(60),
            memory: 1 << 30,
            pretend: None,
            pattern: None,
            parallel_threads: 0,
            alone: Alone::default(),
            logs: self.0.join("logs"),
        };
        let mut options = Options {
            jobs: 1,
            record: false,
            regression: None,
            try_all: false,
            strict: false,
            show: 20,
            expected: self.expected(),
            results: Some(self.0.join("results")),
            resume: false,
            until: None,
        };
        change(&mut options);
        Ok(drive::run_all(&config, &options, &portable, [MODULE.to_owned()].into())?)
    }

    fn expected(&self) -> PathBuf {
        self.0.join("expected")
    }

    fn result(&self, at: usize) -> Option<(Verdict, String)> {
        let module = Module::load(Path::new(&self.0.join("results")), MODULE)?;
        let case = &module.cases[&id(at)];
        Some((case.verdict, case.message.clone()))
    }
}

/// The short id of a case of the module.
fn id(at: usize) -> String {
    short(MODULE, &Portable::load().cases(MODULE)[at]).into_owned()
}

#[test]
fn a_deliberate_regression_is_red() -> Result<(), Box<dyn Error>> {
    let trial = Trial::new("red")?;
    let green = trial.run(&[], |_| ())?;
    assert_eq!((green.passed, green.problems), (31, 0));
    let red = trial.run(&[(7, "fail")], |_| ())?;
    assert_eq!((red.passed, red.problems), (30, 1));
    let wrong: Vec<_> =
        red.wrong.iter().flat_map(|(module, all)| all.iter().map(move |it| (&**module, &*it.id))).collect();
    assert_eq!(wrong, [(MODULE, &*id(7))]);
    // A skip is no better.
    assert_eq!(trial.run(&[(7, "skip")], |_| ())?.problems, 1);
    Ok(())
}

#[test]
fn modules_for_which_there_is_no_time_are_told() -> Result<(), Box<dyn Error>> {
    let trial = Trial::new("late")?;
    let totals = trial.run(&[(7, "fail")], |options| options.until = Some(Instant::now()))?;
    assert_eq!((totals.modules, totals.problems, totals.left), (0, 0, vec![MODULE.to_owned()]));
    Ok(())
}

#[test]
fn crashes_and_hangs_are_blamed_on_their_cases_and_the_rest_still_runs() -> Result<(), Box<dyn Error>> {
    let trial = Trial::new("blame")?;
    let totals = trial.run(&[(2, "crash"), (3, "crash"), (10, "hang"), (12, "error")], |_| ())?;
    assert_eq!((totals.cases, totals.passed, totals.problems), (31, 27, 4));
    let blamed = [2, 3, 10, 12].map(|at| trial.result(at).map(|(verdict, _)| verdict));
    assert_eq!(blamed, [Verdict::Crash, Verdict::Crash, Verdict::Hang, Verdict::Fail].map(Some));
    assert_eq!(trial.result(2).map(|(_, message)| message.starts_with("signal 11")), Some(true));
    Ok(())
}

#[test]
fn recording_is_a_ratchet() -> Result<(), Box<dyn Error>> {
    let trial = Trial::new("ratchet")?;
    let record = |options: &mut Options| options.record = true;
    assert_eq!(trial.run(&[(1, "fail"), (2, "crash")], record)?.refused, 0);
    let recorded = Expected::load(&trial.expected(), MODULE)?;
    assert_eq!(recorded.get(&id(1)), Some((State::Fail, "not yet: because")));
    assert_eq!(recorded.get(&id(2)).map(|(state, _)| state), Some(State::Crash));
    // What is recorded is no problem; the case that crashed is left out.
    assert_eq!(trial.run(&[(1, "fail"), (2, "crash")], |_| ())?.problems, 0);
    // What passes now has to be recorded, and cannot be undone in passing.
    assert_eq!(trial.run(&[(2, "crash")], |_| ())?.problems, 1);
    assert_eq!(trial.run(&[(2, "crash")], record)?.refused, 0);
    assert_eq!(trial.run(&[(1, "fail")], record)?.refused, 1);
    assert_eq!(Expected::load(&trial.expected(), MODULE)?.get(&id(1)), None);
    let allow = |options: &mut Options| {
        options.record = true;
        options.regression = Some("for a reason".to_owned());
    };
    assert_eq!(trial.run(&[(1, "fail")], allow)?.refused, 0);
    let recorded = Expected::load(&trial.expected(), MODULE)?;
    assert_eq!(recorded.get(&id(1)), Some((State::Fail, "for a reason")));
    Ok(())
}

#[test]
fn a_run_goes_on_where_it_was() -> Result<(), Box<dyn Error>> {
    let trial = Trial::new("resume")?;
    assert_eq!(trial.run(&[(4, "fail")], |_| ())?.passed, 30);
    // Not run again: the result of the first run stands.
    assert_eq!(trial.run(&[], |options| options.resume = true)?.passed, 30);
    // Under other options it does not.
    let other = |options: &mut Options| (options.resume, options.strict) = (true, true);
    assert_eq!(trial.run(&[], other)?.passed, 31);
    Ok(())
}
