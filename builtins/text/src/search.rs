//! Substring search, counting, replacement and comparison over strings of any widths, and bytes.
//!
//! Bytes and Latin-1 text go to `memchr`. Wider text is searched with the two-way algorithm of
//! Crochemore and Perrin: linear in the worst case, constant extra space. The needle is first
//! brought to the width of the haystack; one that does not fit cannot occur. Searching backwards
//! is the same algorithm on a mirrored view.

use std::borrow::Cow;
use std::cmp::Ordering;

use memchr::memmem;

use crate::{StrBuf, StrRef};

/// A needle with its critical factorization.
#[derive(Clone, Debug)]
struct TwoWay<T> {
    needle: Vec<T>,
    critical: usize,
    period: usize,
    /// Whether `period` is the period of the whole needle, so that matched parts are remembered.
    periodic: bool,
}

/// Start and period of the maximal suffix, under the order or its reverse.
fn maximal_suffix<T: Ord>(s: &[T], reverse: bool) -> (usize, usize) {
    let (mut left, mut right, mut offset, mut period) = (0, 1, 0, 1);
    while let (Some(a), Some(b)) = (s.get(right + offset), s.get(left + offset)) {
        let order = if reverse { b.cmp(a) } else { a.cmp(b) };
        match order {
            Ordering::Less => {
                right += offset + 1;
                offset = 0;
                period = right - left;
            }
            Ordering::Equal if offset + 1 == period => {
                right += offset + 1;
                offset = 0;
            }
            Ordering::Equal => offset += 1,
            Ordering::Greater => {
                left = right;
                right += 1;
                offset = 0;
                period = 1;
            }
        }
    }
    (left, period)
}

impl<T: Copy + Ord> TwoWay<T> {
    fn new(needle: Vec<T>) -> Self {
        let forward = maximal_suffix(&needle, false);
        let backward = maximal_suffix(&needle, true);
        let (critical, period) = forward.max(backward);
        let n = needle.len();
        let periodic = critical + period <= n && needle[..critical] == needle[period..period + critical];
        let period = if periodic { period } else { critical.max(n - critical) + 1 };
        TwoWay { needle, critical, period, periodic }
    }

    /// First match at or after `from` of the haystack, or of its mirror image.
    fn find<const MIRROR: bool>(&self, hay: &[T], from: usize) -> Option<usize> {
        let n = self.needle.len();
        let end = hay.len();
        let at = |i: usize| if MIRROR { hay[end - 1 - i] } else { hay[i] };
        let (mut pos, mut memory) = (from, 0);
        while pos.checked_add(n).is_some_and(|stop| stop <= end) {
            let mut i = self.critical.max(memory);
            while i < n && self.needle[i] == at(pos + i) {
                i += 1;
            }
            if i < n {
                pos += i - self.critical + 1;
                memory = 0;
                continue;
            }
            let mut j = self.critical;
            while j > memory && self.needle[j - 1] == at(pos + j - 1) {
                j -= 1;
            }
            if j <= memory {
                return Some(pos);
            }
            pos += self.period;
            memory = if self.periodic { n - self.period } else { 0 };
        }
        None
    }
}

/// Position of `c`, in chunks that the compiler can vectorize.
fn position<T: Copy + Eq>(hay: &[T], c: T) -> Option<usize> {
    let mut base = 0;
    for chunk in hay.chunks(32) {
        if chunk.iter().fold(false, |found, &x| found | (x == c)) {
            return chunk.iter().position(|&x| x == c).map(|i| base + i);
        }
        base += chunk.len();
    }
    None
}

fn find_wide<T: Copy + Ord>(hay: &[T], needle: Vec<T>) -> Option<usize> {
    match needle[..] {
        [] => Some(0),
        _ if needle.len() > hay.len() => None,
        [c] => position(hay, c),
        _ => TwoWay::new(needle).find::<false>(hay, 0),
    }
}

fn rfind_wide<T: Copy + Ord>(hay: &[T], mut needle: Vec<T>) -> Option<usize> {
    match needle[..] {
        [] => Some(hay.len()),
        _ if needle.len() > hay.len() => None,
        [c] => hay.iter().rposition(|&x| x == c),
        _ => {
            needle.reverse();
            let n = needle.len();
            let at = TwoWay::new(needle).find::<true>(hay, 0)?;
            Some(hay.len() - at - n)
        }
    }
}

fn as_latin1(s: StrRef<'_>) -> Option<Cow<'_, [u8]>> {
    match s {
        StrRef::Latin1(b) => Some(Cow::Borrowed(b)),
        _ => s.chars().map(|c| u8::try_from(c).ok()).collect::<Option<Vec<u8>>>().map(Cow::Owned),
    }
}

fn as_ucs2(s: StrRef<'_>) -> Option<Vec<u16>> {
    s.chars().map(|c| u16::try_from(c).ok()).collect()
}

/// `bytes.find`; the empty needle is found at 0.
pub fn find_bytes(hay: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [c] => memchr::memchr(*c, hay),
        _ => memmem::find(hay, needle),
    }
}

/// `bytes.rfind`; the empty needle is found at the end.
pub fn rfind_bytes(hay: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [c] => memchr::memrchr(*c, hay),
        _ => memmem::rfind(hay, needle),
    }
}

/// `str.find` over the whole haystack; slice it for bounds.
pub fn find(hay: StrRef<'_>, needle: StrRef<'_>) -> Option<usize> {
    match hay {
        StrRef::Latin1(h) => find_bytes(h, &as_latin1(needle)?),
        StrRef::Ucs2(h) => find_wide(h, as_ucs2(needle)?),
        StrRef::Ucs4(h) => find_wide(h, needle.chars().collect()),
    }
}

/// `str.rfind` over the whole haystack.
pub fn rfind(hay: StrRef<'_>, needle: StrRef<'_>) -> Option<usize> {
    match hay {
        StrRef::Latin1(h) => rfind_bytes(h, &as_latin1(needle)?),
        StrRef::Ucs2(h) => rfind_wide(h, as_ucs2(needle)?),
        StrRef::Ucs4(h) => rfind_wide(h, needle.chars().collect()),
    }
}

/// Position of a code point.
pub fn find_char(hay: StrRef<'_>, c: u32) -> Option<usize> {
    match hay {
        StrRef::Latin1(h) => memchr::memchr(u8::try_from(c).ok()?, h),
        StrRef::Ucs2(h) => position(h, u16::try_from(c).ok()?),
        StrRef::Ucs4(h) => position(h, c),
    }
}

/// Last position of a code point.
pub fn rfind_char(hay: StrRef<'_>, c: u32) -> Option<usize> {
    match hay {
        StrRef::Latin1(h) => memchr::memrchr(u8::try_from(c).ok()?, h),
        StrRef::Ucs2(h) => {
            let c = u16::try_from(c).ok()?;
            h.iter().rposition(|&x| x == c)
        }
        StrRef::Ucs4(h) => h.iter().rposition(|&x| x == c),
    }
}

/// Whether `needle` occurs.
pub fn contains(hay: StrRef<'_>, needle: StrRef<'_>) -> bool {
    find(hay, needle).is_some()
}

/// Whether `hay` begins with `prefix`.
pub fn starts_with(hay: StrRef<'_>, prefix: StrRef<'_>) -> bool {
    prefix.len() <= hay.len() && equal(hay.slice(0, prefix.len()), prefix)
}

/// Whether `hay` ends with `suffix`.
pub fn ends_with(hay: StrRef<'_>, suffix: StrRef<'_>) -> bool {
    suffix.len() <= hay.len() && equal(hay.slice(hay.len() - suffix.len(), hay.len()), suffix)
}

enum Engine<'h, 'n> {
    Never,
    Byte(memchr::Memchr<'h>),
    Bytes(Box<memmem::FindIter<'h, 'n>>),
    Wide(TwoWay<u16>),
    Widest(TwoWay<u32>),
}

/// Iterator over the non-overlapping matches of a needle that is not empty, from the left.
pub struct Matches<'h, 'n> {
    hay: StrRef<'h>,
    at: usize,
    step: usize,
    engine: Engine<'h, 'n>,
}

/// The matches of `needle`, prepared once. An empty needle has none here: the callers' methods
/// differ in what it means.
pub fn matches<'h, 'n>(hay: StrRef<'h>, needle: StrRef<'n>) -> Matches<'h, 'n> {
    let engine = match hay {
        _ if needle.is_empty() || needle.len() > hay.len() => Engine::Never,
        StrRef::Latin1(h) => match as_latin1(needle) {
            None => Engine::Never,
            Some(Cow::Borrowed([c])) => Engine::Byte(memchr::memchr_iter(*c, h)),
            Some(Cow::Borrowed(n)) => Engine::Bytes(Box::new(memmem::find_iter(h, n))),
            Some(Cow::Owned(n)) => Engine::Bytes(Box::new(memmem::find_iter(h, &n).into_owned())),
        },
        StrRef::Ucs2(_) => as_ucs2(needle).map_or(Engine::Never, |n| Engine::Wide(TwoWay::new(n))),
        StrRef::Ucs4(_) => Engine::Widest(TwoWay::new(needle.chars().collect())),
    };
    Matches { hay, at: 0, step: needle.len(), engine }
}

/// The matches of `needle` in bytes.
pub fn matches_bytes<'h, 'n>(hay: &'h [u8], needle: &'n [u8]) -> Matches<'h, 'n> {
    matches(StrRef::Latin1(hay), StrRef::Latin1(needle))
}

impl Iterator for Matches<'_, '_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let at = match (self.hay, &mut self.engine) {
            (_, Engine::Byte(found)) => return found.next(),
            (_, Engine::Bytes(found)) => return found.next(),
            (StrRef::Ucs2(h), Engine::Wide(n)) => match n.needle[..] {
                [c] => self.at + position(h.get(self.at..)?, c)?,
                _ => n.find::<false>(h, self.at)?,
            },
            (StrRef::Ucs4(h), Engine::Widest(n)) => match n.needle[..] {
                [c] => self.at + position(h.get(self.at..)?, c)?,
                _ => n.find::<false>(h, self.at)?,
            },
            _ => return None,
        };
        self.at = at + self.step;
        Some(at)
    }
}

/// `str.count`; the empty needle occurs around every code point.
pub fn count(hay: StrRef<'_>, needle: StrRef<'_>) -> usize {
    if needle.is_empty() {
        return hay.len() + 1;
    }
    match matches(hay, needle).engine {
        Engine::Byte(found) => found.count(),
        Engine::Bytes(found) => found.count(),
        _ => matches(hay, needle).count(),
    }
}

/// `bytes.count`.
pub fn count_bytes(hay: &[u8], needle: &[u8]) -> usize {
    count(StrRef::Latin1(hay), StrRef::Latin1(needle))
}

/// The pieces of `hay` between at most `max` matches of `separator`, which is not empty.
pub fn split<'h>(hay: StrRef<'h>, separator: StrRef<'_>, max: usize) -> Vec<StrRef<'h>> {
    let mut out = Vec::new();
    let mut last = 0;
    for at in matches(hay, separator).take(max) {
        out.push(hay.slice(last, at));
        last = at + separator.len();
    }
    out.push(hay.slice(last, hay.len()));
    out
}

/// As [`split`], the matches taken from the right; the pieces stay in the order of the text.
pub fn rsplit<'h>(hay: StrRef<'h>, separator: StrRef<'_>, max: usize) -> Vec<StrRef<'h>> {
    let mut out = Vec::new();
    let mut end = hay.len();
    let finder = ReverseFinder::new(hay, separator);
    while out.len() < max {
        let Some(at) = finder.before(hay.slice(0, end)) else { break };
        out.push(hay.slice(at + separator.len(), end));
        end = at;
    }
    out.push(hay.slice(0, end));
    out.reverse();
    out
}

enum ReverseEngine {
    Never,
    Bytes(Box<memmem::FinderRev<'static>>),
    Wide(TwoWay<u16>),
    Widest(TwoWay<u32>),
}

struct ReverseFinder {
    len: usize,
    engine: ReverseEngine,
}

impl ReverseFinder {
    fn new(hay: StrRef<'_>, needle: StrRef<'_>) -> Self {
        let engine = match hay {
            _ if needle.is_empty() => ReverseEngine::Never,
            StrRef::Latin1(_) => as_latin1(needle).map_or(ReverseEngine::Never, |n| {
                ReverseEngine::Bytes(Box::new(memmem::FinderRev::new(&n).into_owned()))
            }),
            StrRef::Ucs2(_) => as_ucs2(needle).map_or(ReverseEngine::Never, |mut n| {
                n.reverse();
                ReverseEngine::Wide(TwoWay::new(n))
            }),
            StrRef::Ucs4(_) => ReverseEngine::Widest(TwoWay::new(needle.chars().rev().collect())),
        };
        ReverseFinder { len: needle.len(), engine }
    }

    /// The last match that ends in `hay`.
    fn before(&self, hay: StrRef<'_>) -> Option<usize> {
        let mirrored = match (hay, &self.engine) {
            (StrRef::Latin1(h), ReverseEngine::Bytes(f)) => return f.rfind(h),
            (StrRef::Ucs2(h), ReverseEngine::Wide(n)) => n.find::<true>(h, 0)?,
            (StrRef::Ucs4(h), ReverseEngine::Widest(n)) => n.find::<true>(h, 0)?,
            _ => return None,
        };
        Some(hay.len() - mirrored - self.len)
    }
}

/// `str.replace` of at most `max` matches; `None` if nothing was replaced.
pub fn replace(hay: StrRef<'_>, from: StrRef<'_>, to: StrRef<'_>, max: usize) -> Option<StrBuf> {
    if max == 0 {
        return None;
    }
    if from.is_empty() {
        return Some(interleave(hay, to, max));
    }
    if let (1, 1, Some(a), Some(b)) = (from.len(), to.len(), from.get(0), to.get(0)) {
        return replace_char(hay, a, b, max);
    }
    let mut found = matches(hay, from).take(max).peekable();
    found.peek()?;
    if let (StrRef::Latin1(h), StrRef::Latin1(t)) = (hay, to) {
        return Some(StrBuf::Latin1(splice(h, found, from.len(), t)));
    }
    let mut out = StrBuf::with_capacity_like(hay);
    let mut last = 0;
    for at in found {
        out.push_ref(hay.slice(last, at));
        out.push_ref(to);
        last = at + from.len();
    }
    out.push_ref(hay.slice(last, hay.len()));
    Some(out.into_narrowest())
}

/// `hay` with `to` in place of the `n` items at each of the positions.
fn splice(hay: &[u8], found: impl Iterator<Item = usize>, n: usize, to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(hay.len());
    let mut last = 0;
    for at in found {
        out.extend_from_slice(hay.get(last..at).unwrap_or(&[]));
        out.extend_from_slice(to);
        last = at + n;
    }
    out.extend_from_slice(hay.get(last..).unwrap_or(&[]));
    out
}

/// `hay` with the first `max` of `a` exchanged for `b`: item by item, as wide as before.
fn exchange<T: Copy + Eq>(hay: &[T], first: usize, a: T, b: T, max: usize) -> Vec<T> {
    let mut out = hay.to_vec();
    let tail = out.get_mut(first..).unwrap_or_default();
    if max >= hay.len() {
        for c in tail {
            *c = if *c == a { b } else { *c };
        }
    } else {
        tail.iter_mut().filter(|c| **c == a).take(max).for_each(|c| *c = b);
    }
    out
}

/// [`replace`] of one code point by another.
fn replace_char(hay: StrRef<'_>, a: u32, b: u32, max: usize) -> Option<StrBuf> {
    let first = find_char(hay, a)?;
    let mut wide = StrBuf::new();
    let out = match (hay, u8::try_from(b), u16::try_from(b)) {
        (StrRef::Latin1(h), Ok(b), _) => StrBuf::Latin1(exchange(h, first, a as u8, b, max)),
        (StrRef::Ucs2(h), _, Ok(b)) => StrBuf::Ucs2(exchange(h, first, a as u16, b, max)),
        (StrRef::Ucs4(h), ..) => StrBuf::Ucs4(exchange(h, first, a, b, max)),
        (narrow, ..) => {
            wide.push(b);
            wide.truncate(0);
            wide.push_ref(narrow);
            return replace_char(wide.as_ref(), a, b, max);
        }
    };
    Some(out.into_narrowest())
}

/// `to` before each of the first code points, and at the end if there are matches left.
fn interleave(hay: StrRef<'_>, to: StrRef<'_>, max: usize) -> StrBuf {
    let mut out = StrBuf::with_capacity_like(hay);
    let mut left = max;
    for c in hay.chars() {
        if left > 0 {
            out.push_ref(to);
            left -= 1;
        }
        out.push(c);
    }
    if left > 0 {
        out.push_ref(to);
    }
    out.into_narrowest()
}

/// `bytes.replace` of at most `max` matches; `None` if nothing was replaced.
pub fn replace_bytes(hay: &[u8], from: &[u8], to: &[u8], max: usize) -> Option<Vec<u8>> {
    match replace(StrRef::Latin1(hay), StrRef::Latin1(from), StrRef::Latin1(to), max)? {
        StrBuf::Latin1(v) => Some(v),
        _ => None,
    }
}

/// Equality of the code points.
#[inline]
pub fn equal(a: StrRef<'_>, b: StrRef<'_>) -> bool {
    match (a, b) {
        (StrRef::Latin1(a), StrRef::Latin1(b)) => a == b,
        (StrRef::Ucs2(a), StrRef::Ucs2(b)) => a == b,
        (StrRef::Ucs4(a), StrRef::Ucs4(b)) => a == b,
        _ => a.len() == b.len() && a.chars().eq(b.chars()),
    }
}

/// Order by code points.
pub fn compare(a: StrRef<'_>, b: StrRef<'_>) -> Ordering {
    match (a, b) {
        (StrRef::Latin1(a), StrRef::Latin1(b)) => a.cmp(b),
        (StrRef::Ucs2(a), StrRef::Ucs2(b)) => a.cmp(b),
        (StrRef::Ucs4(a), StrRef::Ucs4(b)) => a.cmp(b),
        _ => a.chars().cmp(b.chars()),
    }
}
