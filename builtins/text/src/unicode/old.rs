//! `unicodedata.ucd_3_2_0`: the database as it was in Unicode 3.2, for IDNA and stringprep.
//!
//! Each function answers as its namesake in the parent module does. What is not listed as changed
//! is what it is now, if it was assigned then.

use super::normalize::{NormalForm, decomposition as decomposition_now, normalize_as};
use crate::tables::db::{
    BIDIRECTIONAL, CATEGORIES, DB_RECORDS, DbRecord, EAST_ASIAN_WIDTHS, MIRRORED, Numbers, OLD_1, OLD_2,
    OLD_NORMALIZATIONS, OLD_NUMBERS, OLD_SHIFT,
};
use crate::{StrBuf, StrRef};

fn record(c: u32) -> &'static DbRecord {
    let mask = (1 << OLD_SHIFT) - 1;
    let block = OLD_1.get((c >> OLD_SHIFT) as usize).copied().unwrap_or(0);
    let at = (usize::from(block) << OLD_SHIFT) | (c & mask) as usize;
    let number = OLD_2.get(at).copied().unwrap_or(0);
    &DB_RECORDS[usize::from(number)]
}

pub(super) fn is_assigned(c: u32) -> bool {
    record(c).category != 0
}

pub(super) fn corrected(c: u32) -> Option<u32> {
    OLD_NORMALIZATIONS.iter().find(|e| e.0 == c).map(|e| e.1)
}

/// General category.
pub fn category(c: u32) -> &'static str {
    CATEGORIES[usize::from(record(c).category)]
}

/// Bidirectional class.
pub fn bidirectional(c: u32) -> &'static str {
    BIDIRECTIONAL[usize::from(record(c).bidi)]
}

/// Canonical combining class.
pub fn combining(c: u32) -> u8 {
    record(c).combining
}

/// Whether the character is mirrored.
pub fn mirrored(c: u32) -> bool {
    record(c).flags & MIRRORED != 0
}

/// East Asian width.
pub fn east_asian_width(c: u32) -> &'static str {
    EAST_ASIAN_WIDTHS[usize::from(record(c).width)]
}

fn changed(c: u32) -> Option<&'static Numbers> {
    OLD_NUMBERS.binary_search_by_key(&c, |e| e.0).ok().map(|i| &OLD_NUMBERS[i])
}

/// Decimal value.
pub fn to_decimal(c: u32) -> Option<u8> {
    match changed(c) {
        Some(e) => e.1,
        None => super::to_decimal(c).filter(|_| is_assigned(c)),
    }
}

/// Digit value.
pub fn to_digit(c: u32) -> Option<u8> {
    match changed(c) {
        Some(e) => e.2,
        None => super::to_digit(c).filter(|_| is_assigned(c)),
    }
}

/// Numeric value.
pub fn to_numeric(c: u32) -> Option<f64> {
    match changed(c) {
        Some(e) => e.3,
        None => super::to_numeric(c).filter(|_| is_assigned(c)),
    }
}

/// Decomposition, empty if there is none.
pub fn decomposition(c: u32) -> String {
    if is_assigned(c) { decomposition_now(c) } else { String::new() }
}

/// Name, if it was assigned.
pub fn name(c: u32) -> Option<String> {
    super::name(c).filter(|_| is_assigned(c))
}

/// The character of that name, if it was assigned; no aliases and no sequences.
pub fn lookup(name: &str) -> Option<u32> {
    match super::lookup(name)? {
        // Aliases are younger.
        super::Named::Char(c)
            if is_assigned(c) && super::name(c).is_some_and(|own| own.eq_ignore_ascii_case(name)) =>
        {
            Some(c)
        }
        _ => None,
    }
}

/// Normal form.
pub fn normalize(s: StrRef<'_>, form: NormalForm) -> StrBuf {
    normalize_as(s, form, true)
}

/// Whether `s` is in the normal form.
pub fn is_normalized(s: StrRef<'_>, form: NormalForm) -> bool {
    normalize(s, form).as_ref().chars().eq(s.chars())
}
