//! Disassemblies kept as files: source above the line of equal signs, bytecode below.
//!
//! `UPDATE_GOLDEN=1 cargo test -p protopy-compiler --test golden` rewrites what is below the line.

use protopy_compiler::{Mode, Options, compile_source, disassemble, verify};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const HEADER: &str = "# UPDATE_GOLDEN=1 cargo test -p protopy-compiler --test golden";
const LINE: &str = "====================";

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the folder").flatten().map(|e| e.path()).collect();
    files.sort();
    files
}

/// What a source compiles to, or why it does not, with its warnings.
fn outcome(source: &str) -> String {
    let mut out = String::new();
    match compile_source(source, &Options::new(Mode::Exec, "golden")) {
        Ok((code, warnings)) => {
            for w in warnings {
                let _ = writeln!(out, "warning at {}:{}: {}", w.line, w.col, w.message);
            }
            verify::verify(&code).expect("code that verifies");
            out.push_str(&disassemble(&code));
        }
        Err(e) => {
            let _ = writeln!(out, "{e}");
        }
    }
    out
}

#[test]
fn disassemblies_are_as_recorded() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let rest =
            text.strip_prefix(HEADER).expect("the command that regenerates it").trim_start_matches('\n');
        let (source, recorded) = rest.split_once(LINE).unwrap_or((rest, ""));
        let found = outcome(source);
        if update {
            std::fs::write(&path, format!("{HEADER}\n{source}{LINE}\n{found}")).expect("a writable file");
        } else if recorded.trim_start_matches('\n') != found {
            println!("{}:\n{found}", path.display());
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?} differ; see the output above");
}
