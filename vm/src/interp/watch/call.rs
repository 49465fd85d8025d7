//! Calls that tools want to be told of.

use super::event::*;
use super::events::{fire, site, wanted};
use super::marks;
use crate::interp::calls::{self, Kind};
use crate::interp::frame::{Frame, HEADER, Pc};
use crate::interp::{S, unwind};
use protocore::layouts::{BoundMethodObj, TupleObj};
use protocore::{Ctx, Layout, Value};
use protopy_bytecode::Op;

/// Executes a call; `mask` are the tools that want to know.
pub(super) unsafe fn run(s: S, op: Op, mask: u8) -> Pc {
    // SAFETY: as the caller's.
    unsafe {
        let (f, cx) = (Frame(s.regs), s.cx());
        let at = f.index(s.pc);
        let base = usize::from(s.w.a());
        let callee = f.get(base);
        let args = match BoundMethodObj::of(callee) {
            Some(m) => [m.func.get_or_none(), m.this.get_or_none()],
            None => [callee, first_argument(cx, s, op, f)],
        };
        if fire(cx, site(f, at), CALL, mask, &args).is_err() {
            return unwind::unwind(cx);
        }
        s.save();
        let kind = match op {
            Op::Call => Kind::Plain,
            Op::CallMethod => Kind::Method,
            Op::CallKw => Kind::PlainKw,
            Op::CallMethodKw => Kind::MethodKw,
            _ => Kind::Ex,
        };
        let next = s.pc.add(marks::size(op));
        if is_python(callee) {
            let pc = calls::call_op(cx, f, s.w, kind, next);
            return if pc.is_null() { unwind::unwind(cx) } else { pc };
        }
        let done = calls::call_whole(cx, f, s.w, kind);
        (cx.pc, cx.regs) = (s.pc, s.regs);
        match done {
            Ok(v) => {
                f.set(base, v);
                let m = mask & wanted(cx, f.code(), at, CALL);
                if m != 0 && fire(cx, site(f, at), C_RETURN, m, &args).is_err() {
                    return unwind::unwind(cx);
                }
                next
            }
            Err(r) => {
                let exc = cx.take_raised(r);
                let m = mask & wanted(cx, f.code(), at, CALL);
                if m == 0 || fire(cx, site(f, at), C_RAISE, m, &args).is_ok() {
                    let _ = cx.set_raised(exc);
                }
                unwind::unwind(cx)
            }
        }
    }
}

fn is_python(callee: Value) -> bool {
    match BoundMethodObj::of(callee) {
        Some(m) => m.func.get().is_some_and(|f| f.layout() == Layout::Function),
        None => callee.layout() == Layout::Function,
    }
}

/// The first positional argument, the object of a method included, or `MISSING`.
unsafe fn first_argument(cx: &Ctx, s: S, op: Op, f: Frame) -> Value {
    let first = usize::from(s.w.a()) + HEADER;
    let missing = cx.space().tools.marks[1].get_or_none();
    let names = || {
        let t = f.code().rt.consts.get(usize::from(s.w.c())).copied().and_then(TupleObj::of);
        t.map_or(0, |t| t.items().len())
    };
    let n = usize::from(s.w.b());
    match op {
        Op::Call if n > 0 => f.get(first),
        Op::CallKw if n > names() => f.get(first),
        Op::CallMethod | Op::CallMethodKw if !f.get(first).is_unbound() => f.get(first),
        Op::CallMethod if n > 0 => f.get(first + 1),
        Op::CallMethodKw if n > names() => f.get(first + 1),
        Op::CallEx => TupleObj::of(f.get(first)).and_then(|t| t.items().first().copied()).unwrap_or(missing),
        _ => missing,
    }
}
