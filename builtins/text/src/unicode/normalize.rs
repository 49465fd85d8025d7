//! Normal forms: decompose, put combining marks in canonical order, compose.
//!
//! A text all of whose code points are flagged stable in the wanted form is returned as it is.
//! The decomposition tables are one level deep, so decomposing expands with a small stack.

use super::{db_record, old};
use crate::tables::db;
use crate::tables::decomp::{COMPOSITIONS, DECOMP_1, DECOMP_2, DECOMP_DATA, DECOMP_PREFIXES, DECOMP_SHIFT};
use crate::{StrBuf, StrRef};

/// A Unicode normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormalForm {
    /// Canonical composition.
    Nfc,
    /// Canonical decomposition.
    Nfd,
    /// Compatibility composition.
    Nfkc,
    /// Compatibility decomposition.
    Nfkd,
}

impl NormalForm {
    /// The form of that name, "NFC" and so on.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "NFC" => NormalForm::Nfc,
            "NFD" => NormalForm::Nfd,
            "NFKC" => NormalForm::Nfkc,
            "NFKD" => NormalForm::Nfkd,
            _ => return None,
        })
    }

    fn stable_flag(self) -> u8 {
        match self {
            NormalForm::Nfc => db::NFC_STABLE,
            NormalForm::Nfd => db::NFD_STABLE,
            NormalForm::Nfkc => db::NFKC_STABLE,
            NormalForm::Nfkd => db::NFKD_STABLE,
        }
    }

    fn composes(self) -> bool {
        matches!(self, NormalForm::Nfc | NormalForm::Nfkc)
    }

    fn compatible(self) -> bool {
        matches!(self, NormalForm::Nfkc | NormalForm::Nfkd)
    }
}

const S_BASE: u32 = 0xAC00;
const L_BASE: u32 = 0x1100;
const V_BASE: u32 = 0x1161;
const T_BASE: u32 = 0x11A7;
const L_COUNT: u32 = 19;
const V_COUNT: u32 = 21;
const T_COUNT: u32 = 28;
const S_COUNT: u32 = L_COUNT * V_COUNT * T_COUNT;

/// Prefix (empty if canonical) and one level of decomposition.
fn mapping(c: u32) -> Option<(&'static str, &'static [u32])> {
    if db_record(c).flags & db::HAS_DECOMPOSITION == 0 {
        return None;
    }
    let mask = (1 << DECOMP_SHIFT) - 1;
    let block = *DECOMP_1.get((c >> DECOMP_SHIFT) as usize)?;
    let at = (usize::from(block) << DECOMP_SHIFT) | (c & mask) as usize;
    let offset = usize::from(*DECOMP_2.get(at)?);
    let head = *DECOMP_DATA.get(offset)?;
    let chars = DECOMP_DATA.get(offset + 1..offset + 1 + (head >> 8) as usize)?;
    Some((DECOMP_PREFIXES[(head & 0xFF) as usize], chars))
}

/// `unicodedata.decomposition`, empty if there is none.
pub fn decomposition(c: u32) -> String {
    let Some((prefix, chars)) = mapping(c) else { return String::new() };
    let mut out = String::from(prefix);
    for &c in chars {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&format!("{c:04X}"));
    }
    out
}

fn decompose_into(c: u32, form: NormalForm, ancient: bool, out: &mut Vec<u32>) {
    let mut stack = vec![c];
    while let Some(c) = stack.pop() {
        if let Some(s) = c.checked_sub(S_BASE).filter(|&s| s < S_COUNT) {
            out.push(L_BASE + s / (V_COUNT * T_COUNT));
            out.push(V_BASE + s % (V_COUNT * T_COUNT) / T_COUNT);
            if s % T_COUNT != 0 {
                out.push(T_BASE + s % T_COUNT);
            }
            continue;
        }
        if ancient {
            if let Some(other) = old::corrected(c) {
                stack.push(other);
                continue;
            }
            if !old::is_assigned(c) {
                out.push(c);
                continue;
            }
        }
        match mapping(c) {
            Some((prefix, chars)) if prefix.is_empty() || form.compatible() => {
                stack.extend(chars.iter().rev());
            }
            _ => out.push(c),
        }
    }
}

/// Puts each run of combining marks into canonical order; the sort is stable.
fn reorder(text: &mut [u32]) {
    let mut i = 0;
    while i < text.len() {
        if db_record(text[i]).combining == 0 {
            i += 1;
            continue;
        }
        let start = i;
        while i < text.len() && db_record(text[i]).combining != 0 {
            i += 1;
        }
        if i - start > 1 {
            text[start..i].sort_by_key(|&c| db_record(c).combining);
        }
    }
}

fn compose_pair(a: u32, b: u32) -> Option<u32> {
    if let (Some(l), Some(v)) = (a.checked_sub(L_BASE), b.checked_sub(V_BASE))
        && l < L_COUNT
        && v < V_COUNT
    {
        return Some(S_BASE + (l * V_COUNT + v) * T_COUNT);
    }
    if let (Some(s), Some(t)) = (a.checked_sub(S_BASE), b.checked_sub(T_BASE))
        && s < S_COUNT
        && s % T_COUNT == 0
        && (1..T_COUNT).contains(&t)
    {
        return Some(a + t);
    }
    let key = (u64::from(a) << 32) | u64::from(b);
    COMPOSITIONS.binary_search_by_key(&key, |e| e.0).ok().map(|i| COMPOSITIONS[i].1)
}

/// Composes in place; `text` is decomposed and in canonical order.
fn compose(text: &mut Vec<u32>) {
    let mut starter: Option<usize> = None;
    let mut last_class = 0;
    let mut write = 0;
    for read in 0..text.len() {
        let c = text[read];
        let class = db_record(c).combining;
        if let Some(s) = starter {
            let adjacent = s + 1 == write;
            if (adjacent || (last_class < class && last_class != 0))
                && let Some(joined) = compose_pair(text[s], c)
            {
                text[s] = joined;
                continue;
            }
        }
        if class == 0 {
            starter = Some(write);
        }
        last_class = class;
        text[write] = c;
        write += 1;
    }
    text.truncate(write);
}

pub(super) fn normalize_as(s: StrRef<'_>, form: NormalForm, ancient: bool) -> StrBuf {
    let mut text = Vec::with_capacity(s.len() + 8);
    for c in s.chars() {
        decompose_into_fast(c, form, ancient, &mut text);
    }
    reorder(&mut text);
    if form.composes() {
        compose(&mut text);
    }
    StrBuf::Ucs4(text).into_narrowest()
}

#[inline]
fn decompose_into_fast(c: u32, form: NormalForm, ancient: bool, out: &mut Vec<u32>) {
    let hangul = c.wrapping_sub(S_BASE) < S_COUNT;
    if c < 0xA0 || !hangul && db_record(c).flags & db::HAS_DECOMPOSITION == 0 {
        out.push(c);
    } else {
        decompose_into(c, form, ancient, out);
    }
}

/// Whether every code point is stable, so that nothing can change.
fn is_plain(s: StrRef<'_>, form: NormalForm) -> bool {
    if let StrRef::Latin1(b) = s
        && (b.is_ascii() || form == NormalForm::Nfc)
    {
        return true;
    }
    let flag = form.stable_flag();
    s.chars().all(|c| c < 0x80 || db_record(c).flags & flag != 0)
}

/// `unicodedata.normalize`.
pub fn normalize(s: StrRef<'_>, form: NormalForm) -> StrBuf {
    if is_plain(s, form) {
        return StrBuf::from_ref(s);
    }
    normalize_as(s, form, false)
}

/// `unicodedata.is_normalized`.
pub fn is_normalized(s: StrRef<'_>, form: NormalForm) -> bool {
    is_plain(s, form) || normalize_as(s, form, false).as_ref().chars().eq(s.chars())
}
