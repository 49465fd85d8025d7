//! Setting `f_lineno`: whether a frame may go on elsewhere, and what that takes.
//!
//! Temporaries are what CPython has on its value stack: iterators of loops, prepared calls of `__exit__`, what was being handled before a
//! handler. A frame may go where each temporary that is needed from there on (by liveness) holds what it holds now: it
//! was written by the same instruction, or is an iterator there and here. What a handler would restore on its way out is restored.

use super::marks::{ends, instructions, jump_target};
use super::{Frame, event};
use crate::interp::raising;
use protocore::layouts::{CodeObj, FrameObj};
use protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_bytecode::{CodeData, Instr, Op, Special};
use protopy_compiler::verify::effect;
use std::sync::atomic::Ordering;

/// What a temporary holds: nothing, what differs by the way that control came, something by kind, or what the instruction of this number
/// (plus [`DEFS`]) wrote.
const NOTHING: u32 = 0;
const UNKNOWN: u32 = 1;
const ITERATOR: u32 = 2;
const ASYNC_ITERATOR: u32 = 3;
const EXCEPTION: u32 = 4;
const HANDLED: u32 = 5;
const EXIT: u32 = 6;
const DEFS: u32 = 16;

struct Flow<'a> {
    data: &'a CodeData,
    /// First temporary, and how many there are.
    first: usize,
    n: usize,
    all: Vec<(usize, Instr, Op)>,
    /// Number of the instruction at a word.
    number: Vec<u32>,
    /// Content of the temporaries before each instruction; empty where control never comes.
    before: Vec<Vec<u32>>,
    /// Whether they are needed from there on.
    live: Vec<Vec<bool>>,
}

impl<'a> Flow<'a> {
    fn new(data: &'a CodeData) -> Flow<'a> {
        let hidden = data.hidden.iter().map(|h| usize::from(h.1) + 1).max().unwrap_or(0);
        let cells = data.cell_regs.iter().map(|r| usize::from(*r) + 1).max().unwrap_or(0);
        let first = (usize::from(data.free_base) + data.freevars.len())
            .max(data.varnames.len())
            .max(hidden)
            .max(cells)
            .min(usize::from(data.nregs));
        let all: Vec<_> = instructions(data).collect();
        let mut number = vec![0; data.code.len()];
        for (i, (at, ..)) in all.iter().enumerate() {
            number[*at] = i as u32;
        }
        let (n, len) = (usize::from(data.nregs) - first, all.len());
        let mut flow = Flow { data, first, n, all, number, before: vec![Vec::new(); len], live: Vec::new() };
        flow.forward();
        flow.backward();
        flow
    }

    fn index(&self, word: usize) -> Option<usize> {
        self.number.get(word).map(|i| *i as usize)
    }

    fn handler(&self, at: usize) -> Option<(usize, usize)> {
        let e = self.data.exceptions.iter().find(|e| e.start as usize <= at && at < e.end as usize)?;
        Some((self.index(e.handler as usize)?, usize::from(e.reg)))
    }

    fn successors(&self, i: usize) -> [Option<usize>; 2] {
        let (at, w, op) = self.all[i];
        let next = if ends(op) { None } else { Some(i + 1).filter(|i| *i < self.all.len()) };
        [next, jump_target(at, w, op).and_then(|t| self.index(t))]
    }

    fn slot(&self, reg: u32) -> Option<usize> {
        (reg as usize).checked_sub(self.first).filter(|s| *s < self.n)
    }

    fn forward(&mut self) {
        let mut work = vec![0usize];
        self.before[0] = vec![NOTHING; self.n];
        if self.n == 0 {
            return;
        }
        while let Some(i) = work.pop() {
            let (at, w, op) = self.all[i];
            let mut state = self.before[i].clone();
            if let Some((h, reg)) = self.handler(at) {
                let mut thrown = state.clone();
                if let Some(s) = self.slot(reg as u32) {
                    thrown[s] = EXCEPTION;
                }
                self.merge(h, &thrown, &mut work);
            }
            let e = effect(w, op);
            if let Some(window) = e.window {
                for s in state.iter_mut().skip((window as usize).saturating_sub(self.first)) {
                    *s = NOTHING;
                }
            }
            let what = match op {
                Op::GetIter => ITERATOR,
                Op::GetAIter => ASYNC_ITERATOR,
                Op::PushExc => HANDLED,
                Op::LoadSpecial
                    if matches!(Special::from_u16(w.c()), Some(Special::Exit | Special::AExit)) =>
                {
                    EXIT
                }
                _ => DEFS + i as u32,
            };
            for r in e.writes.each() {
                if let Some(s) = self.slot(r) {
                    state[s] = what;
                }
            }
            for to in self.successors(i).into_iter().flatten() {
                self.merge(to, &state, &mut work);
            }
        }
    }

    fn merge(&mut self, to: usize, state: &[u32], work: &mut Vec<usize>) {
        let old = &mut self.before[to];
        if old.is_empty() {
            *old = state.to_vec();
            work.push(to);
            return;
        }
        let mut changed = false;
        for (o, n) in old.iter_mut().zip(state) {
            if o != n && *o != UNKNOWN {
                *o = UNKNOWN;
                changed = true;
            }
        }
        if changed {
            work.push(to);
        }
    }

    fn backward(&mut self) {
        self.live = vec![vec![false; self.n]; self.all.len()];
        let mut again = self.n > 0;
        while again {
            again = false;
            for i in (0..self.all.len()).rev() {
                let (at, w, op) = self.all[i];
                let mut live = vec![false; self.n];
                for to in self.successors(i).into_iter().flatten() {
                    live.iter_mut().zip(&self.live[to]).for_each(|(l, x)| *l |= *x);
                }
                let e = effect(w, op);
                let each = |runs: &mut dyn Iterator<Item = u32>, live: &mut Vec<bool>, on: bool| {
                    for r in runs {
                        if let Some(s) = self.slot(r) {
                            live[s] = on;
                        }
                    }
                };
                each(&mut e.writes.each(), &mut live, false);
                each(&mut e.reads.each(), &mut live, true);
                if let Some((h, reg)) = self.handler(at) {
                    let exc = self.slot(reg as u32);
                    for (s, l) in live.iter_mut().enumerate() {
                        *l |= Some(s) != exc && self.live[h][s];
                    }
                }
                if live != self.live[i] {
                    self.live[i] = live;
                    again = true;
                }
            }
        }
    }

    /// Whether the frame may go from one instruction to another: how many temporaries are needed there, or why not.
    fn compatible(&self, from: usize, to: usize) -> Result<usize, &'static str> {
        if self.before[to].is_empty() && self.n > 0 {
            return Err("can't jump into an exception handler, or code may be unreachable");
        }
        let mut needed = 0;
        let mut problem = None;
        for s in 0..self.n {
            if !self.live[to][s] {
                continue;
            }
            needed += 1;
            let (here, there) = (self.before[from].get(s).copied(), self.before[to][s]);
            if here != Some(there) || there == UNKNOWN || !self.live[from][s] {
                problem = Some(match there {
                    ITERATOR | ASYNC_ITERATOR => "can't jump into the body of a for loop",
                    EXCEPTION | HANDLED => "can't jump into an 'except' block as there's no exception",
                    _ => "incompatible stacks",
                });
            }
        }
        problem.map_or(Ok(needed), Err)
    }
}

/// Sets the line of the frame object `fo`, as a trace function may.
pub fn set_line(cx: &mut Ctx, fo: &FrameObj, new: i64) -> PyResult<()> {
    let regs = fo.regs.load(Ordering::Acquire);
    let e = u8::try_from(cx.tools.event).unwrap_or(u8::MAX);
    match e {
        u8::MAX => return Err(cx.value_error("f_lineno can only be set in a trace function")),
        event::PY_START | event::PY_RESUME | event::PY_THROW => {
            return Err(cx.value_error("can't jump from the 'call' trace event of a new frame"));
        }
        event::LINE
        | event::INSTRUCTION
        | event::JUMP
        | event::BRANCH_LEFT
        | event::BRANCH_RIGHT
        | event::PY_YIELD => {}
        event::CALL | event::C_RETURN => return Err(cx.value_error("can't jump during a call")),
        _ => return Err(cx.value_error("can only jump from a 'line' trace event")),
    }
    if regs.is_null() || fo.thread.load(Ordering::Relaxed) != cx.ident {
        return Err(cx.value_error("f_lineno can only be set in a trace function"));
    }
    if regs != cx.tools.site.0 {
        return Err(cx.value_error("can't jump during a call"));
    }
    let f = Frame(regs);
    let code = f.code();
    let Ok(line) = u32::try_from(new) else { return Err(outside(cx, new, "before")) };
    if line < code.rt.data.first_line {
        return Err(outside(cx, new, "before"));
    }
    let data = &code.rt.data;
    let lines = || instructions(data).skip(1).filter_map(|(at, ..)| data.positions.get(at)).map(|p| p.line);
    let Some(line) = lines().filter(|l| *l >= line).min() else { return Err(outside(cx, new, "after")) };
    let flow = Flow::new(data);
    let Some(from) = flow.index(cx.tools.site.1) else { return Err(outside(cx, new, "after")) };
    let to = match choose(&flow, from, line) {
        Ok(to) => to,
        Err(msg) => return Err(cx.value_error(msg)),
    };
    bind_locals(cx, f, code)?;
    leave_handlers(cx, f, &flow, from, to)?;
    cx.tools.jump = Some((regs, flow.all[to].0));
    Ok(())
}

/// The best instruction that begins a line, to go to.
fn choose(flow: &Flow<'_>, from: usize, line: u32) -> Result<usize, &'static str> {
    let line_at = |i: usize| flow.data.positions.get(flow.all[i].0).map_or(0, |p| p.line);
    let (mut best, mut msg) = (None, "cannot find bytecode for specified line");
    for to in (1..flow.all.len()).filter(|i| line_at(*i) == line && (*i == 1 || line_at(*i - 1) != line)) {
        match flow.compatible(from, to) {
            Ok(n) if best.is_none_or(|(_, m)| n > m) => best = Some((to, n)),
            Ok(_) => {}
            Err(why) => msg = why,
        }
    }
    best.map(|b| b.0).ok_or(msg)
}

fn outside(cx: &mut Ctx, line: i64, what: &str) -> Raised {
    let msg = format!("line {line} comes {what} the current code block");
    cx.value_error(&msg)
}

/// Gives variables that are unbound the value None, with a warning: code need not check them everywhere.
fn bind_locals(cx: &mut Ctx, f: Frame, code: &CodeObj) -> PyResult<()> {
    let n = code.nlocals as usize;
    let unbound = (0..n).filter(|i| f.get(*i).is_unbound()).count();
    if unbound == 0 {
        return Ok(());
    }
    let s = if unbound == 1 { "" } else { "s" };
    let msg = format!("assigning None to {unbound} unbound local{s}");
    crate::errors::warn(cx, Ty::RuntimeWarning, &msg, 1)?;
    for i in 0..n {
        if f.get(i).is_unbound() {
            f.set(i, Value::NONE);
        }
    }
    Ok(())
}

/// What was being handled before the outermost handler that is left is being handled again.
fn leave_handlers(cx: &mut Ctx, f: Frame, flow: &Flow<'_>, from: usize, to: usize) -> PyResult<()> {
    let open = |i: usize, s: usize| flow.live[i][s] && flow.before[i].get(s) == Some(&HANDLED);
    for s in 0..flow.n {
        if open(from, s) && !open(to, s) {
            let reg = (flow.first + s) as u16;
            let (site, pc) = (cx.regs, cx.pc);
            let r = raising::pop_exc(cx, f, Instr::abc(Op::PopExc, reg, 0, 0));
            (cx.regs, cx.pc) = (site, pc);
            return r;
        }
    }
    Ok(())
}
