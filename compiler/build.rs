//! Derives the number that tells this compiler's code from that of any other: bytecode caches are keyed by it, so that no
//! change of the compiler can be forgotten there.

use std::path::{Path, PathBuf};

/// FNV-1a.
struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// The lines of the lock file that say which parser it is.
fn parser(lock: &str) -> impl Iterator<Item = &str> {
    let mut left = 0;
    lock.lines().filter(move |l| {
        if l.starts_with("name = \"ruff_") {
            left = 3;
        }
        left = left.max(1) - 1;
        left > 0 || l.starts_with("name = \"ruff_")
    })
}

fn main() {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    let mut files = Vec::new();
    for dir in ["src", "bytecode/src", "tokens/src"] {
        println!("cargo::rerun-if-changed={dir}");
        sources(Path::new(dir), &mut files);
    }
    files.sort();
    for f in &files {
        hash.add(f.to_string_lossy().as_bytes());
        hash.add(&std::fs::read(f).unwrap_or_default());
    }
    println!("cargo::rerun-if-changed=build.rs");
    let lock = Path::new("../Cargo.lock");
    if lock.exists() {
        println!("cargo::rerun-if-changed=../Cargo.lock");
        let text = std::fs::read_to_string(lock).unwrap_or_default();
        parser(&text).for_each(|l| hash.add(l.as_bytes()));
    }
    println!("cargo::rustc-env=PROTOPY_COMPILER_FINGERPRINT={}", hash.0);
}
