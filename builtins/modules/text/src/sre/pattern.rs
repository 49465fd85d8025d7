//! `re.Pattern`.

use super::engine::{Lent, run};
use super::subject::{Joiner, Subject};
use super::template::{self, Replacement};
use super::{Types, matches, scanner, ssize, type_in};
use protopy_sre::{Code, Mode, Request};
use protopy_text::StrBuf;
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{MethodDef, StrObj, TupleObj};
use protopy_vm::protocore::types::{SlotSpec, type_flags};
use protopy_vm::protocore::{CmpOp, Ctx, Layout, NativeLayout, Payload, PyResult, Slot, Tracer, Ty, Value};
use protopy_vm::{self as vm, GetSetDef, TypeSpec, ValueVec, getsets, methods};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// A compiled pattern.
pub(crate) struct Pattern {
    /// What it was compiled from: str, bytes or None.
    pub(crate) source: Slot,
    /// Flags.
    pub(crate) flags: i32,
    /// Whether it matches bytes; `None`: whatever it is given.
    pub(crate) kind: Option<bool>,
    /// Groups by name (dict).
    pub(crate) groupindex: Slot,
    /// Names by group (tuple).
    pub(crate) indexgroup: Slot,
    /// Type of its matches, so that a match needs no look-up.
    pub(crate) match_type: Slot,
    /// The program.
    pub(crate) code: Arc<Code>,
}

impl Payload for Pattern {
    const NAME: &'static str = "re.Pattern";

    fn trace(&self, t: &mut Tracer) {
        for s in [&self.source, &self.groupindex, &self.indexgroup, &self.match_type] {
            t.slot(s);
        }
    }
}

/// What a pattern is made of beside its code.
pub(crate) struct Source {
    /// str, bytes or None.
    pub(crate) pattern: Value,
    /// Flags.
    pub(crate) flags: i32,
    /// Whether `pattern` is bytes; `None` if it is None.
    pub(crate) kind: Option<bool>,
    /// Groups by name.
    pub(crate) groupindex: Value,
    /// Names by group.
    pub(crate) indexgroup: Value,
}

/// A new pattern.
pub(crate) fn new(cx: &mut Ctx, code: Arc<Code>, s: Source) -> PyResult {
    let types = cx.space().state::<Types>();
    let ty = type_in(cx, &types.pattern)?;
    let p = Pattern {
        source: Slot::new(s.pattern),
        flags: s.flags,
        kind: s.kind,
        groupindex: Slot::new(s.groupindex),
        indexgroup: Slot::new(s.indexgroup),
        match_type: Slot::from_option(types.matches.get()),
        code,
    };
    Ok(cx.new_native(ty, p))
}

/// The type.
pub(crate) static PATTERN: TypeSpec = TypeSpec {
    name: "Pattern",
    module: "re",
    layout: Layout::Native,
    vt: Some(<Pattern as NativeLayout>::VT),
    flags: type_flags::NO_NEW | type_flags::WEAKREF,
    slots: SlotSpec { repr: Some(repr), hash: Some(hash), compare: Some(compare), ..SlotSpec::NONE },
    methods: METHODS,
    getsets: GETSETS,
    doc: "Compiled regular expression object.",
    ..TypeSpec::BASE
};

static METHODS: &[MethodDef] = methods![
    /// Matches at the start of the string.
    "match(self, /, string, pos=0, endpos=sys.maxsize)" => |cx, a| one(cx, a, Mode::Match);
    /// Matches all of the string.
    "fullmatch(self, /, string, pos=0, endpos=sys.maxsize)" => |cx, a| one(cx, a, Mode::FullMatch);
    /// Looks for the first place that matches.
    "search(self, /, string, pos=0, endpos=sys.maxsize)" => |cx, a| one(cx, a, Mode::Search);
    /// Replaces the matches, leftmost first, that do not overlap.
    "sub(self, /, repl, string, count=0)" => |cx, a| Ok(substitute(cx, a)?.0);
    /// Replaces as sub() does; the tuple (new string, number of replacements).
    "subn(self, /, repl, string, count=0)" => |cx, a| {
        let (s, n) = substitute(cx, a)?;
        let n = cx.int_usize(n);
        Ok(cx.pair(s, n))
    };
    /// All matches as a list of strings, or of tuples if there is more than one group.
    "findall(self, /, string, pos=0, endpos=sys.maxsize)" => findall;
    /// Splits the string at the matches.
    "split(self, /, string, maxsplit=0)" => split;
    /// An iterator over all matches.
    ///
    /// They do not overlap; empty ones count too.
    "finditer(self, /, string, pos=0, endpos=sys.maxsize)" => finditer;
    /// A scanner, which matches from where the last match ended.
    "scanner(self, /, string, pos=0, endpos=sys.maxsize)" => scanner::new;
    /// The pattern itself: it does not change.
    "__copy__(self, /)" => |_, a| Ok(a[0]);
    /// The pattern itself: it does not change.
    "__deepcopy__(self, memo, /)" => |_, a| Ok(a[0]);
    /// `Pattern[T]`
    class "__class_getitem__(cls, object, /)" => |cx, a| vm::iter::generic_alias(cx, a[0], a[1]);
];

static GETSETS: &[GetSetDef] = getsets![
    /// What the pattern was compiled from.
    member "pattern" => |cx, v| Ok(this(cx, v)?.source.get_or_none());
    /// The flags.
    member "flags" => |cx, v| Ok(Value::small(i64::from(this(cx, v)?.flags)));
    /// The number of groups.
    member "groups" => |cx, v| Ok(Value::small(i64::from(this(cx, v)?.code.groups())));
    /// The numbers of the groups that have names.
    "groupindex" => groupindex;
];

/// The pattern in a value.
pub(crate) fn this(cx: &mut Ctx, v: Value) -> PyResult<&'static Pattern> {
    match v.native::<Pattern>() {
        Some(p) => Ok(p),
        None => Err(cx.type_error("not a pattern")),
    }
}

impl Pattern {
    /// The subject in an object, which must be of the pattern's kind.
    #[inline]
    pub(crate) fn subject(&self, cx: &mut Ctx, v: Value) -> PyResult<Subject> {
        let s = Subject::of(cx, v)?;
        match (self.kind, s.is_bytes()) {
            (Some(false), true) => Err(cx.type_error("cannot use a string pattern on a bytes-like object")),
            (Some(true), false) => Err(cx.type_error("cannot use a bytes pattern on a string-like object")),
            _ => Ok(s),
        }
    }

    /// Number of groups.
    #[inline]
    pub(crate) fn groups(&self) -> usize {
        self.code.groups() as usize
    }
}

/// A `pos` or `endpos` argument within the subject.
#[inline]
pub(crate) fn position(cx: &mut Ctx, v: Value, len: usize) -> PyResult<usize> {
    match v.bound() {
        Some(v) => Ok(usize::try_from(ssize(cx, v)?).unwrap_or(0).min(len)),
        None => Ok(len),
    }
}

/// Pattern, subject, pos and endpos of a method's arguments.
pub(crate) fn target(cx: &mut Ctx, a: &[Value]) -> PyResult<(&'static Pattern, Subject, usize, usize)> {
    let p = this(cx, a[0])?;
    let (pos, end) = (position(cx, a[2], usize::MAX)?, position(cx, a[3], usize::MAX)?);
    let s = p.subject(cx, a[1])?;
    let len = s.len();
    Ok((p, s, pos.min(len), end.min(len)))
}

fn one(cx: &mut Ctx, a: &[Value], mode: Mode) -> PyResult {
    let (p, s, pos, endpos) = target(cx, a)?;
    let mut m = Lent::take();
    let request = Request { mode, ..Request::search(s.view(), pos, endpos) };
    if run(cx, p, &mut m, &request)? {
        matches::new(cx, a[0], p, &s, &m, (pos, endpos))
    } else {
        Ok(Value::NONE)
    }
}

/// Walks over the matches that do not overlap.
struct Walk {
    matcher: Lent,
    at: usize,
    end: usize,
    must_advance: bool,
}

impl Walk {
    fn new(at: usize, end: usize) -> Walk {
        Walk { matcher: Lent::take(), at, end, must_advance: false }
    }

    /// The span of the next match.
    fn next(&mut self, cx: &mut Ctx, p: &Pattern, s: &Subject) -> PyResult<Option<(usize, usize)>> {
        let request = Request::search(s.view(), self.at, self.end).must_advance(self.must_advance);
        if !run(cx, p, &mut self.matcher, &request)? {
            return Ok(None);
        }
        let (start, end) = self.matcher.span();
        self.must_advance = start == end;
        self.at = end;
        Ok(Some((start, end)))
    }
}

fn findall(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let (p, s, pos, endpos) = target(cx, a)?;
    let mut found = ValueVec::new(cx);
    let mut walk = Walk::new(pos, endpos);
    let empty = s.empty(cx)?;
    while let Some((start, end)) = walk.next(cx, p, &s)? {
        let item = match p.groups() {
            0 => s.slice(cx, start, end)?,
            1 => s.group(cx, walk.matcher.group(1), empty)?,
            n => {
                let mut items = ValueVec::new(cx);
                for g in 1..=n {
                    let v = s.group(cx, walk.matcher.group(g), empty)?;
                    items.push(cx, v)?;
                }
                items.into_tuple(cx)?
            }
        };
        found.push(cx, item)?;
    }
    Ok(found.into_list())
}

fn split(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let p = this(cx, a[0])?;
    let max = ssize(cx, a[2])?;
    let s = p.subject(cx, a[1])?;
    let mut parts = ValueVec::new(cx);
    let mut walk = Walk::new(0, s.len());
    let (mut last, mut n) = (0, 0i64);
    while max == 0 || n < max {
        let Some((start, end)) = walk.next(cx, p, &s)? else { break };
        let part = s.slice(cx, last, start)?;
        parts.push(cx, part)?;
        for g in 1..=p.groups() {
            let v = s.group(cx, walk.matcher.group(g), Value::NONE)?;
            parts.push(cx, v)?;
        }
        last = end;
        n += 1;
    }
    let part = s.slice(cx, last, s.len())?;
    parts.push(cx, part)?;
    Ok(parts.into_list())
}

fn finditer(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let scanner = scanner::new(cx, a)?;
    let search = vm::get_attr_str(cx, scanner, "search")?;
    let iter = vm::import_attr(cx, "builtins", "iter")?;
    vm::call(cx, iter, &[search, Value::NONE])
}

/// The new string and the number of replacements.
fn substitute(cx: &mut Ctx, a: &[Value]) -> PyResult<(Value, usize)> {
    let p = this(cx, a[0])?;
    let count = ssize(cx, a[3])?;
    let replacement = template::replacement(cx, a[0], a[1])?;
    let s = p.subject(cx, a[2])?;
    let mut out: Option<Joiner> = None;
    let mut walk = Walk::new(0, s.len());
    let (mut last, mut n) = (0, 0usize);
    while count == 0 || i64::try_from(n).is_ok_and(|n| n < count) {
        let Some((start, end)) = walk.next(cx, p, &s)? else { break };
        let joiner = out.get_or_insert_with(|| s.joiner());
        if last < start {
            joiner.part(&s, last, start);
        }
        match &replacement {
            Replacement::Literal(None) => {}
            Replacement::Literal(Some(v)) => joiner.object(cx, *v)?,
            Replacement::Template(t) => {
                template::expand_matcher(cx, t, &s, &walk.matcher, p.groups(), joiner)?
            }
            Replacement::Call(f) => {
                let m = matches::new(cx, a[0], p, &s, &walk.matcher, (0, s.len()))?;
                let v = vm::call(cx, *f, &[m])?;
                if !v.is_none() {
                    joiner.object(cx, v)?;
                }
            }
        }
        last = end;
        n += 1;
    }
    let text = match out {
        None => s.slice(cx, 0, s.len())?,
        Some(mut joiner) => {
            if last < s.len() {
                joiner.part(&s, last, s.len());
            }
            joiner.finish(cx)?
        }
    };
    vm::keep_alive(a[1]);
    Ok((text, n))
}

fn groupindex(cx: &mut Ctx, v: Value) -> PyResult {
    let d = this(cx, v)?.groupindex.get_or_none();
    if DictObj::of(d).is_none_or(|d| d.is_empty()) {
        return Ok(cx.dict());
    }
    let proxy = cx.ty(Ty::MappingProxy).value();
    vm::call(cx, proxy, &[d])
}

/// Names of the flags by bit, as `repr` gives them.
const FLAG_NAMES: [(i32, &str); 8] = [
    (2, "re.IGNORECASE"),
    (4, "re.LOCALE"),
    (8, "re.MULTILINE"),
    (16, "re.DOTALL"),
    (32, "re.UNICODE"),
    (64, "re.VERBOSE"),
    (128, "re.DEBUG"),
    (256, "re.ASCII"),
];

/// Characters of a pattern's own repr that are shown.
const REPR_LIMIT: usize = 200;

fn repr(cx: &mut Ctx, v: Value) -> PyResult {
    let p = this(cx, v)?;
    let mut flags = p.flags;
    if p.kind == Some(false) && flags & (4 | 32 | 256) == 32 {
        flags &= !32;
    }
    let mut names = Vec::new();
    for (bit, name) in FLAG_NAMES {
        if flags & bit != 0 {
            names.push(name.to_owned());
            flags &= !bit;
        }
    }
    if flags != 0 {
        names.push(format!("{flags:#x}"));
    }
    let source = p.source.get_or_none();
    let text = vm::repr(cx, source)?;
    let mut out = StrBuf::from("re.compile(");
    if let Some(t) = StrObj::of(text) {
        out.push_ref(t.str_ref().slice(0, REPR_LIMIT));
    }
    if !names.is_empty() {
        out.push_str(", ");
        out.push_str(&names.join("|"));
    }
    out.push_str(")");
    cx.str_buf(out)
}

fn hash(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    let p = this(cx, v)?;
    let source = vm::hash(cx, p.source.get_or_none())?;
    let mut h = DefaultHasher::new();
    (source, p.flags, p.kind, p.code.groups()).hash(&mut h);
    p.code.hash(&mut h);
    Ok(match h.finish().cast_signed() {
        -1 => -2,
        n => n,
    })
}

fn compare(cx: &mut Ctx, a: Value, b: Value, op: CmpOp) -> PyResult {
    let (Some(x), Some(y), CmpOp::Eq | CmpOp::Ne) = (a.native::<Pattern>(), b.native::<Pattern>(), op) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let same = a.is(b)
        || x.flags == y.flags
            && x.kind == y.kind
            && x.code.groups() == y.code.groups()
            && x.code == y.code
            && vm::eq(cx, x.source.get_or_none(), y.source.get_or_none())?;
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

/// The name of a group.
pub(crate) fn group_name(p: &Pattern, group: usize) -> Value {
    let names = p.indexgroup.get().and_then(TupleObj::of);
    names.and_then(|t| t.items().get(group).copied()).unwrap_or(Value::NONE)
}
