//! Character classes and case mappings: the predicates that the engine asks of a code point, and
//! the helpers that `_sre` exports (`unicode_tolower`, `ascii_iscased` and their kin).

use protopy_text::unicode;

/// The last code point; code words may be larger.
const MAX: u32 = 0x10_FFFF;

/// What the engine needs to know of Unicode.
pub trait CharClass {
    /// `str.isspace` of one character.
    fn is_space(c: u32) -> bool;
    /// `str.isalnum` of one character.
    fn is_alnum(c: u32) -> bool;
    /// `str.isdecimal` of one character.
    fn is_decimal(c: u32) -> bool;
    /// Whether `str.splitlines` breaks at the character.
    fn is_linebreak(c: u32) -> bool;
    /// The first character of the lower-case mapping.
    fn to_lower(c: u32) -> u32;
    /// The first character of the upper-case mapping.
    fn to_upper(c: u32) -> u32;
}

/// The Unicode tables in use.
pub struct Unicode;

impl CharClass for Unicode {
    #[inline]
    fn is_space(c: u32) -> bool {
        unicode::is_space(c)
    }
    #[inline]
    fn is_alnum(c: u32) -> bool {
        unicode::is_alnum(c)
    }
    #[inline]
    fn is_decimal(c: u32) -> bool {
        unicode::is_decimal(c)
    }
    #[inline]
    fn is_linebreak(c: u32) -> bool {
        unicode::is_linebreak(c)
    }
    #[inline]
    fn to_lower(c: u32) -> u32 {
        if c > MAX { c } else { unicode::simple_lower(c) }
    }
    fn to_upper(c: u32) -> u32 {
        if c > MAX { c } else { unicode::to_upper(c).as_slice().first().copied().unwrap_or(c) }
    }
}

/// The classification of single bytes by a C locale, for patterns with the LOCALE flag.
#[derive(Clone, PartialEq, Eq)]
pub struct Locale {
    /// `tolower` of each byte.
    pub lower: [u8; 256],
    /// `toupper` of each byte.
    pub upper: [u8; 256],
    /// `isalnum` of each byte.
    pub alnum: [bool; 256],
}

impl Locale {
    /// The "C" locale, which UTF-8 locales equal byte for byte.
    pub const C: Locale = Locale::ascii();

    const fn ascii() -> Locale {
        let mut l = Locale { lower: [0; 256], upper: [0; 256], alnum: [false; 256] };
        let mut c = 0u8;
        loop {
            l.lower[c as usize] = c.to_ascii_lowercase();
            l.upper[c as usize] = c.to_ascii_uppercase();
            l.alnum[c as usize] = c.is_ascii_alphanumeric();
            if c == 255 {
                return l;
            }
            c += 1;
        }
    }

    /// The lower case of a code point; those above 255 have none.
    #[inline]
    pub fn to_lower(&self, c: u32) -> u32 {
        u8::try_from(c).map_or(c, |b| u32::from(self.lower[usize::from(b)]))
    }

    /// The upper case of a code point; those above 255 have none.
    #[inline]
    pub fn to_upper(&self, c: u32) -> u32 {
        u8::try_from(c).map_or(c, |b| u32::from(self.upper[usize::from(b)]))
    }

    /// Whether a code point is a letter, digit or underscore.
    #[inline]
    pub fn is_word(&self, c: u32) -> bool {
        u8::try_from(c).is_ok_and(|b| self.alnum[usize::from(b)] || b == b'_')
    }
}

/// Whether the code point is an ASCII letter (`_sre.ascii_iscased`).
pub fn ascii_iscased(c: u32) -> bool {
    u8::try_from(c).is_ok_and(|b| b.is_ascii_alphabetic())
}

/// The ASCII lower case (`_sre.ascii_tolower`).
#[inline]
pub fn ascii_tolower(c: u32) -> u32 {
    u8::try_from(c).map_or(c, |b| u32::from(b.to_ascii_lowercase()))
}

/// Whether the code point has another case (`_sre.unicode_iscased`).
pub fn unicode_iscased(c: u32) -> bool {
    unicode::is_re_cased(c)
}

/// The lower case (`_sre.unicode_tolower`).
pub fn unicode_tolower(c: u32) -> u32 {
    Unicode::to_lower(c)
}
