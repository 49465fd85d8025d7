//! Methods of `str` that search, split, replace and join.

use super::args::{bounds, limit, str_arg, this_str};
use super::object::exact;
use protopy_text::search;
use protopy_text::unicode::{is_linebreak, is_space};
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::layouts::{ListObj, StrObj, TupleObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Root, Ty, Value};
use protopy_vm::{is_true, keep_alive, to_vec_or};

/// The part of the receiver that the bounds name, where it begins, and the needle.
type Search = (Option<(StrRef<'static>, usize)>, StrRef<'static>);

fn prepare(cx: &mut Ctx, args: &[Value], func: &str) -> PyResult<Search> {
    let s = this_str(cx, args[0])?;
    let needle = str_arg(cx, args[1], func, 1)?.str_ref();
    let part = bounds(cx, args[2], args[3], s.len())?;
    Ok((part.map(|(a, b)| (s.str_ref().slice(a, b), a)), needle))
}

fn first(hay: StrRef<'_>, needle: StrRef<'_>) -> Option<usize> {
    match needle.len() {
        1 => search::find_char(hay, needle.get(0)?),
        _ => search::find(hay, needle),
    }
}

fn last(hay: StrRef<'_>, needle: StrRef<'_>) -> Option<usize> {
    match needle.len() {
        1 => search::rfind_char(hay, needle.get(0)?),
        _ => search::rfind(hay, needle),
    }
}

fn position(
    cx: &mut Ctx,
    (part, needle): Search,
    f: fn(StrRef<'_>, StrRef<'_>) -> Option<usize>,
) -> Option<usize> {
    let (hay, start) = part?;
    cx.computing(hay.len(), || f(hay, needle)).map(|at| at + start)
}

fn or_minus_one(cx: &mut Ctx, at: Option<usize>) -> PyResult {
    Ok(match at {
        Some(at) => cx.int_usize(at),
        None => Value::small(-1),
    })
}

fn or_error(cx: &mut Ctx, at: Option<usize>) -> PyResult {
    match at {
        Some(at) => Ok(cx.int_usize(at)),
        None => Err(cx.value_error("substring not found")),
    }
}

pub(super) fn find(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = prepare(cx, args, "find")?;
    let at = position(cx, s, first);
    or_minus_one(cx, at)
}

pub(super) fn rfind(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = prepare(cx, args, "rfind")?;
    let at = position(cx, s, last);
    or_minus_one(cx, at)
}

pub(super) fn index(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = prepare(cx, args, "index")?;
    let at = position(cx, s, first);
    or_error(cx, at)
}

pub(super) fn rindex(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = prepare(cx, args, "rindex")?;
    let at = position(cx, s, last);
    or_error(cx, at)
}

pub(super) fn count(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let (part, needle) = prepare(cx, args, "count")?;
    let n = part.map_or(0, |(hay, _)| cx.computing(hay.len(), || search::count(hay, needle)));
    Ok(cx.int_usize(n))
}

fn affix(cx: &mut Ctx, args: &[Value], func: &str, test: fn(StrRef<'_>, StrRef<'_>) -> bool) -> PyResult {
    let s = this_str(cx, args[0])?;
    let part = bounds(cx, args[2], args[3], s.len())?;
    let hay = part.map(|(a, b)| s.str_ref().slice(a, b));
    if let Some(p) = StrObj::of(args[1]) {
        return Ok(Value::bool(hay.is_some_and(|h| test(h, p.str_ref()))));
    }
    let Some(options) = TupleObj::of(args[1]) else {
        let msg = format!(
            "{func} first arg must be str or a tuple of str, not {}",
            protopy_vm::ops::tp_name(cx, args[1])
        );
        return Err(cx.type_error(&msg));
    };
    for p in options.items() {
        let Some(p) = StrObj::of(*p) else {
            let msg =
                format!("tuple for {func} must only contain str, not {}", protopy_vm::ops::tp_name(cx, *p));
            return Err(cx.type_error(&msg));
        };
        if hay.is_some_and(|h| test(h, p.str_ref())) {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

pub(super) fn startswith(cx: &mut Ctx, args: &[Value]) -> PyResult {
    affix(cx, args, "startswith", search::starts_with)
}

pub(super) fn endswith(cx: &mut Ctx, args: &[Value]) -> PyResult {
    affix(cx, args, "endswith", search::ends_with)
}

/// Sizes from which the memory for a result is asked for before it is built.
const LARGE: usize = 1 << 24;

/// Whether a result of that many items of at most four bytes can be had at all.
pub(crate) fn room_for(total: Option<usize>) -> bool {
    match total {
        Some(n) if n < LARGE => true,
        Some(n) => Vec::<u32>::new().try_reserve_exact(n).is_ok(),
        None => false,
    }
}

/// Upper bound of the size of a replacement's result.
pub(crate) fn replaced_size(hay: usize, from: usize, to: usize, max: usize) -> Option<usize> {
    if to <= from {
        return Some(hay);
    }
    // An empty needle occurs around every item.
    let most = hay.checked_div(from).unwrap_or(hay + 1).min(max);
    most.checked_mul(to - from)?.checked_add(hay)
}

pub(super) fn replace(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = this_str(cx, args[0])?;
    let from = str_arg(cx, args[1], "replace", 1)?.str_ref();
    let to = str_arg(cx, args[2], "replace", 2)?.str_ref();
    let max = limit(cx, args[3])?;
    let hay = s.str_ref();
    let mut bound = replaced_size(hay.len(), from.len(), to.len(), max);
    if bound.is_none_or(|n| n >= LARGE) && !from.is_empty() {
        // The bound assumes a match everywhere: count before refusing.
        let n = cx.computing(hay.len(), || search::count(hay, from)).min(max);
        bound = n.checked_mul(to.len().saturating_sub(from.len())).and_then(|n| n.checked_add(hay.len()));
    }
    if bound.is_none_or(|n| isize::try_from(n).is_err()) {
        return Err(cx.raise_str(Ty::OverflowError, "replace string is too long"));
    }
    if !room_for(bound) {
        return Err(cx.no_memory());
    }
    match cx.computing(hay.len(), || search::replace(hay, from, to, max)) {
        Some(b) => cx.str_buf(b),
        None => exact(cx, args[0]),
    }
}

// ---------------------------------------------------------------------------------------------------- splitting

/// A range of code points.
type Range = (usize, usize);

/// A list of parts of a str.
fn parts(cx: &mut Ctx, owner: Value, text: StrRef<'_>, ranges: &[Range]) -> PyResult {
    let list = cx.list(&[])?;
    if let Some(l) = ListObj::of(list) {
        cx.list_reserve(l, ranges.len())?;
        for &(a, b) in ranges {
            let part =
                if a == 0 && b == text.len() { exact(cx, owner)? } else { cx.str_from(text.slice(a, b))? };
            cx.list_append(l, part)?;
        }
    }
    keep_alive(owner);
    Ok(list)
}

/// Words between white space, at most `max` splits from the left.
pub(crate) fn words(len: usize, space: impl Fn(usize) -> bool, max: usize) -> Vec<Range> {
    let mut out = Vec::new();
    let mut i = 0;
    loop {
        while i < len && space(i) {
            i += 1;
        }
        if i == len {
            return out;
        }
        let start = i;
        if out.len() == max {
            // The rest keeps its white space, inside and at the end.
            out.push((start, len));
            return out;
        }
        while i < len && !space(i) {
            i += 1;
        }
        out.push((start, i));
    }
}

/// As [`words`], splits counted from the right.
pub(crate) fn words_right(len: usize, space: impl Fn(usize) -> bool, max: usize) -> Vec<Range> {
    let mut out = Vec::new();
    let mut i = len;
    loop {
        while i > 0 && space(i - 1) {
            i -= 1;
        }
        if i == 0 {
            break;
        }
        let end = i;
        if out.len() == max {
            out.push((0, end));
            break;
        }
        while i > 0 && !space(i - 1) {
            i -= 1;
        }
        out.push((i, end));
    }
    out.reverse();
    out
}

/// White space of Latin-1, without the tables.
#[inline]
fn is_latin_space(b: u8) -> bool {
    matches!(b, b' ' | 9..=13 | 28..=31 | 0x85 | 0xA0)
}

fn text_words(text: StrRef<'_>, max: usize, right: bool) -> Vec<Range> {
    let pick = |space: &dyn Fn(usize) -> bool| {
        if right { words_right(text.len(), space, max) } else { words(text.len(), space, max) }
    };
    match text {
        StrRef::Latin1(b) if !right => words(b.len(), |i| is_latin_space(b[i]), max),
        StrRef::Latin1(b) => pick(&|i| is_latin_space(b[i])),
        StrRef::Ucs2(b) => pick(&|i| is_space(u32::from(b[i]))),
        StrRef::Ucs4(b) => pick(&|i| is_space(b[i])),
    }
}

fn split_by(cx: &mut Ctx, args: &[Value], right: bool) -> PyResult {
    let s = this_str(cx, args[0])?;
    let max = limit(cx, args[2])?;
    let text = s.str_ref();
    if args[1].is_none() {
        let ranges = cx.computing(text.len(), || text_words(text, max, right));
        return parts(cx, args[0], text, &ranges);
    }
    let Some(sep) = StrObj::of(args[1]) else {
        let msg = format!("must be str or None, not {}", protopy_vm::ops::tp_name(cx, args[1]));
        return Err(cx.type_error(&msg));
    };
    if sep.is_empty() {
        return Err(cx.value_error("empty separator"));
    }
    let sep = sep.str_ref();
    let ranges = cx.computing(text.len(), || separated(text, sep, max, right));
    parts(cx, args[0], text, &ranges)
}

/// Parts between separators, at most `max` splits from the left or the right.
fn separated(text: StrRef<'_>, sep: StrRef<'_>, max: usize, right: bool) -> Vec<Range> {
    let n = sep.len();
    let mut ranges = Vec::new();
    if right {
        let mut end = text.len();
        for piece in search::rsplit(text, sep, max).iter().rev() {
            ranges.push((end - piece.len(), end));
            end = (end - piece.len()).saturating_sub(n);
        }
        ranges.reverse();
    } else {
        let mut start = 0;
        for at in search::matches(text, sep).take(max) {
            ranges.push((start, at));
            start = at + n;
        }
        ranges.push((start, text.len()));
    }
    ranges
}

pub(super) fn split(cx: &mut Ctx, args: &[Value]) -> PyResult {
    split_by(cx, args, false)
}

pub(super) fn rsplit(cx: &mut Ctx, args: &[Value]) -> PyResult {
    split_by(cx, args, true)
}

pub(super) fn splitlines(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let text = this_str(cx, args[0])?.str_ref();
    let keep = is_true(cx, args[1])?;
    let ranges = cx.computing(text.len(), || lines(text, keep));
    parts(cx, args[0], text, &ranges)
}

/// The lines of a text, with their ends if these are to be kept.
fn lines(text: StrRef<'_>, keep: bool) -> Vec<Range> {
    let mut ranges = Vec::new();
    let (mut start, mut i, n) = (0, 0, text.len());
    while i < n {
        let c = text.get(i).unwrap_or(0);
        i += 1;
        if !is_linebreak(c) {
            continue;
        }
        let end = i - 1;
        if c == 0x0D && text.get(i) == Some(0x0A) {
            i += 1;
        }
        ranges.push((start, if keep { i } else { end }));
        start = i;
    }
    if start < n {
        ranges.push((start, n));
    }
    ranges
}

fn separator(cx: &mut Ctx, v: Value) -> PyResult<StrRef<'static>> {
    let sep = this_str(cx, v)?;
    if sep.is_empty() {
        return Err(cx.value_error("empty separator"));
    }
    Ok(sep.str_ref())
}

pub(super) fn partition(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let text = this_str(cx, args[0])?.str_ref();
    let sep = separator(cx, args[1])?;
    let Some(at) = cx.computing(text.len(), || first(text, sep)) else {
        let (whole, empty) = (exact(cx, args[0])?, cx.root(Root::EmptyStr));
        return cx.tuple_of(None, &[whole, empty, empty]);
    };
    let head = cx.str_from(text.slice(0, at))?;
    let mid = exact(cx, args[1])?;
    let tail = cx.str_from(text.slice(at + sep.len(), text.len()))?;
    cx.tuple_of(None, &[head, mid, tail])
}

pub(super) fn rpartition(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let text = this_str(cx, args[0])?.str_ref();
    let sep = separator(cx, args[1])?;
    let Some(at) = cx.computing(text.len(), || last(text, sep)) else {
        let (whole, empty) = (exact(cx, args[0])?, cx.root(Root::EmptyStr));
        return cx.tuple_of(None, &[empty, empty, whole]);
    };
    let head = cx.str_from(text.slice(0, at))?;
    let mid = exact(cx, args[1])?;
    let tail = cx.str_from(text.slice(at + sep.len(), text.len()))?;
    cx.tuple_of(None, &[head, mid, tail])
}

// ---------------------------------------------------------------------------------------------------- joining

#[cold]
fn join_type(cx: &mut Ctx, i: usize, v: Value) -> Raised {
    let msg = format!("sequence item {i}: expected str instance, {} found", protopy_vm::ops::tp_name(cx, v));
    cx.type_error(&msg)
}

/// The items joined. They are alive by the caller; nothing is allocated from the collector's heap before the result is
/// complete.
pub(crate) fn join_items(cx: &mut Ctx, sep: StrRef<'_>, items: &[Value]) -> PyResult {
    if items.is_empty() {
        return Ok(cx.root(Root::EmptyStr));
    }
    if let [one] = items
        && cx.is_exact(*one, Ty::Str)
    {
        return Ok(*one);
    }
    let width = |s: StrRef<'_>| match s {
        StrRef::Latin1(_) => 0,
        StrRef::Ucs2(_) => 1,
        StrRef::Ucs4(_) => 2,
    };
    let mut total = (items.len() - 1).checked_mul(sep.len());
    let mut widest = if items.len() > 1 { width(sep) } else { 0 };
    for (i, v) in items.iter().enumerate() {
        let Some(s) = StrObj::of(*v) else { return Err(join_type(cx, i, *v)) };
        total = total.and_then(|t| t.checked_add(s.len()));
        widest = widest.max(width(s.str_ref()));
    }
    let Some(total) = total.filter(|t| isize::try_from(*t).is_ok()) else {
        return Err(cx.raise_str(Ty::OverflowError, "join() result is too long for a Python string"));
    };
    let mut out = match widest {
        0 => StrBuf::Latin1(Vec::new()),
        1 => StrBuf::Ucs2(Vec::new()),
        _ => StrBuf::Ucs4(Vec::new()),
    };
    if !out.try_reserve(total) {
        return Err(cx.no_memory());
    }
    if let (StrBuf::Latin1(text), StrRef::Latin1(sep)) = (&mut out, sep) {
        cx.computing(total, || {
            for (i, v) in items.iter().enumerate() {
                match sep {
                    _ if i == 0 => {}
                    [c] => text.push(*c),
                    _ => text.extend_from_slice(sep),
                }
                if let Some(StrRef::Latin1(s)) = StrObj::of(*v).map(StrObj::str_ref) {
                    text.extend_from_slice(s);
                }
            }
        });
        return cx.str_buf(out);
    }
    cx.computing(total, || {
        for (i, v) in items.iter().enumerate() {
            if i > 0 {
                out.push_ref(sep);
            }
            if let Some(s) = StrObj::of(*v) {
                out.push_ref(s.str_ref());
            }
        }
    });
    cx.str_buf(out)
}

pub(super) fn join(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let sep = this_str(cx, args[0])?.str_ref();
    if cx.is_exact(args[1], Ty::Tuple)
        && let Some(t) = TupleObj::of(args[1])
    {
        return join_items(cx, sep, t.items());
    }
    if cx.is_exact(args[1], Ty::List)
        && let Some(l) = ListObj::of(args[1])
    {
        let items = l.snapshot();
        return join_items(cx, sep, &items);
    }
    let all = to_vec_or(cx, args[1], "can only join an iterable")?;
    let items = all.to_vec();
    let r = join_items(cx, sep, &items);
    keep_alive(all.into_list());
    r
}
