//! `SRE_Scanner`: matches one after the other, and what `finditer` iterates over.

use super::engine::{Lent, run};
use super::pattern::{self, Pattern};
use super::{Types, matches, type_in};
use protopy_sre::{Mode, Request};
use protopy_vm::protocore::layouts::MethodDef;
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{Ctx, Guarded, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::{GetSetDef, TypeSpec, getsets, methods};

/// Where the next match starts.
#[derive(Clone, Copy)]
enum State {
    At { start: usize, must_advance: bool },
    Running,
    Exhausted,
}

/// A scanner.
pub(crate) struct Scanner {
    pattern: Slot,
    string: Slot,
    pos: usize,
    endpos: usize,
    state: Guarded<State>,
}

impl Payload for Scanner {
    const NAME: &'static str = "SRE_Scanner";

    fn trace(&self, t: &mut Tracer) {
        t.slot(&self.pattern);
        t.slot(&self.string);
    }
}

/// The type.
pub(crate) static SCANNER: TypeSpec = TypeSpec {
    name: "SRE_Scanner",
    module: "_sre",
    layout: Layout::Native,
    vt: Some(<Scanner as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec::NONE,
    methods: METHODS,
    getsets: GETSETS,
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Matches where the last match ended.
    "match(self, /)" => |cx, a| advance(cx, a[0], Mode::Match);
    /// Looks for the next match.
    "search(self, /)" => |cx, a| advance(cx, a[0], Mode::Search);
];

static GETSETS: &[GetSetDef] = getsets![
    /// The pattern.
    member "pattern" => |_, v| Ok(v.native::<Scanner>().map_or(Value::NONE, |s| s.pattern.get_or_none()));
];

/// A scanner of pattern, string, pos and endpos.
pub(crate) fn new(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (_, _, pos, endpos) = pattern::target(cx, a)?;
    let types = cx.space().state::<Types>();
    let ty = type_in(cx, &types.scanner)?;
    let state = Guarded::new(State::At { start: pos, must_advance: false });
    let s = Scanner { pattern: Slot::new(a[0]), string: Slot::new(a[1]), pos, endpos, state };
    Ok(cx.new_native(ty, s))
}

fn advance(cx: &mut Ctx, v: Value, mode: Mode) -> PyResult {
    let Some(s) = v.native::<Scanner>() else { return Err(cx.type_error("not a scanner")) };
    let before = s.state.with(|at| match *at {
        State::At { .. } => std::mem::replace(at, State::Running),
        other => other,
    });
    let (start, must_advance) = match before {
        State::At { start, must_advance } => (start, must_advance),
        State::Exhausted => return Ok(Value::NONE),
        State::Running => return Err(cx.value_error("regular expression scanner already executing")),
    };
    let mut after = before;
    let answer = step(cx, s, mode, (start, must_advance), &mut after);
    s.state.with(|at| *at = after);
    answer
}

/// The match from a start on; sets the state to continue from.
fn step(cx: &mut Ctx, s: &Scanner, mode: Mode, from: (usize, bool), after: &mut State) -> PyResult {
    let (pattern, string) = (s.pattern.get_or_none(), s.string.get_or_none());
    let Some(p) = pattern.native::<Pattern>() else {
        return Err(cx.raise_str(Ty::SystemError, "a scanner without pattern"));
    };
    let subject = p.subject(cx, string)?;
    let mut m = Lent::take();
    let request = Request { mode, ..Request::search(subject.view(), from.0, s.endpos) }.must_advance(from.1);
    if !run(cx, p, &mut m, &request)? {
        *after = State::Exhausted;
        return Ok(Value::NONE);
    }
    let (start, end) = m.span();
    *after = State::At { start: end, must_advance: start == end };
    // What CPython reports as the start of the search is where this step began.
    matches::new(cx, pattern, p, &subject, &m, (s.pos, s.endpos))
}
