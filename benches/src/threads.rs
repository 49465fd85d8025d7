//! How threads scale: the programs in `threads/`, each with one thread and with more for the same work in total.
//!
//! The forms of a program run in turn, round after round, and the best time of each counts. On a machine that others use at the same time two
//! processors are seldom free together, so the time that the processors spent is shown, too: where it stays the same, threads do not get
//! into each other's way, whatever the clock says. With `--control` as many processes do the same work at once, one share each: they have
//! nothing in common but the machine, so that what they lose against one thread is no loss by threads.

use clap::Args;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The arguments of `threads`.
#[derive(Args)]
pub struct Threads {
    /// protopy; else the one beside this program.
    #[arg(long)]
    protopy: Option<PathBuf>,
    /// How many threads do the work, in each form but the first, which has one.
    #[arg(short, long, default_value = "2", value_delimiter = ',')]
    threads: Vec<usize>,
    /// How many rounds are run.
    #[arg(short, long, default_value_t = 5)]
    rounds: usize,
    /// How often a program repeats its work in one process.
    #[arg(long, default_value_t = 3)]
    repeats: usize,
    /// Lets processes share the work, too, as many as threads.
    #[arg(long)]
    control: bool,
    /// Runs only the programs whose name contains one of these.
    programs: Vec<String>,
}

/// How a program's work is shared out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Threads(usize),
    /// To processes of one thread each.
    Processes(usize),
}

impl Form {
    fn name(self) -> String {
        match self {
            Form::Threads(n) => format!("{n} threads"),
            Form::Processes(n) => format!("{n} processes"),
        }
    }
}

/// Best times of a form of a program, in seconds: by the clock, and of all processors.
#[derive(Clone, Copy)]
struct Best {
    clock: f64,
    used: f64,
}

impl Threads {
    /// Runs the programs and prints the table.
    pub fn perform(&self) -> Result<(), String> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let programs = super::select(&home.join("threads"), &self.programs)?;
        let protopy = super::protopy(self.protopy.as_ref())?;
        let mut forms = vec![Form::Threads(1)];
        for count in &self.threads {
            forms.push(Form::Threads(*count));
            forms.extend(self.control.then_some(Form::Processes(*count)));
        }
        let none = Best { clock: f64::INFINITY, used: f64::INFINITY };
        let mut best = vec![vec![none; forms.len()]; programs.len()];
        let mut results: Vec<Option<String>> = vec![None; programs.len()];
        for round in 1..=self.rounds.max(1) {
            eprintln!("round {round} of {}", self.rounds.max(1));
            for (p, program) in programs.iter().enumerate() {
                for (f, form) in forms.iter().enumerate() {
                    let (result, time) = self.measure(&protopy, home, program, *form)?;
                    let first = results[p].get_or_insert_with(|| result.clone());
                    if *first != result && matches!(form, Form::Threads(_)) {
                        return Err(format!(
                            "{}: {} say {result}, not {first}",
                            program.display(),
                            form.name()
                        ));
                    }
                    let b = &mut best[p][f];
                    *b = Best { clock: b.clock.min(time.clock), used: b.used.min(time.used) };
                }
            }
        }
        print(&programs, &forms, &best);
        Ok(())
    }

    fn measure(
        &self,
        protopy: &Path,
        home: &Path,
        program: &Path,
        form: Form,
    ) -> Result<(String, Best), String> {
        let mut command = Command::new(protopy);
        let (Form::Threads(count) | Form::Processes(count)) = form;
        command.arg(home.join("run_threads.py")).arg(program);
        command.arg(count.to_string()).arg(self.repeats.max(1).to_string());
        if matches!(form, Form::Processes(_)) {
            command.arg("apart");
        }
        let text = super::output(command, protopy, program)?;
        let mut lines = text.lines();
        let result = lines.next().unwrap_or_default().to_owned();
        let mut times = lines.next().unwrap_or_default().split_whitespace().map(str::parse);
        match (times.next(), times.next()) {
            (Some(Ok(clock)), Some(Ok(used))) => Ok((result, Best { clock, used })),
            _ => Err(format!("{}: no times of {}", protopy.display(), program.display())),
        }
    }
}

fn print(programs: &[PathBuf], forms: &[Form], best: &[Vec<Best>]) {
    let (mut head, mut rule) = (String::from("| program | 1 thread, ms |"), String::from("| --- | --: |"));
    for form in &forms[1..] {
        head.push_str(&format!(" {}, ms | ratio | processors' time |", form.name()));
        rule.push_str(" --: | --: | --: |");
    }
    println!("{head}\n{rule}");
    for (program, times) in programs.iter().zip(best) {
        let name = program.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let one = times[0];
        let mut row = format!("| {name} | {:.1} |", one.clock * 1e3);
        for t in &times[1..] {
            row.push_str(&format!(
                " {:.1} | {:.2} | {:.2} |",
                t.clock * 1e3,
                t.clock / one.clock,
                t.used / one.used
            ));
        }
        println!("{row}");
    }
    println!("\nMinima over interleaved rounds; ratios to one thread that does all of the work.");
}
