//! `try`, and leaving statements that must run something on the way out.
//!
//! A handler starts with `PushExc`, which makes its exception the one being handled and keeps the previous one
//! in a register, and every way out of it passes a `PopExc`: falling off its end, `break`, `continue` and
//! `return` through [`Compiler::unwind`], exceptions through a clean-up handler. A `finally` body is generated
//! once for the normal end, once for exceptions, and once for each jump that leaves the statement.

use super::asm::Section;
use super::{Block, Compiler, HandlerId, Label, Op, Reg};
use crate::error::Res;
use ruff_python_ast::*;
use ruff_text_size::Ranged;

/// A handler under construction: where it starts, what is bound there, how much code was there before.
pub(crate) struct Guard {
    pub label: Label,
    pub state: super::state::Bits,
    pub id: HandlerId,
    pub outer: Option<HandlerId>,
    start: usize,
    covers: bool,
    section: Section,
}

impl<'a> Compiler<'a> {
    /// Puts a handler in force that receives the exception in `reg`.
    pub fn guard(&mut self, reg: Reg) -> Guard {
        let label = self.new_label();
        let id = self.u.asm.new_handler(label, reg);
        let outer = self.u.handler.replace(id);
        Guard {
            label,
            state: self.handler_state(),
            id,
            outer,
            start: self.u.asm.len(),
            covers: true,
            section: Section::default(),
        }
    }

    /// Ends a handler's range.
    pub fn unguard(&mut self, g: &mut Guard) {
        g.covers = self.u.asm.len() != g.start;
        self.u.handler = g.outer;
    }

    /// Goes on at a handler's entry, out of the way of other code; false if nothing can get there.
    pub fn catch(&mut self, g: &mut Guard) -> bool {
        if !g.covers || self.u.asm.len() == g.start {
            return false;
        }
        g.section = self.u.asm.new_section();
        self.enter_handler(g.label, g.state.clone());
        self.no_pos();
        true
    }

    /// Ends a handler's code, which must not fall off its end.
    pub fn end_catch(&mut self, g: &Guard) {
        self.u.asm.set_section(g.section);
    }

    /// The clean-up handler of a handler: restores the exception being handled and raises again.
    fn cleanup(&mut self, g: &mut Guard, prev: Reg, exc: Reg, name: Option<&'a str>) {
        if self.catch(g) {
            self.emit(Op::PopExc, prev, 0, 0);
            // The exception's register is no temporary of the code around: it is reserved until it is raised again.
            let m = self.mark();
            self.u.next = m.max(u32::from(exc) + 1);
            self.u.max = self.u.max.max(self.u.next);
            self.unbind_handler_name(name);
            self.reset(m);
            self.emit(Op::Reraise, exc, 1, 0);
            self.u.reachable = false;
            self.end_catch(g);
        }
    }

    /// `name = None; del name` at the end of `except ... as name`.
    fn unbind_handler_name(&mut self, name: Option<&'a str>) {
        let Some(name) = name else { return };
        let sym = self.mangled(name);
        if let super::Var::Local(r) = self.resolve(sym) {
            self.emit(Op::LoadUnbound, r, 0, 0);
            self.u.bound.remove(r);
            return;
        }
        let m = self.mark();
        let t = self.temp();
        self.load_none(t);
        self.store_sym(sym, t);
        self.delete_sym(sym);
        self.reset(m);
    }

    /// Whether leaving the blocks above the first `keep` runs anything.
    pub fn passes_blocks(&self, keep: usize) -> bool {
        self.u.blocks.iter().skip(keep).any(|b| !matches!(b, Block::Loop { .. }))
    }

    /// Emits what must run when control leaves the blocks above the first `keep`, and then what `last` emits, with
    /// the handler in force that is so outside of them.
    pub fn unwind(&mut self, keep: usize, last: impl FnOnce(&mut Self)) -> Res {
        let blocks = self.u.blocks.clone();
        let handler = self.u.handler;
        while self.u.blocks.len() > keep {
            match self.u.blocks.pop() {
                Some(Block::Finally { body, outer }) => {
                    self.u.handler = outer;
                    self.body(body)?;
                }
                Some(Block::Handler { prev, name, outer }) => {
                    self.u.handler = outer;
                    self.no_pos();
                    self.emit(Op::PopExc, prev, 0, 0);
                    self.unbind_handler_name(name);
                }
                Some(Block::With { base, is_async, pos, outer }) => {
                    self.u.handler = outer;
                    self.u.pos = pos;
                    self.with_exit(base, is_async, true)?;
                }
                Some(Block::Loop { .. }) | None => {}
            }
        }
        last(self);
        self.u.blocks = blocks;
        self.u.handler = handler;
        Ok(())
    }

    pub fn try_stmt(&mut self, s: &'a StmtTry) -> Res {
        let line = self.position(s.range).line;
        if s.body.first().is_none_or(|b| self.position(b.range()).line != line) {
            let mut start = s.range;
            if matches!(self.locations, crate::locations::Locations::Source(_)) {
                start = ruff_text_size::TextRange::at(s.range.start(), ruff_text_size::TextSize::new(3));
            }
            self.line_marker(start);
        }
        if s.finalbody.is_empty() {
            return self.try_handlers(s);
        }
        let m = self.mark();
        let exc = self.temp();
        self.reset(m);
        let mut g = self.guard(exc);
        self.u.blocks.push(Block::Finally { body: &s.finalbody, outer: g.outer });
        if s.handlers.is_empty() {
            self.body(&s.body)?;
        } else {
            self.try_handlers(s)?;
        }
        self.u.blocks.pop();
        self.unguard(&mut g);
        let end = self.new_label();
        self.body(&s.finalbody)?;
        self.fall_to(end);
        if self.catch(&mut g) {
            let exc = self.temp();
            let prev = self.temp();
            self.emit(Op::PushExc, prev, exc, 0);
            let again = self.temp();
            let mut inner = self.guard(again);
            self.u.blocks.push(Block::Handler { prev, name: None, outer: g.outer });
            self.body(&s.finalbody)?;
            self.u.blocks.pop();
            self.unguard(&mut inner);
            self.no_pos();
            self.emit(Op::PopExc, prev, 0, 0);
            self.emit(Op::Reraise, exc, 0, 0);
            self.u.reachable = false;
            self.cleanup(&mut inner, prev, again, None);
            self.end_catch(&g);
        }
        self.reset(m);
        self.bind(end);
        Ok(())
    }

    /// Control falls through to `end`, which is bound next in this section.
    pub fn fall_to(&mut self, end: Label) {
        if self.u.reachable {
            self.join(end);
            self.u.reachable = false;
        }
    }

    fn try_handlers(&mut self, s: &'a StmtTry) -> Res {
        let m = self.mark();
        let exc = self.temp();
        self.reset(m);
        let mut g = self.guard(exc);
        self.body(&s.body)?;
        self.unguard(&mut g);
        let end = self.new_label();
        self.body(&s.orelse)?;
        self.fall_to(end);
        if self.catch(&mut g) {
            let exc = self.temp();
            if s.is_star {
                self.star_handlers(s, exc, end)?
            } else {
                self.handlers(s, exc, end)?
            }
            self.end_catch(&g);
        }
        self.reset(m);
        self.bind(end);
        Ok(())
    }

    fn handlers(&mut self, s: &'a StmtTry, exc: Reg, end: Label) -> Res {
        let prev = self.temp();
        self.emit(Op::PushExc, prev, exc, 0);
        let m = self.mark();
        let again = self.temp();
        self.reset(m);
        let mut cleanup = self.guard(again);
        for ExceptHandler::ExceptHandler(h) in &s.handlers {
            if !self.u.reachable {
                break;
            }
            let next = self.new_label();
            self.u.handler = Some(cleanup.id);
            if let Some(class) = &h.type_ {
                let c = self.any(class)?;
                let t = self.temp();
                self.set_pos(h.range);
                self.set_pos(class.range());
                self.emit(Op::CheckExcMatch, t, exc, c);
                self.emit_jump(Op::JumpIfFalse, t, 0, next);
                self.reset(m);
            } else {
                self.line_marker(h.range);
            }
            let name = h.name.as_ref().map(|n| n.id.as_str());
            let named = match name {
                Some(n) => {
                    self.set_pos(h.name.as_ref().map_or(h.range, |n| n.range));
                    self.store_name(n, exc);
                    Some(self.guard(again))
                }
                None => None,
            };
            self.u.blocks.push(Block::Handler { prev, name, outer: cleanup.outer });
            self.body(&h.body)?;
            self.u.blocks.pop();
            self.u.handler = cleanup.outer;
            if self.u.reachable {
                self.no_pos();
                self.emit(Op::PopExc, prev, 0, 0);
                self.unbind_handler_name(name);
                self.jump(end);
            }
            if let Some(mut g) = named {
                self.cleanup(&mut g, prev, again, name);
            }
            self.reset(m);
            self.bind(next);
        }
        self.u.handler = cleanup.outer;
        if self.u.reachable {
            self.no_pos();
            self.emit(Op::PopExc, prev, 0, 0);
            self.emit(Op::Reraise, exc, 0, 0);
            self.u.reachable = false;
        }
        self.cleanup(&mut cleanup, prev, again, None);
        Ok(())
    }

    /// The clauses of `except*`: each takes its share of what is left of the group, what they raise is collected.
    fn star_handlers(&mut self, s: &'a StmtTry, exc: Reg, end: Label) -> Res {
        let prev = self.temp();
        self.emit(Op::PushExc, prev, exc, 0);
        let rest = self.temp();
        let raised = self.temp();
        let matched = self.temp();
        let m = self.mark();
        let again = self.temp();
        self.reset(m);
        let mut cleanup = self.guard(again);
        self.emit(Op::Move, rest, exc, 0);
        self.emit(Op::BuildList, raised, raised, 0);
        for ExceptHandler::ExceptHandler(h) in &s.handlers {
            let next = self.new_label();
            self.u.handler = Some(cleanup.id);
            if let Some(class) = &h.type_ {
                let c = self.any(class)?;
                self.set_pos(h.range);
                self.emit(Op::CheckEgMatch, matched, rest, c);
                self.emit_jump(Op::JumpIfNone, matched, 0, next);
                self.reset(m);
            }
            let inner_prev = self.temp();
            self.emit(Op::PushExc, inner_prev, matched, 0);
            let clause_exc = self.temp();
            let mut body = self.guard(clause_exc);
            let name = h.name.as_ref().map(|n| n.id.as_str());
            if let Some(n) = name {
                self.set_pos(h.name.as_ref().map_or(h.range, |n| n.range));
                self.store_name(n, matched);
            }
            self.u.blocks.push(Block::Handler { prev: inner_prev, name, outer: body.outer });
            self.body(&h.body)?;
            self.u.blocks.pop();
            self.unguard(&mut body);
            if self.u.reachable {
                self.no_pos();
                self.emit(Op::PopExc, inner_prev, 0, 0);
                self.unbind_handler_name(name);
                self.jump(next);
            }
            if self.catch(&mut body) {
                self.emit(Op::PopExc, inner_prev, 0, 0);
                self.unbind_handler_name(name);
                self.emit(Op::ListAppend, raised, clause_exc, 0);
                self.jump(next);
                self.end_catch(&body);
            }
            self.reset(m);
            self.bind(next);
        }
        self.u.handler = Some(cleanup.id);
        self.no_pos();
        let done = self.new_label();
        self.emit_jump(Op::JumpIfNone, rest, 0, done);
        self.emit(Op::ListAppend, raised, rest, 0);
        self.bind(done);
        self.emit(Op::PrepReraiseStar, matched, exc, raised);
        self.u.handler = cleanup.outer;
        self.emit(Op::PopExc, prev, 0, 0);
        self.emit_jump(Op::JumpIfNone, matched, 0, end);
        self.emit(Op::Reraise, matched, 0, 0);
        self.u.reachable = false;
        self.cleanup(&mut cleanup, prev, again, None);
        Ok(())
    }
}
