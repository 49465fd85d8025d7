//! The regular-expression engine behind `_sre`: runs the pattern code of Python 3.14's `re`.
//!
//! [`Code`] is a validated and decoded pattern, [`Matcher`] the reusable memory that runs one over a
//! string or bytes. The engine knows no objects: the caller compiles words, passes a
//! [`StrRef`] (bytes are `StrRef::Latin1`, the code itself says which classes apply) and reads
//! spans back.
//!
//! ```
//! use protopy_sre::{Code, Env, Locale, Matcher, Request};
//! use protopy_text::StrRef;
//!
//! // re.compile("b+"): REPEAT_ONE 6 1 MAXREPEAT LITERAL 98 SUCCESS SUCCESS
//! let code = Code::new(vec![24, 6, 1, u32::MAX, 16, 98, 1, 1], 0).unwrap();
//! let mut matcher = Matcher::new();
//! let mut env = Env { locale: &Locale::C, interrupt: &mut || Ok(()) };
//! let request = Request::search(StrRef::Latin1(b"abbc"), 0, 4);
//! assert_eq!(matcher.run(&code, &request, &mut env), Ok(true));
//! assert_eq!(matcher.span(), (1, 3));
//! ```
//!
//! The parts: `opcode` numbers, `decode` validates and decodes, `analyse` annotates, `exec` runs,
//! `search` and `scan` find starting points, `charset` and `classes` tell characters apart.

mod analyse;
mod charset;
mod classes;
mod decode;
mod exec;
mod opcode;
mod program;
mod scan;
mod search;

use std::fmt;
use std::hash::{Hash, Hasher};

use protopy_text::StrRef;

pub use classes::{
    CharClass, Locale, Unicode, ascii_iscased, ascii_tolower, unicode_iscased, unicode_tolower,
};
pub use opcode::{CODESIZE, MAGIC, MAXGROUPS, MAXREPEAT};

use charset::CharSet;
use exec::{Machine, Memory, NONE};
use program::Program;
use scan::Unit;

/// The words are no valid pattern code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCode;

impl fmt::Display for InvalidCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid SRE code")
    }
}

impl std::error::Error for InvalidCode {}

/// Why a run ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abort {
    /// No memory for backtracking, or the matcher's limit was reached.
    Memory,
    /// The caller's poll said so; the exception waits with the caller.
    Interrupted,
}

/// A validated pattern, shareable between threads.
///
/// Two are equal if their words are.
pub struct Code {
    words: Box<[u32]>,
    groups: u32,
    program: Program,
}

impl Code {
    /// Validates and decodes the words of a pattern with so many groups, group 0 not counted.
    pub fn new(words: Vec<u32>, groups: u32) -> Result<Code, InvalidCode> {
        let mut program = decode::decode(&words, groups)?;
        analyse::analyse(&mut program);
        Ok(Code { words: words.into(), groups, program })
    }

    /// The words it was made from.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The number of groups, group 0 not counted.
    pub fn groups(&self) -> u32 {
        self.groups
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").field("words", &self.words).field("ops", &self.program.ops).finish()
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Code) -> bool {
        self.words == other.words
    }
}

impl Eq for Code {}

impl Hash for Code {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.words.hash(state);
    }
}

/// How a subject is to be matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// At the start position.
    Match,
    /// At the start position, up to the end position.
    FullMatch,
    /// At the first position that matches.
    Search,
}

/// What to match.
#[derive(Clone, Copy, Debug)]
pub struct Request<'s> {
    /// The string; bytes as `StrRef::Latin1`.
    pub subject: StrRef<'s>,
    /// Where to start; more than the subject's length is its length. What lies before is visible to
    /// look-behinds and anchors.
    pub pos: usize,
    /// Where the subject is taken to end; more than its length is its length.
    pub endpos: usize,
    /// How.
    pub mode: Mode,
    /// Whether a match at `pos` must not be empty: set by `finditer`, `sub` and `split` after an
    /// empty match there.
    pub must_advance: bool,
}

impl<'s> Request<'s> {
    /// A match at `pos`.
    pub fn match_at(subject: StrRef<'s>, pos: usize, endpos: usize) -> Self {
        Request { subject, pos, endpos, mode: Mode::Match, must_advance: false }
    }

    /// A match of all from `pos` to `endpos`.
    pub fn fullmatch(subject: StrRef<'s>, pos: usize, endpos: usize) -> Self {
        Request { mode: Mode::FullMatch, ..Request::match_at(subject, pos, endpos) }
    }

    /// A search from `pos`.
    pub fn search(subject: StrRef<'s>, pos: usize, endpos: usize) -> Self {
        Request { mode: Mode::Search, ..Request::match_at(subject, pos, endpos) }
    }

    /// The same with a non-empty match required at `pos`.
    pub fn must_advance(self, must_advance: bool) -> Self {
        Request { must_advance, ..self }
    }
}

/// What a run needs from its surroundings.
pub struct Env<'a> {
    /// The locale, for patterns with the LOCALE flag.
    pub locale: &'a Locale,
    /// Called every few thousand steps; an error ends the run as [`Abort::Interrupted`].
    pub interrupt: &'a mut dyn FnMut() -> Result<(), ()>,
}

/// Runs patterns, one at a time, and holds the result of the last run that matched.
pub struct Matcher {
    memory: Memory,
    span: (usize, usize),
    limit: usize,
}

impl Default for Matcher {
    fn default() -> Self {
        Matcher::new()
    }
}

impl Matcher {
    /// A matcher that takes as much memory as there is.
    pub fn new() -> Matcher {
        Matcher::with_limit(usize::MAX)
    }

    /// A matcher that ends as [`Abort::Memory`] soon after backtracking takes more than so many bytes.
    pub fn with_limit(limit: usize) -> Matcher {
        Matcher { memory: Memory::default(), span: (0, 0), limit }
    }

    /// Runs a pattern; whether it matched.
    pub fn run(&mut self, code: &Code, request: &Request<'_>, env: &mut Env<'_>) -> Result<bool, Abort> {
        let result = match request.subject {
            StrRef::Latin1(s) => self.run_over(code, s, request, env),
            StrRef::Ucs2(s) => self.run_over(code, s, request, env),
            StrRef::Ucs4(s) => self.run_over(code, s, request, env),
        };
        self.memory.trim();
        result
    }

    fn run_over<U: Unit>(
        &mut self,
        code: &Code,
        s: &[U],
        request: &Request<'_>,
        env: &mut Env<'_>,
    ) -> Result<bool, Abort> {
        let (pos, s) = (request.pos.min(s.len()), &s[..request.endpos.min(s.len())]);
        let program = &code.program;
        if s.len().checked_sub(pos).is_none_or(|left| left < program.min_width) {
            return Ok(false);
        }
        self.memory.prepare(program, self.limit)?;
        let relocated: Vec<CharSet>;
        let sets = if program.uses_locale && *env.locale != Locale::C {
            relocated = program.sets.iter().map(|set| set.relocated(env.locale)).collect();
            &relocated
        } else {
            &program.sets
        };
        let mut machine = Machine {
            program,
            sets,
            s,
            memory: &mut self.memory,
            locale: env.locale,
            interrupt: env.interrupt,
            steps: exec::POLL_EVERY,
            forbidden_end: if request.must_advance { pos } else { NONE },
            full: request.mode == Mode::FullMatch,
        };
        let found = match request.mode {
            Mode::Search => machine.search(pos)?,
            _ => machine.match_at(pos)?.map(|end| (pos, end)),
        };
        if let Some(span) = found {
            self.span = span;
        }
        Ok(found.is_some())
    }

    /// The span of the match.
    pub fn span(&self) -> (usize, usize) {
        self.span
    }

    /// The span of a group; of the whole match for group 0; `None` if the group took no part.
    pub fn group(&self, group: usize) -> Option<(usize, usize)> {
        let Some(before) = group.checked_sub(1) else { return Some(self.span) };
        let at = before.checked_mul(2)?;
        let (start, end) = (*self.memory.marks.get(at)?, *self.memory.marks.get(at + 1)?);
        (start != NONE && end != NONE && start <= end).then_some((start, end))
    }

    /// The number of the group that was closed last (`Match.lastindex`).
    pub fn lastindex(&self) -> Option<usize> {
        match self.memory.last_group {
            0 => None,
            group => usize::try_from(group).ok(),
        }
    }
}
