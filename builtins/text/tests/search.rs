//! Searching against the plain definition, over all widths, small alphabets and periodic needles.

use protopy_text::{StrBuf, StrRef, search};

/// A small linear congruential generator: the tests repeat exactly.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

fn of(chars: &[u32], width: usize) -> StrBuf {
    match width {
        0 => StrBuf::Latin1(chars.iter().map(|&c| c as u8).collect()),
        1 => StrBuf::Ucs2(chars.iter().map(|&c| c as u16).collect()),
        _ => StrBuf::Ucs4(chars.to_vec()),
    }
}

fn naive(hay: &[u32], needle: &[u32]) -> Vec<usize> {
    (0..=hay.len().saturating_sub(needle.len())).filter(|&i| hay[i..].starts_with(needle)).collect()
}

fn list(parts: Vec<StrRef<'_>>) -> Vec<Vec<u32>> {
    parts.into_iter().map(|p| p.chars().collect()).collect()
}

#[test]
fn agrees_with_the_definition() {
    let mut r = Random(1);
    for _ in 0..20_000 {
        let alphabet = 1 + r.below(3);
        let hay: Vec<u32> = (0..r.below(40)).map(|_| 97 + r.below(alphabet) as u32).collect();
        let needle: Vec<u32> = (0..1 + r.below(8)).map(|_| 97 + r.below(alphabet) as u32).collect();
        let (h, n) = (of(&hay, r.below(3)), of(&needle, r.below(3)));
        let (h, n) = (h.as_ref(), n.as_ref());
        let all = naive(&hay, &needle);
        assert_eq!(search::find(h, n), all.first().copied(), "{hay:?} {needle:?}");
        assert_eq!(search::rfind(h, n), all.last().copied(), "{hay:?} {needle:?}");
        let mut apart: Vec<usize> = Vec::new();
        for &at in &all {
            if apart.last().is_none_or(|&l| l + needle.len() <= at) {
                apart.push(at);
            }
        }
        assert_eq!(search::matches(h, n).collect::<Vec<_>>(), apart);
        assert_eq!(search::count(h, n), apart.len());
        let max = r.below(4);
        let parts = search::split(h, n, max);
        assert_eq!(parts.len(), apart.len().min(max) + 1);
        assert_eq!(list(parts).join(&needle[..]), hay);
        assert_eq!(list(search::rsplit(h, n, max)).join(&needle[..]), hay);
        let same = search::replace(h, n, n, usize::MAX);
        assert!(same.is_none_or(|s| search::equal(s.as_ref(), h)));
        assert_eq!(search::compare(h, n), hay.cmp(&needle));
        assert_eq!(search::equal(h, n), hay == needle);
    }
}

#[test]
fn worst_case_is_linear() {
    let n = 200_000;
    let hay = StrBuf::Ucs2(vec![0x20AC; n]);
    let mut needle = vec![0x20AC; n / 2];
    needle[0] = 0x20AD;
    let backward = StrBuf::Ucs2(needle.clone());
    needle.reverse();
    assert_eq!(search::find(hay.as_ref(), backward.as_ref()), None);
    assert_eq!(search::rfind(hay.as_ref(), StrBuf::Ucs2(needle).as_ref()), None);
}

#[test]
fn replacement() {
    let text = |s: &str| StrBuf::from(s);
    let replace = |h: &str, f: &str, t: &str, max: usize| {
        let r = search::replace(text(h).as_ref(), text(f).as_ref(), text(t).as_ref(), max);
        r.map(|s| s.as_ref().chars().filter_map(char::from_u32).collect::<String>())
    };
    assert_eq!(replace("aXbXc", "X", "€", 1).as_deref(), Some("a€bXc"));
    assert_eq!(replace("abc", "", "-", usize::MAX).as_deref(), Some("-a-b-c-"));
    assert_eq!(replace("abc", "", "-", 2).as_deref(), Some("-a-bc"));
    assert_eq!(replace("", "", "x", 1).as_deref(), Some("x"));
    assert_eq!(replace("abc", "z", "-", 2), None);
    assert_eq!(replace("a€b", "€", "", 9).as_deref(), Some("ab"));
    assert_eq!(replace("aaaa", "aa", "b", 0), None);
}
