//! Loops, and leaving them.

use super::{Block, Compiler, Label, Op, Reg};
use crate::error::{Fault, Res};
use crate::fold;
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

/// Largest test that a `while` repeats at its entry.
const MAX_REPEATED_TEST: u32 = 12;

impl<'a> Compiler<'a> {
    pub fn while_stmt(&mut self, s: &'a StmtWhile) -> Res {
        let test = if super::expr::foldable_leaf(&s.test) { self.constant(&s.test) } else { None };
        let (orelse, end) = (self.new_label(), self.new_label());
        match test.map(|c| fold::truth(&c)) {
            Some(false) => {
                self.line_marker(s.test.range());
                return self.body(&s.orelse);
            }
            Some(true) => self.endless(s, end)?,
            None => {
                let (top, test) = (self.new_label(), self.new_label());
                if repeatable(&s.test, &mut 0) {
                    self.cond(&s.test, false, orelse)?;
                } else {
                    // The body is entered through the test, but comes first.
                    self.set_pos(s.test.range());
                    let reachable = self.u.reachable;
                    self.jump(test);
                    self.u.reachable = reachable;
                }
                self.bind_loop(top);
                self.u.blocks.push(Block::Loop { on_break: end, on_continue: test });
                self.body(&s.body)?;
                self.u.blocks.pop();
                self.bind(test);
                if self.u.reachable {
                    self.back_cond(&s.test, top)?;
                }
                self.bind(orelse);
            }
        }
        self.body(&s.orelse)?;
        self.bind(end);
        Ok(())
    }

    fn endless(&mut self, s: &'a StmtWhile, end: Label) -> Res {
        let (top, next) = (self.new_label(), self.new_label());
        self.line_marker(s.test.range());
        self.bind_loop(top);
        self.u.blocks.push(Block::Loop { on_break: end, on_continue: next });
        self.body(&s.body)?;
        self.u.blocks.pop();
        self.bind(next);
        self.set_pos(s.test.range());
        self.back_jump(top);
        Ok(())
    }

    /// Jumps back to the bound label `top`.
    pub fn back_jump(&mut self, top: Label) {
        self.jump(top);
        self.u.label_states.remove(&top);
    }

    /// Goes on with the next item of a `for` loop whose `ForIter`, with the same registers, stands at `top`.
    pub fn for_back(&mut self, it: Reg, item: Reg, top: Label) {
        self.emit_jump(Op::ForLoop, it, item, top);
        self.u.reachable = false;
        self.u.label_states.remove(&top);
    }

    fn back_cond(&mut self, test: &'a Expr, top: Label) -> Res {
        self.cond(test, true, top)?;
        self.u.label_states.remove(&top);
        Ok(())
    }

    pub fn for_stmt(&mut self, s: &'a StmtFor) -> Res {
        if s.is_async {
            return self.async_for(s);
        }
        let m = self.mark();
        let (top, orelse, end) = (self.new_label(), self.new_label(), self.new_label());
        let it = self.temp();
        self.iterator(&s.iter, it)?;
        self.bind_loop(top);
        let item = self.for_step(it, &s.target, s.iter.range(), orelse)?;
        let next = self.new_label();
        self.u.blocks.push(Block::Loop { on_break: end, on_continue: next });
        self.body(&s.body)?;
        self.u.blocks.pop();
        self.bind(next);
        self.set_pos(s.iter.range());
        self.for_back(it, item, top);
        self.bind(orelse);
        self.reset(m);
        self.body(&s.orelse)?;
        self.bind(end);
        Ok(())
    }

    /// `it = iter(e)`; a display of constants is one.
    pub fn iterator(&mut self, e: &'a Expr, it: Reg) -> Res {
        let r = match self.constant_container(e) {
            Some(c) => {
                self.set_pos(e.range());
                self.load_const(it, c);
                it
            }
            None => self.any_into(e, it, &[])?,
        };
        self.set_pos(e.range());
        self.emit(Op::GetIter, it, r, 0);
        Ok(())
    }

    /// Takes the next item and assigns it to the target, or jumps. The answer is the register that takes the item first.
    pub fn for_step(&mut self, it: Reg, target: &'a Expr, iter: TextRange, exhausted: Label) -> Res<Reg> {
        let m = self.mark();
        self.set_pos(iter);
        let item = match self.target_reg(target) {
            Some(r) => {
                self.emit_jump(Op::ForIter, it, r, exhausted);
                self.u.bound.add(r);
                r
            }
            None => {
                let t = self.temp();
                self.emit_jump(Op::ForIter, it, t, exhausted);
                self.store(target, t)?;
                t
            }
        };
        self.reset(m);
        Ok(item)
    }

    fn async_for(&mut self, s: &'a StmtFor) -> Res {
        let m = self.mark();
        let (top, end) = (self.new_label(), self.new_label());
        let it = self.temp();
        let r = self.any_into(&s.iter, it, &[])?;
        self.set_pos(s.iter.range());
        self.emit(Op::GetAIter, it, r, 0);
        self.bind_loop(top);
        let exhausted = self.new_label();
        let live = self.u.reachable;
        let state = self.async_step(it, &s.target, s.iter.range(), exhausted)?;
        let next = self.new_label();
        self.u.blocks.push(Block::Loop { on_break: end, on_continue: next });
        self.body(&s.body)?;
        self.u.blocks.pop();
        self.bind(next);
        self.set_pos(s.iter.range());
        self.back_jump(top);
        if live {
            self.enter_handler(exhausted, state.0);
            self.set_pos(s.iter.range());
            self.emit(Op::EndAsyncFor, state.1, 0, 0);
        }
        self.reset(m);
        self.body(&s.orelse)?;
        self.bind(end);
        Ok(())
    }

    /// Awaits the next item of an asynchronous iterator and assigns it; when there is none, control goes to
    /// `exhausted` as a handler. The answer is the state there and the register of the exception.
    pub fn async_step(
        &mut self,
        it: Reg,
        target: &'a Expr,
        iter: TextRange,
        exhausted: Label,
    ) -> Res<(super::state::Bits, Reg)> {
        let state = self.handler_state();
        let exc = self.temp();
        let m = self.mark();
        let base = self.temps(2);
        self.set_pos(iter);
        let handler = self.u.asm.new_handler(exhausted, exc);
        let outer = self.u.handler.replace(handler);
        self.emit(Op::GetANext, base, it, 0);
        self.load_none(base + 1);
        self.emit(Op::YieldFrom, base, base, base + 1);
        self.u.handler = outer;
        self.store(target, base)?;
        self.reset(m);
        Ok((state, exc))
    }

    /// `break` or `continue`.
    pub fn leave_loop(&mut self, is_break: bool) -> Res {
        let found = self.u.blocks.iter().rposition(|b| matches!(b, Block::Loop { .. }));
        let Some(at) = found else {
            let msg = if is_break { "'break' outside loop" } else { "'continue' not properly in loop" };
            return Err(Fault::syntax(msg, TextRange::default()));
        };
        let Some(Block::Loop { on_break, on_continue }) = self.u.blocks.get(at).cloned() else {
            return Ok(());
        };
        let pos = self.u.pos;
        let passes = self.passes_blocks(at + 1);
        if passes && self.u.reachable && self.u.asm.last_line() != Some(pos.line) {
            self.emit(Op::Nop, 0, 0, 0);
        }
        self.unwind(at + 1, |c| {
            c.u.pos = if passes { protopy_bytecode::Position::default() } else { pos };
            c.jump(if is_break { on_break } else { on_continue });
        })?;
        self.u.reachable = false;
        Ok(())
    }
}

/// Whether a test is small and free of code objects and bindings that must not be generated twice.
fn repeatable(e: &Expr, size: &mut u32) -> bool {
    *size += 1;
    if *size > MAX_REPEATED_TEST {
        return false;
    }
    match e {
        Expr::Name(_)
        | Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_)
        | Expr::EllipsisLiteral(_) => true,
        Expr::UnaryOp(u) => repeatable(&u.operand, size),
        Expr::BinOp(b) => repeatable(&b.left, size) && repeatable(&b.right, size),
        Expr::BoolOp(b) => b.values.iter().all(|v| repeatable(v, size)),
        Expr::Compare(c) => repeatable(&c.left, size) && c.comparators.iter().all(|v| repeatable(v, size)),
        Expr::Attribute(a) => repeatable(&a.value, size),
        Expr::Subscript(s) => repeatable(&s.value, size) && repeatable(&s.slice, size),
        Expr::Named(n) => repeatable(&n.value, size),
        Expr::Await(a) => repeatable(&a.value, size),
        Expr::Call(c) => {
            repeatable(&c.func, size)
                && c.arguments.args.iter().all(|a| repeatable(a, size))
                && c.arguments.keywords.iter().all(|k| repeatable(&k.value, size))
        }
        _ => false,
    }
}
