//! The driver of CPython's regression suite.
//!
//! - [`fetch`] gets CPython's library with its tests from a distribution and keeps it in a cache; [`reference`] its
//!   interpreter.
//! - [`suite`] knows the denominator, the cases that CPython itself passes under another name, and the groups.
//! - [`alone`] knows the cases that cannot run in several threads at once.
//! - [`child`] runs one test module in a process of its own, and blames crashes and hangs on the running case.
//! - [`drive`] runs many of them and sums up; [`progress`] says meanwhile how far it is.
//! - [`expect`] reads and writes what is expected of each case.
//! - [`judge`] compares the two, records, and prints.
//! - [`results`] keeps what came of each module, so that a run can be resumed and read by other programs.
//! - [`page`] makes a page of it that people can read.
//! - [`status`] writes the table of the state of everything.
//! - [`denominator`] makes the list of the cases that count from the reference interpreter.
//!
//! Unlisted cases must pass. A case that is expected to fail still runs, and its passing is an error until
//! it is recorded, so that progress is never lost again unnoticed.

pub mod alone;
pub mod child;
pub mod denominator;
pub mod drive;
pub mod expect;
pub mod fetch;
pub mod judge;
pub mod page;
pub mod progress;
pub mod reference;
pub mod results;
pub mod status;
pub mod suite;

use std::path::{Path, PathBuf};

/// The folder of this crate, which holds the runner, the stubs and the expectations.
#[must_use]
pub fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of what is fetched or made: `$PROTOPY_TEST_CACHE`; else `regrtest/cache` if it is there, for those who want it to
/// outlive `cargo clean`; else `regrtest` in the target folder.
#[must_use]
pub fn cache() -> PathBuf {
    if let Some(folder) = std::env::var_os("PROTOPY_TEST_CACHE") {
        return folder.into();
    }
    let lasting = home().join("cache");
    if lasting.is_dir() { lasting } else { target().join("regrtest") }
}

/// The target folder: that of the running program, which Cargo marks by a file.
fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.map_or_else(|| home().with_file_name("target"), Path::to_path_buf)
}
