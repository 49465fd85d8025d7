//! Character sets: a table for the first 256 code points, a verdict or a list for the others.
//!
//! Every single-character test of the pattern code but the plain literals becomes a [`CharSet`],
//! the case-insensitive ones included, so that the matcher knows one test only: a table look-up
//! below 256. What lies above is, for most sets, decided without looking (none of them, all of
//! them, one Unicode category); the rest walk the set's items.

use crate::classes::{CharClass, Locale, Unicode, ascii_tolower};

/// A named class of characters, the operand of CATEGORY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Digit,
    Space,
    Word,
    Linebreak,
    LocWord,
    UniDigit,
    UniSpace,
    UniWord,
    UniLinebreak,
}

/// A class or its complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Category {
    pub(crate) class: Class,
    pub(crate) negated: bool,
}

impl Category {
    /// Decodes a CATEGORY operand: classes in pairs, the complement second.
    pub(crate) fn from_code(code: u32) -> Option<Category> {
        use Class::*;
        let classes = [Digit, Space, Word, Linebreak, LocWord, UniDigit, UniSpace, UniWord, UniLinebreak];
        let class = *classes.get(usize::try_from(code / 2).ok()?)?;
        Some(Category { class, negated: code % 2 == 1 })
    }

    /// Whether the category holds the code point.
    #[inline]
    pub(crate) fn has(self, c: u32, locale: &Locale) -> bool {
        let ascii = |f: fn(&u8) -> bool| u8::try_from(c).is_ok_and(|b| f(&b));
        let inside = match self.class {
            Class::Digit => ascii(u8::is_ascii_digit),
            Class::Space => c == 32 || (9..=13).contains(&c),
            Class::Word => c == 95 || ascii(u8::is_ascii_alphanumeric),
            Class::Linebreak => c == 10,
            Class::LocWord => locale.is_word(c),
            Class::UniDigit => Unicode::is_decimal(c),
            Class::UniSpace => Unicode::is_space(c),
            Class::UniWord => c == 95 || Unicode::is_alnum(c),
            Class::UniLinebreak => Unicode::is_linebreak(c),
        };
        inside != self.negated
    }

    /// Whether the class is one of those without members above 255.
    fn is_narrow(self) -> bool {
        matches!(self.class, Class::Digit | Class::Space | Class::Word | Class::Linebreak | Class::LocWord)
    }

    /// Whether no code point is in both categories.
    pub(crate) fn disjoint(self, other: Category) -> bool {
        use Class::*;
        let (a, b) = (self, other);
        match (a.negated, b.negated) {
            (false, false) => matches!(
                (a.class, b.class),
                (UniWord | UniDigit, UniSpace | UniLinebreak) | (UniSpace | UniLinebreak, UniWord | UniDigit)
            ),
            (true, false) => a.class == b.class || (a.class == UniWord && b.class == UniDigit),
            (false, true) => b.disjoint(a),
            (true, true) => false,
        }
    }
}

/// A chunked bitmap over the Basic Multilingual Plane.
#[derive(Clone, Debug)]
pub(crate) struct Big {
    /// Which chunk describes the 256 code points with a given high byte.
    pub(crate) chunk_of: [u8; 256],
    /// The chunks, 256 bits each.
    pub(crate) chunks: Vec<[u32; 8]>,
}

/// One step in the description of a set.
#[derive(Clone, Debug)]
pub(crate) enum SetItem {
    Literal(u32),
    Range(u32, u32),
    /// A range that takes the upper case of the character as well.
    RangeUniIgnore(u32, u32),
    Category(Category),
    Bitmap([u32; 8]),
    Big(Box<Big>),
    /// From here on membership means "not in the set".
    Negate,
}

fn bit(words: &[u32; 8], c: u32) -> bool {
    words[(c >> 5 & 7) as usize] >> (c & 31) & 1 != 0
}

/// How a character is folded before it is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fold {
    None,
    Ascii,
    Unicode,
    /// Either case by the locale.
    Locale,
    /// The character itself or either case by the locale.
    LocaleChar,
}

/// What is known of the members above 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wide {
    None,
    All,
    Category(Category),
    Items,
}

/// A compiled set of characters.
#[derive(Clone)]
pub(crate) struct CharSet {
    table: [bool; 256],
    wide: Wide,
    items: Box<[SetItem]>,
    fold: Fold,
}

impl CharSet {
    /// Compiles a description under a locale.
    pub(crate) fn new(items: Vec<SetItem>, fold: Fold, locale: &Locale) -> CharSet {
        let wide = Wide::of(&items, fold);
        let mut set = CharSet { table: [false; 256], wide, items: items.into(), fold };
        set.fill(locale);
        set
    }

    /// The same set under another locale.
    pub(crate) fn relocated(&self, locale: &Locale) -> CharSet {
        let mut set = self.clone();
        set.fill(locale);
        set
    }

    fn fill(&mut self, locale: &Locale) {
        for c in 0..=255u8 {
            self.table[usize::from(c)] = self.describes(u32::from(c), locale);
        }
    }

    /// Whether membership depends on the locale.
    pub(crate) fn uses_locale(&self) -> bool {
        matches!(self.fold, Fold::Locale | Fold::LocaleChar)
            || self
                .items
                .iter()
                .any(|i| matches!(i, SetItem::Category(Category { class: Class::LocWord, .. })))
    }

    /// The members below 256.
    #[inline(always)]
    pub(crate) fn table(&self) -> &[bool; 256] {
        &self.table
    }

    /// Whether the code point is a member.
    #[inline(always)]
    pub(crate) fn has(&self, c: u32) -> bool {
        match u8::try_from(c) {
            Ok(b) => self.table[usize::from(b)],
            Err(_) => self.has_wide(c),
        }
    }

    /// What may be said of the members above 255: none, a category, or anything.
    pub(crate) fn wide_members(&self) -> (bool, Option<Category>) {
        match self.wide {
            Wide::None => (false, None),
            Wide::Category(c) => (true, Some(c)),
            Wide::All | Wide::Items => (true, None),
        }
    }

    // No locale says anything of a code point above 255, hence the fixed one.
    #[inline]
    fn has_wide(&self, c: u32) -> bool {
        match self.wide {
            Wide::None => false,
            Wide::All => true,
            Wide::Category(category) => category.has(c, &Locale::C),
            Wide::Items => self.describes(c, &Locale::C),
        }
    }

    fn describes(&self, c: u32, locale: &Locale) -> bool {
        match self.fold {
            Fold::None => self.walk([c], locale),
            Fold::Ascii => self.walk([ascii_tolower(c)], locale),
            Fold::Unicode => self.walk([Unicode::to_lower(c)], locale),
            Fold::Locale => self.walk([locale.to_lower(c), locale.to_upper(c)], locale),
            Fold::LocaleChar => self.walk([c, locale.to_lower(c), locale.to_upper(c)], locale),
        }
    }

    /// Walks the items; one is hit if it has any form of the character.
    fn walk<const N: usize>(&self, forms: [u32; N], locale: &Locale) -> bool {
        let mut found = true;
        for item in &self.items {
            if let SetItem::Negate = item {
                found = !found;
            } else if forms.iter().any(|&c| item.has(c, locale)) {
                return found;
            }
        }
        !found
    }
}

impl SetItem {
    fn has(&self, c: u32, locale: &Locale) -> bool {
        match self {
            SetItem::Literal(l) => *l == c,
            SetItem::Range(lo, hi) => (*lo..=*hi).contains(&c),
            SetItem::RangeUniIgnore(lo, hi) => {
                let range = *lo..=*hi;
                range.contains(&c) || range.contains(&Unicode::to_upper(c))
            }
            SetItem::Category(category) => category.has(c, locale),
            SetItem::Bitmap(bits) => c < 256 && bit(bits, c),
            SetItem::Big(big) => big.has(c),
            SetItem::Negate => false,
        }
    }
}

impl Big {
    fn has(&self, c: u32) -> bool {
        let Some(&chunk) = usize::try_from(c >> 8).ok().and_then(|hi| self.chunk_of.get(hi)) else {
            return false;
        };
        self.chunks.get(usize::from(chunk)).is_some_and(|bits| bit(bits, c & 255))
    }
}

impl Wide {
    fn of(items: &[SetItem], fold: Fold) -> Wide {
        if let (Fold::None, [SetItem::Category(c)]) = (fold, items)
            && !c.is_narrow()
        {
            return Wide::Category(*c);
        }
        // A lower case may lie below 256 though the character does not: the Kelvin sign.
        if fold == Fold::Unicode {
            return Wide::Items;
        }
        let (negated, rest) = match items {
            [SetItem::Negate, rest @ ..] => (true, rest),
            _ => (false, items),
        };
        let narrow = rest.iter().all(|item| match item {
            SetItem::Literal(c) => *c < 256,
            SetItem::Range(_, hi) => *hi < 256,
            SetItem::Category(c) => c.is_narrow() && !c.negated,
            SetItem::Bitmap(_) => true,
            SetItem::RangeUniIgnore(..) | SetItem::Big(_) | SetItem::Negate => false,
        });
        match (narrow, negated) {
            (true, false) => Wide::None,
            (true, true) => Wide::All,
            (false, _) => Wide::Items,
        }
    }
}
