//! The methods that bytes and bytearray share, generic over the [`Kind`] of their receiver and result.

use super::hex::{hex_of, hex_separator};
use super::storage::{Exported, array_from, lend, look};
use crate::text::args::{bounds, c_int, limit, opt_text_arg, ssize};
use crate::text::centre_left;
use crate::text::find::{replaced_size, room_for, words, words_right};
use protopy_text::search;
use protopy_vm::buffers::{BytesLike, bytes_like, has_buffer};
use protopy_vm::codec::decode_opt;
use protopy_vm::protocore::layouts::{BytesObj, IntRef, ListObj, TupleObj};
use protopy_vm::protocore::types::type_flags;
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{index, is_true, keep_alive, to_vec_or};
use std::ops::Range;

/// What differs between bytes and bytearray.
pub(crate) trait Kind {
    /// Name of the type.
    const NAME: &'static str;
    /// The receiver's bytes.
    fn read(cx: &mut Ctx, v: Value) -> PyResult<BytesLike>;
    /// Looks at the receiver's bytes of this moment, which are not copied: `f` neither allocates from the heap nor calls out.
    fn look<R>(cx: &mut Ctx, v: Value, f: impl FnOnce(&[u8]) -> R) -> PyResult<R> {
        let b = Self::read(cx, v)?;
        Ok(cx.computing(b.len(), || f(&b)))
    }
    /// Keeps the receiver's length from changing while Python code runs for an argument.
    fn hold(_: Value) -> Option<Exported> {
        None
    }
    /// A new object.
    fn make(cx: &mut Ctx, b: &[u8]) -> PyResult;
    /// An object of the receiver's content: itself where that may be shared.
    fn same(cx: &mut Ctx, v: Value) -> PyResult;
}

/// bytes
pub(crate) struct Bytes;

impl Kind for Bytes {
    const NAME: &'static str = "bytes";

    #[inline]
    fn read(cx: &mut Ctx, v: Value) -> PyResult<BytesLike> {
        bytes_like(cx, v)
    }

    #[inline]
    fn make(cx: &mut Ctx, b: &[u8]) -> PyResult {
        cx.bytes(b)
    }

    fn same(cx: &mut Ctx, v: Value) -> PyResult {
        match BytesObj::of(v) {
            Some(b) if !cx.is_exact(v, Ty::Bytes) => cx.bytes(b.bytes()),
            _ => Ok(v),
        }
    }
}

/// bytearray
pub(crate) struct Array;

impl Kind for Array {
    const NAME: &'static str = "bytearray";

    fn read(cx: &mut Ctx, v: Value) -> PyResult<BytesLike> {
        lend(cx, v)
    }

    fn look<R>(cx: &mut Ctx, v: Value, f: impl FnOnce(&[u8]) -> R) -> PyResult<R> {
        Ok(look(cx, v, f))
    }

    fn hold(v: Value) -> Option<Exported> {
        Exported::new(v)
    }

    fn make(cx: &mut Ctx, b: &[u8]) -> PyResult {
        array_from(cx, b)
    }

    fn same(cx: &mut Ctx, v: Value) -> PyResult {
        let b = lend(cx, v)?;
        array_from(cx, &b)
    }
}

// ---------------------------------------------------------------------------------------------------- arguments

/// A byte's value out of an int: ValueError with `msg` if it is out of range.
pub(crate) fn byte_of(cx: &mut Ctx, v: Value, msg: &str) -> PyResult<u8> {
    let i = index(cx, v)?;
    match IntRef::of(i).and_then(IntRef::to_i64).and_then(|n| u8::try_from(n).ok()) {
        Some(b) => Ok(b),
        None => Err(cx.value_error(msg)),
    }
}

/// Message for a byte of a bytearray, or one that is searched for.
pub(crate) const BYTE_RANGE: &str = "byte must be in range(0, 256)";

fn is_index(cx: &Ctx, v: Value) -> bool {
    IntRef::of(v).is_some() || cx.type_of(v).slots.index.address() != 0
}

/// What is searched for in a receiver: a byte's value or bytes.
fn needle<K: Kind>(cx: &mut Ctx, this: Value, v: Value) -> PyResult<BytesLike> {
    if BytesObj::of(v).is_some() {
        return bytes_like(cx, v);
    }
    let _hold = hold_for::<K>(cx, this, v);
    if has_buffer(cx, v) {
        return bytes_like(cx, v);
    }
    if !is_index(cx, v) {
        let msg = format!(
            "argument should be integer or bytes-like object, not '{}'",
            protopy_vm::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    }
    let b = byte_of(cx, v, BYTE_RANGE)?;
    Ok(BytesLike::Copied(vec![b]))
}

type Finder = fn(&[u8], &[u8]) -> Option<usize>;

/// The part of the receiver that arguments 2 and 3 name.
fn part<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult<Option<(usize, usize)>> {
    let len = K::look(cx, args[0], <[u8]>::len)?;
    bounds(cx, args[2], args[3], len)
}

fn position<K: Kind>(cx: &mut Ctx, args: &[Value], f: Finder) -> PyResult<Option<usize>> {
    let n = needle::<K>(cx, args[0], args[1])?;
    let Some((start, end)) = part::<K>(cx, args)? else { return Ok(None) };
    K::look(cx, args[0], |hay| f(hay.get(start..end.min(hay.len()))?, &n).map(|at| at + start))
}

pub(crate) fn find<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let at = position::<K>(cx, args, search::find_bytes)?;
    Ok(at.map_or(Value::small(-1), |at| cx.int_usize(at)))
}

pub(crate) fn rfind<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let at = position::<K>(cx, args, search::rfind_bytes)?;
    Ok(at.map_or(Value::small(-1), |at| cx.int_usize(at)))
}

fn found(cx: &mut Ctx, at: Option<usize>) -> PyResult {
    match at {
        Some(at) => Ok(cx.int_usize(at)),
        None => Err(cx.value_error("subsection not found")),
    }
}

pub(crate) fn index_method<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let at = position::<K>(cx, args, search::find_bytes)?;
    found(cx, at)
}

pub(crate) fn rindex<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let at = position::<K>(cx, args, search::rfind_bytes)?;
    found(cx, at)
}

pub(crate) fn count<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let n = needle::<K>(cx, args[0], args[1])?;
    let Some((start, end)) = part::<K>(cx, args)? else { return Ok(Value::small(0)) };
    let n = K::look(cx, args[0], |hay| {
        hay.get(start..end.min(hay.len())).map_or(0, |part| search::count_bytes(part, &n))
    })?;
    Ok(cx.int_usize(n))
}

/// [`Kind::hold`], if Python code can run when `argument` is asked for a number or its memory: otherwise there is nobody to be kept from
/// changing the length but other threads, which are to get no error.
fn hold_for<K: Kind>(cx: &Ctx, this: Value, argument: Value) -> Option<Exported> {
    let python = !argument.is_unbound() && cx.type_of(argument).has(type_flags::HEAP);
    if python { K::hold(this) } else { None }
}

/// `x in v`
pub(crate) fn contains<K: Kind>(cx: &mut Ctx, v: Value, x: Value) -> PyResult<bool> {
    let hold = hold_for::<K>(cx, v, x);
    if is_index(cx, x) {
        let b = byte_of(cx, x, BYTE_RANGE)?;
        return K::look(cx, v, |hay| search::find_bytes(hay, &[b]).is_some());
    }
    let n = bytes_like(cx, x)?;
    drop(hold);
    K::look(cx, v, |hay| search::find_bytes(hay, &n).is_some())
}

fn affix<K: Kind>(cx: &mut Ctx, args: &[Value], func: &str, test: fn(&[u8], &[u8]) -> bool) -> PyResult {
    let part = part::<K>(cx, args)?;
    let options: &[Value] = match TupleObj::of(args[1]) {
        Some(t) => t.items(),
        None if has_buffer(cx, args[1]) => &args[1..2],
        None => {
            let msg = format!(
                "{func} first arg must be bytes or a tuple of bytes, not {}",
                protopy_vm::ops::tp_name(cx, args[1])
            );
            return Err(cx.type_error(&msg));
        }
    };
    for o in options {
        let o = bytes_like(cx, *o)?;
        if let Some((start, end)) = part
            && K::look(cx, args[0], |hay| hay.get(start..end.min(hay.len())).is_some_and(|h| test(h, &o)))?
        {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

pub(crate) fn startswith<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    affix::<K>(cx, args, "startswith", |h, p| h.starts_with(p))
}

pub(crate) fn endswith<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    affix::<K>(cx, args, "endswith", |h, p| h.ends_with(p))
}

pub(crate) fn replace<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let from = bytes_like(cx, args[1])?;
    let to = bytes_like(cx, args[2])?;
    let max = limit(cx, args[3])?;
    let hay = K::read(cx, args[0])?;
    let mut size = replaced_size(hay.len(), from.len(), to.len(), max);
    if size.is_none_or(|n| n > 1 << 24) && !from.is_empty() {
        let n = cx.computing(hay.len(), || search::count_bytes(&hay, &from)).min(max);
        size = n.checked_mul(to.len().saturating_sub(from.len())).and_then(|n| n.checked_add(hay.len()));
    }
    if size.is_none_or(|n| isize::try_from(n).is_err()) {
        return Err(cx.raise_str(Ty::OverflowError, "replace bytes is too long"));
    }
    if !room_for(size) {
        return Err(cx.no_memory());
    }
    match cx.computing(hay.len(), || search::replace_bytes(&hay, &from, &to, max)) {
        Some(b) => K::make(cx, &b),
        None => K::same(cx, args[0]),
    }
}

// ---------------------------------------------------------------------------------------------------- splitting and joining

fn parts<K: Kind>(cx: &mut Ctx, owner: Value, whole: &[u8], ranges: &[(usize, usize)]) -> PyResult {
    let list = cx.list(&[])?;
    if let Some(l) = ListObj::of(list) {
        cx.list_reserve(l, ranges.len())?;
        for &(a, b) in ranges {
            let part =
                if a == 0 && b == whole.len() { K::same(cx, owner)? } else { K::make(cx, &whole[a..b])? };
            cx.list_append(l, part)?;
        }
    }
    Ok(list)
}

/// White space of ASCII, as the methods of bytes see it.
#[inline]
pub(crate) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | 9..=13)
}

fn split_ranges(hay: &[u8], sep: &[u8], max: usize, right: bool) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    if right {
        let mut end = hay.len();
        while ranges.len() < max {
            let Some(at) = search::rfind_bytes(&hay[..end], sep) else { break };
            ranges.push((at + sep.len(), end));
            end = at;
        }
        ranges.push((0, end));
        ranges.reverse();
    } else {
        let mut start = 0;
        for at in search::matches_bytes(hay, sep).take(max) {
            ranges.push((start, at));
            start = at + sep.len();
        }
        ranges.push((start, hay.len()));
    }
    ranges
}

fn split_by<K: Kind>(cx: &mut Ctx, args: &[Value], right: bool) -> PyResult {
    let max = limit(cx, args[2])?;
    if args[1].is_none() {
        let hay = K::read(cx, args[0])?;
        let space = |i: usize| is_space(hay[i]);
        let ranges = cx.computing(hay.len(), || match right {
            true => words_right(hay.len(), space, max),
            false => words(hay.len(), space, max),
        });
        return parts::<K>(cx, args[0], &hay, &ranges);
    }
    let hold = hold_for::<K>(cx, args[0], args[1]);
    let sep = bytes_like(cx, args[1])?;
    drop(hold);
    if sep.is_empty() {
        return Err(cx.value_error("empty separator"));
    }
    let hay = K::read(cx, args[0])?;
    let ranges = cx.computing(hay.len(), || split_ranges(&hay, &sep, max, right));
    parts::<K>(cx, args[0], &hay, &ranges)
}

pub(crate) fn split<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    split_by::<K>(cx, args, false)
}

pub(crate) fn rsplit<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    split_by::<K>(cx, args, true)
}

pub(crate) fn splitlines<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let keep = is_true(cx, args[1])?;
    let hay = K::read(cx, args[0])?;
    let ranges = cx.computing(hay.len(), || lines(&hay, keep));
    parts::<K>(cx, args[0], &hay, &ranges)
}

fn lines(hay: &[u8], keep: bool) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let (mut start, mut i) = (0, 0);
    while let Some(&b) = hay.get(i) {
        i += 1;
        if b != b'\n' && b != b'\r' {
            continue;
        }
        let end = i - 1;
        if b == b'\r' && hay.get(i) == Some(&b'\n') {
            i += 1;
        }
        ranges.push((start, if keep { i } else { end }));
        start = i;
    }
    if start < hay.len() {
        ranges.push((start, hay.len()));
    }
    ranges
}

fn partition_by<K: Kind>(cx: &mut Ctx, args: &[Value], right: bool) -> PyResult {
    let sep = bytes_like(cx, args[1])?;
    if sep.is_empty() {
        return Err(cx.value_error("empty separator"));
    }
    let hay = K::read(cx, args[0])?;
    let f = if right { search::rfind_bytes } else { search::find_bytes };
    let at = cx.computing(hay.len(), || f(&hay, &sep));
    let Some(at) = at else {
        let whole = K::same(cx, args[0])?;
        let (a, b) = (K::make(cx, &[])?, K::make(cx, &[])?);
        return if right { cx.tuple_of(None, &[a, b, whole]) } else { cx.tuple_of(None, &[whole, a, b]) };
    };
    let head = K::make(cx, &hay[..at])?;
    let mid = if K::NAME == "bytes" { args[1] } else { K::make(cx, &sep)? };
    let tail = K::make(cx, &hay[at + sep.len()..])?;
    cx.tuple_of(None, &[head, mid, tail])
}

pub(crate) fn partition<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    partition_by::<K>(cx, args, false)
}

pub(crate) fn rpartition<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    partition_by::<K>(cx, args, true)
}

pub(crate) fn join<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let plain = cx.is_exact(args[1], Ty::List) || cx.is_exact(args[1], Ty::Tuple);
    let _hold = if plain { None } else { K::hold(args[0]) };
    let all = to_vec_or(cx, args[1], "can only join an iterable")?;
    let sep = K::read(cx, args[0])?.to_owned_vec();
    let given = ListObj::of(args[1]);
    let n = all.len();
    if n == 1
        && let Some(one) = all.get(0)
        && cx.is_exact(one, Ty::Bytes)
        && K::NAME == "bytes"
    {
        return Ok(one);
    }
    let mut out = Vec::new();
    for i in 0..n {
        let Some(v) = all.get(i) else { break };
        if !has_buffer(cx, v) {
            let msg = format!(
                "sequence item {i}: expected a bytes-like object, {} found",
                protopy_vm::ops::tp_name(cx, v)
            );
            return Err(cx.type_error(&msg));
        }
        let b = bytes_like(cx, v)?;
        // A list is read in place as it were: `__buffer__` must not change its length.
        if given.is_some_and(|l| l.len() != n) {
            return Err(cx.raise_str(Ty::RuntimeError, "sequence changed size during iteration"));
        }
        let room = cx.computing(b.len(), || {
            let room = out.try_reserve(b.len() + sep.len()).is_ok();
            if room {
                out.extend_from_slice(if i > 0 { &sep } else { &[] });
                out.extend_from_slice(&b);
            }
            room
        });
        if !room {
            return Err(cx.no_memory());
        }
    }
    keep_alive(all.into_list());
    K::make(cx, &out)
}

// ---------------------------------------------------------------------------------------------------- stripping and padding

fn strip_ends<K: Kind>(cx: &mut Ctx, args: &[Value], left: bool, right: bool) -> PyResult {
    let set = if args[1].is_none() { None } else { Some(bytes_like(cx, args[1])?) };
    let hay = K::read(cx, args[0])?;
    let gone = |b: u8| match &set {
        None => is_space(b),
        Some(s) => s.contains(&b),
    };
    let (mut start, mut end) = (0, hay.len());
    cx.computing(hay.len(), || {
        while left && start < end && gone(hay[start]) {
            start += 1;
        }
        while right && end > start && gone(hay[end - 1]) {
            end -= 1;
        }
    });
    if end - start == hay.len() { K::same(cx, args[0]) } else { K::make(cx, &hay[start..end]) }
}

pub(crate) fn strip<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    strip_ends::<K>(cx, args, true, true)
}

pub(crate) fn lstrip<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    strip_ends::<K>(cx, args, true, false)
}

pub(crate) fn rstrip<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    strip_ends::<K>(cx, args, false, true)
}

fn cut<K: Kind>(cx: &mut Ctx, v: Value, len: usize, part: Option<Range<usize>>) -> PyResult {
    match part.filter(|r| r.len() != len) {
        Some(r) => {
            let hay = K::read(cx, v)?;
            K::make(cx, hay.get(r).unwrap_or(&[]))
        }
        None => K::same(cx, v),
    }
}

pub(crate) fn removeprefix<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let p = bytes_like(cx, args[1])?;
    let hay = K::read(cx, args[0])?;
    let n = hay.len();
    let part = hay.starts_with(&p).then(|| p.len()..n);
    cut::<K>(cx, args[0], n, part)
}

pub(crate) fn removesuffix<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let p = bytes_like(cx, args[1])?;
    let hay = K::read(cx, args[0])?;
    let n = hay.len();
    let part = hay.ends_with(&p).then(|| 0..n - p.len());
    cut::<K>(cx, args[0], n, part)
}

fn fill_byte(cx: &mut Ctx, v: Value, func: &str) -> PyResult<u8> {
    let Some(v) = v.bound() else { return Ok(b' ') };
    let (n, first) = if let Some(b) = BytesObj::of(v) {
        (b.bytes().len(), b.bytes().first().copied())
    } else if let Some(a) = super::storage::ByteArray::of(v) {
        (a.len(), super::storage::get(cx, v, 0))
    } else {
        let msg = format!(
            "{func}() argument 2 must be a byte string of length 1, not {}",
            protopy_vm::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    };
    match (n, first) {
        (1, Some(b)) => Ok(b),
        _ => {
            let msg = format!(
                "{func}(): argument 2 must be a byte string of length 1, not a {} object of length {n}",
                protopy_vm::ops::tp_name(cx, v)
            );
            Err(cx.type_error(&msg))
        }
    }
}

type Side = fn(missing: usize, width: usize) -> usize;

fn justify<K: Kind>(cx: &mut Ctx, args: &[Value], func: &str, side: Side) -> PyResult {
    let width = usize::try_from(ssize(cx, args[1])?).unwrap_or(0);
    let fill = fill_byte(cx, args[2], func)?;
    let hay = K::read(cx, args[0])?;
    if width <= hay.len() {
        return K::same(cx, args[0]);
    }
    let missing = width - hay.len();
    let left = side(missing, width);
    let mut out = Vec::new();
    if out.try_reserve_exact(width).is_err() {
        return Err(cx.no_memory());
    }
    cx.computing(width, || {
        out.resize(left, fill);
        out.extend_from_slice(&hay);
        out.resize(width, fill);
    });
    K::make(cx, &out)
}

pub(crate) fn center<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    justify::<K>(cx, args, "center", centre_left)
}

pub(crate) fn ljust<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    justify::<K>(cx, args, "ljust", |_, _| 0)
}

pub(crate) fn rjust<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    justify::<K>(cx, args, "rjust", |missing, _| missing)
}

pub(crate) fn zfill<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let width = usize::try_from(ssize(cx, args[1])?).unwrap_or(0);
    let hay = K::read(cx, args[0])?;
    if width <= hay.len() {
        return K::same(cx, args[0]);
    }
    let signed = matches!(hay.first(), Some(b'+' | b'-'));
    let (sign, digits) = hay.split_at(usize::from(signed));
    let mut out = Vec::new();
    if out.try_reserve_exact(width).is_err() {
        return Err(cx.no_memory());
    }
    out.extend_from_slice(sign);
    out.resize(width - digits.len(), b'0');
    out.extend_from_slice(digits);
    K::make(cx, &out)
}

pub(crate) fn expandtabs<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let size = usize::try_from(c_int(cx, args[1])?).unwrap_or(0);
    let hay = K::read(cx, args[0])?;
    let step = |b: u8, column: usize| match b {
        b'\t' if size > 0 => size - column % size,
        b'\t' => 0,
        _ => 1,
    };
    let (mut total, mut column) = (Some(0usize), 0usize);
    for &b in hay.iter() {
        let n = step(b, column);
        total = total.and_then(|t| t.checked_add(n)).filter(|t| isize::try_from(*t).is_ok());
        column = if matches!(b, b'\n' | b'\r') { 0 } else { column.wrapping_add(n) };
    }
    let Some(total) = total else {
        return Err(cx.raise_str(Ty::OverflowError, "result too long"));
    };
    let mut out = Vec::new();
    if out.try_reserve_exact(total).is_err() {
        return Err(cx.no_memory());
    }
    column = 0;
    for &b in hay.iter() {
        let n = step(b, column);
        if b == b'\t' {
            out.resize(out.len() + n, b' ');
        } else {
            out.push(b);
        }
        column = if matches!(b, b'\n' | b'\r') { 0 } else { column + n };
    }
    K::make(cx, &out)
}

// ---------------------------------------------------------------------------------------------------- case and classes

macro_rules! predicates {
    ($($name:ident = |$b:ident| $test:expr;)*) => {
        $(pub(crate) fn $name<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
            K::look(cx, args[0], |$b| Value::bool($test))
        })*
    };
}

predicates! {
    isalnum = |b| !b.is_empty() && b.iter().all(u8::is_ascii_alphanumeric);
    isalpha = |b| !b.is_empty() && b.iter().all(u8::is_ascii_alphabetic);
    isascii = |b| b.is_ascii();
    isdigit = |b| !b.is_empty() && b.iter().all(u8::is_ascii_digit);
    islower = |b| b.iter().any(u8::is_ascii_lowercase) && !b.iter().any(u8::is_ascii_uppercase);
    isspace = |b| !b.is_empty() && b.iter().all(|b| is_space(*b));
    istitle = |b| is_title(b);
    isupper = |b| b.iter().any(u8::is_ascii_uppercase) && !b.iter().any(u8::is_ascii_lowercase);
}

fn is_title(b: &[u8]) -> bool {
    let (mut seen, mut in_word) = (false, false);
    for c in b {
        if c.is_ascii_uppercase() {
            if in_word {
                return false;
            }
            (seen, in_word) = (true, true);
        } else if c.is_ascii_lowercase() {
            if !in_word {
                return false;
            }
        } else {
            in_word = false;
        }
    }
    seen
}

macro_rules! mappings {
    ($($name:ident = |$b:ident| $map:expr;)*) => {
        $(pub(crate) fn $name<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
            let mut $b = K::read(cx, args[0])?.to_owned_vec();
            $map;
            K::make(cx, &$b)
        })*
    };
}

mappings! {
    lower = |b| b.make_ascii_lowercase();
    upper = |b| b.make_ascii_uppercase();
    swapcase = |b| b.iter_mut().filter(|c| c.is_ascii_alphabetic()).for_each(|c| *c ^= 0x20);
    capitalize = |b| {
        b.make_ascii_lowercase();
        b.iter_mut().take(1).for_each(|c| c.make_ascii_uppercase());
    };
    title = |b| {
        let mut in_word = false;
        for c in &mut b {
            if in_word { c.make_ascii_lowercase() } else { c.make_ascii_uppercase() }
            in_word = c.is_ascii_alphabetic();
        }
    };
}

// ---------------------------------------------------------------------------------------------------- other methods

pub(crate) fn translate<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let table = if args[1].is_none() { None } else { Some(bytes_like(cx, args[1])?) };
    if table.as_ref().is_some_and(|t| t.len() != 256) {
        return Err(cx.value_error("translation table must be 256 characters long"));
    }
    let mut gone = [false; 256];
    if let Some(d) = args[2].bound() {
        for b in bytes_like(cx, d)?.iter() {
            gone[usize::from(*b)] = true;
        }
    }
    let hay = K::read(cx, args[0])?;
    let out: Vec<u8> = cx.computing(hay.len(), || {
        let kept = hay.iter().filter(|b| !gone[usize::from(**b)]);
        kept.map(|b| table.as_ref().and_then(|t| t.get(usize::from(*b)).copied()).unwrap_or(*b)).collect()
    });
    if cx.computing(hay.len(), || *out == *hay) { K::same(cx, args[0]) } else { K::make(cx, &out) }
}

pub(crate) fn maketrans(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let from = bytes_like(cx, args[0])?;
    let to = bytes_like(cx, args[1])?;
    if from.len() != to.len() {
        return Err(cx.value_error("maketrans arguments must have same length"));
    }
    let mut table = [0u8; 256];
    for (i, t) in (0..=u8::MAX).zip(table.iter_mut()) {
        *t = i;
    }
    for (a, b) in from.iter().zip(to.iter()) {
        table[usize::from(*a)] = *b;
    }
    cx.bytes(&table)
}

pub(crate) fn decode<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let encoding = opt_text_arg(cx, args[1], "decode", "encoding")?;
    let errors = opt_text_arg(cx, args[2], "decode", "errors")?;
    // An error handler may change a bytearray: a copy is decoded.
    let b = bytes_like(cx, args[0])?;
    decode_opt(cx, &b, encoding.as_deref().unwrap_or("utf-8"), errors.as_deref())
}

pub(crate) fn hex<K: Kind>(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let hold = (hold_for::<K>(cx, args[0], args[1]), hold_for::<K>(cx, args[0], args[2]));
    let sep = hex_separator(cx, args[1], args[2])?;
    drop(hold);
    let b = K::read(cx, args[0])?;
    hex_of(cx, &b, sep)
}

/// `a + b`
pub(crate) fn concat<K: Kind>(cx: &mut Ctx, a: Value, b: Value) -> PyResult {
    if !has_buffer(cx, b) {
        return Err(cannot_concat::<K>(cx, a, b));
    }
    let right = bytes_like(cx, b)?;
    let left = K::read(cx, a)?;
    if K::NAME == "bytes" {
        if left.is_empty() && cx.is_exact(b, Ty::Bytes) {
            return Ok(b);
        }
        if right.is_empty() && cx.is_exact(a, Ty::Bytes) {
            return Ok(a);
        }
    }
    let mut out = Vec::new();
    if left.len().checked_add(right.len()).is_none_or(|n| out.try_reserve_exact(n).is_err()) {
        return Err(cx.no_memory());
    }
    cx.computing(left.len().saturating_add(right.len()), || {
        out.extend_from_slice(&left);
        out.extend_from_slice(&right);
    });
    K::make(cx, &out)
}

/// Raises "can't concat int to bytes".
#[cold]
pub(crate) fn cannot_concat<K: Kind>(cx: &mut Ctx, a: Value, b: Value) -> Raised {
    let msg =
        format!("can't concat {} to {}", protopy_vm::ops::tp_name(cx, b), protopy_vm::ops::tp_name(cx, a));
    cx.type_error(&msg)
}

/// Bytes of an iterable of ints, a buffer, a list or a tuple, as the constructors take them. `range` words the ValueError.
pub(crate) fn collect(cx: &mut Ctx, v: Value, kind: &str, range: &str) -> PyResult<Vec<u8>> {
    if has_buffer(cx, v) {
        return protopy_vm::buffers::buffer_to_vec(cx, v);
    }
    if protopy_vm::protocore::layouts::StrObj::of(v).is_none() && protopy_vm::is_iterable(cx, v) {
        let mut out = Vec::new();
        protopy_vm::for_each(cx, v, |cx, x| {
            let b = byte_of(cx, x, range)?;
            if out.try_reserve(1).is_err() {
                return Err(cx.no_memory());
            }
            out.push(b);
            Ok(std::ops::ControlFlow::Continue(()))
        })?;
        return Ok(out);
    }
    let msg = format!("cannot convert '{}' object to {kind}", protopy_vm::ops::tp_name(cx, v));
    Err(cx.type_error(&msg))
}

/// What a constructor was given besides an iterable.
pub(crate) enum Source {
    /// Bytes of a str.
    Text(Value),
    /// A number of zeros.
    Zeros(usize),
    /// An object to convert.
    Object(Value),
    /// Nothing.
    Empty,
}

/// Looks at the arguments of `bytes()` and `bytearray()`.
pub(crate) fn source(
    cx: &mut Ctx,
    func: &str,
    object: Value,
    encoding: Value,
    errors: Value,
) -> PyResult<Source> {
    use protopy_vm::protocore::layouts::StrObj;
    let encoding = opt_text_arg(cx, encoding, func, "encoding")?;
    let errors = opt_text_arg(cx, errors, func, "errors")?;
    let is_str = object.bound().is_some_and(|o| StrObj::of(o).is_some());
    match (&encoding, &errors) {
        (Some(e), _) if is_str => {
            return protopy_vm::codec::encode_opt(cx, object, e, errors.as_deref()).map(Source::Text);
        }
        (Some(_), _) => return Err(cx.type_error("encoding without a string argument")),
        (None, Some(_)) if !is_str => return Err(cx.type_error("errors without a string argument")),
        _ => {}
    }
    if is_str && !(func == "bytes" && errors.is_none() && object_has_bytes(cx, object)) {
        return Err(cx.type_error("string argument without an encoding"));
    }
    Ok(object.bound().map_or(Source::Empty, Source::Object))
}

/// Whether the class of a str defines `__bytes__`.
fn object_has_bytes(cx: &mut Ctx, v: Value) -> bool {
    !cx.is_exact(v, Ty::Str) && protopy_vm::codec::type_has(cx, v, "__bytes__")
}

/// A count given as an int; `None` if the object is none (or its `__index__` raised TypeError).
pub(crate) fn zeros(cx: &mut Ctx, v: Value) -> PyResult<Option<Source>> {
    if !is_index(cx, v) {
        return Ok(None);
    }
    match protopy_vm::index_i64(cx, v, Ty::OverflowError) {
        Ok(n) => match usize::try_from(n) {
            Ok(n) => Ok(Some(Source::Zeros(n))),
            Err(_) => Err(cx.value_error("negative count")),
        },
        Err(r) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::TypeError) { Ok(None) } else { Err(cx.set_raised(e)) }
        }
    }
}

/// Zero bytes; MemoryError.
pub(crate) fn zero_bytes(cx: &mut Ctx, n: usize) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    if out.try_reserve_exact(n).is_err() {
        return Err(cx.no_memory());
    }
    cx.computing(n, || out.resize(n, 0));
    Ok(out)
}
