//! Diagnoses against CPython's, over the programs of `tests/oracle/` (regenerate with `tests/oracle/errors.py`).
//!
//! `ERRORS_VECTORS=file cargo test -p protopy-tokens --test errors -- --nocapture` compares with another file of the same form.

use std::collections::BTreeSet;

use protopy_tokens::syntax_errors::{Mode, SyntaxErr, check};

fn unescape(s: &str) -> String {
    let mut out = String::new();
    let mut chars = s.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            _ => out.push(c),
        }
    }
    out
}

fn render(e: &SyntaxErr) -> String {
    let (a, b, c, d) = (e.lineno, e.offset, e.end_lineno, e.end_offset);
    format!("{:?}Error\t{}\t{a}\t{b}\t{c}\t{d}", e.kind, e.msg.replace('\\', "\\\\").replace('\n', "\\n"))
}

/// Programs that CPython's parser refuses and the other parser accepts: the compiler has to refuse these itself.
#[test]
fn accepted_by_the_other_parser() {
    let Ok(file) = std::env::var("ERRORS_VECTORS") else { return };
    let vectors = std::fs::read_to_string(file).unwrap();
    let mut source = String::new();
    for row in vectors.split_terminator('\n') {
        if let Some(rest) = row.strip_prefix("S ") {
            source = unescape(rest);
        } else {
            let parsed = ruff_python_parser::parse_module(&source);
            if row.starts_with('E') == parsed.is_ok() {
                println!("{} {source:?}\n    {row}", if parsed.is_ok() { "ACCEPTED" } else { "REFUSED" });
            }
        }
    }
}

#[test]
fn diagnoses_are_cpythons() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/");
    let file = std::env::var("ERRORS_VECTORS").unwrap_or_else(|_| format!("{root}errors.txt"));
    let vectors = std::fs::read_to_string(file).unwrap();
    let known = std::fs::read_to_string(format!("{root}known_differences.txt")).unwrap_or_default();
    let known: BTreeSet<&str> = known.lines().filter(|l| !l.starts_with('#')).collect();
    let (mut errors, mut matched, mut texts, mut new) = (0, 0, 0, Vec::new());
    let mut source = "";
    for row in vectors.split_terminator('\n') {
        if let Some(rest) = row.strip_prefix("S ") {
            source = rest;
            continue;
        }
        let found = check(&unescape(source), Mode::EXEC);
        let ours = found.as_ref().map_or("O".to_owned(), render);
        let (same, expected) = if let Some(rest) = row.strip_prefix("E\t") {
            let (expected, text) = rest.rsplit_once('\t').unwrap();
            errors += 1;
            matched += usize::from(ours == expected);
            texts +=
                usize::from(ours == expected && found.as_ref().is_some_and(|e| e.text == unescape(text)));
            (ours == expected, expected)
        } else if let Some(rest) = row.strip_prefix("C\t") {
            // A later stage's error: ours if we have one, else that stage's business.
            let expected = rest.rsplit_once('\t').unwrap().0;
            (found.is_none() || ours == expected, expected)
        } else {
            (found.is_none(), "O")
        };
        if !same && !known.contains(source) {
            new.push(format!("{source}\n    expected {expected}\n    found    {ours}"));
        }
    }
    println!("{matched} of {errors} errors match in type, message and place; {texts} of those in text too");
    for line in new.iter().take(150) {
        println!("--- {line}");
    }
    assert!(new.is_empty(), "{} differences that known_differences.txt does not list", new.len());
}
