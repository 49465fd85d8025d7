//! From ranges of the syntax tree to lines and columns.
//!
//! A tree that the parser made carries byte ranges into the source, and an index of line starts turns
//! them into positions. A tree that was built from Python `ast` objects has no source: there a
//! range's start is the index of a [`Position`] in a table.

use protopy_bytecode::{Const, Position, SurrogateStr};
use ruff_python_ast::{Decorator, Parameter};
use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashMap;
use std::cell::Cell;

/// How the ranges of a tree are to be read.
pub enum Locations {
    /// Byte ranges of a source text.
    Source(LineIndex),
    /// Tables that ranges are indices of.
    Table(NodeTable),
}

/// Facts about the nodes of a tree without source.
#[derive(Default)]
pub struct NodeTable {
    /// Positions, by a range's start.
    pub positions: Vec<Position>,
    /// Strings with lone surrogates, by the start of the literal's range: in the tree stands U+FFFD for each of them.
    pub wide: FxHashMap<u32, SurrogateStr>,
    /// Constants that no literal expresses, by the start of their range: an escape command stands for them in the tree.
    pub consts: FxHashMap<u32, Const>,
    /// What the interpolations of t-strings show as their source, by the start of their range.
    pub texts: FxHashMap<u32, Box<str>>,
}

/// Where the lines of a source begin.
pub struct LineIndex {
    starts: Vec<u32>,
    source: Box<str>,
    /// The line found last: look-ups cluster.
    last: Cell<usize>,
    /// Added to each line number.
    line_offset: u32,
}

impl LineIndex {
    /// Indexes `source`; `line_offset` is added to every line.
    pub fn new(source: &str, line_offset: u32) -> LineIndex {
        let bytes = source.as_bytes();
        let mut starts = Vec::with_capacity(bytes.len() / 30 + 1);
        starts.push(0);
        for (i, &b) in bytes.iter().enumerate() {
            if b == b'\n' || (b == b'\r' && bytes.get(i + 1) != Some(&b'\n')) {
                starts.push(u32::try_from(i + 1).unwrap_or(u32::MAX));
            }
        }
        LineIndex { starts, source: source.into(), last: Cell::new(0), line_offset }
    }

    /// The source text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Index of the line that holds byte `at`.
    fn line_of(&self, at: u32) -> usize {
        let last = self.last.get();
        if self.holds(last, at) {
            return last;
        }
        let line = if self.holds(last + 1, at) {
            last + 1
        } else {
            self.starts.partition_point(|&s| s <= at).saturating_sub(1)
        };
        self.last.set(line);
        line
    }

    fn holds(&self, line: usize, at: u32) -> bool {
        self.starts.get(line).is_some_and(|&s| s <= at) && self.starts.get(line + 1).is_none_or(|&s| at < s)
    }

    /// Line (from 1) and column (from 0, in bytes) of byte `at`.
    pub fn line_col(&self, at: TextSize) -> (u32, u32) {
        let at = at.to_u32();
        let line = self.line_of(at);
        let start = self.starts.get(line).copied().unwrap_or(0);
        (line as u32 + 1 + self.line_offset, at - start.min(at))
    }

    /// Text of line `line` (from 1, without the offset), its end included.
    pub fn line_text(&self, line: u32) -> Option<&str> {
        let line = line.checked_sub(1 + self.line_offset)? as usize;
        let start = *self.starts.get(line)? as usize;
        let end = self.starts.get(line + 1).map_or(self.source.len(), |&e| e as usize);
        self.source.get(start..end)
    }
}

impl Locations {
    /// An index of `source`.
    pub fn of_source(source: &str) -> Locations {
        Locations::Source(LineIndex::new(source, 0))
    }

    /// Locations of a tree that has a table of positions.
    pub fn of_table(positions: Vec<Position>) -> Locations {
        Locations::Table(NodeTable { positions, ..NodeTable::default() })
    }

    /// The code points of a string literal that the tree cannot hold, where a table knows them.
    pub(crate) fn wide(&self, range: TextRange) -> Option<&[u32]> {
        match self {
            Locations::Table(t) => t.wide.get(&range.start().to_u32()).map(|s| &**s),
            Locations::Source(_) => None,
        }
    }

    /// The constant that stands at a range of a tree without source.
    pub fn constant(&self, range: TextRange) -> Option<&Const> {
        match self {
            Locations::Table(t) => t.consts.get(&range.start().to_u32()),
            Locations::Source(_) => None,
        }
    }

    /// What an interpolation without source shows as its text.
    pub(crate) fn shown(&self, range: TextRange) -> Option<&str> {
        match self {
            Locations::Table(t) => t.texts.get(&range.start().to_u32()).map(|s| &**s),
            Locations::Source(_) => None,
        }
    }

    /// The position of a range.
    pub fn position(&self, range: TextRange) -> Position {
        match self {
            Locations::Source(index) => {
                let (line, col) = index.line_col(range.start());
                let (end_line, end_col) = index.line_col(range.end());
                Position { line, end_line, col, end_col }
            }
            Locations::Table(t) => t.positions.get(range.start().to_usize()).copied().unwrap_or_default(),
        }
    }

    /// The source text of a range, if there is one.
    pub fn text(&self, range: TextRange) -> Option<&str> {
        match self {
            Locations::Source(index) => index.source.get(range.start().to_usize()..range.end().to_usize()),
            Locations::Table(_) => None,
        }
    }

    /// The range of a parameter without its stars, which the parser counts in.
    pub fn parameter(&self, p: &Parameter) -> TextRange {
        match self {
            Locations::Source(_)
                if p.name.range.start() >= p.range.start() && p.name.range.start() <= p.range.end() =>
            {
                TextRange::new(p.name.range.start(), p.range.end())
            }
            _ => p.range,
        }
    }

    /// The range of a decorated definition without its decorators, which the parser counts in.
    pub fn definition(&self, range: TextRange, decorators: &[Decorator]) -> TextRange {
        let (Locations::Source(index), Some(last)) = (self, decorators.last()) else { return range };
        let bytes = index.source.as_bytes();
        let mut at = last.range.end().to_usize();
        while let Some(&b) = bytes.get(at) {
            match b {
                b'#' => {
                    while bytes.get(at).is_some_and(|&b| b != b'\n' && b != b'\r') {
                        at += 1;
                    }
                }
                b' ' | b'\t' | b'\x0c' | b'\n' | b'\r' | b'\\' => at += 1,
                _ => break,
            }
        }
        let start = TextSize::try_from(at).unwrap_or(range.start());
        if start < range.end() { TextRange::new(start, range.end()) } else { range }
    }
}
