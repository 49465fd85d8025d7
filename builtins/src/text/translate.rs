//! `str.translate` and `str.maketrans`.

use super::args::{str_arg, this_str};
use super::object::exact;
use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::dict::DictObj;
use protopy_vm::protocore::layouts::{IntRef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{dict_get, dict_set, get_item};

/// What a table says of a code point.
#[derive(Clone, Copy)]
enum Mapped {
    /// It stays.
    Same,
    /// It goes.
    Deleted,
    /// Another one.
    Char(u32),
    /// A str, kept alive by the table.
    Text(Value),
}

fn interpret(cx: &mut Ctx, v: Value) -> PyResult<Mapped> {
    if v.is_none() {
        return Ok(Mapped::Deleted);
    }
    if let Some(i) = IntRef::of(v) {
        return match i.to_i64().and_then(|n| u32::try_from(n).ok()).filter(|c| *c <= 0x10_FFFF) {
            Some(c) => Ok(Mapped::Char(c)),
            None => Err(cx.value_error("character mapping must be in range(0x110000)")),
        };
    }
    if StrObj::of(v).is_some() {
        return Ok(Mapped::Text(v));
    }
    Err(cx.type_error("character mapping must return integer, None or str"))
}

fn look_up(cx: &mut Ctx, table: Value, c: u32) -> PyResult<Mapped> {
    let key = Value::small(i64::from(c));
    if cx.is_exact(table, Ty::Dict)
        && let Some(d) = DictObj::of(table)
    {
        return match dict_get(cx, d, key)? {
            Some(v) => interpret(cx, v),
            None => Ok(Mapped::Same),
        };
    }
    match get_item(cx, table, key) {
        Ok(v) => interpret(cx, v),
        Err(r) => {
            let e = cx.take_raised(r);
            if cx.is_instance(e, Ty::LookupError) { Ok(Mapped::Same) } else { Err(cx.set_raised(e)) }
        }
    }
}

/// Maps the first characters, as far as the cache knows them and they stay in ASCII; how many, and whether any changed.
fn known_run(text: &[u8], cache: &[Option<Mapped>; 128], out: &mut Vec<u8>) -> (usize, bool) {
    let mut changed = false;
    for (i, b) in text.iter().enumerate() {
        match cache.get(usize::from(*b)) {
            Some(Some(Mapped::Same)) => out.push(*b),
            Some(Some(Mapped::Char(c @ 0..0x80))) => {
                changed = true;
                out.push(*c as u8);
            }
            Some(Some(Mapped::Deleted)) => changed = true,
            _ => return (i, changed),
        }
    }
    (text.len(), changed)
}

/// Characters that are mapped between two looks whether the thread is to stop.
const POLLED: usize = 1 << 16;

pub(super) fn translate(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let s = this_str(cx, args[0])?;
    let (text, table) = (s.str_ref(), args[1]);
    // ASCII characters are looked up once. A str that the cache holds may leave the table while user code runs: those
    // are not cached.
    let mut cache: [Option<Mapped>; 128] = [None; 128];
    let mut out = StrBuf::with_capacity_like(text);
    let mut changed = false;
    let mut at = 0;
    while let Some(c) = text.get(at) {
        cx.safepoint()?;
        if let (StrRef::Latin1(b), StrBuf::Latin1(to)) = (text, &mut out) {
            let (kept, other) = known_run(b.get(at..b.len().min(at + POLLED)).unwrap_or(&[]), &cache, to);
            changed |= other;
            at += kept;
            if at >= b.len() {
                break;
            }
        }
        let c = text.get(at).unwrap_or(c);
        at += 1;
        let known = usize::try_from(c).ok().and_then(|i| cache.get(i).copied().flatten());
        let mapped = match known {
            Some(m) => m,
            None => {
                let m = look_up(cx, table, c)?;
                if let (Some(slot), false) = (cache.get_mut(c as usize), matches!(m, Mapped::Text(_))) {
                    *slot = Some(m);
                }
                m
            }
        };
        match mapped {
            Mapped::Same => {
                out.push(c);
                continue;
            }
            Mapped::Deleted => {}
            Mapped::Char(c) => out.push(c),
            Mapped::Text(t) => {
                if let Some(t) = StrObj::of(t) {
                    out.push_ref(t.str_ref());
                }
            }
        }
        changed = true;
    }
    if changed { cx.str_buf(out) } else { exact(cx, args[0]) }
}

fn one_char(cx: &mut Ctx, s: &StrObj) -> PyResult<u32> {
    match (s.len(), s.str_ref().get(0)) {
        (1, Some(c)) => Ok(c),
        _ => Err(cx.value_error("string keys in translatetable must be of length 1")),
    }
}

fn from_dict(cx: &mut Ctx, given: &DictObj, into: &DictObj) -> PyResult<()> {
    let Some(t) = given.table() else { return Ok(()) };
    for i in 0..t.len() {
        let Some((_, key, value)) = t.live(i) else { continue };
        let key = if let Some(s) = StrObj::of(key) {
            Value::small(i64::from(one_char(cx, s)?))
        } else if IntRef::of(key).is_some() {
            key
        } else {
            return Err(cx.type_error("keys in translate table mustbe strings or integers"));
        };
        dict_set(cx, into, key, value)?;
    }
    Ok(())
}

pub(super) fn maketrans(cx: &mut Ctx, args: &[Value]) -> PyResult {
    let table = cx.dict();
    let Some(into) = DictObj::of(table) else { return Ok(table) };
    let Some(y) = args[1].bound() else {
        let given = DictObj::of(args[0]).filter(|_| cx.is_exact(args[0], Ty::Dict));
        let Some(given) = given else {
            let msg = "if you give only one argument to maketrans it must be a dict";
            return Err(cx.type_error(msg));
        };
        from_dict(cx, given, into)?;
        return Ok(table);
    };
    let to = str_arg(cx, y, "maketrans", 2)?;
    let gone = match args[2].bound() {
        Some(z) => Some(str_arg(cx, z, "maketrans", 3)?),
        None => None,
    };
    let Some(from) = StrObj::of(args[0]) else {
        let msg = "first maketrans argument must be a string if there is a second argument";
        return Err(cx.type_error(msg));
    };
    if from.len() != to.len() {
        return Err(cx.value_error("the first two maketrans arguments must have equal length"));
    }
    for (a, b) in from.str_ref().chars().zip(to.str_ref().chars()) {
        cx.breathe();
        dict_set(cx, into, Value::small(i64::from(a)), Value::small(i64::from(b)))?;
    }
    for c in gone.into_iter().flat_map(|g| g.str_ref().chars()) {
        dict_set(cx, into, Value::small(i64::from(c)), Value::NONE)?;
    }
    Ok(table)
}
