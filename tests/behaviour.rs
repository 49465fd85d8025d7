//! The behaviour cases in `tests/py` and the tour, on the interpreter that was just built.
//!
//! `PROTOPY_TEST_PYTHON=python3.14 cargo test --test behaviour` checks the cases themselves; `PROTOPY_TEST_FILTER=list/`
//! runs some of them.

mod support;

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// The folder of the cases.
fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/py"))
}

/// Fails the test with a readable text instead of the debug form of an error.
fn check(result: Result<(), String>) {
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn cases() {
    check(support::collect(folder()).and_then(|cases| support::run_all(&cases, folder(), &[])));
}

/// The same while every 499th allocation collects, and freed cells are overwritten.
#[test]
fn cases_under_stress() {
    let every = env::var("PROTOPY_TEST_STRESS").unwrap_or_else(|_| "499".to_owned());
    let extra = [("PROTOPY_GC_STRESS", every.as_str()), ("PROTOPY_GC_POISON", "1")];
    check(support::collect(folder()).and_then(|cases| support::run_all(&cases, folder(), &extra)));
}

/// The tour prints what it printed on CPython.
#[test]
fn tour() {
    let examples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"));
    let output =
        Command::new(support::python()).arg(examples.join("tour.py")).output().expect("the tour starts");
    let expected = fs::read_to_string(examples.join("tour.expected")).expect("the tour has an expectation");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}
