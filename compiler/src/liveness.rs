//! Which registers may still be read: for a collection that a program asks for, which should not find what older statements have
//! left in registers.
//!
//! The usual backward data flow over the effects that the verifier knows. An instruction that is covered by the exception table
//! may go to its handler, which then reads registers as they were before.

use crate::disasm::jump_offset;
use crate::verify::{effect, ends};
use protopy_bytecode::{CodeData, Instr, Op};

/// Most words of memory that an analysis takes. In larger code all registers count as live.
const MAX_WORDS: usize = 1 << 22;

/// A set of registers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers(Vec<u64>);

impl Registers {
    fn empty(n: usize) -> Registers {
        Registers(vec![0; n.div_ceil(64)])
    }

    /// Whether a register is in the set.
    pub fn contains(&self, r: usize) -> bool {
        self.0.get(r / 64).is_some_and(|w| w >> (r % 64) & 1 != 0)
    }

    fn set(&mut self, r: u32, on: bool) {
        if let Some(w) = self.0.get_mut(r as usize / 64) {
            let bit = 1 << (r % 64);
            *w = if on { *w | bit } else { *w & !bit };
        }
    }

    fn add(&mut self, other: &Registers) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }

    fn cut(&mut self, from: u32) {
        let (word, bit) = (from as usize / 64, from % 64);
        for (i, w) in self.0.iter_mut().enumerate().skip(word) {
            *w = if i == word { *w & ((1 << bit) - 1) } else { 0 };
        }
    }
}

/// One instruction of the analysis.
struct Step {
    at: usize,
    /// Indices of instructions.
    next: Option<usize>,
    target: Option<usize>,
    /// The handler, and the register that gets the exception.
    handler: Option<(usize, u32)>,
}

fn steps(code: &CodeData) -> Vec<Step> {
    let mut index = vec![usize::MAX; code.code.len() + 1];
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(w) = code.code.get(at) {
        let Some(op) = Op::from_u16(Instr(*w).op_number()) else { break };
        index[at] = starts.len();
        starts.push(at);
        at += 1 + op.info().caches;
    }
    let sorted = code.exceptions.is_sorted_by(|a, b| a.end <= b.start);
    let instruction = |word: usize| index.get(word).copied().filter(|i| *i != usize::MAX);
    let step = |&at: &usize| {
        let word = Instr(code.code[at]);
        let op = Op::from_u16(word.op_number()).unwrap_or(Op::Nop);
        let after = at + 1 + op.info().caches;
        let target = jump_offset(word, op).and_then(|o| usize::try_from(after as i64 + o).ok());
        let from = if sorted { code.exceptions.partition_point(|e| e.end as usize <= at) } else { 0 };
        let upto = if sorted { (from + 1).min(code.exceptions.len()) } else { code.exceptions.len() };
        let mut entries = code.exceptions[from..upto].iter();
        let entry = entries.find(|e| (e.start as usize..e.end as usize).contains(&at));
        Step {
            at,
            next: if ends(op) { None } else { instruction(after) },
            target: target.and_then(instruction),
            handler: entry.and_then(|e| Some((instruction(e.handler as usize)?, u32::from(e.reg)))),
        }
    };
    starts.iter().map(step).collect()
}

/// The registers that are read at the instruction of word `at` or later, before they are written. Variables count like
/// temporaries: the caller, for whom they live until they are deleted, adds them.
pub fn live_at(code: &CodeData, at: usize) -> Registers {
    let n = usize::from(code.nregs);
    let steps = steps(code);
    if steps.len().saturating_mul(n.div_ceil(64)) > MAX_WORDS {
        return Registers(vec![u64::MAX; n.div_ceil(64)]);
    }
    let mut live = vec![Registers::empty(n); steps.len()];
    let mut changed = true;
    while changed {
        changed = false;
        for (i, s) in steps.iter().enumerate().rev() {
            let word = Instr(code.code[s.at]);
            let op = Op::from_u16(word.op_number()).unwrap_or(Op::Nop);
            let e = effect(word, op);
            let mut r = s.next.and_then(|n| live.get(n)).cloned().unwrap_or_else(|| Registers::empty(n));
            let loops = matches!(op, Op::ForIter | Op::ForLoop);
            if !loops && let Some(t) = s.target {
                r.add(&live[t]);
            }
            e.writes.each().for_each(|w| r.set(w, false));
            if let Some(h) = s.handler {
                let mut there = live[h.0].clone();
                there.set(h.1, false);
                r.add(&there);
            }
            if let Some(w) = e.window {
                r.cut(w);
            }
            // A loop that is exhausted assigns nothing.
            if loops && let Some(t) = s.target {
                r.add(&live[t]);
            }
            e.reads.each().for_each(|x| r.set(x, true));
            if r != live[i] {
                live[i] = r;
                changed = true;
            }
        }
    }
    // `at` may be a cache word of the instruction.
    let i = steps.partition_point(|s| s.at <= at);
    i.checked_sub(1).and_then(|i| live.get(i)).cloned().unwrap_or_default()
}
