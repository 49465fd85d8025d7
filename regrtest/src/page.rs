//! The results as a page: the sums, a bar for each module, and behind it the cases that do not pass. It needs no other file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::child::Verdict;
use crate::results::{Counts, Module};
use crate::suite::{Portable, areas};

const STYLE: &str = include_str!("page.css");

/// A part of a bar: class and title, and the cases that it stands for.
type Part = (&'static str, &'static str, fn(&Counts) -> usize);

const PARTS: [Part; 6] = [
    ("pass", "pass", |counts| counts.pass),
    ("fail", "fail", |counts| counts.fail),
    ("crash", "crash", |counts| counts.crash),
    ("hang", "hang", |counts| counts.hang),
    ("skip", "skipped", |counts| counts.skip),
    ("unknown", "not run", |counts| counts.unknown),
];

/// The text of the page.
#[must_use]
pub fn html(portable: &Portable, results: &[Module], rows: &[(String, Counts)]) -> String {
    let by_name: BTreeMap<_, _> = results.iter().map(|module| (module.name.as_str(), module)).collect();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>CPython's regression suite on protopy</title>\n<style>\n{STYLE}</style></head><body>\n\
         <h1>CPython's regression suite on protopy</h1>\n\
         <p>The cases that CPython {} itself passes under another implementation name. A skip is no pass.</p>\n",
        escape(crate::fetch::PINNED)
    );
    tiles(&mut page, rows);
    page.push_str("<h2>Areas</h2>\n");
    for (name, counts) in rows.iter().filter(|(name, _)| !is_tile(name)) {
        row(&mut page, name, counts, "");
    }
    for (area, names) in areas() {
        let _ = writeln!(page, "<h2>{}</h2>", escape(area));
        for name in names {
            let full = format!("test.{name}");
            module(&mut page, portable, &full, by_name.get(full.as_str()).copied());
        }
    }
    page.push_str("</body></html>\n");
    page
}

/// Whether a row of the summary is shown on top.
fn is_tile(name: &str) -> bool {
    name == "everything" || name.starts_with("tier ")
}

fn tiles(page: &mut String, rows: &[(String, Counts)]) {
    page.push_str("<div class=\"tiles\">\n");
    for (name, counts) in rows.iter().filter(|(name, _)| is_tile(name)) {
        let _ = write!(
            page,
            "<div class=\"tile\"><span class=\"soft\">{}</span><b>{:.1} %</b>",
            escape(name),
            counts.share()
        );
        bar(page, counts);
        let _ = writeln!(page, "<span class=\"soft\">{} of {} cases</span></div>", counts.pass, counts.cases);
    }
    page.push_str("</div>\n<div class=\"legend\">");
    for (class, title, _) in PARTS {
        let _ = write!(page, "<span><i class=\"{class}\"></i>{title}</span>");
    }
    page.push_str("</div>\n");
}

fn bar(page: &mut String, counts: &Counts) {
    page.push_str("<div class=\"bar\">");
    for (class, title, count) in PARTS {
        let count = count(counts);
        if count > 0 {
            let _ =
                write!(page, "<i class=\"{class}\" style=\"flex:{count}\" title=\"{count} {title}\"></i>");
        }
    }
    page.push_str("</div>");
}

fn row(page: &mut String, name: &str, counts: &Counts, time: &str) {
    let _ = write!(page, "<div class=\"row\"><span class=\"name\">{}</span>", escape(name));
    bar(page, counts);
    let _ = writeln!(
        page,
        "<span class=\"count\">{} of {}</span><span class=\"time\">{time}</span></div>",
        counts.pass, counts.cases
    );
}

fn module(page: &mut String, portable: &Portable, name: &str, result: Option<&Module>) {
    let counts = Counts::of(portable, name, result);
    let shown = name.strip_prefix("test.").unwrap_or(name);
    let Some(result) = result else {
        return row(page, shown, &counts, "");
    };
    let time = format!("{:.1} s", result.seconds);
    if counts.pass == counts.cases {
        return row(page, shown, &counts, &time);
    }
    page.push_str("<details><summary>");
    row(page, shown, &counts, &time);
    page.push_str("</summary><ul>\n");
    for (ids, verdict, message) in failures(result) {
        let word = match verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Skip => "skip",
            Verdict::Crash => "crash",
            Verdict::Hang => "hang",
        };
        let _ = writeln!(
            page,
            "<li><b class=\"{word}\">{word}</b><span>{}</span><em>{}</em></li>",
            escape(&ids),
            escape(message)
        );
    }
    page.push_str("</ul></details>\n");
}

/// What did not pass. Where all cases of a module say the same, they are one.
fn failures(result: &Module) -> Vec<(String, Verdict, &str)> {
    let failed = || result.cases.iter().filter(|(_, case)| case.verdict != Verdict::Pass);
    let mut texts = failed().map(|(_, case)| (case.verdict, case.message.as_str()));
    if let Some(first) = texts.next()
        && failed().count() == result.cases.len()
        && texts.all(|other| other == first)
    {
        return vec![(format!("all {} cases", result.cases.len()), first.0, first.1)];
    }
    failed().map(|(id, case)| (id.clone(), case.verdict, case.message.as_str())).collect()
}

/// A text as HTML shows it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Case, summary};

    #[test]
    fn shows_what_failed_and_nothing_unescaped() {
        let case =
            |verdict, message: &str| Case { verdict, message: message.to_owned(), ran: true, expected: None };
        let cases = [
            ("A.good".to_owned(), case(Verdict::Pass, "")),
            ("A.bad".to_owned(), case(Verdict::Fail, "1 < 2 & \"x\"")),
        ];
        let result = Module {
            name: "test.test_bool".to_owned(),
            run: String::new(),
            ended: 0,
            seconds: 0.25,
            error: None,
            fixtures: Vec::new(),
            cases: cases.into(),
        };
        let portable = Portable::load();
        let rows = summary(&portable, std::slice::from_ref(&result));
        let page = html(&portable, &[result], &rows);
        assert!(page.contains("<span>A.bad</span><em>1 &lt; 2 &amp; &quot;x&quot;</em>"));
        assert!(!page.contains("A.good"));
        assert!(page.contains("title=\"42428 not run\""));
    }

    #[test]
    fn cases_that_all_say_the_same_are_one() {
        let case = Case { verdict: Verdict::Fail, message: "no".to_owned(), ran: false, expected: None };
        let result = Module {
            name: "test.test_bool".to_owned(),
            run: String::new(),
            ended: 0,
            seconds: 0.0,
            error: None,
            fixtures: Vec::new(),
            cases: [("a".to_owned(), case.clone()), ("b".to_owned(), case)].into(),
        };
        assert_eq!(failures(&result), [("all 2 cases".to_owned(), Verdict::Fail, "no")]);
    }
}
