//! Identifier and printability tests over the generated range tables.

use crate::unicode_tables::{ID_CONTINUE, ID_START, NON_PRINTABLE};

fn in_ranges(table: &[(u32, u32)], c: char) -> bool {
    let code = u32::from(c);
    let after = table.partition_point(|&(first, _)| first <= code);
    after.checked_sub(1).and_then(|i| table.get(i)).is_some_and(|&(_, last)| code <= last)
}

/// Whether `c` may start an identifier.
pub fn is_id_start(c: char) -> bool {
    if c.is_ascii() { c == '_' || c.is_ascii_alphabetic() } else { in_ranges(ID_START, c) }
}

/// Whether `c` may continue an identifier.
pub fn is_id_continue(c: char) -> bool {
    if c.is_ascii() { c == '_' || c.is_ascii_alphanumeric() } else { in_ranges(ID_CONTINUE, c) }
}

/// Whether `c` is printable as `str.isprintable` has it.
pub fn is_printable(c: char) -> bool {
    if c.is_ascii() { c == ' ' || c.is_ascii_graphic() } else { !in_ranges(NON_PRINTABLE, c) }
}

/// The whole of `text` is one identifier (keywords included).
pub fn is_identifier(text: &str) -> bool {
    first_non_identifier(text).is_none() && !text.is_empty()
}

/// The byte offset and character at which `text` stops being an identifier.
pub(crate) fn first_non_identifier(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|&(at, c)| if at == 0 { !is_id_start(c) } else { !is_id_continue(c) })
}
