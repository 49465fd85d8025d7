//! Compares the speed of protopy with other Pythons on the small programs in `programs/`.
//!
//! A noisy machine makes single timings worthless. So every interpreter runs every program in turn, round after round,
//! and the best time of each counts: noise only ever adds. Times are taken inside of the process, around the work
//! alone; starting up is a line of its own. All interpreters must agree on each result.

mod threads;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;
use std::{env, fs};

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measures protopy against other Pythons")]
struct Cli {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Runs the programs on each interpreter in interleaved rounds, and prints a table of ratios.
    Compare(Compare),
    /// Runs the programs in `threads/` with one thread and with more, and prints how they scale.
    Threads(threads::Threads),
}

#[derive(Args)]
struct Compare {
    /// protopy; else the one beside this program.
    #[arg(long)]
    protopy: Option<PathBuf>,
    /// CPython, which the ratios refer to.
    #[arg(long, env = "PY314", default_value = "python3.14")]
    cpython: PathBuf,
    /// PyPy, as a further column.
    #[arg(long, env = "PYPY")]
    pypy: Option<PathBuf>,
    /// How many rounds are run.
    #[arg(short, long, default_value_t = 5)]
    rounds: usize,
    /// How often a program repeats its work in one process.
    #[arg(long, default_value_t = 3)]
    repeats: usize,
    /// Runs only the programs whose name contains one of these.
    programs: Vec<String>,
}

/// A column of the table.
struct Column {
    name: &'static str,
    python: PathBuf,
    /// The best time of each program, in seconds.
    best: BTreeMap<String, f64>,
}

/// The name of the row that measures a process that does nothing.
const STARTUP: &str = "(start-up)";

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Action::Compare(compare) => compare.perform(),
        Action::Threads(threads) => threads.perform(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("protopy-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Compare {
    fn perform(&self) -> Result<(), String> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let programs = select(&home.join("programs"), &self.programs)?;
        let mut columns = self.columns()?;
        let mut results = BTreeMap::new();
        for round in 1..=self.rounds.max(1) {
            eprintln!("round {round} of {}", self.rounds.max(1));
            for program in &programs {
                let name = program.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                for column in &mut columns {
                    let (result, time) = column.measure(&home.join("run.py"), program, self.repeats)?;
                    let first = results.entry(name.to_owned()).or_insert_with(|| result.clone());
                    if *first != result {
                        return Err(format!("{name}: {} says {result}, not {first}", column.name));
                    }
                    column.note(name, time);
                }
            }
            for column in &mut columns {
                let time = column.start_up()?;
                column.note(STARTUP, time);
            }
        }
        print_table(&columns);
        Ok(())
    }

    fn columns(&self) -> Result<Vec<Column>, String> {
        let protopy = protopy(self.protopy.as_ref())?;
        let column = |name, python: &Path| Column { name, python: python.to_owned(), best: BTreeMap::new() };
        let mut columns = vec![column("CPython", &self.cpython), column("protopy", &protopy)];
        columns.extend(self.pypy.iter().map(|pypy| column("PyPy", pypy)));
        Ok(columns)
    }
}

/// The protopy that is named, or the one beside this program.
fn protopy(named: Option<&PathBuf>) -> Result<PathBuf, String> {
    let beside = || env::current_exe().ok().map(|program| program.with_file_name("protopy"));
    let found = named.cloned().or_else(beside).filter(|path| path.is_file());
    found
        .ok_or_else(|| "protopy is not built in this profile; build it, or name it with --protopy".to_owned())
}

/// The programs of a folder whose names contain one of the `wanted`, in order; all if nothing is wanted.
fn select(folder: &Path, wanted: &[String]) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut programs: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .filter(|path| {
            let name = path.to_string_lossy();
            wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted.as_str()))
        })
        .collect();
    programs.sort();
    if programs.is_empty() { Err("no such program".to_owned()) } else { Ok(programs) }
}

/// The standard output of a command that succeeds; `what` it was to do is told with its error.
fn output(mut command: Command, program: &Path, what: &Path) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{}: {error}", program.display()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} on {}: {}\n{error}", program.display(), what.display(), output.status))
}

impl Column {
    fn note(&mut self, program: &str, time: f64) {
        let best = self.best.entry(program.to_owned()).or_insert(time);
        *best = best.min(time);
    }

    /// Runs a program once, and returns its result and time.
    fn measure(&self, script: &Path, program: &Path, repeats: usize) -> Result<(String, f64), String> {
        let mut command = Command::new(&self.python);
        command.arg(script).arg(program).arg(repeats.to_string());
        let text = output(command, &self.python, program)?;
        let mut lines = text.lines();
        let result = lines.next().unwrap_or_default().to_owned();
        let time = lines.next().and_then(|line| line.parse().ok());
        time.map(|time| (result, time))
            .ok_or_else(|| format!("{}: no time of {}", self.name, program.display()))
    }

    /// The time of a process that does nothing.
    fn start_up(&self) -> Result<f64, String> {
        let mut command = Command::new(&self.python);
        command.args(["-c", "pass"]);
        let start = Instant::now();
        output(command, &self.python, Path::new("pass"))?;
        Ok(start.elapsed().as_secs_f64())
    }
}

/// Prints the best times, the ratio of each to the first column's, and the geometric mean of the ratios.
fn print_table(columns: &[Column]) {
    let Some((base, others)) = columns.split_first() else { return };
    let mut head = format!("| program | {} ms |", base.name);
    let mut rule = String::from("| --- | --: |");
    for column in others {
        head.push_str(&format!(" {} ms | ratio |", column.name));
        rule.push_str(" --: | --: |");
    }
    println!("{head}\n{rule}");
    let mut logs = vec![0.0; others.len()];
    let mut count = 0.0;
    for (program, time) in &base.best {
        let mut row = format!("| {program} | {:.1} |", time * 1e3);
        for (column, log) in others.iter().zip(&mut logs) {
            let own = column.best.get(program).copied().unwrap_or(f64::NAN);
            row.push_str(&format!(" {:.1} | {:.2} |", own * 1e3, own / time));
            if program != STARTUP {
                *log += (own / time).ln();
            }
        }
        count += f64::from(u8::from(program != STARTUP));
        println!("{row}");
    }
    let mut row = String::from("| geometric mean | |");
    for log in logs {
        row.push_str(&format!(" | {:.2} |", (log / count).exp()));
    }
    println!("{row}\n\nMinima over interleaved rounds. The ratio is to {}: below 1 is faster.", base.name);
}
