//! Scanning a subject in its own width: the loops that decide how fast a search is.

use memchr::{memchr, memchr2, memchr3, memmem, memrchr};

use crate::program::Filter;

/// One stored character of a subject.
pub(crate) trait Unit: Copy + Eq {
    /// The code point.
    fn code(self) -> u32;
    /// First place of `c`.
    fn find(s: &[Self], c: u32) -> Option<usize>;
    /// Last place of `c`.
    fn rfind(s: &[Self], c: u32) -> Option<usize>;
    /// First place of `a` or `b`.
    fn find2(s: &[Self], a: u32, b: u32) -> Option<usize>;
    /// First place of a member of the filter, which lists its members if they are few.
    fn find_any(s: &[Self], filter: &Filter, few: &[u8]) -> Option<usize>;
    /// First place of a literal of two or more characters.
    fn find_literal(s: &[Self], literal: &[u32], finder: Option<&memmem::Finder<'_>>) -> Option<usize>;
}

impl Unit for u8 {
    #[inline(always)]
    fn code(self) -> u32 {
        u32::from(self)
    }

    #[inline]
    fn find(s: &[u8], c: u32) -> Option<usize> {
        memchr(u8::try_from(c).ok()?, s)
    }

    #[inline]
    fn rfind(s: &[u8], c: u32) -> Option<usize> {
        memrchr(u8::try_from(c).ok()?, s)
    }

    #[inline]
    fn find2(s: &[u8], a: u32, b: u32) -> Option<usize> {
        match (u8::try_from(a), u8::try_from(b)) {
            (Ok(a), Ok(b)) => memchr2(a, b, s),
            (Ok(a), Err(_)) => memchr(a, s),
            (Err(_), Ok(b)) => memchr(b, s),
            (Err(_), Err(_)) => None,
        }
    }

    #[inline]
    fn find_any(s: &[u8], filter: &Filter, few: &[u8]) -> Option<usize> {
        match *few {
            [a] => memchr(a, s),
            [a, b] => memchr2(a, b, s),
            [a, b, c] => memchr3(a, b, c, s),
            _ => s.iter().position(|&b| filter.table[usize::from(b)]),
        }
    }

    #[inline]
    fn find_literal(s: &[u8], _: &[u32], finder: Option<&memmem::Finder<'_>>) -> Option<usize> {
        // No finder: the literal has a character that no byte can hold.
        finder?.find(s)
    }
}

macro_rules! wide_unit {
    ($unit:ty) => {
        impl Unit for $unit {
            #[inline(always)]
            fn code(self) -> u32 {
                u32::from(self)
            }

            #[inline]
            fn find(s: &[$unit], c: u32) -> Option<usize> {
                let c = <$unit>::try_from(c).ok()?;
                find_where(s, |u| u == c)
            }

            #[inline]
            fn rfind(s: &[$unit], c: u32) -> Option<usize> {
                let c = <$unit>::try_from(c).ok()?;
                s.iter().rposition(|&u| u == c)
            }

            #[inline]
            fn find2(s: &[$unit], a: u32, b: u32) -> Option<usize> {
                match (<$unit>::try_from(a), <$unit>::try_from(b)) {
                    (Ok(a), Ok(b)) => find_where(s, |u| u == a || u == b),
                    (Ok(a), Err(_)) => find_where(s, |u| u == a),
                    (Err(_), Ok(b)) => find_where(s, |u| u == b),
                    (Err(_), Err(_)) => None,
                }
            }

            #[inline]
            fn find_any(s: &[$unit], filter: &Filter, _: &[u8]) -> Option<usize> {
                s.iter().position(|&u| filter.admits(u.code()))
            }

            fn find_literal(s: &[$unit], literal: &[u32], _: Option<&memmem::Finder<'_>>) -> Option<usize> {
                let (&first, rest) = literal.split_first()?;
                let mut at = 0;
                while s.len() - at >= literal.len() {
                    at += <$unit as Unit>::find(&s[at..=s.len() - literal.len()], first)?;
                    if s[at + 1..].iter().zip(rest).all(|(u, &c)| u.code() == c) {
                        return Some(at);
                    }
                    at += 1;
                }
                None
            }
        }
    };
}

wide_unit!(u16);
wide_unit!(u32);

/// First place that satisfies the test, sixteen at a time so that the test is vectorised.
#[inline(always)]
fn find_where<U: Copy>(s: &[U], test: impl Fn(U) -> bool) -> Option<usize> {
    let mut at = 0;
    for chunk in s.chunks_exact(16) {
        if chunk.iter().fold(false, |hit, &u| hit | test(u)) {
            break;
        }
        at += 16;
    }
    s[at..].iter().position(|&u| test(u)).map(|i| at + i)
}
