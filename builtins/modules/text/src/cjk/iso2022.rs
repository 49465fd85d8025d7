//! ISO 2022: character sets that escape sequences switch between.
//!
//! The state: the sets that are designated as G0 to G3, then flags. A set is named by the last byte of its escape sequence,
//! with the highest bit for sets of two bytes a character.

use super::coder::{Decoded, Encoded, State, code};
use super::table::{Table, Tables, Text};
use std::sync::Arc;

const ASCII: u8 = b'B';
const WIDE: u8 = 0x80;
const JISX0201_R: u8 = b'J';
const JISX0201_K: u8 = b'I';
const JISX0208: u8 = b'B' | WIDE;
const JISX0208_O: u8 = b'@' | WIDE;
const GB2312: u8 = b'A' | WIDE;
const KSX1001: u8 = b'C' | WIDE;
const JISX0212: u8 = b'D' | WIDE;
const JISX0213_1: u8 = b'O' | WIDE;
const JISX0213_2: u8 = b'P' | WIDE;
const JISX0213_1_2004: u8 = b'Q' | WIDE;
const ISO8859_1: u8 = b'A';
const ISO8859_7: u8 = b'F';

/// Where the flags are.
const FLAGS: usize = 4;
/// Where the sets are.
const G0: usize = 0;
const G1: usize = 1;
const G2: usize = 2;
/// G1 is in use.
const SHIFTED: u8 = 1;
/// An escape sequence that is none of ours passes through.
const THROUGH: u8 = 2;

const ESC: u8 = 0x1B;
const SO: u8 = 0x0E;
const SI: u8 = 0x0F;
/// How long an escape sequence may be.
const LONGEST: usize = 16;

/// How an encoding uses a character set.
struct Set {
    mark: u8,
    /// G0 or G1; G2 for what is decoded only.
    plane: u8,
    table: Option<Arc<Table>>,
    /// Only pairs of characters are encoded in it.
    pairs_only: bool,
}

/// An encoding of the family.
pub(crate) struct Iso {
    sets: Vec<Set>,
    /// Whether SO and SI switch between G0 and G1.
    shifts: bool,
    /// Whether single characters of G2 are called.
    g2: bool,
}

impl Iso {
    /// The encoding of that name.
    pub(crate) fn new(tables: &Tables, name: &str) -> Option<Iso> {
        let marks: &[u8] = match name {
            "iso2022_kr" => &[KSX1001],
            "iso2022_jp" => &[JISX0208, JISX0201_R, JISX0208_O],
            "iso2022_jp_1" => &[JISX0208, JISX0212, JISX0201_R, JISX0208_O],
            "iso2022_jp_2" => {
                &[JISX0208, JISX0212, KSX1001, GB2312, JISX0201_R, JISX0208_O, ISO8859_1, ISO8859_7]
            }
            "iso2022_jp_2004" => &[JISX0208, JISX0213_1_2004, JISX0213_2],
            "iso2022_jp_3" => &[JISX0208, JISX0213_1, JISX0213_2],
            "iso2022_jp_ext" => &[JISX0208, JISX0212, JISX0201_R, JISX0201_K, JISX0208_O],
            _ => return None,
        };
        let old = name == "iso2022_jp_3";
        let kr = name == "iso2022_kr";
        let set = |mark: u8| {
            let table = match mark {
                JISX0208 | JISX0208_O => "jisx0208",
                JISX0212 => "jisx0212",
                KSX1001 => "euc_kr",
                GB2312 => "gb2312",
                JISX0213_1 => "jisx0213_1_2000",
                JISX0213_1_2004 => "jisx0213_1",
                JISX0213_2 if old => "jisx0213_2_2000",
                JISX0213_2 => "jisx0213_2",
                _ => "",
            };
            let plane = match mark {
                ISO8859_1 | ISO8859_7 => 2,
                _ => u8::from(kr),
            };
            let table = (!table.is_empty()).then(|| tables.get(table));
            Set { mark, plane, table, pairs_only: false }
        };
        let mut sets: Vec<Set> = marks.iter().map(|m| set(*m)).collect();
        // A pair is one code of the new set although its first character is in the old one, too.
        if let Some(m) = marks.iter().find(|m| matches!(**m, JISX0213_1 | JISX0213_1_2004)) {
            sets.insert(0, Set { pairs_only: true, ..set(*m) });
        }
        Some(Iso { sets, shifts: kr, g2: name == "iso2022_jp_2" })
    }

    pub(crate) fn start(&self) -> State {
        [ASCII, ASCII, 0, 0, 0, 0, 0, 0]
    }

    pub(crate) fn reset(&self, state: &mut State) {
        state[G0] = ASCII;
        state[FLAGS] &= !SHIFTED;
    }

    pub(crate) fn finish(&self, state: &mut State, out: &mut Vec<u8>) {
        self.unshift(state, out);
        if state[G0] != ASCII {
            out.extend_from_slice(b"\x1b(B");
            state[G0] = ASCII;
        }
    }

    fn unshift(&self, state: &mut State, out: &mut Vec<u8>) {
        if state[FLAGS] & SHIFTED != 0 {
            out.push(SI);
            state[FLAGS] &= !SHIFTED;
        }
    }

    // ------------------------------------------------------------------------------------------------ decoding

    pub(crate) fn decode(&self, b: &[u8], state: &mut State) -> Decoded {
        let c = b[0];
        let plain = Decoded::Text(Text::One(u32::from(c)), 1);
        if state[FLAGS] & THROUGH != 0 {
            if ends(c) {
                state[FLAGS] &= !THROUGH;
            }
            return plain;
        }
        match c {
            ESC => match b.get(1) {
                None => Decoded::Short,
                Some(b'(' | b')' | b'$' | b'.' | b'&') => self.escape(b, state),
                Some(b'N') if self.g2 => match b.get(2) {
                    None => Decoded::Short,
                    Some(c) => single_g2(state[G2], *c),
                },
                Some(_) => {
                    state[FLAGS] |= THROUGH;
                    plain
                }
            },
            SO if self.shifts => {
                state[FLAGS] |= SHIFTED;
                Decoded::Shift(1)
            }
            SI if self.shifts => {
                state[FLAGS] &= !SHIFTED;
                Decoded::Shift(1)
            }
            b'\n' => {
                state[FLAGS] &= !SHIFTED;
                plain
            }
            0..0x20 => plain,
            0x80.. => Decoded::Bad(1),
            _ => {
                let mark = state[if state[FLAGS] & SHIFTED == 0 { G0 } else { G1 }];
                if mark == ASCII { plain } else { self.decode_in(mark, b) }
            }
        }
    }

    /// A character of a set.
    fn decode_in(&self, mark: u8, b: &[u8]) -> Decoded {
        let c = u32::from(b[0]);
        if mark & WIDE == 0 {
            let c = match (mark, b[0]) {
                (JISX0201_R, 0x5C) => 0xA5,
                (JISX0201_R, 0x7E) => 0x203E,
                (JISX0201_R, _) => c,
                (JISX0201_K, 0x21..=0x5F) => 0xFF61 + c - 0x21,
                _ => return Decoded::Bad(1),
            };
            return Decoded::Text(Text::One(c), 1);
        }
        // A state that was set from outside may name any set.
        let Some(set) = self.sets.iter().find(|s| s.mark == mark) else { return Decoded::Bad(1) };
        let table = set.table.as_deref();
        let Some(next) = b.get(1) else { return Decoded::Short };
        if *next >= 0x80 {
            return Decoded::Bad(2);
        }
        let code = code(b[0] | 0x80, *next | 0x80);
        match table.and_then(|t| t.get(code)) {
            Some(t) => Decoded::Text(t, 2),
            // The filler, which is not decoded on its own where syllables are spelled out.
            None if mark == KSX1001 && code == 0xA4D4 => Decoded::Text(Text::One(0x3164), 2),
            None => Decoded::Bad(2),
        }
    }

    /// An escape sequence that designates a set.
    fn escape(&self, b: &[u8], state: &mut State) -> Decoded {
        let mut i = 1;
        let len = loop {
            if i >= LONGEST {
                return Decoded::Bad(1);
            }
            match b.get(i) {
                None => return Decoded::Short,
                Some(c) if ends(*c) => break i + 1,
                // The sequence that announces a revision of JIS X 0208.
                Some(b'&') if !self.shifts && b.get(i + 1) == Some(&b'@') => i += 2,
                Some(_) => {}
            }
            i += 1;
        };
        let (plane, mark) = match b[1..len] {
            [b'$', m] => (G0, m | WIDE),
            [b'(', m] => (G0, m),
            [b')', m] => (G1, m),
            [b'.', m] if self.g2 => (G2, m),
            [b'$', b'(', m] => (G0, m | WIDE),
            [b'$', b')', m] => (G1, m | WIDE),
            [b'&', b'@', ESC, b'$', b'B'] if !self.shifts => (G0, JISX0208),
            _ => return Decoded::Bad(len),
        };
        if mark != ASCII && !self.sets.iter().any(|s| s.mark == mark) {
            return Decoded::Bad(len);
        }
        state[plane] = mark;
        Decoded::Shift(len)
    }

    // ------------------------------------------------------------------------------------------------ encoding

    pub(crate) fn encode(&self, chars: &[u32], state: &mut State, last: bool, out: &mut Vec<u8>) -> Encoded {
        let c = chars[0];
        if c < 0x80 {
            if state[G0] != ASCII {
                out.extend_from_slice(b"\x1b(B");
                state[G0] = ASCII;
            }
            self.unshift(state, out);
            out.push(c as u8);
            return Encoded::Used(1);
        }
        for set in &self.sets {
            let found = match &set.table {
                Some(t) if set.pairs_only => match chars.get(1) {
                    _ if !t.starts_pair(c) => None,
                    None if !last => return Encoded::Short,
                    None => None,
                    Some(next) => t.pair(c, *next).map(|code| (code, 2)),
                },
                // The wide tilde has a code in EUC's form of this set only.
                Some(_) if c == 0xFF5E && matches!(set.mark, JISX0213_1 | JISX0213_1_2004) => None,
                Some(t) => t.code(c).map(|code| (code, 1)),
                None => match (set.mark, c) {
                    (JISX0201_R, 0xA5) => Some((0x5C, 1)),
                    (JISX0201_R, 0x203E) => Some((0x7E, 1)),
                    (JISX0201_K, 0xFF61..=0xFF9F) => Some(((c - 0xFF61 + 0x21) as u16, 1)),
                    _ => None,
                },
            };
            if let Some((code, n)) = found {
                self.select(set, state, out);
                match set.mark & WIDE {
                    0 => out.push(code as u8),
                    _ => out.extend_from_slice(&(code & 0x7F7F).to_be_bytes()),
                }
                return Encoded::Used(n);
            }
        }
        Encoded::Bad
    }

    /// Writes what makes a set the current one.
    fn select(&self, set: &Set, state: &mut State, out: &mut Vec<u8>) {
        let plane = if set.plane == 1 { G1 } else { G0 };
        if plane == G0 {
            self.unshift(state, out);
        }
        if state[plane] != set.mark {
            state[plane] = set.mark;
            let letter = set.mark & !WIDE;
            let open = if plane == G0 { b'(' } else { b')' };
            match set.mark {
                JISX0208 => out.extend_from_slice(&[ESC, b'$', letter]),
                m if m & WIDE == 0 => out.extend_from_slice(&[ESC, open, letter]),
                _ => out.extend_from_slice(&[ESC, b'$', open, letter]),
            }
        }
        if plane == G1 && state[FLAGS] & SHIFTED == 0 {
            state[FLAGS] |= SHIFTED;
            out.push(SO);
        }
    }
}

/// Whether a byte ends an escape sequence.
fn ends(c: u8) -> bool {
    c.is_ascii_uppercase() || c == b'@'
}

/// A character of G2 behind its two bytes of call.
fn single_g2(mark: u8, b: u8) -> Decoded {
    let c = u32::from(b) | 0x80;
    let c = match mark {
        _ if b >= 0x80 => return Decoded::Bad(3),
        ISO8859_1 => c,
        ISO8859_7 => match b | 0x80 {
            0xA1 => 0x2018,
            0xA2 => 0x2019,
            0xAF => 0x2015,
            0xA0 | 0xA3 | 0xA6..=0xA9 | 0xAB..=0xAD | 0xB0..=0xB3 | 0xB7 | 0xBB | 0xBD => c,
            0xA4 | 0xA5 | 0xAA | 0xAE | 0xD2 | 0xFF | ..0xA0 => return Decoded::Bad(3),
            _ => c + 0x2D0,
        },
        _ => u32::from(b),
    };
    Decoded::Text(Text::One(c), 3)
}
