//! Comparing what came of a module with what is expected.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::child::{Outcome, Verdict};
use crate::expect::{ALL_CASES, Expected, State};
use crate::suite::short;

/// A case that did not do what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The short id.
    pub id: String,
    /// What is wrong.
    pub what: String,
    /// What came of it; none if it is not a case that counts.
    pub verdict: Option<Verdict>,
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
        let (found, message) = verdict(module, case, outcome);
        if let Some(what) = problem(found, &message, expectation) {
            report.problems.push(Problem { id: id.into_owned(), what, verdict: Some(found) });
        } else if !passed {
            report.expected += 1;
        }
    }
    if !partial {
        let known: std::collections::HashSet<_> = cases.iter().map(|case| short(module, case)).collect();
        for id in expected.cases.keys().filter(|id| *id != ALL_CASES && !known.contains(id.as_str())) {
            report.problems.push(Problem {
                id: id.clone(),
                what: "expected, but not a case that counts".to_owned(),
                verdict: None,
            });
        }
    }
    report
}

/// What is wrong with a case, if anything.
fn problem(verdict: Verdict, message: &str, expectation: Option<State>) -> Option<String> {
    match (expectation, verdict) {
        (None, Verdict::Pass) | (Some(State::NotApplicable), _) => None,
        (Some(State::Flaky), Verdict::Pass | Verdict::Fail | Verdict::Skip) => None,
        (None, _) => Some(format!("{}: {message}", word(verdict))),
        (Some(state), Verdict::Pass) => Some(format!("passes, was recorded as {state}")),
        (Some(state @ (State::Fail | State::Flaky)), Verdict::Crash | Verdict::Hang) => {
            Some(format!("{}, was recorded as {state}: {message}", word(verdict)))
        }
        (Some(_), _) => None,
    }
}

/// The verdict on a case; one that did not run fails, with the best reason there is.
#[must_use]
pub fn verdict(module: &str, case: &str, outcome: &Outcome) -> (Verdict, String) {
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
        (None, None) => "the module does not make this case here".to_owned(),
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

/// What recording comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// The new expectations.
    pub expected: Expected,
    /// The short ids of cases that have passed and do not now, which have not been recorded as such.
    pub refused: Vec<String>,
}

/// The expectations that describe an outcome. Reasons of cases that still do the same are kept, other than those that
/// were recorded by this function. A case that passed is recorded otherwise only with a `regression`, the reason for it.
#[must_use]
pub fn record(
    module: &str,
    cases: &[String],
    outcome: &Outcome,
    expected: &Expected,
    regression: Option<&str>,
) -> Recording {
    let mut lines = BTreeMap::new();
    let mut refused = Vec::new();
    for case in cases {
        let id = short(module, case);
        let ran = outcome.cases.contains_key(case);
        let (verdict, message) = verdict(module, case, outcome);
        let Some(state) = state_after(verdict, ran, expected.get(&id).map(|(state, _)| state)) else {
            continue;
        };
        let own = expected.cases.get(id.as_ref());
        let kept = own.or_else(|| expected.cases.get(ALL_CASES).filter(|_| !ran));
        let passed = expected.recorded && expected.get(&id).is_none();
        let reason = match (kept, regression) {
            (Some((old, reason)), _) if *old == state && !(ran && is_automatic(reason)) => reason.clone(),
            (None, Some(reason)) if passed => one_line(reason),
            (None, None) if passed => {
                refused.push(id.into_owned());
                continue;
            }
            _ => reason_for(verdict, &message),
        };
        lines.insert(id.into_owned(), (state, reason));
    }
    // A module that fails as one is one line.
    if lines.len() == cases.len()
        && let Some(first) = lines.values().next().cloned()
        && lines.values().all(|line| *line == first)
    {
        lines = BTreeMap::from([(ALL_CASES.to_owned(), first)]);
    }
    Recording { expected: Expected { cases: lines, recorded: true }, refused }
}

/// The state in which a case is recorded; none for one that passes.
fn state_after(verdict: Verdict, ran: bool, old: Option<State>) -> Option<State> {
    match (verdict, old) {
        (_, Some(State::NotApplicable)) => Some(State::NotApplicable),
        (Verdict::Crash, _) => Some(State::Crash),
        (Verdict::Hang, _) => Some(State::Hang),
        (_, Some(State::Flaky)) => Some(State::Flaky),
        // Left out, so nothing new is known.
        (_, Some(state)) if !ran && !state.runs() => Some(state),
        (Verdict::Pass, _) => None,
        (Verdict::Fail | Verdict::Skip, _) => Some(State::Fail),
    }
}

/// How the reasons begin that [`record`] itself gives, and replaces when they change.
const AUTOMATIC: [&str; 3] = ["not yet: ", "needs the native module ", "skipped: "];

fn is_automatic(reason: &str) -> bool {
    AUTOMATIC.iter().any(|prefix| reason.starts_with(prefix))
}

/// A reason made from what a case said.
fn reason_for(verdict: Verdict, message: &str) -> String {
    let message = one_line(&without_folders(message));
    let absent = message.split_once("No module named '_").and_then(|(_, rest)| rest.split_once('\''));
    let [not_yet, needs, skipped] = AUTOMATIC;
    match (absent, verdict) {
        (Some((name, _)), _) => format!("{needs}_{name}"),
        (None, Verdict::Skip) => format!("{skipped}{message}"),
        (None, _) => format!("{not_yet}{message}"),
    }
}

/// What a case said, without what differs from run to run: the folders of files, and addresses.
fn without_folders(message: &str) -> String {
    let words = message.split(' ').map(|word| without_address(&without_folder(word)));
    words.collect::<Vec<_>>().join(" ")
}

/// A word, with the folders of an absolute path left out; what stands before and behind the path stays.
fn without_folder(word: &str) -> String {
    let libraries = ["/lib/python3.14/", "/lib/protopy3.14/"];
    let begins = |at: usize| !word[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.' || c == '/');
    let Some(from) = word.match_indices('/').map(|(at, _)| at).find(|at| begins(*at)) else {
        return word.to_owned();
    };
    let to = libraries.iter().find_map(|library| Some(word.rfind(library)? + library.len()));
    let to = match to {
        Some(to) if from < to => to,
        _ => word.rfind('/').map_or(from, |last| last + 1),
    };
    // One slash alone is none of a path with folders.
    if to == from + 1 { word.to_owned() } else { format!("{}{}", &word[..from], &word[to..]) }
}

/// A word, with the digits of an address left out.
fn without_address(word: &str) -> String {
    let Some((head, tail)) = word.split_once("0x") else { return word.to_owned() };
    let rest = tail.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    if tail.len() - rest.len() < 6 { word.to_owned() } else { format!("{head}0x...{rest}") }
}

/// A reason has to fit on its line.
pub(crate) fn one_line(message: &str) -> String {
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
    for Problem { id, what, .. } in problems.iter().take(limit) {
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
        Expected { cases, recorded: true }
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
    fn neither_a_flaky_nor_a_failing_case_may_crash() {
        let cases = cases(&["a", "b", "c"]);
        let came = outcome(&[("a", Verdict::Crash), ("b", Verdict::Hang), ("c", Verdict::Fail)]);
        let wanted = expected(&[("a", State::Flaky), ("b", State::Fail), ("c", State::Flaky)]);
        let report = compare("test.m", &cases, &came, &wanted, false);
        let ids: Vec<_> = report.problems.iter().map(|problem| problem.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
    }

    #[test]
    fn a_skip_is_not_a_pass() {
        let cases = cases(&["a"]);
        let came = outcome(&[("a", Verdict::Skip)]);
        let report = compare("test.m", &cases, &came, &expected(&[]), false);
        assert_eq!((report.passed, report.problems.len()), (0, 1));
        let recorded = record("test.m", &cases, &came, &Expected::default(), None).expected;
        assert_eq!(recorded.get("a"), Some((State::Fail, "skipped: why")));
    }

    #[test]
    fn recording_keeps_reasons_and_leaves_nothing_to_complain_about() {
        let cases = cases(&["a", "b", "c", "d", "e"]);
        let came = outcome(&[
            ("a", Verdict::Pass),
            ("b", Verdict::Fail),
            ("c", Verdict::Crash),
            ("e", Verdict::Pass),
        ]);
        let wanted =
            expected(&[("a", State::Fail), ("b", State::Fail), ("c", State::Fail), ("d", State::Hang)]);
        let Recording { expected, refused } = record("test.m", &cases, &came, &wanted, None);
        assert_eq!(refused, Vec::<String>::new());
        assert_eq!(
            expected.text(),
            "\"b\" = { fail = \"kept\" }\n\"c\" = { crash = \"not yet: why\" }\n\"d\" = { hang = \"kept\" }\n"
        );
        assert_eq!(compare("test.m", &cases, &came, &expected, false).problems, []);
    }

    #[test]
    fn a_pass_becomes_a_fail_only_when_a_reason_is_given() {
        let cases = cases(&["a", "b", "c"]);
        let came = outcome(&[("a", Verdict::Fail), ("b", Verdict::Crash), ("c", Verdict::Pass)]);
        let refusal = record("test.m", &cases, &came, &expected(&[]), None);
        assert_eq!(refusal, Recording { expected: expected(&[]), refused: vec!["a".into(), "b".into()] });
        let allowed = record("test.m", &cases, &came, &expected(&[]), Some("a new\nlimit"));
        assert_eq!(allowed.refused, Vec::<String>::new());
        assert_eq!(allowed.expected.get("a"), Some((State::Fail, "a new limit")));
        assert_eq!(allowed.expected.get("b"), Some((State::Crash, "a new limit")));
        assert_eq!(allowed.expected.get("c"), None);
    }

    #[test]
    fn what_was_never_recorded_cannot_regress() {
        let cases = cases(&["a"]);
        let came = outcome(&[("a", Verdict::Fail)]);
        let first = record("test.m", &cases, &came, &Expected::default(), None);
        assert_eq!(first.expected.get("a"), Some((State::Fail, "not yet: why")));
        let better = record("test.m", &cases, &outcome(&[("a", Verdict::Pass)]), &first.expected, None);
        assert_eq!(better.expected.cases.len(), 0);
        // The ratchet: what passed once is refused from now on.
        assert_eq!(record("test.m", &cases, &came, &better.expected, None).refused, ["a"]);
    }

    #[test]
    fn reasons_that_were_made_here_follow_the_messages() {
        let cases = cases(&["a", "b"]);
        let came = outcome(&[("a", Verdict::Fail), ("b", Verdict::Fail)]);
        let line = |reason: &str| (State::Fail, reason.to_owned());
        let old = [("a".to_owned(), line("not yet: another")), ("b".to_owned(), line("by design"))];
        let wanted = Expected { cases: old.into(), recorded: true };
        let recorded = record("test.m", &cases, &came, &wanted, None).expected;
        assert_eq!(recorded.get("a"), Some((State::Fail, "not yet: why")));
        assert_eq!(recorded.get("b"), Some((State::Fail, "by design")));
    }

    #[test]
    fn reasons_are_the_same_on_every_machine() {
        for (said, kept) in [
            ("no '/a/b/lib/python3.14/test/x.py', line 3", "no 'test/x.py', line 3"),
            ("File \"/tmp/some/script.py\", and/or 1/2", "File \"script.py\", and/or 1/2"),
            ("a / b, [1/2] and ./c/d", "a / b, [1/2] and ./c/d"),
            ("<X object at 0x7fa214ae1a00>: 0xff", "<X object at 0x...>: 0xff"),
        ] {
            assert_eq!(without_folders(said), kept);
        }
    }

    #[test]
    fn a_module_that_fails_as_one_is_one_line() {
        let cases = cases(&["a", "b"]);
        let message = "module: ModuleNotFoundError: No module named '_x'";
        let came = Outcome { module: Some(message.to_owned()), ..Outcome::default() };
        let recorded = record("test.m", &cases, &came, &Expected::default(), None).expected;
        assert_eq!(recorded.text(), "\"*\" = { fail = \"needs the native module _x\" }\n");
        let better = outcome(&[("a", Verdict::Pass), ("b", Verdict::Fail)]);
        assert_eq!(compare("test.m", &cases, &better, &recorded, false).problems.len(), 1);
        let recorded = record("test.m", &cases, &better, &recorded, None).expected;
        assert_eq!(recorded.text(), "\"b\" = { fail = \"not yet: why\" }\n");
    }
}
