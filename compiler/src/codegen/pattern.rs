//! `match`.
//!
//! A pattern is a sequence of tests that jump to the case's failure label. Values to be captured stay in
//! temporaries; names are bound only when the whole pattern has matched, as in CPython. The alternatives of
//! an or-pattern put their captures into the same registers.

use super::expr::small_int;
use super::{Compiler, Label, Op, Reg};
use crate::error::{Fault, Res};
use protopy_bytecode::Const;
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

/// Names to be bound, and where their values are.
type Captures<'a> = Vec<(&'a Identifier, Reg)>;

impl<'a> Compiler<'a> {
    pub fn match_stmt(&mut self, s: &'a StmtMatch) -> Res {
        let m = self.mark();
        let subject = self.any(&s.subject)?;
        // Captures and guards may rebind the variable that is the subject.
        let subject = if self.is_named(subject) {
            let t = self.temp();
            self.set_pos(s.subject.range());
            self.move_reg(t, subject);
            t
        } else {
            subject
        };
        let end = self.new_label();
        let inner = self.mark();
        for case in &s.cases {
            let fail = self.new_label();
            let mut captures = Vec::new();
            if case.pattern.is_irrefutable() {
                self.line_marker(case.pattern.range());
            }
            self.pattern(&case.pattern, subject, fail, &mut captures)?;
            for (name, r) in captures {
                self.set_pos(case.pattern.range());
                self.store_name(&name.id, r);
            }
            if let Some(guard) = &case.guard {
                self.cond(guard, false, fail)?;
            }
            self.reset(inner);
            self.body(&case.body)?;
            self.jump(end);
            self.bind(fail);
            self.reset(inner);
        }
        self.reset(m);
        self.bind(end);
        Ok(())
    }

    fn pattern(&mut self, p: &'a Pattern, subject: Reg, fail: Label, captures: &mut Captures<'a>) -> Res {
        self.nested(|c| c.pattern_inner(p, subject, fail, captures))
    }

    fn pattern_inner(
        &mut self,
        p: &'a Pattern,
        subject: Reg,
        fail: Label,
        captures: &mut Captures<'a>,
    ) -> Res {
        match p {
            Pattern::MatchValue(v) => self.value_pattern(v, subject, fail),
            Pattern::MatchSingleton(v) => {
                self.set_pos(v.range);
                let value = match v.value {
                    Singleton::None => {
                        self.emit_jump(Op::JumpIfNotNone, subject, 0, fail);
                        return Ok(());
                    }
                    Singleton::True => Const::True,
                    Singleton::False => Const::False,
                };
                let t = self.temp();
                self.load_const(t, value);
                self.emit_jump(Op::JumpIfIsNot, subject, t, fail);
                Ok(())
            }
            Pattern::MatchSequence(s) => self.sequence_pattern(s, subject, fail, captures),
            Pattern::MatchMapping(m) => self.mapping_pattern(m, subject, fail, captures),
            Pattern::MatchClass(c) => self.class_pattern(c, subject, fail, captures),
            Pattern::MatchStar(s) => {
                captures.extend(s.name.as_ref().map(|n| (n, subject)));
                Ok(())
            }
            Pattern::MatchAs(a) => {
                if let Some(inner) = &a.pattern {
                    self.pattern(inner, subject, fail, captures)?;
                }
                captures.extend(a.name.as_ref().map(|n| (n, subject)));
                Ok(())
            }
            Pattern::MatchOr(o) => self.or_pattern(o, subject, fail, captures),
        }
    }

    fn value_pattern(&mut self, v: &'a PatternMatchValue, subject: Reg, fail: Label) -> Res {
        let m = self.mark();
        if let Some(n) = small_int(&v.value) {
            self.set_pos(v.range);
            self.emit_jump(Op::JumpUnlessEqInt, subject, n as u16, fail);
            return Ok(());
        }
        let r = self.any(&v.value)?;
        self.set_pos(v.range);
        self.emit_jump(Op::JumpUnlessEq, subject, r, fail);
        self.reset(m);
        Ok(())
    }

    /// Fails unless the length of the subject is (at least) `n`.
    fn check_len(&mut self, subject: Reg, n: usize, at_least: bool, fail: Label) {
        let t = self.temps(2);
        self.emit(Op::GetLen, t, subject, 0);
        match i16::try_from(n) {
            Ok(n) => {
                let op = if at_least { Op::JumpUnlessGeInt } else { Op::JumpUnlessEqInt };
                self.emit_jump(op, t, n as u16, fail);
            }
            Err(_) => {
                self.load_const(t + 1, Const::Int(n as i64));
                self.emit_jump(if at_least { Op::JumpUnlessGe } else { Op::JumpUnlessEq }, t, t + 1, fail);
            }
        }
    }

    fn sequence_pattern(
        &mut self,
        s: &'a PatternMatchSequence,
        subject: Reg,
        fail: Label,
        captures: &mut Captures<'a>,
    ) -> Res {
        let star = s.patterns.iter().position(|p| matches!(p, Pattern::MatchStar(_)));
        let n = s.patterns.len();
        self.set_pos(s.range);
        let m = self.mark();
        let t = self.temp();
        self.emit(Op::MatchSequence, t, subject, 0);
        self.emit_jump(Op::JumpIfFalse, t, 0, fail);
        match star {
            None => self.check_len(subject, n, false, fail),
            Some(_) if n > 1 => self.check_len(subject, n - 1, true, fail),
            Some(_) => {}
        }
        self.reset(m);
        if s.patterns.iter().all(is_wildcard) {
            return Ok(());
        }
        if let Some(at) = star
            && is_wildcard(&s.patterns[at])
        {
            return self.sequence_by_index(s, at, subject, fail, captures);
        }
        let base = self.temps(n.max(1) as u32);
        self.set_pos(s.range);
        match star {
            None => self.emit(Op::UnpackSequence, base, subject, n as u16),
            Some(before) => {
                let after = n - before - 1;
                if before > 255 || after > 255 {
                    return Err(Fault::syntax(
                        "too many expressions in star-unpacking sequence pattern",
                        s.range,
                    ));
                }
                self.emit(Op::UnpackEx, base, subject, (before | after << 8) as u16);
            }
        }
        for (i, p) in s.patterns.iter().enumerate() {
            self.pattern(p, base + i as Reg, fail, captures)?;
        }
        Ok(())
    }

    /// A sequence whose star captures nothing: only the items that are looked at are fetched.
    fn sequence_by_index(
        &mut self,
        s: &'a PatternMatchSequence,
        star: usize,
        subject: Reg,
        fail: Label,
        captures: &mut Captures<'a>,
    ) -> Res {
        let n = s.patterns.len();
        for (i, p) in s.patterns.iter().enumerate() {
            if is_wildcard(p) {
                continue;
            }
            let item = self.temp();
            let m = self.mark();
            let index = self.temp();
            self.set_pos(p.range());
            if i < star {
                self.load_const(index, Const::Int(i as i64));
            } else {
                self.emit(Op::GetLen, index, subject, 0);
                let back = self.temp();
                self.load_const(back, Const::Int((n - i) as i64));
                self.emit(Op::Sub, index, index, back);
            }
            self.emit(Op::GetItem, item, subject, index);
            self.reset(m);
            self.pattern(p, item, fail, captures)?;
        }
        Ok(())
    }

    fn mapping_pattern(
        &mut self,
        p: &'a PatternMatchMapping,
        subject: Reg,
        fail: Label,
        captures: &mut Captures<'a>,
    ) -> Res {
        let n = p.keys.len();
        self.set_pos(p.range);
        let m = self.mark();
        let t = self.temp();
        self.emit(Op::MatchMapping, t, subject, 0);
        self.emit_jump(Op::JumpIfFalse, t, 0, fail);
        self.reset(m);
        if n == 0 && p.rest.is_none() {
            return Ok(());
        }
        if n > 0 {
            let m = self.mark();
            self.check_len(subject, n, true, fail);
            self.reset(m);
        }
        let keys = self.temp();
        self.mapping_keys(&p.keys, keys, p.range)?;
        let rest = p.rest.as_ref().map(|_| self.temp());
        let values = self.temps(n.max(1) as u32);
        self.set_pos(p.range);
        let m = self.mark();
        let found = self.temp();
        self.emit(Op::MatchKeys, found, subject, keys);
        self.emit_jump(Op::JumpIfNone, found, 0, fail);
        self.emit(Op::UnpackSequence, values, found, n as u16);
        self.reset(m);
        if let Some(rest) = rest {
            self.emit(Op::MatchRest, rest, subject, keys);
        }
        for (i, inner) in p.patterns.iter().enumerate() {
            self.pattern(inner, values + i as Reg, fail, captures)?;
        }
        if let (Some(name), Some(r)) = (&p.rest, rest) {
            captures.push((name, r));
        }
        Ok(())
    }

    fn mapping_keys(&mut self, keys: &'a [Expr], dst: Reg, range: TextRange) -> Res {
        let constants: Option<Vec<Const>> = keys.iter().map(|k| self.constant(k)).collect();
        if let Some(items) = constants {
            self.load_const(dst, Const::Tuple(items.into()));
            return Ok(());
        }
        let m = self.mark();
        for k in keys {
            self.in_temp(k)?;
        }
        self.set_pos(range);
        self.emit(Op::BuildTuple, dst, m as Reg, keys.len() as u16);
        self.reset(m);
        Ok(())
    }

    fn class_pattern(
        &mut self,
        p: &'a PatternMatchClass,
        subject: Reg,
        fail: Label,
        captures: &mut Captures<'a>,
    ) -> Res {
        let positional = &p.arguments.patterns;
        let keywords = &p.arguments.keywords;
        let n = positional.len() + keywords.len();
        let values = self.temps(n.max(1) as u32);
        let m = self.mark();
        let row = self.temps(3);
        self.to(&p.cls, row + 1)?;
        self.set_pos(p.range);
        self.move_reg(row, subject);
        let names: Vec<Const> = keywords.iter().map(|k| Const::Str(k.attr.id.as_str().into())).collect();
        self.load_const(row + 2, Const::Tuple(names.into()));
        self.emit(Op::MatchClass, row, row, positional.len() as u16);
        self.emit_jump(Op::JumpIfNone, row, 0, fail);
        self.emit(Op::UnpackSequence, values, row, n as u16);
        self.reset(m);
        for (i, inner) in positional.iter().chain(keywords.iter().map(|k| &k.pattern)).enumerate() {
            if !is_wildcard(inner) {
                self.pattern(inner, values + i as Reg, fail, captures)?;
            }
        }
        Ok(())
    }

    fn or_pattern(
        &mut self,
        o: &'a PatternMatchOr,
        subject: Reg,
        fail: Label,
        captures: &mut Captures<'a>,
    ) -> Res {
        let Some((last, first)) = o.patterns.split_last() else { return Ok(()) };
        let matched = self.new_label();
        let mut names = Vec::new();
        bound_names(last, &mut names);
        let base = self.temps(names.len().max(1) as u32);
        for (i, p) in o.patterns.iter().enumerate() {
            let m = self.mark();
            let next = if i < first.len() { self.new_label() } else { fail };
            let mut own: Captures<'a> = Vec::new();
            self.pattern(p, subject, next, &mut own)?;
            for (k, name) in names.iter().enumerate() {
                if let Some((_, r)) = own.iter().find(|c| c.0.id == name.id) {
                    self.move_reg(base + k as Reg, *r);
                }
            }
            if i < first.len() {
                self.jump(matched);
                self.bind(next);
            }
            self.reset(m);
        }
        self.bind(matched);
        captures.extend(names.into_iter().enumerate().map(|(k, n)| (n, base + k as Reg)));
        Ok(())
    }
}

/// Whether a pattern matches everything and binds nothing.
fn is_wildcard(p: &Pattern) -> bool {
    match p {
        Pattern::MatchStar(s) => s.name.is_none(),
        Pattern::MatchAs(a) => a.pattern.is_none() && a.name.is_none(),
        _ => false,
    }
}

/// The names that a pattern binds, in order.
fn bound_names<'a>(p: &'a Pattern, out: &mut Vec<&'a Identifier>) {
    match p {
        Pattern::MatchSequence(s) => s.patterns.iter().for_each(|p| bound_names(p, out)),
        Pattern::MatchMapping(m) => {
            m.patterns.iter().for_each(|p| bound_names(p, out));
            out.extend(&m.rest);
        }
        Pattern::MatchClass(c) => {
            c.arguments.patterns.iter().for_each(|p| bound_names(p, out));
            c.arguments.keywords.iter().for_each(|k| bound_names(&k.pattern, out));
        }
        Pattern::MatchStar(s) => out.extend(&s.name),
        Pattern::MatchAs(a) => {
            if let Some(inner) = &a.pattern {
                bound_names(inner, out);
            }
            out.extend(&a.name);
        }
        Pattern::MatchOr(o) => {
            if let Some(first) = o.patterns.first() {
                bound_names(first, out);
            }
        }
        Pattern::MatchValue(_) | Pattern::MatchSingleton(_) => {}
    }
}
