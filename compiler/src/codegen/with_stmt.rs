//! `with` and `async with`.
//!
//! `__exit__` is prepared as a method call before `__enter__` runs and stays in its window during the body. On
//! the normal way out the call is completed in place; where something above the window must survive the call (a
//! value being returned, the exception), the prepared call is copied to a window further up.

use super::{Block, Compiler, Op, Reg};
use crate::error::Res;
use protopy_bytecode::{CALL_HEADER, Intrinsic1, Special};
use ruff_python_ast::*;
use ruff_text_size::{Ranged, TextRange};

impl<'a> Compiler<'a> {
    pub fn with_stmt(&mut self, s: &'a StmtWith) -> Res {
        self.with_items(&s.items, s)
    }

    fn with_items(&mut self, items: &'a [WithItem], s: &'a StmtWith) -> Res {
        let Some((item, rest)) = items.split_first() else { return self.body(&s.body) };
        self.nested(|c| c.with_item(item, rest, s))
    }

    fn with_item(&mut self, item: &'a WithItem, rest: &'a [WithItem], s: &'a StmtWith) -> Res {
        let m = self.mark();
        let base = self.temps(u32::from(CALL_HEADER) + 1);
        let inner = self.mark();
        let manager = self.any(&item.context_expr)?;
        let range = item.context_expr.range();
        self.set_pos(range);
        let pos = self.u.pos;
        let (exit, enter) =
            if s.is_async { (Special::AExit, Special::AEnter) } else { (Special::Exit, Special::Enter) };
        self.emit(Op::LoadSpecial, base, manager, exit as u16);
        let call = self.temps(u32::from(CALL_HEADER) + 1);
        self.emit(Op::LoadSpecial, call, manager, enter as u16);
        self.emit(Op::CallMethod, call, 0, 0);
        if s.is_async {
            self.emit_await(call, call, 1);
        }
        // The value is moved down to where the body's temporaries begin.
        self.reset(inner);
        let exc = self.temp();
        self.reset(inner);
        let mut g = self.guard(exc);
        self.u.blocks.push(Block::With { base, is_async: s.is_async, pos, outer: g.outer });
        if let Some(target) = &item.optional_vars {
            self.u.next = u32::from(call) + 1;
            self.u.max = self.u.max.max(self.u.next);
            self.store(target, call)?;
        }
        self.reset(inner);
        self.with_items(rest, s)?;
        self.u.blocks.pop();
        self.unguard(&mut g);
        let end = self.new_label();
        self.u.pos = pos;
        self.with_exit(base, s.is_async, false)?;
        self.fall_to(end);
        if self.catch(&mut g) {
            self.exceptional_exit(base, s.is_async, range)?;
            self.jump(end);
            self.end_catch(&g);
        }
        self.reset(m);
        self.bind(end);
        Ok(())
    }

    /// Calls the prepared `__exit__` with three times None; with `keep`, in a window above all that lives.
    pub fn with_exit(&mut self, base: Reg, is_async: bool, keep: bool) -> Res {
        let m = self.mark();
        let window = if keep { self.copy_window(base) } else { base };
        if !keep {
            self.reset(u32::from(base) + u32::from(CALL_HEADER) + 1);
        }
        let args = self.temps(3);
        for i in 0..3 {
            self.load_none(args + i);
        }
        self.emit(Op::CallMethod, window, 3, 0);
        if is_async {
            self.emit_await(window, window, 2);
        }
        self.reset(m);
        Ok(())
    }

    /// Copies a prepared method call to the top of the stack.
    fn copy_window(&mut self, base: Reg) -> Reg {
        let window = self.temps(u32::from(CALL_HEADER) + 1);
        self.move_reg(window, base);
        self.move_reg(window + CALL_HEADER, base + CALL_HEADER);
        window
    }

    /// Type, value and traceback of the exception `R[exc]` into three registers.
    fn emit_exc_info(&mut self, args: Reg, exc: Reg) {
        self.emit(Op::CallIntrinsic1, args, exc, Intrinsic1::ExcType as u16);
        self.move_reg(args + 1, exc);
        self.emit(Op::CallIntrinsic1, args + 2, exc, Intrinsic1::ExcTraceback as u16);
    }

    fn exceptional_exit(&mut self, base: Reg, is_async: bool, range: TextRange) -> Res {
        let exc = self.temp();
        let prev = self.temp();
        self.emit(Op::PushExc, prev, exc, 0);
        let again = self.temp();
        let mut g = self.guard(again);
        self.set_pos(range);
        let window = self.copy_window(base);
        let args = self.temps(3);
        self.emit_exc_info(args, exc);
        self.emit(Op::CallMethod, window, 3, 0);
        if is_async {
            self.emit_await(window, window, 2);
        }
        let swallow = self.new_label();
        self.emit_jump(Op::JumpIfTrue, window, 0, swallow);
        self.unguard(&mut g);
        self.no_pos();
        self.emit(Op::PopExc, prev, 0, 0);
        self.emit(Op::Reraise, exc, 1, 0);
        self.u.reachable = false;
        if self.catch(&mut g) {
            self.emit(Op::PopExc, prev, 0, 0);
            self.emit(Op::Reraise, again, 1, 0);
            self.u.reachable = false;
            self.end_catch(&g);
        }
        self.bind(swallow);
        self.no_pos();
        self.emit(Op::PopExc, prev, 0, 0);
        Ok(())
    }
}
