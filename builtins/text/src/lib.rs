//! Strings below the object model: the neutral string view and builder, Unicode 16 tables,
//! codecs and the formatting of numbers.
//!
//! Nothing here knows an object: `protocore` lays strings out, `builtins` gives them methods, and
//! both speak [`StrRef`] and [`StrBuf`]. A string is a sequence of code points 0..=0x10FFFF, lone
//! surrogates included, in the narrowest of three widths.

pub mod codecs;
pub mod format;
pub mod repr;
pub mod search;
pub mod strparse;
pub mod unicode;

#[allow(clippy::approx_constant, clippy::excessive_precision)]
mod tables;

/// A borrowed string in its storage width. `Latin1` holds code points below 256.
#[derive(Clone, Copy, Debug)]
pub enum StrRef<'a> {
    /// One byte a code point.
    Latin1(&'a [u8]),
    /// Two bytes a code point.
    Ucs2(&'a [u16]),
    /// Four bytes a code point.
    Ucs4(&'a [u32]),
}

impl<'a> StrRef<'a> {
    /// Number of code points.
    #[inline]
    pub fn len(self) -> usize {
        match self {
            StrRef::Latin1(s) => s.len(),
            StrRef::Ucs2(s) => s.len(),
            StrRef::Ucs4(s) => s.len(),
        }
    }

    /// Whether there is no code point.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The code point at `i`, or `None` past the end.
    #[inline]
    pub fn get(self, i: usize) -> Option<u32> {
        match self {
            StrRef::Latin1(s) => s.get(i).map(|&c| u32::from(c)),
            StrRef::Ucs2(s) => s.get(i).map(|&c| u32::from(c)),
            StrRef::Ucs4(s) => s.get(i).copied(),
        }
    }

    /// The part between two code-point indices, both clamped to the length.
    pub fn slice(self, start: usize, end: usize) -> StrRef<'a> {
        let end = end.min(self.len());
        let start = start.min(end);
        match self {
            StrRef::Latin1(s) => StrRef::Latin1(&s[start..end]),
            StrRef::Ucs2(s) => StrRef::Ucs2(&s[start..end]),
            StrRef::Ucs4(s) => StrRef::Ucs4(&s[start..end]),
        }
    }

    /// Whether all code points pass the test; the width is told apart once.
    #[inline]
    pub fn all(self, test: impl Fn(u32) -> bool) -> bool {
        match self {
            StrRef::Latin1(s) => s.iter().all(|&c| test(u32::from(c))),
            StrRef::Ucs2(s) => s.iter().all(|&c| test(u32::from(c))),
            StrRef::Ucs4(s) => s.iter().all(|&c| test(c)),
        }
    }

    /// Whether all code points are below 0x80.
    pub fn is_ascii(self) -> bool {
        match self {
            StrRef::Latin1(s) => s.is_ascii(),
            _ => self.all(|c| c < 0x80),
        }
    }

    /// All code points in order.
    pub fn chars(self) -> Chars<'a> {
        Chars { s: self, at: 0, end: self.len() }
    }
}

/// Iterator over the code points of a [`StrRef`].
#[derive(Clone, Debug)]
pub struct Chars<'a> {
    s: StrRef<'a>,
    at: usize,
    end: usize,
}

impl Iterator for Chars<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.at >= self.end {
            return None;
        }
        let c = self.s.get(self.at);
        self.at += 1;
        c
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.end - self.at, Some(self.end - self.at))
    }
}

impl DoubleEndedIterator for Chars<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<u32> {
        if self.at >= self.end {
            return None;
        }
        self.end -= 1;
        self.s.get(self.end)
    }
}

impl ExactSizeIterator for Chars<'_> {}

/// A growing string that widens when a wider code point arrives.
///
/// The buffer may be wider than its content after slicing; whoever makes an object of it narrows
/// it with [`StrBuf::into_narrowest`].
#[derive(Clone, Debug)]
pub enum StrBuf {
    /// One byte a code point.
    Latin1(Vec<u8>),
    /// Two bytes a code point.
    Ucs2(Vec<u16>),
    /// Four bytes a code point.
    Ucs4(Vec<u32>),
}

impl Default for StrBuf {
    fn default() -> Self {
        StrBuf::new()
    }
}

impl StrBuf {
    /// An empty builder.
    pub fn new() -> Self {
        StrBuf::Latin1(Vec::new())
    }

    /// An empty builder with room for `n` Latin-1 code points.
    pub fn with_capacity(n: usize) -> Self {
        StrBuf::Latin1(Vec::with_capacity(n))
    }

    /// An empty builder as wide as `s`, with room for its length.
    pub fn with_capacity_like(s: StrRef<'_>) -> Self {
        match s {
            StrRef::Latin1(v) => StrBuf::Latin1(Vec::with_capacity(v.len())),
            StrRef::Ucs2(v) => StrBuf::Ucs2(Vec::with_capacity(v.len())),
            StrRef::Ucs4(v) => StrBuf::Ucs4(Vec::with_capacity(v.len())),
        }
    }

    /// A copy of a view, in its width.
    pub fn from_ref(s: StrRef<'_>) -> Self {
        match s {
            StrRef::Latin1(v) => StrBuf::Latin1(v.to_vec()),
            StrRef::Ucs2(v) => StrBuf::Ucs2(v.to_vec()),
            StrRef::Ucs4(v) => StrBuf::Ucs4(v.to_vec()),
        }
    }

    /// Appends bytes as Latin-1 code points.
    pub fn push_latin1(&mut self, bytes: &[u8]) {
        self.push_ref(StrRef::Latin1(bytes));
    }

    /// Appends `c` `n` times.
    pub fn push_n(&mut self, c: u32, n: usize) {
        if n == 0 {
            return;
        }
        self.push(c);
        match self {
            StrBuf::Latin1(v) => v.resize(v.len() + (n - 1), c as u8),
            StrBuf::Ucs2(v) => v.resize(v.len() + (n - 1), c as u16),
            StrBuf::Ucs4(v) => v.resize(v.len() + (n - 1), c),
        }
    }

    /// The content as a view.
    #[inline]
    pub fn as_ref(&self) -> StrRef<'_> {
        match self {
            StrBuf::Latin1(v) => StrRef::Latin1(v),
            StrBuf::Ucs2(v) => StrRef::Ucs2(v),
            StrBuf::Ucs4(v) => StrRef::Ucs4(v),
        }
    }

    /// Cuts the content to `n` code points.
    pub fn truncate(&mut self, n: usize) {
        match self {
            StrBuf::Latin1(v) => v.truncate(n),
            StrBuf::Ucs2(v) => v.truncate(n),
            StrBuf::Ucs4(v) => v.truncate(n),
        }
    }

    /// Number of code points.
    pub fn len(&self) -> usize {
        self.as_ref().len()
    }

    /// Whether nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn widen_to_ucs2(&mut self) {
        if let StrBuf::Latin1(v) = self {
            *self = StrBuf::Ucs2(v.iter().map(|&c| u16::from(c)).collect());
        }
    }

    fn widen_to_ucs4(&mut self) {
        match self {
            StrBuf::Latin1(v) => *self = StrBuf::Ucs4(v.iter().map(|&c| u32::from(c)).collect()),
            StrBuf::Ucs2(v) => *self = StrBuf::Ucs4(v.iter().map(|&c| u32::from(c)).collect()),
            StrBuf::Ucs4(_) => {}
        }
    }

    /// Appends one code point.
    #[inline]
    pub fn push(&mut self, c: u32) {
        match self {
            StrBuf::Latin1(v) if c < 0x100 => return v.push(c as u8),
            StrBuf::Ucs2(v) if c < 0x1_0000 => return v.push(c as u16),
            StrBuf::Ucs4(v) => return v.push(c),
            _ => {}
        }
        if c < 0x1_0000 {
            self.widen_to_ucs2();
        } else {
            self.widen_to_ucs4();
        }
        self.push(c);
    }

    /// Appends UTF-8 text.
    pub fn push_str(&mut self, s: &str) {
        if let (StrBuf::Latin1(v), true) = (&mut *self, s.is_ascii()) {
            v.extend_from_slice(s.as_bytes());
            return;
        }
        // The largest byte tells the width: leads from 0xC4 begin code points past Latin-1, from
        // 0xF0 those past the basic plane.
        match s.bytes().max().unwrap_or(0) {
            0xF0.. => self.widen_to_ucs4(),
            0xC4.. => self.widen_to_ucs2(),
            _ => {}
        }
        let count = s.chars().count();
        match self {
            StrBuf::Latin1(v) => {
                v.reserve(count);
                v.extend(s.chars().map(|c| c as u8));
            }
            StrBuf::Ucs2(v) => {
                v.reserve(count);
                push_runs(v, s, |c| c as u16);
            }
            StrBuf::Ucs4(v) => {
                v.reserve(count);
                push_runs(v, s, u32::from);
            }
        }
    }

    /// Appends a view.
    pub fn push_ref(&mut self, s: StrRef<'_>) {
        match (&mut *self, s) {
            (StrBuf::Latin1(v), StrRef::Latin1(s)) => return v.extend_from_slice(s),
            (StrBuf::Ucs2(v), StrRef::Latin1(s)) => return v.extend(s.iter().map(|&c| u16::from(c))),
            (StrBuf::Ucs2(v), StrRef::Ucs2(s)) => return v.extend_from_slice(s),
            (StrBuf::Ucs4(v), StrRef::Latin1(s)) => return v.extend(s.iter().map(|&c| u32::from(c))),
            (StrBuf::Ucs4(v), StrRef::Ucs2(s)) => return v.extend(s.iter().map(|&c| u32::from(c))),
            (StrBuf::Ucs4(v), StrRef::Ucs4(s)) => return v.extend_from_slice(s),
            (_, StrRef::Ucs4(_)) => self.widen_to_ucs4(),
            (_, StrRef::Ucs2(_)) => self.widen_to_ucs2(),
        }
        self.push_ref(s);
    }

    /// Reserves room for `n` more code points as wide as now; false if there is no memory.
    pub fn try_reserve(&mut self, n: usize) -> bool {
        match self {
            StrBuf::Latin1(v) => v.try_reserve(n).is_ok(),
            StrBuf::Ucs2(v) => v.try_reserve(n).is_ok(),
            StrBuf::Ucs4(v) => v.try_reserve(n).is_ok(),
        }
    }

    /// The same content in the narrowest width that holds it.
    pub fn into_narrowest(self) -> Self {
        let max = match &self {
            StrBuf::Latin1(_) => return self,
            StrBuf::Ucs2(v) => u32::from(v.iter().copied().max().unwrap_or(0)),
            StrBuf::Ucs4(v) => v.iter().copied().max().unwrap_or(0),
        };
        match self {
            StrBuf::Ucs2(v) if max < 0x100 => StrBuf::Latin1(v.into_iter().map(|c| c as u8).collect()),
            StrBuf::Ucs4(v) if max < 0x100 => StrBuf::Latin1(v.into_iter().map(|c| c as u8).collect()),
            StrBuf::Ucs4(v) if max < 0x1_0000 => StrBuf::Ucs2(v.into_iter().map(|c| c as u16).collect()),
            same => same,
        }
    }
}

/// Appends text, runs of ASCII eight at a time.
fn push_runs<T: From<u8>>(out: &mut Vec<T>, mut s: &str, unit: impl Fn(char) -> T) {
    loop {
        while let Some(run) = s.as_bytes().first_chunk::<8>()
            && run.is_ascii()
        {
            out.extend(run.map(T::from));
            s = s.get(8..).unwrap_or("");
        }
        // What is not ASCII mostly comes in runs, too.
        let mut chars = s.chars();
        let Some(c) = chars.next() else { return };
        out.push(unit(c));
        for _ in 0..7 {
            match chars.next() {
                Some(c) => out.push(unit(c)),
                None => return,
            }
        }
        s = chars.as_str();
    }
}

impl From<&str> for StrBuf {
    fn from(s: &str) -> Self {
        let mut b = StrBuf::with_capacity(s.len());
        b.push_str(s);
        b
    }
}
