//! The assembler: from a list of instructions with labels to words, positions and the exception table.
//!
//! Instructions are collected with symbolic jump targets. At the end each is given its place; compare-and-
//! jump instructions and `ForIter` hold 16-bit offsets, and those that do not reach are rewritten with
//! a 32-bit `Jump`: the comparison is inverted to skip the jump, `ForIter` goes through a trampoline. Rewriting
//! moves code, so it is repeated until nothing changes; code only grows, hence that ends.
//!
//! Each handler goes to a section of its own, appended to the main one in the end, so that what usually happens
//! falls through: a `try` that does not raise executes nothing extra.
//!
//! Every instruction carries the innermost exception handler in force where it was emitted. As an exception
//! goes to the innermost handler only, a flat table of runs of equal handlers says it all.

use protopy_bytecode::{ExcEntry, Instr, Op, Operand, Position};

/// A place in the code, to be bound once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Label(u32);

/// An exception handler: where it starts and which register gets the exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HandlerId(u32);

/// Longest chain of jumps that is followed.
const MAX_THREADED: usize = 16;
const NO_LABEL: u32 = u32::MAX;
const NO_HANDLER: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Ins {
    word: Instr,
    target: u32,
    handler: u32,
    position: Position,
}

struct Handler {
    label: Label,
    reg: u16,
}

/// A part of the code that is laid out after those before it. The first is where code starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Section(u32);

/// An instruction collected so far, by section and index.
#[derive(Clone, Copy)]
pub(crate) struct At(Section, u32);

/// Collected code of one unit.
pub(crate) struct Asm {
    sections: Vec<Vec<Ins>>,
    section: Section,
    count: usize,
    /// The instruction that each label stands before.
    labels: Vec<At>,
    handlers: Vec<Handler>,
    /// All sections in one, once the code is complete.
    code: Vec<Ins>,
}

impl Default for Asm {
    fn default() -> Asm {
        Asm {
            sections: vec![Vec::new()],
            section: Section(0),
            count: 0,
            labels: Vec::new(),
            handlers: Vec::new(),
            code: Vec::new(),
        }
    }
}

/// Finished code.
pub(crate) struct Assembled {
    pub code: Vec<u64>,
    pub positions: Vec<Position>,
    pub exceptions: Vec<ExcEntry>,
}

impl Asm {
    pub fn new_label(&mut self) -> Label {
        self.labels.push(At(Section(0), u32::MAX));
        Label(self.labels.len() as u32 - 1)
    }

    /// Binds a label to the next instruction.
    pub fn bind(&mut self, label: Label) {
        let here = self.here();
        if let Some(slot) = self.labels.get_mut(label.0 as usize) {
            *slot = here;
        }
    }

    pub fn new_handler(&mut self, label: Label, reg: u16) -> HandlerId {
        self.handlers.push(Handler { label, reg });
        HandlerId(self.handlers.len() as u32 - 1)
    }

    /// How many instructions there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The place of the next instruction.
    pub fn here(&self) -> At {
        let n = self.sections.get(self.section.0 as usize).map_or(0, Vec::len);
        At(self.section, n as u32)
    }

    /// Directs instructions to a new section; the answer is the previous one.
    pub fn new_section(&mut self) -> Section {
        self.sections.push(Vec::new());
        self.set_section(Section(self.sections.len() as u32 - 1))
    }

    /// Directs instructions to a section; the answer is the previous one.
    pub fn set_section(&mut self, section: Section) -> Section {
        std::mem::replace(&mut self.section, section)
    }

    pub fn push(
        &mut self,
        word: Instr,
        target: Option<Label>,
        handler: Option<HandlerId>,
        position: Position,
    ) {
        self.count += 1;
        let Some(code) = self.sections.get_mut(self.section.0 as usize) else { return };
        code.push(Ins {
            word,
            target: target.map_or(NO_LABEL, |l| l.0),
            handler: handler.map_or(NO_HANDLER, |h| h.0),
            position,
        });
    }

    /// Replaces the 32-bit operand of instruction `at`.
    pub fn patch_bx(&mut self, at: At, bx: u32) {
        let Some(code) = self.sections.get_mut(at.0.0 as usize) else { return };
        if let Some(ins) = code.get_mut(at.1 as usize) {
            ins.word = Instr::abx(op_of(ins.word), ins.word.a(), bx);
        }
    }

    fn target_index(&self, label: u32) -> usize {
        match self.labels.get(label as usize) {
            Some(At(_, index)) => *index as usize,
            None => 0,
        }
    }

    /// Whether the target of a 16-bit jump at instruction `i` is out of reach.
    fn too_far(&self, i: usize, starts: &[u32], size: u32) -> bool {
        let Some(ins) = self.code.get(i) else { return false };
        let from = i64::from(starts[i] + size);
        let to = i64::from(starts[self.target_index(ins.target)]);
        i16::try_from(to - from).is_err()
    }

    /// Places of the instructions, and which 16-bit jumps need the long form.
    fn layout(&self) -> (Vec<u32>, Vec<bool>) {
        let n = self.code.len();
        let mut long = vec![false; n];
        let mut starts = vec![0u32; n + 1];
        loop {
            let mut at = 0u32;
            for (i, ins) in self.code.iter().enumerate() {
                starts[i] = at;
                at += size_of_ins(ins.word, long[i]);
            }
            starts[n] = at;
            if at < i16::MAX as u32 {
                return (starts, long);
            }
            let mut changed = false;
            for i in 0..n {
                let ins = &self.code[i];
                if ins.target != NO_LABEL
                    && !long[i]
                    && is_short(ins.word)
                    && self.too_far(i, &starts, size_of_ins(ins.word, false))
                {
                    long[i] = true;
                    changed = true;
                }
            }
            if !changed {
                return (starts, long);
            }
        }
    }

    /// Puts the sections one after the other.
    fn join_sections(&mut self) {
        let mut bases = Vec::with_capacity(self.sections.len());
        for mut section in std::mem::take(&mut self.sections) {
            bases.push(self.code.len() as u32);
            self.code.append(&mut section);
        }
        for at in &mut self.labels {
            let base = bases.get(at.0.0 as usize).copied().unwrap_or(0);
            *at = At(Section(0), if at.1 == u32::MAX { 0 } else { at.1 + base });
        }
    }

    /// Lets jumps to jumps go to where those go.
    fn thread_jumps(&mut self) {
        for i in 0..self.code.len() {
            let ins = &self.code[i];
            if ins.target == NO_LABEL {
                continue;
            }
            // The exit of a loop stays a forward jump.
            let forward_only = op_of(ins.word) == Op::ForIter;
            let mut target = ins.target;
            for _ in 0..MAX_THREADED {
                let at = self.target_index(target);
                let Some(next) = self.code.get(at) else { break };
                if op_of(next.word) != Op::Jump || next.target == target || at == i {
                    break;
                }
                if forward_only && self.target_index(next.target) <= i {
                    break;
                }
                target = next.target;
            }
            self.code[i].target = target;
        }
    }

    /// Replaces jumps to what follows anyway by nothing.
    fn drop_jumps(&mut self) {
        let mut keep = vec![true; self.code.len()];
        for i in (0..self.code.len()).rev() {
            let ins = &self.code[i];
            if ins.target == NO_LABEL || op_of(ins.word) != Op::Jump {
                continue;
            }
            let to = self.target_index(ins.target);
            keep[i] = !(to > i && keep[i + 1..to].iter().all(|k| !k));
        }
        let mut place = Vec::with_capacity(keep.len() + 1);
        let mut n = 0u32;
        for k in &keep {
            place.push(n);
            n += u32::from(*k);
        }
        place.push(n);
        let mut flags = keep.iter();
        self.code.retain(|_| flags.next().copied().unwrap_or(true));
        for at in &mut self.labels {
            at.1 = place.get(at.1 as usize).copied().unwrap_or(n);
        }
    }

    pub fn finish(mut self) -> Assembled {
        self.join_sections();
        self.thread_jumps();
        self.drop_jumps();
        let (starts, long) = self.layout();
        let total = starts.last().copied().unwrap_or(0) as usize;
        let mut out = Assembled {
            code: Vec::with_capacity(total),
            positions: Vec::with_capacity(total),
            exceptions: Vec::new(),
        };
        for (i, ins) in self.code.iter().enumerate() {
            let begin = out.code.len();
            let target = (ins.target != NO_LABEL).then(|| i64::from(starts[self.target_index(ins.target)]));
            match target {
                None => push_with_caches(&mut out.code, ins.word),
                Some(to) if long[i] => push_long(&mut out.code, ins.word, to),
                Some(to) => {
                    let next = (begin + size_of_ins(ins.word, false) as usize) as i64;
                    push_with_caches(&mut out.code, with_offset(ins.word, to - next));
                }
            }
            out.positions.resize(out.code.len(), ins.position);
            self.extend_exceptions(
                &mut out.exceptions,
                ins.handler,
                begin as u32,
                out.code.len() as u32,
                &starts,
            );
        }
        out
    }

    fn extend_exceptions(
        &self,
        table: &mut Vec<ExcEntry>,
        handler: u32,
        begin: u32,
        end: u32,
        starts: &[u32],
    ) {
        let Some(h) = self.handlers.get(handler as usize) else { return };
        let target = starts[self.target_index(h.label.0)];
        if let Some(last) = table.last_mut()
            && last.end == begin
            && last.handler == target
            && last.reg == h.reg
        {
            last.end = end;
            return;
        }
        table.push(ExcEntry { start: begin, end, handler: target, reg: h.reg });
    }
}

fn op_of(word: Instr) -> Op {
    Op::from_u16(word.op_number()).unwrap_or(Op::Nop)
}

/// Whether the instruction's jump offset has 16 bits.
fn is_short(word: Instr) -> bool {
    matches!(op_of(word).info().operands[2], Operand::j)
}

fn size_of_ins(word: Instr, long: bool) -> u32 {
    let op = op_of(word);
    let size = 1 + op.info().caches as u32;
    match (long, op) {
        (false, _) => size,
        (true, Op::ForIter) => size + 2,
        (true, _) => size + 1,
    }
}

fn push_with_caches(code: &mut Vec<u64>, word: Instr) {
    code.push(word.0);
    code.resize(code.len() + op_of(word).info().caches, 0);
}

fn with_offset(word: Instr, offset: i64) -> Instr {
    let op = op_of(word);
    if is_short(word) {
        return Instr::abc(op, word.a(), word.b(), offset as i16 as u16);
    }
    Instr::abx(op, word.a(), offset as i32 as u32)
}

fn push_long(code: &mut Vec<u64>, word: Instr, to: i64) {
    let op = op_of(word);
    if op == Op::ForIter {
        push_with_caches(code, with_offset(word, 1));
        push_with_caches(code, Instr::abx(Op::Jump, 0, 1));
    } else {
        push_with_caches(code, with_offset(Instr::abc(inverse(op), word.a(), word.b(), 0), 1));
    }
    let next = code.len() as i64 + 1;
    push_with_caches(code, Instr::abx(Op::Jump, 0, (to - next) as i32 as u32));
}

/// The jump on the opposite condition.
pub(crate) fn inverse(op: Op) -> Op {
    use Op::*;
    match op {
        JumpIfTrue => JumpIfFalse,
        JumpIfFalse => JumpIfTrue,
        JumpIfNone => JumpIfNotNone,
        JumpIfNotNone => JumpIfNone,
        JumpIfIs => JumpIfIsNot,
        JumpIfIsNot => JumpIfIs,
        JumpIfLt => JumpUnlessLt,
        JumpIfLe => JumpUnlessLe,
        JumpIfEq => JumpUnlessEq,
        JumpIfNe => JumpUnlessNe,
        JumpIfGt => JumpUnlessGt,
        JumpIfGe => JumpUnlessGe,
        JumpUnlessLt => JumpIfLt,
        JumpUnlessLe => JumpIfLe,
        JumpUnlessEq => JumpIfEq,
        JumpUnlessNe => JumpIfNe,
        JumpUnlessGt => JumpIfGt,
        JumpUnlessGe => JumpIfGe,
        JumpIfLtInt => JumpUnlessLtInt,
        JumpIfLeInt => JumpUnlessLeInt,
        JumpIfEqInt => JumpUnlessEqInt,
        JumpIfNeInt => JumpUnlessNeInt,
        JumpIfGtInt => JumpUnlessGtInt,
        JumpIfGeInt => JumpUnlessGeInt,
        JumpUnlessLtInt => JumpIfLtInt,
        JumpUnlessLeInt => JumpIfLeInt,
        JumpUnlessEqInt => JumpIfEqInt,
        JumpUnlessNeInt => JumpIfNeInt,
        JumpUnlessGtInt => JumpIfGtInt,
        JumpUnlessGeInt => JumpIfGeInt,
        other => other,
    }
}
