//! Validation and decoding of pattern code.
//!
//! Code lists come from `re._compiler`, and from anybody who calls `_sre.compile`. One pass over the
//! words checks everything the matcher relies on and emits operations in the same order:
//!
//! 1. Every skip leads to the end of its own block, inside of the enclosing one; so all jumps are
//!    forward, except from the end of a loop's body to its start.
//! 2. A loop's end belongs to the loop that encloses it; a block ends in its own SUCCESS.
//! 3. Marks and group references name groups that exist.
//! 4. A repeated item is one single-character test.
//!
//! Blocks nest as deep as the list is long, so the open ones are kept in a vector ([`Scope`]), not on
//! the native stack. Case-insensitive tests of one character turn into sets here; equal sets are
//! shared; runs of literals are fused.

use std::collections::HashMap;

use crate::InvalidCode;
use crate::charset::{Big, Category, CharSet, Fold, SetItem};
use crate::classes::Locale;
use crate::opcode::*;
use crate::program::*;

type Decoded<T = ()> = Result<T, InvalidCode>;

/// What has to be done where an open block ends.
enum Kind {
    Assert {
        cut: u32,
    },
    AssertNot {
        cut: u32,
    },
    Atomic {
        cut: u32,
    },
    Loop {
        index: u32,
    },
    Possessive {
        index: u32,
    },
    /// An alternative; `skip_at` is the index of its skip word.
    Alternative {
        branch: usize,
        skip_at: usize,
        pcs: Vec<u32>,
        jumps: Vec<usize>,
        targets: Vec<usize>,
    },
    /// The part of a conditional for a group that matched.
    Yes {
        cond: usize,
    },
    /// The other part; `jump` skips it.
    No {
        jump: usize,
    },
}

/// An open block: what it is, and where its parent ends.
struct Scope {
    kind: Kind,
    parent_end: usize,
}

/// How sets are recognised as equal.
type SetKey = (Fold, Vec<u32>);

struct Decoder<'c> {
    code: &'c [u32],
    groups: u32,
    at: usize,
    end: usize,
    scopes: Vec<Scope>,
    set_ids: HashMap<SetKey, u32>,
    /// Literals may not be fused across this address, something jumps to it.
    label: usize,
    program: Program,
}

/// Validates the words and decodes them.
pub(crate) fn decode(code: &[u32], groups: u32) -> Decoded<Program> {
    if groups > MAXGROUPS || code.len() > i32::MAX as usize || code.last() != Some(&SUCCESS) {
        return Err(InvalidCode);
    }
    let program = Program {
        ops: Vec::with_capacity(code.len() / 2),
        literals: Vec::new(),
        sets: Vec::new(),
        filters: Vec::new(),
        repeats: Vec::new(),
        loops: Vec::new(),
        alternatives: Vec::new(),
        cuts: Vec::new(),
        marks: 0,
        min_width: 0,
        start: Start::Anywhere,
        uses_locale: false,
    };
    let end = code.len() - 1;
    let set_ids = HashMap::new();
    let mut d = Decoder { code, groups, at: 0, end, scopes: Vec::new(), set_ids, label: 0, program };
    d.info()?;
    loop {
        while d.at == d.end {
            let Some(scope) = d.scopes.pop() else {
                d.program.ops.push(Op::Success);
                d.program.uses_locale = d.program.sets.iter().any(CharSet::uses_locale);
                return Ok(d.program);
            };
            d.close(scope)?;
        }
        d.instruction()?;
    }
}

/// An index as stored in operations; no table outgrows the code, whose length was checked.
fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A stored index as an index.
fn usize_of(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

impl Decoder<'_> {
    /// The word at an index inside of the open block.
    fn word(&self, at: usize) -> Decoded<u32> {
        if at < self.end { self.code.get(at).copied().ok_or(InvalidCode) } else { Err(InvalidCode) }
    }

    /// Where the skip word at `at` leads: at least `least` words on, at most to the block's end.
    fn skip_target(&self, at: usize, least: usize) -> Decoded<usize> {
        let skip = usize_of(self.word(at)?);
        let target = at.checked_add(skip).ok_or(InvalidCode)?;
        if skip < least || target > self.end { Err(InvalidCode) } else { Ok(target) }
    }

    /// As [`Self::skip_target`], for a block whose last word must be SUCCESS.
    fn block_target(&self, at: usize, least: usize) -> Decoded<usize> {
        let target = self.skip_target(at, least)?;
        if self.code.get(target - 1) == Some(&SUCCESS) { Ok(target) } else { Err(InvalidCode) }
    }

    fn here(&self) -> u32 {
        index(self.program.ops.len())
    }

    fn emit(&mut self, op: Op) {
        self.program.ops.push(op);
    }

    /// The leading INFO block: only the minimal width is used, the rest is merely checked.
    fn info(&mut self) -> Decoded {
        if self.end == 0 || self.code[0] != INFO {
            return Ok(());
        }
        let next = self.skip_target(1, 4)?;
        let (flags, min, max) = (self.word(2)?, self.word(3)?, self.word(4)?);
        if min > max || flags & INFO_PREFIX != 0 && flags & INFO_CHARSET != 0 {
            return Err(InvalidCode);
        }
        let mut at = 5;
        if flags & INFO_PREFIX != 0 {
            let (len, skip) = (usize_of(self.word(5)?), self.word(6)?);
            let body = len.checked_mul(2).and_then(|n| n.checked_add(7)).ok_or(InvalidCode)?;
            if body > next || usize_of(skip) > len {
                return Err(InvalidCode);
            }
            at = body;
        } else if flags & INFO_CHARSET != 0 {
            self.charset(5, next)?;
            at = next;
        }
        if at != next {
            return Err(InvalidCode);
        }
        self.program.min_width = usize_of(min);
        self.at = next;
        Ok(())
    }

    /// Decodes the instruction at `at` and moves on.
    fn instruction(&mut self) -> Decoded {
        let op = self.word(self.at)?;
        match op {
            FAILURE
            | ANY
            | ANY_ALL
            | LITERAL
            | NOT_LITERAL
            | CATEGORY
            | IN
            | IN_IGNORE
            | IN_LOC_IGNORE
            | IN_UNI_IGNORE
            | LITERAL_IGNORE
            | NOT_LITERAL_IGNORE
            | LITERAL_LOC_IGNORE
            | NOT_LITERAL_LOC_IGNORE
            | LITERAL_UNI_IGNORE
            | NOT_LITERAL_UNI_IGNORE => {
                let (item, next) = self.item(self.at)?;
                self.emit_item(item);
                self.at = next;
            }
            MARK => {
                let mark = self.word(self.at + 1)?;
                self.use_group(mark / 2)?;
                self.emit(Op::Mark(mark));
                self.at += 2;
            }
            AT => {
                let place = self.word(self.at + 1)?;
                self.place(place)?;
                self.at += 2;
            }
            GROUPREF => self.group_ref(Fold::None)?,
            GROUPREF_IGNORE => self.group_ref(Fold::Ascii)?,
            GROUPREF_LOC_IGNORE => self.group_ref(Fold::Locale)?,
            GROUPREF_UNI_IGNORE => self.group_ref(Fold::Unicode)?,
            GROUPREF_EXISTS => self.conditional()?,
            JUMP => self.conditional_else()?,
            BRANCH => self.branch()?,
            REPEAT_ONE | MIN_REPEAT_ONE | POSSESSIVE_REPEAT_ONE => self.repeat_one(op)?,
            REPEAT | POSSESSIVE_REPEAT => self.repeat(op)?,
            ASSERT | ASSERT_NOT => self.assertion(op)?,
            ATOMIC_GROUP => {
                let next = self.block_target(self.at + 1, 2)?;
                let cut = self.new_cut(0);
                self.emit(Op::Atomic(cut));
                self.open(Kind::Atomic { cut }, self.at + 2, next - 1);
            }
            _ => return Err(InvalidCode),
        }
        Ok(())
    }

    fn open(&mut self, kind: Kind, body: usize, end: usize) {
        self.scopes.push(Scope { kind, parent_end: self.end });
        self.at = body;
        self.end = end;
    }

    fn new_cut(&mut self, back: u32) -> u32 {
        let begin = self.here();
        self.program.cuts.push(CutInfo { begin, back, next: 0 });
        index(self.program.cuts.len() - 1)
    }

    /// Ends a block at the current word.
    fn close(&mut self, scope: Scope) -> Decoded {
        self.end = scope.parent_end;
        match scope.kind {
            Kind::Assert { cut } => self.close_cut(Op::AssertEnd(cut), cut),
            Kind::AssertNot { cut } => self.close_cut(Op::AssertNotEnd(cut), cut),
            Kind::Atomic { cut } => self.close_cut(Op::AtomicEnd(cut), cut),
            Kind::Loop { index } => {
                let end = match self.word(self.at)? {
                    MAX_UNTIL => Op::Until(index),
                    MIN_UNTIL => Op::UntilLazy(index),
                    _ => return Err(InvalidCode),
                };
                self.close_loop(end, index);
            }
            Kind::Possessive { index } => {
                if self.word(self.at)? != SUCCESS {
                    return Err(InvalidCode);
                }
                self.close_loop(Op::PossessiveEnd(index), index);
            }
            Kind::Alternative { branch, skip_at, pcs, mut jumps, mut targets } => {
                jumps.push(self.program.ops.len());
                self.emit(Op::Jump(0));
                let next_skip = self.at + 2;
                targets.push(self.skip_target(self.at + 1, 1)?);
                debug_assert!(next_skip > skip_at);
                return self.alternative(branch, next_skip, pcs, jumps, targets);
            }
            Kind::Yes { cond } => {
                let here = self.here();
                self.patch(cond, here);
            }
            Kind::No { jump } => {
                let here = self.here();
                self.patch(jump, here);
            }
        }
        self.label = self.program.ops.len();
        Ok(())
    }

    fn close_cut(&mut self, end: Op, cut: u32) {
        self.emit(end);
        self.program.cuts[usize_of(cut)].next = index(self.program.ops.len());
        self.at += 1;
    }

    fn close_loop(&mut self, end: Op, loop_index: u32) {
        let until = self.here();
        self.emit(end);
        self.program.loops[usize_of(loop_index)].until = until;
        self.at += 1;
    }

    /// Completes a forward jump.
    fn patch(&mut self, op: usize, target: u32) {
        match &mut self.program.ops[op] {
            Op::Jump(to) | Op::IfGroup { no: to, .. } => *to = target,
            _ => {}
        }
    }

    fn branch(&mut self) -> Decoded {
        let branch = self.program.ops.len();
        self.emit(Op::Branch { at: 0, len: 0 });
        self.alternative(branch, self.at + 1, Vec::new(), Vec::new(), Vec::new())
    }

    /// Opens the alternative whose skip word is at `skip_at`, or ends the branch if it is zero.
    fn alternative(
        &mut self,
        branch: usize,
        skip_at: usize,
        mut pcs: Vec<u32>,
        jumps: Vec<usize>,
        targets: Vec<usize>,
    ) -> Decoded {
        if self.word(skip_at)? != 0 {
            let next = self.skip_target(skip_at, 3)?;
            if self.code[next - 2] != JUMP {
                return Err(InvalidCode);
            }
            pcs.push(self.here());
            self.open(Kind::Alternative { branch, skip_at, pcs, jumps, targets }, skip_at + 1, next - 2);
            return Ok(());
        }
        if targets.iter().any(|&t| t != skip_at + 1) {
            return Err(InvalidCode);
        }
        let here = self.here();
        for jump in jumps {
            self.patch(jump, here);
        }
        let at = index(self.program.alternatives.len());
        self.program.ops[branch] = Op::Branch { at, len: index(pcs.len()) };
        let alternatives = pcs.into_iter().map(|pc| Alternative { pc, first: First::Unknown });
        self.program.alternatives.extend(alternatives);
        self.at = skip_at + 1;
        self.label = self.program.ops.len();
        Ok(())
    }

    fn conditional(&mut self) -> Decoded {
        let group = self.word(self.at + 1)?;
        self.use_group(group)?;
        // The skip counts from the group's word; the body follows the skip's.
        let end = usize_of(self.word(self.at + 2)?).checked_add(self.at + 1).ok_or(InvalidCode)?;
        let body = self.at + 3;
        if end < body || end > self.end {
            return Err(InvalidCode);
        }
        let cond = self.program.ops.len();
        self.emit(Op::IfGroup { group, no: 0 });
        self.open(Kind::Yes { cond }, body, end);
        Ok(())
    }

    /// A JUMP: valid as the last instruction of the first part of a conditional only.
    fn conditional_else(&mut self) -> Decoded {
        let Some(Scope { kind: Kind::Yes { cond }, parent_end }) = self.scopes.pop() else {
            return Err(InvalidCode);
        };
        if self.at + 2 != self.end {
            return Err(InvalidCode);
        }
        self.end = parent_end;
        let target = self.skip_target(self.at + 1, 1)?;
        let jump = self.program.ops.len();
        self.emit(Op::Jump(0));
        let here = self.here();
        self.patch(cond, here);
        self.label = self.program.ops.len();
        self.open(Kind::No { jump }, self.at + 2, target);
        Ok(())
    }

    fn limits(&self, at: usize) -> Decoded<(u32, u32)> {
        let (min, max) = (self.word(at)?, self.word(at + 1)?);
        if min > max { Err(InvalidCode) } else { Ok((min, max)) }
    }

    fn repeat_one(&mut self, op: u32) -> Decoded {
        let next = self.block_target(self.at + 1, 5)?;
        let (min, max) = self.limits(self.at + 2)?;
        let (item, item_end) = self.item(self.at + 4)?;
        if item_end + 1 != next {
            return Err(InvalidCode);
        }
        let possessive = op == POSSESSIVE_REPEAT_ONE;
        let id = index(self.program.repeats.len());
        self.program.repeats.push(Repeat { item, min, max, possessive, follow: First::Unknown });
        self.emit(if op == MIN_REPEAT_ONE { Op::Lazy(id) } else { Op::Greedy(id) });
        self.at = next;
        Ok(())
    }

    fn repeat(&mut self, op: u32) -> Decoded {
        let end = self.skip_target(self.at + 1, 3)?;
        let (min, max) = self.limits(self.at + 2)?;
        if end >= self.end {
            return Err(InvalidCode);
        }
        let id = index(self.program.loops.len());
        let possessive = op == POSSESSIVE_REPEAT;
        let cut = if possessive { self.new_cut(0) } else { 0 };
        let (body, until) = (self.here() + 1, 0);
        let (body_first, tail_first) = (First::Unknown, First::Unknown);
        self.program.loops.push(LoopInfo { min, max, body, until, cut, body_first, tail_first });
        self.emit(if possessive { Op::Possessive(id) } else { Op::Loop(id) });
        let kind = if possessive { Kind::Possessive { index: id } } else { Kind::Loop { index: id } };
        self.open(kind, self.at + 4, end);
        Ok(())
    }

    fn assertion(&mut self, op: u32) -> Decoded {
        let next = self.block_target(self.at + 1, 3)?;
        let cut = self.new_cut(self.word(self.at + 2)?);
        let (begin, kind) = match op {
            ASSERT => (Op::Assert(cut), Kind::Assert { cut }),
            _ => (Op::AssertNot(cut), Kind::AssertNot { cut }),
        };
        self.emit(begin);
        self.open(kind, self.at + 3, next - 1);
        Ok(())
    }

    fn use_group(&mut self, group: u32) -> Decoded {
        // The marks of each group are in the code, so that there are fewer groups than words.
        if group >= self.groups || usize_of(group) >= self.code.len() {
            return Err(InvalidCode);
        }
        let marks = usize_of(group).saturating_add(1).saturating_mul(2);
        self.program.marks = self.program.marks.max(marks);
        Ok(())
    }

    fn group_ref(&mut self, fold: Fold) -> Decoded {
        let group = self.word(self.at + 1)?;
        self.use_group(group)?;
        self.emit(Op::GroupRef { group, fold });
        self.program.uses_locale |= fold == Fold::Locale;
        self.at += 2;
        Ok(())
    }

    fn place(&mut self, code: u32) -> Decoded {
        // Word categories as CATEGORY numbers them: plain, by locale, Unicode.
        let boundary = |d: &mut Self, category: u32, negated: bool| {
            let set = d.set(Fold::None, &[CATEGORY, category, FAILURE])?;
            Ok(Op::Boundary { set, negated })
        };
        let op = match code {
            0 | 2 => Op::At(Place::Start),
            1 => Op::At(Place::LineStart),
            3 => boundary(self, 4, false)?,
            4 => boundary(self, 4, true)?,
            5 => Op::At(Place::LastLineEnd),
            6 => Op::At(Place::LineEnd),
            7 => Op::At(Place::End),
            8 => boundary(self, 8, false)?,
            9 => boundary(self, 8, true)?,
            10 => boundary(self, 14, false)?,
            11 => boundary(self, 14, true)?,
            _ => return Err(InvalidCode),
        };
        self.emit(op);
        Ok(())
    }

    /// Decodes a single-character test; also tells where the next instruction is.
    fn item(&mut self, at: usize) -> Decoded<(Item, usize)> {
        let one = |fold, negated: bool, d: &mut Self| -> Decoded<(Item, usize)> {
            let words = [NEGATE, LITERAL, d.word(at + 1)?, FAILURE];
            Ok((Item::Set(d.set(fold, &words[usize::from(!negated)..])?), at + 2))
        };
        match self.word(at)? {
            FAILURE => Ok((Item::Never, at + 1)),
            ANY => Ok((Item::Any, at + 1)),
            ANY_ALL => Ok((Item::AnyAll, at + 1)),
            LITERAL => Ok((Item::Char(self.word(at + 1)?), at + 2)),
            NOT_LITERAL => Ok((Item::NotChar(self.word(at + 1)?), at + 2)),
            CATEGORY => {
                let category = self.word(at + 1)?;
                Ok((Item::Set(self.set(Fold::None, &[CATEGORY, category, FAILURE])?), at + 2))
            }
            LITERAL_IGNORE => one(Fold::Ascii, false, self),
            NOT_LITERAL_IGNORE => one(Fold::Ascii, true, self),
            LITERAL_UNI_IGNORE => one(Fold::Unicode, false, self),
            NOT_LITERAL_UNI_IGNORE => one(Fold::Unicode, true, self),
            LITERAL_LOC_IGNORE => one(Fold::LocaleChar, false, self),
            NOT_LITERAL_LOC_IGNORE => one(Fold::LocaleChar, true, self),
            IN => self.in_set(at, Fold::None),
            IN_IGNORE => self.in_set(at, Fold::Ascii),
            IN_LOC_IGNORE => self.in_set(at, Fold::Locale),
            IN_UNI_IGNORE => self.in_set(at, Fold::Unicode),
            _ => Err(InvalidCode),
        }
    }

    fn emit_item(&mut self, item: Item) {
        let op = match item {
            Item::Never => Op::Fail,
            Item::Any => Op::Any,
            Item::AnyAll => Op::AnyAll,
            Item::Char(c) => return self.emit_literal(c),
            Item::NotChar(c) => Op::NotChar(c),
            Item::Set(set) => Op::Set(set),
        };
        self.emit(op);
    }

    fn emit_literal(&mut self, c: u32) {
        let p = &mut self.program;
        let fusable = p.ops.len() > self.label;
        match p.ops.last_mut() {
            Some(op @ Op::Char(_)) if fusable => {
                let Op::Char(previous) = *op else { return };
                *op = Op::Str { at: index(p.literals.len()), len: 2 };
                p.literals.extend([previous, c]);
            }
            Some(Op::Str { len, .. }) if fusable => {
                *len += 1;
                p.literals.push(c);
            }
            _ => p.ops.push(Op::Char(c)),
        }
    }

    fn in_set(&mut self, at: usize, fold: Fold) -> Decoded<(Item, usize)> {
        let next = self.skip_target(at + 1, 2)?;
        let code = self.code;
        let set = self.set(fold, &code[at + 2..next])?;
        Ok((Item::Set(set), next))
    }

    /// The set that the words describe, new or known.
    fn set(&mut self, fold: Fold, words: &[u32]) -> Decoded<u32> {
        let key = (fold, words.to_vec());
        if let Some(&id) = self.set_ids.get(&key) {
            return Ok(id);
        }
        let items = set_items(words)?;
        let id = index(self.program.sets.len());
        self.program.sets.push(CharSet::new(items, fold, &Locale::C));
        self.set_ids.insert(key, id);
        Ok(id)
    }

    /// Checks a set description without keeping it.
    fn charset(&self, from: usize, to: usize) -> Decoded {
        let words = self.code.get(from..to).ok_or(InvalidCode)?;
        set_items(words).map(drop)
    }
}

/// Decodes the description of a set, which ends in FAILURE.
fn set_items(words: &[u32]) -> Decoded<Vec<SetItem>> {
    let (&FAILURE, mut rest) = words.split_last().ok_or(InvalidCode)? else {
        return Err(InvalidCode);
    };
    let mut items = Vec::new();
    while let Some((&op, after)) = rest.split_first() {
        let (item, next) = match (op, after) {
            (NEGATE, next) => (SetItem::Negate, next),
            (LITERAL, [c, next @ ..]) => (SetItem::Literal(*c), next),
            (RANGE, [lo, hi, next @ ..]) => (SetItem::Range(*lo, *hi), next),
            (RANGE_UNI_IGNORE, [lo, hi, next @ ..]) => (SetItem::RangeUniIgnore(*lo, *hi), next),
            (CATEGORY, [c, next @ ..]) => {
                (SetItem::Category(Category::from_code(*c).ok_or(InvalidCode)?), next)
            }
            (CHARSET, bits) => {
                let (bits, next) = bits.split_first_chunk::<8>().ok_or(InvalidCode)?;
                (SetItem::Bitmap(*bits), next)
            }
            (BIGCHARSET, [count, data @ ..]) => big_charset(*count, data)?,
            _ => return Err(InvalidCode),
        };
        items.push(item);
        rest = next;
    }
    Ok(items)
}

/// Decodes the chunk numbers and chunks of a BIGCHARSET.
fn big_charset(count: u32, data: &[u32]) -> Decoded<(SetItem, &[u32])> {
    let (map, mut rest) = data.split_first_chunk::<64>().ok_or(InvalidCode)?;
    let mut chunk_of = [0; 256];
    for (bytes, word) in chunk_of.chunks_exact_mut(4).zip(map) {
        bytes.copy_from_slice(&word.to_ne_bytes());
    }
    if count > 256 || chunk_of.iter().any(|&n| u32::from(n) >= count) {
        return Err(InvalidCode);
    }
    let mut chunks = Vec::new();
    for _ in 0..count {
        let (chunk, next) = rest.split_first_chunk::<8>().ok_or(InvalidCode)?;
        chunks.push(*chunk);
        rest = next;
    }
    Ok((SetItem::Big(Box::new(Big { chunk_of, chunks })), rest))
}
