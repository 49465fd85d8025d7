//! The pure-Python standard library that travels inside the `protopy` binary.
//!
//! The build packs some 600 files into one read-only blob with a sorted table of paths, so that looking a file
//! up is a binary search and reading it costs nothing. Paths are relative to the library's folder and use
//! slashes: `json/decoder.py`.
//!
//! Many programs want the library as real files, for `__file__`, source lines in tracebacks, package data and
//! child processes: [`materialize`] unpacks it once a user into the cache folder.

mod index;
mod unpack;

use std::borrow::Cow;

pub use unpack::{keep, kept, materialize, materialize_below, verify};

static BLOB: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lib.bin"));

/// A hash over the paths and contents of the whole library, in hexadecimal: two binaries with the same hash
/// carry the same library.
pub const HASH: &str = index::HASH;

/// The contents of the file at `path`.
#[must_use]
pub fn get(path: &str) -> Option<Cow<'static, [u8]>> {
    let found = index::FILES.binary_search_by(|(name, _, _)| (*name).cmp(path)).ok()?;
    Some(Cow::Borrowed(contents(&index::FILES[found])))
}

/// Whether there is a file at `path`.
#[must_use]
pub fn is_file(path: &str) -> bool {
    index::FILES.binary_search_by(|(name, _, _)| (*name).cmp(path)).is_ok()
}

/// Whether `path` is a folder of the library. The empty path is the library itself.
#[must_use]
pub fn is_dir(path: &str) -> bool {
    path.is_empty() || index::FOLDERS.binary_search(&path).is_ok()
}

/// All files with their contents, in the order of their paths.
pub fn iter() -> impl ExactSizeIterator<Item = (&'static str, &'static [u8])> {
    index::FILES.iter().map(|file| (file.0, contents(file)))
}

/// The names of what the folder at `path` holds, folders included, in order; `None` when it is not a folder.
#[must_use]
pub fn listdir(path: &str) -> Option<Vec<&'static str>> {
    if !is_dir(path) {
        return None;
    }
    let within = |name: &'static str| -> Option<&'static str> {
        let rest = match path {
            "" => name,
            _ => name.strip_prefix(path)?.strip_prefix('/')?,
        };
        (!rest.contains('/')).then_some(rest)
    };
    let files = index::FILES.iter().filter_map(|(name, _, _)| within(name));
    let mut names: Vec<_> = files.chain(index::FOLDERS.iter().filter_map(|name| within(name))).collect();
    names.sort_unstable();
    Some(names)
}

/// The part of the blob that a row of the table describes.
fn contents(&(_, start, size): &(&'static str, u32, u32)) -> &'static [u8] {
    &BLOB[start as usize..][..size as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_files_and_folders() {
        assert!(get("os.py").is_some_and(|text| text.len() > 10_000));
        assert!(get("json/decoder.py").is_some() && is_file("json/decoder.py"));
        assert!(get("json").is_none() && get("").is_none() && get("no_such.py").is_none());
        assert!(is_dir("") && is_dir("json") && is_dir("xml/etree"));
        assert!(!is_dir("os.py") && !is_dir("jso") && !is_dir("json/"));
    }

    #[test]
    fn lists_folders() {
        let json = listdir("json").unwrap_or_default();
        assert_eq!(json, ["__init__.py", "__main__.py", "decoder.py", "encoder.py", "scanner.py", "tool.py"]);
        let top = listdir("").unwrap_or_default();
        assert!(top.contains(&"json") && top.contains(&"os.py") && !top.contains(&"decoder.py"));
        assert!(listdir("os.py").is_none());
    }

    #[test]
    fn the_table_is_sorted_and_covers_the_blob() {
        assert!(index::FILES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(iter().map(|(_, text)| text.len()).sum::<usize>(), BLOB.len());
        assert!(index::FOLDERS.is_sorted());
    }

    #[test]
    fn nothing_of_the_other_implementation_is_left() {
        let marks: Vec<_> = iter()
            .filter(|(path, text)| {
                path.ends_with(".py") && String::from_utf8_lossy(text).to_lowercase().contains("rustpython")
            })
            .map(|(path, _)| path)
            .collect();
        assert_eq!(marks, Vec::<&str>::new());
        for gone in ["_pycodecs.py", "_dummy_os.py", "_dummy_thread.py", "dummy_threading.py"] {
            assert!(!is_file(gone), "{gone}");
        }
    }

    #[test]
    fn the_licence_travels_along() {
        let text = get("LICENSE.txt").unwrap_or_default();
        assert!(String::from_utf8_lossy(&text).contains("PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2"));
    }
}
