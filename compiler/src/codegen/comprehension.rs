//! Comprehensions and generator expressions.
//!
//! List, set and dict comprehensions run inline. Their variables have registers of the surrounding code; a
//! register that the surroundings use under the same name is saved before and restored after, also when an
//! exception passes. A generator expression is a function of one argument, the iterator over the first iterable.

use super::function::Attrs;
use super::{Compiler, Op, Reg, UnitKind};
use crate::error::Res;
use crate::names::Sym;
use crate::symtable::{NameScope, Part, ScopeId, flag};
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

/// What a comprehension collects.
#[derive(Clone, Copy)]
enum Element<'a> {
    List(&'a Expr),
    Set(&'a Expr),
    Dict(&'a Expr, &'a Expr),
    Yield(&'a Expr),
}

/// A variable of an inlined comprehension.
struct Slot {
    reg: Reg,
    /// Where the value of the surroundings is kept meanwhile.
    saved: Option<Reg>,
    was_bound: bool,
}

impl<'a> Compiler<'a> {
    pub fn comprehension(&mut self, e: &'a Expr, dst: Reg) -> Res {
        let (scope, generators, element, name) = match e {
            Expr::ListComp(c) => {
                (self.scope_of(c, Part::Body)?, &c.generators, Element::List(&c.elt), "<listcomp>")
            }
            Expr::SetComp(c) => {
                (self.scope_of(c, Part::Body)?, &c.generators, Element::Set(&c.elt), "<setcomp>")
            }
            Expr::DictComp(c) => {
                let element = match &c.key {
                    Some(key) => Element::Dict(key, &c.value),
                    None => Element::Set(&c.value),
                };
                (self.scope_of(c, Part::Body)?, &c.generators, element, "<dictcomp>")
            }
            Expr::Generator(c) => {
                (self.scope_of(c, Part::Body)?, &c.generators, Element::Yield(&c.elt), "<genexpr>")
            }
            _ => return Ok(()),
        };
        let range = match e {
            Expr::Generator(g) if !g.parenthesized => self.bare_generator.take().unwrap_or(g.range),
            _ => e.range(),
        };
        let Some(first) = generators.first() else { return Ok(()) };
        if !self.table.scope(scope).comp_inlined {
            return self.comprehension_function(scope, generators, element, name, range, dst);
        }
        let it = self.temp();
        self.first_iterator(first, it)?;
        self.inlined(scope, generators, element, it, range, dst)
    }

    /// The iterator over the first iterable, evaluated in the surrounding scope.
    fn first_iterator(&mut self, g: &'a Comprehension, it: Reg) -> Res {
        if g.is_async {
            let r = self.any_into(&g.iter, it, &[])?;
            self.set_pos(g.iter.range());
            self.emit(Op::GetAIter, it, r, 0);
            return Ok(());
        }
        self.iterator(&g.iter, it)
    }

    fn comprehension_function(
        &mut self,
        scope: ScopeId,
        generators: &'a [Comprehension],
        element: Element<'a>,
        name: &str,
        range: TextRange,
        dst: Reg,
    ) -> Res {
        let base = if self.is_top(dst) { dst } else { self.temp() };
        self.temps(u32::from(protopy_bytecode::CALL_HEADER) - 1);
        let arg = self.temp();
        if let Some(first) = generators.first() {
            self.first_iterator(first, arg)?;
        }
        self.enter_unit(scope, UnitKind::Comprehension, name, range);
        self.u.argcount = 1;
        self.u.is_generator = matches!(element, Element::Yield(_));
        self.u.is_coroutine = self.table.scope(scope).coroutine;
        self.prologue();
        let out = self.temp();
        self.set_pos(range);
        self.new_container(element, out);
        self.loops(generators, element, 0, out, range)?;
        if self.u.is_generator {
            self.emit(Op::ReturnNone, 0, 0, 0);
        } else {
            self.emit(Op::Return, out, 0, 0);
        }
        self.u.reachable = false;
        let is_async = self.u.is_coroutine && !self.u.is_generator;
        let code = self.leave_unit()?;
        self.set_pos(range);
        self.make_function(code, &Attrs::default(), base)?;
        self.emit(Op::Call, base, 1, 0);
        if is_async {
            self.emit_await(base, base, 0);
        }
        self.move_reg(dst, base);
        Ok(())
    }

    fn new_container(&mut self, element: Element<'a>, out: Reg) {
        match element {
            Element::List(_) => self.emit(Op::BuildList, out, out, 0),
            Element::Set(_) => self.emit(Op::BuildSet, out, out, 0),
            Element::Dict(..) => self.emit(Op::BuildMap, out, out, 0),
            Element::Yield(_) => {}
        }
    }

    fn inlined(
        &mut self,
        scope: ScopeId,
        generators: &'a [Comprehension],
        element: Element<'a>,
        it: Reg,
        range: TextRange,
        dst: Reg,
    ) -> Res {
        let out = self.scratch_for(dst);
        self.set_pos(range);
        let slots = self.open_slots(scope, generators);
        let exc = self.temp();
        self.u.comps.push(scope);
        let guard = (!slots.is_empty()).then(|| self.guard(exc));
        self.new_container(element, out);
        self.loops(generators, element, it, out, range)?;
        self.u.comps.pop();
        let Some(mut guard) = guard else {
            self.move_reg(dst, out);
            return Ok(());
        };
        self.unguard(&mut guard);
        self.close_slots(&slots);
        self.move_reg(dst, out);
        let end = self.new_label();
        self.fall_to(end);
        if self.catch(&mut guard) {
            self.close_slots(&slots);
            self.emit(Op::Reraise, exc, 0, 0);
            self.u.reachable = false;
            self.end_catch(&guard);
        }
        self.bind(end);
        Ok(())
    }

    /// Makes the comprehension's variables ready, saving what the surroundings keep in their registers.
    fn open_slots(&mut self, scope: ScopeId, generators: &'a [Comprehension]) -> Vec<Slot> {
        let entries = self.table.scope(scope).symbols.entries.clone();
        let mut slots = Vec::new();
        for (sym, flags) in entries {
            let kind = self.table.scope(scope).scopes.get(&sym).copied();
            let is_cell = kind == Some(NameScope::Cell);
            if flags & flag::DEF_PARAM != 0 || !(is_cell || kind == Some(NameScope::Local)) {
                continue;
            }
            let Some(&reg) = self.u.comp_regs.get(&(sym, is_cell)) else { continue };
            let saved = self.is_shared(sym, reg, is_cell).then(|| {
                let t = self.temp();
                self.emit(Op::Move, t, reg, 0);
                t
            });
            let first = generators
                .first()
                .is_some_and(|g| matches!(&g.target, Expr::Name(n) if self.names_same(&n.id, sym)));
            if is_cell || (saved.is_some() && !first) {
                self.emit(Op::LoadUnbound, reg, 0, 0);
            }
            if is_cell {
                self.emit(Op::MakeCell, reg, 0, 0);
            }
            slots.push(Slot { reg, saved, was_bound: self.u.bound.has(reg) });
            self.u.bound.remove(reg);
        }
        slots
    }

    fn names_same(&self, name: &str, sym: Sym) -> bool {
        self.table.names.get(sym) == name
    }

    /// Whether the surroundings may have something in the register of `sym`.
    fn is_shared(&self, sym: Sym, reg: Reg, is_cell: bool) -> bool {
        is_cell
            || self.u.comps.iter().any(|&c| self.table.scope(c).scopes.get(&sym) == Some(&NameScope::Local))
            || (self.u.regs.get(&sym) == Some(&reg) && self.table.scope(self.u.scope).own_symbol(sym))
    }

    fn close_slots(&mut self, slots: &[Slot]) {
        for slot in slots {
            match slot.saved {
                Some(saved) => self.emit(Op::Move, slot.reg, saved, 0),
                None => self.emit(Op::LoadUnbound, slot.reg, 0, 0),
            }
            if slot.was_bound {
                self.u.bound.add(slot.reg);
            } else {
                self.u.bound.remove(slot.reg);
            }
        }
    }

    /// The loops of a comprehension; the first runs over the iterator in `it`.
    fn loops(
        &mut self,
        generators: &'a [Comprehension],
        element: Element<'a>,
        it: Reg,
        out: Reg,
        range: TextRange,
    ) -> Res {
        let Some((g, rest)) = generators.split_first() else { return self.element(element, out, range) };
        let m = self.mark();
        let (top, next, exhausted) = (self.new_label(), self.new_label(), self.new_label());
        self.bind_loop(top);
        let live = self.u.reachable;
        let (mut item, mut handler) = (it, None);
        if g.is_async {
            handler = Some(self.async_step(it, &g.target, g.iter.range(), exhausted)?);
        } else {
            item = self.for_step(it, &g.target, g.iter.range(), exhausted)?;
        }
        for test in &g.ifs {
            self.cond(test, false, next)?;
        }
        match rest.first() {
            None => self.element(element, out, range)?,
            Some(g) => {
                let inner = self.temp();
                self.first_iterator(g, inner)?;
                self.nested(|c| c.loops(rest, element, inner, out, range))?;
            }
        }
        self.bind(next);
        self.set_pos(g.iter.range());
        match handler {
            Some(_) => self.back_jump(top),
            None => self.for_back(it, item, top),
        }
        match handler {
            Some((state, exc)) if live => {
                self.enter_handler(exhausted, state);
                self.set_pos(range);
                self.emit(Op::EndAsyncFor, exc, 0, 0);
            }
            _ => self.bind(exhausted),
        }
        self.reset(m);
        Ok(())
    }

    fn element(&mut self, element: Element<'a>, out: Reg, range: TextRange) -> Res {
        let m = self.mark();
        match element {
            Element::List(e) => {
                let r = self.any(e)?;
                self.set_pos(e.range());
                self.emit(Op::ListAppend, out, r, 0);
            }
            Element::Set(e) => {
                let r = self.any(e)?;
                self.set_pos(e.range());
                self.emit(Op::SetAdd, out, r, 0);
            }
            Element::Dict(k, v) => {
                let key = self.any_before(k, &[v])?;
                let value = self.any(v)?;
                self.set_pos(TextRange::new(k.range().start(), k.range().start().max(v.range().end())));
                self.emit(Op::MapAdd, out, key, value);
            }
            Element::Yield(e) => {
                let m = self.mark();
                let r = self.any(e)?;
                let t = self.temp();
                self.set_pos(e.range());
                self.emit_yield(t, r, m);
            }
        }
        let _ = range;
        self.reset(m);
        Ok(())
    }
}
