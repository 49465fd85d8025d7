//! What can be known of a program before it runs.
//!
//! For the places where the matcher has a choice, the set of characters that the next step can
//! start with is computed: a *superset*, so that a character outside of it rules the step out and a
//! character inside of it promises nothing. Zero-width tests are therefore passed over, and whatever may
//! match nothing before the end of the pattern yields "unknown". Four things come from it:
//!
//! - alternatives that cannot start are not tried, and leave no choice behind;
//! - a loop neither enters a body nor remembers a tail that cannot start here;
//! - a repeated character whose follower cannot be one of it gives nothing back (`\w+\s`);
//! - a search goes to the next character, or literal, that can start the pattern.

use memchr::memmem;

use crate::charset::Category;
use crate::program::*;

/// Steps after which a walk gives up; programs are as large as their authors please.
const BUDGET: u32 = 48;
/// The same for the one walk from the start of the program.
const START_BUDGET: u32 = 4096;

/// The state of a walk, reused: which operations it saw, by the number of the walk.
struct Walk {
    seen: Vec<u32>,
    number: u32,
    work: Vec<u32>,
}

impl Walk {
    /// Whether the walk came through the operation that begins an atomic block. If it started inside
    /// it must not look past the end: which way is taken inside is settled without regard to what
    /// follows.
    fn entered(&self, begin: u32) -> Option<()> {
        (self.seen[begin as usize] == self.number).then_some(())
    }
}

/// A set of possible first characters under construction.
struct Reach {
    bits: [u64; 4],
    wide: WideFilter,
}

impl Reach {
    const NONE: Reach = Reach { bits: [0; 4], wide: WideFilter::None };

    fn add(&mut self, c: u32) {
        match u8::try_from(c) {
            Ok(b) => self.bits[usize::from(b >> 6)] |= 1 << (b & 63),
            Err(_) => self.add_wide(WideFilter::One(c)),
        }
    }

    fn add_wide(&mut self, wide: WideFilter) {
        if self.wide == WideFilter::None {
            self.wide = wide;
        } else if wide != WideFilter::None && self.wide != wide {
            self.wide = WideFilter::All;
        }
    }

    fn add_all_but(&mut self, c: Option<u32>) {
        let mut others = Reach { bits: [u64::MAX; 4], wide: WideFilter::All };
        if let Some(b) = c.and_then(|c| u8::try_from(c).ok()) {
            others.bits[usize::from(b >> 6)] &= !(1 << (b & 63));
        }
        self.join(&others);
    }

    fn join(&mut self, other: &Reach) {
        for (a, b) in self.bits.iter_mut().zip(other.bits) {
            *a |= b;
        }
        self.add_wide(other.wide);
    }

    fn members(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=255u8).filter(|b| self.bits[usize::from(b >> 6)] >> (b & 63) & 1 != 0)
    }

    fn disjoint(&self, other: &Reach) -> bool {
        let narrow = self.bits.iter().zip(other.bits).all(|(a, b)| a & b == 0);
        narrow
            && match (self.wide, other.wide) {
                (WideFilter::None, _) | (_, WideFilter::None) => true,
                (WideFilter::One(a), WideFilter::One(b)) => a != b,
                (WideFilter::Category(a), WideFilter::Category(b)) => Category::disjoint(a, b),
                _ => false,
            }
    }

    /// The only member, if there is one.
    fn single(&self) -> Option<u32> {
        let mut members = self.members();
        match (members.next(), members.next(), self.wide) {
            (Some(c), None, WideFilter::None) => Some(u32::from(c)),
            (None, None, WideFilter::One(c)) => Some(c),
            _ => None,
        }
    }

    fn filter(&self) -> Filter {
        let mut table = [false; 256];
        for b in self.members() {
            table[usize::from(b)] = true;
        }
        Filter { table, wide: self.wide }
    }
}

/// Annotates a decoded program.
pub(crate) fn analyse(program: &mut Program) {
    let walk = &mut Walk { seen: vec![0; program.ops.len()], number: 0, work: Vec::new() };
    for i in 0..program.alternatives.len() {
        let reach = program.reach(program.alternatives[i].pc, BUDGET, walk);
        program.alternatives[i].first = program.first(reach);
    }
    for i in 0..program.loops.len() {
        let LoopInfo { body, until, .. } = program.loops[i];
        let (body, tail) = (program.reach(body, BUDGET, walk), program.reach(until + 1, BUDGET, walk));
        program.loops[i].body_first = program.first(body);
        program.loops[i].tail_first = program.first(tail);
    }
    for pc in 0..program.ops.len() {
        if let Op::Greedy(id) | Op::Lazy(id) = program.ops[pc] {
            let lazy = matches!(program.ops[pc], Op::Lazy(_));
            program.annotate_repeat(pc, id as usize, lazy, walk);
        }
    }
    program.start = program.starting_points(walk);
}

impl Program {
    fn annotate_repeat(&mut self, pc: usize, id: usize, lazy: bool, walk: &mut Walk) {
        if self.ends_block(pc + 1) {
            self.repeats[id].possessive |= !lazy;
            return;
        }
        let next = u32::try_from(pc + 1).unwrap_or(u32::MAX);
        let Some(reach) = self.reach(next, BUDGET, walk) else { return };
        if !lazy && self.item_reach(self.repeats[id].item).disjoint(&reach) {
            self.repeats[id].possessive = true;
        } else {
            self.repeats[id].follow = self.first(Some(reach));
        }
    }

    /// Whether a block ends at the operation without another test: then the longest repeat is as
    /// good as any. (A full match that fails at the longest fails at shorter ones too, and an empty
    /// match is refused only when nothing was taken.)
    fn ends_block(&self, mut pc: usize) -> bool {
        while let Some(Op::Mark(_)) = self.ops.get(pc) {
            pc += 1;
        }
        matches!(
            self.ops.get(pc),
            Some(Op::Success | Op::AssertEnd(_) | Op::AssertNotEnd(_) | Op::AtomicEnd(_))
        )
    }

    fn first(&mut self, reach: Option<Reach>) -> First {
        let Some(reach) = reach else { return First::Unknown };
        if let Some(c) = reach.single() {
            return First::Char(c);
        }
        let Ok(id) = u32::try_from(self.filters.len()) else { return First::Unknown };
        self.filters.push(reach.filter());
        First::Filter(id)
    }

    fn item_reach(&self, item: Item) -> Reach {
        let mut reach = Reach::NONE;
        match item {
            Item::Never => {}
            Item::Any => reach.add_all_but(Some(10)),
            Item::AnyAll => reach.add_all_but(None),
            Item::Char(c) => reach.add(c),
            Item::NotChar(c) => reach.add_all_but(Some(c)),
            Item::Set(id) => {
                let set = &self.sets[id as usize];
                if set.uses_locale() {
                    reach.add_all_but(None);
                    return reach;
                }
                for (b, _) in set.table().iter().enumerate().filter(|(_, member)| **member) {
                    reach.bits[b >> 6] |= 1 << (b & 63);
                }
                reach.wide = match set.wide_members() {
                    (false, _) => WideFilter::None,
                    (true, Some(category)) => WideFilter::Category(category),
                    (true, None) => WideFilter::All,
                };
            }
        }
        reach
    }

    /// What the path from an operation can take first; `None` if it may end without taking anything.
    fn reach(&self, pc: u32, budget: u32, walk: &mut Walk) -> Option<Reach> {
        let mut reach = Reach::NONE;
        let mut budget = budget;
        walk.number += 1;
        walk.work.clear();
        walk.work.push(pc);
        while let Some(pc) = walk.work.pop() {
            let seen = &mut walk.seen[pc as usize];
            if *seen == walk.number {
                continue;
            }
            *seen = walk.number;
            budget = budget.checked_sub(1)?;
            self.reach_step(pc, budget, &mut reach, walk)?;
        }
        Some(reach)
    }

    /// Adds what the operation takes, or queues what may come after it.
    fn reach_step(&self, pc: u32, budget: u32, reach: &mut Reach, walk: &mut Walk) -> Option<()> {
        match self.ops[pc as usize] {
            Op::Fail => {}
            Op::Char(c) => reach.add(c),
            Op::NotChar(c) => reach.join(&self.item_reach(Item::NotChar(c))),
            Op::Any => reach.join(&self.item_reach(Item::Any)),
            Op::AnyAll => reach.join(&self.item_reach(Item::AnyAll)),
            Op::Set(id) => reach.join(&self.item_reach(Item::Set(id))),
            Op::Str { at, .. } => reach.add(self.literals[at as usize]),
            Op::At(_) | Op::Boundary { .. } | Op::Mark(_) | Op::Atomic(_) => {
                walk.work.push(pc + 1);
            }
            Op::Assert(cut) | Op::AssertNot(cut) => walk.work.push(self.cuts[cut as usize].next),
            Op::Jump(to) => walk.work.push(to),
            Op::IfGroup { no, .. } => walk.work.extend([pc + 1, no]),
            Op::Branch { at, len } => {
                if len > budget {
                    return None;
                }
                let (at, len) = (at as usize, len as usize);
                walk.work.extend(self.alternatives[at..at + len].iter().map(|a| a.pc));
            }
            Op::Greedy(id) | Op::Lazy(id) => {
                let repeat = &self.repeats[id as usize];
                reach.join(&self.item_reach(repeat.item));
                if repeat.min == 0 {
                    walk.work.push(pc + 1);
                }
            }
            Op::Loop(id) | Op::Possessive(id) => {
                let info = &self.loops[id as usize];
                walk.work.push(info.body);
                if info.min == 0 {
                    walk.work.push(info.until + 1);
                }
            }
            Op::AtomicEnd(cut) => {
                walk.entered(self.cuts[cut as usize].begin)?;
                walk.work.push(pc + 1);
            }
            Op::Until(id) | Op::UntilLazy(id) | Op::PossessiveEnd(id) => {
                if let Op::PossessiveEnd(_) = self.ops[pc as usize] {
                    walk.entered(self.loops[id as usize].body - 1)?;
                }
                let info = &self.loops[id as usize];
                walk.work.extend([info.body, info.until + 1]);
            }
            Op::Success | Op::AssertEnd(_) | Op::AssertNotEnd(_) | Op::GroupRef { .. } => return None,
        }
        Some(())
    }

    /// How a search finds where to start.
    fn starting_points(&self, walk: &mut Walk) -> Start {
        match self.ops.iter().find(|op| !matches!(op, Op::Mark(_))) {
            Some(Op::At(Place::Start)) => return Start::Subject,
            Some(Op::At(Place::LineStart)) => return Start::Line,
            _ => {}
        }
        let prefix = self.literal_prefix();
        match *prefix {
            [] => {}
            [c] => return Start::Char(c),
            _ => {
                let bytes: Option<Vec<u8>> = prefix.iter().map(|&c| u8::try_from(c).ok()).collect();
                let finder = bytes.map(|b| Box::new(memmem::Finder::new(&b).into_owned()));
                return Start::Literal(prefix.into(), finder);
            }
        }
        let Some(reach) = self.reach(0, START_BUDGET, walk) else { return Start::Anywhere };
        let mut few: Vec<u8> = reach.members().take(4).collect();
        if few.len() > 3 {
            few.clear();
        }
        match reach.single() {
            Some(c) => Start::Char(c),
            None => Start::Filter(Box::new(reach.filter()), few),
        }
    }

    fn literal_prefix(&self) -> Vec<u32> {
        let mut prefix = Vec::new();
        for op in &self.ops {
            match *op {
                Op::Mark(_) => {}
                Op::Char(c) => prefix.push(c),
                Op::Str { at, len } => {
                    let at = at as usize;
                    prefix.extend_from_slice(&self.literals[at..at + len as usize]);
                }
                _ => break,
            }
        }
        prefix
    }
}
