//! The case methods and predicates of `str`, over whole strings.
//!
//! ASCII runs through byte loops. Only one mapping looks around itself: an upper sigma becomes a
//! final one after a cased character and not before one, case-ignorable ones not counting.

use super::{
    CaseMapping, is_alnum, is_alpha, is_case_ignorable, is_cased, is_decimal, is_digit, is_lower, is_numeric,
    is_printable, is_space, is_title, is_upper, is_xid_continue, is_xid_start, to_casefold, to_lower,
    to_title, to_upper,
};
use crate::{StrBuf, StrRef};

const SIGMA: u32 = 0x3A3;
const FINAL_SIGMA: u32 = 0x3C2;
const SMALL_SIGMA: u32 = 0x3C3;

fn ascii(s: StrRef<'_>) -> Option<&[u8]> {
    match s {
        StrRef::Latin1(b) if b.is_ascii() => Some(b),
        _ => None,
    }
}

fn push_all(out: &mut StrBuf, m: CaseMapping) {
    for &c in m.as_slice() {
        out.push(c);
    }
}

fn is_final_sigma(s: StrRef<'_>, at: usize) -> bool {
    let before = s.slice(0, at).chars().rev().find(|&c| !is_case_ignorable(c));
    if !before.is_some_and(is_cased) {
        return false;
    }
    let after = s.slice(at + 1, s.len()).chars().find(|&c| !is_case_ignorable(c));
    !after.is_some_and(is_cased)
}

fn push_lower(out: &mut StrBuf, s: StrRef<'_>, at: usize, c: u32) {
    if c == SIGMA {
        out.push(if is_final_sigma(s, at) { FINAL_SIGMA } else { SMALL_SIGMA });
    } else {
        push_all(out, to_lower(c));
    }
}

fn map_all(s: StrRef<'_>, f: impl Fn(u32) -> CaseMapping) -> StrBuf {
    let mut out = StrBuf::with_capacity_like(s);
    for c in s.chars() {
        push_all(&mut out, f(c));
    }
    out.into_narrowest()
}

/// `str.lower`.
pub fn lower(s: StrRef<'_>) -> StrBuf {
    if let Some(b) = ascii(s) {
        return StrBuf::Latin1(b.to_ascii_lowercase());
    }
    let mut out = StrBuf::with_capacity_like(s);
    for (i, c) in s.chars().enumerate() {
        push_lower(&mut out, s, i, c);
    }
    out.into_narrowest()
}

/// `str.upper`.
pub fn upper(s: StrRef<'_>) -> StrBuf {
    match ascii(s) {
        Some(b) => StrBuf::Latin1(b.to_ascii_uppercase()),
        None => map_all(s, to_upper),
    }
}

/// `str.casefold`.
pub fn casefold(s: StrRef<'_>) -> StrBuf {
    match ascii(s) {
        Some(b) => StrBuf::Latin1(b.to_ascii_lowercase()),
        None => map_all(s, to_casefold),
    }
}

/// `str.capitalize`: the first character in title case, the rest in lower case.
pub fn capitalize(s: StrRef<'_>) -> StrBuf {
    if let Some(b) = ascii(s) {
        let mut v = b.to_ascii_lowercase();
        if let Some(first) = v.first_mut() {
            first.make_ascii_uppercase();
        }
        return StrBuf::Latin1(v);
    }
    let mut out = StrBuf::with_capacity_like(s);
    for (i, c) in s.chars().enumerate() {
        if i == 0 {
            push_all(&mut out, to_title(c));
        } else {
            push_lower(&mut out, s, i, c);
        }
    }
    out.into_narrowest()
}

/// `str.swapcase`.
pub fn swapcase(s: StrRef<'_>) -> StrBuf {
    if let Some(b) = ascii(s) {
        let flip = |&c: &u8| if c.is_ascii_alphabetic() { c ^ 0x20 } else { c };
        return StrBuf::Latin1(b.iter().map(flip).collect());
    }
    let mut out = StrBuf::with_capacity_like(s);
    for (i, c) in s.chars().enumerate() {
        if is_upper(c) {
            push_lower(&mut out, s, i, c);
        } else if is_lower(c) {
            push_all(&mut out, to_upper(c));
        } else {
            out.push(c);
        }
    }
    out.into_narrowest()
}

/// `str.title`: a cased character after an uncased one in title case, the others in lower case.
pub fn title(s: StrRef<'_>) -> StrBuf {
    let mut out = StrBuf::with_capacity_like(s);
    let mut in_word = false;
    for (i, c) in s.chars().enumerate() {
        if in_word {
            push_lower(&mut out, s, i, c);
        } else {
            push_all(&mut out, to_title(c));
        }
        in_word = is_cased(c);
    }
    out.into_narrowest()
}

macro_rules! all_of {
    ($($(#[$doc:meta])* $name:ident = $test:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(s: StrRef<'_>) -> bool {
            !s.is_empty() && s.all($test)
        }
    )*};
}

all_of! {
    /// `str.isalpha`.
    is_alpha_str = is_alpha;
    /// `str.isalnum`.
    is_alnum_str = is_alnum;
    /// `str.isdecimal`.
    is_decimal_str = is_decimal;
    /// `str.isdigit`.
    is_digit_str = is_digit;
    /// `str.isnumeric`.
    is_numeric_str = is_numeric;
    /// `str.isspace`.
    is_space_str = is_space;
}

/// `str.isprintable`; the empty string is.
pub fn is_printable_str(s: StrRef<'_>) -> bool {
    s.all(is_printable)
}

/// `str.isidentifier`.
pub fn is_identifier(s: StrRef<'_>) -> bool {
    let mut chars = s.chars();
    let begins = chars.next().is_some_and(|c| c == u32::from(b'_') || is_xid_start(c));
    begins && chars.all(is_xid_continue)
}

/// `str.islower`: some lower case and neither upper nor title case.
pub fn is_lower_str(s: StrRef<'_>) -> bool {
    let mut seen = false;
    for c in s.chars() {
        if is_upper(c) || is_title(c) {
            return false;
        }
        seen |= is_lower(c);
    }
    seen
}

/// `str.isupper`: some upper case and neither lower nor title case.
pub fn is_upper_str(s: StrRef<'_>) -> bool {
    let mut seen = false;
    for c in s.chars() {
        if is_lower(c) || is_title(c) {
            return false;
        }
        seen |= is_upper(c);
    }
    seen
}

/// `str.istitle`: upper and title case only after uncased, lower case only after cased characters.
pub fn is_title_str(s: StrRef<'_>) -> bool {
    let (mut seen, mut in_word) = (false, false);
    for c in s.chars() {
        if is_upper(c) || is_title(c) {
            if in_word {
                return false;
            }
            (seen, in_word) = (true, true);
        } else if is_lower(c) {
            if !in_word {
                return false;
            }
            seen = true;
        } else {
            in_word = false;
        }
    }
    seen
}
