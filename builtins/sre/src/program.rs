//! The decoded form of a pattern: what the matcher runs.
//!
//! Pattern code is validated and decoded once ([`crate::decode`]), annotated once
//! ([`crate::analyse`]) and run any number of times. Addresses are indices into `ops`; the tables
//! beside it hold what would make an operation larger than two words.

use memchr::memmem;

use crate::charset::{Category, CharSet, Fold};

/// Where a zero-width test looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Start of the subject.
    Start,
    /// Start of the subject or after a newline.
    LineStart,
    /// End of the subject.
    End,
    /// End of the subject or before a newline that ends it.
    LastLineEnd,
    /// End of the subject or before a newline.
    LineEnd,
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// The match is complete.
    Success,
    Fail,
    Char(u32),
    NotChar(u32),
    /// Any character but a newline.
    Any,
    AnyAll,
    Set(u32),
    /// A run of literals.
    Str {
        at: u32,
        len: u32,
    },
    At(Place),
    /// A word boundary, or none, by the word set given.
    Boundary {
        set: u32,
        negated: bool,
    },
    /// Records the position in a mark; odd marks close a group.
    Mark(u32),
    GroupRef {
        group: u32,
        fold: Fold,
    },
    /// Goes on if the group matched, else jumps.
    IfGroup {
        group: u32,
        no: u32,
    },
    Jump(u32),
    /// Tries alternatives `at..at + len` of the table in order.
    Branch {
        at: u32,
        len: u32,
    },
    /// A repeated single character, as much as possible first.
    Greedy(u32),
    /// A repeated single character, as little as possible first.
    Lazy(u32),
    /// Enters a loop: clears its register and goes to its end.
    Loop(u32),
    /// The end of a loop's body that prefers another round.
    Until(u32),
    /// The end of a loop's body that prefers to leave.
    UntilLazy(u32),
    /// Enters a loop each round of which is atomic.
    Possessive(u32),
    PossessiveEnd(u32),
    /// Saves position and stack height in a cut register, steps back, matches the body.
    Assert(u32),
    AssertEnd(u32),
    /// As `Assert`; the body must fail. The end is followed by what comes after.
    AssertNot(u32),
    AssertNotEnd(u32),
    Atomic(u32),
    AtomicEnd(u32),
}

const _: () = assert!(size_of::<Op>() == 12);

/// A single-character test that can be repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item {
    Never,
    Any,
    AnyAll,
    Char(u32),
    NotChar(u32),
    Set(u32),
}

/// What the next character must be for a path to have a chance.
#[derive(Clone, Copy, Debug)]
pub(crate) enum First {
    /// Nothing is known.
    Unknown,
    Char(u32),
    /// An index of the filter table.
    Filter(u32),
}

/// A superset of the characters that can start something.
#[derive(Clone)]
pub(crate) struct Filter {
    /// Those below 256.
    pub(crate) table: [bool; 256],
    /// Those above.
    pub(crate) wide: WideFilter,
}

/// The part of a [`Filter`] above 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WideFilter {
    None,
    One(u32),
    Category(Category),
    All,
}

impl Filter {
    /// Whether the character may start it.
    #[inline(always)]
    pub(crate) fn admits(&self, c: u32) -> bool {
        match u8::try_from(c) {
            Ok(b) => self.table[usize::from(b)],
            Err(_) => match self.wide {
                WideFilter::None => false,
                WideFilter::One(one) => one == c,
                WideFilter::Category(_) | WideFilter::All => true,
            },
        }
    }
}

/// A repeated single character.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeat {
    pub(crate) item: Item,
    pub(crate) min: u32,
    /// `MAXREPEAT` is no limit.
    pub(crate) max: u32,
    /// Never gives back what it took: by the pattern, or because that could not help.
    pub(crate) possessive: bool,
    /// What must follow.
    pub(crate) follow: First,
}

/// A repeated group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoopInfo {
    pub(crate) min: u32,
    /// `MAXREPEAT` is no limit.
    pub(crate) max: u32,
    pub(crate) body: u32,
    /// The operation that ends the body; the tail follows it.
    pub(crate) until: u32,
    /// The cut register of a possessive loop.
    pub(crate) cut: u32,
    pub(crate) body_first: First,
    pub(crate) tail_first: First,
}

/// One alternative of a branch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alternative {
    pub(crate) pc: u32,
    pub(crate) first: First,
}

/// How a cut register's block goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CutInfo {
    /// The operation that begins the block.
    pub(crate) begin: u32,
    /// How far a look-around steps back.
    pub(crate) back: u32,
    /// The operation after the block.
    pub(crate) next: u32,
}

/// Where a search can find its starting points.
pub(crate) enum Start {
    Anywhere,
    /// At the start of the subject only.
    Subject,
    /// At the start of a line.
    Line,
    /// Where this character stands.
    Char(u32),
    /// Where this literal stands.
    Literal(Box<[u32]>, Option<Box<memmem::Finder<'static>>>),
    /// Where a character of the filter stands; if they are three or fewer bytes, they are listed.
    Filter(Box<Filter>, Vec<u8>),
}

/// A decoded pattern.
pub(crate) struct Program {
    pub(crate) ops: Vec<Op>,
    pub(crate) literals: Vec<u32>,
    pub(crate) sets: Vec<CharSet>,
    pub(crate) filters: Vec<Filter>,
    pub(crate) repeats: Vec<Repeat>,
    pub(crate) loops: Vec<LoopInfo>,
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) cuts: Vec<CutInfo>,
    /// One more than the largest mark index in use, rounded up to whole groups.
    pub(crate) marks: usize,
    /// The fewest characters that a match takes.
    pub(crate) min_width: usize,
    pub(crate) start: Start,
    /// Whether some set depends on the locale.
    pub(crate) uses_locale: bool,
}
