//! `fspath` and the two path functions that `posixpath` takes from here.

use protopy_text::StrRef;
use protopy_vm::codec;
use protopy_vm::protocore::layouts::{BytesObj, MethodDef, StrObj};
use protopy_vm::protocore::{Ctx, PyResult, Value};
use protopy_vm::{lookup_special, methods};

pub(super) static FUNCTIONS: &[MethodDef] = methods![functions:
    /// The file system's name of an object: str and bytes are returned as they are, else __fspath__() is called.
    "fspath(path)" => fspath;
    /// Normalizes a path: double slashes, "." and ".." go.
    "_path_normpath(path)" => normpath;
    /// Splits a path into drive (always empty here), root and the rest.
    "_path_splitroot_ex(p)" => splitroot;
];

fn fspath(cx: &mut Ctx, a: &[Value]) -> PyResult {
    codec::fspath(cx, a[0])
}

/// The str or bytes of a path argument, which may contain NUL.
fn text(cx: &mut Ctx, v: Value, func: &str) -> PyResult {
    let is_text = |v: Value| StrObj::of(v).is_some() || BytesObj::of(v).is_some();
    if is_text(v) {
        return Ok(v);
    }
    if lookup_special(cx, v, "__fspath__")?.is_none_or(Value::is_none) {
        let msg = format!(
            "{func}: path should be string, bytes or os.PathLike, not {}",
            protopy_vm::ops::tp_name(cx, v)
        );
        return Err(cx.type_error(&msg));
    }
    codec::fspath(cx, v)
}

/// Number of slashes that are the root: one, or exactly two.
fn root_len<T: PartialEq + From<u8>>(p: &[T]) -> usize {
    let slash = T::from(b'/');
    match p.iter().take(3).take_while(|c| **c == slash).count() {
        2 => 2,
        0 => 0,
        _ => 1,
    }
}

/// The path without empty parts, "." and "..".
fn normalize<T: PartialEq + From<u8> + Copy>(p: &[T]) -> Vec<T> {
    let (slash, dot) = (T::from(b'/'), T::from(b'.'));
    let root = root_len(p);
    let mut parts: Vec<&[T]> = Vec::new();
    for part in p.split(|c| *c == slash) {
        if part.is_empty() || part == [dot] {
            continue;
        }
        if part == [dot, dot] {
            match parts.last() {
                Some(last) if *last != [dot, dot] => {
                    parts.pop();
                    continue;
                }
                None if root > 0 => continue,
                _ => {}
            }
        }
        parts.push(part);
    }
    let mut out = vec![slash; root];
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push(slash);
        }
        out.extend_from_slice(part);
    }
    if out.is_empty() {
        out.push(dot);
    }
    out
}

fn normpath(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let v = text(cx, a[0], "_path_normpath")?;
    if let Some(b) = BytesObj::of(v) {
        let n = normalize(b.bytes());
        return cx.bytes(&n);
    }
    let Some(s) = StrObj::of(v) else { return Ok(v) };
    match s.str_ref() {
        StrRef::Latin1(b) => {
            let n = normalize(b);
            cx.str_from(StrRef::Latin1(&n))
        }
        StrRef::Ucs2(u) => {
            let n = normalize(u);
            cx.str_from(StrRef::Ucs2(&n))
        }
        StrRef::Ucs4(u) => {
            let n = normalize(u);
            cx.str_from(StrRef::Ucs4(&n))
        }
    }
}

fn splitroot(cx: &mut Ctx, a: &[Value]) -> PyResult {
    let v = text(cx, a[0], "_path_splitroot_ex")?;
    if let Some(b) = BytesObj::of(v) {
        let (root, rest) = b.bytes().split_at(root_len(b.bytes()));
        let (x, y, z) = (cx.bytes(&[])?, cx.bytes(root)?, cx.bytes(rest)?);
        return cx.tuple_of(None, &[x, y, z]);
    }
    let Some(s) = StrObj::of(v).map(StrObj::str_ref) else { return Ok(v) };
    let n = match s {
        StrRef::Latin1(b) => root_len(b),
        StrRef::Ucs2(u) => root_len(u),
        StrRef::Ucs4(u) => root_len(u),
    };
    let (x, y, z) = (cx.str(""), cx.str_from(s.slice(0, n))?, cx.str_from(s.slice(n, s.len()))?);
    cx.tuple_of(None, &[x, y, z])
}
