//! Scanning of JSON strings.

use super::decode_error;
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::{Ctx, PyResult, Value};

/// A code unit of a string in one of the three storage widths.
pub(super) trait Unit: Copy + 'static {
    /// As a code point.
    fn point(self) -> u32;
    /// A view of units.
    fn view(s: &[Self]) -> StrRef<'_>;
}

impl Unit for u8 {
    #[inline(always)]
    fn point(self) -> u32 {
        u32::from(self)
    }

    #[inline(always)]
    fn view(s: &[u8]) -> StrRef<'_> {
        StrRef::Latin1(s)
    }
}

impl Unit for u16 {
    #[inline(always)]
    fn point(self) -> u32 {
        u32::from(self)
    }

    #[inline(always)]
    fn view(s: &[u16]) -> StrRef<'_> {
        StrRef::Ucs2(s)
    }
}

impl Unit for u32 {
    #[inline(always)]
    fn point(self) -> u32 {
        self
    }

    #[inline(always)]
    fn view(s: &[u32]) -> StrRef<'_> {
        StrRef::Ucs4(s)
    }
}

/// Scans the string whose first character is at `begin`; `text` is the object behind the view. The str and the index behind the
/// closing quote.
pub(super) fn scan_string(
    cx: &mut Ctx,
    text: Value,
    s: StrRef<'_>,
    begin: usize,
    strict: bool,
) -> PyResult<(Value, usize)> {
    match s {
        StrRef::Latin1(s) => scan_units(cx, text, s, begin, strict),
        StrRef::Ucs2(s) => scan_units(cx, text, s, begin, strict),
        StrRef::Ucs4(s) => scan_units(cx, text, s, begin, strict),
    }
}

/// Whether a unit ends a run of characters that stand for themselves: quote, backslash or control character.
#[inline(always)]
fn special<T: Unit>(c: T) -> bool {
    let c = c.point();
    c == u32::from(b'"') || c == u32::from(b'\\') || c < 0x20
}

/// The end of the run of plain characters that starts at `at`.
#[inline(always)]
pub(super) fn plain_run<T: Unit>(s: &[T], at: usize) -> usize {
    s[at..].iter().position(|&c| special(c)).map_or(s.len(), |n| at + n)
}

/// As [`scan_string`] for one storage width. `begin` is at most the length.
pub(super) fn scan_units<T: Unit>(
    cx: &mut Ctx,
    text: Value,
    s: &[T],
    begin: usize,
    strict: bool,
) -> PyResult<(Value, usize)> {
    let end = plain_run(s, begin);
    if s.get(end).is_some_and(|c| c.point() == u32::from(b'"')) {
        return Ok((cx.str_from(T::view(&s[begin..end]))?, end + 1));
    }
    scan_escaped(cx, text, s, begin, end, strict)
}

/// Goes on at `at`, where something other than the closing quote stands.
fn scan_escaped<T: Unit>(
    cx: &mut Ctx,
    text: Value,
    s: &[T],
    begin: usize,
    mut at: usize,
    strict: bool,
) -> PyResult<(Value, usize)> {
    let start = begin as i64 - 1;
    let mut out = StrBuf::with_capacity_like(T::view(&[]));
    let mut from = begin;
    loop {
        let Some(c) = s.get(at).map(|c| c.point()) else {
            return Err(decode_error(cx, "Unterminated string starting at", text, start));
        };
        if c < 0x20 {
            if strict {
                return Err(decode_error(cx, "Invalid control character at", text, at as i64));
            }
            at = plain_run(s, at + 1);
            continue;
        }
        let run = T::view(&s[from..at]);
        if !out.try_reserve(run.len() + 1) {
            return Err(cx.no_memory());
        }
        out.push_ref(run);
        if c == u32::from(b'"') {
            return Ok((cx.str_buf(out)?, at + 1));
        }
        let Some(e) = s.get(at + 1).map(|c| c.point()) else {
            return Err(decode_error(cx, "Unterminated string starting at", text, start));
        };
        let (point, next) = match u8::try_from(e).unwrap_or(0) {
            q @ (b'"' | b'\\' | b'/') => (u32::from(q), at + 2),
            b'b' => (8, at + 2),
            b'f' => (12, at + 2),
            b'n' => (10, at + 2),
            b'r' => (13, at + 2),
            b't' => (9, at + 2),
            b'u' => match unicode_escape(s, at + 2) {
                Ok(found) => found,
                Err(at) => return Err(decode_error(cx, "Invalid \\uXXXX escape", text, at as i64)),
            },
            _ => return Err(decode_error(cx, "Invalid \\escape", text, at as i64)),
        };
        out.push(point);
        from = next;
        at = plain_run(s, next);
    }
}

/// Four hexadecimal digits at `at`.
fn hex4<T: Unit>(s: &[T], at: usize) -> Option<u32> {
    let digits = s.get(at..at + 4)?;
    digits.iter().try_fold(0, |n, c| Some(n << 4 | char::from_u32(c.point())?.to_digit(16)?))
}

/// The code point of the escape whose digits stand at `at`, of two escapes for a surrogate pair, and the index behind it. Or else the
/// position of the `u`.
fn unicode_escape<T: Unit>(s: &[T], at: usize) -> Result<(u32, usize), usize> {
    let end = at + 4;
    if end > s.len() {
        return Err(at - 1);
    }
    let c = hex4(s, at).ok_or(at - 1)?;
    let escape = |i: usize, c: u8| s.get(i).is_some_and(|x| x.point() == u32::from(c));
    if (0xd800..0xdc00).contains(&c) && end + 6 < s.len() && escape(end, b'\\') && escape(end + 1, b'u') {
        let low = hex4(s, end + 2).ok_or(end + 1)?;
        if (0xdc00..0xe000).contains(&low) {
            return Ok((0x1_0000 + ((c & 0x3ff) << 10 | low & 0x3ff), end + 6));
        }
    }
    Ok((c, end))
}
