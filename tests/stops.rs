//! How long operations on much data keep other threads waiting for a stop of the world, in processor time of the thread that is waited
//! for: how busy the machine is does not count. The operations are in `tests/stops/operations.py`.
//!
//! `PROTOPY_TEST_FILTER=sorted` chooses operations by a regular expression; with `--nocapture` the test prints a table.

#[allow(dead_code)]
mod support;

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// Milliseconds that any operation may take to stop: its data are a tenth of what ARCHITECTURE.md speaks of.
const BOUND: f64 = 50.0;

/// Slow machines and builds that are not optimised may take longer, but who stops only at the end of the operation fails: the part of its time that a
/// stop may take.
const PART: f64 = if cfg!(debug_assertions) { 0.4 } else { 0.25 };

/// The milliseconds of processor time in a report of the runtime.
fn waited(line: &str) -> Option<f64> {
    let (before, _) = line.strip_prefix("protocore: ")?.split_once(" of processor time")?;
    before.rsplit(' ').next()?.parse().ok()
}

#[test]
#[cfg(target_os = "linux")]
fn operations_on_much_data_stop_soon() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stops"));
    let mut command = Command::new(support::python());
    command.current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1").env("PROTOPY_GC_STATS", "1");
    command.arg("operations.py").args(env::var("PROTOPY_TEST_FILTER").ok());
    let out = command.stdin(Stdio::null()).output().expect("the interpreter");
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && out.stdout.starts_with(b"ok"), "{}\n{told}", out.status);
    let (mut name, mut longest, mut count, mut failures) = ("", 0.0f64, 0, Vec::new());
    for line in told.lines() {
        if let Some(operation) = line.strip_prefix("+ ") {
            (name, longest) = (operation, 0.0);
        } else if let Some(ms) = waited(line) {
            longest = longest.max(ms);
        } else if let Some(took) = line.strip_prefix("= ").and_then(|t| t.parse::<f64>().ok()) {
            count += 1;
            println!("{longest:8.1} of {took:8.1} ms  {name}");
            if longest > BOUND && longest > took * PART {
                failures.push(format!("{name}: others waited {longest} ms of the {took} that it took"));
            }
        }
    }
    assert!(count > 0, "no operation was run:\n{told}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
