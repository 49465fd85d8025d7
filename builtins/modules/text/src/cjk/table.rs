//! Character tables: `tables.txt`, which `tables.py` writes and explains, made into arrays when a codec is first asked for.

use protopy_vm::protocore::Tracer;
use protopy_vm::protocore::space::SpaceState;
use std::sync::{Arc, OnceLock};

static TEXT: &str = include_str!("tables.txt");

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// A character.
    One(u32),
    /// A character and a combining one.
    Two(u32, u32),
}

/// Marks in [`Table::decode`] an index into the pairs.
const PAIR: u32 = 1 << 31;

/// Codes of two bytes, the first from 0x80 on, and what they stand for.
pub(crate) struct Table {
    /// By code without its highest bit; 0: nothing.
    decode: Vec<u32>,
    /// Number of the page of codes by the upper bits of a character; page 0 is empty.
    pages: Vec<u16>,
    /// Pages of 256 codes; 0: none.
    codes: Vec<[u16; 256]>,
    pairs: Vec<(u32, u32, u16)>,
    /// Codes that a later edition of the character set has, which are wrong as a whole here.
    later: Vec<u16>,
}

impl Table {
    /// What a code stands for.
    #[inline]
    pub(crate) fn get(&self, code: u16) -> Option<Text> {
        match self.decode.get(usize::from(code & 0x7FFF)) {
            None | Some(0) => None,
            Some(n) if n & PAIR != 0 => self.pairs.get((n & !PAIR) as usize).map(|p| Text::Two(p.0, p.1)),
            Some(n) => Some(Text::One(*n)),
        }
    }

    /// How many bytes are wrong where a code stands for nothing.
    #[cold]
    pub(crate) fn wrong(&self, code: u16) -> usize {
        if self.later.contains(&code) { 2 } else { 1 }
    }

    /// The code of a character.
    #[inline]
    pub(crate) fn code(&self, c: u32) -> Option<u16> {
        let page = self.pages.get((c >> 8) as usize)?;
        let code = self.codes.get(usize::from(*page))?[(c & 0xFF) as usize];
        (code != 0).then_some(code)
    }

    /// Whether a character is the first of a pair that has a code.
    #[inline]
    pub(crate) fn starts_pair(&self, c: u32) -> bool {
        self.pairs.iter().any(|p| p.0 == c)
    }

    /// The code of two characters.
    pub(crate) fn pair(&self, a: u32, b: u32) -> Option<u16> {
        self.pairs.iter().find(|p| (p.0, p.1) == (a, b)).map(|p| p.2)
    }

    fn load(name: &str) -> Table {
        let (decode, pairs) = read(name);
        let mut t = Table { decode, pages: vec![0; 0x1100], codes: vec![[0; 256]], pairs, later: Vec::new() };
        if matches!(name, "jisx0213_1_2000" | "shift_jisx0213") {
            let gone = section(name).filter_map(|l| l.strip_prefix('-')?.split_once(' '));
            let codes = gone.flat_map(|(c, n)| (0..n.parse().unwrap_or(0)).map(move |i| number(c) + i));
            t.later = codes.collect();
        }
        for i in 0..0x8000u16 {
            if let Some(Text::One(c)) = t.get(i)
                && t.code(c).is_none()
            {
                t.set_code(c, i | 0x8000);
            }
        }
        for line in section(name) {
            if let Some((code, text)) = line.strip_prefix('>').and_then(|l| l.split_once(' '))
                && let (Ok(code), Some(c)) = (u16::from_str_radix(code, 16), text.chars().next())
            {
                t.set_code(u32::from(c), code);
            }
        }
        t
    }

    fn set_code(&mut self, c: u32, code: u16) {
        let Some(page) = self.pages.get_mut((c >> 8) as usize) else { return };
        if *page == 0 {
            *page = self.codes.len() as u16;
            self.codes.push([0; 256]);
        }
        self.codes[usize::from(*page)][(c & 0xFF) as usize] = code;
    }
}

/// The heading of a section: its name and that of the table it changes.
fn heading(name: &str) -> Option<(usize, Option<&'static str>)> {
    let mut at = 0;
    for line in TEXT.split_inclusive('\n') {
        at += line.len();
        if let Some(h) = line.trim_end_matches('\n').strip_prefix('@') {
            let mut words = h.split(' ');
            if words.next() == Some(name) {
                return Some((at, words.next()));
            }
        }
    }
    None
}

/// The lines of a section.
fn section(name: &str) -> impl Iterator<Item = &'static str> {
    let start = heading(name).map_or(TEXT.len(), |h| h.0);
    TEXT[start..].split('\n').take_while(|l| !l.starts_with('@')).filter(|l| !l.is_empty())
}

/// A code of JIS X 0208 as EUC-JP has it, as Shift JIS has it.
fn shifted(code: u16) -> u16 {
    let (row, cell) = ((code >> 8) - 0xA1, (code & 0xFF) - 0xA1);
    let lead = (row >> 1) + if row < 62 { 0x81 } else { 0xC1 };
    let trail = match (row & 1, cell) {
        (1, c) => c + 0x9F,
        (_, c) if c < 63 => c + 0x40,
        (_, c) => c + 0x41,
    };
    lead << 8 | trail
}

fn number(hex: &str) -> u16 {
    u16::from_str_radix(hex, 16).unwrap_or(0)
}

/// What the codes of a table stand for.
fn read(name: &str) -> (Vec<u32>, Vec<(u32, u32, u16)>) {
    let (mut decode, mut pairs) = match heading(name).and_then(|h| h.1) {
        None => (vec![0; 0x8000], Vec::new()),
        Some(base) => match base.strip_suffix('*') {
            None => read(base),
            Some(base) => {
                let (from, mut pairs) = read(base);
                let mut to = vec![0; 0x8000];
                for (i, c) in from.iter().enumerate().filter(|(_, c)| **c != 0) {
                    to[usize::from(shifted(i as u16 | 0x8000) & 0x7FFF)] = *c;
                }
                pairs.iter_mut().for_each(|p| p.2 = shifted(p.2));
                (to, pairs)
            }
        },
    };
    for line in section(name) {
        let Some((code, text)) = line.split_once(' ') else { continue };
        if code.starts_with('>') {
            continue;
        }
        let mut put = |code: u16, c: u32| decode[usize::from(code & 0x7FFF)] = c;
        if let Some(code) = code.strip_prefix('-') {
            let first = number(code);
            for i in 0..text.parse().unwrap_or(0u16) {
                put(first + i, 0);
                pairs.retain(|p| p.2 != first + i);
            }
        } else if let Some(code) = code.strip_prefix('+') {
            let mut chars = text.chars().map(u32::from);
            if let (Some(a), Some(b)) = (chars.next(), chars.next()) {
                pairs.push((a, b, number(code)));
            }
        } else {
            text.chars().enumerate().for_each(|(i, c)| put(number(code) + i as u16, u32::from(c)));
        }
    }
    for (i, p) in pairs.iter().enumerate() {
        decode[usize::from(p.2 & 0x7FFF)] = PAIR | i as u32;
    }
    (decode, pairs)
}

/// A range of GB18030's codes of four bytes: number of the first code, first character, how many.
pub(crate) type Ranges = Arc<Vec<(u32, u32, u32)>>;

/// The tables that a space has used so far.
#[derive(Default)]
pub(crate) struct Tables {
    tables: [OnceLock<Arc<Table>>; NAMES.len()],
    ranges: OnceLock<Ranges>,
}

const NAMES: [&str; 20] = [
    "jisx0208",
    "jisx0212",
    "jisx0213_1",
    "jisx0213_2",
    "jisx0213_1_2000",
    "jisx0213_2_2000",
    "euc_jisx0213_2",
    "euc_jisx0213_2_2000",
    "shift_jis",
    "cp932",
    "shift_jis_2004",
    "shift_jisx0213",
    "gb2312",
    "gbk",
    "gb18030",
    "big5",
    "cp950",
    "big5hkscs",
    "euc_kr",
    "cp949",
];

impl SpaceState for Tables {
    fn trace(&self, _: &mut Tracer) {}
}

impl Tables {
    /// A table by its name in `tables.txt`.
    pub(crate) fn get(&self, name: &'static str) -> Arc<Table> {
        match NAMES.iter().position(|n| *n == name) {
            Some(i) => self.tables[i].get_or_init(|| Arc::new(Table::load(name))).clone(),
            None => Arc::new(Table::load(name)),
        }
    }

    /// The ranges of GB18030.
    pub(crate) fn ranges(&self) -> Ranges {
        let read = || {
            let numbers = |l: &str| {
                let mut n = l.split(' ').map(|n| u32::from_str_radix(n, 16).unwrap_or(0));
                Some((n.next()?, n.next()?, n.next()?))
            };
            Arc::new(section("gb18030-ranges").filter_map(numbers).collect())
        };
        self.ranges.get_or_init(read).clone()
    }
}
