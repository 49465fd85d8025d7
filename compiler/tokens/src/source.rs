//! Source bytes to text, as CPython reads a program.
//!
//! The order of the checks is CPython's: NUL bytes, the byte order mark, the coding cookie of PEP 263 on one of the first two lines,
//! then the decoding itself. UTF-8, Latin-1 and ASCII are decoded here; any other encoding is handed back as
//! [`Decoded::NeedsCodec`], since codecs live in the object model.

use std::borrow::Cow;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What became of the bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded {
    /// The program, newlines normalised, with the normalised name of its encoding.
    Text {
        /// The text.
        text: String,
        /// `utf-8`, `iso-8859-1` or `ascii`.
        encoding: &'static str,
    },
    /// The caller decodes `bytes[skip..]` with this codec, then calls [`normalize_newlines`].
    /// A name that no codec has is [`unknown_encoding`].
    NeedsCodec {
        /// The encoding's name as the cookie has it.
        name: String,
        /// Where the program starts: after a byte order mark, or 0.
        skip: usize,
    },
}

/// Where the bytes come from: some errors are worded differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// `compile(bytes)`, and with it every import.
    Bytes,
    /// A script that is run by name.
    File(&'a str),
}

/// The `SyntaxError` for bytes that are no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// The message.
    pub msg: String,
    /// Where; without it the exception carries the message alone.
    pub place: Option<SourcePlace>,
}

/// The place of a [`SourceError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePlace {
    /// 1-based line, 0 if the error concerns the whole text.
    pub lineno: usize,
    /// 1-based column, -1 if the error concerns the whole text.
    pub offset: isize,
    /// `(end_lineno, end_offset)`.
    pub end: Option<(usize, isize)>,
    /// The line.
    pub text: Option<String>,
}

impl SourceError {
    pub fn whole(msg: String) -> Self {
        let place = SourcePlace { lineno: 0, offset: -1, end: None, text: None };
        Self { msg, place: Some(place) }
    }
}

/// The error for a cookie that names no codec.
pub fn unknown_encoding(name: &str) -> SourceError {
    SourceError::whole(format!("unknown encoding: {name}"))
}

/// Decodes a program. See the module's essay.
pub fn decode(bytes: &[u8], origin: Origin<'_>) -> Result<Decoded, SourceError> {
    if origin == Origin::Bytes && bytes.contains(&0) {
        return Err(SourceError {
            msg: "source code string cannot contain null bytes".to_owned(),
            place: None,
        });
    }
    let skip = if bytes.starts_with(BOM) { BOM.len() } else { 0 };
    let body = bytes.get(skip..).unwrap_or_default();
    let cookie = coding_cookie(body);
    if let Some(cookie) = &cookie
        && skip > 0
        && cookie.normal != "utf-8"
    {
        return Err(bom_conflict(cookie));
    }
    if let Some(at) = body.iter().position(|&b| b == 0)
        && let Some(Ok(before)) = body.get(..=at).map(std::str::from_utf8)
    {
        refuse_null(before)?;
    }
    let declared = skip > 0 || cookie.is_some();
    let encoding = cookie.as_ref().map_or(Some("utf-8"), |c| native_encoding(&c.normal));
    let text = match encoding {
        // Under another name this is a codec as any other, with complaints of its own.
        Some("utf-8") if cookie.as_ref().is_some_and(|c| c.normal != "utf-8") => {
            let at = std::str::from_utf8(body).err().map(|e| e.valid_up_to());
            match at {
                Some(at) => return Err(SourceError::whole(utf8_error(body, at))),
                None => String::from_utf8_lossy(body).into_owned(),
            }
        }
        Some("utf-8") => decode_utf8(body, declared, origin)?,
        Some("iso-8859-1") => body.iter().map(|&b| char::from(b)).collect(),
        Some("ascii") => decode_ascii(body, origin)?,
        _ => {
            let name = cookie.map(|c| c.normal).unwrap_or_default();
            return Ok(Decoded::NeedsCodec { name, skip });
        }
    };
    refuse_null(&text)?;
    Ok(Decoded::Text { text: normalize_newlines(text), encoding: encoding.unwrap_or("utf-8") })
}

/// Checks and normalises a program that is text already, as `compile(str)` does.
pub fn check_text(text: &str) -> Result<Cow<'_, str>, SourceError> {
    if text.as_bytes().contains(&0) {
        return Err(SourceError {
            msg: "source code string cannot contain null bytes".to_owned(),
            place: None,
        });
    }
    Ok(if text.as_bytes().contains(&b'\r') {
        Cow::Owned(replace_newlines(text))
    } else {
        Cow::Borrowed(text)
    })
}

/// `\r\n` and `\r` become `\n`.
pub fn normalize_newlines(text: String) -> String {
    if text.as_bytes().contains(&b'\r') { replace_newlines(&text) } else { text }
}

fn replace_newlines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\r') {
        out.push_str(line);
        out.push('\n');
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    out.push_str(rest);
    out
}

fn refuse_null(text: &str) -> Result<(), SourceError> {
    let Some(at) = text.as_bytes().iter().position(|&b| b == 0) else { return Ok(()) };
    let before = text.get(..at).unwrap_or_default();
    let lineno = before.matches('\n').count() + 1;
    let line = before.rsplit('\n').next().unwrap_or_default().to_owned();
    let place = SourcePlace { lineno, offset: 0, end: Some((lineno, 0)), text: Some(line) };
    Err(SourceError { msg: "source code cannot contain null bytes".to_owned(), place: Some(place) })
}

/// A coding cookie: the name, normalised where CPython knows the encoding, and the line it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// `utf-8` and `iso-8859-1` for their usual spellings, else as written.
    pub normal: String,
    /// 1-based.
    pub lineno: usize,
    /// The whole line.
    pub line: String,
}

/// The coding cookie, if one of the first two lines has one (the second counts only after a line without code).
pub fn coding_cookie(body: &[u8]) -> Option<Cookie> {
    let mut rest = body;
    for lineno in 1..=2 {
        let end = rest.iter().position(|&b| b == b'\n' || b == b'\r').unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end)?;
        let content = line.iter().position(|b| !matches!(b, b' ' | b'\t' | 0x0c));
        if content.and_then(|i| line.get(i)).is_some_and(|&b| b != b'#') {
            return None;
        }
        if let Some(name) = content.and_then(|i| line.get(i..)).and_then(cookie_name) {
            let line = String::from_utf8_lossy(line).into_owned();
            return Some(Cookie { normal: normal_name(name), lineno, line });
        }
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
    }
    None
}

/// The name in a comment that matches `coding[:=]\s*([-\w.]+)`.
fn cookie_name(comment: &[u8]) -> Option<&str> {
    let mut rest = comment;
    while let Some(at) = rest.windows(6).position(|w| w == b"coding") {
        rest = rest.get(at + 6..)?;
        if !matches!(rest.first(), Some(b':' | b'=')) {
            continue;
        }
        let blank = |b: &u8| matches!(b, b' ' | b'\t');
        let start = 1 + rest.get(1..)?.iter().take_while(|b| blank(b)).count();
        let word = rest.get(start..)?;
        let length = word
            .iter()
            .take_while(|&&b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            .count();
        if length > 0 {
            return std::str::from_utf8(word.get(..length)?).ok();
        }
    }
    None
}

fn normal_name(name: &str) -> String {
    let plain: String =
        name.chars().take(12).map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect();
    let is =
        |stem: &str| plain.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    if is("utf-8") {
        "utf-8".to_owned()
    } else if is("latin-1") || is("iso-8859-1") || is("iso-latin-1") {
        "iso-8859-1".to_owned()
    } else {
        name.to_owned()
    }
}

/// The encodings decoded here, under the names the codec registry has for them.
fn native_encoding(name: &str) -> Option<&'static str> {
    let plain: String =
        name.chars().map(|c| if matches!(c, '-' | ' ') { '_' } else { c.to_ascii_lowercase() }).collect();
    match plain.as_str() {
        "utf_8" | "utf8" | "u8" | "utf" | "utf8_ucs2" | "utf8_ucs4" | "cp65001" => Some("utf-8"),
        "latin_1" | "latin1" | "latin" | "l1" | "iso_8859_1" | "iso8859_1" | "iso8859" | "8859" | "cp819" => {
            Some("iso-8859-1")
        }
        "ascii" | "us_ascii" | "646" | "us" | "iso646_us" | "ansi_x3.4_1968" | "cp367" => Some("ascii"),
        _ => None,
    }
}

fn bom_conflict(cookie: &Cookie) -> SourceError {
    let length = cookie.line.chars().count().cast_signed();
    let place = SourcePlace {
        lineno: cookie.lineno,
        offset: 0,
        end: Some((cookie.lineno, length)),
        text: Some(cookie.line.clone()),
    };
    SourceError { msg: format!("encoding problem: {} with BOM", cookie.normal), place: Some(place) }
}

fn decode_ascii(body: &[u8], origin: Origin<'_>) -> Result<String, SourceError> {
    let Some(at) = body.iter().position(|b| !b.is_ascii()) else {
        return Ok(String::from_utf8_lossy(body).into_owned());
    };
    let byte = body.get(at).copied().unwrap_or_default();
    let base = if origin == Origin::Bytes { 0 } else { line_around(body, at).0.saturating_sub(1) };
    let position = at - base;
    Err(SourceError::whole(format!(
        "'ascii' codec can't decode byte 0x{byte:02x} in position {position}: ordinal not in range(128)"
    )))
}

/// The bounds of the line around an offset, and its 1-based number.
fn line_around(body: &[u8], at: usize) -> (usize, usize, usize) {
    let before = body.get(..at).unwrap_or_default();
    let start = before.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let rest = body.get(at..).unwrap_or_default();
    let end = at + rest.iter().position(|&b| b == b'\n' || b == b'\r').unwrap_or(rest.len());
    (start, end, before.iter().filter(|&&b| b == b'\n').count() + 1)
}

fn decode_utf8(body: &[u8], declared: bool, origin: Origin<'_>) -> Result<String, SourceError> {
    let error = match std::str::from_utf8(body) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    let at = error.valid_up_to();
    let byte = body.get(at).copied().unwrap_or_default();
    let (start, end, lineno) = line_around(body, at);
    let line = body.get(start..end).unwrap_or_default();
    let column = String::from_utf8_lossy(body.get(start..at).unwrap_or_default()).chars().count() + 1;
    let msg = match origin {
        Origin::File(_) if declared => format!("(unicode error) {}", utf8_error(line, at - start)),
        _ => {
            let file =
                if let Origin::File(name) = origin { format!(" in file {name}") } else { String::new() };
            format!(
                "Non-UTF-8 code starting with '\\x{byte:02x}'{file} on line {lineno}, but no encoding declared; \
                 see https://peps.python.org/pep-0263/ for details"
            )
        }
    };
    let column = column.cast_signed();
    let text = String::from_utf8_lossy(line).into_owned();
    let place = SourcePlace { lineno, offset: column, end: Some((lineno, column)), text: Some(text) };
    Err(SourceError { msg, place: Some(place) })
}

/// `UnicodeDecodeError`'s text for the first bad sequence of `bytes`, which is at `at`.
pub fn utf8_error(bytes: &[u8], at: usize) -> String {
    let rest = bytes.get(at..).unwrap_or_default();
    let byte = rest.first().copied().unwrap_or_default();
    let length = std::str::from_utf8(rest).err().map(|e| e.error_len());
    let (length, reason) = match length {
        Some(None) => (rest.len().max(1), "unexpected end of data"),
        Some(Some(n)) if matches!(byte, 0xc2..=0xf4) => (n, "invalid continuation byte"),
        _ => (1, "invalid start byte"),
    };
    if length == 1 {
        format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {reason}")
    } else {
        format!("'utf-8' codec can't decode bytes in position {at}-{}: {reason}", at + length - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> String {
        decode(bytes, Origin::Bytes).map_or_else(|e| e.msg, |d| format!("{d:?}"))
    }

    fn place(bytes: &[u8]) -> (usize, isize) {
        decode(bytes, Origin::Bytes).err().and_then(|e| e.place).map_or((99, 99), |p| (p.lineno, p.offset))
    }

    #[test]
    fn undeclared_bytes() {
        let tail = "but no encoding declared; see https://peps.python.org/pep-0263/ for details";
        assert_eq!(
            message(b"# c\na\n\"\xe9\"\n"),
            format!("Non-UTF-8 code starting with '\\xe9' on line 3, {tail}")
        );
        assert_eq!(place(b"a = \"\xff\""), (1, 6));
        let named = decode(b"\xff", Origin::File("f.py")).unwrap_err().msg;
        assert_eq!(named, format!("Non-UTF-8 code starting with '\\xff' in file f.py on line 1, {tail}"));
    }

    #[test]
    fn declared_bytes() {
        let error = decode(b"# coding: utf-8\n\"\xff\"", Origin::File("f.py")).unwrap_err().msg;
        assert_eq!(
            error,
            "(unicode error) 'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"
        );
        let ascii = "'ascii' codec can't decode byte 0xe9 in position 17: ordinal not in range(128)";
        assert_eq!(message(b"# coding: ascii\n\"\xe9\""), ascii);
        let ascii = "'ascii' codec can't decode byte 0xe9 in position 2: ordinal not in range(128)";
        assert_eq!(decode(b"# coding: ascii\n\"\xe9\"", Origin::File("f")).unwrap_err().msg, ascii);
    }

    #[test]
    fn cookies() {
        let text = |b: &[u8]| match decode(b, Origin::Bytes) {
            Ok(Decoded::Text { text, .. }) => text,
            other => format!("{other:?}"),
        };
        assert_eq!(text(b"# coding: latin-1\nx='\xe9'"), "# coding: latin-1\nx='é'");
        assert_eq!(
            text(b"\n# vim: fileencoding=latin-1-unix\r\n\xe9\r"),
            "\n# vim: fileencoding=latin-1-unix\né\n"
        );
        assert_eq!(text(b"\xef\xbb\xbfx"), "x");
        assert!(coding_cookie(b"x=1 # coding: latin-1\n").is_none());
        assert!(coding_cookie(b"x\n# coding: latin-1\n").is_none());
        assert!(coding_cookie(b"#coding latin-1\n").is_none());
        let needs = Decoded::NeedsCodec { name: "iso-8859-15".to_owned(), skip: 0 };
        assert_eq!(decode(b"# coding: iso-8859-15\n", Origin::Bytes), Ok(needs));
    }

    #[test]
    fn conflicts() {
        let bytes = b"\xef\xbb\xbf# -*- coding: latin-1 -*-\nx=1";
        assert_eq!(message(bytes), "encoding problem: iso-8859-1 with BOM");
        assert_eq!(place(bytes), (1, 0));
        assert_eq!(message(b"\xef\xbb\xbf# coding: utf8\n"), "encoding problem: utf8 with BOM");
        assert_eq!(message(b"x\0y"), "source code string cannot contain null bytes");
        assert_eq!(unknown_encoding("foo").msg, "unknown encoding: foo");
        assert_eq!(check_text("a\r\nb\rc\n").unwrap(), "a\nb\nc\n");
    }
}
