//! Finding where a match can start.
//!
//! A search asks the program's [`Start`] for the next position worth trying, tries it, and goes on
//! behind it. The minimal width bounds the positions from above.

use crate::Abort;
use crate::exec::{Machine, NONE};
use crate::program::Start;
use crate::scan::Unit;

impl<U: Unit> Machine<'_, U> {
    /// The first match that starts at `from` or later.
    pub(crate) fn search(&mut self, from: usize) -> Result<Option<(usize, usize)>, Abort> {
        let Some(last) = self.s.len().checked_sub(self.program.min_width) else { return Ok(None) };
        let mut at = from;
        while at <= last {
            let Some(start) = self.candidate(at, last) else { return Ok(None) };
            if let Some(end) = self.match_at(start)? {
                return Ok(Some((start, end)));
            }
            // An empty match is refused at the first position only.
            self.forbidden_end = NONE;
            at = start + 1;
        }
        Ok(None)
    }

    /// The next position of `at..=last` where the program may start.
    #[inline]
    fn candidate(&self, at: usize, last: usize) -> Option<usize> {
        let rest = &self.s[at..];
        let found = match &self.program.start {
            Start::Anywhere => Some(0),
            Start::Subject => (at == 0).then_some(0),
            Start::Line => match at.checked_sub(1) {
                Some(before) if self.s[before].code() != 10 => U::find(rest, 10).map(|i| i + 1),
                _ => Some(0),
            },
            Start::Char(c) => U::find(rest, *c),
            Start::Literal(literal, finder) => U::find_literal(rest, literal, finder.as_deref()),
            Start::Filter(filter, few) => U::find_any(rest, filter, few),
        };
        found.map(|i| at + i).filter(|&start| start <= last)
    }
}
