//! Which instruction words of a code object are watched.

use super::event::*;
use protocore::Ctx;
use protocore::layouts::CodeObj;
use protocore::tools::{CodeTools, CodeWatch, EVENTS, SpaceTools, TOOLS, TRACE};
use protopy_bytecode::{CodeData, Instr, Op, Operand, WATCHED};
use std::sync::atomic::Ordering;

/// What is known of an instruction word.
pub mod fact {
    /// An instruction (no cache word).
    pub const INSTRUCTION: u8 = 1;
    /// A line may begin here.
    pub const LINE: u8 = 2;
    /// However control gets here, a line begins.
    pub const PURE: u8 = 4;
    /// The first instruction after those that set the frame up.
    pub const START: u8 = 8;
    /// Where generators may go on.
    pub const RESUME: u8 = 16;
    /// A jump back within a line.
    pub const BACK: u8 = 32;
    /// Of the first word: there are lines whose begin depends on the line before.
    pub const MIXED: u8 = 64;
}

/// The instruction at a word.
pub fn instr_at(code: &CodeObj, at: usize) -> Option<Instr> {
    code.rt.code.get(at).map(|w| Instr(w.load(Ordering::Relaxed)).unwatched())
}

/// The opcode at a word.
pub fn op_at(code: &CodeObj, at: usize) -> Option<Op> {
    instr_at(code, at).and_then(|w| Op::from_u16(w.op_number()))
}

/// Words of an instruction.
pub fn size(op: Op) -> usize {
    1 + op.info().caches
}

/// Whether control does not go on to the next instruction.
pub fn ends(op: Op) -> bool {
    use Op::*;
    matches!(op, Jump | ForLoop | Return | ReturnNone | Raise | RaiseFrom | RaiseBare | Reraise)
}

/// Whether the instruction jumps on a condition.
pub fn is_branch(op: Op) -> bool {
    !matches!(op, Op::Jump | Op::ForLoop)
        && op.info().operands.iter().any(|o| matches!(o, Operand::j | Operand::jx))
}

/// Where a jump leads.
pub fn jump_target(at: usize, w: Instr, op: Op) -> Option<usize> {
    let off = op.info().operands.iter().find_map(|o| match o {
        Operand::j => Some(i64::from(w.c() as i16)),
        Operand::jx => Some(i64::from(w.bx() as i32)),
        _ => None,
    })?;
    usize::try_from((at + size(op)) as i64 + off).ok()
}

/// Where the jump at a word leads.
pub fn target(code: &CodeObj, at: usize) -> Option<usize> {
    let w = instr_at(code, at)?;
    jump_target(at, w, Op::from_u16(w.op_number())?)
}

/// The instructions of plain code: word, instruction, opcode.
pub fn instructions(data: &CodeData) -> impl Iterator<Item = (usize, Instr, Op)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let w = Instr(*data.code.get(at)?);
        let op = Op::from_u16(w.op_number())?;
        let here = at;
        at += size(op);
        Some((here, w, op))
    })
}

/// Where code begins, after the instructions that set the frame up.
pub fn start_of(data: &CodeData) -> usize {
    use Op::*;
    let mut skipped = 1;
    let generator = data.flags
        & (protopy_bytecode::CodeFlags::GENERATOR
            | protopy_bytecode::CodeFlags::COROUTINE
            | protopy_bytecode::CodeFlags::ASYNC_GENERATOR)
        != 0;
    for (at, w, op) in instructions(data).skip(1) {
        let mut cells = data.cell_regs.iter().copied().chain(data.hidden.iter().map(|h| h.1));
        let setup = match op {
            CopyFreeVars | ReturnGenerator => true,
            MakeCell | LoadUnbound => cells.any(|r| r == w.a()),
            _ => false,
        };
        if !setup || (!generator && op == ReturnGenerator) {
            break;
        }
        skipped = at + size(op);
        if op == ReturnGenerator {
            break;
        }
    }
    skipped
}

/// As [`start_of`], of a code object.
pub fn begin_of(code: &CodeObj) -> usize {
    start_of(&code.rt.data)
}

/// The facts about each word.
fn analyze(data: &CodeData) -> Box<[u8]> {
    let n = data.code.len();
    let mut facts = vec![0u8; n];
    // Whether control comes from an instruction of the same line, and of another one.
    let (mut same, mut other) = (vec![false; n], vec![false; n]);
    let line = |at: usize| data.positions.get(at).map_or(0, |p| p.line);
    let start = start_of(data);
    let mut flow = |from: usize, to: usize| {
        // An instruction without a line stands for those that led to it.
        let (a, b) = (line(from), line(to));
        if let (Some(s), Some(o)) = (same.get_mut(to), other.get_mut(to)) {
            *s |= a == b || a == 0;
            *o |= a != b;
        }
    };
    for (at, w, op) in instructions(data).skip(1) {
        facts[at] |= fact::INSTRUCTION;
        let next = at + size(op);
        if at >= start && !ends(op) && next < n {
            flow(at, next);
        }
        if let Some(to) = jump_target(at, w, op).filter(|to| *to < n) {
            flow(at, to);
            if to <= at && line(to) == line(at) && line(at) != 0 {
                facts[at] |= fact::BACK;
            }
        }
        for e in data.exceptions.iter().filter(|e| e.start as usize <= at && at < e.end as usize).take(1) {
            flow(at, e.handler as usize);
        }
        if matches!(op, Op::Yield | Op::YieldFrom) {
            if let Some(f) = facts.get_mut(next) {
                *f |= fact::RESUME;
            }
            if op == Op::YieldFrom {
                facts[at] |= fact::RESUME;
            }
        }
    }
    if let Some(f) = facts.get_mut(start) {
        *f |= fact::START;
        other[start] = true;
    }
    for at in 1..n {
        if facts[at] & fact::INSTRUCTION != 0 && other[at] && line(at) != 0 {
            facts[at] |= fact::LINE | if same[at] { 0 } else { fact::PURE };
            facts[0] |= if same[at] { fact::MIXED } else { 0 };
        }
    }
    facts.into_boxed_slice()
}

/// The events that may happen at an instruction, as bits.
fn events_at(op: Op, facts: u8) -> u32 {
    use Op::*;
    let bit = |e: u8| 1u32 << e;
    let mut all = bit(INSTRUCTION);
    if facts & fact::START != 0 {
        all |= bit(PY_START) | bit(PY_RESUME);
    }
    if facts & fact::RESUME != 0 {
        all |= bit(PY_RESUME);
    }
    if facts & (fact::LINE | fact::BACK) != 0 {
        all |= bit(LINE);
    }
    all | match op {
        Return | ReturnNone => bit(PY_RETURN) | bit(STOP_ITERATION),
        Yield => bit(PY_YIELD),
        YieldFrom => bit(PY_YIELD) | bit(RAISE),
        Call | CallMethod | CallKw | CallMethodKw | CallEx => bit(CALL),
        Jump => bit(JUMP),
        // It must not skip a `ForIter` that is watched.
        ForLoop => bit(JUMP) | bit(BRANCH_LEFT) | bit(BRANCH_RIGHT) | bit(STOP_ITERATION) | bit(RAISE),
        ForIter => bit(BRANCH_LEFT) | bit(BRANCH_RIGHT) | bit(STOP_ITERATION) | bit(RAISE),
        _ if is_branch(op) => bit(BRANCH_LEFT) | bit(BRANCH_RIGHT),
        _ => 0,
    }
}

/// For each event, the tools that want it in this code.
fn masks(space: &SpaceTools, w: &CodeWatch) -> [u8; EVENTS] {
    let mut out = [0u8; EVENTS];
    for t in 0..TOOLS {
        let all = space.events[t].load(Ordering::Relaxed) | w.local[t];
        for (e, m) in out.iter_mut().enumerate() {
            *m |= u8::from(all & 1 << e != 0) << t;
        }
    }
    out
}

/// Marks the words of a code object according to what is wanted now.
fn mark(space: &SpaceTools, code: &CodeObj, w: &mut CodeWatch) {
    w.version = space.version.load(Ordering::Acquire);
    let restarts = space.restarts.load(Ordering::Acquire);
    if restarts != w.restarts {
        w.restarts = restarts;
        w.off.clear();
    }
    let masks = masks(space, w);
    for at in 0..w.facts.len() {
        mark_word(code, w, &masks, at);
    }
}

fn mark_word(code: &CodeObj, w: &CodeWatch, masks: &[u8; EVENTS], at: usize) {
    let facts = w.facts[at];
    if facts & fact::INSTRUCTION == 0 {
        return;
    }
    let (Some(word), Some(op)) = (code.rt.code.get(at), op_at(code, at)) else { return };
    let events = events_at(op, facts);
    let mut wanted = false;
    for (e, m) in masks.iter().enumerate() {
        if events & 1 << e == 0 || *m == 0 {
            continue;
        }
        let mut m = *m;
        if e == usize::from(LINE) && facts & fact::LINE == 0 {
            m &= 1 << TRACE;
        }
        wanted |= m & !off(w, at, e as u8) != 0;
    }
    let bit = u64::from(WATCHED);
    if wanted {
        word.fetch_or(bit, Ordering::Relaxed);
    } else {
        word.fetch_and(!bit, Ordering::Relaxed);
    }
}

fn off(w: &CodeWatch, at: usize, e: u8) -> u8 {
    if w.off.is_empty() { 0 } else { w.off.get(&(at as u32, e)).copied().unwrap_or(0) }
}

fn tools_of<'a>(space: &SpaceTools, code: &'a CodeObj) -> &'a CodeTools {
    code.rt.tools.get_or_init(|| Box::new(CodeTools::new(space, analyze(&code.rt.data))))
}

/// Brings the marks of a code object up to date.
pub fn refresh(cx: &Ctx, code: &CodeObj) {
    let space = &cx.space().tools;
    let mut w = tools_of(space, code).lock();
    if w.version != space.version.load(Ordering::Acquire) {
        mark(space, code, &mut w);
    }
}

/// The facts about a word that is watched; `None` if it is not any more.
pub fn facts(cx: &Ctx, code: &CodeObj, at: usize) -> Option<u8> {
    refresh(cx, code);
    let watched = code.rt.code.get(at).is_some_and(|w| Instr(w.load(Ordering::Relaxed)).is_watched());
    let w = tools_of(&cx.space().tools, code).lock();
    if watched { w.facts.get(at).copied() } else { None }
}

/// Whether code has lines whose begin depends on the line before.
pub fn is_mixed(cx: &Ctx, code: &CodeObj) -> bool {
    tools_of(&cx.space().tools, code).lock().facts.first().is_some_and(|f| f & fact::MIXED != 0)
}

/// The tools that want event `e` at a word now.
pub fn tools_at(cx: &Ctx, code: &CodeObj, at: usize, e: u8) -> u8 {
    let space = &cx.space().tools;
    let mut w = tools_of(space, code).lock();
    if w.version != space.version.load(Ordering::Acquire) {
        mark(space, code, &mut w);
    }
    let mut m = 0;
    for t in 0..TOOLS {
        m |= u8::from((space.events[t].load(Ordering::Relaxed) | w.local[t]) & 1 << e != 0) << t;
    }
    m & !off(&w, at, e)
}

/// Has the trace function told of each instruction of a code object; whether that is new.
pub fn want_opcodes(cx: &Ctx, code: &CodeObj) -> bool {
    let mut w = tools_of(&cx.space().tools, code).lock();
    let old = w.local[TRACE];
    w.local[TRACE] |= 1 << INSTRUCTION;
    old != w.local[TRACE]
}

/// Sets the events that a tool watches in this code only; whether that changed anything.
pub fn set_local_events(cx: &Ctx, code: &CodeObj, tool: usize, events: u32) -> bool {
    let t = tools_of(&cx.space().tools, code);
    let mut w = t.lock();
    if w.local[tool] == events {
        return false;
    }
    w.local[tool] = events;
    t.count(&mut w);
    true
}

/// Switches an event at a word off for a tool. Lines whose begin depends on the line before stay marked in code that has such.
pub fn switch_off(cx: &Ctx, code: &CodeObj, at: usize, e: u8, tool: usize) {
    let space = &cx.space().tools;
    let mut w = tools_of(space, code).lock();
    // A line is switched off wherever it begins.
    let line = |at: usize| crate::code::line_of(code, at);
    let same = |i: &usize| *i == at || (e == LINE && w.facts[*i] & fact::LINE != 0 && line(*i) == line(at));
    let places: Vec<usize> = (0..w.facts.len()).filter(same).collect();
    for i in &places {
        *w.off.entry((*i as u32, e)).or_insert(0) |= 1 << tool;
    }
    if w.version != space.version.load(Ordering::Acquire) {
        mark(space, code, &mut w);
        return;
    }
    if e == LINE && w.facts.first().is_some_and(|f| f & fact::MIXED != 0) {
        return;
    }
    let masks = masks(space, &w);
    for i in places {
        mark_word(code, &w, &masks, i);
    }
}

/// Forgets what was switched off for a tool that ends.
pub fn forget(w: &mut CodeWatch, tool: usize) {
    w.local[tool] = 0;
    for m in w.off.values_mut() {
        *m &= !(1 << tool);
    }
}

/// The conditional jumps of code: where they are, where they lead to the left and to the right.
pub fn branches(data: &CodeData) -> Vec<(usize, usize, usize)> {
    let all = instructions(data).filter(|(.., op)| is_branch(*op));
    all.filter_map(|(at, w, op)| {
        let (to, next) = (jump_target(at, w, op)?, at + size(op));
        Some(if to > at { (at, next, to) } else { (at, to, next) })
    })
    .collect()
}
