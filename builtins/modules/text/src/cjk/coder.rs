//! The encodings of bytes that stand for themselves or lead a longer code: one unit at a time, without errors' handling.

use super::iso2022::Iso;
use super::table::{Ranges, Table, Tables, Text};
use std::sync::Arc;

/// What a stateful encoding remembers between units. Encodings without state leave it alone.
pub(crate) type State = [u8; 8];

/// A decoded unit.
pub(crate) enum Decoded {
    /// What it stands for, and its bytes.
    Text(Text, usize),
    /// Nothing to see, so many bytes.
    Shift(usize),
    /// More bytes are needed.
    Short,
    /// So many bytes are wrong.
    Bad(usize),
}

/// An encoded unit, whose bytes are in the output.
pub(crate) enum Encoded {
    /// So many characters were taken.
    Used(usize),
    /// The next character decides.
    Short,
    /// The character has no code.
    Bad,
}

/// Bytes that are characters of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Single {
    /// ASCII
    Ascii,
    /// ASCII and half-width kana, as in Shift JIS
    Sjis,
    /// the same with yen and overline in their places in ASCII
    Sjis2004,
    /// those of Windows
    Cp932,
}

/// An encoding.
pub(crate) enum Coder {
    /// One byte or two.
    Double(Arc<Table>, Single),
    /// EUC-JP: two tables, and whether yen and overline are encoded as the bytes in their places.
    Euc(Arc<Table>, Arc<Table>, bool),
    /// EUC-KR with syllables spelled out.
    Kr(Arc<Table>),
    /// GB18030
    Gb18030(Arc<Table>, Ranges),
    /// HZ
    Hz(Arc<Table>),
    /// ISO 2022
    Iso(Iso),
}

fn text(t: Option<Text>, n: usize) -> Decoded {
    t.map_or(Decoded::Bad(1), |t| Decoded::Text(t, n))
}

fn one(c: u32) -> Decoded {
    Decoded::Text(Text::One(c), 1)
}

/// A code of two bytes.
#[inline]
fn double(t: &Table, code: u16) -> Decoded {
    match t.get(code) {
        Some(text) => Decoded::Text(text, 2),
        None => Decoded::Bad(t.wrong(code)),
    }
}

/// Two bytes as a code.
pub(crate) fn code(a: u8, b: u8) -> u16 {
    u16::from_be_bytes([a, b])
}

impl Single {
    fn decode(self, b: u8) -> Option<u32> {
        let c = u32::from(b);
        let kana = (0xFF61 + c).wrapping_sub(0xA1);
        match (self, b) {
            (Single::Sjis2004, 0x5C) => Some(0xA5),
            (Single::Sjis2004, 0x7E) => Some(0x203E),
            (_, 0..0x80) | (Single::Cp932, 0x80) => Some(c),
            (Single::Ascii, _) => None,
            (_, 0xA1..=0xDF) => Some(kana),
            (Single::Cp932, 0xA0) => Some(0xF8F0),
            (Single::Cp932, 0xFD..) => Some(0xF8F1 + c - 0xFD),
            _ => None,
        }
    }

    fn encode(self, c: u32) -> Option<u8> {
        let byte = match (self, c) {
            (Single::Sjis2004, 0x5C | 0x7E) => return None,
            (_, 0..0x80) | (Single::Cp932, 0x80) => c,
            (Single::Ascii, _) => return None,
            (Single::Sjis | Single::Sjis2004, 0xA5) => 0x5C,
            (Single::Sjis | Single::Sjis2004, 0x203E) => 0x7E,
            (_, 0xFF61..=0xFF9F) => c - 0xFEC0,
            (Single::Cp932, 0xF8F0) => 0xA0,
            (Single::Cp932, 0xF8F1..=0xF8F3) => c - 0xF8F1 + 0xFD,
            _ => return None,
        };
        Some(byte as u8)
    }

    /// Whether a byte leads a code without a look at the next one.
    fn leads(self, b: u8) -> bool {
        match self {
            Single::Sjis => matches!(b, 0x81..=0x9F | 0xE0..=0xEA),
            Single::Sjis2004 => matches!(b, 0x81..=0x9F | 0xE0..=0xFC),
            Single::Ascii | Single::Cp932 => true,
        }
    }
}

/// The code of the first characters in a table that knows pairs, and how many they are. `Err`: the next one decides.
fn table_code(t: &Table, chars: &[u32], last: bool) -> Result<Option<(u16, usize)>, ()> {
    let c = chars[0];
    if t.starts_pair(c) {
        match chars.get(1) {
            Some(next) => {
                if let Some(code) = t.pair(c, *next) {
                    return Ok(Some((code, 2)));
                }
            }
            None if !last => return Err(()),
            None => {}
        }
    }
    Ok(t.code(c).map(|code| (code, 1)))
}

// ---------------------------------------------------------------------------------------------------- Korean

/// The consonants that begin a syllable and those that end one, as offsets from U+3131.
const FIRST: [u8; 19] = [0, 1, 3, 6, 7, 8, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29];
const FINAL: [u8; 27] =
    [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29];
/// The byte of the letter U+3131, of the first vowel, and of no letter.
const LETTER: u8 = 0xA1;
const VOWEL: u8 = 0xBF;
const FILLER: u8 = 0xD4;

/// The syllable that eight bytes spell.
fn spelled(b: &[u8]) -> Option<u32> {
    let [0xA4, FILLER, 0xA4, first, 0xA4, vowel, 0xA4, last] = *b else { return None };
    let place = |list: &[u8], b: u8| list.iter().position(|n| n + LETTER == b);
    let first = place(&FIRST, first)?;
    let vowel = usize::from(vowel.checked_sub(VOWEL)?);
    let last = if last == FILLER { 0 } else { place(&FINAL, last)? + 1 };
    (vowel < 21).then(|| 0xAC00 + ((first * 21 + vowel) * 28 + last) as u32)
}

/// The eight bytes that spell a syllable.
fn spell(c: u32) -> Option<[u8; 8]> {
    let n = c.checked_sub(0xAC00).filter(|n| *n < 11_172)? as usize;
    let first = LETTER + FIRST[n / 588];
    let vowel = VOWEL + (n / 28 % 21) as u8;
    let last = (n % 28).checked_sub(1).map_or(FILLER, |i| LETTER + FINAL[i]);
    Some([0xA4, FILLER, 0xA4, first, 0xA4, vowel, 0xA4, last])
}

// ---------------------------------------------------------------------------------------------------- GB18030

/// Number of the first code of four bytes outside of the basic plane.
const ASTRAL: u32 = (0x90 - 0x81) * 12_600;

fn four(ranges: &Ranges, b: &[u8]) -> Option<u32> {
    let [a @ 0x81..=0xFE, b @ 0x30..=0x39, c @ 0x81..=0xFE, d @ 0x30..=0x39] = *b else { return None };
    let (a, b, c, d) = (u32::from(a - 0x81), u32::from(b - 0x30), u32::from(c - 0x81), u32::from(d - 0x30));
    let n = ((a * 10 + b) * 126 + c) * 10 + d;
    if n >= ASTRAL {
        return Some(n - ASTRAL + 0x10000).filter(|c| *c <= 0x0010_FFFF);
    }
    let i = ranges.partition_point(|r| r.0 <= n).checked_sub(1)?;
    let (start, c, len) = *ranges.get(i)?;
    (n - start < len).then_some(c + n - start)
}

fn four_of(ranges: &Ranges, c: u32) -> Option<[u8; 4]> {
    let n = if c >= 0x10000 {
        c - 0x10000 + ASTRAL
    } else {
        ranges.iter().find_map(|(start, first, len)| {
            let n = c.checked_sub(*first)?;
            (n < *len).then_some(start + n)
        })?
    };
    let digit = |n: u32, from: u32| (n + from) as u8;
    Some([
        digit(n / 12_600, 0x81),
        digit(n / 1260 % 10, 0x30),
        digit(n / 10 % 126, 0x81),
        digit(n % 10, 0x30),
    ])
}

// ---------------------------------------------------------------------------------------------------- all

impl Coder {
    /// The encoding of that name of a module `_codecs_…`.
    pub(crate) fn new(tables: &Tables, name: &str) -> Option<Coder> {
        use Single::{Ascii, Cp932, Sjis, Sjis2004};
        let double = |name, single| Coder::Double(tables.get(name), single);
        Some(match name {
            "shift_jis" => double("shift_jis", Sjis),
            "cp932" => double("cp932", Cp932),
            "shift_jis_2004" => double("shift_jis_2004", Sjis2004),
            "shift_jisx0213" => double("shift_jisx0213", Sjis2004),
            "euc_jp" => Coder::Euc(tables.get("jisx0208"), tables.get("jisx0212"), true),
            "euc_jis_2004" => Coder::Euc(tables.get("jisx0213_1"), tables.get("euc_jisx0213_2"), false),
            "euc_jisx0213" => {
                Coder::Euc(tables.get("jisx0213_1_2000"), tables.get("euc_jisx0213_2_2000"), false)
            }
            "gb2312" => double("gb2312", Ascii),
            "gbk" => double("gbk", Ascii),
            "gb18030" => Coder::Gb18030(tables.get("gb18030"), tables.ranges()),
            "hz" => Coder::Hz(tables.get("gb2312")),
            "big5" => double("big5", Ascii),
            "cp950" => double("cp950", Ascii),
            "big5hkscs" => double("big5hkscs", Ascii),
            "euc_kr" => Coder::Kr(tables.get("euc_kr")),
            "cp949" => double("cp949", Ascii),
            "johab" => double("johab", Ascii),
            _ => Coder::Iso(Iso::new(tables, name)?),
        })
    }

    /// The state at the beginning of a text.
    pub(crate) fn start(&self) -> State {
        match self {
            Coder::Iso(i) => i.start(),
            _ => State::default(),
        }
    }

    /// Whether what ASCII encodes is the same here, whatever the state.
    pub(crate) fn ascii_passes(&self) -> bool {
        match self {
            Coder::Double(_, s) => *s != Single::Sjis2004,
            Coder::Hz(_) | Coder::Iso(_) => false,
            _ => true,
        }
    }

    /// The first unit of the input, which is not empty.
    pub(crate) fn decode(&self, b: &[u8], state: &mut State) -> Decoded {
        let lead = b[0];
        match self {
            Coder::Double(t, single) => {
                if let Some(c) = single.decode(lead) {
                    return one(c);
                }
                match b.get(1) {
                    _ if !single.leads(lead) => Decoded::Bad(1),
                    None => Decoded::Short,
                    Some(trail) => double(t, code(lead, *trail)),
                }
            }
            Coder::Euc(t, third, _) => match (lead, b.get(1), b.get(2)) {
                (0..0x80, ..) => one(u32::from(lead)),
                (_, None, _) | (0x8F, _, None) => Decoded::Short,
                (0x8E, Some(c @ 0xA1..=0xDF), _) => {
                    Decoded::Text(Text::One(0xFF61 + u32::from(*c) - 0xA1), 2)
                }
                (0x8E, ..) => Decoded::Bad(1),
                (0x8F, Some(x), Some(y)) => text((*x >= 0x80).then(|| third.get(code(*x, *y))).flatten(), 3),
                (_, Some(x), _) => double(t, code(lead, *x)),
            },
            Coder::Kr(t) => match (lead, b.get(1)) {
                (0..0x80, _) => one(u32::from(lead)),
                (_, None) => Decoded::Short,
                (0xA4, Some(&FILLER)) => match b.get(..8) {
                    None => Decoded::Short,
                    Some(b) => text(spelled(b).map(Text::One), 8),
                },
                (_, Some(x)) => text(t.get(code(lead, *x)), 2),
            },
            Coder::Gb18030(t, ranges) => match (lead, b.get(1)) {
                (0..0x80, _) => one(u32::from(lead)),
                (_, None) => Decoded::Short,
                (_, Some(0x30..=0x39)) => match b.get(..4) {
                    None => Decoded::Short,
                    Some(b) => text(four(ranges, b).map(Text::One), 4),
                },
                (_, Some(x)) => text(t.get(code(lead, *x)), 2),
            },
            Coder::Hz(t) => decode_hz(t, b, state),
            Coder::Iso(i) => i.decode(b, state),
        }
    }

    /// Encodes the first of the characters, of which there is one. `last`: none follow later.
    pub(crate) fn encode(&self, chars: &[u32], state: &mut State, last: bool, out: &mut Vec<u8>) -> Encoded {
        let c = chars[0];
        let ok = |out: &mut Vec<u8>, bytes: &[u8], n: usize| {
            out.extend_from_slice(bytes);
            Encoded::Used(n)
        };
        match self {
            Coder::Double(t, single) => {
                if let Some(b) = single.encode(c) {
                    return ok(out, &[b], 1);
                }
                match table_code(t, chars, last) {
                    Ok(Some((code, n))) => ok(out, &code.to_be_bytes(), n),
                    Ok(None) => Encoded::Bad,
                    Err(()) => Encoded::Short,
                }
            }
            Coder::Euc(t, third, roman) => match c {
                0..0x80 => ok(out, &[c as u8], 1),
                0xFF61..=0xFF9F => ok(out, &[0x8E, (c - 0xFEC0) as u8], 1),
                0xA5 if *roman => ok(out, b"\\", 1),
                0x203E if *roman => ok(out, b"~", 1),
                _ => match (table_code(t, chars, last), third.code(c)) {
                    (Ok(Some((code, n))), _) => ok(out, &code.to_be_bytes(), n),
                    (Err(()), _) => Encoded::Short,
                    (_, Some(code)) => {
                        out.push(0x8F);
                        ok(out, &code.to_be_bytes(), 1)
                    }
                    _ => Encoded::Bad,
                },
            },
            Coder::Kr(t) => match (t.code(c), spell(c)) {
                _ if c < 0x80 => ok(out, &[c as u8], 1),
                (Some(code), _) => ok(out, &code.to_be_bytes(), 1),
                (_, Some(bytes)) => ok(out, &bytes, 1),
                _ => Encoded::Bad,
            },
            Coder::Gb18030(t, ranges) => match t.code(c) {
                _ if c < 0x80 => ok(out, &[c as u8], 1),
                Some(code) => ok(out, &code.to_be_bytes(), 1),
                None => four_of(ranges, c).map_or(Encoded::Bad, |b| ok(out, &b, 1)),
            },
            Coder::Hz(t) => encode_hz(t, c, state, out),
            Coder::Iso(i) => i.encode(chars, state, last, out),
        }
    }

    /// What ends a text in this state; the state is that of a beginning then.
    pub(crate) fn finish(&self, state: &mut State, out: &mut Vec<u8>) {
        match self {
            Coder::Hz(_) if state[0] != 0 => {
                state[0] = 0;
                out.extend_from_slice(b"~}");
            }
            Coder::Iso(i) => i.finish(state, out),
            _ => {}
        }
    }

    /// Forgets the state of a decoding.
    pub(crate) fn reset(&self, state: &mut State) {
        match self {
            Coder::Hz(_) => state[0] = 0,
            Coder::Iso(i) => i.reset(state),
            _ => {}
        }
    }
}

fn decode_hz(t: &Table, b: &[u8], state: &mut State) -> Decoded {
    let double = state[0] != 0;
    match (b[0], b.get(1)) {
        (b'~', None) => Decoded::Short,
        (b'~', Some(b'~')) if !double => Decoded::Text(Text::One(u32::from(b'~')), 2),
        (b'~', Some(b'\n')) if !double => Decoded::Shift(2),
        (b'~', Some(c @ (b'{' | b'}'))) if double == (*c == b'}') => {
            state[0] = u8::from(*c == b'{');
            Decoded::Shift(2)
        }
        (b'~', _) | (0x80.., _) => Decoded::Bad(1),
        (c, _) if !double => one(u32::from(c)),
        (_, None) => Decoded::Short,
        (_, Some(0x80..)) => Decoded::Bad(1),
        (x, Some(y)) => text(t.get(code(x | 0x80, y | 0x80)), 2),
    }
}

fn encode_hz(t: &Table, c: u32, state: &mut State, out: &mut Vec<u8>) -> Encoded {
    if c < 0x80 {
        if state[0] != 0 {
            state[0] = 0;
            out.extend_from_slice(b"~}");
        }
        out.push(c as u8);
        if c == u32::from(b'~') {
            out.push(b'~');
        }
        return Encoded::Used(1);
    }
    let Some(code) = t.code(c) else { return Encoded::Bad };
    if state[0] == 0 {
        state[0] = 1;
        out.extend_from_slice(b"~{");
    }
    out.extend_from_slice(&(code & 0x7F7F).to_be_bytes());
    Encoded::Used(1)
}
