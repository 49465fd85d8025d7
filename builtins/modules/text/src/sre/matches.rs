//! `re.Match`.

use super::pattern::{Pattern, group_name};
use super::subject::Subject;
use super::{template, type_in};
use protopy_sre::Matcher;
use protopy_text::StrBuf;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{IntRef, MethodDef, StrObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{
    Args, Ctx, Layout, NativeLayout, Payload, PyResult, Raised, Slot, Tracer, Ty, Value,
};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, ValueVec, getsets, methods};

/// A span; start beyond end for a group that took no part.
type Span = (usize, usize);

const ABSENT: Span = (usize::MAX, 0);

fn present(s: Span) -> Option<Span> {
    (s.0 <= s.1).then_some(s)
}

/// A match.
pub(crate) struct Match {
    string: Slot,
    pattern: Slot,
    /// Tuple of spans, made when asked for.
    regs: Slot,
    pos: usize,
    endpos: usize,
    span: Span,
    groups: Box<[Span]>,
    lastindex: Option<usize>,
}

impl Payload for Match {
    const NAME: &'static str = "re.Match";

    fn trace(&self, t: &mut Tracer) {
        for s in [&self.string, &self.pattern, &self.regs] {
            t.slot(s);
        }
    }
}

/// The match that a matcher found.
pub(crate) fn new(
    cx: &mut Ctx,
    pattern: Value,
    p: &Pattern,
    s: &Subject,
    m: &Matcher,
    range: Span,
) -> PyResult {
    let ty = type_in(cx, &p.match_type)?;
    let found = Match {
        string: Slot::new(s.owner),
        pattern: Slot::new(pattern),
        regs: Slot::empty(),
        pos: range.0,
        endpos: range.1,
        span: m.span(),
        groups: (1..=p.groups()).map(|g| m.group(g).unwrap_or(ABSENT)).collect(),
        lastindex: m.lastindex(),
    };
    Ok(cx.new_native(ty, found))
}

/// The type.
pub(crate) static MATCH: TypeSpec = TypeSpec {
    name: "Match",
    module: "re",
    layout: Layout::Native,
    vt: Some(<Match as NativeLayout>::VT),
    flags: type_flags::NO_NEW,
    slots: SlotSpec { repr: Some(repr), getitem: Some(getitem), ..SlotSpec::NONE },
    methods: METHODS,
    getsets: GETSETS,
    doc: "The result of re.match() and re.search().\nMatch objects always have a boolean value of True.",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// group([group1, ...]) -> str or tuple.
    ///
    /// The text of one or more groups, by number or name; of the whole match without arguments.
    raw "group" => group;
    /// Where a group starts, -1 if it took no part.
    "start(self, group=0, /)" => |cx, a| Ok(edge(span_of(cx, a)?.map(|s| s.0)));
    /// Where a group ends, -1 if it took no part.
    "end(self, group=0, /)" => |cx, a| Ok(edge(span_of(cx, a)?.map(|s| s.1)));
    /// The tuple (start, end) of a group.
    "span(self, group=0, /)" => |cx, a| {
        let s = span_of(cx, a)?;
        Ok(pair(cx, s))
    };
    /// A tuple of all groups; `default` stands for those that took no part.
    "groups(self, /, default=None)" => groups;
    /// A dict of all groups with names; `default` stands for those that took no part.
    "groupdict(self, /, default=None)" => groupdict;
    /// Fills a replacement template with the groups, as sub() does.
    "expand(self, /, template)" => expand;
    /// The match itself: it does not change.
    "__copy__(self, /)" => |_, a| Ok(a[0]);
    /// The match itself: it does not change.
    "__deepcopy__(self, memo, /)" => |_, a| Ok(a[0]);
    /// `Match[T]`
    class "__class_getitem__(cls, object, /)" => |cx, a| vm::iter::generic_alias(cx, a[0], a[1]);
];

static GETSETS: &[GetSetDef] = getsets![
    /// The string that was matched.
    member "string" => |cx, v| Ok(this(cx, v)?.string.get_or_none());
    /// The pattern.
    member "re" => |cx, v| Ok(this(cx, v)?.pattern.get_or_none());
    /// Where the search started.
    member "pos" => |cx, v| {
        let n = this(cx, v)?.pos;
        Ok(cx.int_usize(n))
    };
    /// Where the search was to end.
    member "endpos" => |cx, v| {
        let n = this(cx, v)?.endpos;
        Ok(cx.int_usize(n))
    };
    /// The number of the group that was closed last.
    "lastindex" => |cx, v| match this(cx, v)?.lastindex {
        Some(n) => Ok(cx.int_usize(n)),
        None => Ok(Value::NONE),
    };
    /// The name of the group that was closed last.
    "lastgroup" => |cx, v| {
        let m = this(cx, v)?;
        let p = m.pattern.get().and_then(|p| p.native::<Pattern>());
        Ok(p.zip(m.lastindex).map_or(Value::NONE, |(p, i)| group_name(p, i)))
    };
    /// A tuple of the spans of all groups.
    "regs" => regs;
];

fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Match> {
    match v.native::<Match>() {
        Some(m) => Ok(m),
        None => Err(cx.type_error("not a match")),
    }
}

impl Match {
    fn get(&self, group: usize) -> Option<Span> {
        match group.checked_sub(1) {
            None => Some(self.span),
            Some(i) => self.groups.get(i).copied().and_then(present),
        }
    }

    fn subject(&self, cx: &mut Ctx) -> PyResult<Subject> {
        Subject::of(cx, self.string.get_or_none())
    }
}

#[cold]
fn no_such_group(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::IndexError, "no such group")
}

/// The number of a group given by number or name.
fn group_number(cx: &mut Ctx, m: &Match, key: Value) -> PyResult<usize> {
    let n = if let Some(n) = key.as_small() {
        Some(n)
    } else if cx.type_of(key).slots.index.address() != 0 {
        Some(vm::index_clamped(cx, key)?)
    } else {
        let names = m.pattern.get().and_then(|p| p.native::<Pattern>()).and_then(|p| p.groupindex.get());
        match names.and_then(DictObj::of).map(|d| vm::dict_get(cx, d, key)) {
            Some(Ok(v)) => v.and_then(IntRef::of).and_then(IntRef::to_i64),
            Some(Err(r)) => {
                cx.take_raised(r);
                None
            }
            None => None,
        }
    };
    match n.and_then(|n| usize::try_from(n).ok()) {
        Some(n) if n <= m.groups.len() => Ok(n),
        _ => Err(no_such_group(cx)),
    }
}

fn one_group(cx: &mut Ctx, m: &Match, key: Value) -> PyResult {
    let g = group_number(cx, m, key)?;
    match m.get(g) {
        Some((start, end)) => m.subject(cx)?.slice(cx, start, end),
        None => Ok(Value::NONE),
    }
}

fn group(cx: &mut Ctx, v: Value, args: Args<'_>) -> PyResult {
    let m = this(cx, v)?;
    if args.nkw() != 0 {
        return Err(cx.type_error("Match.group() takes no keyword arguments"));
    }
    match args.pos() {
        [] => one_group(cx, m, Value::small(0)),
        [key] => one_group(cx, m, *key),
        keys => {
            let mut items = ValueVec::new(cx);
            for key in keys {
                let item = one_group(cx, m, *key)?;
                items.push(cx, item)?;
            }
            items.into_tuple(cx)
        }
    }
}

fn getitem(cx: &mut Ctx, v: Value, key: Value) -> PyResult {
    let m = this(cx, v)?;
    one_group(cx, m, key)
}

fn span_of(cx: &mut Ctx, a: &[Value]) -> PyResult<Option<Span>> {
    let m = this(cx, a[0])?;
    let g = group_number(cx, m, a[1])?;
    Ok(m.get(g))
}

fn edge(n: Option<usize>) -> Value {
    Value::small(n.and_then(|n| i64::try_from(n).ok()).unwrap_or(-1))
}

fn pair(cx: &mut Ctx, s: Option<Span>) -> Value {
    cx.pair(edge(s.map(|s| s.0)), edge(s.map(|s| s.1)))
}

fn groups(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let m = this(cx, a[0])?;
    let s = m.subject(cx)?;
    let mut items = ValueVec::new(cx);
    for span in &m.groups {
        let item = s.group(cx, present(*span), a[1])?;
        items.push(cx, item)?;
    }
    items.into_tuple(cx)
}

fn groupdict(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let m = this(cx, a[0])?;
    let result = cx.dict();
    let names = m.pattern.get().and_then(|p| p.native::<Pattern>()).and_then(|p| p.groupindex.get());
    let (Some(names), Some(out)) = (names, DictObj::of(result)) else { return Ok(result) };
    let s = m.subject(cx)?;
    for name in vm::to_vec(cx, names)?.items() {
        let g = group_number(cx, m, name)?;
        let item = s.group(cx, m.get(g), a[1])?;
        vm::dict_set(cx, out, name, item)?;
    }
    Ok(result)
}

fn expand(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let m = this(cx, a[0])?;
    let made = template::compile(cx, m.pattern.get_or_none(), a[1])?;
    let s = m.subject(cx)?;
    template::expand(cx, made, &s, m.groups.len(), |g| m.get(g))
}

fn regs(cx: &mut Ctx, v: Value) -> PyResult {
    let m = this(cx, v)?;
    if let Some(r) = m.regs.get() {
        return Ok(r);
    }
    let mut items = ValueVec::new(cx);
    for g in 0..=m.groups.len() {
        let item = pair(cx, m.get(g));
        items.push(cx, item)?;
    }
    let r = items.into_tuple(cx)?;
    cx.store(v, &m.regs, r);
    Ok(r)
}

fn repr(cx: &mut Ctx, v: Value) -> PyResult {
    let m = this(cx, v)?;
    let whole = one_group(cx, m, Value::small(0))?;
    let text = vm::repr(cx, whole)?;
    let mut out =
        StrBuf::from(format!("<re.Match object; span=({}, {}), match=", m.span.0, m.span.1).as_str());
    if let Some(t) = StrObj::of(text) {
        out.push_ref(t.str_ref());
    }
    out.push_str(">");
    cx.str_buf(out)
}
