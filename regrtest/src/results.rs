//! What came of each module, kept as one JSON file a module.
//!
//! A run that was interrupted goes on from these files. All of them together are `results.json`, for programs to read, and
//! `index.html`, for people (see [`crate::page`]).

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::child::{Outcome, Verdict};
use crate::expect::{Expected, State};
use crate::judge;
use crate::suite::{Portable, TIERS, areas, short};

/// What came of one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// How it ended.
    pub verdict: Verdict,
    /// What it said, on one line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Whether it was run at all.
    pub ran: bool,
    /// What it was expected to do, if not to pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<State>,
}

/// What came of one module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Module {
    /// Its full name.
    pub name: String,
    /// The run it belongs to: interpreter and options.
    pub run: String,
    /// When it ended, in seconds since 1970.
    pub ended: u64,
    /// How long it took.
    pub seconds: f64,
    /// Why cases did not run at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Fixtures that failed or skipped: a description, and what it said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixtures: Vec<(String, String)>,
    /// The cases that count, by short id.
    pub cases: BTreeMap<String, Case>,
}

impl Module {
    /// The results of the cases that count.
    #[must_use]
    pub fn new(run: &str, name: &str, cases: &[String], outcome: &Outcome, expected: &Expected) -> Self {
        let case = |case: &String| {
            let id = short(name, case).into_owned();
            let (verdict, message) = judge::verdict(name, case, outcome);
            let message = if verdict == Verdict::Pass { String::new() } else { judge::one_line(&message) };
            let expected = expected.get(&id).map(|(state, _)| state);
            (id, Case { verdict, message, ran: outcome.cases.contains_key(case), expected })
        };
        Self {
            name: name.to_owned(),
            run: run.to_owned(),
            ended: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            seconds: outcome.time.as_secs_f64(),
            error: outcome.module.clone(),
            fixtures: outcome.fixtures.clone(),
            cases: cases.iter().map(case).collect(),
        }
    }

    /// What it would look like to those who ran it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let long = |id: &String| crate::suite::long(&self.name, id);
        let cases = self
            .cases
            .iter()
            .filter(|(_, case)| case.ran)
            .map(|(id, case)| (long(id), (case.verdict, case.message.clone())));
        Outcome {
            cases: cases.collect(),
            module: self.error.clone(),
            fixtures: self.fixtures.clone(),
            time: Duration::try_from_secs_f64(self.seconds).unwrap_or_default(),
        }
    }

    /// How many cases ended in this way.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cases.values().filter(|case| case.verdict == verdict).count()
    }

    /// Writes the file of the module, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        let fresh = folder.join(format!(".{}-{}", self.name, std::process::id()));
        fs::create_dir_all(folder)?;
        fs::write(&fresh, text)?;
        fs::rename(fresh, folder.join(format!("{}.json", self.name)))
    }

    /// Reads the file of a module; none if there is none, or none that can be understood.
    #[must_use]
    pub fn load(folder: &Path, name: &str) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(format!("{name}.json"))).ok()?).ok()
    }
}

/// The results of all modules that have any, in the order of the list of cases.
#[must_use]
pub fn load_all(portable: &Portable, folder: &Path) -> Vec<Module> {
    portable.modules().filter_map(|name| Module::load(folder, name)).collect()
}

/// Numbers of cases.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Modules that belong here.
    pub modules: usize,
    /// Cases that count, run or not.
    pub cases: usize,
    /// Cases that passed.
    pub pass: usize,
    /// Cases that failed, or could not run.
    pub fail: usize,
    /// Cases that were skipped, which is no pass.
    pub skip: usize,
    /// Cases that ended their process.
    pub crash: usize,
    /// Cases that did not end.
    pub hang: usize,
    /// Cases of modules that have not been run.
    pub unknown: usize,
}

impl Counts {
    /// The numbers of one module.
    #[must_use]
    pub fn of(portable: &Portable, name: &str, result: Option<&Module>) -> Self {
        let cases = portable.cases(name).len();
        let Some(result) = result else {
            return Self { modules: 1, cases, unknown: cases, ..Self::default() };
        };
        let count = |verdict| result.count(verdict);
        Self {
            modules: 1,
            cases,
            pass: count(Verdict::Pass),
            fail: count(Verdict::Fail),
            skip: count(Verdict::Skip),
            crash: count(Verdict::Crash),
            hang: count(Verdict::Hang),
            unknown: cases.saturating_sub(result.cases.len()),
        }
    }

    fn add(&mut self, other: &Self) {
        self.modules += other.modules;
        self.cases += other.cases;
        self.pass += other.pass;
        self.fail += other.fail;
        self.skip += other.skip;
        self.crash += other.crash;
        self.hang += other.hang;
        self.unknown += other.unknown;
    }

    /// The share of all cases that pass, in percent.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.cases == 0 { 0.0 } else { self.pass as f64 * 100.0 / self.cases as f64 }
    }
}

/// Numbers by tier and by area, and of everything, each with its name.
#[must_use]
pub fn summary(portable: &Portable, results: &[Module]) -> Vec<(String, Counts)> {
    let by_name: BTreeMap<_, _> = results.iter().map(|module| (module.name.as_str(), module)).collect();
    let sum = |modules: &mut dyn Iterator<Item = &str>| {
        modules.fold(Counts::default(), |mut sum, name| {
            sum.add(&Counts::of(portable, name, by_name.get(name).copied()));
            sum
        })
    };
    let mut rows = Vec::new();
    for tier in TIERS {
        let modules = portable.tier(tier.name, None);
        rows.push((format!("tier {}", tier.name), sum(&mut modules.iter().map(String::as_str))));
    }
    for (area, names) in areas() {
        let modules: Vec<_> = names.iter().map(|name| format!("test.{name}")).collect();
        rows.push((area.to_owned(), sum(&mut modules.iter().map(String::as_str))));
    }
    rows.push(("everything".to_owned(), sum(&mut portable.modules())));
    rows
}

/// The lines of a summary, as a terminal shows them.
#[must_use]
pub fn table(rows: &[(String, Counts)]) -> String {
    let mut text = format!(
        "{:<16} {:>7} {:>6} {:>6} {:>8} {:>6} {:>5} {:>6} {:>5} {:>8}\n",
        "", "modules", "cases", "pass", "share", "fail", "skip", "crash", "hang", "not run"
    );
    for (name, counts) in rows {
        let Counts { modules, cases, pass, fail, skip, crash, hang, unknown } = counts;
        text.push_str(&format!(
            "{name:<16} {modules:>7} {cases:>6} {pass:>6} {:>6.1} % {fail:>6} {skip:>5} {crash:>6} {hang:>5} {unknown:>8}\n",
            counts.share()
        ));
    }
    text
}

/// Writes `results.json` and `index.html` from the results of all modules in the folder.
///
/// # Errors
/// When they cannot be written.
pub fn write_report(portable: &Portable, folder: &Path) -> io::Result<Vec<(String, Counts)>> {
    #[derive(Serialize)]
    struct Everything<'a> {
        cpython: &'a str,
        summary: BTreeMap<&'a str, Counts>,
        modules: &'a [Module],
    }
    let results = load_all(portable, folder);
    let rows = summary(portable, &results);
    fs::create_dir_all(folder)?;
    let everything = Everything {
        cpython: crate::fetch::PINNED,
        summary: rows.iter().map(|(name, counts)| (name.as_str(), *counts)).collect(),
        modules: &results,
    };
    fs::write(folder.join("results.json"), serde_json::to_vec(&everything)?)?;
    fs::write(folder.join("index.html"), crate::page::html(portable, &results, &rows))?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(name: &str, cases: &[(&str, Verdict)]) -> Module {
        let case = |verdict| Case { verdict, message: "why".to_owned(), ran: true, expected: None };
        Module {
            name: name.to_owned(),
            run: "r".to_owned(),
            ended: 0,
            seconds: 1.5,
            error: None,
            fixtures: Vec::new(),
            cases: cases.iter().map(|(id, verdict)| ((*id).to_owned(), case(*verdict))).collect(),
        }
    }

    #[test]
    fn a_module_is_read_as_it_was_written() -> Result<(), Box<dyn std::error::Error>> {
        let folder = std::env::temp_dir().join(format!("regrtest-results-{}", std::process::id()));
        let written = module("test.test_int", &[("A.a", Verdict::Pass), ("A.b", Verdict::Hang)]);
        written.save(&folder)?;
        let read = Module::load(&folder, "test.test_int");
        let nothing = Module::load(&folder, "test.test_bool");
        fs::remove_dir_all(&folder)?;
        assert_eq!((read, nothing), (Some(written), None));
        Ok(())
    }

    #[test]
    fn only_passes_pass() {
        let portable = Portable::load();
        let cases = [("a", Verdict::Pass), ("b", Verdict::Skip), ("c", Verdict::Crash), ("d", Verdict::Fail)];
        let rows = summary(&portable, &[module("test.test_bool", &cases)]);
        let Some((_, all)) = rows.last() else { panic!("no rows") };
        assert_eq!((all.pass, all.skip, all.crash, all.fail, all.hang), (1, 1, 1, 1, 0));
        assert_eq!((all.cases, all.unknown), (42_430, 42_430 - 4));
        let types = rows.iter().find(|(name, _)| name == "tier types").map(|(_, counts)| counts.pass);
        assert_eq!(types, Some(1));
        assert!(table(&rows).contains("everything"));
    }
}
