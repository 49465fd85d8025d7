//! Reading.

use super::{FLAG_REF, MAX_DEPTH, code};
use num_bigint::{BigInt, Sign};
use protocore::dict::DictObj;
use protocore::layouts::{FloatObj, ListObj, TupleObj};
use protocore::{Ctx, PyResult, Raised, Ty, Value};
use protopy_text::StrRef;
use protopy_vm::{ValueVec, call, codec, dict_set, set_add};
use std::borrow::Cow;

/// Containers up to this size are made before their items are read, whatever follows.
const EAGER: usize = 1 << 16;

enum Source<'a> {
    Bytes(&'a [u8]),
    /// A file's `readinto`.
    File(Value),
}

struct Reader<'a> {
    source: Source<'a>,
    allow_code: bool,
    depth: usize,
    refs: ValueVec,
}

/// The value that some bytes start with.
pub fn loads_bytes(cx: &mut Ctx, bytes: &[u8], allow_code: bool) -> PyResult {
    start(cx, Source::Bytes(bytes), allow_code)
}

/// Reads a value through a file's `readinto`.
pub(super) fn load_file(cx: &mut Ctx, readinto: Value, allow_code: bool) -> PyResult {
    start(cx, Source::File(readinto), allow_code)
}

fn start(cx: &mut Ctx, source: Source<'_>, allow_code: bool) -> PyResult {
    let refs = ValueVec::new(cx);
    let mut r = Reader { source, allow_code, depth: 0, refs };
    r.item(cx, "object")
}

#[cold]
fn bad(cx: &mut Ctx, what: &str) -> Raised {
    cx.value_error(&format!("bad marshal data ({what})"))
}

#[cold]
fn too_short(cx: &mut Ctx) -> Raised {
    cx.raise_str(Ty::EOFError, "marshal data too short")
}

impl<'a> Reader<'a> {
    fn take(&mut self, cx: &mut Ctx, n: usize) -> PyResult<Cow<'a, [u8]>> {
        match &mut self.source {
            Source::Bytes(b) => match b.split_at_checked(n) {
                Some((head, rest)) => {
                    *b = rest;
                    Ok(Cow::Borrowed(head))
                }
                None => Err(too_short(cx)),
            },
            Source::File(f) => super::read_into(cx, *f, n).map(Cow::Owned),
        }
    }

    fn array<const N: usize>(&mut self, cx: &mut Ctx) -> PyResult<[u8; N]> {
        let b = self.take(cx, N)?;
        match <[u8; N]>::try_from(&*b) {
            Ok(a) => Ok(a),
            Err(_) => Err(too_short(cx)),
        }
    }

    fn byte(&mut self, cx: &mut Ctx) -> PyResult<u8> {
        self.array::<1>(cx).map(|[b]| b)
    }

    fn long(&mut self, cx: &mut Ctx) -> PyResult<i32> {
        self.array(cx).map(i32::from_le_bytes)
    }

    /// A length; ValueError if it is negative.
    fn size(&mut self, cx: &mut Ctx, what: &str) -> PyResult<usize> {
        let n = self.long(cx)?;
        match usize::try_from(n) {
            Ok(n) => Ok(n),
            Err(_) => Err(bad(cx, &format!("{what} size out of range"))),
        }
    }

    /// An object; TypeError for the mark that ends dicts.
    fn item(&mut self, cx: &mut Ctx, place: &str) -> PyResult {
        match self.object(cx)? {
            Some(v) => Ok(v),
            None => {
                let msg = format!("NULL object in marshal data for {place}");
                Err(cx.type_error(&msg))
            }
        }
    }

    fn object(&mut self, cx: &mut Ctx) -> PyResult<Option<Value>> {
        let tag = match self.byte(cx) {
            Ok(t) => t,
            Err(r) => {
                let e = cx.take_raised(r);
                if cx.is_exact(e, Ty::EOFError) {
                    return Err(cx.raise_str(Ty::EOFError, "EOF read where object expected"));
                }
                return Err(cx.set_raised(e));
            }
        };
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(cx.value_error("recursion limit exceeded"));
        }
        cx.check_native_stack(" while unmarshalling")?;
        let flagged = tag & FLAG_REF != 0;
        let r = match tag & !FLAG_REF {
            code::NULL => None,
            code::NONE => Some(Value::NONE),
            code::TRUE => Some(Value::TRUE),
            code::FALSE => Some(Value::FALSE),
            code::ELLIPSIS => Some(Value::ELLIPSIS),
            code::STOPITER => Some(cx.ty(Ty::StopIteration).value()),
            code::REF => Some(self.reference(cx)?),
            code::TUPLE | code::SMALL_TUPLE | code::LIST | code::DICT | code::SET | code::FROZENSET => {
                Some(self.container(cx, tag & !FLAG_REF, flagged)?)
            }
            code::SLICE | code::CODE => Some(self.late(cx, tag & !FLAG_REF, flagged)?),
            t => {
                let v = self.plain(cx, t)?;
                if flagged {
                    self.refs.push(cx, v)?;
                }
                Some(v)
            }
        };
        self.depth -= 1;
        Ok(r)
    }

    fn reference(&mut self, cx: &mut Ctx) -> PyResult {
        let n = self.long(cx)?;
        match usize::try_from(n).ok().and_then(|n| self.refs.get(n)) {
            Some(v) if !v.is_none() => Ok(v),
            _ => Err(bad(cx, "invalid reference")),
        }
    }

    /// Objects that refer to no others.
    fn plain(&mut self, cx: &mut Ctx, tag: u8) -> PyResult {
        match tag {
            code::INT => self.long(cx).map(|n| Value::small(i64::from(n))),
            code::INT64 => {
                let n = self.array(cx).map(i64::from_le_bytes)?;
                Ok(cx.int(n))
            }
            code::LONG => self.big(cx),
            code::FLOAT => {
                let f = self.float_text(cx)?;
                Ok(cx.float(f))
            }
            code::BINARY_FLOAT => {
                let f = self.array(cx).map(f64::from_le_bytes)?;
                Ok(cx.float(f))
            }
            code::COMPLEX => {
                let (re, im) = (self.float_text(cx)?, self.float_text(cx)?);
                Ok(cx.complex(re, im))
            }
            code::BINARY_COMPLEX => {
                let re = self.array(cx).map(f64::from_le_bytes)?;
                let im = self.array(cx).map(f64::from_le_bytes)?;
                Ok(cx.complex(re, im))
            }
            code::STRING => {
                let n = self.size(cx, "bytes object")?;
                let b = self.take(cx, n)?;
                cx.bytes(&b)
            }
            code::ASCII | code::ASCII_INTERNED => {
                let n = self.size(cx, "string")?;
                self.latin1(cx, n, tag == code::ASCII_INTERNED)
            }
            code::SHORT_ASCII | code::SHORT_ASCII_INTERNED => {
                let n = usize::from(self.byte(cx)?);
                self.latin1(cx, n, tag == code::SHORT_ASCII_INTERNED)
            }
            code::INTERNED | code::UNICODE => {
                let n = self.size(cx, "string")?;
                let b = self.take(cx, n)?;
                let v = codec::decode_utf8_value(cx, &b, "surrogatepass")?;
                Ok(if tag == code::INTERNED { cx.intern(v) } else { v })
            }
            _ => Err(bad(cx, "unknown type code")),
        }
    }

    fn latin1(&mut self, cx: &mut Ctx, n: usize, interned: bool) -> PyResult {
        let b = self.take(cx, n)?;
        let v = cx.str_from(StrRef::Latin1(&b))?;
        Ok(if interned { cx.intern(v) } else { v })
    }

    fn float_text(&mut self, cx: &mut Ctx) -> PyResult<f64> {
        let n = usize::from(self.byte(cx)?);
        let b = self.take(cx, n)?;
        let text = cx.str_from(StrRef::Latin1(&b))?;
        let ty = cx.ty(Ty::Float).value();
        let f = call(cx, ty, &[text])?;
        Ok(FloatObj::of(f).unwrap_or(0.0))
    }

    fn big(&mut self, cx: &mut Ctx) -> PyResult {
        let n = self.long(cx)?;
        if n == i32::MIN {
            return Err(bad(cx, "long size out of range"));
        }
        let count = n.unsigned_abs() as usize;
        let bytes = self.take(cx, count.saturating_mul(2))?;
        let mut words: Vec<u32> = Vec::with_capacity(count / 2 + 1);
        let (mut acc, mut bits, mut last) = (0u64, 0, 1);
        for d in bytes.as_chunks::<2>().0 {
            let d = u16::from_le_bytes(*d);
            if d > 0x7fff {
                return Err(bad(cx, "digit out of range in long"));
            }
            last = d;
            acc |= u64::from(d) << bits;
            bits += 15;
            if bits >= 32 {
                words.push(acc as u32);
                acc >>= 32;
                bits -= 32;
            }
        }
        if last == 0 {
            return Err(bad(cx, "unnormalized long data"));
        }
        words.push(acc as u32);
        let sign = if n < 0 { Sign::Minus } else { Sign::Plus };
        Ok(cx.bigint(BigInt::from_slice(sign, &words)))
    }

    /// Whether a container of `n` items may be made before they are read.
    fn plausible(&self, n: usize) -> bool {
        n <= EAGER || matches!(&self.source, Source::Bytes(b) if n <= b.len())
    }

    /// Objects that others refer to while they are filled.
    fn container(&mut self, cx: &mut Ctx, tag: u8, flagged: bool) -> PyResult {
        match tag {
            code::TUPLE => {
                let n = self.size(cx, "tuple")?;
                self.tuple(cx, n, flagged)
            }
            code::SMALL_TUPLE => {
                let n = usize::from(self.byte(cx)?);
                self.tuple(cx, n, flagged)
            }
            code::LIST => {
                let n = self.size(cx, "list")?;
                let ty = cx.ty(Ty::List);
                let v = cx.new_list(ty);
                if flagged {
                    self.refs.push(cx, v)?;
                }
                for _ in 0..n {
                    let x = self.item(cx, "list")?;
                    if let Some(l) = ListObj::of(v) {
                        cx.list_append(l, x)?;
                    }
                }
                Ok(v)
            }
            code::DICT => self.dict(cx, flagged),
            _ => self.set(cx, tag == code::FROZENSET, flagged),
        }
    }

    fn tuple(&mut self, cx: &mut Ctx, n: usize, flagged: bool) -> PyResult {
        if !self.plausible(n) {
            let mut v = ValueVec::new(cx);
            for _ in 0..n {
                let x = self.item(cx, "tuple")?;
                v.push(cx, x)?;
            }
            let t = v.into_tuple(cx)?;
            if flagged {
                self.refs.push(cx, t)?;
            }
            return Ok(t);
        }
        let v = cx.tuple_of(None, &vec![Value::NONE; n])?;
        if flagged {
            self.refs.push(cx, v)?;
        }
        for i in 0..n {
            let x = self.item(cx, "tuple")?;
            if let Some(t) = TupleObj::of(v) {
                cx.tuple_set_new(t, i, x);
            }
        }
        Ok(v)
    }

    fn dict(&mut self, cx: &mut Ctx, flagged: bool) -> PyResult {
        let v = cx.dict();
        if flagged {
            self.refs.push(cx, v)?;
        }
        while let Some(k) = self.object(cx)? {
            let Some(x) = self.object(cx)? else { break };
            if let Some(d) = DictObj::of(v) {
                dict_set(cx, d, k, x)?;
            }
        }
        Ok(v)
    }

    /// A frozen set cannot be referred to before it is whole: its place is reserved.
    fn set(&mut self, cx: &mut Ctx, frozen: bool, flagged: bool) -> PyResult {
        let n = self.size(cx, "set")?;
        if frozen && n == 0 {
            let ty = cx.ty(Ty::FrozenSet).value();
            let v = call(cx, ty, &[])?;
            if flagged {
                self.refs.push(cx, v)?;
            }
            return Ok(v);
        }
        let ty = cx.ty(if frozen { Ty::FrozenSet } else { Ty::Set });
        let v = cx.new_dict_of(ty);
        let at = self.refs.len();
        if flagged {
            self.refs.push(cx, if frozen { Value::NONE } else { v })?;
        }
        for _ in 0..n {
            let x = self.item(cx, "set")?;
            if let Some(s) = DictObj::of_set(v) {
                set_add(cx, s, x)?;
            }
        }
        if flagged && frozen {
            self.settle(cx, at, v);
        }
        Ok(v)
    }

    /// Fills a reserved reference.
    fn settle(&mut self, cx: &mut Ctx, at: usize, v: Value) {
        if let Some(l) = ListObj::of(self.refs.into_list()) {
            cx.list_set(l, at, v);
        }
    }

    /// Slices and code objects: they are whole before anything may refer to them.
    fn late(&mut self, cx: &mut Ctx, tag: u8, flagged: bool) -> PyResult {
        if tag == code::CODE && !self.allow_code {
            return Err(cx.value_error("unmarshalling code objects is disallowed"));
        }
        let at = self.refs.len();
        if flagged {
            self.refs.push(cx, Value::NONE)?;
        }
        let v = if tag == code::SLICE {
            let start = self.item(cx, "object")?;
            let stop = self.item(cx, "object")?;
            let step = self.item(cx, "object")?;
            cx.slice(start, stop, step)
        } else {
            let n = self.size(cx, "code object")?;
            let b = self.take(cx, n)?;
            match super::code_obj::code_from(&b) {
                Some(data) => protopy_vm::code::make_code(cx, data)?,
                None => return Err(bad(cx, "damaged code object")),
            }
        };
        if flagged {
            self.settle(cx, at, v);
        }
        Ok(v)
    }
}
