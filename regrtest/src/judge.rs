//! Comparing what came of a module with what is expected.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::child::{Outcome, Verdict};
use crate::expect::{Expected, State};
use crate::suite::short;

/// A case that did not do what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The short id.
    pub id: String,
    /// What is wrong.
    pub what: String,
}

impl Problem {
    /// Whether the case passes although it is recorded otherwise.
    #[must_use]
    pub fn is_better(&self) -> bool {
        self.what.starts_with("passes")
    }
}

/// The result of comparing one module.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The cases that count.
    pub total: usize,
    /// Those that passed.
    pub passed: usize,
    /// Those that did what is expected of them, other than passing.
    pub expected: usize,
    /// The others.
    pub problems: Vec<Problem>,
}

/// Compares the cases that count with what came of them. With `partial`, cases that did not run are ignored.
#[must_use]
pub fn compare(
    module: &str,
    cases: &[String],
    outcome: &Outcome,
    expected: &Expected,
    partial: bool,
) -> Report {
    let mut report = Report::default();
    for case in cases {
        let id = short(module, case);
        let found = outcome.cases.get(case);
        if partial && found.is_none() {
            continue;
        }
        report.total += 1;
        let expectation = expected.get(&id).map(|(state, _)| state);
        let passed = matches!(found, Some((Verdict::Pass, _)));
        report.passed += usize::from(passed);
        if let Some(what) = problem(module, case, outcome, expectation) {
            report.problems.push(Problem { id: id.into_owned(), what });
        } else if !passed {
            report.expected += 1;
        }
    }
    if !partial {
        let known: std::collections::HashSet<_> = cases.iter().map(|case| short(module, case)).collect();
        for id in expected.cases.keys().filter(|id| *id != "*" && !known.contains(id.as_str())) {
            report
                .problems
                .push(Problem { id: id.clone(), what: "expected, but not a case that counts".to_owned() });
        }
    }
    report
}

/// What is wrong with a case, if anything.
fn problem(module: &str, case: &str, outcome: &Outcome, expectation: Option<State>) -> Option<String> {
    let (verdict, message) = verdict(module, case, outcome);
    match (expectation, verdict) {
        (None, Verdict::Pass) | (Some(State::Flaky | State::NotApplicable), _) => None,
        (None, _) => Some(format!("{}: {message}", word(verdict))),
        (Some(state), Verdict::Pass) => Some(format!("passes, was recorded as {state}")),
        (Some(State::Fail), Verdict::Crash | Verdict::Hang) => {
            Some(format!("{}, was recorded as fail: {message}", word(verdict)))
        }
        (Some(_), _) => None,
    }
}

/// The verdict on a case; one that did not run fails, with the best reason there is.
fn verdict(module: &str, case: &str, outcome: &Outcome) -> (Verdict, String) {
    if let Some((verdict, message)) = outcome.cases.get(case) {
        return (*verdict, message.clone());
    }
    // A fixture is described as `setUpClass (test.test_x.Class)` or `setUpModule (test.test_x)`.
    let class = case.rsplit_once('.').map_or(case, |(class, _)| class);
    let (of_class, of_module) = (format!("({class})"), format!("({module})"));
    let fixture =
        outcome.fixtures.iter().find(|(name, _)| name.contains(&of_class) || name.contains(&of_module));
    let reason = match (fixture, &outcome.module) {
        (Some((name, message)), _) => format!("{name}: {message}"),
        (None, Some(message)) => message.clone(),
        (None, None) => "did not run".to_owned(),
    };
    (Verdict::Fail, reason)
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Skip => "skip",
        Verdict::Crash => "crash",
        Verdict::Hang => "hang",
    }
}

/// The expectations that describe an outcome. Reasons of cases that still do the same are kept.
#[must_use]
pub fn record(module: &str, cases: &[String], outcome: &Outcome, expected: &Expected) -> Expected {
    let mut lines = BTreeMap::new();
    for case in cases {
        let id = short(module, case);
        let old = expected.get(&id);
        if let Some((state, reason)) = old
            && (!state.runs() || state == State::Flaky)
        {
            let passes = matches!(outcome.cases.get(case), Some((Verdict::Pass, _)));
            if !(passes && matches!(state, State::Crash | State::Hang)) {
                lines.insert(id.into_owned(), (state, reason.to_owned()));
            }
            continue;
        }
        let (verdict, message) = verdict(module, case, outcome);
        let state = match verdict {
            Verdict::Pass => continue,
            Verdict::Fail | Verdict::Skip => State::Fail,
            Verdict::Crash => State::Crash,
            Verdict::Hang => State::Hang,
        };
        let reason = match old {
            Some((old, reason)) if old == state => reason.to_owned(),
            _ if verdict == Verdict::Skip => format!("skipped: {}", one_line(&message)),
            _ => one_line(&message),
        };
        lines.insert(id.into_owned(), (state, reason));
    }
    // A module that fails as one is one line.
    if lines.len() == cases.len()
        && let Some(first) = lines.values().next().cloned()
        && lines.values().all(|line| *line == first)
    {
        lines = BTreeMap::from([("*".to_owned(), first)]);
    }
    Expected { cases: lines }
}

/// A reason has to fit on its line.
fn one_line(message: &str) -> String {
    let text = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { "no message".to_owned() } else { text.chars().take(200).collect() }
}

/// The lines about a module: one that sums up, and one for each problem, up to a limit.
#[must_use]
pub fn describe(module: &str, report: &Report, outcome: &Outcome, limit: usize) -> String {
    let Report { total, passed, expected, problems } = report;
    let mut text = format!("{module:<48} {passed:>4} of {total:>4} pass");
    // Writing to a string cannot fail.
    if *expected > 0 {
        let _ = write!(text, ", {expected} as recorded");
    }
    if !problems.is_empty() {
        let _ = write!(text, ", {} PROBLEMS", problems.len());
    }
    let _ = writeln!(text, "  {:.1} s", outcome.time.as_secs_f64());
    for Problem { id, what } in problems.iter().take(limit) {
        let _ = writeln!(text, "    {id}: {}", one_line(what));
    }
    if problems.len() > limit {
        let _ = writeln!(text, "    and {} more", problems.len() - limit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(cases: &[(&str, Verdict)]) -> Outcome {
        let cases = cases
            .iter()
            .map(|(id, verdict)| (format!("test.m.{id}"), (*verdict, "why".to_owned())))
            .collect();
        Outcome { cases, ..Outcome::default() }
    }

    fn expected(lines: &[(&str, State)]) -> Expected {
        let cases = lines.iter().map(|(id, state)| ((*id).to_owned(), (*state, "kept".to_owned()))).collect();
        Expected { cases }
    }

    fn cases(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| format!("test.m.{id}")).collect()
    }

    #[test]
    fn only_what_is_not_expected_is_a_problem() {
        let cases = cases(&["a", "b", "c", "d", "e"]);
        let came = outcome(&[
            ("a", Verdict::Pass),
            ("b", Verdict::Fail),
            ("c", Verdict::Pass),
            ("d", Verdict::Skip),
        ]);
        let wanted = expected(&[("b", State::Fail), ("c", State::Fail), ("gone", State::Fail)]);
        let report = compare("test.m", &cases, &came, &wanted, false);
        assert_eq!((report.total, report.passed, report.expected), (5, 2, 1));
        let ids: Vec<_> = report.problems.iter().map(|problem| problem.id.as_str()).collect();
        assert_eq!(ids, ["c", "d", "e", "gone"]);
    }

    #[test]
    fn recording_keeps_reasons_and_leaves_nothing_to_complain_about() {
        let cases = cases(&["a", "b", "c", "d"]);
        let came = outcome(&[("a", Verdict::Pass), ("b", Verdict::Fail), ("c", Verdict::Crash)]);
        let wanted = expected(&[("a", State::Fail), ("b", State::Fail), ("d", State::Hang)]);
        let recorded = record("test.m", &cases, &came, &wanted);
        assert_eq!(recorded.text(), "b\tfail\tkept\nc\tcrash\twhy\nd\thang\tkept\n");
        assert_eq!(compare("test.m", &cases, &came, &recorded, false).problems, []);
    }

    #[test]
    fn a_module_that_fails_as_one_is_one_line() {
        let cases = cases(&["a", "b"]);
        let came = Outcome { module: Some("module: ImportError: x".to_owned()), ..Outcome::default() };
        let recorded = record("test.m", &cases, &came, &Expected::default());
        assert_eq!(recorded.text(), "*\tfail\tmodule: ImportError: x\n");
        let better = outcome(&[("a", Verdict::Pass), ("b", Verdict::Fail)]);
        assert_eq!(compare("test.m", &cases, &better, &recorded, false).problems.len(), 1);
        assert_eq!(record("test.m", &cases, &better, &recorded).text(), "b\tfail\tmodule: ImportError: x\n");
    }
}
