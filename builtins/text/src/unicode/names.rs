//! Character names: Hangul syllables and ranges are computed, the rest are word numbers.
//!
//! Names stand in the order of their code points, each a list of word numbers ended by zero, with
//! the offset of every sixteenth one. [`lookup`] searches a list of name numbers that is sorted by
//! the text, expanding a name a step; sixteen steps find one of 34,000.

use crate::tables::names::{
    ALIASES, LEXICON, NAME_DATA, NAME_ORDER, NAME_RANGES, NAME_RUNS, NAME_STARTS, SEQUENCES, SHORT_WORDS,
    WORD_LENGTHS, WORD_STARTS,
};

/// A longer text is no name; `unicodedata.lookup` says "name too long" of it.
pub const NAME_MAX_LEN: usize = 256;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// One code point, by its name or an alias.
    Char(u32),
    /// A named sequence.
    Sequence(&'static [u16]),
}

const HANGUL: &str = "HANGUL SYLLABLE ";
const LEADS: [&str; 19] =
    ["G", "GG", "N", "D", "DD", "R", "M", "B", "BB", "S", "SS", "", "J", "JJ", "C", "K", "T", "P", "H"];
const VOWELS: [&str; 21] = [
    "A", "AE", "YA", "YAE", "EO", "E", "YEO", "YE", "O", "WA", "WAE", "OE", "YO", "U", "WEO", "WE", "WI",
    "YU", "EU", "YI", "I",
];
const TAILS: [&str; 28] = [
    "", "G", "GG", "GS", "N", "NJ", "NH", "D", "L", "LG", "LM", "LB", "LS", "LT", "LP", "LH", "M", "B", "BS",
    "S", "SS", "NG", "J", "C", "K", "T", "P", "H",
];

fn word(number: usize) -> &'static str {
    let Some(i) = number.checked_sub(1) else { return "" };
    let block = i / 16;
    let Some(&start) = WORD_STARTS.get(block) else { return "" };
    let skip: usize = WORD_LENGTHS.iter().take(i).skip(block * 16).map(|&n| usize::from(n)).sum();
    let from = start as usize + skip;
    let len = WORD_LENGTHS.get(i).copied().map_or(0, usize::from);
    LEXICON.get(from..from + len).unwrap_or("")
}

/// The word number at `at` of the name data, and the offset after it.
fn word_number(at: usize) -> (usize, usize) {
    let first = NAME_DATA.get(at).copied().unwrap_or(0);
    if first < SHORT_WORDS {
        return (usize::from(first), at + 1);
    }
    let second = NAME_DATA.get(at + 1).copied().unwrap_or(0);
    let high = usize::from(first - SHORT_WORDS) << 8;
    (usize::from(SHORT_WORDS) + (high | usize::from(second)), at + 2)
}

/// Appends the name of number `index`.
fn push_numbered(index: usize, out: &mut String) {
    let mut at = NAME_STARTS.get(index / 16).map_or(0, |&s| s as usize);
    let mut skip = index % 16;
    while skip > 0 {
        let (number, next) = word_number(at);
        skip -= usize::from(number == 0);
        at = next;
    }
    let begin = out.len();
    loop {
        let (number, next) = word_number(at);
        if number == 0 {
            return;
        }
        if out.len() > begin {
            out.push(' ');
        }
        out.push_str(word(number));
        at = next;
    }
}

/// Appends the name of `c`; false if it has none.
pub fn push_name(c: u32, out: &mut String) -> bool {
    if let Some(s) = c.checked_sub(0xAC00).filter(|&s| s < 11172) {
        let s = s as usize;
        out.push_str(HANGUL);
        out.push_str(LEADS[s / 588]);
        out.push_str(VOWELS[s % 588 / 28]);
        out.push_str(TAILS[s % 28]);
        return true;
    }
    let run = NAME_RUNS.partition_point(|r| r.1 < c);
    if let Some(&(first, _, number)) = NAME_RUNS.get(run).filter(|r| r.0 <= c) {
        push_numbered((number + (c - first)) as usize, out);
        return true;
    }
    match NAME_RANGES.iter().find(|r| (r.0..=r.1).contains(&c) && r.3) {
        Some(range) => {
            out.push_str(range.2);
            out.push_str(&format!("{c:04X}"));
            true
        }
        None => false,
    }
}

/// `unicodedata.name`.
pub fn name(c: u32) -> Option<String> {
    let mut out = String::new();
    push_name(c, &mut out).then_some(out)
}

/// The longest of `parts` that begins `s`: its number, and the rest of `s`.
fn longest<'a>(parts: &[&str], s: &'a str) -> Option<(u32, &'a str)> {
    let found = parts.iter().enumerate().filter(|(_, p)| s.starts_with(**p)).max_by_key(|(_, p)| p.len())?;
    Some((found.0 as u32, &s[found.1.len()..]))
}

fn hangul(rest: &str) -> Option<u32> {
    let (lead, rest) = longest(&LEADS, rest)?;
    let (vowel, rest) = longest(&VOWELS, rest)?;
    let (tail, rest) = longest(&TAILS, rest)?;
    let vowel_given = !VOWELS[vowel as usize].is_empty();
    (rest.is_empty() && vowel_given).then_some(0xAC00 + lead * 588 + vowel * 28 + tail)
}

fn in_range(name: &str) -> Option<u32> {
    let (_, digits) = name.rsplit_once('-')?;
    if !(4..=6).contains(&digits.len()) || digits.starts_with('+') {
        return None;
    }
    let c = u32::from_str_radix(digits, 16).ok()?;
    let prefix = &name[..name.len() - digits.len()];
    let listed = NAME_RANGES.iter().any(|r| r.2 == prefix && (r.0..=r.1).contains(&c));
    (listed && digits.len() == if c > 0xFFFF { 5 } else { 4 }).then_some(c)
}

fn numbered(name: &str) -> Option<u32> {
    let mut text = String::with_capacity(NAME_MAX_LEN);
    let found = NAME_ORDER.binary_search_by(|&i| {
        text.clear();
        push_numbered(usize::from(i), &mut text);
        text.as_str().cmp(name)
    });
    let number = u32::from(*NAME_ORDER.get(found.ok()?)?);
    let run = NAME_RUNS.partition_point(|r| r.2 <= number).checked_sub(1)?;
    let (first, _, base) = NAME_RUNS[run];
    Some(first + (number - base))
}

/// `unicodedata.lookup`: names, aliases and named sequences, without regard to case.
pub fn lookup(name: &str) -> Option<Named> {
    if name.len() > NAME_MAX_LEN || !name.is_ascii() {
        return None;
    }
    let name = name.to_ascii_uppercase();
    if let Some(rest) = name.strip_prefix(HANGUL) {
        return hangul(rest).map(Named::Char);
    }
    if let Some(c) = in_range(&name).or_else(|| numbered(&name)) {
        return Some(Named::Char(c));
    }
    if let Ok(i) = ALIASES.binary_search_by_key(&name.as_str(), |a| a.0) {
        return Some(Named::Char(ALIASES[i].1));
    }
    let i = SEQUENCES.binary_search_by_key(&name.as_str(), |s| s.0).ok()?;
    Some(Named::Sequence(SEQUENCES[i].1))
}
