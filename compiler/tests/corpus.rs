//! Compiles every Python file of a folder and verifies the code.
//!
//! `PROTOPY_CORPUS=/path/to/Lib cargo test -p protopy-compiler --test corpus -- --nocapture`

use protopy_compiler::{Mode, Options, compile_source, verify};
use std::path::{Path, PathBuf};

fn python_files(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            python_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "py") {
            out.push(path);
        }
    }
}

/// Files that are no valid Python on purpose.
fn is_bad(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains("lib2to3/tests/data") || text.contains("bad") || text.contains("/tokenizedata/")
}

#[test]
fn the_corpus_compiles() {
    let Ok(folder) = std::env::var("PROTOPY_CORPUS") else { return };
    let mut files = Vec::new();
    python_files(Path::new(&folder), &mut files);
    files.sort();
    let (mut done, mut failed, mut words) = (0, 0, 0usize);
    let begun = std::time::Instant::now();
    let mut time = std::time::Duration::ZERO;
    for path in &files {
        let Ok(source) = std::fs::read_to_string(path) else { continue };
        let options = Options::new(Mode::Exec, path.to_string_lossy().as_ref());
        let start = std::time::Instant::now();
        let result = compile_source(&source, &options);
        time += start.elapsed();
        match result {
            Ok((code, _)) => {
                words += code.code.len();
                if let Err(e) = verify::verify(&code) {
                    failed += 1;
                    println!("{}: {e}", path.display());
                }
                done += 1;
            }
            Err(e) if is_bad(path) => println!("(expected) {}: {e}", path.display()),
            Err(e) => {
                failed += 1;
                println!("{}: {e}", path.display());
            }
        }
    }
    println!(
        "{done} files, {failed} failures, {words} module words, {time:?} compiling, {:?} in all",
        begun.elapsed()
    );
    assert_eq!(failed, 0);
}
