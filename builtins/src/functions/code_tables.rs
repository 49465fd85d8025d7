//! The position tables of code objects as Python programs see them.
//!
//! `co_linetable` is our own: for each run of instruction words with the same position, the number of words, then the change of the
//! first line, the last line less the first, and the two columns; numbers are little-endian groups of seven bits, signed ones with the sign in the
//! lowest bit. A line of 0 has no further numbers; a table in which nothing has a line is empty. `co_exceptiontable` is in the same
//! way the number of entries, then start, length, handler and register of each, then the registers that belong to variables, which
//! the constructor of `code` is not told otherwise: that of the first free variable, and those of the cells. It is empty if
//! there is nothing to tell.
//!
//! Offsets that Python sees (`co_lines`, `co_lnotab`, `f_lasti`, `tb_lasti`) count two for each instruction word, as the
//! library halves them to index `co_positions`.

use protopy_bytecode::{CodeData, ExcEntry, Position};

/// What Python counts for an instruction word.
pub(super) const UNIT: u32 = 2;

fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn put_signed(out: &mut Vec<u8>, n: i64) {
    put(out, ((n << 1) ^ (n >> 63)).cast_unsigned());
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn get(&mut self) -> Option<u64> {
        let mut n = 0u64;
        for shift in (0..63).step_by(7) {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            n |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Some(n);
            }
        }
        None
    }

    fn get_u32(&mut self) -> Option<u32> {
        u32::try_from(self.get()?).ok()
    }

    fn get_signed(&mut self) -> Option<i64> {
        let n = self.get()?;
        Some((n >> 1).cast_signed() ^ -((n & 1).cast_signed()))
    }
}

/// Runs of equal items: first index, item, length.
fn runs<T: PartialEq + Copy>(items: &[T]) -> impl Iterator<Item = (usize, T, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let item = *items.get(at)?;
        let start = at;
        at += items[start..].iter().take_while(|x| **x == item).count();
        Some((start, item, at - start))
    })
}

/// `co_linetable`
pub(super) fn line_table(data: &CodeData) -> Vec<u8> {
    let mut out = Vec::new();
    if data.positions.iter().all(|p| p.line == 0) {
        return out;
    }
    let mut line = i64::from(data.first_line);
    for (_, p, n) in runs(&data.positions) {
        put(&mut out, n as u64);
        if p.line == 0 {
            put(&mut out, 0);
            continue;
        }
        put(&mut out, 1);
        put_signed(&mut out, i64::from(p.line) - line);
        put_signed(&mut out, i64::from(p.end_line) - i64::from(p.line));
        put(&mut out, u64::from(p.col));
        put(&mut out, u64::from(p.end_col));
        line = i64::from(p.line);
    }
    out
}

/// The positions of a `co_linetable` for `words` instruction words; `None` if it is no such table. An empty table says that nothing has
/// a position.
pub(super) fn read_line_table(table: &[u8], first_line: u32, words: usize) -> Option<Vec<Position>> {
    if table.is_empty() {
        return Some(vec![Position::default(); words]);
    }
    let mut r = Reader(table);
    let mut out = Vec::with_capacity(words);
    let mut line = i64::from(first_line);
    while out.len() < words {
        let n = usize::try_from(r.get()?).ok()?.min(words - out.len());
        let p = match r.get()? {
            0 => Position::default(),
            _ => {
                line = line.checked_add(r.get_signed()?)?;
                let end = line.checked_add(r.get_signed()?)?;
                Position {
                    line: u32::try_from(line).ok()?,
                    end_line: u32::try_from(end).ok()?,
                    col: r.get_u32()?,
                    end_col: r.get_u32()?,
                }
            }
        };
        if n == 0 {
            return None;
        }
        out.resize(out.len() + n, p);
    }
    r.0.is_empty().then_some(out)
}

/// `co_exceptiontable`
pub(super) fn exception_table(data: &CodeData) -> Vec<u8> {
    let mut out = Vec::new();
    if data.exceptions.is_empty() && data.freevars.is_empty() && data.cell_regs.is_empty() {
        return out;
    }
    put(&mut out, data.exceptions.len() as u64);
    for e in &data.exceptions {
        for n in [e.start, e.end.saturating_sub(e.start), e.handler, u32::from(e.reg)] {
            put(&mut out, u64::from(n));
        }
    }
    put(&mut out, u64::from(data.free_base));
    for r in &data.cell_regs {
        put(&mut out, u64::from(*r));
    }
    out
}

/// What a `co_exceptiontable` says.
#[derive(Default)]
pub(super) struct ExceptionTable {
    /// The handlers.
    pub(super) entries: Vec<ExcEntry>,
    /// Register of the first free variable.
    pub(super) free_base: Option<u16>,
    /// Registers of the cells.
    pub(super) cell_regs: Vec<u16>,
}

/// Reads a `co_exceptiontable`; `None` if it is no such table.
pub(super) fn read_exception_table(table: &[u8]) -> Option<ExceptionTable> {
    let mut out = ExceptionTable::default();
    if table.is_empty() {
        return Some(out);
    }
    let mut r = Reader(table);
    let n = r.get()?;
    for _ in 0..n {
        let (start, length, handler) = (r.get_u32()?, r.get_u32()?, r.get_u32()?);
        let (end, reg) = (start.checked_add(length)?, u16::try_from(r.get()?).ok()?);
        out.entries.push(ExcEntry { start, end, handler, reg });
    }
    out.free_base = Some(u16::try_from(r.get()?).ok()?);
    while !r.0.is_empty() {
        out.cell_regs.push(u16::try_from(r.get()?).ok()?);
    }
    Some(out)
}

/// What the library takes for the instruction `RESUME`, behind which the body of code begins: the first word shows as that.
const RESUME: u64 = 128;

/// `co_code`: the instruction words, little-endian.
pub(super) fn code_bytes(data: &CodeData) -> Vec<u8> {
    let first = data.code.first().map(|w| w | RESUME);
    first.iter().chain(data.code.iter().skip(1)).flat_map(|w| w.to_le_bytes()).collect()
}

/// The instruction words of a `co_code`; `None` if bytes are left over.
pub(super) fn read_code(bytes: &[u8]) -> Option<Vec<u64>> {
    let words = bytes.chunks(8).map(|c| Some(u64::from_le_bytes(<[u8; 8]>::try_from(c).ok()?)));
    let mut words: Vec<u64> = words.collect::<Option<_>>()?;
    if let Some(w) = words.first_mut().filter(|w| **w == RESUME) {
        *w = 0;
    }
    Some(words)
}

/// Ranges of offsets of the same line: start, end, line (0: none).
pub(super) fn lines(data: &CodeData) -> Vec<(u32, u32, u32)> {
    let all: Vec<u32> = data.positions.iter().map(|p| p.line).collect();
    if all.iter().all(|l| *l == 0) {
        return Vec::new();
    }
    runs(&all).map(|(start, line, n)| (start as u32 * UNIT, (start + n) as u32 * UNIT, line)).collect()
}

/// `co_lnotab`: pairs of unsigned offset and signed line increments.
pub(super) fn lnotab(data: &CodeData) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut offset, mut line) = (0u32, i64::from(data.first_line));
    for (start, _, at) in lines(data) {
        if at == 0 || i64::from(at) == line {
            continue;
        }
        let mut skip = start - offset;
        while skip > 255 {
            out.extend([255, 0]);
            skip -= 255;
        }
        let mut delta = i64::from(at) - line;
        while !(-128..=127).contains(&delta) {
            let step = delta.clamp(-128, 127);
            out.extend([skip as u8, (step as i8).cast_unsigned()]);
            skip = 0;
            delta -= step;
        }
        out.extend([skip as u8, (delta as i8).cast_unsigned()]);
        offset = start;
        line = i64::from(at);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_tables_are_read_back() {
        let p = |line, end_line, col, end_col| Position { line, end_line, col, end_col };
        let positions = vec![p(9, 9, 0, 5), p(9, 9, 0, 5), p(0, 0, 0, 0), p(3, 7, 200, 4), p(900, 900, 1, 2)];
        let data = CodeData { first_line: 5, positions: positions.clone().into(), ..CodeData::default() };
        let table = line_table(&data);
        assert_eq!(read_line_table(&table, 5, 5), Some(positions));
        assert_eq!(read_line_table(&table, 5, 4), None);
        assert_eq!(read_line_table(&table[1..], 5, 5), None);
        assert_eq!(read_line_table(b"", 5, 2), Some(vec![Position::default(); 2]));
    }

    #[test]
    fn equal_lines_are_one_range() {
        let p = |line| Position { line, end_line: line, col: 0, end_col: 0 };
        let data = CodeData {
            first_line: 1,
            positions: vec![p(2), p(2), p(0), p(300)].into(),
            ..CodeData::default()
        };
        assert_eq!(lines(&data), [(0, 4, 2), (4, 6, 0), (6, 8, 300)]);
        assert_eq!(lnotab(&data), [0, 1, 6, 127, 0, 127, 0, 44]);
    }
}
