//! What the driver says while it works: a line for each module, and on a terminal one below them that tells how fast it goes
//! and how long it will take.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How far a run is.
pub struct Progress {
    start: Instant,
    terminal: bool,
    state: Mutex<State>,
}

struct State {
    modules: usize,
    modules_done: usize,
    cases: usize,
    cases_done: usize,
    /// Cases of running modules that have begun.
    cases_begun: usize,
    running: Vec<String>,
    shown: Option<Instant>,
}

impl Progress {
    /// Of a run of so many modules with so many cases.
    #[must_use]
    pub fn new(modules: usize, cases: usize) -> Self {
        let state = State {
            modules,
            modules_done: 0,
            cases,
            cases_done: 0,
            cases_begun: 0,
            running: Vec::new(),
            shown: None,
        };
        Self { start: Instant::now(), terminal: stderr().is_terminal(), state: Mutex::new(state) }
    }

    /// A module begins.
    pub fn begin(&self, module: &str) {
        self.change(true, |state| state.running.push(module.to_owned()));
    }

    /// So many more cases have begun.
    pub fn advance(&self, cases: usize) {
        self.change(false, |state| state.cases_begun += cases);
    }

    /// A module ended; `begun` of its cases had been told of. `text` is printed.
    pub fn end(&self, module: &str, cases: usize, begun: usize, text: &str) {
        self.clear();
        print!("{text}");
        self.change(true, |state| {
            state.running.retain(|running| running != module);
            state.modules_done += 1;
            state.cases_done += cases;
            state.cases_begun = state.cases_begun.saturating_sub(begun);
        });
    }

    /// Removes the line about the progress.
    pub fn clear(&self) {
        if self.terminal {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }

    fn change(&self, at_once: bool, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let due = state.shown.is_none_or(|shown| shown.elapsed() > Duration::from_millis(300));
        if self.terminal && (at_once || due) {
            state.shown = Some(Instant::now());
            let _ = write!(stderr(), "\r\x1b[K{}", line(&state, self.start.elapsed()));
            let _ = stderr().flush();
        }
    }
}

/// The line about the progress, short enough for most terminals.
fn line(state: &State, elapsed: Duration) -> String {
    let done = (state.cases_done + state.cases_begun).min(state.cases);
    let rate = done as f64 / elapsed.as_secs_f64().max(0.001);
    let left = match done {
        0 => "?".to_owned(),
        _ => clock(Duration::try_from_secs_f64((state.cases - done) as f64 / rate).unwrap_or_default()),
    };
    let names: Vec<_> = state.running.iter().map(|name| name.strip_prefix("test.").unwrap_or(name)).collect();
    let text = format!(
        "{} of {} modules, {} of {} cases, {rate:.0} a second, {left} left: {}",
        state.modules_done,
        state.modules,
        done,
        state.cases,
        names.join(" ")
    );
    text.chars().take(110).collect()
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_rate_and_time_left() {
        let state = State {
            modules: 4,
            modules_done: 1,
            cases: 1000,
            cases_done: 80,
            cases_begun: 20,
            running: vec!["test.test_int".into(), "test.test_json".into()],
            shown: None,
        };
        assert_eq!(
            line(&state, Duration::from_secs(10)),
            "1 of 4 modules, 100 of 1000 cases, 10 a second, 1:30 left: test_int test_json"
        );
    }
}
