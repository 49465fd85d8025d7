//! Errors and warnings of small programs, as CPython 3.14 words and places them (`errors.txt`).

use protopy_compiler::{Mode, Options, compile_source};
use std::fmt::Write;

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some(other)) => out.push(other),
            _ => out.push(c),
        }
    }
    out
}

fn outcome(source: &str) -> String {
    match compile_source(source, &Options::new(Mode::Exec, "f")) {
        Ok((_, warnings)) => warnings.iter().fold("OK".to_owned(), |mut out, w| {
            let _ = write!(out, " | warning {} {}", w.line, w.message);
            out
        }),
        Err(e) => {
            let n = |n: Option<i64>| n.map_or_else(|| "None".to_owned(), |n| n.to_string());
            format!(
                "{:?}Error {} {} {} {} {}",
                e.kind,
                e.msg,
                n(e.lineno.map(i64::from)),
                n(e.offset.map(i64::from)),
                n(e.end_lineno.map(i64::from)),
                n(e.end_offset.map(i64::from))
            )
        }
    }
}

#[test]
fn errors_are_those_of_cpython() {
    let mut wrong = 0;
    for line in include_str!("errors.txt").lines().filter(|l| !l.starts_with('#')) {
        let Some((source, want)) = line.split_once('\t') else { continue };
        let have = outcome(&unescape(source));
        if have != want {
            wrong += 1;
            println!("{source}\n   want {want}\n   have {have}");
        }
    }
    assert_eq!(wrong, 0);
}
