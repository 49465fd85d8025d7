//! Getting CPython's library and its tests.
//!
//! They come from three Debian packages, which an ordinary user can download and unpack anywhere without touching the
//! system. The version that the denominator was made with is pinned, with the hashes of its files. A distribution
//! moves on, though: when that version is no longer served, whatever 3.14 release is will do, since `apt-get` checks
//! its signature; the version is kept in the cache, and the driver says so.
//!
//! The cache holds `debs/`, the downloaded files, from which everything can be unpacked again without a network, and
//! `cpython-VERSION/lib/python3.14`, the library. In it our own build description replaces CPython's.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use sha2::{Digest as _, Sha256};

/// The packages, with the pinned file of each and its SHA-256.
const PACKAGES: [(&str, &str, &str); 3] = [
    (
        "libpython3.14-minimal",
        "libpython3.14-minimal_3.14.10-1_amd64.deb",
        "a59bb22e16dde6f441b892cdfd058dd93d8149cf437a31d8985dcca3cf407367",
    ),
    (
        "libpython3.14-stdlib",
        "libpython3.14-stdlib_3.14.10-1_amd64.deb",
        "0af595928d7a49c12fe33d5667da95dc2fa9868e1a9a00625428074d3b3d458a",
    ),
    (
        "libpython3.14-testsuite",
        "libpython3.14-testsuite_3.14.10-1_all.deb",
        "137b55a9b0794801a0226a8220c7c224e9e5e3a9d1261bd62573a87a6ad8bf31",
    ),
];

/// The version that the denominator was made with.
pub const PINNED: &str = "3.14.10-1";

/// CPython's library, unpacked.
#[derive(Clone, Debug)]
pub struct Library {
    /// The folder that holds `os.py` and `test/`.
    pub folder: PathBuf,
    /// The version of the packages.
    pub version: String,
}

/// The library: from the cache, else downloaded and unpacked there.
///
/// # Errors
/// A sentence that says what is missing, and what to do.
pub fn library(cache: &Path) -> Result<Library, String> {
    if let Some(found) = cached(cache) {
        return Ok(found);
    }
    let debs = cache.join("debs");
    fs::create_dir_all(&debs).map_err(|error| format!("cannot create {}: {error}", debs.display()))?;
    let files = match pinned_files(&debs) {
        Some(files) => files,
        None => download(cache, &debs)?,
    };
    unpack(cache, &files)
}

/// A library that an earlier run unpacked; the pinned version if there are several.
fn cached(cache: &Path) -> Option<Library> {
    let mut found: Vec<Library> = fs::read_dir(cache)
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.strip_prefix("cpython-")?.to_owned();
            let folder = entry.path().join("lib/python3.14");
            folder.join("test/test_grammar.py").is_file().then_some(Library { folder, version })
        })
        .collect();
    found.sort_by_key(|library| (library.version == PINNED, library.version.clone()));
    found.pop()
}

/// The files of the pinned version, if all of them are there and intact.
fn pinned_files(debs: &Path) -> Option<Vec<PathBuf>> {
    PACKAGES
        .iter()
        .map(|(_, name, hash)| {
            let file = debs.join(name);
            (sha256(&file).ok()? == *hash).then_some(file)
        })
        .collect()
}

fn sha256(file: &Path) -> io::Result<String> {
    let digest = Sha256::digest(fs::read(file)?);
    Ok(digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Downloads the packages: the pinned version, or another one of 3.14.
fn download(cache: &Path, debs: &Path) -> Result<Vec<PathBuf>, String> {
    let mut failures = String::new();
    let mirror = prepared_mirror()?;
    for suite in SUITES {
        let apt = Apt::new(cache, &mirror, suite)?;
        if let Err(error) = apt.run(debs, &["update"]) {
            let _ = writeln!(failures, "{suite}: {error}");
            continue;
        }
        let pinned: Vec<_> = PACKAGES.iter().map(|(package, _, _)| format!("{package}={PINNED}")).collect();
        let any: Vec<_> = PACKAGES.iter().map(|(package, _, _)| (*package).to_owned()).collect();
        for wanted in [pinned, any] {
            // A folder of their own, so that files of two versions are never taken for one.
            let fresh = debs.join(format!("new-{}", std::process::id()));
            let _ = fs::remove_dir_all(&fresh);
            let result = apt.download(&fresh, &wanted).and_then(|()| keep(&fresh, debs));
            let _ = fs::remove_dir_all(&fresh);
            match result {
                Ok(files) => return Ok(files),
                Err(error) => _ = writeln!(failures, "{suite}: {error}"),
            }
        }
    }
    Err(format!(
        "CPython's test-suite could not be downloaded, and it is not in {}:\n{failures}",
        cache.display()
    ))
}

/// Downloads the packages of the reference interpreter to a folder; those that are pinned have to be of that version.
///
/// # Errors
/// A sentence that says what is missing, and what to do.
pub(crate) fn reference_files(cache: &Path, others: &[&str], folder: &Path) -> Result<Vec<PathBuf>, String> {
    library(cache)?;
    let mirror = prepared_mirror()?;
    let pinned = PACKAGES.iter().map(|(package, _, _)| *package).chain(["python3.14", "python3.14-minimal"]);
    let mut wanted: Vec<_> = pinned.map(|package| format!("{package}={PINNED}")).collect();
    wanted.extend(
        others.iter().filter(|other| !other.starts_with("python3.14")).map(|other| (*other).to_owned()),
    );
    let mut failures = String::new();
    for suite in SUITES {
        let apt = Apt::new(cache, &mirror, suite)?;
        match apt.run(cache, &["update"]).and_then(|()| apt.download(folder, &wanted)) {
            Ok(()) => {
                let files = fs::read_dir(folder).map_err(|error| error.to_string())?;
                return Ok(files.flatten().map(|entry| entry.path()).collect());
            }
            Err(error) => _ = writeln!(failures, "{suite}: {error}"),
        }
    }
    Err(format!("the reference interpreter could not be downloaded:\n{failures}"))
}

/// The suites of the distribution that may have the packages.
const SUITES: [&str; 2] = ["sid", "testing"];

/// The mirror to fetch from, once it is certain that the programs for it are there.
fn prepared_mirror() -> Result<String, String> {
    const ELSEWHERE: &str = "on another system than Debian set PROTOPY_TEST_CACHE to a cache that was filled on one \
                             (cargo run --release -p regrtest -- fetch)";
    for program in ["apt-get", "dpkg-deb"] {
        if let Err(error) = Command::new(program).arg("--version").output() {
            return Err(format!(
                "CPython's test-suite is fetched with the program {program}, which cannot be run: {error}; {ELSEWHERE}"
            ));
        }
    }
    mirror().ok_or_else(|| format!("no Debian mirror found in the configuration of apt; {ELSEWHERE}"))
}

/// Checks downloaded files and moves them to where they stay.
fn keep(fresh: &Path, debs: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(fresh).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if !name.contains("_3.14.") {
            return Err(format!("{name} is not of version 3.14"));
        }
        if let Some((_, _, hash)) = PACKAGES.iter().find(|(_, pinned, _)| *pinned == name)
            && sha256(&path).map_err(|error| error.to_string())? != *hash
        {
            return Err(format!("{name} is not the file that it was: its SHA-256 differs"));
        }
        let kept = debs.join(name);
        fs::rename(&path, &kept).map_err(|error| error.to_string())?;
        files.push(kept);
    }
    if files.len() == PACKAGES.len() { Ok(files) } else { Err("a package is missing".to_owned()) }
}

/// Unpacks the files and puts the result into its place in one step.
fn unpack(cache: &Path, files: &[PathBuf]) -> Result<Library, String> {
    let version = files
        .first()
        .and_then(|file| file.file_name()?.to_str()?.split('_').nth(1))
        .ok_or("a file of a package has no version in its name")?
        .replace("%3a", "-");
    let fresh = cache.join(format!("new-{}", std::process::id()));
    let result = unpack_into(&fresh, files).and_then(|()| {
        let target = cache.join(format!("cpython-{version}"));
        match fs::rename(fresh.join("usr"), &target) {
            // Another process was first.
            Err(_) if target.join("lib/python3.14/os.py").is_file() => {}
            other => other.map_err(|error| format!("cannot create {}: {error}", target.display()))?,
        }
        Ok(Library { folder: target.join("lib/python3.14"), version })
    });
    let _ = fs::remove_dir_all(&fresh);
    result
}

fn unpack_into(fresh: &Path, files: &[PathBuf]) -> Result<(), String> {
    for file in files {
        run(Command::new("dpkg-deb").arg("-x").arg(file).arg(fresh))?;
    }
    let library = fresh.join("usr/lib/python3.14");
    // What describes the build of the distribution, and its compiled modules: none of it is true of protopy.
    let entries = fs::read_dir(&library).map_err(|error| format!("{}: {error}", library.display()))?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours =
            ["_sysconfigdata_", "_sysconfig_vars_", "build-details", "sitecustomize.py", "lib-dynload"];
        if ours.iter().any(|prefix| name.starts_with(prefix)) {
            let path = entry.path();
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
    for (name, text) in protopy_lib::iter().filter(|(name, _)| name.starts_with("_sysconfigdata_")) {
        fs::write(library.join(name), text).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// The mirror that this machine is set up to use.
fn mirror() -> Option<String> {
    let format = [
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Created-By: Packages",
        "Origin: Debian",
        "Label: Debian",
    ];
    if let Ok(output) = Command::new("apt-get").args(format).output() {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if let Some(line) = text.lines().find(|line| !line.trim().is_empty()) {
            return Some(line.trim().to_owned());
        }
    }
    let mut sources = vec![PathBuf::from("/etc/apt/sources.list")];
    sources.extend(
        fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten().map(|entry| entry.path()),
    );
    let texts = sources.iter().filter_map(|file| fs::read_to_string(file).ok());
    let found: Vec<_> =
        texts.flat_map(|text| text.lines().filter_map(source_uri).collect::<Vec<_>>()).collect();
    found.into_iter().find(|uri| uri.contains("debian") && !uri.contains("security"))
}

/// The address in a line of apt's configuration, in either of its formats.
fn source_uri(line: &str) -> Option<String> {
    if let Some(rest) = line.strip_prefix("URIs:") {
        return rest.split_whitespace().next().map(str::to_owned);
    }
    let mut words = line.strip_prefix("deb ")?.split_whitespace();
    words.find(|word| word.contains("://")).map(str::to_owned)
}

/// `apt-get` with all its state in the cache.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn new(cache: &Path, mirror: &str, suite: &str) -> Result<Self, String> {
        let state = fs::canonicalize(cache).map_err(|error| error.to_string())?.join(format!("apt-{suite}"));
        let keyring = ["gpg", "pgp"]
            .map(|kind| format!("/usr/share/keyrings/debian-archive-keyring.{kind}"))
            .into_iter()
            .find(|file| Path::new(file).is_file())
            .ok_or("the package debian-archive-keyring is not installed")?;
        let prepare = || -> io::Result<()> {
            fs::create_dir_all(state.join("lists/partial"))?;
            fs::create_dir_all(state.join("cache/archives/partial"))?;
            fs::write(state.join("status"), "")?;
            fs::write(
                state.join("sources.list"),
                format!("deb [signed-by={keyring}] {mirror} {suite} main\n"),
            )
        };
        prepare().map_err(|error| format!("{}: {error}", state.display()))?;
        let state = state.display();
        let options = [
            format!("Dir::Etc::SourceList={state}/sources.list"),
            "Dir::Etc::SourceParts=-".to_owned(),
            format!("Dir::State::Lists={state}/lists"),
            format!("Dir::State::Status={state}/status"),
            format!("Dir::Cache={state}/cache"),
            "APT::Architecture=amd64".to_owned(),
            "APT::Sandbox::User=root".to_owned(),
            "Acquire::Languages=none".to_owned(),
        ];
        Ok(Self { options: options.into_iter().flat_map(|option| ["-o".to_owned(), option]).collect() })
    }

    /// Downloads packages to a folder.
    fn download(&self, folder: &Path, packages: &[String]) -> Result<(), String> {
        fs::create_dir_all(folder).map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
        let arguments: Vec<_> =
            std::iter::once("download").chain(packages.iter().map(String::as_str)).collect();
        self.run(folder, &arguments)
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> Result<(), String> {
        run(Command::new("apt-get").current_dir(folder).arg("-qq").args(&self.options).args(arguments))
    }
}

/// Runs a command; its error is what it printed.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// An installation made of links: `bin/protopy` and the library `lib/protopy3.14` beside it, where the interpreter and all of its
/// children find it, also those that ignore the environment. Other interpreters run as they are.
pub fn install(python: &Path, library: &Path) -> io::Result<PathBuf> {
    if python.file_name().is_none_or(|name| name != "protopy") {
        return Ok(python.to_path_buf());
    }
    let mut hasher = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(&(python, library), &mut hasher);
    let home = crate::cache().join(format!("installed-{:016x}", std::hash::Hasher::finish(&hasher)));
    let called = home.join("bin/protopy");
    for (link, target) in [(&called, python), (&home.join("lib/protopy3.14"), library)] {
        fs::create_dir_all(link.parent().unwrap_or(&home))?;
        match std::os::unix::fs::symlink(target, link) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(called)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_formats_of_apt() {
        assert_eq!(
            source_uri("deb http://a.test/debian stable main").as_deref(),
            Some("http://a.test/debian")
        );
        assert_eq!(
            source_uri("deb [arch=amd64] http://a.test/d sid main").as_deref(),
            Some("http://a.test/d")
        );
        assert_eq!(source_uri("URIs: http://a.test/debian").as_deref(), Some("http://a.test/debian"));
        assert_eq!(source_uri("Suites: sid"), None);
        assert_eq!(source_uri("# deb http://a.test/debian stable main"), None);
    }
}
