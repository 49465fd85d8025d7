//! The matcher: runs a decoded program over a subject.
//!
//! A backtracking machine in the manner of Warren's: one operation pointer, one position, a stack of
//! *choices* and a *trail*. A [`Choice`] says where to go on when the current path fails; what the path
//! changed since (marks and loop registers) is on the trail, and undone first. So marks and the
//! last group always have the values they had when the choice was made, which is what `re` promises
//! after backtracking out of a branch or a repeat. Nothing recurses.
//!
//! - Nothing is trailed while there is no choice to come back to.
//! - A look-around or atomic group notes the height of the stack in its cut register; when its body
//!   has matched, the choices above are dropped, the trail stays. The registers need no trail: a block
//!   is not entered again before it is left or has failed.
//! - Loop registers exist once a loop, not once an entry: re-entering saves the old on the trail.
//! - A repeated character is one choice, updated in place as it gives back or takes more.
//!
//! The stack and the trail grow by `try_reserve`, up to a limit; the poll is called every so many
//! steps, a step being a retreat, a round of a loop or 64 characters scanned.

use crate::Abort;
use crate::charset::{CharSet, Fold};
use crate::classes::{CharClass, Locale, Unicode, ascii_tolower};
use crate::opcode::MAXREPEAT;
use crate::program::*;
use crate::scan::Unit;

/// "No position": an unset mark.
pub(crate) const NONE: usize = usize::MAX;

/// Steps between two polls.
pub(crate) const POLL_EVERY: usize = 8192;
/// Trail entries above the last choice that make looking for superfluous ones worth while; few in
/// debug builds, so that tests come by.
const COMPACT_AT: usize = if cfg!(debug_assertions) { 8 } else { 4096 };

#[derive(Clone, Copy)]
enum Kind {
    /// Go on at `pc`.
    Goto,
    /// Try alternative `pc`; `aux` is the end of the list.
    Branch,
    /// The repeat at `pc` may give back down to `aux`.
    Greedy,
    /// The repeat at `pc` may take up to `aux` more.
    Lazy,
    /// Another round of loop `pc`.
    Round,
}

/// Where to go on after a failure.
#[derive(Clone, Copy)]
struct Choice {
    kind: Kind,
    pc: u32,
    ptr: usize,
    aux: usize,
    /// The height of the trail.
    trail: usize,
}

/// A value to put back: a mark with the last group, or a loop register.
#[derive(Clone, Copy)]
struct Undo {
    /// A mark, or the number of marks plus a loop.
    slot: u32,
    /// The last group, or the loop's rounds.
    aux: u32,
    old: usize,
}

const _: () = assert!(size_of::<usize>() != 8 || size_of::<Choice>() == 32 && size_of::<Undo>() == 16);

/// The state of a loop.
#[derive(Clone, Copy)]
struct Register {
    /// Rounds begun.
    rounds: u32,
    /// Where the last optional round began.
    last: usize,
}

/// Where a cut block began.
#[derive(Clone, Copy)]
struct Cut {
    height: usize,
    ptr: usize,
}

/// The memory of the machine, reused between runs.
#[derive(Default)]
pub(crate) struct Memory {
    choices: Vec<Choice>,
    trail: Vec<Undo>,
    registers: Vec<Register>,
    cuts: Vec<Cut>,
    pub(crate) marks: Vec<usize>,
    /// The group closed last, 0 for none.
    pub(crate) last_group: u32,
    /// Whether marks were set that the trail does not know.
    dirty: bool,
    /// The most choices and trail entries, together.
    limit: usize,
}

fn fit<T: Copy>(v: &mut Vec<T>, n: usize, fill: T) -> Result<(), Abort> {
    v.clear();
    v.try_reserve(n).map_err(|_| Abort::Memory)?;
    v.resize(n, fill);
    Ok(())
}

impl Memory {
    /// Makes ready for a program. `limit` bounds the memory for backtracking, in bytes.
    pub(crate) fn prepare(&mut self, program: &Program, limit: usize) -> Result<(), Abort> {
        self.choices.clear();
        self.trail.clear();
        self.limit = limit / size_of::<Choice>();
        self.last_group = 0;
        self.dirty = false;
        fit(&mut self.marks, program.marks, NONE)?;
        fit(&mut self.registers, program.loops.len(), Register { rounds: 0, last: NONE })?;
        fit(&mut self.cuts, program.cuts.len(), Cut { height: 0, ptr: 0 })
    }

    /// Gives back what an unusual run has taken.
    pub(crate) fn trim(&mut self) {
        self.choices.clear();
        self.trail.clear();
        self.choices.shrink_to(1 << 12);
        self.trail.shrink_to(1 << 13);
    }

    /// Whether a failure can bring the path back: else nothing needs to be remembered.
    #[inline(always)]
    fn has_choice(&self) -> bool {
        !self.choices.is_empty()
    }

    #[inline]
    fn push(&mut self, kind: Kind, pc: u32, ptr: usize, aux: usize) -> Result<(), Abort> {
        if self.choices.len() == self.choices.capacity() {
            self.reserve()?;
        }
        self.choices.push(Choice { kind, pc, ptr, aux, trail: self.trail.len() });
        Ok(())
    }

    #[inline]
    fn note(&mut self, slot: u32, aux: u32, old: usize) -> Result<(), Abort> {
        if self.trail.len() == self.trail.capacity() {
            self.reserve()?;
        }
        self.trail.push(Undo { slot, aux, old });
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn reserve(&mut self) -> Result<(), Abort> {
        if self.choices.len() + self.trail.len() / 2 >= self.limit {
            return Err(Abort::Memory);
        }
        let full = |v: usize, capacity: usize| if v == capacity { (v / 2).max(64) } else { 0 };
        let (choices, trail) = (&mut self.choices, &mut self.trail);
        choices.try_reserve(full(choices.len(), choices.capacity())).map_err(|_| Abort::Memory)?;
        trail.try_reserve(full(trail.len(), trail.capacity())).map_err(|_| Abort::Memory)
    }

    #[inline]
    fn set_mark(&mut self, mark: u32, ptr: usize) -> Result<(), Abort> {
        let at = mark as usize;
        if self.has_choice() {
            self.note(mark, self.last_group, self.marks[at])?;
        } else {
            self.dirty = true;
        }
        self.marks[at] = ptr;
        if mark & 1 != 0 {
            self.last_group = mark / 2 + 1;
        }
        Ok(())
    }

    #[inline]
    fn set_register(&mut self, id: u32, new: Register) -> Result<(), Abort> {
        let old = self.registers[id as usize];
        if self.has_choice() {
            self.note(self.marks.len() as u32 + id, old.rounds, old.last)?;
        }
        self.registers[id as usize] = new;
        Ok(())
    }

    #[inline]
    fn undo_to(&mut self, height: usize) {
        while self.trail.len() > height {
            let Some(undo) = self.trail.pop() else { return };
            self.undo(undo);
        }
    }

    #[inline]
    fn undo(&mut self, Undo { slot, aux, old }: Undo) {
        let slot = slot as usize;
        match self.marks.get_mut(slot) {
            Some(mark) => {
                *mark = old;
                self.last_group = aux;
            }
            None => self.registers[slot - self.marks.len()] = Register { rounds: aux, last: old },
        }
    }

    /// Back to the state before anything matched.
    fn forget(&mut self) {
        self.trail.clear();
        if self.dirty {
            self.marks.fill(NONE);
            self.last_group = 0;
            self.dirty = false;
        }
    }

    /// Drops the choices above a height, keeping what happened since.
    #[inline]
    fn cut(&mut self, height: usize) {
        self.choices.truncate(height);
        match self.choices.last() {
            None => {
                self.dirty |= !self.trail.is_empty();
                self.trail.clear();
            }
            Some(choice) => {
                let base = choice.trail;
                if self.trail.len() - base >= COMPACT_AT + self.slots() {
                    self.compact(base);
                }
            }
        }
    }

    fn slots(&self) -> usize {
        self.marks.len() + self.registers.len()
    }

    /// Keeps the oldest entry for each slot: the others restore what is overwritten at once.
    #[cold]
    fn compact(&mut self, base: usize) {
        let mut seen = vec![false; self.slots()];
        let mut kept = base;
        for i in base..self.trail.len() {
            let undo = self.trail[i];
            if !std::mem::replace(&mut seen[undo.slot as usize], true) {
                self.trail[kept] = undo;
                kept += 1;
            }
        }
        self.trail.truncate(kept);
    }
}

/// Where a path goes next.
enum Flow {
    Go(u32, usize),
    Fail,
    Done(usize),
}

/// One run: a program over a subject.
pub(crate) struct Machine<'a, U> {
    pub(crate) program: &'a Program,
    pub(crate) sets: &'a [CharSet],
    /// The subject, ending where the match has to.
    pub(crate) s: &'a [U],
    pub(crate) memory: &'a mut Memory,
    pub(crate) locale: &'a Locale,
    pub(crate) interrupt: &'a mut dyn FnMut() -> Result<(), ()>,
    /// Steps until the next poll.
    pub(crate) steps: usize,
    /// Where a match must not end: it would be empty.
    pub(crate) forbidden_end: usize,
    /// Whether the match must reach the end of the subject.
    pub(crate) full: bool,
}

impl<U: Unit> Machine<'_, U> {
    /// Matches at a position; the end of the match, if there is one. Marks are left in the memory.
    pub(crate) fn match_at(&mut self, start: usize) -> Result<Option<usize>, Abort> {
        let program = self.program;
        let (mut pc, mut ptr) = (0u32, start);
        loop {
            let hit = match program.ops[pc as usize] {
                Op::Char(c) => self.s.get(ptr).is_some_and(|u| u.code() == c),
                Op::Set(id) => self.s.get(ptr).is_some_and(|u| self.sets[id as usize].has(u.code())),
                Op::Any => self.s.get(ptr).is_some_and(|u| u.code() != 10),
                Op::AnyAll => ptr < self.s.len(),
                Op::NotChar(c) => self.s.get(ptr).is_some_and(|u| u.code() != c),
                op => match self.control(op, pc, ptr)? {
                    Flow::Go(to, at) => {
                        (pc, ptr) = (to, at);
                        continue;
                    }
                    Flow::Fail => false,
                    Flow::Done(end) => return Ok(Some(end)),
                },
            };
            if hit {
                pc += 1;
                ptr += 1;
            } else {
                match self.retreat()? {
                    Some(to) => (pc, ptr) = to,
                    None => return Ok(None),
                }
            }
        }
    }

    #[inline(always)]
    fn control(&mut self, op: Op, pc: u32, ptr: usize) -> Result<Flow, Abort> {
        let go_if = |test: bool| Ok(if test { Flow::Go(pc + 1, ptr) } else { Flow::Fail });
        match op {
            Op::Str { at, len } => Ok(self.string(at, len, pc, ptr)),
            Op::Mark(mark) => {
                self.memory.set_mark(mark, ptr)?;
                go_if(true)
            }
            Op::Greedy(id) => self.greedy(id, pc, ptr),
            Op::Lazy(id) => self.lazy(id, pc, ptr),
            Op::Branch { at, len } => self.branch(at, at + len, ptr),
            Op::Jump(to) => Ok(Flow::Go(to, ptr)),
            Op::Loop(id) => {
                self.memory.set_register(id, Register { rounds: 0, last: NONE })?;
                Ok(Flow::Go(self.program.loops[id as usize].until, ptr))
            }
            Op::Until(id) => self.until(id, ptr),
            Op::UntilLazy(id) => self.until_lazy(id, ptr),
            Op::At(place) => go_if(self.is_at(place, ptr)),
            Op::Boundary { set, negated } => go_if(self.at_boundary(set, ptr) != negated),
            Op::Success => Ok(self.success(ptr)),
            Op::GroupRef { group, fold } => Ok(self.group_ref(group, fold, pc, ptr)),
            Op::IfGroup { group, no } => {
                Ok(Flow::Go(if self.group(group).is_some() { pc + 1 } else { no }, ptr))
            }
            Op::Assert(_) | Op::AssertEnd(_) | Op::AssertNot(_) | Op::AssertNotEnd(_) => {
                self.look_around(op, pc, ptr)
            }
            Op::Atomic(cut) => {
                self.memory.cuts[cut as usize].height = self.memory.choices.len();
                go_if(true)
            }
            Op::AtomicEnd(cut) => {
                self.memory.cut(self.memory.cuts[cut as usize].height);
                go_if(true)
            }
            Op::Possessive(id) => {
                self.memory.registers[id as usize] = Register { rounds: 0, last: NONE };
                self.possessive_round(id, ptr)
            }
            Op::PossessiveEnd(id) => self.possessive_end(id, ptr),
            Op::Fail | Op::Char(_) | Op::NotChar(_) | Op::Any | Op::AnyAll | Op::Set(_) => Ok(Flow::Fail),
        }
    }

    /// Counts steps; now and then asks whether to go on.
    #[inline(always)]
    fn tick(&mut self, n: usize) -> Result<(), Abort> {
        match self.steps.checked_sub(n) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => self.poll(),
        }
    }

    #[cold]
    #[inline(never)]
    fn poll(&mut self) -> Result<(), Abort> {
        self.steps = POLL_EVERY;
        (self.interrupt)().map_err(|()| Abort::Interrupted)
    }

    fn success(&self, ptr: usize) -> Flow {
        if ptr == self.forbidden_end || (self.full && ptr != self.s.len()) {
            Flow::Fail
        } else {
            Flow::Done(ptr)
        }
    }

    /// Goes back to the last choice; `None` if there is no other.
    fn retreat(&mut self) -> Result<Option<(u32, usize)>, Abort> {
        self.tick(1)?;
        loop {
            let Some(&Choice { kind, pc, ptr, aux, trail }) = self.memory.choices.last() else {
                self.memory.forget();
                return Ok(None);
            };
            self.memory.undo_to(trail);
            match kind {
                Kind::Goto => {
                    self.memory.choices.pop();
                    return Ok(Some((pc, ptr)));
                }
                Kind::Branch => {
                    let Some(next) = self.viable(pc as usize + 1, aux, ptr) else {
                        self.memory.choices.pop();
                        return Ok(Some((self.program.alternatives[pc as usize].pc, ptr)));
                    };
                    if let Some(choice) = self.memory.choices.last_mut() {
                        choice.pc = next as u32;
                    }
                    return Ok(Some((self.program.alternatives[pc as usize].pc, ptr)));
                }
                Kind::Greedy => {
                    if let Some(at) = self.give_back(pc, ptr, aux) {
                        return Ok(Some((pc + 1, at)));
                    }
                }
                Kind::Lazy => {
                    if let Some(at) = self.take_more(pc, ptr, aux)? {
                        return Ok(Some((pc + 1, at)));
                    }
                }
                Kind::Round => {
                    self.memory.choices.pop();
                    return self.begin_round(pc, ptr).map(Some);
                }
            }
        }
    }

    /// Whether what `first` belongs to may start at the position.
    #[inline(always)]
    fn may_start(&self, first: First, ptr: usize) -> bool {
        match first {
            First::Unknown => true,
            First::Char(c) => self.s.get(ptr).is_some_and(|u| u.code() == c),
            First::Filter(id) => {
                self.s.get(ptr).is_some_and(|u| self.program.filters[id as usize].admits(u.code()))
            }
        }
    }

    #[inline]
    fn string(&self, at: u32, len: u32, pc: u32, ptr: usize) -> Flow {
        let (at, len) = (at as usize, len as usize);
        let literal = &self.program.literals[at..at + len];
        match self.s.get(ptr..ptr + len) {
            Some(part) if part.iter().zip(literal).all(|(u, &c)| u.code() == c) => {
                Flow::Go(pc + 1, ptr + len)
            }
            _ => Flow::Fail,
        }
    }

    fn is_at(&self, place: Place, ptr: usize) -> bool {
        let newline = |at: usize| self.s.get(at).is_some_and(|u| u.code() == 10);
        match place {
            Place::Start => ptr == 0,
            Place::LineStart => ptr == 0 || newline(ptr - 1),
            Place::End => ptr == self.s.len(),
            Place::LastLineEnd => ptr == self.s.len() || (ptr + 1 == self.s.len() && newline(ptr)),
            Place::LineEnd => ptr == self.s.len() || newline(ptr),
        }
    }

    #[inline]
    fn at_boundary(&self, set: u32, ptr: usize) -> bool {
        let set = &self.sets[set as usize];
        let word = |at: usize| self.s.get(at).is_some_and(|u| set.has(u.code()));
        word(ptr) != (ptr > 0 && word(ptr - 1))
    }

    /// The span of a group that has matched.
    fn group(&self, group: u32) -> Option<(usize, usize)> {
        let at = group as usize * 2;
        let (start, end) = (self.memory.marks[at], self.memory.marks[at + 1]);
        (start != NONE && end != NONE && start <= end).then_some((start, end))
    }

    fn group_ref(&self, group: u32, fold: Fold, pc: u32, ptr: usize) -> Flow {
        let Some((start, end)) = self.group(group) else { return Flow::Fail };
        let stop = ptr + (end - start);
        let Some(there) = self.s.get(ptr..stop) else { return Flow::Fail };
        let here = &self.s[start..end];
        let equal = match fold {
            Fold::None => here == there,
            Fold::Ascii => same(here, there, ascii_tolower),
            Fold::Unicode => same(here, there, Unicode::to_lower),
            Fold::Locale | Fold::LocaleChar => same(here, there, |c| self.locale.to_lower(c)),
        };
        if equal { Flow::Go(pc + 1, stop) } else { Flow::Fail }
    }

    /// The first alternative of a range that may start at the position.
    #[inline]
    fn viable(&self, from: usize, end: usize, ptr: usize) -> Option<usize> {
        (from..end).find(|&i| self.may_start(self.program.alternatives[i].first, ptr))
    }

    #[inline]
    fn branch(&mut self, at: u32, end: u32, ptr: usize) -> Result<Flow, Abort> {
        let end = end as usize;
        let Some(i) = self.viable(at as usize, end, ptr) else { return Ok(Flow::Fail) };
        if let Some(next) = self.viable(i + 1, end, ptr) {
            self.memory.push(Kind::Branch, next as u32, ptr, end)?;
        }
        Ok(Flow::Go(self.program.alternatives[i].pc, ptr))
    }

    /// How many characters from `ptr` pass the test, up to a limit.
    #[inline]
    fn run_length(&self, item: Item, ptr: usize, max: u32) -> usize {
        let rest = &self.s[ptr..];
        let max = max as usize;
        let rest = if max < rest.len() && max != MAXREPEAT as usize { &rest[..max] } else { rest };
        let stop = match item {
            Item::Never => return 0,
            Item::AnyAll => None,
            Item::Any => U::find(rest, 10),
            Item::NotChar(c) => U::find(rest, c),
            Item::Char(c) => rest.iter().position(|u| u.code() != c),
            Item::Set(id) => {
                let set = &self.sets[id as usize];
                rest.iter().position(|u| !set.has(u.code()))
            }
        };
        stop.unwrap_or(rest.len())
    }

    #[inline]
    fn greedy(&mut self, id: u32, pc: u32, ptr: usize) -> Result<Flow, Abort> {
        let repeat = &self.program.repeats[id as usize];
        let count = self.run_length(repeat.item, ptr, repeat.max);
        self.tick(count / 64)?;
        if count < repeat.min as usize {
            return Ok(Flow::Fail);
        }
        let top = ptr + count;
        if repeat.possessive {
            return Ok(Flow::Go(pc + 1, top));
        }
        let low = ptr + repeat.min as usize;
        let Some(at) = self.last_start(repeat.follow, low, top) else { return Ok(Flow::Fail) };
        if at > low {
            self.memory.push(Kind::Greedy, pc, at, low)?;
        }
        Ok(Flow::Go(pc + 1, at))
    }

    /// The last position of `low..=top` where the follower may start.
    #[inline]
    fn last_start(&self, follow: First, low: usize, top: usize) -> Option<usize> {
        let candidates = || &self.s[low..self.s.len().min(top + 1)];
        match follow {
            First::Unknown => Some(top),
            First::Char(c) => U::rfind(candidates(), c).map(|i| low + i),
            First::Filter(id) => {
                let filter = &self.program.filters[id as usize];
                candidates().iter().rposition(|u| filter.admits(u.code())).map(|i| low + i)
            }
        }
    }

    /// Goes on with the greedy choice on top of the stack, which ends when it cannot give more.
    #[inline]
    fn give_back(&mut self, pc: u32, ptr: usize, low: usize) -> Option<usize> {
        let Op::Greedy(id) = self.program.ops[pc as usize] else { return None };
        let at = self.last_start(self.program.repeats[id as usize].follow, low, ptr - 1);
        match (at, self.memory.choices.last_mut()) {
            (Some(at), Some(choice)) if at > low => choice.ptr = at,
            _ => {
                self.memory.choices.pop();
            }
        }
        at
    }

    fn lazy(&mut self, id: u32, pc: u32, ptr: usize) -> Result<Flow, Abort> {
        let repeat = self.program.repeats[id as usize];
        let count = self.run_length(repeat.item, ptr, repeat.min);
        if count < repeat.min as usize {
            return Ok(Flow::Fail);
        }
        let more = if repeat.max == MAXREPEAT { NONE } else { repeat.max as usize - count };
        let Some((at, left)) = self.next_start(&repeat, ptr + count, more)? else { return Ok(Flow::Fail) };
        if left > 0 && at < self.s.len() {
            self.memory.push(Kind::Lazy, pc, at, left)?;
        }
        Ok(Flow::Go(pc + 1, at))
    }

    /// The first position from `ptr` on where the follower may start, reached by taking up to `more`
    /// characters; also how many could still be taken.
    #[inline]
    fn next_start(
        &mut self,
        repeat: &Repeat,
        ptr: usize,
        more: usize,
    ) -> Result<Option<(usize, usize)>, Abort> {
        let left = |at: usize| if more == NONE { NONE } else { more - (at - ptr) };
        let stop = match repeat.item {
            Item::Any => Some(10),
            Item::NotChar(c) => Some(c),
            Item::AnyAll => None,
            Item::Never | Item::Char(_) | Item::Set(_) => return Ok(self.next_start_slow(repeat, ptr, more)),
        };
        let First::Char(c) = repeat.follow else { return Ok(self.next_start_slow(repeat, ptr, more)) };
        let end = ptr.saturating_add(more).saturating_add(1).min(self.s.len());
        let found = U::find2(&self.s[ptr..end], c, stop.unwrap_or(c));
        self.tick(found.unwrap_or(end - ptr) / 64)?;
        let at = found.map(|i| ptr + i).filter(|&at| self.s[at].code() == c);
        Ok(at.map(|at| (at, left(at))))
    }

    fn next_start_slow(&self, repeat: &Repeat, mut ptr: usize, mut more: usize) -> Option<(usize, usize)> {
        loop {
            if self.may_start(repeat.follow, ptr) {
                return Some((ptr, more));
            }
            if more == 0 || self.run_length(repeat.item, ptr, 1) == 0 {
                return None;
            }
            ptr += 1;
            if more != NONE {
                more -= 1;
            }
        }
    }

    /// Goes on with the lazy choice on top of the stack, which ends when it cannot take more.
    #[inline]
    fn take_more(&mut self, pc: u32, ptr: usize, more: usize) -> Result<Option<usize>, Abort> {
        let Op::Lazy(id) = self.program.ops[pc as usize] else { return Ok(None) };
        let repeat = self.program.repeats[id as usize];
        let found = match self.run_length(repeat.item, ptr, 1) {
            0 => None,
            _ => self.next_start(&repeat, ptr + 1, if more == NONE { NONE } else { more - 1 })?,
        };
        match (found, self.memory.choices.last_mut()) {
            (Some((at, left)), Some(choice)) if left > 0 && at < self.s.len() => {
                choice.ptr = at;
                choice.aux = left;
            }
            _ => {
                self.memory.choices.pop();
            }
        }
        Ok(found.map(|(at, _)| at))
    }

    /// The end of a body that prefers another round.
    #[inline]
    fn until(&mut self, id: u32, ptr: usize) -> Result<Flow, Abort> {
        self.tick(1)?;
        let info = &self.program.loops[id as usize];
        let Register { rounds, last } = self.memory.registers[id as usize];
        if rounds < info.min {
            let new = Register { rounds: rounds + 1, last };
            self.memory.set_register(id, new)?;
            return Ok(Flow::Go(info.body, ptr));
        }
        let allowed = (rounds < info.max || info.max == MAXREPEAT) && ptr != last;
        if !allowed || !self.may_start(info.body_first, ptr) {
            return Ok(Flow::Go(info.until + 1, ptr));
        }
        if self.may_start(info.tail_first, ptr) {
            self.memory.push(Kind::Goto, info.until + 1, ptr, 0)?;
        }
        let (body, ptr) = self.begin_round(id, ptr)?;
        Ok(Flow::Go(body, ptr))
    }

    /// The end of a body that prefers to leave.
    #[inline]
    fn until_lazy(&mut self, id: u32, ptr: usize) -> Result<Flow, Abort> {
        self.tick(1)?;
        let info = &self.program.loops[id as usize];
        let Register { rounds, last } = self.memory.registers[id as usize];
        if rounds < info.min {
            let new = Register { rounds: rounds + 1, last };
            self.memory.set_register(id, new)?;
            return Ok(Flow::Go(info.body, ptr));
        }
        let allowed = (rounds < info.max || info.max == MAXREPEAT) && ptr != last;
        let may_round = allowed && self.may_start(info.body_first, ptr);
        if !self.may_start(info.tail_first, ptr) {
            if !may_round {
                return Ok(Flow::Fail);
            }
            let (body, ptr) = self.begin_round(id, ptr)?;
            return Ok(Flow::Go(body, ptr));
        }
        if may_round {
            self.memory.push(Kind::Round, id, ptr, 0)?;
        }
        Ok(Flow::Go(info.until + 1, ptr))
    }

    /// Begins an optional round, which must not be followed by another at the same position.
    #[inline]
    fn begin_round(&mut self, id: u32, ptr: usize) -> Result<(u32, usize), Abort> {
        let rounds = self.memory.registers[id as usize].rounds.saturating_add(1);
        self.memory.set_register(id, Register { rounds, last: ptr })?;
        Ok((self.program.loops[id as usize].body, ptr))
    }

    fn possessive_round(&mut self, id: u32, ptr: usize) -> Result<Flow, Abort> {
        let info = &self.program.loops[id as usize];
        let Register { rounds, last } = self.memory.registers[id as usize];
        let height = self.memory.choices.len();
        if rounds >= info.min {
            let allowed = (rounds < info.max || info.max == MAXREPEAT) && ptr != last;
            if !allowed || !self.may_start(info.body_first, ptr) {
                return Ok(Flow::Go(info.until + 1, ptr));
            }
            self.memory.push(Kind::Goto, info.until + 1, ptr, 0)?;
            self.memory.registers[id as usize].last = ptr;
        }
        self.memory.cuts[info.cut as usize] = Cut { height, ptr };
        Ok(Flow::Go(info.body, ptr))
    }

    fn possessive_end(&mut self, id: u32, ptr: usize) -> Result<Flow, Abort> {
        self.tick(1)?;
        let cut = self.program.loops[id as usize].cut;
        self.memory.cut(self.memory.cuts[cut as usize].height);
        let rounds = &mut self.memory.registers[id as usize].rounds;
        *rounds = rounds.saturating_add(1);
        self.possessive_round(id, ptr)
    }

    fn look_around(&mut self, op: Op, pc: u32, ptr: usize) -> Result<Flow, Abort> {
        match op {
            Op::Assert(cut) => {
                let height = self.memory.choices.len();
                self.memory.cuts[cut as usize] = Cut { height, ptr };
                let back = self.program.cuts[cut as usize].back as usize;
                Ok(ptr.checked_sub(back).map_or(Flow::Fail, |at| Flow::Go(pc + 1, at)))
            }
            Op::AssertEnd(cut) => {
                let Cut { height, ptr } = self.memory.cuts[cut as usize];
                self.memory.cut(height);
                Ok(Flow::Go(pc + 1, ptr))
            }
            Op::AssertNot(cut) => {
                let info = self.program.cuts[cut as usize];
                let Some(at) = ptr.checked_sub(info.back as usize) else {
                    return Ok(Flow::Go(info.next, ptr));
                };
                let height = self.memory.choices.len();
                self.memory.cuts[cut as usize] = Cut { height, ptr };
                self.memory.push(Kind::Goto, info.next, ptr, 0)?;
                Ok(Flow::Go(pc + 1, at))
            }
            Op::AssertNotEnd(cut) => {
                self.memory.cut(self.memory.cuts[cut as usize].height);
                Ok(Flow::Fail)
            }
            _ => Ok(Flow::Fail),
        }
    }
}

/// Whether two parts of a subject are equal but for case.
fn same<U: Unit>(a: &[U], b: &[U], lower: impl Fn(u32) -> u32) -> bool {
    a.iter().zip(b).all(|(x, y)| lower(x.code()) == lower(y.code()))
}
