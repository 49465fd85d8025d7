//! Unpacking the library into real files, once a user.
//!
//! The folder is named for the hash of the library, so binaries with different libraries never meet. It appears
//! in one step: the files are written to a private folder beside it, which is then renamed. Whoever sees the
//! folder sees all of it; processes that race each unpack, one rename wins, the others use the winner's.
//! The last file written is the manifest, and a later run looks at its size alone: one `stat`. When a
//! cleaner of old files has removed the manifest, the folder is set aside and unpacked afresh; [`verify`] compares
//! every byte for whoever suspects more.
//!
//! The cache folder is `$XDG_CACHE_HOME`, else `~/.cache`. A process without either uses a folder in the
//! temporary folder, and since anyone may create that one, it is used only when it belongs to the same user and
//! nobody else can enter it: what is in there will be executed.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, process};

/// The name of the manifest in the unpacked folder.
const MANIFEST: &str = ".protopy-manifest";

/// Makes names of private folders unique within the process.
static UNIQUE: AtomicU32 = AtomicU32::new(0);

/// The folder that holds the library as real files; unpacks it when this user's cache does not have it yet.
///
/// # Errors
/// When no folder to hold it can be found or written to.
pub fn materialize() -> io::Result<PathBuf> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "no cache folder: set XDG_CACHE_HOME or HOME");
    let home_cache = absolute("HOME").map(|home| home.join(".cache"));
    for cache in absolute("XDG_CACHE_HOME").into_iter().chain(home_cache) {
        match materialize_below(&cache.join("protopy")) {
            Ok(folder) => return Ok(folder),
            Err(error) => failure = error,
        }
    }
    match private_temporary_folder() {
        Ok(folder) => materialize_below(&folder),
        Err(_) => Err(failure),
    }
}

/// The folder of this user's cache in which the library lies, if it can be told without making one.
fn cache_folder() -> Option<PathBuf> {
    let home_cache = absolute("HOME").map(|home| home.join(".cache"));
    let folder = absolute("XDG_CACHE_HOME").or(home_cache)?.join("protopy");
    folder.is_dir().then_some(folder)
}

/// What [`keep`] stored under `key` in this user's cache. The reader checks what it gets.
#[must_use]
pub fn kept(key: &str) -> Option<Vec<u8>> {
    fs::read(cache_folder()?.join(format!("lib-{}.{key}", crate::HASH))).ok()
}

/// Stores something that was derived from the library in this user's cache, for later processes; in one step, and without a word
/// where it is not possible.
pub fn keep(key: &str, contents: &[u8]) {
    let Some(folder) = cache_folder() else { return };
    let fresh = unique(&folder, "keep");
    let target = folder.join(format!("lib-{}.{key}", crate::HASH));
    if fs::write(&fresh, contents).and_then(|()| fs::rename(&fresh, target)).is_err() {
        let _ = fs::remove_file(&fresh);
    }
}

/// As [`materialize`], in a given folder, which is created when it is missing.
///
/// # Errors
/// When the folder cannot be created or written to.
pub fn materialize_below(folder: &Path) -> io::Result<PathBuf> {
    let target = folder.join(format!("lib-{}", crate::HASH));
    let manifest = manifest();
    if is_complete(&target, &manifest) {
        return Ok(target);
    }
    fs::create_dir_all(folder)?;
    let fresh = unpack(folder, &manifest)?;
    let result = publish(folder, &fresh, &target, &manifest);
    if result.is_err() || fresh.exists() {
        let _ = fs::remove_dir_all(&fresh);
    }
    result.map(|()| target)
}

/// Whether the unpacked folder holds every file of the library, byte for byte. Other files, such as compiled
/// ones, do not matter.
#[must_use]
pub fn verify(folder: &Path) -> bool {
    crate::iter().all(|(path, text)| fs::read(folder.join(path)).is_ok_and(|found| found == text))
}

/// An environment variable that holds an absolute path.
fn absolute(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// One line a file: its size and path.
fn manifest() -> String {
    let mut text = String::with_capacity(32 * 1024);
    for (path, contents) in crate::iter() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} {path}", contents.len());
    }
    text
}

fn is_complete(folder: &Path, manifest: &str) -> bool {
    fs::metadata(folder.join(MANIFEST)).is_ok_and(|found| found.len() == manifest.len() as u64)
}

/// A name in `folder` that nobody else uses.
fn unique(folder: &Path, kind: &str) -> PathBuf {
    let count = UNIQUE.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("lib-{}.{kind}-{}-{count}", crate::HASH, process::id()))
}

/// Writes everything to a private folder.
fn unpack(folder: &Path, manifest: &str) -> io::Result<PathBuf> {
    let fresh = unique(folder, "new");
    let write = || -> io::Result<()> {
        fs::create_dir(&fresh)?;
        for path in crate::index::FOLDERS {
            fs::create_dir(fresh.join(path))?;
        }
        for (path, contents) in crate::iter() {
            fs::write(fresh.join(path), contents)?;
        }
        let mut file = File::create_new(fresh.join(MANIFEST))?;
        file.write_all(manifest.as_bytes())
    };
    write().map(|()| fresh.clone()).inspect_err(|_| {
        let _ = fs::remove_dir_all(&fresh);
    })
}

/// Gives the private folder its final name, unless another process was first.
fn publish(folder: &Path, fresh: &Path, target: &Path, manifest: &str) -> io::Result<()> {
    let Err(error) = fs::rename(fresh, target) else { return Ok(()) };
    if is_complete(target, manifest) {
        return Ok(());
    }
    // Something incomplete is in the way. Set it aside under a name of our own, so that of several processes
    // that find it only one moves it.
    let old = unique(folder, "old");
    if fs::rename(target, &old).is_ok() {
        let _ = fs::remove_dir_all(&old);
    }
    match fs::rename(fresh, target) {
        Err(_) if !is_complete(target, manifest) => Err(error),
        _ => Ok(()),
    }
}

/// A folder in the temporary folder that is this user's alone.
#[cfg(unix)]
fn private_temporary_folder() -> io::Result<PathBuf> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
    let temporary = env::temp_dir();
    // The owner of a file just made is the user that this process runs as.
    let probe = unique(&temporary, "probe");
    let uid = File::create_new(&probe)?.metadata().map(|found| found.uid());
    let _ = fs::remove_file(&probe);
    let uid = uid?;
    let folder = temporary.join(format!("protopy-{uid}"));
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(&folder)?;
    if found.is_dir() && found.uid() == uid && found.mode() & 0o077 == 0 {
        return Ok(folder);
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "the folder in the temporary folder is not private"))
}

/// Elsewhere the temporary folder is the user's own.
#[cfg(not(unix))]
fn private_temporary_folder() -> io::Result<PathBuf> {
    Ok(env::temp_dir().join("protopy"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is removed at the end of the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            Self(unique(&env::temp_dir(), "test"))
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn unpacks_once_and_repairs() -> io::Result<()> {
        let scratch = Scratch::new();
        let folder = materialize_below(&scratch.0)?;
        assert!(verify(&folder));
        fs::write(folder.join("os.py"), "changed")?;
        assert!(!verify(&folder));
        assert_eq!(materialize_below(&scratch.0)?, folder);
        assert!(!verify(&folder), "a complete folder is not touched");
        fs::remove_file(folder.join(MANIFEST))?;
        assert_eq!(materialize_below(&scratch.0)?, folder);
        assert!(verify(&folder));
        assert_eq!(fs::read_dir(&scratch.0)?.count(), 1, "nothing is left behind");
        Ok(())
    }

    #[test]
    fn processes_may_race() -> io::Result<()> {
        let scratch = Scratch::new();
        let folders: io::Result<Vec<_>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| materialize_below(&scratch.0))).collect();
            threads.into_iter().map(|thread| thread.join().map_err(|_| io::ErrorKind::Other)?).collect()
        });
        assert!(folders?.iter().all(|folder| verify(folder)));
        assert_eq!(fs::read_dir(&scratch.0)?.count(), 1, "nothing is left behind");
        Ok(())
    }

    #[test]
    fn a_file_in_the_way_is_an_error() -> io::Result<()> {
        let scratch = Scratch::new();
        fs::write(&scratch.0, "")?;
        assert!(materialize_below(&scratch.0).is_err());
        fs::remove_file(&scratch.0)
    }
}
