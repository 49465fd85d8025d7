//! String literals, f-strings and t-strings.

use super::{Compiler, Op, Reg};
use crate::error::Res;
use crate::{fold, literals};
use protopy_bytecode::Const;
use ruff_python_ast::*;
use ruff_text_size::TextRange;

/// A piece of an f-string or t-string after neighbouring literals were joined.
enum Piece<'a> {
    Text(Const),
    Value(&'a InterpolatedElement),
}

/// Most pieces that are joined from registers in a row.
const MAX_ROW: usize = 64;

impl<'a> Compiler<'a> {
    /// The value of a string literal, with the surrogates that the parser cannot hold.
    pub fn string_const(&mut self, s: &ExprStringLiteral) -> Const {
        match literals::with_surrogates(s, self.locations) {
            Some(points) => literals::string_of(points),
            None => Const::Str(s.value.to_str().into()),
        }
    }

    /// The value of a literal part of an f-string.
    fn part_const(&self, l: &InterpolatedStringLiteralElement, raw: bool) -> Const {
        if let Some(points) = self.locations.wide(l.range) {
            return literals::string_of(points.to_vec());
        }
        if !raw
            && l.value.contains('\u{fffd}')
            && let Some(text) = self.locations.text(l.range)
            && literals::may_have_surrogates(text)
        {
            return literals::string_of(literals::decode(text, true));
        }
        Const::Str(l.value.clone())
    }

    pub fn constant_fstring(&mut self, f: &ExprFString) -> Option<Const> {
        let mut out = Const::Str("".into());
        for part in &f.value {
            match part {
                FStringPart::Literal(l) => out = join(&out, &self.literal_part(l))?,
                FStringPart::FString(f) => {
                    for e in f.elements.iter() {
                        match e {
                            InterpolatedStringElement::Literal(l) => {
                                out = join(&out, &self.part_const(l, f.flags.prefix().is_raw()))?;
                            }
                            InterpolatedStringElement::Interpolation(_) => return None,
                        }
                    }
                }
            }
        }
        Some(out)
    }

    fn literal_part(&mut self, l: &StringLiteral) -> Const {
        match literals::surrogate_literal(l, self.locations) {
            Some(points) => literals::string_of(points),
            None => Const::Str(l.value.clone()),
        }
    }

    /// Adds the elements of an f-string to `pieces`.
    fn pieces(&mut self, elements: &'a InterpolatedStringElements, raw: bool, pieces: &mut Vec<Piece<'a>>) {
        for e in elements.iter() {
            match e {
                InterpolatedStringElement::Literal(l) => {
                    let c = self.part_const(l, raw);
                    push_text(pieces, c);
                }
                InterpolatedStringElement::Interpolation(i) => {
                    if let Some(debug) = &i.debug_text {
                        let text = debug.as_str().replace("\r\n", "\n");
                        push_text(pieces, Const::Str(literals::strip_comments(&text).into()));
                    }
                    pieces.push(Piece::Value(i));
                }
            }
        }
    }

    pub fn fstring(&mut self, f: &'a ExprFString, dst: Reg) -> Res {
        let mut pieces = Vec::new();
        for part in &f.value {
            match part {
                FStringPart::Literal(l) => {
                    let c = self.literal_part(l);
                    push_text(&mut pieces, c);
                }
                FStringPart::FString(f) => self.pieces(&f.elements, f.flags.prefix().is_raw(), &mut pieces),
            }
        }
        self.join_pieces(pieces, dst, f.range)
    }

    fn join_pieces(&mut self, pieces: Vec<Piece<'a>>, dst: Reg, range: TextRange) -> Res {
        match pieces.as_slice() {
            [] => {
                self.set_pos(range);
                self.load_str(dst, "");
                return Ok(());
            }
            [Piece::Text(c)] => {
                self.set_pos(range);
                self.load_const(dst, c.clone());
                return Ok(());
            }
            [Piece::Value(i)] => return self.format_value(i, dst),
            _ => {}
        }
        let acc = self.scratch_for(dst);
        let mut begun = false;
        let mut pieces = pieces.into_iter().peekable();
        while pieces.peek().is_some() {
            let m = self.mark();
            let first = m as Reg;
            let mut n = 0;
            if begun {
                let t = self.temp();
                self.move_reg(t, acc);
                n += 1;
            }
            for piece in pieces.by_ref().take(MAX_ROW) {
                let t = self.temp();
                match piece {
                    Piece::Text(c) => {
                        self.set_pos(range);
                        self.load_const(t, c);
                    }
                    Piece::Value(i) => self.format_value(i, t)?,
                }
                n += 1;
            }
            self.set_pos(range);
            let last = pieces.peek().is_none();
            self.emit(Op::BuildString, if last { dst } else { acc }, first, n);
            begun = true;
            self.reset(m);
        }
        Ok(())
    }

    fn format_value(&mut self, i: &'a InterpolatedElement, dst: Reg) -> Res {
        let m = self.mark();
        let s = self.scratch_for(dst);
        let mut r = self.any_into(&i.expression, s, &[])?;
        let mut conversion = i.conversion;
        if conversion == ConversionFlag::None && i.debug_text.is_some() && i.format_spec.is_none() {
            conversion = ConversionFlag::Repr;
        }
        let range = i.range;
        let conv = conversion_number(conversion);
        if conv != 0 {
            self.set_pos(range);
            self.emit(Op::ConvertValue, s, r, conv);
            r = s;
        }
        match &i.format_spec {
            Some(spec) => {
                let t = self.temp();
                let mut pieces = Vec::new();
                self.pieces(&spec.elements, false, &mut pieces);
                self.nested(|c| c.join_pieces(pieces, t, spec.range))?;
                self.set_pos(range);
                self.emit(Op::FormatWithSpec, dst, r, t);
            }
            None => {
                self.set_pos(range);
                self.emit(Op::FormatSimple, dst, r, 0);
            }
        }
        self.reset(m);
        Ok(())
    }

    pub fn tstring(&mut self, t: &'a ExprTString, dst: Reg) -> Res {
        let mut strings = Vec::new();
        let mut values = Vec::new();
        let mut text = Const::Str("".into());
        for part in &t.value {
            let raw = part.flags.prefix().is_raw();
            for e in part.elements.iter() {
                match e {
                    InterpolatedStringElement::Literal(l) => {
                        let c = self.part_const(l, raw);
                        text = join(&text, &c).unwrap_or(c);
                    }
                    InterpolatedStringElement::Interpolation(i) => {
                        if let Some(debug) = &i.debug_text {
                            let c = Const::Str(literals::strip_comments(debug.as_str()).into());
                            text = join(&text, &c).unwrap_or(c);
                        }
                        strings.push(std::mem::replace(&mut text, Const::Str("".into())));
                        values.push(i);
                    }
                }
            }
        }
        strings.push(text);
        let parts = self.temps(2);
        self.set_pos(t.range);
        self.load_const(parts, Const::Tuple(strings.into()));
        if values.len() <= MAX_ROW {
            let first = self.mark() as Reg;
            for i in &values {
                let r = self.temp();
                self.interpolation(i, r)?;
            }
            self.set_pos(t.range);
            self.emit(Op::BuildTuple, parts + 1, first, values.len() as u16);
        } else {
            self.emit(Op::BuildList, parts + 1, parts + 1, 0);
            for i in &values {
                let m = self.mark();
                let r = self.temp();
                self.interpolation(i, r)?;
                self.emit(Op::ListAppend, parts + 1, r, 0);
                self.reset(m);
            }
            self.emit(Op::ListToTuple, parts + 1, parts + 1, 0);
        }
        self.set_pos(t.range);
        self.emit(Op::BuildTemplate, dst, parts, parts + 1);
        Ok(())
    }

    fn interpolation(&mut self, i: &'a InterpolatedElement, dst: Reg) -> Res {
        let m = self.mark();
        let base = self.temps(3);
        self.to(&i.expression, base)?;
        let text = literals::interpolation_text(i, self.locations);
        self.set_pos(i.range);
        self.load_str(base + 1, &text);
        let mut conversion = i.conversion;
        if conversion == ConversionFlag::None && i.debug_text.is_some() && i.format_spec.is_none() {
            conversion = ConversionFlag::Repr;
        }
        let mut c = conversion_number(conversion);
        if let Some(spec) = &i.format_spec {
            let mut pieces = Vec::new();
            self.pieces(&spec.elements, false, &mut pieces);
            self.nested(|c| c.join_pieces(pieces, base + 2, spec.range))?;
            c |= 4;
        }
        self.set_pos(i.range);
        self.emit(Op::BuildInterpolation, dst, base, c);
        self.reset(m);
        Ok(())
    }
}

fn conversion_number(c: ConversionFlag) -> u16 {
    match c {
        ConversionFlag::None => 0,
        ConversionFlag::Str => 1,
        ConversionFlag::Repr => 2,
        ConversionFlag::Ascii => 3,
    }
}

fn is_empty(c: &Const) -> bool {
    !fold::truth(c)
}

fn join(a: &Const, b: &Const) -> Option<Const> {
    if is_empty(a) {
        return Some(b.clone());
    }
    if is_empty(b) {
        return Some(a.clone());
    }
    match (a, b) {
        (Const::Str(x), Const::Str(y)) => Some(Const::Str([x.as_ref(), y.as_ref()].concat().into())),
        _ => fold::concat(a, b),
    }
}

fn push_text(pieces: &mut Vec<Piece<'_>>, c: Const) {
    if is_empty(&c) {
        return;
    }
    if let Some(Piece::Text(last)) = pieces.last_mut()
        && let Some(joined) = join(last, &c)
    {
        *last = joined;
        return;
    }
    pieces.push(Piece::Text(c));
}
