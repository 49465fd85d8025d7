//! The verifier: proves that code keeps to the contract of the instruction set.
//!
//! Two levels. [`structure`] is what must hold for any code that the virtual machine runs, whatever made it: known
//! opcodes, operands in range, jumps that land on instructions, a sane exception table. It is linear, never panics,
//! and is what [`crate::cache`] applies to files. [`verify`] proves in addition, by data flow, what a correct compiler
//! guarantees: every register read was written on every path, a local read without a check is bound, nothing survives
//! in the window of a call. Tests run it over whole libraries.

use crate::disasm::jump_offset;
use protopy_bytecode::{CALL_HEADER, CodeData, Const, Instr, Op, Operand};
use std::collections::BTreeMap;

/// Why code was refused: where, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// Name of the code object.
    pub code: String,
    /// Word of the instruction.
    pub at: usize,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at word {}: {}", self.code, self.at, self.what)
    }
}

impl std::error::Error for Defect {}

/// A few runs of registers.
#[derive(Default)]
pub struct Runs {
    list: [(u32, u32); 6],
    n: usize,
}

impl Runs {
    fn add(&mut self, first: u32, count: u32) {
        if let Some(slot) = self.list.get_mut(self.n) {
            *slot = (first, count);
            self.n += 1;
        }
    }

    fn runs(&self) -> &[(u32, u32)] {
        self.list.get(..self.n).unwrap_or(&[])
    }

    /// Each register.
    pub fn each(&self) -> impl Iterator<Item = u32> {
        self.runs().iter().flat_map(|&(first, count)| first..first + count)
    }
}

/// The registers that an instruction reads and writes.
#[derive(Default)]
pub struct Effect {
    /// What it reads.
    pub reads: Runs,
    /// What it writes.
    pub writes: Runs,
    /// Registers from here on are dead afterwards, but for the writes.
    pub window: Option<u32>,
}

/// What an instruction does to registers, the runs of `base` operands included.
pub fn effect(word: Instr, op: Op) -> Effect {
    let mut e = Effect::default();
    let fields = [u32::from(word.a()), u32::from(word.b()), u32::from(word.c())];
    let [a, b, c] = fields;
    for (kind, r) in op.info().operands.into_iter().zip(fields) {
        match kind {
            Operand::w => e.writes.add(r, 1),
            Operand::r => e.reads.add(r, 1),
            Operand::rw => {
                e.reads.add(r, 1);
                e.writes.add(r, 1);
            }
            _ => {}
        }
    }
    let header = u32::from(CALL_HEADER);
    match op {
        Op::CopyFreeVars => e.writes.add(a, b),
        Op::LoadMethod | Op::LoadSpecial => {
            e.writes.add(a, 1);
            e.writes.add(a + header, 1);
        }
        Op::LoadSuperAttr => e.reads.add(b, 3),
        Op::LoadSuperMethod => {
            e.reads.add(b, 3);
            e.writes.add(a, 1);
            e.writes.add(a + header, 1);
        }
        Op::BuildSlice | Op::BuildTuple | Op::BuildList | Op::BuildSet | Op::BuildString => e.reads.add(b, c),
        Op::BuildMap => e.reads.add(b, 2 * c),
        Op::GetSlice => e.reads.add(c, 2),
        Op::SetSlice => e.reads.add(b, 2),
        Op::BuildInterpolation => e.reads.add(b, if c & 4 != 0 { 3 } else { 2 }),
        Op::ImportName | Op::CallIntrinsic2 => e.reads.add(b, 2),
        Op::MatchClass => e.reads.add(b, 3),
        Op::UnpackSequence => e.writes.add(a, c),
        Op::UnpackEx => e.writes.add(a, (c & 0xff) + 1 + (c >> 8)),
        Op::Call | Op::CallKw | Op::CallMethod | Op::CallMethodKw | Op::CallEx => {
            e.reads.add(a, 1);
            match op {
                Op::Call | Op::CallKw => e.reads.add(a + header, b),
                Op::CallEx => e.reads.add(a + header, 2),
                _ => e.reads.add(a + header, b + 1),
            }
            e.writes.add(a, 1);
            e.window = Some(a);
        }
        Op::Yield => e.window = Some(c),
        Op::YieldFrom => e.window = Some(c + 1),
        Op::LoadClassDeref
        | Op::LoadName
        | Op::StoreName
        | Op::DeleteName
        | Op::LoadLocals
        | Op::SetupAnnotations => {
            e.reads.add(0, 1);
        }
        _ => {}
    }
    e
}

/// Whether control does not go on to the next instruction.
pub(crate) fn ends(op: Op) -> bool {
    matches!(
        op,
        Op::Jump
            | Op::ForLoop
            | Op::Return
            | Op::ReturnNone
            | Op::Raise
            | Op::RaiseFrom
            | Op::RaiseBare
            | Op::Reraise
    )
}

struct Checker<'c> {
    code: &'c CodeData,
    /// Instruction starts, in order.
    starts: Vec<usize>,
    is_start: Vec<bool>,
}

/// Checks what must hold for any code, nested code objects included.
pub fn structure(code: &CodeData) -> Result<(), Defect> {
    Checker::new(code)?.structure()?;
    for_inner(&code.consts, &mut |c| structure(c))
}

/// Checks that, and the flow of data.
pub fn verify(code: &CodeData) -> Result<(), Defect> {
    let checker = Checker::new(code)?;
    checker.structure()?;
    checker.flow()?;
    for_inner(&code.consts, &mut |c| verify(c))
}

fn for_inner(consts: &[Const], f: &mut impl FnMut(&CodeData) -> Result<(), Defect>) -> Result<(), Defect> {
    for c in consts {
        if let Const::Code(inner) = c {
            f(inner)?;
        }
    }
    Ok(())
}

impl<'c> Checker<'c> {
    fn new(code: &'c CodeData) -> Result<Checker<'c>, Defect> {
        let mut checker = Checker { code, starts: Vec::new(), is_start: vec![false; code.code.len() + 1] };
        let mut at = 0;
        while at < code.code.len() {
            let Some(op) = Op::from_u16(Instr(code.code[at]).op_number()) else {
                return checker.defect(at, "unknown opcode");
            };
            checker.starts.push(at);
            checker.is_start[at] = true;
            let next = at + 1 + op.info().caches;
            if next > code.code.len() {
                return checker.defect(at, "cache words are cut off");
            }
            at = next;
        }
        Ok(checker)
    }

    fn defect<T>(&self, at: usize, what: impl Into<String>) -> Result<T, Defect> {
        Err(Defect { code: self.code.qualname.to_string(), at, what: what.into() })
    }

    fn op(&self, at: usize) -> (Instr, Op) {
        let word = Instr(self.code.code.get(at).copied().unwrap_or(0));
        (word, Op::from_u16(word.op_number()).unwrap_or(Op::Nop))
    }

    fn structure(&self) -> Result<(), Defect> {
        let code = self.code;
        if code.positions.words() != code.code.len() {
            return self.defect(0, "positions do not match the code");
        }
        if code.cellvars.len() != code.cell_regs.len() {
            return self.defect(0, "cells do not match their registers");
        }
        let nregs = u32::from(code.nregs);
        let params = u64::from(code.argcount) + u64::from(code.kwonlyargcount);
        if params > code.varnames.len() as u64 || code.posonlyargcount > code.argcount {
            return self.defect(0, "more parameters than variables");
        }
        let hidden = code.hidden.iter().map(|h| u32::from(h.1));
        let free_end = u32::from(code.free_base) + code.freevars.len() as u32;
        if code.varnames.len() as u32 > nregs
            || (!code.freevars.is_empty() && free_end > nregs)
            || code.cell_regs.iter().map(|&r| u32::from(r)).chain(hidden).any(|r| r >= nregs)
        {
            return self.defect(0, "variables beyond the registers");
        }
        for &at in &self.starts {
            self.instruction(at, nregs)?;
        }
        // The first word stands for the beginning; frames start after it.
        if self.op(0).1 != Op::Nop || code.code.len() < 2 {
            return self.defect(0, "code does not begin with nop");
        }
        match self.starts.last() {
            Some(&last) if ends(self.op(last).1) => {}
            _ => return self.defect(code.code.len(), "control falls off the end"),
        }
        for e in &code.exceptions {
            let (start, end, handler) = (e.start as usize, e.end as usize, e.handler as usize);
            let sane = start < end
                && end <= code.code.len()
                && self.is_start.get(start) == Some(&true)
                && (end == code.code.len() || self.is_start[end])
                && handler < code.code.len()
                && self.is_start[handler]
                && u32::from(e.reg) < nregs;
            if !sane {
                return self.defect(start, "bad entry of the exception table");
            }
        }
        Ok(())
    }

    fn instruction(&self, at: usize, nregs: u32) -> Result<(), Defect> {
        let (word, op) = self.op(at);
        let fields = [word.a(), word.b(), word.c()];
        for (kind, value) in op.info().operands.into_iter().zip(fields) {
            let ok = match kind {
                Operand::w | Operand::r | Operand::rw => u32::from(value) < nregs,
                Operand::k => usize::from(value) < self.code.consts.len(),
                Operand::kx => (word.bx() as usize) < self.code.consts.len(),
                Operand::n => usize::from(value) < self.code.names.len(),
                Operand::nx => (word.bx() as usize) < self.code.names.len(),
                Operand::j | Operand::jx => {
                    let next = (at + 1 + op.info().caches) as i64;
                    let to = next + jump_offset(word, op).unwrap_or(0);
                    usize::try_from(to).is_ok_and(|t| t < self.code.code.len() && self.is_start[t])
                }
                _ => true,
            };
            if !ok {
                return self.defect(at, format!("operand {value} of {} out of range", op.info().mnemonic));
            }
        }
        let e = effect(word, op);
        if e.reads.runs().iter().chain(e.writes.runs()).any(|&(r, n)| r + n > nregs) {
            return self.defect(at, format!("{} reaches beyond the registers", op.info().mnemonic));
        }
        self.immediates(at, word, op)
    }

    /// Operands that are numbers of something.
    fn immediates(&self, at: usize, word: Instr, op: Op) -> Result<(), Defect> {
        use protopy_bytecode::{CommonConst, FnAttr, Intrinsic1, Intrinsic2, Special};
        let code = self.code;
        let is_code = |i: u32| matches!(code.consts.get(i as usize), Some(Const::Code(_)));
        let ok = match op {
            Op::LoadCommon => CommonConst::from_u16(word.b()).is_some(),
            Op::SetFunctionAttr => FnAttr::from_u16(word.c()).is_some(),
            Op::LoadSpecial => Special::from_u16(word.c()).is_some(),
            Op::CallIntrinsic1 => Intrinsic1::from_u16(word.c()).is_some(),
            Op::CallIntrinsic2 => Intrinsic2::from_u16(word.c()).is_some(),
            Op::MakeFunction => is_code(word.bx()),
            Op::Yield => word.c() <= code.nregs,
            Op::ConvertValue => (1..=3).contains(&word.c()),
            Op::GetAwaitable => word.c() <= 2,
            Op::ForLoop => self.target(at).is_some_and(|to| {
                let (there, op) = self.op(to);
                op == Op::ForIter && (there.a(), there.b()) == (word.a(), word.b())
            }),
            Op::BuildSlice => matches!(word.c(), 2 | 3),
            Op::CopyFreeVars => usize::from(word.b()) == code.freevars.len() && word.a() == code.free_base,
            Op::CallKw | Op::CallMethodKw => match code.consts.get(usize::from(word.c())) {
                Some(Const::Tuple(names)) => {
                    names.len() <= usize::from(word.b())
                        && names.iter().all(|n| matches!(n, Const::Str(_) | Const::WideStr(_)))
                }
                _ => false,
            },
            _ => true,
        };
        if ok { Ok(()) } else { self.defect(at, format!("bad immediate of {}", op.info().mnemonic)) }
    }

    // ---- data flow

    fn flow(&self) -> Result<(), Defect> {
        let n = usize::from(self.code.nregs);
        let mut entry = vec![State::Undefined; n];
        let optimized = self.code.flags & protopy_bytecode::CodeFlags::OPTIMIZED != 0;
        let locals = if optimized { self.code.varnames.len() } else { 1 };
        entry[..locals].fill(State::Maybe);
        let mut params = (self.code.argcount + self.code.kwonlyargcount) as usize;
        params += (self.code.flags & 0x4 != 0) as usize + (self.code.flags & 0x8 != 0) as usize;
        entry[..if optimized { params } else { 1 }].fill(State::Bound);
        let mut leaders: BTreeMap<usize, Vec<State>> = BTreeMap::new();
        leaders.insert(1, entry);
        let mut work = vec![1usize];
        let mut handler_of: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for e in self.code.exceptions.iter().rev() {
            for at in e.start as usize..e.end as usize {
                handler_of.insert(at, (e.handler as usize, usize::from(e.reg)));
            }
        }
        let mut is_leader = vec![false; self.code.code.len() + 1];
        for &at in &self.starts {
            if let Some(t) = self.target(at) {
                is_leader[t] = true;
            }
        }
        for e in &self.code.exceptions {
            is_leader[e.handler as usize] = true;
        }
        while let Some(leader) = work.pop() {
            let Some(mut state) = leaders.get(&leader).cloned() else { continue };
            let mut at = leader;
            loop {
                let (word, op) = self.op(at);
                let before = state.clone();
                self.step(at, word, op, &mut state)?;
                if let Some(&(handler, reg)) = handler_of.get(&at) {
                    let mut thrown = before.clone();
                    if let Some(w) = effect(word, op).window {
                        thrown[w as usize..].fill(State::Undefined);
                    }
                    thrown[reg] = State::Bound;
                    merge(&mut leaders, &mut work, handler, &thrown);
                }
                if let Some(t) = self.target(at) {
                    // A loop that is exhausted assigns nothing.
                    let there = if op == Op::ForIter { &before } else { &state };
                    merge(&mut leaders, &mut work, t, there);
                }
                if ends(op) {
                    break;
                }
                at += 1 + op.info().caches;
                if is_leader[at] {
                    merge(&mut leaders, &mut work, at, &state);
                    break;
                }
            }
        }
        Ok(())
    }

    /// A function that needs cells is made right after the tuple of them, and gets it right after.
    fn closure(&self, at: usize, word: Instr, op: Op, state: &[State]) -> Result<(), Defect> {
        let freevars = |w: Instr| match self.code.consts.get(w.bx() as usize) {
            Some(Const::Code(c)) => c.freevars.len(),
            _ => 0,
        };
        let is_closure =
            |w: Instr, o: Op| o == Op::SetFunctionAttr && w.c() == protopy_bytecode::FnAttr::Closure as u16;
        if op == Op::MakeFunction {
            let (next, next_op) = self.op(at + 1);
            if freevars(word) > 0 && !(is_closure(next, next_op) && next.a() == word.a()) {
                return self.defect(at, "a function lacks its cells");
            }
        }
        if op == Op::BuildTuple {
            let (make, make_op) = self.op(at + 1);
            let (set, set_op) = self.op(at + 2);
            if make_op == Op::MakeFunction && is_closure(set, set_op) && set.b() == word.a() {
                let from = usize::from(word.b());
                let cells = &state[from..from + usize::from(word.c())];
                if cells.len() != freevars(make) || cells.iter().any(|c| *c != State::Cell) {
                    return self.defect(at, "a closure is not made of the cells that the function needs");
                }
            }
        }
        Ok(())
    }

    fn target(&self, at: usize) -> Option<usize> {
        let (word, op) = self.op(at);
        let offset = jump_offset(word, op)?;
        usize::try_from((at + 1 + op.info().caches) as i64 + offset).ok()
    }

    fn step(&self, at: usize, word: Instr, op: Op, state: &mut [State]) -> Result<(), Defect> {
        let e = effect(word, op);
        let may_be_unbound =
            matches!(op, Op::Move | Op::CheckBound | Op::MakeCell | Op::DeleteLocal | Op::JumpIfUnbound);
        if let Some(r) = cell_operand(word, op)
            && state[usize::from(r)] != State::Cell
        {
            return self.defect(at, format!("{} takes r{r} for a cell", op.info().mnemonic));
        }
        for r in e.reads.each() {
            match state[r as usize] {
                State::Undefined => {
                    return self
                        .defect(at, format!("{} reads r{r}, which was not written", op.info().mnemonic));
                }
                State::Maybe if !may_be_unbound => {
                    let slot = u32::from(word.a()) + u32::from(CALL_HEADER);
                    let method = matches!(op, Op::CallMethod | Op::CallMethodKw) && r == slot;
                    if !(method || op == Op::CallEx && r == slot + 1) {
                        return self
                            .defect(at, format!("{} reads r{r}, which may be unbound", op.info().mnemonic));
                    }
                }
                _ => {}
            }
        }
        self.closure(at, word, op, state)?;
        if let Some(w) = e.window {
            state[w as usize..].fill(State::Undefined);
        }
        let moved = state[usize::from(word.b()).min(state.len() - 1)];
        for r in e.writes.each() {
            state[r as usize] = State::Bound;
        }
        let a = usize::from(word.a());
        match op {
            Op::MakeCell => state[a] = State::Cell,
            Op::CopyFreeVars => state[a..a + usize::from(word.b())].fill(State::Cell),
            Op::Move => state[a] = moved,
            Op::CheckBound => state[a] = State::Bound,
            Op::LoadUnbound | Op::DeleteLocal => state[a] = State::Maybe,
            Op::LoadMethod | Op::LoadSpecial | Op::LoadSuperMethod => {
                state[a + usize::from(CALL_HEADER)] = State::Maybe
            }
            _ => {}
        }
        Ok(())
    }
}

/// What is known of a register.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum State {
    /// Never written, or dead.
    Undefined,
    /// Written, perhaps with "unbound".
    Maybe,
    /// Holds a value.
    Bound,
    /// Holds a cell.
    Cell,
}

/// The register that an instruction expects to hold a cell.
fn cell_operand(word: Instr, op: Op) -> Option<u16> {
    match op {
        Op::LoadDeref | Op::LoadClassDeref => Some(word.b()),
        Op::StoreDeref | Op::DeleteDeref | Op::LoadFromDictOrDeref => Some(word.a()),
        _ => None,
    }
}

/// Joins a state into that of a leader, which is looked at again if it changed.
fn merge(leaders: &mut BTreeMap<usize, Vec<State>>, work: &mut Vec<usize>, at: usize, state: &[State]) {
    match leaders.get_mut(&at) {
        None => {
            leaders.insert(at, state.to_vec());
            work.push(at);
        }
        Some(old) => {
            let mut changed = false;
            for (o, n) in old.iter_mut().zip(state) {
                // A cell on one path and a plain value on another is neither.
                let met =
                    if (*n == State::Cell) == (*o == State::Cell) { (*n).min(*o) } else { State::Undefined };
                if met != *o {
                    *o = met;
                    changed = true;
                }
            }
            if changed {
                work.push(at);
            }
        }
    }
}
