//! The driver of CPython's regression suite.
//!
//! - [`fetch`] gets CPython's library with its tests from a distribution and keeps it in a cache.
//! - [`suite`] knows the denominator, the cases that CPython itself passes under another name, and the groups.
//! - [`child`] runs one test module in a process of its own, and blames crashes and hangs on the running case.
//! - [`drive`] runs many of them and sums up.
//! - [`expect`] reads and writes what is expected of each case.
//! - [`judge`] compares the two, records, and prints.
//! - [`status`] writes the table of the state of everything.
//!
//! Unlisted cases must pass. A case that is expected to fail still runs, and its passing is an error until
//! it is recorded, so that progress is never lost again unnoticed.

pub mod child;
pub mod drive;
pub mod expect;
pub mod fetch;
pub mod judge;
pub mod status;
pub mod suite;

use std::path::{Path, PathBuf};

/// The folder of this crate, which holds the runner, the stubs and the expectations.
#[must_use]
pub fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of what is fetched or made: `$PROTOPY_TEST_CACHE`, else `cache` in the folder of this crate.
#[must_use]
pub fn cache() -> PathBuf {
    std::env::var_os("PROTOPY_TEST_CACHE").map_or_else(|| home().join("cache"), PathBuf::from)
}
