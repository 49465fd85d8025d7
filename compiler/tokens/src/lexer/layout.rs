//! Indentation: measuring a line's, and the INDENT and DEDENT tokens it owes.

use super::{LexErrorKind, LexResult, Lexer, MAX_INDENT};
use crate::token::{self, Token};

const TAB_SIZE: usize = 8;

impl Lexer<'_> {
    /// Measures the indentation of the line that starts here. True for a line without code, which does not count.
    pub(super) fn measure_indentation(&mut self) -> LexResult<bool> {
        let (mut column, mut alternative) = (0usize, 0usize);
        let mut continued: Option<(usize, usize)> = None;
        let c = loop {
            match self.peek()? {
                b' ' => {
                    column += 1;
                    alternative += 1;
                }
                b'\t' => {
                    column = (column / TAB_SIZE + 1) * TAB_SIZE;
                    alternative += 1;
                }
                0x0c => {
                    column = 0;
                    alternative = 0;
                }
                b'\\' => {
                    // The indentation of the first of several joined lines is the one that counts.
                    continued = continued.or((column > 0).then_some((column, alternative)));
                    self.continuation()?;
                    continue;
                }
                other => break other,
            }
            self.pos += 1;
        };
        if matches!(c, b'#' | b'\n') || (c == b'\r' && self.peek_second() == b'\n') {
            return Ok(true);
        }
        if self.brackets.is_empty() {
            let (column, alternative) = continued.unwrap_or((column, alternative));
            self.compare_indentation(column, alternative)?;
        }
        Ok(false)
    }

    fn compare_indentation(&mut self, column: usize, alternative: usize) -> LexResult<()> {
        let (top, top_alternative) = self.indents.last().copied().unwrap_or((0, 0));
        if column == top {
            return if alternative == top_alternative { Ok(()) } else { Err(self.tab_error()) };
        }
        if column > top {
            if self.indents.len() + 1 >= MAX_INDENT {
                let message = "too many levels of indentation";
                return Err(self.error_of(LexErrorKind::TooDeep, message, self.pos, self.pos));
            }
            if alternative <= top_alternative {
                return Err(self.tab_error());
            }
            self.pending += 1;
            self.indents.push((column, alternative));
            return Ok(());
        }
        while self.indents.last().is_some_and(|&(open, _)| column < open) {
            self.indents.pop();
            self.pending -= 1;
        }
        let (top, top_alternative) = self.indents.last().copied().unwrap_or((0, 0));
        if column != top {
            let message = "unindent does not match any outer indentation level";
            return Err(self.error_of(LexErrorKind::Dedent, message, self.pos, self.pos));
        }
        if alternative == top_alternative { Ok(()) } else { Err(self.tab_error()) }
    }

    fn tab_error(&self) -> Box<super::LexError> {
        let message = "inconsistent use of tabs and spaces in indentation";
        self.error_of(LexErrorKind::TabSpace, message, self.pos, self.pos)
    }

    /// One owed INDENT or DEDENT.
    pub(super) fn pending_indentation(&mut self) -> Option<Token> {
        if self.pending == 0 {
            return None;
        }
        self.begin();
        if self.pending > 0 {
            self.pending -= 1;
            self.start = self.line_start;
            return Some(self.make(token::INDENT));
        }
        self.pending += 1;
        Some(self.make(token::DEDENT))
    }
}
