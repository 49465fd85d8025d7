//! Replays what CPython's engine answered (`vectors.txt`, written by `gen_cases.py`).
//!
//! `SRE_VECTORS=FILE` replays another file as well.

use protopy_sre::{Abort, CharClass, Code, Env, Locale, Matcher, Mode, Request, Unicode};
use protopy_text::{StrBuf, StrRef};

struct Case {
    code: Code,
    groups: usize,
    subject: Vec<u32>,
}

fn parse_words(s: &str) -> Vec<u32> {
    let mut words = Vec::new();
    for part in s.split_whitespace() {
        let (word, n) = part.split_once('*').unwrap_or((part, "1"));
        let word = u32::from_str_radix(word, 16).unwrap();
        words.extend(std::iter::repeat_n(word, n.parse().unwrap()));
    }
    words
}

fn parse_subject(s: &str) -> Vec<u32> {
    let mut out = Vec::new();
    let mut rest = s;
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            let (hex, after) = rest[1..].split_once(';').unwrap();
            out.push(u32::from_str_radix(hex, 16).unwrap());
            rest = after;
        } else {
            out.push(u32::from(c));
            rest = &rest[1..];
        }
    }
    out
}

fn show(m: &Matcher, groups: usize) -> String {
    let (start, end) = m.span();
    let mut out = format!("{start},{end};{}", m.lastindex().unwrap_or(0));
    for g in 1..=groups {
        out.push(';');
        if let Some((start, end)) = m.group(g) {
            out.push_str(&format!("{start},{end}"));
        }
    }
    out
}

fn run(case: &Case, m: &mut Matcher, request: &Request) -> bool {
    let mut polls = 0;
    let mut interrupt = || {
        polls += 1;
        if polls > 10_000 { Err(()) } else { Ok(()) }
    };
    let mut env = Env { locale: &Locale::C, interrupt: &mut interrupt };
    m.run(&case.code, request, &mut env).unwrap()
}

fn answer(case: &Case, m: &mut Matcher, subject: StrRef, mode: &str, pos: usize, endpos: usize) -> String {
    let one = |mode| Request { subject, pos, endpos, mode, must_advance: false };
    let request = match mode {
        "m" => one(Mode::Match),
        "f" => one(Mode::FullMatch),
        "s" => one(Mode::Search),
        _ => {
            let mut all = Vec::new();
            let mut request = one(Mode::Search);
            while run(case, m, &request) {
                all.push(show(m, case.groups));
                let (start, end) = m.span();
                request = Request { pos: end, must_advance: start == end, ..request };
            }
            return if all.is_empty() { "-".into() } else { all.join("|") };
        }
    };
    if run(case, m, &request) { show(m, case.groups) } else { "-".into() }
}

fn check_widths(case: &Case, m: &mut Matcher, line: &str) -> Result<(), String> {
    let mut fields = line.split(' ');
    let mut next = || fields.next().unwrap();
    let (mode, pos, endpos) = (next(), next().parse().unwrap(), next().parse().unwrap());
    let expected = next();
    let mut narrow = StrBuf::new();
    case.subject.iter().for_each(|&c| narrow.push(c));
    let ucs2: Option<Vec<u16>> = case.subject.iter().map(|&c| u16::try_from(c).ok()).collect();
    let mut views = vec![narrow.as_ref(), StrRef::Ucs4(&case.subject)];
    views.extend(ucs2.as_deref().map(StrRef::Ucs2));
    for view in views {
        let got = answer(case, m, view, mode, pos, endpos);
        if got != expected {
            return Err(format!("{line}\n  got {got}\n  on {view:?}\n  {:?}", case.code));
        }
    }
    Ok(())
}

fn replay(text: &str) {
    let mut m = Matcher::new();
    let (mut case, mut checked, mut failures) = (None::<Case>, 0, Vec::new());
    for line in text.lines() {
        let (kind, rest) = line.split_once(' ').unwrap();
        match (kind, &mut case) {
            ("P", case) => {
                let (groups, words) = rest.split_once(' ').unwrap();
                let groups: u32 = groups.parse().unwrap();
                let code = Code::new(parse_words(words), groups).unwrap_or_else(|e| panic!("{e}: {line}"));
                *case = Some(Case { code, groups: groups as usize, subject: Vec::new() });
            }
            ("S", Some(case)) => case.subject = parse_subject(rest),
            ("H", _) => check_sums(rest),
            (_, Some(case)) => {
                checked += 1;
                failures.extend(check_widths(case, &mut m, line).err());
            }
            _ => panic!("out of order: {line}"),
        }
    }
    assert!(checked > 1000);
    println!("{checked} checked");
    let shown = failures.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} of {checked} failed:\n{shown}", failures.len());
}

fn check_sums(line: &str) {
    let sum = |f: fn(u32) -> u32| (0..0x11_0000).fold(0u32, |h, c| h.wrapping_mul(31).wrapping_add(f(c)));
    let lower = sum(protopy_sre::unicode_tolower);
    let upper = sum(Unicode::to_upper);
    let cased = sum(|c| u32::from(protopy_sre::unicode_iscased(c)));
    assert_eq!(format!("{lower} {upper} {cased}"), line);
}

#[test]
fn as_cpython() {
    replay(include_str!("vectors.txt"));
    if let Ok(path) = std::env::var("SRE_VECTORS") {
        replay(&std::fs::read_to_string(path).unwrap());
    }
}

#[test]
fn limits_and_interrupts() {
    // (?:a|a)*b over many a: exponential.
    let words = vec![23, 15, 0, u32::MAX, 7, 5, 16, 97, 15, 7, 5, 16, 97, 15, 2, 0, 18, 16, 98, 1];
    let code = Code::new(words, 0).unwrap();
    let subject = vec![b'a'; 100_000];
    let mut polls = 0;
    let mut interrupt = || {
        polls += 1;
        if polls > 3 { Err(()) } else { Ok(()) }
    };
    let mut env = Env { locale: &Locale::C, interrupt: &mut interrupt };
    let request = Request::match_at(StrRef::Latin1(&subject), 0, usize::MAX);
    let mut m = Matcher::new();
    assert_eq!(m.run(&code, &request, &mut env), Err(Abort::Interrupted));
    let mut go_on = || Ok(());
    env.interrupt = &mut go_on;
    let mut m = Matcher::with_limit(1 << 20);
    assert_eq!(m.run(&code, &request, &mut env), Err(Abort::Memory));
}

#[test]
fn locale_sets() {
    let mut latin = Locale::C;
    for upper in (0xc0..=0xdeu8).filter(|&c| c != 0xd7) {
        latin.lower[usize::from(upper)] = upper + 32;
        latin.upper[usize::from(upper) + 32] = upper;
        latin.alnum[usize::from(upper)] = true;
        latin.alnum[usize::from(upper) + 32] = true;
    }
    let matches = |words: &[u32], subject: &[u8], locale: &Locale| {
        let code = Code::new(words.to_vec(), 0).unwrap();
        let mut env = Env { locale, interrupt: &mut || Ok(()) };
        Matcher::new().run(&code, &Request::fullmatch(StrRef::Latin1(subject), 0, 9), &mut env).unwrap()
    };
    // LITERAL_LOC_IGNORE e-acute; IN_LOC_IGNORE [e-acute]; CATEGORY_LOC_WORD
    for words in [&[36, 0xe9, 1][..], &[35, 4, 16, 0xe9, 0, 1], &[8, 8, 1]] {
        assert!(matches(words, b"\xc9", &latin));
        assert!(!matches(words, b"\xc9", &Locale::C));
    }
}
