//! Token streams against CPython's, over the snippets of `tests/oracle/` (regenerate with `tests/oracle/tokens.py`).
//!
//! `TOKENS_VECTORS=file cargo test -p protopy-tokens --test tokens` compares with another file of the same form.

use std::fmt::Write as _;

use protopy_tokens::TokenIter;

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

fn escape(s: &str) -> String {
    s.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
}

/// Our rendering of a case, in the form of the vectors.
fn render(lines: &[String], extra: bool) -> String {
    let mut feed = lines.iter().cloned();
    let mut iter = TokenIter::from_lines(Box::new(move || feed.next()), extra);
    let mut out = String::new();
    let mut last = None;
    loop {
        match iter.next_token() {
            Ok(None) => return out,
            Ok(Some(t)) => {
                let line = iter.text()[t.line.clone()].to_owned();
                let shown = if last.as_ref() == Some(&line) { "~".to_owned() } else { escape(&line) };
                last = Some(line);
                let string = escape(&iter.text()[t.string.clone()]);
                let ((sl, sc), (el, ec)) = (t.start, t.end);
                let _ = writeln!(out, "T {} {sl} {sc} {el} {ec}\t{string}\t{shown}", t.kind);
            }
            Err(e) => {
                let name = format!("{:?}Error", e.kind);
                let _ = write!(out, "E {name}\t{}", escape(&e.msg));
                if let Some(p) = e.place {
                    let end = p.end.map_or(("None".to_owned(), "None".to_owned()), |(l, c)| {
                        (l.to_string(), c.to_string())
                    });
                    let _ = write!(
                        out,
                        "\t{}\t{}\t{}\t{}\t{}",
                        p.lineno,
                        p.offset,
                        escape(&p.text),
                        end.0,
                        end.1
                    );
                }
                out.push('\n');
                return out;
            }
        }
    }
}

#[test]
fn streams_are_cpythons() {
    let file = std::env::var("TOKENS_VECTORS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/tokens.txt").to_owned());
    let vectors = std::fs::read_to_string(file).unwrap();
    let (mut lines, mut extra, mut expected) = (Vec::new(), false, String::new());
    let (mut cases, mut failed) = (0, 0);
    for row in vectors.split_terminator('\n') {
        match row.split_at(1) {
            ("L", rest) => lines.push(unescape(rest.strip_prefix(' ').unwrap_or(rest))),
            ("M", rest) => extra = rest == " 1",
            ("-", _) => {
                cases += 1;
                let found = render(&lines, extra);
                if found != expected {
                    failed += 1;
                    if failed <= 12 {
                        report(&lines, extra, &expected, &found);
                    }
                }
                lines.clear();
                expected.clear();
            }
            _ => {
                expected.push_str(row);
                expected.push('\n');
            }
        }
    }
    assert_eq!(failed, 0, "{failed} of {cases} streams differ");
    assert!(cases > 0);
}

fn report(lines: &[String], extra: bool, expected: &str, found: &str) {
    let at = expected.lines().zip(found.lines()).position(|(a, b)| a != b);
    let at = at.unwrap_or_else(|| expected.lines().count().min(found.lines().count()));
    let shown: String = lines.concat().chars().take(300).collect();
    eprintln!("--- {shown:?} extra={extra}");
    eprintln!("  expected {:?}", expected.lines().nth(at));
    eprintln!("  found    {:?}", found.lines().nth(at));
}

#[test]
fn long_lines_are_linear() {
    let text = format!("{}\n", "é + ".repeat(300_000));
    let mut iter = TokenIter::from_text(&text, true);
    let mut count = 0;
    while let Ok(Some(_)) = iter.next_token() {
        count += 1;
    }
    assert_eq!(count, 600_002);
}
