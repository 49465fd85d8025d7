//! What is matched against: a str or the bytes of a bytes-like object, behind one view.

use protopy_text::{StrBuf, StrRef};
use protopy_vm::protocore::layouts::StrObj;
use protopy_vm::protocore::{Ctx, PyResult, Ty, Value};
use protopy_vm::{self as vm, BytesLike};

enum Kind {
    Str(StrRef<'static>),
    Bytes(BytesLike),
}

/// A subject. It holds its object, which keeps the viewed memory alive.
pub(crate) struct Subject {
    /// The object.
    pub(crate) owner: Value,
    kind: Kind,
}

impl Subject {
    /// The subject in an object; TypeError if it is neither str nor bytes-like.
    #[inline]
    pub(crate) fn of(cx: &mut Ctx, v: Value) -> PyResult<Subject> {
        if let Some(s) = StrObj::of(v) {
            return Ok(Subject { owner: v, kind: Kind::Str(s.str_ref()) });
        }
        if vm::has_buffer(cx, v) {
            match vm::pinned_bytes(cx, v) {
                Ok(b) => return Ok(Subject { owner: v, kind: Kind::Bytes(b) }),
                Err(r) => {
                    cx.take_raised(r);
                }
            }
        }
        let msg = format!("expected string or bytes-like object, got '{}'", protopy_vm::ops::tp_name(cx, v));
        Err(cx.type_error(&msg))
    }

    /// Whether it is bytes.
    #[inline]
    pub(crate) fn is_bytes(&self) -> bool {
        matches!(self.kind, Kind::Bytes(_))
    }

    /// The view for the engine.
    #[inline]
    pub(crate) fn view(&self) -> StrRef<'_> {
        match &self.kind {
            Kind::Str(s) => *s,
            Kind::Bytes(b) => StrRef::Latin1(b),
        }
    }

    /// Its length.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.view().len()
    }

    /// The part between two positions as a str or bytes object.
    pub(crate) fn slice(&self, cx: &mut Ctx, start: usize, end: usize) -> PyResult {
        let r = match &self.kind {
            Kind::Str(s) => {
                if start == 0 && end >= s.len() && cx.is_exact(self.owner, Ty::Str) {
                    return Ok(self.owner);
                }
                cx.str_from(s.slice(start, end))
            }
            Kind::Bytes(b) => {
                if start == 0 && end >= b.len() && cx.is_exact(self.owner, Ty::Bytes) {
                    return Ok(self.owner);
                }
                let end = end.min(b.len());
                cx.bytes(b.get(start.min(end)..end).unwrap_or(&[]))
            }
        };
        vm::keep_alive(self.owner);
        r
    }

    /// A group's text, `absent` if the group took no part.
    #[inline]
    pub(crate) fn group(&self, cx: &mut Ctx, span: Option<(usize, usize)>, absent: Value) -> PyResult {
        match span {
            Some((start, end)) => self.slice(cx, start, end),
            None => Ok(absent),
        }
    }

    /// The empty str or bytes.
    pub(crate) fn empty(&self, cx: &mut Ctx) -> PyResult {
        self.slice(cx, 0, 0)
    }

    /// A builder of results for this subject.
    pub(crate) fn joiner(&self) -> Joiner {
        match &self.kind {
            Kind::Str(s) => Joiner { out: Out::Str(StrBuf::with_capacity_like(*s)), items: 0 },
            Kind::Bytes(b) => Joiner { out: Out::Bytes(Vec::with_capacity(b.len())), items: 0 },
        }
    }
}

enum Out {
    Str(StrBuf),
    Bytes(Vec<u8>),
}

/// Joins pieces of the subject and objects that must be of its kind.
pub(crate) struct Joiner {
    out: Out,
    items: usize,
}

impl Joiner {
    /// Appends a part of the subject.
    pub(crate) fn part(&mut self, s: &Subject, start: usize, end: usize) {
        self.items += 1;
        match (&mut self.out, s.view().slice(start, end)) {
            (Out::Str(out), part) => out.push_ref(part),
            (Out::Bytes(out), StrRef::Latin1(part)) => out.extend_from_slice(part),
            (Out::Bytes(_), _) => {}
        }
    }

    /// Appends an object; TypeError if it is of the wrong kind.
    pub(crate) fn object(&mut self, cx: &mut Ctx, v: Value) -> PyResult<()> {
        let at = self.items;
        self.items += 1;
        match &mut self.out {
            Out::Str(out) => {
                let Some(s) = StrObj::of(v) else {
                    let msg = format!(
                        "sequence item {at}: expected str instance, {} found",
                        protopy_vm::ops::tp_name(cx, v)
                    );
                    return Err(cx.type_error(&msg));
                };
                out.push_ref(s.str_ref());
            }
            Out::Bytes(out) => {
                if !vm::has_buffer(cx, v) {
                    let msg = format!(
                        "sequence item {at}: expected a bytes-like object, {} found",
                        protopy_vm::ops::tp_name(cx, v)
                    );
                    return Err(cx.type_error(&msg));
                }
                out.extend_from_slice(&vm::bytes_like(cx, v)?);
            }
        }
        vm::keep_alive(v);
        Ok(())
    }

    /// The result.
    pub(crate) fn finish(self, cx: &mut Ctx) -> PyResult {
        match self.out {
            Out::Str(out) => cx.str_buf(out),
            Out::Bytes(out) => cx.bytes(&out),
        }
    }
}
