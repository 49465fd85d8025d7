//! The table of the state of everything, `STATUS.md`, made from the expectations.

use std::fmt::Write as _;
use std::path::Path;

use crate::expect::{Expected, State};
use crate::suite::{Portable, TIERS, areas, short};

/// Numbers of cases.
#[derive(Clone, Copy, Default)]
struct Counts {
    modules: usize,
    cases: usize,
    pass: usize,
    /// In the order of [`State::ALL`].
    states: [usize; 5],
    /// Cases of modules for which nothing has been recorded yet.
    unknown: usize,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.modules += other.modules;
        self.cases += other.cases;
        self.pass += other.pass;
        self.unknown += other.unknown;
        for (sum, count) in self.states.iter_mut().zip(other.states) {
            *sum += count;
        }
    }

    fn row(&self, name: &str) -> String {
        let [fail, crash, hang, flaky, not_applicable] = self.states;
        let share = match self.cases {
            0 => "-".to_owned(),
            cases => format!("{:.1} %", self.pass as f64 * 100.0 / cases as f64),
        };
        format!(
            "| {name} | {} | {} | {} | {share} | {fail} | {crash} | {hang} | {flaky} | {not_applicable} | {} |\n",
            self.modules, self.cases, self.pass, self.unknown,
        )
    }
}

const HEAD: &str = "| | modules | cases | pass | share | fail | crash | hang | flaky | not applicable | not yet run |\n\
                    | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n";

/// The text of the table.
///
/// # Errors
/// When an expectation file cannot be understood.
pub fn text(portable: &Portable, folder: &Path) -> Result<String, String> {
    let mut text = String::from(
        "# The state of CPython's regression suite\n\n\
         Made by `cargo run --release -p regrtest -- status` from the files in `expected/`; do not edit.\n\
         The cases are those that CPython 3.14.10 itself passes under another implementation name. `share` is the part of all\n\
         cases that must pass: what is skipped, flaky or not applicable is no pass.\n\n",
    );
    text.push_str(HEAD);
    let of = |modules: &mut dyn Iterator<Item = &str>| -> Result<Counts, String> {
        let mut sum = Counts::default();
        for module in modules {
            sum.add(&count(portable, folder, module)?);
        }
        Ok(sum)
    };
    for tier in TIERS {
        for (letter, _) in tier.groups {
            let modules = portable.tier(tier.name, Some(letter));
            let sum = of(&mut modules.iter().map(String::as_str))?;
            text.push_str(&sum.row(&format!("tier {}, group {letter}", tier.name)));
        }
        let modules = portable.tier(tier.name, None);
        let sum = of(&mut modules.iter().map(String::as_str))?;
        text.push_str(&sum.row(&format!("**tier {}**", tier.name)));
    }
    for (area, names) in areas() {
        let modules: Vec<_> = names.iter().map(|name| format!("test.{name}")).collect();
        text.push_str(&of(&mut modules.iter().map(String::as_str))?.row(&format!("area {area}")));
    }
    text.push_str(&of(&mut portable.modules())?.row("**everything**"));
    // Writing to a string cannot fail.
    let _ = write!(text, "\n## Modules\n\n{HEAD}");
    for module in portable.modules() {
        let name = module.strip_prefix("test.").unwrap_or(module);
        text.push_str(&count(portable, folder, module)?.row(name));
    }
    Ok(text)
}

fn count(portable: &Portable, folder: &Path, module: &str) -> Result<Counts, String> {
    let cases = portable.cases(module);
    let mut counts = Counts { modules: 1, cases: cases.len(), ..Counts::default() };
    let expected = Expected::load(folder, module)?;
    if !expected.recorded {
        counts.unknown = cases.len();
        return Ok(counts);
    }
    for case in cases {
        match expected.get(&short(module, case)) {
            None => counts.pass += 1,
            Some((state, _)) => {
                let at = State::ALL.iter().position(|other| *other == state).unwrap_or(0);
                counts.states[at] += 1;
            }
        }
    }
    Ok(counts)
}
