//! The command `regrtest`: fetches and runs CPython's regression suite.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use regrtest::alone::Alone;
use regrtest::child::Config;
use regrtest::results::{table, write_report};
use regrtest::suite::Portable;
use regrtest::{cache, denominator, drive, fetch, home, reference, status};

#[derive(Parser)]
#[command(
    about = "Runs CPython's regression suite on protopy and compares with what is expected",
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Action>,
    #[command(flatten)]
    run: Run,
}

#[derive(Subcommand)]
enum Action {
    /// Runs test modules, as does the command without a word in front of the modules.
    Run(Box<Run>),
    /// Runs test modules and rewrites what is expected of them.
    Record(Box<Run>),
    /// Downloads CPython's library with its tests into the cache, and prints where it is.
    Fetch {
        /// Downloads the reference interpreter, too.
        #[arg(long)]
        reference: bool,
    },
    /// Lists the modules that a selection means, with the number of their cases.
    List(Selection),
    /// Writes the table of the state of everything to STATUS.md.
    Status,
    /// Writes the page and the file of the results of all runs, and prints the sums.
    Report,
    /// Makes the list of the cases that count anew, by running the reference interpreter twice.
    Cases(Cases),
}

#[derive(Args)]
struct Selection {
    /// Test modules, such as `grammar`, `test_grammar`, `test.test_json.test_decode`.
    modules: Vec<String>,
    /// The tier, `core` or `types`.
    #[arg(long)]
    tier: Option<String>,
    /// Only these groups of the tier (`A`, or several: `A,B`, `A..C`).
    #[arg(long)]
    group: Option<String>,
    /// Every module.
    #[arg(long, conflicts_with_all = ["modules", "tier", "group"])]
    all: bool,
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    selection: Selection,
    /// The interpreter; else protopy, built in the profile of this command.
    #[arg(long)]
    python: Option<PathBuf>,
    /// How many modules run at a time.
    #[arg(short, default_value_t = 2)]
    jobs: usize,
    /// Leaves out the modules that an earlier run with the same interpreter and options has results of.
    #[arg(long)]
    resume: bool,
    /// Rewrites the expectations to what came, keeping the reasons.
    #[arg(long)]
    record: bool,
    /// Records, for this reason, also that cases fail which have passed.
    #[arg(long, value_name = "REASON")]
    allow_regression: Option<String>,
    /// Also runs the cases that are recorded as crash, hang or not applicable.
    #[arg(long)]
    try_all: bool,
    /// Expects every case to pass, whatever is recorded.
    #[arg(long, conflicts_with = "record")]
    strict: bool,
    /// Runs each case in so many threads at once, other than those in `alone.toml`.
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "record")]
    parallel_threads: usize,
    /// Runs only the cases whose id matches this pattern.
    #[arg(short, long = "match")]
    pattern: Option<String>,
    /// Seconds that a case may take; up to four times as many on a busy machine.
    #[arg(long, default_value_t = 120)]
    timeout: u64,
    /// Seconds that a module may take; twenty times as many as a case when it is not given.
    #[arg(long)]
    module_timeout: Option<u64>,
    /// Mebibytes of writable memory that a process may have; 0 for no limit.
    #[arg(long, default_value_t = 4096)]
    memory: u64,
    /// Makes CPython call itself this, to see the suite as another implementation does.
    #[arg(long)]
    pretend: Option<String>,
    /// How many problems of a module are shown.
    #[arg(long, default_value_t = 20)]
    show: usize,
    /// Writes STATUS.md at the end.
    #[arg(long)]
    status: bool,
}

#[derive(Args)]
struct Cases {
    /// Test modules, by full name; all that the interpreter knows when none is named.
    modules: Vec<String>,
    /// The interpreter; else the one of the distribution, which is downloaded.
    #[arg(long)]
    python: Option<PathBuf>,
    /// How many modules run at a time.
    #[arg(short, default_value_t = 2)]
    jobs: usize,
    /// Only compares with the present list.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command.unwrap_or_else(|| Action::Run(Box::new(cli.run))) {
        Action::Run(run) => run.perform(),
        Action::Record(mut run) => {
            run.record = true;
            run.perform()
        }
        Action::Fetch { reference } => fetch(reference).map(|()| true),
        Action::List(selection) => list(&selection).map(|()| true),
        Action::Status => write_status().map(|()| true),
        Action::Report => report(&results_folder(0)).map(|()| true),
        Action::Cases(cases) => cases.perform(),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("regrtest: {error}");
            ExitCode::from(2)
        }
    }
}

impl Run {
    fn perform(&self) -> Result<bool, String> {
        if self.record && (self.strict || self.parallel_threads > 0) {
            return Err("what is recorded are plain runs".to_owned());
        }
        let portable = Portable::load();
        let modules = self.selection.resolve(&portable)?;
        let library = fetch::library(&cache())?;
        if library.version != fetch::PINNED {
            println!(
                "note: the library is {}, the list of cases was made with {}",
                library.version,
                fetch::PINNED
            );
        }
        let python = match &self.python {
            Some(path) => path.clone(),
            None => drive::build_protopy()?,
        };
        let python = fs::canonicalize(&python).map_err(|error| format!("{}: {error}", python.display()))?;
        let config = Config {
            python: fetch::install(&python, &library.folder)
                .map_err(|error| format!("installation: {error}"))?,
            inactivity: Duration::from_secs(self.timeout),
            total: Duration::from_secs(self.module_timeout.unwrap_or(self.timeout.saturating_mul(20))),
            memory: self.memory.saturating_mul(1 << 20),
            pretend: self.pretend.clone(),
            pattern: self.pattern.clone(),
            parallel_threads: self.parallel_threads,
            alone: match self.parallel_threads {
                0 => Alone::default(),
                _ => Alone::load(&home().join("alone.toml"))?,
            },
            logs: cache().join("logs"),
        };
        let results = results_folder(self.parallel_threads);
        let options = drive::Options {
            jobs: self.jobs,
            record: self.record,
            regression: self.allow_regression.clone(),
            try_all: self.try_all,
            strict: self.strict,
            show: self.show,
            expected: home().join("expected"),
            results: Some(results.clone()),
            resume: self.resume,
            until: None,
        };
        let totals = drive::run_all(&config, &options, &portable, modules.into())?;
        report(&results)?;
        println!("{totals}");
        if totals.problems > 0 && !self.record {
            println!("The output of each module is in {}", config.logs.display());
        }
        if self.status {
            write_status()?;
        }
        Ok(if self.record { totals.refused == 0 } else { totals.problems == 0 })
    }
}

impl Selection {
    fn resolve(&self, portable: &Portable) -> Result<Vec<String>, String> {
        if self.all {
            return Ok(portable.modules().map(str::to_owned).collect());
        }
        let mut modules = Vec::new();
        for name in &self.modules {
            let found = portable.matching(name);
            if found.is_empty() {
                return Err(format!("no case of {name} counts"));
            }
            modules.extend(found);
        }
        if self.tier.is_some() || self.group.is_some() {
            let tier = self.tier.as_deref().unwrap_or("core");
            for group in groups(self.group.as_deref()) {
                let found = portable.tier(tier, group.as_deref());
                if found.is_empty() {
                    return Err(format!("there is no such group: {tier} {}", group.unwrap_or_default()));
                }
                modules.extend(found);
            }
        }
        if modules.is_empty() {
            return Err("name modules, a --tier, or --all (see --help)".to_owned());
        }
        Ok(modules)
    }
}

impl Cases {
    fn perform(&self) -> Result<bool, String> {
        let python = match &self.python {
            Some(path) => path.clone(),
            None => reference::python(&cache())?,
        };
        let modules = match self.modules.as_slice() {
            [] => denominator::modules(&python)?,
            names => names.to_vec(),
        };
        let config = Config {
            python,
            inactivity: Duration::from_secs(300),
            total: Duration::from_secs(3600),
            memory: 0,
            pretend: Some("otherpy".to_owned()),
            pattern: None,
            parallel_threads: 0,
            alone: Alone::default(),
            logs: cache().join("logs-reference"),
        };
        let told = |module: &str, count: usize| println!("{module:<48} {count:>5}");
        let list =
            denominator::make(&config, &modules, self.jobs, &told).map_err(|error| error.to_string())?;
        let portable = Portable::load();
        let mut changes = 0;
        for module in &modules {
            let old: BTreeSet<_> = portable.cases(module).iter().cloned().collect();
            let new = list.iter().find(|(name, _)| name == module).map(|(_, cases)| cases.clone());
            let new = new.unwrap_or_default();
            changes += old.symmetric_difference(&new).count();
            old.difference(&new).for_each(|case| println!("- {case}"));
            new.difference(&old).for_each(|case| println!("+ {case}"));
        }
        println!("{} cases, {changes} changes", list.iter().map(|(_, cases)| cases.len()).sum::<usize>());
        if self.check {
            return Ok(changes == 0);
        }
        if !self.modules.is_empty() {
            return Err("the list is made of all modules at once; add --check to compare some".to_owned());
        }
        let file = home().join("portable-cases.txt.gz");
        denominator::save(&denominator::text(&list), &file)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(true)
    }
}

/// The letters of `A`, `A,C` or `A..C`; a single `None` for the whole tier.
fn groups(text: Option<&str>) -> Vec<Option<String>> {
    let Some(text) = text else { return vec![None] };
    if let Some((first, last)) = text.split_once("..")
        && let (Some(first), Some(last)) = (first.chars().next(), last.chars().next())
    {
        return (first..=last).map(|letter| Some(letter.to_string())).collect();
    }
    text.split(',').map(|letter| Some(letter.to_owned())).collect()
}

/// The folder of the results of runs in so many threads.
fn results_folder(threads: usize) -> PathBuf {
    match threads {
        0 => cache().join("results"),
        threads => cache().join(format!("results-threads-{threads}")),
    }
}

/// Writes page and file of the results in a folder, and prints the sums.
fn report(folder: &std::path::Path) -> Result<(), String> {
    let rows =
        write_report(&Portable::load(), folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    print!("\n{}", table(&rows));
    println!("\n{}\n{}", folder.join("index.html").display(), folder.join("results.json").display());
    Ok(())
}

fn fetch(with_reference: bool) -> Result<(), String> {
    let library = fetch::library(&cache())?;
    println!("{} (CPython {})", library.folder.display(), library.version);
    if with_reference {
        println!("{}", reference::python(&cache())?.display());
    }
    Ok(())
}

fn list(selection: &Selection) -> Result<(), String> {
    let portable = Portable::load();
    for module in selection.resolve(&portable)? {
        println!("{module}\t{}", portable.cases(&module).len());
    }
    Ok(())
}

fn write_status() -> Result<(), String> {
    let text = status::text(&Portable::load(), &home().join("expected"))?;
    let file = home().join("STATUS.md");
    fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))
}
