//! Converting the arguments of text and bytes methods, with CPython's messages.

use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_vm::{index, slice_bound};

/// The receiver of a method of str.
#[inline]
pub(crate) fn this_str(cx: &mut Ctx, v: Value) -> PyResult<&'static StrObj> {
    match StrObj::of(v) {
        Some(s) => Ok(s),
        None => Err(not_str(cx, v)),
    }
}

#[cold]
fn not_str(cx: &mut Ctx, v: Value) -> Raised {
    let msg = format!("must be str, not {}", protopy_vm::ops::tp_name(cx, v));
    cx.type_error(&msg)
}

/// A str argument; the TypeError names function and position ("find() argument 1 must be str, not int").
#[inline]
pub(crate) fn str_arg(cx: &mut Ctx, v: Value, func: &str, nth: usize) -> PyResult<&'static StrObj> {
    match StrObj::of(v) {
        Some(s) => Ok(s),
        None => {
            let msg = format!("{func}() argument {nth} must be str, not {}", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

/// The only str argument of a function ("removeprefix() argument must be str, not int").
pub(crate) fn only_str_arg(cx: &mut Ctx, v: Value, func: &str) -> PyResult<&'static StrObj> {
    match StrObj::of(v) {
        Some(s) => Ok(s),
        None => {
            let msg = format!("{func}() argument must be str, not {}", protopy_vm::ops::tp_name(cx, v));
            Err(cx.type_error(&msg))
        }
    }
}

/// A named str argument as UTF-8, `None` if it was omitted.
pub(crate) fn opt_text_arg(cx: &mut Ctx, v: Value, func: &str, arg: &str) -> PyResult<Option<String>> {
    let Some(v) = v.bound() else { return Ok(None) };
    let Some(s) = StrObj::of(v) else {
        let shown = if v.is_none() { "None".to_owned() } else { protopy_vm::ops::tp_name(cx, v) };
        let msg = format!("{func}() argument '{arg}' must be str, not {shown}");
        return Err(cx.type_error(&msg));
    };
    text(cx, v, s).map(Some)
}

/// The UTF-8 of a str without NUL; ValueError, UnicodeEncodeError.
pub(crate) fn text(cx: &mut Ctx, v: Value, s: &StrObj) -> PyResult<String> {
    let t = match s.to_utf8() {
        Some(t) => t,
        None => {
            let at = s.str_ref().chars().position(|c| (0xD800..0xE000).contains(&c)).unwrap_or(0);
            let r = protopy_vm::codec::raise_encode(cx, "utf-8", v, at, at + 1, "surrogates not allowed");
            return Err(r);
        }
    };
    if t.contains('\0') {
        return Err(cx.value_error("embedded null character"));
    }
    Ok(t)
}

/// An argument converted to `Py_ssize_t`; OverflowError.
#[inline]
pub(crate) fn ssize(cx: &mut Ctx, v: Value) -> PyResult<i64> {
    if let Some(n) = v.as_small() {
        return Ok(n);
    }
    let i = index(cx, v)?;
    match IntRef::of(i).and_then(IntRef::to_i64) {
        Some(n) => Ok(n),
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C ssize_t")),
    }
}

/// An argument converted to C's `int`; OverflowError.
pub(crate) fn c_int(cx: &mut Ctx, v: Value) -> PyResult<i32> {
    let i = index(cx, v)?;
    match IntRef::of(i).and_then(IntRef::to_i64).and_then(|n| i32::try_from(n).ok()) {
        Some(n) => Ok(n),
        None => Err(cx.raise_str(Ty::OverflowError, "Python int too large to convert to C int")),
    }
}

/// A maximal count argument: negative means no limit.
pub(crate) fn limit(cx: &mut Ctx, v: Value) -> PyResult<usize> {
    Ok(usize::try_from(ssize(cx, v)?).unwrap_or(usize::MAX))
}

/// The optional bounds of a search in `len` items: `None` if they enclose nothing, not even emptiness.
#[inline]
pub(crate) fn bounds(cx: &mut Ctx, start: Value, end: Value, len: usize) -> PyResult<Option<(usize, usize)>> {
    if start.not_none().is_none() && end.not_none().is_none() {
        return Ok(Some((0, len)));
    }
    let n = len as i64;
    let start = slice_bound(cx, start, 0)?;
    let end = slice_bound(cx, end, n)?;
    let end = if end > n {
        n
    } else if end < 0 {
        (end + n).max(0)
    } else {
        end
    };
    let start = if start < 0 { (start.saturating_add(n)).max(0) } else { start };
    if start > end {
        return Ok(None);
    }
    Ok(Some((start as usize, end as usize)))
}
