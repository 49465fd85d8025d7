//! Templates of `str.format` against CPython's parser; gen_template.py asks it.

mod support;

use protopy_text::StrRef;
use protopy_text::format::FormatError;
use protopy_text::format::template::{Step, TemplateParser, field_number, split_field_name};
use support::{hexes, show, text};

fn error(e: FormatError) -> String {
    match e {
        FormatError::Value(s) => format!("!{}", hexes(s.as_ref())),
        FormatError::Memory => "!memory".into(),
    }
}

fn template(s: StrRef<'_>) -> String {
    let cut = |(a, b): (usize, usize)| hexes(s.slice(a, b));
    let mut parts = Vec::new();
    for segment in TemplateParser::new(s) {
        parts.push(match segment {
            Err(e) => error(e),
            Ok(segment) => {
                let field = segment.field.map_or("~".into(), |f| {
                    let conversion = f.conversion.map_or("-".into(), |c| format!("{c:x}"));
                    format!("{}/{}/{conversion}", cut(f.name), cut(f.spec))
                });
                format!("{}/{field}", cut(segment.literal))
            }
        });
    }
    if parts.is_empty() { "-".into() } else { parts.join(";") }
}

fn field(s: StrRef<'_>) -> String {
    let (first, steps) = split_field_name(s);
    let first = s.slice(0, first);
    let mut parts = vec![match field_number(first) {
        Ok(Some(n)) => format!("#{n}"),
        Ok(None) => hexes(first),
        Err(e) => return error(e),
    }];
    for step in steps {
        parts.push(match step {
            Ok(Step::Attribute(a, b)) => format!(".{}", hexes(s.slice(a, b))),
            Ok(Step::Index(n)) => format!("#{n}"),
            Ok(Step::Key(a, b)) => format!("[{}", hexes(s.slice(a, b))),
            Err(e) => error(e),
        });
    }
    parts.join(";")
}

#[test]
fn agrees_with_cpython() {
    let mut bad = 0;
    for line in include_str!("data/template.txt").lines() {
        let cells: Vec<&str> = line.split(' ').collect();
        let s = text(cells[1]);
        let got = if cells[0] == "T" { template(s.as_ref()) } else { field(s.as_ref()) };
        if got != cells[2] {
            bad += 1;
            if bad <= 20 {
                println!("{} {:?}\n   {}\n   {}", cells[0], show(cells[1]), cells[2], got);
                for part in [cells[2], &got] {
                    if let Some((_, e)) = part.split_once('!') {
                        println!("      {}", show(e));
                    }
                }
            }
        }
    }
    assert_eq!(bad, 0);
}
