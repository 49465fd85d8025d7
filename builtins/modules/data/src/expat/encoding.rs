//! From the bytes of a document to its characters.

use super::parser::Code;

/// How bytes become characters.
pub(super) enum Encoding {
    Utf8,
    Utf16 {
        big: bool,
    },
    Latin1,
    Ascii,
    /// One byte a character, by a table; `None` for bytes that mean nothing.
    Table(Box<[Option<char>; 256]>),
}

/// What a name of an encoding means.
pub(super) enum Named {
    Known(Encoding),
    /// Which of the two byte orders, the document has to tell.
    Utf16,
    Unknown,
}

/// The encoding of a name, in capital letters or small ones.
pub(super) fn named(name: &str) -> Named {
    Named::Known(match name.to_ascii_uppercase().as_str() {
        "UTF-8" => Encoding::Utf8,
        "ISO-8859-1" => Encoding::Latin1,
        "US-ASCII" => Encoding::Ascii,
        "UTF-16LE" => Encoding::Utf16 { big: false },
        "UTF-16BE" => Encoding::Utf16 { big: true },
        "UTF-16" => return Named::Utf16,
        _ => return Named::Unknown,
    })
}

/// A table for an encoding, if it is one in which the markup of XML can be read.
pub(super) fn table(chars: &[Option<char>]) -> Option<Encoding> {
    let table: [Option<char>; 256] = chars.try_into().ok()?;
    let markup =
        |byte: u8| byte.is_ascii_alphanumeric() || b"\t\n\r !\"#%&'()*+,-./:;<=>?[]_|".contains(&byte);
    let agrees = (0..=127_u8).all(|byte| !markup(byte) || table[usize::from(byte)] == Some(char::from(byte)));
    agrees.then(|| Encoding::Table(Box::new(table)))
}

impl Encoding {
    /// How many bytes a character takes in the document.
    pub(super) fn width(&self, char: char) -> usize {
        match self {
            Encoding::Utf8 => char.len_utf8(),
            Encoding::Utf16 { .. } => char.len_utf16() * 2,
            Encoding::Latin1 | Encoding::Ascii | Encoding::Table(_) => 1,
        }
    }

    /// Decodes what is complete of `raw`, removes it, and adds it to `text`. What cannot be decoded stays, too, and is an error.
    pub(super) fn decode(&self, raw: &mut Vec<u8>, text: &mut String) -> Result<(), Code> {
        let done = match self {
            Encoding::Utf8 => match std::str::from_utf8(raw) {
                Ok(all) => {
                    text.push_str(all);
                    raw.len()
                }
                Err(error) => {
                    let done = error.valid_up_to();
                    text.push_str(
                        std::str::from_utf8(raw.get(..done).unwrap_or_default()).unwrap_or_default(),
                    );
                    if error.error_len().is_some() {
                        raw.drain(..done);
                        return Err(Code::InvalidToken);
                    }
                    done
                }
            },
            Encoding::Utf16 { big } => {
                let big = *big;
                return decode_utf16(raw, text, big);
            }
            Encoding::Latin1 => {
                text.extend(raw.iter().map(|&byte| char::from(byte)));
                raw.len()
            }
            Encoding::Ascii => match raw.iter().position(|byte| !byte.is_ascii()) {
                Some(bad) => {
                    text.extend(raw.drain(..bad).map(char::from));
                    return Err(Code::InvalidToken);
                }
                None => {
                    text.extend(raw.iter().map(|&byte| char::from(byte)));
                    raw.len()
                }
            },
            Encoding::Table(table) => {
                let known = |byte: &u8| table[usize::from(*byte)];
                let done = raw.iter().position(|byte| known(byte).is_none()).unwrap_or(raw.len());
                text.extend(raw.iter().take(done).filter_map(known));
                if done < raw.len() {
                    raw.drain(..done);
                    return Err(Code::InvalidToken);
                }
                done
            }
        };
        raw.drain(..done);
        Ok(())
    }
}

fn decode_utf16(raw: &mut Vec<u8>, text: &mut String, big: bool) -> Result<(), Code> {
    let unit = |pair: &[u8]| match pair {
        [a, b] if big => u16::from_be_bytes([*a, *b]),
        [a, b] => u16::from_le_bytes([*a, *b]),
        _ => 0,
    };
    let units: Vec<u16> = raw.chunks_exact(2).map(unit).collect();
    let mut done = 0;
    for char in char::decode_utf16(units.iter().copied()) {
        match char {
            Ok(char) => {
                text.push(char);
                done += char.len_utf16();
            }
            // The first half of a pair whose second half is still to come.
            Err(_) if done + 1 == units.len() && units.get(done).is_some_and(|unit| *unit < 0xDC00) => break,
            Err(_) => {
                raw.drain(..done * 2);
                return Err(Code::InvalidToken);
            }
        }
    }
    raw.drain(..done * 2);
    Ok(())
}

/// What the beginning of a document tells about its encoding.
pub(super) enum Guess {
    /// Not enough is known yet.
    Wait,
    /// The encoding, and the bytes of a byte order mark.
    Is(Encoding, usize),
    /// An XML declaration in something like ASCII gives this name.
    Declared(String),
}

/// Looks at the beginning of a document.
pub(super) fn guess(raw: &[u8], last: bool) -> Guess {
    if raw.len() < 2 && !last {
        return Guess::Wait;
    }
    match raw {
        [0xFE, 0xFF, ..] => return Guess::Is(Encoding::Utf16 { big: true }, 2),
        [0xFF, 0xFE, ..] => return Guess::Is(Encoding::Utf16 { big: false }, 2),
        [0, b'<', ..] => return Guess::Is(Encoding::Utf16 { big: true }, 0),
        [b'<', 0, ..] => return Guess::Is(Encoding::Utf16 { big: false }, 0),
        [0xEF, 0xBB] if !last => return Guess::Wait,
        [0xEF, 0xBB, 0xBF, ..] => return Guess::Is(Encoding::Utf8, 3),
        _ => {}
    }
    const OPEN: &[u8] = b"<?xml";
    let common = raw.iter().zip(OPEN).take_while(|(a, b)| a == b).count();
    if common < OPEN.len() {
        return if common == raw.len() && !last { Guess::Wait } else { Guess::Is(Encoding::Utf8, 0) };
    }
    let Some(end) = raw.windows(2).position(|pair| pair == b"?>") else {
        return if last || raw.len() > 1 << 16 { Guess::Is(Encoding::Utf8, 0) } else { Guess::Wait };
    };
    let declaration = String::from_utf8_lossy(raw.get(..end).unwrap_or_default()).into_owned();
    match pseudo_attribute(&declaration, "encoding") {
        Some(name) => Guess::Declared(name.to_owned()),
        None => Guess::Is(Encoding::Utf8, 0),
    }
}

/// The value of `name = "value"` in a declaration.
pub(super) fn pseudo_attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.split_once(name)?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (value, _) = rest.get(1..)?.split_once(quote)?;
    Some(value)
}
