//! Packs the pure-Python standard library into one blob and a sorted table of paths.
//!
//! The sources come from the crate `rustpython-pylib`, which holds CPython's `Lib` as a folder. Another
//! implementation patched a handful of those files for itself; [`patches`] undoes that, and fails the build
//! when a file no longer looks as it did when the patch was written. Files of our own (`overlay/`) come on top.
//!
//! Written to `OUT_DIR`: `lib.bin`, the contents one after the other, and `index.rs`, with the tables of
//! `src/index.rs` filled in.

mod patches;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use siphasher::sip128::{Hasher128 as _, SipHasher24};

/// Files and folders of the source that the binary does not carry.
///
/// The first four stand in for modules that this implementation has natively; the rest needs Tk, another
/// operating system, or configures other tools.
const LEFT_OUT: &[&str] = &[
    "_dummy_os.py",
    "_dummy_thread.py",
    "_pycodecs.py",
    "dummy_threading.py",
    "README.md",
    "_pyrepl/mypy.ini",
    "ctypes/macholib/README.ctypes",
    "ctypes/macholib/fetch_macholib",
    "ctypes/macholib/fetch_macholib.bat",
    "email/architecture.rst",
    "idlelib",
    "test",
    "tkinter",
    "tomllib/mypy.ini",
    "turtledemo",
    "venv/scripts/nt",
];

/// Files that are stored under another name: `license()` looks for this one.
const RENAMED: &[(&str, &str)] = &[("PSF-LICENSE", "LICENSE.txt")];

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut files = BTreeMap::new();
    let source = Path::new(rustpython_pylib::LIB_PATH);
    collect(source, "", &mut files)?;
    for patch in patches::PATCHES {
        patch.apply(&mut files);
    }
    overlay(&mut files)?;
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=overlay");
    println!("cargo:rerun-if-changed={}", source.display());

    let mut blob = Vec::new();
    let mut manifest = SipHasher24::new();
    let mut index = String::from("pub(crate) static FILES: &[(&str, u32, u32)] = &[\n");
    for (path, contents) in &files {
        let (start, size) = (offset(blob.len()), offset(contents.len()));
        writeln!(index, "    ({path:?}, {start}, {size}),").map_err(io::Error::other)?;
        manifest.write(path.as_bytes());
        manifest.write(&[0]);
        manifest.write_u32(size.to_le());
        manifest.write(contents);
        blob.extend_from_slice(contents);
    }
    index.push_str("];\n\npub(crate) static FOLDERS: &[&str] = &[\n");
    for folder in folders(&files) {
        writeln!(index, "    {folder:?},").map_err(io::Error::other)?;
    }
    let hash = manifest.finish128();
    write!(index, "];\n\npub(crate) const HASH: &str = \"{:016x}{:016x}\";\n", hash.h1, hash.h2)
        .map_err(io::Error::other)?;
    fs::write(out.join("lib.bin"), blob)?;
    fs::write(out.join("index.rs"), index)
}

/// An offset in the blob, which is far below 4 GiB.
fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("the library fits in 4 GiB")
}

/// Reads a folder of the source recursively, under `prefix` (empty, or ending in a slash).
fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().expect("names of the library are ASCII");
        let path = format!("{prefix}{name}");
        if name == "__pycache__" || name.ends_with(".pyc") || LEFT_OUT.contains(&path.as_str()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            let stored = RENAMED.iter().find(|(from, _)| *from == path).map_or(path.as_str(), |(_, to)| to);
            files.insert(stored.to_owned(), fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Adds our own files. `_sysconfigdata.py` is stored under the names that `sysconfig` derives from
/// `sys.abiflags` (none, or `t`), the platform and the multi-architecture name of the target.
fn overlay(files: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    let mut own = BTreeMap::new();
    collect(Path::new("overlay"), "", &mut own)?;
    let data = own.remove("_sysconfigdata.py").expect("overlay/_sysconfigdata.py exists");
    let arch = env::var("CARGO_CFG_TARGET_ARCH").map_err(io::Error::other)?;
    let suffix = match env::var("CARGO_CFG_TARGET_OS").map_err(io::Error::other)?.as_str() {
        "macos" => "darwin_darwin".to_owned(),
        os => format!("{os}_{arch}-{os}-gnu"),
    };
    for abiflags in ["", "t"] {
        files.insert(format!("_sysconfigdata_{abiflags}_{suffix}.py"), data.clone());
    }
    files.extend(own);
    Ok(())
}

/// Every folder that holds a file, itself or further down, in order.
fn folders(files: &BTreeMap<String, Vec<u8>>) -> BTreeSet<&str> {
    let mut folders = BTreeSet::new();
    for path in files.keys() {
        let mut rest = path.as_str();
        while let Some((folder, _)) = rest.rsplit_once('/') {
            folders.insert(folder);
            rest = folder;
        }
    }
    folders
}
