//! The stress programs in `tests/threads`, on the interpreter that was just built: real threads, mixed operations, invariants.
//!
//! The short form runs each program for a moment with two and with four threads, plain and under random collections with poison. The long form:
//!
//! ```text
//! PROTOPY_STRESS_SECONDS=600 PROTOPY_STRESS_THREADS=4,16 cargo test --release --test threads -- --nocapture
//! ```
//!
//! gives each number of threads so many seconds, shared by the programs. `PROTOPY_TEST_FILTER=dicts` chooses programs by name,
//! `PROTOPY_STRESS_SEED=7` the random numbers, `PROTOPY_TEST_PYTHON` another interpreter (which checks the programs themselves).

#[allow(dead_code)]
mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// Seconds of a program in the short form.
const SHORT: f64 = 0.25;

/// What a program may take beyond its time before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/threads"))
}

/// The programs: every file but the harness.
fn programs() -> Vec<String> {
    let filter = env::var("PROTOPY_TEST_FILTER").unwrap_or_default();
    let files = fs::read_dir(folder()).expect("the folder of the programs");
    let mut names: Vec<String> = files
        .flatten()
        .filter_map(|f| f.file_name().to_str()?.strip_suffix(".py").map(str::to_owned))
        .filter(|n| n != "harness" && n.contains(&filter))
        .collect();
    names.sort();
    names
}

/// A sequence of numbers from a seed (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % below
    }
}

/// Runs one program; what it printed if it failed.
fn run(
    name: &str,
    threads: usize,
    seconds: f64,
    seed: u64,
    modes: &[(&str, String)],
) -> Result<String, String> {
    let mut command = Command::new(support::python());
    command.current_dir(folder()).env("PYTHONDONTWRITEBYTECODE", "1").envs(modes.iter().map(|(n, v)| (n, v)));
    command.arg("harness.py").arg(name).args([threads.to_string(), seconds.to_string(), seed.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    let end = Instant::now() + Duration::from_secs_f64(seconds) + PATIENCE;
    let told = format!("{name} threads={threads} seed={seed} {modes:?}");
    while child.try_wait().map_err(|e| e.to_string())?.is_none() {
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{told}: hangs"));
        }
        thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() && text.starts_with("ok ") {
        return Ok(text);
    }
    let error = String::from_utf8_lossy(&output.stderr);
    let tail: Vec<&str> = error.lines().rev().take(30).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    Err(format!("{told}: {}\n{text}{}", output.status, tail.join("\n")))
}

#[test]
fn stress() {
    let programs = programs();
    let number = |name: &str| env::var(name).ok().and_then(|v| v.parse::<f64>().ok());
    let seconds = number("PROTOPY_STRESS_SECONDS").map_or(SHORT, |s| s / (2 * programs.len().max(1)) as f64);
    let threads = env::var("PROTOPY_STRESS_THREADS").unwrap_or_else(|_| "2,4".to_owned());
    let seed = number("PROTOPY_STRESS_SEED").map_or(1, |s| s as u64);
    let mut numbers = Numbers(seed);
    let mut failures = Vec::new();
    for threads in threads.split(',').filter_map(|t| t.parse().ok()) {
        for name in &programs {
            let stress = (50 + numbers.next(3000)).to_string();
            let markers = (1 + numbers.next(3)).to_string();
            let collecting = [
                ("PROTOPY_GC_STRESS", stress),
                ("PROTOPY_GC_POISON", "1".to_owned()),
                ("PROTOPY_GC_MARKERS", markers),
            ];
            for modes in [&[][..], &collecting[..]] {
                match run(name, threads, seconds, numbers.next(1 << 30), modes) {
                    Ok(text) => print!("{text}"),
                    Err(error) => failures.push(error),
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
