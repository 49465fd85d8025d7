//! No list of words makes the engine panic, hang or take unbounded memory.

use protopy_sre::{Abort, Code, Env, Locale, Matcher, Request};
use protopy_text::StrRef;

/// A small generator, so that failures repeat.
struct Rng(u64);

impl Rng {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }

    fn word(&mut self) -> u32 {
        match self.below(8) {
            0..=4 => self.below(45) as u32,
            5 => 97 + self.below(4) as u32,
            6 => [u32::MAX, u32::MAX - 1, 0x8000_0000, 0x11_0000, 0xd800, 255, 256][self.below(7)],
            _ => self.below(300) as u32,
        }
    }
}

/// The patterns of the vectors, as words with their group counts.
fn patterns() -> Vec<(Vec<u32>, u32)> {
    let mut all = Vec::new();
    for line in include_str!("vectors.txt").lines().filter_map(|l| l.strip_prefix("P ")) {
        let (groups, words) = line.split_once(' ').unwrap();
        let mut code = Vec::new();
        for part in words.split(' ') {
            let (word, n) = part.split_once('*').unwrap_or((part, "1"));
            let word = u32::from_str_radix(word, 16).unwrap();
            code.extend(std::iter::repeat_n(word, n.parse().unwrap()));
        }
        all.push((code, groups.parse().unwrap()));
    }
    all
}

/// Runs what passes validation; whether it did.
fn attempt(words: Vec<u32>, groups: u32, m: &mut Matcher) -> bool {
    let Ok(code) = Code::new(words, groups) else { return false };
    let latin = *b"aab\nabc 12_";
    let wide: Vec<u32> = "ab\u{212a}c\u{1f600} k\nx".chars().map(u32::from).chain([0xd800]).collect();
    for subject in [StrRef::Latin1(&latin), StrRef::Ucs4(&wide), StrRef::Ucs2(&[])] {
        for request in [Request::search(subject, 0, 99), Request::fullmatch(subject, 1, 9).must_advance(true)]
        {
            let mut polls = 0;
            let mut interrupt = || {
                polls += 1;
                if polls > 2 { Err(()) } else { Ok(()) }
            };
            let mut env = Env { locale: &Locale::C, interrupt: &mut interrupt };
            match m.run(&code, &request, &mut env) {
                Ok(true) => {
                    assert!((0..=groups.min(99) as usize).all(|g| m.group(g).is_none_or(|s| s.0 <= s.1)))
                }
                Ok(false) | Err(Abort::Memory | Abort::Interrupted) => {}
            }
        }
    }
    true
}

#[test]
fn mutated_code() {
    let (patterns, mut rng, mut valid) = (patterns(), Rng(88_172_645_463_325_252), 0);
    let mut m = Matcher::with_limit(1 << 20);
    for _ in 0..30 {
        for (words, groups) in &patterns {
            let mut words = words.clone();
            for _ in 0..1 + rng.below(3) {
                let at = rng.below(words.len());
                match rng.below(6) {
                    0 => drop(words.remove(at)),
                    1 => words.insert(at, rng.word()),
                    2 => words[at] = words[at].wrapping_add(1),
                    3 => words[at] = words[at].wrapping_sub(1),
                    4 => words.truncate(at + 1),
                    _ => words[at] = rng.word(),
                }
                if words.is_empty() {
                    words.push(1);
                }
            }
            valid += usize::from(attempt(words, *groups, &mut m));
        }
    }
    assert!(valid > 5_000, "{valid}");
}

#[test]
fn random_code() {
    let mut rng = Rng(0x9e37_79b9_7f4a_7c15);
    let mut m = Matcher::with_limit(1 << 20);
    for _ in 0..300_000 {
        let mut words: Vec<u32> = (0..rng.below(24)).map(|_| rng.word()).collect();
        words.push(1);
        attempt(words, 3, &mut m);
    }
}

#[test]
fn deep_nesting() {
    // (?=(?=(?=...))): ASSERT skip 0 ... SUCCESS, a hundred thousand deep.
    let depth = 100_000;
    let mut words = Vec::new();
    for level in 0..depth {
        words.extend([4, (depth - level) * 4 - 1, 0]);
    }
    words.extend(std::iter::repeat_n(1, depth as usize + 1));
    assert!(attempt(words, 0, &mut Matcher::new()));
    // As many nested loops.
    let mut words = Vec::new();
    for level in 0..depth {
        words.extend([23, (depth - level - 1) * 5 + 3 + 2, 0, u32::MAX]);
    }
    words.extend([16, 97]);
    words.extend(std::iter::repeat_n(18, depth as usize));
    words.push(1);
    assert!(attempt(words, 0, &mut Matcher::new()));
}

#[test]
fn empty_rounds() {
    // (?:){4294967294} polls; (?:()){4294967294} with a choice below does not eat the memory.
    assert!(attempt(vec![23, 3, u32::MAX - 1, u32::MAX, 18, 1], 0, &mut Matcher::new()));
    assert!(attempt(
        vec![23, 7, u32::MAX - 1, u32::MAX, 17, 0, 17, 1, 18, 1],
        1,
        &mut Matcher::with_limit(1 << 20)
    ));
}
