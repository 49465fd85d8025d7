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

pub(super) const NO_LABEL: u32 = u32::MAX;
const NO_HANDLER: u32 = u32::MAX;

/// An instruction; once the sections are joined, targets are indices of instructions.
#[derive(Clone, Copy)]
pub(super) struct Ins {
    pub word: Instr,
    pub target: u32,
    pub handler: u32,
    pub position: Position,
}

struct Handler {
    label: Label,
    reg: u16,
    /// Where it starts, once the sections are joined.
    start: u32,
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
    /// Where a label was bound last.
    bound_at: Option<(Section, u32)>,
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
            bound_at: None,
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
        self.bound_at = Some((here.0, here.1));
        if let Some(slot) = self.labels.get_mut(label.0 as usize) {
            *slot = here;
        }
    }

    pub fn new_handler(&mut self, label: Label, reg: u16) -> HandlerId {
        self.handlers.push(Handler { label, reg, start: 0 });
        HandlerId(self.handlers.len() as u32 - 1)
    }

    /// How many instructions there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Line of the instruction before the next, if no jump can lead in between.
    pub fn last_line(&self) -> Option<u32> {
        let here = self.here();
        if self.bound_at == Some((here.0, here.1)) {
            return None;
        }
        let code = self.sections.get(self.section.0 as usize)?;
        code.last().map(|i| i.position.line)
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

    /// Whether the target of a 16-bit jump at instruction `i` is out of reach.
    fn too_far(&self, i: usize, starts: &[u32], size: u32) -> bool {
        let Some(ins) = self.code.get(i) else { return false };
        let from = i64::from(starts[i] + size);
        let to = i64::from(starts[ins.target as usize]);
        i16::try_from(to - from).is_err()
    }

    /// Places of the instructions, and which 16-bit jumps need the long form.
    fn layout(&self) -> (Vec<u32>, Vec<bool>) {
        let n = self.code.len();
        let mut long = vec![false; n];
        let mut starts = vec![0u32; n + 1];
        loop {
            let mut at = 1u32;
            for (i, ins) in self.code.iter().enumerate() {
                starts[i] = at;
                at += size_of_ins(ins.word, long[i]);
            }
            starts[n] = at;
            if at < i16::MAX as u32 {
                return (starts, long);
            }
            let mut changed = false;
            for (i, ins) in self.code.iter().enumerate() {
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

    /// Puts the sections one after the other and resolves labels.
    fn join_sections(&mut self) {
        let mut bases = Vec::with_capacity(self.sections.len());
        for mut section in std::mem::take(&mut self.sections) {
            bases.push(self.code.len() as u32);
            self.code.append(&mut section);
        }
        let resolve = |label: u32| match self.labels.get(label as usize) {
            Some(At(section, at)) if *at != u32::MAX => bases.get(section.0 as usize).map_or(0, |b| b + at),
            _ => 0,
        };
        for ins in &mut self.code {
            if ins.target != NO_LABEL {
                ins.target = resolve(ins.target);
            }
        }
        for h in &mut self.handlers {
            h.start = resolve(h.label.0);
        }
    }

    /// The finished code, of an object whose first line is `first_line` and whose beginning is at `begin`.
    pub fn finish(mut self, first_line: u32, begin: Position) -> Assembled {
        self.join_sections();
        let mut handlers: Vec<u32> = self.handlers.iter().map(|h| h.start).collect();
        super::peephole::run(&mut self.code, &mut handlers, first_line);
        for (h, start) in self.handlers.iter_mut().zip(handlers) {
            h.start = start;
        }
        let (starts, long) = self.layout();
        let total = starts.last().copied().unwrap_or(0) as usize;
        // The first word stands for the beginning of the code, at its first line; it is never executed.
        let mut out = Assembled {
            code: Vec::with_capacity(total),
            positions: Vec::with_capacity(total),
            exceptions: Vec::new(),
        };
        out.code.push(Instr::abc(Op::Nop, 0, 0, 0).0);
        out.positions.push(begin);
        for (i, ins) in self.code.iter().enumerate() {
            let at = out.code.len();
            let target = (ins.target != NO_LABEL).then(|| i64::from(starts[ins.target as usize]));
            match target {
                None => push_with_caches(&mut out.code, ins.word),
                Some(to) if long[i] => push_long(&mut out.code, ins.word, to),
                Some(to) => {
                    let next = (at + size_of_ins(ins.word, false) as usize) as i64;
                    push_with_caches(&mut out.code, with_offset(ins.word, to - next));
                }
            }
            out.positions.resize(out.code.len(), ins.position);
            self.extend_exceptions(
                &mut out.exceptions,
                ins.handler,
                at as u32,
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
        let target = starts[h.start as usize];
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

pub(super) fn op_of(word: Instr) -> Op {
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
        (true, Op::ForLoop) => size,
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
    if op == Op::ForLoop {
        // A plain jump to the `ForIter`.
    } else if op == Op::ForIter {
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
