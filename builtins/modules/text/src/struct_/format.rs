//! Formats of `struct`: parsed once into a list of fields with offsets.

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One byte as bytes of length 1 (`c`).
    Char,
    /// An integer that has a sign.
    Signed,
    /// An integer that has none.
    Unsigned,
    /// A pointer: packs as either.
    Pointer,
    /// A truth value.
    Bool,
    /// A float of 2, 4 or 8 bytes.
    Float,
    /// A complex number of two floats.
    Complex,
    /// Bytes of a fixed length (`s`).
    Bytes,
    /// Bytes preceded by their length in one byte (`p`).
    Pascal,
}

/// Fields of one kind in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// The character in the format.
    pub(crate) code: u8,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Where the first starts.
    pub(crate) offset: usize,
    /// Bytes of one.
    pub(crate) size: usize,
    /// How many.
    pub(crate) count: usize,
}

/// A parsed format.
#[derive(Debug)]
pub(crate) struct Format {
    /// The text.
    pub(crate) text: Box<[u8]>,
    /// Total size.
    pub(crate) size: usize,
    /// Number of values.
    pub(crate) values: usize,
    /// Whether numbers are big-endian.
    pub(crate) big: bool,
    /// The fields.
    pub(crate) fields: Box<[Field]>,
}

const TOO_LONG: &str = "total struct size too long";
const BAD_CHAR: &str = "bad char in struct format";

/// Size and alignment of a code: native, else standard.
fn describe(code: u8, native: bool) -> Option<(Kind, usize, usize)> {
    let long = if native { 8 } else { 4 };
    let (kind, size) = match code {
        b'c' => (Kind::Char, 1),
        b'b' => (Kind::Signed, 1),
        b'B' => (Kind::Unsigned, 1),
        b'?' => (Kind::Bool, 1),
        b'h' => (Kind::Signed, 2),
        b'H' => (Kind::Unsigned, 2),
        b'i' => (Kind::Signed, 4),
        b'I' => (Kind::Unsigned, 4),
        b'l' => (Kind::Signed, long),
        b'L' => (Kind::Unsigned, long),
        b'q' => (Kind::Signed, 8),
        b'Q' => (Kind::Unsigned, 8),
        b'n' if native => (Kind::Signed, 8),
        b'N' if native => (Kind::Unsigned, 8),
        b'P' if native => (Kind::Pointer, 8),
        b'e' => (Kind::Float, 2),
        b'f' => (Kind::Float, 4),
        b'd' => (Kind::Float, 8),
        b'F' => return Some((Kind::Complex, 8, if native { 4 } else { 1 })),
        b'D' => return Some((Kind::Complex, 16, if native { 8 } else { 1 })),
        b's' => return Some((Kind::Bytes, 1, 1)),
        b'p' => return Some((Kind::Pascal, 1, 1)),
        _ => return None,
    };
    Some((kind, size, if native { size } else { 1 }))
}

const LIMIT: usize = isize::MAX as usize;

fn bounded(n: Option<usize>) -> Result<usize, &'static str> {
    n.filter(|n| *n <= LIMIT).ok_or(TOO_LONG)
}

impl Format {
    /// Parses a format.
    pub(crate) fn parse(text: &[u8]) -> Result<Format, &'static str> {
        if text.contains(&0) {
            return Err("embedded null character");
        }
        let (native, big, skip) = match text.first() {
            Some(b'@') => (true, cfg!(target_endian = "big"), 1),
            Some(b'=') => (false, cfg!(target_endian = "big"), 1),
            Some(b'<') => (false, false, 1),
            Some(b'>' | b'!') => (false, true, 1),
            _ => (true, cfg!(target_endian = "big"), 0),
        };
        let mut f = Format { text: text.into(), size: 0, values: 0, big, fields: Box::default() };
        let mut fields = Vec::new();
        let mut rest = text.get(skip..).unwrap_or_default().iter().copied().peekable();
        while let Some(c) = rest.next() {
            if c.is_ascii_whitespace() || c == 0x0b {
                continue;
            }
            let mut code = c;
            let mut count = 1usize;
            if c.is_ascii_digit() {
                count = usize::from(c - b'0');
                code = loop {
                    match rest.next() {
                        Some(d @ b'0'..=b'9') => {
                            let next =
                                count.checked_mul(10).and_then(|n| n.checked_add(usize::from(d - b'0')));
                            count = bounded(next)?;
                        }
                        Some(c) => break c,
                        None => return Err("repeat count given without format specifier"),
                    }
                };
            }
            f.add(&mut fields, code, count, native)?;
        }
        f.fields = fields.into();
        Ok(f)
    }

    fn add(
        &mut self,
        fields: &mut Vec<Field>,
        code: u8,
        count: usize,
        native: bool,
    ) -> Result<(), &'static str> {
        if code == b'x' {
            self.size = bounded(self.size.checked_add(count))?;
            return Ok(());
        }
        let (kind, size, align) = describe(code, native).ok_or(BAD_CHAR)?;
        self.size = bounded(self.size.checked_next_multiple_of(align))?;
        let field = match kind {
            Kind::Bytes | Kind::Pascal => Field { code, kind, offset: self.size, size: count, count: 1 },
            _ => Field { code, kind, offset: self.size, size, count },
        };
        let bytes = bounded(field.size.checked_mul(field.count))?;
        self.size = bounded(self.size.checked_add(bytes))?;
        if field.count > 0 {
            self.values = bounded(self.values.checked_add(field.count))?;
            fields.push(field);
        }
        Ok(())
    }
}
