//! The command `regrtest`: fetches and runs CPython's regression suite.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use regrtest::child::Config;
use regrtest::drive;
use regrtest::suite::Portable;
use regrtest::{cache, fetch, home, status};

#[derive(Parser)]
#[command(about = "Runs CPython's regression suite on protopy and compares with what is expected")]
struct Cli {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Downloads CPython's library with its tests into the cache, and prints where it is.
    Fetch,
    /// Runs test modules.
    Run(Box<Run>),
    /// Lists the modules that a selection means, with the number of their cases.
    List(Selection),
    /// Writes the table of the state of everything to STATUS.md.
    Status,
}

#[derive(Args)]
struct Selection {
    /// Test modules, such as `grammar`, `test_grammar`, `test.test_json.test_decode`; all when none is named.
    modules: Vec<String>,
    /// Adds the groups of the tier (`A`, or several: `A,B`, `A..C`).
    #[arg(long)]
    group: Option<String>,
    /// The tier, `core` or `types`.
    #[arg(long)]
    tier: Option<String>,
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
    /// Rewrites the expectations to what came, keeping the reasons.
    #[arg(long)]
    record: bool,
    /// Also runs the cases that are recorded as crash, hang or not applicable.
    #[arg(long)]
    try_all: bool,
    /// Expects every case to pass, whatever is recorded.
    #[arg(long, conflicts_with = "record")]
    strict: bool,
    /// Runs only the cases whose id matches this pattern.
    #[arg(short, long = "match")]
    pattern: Option<String>,
    /// Seconds that a case may take.
    #[arg(long, default_value_t = 120)]
    timeout: u64,
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

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Action::Fetch => fetch::library(&cache()).map(|library| {
            println!("{} (CPython {})", library.folder.display(), library.version);
            true
        }),
        Action::Run(run) => run.perform(),
        Action::List(selection) => list(&selection).map(|()| true),
        Action::Status => write_status().map(|()| true),
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
        let portable = Portable::load();
        let modules: VecDeque<String> = self.selection.resolve(&portable)?.into();
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
            total: Duration::from_secs(self.timeout.saturating_mul(20)),
            memory: self.memory.saturating_mul(1 << 20),
            pretend: self.pretend.clone(),
            pattern: self.pattern.clone(),
            logs: cache().join("logs"),
        };
        let options = drive::Options {
            jobs: self.jobs,
            record: self.record,
            try_all: self.try_all,
            strict: self.strict,
            show: self.show,
            expected: home().join("expected"),
        };
        let totals = drive::run_all(&config, &options, &portable, modules)?;
        println!("{totals}");
        if totals.problems > 0 && !self.record {
            println!("The output of each module is in {}", config.logs.display());
        }
        if self.status {
            write_status()?;
        }
        Ok(self.record || totals.problems == 0)
    }
}

impl Selection {
    fn resolve(&self, portable: &Portable) -> Result<Vec<String>, String> {
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
        } else if modules.is_empty() {
            modules.extend(portable.modules().map(str::to_owned));
        }
        Ok(modules)
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
