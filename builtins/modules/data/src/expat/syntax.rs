//! The small parts of the syntax of XML: names, characters, references, tags.

use super::parser::Code;

/// Version, encoding and standalone (-1 when it is not told) of a declaration.
pub(super) fn declaration(text: &str, document: bool) -> Option<(Option<String>, Option<String>, i8)> {
    let mut rest = text;
    let mut values = [None, None, None];
    for (at, name) in ["version", "encoding", "standalone"].into_iter().enumerate() {
        let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let Some(after) = trimmed.strip_prefix(name) else { continue };
        if trimmed.len() == rest.len() {
            return None;
        }
        let after = after.trim_start_matches([' ', '\t', '\n', '\r']).strip_prefix('=')?;
        let after = after.trim_start_matches([' ', '\t', '\n', '\r']);
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = after.get(1..)?.split_once(quote)?;
        values[at] = Some(value.to_owned());
        rest = after;
    }
    if !rest.trim_matches([' ', '\t', '\n', '\r']).is_empty() {
        return None;
    }
    let [version, encoding, standalone] = values;
    let named = |name: &String| name.starts_with(|char: char| char.is_ascii_alphabetic());
    if (document && version.is_none()) || encoding.as_ref().is_some_and(|name| !named(name)) {
        return None;
    }
    if !document && (encoding.is_none() || standalone.is_some()) {
        return None;
    }
    let standalone = match standalone.as_deref() {
        None => -1,
        Some("yes") => 1,
        Some("no") => 0,
        Some(_) => return None,
    };
    Some((version, encoding, standalone))
}

/// The character of a reference that is not to an entity: `#60`, `#x3C`, `lt`.
pub(super) fn character(name: &str) -> Result<Option<char>, Code> {
    let predefined = [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\'')];
    if let Some((_, char)) = predefined.into_iter().find(|(known, _)| *known == name) {
        return Ok(Some(char));
    }
    let Some(number) = name.strip_prefix('#') else { return Ok(None) };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(Code::InvalidToken);
    }
    let char =
        u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|char| is_xml_char(*char));
    char.map(Some).ok_or(Code::BadChar)
}

/// Where the `>` of a tag is, if it is there.
pub(super) fn tag_end(text: &str) -> Result<Option<usize>, Code> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (None, b'>') => return Ok(Some(at)),
            (None, b'"' | b'\'') => quote = Some(byte),
            (_, b'<') => return Err(Code::InvalidToken),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    let name = text.get(1..).unwrap_or_default();
    if name.chars().next().is_some_and(|char| !is_name_start(char)) {
        return Err(Code::InvalidToken);
    }
    Ok(None)
}

/// A name, and the names and values of attributes as they are written.
pub(super) type Tag<'a> = (&'a str, Vec<(&'a str, &'a str)>);

pub(super) fn parse_tag(inner: &str) -> Result<Tag<'_>, Code> {
    let end = inner.find(|char| !is_name_char(char)).unwrap_or(inner.len());
    let (name, mut rest) = inner.split_at(end);
    if !is_name(name) {
        return Err(Code::InvalidToken);
    }
    let mut attributes = Vec::new();
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        if trimmed.is_empty() {
            return Ok((name, attributes));
        }
        if trimmed.len() == rest.len() {
            return Err(Code::InvalidToken);
        }
        let end = trimmed.find(|char| !is_name_char(char)).ok_or(Code::InvalidToken)?;
        let (attribute, after) = trimmed.split_at(end);
        if !is_name(attribute) {
            return Err(Code::InvalidToken);
        }
        let after = after.trim_start_matches([' ', '\t', '\n', '\r']);
        let after = after.strip_prefix('=').ok_or(Code::InvalidToken)?;
        let after = after.trim_start_matches([' ', '\t', '\n', '\r']);
        let quote =
            after.chars().next().filter(|quote| matches!(quote, '"' | '\'')).ok_or(Code::InvalidToken)?;
        let (value, after) =
            after.get(1..).and_then(|after| after.split_once(quote)).ok_or(Code::InvalidToken)?;
        attributes.push((attribute, value));
        rest = after;
    }
}

/// What is wrong with text where markup has to be.
pub(super) fn first_problem(text: &str) -> Code {
    match text.chars().next() {
        Some(char) if is_name_start(char) || char.is_ascii_digit() => Code::Syntax,
        _ => Code::InvalidToken,
    }
}

/// Ends of lines as one character.
pub(super) fn newlines(text: &str) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() }
}

pub(super) fn check_chars(text: &str) -> Result<(), Code> {
    if text.chars().all(is_xml_char) { Ok(()) } else { Err(Code::InvalidToken) }
}

pub(super) fn is_xml_char(char: char) -> bool {
    !matches!(char, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

pub(super) fn is_name_start(char: char) -> bool {
    matches!(char, ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}'
        | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

pub(super) fn is_name_char(char: char) -> bool {
    is_name_start(char)
        || matches!(char, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

pub(super) fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(is_name_start) && text.chars().all(is_name_char)
}
