//! Numeric literals, and the errors that a malformed one gets.

use super::{LexResult, Lexer};
use crate::token::{self, Token};

/// Keywords that may follow a number without a space.
const AFTER_NUMBER: [&str; 8] = ["and", "else", "for", "if", "in", "is", "not", "or"];

impl Lexer<'_> {
    #[inline]
    fn here(&self) -> u8 {
        self.byte(self.pos)
    }

    pub(super) fn number(&mut self) -> LexResult<Token> {
        if self.here() == b'0' {
            match self.byte(self.pos + 1) {
                b'x' | b'X' => return self.radix("hexadecimal", 16),
                b'o' | b'O' => return self.radix("octal", 8),
                b'b' | b'B' => return self.radix("binary", 2),
                _ => return self.leading_zero(),
            }
        }
        if self.here() != b'.' {
            self.decimal_tail()?;
        }
        self.fraction_and_exponent()
    }

    /// `0x`, `0o` or `0b`, digits with single underscores between them.
    fn radix(&mut self, name: &'static str, radix: u32) -> LexResult<Token> {
        let is_digit = |c: u8| char::from(c).is_digit(radix);
        self.pos += 2;
        loop {
            if self.here() == b'_' {
                self.pos += 1;
            }
            if !is_digit(self.here()) {
                if self.here().is_ascii_digit() {
                    return Err(self.wrong_digit(name));
                }
                return Err(self.error(format!("invalid {name} literal")));
            }
            while is_digit(self.here()) {
                self.pos += 1;
            }
            if self.here() != b'_' {
                break;
            }
        }
        if self.here().is_ascii_digit() {
            return Err(self.wrong_digit(name));
        }
        self.end_of_number(name)
    }

    fn wrong_digit(&mut self, name: &str) -> Box<super::LexError> {
        let digit = char::from(self.here());
        self.pos += 1;
        self.error(format!("invalid digit '{digit}' in {name} literal"))
    }

    /// A literal that starts with `0`: zero, a float, an imaginary number, or the old octal form, which is refused.
    fn leading_zero(&mut self) -> LexResult<Token> {
        let zeros_start = self.pos;
        self.pos += 1;
        loop {
            if self.here() == b'_' {
                self.pos += 1;
                if !self.here().is_ascii_digit() {
                    return Err(self.error("invalid decimal literal"));
                }
            }
            if self.here() != b'0' {
                break;
            }
            self.pos += 1;
        }
        let zeros_end = self.pos;
        let nonzero = self.here().is_ascii_digit();
        if nonzero {
            self.decimal_tail()?;
        }
        if matches!(self.here(), b'.' | b'e' | b'E' | b'j' | b'J') {
            return self.fraction_and_exponent();
        }
        if nonzero && !self.options.extra_tokens {
            let message = "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers";
            let mut error = self.error_at(message, zeros_start, zeros_end);
            error.shift = 1;
            return Err(error);
        }
        self.end_of_number("decimal")
    }

    /// Digits with single underscores between them.
    fn decimal_tail(&mut self) -> LexResult<()> {
        loop {
            while self.here().is_ascii_digit() {
                self.pos += 1;
            }
            if self.here() != b'_' {
                return Ok(());
            }
            self.pos += 1;
            if !self.here().is_ascii_digit() {
                return Err(self.error("invalid decimal literal"));
            }
        }
    }

    fn fraction_and_exponent(&mut self) -> LexResult<Token> {
        if self.here() == b'.' {
            self.pos += 1;
            if self.here().is_ascii_digit() {
                self.decimal_tail()?;
            }
        }
        if matches!(self.here(), b'e' | b'E') {
            let mark = self.pos;
            self.pos += 1;
            let signed = matches!(self.here(), b'+' | b'-');
            if signed {
                self.pos += 1;
            }
            if self.here().is_ascii_digit() {
                self.decimal_tail()?;
            } else if signed {
                return Err(self.error("invalid decimal literal"));
            } else {
                self.pos = mark;
                return self.end_of_number("decimal");
            }
        }
        if matches!(self.here(), b'j' | b'J') {
            self.pos += 1;
            return self.end_of_number("imaginary");
        }
        self.end_of_number("decimal")
    }

    /// The token, unless letters follow that no keyword explains.
    fn end_of_number(&mut self, name: &str) -> LexResult<Token> {
        if !self.options.extra_tokens {
            let rest = self.buf.as_bytes().get(self.pos..self.line_end).unwrap_or_default();
            let keyword = AFTER_NUMBER.iter().any(|word| rest.starts_with(word.as_bytes()));
            let c = self.here();
            if !keyword && (c.is_ascii_alphanumeric() || c == b'_') {
                return Err(self.error(format!("invalid {name} literal")));
            }
        }
        Ok(self.make(token::NUMBER))
    }
}
