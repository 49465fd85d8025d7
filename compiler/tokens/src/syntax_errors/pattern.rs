//! The patterns of `case`.

use super::SyntaxErr;
use super::core::{Parser, R, kw, need};
use crate::token;

impl Parser<'_> {
    /// One pattern, or several with commas.
    pub(super) fn patterns(&mut self) -> R<()> {
        let starred = self.kind()? == token::STAR;
        need!(self.star_pattern());
        if starred && self.kind()? != token::COMMA {
            return Ok(None);
        }
        while self.accept(token::COMMA)? {
            if self.attempt(Self::star_pattern)?.is_none() {
                break;
            }
        }
        Ok(Some(()))
    }

    fn star_pattern(&mut self) -> R<()> {
        if self.accept(token::STAR)? {
            need!(self.expect(token::NAME));
            return Ok(Some(()));
        }
        self.pattern()
    }

    fn pattern(&mut self) -> R<()> {
        self.deeper(|p| {
            need!(p.closed_pattern());
            while p.accept(token::VBAR)? {
                if p.attempt(Self::closed_pattern)?.is_none() {
                    p.mark -= 1;
                    return Ok(Some(()));
                }
            }
            let before = p.mark;
            if !p.accept(kw::AS)? {
                return Ok(Some(()));
            }
            if p.kind()? == token::NAME && p.token_text(p.mark) != "_" {
                p.mark += 1;
                if !p.at_any(&[token::DOT, token::LPAR, token::EQUAL])? {
                    return Ok(Some(()));
                }
            }
            if p.hints {
                p.mark = before + 1;
                p.pattern_target_hint()?;
            }
            p.mark = before;
            Ok(Some(()))
        })
    }

    fn pattern_target_hint(&mut self) -> Result<(), Box<SyntaxErr>> {
        if self.at_soft("_")? {
            return Err(self.error_at_token(self.mark, "cannot use '_' as a target"));
        }
        if let Some(a) = self.attempt(Self::expression)? {
            let what = a.kind.describe();
            return Err(self.error_at_node(a, format!("cannot use {what} as pattern target")));
        }
        Ok(())
    }

    fn closed_pattern(&mut self) -> R<()> {
        match self.kind()? {
            token::NUMBER | token::MINUS => self.number_pattern(),
            token::STRING | token::FSTRING_START | token::TSTRING_START => {
                need!(self.strings());
                Ok(Some(()))
            }
            kw::NONE | kw::TRUE | kw::FALSE => {
                self.mark += 1;
                Ok(Some(()))
            }
            token::NAME => self.name_pattern(),
            token::LPAR => self.sequence_pattern(token::RPAR),
            token::LSQB => self.sequence_pattern(token::RSQB),
            token::LBRACE => self.mapping_pattern(),
            _ => Ok(None),
        }
    }

    /// A real number, or a complex one written as a sum.
    fn number_pattern(&mut self) -> R<()> {
        self.accept(token::MINUS)?;
        let real = need!(self.expect(token::NUMBER));
        if !self.at_any(&[token::PLUS, token::MINUS])? {
            return Ok(Some(()));
        }
        self.mark += 1;
        let imaginary = need!(self.expect(token::NUMBER));
        let is_imaginary = |p: &Self, at: usize| p.token_text(at).ends_with(['j', 'J']);
        if is_imaginary(self, real) {
            return Err(self.error_at_token(real, "real number required in complex literal"));
        }
        if !is_imaginary(self, imaginary) {
            return Err(self.error_at_token(imaginary, "imaginary number required in complex literal"));
        }
        Ok(Some(()))
    }

    /// A capture, a value or a class.
    fn name_pattern(&mut self) -> R<()> {
        self.mark += 1;
        while self.accept(token::DOT)? {
            need!(self.expect(token::NAME));
        }
        if self.kind()? == token::LPAR {
            return self.class_arguments();
        }
        Ok((self.kind()? != token::EQUAL).then_some(()))
    }

    fn class_arguments(&mut self) -> R<()> {
        self.mark += 1;
        let mut keywords = false;
        let mut misplaced: Option<(usize, usize)> = None;
        while self.kind()? != token::RPAR {
            let first = self.mark;
            if self.kind()? == token::NAME && self.kind_at(first + 1)? == token::EQUAL {
                if let Some((a, b)) = misplaced {
                    return Err(self.error_range(a, b, "positional patterns follow keyword patterns"));
                }
                self.mark += 2;
                keywords = true;
                need!(self.pattern());
            } else {
                if keywords && !self.hints {
                    return Ok(None);
                }
                need!(self.pattern());
                if keywords {
                    misplaced = Some((misplaced.map_or(first, |m| m.0), self.mark - 1));
                }
            }
            if !self.accept(token::COMMA)? {
                break;
            }
        }
        if let Some((a, b)) = misplaced {
            return Err(self.error_range(a, b, "positional patterns follow keyword patterns"));
        }
        need!(self.expect(token::RPAR));
        Ok(Some(()))
    }

    fn sequence_pattern(&mut self, end: u8) -> R<()> {
        self.mark += 1;
        let lone_star = end == token::RPAR && self.kind()? == token::STAR;
        if lone_star {
            need!(self.star_pattern());
            need!(self.expect(token::COMMA));
        }
        while self.kind()? != end {
            need!(self.star_pattern());
            if !self.accept(token::COMMA)? {
                break;
            }
        }
        need!(self.expect(end));
        Ok(Some(()))
    }

    fn mapping_pattern(&mut self) -> R<()> {
        self.mark += 1;
        while self.kind()? != token::RBRACE {
            if self.accept(token::DOUBLESTAR)? {
                if self.at_soft("_")? {
                    return Ok(None);
                }
                need!(self.expect(token::NAME));
                self.accept(token::COMMA)?;
                break;
            }
            need!(self.mapping_key());
            need!(self.expect(token::COLON));
            need!(self.pattern());
            if !self.accept(token::COMMA)? {
                break;
            }
        }
        need!(self.expect(token::RBRACE));
        Ok(Some(()))
    }

    fn mapping_key(&mut self) -> R<()> {
        match self.kind()? {
            token::NAME => {
                self.mark += 1;
                need!(self.expect(token::DOT));
                need!(self.expect(token::NAME));
                while self.accept(token::DOT)? {
                    need!(self.expect(token::NAME));
                }
                Ok(Some(()))
            }
            token::LPAR | token::LSQB | token::LBRACE => Ok(None),
            _ => self.closed_pattern(),
        }
    }
}
