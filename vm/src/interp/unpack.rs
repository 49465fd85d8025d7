//! Unpacking into several targets: the out-of-line parts of `UnpackSequence` and `UnpackEx`.

use super::frame::Frame;
use super::slow::r;
use crate::ops;
use protocore::layouts::{ListObj, TupleObj, ValuesObj};
use protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_bytecode::Instr;

fn unpack_iter(cx: &mut Ctx, v: Value) -> PyResult {
    if !crate::iter::is_iterable(cx, v) {
        let msg = format!("cannot unpack non-iterable {} object", crate::ops::tp_name(cx, v));
        return Err(cx.type_error(&msg));
    }
    crate::iter::iter(cx, v)
}

fn next_stop(cx: &mut Ctx, it: Value) -> PyResult<Option<Value>> {
    let r = crate::iter::next(cx, it);
    Ok(crate::errors::catch(cx, r, Ty::StopIteration)?.flatten())
}

/// `UnpackSequence` of anything but a tuple of that length.
pub fn unpack_sequence(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let (v, n) = (r(f, w.b()), usize::from(w.c()));
    let base = usize::from(w.a());
    let known = match ListObj::of(v) {
        Some(l) if cx.is_exact(v, Ty::List) => match unpack_list(l, f, base, n, cx.single_threaded()) {
            Ok(()) => return Ok(()),
            Err(len) => Some(len),
        },
        _ => TupleObj::of(v).filter(|_| cx.is_exact(v, Ty::Tuple)).map(|t| t.items().len()),
    };
    if let Some(len) = known {
        return Err(wrong_count(cx, n, len, true));
    }
    let it = unpack_iter(cx, v)?;
    for i in 0..n {
        match next_stop(cx, it)? {
            Some(x) => f.set(base + i, x),
            None => return Err(wrong_count(cx, n, i, true)),
        }
    }
    if next_stop(cx, it)?.is_some() {
        let known = if cx.is_exact(v, Ty::Dict) { ops::len(cx, v)? } else { usize::MAX };
        return Err(wrong_count(cx, n, known, known != usize::MAX));
    }
    Ok(())
}

/// Stores the items of a list of `n`, as of one moment. Errors: it has another number of them, which is returned.
fn unpack_list(l: &ListObj, f: Frame, base: usize, n: usize, single: bool) -> Result<(), usize> {
    let _g = l.header.lock(single);
    let len = l.len();
    if len != n {
        return Err(len);
    }
    let store = l.items.get().and_then(ValuesObj::of);
    let slots = store.map_or(&[][..], ValuesObj::slots);
    for (i, s) in slots.iter().take(n).enumerate() {
        f.set(base + i, s.get_or(Value::NONE));
    }
    Ok(())
}

fn wrong_count(cx: &mut Ctx, want: usize, got: usize, known: bool) -> Raised {
    let msg = if got < want {
        format!("not enough values to unpack (expected {want}, got {got})")
    } else if known {
        format!("too many values to unpack (expected {want}, got {got})")
    } else {
        format!("too many values to unpack (expected {want})")
    };
    cx.value_error(&msg)
}

/// `UnpackEx`
pub fn unpack_ex(cx: &mut Ctx, f: Frame, w: Instr) -> PyResult<()> {
    let v = r(f, w.b());
    let (before, after) = (usize::from(w.c() & 0xff), usize::from(w.c() >> 8));
    let base = usize::from(w.a());
    let it = unpack_iter(cx, v)?;
    let all = crate::iter::to_vec(cx, it)?;
    let items = all.to_vec();
    if items.len() < before + after {
        let msg = format!(
            "not enough values to unpack (expected at least {}, got {})",
            before + after,
            items.len()
        );
        return Err(cx.value_error(&msg));
    }
    let tail = items.len() - after;
    let middle = cx.list(&items[before..tail])?;
    for (i, x) in items[..before].iter().enumerate() {
        f.set(base + i, *x);
    }
    f.set(base + before, middle);
    for (i, x) in items[tail..].iter().enumerate() {
        f.set(base + before + 1 + i, *x);
    }
    crate::roots::keep_alive(all.into_list());
    Ok(())
}
