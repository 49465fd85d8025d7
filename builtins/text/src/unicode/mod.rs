//! Unicode 16 properties of code points, the case mappings of strings, normal forms and names.
//!
//! A property is two loads from a two-stage index and one from a table of distinct records; ASCII
//! goes through the same path, which is short enough. A `u32` past 0x10FFFF has the properties of
//! an unassigned code point.

mod case;
mod names;
mod normalize;
pub mod old;

pub use case::{
    capitalize, casefold, is_alnum_str, is_alpha_str, is_decimal_str, is_digit_str, is_identifier,
    is_lower_str, is_numeric_str, is_printable_str, is_space_str, is_title_str, is_upper_str, lower,
    swapcase, title, upper,
};
pub use names::{NAME_MAX_LEN, Named, lookup, name, push_name};
pub use normalize::{NormalForm, decomposition, is_normalized, normalize};

use crate::tables::db::{self, DbRecord};
use crate::tables::types::{self, TypeRecord};

/// A case mapping of one code point: one to three code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseMapping {
    chars: [u32; 3],
    len: u8,
}

impl CaseMapping {
    #[inline]
    fn one(c: u32) -> Self {
        CaseMapping { chars: [c, 0, 0], len: 1 }
    }

    fn padded(chars: [u32; 3]) -> Self {
        let len = 1 + u8::from(chars[1] != 0) + u8::from(chars[2] != 0);
        CaseMapping { chars, len }
    }

    /// The code points it maps to.
    #[inline]
    pub fn as_slice(&self) -> &[u32] {
        &self.chars[..usize::from(self.len)]
    }
}

#[inline]
fn type_record(c: u32) -> &'static TypeRecord {
    let mask = (1 << types::TYPE_SHIFT) - 1;
    let block = types::TYPE_1.get((c >> types::TYPE_SHIFT) as usize).copied().unwrap_or(0);
    let at = (usize::from(block) << types::TYPE_SHIFT) | (c & mask) as usize;
    let number = types::TYPE_2.get(at).copied().unwrap_or(0);
    &types::TYPE_RECORDS[usize::from(number)]
}

#[inline]
fn db_record(c: u32) -> &'static DbRecord {
    const UNASSIGNED: DbRecord = DbRecord { category: 0, bidi: 0, combining: 0, width: 5, flags: 0 };
    let mask = (1 << db::DB_SHIFT) - 1;
    let Some(&block) = db::DB_1.get((c >> db::DB_SHIFT) as usize) else { return &UNASSIGNED };
    let at = (usize::from(block) << db::DB_SHIFT) | (c & mask) as usize;
    let number = db::DB_2.get(at).copied().unwrap_or(0);
    &db::DB_RECORDS[usize::from(number)]
}

#[inline]
fn flags(c: u32) -> u32 {
    if c > 0x10_FFFF { 0 } else { type_record(c).flags }
}

macro_rules! predicates {
    ($($(#[$doc:meta])* $name:ident = $flag:ident;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(c: u32) -> bool {
            flags(c) & types::$flag != 0
        }
    )*};
}

predicates! {
    /// `str.isalpha` of one code point.
    is_alpha = ALPHA;
    /// `str.isdecimal` of one code point.
    is_decimal = DECIMAL;
    /// `str.isdigit` of one code point.
    is_digit = DIGIT;
    /// `str.isnumeric` of one code point.
    is_numeric = NUMERIC;
    /// Lower case letter.
    is_lower = LOWER;
    /// Upper case letter.
    is_upper = UPPER;
    /// Title case letter (general category Lt).
    is_title = TITLE;
    /// Lower, upper or title case.
    is_cased = CASED;
    /// Skipped in the search for the context of a final sigma.
    is_case_ignorable = CASE_IGNORABLE;
    /// `str.isspace` of one code point.
    is_space = SPACE;
    /// Shown as it is by `repr`.
    is_printable = PRINTABLE;
    /// May begin an identifier, the underscore apart.
    is_xid_start = XID_START;
    /// May continue an identifier.
    is_xid_continue = XID_CONTINUE;
    /// Ends a line for `str.splitlines`.
    is_linebreak = LINEBREAK;
    /// Has another case for `re.IGNORECASE`.
    is_re_cased = RE_CASED;
}

/// `str.isalnum` of one code point.
#[inline]
pub fn is_alnum(c: u32) -> bool {
    flags(c) & (types::ALPHA | types::DECIMAL | types::DIGIT | types::NUMERIC) != 0
}

fn small(v: u8) -> Option<u8> {
    (v != 255).then_some(v)
}

/// Decimal value, as `unicodedata.decimal` tells it.
#[inline]
pub fn to_decimal(c: u32) -> Option<u8> {
    match c {
        0x30..=0x39 => Some((c - 0x30) as u8),
        0..0x80 => None,
        _ => small(type_record(c).decimal),
    }
}

/// Digit value, as `unicodedata.digit` tells it.
pub fn to_digit(c: u32) -> Option<u8> {
    small(type_record(c).digit)
}

/// Numeric value, as `unicodedata.numeric` tells it.
pub fn to_numeric(c: u32) -> Option<f64> {
    let chars = &types::NUMERIC_CHARS;
    let at = chars.partition_point(|&e| e >> 8 < c);
    let entry = *chars.get(at)?;
    (entry >> 8 == c).then(|| types::NUMERIC_VALUES[(entry & 0xFF) as usize])
}

#[inline]
fn shifted(c: u32, by: i32) -> u32 {
    c.wrapping_add_signed(by)
}

/// Simple lower case: always one code point.
#[inline]
pub fn simple_lower(c: u32) -> u32 {
    shifted(c, type_record(c).lower)
}

/// Simple upper case: always one code point.
#[inline]
pub fn simple_upper(c: u32) -> u32 {
    shifted(c, type_record(c).upper)
}

/// Simple title case: always one code point.
#[inline]
pub fn simple_title(c: u32) -> u32 {
    shifted(c, type_record(c).title)
}

fn special(c: u32) -> Option<&'static types::SpecialCase> {
    let cases = &types::SPECIAL_CASES;
    cases.binary_search_by_key(&c, |e| e.0).ok().map(|i| &cases[i])
}

macro_rules! mappings {
    ($($(#[$doc:meta])* $name:ident = $delta:ident, $column:tt;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(c: u32) -> CaseMapping {
            let r = type_record(c);
            if r.flags & types::SPECIAL != 0 {
                if let Some(s) = special(c) {
                    return CaseMapping::padded(s.$column);
                }
            }
            CaseMapping::one(shifted(c, r.$delta))
        }
    )*};
}

mappings! {
    /// Full lower case, without regard to the context of a final sigma.
    to_lower = lower, 1;
    /// Full upper case.
    to_upper = upper, 2;
    /// Full title case.
    to_title = title, 3;
    /// Full case folding.
    to_casefold = lower, 4;
}

/// General category, two letters.
pub fn category(c: u32) -> &'static str {
    db::CATEGORIES[usize::from(db_record(c).category)]
}

/// Bidirectional class, empty if none is assigned.
pub fn bidirectional(c: u32) -> &'static str {
    db::BIDIRECTIONAL[usize::from(db_record(c).bidi)]
}

/// Canonical combining class.
#[inline]
pub fn combining(c: u32) -> u8 {
    db_record(c).combining
}

/// Whether the character is mirrored in right-to-left text.
pub fn mirrored(c: u32) -> bool {
    db_record(c).flags & db::MIRRORED != 0
}

/// East Asian width.
pub fn east_asian_width(c: u32) -> &'static str {
    db::EAST_ASIAN_WIDTHS[usize::from(db_record(c).width)]
}
