//! The list of the cases that count, `portable-cases.txt.gz`, made from the reference interpreter.
//!
//! CPython runs its own suite under another implementation name, without the modules that exist for testing its C API, and
//! with our stubs in their place. What passes then in each of several runs, under the same id, counts.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::{fs, io, thread};

use flate2::{Compression, GzBuilder};

use crate::child::{self, Config, Verdict};
use crate::suite::short;

/// How often each module is run: an id that is not the same in all runs cannot be recorded.
const RUNS: usize = 2;

/// The head of the list.
const HEAD: &str = "\
# Case ids that CPython 3.14.10 passes on Linux x86-64 (offline, no -u resources) when sys.implementation.name is not 'cpython',
# with the stub modules of regrtest/stubs. '@ module' opens a test module of libregrtest; then one case id a line, the module's name left out
# ('=' before an id that does not begin with it). Cases without a stable id are left out.
";

/// The test modules that the interpreter's own driver would run, by full name.
///
/// # Errors
/// When it cannot be asked.
pub fn modules(python: &Path) -> Result<Vec<String>, String> {
    let output = Command::new(python)
        .args(["-m", "test", "--list-tests"])
        .output()
        .map_err(|error| format!("cannot run {}: {error}", python.display()))?;
    if !output.status.success() {
        return Err(format!("{}: {}", python.display(), String::from_utf8_lossy(&output.stderr).trim()));
    }
    let full = |name: &str| match name.starts_with("test.") {
        true => name.to_owned(),
        false => format!("test.{name}"),
    };
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(|line| full(line.trim())).collect())
}

/// The cases of each module that count, in the order of the modules; `told` is called with each as it is done.
///
/// # Errors
/// When a process cannot be started.
pub fn make(
    config: &Config,
    modules: &[String],
    jobs: usize,
    told: &(dyn Fn(&str, usize) + Sync),
) -> io::Result<Vec<(String, BTreeSet<String>)>> {
    let queue = Mutex::new(modules.iter());
    let done = Mutex::new(Vec::new());
    let work = || -> io::Result<()> {
        loop {
            let next = queue.lock().map_err(|_| io::Error::other("a panic"))?.next();
            let Some(module) = next else { return Ok(()) };
            let mut stable: Option<BTreeSet<String>> = None;
            for _ in 0..RUNS {
                let outcome = child::run(config, module, &[], &|_| ())?;
                let passed = outcome.cases.into_iter().filter(|(_, (verdict, _))| *verdict == Verdict::Pass);
                let passed: BTreeSet<_> = passed.map(|(id, _)| id).collect();
                stable = Some(stable.map_or_else(|| passed.clone(), |before| &before & &passed));
            }
            let stable = stable.unwrap_or_default();
            told(module, stable.len());
            done.lock().map_err(|_| io::Error::other("a panic"))?.push((module.clone(), stable));
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("a panic"))))
    })?;
    let mut done = done.into_inner().map_err(|_| io::Error::other("a panic"))?;
    done.retain(|(_, cases)| !cases.is_empty());
    done.sort();
    Ok(done)
}

/// The text of the list.
#[must_use]
pub fn text(list: &[(String, BTreeSet<String>)]) -> String {
    let mut text = HEAD.to_owned();
    for (module, cases) in list {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "@ {module}");
        for case in cases {
            let _ = writeln!(text, "{}", short(module, case));
        }
    }
    text
}

/// Writes the list, packed in a way that depends on nothing but the text.
///
/// # Errors
/// When it cannot be written.
pub fn save(text: &str, file: &Path) -> io::Result<()> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    fs::write(file, encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Portable;

    #[test]
    fn the_list_is_read_as_it_was_written() -> io::Result<()> {
        let cases = ["test.test_x.A.b", "test.other.C.d", "test.test_x"].map(str::to_owned);
        let list = vec![("test.test_x".to_owned(), BTreeSet::from(cases.clone()))];
        let portable = Portable::parse(&text(&list));
        let mut read = portable.cases("test.test_x").to_vec();
        read.sort();
        let mut wanted = cases.to_vec();
        wanted.sort();
        assert_eq!(read, wanted);
        Ok(())
    }
}
