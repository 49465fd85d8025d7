//! Where the executable, the installation and the standard library are.
//!
//! The executable is what was called, symbolic links included, so that the links of a virtual environment find its `pyvenv.cfg`.
//! The library is the first of: `-X stdlib`, `PROTOPYHOME`, `lib/protopy3.14` beside the folder of the executable (as called,
//! then with links resolved), what the binary carries. The third makes an installation of its own of a folder that holds a link to
//! `protopy` and a library, which no option and no variable can hide from child processes.

use crate::cli::Invocation;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The library of an installation, from its prefix.
const INSTALLED: &str = "lib/protopy3.14";

/// Fills in the paths.
pub fn locate(i: &mut Invocation) {
    let real = std::env::current_exe().unwrap_or_default();
    let found = i.config.orig_argv.first().and_then(|a| called(a));
    let unknown = found.is_none();
    let called = found.unwrap_or_else(|| real.clone());
    let environment = virtual_environment(&called);
    let base = match &environment {
        Some(e) => e.base_executable(&called, &real),
        None => called.clone(),
    };
    let installed = [&base, &real].into_iter().filter_map(|exe| prefix_of(exe)).find_map(|p| {
        let lib = p.join(INSTALLED);
        lib.join("os.py").is_file().then_some((p.to_path_buf(), lib))
    });
    let ignore = i.config.ignore_environment != 0;
    let home = if ignore { None } else { std::env::var_os("PROTOPYHOME").filter(|h| !h.is_empty()) };
    let option = i.config.xoptions.iter().rev().find(|(k, _)| k == "stdlib").and_then(|(_, v)| v.clone());
    let base_prefix = match &installed {
        Some((prefix, _)) => prefix.clone(),
        None => prefix_of(&real).unwrap_or(Path::new("/")).to_path_buf(),
    };
    let lib = option
        .map(PathBuf::from)
        .or_else(|| home.map(PathBuf::from).map(library_of))
        .or_else(|| installed.map(|(_, lib)| lib))
        .or_else(|| protopy_lib::materialize().ok());
    let prefix = environment.map_or_else(|| base_prefix.clone(), |e| e.prefix);
    let text = |p: &Path| p.to_string_lossy().into_owned();
    let c = &mut i.config;
    c.stdlib = lib.as_deref().map_or_else(String::new, text);
    // A word that names no file tells programs nothing that they could start again.
    c.executable = if unknown { String::new() } else { text(&called) };
    c.base_executable = if unknown { String::new() } else { text(&base) };
    c.prefix = text(&prefix);
    c.base_prefix = text(&base_prefix);
}

fn prefix_of(exe: &Path) -> Option<&Path> {
    exe.parent().and_then(Path::parent)
}

/// The library folder that PROTOPYHOME names: itself if it holds `os.py`, or its `lib/python3.14`.
fn library_of(home: PathBuf) -> PathBuf {
    let nested = home.join("lib/python3.14");
    if !home.join("os.py").is_file() && nested.join("os.py").is_file() { nested } else { home }
}

/// The file that the first word of a command line names, as the shell finds it.
fn called(word: &OsStr) -> Option<PathBuf> {
    if word.is_empty() {
        return None;
    }
    if word.as_bytes().contains(&b'/') {
        let path = absolute(Path::new(word));
        return is_executable(&path).then_some(path);
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|d| absolute(&d.join(word))).find(|p| is_executable(p))
}

fn is_executable(p: &Path) -> bool {
    p.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// A path from the root, by the working folder.
pub fn absolute(p: &Path) -> PathBuf {
    if p.is_absolute() { p.to_path_buf() } else { std::env::current_dir().unwrap_or_default().join(p) }
}

/// A virtual environment (PEP 405).
struct Environment {
    prefix: PathBuf,
    /// Folder of the executable it was made with.
    home: PathBuf,
}

impl Environment {
    fn base_executable(&self, called: &Path, real: &Path) -> PathBuf {
        let same_name = called.file_name().map(|n| self.home.join(n));
        match same_name.filter(|p| is_executable(p) && std::fs::canonicalize(p).is_ok_and(|p| p == real)) {
            Some(p) => p,
            None => match real.file_name().map(|n| self.home.join(n)).filter(|p| is_executable(p)) {
                Some(p) => p,
                None => real.to_path_buf(),
            },
        }
    }
}

/// The virtual environment that an executable belongs to: `pyvenv.cfg` beside it or one folder above says so.
fn virtual_environment(exe: &Path) -> Option<Environment> {
    let folder = exe.parent()?;
    for prefix in [Some(folder), folder.parent()].into_iter().flatten() {
        let Ok(text) = std::fs::read_to_string(prefix.join("pyvenv.cfg")) else { continue };
        let home = text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            key.trim().eq_ignore_ascii_case("home").then(|| value.trim().to_owned())
        });
        return home.map(|h| Environment { prefix: prefix.to_path_buf(), home: PathBuf::from(h) });
    }
    None
}
